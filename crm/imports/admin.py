"""The list of imports. Each row opens the wizard where that import stands."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from crm.imports import views
from crm.imports.models import Import, ImportState
from crm.imports.urls import wizard_urls
from tenants.sites import organization_site

STATE_COLOURS = {
    ImportState.DRAFT: "",
    ImportState.QUEUED: "",
    ImportState.RUNNING: "info",
    ImportState.DONE: "success",
    ImportState.FAILED: "danger",
    ImportState.CANCELLED: "warning",
}


@admin.register(Import, site=organization_site)
class ImportAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ["shown_name", "kind", "shown_state", "rows", "rejected_rows", "created_at"]
    list_filter = ["kind", "state"]
    list_per_page = 50
    ordering = ["-id"]
    paginator = InfinitePaginator
    show_full_result_count = False
    actions = None

    def get_urls(self) -> list[URLPattern]:
        stock: list[URLPattern] = super().get_urls()
        return wizard_urls(self.admin_site) + stock

    def has_add_permission(self, request: HttpRequest) -> bool:
        allowed: bool = super().has_add_permission(request)
        return allowed and bool(views.allowed_kinds(request.user))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # the wizard's pages ask for their own rights

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(kind__in=views.allowed_kinds(request.user))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            item = self.get_queryset(request).filter(pk=UUID(object_id)).first()
        except ValueError:
            item = None
        if item is None:
            raise Http404
        return HttpResponseRedirect(views.step_url(item))

    @admin.display(description=_("file"))
    def shown_name(self, item: Import) -> str:
        return item.file_name or str(item)

    @display(description=_("state"), label=STATE_COLOURS)  # type: ignore[untyped-decorator]
    def shown_state(self, item: Import) -> tuple[str, str]:
        return item.state, item.get_state_display()

    @admin.display(description=_("rows"))
    def rows(self, item: Import) -> str:
        return str(item.counts.get("rows", "–"))

    @admin.display(description=_("rejected"))
    def rejected_rows(self, item: Import) -> str:
        return str(item.counts.get("rejected", "–"))
