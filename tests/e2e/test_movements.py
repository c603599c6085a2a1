"""May it move? The staff officer's questions, asked of the screens of a running system in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Response, expect

from tests.e2e.test_pages import LOOKS, STATE, Visit, things
from tests.system import System, wait_for

DEMO = "world=exercise/demo"
AT_RIGA = f"{DEMO}&lat=56.84&lon=24.25&z=10.5"
KEKAVA, SALASPILS = "24.21,56.815", "24.31,56.862"


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A system whose movements have been judged."""
    running = System(tmp_path_factory.mktemp("moves")).start()
    wait_for("the movements", lambda: "convoy:C10" in {row["id"] for row in movements(running)}, 60)
    yield running
    running.stop()


@pytest.fixture(scope="module", autouse=True)
def patience() -> Iterator[None]:
    """A page asks every two or three seconds, and many tests at once slow the machine: wait for longer than 5 s."""
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


def movements(system: System) -> list[dict[str, Any]]:
    """The list of movements; empty while the network loads."""
    status, found = system.send("GET", f"/api/v1/movements?{DEMO}")
    return list(found) if status == 200 else []


def tab(page: Page, name: str) -> Locator:
    """Open a tab of the drawer; what lies under it."""
    page.get_by_role("tab", name=re.compile(f"^{name}")).click()
    return page.locator("#drawer [role=tabpanel]:visible")


def row_of(grid: Locator, words: str) -> Locator:
    """The row of a grid that has these words, with the columns that stay in view."""
    return grid.locator(".ag-row").filter(has_text=words).first


def cell(page: Page, grid: str, key: str, field: str) -> Locator:
    """One cell by its row's key and its column."""
    return page.locator(f'#{grid} [row-id="{key}"] [col-id="{field}"]')


def find_way(
    page: Page, start: str, goal: str, vehicles: str = "", if_limited: tuple[str, str, str] | None = None
) -> None:
    """Ask the route tool."""
    tab(page, "Route")
    page.locator("#route-from").fill(start)
    page.locator("#route-to").fill(goal)
    if vehicles:
        page.locator("#route-vehicles").fill(vehicles)
    if if_limited:
        page.get_by_label("What if, thing 1").fill(if_limited[0])
        page.get_by_role("textbox", name="What if, effect 1").click()
        page.get_by_role("option", name=if_limited[1]).click()
        page.get_by_label("What if, value 1").fill(if_limited[2])
    page.locator("#route-find").click()


def shapes(page: Page) -> int:
    """How many lines and circles lie on the map."""
    return int(
        page.evaluate(f"(() => {{ let n = 0; {STATE}.map.eachLayer(l => n += Boolean(l.setStyle)); return n; }})()")
    )


def hhmm(at: int) -> str:
    """As the screens write a time of today."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%H:%M")


# -- 1: can this convoy cross every bridge on this route? -------------------------------------------------------------


def test_1_c10_to_tapa_is_stopped_by_b57_and_the_list_the_panel_and_the_map_say_so(
    system: System, visitor: BrowserContext
) -> None:
    visit = Visit(visitor, f"{system.url}/?{DEMO}&lat=59.3&lon=25.6&z=9")
    page = visit.page
    tab(page, "Movements")
    expect(cell(page, "moves-grid", "convoy:C10", "verdict")).to_have_text("■ no-go")
    expect(cell(page, "moves-grid", "convoy:C10", "limiting")).to_have_text("Tapa railway overpass")
    expect(cell(page, "moves-grid", "convoy:C10", "may")).to_have_text("no")
    assert shapes(page) == 0
    cell(page, "moves-grid", "convoy:C10", "why").click()
    detail = page.locator("#detail")
    expect(detail.locator(".answer")).to_contain_text("no-go")
    expect(detail.locator(".answer")).to_contain_text("may not move")
    reason = detail.locator(".whys > li").first
    expect(reason).to_contain_text("wheeled 100 above class 44")
    expect(reason).to_contain_text("margin −56 MLC")
    expect(reason).to_contain_text("MLC-04: Pass test, normal crossing")
    expect(reason).to_contain_text("EXERCISE DATA - NOT A REAL LIMIT")
    expect(reason.locator("time.age")).to_have_text(re.compile("old$"))
    expect(page.locator(".leaflet-tooltip.limit.no-go")).to_contain_text("Tapa railway overpass")
    wait_for("the shapes of the convoy's way", lambda: shapes(page) >= 3)
    assert "sel=convoy:C10" in page.evaluate("location.href")
    reason.get_by_role("button", name="Tapa railway overpass").click()
    expect(detail).to_contain_text("bridge:B57")
    expect(detail.locator(".touched")).to_contain_text("C10")
    wait_for("no shapes when it is no convoy", lambda: shapes(page) == 0)
    assert visit.complaints == []


def test_1_a_bridge_without_a_class_is_unknown_and_no_way_over_it_is_offered(
    system: System, visitor: BrowserContext
) -> None:
    page = Visit(visitor, f"{system.url}/?world=real").page
    expect(tab(page, "Movements").locator("#moves-said")).to_contain_text("no movements with a plan in this world")
    find_way(page, KEKAVA, SALASPILS, "wheeled:40")
    found = page.locator("#route-list")
    expect(found).to_contain_text("No way can be offered")
    expect(found.locator(".ways > li.unknown").first).to_contain_text("Riga HPP dam crossing")
    expect(found.locator(".verdict.go")).to_have_count(0)


# -- 2: when is the head due and the tail clear? ----------------------------------------------------------------------


def test_2_c02_tells_its_times_at_every_critical_point(system: System, visitor: BrowserContext) -> None:
    page = Visit(visitor, f"{system.url}/?{DEMO}&sel=convoy:C02").page
    box = page.locator(".verdict-box")
    expect(box).to_contain_text("346.5 km at 40 km/h")
    expect(box).to_contain_text("48 vehicles pass in 7.8 min")
    told = system.get(f"/api/v1/movements/convoy:C02?{DEMO}")
    points = page.locator("#detail table.points tbody tr")
    expect(points).to_have_count(len(told["points"]))
    last = points.last.locator("td").all_inner_texts()
    at_340 = told["startex"] + 340 * 60_000 / told["scale"]
    assert last[1:3] == ["346.5", hhmm(round(at_340))]
    due, clear = ([int(part) for part in text.split(":")] for text in last[3:5])
    assert 0 <= (clear[0] * 60 + clear[1]) - (due[0] * 60 + due[1]) <= 2
    expect(points.first).to_have_class("passed")
    expect(points.first).to_contain_text("passed")


def test_2_the_diagram_shows_who_is_where_when(system: System, visitor: BrowserContext) -> None:
    visit = Visit(visitor, f"{system.url}/?{DEMO}&theme=light")
    page = visit.page
    tab(page, "Time–distance")
    expect(page.locator("#time-plot")).to_contain_text("Choose a convoy")
    page.evaluate("cop.page.select('convoy:C05', true)")
    plot = page.locator("#time-plot")
    for words in ("C05", "C07", "now", "Kaunas east Palemonas", "in each other"):
        expect(plot).to_contain_text(words)
    page.locator("#time-along").click()
    page.get_by_role("option", name="Corridor R14", exact=True).click()
    expect(plot).to_contain_text("C10")
    expect(plot).not_to_contain_text("C05")
    assert visit.hosts <= {"127.0.0.1", "data", "blob"}
    assert visit.complaints == []


# -- 3: where do two movements conflict? ------------------------------------------------------------------------------


def test_3_the_conflict_of_c05_and_c07_at_the_border_is_listed_unasked(system: System, visitor: BrowserContext) -> None:
    page = Visit(visitor, f"{system.url}/?{DEMO}&lat=58&lon=25&z=8").page
    expect(page.locator("#n-conflicts")).to_have_text(re.compile(r"^[1-9]\d*$"))  # in the tab's title, on another tab
    grid = tab(page, "Conflicts").locator("#conflicts-grid")
    row = row_of(grid, "Grenctale-Salociai border")
    expect(row).to_contain_text("C05")
    expect(row).to_contain_text("C07")
    expect(row).to_contain_text(re.compile(r"\d\d:\d\d"))
    row.locator('[col-id="name"]').click()
    page.wait_for_function(f"Math.abs({STATE}.map.getCenter().lat - 56.2) < 0.2 && {STATE}.map.getZoom() >= 11")
    expect(page.locator("#detail")).to_contain_text("In each other's way")


# -- 4: what does this event do to my convoys? ------------------------------------------------------------------------


def test_4_a_closure_lists_the_convoys_with_old_and_new_eta_and_reason_within_5_s(
    system: System, visitor: BrowserContext
) -> None:
    page = Visit(visitor, f"{system.url}/?{DEMO}&sel=bridge:B15").page
    detail = page.locator("#detail")
    expect(detail.locator(".touched")).to_contain_text("C07")
    tab(page, "Movements")
    expect(cell(page, "moves-grid", "convoy:C07", "eta")).to_have_text(re.compile(r"\d\d:\d\d"))
    before = system.get(f"/api/v1/movements/convoy:C07?{DEMO}")
    body = {"subject": "bridge:B15", "effect": "close", "for_min": 900, "reason": "cracked bearing, test 4"}
    status, said = system.send("POST", "/api/v1/exercises/demo/injects", body)
    assert status == 201
    try:
        row = detail.locator(".touched tbody tr").filter(has_text="C07")
        expect(row).to_contain_text("cracked bearing, test 4", timeout=5_000)
        expect(row).to_contain_text(hhmm(before["eta"])[:3])
        expect(row.locator("td").last).to_have_text(re.compile(r"^\+\d{3}"))
        expect(cell(page, "moves-grid", "convoy:C07", "delay_min")).to_have_text(re.compile(r"^\+\d{3}"), timeout=5_000)
        after = system.get(f"/api/v1/movements/convoy:C07?{DEMO}")
        assert after["eta"] > before["eta"] + 10 * 60_000
        row.get_by_role("button", name="C07").click()
        expect(detail).to_contain_text("What delays it")
        expect(detail.locator(".move")).to_contain_text("cracked bearing, test 4")
    finally:
        assert system.send("DELETE", f"/api/v1/exercises/demo/injects/{said['serial']}")[0] == 200
    expect(detail.locator(".move")).not_to_contain_text("cracked bearing, test 4")


# -- 5: which other route carries this class? -------------------------------------------------------------------------


def test_5_with_b15_at_70_r22_is_offered_to_c06_and_r23_is_not_and_the_live_picture_stays(
    system: System, visitor: BrowserContext
) -> None:
    visit = Visit(visitor, f"{system.url}/?{AT_RIGA}&sel=convoy:C06")
    page = visit.page
    find_way(page, KEKAVA, SALASPILS, if_limited=("bridge:B15", "MLC wheeled", "70"))
    found = page.locator("#route-list")
    expect(found.locator("mark")).to_have_text("WHAT IF")
    expect(found).to_contain_text("The live picture does not have this")
    offers = found.locator("ol").first.locator(".way")
    expect(offers.first).to_contain_text("go")
    expect(offers.first).to_contain_text("R22")
    assert not any("R23" in text for text in offers.all_inner_texts())
    refused = found.locator("ol").last.locator("> li").first
    expect(refused).to_contain_text("Riga HPP dam crossing")
    expect(refused).to_contain_text("wheeled 80 above class 70")
    expect(refused).to_contain_text("margin −10 MLC")
    assert things(page)["bridge:B15"]["state"] == "open"
    drawn = shapes(page)
    assert drawn > 6
    refused.locator(".way").click()
    expect(refused.locator(".way")).to_have_attribute("aria-pressed", "true")
    page.locator("#route-clear").click()
    expect(found).not_to_contain_text("R22")
    wait_for("the ways gone from the map", lambda: shapes(page) < drawn)
    assert visit.complaints == []


@pytest.mark.parametrize(
    ("start", "vehicles", "says"),
    [
        ("", "wheeled:100", "Say from where and to where"),
        ("24.21,56.815", "", "Choose a convoy, or name vehicles"),
        ("nowhere", "wheeled:100", "neither lon,lat nor a thing"),
        ("24.21,56.815", "wheeled:heavy", "not a number above 0"),
        ("19.0,58.0", "wheeled:40", "no road of the network is near"),
    ],
)
def test_5_what_cannot_be_asked_is_said_in_a_sentence(
    system: System, visitor: BrowserContext, start: str, vehicles: str, says: str
) -> None:
    page = Visit(visitor, f"{system.url}/?{DEMO}").page
    find_way(page, start, SALASPILS, vehicles)
    expect(page.locator("#route-said")).to_contain_text(re.compile(re.escape(says), re.I))


def test_5_a_place_is_picked_on_the_map_and_escape_ends_only_the_picking(
    system: System, visitor: BrowserContext
) -> None:
    page = Visit(visitor, f"{system.url}/?{AT_RIGA}&sel=convoy:C06").page
    tab(page, "Route")
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.locator('[data-pick="route-to"]').click()
    page.keyboard.press("Escape")
    expect(page.locator('[data-pick="route-to"]')).to_have_text("Pick on map")
    assert page.evaluate(f"{STATE}.selected") == "convoy:C06"
    page.locator('[data-pick="route-from"]').click()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#route-from")).to_have_value(re.compile(r"^24\.2\d+,56\.8\d+$"))
    assert page.evaluate(f"{STATE}.selected") == "convoy:C06"


# -- 6: is permission in place for every border? ----------------------------------------------------------------------


def test_6_a_bad_serial_is_refused_with_its_reason_and_a_good_one_clears_the_border(
    system: System, visitor: BrowserContext
) -> None:
    visit = Visit(visitor, f"{system.url}/?{DEMO}")
    page = visit.page
    tab(page, "Clearances")
    key = "C04-XB11"
    expect(cell(page, "clearances-grid", key, "missing_text")).to_contain_text("form 302 missing")
    page.locator("#clearance-open").click()
    expect(page.locator("#clearance-hint")).to_contain_text("Choose a row first")
    cell(page, "clearances-grid", key, "missing_text").click()
    page.locator("#clearance-open").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("C04 at XB11")
    page.locator("#clearance-by").fill("Maj A. Tester")
    page.locator("#clearance-form302").fill("LT20261325UO000123")
    expect(dialog).to_contain_text("20261325 is no date")
    page.locator("#clearance-send").click()
    expect(page.locator("#clearance-said")).to_contain_text("Not sent: form 302")
    told = {f"{c['movement'][7:]}-{c['border'][9:]}": c for c in system.get(f"/api/v1/clearances?{DEMO}")}
    assert told[key]["form302"] == ""
    page.locator("#clearance-form302").fill("LT20261125UO000123")
    expect(dialog).not_to_contain_text("is no date")
    page.locator("#clearance-send").click()
    expect(dialog).to_be_hidden()
    expect(cell(page, "clearances-grid", key, "state")).to_have_text("✓ cleared")
    expect(cell(page, "clearances-grid", key, "form302")).to_have_text("LT20261125UO000123")
    assert visit.complaints == []


def test_6_lead_time_counts_by_the_chosen_rules_and_what_they_save_stands_beside(
    system: System, visitor: BrowserContext
) -> None:
    page = Visit(visitor, f"{system.url}/?{DEMO}").page
    tab(page, "Clearances")
    slack = cell(page, "clearances-grid", "C08-XB10", "slack")
    expect(slack).to_have_text(re.compile(r"^−[3-7]\.\d d$"))
    page.locator("#clearance-rules").click()
    page.get_by_role("option", name=re.compile("National practice")).click()
    expect(slack).to_have_text(re.compile(r"^−4\d\.\d d$"))
    expect(page.locator("#clearance-saved")).to_contain_text("days saved")


def test_6_a_caution_is_approved_by_name_and_the_approval_is_shown(system: System, visitor: BrowserContext) -> None:
    page = Visit(visitor, f"{system.url}/?{DEMO}&sel=convoy:C05").page
    detail = page.locator("#detail")
    detail.get_by_role("button", name="Approve with caution…").click()
    dialog = page.get_by_role("dialog")
    page.locator("#approve-send").click()
    expect(page.locator("#approve-said")).to_contain_text("say who approves")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert page.evaluate(f"{STATE}.selected") == "convoy:C05"  # Escape closed the dialog and nothing else
    detail.get_by_role("button", name="Approve with caution…").click()
    page.locator("#approve-by").fill("Cpt B. Engineer")
    page.locator("#approve-send").click()
    expect(dialog).to_be_hidden()
    expect(detail).to_contain_text(re.compile(r"Approved: .* by Cpt B\. Engineer until"))
    assert system.get(f"/api/v1/movements/convoy:C05?{DEMO}")["approvals"][0]["by"] == "Cpt B. Engineer"


# -- 7: which crossing is usable now, and who needs it? ---------------------------------------------------------------


def test_7_a_crossing_tells_its_state_its_source_and_who_passes_it(system: System, visitor: BrowserContext) -> None:
    page = Visit(visitor, f"{system.url}/?{DEMO}&sel=crossing:XB10").page
    detail = page.locator("#detail")
    expect(detail.locator(".touched")).to_contain_text("C05")
    expect(detail.locator("time.age").last).to_have_text(re.compile("old$"))
    page.evaluate("cop.page.select('bridge:B04', false)")
    expect(detail).to_contain_text("No movement passes it")


# -- the screens themselves -------------------------------------------------------------------------------------------


def test_the_shapes_on_the_map_leave_clicks_to_the_things(system: System, visitor: BrowserContext) -> None:
    page = Visit(visitor, f"{system.url}/?{DEMO}&sel=convoy:C10&lat=59.3&lon=25.6&z=11").page
    wait_for("the shapes of the convoy's way", lambda: shapes(page) >= 3)
    place = things(page)["bridge:B57"]
    page.evaluate(f"{STATE}.map.setView([{place['lat']}, {place['lon']}], 14, {{animate: false}})")
    page.wait_for_function("!cop.canvas.stats().busy")
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_function(f"{STATE}.selected === 'bridge:B57'")


def test_an_unchanged_picture_sends_nothing(system: System, visitor: BrowserContext) -> None:
    page = Visit(visitor, f"{system.url}/?world=real").page
    tab(page, "Movements")
    expect(page.locator("#moves-said")).to_contain_text("no movements")
    answers: list[int] = []

    def note(response: Response) -> None:
        if "moves-grid.rowData" in (response.request.post_data or ""):
            answers.append(response.status)

    page.on("response", note)

    def nothing_comes() -> bool:
        page.wait_for_timeout(200)
        return answers[-3:] == [204, 204, 204]

    wait_for("looks that bring nothing", nothing_comes, 60)


def test_the_tabs_and_rows_are_reached_by_keys(system: System, visitor: BrowserContext) -> None:
    page = Visit(visitor, f"{system.url}/?{DEMO}").page
    page.get_by_role("tab", name="Table").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Movements")).to_have_attribute("aria-selected", "true")
    expect(cell(page, "moves-grid", "convoy:C10", "verdict")).to_be_visible()
    page.locator("#moves-grid .ag-header-cell").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_function(f"({STATE}.selected || '').startsWith('convoy:')")


def test_panel_and_boards_print_dark_on_light(system: System, visitor: BrowserContext) -> None:
    page = Visit(visitor, f"{system.url}/?{DEMO}&sel=convoy:C10").page
    tab(page, "Movements")
    expect(page.locator("#detail table.points")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator("#filters")).to_be_hidden()
    expect(page.locator("#map-box")).to_be_hidden()
    colour = page.evaluate("getComputedStyle(document.querySelector('#detail table.points td')).color")
    assert max(int(part) for part in re.findall(r"\d+", colour)[:3]) < 120
    panel = page.locator("#detail").bounding_box()
    assert panel is not None
    assert panel["height"] > LOOKS["height"]  # all of it, not what a screen would hold
