"""Writing records of any kind: saving, tags, the trash."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Model
from django.utils.translation import gettext_lazy as _

from compliance.audit.context import acting_as
from compliance.audit.links import record_changes
from crm.records.models import Record, Tag
from tenants.errors import DomainError

CHUNK = 1_000  # records in one statement


class StaleRecord(DomainError):
    code = "stale_record"
    message = _("Somebody else changed this record since you opened it. Compare both and save again.")


def save_record[R: Record](
    *, record: R, actor: Any, tags: Iterable[Tag] | None = None, seen_version: int | None = None
) -> R:
    """Write a new or changed record, whose fields the caller has validated, and its tags.

    With ``seen_version`` it raises :class:`StaleRecord` where somebody else saved since that version.
    """
    with transaction.atomic(), acting_as(actor=actor):
        if record._state.adding:
            record.created_by_id = getattr(actor, "pk", None)
        else:
            version = locked_version(record)
            if seen_version is not None and version != seen_version:
                raise StaleRecord
            record.version = version + 1
        record.save()
        if tags is not None:
            set_tags(record=record, tags=tags, actor=actor)
    return record


def locked_version(record: Record) -> int:
    """The version in the database; nobody else can save the record until the transaction ends."""
    rows = type(record).all_objects.select_for_update(of=("self",))
    return int(rows.values_list("version", flat=True).get(pk=record.pk))


def set_tags(*, record: Record, tags: Iterable[Tag], actor: Any) -> None:
    """Make these the record's tags, with an audit entry where they differ."""
    manager: Any = record.tags  # type: ignore[attr-defined]
    wanted = {tag.pk for tag in tags}
    if wanted == set(manager.values_list("pk", flat=True)):
        return
    with transaction.atomic(), acting_as(actor=actor):
        manager.set(wanted)  # the audit follows the relation


def add_tag(*, records: Iterable[Record], tag: Tag, actor: Any) -> int:
    """Put a tag on records of one kind; returns how many did not have it yet."""
    rows = list(records)
    if not rows:
        return 0
    model = type(rows[0])
    through, record_column = tag_link(model)
    added = 0
    with transaction.atomic(), acting_as(actor=actor):
        for chunk in chunks([row.pk for row in rows]):
            tags_of: dict[uuid.UUID, set[uuid.UUID]] = {pk: set() for pk in chunk}
            links = through._default_manager.filter(**{f"{record_column}__in": chunk})
            for pk, tag_id in links.values_list(record_column, "tag_id"):
                tags_of[pk].add(tag_id)
            new = [pk for pk in chunk if tag.pk not in tags_of[pk]]
            through._default_manager.bulk_create(
                [through(tag=tag, **{record_column: pk}) for pk in new], ignore_conflicts=True
            )
            record_changes(model, "tags", {pk: (tags_of[pk], {*tags_of[pk], tag.pk}) for pk in new})
            added += len(new)
    return added


def tag_link(model: type[Model]) -> tuple[type[Model], str]:
    """The model between a kind and its tags, and the name of its column for the record."""
    field: Any = model._meta.get_field("tags")
    return field.remote_field.through, f"{field.m2m_field_name()}_id"


def move_to_trash(*, records: Iterable[Record], actor: Any, now: datetime) -> int:
    """Take records of one kind out of every list; returns how many were not in the trash already."""
    values = {"deleted_at": now, "deleted_by_id": actor.pk}
    return _update(records, actor, now, trashed=False, values=values)


def restore(*, records: Iterable[Record], actor: Any, now: datetime) -> int:
    """Bring records of one kind back from the trash; returns how many."""
    values = {"deleted_at": None, "deleted_by_id": None}
    return _update(records, actor, now, trashed=True, values=values)


def purge(*, records: Iterable[Record], actor: Any) -> int:
    """Remove records of one kind for good, if they are in the trash; returns how many."""
    removed = 0
    with transaction.atomic(), acting_as(actor=actor):
        for model, keys in _keys(records):
            for chunk in chunks(keys):
                _total, by_kind = model.all_objects.filter(pk__in=chunk).trashed().delete()
                removed += by_kind.get(model._meta.label, 0)
    return removed


def _update(
    records: Iterable[Record], actor: Any, now: datetime, *, trashed: bool, values: dict[str, Any]
) -> int:
    done = 0
    with transaction.atomic(), acting_as(actor=actor):
        for model, keys in _keys(records):
            for chunk in chunks(keys):
                rows = model.all_objects.filter(pk__in=chunk, deleted_at__isnull=not trashed)
                done += rows.update(**values, updated_at=now, version=F("version") + 1)
    return done


def _keys(records: Iterable[Record]) -> list[tuple[Any, list[uuid.UUID]]]:
    rows = list(records)
    return [(type(rows[0]), [row.pk for row in rows])] if rows else []


def chunks(keys: list[uuid.UUID]) -> Iterable[list[uuid.UUID]]:
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]
