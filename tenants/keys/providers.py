"""Who holds the key-encryption keys (KEKs) that wrap every data key.

``settings.KEY_PROVIDER`` names a class that is made without arguments and does what :class:`KeyProvider`
promises. A data key leaves the process only wrapped; a KEK of a remote provider never enters it.
"""

import base64
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from tenants.keys import keyfiles
from tenants.keys.errors import KeyRingError

NONCE_BYTES = 12
WRAP_LABEL = b"softswitch wrapped key v1\0"


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A data key under the KEK ``kek_id``."""

    kek_id: str
    blob: bytes


class KeyProvider(Protocol):
    """Wraps and unwraps data keys. ``context`` (organisation and key id) is bound to the wrapped key."""

    def current_kek_id(self) -> str:
        """The KEK that :meth:`wrap` uses."""

    def kek_ids(self) -> list[str]:
        """Every KEK that :meth:`unwrap` can use."""

    def wrap(self, key: bytes, context: bytes) -> WrappedKey:
        """``key`` under the current KEK."""

    def unwrap(self, wrapped: WrappedKey, context: bytes) -> bytes:
        """The data key; raises :class:`KeyRingError` for a wrong context, an altered blob, an absent KEK."""

    def rotate_kek(self) -> str:
        """Make a new KEK current and return its id. Older ones keep unwrapping."""

    def drop_keks(self, keep: set[str]) -> None:
        """Remove every KEK that is neither in ``keep`` nor current."""


class FileKeyProvider:
    """KEKs in ``<KEYRING_DIR>/master.json`` (mode 600): for one machine, or a shared volume.

    The file is made on first use when ``settings.KEYRING_AUTO_CREATE`` is true. Back it up apart from the
    database: without it nothing encrypted can be read again.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = directory or Path(settings.KEYRING_DIR)
        self.path = self.directory / "master.json"
        self._stamp: tuple[int, int] | None = None
        self._active = ""
        self._keys: dict[str, AESGCM] = {}

    def current_kek_id(self) -> str:
        self._load()
        return self._active

    def kek_ids(self) -> list[str]:
        self._load()
        return list(self._keys)

    def wrap(self, key: bytes, context: bytes) -> WrappedKey:
        self._load()
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._keys[self._active].encrypt(nonce, key, _bound(self._active, context))
        return WrappedKey(self._active, nonce + sealed)

    def unwrap(self, wrapped: WrappedKey, context: bytes) -> bytes:
        self._load()
        kek = self._keys.get(wrapped.kek_id)
        if kek is None:
            raise KeyRingError(
                f"The master key {wrapped.kek_id} is not in master.json: restore the key ring's backup."
            )
        nonce, sealed = wrapped.blob[:NONCE_BYTES], wrapped.blob[NONCE_BYTES:]
        try:
            return kek.decrypt(nonce, sealed, _bound(wrapped.kek_id, context))
        except (InvalidTag, ValueError):
            raise KeyRingError("A wrapped key was altered or belongs to another organisation.") from None

    def rotate_kek(self) -> str:
        self._load()
        with keyfiles.locked(self.directory, "master.lock"):
            content = keyfiles.read_json(self.path)
            kek_id, entry = _new_kek()
            content["keys"][kek_id] = entry
            content["active"] = kek_id
            keyfiles.write_json(self.path, content)
        return kek_id

    def drop_keks(self, keep: set[str]) -> None:
        with keyfiles.locked(self.directory, "master.lock"):
            content = keyfiles.read_json(self.path)
            wanted = keep | {content["active"]}
            content["keys"] = {kek_id: entry for kek_id, entry in content["keys"].items() if kek_id in wanted}
            keyfiles.write_json(self.path, content)

    def _load(self) -> None:
        """Read the file where it is new to this process or was replaced."""
        try:
            stat = self.path.stat()
        except FileNotFoundError:
            self._create()
            stat = self.path.stat()
        if self._stamp == (stat.st_mtime_ns, stat.st_ino):
            return
        content = keyfiles.read_json(self.path)
        keys = {kek_id: AESGCM(base64.b64decode(entry["key"])) for kek_id, entry in content["keys"].items()}
        self._keys, self._active = keys, content["active"]
        self._stamp = (stat.st_mtime_ns, stat.st_ino)

    def _create(self) -> None:
        # Keys that are already there need their old master key: a new one would only hide the loss.
        in_use = any((self.directory / "organizations").glob("*.json"))
        if in_use or not settings.KEYRING_AUTO_CREATE:
            raise KeyRingError(
                f"There is no master key at {self.path}. Restore it, or with an empty key ring set"
                " KEYRING_AUTO_CREATE=1 to make one."
            )
        with keyfiles.locked(self.directory, "master.lock"):
            if not self.path.exists():
                kek_id, entry = _new_kek()
                keyfiles.write_json(self.path, {"version": 1, "active": kek_id, "keys": {kek_id: entry}})


def _new_kek() -> tuple[str, dict[str, Any]]:
    key = base64.b64encode(AESGCM.generate_key(256)).decode("ascii")
    return secrets.token_hex(4), {"key": key, "created_at": datetime.now(UTC).isoformat(timespec="seconds")}


def _bound(kek_id: str, context: bytes) -> bytes:
    return WRAP_LABEL + kek_id.encode("ascii") + b"\0" + context
