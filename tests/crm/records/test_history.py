"""Every record page leads to who changed what, from the audit trail."""

from crm.models import Contact


def test_a_records_history_shows_old_and_new_values(client_a, alice):
    client_a.force_login(alice)
    contact = Contact(first_name="Ada", email="ada@old.example")
    contact.save()
    contact.email = "ada@new.example"
    contact.save()
    page = client_a.get(f"/admin/crm/contact/{contact.pk}/history/").content.decode()
    assert "ada@old.example" in page
    assert "ada@new.example" in page


def test_a_record_page_links_to_its_history(client_a, alice):
    client_a.force_login(alice)
    contact = Contact(first_name="Ada")
    contact.save()
    page = client_a.get(f"/admin/crm/contact/{contact.pk}/change/").content.decode()
    assert f"/admin/crm/contact/{contact.pk}/history/" in page


def test_an_outsider_sees_no_history(client_b, charlie, in_a):
    contact = Contact(first_name="Ada")
    contact.save()
    client_b.force_login(charlie)
    assert client_b.get(f"/admin/crm/contact/{contact.pk}/history/").status_code == 302
