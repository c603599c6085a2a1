"""Every bus keeps the same contract: one suite, run against each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace
from redis import Redis
from redis.exceptions import NoPermissionError

from cop.bus import Bus, Quarantined, WrongWorld, stream_key
from cop.bus.memory import MemoryBus
from cop.bus.redis import RedisBus
from cop.event import REAL, Event, InvalidEvent, Sighted, decode, encode, event
from cop.recover import Position, recover
from dashboard.embedded import Embedded

DEMO = "exercise/demo"


def sighting(n: int, world: str = REAL) -> Event:
    return event("test", f"vessel:{n}", 1_000 + n, Sighted(21.0, 56.0), received=2_000 + n, world=world)


@pytest.fixture(params=["memory", "redis"])
def check(request: pytest.FixtureRequest) -> Callable[[Callable[[Bus], Awaitable[None]]], None]:
    """Runs a coroutine function on a fresh bus of each kind."""
    made: Callable[[], Bus]
    if request.param == "memory":
        made = MemoryBus
    else:
        server: Embedded = request.getfixturevalue("server")
        request.getfixturevalue("admin")

        def made() -> Bus:
            return RedisBus(server.url, user="admin", password=server.passwords["admin"])

    def run(test: Callable[[Bus], Awaitable[None]]) -> None:
        async def body() -> None:
            async with opened(made()) as bus:
                await test(bus)

        asyncio.run(body())

    return run


@asynccontextmanager
async def opened(bus: Bus) -> AsyncIterator[Bus]:
    try:
        yield bus
    finally:
        await bus.close()


Check = Callable[[Callable[[Bus], Awaitable[None]]], None]


def test_offsets_are_contiguous_within_an_epoch(check: Check) -> None:
    async def test(bus: Bus) -> None:
        for start in (0, 1, 3, 7):
            await bus.append(REAL, [sighting(n) for n in range(start, start * 2 + 1)])
        entries = await bus.read({REAL: None})
        assert [e.position.offset for e in entries] == list(range(len(entries)))
        assert len({e.position.epoch for e in entries}) == 1

    check(test)


def test_what_is_read_is_what_was_appended_in_order(check: Check) -> None:
    async def test(bus: Bus) -> None:
        events = [sighting(n) for n in range(5)]
        last = await bus.append(REAL, events)
        entries = await bus.read({REAL: None})
        assert [decode(e.data) for e in entries] == events
        assert entries[-1].position == last

    check(test)


def test_reading_goes_on_after_a_position_and_by_count(check: Check) -> None:
    async def test(bus: Bus) -> None:
        await bus.append(REAL, [sighting(n) for n in range(10)])
        first = await bus.read({REAL: None}, count=4)
        rest = await bus.read({REAL: first[-1].position})
        assert [e.position.offset for e in first + rest] == list(range(10))

    check(test)


def test_one_read_follows_several_worlds(check: Check) -> None:
    async def test(bus: Bus) -> None:
        await bus.append(REAL, [sighting(1)])
        await bus.append(DEMO, [sighting(2, DEMO), sighting(3, DEMO)])
        entries = await bus.read({REAL: None, DEMO: None})
        assert sorted(e.world for e in entries) == [DEMO, DEMO, REAL]

    check(test)


def test_a_waiting_reader_is_woken(check: Check) -> None:
    async def test(bus: Bus) -> None:
        last = await bus.append(REAL, [sighting(1)])
        waiting = asyncio.create_task(bus.read({REAL: last}, wait_s=10))
        await asyncio.sleep(0.05)
        await bus.append(REAL, [sighting(2)])
        entries = await asyncio.wait_for(waiting, 5)
        assert [decode(e.data).subject for e in entries] == ["vessel:2"]

    check(test)


def test_a_reader_can_be_cancelled_at_any_moment(check: Check) -> None:
    async def test(bus: Bus) -> None:
        await bus.append(REAL, [sighting(1)])

        async def read_on() -> None:
            while True:
                await bus.read({REAL: None})
                await bus.bounds(REAL)
                await bus.read({REAL: None}, wait_s=0.01)
                await asyncio.sleep(0)

        for n in range(100):
            task = asyncio.create_task(read_on())
            await asyncio.sleep(n * 0.00005)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(task, 5)

    check(test)


def test_a_waiting_reader_comes_back_empty_handed(check: Check) -> None:
    async def test(bus: Bus) -> None:
        last = await bus.append(REAL, [sighting(1)])
        assert await bus.read({REAL: last}, wait_s=0.05) == []

    check(test)


def test_bounds_of_no_stream_of_a_full_one_and_of_an_emptied_one(check: Check) -> None:
    async def test(bus: Bus) -> None:
        assert await bus.bounds(REAL) is None
        last = await bus.append(REAL, [sighting(n) for n in range(6)])
        assert last is not None
        assert await bus.bounds(REAL) == (last.epoch, 0, 5)
        assert await bus.trim(REAL, Position(last.epoch, 4)) == 4
        assert await bus.bounds(REAL) == (last.epoch, 4, 5)
        assert await bus.trim(REAL, Position(last.epoch, 6)) == 2
        assert await bus.bounds(REAL) == (last.epoch, 6, 5)
        assert (await bus.append(REAL, [sighting(9)])) == Position(last.epoch, 6)

    check(test)


def test_an_entry_is_found_at_its_position_only(check: Check) -> None:
    async def test(bus: Bus) -> None:
        last = await bus.append(REAL, [sighting(n) for n in range(3)])
        assert last is not None
        entry = await bus.entry(REAL, last)
        assert entry is not None
        assert (entry.position, entry.data) == (last, encode(sighting(2)))
        assert await bus.entry(REAL, Position(last.epoch, 3)) is None
        assert await bus.entry(REAL, Position(last.epoch + 1, 1)) is None

    check(test)


def test_times_of_taking_never_decrease_and_are_now(check: Check) -> None:
    async def test(bus: Bus) -> None:
        for n in range(5):
            await bus.append(REAL, [sighting(n)])
        taken = [e.taken for e in await bus.read({REAL: None})]
        assert taken == sorted(taken)
        assert abs(taken[-1] - time.time() * 1000) < 60_000

    check(test)


def test_a_lost_stream_starts_a_new_epoch_and_the_reader_is_told(check: Check) -> None:
    async def test(bus: Bus) -> None:
        await bus.append(DEMO, [sighting(n, DEMO) for n in range(3)])
        old = (await bus.read({DEMO: None}))[-1].position
        await bus.drop(DEMO)
        await asyncio.sleep(0.002)  # an epoch of the Redis bus is a millisecond of the server's clock
        new = await bus.append(DEMO, [sighting(7, DEMO)])
        assert new is not None
        assert new.epoch > old.epoch
        entries = await bus.read({DEMO: old})
        assert [decode(e.data).subject for e in entries] == ["vessel:7"]
        assert recover(old, await bus.bounds(DEMO)).how == "snapshot"

    check(test)


def test_events_of_another_world_are_refused_and_nothing_is_added(check: Check) -> None:
    async def test(bus: Bus) -> None:
        with pytest.raises(WrongWorld):
            await bus.append(REAL, [sighting(1), sighting(2, DEMO)])
        with pytest.raises(WrongWorld):
            await bus.append(DEMO, [sighting(1)])
        with pytest.raises(WrongWorld):
            await bus.append("exercise/", [])
        assert await bus.read({REAL: None, DEMO: None}) == []

    check(test)


def test_worlds_are_listed_real_first_and_only_exercises_can_be_dropped(check: Check) -> None:
    async def test(bus: Bus) -> None:
        await bus.append("exercise/b", [sighting(1, "exercise/b")])
        await bus.append("exercise/a", [sighting(1, "exercise/a")])
        await bus.append(REAL, [sighting(1)])
        assert await bus.worlds() == [REAL, "exercise/a", "exercise/b"]
        await bus.drop("exercise/a")
        assert await bus.worlds() == [REAL, "exercise/b"]
        with pytest.raises(WrongWorld):
            await bus.drop(REAL)

    check(test)


def test_quarantine_keeps_rejects_as_they_came_newest_first_and_worlds_apart(check: Check) -> None:
    async def test(bus: Bus) -> None:
        rejects = [Quarantined("ais", f"bad {n}", n, bytes([n, 255]), 1_000 + n) for n in range(3)]
        await bus.quarantine(REAL, rejects)
        kept = await bus.quarantined(REAL)
        assert [replace(each, id="") for each in kept] == rejects[::-1]
        assert await bus.quarantined(REAL, 1) == kept[:1]
        assert len({each.id for each in kept}) == 3
        assert [await bus.rejected(REAL, each.id) for each in kept] == kept
        assert await bus.rejected(DEMO, kept[0].id) is None
        for stranger in ("1-1", "", "-", "+", "no id"):
            assert await bus.rejected(REAL, stranger) is None
        mark = await bus.quarantine_mark(REAL)
        assert mark == await bus.quarantine_mark(REAL) != await bus.quarantine_mark(DEMO)
        assert await bus.release(DEMO, [kept[1].id]) == 0
        assert await bus.release(REAL, [kept[1].id, "1-1"]) == 1
        assert await bus.release(REAL, []) == 0
        assert await bus.quarantined(REAL) == [kept[0], kept[2]]
        assert await bus.rejected(REAL, kept[1].id) is None
        assert await bus.quarantine_mark(REAL) != mark
        assert await bus.quarantined(DEMO) == []

    check(test)


@pytest.mark.parametrize(
    ("role", "world"),
    [("feeds", DEMO), ("exercise", REAL), ("dashboard", REAL), ("dashboard", DEMO)],
)
def test_a_role_cannot_write_where_it_has_no_business(server: Embedded, admin: Redis, role: str, world: str) -> None:
    async def body() -> None:
        owner = RedisBus(server.url, user="admin", password=server.passwords["admin"])
        await owner.append(world, [sighting(1, world)])
        intruder = RedisBus(server.url, user=role, password=server.passwords[role])
        try:
            with pytest.raises(NoPermissionError):
                await intruder.append(world, [sighting(2, world)])
        finally:
            await intruder.close()
            await owner.close()

    asyncio.run(body())
    client = Redis.from_url(server.url, username=role, password=server.passwords[role])
    attempts: list[tuple[str, ...]] = [
        ("XADD", stream_key(world), "*", "e", "x"),
        ("XTRIM", stream_key(world), "MAXLEN", "0"),
        ("DEL", stream_key(world)),
        ("UNLINK", stream_key(world)),
        ("EVAL", "return redis.call('XADD', KEYS[1], '*', 'e', 'x')", "1", stream_key(world)),
        ("EVAL", f"return redis.call('XADD', '{stream_key(world)}', '*', 'e', 'x')", "0"),
        ("RENAME", stream_key(world), "cop:stolen"),
        ("FLUSHALL",),
    ]
    for attempt in attempts:
        with pytest.raises(Exception, match=r"(?i)permission|NOPERM|ACL"):
            client.execute_command(*attempt)  # type: ignore[no-untyped-call]
    client.close()
    assert admin.xlen(stream_key(world)) == 1


@pytest.mark.parametrize(("role", "world"), [("feeds", REAL), ("exercise", DEMO), ("keeper", REAL), ("keeper", DEMO)])
def test_a_role_can_do_its_own_work(server: Embedded, admin: Redis, role: str, world: str) -> None:
    async def body() -> None:
        worker = RedisBus(server.url, user=role, password=server.passwords[role])
        reader = RedisBus(server.url, user="dashboard", password=server.passwords["dashboard"])
        try:
            last = await worker.append(world, [sighting(1, world)])
            assert [e.position for e in await reader.read({world: None})] == [last]
            assert await reader.worlds() == [world]
        finally:
            await worker.close()
            await reader.close()

    asyncio.run(body())


def test_an_invalid_world_is_no_event() -> None:
    with pytest.raises(InvalidEvent):
        sighting(1, "exercise/../real")
