"""The watch: the journal has every change once, over any restart, and alerts are raised while it looks."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from redis import Redis

from cop import alerts
from cop.bus.desk import START, MemoryDesk, RedisDesk
from cop.bus.memory import MemoryBus
from cop.bus.redis import RedisBus
from cop.desk import Changed, decode
from cop.event import REAL, Body, Described, Event, Gone, Health, Limit, Sighted, State, Status, event
from dashboard.desk import Desk
from dashboard.embedded import Embedded
from dashboard.watch import Watch
from feeds.clock import clock
from tests.system import ROOT, wait_for

DEMO = "exercise/demo"


_said = [0]


def told(subject: str, body: Body, world: str = REAL, source: str = "test") -> Event:
    """What is reported now, and after everything that was reported before."""
    _said[0] = now = max(clock(), _said[0] + 1)
    return event(source, subject, now, body, received=now, world=world)


def bridge(name: str = "Bridge", *limits: Limit) -> Body:
    return Described(name, ("LV",), 24.0, 57.0, limits=limits)


def state(to: State, reason: str = "") -> Status:
    return Status(to, reason=reason)


async def until(what: str, seen: Callable[[], Awaitable[Any]]) -> Any:
    """Ask until it is so: a bound for waiting, not a measure."""
    for _ in range(600):
        if found := await seen():
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(what)


@contextlib.asynccontextmanager
async def watching(bus: MemoryBus, books: MemoryDesk, *worlds: str) -> AsyncIterator[Watch]:
    """A watch at work: every world is looked at."""
    watch = Watch(bus, books)
    task = asyncio.create_task(watch.run())
    try:
        for world in worlds or (REAL,):
            before = await books.watched(world)
            await until("watched", lambda world=world, before=before: _newer(books, world, before))  # type: ignore[misc]
        yield watch
        await asyncio.sleep(0.8)  # what was told last is written down
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _newer(books: MemoryDesk, world: str, before: int | None) -> bool:
    return await books.watched(world) not in (None, before)


async def journal(books: MemoryDesk | RedisDesk, world: str = REAL) -> list[tuple[str, str, str, str]]:
    """What the journal says: what, of which thing, what was and what is; as it is written."""
    entries = [decode(each.data) for each in await books.read({world: START}, count=1_000_000)]
    return [(e.what, e.id, e.was, e.now) for e in entries if isinstance(e, Changed)]


def test_every_kind_of_change_is_told_once_and_what_moves_is_not() -> None:
    async def body() -> None:
        bus, books = MemoryBus(), MemoryDesk()
        await bus.append(
            REAL, [told("bridge:1", bridge()), told("bridge:1", state("open")), told("bridge:2", bridge())]
        )
        await bus.append(REAL, [told("feed:ais", Health("ok"), source="ais")])
        async with watching(bus, books):
            assert await journal(books) == []  # how it stood when it began is no change
            limit = Limit("mlc_wheeled_oneway", 40, "MLC")
            await bus.append(REAL, [told("bridge:1", state("closed", "ice"))])
            await bus.append(REAL, [told("bridge:2", bridge("Bridge", limit), source="other")])
            await bus.append(REAL, [told("feed:ais", Health("failed", "refused", ("LV",)), source="ais")])
            await bus.append(REAL, [told("vessel:1", Sighted(21, 56)), told("vessel:1", Described("Ship"))])
            await until("the feed", lambda: _length(books, 3))
            await bus.append(REAL, [told("bridge:1", state("closed", "ice and snow"))])  # no other state
            await bus.append(REAL, [told("bridge:1", Gone("over"))])
            await until("the end", lambda: _length(books, 4))
        found = await journal(books)
        assert sorted(found[:3]) == [
            ("feed", "feed:ais", "ok", "failed"),
            ("limit", "bridge:2", "", "MLC wheeled, one way 40"),
            ("state", "bridge:1", "open", "closed"),
        ]
        assert found[3] == ("state", "bridge:1", "closed", "gone")
        desk = Desk(books)
        await desk.refresh()
        closed = next(e for e in desk.of(REAL).changes if e.now == "closed")
        assert (closed.name, closed.nations, closed.why, closed.layer, closed.domain, closed.source, closed.origin) == (
            "Bridge", ("LV",), "ice", "bridges", "land", "test", "observed",
        )  # fmt: skip

    asyncio.run(body())


async def _length(books: MemoryDesk, count: int, world: str = REAL) -> bool:
    return len(await journal(books, world)) >= count


def test_what_changed_while_nobody_watched_is_told_once() -> None:
    async def body() -> None:
        bus, books = MemoryBus(), MemoryDesk()
        await bus.append(REAL, [told(f"bridge:{n}", each) for n in range(4) for each in (bridge(), state("open"))])
        async with watching(bus, books):
            await bus.append(REAL, [told("bridge:0", state("closed"))])
            await until("the first", lambda: _length(books, 1))
        await bus.append(REAL, [told("bridge:1", state("closed", "flood"))])
        await bus.append(REAL, [told("bridge:2", state("closed"))])
        await asyncio.sleep(0.01)
        await bus.append(REAL, [told("bridge:2", state("open"))])  # it came and went
        await bus.append(REAL, [told("bridge:9", bridge("New")), told("bridge:9", state("restricted"))])
        for _ in range(3):  # any further start says nothing more
            async with watching(bus, books):
                pass
        found = await journal(books)
        assert found[0] == ("state", "bridge:0", "open", "closed")
        assert sorted(found[1:]) == [
            ("state", "bridge:1", "open", "closed"),
            ("state", "bridge:2", "closed", "open"),
            ("state", "bridge:2", "open", "closed"),
            ("state", "bridge:9", "", "restricted"),
        ]
        assert found.index(("state", "bridge:2", "open", "closed")) < found.index(
            ("state", "bridge:2", "closed", "open")
        )
        desk = Desk(books)
        await desk.refresh()
        times = [each.at for each in desk.of(REAL).changes]
        assert times == sorted(times)
        assert len(times) == 5  # the fold takes every one

    asyncio.run(body())


def test_an_exercise_has_a_journal_of_its_own_which_goes_with_it() -> None:
    async def body() -> None:
        bus, books = MemoryBus(), MemoryDesk()
        await bus.append(REAL, [told("bridge:1", bridge()), told("bridge:1", state("open"))])
        await bus.append(DEMO, [told("bridge:2", bridge(), DEMO)])
        async with watching(bus, books, REAL, DEMO):
            await bus.append(DEMO, [told("bridge:1", state("closed"), DEMO)])
            await until("the exercise's change", lambda: _length(books, 1, DEMO))
            await bus.append(REAL, [told("bridge:1", state("restricted"))])
            await until("the real change", lambda: _length(books, 1))
            assert await journal(books) == [("state", "bridge:1", "open", "restricted")]
            assert await journal(books, DEMO) == [("state", "bridge:1", "open", "closed")]
            await bus.drop(DEMO)
            await until("its end", lambda: _books(books, [REAL]))

    asyncio.run(body())


async def _books(books: MemoryDesk, wanted: list[str]) -> bool:
    return await books.books() == wanted


def test_two_watches_tell_everything_once() -> None:
    async def body() -> None:
        bus, books = MemoryBus(), MemoryDesk()
        await bus.append(REAL, [told("bridge:1", bridge()), told("bridge:1", state("open"))])
        async with watching(bus, books), watching(bus, books):
            await bus.append(REAL, [told("bridge:1", state("closed"))])
            await until("both", lambda: _length(books, 2))
        desk = Desk(books)
        await desk.refresh()
        assert [(e.was, e.now) for e in desk.of(REAL).changes] == [("open", "closed")]

    asyncio.run(body())


def test_a_feed_that_failed_becomes_an_alert_that_clears(monkeypatch: pytest.MonkeyPatch) -> None:
    known = alerts.rules()
    quick = known["silent"]._replace(dwell_s=0.5, clear_s=0.5)
    monkeypatch.setattr(alerts, "rules", lambda: {**known, "silent": quick})

    async def body() -> None:
        bus, books = MemoryBus(), MemoryDesk()
        await bus.append(REAL, [told("feed:ais", Health("failed", "refused", ("LV",)), source="ais")])
        desk = Desk(books)

        async def alert(cleared: bool) -> bool:
            await desk.refresh()
            found = desk.alerts(REAL)
            return len(found) == 1 and (found[0].cleared is not None) == cleared

        async with watching(bus, books):
            await until("the alert", lambda: alert(False))
        async with watching(bus, books):  # a restart raises nothing twice
            await asyncio.sleep(2)
            assert await alert(False)
            await bus.append(REAL, [told("feed:ais", Health("ok"), source="ais")])
            await until("its end", lambda: alert(True))
        words = [(e.what, e.now) for e in desk.of(REAL).changes if e.what == "alert"]
        assert words == [("alert", "raised"), ("alert", "cleared")]

    asyncio.run(body())


# -- a process, as it is run -------------------------------------------------------------------------------------------


def test_the_process_may_be_killed_at_any_time_and_the_journal_stays_whole(server: Embedded, admin: Redis) -> None:
    """Statuses go on while the keeper's process is killed and started anew; the journal ends with each of them once."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COP_")}
    environment |= {**server.environment, "PYTHONPATH": str(ROOT), "COP_LOG": "warning"}
    words: list[State] = ["open", "closed", "restricted"]
    count = 0

    def say(*events: Event) -> None:
        async def body() -> None:
            bus = RedisBus(server.url, user="feeds", password=server.passwords["feeds"])
            try:
                await bus.append(REAL, events)
            finally:
                await bus.close()

        asyncio.run(body())

    def turn() -> None:
        nonlocal count
        count += 1
        say(told("bridge:1", state(words[count % 3], str(count))))

    def written() -> list[tuple[str, str, str, str]]:
        async def body() -> list[tuple[str, str, str, str]]:
            books = RedisDesk(server.url, {"desk": server.passwords["desk"]})
            try:
                return await journal(books)
            finally:
                await books.close()

        return asyncio.run(body())

    def started() -> subprocess.Popen[bytes]:
        before = admin.xrevrange("cop:desk:real:watched", count=1)
        process = subprocess.Popen([sys.executable, "-m", "dashboard.cli", "keeper"], env=environment)
        wait_for("the watch", lambda: admin.xrevrange("cop:desk:real:watched", count=1) != before, 60)
        return process

    say(told("bridge:1", bridge()), told("bridge:1", state("open")))
    process = started()
    try:
        for _ in range(2):
            turn()
            wait_for("its word", lambda: len(written()) == count)
            process.kill()
            process.wait()
            for _ in range(3):
                turn()
            process = started()
            wait_for("what came meanwhile", lambda: len(written()) == count)
        assert [each[3] for each in written()] == [words[n % 3] for n in range(1, count + 1)]
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        process = started()
        assert len(written()) == count
        assert set(admin.keys("cop:desk:*")) == {b"cop:desk:real", b"cop:desk:real:watched"}
    finally:
        process.kill()
        process.wait()
