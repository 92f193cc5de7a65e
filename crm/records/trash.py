"""The trash in the admin: deleting moves there; from there records come back or go for good."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.enums import ActionVariant

from crm.records import search, services
from crm.records.changelist import TRASH_VAR, is_trash

TO_TRASH, RESTORE, PURGE = "to_trash", "restore", "purge"
QUESTIONS = {
    TO_TRASH: _("Move “%(name)s” to the trash? It can be restored from there."),
    RESTORE: _("Bring “%(name)s” back from the trash?"),
    PURGE: _("Delete “%(name)s” for good? This cannot be undone."),
}
BUTTONS = {TO_TRASH: _("Move to trash"), RESTORE: _("Restore"), PURGE: _("Delete for good")}


class TrashMixin(ModelAdmin):  # type: ignore[misc]
    """Deleting in a kind's pages. The right to delete a kind is the right to all of this."""

    actions = ("trash_selected", "restore_selected", "purge_selected")
    actions_detail = ("to_trash_detail", "restore_detail", "purge_detail")

    # --- Selected rows -------------------------------------------------------------------------------------
    def has_trash_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not is_trash(request) and self.has_delete_permission(request)

    def has_restore_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_trash(request) and self.has_delete_permission(request)

    @admin.action(permissions=["trash"], description=_("Move to trash"))
    def trash_selected(self, request: HttpRequest, queryset: Any) -> None:
        self._to_trash(request, queryset)

    @admin.action(permissions=["restore"], description=_("Restore"))
    def restore_selected(self, request: HttpRequest, queryset: Any) -> None:
        self._restore(request, queryset)

    @admin.action(permissions=["restore"], description=_("Delete for good"))
    def purge_selected(self, request: HttpRequest, queryset: Any) -> Any:
        if "confirmed" not in request.POST:
            return self._ask(request, PURGE, list(queryset))
        self._purge(request, queryset)
        return None

    # --- One record ----------------------------------------------------------------------------------------
    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        trashed = self.model.all_objects.filter(pk=object_id, deleted_at__isnull=False).exists()
        wanted = {"restore_detail", "purge_detail"} if trashed else {"to_trash_detail"}
        return [
            found for found in super().get_actions_detail(request, object_id) if _method_of(found) in wanted
        ]

    @action(  # type: ignore[untyped-decorator]
        description=BUTTONS[TO_TRASH],
        url_path="to-trash",
        permissions=["delete"],
        variant=ActionVariant.DANGER,
    )
    def to_trash_detail(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        return self._one(request, object_id, TO_TRASH)

    @action(  # type: ignore[untyped-decorator]
        description=BUTTONS[RESTORE],
        url_path="restore",
        permissions=["delete"],
        variant=ActionVariant.PRIMARY,
    )
    def restore_detail(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        return self._one(request, object_id, RESTORE)

    @action(  # type: ignore[untyped-decorator]
        description=BUTTONS[PURGE], url_path="purge", permissions=["delete"], variant=ActionVariant.DANGER
    )
    def purge_detail(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        return self._one(request, object_id, PURGE)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Django's address for deleting leads to the trash."""
        if not self.has_delete_permission(request):
            raise PermissionDenied
        return self._one(request, object_id, TO_TRASH)

    def _one(self, request: HttpRequest, object_id: str, verb: str) -> HttpResponseBase:
        record = self.get_object(request, object_id)
        if record is None or record.is_trashed == (verb == TO_TRASH):
            missing: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return missing
        if request.method != "POST":
            return self._ask(request, verb, [record])
        {TO_TRASH: self._to_trash, RESTORE: self._restore, PURGE: self._purge}[verb](request, [record])
        return HttpResponseRedirect(self._list_url(trash=verb == PURGE))

    def _ask(self, request: HttpRequest, verb: str, records: list[Any]) -> HttpResponse:
        count = len(records)
        if count == 1:
            question = QUESTIONS[verb] % {"name": records[0].display_name}
        else:
            question = ngettext(
                "Delete %(count)d record for good? This cannot be undone.",
                "Delete %(count)d records for good? This cannot be undone.",
                count,
            ) % {"count": count}
        context = {
            **self.admin_site.each_context(request),
            "title": BUTTONS[verb],
            "opts": self.opts,
            "question": question,
            "button": BUTTONS[verb],
            "is_danger": verb != RESTORE,
            "action_name": "purge_selected" if self._is_list_action(request) else "",
            "selected": [record.pk for record in records],
            "back_url": self._list_url(trash=verb != TO_TRASH),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "crm/records/confirm.html", context)

    @staticmethod
    def _is_list_action(request: HttpRequest) -> bool:
        return "action" in request.POST

    # --- Doing it ------------------------------------------------------------------------------------------
    def _to_trash(self, request: HttpRequest, records: Any) -> None:
        count = services.move_to_trash(records=records, actor=request.user, now=timezone.now())
        text = ngettext("%(count)d record is in the trash.", "%(count)d records are in the trash.", count)
        link = format_html('<a href="{}">{}</a>', self._list_url(trash=True), gettext("Open the trash"))
        messages.success(request, format_html("{} {}", text % {"count": count}, link))

    def _restore(self, request: HttpRequest, records: Any) -> None:
        count = services.restore(records=records, actor=request.user, now=timezone.now())
        text = ngettext("%(count)d record is back.", "%(count)d records are back.", count)
        messages.success(request, text % {"count": count})

    def _purge(self, request: HttpRequest, records: Any) -> None:
        count = services.purge(records=records, actor=request.user)
        text = ngettext("%(count)d record is gone for good.", "%(count)d records are gone for good.", count)
        messages.success(request, text % {"count": count})

    # --- The page ------------------------------------------------------------------------------------------
    def _list_url(self, *, trash: bool = False) -> str:
        return list_url(self, trash=trash)

    def trash_tabs(self, request: HttpRequest) -> list[dict[str, Any]]:
        """The trash of each kind that the person may empty."""
        tabs = []
        for model in search.searchable_kinds():
            owner = self.admin_site.get_model_admin(model)
            if owner.has_delete_permission(request):
                tabs.append(
                    {
                        "title": model._meta.verbose_name_plural,
                        "url": list_url(owner, trash=True),
                        "active": model is self.model,
                    }
                )
        return tabs


def _method_of(found: Any) -> str:
    return str(found.method.__name__)


def list_url(model_admin: Any, *, trash: bool = False) -> str:
    """The list of a kind, or its trash."""
    opts = model_admin.opts
    url = reverse(f"{model_admin.admin_site.name}:{opts.app_label}_{opts.model_name}_changelist")
    return f"{url}?{TRASH_VAR}=1" if trash else url
