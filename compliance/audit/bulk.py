"""Bulk writes that leave an entry for each row that they change."""

from collections.abc import Collection, Iterable, Iterator
from itertools import batched
from typing import Any, Self

from django.db import models, transaction

from compliance.audit import deletions, services
from compliance.audit.images import (
    changes_between,
    differ,
    filled_names,
    for_entry,
    new_value,
    old_value,
    read_raw,
    tracked_fields,
)
from compliance.audit.models import Action
from compliance.audit.services import Entry
from compliance.audit.verbs import action_of
from tenants.keys.errors import UnanswerableLookup
from tenants.keys.querysets import EncryptedQuerySet

ROWS_AT_ONCE = 2_000


class AuditedQuerySet(EncryptedQuerySet[Any]):
    """The base of querysets of audited models. Each bulk write is one transaction with its entries; the rows
    are locked, read and written in portions."""

    _writes_entries = True

    def _clone(self) -> Self:
        clone = super()._clone()
        clone._writes_entries = self._writes_entries
        return clone

    def _without_entries(self) -> Self:
        """For what Django does with this queryset inside a method that writes the entries itself."""
        clone: Self = self._chain()  # type: ignore[attr-defined]
        clone._writes_entries = False
        return clone

    # --- update --------------------------------------------------------------------------------------------
    def update(self, **kwargs: Any) -> int:
        fields = self._tracked(kwargs)
        if not fields or not self._writes_entries:
            return super().update(**kwargs)
        self._for_write = True
        with transaction.atomic(using=self.db, savepoint=False):
            # The condition may be about what is going to change, so the rows are settled first.
            found = models.QuerySet.order_by(self.resolved()).values_list("pk", flat=True)
            pks = list(dict.fromkeys(found))  # a join may find a row twice
            return sum(self._update_portion(list(portion), fields, kwargs) for portion in _portions(pks))

    update.alters_data = True  # type: ignore[attr-defined]

    def _update_portion(self, pks: list[Any], fields: list[Any], kwargs: dict[str, Any]) -> int:
        before = read_raw(self.model, pks, fields, lock=True)
        rows = self._without_entries().filter(pk__in=list(before))
        updated = super(AuditedQuerySet, rows).update(**kwargs)
        # What was written is read back: the database may have computed it, and a row that changed between the
        # choice and the lock may no longer have met the condition.
        after = read_raw(self.model, before, fields, lock=False)
        services.record_many(self._updates(fields, before, after))
        return updated

    def _updates(
        self, fields: list[Any], before: dict[Any, dict[str, Any]], after: dict[Any, dict[str, Any]]
    ) -> Iterator[Entry]:
        kind = services.kind_of(self.model)
        for pk, old in before.items():
            changes = changes_between(fields, old, after[pk], pk) if pk in after else None
            if changes:
                yield Entry(action_of(changes), kind, pk, changes)

    def _tracked(self, names: Iterable[str]) -> list[Any]:
        names = set(names)
        return [
            field
            for name, field in tracked_fields(self.model).items()
            if name in names or field.attname in names
        ]

    # --- bulk_update ---------------------------------------------------------------------------------------
    def bulk_update(self, objs: Iterable[Any], fields: Iterable[str], batch_size: int | None = None) -> int:
        objs, names = list(objs), list(fields)
        tracked = self._tracked(names)
        if not tracked or not self._writes_entries:
            return super().bulk_update(objs, names, batch_size)
        for obj in objs:
            obj.require_own_organization()
        self._for_write = True
        updated = 0
        with transaction.atomic(using=self.db, savepoint=False):
            for portion in _portions(objs):
                before = read_raw(self.model, [obj.pk for obj in portion], tracked, lock=True)
                plain: Any = super(AuditedQuerySet, self._without_entries())
                updated += plain.bulk_update(portion, names, batch_size)
                if any(_is_computed(obj, field) for obj in portion for field in tracked):
                    after = read_raw(self.model, before, tracked, lock=False)
                    services.record_many(self._updates(tracked, before, after))
                else:
                    services.record_many(self._differences(portion, tracked, before))
        for obj in objs:
            obj.remember(tracked)
        return updated

    bulk_update.alters_data = True  # type: ignore[attr-defined]

    def _differences(
        self, objs: Iterable[Any], fields: list[Any], before: dict[Any, dict[str, Any]]
    ) -> Iterator[Entry]:
        kind = services.kind_of(self.model)
        for obj in objs:
            raw = before.get(obj.pk)
            if raw is None:
                continue  # the row is gone, so nothing was changed
            changes = {}
            for field in fields:
                old, new = old_value(field, raw[field.attname], obj.pk), new_value(field, obj)
                if differ(field, old, new):
                    changes[field.name] = [for_entry(field, old), for_entry(field, new)]
            if changes:
                yield Entry(action_of(changes), kind, obj.pk, changes)

    # --- bulk_create ---------------------------------------------------------------------------------------
    def bulk_create(
        self,
        objs: Iterable[Any],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Collection[str] | None = None,
        unique_fields: Collection[str] | None = None,
    ) -> list[Any]:
        objs = list(objs)
        options: dict[str, Any] = {
            "batch_size": batch_size,
            "ignore_conflicts": ignore_conflicts,
            "update_conflicts": update_conflicts,
            "update_fields": update_fields,
            "unique_fields": unique_fields,
        }
        if update_conflicts and not set(unique_fields or ()) <= {"pk", self.model._meta.pk.name}:
            raise UnanswerableLookup(
                "Which rows a conflict changes is not known before, so it could not be recorded: find them"
                " first, then bulk_update() those that exist and bulk_create() the others."
            )
        self._for_write = True
        with transaction.atomic(using=self.db, savepoint=False):
            if ignore_conflicts or update_conflicts:
                return self._create_or_conflict(objs, options)
            made = super().bulk_create(objs, **options)
            services.record_many(map(_creation, objs))
        for obj in objs:
            obj.remember(tracked_fields(self.model).values())
        return made

    bulk_create.alters_data = True  # type: ignore[attr-defined]

    def _create_or_conflict(self, objs: list[Any], options: dict[str, Any]) -> list[Any]:
        """Which rows are new and which were changed shows when the rows before and after are compared."""
        fields = self._tracked(options["update_fields"] or ())
        pks = [obj.pk for obj in objs]
        before = read_raw(self.model, pks, fields, lock=True)
        made = super().bulk_create(objs, **options)
        after = read_raw(self.model, pks, fields, lock=False)
        new = (obj for obj in objs if obj.pk in after and obj.pk not in before)
        services.record_many(map(_creation, new))
        services.record_many(self._updates(fields, before, after))
        return made

    # --- delete --------------------------------------------------------------------------------------------
    def delete(self) -> tuple[int, dict[str, int]]:
        with deletions.gathered(self.db):
            return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def _raw_delete(self, using: Any) -> int:
        """What Django calls where it takes nobody to be interested in the rows."""
        fields = list(tracked_fields(self.model).values())
        with transaction.atomic(using=using, savepoint=False):
            pks = list(models.QuerySet.order_by(self).values_list("pk", flat=True))
            for portion in _portions(pks):
                before = read_raw(self.model, portion, fields, lock=True)
                services.record_many(deletions.removal(self.model, pk, held) for pk, held in before.items())
            chosen: Any = models.QuerySet(self.model, using=using).filter(pk__in=pks)
            deleted: int = chosen._raw_delete(using)
        return deleted

    _raw_delete.alters_data = True  # type: ignore[attr-defined]


def _creation(obj: models.Model) -> Entry:
    return Entry(Action.CREATED, services.kind_of(obj), obj.pk, None, filled_names(obj))


def _portions(items: list[Any]) -> Iterator[list[Any]]:
    return (list(portion) for portion in batched(items, ROWS_AT_ONCE))


def _is_computed(obj: models.Model, field: Any) -> bool:
    return hasattr(getattr(obj, field.attname), "resolve_expression")
