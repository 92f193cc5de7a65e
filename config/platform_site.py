"""The platform's admin site: organisations, operators and the queue, nothing that an organisation holds."""

from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse

from config import command_search, dashboards
from config.admin_site import SoftswitchAdminSite

# Nobody's page: our permissions are strings in our own roles, and the queue's messages are only kicks, which
# its own pages would offer to run again.
HIDDEN = ("auth.group", "django_q.schedule", "django_q.success")


class PlatformAdminSite(SoftswitchAdminSite):
    settings_name = "UNFOLD"
    search_records = staticmethod(command_search.search_platform)

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        models: list[Any] = (
            [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        )
        shown = [model for model in models if model._meta.label_lower not in HIDDEN]
        super().register(shown, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Operators only; each is a superuser of ``public``."""
        return bool(super().has_permission(request)) and bool(getattr(request.user, "is_superuser", False))

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        home = dashboards.platform_home(request) if self.has_permission(request) else {}
        response: TemplateResponse = super().index(request, {**home, **(extra_context or {})})
        return response
