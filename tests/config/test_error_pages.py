"""Error pages say what happened, what to do, and under which reference."""

import re

import pytest
from django.test import Client, RequestFactory
from django.utils import translation

from config import error_pages
from tenants.organizations.models import Organization, OrganizationState
from tenants.scope import platform_scope
from tests.conftest import OrganizationClient

PAGES = [
    (error_pages.bad_request, 400),
    (error_pages.no_right, 403),
    (error_pages.not_found, 404),
    (error_pages.broken, 500),
    (error_pages.form_expired, 403),
]


@pytest.mark.parametrize(("page", "status"), PAGES)
@pytest.mark.parametrize(("language", "word"), [("en", "reference"), ("de", "Zeichen")])
def test_a_page_stands_alone_in_both_languages(page, status, language, word):
    request = RequestFactory().get("/somewhere/")
    with translation.override(language):
        answer = page(request)
    text = answer.content.decode()
    assert answer.status_code == status
    assert word in text
    assert answer["X-Reference"] in text
    assert "<style" not in text
    assert " style=" not in text
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)


def test_the_reference_is_in_the_log_and_the_address_is_not(caplog):
    request = RequestFactory().get("/account/set-password/abc/secret-token/?q=ana@example.com")
    with caplog.at_level("INFO", logger="config.errors"):
        answer = error_pages.broken(request)
    assert answer["X-Reference"] in caplog.text
    assert "secret-token" not in caplog.text
    assert "ana@example.com" not in caplog.text


def test_an_unknown_host_is_refused(db):
    answer = Client(SERVER_NAME="nobody.localhost").get("/admin/")
    assert answer.status_code == 404
    assert "Nobody is at home here" in answer.content.decode()
    assert "default-src 'self'" in answer["Content-Security-Policy"]


def test_a_suspended_organisation_is_refused(organization_a, client_a):
    with platform_scope():
        Organization.objects.filter(pk=organization_a.pk).update(state=OrganizationState.SUSPENDED)
    answer = client_a.get("/admin/login/")
    assert answer.status_code == 403
    assert "This organisation is not active" in answer.content.decode()


def test_an_expired_form_says_that_nothing_is_lost(organization_a, alice):
    client = OrganizationClient(organization_a, enforce_csrf_checks=True)
    client.force_login(alice)
    answer = client.post("/admin/profile/", {"name": "Alice"})
    assert answer.status_code == 403
    assert "your entries are still in the form" in answer.content.decode()


def test_a_missing_page_is_friendly_and_strict(client_a, alice):
    client_a.force_login(alice)
    answer = client_a.get("/admin/nothing-here/")
    assert answer.status_code == 404
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert "There is nothing at this address" in answer.content.decode()
