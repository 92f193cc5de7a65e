"""Jobs that exist in tests only."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tenants.jobs import registry


@pytest.fixture
def job_named() -> Iterator[Callable[..., None]]:
    """``job_named("test.x", function)`` registers a job for the test."""
    before = dict(registry._kinds)

    def register(name: str, function: Any, **options: Any) -> None:
        registry.job(name, title=options.pop("title", name), **options)(function)

    yield register
    registry._kinds.clear()
    registry._kinds.update(before)


@pytest.fixture
def counting(job_named: Any) -> str:
    """A job of ten steps, each with a checkpoint."""

    def count(ctx: Any, *, steps: int) -> dict[str, int]:
        for step in range(ctx.state.get("next", 0), steps):
            ctx.stop_if_cancelled()
            ctx.checkpoint({"next": step + 1}, done=step + 1, total=steps)
        return {"steps": steps}

    job_named("test.count", count, title="Counting")
    return "test.count"
