"""Which bridges have the simulated registers, and what is posted at them? Invented ones, at rivers that are there.

A register has days, not hours, so what it says changes from one day to another and never within one.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final, NamedTuple

from cop.event import Millis
from cop.geo import Point
from feeds.simulated.script import chance, changed

WEEK_MIN: Final = 7 * 24 * 60
LIMITS_T: Final = (12.0, 20.0, 30.0, 40.0, 44.0, 52.0)


class Span(NamedTuple):
    """A bridge: its number in the register, its river and road, where it is, metres of length and width."""

    key: str
    river: str
    road: str
    place: Point
    length_m: float
    width_m: float


class Entry(NamedTuple):
    """What the register says of it: the posted mass, if any, and since which day."""

    span: Span
    mass_t: float | None
    day: date


def spans(prefix: str, *rows: tuple[str, str, float, float]) -> tuple[Span, ...]:
    """Bridges from (river, road, lon, lat), their sizes made up."""
    return tuple(
        Span(f"{prefix}-{number}", river, road, (lon, lat), 24.0 + 9.5 * (number * 7 % 12), 7.5 + number % 4)
        for number, (river, road, lon, lat) in enumerate(rows, 1)
    )


def state(seed: int, now: Millis, there: tuple[Span, ...]) -> tuple[Entry, ...]:
    """The entries of this day: each is looked over once a week, and half of the bridges have a limit."""
    found = []
    for span in there:
        at = changed(seed, span.key, now, WEEK_MIN)
        luck = chance(seed, span.key, at)
        mass = luck.choice(LIMITS_T) if luck.random() < 0.5 else None
        found.append(Entry(span, mass, datetime.fromtimestamp(at / 1000, UTC).date()))
    return tuple(found)
