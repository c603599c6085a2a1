"""How does the simulated Digitraffic speak of ships? Locations and vessels over HTTP, both again over MQTT.

A small fleet of its own sails the northern lanes of `feeds.simulated.lanes`. Its MMSIs (…98nnnn) are none of those that
`feeds.simulated.traffic` gives out (…99nnnn), so that no ship is at two places.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, NamedTuple

import msgspec

from cop.event import Millis
from feeds.simulated.lanes import LANES, Lane
from feeds.simulated.national import Speaker, Talker
from feeds.simulated.script import MARK, chance, happens
from feeds.simulated.traffic import KINDS, KNOT, METRES_A_DEGREE, Kind, Vessel

NORTHERN: Final[dict[str, tuple[str, int]]] = {
    "Tallinn to Helsinki": ("ferry", 5),
    "Muuga to Vuosaari": ("cargo", 4),
    "Paldiski to Kapellskar": ("ferry", 3),
    "Baltic proper and Gulf of Finland TSS": ("tanker", 4),
    "Gulf of Finland to Helsinki": ("cargo", 4),
}
"""Lane → kind and number of its ships here."""
SOUTH: Final = 58.9
"""Degrees north: what a lane has south of it is not heard, so ships turn there after a wait."""
MMSI: Final = 980_000
NUMBER: Final = 40_000
"""Of the first ship, in her name and call sign."""
EVERY_S: Final = 10
WHO_S: Final = 360
"""Seconds between a ship's positions, and between the reports of who she is."""
RESTRICTED: Final = 3


class Ship(NamedTuple):
    """A ship as she last reported at `at`. Course in degrees, knots, navigational status of M.1371-5."""

    vessel: Vessel
    number: int
    at: Millis
    lon: float
    lat: float
    course: float
    knots: float
    status: int


@cache
def fleet(seed: int) -> tuple[Vessel, ...]:
    """All ships of that seed."""
    found: list[Vessel] = []
    for lane in LANES:
        name, count = NORTHERN.get(lane.name, ("", 0))
        for _ in range(count):
            number = len(found)
            rng = chance(seed, "digitraffic", number)
            kind = KINDS[name]
            mmsi = rng.choice(kind.flags) * 1_000_000 + MMSI + number
            found.append(Vessel(NUMBER + number, rng, mmsi, _heard(lane), kind))
    return tuple(found)


def _heard(lane: Lane) -> Lane:
    return lane._replace(waypoints=tuple(point for point in lane.waypoints if point.lat >= SOUTH))


def ships(seed: int, now: Millis) -> tuple[Ship, ...]:
    """Every ship at her last report."""
    return tuple(_reported(seed, number, vessel, now) for number, vessel in enumerate(fleet(seed)))


def _reported(seed: int, number: int, vessel: Vessel, now: Millis) -> Ship:
    second = now // 1000
    at = (second - (second + number) % EVERY_S) * 1000
    leg, _ = vessel.leg(at)
    lon, lat = (round(degrees, 6) for degrees in vessel.position(at))
    east, north = leg.east * math.cos(math.radians(lat)), leg.north
    knots = math.hypot(east, north) * 1000 * METRES_A_DEGREE / KNOT
    course = math.degrees(math.atan2(east, north)) % 360
    busy = happens(seed, f"{MARK}:{vessel.mmsi}", at, 90, 12) is not None
    status = RESTRICTED if knots and busy else 0 if knots else vessel.kind.stay_status
    return Ship(vessel, number, at, lon, lat, round(course, 1) % 360, round(knots, 1), status)


def locations(seed: int, now: Millis) -> bytes:
    """`/api/ais/v1/locations`."""
    features = [
        {
            "mmsi": ship.vessel.mmsi,
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [ship.lon, ship.lat]},
            "properties": {
                "mmsi": ship.vessel.mmsi,
                **_motion(ship),
                "timestamp": ship.at // 1000 % 60,
                "timestampExternal": ship.at,
            },
        }
        for ship in ships(seed, now)
    ]
    updated = datetime.fromtimestamp(now // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return msgspec.json.encode({"type": "FeatureCollection", "dataUpdatedTime": updated, "features": features})


def vessels(seed: int, now: Millis) -> bytes:
    """`/api/ais/v1/vessels`."""
    who = []
    for ship in ships(seed, now):
        said = _who(ship.vessel, _introduced(ship.number, now))
        names = {"refA": "referencePointA", "refB": "referencePointB", "refC": "referencePointC"}
        names |= {"refD": "referencePointD", "type": "shipType"}
        who.append({"mmsi": ship.vessel.mmsi} | {names.get(key, key): value for key, value in said.items()})
    return msgspec.json.encode(who)


def messages(seed: int, now: Millis) -> Iterator[tuple[str, bytes]]:
    """What is sent in this second by MQTT."""
    second = now // 1000 * 1000
    for ship in ships(seed, now):
        topic = f"vessels-v2/{ship.vessel.mmsi}"
        if ship.at == second:
            where: dict[str, Any] = {"time": ship.at // 1000, **_motion(ship), "lon": ship.lon, "lat": ship.lat}
            yield f"{topic}/location", msgspec.json.encode(where)
        if _introduced(ship.number, now) == second:
            yield f"{topic}/metadata", msgspec.json.encode(_who(ship.vessel, second))


def _motion(ship: Ship) -> dict[str, Any]:
    return {
        "sog": ship.knots,
        "cog": ship.course,
        "navStat": ship.status,
        "rot": 0,
        "posAcc": ship.number % 5 != 0,
        "raim": False,
        "heading": round(ship.course) % 360,
    }


def _introduced(number: int, now: Millis) -> Millis:
    """When she last said who she is."""
    second = now // 1000
    return (second - (second + number * 17) % WHO_S) * 1000


def _who(vessel: Vessel, at: Millis) -> dict[str, Any]:
    kind: Kind = vessel.kind
    beam = vessel.length // 6
    homeward = vessel.leg(at)[0].homeward
    return {
        "timestamp": at,
        "destination": vessel.lane.start if homeward else vessel.lane.end,
        "name": vessel.name,
        "draught": round(vessel.draught * 10),
        "eta": 24 << 6 | 60,
        "posType": 1,
        "refA": vessel.length * 3 // 4,
        "refB": vessel.length - vessel.length * 3 // 4,
        "refC": beam // 2,
        "refD": beam - beam // 2,
        "callSign": call_sign(vessel),
        "imo": 0,
        "type": kind.ship_type,
    }


def call_sign(vessel: Vessel) -> str:
    """Of a ship of this fleet."""
    return f"SIM{NUMBER + vessel.mmsi % 1000:04X}"


SPEAKERS: Final = (
    Speaker(
        feed="digitraffic-ais",
        source="digitraffic-ais",
        path="/api/ais/v1/locations",
        media="application/geo+json",
        say=locations,
        rate_s=10.0,
    ),
    Speaker(
        feed="digitraffic-ais-vessels",
        source="digitraffic-ais",
        path="/api/ais/v1/vessels",
        media="application/json",
        say=vessels,
        rate_s=60.0,
    ),
    Talker(
        feed="digitraffic-ais-mqtt",
        source="digitraffic-ais",
        scheme="mqtt",
        say=messages,
        topics="vessels-v2/#",
    ),
)
