"""What a job's function works with: its progress, its checkpoint, and whether it should stop."""

import time
from collections.abc import Mapping
from typing import Any

from tenants.jobs import leases, stopping
from tenants.jobs.arguments import without_addresses
from tenants.jobs.errors import JobCancelled, JobHandedBack, LeaseLost
from tenants.jobs.leases import Lease
from tenants.jobs.models import Job

WRITE_EVERY = 0.5  # seconds between progress writes
MESSAGE_LENGTH = Job._meta.get_field("message").max_length or 0


class JobContext:
    """Passed to the job as ``ctx``. Each call raises :class:`LeaseLost` when another worker has the job, and
    :class:`JobHandedBack` when this worker is ending; let both pass."""

    def __init__(self, job: Job, lease: Lease) -> None:
        self.job = job
        self._lease = lease
        self._state: dict[str, Any] = dict(job.checkpoint)
        self._written_at = 0.0

    @property
    def state(self) -> dict[str, Any]:
        """The last checkpoint, {} at first. A copy: change it and pass it to :meth:`checkpoint`."""
        return dict(self._state)

    def progress(self, *, done: int, total: int | None = None, message: Any = "") -> None:
        """Show how far the job is. Cheap to call often: at most two writes a second, the last always.

        A ``total`` of None leaves the total as it is. The message is for people and holds no personal value.
        """
        self._refuse_when_ending()
        now = time.monotonic()
        total = self.job.total if total is None else total
        if now - self._written_at < WRITE_EVERY and done != total:
            return
        self._written_at = now
        self._write(done=done, total=total, message=_shortened(message))

    def checkpoint(
        self,
        data: Mapping[str, Any],
        *,
        done: int | None = None,
        total: int | None = None,
        message: Any = None,
    ) -> None:
        """Remember how to go on. Call it inside the transaction that writes the step itself, so that both are
        committed or neither: raised in there, :class:`LeaseLost` undoes the step."""
        self._refuse_when_ending()
        without_addresses("checkpoint", data)
        values: dict[str, Any] = {"checkpoint": dict(data), "attempts": 1}
        if done is not None:
            values["done"] = done
        if total is not None:
            values["total"] = total
        if message is not None:
            values["message"] = _shortened(message)
        self._write(**values)
        self._state = dict(data)

    def stop_if_cancelled(self) -> None:
        """Raises :class:`JobCancelled` when somebody asked for it. Call it between two steps."""
        self._refuse_when_ending()
        found = self._lease.held().values_list("cancel_requested", flat=True).first()
        if found is None:
            raise LeaseLost
        if found:
            raise JobCancelled

    def _refuse_when_ending(self) -> None:
        if stopping.requested():
            raise JobHandedBack

    def _write(self, **values: Any) -> None:
        if not leases.write(self._lease, **values):
            raise LeaseLost
        for name in values.keys() & {"done", "total", "message"}:
            setattr(self.job, name, values[name])


def _shortened(message: Any) -> str:
    return str(message)[:MESSAGE_LENGTH]
