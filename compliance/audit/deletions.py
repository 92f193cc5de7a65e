"""Entries for rows that a deletion removes, whether it began with them or reached them by a cascade."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import models, transaction

from compliance.audit import links, services
from compliance.audit.images import for_entry, old_value, tracked_fields
from compliance.audit.services import Entry
from compliance.audit.verbs import removal_of

_gathering: ContextVar[list[Entry] | None] = ContextVar("gathering", default=None)


@contextmanager
def gathered(using: str) -> Iterator[None]:
    """Write the entries of all rows that are deleted inside at once, in one transaction with the deletion."""
    if _gathering.get() is not None:
        yield
        return
    entries: list[Entry] = []
    token = _gathering.set(entries)
    try:
        with transaction.atomic(using=using, savepoint=False):
            yield
            services.record_many(entries)
    finally:
        _gathering.reset(token)


def note(*, instance: Any, **_kwargs: object) -> None:
    """Before a row is deleted (Django's ``pre_delete``)."""
    instance.require_own_organization()
    before = instance.raw_before(tracked_fields(type(instance)).values())
    entries = [*links.entries_without(instance), removal(type(instance), instance.pk, before)]
    gathering = _gathering.get()
    if gathering is None:
        services.record_many(entries)  # a cascade from a model that is not audited
    else:
        gathering += entries


def removal(model: type[models.Model], pk: Any, before: dict[str, Any]) -> Entry:
    """The entry of a row that goes, with what it held."""
    changes = {}
    for name, field in tracked_fields(model).items():
        value = for_entry(field, old_value(field, before.get(field.attname), pk))
        if value not in (None, "", [], {}):
            changes[name] = [value, None]
    return Entry(removal_of(model), services.kind_of(model), pk, changes)
