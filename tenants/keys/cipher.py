"""One encrypted value: ``version (1) | key id (4) | nonce (12) | ciphertext | tag (16)``, AES-256-GCM.

The additional data binds it to its place: version, key id, organisation, table, column, primary key. Whoever
copies it to another row, column, table or organisation gets :class:`TamperedCiphertext`.

Nonces are random. One data key is good for 2^32 values (NIST SP 800-38D, 8.3); rotate well before.
"""

import os
import uuid

from cryptography.exceptions import InvalidTag

from tenants.keys import ring
from tenants.keys.errors import TamperedCiphertext, UnsealableValue
from tenants.keys.ring import DataKey, ScopeKeys

HEADER_BYTES = 5
NONCE_BYTES = 12
TAG_BYTES = 16
TEXT_START = HEADER_BYTES + NONCE_BYTES
OVERHEAD_BYTES = TEXT_START + TAG_BYTES
POOLED_NONCES = 256

_nonces: list[bytes] = []


def place(scope_id: uuid.UUID, table: str, column: str) -> bytes:
    """Where the values of a column live, as the additional data has it."""
    return scope_id.bytes + table.encode("utf-8") + b"\0" + column.encode("utf-8") + b"\0"


def pk_bytes(pk: object) -> bytes:
    """The primary key as the additional data has it; raises :class:`UnsealableValue` without one."""
    if isinstance(pk, uuid.UUID):
        return pk.bytes
    if isinstance(pk, int):
        return pk.to_bytes(8, "big", signed=True)
    if isinstance(pk, str):
        return pk.encode("utf-8")
    raise UnsealableValue(
        "An encrypted value is bound to its row: give the instance its primary key first"
        " (a UUID default does), of type UUID, int or str."
    )


def fresh_nonce() -> bytes:
    """96 random bits, drawn from the system in larger portions."""
    try:
        return _nonces.pop()  # atomic, so that no two threads get the same one
    except IndexError:
        drawn = os.urandom(NONCE_BYTES * POOLED_NONCES)
        _nonces.extend(drawn[at : at + NONCE_BYTES] for at in range(NONCE_BYTES, len(drawn), NONCE_BYTES))
        return drawn[:NONCE_BYTES]


# A child process must not use the nonces that its parent is going to use.
os.register_at_fork(after_in_child=_nonces.clear)


def seal(key: DataKey, where: bytes, pk: bytes, plain: bytes) -> bytes:
    """``plain`` encrypted for the row ``pk`` of the column ``where``."""
    nonce = fresh_nonce()
    header = key.header
    return header + nonce + key.field.encrypt(nonce, plain, header + where + pk)


def unseal(scope_keys: ScopeKeys, where: bytes, pk: bytes, blob: bytes) -> bytes:
    """The plain bytes; raises :class:`TamperedCiphertext` for anything but what :func:`seal` made here."""
    header = blob[:HEADER_BYTES]
    if len(blob) < OVERHEAD_BYTES or header[:1] != ring.LAYOUT_VERSION:
        raise TamperedCiphertext("This is not an encrypted value of a known version.")
    key_id = header[1:]
    if key_id not in scope_keys:  # another process may have rotated since this one looked
        scope_keys = ring.reload(scope_keys.scope_id)
    key = scope_keys.data_key(key_id)
    try:
        return key.field.decrypt(blob[HEADER_BYTES:TEXT_START], blob[TEXT_START:], header + where + pk)
    except InvalidTag:
        raise TamperedCiphertext(
            "An encrypted value was altered, or belongs to another row, column, table or organisation."
        ) from None
