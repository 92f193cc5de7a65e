import pytest
from django.db import transaction
from django_q.models import OrmQ

from tenants.jobs import leases, services
from tenants.jobs.errors import JobRefused, PersonalValue, UnknownJob
from tenants.jobs.kicks import JobKick
from tenants.jobs.models import Job, JobState
from tenants.scope import platform_scope


def kicks(job):
    with platform_scope():
        return JobKick.objects.filter(job_id=job.pk).count()


def messages():
    with platform_scope():
        return [row.args() for row in OrmQ.objects.order_by("id")]


def test_enqueueing_writes_the_job_its_kick_and_after_the_commit_the_message(
    alice, counting, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        job = services.enqueue(counting, actor=alice, title="Counting to ten", steps=10)
        assert messages() == []
    assert (job.state, job.actor_id, job.arguments) == (JobState.QUEUED, alice.pk, {"steps": 10})
    assert kicks(job) == 1
    assert messages() == [("org_alpha", str(job.pk))]


def test_a_rolled_back_transaction_leaves_nothing(in_a, counting, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        job = services.enqueue(counting, actor=None, steps=1)
        transaction.set_rollback(True)
    assert not Job.objects.filter(pk=job.pk).exists()
    assert kicks(job) == 0
    assert callbacks == []


def test_an_unknown_name_or_a_personal_argument_is_a_bug(in_a, counting):
    with pytest.raises(UnknownJob):
        services.enqueue("test.nobody", actor=None)
    with pytest.raises(PersonalValue):
        services.enqueue(counting, actor=None, steps="ada@example.com")
    assert not Job.objects.exists()


def test_a_title_that_holds_an_address_is_not_kept(in_a, counting):
    assert services.enqueue(counting, actor=None, title="ada@example.com.csv", steps=1).title == ""


def test_run_now_runs_to_the_end_and_removes_the_kick(in_a, counting):
    job = services.enqueue(counting, actor=None, steps=10)
    ended = services.run_now(job.pk)
    assert (ended.state, ended.done, ended.total, ended.result) == (JobState.SUCCEEDED, 10, 10, {"steps": 10})
    assert ended.started_at is not None
    assert ended.finished_at is not None
    assert ended.lease_token is None
    assert kicks(job) == 0
    assert services.run_now(job.pk).finished_at == ended.finished_at, "an ended job is not run again"


def test_run_now_waits_for_the_worker_that_was_quicker(in_a, counting, monkeypatch):
    job = services.enqueue(counting, actor=None, steps=10)
    lease = leases.claim(job.pk)
    waited = []

    def worker_ends_it(seconds):
        waited.append(seconds)
        leases.finish(lease, JobState.SUCCEEDED)

    monkeypatch.setattr(services.time, "sleep", worker_ends_it)
    assert services.run_now(job.pk).state == JobState.SUCCEEDED
    assert len(waited) == 1


def test_a_waiting_job_is_cancelled_at_once_and_can_be_continued(alice, counting):
    job = services.enqueue(counting, actor=alice, steps=3)
    assert services.cancel(job=job, actor=alice).state == JobState.CANCELLED
    assert kicks(job) == 0
    with pytest.raises(JobRefused):
        services.cancel(job=job, actor=alice)
    assert services.resume(job=job, actor=alice).state == JobState.QUEUED
    assert kicks(job) == 1
    assert services.run_now(job.pk).state == JobState.SUCCEEDED


def test_a_running_job_stops_between_two_steps_and_goes_on_from_there(alice, job_named):
    seen = []

    def walk(ctx):
        for step in range(ctx.state.get("next", 0), 4):
            ctx.stop_if_cancelled()
            seen.append(step)
            ctx.checkpoint({"next": step + 1}, done=step + 1, total=4)
            if step == 1 and len(seen) == 2:
                services.cancel(job=ctx.job, actor=alice)

    job_named("test.walk", walk)
    job = services.enqueue("test.walk", actor=alice)
    cancelled = services.run_now(job.pk)
    assert (cancelled.state, cancelled.checkpoint, seen) == (JobState.CANCELLED, {"next": 2}, [0, 1])
    services.resume(job=cancelled, actor=alice)
    assert services.run_now(job.pk).state == JobState.SUCCEEDED
    assert seen == [0, 1, 2, 3]


def test_a_job_that_runs_or_is_done_cannot_be_continued(alice, counting):
    job = services.enqueue(counting, actor=alice, steps=1)
    leases.claim(job.pk)
    with pytest.raises(JobRefused):
        services.resume(job=job, actor=alice)
    assert not services.may_resume(Job.objects.get(pk=job.pk))


def test_an_abandoned_job_can_be_continued_by_hand(alice, counting):
    job = services.enqueue(counting, actor=alice, steps=1)
    leases.claim(job.pk, seconds=-1)
    assert services.may_resume(Job.objects.get(pk=job.pk))
    assert services.resume(job=job, actor=alice).state == JobState.QUEUED


def test_the_platform_has_jobs_of_its_own(db, counting):
    with platform_scope():
        job = services.enqueue(counting, actor=None, steps=2)
        assert services.run_now(job.pk).state == JobState.SUCCEEDED
