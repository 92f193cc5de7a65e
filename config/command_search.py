"""What Ctrl-K finds: records of this organisation, pages and actions, each only for whoever may open it.

Nothing is cached: an answer of one organisation must not be served in another, nor the name of somebody who
has been erased since.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from config.navigation import ORGANIZATION, PLATFORM, Group, Page, visible_pages
from crm.companies.models import Company
from crm.deals.models import Deal
from crm.people.models import Contact, Lead
from crm.records import search
from tenants.accounts.models import User
from tenants.keys.errors import MIN_FRAGMENT
from tenants.organizations.models import Organization

MOST_HITS = 10  # of a kind
LONGEST_TERM = 100
RECORDS: tuple[tuple[Any, str], ...] = (
    (Contact, "person"),
    (Company, "apartment"),
    (Lead, "person_search"),
    (Deal, "handshake"),
)


@dataclass(frozen=True)
class Hit:
    """One line of the answer."""

    title: str
    kind: str
    link: str
    icon: str


def search_organization(*, user: User | AnonymousUser, term: str) -> list[Hit]:
    """Pages and actions first, then at most ten records of each kind."""
    wanted = term.strip()[:LONGEST_TERM]
    if not wanted:
        return []
    return [*_pages(user, wanted, "organization", ORGANIZATION), *_records(user, wanted)]


def search_platform(*, user: User | AnonymousUser, term: str) -> list[Hit]:
    """Pages and organisations by name or address; never what an organisation holds."""
    wanted = term.strip()[:LONGEST_TERM]
    if not wanted:
        return []
    hits = list(_pages(user, wanted, "admin", PLATFORM))
    if user.has_perm("tenants.view_organization"):
        found = Organization.objects.filter(Q(name__icontains=wanted) | Q(slug__icontains=wanted))
        hits += [
            Hit(
                found_one.name,
                _("Organisation"),
                _link("admin:tenants_organization_change", found_one),
                "domain",
            )
            for found_one in found.order_by("name")[:MOST_HITS]
        ]
    return hits


def _pages(user: User | AnonymousUser, term: str, site: str, groups: tuple[Group, ...]) -> Iterator[Hit]:
    folded = term.casefold()
    for group, page in visible_pages(user, groups):
        if folded in str(page.title).casefold():
            yield Hit(
                str(page.title), str(group.title) or _("Page"), reverse(f"{site}:{page.view}"), page.icon
            )
        if _offers_adding(page, user) and folded in str(page.add_title).casefold():
            link = reverse(f"{site}:{page.view.removesuffix('_changelist')}_add")
            yield Hit(str(page.add_title), _("Action"), link, "add")


def _offers_adding(page: Page, user: User | AnonymousUser) -> bool:
    return bool(page.add_permission) and user.has_perm(page.add_permission)


def _records(user: User | AnonymousUser, term: str) -> Iterator[Hit]:
    if len(term) < MIN_FRAGMENT:
        return
    for model, icon in RECORDS:
        name = model._meta.model_name
        if not user.has_perm(f"crm.view_{name}"):
            continue
        kind = str(capfirst(model._meta.verbose_name))
        found = search.search(model.objects.all(), term, limit=MOST_HITS)
        rows = {row.pk: row for row in model.objects.filter(pk__in=found.ids)}
        for pk in found.ids:
            if pk in rows:
                yield Hit(
                    rows[pk].display_name, kind, _link(f"organization:crm_{name}_change", rows[pk]), icon
                )


def _link(view: str, record: Any) -> str:
    return reverse(view, args=(record.pk,))
