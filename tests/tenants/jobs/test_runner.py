import logging
import uuid
from contextlib import contextmanager

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.translation import get_language

from tenants.accounts.models import Role
from tenants.errors import DomainError
from tenants.jobs import context, leases, registry, runner, services, stopping
from tenants.jobs.kicks import JobKick
from tenants.jobs.models import Job, JobState
from tenants.organizations.models import Organization, OrganizationState
from tenants.scope import current_schema, organization_scope, platform_scope


def kick_of(job):
    with platform_scope():
        return JobKick.objects.filter(job_id=job.pk).first()


def test_of_two_claims_one_gets_the_job(in_a, counting):
    job = services.enqueue(counting, actor=None, steps=1)
    first = leases.claim(job.pk)
    assert first is not None
    assert leases.claim(job.pk) is None
    assert Job.objects.get(pk=job.pk).lease_token == first.token
    assert kick_of(job).running


def test_an_expired_lease_can_be_claimed_and_the_first_holder_writes_nothing_more(in_a, counting):
    job = services.enqueue(counting, actor=None, steps=1)
    first = leases.claim(job.pk, seconds=-1)
    second = leases.claim(job.pk)
    assert second is not None
    assert not leases.extend(first)
    assert not leases.write(first, done=5)
    assert not leases.finish(first, JobState.SUCCEEDED)
    assert not leases.hand_back(first)
    found = Job.objects.get(pk=job.pk)
    assert (found.state, found.lease_token, found.attempts) == (JobState.RUNNING, second.token, 2)


def test_the_kick_moves_with_the_lease(in_a, counting):
    job = services.enqueue(counting, actor=None, steps=1)
    lease = leases.claim(job.pk, seconds=60)
    claimed = kick_of(job).due_at
    assert leases.extend(lease)
    assert kick_of(job).due_at > claimed
    assert kick_of(job).due_at == Job.objects.get(pk=job.pk).lease_expires_at


def test_losing_the_lease_undoes_the_step(in_a, job_named):
    def overtaken(ctx):
        with transaction.atomic():
            Role.objects.create(key="from-the-lost-step", name="x")
            Job.objects.filter(pk=ctx.job.pk).update(lease_token=uuid.uuid4())
            ctx.checkpoint({"next": 1})

    job_named("test.overtaken", overtaken)
    job = services.enqueue("test.overtaken", actor=None)
    assert runner.take_and_run(job.pk)
    assert not Role.objects.filter(key="from-the-lost-step").exists()
    assert Job.objects.get(pk=job.pk).state == JobState.RUNNING


def test_a_bug_leaves_a_reference_and_no_value(in_a, job_named, caplog):
    def broken(ctx):
        try:
            int("ada@example.com")
        except ValueError as error:
            raise RuntimeError("Ada Lovelace") from error

    job_named("test.broken", broken)
    job = services.enqueue("test.broken", actor=None)
    with caplog.at_level(logging.INFO):
        failed = services.run_now(job.pk)
    assert failed.state == JobState.FAILED
    assert len(failed.error_reference) == 10
    assert failed.error_reference in caplog.text
    assert "builtins.RuntimeError" in caplog.text
    assert "caused by builtins.ValueError" in caplog.text
    for text in (caplog.text, failed.error):
        assert "Ada" not in text
        assert "ada@" not in text
    assert kick_of(job) is None


def test_a_refusal_is_shown_as_it_is(in_a, job_named):
    class TooLarge(DomainError):
        message = "The file is too large: split it."

    def refused(ctx):
        raise TooLarge

    job_named("test.refused", refused)
    job = services.enqueue("test.refused", actor=None)
    failed = services.run_now(job.pk)
    assert (failed.state, failed.error) == (JobState.FAILED, "The file is too large: split it.")
    assert failed.error_reference == ""


def test_a_name_that_this_program_does_not_know_fails(in_a, counting):
    job = services.enqueue(counting, actor=None, steps=1)
    Job.objects.filter(pk=job.pk).update(kind="test.gone")
    assert services.run_now(job.pk).state == JobState.FAILED


def test_a_job_that_never_gets_on_is_given_up(in_a, counting):
    job = services.enqueue(counting, actor=None, steps=1)
    Job.objects.filter(pk=job.pk).update(attempts=runner.MOST_ATTEMPTS)
    failed = services.run_now(job.pk)
    assert failed.state == JobState.FAILED
    assert "interrupted several times" in failed.error


def test_a_checkpoint_counts_the_attempts_anew(in_a, counting):
    job = services.enqueue(counting, actor=None, steps=1)
    Job.objects.filter(pk=job.pk).update(attempts=3)
    assert services.run_now(job.pk).attempts == 1


def test_an_ending_worker_hands_its_job_back(in_a, job_named, monkeypatch):
    def asked_to_end(ctx):
        ctx.checkpoint({"next": 1})
        monkeypatch.setattr(stopping, "_requested", True)
        ctx.progress(done=2)

    job_named("test.ending", asked_to_end)
    job = services.enqueue("test.ending", actor=None)
    assert runner.take_and_run(job.pk)
    found = Job.objects.get(pk=job.pk)
    assert (found.state, found.checkpoint, found.lease_token) == (JobState.QUEUED, {"next": 1}, None)
    assert not kick_of(job).running


def test_inside_a_transaction_a_database_error_passes(in_a, job_named):
    def unreachable(ctx):
        raise OperationalError

    job_named("test.unreachable", unreachable)
    job = services.enqueue("test.unreachable", actor=None)
    with pytest.raises(OperationalError):
        services.run_now(job.pk)


def test_progress_is_written_now_and_then_and_at_the_end(in_a, job_named, monkeypatch):
    monkeypatch.setattr(context, "WRITE_EVERY", 600.0)
    written: list[str] = []

    def walk(ctx):
        with CaptureQueriesContext(connection) as queries:
            for done in range(1, 101):
                ctx.progress(done=done, total=100, message="m" * 300)
        written.extend(query["sql"] for query in queries if query["sql"].startswith("UPDATE"))

    job_named("test.fast", walk)
    job = services.enqueue("test.fast", actor=None)
    assert services.run_now(job.pk).done == 100
    assert len(written) == 2


def test_a_kick_runs_the_job_in_its_organisation_and_language(organization_a, job_named):
    seen = []
    job_named("test.where", lambda ctx: seen.append((current_schema(), get_language())))
    with platform_scope():
        Organization.objects.filter(pk=organization_a.pk).update(language="de")
    with organization_scope(organization_a):
        job = services.enqueue("test.where", actor=None)
    runner.run("org_alpha", str(job.pk))
    runner.run("org_alpha", str(job.pk))
    assert seen == [("org_alpha", "de")]
    assert current_schema() == "public"


def test_a_kick_for_an_inactive_or_missing_organisation_runs_nothing(organization_a, counting):
    with organization_scope(organization_a):
        job = services.enqueue(counting, actor=None, steps=1)
    with platform_scope():
        Organization.objects.filter(pk=organization_a.pk).update(state=OrganizationState.SUSPENDED)
    runner.run("org_alpha", str(job.pk))
    assert kick_of(job).waiting_since is None
    with organization_scope(organization_a):
        assert Job.objects.get(pk=job.pk).state == JobState.QUEUED
    runner.run("org_nobody", str(job.pk))
    assert kick_of(job) is None


def test_what_is_registered_around_jobs_is_around_them(in_a, job_named, monkeypatch):
    seen = []

    @contextmanager
    def noting(job):
        seen.append("before")
        yield
        seen.append("after")

    monkeypatch.setattr(registry, "_surroundings", [])
    registry.surround(noting)
    job_named("test.inside", lambda ctx: seen.append("inside"))
    services.run_now(services.enqueue("test.inside", actor=None).pk)
    assert seen == ["before", "inside", "after"]
