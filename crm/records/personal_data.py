"""What all record kinds hold about people in the columns that they share."""

from django.db import models

from crm.records.models import Tag
from tenants.personal_data import (
    TECHNICAL,
    Category,
    Declaration,
    Erasure,
    Exempt,
    Personal,
    Purpose,
    declare,
    exempt,
    searchable,
    technical,
)

CRM = (Purpose.CRM,)
_STAFF = Personal(Category.ACTIVITY, (Purpose.CRM, Purpose.SECURITY), Erasure.CLEAR)
NOTES = Personal(Category.FREE_TEXT, CRM, Erasure.DELETE, third_party=True)
PHONE = Personal(Category.CONTACT, CRM, Erasure.DELETE, portable=True)
WEBSITE = Personal(Category.CONTACT, CRM, Erasure.DELETE, portable=True)
ADDRESS = Personal(
    Category.CONTACT,
    CRM,
    Erasure.DELETE,
    portable=True,
    keys=("street", "city", "region", "postal_code"),
)


def record_columns() -> dict[str, Declaration]:
    """Every kind's own: who works on it, where it came from, whether it is in the trash."""
    return {
        **technical("id", "created_at", "updated_at", "deleted_at", "version"),
        **dict.fromkeys(("owner", "created_by_id", "deleted_by_id"), _STAFF),
        "source": Exempt("A channel or a file of origin, not a person."),
        "external_id": Personal(Category.IDENTITY, CRM, Erasure.DELETE),
    }


def notes() -> dict[str, Declaration]:
    return {"notes": NOTES}


def phone() -> dict[str, Declaration]:
    return searchable("phone", PHONE)


def declare_tag_links(through: type[models.Model], holder: str) -> None:
    """The table between a kind and its tags: being tagged says something about the person."""
    declare(
        through,
        {
            "id": TECHNICAL,
            holder: Personal(Category.COMMERCIAL, CRM, Erasure.DELETE),
            "tag": Personal(Category.COMMERCIAL, CRM, Erasure.DELETE),
        },
    )


exempt(Tag, "A label of the organisation's own for many records.")
