"""Which record a row is about.

The chosen keys are tried in order. A record found by a weaker key is not taken if both sides have a stronger
key and it differs: another email address beside the same customer number is another person.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from django.db import connection

from crm.imports.kinds import RecordKind, field_of, is_encrypted
from crm.imports.match_keys import KEY_COLUMNS, Digests, Key, MatchKey, Record, match_keys
from crm.imports.rules import Rules
from tenants.keys.bulk import FieldCipher


@dataclass(slots=True)
class Item:
    """A converted row on its way into the database."""

    line: int
    cells: list[str]
    given: list[str]
    values: list[str] = field(default_factory=list)  # with names replaced by the ids they stand for
    keys: tuple[Key, ...] = ()  # by the chosen keys, None where the row has none
    fallback: tuple[int, Key] | None = None  # which fallback key, and its value
    digests: Digests = field(default_factory=dict)
    match: "Candidate | None" = None
    repeated: bool | None = None  # whether its key stood in the file before; None until asked


@dataclass(slots=True)
class Candidate:
    """An existing record. ``raw`` holds the columns of the import as the database gives them."""

    pk: bytes
    version: int
    key_columns: Record
    raw: tuple[Any, ...]


LIVE = "t.deleted_at IS NULL"


def each_key_by_index(
    table: str, columns: str, types: tuple[str, ...], where: str, *, lock: bool = False
) -> str:
    """A statement that looks each key up in the index that fits ``where``, and gives the live records.

    ``= ANY(array)`` would do in theory. But in a table that was never analysed the planner expects few live
    rows, reads all of them for each chunk instead, and an import takes quadratic time. So OFFSET 0 keeps the
    look-up from being turned into a join, and "live" is asked behind it, where no partial index tempts. (A
    ``where`` that asks it itself has no other index.) All names come from models.
    """
    arrays = ", ".join(f"%s::{kind}[]" for kind in types)
    names = ", ".join("abc"[: len(types)])
    locking = " FOR UPDATE" if lock else ""
    return (
        f"SELECT {columns} FROM unnest({arrays}) AS k({names}) CROSS JOIN LATERAL"  # noqa: S608
        f' (SELECT * FROM "{table}" t WHERE {where} OFFSET 0{locking}) AS t WHERE {LIVE}'
    )


class Matcher:
    """Finds the records that rows are about. ``stored`` are the columns to fetch for comparing; ``at`` says
    where each slot stands among a row's values."""

    def __init__(
        self,
        kind: RecordKind,
        stored: tuple[str, ...],
        at: dict[str, int],
        rules: Rules,
        ciphers: dict[str, FieldCipher],
    ) -> None:
        keys = match_keys(kind.name, at, ciphers)
        self.kind = kind
        self.chosen = tuple(keys[name] for name in rules.match if name in keys)
        self.fallback = tuple(keys[name] for name in rules.fallback if name in keys)
        key_columns = KEY_COLUMNS[kind.name]
        self._key_columns = key_columns
        fields = [field_of(kind, slot) for slot in stored]
        columns = ["id", "version", *key_columns, *(found.column for found in fields)]
        self._columns = ", ".join(f't."{column}"' for column in columns)
        self._table = kind.model._meta.db_table

    def give_keys(self, item: Item) -> Key | None:
        """Compute the item's keys; returns the strongest, by which rows of one file are told apart."""
        item.keys = tuple([key.of_row(item.values, item.digests) for key in self.chosen])
        for number, found in enumerate(item.keys):
            if found is not None:
                return (number, found)
        for number, key in enumerate(self.fallback):
            found = key.of_row(item.values, item.digests)
            if found is not None:
                item.fallback = (number, found)
                return (-1 - number, found)
        return None

    def find(self, items: list[Item], *, lock: bool = False) -> None:
        """Set each item's ``match``."""
        for number, key in enumerate(self.chosen):
            open_items = [item for item in items if item.match is None and item.keys[number] is not None]
            records = self._fetch(key, {item.keys[number] for item in open_items}, lock)
            for item in open_items if records else ():
                for record in records.get(item.keys[number], ()):
                    if not self.differs(item.keys, record, number):
                        item.match = record
                        break
        for number, key in enumerate(self.fallback):
            weak = [
                (item, item.fallback[1]) for item in items if item.fallback and item.fallback[0] == number
            ]
            records = self._fetch(key, {found for _item, found in weak}, lock)
            for item, found in weak if records else ():
                item.match = next(iter(records.get(found, ())), None)

    def differs(self, keys: tuple[Key, ...], record: Candidate, before: int) -> bool:
        """Whether a key stronger than number ``before`` says that row and record are two."""
        for number in range(before):
            if keys[number] is not None:
                other = self.chosen[number].of_record(record.key_columns)
                if other is not None and other != keys[number]:
                    return True
        return False

    def any_exists(self, items: list[Item]) -> bool:
        """Whether a record has one of the items' keys by now."""
        for number, key in enumerate(self.chosen):
            if self._probe(key, {item.keys[number] for item in items if item.keys[number] is not None}):
                return True
        for number, key in enumerate(self.fallback):
            weak = {item.fallback[1] for item in items if item.fallback and item.fallback[0] == number}
            if self._probe(key, weak):
                return True
        return False

    def _probe(self, key: MatchKey, found: set[Any]) -> bool:
        if not found:
            return False
        with connection.cursor() as cursor:
            statement = each_key_by_index(self._table, "t.id", key.types, key.where)
            cursor.execute(f"{statement} LIMIT 1", key.parameters(found))
            return cursor.fetchone() is not None

    def _fetch(self, key: MatchKey, found: set[Any], lock: bool) -> dict[Key, list[Candidate]]:
        if not found:
            return {}
        records: dict[Key, list[Candidate]] = {}
        width = len(self._key_columns)
        with connection.cursor() as cursor:
            cursor.execute(
                each_key_by_index(self._table, self._columns, key.types, key.where, lock=lock),
                key.parameters(found),
            )
            for pk, version, *rest in sorted(cursor.fetchall(), key=itemgetter(0)):
                key_columns = dict(zip(self._key_columns, rest[:width], strict=True))
                record = Candidate(pk.bytes, version, key_columns, tuple(rest[width:]))
                value = key.of_record(key_columns)
                if value is not None:
                    records.setdefault(value, []).append(record)
        return records


def record_text(kind: RecordKind, slot: str, cipher: FieldCipher | None) -> Callable[[bytes, Any], str]:
    """Reads a fetched column back into the text form in which the converter gives values."""
    found = field_of(kind, slot)
    if cipher is not None and is_encrypted(found):
        return lambda pk, blob: "" if blob is None else cipher.open(pk, bytes(blob))
    if found.is_relation:
        return lambda _pk, value: "" if value is None else value.hex
    if found.get_internal_type() == "DecimalField":
        return lambda _pk, value: "" if value is None else f"{value:.{found.decimal_places}f}"
    return lambda _pk, value: "" if value is None else str(value)
