"""The database backend that keeps organisations apart.

Before every cursor is handed out, ONE statement sets the session's role and search_path together, so that
there is no moment with one organisation's role and another's path. A failure raises: a cursor in an unknown
place is never handed out. An organisation's path holds its own schema, ``extensions`` and (last, so that a
temporary table cannot stand in front of a real one) ``pg_temp``; ``public`` is not in it, so a missing table
raises instead of falling through to the platform's.

Roles, of which none may log in from outside and the login role inherits nothing from:
``<database>_owner`` owns every object, ``<database>_platform`` may use ``public``,
``<database>_org_<slug>`` may use that organisation's schema and nothing else.
"""

from typing import Any

import psycopg
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.utils import DataError, OperationalError
from django_tenants.postgresql_backend import base as django_tenants_backend
from psycopg.pq import TransactionStatus

from config.database import embedded

PUBLIC = "public"
EXTENSIONS = "extensions"
SCOPE_STATEMENT = "SELECT set_config('role', %s, false), set_config('search_path', %s, false)"


class DatabaseWrapper(django_tenants_backend.DatabaseWrapper):  # type: ignore[misc]
    """PostgreSQL with a role and a schema for each organisation."""

    # The role that replaces the schema's own: "owner" while migrating and provisioning,
    # "login" (no role, the server's own path) while the roles themselves are being made.
    role_mode: str = "schema"
    _setting_search_path: bool

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if settings.EMBEDDED_DATABASE:
            embedded.ensure_running(settings.EMBEDDED_DATABASE_DIR)
        return super().get_new_connection(conn_params)

    def role_name(self, schema_name: str) -> str:
        """The database role that belongs to a schema, or to ``owner``."""
        suffix = "platform" if schema_name == PUBLIC else schema_name
        return f"{self.settings_dict['NAME']}_{suffix}"

    def current_role(self) -> str:
        """The role of the next cursor: ``none`` stands for the login role itself."""
        if self.role_mode == "login":
            return "none"
        return self.role_name("owner" if self.role_mode == "owner" else self.schema_name)

    def current_search_path(self) -> str:
        """The search_path of the next cursor."""
        return f'"{self.schema_name}", {EXTENSIONS}, pg_temp'

    def _handle_search_path(self, cursor: Any = None) -> None:
        """Set role and search_path in one statement, or raise."""
        if self._setting_search_path or self.settings_dict["NAME"] in {None, "postgres"}:
            return
        if self.connection.info.transaction_status == TransactionStatus.INERROR:
            # PostgreSQL refuses everything but a rollback here, which needs neither role nor path.
            return
        if not self.schema_name:
            raise ImproperlyConfigured("No schema was chosen for this connection.")
        own = cursor is None
        self._setting_search_path = True
        target = self.connection.cursor() if own else cursor
        try:
            target.execute(SCOPE_STATEMENT, (self.current_role(), self.current_search_path()))
        except (psycopg.DataError, DataError) as error:
            # Django's own commands take an OperationalError for a database that is not ready yet.
            raise OperationalError(f"{error} Is the database prepared (manage.py migrate)?") from error
        finally:
            self._setting_search_path = False
            if own:
                target.close()
