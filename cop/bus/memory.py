"""A bus inside one process, for tests and for reading a recording: same contract as the Redis one, no network."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Mapping, Sequence

import msgspec

from cop.bus import Entry, Quarantined, WrongWorld, check_world, quarantine_key, stream_key
from cop.event import REAL, Event, encode
from cop.recover import Bounds, Position


class _Stream:
    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.first = 0
        self.entries: list[tuple[bytes, int]] = []

    @property
    def bounds(self) -> Bounds:
        return Bounds(self.epoch, self.first, self.first + len(self.entries) - 1)


class MemoryBus:
    """Streams in lists. Epochs count up from 1, so two buses with the same history have the same positions."""

    def __init__(self) -> None:
        self._streams: dict[str, _Stream] = {}
        self._quarantine: dict[str, list[Quarantined]] = {}
        self._kept = 0
        self._epochs = itertools.count(1)
        self._grown = asyncio.Event()

    async def append(self, world: str, events: Sequence[Event]) -> Position | None:
        check_world(world, events)
        if not events:
            return None
        stream = self._streams.get(world)
        if stream is None:
            stream = self._streams[world] = _Stream(next(self._epochs))
        taken = time.time_ns() // 1_000_000
        stream.entries.extend((encode(event), taken) for event in events)
        self._grown.set()
        return Position(stream.epoch, stream.bounds.last)

    async def read(
        self, after: Mapping[str, Position | None], *, count: int = 1000, wait_s: float = 0.0
    ) -> list[Entry]:
        found = self._after(after, count)
        if not found and wait_s > 0:
            self._grown.clear()
            try:
                async with asyncio.timeout(wait_s):
                    await self._grown.wait()
            except TimeoutError:
                return []
            found = self._after(after, count)
        return found

    def _after(self, after: Mapping[str, Position | None], count: int) -> list[Entry]:
        found: list[Entry] = []
        for world, position in after.items():
            stream = self._streams.get(world)
            if stream is None or (position is not None and position.epoch > stream.epoch):
                continue
            start = stream.first
            if position is not None and position.epoch == stream.epoch:
                start = max(start, position.offset + 1)
            chunk = stream.entries[start - stream.first : start - stream.first + count]
            found += [Entry(world, Position(stream.epoch, start + i), *held) for i, held in enumerate(chunk)]
        return found

    async def bounds(self, world: str) -> Bounds | None:
        stream = self._streams.get(world)
        return stream.bounds if stream else None

    async def entry(self, world: str, at: Position) -> Entry | None:
        stream = self._streams.get(world)
        if stream is None or at.epoch != stream.epoch or not stream.first <= at.offset <= stream.bounds.last:
            return None
        return Entry(world, at, *stream.entries[at.offset - stream.first])

    async def trim(self, world: str, before: Position) -> int:
        stream = self._streams.get(world)
        if stream is None or before.epoch != stream.epoch:
            return 0
        gone = max(0, min(before.offset - stream.first, len(stream.entries)))
        del stream.entries[:gone]
        stream.first += gone
        return gone

    async def worlds(self) -> list[str]:
        return sorted(self._streams, key=lambda world: (world != REAL, world))

    async def drop(self, world: str) -> None:
        if world == REAL:
            raise WrongWorld("the real stream is not an exercise's to drop")
        stream_key(world)
        self._streams.pop(world, None)

    async def quarantine(self, world: str, rejects: Sequence[Quarantined]) -> None:
        kept = self._quarantine.setdefault(quarantine_key(world), [])
        for reject in rejects:
            self._kept += 1
            kept.append(msgspec.structs.replace(reject, id=f"{self._kept}-0"))

    async def quarantined(self, world: str, count: int = 100) -> list[Quarantined]:
        return self._quarantine.get(quarantine_key(world), [])[: -count - 1 : -1]

    async def rejected(self, world: str, id_: str) -> Quarantined | None:
        return next((each for each in self._quarantine.get(quarantine_key(world), []) if each.id == id_), None)

    async def quarantine_mark(self, world: str) -> str:
        kept = self._quarantine.get(quarantine_key(world), [])
        return f"{len(kept)} {kept[-1].id if kept else ''}"

    async def release(self, world: str, ids: Sequence[str]) -> int:
        kept = self._quarantine.get(quarantine_key(world), [])
        left = [each for each in kept if each.id not in ids]
        gone = len(kept) - len(left)
        kept[:] = left
        return gone

    async def close(self) -> None:
        return None
