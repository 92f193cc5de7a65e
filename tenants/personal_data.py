"""What each column holds about people: the vocabulary, and the registry that every room declares into.

``declare(Model, {"column": ...})`` stands in the ``personal_data`` module of each room. What follows from it:
the system check that refuses an undeclared column, and the data map, from which personal data are found,
exported and erased.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django.db import models


class Category(StrEnum):
    """What kind of personal data."""

    IDENTITY = "identity"  # names, birth date
    CONTACT = "contact"  # email, phone, postal address, website
    PROFESSION = "profession"  # employer, position
    COMMERCIAL = "commercial"  # what somebody buys or may buy
    FREE_TEXT = "free text"  # whatever somebody wrote
    CREDENTIAL = "credential"  # what proves who somebody is
    ACTIVITY = "activity"  # who did what, and when
    PREFERENCE = "preference"  # language and the like


class Purpose(StrEnum):
    """What it is used for."""

    ACCOUNT = "account"  # running somebody's account
    CRM = "crm"  # the organisation's dealings with its contacts
    SECURITY = "security"  # knowing who changed what
    OPERATION = "operation"  # doing what somebody asked for in the background


class Erasure(StrEnum):
    """What becomes of it when the person is erased."""

    DELETE = "delete"  # the row goes
    CLEAR = "clear"  # the row stays, the column is emptied
    ANONYMISE = "anonymise"  # the value stays and no longer leads to the person
    RETAIN = "retain"  # a law says so, which ``law`` names


@dataclass(frozen=True, slots=True)
class Personal:
    """A column that holds personal data.

    ``portable``: the person provided it and may take it elsewhere (GDPR, Art. 20). ``third_party``: it may
    tell about somebody else too and is reviewed before it is handed out. ``keys``: what a JSON column holds;
    ``shape`` says it where that is not an object with fixed keys.
    """

    category: Category
    purposes: tuple[Purpose, ...]
    erasure: Erasure
    portable: bool = False
    third_party: bool = False
    law: str = ""
    keys: tuple[str, ...] = ()
    shape: str = ""

    def __post_init__(self) -> None:
        if not self.purposes:
            raise ValueError("Personal data need a purpose.")
        if (self.erasure is Erasure.RETAIN) != bool(self.law):
            raise ValueError("Erasure.RETAIN names the law, and nothing else does.")


@dataclass(frozen=True, slots=True)
class Technical:
    """A key, a time, a state, a count: nothing about a person by itself."""


@dataclass(frozen=True, slots=True)
class Exempt:
    """No personal data, for a reason that is not obvious."""

    reason: str

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError("An exemption needs its reason.")


TECHNICAL: Final = Technical()

Declaration = Personal | Technical | Exempt
Model = type[models.Model]

_columns: dict[Model, dict[str, Declaration]] = {}
_exempt: dict[Model, str] = {}


def declare(model: Model, columns: Mapping[str, Declaration]) -> None:
    """Say what each column of ``model`` holds, by field name. May be called again with further columns."""
    known = _columns.setdefault(model, {})
    twice = known.keys() & columns.keys()
    if twice:
        raise ValueError(f"{model._meta.label} is declared twice: {', '.join(sorted(twice))}.")
    known.update(columns)


def exempt(model: Model, reason: str) -> None:
    """Say that a model as a whole holds no personal data, and why."""
    _exempt[model] = Exempt(reason).reason


def declarations() -> dict[Model, dict[str, Declaration]]:
    """Everything that was declared, by model. Of a model that is exempt as a whole each column is."""
    found: dict[Model, dict[str, Declaration]] = {
        model: {field.name: Exempt(reason) for field in model._meta.concrete_fields}
        for model, reason in _exempt.items()
    }
    found.update((model, dict(columns)) for model, columns in _columns.items())
    return found


def exempt_models() -> dict[Model, str]:
    """The models that are exempt as a whole, with the reason."""
    return dict(_exempt)


def searchable(name: str, declaration: Declaration, *, fragments: bool = True) -> dict[str, Declaration]:
    """The declarations of a searchable encrypted column and of its companions.

    A blind index and keyed n-grams can be compared with a guess, so they are personal data too, and go with
    the column.
    """
    names = (name, f"{name}_index", *([f"{name}_grams"] if fragments else []))
    return dict.fromkeys(names, declaration)


def technical(*names: str) -> dict[str, Declaration]:
    """Several technical columns."""
    return dict.fromkeys(names, TECHNICAL)


def is_json(field: Any) -> bool:
    """Whether a column holds JSON, of which a declaration must say what is in it."""
    return isinstance(field, models.JSONField) or field.__class__.__name__ == "EncryptedJSONField"
