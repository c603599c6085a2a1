"""How do the simulated convoys learn what happens on their way? From the stream itself, like everybody else.

The follower folds the exercise laid over the real picture and asks the movement engine which holds stand on whose way.
It only reads. While the stream is out of reach the convoys go on under what they knew.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

import msgspec

from cop.bus import Bus, BusDown
from cop.event import REAL, InvalidEvent, Millis, decode
from cop.movement.assess import Context, holds_on
from cop.movement.course import Run
from cop.movement.engine import Engine
from cop.movement.forecast import Hold
from cop.movement.judge import Circumstances
from cop.movement.rulesets import rulesets
from cop.network import Network
from cop.picture import Entity, Picture, entity
from cop.recover import Position

log = logging.getLogger("cop.simulated")

TURN_S: Final = 0.5
OWN_KM: Final = -1.0
"""Where a hold is that is said of the convoy itself: wherever it is when that begins."""


class Follower:
    """What the stream says of one exercise, as holds on the ways of its convoys."""

    def __init__(self, bus: Bus, world: str, network: Callable[[], Network | None]) -> None:
        """`network` is called on a thread once the convoys drive: to load it takes a while."""
        self._bus = bus
        self._worlds = (world, REAL)
        self._load = network
        self._network: Network | None = None
        self._renew()

    def _renew(self) -> None:
        self._pictures = {world: Picture() for world in self._worlds}
        self._positions: dict[str, Position | None] = dict.fromkeys(self._worlds)
        ruleset = next(iter(rulesets().values()))
        self._engine = Engine(self._look, self._network, ruleset, Circumstances(now=0))
        self._told: dict[str, tuple[Hold, ...]] = {}

    def _look(self, subject: str) -> Entity | None:
        derived = self._engine.derived.records(subject)
        return entity(subject, derived, *(self._pictures[world].records(subject) for world in self._worlds))

    def settle(self, now: Millis) -> dict[str, tuple[Hold, ...]]:
        """The holds of each convoy whose holds changed since the last time, by convoy id."""
        self._engine.settle(now)
        changed: dict[str, tuple[Hold, ...]] = {}
        for subject, found in self._engine.assessments().items():
            course = self._engine.course(subject)
            if course is None:
                continue
            context = Context(self._engine.sight, self._engine.ruleset, now, self._engine.near(subject))
            holds = tuple(
                msgspec.structs.replace(each, km=OWN_KM) if each.subject == subject else each
                for each in holds_on(course, Run(), context)
            )
            if self._told.get(subject, ()) != holds:
                self._told[subject] = holds
                changed[found.movement.id] = holds
        return changed

    async def run(self, tell: Callable[[dict[str, tuple[Hold, ...]]], None], now: Callable[[], Millis]) -> None:
        """Read for ever; tell of changes."""
        self._network = await asyncio.to_thread(self._load)
        self._renew()
        while True:
            try:
                entries = await self._bus.read(self._positions, count=5000, wait_s=TURN_S)
                for world, position, data, _ in entries:
                    known = self._positions[world]
                    if known is not None and known.epoch != position.epoch:
                        self._renew()
                        break
                    self._positions[world] = position
                    try:
                        event = decode(data)
                    except InvalidEvent:
                        continue  # the dashboard counts and tells it; a simulator has nobody to tell
                    if self._pictures[world].fold(event):
                        self._engine.touch(event)
                if changed := self.settle(now()):
                    tell(changed)
            except BusDown as error:
                log.warning("the convoys hear no events: %s", error)
                await asyncio.sleep(2)
