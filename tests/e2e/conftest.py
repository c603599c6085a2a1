"""A real browser for each file of tests, and sites to look at.

Not for the session: Playwright leaves a running event loop behind it, in which no other test could start its own.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser import Site, launch, serve


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    with sync_playwright() as playwright:
        running = launch(playwright)
        yield running
        running.close()


@pytest.fixture(scope="module")
def module_site() -> Iterator[Site]:
    """A site with the browser's parts, for tests that only look."""
    with serve() as running:
        yield running


@pytest.fixture(scope="module")
def parts(browser: Browser, module_site: Site) -> Iterator[Page]:
    """A page with the scripts and nothing else, for what is pure."""
    page = browser.new_page()
    page.goto(f"{module_site.url}/blank")
    yield page
    page.close()


@pytest.fixture
def site() -> Iterator[Site]:
    """A site of one's own, for tests that speak through its push stream."""
    with serve() as running:
        yield running


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One browser as a user has it: its pages share their workers, nobody else's."""
    made = browser.new_context()
    yield made
    made.close()
