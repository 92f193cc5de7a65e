"""The built-in roles and what each may do.

Permissions are strings, ``app.codename``; a room adds its own from ``ready()`` with :func:`grant_built_in`,
and a new organisation gets what is registered.
"""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from tenants.accounts.models import Role

OWNER, OPERATIONS, MARKETING, COMPLIANCE, VIEWER = "owner", "operations", "marketing", "compliance", "viewer"
BUILT_IN_NAMES = {
    OWNER: _("Owner"),
    OPERATIONS: _("Operations"),
    MARKETING: _("Marketing"),
    COMPLIANCE: _("Compliance"),
    VIEWER: _("Viewer"),
}
_grants: dict[str, set[str]] = {
    key: {"jobs.view_job"} for key in (OWNER, OPERATIONS, MARKETING, COMPLIANCE)
} | {VIEWER: set()}
_grants[OWNER] |= {
    f"accounts.{verb}_{kind}" for verb in ("view", "add", "change", "delete") for kind in ("user", "role")
}
_grants[OWNER] |= {"tenants.setup", "jobs.change_job"}
_grants[OPERATIONS] |= {"jobs.change_job"}


def grant_built_in(permissions: Iterable[str], *role_keys: str) -> None:
    """Add permissions to built-in roles; the owner gets every one of them."""
    for key in {OWNER, *role_keys}:
        _grants[key].update(permissions)


def built_in_permissions(role_key: str) -> list[str]:
    """The permissions of a built-in role, sorted."""
    return sorted(_grants[role_key])


def create_built_in_roles() -> dict[str, Role]:
    """Make the built-in roles in the current organisation, by key."""
    made = [
        Role(key=key, name=str(name), permissions=built_in_permissions(key), built_in=True)
        for key, name in BUILT_IN_NAMES.items()
    ]
    Role.objects.bulk_create(made)
    return {role.key: role for role in made}
