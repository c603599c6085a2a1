"""Where are the simulated convoys that report by file? Each goes to and fro on its route, for ever, without a jump.

Where one is, is a pure function of a seed and the wall time. All of it is exercise data.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from cop.event import Millis
from cop.geo import Point, along, bearing, measured
from feeds.simulated.script import chance

WAYPOINTS: Final = Path(__file__).parents[1] / "reference" / "march" / "route_waypoints.csv"
WIDE_MS: Final = 5_000
"""So far apart are the two places from which a course is taken."""


class Shuttle(NamedTuple):
    """A convoy on a route, at its march speed."""

    key: str
    route: str
    kmh: float


class Leg(NamedTuple):
    """The way that it is on now: since when, the names and places of its waypoints."""

    begun: Millis
    names: tuple[str, ...]
    path: tuple[Point, ...]


class Seen(NamedTuple):
    """Where it was, and its course in degrees true."""

    at: Millis
    place: Point
    course: float


def leg(shuttle: Shuttle, seed: int, at: Millis) -> Leg:
    """The way that it is on at this time."""
    names, path = _route(shuttle.route)
    lasts = round(measured(path)[-1] / shuttle.kmh * 3600)
    count, since = divmod(at + chance(seed, shuttle.key).randrange(2 * lasts), lasts)
    begun = max(0, at - since)
    return Leg(begun, names[::-1], path[::-1]) if count % 2 else Leg(begun, names, path)


def seen(shuttle: Shuttle, seed: int, at: Millis) -> Seen:
    """Where it is at this time."""
    way = leg(shuttle, seed, at)
    pace = shuttle.kmh / 3600  # metres a millisecond
    here, there = along(way.path, ((at - way.begun) * pace, (at - way.begun + WIDE_MS) * pace))
    back = along(way.path, ((at - way.begun - WIDE_MS) * pace,))[0]
    course = bearing(here, there) if here != there else bearing(back, here)
    return Seen(at, (round(here[0], 6), round(here[1], 6)), round(course, 1) % 360)


@cache
def _route(route: str) -> tuple[tuple[str, ...], tuple[Point, ...]]:
    with WAYPOINTS.open(encoding="utf-8", newline="") as table:
        rows = [row for row in csv.DictReader(table) if row["route_id"] == route]
    return tuple(row["waypoint"] for row in rows), tuple((float(row["lon"]), float(row["lat"])) for row in rows)
