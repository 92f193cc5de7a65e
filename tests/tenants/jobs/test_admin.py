import uuid

import pytest
from django.contrib import admin

from tenants.jobs import leases, services
from tenants.jobs.models import Job, JobState
from tenants.scope import organization_scope

URL = "/admin/jobs/job/"


@pytest.fixture
def waiting(alice, counting):
    return services.enqueue(counting, actor=alice, title="Counting to three", steps=3)


def test_the_list_shows_title_state_progress_and_who_started_it(client_a, alice, waiting):
    client_a.force_login(alice)
    page = client_a.get(URL).content.decode()
    assert "Counting to three" in page
    assert "Alice" in page
    assert 'role="progressbar"' in page
    assert f'hx-get="{URL}{waiting.pk}/progress/"' in page


def test_the_list_asks_the_database_the_same_number_of_times_for_many_jobs(
    client_a, alice, waiting, counting, django_assert_max_num_queries
):
    client_a.force_login(alice)
    client_a.get(URL)
    for _ in range(20):
        services.enqueue(counting, actor=alice, steps=1)
    with django_assert_max_num_queries(20):
        client_a.get(URL)


def test_the_fragment_is_polled_until_the_job_has_ended(client_a, alice, waiting):
    client_a.force_login(alice)
    running = client_a.get(f"{URL}{waiting.pk}/progress/")
    assert running.status_code == 200
    assert "<html" not in running.content.decode()
    services.run_now(waiting.pk)
    ended = client_a.get(f"{URL}{waiting.pk}/progress/")
    assert ended.status_code == 286
    assert "progressbar" not in ended.content.decode()


def test_the_page_of_a_failed_job_shows_error_reference_and_how_to_go_on(client_a, alice, waiting):
    Job.objects.filter(pk=waiting.pk).update(
        state=JobState.FAILED, error="The file is too large: split it.", error_reference="ABCDEFGHJK"
    )
    client_a.force_login(alice)
    page = client_a.get(f"{URL}{waiting.pk}/change/").content.decode()
    assert "The file is too large: split it." in page
    assert "ABCDEFGHJK" in page
    assert f'action="{URL}{waiting.pk}/resume/"' in page
    assert f'action="{URL}{waiting.pk}/cancel/"' not in page
    assert "aria-live=" in page


def test_the_page_of_a_done_job_shows_its_result(client_a, alice, waiting):
    services.run_now(waiting.pk)
    client_a.force_login(alice)
    page = client_a.get(f"{URL}{waiting.pk}/change/").content.decode()
    assert "<dt>steps</dt><dd>3</dd>" in page
    assert f'action="{URL}{waiting.pk}/resume/"' not in page


def test_cancelling_and_continuing_are_posted(client_a, alice, waiting):
    client_a.force_login(alice)
    assert client_a.get(f"{URL}{waiting.pk}/cancel/").status_code == 405
    assert client_a.post(f"{URL}{waiting.pk}/cancel/").status_code == 302
    assert Job.objects.get(pk=waiting.pk).state == JobState.CANCELLED
    assert client_a.post(f"{URL}{waiting.pk}/cancel/").status_code == 302  # refused with a message
    assert client_a.post(f"{URL}{waiting.pk}/resume/").status_code == 302
    assert Job.objects.get(pk=waiting.pk).state == JobState.QUEUED


def test_looking_is_not_changing(client_a, alice, waiting):
    role = alice.roles.get()
    role.permissions = ["jobs.view_job"]
    role.save()
    client_a.force_login(alice)
    page = client_a.get(f"{URL}{waiting.pk}/change/").content.decode()
    assert f"{URL}{waiting.pk}/cancel/" not in page
    assert client_a.post(f"{URL}{waiting.pk}/cancel/").status_code == 403
    assert Job.objects.get(pk=waiting.pk).state == JobState.QUEUED


def test_bob_the_viewer_sees_no_jobs(client_a, bob, waiting):
    client_a.force_login(bob)
    for path in ("", f"{waiting.pk}/progress/", f"{waiting.pk}/change/"):
        assert client_a.get(URL + path).status_code == 403
    assert client_a.post(f"{URL}{waiting.pk}/cancel/").status_code == 403


def test_charlie_the_outsider_does_not_find_the_job(client_b, charlie, waiting, organization_b):
    client_b.force_login(charlie)
    assert client_b.get(f"{URL}{waiting.pk}/progress/").status_code == 404
    assert client_b.post(f"{URL}{waiting.pk}/cancel/").status_code == 404
    with organization_scope(organization_b):
        assert not Job.objects.exists()
    assert Job.objects.get(pk=waiting.pk).state == JobState.QUEUED


def test_nobody_reads_jobs_without_signing_in(client_a, waiting):
    assert client_a.get(f"{URL}{waiting.pk}/progress/").status_code == 302


def test_a_running_job_that_is_to_stop_says_so(client_a, alice, waiting):
    leases.claim(waiting.pk)
    services.cancel(job=waiting, actor=alice)
    client_a.force_login(alice)
    assert "is being cancelled" in client_a.get(f"{URL}{waiting.pk}/progress/").content.decode()


def test_a_job_that_does_not_exist_is_not_found(client_a, alice):
    client_a.force_login(alice)
    assert client_a.get(f"{URL}{uuid.uuid4()}/progress/").status_code == 404


def test_the_platform_has_the_page_too():
    assert Job in admin.site._registry
