"""People: contacts, and leads that may become contacts."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.companies.models import Company
from crm.records.countries import country_choices
from crm.records.models import LIVE, Record, Tag, fragment_index, record_indexes
from tenants.ids import uuid7
from tenants.keys.fields import (
    EncryptedEmailField,
    EncryptedJSONField,
    EncryptedPhoneField,
    EncryptedTextField,
)


class Person(Record):
    """What contacts and leads share. Names stay sortable; how to reach somebody is encrypted."""

    first_name = models.CharField(_("first name"), max_length=100, blank=True)
    last_name = models.CharField(_("last name"), max_length=100, blank=True)
    job_title = models.CharField(_("job title"), max_length=150, blank=True)
    email = EncryptedEmailField(_("email"), blank=True)
    phone = EncryptedPhoneField(_("phone"), blank=True)
    other_emails = EncryptedJSONField(_("other email addresses"), blank=True)
    other_phones = EncryptedJSONField(_("other phones"), blank=True)
    address = EncryptedJSONField(_("address"), blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True, choices=country_choices)
    website = models.URLField(_("website"), max_length=500, blank=True)
    notes = EncryptedTextField(_("notes"), blank=True)

    class Meta(Record.Meta):
        abstract = True

    @property
    def display_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or str(self)


def person_indexes(prefix: str, *extra: models.Index) -> list[models.Index]:
    return record_indexes(
        prefix,
        models.Index(fields=["last_name", "first_name", "id"], name=f"{prefix}_name", condition=LIVE),
        models.Index(fields=["country", "-id"], name=f"{prefix}_country", condition=LIVE),
        fragment_index("first_name", f"{prefix}_first_fragments"),
        fragment_index("last_name", f"{prefix}_last_fragments"),
        *extra,
    )


class Contact(Person):
    """A person that the organisation knows."""

    company = models.ForeignKey(
        Company,
        verbose_name=_("company"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="contacts",
        db_index=False,
    )
    birth_date = EncryptedTextField(_("birth date"), blank=True, max_length=10)
    customer_since_on = models.DateField(_("customer since"), null=True, blank=True)
    tags = models.ManyToManyField(Tag, verbose_name=_("tags"), blank=True, through="ContactTag")

    class Meta(Record.Meta):
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["-id"]
        indexes = person_indexes(
            "contact", models.Index(fields=["company", "-id"], name="contact_company", condition=LIVE)
        )


class ContactTag(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tag", "contact"], name="contact_tag_once")]

    def __str__(self) -> str:
        return str(self.pk)


class LeadStatus(models.TextChoices):
    NEW = "new", _("new")
    CONTACTED = "contacted", _("contacted")
    QUALIFIED = "qualified", _("qualified")
    PROPOSAL = "proposal", _("proposal sent")
    NEGOTIATION = "negotiation", _("negotiation")
    ON_HOLD = "on_hold", _("on hold")
    RE_ENGAGEMENT = "re_engagement", _("re-engagement")
    WON = "won", _("won")
    LOST = "lost", _("lost")
    DISQUALIFIED = "disqualified", _("disqualified")


class Lead(Person):
    """Somebody who may become a customer."""

    company_name = models.CharField(_("company"), max_length=200, blank=True)
    company = models.ForeignKey(
        Company,
        verbose_name=_("linked company"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="leads",
    )
    status = models.CharField(_("status"), max_length=16, choices=LeadStatus, default=LeadStatus.NEW)
    tags = models.ManyToManyField(Tag, verbose_name=_("tags"), blank=True, through="LeadTag")

    class Meta(Record.Meta):
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        ordering = ["-id"]
        indexes = person_indexes(
            "lead",
            models.Index(fields=["status", "-id"], name="lead_status", condition=LIVE),
            fragment_index("company_name", "lead_company_fragments"),
        )


class LeadTag(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tag", "lead"], name="lead_tag_once")]

    def __str__(self) -> str:
        return str(self.pk)
