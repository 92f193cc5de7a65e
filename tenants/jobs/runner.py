"""From a kick to a finished job: finds the organisation, claims, runs, and writes down how it ended."""

import logging
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from tenants import faults
from tenants.errors import DomainError
from tenants.jobs import leases, registry, stopping
from tenants.jobs.arguments import without_addresses
from tenants.jobs.context import JobContext
from tenants.jobs.errors import JobCancelled, JobExhausted, JobHandedBack, LeaseLost
from tenants.jobs.heartbeat import Heartbeat, scope_of
from tenants.jobs.leases import Lease
from tenants.jobs.models import Job, JobState
from tenants.organizations.models import Organization, OrganizationState
from tenants.scope import PUBLIC, current_organization, in_organization, platform_scope

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 5  # in a row without a checkpoint between them
NOT_ACTIVE_PATIENCE = timedelta(minutes=15)
DATABASE_PATIENCE = timedelta(seconds=15)
ERROR_LENGTH = Job._meta.get_field("error").max_length or 0


def run(schema: str, job_id: str) -> None:
    """What the queue calls. Does nothing where the job has ended, runs elsewhere, or may not run now."""
    key = uuid.UUID(job_id)
    organization = None
    if schema != PUBLIC:
        with platform_scope():
            organization = Organization.objects.filter(schema_name=schema).first()
        if organization is None:
            leases.remove_kick(key)
            return
        if organization.state != OrganizationState.ACTIVE:
            leases.postpone_kick(key, timezone.now() + NOT_ACTIVE_PATIENCE)
            return
    with stopping.noted(), scope_of(organization):
        take_and_run(key)
    if stopping.requested():
        raise SystemExit(0)


def take_and_run(job_id: uuid.UUID) -> bool:
    """Claim the job in the current scope and run it to its end; False when there was nothing to take."""
    job = Job.objects.filter(pk=job_id).first()
    if job is None or job.has_ended:
        leases.remove_kick(job_id)
        return False
    lease = leases.claim(job_id, seconds=_lease_seconds(job.kind))
    if lease is None:
        return False
    job.refresh_from_db()
    logger.info("Job %s (%s) started, attempt %s", job.pk, job.kind, job.attempts)
    _end(job, lease, lambda: _work(job, lease))
    return True


def _lease_seconds(kind: str) -> int | None:
    return registry.resolve(kind).lease_seconds if kind in registry.names() else None


def _work(job: Job, lease: Lease) -> dict[str, Any] | None:
    if job.cancel_requested:
        raise JobCancelled
    if job.attempts > MOST_ATTEMPTS:
        raise JobExhausted
    kind = registry.resolve(job.kind)
    organization = current_organization() if in_organization() else None
    with _beating(lease, organization), _settings_of(organization), registry.surrounded(job):
        result = kind.function(JobContext(job, lease), **job.arguments)
    without_addresses("result", result)
    return result


def _beating(lease: Lease, organization: Organization | None) -> AbstractContextManager[object]:
    # Inside a caller's transaction another connection would not even see the job.
    return nullcontext() if connection.in_atomic_block else Heartbeat(lease, organization)


def _settings_of(organization: Organization | None) -> AbstractContextManager[object]:
    return nullcontext() if organization is None else translation.override(organization.language)


def _end(job: Job, lease: Lease, work: Callable[[], dict[str, Any] | None]) -> None:
    """Run ``work`` and write how it ended; whatever it raises ends here, but for what ends the process."""
    try:
        result = work()
    except JobCancelled:
        written = leases.finish(lease, JobState.CANCELLED)
        outcome = "cancelled"
    except LeaseLost:
        written, outcome = False, "interrupted"
    except JobHandedBack:
        written, outcome = leases.hand_back(lease), "handed back"
    except DomainError as error:
        written = leases.finish(lease, JobState.FAILED, error=str(error.message)[:ERROR_LENGTH])
        outcome = f"refused ({error.code})"
    except (OperationalError, InterfaceError) as error:
        written, outcome = _after_database_error(job, lease, error), "put off: the database failed"
    except (SystemExit, KeyboardInterrupt):
        # The queue's own time limit, or Ctrl-C in a command.
        leases.hand_back(lease, count=True)
        raise
    except Exception as error:  # noqa: BLE001 - a bug in a job must not take the worker with it
        written, outcome = _after_bug(job, lease, error), "failed"
    else:
        written = leases.finish(lease, JobState.SUCCEEDED, result=result, message="")
        outcome = "done"
    if written:
        logger.info("Job %s (%s) %s", job.pk, job.kind, outcome)
    else:
        logger.warning("Job %s (%s) %s, but another worker has it by now", job.pk, job.kind, outcome)


def _after_bug(job: Job, lease: Lease, error: Exception) -> bool:
    reference = faults.new_reference()
    logger.error("Job %s (%s) failed, reference %s\n%s", job.pk, job.kind, reference, faults.described(error))
    text = _("An error in the program stopped this job. Tell support the reference; then continue the job.")
    return leases.finish(lease, JobState.FAILED, error=text[:ERROR_LENGTH], error_reference=reference)


def _after_database_error(job: Job, lease: Lease, error: Exception) -> bool:
    logger.error("Job %s (%s): the database failed\n%s", job.pk, job.kind, faults.described(error))
    if connection.in_atomic_block:
        raise error
    connection.close()
    return leases.hand_back(lease, after=DATABASE_PATIENCE, count=True)
