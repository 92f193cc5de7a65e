"""Pages by position."""

import uuid
from datetime import date, timedelta

from crm.models import Contact, Deal, Stage
from crm.records.keyset import NEWEST, Order, Position, page

BY_NAME = Order(("last_name", "first_name", "id"), descending=False)
BY_CLOSE = Order(("expected_close_on", "id"), descending=False, nullable=True)


def walk(queryset, order, size):
    """The pages from the first to the last."""
    found, position = [], Position()
    while True:
        one = page(queryset, order, position, size)
        found.append(one)
        if not one.has_next:
            return found
        position = Position(one.rows[-1].pk)


def keys(pages):
    return [row.pk for one in pages for row in one.rows]


def test_pages_show_every_row_once_newest_first(people):
    made = people(7)
    pages = walk(Contact.objects.all(), NEWEST, 3)
    assert [len(one.rows) for one in pages] == [3, 3, 1]
    assert keys(pages) == [contact.pk for contact in reversed(made)]


def test_rows_of_equal_names_are_neither_lost_nor_shown_twice(people):
    made = people(7, first_name="Eve", last_name="Same")
    pages = walk(Contact.objects.all(), BY_NAME, 2)
    assert keys(pages) == [contact.pk for contact in made]


def test_going_back_shows_the_same_page_again(people):
    people(9)
    first, second, _third = walk(Contact.objects.all(), BY_NAME, 3)
    back = page(Contact.objects.all(), BY_NAME, Position(second.rows[0].pk, backwards=True), 3)
    assert [row.pk for row in back.rows] == [row.pk for row in first.rows]
    assert back.has_next
    assert not back.has_previous


def test_going_back_beyond_the_start_shows_a_full_first_page(people):
    made = people(5)
    back = page(Contact.objects.all(), NEWEST, Position(made[-2].pk, backwards=True), 3)
    assert [row.pk for row in back.rows] == [contact.pk for contact in reversed(made)][:3]


def test_a_row_that_is_gone_leads_to_the_start(people):
    people(2)
    found = page(Contact.objects.all(), BY_NAME, Position(uuid.uuid4()), 5)
    assert len(found.rows) == 2


def test_what_is_no_position_is_the_start():
    assert Position.of({"after": "'; DROP TABLE"}) == Position()


def test_undated_deals_come_last_in_both_directions(in_a):
    stage = Stage.objects.first()
    days = [None, date(2026, 1, 5), None, date(2026, 1, 1), date(2026, 1, 5), None]
    for number, day in enumerate(days):
        Deal(name=f"Deal {number}", stage=stage, expected_close_on=day).save()
    for order in (BY_CLOSE, Order(BY_CLOSE.columns, descending=True, nullable=True)):
        pages = walk(Deal.objects.all(), order, 2)
        shown = [row.expected_close_on for one in pages for row in one.rows]
        dated = sorted((day for day in days if day), reverse=order.descending)
        assert shown == [*dated, None, None, None]
        assert len(set(keys(pages))) == len(days)
        back = page(Deal.objects.all(), order, Position(pages[1].rows[0].pk, backwards=True), 2)
        assert [row.pk for row in back.rows] == [row.pk for row in pages[0].rows]
        middle = page(Deal.objects.all(), order, Position(pages[2].rows[0].pk, backwards=True), 2)
        assert [row.pk for row in middle.rows] == [row.pk for row in pages[1].rows]


def test_dates_of_the_same_day_do_not_mix(in_a):
    stage = Stage.objects.first()
    for number in range(6):
        Deal(
            name=f"Deal {number}", stage=stage, expected_close_on=date(2026, 1, 1) + timedelta(number // 3)
        ).save()
    assert len(set(keys(walk(Deal.objects.all(), BY_CLOSE, 2)))) == 6
