"""One cell to one stored value. Pure and fast: each function takes a trimmed, non-empty, printable string and
returns the canonical text of the value (ISO dates, plain decimals, alpha-2 countries), or raises
:class:`Refused`, which only the row converter sees."""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from email_validator import EmailNotValidError, validate_email

from crm.records.countries import country_code

Convert = Callable[[str], str]


class Refused(Exception):
    """The cell is no such value: a code of ``problems.MESSAGES`` and what its sentence needs."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class Reading(NamedTuple):
    """How ambiguous values are meant. Empty means: not known, so ambiguous values are refused."""

    date_order: str = ""  # "dmy" or "mdy"
    decimal: str = ""  # "." or ","


# Written out in both cases: ignoring case makes a pattern three times slower.
NOT_KNOWN = Reading()

_LABEL = r"[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*"
# The addresses that nearly all rows have; anything else goes to email-validator (RFC 5322 and 6531).
_PLAIN_EMAIL = re.compile(
    rf"[A-Za-z0-9_+-]+(?:[.&'=~][A-Za-z0-9_+-]+)*@(?:{_LABEL}\.)+[A-Za-z]{{2,63}}", re.ASCII
).fullmatch
_EMAIL_SEPARATORS = re.compile(r"\s*(?::::|[;,|]|\s)\s*")
_NAMED_EMAIL = re.compile(r"[^<>]*<([^<>@\s]+@[^<>@\s]+)>")
_HOST = re.compile(
    rf"(?:(?:{_LABEL}\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]|localhost|\d{{1,3}}(?:\.\d{{1,3}}){{3}})(?::\d{{1,5}})?",
    re.ASCII,
).fullmatch
_PLAIN_URL = re.compile(
    rf"https?://(?:{_LABEL}\.)+[A-Za-z]{{2,63}}(?:/[\w/.~%+&=?#:,;@!-]*)?", re.ASCII
).fullmatch
_URL = re.compile(r"(?:(https?)://)?(?:[^/@\s]*@)?([^/?#\s]+)([/?#]\S*)?", re.IGNORECASE).fullmatch
_OTHER_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:(?!\d)", re.IGNORECASE).match


def email(cell: str) -> str:
    """An address as typed, without a display name or ``mailto:``."""
    # A domain this short has no label above the limit of 63 characters.
    if _PLAIN_EMAIL(cell) and cell.index("@") <= 64 and len(cell) - cell.index("@") <= 64:
        return cell
    return _unusual_email(cell)


def _unusual_email(cell: str) -> str:
    named = _NAMED_EMAIL.fullmatch(cell)
    address = named[1] if named else cell.strip("<>\"' ")
    if address[:7].lower() == "mailto:":
        address = address[7:]
    try:
        # Syntax only, no look-up; names such as "firma.local" are used inside companies.
        found = validate_email(address, check_deliverability=False, test_environment=True, strict=True)
    except EmailNotValidError:
        raise Refused("bad_email") from None
    if "." not in found.ascii_domain:
        raise Refused("bad_email")
    return address


def emails(cell: str) -> list[str]:
    """The addresses of a cell that may hold several."""
    if len(cell) <= 254 and _PLAIN_EMAIL(cell):
        return [email(cell)]
    if _NAMED_EMAIL.fullmatch(cell):
        return [_unusual_email(cell)]
    return [email(part) for part in _EMAIL_SEPARATORS.split(cell) if part]


_PHONE_CHARS = re.compile(r"[+()\d\s./\-\u2010-\u2015#*,;:=a-zA-Z]*").fullmatch
_PHONE_DIGITS = re.compile(r"\d").findall
_PLAIN_PHONE = re.compile(r"\+?[\d(][\d().\- ]{4,28}\d(?:x\d{1,7})?", re.ASCII).fullmatch
_PHONE_SEPARATORS = re.compile(r"\s*(?::::|[;|]|,(?!\d))\s*")


def phone(cell: str) -> str:
    """A number as typed, with single spaces. What it means is decided where it is indexed."""
    if _PLAIN_PHONE(cell):
        return cell
    tidy = " ".join(cell.split())
    digits = len(_PHONE_DIGITS(tidy))
    letters = sum(1 for char in tidy if char.isalpha())
    # "ext", "Durchwahl", "Tel." are fine, a sentence is not; nor are dates or single digits.
    if not _PHONE_CHARS(tidy) or not 3 <= digits <= 30 or letters > 10:
        raise Refused("bad_phone")
    return tidy


def phones(cell: str) -> list[str]:
    if _PLAIN_PHONE(cell):
        return [cell]
    return [phone(part) for part in _PHONE_SEPARATORS.split(cell) if part]


def url(cell: str) -> str:
    """A web address; "https://" is put in front where the scheme is missing."""
    if _PLAIN_URL(cell):
        return cell
    match = _URL(cell)
    if match is None or (_OTHER_SCHEME(cell) and not match[1]) or not _HOST(_ascii_host(match[2])):
        raise Refused("bad_url")
    return cell if match[1] else f"https://{cell}"


def domain(cell: str) -> str:
    """The host of an address or a bare domain, in lower case and without "www."."""
    match = _URL(cell)
    host = _ascii_host(match[2]).lower() if match else ""
    if not _HOST(host):
        raise Refused("bad_url")
    return host.partition(":")[0].removeprefix("www.")


def _ascii_host(host: str) -> str:
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        raise Refused("bad_url") from None


_MONTHS: dict[str, int] = {}
for _number, _names in enumerate(
    (
        "january januar jan jänner",
        "february februar feb",
        "march märz maerz mar mär mrz",
        "april apr",
        "may mai",
        "june juni jun",
        "july juli jul",
        "august aug",
        "september sept sep",
        "october oktober oct okt",
        "november nov",
        "december dezember dec dez",
    ),
    start=1,
):
    _MONTHS.update(dict.fromkeys(_names.split(), _number))
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII).fullmatch
_YEAR_FIRST = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?|(\d{4})(\d{2})(\d{2})", re.ASCII
).fullmatch
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])\s?(\d{1,2})\2\s?(\d{4})(?:[T ].*)?", re.ASCII).fullmatch
_DAY_MONTH_WORD = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|\.)?[ -]([^\W\d]+)\.?,?[ -](\d{4})", re.IGNORECASE
).fullmatch
_MONTH_WORD_DAY = re.compile(
    r"([^\W\d]+)\.?[ -](\d{1,2})(?:st|nd|rd|th)?,?[ -](\d{4})", re.IGNORECASE
).fullmatch


def date_reader(order: str) -> Convert:
    """A converter to ISO dates. Dates whose day and month could be either way are refused unless ``order``
    says which comes first; dots mean day first, as everywhere where they are used."""

    def read(cell: str) -> str:
        if _ISO_DATE(cell):
            return _checked_iso(cell)
        if match := _YEAR_FIRST(cell):
            return _checked(*(match.group(1, 2, 3) if match[1] else match.group(4, 5, 6)))
        if match := _YEAR_LAST(cell):
            return _year_last(match[1], match[2], match[3], match[4], order)
        if match := _DAY_MONTH_WORD(cell):
            return _checked(match[3], _MONTHS.get(match[2].casefold(), 0), match[1])
        if match := _MONTH_WORD_DAY(cell):
            return _checked(match[3], _MONTHS.get(match[1].casefold(), 0), match[2])
        raise Refused("bad_date")

    return read


def _year_last(one: str, separator: str, two: str, year: str, order: str) -> str:
    first, second = int(one), int(two)
    if separator == "." or first > 12 or first == second:
        return _checked(year, second, first)
    if second > 12:
        return _checked(year, first, second)
    if not order:
        raise Refused("ambiguous_date")
    return _checked(year, second, first) if order == "dmy" else _checked(year, first, second)


def _checked_iso(cell: str) -> str:
    try:
        dt.date.fromisoformat(cell)
    except ValueError:
        raise Refused("bad_date") from None
    return cell


def _checked(year: str, month: str | int, day: str | int) -> str:
    try:
        return dt.date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        raise Refused("bad_date") from None


_NUMBER_NOISE = str.maketrans("", "", " \u00a0\u202f\u2009'’_€$£¥")
_PLAIN_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII).fullmatch
_CURRENCY_WORD = re.compile(r"^[A-Z]{3}\s*|\s*[A-Z]{3}$")


def integer_reader(low: int, high: int) -> Convert:
    def read(cell: str) -> str:
        if _PLAIN_INTEGER(cell):
            number = int(cell)
        else:
            text = _plain_number(cell, decimal="", whole=True)
            whole, _dot, fraction = text.partition(".")
            if fraction.strip("0"):
                raise Refused("not_whole")
            number = int(whole or "0")
        if not low <= number <= high:
            raise Refused("out_of_range", low=low, high=high)
        return str(number)

    return read


def decimal_reader(decimal: str) -> Convert:
    """A converter to a decimal with two places, as amounts are stored (13 digits before the point)."""

    def read(cell: str) -> str:
        whole, _dot, fraction = _plain_number(cell, decimal=decimal, whole=False).partition(".")
        if len(fraction.rstrip("0")) > 2:
            raise Refused("bad_number")
        sign, digits = whole[: whole.startswith("-")], whole.lstrip("-").lstrip("0") or "0"
        if len(digits) > 13:
            raise Refused("out_of_range", low="-9999999999999", high="9999999999999")
        return f"{sign}{digits}.{fraction.rstrip('0').ljust(2, '0')}"

    return read


def _plain_number(cell: str, *, decimal: str, whole: bool) -> str:
    """Digits with "." as the decimal point, from 1,234.50 · 1.234,50 · 1 234,5 · 1'234 · € 12 · (12)."""
    text = _CURRENCY_WORD.sub("", cell).translate(_NUMBER_NOISE)
    if text.startswith("(") and text.endswith(")"):
        text = "-" + text[1:-1]
    text = text.replace("−", "-").lstrip("+")
    point = _decimal_point(text, decimal, whole)
    thousands = "," if point == "." else "."
    head, _point, fraction = text.partition(point) if point else (text, "", "")
    groups = head.removeprefix("-").split(thousands) if point else re.split(r"[.,]", head.removeprefix("-"))
    if len(groups) > 1 and (not 1 <= len(groups[0]) <= 3 or any(len(group) != 3 for group in groups[1:])):
        raise Refused("bad_number")
    digits = "".join(groups)
    if not (digits + fraction).isdecimal() or not (digits + fraction).isascii():
        raise Refused("bad_number")
    return f"{'-' if head.startswith('-') else ''}{digits or '0'}.{fraction}".rstrip(".")


def _decimal_point(text: str, decimal: str, whole: bool) -> str:
    """Which of "." and "," is the decimal point of this number; "" if it has none."""
    dots, commas = text.count("."), text.count(",")
    if dots and commas:
        return "." if text.rindex(".") > text.rindex(",") else ","
    if dots + commas == 0 or dots > 1 or commas > 1:
        return ""
    mark = "." if dots else ","
    if len(text) - text.index(mark) - 1 != 3:
        return mark
    # One mark before exactly three digits: 1,234 is a thousand to some and one and a bit to others.
    if whole:
        return ""
    if not decimal:
        raise Refused("ambiguous_number")
    return mark if mark == decimal else ""


def country(cell: str) -> str:
    code = country_code(cell)
    if not code:
        raise Refused("unknown_country")
    return code


_CURRENCIES = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY", "EURO": "EUR"}


def currency(cell: str) -> str:
    code = cell.upper()
    code = _CURRENCIES.get(code, code)
    if len(code) != 3 or not code.isascii() or not code.isalpha():
        raise Refused("bad_currency")
    return code


def choice_reader(choices: tuple[tuple[str, Any], ...], spellings: Mapping[str, str]) -> Convert:
    """A converter by stored value, by label (in the language of the moment) or by another known spelling,
    whatever the case."""
    known = dict(spellings)
    known.update({str(label).casefold(): value for value, label in choices})
    known.update({value.casefold(): value for value, _label in choices})
    allowed = ", ".join(str(label) for _value, label in choices)

    def read(cell: str) -> str:
        value = known.get(cell.casefold())
        if value is None:
            raise Refused("unknown_choice", allowed=allowed)
        return value

    return read


def text_reader(limit: int) -> Convert:
    def read(cell: str) -> str:
        if len(cell) > limit:
            raise Refused("too_long", limit=limit)
        return cell

    return read


MAX_TAG = 60


def tags(cell: str) -> list[str]:
    """The tags of a cell, separated by commas, semicolons or bars."""
    found = [part.strip() for part in re.split(r":::|[,;|]", cell) if part.strip()]
    if any(len(tag) > MAX_TAG for tag in found):
        raise Refused("too_long", limit=MAX_TAG)
    return found
