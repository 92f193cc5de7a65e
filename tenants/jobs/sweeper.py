"""Kicks again what should be running and is not: its message was lost, or its worker died."""

from datetime import datetime, timedelta

from django.db.models import Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from tenants.jobs import queue
from tenants.jobs.kicks import JobKick
from tenants.scope import platform_scope

MOST_AT_ONCE = 500
SHORTEST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=15)


def sweep(*, now: datetime | None = None) -> int:
    """Kick every job that is overdue; returns how many. Any number of sweepers may work at once.

    A job that stays overdue (all workers are busy) is kicked in growing pauses.
    """
    now = now or timezone.now()
    kicked = 0
    with platform_scope():
        for kick in JobKick.objects.filter(due_at__lt=now).order_by("due_at")[:MOST_AT_ONCE]:
            waited = now - (kick.waiting_since or now)
            pause = min(max(waited, SHORTEST_PAUSE), LONGEST_PAUSE)
            kicked += _kick(kick, now, now + pause)
    return kicked


def _kick(kick: JobKick, now: datetime, next_at: datetime) -> int:
    # Conditional on what was read: of two sweepers, or a sweeper and a heartbeat, one changes it.
    changed = JobKick.objects.filter(pk=kick.pk, due_at=kick.due_at).update(
        due_at=next_at, running=False, waiting_since=Coalesce("waiting_since", Value(now))
    )
    if changed:
        queue.kick(kick.schema_name, kick.job_id)
    return changed
