"""What can be wrong with one cell or one row of a file, as stable codes and as sentences for people.

A problem never carries the value: only the column, the code and the numbers that its sentence needs. So it
may be stored, counted and shown to people who may not see the rows.
"""

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

MESSAGES: dict[str, Any] = {
    "too_many_cells": _("The row has more cells (%(cells)s) than the file has columns (%(columns)s)."),
    "open_quote": _(
        "A quotation mark that opens in line %(first)s is not closed before line %(last)s: "
        "the lines between were read as one row."
    ),
    "cell_too_large": _(
        "A cell is larger than %(limit)s characters; perhaps a quotation mark is not closed."
    ),
    "bad_characters": _("The cell holds bytes that are no text (wrong encoding or a NUL byte)."),
    "formula_without_value": _(
        "The cell is a formula without a stored result; save the sheet in a spreadsheet program."
    ),
    "cell_error": _("The cell holds a spreadsheet error such as #N/A."),
    "too_long": _("Longer than %(limit)s characters."),
    "bad_email": _("This is not an email address."),
    "bad_phone": _("This is not a phone number."),
    "bad_date": _("This is not a date; write it as 2026-12-31."),
    "ambiguous_date": _("Day and month cannot be told apart; choose the order of dates for this file."),
    "bad_number": _("This is not a number."),
    "ambiguous_number": _(
        "Thousands and decimals cannot be told apart; choose the decimal sign for this file."
    ),
    "not_whole": _("This must be a whole number."),
    "out_of_range": _("Must lie between %(low)s and %(high)s."),
    "unknown_country": _("This country is not known; write its English or German name or its ISO code."),
    "bad_url": _("This is not a web address."),
    "unknown_choice": _("This is none of the allowed values: %(allowed)s."),
    "bad_currency": _("This is not a currency code such as EUR."),
    "names_nobody": _("The row names nobody: it needs a name, an email address or a phone number."),
    "name_missing": _("The name is missing."),
    "no_match": _("No existing record matches, and this import only updates."),
    "match_missing": _("The row has no value in the columns that records are matched by."),
    "already_exists": _("A record with this key exists, and this import only creates."),
    "unknown_stage": _("The pipeline has no stage of this name."),
    "unknown_pipeline": _("There is no pipeline of this name."),
    "email_taken": _("Another record has this email address already."),
}


class Problem(NamedTuple):
    """One reason why a row was not taken. ``column`` is the file's own header, "" for the row as a whole."""

    column: str
    code: str
    params: dict[str, Any] = {}

    @property
    def text(self) -> str:
        """The reason as a sentence in the reader's language."""
        message = str(MESSAGES[self.code])
        return message % self.params if self.params else message

    def as_json(self) -> dict[str, Any]:
        stored: dict[str, Any] = {"column": self.column, "code": self.code}
        if self.params:
            stored["params"] = self.params
        return stored

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Problem":
        return cls(stored["column"], stored["code"], stored.get("params", {}))


class Rejection(tuple[Problem, ...]):
    """All that is wrong with one row; never empty."""

    __slots__ = ()


def sentence(problems: tuple[Problem, ...] | list[Problem]) -> str:
    """All reasons of a row in one line, as the rejects file shows them."""
    return " ".join(f"{p.column}: {p.text}" if p.column else p.text for p in problems)
