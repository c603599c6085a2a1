"""Are the aircraft of readsb where and when they were, and what they tell of themselves?"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.event import Described, Event, Sighted, Status
from feeds.adapter import Context, Outcome, Reject, decode
from feeds.aircraft import BLOCKS, EMERGENCIES, HINDERED_MS, address, nations
from feeds.plausible import Plausible
from feeds.simulated.flights import PLANS, flights
from feeds.simulated.national import Speaker
from feeds.simulated.national.readsb import SILENT, SPEAKERS, TRACKED, age_ms, say, state
from feeds.sources.readsb import ACCURACIES, FOOT, KNOT, SOURCE

AT = 1_795_550_000_000
NOW = Context(AT + 900)
PLANE: dict[str, Any] = {"hex": "511042", "lat": 58.4, "lon": 25.1, "seen": 0, "seen_pos": 0}


def outcomes(payload: bytes) -> list[Outcome]:
    return list(decode(SOURCE, payload, NOW))


def answer(*aircraft: dict[str, Any], now: float = AT, key: str = "ac") -> bytes:
    return json.dumps({key: aircraft, "now": now}).encode()


def told(changes: dict[str, Any], drop: tuple[str, ...] = (), **head: Any) -> list[Event]:
    """What one aircraft tells."""
    record = {key: value for key, value in (PLANE | changes).items() if key not in drop}
    found = outcomes(answer(record, **head))
    assert all(isinstance(each, Event) for each in found), found
    return [each for each in found if isinstance(each, Event)]


def sighted(changes: dict[str, Any], drop: tuple[str, ...] = ()) -> Sighted:
    (body,) = [each.body for each in told(changes, drop) if isinstance(each.body, Sighted)]
    return body


def described(changes: dict[str, Any], drop: tuple[str, ...] = ()) -> Described:
    (body,) = [each.body for each in told(changes, drop) if isinstance(each.body, Described)]
    return body


def status(changes: dict[str, Any]) -> Status | None:
    return next((each.body for each in told(changes) if isinstance(each.body, Status)), None)


def reasons(payload: bytes) -> list[str]:
    return [each.reason for each in outcomes(payload) if isinstance(each, Reject)]


# -- when and where ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("now", [AT, AT / 1000])
@pytest.mark.parametrize("key", ["ac", "aircraft"])
def test_now_is_in_seconds_or_in_milliseconds(now: float, key: str) -> None:
    assert {each.at for each in told({}, now=now, key=key)} == {AT}


def test_ages_are_relative_to_the_documents_own_now() -> None:
    place, who = told({"seen": 1.5, "seen_pos": 40.25})
    assert (place.at, who.at) == (AT - 40_250, AT - 1500)
    later = list(decode(SOURCE, answer(PLANE), Context(AT + 3_600_000)))
    assert [each.at for each in later if isinstance(each, Event)] == [AT, AT]


def test_a_record_without_a_position_is_described_only() -> None:
    (event,) = told({"seen": 3}, drop=("lat", "lon", "seen_pos"))
    assert isinstance(event.body, Described)
    (event,) = told({}, drop=("seen_pos",))  # a position of unknown age is no position
    assert isinstance(event.body, Described)


def test_a_position_older_than_a_minute_stands_in_last_position() -> None:
    gone = ("lat", "lon", "seen_pos")
    for last in ({"seen_pos": 75.5}, {"age": 75.5}):
        record = {"track": 90, "gs": 200, "alt_baro": 9000, "lastPosition": {"lat": 57.5, "lon": 23.2, **last}}
        place, who = told(record, drop=gone)
        assert (place.at, place.body) == (AT - 75_500, Sighted(23.2, 57.5))
        assert who.at == AT


def test_jamming_keeps_the_last_good_position_with_its_time() -> None:
    good = {"gpsOkBefore": AT / 1000 - 600, "gpsOkLat": 55.4, "gpsOkLon": 24.4, "track": 90}
    place, who, hindered = told(good, drop=("lat", "lon", "seen_pos"))
    assert (place.at, place.body) == (AT - 600_000, Sighted(24.4, 55.4))
    assert isinstance(who.body, Described)
    assert who.body.properties["gnss_lost"] is True
    assert who.body.properties["gnss_ok_before"] == "2026-11-24 19:43:20 UTC"
    assert isinstance(hindered.body, Status)
    assert (hindered.body.state, hindered.body.until) == ("degraded", AT + HINDERED_MS)
    assert "GNSS lost" in hindered.body.reason
    # a position by MLAT is newer and needs no GNSS of the aircraft
    place, who, _ = told({**good, "type": "mlat", "mlat": ["lat", "lon"]})
    assert (place.at, place.body) == (AT, Sighted(25.1, 58.4, course=90))
    assert isinstance(who.body, Described)
    assert (who.body.properties["gnss_ok_lon"], who.body.properties["gnss_ok_lat"]) == (24.4, 55.4)


def test_on_the_ground_alt_baro_is_a_word() -> None:
    assert sighted({"alt_baro": "ground", "alt_geom": 200}).altitude is None
    assert described({"alt_baro": "ground"}).properties["on_ground"] is True
    assert sighted({"alt_baro": 10_000, "alt_geom": 10_400}).altitude == 3048
    assert sighted({"alt_geom": 1000}).altitude == 304.8
    assert described({"alt_baro": 0}).properties["on_ground"] is False
    assert "on_ground" not in described({}).properties


@pytest.mark.parametrize(("said", "course"), [(0, 0), (359.9, 359.9), (360, 0), (-1, None), (400, None), (None, None)])
def test_a_course_is_between_0_and_360(said: float | None, course: float | None) -> None:
    assert sighted({"track": said}).course == course


def test_knots_are_metres_a_second() -> None:
    assert sighted({"gs": 100}).speed == 51.44
    assert sighted({"gs": -1}).speed is None


@pytest.mark.parametrize("nac", range(-1, 13))
def test_the_accuracy_is_that_of_the_aircrafts_own_position(nac: int) -> None:
    assert sighted({"nac_p": nac}).accuracy == ACCURACIES.get(nac)
    for way in ("mlat", "tisb"):
        assert sighted({"nac_p": nac, way: ["lat", "lon"]}).accuracy is None


# -- who --------------------------------------------------------------------------------------------------------------


def test_callsigns_are_padded() -> None:
    body = described({"flight": "TST42   ", "r": " ES-TST ", "t": "AT76"})
    assert (body.name, body.properties["callsign"], body.properties["registration"]) == ("TST42", "TST42", "ES-TST")
    assert described({"flight": "        ", "r": "ES-TST"}).name == "ES-TST"
    for nothing in ("", "        ", "@@@@@@@@", "00000000", "A\x00B", None):
        assert "callsign" not in described({"flight": nothing}).properties


def test_an_address_that_icao_did_not_give_is_kept_apart() -> None:
    assert address("511042") == ("aircraft:511042", "511042")
    assert address("~51104F") == ("aircraft:other-51104f", "")
    body = described({"hex": "~511042"})
    assert (body.nations, body.properties["address"]) == ((), "~511042")
    assert "icao24" not in body.properties


@pytest.mark.parametrize("said", ["", "51104", "5110422", "~", "nothex", "000000", "FFFFFF", "~000000"])
def test_what_is_no_address_is_rejected(said: str) -> None:
    assert len(reasons(answer(PLANE | {"hex": said}, PLANE))) == 1


def test_blocks_of_addresses_are_in_order_and_do_not_overlap() -> None:
    ends = [edge for first, last, _ in BLOCKS for edge in (first, last)]
    assert ends == sorted(ends)
    for first, last, nation in BLOCKS:
        assert nations(f"{first:06x}") == nations(f"{last:06x}") == (nation,)
    assert [nations(each) for each in ("511042", "502d88", "503f63")] == [("EE",), ("LV",), ("LT",)]
    assert nations("0fffff") == nations("d0ba01") == nations("f00001") == nations("") == ()


def test_the_military_flag_is_bit_1_and_its_absence_tells_nothing() -> None:
    assert described({"dbFlags": 1}).properties["military"] is True
    assert described({"dbFlags": 11}).properties["military"] is True
    for flags in (0, 2, 8, 10, None):
        assert "military" not in described({"dbFlags": flags}).properties


@pytest.mark.parametrize("what", [{"category": "C1"}, {"category": "C2"}, {"t": "TWR", "category": "C0"}, {"t": "GND"}])
def test_vehicles_and_towers_are_ignored(what: dict[str, Any]) -> None:
    assert outcomes(answer(PLANE | what)) == []


@pytest.mark.parametrize("said", EMERGENCIES)
def test_an_emergency_is_a_status_for_two_minutes(said: str) -> None:
    state, reason = EMERGENCIES[said]
    assert status({"emergency": said}) == Status(state, until=AT + HINDERED_MS, reason=reason)
    assert described({"emergency": said}).properties["emergency"] == said


def test_a_squawk_of_distress_counts_when_no_emergency_is_told() -> None:
    for code, reason in (("7500", "unlawful"), ("7600", "no radio"), ("7700", "general")):
        for said in (None, "none"):
            found = status({"squawk": code, "emergency": said})
            assert found is not None
            assert reason in found.reason


def test_an_aircraft_without_an_emergency_has_no_status() -> None:
    for quiet in ({}, {"emergency": "none", "squawk": "1000"}, {"emergency": "lifeguard"}, {"squawk": "78"}):
        assert status(quiet) is None


# -- what is no list --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "an empty answer"),
        (b"<html><head><title>502 Bad Gateway</title>", "an HTML page instead of JSON: 502 Bad Gateway"),
        (b'{"now":1795550000.1,"aircraft":[{"hex":"511042"', "not the JSON"),
        (b'{"now":1795550000.1}', "no 'ac'"),
        (b'{"ac":[]}', "no list of aircraft with its own time"),
        (b'{"now":12,"ac":[]}', "now is no time"),
        (b'{"now":1795550000,"ac":null}', "not the JSON"),
        (b"[]", "no list of aircraft"),
        (b'{"now":1795550000,"ac":' + b"[" * 100_000, "nested"),
    ],
)
def test_what_is_no_list_is_one_reject(payload: bytes, reason: str) -> None:
    (why,) = reasons(payload)
    assert reason in why


def test_an_empty_list_is_no_reject() -> None:
    assert outcomes(b'\xef\xbb\xbf{"now":1795550000,"aircraft":[]}') == []


values = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9)
)
names = st.sampled_from(["hex", "lat", "lon", "seen", "seen_pos", "alt_baro", "gs", "track", "gpsOkBefore", "gpsOkLat"])


@given(st.dictionaries(names, values))
def test_whatever_a_record_says_its_neighbour_is_read(odd: dict[str, Any]) -> None:
    found = outcomes(answer(PLANE | odd, PLANE | {"hex": "511043"}))
    assert any(isinstance(each, Event) and each.subject == "aircraft:511043" for each in found)


# -- the simulated network --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 7])
def test_the_simulated_network_says_its_state(seed: int) -> None:
    plausible = Plausible()
    seen: set[str] = set()
    for now in range(AT, AT + 3 * 3_600_000, 97_000):
        events = [each for each in decode(SOURCE, say(seed, now), Context(now)) if isinstance(each, Event)]
        assert len(events) == len(list(decode(SOURCE, say(seed, now), Context(now))))
        assert not [doubt for each in events if (doubt := plausible.doubt(each, now))]
        places = {each.subject: each for each in events if isinstance(each.body, Sighted)}
        who = {each.subject: each.body for each in events if isinstance(each.body, Described)}
        for number, flight in enumerate(state(seed, now)):
            event, body = places[f"aircraft:{flight.icao24}"], who[f"aircraft:{flight.icao24}"]
            assert isinstance(event.body, Sighted)
            assert event.at == now - age_ms(number)
            assert (event.body.lon, event.body.lat) == (flight.lon, flight.lat)
            assert event.body.speed == pytest.approx(flight.speed, abs=KNOT)
            assert (event.body.altitude is None) == (flight.height is None)
            assert event.body.altitude is None or event.body.altitude == pytest.approx(flight.height, abs=FOOT)
            assert (body.name, body.properties.get("military")) == (flight.callsign, flight.plan.military or None)
            assert body.properties.get("gnss_lost", False) == (flight.jammed_since is not None)
            assert body.nations == ()
        assert f"aircraft:{SILENT}" not in places
        assert f"aircraft:other-{TRACKED[1:]}" in places
        seen |= {each.body.reason.split()[0] for each in events if isinstance(each.body, Status)}
    assert seen == {"GNSS", "general"}


def test_a_simulated_flight_lands_and_starts_again() -> None:
    number = next(number for number, plan in enumerate(PLANS) if plan.type == "AT75")
    grounded = [flights(1, AT + minute * 60_000)[number].height is None for minute in range(0, 200, 5)]
    assert sum(now != after for now, after in pairwise(grounded)) >= 4


def test_no_simulated_address_is_a_states() -> None:
    assert {flight.icao24[0] for flight in flights(1, AT)} == {"d"}
    assert len({flight.icao24 for flight in flights(1, AT)}) == len(PLANS)


def test_the_simulated_network_is_a_speaker_of_this_source() -> None:
    (speaker,) = SPEAKERS
    assert isinstance(speaker, Speaker)
    assert (speaker.source, speaker.feed) == (SOURCE.name, "readsb")
    assert b"SIMULATED" in speaker.say(0, AT)
