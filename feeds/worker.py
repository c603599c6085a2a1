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
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, NamedTuple

import msgspec

from cop.bus import Bus, BusDown, Quarantined
from cop.event import REAL, Body, Event, FeedState, Gone, Health, InvalidEvent, Millis, Origin, decode, event
from cop.picture import Picture
from cop.recover import Position
from feeds.adapter import Context, Decoder, Outcome, Reject, Source
from feeds.transport import Fetched, Files, Http, Lines, Transport, Unreachable

log = logging.getLogger("cop.feeds")

FLUSH_S: Final = 0.05
BATCH: Final = 1000
HEALTH_S: Final = 5.0
PATIENCE_S: Final = 10.0
FUTURE_MS: Final = 120_000
"""A report from further ahead than this would win every comparison for ever: it goes to quarantine instead."""
SUSPICIOUS: Final = 10
"""From so many things to none in one payload is more likely a fault of the feed than the end of all of them."""
BACKOFF_S: Final = (1.0, 60.0)
WITHDRAWN: Final = "no longer in the feed"
RAW_BYTES: Final = 65_536
"""Of a rejected record so much is kept: of a whole document its beginning, which shows what it is."""
KEPT: Final = 10_000


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """One running feed: a source under a name of its own, where it listens, and what its events are."""

    name: str
    source: Source
    address: str
    world: str = REAL
    origin: Origin = "observed"
    rate_s: float = 0.0
    """Seconds between fetches; 0: the source's own."""
    nations: tuple[str, ...] = ()
    """Whose feed it is; empty: the source's own."""
    group: str = "feeds"

    @property
    def every_s(self) -> float:
        return self.rate_s or self.source.rate_s


def clock() -> Millis:
    """Milliseconds UTC now."""
    return time.time_ns() // 1_000_000


def backoff_s(failures: int, jitter: float) -> float:
    """Seconds to wait after so many failures in a row; `jitter` in 0..1 spreads those who failed together."""
    first, most = BACKOFF_S
    return min(most, first * 2.0 ** min(failures - 1, 10)) * (0.5 + jitter / 2)


class Known(NamedTuple):
    """What a complete feed's things are: when each that is there was last told of, and when the others went."""

    there: Mapping[str, Millis]
    gone: Mapping[str, Millis]


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
        self._transport = transport or open_transport(feed)
        self._known = dict(known.there) if known else {}
        self._gone = dict(known.gone) if known else {}
        self._there: dict[str, Millis] = {}
        self._unread: list[Reject] = []
        self._events: list[Event] = []
        self._rejects: list[Quarantined] = []
        self._kept: set[int] = set()
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
                self._there, self._unread = {}, []  # of a payload in several parts that was cut short
                self._failures += 1
                self._say("failed", str(error))
                await asyncio.sleep(max(error.retry_s, backoff_s(self._failures, random.random())))
            else:
                if not self._transport.repeats:
                    await asyncio.Event().wait()  # a file read to its end: stay, and go on saying how old it is

    async def _take(self, fetched: Fetched) -> None:
        context = Context(self._now(), self._feed.world, self._feed.origin, fetched.name)
        outcomes = self._decode(fetched, context)
        self._failures = 0
        if fetched.unchanged:
            self._heard = time.monotonic()
            state, detail = self._verdict
            self._say(state, detail or "unchanged")  # a payload that was doubtful is so still
            return
        taken, rejects = self._sort(outcomes, context)
        if fetched.whole:
            self._heard = time.monotonic()
            for said in taken:
                if not isinstance(said.body, Gone):
                    self._there[said.subject] = max(said.at, self._there.get(said.subject, 0))
            self._unread += rejects
            if not fetched.more:
                self._verdict = self._judge(context)
                self._say(*self._verdict)
        elif taken or not rejects:  # what is heard and not understood is no sign of life
            self._heard = time.monotonic()
            self._say("ok", "")
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
        decoder = fetched.decoder or self._feed.source.decoder()
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

    def _sort(self, outcomes: Iterable[Outcome], context: Context) -> tuple[list[Event], list[Reject]]:
        name = self._feed.name
        taken: list[Event] = []
        rejects: list[Reject] = []
        for outcome in outcomes:
            if isinstance(outcome, Event) and outcome.at > context.received + FUTURE_MS:
                ahead = (outcome.at - context.received) // 1000
                rejected = Reject(f"from the future: {ahead} s ahead of our clock", 0, msgspec.json.encode(outcome))
            elif isinstance(outcome, Reject):
                rejected = outcome
            else:
                at = outcome.at
                if outcome.subject in self._gone and not isinstance(outcome.body, Gone):
                    at = max(at, self._gone[outcome.subject] + 1)  # what is back is newer than its going
                same = outcome.source == name and at == outcome.at
                taken.append(outcome if same else self._event(outcome.subject, at, outcome.body))
                self._newest = max(self._newest or 0, outcome.at)
                continue
            rejects.append(rejected)
            self._quarantine(rejected, context)
        self.records += len(taken)
        self._events += taken
        return taken, rejects

    def _quarantine(self, rejected: Reject, context: Context) -> None:
        """Count it, and keep it as it came; the same record in every payload is kept once in a while."""
        self.rejects += 1
        mark = hash((rejected.reason, rejected.raw))
        if mark in self._kept:
            return
        if len(self._kept) >= KEPT:
            self._kept.clear()
        self._kept.add(mark)
        reason, raw = rejected.reason, rejected.raw
        if len(raw) > RAW_BYTES:
            reason, raw = f"{reason} (the first {RAW_BYTES} of {len(raw)} bytes)", raw[:RAW_BYTES]
        self._rejects.append(Quarantined(self._feed.name, reason, rejected.offset, raw, context.received, context.name))

    def _judge(self, context: Context) -> tuple[FeedState, str]:
        """What to think of a whole payload. What the last one had and a complete one hasn't has been withdrawn."""
        there, self._there = self._there, {}
        unread, self._unread = self._unread, []
        if unread and not there:
            return "failed", f"nothing in it could be read: {unread[0].reason}"
        if not self._feed.source.complete:
            return "ok", ""
        missing = self._known.keys() - there.keys()
        if unread and missing:
            self._known |= there
            return "ok", f"some records could not be read: {len(missing)} missing things are kept"
        if not there and len(self._known) >= SUSPICIOUS:
            return "late", f"suspiciously empty: {len(self._known)} things are kept"
        for subject in sorted(missing):
            at = max(context.received, self._known[subject] + 1)
            self._gone[subject] = at
            self._events.append(self._event(subject, at, Gone(WITHDRAWN)))
        self._known = there
        return "ok", ""

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
        )
        return self._event(f"feed:{feed.name}", now, body)

    def _event(self, subject: str, at: Millis, body: Body) -> Event:
        """An event of this feed under its own name, heard now."""
        feed = self._feed
        return event(feed.name, subject, at, body, received=self._now(), world=feed.world, origin=feed.origin)


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


def open_transport(feed: Feed) -> Transport:
    """The transport that the address's scheme names. Raises ValueError for an address that can be none."""
    scheme = feed.address.partition(":")[0]
    fresh: Callable[[], Decoder] = feed.source.decoder
    if scheme in ("http", "https"):
        return Http(feed.address, feed.every_s)
    if scheme in ("tcp", "udp"):
        return Lines(feed.address, fresh)
    if scheme == "file":
        return Files(feed.address, feed.every_s, fresh)
    raise ValueError(f"{feed.name}: {feed.address!r} is neither http(s):, tcp:, udp: nor file:")


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
