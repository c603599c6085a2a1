"""Where are the simulated convoys, and what do they report?

Everything but `serve` and `main` is a pure function of the marches, what held them up, and two instants: nothing else
is remembered from tick to tick. What is reported bears wall time, so that silence shows.

The scenario starts at T+60, when all twelve are on the road. When the last has arrived it starts there again.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

import msgspec

from cop.event import Millis
from cop.movement.forecast import MINUTE, Hold
from feeds.clock import clock
from feeds.simulated.drive import (
    EVER,
    Column,
    Key,
    apart,
    driven,
    elements,
    halted,
    own_place,
    resting,
    sharing,
    together,
    where,
)
from feeds.simulated.follow import Follower
from feeds.simulated.marches import (
    PAUSE,
    START,
    TABLES,
    Head,
    March,
    Simulation,
    convoys,
    generated,
    head,
    in_run,
    load,
    on_the_road,
    pace,
    shift,
    simulation,
    with_permits,
)
from feeds.sources.simulated import Convoy, Left, Permit, Plan, Point, Position, Report, write

__all__ = [
    "PAUSE", "START", "TABLES", "Head", "March", "Simulation", "convoys", "disturbed", "farewell", "generated",
    "halted", "head", "load", "main", "pace", "positions", "reports", "serve", "simulation", "told", "with_permits",
]  # fmt: skip

MAX_COUNT, MAX_SCALE = 2000, 3600.0
LOOK_MIN = 1.0
"""Every so many exercise minutes of a run one looks whether a column is cut."""
CLOSED_UP, OVER, ENDEX = "it has closed up", "its run is over", "ENDEX: the simulation was stopped"
SLOW_READER = 32 << 20
"""Unsent bytes at which a reader is cut off: it comes back and is told everything anew."""


def positions(scene: Simulation, minute: float) -> dict[str, Head]:
    """The heads of all convoys that are there at this exercise minute, by convoy id."""
    found: dict[str, Head] = {}
    for each in scene.marches:
        run = math.floor((minute - each.begin) / each.period)
        march, local = in_run(each, run), minute - shift(each, run)
        if local < march.arrived:
            found[march.who.id] = head(march, local)
    return found


def reports(scene: Simulation, after: Millis, until: Millis) -> Iterator[Report]:
    """What is said in (after, until]: who set out and who left in that time, and where the others are at its end.

    From `after` = -1 it is all that a new reader needs. What is said again has the same time, so it is the same event.
    """
    for each in scene.marches:
        run = scene.run(each, until)
        march, begun = in_run(each, run), scene.begun(each, run)
        if until < begun:
            continue
        if after < begun:
            if scene.start_wall <= after:
                yield from _ended(scene, each, scene.run(each, after), after)
            yield from _introduced(march, shift(march, run), begun, scene)
        gone = scene.gone(march, run)
        yield from _cut(scene, march, run, max(after, begun - 1), min(until, gone - 1))
        if until < gone:
            minute = scene.minute(until) - shift(march, run)
            yield _position(march.who.id, until, head(march, minute))
            for unit in _parts(scene, march, run, until):
                place = on_the_road(march, where(march.tracks[unit], minute))
                yield _position(_key(march, unit), until, place)
        elif after < gone:
            yield from _left(scene, march, run, gone)


def told(scene: Simulation, after: Millis, until: Millis) -> tuple[Simulation, list[Report]]:
    """What is said in (after, until], and the simulation after it: a new run meets the holds that still stand."""
    edges = set[Millis]()
    for march in scene.marches:
        if scene.held.get(march.who.id) and scene.run(march, until) > scene.run(march, after):
            edges.add(scene.begun(march, scene.run(march, until)))
    said: list[Report] = []
    for edge in sorted(edges):
        if after < edge - 1:
            said += reports(scene, after, edge - 1)
            after = edge - 1
        scene = disturbed(scene, scene.held, edge)
    return scene, [*said, *reports(scene, after, until)]


def farewell(scene: Simulation, wall: Millis) -> Iterator[Report]:
    """ENDEX: every convoy that is still there leaves."""
    for each in scene.marches:
        run = scene.run(each, wall)
        march = in_run(each, run)
        if scene.begun(each, run) <= wall < scene.gone(march, run):
            yield from _leaving(march, _parts(scene, march, run, wall), wall, ENDEX, ENDEX)


def _position(key: str, at: Millis, place: Head) -> Position:
    return Position(key, at, round(place.lon, 6), round(place.lat, 6), place.course, round(place.speed, 2))


def _key(march: March, unit: int) -> str:
    """An element is known by its first march unit, so that none takes the place of another that closed up."""
    return f"{march.who.id}-E{unit + 1}"


def _looked(scene: Simulation, march: March, run: int, wall: Millis) -> int:
    """Which look of the run was the last by then."""
    look = math.floor((scene.minute(wall) - shift(march, run) - march.begin) / LOOK_MIN)
    return look + 1 if _look(scene, march, run, look + 1) <= wall else look


def _look(scene: Simulation, march: March, run: int, number: int) -> Millis:
    return scene.first(march.begin + shift(march, run) + number * LOOK_MIN)


def _elements(march: March, look: int) -> dict[int, int]:
    """The parts of the column behind the head's: first unit → the unit after the last."""
    cuts = elements(march.tracks, march.begin + look * LOOK_MIN, march.length, march.km, march.moving)
    return dict(pairwise([*cuts[1:], march.units]))


def _parts(scene: Simulation, march: March, run: int, wall: Millis) -> dict[int, int]:
    return _elements(march, _looked(scene, march, run, wall)) if march.tracks else {}


def _cut(scene: Simulation, march: March, run: int, after: Millis, until: Millis) -> Iterator[Report]:
    """What becomes in (after, until] of the elements of a column that something cut: each is there for itself."""
    if not march.tracks:
        return
    first = _looked(scene, march, run, after)
    known = _elements(march, first)
    for look in range(first + 1, _looked(scene, march, run, until) + 1):
        found, at = _elements(march, look), _look(scene, march, run, look)
        for unit in known.keys() - found.keys():
            yield Left(_key(march, unit), at, CLOSED_UP)
        for unit, end in found.items():
            if known.get(unit) != end:
                yield _element(march, unit, end, at)
        known = found


def _element(march: March, unit: int, end: int, at: Millis) -> Convoy:
    who, units = march.who, f"unit {end}" if end - unit == 1 else f"units {unit + 1} to {end}"
    return msgspec.structs.replace(
        who,
        id=_key(march, unit),
        at=at,
        name=f"{who.name}, {units}",
        vehicles=round(who.vehicles * end / march.units) - round(who.vehicles * unit / march.units),
        march_units=end - unit,
        pass_time_min=round(march.length * (end - unit), 1),
    )


def _ended(scene: Simulation, each: March, run: int, after: Millis) -> Iterator[Report]:
    """The end of a run, for who was told of it until `after`."""
    march = in_run(each, run)
    gone = scene.gone(march, run)
    if after < gone:
        yield from _cut(scene, march, run, after, gone - 1)
        yield from _left(scene, march, run, gone)


def _left(scene: Simulation, march: March, run: int, at: Millis) -> Iterator[Report]:
    parts = _parts(scene, march, run, at - 1)
    if at < scene.wall(march.arrived + shift(march, run)):
        return _leaving(march, parts, at, OVER, OVER)
    return _leaving(march, parts, at, f"arrived at {march.who.destination}", "the convoy has arrived")


def _leaving(march: March, parts: Iterable[int], at: Millis, why: str, why_permit: str) -> Iterator[Report]:
    for key in (march.who.id, *(_key(march, unit) for unit in parts)):
        yield Left(key, at, why)
    for permit in march.permits:
        yield Left(permit.id, at, why_permit, "clearance")


def disturbed(scene: Simulation, held: Mapping[str, Sequence[Hold]], wall: Millis) -> Simulation:
    """The simulation from this wall time on when these are the holds on the convoys' ways, by convoy id.

    Only those are driven anew whose holds changed, who begin a new run, or who wait where these do: at a thing that
    processes one unit after the other, who comes first is served first. A hold whose `km` is negative is the convoy's
    own: it stands where it is when that begins.
    """
    marches = {march.who.id: march for march in scene.marches}
    now = {key: tuple(holds) for key, holds in held.items() if holds and key in marches}
    touched = {key for key in now.keys() | scene.held.keys() if now.get(key) != scene.held.get(key)}
    touched |= {key for key in now if marches[key].run != scene.run(marches[key], wall)}
    columns: dict[str, Column] = {}
    for keys in sharing(touched, now):
        for key in keys:
            run = scene.run(marches[key], wall)
            march = in_run(marches[key], run)
            if scene.begun(march, run) <= wall < scene.gone(march, run):
                columns[key] = _column(scene, march, run, now.get(key, ()), wall)
        there = [key for key in keys if key in columns]
        for key, tracks in zip(there, together([columns[key] for key in there]), strict=True):
            run = scene.run(marches[key], wall)
            marches[key] = msgspec.structs.replace(marches[key], tracks=tracks, run=run)
    return msgspec.structs.replace(scene, marches=tuple(marches.values()), held=now)


def _column(scene: Simulation, march: March, run: int, held: Sequence[Hold], wall: Millis) -> Column:
    """The convoy with its holds in exercise milliseconds of this run."""
    late = shift(march, run)
    minute = scene.minute(wall) - late
    times: dict[Key, int] = {}
    holds, own = list(resting(march.halts)), list[Hold]()
    for each in held:
        key = (each.subject, each.source)
        times[key] = number = times.get(key, 0) + 1
        hold = msgspec.structs.replace(
            each,
            since=max(EVER, round((scene.minute(each.since) - late) * MINUTE)) if each.since else EVER,
            until=None if each.until is None else round((scene.minute(each.until) - late) * MINUTE),
            source=each.source if number == 1 else f"{each.source} {number}",  # it lies on the way more than once
        )
        if hold.km < 0:
            own.append(hold)
        else:
            holds.append(msgspec.structs.replace(hold, km=apart(hold, hold.km, march.km[-1])))
    column = Column(march.km, march.moving, march.ways, tuple(holds), minute, march.length, late)
    for hold in sorted(own, key=lambda hold: hold.since):
        way = driven(column)[0] if hold.since > minute * MINUTE else column.tracks[0]
        km = own_place(hold, way, minute, march.km[-1])
        to_km = march.km[-1] if hold.speed_kmh is not None else None  # its own speed goes with it
        placed = msgspec.structs.replace(hold, km=km, to_km=to_km)
        column = msgspec.structs.replace(column, holds=(*column.holds, placed))
    return column


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

    def hear(changed: dict[str, tuple[Hold, ...]]) -> None:
        nonlocal scene
        scene = disturbed(scene, {**scene.held, **changed}, last)

    server = await asyncio.start_server(welcome, host, port)
    ear = asyncio.create_task(follower.run(hear, clock)) if follower is not None else None
    if started is not None:
        started(server.sockets[0].getsockname()[1])
    try:
        while True:
            await asyncio.sleep(step_s)
            if (now := clock()) > last:
                scene, said = told(scene, last, now)
                last = now
                _tell(readers, write(said) or b"\n")
            if ear is not None and ear.done():
                ear.result()  # it never ends but by what went wrong: convoys that hear nothing would only seem to
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
