"""Does a view's address show what it says? The same cases as the browser's own filter, and laws of any filter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.event import Described, Sighted, Status, event
from cop.movement.outage import SOURCE as OUTAGE
from cop.picture import fold
from dashboard.sieve import WORDS, BadQuery, Sieve, inside, sieve
from layers.layer import layers, thing

TABLE: dict[str, Any] = json.loads((Path(__file__).parents[1] / "cases" / "filters.json").read_text("utf-8"))
THINGS: dict[str, dict[str, Any]] = TABLE["things"]
NOW: int = TABLE["now"]


def shown(wanted: Sieve) -> set[str]:
    return {name for name, row in THINGS.items() if wanted.passes(row, NOW)}


@pytest.mark.parametrize(
    "case", TABLE["cases"], ids=lambda case: "&".join(f"{k}={v}" for k, v in case["query"].items())
)
def test_what_a_view_shows(case: dict[str, Any]) -> None:
    assert shown(sieve(case["query"])) == set(case["passes"])


@pytest.mark.parametrize("query", TABLE["unreadable"], ids=str)
def test_what_cannot_be_read_is_said(query: dict[str, str]) -> None:
    (key,) = query
    with pytest.raises(BadQuery, match="layer" if key == "hide" else key):
        sieve(query)


# -- laws --------------------------------------------------------------------------------------------------------------

corners = st.tuples(st.integers(2000, 2900), st.integers(5300, 6000)).map(lambda c: f"{c[0] / 100},{c[1] / 100}")
parts = st.fixed_dictionaries(
    {},
    optional={
        **{
            key: st.lists(st.sampled_from(words), min_size=1, unique=True).map(",".join) for key, words in WORDS.items()
        },
        "nation": st.lists(st.sampled_from(["EE", "LV", "LT", "FI"]), min_size=1, unique=True).map(",".join),
        "source": st.lists(st.sampled_from(["ais", "reference", "demo-facts"]), min_size=1, unique=True).map(",".join),
        "hide": st.lists(st.sampled_from(sorted(layers())), min_size=1, unique=True).map(",".join),
        "age": st.sampled_from(["fresh", "stale", "1", "5", "0.5", "1e3"]),
        "q": st.sampled_from(["c", "a1", "Šiauliai", "44", "bridge river"]),
        "area": st.lists(corners, min_size=3, max_size=6).map(";".join),
    },
)


@given(parts)
def test_an_address_makes_a_filter_that_makes_the_same_filter(query: dict[str, str]) -> None:
    assert sieve(sieve(query).query()) == sieve(query)


@given(parts, st.randoms())
def test_the_order_in_an_address_does_not_matter(query: dict[str, str], dice: Any) -> None:
    keys = list(query)
    dice.shuffle(keys)
    turned = {key: query[key] for key in keys}
    for key in ("domain", "nation", "state", "source", "hide"):
        if key in turned:
            turned[key] = ",".join(reversed(turned[key].split(",")))
    assert sieve(turned) == sieve(query)


@given(parts)
def test_one_more_filter_never_shows_more_and_all_together_show_what_each_shows(query: dict[str, str]) -> None:
    apart = [shown(sieve({key: value})) for key, value in query.items()]
    assert shown(sieve(query)) == set(THINGS).intersection(*apart)


@given(st.lists(corners, min_size=3, max_size=6), st.integers(0, 5), corners)
def test_an_area_is_the_same_from_whichever_corner_and_way_it_is_told(told: list[str], turn: int, at: str) -> None:
    lon, lat = (float(part) + 1e-7 for part in at.split(","))  # off the edges, where both answers would be right
    area = [(float(x), float(y)) for x, y in (corner.split(",") for corner in told)]
    turned = area[turn % len(area) :] + area[: turn % len(area)]
    assert inside(lon, lat, tuple(area)) == inside(lon, lat, tuple(turned)) == inside(lon, lat, tuple(reversed(area)))


# -- what a thing tells of itself -------------------------------------------------------------------------------------


def test_a_thing_names_all_who_said_something_of_it_but_not_what_was_derived() -> None:
    alone = [event("reference", "bridge:B1", 5, Described(name="B"), received=5)]
    derived = event(f"{OUTAGE}SYS-1", "bridge:B1", 6, Status("degraded"), received=6)
    other = event("csv", "bridge:B1", 7, Status("open"), received=7)
    assert "sources" not in row(*alone)
    assert row(*alone, derived)["sources"] == ["reference"], "what counts is derived, and somebody told of the thing"
    assert row(*alone, derived, other)["sources"] == ["csv", "reference"]


def test_what_is_degraded_because_a_system_is_down_concerns_cyber_for_as_long() -> None:
    described = event("reference", "crossing:XB1", 5, Described(name="X", lon=24.0, lat=57.0), received=5)
    outage = event(f"{OUTAGE}SYS-1", "crossing:XB1", 6, Status("degraded", since=10, until=20), received=6)
    assert "domains" not in row(described)
    assert [row(described, outage, now=at).get("domains") for at in (9, 10, 19, 20)] == [
        None,
        ["land", "cyber"],
        ["land", "cyber"],
        None,
    ]
    assert sieve({"domain": "cyber"}).passes(row(described, outage, now=15), 15)
    assert not sieve({"domain": "cyber"}).passes(row(described, outage, now=25), 25)


def test_a_system_that_another_one_degrades_is_cyber_and_no_more() -> None:
    outage = event(f"{OUTAGE}SYS-1", "system:SYS-2", 6, Status("degraded"), received=6)
    assert "domains" not in row(outage)
    assert row(event("ais", "vessel:1", 6, Sighted(24, 57), received=6))["domain"] == "maritime"


def row(*said: Any, now: int = 30) -> dict[str, Any]:
    found = fold(said).entity(said[0].subject)
    assert found is not None
    made = thing(found, now)
    assert made is not None
    return made
