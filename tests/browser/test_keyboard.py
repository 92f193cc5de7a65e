"""Without a mouse, with a dictation program, on paper."""

import pytest

pytestmark = pytest.mark.browser


def test_signing_in_with_the_keyboard_alone(visitor):
    somebody = visitor()
    somebody.open("/")
    keyboard = somebody.page.keyboard
    keyboard.type("viewer@acme.example")  # the field has the focus
    keyboard.press("Tab")
    keyboard.type("correct-horse-battery")
    keyboard.press("Enter")
    somebody.page.wait_for_url("**/admin/")


def test_the_first_tab_offers_to_skip_to_the_content(visitor):
    somebody = visitor("viewer")
    somebody.open("/admin/crm/contact/")
    somebody.page.keyboard.press("Tab")
    assert somebody.focused() == "Skip to content"
    assert somebody.page.locator(".skip-link").bounding_box()["y"] >= 0
    somebody.page.keyboard.press("Enter")
    assert somebody.page.evaluate("document.activeElement.id") == "content"


@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/crm/contact/", "/admin/crm/contact/add/", "/admin/profile/"]
)
def test_tab_reaches_everything_that_a_mouse_does(visitor, path):
    somebody = visitor("owner")
    somebody.open(path)
    wanted = """() => [...document.querySelectorAll("[x-on\\\\:click], [onclick]")].filter(element =>
        element.offsetParent !== null && element.tabIndex < 0 && !element.disabled
        && !element.querySelector("a, button, input") && !element.closest("a[href], button, label")
    ).map(element => element.outerHTML.slice(0, 200))"""
    assert somebody.page.evaluate(wanted) == []


def test_the_user_menu_opens_and_gives_the_focus_back(visitor):
    somebody = visitor("owner")
    somebody.open("/admin/")
    opener = somebody.page.get_by_role("button", name="Olivia Owner")
    opener.focus()
    somebody.page.keyboard.press("Enter")
    entry = somebody.page.get_by_role("link", name="Your profile")
    entry.wait_for()
    somebody.page.keyboard.press("Escape")
    entry.wait_for(state="hidden")
    assert "Olivia Owner" in somebody.focused()


def test_rows_are_walked_and_opened(visitor):
    somebody = visitor("viewer")
    somebody.open("/admin/crm/contact/")
    first = somebody.page.locator("#result_list tbody tr").first.locator("th a, td a").first
    somebody.page.keyboard.press("j")
    assert first.evaluate("link => link === document.activeElement")
    somebody.page.keyboard.press("j")
    somebody.page.keyboard.press("k")
    assert first.evaluate("link => link === document.activeElement")
    somebody.page.keyboard.press("Enter")
    somebody.page.wait_for_url("**/change/**")


def test_a_letter_in_a_select_chooses_and_does_not_leave_the_page(visitor):
    somebody = visitor("operations")
    somebody.open("/admin/crm/contact/add/")
    country = somebody.page.locator("#id_country")
    country.evaluate("select => select.focus()")
    for key in ("c", "f", "[", "/"):
        somebody.page.keyboard.press(key)
    somebody.page.wait_for_timeout(200)
    assert somebody.page.url.endswith("/crm/contact/add/")


def test_a_letter_outside_opens_the_form_and_can_be_switched_off(visitor):
    somebody = visitor("operations")
    somebody.open("/admin/crm/contact/")
    somebody.page.keyboard.press("c")
    somebody.page.wait_for_url("**/crm/contact/add/**")
    somebody.open("/admin/profile/")
    somebody.page.locator("#content [data-single-keys]").uncheck()
    somebody.open("/admin/crm/contact/")
    for key in ("c", "?", "j"):
        somebody.page.keyboard.press(key)
    somebody.page.wait_for_timeout(200)
    assert somebody.page.url.endswith("/crm/contact/")
    assert not somebody.page.get_by_role("dialog", name="Keyboard shortcuts").is_visible()


def test_the_list_of_shortcuts_opens_traps_and_closes(visitor):
    somebody = visitor("owner")
    somebody.open("/admin/")
    somebody.page.keyboard.press("?")
    dialog = somebody.page.get_by_role("dialog", name="Keyboard shortcuts")
    dialog.wait_for()
    for _ in range(6):
        somebody.page.keyboard.press("Tab")
        assert dialog.evaluate("dialog => dialog.contains(document.activeElement)")
    assert somebody.violations() == []
    somebody.page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")


def test_the_open_command_search_is_accessible(visitor):
    somebody = visitor("owner")
    somebody.open("/admin/")
    somebody.command("contact")
    somebody.page.locator(".command-hits a").first.wait_for()
    assert somebody.violations() == []


def test_paper_shows_the_list_and_not_the_sidebar(visitor):
    somebody = visitor("viewer")
    somebody.open("/admin/crm/contact/")
    somebody.page.emulate_media(media="print")
    assert not somebody.page.locator("#nav-sidebar").is_visible()
    assert somebody.page.locator("#result_list").is_visible()
