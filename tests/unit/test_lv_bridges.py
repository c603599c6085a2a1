"""Is the order of Latvian metres a matter of the feed, and does a mistake in it show?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.event import Described, Event
from cop.geo import Order, distance, from_wgs84
from feeds.adapter import Context, Counts, Outcome, Reject
from feeds.simulated.national import lv_bridges as spoken
from feeds.simulated.spans import state
from feeds.sources.lv_bridges import REGISTER, SOURCE

NOW = Context(1795550000000)
AMBIGUOUS = (22.0, 56.95)
"""Here easting and northing are both between 305 and 448 km."""


def outcomes(place: tuple[float, float], written: Order, **options: Any) -> list[Outcome]:
    feature = {
        "type": "Feature",
        "properties": {"tilta_id": "S-1", "aktualizets": "2026-02-01", "masas_ierobezojums": "44"},
        "geometry": {"type": "Point", "coordinates": from_wgs84(3059, place, order=written)},
    }
    assert SOURCE.configure is not None
    decoder = SOURCE.configure(options)() if options else SOURCE.decoder()
    decoder.feed(json.dumps(feature).encode(), NOW)
    return list(decoder.close(NOW))


def place_of(found: list[Outcome]) -> tuple[float, float]:
    (event,) = found
    assert isinstance(event, Event), event
    assert event.subject == "bridge:LV:S-1"
    assert isinstance(event.body, Described)
    assert event.body.lon is not None
    assert event.body.lat is not None
    return event.body.lon, event.body.lat


def test_the_order_of_latvian_metres_is_set_per_feed() -> None:
    assert all(305_000 <= metres <= 448_000 for metres in from_wgs84(3059, AMBIGUOUS, order="en"))
    assert distance(place_of(outcomes(AMBIGUOUS, "en")), AMBIGUOUS) < 0.1
    assert distance(place_of(outcomes(AMBIGUOUS, "en", order="en")), AMBIGUOUS) < 0.1
    assert distance(place_of(outcomes(AMBIGUOUS, "ne", order="ne")), AMBIGUOUS) < 0.1


@given(st.floats(22.5, 27.5), st.floats(56.5, 57.5), st.sampled_from(["en", "ne"]))
def test_what_is_read_in_its_order_is_where_it_was(lon: float, lat: float, order: Order) -> None:
    assert distance(place_of(outcomes((lon, lat), order, order=order)), (lon, lat)) < 0.1


@pytest.mark.parametrize("place", [(26.5, 55.9), (25.43, 57.54), (24.1, 56.95)])
def test_a_bridge_out_of_its_country_is_rejected(place: tuple[float, float]) -> None:
    (found,) = outcomes(place, "ne")  # and is read with the easting first
    assert isinstance(found, Reject)
    assert "is the other number first" in found.reason


@pytest.mark.parametrize("now", [0, 1795550000123])
def test_what_the_simulated_register_says_is_its_state(now: int) -> None:
    decoder = SOURCE.decoder()
    decoder.feed(spoken.say(3, now), NOW)
    found = [each for each in decoder.close(NOW) if isinstance(each, Event)]
    assert decoder.counts == Counts(told=12)
    west, south, east, north = REGISTER.bounds
    for event, (span, mass, day) in zip(found, state(3, now, spoken.SPANS), strict=True):
        assert isinstance(event.body, Described)
        assert event.body.lon == pytest.approx(span.place[0], abs=1e-5)
        assert west < span.place[0] < east
        assert south < span.place[1] < north
        assert [limit.value for limit in event.body.limits] == ([] if mass is None else [mass])
        assert event.body.properties["as_of"] == day.isoformat()
