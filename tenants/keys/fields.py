"""Model fields whose column holds AES-256-GCM ciphertext, bound to organisation, table, column and row.

The value is encrypted when the row is written and decrypted when the attribute is first read. An empty value
is stored as NULL. Searchable fields bring companion columns (see :mod:`tenants.keys.companions`), and their
models need ``EncryptedQuerySet``. Renaming a table or column makes its ciphertexts unreadable: such a
migration has to decrypt before and encrypt after.
"""

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import EmailValidator, MaxLengthValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.keys.attributes import Ciphertext, Prepared, Sealed
from tenants.keys.base import EncryptedField, encrypted_fields, with_companions
from tenants.keys.normalize import EMAIL, PHONE

__all__ = [
    "Ciphertext",
    "EncryptedEmailField",
    "EncryptedField",
    "EncryptedJSONField",
    "EncryptedPhoneField",
    "EncryptedTextField",
    "Prepared",
    "Sealed",
    "encrypted_fields",
    "with_companions",
]


class EncryptedTextField(EncryptedField[str]):
    """Text of any length. Searchable on request: ``exact=True`` (exact, iexact, in; without regard to case,
    width and runs of blanks) and ``fragments=True`` (contains, icontains)."""

    description = _("Encrypted text")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.max_length is not None:
            self.validators.append(MaxLengthValidator(self.max_length))

    def to_python(self, value: Any) -> Any:
        return value if isinstance(value, str) or value is None else str(value)

    def formfield(self, **kwargs: Any) -> Any:
        widget = {} if self.choices is not None else {"widget": forms.Textarea}
        return super().formfield(**{"max_length": self.max_length, **widget, **kwargs})


class _SearchableField(EncryptedTextField):
    """Text that is searchable without being told so."""

    defaults = {"exact": True, "fragments": True}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**self.defaults, **kwargs})

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        if self._unique:
            kwargs.pop("exact", None)  # unique brings it
        return name, path, args, kwargs


class EncryptedEmailField(_SearchableField):
    """An email address: exact, iexact, in, contains, icontains, isnull, all without regard to case."""

    description = _("Encrypted email address")
    default_validators = [EmailValidator()]
    kind = EMAIL

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 254)
        super().__init__(*args, **kwargs)

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": forms.EmailField, "widget": forms.EmailInput, **kwargs})


class EncryptedPhoneField(_SearchableField):
    """A phone number, kept as it was written: exact, iexact and in compare what a call reaches, contains and
    icontains look for a run of digits."""

    description = _("Encrypted phone number")
    kind = PHONE

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 64)
        super().__init__(*args, **kwargs)

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"widget": forms.TextInput(attrs={"type": "tel"}), **kwargs})


class EncryptedJSONField(EncryptedField[Any]):
    """JSON as a whole; answers isnull. What equals the default (or None) is stored as NULL."""

    description = _("Encrypted JSON")
    can_search = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.exact or self.fragments:
            raise TypeError("Encrypted JSON cannot be searched.")

    def to_text(self, value: Any) -> str:
        return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":"))

    def from_text(self, text: str) -> Any:
        return json.loads(text)

    def empty_value(self) -> Any:
        return self.get_default()

    def get_default(self) -> Any:
        return models.Field.get_default(self) if self.has_default() else None

    def is_empty(self, value: Any) -> bool:
        return value is None or (self.has_default() and value == self.get_default())

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        super().validate(value, model_instance)
        try:
            self.to_text(value)
        except (TypeError, ValueError):
            raise ValidationError(_("Enter valid JSON."), code="invalid") from None

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": forms.JSONField, "encoder": DjangoJSONEncoder, **kwargs})
