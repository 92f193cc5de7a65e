"""The pages of contacts and leads."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crm.people.forms import ContactForm, LeadForm
from crm.people.models import Contact, Lead, LeadStatus
from crm.records import columns
from crm.records.admin import RecordAdmin
from crm.records.filters import (
    ChoiceFilter,
    CompanyFilter,
    CountryFilter,
    CreatedFilter,
    OwnerFilter,
    SourceFilter,
    TagFilter,
)
from crm.records.keyset import Order
from tenants.sites import organization_site


class PersonAdmin(RecordAdmin):
    orders: ClassVar[dict[str, Order]] = {
        **RecordAdmin.orders,
        "last_name": Order(("last_name", "first_name", "id")),
    }
    list_related: ClassVar[tuple[str, ...]] = ("owner", "company")
    list_unread: ClassVar[tuple[str, ...]] = ("notes", "address", "other_emails", "other_phones", "website")
    trash_columns: ClassVar[tuple[str, ...]] = ("email_column", "company_column")
    search_help_text = _("Search name, company, email, phone")
    autocomplete_fields = ("company",)

    @admin.display(description=_("name"), ordering="last_name")
    def name_column(self, record: Any) -> Any:
        return super().name_column(record)

    def second_line(self, record: Any) -> str:
        return str(record.job_title)

    @admin.display(description=_("email"))
    def email_column(self, record: Any) -> Any:
        return columns.email_cell(record.email)

    @admin.display(description=_("phone"))
    def phone_column(self, record: Any) -> Any:
        return columns.phone_cell(record.phone)

    @admin.display(description=_("company"))
    def company_column(self, record: Any) -> str:
        return record.company.name if record.company else columns.EMPTY

    @admin.display(description=_("other email addresses"))
    def other_emails_text(self, record: Any) -> Any:
        return columns.lines_cell(record.other_emails)

    @admin.display(description=_("other phones"))
    def other_phones_text(self, record: Any) -> Any:
        return columns.lines_cell(record.other_phones)


MORE_WAYS = (
    _("More ways to reach"),
    {"classes": ("tab",), "fields": (("other_emails", "other_phones"), "website")},
)
ADDRESS = (
    _("Address"),
    {"classes": ("tab",), "fields": ("street", ("postal_code", "city"), ("region", "country"))},
)
NOTES = (_("Notes"), {"classes": ("tab",), "fields": ("notes",)})


@admin.register(Contact, site=organization_site)
class ContactAdmin(PersonAdmin):
    form = ContactForm
    list_display = (
        "name_column",
        "company_column",
        "email_column",
        "phone_column",
        "owner_column",
        "tags_column",
        "changed_column",
        "created_column",
    )
    list_filter = (OwnerFilter, TagFilter, CountryFilter, SourceFilter, CompanyFilter, CreatedFilter)
    list_unread: ClassVar[tuple[str, ...]] = (*PersonAdmin.list_unread, "birth_date")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("first_name", "last_name"),
                    ("job_title", "company"),
                    ("email", "phone"),
                    ("owner", "tag_list"),
                    "seen_version",
                    "confirmed_email",
                )
            },
        ),
        MORE_WAYS,
        ADDRESS,
        (
            _("Details"),
            {"classes": ("tab",), "fields": (("birth_date", "customer_since_on"), ("source", "external_id"))},
        ),
        NOTES,
    )


class StatusFilter(ChoiceFilter):
    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(LeadStatus.choices)


@admin.register(Lead, site=organization_site)
class LeadAdmin(PersonAdmin):
    form = LeadForm
    list_display = (
        "name_column",
        "company_column",
        "status_column",
        "email_column",
        "phone_column",
        "owner_column",
        "tags_column",
        "changed_column",
        "created_column",
    )
    list_filter = (StatusFilter, OwnerFilter, TagFilter, CountryFilter, SourceFilter, CreatedFilter)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("first_name", "last_name"),
                    ("job_title", "company_name"),
                    ("email", "phone"),
                    ("status", "owner"),
                    ("company", "tag_list"),
                    "seen_version",
                    "confirmed_email",
                )
            },
        ),
        MORE_WAYS,
        ADDRESS,
        (_("Details"), {"classes": ("tab",), "fields": (("source", "external_id"),)}),
        NOTES,
    )

    @admin.display(description=_("company"))
    def company_column(self, record: Any) -> str:
        return record.company_name or super().company_column(record)

    @admin.display(description=_("status"))
    def status_column(self, record: Any) -> str:
        return str(record.get_status_display())
