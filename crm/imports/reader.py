"""From bytes to rows: the first of the three pure stages of an import (then ``mapping``, then ``writer``).

Reads CSV, TSV and their relatives and XLSX from any binary file object, as a stream.
"""

import csv
import io
from collections.abc import Iterator
from itertools import islice
from typing import cast

from django.utils.translation import gettext_lazy as _

from crm.imports import detect, workbook
from crm.imports.problems import Problem
from crm.imports.shape import SAMPLE_ROWS, File, FileShape, Row, UnreadableFile, unique_header

TEXT_CHUNK = 1 << 17


def inspect(file: File) -> FileShape:
    """Look at the whole file once and say how to read it.

    Raises :class:`UnreadableFile` with the reason if it is not a table with a header row.
    """
    file.seek(0)
    head = file.read(detect.HEAD_BYTES)
    detect.refuse_other_kinds(head)
    if head.startswith((workbook.ZIP_SIGNATURE, workbook.OLE_SIGNATURE)):
        return workbook.inspect(file)
    text = detect.text_shape(file, head)
    sample = detect.head_text(head, text.encoding, complete=len(head) < detect.HEAD_BYTES)
    delimiter, skipped = detect.find_delimiter(sample)
    records = detect.first_records(sample, delimiter, SAMPLE_ROWS + 100)[skipped:]
    header_at = next((n for n, record in enumerate(records) if any(cell.strip() for cell in record)), None)
    if header_at is None:
        raise UnreadableFile(
            _("The file has no header row. Put the names of the columns into the first row.")
        )
    detect.check_header(records[header_at])
    used = max((_used_width(record) for record in records[header_at + 1 :]), default=0)
    shape = FileShape(
        kind="csv",
        header=unique_header(records[header_at], used),
        encoding=text.encoding,
        delimiter=delimiter,
        skip=skipped + header_at + 1,
        total=max(text.lines - skipped - header_at - 1, 0),
    )
    return shape.with_samples([cells for _line, cells, _problem in islice(rows(file, shape), SAMPLE_ROWS)])


def rows(file: File, shape: FileShape) -> Iterator[Row]:
    """Every row that is not blank, in order. A row that cannot be read comes with the problem and its cells
    as far as they are known; short rows are filled up with empty cells."""
    file.seek(0)
    return workbook.rows(file, shape) if shape.kind == "xlsx" else _text_rows(file, shape)


def _text_rows(file: File, shape: FileShape) -> Iterator[Row]:
    text = io.TextIOWrapper(
        cast(io.BufferedReader, _ByteSource(file)),
        encoding=shape.encoding,
        errors=_on_error(shape),
        newline="",
    )
    text._CHUNK_SIZE = TEXT_CHUNK  # type: ignore[attr-defined]  # fewer, larger reads: a third faster
    reader = csv.reader(text, delimiter=shape.delimiter)
    for _record in islice(reader, shape.skip):
        pass
    width = len(shape.header)
    line = reader.line_num
    while True:
        try:
            for cells in reader:
                first, line = line + 1, reader.line_num
                if len(cells) == width:
                    if any(cells):
                        yield first, cells, None
                elif any(cell.strip() for cell in cells):
                    yield _fit(first, line, cells, width)
            return
        except csv.Error:
            # The reader goes on with the next line, so only this record is lost, and it is reported.
            first, line = line + 1, reader.line_num
            yield first, [], Problem("", "cell_too_large", {"limit": detect.MAX_CELL})


def _on_error(shape: FileShape) -> str:
    """Bytes that are no character become lone surrogates, which the mapping rejects row by row."""
    return "replace" if shape.encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"


def _fit(first: int, last: int, cells: list[str], width: int) -> Row:
    if len(cells) < width:
        swallowed = last > first and ("\n" in cells[-1] or "\r" in cells[-1])
        problem = Problem("", "open_quote", {"first": first, "last": last}) if swallowed else None
        return first, cells + [""] * (width - len(cells)), problem
    if any(cell.strip() for cell in cells[width:]):
        return first, cells, Problem("", "too_many_cells", {"cells": len(cells), "columns": width})
    return first, cells[:width], None


def _used_width(record: list[str]) -> int:
    return next((n for n in range(len(record), 0, -1) if record[n - 1].strip()), 0)


class _ByteSource(io.RawIOBase):
    """Lets a text wrapper read from any object with ``read``, and leaves that object open afterwards."""

    def __init__(self, file: File) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)

    read1 = read
