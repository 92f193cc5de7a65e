import io
import os
import uuid
from pathlib import Path

import pytest

from tenants.keys import files, ring
from tenants.keys.errors import KeyDestroyed, TamperedCiphertext
from tests.tenants.keys.test_ring import OTHER, SCOPE

CHUNK = files.CHUNK_BYTES


@pytest.fixture(autouse=True)
def _keys(own_ring: Path) -> None:
    ring.create_keys(SCOPE)
    ring.create_keys(OTHER)


def seal(plain: bytes, scope: uuid.UUID = SCOPE) -> bytes:
    raw = io.BytesIO()
    with files.EncryptingWriter(raw, scope) as writer:
        writer.write(plain)
    return raw.getvalue()


def read(sealed: bytes, scope: uuid.UUID = SCOPE) -> bytes:
    return files.DecryptingReader(io.BytesIO(sealed), scope).read()


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7])
def test_a_file_of_any_length_comes_back(size: int) -> None:
    plain = os.urandom(size)
    sealed = seal(plain)
    assert read(sealed) == plain
    assert files.DecryptingReader(io.BytesIO(sealed), SCOPE).size == size


def test_pieces_of_any_length_make_the_same_file() -> None:
    plain = os.urandom(2 * CHUNK + 5)
    raw = io.BytesIO()
    with files.EncryptingWriter(raw, SCOPE) as writer:
        for at in range(0, len(plain), 10_007):
            writer.write(plain[at : at + 10_007])
    assert read(raw.getvalue()) == plain


def test_any_part_can_be_read_alone() -> None:
    plain = os.urandom(3 * CHUNK)
    reader = io.BufferedReader(files.DecryptingReader(io.BytesIO(seal(plain)), SCOPE))
    for start in (0, CHUNK - 3, 2 * CHUNK + 11, 3 * CHUNK - 1):
        reader.seek(start)
        assert reader.read(10) == plain[start : start + 10]
    reader.seek(-5, os.SEEK_END)
    assert reader.read() == plain[-5:]


@pytest.mark.parametrize("cut", [1, 17, CHUNK, files.SEALED_BYTES, 2 * files.SEALED_BYTES, 10**9])
def test_a_file_that_was_cut_off_is_refused_when_it_is_opened(cut: int) -> None:
    sealed = seal(os.urandom(3 * CHUNK))
    with pytest.raises(TamperedCiphertext):
        files.DecryptingReader(io.BytesIO(sealed[: max(0, len(sealed) - cut)]), SCOPE)


@pytest.mark.parametrize("more", [1, files.SEALED_BYTES])
def test_a_file_that_was_appended_to_is_refused_when_it_is_opened(more: int) -> None:
    with pytest.raises(TamperedCiphertext):
        files.DecryptingReader(io.BytesIO(seal(b"x" * CHUNK) + b"y" * more), SCOPE)


def test_chunks_in_another_order_or_from_another_file_are_refused() -> None:
    one, other = seal(os.urandom(3 * CHUNK)), seal(os.urandom(3 * CHUNK))
    head, size = files.HEADER_BYTES, files.SEALED_BYTES
    parts = [one[head + n * size : head + (n + 1) * size] for n in range(3)]
    foreign = other[head : head + size]
    for order in ([1, 0, 2], [0, 0, 2]):
        with pytest.raises(TamperedCiphertext):
            read(one[:head] + b"".join(parts[n] for n in order))
    with pytest.raises(TamperedCiphertext):
        read(one[:head] + foreign + parts[1] + parts[2])


def test_every_flipped_byte_of_a_small_file_is_refused() -> None:
    sealed = seal(b"small")
    for at in range(len(sealed)):
        altered = bytearray(sealed)
        altered[at] ^= 0x40
        with pytest.raises(TamperedCiphertext):
            read(bytes(altered))


def test_a_file_of_another_organisation_is_refused() -> None:
    with pytest.raises(TamperedCiphertext):
        read(seal(b"theirs", OTHER))


def test_a_file_that_was_not_finished_is_refused() -> None:
    raw = io.BytesIO()
    writer = files.EncryptingWriter(raw, SCOPE)
    writer.write(b"x" * (CHUNK + 1))
    with pytest.raises(TamperedCiphertext):
        read(raw.getvalue())


def test_files_survive_a_rotation_and_not_the_end_of_the_keys() -> None:
    sealed = seal(b"before")
    ring.rotate_data_key(SCOPE)
    assert read(sealed) == b"before"
    ring.destroy_keys(SCOPE)
    with pytest.raises(KeyDestroyed):
        read(sealed)
