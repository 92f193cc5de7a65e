"""The organisations' admin site: every page that an organisation's staff work in."""

import time
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from config import command_search, dashboards
from config.admin_theme import initials
from crm.records.autocomplete import RecordAutocompleteView
from tenants.accounts import views as account_views
from tenants.organizations import profile


class SoftswitchAdminSite(UnfoldAdminSite):  # type: ignore[misc]
    """What both sites share: our sign-in, profile and command search in place of Django's and Unfold's."""

    index_template = "admin/home.html"
    search_records: Any  # what Ctrl-K asks, given user and term

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return cast(HttpResponse, account_views.SignInView.as_view(site=self)(request))

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return account_views.sign_out(request)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return account_views.change_password(request, self)

    def profile(self, request: HttpRequest) -> HttpResponse:
        return account_views.profile(request, self)

    def get_urls(self) -> list[URLResolver | URLPattern]:
        own = [path("profile/", self.admin_view(self.profile), name="profile")]
        return [*own, *super().get_urls()]

    def get_log_entries(self, request: HttpRequest) -> Any:
        return []  # Django's log is not written: the audit log is the history

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The answer to Ctrl-K: a fragment, never cached."""
        started = time.perf_counter()
        term = request.GET.get("s", "")
        request.current_app = self.name
        hits = self.search_records(user=request.user, term=term)
        context = {"hits": hits, "term": term.strip(), "seconds": time.perf_counter() - started}
        response = render(request, "unfold/helpers/command_results.html", context)
        response["Cache-Control"] = "no-store"
        return response


class OrganizationAdminSite(SoftswitchAdminSite):
    settings_name = "UNFOLD_ORGANIZATION"
    search_records = staticmethod(command_search.search_organization)

    def __init__(self, name: str = "organization") -> None:
        super().__init__(name)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context: dict[str, Any] = super().each_context(request)
        return context | {"site_initials": initials(request.tenant.name)}  # type: ignore[attr-defined]

    def get_urls(self) -> list[URLResolver | URLPattern]:
        own = [
            path("organization/", self.admin_view(self.organization_profile), name="organization_profile"),
            path("trash/", self.admin_view(self.trash), name="trash"),
        ]
        return [*own, *super().get_urls()]

    def trash(self, request: HttpRequest) -> HttpResponse:
        """What lies in the trash, by kind; each kind's list has a trash of its own."""
        kinds = dashboards.trash_figures(request)
        if not kinds:
            raise PermissionDenied
        request.current_app = self.name
        context = {**self.each_context(request), "title": _("Trash"), "kinds": kinds}
        return render(request, "admin/trash.html", context)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponseBase:
        return RecordAutocompleteView.as_view(admin_site=self)(request)

    def organization_profile(self, request: HttpRequest) -> HttpResponse:
        return profile.profile_page(request, self)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        home = dashboards.organization_home(request)
        response: TemplateResponse = super().index(request, {**home, **(extra_context or {})})
        return response
