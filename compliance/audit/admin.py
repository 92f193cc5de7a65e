"""The audit trail of an organisation: to read, never to change."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator

from compliance.audit import presentation, services
from compliance.audit.models import Action, ActorKind, AuditEntry
from compliance.audit.tracking import AuditedModel
from tenants.accounts.models import User
from tenants.sites import organization_site

USERS_TO_CHOOSE_FROM = 200
FIELDS_IN_THE_LIST = 6


class KindFilter(admin.SimpleListFilter):
    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        kinds = [model for model in apps.get_models() if issubclass(model, AuditedModel)]
        return sorted(
            ((services.kind_of(model), capfirst(str(model._meta.verbose_name))) for model in kinds),
            key=lambda choice: choice[1],
        )

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class ActorFilter(admin.SimpleListFilter):
    title = _("by")
    parameter_name = "actor"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        users = User.objects.order_by("name", "pk").only("name")[:USERS_TO_CHOOSE_FROM]
        return [(ActorKind.SYSTEM, _("the program")), *((str(user.pk), str(user)) for user in users)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        chosen = self.value()
        if not chosen:
            return queryset
        if chosen == ActorKind.SYSTEM:
            return queryset.filter(actor_kind=chosen)
        try:
            return queryset.filter(actor_id=uuid.UUID(chosen))
        except ValueError:
            return queryset.none()


class AuditEntryAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ["at", "shown_actor", "shown_action", "shown_object", "shown_fields"]
    list_display_links = ["at"]
    list_filter = [KindFilter, ("action", admin.ChoicesFieldListFilter), ActorFilter]
    list_per_page = 50
    ordering = ["-id"]
    sortable_by: list[str] = []
    paginator = InfinitePaginator
    show_full_result_count = False
    actions = None
    fields = [
        "at",
        "shown_actor",
        "shown_action",
        "shown_object",
        "shown_source",
        "request_id",
        "shown_changes",
    ]
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        name = User.objects.filter(pk=OuterRef("actor_id")).values("name")[:1]
        entries: QuerySet[AuditEntry] = super().get_queryset(request)
        return entries.defer("changes").annotate(actor_name=Subquery(name))

    @admin.display(description=_("by"))
    def shown_actor(self, entry: AuditEntry) -> str:
        return presentation.actor_label(entry.actor_kind, getattr(entry, "actor_name", None))

    @admin.display(description=_("action"))
    def shown_action(self, entry: AuditEntry) -> str:
        return capfirst(str(Action(entry.action).label))

    @admin.display(description=_("record"))
    def shown_object(self, entry: AuditEntry) -> SafeString | str:
        label = presentation.object_label(entry.kind, entry.object_id)
        if entry.action == Action.PURGED:
            return label
        try:
            page = f"{self.admin_site.name}:{entry.kind.replace('.', '_')}_change"
            return format_html('<a href="{}">{}</a>', reverse(page, args=[entry.object_id]), label)
        except NoReverseMatch:
            return label

    @admin.display(description=_("fields"))
    def shown_fields(self, entry: AuditEntry) -> str:
        labels = [presentation.field_label(entry.kind, name) for name in entry.fields[:FIELDS_IN_THE_LIST]]
        return ", ".join(labels) + (" …" if len(entry.fields) > FIELDS_IN_THE_LIST else "")

    @admin.display(description=_("through"))
    def shown_source(self, entry: AuditEntry) -> str:
        if not entry.source_kind:
            return presentation.NOTHING
        return f"{entry.get_source_kind_display()} {entry.source_id or ''}".strip()

    @admin.display(description=_("changes"))
    def shown_changes(self, entry: AuditEntry) -> SafeString:
        (shown,) = presentation.shown([entry])
        return render_to_string("compliance/changes.html", {"entry": shown})


organization_site.register(AuditEntry, AuditEntryAdmin)
