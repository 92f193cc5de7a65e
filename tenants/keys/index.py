"""What is stored beside a searchable ciphertext: blind index and n-gram tokens, both keyed.

Both come from the organisation's index key, which stays when data keys rotate. The letter of the kind of
value (email, phone, text) is part of the input, so that equal texts of different kinds do not show as equal;
equal values of one kind do, across the tables of one organisation, which is what finding a person needs.
"""

import threading
from collections.abc import Iterable, Iterator
from hashlib import sha256

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tenants.keys.encoding import encode

DIGEST_BYTES = 16
BLOCK_BYTES = 16
MEMO_GRAMS = 20_000  # about 5 MB for each kind
HMAC_BLOCK = 64

Gram = tuple[str, str, str]


def derive(secret: bytes, purpose: str, salt: bytes | None = None) -> bytes:
    """A 256-bit key for one purpose (HKDF-SHA-256, RFC 5869)."""
    info = f"softswitch {purpose} v1".encode("ascii")
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=info).derive(secret)


class Indexer:
    """Makes digests and tokens with one organisation's index key. Safe to share between threads."""

    def __init__(self, index_key: bytes) -> None:
        key = derive(index_key, "index").ljust(HMAC_BLOCK, b"\0")
        # HMAC (RFC 2104) with both pads hashed once: half the time of a fresh object for each value.
        self._inner = sha256(bytes(byte ^ 0x36 for byte in key))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in key))
        # ECB over single blocks that never repeat within a batch is a PRF, not an encryption mode here.
        prf = Cipher(AES(derive(index_key, "grams")), ECB())  # noqa: S305
        self._prf = prf.encryptor()
        self._lock = threading.Lock()

    def digest(self, kind: bytes, text: str) -> bytes:
        """The blind index: HMAC-SHA-256 of the normalised text, cut to 128 bits."""
        inner = self._inner.copy()
        inner.update(kind)
        inner.update(encode(text))
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()[:DIGEST_BYTES]

    def tokens(self, kind: bytes, grams: Iterable[str]) -> Iterator[int]:
        """One signed 32-bit token for each gram, in the grams' order: AES-256 over the gram's block, cut."""
        blocks = bytearray()
        for gram in grams:
            encoded = encode(gram)
            # Kind, length, gram, zeros: three characters are at most twelve bytes, so no two grams share one.
            blocks += (kind + bytes([len(encoded)]) + encoded).ljust(BLOCK_BYTES, b"\0")
        with self._lock:
            sealed = self._prf.update(bytes(blocks))
        return (
            int.from_bytes(sealed[start : start + 4], "big", signed=True)
            for start in range(0, len(sealed), BLOCK_BYTES)
        )


class GramMemo:
    """Tokens of one kind, remembered as PostgreSQL writes them: most grams of an import's values were seen a
    moment ago.

    Grams are tuples of three characters here, which are cut from a text in half the time of strings.
    """

    def __init__(self, indexer: Indexer, kind: bytes) -> None:
        self._indexer = indexer
        self._kind = kind
        self._known: dict[Gram, str] = {}

    def tokens(self, texts: Iterable[str]) -> list[int]:
        """The sorted set of tokens of all grams of ``texts``."""
        return sorted({int(token) for token in self._written(texts)})

    def array(self, texts: Iterable[str]) -> str:
        """These tokens as an array literal, ``{-12,7}``, in no order."""
        return "{" + ",".join(self._written(texts)) + "}"

    def _written(self, texts: Iterable[str]) -> list[str]:
        grams: set[Gram] = set()
        for text in texts:
            grams.update(zip(text, text[1:], text[2:], strict=False))
        known = self._known
        try:
            return [known[gram] for gram in grams]
        except KeyError:
            known = self._learn(grams)
            return [known[gram] for gram in grams]

    def _learn(self, grams: set[Gram]) -> dict[Gram, str]:
        # Over the limit it starts anew; a thread that still reads the old dictionary keeps it.
        known = self._known if len(self._known) < MEMO_GRAMS else {}
        new = [gram for gram in grams if gram not in known]
        written = map(str, self._indexer.tokens(self._kind, map("".join, new)))
        known.update(zip(new, written, strict=True))
        self._known = known
        return known
