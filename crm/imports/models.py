"""Imports and the rows that they refused."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.imports.targets import KIND_LABELS
from tenants.ids import uuid7
from tenants.keys.fields import EncryptedJSONField, EncryptedTextField
from tenants.keys.querysets import EncryptedQuerySet


class ImportState(models.TextChoices):
    DRAFT = "draft", _("being prepared")
    QUEUED = "queued", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


class Import(models.Model):
    """One file on its way into the records. Shape, mapping and rules hold column names and options only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("kind"), max_length=20, choices=list(KIND_LABELS.items()))
    state = models.CharField(_("state"), max_length=10, choices=ImportState, default=ImportState.DRAFT)
    file = models.CharField(max_length=200, editable=False)  # its name in the organisation's storage
    file_name = EncryptedTextField(_("file"), blank=True, max_length=255)
    file_bytes = models.BigIntegerField(_("size"), default=0)
    shape = models.JSONField(default=dict)
    mapping = models.JSONField(default=dict)
    rules = models.JSONField(default=dict)
    dry_run = models.JSONField(default=dict)  # counts and problems by column, never values
    counts = models.JSONField(default=dict)
    job_id = models.UUIDField(null=True)
    created_by_id = models.UUIDField(_("started by"), null=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    objects: ClassVar[Any] = models.Manager.from_queryset(EncryptedQuerySet)()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {str(self.pk)[-8:]}"

    @property
    def has_ended(self) -> bool:
        return self.state in (ImportState.DONE, ImportState.FAILED, ImportState.CANCELLED)

    @property
    def rejected(self) -> int:
        return int(self.counts.get("rejected", 0))


class ImportReject(models.Model):
    """A row that was not taken: its cells as they were, and why. The reasons hold no value."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    of_import = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rejects", db_index=False)
    line = models.BigIntegerField(_("line"))
    cells = EncryptedJSONField(_("cells"))
    reasons = models.JSONField(_("reasons"), default=list)

    class Meta:
        verbose_name = _("rejected row")
        verbose_name_plural = _("rejected rows")
        ordering = ["line"]
        indexes = [models.Index(fields=["of_import", "line"], name="import_reject_line")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {str(self.pk)[-8:]}"
