"""``manage.py seed_demo``: two organisations to look around in, made the way that users make theirs."""

import io
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config import demo_data
from crm.imports import services as imports
from crm.models import Contact, Tag
from crm.records.services import add_tag
from tenants.accounts import roles
from tenants.accounts.models import Role, User
from tenants.jobs.services import run_now
from tenants.organizations import services
from tenants.organizations.models import Organization
from tenants.scope import organization_scope, platform_scope

PASSWORD = "softswitch-demo-2026"  # noqa: S105 - printed on the demo's start page; refused outside it
OPERATOR = "operator@softswitch.example"
ORGANIZATIONS: tuple[dict[str, Any], ...] = (
    {"slug": "acme", "name": "Acme Corporation", "language": "en", "country": "US", "currency": "USD",
     "timezone": "America/Chicago", "hue": 255, "seed": 1,
     "sizes": {"companies": 400, "contacts": 5_000, "leads": 600, "deals": 800}},
    {"slug": "nordlicht", "name": "Nordlicht GmbH", "language": "de", "country": "DE", "currency": "EUR",
     "timezone": "Europe/Berlin", "hue": 165, "seed": 2,
     "sizes": {"companies": 60, "contacts": 500, "leads": 80, "deals": 90}},
)  # fmt: skip
STAFF = {
    roles.OWNER: "Olivia Owner",
    roles.OPERATIONS: "Oscar Operations",
    roles.MARKETING: "Mara Marketing",
    roles.COMPLIANCE: "Cora Compliance",
    roles.VIEWER: "Vito Viewer",
}
TAGS = (("VIP", 45), ("Newsletter", 200), ("Trade fair 2026", 120), ("Do not call", 10))


class Command(BaseCommand):
    help = "Makes the demo's organisations, users and records; does nothing for what is already there."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.ENVIRONMENT != "demo":
            raise CommandError("The demo's passwords are public: it is made where ENVIRONMENT is demo only.")
        self._operator()
        for plan in ORGANIZATIONS:
            with platform_scope():
                found = Organization.objects.filter(slug=plan["slug"]).first()
            organization = found or self._create(plan)
            with organization_scope(organization):
                if not Contact.objects.exists():
                    self._fill(plan)
        self._say_how_to_sign_in()

    def _say_how_to_sign_in(self) -> None:
        port = "" if settings.HTTPS else f":{settings.PORT}"
        scheme = "https" if settings.HTTPS else "http"
        self.stdout.write(f"Every password is {PASSWORD}")
        for plan in ORGANIZATIONS:
            slug = plan["slug"]
            self.stdout.write(f"  {scheme}://{slug}.{settings.BASE_DOMAIN}{port}/  owner@{slug}.example")
        roles_but_owner = ", ".join(key for key in STAFF if key != roles.OWNER)
        self.stdout.write(f"  and {roles_but_owner} in place of owner")
        self.stdout.write(f"  {scheme}://{settings.BASE_DOMAIN}{port}/  {OPERATOR}")

    def _operator(self) -> None:
        with platform_scope():
            if not User.objects.filter(email=OPERATOR).exists():
                User.objects.create_superuser(OPERATOR, PASSWORD, name="Otto Operator")

    def _create(self, plan: dict[str, Any]) -> Organization:
        slug = plan["slug"]
        chosen = {
            key: plan[key] for key in ("name", "slug", "language", "country", "currency", "timezone", "hue")
        }
        new = services.create_organization(
            owner_email=f"owner@{slug}.example", owner_name=STAFF[roles.OWNER], **chosen
        )
        with organization_scope(new.organization):
            new.owner.set_password(PASSWORD)
            new.owner.language = plan["language"]
            new.owner.save()
            for key, name in STAFF.items():
                if key != roles.OWNER:
                    user = User.objects.create_user(
                        f"{key}@{slug}.example", name=name, password=PASSWORD, language=plan["language"]
                    )
                    user.roles.add(Role.objects.get(key=key))
        return new.organization

    def _fill(self, plan: dict[str, Any]) -> None:
        owners = (STAFF[roles.OPERATIONS], STAFF[roles.OWNER], "")
        made = demo_data.files(seed=plan["seed"], owners=owners, currency=plan["currency"], **plan["sizes"])
        actor = User.objects.get(roles__key=roles.OPERATIONS)
        for kind in ("companies", "contacts", "leads", "deals"):
            file = io.BytesIO(getattr(made, kind).encode())
            item = imports.create_draft(kind=kind, file=file, file_name=f"{kind}.csv", actor=actor)
            run_now(imports.start(item=item, actor=actor).pk)
        if not Contact.objects.exists():
            raise CommandError("The demo's contacts could not be imported.")
        self._tag(actor)

    def _tag(self, actor: User) -> None:
        contacts = list(Contact.objects.order_by("id").only("id")[:1_000])
        for number, (name, hue) in enumerate(TAGS, start=2):
            tag = Tag(name=name, hue=hue)
            tag.save()
            add_tag(records=contacts[:: number * number], tag=tag, actor=actor)
