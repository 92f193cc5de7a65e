"""Addresses of the platform's own host."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("", include("tenants.accounts.urls")),
]

handler400 = "config.error_pages.bad_request"
handler403 = "config.error_pages.no_right"
handler404 = "config.error_pages.not_found"
handler500 = "config.error_pages.broken"
