"""Which column goes where: guessed from the header names, corrected by people, stored as plain JSON.

A mapping is ``{column header: target name}``; "" (or null in JSON) means that a column is not imported.
"""

import json
import re
from typing import Any

from django.utils.translation import gettext_lazy as _

import crm.imports.standard_targets  # noqa: F401  registers the built-in targets
from crm.imports.targets import IGNORED_HEADERS, Target, header_key, targets
from tenants.errors import DomainError

Mapping = dict[str, str]

_NUMBERED = re.compile(r"(.*?[^0-9])([0-9]{1,2})")
# Without one of these nothing can be created, found or recognised.
IDENTIFYING: dict[str, tuple[str, ...]] = {
    "contacts": ("email", "first_name", "last_name", "full_name", "phone", "other_emails", "external_id"),
    "leads": ("email", "first_name", "last_name", "full_name", "phone", "other_emails", "external_id"),
    "companies": ("name", "domain", "website", "external_id"),
    "deals": ("name", "external_id"),
}


class InvalidMapping(DomainError):
    code = "invalid_mapping"
    message = _("The mapping does not fit the file.")


def auto_map(header: tuple[str, ...], kind: str) -> Mapping:
    """The best guess from the header names alone.

    Every target is used once; further email and phone columns go to "other emails" and "other phones".
    Columns that mean nothing to this kind map to "".
    """
    known = targets(kind)
    aliases: dict[str, tuple[str, int]] = {}
    for target in known.values():
        for rank, alias in enumerate((target.name, *target.aliases)):
            aliases.setdefault(header_key(alias), (target.name, rank))
    found: list[tuple[int, int, int, str]] = []
    for position, name in enumerate(header):
        key = header_key(name)
        if key in IGNORED_HEADERS:
            continue
        numbered = _NUMBERED.fullmatch(key)
        if key in aliases:
            found.append((aliases[key][1], 0, position, aliases[key][0]))
        elif numbered and numbered[1] in aliases:
            found.append((aliases[numbered[1]][1], int(numbered[2]), position, aliases[numbered[1]][0]))
    mapping = dict.fromkeys(header, "")
    used: set[str] = set()
    # The plainest name wins ("Email" before "Work Email"), then the lowest number, then the first column.
    for _rank, _number, position, name in sorted(found):
        free = _free(known, name, used)
        if free is not None:
            used.add(free.name)
            mapping[header[position]] = free.name
    _drop_merged_name(mapping)
    return mapping


def _free(known: dict[str, Target], name: str, used: set[str]) -> Target | None:
    target = known[name]
    if name in used and target.overflow in known:
        target = known[target.overflow]
    return None if target.name in used and not target.repeatable else target


def _drop_merged_name(mapping: Mapping) -> None:
    """A merged name beside its own parts says nothing new."""
    parts = {"first_name", "last_name"} & set(mapping.values())
    for column, name in mapping.items():
        if name == "full_name" and parts:
            mapping[column] = ""


def checked(mapping: dict[str, Any], header: tuple[str, ...], kind: str) -> Mapping:
    """The mapping of all columns of the file, or :class:`InvalidMapping` with what is wrong.

    Columns are found by name, whatever the case; those that the mapping does not name are not imported.
    """
    known = targets(kind)
    columns = {name.casefold(): name for name in header}
    complete = dict.fromkeys(header, "")
    for column, name in mapping.items():
        own = column if column in complete else columns.get(" ".join(str(column).split()).casefold())
        if own is None:
            raise InvalidMapping(_("The file has no column “%(column)s”.") % {"column": column})
        if name and name not in known:
            raise InvalidMapping(
                _("“%(target)s” is no field to import into. Choose one of: %(known)s.")
                % {"target": name, "known": ", ".join(known)}
            )
        complete[own] = str(name or "")
    twice = _used_twice(complete, known)
    if twice is not None:
        raise InvalidMapping(
            _("Two columns go to “%(target)s”; only one can.") % {"target": known[twice].label}
        )
    if not set(complete.values()) & set(IDENTIFYING[kind]):
        raise InvalidMapping(
            _("No column says what the rows are about. Map at least one of: %(known)s.")
            % {"known": ", ".join(str(known[name].label) for name in IDENTIFYING[kind])}
        )
    return complete


def _used_twice(mapping: Mapping, known: dict[str, Target]) -> str | None:
    seen: set[str] = set()
    for name in mapping.values():
        if name in seen and not known[name].repeatable:
            return name
        if name:
            seen.add(name)
    return None


def from_json(text: str) -> dict[str, Any]:
    """The mapping of a mapping file; raises :class:`InvalidMapping` if it is none."""
    try:
        loaded = json.loads(text)
    except ValueError as error:
        raise InvalidMapping(_("The mapping file is not valid JSON.")) from error
    if not isinstance(loaded, dict) or not all(
        value is None or isinstance(value, str) for value in loaded.values()
    ):
        raise InvalidMapping(_("The mapping file must be one JSON object: {“column header”: “field”}."))
    return loaded


def to_json(mapping: Mapping) -> str:
    return json.dumps(
        {column: name or None for column, name in mapping.items()}, ensure_ascii=False, indent=2
    )
