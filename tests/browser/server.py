"""The real thing to point a browser at: its own database and files, the web server and a worker."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
from psycopg import sql

from tenants.processes import ProcessGroup, end_all

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "softswitch_browser"
PATIENCE = 60.0  # seconds
PATIENCE_AT_END = 8.0  # seconds
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--force-color-profile=srgb"]


def chromium() -> str | None:
    """The Chromium of this machine, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Server:
    """Serves until :meth:`stop`. ``database``: the settings dictionary of a server that can hold one more."""

    def __init__(self, home: Path, database: dict[str, Any]) -> None:
        self.port = _free_port()
        self.environment = os.environ | {
            "VAR_DIR": str(home),
            "PORT": str(self.port),
            "DATABASE_URL": _url(database),
            "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "BASE_DOMAIN": "localhost",
            "ENVIRONMENT": "demo",
            "LOG_LEVEL": "WARNING",
        }
        self._database = database
        self._groups: list[ProcessGroup] = []

    def start(self) -> None:
        _make_database(self._database)
        self._run("manage.py", "migrate", "-v0")
        self._run("manage.py", "compile_messages", "-v0")
        self._run("-m", "tests.browser.seed")
        web = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port)]
        self._begin("web", "-m", *web, "--workers", "1", "--log-level", "error", "config.wsgi:application")
        self._begin("worker", str(ROOT / "manage.py"), "worker", "--skip-checks")
        self._wait()

    def stop(self) -> None:
        end_all(self._groups, patience=PATIENCE_AT_END)

    def url(self, slug: str = "acme", path: str = "/") -> str:
        host = f"{slug}.localhost" if slug else "localhost"
        return f"http://{host}:{self.port}{path}"

    def _run(self, *command: str) -> None:
        subprocess.run([sys.executable, *command], cwd=ROOT, env=self.environment, check=True)

    def _begin(self, name: str, *command: str) -> None:
        program = [sys.executable, *command]
        self._groups.append(ProcessGroup(name, program, environment=self.environment, dies_with_us=True))

    def _wait(self) -> None:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/admin/login/", headers={"Host": f"acme.localhost:{self.port}"}
        )
        give_up_at = time.monotonic() + PATIENCE
        while time.monotonic() < give_up_at:
            try:
                with urllib.request.urlopen(request, timeout=5):
                    return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.2)
        raise RuntimeError("The server did not answer; what it said is above.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _url(database: dict[str, Any]) -> str:
    query = (
        database.get("OPTIONS", {})
        | {"host": database["HOST"]}
        | ({"port": database["PORT"]} if database["PORT"] else {})
    )
    password = f":{quote(database['PASSWORD'], safe='')}" if database["PASSWORD"] else ""
    return f"postgresql://{quote(database['USER'], safe='')}{password}@/{DATABASE}?{urlencode(query)}"


def _make_database(database: dict[str, Any]) -> None:
    connection = psycopg.connect(
        dbname="postgres",
        user=database["USER"],
        password=database["PASSWORD"] or None,
        host=database["HOST"],
        port=database["PORT"] or None,
        autocommit=True,
    )
    with connection:
        name = sql.Identifier(DATABASE)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
