"""``manage.py create_organization``: a new organisation that can be worked in at once."""

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tenants.accounts import links
from tenants.errors import DomainError
from tenants.organizations import services
from tenants.scope import organization_scope


class Command(BaseCommand):
    help = "Makes an organisation with its schema, role, keys and owner, and prints where the owner begins."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True)
        parser.add_argument("--slug", required=True, help="The first part of its address.")
        parser.add_argument("--owner", required=True, metavar="EMAIL")
        parser.add_argument("--country", default="", help="Two letters (ISO 3166-1).")
        parser.add_argument("--json", action="store_true", help="Print one JSON object as the last line.")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.perf_counter()
        try:
            new = services.create_organization(
                name=options["name"],
                slug=options["slug"],
                owner_email=options["owner"],
                country=options["country"],
            )
        except DomainError as error:
            raise CommandError(str(error)) from error
        seconds = round(time.perf_counter() - started, 3)
        organization = new.organization
        scheme = "https" if settings.HTTPS else "http"
        port = "" if settings.HTTPS else f":{settings.PORT}"
        address = f"{scheme}://{organization.slug}.{settings.BASE_DOMAIN}{port}"
        with organization_scope(organization):
            set_password = address + links.set_password_path(new.owner)
        if options["json"]:
            outcome = {
                "id": str(organization.pk),
                "slug": organization.slug,
                "schema": organization.schema_name,
                "url": address + "/",
                "set_password_url": set_password,
                "seconds": seconds,
            }
            self.stdout.write(json.dumps(outcome))
        else:
            self.stdout.write(f"{organization.name}: {address}/ ({seconds} s)")
            self.stdout.write(f"The owner chooses a password here, within three days: {set_password}")
