"""Files of the key ring: private, replaced as a whole, on disk before anybody relies on them."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tenants.keys.errors import KeyRingError


def private_directory(path: Path) -> None:
    """See to it that ``path`` exists and has mode 700; parents that are missing are made as usual."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.stat().st_mode & 0o077:
        path.chmod(0o700)


def read_json(path: Path) -> dict[str, Any]:
    """The file's object; raises :class:`KeyRingError` where it is damaged, FileNotFoundError where absent."""
    text = path.read_text(encoding="ascii")
    try:
        content: dict[str, Any] = json.loads(text)
    except json.JSONDecodeError:
        raise KeyRingError(f"{path.name} in the key ring is damaged: restore it from a backup.") from None
    return content


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Replace the file atomically; after the return the content outlives a loss of power."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(json.dumps(content, indent=1).encode("ascii"))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Put names that were added to or removed from the folder on disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def shred(path: Path) -> None:
    """Overwrite the file and remove it. (A copy-on-write or flash medium may keep old blocks; the wrapped
    keys in them are worthless without the master key.)"""
    if not path.exists():
        return
    with path.open("r+b") as file:  # in place: "wb" would leave the old blocks alone
        file.write(secrets.token_bytes(max(os.fstat(file.fileno()).st_size, 4096)))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    sync_directory(path.parent)


@contextmanager
def locked(directory: Path, name: str = "lock") -> Iterator[None]:
    """One writer at a time, over all processes and threads. Not re-entrant: master key and data keys have a
    lock each, for a first data key may need a first master key."""
    private_directory(directory)
    descriptor = os.open(directory / name, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
