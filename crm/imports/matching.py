"""Which record a row is about: by blind index of its email, by external id, by domain, by name.

The chosen keys are tried in order. A record found by a weaker key is not taken if both sides have a stronger
key and it differs: another email address beside the same customer number is another person.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.db import connection

from crm.imports.kinds import RecordKind, field_of, is_encrypted
from crm.imports.rules import Rules
from tenants.keys.bulk import FieldCipher

Key = Hashable


@dataclass(slots=True)
class Item:
    """A converted row on its way into the database."""

    line: int
    cells: list[str]
    given: list[str]
    values: list[str] = field(default_factory=list)  # with names replaced by the ids they stand for
    keys: tuple[Key, ...] = ()  # by the chosen keys, None where the row has none
    fallback: tuple[int, Key] | None = None  # which fallback key, and its value
    digests: dict[int, bytes] = field(default_factory=dict)
    match: "Candidate | None" = None
    repeated: bool | None = None  # whether its key stood in the file before; None until asked


@dataclass(slots=True)
class Candidate:
    """An existing record. ``texts`` are its values in the order of the import's columns."""

    pk: bytes
    version: int
    key_columns: dict[str, Any]
    raw: tuple[Any, ...]


@dataclass(frozen=True)
class MatchKey:
    """One way to recognise a record. ``of_row`` gives None where the row has no such key."""

    name: str
    where: str
    of_row: Callable[[list[str], dict[int, bytes]], Key | None]
    of_record: Callable[[dict[str, Any]], Key | None]
    parameters: Callable[[Iterable[Any]], list[Any]]


class Matcher:
    """Finds the records that rows are about. ``stored`` are the columns to fetch for comparing; ``at`` says
    where each slot stands among a row's values."""

    def __init__(
        self,
        kind: RecordKind,
        stored: tuple[str, ...],
        at: dict[str, int],
        rules: Rules,
        ciphers: dict[str, FieldCipher],
    ) -> None:
        keys = match_keys(kind.name, at, ciphers)
        self.kind = kind
        self.chosen = tuple(keys[name] for name in rules.match if name in keys)
        self.fallback = tuple(keys[name] for name in rules.fallback if name in keys)
        key_columns = _KEY_COLUMNS[kind.name]
        self._key_columns = key_columns
        fields = [field_of(kind, slot) for slot in stored]
        columns = ["id", "version", *key_columns, *(found.column for found in fields)]
        listed = ", ".join(f't."{column}"' for column in columns)
        # All names come from the models.
        live = f'FROM "{kind.model._meta.db_table}" t WHERE t.deleted_at IS NULL AND'
        self._select = f"SELECT {listed} {live} "
        self._exists = f"SELECT 1 {live} "

    def give_keys(self, item: Item) -> Key | None:
        """Compute the item's keys; returns the strongest, by which rows of one file are told apart."""
        item.keys = tuple([key.of_row(item.values, item.digests) for key in self.chosen])
        for number, found in enumerate(item.keys):
            if found is not None:
                return (number, found)
        for number, key in enumerate(self.fallback):
            found = key.of_row(item.values, item.digests)
            if found is not None:
                item.fallback = (number, found)
                return (-1 - number, found)
        return None

    def find(self, items: list[Item], *, lock: bool = False) -> None:
        """Set each item's ``match``."""
        for number, key in enumerate(self.chosen):
            open_items = [item for item in items if item.match is None and item.keys[number] is not None]
            records = self._fetch(key, {item.keys[number] for item in open_items}, lock)
            for item in open_items if records else ():
                for record in records.get(item.keys[number], ()):
                    if not self.differs(item.keys, record, number):
                        item.match = record
                        break
        for number, key in enumerate(self.fallback):
            weak = [
                (item, item.fallback[1]) for item in items if item.fallback and item.fallback[0] == number
            ]
            records = self._fetch(key, {found for _item, found in weak}, lock)
            for item, found in weak if records else ():
                item.match = next(iter(records.get(found, ())), None)

    def differs(self, keys: tuple[Key, ...], record: Candidate, before: int) -> bool:
        """Whether a key stronger than number ``before`` says that row and record are two."""
        for number in range(before):
            if keys[number] is not None:
                other = self.chosen[number].of_record(record.key_columns)
                if other is not None and other != keys[number]:
                    return True
        return False

    def any_exists(self, items: list[Item]) -> bool:
        """Whether a record has one of the items' keys by now."""
        for number, key in enumerate(self.chosen):
            if self._probe(key, {item.keys[number] for item in items if item.keys[number] is not None}):
                return True
        for number, key in enumerate(self.fallback):
            weak = {item.fallback[1] for item in items if item.fallback and item.fallback[0] == number}
            if self._probe(key, weak):
                return True
        return False

    def _probe(self, key: MatchKey, found: set[Any]) -> bool:
        if not found:
            return False
        with connection.cursor() as cursor:
            cursor.execute(f"{self._exists}{key.where} LIMIT 1", key.parameters(found))
            return cursor.fetchone() is not None

    def _fetch(self, key: MatchKey, found: set[Any], lock: bool) -> dict[Key, list[Candidate]]:
        if not found:
            return {}
        records: dict[Key, list[Candidate]] = {}
        width = len(self._key_columns)
        with connection.cursor() as cursor:
            statement = f"{self._select}{key.where} ORDER BY t.id" + (" FOR UPDATE OF t" if lock else "")
            cursor.execute(statement, key.parameters(found))
            for pk, version, *rest in cursor.fetchall():
                key_columns = dict(zip(self._key_columns, rest[:width], strict=True))
                record = Candidate(pk.bytes, version, key_columns, tuple(rest[width:]))
                value = key.of_record(key_columns)
                if value is not None:
                    records.setdefault(value, []).append(record)
        return records


_KEY_COLUMNS: dict[str, tuple[str, ...]] = {
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


def domain_of_website(url: str) -> str:
    """The domain that a company's website shows, "" for pages on somebody else's."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    own = parts.path in ("", "/") and not parts.query and host not in _SHARED_HOSTS
    return host if own and "." in host and not host.replace(".", "").isdigit() else ""


def match_keys(kind: str, at: dict[str, int], ciphers: dict[str, FieldCipher]) -> dict[str, MatchKey]:
    """The keys that the mapped columns can give."""
    keys = _people_keys(at, ciphers) if kind in ("contacts", "leads") else _thing_keys(kind, at)
    if "external_id" in at:
        external = at["external_id"]
        keys["external_id"] = MatchKey(
            "external_id",
            "t.external_id = ANY(%s) AND t.external_id <> ''",
            lambda values, _digests: values[external] or None,
            lambda record: record["external_id"] or None,
            _as_list,
        )
    return keys


def _people_keys(at: dict[str, int], ciphers: dict[str, FieldCipher]) -> dict[str, MatchKey]:
    keys = {}
    first, last = at.get("first_name", -1), at.get("last_name", -1)

    def name_of(values: list[str]) -> tuple[str, str]:
        return (values[last] if last >= 0 else "", values[first] if first >= 0 else "")

    if "email" in at:
        keys["email"] = _digest_key("email", at["email"], ciphers["email"])
    if "phone" in at:
        phone = _digest_key("phone", at["phone"], ciphers["phone"])
        # A shared line has many people: without an email, number and name together make the person.
        keys["phone"] = MatchKey(
            "phone",
            phone.where,
            lambda values, digests: (
                (found, *name_of(values)) if (found := phone.of_row(values, digests)) else None
            ),
            lambda record: (
                (bytes(record["phone_index"]), record["last_name"], record["first_name"])
                if record["phone_index"]
                else None
            ),
            lambda found: [[digest for digest, _last, _first in found]],
        )
    if first >= 0 or last >= 0:
        keys["name"] = MatchKey(
            "name",
            "(t.last_name, t.first_name) IN (SELECT * FROM unnest(%s::text[], %s::text[]))"
            " AND t.email_index IS NULL AND t.phone_index IS NULL AND t.external_id = ''",
            lambda values, _digests: name if any(name := name_of(values)) else None,
            lambda record: (record["last_name"], record["first_name"]),
            lambda found: [list(column) for column in zip(*found, strict=True)],
        )
    return keys


def _digest_key(slot: str, position: int, cipher: FieldCipher) -> MatchKey:
    index, column = cipher.index, f"{slot}_index"

    def of_row(values: list[str], digests: dict[int, bytes]) -> bytes | None:
        text = values[position]
        if not text:
            return None
        digest = digests[position] = index(text)
        return digest

    return MatchKey(
        slot,
        f"t.{column} = ANY(%s)",
        of_row,
        lambda record: bytes(record[column]) if record[column] is not None else None,
        _as_list,
    )


def _thing_keys(kind: str, at: dict[str, int]) -> dict[str, MatchKey]:
    keys = {}
    if "name" in at:
        name = at["name"]
        if kind == "companies":
            keys["name"] = MatchKey(
                "name",
                "lower(t.name) = ANY(%s)",
                lambda values, _digests: values[name].lower() or None,
                lambda record: record["name"].lower() or None,
                _as_list,
            )
        else:
            company = at.get("company", -1)
            # Deals of one name are common ("Renewal"): the company makes the difference.
            keys["name"] = MatchKey(
                "name",
                "t.name = ANY(%s)",
                lambda values, _digests: (
                    (values[name], values[company] if company >= 0 else "") if values[name] else None
                ),
                lambda record: (
                    record["name"],
                    record["company_id"].hex if company >= 0 and record["company_id"] else "",
                ),
                lambda found: [[name for name, _company in found]],
            )
    if "domain" in at:
        domain = at["domain"]
        keys["domain"] = MatchKey(
            "domain",
            "t.domain = ANY(%s) AND t.domain <> ''",
            lambda values, _digests: values[domain] or None,
            lambda record: record["domain"] or None,
            _as_list,
        )
    return keys


def _as_list(found: Iterable[Any]) -> list[Any]:
    return [list(found)]


def record_text(kind: RecordKind, slot: str, cipher: FieldCipher | None) -> Callable[[bytes, Any], str]:
    """Reads a fetched column back into the text form in which the converter gives values."""
    found = field_of(kind, slot)
    if cipher is not None and is_encrypted(found):
        return lambda pk, blob: "" if blob is None else cipher.open(pk, bytes(blob))
    if found.is_relation:
        return lambda _pk, value: "" if value is None else value.hex
    if found.get_internal_type() == "DecimalField":
        return lambda _pk, value: "" if value is None else f"{value:.{found.decimal_places}f}"
    return lambda _pk, value: "" if value is None else str(value)
