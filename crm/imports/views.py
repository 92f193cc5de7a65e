"""The import wizard: upload, map, check, run, result. Pages of the organisations' admin site."""

from itertools import islice
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from django.views import View
from unfold.views import UnfoldSiteViewMixin

from crm.imports import reader, rejects, services
from crm.imports.forms import MappingForm, RulesForm, UploadForm
from crm.imports.kinds import record_kind
from crm.imports.models import Import, ImportState
from crm.imports.problems import Problem
from crm.imports.running import OUTCOMES
from crm.imports.shape import SAMPLE_ROWS
from crm.imports.targets import KIND_LABELS, KINDS
from tenants.accounts.models import User
from tenants.errors import DomainError
from tenants.jobs.models import Job

# A check of up to this many rows takes about a second: it is done while the page waits.
ROWS_CHECKED_AT_ONCE = 5_000
STOP_POLLING = 286  # what htmx takes as the last answer

STEPS = (_("Upload"), _("Columns"), _("Check"), _("Result"))
OUTCOME_LABELS: dict[str, Any] = {
    "new": _("new"),
    "updated": _("updated"),
    "unchanged": _("unchanged"),
    "duplicate": _("duplicate"),
    "rejected": _("rejected"),
}
OUTCOME_HINTS: dict[str, Any] = {
    "new": _("rows for new records"),
    "updated": _("rows that change a record"),
    "unchanged": _("rows whose values are there already"),
    "duplicate": _("rows that repeat another, or a record that may not be changed"),
    "rejected": _("rows with a value that cannot be taken"),
}
NOTES: dict[str, Any] = {
    "companies_created": ngettext_lazy(
        "%(times)s company is new: its name was not known.",
        "%(times)s companies are new: their names were not known.",
        "times",
    ),
    "owner_unknown": ngettext_lazy(
        "%(times)s row names an owner who is no active user here; its record has none.",
        "%(times)s rows name an owner who is no active user here; their records have none.",
        "times",
    ),
    "contact_unknown": ngettext_lazy(
        "%(times)s row names a contact by an email address that no contact has.",
        "%(times)s rows name a contact by an email address that no contact has.",
        "times",
    ),
}


def allowed_kinds(user: Any) -> list[str]:
    """The kinds whose records this user may import."""
    return [kind for kind in KINDS if user.has_perm(record_kind(kind).permission)]


def step_url(item: Import) -> str:
    """Where the import stands: the page that opens it."""
    name = "mapping" if item.state == ImportState.DRAFT else "result"
    return reverse(f"organization:crm_import_{name}", args=[item.pk])


class WizardView(UnfoldSiteViewMixin, View):  # type: ignore[misc]
    """What all pages share. Others' imports are open to colleagues with the right for their kind."""

    title: Any = _("Import")
    permission_required: str | tuple[str, ...] = "crm.view_import"
    template_name = ""
    step = 1

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    def item(self, import_id: UUID) -> Import:
        found: Import | None = Import.objects.filter(pk=import_id).first()
        if found is None:
            raise Http404
        if found.kind not in allowed_kinds(self.user):
            raise PermissionDenied
        return found

    def page(self, status: int = 200, **context: Any) -> TemplateResponse:
        item = context.get("item")
        steps = [
            {"label": label, "number": n, "current": n == self.step} for n, label in enumerate(STEPS, start=1)
        ]
        return TemplateResponse(
            self.request,
            self.template_name,
            self.get_context_data(
                steps=steps,
                kind_label=KIND_LABELS[item.kind] if item else "",
                imports_url=reverse("organization:crm_import_changelist"),
                **context,
            ),
            status=status,
        )

    def refuse(self, error: DomainError, url: str) -> HttpResponse:
        messages.error(self.request, str(error))
        return HttpResponseRedirect(url)


class UploadView(WizardView):
    title = _("Import a file")
    permission_required = ("crm.view_import", "crm.add_import")
    template_name = "crm/imports/upload.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(form=self.form(initial={"kind": request.GET.get("kind", "")}))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.form(request.POST, request.FILES)
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                item = services.create_draft(
                    kind=form.cleaned_data["kind"], file=file, file_name=file.name, actor=self.user
                )
            except DomainError as error:
                form.add_error("file", str(error))
            else:
                return HttpResponseRedirect(reverse("organization:crm_import_mapping", args=[item.pk]))
        return self.page(status=422, form=form)

    def form(self, *args: Any, **kwargs: Any) -> UploadForm:
        kinds = allowed_kinds(self.user)
        if not kinds:
            raise PermissionDenied
        return UploadForm(*args, kinds=kinds, **kwargs)


class MappingView(WizardView):
    title = _("Choose where the columns go")
    template_name = "crm/imports/mapping.html"
    step = 2

    def get(self, request: HttpRequest, import_id: UUID) -> HttpResponse:
        item = self.item(import_id)
        if item.state != ImportState.DRAFT:
            return HttpResponseRedirect(step_url(item))
        return self.page(item=item, form=self.form(item), shape=services.shape_of(item))

    def post(self, request: HttpRequest, import_id: UUID) -> HttpResponse:
        item = self.item(import_id)
        form = self.form(item, request.POST)
        if form.is_valid():
            try:
                services.set_mapping(item=item, mapping=form.mapping, actor=self.user)
            except DomainError as error:
                form.add_error(None, str(error))
            else:
                return HttpResponseRedirect(reverse("organization:crm_import_check", args=[item.pk]))
        return self.page(status=422, item=item, form=form, shape=services.shape_of(item))

    def form(self, item: Import, *args: Any) -> MappingForm:
        shape = services.shape_of(item)
        with services.open_file(item) as file:
            samples = [cells for _line, cells, _problem in islice(reader.rows(file, shape), SAMPLE_ROWS)]
        return MappingForm(*args, item=item, header=shape.header, samples=samples)


class CheckView(WizardView):
    title = _("Check before importing")
    template_name = "crm/imports/check.html"
    step = 3

    def get(self, request: HttpRequest, import_id: UUID) -> HttpResponse:
        item = self.item(import_id)
        if item.state != ImportState.DRAFT:
            return HttpResponseRedirect(step_url(item))
        job = _job_of(item)
        if not item.dry_run and (job is None or job.has_ended):
            try:
                job = self.check(item)
            except DomainError as error:
                return self.refuse(error, reverse("organization:crm_import_mapping", args=[item.pk]))
        return self.page(item=item, form=RulesForm(item=item), **_checked(item), job=job)

    def post(self, request: HttpRequest, import_id: UUID) -> HttpResponse:
        item = self.item(import_id)
        form = RulesForm(request.POST, item=item)
        if not form.is_valid():
            return self.page(status=422, item=item, form=form, **_checked(item), job=None)
        try:
            services.set_rules(item=item, chosen=form.chosen, actor=self.user)
        except DomainError as error:
            return self.refuse(error, step_url(item))
        return HttpResponseRedirect(reverse("organization:crm_import_check", args=[item.pk]))

    def check(self, item: Import) -> Job | None:
        if services.shape_of(item).total <= ROWS_CHECKED_AT_ONCE:
            services.dry_run(item=item, actor=self.user)
            return None
        return services.start_dry_run(item=item, actor=self.user)


class StartView(WizardView):
    def post(self, request: HttpRequest, import_id: UUID) -> HttpResponse:
        item = self.item(import_id)
        try:
            services.start(item=item, actor=self.user)
        except DomainError as error:
            return self.refuse(error, step_url(item))
        return HttpResponseRedirect(reverse("organization:crm_import_result", args=[item.pk]))


class ResultView(WizardView):
    title = _("Import")
    template_name = "crm/imports/result.html"
    step = 4

    def get(self, request: HttpRequest, import_id: UUID) -> HttpResponse:
        item = self.item(import_id)
        if item.state == ImportState.DRAFT:
            return HttpResponseRedirect(step_url(item))
        job = _job_of(item)
        first = item.rejects.order_by("line")[:50]
        model = record_kind(item.kind).model._meta
        return self.page(
            item=item,
            job=job,
            ended=_ended(item, job),
            outcomes=_outcomes(item.counts),
            notes=_notes(item.counts),
            rejected=item.rejected,
            problems=[(row.line, Problem.from_json(reason)) for row in first for reason in row.reasons],
            list_url=reverse(f"organization:{model.app_label}_{model.model_name}_changelist"),
        )


class ProgressView(WizardView):
    """The fragment that the check and result pages ask for until the job has ended."""

    def get(self, request: HttpRequest, import_id: UUID) -> HttpResponse:
        item = self.item(import_id)
        job = _job_of(item)
        response = render(request, "crm/imports/progress.html", {"item": item, "job": job, "ended": False})
        if job is None or job.has_ended:
            response.status_code = STOP_POLLING
            response["HX-Refresh"] = "true"
        response["Cache-Control"] = "no-store"
        return response


class CancelView(WizardView):
    def post(self, request: HttpRequest, import_id: UUID) -> HttpResponse:
        item = self.item(import_id)
        try:
            services.cancel(item=item, actor=self.user)
        except DomainError as error:
            return self.refuse(error, step_url(item))
        messages.info(request, _("The import stops after the rows that are being written."))
        return HttpResponseRedirect(step_url(item))


class ResumeView(WizardView):
    def post(self, request: HttpRequest, import_id: UUID) -> HttpResponse:
        item = self.item(import_id)
        try:
            services.resume(item=item, actor=self.user)
        except DomainError as error:
            return self.refuse(error, step_url(item))
        return HttpResponseRedirect(step_url(item))


class DiscardView(WizardView):
    def post(self, request: HttpRequest, import_id: UUID) -> HttpResponse:
        item = self.item(import_id)
        try:
            services.discard(item=item, actor=self.user)
        except DomainError as error:
            return self.refuse(error, step_url(item))
        messages.success(request, _("The file was thrown away. Nothing was imported."))
        return HttpResponseRedirect(reverse("organization:crm_import_changelist"))


class RejectsView(WizardView):
    """The rejected rows as a file to correct and import again."""

    def get(self, request: HttpRequest, import_id: UUID) -> HttpResponseBase:
        item = self.item(import_id)
        response = StreamingHttpResponse(rejects.rejects_csv(item), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="rejected-rows-{str(item.pk)[-8:]}.csv"'
        response["Cache-Control"] = "no-store"
        return response


def _job_of(item: Import) -> Job | None:
    return Job.objects.filter(pk=item.job_id).first() if item.job_id else None


def _ended(item: Import, job: Job | None) -> bool:
    """A job that was killed too often has ended though nobody could tell the import."""
    return item.has_ended or job is None or job.has_ended


def _outcomes(counts: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "label": OUTCOME_LABELS[name],
            "hint": OUTCOME_HINTS[name],
            "times": counts.get(name, 0),
        }
        for name in OUTCOMES
    ]


def _notes(counts: dict[str, int]) -> list[str]:
    return [text % {"times": counts[name]} for name, text in NOTES.items() if counts.get(name)]


def _checked(item: Import) -> dict[str, Any]:
    """What the last check found, for the page."""
    found = item.dry_run
    if not found:
        return {"checked": False}
    counts = found["counts"]
    return {
        "checked": True,
        "rows": counts["rows"],
        "importable": counts["new"] + counts["updated"],
        "rejected": counts["rejected"],
        "outcomes": _outcomes(counts),
        "notes": _notes(counts),
        "duplicates": found["duplicates"],
        "problems": [(problem["line"], Problem.from_json(problem)) for problem in found["problems"]],
        "reasons": [
            (reason["times"], Problem(reason["column"], reason["code"], reason.get("params", {})))
            for reason in found["by_reason"]
        ],
        "unmapped": [column for column in services.shape_of(item).header if not item.mapping.get(column)],
    }
