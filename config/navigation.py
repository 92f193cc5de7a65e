"""The sidebars: which pages there are, where they stand, and whose they are.

An item is shown to whoever holds one of its permissions; a group without an item is not shown.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.accounts.models import User

type Text = str | Promise


@dataclass(frozen=True)
class Page:
    """A page of an admin site. ``permissions`` empty: everybody who is signed in."""

    title: Text
    icon: str
    view: str
    permissions: tuple[str, ...] = ()
    add_title: Text = ""
    add_permission: str = ""

    def may_see(self, user: User | AnonymousUser) -> bool:
        return not self.permissions or any(user.has_perm(permission) for permission in self.permissions)


@dataclass(frozen=True)
class Group:
    title: Text
    pages: tuple[Page, ...]


ORGANIZATION = (
    Group("", (Page(_("Home"), "home", "index"),)),
    Group(
        _("Sales"),
        (
            Page(
                _("Contacts"),
                "group",
                "crm_contact_changelist",
                ("crm.view_contact",),
                _("Add contact"),
                "crm.add_contact",
            ),
            Page(
                _("Companies"),
                "apartment",
                "crm_company_changelist",
                ("crm.view_company",),
                _("Add company"),
                "crm.add_company",
            ),
            Page(
                _("Leads"),
                "person_search",
                "crm_lead_changelist",
                ("crm.view_lead",),
                _("Add lead"),
                "crm.add_lead",
            ),
            Page(
                _("Deals"),
                "handshake",
                "crm_deal_changelist",
                ("crm.view_deal",),
                _("Add deal"),
                "crm.add_deal",
            ),
            Page(_("Tags"), "sell", "crm_tag_changelist", ("crm.view_tag",)),
        ),
    ),
    Group(
        _("Data"),
        (
            Page(_("Imports"), "upload_file", "crm_import_changelist", ("crm.view_import",)),
            Page(
                _("Trash"),
                "delete",
                "trash",
                ("crm.delete_contact", "crm.delete_company", "crm.delete_lead", "crm.delete_deal"),
            ),
            Page(_("Jobs"), "pending_actions", "jobs_job_changelist", ("jobs.view_job",)),
        ),
    ),
    Group(
        _("Privacy"),
        (
            Page(
                _("Audit log"), "history", "compliance_auditentry_changelist", ("compliance.view_auditentry",)
            ),
        ),
    ),
    Group(
        _("Setup"),
        (
            Page(
                _("Users"),
                "manage_accounts",
                "accounts_user_changelist",
                ("accounts.view_user",),
                _("Add user"),
                "accounts.add_user",
            ),
            Page(_("Roles"), "badge", "accounts_role_changelist", ("accounts.view_role",)),
            Page(_("Pipelines"), "view_kanban", "crm_pipeline_changelist", ("crm.change_pipeline",)),
            Page(_("Organisation profile"), "domain", "organization_profile", ("tenants.setup",)),
        ),
    ),
)
PLATFORM = (
    Group("", (Page(_("Home"), "home", "index"),)),
    Group(
        _("Platform"),
        (
            Page(
                _("Organisations"),
                "domain",
                "tenants_organization_changelist",
                ("tenants.view_organization",),
            ),
            Page(_("Operators"), "manage_accounts", "accounts_user_changelist", ("accounts.view_user",)),
            Page(_("Jobs"), "pending_actions", "jobs_job_changelist", ("jobs.view_job",)),
            Page(_("Queue"), "stacks", "django_q_ormq_changelist", ("django_q.view_ormq",)),
            Page(
                _("Failed queue messages"), "error", "django_q_failure_changelist", ("django_q.view_failure",)
            ),
        ),
    ),
)


def organization_sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    return _sidebar(request, "organization", ORGANIZATION)


def platform_sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    return _sidebar(request, "admin", PLATFORM)


def account_links(request: HttpRequest) -> list[dict[str, Any]]:
    return [
        {"title": _("Your profile"), "link": reverse("admin:profile")},
        {"title": _("Change password"), "link": reverse("admin:password_change")},
    ]


def visible_pages(user: User | AnonymousUser, groups: tuple[Group, ...]) -> list[tuple[Group, Page]]:
    """The pages that the user may open, in the sidebar's order."""
    return [(group, page) for group in groups for page in group.pages if page.may_see(user)]


def _sidebar(request: HttpRequest, site: str, groups: tuple[Group, ...]) -> list[dict[str, Any]]:
    shown: dict[int, dict[str, Any]] = {}
    for group, page in visible_pages(request.user, groups):
        link = reverse(f"{site}:{page.view}")
        active = request.path == link or (page.view != "index" and request.path.startswith(link))
        # Unfold takes a callable for what it must not look up itself.
        item = {"title": page.title, "icon": page.icon, "link": link, "active": _always(active)}
        shown.setdefault(id(group), {"title": group.title, "items": []})["items"].append(item)
    return list(shown.values())


def _always(value: bool) -> Any:
    return lambda request: value
