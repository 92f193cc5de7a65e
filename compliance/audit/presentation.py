"""Audit entries as people read them: names for ids, labels for columns, values as their pages show them."""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import localize
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from compliance.audit.models import ActorKind, AuditEntry
from tenants.accounts.models import User

NOTHING = "–"


@dataclass(frozen=True)
class ShownChange:
    """One column of an entry. ``old`` and ``new`` are empty where the entry keeps no values."""

    label: str
    old: str = ""
    new: str = ""


@dataclass(frozen=True)
class ShownEntry:
    """One entry of a history."""

    at: datetime
    actor: str
    action: str
    through: str
    changes: list[ShownChange]
    has_values: bool


def model_of(kind: str) -> type[models.Model] | None:
    """The model that entries call ``kind``; None for one that the program no longer has."""
    try:
        return apps.get_model(kind)
    except (LookupError, ValueError):
        return None


def kind_label(kind: str) -> str:
    model = model_of(kind)
    return capfirst(str(model._meta.verbose_name)) if model else kind


def object_label(kind: str, object_id: uuid.UUID) -> str:
    """A record without its name, which the trail does not know: ``Contact 9f3a01bc``."""
    return f"{kind_label(kind)} {str(object_id)[-8:]}"


def field_label(kind: str, name: str) -> str:
    return capfirst(str(getattr(_field_of(kind, name), "verbose_name", name)))


def actor_label(kind: str, name: str | None) -> str:
    """Who acted, by the name that the user has now."""
    if kind == ActorKind.SYSTEM:
        return _("the program")
    if kind == ActorKind.OPERATOR:
        return name or _("an operator of the platform")
    return name or _("a former user")


def shown(entries: Iterable[AuditEntry]) -> list[ShownEntry]:
    """The entries in their order, with one query for the names of each kind of thing that they point to."""
    rows = list(entries)
    names = Names(rows)
    return [_shown(entry, names) for entry in rows]


def _shown(entry: AuditEntry, names: "Names") -> ShownEntry:
    held = entry.changes or {}
    changes = []
    for column in entry.fields:
        label = field_label(entry.kind, column)
        if column in held:
            field = _field_of(entry.kind, column)
            old, new = (_as_text(field, value, names) for value in held[column])
            changes.append(ShownChange(label, old, new))
        else:
            changes.append(ShownChange(label))
    return ShownEntry(
        at=entry.at,
        actor=actor_label(entry.actor_kind, names.of(User, entry.actor_id)),
        action=capfirst(entry.get_action_display()),
        through=entry.get_source_kind_display() if entry.source_kind else "",
        changes=changes,
        has_values=bool(held),
    )


def _field_of(kind: str, name: str) -> Any:
    model = model_of(kind)
    if model is None:
        return None
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        return None


class Names:
    """What the ids in entries are called, read at once."""

    def __init__(self, entries: list[AuditEntry]) -> None:
        self._entries = entries

    def of(self, model: type[models.Model], key: Any) -> str | None:
        return self._found.get((model, str(key)))

    @cached_property
    def _found(self) -> dict[tuple[type[models.Model], str], str]:
        wanted: dict[type[models.Model], set[str]] = defaultdict(set)
        for entry in self._entries:
            if entry.actor_id is not None:
                wanted[User].add(str(entry.actor_id))
            for column, values in (entry.changes or {}).items():
                target = getattr(_field_of(entry.kind, column), "related_model", None)
                if target is not None:
                    wanted[target] |= {key for value in values for key in _keys(value)}
        return {
            (model, str(row.pk)): str(getattr(row, "display_name", row))
            for model, keys in wanted.items()
            for row in model._base_manager.filter(pk__in=keys)
        }


def _keys(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(key) for key in value] if isinstance(value, list) else [str(value)]


def _as_text(field: Any, value: Any, names: Names) -> str:
    """A value of an entry, which JSON made of it, as people write it."""
    if value in (None, "", [], {}):
        return NOTHING
    if getattr(field, "is_relation", False):
        return ", ".join(sorted(names.of(field.related_model, key) or key[-8:] for key in _keys(value)))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):
        return ", ".join(str(part) for part in value.values() if part)
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if getattr(field, "choices", None):
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(field, models.DateTimeField):
        return str(localize(localtime(moment) if (moment := parse_datetime(value)) else value))
    if isinstance(field, models.DateField):
        return str(localize(parse_date(value) or value))
    if isinstance(field, models.DecimalField):
        return str(localize(field.to_python(value)))
    return str(localize(value))
