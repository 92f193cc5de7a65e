"""The pictures of the documentation: ``python -m tests.browser.screenshots`` writes them into docs/images."""

import os
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings
from playwright.sync_api import sync_playwright

from config.database import embedded
from tests.browser.server import CHROMIUM_FLAGS, ROOT, Server, chromium
from tests.browser.visitor import Visitor, options

IMAGES = ROOT / "docs" / "images"
CUSTOMERS = ROOT / "tests" / "data" / "customers-100.csv"
DESK: Any = {"width": 1440, "height": 860}
PHONE: Any = {"width": 390, "height": 780}


class Photographer:
    """Takes the page that a visitor stands on: light, dark, and as on a phone."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor

    def take(self, name: str) -> None:
        page = self.visitor.page
        page.set_viewport_size(DESK)
        for theme in ("light", "dark"):
            self.visitor.wear(theme)
            self._picture(f"{name}-{theme}")
        self.visitor.wear("light")
        page.set_viewport_size(PHONE)
        page.wait_for_timeout(300)
        self._picture(f"{name}-phone")
        page.set_viewport_size(DESK)

    def _picture(self, name: str) -> None:
        self.visitor.picture(IMAGES / f"{name}.png")


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    if settings.EMBEDDED_DATABASE:
        embedded.ensure_running(settings.EMBEDDED_DATABASE_DIR)
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        server = Server(Path(home), settings.DATABASES["default"])
        try:
            server.start()
            browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
            _tour(Visitor(server, browser.new_context(**options(viewport=DESK))))
            browser.close()
        finally:
            server.stop()


def _tour(visitor: Visitor) -> None:
    camera, page = Photographer(visitor), visitor.page
    visitor.open("/")
    camera.take("sign-in")
    visitor.sign_in("operations")
    visitor.open("/admin/crm/import/add/")
    camera.take("import-1-upload")
    page.get_by_label("What does the file hold?").select_option("contacts")
    page.locator("input[type=file]").set_input_files(CUSTOMERS)
    page.get_by_role("button", name="Upload and continue").click()
    page.get_by_role("button", name="Continue to the check").wait_for()
    camera.take("import-2-columns")
    page.get_by_role("button", name="Continue to the check").click()
    page.get_by_role("button", name="Import 100 rows").wait_for()
    camera.take("import-3-check")
    page.get_by_role("button", name="Import 100 rows").click()
    page.get_by_text("100 rows were worked through").wait_for()
    camera.take("import-4-result")
    for name, path in (
        ("home", "/admin/"),
        ("contacts", "/admin/crm/contact/"),
        ("jobs", "/admin/jobs/job/"),
    ):
        visitor.open(path)
        camera.take(name)
    visitor.open("/admin/crm/contact/")
    page.locator("#result_list tbody th a, #result_list tbody td a").first.click()
    visitor.settle()
    camera.take("contact-form")


if __name__ == "__main__":
    main()
