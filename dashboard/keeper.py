"""How do the streams stay bounded for weeks? What is old leaves; what still counts is carried forward first.

What comes is put into the archive, and nothing leaves a stream that is not there: but for a disk that takes nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from typing import Final

from cop.bus import Bus, BusDown
from cop.event import Event, InvalidEvent, Millis, decode
from cop.picture import Picture
from cop.recover import Bounds, Position
from cop.retention import carried, expired
from dashboard.archive import Archive, BadSegment, Segment, seal
from dashboard.scribe import Scribe
from feeds.clock import clock

log = logging.getLogger("cop.keeper")

FOLLOW_S: Final = 2.0
EVERY_S: Final = 30.0
PRUNE_S: Final = 3600.0
READ: Final = 5000
DAY_MS: Final = 24 * 3_600_000


class Keeper:
    """Folds every stream to know what still counts, and cuts off what is older or more than the settings allow.

    With an `archive` it writes there what comes, and deletes what is older than `archive_ms`.
    """

    def __init__(
        self,
        bus: Bus,
        *,
        retention_ms: Millis,
        most: int,
        now: Callable[[], Millis] = clock,
        archive: Archive | None = None,
        archive_ms: Millis = 14 * DAY_MS,
    ) -> None:
        self._bus = bus
        self._retention_ms = retention_ms
        self._most = most
        self._now = now
        self._archive = archive
        self._archive_ms = archive_ms
        self._pictures: dict[str, Picture] = {}
        self._after: dict[str, Position] = {}
        self._last: dict[str, bytes] = {}  # the wire form there: the proof that it is still the same stream
        self._scribes: dict[str, Scribe] = {}

    async def run(self) -> None:
        """Keep the streams for ever."""
        cut = pruned = -EVERY_S - PRUNE_S
        while True:
            try:
                await self.follow_all()
                if time.monotonic() - cut >= EVERY_S:
                    cut = time.monotonic()
                    await self.keep_all()
            except BusDown as error:
                log.warning("the stream is out of reach: %s", error)
            if self._archive is not None and time.monotonic() - pruned >= PRUNE_S:
                pruned = time.monotonic()
                await self.prune()
            await asyncio.sleep(FOLLOW_S)

    async def follow_all(self) -> None:
        """Read what came on every stream, and close what makes a file; the files of ended worlds are closed too."""
        worlds = await self._bus.worlds()
        for world in self._pictures.keys() - set(worlds):
            scribe = self._scribes.pop(world, None)
            if scribe is not None and scribe.pending:
                await scribe.save(self._pictures[world])
            self._pictures.pop(world)
            self._after.pop(world, None)
            self._last.pop(world, None)
        for world in worlds:
            if (bounds := await self._bus.bounds(world)) is not None:
                await self._follow(world, bounds)

    async def keep_all(self) -> None:
        """Cut every stream, and forget those that are no more."""
        await self.follow_all()
        for world in list(self._pictures):
            gone = await self.keep(world)
            if gone:
                log.info("%s: %d events left the stream", world, gone)

    async def prune(self) -> int:
        """Delete the files of the archive that are too old; how many went."""
        if self._archive is None:
            return 0
        try:
            return await asyncio.to_thread(self._archive.prune, self._now() - self._archive_ms)
        except OSError as error:
            log.error("old files of the archive stay: %s", error)
            return 0

    async def keep(self, world: str) -> int:
        """Cut one stream; how many events left it."""
        bounds = await self._bus.bounds(world)
        if bounds is None:
            return 0
        await self._follow(world, bounds)
        cut = await self._archived(world, bounds, await self._cut(world, bounds))
        now = self._now()
        if cut <= bounds.first:
            self._forget(world, now - self._retention_ms)
            return 0
        at = Position(bounds.epoch, bounds.first - 1) if bounds.first else None
        while at is None or at.offset + 1 < cut:
            entries = await self._bus.read({world: at}, count=READ)
            leaving = [entry for entry in entries if entry.position.offset < cut]
            if not leaving:
                break
            events = [e for e in (_read(entry.data) for entry in leaving) if e is not None]
            # first appended, then cut: a crash in between leaves an event twice, which folds to the same
            await self._bus.append(world, carried(self._pictures[world], events, now, now - self._retention_ms))
            at = leaving[-1].position
        self._forget(world, now - self._retention_ms)
        return await self._bus.trim(world, Position(bounds.epoch, cut))

    def known(self, world: str) -> Iterable[str]:
        """The subjects that it keeps in mind of a world."""
        return self._pictures[world].subjects() if world in self._pictures else ()

    async def _archived(self, world: str, bounds: Bounds, cut: int) -> int:
        """The first offset that stays, when what leaves must be in the archive first: within what can be waited for."""
        scribe = self._scribes.get(world)
        if scribe is None or not scribe.writing or cut <= scribe.safe + 1:
            return cut
        if await scribe.save(self._pictures[world]):
            return cut
        if scribe.full or bounds.last - bounds.first >= 2 * self._most:
            scribe.lose()
            return cut
        return min(cut, scribe.safe + 1)

    def _forget(self, world: str, horizon: Millis) -> None:
        """What has expired is no longer carried, and need not be known: weeks do not make the keeper grow."""
        picture = self._pictures[world]
        for subject in [s for s in picture.subjects() if expired(picture.records(s).values(), horizon)]:
            picture.forget(subject)

    # -- following ----------------------------------------------------------------------------------------------------

    async def _follow(self, world: str, bounds: Bounds) -> None:
        after = self._after.get(world)
        if after is None or not await self._same(world, after, bounds):
            after = await self._begin(world, bounds)
        scribe = self._scribes.get(world)
        taken: Millis = 0
        while entries := await self._bus.read({world: after}, count=READ):
            for entry in entries:
                if entry.position.epoch != bounds.epoch:  # lost meanwhile: the next look begins anew
                    self._after.pop(world, None)
                    return
                event = _read(entry.data)
                changed = event is not None and event.world == world and self._pictures[world].fold(event)
                taken = max(taken, entry.taken)
                if scribe is not None and scribe.writing:
                    scribe.take(entry, event, changed)
            after = entries[-1].position
            self._after[world], self._last[world] = after, entries[-1].data
            if scribe is not None and scribe.writing and scribe.due():
                await self._save(scribe, world)
        if scribe is not None and scribe.due():
            await self._save(scribe, world)
        if scribe is not None and not scribe.writing and after is not None:
            # what came before is not known as it was: the archive begins with how all stands now, on the disk at once
            mark = seal(self._last[world]) if world in self._last else ""
            scribe.begin(after, self._pictures[world], taken or self._now(), mark=mark)
            await self._save(scribe, world)

    async def _save(self, scribe: Scribe, world: str) -> None:
        if not await scribe.save(self._pictures[world]) and scribe.full:
            scribe.lose()

    async def _same(self, world: str, after: Position, bounds: Bounds) -> bool:
        """Whether the stream still has what was read of it."""
        if after.epoch != bounds.epoch or after.offset > bounds.last:
            return False
        entry = await self._bus.entry(world, after)
        return entry is None or world not in self._last or entry.data == self._last[world]

    async def _begin(self, world: str, bounds: Bounds) -> Position | None:
        """Start from nothing, or from where the archive ends; the position to read on from."""
        before = self._scribes.pop(world, None)
        if before is not None and before.pending:
            await before.save(self._pictures[world])  # of a stream that was lost: all the more of worth
        self._pictures[world] = Picture()
        self._after.pop(world, None)
        self._last.pop(world, None)
        if self._archive is None:
            return None
        scribe = self._scribes[world] = Scribe(self._archive, world, self._now)
        files = [s for s in await asyncio.to_thread(self._archive.segments, world) if s.epoch == bounds.epoch]
        other = False  # what a file has of the stream's end is no longer there: another run, from before it
        for segment in sorted(files, key=lambda each: each.end, reverse=True):
            if not await self._is_of(segment, bounds):
                other = other or segment.end >= bounds.first - 1
            elif await self._resume(scribe, segment, "" if other else segment.run):
                return Position(segment.epoch, segment.end) if segment.end >= 0 else None
        if bounds.first == 0 and not files:
            scribe.begin(Position(bounds.epoch, -1), Picture(), None)
        return None

    async def _is_of(self, segment: Segment, bounds: Bounds) -> bool:
        """Whether the stream goes on where a file ends."""
        if not bounds.first - 1 <= segment.end <= bounds.last:
            return False
        entry = await self._bus.entry(segment.world, Position(segment.epoch, segment.end))
        return entry is None or not segment.seal or seal(entry.data) == segment.seal

    async def _resume(self, scribe: Scribe, segment: Segment, run: str) -> bool:
        """Go on from the end of a file; False when it can't be read."""
        if self._archive is None:
            return False
        at = Position(segment.epoch, segment.end)
        try:
            content = await asyncio.to_thread(self._archive.open, segment)
        except BadSegment:
            return False
        picture = self._pictures[segment.world]
        for event in content.carried:
            picture.fold(event)
        for row in content.rows:
            picture.fold(row.event)
        scribe.begin(at, picture, segment.last, run, segment.seal)
        self._after[segment.world] = at
        return True

    async def _cut(self, world: str, bounds: Bounds) -> int:
        """The first offset that stays: by age through bisection (offsets are contiguous), then by count."""
        horizon = self._now() - self._retention_ms
        low, high = bounds.first, bounds.last + 1
        while low < high:
            middle = (low + high) // 2
            entry = await self._bus.entry(world, Position(bounds.epoch, middle))
            if entry is None or entry.taken < horizon:
                low = middle + 1
            else:
                high = middle
        return max(low, bounds.last + 1 - self._most)


def _read(data: bytes) -> Event | None:
    try:
        return decode(data)
    except InvalidEvent:
        return None
