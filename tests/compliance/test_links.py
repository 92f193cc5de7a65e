"""A record's tags are part of the record."""

import pytest

from compliance.audit import links
from compliance.audit.models import Action, AuditEntry
from crm.models import Contact, Tag
from tenants.organizations.models import Organization

pytestmark = pytest.mark.django_db


@pytest.fixture
def contact(in_a: Organization) -> Contact:
    return Contact.objects.create(first_name="Ada")


@pytest.fixture
def tags(in_a: Organization) -> list[Tag]:
    return [Tag.objects.create(name=name) for name in ("vip", "press", "fair")]


def tag_changes(contact: Contact) -> list[list[list[str]]]:
    """Oldest first."""
    found = AuditEntry.objects.of("crm.contact", contact.pk).filter(fields=["tags"])
    return [entry.changes["tags"] for entry in found][::-1]


def ids(*tags: Tag) -> list[str]:
    return sorted(str(tag.pk) for tag in tags)


def test_tags_that_are_added_removed_and_cleared_are_recorded(contact: Contact, tags: list[Tag]):
    vip, press, fair = tags
    contact.tags.add(vip, press)
    contact.tags.add(vip)
    contact.tags.remove(press, fair)
    contact.tags.set([fair])
    contact.tags.clear()
    contact.tags.clear()
    assert tag_changes(contact) == [
        [[], ids(vip, press)],
        [ids(vip, press), ids(vip)],
        [ids(vip), []],
        [[], ids(fair)],
        [ids(fair), []],
    ]


def test_the_other_side_of_the_relation_counts_too(contact: Contact, tags: list[Tag]):
    vip, press, _ = tags
    contact.tags.add(press)
    vip.contact_set.add(contact)
    vip.contact_set.remove(contact)
    press.contact_set.clear()
    assert tag_changes(contact) == [
        [[], ids(press)],
        [ids(press), ids(vip, press)],
        [ids(vip, press), ids(press)],
        [ids(press), []],
    ]


def test_a_tag_that_is_deleted_leaves_its_records(contact: Contact, tags: list[Tag]):
    vip, press, _ = tags
    both, one = ids(vip, press), ids(press)
    contact.tags.add(vip, press)
    vip_id = vip.pk
    vip.delete()
    assert tag_changes(contact)[-1] == [both, one]
    assert AuditEntry.objects.of("crm.tag", vip_id).first().action == Action.DELETED


def test_code_that_writes_the_table_itself_records_the_change(contact: Contact, tags: list[Tag]):
    vip, press, _ = tags
    changes: dict = {contact.pk: ([], [vip.pk])}
    assert links.record_changes(Contact, "tags", changes) == 1
    assert links.record_changes(Contact, "tags", {contact.pk: ([press.pk], [press.pk])}) == 0
    assert tag_changes(contact) == [[[], ids(vip)]]
