"""The rejected rows as a file: the original columns, the line, and the reason."""

import csv
import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext

from crm.imports import services
from crm.imports.models import Import
from crm.imports.problems import Problem, sentence

ROWS_AT_ONCE = 1_000
# A spreadsheet would compute these; a number or a phone number it shows as it is.
_FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d\s().\-/]*\Z)")
_NO_CHARACTER = re.compile("[\ud800-\udfff]")


class _Echo:
    """What a csv writer writes to, to get its lines back."""

    def write(self, line: str) -> str:
        return line


def safe_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection). The import takes the apostrophe
    off again."""
    return f"'{text}" if _FORMULA.match(text) else text


def rejects_csv(item: Import) -> Iterator[str]:
    """The lines of the file, streamed. With a byte order mark, which Excel needs to see UTF-8."""
    shape = services.shape_of(item)
    writer: Any = csv.writer(_Echo(), delimiter=shape.delimiter)
    header = list(shape.header)
    yield "\ufeff" + writer.writerow([*map(safe_cell, header), gettext("Line"), gettext("Reason")])
    for row in item.rejects.order_by("line").iterator(chunk_size=ROWS_AT_ONCE):
        cells = [safe_cell(_NO_CHARACTER.sub("\ufffd", cell).replace("\x00", "\ufffd")) for cell in row.cells]
        cells += [""] * (len(header) - len(cells))
        reasons = sentence([Problem.from_json(reason) for reason in row.reasons])
        # Surplus cells stay in place: cutting them off would hide what is wrong with the row.
        yield writer.writerow([*cells, row.line, reasons])
