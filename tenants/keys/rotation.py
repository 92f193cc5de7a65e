"""Rotation of data keys while everybody works: new key, re-encryption in chunks, end of the old key.

A value that somebody writes meanwhile is not lost: a row is replaced only while it still holds the ciphertext
that was read. An interrupted run is taken up by the next, which makes no further key before the last one is
everywhere.

An old key stays in the ring, retired, for ``settings.KEY_RETENTION_DAYS`` (35) after nothing uses it any
more, because restoring a backup brings its ciphertexts back.
"""

import os
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction

from tenants.keys import cipher, files, ring
from tenants.keys.base import EncryptedField, encrypted_fields
from tenants.keys.companions import BlindIndexField, GramsField
from tenants.scope import scope_id

CHUNK_ROWS = 2_000
KEY_RETENTION_DAYS = 35
PASSES = 5  # over rows that others write at the same time
PATIENCE = 60.0  # seconds to wait for transactions that may still hold values under the old key

Progress = Callable[[str, int], None]


@dataclass
class Rotation:
    """What a run did. ``remaining`` values or files still have an old key: run it again."""

    scope: str
    resumed: bool = False
    values: int = 0
    files: int = 0
    remaining: int = 0
    retired_keys: int = 0
    purged_keys: int = 0
    seconds: float = 0.0
    tables: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def rotate(*, reindex: bool = False, purge: bool = False, patience: float = PATIENCE) -> Rotation:
    """Rotate the data key of the current scope and re-encrypt what is stored under older ones.

    ``reindex`` also computes blind index and n-grams anew (after a change of the organisation's country,
    which phone numbers depend on). ``purge`` removes retired keys now, not after the retention: values in
    backups under them become unreadable. Not inside a transaction: every chunk commits.
    """
    started = time.perf_counter()
    here = scope_id()
    result = Rotation(scope=str(here))
    result.resumed = bool(ring.keys(here).ids(ring.RETIRING))
    if not result.resumed:
        ring.rotate_data_key(here)
    old = ring.reload(here).ids(ring.RETIRING)
    # Others may encrypt with the old key until they look again, and hold it in an open transaction.
    time.sleep(ring.RECHECK_SECONDS)
    unfinished = not _wait_for_transactions(patience)
    for model in encrypted_models():
        done = reencrypt(model, reindex=reindex)
        result.values += done
        result.tables[model._meta.db_table] = done
    result.files = reencrypt_files(here)
    result.remaining = sum(count_old(model) for model in encrypted_models()) + len(list(_old_files(here)))
    if not result.remaining and not unfinished:
        ring.retire_data_keys(here, old)
        result.retired_keys = len(old)
        days = 0 if purge else getattr(settings, "KEY_RETENTION_DAYS", KEY_RETENTION_DAYS)
        result.purged_keys = ring.purge_data_keys(here, older_than=timedelta(days=days))
    result.seconds = round(time.perf_counter() - started, 3)
    return result


def encrypted_models() -> list[type[models.Model]]:
    """Models with encrypted columns whose table exists in the current schema."""
    found = [
        model
        for model in apps.get_models(include_auto_created=True)
        if encrypted_fields(model) and model._meta.managed and not model._meta.proxy
    ]
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
    return [model for model in found if model._meta.db_table in tables]


def reencrypt(model: type[models.Model], *, reindex: bool = False, chunk_rows: int = CHUNK_ROWS) -> int:
    """Encrypt the model's values under the active key. Returns how many values were replaced."""
    table = _Table(model, reindex=reindex)
    done = 0
    for _pass in range(PASSES):
        last: object = None
        touched = 0
        while rows := table.read(last, chunk_rows):
            with transaction.atomic():
                touched += table.replace(rows)
            last = rows[-1][0]
        done += touched
        if not touched or reindex:
            break
    return done


def count_old(model: type[models.Model]) -> int:
    """Rows of the model that hold a value under another key than the active one."""
    return _Table(model, reindex=False).count()


class _Table:
    """The SQL of one table's rotation."""

    def __init__(self, model: type[models.Model], *, reindex: bool) -> None:
        here = scope_id()
        self.keys = ring.reload(here)
        self.fields = encrypted_fields(model)
        self.reindex = reindex
        self.places = [item.place(here) for item in self.fields]
        quote = connection.ops.quote_name
        pk: Any = model._meta.pk
        self.pk_name, self.pk_type = quote(pk.column), pk.db_type(connection)
        self.table = quote(model._meta.db_table)
        self.columns = [quote(str(item.column)) for item in self.fields]
        old = " OR ".join(f"substring({column} FROM 2 FOR 4) <> %s" for column in self.columns)
        filled = " OR ".join(f"{column} IS NOT NULL" for column in self.columns)
        self.condition = f"({filled})" if reindex else f"({old})"
        self.condition_params: list[Any] = [] if reindex else [self.keys.active.id] * len(self.columns)

    def read(self, last: object, limit: int) -> list[tuple[Any, ...]]:
        """The next rows that need a new ciphertext, in the order of their keys."""
        after = "" if last is None else f"AND {self.pk_name} > %s"
        params = [*self.condition_params, *([] if last is None else [last]), limit]
        statement = (
            f"SELECT {', '.join([self.pk_name, *self.columns])} FROM {self.table}"  # noqa: S608
            f" WHERE {self.condition} {after} ORDER BY {self.pk_name} LIMIT %s"
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, params)
            return [(row[0], *map(_bytes, row[1:])) for row in cursor.fetchall()]

    def count(self) -> int:
        with connection.cursor() as cursor:
            statement = f"SELECT count(*) FROM {self.table} WHERE {self.condition}"  # noqa: S608
            cursor.execute(statement, self.condition_params)
            return int(cursor.fetchone()[0])

    def replace(self, rows: list[tuple[Any, ...]]) -> int:
        """Write new ciphertexts where the old ones still stand. Returns the values of the replaced rows."""
        names, types, arrays, setters = ["pk"], [self.pk_type], [[row[0] for row in rows]], []
        pks = [cipher.pk_bytes(row[0]) for row in rows]
        matches, values = [], [0] * len(rows)
        for number, column in enumerate(self.columns):
            olds = [row[number + 1] for row in rows]
            plains = self._opened(number, pks, olds)
            news = self._sealed(number, pks, plains)
            names += [f"o{number}", f"n{number}"]
            types += ["bytea", "bytea"]
            arrays += [olds, news]
            setters.append(f"{column} = v.n{number}")
            matches.append(f"t.{column} IS NOT DISTINCT FROM v.o{number}")
            values = [count + (old is not None) for count, old in zip(values, olds, strict=True)]
            if self.reindex:
                self._add_companions(number, plains, names, types, arrays, setters)
        unnested = ", ".join(f"%s::{name}[]" for name in types)
        statement = (
            f"UPDATE {self.table} AS t SET {', '.join(setters)}"  # noqa: S608
            f" FROM unnest({unnested}, %s::integer[]) AS v({', '.join(names)}, filled)"
            f" WHERE t.{self.pk_name} = v.pk AND {' AND '.join(matches)} RETURNING v.filled"
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, [*arrays, values])
            return sum(row[0] for row in cursor.fetchall())

    def _opened(self, number: int, pks: list[bytes], blobs: list[bytes | None]) -> list[bytes | None]:
        place, keys = self.places[number], self.keys
        return [
            None if blob is None else cipher.unseal(keys, place, pk, blob)
            for pk, blob in zip(pks, blobs, strict=True)
        ]

    def _sealed(self, number: int, pks: list[bytes], plains: list[bytes | None]) -> list[bytes | None]:
        place, key = self.places[number], self.keys.active
        return [
            None if plain is None else cipher.seal(key, place, pk, plain)
            for pk, plain in zip(pks, plains, strict=True)
        ]

    def _add_companions(
        self,
        number: int,
        plains: list[bytes | None],
        names: list[str],
        types: list[str],
        arrays: list[list[Any]],
        setters: list[str],
    ) -> None:
        field: EncryptedField[Any] = self.fields[number]
        texts = [None if plain is None else plain.decode("utf-8") for plain in plains]
        region, memo = field.region(), self.keys.memo(field.kind.letter)
        for name in field.companions:
            companion = field.model._meta.get_field(name)
            column = connection.ops.quote_name(name)
            alias = f"c{len(names)}"
            names.append(alias)
            if isinstance(companion, BlindIndexField):
                types.append("bytea")
                arrays.append([None if text is None else field.index(text) for text in texts])
                setters.append(f"{column} = v.{alias}")
            elif isinstance(companion, GramsField):
                types.append("text")
                forms = [None if text is None else field.kind.search_forms(text, region) for text in texts]
                arrays.append([None if form is None else memo.array(form) for form in forms])
                setters.append(f"{column} = v.{alias}::integer[]")


def reencrypt_files(here: uuid.UUID) -> int:
    """Encrypt the stored files of the current scope under its active key. Returns how many."""
    done = 0
    for path in _old_files(here):
        try:
            reader = files.DecryptingReader(path.open("rb"), here)
        except FileNotFoundError:
            continue  # deleted meanwhile
        with reader, files.StoredFileWriter(path, here, reader.file_id) as writer:
            while part := reader.read(files.CHUNK_BYTES):
                writer.write(part)
        done += 1
    return done


def _old_files(here: uuid.UUID) -> Iterator[Path]:
    """Stored files under another key than the active one."""
    active = ring.keys(here).active.id
    home = Path(settings.MEDIA_ROOT) / str(here)
    for folder, _folders, names in os.walk(home):
        for name in names:
            path = Path(folder) / name
            if not name.startswith(".") and files.key_id_of(files.encrypted_header(path)) != active:
                yield path


def _wait_for_transactions(patience: float) -> bool:
    """Wait until every transaction that is open now has ended; False when ``patience`` runs out before."""
    if connection.in_atomic_block:
        return True  # tests: the transaction is ours
    deadline = time.monotonic() + patience
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        mark = cursor.fetchone()[0]
        while True:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
            if cursor.fetchone()[0] >= mark:
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)
