"""Where are the simulated convoys, and what do they report?

Twelve convoys march as `convoys.csv` and `march_table.csv` plan it; any number of generated ones join them for load.
Everything but `serve` and `main` is a pure function of the tables, a seed and two instants: nothing is remembered from
tick to tick. Exercise time is in minutes from STARTEX (T+0) and runs `scale` times as fast as the wall; what is
reported bears wall time, so that silence shows, and plans are turned into wall time by the same clock.

The scenario starts at T+60, when all twelve are on the road. When the last has arrived it starts there again.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import csv
import math
import signal
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from pathlib import Path
from random import Random
from typing import NamedTuple

import msgspec

from cop.event import Millis
from cop.movement.forecast import MINUTE, Hold
from feeds.clock import clock
from feeds.simulated.drive import At, Track, driven, elements, undisturbed, when, where
from feeds.simulated.follow import Follower
from feeds.sources.simulated import Convoy, Left, Permit, Plan, Point, Position, Report, write

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
FIRST_HALT, LATER_HALTS = (60.0, 15.0), (120.0, 10.0)
"""After so many minutes of driving a halt of so many minutes: the first, and each later one (MOV-09, from memory)."""
MAX_COUNT, MAX_SCALE = 2000, 3600.0
EVER = -(10**12)
"""An exercise time before every exercise, ms."""
NEVER = 253_402_300_799_999
"""The wall time of what does not come: the last that a report can bear."""
SLOW_READER = 32 << 20
"""Unsent bytes at which a reader is cut off: it comes back and is told everything anew."""

Rows = Iterable[Mapping[str, str]]
Place = tuple[float, float]


class March(msgspec.Struct, frozen=True):
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

    @property
    def length(self) -> float:
        """How long one march unit takes to pass a point, minutes."""
        return (self.clear[-1] - self.due[-1]) / self.units

    @property
    def ways(self) -> tuple[Track, ...]:
        """Each unit's way through time."""
        return self.tracks or tuple(undisturbed(self.km, self.passes, unit, self.length) for unit in range(self.units))

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
    """The marches and the clock that they share."""

    marches: tuple[March, ...]
    start_wall: Millis
    start: float = START
    scale: float = 1.0

    def minute(self, wall: Millis) -> float:
        """The exercise minute at this wall time."""
        return self.start + (wall - self.start_wall) * self.scale / 60000

    def wall(self, minute: float) -> Millis:
        """The wall time at which this exercise minute begins; none lies before 1970."""
        if math.isinf(minute):
            return NEVER
        return max(0, self.start_wall + math.floor((minute - self.start) * 60000 / self.scale))

    def first(self, minute: float) -> Millis:
        """The first wall time that lies in this exercise minute or after it."""
        return max(0, self.start_wall + math.ceil((minute - self.start) * 60000 / self.scale))


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
    if march.tracks:
        return _on_the_road(march, where(march.tracks[0], minute))
    leg = bisect_right(march.passes, minute) - 1
    if leg < 0:
        return Head(*march.path[0], march.courses[0], 0.0)
    if leg >= len(march.courses):
        return Head(*march.path[-1], march.courses[-1], 0.0)
    since, until = march.passes[leg], march.passes[leg + 1]
    part = (minute - since) / (until - since)
    (lon, lat), (to_lon, to_lat) = march.path[leg], march.path[leg + 1]
    speed = (march.km[leg + 1] - march.km[leg]) * 1000 / ((until - since) * 60)
    return Head(lon + part * (to_lon - lon), lat + part * (to_lat - lat), march.courses[leg], speed)


def _on_the_road(march: March, at: At) -> Head:
    """The place of a road kilometre on the drawn line."""
    leg = min(max(0, bisect_right(march.km, at.km) - 1), len(march.courses) - 1)
    way = march.km[leg + 1] - march.km[leg]
    part = min(1.0, (at.km - march.km[leg]) / way) if way > 0 else 1.0
    (lon, lat), (to_lon, to_lat) = march.path[leg], march.path[leg + 1]
    speed = at.pace * 1000 / 60
    return Head(lon + part * (to_lon - lon), lat + part * (to_lat - lat), march.courses[leg], speed)


def positions(scene: Simulation, minute: float) -> dict[str, Head]:
    """The heads of all convoys that are there at this exercise minute, by convoy id."""
    found: dict[str, Head] = {}
    for each in scene.marches:
        march, shift = _running(each, minute)
        local = minute - shift
        if local < march.arrived:
            found[march.who.id] = head(march, local)
    return found


def reports(scene: Simulation, after: Millis, until: Millis) -> Iterator[Report]:
    """What is said in (after, until]: who set out and who left in that time, and where the others are at its end.

    From `after` = -1 it is all that a new reader needs. What is said again has the same time, so it is the same event.
    """
    minute = scene.minute(until)
    for each in scene.marches:
        march, shift = _running(each, minute)
        begun = max(scene.start_wall, scene.first(march.begin + shift))
        if after < begun:
            if shift and after < (left := min(begun, scene.wall(march.arrived + shift - march.period))):
                yield from _left(march, left)
            yield from _introduced(march, shift, begun, scene)
        left = scene.wall(march.arrived + shift)
        if left > until:
            at = head(march, minute - shift)
            yield Position(march.who.id, until, round(at.lon, 6), round(at.lat, 6), at.course, round(at.speed, 2))
            yield from _cut(march, scene.minute(after) - shift if after >= begun else -math.inf, minute - shift, until)
        elif after < left:
            yield from _left(march, left)


def _cut(march: March, before: float, minute: float, at: Millis) -> Iterator[Report]:
    """The elements of a column that something cut: each of them behind the head is there for itself."""
    if not march.tracks:
        return
    were = len(elements(march.tracks, before, march.length)) if before > -math.inf else 1
    first = elements(march.tracks, minute, march.length)
    for number in range(1, max(were, len(first))):
        key = f"{march.who.id}-E{number + 1}"
        if number >= len(first):
            yield Left(key, at, "it has closed up")
            continue
        unit, after = first[number], [*first, march.units][number + 1]
        share = round(march.who.vehicles * (after - unit) / march.units)
        name = f"{march.who.name}, element {number + 1}"
        who = msgspec.structs.replace(march.who, id=key, at=at, name=name, vehicles=share, march_units=after - unit)
        place = _on_the_road(march, where(march.tracks[unit], minute))
        if number >= were:
            yield who
        yield Position(key, at, round(place.lon, 6), round(place.lat, 6), place.course, round(place.speed, 2))


def farewell(scene: Simulation, wall: Millis) -> Iterator[Report]:
    """ENDEX: every convoy that is still there leaves."""
    minute = scene.minute(wall)
    there = positions(scene, minute)
    for each in scene.marches:
        if each.who.id in there:
            march, shift = _running(each, minute)
            local = minute - shift
            cut = len(elements(march.tracks, local, march.length)) if march.tracks else 1
            for key in (march.who.id, *(f"{march.who.id}-E{number + 1}" for number in range(1, cut))):
                yield Left(key, wall, "ENDEX: the simulation was stopped")
            for permit in march.permits:
                yield Left(permit.id, wall, "ENDEX: the simulation was stopped", "clearance")


def disturbed(scene: Simulation, held: Mapping[str, Sequence[Hold]], wall: Millis) -> Simulation:
    """The simulation from this wall time on when these holds stand on the convoys' ways, by convoy id.

    Who comes first to a thing that processes one unit after the other is served first. A hold whose `km` is negative is
    the convoy's own: it stands where it is when that begins.
    """
    minute, queue = scene.minute(wall), dict[tuple[str, str], float]()
    marches = {march.who.id: march for march in scene.marches}

    def first(key: str) -> float:
        march, shift = _running(marches[key], minute)
        kms = [hold.km for hold in held[key] if hold.processing_min]
        return min((when(march.ways[0], km) + shift for km in kms), default=math.inf)

    for key in sorted(held.keys() & marches.keys(), key=lambda key: (first(key), key)):
        march, shift = _running(marches[key], minute)
        local = minute - shift
        if local >= march.arrived:
            continue
        tracks = march.ways
        holds = [_placed(hold, tracks[0], scene, shift, local) for hold in held[key]]
        again = driven(march.km, march.passes, tracks, holds, local, march.length, queue)
        marches[key] = msgspec.structs.replace(march, tracks=again, run=_run(march, minute))
    return msgspec.structs.replace(scene, marches=tuple(marches.values()))


def _placed(hold: Hold, head: Track, scene: Simulation, shift: float, minute: float) -> Hold:
    """The hold in the exercise milliseconds of this run; the convoy's own at the place where that finds it."""
    since = scene.minute(hold.since) - shift if hold.since else -math.inf
    until = None if hold.until is None else scene.minute(hold.until) - shift
    km = hold.km if hold.km >= 0 else where(head, max(minute, since)).km
    return msgspec.structs.replace(
        hold,
        km=km,
        since=EVER if since == -math.inf else round(since * MINUTE),
        until=None if until is None else round(until * MINUTE),
    )


def _running(march: March, minute: float) -> tuple[March, float]:
    """The march in the run of that minute, and how far that run is shifted: a new run begins without holds."""
    run = _run(march, minute)
    if march.tracks and march.run != run:
        march = msgspec.structs.replace(march, tracks=())
    return march, run * march.period


def _run(march: March, minute: float) -> int:
    return math.floor((minute - march.begin) / march.period)


def _left(march: March, at: Millis) -> Iterator[Report]:
    yield Left(march.who.id, at, f"arrived at {march.who.destination}")
    for permit in march.permits:
        yield Left(permit.id, at, "the convoy has arrived", "clearance")


def _permits(march: March, shift: float, at: Millis, scene: Simulation) -> Iterator[Permit]:
    """Its clearances in wall time."""
    startex = scene.wall(shift)

    def wall(minutes: Millis | None) -> Millis | None:
        return None if minutes is None else max(0, startex + minutes * 60_000)

    for each in march.permits:
        asked, decided = wall(each.requested_at), wall(each.decided_at)
        yield msgspec.structs.replace(each, at=at, requested_at=asked, decided_at=decided)


def _introduced(march: March, shift: float, at: Millis, scene: Simulation) -> Iterator[Report]:
    def wall(minute: float) -> Millis:
        return scene.wall(minute + shift)

    columns = zip(march.names, march.path, march.km, march.due, march.clear, strict=True)
    points = tuple(Point(name, *place, km, wall(due), wall(clear)) for name, place, km, due, clear in columns)
    yield msgspec.structs.replace(march.who, at=at)
    yield Plan(march.who.id, at, march.route, march.path, points, wall(0), scene.scale)
    yield from _permits(march, shift, at, scene)


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
    passes = _passes(due, chance)
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
    )


def pace(road: str) -> float:
    """The share of its march rate that a column keeps on that road."""
    return next((share for word, share in PACES if word in road), 1.0)


def halted(driven_min: float) -> float:
    """The minutes of halts in so many minutes of driving: MOV-09 (halt values from memory)."""
    if driven_min < FIRST_HALT[0]:
        return 0.0
    return FIRST_HALT[1] + math.floor((driven_min - FIRST_HALT[0]) / LATER_HALTS[0]) * LATER_HALTS[1]


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


async def serve(
    host: str,
    port: int,
    *,
    seed: int = 0,
    scale: float = 1.0,
    count: int = 0,
    start: float = START,
    step_s: float = 1.0,
    started: Callable[[int], None] | None = None,
    follower: Follower | None = None,
) -> None:
    """Report to every reader, each step, until cancelled; then say ENDEX. `started` is told the port.

    With a `follower` the convoys meet what the stream says stands on their way.
    """
    last = clock()
    scene = load(seed=seed, scale=scale, count=count, start=start, start_wall=last)
    readers: set[asyncio.StreamWriter] = set()

    async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(write(list(reports(scene, -1, last))))
        readers.add(writer)
        with contextlib.suppress(ConnectionError):
            while await reader.read(4096):  # nothing that a reader says matters; its end does
                pass
        readers.discard(writer)
        writer.close()

    held: dict[str, tuple[Hold, ...]] = {}

    def hear(changed: dict[str, tuple[Hold, ...]]) -> None:
        nonlocal scene
        held.update(changed)
        scene = disturbed(scene, held, last)

    server = await asyncio.start_server(welcome, host, port)
    ear = asyncio.create_task(follower.run(hear, clock)) if follower is not None else None
    if started is not None:
        started(server.sockets[0].getsockname()[1])
    try:
        while True:
            await asyncio.sleep(step_s)
            if (now := clock()) > last:
                _tell(readers, write(list(reports(scene, last, now))) or b"\n")
                last = now
    finally:
        if ear is not None:
            ear.cancel()
        server.close()
        leaving = list(readers)
        _tell(readers, write(list(farewell(scene, max(last + 1, clock())))))
        for writer in leaving:
            writer.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                await asyncio.gather(*(writer.wait_closed() for writer in leaving), return_exceptions=True)


def _tell(readers: set[asyncio.StreamWriter], said: bytes) -> None:
    for writer in list(readers):
        if writer.transport.get_write_buffer_size() > SLOW_READER:
            readers.discard(writer)
            writer.transport.abort()
        else:
            writer.write(said)


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m feeds.simulated.convoys", description="Simulate the convoys.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=10130)
    parser.add_argument("--seed", type=int, default=0, help="of the convoys' small deviations from their plan")
    parser.add_argument("--scale", type=float, default=1.0, help="exercise seconds in a second of wall time")
    parser.add_argument("--count", type=int, default=0, help=f"generated convoys beside the twelve, 0 to {MAX_COUNT}")
    parser.add_argument("--start", type=float, default=START, help="exercise minute at which the scenario starts")
    said = parser.parse_args(argv)
    if not 0 <= said.count <= MAX_COUNT or not 0 < said.scale <= MAX_SCALE:
        parser.error(f"--count is 0 to {MAX_COUNT}, --scale above 0 and at most {MAX_SCALE:g}")

    async def run() -> None:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        await serve(
            said.host,
            said.port,
            seed=said.seed,
            scale=said.scale,
            count=said.count,
            start=said.start,
            started=lambda port: print(f"simulated convoys at {said.host}:{port}", flush=True),
        )

    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(run())
    return 0


if __name__ == "__main__":
    sys.exit(main())
