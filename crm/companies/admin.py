"""The pages of companies. Contacts and deals add their lists to them (see ``show_on_company``)."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from crm.companies.forms import CompanyForm
from crm.companies.models import Company
from crm.records import columns
from crm.records.admin import RecordAdmin
from crm.records.filters import CountryFilter, CreatedFilter, OwnerFilter, SourceFilter, TagFilter
from crm.records.keyset import Order
from crm.records.related import RelatedList, related_list
from tenants.sites import organization_site

# (model, text beside a name): kinds that have a foreign key ``company`` and belong on its page.
_of_company: list[tuple[type[Any], Callable[[Any], str]]] = []


def show_on_company(model: type[Any], beside: Callable[[Any], str]) -> None:
    """List the records of ``model`` on the page of their company."""
    _of_company.append((model, beside))


@admin.register(Company, site=organization_site)
class CompanyAdmin(RecordAdmin):
    form = CompanyForm
    orders: ClassVar[dict[str, Order]] = {**RecordAdmin.orders, "name": Order(("name", "id"))}
    list_display = (
        "name_column",
        "domain_column",
        "phone_column",
        "industry",
        "country",
        "owner_column",
        "tags_column",
        "changed_column",
        "created_column",
    )
    sortable_by = ("name_column", "changed_column", "created_column")
    list_filter = (OwnerFilter, TagFilter, CountryFilter, SourceFilter, CreatedFilter)
    list_unread: ClassVar[tuple[str, ...]] = ("notes", "address", "description")
    trash_columns: ClassVar[tuple[str, ...]] = ("domain_column",)
    search_help_text = _("Search name, domain, phone")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("name", "domain"),
                    ("website", "phone"),
                    ("industry", "employees"),
                    ("owner", "tag_list"),
                    "seen_version",
                )
            },
        ),
        (
            _("Address"),
            {"classes": ("tab",), "fields": ("street", ("postal_code", "city"), ("region", "country"))},
        ),
        (
            _("Details"),
            {"classes": ("tab",), "fields": ("founded_year", ("source", "external_id"), "description")},
        ),
        (_("Notes"), {"classes": ("tab",), "fields": ("notes",)}),
    )

    @admin.display(description=_("name"), ordering="name")
    def name_column(self, record: Any) -> Any:
        return super().name_column(record)

    @admin.display(description=_("domain"))
    def domain_column(self, record: Any) -> Any:
        if not record.domain:
            return columns.EMPTY
        link = '<a class="record-link" href="https://{0}/" rel="noopener noreferrer">{0}</a>'
        return format_html(link, record.domain)

    @admin.display(description=_("phone"))
    def phone_column(self, record: Any) -> Any:
        return columns.phone_cell(record.phone)

    def related_lists(self, request: HttpRequest, record: Any) -> list[RelatedList]:
        found = (
            related_list(self, request, model, by="company", record=record, beside=beside)
            for model, beside in _of_company
        )
        return [one for one in found if one is not None]
