"""What a job may be given, remember and return: ids, choices, numbers, and nobody's personal data."""

import json
import re
import uuid
from collections.abc import Mapping
from typing import Any

from tenants.jobs.errors import PersonalValue

_IDENTIFIER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,99}\Z")
_TELEPHONE = re.compile(r"(?!\d{4}-\d\d-\d\d\Z)\d[\d.-]{6,18}\Z")  # but not a date
_EMAIL = re.compile(r"""[^\s@"]@[^\s@"]""")
_LIST_LIMIT = 10_000


def plain(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as JSON holds them: UUIDs become text, tuples lists.

    Raises :class:`PersonalValue` for a text that is no identifier (a name, an email address, a telephone
    number) and TypeError for what is not a scalar or a list of scalars.
    """
    return {name: _plain_value(name, value) for name, value in arguments.items()}


def _plain_value(name: str, value: Any) -> Any:
    if isinstance(value, list | tuple):
        if len(value) > _LIST_LIMIT:
            raise ValueError(
                f"The job argument {name} has more than {_LIST_LIMIT} values: store them in a row."
            )
        return [_plain_scalar(name, item) for item in value]
    return _plain_scalar(name, value)


def _plain_scalar(name: str, value: Any) -> str | int | float | bool | None:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, uuid.UUID):
        return str(value)
    if not isinstance(value, str):
        raise TypeError(f"The job argument {name} is a {type(value).__name__}: pass an id.")
    text = str(value)  # an enumeration's member becomes its value
    if text and (not _IDENTIFIER.match(text) or _TELEPHONE.match(text)):
        raise PersonalValue(
            f"The job argument {name} is not an identifier: pass the id of a row that holds it."
        )
    return text


def without_addresses(what: str, data: Mapping[str, Any] | None) -> None:
    """Raises :class:`PersonalValue` when a checkpoint or a result holds an email address."""
    if data and _EMAIL.search(json.dumps(data)):
        raise PersonalValue(f"The {what} of a job holds an email address: keep ids and counts.")
