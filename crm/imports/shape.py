"""What a file looks like before its rows are read."""

from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

from django.utils.translation import gettext_lazy as _

from crm.imports.problems import Problem
from tenants.errors import DomainError

Row = tuple[int, list[str], Problem | None]
"""Line number in the file (of the row's first line), its cells, and why it cannot be read (or None)."""

File = BinaryIO
"""Any binary file object with ``read`` and ``seek``; read from its start, never closed by the readers."""

SAMPLE_ROWS = 20


class UnreadableFile(DomainError):
    """The file as a whole cannot be imported. ``message`` is one line that says why and what to do."""

    code = "unreadable_file"
    message = _("This file cannot be read.")


@dataclass(frozen=True)
class FileShape:
    """How to read a file. Everything but ``samples`` may be stored in clear: it holds no row of the file."""

    kind: str  # "csv" or "xlsx"
    header: tuple[str, ...]
    encoding: str = ""
    delimiter: str = ","
    skip: int = 1  # records up to and including the header row
    total: int = 0  # rows as estimated from line ends; exact only without blank lines and quoted newlines
    sheet: str = ""
    formulas: bool = False
    samples: tuple[tuple[str, ...], ...] = field(default=(), compare=False)

    def as_json(self) -> dict[str, Any]:
        """For storing: without the sample rows."""
        return {
            "kind": self.kind,
            "header": list(self.header),
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "skip": self.skip,
            "total": self.total,
            "sheet": self.sheet,
            "formulas": self.formulas,
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "FileShape":
        return cls(**{**stored, "header": tuple(stored["header"])})

    def with_samples(self, samples: list[list[str]]) -> "FileShape":
        return replace(self, samples=tuple(tuple(cells) for cells in samples))


def unique_header(cells: list[str], used_width: int) -> tuple[str, ...]:
    """Column names from the header row: trimmed, never empty, never twice the same.

    Empty names at the end are trailing delimiters and fall away, unless rows have values there
    (``used_width`` is the widest row that has).
    """
    names = [" ".join(cell.replace("\ufeff", "").split()) for cell in cells]
    while names and not names[-1] and len(names) > used_width:
        names.pop()
    unique: list[str] = []
    taken: set[str] = set()
    for position, name in enumerate(names, start=1):
        base = name or f"Column {position}"
        candidate, number = base, 1
        while candidate.casefold() in taken:
            number += 1
            candidate = f"{base} ({number})"
        taken.add(candidate.casefold())
        unique.append(candidate)
    return tuple(unique)
