"""Does the reader of port calls tell which ships go between Finland and our ports, and nothing of people?"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

import feeds
from cop.event import Described, Event, Planned, Sighted
from cop.geo import distance
from feeds.adapter import Context, Outcome, Reject, decode
from feeds.simulated.national.digitraffic_ais import SPEAKERS as AIS
from feeds.simulated.national.digitraffic_portcall import SPEAKERS, calls
from feeds.sources import digitraffic_ais
from feeds.sources.digitraffic_portcall import PORTS, SOURCE

NOW = 1795514400000  # 2026-11-24 10:00 UTC
CALL: dict[str, Any] = {
    "portCallId": 9000001,
    "portCallTimestamp": "2026-11-24T08:30:15.000+00:00",
    "portToVisit": "FIHEL",
    "prevPort": "EETLL",
    "nextPort": "LVRIX",
    "vesselName": "Sim Havsvind",
    "mmsi": 230990101,
}
REGISTER = Path(feeds.__path__[0]) / "reference" / "ports.csv"


def read(*records: dict[str, Any]) -> list[Outcome]:
    payload = json.dumps({"dataUpdatedTime": "2026-11-24T10:00:00Z", "portCalls": records}).encode()
    return list(decode(SOURCE, payload, Context(NOW)))


def told(**said: Any) -> tuple[Described, Planned, Event]:
    described, planned = read(CALL | said)
    assert isinstance(described, Event)
    assert isinstance(planned, Event)
    assert isinstance(described.body, Described)
    assert isinstance(planned.body, Planned)
    return described.body, planned.body, planned


def reason(**said: Any) -> str:
    (found,) = read(CALL | said)
    assert isinstance(found, Reject)
    return found.reason


def test_portcalls_want_gzip_and_a_name() -> None:
    assert dict(SOURCE.request.headers) == {
        "Digitraffic-User": "baltic-mobility-picture",
        "Accept-Encoding": "gzip",
    }


def test_the_ports_are_those_of_the_register() -> None:
    with REGISTER.open(encoding="utf-8", newline="") as table:
        rows = [row for row in csv.DictReader(table) if row["locode"]]
    known = {
        row["locode"]: (f"port:{row['port_id']}", row["name"], float(row["lon"]), float(row["lat"])) for row in rows
    }
    assert known == PORTS


def test_baltic_ports_stand_as_previous_and_next() -> None:
    _, plan, event = told()
    assert plan.route == "EETLL - FIHEL - LVRIX"
    assert [(point.name, point.due) for point in plan.points] == [
        ("Tallinn Old City (EETLL)", None),
        ("Riga (LVRIX)", None),
    ]
    assert plan.properties["ports"] == "port:P04 port:P20"
    assert event.at == NOW - 5_385_000
    assert read(CALL | {"prevPort": "SESTO", "nextPort": "FITKU"}) == []


def test_a_call_that_touches_none_of_our_ports_is_ignored_even_when_it_is_broken() -> None:
    assert read(CALL | {"prevPort": None, "nextPort": " ", "mmsi": 0, "portCallTimestamp": "soon"}) == []


def test_passengers_are_spelled_as_the_service_does() -> None:
    arrival = {"numberOfCrew": 40, "numberOfPassangers": 812, "imoGeneralDeclaration": "Arrival"}
    never = {"numberOfCrew": 0, "numberOfPassangers": 0, "imoGeneralDeclaration": "Departure"}
    empty = {"numberOfCrew": 12, "numberOfPassangers": 0, "imoGeneralDeclaration": "Departure"}
    properties = told(imoInformation=[arrival, never])[0].properties
    assert (properties["crew_arrival"], properties["passengers_arrival"]) == (40, 812)
    assert "passengers_departure" not in properties
    assert told(imoInformation=[empty])[0].properties["passengers_departure"] == 0


def test_blank_names_and_numbers_are_unknown() -> None:
    described, _, _ = told(vesselName=" ", radioCallSign=" ", nationality=" ", imoLloyds=0, vesselTypeCode=None)
    assert (described.name, described.nations) == ("", ())
    assert described.properties.keys() == {"mmsi", "portcall_id", "port_call"}


def test_a_ship_with_no_mmsi_goes_by_her_imo_number() -> None:
    assert told(mmsi=0, imoLloyds=9990025)[2].subject == "vessel:imo-9990025"
    assert told(mmsi=None, imoLloyds=9990025)[0].properties["imo"] == 9990025
    assert reason(mmsi=0, imoLloyds=0) == "neither an MMSI nor an IMO number: whose call it is cannot be told"


def test_nobodys_name_is_carried() -> None:
    people = {"shipMasterArrival": "N. N.", "agentInfo": [{"name": "N. N.", "role": 1}], "freeTextArrival": "N. N."}
    assert "N. N." not in str(told(**people))


@pytest.mark.parametrize(
    "areas, eta, ata, etd, atd",
    [
        ([], None, None, None, None),
        ([("08:00", None, "12:00", None)], "08:00", None, "12:00", None),
        ([("08:00", "08:10", "12:00", None)], "08:00", "08:10", "12:00", None),
        ([("08:00", "08:10", "12:00", "12:05")], "08:00", "08:10", "12:00", "12:05"),
        ([("08:00", "08:10", "10:00", "10:05"), ("11:00", None, "15:00", None)], "08:00", "08:10", "15:00", None),
    ],
)
def test_the_stay_is_from_the_first_arrival_to_the_last_departure(
    areas: list[tuple[str | None, ...]], eta: str | None, ata: str | None, etd: str | None, atd: str | None
) -> None:
    named = [
        {
            name: f"2026-11-24T{time}:00.000+00:00" if time else None
            for name, time in zip(("eta", "ata", "etd", "atd"), area, strict=True)
        }
        for area in areas
    ]
    _, plan, _ = told(portAreaDetails=named)
    wanted = {"eta": eta, "ata": ata, "etd": etd, "atd": atd}
    found = {name: plan.properties.get(name) for name in wanted}
    assert found == {name: f"2026-11-24 {time} UTC" if time else None for name, time in wanted.items()}


def test_at_a_port_of_ours_the_point_has_the_times_the_actual_ones_first() -> None:
    area = {"eta": "2026-11-24T08:00:00Z", "ata": "2026-11-24T11:10:00+02:00", "etd": "2026-11-24T12:00:00Z"}
    _, plan, _ = told(portToVisit="EEMUG", prevPort="FIHEL", nextPort=None, portAreaDetails=[area])
    (point,) = plan.points
    assert (point.due, point.clear) == (NOW - 50 * 60_000, NOW + 2 * 3_600_000)


@pytest.mark.parametrize(
    "code, word", [(10, "passenger"), (20, "passenger"), (60, "cargo"), (85, "tanker"), (91, "tug"), (99, None)]
)
def test_a_type_is_told_by_its_group_and_always_by_its_code(code: int, word: str | None) -> None:
    properties = told(vesselTypeCode=code)[0].properties
    assert (properties.get("ship_type"), properties["portnet_type_code"]) == (word, code)


@pytest.mark.parametrize(
    "said, why",
    [
        ({"portCallTimestamp": "2026-11-24T08:30:15"}, "portCallTimestamp '2026-11-24T08:30:15' names no zone"),
        ({"portCallTimestamp": ""}, "no portCallTimestamp: its age cannot be told"),
        ({"portAreaDetails": [{"eta": "tonight"}]}, "eta 'tonight' is not a time"),
        ({"portCallId": None}, "not a port call: Expected `int`, got `null` - at `$.portCallId`"),
    ],
)
def test_what_cannot_be_read_says_why(said: dict[str, Any], why: str) -> None:
    assert reason(**said) == why


@pytest.mark.parametrize("payload, why", [(b"", "an empty answer"), (b"{}", "no 'portCalls'"), (b"[]", "not the JSON")])
def test_what_is_no_list_of_calls_is_one_reject(payload: bytes, why: str) -> None:
    (found,) = decode(SOURCE, payload, Context(NOW))
    assert isinstance(found, Reject)
    assert found.reason.startswith(why)


@pytest.mark.parametrize("now", [NOW, NOW + 3_600_000, NOW + 9 * 3_600_000 + 777])
def test_the_simulated_calls_fit_to_where_the_ships_are(now: int) -> None:
    context = Context(now)
    found = list(decode(SOURCE, SPEAKERS[0].say(3, now), context))
    assert not [each for each in found if isinstance(each, Reject)]
    plans = {e.subject: e for e in found if isinstance(e, Event) and isinstance(e.body, Planned)}
    ours = [call for call in calls(3, now) if call.vessel.lane.start in PORTS]
    assert plans.keys() == {f"vessel:{call.vessel.mmsi}" for call in ours}
    assert 8 <= len(ours) < len(calls(3, now))  # the others come from Sassnitz
    seen = {
        each.subject: each.body
        for each in decode(digitraffic_ais.SOURCE, AIS[0].say(3, now), context)
        if isinstance(each, Event) and isinstance(each.body, Sighted)
    }
    for call in ours:
        event = plans[f"vessel:{call.vessel.mmsi}"]
        assert isinstance(event.body, Planned)
        assert event.at <= now < call.departure
        assert ("ata" in event.body.properties) is (call.arrival <= now)
        ship, end = seen[event.subject], call.vessel.lane.waypoints[-1]
        if call.arrival <= now - 10_000:
            assert distance((ship.lon, ship.lat), (end.lon, end.lat)) <= end.room + 50
