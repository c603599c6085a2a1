"""How do bytes from outside become events on the stream? The only I/O of the feeds.

A worker fetches, decodes, publishes in batches, backs off with jitter, reports health and quarantines what it can't
read. A fetch that fails withdraws nothing: it is health, and the things of that feed stay and age.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from cop.bus import Bus, BusDown, Quarantined
from cop.event import Body, Event, FeedState, Gone, Health, InvalidEvent, Millis, Origin, decode, encode, event
from cop.picture import Picture
from cop.recover import Position
from feeds.adapter import Context, Outcome, Reject
from feeds.clock import clock
from feeds.feed import Feed, open_transport
from feeds.plausible import Plausible
from feeds.quarantine import kind_of
from feeds.recording import moved
from feeds.snapshots import Known, Snapshots, mark_of
from feeds.transport import Fetched, Times, Transport, Unreachable

log = logging.getLogger("cop.feeds")

FLUSH_S: Final = 0.05
BATCH: Final = 1000
HEALTH_S: Final = 5.0
PATIENCE_S: Final = 10.0
BACKOFF_S: Final = (1.0, 60.0)
WITHDRAWN: Final = "no longer in the feed"
RAW_BYTES: Final = 65_536
"""Of a rejected record so much is kept: of a whole document its beginning, which shows what it is."""
KEPT: Final = 10_000
REASONS: Final = 5
"""How many reasons of rejection a feed's health tells, the most frequent first."""


def backoff_s(failures: int, jitter: float) -> float:
    """Seconds to wait after so many failures in a row; `jitter` in 0..1 spreads those who failed together."""
    first, most = BACKOFF_S
    return min(most, first * 2.0 ** min(failures - 1, 10)) * (0.5 + jitter / 2)


class StreamLost(Exception):
    """What was published before is no longer on the stream: what is told only once must be told again."""


class Worker:
    """Runs one feed for ever. What it was given and could not yet publish it keeps; nothing acknowledged is lost."""

    def __init__(
        self,
        feed: Feed,
        bus: Bus,
        *,
        known: Known | None = None,
        now: Callable[[], Millis] = clock,
        transport: Transport | None = None,
    ) -> None:
        self._feed = feed
        self._bus = bus
        self._now = now
        self._transport = transport or open_transport(feed, now)
        self._fresh = feed.fresh
        self._snapshots = Snapshots(known, complete=feed.source.complete)
        self._events: list[Event] = []
        self._rejects: list[Quarantined] = []
        self._kept: set[int] = set()
        self._reasons: Counter[str] = Counter()
        self._plausible = Plausible()
        self._at: Position | None = None  # of what was published last
        self._full = asyncio.Event()
        self._published = asyncio.Event()
        self._state: FeedState = "late"
        self._detail = "not yet heard"
        self._verdict: tuple[FeedState, str] = ("ok", "")  # on the last whole payload
        self._failures = 0
        self._heard: float | None = None
        self.records = 0
        self.rejects = 0
        self._newest: Millis | None = None

    async def run(self) -> None:
        """Collect, publish and report, until cancelled; what is left is published on the way out."""
        tasks = [asyncio.create_task(work) for work in (self._collect(), self._publish(), self._report())]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            try:
                async with asyncio.timeout(2):
                    await self._flush()
            except (BusDown, TimeoutError):
                log.error("%s: %d events could not be published at the end", self._feed.name, len(self._events))

    # -- in -------------------------------------------------------------------------------------------------------

    async def _collect(self) -> None:
        while True:
            try:
                async for fetched in self._transport.chunks():
                    await self._take(fetched)
                self._say("ok", "the source ended")
            except Unreachable as error:
                self._snapshots.drop()
                self._failures += 1
                self._say("failed", str(error))
                await asyncio.sleep(max(error.retry_s, backoff_s(self._failures, random.random())))
            else:
                if not self._transport.repeats:
                    await asyncio.Event().wait()  # a file read to its end: stay, and go on saying how old it is

    async def _take(self, fetched: Fetched) -> None:
        heard = self._now() if fetched.times is None else fetched.times.heard
        context = Context(heard, self._feed.world, self._feed.origin, fetched.name)
        outcomes = self._decode(fetched, context)
        self._failures = 0
        if fetched.unchanged:
            self._heard = time.monotonic()
            state, detail = self._verdict
            self._say(state, detail or fetched.note or "unchanged")  # a payload that was doubtful is so still
            return
        taken, rejects = self._sort(outcomes, context, fetched.times, fetched.whole)
        if fetched.failed:  # as it was when this was recorded
            self._snapshots.drop()
            self._say("failed", fetched.failed)
        elif fetched.whole:
            self._heard = time.monotonic()
            self._snapshots.add(taken, rejects)
            if not fetched.more:
                verdict = self._snapshots.judge(heard if fetched.times is None else fetched.times.moved(heard))
                self._events += [self._event(subject, at, Gone(WITHDRAWN)) for subject, at in verdict.withdrawn.items()]
                self._verdict = verdict.state, verdict.detail or fetched.note
                self._say(*self._verdict)
        elif taken or not rejects:  # what is heard and not understood is no sign of life
            self._heard = time.monotonic()
            self._say("ok", fetched.note)
        if len(self._events) >= BATCH:
            self._full.set()
        while len(self._events) + len(self._rejects) >= 20 * BATCH:  # the bus is slower: let the feed wait
            self._published.clear()
            await self._published.wait()

    def _decode(self, fetched: Fetched, context: Context) -> list[Outcome]:
        """What the bytes say. A decoder that breaks down costs its payload or connection, never the feed."""
        outcomes: list[Outcome] = []
        if fetched.unchanged:
            return outcomes
        decoder = fetched.decoder or self._fresh()
        try:
            outcomes.extend(decoder.feed(fetched.data, context))
            if fetched.whole or fetched.last:
                outcomes.extend(decoder.close(context))
        except Exception as error:
            log.exception("%s: the decoder broke down", self._feed.name)
            why = f"the decoder broke down: {type(error).__name__}: {error}"
            self._sort([*outcomes, Reject(why, 0, fetched.data)], context)
            self._verdict = "failed", why
            raise Unreachable(why) from error
        return outcomes

    def _sort(
        self, outcomes: Iterable[Outcome], context: Context, times: Times | None = None, whole: bool = False
    ) -> tuple[list[Event], list[Reject]]:
        """Split what was decoded into what is taken and what goes to quarantine: the unread and the impossible."""
        taken: list[Event] = []
        rejects: list[Reject] = []
        doubted: dict[tuple[str, str], list[bytes]] = {}
        for outcome in outcomes:
            if isinstance(outcome, Reject):
                rejects.append(outcome)
            elif doubt := self._plausible.doubt(outcome, context.received):
                doubted.setdefault((outcome.subject, doubt), []).append(encode(outcome))
            else:
                taken.append(outcome)
        if doubted:  # what else the same record says is as doubtful
            subjects = dict(doubted.keys())
            for said in taken:
                if said.subject in subjects:
                    doubted[said.subject, subjects[said.subject]].append(encode(said))
            taken = [said for said in taken if said.subject not in subjects]
            rejects += [Reject(doubt, 0, b"\n".join(said)) for (_, doubt), said in doubted.items()]
        for reject in rejects:
            self._quarantine(reject, context)
        taken = [self._own(said, times, whole) for said in taken]
        self.records += len(taken)
        self._events += taken
        return taken, rejects

    def _own(self, said: Event, times: Times | None, whole: bool) -> Event:
        """The event under this feed's name, at its time in the picture."""
        at, body = said.at, said.body
        if times is not None:
            at, body = times.moved(at), moved(body, times)
        if whole:
            at = self._snapshots.corrected(said, at)
        at = self._snapshots.returned(said, at)
        self._newest = max(self._newest or 0, at)
        if said.source == self._feed.name and at == said.at and body is said.body:
            return said
        return self._event(said.subject, at, body, said.origin)

    def _quarantine(self, rejected: Reject, context: Context) -> None:
        """Count it, and keep it as it came; the same record in every payload is kept once in a while."""
        self.rejects += 1
        self._reasons[kind_of(rejected.reason)] += 1
        mark = mark_of(rejected)
        if mark in self._kept:
            return
        if len(self._kept) >= KEPT:
            self._kept.clear()
        self._kept.add(mark)
        reason, raw = rejected.reason, rejected.raw
        if len(raw) > RAW_BYTES:
            reason, raw = f"{reason} (the first {RAW_BYTES} of {len(raw)} bytes)", raw[:RAW_BYTES]
        feed = self._feed
        self._rejects.append(
            Quarantined(feed.name, reason, rejected.offset, raw, context.received, context.name, feed.world)
        )

    # -- out ------------------------------------------------------------------------------------------------------

    async def _publish(self) -> None:
        failures = 0
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_S):
                    await self._full.wait()
            self._full.clear()
            try:
                await self._flush()
                if failures:
                    log.warning("%s: the stream is back", self._feed.name)
                failures = 0
            except BusDown as error:
                failures += 1
                if failures == 1:
                    log.warning("%s: the stream is out of reach: %s", self._feed.name, error)
                await asyncio.sleep(min(2.0, 0.2 * failures))

    async def _flush(self) -> None:
        """Publish what there is. On `BusDown` all is kept: a batch sent twice folds to the same picture."""
        while self._events:
            batch = self._events[: 20 * BATCH]
            at = await self._bus.append(self._feed.world, batch)
            del self._events[: len(batch)]
            self._published.set()
            before, self._at = self._at, at
            if before is not None and at is not None and (at.epoch != before.epoch or at.offset <= before.offset):
                raise StreamLost(f"the stream went on at {at} after {before}")
        if self._rejects:
            rejects = list(self._rejects)
            await self._bus.quarantine(self._feed.world, rejects)
            del self._rejects[: len(rejects)]
            self._published.set()

    # -- health ---------------------------------------------------------------------------------------------------

    def _say(self, state: FeedState, detail: str) -> None:
        changed = state != self._state
        self._state, self._detail = state, detail
        if changed:  # once on loss, once on recovery, and on every screen at once
            level = logging.INFO if state == "ok" else logging.WARNING
            log.log(level, "%s is %s: %s", self._feed.name, state, detail or "heard")
            self._events.append(self.health())

    async def _report(self) -> None:
        while True:
            silence = time.monotonic() - self._heard if self._heard is not None else None
            patience = max(3 * self._feed.every_s, PATIENCE_S)
            if self._state == "ok" and silence is not None and silence > patience and self._transport.repeats:
                self._say("late", f"silent for more than {patience:.0f} s")
            self._events.append(self.health())
            await asyncio.sleep(HEALTH_S)

    def health(self) -> Event:
        """How the feed is doing, as an event of its own."""
        feed, now = self._feed, self._now()
        body = Health(
            self._state,
            self._detail,
            feed.nations or feed.source.nations,
            self.records,
            self.rejects,
            self._newest,
            feed.source.stale_s,
            dict(self._reasons.most_common(REASONS)),
        )
        return self._event(f"feed:{feed.name}", now, body)

    def _event(self, subject: str, at: Millis, body: Body, origin: Origin | None = None) -> Event:
        """An event of this feed under its own name, heard now; of the feed's own origin unless another one is told."""
        feed = self._feed
        return event(feed.name, subject, at, body, received=self._now(), world=feed.world, origin=origin or feed.origin)


async def known_subjects(bus: Bus, world: str, source: str) -> Known:
    """What a source has said and withdrawn, from the stream: a restarted worker still knows what to withdraw."""
    picture = Picture()
    after = None
    while entries := await bus.read({world: after}, count=5000):
        after = entries[-1].position
        for entry in entries:
            with contextlib.suppress(InvalidEvent):  # the reader counts and tells it
                said = decode(entry.data)
                if said.source == source:
                    picture.fold(said)
    there = {entity.subject: entity.newest.at for entity in picture.entities() if entity.kind != "feed"}
    gone = {
        subject: told.at
        for subject in picture.subjects()
        if (told := picture.records(subject).get((source, "gone"))) is not None and told.body == Gone(WITHDRAWN)
    }
    return Known(there, gone)


async def run_all(feeds: Iterable[Feed], bus: Bus) -> None:
    """Run these feeds side by side until cancelled. One that breaks down takes none of the others with it."""

    async def guarded(feed: Feed) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            try:
                complete = feed.source.complete
                known = await known_subjects(bus, feed.world, feed.name) if complete else None
                await Worker(feed, bus, known=known).run()
            except StreamLost as error:
                log.warning("%s tells everything anew: %s", feed.name, error)
                continue
            except BusDown as error:
                log.warning("%s waits for the stream: %s", feed.name, error)
                await asyncio.sleep(1 + random.random())
                continue
            except Exception:
                log.exception("%s broke down and is started anew", feed.name)
            failures = failures + 1 if time.monotonic() - began < BACKOFF_S[1] else 1
            await asyncio.sleep(backoff_s(failures, random.random()))

    jobs: list[Awaitable[None]] = [guarded(feed) for feed in feeds]
    await asyncio.gather(*jobs)
