"""Who looks at the picture when nobody does? The watch: it keeps the journal of each world and raises alerts.

It runs beside the keeper, once. A second one does no harm, since what is told twice counts once. An exercise's journal
is written by the exercise's own Redis user.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from cop.alerts import Seen, Sign, Turn, Watchlist, of_crossings, of_feeds, of_movements, of_systems, rules
from cop.bus import Bus, BusDown
from cop.bus.desk import VIEWS, DeskBus
from cop.desk import KEEPS, Cleared, Entry, Raised, Reworded, Stood, key_of
from cop.event import Millis, is_exercise
from cop.picture import Entity
from dashboard.desk import Desk
from dashboard.hub import Hub
from dashboard.rulebook import Rules
from dashboard.witness import Witness
from feeds.clock import clock
from layers.layer import by_kind, thing

log = logging.getLogger("cop.watch")

TELL_S: Final = 0.25
ALERT_S: Final = 1.0
WATCHED_S: Final = 5.0
AGAIN_MS: Final = 30_000
"""How often movements are looked at though nothing of them changed: a border comes nearer by the clock alone."""
FEW_FRAMES: Final = 10_000
"""Told to the hub as a number of readers: changes gather for longer when nobody waits for a frame."""
RENEWED: Final = KEEPS // 5
"""After so many entries all that stands is told again, so that a book that is cut loses none of it."""


class _World:
    """What the watch keeps of one world."""

    def __init__(self, watchlist: Watchlist) -> None:
        self.watchlist = watchlist
        self.waiting: list[Entry] = []
        self.begun = False
        self.since_renewed = RENEWED
        self.marked = 0.0
        self.looked: tuple[object, ...] = ()
        self.movements: list[Sign] = []


class Watch:
    """`bus` and `books` are read and written; `load` gives the rules by which movements are judged, on a thread."""

    def __init__(
        self,
        bus: Bus,
        books: DeskBus,
        load: Callable[[], Rules | None] = lambda: None,
        *,
        retention_ms: Millis = 24 * 3_600_000,
        now: Callable[[], Millis] = clock,
    ) -> None:
        self._load = load
        self._now = now
        self.desk = Desk(books, now)
        self._watched: dict[str, Millis] = {}
        self._worlds: dict[str, _World] = {}
        self._bus = bus
        self._retention_ms = retention_ms
        self.hub: Hub | None = None

    async def run(self) -> None:
        """Watch for ever."""
        found = await asyncio.to_thread(self._load)
        await self._begin()
        self.hub = hub = Hub(self._bus, retention_ms=self._retention_ms, now=self._now, view=self._witness)
        hub.readers = FEW_FRAMES
        if found is not None:
            hub.equip(found)
        await asyncio.gather(hub.run(), self._tell_all(hub))

    async def _begin(self) -> None:
        """Read what the journals last said: the hub's views begin from there."""
        while True:
            try:
                await self.desk.refresh()
                for world in await self.desk.bus.books():
                    if world != VIEWS and (at := await self.desk.bus.watched(world)) is not None:
                        self._watched[world] = at
                return
            except BusDown as error:
                log.warning("the desk is out of reach: %s", error)
                await asyncio.sleep(1.0)

    def _witness(
        self,
        world: str,
        name: str,
        look: Callable[[str], Entity | None],
        passed_by: Callable[[str], int | None] = lambda subject: None,
    ) -> Witness:
        def idle(now: Millis) -> bool:
            engine = self.hub.engines.get(world) if self.hub is not None else None
            return engine is None or not engine.urgent(now)

        fold = self.desk.of(world)
        stands = [(a.raised.rule, a.raised.subject) for a in fold.alerts.values() if a.cleared is None]
        self._worlds[world] = _World(Watchlist(stands))
        return Witness(world, name, look, fold, self._watched.pop(world, None), idle)

    # -- what it tells ------------------------------------------------------------------------------------------------

    async def _tell_all(self, hub: Hub) -> None:
        alerted = 0.0
        while True:
            await asyncio.sleep(TELL_S)
            look = time.monotonic() - alerted >= ALERT_S
            if look:
                alerted = time.monotonic()
            try:
                for world, view in list(hub.views.items()):
                    if isinstance(view, Witness) and view.settled:
                        await self._tell(hub, world, view, look and hub.fresh)
                if look and hub.fresh:
                    await self._let_go(hub)
            except BusDown as error:
                log.warning("the desk is out of reach: %s", error)
                await asyncio.sleep(1.0)

    async def _tell(self, hub: Hub, world: str, view: Witness, look: bool) -> None:
        kept, now = self._worlds[world], self._now()
        if not kept.begun:
            kept.begun = True
            if view.new:
                kept.waiting.append(Stood(at=now, values=_values(view)))
                kept.since_renewed = 0
        kept.waiting += view.take()
        if look:
            kept.waiting += [
                entry for turn in self._alerts(hub, world, view, now) if (entry := self._entry(turn, hub, world, now))
            ]
        if kept.waiting:
            await self.desk.bus.append(world, kept.waiting)
            kept.since_renewed += len(kept.waiting)
            kept.waiting = []
            await self.desk.refresh(world)
        if kept.since_renewed >= RENEWED:
            await self.desk.bus.append(world, self.desk.of(world).standing(now))
            kept.since_renewed = 0
        if hub.fresh and time.monotonic() - kept.marked >= WATCHED_S:
            if await self.desk.bus.bounds(world) is None:  # the server lost it
                await self.desk.bus.append(world, [Stood(at=now, values=_values(view))])
            await self.desk.bus.watch(world, now)
            kept.marked = time.monotonic()

    def _alerts(self, hub: Hub, world: str, view: Witness, now: Millis) -> list[Turn]:
        kept = self._worlds[world]
        engine = hub.engines.get(world)
        seen = Seen(
            now, lambda subject: hub.look(world, subject), engine, view.closed, view.crossings, view.health.values()
        )
        looked = (engine.version if engine is not None else 0, frozenset(view.closed), now // AGAIN_MS)
        if looked != kept.looked:
            kept.looked, kept.movements = looked, of_movements(seen)
        return kept.watchlist.step([*kept.movements, *of_systems(seen), *of_crossings(seen), *of_feeds(seen)], now)

    def _entry(self, turn: Turn, hub: Hub, world: str, now: Millis) -> Entry | None:
        key, sign = key_of(turn.rule, turn.subject), turn.sign
        if turn.what == "clear":
            return Cleared(at=now, key=key)
        if sign is None:
            return None
        if turn.what == "reword":
            return Reworded(at=now, key=key, text=sign.text)
        found = hub.look(world, sign.subject)
        row = thing(found, now) if found is not None else None
        layer = by_kind().get(sign.subject.partition(":")[0])
        return Raised(
            at=now,
            key=key,
            rule=sign.rule,
            severity=rules()[sign.rule].severity,
            subject=sign.subject,
            text=sign.text,
            name=sign.name,
            layer=layer.name if layer is not None else "",
            domain=layer.domain if layer is not None else "",
            nations=sign.nations or (tuple(row["nations"]) if row else ()),
            origin=row["origin"] if row else "",
            source=f"rule:{sign.rule}",
        )

    async def _let_go(self, hub: Hub) -> None:
        """An exercise that has ended takes its book with it, also one that ended while nobody watched."""
        for world in [w for w in self._worlds if w not in hub.views]:
            del self._worlds[world]
            await self.desk.refresh()
        for book in [b for b in await self.desk.bus.books() if is_exercise(b) and b not in hub.views]:
            log.info("%s has ended, and what was kept beside it goes", book)
            await self.desk.bus.drop(book)
            await self.desk.refresh()


def _values(view: Witness) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for (what, subject), value in view.said.items():
        found.setdefault(what, {})[subject] = value
    return found
