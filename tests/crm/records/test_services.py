"""Writing records of any kind."""

from datetime import UTC, datetime

import pytest

from compliance.audit.models import Action, AuditEntry
from crm.models import Contact, Tag
from crm.records.estimates import approximate, estimate
from crm.records.filters import first_key
from crm.records.selectors import distinct_values, find
from crm.records.services import add_tag, move_to_trash, purge, restore, save_record
from tenants.ids import uuid7

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def actions_of(record):
    entries = AuditEntry.objects.of("crm.contact", record.pk)
    return [(entry.action, entry.actor_id) for entry in entries]


def test_each_record_of_a_bulk_move_has_an_entry_of_its_own(people, alice):
    made = people(3)
    assert move_to_trash(records=made, actor=alice, now=NOW) == 3
    for contact in made:
        assert actions_of(contact)[0] == (Action.DELETED, alice.pk)
    assert {row.version for row in Contact.all_objects.all()} == {2}


def test_what_is_in_the_trash_already_keeps_its_day(people, alice):
    made = people(1)
    move_to_trash(records=made, actor=alice, now=NOW)
    assert move_to_trash(records=made, actor=alice, now=datetime(2027, 1, 1, tzinfo=UTC)) == 0
    assert Contact.all_objects.get().deleted_at == NOW


def test_restored_records_are_back(people, alice):
    made = people(2)
    move_to_trash(records=made, actor=alice, now=NOW)
    assert restore(records=made, actor=alice, now=NOW) == 2
    assert Contact.objects.count() == 2
    assert actions_of(made[0])[0] == (Action.RESTORED, alice.pk)


def test_only_the_trash_is_purged(people, alice):
    made = people(2)
    move_to_trash(records=made[:1], actor=alice, now=NOW)
    assert purge(records=made, actor=alice) == 1
    assert Contact.all_objects.get() == made[1]
    assert actions_of(made[0])[0] == (Action.PURGED, alice.pk)


def test_nothing_to_do_is_nothing_done(in_a, alice):
    assert move_to_trash(records=[], actor=alice, now=NOW) == 0
    assert purge(records=[], actor=alice) == 0


def test_a_tag_is_put_on_once_and_leaves_entries(people, alice):
    made = people(3)
    tag = Tag(name="VIP")
    tag.save()
    assert add_tag(records=made[:2], tag=tag, actor=alice) == 2
    assert add_tag(records=made, tag=tag, actor=alice) == 1
    assert made[0].tags.count() == 1
    entry = AuditEntry.objects.of("crm.contact", made[0].pk).first()
    assert entry.fields == ["tags"]


def test_tags_are_replaced_with_the_record(people, alice):
    contact = people(1)[0]
    first, second = Tag(name="A"), Tag(name="B")
    first.save()
    second.save()
    save_record(record=contact, actor=alice, tags=[first])
    save_record(record=contact, actor=alice, tags=[second])
    assert list(contact.tags.all()) == [second]


def test_values_are_found_without_a_scan_in_order_and_once(people):
    people(2, source="Web")
    people(1, source="Fair")
    people(1)
    assert distinct_values(Contact, "source", limit=10) == ["Fair", "Web"]
    assert distinct_values(Contact, "source", limit=1) == ["Fair"]


def test_found_records_are_bounded(people):
    people(12)
    assert len(find(Contact, "person0")) == 10


@pytest.mark.parametrize(
    ("count", "text"),
    [(7, "about 7"), (999, "about 999"), (12_437, "about 12,400"), (1_234_567, "about 1.2 M")],
)
def test_estimates_are_rounded_as_people_say_them(count, text):
    assert approximate(count) == text


def test_the_planner_estimates_a_filter(people):
    people(3)
    assert estimate(Contact.objects.filter(country="DE")) >= 1


def test_keys_are_bounded_by_the_time_in_them():
    now = datetime.now(UTC)
    assert first_key(now.replace(year=now.year - 1)) < uuid7() < first_key(now.replace(year=now.year + 1))
