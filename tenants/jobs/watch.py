"""Whether the queue's cluster still works.

A django-q2 worker that is killed while it waits takes the lock of the queue with it: the cluster lives on and
does nothing, without any error. What shows is that the same work keeps waiting although a worker is free.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from django_q.models import OrmQ

from tenants.jobs.kicks import JobKick
from tenants.scope import platform_scope

OVERDUE_AFTER = timedelta(seconds=30)  # a lost message is kicked again sooner
CONFIRMED_AFTER = timedelta(seconds=15)
_SAMPLE = 50


class Watch:
    """Asked every few seconds, says when the cluster is stuck."""

    def __init__(self) -> None:
        self._suspects: frozenset[str] = frozenset()
        self._since: datetime | None = None

    def is_stuck(self, *, now: datetime | None = None) -> bool:
        """Whether the oldest overdue work has been the same for a while, never with all workers busy."""
        now = now or timezone.now()
        overdue = overdue_work(now)
        if not overdue or busy_workers(now) >= settings.WORKER_PROCESSES:
            self._suspects, self._since = frozenset(), None
            return False
        if self._since is None or not self._suspects <= overdue:
            self._suspects, self._since = overdue, now
        return now - self._since >= CONFIRMED_AFTER


def overdue_work(now: datetime) -> frozenset[str]:
    """The oldest jobs and messages that nobody has taken in time."""
    before = now - OVERDUE_AFTER
    with platform_scope():
        jobs = JobKick.objects.filter(waiting_since__lt=before).order_by("waiting_since")
        # A message that no worker has taken is locked until the moment when it was sent.
        messages = OrmQ.objects.filter(key=settings.Q_CLUSTER["name"], lock__lt=before).order_by("lock")
        return frozenset(
            [f"job {key}" for key in jobs.values_list("job_id", flat=True)[:_SAMPLE]]
            + [f"message {key}" for key in messages.values_list("pk", flat=True)[:_SAMPLE]]
        )


def busy_workers(now: datetime) -> int:
    """How many jobs run, as their heartbeats say."""
    with platform_scope():
        return JobKick.objects.filter(running=True, due_at__gt=now).count()
