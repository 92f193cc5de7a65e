"""The stock admin with its import page."""

from django.contrib import admin
from django.urls import path
from import_export.admin import ImportExportModelAdmin

from bench.import_rival.models import Person
from bench.import_rival.resources import UpsertResource


@admin.register(Person)
class PersonAdmin(ImportExportModelAdmin):  # type: ignore[misc]
    resource_classes = [UpsertResource]


urlpatterns = [path("admin/", admin.site.urls)]
