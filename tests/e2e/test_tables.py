"""The table of the staff page in a real browser: columns, order, choosing both ways, files, and 10,000 rows."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gpxpy
import pytest
from lxml import etree
from playwright.sync_api import Browser, BrowserContext, Page, expect

from cop.event import Described, Event, Status, event
from tests.system import System, wait_for

STATE = "cop.page.state()"
GRID = "dash_ag_grid.getApi('grid')"
ROWS = 10_000


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    running = System(tmp_path_factory.mktemp("tables")).start()
    wait_for("the bridges", lambda: len(running.get("/api/v1/picture?layer=bridges")["features"]) > 50, 60)
    yield running
    running.stop()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1920, "height": 1080}, accept_downloads=True)
    context.set_default_timeout(20_000)
    yield context
    context.close()


def tell(system: System, events: list[Event]) -> None:
    """Say something as the feeds do; on a thread, for the browser's loop runs on this one."""

    async def body() -> None:
        bus = system.bus("feeds")
        try:
            for start in range(0, len(events), 1_000):
                await bus.append("real", events[start : start + 1_000])
        finally:
            await bus.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, body()).result()


def opened(context: BrowserContext, system: System, query: str) -> Page:
    """The page with its table filled."""
    page = context.new_page()
    page.goto(f"{system.url}/?{query}")
    page.wait_for_function(f"document.body.dataset.live === 'yes' && {STATE}.picture.byId.size > 100")
    table = re.search(r"table=(\w+)", query)
    page.wait_for_function(f"{STATE}.tableLayer === '{table[1] if table else ''}'")
    expect(page.locator("#table-count")).to_have_text(re.compile(r"^[1-9]\d* rows$"), timeout=20_000)
    return page


def count(page: Page) -> int:
    return int(page.locator("#table-count").inner_text().split()[0])


def headers(page: Page) -> list[str]:
    found: list[str] = page.evaluate(f"{GRID}.getAllDisplayedColumns().map((column) => column.getColDef().headerName)")
    return found


def shown(page: Page, column: str) -> list[Any]:
    """The values of a column, in the order of the rows."""
    found: list[Any] = page.evaluate(
        "(column) => { const api = dash_ag_grid.getApi('grid'); const found = [];"
        " api.forEachNodeAfterFilterAndSort((n) => found.push(api.getCellValue({ rowNode: n, colKey: column })));"
        " return found; }",
        column,
    )
    return found


# -- columns and order -------------------------------------------------------------------------------------------------


def test_the_choice_of_columns_is_kept_over_a_reload_for_its_table_and_can_be_reset(
    system: System, visitor: BrowserContext
) -> None:
    page = opened(visitor, system, "world=real&table=bridges")
    before = headers(page)
    page.locator("#columns-open").press("Enter")
    menu = page.locator("#columns-menu")
    expect(menu).to_be_visible()
    menu.get_by_label("Source", exact=True).press("Space")
    nation = menu.get_by_label("Nation", exact=True)
    nation.press("Alt+ArrowUp")
    expect(menu.get_by_label("Nation", exact=True)).to_be_focused()
    chosen = headers(page)
    assert "Source" not in chosen
    assert chosen.index("Nation") == before.index("Nation") - 1
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(page.locator("#columns-open")).to_be_focused()
    assert len(chosen) == len(before) - 1

    again = opened(visitor, system, "world=real&table=bridges")
    assert headers(again) == chosen
    other = opened(visitor, system, "world=real&table=ports")
    assert "Source" in headers(other)
    again.locator("#columns-open").click()
    again.locator("#columns-menu").get_by_role("button", name="Reset").click()
    assert headers(again) == before


def test_a_column_is_dragged_to_its_place_in_the_menu(system: System, visitor: BrowserContext) -> None:
    page = opened(visitor, system, "world=real&table=ports")
    before = headers(page)
    page.locator("#columns-open").click()
    item = page.locator("#columns-menu li")
    item.filter(has_text="Nation").first.drag_to(item.filter(has_text="Status").first)
    after = headers(page)
    assert after.index("Nation") == before.index("Status")
    assert sorted(after) == sorted(before)


def test_rows_are_sorted_by_more_than_one_column_by_their_meaning(system: System, visitor: BrowserContext) -> None:
    page = opened(visitor, system, "world=real&table=crossings")
    page.get_by_role("columnheader", name="Status").click()
    page.get_by_role("columnheader", name="Name").click(modifiers=["Shift"])
    rank = {state: n for n, state in enumerate(("closed", "restricted", "degraded", "unknown", "open"))}
    pairs = list(zip([rank[state] for state in shown(page, "state")], shown(page, "name"), strict=True))
    assert [place for place, _ in pairs] == sorted(place for place, _ in pairs)
    assert len({place for place, _ in pairs}) > 1
    in_order = page.evaluate(
        "(pairs) => { const { compare } = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });"
        " return pairs.every((p, i) => !i || p[0] !== pairs[i - 1][0] || compare(pairs[i - 1][1], p[1]) <= 0); }",
        pairs,
    )
    assert in_order
    again = opened(visitor, system, "world=real&table=crossings")
    assert shown(again, "state")[:5] == shown(page, "state")[:5]


def test_movements_have_their_verdict_by_shape_and_word_and_events_stand_together(
    system: System, visitor: BrowserContext
) -> None:
    wait_for(
        "a verdict", lambda: "no-go" in json.dumps(system.get("/api/v1/picture?world=exercise/demo&layer=convoys")), 60
    )
    page = opened(visitor, system, "world=exercise/demo&table=convoys")
    expect(
        page.locator("#grid .verdict").filter(has_text=re.compile("^(✓ go|▲ caution|■ no-go)$")).first
    ).to_be_visible()
    events = opened(visitor, system, "world=exercise/demo&table=events")
    layers = set(shown(events, "layerTitle"))
    assert {"NOTAM", "Road events"} <= layers <= {"NOTAM", "Road events", "Cyber incidents", "Aerodrome weather"}


# -- choosing ----------------------------------------------------------------------------------------------------------


def test_a_row_is_chosen_by_keys_and_the_map_goes_there(system: System, visitor: BrowserContext) -> None:
    page = opened(visitor, system, "world=real&table=bridges&lat=59.4&lon=27.0&z=11")
    page.locator("#grid .ag-row").first.locator(".ag-cell").first.click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    wanted = page.evaluate(f"{GRID}.getDisplayedRowAtIndex(2).data.id")
    page.wait_for_function(f"(id) => {STATE}.selected === id", arg=wanted)
    thing = page.evaluate(f"(id) => {STATE}.picture.byId.get(id)", wanted)
    page.wait_for_function(
        f"([lon, lat]) => {STATE}.map.getBounds().contains([lat, lon])", arg=[thing["lon"], thing["lat"]]
    )
    expect(page.locator("#detail")).to_contain_text(wanted)


def test_what_is_chosen_elsewhere_is_scrolled_to_in_the_table(system: System, visitor: BrowserContext) -> None:
    page = opened(visitor, system, "world=real&table=bridges")
    last = page.evaluate(f"{GRID}.getDisplayedRowAtIndex({GRID}.getDisplayedRowCount() - 1).data.id")
    assert page.locator(f'#grid .ag-row[row-id="{last}"]').count() == 0
    page.evaluate("(id) => cop.page.select(id, true)", last)
    row = page.locator(f'#grid .ag-row[row-id="{last}"]').first
    expect(row).to_be_visible()
    expect(row).to_have_class(re.compile("ag-row-selected"))
    page.locator("#filter-text").fill("a")
    page.wait_for_function(f"{STATE}.filter.text === 'a'")
    page.locator("#filter-text").fill("")
    expect(page.locator(f'#grid .ag-row[row-id="{last}"]').first).to_have_class(re.compile("ag-row-selected"))


def test_an_empty_table_says_why(system: System, visitor: BrowserContext) -> None:
    page = opened(visitor, system, "world=real&table=crossings")
    there = count(page)
    page.locator("#filter-text").fill("zzzz-nothing")
    expect(page.locator("#table-empty")).to_have_text(f"Border crossings: none of {there} passes the filters.")
    page.locator("#filter-text").fill("")
    expect(page.locator("#table-empty")).to_be_hidden()
    page.evaluate(f"{GRID}.setFilterModel({{ name: {{ type: 'contains', filter: 'zzzz', filterType: 'text' }} }})")
    expect(page.locator("#table-empty")).to_have_text("No row passes the filters inside the columns.")
    expect(page.locator("#table-count")).to_have_text(f"0 of {there} rows")


# -- files -------------------------------------------------------------------------------------------------------------


def csv_rows(body: bytes) -> int:
    return len(list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))) - 5


def xlsx_rows(body: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        return len(list(etree.fromstring(book.read("xl/worksheets/sheet1.xml")).iter("{*}row"))) - 5


READ: dict[str, Callable[[bytes], int]] = {
    "csv": csv_rows,
    "xlsx": xlsx_rows,
    "geojson": lambda body: len(json.loads(body)["features"]),
    "gpx": lambda body: len(gpxpy.parse(body.decode()).waypoints) + len(gpxpy.parse(body.decode()).routes),
    "kml": lambda body: len(list(etree.fromstring(body).iter("{*}Placemark"))),
}


@pytest.mark.parametrize("format", READ)
def test_a_file_has_the_rows_that_are_on_the_screen(system: System, visitor: BrowserContext, format: str) -> None:
    page = opened(visitor, system, "world=real&table=bridges&nation=LV&q=a")
    rows = count(page)
    assert 0 < rows < page.evaluate(f"[...{STATE}.picture.byId.values()].filter((t) => t.layer === 'bridges').length")
    page.locator("#export-open").click()
    with page.expect_download() as download:
        page.locator(f"#export-{format}").click()
    body = Path(download.value.path()).read_bytes()
    assert READ[format](body) == rows
    assert re.fullmatch(rf"real-bridges-\d{{8}}T\d{{6}}Z\.{format}", download.value.suggested_filename)
    expect(page.locator("#export-said")).to_have_text(f"Saved: {download.value.suggested_filename}, {rows} rows")


def test_a_file_that_cannot_be_made_says_why(system: System, visitor: BrowserContext) -> None:
    page = opened(visitor, system, "world=real&table=bridges")
    page.route("**/api/v1/export/**", lambda route: route.fulfill(status=404, json={"detail": "nothing is kept"}))
    page.locator("#export-open").click()
    page.locator("#export-csv").click()
    expect(page.locator("#export-said")).to_have_text("CSV was not saved: nothing is kept")


# -- many --------------------------------------------------------------------------------------------------------------


def test_ten_thousand_rows_are_scrolled_chosen_and_changed_alone(system: System, visitor: BrowserContext) -> None:
    at = time.time_ns() // 1_000_000
    subjects = [f"site:T{n:05}" for n in range(ROWS)]
    sites = [
        event(
            "many", subject, at, Described(f"Site {n:05}", ("LV",), 21 + n % 100 / 20, 56 + n // 100 / 60), received=at
        )
        for n, subject in enumerate(subjects)
    ]
    tell(system, sites)
    page = opened(visitor, system, "world=real&table=sites&q=site")
    page.wait_for_function(f"{GRID}.getDisplayedRowCount() >= {ROWS}")
    assert page.locator("#grid .ag-row").count() < 200
    page.evaluate("(id) => cop.page.select(id, false)", subjects[-1])
    row = page.locator(f'#grid .ag-center-cols-container .ag-row[row-id="{subjects[-1]}"]')
    expect(row).to_have_class(re.compile("ag-row-selected"))
    page.evaluate(
        f"() => {{ self.turns = 0; {GRID}.addEventListener('modelUpdated', () => self.turns++);"
        f" self.kept = {GRID}.getRowNode('{subjects[0]}').data; }}"
    )
    again = [
        event(
            "many",
            s,
            at + 1_000,
            Described(f"Site {n:05}", ("LV",), 21 + n % 100 / 20, 56 + n // 100 / 60),
            received=at,
        )
        for n, s in enumerate(subjects[:2_000])
    ]
    tell(system, [*again, event("many", subjects[-1], at + 2_000, Status("closed"), received=at)])
    expect(row).to_contain_text("■ closed")
    page.wait_for_function(f"(at) => {GRID}.getRowNode('{subjects[0]}').data.at === at", arg=at + 1_000)
    assert page.evaluate(f"self.kept === {GRID}.getRowNode('{subjects[0]}').data")
    assert page.evaluate("self.turns") <= 3
