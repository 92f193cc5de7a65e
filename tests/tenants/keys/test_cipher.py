import os
import uuid
from pathlib import Path

import pytest

from tenants.keys import cipher, ring
from tenants.keys.encoding import encode
from tenants.keys.errors import TamperedCiphertext, UnsealableValue
from tests.tenants.keys.test_ring import OTHER, PK, SCOPE

PLACE = cipher.place(SCOPE, "crm_contact", "email")


@pytest.fixture(autouse=True)
def _keys(own_ring: Path) -> None:
    ring.create_keys(SCOPE)
    ring.create_keys(OTHER)


def seal(plain: bytes = b"jane@example.com") -> bytes:
    return cipher.seal(ring.keys(SCOPE).active, PLACE, PK, plain)


def test_the_layout_is_version_key_nonce_ciphertext_tag() -> None:
    blob = seal(b"abc")
    assert blob[:1] == b"\x01"
    assert blob[1:5] == ring.keys(SCOPE).active.id
    assert len(blob) == cipher.OVERHEAD_BYTES + 3 == 36


@pytest.mark.parametrize("flip", [0x01, 0x80])
def test_every_flipped_byte_is_refused(flip: int) -> None:
    blob = seal()
    for at in range(len(blob)):
        altered = bytearray(blob)
        altered[at] ^= flip
        with pytest.raises(TamperedCiphertext):
            cipher.unseal(ring.keys(SCOPE), PLACE, PK, bytes(altered))


def test_every_shortened_ciphertext_is_refused() -> None:
    blob = seal()
    for length in range(len(blob)):
        with pytest.raises(TamperedCiphertext):
            cipher.unseal(ring.keys(SCOPE), PLACE, PK, blob[:length])


@pytest.mark.parametrize(
    ("scope", "table", "column", "pk"),
    [
        (SCOPE, "crm_contact", "email", uuid.UUID(int=1).bytes),
        (SCOPE, "crm_contact", "phone", PK),
        (SCOPE, "crm_lead", "email", PK),
        (OTHER, "crm_contact", "email", PK),
    ],
    ids=["row", "column", "table", "organisation"],
)
def test_a_value_moved_elsewhere_is_refused(scope: uuid.UUID, table: str, column: str, pk: bytes) -> None:
    with pytest.raises(TamperedCiphertext):
        cipher.unseal(ring.keys(SCOPE), cipher.place(scope, table, column), pk, seal())
    with pytest.raises(TamperedCiphertext):
        cipher.unseal(ring.keys(scope), cipher.place(scope, table, column), pk, seal())


def test_the_refusal_shows_no_value() -> None:
    with pytest.raises(TamperedCiphertext) as caught:
        cipher.unseal(ring.keys(SCOPE), PLACE, b"other", seal(b"jane@example.com"))
    assert "jane" not in str(caught.value)


def test_equal_texts_never_look_equal() -> None:
    assert len({seal(b"same") for _ in range(1000)}) == 1000


def test_no_nonce_comes_twice_not_even_in_a_forked_process() -> None:
    cipher.fresh_nonce()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, b"".join(cipher.fresh_nonce() for _ in range(300)))
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(read, 12 * 300)
    ours = [cipher.fresh_nonce() for _ in range(600)]
    everybody = [*ours, *(theirs[at : at + 12] for at in range(0, len(theirs), 12))]
    assert len(everybody) == len(set(everybody)) == 900


def test_half_a_surrogate_pair_is_refused_without_showing_the_text() -> None:
    with pytest.raises(UnsealableValue) as caught:
        encode("secret\ud800")
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("pk", [None, 1.5, b"x"])
def test_a_row_without_a_usable_key_cannot_hold_a_value(pk: object) -> None:
    with pytest.raises(UnsealableValue, match="primary key"):
        cipher.pk_bytes(pk)
