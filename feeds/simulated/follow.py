"""How do the simulated convoys learn what happens on their way? From the stream itself, like everybody else.

The follower folds the exercise laid over the real picture and asks the movement engine which holds stand on whose way.
It only reads. While the stream is out of reach the convoys go on under what they knew; a stream that begins anew is
read from its first entry, and what it no longer says is told as over once all of it has been read.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from cop.bus import Bus, BusDown, Entry
from cop.event import REAL, Event, InvalidEvent, Millis, Sighted, decode
from cop.movement.assess import Context, holds_on
from cop.movement.course import Run
from cop.movement.engine import MATTERS, Engine
from cop.movement.forecast import Hold
from cop.movement.judge import Circumstances
from cop.movement.rulesets import rulesets
from cop.network import Network
from cop.picture import Entity, Picture, entity
from cop.recover import Position

log = logging.getLogger("cop.simulated")

TURN_S: Final = 0.5
COUNT: Final = 5000
"""Entries of a world that are read at a time."""
OWN_KM: Final = -1.0
"""Where a hold is that is said of the convoy itself: wherever it is when that begins."""


class Follower:
    """What the stream says of one exercise, as holds on the ways of its convoys."""

    def __init__(
        self, bus: Bus, world: str, network: Callable[[], Network | None], *, again_s: float = 2.0, count: int = COUNT
    ) -> None:
        """`network` is called on a thread once the convoys drive: to load it takes a while.

        `again_s`: how long to wait for a stream that is out of reach. `count`: entries of a world read at a time.
        """
        self._bus = bus
        self._worlds = (world, REAL)
        self._load = network
        self._again_s, self._count = again_s, count
        self._network: Network | None = None
        self._told: dict[str, tuple[Hold, ...]] = {}
        self._renew()

    def _renew(self) -> None:
        """Forget what the streams said, and read them from the first entry; what was told to the convoys stands."""
        self._pictures = {world: Picture() for world in self._worlds}
        self._positions: dict[str, Position | None] = dict.fromkeys(self._worlds)
        ruleset = next(iter(rulesets().values()))
        self._engine = Engine(self._look, self._network, ruleset, Circumstances(now=0))

    def _look(self, subject: str) -> Entity | None:
        derived = self._engine.derived.records(subject)
        return entity(subject, derived, *(self._pictures[world].records(subject) for world in self._worlds))

    def settle(self, now: Millis) -> dict[str, tuple[Hold, ...]]:
        """The holds of each convoy whose holds changed since the last time, by convoy id."""
        if not self._engine.due(now):
            return {}
        changed: dict[str, tuple[Hold, ...]] = {}
        for subject in sorted(self._engine.settle(now)):
            found, course = self._engine.assessment(subject), self._engine.course(subject)
            if found is None or course is None:
                continue  # a convoy that left is told its holds in its next run
            context = Context(self._engine.sight, self._engine.ruleset, now, self._engine.near(subject))
            holds = tuple(_plain(each, subject) for each in holds_on(course, Run(), context))
            if self._told.get(found.movement.id, ()) != holds:
                self._told[found.movement.id] = holds
                changed[found.movement.id] = holds
        return changed

    async def run(self, tell: Callable[[dict[str, tuple[Hold, ...]]], None], now: Callable[[], Millis]) -> None:
        """Read for ever; tell of changes. What the network's loader raises ends it."""
        self._network = await asyncio.to_thread(self._load)
        self._renew()
        lost = False
        while True:
            try:
                entries = await self._bus.read(self._positions, count=self._count, wait_s=TURN_S)
            except BusDown as error:
                if not lost:
                    log.warning("the convoys hear no events: %s", error)
                lost = True
                await asyncio.sleep(self._again_s)
                continue
            if lost:
                lost = False
                log.info("the convoys hear events again")
            if changed := await asyncio.to_thread(self._turn, entries, now()):
                tell(changed)

    def _turn(self, entries: Sequence[Entry], now: Millis) -> dict[str, tuple[Hold, ...]]:
        """Take the entries in. Half a stream may leave out what holds a convoy: it is read to its end first."""
        if self._fold(entries):
            return {}
        heard = [entry.world for entry in entries]
        return {} if any(heard.count(world) >= self._count for world in self._worlds) else self.settle(now)

    def _fold(self, entries: Sequence[Entry]) -> bool:
        """True when a stream began anew."""
        for world, position, data, _ in entries:
            known = self._positions[world]
            if known is not None and known.epoch != position.epoch:
                self._renew()
                return True
            self._positions[world] = position
            try:
                event = decode(data)
            except InvalidEvent:
                continue  # the dashboard counts and tells it; a simulator has nobody to tell
            if _matters(event) and self._pictures[world].fold(event):
                self._engine.touch(event)
        return False


def _matters(event: Event) -> bool:
    """Whether it can hold a convoy up. Where a convoy is does not: the simulation knows that better."""
    kind = event.subject.partition(":")[0]
    return kind in MATTERS and not (kind == "convoy" and isinstance(event.body, Sighted))


def _plain(hold: Hold, subject: str) -> Hold:
    """The hold without the time at which it was said last: the same said again changes nothing."""
    return msgspec.structs.replace(hold, at=0, km=OWN_KM if hold.subject == subject else hold.km)
