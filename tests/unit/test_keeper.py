"""The keeper: streams stay bounded, and what still counts is carried forward."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st
from redis import Redis

from cop.bus import BusDown
from cop.bus.memory import MemoryBus
from cop.bus.redis import RedisBus
from cop.event import REAL, Described, Event, Gone, Sighted, Status, decode, event
from cop.picture import Picture, fold
from cop.recover import Position
from cop.retention import carried, expired
from dashboard.embedded import Embedded
from dashboard.keeper import Keeper
from feeds.clock import clock
from tests.worlds import events

DEMO = "exercise/demo"
HOUR = 3_600_000


def bridge(at: int, world: str = REAL) -> Event:
    return event("reference", "bridge:B1", at, Described("Bridge", lon=24, lat=57), received=at, world=world)


def ship(n: int, at: int) -> Event:
    return event("ais", f"vessel:{n}", at, Sighted(21, 56), received=at)


async def on_stream(bus: MemoryBus, world: str = REAL) -> list[Event]:
    return [decode(entry.data) for entry in await bus.read({world: None}, count=1_000_000)]


def test_too_many_events_leave_oldest_first_and_the_bridge_told_once_stays() -> None:
    async def body() -> None:
        bus = MemoryBus()
        await bus.append(REAL, [bridge(1_000)])
        await bus.append(REAL, [ship(n % 10, 2_000 + n) for n in range(500)])
        before = fold(await on_stream(bus))
        keeper = Keeper(bus, retention_ms=HOUR, most=100, now=lambda: 10_000)
        assert await keeper.keep(REAL) == 401
        held = await on_stream(bus)
        assert len(held) <= 101
        assert fold(held).records("bridge:B1") == before.records("bridge:B1")
        assert fold(held) == before
        for _ in range(3):
            await keeper.keep(REAL)
        assert len(await on_stream(bus)) <= 101

    asyncio.run(body())


def test_what_is_older_than_the_retention_leaves_by_the_time_it_was_taken() -> None:
    async def body() -> None:
        bus = MemoryBus()
        await bus.append(REAL, [bridge(1_000), ship(1, 1_000)])
        taken = (await bus.read({REAL: None}))[0].taken
        keeper = Keeper(bus, retention_ms=HOUR, most=10_000, now=lambda: taken + HOUR - 1)
        assert await keeper.keep(REAL) == 0
        late = Keeper(bus, retention_ms=HOUR, most=10_000, now=lambda: taken + HOUR + 60_000)
        assert await late.keep(REAL) == 2
        assert [e.subject for e in await on_stream(bus)] == ["bridge:B1"]  # the ship is long silent

    asyncio.run(body())


def test_a_crash_between_carrying_and_cutting_is_harmless() -> None:
    class Crashing(MemoryBus):
        crash = True

        async def trim(self, world: str, before: Position) -> int:
            if self.crash:
                raise BusDown("now")
            return await super().trim(world, before)

    async def body() -> None:
        bus = Crashing()
        await bus.append(REAL, [bridge(1_000), *(ship(1, 2_000 + n) for n in range(50))])
        before = fold(await on_stream(bus))
        keeper = Keeper(bus, retention_ms=HOUR, most=10, now=lambda: 10_000)
        try:
            await keeper.keep(REAL)
        except BusDown:
            bus.crash = False
        assert fold(await on_stream(bus)) == before
        await Keeper(bus, retention_ms=HOUR, most=10, now=lambda: 10_000).keep(REAL)
        assert fold(await on_stream(bus)) == before
        assert len(await on_stream(bus)) <= 12

    asyncio.run(body())


def test_a_new_epoch_is_folded_anew_and_worlds_stay_apart() -> None:
    async def body() -> None:
        bus = MemoryBus()
        keeper = Keeper(bus, retention_ms=HOUR, most=3, now=lambda: 10_000)
        await bus.append(DEMO, [bridge(1_000, DEMO)] * 8)
        await keeper.keep(DEMO)
        await bus.drop(DEMO)
        other = event("reference", "port:P1", 1_000, Described("Port"), received=1_000, world=DEMO)
        await bus.append(DEMO, [other] * 8)
        await keeper.keep(DEMO)
        assert {e.subject for e in await on_stream(bus, DEMO)} == {"port:P1"}
        assert await bus.bounds(REAL) is None
        assert await keeper.keep("exercise/none") == 0

    asyncio.run(body())


@given(st.lists(events(), min_size=1, max_size=60), st.integers(1, 20))
def test_the_picture_of_a_cut_stream_is_the_picture_but_for_what_expired(history: list[Event], most: int) -> None:
    async def body() -> None:
        bus = MemoryBus()
        await bus.append(REAL, history)
        before = fold(history)
        await Keeper(bus, retention_ms=HOUR, most=most, now=lambda: 2_000).keep(REAL)
        after: Picture = fold(await on_stream(bus))
        assert after == before  # nothing here is older than an hour

    asyncio.run(body())


def test_expiry_is_for_what_moved_or_was_withdrawn() -> None:
    told, seen = bridge(1_000), ship(1, 1_000)
    gone = event("road", "roadevent:1", 1_000, Gone(), received=1_000)
    closed = event("road", "crossing:X", 1_000, Status("closed"), received=1_000)
    assert not expired([told], 5_000)
    assert not expired([closed], 5_000)
    assert expired([seen], 5_000)
    assert expired([gone], 5_000)
    assert not expired([seen, ship(1, 6_000)], 5_000)
    assert not expired([], 5_000)


def test_an_ended_status_is_not_carried_for_ever() -> None:
    ended = event("road", "crossing:X", 1_000, Status("closed", 1_000, 2_000), received=1_000)
    lasting = event("road", "crossing:Y", 1_000, Status("closed", 1_000), received=1_000)
    picture = fold([ended, lasting])
    assert carried(picture, [ended, lasting], 9_000, 5_000) == [lasting]


def test_a_stream_that_lost_its_end_is_folded_anew_so_that_what_counts_now_is_carried() -> None:
    async def body() -> None:
        bus = MemoryBus()
        keeper = Keeper(bus, retention_ms=HOUR, most=4, now=lambda: 10_000)
        old, new = bridge(1_000), bridge(2_000)
        await bus.append(REAL, [old, ship(1, 2_000), ship(2, 2_000), new])
        await keeper.keep(REAL)  # it has seen the new description
        bounds = await bus.bounds(REAL)
        assert bounds is not None
        bus._streams[REAL].entries.pop()  # power was lost before the end was on the disk
        await bus.append(REAL, [])
        await keeper.keep(REAL)
        await bus.append(REAL, [ship(n, 3_000) for n in range(3, 8)])
        await keeper.keep(REAL)
        assert old in await on_stream(bus)

    asyncio.run(body())


def test_what_has_expired_and_worlds_that_ended_are_forgotten() -> None:
    async def body() -> None:
        bus = MemoryBus()
        await bus.append(REAL, [bridge(1_000), ship(1, 1_000)])
        await bus.append(DEMO, [bridge(1_000, DEMO)])
        taken = (await bus.read({REAL: None}))[0].taken
        keeper = Keeper(bus, retention_ms=HOUR, most=10, now=lambda: taken + 1)
        await keeper.keep_all()
        assert {world: list(keeper.known(world)) for world in (REAL, DEMO)} == {
            REAL: ["bridge:B1"],  # the ship was last seen long before the horizon
            DEMO: ["bridge:B1"],
        }
        await bus.drop(DEMO)
        await keeper.keep_all()
        assert list(keeper.known(DEMO)) == []

    asyncio.run(body())


def test_an_unreadable_entry_leaves_with_the_others() -> None:
    async def body() -> None:
        bus = MemoryBus()
        await bus.append(REAL, [bridge(1_000)])
        bus._streams[REAL].entries.append((b"this is no event", 0))
        await bus.append(REAL, [ship(n, 2_000) for n in range(4)])
        assert await Keeper(bus, retention_ms=HOUR, most=4, now=lambda: 10_000).keep(REAL) == 2
        assert [e.subject for e in await on_stream(bus)] == [*(f"vessel:{n}" for n in range(4)), "bridge:B1"]

    asyncio.run(body())


def test_a_real_stream_is_kept_by_the_user_who_may(server: Embedded, admin: Redis) -> None:
    async def body() -> None:
        feeds = RedisBus(server.url, user="feeds", password=server.passwords["feeds"])
        own = RedisBus(server.url, user="keeper", password=server.passwords["keeper"])
        await feeds.append(REAL, [bridge(clock()), *(ship(n % 5, clock() + n) for n in range(40))])
        before = fold([decode(e.data) for e in await feeds.read({REAL: None})])
        assert await Keeper(own, retention_ms=HOUR, most=10).keep(REAL) == 31
        entries = await feeds.read({REAL: None})
        assert len(entries) == 11
        assert fold([decode(e.data) for e in entries]) == before
        await feeds.close()
        await own.close()

    asyncio.run(body())
