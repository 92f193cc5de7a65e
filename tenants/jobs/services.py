"""Starting, cancelling and continuing background work."""

import time
import uuid
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenants.jobs import leases, queue, registry, runner
from tenants.jobs.arguments import plain
from tenants.jobs.errors import JobRefused
from tenants.jobs.models import Job, JobState
from tenants.scope import current_schema

if TYPE_CHECKING:
    from tenants.accounts.models import User

TITLE_LENGTH = Job._meta.get_field("title").max_length or 0
WAIT_SECONDS = 0.2
_RESUMABLE = (JobState.FAILED, JobState.CANCELLED)


def enqueue(name: str, *, actor: "User | None", title: Any = "", **arguments: Any) -> Job:
    """Have the job ``name`` run in the background of the current scope, after the current transaction.

    Job and kick are rows of this transaction: rolled back, nothing runs; committed, the job runs even if the
    queue loses the message. ``arguments`` are ids, choices and numbers (see ``arguments.plain``).
    ``title`` is what people see, without personal values; "" stands for the registered one.
    Raises :class:`~tenants.jobs.errors.UnknownJob`.
    """
    kind = registry.resolve(name)
    job = Job(
        kind=kind.name,
        title=_shown_title(title),
        arguments=plain(arguments),
        actor_id=actor.pk if actor else None,
    )
    with transaction.atomic():
        job.save(force_insert=True)
        _let_run(job)
    return job


def _shown_title(title: Any) -> str:
    text = str(title)[:TITLE_LENGTH]
    return "" if "@" in text else text  # a file's name may be somebody's address


def run_now(job_id: uuid.UUID) -> Job:
    """Run a waiting job to its end in this process, and return how it ended (see ``state`` and ``error``).

    Where a worker was quicker, waits until that one has ended it; a job that has ended is returned as it is.
    """
    while not runner.take_and_run(job_id):
        if Job.objects.get(pk=job_id).has_ended:
            break
        time.sleep(WAIT_SECONDS)
    return Job.objects.get(pk=job_id)


def cancel(*, job: Job, actor: "User | None") -> Job:
    """End a waiting job at once, and ask a running one to stop after its current step.

    Raises :class:`~tenants.jobs.errors.JobRefused` when it has ended.
    """
    now = timezone.now()
    with transaction.atomic():
        ended = (
            leases.free_to_take(now)
            .filter(pk=job.pk)
            .update(state=JobState.CANCELLED, finished_at=now, lease_token=None, lease_expires_at=None)
        )
        if ended:
            leases.remove_kick(job.pk)
        elif not Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(cancel_requested=True):
            raise JobRefused(_("This job has ended already: there is nothing to cancel."))
    job.refresh_from_db()
    return job


def may_resume(job: Job) -> bool:
    """Whether :func:`resume` would take the job now."""
    if job.state == JobState.RUNNING:
        return job.lease_expires_at is not None and job.lease_expires_at < timezone.now()
    return job.state in _RESUMABLE


def resume(*, job: Job, actor: "User | None") -> Job:
    """Have a failed, cancelled or abandoned job go on from its last checkpoint.

    Raises :class:`~tenants.jobs.errors.JobRefused` for any other.
    """
    now = timezone.now()
    abandoned = leases.free_to_take(now).filter(state=JobState.RUNNING)
    with transaction.atomic():
        changed = (
            (Job.objects.filter(state__in=_RESUMABLE) | abandoned)
            .filter(pk=job.pk)
            .update(
                state=JobState.QUEUED,
                cancel_requested=False,
                error="",
                error_reference="",
                attempts=0,
                finished_at=None,
                lease_token=None,
                lease_expires_at=None,
            )
        )
        if not changed:
            raise JobRefused(_("Only a job that failed or was cancelled can be continued."))
        job.refresh_from_db()
        _let_run(job)
    return job


def _let_run(job: Job) -> None:
    schema = current_schema()
    leases.add_kick(job.pk, schema)
    queue.kick_on_commit(schema, job.pk)
