"""The home page: real numbers, each leading to its list, from a bounded number of queries."""

import datetime as dt
import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config import dashboards, home_figures
from crm.companies.models import Company
from crm.deals.models import Deal, Stage
from crm.deals.services import save_deal
from crm.people.models import Contact
from crm.records.services import save_record
from tenants.accounts import roles
from tenants.ids import uuid7
from tests.conftest import make_user

MOST_QUERIES = 24


@pytest.fixture
def records(in_a, alice):
    company = save_record(record=Company(name="Brightwater"), actor=alice)
    for number in range(3):
        save_record(record=Contact(first_name=f"Ana {number}", company=company, owner=alice), actor=alice)
    stage = Stage.objects.get(name="Proposal")
    for amount, currency in ((100, "EUR"), (250, "EUR"), (40, "USD")):
        deal = Deal(name="Fleet", stage=stage, amount=Decimal(amount), currency=currency)
        save_deal(deal=deal, actor=alice, now=timezone.now())


def figures(home):
    return {str(figure.label): figure for figure in home.figures}


def test_the_numbers_are_those_of_the_records(records, alice, rf):
    request = rf.get("/admin/")
    request.user = alice
    home = dashboards.organization_home(request)["home"]
    assert figures(home)["Contacts"].value == "3"
    assert figures(home)["Companies"].value == "1"
    assert str(figures(home)["Contacts"].note) == "3 new this week"
    proposal = next(stage["value"] for stage in home.stages if stage["value"].name == "Proposal")
    assert (proposal.money, str(proposal.deals), proposal.share) == ("350 EUR · 40 USD", "3", 100)
    assert [figure.value for figure in home.mine] == ["3"]


def test_every_number_leads_to_a_page(records, alice, client_a):
    client_a.force_login(alice)
    page = client_a.get("/admin/").content.decode()
    links = set(re.findall(r'href="(/admin/[^"]*)"', page))
    assert any("owner=" in link for link in links)
    for link in links:
        answer = client_a.get(link.replace("&amp;", "&"))
        assert answer.status_code == 200, link


def test_the_number_of_queries_does_not_grow(records, alice, client_a):
    client_a.force_login(alice)
    client_a.get("/admin/")
    with CaptureQueriesContext(connection) as captured:
        client_a.get("/admin/")
    asked = [query["sql"] for query in captured if "set_config" not in query["sql"]]
    assert len(asked) <= MOST_QUERIES
    counts = [sql for sql in asked if re.search(r"count\(\*\)", sql, re.IGNORECASE)]
    assert counts
    assert all("LIMIT" in sql for sql in counts)


def test_a_count_stops_at_its_limit(records, monkeypatch):
    monkeypatch.setattr(home_figures, "COUNT_LIMIT", 2)
    assert str(home_figures.capped(Contact.objects.all())) == "2+"


def test_an_empty_organisation_is_welcomed(client_b, organization_b, charlie):
    client_b.force_login(charlie)
    page = client_b.get("/admin/").content.decode()
    assert "Welcome. There is nothing here yet." in page
    assert "/admin/crm/contact/add/" in page


def test_a_viewer_is_not_offered_what_it_may_not_do(client_a, bob):
    client_a.force_login(bob)
    page = client_a.get("/admin/").content.decode()
    assert "Add a contact" not in page
    assert "/admin/accounts/user/" not in page


def test_the_owner_sees_what_is_left_to_set_up(client_a, in_a):
    client_a.force_login(make_user("Olga", roles.OWNER))
    assert "Getting started" in client_a.get("/admin/").content.decode()


def test_the_first_id_of_a_moment_sorts_before_every_id_made_then():
    before = home_figures.first_id_at(timezone.now() - dt.timedelta(seconds=1))
    assert before < uuid7() < home_figures.first_id_at(timezone.now() + dt.timedelta(seconds=1))
