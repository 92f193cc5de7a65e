"""Text as bytes, without a value in the exception."""

from tenants.keys.errors import UnsealableValue


def encode(text: str) -> bytes:
    """UTF-8; raises :class:`UnsealableValue` for lone surrogates: Python's own error shows the value."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise UnsealableValue("The text holds half of a surrogate pair, which is not a character.") from None
