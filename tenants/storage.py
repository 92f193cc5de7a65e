"""Files of the current organisation, encrypted with its key (Django's default storage).

They live in ``MEDIA_ROOT/<organisation>/``, mode 600, under random names: neither path nor content says
anything. There is no URL and no path to hand out; a view reads through ``open``.
"""

import io
import os
import re
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files import File
from django.core.files.storage import Storage
from django.utils.deconstruct import deconstructible

from tenants.keys.errors import TamperedCiphertext
from tenants.keys.files import FILE_ID_BYTES, DecryptingReader, StoredFileWriter
from tenants.scope import scope_id

# A folder that code chose (``upload_to``), then the file's id. What people named the file is for a column.
_NAME = re.compile(r"(?:[a-z0-9_-]{1,40}/){0,4}[0-9a-f]{32}")
_FOLDER = re.compile(r"(?:[a-z0-9_-]{1,40}/){0,4}")


@deconstructible(path="tenants.storage.OrganizationStorage")
class OrganizationStorage(Storage):
    """Encrypted files, kept apart by organisation. ``save`` chooses the name and returns it."""

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """A new random name in the folder of ``name``; the file's own name is not kept."""
        folder = name.replace("\\", "/").rpartition("/")[0]
        folder = f"{folder}/" if folder else ""
        if not _FOLDER.fullmatch(folder):
            raise SuspiciousFileOperation("A folder of stored files has lower-case letters, digits, _ and -.")
        return folder + secrets.token_hex(FILE_ID_BYTES)

    def generate_filename(self, filename: str | os.PathLike[str]) -> str:
        return self.get_available_name(os.fspath(filename))

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        if mode not in {"r", "rb"}:
            raise ValueError("Stored files are read, or saved as a whole.")
        reader = DecryptingReader(self._location(name).open("rb"), scope_id())
        if reader.file_id.hex() != name.rpartition("/")[2]:
            reader.close()
            raise TamperedCiphertext("An encrypted file stands under the name of another.")
        return File(io.BufferedReader(reader), name=name)

    def _save(self, name: str, content: "File[Any]") -> str:
        with self.writer(name) as writer:
            for chunk in content.chunks():
                writer.write(chunk.encode("utf-8") if isinstance(chunk, str) else chunk)
        return name

    def writer(self, name: str) -> StoredFileWriter:
        """A context manager to write a new file piece by piece, under a name from ``get_available_name``.
        The file exists only once the block has ended without an exception."""
        return StoredFileWriter(self._location(name), scope_id(), bytes.fromhex(name.rpartition("/")[2]))

    def delete(self, name: str) -> None:
        self._location(name).unlink(missing_ok=True)

    def exists(self, name: str) -> bool:
        return self._location(name).is_file()

    def size(self, name: str) -> int:
        """Bytes of the plain content."""
        with DecryptingReader(self._location(name).open("rb"), scope_id()) as reader:
            return reader.size

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        folder = f"{path.strip('/')}/" if path.strip("/") else ""
        if not _FOLDER.fullmatch(folder):
            raise SuspiciousFileOperation("There is no such folder of stored files.")
        entries = sorted((self._home() / folder).iterdir())
        return [e.name for e in entries if e.is_dir()], [e.name for e in entries if e.is_file()]

    def get_modified_time(self, name: str) -> datetime:
        return datetime.fromtimestamp(self._location(name).stat().st_mtime, UTC)

    get_created_time = get_accessed_time = get_modified_time

    def url(self, name: str | None) -> str:
        raise ValueError("Stored files have no address: serve them by a view that checks who asks.")

    def _home(self) -> Path:
        return Path(settings.MEDIA_ROOT) / str(scope_id())

    def _location(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise SuspiciousFileOperation("This is not the name of a stored file.")
        return self._home() / name
