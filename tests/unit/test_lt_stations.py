"""Are the Lithuanian road stations read as they measure, and does no weather open a road?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.event import Described, Event, Status
from cop.geo import distance
from feeds.adapter import Context, Outcome, Reject, decode
from feeds.simulated.national import Speaker
from feeds.simulated.national.lt_stations import SPEAKERS, say_traffic, say_weather, traffic, weather
from feeds.sources.lt_stations import HOLDS_MS, MEASURES, SOURCE

NOW = Context(1795550000000)  # 2026-11-24 19:53:20 UTC
HERE = (24.755495, 54.781017)
STATION: dict[str, Any] = {
    "surinkimo_data": "2026-11-24 21:45",
    "id": "9001",
    "irenginys": "Beržynė A1 44,2",
    "numeris": "A1",
    "ilguma": "548600",
    "platuma": "6071900",
}
COUNTER: dict[str, Any] = {
    "id": 9001,
    "name": "Rūdupis",
    "roadNr": "A1",
    "x": 54.9,
    "y": 24.02,
    "timeInterval": 15,
    "date": "2026-11-24T21:45:00.000+0200",
    "roadSegments": [],
}


def outcomes(payload: bytes, context: Context = NOW) -> list[Outcome]:
    return list(decode(SOURCE, payload, context))


def answer(*stations: dict[str, Any]) -> bytes:
    return json.dumps(stations, ensure_ascii=False).encode()


def pair(station: dict[str, Any], **changes: Any) -> tuple[Described, Status]:
    """What one station says."""
    told, status = outcomes(answer(station | changes))
    assert isinstance(told, Event)
    assert isinstance(status, Event)
    assert isinstance(told.body, Described)
    assert isinstance(status.body, Status)
    return told.body, status.body


def segment(vehicles: Any, speed: Any, kind: Any = "normal") -> dict[str, Any]:
    return {"direction": "FORWARD", "numberOfVehicles": vehicles, "averageSpeed": speed, "trafficType": kind}


def reasons(payload: bytes) -> list[str]:
    return [each.reason for each in outcomes(payload) if isinstance(each, Reject)]


def at(payload: bytes, context: Context = NOW) -> datetime:
    event = outcomes(payload, context)[0]
    assert isinstance(event, Event)
    return datetime.fromtimestamp(event.at / 1000, UTC)


# -- weather ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", MEASURES)
def test_every_number_may_be_a_string(column: str) -> None:
    measure, least, most = MEASURES[column]
    value = (least + most) / 2
    for said in (value, str(value), str(value).replace(".", ",")):
        assert pair(STATION, **{column: said})[1].measures == {measure: value}


@pytest.mark.parametrize("said", [None, "", "-", "N/A", "None", "nan", "-999", "-9999", 1e9, True, [], "šilta"])
@pytest.mark.parametrize("column", MEASURES)
def test_what_a_sensor_cannot_measure_is_unknown_and_not_zero(column: str, said: Any) -> None:
    assert pair(STATION, **{column: said})[1].measures == {}


def test_a_visibility_or_friction_of_zero_is_a_default() -> None:
    status = pair(STATION, matomumas="0", sukibimo_koeficientas="0")[1]
    assert (status.state, status.measures) == ("unknown", {})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kelio_danga": "Apledėjusi"}, "Apledėjusi"),
        ({"kelio_danga": "Padengta sniegu"}, "Padengta sniegu"),
        ({"kelio_danga": "Sniegas"}, "Sniegas"),
        ({"kelio_danga": "Slidu"}, "Slidu"),
        ({"matomumas": "299"}, "visibility 299 m"),
        ({"matomumas": "300"}, ""),
        ({"sukibimo_koeficientas": "0.39"}, "friction 0.39"),
        ({"sukibimo_koeficientas": "0.4"}, ""),
        ({"perspejimai": [{"pavadinimas": "Plikledis", "kodas": "PL"}]}, "Plikledis"),
        ({"perspejimai": [{"pavadinimas": "Sudėtingos eismo sąlygos", "kodas": "SS"}]}, "Sudėtingos eismo sąlygos"),
        ({"perspejimai": [{"pavadinimas": "Kelio danga: Drėgna", "kodas": "D"}]}, ""),
        ({"perspejimai": [None, 3, {"kodas": None}]}, ""),
        ({"kelio_danga": "Šlapia"}, ""),
    ],
)
def test_a_slippery_road_and_bad_visibility_degrade(changes: dict[str, Any], reason: str) -> None:
    status = pair(STATION, **changes)[1]
    assert (status.state, status.reason) == ("degraded" if reason else "unknown", reason)


def test_good_weather_never_opens_a_road() -> None:
    fine = [
        {"pavadinimas": "Geros oro sąlygos", "kodas": "GS"},
        {"pavadinimas": "Nesudėtingos meteorologinės sąlygos", "kodas": "NMS"},
    ]
    status = pair(STATION, kelio_danga="Sausa", matomumas="20000", sukibimo_koeficientas="0.82", perspejimai=fine)[1]
    assert (status.state, status.reason) == ("unknown", "")


@pytest.mark.parametrize(("said", "degrees"), [("Šiaurės rytų", 45), ("pietų", 180), ("270", 270), ("Kintanti", None)])
def test_the_wind_comes_from_where_it_is_said(said: str, degrees: float | None) -> None:
    assert pair(STATION, vejo_kryptis=said)[1].measures.get("wind_deg") == degrees


# -- traffic ----------------------------------------------------------------------------------------------------------


def test_both_directions_count_and_the_mean_is_weighted() -> None:
    status = pair(COUNTER, roadSegments=[segment(30, 100.0), segment("10", "60")])[1]
    assert status.measures == {"vehicles_h": 160.0, "mean_speed_kmh": 90.0}
    assert status.state == "unknown"


def test_where_nobody_drove_there_is_no_speed() -> None:
    assert pair(COUNTER, roadSegments=[segment(0, 0)])[1].measures == {"vehicles_h": 0.0}


@pytest.mark.parametrize("interval", [None, 0, "-", -15])
def test_without_an_interval_there_is_no_flow(interval: Any) -> None:
    assert pair(COUNTER, timeInterval=interval, roadSegments=[segment(5, 80)])[1].measures == {"mean_speed_kmh": 80.0}


@pytest.mark.parametrize(
    ("kind", "state"),
    [("normal", "unknown"), ("queuing", "degraded"), ("Slow", "degraded"), ("heavy", "degraded"), (None, "unknown")],
)
def test_a_jam_degrades(kind: Any, state: str) -> None:
    status = pair(COUNTER, roadSegments=[segment(5, 80), segment(5, 20, kind)])[1]
    assert (status.state, status.reason) == (state, f"{str(kind).lower()} traffic" if state == "degraded" else "")


def test_the_two_services_number_on_their_own() -> None:
    subjects = {each.subject for each in outcomes(answer(STATION, COUNTER)) if isinstance(each, Event)}
    assert subjects == {"station:LT:9001", "station:LT:T9001"}


# -- where and when ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"ilguma": None, "lng": "24.755495", "lat": "54.781017"},
        {"ilguma": "6071900", "platuma": "548600"},
        {"ilguma": "0", "platuma": "0", "lng": 24.755495, "lat": 54.781017},
    ],
)
def test_easting_first_is_read_as_it_stands(changes: dict[str, Any]) -> None:
    told = pair(STATION, **changes)[0]
    assert told.lon is not None
    assert told.lat is not None
    assert distance((told.lon, told.lat), HERE) < 1
    traffic_told = pair(COUNTER)[0]
    assert (traffic_told.lon, traffic_told.lat) == (24.02, 54.9)


def test_a_station_without_a_place_is_listed_and_one_abroad_rejected() -> None:
    assert pair(STATION, ilguma=None)[0].lon is None
    assert "not in Lithuania" in reasons(answer(STATION | {"ilguma": "700000", "platuma": "6200000"}))[0]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"surinkimo_data": "2026-11-24 21:45:00"},
        {"surinkimo_data_unix": "1795549500"},
        {"surinkimo_data_unix": "", "surinkimo_data": "2026-11-24T19:45:00Z"},
    ],
)
def test_local_time_is_that_of_vilnius(changes: dict[str, Any]) -> None:
    for received in (NOW, Context(NOW.received + 86_400_000)):
        assert at(answer(STATION | changes), received) == datetime(2026, 11, 24, 19, 45, tzinfo=UTC)
    assert at(answer(COUNTER)) == datetime(2026, 11, 24, 19, 45, tzinfo=UTC)
    status = pair(STATION, **changes)[1]
    assert status.until is not None
    assert status.since is not None
    assert status.until - status.since == HOLDS_MS


@pytest.mark.parametrize("said", [None, "", "-"])
def test_a_station_without_a_time_is_rejected(said: Any) -> None:
    for station in (STATION | {"surinkimo_data": said}, COUNTER | {"date": said}):
        assert reasons(answer(station)) == ["no time of its own: its age cannot be told"]


# -- the answer -------------------------------------------------------------------------------------------------------


def test_windows_1257_and_html_after_the_stations_cost_nothing() -> None:
    payload = answer(STATION | {"kelio_danga": "Šlapia"})
    assert outcomes(payload.decode().encode("cp1257") + b"\n<!DOCTYPE html><html>oops") == outcomes(payload)


def test_a_page_of_the_filter_is_one_reject_of_the_stations() -> None:
    page = b"<html><head><title>403 Forbidden</title></head></html>"
    assert outcomes(page) == [Reject("an HTML page instead of JSON: 403 Forbidden", 0, page)]


@pytest.mark.parametrize(
    ("station", "reason"),
    [
        ({"irenginys": "x"}, "a station without an id"),
        (STATION | {"id": "ą b"}, "id 'ą b' is not an id"),
        ({"id": 1}, "neither a weather station nor a traffic station"),
        (STATION | {"surinkimo_data": "soon"}, "surinkimo_data 'soon' is not a time"),
    ],
)
def test_what_is_no_station_is_rejected_and_its_neighbour_survives(station: dict[str, Any], reason: str) -> None:
    payload = answer(station, STATION)
    assert reasons(payload) == [reason]
    assert len(outcomes(payload)) == 3


def test_a_station_that_is_there_twice_is_told() -> None:
    assert reasons(answer(STATION, STATION)) == ["the station 9001 is there twice"]


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
COLUMNS = st.sampled_from([*MEASURES, *STATION, *COUNTER, "perspejimai", "vejo_kryptis", "lat", "lng"])


@given(st.sampled_from([STATION, COUNTER]), st.dictionaries(COLUMNS, JSONS, max_size=6))
def test_no_value_of_any_field_raises(station: dict[str, Any], changes: dict[str, Any]) -> None:
    for outcome in outcomes(json.dumps([station | changes]).encode()):
        if isinstance(outcome, Event) and isinstance(outcome.body, Status):
            assert outcome.body.state in ("degraded", "unknown")


@given(st.lists(st.fixed_dictionaries({"numberOfVehicles": JSONS, "averageSpeed": JSONS, "trafficType": JSONS})))
def test_no_segment_raises(segments: list[dict[str, Any]]) -> None:
    assert len(outcomes(json.dumps([COUNTER | {"roadSegments": segments}]).encode())) in (1, 2)


# -- what is simulated ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [0, 1, 7, 19, 100])
def test_the_simulated_stations_say_their_state(hours: int) -> None:
    now = NOW.received + hours * 3_600_000
    for seed in (0, 5):
        events = [e for e in decode(SOURCE, say_weather(seed, now), Context(now)) if isinstance(e, Event)]
        stations = weather(seed, now)
        assert len(events) == 2 * len(stations)
        for station, told, status in zip(stations, events[::2], events[1::2], strict=True):
            assert told.subject == f"station:LT:{station.id}"
            assert 0 <= now - told.at < 6 * 60_000
            assert isinstance(told.body, Described)
            assert isinstance(status.body, Status)
            assert "SIMULATED" in told.body.name
            assert told.body.lon is not None
            assert told.body.lat is not None
            assert distance((told.body.lon, told.body.lat), station.place) < 2
            assert status.body.measures["air_c"] == station.air_c
            assert status.body.measures["visibility_m"] == station.visibility_m
            assert status.body.state == ("degraded" if station.icy or station.foggy else "unknown")
        counted = [e.body for e in decode(SOURCE, say_traffic(seed, now), Context(now)) if isinstance(e, Event)][1::2]
        for counter, body in zip(traffic(seed, now), counted, strict=True):
            assert isinstance(body, Status)
            assert body.measures == {"vehicles_h": counter.vehicles * 4, "mean_speed_kmh": counter.speed_kmh}
            assert body.state == ("degraded" if counter.jammed else "unknown")


def test_ice_fog_and_jams_come_and_go() -> None:
    hours = [NOW.received + hour * 3_600_000 for hour in range(24)]
    for found in (
        {any(station.icy for station in weather(0, now)) for now in hours},
        {station.foggy for now in hours for station in weather(0, now)},
        {station.jammed for now in hours for station in traffic(0, now)},
    ):
        assert True in found
    assert all(isinstance(each, Speaker) and each.source == SOURCE.name for each in SPEAKERS)
