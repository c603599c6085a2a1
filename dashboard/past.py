"""How was a world at a moment? The newest checkpoint before it, and what the bus took until then.

What is not yet in a file of the archive is read from the stream itself. A replay that goes on a little takes in only
what lies between; one that goes back is made anew, from files that are mostly in memory. What nobody kept is told as
`NoSuchMoment`, never shown as if it were known.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final, NamedTuple

from cop.bus import Bus
from cop.event import REAL, Event, Millis
from cop.picture import Picture
from dashboard.archive import Archive
from dashboard.history import History
from dashboard.reach import Line, Reach
from dashboard.recall import Digests, Recalled
from dashboard.rulebook import Rules
from dashboard.scene import NoSuchMoment
from dashboard.worlds import Worlds
from feeds.clock import clock

log = logging.getLogger("cop.past")

FAR_MS: Final = 30 * 60_000
"""A moment so much later is made anew: the checkpoints are nearer to it than what lies between."""
SWEEP_MS: Final = 60_000
SESSIONS: Final = 16
SCENES: Final = 12
IDLE_S: Final = 600.0
RESTED_S: Final = 5.0
"""A scene that nobody was given for so long may go on to another moment."""
AT_ONCE: Final = 2
"""Moments that are made at the same time: the others wait, and the live pages go on."""


class Replay(Worlds):
    """A world as it was known at a moment: a scene that can go on."""

    def __init__(self, world: str, lines: dict[str, Line], rules: Rules | None, retention_ms: Millis) -> None:
        super().__init__(secrets.token_hex(4))
        self.world = world
        self.lines = lines
        self.rules = rules
        self._retention_ms = retention_ms
        self._at: Millis = 0
        self._swept: Millis = 0

    @property
    def now(self) -> Millis:
        """The moment."""
        return self._at

    @property
    def heard(self) -> Millis:
        """The moment: of then is what is shown."""
        return self._at

    @property
    def fresh(self) -> bool:
        """Never: it is the past."""
        return False

    def begin(self, carried: dict[str, Iterable[Event]], events: dict[str, list[Event]], at: Millis) -> None:
        """Make it from how all stood and what came then, until a moment."""
        for world, standing in carried.items():
            picture = self.pictures.setdefault(world, Picture())
            self.histories.setdefault(world, History())
            for event in standing:
                picture.fold(event)
        for world, told in events.items():
            for event in told:
                if self.pictures[world].fold(event):
                    self.histories[world].keep(event)
        self._at = at
        self._expire(at - self._retention_ms)
        self._swept = at
        self._open(self.world)
        self._settle()
        self.views[self.world].settle(at)

    def go_on(self, lines: dict[str, Line], events: dict[str, list[Event]], at: Millis) -> None:
        """Take in what came until a later moment."""
        self.lines, self._at = lines, at
        for told in events.values():
            for event in told:
                self._fold(event)
        if at - self._swept >= SWEEP_MS:
            self._expire(at - self._retention_ms)
            self._swept = at
        self._settle()

    def _settle(self) -> None:
        view = self.views[self.world]
        engine = self.engines.get(self.world)
        if engine is not None and engine.due(self._at):
            view.touch_all(engine.settle(self._at))
        view.recount()

    def snapshot(self, why: str) -> bytes:
        """All that is shown, as a snapshot of the push has it."""
        return self.views[self.world].whole(self._at, why)

    def delta(self) -> bytes:
        """What became of it since the last frame."""
        return self.views[self.world].delta(self._at)


class _Visit:
    """Somebody who looks at the past, and where the replay stands that is theirs."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.replay: Replay | None = None
        self.used = time.monotonic()


class _Held:
    """A scene that is made or was made, and when it was last given to somebody."""

    def __init__(self, making: asyncio.Task[Replay]) -> None:
        self.making = making
        self.used = time.monotonic()

    @property
    def replay(self) -> Replay | None:
        done = self.making.done() and not self.making.cancelled() and self.making.exception() is None
        return self.making.result() if done else None


class Span(NamedTuple):
    """What can be shown of a world: from `first` to `last`, but for the `gaps` (from, to) of which nothing was kept."""

    first: Millis
    last: Millis
    gaps: tuple[tuple[Millis, Millis], ...]


class Past:
    """Shows worlds as they were. `rules` gives those by which movements are judged, None while there are none."""

    def __init__(
        self,
        bus: Bus,
        archive: Archive,
        rules: Callable[[], Rules | None] = lambda: None,
        *,
        retention_ms: Millis = 24 * 3_600_000,
        now: Callable[[], Millis] = clock,
    ) -> None:
        self._reach = Reach(bus, archive)
        self._archive = archive
        self._digests = Digests(archive)
        self._rules = rules
        self._retention_ms = retention_ms
        self._now = now
        self._visits: OrderedDict[str, _Visit] = OrderedDict()
        self._scenes: OrderedDict[tuple[str, Millis], _Held] = OrderedDict()
        self._making = asyncio.Semaphore(AT_ONCE)

    async def span(self, world: str) -> Span:
        """What can be shown of a world. Raises `NoSuchMoment` when nothing can."""
        found = await self._reach.spans(world, self._now())
        if world != REAL:
            real = await self._reach.spans(REAL, self._now())
            first = real[0][0] if real else self._now()
            found = [(max(begin, first), end) for begin, end in found if end > first]
        if not found:
            raise NoSuchMoment(f"nothing is kept of {world}")
        gaps = tuple((a[1], b[0]) for a, b in pairwise(found))
        return Span(found[0][0], found[-1][1], gaps)

    async def scene(self, world: str, at: Millis) -> Replay:
        """The world as it was known at a moment. Raises `NoSuchMoment`."""
        self._tidy()
        key, rules = (world, at), self._rules()
        held = self._scenes.get(key)
        if held is not None and held.replay is not None and held.replay.rules is not rules:
            held = None
        if held is None:
            held = self._scenes[key] = _Held(asyncio.create_task(self._make(world, at, self._rested(world, at))))
        self._scenes.move_to_end(key)
        held.used = time.monotonic()
        try:
            return await asyncio.shield(held.making)
        except asyncio.CancelledError:
            raise
        except BaseException:
            if self._scenes.get(key) is held:
                del self._scenes[key]
            raise

    async def frame(self, world: str, at: Millis, session: str) -> bytes:
        """What a page needs to show that moment: all, or what became of it since the session's last one.

        Raises `NoSuchMoment`; the session's next frame is then a snapshot.
        """
        self._tidy()
        visit = self._visits.setdefault(session, _Visit())
        self._visits.move_to_end(session)
        visit.used = time.monotonic()
        async with visit.lock:
            replay = visit.replay
            near = replay is not None and replay.world == world and 0 < at - replay.now <= FAR_MS
            if replay is not None and near and replay.rules is self._rules():
                visit.replay = None  # until it stands there: who is interrupted begins anew
                with contextlib.suppress(NoSuchMoment):  # perhaps over a hole: what is behind it may be known again
                    await self._go_on(replay, at)
                    frame = await asyncio.to_thread(replay.delta)
                    visit.replay = replay
                    return frame
            visit.replay = replay = await self._build(world, at)
            return await asyncio.to_thread(replay.snapshot, f"the picture of {_words(at)}")

    # -- making -------------------------------------------------------------------------------------------------------

    async def _make(self, world: str, at: Millis, rested: Replay | None) -> Replay:
        if rested is not None:
            with contextlib.suppress(NoSuchMoment):  # perhaps over a hole: what is behind it may be known again
                await self._go_on(rested, at)
                await asyncio.to_thread(rested.delta)
                return rested
        return await self._build(world, at, recall=True)

    async def _build(self, world: str, at: Millis, *, recall: bool = False) -> Replay:
        if at > self._now():
            raise NoSuchMoment(f"{_words(at)} is yet to come")
        async with self._making:
            lines: dict[str, Line] = {}
            carried: dict[str, Iterable[Event]] = {}
            events: dict[str, list[Event]] = {}
            begun: dict[str, Millis] = {}
            for each in dict.fromkeys((REAL, world)):
                start = await self._reach.start(each, at)
                carried[each], begun[each] = start.carried, start.first
                lines[each], events[each] = await self._reach.until(start.line, at)
            rules = self._rules()

            def made() -> Replay:
                replay = Replay(world, lines, rules, self._retention_ms)
                for each, first in begun.items():
                    history = replay.histories[each] = Recalled(self._archive, each, first)
                    if recall:
                        history.recall(self._digests)
                replay.begin(carried, events, at)
                return replay

            return await asyncio.to_thread(made)

    async def _go_on(self, replay: Replay, at: Millis) -> None:
        if at > self._now():
            raise NoSuchMoment(f"{_words(at)} is yet to come")
        found = {world: await self._reach.until(line, at) for world, line in replay.lines.items()}
        lines = {world: line for world, (line, _) in found.items()}
        await asyncio.to_thread(replay.go_on, lines, {world: events for world, (_, events) in found.items()}, at)

    def _rested(self, world: str, at: Millis) -> Replay | None:
        """A scene of a little before that nobody uses any more: it is taken from where it is kept."""
        rules, least = self._rules(), time.monotonic() - RESTED_S
        near = [
            (replay.now, key)
            for key, held in self._scenes.items()
            if (replay := held.replay) is not None
            and held.used < least
            and replay.world == world
            and replay.rules is rules
            and 0 < at - replay.now <= FAR_MS
        ]
        return self._scenes.pop(max(near)[1]).replay if near else None

    def _tidy(self) -> None:
        """Let go of what nobody used for long, and of the oldest of too many."""
        least = time.monotonic() - IDLE_S
        for name, visit in list(self._visits.items()):
            if not visit.lock.locked() and (visit.used < least or len(self._visits) > SESSIONS):
                del self._visits[name]
        for key, held in list(self._scenes.items()):
            if held.making.done() and (held.used < least or len(self._scenes) > SCENES):
                del self._scenes[key]


def _words(at: Millis) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
