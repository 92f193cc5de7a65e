"""Where the current work happens: in which organisation, or on the platform.

Crossing from one to another is always one of the context managers below, each of which restores what was
before. They are safe to nest, also inside ``atomic``: the database connection sets role and search_path for
each cursor anew.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from tenants.database import connection
from tenants.errors import DomainError

if TYPE_CHECKING:
    from tenants.organizations.models import Organization

PUBLIC = "public"
PLATFORM_ID = uuid.UUID(int=0)


class NoOrganization(DomainError):
    code = "no_organization"
    message = _("This belongs to an organisation: open it from the organisation's own address.")


def current_schema() -> str:
    """The schema that the next query runs in."""
    return str(connection.schema_name)


def in_organization() -> bool:
    return current_schema() != PUBLIC


def current_organization() -> "Organization":
    """The organisation of the current scope; raises :class:`NoOrganization` on the platform."""
    tenant = connection.tenant
    if not in_organization() or getattr(tenant, "pk", None) is None:
        raise NoOrganization
    organization: Organization = tenant
    return organization


def scope_id() -> uuid.UUID:
    """The id that keys, files and encrypted values are bound to: the organisation's, or PLATFORM_ID."""
    return current_organization().pk if in_organization() else PLATFORM_ID


@contextmanager
def organization_scope(organization: "Organization") -> Iterator["Organization"]:
    """Work inside ``organization``."""
    before = connection.tenant
    connection.set_tenant(organization)
    try:
        yield organization
    finally:
        connection.set_tenant(before)


@contextmanager
def platform_scope() -> Iterator[None]:
    """Work in ``public``: organisations, domains, operators, the queue."""
    before = connection.tenant
    connection.set_schema_to_public()
    try:
        yield
    finally:
        connection.set_tenant(before)


@contextmanager
def role_mode(mode: str) -> Iterator[None]:
    """Use another role than the schema's own: ``owner`` (migrations, provisioning) or ``login`` (making the
    roles). Nothing that serves a request may use this."""
    before = connection.role_mode
    connection.role_mode = mode
    try:
        yield
    finally:
        connection.role_mode = before
