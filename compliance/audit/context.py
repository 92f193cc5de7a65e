"""On whose behalf the current code acts: what every audit entry says about who and through what.

Set at the edges (a request, a job, a command) with :func:`acting_as`; whoever writes entries asks
:func:`current`. Outside of any edge it is the system that acts.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, Final

from compliance.audit.models import ActorKind
from tenants.scope import in_organization


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts, through what (an import, a job) and in which request."""

    actor_id: uuid.UUID | None = None
    actor_kind: str = ActorKind.SYSTEM
    source_kind: str = ""
    source_id: uuid.UUID | None = None
    request_id: uuid.UUID | None = None


class _Inherited:
    """Stands for "as it was outside"."""


INHERITED: Final[Any] = _Inherited()
SYSTEM = Acting()
_acting: ContextVar[Acting | Callable[[], Acting]] = ContextVar("acting", default=SYSTEM)


def current() -> Acting:
    """Who acts now."""
    found = _acting.get()
    return found if isinstance(found, Acting) else found()


@contextmanager
def acting_as(
    *,
    actor: Any = INHERITED,
    source_kind: str = INHERITED,
    source_id: uuid.UUID | None = INHERITED,
    request_id: uuid.UUID | None = INHERITED,
) -> Iterator[Acting]:
    """Act on behalf of ``actor``: a user, a user's id, or None for the system.

    What is not given stays as it is outside. Safe to nest: the outer one is back afterwards.
    """
    acting = current()
    if actor is not INHERITED:
        actor_id = getattr(actor, "pk", actor)
        kind = ActorKind.SYSTEM if actor_id is None else actor_kind_here()
        acting = replace(acting, actor_id=actor_id, actor_kind=kind)
    given: dict[str, Any] = {"source_kind": source_kind, "source_id": source_id, "request_id": request_id}
    acting = replace(acting, **{name: value for name, value in given.items() if value is not INHERITED})
    token = _acting.set(acting)
    try:
        yield acting
    finally:
        _acting.reset(token)


@contextmanager
def acting_lazily(resolve: Callable[[], Acting]) -> Iterator[None]:
    """Act on behalf of whom ``resolve()`` finds, asked only when an entry is written."""
    token = _acting.set(resolve)
    try:
        yield
    finally:
        _acting.reset(token)


def actor_kind_here() -> ActorKind:
    """What users of the current schema are: those of the public one are the platform's operators."""
    return ActorKind.USER if in_organization() else ActorKind.OPERATOR
