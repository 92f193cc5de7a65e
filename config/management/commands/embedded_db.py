import dataclasses
import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.database import embedded

NOT_RUNNING = 3  # what service scripts answer for a stopped service (LSB 5.0, chapter 22.2)


class Command(BaseCommand):
    """Starts, stops and shows the program's own PostgreSQL. Touches no table: works on a broken database.

    Exit codes: 0 done (``status``: it runs), 1 refused or failed, 3 ``status``: it does not run.
    """

    help = "Start, stop or show the embedded PostgreSQL, which is used when DATABASE_URL is not set."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["start", "stop", "status", "url"])
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        if not settings.EMBEDDED_DATABASE:
            raise CommandError(
                "DATABASE_URL is set, so the embedded PostgreSQL is not in use. Unset it to use this."
            )
        data_dir: Path = settings.EMBEDDED_DATABASE_DIR
        stopped = False
        try:
            if action == "start":
                embedded.ensure_running(data_dir)
            elif action == "stop":
                stopped = embedded.stop(data_dir)
            found = embedded.status(data_dir)
        except embedded.EmbeddedDatabaseError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            facts = {name: _plain(value) for name, value in dataclasses.asdict(found).items()}
            self.stdout.write(json.dumps({"action": action, **facts}))
        elif action == "url":
            self.stdout.write(found.url)
        elif action == "stop":
            self.stdout.write("Stopped." if stopped else "It was not running.")
        else:
            self.stdout.write(_described(found))
        if action == "status" and not found.running:
            raise SystemExit(NOT_RUNNING)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


def _described(found: embedded.ServerStatus) -> str:
    state = f"Running as process {found.pid}" if found.running else "Not running"
    release = f", PostgreSQL {found.version}" if found.version else ", not created yet"
    where = f"Data: {found.data_dir}\nLog:  {found.log}\nURL:  {found.url}"
    return f"{state}{release}, as {found.system_user}.\n{where}"
