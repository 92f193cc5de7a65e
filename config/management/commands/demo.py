import logging
import os
import signal
import socket
import sys
import time
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from config import static_files
from config.database import embedded
from config.management.commands import seed_demo
from tenants.processes import ProcessGroup, end_all

ADDRESS = "127.0.0.1"
ANSWER_PATIENCE = 60.0  # seconds
END_PATIENCE = 2.3  # seconds for the web and the worker; the worker itself takes up to two
DATABASE_PATIENCE = 1.0  # seconds
TICK = 0.2  # seconds


class _AskedToEnd(BaseException):
    """SIGTERM, SIGINT or SIGHUP arrived."""


class Command(BaseCommand):
    """Everything that a trial needs, in one process group: database, data, web and worker.

    Ends within four seconds of a signal and leaves nothing running; ends with 1 when a part of it ends.
    """

    help = "Prepare and serve a demo with two organisations."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, _end)
        self._groups: list[ProcessGroup] = []
        failed = ""
        try:
            self._prepare()
            self._serve()
        except _AskedToEnd:
            pass
        except (CommandError, embedded.EmbeddedDatabaseError) as error:
            failed = str(error)
        finally:
            self._clear_up()
        if failed:
            raise CommandError(failed)

    def _prepare(self) -> None:
        """Database, static files and data; quick when they are there."""
        _refuse_taken_port()
        if settings.EMBEDDED_DATABASE:
            self._say("Starting the database ...")
            embedded.ensure_running(settings.EMBEDDED_DATABASE_DIR)
        self._say("Bringing the database up to date ...")
        call_command("migrate", verbosity=0)
        if static_files.collect_when_changed():
            self._say("Collected the static files.")
        self._say("Preparing the demo data ...")
        call_command(seed_demo.Command(), stdout=self.stdout)

    def _serve(self) -> None:
        connections.close_all()
        self._groups.append(ProcessGroup("web", _web_command(), dies_with_us=True))
        worker = [sys.executable, sys.argv[0], "worker", "--skip-checks"]
        self._groups.append(ProcessGroup("worker", worker, dies_with_us=True))
        self._wait_until_it_answers()
        self._say(_where_and_how())
        while True:
            self._refuse_dead()
            time.sleep(TICK)

    def _wait_until_it_answers(self) -> None:
        give_up_at = time.monotonic() + ANSWER_PATIENCE
        while True:
            self._refuse_dead()
            try:
                with socket.create_connection((ADDRESS, settings.PORT), timeout=1):
                    return
            except OSError:
                if time.monotonic() > give_up_at:
                    raise CommandError("The web server did not start; see above.") from None
                time.sleep(TICK)

    def _refuse_dead(self) -> None:
        for group in self._groups:
            if group.exit_code is not None:
                raise CommandError(f"The {group.name} process ended ({group.exit_code}); see above.")

    def _clear_up(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it running
        end_all(self._groups, patience=END_PATIENCE)
        connections.close_all()
        if settings.EMBEDDED_DATABASE:
            embedded.stop(settings.EMBEDDED_DATABASE_DIR, patience=DATABASE_PATIENCE)
        self._say("Ended.")
        logging.shutdown()

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _end(number: int, frame: FrameType | None) -> None:
    raise _AskedToEnd


def _where_and_how() -> str:
    """The addresses, and who may sign in there."""
    lines = ["", "SoftswitchCRM runs. Ctrl-C ends it."]
    for plan in seed_demo.ORGANIZATIONS:
        lines += ["", f"  {plan['name']}: http://{plan['slug']}.{settings.BASE_DOMAIN}:{settings.PORT}/"]
        lines += [f"    {role}@{plan['slug']}.example" for role in seed_demo.STAFF]
    lines += [
        "",
        f"  The platform: http://{settings.BASE_DOMAIN}:{settings.PORT}/",
        f"    {seed_demo.OPERATOR}",
    ]
    return "\n".join([*lines, "", f"  Password of all of them: {seed_demo.PASSWORD}", ""])


def _web_command() -> list[str]:
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi"),
        *("--host", ADDRESS, "--port", str(settings.PORT)),
        *("--workers", "2", "--blocking-threads", "1"),
        *("--workers-kill-timeout", "1", "--log-level", "warning"),
        "config.wsgi:application",
    ]


def _refuse_taken_port() -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, settings.PORT))
        except OSError as error:
            raise CommandError(
                f"Port {settings.PORT} cannot be used ({os.strerror(error.errno or 0)}). "
                "Choose another: make demo PORT=8001"
            ) from error
