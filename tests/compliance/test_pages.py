"""The audit trail and a record's history in the admin."""

from typing import Any

import pytest
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.test import RequestFactory
from django.utils import translation

from compliance.audit import history, presentation
from compliance.audit.context import acting_as
from compliance.audit.history import AuditHistoryMixin
from compliance.audit.models import AuditEntry
from crm.models import Company, Contact, Lead, Tag
from tenants.accounts import roles
from tenants.accounts.models import User
from tenants.organizations.models import Organization
from tenants.scope import organization_scope
from tenants.sites import organization_site
from tests.conftest import OrganizationClient, make_user

pytestmark = pytest.mark.django_db
TRAIL = "/admin/compliance/auditentry/"


@pytest.fixture
def clara(in_a: Organization) -> User:
    """Compliance in A."""
    return make_user("Clara", roles.COMPLIANCE)


@pytest.fixture
def contact(alice: User) -> Contact:
    with acting_as(actor=alice):
        contact = Contact.objects.create(first_name="Ada", email="ada@engine.example")
        contact.email = "augusta@engine.example"
        contact.save()
    return contact


class HistoryAdmin(AuditHistoryMixin, admin.ModelAdmin):
    """A page as any record has it."""


def history_page(
    contact: Contact, user: User, query: str = "", organization: Organization | None = None
) -> str:
    request: Any = RequestFactory().get(f"/{query}")
    request.user = user
    request.tenant = organization
    response = HistoryAdmin(Contact, organization_site).history_view(request, str(contact.pk))
    return response.rendered_content


def test_compliance_reads_the_trail_without_values_in_the_list(
    client_a: OrganizationClient, clara: User, contact: Contact
):
    client_a.force_login(clara)
    page = client_a.get(TRAIL)
    assert page.status_code == 200
    text = page.content.decode()
    assert "Alice" in text
    assert f"Contact {str(contact.pk)[-8:]}" in text
    assert "engine.example" not in text


def test_the_page_of_an_entry_shows_the_values(client_a: OrganizationClient, clara: User, contact: Contact):
    client_a.force_login(clara)
    entry = AuditEntry.objects.filter(fields=["email"]).get()
    text = client_a.get(f"{TRAIL}{entry.pk}/change/").content.decode()
    assert "ada@engine.example" in text
    assert "augusta@engine.example" in text


def test_the_trail_is_filtered(client_a: OrganizationClient, clara: User, contact: Contact, alice: User):
    Tag.objects.create(name="vip")
    client_a.force_login(clara)
    for query, rows in {
        "kind=crm.tag": 1,
        "kind=crm.contact": 2,
        "action__exact=updated": 1,
        f"actor={alice.pk}": 2,
        "actor=system&kind=crm.tag": 1,
        "actor=nonsense": 0,
    }.items():
        text = client_a.get(f"{TRAIL}?{query}").content.decode()
        assert text.count("field-shown_object") == rows, query


def test_the_trail_is_read_with_few_queries(
    client_a: OrganizationClient, clara: User, contact: Contact, django_assert_max_num_queries
):
    Tag.objects.bulk_create([Tag(name=f"t{n}") for n in range(60)])
    client_a.force_login(clara)
    with django_assert_max_num_queries(20):
        assert client_a.get(TRAIL).status_code == 200


def test_only_compliance_and_the_owner_read_the_trail(
    client_a: OrganizationClient, alice: User, bob: User, contact: Contact
):
    for user in (alice, bob):
        client_a.force_login(user)
        assert client_a.get(TRAIL).status_code == 403
    client_a.force_login(User.objects.get(roles__key=roles.OWNER))
    assert client_a.get(TRAIL).status_code == 200


def test_nobody_adds_changes_or_deletes_entries(client_a: OrganizationClient, contact: Contact):
    client_a.force_login(User.objects.get(roles__key=roles.OWNER))
    entry = AuditEntry.objects.first()
    assert client_a.get(f"{TRAIL}add/").status_code == 403
    assert client_a.post(f"{TRAIL}{entry.pk}/change/", {"action": "purged"}).status_code == 403
    assert client_a.post(f"{TRAIL}{entry.pk}/delete/", {"post": "yes"}).status_code == 403


def test_charlie_sees_nothing_of_it(
    client_b: OrganizationClient, organization_b: Organization, contact: Contact, charlie: User
):
    entry = AuditEntry.objects.first()
    with organization_scope(organization_b):
        client_b.force_login(User.objects.get(roles__key=roles.OWNER))
    assert "Alice" not in client_b.get(TRAIL).content.decode()
    response = client_b.get(f"{TRAIL}{entry.pk}/change/")
    assert response.status_code == 302
    assert response["Location"] == "/admin/"


def test_a_history_is_read_from_the_newest(in_a: Organization, alice: User, contact: Contact):
    text = history_page(contact, alice, organization=in_a)
    assert text.index("augusta@engine.example") < text.index("Created")
    assert "Alice" in text
    assert "Older" not in text


def test_a_long_history_has_pages(
    in_a: Organization, alice: User, contact: Contact, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(history, "ENTRIES_ON_A_PAGE", 1)
    newest = AuditEntry.objects.of("crm.contact", contact.pk).first()
    text = history_page(contact, alice, organization=in_a)
    assert f"?before={newest.pk}" in text
    text = history_page(contact, alice, f"?before={newest.pk}", organization=in_a)
    assert "Created" in text
    assert "Older" not in text
    assert "Newest" in text
    assert "augusta" in history_page(contact, alice, "?before=nonsense", organization=in_a)


def test_a_history_is_refused_without_the_right_to_see_the_record(in_a: Organization, contact: Contact):
    nobody = User.objects.create_user("nobody@staff.example", name="Nobody")
    with pytest.raises(PermissionDenied):
        history_page(contact, nobody, organization=in_a)


def test_ids_are_shown_as_names(in_a: Organization, alice: User):
    company = Company.objects.create(name="Engine Works")
    vip = Tag.objects.create(name="vip")
    lead = Lead.objects.create(company_name="E")
    lead.owner, lead.company, lead.status = alice, company, "won"
    lead.address = {"street": "", "city": "London"}
    lead.save()
    lead.tags.add(vip)
    tags, changes, _ = presentation.shown(AuditEntry.objects.of("crm.lead", lead.pk))
    assert [(c.label, c.old, c.new) for c in tags.changes] == [("Tags", "–", "vip")]
    assert {(c.label, c.old, c.new) for c in changes.changes} == {
        ("Owner", "–", "Alice"),
        ("Linked company", "–", "Engine Works"),
        ("Status", "new", "won"),
        ("Address", "–", "London"),
    }
    assert changes.actor == "the program"
    company.delete()
    alice.name = ""
    shown = presentation.shown(AuditEntry.objects.of("crm.lead", lead.pk))
    gone = next(c for entry in shown for c in entry.changes if c.label == "Linked company" and c.new != "–")
    assert gone.new == str(company.pk or gone.new)[-8:]


def test_the_pages_speak_german(in_a: Organization, contact: Contact):
    with translation.override("de"):
        shown = presentation.shown(AuditEntry.objects.of("crm.contact", contact.pk))
        assert [entry.action for entry in shown] == ["Geändert", "Angelegt"]


def test_django_s_own_log_is_not_written(in_a: Organization, alice: User, contact: Contact):
    page = HistoryAdmin(Contact, organization_site)
    request = RequestFactory().get("/")
    # An organisation's schema does not even have its table, so that a write would raise.
    page.log_addition(request, contact, "")
    page.log_change(request, contact, "")
    page.log_deletions(request, Contact.objects.all())
