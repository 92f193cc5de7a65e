"""Keeps the lease of a job that is quiet for long, from a thread with a connection of its own.

The thread lives in the worker's process, so it falls silent with it, however that ends.
"""

import logging
import threading
from contextlib import AbstractContextManager
from types import TracebackType

from django.db import DatabaseError, connection

from tenants.jobs import leases
from tenants.jobs.leases import Lease
from tenants.organizations.models import Organization
from tenants.scope import organization_scope, platform_scope

logger = logging.getLogger(__name__)
BEATS_PER_LEASE = 3


def scope_of(organization: Organization | None) -> AbstractContextManager[object]:
    """The organisation's scope, or the platform's."""
    return platform_scope() if organization is None else organization_scope(organization)


class Heartbeat(threading.Thread):
    """``with Heartbeat(lease, organization):`` puts off the lease's expiry until the block ends."""

    def __init__(self, lease: Lease, organization: Organization | None) -> None:
        super().__init__(name=f"heartbeat {lease.job_id}", daemon=True)
        self._lease = lease
        self._organization = organization
        self._ended = threading.Event()

    def run(self) -> None:
        try:
            while not self._ended.wait(self._lease.seconds / BEATS_PER_LEASE):
                if not self._beat():
                    return
        finally:
            connection.close()

    def _beat(self) -> bool:
        try:
            with scope_of(self._organization):
                held = leases.extend(self._lease)
        except DatabaseError:
            # The database may be restarting; the next beat tries a new connection.
            logger.warning("Job %s: the heartbeat could not be written", self._lease.job_id)
            connection.close()
            return True
        if not held:
            logger.warning("Job %s: the lease is lost", self._lease.job_id)
        return held

    def __enter__(self) -> "Heartbeat":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self.join()
