"""What the browser tests find: organisations with staff of every role and a few records, made by services.

Run as ``python -m tests.browser.seed`` in the environment of the server under test.
"""

import datetime as dt
from decimal import Decimal
from typing import Any

import django

django.setup()

from django.utils import timezone  # noqa: E402

from config import static_files  # noqa: E402
from crm.companies.models import Company  # noqa: E402
from crm.deals.models import Deal, Stage  # noqa: E402
from crm.deals.services import save_deal  # noqa: E402
from crm.people.models import Contact, Lead  # noqa: E402
from crm.records.models import Tag  # noqa: E402
from crm.records.services import save_record  # noqa: E402
from tenants.accounts import roles, services  # noqa: E402
from tenants.accounts.models import Role, User  # noqa: E402
from tenants.organizations.services import create_organization  # noqa: E402
from tenants.scope import organization_scope, platform_scope  # noqa: E402

PASSWORD = "correct-horse-battery"
OPERATOR = "operator@platform.example"
STAFF = {
    roles.OWNER: "Olivia Owner",
    roles.OPERATIONS: "Oscar Operations",
    roles.MARKETING: "Mara Marketing",
    roles.COMPLIANCE: "Cora Compliance",
    roles.VIEWER: "Vito Viewer",
}
COMPANIES = (
    "Brightwater Logistics",
    "Northfield Energy",
    "Harbour Textiles",
    "Kite Robotics",
    "Alder & Sons",
)
FIRST = ("Ana", "Ben", "Chloe", "David", "Elif", "Farah", "Goran", "Hana", "Ivo", "Jana")
LAST = ("Albrecht", "Brandt", "Costa", "Duarte", "Engel", "Fischer", "Grant", "Hughes")
TITLES = ("Head of Purchasing", "Managing Director", "Accountant", "Project Lead")
DEALS = (
    ("Fleet renewal", 48_000),
    ("Energy audit", 9_500),
    ("Packing line", 120_000),
    ("Support contract", 15_250),
)
SECRET_OF_GLOBEX = "Zebulon"  # nobody in Acme may ever find it


def main() -> None:
    static_files.collect_when_changed()
    with platform_scope():
        User.objects.create_superuser(OPERATOR, PASSWORD, name="Otto Operator")
    acme = _organization("Acme Corporation", "acme", country="US", currency="EUR", hue=255)
    with organization_scope(acme.organization):
        actor = _staff(acme.owner)
        _records(actor)
    globex = _organization("Globex", "globex", country="GB", currency="GBP", hue=150)
    with organization_scope(globex.organization):
        actor = _staff(globex.owner)
        contact = Contact(first_name=SECRET_OF_GLOBEX, last_name="Globexson", email="zebulon@globex.example")
        save_record(record=contact, actor=actor)
    _organization("Newcomer", "newcomer", country="DE", currency="EUR", hue=30)


def _organization(name: str, slug: str, **facts: Any) -> Any:
    made = create_organization(
        name=name, slug=slug, owner_email=f"owner@{slug}.example", owner_name=STAFF[roles.OWNER], **facts
    )
    with organization_scope(made.organization):
        services.set_password(user=made.owner, password=PASSWORD)
    return made


def _staff(owner: User) -> User:
    """The other roles' users; returns the one of operations."""
    slug = owner.email.partition("@")[2]
    made = {}
    for key, name in STAFF.items():
        if key != roles.OWNER:
            role = Role.objects.get(key=key)
            made[key] = services.create_user(email=f"{key}@{slug}", name=name, roles=[role], actor=owner)
            services.set_password(user=made[key], password=PASSWORD)
    return made[roles.OPERATIONS]


def _records(actor: User) -> None:
    companies = [
        save_record(record=Company(name=name, country="DE", industry="Industry"), actor=actor)
        for name in COMPANIES
    ]
    tag = Tag(name="VIP", hue=30)
    tag.save()
    contacts = []
    for number in range(40):
        first, last = FIRST[number % len(FIRST)], LAST[number % len(LAST)]
        company = companies[number % len(companies)]
        contact = Contact(
            first_name=first,
            last_name=last,
            job_title=TITLES[number % len(TITLES)],
            email=f"{first}.{last}{number}@{company.name.split()[0]}.example".lower(),
            phone=f"+49 30 90182{number:03}",
            company=company,
            country="DE",
            owner=actor if number % 4 == 0 else None,
            source="Trade fair",
        )
        contacts.append(save_record(record=contact, actor=actor, tags=[tag] if number % 5 == 0 else []))
    for number in range(8):
        lead = Lead(first_name=FIRST[-number - 1], last_name=LAST[number], company_name="Lindgren AB")
        save_record(record=lead, actor=actor)
    stages = list(Stage.objects.order_by("position"))
    for number, (name, amount) in enumerate(DEALS * 3):
        deal = Deal(
            name=f"{name} {number + 1}",
            stage=stages[number % len(stages)],
            amount=Decimal(amount),
            company=companies[number % len(companies)],
            contact=contacts[number],
            owner=actor,
            expected_close_on=dt.date(2027, 3, 1 + number),
        )
        save_deal(deal=deal, actor=actor, now=timezone.now())


if __name__ == "__main__":
    main()
