"""Who reads the stream for all who look? One reader a process: it folds, and makes each view's frames once for all.

Nothing is sent while the bus is out of reach: silence is what tells every screen that it isn't live.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Final

from cop.bus import Bus, BusDown, Entry, Quarantined
from cop.event import REAL, Event, InvalidEvent, Millis, decode
from cop.picture import Picture
from cop.recover import Position, recover
from dashboard.frames import View
from dashboard.history import History
from dashboard.worlds import Worlds
from feeds.clock import clock

log = logging.getLogger("cop.hub")

HEARTBEAT_S: Final = 1.0
DISCOVER_S: Final = 1.0
SWEEP_S: Final = 60.0
READ: Final = 5000
ASSESSED: Final = 100
"""Movements that are assessed before a frame goes out: the rest of a great change follows in the next ones."""
FRESH_MS: Final = 5_000
"""A stream that hasn't answered for so long is out of reach, whatever its connection looks like."""


def window_s(readers: int) -> float:
    """How long changes gather before a frame: short for few readers, longer when a frame must reach many."""
    return min(0.2, 0.025 + readers * 0.00025)


class Hub(Worlds):
    """The pictures of the worlds and the views on them. `run` is the reader; all else is read by the web part."""

    def __init__(
        self,
        bus: Bus,
        *,
        retention_ms: Millis = 24 * 3_600_000,
        now: Callable[[], Millis] = clock,
        view: Callable[..., View] = View,
    ) -> None:
        super().__init__(secrets.token_hex(4), view)
        self._bus = bus
        self._now = now
        self._retention_ms = retention_ms
        self._positions: dict[str, Position | None] = {REAL: None}
        self._last: dict[str, bytes] = {}  # the wire form at each position: the proof that it is still the same stream
        self.readers = 0
        self.unreadable = 0
        self.events = 0
        self.live = False
        self.heard: Millis = 0  # when the bus last answered
        self._trouble = "not yet connected"
        self._framed = self._discovered = self._recounted = 0.0
        self._swept = time.monotonic()
        self._waiting: list[asyncio.Future[None]] = []
        self._ready = asyncio.Event()
        self._open(REAL)

    async def quarantined(self, world: str, count: int) -> list[Quarantined]:
        """The newest rejected records of a view, those of the real picture under it included. Raises `BusDown`."""
        found = [each for each in await self._bus.quarantined(world, count) if each.world == world]
        if world != REAL:
            found += await self._bus.quarantined(REAL, count)
        return sorted(found, key=lambda each: each.received, reverse=True)[:count]

    async def kept(self, world: str, id_: str) -> Quarantined | None:
        """One rejected record; None when it has left quarantine. Raises `BusDown`."""
        found = await self._bus.rejected(world, id_)
        return found if found is not None and found.world == world else None

    async def quarantine_mark(self, world: str) -> str:
        """Changes whenever `quarantined` would. Raises `BusDown`."""
        return " ".join([await self._bus.quarantine_mark(each) for each in dict.fromkeys((world, REAL))])

    @property
    def now(self) -> Millis:
        """The clock: this is the scene of now."""
        return self._now()

    @property
    def fresh(self) -> bool:
        """Whether the picture is live: the stream was read, and it answers."""
        return self.live and self._now() - self.heard < FRESH_MS

    @property
    def trouble(self) -> str:
        """Why the picture isn't live; empty while it is."""
        if not self.live:
            return self._trouble
        return "" if self.fresh else f"the stream has not answered for {(self._now() - self.heard) // 1000} s"

    # -- the reader -----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Read for ever; survive the bus going away, coming back, and coming back empty."""
        while True:
            try:
                await self._discover()
                await self._check()
                while True:
                    await self._turn()
            except BusDown as error:
                self._lost(str(error))
                await asyncio.sleep(0.5)

    def _lost(self, why: str) -> None:
        if self.live or self._trouble != why:
            log.warning("the stream is out of reach: %s", why)
        self.live, self._trouble = False, why
        self._ready.clear()

    async def _discover(self) -> None:
        there = await self._bus.worlds()
        for world in there:
            if world not in self.views:
                self._positions[world] = None
                self._open(world)
                self.views[world].position = dict(self.views[REAL].position)
        for world in [w for w in self.views if w != REAL and w not in there]:
            for known in (self.views, self.pictures, self.histories, self._positions, self._last, self.engines):
                known.pop(world, None)
        self._discovered = time.monotonic()

    async def _check(self) -> None:
        """After a connection: is each stream still the one that was read, or must a world be folded anew?"""
        for world, position in self._positions.items():
            bounds = await self._bus.bounds(world)
            decision = recover(position, bounds)
            entry = await self._bus.entry(world, position) if position is not None else None
            same = entry is None or entry.data == self._last.get(world)
            if position is not None and (decision.how == "snapshot" or not same):
                log.warning("%s is read anew: %s", world, decision.reason if same else "its end was lost")
                self._renew(world)

    def _renew(self, world: str) -> None:
        """Start a world from nothing: what is no longer on the stream must leave every screen."""
        old = self.pictures[world]
        self.pictures[world], self.histories[world] = Picture(), History()
        self._positions[world] = None
        for name, view in self.views.items():
            if world in (name, REAL):
                view.touch_all(old.subjects())
                if (engine := self.engines.get(name)) is not None:
                    engine.touch_all(old.subjects())

    async def _turn(self) -> None:
        wait = max(0.0, HEARTBEAT_S - (time.monotonic() - self._framed)) if self._ready.is_set() else 0.0
        entries = await self._bus.read(self._positions, count=READ, wait_s=min(wait, 0.5))
        self._take(entries)
        if entries and self._ready.is_set():
            left = window_s(self.readers) - (time.monotonic() - self._framed)
            if left > 0:  # let a frame's worth gather, then read it in one go
                await asyncio.sleep(left)
                entries = await self._bus.read(self._positions, count=READ)
                self._take(entries)
        self.heard = self._now()
        if len(entries) < READ:
            self._emit()
        passed = time.monotonic()
        if passed - self._discovered > DISCOVER_S:
            await self._discover()
            await self._check()
        if passed - self._swept > SWEEP_S:
            self._expire(self._now() - self._retention_ms)
            self._swept = passed

    def _take(self, entries: Sequence[Entry]) -> None:
        for world, position, data, _ in entries:
            before = self._positions[world]
            if before is not None and before.epoch != position.epoch:
                log.warning("%s is read anew: another epoch", world)
                self._renew(world)
            # A gap inside an epoch needs no more than reading on: what still counted in it was carried forward.
            self._positions[world] = position
            self._last[world] = data
            event = self._read(world, position, data)
            if event is not None:
                self._fold(event)
        for world in {entry.world for entry in entries}:
            for view in self._views_on(world):
                view.position[world] = self._positions[world] or Position(0, 0)

    def _read(self, world: str, position: Position, data: bytes) -> Event | None:
        try:
            event = decode(data)
        except InvalidEvent as error:
            self.unreadable += 1
            log.error("an entry at %s of %s is no event: %s", position, world, error)
            return None
        if event.world != world:  # no role can write this; if one could, it must not be shown
            self.unreadable += 1
            log.error("an entry at %s of %s says that it is of %s: not shown", position, world, event.world)
            return None
        self.events += 1
        return event

    def _emit(self) -> None:
        now = self._now()
        for world, engine in self.engines.items():
            if engine.due(now):
                # who is assessed is shown first; whom that brings into whose way comes with the next frame
                self.views[world].touch_all(engine.settle(now, ASSESSED, meet=engine.meets(now)))
        for view in self.views.values():
            if not view.settled:
                view.settle(now)
        if not self._ready.is_set():
            self.live, self._trouble = True, ""
            self._ready.set()
            log.info("the picture is live: %d events read", self.events)
        beat = time.monotonic() - self._framed >= HEARTBEAT_S
        recount = time.monotonic() - self._recounted >= HEARTBEAT_S
        if recount:
            self._recounted = time.monotonic()
        sent = False
        for view in self.views.values():
            if recount:
                view.recount()
            if beat or view.pending or view.due(now):
                view.frame(now)
                sent = True
        if sent:
            self._framed = time.monotonic()
            waiting, self._waiting = self._waiting, []
            for future in waiting:
                if not future.done():
                    future.set_result(None)

    async def frames(self) -> None:
        """Wait until there is a new frame in some view."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        await future

    async def until(self, holds: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until something holds, looking after every frame; False when it doesn't in time."""
        try:
            async with asyncio.timeout(timeout_s):
                while not holds():
                    await self.frames()
        except TimeoutError:
            return False
        return True

    async def ready(self, timeout_s: float) -> bool:
        """Wait until the picture is live; False when it isn't in time."""
        return await self.until(lambda: self.fresh, timeout_s)
