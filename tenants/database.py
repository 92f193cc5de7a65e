"""Django's default connection as what it is here: one with a schema and a role (see ``config.database.backend``).

Django's types know only the common base of all backends.
"""

from typing import Any

from django.db import connection as _connection

connection: Any = _connection
