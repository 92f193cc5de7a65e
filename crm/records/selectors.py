"""Reading records of any kind."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Model

from compliance.audit.models import AuditEntry
from crm.records import search
from tenants.accounts.models import User

HITS = 10  # of each kind, in the command search


@dataclass(frozen=True)
class LastChange:
    """Who changed a record last ("" for the system or a deleted user), and when."""

    name: str
    at: datetime


def last_change(record: Any) -> LastChange | None:
    """The newest entry of the record's history."""
    entry = AuditEntry.objects.of(record._meta.label_lower, record.pk).only("at", "actor_id").first()
    if entry is None:
        return None
    names: dict[Any, str] = {**user_names([entry.actor_id])}
    return LastChange(names.get(entry.actor_id, ""), entry.at)


def user_names(ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, str]:
    """The names of users, by id."""
    wanted = {user_id for user_id in ids if user_id}
    return dict(User.objects.filter(pk__in=wanted).values_list("pk", "name")) if wanted else {}


def distinct_values(model: type[Model], column: str, *, limit: int) -> list[str]:
    """Up to ``limit`` different values of a column outside the trash, sorted. The column needs an index
    ``(column, …) WHERE deleted_at IS NULL``: it is skipped through from value to value, not scanned."""
    table = connection.ops.quote_name(model._meta.db_table)
    name = connection.ops.quote_name(column)
    # Names of the program's own; the limit is a parameter.
    statement = f"""
        WITH RECURSIVE step(value) AS (
            (SELECT {name} FROM {table} WHERE deleted_at IS NULL AND {name} > '' ORDER BY {name} LIMIT 1)
            UNION ALL
            SELECT (SELECT {name} FROM {table} WHERE deleted_at IS NULL AND {name} > step.value
                    ORDER BY {name} LIMIT 1)
            FROM step WHERE step.value IS NOT NULL
        )
        SELECT value FROM step WHERE value IS NOT NULL LIMIT %s
    """  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [limit])
        return [row[0] for row in cursor.fetchall()]


def find(model: type[Model], text: str, *, limit: int = HITS) -> list[Any]:
    """The newest records of a kind outside the trash that ``text`` finds, with their names."""
    rows: Any = model._meta.base_manager.get_queryset()
    ids = search.search(rows.live(), text, limit=limit).ids
    return list(rows.filter(pk__in=ids).order_by("-id"))
