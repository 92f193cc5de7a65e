"""Addresses of an organisation's host."""

from django.urls import path
from django.views.generic import RedirectView

from tenants.sites import organization_site

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="organization:index")),
    path("admin/", organization_site.urls),
]
