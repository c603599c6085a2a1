"""Do the browser's pure parts - the picture, the filter, times, the grid reference - do what they promise?"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import mgrs
import pytest
from playwright.sync_api import Page

from layers.layer import layers
from tests.pictures import NOW, delta, moved, snapshot, thing, vessel

CASES: dict[str, Any] = json.loads((Path(__file__).parents[1] / "cases" / "filters.json").read_text("utf-8"))

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
          else if (kind === 1)
            frame.put = [{ h, id: 't:' + random(9), state: state(), lon: random(9), lat: 50, at: 1e12 }];
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
MATCHES: list[tuple[dict[str, Any] | None, bool]] = [
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


READ_AND_MATCH = """([query, things, layers, now]) => {
  const filter = cop.filter.read(new URLSearchParams(query), layers);
  const again = new URLSearchParams();
  cop.filter.write(filter, layers, again);
  const twice = cop.filter.read(again, layers);
  const names = Object.keys(things);
  const passes = (by) => names.filter((name) => cop.picture.matches(things[name], by, now));
  const picture = { byHandle: new Map(Object.values(things).map((thing, h) => [h, thing])) };
  return [passes(filter), passes(twice), cop.picture.counts(picture, filter, now, 5).total];
}"""


@pytest.mark.parametrize(
    "case", CASES["cases"], ids=lambda case: "&".join(f"{k}={v}" for k, v in case["query"].items())
)
def test_a_view_shows_the_same_as_on_the_server(parts: Page, case: dict[str, Any]) -> None:
    """The table is that of tests/unit/test_sieve.py."""
    told = [case["query"], CASES["things"], sorted(layers()), CASES["now"]]
    shown, again, total = parts.evaluate(READ_AND_MATCH, told)
    assert set(shown) == set(again) == set(case["passes"])
    assert total == len(shown)


def test_a_number_beside_a_switch_is_what_it_would_show_with_the_others_as_they_are(parts: Page) -> None:
    found = parts.evaluate(
        """([things, now]) => {
        const rows = Object.values(things);
        const picture = { byHandle: new Map(rows.map((thing, h) => [h, thing])) };
        const filter = { domains: ['land'], nations: ['LV'], age: 'fresh', sources: ['demo-convoys', 'roads'] };
        const { beside } = cop.picture.counts(picture, filter, now, 5);
        const asked = (more) => rows.filter((row) => cop.picture.matches(row, { ...filter, ...more }, now)).length;
        const wrong = [];
        const check = (kind, key, more) => {
          if ((beside[kind][key] || 0) !== asked(more)) wrong.push([kind, key, beside[kind][key], asked(more)]);
        };
        for (const key of ['land', 'maritime', 'cyber']) check('domain', key, { domains: [key] });
        for (const key of ['EE', 'LV', 'LT', '']) check('nation', key, { nations: [key] });
        for (const key of ['open', 'closed', 'unknown']) check('state', key, { states: [key] });
        for (const key of ['observed', 'simulated']) check('origin', key, { origins: [key] });
        for (const key of ['no-go', 'unknown', 'go']) check('verdict', key, { verdicts: [key] });
        for (const key of ['ais', 'reference', 'demo-convoys', 'roads']) check('source', key, { sources: [key] });
        for (const key of ['bridges', 'convoys', 'roads']) check('layer', key, { layers: [key] });
        for (const key of ['fresh', 'stale']) check('age', key, { age: key });
        check('age', 'most', { age: 5 });
        check('age', 'all', { age: null });
        return [wrong, Object.keys(beside.source).sort()];
      }""",
        [CASES["things"], CASES["now"]],
    )
    assert found == [[], ["ais", "demo-convoys", "demo-facts", "reference", "roads"]], "and sources with 0 are named"


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
