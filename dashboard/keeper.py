"""How do the streams stay bounded for weeks? What is old leaves; what still counts is carried forward first."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Final

from cop.bus import Bus, BusDown
from cop.event import Event, InvalidEvent, Millis, decode
from cop.picture import Picture
from cop.recover import Bounds, Position
from cop.retention import carried, expired
from feeds.clock import clock

log = logging.getLogger("cop.keeper")

EVERY_S: Final = 30.0
READ: Final = 5000


class Keeper:
    """Folds every stream to know what still counts, and cuts off what is older or more than the settings allow."""

    def __init__(self, bus: Bus, *, retention_ms: Millis, most: int, now: Callable[[], Millis] = clock) -> None:
        self._bus = bus
        self._retention_ms = retention_ms
        self._most = most
        self._now = now
        self._pictures: dict[str, Picture] = {}
        self._after: dict[str, Position] = {}

    async def run(self) -> None:
        """Keep the streams for ever."""
        while True:
            try:
                await self.keep_all()
            except BusDown as error:
                log.warning("the stream is out of reach: %s", error)
            await asyncio.sleep(EVERY_S)

    async def keep_all(self) -> None:
        """Cut every stream, and forget those that are no more."""
        worlds = await self._bus.worlds()
        for world in self._pictures.keys() - set(worlds):
            self._pictures.pop(world)
            self._after.pop(world, None)
        for world in worlds:
            gone = await self.keep(world)
            if gone:
                log.info("%s: %d events left the stream", world, gone)

    async def keep(self, world: str) -> int:
        """Cut one stream; how many events left it."""
        bounds = await self._bus.bounds(world)
        if bounds is None:
            return 0
        await self._follow(world, bounds)
        cut = await self._cut(world, bounds)
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

    def _forget(self, world: str, horizon: Millis) -> None:
        """What has expired is no longer carried, and need not be known: weeks do not make the keeper grow."""
        picture = self._pictures[world]
        for subject in [s for s in picture.subjects() if expired(picture.records(s).values(), horizon)]:
            picture.forget(subject)

    async def _follow(self, world: str, bounds: Bounds) -> None:
        after = self._after.get(world)
        if after is None or after.epoch != bounds.epoch or after.offset > bounds.last:  # lost, or lost its end
            self._pictures[world], after = Picture(), None
        picture = self._pictures[world]
        while entries := await self._bus.read({world: after}, count=READ):
            for entry in entries:
                event = _read(entry.data)
                if event is not None:
                    picture.fold(event)
            after = entries[-1].position
            self._after[world] = after

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
