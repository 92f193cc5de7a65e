"""The addresses of the import wizard, below the import's own admin pages."""

from django.contrib.admin import AdminSite
from django.urls import URLPattern, path

from crm.imports import views


def wizard_urls(site: AdminSite) -> list[URLPattern]:
    pages: list[tuple[str, type[views.WizardView], str]] = [
        ("add/", views.UploadView, "add"),
        ("<uuid:import_id>/mapping/", views.MappingView, "mapping"),
        ("<uuid:import_id>/check/", views.CheckView, "check"),
        ("<uuid:import_id>/start/", views.StartView, "start"),
        ("<uuid:import_id>/result/", views.ResultView, "result"),
        ("<uuid:import_id>/progress/", views.ProgressView, "progress"),
        ("<uuid:import_id>/cancel/", views.CancelView, "cancel"),
        ("<uuid:import_id>/resume/", views.ResumeView, "resume"),
        ("<uuid:import_id>/discard/", views.DiscardView, "discard"),
        ("<uuid:import_id>/rejects/", views.RejectsView, "rejects"),
    ]
    return [
        path(address, site.admin_view(view.as_view(admin_site=site)), name=f"crm_import_{name}")
        for address, view, name in pages
    ]
