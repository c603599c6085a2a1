"""Which convoys are simulated, and how do they march when nothing holds them up?

Twelve march as `convoys.csv` and `march_table.csv` plan it; any number of generated ones join them for load. All of it
is a pure function of the tables and a seed. Exercise time is in minutes from STARTEX (T+0) and runs `scale` times as
fast as the wall; plans are turned into wall time by the same clock.
"""

from __future__ import annotations

import csv
import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import groupby, pairwise
from pathlib import Path
from random import Random
from typing import NamedTuple

import msgspec

from cop.event import Millis
from cop.movement.forecast import Hold
from feeds.simulated.drive import At, Halt, Track, behind, halted, halts_on, moving, undisturbed, where
from feeds.sources.simulated import Convoy, Permit

TABLES = Path(__file__).parent.parent / "reference" / "march"
START = 60.0
"""The exercise minute at which a run of the scenario starts."""
PAUSE = 10.0
"""Minutes between the last arrival and the next run."""
ROAD = 1.05
"""Road kilometres for one of the drawn line."""
SLOWEST, FASTEST, WOBBLE = 0.96, 1.01, 0.05
"""A convoy's own pace against its march rate, and how far a leg strays from that: rather late than early."""
DENSITY = 15.0
"""Vehicles a kilometre of a generated convoy."""
LEGAL_WIDTH_M, LEGAL_HEIGHT_M = 2.55, 4.0
"""What a vehicle may measure without a permit (Directive 96/53/EC, annex I): the generated ones are no larger."""
UNIT = 25
"""Vehicles of a generated march unit (MOV-01)."""
PACES = (("city", 0.6), ("streets", 0.6), ("local", 0.75), ("regional", 0.85))
"""Word in the road's name → the share of its march rate that a generated convoy keeps there: ours."""
EDGE = 1e-6
"""Nearer to a whole number of runs than this one looks twice which it is."""
NEVER = 253_402_300_799_999
"""The wall time of what does not come: the last that a report can bear."""
Rows = Iterable[Mapping[str, str]]
Place = tuple[float, float]


class March(msgspec.Struct, frozen=True, dict=True):
    """One convoy's march: at each vertex of its path the road km, the planned minutes, and when the head passes."""

    who: Convoy
    route: str
    names: tuple[str, ...]
    path: tuple[Place, ...]
    km: tuple[float, ...]
    due: tuple[float, ...]
    clear: tuple[float, ...]
    passes: tuple[float, ...]
    courses: tuple[float, ...]
    """The course of each leg."""
    units: int = 1
    permits: tuple[Permit, ...] = ()
    """Its clearances with times in minutes from STARTEX: days of paperwork don't run at the exercise's scale."""
    begin: float = START
    """The minute at which its first run begins, and how long a run lasts before the next."""
    period: float = math.inf
    tracks: tuple[Track, ...] = ()
    """For each march unit its way through time in the run `run`, minutes; none while nothing holds it up."""
    run: int = 0
    halts: tuple[Halt, ...] = ()
    """Its planned halts, in order; the times at its vertices have them in."""

    @property
    def length(self) -> float:
        """How long one march unit takes to pass a point, minutes."""
        return (self.clear[-1] - self.due[-1]) / self.units

    @property
    def ways(self) -> tuple[Track, ...]:
        """Each unit's way through time."""
        return self.tracks or tuple(behind(self.way, unit * self.length) for unit in range(self.units))

    @cached_property
    def way(self) -> Track:
        """The head's way through time when nothing holds it up."""
        return undisturbed(self.km, self.passes, self.halts)

    @cached_property
    def moving(self) -> tuple[float, ...]:
        """When the head would pass each vertex without its halts."""
        return moving(self.km, self.passes, self.halts)

    @property
    def arrived(self) -> float:
        """The minute at which the tail has passed the release point; infinite while it is held without an end."""
        if self.tracks:
            return self.tracks[-1][-1].at + self.length
        return self.passes[-1] + self.clear[-1] - self.due[-1]


class Head(NamedTuple):
    """Where the head is: degrees, course, metres a second of exercise time."""

    lon: float
    lat: float
    course: float
    speed: float


class Simulation(msgspec.Struct, frozen=True):
    """The marches, the clock that they share, and what stands on whose way."""

    marches: tuple[March, ...]
    start_wall: Millis
    start: float = START
    scale: float = 1.0
    held: dict[str, tuple[Hold, ...]] = {}
    """By convoy id, in wall time."""

    def minute(self, wall: Millis) -> float:
        """The exercise minute at this wall time."""
        return self.start + (wall - self.start_wall) * self.scale / 60000

    def wall(self, minute: float) -> Millis:
        """The wall time at which this exercise minute begins; none lies before 1970, nor after what can be said."""
        if math.isinf(minute):
            return NEVER
        return min(NEVER, max(0, self.start_wall + math.floor((minute - self.start) * 60000 / self.scale)))

    def first(self, minute: float) -> Millis:
        """The first wall time that lies in this exercise minute or after it."""
        if math.isinf(minute):
            return NEVER
        return min(NEVER, max(0, self.start_wall + math.ceil((minute - self.start) * 60000 / self.scale)))

    def run(self, march: March, wall: Millis) -> int:
        """In which of its runs, from 0 on, a convoy is at this wall time."""
        runs = max(0.0, (self.minute(wall) - march.begin) / march.period)
        run = math.floor(runs)
        if EDGE < runs - run < 1 - EDGE:
            return run
        if self.begun(march, run + 1) <= wall:  # what the division lost
            return run + 1
        return run - 1 if run and self.begun(march, run) > wall else run

    def begun(self, march: March, run: int) -> Millis:
        """When that run begins."""
        return max(self.start_wall, self.first(march.begin + shift(march, run)))

    def gone(self, march: March, run: int) -> Millis:
        """When the convoy is no longer there in that run: it has arrived, or the next run is about to begin.

        `march` is as `in_run` gives it.
        """
        return min(self.wall(march.arrived + shift(march, run)), self.begun(march, run + 1) - 1)


def shift(march: March, run: int) -> float:
    """How many minutes that run is behind the first."""
    return run * march.period if run else 0.0


def in_run(march: March, run: int) -> March:
    """The march as it goes in that run: what held it up in another one counts no longer."""
    return msgspec.structs.replace(march, tracks=()) if march.tracks and march.run != run else march


def convoys(rows: Rows, waypoints: Rows, march: Rows, *, seed: int = 0, strays: bool = True) -> tuple[March, ...]:
    """The scenario's marches. `march` has each convoy's points in order, `waypoints` the routes that they lie on."""
    legs, nations = _roads(waypoints)
    points = {key: list(group) for key, group in groupby(march, key=lambda row: row["convoy_id"])}
    return tuple(_planned(row, points[row["convoy_id"]], legs, nations, seed, strays) for row in rows)


def with_permits(marches: Sequence[March], rows: Rows) -> tuple[March, ...]:
    """The marches with their clearances; `rows` has one for each convoy and border."""
    own: dict[str, list[Permit]] = {}
    for row in rows:
        own.setdefault(row["convoy_id"], []).append(
            Permit(
                f"{row['convoy_id']}-{row['border']}",
                0,
                convoy=row["convoy_id"],
                border=f"crossing:{row['border']}",
                nations=(row["nation_from"], row["nation_to"]),
                permission=row["permission"],
                requested_at=int(row["requested_min"]) if row["requested_min"] else None,
                decided_at=int(row["decided_min"]) if row["decided_min"] else None,
                by=row["by"],
                vehicles_declared=int(row["vehicles_declared"]) if row["vehicles_declared"] else None,
                form302=row["form302"],
                note=row["note"],
            )
        )
    return tuple(msgspec.structs.replace(march, permits=tuple(own.get(march.who.id, ()))) for march in marches)


def generated(count: int, waypoints: Rows, *, seed: int = 0, start: float = START) -> tuple[March, ...]:
    """That many made-up convoys on the routes, each somewhere on its way at the start, for load tests."""
    routes = [list(group) for _, group in groupby(waypoints, key=lambda row: row["route_id"])]
    return tuple(_made_up(f"SIM-{number:04}", routes, seed, start) for number in range(1, count + 1))


def simulation(
    scenario: Sequence[March],
    extra: Sequence[March] = (),
    *,
    start_wall: Millis,
    start: float = START,
    scale: float = 1.0,
) -> Simulation:
    """Put the marches on one clock. The scenario's convoys that have arrived before `start` stay away."""
    under_way = [march for march in scenario if march.arrived > start]
    end = max((march.arrived for march in under_way), default=start) + PAUSE
    runs = (msgspec.structs.replace(march, begin=start, period=end - start) for march in under_way)
    return Simulation((*runs, *extra), start_wall, start, scale)


def head(march: March, minute: float) -> Head:
    """Where the head is at this minute of its own run: it waits at its start and stands at its release point.

    Between two vertices it follows the line that the map draws, so lon and lat are taken linearly.
    """
    return on_the_road(march, where(march.tracks[0] if march.tracks else march.way, minute))


def on_the_road(march: March, at: At) -> Head:
    """The place of a road kilometre on the drawn line."""
    leg = min(max(0, bisect_left(march.km, at.km) - 1), len(march.courses) - 1)
    way = march.km[leg + 1] - march.km[leg]
    part = min(1.0, (at.km - march.km[leg]) / way) if way > 0 else 1.0
    (lon, lat), (to_lon, to_lat) = march.path[leg], march.path[leg + 1]
    return Head(lon + part * (to_lon - lon), lat + part * (to_lat - lat), march.courses[leg], at.pace * 1000 / 60)


def _planned(
    row: Mapping[str, str],
    points: Sequence[Mapping[str, str]],
    legs: Mapping[tuple[Place, Place], Sequence[str]],
    nations: Mapping[Place, str],
    seed: int,
    strays: bool,
) -> March:
    path = tuple((float(point["lon"]), float(point["lat"])) for point in points)
    due = tuple(float(point["due_min_vs_startex"]) for point in points)
    key = row["convoy_id"]
    who = Convoy(
        key,
        0,
        row["name"],
        unit_type=row["unit_type"],
        vehicles=int(row["vehicles"]),
        kind=row["kind"],
        mlc_wheeled=int(row["mlc_wheeled"]) if row["mlc_wheeled"] else None,
        mlc_tracked=int(row["mlc_tracked_if_driven"]) if row["mlc_tracked_if_driven"] else None,
        origin=row["origin"],
        destination=row["destination"],
        speed_kmh=float(row["speed_kmh"]),
        pass_time_min=float(row["pass_time_min"]),
        march_units=int(row["march_units"]),
        density_veh_per_km=float(row["density_veh_per_km"]),
        mass_t=float(row["mass_t"]),
        width_m=float(row["width_m"]),
        height_m=float(row["height_m"]),
        nations=tuple(dict.fromkeys(nations[place] for place in path if place in nations)),
    )
    return March(
        who,
        _route(path, legs),
        tuple(point["point"] for point in points),
        path,
        tuple(float(point["road_km_est"]) for point in points),
        due,
        tuple(float(point["clear_min_vs_startex"]) for point in points),
        _passes(due, Random(f"{seed}:{key}")) if strays else due,
        tuple(_course(a, b) for a, b in pairwise(path)),
        int(row["march_units"]),
    )


def _made_up(key: str, routes: Sequence[Sequence[Mapping[str, str]]], seed: int, start: float) -> March:
    chance = Random(f"{seed}:{key}")
    route = chance.choice(routes)
    way = route if chance.random() < 0.5 else route[::-1]
    speed, vehicles = chance.choice((35.0, 40.0, 45.0)), chance.randint(10, 60)
    path = tuple((float(point["lon"]), float(point["lat"])) for point in way)
    first = float(way[0]["cum_km_polyline"])
    km = tuple(abs(float(point["cum_km_polyline"]) - first) * ROAD for point in way)
    lasts = vehicles / DENSITY / speed * 60
    drive = [0.0]
    for (a, b), to in zip(pairwise(km), way[1:], strict=True):
        drive.append(drive[-1] + (b - a) / (speed * pace(to["road"])) * 60)
    begin = start - chance.random() * drive[-1]
    due = tuple(begin + minutes + halted(minutes) for minutes in drive)
    halts = halts_on(km, drive)
    strayed = _passes([begin + minutes for minutes in drive], chance)
    passes = tuple(at + halted(minutes) for at, minutes in zip(strayed, drive, strict=True))
    units = max(1, math.ceil(vehicles / UNIT))
    who = Convoy(
        key,
        0,
        f"Simulated convoy {key.removeprefix('SIM-')}",
        unit_type="Simulated, for load tests",
        vehicles=vehicles,
        kind="wheeled",
        mlc_wheeled=chance.choice((16, 24, 32, 40, 60, 80, 100)),
        origin=way[0]["waypoint"],
        destination=way[-1]["waypoint"],
        speed_kmh=speed,
        pass_time_min=round(lasts, 1),
        march_units=units,
        density_veh_per_km=DENSITY,
        width_m=LEGAL_WIDTH_M,
        height_m=LEGAL_HEIGHT_M,
        nations=tuple(dict.fromkeys(point["nation"] for point in way)),
    )
    return March(
        who,
        way[0]["route_id"],
        tuple(point["waypoint"] for point in way),
        path,
        km,
        due,
        tuple(minute + lasts for minute in due),
        passes,
        tuple(_course(a, b) for a, b in pairwise(path)),
        units,
        (),
        begin,
        passes[-1] + lasts + PAUSE - begin,
        halts=halts,
    )


def pace(road: str) -> float:
    """The share of its march rate that a column keeps on that road."""
    return next((share for word, share in PACES if word in road), 1.0)


def _passes(due: Sequence[float], chance: Random) -> tuple[float, ...]:
    """When the head really passes: it starts on time and then strays from the march rate, leg by leg."""
    pace, minutes = chance.uniform(SLOWEST, FASTEST), [due[0]]
    for since, until in pairwise(due):
        minutes.append(minutes[-1] + (until - since) / (pace + chance.uniform(-WOBBLE, WOBBLE)))
    return tuple(minutes)


def _roads(waypoints: Rows) -> tuple[dict[tuple[Place, Place], list[str]], dict[Place, str]]:
    """The routes on which two places are neighbours, and the nation of each place."""
    legs: dict[tuple[Place, Place], list[str]] = {}
    nations: dict[Place, str] = {}
    for route, group in groupby(waypoints, key=lambda row: row["route_id"]):
        rows = [((float(row["lon"]), float(row["lat"])), row["nation"]) for row in group]
        nations |= dict(rows)
        for (a, _), (b, _) in pairwise(rows):
            legs.setdefault((a, b), []).append(route)
            legs.setdefault((b, a), []).append(route)
    return legs, nations


def _route(path: Sequence[Place], legs: Mapping[tuple[Place, Place], Sequence[str]]) -> str:
    """The routes in order of use, as `R07+R05+R01`; a leg on no route adds nothing, a shared one no change."""
    used: list[str] = []
    for leg in pairwise(path):
        choices = legs.get(leg, ())
        if choices and (not used or used[-1] not in choices):
            used.append(choices[0])
    return "+".join(used)


def _course(a: Place, b: Place) -> float:
    """The course at the middle of the drawn line between two places, degrees true."""
    east = (b[0] - a[0]) * math.cos(math.radians((a[1] + b[1]) / 2))
    return round(math.degrees(math.atan2(east, b[1] - a[1])) % 360, 1) % 360


def load(*, seed: int, scale: float, count: int, start: float, start_wall: Millis) -> Simulation:
    """The simulation of the tables that come with the project."""

    def rows(name: str) -> list[dict[str, str]]:
        with (TABLES / name).open(encoding="utf-8", newline="") as table:
            return list(csv.DictReader(table))

    waypoints = rows("route_waypoints.csv")
    scenario = with_permits(
        convoys(rows("convoys.csv"), waypoints, rows("march_table.csv"), seed=seed), rows("clearances.csv")
    )
    extra = generated(count, waypoints, seed=seed, start=start)
    return simulation(scenario, extra, start_wall=start_wall, start=start, scale=scale)
