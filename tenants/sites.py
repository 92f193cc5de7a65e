"""The organisations' admin site, for ``@admin.register(Model, site=organization_site)``.

Its class is the composition root's (``settings.ORGANIZATION_ADMIN_SITE``), which imports every room; the
rooms only need this object. It is apart from Django's default site, which is the platform's: on one site an
organisation's superuser would see the queue and all organisations.
"""

from typing import cast

from django.conf import settings
from django.contrib.admin import AdminSite
from django.utils.functional import LazyObject
from django.utils.module_loading import import_string


class _OrganizationSite(LazyObject):  # type: ignore[type-arg]
    def _setup(self) -> None:
        self._wrapped = import_string(settings.ORGANIZATION_ADMIN_SITE)("organization")

    def __repr__(self) -> str:
        return "organization_site"


organization_site = cast(AdminSite, _OrganizationSite())
