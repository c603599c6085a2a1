"""Which aircraft fly over the Baltic states, if these were they? Invented flights as pure functions of seed and time.

All services that tell of aircraft speak of these, so that they agree. The addresses begin with d: no State's block
does (Annex 10 volume III, appendix to chapter 9), so that none of them is a real aircraft's; call signs begin with SIM.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import msgspec

from cop.event import Millis
from cop.geo import Point, along, bearing, length
from feeds.simulated.script import chance, happens

FIRST: Final = 0xD0BA01
"""The address of the first flight."""
GRADIENT: Final = 0.052
"""Of climb and descent: 3 degrees."""
STAY_MS: Final = 12 * 60_000
"""How long one stands after a landing."""
TALLINN, KURESSAARE, KARDLA, AMARI, TARTU = (
    (24.83, 59.41),
    (22.51, 58.23),
    (22.83, 58.99),
    (24.21, 59.26),
    (26.69, 58.31),
)
RIGA, LIEPAJA, LIELVARDE = (23.97, 56.92), (21.10, 56.52), (24.85, 56.78)
VILNIUS, KAUNAS, PALANGA, SIAULIAI = (25.29, 54.63), (24.08, 54.96), (21.09, 55.97), (23.40, 55.89)
HELSINKI: Final = (24.96, 60.32)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What one aircraft flies: to and fro on a line, or round and round on a ring. Speed in m/s, height in metres."""

    type: str
    category: str
    path: tuple[Point, ...]
    speed: float
    height: float
    military: bool = False
    jammed: tuple[float, float] | None = None
    """(period, minutes) of the times when its GNSS is jammed."""
    distress: tuple[float, float] | None = None
    """(period, minutes) of the times when it is in distress."""

    @property
    def ring(self) -> bool:
        return self.path[0] == self.path[-1]


def _line(kind: str, category: str, speed: float, height: float, *path: Point) -> Plan:
    return Plan(type=kind, category=category, path=path, speed=speed, height=height)


def _military(kind: str, category: str, speed: float, height: float, *path: Point) -> Plan:
    return Plan(type=kind, category=category, path=path, speed=speed, height=height, military=True)


PLANS: Final[tuple[Plan, ...]] = (
    _line("BCS3", "A3", 205, 9800, TALLINN, RIGA),
    _line("BCS3", "A3", 205, 9200, RIGA, VILNIUS),
    Plan(type="A320", category="A3", path=(TALLINN, TARTU, VILNIUS), speed=215, height=10_700, jammed=(50, 15)),
    _line("AT75", "A2", 130, 4300, TALLINN, KURESSAARE),
    _line("AT75", "A2", 130, 3700, TALLINN, KARDLA),
    _line("SF34", "A2", 120, 4000, RIGA, LIEPAJA),
    Plan(type="B738", category="A3", path=(KAUNAS, RIGA), speed=210, height=8500, distress=(120, 12)),
    _line("E190", "A3", 205, 8200, PALANGA, VILNIUS),
    _line("A319", "A3", 210, 9400, HELSINKI, RIGA),
    _line("C172", "A1", 52, 900, TARTU, RIGA),
    _military("A400", "A5", 190, 7600, SIAULIAI, RIGA, AMARI),
    _military("A332", "A5", 200, 8200, (23.2, 56.3), (25.6, 56.3), (25.6, 55.9), (23.2, 55.9), (23.2, 56.3)),
    _military("EUFI", "A6", 230, 6700, (22.4, 55.6), (24.6, 55.6), (24.6, 55.2), (22.4, 55.2), (22.4, 55.6)),
    _military("H60", "A7", 60, 350, (24.85, 56.78), (25.35, 57.15), (26.2, 56.9), (24.85, 56.78)),
    Plan(type="A139", category="A7", path=(TALLINN, KARDLA, KURESSAARE), speed=65, height=450, jammed=(70, 20)),
    Plan(type="Q9", category="B6", path=((26.3, 57.6), (27.2, 57.5), (27.1, 56.9), (26.3, 57.6)), speed=75, height=5200,
         military=True),
)  # fmt: skip
"""The flights in the order of their addresses."""


class Flight(msgspec.Struct, frozen=True, kw_only=True):
    """One aircraft at a moment. Height above the sea in metres, None on the ground; speed m/s; course degrees true."""

    icao24: str
    callsign: str
    registration: str
    plan: Plan
    at: Millis
    lon: float
    lat: float
    height: float | None
    speed: float
    course: float
    jammed_since: Millis | None
    distress: bool


def flights(seed: int, at: Millis) -> tuple[Flight, ...]:
    """Every aircraft at this time."""
    return tuple(flight(seed, number, at) for number in range(len(PLANS)))


def flight(seed: int, number: int, at: Millis) -> Flight:
    """One aircraft at this time, by its number in the plans."""
    plan = PLANS[number]
    there, course, height, moving = _motion(seed, number, at)
    jam = happens(seed, f"jam {number}", at, *plan.jammed) if plan.jammed and height is not None else None
    return Flight(
        icao24=f"{FIRST + number:06x}",
        callsign=f"SIM{101 + number}",
        registration=f"SIM-{number + 1:02d}",
        plan=plan,
        at=at,
        lon=there[0],
        lat=there[1],
        height=height,
        speed=plan.speed if moving else 0.0,
        course=course,
        jammed_since=jam[0] if jam else None,
        distress=plan.distress is not None and happens(seed, f"distress {number}", at, *plan.distress) is not None,
    )


def _motion(seed: int, number: int, at: Millis) -> tuple[Point, float, float | None, bool]:
    """(place, course, height, whether it moves)."""
    plan, whole = PLANS[number], _length(number)
    under_way = whole / plan.speed * 1000
    cycle = under_way if plan.ring else 2 * (under_way + STAY_MS)
    inside = (at + chance(seed, "flight", number).random() * cycle) % cycle
    path = plan.path
    if not plan.ring and inside >= under_way + STAY_MS:
        path, inside = path[::-1], inside - under_way - STAY_MS
    flown = min(inside / 1000 * plan.speed, whole)
    here, ahead, behind = along(path, (flown, min(flown + 200, whole), max(flown - 200, 0)))
    course = bearing(here, ahead) if ahead != here else bearing(behind, here)
    place = round(here[0], 6), round(here[1], 6)
    moving = flown < whole
    if plan.ring:
        return place, course, plan.height, True
    if not moving:
        return place, course, None, False
    ends = min(flown, whole - flown)
    return place, course, min(plan.height, 60 + ends * GRADIENT), True


@cache
def _length(number: int) -> float:
    return length(PLANS[number].path)
