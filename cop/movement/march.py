"""How long is a column, when does it pass each point of its way, and how late is it really?

The formulas of the march table (MOV-01 to MOV-10: FM 55-10 appendix E, FM 55-30 chapter 5, ATP 4-90; STANAG 2154/2041
for its layout). What FM 55-10 gives for gaps, extra time and halts is from memory, and so a policy that can be changed.
Kilometres are of road, speeds km/h, densities vehicles a kilometre, times minutes of the movement's own clock unless
they are `Millis`.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from typing import Final, Literal, NamedTuple

import msgspec

from cop.event import Millis, Waypoint

MINUTE: Final = 60_000

Credit = Literal["REQUESTED", "APPROVED", "AMENDED", "REJECTED", "CANCELLED", "USED"]
CREDITS: Final[tuple[Credit, ...]] = ("REQUESTED", "APPROVED", "AMENDED", "REJECTED", "CANCELLED", "USED")
"""The states of a movement credit, the authority to use a route at a time (MOV-13)."""
CONTROLS: Final = ("OPEN", "SUPERVISED", "DISPATCH", "RESERVED", "PROHIBITED")
"""The levels of route control, the freest first (MOV-13)."""
Keeping = Literal["green", "amber", "red", "unknown"]
CREDIT_LIMITS: Final[tuple[tuple[float, Keeping], ...]] = ((30.0, "red"), (10.0, "amber"))
"""Minutes early or late from which a credit needs a look (amber) or a new slot (red): MOV-14, a policy of ours."""

NUMBER: Final = re.compile(r"(0[1-9]|[12][0-9]|3[01])-([A-Z])([A-Z]{2})-([0-9]{2})", re.ASCII)
"""A movement number, DD-NAA-NN: day of start, nation and authority, sequence, as 25-USV-08 (MOV-12; STANAG 2154)."""


class Policy(msgspec.Struct, frozen=True):
    """What a headquarters sets, in minutes (MOV-05, MOV-06, from memory)."""

    unit_gap_min: float = 2.0
    """Between the tail of a march unit and the head of the next."""
    serial_gap_min: float = 3.0
    """What comes on top where a serial ends: 5 min between serials in all."""
    column_gap_min: float = 10.0
    """Between columns: the gap that the search for conflicts may ask for."""
    extra_min: float = 1.0
    extra_vehicles: int = 25
    """So many whole vehicles cost one `extra_min`."""


STANDARD: Final = Policy()


class Halt(NamedTuple):
    """A planned halt: each element halts where the head did, `minutes` long, `km` after the start."""

    km: float
    minutes: float
    why: str = ""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A march column: serials of march units of vehicles (MOV-01). `time_gaps_min` and `extra_min` None: by formula.

    Raises `ValueError` for what can't march: no vehicle, density or speed, or fewer units than serials.
    """

    vehicles: int
    density_veh_per_km: float
    speed_kmh: float
    march_units: int = 1
    serials: int = 1
    time_gaps_min: float | None = None
    extra_min: float | None = None
    policy: Policy = STANDARD

    def __post_init__(self) -> None:
        if not (self.vehicles > 0 and 0 < self.density_veh_per_km < math.inf and 0 < self.speed_kmh < math.inf):
            raise ValueError("a column needs vehicles, a density and a speed above zero")
        if not 1 <= self.serials <= self.march_units <= self.vehicles:
            raise ValueError("a column has no more serials than march units, and no more of these than vehicles")

    @property
    def gaps_min(self) -> float:
        """All its time gaps, minutes."""
        if self.time_gaps_min is not None:
            return self.time_gaps_min
        return time_gaps_min(self.march_units, self.serials, self.policy)

    @property
    def extal_min(self) -> float:
        """Its extra time allowance, minutes."""
        return self.extra_min if self.extra_min is not None else extra_time_min(self.vehicles, self.policy)

    @property
    def pass_min(self) -> float:
        """How long it takes to pass a point, minutes."""
        return pass_time_min(self.vehicles, self.density_veh_per_km, self.gaps_min, self.extal_min, self.speed_kmh)

    @property
    def road_km(self) -> float:
        """The road that it covers from head to tail, kilometres."""
        return road_space_km(self.vehicles, self.density_veh_per_km, self.gaps_min, self.speed_kmh)


class Part(NamedTuple):
    """A march unit within its column: its head follows the column's head by `after_min`, it passes in `pass_min`."""

    name: str
    """`1.2` is the second unit of the first serial."""
    vehicles: int
    after_min: float
    pass_min: float


class Element(NamedTuple):
    """A march unit at a point: its head is due, its tail clear, minutes."""

    name: str
    vehicles: int
    due_min: float
    clear_min: float


class Row(NamedTuple):
    """A line of the march table. The head arrives, leaves (is due) after a halt there, and the tail is clear."""

    name: str
    lon: float
    lat: float
    km: float
    arrive_min: float
    due_min: float
    clear_min: float
    elements: tuple[Element, ...]


def time_gaps_min(march_units: int, serials: int, policy: Policy = STANDARD) -> float:
    """All time gaps of a column, minutes (MOV-05)."""
    return (march_units - 1) * policy.unit_gap_min + (serials - 1) * policy.serial_gap_min


def extra_time_min(vehicles: int, policy: Policy = STANDARD) -> float:
    """The extra time allowance (EXTAL), minutes: one for every 25 whole vehicles (MOV-06)."""
    return vehicles // policy.extra_vehicles * policy.extra_min


def road_space_km(vehicles: int, density: float, gaps_min: float, speed_kmh: float) -> float:
    """The road space, kilometres; `density` in vehicles a kilometre (MOV-03)."""
    return vehicles / density + gaps_min * speed_kmh / 60


def pass_time_min(vehicles: int, density: float, gaps_min: float, extra_min: float, speed_kmh: float) -> float:
    """How long the column takes to pass a point, minutes; `density` in vehicles a kilometre (MOV-04)."""
    return vehicles * 60 / (density * speed_kmh) + gaps_min + extra_min


def gap_m(density: float) -> float:
    """From one vehicle to the next, metres, at a density in vehicles a kilometre (MOV-07)."""
    return 1000 / density


def distance_time_min(km: float, speed_kmh: float, halts_min: float = 0.0) -> float:
    """The time for a way, minutes, with its long halts; short ones are within the rate of march (MOV-02, MOV-09)."""
    return km * 60 / speed_kmh + halts_min


def standard_halts(
    km: float,
    speed_kmh: float,
    *,
    first_after_min: float = 60.0,
    first_min: float = 15.0,
    every_min: float = 120.0,
    each_min: float = 10.0,
    planned: Iterable[Halt] = (),
) -> tuple[Halt, ...]:
    """The halts of MOV-09 on a way of `km`: one after the first hour on the march, then every second one.

    Those `planned` (meal and refuelling, 30 to 60 min) join them. Values from memory; the shipped table has none.
    Raises `ValueError` for a step that leads nowhere.
    """
    if speed_kmh <= 0 or every_min <= 0 or first_after_min <= 0:
        raise ValueError("halts need a speed and steps above zero")
    found: list[Halt] = []
    march = first_after_min
    while (at := march * speed_kmh / 60) < km:  # a halt at the release point is none
        found.append(Halt(at, each_min, "rest") if found else Halt(at, first_min, "first hour"))
        march += every_min
    return tuple(sorted((*found, *planned)))


def parts(column: Column) -> tuple[Part, ...]:
    """The march units from head to tail. They share vehicles evenly, extra time by vehicles, given gaps in proportion.

    The last one's end is the column's pass time.
    """
    units = column.march_units
    sizes = _shares(column.vehicles, units)
    serial = [i for i, size in enumerate(_shares(units, column.serials)) for _ in range(size)]
    policy, formula = column.policy, time_gaps_min(units, column.serials, column.policy)
    scale = column.gaps_min / formula if formula else 0.0
    found: list[Part] = []
    after, number = 0.0, 0
    for i, size in enumerate(sizes):
        number = number + 1 if i and serial[i] == serial[i - 1] else 1
        lasts = size * 60 / (column.density_veh_per_km * column.speed_kmh)
        lasts += column.extal_min * size / column.vehicles
        if i == units - 1 and not formula:
            lasts += column.gaps_min  # gaps that lie between no units: the tail has them
        found.append(Part(f"{serial[i] + 1}.{number}", size, after, lasts))
        if i < units - 1:
            gap = policy.unit_gap_min + (policy.serial_gap_min if serial[i + 1] != serial[i] else 0.0)
            after += lasts + gap * scale
    return tuple(found)


def table(
    column: Column,
    points: Sequence[tuple[str, float, float, float]],
    start_min: float = 0.0,
    halts: Iterable[Halt] = (),
) -> list[Row]:
    """The march table (MOV-08, MOV-10): every point (name, lon, lat, km) with its times, minutes, also of each unit.

    The head leaves the first point at `start_min`. Points are in order of passing: raises `ValueError` if their
    kilometres run backwards.
    """
    if any(b[3] < a[3] for a, b in pairwise(points)):
        raise ValueError("the kilometres of a march table never run backwards")
    units, stops = parts(column), sorted(halts)
    passed = [0.0, *accumulate(halt.minutes for halt in stops)]
    rows = []
    for name, lon, lat, km in points:
        way = start_min + distance_time_min(km - points[0][3], column.speed_kmh)
        before = sum(halt.km < km for halt in stops)
        arrive, due = way + passed[before], way + passed[sum(halt.km <= km for halt in stops)]
        elements = tuple(
            Element(unit.name, unit.vehicles, due + unit.after_min, due + unit.after_min + unit.pass_min)
            for unit in units
        )
        rows.append(Row(name, lon, lat, km, arrive, due, due + column.pass_min, elements))
    return rows


def waypoints(rows: Iterable[Row], startex: Millis, scale: float = 1.0) -> tuple[Waypoint, ...]:
    """The table as the points of a plan, ms UTC: T+0 is `startex`, a clock minute takes 60 000 ms / `scale`."""
    return tuple(
        Waypoint(
            row.name,
            row.lon,
            row.lat,
            row.km,
            startex + round(row.due_min * MINUTE / scale),
            startex + round(row.clear_min * MINUTE / scale),
        )
        for row in rows
    )


class Actual(msgspec.Struct, frozen=True):
    """A march as it was seen, beside its plan. Times are ms UTC."""

    passed: tuple[Millis | None, ...]
    """When the head passed each point, interpolated; None where it has not, or before anybody saw it."""
    next: int
    """The index of the next point ahead; the number of points behind the last."""
    km: float | None
    at: Millis | None
    late_ms: Millis | None
    """How late the head was at its last sighting, negative if early; None where the plan can't tell."""


def actual(points: Sequence[Waypoint], sightings: Iterable[tuple[Millis, float]]) -> Actual:
    """The march so far. `sightings` are (ms UTC, kilometres along the plan's way) of the head, in any order.

    A head does not drive back: a sighting behind an earlier one is where it still stands. Who waits at the start is
    late by the clock and never early; behind the release point the lateness is that with which it was reached.
    """
    seen: list[tuple[Millis, float]] = []
    for at, km in sorted(sightings):
        seen.append((at, max(km, seen[-1][1]) if seen else km))
    if not seen or not points:
        return Actual((None,) * len(points), 0, None, None, None)
    at, here = seen[-1]
    ahead = sum(point.km <= here for point in points)  # at its kilometre is passed, but …
    if here <= points[0].km:
        ahead = 0  # … who stands at the start has not left
    passed = tuple(_passing(point.km, seen, leaving=not i) if i < ahead else None for i, point in enumerate(points))
    return Actual(passed, ahead, here, at, _late(points, passed, here, at))


def credit_state(late_min: float | None) -> Keeping:
    """Whether a credit is kept, by the minutes early or late at its start or a critical point (MOV-14, ours)."""
    if late_min is None or math.isnan(late_min):
        return "unknown"
    return next((state for limit, state in CREDIT_LIMITS if abs(late_min) >= limit), "green")


def movement_number(day: int, authority: str, sequence: int) -> str:
    """The number that every vehicle shows (MOV-12): `movement_number(25, "USV", 8)` is 25-USV-08.

    Raises `ValueError` for what has no such number.
    """
    number = f"{day:02}-{authority}-{sequence:02}"
    if NUMBER.fullmatch(number) is None:
        raise ValueError(f"{number!r} is no movement number (DD-NAA-NN, as 25-USV-08)")
    return number


def _shares(total: int, count: int) -> list[int]:
    """The total in so many whole shares, the greater ones first."""
    least, rest = divmod(total, count)
    return [least + (i < rest) for i in range(count)]


def _passing(km: float, seen: Sequence[tuple[Millis, float]], *, leaving: bool) -> Millis | None:
    """When the head first came to `km`, between two sightings; at the start when it was last seen there instead."""
    after = bisect_right([way for _, way in seen], km)
    if after == 0:
        return None  # it was beyond that when it was first seen
    at, way = seen[after - 1]
    if way == km or leaving:
        return at if leaving else next(t for t, w in seen if w == way)
    to, end = seen[after]
    return at + round((to - at) * (km - way) / (end - way))


def _late(points: Sequence[Waypoint], passed: Sequence[Millis | None], here: float, at: Millis) -> Millis | None:
    timed = [(point.km, point.due, i) for i, point in enumerate(points) if point.due is not None]
    if not timed:
        return None
    after = bisect_right([km for km, _, _ in timed], here)
    if here <= points[0].km:
        return max(0, at - timed[0][1]) if timed[0][2] == 0 else None
    if after == 0:
        return None
    km, due, i = timed[after - 1]
    if after == len(timed):
        left = passed[i]
        return left - due if left is not None and i == len(points) - 1 else at - due if here == km else None
    to_km, to_due, _ = timed[after]
    return at - round(due + (to_due - due) * (here - km) / (to_km - km))
