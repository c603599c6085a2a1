"""How does the simulated Digitraffic speak of port calls? Each ship's present or next one in Finland.

The ships are those of `digitraffic_ais`, and what is said fits to where they are: estimated times until a ship comes,
the actual time of arrival while she lies there.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec

from cop.event import Millis
from feeds.simulated.national import Speaker
from feeds.simulated.national.digitraffic_ais import call_sign, fleet
from feeds.simulated.script import MARK, MINUTE, chance, changed
from feeds.simulated.traffic import Vessel
from feeds.sources.ais import nations

BERTHS: Final[dict[str, tuple[str, str]]] = {"FIHEL": ("LANSI", "Länsisatama"), "FIVSS": ("VUOSA", "Vuosaari")}
"""Port in Finland → its area."""
TYPE_CODES: Final = {60: 20, 70: 60, 80: 80}
"""AIS type → Portnet's."""
TOLD_EVERY: Final = 15
"""Minutes after which an estimate is confirmed."""


class Call(NamedTuple):
    """A call in Finland: which ship, and when she comes and goes."""

    vessel: Vessel
    arrival: Millis
    departure: Millis
    told: Millis


def calls(seed: int, now: Millis) -> tuple[Call, ...]:
    """The present or next call of each ship whose lane ends in a port of Finland."""
    return tuple(_call(seed, vessel, now) for vessel in fleet(seed) if vessel.lane.end in BERTHS)


def _call(seed: int, vessel: Vessel, now: Millis) -> Call:
    at = now
    while True:
        leg, until = vessel.leg(at)
        if not leg.east and not leg.north and leg.homeward:  # she lies at the far end
            break
        at = until
    arrival = until - leg.span
    told = changed(seed, f"call:{vessel.mmsi}", now, TOLD_EVERY)
    return Call(vessel, arrival, until, max(told, arrival) if arrival <= now else told)


def say(seed: int, now: Millis) -> bytes:
    """`/api/port-call/v1/port-calls`."""
    return msgspec.json.encode(
        {"dataUpdatedTime": _time(now), "portCalls": [_record(seed, c, now) for c in calls(seed, now)]}
    )


def _record(seed: int, call: Call, now: Millis) -> dict[str, Any]:
    vessel = call.vessel
    here, area = vessel.lane.end, BERTHS[vessel.lane.end]
    rng = chance(seed, "passengers", vessel.mmsi, call.arrival)
    ferry = vessel.kind.ship_type == 60
    crew, passengers = (rng.randint(40, 90), rng.randint(150, 1900)) if ferry else (rng.randint(9, 18), 0)
    flag = nations(vessel.mmsi)
    stay: dict[str, Any] = {
        "portAreaCode": area[0],
        "portAreaName": area[1],
        "berthCode": "SIM1",
        "berthName": f"{MARK} berth",
        "eta": _time(call.arrival),
        "etd": _time(call.departure),
        "ata": _time(call.arrival) if call.arrival <= now else None,
        "atd": None,
        "arrivalDraught": vessel.draught,
        "departureDraught": 0.0,
    }
    return {
        "portCallId": 9_000_000 + vessel.mmsi % 1000 * 1000 + call.arrival // (60 * MINUTE) % 1000,
        "portCallTimestamp": _time(call.told),
        "portToVisit": here,
        "prevPort": vessel.lane.start,
        "nextPort": vessel.lane.start,
        "freeTextArrival": MARK,
        "vesselName": vessel.name,
        "radioCallSign": call_sign(vessel),
        "imoLloyds": 0,
        "mmsi": vessel.mmsi,
        "nationality": flag[0] if flag else " ",
        "vesselTypeCode": TYPE_CODES[vessel.kind.ship_type],
        "agentInfo": [],
        "imoInformation": [
            {"numberOfCrew": crew, "numberOfPassangers": passengers, "imoGeneralDeclaration": "Arrival"},
        ],
        "portAreaDetails": [stay],
    }


def _time(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")


SPEAKERS: Final = (
    Speaker(
        feed="digitraffic-portcall",
        source="digitraffic-portcall",
        path="/api/port-call/v1/port-calls",
        media="application/json",
        say=say,
        rate_s=60.0,
    ),
)
