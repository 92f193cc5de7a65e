"""The audit table holds no value in clear, and nobody changes it."""

import datetime as dt
import uuid

import pytest
from django.db import DatabaseError, connection, transaction

from compliance.audit import services
from compliance.audit.models import Action, AuditEntry, EntryIsFinal
from compliance.audit.services import Entry
from crm.models import Contact, Lead, Tag
from tenants.keys.errors import TamperedCiphertext, UnknownKey
from tenants.organizations.models import Organization
from tenants.scope import organization_scope

pytestmark = pytest.mark.django_db

CANARIES = {
    "first_name": "Zyxfirst",
    "last_name": "Zyxlast",
    "job_title": "Zyxtitle",
    "email": "zyxmail@canary.example",
    "phone": "+49 30 998877665",
    "other_emails": ["zyxother@canary.example"],
    "other_phones": ["+49 30 554433221"],
    "address": {"street": "Zyxstreet 1", "city": "Zyxcity"},
    "website": "https://zyxweb.example/",
    "notes": "Zyxnotes",
    "external_id": "Zyxexternal",
    "source": "Zyxsource",
}


def dump() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM compliance_auditentry t")
        return "\n".join(row[0] for row in cursor.fetchall())


def test_no_value_can_be_read_in_the_table(in_a: Organization):
    words = [
        "Zyxfirst", "Zyxlast", "Zyxtitle", "zyxmail", "canary.example", "998877665", "554433221", "Zyxstreet",
        "Zyxcity", "zyxweb", "Zyxnotes", "Zyxexternal", "Zyxsource", "Zyxtag",
    ]  # fmt: skip
    for model in (Contact, Lead):
        made = model.objects.create(**CANARIES)
        model.objects.bulk_create([model(**CANARIES) for _ in range(30)])
        changed = model.objects.get(pk=made.pk)
        for name, value in CANARIES.items():
            setattr(changed, name, None if isinstance(value, list | dict) else "")
        changed.save()
        model.objects.filter(source="Zyxsource").update(source="", notes="", last_name="Zyxlast")
        model.objects.bulk_update([model(pk=made.pk, **CANARIES)], list(CANARIES))
        model.objects.all().delete()
    Tag.objects.create(name="Zyxtag").delete()
    text = dump()
    assert AuditEntry.objects.count() > 100
    for word in words:
        assert word.lower() not in text.lower()
        assert word.encode().hex() not in text
    # The search finds what is there: the ids and the names of columns.
    assert str(made.pk) in text
    assert "first_name" in text


def test_the_organisation_s_role_can_neither_change_nor_remove_entries(in_a: Organization):
    Tag.objects.create(name="vip")
    for statement in (
        "UPDATE compliance_auditentry SET action = 'purged'",
        "DELETE FROM compliance_auditentry",
        "TRUNCATE compliance_auditentry",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_the_program_can_neither_change_nor_remove_entries(in_a: Organization):
    Tag.objects.create(name="vip")
    entry = AuditEntry.objects.first()
    for act in (entry.save, entry.delete, AuditEntry.objects.all().delete):
        with pytest.raises(EntryIsFinal):
            act()
    with pytest.raises(EntryIsFinal):
        AuditEntry.objects.update(action=Action.PURGED)


def test_the_values_of_an_entry_cannot_pass_for_those_of_another(
    in_a: Organization, organization_b: Organization
):
    entry_id = services.record(
        action=Action.UPDATED, kind="crm.tag", object_id=uuid.uuid4(), changes={"hue": [1, 2]}
    )
    names = [field.attname for field in AuditEntry._meta.concrete_fields]
    held = AuditEntry.objects.get(pk=entry_id).__dict__
    row = {name: held[name] for name in names} | {"changes": held["changes"].blob}
    assert AuditEntry.from_db("default", names, list(row.values())).changes == {"hue": [1, 2]}
    elsewhere = AuditEntry.from_db("default", names, list((row | {"id": uuid.uuid4()}).values()))
    with pytest.raises(TamperedCiphertext):
        _ = elsewhere.changes
    with organization_scope(organization_b), pytest.raises((TamperedCiphertext, UnknownKey)):
        _ = AuditEntry.from_db("default", names, list(row.values())).changes


def test_copied_entries_read_as_inserted_ones(in_a: Organization):
    at = dt.datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=dt.UTC)
    changes = {"notes": ["tab\tnewline\nbackslash\\", "“quoted”"], "hue": [None, 7]}
    ids = [uuid.uuid4() for _ in range(services.ROWS_WORTH_A_COPY + 5)]
    rows = [Entry(Action.UPDATED, "crm.tag", object_id, changes) for object_id in ids]
    rows.append(Entry(Action.CREATED, "crm.tag", uuid.uuid4(), fields=("name", "hue")))
    assert services.record_many(rows, now=at) == len(rows)
    services.record(action=Action.UPDATED, kind="crm.tag", object_id=ids[0], changes=changes, now=at)
    copied, inserted = AuditEntry.objects.filter(object_id=ids[0]).order_by("id")
    for name in (
        "at",
        "action",
        "kind",
        "fields",
        "changes",
        "actor_id",
        "actor_kind",
        "source_kind",
        "source_id",
    ):
        assert getattr(copied, name) == getattr(inserted, name)
    created = AuditEntry.objects.get(action=Action.CREATED, kind="crm.tag", fields=["name", "hue"])
    assert created.changes is None


def test_an_entry_names_columns_only(in_a: Organization):
    with pytest.raises(ValueError, match="columns"):
        services.record_many(
            Entry(Action.CREATED, "crm.tag", uuid.uuid4(), fields=("a@b.example",)) for _ in range(50)
        )
    with pytest.raises(ValueError, match="record"):
        services.record(action=Action.CREATED, kind="crm.tag")
