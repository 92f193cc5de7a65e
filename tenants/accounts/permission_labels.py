"""What permissions are called where people tick them: one row a kind, one column a verb."""

from dataclasses import dataclass

from django.apps import apps
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from tenants.accounts import roles

VERBS = {
    "view": _("See"),
    "add": _("Add"),
    "change": _("Change"),
    "delete": _("Delete"),
    "import": _("Import"),
    "export": _("Export"),
    "bulk": _("Change many at once"),
}
SINGLE = {"tenants.setup": _("Change the organisation's settings")}


@dataclass(frozen=True)
class PermissionGroup:
    """The permissions of one kind, as (permission, label)."""

    title: str
    choices: list[tuple[str, str]]


def permission_groups() -> list[PermissionGroup]:
    """Every permission that exists, which is what the owner has."""
    kinds: dict[tuple[str, str], list[tuple[str, str]]] = {}
    single: list[tuple[str, str]] = []
    for permission in roles.built_in_permissions(roles.OWNER):
        app, _dot, codename = permission.partition(".")
        verb, _line, kind = codename.partition("_")
        if permission in SINGLE or verb not in VERBS:
            single.append((permission, str(SINGLE.get(permission, permission))))
        else:
            kinds.setdefault((app, kind), []).append((permission, str(VERBS[verb])))
    order = list(VERBS)
    groups = [
        PermissionGroup(_title(app, kind), sorted(found, key=lambda c: order.index(_verb(c[0]))))
        for (app, kind), found in kinds.items()
    ]
    groups.sort(key=lambda group: group.title)
    if single:
        groups.append(PermissionGroup(str(_("Organisation")), single))
    return groups


def _verb(permission: str) -> str:
    return permission.partition(".")[2].partition("_")[0]


def _title(app: str, kind: str) -> str:
    for model in apps.get_app_config(app).get_models():
        if model._meta.model_name == kind:
            return str(capfirst(model._meta.verbose_name_plural))
    return str(capfirst(kind))
