"""Search by any fragment, over names, companies and encrypted columns."""

import pytest

from crm.models import Company, Contact
from crm.records.search import has_short_word, search, words_of


def found(text, limit=10, **filters):
    ids = search(Contact.objects.filter(**filters), text, limit=limit).ids
    by_id = {contact.pk: contact.display_name for contact in Contact.objects.filter(pk__in=ids)}
    return [by_id[key] for key in ids]


@pytest.fixture
def three(in_a):
    company = Company(name="Nordlicht Werke GmbH")
    company.save()
    rows = (
        ("Anna", "Schmidt", "anna.schmidt@web.example", "+49 30 23125 123", company, "DE"),
        ("Bernd", "Goldschmidt", "b.g@mail.example", "+1 312-555-0199", None, "US"),
        ("Li", "Wei", "li@firm.example", "", company, "DE"),
    )
    for first, last, email, phone, firm, country in rows:
        values = {"email": email, "phone": phone, "company": firm, "country": country}
        Contact(first_name=first, last_name=last, **values).save()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("schmi", ["Bernd Goldschmidt", "Anna Schmidt"]),
        ("na.sch", ["Anna Schmidt"]),
        ("ORDLICHT", ["Li Wei", "Anna Schmidt"]),
        ("23125", ["Anna Schmidt"]),
        ("+1 312 555", ["Bernd Goldschmidt"]),
        ("b.g@mail.example", ["Bernd Goldschmidt"]),
        ("anna schmidt", ["Anna Schmidt"]),
        ("schmidt anna", ["Anna Schmidt"]),
        ("anna nordlicht", ["Anna Schmidt"]),
        ("anna web.exam", ["Anna Schmidt"]),
        ("anna mail.exam", []),
        ("li", ["Li Wei"]),
        ("li we", ["Li Wei"]),
        ("idt", ["Bernd Goldschmidt", "Anna Schmidt"]),
        ("dt", []),
        ("%", []),
        ("", []),
        ("nobody", []),
    ],
)
def test_every_word_is_found_in_some_column_newest_first(three, text, names):
    assert found(text) == names


def test_filters_hold_inside_the_search(three):
    assert found("schmi", country="DE") == ["Anna Schmidt"]


def test_the_limit_keeps_the_newest(three):
    assert found("schmi", limit=1) == ["Bernd Goldschmidt"]


def test_upwards_the_oldest_come_first(three):
    ids = search(Contact.objects.all(), "schmi", limit=1, ascending=True).ids
    assert Contact.objects.get(pk=ids[0]).last_name == "Schmidt"


def test_an_external_id_is_found_whole(people):
    people(1, external_id="C-00042")
    assert len(found("C-00042")) == 1


def test_the_trash_is_not_searched(three, alice):
    Contact.all_objects.update(deleted_at="2026-01-01T00:00Z")
    assert found("schmi") == []


def test_a_grouped_number_is_one_word():
    assert words_of(" +49 (30) 123-45 ") == ("+49 (30) 123-45",)
    assert words_of("3 musketeers") == ("3", "musketeers")


def test_short_words_are_told():
    assert has_short_word("li schmidt")
    assert not has_short_word("schmidt")


def test_a_common_first_word_says_that_it_was_bounded(people, monkeypatch):
    monkeypatch.setattr("crm.records.search.CHECKED", 3)
    people(1, first_name="Common", email="zzz@post.example")
    people(5, first_name="Common")
    result = search(Contact.objects.all(), "common zzz", limit=2)
    assert result.bounded
