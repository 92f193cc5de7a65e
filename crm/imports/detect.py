"""What kind of bytes a file holds: its encoding, its delimiter, its header row."""

import contextlib
import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice

from django.utils.translation import gettext_lazy as _

from crm.imports.shape import File, UnreadableFile

HEAD_BYTES = 1 << 18
BLOCK_BYTES = 1 << 20
DELIMITERS = ",;\t|"
MAX_COLUMNS = 1000
MAX_CELL = 1 << 20
MAX_HEADER_NAME = 300

# The reader refuses larger cells: an unclosed quotation mark would otherwise swallow the rest of the file.
csv.field_size_limit(MAX_CELL)

_SIGNATURES: tuple[tuple[bytes, object], ...] = (
    (b"%PDF", _("This is a PDF document. Save the table as CSV or XLSX and import that file.")),
    (b"\x89PNG", _("This is a picture. Import a CSV or XLSX file.")),
    (b"\xff\xd8\xff", _("This is a picture. Import a CSV or XLSX file.")),
    (b"GIF8", _("This is a picture. Import a CSV or XLSX file.")),
    (b"\x1f\x8b", _("This file is compressed (gzip). Unpack it and import the file inside.")),
    (b"Rar!", _("This file is compressed (RAR). Unpack it and import the file inside.")),
    (b"7z\xbc\xaf", _("This file is compressed (7-Zip). Unpack it and import the file inside.")),
    (b"{\\rtf", _("This is a text document. Save the table as CSV or XLSX and import that file.")),
)
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_ASCII = bytes(range(128))
_NOT_TEXT = bytes(set(range(32)) - set(b"\t\n\r\x0b\x0c\x1a\x1c\x1d\x1e\x1f\x1b"))
# Bytes that are a common letter in one of the two encodings and rare in the other.
_WINDOWS_LETTERS = frozenset("äöüßÄÖÜéèêëàâáçñóòôíìîïúùûåæøãõÉÅØ".encode("cp1252"))
_MAC_LETTERS = frozenset("äöüßÅÖÜéèêëàâáçñóòôìîïúùûåæøãõÉØ".encode("mac_roman")) - frozenset(
    b"\x80\x92\x94\x96"
)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PLAIN_NUMBER = re.compile(r"[+-]?[\d.,:/\s-]*\d[\d.,:/\s-]*")


@dataclass(frozen=True)
class TextShape:
    encoding: str
    lines: int


def refuse_other_kinds(head: bytes) -> None:
    """Raise :class:`UnreadableFile` for empty files and for documents that are no table."""
    if not head.strip(b"\x00\x1a \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise UnreadableFile(_("The file is empty. Choose a file with a header row and at least one row."))
    for signature, message in _SIGNATURES:
        if head.startswith(signature):
            raise UnreadableFile(message)
    start = head[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise UnreadableFile(
            _("This is a web page or XML document. Export the table as CSV or XLSX instead.")
        )
    if start.startswith((b"{", b"[{")):
        raise UnreadableFile(_("This is a JSON document. Export the table as CSV or XLSX instead."))


def text_shape(file: File, head: bytes) -> TextShape:
    """Encoding and number of lines, from a look at every byte (a bad byte may stand in the last row)."""
    encoding = next((name for bom, name in _BOMS if head.startswith(bom)), "") or _wide_without_bom(head)
    if not encoding and len(head.translate(None, _NOT_TEXT)) < len(head) * 0.99:
        raise UnreadableFile(
            _("This is not a text file. Export the table as CSV or XLSX and import that file.")
        )
    file.seek(0)
    return _scan_wide(file, encoding) if encoding and encoding != "utf-8-sig" else _scan_bytes(file, encoding)


def _wide_without_bom(head: bytes) -> str:
    """UTF-16 without a byte order mark shows as a NUL in every second byte of Latin text."""
    pairs = len(head) // 2
    if pairs and head[1::2].count(0) > pairs * 0.4 and head[0::2].count(0) < pairs * 0.05:
        return "utf-16-le"
    if pairs and head[0::2].count(0) > pairs * 0.4 and head[1::2].count(0) < pairs * 0.05:
        return "utf-16-be"
    return ""


def _scan_wide(file: File, encoding: str) -> TextShape:
    """Two or four bytes a character: line ends are counted by their low byte, which is near enough."""
    lines = 0
    while block := file.read(BLOCK_BYTES):
        lines += block.count(b"\n") or block.count(b"\r")
    return TextShape(encoding, lines)


def _scan_bytes(file: File, bom: str) -> TextShape:
    feeds = returns = valid = invalid = 0
    foreign: Counter[int] = Counter()
    tail = b""
    while block := file.read(BLOCK_BYTES):
        data = tail + block
        # Cut where no character can be split; a block without any line end is judged whole.
        cut = data.rfind(b"\n") + 1 or len(data)
        data, tail = data[:cut], data[cut:]
        feeds, returns = feeds + data.count(b"\n"), returns + data.count(b"\r")
        good, bad = _judge_utf8(data, foreign)
        valid, invalid = valid + good, invalid + bad
    good, bad = _judge_utf8(tail, foreign)
    lines = (feeds or returns) + (1 if tail.strip() else 0)
    valid, invalid = valid + good, invalid + bad
    # A few broken bytes in a file that is otherwise UTF-8 spoil their rows, not the encoding of all others.
    if bom or not invalid or valid > invalid:
        return TextShape(bom or "utf-8", lines)
    windows = sum(foreign[byte] for byte in _WINDOWS_LETTERS)
    mac = sum(foreign[byte] for byte in _MAC_LETTERS)
    return TextShape("mac_roman" if mac > 2 * windows else "cp1252", lines)


def _judge_utf8(data: bytes, foreign: Counter[int]) -> tuple[int, int]:
    """How many bytes of multi-byte characters are good and how many are no UTF-8 at all."""
    if data.isascii():
        return 0, 0
    try:
        return len(data) - len(data.decode("utf-8")), 0
    except UnicodeDecodeError:
        high = data.translate(None, _ASCII)
        foreign.update(high)
        text = data.decode("utf-8", "surrogateescape")
        bad = sum(1 for char in text if "\udc80" <= char <= "\udcff")
        return len(high) - bad, bad


def head_text(head: bytes, encoding: str, complete: bool) -> str:
    """The head as text, cut after its last complete line."""
    wide = 4 if encoding.startswith("utf-32") else 2 if encoding.startswith("utf-16") else 1
    text = head[: len(head) // wide * wide].decode(encoding, "surrogateescape" if wide == 1 else "replace")
    return text if complete else text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text


def first_records(text: str, delimiter: str, limit: int) -> list[list[str]]:
    records: list[list[str]] = []
    # An over-long cell is reported when its row is read.
    with contextlib.suppress(csv.Error):
        records.extend(islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), limit))
    return records


def find_delimiter(text: str) -> tuple[str, int]:
    """The delimiter and how many records stand before the header because of Excel's ``sep=`` line."""
    first, _newline, _rest = text.partition("\n")
    if first[:4].lower() == "sep=" and len(first.strip("\r")) == 5:
        return first[4], 1
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        records = [record for record in first_records(text, delimiter, 100) if any(record)]
        if not records or len(records[0]) < 2:
            continue
        width = len(records[0])
        fitting = sum(1 for record in records if len(record) == width) / len(records)
        if (fitting, width) > best_score:
            best, best_score = delimiter, (fitting, width)
    return best, 0


def check_header(cells: list[str]) -> None:
    """Refuse a first row that cannot be names of columns."""
    names = [cell.strip() for cell in cells if cell.strip()]
    if not names:
        raise UnreadableFile(
            _("The file has no header row. Put the names of the columns into the first row.")
        )
    if len(cells) > MAX_COLUMNS:
        raise UnreadableFile(_("The file has more than 1,000 columns. Remove those that you do not need."))
    data_like = any(_EMAIL.fullmatch(name) for name in names) or all(
        _PLAIN_NUMBER.fullmatch(name) for name in names
    )
    if data_like or any(len(name) > MAX_HEADER_NAME for name in names):
        raise UnreadableFile(
            _("The first row holds data, not the names of the columns. Add a header row and try again.")
        )
    if any("\x00" in name or (not name.isprintable() and "\ufffd" in name) for name in names):
        raise UnreadableFile(
            _("The header row holds bytes that are no text. Save the file as UTF-8 and try again.")
        )
