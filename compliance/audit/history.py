"""The history page of a record: the audit trail in place of Django's own log, which nobody writes."""

import uuid
from typing import Any, cast

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from compliance.audit import presentation, services
from compliance.audit.models import AuditEntry

# A mixin has no base of its own; what it calls is ModelAdmin's.
_Base: Any = object

ENTRIES_ON_A_PAGE = 50


class AuditHistoryMixin(_Base):  # type: ignore[misc]
    """For the ModelAdmin of an audited model; stands before ModelAdmin."""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Newest first; ``?before=<id of an entry>`` leads to older ones. Whoever may see the record may see
        what it was before."""
        record = self.get_object(request, unquote(object_id))
        if record is None:
            redirect = self._get_obj_does_not_exist_redirect
            return cast(HttpResponse, redirect(request, self.opts, object_id))
        if not self.has_view_or_change_permission(request, record):
            raise PermissionDenied
        found = AuditEntry.objects.of(services.kind_of(record), record.pk)
        if before := _uuid_or_none(request.GET.get("before", "")):
            found = found.filter(pk__lt=before)
        page = list(found[: ENTRIES_ON_A_PAGE + 1])
        entries = page[:ENTRIES_ON_A_PAGE]
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": _("History"),
            "subtitle": str(getattr(record, "display_name", record)),
            "entries": presentation.shown(entries),
            "older": entries[-1].pk if len(page) > len(entries) else None,
            "is_newest": before is None,
            "module_name": capfirst(str(self.opts.verbose_name_plural)),
            "object": record,
            "opts": self.opts,
            "preserved_filters": self.get_preserved_filters(request),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "compliance/history.html", context)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        # The site hides the link elsewhere, where there would be nothing behind it.
        context["show_history"] = bool(context.get("original"))
        page: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return page

    def log_addition(self, *_args: Any, **_kwargs: Any) -> Any:
        """The save has written an audit entry."""

    def log_change(self, *_args: Any, **_kwargs: Any) -> Any:
        """The save has written an audit entry."""

    def log_deletions(self, *_args: Any, **_kwargs: Any) -> Any:
        """The deletion writes its audit entries."""


def _uuid_or_none(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
