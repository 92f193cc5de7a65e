"""Bulk writes leave an entry for each row."""

import uuid
from collections import Counter

import pytest
from django.db.models import F
from django.utils import timezone

from compliance.audit import bulk
from compliance.audit.models import Action, AuditEntry
from crm.models import Company, Contact, Deal, Pipeline, Stage, Tag
from tenants.accounts.models import User
from tenants.keys.errors import UnanswerableLookup
from tenants.organizations.models import Organization

pytestmark = pytest.mark.django_db


@pytest.fixture
def contacts(in_a: Organization) -> list[Contact]:
    rows = [Contact(first_name=f"N{n}", email=f"n{n}@bulk.example", source="fair") for n in range(45)]
    return Contact.objects.bulk_create(rows)


def entries(action: Action) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(kind="crm.contact", action=action))


def test_bulk_create_records_each_row_without_values(contacts: list[Contact]):
    found = entries(Action.CREATED)
    assert {entry.object_id for entry in found} == {contact.pk for contact in contacts}
    assert all(entry.changes is None and "email" in entry.fields for entry in found)
    contacts[0].first_name = "Ada"
    contacts[0].save()
    assert entries(Action.UPDATED)[0].changes == {"first_name": ["N0", "Ada"]}


def test_update_records_only_rows_that_change(contacts: list[Contact], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bulk, "ROWS_AT_ONCE", 10)
    Contact.objects.filter(pk=contacts[0].pk).update(source="mail")
    assert Contact.objects.all().update(source="mail") == 45
    found = entries(Action.UPDATED)
    assert Counter(entry.object_id for entry in found) == Counter(contact.pk for contact in contacts)
    assert all(entry.changes == {"source": ["fair", "mail"]} for entry in found)


def test_update_records_what_the_database_computed(contacts: list[Contact], alice: User):
    Contact.objects.filter(pk__in=[c.pk for c in contacts[:2]]).update(last_name=F("first_name"), owner=alice)
    assert [entry.changes for entry in entries(Action.UPDATED)] == [
        {"owner": [None, str(alice.pk)], "last_name": ["", "N1"]},
        {"owner": [None, str(alice.pk)], "last_name": ["", "N0"]},
    ]


def test_update_empties_an_encrypted_column_and_keeps_what_it_held(contacts: list[Contact]):
    Contact.objects.filter(email="n3@bulk.example").update(email="")
    (entry,) = entries(Action.UPDATED)
    assert entry.changes == {"email": ["n3@bulk.example", None]}


def test_update_of_a_fragment_search_changes_what_was_found(contacts: list[Contact]):
    assert Contact.objects.filter(email__contains="n44@").update(source="mail") == 1
    assert [entry.object_id for entry in entries(Action.UPDATED)] == [contacts[44].pk]


def test_moving_many_to_the_trash_is_a_deletion_of_each(contacts: list[Contact]):
    Contact.objects.all().update(deleted_at=timezone.now())
    assert len(entries(Action.DELETED)) == 45
    Contact.all_objects.trashed().update(deleted_at=None)
    assert len(entries(Action.RESTORED)) == 45


def test_a_row_that_a_join_finds_twice_is_changed_once(contacts: list[Contact]):
    tags = [Tag.objects.create(name=name) for name in ("vip", "press")]
    contacts[0].tags.add(*tags)
    assert Contact.objects.filter(tags__in=tags).update(source="mail") == 1
    assert [entry.fields for entry in entries(Action.UPDATED)] == [["source"], ["tags"]]


def test_technical_columns_leave_nothing(contacts: list[Contact]):
    Contact.objects.all().update(version=F("version") + 1, updated_at=timezone.now())
    assert entries(Action.UPDATED) == []


def test_bulk_update_compares_with_the_rows(contacts: list[Contact], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bulk, "ROWS_AT_ONCE", 10)
    Contact.objects.filter(pk=contacts[0].pk).update(first_name="Else")
    for contact in contacts:
        contact.first_name = contact.first_name.lower()
        contact.email = contact.email.replace("bulk", "new")
    Contact.objects.bulk_update(contacts, ["first_name", "email"])
    by_id = {entry.object_id: entry.changes for entry in entries(Action.UPDATED) if "email" in entry.fields}
    assert len(by_id) == 45
    assert by_id[contacts[0].pk]["first_name"] == ["Else", "n0"]
    assert by_id[contacts[9].pk] == {
        "first_name": ["N9", "n9"],
        "email": ["n9@bulk.example", "n9@new.example"],
    }
    contacts[0].save()
    assert sum(entry.object_id == contacts[0].pk for entry in entries(Action.UPDATED)) == 2


def test_bulk_update_with_an_expression_is_read_back(in_a: Organization):
    companies = [Company(name=f"C{n}", employees=n) for n in range(3)]
    Company.objects.bulk_create(companies)
    for company in companies:
        company.employees = F("employees") + 10
    Company.objects.bulk_update(companies, ["employees"])
    found = AuditEntry.objects.filter(action=Action.UPDATED, kind="crm.company")
    assert {entry.changes["employees"][1] for entry in found} == {10, 11, 12}


def test_a_conflict_that_is_ignored_leaves_nothing(in_a: Organization):
    vip = Tag.objects.create(name="vip")
    Tag.objects.bulk_create([Tag(name="vip"), Tag(name="new")], ignore_conflicts=True)
    found = AuditEntry.objects.filter(kind="crm.tag", action=Action.CREATED)
    assert {entry.object_id for entry in found} == {vip.pk, Tag.objects.get(name="new").pk}


def test_a_conflict_that_updates_is_a_change(in_a: Organization):
    vip = Tag.objects.create(name="vip", hue=1)
    rows = [Tag(pk=vip.pk, name="vip", hue=2), Tag(name="new", hue=3)]
    Tag.objects.bulk_create(rows, update_conflicts=True, unique_fields=["id"], update_fields=["hue"])
    found = AuditEntry.objects.of("crm.tag", vip.pk)
    assert [(entry.action, entry.changes) for entry in found] == [
        (Action.UPDATED, {"hue": [1, 2]}),
        (Action.CREATED, None),
    ]
    assert AuditEntry.objects.of("crm.tag", rows[1].pk).count() == 1
    with pytest.raises(UnanswerableLookup):
        Tag.objects.bulk_create(
            [Tag(name="vip", hue=9)], update_conflicts=True, unique_fields=["name"], update_fields=["hue"]
        )


def test_a_deletion_of_many_records_each(contacts: list[Contact]):
    Contact.objects.all().delete()
    found = entries(Action.PURGED)
    assert {entry.object_id for entry in found} == {contact.pk for contact in contacts}
    assert {entry.changes["email"][0] for entry in found} == {f"n{n}@bulk.example" for n in range(45)}
    assert not Contact.all_objects.exists()


def test_a_raw_deletion_records_each(contacts: list[Contact]):
    assert Contact.objects.all()._raw_delete("default") == 45
    assert len(entries(Action.PURGED)) == 45


def test_cascades_are_recorded_too(in_a: Organization):
    pipeline = Pipeline.objects.create(name="Renewals")
    stage = Stage.objects.create(pipeline=pipeline, name="Talk")
    company = Company.objects.create(name="Engine")
    contact = Contact.objects.create(first_name="Ada", company=company)
    company_id, stage_id = company.pk, stage.pk
    pipeline.delete()
    assert AuditEntry.objects.of("crm.stage", stage_id).first().action == Action.DELETED
    company.delete()
    entry = AuditEntry.objects.of("crm.contact", contact.pk).first()
    assert entry.changes == {"company": [str(company_id), None]}


def test_saves_through_relations_are_recorded(in_a: Organization):
    company = Company.objects.create(name="Engine")
    contact = company.contacts.create(first_name="Ada")
    company.contacts.update(first_name="Augusta")
    company.contacts.clear()
    found = [entry.changes for entry in AuditEntry.objects.of("crm.contact", contact.pk)]
    assert found == [{"company": [str(company.pk), None]}, {"first_name": ["Ada", "Augusta"]}, None]


def test_a_decimal_and_a_date_are_kept_as_they_are(in_a: Organization):
    stage = Stage.objects.first() or Stage.objects.create(
        pipeline=Pipeline.objects.create(name="P"), name="S"
    )
    deal = Deal.objects.create(name="D", stage=stage, amount="10.50")
    Deal.objects.filter(pk=deal.pk).update(amount="11.00", expected_close_on="2026-01-31")
    assert AuditEntry.objects.of("crm.deal", deal.pk).first().changes == {
        "amount": ["10.50", "11.00"],
        "expected_close_on": [None, "2026-01-31"],
    }
    deal.refresh_from_db()
    deal.amount = "11.0"
    deal.save()
    assert AuditEntry.objects.of("crm.deal", deal.pk).count() == 2


def test_of_finds_nothing_for_somebody_else(contacts: list[Contact]):
    assert list(AuditEntry.objects.of("crm.contact", uuid.uuid4())) == []
