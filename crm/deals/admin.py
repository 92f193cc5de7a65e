"""The pages of deals, and the pipelines' pages under Setup."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from compliance.audit.history import AuditHistoryMixin
from crm.companies.admin import show_on_company
from crm.deals import services
from crm.deals.forms import DealForm
from crm.deals.models import Deal, Pipeline, Stage
from crm.people.models import Contact
from crm.records import columns
from crm.records.admin import RecordAdmin
from crm.records.filters import (
    MAX_CHOICES,
    ChoiceFilter,
    CompanyFilter,
    ContactFilter,
    CreatedFilter,
    OwnerFilter,
    SourceFilter,
    TagFilter,
    key_or_none,
)
from crm.records.keyset import Order
from tenants.sites import organization_site


class StageFilter(ChoiceFilter):
    title = _("stage")
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        stages = Stage.objects.select_related("pipeline").order_by("pipeline__name", "position")[:MAX_CHOICES]
        found = list(stages)
        several = len({stage.pipeline_id for stage in found}) > 1
        return [(str(one.pk), f"{one.pipeline.name}: {one.name}" if several else one.name) for one in found]

    def narrow(self, request: HttpRequest, queryset: Any, value: str) -> Any:
        return queryset.filter(stage=key_or_none(value))


def money(deal: Any) -> str:
    return f"{number_format(deal.amount, decimal_pos=2, use_l10n=True, force_grouping=True)} {deal.currency}"


@admin.register(Deal, site=organization_site)
class DealAdmin(RecordAdmin):
    form = DealForm
    orders: ClassVar[dict[str, Order]] = {
        **RecordAdmin.orders,
        "name": Order(("name", "id")),
        "amount": Order(("amount", "id")),
        "expected_close_on": Order(("expected_close_on", "id"), nullable=True),
    }
    list_display = (
        "name_column",
        "stage_column",
        "amount_column",
        "close_column",
        "company_column",
        "owner_column",
        "tags_column",
        "changed_column",
        "created_column",
    )
    list_related: ClassVar[tuple[str, ...]] = ("owner", "company", "stage")
    list_filter = (
        StageFilter,
        OwnerFilter,
        TagFilter,
        SourceFilter,
        CompanyFilter,
        ContactFilter,
        CreatedFilter,
    )
    trash_columns: ClassVar[tuple[str, ...]] = ("stage_column", "amount_column")
    search_help_text = _("Search deal and company")
    autocomplete_fields = ("company", "contact")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "name",
                    ("stage", "expected_close_on"),
                    ("amount", "currency"),
                    ("company", "contact"),
                    ("owner", "tag_list"),
                    "lost_reason",
                    "seen_version",
                )
            },
        ),
        (_("Details"), {"classes": ("tab",), "fields": (("source", "external_id"),)}),
        (_("Notes"), {"classes": ("tab",), "fields": ("notes",)}),
    )

    @admin.display(description=_("name"), ordering="name")
    def name_column(self, record: Any) -> Any:
        return super().name_column(record)

    @admin.display(description=_("stage"))
    def stage_column(self, record: Any) -> str:
        return str(record.stage.name)

    @admin.display(description=_("amount"), ordering="amount")
    def amount_column(self, record: Any) -> str:
        return money(record)

    @admin.display(description=_("expected close"), ordering="expected_close_on")
    def close_column(self, record: Any) -> str:
        day = record.expected_close_on
        return date_format(day, "SHORT_DATE_FORMAT") if day else columns.EMPTY

    @admin.display(description=_("company"))
    def company_column(self, record: Any) -> str:
        return record.company.name if record.company else columns.EMPTY

    def save_record(self, request: HttpRequest, record: Any, tags: Any) -> None:
        services.save_deal(deal=record, actor=request.user, now=timezone.now(), tags=tags)


class StageInline(TabularInline):  # type: ignore[misc]
    model = Stage
    fields = ("name", "position", "probability", "kind")
    ordering_field = "position"
    extra = 0
    can_delete = False  # a stage may hold a million deals, which Django would load to refuse


@admin.register(Pipeline, site=organization_site)
class PipelineAdmin(AuditHistoryMixin, ModelAdmin):  # type: ignore[misc]
    list_display = ("name", "is_default")
    fields = ("name", "is_default")
    inlines = (StageInline,)
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


show_on_company(Contact, lambda contact: contact.job_title)
show_on_company(Deal, lambda deal: f"{deal.stage.name}, {money(deal)}")
