"""The forms of records in the admin."""

from datetime import UTC, datetime

import pytest

from compliance.audit.models import Action, AuditEntry
from crm.models import Company, Contact, Deal, Lead, Stage, Tag
from crm.records.services import StaleRecord, move_to_trash, save_record

ADD = "/admin/crm/contact/add/"
NOW = datetime(2026, 11, 24, tzinfo=UTC)
TYPED = {
    "first_name": "Ada",
    "last_name": "Byron",
    "email": "ada@post.example",
    "phone": "+49 30 23125 123",
    "street": "Hauptstr. 1",
    "postal_code": "10115",
    "city": "Berlin",
    "country": "DE",
    "other_emails": "a@post.example\n\nb@post.example\na@post.example",
    "birth_date": "1990-02-03",
    "notes": "Met at the fair",
}


@pytest.fixture
def signed_in(client_a, alice):
    client_a.force_login(alice)
    return client_a


def page_of(record):
    return f"/admin/crm/{record._meta.model_name}/{record.pk}/change/"


def form_of(response):
    return response.context["adminform"].form


def test_a_contact_is_added_with_everything_that_was_typed(signed_in, alice):
    tag = Tag(name="VIP")
    tag.save()
    response = signed_in.post(ADD, TYPED | {"tag_list": [tag.pk], "owner": alice.pk})
    assert response.status_code == 302, form_of(response).errors
    contact = Contact.objects.get()
    assert contact.address == {"street": "Hauptstr. 1", "city": "Berlin", "postal_code": "10115"}
    assert contact.other_emails == ["a@post.example", "b@post.example"]
    assert contact.birth_date == "1990-02-03"
    assert contact.created_by_id == alice.pk
    assert contact.owner == alice
    assert list(contact.tags.all()) == [tag]
    entry = AuditEntry.objects.of("crm.contact", contact.pk).last()
    assert (entry.action, entry.actor_id) == (Action.CREATED, alice.pk)


def test_the_owner_of_a_new_record_is_who_adds_it(signed_in, alice):
    assert form_of(signed_in.get(ADD))["owner"].value() == str(alice.pk)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no-address"),
        ("other_emails", "a@post.example\nnonsense"),
        ("birth_date", "yesterday"),
        ("country", "XX"),
    ],
)
def test_bad_values_are_refused_at_their_field(signed_in, field, value):
    response = signed_in.post(ADD, TYPED | {field: value})
    assert field in form_of(response).errors
    assert not Contact.objects.exists()


def test_somebody_without_name_or_address_is_refused(signed_in):
    response = signed_in.post(ADD, {"notes": "who?"})
    assert form_of(response).has_error("__all__", "nobody")


def test_an_address_that_is_taken_is_only_added_when_confirmed(signed_in):
    signed_in.post(ADD, TYPED)
    typed = TYPED | {"email": "ADA@post.example"}
    warned = signed_in.post(ADD, typed)
    form = form_of(warned)
    assert form.has_error("email", "duplicate")
    assert "Ada Byron" in warned.content.decode()
    signed_in.post(ADD, typed | {"confirmed_email": form["confirmed_email"].value()})
    assert Contact.objects.count() == 2


def test_saving_over_a_colleague_shows_both_values_and_loses_nothing(signed_in, people, bob):
    contact = people(1)[0]
    page = page_of(contact)
    seen = form_of(signed_in.get(page))["seen_version"].value()
    theirs = Contact.objects.get()
    theirs.job_title = "Chief"
    save_record(record=theirs, actor=bob)
    typed = {"first_name": "Ada", "last_name": contact.last_name, "email": contact.email, "job_title": "Boss"}
    stale = signed_in.post(page, typed | {"seen_version": seen})
    html, form = stale.content.decode(), form_of(stale)
    assert "Changed by Bob" in html
    assert [(one.theirs, one.yours) for one in form.conflicts] == [("Chief", "Boss")]
    assert Contact.objects.get().job_title == "Chief"
    assert form["job_title"].value() == "Boss"
    signed_in.post(page, typed | {"seen_version": form["seen_version"].value()})
    assert Contact.objects.get().job_title == "Boss"


def test_a_service_refuses_a_stale_version(people, alice):
    contact = people(1)[0]
    save_record(record=Contact.objects.get(), actor=alice)
    with pytest.raises(StaleRecord):
        save_record(record=contact, actor=alice, seen_version=1)


def test_saving_without_a_change_changes_nothing(signed_in, people):
    contact = people(1)[0]
    page = page_of(contact)
    form = form_of(signed_in.get(page))
    typed = {name: form[name].value() or "" for name in form.fields if form[name].value() != []}
    response = signed_in.post(page, typed)
    assert response.status_code == 302, form_of(response).errors
    assert Contact.objects.get().version == 1


def test_a_change_says_who_and_counts_the_version(signed_in, people, alice):
    contact = people(1)[0]
    typed = {"first_name": "Eva", "last_name": "New", "email": contact.email, "seen_version": 1}
    signed_in.post(page_of(contact), typed)
    changed = Contact.objects.get()
    assert (changed.first_name, changed.version) == ("Eva", 2)
    assert AuditEntry.objects.of("crm.contact", contact.pk).first().actor_id == alice.pk


def test_a_viewer_reads_everything_and_changes_nothing(client_a, bob, people):
    contact = people(1, address={"street": "Hauptstr. 1"}, other_emails=["x@post.example"])[0]
    client_a.force_login(bob)
    html = client_a.get(page_of(contact)).content.decode()
    assert "Hauptstr. 1" in html
    assert "x@post.example" in html
    assert client_a.post(page_of(contact), TYPED).status_code == 403
    assert client_a.get(ADD).status_code == 403


def test_what_is_in_the_trash_is_shown_but_not_changed(signed_in, people, alice):
    contact = people(1)[0]
    move_to_trash(records=[contact], actor=alice, now=NOW)
    response = signed_in.get(page_of(contact))
    assert "in the trash" in response.content.decode()
    assert signed_in.post(page_of(contact), TYPED).status_code == 403
    signed_in.post(f"/admin/crm/contact/{contact.pk}/restore/")
    assert Contact.objects.count() == 1


def test_deleting_asks_and_moves_to_the_trash(signed_in, people):
    contact = people(1)[0]
    url = f"/admin/crm/contact/{contact.pk}/delete/"
    assert "Ada Person000" in signed_in.get(url).content.decode()
    assert Contact.objects.count() == 1
    signed_in.post(url)
    assert Contact.objects.count() == 0
    assert Contact.all_objects.get().is_trashed
    assert AuditEntry.objects.of("crm.contact", contact.pk).first().action == Action.DELETED


def test_a_company_shows_its_contacts_and_deals(signed_in, people):
    company = Company(name="Firm")
    company.save()
    people(12, company=company)
    Deal(name="Licence", stage=Stage.objects.first(), company=company, amount=10).save()
    html = signed_in.get(page_of(company)).content.decode()
    assert "Ada Person011" in html
    assert "Ada Person000" not in html
    assert "Licence" in html


def test_a_deal_in_a_won_stage_is_closed(signed_in):
    won = Stage.objects.get(kind="won")
    typed = {"name": "Big", "stage": won.pk, "amount": "12.50", "currency": "eur"}
    response = signed_in.post("/admin/crm/deal/add/", typed)
    assert response.status_code == 302, form_of(response).errors
    deal = Deal.objects.get()
    assert deal.closed_at is not None
    assert deal.currency == "EUR"
    open_stage = Stage.objects.filter(kind="open").first()
    signed_in.post(page_of(deal), typed | {"stage": open_stage.pk, "seen_version": 1})
    assert Deal.objects.get().closed_at is None


def test_leads_and_companies_are_added(signed_in):
    signed_in.post("/admin/crm/lead/add/", {"last_name": "Byron", "company_name": "Firm", "status": "new"})
    signed_in.post("/admin/crm/company/add/", {"name": "Firm", "country": "DE", "city": "Berlin"})
    assert Lead.objects.get().company_name == "Firm"
    assert Company.objects.get().address == {"city": "Berlin"}


def test_charlie_cannot_open_a_record_of_another_organisation(client_b, charlie, people):
    contact = people(1)[0]
    client_b.force_login(charlie)
    assert client_b.get(page_of(contact)).status_code == 302
    assert "Person000" not in client_b.get(page_of(contact), follow=True).content.decode()
