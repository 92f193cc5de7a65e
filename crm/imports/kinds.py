"""Where the values of each kind are stored: model, columns, links to other records."""

from dataclasses import dataclass
from typing import Any

from django.db import models

from crm.companies.models import Company, CompanyTag
from crm.deals.models import Deal, DealTag
from crm.imports.targets import UnknownKind
from crm.people.models import Contact, ContactTag, Lead, LeadTag
from tenants.keys.fields import EncryptedField


@dataclass(frozen=True)
class RecordKind:
    """One kind of record that can be imported."""

    name: str
    model: type[models.Model]
    tag_links: type[models.Model]
    required: tuple[str, ...]  # one of these slots must be given to create a record
    missing: str  # the problem's code where none is

    @property
    def label(self) -> str:
        """As audit entries and permissions name it, such as ``crm.contact``."""
        return str(self.model._meta.label_lower)

    @property
    def permission(self) -> str:
        return f"crm.import_{self.model._meta.model_name}"

    @property
    def tag_owner_column(self) -> str:
        """The column of the tag links that points to the record."""
        return f"{self.model._meta.model_name}_id"


_PERSON = ("first_name", "last_name", "email", "phone", "other_emails")
_KINDS = {
    kind.name: kind
    for kind in (
        RecordKind("contacts", Contact, ContactTag, _PERSON, "names_nobody"),
        RecordKind("companies", Company, CompanyTag, ("name",), "name_missing"),
        RecordKind("leads", Lead, LeadTag, (*_PERSON, "company_name"), "names_nobody"),
        RecordKind("deals", Deal, DealTag, ("name",), "name_missing"),
    )
}

# Slots that are no column of the record's own table.
VIRTUAL_SLOTS = frozenset({"tags", "pipeline"})
LIST_SLOTS = frozenset({"other_emails", "other_phones"})


def record_kind(name: str) -> RecordKind:
    if name not in _KINDS:
        raise UnknownKind
    return _KINDS[name]


def field_named(model: type[models.Model], name: str) -> Any:
    return model._meta.get_field(name)


def field_of(kind: RecordKind, slot: str) -> Any:
    """The model field that a slot is stored in."""
    return field_named(kind.model, slot)


def is_encrypted(field: Any) -> bool:
    return isinstance(field, EncryptedField)
