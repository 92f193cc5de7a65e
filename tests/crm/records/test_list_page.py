"""The lists in the admin."""

import re
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import Company, Contact, Deal, Lead, Stage, Tag
from crm.records.services import add_tag, move_to_trash

LIST = "/admin/crm/contact/"
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def signed_in(client_a, alice):
    client_a.force_login(alice)
    return client_a


def next_of(response):
    """The address of the next page; "" on the last one."""
    found = re.search(r'href="([^"]*)" rel="next"', response.content.decode())
    return found[1].replace("&amp;", "&") if found else ""


def names_in(response):
    html = response.content.decode()
    return re.findall(r'<span class="record-label"><span>([^<]*)</span>', html)


def test_a_page_shows_the_newest_first_and_leads_to_the_next(signed_in, people):
    people(30)
    first = signed_in.get(f"{LIST}?size=25")
    assert names_in(first)[0] == "Ada Person029"
    next_url = next_of(first)
    second = signed_in.get(LIST + next_url)
    assert names_in(second) == [f"Ada Person{number:03d}" for number in range(4, -1, -1)]
    assert 'rel="prev"' in second.content.decode()


def test_no_query_counts_or_skips_rows(signed_in, people):
    people(30)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        signed_in.get(f"{LIST}?size=25&o=1")
    statements = " ".join(query["sql"] for query in queries).upper()
    assert "COUNT(" not in statements
    assert "OFFSET" not in statements
    assert "DISTINCT" not in statements


@pytest.mark.parametrize("kind", ["contact", "company", "lead", "deal"])
def test_a_page_of_fifty_asks_as_often_as_a_page_of_five(signed_in, alice, kind):
    def fill(count):
        tag, _made = Tag.objects.get_or_create(name="VIP")
        company = Company(name="Firm", owner=alice)
        company.save()
        stage = Stage.objects.first()
        rows = []
        for number in range(count):
            row = {
                "contact": lambda: Contact(last_name=f"P{number}", company=company, owner=alice),  # noqa: B023
                "company": lambda: Company(name=f"C{number}", owner=alice),  # noqa: B023
                "lead": lambda: Lead(last_name=f"L{number}", company=company, owner=alice),  # noqa: B023
                "deal": lambda: Deal(name=f"D{number}", company=company, stage=stage, owner=alice),  # noqa: B023
            }[kind]()
            row.save()
            rows.append(row)
        add_tag(records=rows, tag=tag, actor=alice)

    def asked():
        with CaptureQueriesContext(connection) as queries:
            assert signed_in.get(f"/admin/crm/{kind}/").status_code == 200
        return len(queries)

    fill(5)
    asked()
    few = asked()
    fill(45)
    assert asked() == few


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("country=DE", 2),
        ("source=Fair", 1),
        ("owner=me", 1),
        ("owner=nobody", 3),
        ("created_from=2020-01-01", 4),
        ("created_until=2020-01-01", 0),
        ("tag=not-a-key", 0),
        ("q=person00", 4),
        ("q=person00&country=DE", 2),
        ("country=DE&source=Fair", 0),
    ],
)
def test_filters_narrow_the_list(signed_in, people, alice, query, count):
    people(2, country="DE")
    people(1, owner=alice)
    people(1, source="Fair")
    response = signed_in.get(f"{LIST}?{query}")
    assert response.status_code == 200
    assert len(names_in(response)) == count


def test_the_tag_filter_turns_pages(signed_in, people, alice):
    made = people(60)
    tag = Tag(name="VIP")
    tag.save()
    add_tag(records=made[::2], tag=tag, actor=alice)
    seen, url = [], f"?size=25&tag={tag.pk}"
    while url:
        response = signed_in.get(LIST + url)
        seen += names_in(response)
        url = next_of(response)
    assert seen == [f"Ada Person{number:03d}" for number in range(58, -1, -2)]


def test_orders_without_an_index_are_not_offered(signed_in, people):
    people(3)
    by_email = signed_in.get(f"{LIST}?o=3")
    assert names_in(by_email)[0] == "Ada Person002"
    by_name = signed_in.get(f"{LIST}?o=1")
    assert names_in(by_name)[0] == "Ada Person000"
    assert by_name.content.decode().count("aria-sort") == 1


def test_values_are_escaped(signed_in, people):
    people(1, last_name="<script>alert(1)</script>")
    assert "<script>alert" not in signed_in.get(LIST).content.decode()


def test_a_cursor_holds_no_name(signed_in, people):
    people(30)
    next_url = next_of(signed_in.get(f"{LIST}?size=25&o=1"))
    assert re.search(r"after=[0-9a-f]{32}(&|$)", next_url)


def test_strange_parameters_do_no_harm(signed_in, people):
    people(1)
    for query in (
        "after=x",
        "before=%00",
        "o=99",
        "o=-",
        "size=7",
        "q=%00",
        "p=3",
        "tag=%00",
        "created_from=x",
    ):
        response = signed_in.get(f"{LIST}?{query}")
        assert response.status_code == 200, query


def test_an_unknown_lookup_is_refused(signed_in, people):
    assert signed_in.get(f"{LIST}?id__exact=x").status_code == 302
    assert signed_in.get(f"{LIST}?owner__password__startswith=a").status_code in (302, 400)


def test_empty_lists_say_why(signed_in, client_a, bob):
    assert "No contacts yet" in signed_in.get(LIST).content.decode()
    assert "Nothing matches" in signed_in.get(f"{LIST}?q=zzzz").content.decode()
    client_a.force_login(bob)
    assert "Ask the owner" in client_a.get(LIST).content.decode()


def test_charlie_sees_nothing_of_another_organisation(client_a, client_b, charlie, people):
    people(1)
    client_b.force_login(charlie)
    assert "Ada Person000" not in client_b.get(LIST).content.decode()
    client_a.cookies = client_b.cookies
    assert client_a.get(LIST).status_code == 302


def test_the_count_is_exact_on_one_page_and_estimated_on_many(signed_in, people):
    people(30)
    assert "30 records" in signed_in.get(LIST).content.decode()
    assert "about" in signed_in.get(f"{LIST}?size=25").content.decode()


def test_selected_rows_go_to_the_trash_and_no_others(signed_in, people):
    made = people(3)
    data = {"action": "trash_selected", "index": 0, "select_across": 1, "_selected_action": [made[0].pk]}
    signed_in.post(LIST, data)
    assert Contact.objects.count() == 2


def test_a_viewer_cannot_trash(client_a, bob, people):
    made = people(1)
    client_a.force_login(bob)
    client_a.post(LIST, {"action": "trash_selected", "index": 0, "_selected_action": [made[0].pk]})
    assert Contact.objects.count() == 1
    assert client_a.post(f"{LIST}{made[0].pk}/delete/").status_code == 403
    assert client_a.post(f"{LIST}{made[0].pk}/to-trash/").status_code == 403


def test_the_trash_lists_restores_and_purges(signed_in, people, alice):
    made = people(3)
    move_to_trash(records=made[:2], actor=alice, now=NOW)
    html = signed_in.get(f"{LIST}?trash=1").content.decode()
    assert "Person000" in html
    assert "Person002" not in html
    assert "Alice" in html
    url = f"{LIST}?trash=1"
    signed_in.post(url, {"action": "restore_selected", "index": 0, "_selected_action": [made[0].pk]})
    assert Contact.objects.count() == 2
    ask = {"action": "purge_selected", "index": 0, "_selected_action": [made[1].pk]}
    assert "cannot be undone" in signed_in.post(url, ask).content.decode()
    assert Contact.all_objects.count() == 3
    signed_in.post(url, ask | {"confirmed": 1})
    assert Contact.all_objects.count() == 2


def test_suggestions_are_few_and_outside_the_trash(signed_in, people):
    for number in range(25):
        Company(name=f"Firm {number}").save()
    query = "?app_label=crm&model_name=contact&field_name=company"
    answer = signed_in.get(f"/admin/autocomplete/{query}&term=firm").json()
    assert [row["text"] for row in answer["results"]] == [f"Firm {number}" for number in range(24, 4, -1)]
    assert signed_in.get(f"/admin/autocomplete/{query}&term=").json()["results"]
