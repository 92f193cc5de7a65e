"""A sorted chunk as the database takes it, built before its transaction: COPY lines and UPDATE arrays."""

import datetime as dt
import json
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from uuid_utils import uuid7

from compliance.audit.models import Action
from compliance.audit.services import Entry, kind_of
from crm.companies.models import Company
from crm.imports.changes import for_history
from crm.imports.copying import RowWriter, copy_statement
from crm.imports.kinds import field_of, is_encrypted
from crm.imports.links import Links
from crm.imports.models import ImportReject
from crm.imports.planning import Planner, Sorted, Update
from crm.records.models import Tag

UPDATED_AT, VERSION = "updated_at", "version"


@dataclass(frozen=True)
class Origin:
    """Who imports what, when: the same for every row of an import."""

    import_id: uuid.UUID
    actor_id: uuid.UUID | None
    currency: str = ""


@dataclass
class Batch:
    """Statements in the order in which they must run."""

    copies: list[tuple[str, list[str]]] = field(default_factory=list)
    updates: list[tuple[str, list[Any]]] = field(default_factory=list)
    history: list[Entry] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


class BatchBuilder:
    """Builds the statements of one chunk. Bound to the keys of the moment: make one for each chunk."""

    def __init__(self, planner: Planner, origin: Origin, now: dt.datetime) -> None:
        self.planner = planner
        self.kind = planner.kind
        self.origin = origin
        self.now = now
        self._own = {
            "created_at": now,
            "updated_at": now,
            "created_by_id": origin.actor_id,
            "version": 1,
        }
        self.records = planner.writer(self._own | ({"currency": origin.currency} if origin.currency else {}))

    def build(self, found: Sorted, links: Links) -> Batch:
        batch = Batch(counts=dict(found.counts()))
        self._companies(found, batch)
        self._tags(found, batch)
        tag_links: list[str] = []
        self._new(found, links, batch, tag_links)
        self._updates(found.updated, batch, tag_links)
        if tag_links:
            link = self.kind.tag_links._meta.db_table
            columns = ["id", self.kind.tag_owner_column, "tag_id"]
            batch.copies.append((copy_statement(link, columns), tag_links))
        self._rejects(found, batch)
        return batch

    # --- What rows bring along -----------------------------------------------------------------------------
    def _companies(self, found: Sorted, batch: Batch) -> None:
        if not found.links.companies:
            return
        writer = RowWriter(Company, ("name",), self._own)
        lines = []
        for company, name in found.links.companies.values():
            lines.append(writer.line(bytes.fromhex(company), [name], {}))
            batch.history.append(_created(kind_of(Company), company, ("name",)))
        batch.copies.append((writer.statement, lines))

    def _tags(self, found: Sorted, batch: Batch) -> None:
        if not found.links.tags:
            return
        writer = RowWriter(Tag, ("name",), {"created_at": self.now})
        lines = []
        for tag, name in found.links.tags.values():
            lines.append(writer.line(bytes.fromhex(tag), [name], {}))
            batch.history.append(_created(kind_of(Tag), tag, ("name",)))
        batch.copies.append((writer.statement, lines))

    # --- Rows ----------------------------------------------------------------------------------------------
    def _new(self, found: Sorted, links: Links, batch: Batch, tag_links: list[str]) -> None:
        if not found.new:
            return
        planner, line = self.planner, self.records.line
        defaults = planner.creation_defaults(links)
        label, fields = kind_of(self.kind.model), planner.history_fields
        lines = []
        for item in found.new:
            key = uuid7()
            pk = key.bytes
            values = planner.complete_new(item, links, defaults)
            lines.append(line(pk, values, item.digests))
            batch.history.append(Entry(Action.CREATED, label, key, None, fields))  # type: ignore[arg-type]
            if id(item) in found.tag_ids:
                tag_links += _tag_lines(pk.hex(), found.tag_ids[id(item)])
        batch.copies.append((self.records.statement, lines))

    def _updates(self, updates: list[Update], batch: Batch, tag_links: list[str]) -> None:
        label = kind_of(self.kind.model)
        groups: dict[tuple[int, ...], list[Update]] = defaultdict(list)
        for update in updates:
            groups[tuple(sorted(update.changes))].append(update)
            pk = update.record.pk.hex()
            tag_links += _tag_lines(pk, update.new_tags)
            batch.history.append(
                Entry(Action.UPDATED, label, uuid.UUID(bytes=update.record.pk), self._for_history(update))
            )
        for positions, group in groups.items():
            batch.updates.append(self._update_statement(positions, group))

    def _for_history(self, update: Update) -> dict[str, list[Any]]:
        """Old and new values, which undoing an import restores."""
        slots = self.planner.slots
        shown = {
            slots[position]: [for_history(field_of(self.kind, slots[position]), text) for text in pair]
            for position, pair in update.changes.items()
        }
        if update.new_tags:
            both = [update.old_tags, update.old_tags | set(update.new_tags)]
            shown["tags"] = [sorted(str(uuid.UUID(hex=tag)) for tag in tags) for tags in both]
        return shown

    def _update_statement(self, positions: tuple[int, ...], group: list[Update]) -> tuple[str, list[Any]]:
        """One statement for all rows that change the same fields."""
        names, types, setters = ["id"], ["uuid"], []
        arrays: list[list[Any]] = [[uuid.UUID(bytes=update.record.pk) for update in group]]
        for position in positions:
            slot = self.planner.slots[position]
            found = field_of(self.kind, slot)
            texts = [update.changes[position][1] for update in group]
            if is_encrypted(found):
                for column, kind, values in self._sealed(slot, texts, group):
                    names.append(column)
                    types.append(kind)
                    arrays.append(values)
                    setters.append(f'"{column}" = v."{column}"' + ("::integer[]" if kind == "text" else ""))
            else:
                names.append(found.column)
                types.append("text")
                arrays.append([text or None for text in texts] if found.null else texts)
                setters.append(f'"{found.column}" = v."{found.column}"::{found.db_type(connection)}')
        setters += [f'"{UPDATED_AT}" = %s', f'"{VERSION}" = t."{VERSION}" + 1']
        listed = ", ".join(f'"{name}"' for name in names)
        unnested = ", ".join(f"%s::{kind}[]" for kind in types)
        statement = (
            f'UPDATE "{self.kind.model._meta.db_table}" t SET {", ".join(setters)}'  # noqa: S608  model names
            f" FROM unnest({unnested}) AS v({listed}) WHERE t.id = v.id"
        )
        return statement, [self.now, *arrays]

    def _sealed(self, slot: str, texts: list[str], group: list[Update]) -> list[tuple[str, str, list[Any]]]:
        cipher = self.records.ciphers[slot]
        found: Any = cipher.field
        columns: list[tuple[str, str, list[Any]]] = [
            (
                found.column,
                "bytea",
                [cipher.seal(update.record.pk, text) for update, text in zip(group, texts, strict=True)],
            )
        ]
        if found.exact:
            columns.append((found.index_name, "bytea", [cipher.index(text) for text in texts]))
        if found.fragments:
            columns.append((found.grams_name, "text", [cipher.grams_text(text) for text in texts]))
        return columns

    def _rejects(self, found: Sorted, batch: Batch) -> None:
        if not found.rejected:
            return
        writer = RowWriter(
            ImportReject, ("line", "cells", "reasons"), {"of_import_id": self.origin.import_id}
        )
        lines = []
        for item, problems in found.rejected:
            cells = json.dumps(item.cells, ensure_ascii=True)  # undecodable bytes stay as escapes
            reasons = json.dumps([problem.as_json() for problem in problems], ensure_ascii=False)
            lines.append(writer.line(uuid7().bytes, [str(item.line), cells, reasons], {}))
        batch.copies.append((writer.statement, lines))


def _created(label: str, pk: str, fields: tuple[str, ...]) -> Entry:
    """The record itself holds the values."""
    return Entry(Action.CREATED, label, uuid.UUID(hex=pk), None, fields)


def _tag_lines(pk: str, tags: list[str]) -> list[str]:
    return [f"{uuid7().hex}\t{pk}\t{tag}" for tag in tags]
