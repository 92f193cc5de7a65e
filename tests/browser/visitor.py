"""Somebody in front of a browser, who notices what should not happen."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, expect

from tests.browser.seed import PASSWORD
from tests.browser.server import Server

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
_axe = Axe()


@dataclass
class Visitor:
    """A page of one organisation ("" stands for the platform), with what went wrong on it."""

    server: Server
    context: BrowserContext
    slug: str = "acme"
    troubles: list[str] = field(default_factory=list)
    expected: str = ""  # a piece of a console message that belongs to the test

    def __post_init__(self) -> None:
        self.page: Page = self.context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        self.page.on("request", self._asked)

    def _heard(self, message: ConsoleMessage) -> None:
        # Violations of the content security policy arrive here as errors, too.
        if message.type == "error" and not (self.expected and self.expected in message.text):
            self.troubles.append(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        inside = (self.server.url(self.slug), "data:", "blob:", "about:")
        if not request.url.startswith(inside):
            self.troubles.append(f"left the origin: {request.url}")

    def open(self, path: str = "/") -> int:
        """Go to a page and wait until it is quiet; returns the status."""
        answer = self.page.goto(self.server.url(self.slug, path))
        self.settle()
        assert answer is not None
        return answer.status

    def settle(self) -> None:
        """Wait until the scripts have taken the page over."""
        self.page.wait_for_load_state("load")
        self.page.locator("html[x-cloak]").wait_for(state="detached")

    def sign_in(self, role: str = "owner", email: str = "") -> None:
        self.open("/")
        self.page.get_by_label("Email address").fill(email or f"{role}@{self.slug}.example")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url("**/admin/")
        self.settle()

    def wear(self, theme: str) -> None:
        """Light or dark, as the profile page sets it; pages without the admin follow at the next load."""
        self.page.evaluate(
            """theme => {
                if (window.Alpine) Alpine.$data(document.documentElement).adminTheme = theme;
                else document.documentElement.dataset.theme = theme;
            }""",
            theme,
        )
        self.page.wait_for_timeout(100)

    def command(self, term: str) -> None:
        """Ctrl-K, then the term, once its field has the focus."""
        self.page.keyboard.press("Control+k")
        expect(self.page.locator("#search-input-command")).to_be_focused()
        self.page.keyboard.type(term)

    def violations(self) -> list[str]:
        """What axe-core finds against WCAG 2.2 AA."""
        found = _axe.run(self.page, options={"runOnly": WCAG}).response["violations"]
        return [
            f"{rule['id']}: {node['target']} {node['html'][:160]}" for rule in found for node in rule["nodes"]
        ]

    def overflow(self) -> int:
        """By how many pixels the page is wider than a phone."""
        self.page.set_viewport_size(NARROW)
        self.page.wait_for_timeout(200)
        width = int(self.page.evaluate("document.documentElement.scrollWidth"))
        self.page.set_viewport_size(WIDE)
        return max(0, width - NARROW["width"])

    def focused(self) -> str:
        """Text, label or name of what has the focus."""
        script = """() => {
            const at = document.activeElement;
            return at.getAttribute("aria-label") || at.name || at.textContent.trim();
        }"""
        return str(self.page.evaluate(script))

    def picture(self, path: Path) -> None:
        self.page.screenshot(path=path, animations="disabled")


def options(**more: Any) -> dict[str, Any]:
    """A context like that of somebody in an office."""
    return {
        "viewport": WIDE,
        "locale": "en-GB",
        "color_scheme": "light",
        "timezone_id": "Europe/Berlin",
    } | more
