"""The jobs page of both admin sites: to look at, with live progress, and to cancel or continue a job."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator

from tenants.accounts.models import User
from tenants.errors import DomainError
from tenants.jobs import registry, services
from tenants.jobs.models import Job, JobState
from tenants.sites import organization_site

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

STOP_POLLING = 286  # what htmx takes as the last answer
STATE_KINDS = {
    JobState.QUEUED: "",
    JobState.RUNNING: "info",
    JobState.SUCCEEDED: "success",
    JobState.FAILED: "danger",
    JobState.CANCELLED: "warning",
}


class JobAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ["shown_title", "progress", "started_by", "started_at", "duration"]
    list_display_links = ["shown_title"]
    list_filter = ["state"]
    list_per_page = 50
    ordering = ["-id"]
    paginator = InfinitePaginator
    show_full_result_count = False
    actions = None
    change_form_outer_before_template = "admin/jobs/job/panel.html"
    fields = [
        "shown_title",
        "started_by",
        "created_at",
        "started_at",
        "duration",
        "counts",
        "shown_result",
    ]
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # nothing is edited here; cancelling and continuing ask for jobs.change_job themselves

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Job]:
        name = User.objects.filter(pk=OuterRef("actor_id")).values("name")[:1]
        jobs: QuerySet[Job] = super().get_queryset(request).annotate(actor_name=Subquery(name))
        return jobs

    # --- Columns and fields ---
    @admin.display(description=_("job"))
    def shown_title(self, job: Job) -> str:
        return job.title or registry.title_of(job.kind)

    @admin.display(description=_("progress"))
    def progress(self, job: Job) -> SafeString:
        return render_to_string("admin/jobs/job/live.html", self._shown(job))

    @admin.display(description=_("started by"))
    def started_by(self, job: Job) -> str:
        if job.actor_id is None:
            return str(_("the program"))
        return getattr(job, "actor_name", None) or str(_("a former user"))

    @admin.display(description=_("duration"))
    def duration(self, job: Job) -> str:
        if job.started_at is None:
            return "–"
        return _spoken((job.finished_at or timezone.now()) - job.started_at)

    @admin.display(description=_("done"))
    def counts(self, job: Job) -> str:
        done = number_format(job.done, force_grouping=True)
        if job.total is None:
            return done
        total = number_format(job.total, force_grouping=True)
        return str(_("%(done)s of %(total)s") % {"done": done, "total": total})

    @admin.display(description=_("result"))
    def shown_result(self, job: Job) -> SafeString | str:
        return _listed(job.result) if job.result else "–"

    # --- Pages ---
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<uuid:job_id>/progress/", view(require_GET(self.progress_view)), name="jobs_job_progress"),
            path("<uuid:job_id>/cancel/", view(require_POST(self.cancel_view)), name="jobs_job_cancel"),
            path("<uuid:job_id>/resume/", view(require_POST(self.resume_view)), name="jobs_job_resume"),
        ]
        inherited: list[URLPattern] = super().get_urls()
        return own + inherited

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        job = self.get_object(request, object_id) if object_id else None
        context = {"job_panel": self._panel(request, job)} if job is not None else {}
        response: HttpResponse = super().changeform_view(
            request, object_id, form_url, {**(extra_context or {}), **context}
        )
        return response

    def progress_view(self, request: HttpRequest, job_id: "UUID") -> HttpResponse:
        """The fragment that the pages poll."""
        job = self._job_or_404(request, job_id)
        status = STOP_POLLING if job.has_ended else 200
        response = render(request, "admin/jobs/job/progress.html", self._shown(job), status=status)
        response["Cache-Control"] = "no-store"
        return response

    def cancel_view(self, request: HttpRequest, job_id: "UUID") -> HttpResponse:
        return self._change(request, job_id, services.cancel, _("The job is being cancelled."))

    def resume_view(self, request: HttpRequest, job_id: "UUID") -> HttpResponse:
        return self._change(request, job_id, services.resume, _("The job goes on."))

    def _change(
        self, request: HttpRequest, job_id: "UUID", verb: "Callable[..., Job]", done: Any
    ) -> HttpResponse:
        job = self._job_or_404(request, job_id)
        if not _may_change(request):
            raise PermissionDenied
        try:
            verb(job=job, actor=request.user)
        except DomainError as refusal:
            messages.warning(request, str(refusal.message))
        else:
            messages.success(request, done)
        return HttpResponseRedirect(self._url("change", job))

    def _job_or_404(self, request: HttpRequest, job_id: "UUID") -> Job:
        if not self.has_view_permission(request):
            raise PermissionDenied
        job = Job.objects.filter(pk=job_id).first()
        if job is None:
            raise Http404
        return job

    def _url(self, view: str, job: Job) -> str:
        return reverse(f"{self.admin_site.name}:jobs_job_{view}", args=[job.pk])

    def _shown(self, job: Job) -> dict[str, Any]:
        return {
            "job": job,
            "title": self.shown_title(job),
            "state_kind": STATE_KINDS[JobState(job.state)],
            "progress_url": self._url("progress", job),
        }

    def _panel(self, request: HttpRequest, job: Job) -> dict[str, Any]:
        panel = self._shown(job)
        if _may_change(request):
            panel["cancel_url"] = "" if job.has_ended else self._url("cancel", job)
            panel["resume_url"] = self._url("resume", job) if services.may_resume(job) else ""
        return panel


def _may_change(request: HttpRequest) -> bool:
    return request.user.has_perm("jobs.change_job")


def _spoken(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    if seconds < 1:
        return str(_("under a second"))
    minutes, seconds = divmod(seconds, 60)
    parts = []
    if minutes:
        parts.append(ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes})
    if seconds or not minutes:
        parts.append(ngettext("%(count)s second", "%(count)s seconds", seconds) % {"count": seconds})
    return " ".join(parts)


def _listed(result: dict[str, Any]) -> SafeString:
    rows = format_html_join("", "<dt>{}</dt><dd>{}</dd>", ((k, _plain(v)) for k, v in result.items()))
    return format_html('<dl class="gap-x-4 gap-y-1 grid grid-cols-2">{}</dl>', rows)


def _plain(value: Any) -> str:
    if isinstance(value, bool | str) or value is None:
        return str(value)
    return number_format(value, force_grouping=True) if isinstance(value, int | float) else str(value)


organization_site.register(Job, JobAdmin)
admin.site.register(Job, JobAdmin)
