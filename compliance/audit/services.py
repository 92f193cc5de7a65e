"""Writing audit entries: the only code that adds to the table.

An entry is written in the transaction of the change that it tells about: if it cannot be written, the change
fails too.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.utils import timezone

from compliance.audit.context import current
from compliance.audit.models import AuditEntry
from tenants.ids import uuid7
from tenants.keys.bulk import FieldCipher

Changes = Mapping[str, Sequence[Any]]
"""{"field": [old, new]}."""

TABLE = AuditEntry._meta.db_table
COLUMNS = (
    "id", "at", "actor_id", "actor_kind", "action", "kind", "object_id", "fields", "changes",
    "source_kind", "source_id", "request_id",
)  # fmt: skip
_INSERT = f"INSERT INTO {TABLE} ({', '.join(COLUMNS)}) VALUES ({', '.join(['%s'] * len(COLUMNS))})"  # noqa: S608
_COPY = f"COPY {TABLE} ({', '.join(COLUMNS)}) FROM STDIN"
NULL = "\\N"
LINES_AT_ONCE = 5_000
ROWS_WORTH_A_COPY = 20
_as_json = DjangoJSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # as the field encodes


class Entry(NamedTuple):
    """What an entry tells. ``fields`` are the names of the columns; None takes those of ``changes``."""

    action: str
    kind: str
    object_id: uuid.UUID
    changes: Changes | None = None
    fields: Sequence[str] | None = None


def kind_of(model: type[models.Model] | models.Model) -> str:
    """What entries call a model: ``crm.contact``."""
    return str(model._meta.label_lower)


def record(
    *,
    action: str,
    instance: models.Model | None = None,
    kind: str = "",
    object_id: uuid.UUID | None = None,
    changes: Changes | None = None,
    fields: Sequence[str] | None = None,
    now: datetime | None = None,
) -> uuid.UUID:
    """Write one entry about ``instance``, or about the record ``object_id`` of ``kind``. Returns its id."""
    if instance is not None:
        kind, object_id = kind_of(instance), instance.pk
    if not kind or object_id is None:
        raise ValueError("An entry is about a record: give the instance, or kind and object_id.")
    acting = current()
    entry_id = uuid7()
    sealed = _sealer()(entry_id, changes) if changes else None
    names = list(changes or ()) if fields is None else list(fields)
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            (
                entry_id, now or timezone.now(), acting.actor_id, str(acting.actor_kind), str(action), kind,
                object_id, names, sealed, str(acting.source_kind), acting.source_id, acting.request_id,
            ),
        )  # fmt: skip
    return entry_id


def record_many(entries: Iterable[Entry], *, now: datetime | None = None) -> int:
    """Write many entries, all by who acts now. Returns how many."""
    rows = list(entries)
    if len(rows) < ROWS_WORTH_A_COPY:
        for entry in rows:
            record(**entry._asdict(), now=now)
        return len(rows)
    with connection.cursor() as cursor:
        return copy_entries(cursor, rows, now=now)


def copy_entries(cursor: Any, entries: Iterable[Entry], *, now: datetime | None = None) -> int:
    """Write any number of entries by COPY through ``cursor``, in its transaction. Returns how many.

    ``entries`` are read once, in order, and never held all together.
    """
    acting = current()
    at = (now or timezone.now()).isoformat()
    middle = f"\t{at}\t{_or_null(acting.actor_id)}\t{acting.actor_kind!s}\t"
    end = f"\t{acting.source_kind!s}\t{_or_null(acting.source_id)}\t{_or_null(acting.request_id)}\n"
    seal = _sealer()
    literals: dict[tuple[str, ...], str] = {}
    lines: list[str] = []
    written = 0
    with cursor.copy(_COPY) as copy:
        for action, kind, object_id, changes, fields in entries:
            entry_id = uuid7()
            names = tuple((changes or ()) if fields is None else fields)
            literal = literals.get(names)
            if literal is None:
                literal = literals[names] = _array(names)
            sealed = NULL if not changes else "\\\\x" + seal(entry_id, changes).hex()
            lines.append(f"{entry_id}{middle}{action!s}\t{kind}\t{object_id}\t{literal}\t{sealed}{end}")
            if len(lines) >= LINES_AT_ONCE:
                written += len(lines)
                copy.write("".join(lines))
                lines.clear()
        written += len(lines)
        copy.write("".join(lines))
    return written


def _sealer() -> Callable[[uuid.UUID, Changes], bytes]:
    """A function that encrypts changes for an entry's id, under the keys of the current scope."""
    cipher = FieldCipher(AuditEntry, "changes")

    def seal(entry_id: uuid.UUID, changes: Changes) -> bytes:
        return cipher.seal(entry_id.bytes, _as_json(changes))

    return seal


def _or_null(value: uuid.UUID | None) -> str:
    return NULL if value is None else str(value)


def _array(names: Sequence[str]) -> str:
    """Names of columns as an array in COPY's text. They are identifiers, which need no quotes there."""
    for name in names:
        if not name.isidentifier():
            raise ValueError("An audit entry names the columns of a model, nothing else.")
    return "{" + ",".join(names) + "}"
