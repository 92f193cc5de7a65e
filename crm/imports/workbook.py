"""XLSX workbooks: the first visible sheet with a header row, read as a stream."""

import datetime as dt
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from itertools import islice, repeat
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl
from django.utils.translation import gettext_lazy as _

from crm.imports import detect
from crm.imports.problems import Problem
from crm.imports.shape import SAMPLE_ROWS, File, FileShape, Row, UnreadableFile, unique_header

ZIP_SIGNATURE = b"PK\x03\x04"
OLE_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MAX_UNPACKED = 2 << 30
MAX_SHARED_STRINGS = 256 << 20  # these are held in memory while the sheet is read
MAX_RATIO = 200

_DAMAGE = (ParseError, zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, TypeError)
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_FORMULA = re.compile(rb"<f[ >/]")


def inspect(file: File) -> FileShape:
    """See :func:`crm.imports.reader.inspect`."""
    _refuse_old_or_locked(file)
    with _package(file) as package:
        _refuse_bombs(package)
        formulas = any(_has_formula(package, name) for name in package.namelist() if _is_sheet(name))
    book = _open(file)
    try:
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                continue
            head = [
                [_text(value) for value in cells] for cells in islice(sheet.iter_rows(values_only=True), 200)
            ]
            header_at = next((n for n, cells in enumerate(head) if any(cell.strip() for cell in cells)), None)
            if header_at is None:
                continue
            detect.check_header(head[header_at])
            used = max((_used_width(cells) for cells in head[header_at + 1 :]), default=0)
            shape = FileShape(
                kind="xlsx",
                header=unique_header(head[header_at], used),
                skip=header_at + 1,
                total=max((sheet.max_row or 0) - header_at - 1, 0),
                sheet=sheet.title,
                formulas=formulas,
            )
            return shape.with_samples([cells for _n, cells, _p in islice(rows(file, shape), SAMPLE_ROWS)])
    finally:
        book.close()
    raise UnreadableFile(
        _("The workbook has no sheet with a header row. Put the column names into the first row.")
    )


def rows(file: File, shape: FileShape) -> Iterator[Row]:
    """See :func:`crm.imports.reader.rows`; the line is the sheet's row number."""
    width = len(shape.header)
    book = _open(file)
    # Stored results and formulas cannot be had in one pass: the second tells "no result" from "empty".
    formula_book = _open(file, data_only=False) if shape.formulas else None
    try:
        values = islice(book[shape.sheet].iter_rows(values_only=True), shape.skip, None)
        formulas: Iterator[Any] = repeat(())
        if formula_book is not None:
            formulas = islice(formula_book[shape.sheet].iter_rows(values_only=True), shape.skip, None)
        for line, (raw, sources) in _in_step(values, formulas, shape.skip + 1):
            cells = [_text(value) for value in raw[:width]]
            problem = _cell_problem(raw, sources, shape.header) if sources or "#" in "".join(cells) else None
            if problem is None and len(raw) > width and any(value is not None for value in raw[width:]):
                problem = Problem("", "too_many_cells", {"cells": len(raw), "columns": width})
                cells = [_text(value) for value in raw]
            if problem is not None or any(cells):
                yield line, cells + [""] * (width - len(cells)), problem
    finally:
        book.close()
        if formula_book is not None:
            formula_book.close()


def _in_step(
    values: Iterator[Any], formulas: Iterator[Any], start: int
) -> Iterator[tuple[int, tuple[Any, Any]]]:
    numbered = enumerate(zip(values, formulas, strict=False), start=start)
    while True:
        try:
            pair = next(numbered, None)
        except _DAMAGE as error:
            raise UnreadableFile(
                _("The workbook is damaged in the middle. Save it again and repeat.")
            ) from error
        if pair is None:
            return
        yield pair


def _cell_problem(raw: tuple[Any, ...], sources: tuple[Any, ...], header: tuple[str, ...]) -> Problem | None:
    for column, value, source in zip(header, raw, sources or repeat(None), strict=False):
        if value is None and isinstance(source, str) and source.startswith("="):
            return Problem(column, "formula_without_value")
        if isinstance(value, str) and value in openpyxl.cell.cell.ERROR_CODES:
            return Problem(column, "cell_error")
    return None


def _text(value: Any) -> str:
    """A cell as a person would type it: ISO dates, whole numbers without a decimal point."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)


def _used_width(cells: list[str]) -> int:
    return next((n for n in range(len(cells), 0, -1) if cells[n - 1].strip()), 0)


def _refuse_old_or_locked(file: File) -> None:
    file.seek(0)
    if file.read(8) != OLE_SIGNATURE:
        return
    tail = b""
    while block := file.read(detect.BLOCK_BYTES):
        if _ENCRYPTED in tail + block:
            raise UnreadableFile(
                _("The workbook is protected by a password. Save it without one and try again.")
            )
        tail = block[-len(_ENCRYPTED) :]
    raise UnreadableFile(
        _("This is a workbook in the old XLS format. Save it as XLSX or CSV and import that file.")
    )


def _package(file: File) -> zipfile.ZipFile:
    file.seek(0)
    try:
        package = zipfile.ZipFile(_seekable(file))
        names = package.namelist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise UnreadableFile(
            _("The file is damaged: it is not a complete workbook. Save it again.")
        ) from error
    if "xl/workbook.xml" in names:
        return package
    if "mimetype" in names and b"opendocument" in package.read("mimetype")[:100]:
        raise UnreadableFile(_("This is an OpenDocument file. Save it as XLSX or CSV and import that file."))
    raise UnreadableFile(_("This is an archive, not a workbook. Unpack it and import the file inside."))


def _refuse_bombs(package: zipfile.ZipFile) -> None:
    parts = package.infolist()
    packed = sum(part.compress_size for part in parts) or 1
    unpacked = sum(part.file_size for part in parts)
    shared = sum(part.file_size for part in parts if part.filename.endswith("sharedStrings.xml"))
    suspicious = unpacked > (64 << 20) and unpacked / packed > MAX_RATIO
    if unpacked > MAX_UNPACKED or shared > MAX_SHARED_STRINGS or suspicious:
        raise UnreadableFile(
            _("The workbook is too large to read safely. Save it as CSV and import that file.")
        )


def _is_sheet(name: str) -> bool:
    return name.startswith("xl/worksheets/") and name.endswith(".xml")


def _has_formula(package: zipfile.ZipFile, name: str) -> bool:
    tail = b""
    with package.open(name) as part:
        while block := part.read(detect.BLOCK_BYTES):
            if _FORMULA.search(tail + block):
                return True
            tail = block[-4:]
    return False


def _open(file: File, *, data_only: bool = True) -> Any:
    """A workbook of its own handle: two may be read in step from one file."""
    try:
        return openpyxl.load_workbook(_seekable(file), read_only=True, data_only=data_only, keep_links=False)
    except Exception as error:  # openpyxl lets KeyError, ParseError, ValueError and others through
        raise UnreadableFile(
            _("The file is damaged: it is not a complete workbook. Save it again.")
        ) from error


def _seekable(file: File) -> "_Window":
    return _Window(file)


class _Window(io.RawIOBase):
    """An independent position in a shared file: closing or moving one reader leaves the other alone."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._position = 0
        self._size = file.seek(0, io.SEEK_END)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = (0, self._position, self._size)[whence]
        self._position = max(base + offset, 0)
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        self._file.seek(self._position)
        data = self._file.read(-1 if size is None else size)
        self._position += len(data)
        return data
