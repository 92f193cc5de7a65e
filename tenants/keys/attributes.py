"""How an encrypted field's value lives on an instance: as ciphertext until somebody reads it."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models.query_utils import DeferredAttribute

if TYPE_CHECKING:
    from tenants.keys.base import EncryptedField


class Ciphertext(bytes):
    """What came from the database and was not decrypted yet."""

    __slots__ = ()


class Sealed:
    """A ciphertext on an instance, with the primary key that it was loaded with."""

    __slots__ = ("blob", "pk")

    def __init__(self, blob: Ciphertext, pk: object) -> None:
        self.blob = blob
        self.pk = pk


class Prepared:
    """A value that is ready for its column: encrypted for its row, or NULL."""

    __slots__ = ("blob", "value")

    def __init__(self, blob: bytes | None, value: Any = None) -> None:
        self.blob = blob
        self.value = value


class EncryptedAttribute(DeferredAttribute):
    """Decrypts on the first read."""

    field: "EncryptedField[Any]"

    def __get__(self, instance: models.Model | None, cls: Any = None) -> Any:
        if instance is None:
            return self
        value = instance.__dict__.get(self.field.attname, self)
        if value is self:
            value = super().__get__(instance, cls)
        if type(value) is Sealed:
            pk = instance.pk if value.pk is None else value.pk
            value = instance.__dict__[self.field.attname] = self.field.unseal(value.blob, pk)
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        if type(value) is Ciphertext:
            pk: Any = instance._meta.pk
            value = Sealed(value, instance.__dict__.get(pk.attname))
        elif value is None:
            value = self.field.empty_value()
        instance.__dict__[self.field.attname] = value
