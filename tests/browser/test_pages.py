"""Every page: it opens, is accessible in the light and in the dark, and fits a phone."""

import pytest

pytestmark = pytest.mark.browser

OWNER = {
    "home": "/admin/",
    "contacts": "/admin/crm/contact/?size=25",
    "contact form": "/admin/crm/contact/add/",
    "contacts in the trash": "/admin/crm/contact/?trash=1",
    "companies": "/admin/crm/company/",
    "company form": "/admin/crm/company/add/",
    "leads": "/admin/crm/lead/",
    "lead form": "/admin/crm/lead/add/",
    "deals": "/admin/crm/deal/",
    "deal form": "/admin/crm/deal/add/",
    "tags": "/admin/crm/tag/",
    "tag form": "/admin/crm/tag/add/",
    "imports": "/admin/crm/import/",
    "import": "/admin/crm/import/add/",
    "trash": "/admin/trash/",
    "jobs": "/admin/jobs/job/",
    "audit log": "/admin/compliance/auditentry/",
    "users": "/admin/accounts/user/",
    "user form": "/admin/accounts/user/add/",
    "roles": "/admin/accounts/role/",
    "role form": "/admin/accounts/role/add/",
    "pipelines": "/admin/crm/pipeline/",
    "organisation": "/admin/organization/",
    "profile": "/admin/profile/",
    "password": "/admin/password_change/",
}
PLATFORM = {
    "home": "/admin/",
    "organisations": "/admin/tenants/organization/",
    "organisation form": "/admin/tenants/organization/add/",
    "operators": "/admin/accounts/user/",
    "jobs": "/admin/jobs/job/",
    "queue": "/admin/django_q/ormq/",
}


def check(found):
    for theme in ("light", "dark"):
        found.wear(theme)
        assert found.violations() == [], theme
    assert found.overflow() == 0


@pytest.mark.parametrize("path", OWNER.values(), ids=OWNER)
def test_a_page_of_an_organisation(visitor, path):
    owner = visitor("owner")
    assert owner.open(path) == 200
    check(owner)


@pytest.mark.parametrize("path", PLATFORM.values(), ids=PLATFORM)
def test_a_page_of_the_platform(visitor, server, path):
    operator = visitor(slug="")
    operator.sign_in(email="operator@platform.example")
    assert operator.open(path) == 200
    check(operator)


def test_the_sign_in_page(visitor):
    anybody = visitor()
    assert anybody.open("/admin/login/") == 200
    check(anybody)


def test_the_form_of_an_existing_contact(visitor):
    owner = visitor("owner")
    owner.open("/admin/crm/contact/")
    owner.page.locator("#result_list tbody th a, #result_list tbody td a").first.click()
    owner.settle()
    assert "/change/" in owner.page.url
    check(owner)


def test_a_missing_page(visitor):
    owner = visitor("owner")
    owner.expected = "404"
    assert owner.open("/admin/nothing-here/") == 404
    check(owner)


def test_a_page_of_another_role(visitor):
    viewer = visitor("viewer")
    viewer.expected = "403"
    assert viewer.open("/admin/accounts/user/") == 403
    check(viewer)


def test_the_first_page_of_a_new_organisation(visitor):
    owner = visitor("owner", slug="newcomer")
    assert owner.open("/admin/") == 200
    assert owner.page.get_by_role("link", name="Add a contact").is_visible()
    check(owner)


def test_the_form_of_an_existing_user(visitor):
    owner = visitor("owner")
    owner.open("/admin/accounts/user/")
    owner.page.locator("#result_list tbody th a").first.click()
    owner.settle()
    assert owner.page.get_by_role("link", name="Link to choose a password").is_visible()
    check(owner)
