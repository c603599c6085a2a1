"""Do Lithuanian metres tell their order, under the grid's own number and under ArcGIS's?"""

from __future__ import annotations

import json

import pytest

from cop.event import Described, Event
from cop.geo import Order, distance, from_wgs84
from feeds.adapter import Context, Counts, decode
from feeds.simulated.national import lt_bridges as spoken
from feeds.simulated.spans import state
from feeds.sources.lt_bridges import SOURCE

NOW = Context(1795550000000)
KAUNAS = (23.881, 54.891)


@pytest.mark.parametrize("order", ["en", "ne"])
@pytest.mark.parametrize("epsg", [0, 3346, 2600])
def test_lithuanian_metres_tell_their_order(order: Order, epsg: int) -> None:
    crs = {"crs": {"type": "name", "properties": {"name": f"EPSG:{epsg}"}}} if epsg else {}
    geometry = {"type": "Point", "coordinates": from_wgs84(3346, KAUNAS, order=order)}
    feature = {"type": "Feature", "properties": {"tilto_nr": 17, "atnaujinta": "2026-03-01"}, "geometry": geometry}
    payload = json.dumps({"type": "FeatureCollection", **crs, "features": [feature]}).encode()
    (event,) = decode(SOURCE, payload, NOW)
    assert isinstance(event, Event)
    assert event.subject == "bridge:LT:17"
    assert isinstance(event.body, Described)
    assert event.body.lon is not None
    assert event.body.lat is not None
    assert distance((event.body.lon, event.body.lat), KAUNAS) < 0.1


@pytest.mark.parametrize("now", [0, 1795550000123])
def test_what_the_simulated_register_says_is_its_state(now: int) -> None:
    decoder = SOURCE.decoder()
    decoder.feed(spoken.say(3, now), NOW)
    found = [each for each in decoder.close(NOW) if isinstance(each, Event)]
    assert decoder.counts == Counts(told=12)
    for event, (span, mass, day) in zip(found, state(3, now, spoken.SPANS), strict=True):
        assert isinstance(event.body, Described)
        assert event.body.lon == pytest.approx(span.place[0], abs=1e-5)
        assert [limit.value for limit in event.body.limits] == ([] if mass is None else [mass])
        assert event.body.properties["as_of"] == day.isoformat()
