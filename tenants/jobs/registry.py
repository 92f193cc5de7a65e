"""Jobs by name: a room registers what it can do in the background, everybody enqueues it by its name."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.conf import settings

from tenants.jobs.errors import UnknownJob

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from tenants.jobs.models import Job

JobFunction = Callable[..., dict[str, Any] | None]
Surrounding = Callable[["Job"], AbstractContextManager[Any]]


@dataclass(frozen=True)
class JobKind:
    """A registered job. ``lease_seconds`` None stands for settings.JOB_LEASE_SECONDS."""

    name: str
    function: JobFunction
    title: "StrOrPromise"
    lease_seconds: int | None


_kinds: dict[str, JobKind] = {}
_surroundings: list[Surrounding] = []


def job(
    name: str, *, title: "StrOrPromise", lease_seconds: int | None = None
) -> Callable[[JobFunction], JobFunction]:
    """Register ``function(ctx, **arguments)`` under a name that is unique in the program.

    The function may be started again after it was interrupted: it goes on from ``ctx.state``, and writes each
    step in one transaction with ``ctx.checkpoint``. It returns a dict of ids and counts, or None.
    """

    def register(function: JobFunction) -> JobFunction:
        known = _kinds.get(name)
        if known is not None and _address(known.function) != _address(function):
            raise ValueError(f"Two jobs are called {name}: {_address(known.function)}, {_address(function)}.")
        _kinds[name] = JobKind(name, function, title, lease_seconds)
        return function

    return register


def _address(function: JobFunction) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def resolve(name: str) -> JobKind:
    """The job called ``name``; raises :class:`UnknownJob`."""
    try:
        return _kinds[name]
    except KeyError:
        raise UnknownJob(f"No job is called {name}. Registered: {', '.join(sorted(_kinds))}") from None


def names() -> list[str]:
    """Every registered name, sorted."""
    return sorted(_kinds)


def title_of(name: str) -> str:
    """What people call this kind of job; the name itself where this program does not know it."""
    kind = _kinds.get(name)
    return str(kind.title) if kind else name


def surround(surrounding: Surrounding) -> None:
    """Run every job inside ``surrounding(job)``, a context manager: how a room above learns on whose behalf
    the work is done (the audit's actor)."""
    if surrounding not in _surroundings:
        _surroundings.append(surrounding)


@contextmanager
def surrounded(job: "Job") -> Iterator[None]:
    """Inside everything that was registered with :func:`surround`."""
    with ExitStack() as stack:
        for surrounding in _surroundings:
            stack.enter_context(surrounding(job))
        yield


def autodiscover() -> None:
    """Import ``<app>.jobs`` and ``<app>.<room>.jobs`` of every app of this project."""
    base = Path(settings.BASE_DIR)
    for config in apps.get_app_configs():
        path = Path(config.path)
        if config.name.startswith("tenants.jobs") or not path.is_relative_to(base):
            continue
        if "site-packages" in path.parts or config.module is None:
            continue
        rooms = [m.name for m in iter_modules(config.module.__path__, f"{config.name}.") if m.ispkg]
        for package in (config.name, *rooms):
            if package != "tenants" and find_spec(f"{package}.jobs") is not None:
                import_module(f"{package}.jobs")
