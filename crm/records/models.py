"""What all record kinds share: an owner, tags, a trash, a version, and an audit entry for every change."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from compliance.audit.tracking import AuditedModel, AuditedQuerySet
from tenants.ids import uuid7

LIVE = Q(deleted_at__isnull=True)


class RecordQuerySet(AuditedQuerySet):
    """Records of one kind."""

    def live(self) -> Self:
        """Without what is in the trash."""
        return self.filter(deleted_at__isnull=True)

    def trashed(self) -> Self:
        return self.filter(deleted_at__isnull=False)


class LiveManager(models.Manager.from_queryset(RecordQuerySet)):  # type: ignore[misc]
    """Everything but the trash."""

    def get_queryset(self) -> Any:
        return super().get_queryset().live()


class Tag(AuditedModel):
    """A label for records of any kind."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=60, unique=True)
    hue = models.PositiveSmallIntegerField(
        _("colour"), default=255, help_text=_("0 to 359, on the colour wheel")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Record(AuditedModel):
    """The abstract base of companies, contacts, leads and deals."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    source = models.CharField(_("source"), max_length=80, blank=True, help_text=_("Where it came from"))
    external_id = models.CharField(
        _("external id"), max_length=80, blank=True, help_text=_("The key in the system that it came from")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)
    created_by_id = models.UUIDField(_("created by"), null=True, blank=True, editable=False)
    deleted_at = models.DateTimeField(_("moved to the trash"), null=True, blank=True, editable=False)
    deleted_by_id = models.UUIDField(null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    all_objects: ClassVar[Any] = models.Manager.from_queryset(RecordQuerySet)()
    objects: ClassVar[Any] = LiveManager()

    class Meta:
        abstract = True
        base_manager_name = "all_objects"

    def __str__(self) -> str:
        # Opaque on purpose: names must not reach logs and histories by accident. Pages use display_name.
        return f"{self._meta.verbose_name} {str(self.pk)[-8:]}"

    @property
    def display_name(self) -> str:
        """What people call the record, for pages only."""
        raise AttributeError(f"{type(self).__name__} has no display_name")

    @property
    def is_trashed(self) -> bool:
        return self.deleted_at is not None


def record_indexes(prefix: str, *extra: models.Index) -> list[models.Index]:
    """The indexes that every kind's list needs: each filter ordered by id, so that a page is an index walk.

    All are partial: the trash has one of its own.
    """
    return [
        models.Index(fields=["-id"], name=f"{prefix}_live", condition=LIVE),
        models.Index(fields=["-updated_at", "-id"], name=f"{prefix}_changed", condition=LIVE),
        models.Index(fields=["owner", "-id"], name=f"{prefix}_owner", condition=LIVE),
        models.Index(fields=["source", "-id"], name=f"{prefix}_source", condition=LIVE),
        models.Index(fields=["external_id"], name=f"{prefix}_external", condition=~Q(external_id="")),
        models.Index(fields=["-deleted_at", "-id"], name=f"{prefix}_trash", condition=~LIVE),
        *extra,
    ]


def fragment_index(field: str, name: str) -> GinIndex:
    """A trigram index for search by any fragment of a plain column.

    It is over UPPER(), which is what Django's ``icontains`` compares.
    """
    return GinIndex(OpClass(Upper(field), name="gin_trgm_ops"), name=name)
