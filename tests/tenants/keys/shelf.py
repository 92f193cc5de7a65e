"""Models of these tests alone: tables that a test makes in its own transaction."""

from typing import Any, ClassVar

from django.db import models

from tenants.ids import uuid7
from tenants.keys.fields import (
    EncryptedEmailField,
    EncryptedJSONField,
    EncryptedPhoneField,
    EncryptedTextField,
)
from tenants.keys.querysets import EncryptedManager


class Base(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = EncryptedEmailField(blank=True)

    objects: ClassVar[Any] = EncryptedManager()

    class Meta:
        abstract = True


class Person(Base):
    name = models.CharField(max_length=50, blank=True)
    login = EncryptedEmailField(blank=True, unique=True)
    phone = EncryptedPhoneField(blank=True)
    notes = EncryptedTextField(blank=True)
    story = EncryptedTextField(blank=True, exact=True, fragments=True)
    address = EncryptedJSONField(blank=True, default=dict)

    class Meta:
        app_label = "keyshelf"


class Letter(Base):
    person = models.ForeignKey(Person, models.CASCADE, related_name="letters")

    class Meta:
        app_label = "keyshelf"


class Numbered(models.Model):
    """A primary key that only the database knows."""

    secret = EncryptedTextField(blank=True)

    objects: ClassVar[Any] = EncryptedManager()

    class Meta:
        app_label = "keyshelf"


MODELS = (Person, Letter, Numbered)
