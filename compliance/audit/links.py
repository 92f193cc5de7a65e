"""Many-to-many relations of audited models (a contact's tags): a change of the set changes the record."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import batched
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models.signals import m2m_changed

from compliance.audit import services
from compliance.audit.models import Action
from compliance.audit.services import Entry

HOLDERS_AT_ONCE = 2_000


@dataclass(frozen=True)
class Link:
    """One relation: whose it is, what it points to, and the columns of the table between."""

    holder: type[models.Model]
    name: str
    target: type[models.Model]
    through: type[models.Model]
    holder_column: str
    target_column: str

    def present(self, holders: Iterable[Any]) -> dict[Any, set[Any]]:
        """The targets of each holder, by primary keys."""
        found: dict[Any, set[Any]] = defaultdict(set)
        rows: Any = models.QuerySet(self.through).filter(**{f"{self.holder_column}__in": list(holders)})
        for holder, target in rows.values_list(self.holder_column, self.target_column):
            found[holder].add(target)
        return found

    def entry(self, holder: Any, old: Collection[Any], new: Collection[Any]) -> Entry:
        changes = {self.name: [sorted(map(str, old)), sorted(map(str, new))]}
        return Entry(Action.UPDATED, services.kind_of(self.holder), holder, changes)


_by_through: dict[type[models.Model], Link] = {}


def follow(model: type[models.Model]) -> None:
    """Follow the relations that ``model`` declares."""
    for field in model._meta.local_many_to_many:
        through: Any = field.remote_field.through
        link = Link(
            holder=model,
            name=field.name,
            target=field.related_model,
            through=through,
            holder_column=through._meta.get_field(field.m2m_field_name()).attname,
            target_column=through._meta.get_field(field.m2m_reverse_field_name()).attname,
        )
        _by_through[through] = link
        m2m_changed.connect(_note, sender=through)


def follow_all(base: type[models.Model]) -> None:
    """Follow the relations of every model that is a ``base``, once all are loaded."""
    for model in apps.get_models():
        if issubclass(model, base):
            follow(model)


def record_changes(
    model: type[models.Model], name: str, changes: Mapping[Any, tuple[Collection[Any], Collection[Any]]]
) -> int:
    """For code that writes the table between in bulk: the old and new keys of each holder. Returns how many
    entries."""
    link = next(link for link in _by_through.values() if link.holder is model and link.name == name)
    return services.record_many(
        link.entry(holder, old, new) for holder, (old, new) in changes.items() if set(old) != set(new)
    )


def _note(
    *, sender: Any, instance: Any, action: str, reverse: bool, pk_set: set[Any] | None, **_kwargs: object
) -> None:
    """Before rows of the table between are added or removed (Django's ``m2m_changed``)."""
    if not action.startswith("pre_"):
        return
    link = _by_through[sender]
    if not reverse:
        moved = {instance.pk: pk_set}
    elif pk_set is not None:
        moved = {holder: {instance.pk} for holder in pk_set}
    else:
        moved = {holder: {instance.pk} for holder in _holders_of(link, instance.pk)}
    entries = []
    present = link.present(moved)
    for holder, targets in moved.items():
        old = present.get(holder, set())
        moving = old if targets is None else targets
        new = old | moving if action == "pre_add" else old - moving
        if new != old:
            entries.append(link.entry(holder, old, new))
    services.record_many(entries)


def entries_without(target: models.Model) -> Iterator[Entry]:
    """The entries of the records that lose ``target``, which is about to be deleted."""
    for link in _by_through.values():
        if not isinstance(target, link.target):
            continue
        for holders in batched(_holders_of(link, target.pk), HOLDERS_AT_ONCE):
            for holder, old in link.present(holders).items():
                yield link.entry(holder, old, old - {target.pk})


def _holders_of(link: Link, target: Any) -> list[Any]:
    rows: Any = models.QuerySet(link.through).filter(**{link.target_column: target})
    return list(rows.values_list(link.holder_column, flat=True))
