"""Are the state vectors of the OpenSky Network read by position, with all that may be null?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.event import Described, Event, Sighted, Status
from feeds.adapter import Context, Outcome, Reject, decode
from feeds.simulated.national import Speaker, readsb
from feeds.simulated.national.opensky import SILENT, SPEAKERS, say, state
from feeds.sources.opensky import CATEGORIES, NO_AIRCRAFT, SOURCE
from feeds.sources.readsb import SOURCE as READSB

AT = 1_795_550_000
NOW = Context(AT * 1000 + 900)
WORDS = """
    icao24 callsign origin_country time_position last_contact longitude latitude baro_altitude on_ground velocity
    true_track vertical_rate sensors geo_altitude squawk spi position_source category
"""
COLUMNS = WORDS.split()
ROW: dict[str, Any] = dict.fromkeys(COLUMNS) | {
    "icao24": "511042",
    "time_position": AT,
    "last_contact": AT,
    "longitude": 25.1,
    "latitude": 58.4,
}


def outcomes(payload: bytes) -> list[Outcome]:
    return list(decode(SOURCE, payload, NOW))


def answer(*rows: list[Any]) -> bytes:
    return json.dumps({"time": AT, "states": rows}).encode()


def told(**changes: Any) -> list[Event]:
    found = outcomes(answer(list((ROW | changes).values())))
    assert all(isinstance(each, Event) for each in found), found
    return [each for each in found if isinstance(each, Event)]


def pair(**changes: Any) -> tuple[Sighted, Described]:
    place, who = (each.body for each in told(**changes))
    assert isinstance(place, Sighted)
    assert isinstance(who, Described)
    return place, who


def test_no_states_are_null() -> None:
    for payload in (b'{"states":null,"time":1795550000}', b'\xef\xbb\xbf{"time":1795550000,"states":[]}'):
        assert outcomes(payload) == []


def test_a_row_is_read_by_position() -> None:
    place, who = pair(
        callsign="TST42   ", origin_country="Estonia", baro_altitude=3000.5, geo_altitude=3100, on_ground=False,
        velocity=120.5, true_track=360, squawk="1042", position_source=2, category=8,
    )  # fmt: skip
    assert place == Sighted(25.1, 58.4, course=0, speed=120.5, altitude=3000.5)
    assert (who.name, who.nations) == ("TST42", ("EE",))
    assert who.properties == {
        "icao24": "511042", "callsign": "TST42", "category": "A7", "squawk": "1042", "origin_country": "Estonia",
        "position_source": "mlat", "on_ground": False,
    }  # fmt: skip


@pytest.mark.parametrize("column", [each for each in COLUMNS if each != "icao24"])
def test_any_field_may_be_null(column: str) -> None:
    full = {
        "callsign": "TST42", "origin_country": "Estonia", "baro_altitude": 3000, "on_ground": False, "velocity": 9,
        "true_track": 1, "vertical_rate": 1, "sensors": [1], "geo_altitude": 2, "squawk": "1042", "spi": False,
        "position_source": 0, "category": 2,
    }  # fmt: skip
    events = told(**(full | {column: None}))
    assert isinstance(events[-1].body, Described)
    assert len(events) == (1 if column in ("time_position", "longitude", "latitude") else 2)


def test_a_position_is_as_old_as_time_position() -> None:
    place, who = told(time_position=AT - 240)
    assert (place.at, who.at) == ((AT - 240) * 1000, AT * 1000)
    (who,) = told(time_position=None)
    assert who.at == AT * 1000
    place, who = told(last_contact=None)
    assert place.at == who.at == AT * 1000


def test_on_the_ground_there_is_no_altitude() -> None:
    assert pair(on_ground=True, geo_altitude=60)[0].altitude is None
    assert pair(on_ground=False, geo_altitude=60)[0].altitude == 60


def test_callsigns_of_state_vectors_are_padded() -> None:
    assert pair(callsign="TST42   ")[1].name == "TST42"
    assert "callsign" not in pair(callsign="        ")[1].properties


@pytest.mark.parametrize("category", [None, *range(-1, 22)])
def test_the_category_column_is_optional(category: int | None) -> None:
    events = told(category=category)
    if category in NO_AIRCRAFT:
        assert events == []
        return
    assert isinstance(events[1].body, Described)
    assert events[1].body.properties.get("category") == CATEGORIES.get(category or 0)
    short = list(ROW.values())[:17]
    assert len(outcomes(answer(short))) == 2


def test_a_squawk_of_distress_is_a_status() -> None:
    body = told(squawk="7700")[2].body
    assert isinstance(body, Status)
    assert (body.state, body.reason, body.until) == ("degraded", "general emergency", AT * 1000 + 120_000)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "an empty answer"),
        (b"<h1>429 Too Many Requests</h1>", "an HTML page instead of JSON: 429 Too Many Requests"),
        (b'{"time":1}', "no 'states'"),
        (b'{"time":1,"states":[["511042"', "not the JSON"),
        (b'{"time":1,"states":{}}', "not the JSON"),
        (b'{"states":' + b"[" * 100_000, "nested"),
    ],
)
def test_what_is_no_answer_is_one_reject(payload: bytes, reason: str) -> None:
    (reject,) = outcomes(payload)
    assert isinstance(reject, Reject)
    assert reason in reject.reason


values = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9)
)


@given(st.lists(values, max_size=20))
def test_whatever_a_row_says_its_neighbour_is_read(row: list[Any]) -> None:
    found = outcomes(answer(row, list(ROW.values())))
    assert any(isinstance(each, Event) and each.subject == "aircraft:511042" for each in found)


# -- the simulated network --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 7])
def test_the_simulated_vectors_say_their_state(seed: int) -> None:
    for now in range(AT * 1000, (AT + 3 * 3600) * 1000, 471_300):
        events = [each for each in decode(SOURCE, say(seed, now), Context(now)) if isinstance(each, Event)]
        assert len(events) == len(list(decode(SOURCE, say(seed, now), Context(now))))
        places = {each.subject: each for each in events if isinstance(each.body, Sighted)}
        for number, flight in enumerate(state(seed, now)):
            event = places.get(f"aircraft:{flight.icao24}")
            if number == SILENT:
                assert event is None
                continue
            assert event is not None
            assert isinstance(event.body, Sighted)
            assert (event.at, event.body.lon, event.body.lat) == (flight.at, flight.lon, flight.lat)
            assert (event.body.altitude is None) == (flight.height is None)


def test_both_networks_tell_of_the_same_aircraft() -> None:
    now = AT * 1000
    found = [
        {each.subject for each in decode(source, said(3, now), Context(now)) if isinstance(each, Event)}
        for source, said in ((SOURCE, say), (READSB, readsb.say))
    ]
    assert found[0] < found[1]


def test_the_simulated_vectors_are_a_speaker_of_this_source() -> None:
    (speaker,) = SPEAKERS
    assert isinstance(speaker, Speaker)
    assert (speaker.source, speaker.feed) == (SOURCE.name, "opensky")
    assert b"SIMULATED" in speaker.say(0, AT * 1000)
