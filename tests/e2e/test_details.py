"""What is known, who says otherwise, what hangs on it, and the plots: asked of a running system in a real browser."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.test_pages import LOOKS, STATE, Visit
from tests.system import System, wait_for

DEMO = "world=exercise/demo"
MEITENE = "crossing:XB11"


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """One system for all of this file."""
    running = System(tmp_path_factory.mktemp("system")).start()
    wait_for("movements", lambda: running.send("GET", f"/api/v1/movements?{DEMO}")[0] == 200, 60)
    yield running
    running.stop()


@pytest.fixture(scope="module", autouse=True)
def patience() -> Iterator[None]:
    """A page asks every few seconds, and many tests at once slow the machine."""
    expect.set_options(timeout=15_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """A browser of one user."""
    context = browser.new_context(viewport=LOOKS)  # type: ignore[arg-type]
    context.set_default_timeout(20_000)
    yield context
    context.close()


def plots(page: Page, question: str) -> None:
    """Open the tab and ask one of its questions."""
    page.get_by_role("tab", name="Plots").click()
    page.locator("#plot-question").get_by_text(question, exact=True).click()


def test_who_says_otherwise_an_inject_and_a_register_stand_side_by_side(
    system: System, visitor: BrowserContext
) -> None:
    visit = Visit(visitor, f"{system.url}/?{DEMO}&sel={MEITENE}")
    detail = visit.page.locator("#detail")
    expect(detail).to_contain_text(MEITENE)
    expect(detail.locator(".sides")).to_have_count(0)
    status, fired = system.send(
        "POST",
        "/api/v1/exercises/demo/injects",
        {"subject": MEITENE, "effect": "close", "for_min": 60, "reason": "bomb threat"},
    )
    assert status == 201
    try:
        sides = detail.locator(".sides")
        expect(sides).to_contain_text("an inject overrides all else in its exercise")
        expect(sides.locator("thead th")).to_have_count(2)
        expect(sides.locator("thead th").first).to_contain_text("inject:")
        expect(sides.locator("thead th").last).to_contain_text("demo-facts")
        counts = sides.locator("td.counts")
        expect(counts).to_contain_text("closed ✓ counts")
        expect(counts).to_contain_text("bomb threat")
        expect(counts.locator("time.age")).to_have_text(re.compile("old$"))
        expect(sides.locator("td").last).to_contain_text("open")
        expect(detail).to_contain_text("Movements that pass it")
    finally:
        system.send("DELETE", f"/api/v1/exercises/demo/injects/{fired['serial']}")
    expect(detail.locator(".sides")).to_have_count(0)
    assert visit.complaints == []


def test_two_sources_of_a_crossing_tell_their_age_and_the_day_is_a_plot(
    system: System, visitor: BrowserContext
) -> None:
    visit = Visit(visitor, f"{system.url}/?{DEMO}&sel=crossing:XE02")
    detail = visit.page.locator("#detail")
    expect(detail.locator(".sides thead th")).to_have_count(2)
    expect(detail.locator(".sides")).to_contain_text("ee-border")
    expect(detail.locator(".sides td.counts")).to_have_count(1)
    expect(detail.locator(".js-plotly-plot").first).to_be_visible()
    for title in ("Status as each source told it, last 24 h", "Waiting time, min · ee-border", "Queue, vehicles"):
        expect(detail.locator(".gtitle").filter(has_text=title)).to_have_count(1)
    detail.get_by_text(re.compile("Every report")).click()
    first = detail.locator(".reports > li").first
    expect(first.locator("dl")).to_contain_text("UTC")
    expect(first.locator("pre")).to_be_hidden()
    first.get_by_text("As it came (JSON)").click()
    expect(first.locator("pre")).to_contain_text('"subject": "crossing:XE02"')
    assert visit.complaints == []


def test_what_depends_on_a_system_leads_to_its_crossing_and_to_the_convoy_by_a_click(
    system: System, visitor: BrowserContext
) -> None:
    page = Visit(visitor, f"{system.url}/?{DEMO}&sel=system:SYS-302").page
    detail = page.locator("#detail")
    hangs = detail.locator("table.hangs").first
    expect(hangs.locator(".mover").first).to_contain_text("UTC")
    hangs.get_by_role("button", name="Meitene – Kalviai").click()
    expect(detail).to_contain_text(MEITENE)
    page.wait_for_function(f"{STATE}.selected === '{MEITENE}'")
    expect(detail).to_contain_text("It hangs on")
    expect(detail.locator("table.hangs")).to_contain_text("Form 302")
    detail.locator("table.touched [data-select^='convoy:']").first.click()
    page.wait_for_function(f"{STATE}.selected.startsWith('convoy:')")
    expect(detail.locator(".verdict-box")).to_be_visible()


@pytest.mark.parametrize("width", [1366, 1920])
@pytest.mark.parametrize("sel", ["bridge:B15", "crossing:XE02", "airfield:EETU", "convoy:C05", "system:SYS-CBM"])
def test_the_panel_never_scrolls_sideways(system: System, visitor: BrowserContext, width: int, sel: str) -> None:
    visit = Visit(visitor, f"{system.url}/?{DEMO}&sel={sel}")
    visit.page.set_viewport_size({"width": width, "height": 768})
    detail = visit.page.locator("#detail")
    expect(detail).to_contain_text(sel)
    expect(detail.locator(".js-plotly-plot").first).to_be_attached()
    detail.get_by_text(re.compile("Every report")).click()
    wide, room = detail.evaluate("d => [d.scrollWidth, d.clientWidth]")
    assert wide <= room


@pytest.mark.parametrize(
    ("question", "words", "axis"),
    [
        ("Waiting time", "How long do vehicles wait", "Luhamaa – Shumilkino"),
        ("Throughput", "How many convoy vehicles", "LV–LT"),
        ("Readiness", "How much of what stands there", "Latvia, land"),
        ("Feed latency", "How late does each feed", "ais"),
    ],
)
def test_each_question_has_a_plot_a_caption_the_same_numbers_and_a_file(
    system: System, visitor: BrowserContext, question: str, words: str, axis: str
) -> None:
    visit = Visit(visitor, f"{system.url}/?{DEMO}")
    page = visit.page
    plots(page, question)
    expect(page.locator("#plot-title")).to_contain_text(words)
    expect(page.locator("#plot-caption")).to_contain_text(re.compile(r"^Unit: .*As of .* UTC, \d\d:\d\d EES?T\.$"))
    expect(page.locator("#plot-figure .main-svg").first).to_be_visible()
    expect(page.locator("#plot-figure")).to_contain_text(axis)
    page.get_by_text("Numbers", exact=True).click()
    rows = page.locator("#plot-numbers tbody tr")
    expect(rows.first).to_be_visible()
    with page.expect_download() as saving:
        page.locator("#plot-csv").click()
    text = Path(saving.value.path()).read_text("utf-8-sig")
    told = list(csv.reader(io.StringIO(text)))
    assert told[0][0].startswith("# EXERCISE · world exercise/demo · ")
    assert len(told) >= 2 + rows.count() or question != "Waiting time"
    assert len(told) > 2
    assert visit.complaints == []


def test_the_plots_follow_the_nation_and_the_theme_and_an_empty_one_says_why(
    system: System, visitor: BrowserContext
) -> None:
    page = Visit(visitor, f"{system.url}/?world=real").page
    plots(page, "Readiness")
    expect(page.locator("#plot-numbers tbody tr").first).to_be_attached()
    page.locator("#filters").get_by_text("Estonia").click()
    wait_for(
        "only Estonia's rows",
        lambda: {row[:7] for row in page.locator("#plot-numbers tbody tr").all_text_contents()} == {"Estonia"},
    )
    plots(page, "Throughput")
    expect(page.locator("#plot-said")).to_contain_text("No movement in this world passes a border")
    expect(page.locator("#plot-figure")).to_be_hidden()
