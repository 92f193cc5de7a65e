"""The queue behind the jobs, django-q2: it carries a schema and a job's id, and may lose or repeat them."""

from functools import partial
from uuid import UUID

from django.db import transaction
from django_q.tasks import async_task

from tenants.scope import platform_scope

RUNNER = "tenants.jobs.runner.run"


def kick(schema: str, job_id: UUID) -> None:
    """Tell a worker to look at the job. Kicking twice, or a job that has ended, does no harm."""
    with platform_scope():
        async_task(RUNNER, schema, str(job_id), q_options={"task_name": str(job_id), "save": False})


def kick_on_commit(schema: str, job_id: UUID) -> None:
    """:func:`kick` when the current transaction is committed. Should it fail, the sweeper makes up for it."""
    transaction.on_commit(partial(kick, schema, job_id), robust=True)
