"""Is what cannot be true doubted, with its reason, and is nothing else?"""

from __future__ import annotations

import json
import zlib
from csv import DictReader
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cop.event import REAL, Body, Described, Event, Sighted, Status, event
from feeds import coast, plausible
from feeds.coast import at_sea, inland
from feeds.plausible import FASTEST, ON_LAND, Plausible

NOW = 1_795_000_000_000
REGISTERS = Path(coast.__file__).parent / "reference"
SEA, RIGA, MADONA = (20.7675, 58.8344), (24.10, 56.95), (26.22, 56.85)
"""The official Latvian sample's place lies off Saaremaa."""


def said(subject: str, body: Body, at: int = NOW, world: str = REAL) -> Event:
    return event("any", subject, at, body, received=at, world=world)


def seen(lon: float, lat: float, seconds: float = 0, subject: str = "vessel:1", world: str = REAL) -> Event:
    return said(subject, Sighted(lon, lat), NOW + round(seconds * 1000), world)


class Judge(Plausible):
    """Asked when the report is made, unless a test says when."""

    def doubt(self, said: Event, now: int = 0) -> str:
        return super().doubt(said, now or said.at)


@pytest.mark.parametrize(
    ("subject", "body", "doubt"),
    [
        ("roadevent:LV:1", Described("a", (), *SEA), "a roadevent in the sea at 20.7675, 58.8344"),
        ("station:LT:1", Described("a", (), *SEA), "in the sea"),
        ("roadevent:LV:1", Described("a", (), *RIGA), ""),
        ("roadevent:LV:1", Described("listed, not drawn"), ""),
        ("roadevent:LV:1", Status("closed"), ""),
        ("port:P31", Described("Butinge", (), 20.97, 56.04), ""),
        ("bridge:FI:1", Described("beyond the region", (), 19.0, 59.0), ""),
        ("vessel:1", Sighted(*MADONA), "a ship on land at 26.2200, 56.8500"),
        ("vessel:1", Sighted(*RIGA), ""),
        ("vessel:1", Sighted(*SEA, speed=12.0), ""),
        ("vessel:1", Sighted(*SEA, speed=52.0), "a vessel at 187 km/h; at most 151 can be"),
        ("convoy:C01", Sighted(*RIGA, speed=250.0), "a convoy at 900 km/h; at most 130 can be"),
        ("convoy:C01", Sighted(*SEA, speed=8.0), ""),
        ("aircraft:4ca", Sighted(*RIGA, speed=250.0, altitude=11_000), ""),
        ("aircraft:4ca", Sighted(*RIGA, altitude=40_000), "40000 m above the sea"),
    ],
)
def test_bounds_by_kind(subject: str, body: Body, doubt: str) -> None:
    found = Judge().doubt(said(subject, body))
    assert doubt in found
    assert bool(found) == bool(doubt)


def test_a_report_from_ahead_of_our_clock_is_doubted_and_not_remembered() -> None:
    judge = Judge()
    ahead = seen(21.0, 57.0, 300)
    assert judge.doubt(ahead, NOW) == "from the future: 300 s ahead of our clock"
    assert judge.doubt(ahead, NOW + 180_000) == ""


def test_one_outlier_is_doubted_and_the_track_goes_on() -> None:
    judge = Judge()
    assert judge.doubt(seen(21.0, 57.0, 0)) == ""
    assert "km in 10 s from where it was" in judge.doubt(seen(22.0, 57.7, 10))
    assert judge.doubt(seen(21.001, 57.0, 20)) == ""


def test_three_reports_that_agree_win_over_what_was_known() -> None:
    judge = Judge()
    judge.doubt(seen(21.0, 57.0, 0))
    found = [bool(judge.doubt(seen(20.5, 56.5, 10 * n))) for n in range(1, 5)]
    assert found == [True, True, False, False]


def test_outliers_that_do_not_agree_never_win() -> None:
    judge = Judge()
    judge.doubt(seen(21.0, 57.0, 0))
    places = [(20.5, 56.5), (20.2, 57.9), (20.4, 55.9), (20.3, 57.0), (20.9, 57.6)]
    assert all(judge.doubt(seen(*place, 5 * n)) for n, place in enumerate(places, 1))
    assert judge.doubt(seen(21.002, 57.0, 60)) == ""


def test_after_a_long_silence_nothing_is_known_of_the_way() -> None:
    judge = Judge()
    judge.doubt(seen(21.0, 57.0, 0))
    assert judge.doubt(seen(20.2, 55.0, 31 * 60)) == ""


def test_an_older_report_that_comes_late_does_not_become_the_last() -> None:
    judge = Judge()
    judge.doubt(seen(21.0, 57.0, 0))
    judge.doubt(seen(21.3, 57.0, 900))
    assert judge.doubt(seen(21.1, 57.0, 300)) == ""
    assert judge.doubt(seen(21.31, 57.0, 930)) == ""


def test_an_exercise_is_not_judged_for_its_jumps_but_for_its_bounds() -> None:
    judge = Judge()
    for n, lon in enumerate((23.0, 24.0, 25.0)):
        assert judge.doubt(seen(lon, 57.0, n, "convoy:C01", "exercise/x")) == ""
    fast = said("convoy:C01", Sighted(*RIGA, speed=250.0), world="exercise/x")
    assert judge.doubt(fast)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plausible, "KEPT", 10)
    judge = Judge()
    for n in range(100):
        judge.doubt(seen(21.0, 57.0, n, f"vessel:{n}"))
    assert len(judge._last) == 10


@given(
    st.sampled_from(sorted(FASTEST)),
    st.lists(st.tuples(st.floats(1, 600), st.floats(-1, 1), st.floats(-1, 1)), min_size=1, max_size=20),
)
def test_what_moves_slower_than_its_kind_can_is_never_doubted(kind: str, steps: list[tuple[float, ...]]) -> None:
    judge, lon, lat, at = Judge(), 20.6, 57.0, 0.0
    for seconds, east, north in steps:
        reach = 0.6 * FASTEST[kind] * seconds / 111_200
        at, lon, lat = at + seconds, lon + east * reach, lat + north * reach / 2
        if not (19.9 < lon < 20.9 and 56.2 < lat < 57.6):
            return
        assert judge.doubt(seen(lon, lat, at, f"{kind}:1")) == ""


@settings(max_examples=200)
@given(st.sampled_from(["vessel", "convoy", "roadevent", "any"]), st.floats(-180, 180), st.floats(-90, 90))
def test_any_place_gets_an_answer(kind: str, lon: float, lat: float) -> None:
    judge = Judge()
    for body in (Sighted(lon, lat), Described("a", (), lon, lat)):
        assert isinstance(judge.doubt(said(f"{kind}:1", body)), str)


# -- the bitmap -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "sea", "far_inland"),
    [
        (SEA, True, False),
        ((23.5, 57.6), True, False),  # the Gulf of Riga
        ((24.9, 59.8), True, False),  # the Gulf of Finland
        (RIGA, False, False),
        ((21.13, 55.70), False, False),  # the port of Klaipeda
        ((27.3, 58.6), False, False),  # Lake Peipus
        (MADONA, False, True),
        ((25.4, 57.54), False, True),
        ((19.9, 57.0), False, False),  # outside
        ((float("nan"), 57.0), False, False),
    ],
)
def test_places_that_everybody_knows(place: tuple[float, float], sea: bool, far_inland: bool) -> None:
    assert (at_sea(*place), inland(*place)) == (sea, far_inland)


def test_the_bitmap_is_made_from_the_basemap_of_today() -> None:
    made = coast.make(json.loads(coast.BASEMAP.read_text("utf-8")))
    assert zlib.decompress(made) == zlib.decompress(coast.FILE.read_bytes())


@pytest.mark.parametrize("register", ["bridges", "crossings", "airfields", "sites", "rail_nodes"])
def test_nothing_of_the_registers_that_stands_on_land_lies_at_sea(register: str) -> None:
    with (REGISTERS / f"{register}.csv").open(encoding="utf-8", newline="") as table:
        rows = list(DictReader(table))
    assert rows
    assert [row for row in rows if at_sea(float(row["lon"]), float(row["lat"]))] == []
    assert {"bridge", "crossing", "airfield", "site", "rail"} <= ON_LAND
