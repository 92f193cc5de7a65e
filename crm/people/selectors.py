"""How contacts and leads are found."""

from typing import Any

from crm.people.models import Contact, Lead
from crm.records import search

NAMES = ("first_name", "last_name")
CONTACT_PLAN = search.register(
    Contact, search.SearchPlan(names=NAMES, related=("company__name",), emails=("email",), phones=("phone",))
)
LEAD_PLAN = search.register(
    Lead, search.SearchPlan(names=(*NAMES, "company_name"), emails=("email",), phones=("phone",))
)


def same_email(person: Any, email: str, *, limit: int = 5) -> list[Any]:
    """Others of the same kind, outside the trash, with this address; newest first."""
    if not email:
        return []
    rows = type(person).objects.filter(email=email).exclude(pk=person.pk)
    return list(rows.order_by("-id")[:limit])
