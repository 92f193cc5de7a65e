"""Encrypted files: AES-256-GCM in chunks of 64 KiB, readable from any position.

``SSCF | version (1) | key id (4) | file id (16)``, then chunks of ciphertext and tag. Each file has a key of
its own (HKDF of the data key with the file id as salt), so that a chunk's nonce is its number and whether it
is the last. Header and organisation are additional data. Hence a chunk that was altered, reordered, cut off,
appended or brought from another file or organisation is refused.
"""

import io
import os
import secrets
import uuid
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tenants.keys import ring
from tenants.keys.errors import TamperedCiphertext
from tenants.keys.index import derive
from tenants.keys.ring import KEY_ID_BYTES, DataKey

MAGIC = b"SSCF"
VERSION = b"\x01"
FILE_ID_BYTES = 16
HEADER_BYTES = len(MAGIC) + len(VERSION) + KEY_ID_BYTES + FILE_ID_BYTES
CHUNK_BYTES = 64 * 1024
TAG_BYTES = 16
SEALED_BYTES = CHUNK_BYTES + TAG_BYTES
ALTERED = "An encrypted file was altered, cut off, or belongs to another place or organisation."


class _Chunks:
    """Seals and opens the chunks of one file."""

    def __init__(self, scope_id: uuid.UUID, key: DataKey, file_id: bytes) -> None:
        self.header = MAGIC + VERSION + key.id + file_id
        self._aad = self.header + scope_id.bytes
        self._key = AESGCM(derive(key.files_secret, "file", salt=file_id))

    def seal(self, number: int, last: bool, plain: bytes) -> bytes:
        return self._key.encrypt(_nonce(number, last), plain, self._aad)

    def open(self, number: int, last: bool, sealed: bytes) -> bytes:
        try:
            return self._key.decrypt(_nonce(number, last), sealed, self._aad)
        except InvalidTag:
            raise TamperedCiphertext(ALTERED) from None


class EncryptingWriter:
    """Writes ``raw`` (a binary file at its start) encrypted for the scope. ``close()`` ends the last chunk; a
    file that was not closed is refused by the reader. ``raw`` stays open."""

    def __init__(self, raw: IO[bytes], scope_id: uuid.UUID, file_id: bytes | None = None) -> None:
        self._raw = raw
        self._chunks = _Chunks(
            scope_id, ring.keys(scope_id).active, file_id or secrets.token_bytes(FILE_ID_BYTES)
        )
        self._waiting = bytearray()
        self._number = 0
        self._closed = False
        raw.write(self._chunks.header)

    def write(self, data: bytes) -> int:
        if self._closed:
            raise ValueError("The encrypted file is closed.")
        self._waiting += data
        # The last chunk is sealed as such, so a full one waits until more comes.
        while len(self._waiting) > CHUNK_BYTES:
            self._put(bytes(self._waiting[:CHUNK_BYTES]), last=False)
            del self._waiting[:CHUNK_BYTES]
        return len(data)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._put(bytes(self._waiting), last=True)
            self._raw.flush()

    def _put(self, plain: bytes, *, last: bool) -> None:
        self._raw.write(self._chunks.seal(self._number, last, plain))
        self._number += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()


class DecryptingReader(io.RawIOBase):
    """The plain content of an encrypted file; seekable. Wrap it in ``io.BufferedReader`` for small reads.

    The last chunk is checked when the file is opened, so a file that was cut off or appended to is refused
    at once; each other chunk when it is read. Closes ``raw``.
    """

    def __init__(self, raw: IO[bytes], scope_id: uuid.UUID) -> None:
        super().__init__()
        self._raw = raw
        header = raw.read(HEADER_BYTES)
        if len(header) != HEADER_BYTES or not header.startswith(MAGIC + VERSION):
            raise TamperedCiphertext("This is not an encrypted file of a known version.")
        key_id = key_id_of(header)
        self.file_id = header[-FILE_ID_BYTES:]
        keys = ring.keys(scope_id)
        if key_id not in keys:
            keys = ring.reload(scope_id)
        self._chunks = _Chunks(scope_id, keys.data_key(key_id), self.file_id)
        body = raw.seek(0, os.SEEK_END) - HEADER_BYTES
        self._last = max(0, -(-body // SEALED_BYTES) - 1)
        self.size = body - TAG_BYTES * (self._last + 1)
        self._position = 0
        self._at = -1
        self._chunk = b""
        if self.size < 0:
            raise TamperedCiphertext(ALTERED)
        self._load(self._last)

    def _load(self, number: int) -> None:
        if number != self._at:
            self._raw.seek(HEADER_BYTES + number * SEALED_BYTES)
            self._chunk = self._chunks.open(number, number == self._last, self._raw.read(SEALED_BYTES))
            self._at = number

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError("A file has no negative positions.")
        self._position = base + offset
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if self._position >= self.size:
            return 0
        number, start = divmod(self._position, CHUNK_BYTES)
        self._load(number)
        part = self._chunk[start : start + len(buffer)]
        buffer[: len(part)] = part
        self._position += len(part)
        return len(part)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class StoredFileWriter:
    """A context manager around an :class:`EncryptingWriter` of a new file (mode 600), which is there, whole
    and on disk, once the block has ended without an exception, and not at all otherwise."""

    def __init__(self, target: Path, scope_id: uuid.UUID, file_id: bytes) -> None:
        self._target = target
        self._scope_id = scope_id
        self._part = target.with_name(f".{target.name}.part")
        self._file_id = file_id
        self._raw: IO[bytes] | None = None

    def __enter__(self) -> EncryptingWriter:
        self._target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        self._raw = os.fdopen(descriptor, "wb")
        try:
            self._writer = EncryptingWriter(self._raw, self._scope_id, self._file_id)
        except BaseException:
            self._abandon()
            raise
        return self._writer

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        if kind is not None or self._raw is None:
            self._abandon()
            return
        self._writer.close()
        os.fsync(self._raw.fileno())
        self._raw.close()
        self._part.rename(self._target)

    def _abandon(self) -> None:
        if self._raw is not None:
            self._raw.close()
        with suppress(FileNotFoundError):
            self._part.unlink()


def encrypted_header(path: Path) -> bytes:
    """The first bytes of a stored file, which name its key and its id."""
    with path.open("rb") as file:
        return file.read(HEADER_BYTES)


def key_id_of(header: bytes) -> bytes:
    """The data key that an encrypted file names in its first bytes."""
    start = len(MAGIC) + len(VERSION)
    return header[start : start + KEY_ID_BYTES]


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")
