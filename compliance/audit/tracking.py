"""Models whose every change leaves an audit entry, in the transaction of the change.

An object remembers the schema that it was loaded from: saved or deleted while the current one is another, it
would overwrite a row of another organisation, so that is refused.
"""

from collections.abc import Iterable
from typing import Any, ClassVar, Self

from django.db import models, router, transaction
from django.db.models import signals

from compliance.audit import deletions, services
from compliance.audit.bulk import AuditedQuerySet
from compliance.audit.images import (
    Image,
    differ,
    filled_names,
    for_entry,
    has_mutable_values,
    is_untouched,
    kept,
    new_value,
    old_value,
    read_raw,
    tracked_fields,
)
from compliance.audit.models import Action
from compliance.audit.verbs import action_of
from tenants.keys.fields import with_companions
from tenants.scope import current_schema

__all__ = ["AuditedModel", "AuditedQuerySet", "WrongOrganization"]


class WrongOrganization(RuntimeError):
    """A bug: an object that was loaded in one organisation is being written in another."""


class AuditedModel(models.Model):
    """The base of models that the audit trail follows."""

    audit_ignored: ClassVar[frozenset[str]] = frozenset({"updated_at", "version"})
    """Names of technical columns, whose changes say nothing."""

    objects: ClassVar[Any] = AuditedQuerySet.as_manager()

    class Meta:
        abstract = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # With a listener Django hands over every object that a deletion reaches, cascades included.
        signals.pre_delete.connect(deletions.note, sender=cls)

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any, **kwargs: Any) -> Self:
        instance = super().from_db(db, field_names, values, **kwargs)
        held = [kept(value) for value in values] if has_mutable_values(cls) else values
        instance._state.image = Image(current_schema(), field_names, held)  # type: ignore[attr-defined]
        return instance

    def refresh_from_db(self, using: Any = None, fields: Any = None, from_queryset: Any = None) -> None:
        super().refresh_from_db(using=using, fields=fields, from_queryset=from_queryset)
        names = None if fields is None else set(fields)
        self.remember(
            field
            for name, field in tracked_fields(type(self)).items()
            if names is None or name in names or field.attname in names
        )

    def save_base(
        self,
        raw: bool = False,
        force_insert: Any = False,
        force_update: bool = False,
        using: str | None = None,
        update_fields: Any = None,
    ) -> None:
        """As ever, with an audit entry, and of a loaded object only the columns are written that changed (and
        those that set themselves, such as ``updated_at``): what others changed meanwhile stays."""
        self.require_own_organization()
        options: dict[str, Any] = {"raw": raw, "using": using}
        database = using or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=database, savepoint=False):
            if force_insert or (self._state.adding and not force_update and not update_fields):
                super().save_base(**options, force_insert=force_insert, force_update=force_update)
                names = filled_names(self)
                services.record(action=Action.CREATED, instance=self, fields=names)
                self.remember(tracked_fields(type(self)).values())
            else:
                self._save_changes(options, force_update, update_fields)

    def _save_changes(self, options: dict[str, Any], force_update: bool, update_fields: Any) -> None:
        changed = self._changed(update_fields)
        written = self._columns_to_write(changed, update_fields)
        if not written:
            return
        super().save_base(**options, force_update=force_update, update_fields=written)
        changes = {}
        self._load_computed(changed)
        for field, old in changed.items():
            new = new_value(field, self)
            if differ(field, old, new):
                changes[field.name] = [for_entry(field, old), for_entry(field, new)]
        if changes:
            services.record(action=action_of(changes), instance=self, changes=changes)
        self.remember(changed)

    def delete(self, using: Any = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        self.require_own_organization()
        with deletions.gathered(using or router.db_for_write(type(self), instance=self)):
            return super().delete(using=using, keep_parents=keep_parents)

    def require_own_organization(self) -> None:
        """Raises :class:`WrongOrganization` where the current schema is not the one that this is from."""
        image = getattr(self._state, "image", None)
        if image is not None and image.schema != current_schema():
            raise WrongOrganization(
                f"{self._meta.label} {self.pk} belongs to another schema than the current one."
            )

    # --- Before and after ----------------------------------------------------------------------------------
    def raw_before(self, fields: Iterable[Any]) -> dict[str, Any]:
        """The raw values of the row by attribute name: as loaded, or read now where they were not."""
        wanted = list(fields)
        image = getattr(self._state, "image", None)
        held = dict(image.values()) if image is not None else {}
        missing = [field for field in wanted if field.attname not in held]
        if missing:
            held |= read_raw(type(self), [self.pk], missing, lock=True).get(self.pk, {})
        return {field.attname: held[field.attname] for field in wanted if field.attname in held}

    def _changed(self, update_fields: Any) -> dict[Any, Any]:
        """The fields of which the attribute is not what the row holds, with the old value."""
        candidates = [
            field
            for name, field in tracked_fields(type(self)).items()
            if field.attname in self.__dict__
            and (update_fields is None or name in update_fields or field.attname in update_fields)
        ]
        before = self.raw_before(candidates)
        changed = {}
        for field in candidates:
            raw = before.get(field.attname)
            if is_untouched(field, raw, self):
                continue
            old, new = old_value(field, raw, self.pk), new_value(field, self)
            if hasattr(new, "resolve_expression") or differ(field, old, new):
                changed[field] = old
        return changed

    def _columns_to_write(self, changed: dict[Any, Any], update_fields: Any) -> frozenset[str]:
        names = {field.name for field in changed}
        for field in self._meta.concrete_fields:
            asked = update_fields is None or field.name in update_fields or field.attname in update_fields
            if not asked or field.primary_key:
                continue
            if getattr(field, "auto_now", False) or self._is_technical_and_changed(field):
                names.add(field.name)
        return frozenset(with_companions(type(self), names))

    def _is_technical_and_changed(self, field: Any) -> bool:
        if field.name not in self.audit_ignored or field.attname not in self.__dict__:
            return False
        image = getattr(self._state, "image", None)
        held = image.values() if image is not None else {}
        return field.attname not in held or bool(held[field.attname] != self.__dict__[field.attname])

    def _load_computed(self, changed: Iterable[Any]) -> None:
        """Read what the database computed."""
        names = [
            field.attname
            for field in changed
            if hasattr(self.__dict__.get(field.attname), "resolve_expression")
            or field.attname not in self.__dict__
        ]
        if names:
            self.refresh_from_db(fields=names)

    def remember(self, fields: Iterable[Any]) -> None:
        """Take the present values of ``fields`` for those of the row."""
        held = {
            field.attname: kept(new_value(field, self)) for field in fields if field.attname in self.__dict__
        }
        # A new image, since copies of the object share the present one.
        image = getattr(self._state, "image", None)
        values = held if image is None else {**image.values(), **held}
        schema = current_schema() if image is None else image.schema
        self._state.image = Image(schema, list(values), list(values.values()))  # type: ignore[attr-defined]
