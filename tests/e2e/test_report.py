"""The situation report: one page, with the view's map, tables, time and marking."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.system import System, wait_for

DEMO = "exercise/demo"


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    running = System(tmp_path_factory.mktemp("report")).start()
    wait_for("judged movements", lambda: len(picture(running, DEMO, "verdict=go,caution,no-go,unknown")) >= 12, 60)
    yield running
    running.stop()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    made = context.new_page()
    made.set_default_timeout(20_000)
    yield made
    context.close()


def picture(system: System, world: str, query: str) -> list[dict[str, Any]]:
    status, told = system.send("GET", f"/api/v1/picture?world={world}&{query}")
    found: list[dict[str, Any]] = told["features"] if status == 200 else []
    return found


def test_the_report_says_what_the_view_shows_when_and_of_which_world(system: System, page: Page) -> None:
    page.goto(f"{system.url}/report?world={DEMO}&domain=land&nation=LV")
    assert page.locator(".marking").all_inner_texts() == ["EXERCISE demo · EXERCISE · EXERCISE"] * 2
    assert "domain land; nation LV" in page.locator("header").inner_text()
    assert re.search(r"As of \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", page.locator("header").inner_text())
    shown = re.search(r"(\d+) things", page.locator("header").inner_text())
    assert shown is not None
    assert int(shown[1]) == pytest.approx(len(picture(system, DEMO, "domain=land&nation=LV")), abs=8)
    text = page.locator("main").inner_text()
    assert "C04" in text and "no-go" in text, "the movements of the view, the most trouble first"  # noqa: PT018
    assert page.locator("svg.map use").count() > 20


def test_it_is_one_page_of_a4_and_needs_nothing_but_itself(system: System, page: Page, tmp_path: Path) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{system.url}/report?world={DEMO}")
    pdf = page.pdf(path=tmp_path / "report.pdf", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    assert len([url for url in asked if "favicon" not in url]) == 1
    with page.expect_download() as saved:
        page.get_by_text("Save as HTML").click()
    assert re.fullmatch(r"situation-exercise-demo-[\d-]+Z\.html", saved.value.suggested_filename)


def test_the_real_world_says_real_and_a_bad_address_is_told(system: System, page: Page) -> None:
    page.goto(f"{system.url}/report?world=real")
    assert page.locator(".marking").all_inner_texts() == ["REAL"] * 2
    for query, status in (("world=exercise/none", 404), ("domain=sea", 422), ("at=soon", 422)):
        answer = page.request.get(f"{system.url}/report?{query}")
        assert answer.status == status
        assert answer.json()["detail"]


def test_the_staff_page_opens_the_report_of_what_it_shows(system: System, page: Page) -> None:
    page.goto(f"{system.url}/?world={DEMO}&domain=air")
    page.wait_for_function("document.body.dataset.live === 'yes' && location.search.includes('lat=')")
    with page.expect_popup() as opened:
        page.locator("body").press("r")
    assert "domain air" in opened.value.locator("header").inner_text()
