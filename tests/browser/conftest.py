"""One server and one browser for all tests of this folder; a context of its own for each."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, sync_playwright

from config.database import embedded
from tests.browser.server import CHROMIUM_FLAGS, NAMES, Server, chromium
from tests.browser.visitor import Visitor, options


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if chromium() is None:
        pytest.skip(f"no Chromium on this machine (looked for {', '.join(NAMES)})")
    if settings.EMBEDDED_DATABASE:
        embedded.ensure_running(settings.EMBEDDED_DATABASE_DIR)
    running = Server(tmp_path_factory.mktemp("browser"), settings.DATABASES["default"])
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="package")
def browser(server: Server) -> Iterator[Browser]:
    # Ended with the package: Playwright's event loop would forbid later tests the database.
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="package")
def _signed_in() -> dict[tuple[str, str], Any]:
    """The cookies of who has signed in, by organisation and role."""
    return {}


@pytest.fixture
def visitor(
    server: Server, browser: Browser, _signed_in: dict[tuple[str, str], Any]
) -> Iterator[Callable[..., Visitor]]:
    """``visitor("owner", slug="acme")`` is signed in, ``visitor()`` is not; nothing may go wrong for them."""
    made: list[Visitor] = []

    def make(role: str = "", slug: str = "acme", **context: Any) -> Visitor:
        state = _signed_in.get((slug, role))
        found = Visitor(server, browser.new_context(**options(storage_state=state, **context)), slug)
        made.append(found)
        if role and state is None:
            found.sign_in(role)
            _signed_in[slug, role] = found.context.storage_state()
        return found

    yield make
    troubles = [trouble for one in made for trouble in one.troubles]
    for one in made:
        one.context.close()
    assert troubles == []
