"""A mapping compiled into one fast function: cells of a row in, canonical values or a rejection out.

Every value is text in one canonical form (ISO dates, plain numbers, JSON for lists and addresses), "" for
"nothing given". The writer compares and copies these texts without looking at types again.
"""

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from crm.imports import values as read
from crm.imports.mapping import Mapping
from crm.imports.names import split_name
from crm.imports.problems import Problem, Rejection
from crm.imports.targets import Target, targets
from crm.imports.values import NOT_KNOWN, Reading, Refused

Values = list[str]
Convert = Callable[[list[str]], Values | Rejection]

ADDRESS_PARTS = ("street", "postal_code", "city", "region")
_quoted = json.encoder.encode_basestring  # the C function that json itself uses

# Control and invisible characters that no name, address or note needs.
_INVISIBLE = re.compile(
    "[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n?")


def list_json(items: list[str]) -> str:
    """The one form in which lists of texts are stored and compared."""
    return f"[{','.join(map(_quoted, items))}]"


def address_json(address: dict[str, str]) -> str:
    """The one form in which addresses are stored: known parts in a fixed order, no empty ones."""
    return (
        f"{{{','.join(f'"{part}":{_quoted(address[part])}' for part in ADDRESS_PARTS if address.get(part))}}}"
    )


@dataclass(frozen=True)
class Converter:
    """``convert(cells)`` gives one text for each of ``slots``, or all that is wrong with the row."""

    kind: str
    slots: tuple[str, ...]
    convert: Convert


@dataclass
class _Plan:
    slots: list[str]
    plain: list[tuple[int, int, int, str]] = field(default_factory=list)
    typed: list[tuple[int, int, read.Convert, str]] = field(default_factory=list)
    listed: list[tuple[int, int, Callable[[str], list[str]], str]] = field(default_factory=list)
    parts: list[tuple[int, str, int, str]] = field(default_factory=list)
    names: list[tuple[int, int, str]] = field(default_factory=list)
    long_text: set[int] = field(default_factory=set)
    splits: dict[int, tuple[Callable[[str], list[str]], int]] = field(default_factory=dict)


def compile_mapping(
    mapping: Mapping, header: tuple[str, ...], kind: str, reading: Reading = NOT_KNOWN
) -> Converter:
    """The converter of one import. ``mapping`` must be checked against ``header`` already."""
    plan = _plan(mapping, header, kind, reading)
    return Converter(kind, tuple(plan.slots), _converter(plan))


def _plan(mapping: Mapping, header: tuple[str, ...], kind: str, reading: Reading) -> _Plan:
    known = targets(kind)
    wanted = {known[name] for name in mapping.values() if name}
    slots = _slots(known, wanted)
    at = {slot: position for position, slot in enumerate(slots)}
    plan = _Plan(slots)
    for index, column in enumerate(header):
        target = known.get(mapping.get(column, ""))
        if target is not None:
            _place(plan, target, index, at, column, reading)
    return plan


def _slots(known: dict[str, Target], wanted: set[Target]) -> list[str]:
    used = {target.stored_in for target in wanted}
    used |= {target.overflow for target in wanted if target.overflow in known}
    if any(target.type == "name" for target in wanted):
        used |= {"first_name", "last_name"}
    return list(dict.fromkeys(target.stored_in for target in known.values() if target.stored_in in used))


def _place(
    plan: _Plan, target: Target, index: int, at: dict[str, int], column: str, reading: Reading
) -> None:
    position = at[target.stored_in]
    if target.type == "name":
        plan.names.append((index, target.max_length, column))
    elif target.type == "part":
        plan.parts.append((index, target.name, target.max_length, column))
    elif target.type in _LIST_READERS:
        plan.listed.append((index, position, _LIST_READERS[target.type], column))
    elif target.type in ("text", "long_text", "relation"):
        plan.plain.append((index, position, target.max_length, column))
        if target.type == "long_text":
            plan.long_text.add(index)
    else:
        plan.typed.append((index, position, _reader(target, reading), column))
        if target.overflow in at:
            plan.splits[position] = (_LIST_READERS[f"{target.type}_list"], at[target.overflow])


_LIST_READERS: dict[str, Callable[[str], list[str]]] = {
    "email_list": read.emails,
    "phone_list": read.phones,
    "tags": read.tags,
}
_SIMPLE_READERS: dict[str, read.Convert] = {
    "email": read.email,
    "phone": read.phone,
    "url": read.url,
    "domain": read.domain,
    "country": read.country,
    "currency": read.currency,
}


def _reader(target: Target, reading: Reading) -> read.Convert:
    if target.type == "date":
        return read.date_reader(reading.date_order)
    if target.type == "integer":
        return read.integer_reader(target.low, target.high)
    if target.type == "decimal":
        return read.decimal_reader(reading.decimal)
    if target.type == "choice":
        return read.choice_reader(target.choices, target.spellings)
    simple = _SIMPLE_READERS[target.type]
    if not target.max_length:
        return simple
    limit = target.max_length

    def limited(cell: str) -> str:
        if len(cell) > limit:
            raise Refused("too_long", limit=limit)
        value = simple(cell)
        if len(value) > limit:
            raise Refused("too_long", limit=limit)
        return value

    return limited if target.type in ("url", "domain") else simple


def _converter(plan: _Plan) -> Convert:
    blank = [""] * len(plan.slots)
    plain, typed, splits = tuple(plan.plain), tuple(plan.typed), plan.splits
    finishers = _finishers(plan)
    primary = {list_at: position for position, (_reader, list_at) in splits.items()}
    used = _used_columns(plan)
    long_text = frozenset(plan.long_text)

    def convert(cells: list[str]) -> Values | Rejection:
        joined = "".join(cells)
        problems: list[Problem] = []
        if "'" in joined or not (joined.isascii() and joined.isprintable()):
            cells = _cleaned(cells, used, long_text, problems)
        values = blank.copy()
        for index, position, limit, column in plain:
            cell = cells[index].strip()
            if cell:
                if len(cell) > limit:
                    problems.append(Problem(column, "too_long", {"limit": limit}))
                values[position] = cell
        extra: dict[int, list[str]] = {}
        for index, position, reader, column in typed:
            cell = cells[index].strip()
            if cell:
                try:
                    values[position] = reader(cell)
                except Refused as refused:
                    several = _several(splits.get(position), cell)
                    if several:
                        values[position] = several[0]
                        extra.setdefault(splits[position][1], []).extend(several[1:])
                    else:
                        problems.append(Problem(column, refused.code, refused.params))
        for finish in finishers:
            finish(cells, values, extra, problems)
        for position, items in extra.items():
            _set_list(values, position, primary.get(position, -1), items)
        return Rejection(problems) if problems else values

    return convert


def _unquoted(cell: str) -> str:
    """Without the apostrophe that keeps spreadsheets from computing a cell (see ``rejects.safe_cell``)."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@") else cell


def _several(split: tuple[Callable[[str], list[str]], int] | None, cell: str) -> list[str]:
    """The values of a cell that holds several where one was expected."""
    if split is None:
        return []
    try:
        found = split[0](cell)
    except Refused:
        return []
    return found if len(found) > 1 else []


# What rows of plain columns do not need. The third argument gathers the items of each list slot.
_Finish = Callable[[list[str], Values, dict[int, list[str]], list[Problem]], None]


def _finishers(plan: _Plan) -> tuple[_Finish, ...]:
    steps = [(plan.names, _name_finisher), (plan.parts, _address_finisher), (plan.listed, _list_finisher)]
    return tuple(finisher(plan) for wanted, finisher in steps if wanted)


def _name_finisher(plan: _Plan) -> _Finish:
    first_at, last_at = plan.slots.index("first_name"), plan.slots.index("last_name")

    def finish(
        cells: list[str], values: Values, _extra: dict[int, list[str]], problems: list[Problem]
    ) -> None:
        for index, limit, column in plan.names:
            cell = cells[index].strip()
            if cell:
                first, last = split_name(cell)
                if max(len(first), len(last)) > limit // 2:
                    problems.append(Problem(column, "too_long", {"limit": limit // 2}))
                values[first_at], values[last_at] = first, last

    return finish


def _address_finisher(plan: _Plan) -> _Finish:
    position, parts = plan.slots.index("address"), tuple(plan.parts)

    def finish(
        cells: list[str], values: Values, _extra: dict[int, list[str]], problems: list[Problem]
    ) -> None:
        address: dict[str, str] = {}
        for index, name, limit, column in parts:
            cell = cells[index].strip()
            if cell:
                address[name] = cell
                if len(cell) > limit:
                    problems.append(Problem(column, "too_long", {"limit": limit}))
        if address:
            values[position] = address_json(address)

    return finish


def _list_finisher(plan: _Plan) -> _Finish:
    listed = tuple(plan.listed)

    def finish(
        cells: list[str], _values: Values, extra: dict[int, list[str]], problems: list[Problem]
    ) -> None:
        for index, position, reader, column in listed:
            cell = cells[index].strip()
            if cell:
                try:
                    extra.setdefault(position, []).extend(reader(cell))
                except Refused as refused:
                    problems.append(Problem(column, refused.code, refused.params))

    return finish


def _set_list(values: Values, position: int, primary: int, items: list[str]) -> None:
    """A list without repetitions; the first item moves up where the primary value is missing."""
    if len(items) == 1 and (primary < 0 or (values[primary] and values[primary] != items[0])):
        values[position] = f"[{_quoted(items[0])}]"
        return
    if primary >= 0 and not values[primary] and items:
        values[primary] = items.pop(0)
    taken = {values[primary].casefold()} if primary >= 0 else set()
    kept = []
    for item in items:
        if item.casefold() not in taken:
            taken.add(item.casefold())
            kept.append(item)
    if kept:
        values[position] = list_json(kept)


def _used_columns(plan: _Plan) -> tuple[tuple[int, str], ...]:
    steps: list[tuple[Any, ...]] = [*plan.plain, *plan.typed, *plan.listed, *plan.parts, *plan.names]
    return tuple(sorted((step[0], step[-1]) for step in steps))


def _cleaned(
    cells: list[str], used: tuple[tuple[int, str], ...], long_text: frozenset[int], problems: list[Problem]
) -> list[str]:
    """Cells in NFC without characters that nobody can see; undecodable bytes and NUL become problems."""
    cleaned = list(cells)
    for index, column in used:
        cell = cleaned[index] = _unquoted(cells[index])
        if cell.isascii() and cell.isprintable():
            continue
        if _NO_TEXT.search(cell):
            problems.append(Problem(column, "bad_characters"))
            cleaned[index] = ""
            continue
        cell = _INVISIBLE.sub("", unicodedata.normalize("NFC", cell))
        cell = _LINE_ENDS.sub("\n", cell)
        cleaned[index] = cell if index in long_text else cell.replace("\n", " ").replace("\t", " ")
    return cleaned
