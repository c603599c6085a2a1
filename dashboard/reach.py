"""Where does what was known at a moment stand? In the archive's files, and after their end on the stream itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import takewhile
from typing import Final, NamedTuple

from cop.bus import Bus, BusDown, Entry
from cop.event import Event, InvalidEvent, Millis, decode
from cop.recover import Bounds, Position
from dashboard.archive import Archive, BadSegment, Segment, seal
from dashboard.scene import NoSuchMoment

READ: Final = 5_000
FEW: Final = 200
"""Entries that are read first: most steps are small."""
AGAIN: Final = 3
"""Looks at the archive when what was on the stream has meanwhile gone into a file."""


class Line(NamedTuple):
    """A place on a world's stream: all until there is known. `mark` tells the entry there from another in its place."""

    world: str
    epoch: int
    offset: int
    run: str = ""
    mark: str = ""
    time: Millis = 0
    """Until when it is known."""


class Start(NamedTuple):
    """How all stood before a moment, of when that is, and where to read on."""

    carried: Iterable[Event]
    first: Millis
    line: Line


class Reach:
    """Reads the past of any world; keeps nothing but what the archive keeps."""

    def __init__(self, bus: Bus, archive: Archive) -> None:
        self._bus = bus
        self._archive = archive

    async def spans(self, world: str, now: Millis) -> list[tuple[Millis, Millis]]:
        """From when to when all is known, in order. What lies between two of them is not."""
        segments = await asyncio.to_thread(self._archive.segments, world)
        runs: dict[str, list[Segment]] = {}
        for segment in segments:
            runs.setdefault(segment.run, []).append(segment)
        found = []
        bounds = await self._bounds(world)
        for chain in runs.values():
            chain.sort(key=lambda each: each.begin)
            first, end, last = chain[0].first, chain[0].end, chain[0].last
            for each in chain[1:]:
                if each.begin > end:  # a file between them is gone
                    found.append((first, last))
                    first = each.first
                end, last = max(end, each.end), max(last, each.last)
            goes_on = bounds is not None and await self._goes_on(_line(chain[-1]), bounds)
            found.append((first, now if goes_on else last))
        if (whole := await self._whole(world, bounds, segments)) is not None:
            found.append((whole, now))
        found.sort()
        joined: list[tuple[Millis, Millis]] = []
        for begin, until in found:
            if joined and begin <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(joined[-1][1], until))
            else:
                joined.append((begin, until))
        return joined

    async def start(self, world: str, at: Millis) -> Start:
        """The newest place before a moment at which it is known how all stood. Raises `NoSuchMoment`."""
        while True:
            segments = await asyncio.to_thread(self._archive.segments, world)
            before = [each for each in segments if each.first <= at]
            best = max(before, key=lambda each: (each.first, each.end - each.begin), default=None)
            if best is None or best.last < at:  # it may be of a stream of which no file is there yet
                bounds = await self._bounds(world)
                whole = await self._whole(world, bounds, segments)
                if bounds is not None and whole is not None and whole <= at:
                    return Start((), whole, Line(world, bounds.epoch, -1))
            else:
                whole = None
            if best is None:
                began = [each.first for each in segments] + ([whole] if whole is not None else [])
                first = min(began, default=None)
                why = f"what is kept of it begins at {_words(first)}" if first is not None else "nothing is kept of it"
                raise NoSuchMoment(f"{world} can't be shown as of {_words(at)}: {why}")
            try:
                content = await asyncio.to_thread(self._archive.open, best)
            except BadSegment:
                continue  # it is passed over now, and the one before it reaches as far
            here = Line(world, best.epoch, best.begin, best.run, "", best.first)
            return Start(content.carried, best.first, here if best.end > best.begin else _line(best))

    async def until(self, line: Line, at: Millis) -> tuple[Line, list[Event]]:
        """What came after a place until a moment, and the place there. Raises `NoSuchMoment` where it isn't known."""
        found: list[Event] = []
        for _ in range(AGAIN):
            line, done = await self._from_files(line, at, found)
            if done:
                return line._replace(time=at), found
            try:
                bounds = await self._bus.bounds(line.world)
                if bounds is not None and await self._goes_on(line, bounds):
                    line, done = await self._from_stream(line, at, found)
                    if done:
                        return line._replace(time=at), found
                    continue  # what came next has left the stream: it is in a file by now
            except BusDown as error:
                if at == line.time:
                    return line, found
                raise NoSuchMoment(f"{line.world} is kept until {_words(line.time)}, and {error}") from error
            if bounds is not None and bounds.epoch == line.epoch and bounds.first > line.offset + 1:
                continue
            break
        if at == line.time:
            return line, found
        raise NoSuchMoment(await self._lost(line, at))

    async def _from_files(self, line: Line, at: Millis, found: list[Event]) -> tuple[Line, bool]:
        while True:
            segments = await asyncio.to_thread(self._archive.segments, line.world)
            joined = [
                each
                for each in segments
                if each.epoch == line.epoch
                and (each.run == line.run or not line.run)
                and each.begin <= line.offset < each.end
            ]
            if not joined:
                return line, at < line.time  # at that very time more may have come
            segment = max(joined, key=lambda each: each.end)
            try:
                content = await asyncio.to_thread(self._archive.open, segment)
            except BadSegment:
                continue
            rows = content.between(line.offset, at)
            found += [row.event for row in rows]
            if at < segment.last:
                offset = rows[-1].offset if rows else line.offset
                return line._replace(offset=offset, run=segment.run, mark=""), True
            line = _line(segment)

    async def _from_stream(self, line: Line, at: Millis, found: list[Event]) -> tuple[Line, bool]:
        """Read on; False when the next entry isn't there."""
        count, epoch = FEW, line.epoch
        while True:
            after = Position(line.epoch, line.offset) if line.offset >= 0 else None
            entries = await self._bus.read({line.world: after}, count=count)
            if not entries:
                return line, True
            if entries[0].position != Position(line.epoch, line.offset + 1):
                return line, False
            here = list(takewhile(lambda each: each.taken <= at and each.position.epoch == epoch, entries))
            told = await asyncio.to_thread(_decoded, here) if len(here) > FEW else _decoded(here)
            found += told
            if here:
                last = here[-1]
                line = line._replace(offset=last.position.offset, mark=seal(last.data), time=max(line.time, last.taken))
            if len(here) < len(entries):
                return line, True
            count = READ

    async def _goes_on(self, line: Line, bounds: Bounds) -> bool:
        """Whether the stream has what follows that place, as far as can be told."""
        if bounds.epoch != line.epoch or not bounds.first - 1 <= line.offset <= bounds.last:
            return False
        if line.offset < 0 or not line.mark:
            return True
        try:
            entry = await self._bus.entry(line.world, Position(line.epoch, line.offset))
        except BusDown:
            return False
        return entry is None or seal(entry.data) == line.mark

    async def _bounds(self, world: str) -> Bounds | None:
        try:
            return await self._bus.bounds(world)
        except BusDown:
            return None

    async def _whole(self, world: str, bounds: Bounds | None, segments: list[Segment]) -> Millis | None:
        """When a stream began of which no file is there yet, and which still has all that ever came."""
        if bounds is None or bounds.first != 0 or any(each.epoch == bounds.epoch for each in segments):
            return None
        try:
            entry = await self._bus.entry(world, Position(bounds.epoch, 0))
        except BusDown:
            return None
        return entry.taken if entry is not None else None

    async def _lost(self, line: Line, at: Millis) -> str:
        segments = await asyncio.to_thread(self._archive.segments, line.world)
        later = min((each.first for each in segments if each.first > line.time), default=None)
        until = f" until {_words(later)}" if later is not None else ""
        return f"nothing was kept of {line.world} from {_words(line.time)}{until}, so {_words(at)} can't be shown"


def _line(segment: Segment) -> Line:
    return Line(segment.world, segment.epoch, segment.end, segment.run, segment.seal, segment.last)


def _decoded(entries: list[Entry]) -> list[Event]:
    found = []
    for entry in entries:
        try:
            event = decode(entry.data)
        except InvalidEvent:
            continue
        if event.world == entry.world:
            found.append(event)
    return found


def _words(at: Millis) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
