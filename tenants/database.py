"""Django's default connection, typed as what it is here: one with a schema and a role.

The backend is ``config.database.backend``; Django's types know only the base that all backends share.
"""

from typing import Any

from django.db import connection as _connection

connection: Any = _connection
