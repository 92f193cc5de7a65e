"""What the home pages show, by what the user may see."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from compliance.audit.models import AuditEntry
from config import home_figures
from crm.companies.models import Company
from crm.deals.models import Deal, StageKind
from crm.imports.models import Import, ImportState
from crm.people.models import Contact, Lead
from tenants.accounts.models import User
from tenants.jobs.models import Job, JobState
from tenants.organizations.models import Organization, OrganizationState
from tenants.scope import current_organization

WEEK = dt.timedelta(days=7)
SHOWN_JOBS = 5
KINDS: tuple[tuple[str, Any, str], ...] = (
    ("contact", Contact, "group"),
    ("company", Company, "apartment"),
    ("lead", Lead, "person_search"),
    ("deal", Deal, "handshake"),
)


@dataclass(frozen=True)
class Figure:
    """A number with what it counts and where its list is."""

    label: str | Promise
    value: str
    link: str
    icon: str = ""
    note: str | Promise = ""
    note_link: str = ""


@dataclass(frozen=True)
class Step:
    """One line of the set-up checklist."""

    title: str | Promise
    done: bool
    link: str


@dataclass(frozen=True)
class Home:
    """Everything that the page of an organisation's user shows; an empty part is left out."""

    figures: list[Figure] = field(default_factory=list)
    mine: list[Figure] = field(default_factory=list)
    stages: list[dict[str, Any]] = field(default_factory=list)
    open_value: str = ""
    jobs: list[Job] = field(default_factory=list)
    imports: list[Import] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    privacy: list[Figure] = field(default_factory=list)
    empty: bool = False
    may_add: bool = False
    may_import: bool = False


def organization_home(request: HttpRequest) -> dict[str, Any]:
    """The context of an organisation's home page."""
    user = cast(User, request.user)
    # From midnight, as the linked list's filter has it.
    week_ago = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0) - WEEK
    kinds = [kind for kind in KINDS if user.has_perm(f"crm.view_{kind[0]}")]
    stages = home_figures.open_deals_by_stage() if user.has_perm("crm.view_deal") else []
    sums: dict[str, Decimal] = {}
    for stage in stages:
        for code, amount in stage.amounts.items():
            sums[code] = sums.get(code, Decimal(0)) + amount
    figures = [_kind_figure(name, model, icon, week_ago) for name, model, icon in kinds]
    home = Home(
        figures=figures,
        mine=_mine(user, kinds),
        stages=[{"value": stage, "link": _list("deal", f"stage={stage.stage_id}")} for stage in stages],
        open_value=home_figures.shown_money(sums) if any(stage.deals.value for stage in stages) else "",
        jobs=_jobs(user),
        imports=_imports(user),
        steps=_steps(user),
        privacy=_privacy(user),
        empty=bool(kinds) and all(figure.value == "0" for figure in figures),
        may_add=user.has_perm("crm.add_contact"),
        may_import=user.has_perm("crm.add_import") or user.has_perm("crm.import_contact"),
    )
    return {"home": home, "title": _("Home")}


def platform_home(request: HttpRequest) -> dict[str, Any]:
    """The context of the platform's home page: organisations and the queue, nothing of what they hold."""
    organizations = reverse("admin:tenants_organization_changelist")
    running = Job.objects.filter(state__in=(JobState.QUEUED, JobState.RUNNING))
    failed = Job.objects.filter(state=JobState.FAILED)
    jobs = reverse("admin:jobs_job_changelist")
    figures = [
        Figure(
            _("Organisations"),
            str(home_figures.capped(Organization.objects.filter(state=OrganizationState.ACTIVE))),
            f"{organizations}?state__exact=active",
            "domain",
        ),
        Figure(_("Running jobs"), str(home_figures.capped(running)), jobs, "pending_actions"),
        Figure(
            _("Failed jobs"),
            str(home_figures.capped(failed)),
            f"{jobs}?state__exact={JobState.FAILED}",
            "error",
        ),
    ]
    return {"home": Home(figures=figures), "title": _("Home")}


def trash_figures(request: HttpRequest) -> list[Figure]:
    """How much of each kind lies in the trash, for whoever may put it there."""
    user = cast(User, request.user)
    return [
        Figure(
            label=_capitalised(model._meta.verbose_name_plural),
            value=str(home_figures.capped(model.all_objects.trashed())),
            link=_list(name, "trash=1"),
            icon=icon,
        )
        for name, model, icon in KINDS
        if user.has_perm(f"crm.delete_{name}")
    ]


def _kind_figure(name: str, model: Any, icon: str, week_ago: dt.datetime) -> Figure:
    new = home_figures.since(model, week_ago)
    day = week_ago.date().isoformat()
    return Figure(
        label=_capitalised(model._meta.verbose_name_plural),
        value=str(home_figures.total(model)),
        link=_list(name),
        icon=icon,
        note=_("%(count)s new this week") % {"count": new} if new.value else "",
        note_link=_list(name, f"created_from={day}"),
    )


def _mine(user: User, kinds: list[tuple[str, Any, str]]) -> list[Figure]:
    found = []
    for name, model, icon in kinds:
        count = home_figures.owned_by(model, user)
        if count.value:
            link = _list(name, f"owner={user.pk}")
            found.append(Figure(_capitalised(model._meta.verbose_name_plural), str(count), link, icon))
    return found


def _jobs(user: User) -> list[Job]:
    if not user.has_perm("jobs.view_job"):
        return []
    return list(
        Job.objects.filter(state__in=(JobState.QUEUED, JobState.RUNNING)).order_by("-id")[:SHOWN_JOBS]
    )


def _imports(user: User) -> list[Import]:
    if not user.has_perm("crm.view_import"):
        return []
    return list(Import.objects.exclude(state=ImportState.DRAFT).order_by("-id")[:SHOWN_JOBS])


def _steps(user: User) -> list[Step]:
    """The owner's checklist, until everything on it is done."""
    if not user.has_perm("tenants.setup"):
        return []
    steps = [
        Step(
            _("Say where you are: country, currency, time zone"),
            bool(current_organization().country),
            reverse("organization:organization_profile"),
        ),
        Step(
            _("Invite a colleague"),
            User.objects.order_by()[:2].count() > 1,
            reverse("organization:accounts_user_changelist"),
        ),
        Step(
            _("Add or import your contacts"),
            bool(Contact.objects.exists()),
            reverse("organization:crm_contact_changelist"),
        ),
        Step(
            _("Open a deal"),
            bool(Deal.objects.filter(stage__kind=StageKind.OPEN).exists()),
            reverse("organization:crm_deal_changelist"),
        ),
    ]
    return [] if all(step.done for step in steps) else steps


def _privacy(user: User) -> list[Figure]:
    if not user.has_perm("compliance.view_auditentry"):
        return []
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    entries = AuditEntry.objects.filter(id__gte=home_figures.first_id_at(today))
    log = reverse("organization:compliance_auditentry_changelist")
    return [Figure(_("Changes today"), str(home_figures.capped(entries)), log, "history")]


def _list(kind: str, query: str = "") -> str:
    link = reverse(f"organization:crm_{kind}_changelist")
    return f"{link}?{query}" if query else link


def _capitalised(text: Any) -> str:
    plain = str(text)
    return plain[:1].upper() + plain[1:]
