"""The wizard: upload, columns, check, run, result; who may not is refused, what was typed is kept."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from crm.imports import services
from crm.imports.models import Import, ImportState
from crm.models import Contact
from tenants.jobs import services as jobs
from tenants.jobs.models import Job

DATA = Path(__file__).parents[2] / "data"


def url(name: str, *args) -> str:
    return reverse(f"organization:crm_import_{name}", args=args, urlconf="config.urls_tenant")


def upload(name: str = "customers-100.csv", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, (DATA / name).read_bytes() if content is None else content)


@pytest.fixture
def client(client_a, alice):
    client_a.force_login(alice)
    return client_a


def draft(client, **options) -> Import:
    response = client.post(url("add"), {"kind": "contacts", "file": upload(**options)})
    assert response.status_code == 302, response.content
    return Import.objects.latest("id")


def test_the_whole_walk(client):
    assert client.get(url("add")).status_code == 200
    item = draft(client)
    page = client.get(url("mapping", item.pk))
    assert "Sheryl" in page.text
    header = services.shape_of(item).header
    names = {f"column_{number}": item.mapping[column] for number, column in enumerate(header)}
    response = client.post(url("mapping", item.pk), names)
    assert response.headers["Location"] == url("check", item.pk)
    page = client.get(url("check", item.pk))
    assert 'data-outcome="new">100<' in page.text
    assert not Contact.objects.exists()
    response = client.post(url("start", item.pk))
    assert response.headers["Location"] == url("result", item.pk)
    page = client.get(url("result", item.pk))
    assert url("progress", item.pk) in page.text
    assert client.get(url("progress", item.pk)).status_code == 200
    item.refresh_from_db()
    jobs.run_now(item.job_id)
    response = client.get(url("progress", item.pk))
    assert (response.status_code, response.headers["HX-Refresh"]) == (286, "true")
    page = client.get(url("result", item.pk))
    assert 'data-outcome="new">100<' in page.text
    assert url("progress", item.pk) not in page.text
    assert Contact.objects.count() == 100
    page = client.get(url("changelist"))
    assert "customers-100.csv" in page.text
    assert client.get(url("change", item.pk)).headers["Location"] == url("result", item.pk)


def test_a_changed_mapping_is_used_and_a_wrong_one_comes_back_as_it_was_typed(client):
    item = draft(client, content=b"Mail,Who\nann@example.com,Ann Adams\n", name="x.csv")
    response = client.post(url("mapping", item.pk), {"column_0": "email", "column_1": "email"})
    assert response.status_code == 422
    assert response.text.count('value="email" selected') == 2
    assert "Two columns go to" in response.text
    client.post(url("mapping", item.pk), {"column_0": "email", "column_1": "full_name"})
    services.start(item=Import.objects.get(pk=item.pk), actor=None)
    jobs.run_now(Import.objects.get(pk=item.pk).job_id)
    assert Contact.objects.get().last_name == "Adams"


def test_an_unreadable_file_is_refused_beside_its_field(client):
    response = client.post(url("add"), {"kind": "leads", "file": upload("x.csv", b"\x89PNG\r\n\x1a\n")})
    assert response.status_code == 422
    assert "This is a picture" in response.text
    assert 'value="leads" selected' in response.text
    assert not Import.objects.exists()


def test_rules_change_what_the_check_finds(client):
    item = draft(client, content=b"Email,Birthday\nann@example.com,04/05/1990\n", name="x.csv")
    page = client.get(url("check", item.pk))
    assert 'data-outcome="rejected">1<' in page.text
    assert "Day and month cannot be told apart" in page.text
    rules = {"match": "email", "mode": "both", "fill": "overwrite", "date_order": "dmy", "decimal": ""}
    assert client.post(url("check", item.pk), rules).status_code == 302
    assert 'data-outcome="new">1<' in client.get(url("check", item.pk)).text
    assert client.post(url("check", item.pk), {**rules, "mode": "guess"}).status_code == 422


def test_a_long_file_is_checked_in_the_background(client):
    rows = b"".join(b"a%d@example.com\n" % n for n in range(6000))
    item = draft(client, content=b"Email\n" + rows, name="x.csv")
    page = client.get(url("check", item.pk))
    assert url("progress", item.pk) in page.text
    item.refresh_from_db()
    assert Job.objects.filter(kind="crm.imports.dry_run").count() == 1
    client.get(url("check", item.pk))
    assert Job.objects.filter(kind="crm.imports.dry_run").count() == 1
    jobs.run_now(item.job_id)
    assert 'data-outcome="new">6000<' in client.get(url("check", item.pk)).text


def test_rejected_rows_are_shown_and_can_be_downloaded(client):
    item = draft(client, content=b"Email,Name\nnobody,Ann\nbob@example.com,Bob\n", name="x.csv")
    client.post(url("start", item.pk))
    item.refresh_from_db()
    jobs.run_now(item.job_id)
    page = client.get(url("result", item.pk))
    assert "This is not an email address" in page.text
    response = client.get(url("rejects", item.pk))
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert lines == ["Email,Name,Line,Reason", "nobody,Ann,2,Email: This is not an email address."]


def test_a_second_start_is_refused_and_a_draft_can_be_thrown_away(client):
    item = draft(client)
    client.post(url("start", item.pk))
    client.post(url("start", item.pk))
    assert Job.objects.filter(kind="crm.imports.run").count() == 1
    other = draft(client)
    client.post(url("discard", other.pk))
    assert not Import.objects.filter(pk=other.pk).exists()
    client.post(url("discard", item.pk))
    assert Import.objects.filter(pk=item.pk).exists()


def test_a_waiting_import_can_be_cancelled_and_continued(client):
    item = draft(client)
    client.post(url("start", item.pk))
    client.post(url("cancel", item.pk))
    item.refresh_from_db()
    assert item.state == ImportState.CANCELLED
    assert "Continue the import" in client.get(url("result", item.pk)).text
    client.post(url("resume", item.pk))
    item.refresh_from_db()
    jobs.run_now(item.job_id)
    assert Contact.objects.count() == 100


def test_a_viewer_sees_no_wizard_and_charlie_no_import(client_a, client_b, bob, charlie, alice):
    with (DATA / "people-100.csv").open("rb") as file:
        item = services.create_draft(kind="contacts", file=file, file_name="people.csv", actor=alice)
    pages = ["mapping", "check", "result", "progress", "rejects"]
    client_a.force_login(bob)
    assert client_a.get(url("add")).status_code == 403
    for name in pages:
        assert client_a.get(url(name, item.pk)).status_code == 403, name
    for name in ["start", "cancel", "resume", "discard"]:
        assert client_a.post(url(name, item.pk)).status_code == 403, name
    with pytest.raises(services.NotAllowed):
        services.start(item=item, actor=bob)
    client_b.force_login(charlie)
    for name in pages:
        assert client_b.get(url(name, item.pk)).status_code == 404, name
    client_a.logout()
    assert client_a.get(url("mapping", item.pk)).status_code == 302


def test_the_stored_file_is_encrypted_and_its_name_too(alice, settings):
    content = b"Email,Name\nann.secret@example.com,Ann\n"
    item = services.create_draft(
        kind="contacts", file=upload("x.csv", content).file, file_name="ann.secret.csv", actor=alice
    )
    stored = list(Path(settings.MEDIA_ROOT).rglob("*"))
    assert not any(b"ann.secret" in path.read_bytes() for path in stored if path.is_file())
    assert not any("secret" in str(path) for path in stored)
    with services.open_file(item) as file:
        assert file.read() == content
