"""Telling about an error without telling whom it concerned.

The message of an exception often holds the value that caused it (a duplicate key's detail, a failed
conversion). A log therefore gets the kinds of the errors and the places in the code, and people get a
reference that leads to that log line.
"""

import secrets
import traceback

REFERENCE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that is misread over the telephone
REFERENCE_LENGTH = 10


def new_reference() -> str:
    """Ten characters that people can quote and that appear once in the log."""
    return "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(REFERENCE_LENGTH))


def described(error: BaseException) -> str:
    """The error and what caused it, as kinds and places, several lines; no message and no value."""
    parts = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        places = [
            f"  {frame.filename}:{frame.lineno} in {frame.name}"
            for frame in traceback.extract_tb(current.__traceback__, limit=-20)
        ]
        kind = type(current)
        parts.append("\n".join([f"{kind.__module__}.{kind.__qualname__}", *places]))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\ncaused by ".join(parts)
