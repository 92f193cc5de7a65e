from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django_q.models import OrmQ

from tenants.jobs import leases, services, sweeper
from tenants.jobs.kicks import JobKick
from tenants.jobs.watch import Watch
from tenants.scope import platform_scope


def in_seconds(seconds):
    return timezone.now() + timedelta(seconds=seconds)


def messages():
    with platform_scope():
        return OrmQ.objects.count()


def test_a_lost_message_is_sent_again_in_growing_pauses(in_a, counting):
    services.enqueue(counting, actor=None, steps=1)  # its message is lost: nothing commits here
    assert sweeper.sweep() == 0
    assert sweeper.sweep(now=in_seconds(20)) == 1
    assert messages() == 1
    assert sweeper.sweep(now=in_seconds(21)) == 0
    assert sweeper.sweep(now=in_seconds(200)) == 1
    assert sweeper.sweep(now=in_seconds(380)) == 0
    assert sweeper.sweep(now=in_seconds(401)) == 1


def test_a_job_is_left_alone_while_its_lease_holds(in_a, counting):
    job = services.enqueue(counting, actor=None, steps=1)
    leases.claim(job.pk, seconds=60)
    assert sweeper.sweep(now=in_seconds(55)) == 0
    assert sweeper.sweep(now=in_seconds(65)) == 1


def test_an_ended_job_is_not_kicked(in_a, counting):
    job = services.enqueue(counting, actor=None, steps=1)
    services.run_now(job.pk)
    assert sweeper.sweep(now=in_seconds(3600)) == 0


def test_work_that_waits_beside_a_free_worker_means_a_stuck_cluster(in_a, counting):
    services.enqueue(counting, actor=None, steps=1)
    watch = Watch()
    assert not watch.is_stuck(now=in_seconds(20))
    assert not watch.is_stuck(now=in_seconds(40))
    assert watch.is_stuck(now=in_seconds(60))


def test_a_message_that_nobody_takes_means_a_stuck_cluster(db):
    OrmQ.objects.create(key=settings.Q_CLUSTER["name"], payload="", lock=timezone.now())
    watch = Watch()
    assert not watch.is_stuck(now=in_seconds(40))
    assert watch.is_stuck(now=in_seconds(60))


def test_a_queue_that_gets_on_is_not_stuck(in_a, counting):
    first = services.enqueue(counting, actor=None, steps=1)
    services.enqueue(counting, actor=None, steps=1)
    watch = Watch()
    assert not watch.is_stuck(now=in_seconds(40))
    services.run_now(first.pk)
    assert not watch.is_stuck(now=in_seconds(60))


def test_work_may_wait_while_all_workers_are_busy(in_a, counting):
    for _ in range(settings.WORKER_PROCESSES):
        leases.claim(services.enqueue(counting, actor=None, steps=1).pk, seconds=600)
    services.enqueue(counting, actor=None, steps=1)
    watch = Watch()
    assert not watch.is_stuck(now=in_seconds(40))
    assert not watch.is_stuck(now=in_seconds(60))


def test_two_sweepers_kick_once(in_a, counting):
    services.enqueue(counting, actor=None, steps=1)
    with platform_scope():
        read_by_both = JobKick.objects.get()
        now = in_seconds(20)
        assert sweeper._kick(read_by_both, now, now) == 1
        assert sweeper._kick(read_by_both, now, now) == 0
