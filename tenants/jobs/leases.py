"""Who works on a job. One row, changed by conditional updates only: whoever holds the token may write.

Every function works in the current scope, which is the job's organisation (or the platform).
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from tenants.jobs.kicks import JobKick
from tenants.jobs.models import Job, JobState
from tenants.scope import platform_scope

KICK_PATIENCE = timedelta(seconds=15)  # how long a kick may take before the sweeper repeats it


@dataclass(frozen=True)
class Lease:
    """The right to work on a job until it expires, which each heartbeat puts off."""

    job_id: uuid.UUID
    token: uuid.UUID
    seconds: int

    def expires_at(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self.seconds)

    def held(self) -> QuerySet[Job]:
        """The job, while it is ours."""
        return Job.objects.filter(pk=self.job_id, state=JobState.RUNNING, lease_token=self.token)


def claim(job_id: uuid.UUID, *, seconds: int | None = None) -> Lease | None:
    """Take a job that waits, or whose worker has fallen silent. None when there is nothing to take.

    Committed at once unless the caller is inside a transaction; of any number of callers one gets it.
    """
    now = timezone.now()
    lease = Lease(job_id, uuid.uuid4(), seconds or settings.JOB_LEASE_SECONDS)
    with transaction.atomic():
        taken = (
            free_to_take(now)
            .filter(pk=job_id)
            .update(
                state=JobState.RUNNING,
                lease_token=lease.token,
                lease_expires_at=lease.expires_at(now),
                heartbeat_at=now,
                attempts=F("attempts") + 1,
                started_at=Coalesce("started_at", Value(now)),
            )
        )
        if not taken:
            return None
        _move_kick(job_id, due_at=lease.expires_at(now), running=True, waiting_since=None)
    return lease


def free_to_take(now: datetime) -> QuerySet[Job]:
    """Jobs that wait, and running ones whose lease ran out."""
    return Job.objects.filter(Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, lease_expires_at__lt=now))


def extend(lease: Lease) -> bool:
    """Put off the expiry; False when the lease is lost."""
    now = timezone.now()
    with transaction.atomic():
        held = lease.held().update(lease_expires_at=lease.expires_at(now), heartbeat_at=now)
        if held:
            _move_kick(lease.job_id, due_at=lease.expires_at(now))
    return bool(held)


def write(lease: Lease, **values: Any) -> bool:
    """Write progress or a checkpoint in the caller's transaction, which puts off the expiry too; False when
    the lease is lost."""
    now = timezone.now()
    return bool(lease.held().update(lease_expires_at=lease.expires_at(now), heartbeat_at=now, **values))


def finish(lease: Lease, state: JobState, **values: Any) -> bool:
    """End the job and remove its kick; False when the lease is lost."""
    with transaction.atomic():
        ended = lease.held().update(
            state=state, finished_at=timezone.now(), lease_token=None, lease_expires_at=None, **values
        )
        if ended:
            remove_kick(lease.job_id)
    return bool(ended)


def hand_back(lease: Lease, *, after: timedelta = timedelta(0), count: bool = False) -> bool:
    """Let another worker go on from the checkpoint, not before ``after``. ``count`` keeps the attempt, so
    that a job which cannot get on is given up in the end."""
    due_at = timezone.now() + after
    with transaction.atomic():
        returned = lease.held().update(
            state=JobState.QUEUED,
            lease_token=None,
            lease_expires_at=None,
            attempts=F("attempts") - (0 if count else 1),
        )
        if returned:
            _move_kick(lease.job_id, due_at=due_at, running=False, waiting_since=due_at)
    return bool(returned)


def add_kick(job_id: uuid.UUID, schema: str) -> None:
    """The job waits from now on."""
    now = timezone.now()
    with platform_scope():
        JobKick.objects.update_or_create(
            job_id=job_id,
            defaults={
                "schema_name": schema,
                "due_at": now + KICK_PATIENCE,
                "running": False,
                "waiting_since": now,
            },
        )


def postpone_kick(job_id: uuid.UUID, due_at: datetime) -> None:
    """The job may not run at present; look again at ``due_at``."""
    _move_kick(job_id, due_at=due_at, running=False, waiting_since=None)


def remove_kick(job_id: uuid.UUID) -> None:
    with platform_scope():
        JobKick.objects.filter(job_id=job_id).delete()


def _move_kick(job_id: uuid.UUID, **values: Any) -> None:
    with platform_scope():
        JobKick.objects.filter(job_id=job_id).update(**values)
