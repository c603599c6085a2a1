"""Does the reader of Finland's AIS fall into none of the traps of its four forms?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cop.event import Described, Event, Sighted, Status
from cop.geo import distance
from feeds.adapter import Context, Outcome, Reject, decode
from feeds.coast import inland
from feeds.plausible import Plausible
from feeds.simulated.national.digitraffic_ais import SPEAKERS, fleet, messages, ships
from feeds.simulated.traffic import fleet as traffic
from feeds.sources.digitraffic_ais import SOURCE, arrival

NOW = 1795514400000  # 2026-11-24 10:00 UTC
MMSI = 230990101
LOCATION = "vessels-v2/230990101/location"
METADATA = "vessels-v2/230990101/metadata"
HERE = {"sog": 10.0, "cog": 90.0, "navStat": 0, "posAcc": True, "lon": 24.9, "lat": 59.8, "time": NOW // 1000}


def read(payload: object, name: str = "", received: int = NOW) -> list[Outcome]:
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return list(decode(SOURCE, raw, Context(received, name=name)))


def feature(**properties: Any) -> dict[str, Any]:
    said = {"sog": 10.0, "cog": 90.0, "navStat": 0, "timestamp": 59, "timestampExternal": NOW - 2000, **properties}
    point = {"type": "Point", "coordinates": [24.9, 59.8]}
    return {"mmsi": MMSI, "type": "Feature", "geometry": point, "properties": said}


def locations(*features: object, updated: str = "2026-11-24T10:00:00Z") -> dict[str, Any]:
    return {"type": "FeatureCollection", "dataUpdatedTime": updated, "features": list(features)}


def only(outcomes: list[Outcome]) -> Event:
    (found,) = outcomes
    assert isinstance(found, Event)
    return found


def reasons(outcomes: list[Outcome]) -> list[str]:
    return [each.reason for each in outcomes if isinstance(each, Reject)]


def seen(**said: Any) -> Sighted:
    body = only(read(HERE | said, LOCATION)).body
    assert isinstance(body, Sighted)
    return body


def who(**said: Any) -> Described:
    body = only(read({"timestamp": NOW, **said}, METADATA)).body
    assert isinstance(body, Described)
    return body


def test_digitraffic_wants_gzip_and_a_name() -> None:
    headers = dict(SOURCE.request.headers)
    assert headers == {"Digitraffic-User": "baltic-mobility-picture", "Accept-Encoding": "gzip"}
    page = b"<html><head><title>406 Not Acceptable</title></head></html>"
    assert reasons(read(page)) == ["an HTML page instead of JSON: 406 Not Acceptable"]


def test_the_time_is_timestamp_external() -> None:
    assert only(read(locations(feature()))).at == NOW - 2000
    without = feature(timestampExternal=None)
    assert reasons(read(locations(without))) == ["no timestampExternal: its age cannot be told"]


def test_a_fresh_answer_proves_nothing() -> None:
    old = feature(timestampExternal=1_659_212_938_646)
    told = [only(read(locations(old, updated=day))) for day in ("2022-07-30T20:28:58Z", "2026-11-24T10:00:00Z")]
    assert told[0] == told[1]
    assert told[0].at == 1_659_212_938_646


def test_mqtt_counts_seconds_where_metadata_counts_ms() -> None:
    assert only(read(HERE, LOCATION)).at == NOW
    assert only(read({"timestamp": NOW}, METADATA)).at == NOW
    assert reasons(read({"timestamp": NOW // 1000}, METADATA)) == ["timestamp is no time between 2000 and 2100"]
    assert reasons(read(HERE | {"time": NOW}, LOCATION)) == ["time is no time between 2000 and 2100"]


def test_mqtt_says_by_the_topic_whose_it_is() -> None:
    assert only(read(HERE, LOCATION)).subject == f"vessel:{MMSI}"
    assert only(read(HERE, "vessels-v2/276990102/locations")).subject == "vessel:276990102"
    assert read({"updateTime": NOW}, "vessels-v2/status") == []
    assert reasons(read(HERE)) == ["no 'features' in the answer"]


def test_what_means_none_is_unknown() -> None:
    assert (seen(cog=360.0).course, seen(sog=102.3).speed, seen(posAcc=False).accuracy) == (None, None, None)
    assert (seen(cog=None).course, seen(sog=None).speed, seen(posAcc=None).accuracy) == (None, None, None)
    assert (seen(cog=0.0).course, seen(sog=0.0).speed, seen().accuracy) == (0.0, 0.0, 10.0)
    assert read(HERE | {"lon": 181.0, "lat": 91.0}, LOCATION) == []
    nothing = who(name="@@@", draught=0, eta=24 << 6 | 60, imo=0, type=0, refA=0, refB=0, refC=0, refD=0)
    assert (nothing.name, nothing.properties) == ("", {"mmsi": str(MMSI)})


def test_draught_is_in_decimetres() -> None:
    assert who(draught=71).properties["draught"] == 7.1


@pytest.mark.parametrize(
    "month, day, hour, minute, text",
    [
        (2, 22, 8, 0, "02-22 08:00 UTC"),
        (11, 24, 24, 60, "11-24"),
        (11, 24, 24, 0, "11-24"),
        (0, 0, 24, 60, ""),
        (0, 5, 8, 0, ""),
        (13, 5, 8, 0, ""),
    ],
)
def test_an_eta_is_told_as_far_as_it_is_said(month: int, day: int, hour: int, minute: int, text: str) -> None:
    assert arrival(month << 16 | day << 11 | hour << 6 | minute) == text


def test_the_former_websocket_is_read() -> None:
    metadata = {"mmsi": MMSI, "name": "SIM", "shipType": 80, "timestamp": NOW}
    lines = [
        {"type": "STATUS", "data": {"status": "CONNECTED"}},
        {"type": "VESSEL_LOCATION", "data": feature()},
        {"type": "VESSEL_METADATA", "data": metadata},
        {"type": "VESSEL_NEWS", "data": {}},
        {"type": "VESSEL_LOCATION"},
    ]
    found = read(b"\r\n".join(json.dumps(line).encode() for line in lines))
    assert [type(each.body) for each in found if isinstance(each, Event)] == [Sighted, Described]
    assert [why.partition(":")[0] for why in reasons(found)] == ["a message of type 'VESSEL_NEWS'", "not a feature"]


@pytest.mark.parametrize(
    "code, state",
    [(2, "degraded"), (3, "restricted"), (4, "restricted"), (6, "closed"), (14, "closed")],
)
def test_a_hindrance_is_told_with_each_position_and_holds_ten_minutes(code: int, state: str) -> None:
    sighted, status = read(HERE | {"navStat": code}, LOCATION)
    assert isinstance(sighted, Event)
    assert isinstance(status, Event)
    assert isinstance(status.body, Status)
    assert (status.body.state, status.body.until) == (state, NOW + 600_000)


@pytest.mark.parametrize("code", [0, 1, 5, 7, 8, 9, 15, 99, None])
def test_any_other_navigational_status_says_nothing(code: int | None) -> None:
    assert isinstance(only(read(HERE | {"navStat": code}, LOCATION)).body, Sighted)


@pytest.mark.parametrize(
    "mmsi, subject",
    [
        (230990101, "vessel:230990101"),
        (982301234, "vessel:982301234"),
        (970123456, "vessel:970123456"),
        (111230501, "aircraft:mmsi-111230501"),
        (2300012, None),
        (992301234, None),
    ],
)
def test_ships_and_rescue_aircraft_are_told_and_what_stands_is_not(mmsi: int, subject: str | None) -> None:
    found = read(HERE, f"vessels-v2/{mmsi}/location")
    assert [each.subject for each in found if isinstance(each, Event)] == ([subject] if subject else [])
    assert reasons(found) == []


def test_both_spellings_of_the_particulars_mean_the_same() -> None:
    long = {"shipType": 70, "referencePointA": 110, "referencePointB": 20, "referencePointC": 10, "referencePointD": 11}
    short = {"type": 70, "refA": 110, "refB": 20, "refC": 10, "refD": 11}
    rest = {"mmsi": MMSI, "timestamp": NOW, "name": "SIM TALVI@X", "callSign": "SIMC3", "imo": 9990025}
    assert only(read([rest | long])).body == who(**rest, **short)
    assert who(**rest, **short).properties == {
        "mmsi": str(MMSI), "callsign": "SIMC3", "ship_type": "cargo", "ship_type_code": 70,
        "length": 130, "beam": 21, "imo": 9990025,
    }  # fmt: skip


def test_a_bad_record_costs_no_neighbour() -> None:
    found = read(locations(feature(sog="fast"), 7, feature(), {"mmsi": 0}))
    assert [isinstance(each, Event) for each in found] == [False, False, True, False]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*feature(), *HERE]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(JSON, st.sampled_from(["", LOCATION, METADATA, "vessels-v2/status"]))
def test_any_json_is_told_rejected_or_ignored(said: object, name: str) -> None:
    decoder = SOURCE.decoder()
    raw = json.dumps(said).encode()
    context = Context(NOW, name=name)
    found = [*decoder.feed(raw, context), *decoder.close(context)]
    assert decoder.counts.rejected == len(reasons(found))


LOCATIONS, VESSELS, MQTT = SPEAKERS

# -- the simulated service ----------------------------------------------------------------------------------------


MOMENTS = [NOW + step for step in (0, 37_000, 3_600_000, 7 * 3_600_000 + 1234, 40 * 3_600_000)]


@pytest.mark.parametrize("now", MOMENTS)
def test_the_simulated_locations_are_those_of_the_fleet_at_sea(now: int) -> None:
    found = [each for each in read(LOCATIONS.say(3, now), received=now) if not reasons([each])]
    told = {each.subject: each for each in found if isinstance(each, Event) and isinstance(each.body, Sighted)}
    assert len(told) == len(ships(3, now)) == 20
    for ship in ships(3, now):
        event = told[f"vessel:{ship.vessel.mmsi}"]
        assert isinstance(event.body, Sighted)
        assert now - 10_000 <= event.at == ship.at <= now
        assert (event.body.lon, event.body.lat) == (ship.lon, ship.lat)
        assert not inland(ship.lon, ship.lat)
        assert 58.8 < ship.lat < 60.3
        assert 0 <= ship.knots < 25
    hindered = {each.subject for each in found if isinstance(each, Event) and isinstance(each.body, Status)}
    assert hindered == {f"vessel:{ship.vessel.mmsi}" for ship in ships(3, now) if ship.status == 3}


def test_the_simulated_ships_move_as_they_say() -> None:
    judge = Plausible()
    for step in range(0, 600_000, 10_000):
        for event in read(LOCATIONS.say(3, NOW + step), received=NOW + step):
            assert isinstance(event, Event)
            assert judge.doubt(event, NOW + step) == ""
    for before, after in zip(ships(3, NOW), ships(3, NOW + 60_000), strict=True):
        way = distance((before.lon, before.lat), (after.lon, after.lat))
        assert way <= max(before.knots, after.knots) * 1852 / 3600 * 60 * 1.1 + 5


def test_the_simulated_vessels_tell_who_they_are() -> None:
    found = [each for each in read(VESSELS.say(3, NOW)) if isinstance(each, Event)]
    assert {each.subject for each in found} == {f"vessel:{vessel.mmsi}" for vessel in fleet(3)}
    for each in found:
        assert isinstance(each.body, Described)
        assert each.body.name.startswith("SIM ")
        assert NOW - 360_000 <= each.at <= NOW


def test_mqtt_tells_each_ship_once_in_ten_seconds_as_http_does() -> None:
    assert MQTT.say is messages
    said = [pair for step in range(10) for pair in MQTT.say(3, NOW + step * 1000)]
    where = [(topic, raw) for topic, raw in said if topic.endswith("/location")]
    assert len({topic for topic, _ in where}) == len(where) == 20
    (by_http,) = [
        each
        for each in read(LOCATIONS.say(3, NOW + 9000), received=NOW + 9000)
        if isinstance(each, Event) and isinstance(each.body, Sighted) and each.subject.endswith("000")
    ]
    by_mqtt = [each for topic, raw in where for each in read(raw, topic, NOW + 9000)]
    assert by_http in by_mqtt
    introduced = {topic for step in range(360) for topic, _ in MQTT.say(3, NOW + step * 1000) if "meta" in topic}
    assert len(introduced) == 20


def test_no_simulated_ship_is_at_two_places() -> None:
    others = {vessel.mmsi for vessel in traffic(3, 20_000).vessels}
    assert not others & {vessel.mmsi for seed in range(5) for vessel in fleet(seed)}
