"""The program's own PostgreSQL, on servers of the test's own below a temporary folder."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path

import psutil
import psycopg
import pytest
from django.core.management import CommandError, call_command

from config.database import embedded, embedded_home
from config.database.embedded_home import Account, can_enter, find

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="unix sockets"),
]

START = """
import pathlib, sys
from config.database import embedded
print(embedded.ensure_running(pathlib.Path(sys.argv[1])))
"""


@pytest.fixture(scope="module")
def reachable() -> Iterator[Path]:
    """A folder that other users may enter; pytest's own tmp_path is closed to them."""
    folder = Path(tempfile.mkdtemp(prefix="embedded-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def data_dir(reachable: Path) -> Iterator[Path]:
    folder = reachable / "postgres"
    yield folder
    embedded.stop(folder)


@pytest.fixture
def server(data_dir: Path) -> str:
    return embedded.ensure_running(data_dir)


def postmaster(data_dir: Path) -> int:
    pid = embedded.status(data_dir).pid
    assert pid is not None
    return pid


def kill(pid: int) -> None:
    process = psutil.Process(pid)
    process.kill()
    process.wait(5)


def answer(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row and row[0]


def test_url_is_the_same_before_and_after_the_start(data_dir: Path) -> None:
    assert embedded.url(data_dir) == embedded.ensure_running(data_dir) == embedded.url(data_dir)


def test_four_processes_at_once_share_one_server(reachable: Path) -> None:
    folder = reachable / "shared"
    root = Path(__file__).parents[2]

    def start(_: int) -> str:
        command = [sys.executable, "-c", START, str(folder)]
        return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout.strip()

    try:
        with ThreadPoolExecutor(4) as pool:
            urls = set(pool.map(start, range(4)))
        assert urls == {embedded.url(folder)}
        assert answer(urls.pop(), "SELECT 1") == 1
    finally:
        assert embedded.stop(folder)


def test_server_keeps_checksums_utf8_and_no_tcp_port(server: str) -> None:
    assert answer(server, "SHOW data_checksums") == "on"
    assert answer(server, "SHOW server_encoding") == "UTF8"
    assert answer(server, "SHOW listen_addresses") == ""
    assert answer(server, "SHOW fsync") == "on"
    assert answer(server, "SELECT datlocale FROM pg_database WHERE datname = current_database()") == "C.UTF-8"


def test_login_role_owns_the_database_and_is_no_superuser(server: str) -> None:
    flags = "array[rolsuper, rolcreaterole, rolcreatedb, rolinherit]"
    found = answer(server, f"SELECT {flags} FROM pg_roles WHERE rolname = current_user")
    assert found == [False, True, True, False]
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
    assert answer(server, owner) == "softswitch"


def test_login_role_may_create_the_trigram_extension(server: str) -> None:
    with psycopg.connect(server) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        assert connection.execute("SELECT similarity('anna', 'anne') > 0").fetchone() == (True,)
        connection.rollback()


def test_role_of_an_organisation_is_reached_by_set_role_and_cannot_connect(server: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE ROLE softswitch_org_acme LOGIN")
        connection.execute("GRANT softswitch_org_acme TO CURRENT_USER")
        connection.execute("SET ROLE softswitch_org_acme")
        assert connection.execute("SELECT current_user").fetchone() == ("softswitch_org_acme",)
    with pytest.raises(psycopg.OperationalError, match=r"pg_hba\.conf rejects"):
        psycopg.connect(server.replace("softswitch@", "softswitch_org_acme@"))


def test_data_survive_a_killed_server(data_dir: Path, server: str) -> None:
    answer(server, "SELECT 1 FROM pg_sleep(0)")
    with psycopg.connect(server) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS value")
    kill(postmaster(data_dir))
    assert answer(embedded.ensure_running(data_dir), "SELECT value FROM kept") == 42


def test_process_id_that_now_belongs_to_another_program_does_not_prevent_the_start(data_dir: Path) -> None:
    embedded.ensure_running(data_dir)
    pid_file = find(data_dir).cluster / "postmaster.pid"
    lines = pid_file.read_text(encoding="utf-8").splitlines()
    kill(int(lines[0]))
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]), encoding="utf-8")
    assert not embedded.status(data_dir).running
    assert answer(embedded.ensure_running(data_dir), "SELECT 1") == 1


def test_stop_ends_the_server_with_open_connections(data_dir: Path, server: str) -> None:
    started = time.monotonic()
    connection = psycopg.connect(server)
    assert embedded.stop(data_dir, patience=3)
    assert time.monotonic() - started < 5
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    assert not embedded.status(data_dir).running
    assert not embedded.stop(data_dir)


def test_deleted_data_under_a_running_server_are_made_anew(reachable: Path) -> None:
    folder = reachable / "deleted"
    embedded.ensure_running(folder)
    old = postmaster(folder)
    shutil.rmtree(folder)
    try:
        assert answer(embedded.ensure_running(folder), "SELECT 1") == 1
        assert postmaster(folder) != old
        with pytest.raises(ProcessLookupError):
            os.kill(old, 0)
    finally:
        embedded.stop(folder)


def test_path_too_long_for_a_socket_works(reachable: Path) -> None:
    folder = reachable / ("long" * 30) / "with 'quotes' and space"
    try:
        assert answer(embedded.ensure_running(folder), "SELECT 1") == 1
        socket = find(folder).socket
        assert len(os.fsencode(socket)) < 100
        assert socket.stat().st_mode & 0o777 == 0o700
    finally:
        embedded.stop(folder)
        shutil.rmtree(find(folder).socket, ignore_errors=True)


def test_socket_folder_of_somebody_else_is_refused(reachable: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = reachable / ("long" * 30)
    monkeypatch.setattr(embedded_home, "SOCKET_BASE", reachable)
    (reachable / "elsewhere").mkdir()
    find(folder).socket.symlink_to(reachable / "elsewhere")
    with pytest.raises(embedded.EmbeddedDatabaseError, match="not ours"):
        embedded.ensure_running(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="as root only: other users keep their data where they are")
def test_root_in_a_private_folder_changes_no_permission_there(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    folder = private / "var" / "postgres"
    before = {path: path.stat().st_mode for path in (private, *private.parents)}
    home = find(folder)
    assert home.relocated
    try:
        assert answer(embedded.ensure_running(folder), "SELECT 1") == 1
        assert {path: path.stat().st_mode for path in before} == before
        assert home.cluster.stat().st_uid == home.account.uid != 0
    finally:
        embedded.stop(folder)
        shutil.rmtree(home.root)


@pytest.mark.skipif(os.geteuid() != 0, reason="as root only")
def test_root_begins_anew_after_the_data_folder_was_deleted(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    folder = tmp_path / "postgres"
    home = find(folder)
    try:
        with psycopg.connect(embedded.ensure_running(folder)) as connection:
            connection.execute("CREATE TABLE old ()")
        shutil.rmtree(folder)
        assert answer(embedded.ensure_running(folder), "SELECT to_regclass('old')") is None
        assert (home.root / "cluster.set-aside" / "PG_VERSION").exists()
    finally:
        embedded.stop(folder)
        shutil.rmtree(home.root)


@pytest.mark.parametrize(
    ("mode", "owner", "enters"), [(0o755, 0, True), (0o700, 0, False), (0o700, 4711, True)]
)
def test_who_may_enter_is_read_from_owner_and_mode(
    reachable: Path, mode: int, owner: int, enters: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = reachable / f"entered-{mode:o}-{owner}"
    folder.mkdir(mode=mode)
    uid = owner if owner == 0 else folder.stat().st_uid
    account = Account("somebody", uid if owner else 4711, 4711)
    assert can_enter(folder / "not" / "made yet", account) is enters


def test_command_answers_with_one_json_object(data_dir: Path, settings) -> None:
    settings.EMBEDDED_DATABASE, settings.EMBEDDED_DATABASE_DIR = True, data_dir
    out = StringIO()
    call_command("embedded_db", "start", "--json", stdout=out)
    facts = json.loads(out.getvalue().splitlines()[-1])
    assert (facts["action"], facts["running"], facts["version"]) == ("start", True, "18")
    assert facts["url"] == embedded.url(data_dir)


def test_command_says_by_its_exit_code_that_nothing_runs(reachable: Path, settings) -> None:
    settings.EMBEDDED_DATABASE, settings.EMBEDDED_DATABASE_DIR = True, reachable / "never started"
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("embedded_db", "status", stdout=out)
    assert ended.value.code == 3
    assert "Not running, not created yet" in out.getvalue()
    assert not (reachable / "never started").exists()


def test_command_is_refused_when_another_server_is_used(settings) -> None:
    settings.EMBEDDED_DATABASE = False
    with pytest.raises(CommandError, match="DATABASE_URL is set"):
        call_command("embedded_db", "start")
