"""The staff officer narrows the picture down: every filter, together, with counts; the address is the view."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from dashboard.sieve import sieve
from tests.system import System, wait_for

STATE = "cop.page.state()"
DEMO = "exercise/demo"
GULF = "21.5,56.8;24.5,56.8;24.5,58.4;21.5,58.4"


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    running = System(tmp_path_factory.mktemp("filters")).start()
    yield running
    running.stop()


@pytest.fixture
def officer(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1920, "height": 1080})
    made.set_default_timeout(20_000)
    yield made
    made.close()


@pytest.fixture
def other(browser: Browser) -> Iterator[BrowserContext]:
    """Somebody else, at another machine."""
    made = browser.new_context(viewport={"width": 1366, "height": 768})
    made.set_default_timeout(20_000)
    yield made
    made.close()


def visit(context: BrowserContext, system: System, query: str = "") -> Page:
    """The staff page of the exercise, alive and with its filters read."""
    page = context.new_page()
    page.complaints = complaints = []  # type: ignore[attr-defined]
    page.on("pageerror", lambda e: complaints.append(str(e)))
    page.goto(query if "://" in query else f"{system.url}/?world={DEMO}{query}")
    page.wait_for_function(f"document.body.dataset.live === 'yes' && {STATE}.picture.byId.size > 300")
    page.wait_for_function(f"{STATE}.filter !== null && {STATE}.layers.length > 0 && location.search.includes('lat=')")
    return page


def filter_of(page: Page) -> dict[str, Any]:
    """What the page lets pass, without what lets all pass."""
    found: dict[str, Any] = page.evaluate(f"{STATE}.filter")
    return {key: value for key, value in found.items() if value is not None}


def query_of(page: Page) -> dict[str, str]:
    """The keys of the page's address."""
    return told(page.evaluate("location.search.slice(1)"))


def unfold(page: Page, kind: str) -> None:
    """Open a group of switches where it is folded."""
    group = page.locator(f"details:has(> summary > #set-{kind})")
    if group.get_attribute("open") is None:
        group.locator("summary").click()


def shown(page: Page) -> int:
    return int(page.locator("#n-all").inner_text().split()[0])


def agrees(page: Page) -> bool:
    """Whether the count, and what the server makes of the same address, are what the page's picture has."""
    things, now = page.evaluate(f"[[...{STATE}.picture.byId.values()], cop.page.now()]")
    wanted = sieve(query_of(page))
    return len([each for each in things if wanted.passes(each, now)]) == shown(page)


# -- each filter -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "key", "wanted"),
    [
        ("domain", "air", {"domains": ["air"]}),
        ("nation", "LT", {"nations": ["LT"]}),
        ("state", "closed", {"states": ["closed"]}),
        ("verdict", "no-go", {"verdicts": ["no-go"]}),
        ("origin", "observed", {"origins": ["observed"]}),
        ("age", "stale", {"age": "stale"}),
        ("age", "most", {"age": 15}),
    ],
)
def test_a_switch_shows_as_many_as_its_count_says(
    system: System, officer: BrowserContext, kind: str, key: str, wanted: dict[str, Any]
) -> None:
    page = visit(officer, system)
    unfold(page, kind)
    count = page.locator(f"#n-{kind}-{key}")
    expect(count).to_have_text(re.compile(r"\d"))
    count.click()
    wait_for("the filter", lambda: filter_of(page) == wanted, 10)
    wait_for("as many as the switch says", lambda: str(shown(page)) == count.inner_text(), 10)
    wait_for("what the server makes of it", lambda: agrees(page), 10)
    said = "at most 15 min" if key == "most" else key
    expect(page.locator(f"#set-{kind}")).to_have_text(said)
    assert query_of(page)[kind] == ("15" if key == "most" else key)
    expect(page.locator("#table-count")).to_have_text(re.compile(rf"^{shown(page)} rows?$"))
    assert page.complaints == []  # type: ignore[attr-defined]


def test_a_layer_that_is_switched_off_is_hidden_and_the_address_names_it(
    system: System, officer: BrowserContext
) -> None:
    page = visit(officer, system)
    page.locator("#n-layer-vessels").click()
    wait_for("the layer's name", lambda: query_of(page).get("hide") == "vessels", 10)
    wait_for("what the server makes of it", lambda: agrees(page), 10)
    assert int(page.locator("#n-layer-vessels").inner_text()) > 0, "what it would show"
    page.reload()
    page.wait_for_function(f"{STATE}.filter && {STATE}.filter.layers && !{STATE}.filter.layers.includes('vessels')")
    wait_for("what the server makes of it", lambda: agrees(page), 20)
    assert query_of(page)["hide"] == "vessels"


def test_sources_are_found_by_typing_and_all_who_spoke_of_a_thing_count(
    system: System, officer: BrowserContext
) -> None:
    page = visit(officer, system)
    unfold(page, "source")
    field = page.locator("#filter-source")
    field.click()
    expect(page.get_by_role("option", name=re.compile(r"^reference · \d+$"))).to_be_visible()
    field.fill("demo-f")
    expect(page.get_by_role("option", name=re.compile(r"^reference"))).to_have_count(0)
    page.get_by_role("option", name=re.compile(r"^demo-facts · \d+$")).click()
    wait_for("the filter", lambda: filter_of(page) == {"sources": ["demo-facts"]}, 10)
    wait_for("what the server makes of it", lambda: agrees(page), 10)
    assert shown(page) > 0
    page.keyboard.press("Escape")
    field.fill("no such thing")
    expect(page.get_by_text("No such source")).to_be_visible()
    # many a thing is told of by the register and by the exercise: it passes by either of them
    both = page.evaluate(
        f"[...{STATE}.picture.byId.values()].filter((t) => (t.sources || []).includes('reference')"
        " && t.sources.includes('demo-facts')).length"
    )
    assert both > 0


def test_the_cyber_filter_leaves_the_cyber_objects_and_what_they_affect(
    system: System, officer: BrowserContext
) -> None:
    page = visit(officer, system, "&domain=cyber")
    assert {t["domain"] for t in passing(page)} == {"cyber"}
    told = {"subject": "system:SYS-302", "effect": "close", "reason": "no answer", "for_min": 30}
    status, inject = system.send("POST", "/api/v1/exercises/demo/injects", told)
    assert status == 201, inject
    try:
        wait_for("the ports and crossings", lambda: {"port:P01", "crossing:XB10"} <= ids(page), 10)
        assert {t["layer"] for t in passing(page)} == {"systems", "incidents", "crossings", "ports"}
        wait_for("the count", lambda: page.locator("#n-domain-cyber").inner_text() == str(shown(page)), 10)
        wait_for("what the server makes of it", lambda: agrees(page), 10)
        features = system.get(f"/api/v1/picture?world={DEMO}&domain=cyber")["features"]
        assert {feature["id"] for feature in features} == ids(page)
        hint = page.locator("#filter-domain, #filters").locator("[title*='degraded now']")
        expect(hint.first).to_contain_text("Cyber")
    finally:
        system.send("DELETE", f"/api/v1/exercises/demo/injects/{inject['serial']}")
    wait_for("the cyber objects alone", lambda: {t["domain"] for t in passing(page)} == {"cyber"}, 10)


def passing(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(
        f"[...{STATE}.picture.byId.values()].filter((t) => cop.picture.matches(t, {STATE}.filter, cop.page.now()))"
    )
    return found


def ids(page: Page) -> set[str]:
    return {thing["id"] for thing in passing(page)}


# -- together ----------------------------------------------------------------------------------------------------------


def test_filters_combine_and_each_count_is_what_its_switch_would_show(system: System, officer: BrowserContext) -> None:
    page = visit(officer, system, f"&domain=land,maritime&nation=LV&area={GULF}")
    wait_for("what the server makes of it", lambda: agrees(page), 20)
    for switch, more in (
        ("n-nation-EE", {"nation": "EE"}),
        ("n-domain-air", {"domain": "air"}),
        ("n-state-open", {"state": "open"}),
    ):

        def told(switch: str = switch, more: dict[str, str] = more) -> bool:
            things, now = page.evaluate(f"[[...{STATE}.picture.byId.values()], cop.page.now()]")
            wanted = sieve(query_of(page) | more)
            number = len([each for each in things if wanted.passes(each, now)])
            return page.locator(f"#{switch}").inner_text() == str(number)

        wait_for(f"the count of {switch}", told, 10)
    before = shown(page)
    page.locator("#filter-text").fill("riga")
    wait_for("fewer", lambda: query_of(page).get("q") == "riga" and shown(page) < before and agrees(page), 10)


def test_the_address_opened_elsewhere_gives_the_same_view(
    system: System, officer: BrowserContext, other: BrowserContext
) -> None:
    view = (
        f"&domain=land,maritime,cyber&nation=LV,EE&state=closed,restricted,open,unknown&verdict=go,caution,no-go,unknown"
        f"&origin=simulated&source=demo-convoys,demo-facts&hide=rail,vessels&age=600&q=c&area={GULF}"
        "&sel=convoy:C01&lat=57.1000&lon=24.2000&z=8&theme=light&tab=conflicts&table=convoys"
    )
    page = visit(officer, system, view)
    page.wait_for_function(f"{STATE}.tab === 'conflicts' && {STATE}.tableLayer === 'convoys'")
    wait_for("the whole address", lambda: query_of(page) == {**told(view), "world": DEMO}, 10)
    expect(page.locator(".area-line")).to_be_attached()
    second = visit(other, system, page.url)
    second.wait_for_function(f"{STATE}.tab === 'conflicts' && {STATE}.tableLayer === 'convoys'")
    expect(second.get_by_role("tab", name=re.compile("^Conflicts"))).to_have_attribute("aria-selected", "true")
    wait_for("the same address", lambda: query_of(second) == query_of(page), 10)
    assert filter_of(second) == filter_of(page)
    for kept in ("selected", "theme", "tab", "tableLayer"):
        assert second.evaluate(f"{STATE}.{kept}") == page.evaluate(f"{STATE}.{kept}"), kept
    assert second.evaluate(f"{STATE}.map.getZoom()") == 8
    assert page.complaints == second.complaints == []  # type: ignore[attr-defined]


def told(query: str) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(query).items()}


def test_back_leads_to_the_page_before_and_forward_to_the_view_again(system: System, officer: BrowserContext) -> None:
    page = visit(officer, system)
    page.locator("#n-domain-air").click()
    wait_for("the address", lambda: query_of(page).get("domain") == "air", 10)
    page.goto(f"{system.url}/feeds?world={DEMO}")
    page.go_back()
    page.wait_for_function(f"{STATE}.filter !== null && {STATE}.filter.domains")
    assert filter_of(page) == {"domains": ["air"]}
    page.go_forward()
    expect(page.locator("#feeds-grid")).to_be_visible()


def test_clear_filters_can_be_undone_by_mouse_and_by_keys(system: System, officer: BrowserContext) -> None:
    page = visit(officer, system, f"&domain=land&verdict=no-go&source=demo-convoys&age=45&q=c0&hide=rail&area={GULF}")
    before = filter_of(page)
    assert before.keys() == {"domains", "verdicts", "sources", "age", "text", "layers", "area"}
    expect(page.locator("#clear-undo")).to_be_hidden()
    page.locator("#clear").click()
    wait_for("nothing is filtered", lambda: filter_of(page) == {}, 10)
    assert not {"domain", "verdict", "source", "age", "q", "hide", "area"} & query_of(page).keys()
    page.locator("#clear-undo").click()
    wait_for("all as it was", lambda: filter_of(page) == before, 10)
    expect(page.locator("#clear-undo")).to_be_hidden()
    page.locator("#clear").focus()
    page.keyboard.press("Enter")
    wait_for("nothing is filtered", lambda: filter_of(page) == {}, 10)
    page.wait_for_timeout(500)  # the fields for typing tell what stands in them a little later
    page.keyboard.press("Control+z")
    wait_for("all as it was", lambda: filter_of(page) == before, 10)


# -- the area ----------------------------------------------------------------------------------------------------------


def at(page: Page, x: float, y: float) -> tuple[float, float]:
    """A point of the window, by its share of the map."""
    box = page.locator("#map").bounding_box()
    assert box is not None
    return box["x"] + box["width"] * x, box["y"] + box["height"] * y


def test_a_polygon_is_drawn_by_mouse_while_the_map_can_still_be_dragged(
    system: System, officer: BrowserContext
) -> None:
    page = visit(officer, system)
    unfold(page, "area")
    expect(page.locator("#area-clear")).to_be_hidden()
    page.locator("#area-polygon").click()
    expect(page.locator("#area-said")).to_contain_text("Click the first corner")
    page.mouse.click(*at(page, 0.3, 0.3))
    before = page.evaluate(f"{STATE}.map.getCenter().lng")
    page.mouse.move(*at(page, 0.6, 0.6))
    page.mouse.down()
    page.mouse.move(*at(page, 0.5, 0.6), steps=5)
    page.mouse.up()
    page.wait_for_function(f"{STATE}.map.getCenter().lng > {before} + 0.1")
    for x, y in ((0.7, 0.3), (0.7, 0.7), (0.3, 0.7)):
        page.mouse.click(*at(page, x, y))
    expect(page.locator(".area-corner")).to_have_count(4)
    page.locator("#area-finish").click()
    wait_for("the area", lambda: len(filter_of(page).get("area", [])) == 4, 10)
    assert page.evaluate(f"{STATE}.selected") is None, "the clicks chose nothing"
    expect(page.locator("#set-area")).to_have_text(re.compile(r"^Polygon of 4 corners, \d+ km²$"))
    expect(page.locator(".area-line")).to_be_attached()
    expect(page.locator("#area-strip")).to_have_count(0)
    wait_for("what the server makes of it", lambda: agrees(page), 10)
    features = system.get(f"/api/v1/picture?{urlsplit(page.url).query}")["features"]
    assert abs(len(features) - shown(page)) <= 3, "the same but for what crosses the edge just now"
    page.locator("#area-clear").click()
    wait_for("no area", lambda: "area" not in filter_of(page), 10)
    expect(page.locator(".area-line")).to_have_count(0)


def test_a_box_is_drawn_by_keys_alone(system: System, officer: BrowserContext) -> None:
    page = visit(officer, system)
    unfold(page, "area")
    page.locator("#area-box").focus()
    page.keyboard.press("Enter")
    first = page.evaluate(f"[{STATE}.map.getCenter().lng, {STATE}.map.getCenter().lat]")
    page.keyboard.press("Enter")
    expect(page.locator("#area-said")).to_contain_text("opposite corner")
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    second = page.evaluate(f"[{STATE}.map.getCenter().lng, {STATE}.map.getCenter().lat]")
    page.keyboard.press("Enter")
    wait_for("the area", lambda: "area" in filter_of(page), 10)
    area = filter_of(page)["area"]
    assert area[0] == pytest.approx(first, abs=1e-4)
    assert area[2] == pytest.approx(second, abs=1e-4)
    assert [area[1][0], area[1][1]] == [area[2][0], area[0][1]]
    expect(page.locator("#set-area")).to_have_text(re.compile(r"^Box, \d+ × \d+ km$"))
    assert page.evaluate(f"{STATE}.selected") is None
    wait_for("what the server makes of it", lambda: agrees(page), 10)


def test_escape_ends_the_drawing_and_backspace_takes_a_corner_back(system: System, officer: BrowserContext) -> None:
    page = visit(officer, system, f"&area={GULF}&sel=bridge:B15")
    before = filter_of(page)
    page.locator("#area-polygon").click()
    page.mouse.click(*at(page, 0.4, 0.4))
    page.mouse.click(*at(page, 0.6, 0.4))
    expect(page.locator(".area-corner")).to_have_count(2)
    page.keyboard.press("Backspace")
    expect(page.locator(".area-corner")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#area-strip")).to_have_count(0)
    assert filter_of(page) == before
    assert page.evaluate(f"{STATE}.selected") == "bridge:B15", "Escape ended the drawing and nothing else"
    page.keyboard.press("Escape")
    page.wait_for_function(f"{STATE}.selected === null")


def test_an_address_that_cannot_be_read_is_said_and_filters_nothing_by_it(
    system: System, officer: BrowserContext
) -> None:
    page = visit(officer, system, "&area=24,57;25,57&age=old")
    expect(page.locator("#area-trouble")).to_contain_text("three or more corners")
    assert filter_of(page) == {}


def test_what_grows_old_or_leaves_the_area_goes_from_the_table_by_itself(
    system: System, officer: BrowserContext
) -> None:
    page = visit(officer, system, "&hide=roads&age=1")
    wait_for(
        "table and count agree", lambda: re.match(rf"{shown(page)} row", page.locator("#table-count").inner_text()), 10
    )
    page.evaluate(
        f"{{ const t = [...{STATE}.picture.byId.values()].find((t) => t.layer === 'bridges' && t.at);"
        " t.at = cop.page.now() - 58000; window.old = t.id; }"
    )
    page.wait_for_function(f"{STATE}.picture.byId.get(window.old).at < cop.page.now() - 60000")
    wait_for(
        "table and count agree", lambda: re.match(rf"{shown(page)} row", page.locator("#table-count").inner_text()), 10
    )


# -- the screen --------------------------------------------------------------------------------------------------------


def test_the_bar_fits_1080_lines_and_folded_groups_say_what_is_set(system: System, officer: BrowserContext) -> None:
    page = visit(officer, system)
    page.wait_for_timeout(500)
    fits = page.evaluate(
        "[document.querySelector('#filters').scrollHeight, document.querySelector('#filters').clientHeight]"
    )
    assert fits[0] <= fits[1]
    page.locator("#n-domain-air").click()
    page.locator("details:has(> summary > #set-domain) > summary").click()
    expect(page.locator("#set-domain")).to_have_text("air")
    assert json.loads(page.evaluate("JSON.stringify([document.documentElement.scrollWidth <= innerWidth])")) == [True]
