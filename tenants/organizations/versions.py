"""The version of an organisation's schema: a digest of the migrations that the code knows for it.

It is kept per organisation in ``public``, so that one query says who is behind, for any number of them.
"""

import hashlib
from functools import cache

from django.apps import apps
from django.conf import settings
from django.db.migrations.loader import MigrationLoader


@cache
def organization_app_labels() -> frozenset[str]:
    """Labels of the apps whose tables an organisation's schema holds."""
    names = set(settings.TENANT_APPS)
    return frozenset(c.label for c in apps.get_app_configs() if c.name in names or _path(c) in names)


def _path(config: object) -> str:
    kind = type(config)
    return f"{kind.__module__}.{kind.__qualname__}"


@cache
def code_version() -> str:
    """The version that the code asks for: changes when, and only when, a migration is added or removed."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    known = sorted(
        f"{app}.{name}" for app, name in loader.disk_migrations if app in organization_app_labels()
    )
    return hashlib.sha256("\n".join(known).encode()).hexdigest()
