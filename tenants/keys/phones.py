"""Phone numbers: one form for all ways to write the same number.

``normalize_phone`` promises what libphonenumber would say, and answers the plain cases without it: parsing
costs 20 to 100 µs, an import has 5 of them for a row.
"""

import re
from functools import lru_cache

import phonenumbers
from django.conf import settings

from tenants import scope

SHORTEST_FRAGMENT = 3
# At the very end: "x123", "ext. 123", "extension 123", "#123", ";ext=123", German "Durchwahl 123".
_EXTENSION = re.compile(
    r"(?:;?\s*ext(?:ension)?\s*[.:=]?|x|#|durchwahl)\s*[.:]?\s*(\d{1,7})\s*$", re.IGNORECASE | re.ASCII
)
_EXTENSION_ENDS = frozenset("xX#tTnNlL")  # the last letters of these words
_NOT_DIGIT = re.compile(r"\D+", re.ASCII)
_NANP = re.compile(r"1?([2-9]\d{9})", re.ASCII)
_PLUS_NANP = re.compile(r"1[2-9]\d{9}", re.ASCII)
_PLAIN = re.compile(r"[\d\s().\-/]+", re.ASCII)
# Regions of the North American Numbering Plan whose ten digits libphonenumber reads with no own rule.
NANP_REGIONS = frozenset({"US", "CA"})


def current_region() -> str | None:
    """The country whose national numbers the current scope writes: the organisation's, or the setting's."""
    country = scope.current_organization().country if scope.in_organization() else ""
    return country or getattr(settings, "PHONE_REGION", "") or None


def digits(text: str) -> str:
    """Only the digits 0 to 9; digits of other scripts count as these."""
    if not text.isascii():
        text = phonenumbers.normalize_digits_only(text)
    return _NOT_DIGIT.sub("", text)


def split_extension(text: str) -> tuple[str, str]:
    """The number and its extension ("" without one)."""
    before = text.rstrip(" 0123456789").rstrip(" .:=")
    if before[-1:] not in _EXTENSION_ENDS:
        return text, ""
    found = _EXTENSION.search(text)
    return (text[: found.start()], found[1]) if found else (text, "")


@lru_cache(4096)
def normalize_phone(text: str, region: str | None) -> str:
    """The number that a call reaches: E.164 where it is a possible number, else its digits; with the
    extension behind ``;ext=`` (RFC 3966). A text without digits comes back folded.

    ``region`` (ISO 3166-1 alpha-2) is for numbers without a country code. Without it, or where the number
    makes no sense there, a leading ``00`` is read as ``+`` (ITU-T E.123).
    """
    number, extension = split_extension(text)
    form = _fast(number, region) or _slow(number.strip(), region)
    if not form:
        return text.strip().casefold()
    return f"{form};ext={extension}" if extension else form


def _fast(number: str, region: str | None) -> str:
    """The answer for plain international and North American numbers, and for national ones where no region is
    known."""
    stripped = number.strip()
    if stripped.startswith("+"):
        bare = _PLAIN.fullmatch(stripped, 1) and _NOT_DIGIT.sub("", stripped)
        return f"+{bare}" if bare and (_PLUS_NANP.fullmatch(bare) or _is_plain_international(bare)) else ""
    if not _PLAIN.fullmatch(stripped):
        return ""
    bare = _NOT_DIGIT.sub("", stripped)
    if region in NANP_REGIONS:
        match = _NANP.fullmatch(bare)
        return f"+1{match[1]}" if match else ""
    if region is None and not bare.startswith("00"):
        return bare
    return ""


def _is_plain_international(bare: str) -> bool:
    """Whether the digits after a plus are a possible number of a country without surprises: the number stands
    for itself unless it begins with the zero that such a country dials at home."""
    for width in (2, 3, 1):  # codes are prefix-free; two digits are the most usual
        lengths = _lengths(bare[:width])
        if lengths:
            return len(bare) - width in lengths and bare[width] != "0"
    return False


@lru_cache(1_024)
def _lengths(code: str) -> frozenset[int]:
    """How long a number can be behind this country code; empty for a code that is none, or that dials at home
    with anything else than nothing or a zero."""
    region = phonenumbers.region_code_for_country_code(int(code or "0"))
    metadata = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(int(code or "0"), region)
    if metadata is None or metadata.national_prefix_for_parsing not in {None, "0"}:
        return frozenset()
    general = metadata.general_desc
    return frozenset(general.possible_length) if general else frozenset()


@lru_cache(65_536)
def _slow(number: str, region: str | None) -> str:
    """What libphonenumber says."""
    bare = digits(number)
    attempts = [(number, region)] if region or number.lstrip().startswith(("+", "+")) else []
    if bare.startswith("00"):
        attempts.append((f"+{bare[2:]}", None))
    for candidate, country in attempts:
        try:
            parsed = phonenumbers.parse(candidate, country)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(parsed):
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return bare
