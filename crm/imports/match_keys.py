"""The keys by which rows and records recognise each other: email, number, phone, domain, name."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tenants.keys.bulk import FieldCipher

Key = Hashable
Digests = dict[int, bytes]
"""Blind indexes of a row's values by position, kept for the row that is written later."""

Record = dict[str, Any]
"""The columns of an existing record that keys are made of, see KEY_COLUMNS."""

KEY_COLUMNS: dict[str, tuple[str, ...]] = {
    "contacts": ("email_index", "external_id", "phone_index", "first_name", "last_name"),
    "leads": ("email_index", "external_id", "phone_index", "first_name", "last_name"),
    "companies": ("external_id", "domain", "name"),
    "deals": ("external_id", "name", "company_id"),
}

# A page on these says nothing about whose domain it is.
_SHARED_HOSTS = frozenset(
    (
        "facebook.com", "instagram.com", "linkedin.com", "twitter.com", "x.com", "xing.com", "youtube.com",
        "google.com", "sites.google.com", "wordpress.com", "github.com", "medium.com", "linktr.ee", "t.me",
        "tiktok.com", "amazon.com", "ebay.com", "etsy.com",
    )
)  # fmt: skip


@dataclass(frozen=True)
class MatchKey:
    """One way to recognise a record: what it is in a row and in a record (None where there is none), and how
    the records of many keys are found: ``where`` compares ``t`` with the columns of ``k``, which are
    ``types`` of the ``parameters`` of a set of keys."""

    where: str
    types: tuple[str, ...]
    of_row: Callable[[list[str], Digests], Key | None]
    of_record: Callable[[Record], Key | None]
    parameters: Callable[[Iterable[Any]], list[Any]]


def domain_of_website(url: str) -> str:
    """The domain that a company's website shows, "" for pages on somebody else's."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    own = parts.path in ("", "/") and not parts.query and host not in _SHARED_HOSTS
    return host if own and "." in host and not host.replace(".", "").isdigit() else ""


def match_keys(kind: str, at: dict[str, int], ciphers: dict[str, FieldCipher]) -> dict[str, MatchKey]:
    """The keys that the mapped columns can give; ``at`` says where each slot stands among a row's values."""
    keys: dict[str, MatchKey] = {}
    if "external_id" in at:
        keys["external_id"] = _text_key("external_id", at["external_id"])
    if kind in ("contacts", "leads"):
        if "email" in at:
            keys["email"] = _digest_key("email", at["email"], ciphers["email"])
        if "phone" in at:
            keys["phone"] = _phone_key(at, ciphers["phone"])
        if "first_name" in at or "last_name" in at:
            keys["name"] = _bare_name_key(at)
    elif kind == "companies":
        if "domain" in at:
            keys["domain"] = _text_key("domain", at["domain"])
        if "name" in at:
            keys["name"] = _company_name_key(at["name"])
    elif "name" in at:
        keys["name"] = _deal_name_key(at)
    return keys


def bytes_array(values: Iterable[bytes]) -> str:
    """A bytea[] as text: the driver takes ten times as long to write a list of bytes."""
    return '{"\\\\x' + '","\\\\x'.join([value.hex() for value in values]) + '"}'


def text_array(values: Iterable[str]) -> str:
    """The same for a text[]."""
    quoted = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return '{"' + '","'.join(quoted) + '"}'


def _one_bytes_array(keys: Iterable[bytes]) -> list[Any]:
    return [bytes_array(keys)]


def _one_text_array(keys: Iterable[str]) -> list[Any]:
    return [text_array(keys)]


def _text_key(column: str, position: int) -> MatchKey:
    return MatchKey(
        f"t.{column} = k.a AND t.{column} <> ''",
        ("text",),
        lambda values, _digests: values[position] or None,
        lambda record: record[column] or None,
        _one_text_array,
    )


def _digest_key(slot: str, position: int, cipher: FieldCipher) -> MatchKey:
    index, column = cipher.index, f"{slot}_index"

    def of_row(values: list[str], digests: Digests) -> bytes | None:
        text = values[position]
        if not text:
            return None
        digest = digests[position] = index(text)
        return digest

    return MatchKey(
        f"t.{column} = k.a",
        ("bytea",),
        of_row,
        lambda record: None if record[column] is None else bytes(record[column]),
        _one_bytes_array,
    )


def _name_reader(at: dict[str, int]) -> Callable[[list[str]], tuple[str, str]]:
    first, last = at.get("first_name", -1), at.get("last_name", -1)

    def name_of(values: list[str]) -> tuple[str, str]:
        return (values[last] if last >= 0 else "", values[first] if first >= 0 else "")

    return name_of


def _phone_key(at: dict[str, int], cipher: FieldCipher) -> MatchKey:
    """Number and name together: a shared line has many people."""
    number, name_of = _digest_key("phone", at["phone"], cipher), _name_reader(at)

    def of_row(values: list[str], digests: Digests) -> Key | None:
        digest = number.of_row(values, digests)
        return None if digest is None else (digest, *name_of(values))

    def of_record(record: Record) -> Key | None:
        digest = number.of_record(record)
        return None if digest is None else (digest, record["last_name"], record["first_name"])

    return MatchKey(
        number.where,
        ("bytea",),
        of_row,
        of_record,
        lambda keys: [bytes_array(digest for digest, _last, _first in keys)],
    )


def _bare_name_key(at: dict[str, int]) -> MatchKey:
    """A name that stands alone, in records that have nothing else either: any other would be a guess."""
    name_of = _name_reader(at)

    def of_row(values: list[str], _digests: Digests) -> Key | None:
        name = name_of(values)
        return name if any(name) else None

    return MatchKey(
        "t.last_name = k.a AND t.first_name = k.b"
        " AND t.email_index IS NULL AND t.phone_index IS NULL AND t.external_id = ''"
        " AND t.deleted_at IS NULL",
        ("text", "text"),
        of_row,
        lambda record: (record["last_name"], record["first_name"]),
        lambda keys: [list(column) for column in zip(*keys, strict=True)],
    )


def _company_name_key(position: int) -> MatchKey:
    return MatchKey(
        "lower(t.name) = k.a AND t.deleted_at IS NULL",
        ("text",),
        lambda values, _digests: values[position].lower() or None,
        lambda record: record["name"].lower() or None,
        _one_text_array,
    )


def _deal_name_key(at: dict[str, int]) -> MatchKey:
    """Deals of one name are common ("Renewal"): the company makes the difference."""
    name, company = at["name"], at.get("company", -1)

    def of_row(values: list[str], _digests: Digests) -> Key | None:
        return (values[name], values[company] if company >= 0 else "") if values[name] else None

    def of_record(record: Record) -> Key | None:
        return (record["name"], record["company_id"].hex if company >= 0 and record["company_id"] else "")

    return MatchKey(
        "t.name = k.a AND t.deleted_at IS NULL",
        ("text",),
        of_row,
        of_record,
        lambda keys: [[name for name, _company in keys]],
    )
