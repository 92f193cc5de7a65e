"""Encrypted columns many rows at a time: for COPY, bulk updates and key rotation.

A :class:`FieldCipher` is bound to the scope and the keys of the moment in which it is made. Make one for each
chunk of work, not for each row (slow), nor one for a whole job (another process may rotate the keys).
"""

from collections.abc import Sequence
from typing import Any

from django.db import models

from tenants.keys import cipher, ring
from tenants.keys.base import EncryptedField
from tenants.keys.encoding import encode
from tenants.scope import scope_id


class FieldCipher:
    """Encrypts and decrypts the values of one column of one table in the current scope.

    An empty text has no ciphertext, index or n-grams: store NULL. ``pk`` is :func:`cipher.pk_bytes` of the
    row's key, for a UUID its ``.bytes``.
    """

    def __init__(self, model: type[models.Model], field_name: str) -> None:
        field = model._meta.get_field(field_name)
        if not isinstance(field, EncryptedField):
            raise TypeError(f"{field} is not encrypted.")
        here = scope_id()
        self.field: EncryptedField[Any] = field
        self._keys = ring.keys(here)
        self._place = field.place(here)
        self._header = self._keys.active.header
        self._encrypt = self._keys.active.field.encrypt
        self._aad = self._header + self._place
        self._kind = field.kind
        self._region = field.region()
        self.digest = self._keys.indexer.digest
        self._memo = self._keys.memo(field.kind.letter)

    def seal(self, pk: bytes, text: str) -> bytes:
        """The ciphertext of a text that is not empty."""
        nonce = cipher.fresh_nonce()
        return self._header + nonce + self._encrypt(nonce, encode(text), self._aad + pk)

    def seal_hex(self, pk: bytes, text: str) -> str:
        r"""The same as COPY's text format reads it (``\\x`` and hexadecimal digits)."""
        return "\\\\x" + self.seal(pk, text).hex()

    def seal_value(self, pk: bytes, value: Any) -> bytes | None:
        """The ciphertext of a field's value (JSON included); None for an empty one."""
        return None if self.field.is_empty(value) else self.seal(pk, self.field.to_text(value))

    def open(self, pk: bytes, blob: bytes) -> str:
        """The text of a ciphertext; raises TamperedCiphertext."""
        return cipher.unseal(self._keys, self._place, pk, blob).decode("utf-8")

    def open_value(self, pk: bytes, blob: bytes | None) -> Any:
        """The field's value of a ciphertext or NULL."""
        return self.field.empty_value() if blob is None else self.field.from_text(self.open(pk, blob))

    def index(self, text: str) -> bytes:
        """The blind index."""
        return self.digest(self._kind.letter, self._kind.index_form(text, self._region))

    def grams(self, text: str) -> list[int]:
        """The sorted set of n-gram tokens."""
        return self._memo.tokens(self._kind.search_forms(text, self._region))

    def grams_text(self, text: str) -> str:
        """The same as PostgreSQL writes an array: ``{-12,7}``."""
        return self._memo.array(self._kind.search_forms(text, self._region))


def write_encrypted(
    connection: Any, objs: Sequence[models.Model], fields: Sequence[EncryptedField[Any]], batch_size: int
) -> int:
    """Write the instances' values of encrypted fields and their companions. Returns the rows."""
    done = 0
    for start in range(0, len(objs), batch_size):
        done += _write_batch(connection, objs[start : start + batch_size], fields)
    return done


def _write_batch(connection: Any, objs: Sequence[models.Model], fields: Sequence[EncryptedField[Any]]) -> int:
    model = fields[0].model
    pk = model._meta.pk
    quote = connection.ops.quote_name
    pk_type = pk.db_type(connection)
    names, arrays = ["pk"], [f"%s::{pk_type}[]"]
    params: list[list[Any]] = [[obj.pk for obj in objs]]
    setters = []
    for field in fields:
        columns: list[tuple[str, str, list[Any]]] = [
            (str(field.column), "bytea", [field.pre_save(obj, False).blob for obj in objs])
        ]
        if field.exact:
            columns.append((field.index_name, "bytea", [field.index_of(obj) for obj in objs]))
        if field.fragments:
            # Arrays of arrays must be rectangular: each row's tokens travel as text.
            columns.append((field.grams_name, "text", [field.grams_of(obj) for obj in objs]))
        for column, type_name, values in columns:
            cast = "::integer[]" if type_name == "text" else ""
            names.append(column)
            arrays.append(f"%s::{type_name}[]")
            params.append(values)
            setters.append(f"{quote(column)} = v.{quote(column)}{cast}")
    table = quote(model._meta.db_table)
    statement = (
        f"UPDATE {table} AS t SET {', '.join(setters)} FROM unnest({', '.join(arrays)})"  # noqa: S608
        f" AS v({', '.join(map(quote, names))}) WHERE t.{quote(pk.column)} = v.{quote('pk')}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return int(cursor.rowcount)
