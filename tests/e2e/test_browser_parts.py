"""Do the browser's parts - picture, grid reference, link, canvas - do what they promise, in a real browser?"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import mgrs
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser import Site, launch, serve

NOW = 1_764_000_000_000
VESSEL = "10033000001401000000"
TRUCKS = "10031000151636000000"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = launch(playwright)
        yield running
        running.close()


@pytest.fixture(scope="module")
def parts(browser: Browser) -> Iterator[Page]:
    """A page with the scripts and nothing else, for what is pure."""
    with serve() as site:
        page = browser.new_page()
        page.goto(f"{site.url}/blank")
        yield page
        page.close()


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as running:
        yield running


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One browser as a user has it: its pages share their workers."""
    made = browser.new_context(viewport={"width": 1000, "height": 700}, has_touch=True)
    yield made
    made.close()


def thing(h: int, **more: Any) -> dict[str, Any]:
    """A bridge near Jelgava, or what `more` makes of it."""
    made = {"h": h, "id": f"bridge:LV:B{h:02}", "layer": "bridges", "domain": "land", "name": f"Bridge {h}"}
    made |= {"label": f"B{h:02}", "nations": ["LV"], "sym": TRUCKS, "state": "open", "origin": "observed"}
    return made | {"world": "real", "source": "test", "at": NOW, "lon": 23.7, "lat": 56.65} | more


def vessel(h: int, **more: Any) -> dict[str, Any]:
    """A vessel in the Gulf of Rīga, or what `more` makes of it."""
    made = {"id": f"vessel:{h}", "layer": "vessels", "domain": "maritime", "name": f"Vessel {h}", "label": f"V{h}"}
    made |= {"sym": VESSEL, "state": "unknown", "course": 90, "speed": 7.5, "stale_s": 120, "lon": 23.6, "lat": 57.4}
    return thing(h, **(made | more))


def snapshot(*things: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"k": "snapshot", "w": "real", "now": NOW, "put": list(things)} | more


def delta(**more: Any) -> dict[str, Any]:
    return {"k": "delta", "w": "real", "now": NOW + 1000} | more


def moved(h: int, lon: float, lat: float, course: int = -1, speed: int = -1, age: int = 0) -> dict[str, list[int]]:
    """The columns of one moved thing."""
    return {"h": [h], "x": [round(lon * 1e5)], "y": [round(lat * 1e5)], "c": [course], "s": [speed], "t": [age]}


def wait_until(held: Callable[[], bool], seconds: float = 8.0) -> None:
    """Wait for something outside the browser."""
    end = time.monotonic() + seconds
    while not held():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


# -- the picture ------------------------------------------------------------------------------------------------------

FOLD = """(frames) => {
  const picture = cop.picture.create();
  let change;
  for (const frame of frames) change = cop.picture.apply(picture, frame);
  return {
    ids: [...picture.byId.keys()].sort(),
    things: Object.fromEntries(picture.byId),
    handles: [...picture.byHandle.keys()],
    change: { ...change, put: change.put.map((t) => t.id), moved: change.moved.map((t) => t.id),
              dropped: change.dropped.map((t) => t.id) },
    feeds: [...picture.feeds.values()],
    notices: picture.notices,
    trails: Object.fromEntries(picture.trails),
  };
}"""


def test_a_snapshot_replaces_and_says_so(parts: Page) -> None:
    found = parts.evaluate(FOLD, [snapshot(thing(1), thing(2)), snapshot(thing(3))])
    assert found["ids"] == ["bridge:LV:B03"]
    assert found["handles"] == [3]
    assert found["change"]["reset"] is True


def test_a_delta_puts_moves_and_drops(parts: Page) -> None:
    frames = [
        snapshot(thing(1), vessel(2), thing(3)),
        delta(put=[thing(1, state="closed")], move=moved(2, 23.61, 57.41, 45, 82, 15), drop=[3]),
    ]
    found = parts.evaluate(FOLD, frames)
    assert found["change"]["put"] == ["bridge:LV:B01"]
    assert found["change"]["moved"] == ["vessel:2"]
    assert found["change"]["dropped"] == ["bridge:LV:B03"]
    assert found["things"]["bridge:LV:B01"]["state"] == "closed"
    ship = found["things"]["vessel:2"]
    assert (ship["lon"], ship["lat"], ship["course"], ship["speed"]) == (23.61, 57.41, 45, 8.2)
    assert ship["at"] == NOW + 1000 - 1500


def test_a_move_without_course_and_speed_forgets_the_old_ones(parts: Page) -> None:
    ship = parts.evaluate(FOLD, [snapshot(vessel(1)), delta(move=moved(1, 23.6, 57.4))])["things"]["vessel:1"]
    assert ship.get("course") is None
    assert ship.get("speed") is None


def test_a_handle_or_an_id_that_is_given_anew_leaves_no_double(parts: Page) -> None:
    other_thing = parts.evaluate(FOLD, [snapshot(thing(1)), delta(put=[vessel(1)])])
    assert other_thing["ids"] == ["vessel:1"]
    assert other_thing["change"]["dropped"] == ["bridge:LV:B01"]
    other_handle = parts.evaluate(FOLD, [snapshot(thing(1)), delta(put=[thing(1) | {"h": 9}])])
    assert other_handle["handles"] == [9]


def test_a_delta_of_another_world_changes_nothing(parts: Page) -> None:
    found = parts.evaluate(FOLD, [snapshot(thing(1)), delta(w="exercise/x", put=[thing(2)], drop=[1])])
    assert found["ids"] == ["bridge:LV:B01"]


def test_moves_and_drops_of_strangers_are_nothing(parts: Page) -> None:
    found = parts.evaluate(FOLD, [snapshot(thing(1)), delta(move=moved(7, 24, 57), drop=[8])])
    assert found["ids"] == ["bridge:LV:B01"]
    assert found["change"]["moved"] == []


def test_a_trail_grows_by_real_steps_is_bounded_and_starts_anew_after_a_jump(parts: Page) -> None:
    steps = [delta(move=moved(1, 23.6 + 0.01 * n, 57.4)) for n in range(1, 100)]
    assert len(parts.evaluate(FOLD, [snapshot(vessel(1)), *steps])["trails"]["vessel:1"]) == 2 * 40
    short = parts.evaluate(FOLD, [snapshot(vessel(1)), delta(move=moved(1, 23.6001, 57.4))])
    assert short["trails"] == {}
    jump = parts.evaluate(FOLD, [snapshot(vessel(1)), *steps[:5], delta(move=moved(1, 21.0, 56.0))])
    assert jump["trails"]["vessel:1"] == [21, 56]
    old_rows = parts.evaluate(FOLD, [snapshot(vessel(1), move=moved(1, 23.9, 57.5))])
    assert old_rows["trails"] == {}, "a snapshot's rows may be older than its columns: that is no course sailed"


def test_notices_are_kept_once_and_feeds_by_world_and_source(parts: Page) -> None:
    notice = {"at": NOW, "id": "bridge:LV:B01", "state": "closed", "was": "open", "name": "B01"}
    feed = {"source": "ais", "world": "real", "state": "ok", "nations": ["LV"]}
    frames = [snapshot(feeds=[feed], notices=[notice]), delta(feeds=[feed | {"state": "late"}], notices=[notice])]
    found = parts.evaluate(FOLD, frames)
    assert [each["state"] for each in found["feeds"]] == ["late"]
    assert found["notices"] == [notice]
    assert found["change"]["notices"] == []
    many = [delta(notices=[notice | {"at": NOW + n}]) for n in range(300)]
    assert len(parts.evaluate(FOLD, [snapshot(), *many])["notices"]) == 200


def test_any_split_into_snapshots_and_deltas_gives_the_same_picture(parts: Page) -> None:
    failed = parts.evaluate(
        """() => {
        let seed = 1;
        const random = (n) => Math.floor(((seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648) * n);
        const state = () => ['open', 'closed', 'restricted', 'unknown'][random(4)];
        const step = (n) => {
          const h = 1 + random(12);
          const frame = { k: 'delta', w: 'real', now: 1e12 + n * 200 };
          const kind = random(4);
          if (kind === 0) frame.drop = [h];
          else if (kind === 1) frame.put = [{ h, id: 't:' + random(9), state: state(), lon: random(9), lat: 50, at: 1e12 }];
          else frame.move = { h: [h], x: [random(1e6)], y: [5e6 + random(1e6)], c: [random(360)], s: [random(99) - 1],
                              t: [random(20)] };
          return frame;
        };
        const told = (picture) => JSON.stringify([...picture.byHandle.entries()].sort((a, b) => a[0] - b[0]));
        const fold = (picture, frames) => {
          for (const frame of frames) cop.picture.apply(picture, structuredClone(frame));
          return picture;
        };
        const fresh = () => fold(cop.picture.create(), [{ k: 'snapshot', w: 'real', now: 1e12, put: [] }]);
        const failed = [];
        for (let round = 0; round < 200; round++) {
          const frames = Array.from({ length: 40 }, (_, n) => step(n));
          const whole = told(fold(fresh(), frames));
          const cut = random(frames.length);
          const before = fold(fresh(), frames.slice(0, cut));
          const resumed = fold(cop.picture.create(), [cop.picture.snapshot(before, 'test'), ...frames.slice(cut)]);
          if (told(resumed) !== whole) failed.push(['snapshot', round]);
          const again = fold(fold(fresh(), frames), frames.slice(-1));
          if (told(again) !== whole) failed.push(['repeat', round]);
          const ids = [...fold(fresh(), frames).byHandle.values()].map((t) => t.id);
          if (new Set(ids).size !== ids.length) failed.push(['double', round]);
        }
        return failed;
      }"""
    )
    assert failed == []


MATCH = "([thing, filter]) => cop.picture.matches(thing, filter, 0)"
MATCHES = [
    (None, True),
    ({}, True),
    ({"domains": None, "text": ""}, True),
    ({"domains": []}, False),
    ({"domains": ["air", "land"]}, True),
    ({"nations": ["EE", "LT"]}, False),
    ({"nations": ["LV"]}, True),
    ({"nations": [""]}, False),
    ({"states": ["closed"]}, False),
    ({"origins": ["observed"]}, True),
    ({"layers": ["bridges"], "ids": ["bridge:LV:B01"]}, True),
    ({"ids": ["bridge:LV:B02"]}, False),
    ({"text": "siauliai"}, True),
    ({"text": "ŠIAULIAI bridge"}, True),
    ({"text": "lielupe 44"}, True),
    ({"text": "siauliai tallinn"}, False),
]


@pytest.mark.parametrize(("given", "passes"), MATCHES)
def test_filter(parts: Page, given: dict[str, Any] | None, passes: bool) -> None:
    bridge = thing(1, name="Bridge to Šiauliai", cells={"river": "Lielupe", "mlc": 44})
    assert parts.evaluate(MATCH, [bridge, given]) is passes


def test_a_thing_passes_by_any_of_its_nations_and_one_without_by_the_empty_name(parts: Page) -> None:
    crossing = thing(1, nations=["LT", "LV"])
    assert parts.evaluate(MATCH, [crossing, {"nations": ["LT"]}])
    assert parts.evaluate(MATCH, [thing(2, nations=[]), {"nations": ["LT", ""]}])


@pytest.mark.parametrize(
    ("told", "light"),
    [
        ({"state": "open"}, "green"),
        ({"state": "restricted"}, "amber"),
        ({"state": "degraded"}, "amber"),
        ({"state": "closed"}, "red"),
        ({"state": "unknown"}, "unknown"),
        ({"state": "of another kind"}, "unknown"),
        ({"state": "open", "stale_s": 60, "at": NOW - 61_000}, "unknown"),
        ({"state": "open", "stale_s": 60, "at": NOW - 59_000}, "green"),
        ({"state": "closed", "stale_s": 60, "at": NOW - 61_000}, "red"),
        ({"state": "unknown", "speed": 3.0}, "none"),
    ],
)
def test_light(parts: Page, told: dict[str, Any], light: str) -> None:
    assert parts.evaluate("([thing, now]) => cop.picture.light(thing, now)", [thing(1, **told), NOW]) == light


def test_counts_by_domain_nation_layer_and_state(parts: Page) -> None:
    frame = snapshot(
        thing(1),
        thing(2, state="closed", nations=["LV", "LT"]),
        thing(3, state="open", stale_s=10, at=NOW - 60_000),
        vessel(4),
    )
    found = parts.evaluate(
        """(frame) => {
        const picture = cop.picture.create();
        cop.picture.apply(picture, frame);
        return cop.picture.counts(picture, null, frame.now);
      }""",
        frame,
    )
    assert found["total"] == 4
    assert found["stale"] == 1
    assert found["domain"]["land"] == {"n": 3, "red": 1, "amber": 0, "green": 1, "unknown": 1}
    assert found["domain"]["maritime"] == {"n": 1, "red": 0, "amber": 0, "green": 0, "unknown": 0}
    assert found["nation"]["LT"]["red"] == found["nation"]["LV"]["red"] == 1
    assert found["layer"] == {"bridges": 3, "vessels": 1}
    assert found["state"] == {"open": 2, "closed": 1, "unknown": 1}


def test_feeds_by_nation_count_the_silence_themselves(parts: Page) -> None:
    feed = {"source": "a", "world": "real", "origin": "observed", "nations": ["LV"], "state": "ok", "stale_s": 60}
    feeds = [
        feed | {"newest": NOW - 5_000, "heard": NOW - 4_000},
        feed | {"source": "b", "newest": NOW - 61_000, "heard": NOW - 9_000},
        feed | {"source": "c", "nations": ["EE"], "state": "failed", "heard": NOW - 3_600_000, "origin": "simulated"},
    ]
    found = parts.evaluate("([feeds, now]) => cop.picture.feedsByNation(feeds, now)", [feeds, NOW])
    rows = {row["nation"]: row for row in found}
    assert list(rows) == ["EE", "LV", "LT"]
    assert (rows["LV"]["state"], rows["LV"]["ok"], rows["LV"]["late"], rows["LV"]["silence"]) == ("late", 1, 1, 4_000)
    assert (rows["EE"]["state"], rows["EE"]["simulated"]) == ("failed", True)
    assert (rows["LT"]["state"], rows["LT"]["silence"]) == ("failed", None)


@pytest.mark.parametrize(
    ("told", "live"),
    [
        ({"lastHeard": None, "now": NOW}, False),
        ({"lastHeard": NOW - 9_000, "now": NOW}, True),
        ({"lastHeard": NOW - 10_001, "now": NOW}, False),
        ({"lastHeard": NOW - 500, "now": NOW, "lag": 11_000}, False),
        ({"lastHeard": NOW + 3_600_000, "now": NOW}, False),
    ],
)
def test_liveness(parts: Page, told: dict[str, Any], live: bool) -> None:
    assert parts.evaluate("(told) => cop.picture.liveness(told).live", told) is live


def test_ages_and_times_read_as_people_say_them(parts: Page) -> None:
    ages = {0: "0 s", 12_400: "12 s", 200_000: "3 min", 7_500_000: "2 h 5 min", 7_200_000: "2 h", 4 * 86_400_000: "4 d"}
    assert parts.evaluate("(all) => all.map((ms) => cop.time.age(ms))", list(ages)) == list(ages.values())
    assert parts.evaluate("() => cop.time.age(null)") == "?"
    assert parts.evaluate("(at) => cop.time.utc(at)", NOW) == "2025-11-24 16:00:00Z"
    assert parts.evaluate("(at) => cop.time.local(at)", NOW) == "2025-11-24 18:00:00 EET"
    assert parts.evaluate("() => cop.time.local(Date.UTC(2026, 6, 1, 21, 30))") == "2026-07-02 00:30:00 EEST"


# -- the grid reference -----------------------------------------------------------------------------------------------


def test_mgrs_agrees_with_the_reference_program(parts: Page) -> None:
    """To the metre: digits are cut, and the reference's shorter series is half a millimetre off at a cut."""
    dice = random.Random(5)
    points = [(dice.uniform(20, 29), dice.uniform(53.5, 60)) for _ in range(200)]
    points += [(24.0, 56.9), (23.999999, 56.9), (26.5, 56.0), (30.01, 59.9), (17.99, 54.0), (12.5, 55.0), (35.9, 50.1)]
    ours = parts.evaluate("(points) => points.map(([lon, lat]) => cop.mgrs(lon, lat, 5))", points)
    reference = mgrs.MGRS()
    for (lon, lat), said in zip(points, ours, strict=True):
        square, easting, northing = said.rsplit(" ", 2)
        theirs = reference.toMGRS(lat, lon)
        assert square.replace(" ", "") == theirs[:5], (lon, lat)
        assert abs(int(easting) - int(theirs[5:10])) <= 1, (lon, lat)
        assert abs(int(northing) - int(theirs[10:15])) <= 1, (lon, lat)


def test_mgrs_digits_and_bounds(parts: Page) -> None:
    metres = parts.evaluate("() => cop.mgrs(24.1052, 56.9496, 5)").split()
    kilometres = parts.evaluate("() => cop.mgrs(24.1052, 56.9496, 2)").split()
    assert metres[:2] == kilometres[:2] == ["35V", "LD"]
    assert [part[:2] for part in metres[2:]] == kilometres[2:]
    assert parts.evaluate("() => cop.mgrs(24, 85, 5)") == ""


def test_latlon_carries_when_it_rounds(parts: Page) -> None:
    assert parts.evaluate("() => cop.latlon(24.108333, 57.00205)") == "57°00.123′N 024°06.500′E"
    assert parts.evaluate("() => cop.latlon(23.9999999, 56.9999999)") == "57°00.000′N 024°00.000′E"
    assert parts.evaluate("() => cop.latlon(-0.5, -33.25)") == "33°15.000′S 000°30.000′W"


# -- the link ---------------------------------------------------------------------------------------------------------

OPEN = """(world) => {
  self.frames = [];
  self.states = [];
  self.link = cop.link.open(world, (frame) => frames.push(frame), (state) => states.push(state));
}"""


def listen(context: BrowserContext, site: Site, world: str = "real") -> Page:
    page = context.new_page()
    page.goto(f"{site.url}/blank")
    page.evaluate(OPEN, world)
    return page


def greet_with_snapshot(site: Site) -> None:
    """As the server does: a snapshot for a stranger, nothing for one that resumes."""
    site.greet = lambda call: [] if call["last"] or call["after"] else [("p.1", snapshot(thing(1), now=now()))]


def now() -> int:
    return time.time_ns() // 1_000_000


def test_two_tabs_share_one_connection_and_the_second_gets_the_picture_at_once(
    context: BrowserContext, site: Site
) -> None:
    greet_with_snapshot(site)
    first = listen(context, site)
    first.wait_for_function("() => frames.length === 1")
    site.say("p.2", delta(put=[thing(2)], now=now()))
    first.wait_for_function("() => frames.length === 2")
    second = listen(context, site)
    second.wait_for_function("() => frames.length === 1")
    assert second.evaluate("() => frames[0].put.map((t) => t.id)") == ["bridge:LV:B01", "bridge:LV:B02"]
    site.say("p.3", delta(drop=[1], now=now()))
    for page in (first, second):
        page.wait_for_function("() => frames.at(-1).k === 'delta' && frames.at(-1).drop")
    assert [call["world"] for call in site.calls] == ["real"]
    assert site.readers == 1
    first.evaluate("() => link.close()")
    site.say("p.4", delta(drop=[2], now=now()))
    second.wait_for_function("() => frames.length === 3")
    second.evaluate("() => link.close()")
    wait_until(lambda: site.readers == 0)


def test_what_another_tab_heard_is_not_fresh(context: BrowserContext, site: Site) -> None:
    greet_with_snapshot(site)
    first = listen(context, site)
    first.wait_for_function("() => frames.length === 1")
    heard = first.evaluate("() => states.at(-1).lastHeard")
    time.sleep(0.7)
    second = listen(context, site)
    second.wait_for_function("() => frames.length === 1")
    assert second.evaluate("() => [frames[0].heard, states.at(-1).lastHeard]") == [heard, heard]
    judged = "() => cop.picture.liveness({ lastHeard: link.state().lastHeard, now: Date.now(), limit: 600 })"
    assert second.evaluate(judged)["live"] is False
    assert second.evaluate("() => cop.link.serverNow(link.state(), Date.now()) - frames[0].now") >= 600


def test_two_worlds_are_two_connections(context: BrowserContext, site: Site) -> None:
    site.greet = lambda call: [("p.1", snapshot(thing(1), w=call["world"], now=now()))]
    for world in ("real", "exercise/demo"):
        listen(context, site, world).wait_for_function("(w) => frames.length && frames[0].w === w", arg=world)
    assert sorted(call["world"] for call in site.calls) == ["exercise/demo", "real"]


@pytest.mark.parametrize("shared", [True, False])
def test_it_resumes_from_the_last_id_by_itself_and_when_refused(
    context: BrowserContext, site: Site, shared: bool
) -> None:
    if not shared:
        context.add_init_script("delete window.SharedWorker")
    greet_with_snapshot(site)
    page = listen(context, site)
    page.wait_for_function("() => frames.length === 1 && states.at(-1).connected")
    assert page.evaluate("() => states.at(-1).shared") is shared
    site.say("p.2", delta(put=[thing(2)], now=now()))
    page.wait_for_function("() => frames.length === 2")
    site.hang_up()
    wait_until(lambda: len(site.calls) == 2)
    assert site.calls[-1]["last"] == "p.2"
    site.say("p.3", delta(put=[thing(3)], now=now()))
    page.wait_for_function("() => frames.length === 3")
    site.refusing = True
    site.hang_up()
    page.wait_for_function("() => states.at(-1).error === 'the server refused the stream'")
    assert page.evaluate("() => states.at(-1).connected") is False
    site.refusing = False
    wait_until(lambda: site.readers == 1)
    assert site.calls[-1]["after"] == "p.3"
    site.say("p.4", delta(put=[thing(4)], now=now()))
    page.wait_for_function("() => frames.length === 4 && states.at(-1).connected")
    assert page.evaluate("() => [states.at(-1).error, states.at(-1).attempts]") == [None, 0]


def test_silence_on_an_open_connection_is_noticed_and_ended(context: BrowserContext, site: Site) -> None:
    greet_with_snapshot(site)
    context.add_init_script("delete window.SharedWorker")
    page = context.new_page()
    page.goto(f"{site.url}/blank")
    page.clock.install()
    page.evaluate(OPEN, "real")
    page.wait_for_function("() => frames.length === 1")
    page.clock.run_for(9_000)
    assert len(site.calls) == 1
    page.clock.run_for(2_500)
    assert page.evaluate("() => [states.at(-1).connected, states.at(-1).error]") == [
        False,
        "nothing was heard for 10 s",
    ]
    wait_until(lambda: site.readers == 0)
    page.clock.run_for(1_100)
    wait_until(lambda: len(site.calls) == 2)
    assert site.calls[-1]["after"] == "p.1"


def test_waking_from_sleep_reconnects_at_once(context: BrowserContext, site: Site) -> None:
    greet_with_snapshot(site)
    context.add_init_script("delete window.SharedWorker")
    page = context.new_page()
    page.goto(f"{site.url}/blank")
    page.clock.install()
    page.evaluate(OPEN, "real")
    page.wait_for_function("() => frames.length === 1")
    page.clock.fast_forward(3_600_000)
    wait_until(lambda: len(site.calls) == 2)
    assert site.calls[-1]["after"] == "p.1"


def test_a_frame_that_cannot_be_read_leads_to_a_fresh_snapshot(context: BrowserContext, site: Site) -> None:
    greet_with_snapshot(site)
    page = listen(context, site)
    page.wait_for_function("() => frames.length === 1")
    site.say_raw('id: p.2\ndata: {"k":"delta","put":[{\n\n')
    page.wait_for_function("() => frames.length === 2")
    assert site.calls[-1] == {"world": "real", "after": "", "last": ""}
    assert page.evaluate("() => frames[1].k") == "snapshot"


def test_frames_that_come_late_are_told_as_lag(parts: Page) -> None:
    lags = parts.evaluate(
        """() => {
        const lag = cop.link.lagMeter();
        const offset = 123456;
        const told = [[0, 40], [200, 30], [400, 35], [600, 4030], [7200e3, 7000]];
        return told.map(([made, transit]) => lag(made, made + offset + transit));
      }"""
    )
    assert lags == [0, 0, 5, 4000, 6970]


def test_backoff_grows_within_its_bounds(parts: Page) -> None:
    waits = parts.evaluate("() => [0, 1, 2, 3, 9, 5000].flatMap((n) => [0, 0.999].map((c) => cop.link.backoff(n, c)))")
    assert min(waits) >= 1000
    assert max(waits) <= 15000
    assert waits[1::2] == sorted(waits[1::2])


# -- the canvas -------------------------------------------------------------------------------------------------------

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


@pytest.fixture
def chart(context: BrowserContext, site: Site) -> Page:
    """A map of the middle of the Baltic states with the canvas on it."""
    page = context.new_page()
    failures: list[str] = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.goto(f"{site.url}/map")
    page.evaluate(SETUP, [[56.9, 24.1], 9])
    return page


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
    for change in ("map.setZoomAround([56.66, 23.71], 11)", "map.setView([56.66, 23.72], 10)", "map.panBy([90, -60], { animate: false })"):
        chart.evaluate(f"() => {{ {change} }}")
        settle(chart)
        assert pixel(chart, 23.7, 56.65, 8, 4)[3] == 255, change


def test_the_zoom_animation_carries_the_drawing_along(context: BrowserContext, site: Site) -> None:
    page = context.new_page()
    page.goto(f"{site.url}/map")
    page.evaluate(SETUP.replace("zoomAnimation: false", "zoomAnimation: true"), [[56.9, 24.1], 9])
    tell(page, snapshot(thing(1)))
    page.evaluate("() => map.setZoom(10)")
    page.wait_for_function("() => cop.canvas.screens.get(map).front.style.transform.includes('scale(2)')")
    settle(page)
    page.wait_for_function("() => cop.canvas.screens.get(map).view.zoom === 10")
    assert "scale" not in page.evaluate("() => cop.canvas.screens.get(map).front.style.transform")
    assert pixel(page, 23.7, 56.65, 8, 4)[3] == 255


def test_a_dot_stands_for_a_symbol_that_cannot_be_had(chart: Page, context: BrowserContext) -> None:
    context.route("**/symbols/**", lambda route: route.fulfill(status=404, body=""))
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


def test_what_is_simulated_or_injected_looks_different(chart: Page) -> None:
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
    assert tags["simulated"] > 30
    assert tags["injected"] > 30


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
        thing(n, label=f"B{n:03} Pärnu", state=states[n % 5], lon=dice.uniform(23.2, 25.0), lat=dice.uniform(56.5, 57.3))
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
