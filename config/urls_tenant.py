"""Addresses of an organisation's host."""

from django.urls import include, path
from django.views.generic import RedirectView

from tenants.sites import organization_site

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="organization:index")),
    path("admin/", organization_site.urls),
    path("", include("tenants.accounts.urls")),
]

handler400 = "config.error_pages.bad_request"
handler403 = "config.error_pages.no_right"
handler404 = "config.error_pages.not_found"
handler500 = "config.error_pages.broken"
