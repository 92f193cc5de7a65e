"""Single saves and deletions leave entries."""

import copy
import uuid
from datetime import date

import pytest
from django.db import DatabaseError, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat, Upper
from django.utils import timezone

from compliance.audit.context import acting_as
from compliance.audit.models import Action, ActorKind, AuditEntry
from compliance.audit.tracking import WrongOrganization
from crm.models import Company, Contact, Tag
from tenants.accounts.models import User
from tenants.organizations.models import Organization
from tenants.scope import organization_scope

pytestmark = pytest.mark.django_db


def history(record) -> list[AuditEntry]:
    """Oldest first."""
    return list(AuditEntry.objects.of(record._meta.label_lower, record.pk))[::-1]


def test_a_new_record_leaves_the_names_of_its_columns_and_no_values(in_a: Organization, alice: User):
    with acting_as(actor=alice):
        contact = Contact.objects.create(
            first_name="Ada", email="ada@engine.example", address={"city": "London"}
        )
    (entry,) = history(contact)
    assert entry.action == Action.CREATED
    assert (entry.actor_id, entry.actor_kind) == (alice.pk, ActorKind.USER)
    assert {"first_name", "email", "address"} <= set(entry.fields)
    assert "last_name" not in entry.fields
    assert "email_index" not in entry.fields
    assert entry.changes is None


def test_a_change_leaves_old_and_new_values(in_a: Organization):
    contact = Contact.objects.create(first_name="Ada", email="ada@engine.example", address={"city": "London"})
    contact = Contact.objects.get(pk=contact.pk)
    contact.first_name = "Augusta"
    contact.email = "augusta@engine.example"
    contact.customer_since_on = date(1840, 5, 1)
    contact.address["city"] = "Ockham"
    contact.save()
    entry = history(contact)[-1]
    assert entry.action == Action.UPDATED
    assert sorted(entry.fields) == ["address", "customer_since_on", "email", "first_name"]
    assert entry.changes == {
        "first_name": ["Ada", "Augusta"],
        "email": ["ada@engine.example", "augusta@engine.example"],
        "customer_since_on": [None, "1840-05-01"],
        "address": [{"city": "London"}, {"city": "Ockham"}],
    }


def test_a_save_that_changes_nothing_leaves_nothing(in_a: Organization):
    contact = Contact.objects.create(first_name="Ada", email="ada@engine.example")
    Contact.objects.get(pk=contact.pk).save()
    assert contact.email
    contact.save()
    assert len(history(contact)) == 1


def test_several_saves_of_one_object_are_compared_with_the_one_before(in_a: Organization):
    contact = Contact.objects.create(first_name="Ada")
    for name in ("Augusta", "Ada"):
        contact.first_name = name
        contact.save()
    assert [entry.changes for entry in history(contact)[1:]] == [
        {"first_name": ["Ada", "Augusta"]},
        {"first_name": ["Augusta", "Ada"]},
    ]


def test_only_what_is_written_is_recorded(in_a: Organization):
    contact = Contact.objects.create(first_name="Ada", last_name="King")
    contact.first_name, contact.last_name = "Augusta", "Lovelace"
    contact.save(update_fields=["last_name"])
    assert history(contact)[-1].changes == {"last_name": ["King", "Lovelace"]}
    contact.save()
    assert history(contact)[-1].changes == {"first_name": ["Ada", "Augusta"]}


def test_a_search_column_follows_a_narrow_save(in_a: Organization):
    contact = Contact.objects.create(email="ada@engine.example")
    contact.email = "augusta@engine.example"
    contact.save(update_fields=["email"])
    assert Contact.objects.get(email="augusta@engine.example") == contact
    contact.email = "king@engine.example"
    contact.save()
    assert Contact.objects.get(email__contains="king@") == contact
    assert not Contact.objects.filter(email="augusta@engine.example").exists()


def test_a_save_leaves_alone_what_others_changed_meanwhile(in_a: Organization):
    contact = Contact.objects.create(first_name="Ada", last_name="King", version=7)
    stale = Contact.objects.get(pk=contact.pk)
    Contact.objects.filter(pk=contact.pk).update(last_name="Lovelace", version=F("version") + 1)
    stale.first_name = "Augusta"
    stale.save()
    contact.refresh_from_db()
    assert (contact.first_name, contact.last_name, contact.version) == ("Augusta", "Lovelace", 8)
    assert history(contact)[-1].changes == {"first_name": ["Ada", "Augusta"]}


def test_a_deferred_column_is_read_before_it_is_overwritten(in_a: Organization):
    made = Contact.objects.create(first_name="Ada", email="ada@engine.example")
    contact = Contact.objects.only("last_name").get(pk=made.pk)
    contact.first_name = "Augusta"
    contact.email = "augusta@engine.example"
    contact.save()
    assert history(contact)[-1].changes == {
        "first_name": ["Ada", "Augusta"],
        "email": ["ada@engine.example", "augusta@engine.example"],
    }


def test_an_object_made_by_hand_for_an_existing_row_is_compared_with_the_row(in_a: Organization):
    made = Contact.objects.create(first_name="Ada", last_name="King")
    contact = Contact(pk=made.pk, first_name="Augusta", last_name="King")
    contact.save(force_update=True, update_fields=["first_name", "last_name"])
    assert history(contact)[-1].changes == {"first_name": ["Ada", "Augusta"]}


def test_a_computed_value_is_recorded_as_the_database_computed_it(in_a: Organization):
    company = Company.objects.create(name="Engine", employees=3)
    company.employees = F("employees") + 4
    company.name = Upper(Value("engine"))
    company.save()
    assert history(company)[-1].changes == {"employees": [3, 7], "name": ["Engine", "ENGINE"]}


def test_a_refreshed_object_is_compared_with_what_was_refreshed(in_a: Organization):
    contact = Contact.objects.create(first_name="Ada")
    other = Contact.objects.get(pk=contact.pk)
    other.first_name = "Augusta"
    other.save()
    contact.refresh_from_db()
    contact.first_name = "Byron"
    contact.save()
    assert history(contact)[-1].changes == {"first_name": ["Augusta", "Byron"]}


def test_a_row_that_is_gone_is_not_made_again(in_a: Organization):
    contact = Contact.objects.create(first_name="Ada")
    stale = Contact.objects.get(pk=contact.pk)
    Contact.objects.filter(pk=contact.pk).delete()
    stale.first_name = "Augusta"
    with pytest.raises(DatabaseError), transaction.atomic():
        stale.save()
    assert not Contact.all_objects.filter(pk=stale.pk).exists()


def test_the_trash_is_a_deletion_and_coming_back_a_restoration(in_a: Organization):
    contact = Contact.objects.create(first_name="Ada")
    contact.deleted_at = timezone.now()
    contact.save()
    contact.deleted_at = None
    contact.save()
    contact_id = contact.pk
    contact.delete()
    entries = AuditEntry.objects.of("crm.contact", contact_id)
    assert [e.action for e in entries] == [Action.PURGED, Action.RESTORED, Action.DELETED, Action.CREATED]


def test_a_copy_is_a_record_of_its_own(in_a: Organization):
    made = Contact.objects.create(first_name="Ada", email="ada@engine.example")
    original = Contact.objects.get(pk=made.pk)
    duplicate = copy.copy(original)
    duplicate.pk, duplicate._state.adding = uuid.uuid4(), True
    duplicate.first_name = "Augusta"
    duplicate.save()
    original.first_name = "Augusta"
    original.save()
    assert [entry.action for entry in history(duplicate)] == [Action.CREATED]
    assert history(original)[-1].changes == {"first_name": ["Ada", "Augusta"]}


def test_a_deletion_keeps_what_the_row_held(in_a: Organization):
    contact = Contact.objects.create(first_name="Ada", email="ada@engine.example")
    contact_id = contact.pk
    Contact.objects.only("pk").get(pk=contact_id).delete()
    entry = AuditEntry.objects.of("crm.contact", contact_id).first()
    assert entry.changes["email"] == ["ada@engine.example", None]
    assert entry.changes["first_name"] == ["Ada", None]
    tag = Tag.objects.create(name="vip")
    tag_id = tag.pk
    tag.delete()
    assert AuditEntry.objects.of("crm.tag", tag_id).first().action == Action.DELETED


def test_a_record_of_another_organisation_is_neither_saved_nor_deleted(
    organization_a: Organization, organization_b: Organization
):
    with organization_scope(organization_b):
        theirs = Contact.objects.create(first_name="Charlie")
        loaded = Contact.objects.get(pk=theirs.pk)
    with organization_scope(organization_a):
        for contact in (theirs, loaded):
            contact.first_name = "Stolen"
            with pytest.raises(WrongOrganization):
                contact.save()
            with pytest.raises(WrongOrganization):
                contact.delete()
            with pytest.raises(WrongOrganization):
                Contact.objects.bulk_update([contact], ["first_name"])
        assert not Contact.all_objects.filter(pk=theirs.pk).exists()
    with organization_scope(organization_b):
        loaded.save()
        assert Contact.objects.get(pk=theirs.pk).first_name == "Stolen"


def test_a_change_and_its_entry_stand_or_fall_together(in_a: Organization, monkeypatch: pytest.MonkeyPatch):
    contact = Contact.objects.create(first_name="Ada")

    def refuse(**_: object) -> uuid.UUID:
        raise DatabaseError

    monkeypatch.setattr("compliance.audit.services.record", refuse)
    contact.first_name = "Augusta"
    with pytest.raises(DatabaseError), transaction.atomic():
        contact.save()
    assert Contact.objects.get(pk=contact.pk).first_name == "Ada"


def test_get_or_create_and_update_or_create_are_recorded(in_a: Organization):
    tag, _ = Tag.objects.get_or_create(name="vip", defaults={"hue": 10})
    Tag.objects.get_or_create(name="vip")
    Tag.objects.update_or_create(name="vip", defaults={"hue": 20})
    assert [(e.action, e.changes) for e in history(tag)] == [
        (Action.CREATED, None),
        (Action.UPDATED, {"hue": [10, 20]}),
    ]


def test_a_computed_text_needs_no_second_object(in_a: Organization):
    contact = Contact.objects.create(first_name="Ada", last_name="King")
    contact.job_title = Concat(F("first_name"), Value(" "), F("last_name"))
    contact.save()
    assert contact.job_title == "Ada King"
    assert history(contact)[-1].changes == {"job_title": ["", "Ada King"]}
