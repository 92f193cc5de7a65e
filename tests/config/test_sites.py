"""Two sites that do not know each other's pages, and pages for whom they are."""

import pytest
from django.test import Client
from django.urls import reverse

from config import navigation
from tenants.accounts import roles
from tenants.accounts.models import User
from tenants.scope import platform_scope
from tests.conftest import make_user

ORGANIZATION_URLS = "config.urls_tenant"


@pytest.fixture
def operator(db):
    with platform_scope():
        return User.objects.create_superuser("operator@platform.example", "a long enough secret", name="Otto")


@pytest.fixture
def platform_client(operator):
    client = Client(SERVER_NAME="localhost")
    with platform_scope():
        client.force_login(operator)
    return client


@pytest.mark.parametrize(
    "path",
    ["/admin/tenants/organization/", "/admin/django_q/ormq/", "/admin/tenants/domain/", "/admin/auth/group/"],
)
def test_an_owner_finds_nothing_of_the_platform(client_a, in_a, path):
    client_a.force_login(make_user("Olga", roles.OWNER))
    assert client_a.get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/admin/crm/contact/", "/admin/crm/deal/", "/admin/compliance/auditentry/", "/admin/organization/"],
)
def test_an_operator_finds_nothing_of_an_organisation(platform_client, path):
    assert platform_client.get(path).status_code == 404


def test_an_operator_sees_the_platforms_pages(platform_client):
    for _group, page in navigation.visible_pages(User(is_superuser=True), navigation.PLATFORM):
        path = reverse(f"admin:{page.view}", urlconf="config.urls_public")
        assert platform_client.get(path).status_code == 200, path


@pytest.mark.parametrize("role", list(roles.BUILT_IN_NAMES))
def test_every_page_in_a_roles_sidebar_opens(client_a, in_a, role):
    user = make_user("Pat", role)
    client_a.force_login(user)
    pages = navigation.visible_pages(user, navigation.ORGANIZATION)
    assert pages
    for _group, page in pages:
        path = reverse(f"organization:{page.view}", urlconf=ORGANIZATION_URLS)
        assert client_a.get(path).status_code == 200, path


@pytest.mark.parametrize("role", [roles.OPERATIONS, roles.MARKETING, roles.COMPLIANCE, roles.VIEWER])
def test_a_page_that_is_not_in_the_sidebar_is_refused(client_a, in_a, role):
    user = make_user("Pat", role)
    client_a.force_login(user)
    shown = {page.view for _group, page in navigation.visible_pages(user, navigation.ORGANIZATION)}
    hidden = [page for group in navigation.ORGANIZATION for page in group.pages if page.view not in shown]
    # Everybody may look at the pipelines; the sidebar has them for whoever may change them.
    hidden = [page for page in hidden if page.view != "crm_pipeline_changelist"]
    assert hidden
    for page in hidden:
        path = reverse(f"organization:{page.view}", urlconf=ORGANIZATION_URLS)
        assert client_a.get(path).status_code == 403, path


def test_stock_import_and_export_are_not_reachable(client_a, in_a):
    client_a.force_login(make_user("Olga", roles.OWNER))
    for kind in ("contact", "company", "lead", "deal"):
        assert client_a.get(f"/admin/crm/{kind}/import/").status_code in {302, 404}
        assert client_a.get(f"/admin/crm/{kind}/export/").status_code in {302, 404}


def test_the_page_wears_the_organisations_name_and_colour(client_a, alice, organization_a):
    client_a.force_login(alice)
    page = client_a.get("/admin/").content.decode()
    assert organization_a.name in page
    assert f"oklch(51% 0.12 {organization_a.hue})" in page


def test_the_admin_runs_under_its_policy(client_a, alice):
    client_a.force_login(alice)
    policy = client_a.get("/admin/")["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval'" in policy
    assert "frame-ancestors 'none'" in policy


def test_the_skip_link_comes_first(client_a, alice):
    client_a.force_login(alice)
    page = client_a.get("/admin/").content.decode()
    assert page.index("skip-link") < page.index('id="page"')
