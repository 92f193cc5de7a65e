"""A day's work: signing in, finding people, importing a file."""

import csv
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
CUSTOMERS = Path(__file__).parents[1] / "data" / "customers-100.csv"
IMPORT_PATIENCE = 60_000  # milliseconds


def test_signing_in_and_out(visitor):
    somebody = visitor()
    somebody.expected = "422"
    somebody.open("/")
    somebody.page.get_by_label("Email address").fill("owner@acme.example")
    somebody.page.get_by_label("Password").fill("not the password")
    somebody.page.get_by_role("button", name="Sign in").click()
    assert "do not match" in somebody.page.get_by_role("alert").inner_text()
    assert somebody.page.get_by_label("Email address").input_value() == "owner@acme.example"
    somebody.sign_in("owner")
    assert somebody.page.get_by_role("heading", name="Home").is_visible()
    somebody.page.get_by_role("button", name="Olivia Owner").click()
    somebody.page.get_by_role("button", name="Sign out").click()
    assert somebody.page.get_by_role("heading", name="You are signed out").is_visible()


def test_a_contact_is_found_by_three_letters_from_the_middle_of_the_address(visitor):
    viewer = visitor("viewer")
    viewer.open("/admin/crm/contact/")
    viewer.page.locator("#searchbar").fill("e.c")
    viewer.page.locator("#searchbar").press("Enter")
    viewer.settle()
    rows = viewer.page.locator("#result_list tbody tr")
    assert rows.count() > 0
    for text in rows.all_inner_texts():
        assert "e.c" in text.lower()


def test_the_command_search_finds_records_pages_and_actions(visitor):
    somebody = visitor("operations")
    somebody.open("/admin/")
    somebody.command("elif.costa")
    hit = somebody.page.locator(".command-hits a").first
    hit.wait_for()
    assert "Elif Costa" in hit.inner_text()
    somebody.page.keyboard.press("ArrowDown")
    somebody.page.keyboard.press("Enter")
    somebody.page.wait_for_url("**/crm/contact/*/change/**")


def test_the_command_search_stays_in_the_organisation(visitor):
    somebody = visitor("operations")
    somebody.open("/admin/")
    somebody.command("zebulon")
    somebody.page.locator(".command-note").wait_for()
    assert "Nothing here matches" in somebody.page.locator("#command-results").inner_text()


def test_a_contact_is_added_and_found(visitor):
    somebody = visitor("operations")
    somebody.open("/admin/crm/contact/add/")
    somebody.page.locator("#id_first_name").fill("Theodora")
    somebody.page.locator("#id_last_name").fill("Quistgaard")
    somebody.page.locator("#id_email").fill("theodora@quistgaard.example")
    somebody.page.keyboard.press("Control+s")
    somebody.page.wait_for_url(lambda url: "/add/" not in url)
    somebody.open("/admin/crm/contact/?q=a@quist")
    assert "Quistgaard" in somebody.page.locator("#result_list").inner_text()


def test_a_file_is_imported_through_the_wizard(visitor):
    somebody = visitor("operations")
    somebody.open("/admin/crm/import/add/")
    somebody.page.get_by_label("What does the file hold?").select_option("contacts")
    somebody.page.locator("input[type=file]").set_input_files(CUSTOMERS)
    somebody.page.get_by_role("button", name="Upload and continue").click()
    somebody.page.get_by_role("button", name="Continue to the check").wait_for()
    assert somebody.violations() == []
    somebody.page.get_by_role("button", name="Continue to the check").click()
    somebody.page.get_by_role("button", name="Import 100 rows").wait_for(timeout=IMPORT_PATIENCE)
    assert somebody.violations() == []
    somebody.page.get_by_role("button", name="Import 100 rows").click()
    somebody.page.get_by_text("100 rows were worked through").wait_for(timeout=IMPORT_PATIENCE)
    assert somebody.violations() == []
    assert somebody.overflow() == 0
    with CUSTOMERS.open(encoding="utf-8", newline="") as file:
        person = next(csv.DictReader(file))
    address = person["Email"]
    at = address.index("@")
    somebody.open(f"/admin/crm/contact/?q={address[at - 2 : at]}%40{address[at + 1 : at + 2]}")
    assert person["Last Name"] in somebody.page.locator("#result_list").inner_text()
    somebody.open("/admin/jobs/job/")
    assert "import" in somebody.page.locator("#result_list").inner_text().lower()
    assert somebody.violations() == []


def test_everything_is_german_after_one_click(visitor):
    somebody = visitor()
    somebody.sign_in("marketing")
    somebody.page.get_by_role("button", name="Mara Marketing").click()
    somebody.page.get_by_role("button", name="Deutsch").click()
    somebody.settle()
    assert somebody.page.evaluate("document.documentElement.lang") == "de"
    assert somebody.page.get_by_role("heading", name="Start").is_visible()
    for path in ("/admin/", "/admin/crm/contact/", "/admin/crm/contact/add/", "/admin/profile/"):
        somebody.open(path)
        text = somebody.page.locator("body").inner_text()
        for english in ("Contacts", "Companies", "Search", "Filters", "Save", "Jobs"):
            assert english not in text, f"{english!r} on {path}"
    somebody.page.get_by_role("button", name="Mara Marketing").click()
    somebody.page.get_by_role("button", name="English").click()
