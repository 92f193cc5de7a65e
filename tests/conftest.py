"""What every test may use: two organisations, made once, each test rolled back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client, override_settings

from tenants.accounts import roles
from tenants.accounts.models import Role, User
from tenants.organizations import services
from tenants.organizations.models import Organization
from tenants.scope import organization_scope, platform_scope

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="session", autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keys and files of tests have a folder of their own; hashing is quick, static files need no manifest."""
    home: Path = tmp_path_factory.mktemp("softswitch")
    plain = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    with override_settings(
        KEYRING_DIR=home / "keyring",
        KEYRING_AUTO_CREATE=True,
        MEDIA_ROOT=home / "media",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        STORAGES=settings.STORAGES | plain,
    ):
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(_own_folders: None) -> None:
    """Before the database: preparing it makes the platform's key."""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Organisations ``alpha`` and ``beta``, once a session."""
    with django_db_blocker.unblock():
        for slug in ("alpha", "beta"):
            if not Organization.objects.filter(slug=slug).exists():
                services.create_organization(
                    name=slug.title(), slug=slug, owner_email=f"owner@{slug}.example", owner_name="Olga Owner"
                )


@pytest.fixture
def organization_a(db: None) -> Organization:
    with platform_scope():
        return Organization.objects.get(slug="alpha")


@pytest.fixture
def organization_b(db: None) -> Organization:
    with platform_scope():
        return Organization.objects.get(slug="beta")


@pytest.fixture
def in_a(organization_a: Organization) -> Iterator[Organization]:
    """The test runs inside organisation A."""
    with organization_scope(organization_a):
        yield organization_a
    connection.set_schema_to_public()


def make_user(name: str, role_key: str) -> User:
    """A user of the current organisation with one built-in role."""
    user = User.objects.create_user(f"{name.lower()}@staff.example", name=name, password=PASSWORD)
    user.roles.add(Role.objects.get(key=role_key))
    return user


@pytest.fixture
def alice(in_a: Organization) -> User:
    """Operations in A."""
    return make_user("Alice", roles.OPERATIONS)


@pytest.fixture
def bob(in_a: Organization) -> User:
    """A viewer in A."""
    return make_user("Bob", roles.VIEWER)


@pytest.fixture
def charlie(organization_b: Organization) -> User:
    """The outsider: operations in B."""
    with organization_scope(organization_b):
        return make_user("Charlie", roles.OPERATIONS)


class OrganizationClient(Client):
    """A client on an organisation's host, that leaves the test in the organisation where it was."""

    def __init__(self, organization: Organization, **defaults: Any) -> None:
        host = f"{organization.slug}.{settings.BASE_DOMAIN}"
        super().__init__(SERVER_NAME=host, **defaults)
        self.organization = organization

    def request(self, **request: Any) -> Any:
        before = connection.tenant
        try:
            return super().request(**request)
        finally:
            connection.set_tenant(before)

    def force_login(self, user: Any, backend: str | None = None) -> None:
        with organization_scope(self.organization):
            super().force_login(user, backend)


@pytest.fixture
def client_a(organization_a: Organization) -> OrganizationClient:
    return OrganizationClient(organization_a)


@pytest.fixture
def client_b(organization_b: Organization) -> OrganizationClient:
    return OrganizationClient(organization_b)
