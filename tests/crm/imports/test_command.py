"""``import_records``: the sample files go in whole, and coming again they change nothing."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from compliance.audit.models import AuditEntry
from crm.models import Company, Contact, Deal, Import, Lead, LeadStatus
from tenants.jobs.models import Job, JobState

DATA = Path(__file__).parents[2] / "data"
OUTCOMES = ("new", "updated", "unchanged", "duplicate", "rejected")
SAMPLES = [
    ("customers-100.csv", "contacts"),
    ("people-100.csv", "contacts"),
    ("leads-100.csv", "leads"),
    ("organizations-100.csv", "companies"),
]


def run(kind: str, path: Path, *options: str) -> dict:
    out = StringIO()
    call_command("import_records", kind, str(path), "--org", "alpha", "--json", *options, stdout=out)
    result = json.loads(out.getvalue().strip().splitlines()[-1])
    assert result["rows"] == sum(result[outcome] for outcome in OUTCOMES)
    return result


def file(tmp_path: Path, text: str, name: str = "file.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(("name", "kind"), SAMPLES)
def test_a_sample_file_goes_in_whole_and_the_second_time_nothing_changes(in_a, name, kind):
    dry = run(kind, DATA / name, "--dry-run")
    first = run(kind, DATA / name)
    assert (first["rows"], first["new"], first["rejected"]) == (100, 100, 0)
    assert {key: dry[key] for key in ("rows", *OUTCOMES)} == {key: first[key] for key in ("rows", *OUTCOMES)}
    again = run(kind, DATA / name)
    assert (again["rows"], again["unchanged"]) == (100, 100)
    assert run(kind, DATA / name, "--dry-run")["unchanged"] == 100


def test_all_sample_files_after_each_other_and_again(in_a):
    for name, kind in SAMPLES:
        run(kind, DATA / name)
    for name, kind in SAMPLES:
        assert run(kind, DATA / name)["unchanged"] == 100, name
    assert Contact.objects.count() == 200
    assert Lead.objects.count() == 100


def test_what_a_customer_becomes(in_a):
    result = run("contacts", DATA / "customers-100.csv")
    contact = Contact.objects.get(email="zunigavanessa@smith.info")
    assert (contact.first_name, contact.last_name, contact.country) == ("Sheryl", "Baxter", "CL")
    assert (contact.phone, contact.other_phones) == ("229.077.5154", ["397.884.0519x718"])
    assert (contact.external_id, contact.address) == ("DD37Cf93aecA6Dc", {"city": "East Leonard"})
    assert (str(contact.customer_since_on), contact.website) == ("2020-08-24", "http://www.stephenson.com/")
    assert contact.company.name == "Rasmussen Group"
    assert contact.version == 1
    assert list(Contact.objects.filter(email__contains="vaness")) == [contact]
    assert list(Contact.objects.filter(phone__contains="0775154")) == [contact]
    assert result["companies_created"] == Company.objects.count()
    entry = AuditEntry.objects.get(object_id=contact.pk)
    assert (entry.action, entry.kind, entry.changes) == ("created", "crm.contact", None)
    assert "email" in entry.fields
    item = Import.objects.get()
    assert (entry.source_kind, entry.source_id) == ("import", item.pk)
    assert Job.objects.get(pk=result["job"]).state == JobState.SUCCEEDED
    assert AuditEntry.objects.filter(kind="crm.company").count() == Company.objects.count()


def test_what_a_lead_and_a_company_become(in_a):
    run("leads", DATA / "leads-100.csv")
    lead = Lead.objects.get(email="hatkinson@mclaughlin.com")
    assert (lead.status, lead.source, lead.company_name) == (
        LeadStatus.NEW, "Retargeting Ads", "Grimes, Madden and Huff",
    )  # fmt: skip
    assert (lead.other_emails, lead.notes, lead.owner) == (["ygibbs@guzman.com"], "Speak own such.", None)
    assert Lead.objects.filter(status=LeadStatus.WON).count() == 9
    run("companies", DATA / "organizations-100.csv")
    company = Company.objects.get(name="Ferrell LLC")
    assert (company.country, company.domain, company.employees, company.founded_year) == (
        "PG", "price.net", 3498, 1990,
    )  # fmt: skip


def test_companies_of_contacts_are_found_again_by_the_companies_file(in_a, tmp_path):
    run("contacts", file(tmp_path, "Email,Company\nann@example.com,ACME inc\nbob@example.com,Acme Inc\n"))
    assert Company.objects.count() == 1
    result = run(
        "companies", file(tmp_path, "Name,Organization Id,Website\nAcme Inc,7,https://acme.example\n")
    )
    assert (result["updated"], Company.objects.count()) == (1, 1)
    company = Company.objects.get()
    assert (company.external_id, company.domain, company.version) == ("7", "acme.example", 2)
    assert run("companies", file(tmp_path, "Name,Website\nAcme,https://acme.example\n"))["updated"] == 1


def test_a_dry_run_writes_nothing(in_a):
    result = run("contacts", DATA / "customers-100.csv", "--dry-run")
    assert (result["rejects_file"], result["job"]) == (None, None)
    for model in (Contact, Company, Import, Job):
        assert not model.objects.exists()  # type: ignore[misc]
    assert not AuditEntry.objects.filter(kind__in=["crm.contact", "crm.company"]).exists()


def test_rejected_rows_come_back_in_their_columns_with_the_reason(in_a, tmp_path):
    path = file(
        tmp_path,
        "Email,First Name,Date of birth,Sex\n"
        "ann@example.com,Ann,1990-01-31,=1+1\n"
        "nobody,=HYPERLINK(0),31.02.1990,\n"
        ",,,x\n"
        "a,b,c,d,e\n"
        "bob@example.com,Bob,04/05/1990,\n",
    )
    result = run("contacts", path)
    assert (result["rows"], result["new"], result["rejected"]) == (5, 1, 4)
    lines = Path(result["rejects_file"]).read_text("utf-8").splitlines()
    assert lines == [
        "\ufeffEmail,First Name,Date of birth,Sex,Line,Reason",
        (
            "nobody,'=HYPERLINK(0),31.02.1990,,3,Email: This is not an email address."
            " Date of birth: This is not a date; write it as 2026-12-31."
        ),
        ',,,x,4,"The row names nobody: it needs a name, an email address or a phone number."',
        "a,b,c,d,e,5,The row has more cells (5) than the file has columns (4).",
        (
            "bob@example.com,Bob,04/05/1990,,6,Date of birth: Day and month cannot be told apart;"
            " choose the order of dates for this file."
        ),
    ]
    assert run("contacts", path, "--date-order", "mdy")["new"] == 1


def test_an_update_keeps_the_old_values_encrypted_in_the_history(in_a, tmp_path):
    run("contacts", file(tmp_path, "Email,Phone,City,Job Title\nann@example.com,089 1234567,Bonn,\n"))
    result = run(
        "contacts",
        file(tmp_path, "Email,Phone,Street,Job Title\nANN@example.com,089 7654321,Main 1,Boss\n"),
    )
    assert result["updated"] == 1
    contact = Contact.objects.get()
    assert (contact.phone, contact.job_title, contact.version) == ("089 7654321", "Boss", 2)
    assert contact.address == {"street": "Main 1", "city": "Bonn"}
    assert Contact.objects.filter(phone="0897654321").exists()
    assert Contact.objects.filter(phone__contains="7654321").exists()
    assert not Contact.objects.filter(phone__contains="1234567").exists()
    entry = AuditEntry.objects.get(object_id=contact.pk, action="updated")
    assert entry.changes == {
        "email": ["ann@example.com", "ANN@example.com"],
        "phone": ["089 1234567", "089 7654321"],
        "job_title": ["", "Boss"],
        "address": [{"city": "Bonn"}, {"street": "Main 1", "city": "Bonn"}],
    }


def test_a_blank_cell_changes_nothing_and_filling_only_fills(in_a, tmp_path):
    run("contacts", file(tmp_path, "Email,First Name,Phone\nann@example.com,Ann,089 1234567\n"))
    path = file(tmp_path, "Email,First Name,Last Name,Phone\nann@example.com,Anna,Adams,\n")
    assert run("contacts", path, "--fill", "fill_empty")["updated"] == 1
    contact = Contact.objects.get()
    assert (contact.first_name, contact.last_name, contact.phone) == ("Ann", "Adams", "089 1234567")
    assert run("contacts", path, "--fill", "fill_empty")["unchanged"] == 1


def test_lists_grow_and_tags_are_added(in_a, tmp_path):
    run("contacts", file(tmp_path, 'Email 1,Email 2,Tags\nann@example.com,ann@home.example,"VIP, new"\n'))
    result = run(
        "contacts", file(tmp_path, "Email 1,Email 2,Tags\nann@example.com,ann@work.example,vip;old\n")
    )
    assert result["updated"] == 1
    contact = Contact.objects.get()
    assert contact.other_emails == ["ann@home.example", "ann@work.example"]
    assert sorted(tag.name for tag in contact.tags.all()) == ["VIP", "new", "old"]
    entry = AuditEntry.objects.get(object_id=contact.pk, action="updated")
    assert [len(tags) for tags in entry.changes["tags"]] == [2, 3]


def test_rows_that_repeat_a_key_are_duplicates_whatever_the_key(in_a, tmp_path):
    text = (
        "Email,First Name,Customer Id\nann@example.com,Ann,1\nANN@EXAMPLE.COM,Anna,2\n,Bob,7\n,Bobby,7\n"
        "carl@example.com,Carl,7\n,Dora,\n,Dora,\n"
    )
    result = run("contacts", file(tmp_path, text))
    assert (result["new"], result["duplicate"]) == (3, 4)
    assert run("contacts", file(tmp_path, text))["unchanged"] == 3


def test_modes(in_a, tmp_path):
    path = file(tmp_path, "Email,First Name\nann@example.com,Ann\nbob@example.com,Bob\n,\n")
    result = run("contacts", path, "--mode", "update")
    assert (result["rows"], result["rejected"]) == (2, 2)
    run("contacts", file(tmp_path, "Email\nann@example.com\n", "one.csv"))
    result = run("contacts", path, "--mode", "create")
    assert (result["new"], result["duplicate"]) == (1, 1)
    assert run("contacts", path, "--mode", "update")["updated"] == 1


def test_another_person_with_the_same_number_is_not_overwritten(in_a, tmp_path):
    run("contacts", file(tmp_path, "Customer Id,Email,First Name\n5,ann@example.com,Ann\n"))
    result = run("contacts", file(tmp_path, "Customer Id,Email,First Name\n5,bob@example.com,Bob\n"))
    assert (result["new"], Contact.objects.count()) == (1, 2)
    result = run(
        "contacts",
        file(tmp_path, "Customer Id,Email,First Name\n5,carl@example.com,Carl\n"),
        "--match", "external_id",
    )  # fmt: skip
    assert result["updated"] == 1


def test_people_without_any_key_are_recognised_by_name_or_phone(in_a, tmp_path):
    path = file(tmp_path, "Name,Phone\nDora Doe,\nEve Eden,089 1234567\nFay Fox,(089) 1234567\n")
    assert run("contacts", path)["new"] == 3
    assert run("contacts", path)["unchanged"] == 3


def test_what_is_in_the_trash_is_left_there(in_a, tmp_path):
    path = file(tmp_path, "Email\nann@example.com\n")
    run("contacts", path)
    Contact.objects.update(deleted_at="2026-01-01T00:00:00Z")
    assert run("contacts", path)["new"] == 1


def test_a_mapping_file(in_a, tmp_path):
    path = file(tmp_path, "Adr,Wer\nann@example.com,Ann Adams\n")
    mapping = file(tmp_path, '{"Adr": "email", "Wer": "full_name"}', "mapping.json")
    assert run("contacts", path, "--mapping", str(mapping))["new"] == 1
    assert Contact.objects.get().last_name == "Adams"


def test_deals(in_a, tmp_path, alice):
    run("contacts", file(tmp_path, "Email\nann@example.com\n"))
    text = (
        "Deal Name,Stage,Amount,Close Date,Company,Contact,Owner\n"
        'Big,Negotiation,"1,234.50",2026-12-31,Acme,ann@example.com,alice@staff.example\n'
        "Won,Closed Won,,,Acme,nobody@example.com,Nobody\n"
        "Odd,Wishful,1,,Acme,,\n"
        "Bare,,,,,,\n"
        "Big,,,,Other,,\n"
    )
    result = run("deals", file(tmp_path, text))
    assert (result["new"], result["rejected"]) == (4, 1)
    assert (result["owner_unknown"], result["contact_unknown"]) == (1, 1)
    big = Deal.objects.get(name="Big", company__name="Acme")
    assert (str(big.amount), big.stage.name, big.owner, big.closed_at) == (
        "1234.50",
        "Negotiation",
        alice,
        None,
    )
    assert big.contact.email == "ann@example.com"
    assert Deal.objects.get(name="Won").closed_at is not None
    assert (Deal.objects.get(name="Bare").stage.name, str(Deal.objects.get(name="Bare").amount)) == (
        "New",
        "0.00",
    )
    again = run("deals", file(tmp_path, text))
    assert (again["unchanged"], again["rejected"]) == (4, 1)
    moved = run("deals", file(tmp_path, "Deal Name,Company,Stage\nBig,Acme,Won\nWon,Acme,New\n"))
    assert moved["updated"] == 2
    assert Deal.objects.get(name="Big", company__name="Acme").closed_at is not None
    assert Deal.objects.get(name="Won").closed_at is None


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "empty"), (b"\x89PNG\r\n\x1a\n", "picture"), (b"a@b.example,x\n", "first row holds data")],
)
def test_a_file_that_cannot_be_read_ends_with_one_line_that_says_why(in_a, tmp_path, content, words):
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError) as caught:
        run("contacts", path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not Import.objects.exists()


def test_what_cannot_be_started_says_why(in_a, tmp_path):
    for arguments, words in [
        (("contacts", tmp_path / "missing.csv"), "cannot be read"),
        (("contacts", file(tmp_path, "Foo\n1x\n", "foo.csv")), "No column says"),
        (("contacts", file(tmp_path, "Email\n"), "--match", "age"), "cannot be matched by"),
        (
            ("contacts", file(tmp_path, "Email\n"), "--mapping", str(file(tmp_path, "[]", "m.json"))),
            "mapping file",
        ),
    ]:
        with pytest.raises(CommandError, match=words):
            run(*arguments)
    with pytest.raises(CommandError, match="no organisation"):
        call_command("import_records", "contacts", str(DATA / "people-100.csv"), "--org", "nowhere")
    assert not Import.objects.exists()


def test_a_header_without_rows_is_an_import_of_nothing(in_a, tmp_path):
    assert run("contacts", file(tmp_path, "Email,Name\n"))["rows"] == 0
