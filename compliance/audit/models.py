"""The audit trail: one entry for every change of every record. Entries are added and read, never changed."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.ids import uuid7
from tenants.keys.fields import EncryptedJSONField
from tenants.keys.querysets import EncryptedQuerySet


class EntryIsFinal(TypeError):
    """Somebody tried to change or remove an entry, which the database's roles may not either."""


class Action(models.TextChoices):
    CREATED = "created", _("created")
    UPDATED = "updated", _("changed")
    DELETED = "deleted", _("deleted")  # for what has a trash: moved there
    RESTORED = "restored", _("restored")
    PURGED = "purged", _("removed for good")


class ActorKind(models.TextChoices):
    USER = "user", _("user")
    OPERATOR = "operator", _("operator")
    SYSTEM = "system", _("system")


class SourceKind(models.TextChoices):
    IMPORT = "import", _("import")
    JOB = "job", _("job")
    BULK = "bulk", _("bulk action")
    COMMAND = "command", _("command")


class AuditEntryQuerySet(EncryptedQuerySet["AuditEntry"]):
    """Reading only; entries are written by ``services``."""

    def of(self, kind: str, object_id: Any) -> "AuditEntryQuerySet":
        """The history of one record, newest first."""
        return self.filter(kind=kind, object_id=object_id).order_by("-id")

    def update(self, **kwargs: Any) -> int:
        raise EntryIsFinal("Audit entries are not changed.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise EntryIsFinal("Audit entries are not removed.")


class AuditEntry(models.Model):
    """One change of one record: who, when, what, and the values before and after.

    In clear there is nothing about a person: ``kind`` is a model's label, ``fields`` are names of columns,
    everything else is an id. The values are in ``changes``, {"field": [old, new]}, encrypted and bound to the
    entry. A created record has no changes: its values are the record itself.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(_("at"), default=timezone.now)
    actor_id = models.UUIDField(_("by"), null=True)
    actor_kind = models.CharField(_("kind of actor"), max_length=8, choices=ActorKind)
    action = models.CharField(_("action"), max_length=16, choices=Action)
    kind = models.CharField(_("kind"), max_length=100)
    object_id = models.UUIDField(_("record"))
    fields = ArrayField(models.CharField(max_length=100), verbose_name=_("fields"), default=list)
    changes = EncryptedJSONField(_("changes"), blank=True)
    source_kind = models.CharField(_("through"), max_length=8, choices=SourceKind, blank=True)
    source_id = models.UUIDField(null=True)
    request_id = models.UUIDField(_("request"), null=True)

    objects: ClassVar[Any] = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["kind", "object_id", "-id"], name="audit_of_record"),
            models.Index(
                fields=["source_id", "action"],
                name="audit_of_source",
                condition=models.Q(source_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.action} {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        raise EntryIsFinal("Audit entries are written by compliance.audit.services.")

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise EntryIsFinal("Audit entries are not removed.")
