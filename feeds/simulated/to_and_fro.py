"""Where is something that goes to and fro on one of the reference routes, and which way?"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from cop.event import Millis
from cop.geo import Point, along, bearing, measured

WAYPOINTS: Final = Path(__file__).parent.parent / "reference" / "march" / "route_waypoints.csv"


class Moving(NamedTuple):
    """Degrees, degrees true."""

    lon: float
    lat: float
    course: float


@cache
def routes() -> dict[str, tuple[Point, ...]]:
    """The vertices of each reference route by its id."""
    found: dict[str, list[Point]] = {}
    with WAYPOINTS.open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            found.setdefault(row["route_id"], []).append((float(row["lon"]), float(row["lat"])))
    return {route: tuple(path) for route, path in found.items()}


@cache
def _length(route: str) -> float:
    return measured(routes()[route])[-1]


def moving(route: str, speed: float, ahead: float, now: Millis) -> Moving:
    """Where it is that goes so many m/s and was `ahead` metres along the route in 1970; it turns at both ends."""
    whole = _length(route)
    gone = (ahead + speed * now / 1000) % (2 * whole)
    back = gone >= whole
    metres = 2 * whole - gone if back else gone
    here, behind, before = along(routes()[route], (metres, metres - 50, metres + 50))
    course = bearing(before, behind) if back else bearing(behind, before)
    return Moving(round(here[0], 6), round(here[1], 6), round(course, 1) % 360)
