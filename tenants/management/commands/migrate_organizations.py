"""``manage.py migrate_organizations``: bring every organisation's schema to the code's version."""

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants.organizations import migrations_runner


class Command(BaseCommand):
    help = "Migrates the organisations that are behind; one query when none is. Resumes where it stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workers", type=int, default=2, help="Batches of organisations at once.")
        parser.add_argument("--org", default=None, metavar="SLUG", help="This organisation only.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object as the last line.")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.perf_counter()
        report = migrations_runner.migrate_all(workers=options["workers"], only=options["org"])
        seconds = round(time.perf_counter() - started, 3)
        if options["json"]:
            outcome = {
                "organizations": report.organizations,
                "migrated": report.migrated,
                "failed": report.failed,
                "seconds": seconds,
            }
            self.stdout.write(json.dumps(outcome))
        else:
            self.stdout.write(
                f"{report.organizations} organisations, {report.migrated} migrated, {seconds} s"
            )
        if report.failed:
            raise CommandError("Not migrated: " + ", ".join(f"{k} ({v})" for k, v in report.failed.items()))
