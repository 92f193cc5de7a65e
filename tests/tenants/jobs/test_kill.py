"""A worker that is killed in the middle of a job, for real: two processes on the tests' database."""

import os
import signal
import subprocess
import sys
import time
import uuid
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from tenants.accounts.models import Role
from tenants.jobs import leases, services, sweeper
from tenants.jobs.kicks import JobKick
from tenants.jobs.models import Job, JobState
from tenants.organizations.models import Organization
from tenants.scope import organization_scope, platform_scope

STEPS = 30
LEASE_SECONDS = 2
WORKER = f"""
import sys, time
import django
django.setup()
from django.db import transaction
from tenants.accounts.models import Role
from tenants.jobs import registry, runner

@registry.job("test.steps", title="Steps", lease_seconds={LEASE_SECONDS})
def steps(ctx):
    for step in range(ctx.state.get("next", 0), {STEPS}):
        ctx.stop_if_cancelled()
        with transaction.atomic():
            Role.objects.create(key=f"killed-{{step}}", name="x")  # a step that is repeated raises
            time.sleep(0.05)
            ctx.checkpoint({{"next": step + 1}}, done=step + 1, total={STEPS})

@registry.job("test.quiet", title="Quiet", lease_seconds={LEASE_SECONDS})
def quiet(ctx):
    time.sleep(2.5 * {LEASE_SECONDS})

runner.run(*sys.argv[1:])
"""


@pytest.fixture
def committed(django_db_setup, django_db_blocker):
    """Organisation B without a transaction around the test; what the test left is removed."""
    with django_db_blocker.unblock():
        organization = Organization.objects.get(slug="beta")
        with organization_scope(organization):
            yield organization
            Role.objects.filter(key__startswith="killed-").delete()
            Job.objects.filter(kind__startswith="test.").delete()
        JobKick.objects.all().delete()
        OrmQ.objects.all().delete()


def start_worker(job):
    chosen = connection.settings_dict
    host = chosen["HOST"] or "localhost"
    user = chosen["USER"] + (f":{quote(chosen['PASSWORD'])}" if chosen["PASSWORD"] else "")
    port = f"&port={chosen['PORT']}" if chosen["PORT"] else ""
    url = f"postgresql://{user}@/{chosen['NAME']}?host={quote(host, safe='/')}{port}"
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
    environment.pop("DATABASE_URL_FILE", None)
    command = [sys.executable, "-c", WORKER, "org_beta", str(job.pk)]
    return subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, start_new_session=True)


def until(condition, seconds=30.0):
    give_up_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up_at, "it did not happen in time"
        time.sleep(0.05)


def done(job):
    job.refresh_from_db()
    return job.done


def expiry(job):
    found = Job.objects.get(pk=job.pk).lease_expires_at
    assert found is not None
    return found


@pytest.mark.slow
def test_a_job_whose_worker_is_killed_goes_on_from_its_checkpoint(committed, job_named):
    job_named("test.steps", lambda ctx: None, lease_seconds=LEASE_SECONDS)
    job = services.enqueue("test.steps", actor=None)
    killed = start_worker(job)
    try:
        until(lambda: done(job) >= 3)
    finally:
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
    stopped_at = done(job)
    assert 3 <= stopped_at < STEPS
    assert job.state == JobState.RUNNING
    assert Role.objects.filter(key__startswith="killed-").count() == stopped_at
    assert leases.claim(job.pk) is None, "its lease still holds"

    until(lambda: expiry(job) < timezone.now())
    assert sweeper.sweep() == 1
    with platform_scope():
        assert OrmQ.objects.latest("id").args() == ("org_beta", str(job.pk))
    assert start_worker(job).wait(timeout=60) == 0
    assert done(job) == STEPS
    assert job.state == JobState.SUCCEEDED
    assert Role.objects.filter(key__startswith="killed-").count() == STEPS
    with platform_scope():
        assert not JobKick.objects.filter(job_id=job.pk).exists()


@pytest.mark.slow
def test_a_worker_that_is_asked_to_end_hands_its_job_back(committed, job_named):
    job_named("test.steps", lambda ctx: None, lease_seconds=600)
    job = services.enqueue("test.steps", actor=None)
    worker = start_worker(job)
    try:
        until(lambda: done(job) >= 2)
        os.kill(worker.pid, signal.SIGTERM)
        assert worker.wait(timeout=3) == 0
    finally:
        worker.kill()
        worker.wait()
    assert 2 <= done(job) < STEPS
    assert (job.state, job.lease_token) == (JobState.QUEUED, None)
    assert leases.claim(uuid.UUID(str(job.pk))) is not None


@pytest.mark.slow
def test_a_quiet_job_keeps_its_lease(committed, job_named):
    job_named("test.quiet", lambda ctx: None, lease_seconds=LEASE_SECONDS)
    job = services.enqueue("test.quiet", actor=None)
    worker = start_worker(job)
    try:
        until(lambda: Job.objects.get(pk=job.pk).state == JobState.RUNNING)
        first = expiry(job)
        until(lambda: timezone.now() > first)
        assert leases.claim(job.pk) is None
        assert worker.wait(timeout=30) == 0
    finally:
        worker.kill()
        worker.wait()
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.SUCCEEDED, 1)
