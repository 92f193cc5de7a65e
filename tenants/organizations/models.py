"""Organisations and the hosts that reach them (``public`` only)."""

from typing import Any

from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_tenants.models import DomainMixin, TenantMixin

from tenants.ids import uuid7

SCHEMA_PREFIX = "org_"
RESERVED_SLUGS = frozenset(
    "admin api app assets billing blog cdn dashboard docs ftp help localhost mail media ns1 ns2 platform"
    " public smtp static status support template test trust www".split()
)
validate_slug = RegexValidator(
    r"^[a-z](?:[a-z0-9]|-(?!-)){0,28}[a-z0-9]\Z",
    _("Use 2 to 30 lower-case letters, digits and single hyphens, starting with a letter."),
)


class OrganizationState(models.TextChoices):
    ACTIVE = "active", _("active")
    SUSPENDED = "suspended", _("suspended")


class Organization(TenantMixin):  # type: ignore[misc]
    """One customer of the installation: a schema, a database role and a key of its own."""

    auto_create_schema = False  # `services.create_organization` provisions
    auto_drop_schema = False

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=120)
    slug = models.CharField(_("address"), max_length=30, unique=True, validators=[validate_slug])
    state = models.CharField(
        _("state"), max_length=12, choices=OrganizationState, default=OrganizationState.ACTIVE
    )
    timezone = models.CharField(_("time zone"), max_length=64, default="UTC")
    language = models.CharField(_("language"), max_length=8, default="en")
    country = models.CharField(_("country"), max_length=2, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    hue = models.PositiveSmallIntegerField(_("colour"), default=255, validators=[MaxValueValidator(359)])
    schema_version = models.CharField(max_length=64, editable=False, db_index=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        # TenantMixin.save() would refuse to save from inside another organisation and create schemas.
        models.Model.save(self, *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return models.Model.delete(self, *args, **kwargs)


class Domain(DomainMixin):  # type: ignore[misc]
    """A host name that reaches an organisation."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        verbose_name = _("host")
        verbose_name_plural = _("hosts")

    def __str__(self) -> str:
        return str(self.domain)


class SchemaBlueprint(models.Model):
    """The statements that build an organisation's schema at one version (see ``blueprint.py``)."""

    version = models.CharField(primary_key=True, max_length=64)
    statements = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.version[:12]


class SchemaChange(models.Model):
    """The statements that bring a schema from one version to the next, recorded on the template schema."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    from_version = models.CharField(max_length=64, unique=True)
    to_version = models.CharField(max_length=64)
    # Null where a migration runs Python: such a change is migrated organisation by organisation.
    statements = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.from_version[:12]} to {self.to_version[:12]}"
