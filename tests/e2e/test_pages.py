"""The three users at their pages, in a real browser before a running system."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from cop.bus.redis import RedisBus
from cop.event import REAL, Status, event
from tests.system import System, wait_for

LOOKS = {"width": 1920, "height": 1080}
STATE = "cop.page.state()"


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """One system for all who only look and for exercises, which leave the real picture alone."""
    running = System(tmp_path_factory.mktemp("system")).start()
    yield running
    running.stop()


@pytest.fixture
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """A browser of one user, who notes every request and every complaint of the page."""
    context = browser.new_context(viewport=LOOKS)  # type: ignore[arg-type]
    context.set_default_timeout(20_000)
    yield context
    context.close()


class Visit:
    """A page with what it asked for and complained of."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.page = context.new_page()
        self.hosts: set[str] = set()
        self.complaints: list[str] = []
        self.page.on("request", lambda r: self.hosts.add(urlsplit(r.url).hostname or urlsplit(r.url).scheme))
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type == "error" else None)
        self.page.goto(url)
        live(self.page)


def live(page: Page) -> None:
    """Wait until the page shows a live picture with things in it."""
    page.wait_for_function(f"document.body.dataset.live === 'yes' && {STATE}.picture.byId.size > 100")
    page.wait_for_function(
        "document.querySelector('#map canvas') !== null || document.querySelector('canvas') !== null"
    )


def things(page: Page) -> dict[str, Any]:
    """What the page's picture has, by id."""
    found: list[dict[str, Any]] = page.evaluate(f"[...{STATE}.picture.byId.values()]")
    return {thing["id"]: thing for thing in found}


def count(page: Page, identifier: str) -> int:
    """A number that stands on the page."""
    return int(page.locator(f"#{identifier}").inner_text() or 0)


# -- staff -------------------------------------------------------------------------------------------------------------


def test_the_first_picture_has_at_least_200_reference_objects_and_tracks_that_move(
    system: System, visitor: BrowserContext
) -> None:
    page = Visit(visitor, system.url).page
    seen = things(page)
    assert (
        sum(
            t["layer"] in ("bridges", "crossings", "ports", "airfields", "rail", "sites", "systems")
            for t in seen.values()
        )
        >= 200
    )
    assert any(t["layer"] == "convoys" for t in seen.values())
    before = {i: (t["lon"], t["lat"]) for i, t in seen.items() if t["layer"] in ("vessels", "convoys")}
    assert before
    page.wait_for_function(
        f"(before) => Object.entries(before).filter(([id, at]) => {{ const t = {STATE}.picture.byId.get(id);"
        " return t && (t.lon !== at[0] || t.lat !== at[1]); }).length >= 10",
        arg=before,
    )


def test_no_request_leaves_the_machine_and_no_page_complains(system: System, visitor: BrowserContext) -> None:
    for path in ("/", "/wall", "/excon", "/?world=real&theme=light"):
        visit = Visit(visitor, system.url + path)
        visit.page.wait_for_timeout(1500)
        assert visit.hosts <= {"127.0.0.1", "data", "blob"}, path
        assert visit.complaints == [], path
        expect(visit.page.locator("#simulated-sign")).to_be_visible()
        visit.page.close()


def test_filter_by_domain_the_counts_and_the_address_follow_and_the_address_is_the_view(
    system: System, visitor: BrowserContext
) -> None:
    page = Visit(visitor, system.url).page
    total = page.evaluate(f"{STATE}.picture.byId.size")
    cyber = count(page, "n-domain-cyber")
    assert 0 < cyber < total
    page.locator("#n-domain-cyber").click()
    expect(page.locator("#n-all")).to_contain_text(f"{cyber} shown of")
    expect(page.locator("#table-count")).to_have_text(f"{cyber} rows")
    address = page.evaluate("location.href")
    assert "domain=cyber" in address
    other = Visit(visitor, address).page
    expect(other.locator("#n-all")).to_contain_text(f"{cyber} shown of")
    other.locator("#clear").click()
    expect(other.locator("#n-all")).to_contain_text(re.compile(r"^(\d+) shown of \1"))


def test_layers_nations_states_and_text_combine(system: System, visitor: BrowserContext) -> None:
    page = Visit(visitor, f"{system.url}/?nation=LV&state=closed,restricted").page

    def counted() -> bool:  # what is closed changes while the page is looked at
        seen = [t for t in things(page).values() if "LV" in t["nations"] and t["state"] in ("closed", "restricted")]
        return page.locator("#n-all").inner_text().startswith(f"{len(seen)} shown of")

    wait_for("the count of what is filtered", counted, 10)
    page.locator("#filter-text").fill("zzzz-nothing")
    expect(page.locator("#n-all")).to_contain_text("0 shown of")
    expect(page.locator("#table-empty")).to_contain_text("Nothing passes the filters")
    page.locator("#clear").click()
    page.locator("#filter-text").fill("salacgriva")
    expect(page.locator("#table-count")).to_have_text(re.compile(r"^[1-9]\d? rows$"))
    expect(page.locator("#grid")).to_contain_text("Salacgriva")


def test_a_chosen_thing_tells_source_time_age_and_every_report(system: System, visitor: BrowserContext) -> None:
    page = Visit(visitor, system.url).page
    page.locator("#filter-text").fill("Riga HPP dam")
    page.locator("#grid").get_by_text("Riga HPP dam crossing").first.click()
    detail = page.locator("#detail")
    expect(detail).to_contain_text("bridge:B15")
    expect(detail).to_contain_text("EXERCISE DATA - NOT A REAL LIMIT")
    expect(detail.locator("time.age").first).to_have_text(re.compile(r"^\d+ (s|min|h|d).* old$"))
    assert "sel=bridge:B15" in page.evaluate("location.href")
    detail.get_by_text(re.compile("Every report")).click()
    expect(detail.locator(".reports li")).to_have_count(3)
    page.keyboard.press("Escape")
    expect(detail).to_contain_text("Choose a thing")


def test_the_real_world_knows_no_exercise_class_and_wears_no_exercise_marking(
    system: System, visitor: BrowserContext
) -> None:
    page = Visit(visitor, f"{system.url}/?world=real&sel=bridge:B15").page
    expect(page.locator("#world-name")).to_have_text("REAL")
    expect(page.locator(".edge-top")).to_be_hidden()
    expect(page.locator("#detail")).to_contain_text("bridge:B15")
    assert "EXERCISE" not in page.locator("#detail").inner_text()
    seen = things(page).values()
    assert {t["world"] for t in seen} == {"real"}
    assert {t["state"] for t in seen if t["layer"] == "bridges"} == {"unknown"}
    unknown = page.evaluate(f"{STATE}.picture.byId.get('bridge:B15').sym")
    of_registers = f"{unknown}-simulated"  # the simulated registers have bridges of their own, without a class
    assert {t["sym"] for t in seen if t["layer"] == "bridges"} == {unknown, of_registers}
    exercise = Visit(visitor, f"{system.url}/?world=exercise/demo").page
    for side in ("top", "right", "bottom", "left"):
        expect(exercise.locator(f".edge-{side}")).to_be_visible()
        expect(exercise.locator(f".edge-{side}")).to_contain_text("EXERCISE demo")


def test_the_keyboard_reaches_search_theme_and_the_things_on_the_map(system: System, visitor: BrowserContext) -> None:
    page = Visit(visitor, system.url).page
    page.keyboard.press("/")
    expect(page.locator("#filter-text")).to_be_focused()
    page.keyboard.press("Escape")
    page.locator("#filter-text").blur()
    page.keyboard.press("t")
    expect(page.locator("body")).to_have_attribute("data-theme", "light")
    page.locator("#map").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_function(f"{STATE}.selected !== null")
    expect(page.locator("#detail h2")).not_to_be_empty()


def test_the_pointer_tells_lat_lon_and_mgrs_and_the_map_its_scale(system: System, visitor: BrowserContext) -> None:
    page = Visit(visitor, system.url).page
    box = page.locator("#map-box").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#pointer-mgrs")).to_have_text(re.compile(r"^3[45][VU] ?[A-Z]{2} ?\d{5} ?\d{5}$"))
    expect(page.locator("#pointer-latlon")).to_contain_text("′N")
    expect(page.locator(".leaflet-control-scale")).to_contain_text("km")
    expect(page.locator("#clock-utc")).to_have_text(re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$"))
    expect(page.locator("#clock-local")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d EES?T$"))


def test_the_feeds_plot_shows_reports_and_delay(system: System, visitor: BrowserContext) -> None:
    page = Visit(visitor, system.url).page
    page.get_by_role("tab", name="Plots").click()
    page.locator("#plot-question").get_by_text("Feed latency").click()
    expect(page.locator("#plot-figure .main-svg").first).to_be_visible()
    expect(page.locator("#plot-figure")).to_contain_text("ais")


def test_freshness_is_told_by_nation_and_feed(system: System, visitor: BrowserContext) -> None:
    page = Visit(visitor, system.url).page
    bar = page.locator("#freshness")
    for nation in ("Estonia", "Latvia", "Lithuania"):
        expect(bar).to_contain_text(nation)
    well = bar.locator(".feed.ok").filter(has_text="feeds").first
    expect(well).to_have_attribute("title", re.compile("newest report .* old"))


def test_a_feed_in_trouble_is_named_with_its_reasons_and_its_records_can_be_read(
    system: System, visitor: BrowserContext
) -> None:
    visit = Visit(visitor, system.url)
    page = visit.page
    system.order("digitraffic-ais-mqtt", "garbage")
    system.order("lv-situations", "500")
    try:
        bar = page.locator("#freshness")
        failed = bar.locator("a.feed.failed").filter(has_text="lv-situations")
        expect(failed).to_have_attribute("title", re.compile("HTTP 500"))
        rejected = bar.locator("a.feed").filter(has_text="digitraffic-ais-mqtt")
        expect(rejected).to_contain_text("rejected")
        expect(rejected).to_have_attribute("title", re.compile("× not a location: JSON is malformed"))
        rejected.click()
        expect(page.locator("#kept-reasons")).to_contain_text("digitraffic-ais-mqtt")
        expect(page.locator("#feeds-grid .ag-row").first).to_contain_text("failed")
        expect(page.locator("#clock-utc")).to_have_text(re.compile(r"\d\dZ$"))
        page.locator("#kept-grid .ag-row").first.click()
        expect(page.locator("#kept-raw pre")).not_to_be_empty()
        expect(page.locator("#kept-raw")).to_contain_text("cop quarantine retry")
        link = page.get_by_text("Save the bytes").get_attribute("href")
        assert len(page.request.get(f"{system.url}{link}").body()) == 40
    finally:
        system.order("digitraffic-ais-mqtt")
        system.order("lv-situations")
    assert visit.complaints == []


def test_a_feed_page_without_rejects_says_so(system: System, visitor: BrowserContext) -> None:
    page = visitor.new_page()
    page.goto(f"{system.url}/feeds?feed=reference&world=real")
    expect(page.locator("#kept-reasons")).to_contain_text("Nothing is in quarantine")
    expect(page.locator("#feeds-grid")).to_contain_text("digitraffic-ais")
    page.goto(f"{system.url}/feeds?world=exercise/nowhere")
    expect(page.locator("#feeds-grid")).to_contain_text("digitraffic-ais")


@pytest.mark.parametrize("path", ["/", "/excon"])
def test_a_page_fits_its_screen_from_1366x768_to_3840x2160(system: System, visitor: BrowserContext, path: str) -> None:
    page = Visit(visitor, system.url + path).page
    expect(page.locator("#clock-exercise")).to_have_text(re.compile("^T"))
    for width, height in ((1366, 768), (1920, 1080), (3840, 2160)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(400)
        measured = page.evaluate(
            "({w: document.documentElement.scrollWidth, h: document.documentElement.scrollHeight,"
            " W: innerWidth, H: innerHeight, map: document.querySelector('#map').getBoundingClientRect().toJSON(),"
            " fresh: document.querySelector('#freshness').getBoundingClientRect().toJSON()})"
        )
        assert measured["w"] <= measured["W"] + 1
        assert measured["h"] <= measured["H"] + 1
        assert measured["map"]["width"] > 0.35 * measured["W"]
        assert measured["map"]["height"] > 0.3 * measured["H"]
        assert measured["fresh"]["bottom"] <= measured["H"] + 1
        for clock in ("clock-utc", "clock-local", "clock-exercise"):
            right = page.evaluate(f"document.getElementById('{clock}').getBoundingClientRect().right")
            assert 0 < right <= measured["W"], clock


# -- exercise control --------------------------------------------------------------------------------------------------


def test_control_closes_a_bridge_sees_it_within_2_s_and_takes_it_back_and_the_real_view_stays(
    system: System, visitor: BrowserContext
) -> None:
    world = "exercise/demo"
    real = Visit(visitor, f"{system.url}/?world=real").page
    before = things(real)["bridge:B02"]
    staff = Visit(visitor, f"{system.url}/?world={world}").page
    page = Visit(visitor, f"{system.url}/excon?world={world}").page
    page.locator("#target").fill("Gauja bridge Adazi")
    page.get_by_role("option", name=re.compile("Gauja bridge Adazi")).first.click()
    page.locator("#reason").fill("ice floes at the piers")
    page.locator("#fire").click()
    told = f"{STATE}.picture.byId.get('bridge:B02')"
    staff.wait_for_function(f"{told}.state === 'closed' && {told}.why === 'ice floes at the piers'", timeout=2_000)
    expect(page.locator("#fire-said")).to_contain_text("Fired on bridge:B02")
    expect(page.locator("#injects")).to_contain_text("in force")
    staff.get_by_role("tab", name=re.compile("^What changed")).click()
    expect(staff.locator("#changes-grid")).to_contain_text("ice floes at the piers")
    assert things(real)["bridge:B02"] == before
    page.locator("#injects li", has_text="bridge:B02").get_by_role("button", name="Take back").click()
    staff.wait_for_function(f"{told}.state === 'open'", timeout=5_000)
    expect(page.locator("#injects")).not_to_contain_text("bridge:B02")
    assert things(real)["bridge:B02"] == before


def test_control_is_told_what_is_wrong_and_nothing_is_fired(system: System, visitor: BrowserContext) -> None:
    page = Visit(visitor, f"{system.url}/excon?world=exercise/demo").page
    page.locator("#fire").click()
    expect(page.locator("#fire-said")).to_contain_text("Choose a thing first")
    page.locator("#target").fill("Gauja bridge Murjani")
    page.get_by_role("option", name=re.compile("Murjani")).first.click()
    page.locator("#effect").get_by_text("Limit").click()
    page.locator("#fire").click()
    expect(page.locator("#fire-said")).to_contain_text("limit needs one of")
    injects = system.get("/api/v1/exercises/demo")["injects"]
    assert not any(each["subject"] == "bridge:B03" for each in injects)


def test_a_click_on_the_map_chooses_the_target(system: System, visitor: BrowserContext) -> None:
    page = Visit(visitor, f"{system.url}/excon?world=exercise/demo&lat=57.1&lon=24.335&z=12").page
    page.wait_for_function("cop.canvas.stats().drawn > 0")
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#target")).to_have_value(re.compile("Gauja bridge Adazi"))


def test_an_exercise_is_opened_from_the_page_and_shows_its_own_world(system: System, visitor: BrowserContext) -> None:
    page = Visit(visitor, f"{system.url}/excon").page
    page.locator("#new-name").fill("spring storm!")
    page.locator("#new-open").click()
    expect(page.locator("#new-said")).to_contain_text("can't name an exercise")
    page.locator("#new-name").fill("spring-storm")
    page.locator("#new-open").click()
    expect(page.locator("#world-name")).to_have_text("EXERCISE spring-storm", timeout=20_000)
    live(page)
    assert "world=exercise/spring-storm" in page.evaluate("location.href")
    expect(page.locator("#world-name")).to_have_text("EXERCISE spring-storm")
    expect(page.locator("#clock-exercise")).to_have_text("T+0 min")
    assert things(page)["bridge:B15"]["state"] == "open"
    assert system.send("DELETE", "/api/v1/exercises/spring-storm")[0] == 200


# -- live, and not -----------------------------------------------------------------------------------------------------


def test_two_tabs_of_a_browser_share_one_connection(system: System, visitor: BrowserContext) -> None:
    def readers() -> int:
        return int((system.health() or {}).get("readers", -1))

    wait_for("nobody else reading", lambda: readers() == 0, 60)
    first = Visit(visitor, f"{system.url}/?world=real").page
    second = Visit(visitor, f"{system.url}/wall?world=real").page
    first.wait_for_timeout(1500)
    assert readers() == 1
    lasting = [{i for i, t in things(page).items() if t["layer"] != "roadevents"} for page in (first, second)]
    assert lasting[0] == lasting[1]  # a road event may begin or end between the two looks


def test_a_page_that_slept_shows_what_happened_meanwhile(system: System, visitor: BrowserContext) -> None:
    page = Visit(visitor, f"{system.url}/?world=real").page
    devtools = visitor.new_cdp_session(page)
    devtools.send("Page.setWebLifecycleState", {"state": "frozen"})

    async def report() -> None:
        bus: RedisBus = system.bus("feeds")
        now = int(page_time())
        told = Status("closed", reason="while it slept")
        await bus.append(REAL, [event("test", "bridge:B33", now, told, received=now)])
        await bus.close()

    def page_time() -> float:
        health = system.health()
        assert health is not None
        return float(health["as_of"])

    threaded(report)
    devtools.send("Page.setWebLifecycleState", {"state": "active"})
    page.wait_for_function(f"{STATE}.picture.byId.get('bridge:B33').why === 'while it slept'")
    live(page)


def threaded(work: Any) -> None:
    """Run a coroutine on a thread of its own: Playwright holds this one's event loop."""
    import threading

    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    thread.join(20)
