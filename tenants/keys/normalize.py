"""Kinds of searchable text: what counts as equal, and in what a fragment is looked for.

Each kind gives three forms: of a value for the blind index, of a value for fragments (several texts, for a
phone number is written in more than one way), and of the fragment itself.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Protocol

import idna

from tenants.keys import phones


class SearchKind(Protocol):
    """How one kind of text is compared. ``region`` is a country, or None."""

    letter: bytes
    uses_region: bool

    def index_form(self, text: str, region: str | None) -> str:
        """Equal texts of this kind have equal index forms."""

    def search_forms(self, text: str, region: str | None) -> tuple[str, ...]:
        """The texts in which a fragment is looked for."""

    def fragment_form(self, fragment: str) -> str | None:
        """The fragment as it would stand in a search form; None where no value of this kind can hold it."""


def folded(text: str) -> str:
    """Without case, width and compatibility differences (Unicode TR15, NFKC; casefold), outer blanks cut."""
    if text.isascii():
        return text.strip().lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()


class TextKind:
    """Free text: equal without regard to case, width and runs of blanks."""

    letter = b"t"
    uses_region = False

    def index_form(self, text: str, region: str | None) -> str:
        return " ".join(folded(text).split())

    def search_forms(self, text: str, region: str | None) -> tuple[str, ...]:
        return (self.index_form(text, region),)

    def fragment_form(self, fragment: str) -> str | None:
        return self.index_form(fragment, None)


class EmailKind:
    """Email addresses: without regard to case (also of the local part, as every large provider treats it);
    a domain is the same in Unicode and in its ASCII form (IDNA 2008, UTS 46)."""

    letter = b"e"
    uses_region = False

    def index_form(self, text: str, region: str | None) -> str:
        if text.isascii():
            return text.strip().lower()
        local, at, domain = unicodedata.normalize("NFKC", text).strip().rpartition("@")
        return folded(local) + at + _ascii_domain(domain.lower())

    def search_forms(self, text: str, region: str | None) -> tuple[str, ...]:
        form = folded(text)
        if "xn--" in form:
            local, at, domain = form.rpartition("@")
            return (form, folded(local + at + _unicode_domain(domain)))
        return (form,)

    def fragment_form(self, fragment: str) -> str | None:
        return folded(fragment)


class PhoneKind:
    """Phone numbers: equal when they reach the same line (see :mod:`tenants.keys.phones`); fragments are
    runs of digits, in the number as it was written and in its international form."""

    letter = b"p"
    uses_region = True
    _letters = re.compile(r"[^\W\d_]")

    def index_form(self, text: str, region: str | None) -> str:
        return phones.normalize_phone(text, region)

    def search_forms(self, text: str, region: str | None) -> tuple[str, ...]:
        number, extension = phones.split_extension(text)
        written = phones.digits(number)
        dialled = phones.digits(phones.normalize_phone(text, region).partition(";")[0])
        forms = (written,) if dialled in written else (dialled,) if written in dialled else (written, dialled)
        return (*forms, extension) if len(extension) >= phones.SHORTEST_FRAGMENT else forms

    def fragment_form(self, fragment: str) -> str | None:
        return None if self._letters.search(fragment) else phones.digits(fragment)


@lru_cache(4096)
def _ascii_domain(domain: str) -> str:
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return folded(domain)


@lru_cache(4096)
def _unicode_domain(domain: str) -> str:
    try:
        return idna.decode(domain)
    except (idna.IDNAError, UnicodeError):
        return domain


TEXT = TextKind()
EMAIL = EmailKind()
PHONE = PhoneKind()
