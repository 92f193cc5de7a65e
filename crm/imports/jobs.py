"""Imports in the background."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compliance.audit.context import acting_as
from compliance.audit.models import SourceKind
from crm.imports import running, services
from crm.imports.models import Import, ImportState
from tenants.jobs.context import JobContext
from tenants.jobs.errors import JobCancelled, JobInterrupted
from tenants.jobs.registry import job


@job("crm.imports.run", title=_("Import"))
def run(ctx: JobContext, *, import_id: str) -> dict[str, Any]:
    """Import the file, chunk by chunk; after an interruption from the last chunk that was stored."""
    item = Import.objects.get(pk=import_id)
    setup = services.checked_setup(item)
    Import.objects.filter(pk=item.pk).update(
        state=ImportState.RUNNING, started_at=item.started_at or timezone.now()
    )
    total = setup.shape.total
    ctx.progress(done=int(ctx.state.get("done", 0)), total=total)

    def settled(state: dict[str, Any], done: int) -> None:
        ctx.checkpoint(state, done=done, total=max(total, done))

    try:
        with services.open_file(item) as file, acting_as(source_kind=SourceKind.IMPORT, source_id=item.pk):
            tally = running.run(
                file,
                setup,
                import_id=item.pk,
                actor_id=ctx.job.actor_id,
                state=ctx.state,
                settled=settled,
                between=ctx.stop_if_cancelled,
            )
    except JobCancelled:
        _end(item, ImportState.CANCELLED, _counts_so_far(ctx))
        raise
    except JobInterrupted:
        raise  # somebody goes on with it
    except Exception:
        _end(item, ImportState.FAILED, _counts_so_far(ctx))
        raise
    counts = tally.as_json()
    _end(item, ImportState.DONE, counts)
    ctx.progress(done=counts["rows"], total=counts["rows"])
    return counts


@job("crm.imports.dry_run", title=_("Dry run of an import"))
def dry_run(ctx: JobContext, *, import_id: str) -> dict[str, Any]:
    """Go through the file without writing records."""
    item = Import.objects.get(pk=import_id)
    setup = services.checked_setup(item)

    def progress(rows: int) -> None:
        ctx.stop_if_cancelled()
        ctx.progress(done=rows, total=max(setup.shape.total, rows))

    with services.open_file(item) as file:
        found = running.rehearse(file, setup, progress).as_json()
    Import.objects.filter(pk=item.pk, state=ImportState.DRAFT).update(dry_run=found)
    counts: dict[str, Any] = found["counts"]
    return counts


def _counts_so_far(ctx: JobContext) -> dict[str, int]:
    tally = running.Tally()
    tally.add(ctx.state.get("counts", {}))
    return tally.as_json()


def _end(item: Import, state: str, counts: dict[str, int]) -> None:
    Import.objects.filter(pk=item.pk).update(state=state, counts=counts, finished_at=timezone.now())
