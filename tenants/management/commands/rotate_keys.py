"""Rotate data keys (of one organisation, the platform, or all) or the master key."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants.keys import ring, rotation
from tenants.organizations.models import Organization
from tenants.scope import organization_scope, platform_scope


class Command(BaseCommand):
    help = (
        "Makes a new data key and re-encrypts every encrypted column and stored file with it, while everybody"
        " works. An interrupted run is finished by the next. --master makes a new master key and wraps every"
        " data key with it, which touches no data."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--org", metavar="SLUG", help="one organisation")
        which.add_argument("--platform", action="store_true", help="the platform's own data")
        which.add_argument("--all", action="store_true", help="every organisation and the platform")
        parser.add_argument("--master", action="store_true", help="rotate the master key (too)")
        parser.add_argument(
            "--reindex", action="store_true", help="also compute blind index and n-grams anew"
        )
        parser.add_argument(
            "--purge",
            action="store_true",
            help="remove the retired keys now; backups that need them become unreadable",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        if not (options["org"] or options["platform"] or options["all"] or options["master"]):
            raise CommandError("Say what to rotate: --org SLUG, --platform, --all or --master.")
        rewrapped = ring.rotate_master() if options["master"] else None
        results: dict[str, rotation.Rotation] = {}
        settings = {"reindex": options["reindex"], "purge": options["purge"]}
        for organization in self._organizations(options):
            with organization_scope(organization):
                results[organization.slug] = rotation.rotate(**settings)
            self._say(organization.slug, results[organization.slug], options)
        if options["platform"] or options["all"]:
            with platform_scope():
                results["platform"] = rotation.rotate(**settings)
            self._say("platform", results["platform"], options)
        if options["json"]:
            scopes = {name: result.as_dict() for name, result in results.items()}
            self.stdout.write(json.dumps({"rewrapped": rewrapped, "scopes": scopes}))
        elif rewrapped is not None:
            self.stdout.write(f"New master key; the keys of {rewrapped} scopes were wrapped with it.")
        if any(result.remaining or not result.retired_keys for result in results.values()):
            raise CommandError("Not finished: others still wrote with the old key. Run it again.")

    def _organizations(self, options: dict[str, Any]) -> list[Organization]:
        with platform_scope():
            if options["all"]:
                return list(Organization.objects.order_by("slug"))
            found = list(Organization.objects.filter(slug=options["org"])) if options["org"] else []
        if options["org"] and not found:
            raise CommandError(f"There is no organisation {options['org']}.")
        return found

    def _say(self, name: str, result: rotation.Rotation, options: dict[str, Any]) -> None:
        if not options["json"]:
            self.stdout.write(
                f"{name}: {result.values} values and {result.files} files re-encrypted in"
                f" {result.seconds:.1f} s, {result.remaining} remaining."
            )
