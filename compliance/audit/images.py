"""What a row held: remembered when it is loaded, compared when it is saved.

Loading only keeps what came from the database, ciphertext as ciphertext. Nothing is decrypted until a save
finds that somebody looked at the value.
"""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any, cast

from django.contrib.postgres.fields import ArrayField
from django.db import models

from compliance.audit.services import Changes
from tenants.keys.companions import is_companion
from tenants.keys.fields import Ciphertext, EncryptedField, Sealed

Field = Any  # models.Field[Any, Any], whose generic parameters exist in the stubs only


class Image:
    """The values of a row as the database has them, by attribute name, and the schema that they are from."""

    __slots__ = ("_names", "_values", "schema")

    def __init__(self, schema: str, names: list[str], values: Any) -> None:
        self.schema = schema
        self._names: list[str] | None = names
        self._values: Any = values

    def values(self) -> dict[str, Any]:
        """A dict to read and change."""
        if self._names is not None:
            self._values = dict(zip(self._names, self._values, strict=True))
            self._names = None
        return cast("dict[str, Any]", self._values)


_tracked: dict[type[models.Model], dict[str, Field]] = {}
_mutable: dict[type[models.Model], bool] = {}


def tracked_fields(model: type[models.Model]) -> dict[str, Field]:
    """The columns that the audit trail follows, by name: all but the key, companions of encrypted columns
    (they are the same value) and what the model calls technical."""
    found = _tracked.get(model)
    if found is None:
        found = _tracked[model] = _find_tracked(model)
    return found


def _find_tracked(model: type[models.Model]) -> dict[str, Field]:
    ignored: frozenset[str] = getattr(model, "audit_ignored", frozenset())
    return {
        field.name: field
        for field in model._meta.concrete_fields
        if not (field.primary_key or is_companion(field) or field.generated or field.name in ignored)
    }


def has_mutable_values(model: type[models.Model]) -> bool:
    """Whether a value can change in place, so that remembering it needs a copy."""
    found = _mutable.get(model)
    if found is None:
        fields = model._meta.concrete_fields
        found = _mutable[model] = any(isinstance(field, models.JSONField | ArrayField) for field in fields)
    return found


def old_value(field: Field, raw: Any, pk: Any) -> Any:
    """The value of a raw one, decrypted."""
    if isinstance(field, EncryptedField):
        if raw is None:
            return field.empty_value()
        if type(raw) is Ciphertext:
            return field.unseal(raw, pk)
    return raw


def new_value(field: Field, instance: models.Model) -> Any:
    """The instance's present value, as its type."""
    value = getattr(instance, field.attname)
    return value if hasattr(value, "resolve_expression") else field.to_python(value)


def is_untouched(field: Field, raw: Any, instance: models.Model) -> bool:
    """Whether an encrypted value is still the loaded ciphertext, which saves decrypting both."""
    held = instance.__dict__.get(field.attname)
    return type(held) is Sealed and held.blob is raw


def differ(field: Field, old: Any, new: Any) -> bool:
    if isinstance(field, EncryptedField) and field.is_empty(old) and field.is_empty(new):
        return False
    return bool(old != new)


def changes_between(
    fields: Iterable[Field], before: dict[str, Any], after: dict[str, Any], pk: Any
) -> Changes:
    """What differs between two sets of raw values by attribute name."""
    found = {}
    for field in fields:
        raw_old, raw_new = before[field.attname], after[field.attname]
        if raw_old is raw_new:
            continue
        old, new = old_value(field, raw_old, pk), old_value(field, raw_new, pk)
        if differ(field, old, new):
            found[field.name] = [for_entry(field, old), for_entry(field, new)]
    return found


def for_entry(field: Field, value: Any) -> Any:
    """A value as entries hold it: something that JSON knows; bytes as hexadecimal digits; nothing as null."""
    if isinstance(field, EncryptedField) and field.is_empty(value):
        return None
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return value


def filled_names(instance: models.Model) -> list[str]:
    """The names of the columns in which a new row holds something."""
    return [
        name
        for name, field in tracked_fields(type(instance)).items()
        if getattr(instance, field.attname) not in (None, "", [], {})
    ]


def kept(value: Any) -> Any:
    """A value to remember, apart from the instance's own."""
    return deepcopy(value) if isinstance(value, list | dict) else value


def read_raw(
    model: type[models.Model], pks: Iterable[Any], fields: Iterable[Field], *, lock: bool
) -> dict[Any, dict[str, Any]]:
    """The raw values of rows by primary key, locked for the rest of the transaction if asked."""
    names = [field.name for field in fields]
    # Past any manager: rows in the trash, and subclasses of querysets, are none of its concern.
    rows: Any = models.QuerySet(model).filter(pk__in=list(pks)).order_by("pk").only("pk", *names)
    if lock:
        rows = rows.select_for_update(of=("self",))
    found = {}
    for row in rows:
        held = row.__dict__
        found[row.pk] = {field.attname: _raw(held[field.attname]) for field in fields}
    return found


def _raw(value: Any) -> Any:
    return value.blob if type(value) is Sealed else value
