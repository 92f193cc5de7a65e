"""What a row would change in the record that it matches."""

import json
import uuid
from collections.abc import Callable
from typing import Any

from django.db.models import IntegerField

from crm.imports.conversion import address_json, list_json
from crm.imports.kinds import LIST_SLOTS, VIRTUAL_SLOTS, RecordKind
from crm.imports.matching import Candidate, record_text
from crm.imports.rules import Fill, Rules
from tenants.keys.bulk import FieldCipher

Changes = dict[int, tuple[str, str]]
"""Position of the slot: old and new text."""


class Differ:
    """Compares rows with records. A blank cell changes nothing; lists only grow; an address changes by its
    parts."""

    def __init__(
        self, kind: RecordKind, slots: tuple[str, ...], rules: Rules, ciphers: dict[str, FieldCipher]
    ) -> None:
        self._fill_empty = rules.fill == Fill.FILL_EMPTY
        stored = [slot for slot in slots if slot not in VIRTUAL_SLOTS]
        self._readers = [
            (slots.index(slot), number, record_text(kind, slot, ciphers.get(slot)), _MERGES.get(slot))
            for number, slot in enumerate(stored)
        ]

    def changes(self, values: list[str], record: Candidate) -> Changes:
        found: Changes = {}
        pk, raw, fill_empty = record.pk, record.raw, self._fill_empty
        for position, number, read, merge in self._readers:
            new = values[position]
            if not new:
                continue
            old = read(pk, raw[number])
            if old and merge is not None:
                new = merge(old, new, fill_empty)
            elif old and fill_empty:
                continue
            if new != old:
                found[position] = (old, new)
        return found


def merged_list(old: str, new: str, _fill_empty: bool) -> str:
    """The old items, and the new ones that are not among them whatever their case."""
    items: list[str] = json.loads(old)
    known = {item.casefold() for item in items}
    added = [item for item in json.loads(new) if item.casefold() not in known]
    return list_json(items + added) if added else old


def merged_address(old: str, new: str, fill_empty: bool) -> str:
    """The old address with the parts that the row gives."""
    before: dict[str, str] = json.loads(old)
    given: dict[str, str] = json.loads(new)
    after = (
        {**given, **{part: text for part, text in before.items() if text}}
        if fill_empty
        else {**before, **given}
    )
    return old if after == before else address_json(after)


_MERGES: dict[str, Callable[[str, str, bool], str]] = {
    **dict.fromkeys(LIST_SLOTS, merged_list),
    "address": merged_address,
}


def for_history(field: Any, text: str) -> Any:
    """A value as audit entries hold it: an empty text as such where the column has no NULL, else null."""
    if not text:
        return None if field.null else ""
    if field.name in _MERGES:
        return json.loads(text)
    if field.is_relation:
        return str(uuid.UUID(hex=text))
    return int(text) if isinstance(field, IntegerField) else text
