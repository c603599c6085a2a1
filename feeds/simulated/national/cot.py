"""How does the simulated tactical network speak? Cursor on Target, some units in XML and some in TAK protobuf.

Ten units go to and fro on the reference routes, and one route is drawn. All say that they are simulated.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, NamedTuple

import takproto

from cop.event import Millis
from feeds.simulated.national import Talker
from feeds.simulated.script import MARK, MINUTE, chance
from feeds.simulated.to_and_fro import Moving, moving, routes

OPEX: Final = "s-picture"
GOOD_MS: Final = MINUTE
DRAWN: Final = "R14"
"""The route that is drawn."""


class Unit(NamedTuple):
    """One unit: what it is, where it goes to and fro, m/s, and whether it speaks protobuf."""

    uid: str
    callsign: str
    type: str
    route: str
    speed: float
    team: str
    protobuf: bool = False


UNITS: Final = (
    Unit("SIM-11", "PÕDER 11", "a-f-G-U-C-I-M", "R12", 15.0, "Blue"),
    Unit("SIM-12", "PÕDER 12", "a-f-G-U-C-E", "R02", 13.5, "Blue"),
    Unit("SIM-13", "PÕDER 13", "a-f-G-U-U-L-M", "R14", 12.0, "Blue", True),
    Unit("SIM-21", "LĀCIS 21", "a-f-G-U-S-T", "R04", 14.0, "Cyan"),
    Unit("SIM-22", "LĀCIS 22", "a-f-G-U-S-S-3", "R09", 13.0, "Cyan"),
    Unit("SIM-23", "LĀCIS 23", "a-f-G-U-C-I-Z", "R03", 12.5, "Cyan", True),
    Unit("SIM-31", "VILKAS 31", "a-f-G-U-C-A", "R07", 11.0, "Green"),
    Unit("SIM-32", "VILKAS 32", "a-f-G-U-S-M", "R08", 15.5, "Green"),
    Unit("SIM-33", "VILKAS 33", "a-f-G-U-S-X", "R06", 12.0, "Green", True),
    Unit("SIM-34", "VILKAS 34", "a-f-G-E-V-U-S", "R16", 13.0, "Green"),
)


def state(seed: int, now: Millis) -> dict[str, Moving]:
    """Where each unit is, by its uid."""
    return {unit.uid: moving(unit.route, unit.speed, chance(seed, unit.uid).random() * 1e6, now) for unit in UNITS}


def say(seed: int, now: Millis) -> Iterator[tuple[str, bytes]]:
    """One event of each unit, and the drawn route."""
    there = state(seed, now)
    for unit in UNITS:
        event = _position(unit, there[unit.uid], now).encode()
        if unit.protobuf:
            yield "", bytes(takproto.xml2proto(event, takproto.TAKProtoVer.STREAM))
        else:
            yield "", event
    yield "", _drawn(now).encode()


def _position(unit: Unit, there: Moving, now: Millis) -> str:
    return _event(
        f'uid="{unit.uid}" type="{unit.type}"',
        now,
        now + GOOD_MS,
        f'<point lat="{there.lat}" lon="{there.lon}" hae="9999999.0" ce="9.0" le="9999999.0"/>',
        f'<contact callsign="{unit.callsign}"/><__group name="{unit.team}" role="Team Lead"/>'
        f'<track speed="{unit.speed}" course="{there.course}"/><remarks>{MARK}</remarks>',
    )


def _drawn(now: Millis) -> str:
    """A route that was drawn in the first minute of the hour."""
    at, path = now - now % (60 * MINUTE), routes()[DRAWN]
    links = "".join(
        f'<link uid="SIM-{DRAWN}-{index}" type="b-m-p-w" relation="c" point="{lat},{lon}"/>'
        for index, (lon, lat) in enumerate(path)
    )
    lon, lat = path[0]
    return _event(
        f'uid="SIM-{DRAWN}" type="b-m-r"',
        at,
        at + 24 * 60 * MINUTE,
        f'<point lat="{lat}" lon="{lon}" hae="9999999.0" ce="9999999.0" le="9999999.0"/>',
        f'{links}<link_attr method="Driving"/><contact callsign="ROUTE AMBER"/><remarks>{MARK}</remarks>',
    )


def _event(who: str, at: Millis, stale: Millis, point: str, detail: str) -> str:
    return (
        f'<event version="2.0" {who} time="{_utc(at)}" start="{_utc(at)}" stale="{_utc(stale)}" how="m-s" '
        f'opex="{OPEX}">{point}<detail>{detail}</detail></event>'
    )


def _utc(at: Millis) -> str:
    return f"{datetime.fromtimestamp(at // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}Z"


SPEAKERS = (Talker(feed="cot", source="cot", scheme="tcp", say=say, nations=("EE", "LV", "LT")),)
