"""What a chunk of rows means for the data as it is now: new, updated, unchanged, duplicate or rejected."""

import datetime as dt
import json
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Field

from crm.imports.changes import Changes, Differ
from crm.imports.conversion import Converter
from crm.imports.copying import RowWriter
from crm.imports.kinds import VIRTUAL_SLOTS, RecordKind, field_of
from crm.imports.links import Links, NewLinks
from crm.imports.match_keys import Key, domain_of_website
from crm.imports.matching import Candidate, Item, Matcher
from crm.imports.problems import Problem
from crm.imports.rules import Mode, Rules
from crm.imports.seen import SeenKeys
from tenants.scope import current_organization


@dataclass
class Update:
    """A record that a row changes."""

    record: Candidate
    item: Item
    changes: Changes
    new_tags: list[str] = field(default_factory=list)  # hex ids
    old_tags: set[str] = field(default_factory=set)


@dataclass
class Sorted:
    """A chunk's rows by what happens to them."""

    new: list[Item] = field(default_factory=list)
    updated: list[Update] = field(default_factory=list)
    unchanged: int = 0
    duplicates: list[int] = field(default_factory=list)  # lines
    rejected: list[tuple[Item, tuple[Problem, ...]]] = field(default_factory=list)
    links: NewLinks = field(default_factory=NewLinks)
    tag_ids: dict[int, list[str]] = field(default_factory=dict)  # by id() of the item
    met: int = 0  # rows that match a record

    def counts(self) -> Counter[str]:
        return Counter(
            new=len(self.new),
            updated=len(self.updated),
            unchanged=self.unchanged,
            duplicate=len(self.duplicates),
            rejected=len(self.rejected),
            companies_created=len(self.links.companies),
            **self.links.notes,
        )


class Planner:
    """Sorts rows. Holds what stays the same for all chunks of one import."""

    def __init__(
        self, kind: RecordKind, converter: Converter, columns: dict[str, str], rules: Rules, now: dt.datetime
    ) -> None:
        self.kind = kind
        self.rules = rules
        self.slots = _with_derived(kind.name, converter.slots)
        self.at = {slot: position for position, slot in enumerate(self.slots)}
        self.columns = columns  # the file's column of each slot, for problems
        self.now = now
        self.stored = tuple(slot for slot in self.slots if slot not in VIRTUAL_SLOTS)
        self.history_fields = tuple(slot for slot in self.slots if slot != "pipeline")
        self._derived = len(self.slots) - len(converter.slots)
        self._required = tuple(self.at[slot] for slot in kind.required if slot in self.at)

    def links(self) -> Links:
        """A memory of names; one for each thread."""
        return Links(self.kind.name, self.slots, self.now)

    def writer(self, constants: dict[str, Any]) -> RowWriter:
        return RowWriter(self.kind.model, self.slots, constants)

    def sort(
        self,
        items: list[Item],
        links: Links,
        writer: RowWriter,
        seen: SeenKeys | None,
        *,
        lock: bool = False,
        look: bool = True,
    ) -> Sorted:
        """Sort a chunk's rows, as the data is now.

        ``seen`` gathers the keys of the file; it may be left out when the same items are sorted again.
        ``lock`` keeps the matched records from being changed by others until the transaction ends. Without
        ``look`` no row is taken to match a record; the chunk must be checked before it is stored.
        """
        matcher = Matcher(self.kind, self.stored, self.at, self.rules, writer.ciphers)
        differ = Differ(self.kind, self.slots, self.rules, writer.ciphers)
        found = Sorted()
        for item in items:
            item.values = self._completed(item.given)
            item.match = None
        found.links, problems = links.resolve(items, self.columns)
        candidates: list[Item] = []
        for number, item in enumerate(items):
            if number in problems:
                found.rejected.append((item, tuple(problems[number])))
                continue
            key = matcher.give_keys(item)
            if item.repeated is None and seen is not None:
                item.repeated = self._repeated(key, item, seen)
            if item.repeated:
                found.duplicates.append(item.line)
            else:
                candidates.append(item)
        if look or self.rules.mode == Mode.UPDATE:
            matcher.find(candidates, lock=lock)
            found.met = sum(1 for item in candidates if item.match is not None)
        self._decide(candidates, matcher, differ, found)
        self._tag(candidates, links, found)
        self._drop_unused_companies(links, found)
        return found

    def remember(self, items: list[Item], links: Links, writer: RowWriter, seen: SeenKeys) -> None:
        """Only note the items' keys as seen: they were stored before an interruption."""
        matcher = Matcher(self.kind, (), self.at, self.rules, writer.ciphers)
        for item in items:
            item.values = self._completed(item.given)
        _new, problems = links.resolve(items, self.columns)
        for number, item in enumerate(items):
            if number not in problems:
                self._repeated(matcher.give_keys(item), item, seen)
        links.forget()  # what it took for new was stored, or not wanted

    def _completed(self, given: list[str]) -> list[str]:
        """The row's values with those that follow from them."""
        values = given + [""] * self._derived
        if self.kind.name == "companies" and "website" in self.at and not values[self.at["domain"]]:
            values[self.at["domain"]] = domain_of_website(values[self.at["website"]])
        return values

    def _repeated(self, key: Key | None, item: Item, seen: SeenKeys) -> bool:
        if key is None:
            return False
        hashed = hash(key)
        if self._names_somebody(item):
            return not seen.add(hashed)
        # A row that can create nothing must not stand in the way of a later one that can.
        return hashed in seen

    def _names_somebody(self, item: Item) -> bool:
        values = item.values
        return any(values[position] for position in self._required)

    def _decide(self, items: list[Item], matcher: Matcher, differ: Differ, found: Sorted) -> None:
        touched: set[bytes] = set()
        fresh: dict[tuple[int, Key], Item] = {}
        for item in items:
            record = item.match
            if record is None:
                self._decide_new(item, matcher, fresh, found)
            elif record.pk in touched or self.rules.mode == Mode.CREATE:
                found.duplicates.append(item.line)
            else:
                touched.add(record.pk)
                changes = differ.changes(item.values, record)
                found.updated.append(Update(record, item, changes))

    def _decide_new(
        self, item: Item, matcher: Matcher, fresh: dict[tuple[int, Key], Item], found: Sorted
    ) -> None:
        if self.rules.mode == Mode.UPDATE:
            code = "no_match" if any(item.keys) or item.fallback else "match_missing"
            found.rejected.append((item, (Problem("", code),)))
            return
        if not self._names_somebody(item):
            found.rejected.append((item, (Problem("", self.kind.missing),)))
            return
        # Rows of this chunk that share a weaker key are not in the database yet.
        for number, key in enumerate(item.keys):
            if key is None:
                continue
            other = fresh.setdefault((number, key), item)
            if other is not item and not _tell_apart(item.keys, other.keys, number):
                found.duplicates.append(item.line)
                return
        found.new.append(item)

    def _tag(self, items: list[Item], links: Links, found: Sorted) -> None:
        """Which tags the rows bring; settles which matched records change at all."""
        tagged: dict[int, list[str]] = {}
        if "tags" in self.at:
            position = self.at["tags"]
            wanted = [*found.new, *(update.item for update in found.updated)]
            for item in wanted:
                if item.values[position]:
                    names = json.loads(item.values[position])
                    tagged[id(item)] = links.tag_ids(names, found.links)
        found.tag_ids = tagged
        present = self._present_tags([update for update in found.updated if id(update.item) in tagged])
        changed = []
        for update in found.updated:
            update.old_tags = present.get(update.record.pk, set())
            update.new_tags = [tag for tag in tagged.get(id(update.item), ()) if tag not in update.old_tags]
            if update.changes or update.new_tags:
                self._follow(update, links)
                changed.append(update)
            else:
                found.unchanged += 1
        found.updated = changed

    def _present_tags(self, updates: list[Update]) -> dict[bytes, set[str]]:
        if not updates:
            return {}
        owner, table = self.kind.tag_owner_column, self.kind.tag_links._meta.db_table
        statement = f'SELECT {owner}, tag_id FROM "{table}" WHERE {owner} = ANY(%s)'  # noqa: S608  model names
        present: dict[bytes, set[str]] = {}
        with connection.cursor() as cursor:
            cursor.execute(statement, [[uuid.UUID(bytes=update.record.pk) for update in updates]])
            for pk, tag in cursor.fetchall():
                present.setdefault(pk.bytes, set()).add(tag.hex)
        return present

    def _follow(self, update: Update, links: Links) -> None:
        """What changes along with another value: a deal that moves to a closing stage is closed."""
        if self.kind.name == "deals" and self.at["stage"] in update.changes:
            position = self.at["closed_at"]
            old = update.record.raw[self.stored.index("closed_at")]
            new = links.closed_at(update.changes[self.at["stage"]][1])
            if bool(old) != bool(new):
                update.changes[position] = ("" if old is None else old.isoformat(), new)

    def complete_new(self, item: Item, links: Links, defaults: dict[int, str]) -> list[str]:
        """The values of a new record, with what a blank cell stands for."""
        if not defaults:
            return item.values
        values = item.values.copy()
        for position, text in defaults.items():
            if not values[position]:
                values[position] = text
        if self.kind.name == "deals":
            values[self.at["closed_at"]] = links.closed_at(values[self.at["stage"]])
        return values

    def creation_defaults(self, links: Links) -> dict[int, str]:
        """Slots that may not be blank, and what a new record gets there."""
        wanted: dict[str, Any] = {}
        for slot in self.stored:
            found: Field[Any, Any] = field_of(self.kind, slot)
            default = found.get_default()
            if not found.null and default not in (None, ""):
                wanted[slot] = default
        if self.kind.name == "deals":
            wanted |= {"stage": links.first_stage()}
            if "currency" in self.at:
                wanted["currency"] = current_organization().currency
        return {self.at[slot]: str(value) for slot, value in wanted.items()}

    def _drop_unused_companies(self, links: Links, found: Sorted) -> None:
        """Companies that only rejected or repeated rows name are not created."""
        if not found.links.companies:
            return
        position = self.at["company"]
        used = {item.values[position] for item in found.new}
        used |= {update.changes[position][1] for update in found.updated if position in update.changes}
        for key, (company, _name) in list(found.links.companies.items()):
            if company not in used:
                links.forget_company(key)
                del found.links.companies[key]


def _with_derived(kind: str, slots: tuple[str, ...]) -> tuple[str, ...]:
    extra: tuple[str, ...] = ()
    if kind == "companies" and "website" in slots and "domain" not in slots:
        extra = ("domain",)
    if kind == "deals":
        extra = (*(() if "stage" in slots else ("stage",)), "closed_at")
    return slots + extra


def _tell_apart(one: tuple[Key, ...], other: tuple[Key, ...], before: int) -> bool:
    return any(
        a is not None and b is not None and a != b for a, b in zip(one[:before], other[:before], strict=True)
    )
