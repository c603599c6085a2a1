"""What does the simulated OpenSky Network say? State vectors of the flights, some without a position or a category."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from cop.event import Millis
from feeds.simulated.flights import Flight, flights
from feeds.simulated.national import Speaker
from feeds.simulated.script import MARK

CATEGORIES: Final = {"A1": 2, "A2": 3, "A3": 4, "A4": 5, "A5": 6, "A6": 7, "A7": 8, "B6": 14}
SILENT: Final = 4
"""The flight whose position this network doesn't hear."""


def state(seed: int, now: Millis) -> tuple[Flight, ...]:
    """The flights at this whole second."""
    return flights(seed, now // 1000 * 1000)


def say(seed: int, now: Millis) -> bytes:
    """The answer to a question for all states."""
    rows = [_row(number, each) for number, each in enumerate(state(seed, now))]
    return msgspec.json.encode({"time": now // 1000, "states": rows})


def _row(number: int, each: Flight) -> list[Any]:
    at, placed = each.at // 1000, number != SILENT
    return [
        each.icao24,
        each.callsign.ljust(8),
        MARK,
        at if placed else None,
        at,
        each.lon if placed else None,
        each.lat if placed else None,
        None if each.height is None else round(each.height, 2),
        each.height is None,
        each.speed,
        round(each.course, 2) % 360,
        None,
        None,
        None,
        "7700" if each.distress else None,
        False,
        0 if each.jammed_since is None else 2,
        CATEGORIES[each.plan.category],
    ]


SPEAKERS = (
    Speaker(
        feed="opensky",
        source="opensky",
        path="/api/states/all",
        media="application/json",
        say=say,
        nations=("EE", "LV", "LT"),
        rate_s=10.0,
    ),
)
