"""The key ring: every organisation's keys, and which of them encrypts now.

``<KEYRING_DIR>/organizations/<uuid>.json`` holds an organisation's data keys (256 random bits each, one of
them active) and its index key, wrapped by the provider's KEK. The platform's own are those of PLATFORM_ID.

State of a data key: ``active`` (encrypts), ``retiring`` (rows may still need it), ``retired`` (a scan found
nothing; kept so that a restored backup can be read, see :mod:`tenants.keys.rotation`).
"""

import base64
import secrets
import time
import uuid
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, cast

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

from tenants.keys import keyfiles
from tenants.keys.errors import KeyDestroyed, KeyMissing, UnknownKey
from tenants.keys.index import GramMemo, Indexer, derive
from tenants.keys.providers import KeyProvider, WrappedKey
from tenants.scope import PLATFORM_ID

KEY_ID_BYTES = 4
LAYOUT_VERSION = b"\x01"
INDEX_KEY_ID = "index"
ACTIVE, RETIRING, RETIRED = "active", "retiring", "retired"
# A key that another process destroyed or replaced is noticed after this time at the latest.
RECHECK_SECONDS = 1.0
KEPT_SCOPES = 2_000
KEPT_MEMOS = 16

Entry = dict[str, Any]


class DataKey:
    """One data key, unwrapped: ``header`` starts every ciphertext made with it."""

    __slots__ = ("field", "files_secret", "header", "id")

    def __init__(self, key_id: bytes, secret: bytes) -> None:
        self.id = key_id
        self.header = LAYOUT_VERSION + key_id
        self.field = AESGCM(derive(secret, "field"))
        self.files_secret = derive(secret, "files")


class ScopeKeys:
    """The keys of one organisation, or of the platform, as one version of its file has them."""

    def __init__(self, scope_id: uuid.UUID, content: dict[str, Any], stamp: tuple[int, int]) -> None:
        self.scope_id = scope_id
        self.stamp = stamp
        self.checked = time.monotonic()
        self._entries: dict[str, Entry] = content["data_keys"]
        self._unwrapped: dict[bytes, DataKey] = {}
        self.active = self.data_key(bytes.fromhex(content["active"]))
        self._index_entry: Entry = content["index_key"]
        self._indexer: Indexer | None = None
        self._memos: dict[bytes, GramMemo] = {}

    def data_key(self, key_id: bytes) -> DataKey:
        """The data key of that id; raises :class:`UnknownKey`."""
        key = self._unwrapped.get(key_id)
        if key is None:
            entry = self._entries.get(key_id.hex())
            if entry is None:
                raise UnknownKey("An encrypted value names a key that this organisation does not have.")
            key = self._unwrapped[key_id] = DataKey(key_id, _unwrap(entry, self.scope_id, key_id.hex()))
        return key

    def __contains__(self, key_id: bytes) -> bool:
        return key_id.hex() in self._entries

    @property
    def indexer(self) -> Indexer:
        if self._indexer is None:
            self._indexer = Indexer(_unwrap(self._index_entry, self.scope_id, INDEX_KEY_ID))
        return self._indexer

    def memo(self, kind: bytes) -> GramMemo:
        """The remembered n-gram tokens of one kind of value."""
        memo = self._memos.get(kind)
        if memo is None:
            memo = self._memos[kind] = GramMemo(self.indexer, kind)
            _bound_memos(self)
        return memo

    def forget_memos(self) -> None:
        self._memos = {}

    def ids(self, *states: str) -> list[bytes]:
        """Ids of the data keys in these states."""
        return [bytes.fromhex(key_id) for key_id, entry in self._entries.items() if entry["state"] in states]


_cache: OrderedDict[uuid.UUID, ScopeKeys] = OrderedDict()
_with_memos: OrderedDict[uuid.UUID, ScopeKeys] = OrderedDict()


@cache
def provider() -> KeyProvider:
    """The provider that the settings name; one a process."""
    return cast("KeyProvider", import_string(settings.KEY_PROVIDER)())


def keys(scope_id: uuid.UUID) -> ScopeKeys:
    """The keys of a scope; raises :class:`KeyMissing` or :class:`KeyDestroyed`.

    The platform's are made when they are first needed; an organisation's by its provisioning.
    """
    cached = _cache.get(scope_id)
    if cached is not None and time.monotonic() - cached.checked < RECHECK_SECONDS:
        return cached
    return reload(scope_id)


def reload(scope_id: uuid.UUID) -> ScopeKeys:
    """Like :func:`keys`, having looked at the file: another process may have rotated or destroyed them."""
    path = _path(scope_id)
    cached = _cache.get(scope_id)
    try:
        stamp = _stamp(path)
    except FileNotFoundError:
        _cache.pop(scope_id, None)
        _with_memos.pop(scope_id, None)
        if _tombstone(scope_id).exists():
            raise KeyDestroyed from None
        if scope_id != PLATFORM_ID:
            raise KeyMissing(f"The scope {scope_id} has no keys: restore its file of the key ring.") from None
        create_keys(scope_id)
        stamp = _stamp(path)
    if cached is not None and cached.stamp == stamp:
        cached.checked = time.monotonic()
        return cached
    if _tombstone(scope_id).exists():
        raise KeyDestroyed
    loaded = _cache[scope_id] = ScopeKeys(scope_id, keyfiles.read_json(path), stamp)
    if cached is not None and cached._index_entry == loaded._index_entry:
        loaded._indexer, loaded._memos = cached._indexer, cached._memos
    while len(_cache) > KEPT_SCOPES:
        _cache.popitem(last=False)
    return loaded


def create_keys(scope_id: uuid.UUID) -> None:
    """Make the keys of a new scope. Does nothing where it has them; raises KeyDestroyed where it had."""
    path = _path(scope_id)
    with keyfiles.locked(_directory()):
        keyfiles.private_directory(path.parent)
        if _tombstone(scope_id).exists():
            raise KeyDestroyed
        if path.exists():
            return
        key_id, entry = _new_data_key(scope_id)
        index_entry = _wrap(secrets.token_bytes(32), scope_id, INDEX_KEY_ID)
        content = {
            "version": 1,
            "scope": str(scope_id),
            "active": key_id,
            "data_keys": {key_id: entry},
            "index_key": index_entry,
        }
        keyfiles.write_json(path, content)


def destroy_keys(scope_id: uuid.UUID) -> None:
    """Make every encrypted value of the scope unreadable for ever, in backups of the database too.

    The tombstone is written first: whoever looks after a crash in between finds the keys destroyed. Copies
    of the key ring itself have to be destroyed by whoever keeps them.
    """
    with keyfiles.locked(_directory()):
        keyfiles.private_directory(_path(scope_id).parent)
        keyfiles.write_json(_tombstone(scope_id), {"destroyed_at": _now().isoformat()})
        keyfiles.shred(_path(scope_id))
    _cache.pop(scope_id, None)
    _with_memos.pop(scope_id, None)


def rotate_data_key(scope_id: uuid.UUID) -> bytes:
    """Make a new data key active and return its id; the one before is retiring from now on."""
    with keyfiles.locked(_directory()):
        content = _content(scope_id)
        key_id, entry = _new_data_key(scope_id)
        content["data_keys"][content["active"]] |= {"state": RETIRING}
        content["data_keys"][key_id] = entry
        content["active"] = key_id
        keyfiles.write_json(_path(scope_id), content)
    reload(scope_id)
    return bytes.fromhex(key_id)


def retire_data_keys(scope_id: uuid.UUID, key_ids: list[bytes]) -> None:
    """Note that nothing uses these retiring keys any more."""
    with keyfiles.locked(_directory()):
        content = _content(scope_id)
        for key_id in key_ids:
            entry = content["data_keys"][key_id.hex()]
            if entry["state"] == RETIRING:
                entry |= {"state": RETIRED, "retired_at": _now().isoformat()}
        keyfiles.write_json(_path(scope_id), content)
    reload(scope_id)


def purge_data_keys(scope_id: uuid.UUID, *, older_than: timedelta) -> int:
    """Remove keys that were retired longer ago than that; values in backups under them become unreadable."""
    with keyfiles.locked(_directory()):
        content = _content(scope_id)
        limit = _now() - older_than
        gone = [
            key_id
            for key_id, entry in content["data_keys"].items()
            if entry["state"] == RETIRED and datetime.fromisoformat(entry["retired_at"]) <= limit
        ]
        for key_id in gone:
            del content["data_keys"][key_id]
        if gone:
            keyfiles.write_json(_path(scope_id), content)
    if gone:
        reload(scope_id)
    return len(gone)


def rotate_master() -> int:
    """Make a new KEK and wrap every key anew with it; the older ones are dropped. Returns the scopes done.

    May be repeated after an interruption: a KEK is dropped only when no file names it any more.
    """
    provider().rotate_kek()
    with keyfiles.locked(_directory()):
        paths = sorted((_directory() / "organizations").glob("*.json"))
        for path in paths:
            scope_id = uuid.UUID(path.stem)
            content = keyfiles.read_json(path)
            entries: dict[str, Entry] = {**content["data_keys"], INDEX_KEY_ID: content["index_key"]}
            for key_id, entry in entries.items():
                entry.update(_wrap(_unwrap(entry, scope_id, key_id), scope_id, key_id))
            keyfiles.write_json(path, content)
    provider().drop_keks({provider().current_kek_id()})
    return len(paths)


def scopes() -> list[uuid.UUID]:
    """Every scope that has keys."""
    return sorted(uuid.UUID(path.stem) for path in (_directory() / "organizations").glob("*.json"))


def forget() -> None:
    """Drop what this process remembers of the ring."""
    _cache.clear()
    _with_memos.clear()
    provider.cache_clear()


def _directory() -> Path:
    return Path(settings.KEYRING_DIR)


def _path(scope_id: uuid.UUID) -> Path:
    return _directory() / "organizations" / f"{scope_id}.json"


def _tombstone(scope_id: uuid.UUID) -> Path:
    return _directory() / "organizations" / f"{scope_id}.destroyed"


def _stamp(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_ino


def _content(scope_id: uuid.UUID) -> dict[str, Any]:
    if _tombstone(scope_id).exists():
        raise KeyDestroyed
    try:
        return keyfiles.read_json(_path(scope_id))
    except FileNotFoundError:
        raise KeyMissing(f"The scope {scope_id} has no keys.") from None


def _new_data_key(scope_id: uuid.UUID) -> tuple[str, Entry]:
    key_id = secrets.token_hex(KEY_ID_BYTES)
    entry = _wrap(secrets.token_bytes(32), scope_id, key_id)
    return key_id, {**entry, "state": ACTIVE, "created_at": _now().isoformat(timespec="seconds")}


def _wrap(key: bytes, scope_id: uuid.UUID, key_id: str) -> Entry:
    wrapped = provider().wrap(key, _context(scope_id, key_id))
    return {"kek": wrapped.kek_id, "wrapped": base64.b64encode(wrapped.blob).decode("ascii")}


def _unwrap(entry: Entry, scope_id: uuid.UUID, key_id: str) -> bytes:
    wrapped = WrappedKey(entry["kek"], base64.b64decode(entry["wrapped"]))
    return provider().unwrap(wrapped, _context(scope_id, key_id))


def _context(scope_id: uuid.UUID, key_id: str) -> bytes:
    return scope_id.bytes + key_id.encode("ascii")


def _now() -> datetime:
    return datetime.now(UTC)


def _bound_memos(scope_keys: ScopeKeys) -> None:
    """Keep the memos of the scopes that were busy last: a memo is large, a key is not."""
    _with_memos[scope_keys.scope_id] = scope_keys
    while len(_with_memos) > KEPT_MEMOS:
        _with_memos.popitem(last=False)[1].forget_memos()


def _settings_changed(*, setting: str, **_kwargs: object) -> None:
    if setting in {"KEYRING_DIR", "KEY_PROVIDER", "KEYRING_AUTO_CREATE"}:
        forget()


setting_changed.connect(_settings_changed)
