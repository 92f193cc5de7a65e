"""Ctrl-K finds what the user may see in this organisation, and nothing of another."""

import pytest

from config import command_search
from crm.companies.models import Company
from crm.people.models import Contact
from crm.records.services import save_record
from tenants.accounts import roles
from tenants.scope import organization_scope
from tests.conftest import make_user


@pytest.fixture
def contact(in_a, alice):
    person = Contact(first_name="Wilhelmina", last_name="Overbeck", email="mina@overbeck.example")
    return save_record(record=person, actor=alice)


def titles(hits):
    return [hit.title for hit in hits]


def test_a_contact_is_found_by_part_of_the_name_and_of_the_address(contact, bob):
    for term in ("helmi", "OVERB", "na@ove"):
        assert contact.display_name in titles(command_search.search_organization(user=bob, term=term))


def test_an_outsider_finds_nothing_of_another_organisation(contact, client_a, client_b, alice, charlie):
    client_a.force_login(alice)
    client_b.force_login(charlie)
    ours = client_a.get("/admin/search/", {"s": "overbeck"})
    assert "Overbeck" in ours.content.decode()
    assert "no-store" in ours["Cache-Control"]
    theirs = client_b.get("/admin/search/", {"s": "overbeck"}).content.decode()
    assert "Wilhelmina" not in theirs


def test_the_answer_follows_the_record_at_once(contact, client_a, alice):
    client_a.force_login(alice)
    assert "Overbeck" in client_a.get("/admin/search/", {"s": "wilhel"}).content.decode()
    contact.delete()
    assert "Overbeck" not in client_a.get("/admin/search/", {"s": "wilhel"}).content.decode()


def test_at_most_ten_of_a_kind(in_a, alice):
    for number in range(12):
        save_record(record=Company(name=f"Quintessence {number}"), actor=alice)
    hits = command_search.search_organization(user=alice, term="quintess")
    assert len([hit for hit in hits if hit.icon == "apartment"]) == command_search.MOST_HITS


def test_pages_and_actions_are_only_those_that_the_user_may_open(in_a):
    viewer, owner = make_user("Vito", roles.VIEWER), make_user("Olga", roles.OWNER)
    assert "Add contact" not in titles(command_search.search_organization(user=viewer, term="contact"))
    found = titles(command_search.search_organization(user=owner, term="contact"))
    assert {"Contacts", "Add contact"} <= set(found)
    assert titles(command_search.search_organization(user=viewer, term="users")) == []
    assert "Users" in titles(command_search.search_organization(user=owner, term="users"))


def test_without_the_right_to_see_contacts_none_is_found(contact):
    nobody = make_user("Nemo", roles.VIEWER)
    nobody.roles.clear()
    assert command_search.search_organization(user=nobody, term="overbeck") == []


def test_anonymous_requests_are_sent_to_sign_in(client_a, contact):
    answer = client_a.get("/admin/search/", {"s": "overbeck"})
    assert answer.status_code == 302
    assert "/admin/login/" in answer["Location"]


def test_an_organisation_name_is_found_on_the_platform_only(organization_a, alice, in_a):
    assert "Alpha" not in titles(command_search.search_organization(user=alice, term="alpha"))


def test_hostile_terms_are_answered(client_a, alice):
    client_a.force_login(alice)
    for term in ("%", "\\", "'; --", "a" * 5000, "\u202egnp", "<script>", "((("):
        answer = client_a.get("/admin/search/", {"s": term})
        assert answer.status_code == 200, term
        assert "<script>" not in answer.content.decode()


def test_outside_organisation_a_the_scope_is_b(organization_b, charlie):
    with organization_scope(organization_b):
        assert command_search.search_organization(user=charlie, term="overbeck") == []
