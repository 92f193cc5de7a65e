"""What keys and encrypted values refuse. No message ever holds a value."""

from django.core.exceptions import FieldError
from django.utils.translation import gettext_lazy as _

from tenants.errors import DomainError

MIN_FRAGMENT = 3  # characters; the length of one n-gram


class KeyRingError(Exception):
    """The key ring cannot be used as it is; the message says what an operator has to do."""


class KeyMissing(KeyRingError):
    """The scope has no keys (yet)."""


class KeyDestroyed(DomainError):
    """The keys of the scope were destroyed on purpose; its encrypted values are gone for good."""

    code = "keys_destroyed"
    message = _("The keys of this organisation were destroyed. Its encrypted data can no longer be read.")


class TamperedCiphertext(Exception):
    """A ciphertext was altered, or moved from another row, column, table or organisation."""


class UnknownKey(TamperedCiphertext):
    """A ciphertext names a data key that its organisation does not have."""


class UnsealableValue(ValueError):
    """A value that cannot be encrypted: no primary key yet, an expression, or text that is not Unicode."""


class UnanswerableLookup(FieldError):
    """A query asks what ciphertext cannot answer; the message says what to do instead."""


class FragmentTooShort(DomainError):
    """A fragment below the length of one n-gram."""

    code = "fragment_too_short"
    message = _("Type at least three characters to search for part of an address or number.")
