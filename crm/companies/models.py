"""Companies."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.records.countries import country_choices
from crm.records.models import LIVE, Record, Tag, fragment_index, record_indexes
from tenants.ids import uuid7
from tenants.keys.fields import EncryptedJSONField, EncryptedPhoneField, EncryptedTextField


class Company(Record):
    """An organisation that contacts work for and deals are made with."""

    name = models.CharField(_("name"), max_length=200)
    domain = models.CharField(_("domain"), max_length=253, blank=True, help_text=_("Such as example.com"))
    website = models.URLField(_("website"), max_length=500, blank=True)
    industry = models.CharField(_("industry"), max_length=120, blank=True)
    employees = models.PositiveIntegerField(_("employees"), null=True, blank=True)
    founded_year = models.PositiveSmallIntegerField(_("founded"), null=True, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True, choices=country_choices)
    phone = EncryptedPhoneField(_("phone"), blank=True)
    address = EncryptedJSONField(_("address"), blank=True)
    description = models.TextField(_("description"), blank=True, max_length=5000)
    notes = EncryptedTextField(_("notes"), blank=True)
    tags = models.ManyToManyField(Tag, verbose_name=_("tags"), blank=True, through="CompanyTag")

    class Meta(Record.Meta):
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        ordering = ["-id"]
        indexes = record_indexes(
            "company",
            models.Index(fields=["name", "id"], name="company_name", condition=LIVE),
            models.Index(fields=["country", "-id"], name="company_country", condition=LIVE),
            models.Index(fields=["domain"], name="company_domain", condition=~models.Q(domain="")),
            models.Index(models.functions.Lower("name"), name="company_lower_name", condition=LIVE),
            fragment_index("name", "company_name_fragments"),
            fragment_index("domain", "company_domain_fragments"),
        )

    @property
    def display_name(self) -> str:
        return self.name


class CompanyTag(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    company = models.ForeignKey(Company, on_delete=models.CASCADE)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tag", "company"], name="company_tag_once")]

    def __str__(self) -> str:
        return str(self.pk)
