"""Background work, one row each: what the queue only kicks, this row remembers."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.ids import uuid7


class JobState(models.TextChoices):
    QUEUED = "queued", _("waiting")
    RUNNING = "running", _("running")
    SUCCEEDED = "succeeded", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


ENDED = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


class Job(models.Model):
    """One piece of background work. Arguments, checkpoint and result hold ids and counts, never personal
    values."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("kind"), max_length=80)
    title = models.CharField(_("title"), max_length=200)
    state = models.CharField(_("state"), max_length=10, choices=JobState, default=JobState.QUEUED)
    arguments = models.JSONField(default=dict)
    checkpoint = models.JSONField(default=dict)
    result = models.JSONField(null=True)
    done = models.BigIntegerField(_("done"), default=0)
    total = models.BigIntegerField(_("total"), null=True)
    message = models.CharField(_("message"), max_length=200, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)
    error_reference = models.CharField(_("reference"), max_length=36, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    cancel_requested = models.BooleanField(default=False)
    actor_id = models.UUIDField(_("started by"), null=True)
    lease_token = models.UUIDField(null=True)
    lease_expires_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "-id"], name="jobs_state")]

    def __str__(self) -> str:
        return self.title or self.kind

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    @property
    def percent(self) -> int | None:
        """0 to 100, or None while the total is unknown."""
        if self.state == JobState.SUCCEEDED:
            return 100
        if not self.total:
            return None
        return min(100, self.done * 100 // self.total)
