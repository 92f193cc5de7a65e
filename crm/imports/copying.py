"""Rows as text for COPY, built without asking the driver about every value.

https://www.postgresql.org/docs/current/sql-copy.html, "Text Format".
"""

import datetime as dt
from collections.abc import Callable
from operator import itemgetter
from typing import Any

from django.db import models

from crm.imports.kinds import VIRTUAL_SLOTS, field_named, is_encrypted
from tenants.keys.bulk import FieldCipher
from tenants.keys.companions import is_companion

NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def escaped(text: str) -> str:
    """A text as a COPY field."""
    return text.translate(_ESCAPES)


def literal(value: Any) -> str:
    """A constant as a COPY field."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return escaped(str(value))


class RowWriter:
    """Builds the lines of new rows of one model.

    ``slots`` are the fields that differ from row to row, given as texts in this order (virtual ones are left
    out); ``constants`` are the
    columns with one value for all. Every other column gets its field's default, so that all are named.
    Encrypted fields bring their blind index and n-grams along.

    Bound to the scope and keys of the moment: make one for each chunk.
    """

    def __init__(self, model: type[models.Model], slots: tuple[str, ...], constants: dict[str, Any]) -> None:
        meta: Any = model._meta
        self.table = meta.db_table
        position = {
            field_named(model, slot).attname: n for n, slot in enumerate(slots) if slot not in VIRTUAL_SLOTS
        }
        texts: list[tuple[int, str]] = []
        nullable: list[tuple[int, str]] = []
        sealed: list[tuple[int, FieldCipher]] = []
        searchable: list[tuple[int, FieldCipher]] = []
        rest: list[tuple[str, str]] = []
        for field in meta.concrete_fields:
            if field.primary_key or is_companion(field):
                continue
            at = position.get(field.attname)
            if at is None:
                value = constants[field.attname] if field.attname in constants else _default(field)
                rest.append((field.column, literal(value)))
                rest += [(name, NULL) for name in getattr(field, "companions", ())]
            elif is_encrypted(field):
                (searchable if field.companions else sealed).append((at, FieldCipher(model, field.name)))
            elif field.null:
                nullable.append((at, field.column))
            else:
                texts.append((at, field.column))
        self.ciphers = {cipher.field.name: cipher for _at, cipher in (*sealed, *searchable)}
        self.columns: list[str] = [meta.pk.column, *(column for _at, column in texts + nullable)]
        self.columns += [str(cipher.field.column) for _at, cipher in sealed]
        for _at, cipher in searchable:
            self.columns += [str(cipher.field.column), *cipher.field.companions]
        self.columns += [column for column, _value in rest]
        self._texts = _picker([at for at, _column in texts])
        self._nullable = tuple(at for at, _column in nullable)
        self._sealed = tuple((at, cipher.seal_hex) for at, cipher in sealed)
        self._searchable = tuple((at, *_searchable_parts(cipher)) for at, cipher in searchable)
        self._tail = "\t".join(value for _column, value in rest)

    def line(self, pk: bytes, values: list[str], digests: dict[int, bytes]) -> str:
        """One row without its line end. ``digests`` holds the blind indexes that are known already, by the
        position of their slot."""
        joined = "".join(values)
        plain = values if "\\" not in joined and joined.isprintable() else [escaped(text) for text in values]
        parts = [pk.hex(), *self._texts(plain)]
        parts += [plain[at] or NULL for at in self._nullable]
        for at, seal in self._sealed:
            text = values[at]
            parts.append(seal(pk, text) if text else NULL)
        for at, seal, index, grams, blank in self._searchable:
            text = values[at]
            if not text:
                parts.append(blank)
                continue
            parts.append(seal(pk, text))
            if index is not None:
                parts.append("\\\\x" + (digests.get(at) or index(text)).hex())
            if grams is not None:
                parts.append(grams(text))
        parts.append(self._tail)
        return "\t".join(parts)

    @property
    def statement(self) -> str:
        return copy_statement(self.table, self.columns)


def copy_statement(table: str, columns: list[str]) -> str:
    """Names come from models, never from a file."""
    listed = ", ".join(f'"{column}"' for column in columns)
    return f'COPY "{table}" ({listed}) FROM STDIN'


def _default(field: Any) -> Any:
    value = field.get_default()
    if value is None and not field.null and not is_encrypted(field):
        return ""
    return None if is_encrypted(field) else value


def _searchable_parts(cipher: FieldCipher) -> tuple[Callable[..., str], Any, Any, str]:
    field: Any = cipher.field
    index = cipher.index if field.exact else None
    grams = cipher.grams_text if field.fragments else None
    blank = "\t".join([NULL] * (1 + len(field.companions)))
    return cipher.seal_hex, index, grams, blank


def _picker(positions: list[int]) -> Callable[[list[str]], tuple[str, ...]]:
    if len(positions) > 1:
        return itemgetter(*positions)
    if positions:
        only = positions[0]
        return lambda values: (values[only],)
    return lambda values: ()
