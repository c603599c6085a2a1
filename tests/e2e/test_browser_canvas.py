"""Does the canvas draw what is there, where it is, tell it apart, and let one choose it, without stopping the page?"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import dash_leaflet as leaflet
import pytest
import uvicorn
from dash import Dash, html
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser import ASSETS, PARTS, Site
from tests.pictures import NOW, delta, moved, snapshot, thing, vessel

SETUP = """([center, zoom]) => {
  self.map = L.map('map', { zoomControl: false, attributionControl: false, zoomAnimation: false })
    .setView(center, zoom);
  self.picture = cop.picture.create();
  self.tell = (frame) => cop.canvas.show(picture, cop.picture.apply(picture, frame), frame.now);
  self.idle = () => !cop.canvas.stats().busy && cop.canvas.stats().frames > 0;
  self.pixel = (lon, lat, dx = 0, dy = 0) => {
    const { front, view } = cop.canvas.screens.get(map);
    const at = map.latLngToLayerPoint([lat, lon]).subtract(view.corner);
    const x = Math.round((at.x + dx) * view.dpr);
    const y = Math.round((at.y + dy) * view.dpr);
    return [...front.getContext('2d').getImageData(x, y, 1, 1).data];
  };
  self.place = (lon, lat) => map.latLngToContainerPoint([lat, lon]);
  self.selects = [];
  self.hovers = [];
  cop.canvas.on('select', (thing) => selects.push(thing && thing.id));
  cop.canvas.on('hover', (thing) => hovers.push(thing && thing.id));
}"""


@pytest.fixture(scope="module")
def sailor(browser: Browser) -> Iterator[BrowserContext]:
    """Someone with a mouse, keys and a finger."""
    made = browser.new_context(viewport={"width": 1000, "height": 700}, has_touch=True)
    yield made
    made.close()


@pytest.fixture
def chart(sailor: BrowserContext, module_site: Site) -> Iterator[Page]:
    """A map of the middle of the Baltic states with the canvas on it."""
    page = sailor.new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.goto(f"{module_site.url}/map")
    page.evaluate(SETUP, [[56.9, 24.1], 9])
    yield page
    page.close()
    assert failures == []


def tell(page: Page, frame: dict[str, Any]) -> None:
    """Give a frame to the canvas and wait until it is drawn."""
    page.evaluate("(frame) => tell(frame)", frame)
    settle(page)


def settle(page: Page) -> None:
    page.wait_for_function("() => idle()")


def pixel(page: Page, *where: float) -> list[int]:
    found: list[int] = page.evaluate("(where) => pixel(...where)", list(where))
    return found


def click(page: Page, lon: float, lat: float) -> None:
    at = page.evaluate("([lon, lat]) => place(lon, lat)", [lon, lat])
    page.mouse.click(at["x"], at["y"])


def test_a_thing_is_drawn_where_it_is_also_after_zoom_and_drag(chart: Page) -> None:
    tell(chart, snapshot(thing(1)))
    assert pixel(chart, 23.7, 56.65, 8, 4)[3] == 255
    assert pixel(chart, 23.9, 56.75)[3] == 0
    for change in (
        "map.setZoomAround([56.66, 23.71], 11)",
        "map.setView([56.66, 23.72], 10)",
        "map.panBy([90, -60], { animate: false })",
    ):
        chart.evaluate(f"() => {{ {change} }}")
        settle(chart)
        assert pixel(chart, 23.7, 56.65, 8, 4)[3] == 255, change


def test_the_zoom_animation_carries_the_drawing_along(sailor: BrowserContext, module_site: Site) -> None:
    page = sailor.new_page()
    page.goto(f"{module_site.url}/map")
    page.evaluate(SETUP.replace("zoomAnimation: false", "zoomAnimation: true"), [[56.9, 24.1], 9])
    tell(page, snapshot(thing(1)))
    page.evaluate("() => map.setZoom(10)")
    page.wait_for_function("() => cop.canvas.screens.get(map).front.style.transform.includes('scale(2)')")
    settle(page)
    page.wait_for_function("() => cop.canvas.screens.get(map).view.zoom === 10")
    assert "scale" not in page.evaluate("() => cop.canvas.screens.get(map).front.style.transform")
    assert pixel(page, 23.7, 56.65, 8, 4)[3] == 255


def test_a_dot_stands_for_a_symbol_that_cannot_be_had(chart: Page) -> None:
    chart.route("**/symbols/**", lambda route: route.fulfill(status=404, body=""))
    tell(chart, snapshot(thing(1, sym="not/there")))
    assert pixel(chart, 23.7, 56.65)[3] == 255


def test_a_click_and_a_touch_select_and_the_empty_map_clears(chart: Page) -> None:
    tell(chart, snapshot(thing(1), vessel(2)))
    click(chart, 23.7, 56.65)
    assert chart.evaluate("() => cop.canvas.selected()") == "bridge:LV:B01"
    assert chart.locator(".cop-ring").is_visible()
    at = chart.evaluate("() => place(23.6, 57.4)")
    chart.touchscreen.tap(at["x"] + 15, at["y"])
    chart.wait_for_function("() => cop.canvas.selected() === 'vessel:2'")
    click(chart, 24.8, 56.9)
    assert chart.evaluate("() => cop.canvas.selected()") is None
    assert chart.evaluate("() => selects") == ["bridge:LV:B01", "vessel:2", None]


def test_a_line_is_hit_along_its_length(chart: Page) -> None:
    road = thing(1, id="road:A8", path=[[23.5, 56.6], [23.9, 56.8], [24.1, 56.8]], sym="", state="closed")
    del road["lon"], road["lat"]
    tell(chart, snapshot(road))
    assert pixel(chart, 24.0, 56.8)[3] == 255
    click(chart, 24.0, 56.8)
    assert chart.evaluate("() => cop.canvas.selected()") == "road:A8"


def test_hovering_says_what_it_is_as_text(chart: Page) -> None:
    tell(chart, snapshot(thing(1, name="<b>Driksa</b>", why="ice", state="closed", origin="simulated")))
    at = chart.evaluate("() => place(23.7, 56.65)")
    chart.mouse.move(at["x"], at["y"])
    chart.wait_for_function("() => hovers.length === 1")
    assert chart.locator(".cop-tip").inner_text().split("\n") == [
        "<b>Driksa</b>",
        "closed: ice",
        "test, 0 s ago",
        "SIMULATED",
    ]
    chart.mouse.move(at["x"] + 200, at["y"])
    chart.wait_for_function("() => hovers.at(-1) === null")
    assert chart.locator(".cop-tip").is_hidden()


def test_the_page_selects_without_being_told_so(chart: Page) -> None:
    tell(chart, snapshot(thing(1, lon=27.0, lat=58.9)))
    chart.evaluate("() => cop.canvas.select('bridge:LV:B01', { pan: true })")
    chart.wait_for_function("() => map.getBounds().contains([58.9, 27.0])")
    assert chart.evaluate("() => selects") == []


def test_keys_go_from_thing_to_thing(chart: Page) -> None:
    names = {"west": (23.7, 56.9), "middle": (24.1, 56.92), "east": (24.5, 56.9), "north": (24.1, 57.2)}
    tell(chart, snapshot(*(thing(n, id=f"x:{k}", lon=p[0], lat=p[1]) for n, (k, p) in enumerate(names.items(), 1))))
    chart.evaluate("() => map.getContainer().focus()")
    said = []
    for pressed in ("Enter", "ArrowRight", "ArrowLeft", "ArrowLeft", "Tab", "ArrowUp"):
        chart.keyboard.press(pressed)
        said.append(chart.evaluate("() => hovers.at(-1)"))
    assert said == ["x:middle", "x:east", "x:middle", "x:west", "x:middle", "x:north"]
    chart.keyboard.press("Enter")
    assert chart.evaluate("() => selects") == ["x:north"]
    chart.keyboard.press("Escape")
    assert chart.evaluate("() => [hovers.at(-1), cop.canvas.selected()]") == [None, "x:north"]
    chart.keyboard.press("Escape")
    assert chart.evaluate("() => selects") == ["x:north", None]


def test_keys_leave_the_map_at_the_end_and_pan_it_where_nothing_is(chart: Page) -> None:
    tell(chart, snapshot(thing(1, lon=24.1, lat=56.9)))
    chart.evaluate(
        "() => document.body.append(Object.assign(document.createElement('button'), { id: 'after', textContent: 'x' }))"
    )
    chart.evaluate("() => map.getContainer().focus()")
    before = chart.evaluate("() => map.getCenter().lng")
    chart.keyboard.press("Enter")
    chart.keyboard.press("ArrowRight")
    chart.wait_for_function("(lng) => map.getCenter().lng > lng", arg=before)
    chart.keyboard.press("Tab")
    assert chart.evaluate("() => document.activeElement.id") == "after"


def test_the_filter_hides_from_sight_and_touch(chart: Page) -> None:
    tell(chart, snapshot(thing(1), vessel(2)))
    chart.evaluate("() => cop.canvas.setFilter({ domains: ['maritime'] })")
    settle(chart)
    assert pixel(chart, 23.7, 56.65, 8, 4)[3] == 0
    assert chart.evaluate("() => cop.canvas.stats().drawn") == 1
    click(chart, 23.7, 56.65)
    assert chart.evaluate("() => cop.canvas.selected()") is None
    chart.evaluate("() => cop.canvas.setFilter(null)")
    settle(chart)
    assert pixel(chart, 23.7, 56.65, 8, 4)[3] == 255


def test_a_silent_track_turns_pale_by_the_clock_alone_and_stays(chart: Page) -> None:
    tell(chart, snapshot(vessel(1)))
    fresh = pixel(chart, 23.6, 57.4, 5, 8)[3]
    tell(chart, delta(now=NOW + 119_000))
    assert pixel(chart, 23.6, 57.4, 5, 8)[3] == fresh == 255
    tell(chart, delta(now=NOW + 121_000))
    assert 90 <= pixel(chart, 23.6, 57.4, 5, 8)[3] <= 140
    assert chart.evaluate("() => cop.canvas.stats().drawn") == 1


def test_a_dot_says_that_it_is_simulated_or_injected_as_symbols_do(chart: Page) -> None:
    chart.route("**/symbols/**", lambda route: route.fulfill(status=404, body=""))
    places = {"observed": 23.5, "simulated": 23.9, "injected": 24.3}
    tell(chart, snapshot(*(thing(n, id=f"x:{o}", lon=x, origin=o) for n, (o, x) in enumerate(places.items(), 1))))
    tags = {
        origin: chart.evaluate(
            """(lon) => {
            let count = 0;
            for (let dx = -30; dx <= 0; dx++) for (let dy = -30; dy <= 0; dy++) {
              const [r, g, b, a] = pixel(lon, 56.65, dx, dy);
              if (a > 200 && r > 150 && g < 120 && b > 200) count++;
            }
            return count;
          }""",
            lon,
        )
        for origin, lon in places.items()
    }
    assert tags["observed"] == 0
    assert tags["simulated"] > 20
    assert tags["injected"] > 20


def test_every_state_has_a_badge_of_its_own(chart: Page) -> None:
    states = ["open", "restricted", "degraded", "closed", "unknown"]
    tell(chart, snapshot(*(thing(n, id=f"x:{s}", lon=23.2 + 0.3 * n, state=s) for n, s in enumerate(states, 1))))
    chart.evaluate("() => cop.canvas.setOptions({ labels: false })")
    settle(chart)
    shapes = {
        state: chart.evaluate(
            """(lon) => {
            const rows = [];
            for (let dy = 4; dy < 26; dy++) {
              let row = '';
              for (let dx = 6; dx < 34; dx++) row += pixel(lon, 56.65, dx, dy)[3] > 128 ? '#' : ' ';
              rows.push(row);
            }
            return rows.join('\\n');
          }""",
            23.2 + 0.3 * n,
        )
        for n, state in enumerate(states, 1)
    }
    assert len({shapes[state] for state in ("open", "restricted", "degraded", "closed")}) == 4


def test_what_has_just_turned_red_is_ringed_for_a_minute_and_a_reconnect_is_not_news(chart: Page) -> None:
    ringed = "() => Math.max(...[25, 26, 27, 28, 29, 30].map((d) => pixel(23.7, 56.65, 0, -d)[3]))"
    tell(chart, snapshot(thing(1), thing(2, id="x:far", lon=24.5)))
    chart.evaluate("() => cop.canvas.setOptions({ labels: false })")
    settle(chart)
    assert chart.evaluate(ringed) == 0
    tell(chart, delta(put=[thing(1, state="closed")]))
    assert chart.evaluate(ringed) == 255
    tell(chart, delta(now=NOW + 62_000))
    assert chart.evaluate(ringed) == 0
    tell(chart, snapshot(thing(1, state="closed"), thing(2, id="x:far", lon=24.5, state="closed"), now=NOW + 63_000))
    assert chart.evaluate(ringed) == 0


def test_labels_never_touch_and_the_worst_come_first(chart: Page) -> None:
    dice = random.Random(3)
    states = ["open", "open", "open", "closed", "restricted"]
    things = [
        thing(
            n, label=f"B{n:03} Pärnu", state=states[n % 5], lon=dice.uniform(23.2, 25.0), lat=dice.uniform(56.5, 57.3)
        )
        for n in range(1, 301)
    ]
    chart.evaluate("() => { cop.basemap = { places: () => [{ name: 'Rīga', lon: 24.105, lat: 56.949 }] }; }")
    tell(chart, snapshot(*things))
    labels = chart.evaluate("() => cop.canvas.stats().labels")
    for n, a in enumerate(labels):
        for b in labels[n + 1 :]:
            apart = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
            assert apart or a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"], (a, b)
    shown = [int(label["id"].removeprefix("bridge:LV:B")) for label in labels if label["id"]]
    share = {state: sum(states[n % 5] == state for n in shown) / states.count(state) for state in set(states)}
    assert share["closed"] > share["restricted"] > share["open"]


def test_names_of_towns_are_written_as_soon_as_the_basemap_has_them(chart: Page) -> None:
    tell(chart, snapshot(thing(1)))
    chart.evaluate(
        """() => {
        cop.basemap = { places: () => [{ name: 'Rīga', lon: 24.105, lat: 56.949 }] };
        L.layerGroup().addTo(map).fire('basemapready');
      }"""
    )
    chart.wait_for_function("() => cop.canvas.stats().labels.some((label) => label.text === 'Rīga')")


def test_twenty_thousand_tracks_are_drawn_in_slices_and_only_where_one_looks(chart: Page) -> None:
    chart.evaluate("() => map.setView([56.9, 24.3], 6)")
    chart.evaluate(
        """(like) => {
        const put = [];
        for (let h = 1; h <= 20000; h++) { // spread evenly by steps of irrational length
          const [lon, lat] = [20.5 + 8 * ((h * Math.SQRT2) % 1), 53.8 + 5.9 * ((h * Math.sqrt(3)) % 1)];
          put.push({ ...like, h, id: `vessel:${h}`, label: `V${h}`, lon, lat });
        }
        tell({ k: 'snapshot', w: 'real', now: like.at, put });
      }""",
        vessel(1),
    )
    settle(chart)
    told = chart.evaluate("() => cop.canvas.stats()")
    assert told["marks"] == told["tracks"] == told["drawn"] == 20_000
    assert told["dots"] is True
    assert told["slices"] > 3 * told["frames"], "a drawing takes many slices"
    chart.evaluate("() => map.setView([56.9, 24.3], 11)")
    settle(chart)
    near = chart.evaluate("() => cop.canvas.stats()")
    assert near["dots"] is False
    assert 0 < near["drawn"] <= near["looked"] < 2_000, "what is out of view is not even looked at"


def test_nothing_is_drawn_when_nothing_that_can_be_seen_has_changed(chart: Page) -> None:
    tell(chart, snapshot(vessel(1), vessel(2, lon=21.0, lat=55.7)))
    before = chart.evaluate("() => cop.canvas.stats().frames")
    tell(chart, delta(now=NOW + 1_000))
    tell(chart, delta(move=moved(2, 21.3, 55.8), now=NOW + 2_000))
    tell(chart, delta(move=moved(1, 23.60001, 57.4), now=NOW + 3_000))
    tell(chart, delta(put=[thing(3, lon=21.0, lat=55.7)], now=NOW + 4_000))
    after = chart.evaluate("() => cop.canvas.stats()")
    assert (after["frames"], after["skipped"]) == (before, 4)
    tell(chart, delta(move=moved(1, 23.65, 57.4), now=NOW + 5_000))
    assert chart.evaluate("() => cop.canvas.stats().frames") == before + 1


def test_slow_movers_are_redrawn_once_their_steps_add_up(chart: Page) -> None:
    tell(chart, snapshot(vessel(1)))
    before = chart.evaluate("() => cop.canvas.stats().frames")
    for n in range(1, 11):
        tell(chart, delta(move=moved(1, 23.6 + 0.0005 * n, 57.4), now=NOW + 1000 * n))
    assert before + 1 <= chart.evaluate("() => cop.canvas.stats().frames") <= before + 9


def test_several_maps_show_the_same_picture_and_one_can_go(chart: Page) -> None:
    tell(chart, snapshot(thing(1)))
    chart.evaluate(
        """() => {
        const second = document.createElement('div');
        second.style.cssText = 'position:absolute;left:0;top:0;width:300px;height:300px';
        document.body.append(second);
        self.other = L.map(second, { zoomAnimation: false }).setView([56.65, 23.7], 8);
      }"""
    )
    chart.wait_for_function("() => cop.canvas.stats(other).drawn === 1 && !cop.canvas.stats(other).busy")
    chart.evaluate("() => other.remove()")
    tell(chart, delta(put=[thing(2, lon=24.2, lat=56.9)]))
    assert chart.evaluate("() => [cop.canvas.screens.size, cop.canvas.stats().drawn]") == [1, 2]


def test_the_wall_has_larger_symbols_and_both_themes_have_every_colour(chart: Page) -> None:
    chart.evaluate("() => cop.canvas.setOptions({ labels: false })")
    tell(chart, snapshot(thing(1)))
    assert pixel(chart, 23.7, 56.65, 24, 0)[3] == 0
    chart.evaluate("() => { cop.canvas.setOptions({ scale: 2 }); cop.canvas.setTheme('light'); }")
    settle(chart)
    assert pixel(chart, 23.7, 56.65, 24, 0)[3] == 255
    themes = chart.evaluate("() => Object.values(cop.sprites.THEMES).map((theme) => Object.keys(theme))")
    assert themes[0] == themes[1]


# -- on the page of a component library -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dash_page() -> Iterator[str]:
    """A real Dash page with a dash-leaflet map, with no more of the project than the browser's parts."""
    app = Dash(
        server=FastAPI(),
        assets_folder=str(ASSETS),
        assets_ignore=f"^(?!({'|'.join(re.escape(part) for part in PARTS)})$)",
        serve_locally=True,
    )
    app.layout = html.Div(
        leaflet.MapContainer(id="map", center=[56.9, 24.1], zoom=9, style={"height": "600px"}, children=[])
    )
    server = uvicorn.Server(uvicorn.Config(app.server, port=0, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def test_a_map_of_dash_leaflet_gets_the_canvas_by_itself(sailor: BrowserContext, dash_page: str) -> None:
    page = sailor.new_page()
    page.goto(dash_page)
    page.wait_for_function("() => self.cop && cop.canvas.screens.size === 1")
    page.evaluate(
        """(frame) => {
        const picture = cop.picture.create();
        cop.canvas.show(picture, cop.picture.apply(picture, frame), frame.now);
      }""",
        snapshot(thing(1)),
    )
    page.wait_for_function("() => cop.canvas.stats().drawn === 1")
    assert page.locator("#map .leaflet-cop-pane canvas").count() == 2
    page.close()
