"""``manage.py migrate``: everything at the code's version.

Stands in for Django's command, so that nobody migrates ``public`` alone by habit and so that the test runner
prepares its database in the same way as an installation.
"""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as DjangoMigrate

from tenants.organizations import migrations_runner


class Command(DjangoMigrate):
    help = "Brings the database to the code's version: roles, public, the template and all organisations."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--workers", type=int, default=2, help="Organisations migrated at once.")

    def handle(self, *args: Any, **options: Any) -> None:
        loud = options["verbosity"] > 0
        migrations_runner.prepare(say=self.stdout.write if loud else lambda text: None)
        report = migrations_runner.migrate_all(workers=options.get("workers") or 1)
        if loud:
            self.stdout.write(f"Organisations: {report.organizations}, migrated: {report.migrated}")
        if report.failed:
            raise CommandError("Not migrated: " + ", ".join(f"{k} ({v})" for k, v in report.failed.items()))
