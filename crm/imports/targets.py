"""What the columns of a file can become: the fields of each record kind, and the header names that mean them.

A target is where a *column* goes; a slot is the stored field that it fills. Several targets may share a slot
(street and city are parts of ``address``; further email columns are items of ``other_emails``).
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from tenants.errors import DomainError

KINDS = ("contacts", "companies", "leads", "deals")

KIND_LABELS: dict[str, Any] = {
    "contacts": _("Contacts"),
    "companies": _("Companies"),
    "leads": _("Leads"),
    "deals": _("Deals"),
}


class UnknownKind(DomainError):
    code = "unknown_kind"
    message = _("This kind of record cannot be imported. Choose contacts, companies, leads or deals.")


@dataclass(frozen=True)
class Target:
    """One place that a column can go to.

    ``type`` is one of text, long_text, email, phone, date, integer, decimal, choice, url, domain, country,
    currency, relation, tags, name, part, email_list, phone_list.
    """

    name: str
    label: Any
    type: str = "text"
    max_length: int = 0
    aliases: tuple[str, ...] = ()
    slot: str = ""
    overflow: str = ""  # the multi target that takes further columns of this meaning
    low: int = 0
    high: int = 0
    choices: tuple[tuple[str, Any], ...] = ()
    spellings: Mapping[str, str] = field(default_factory=dict, hash=False)  # lower case, beside the labels

    @property
    def stored_in(self) -> str:
        return self.slot or self.name

    @property
    def repeatable(self) -> bool:
        """Whether several columns may go here."""
        return self.type in ("email_list", "phone_list", "tags")


_registry: dict[str, dict[str, Target]] = {kind: {} for kind in KINDS}


def register(kind: str, *targets: Target) -> None:
    """Add targets to a kind; other rooms do so from ``ready()``. A name twice is a programming error."""
    if kind not in _registry:
        raise UnknownKind
    for target in targets:
        if target.name in _registry[kind]:
            raise ValueError(f"Target {target.name} of {kind} is registered twice")
        _registry[kind][target.name] = target


def targets(kind: str) -> dict[str, Target]:
    """All targets of a kind by name, in the order that people should see them in."""
    if kind not in _registry:
        raise UnknownKind
    return _registry[kind]


_NO_LETTER = re.compile(r"[^a-z0-9#]+")
_SPELLED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def header_key(name: str) -> str:
    """A header without case, accents, spaces and punctuation: what aliases are compared by."""
    folded = unicodedata.normalize("NFC", name).casefold().translate(_SPELLED)
    plain = "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
    return _NO_LETTER.sub("", plain)


# Headers that count rows or mean nothing to keep: shown as "not imported" instead of guessed at.
IGNORED_HEADERS = frozenset(
    header_key(name) for name in ("Index", "#", "Row", "No", "Nr", "Nr.", "Zeile", "Lfd. Nr.")
)
