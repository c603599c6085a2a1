"""Every keeper of books keeps the same contract, and on the server the roles keep exercise and reality apart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from redis import Redis
from redis.exceptions import NoPermissionError

from cop.bus import WrongWorld
from cop.bus.desk import START, VIEWS, Bounds, DeskBus, MemoryDesk, RedisDesk, book_key, later, told_at, watched_key
from cop.desk import Changed, Entry, TokenIssued, ViewSaved, decode
from cop.event import REAL
from dashboard.desk import LONG, Conflict, Desk, Nothing, Refused
from dashboard.embedded import Embedded
from feeds.clock import clock

DEMO = "exercise/demo"
Check = Callable[[Callable[[DeskBus], Awaitable[None]]], None]


def change(n: int) -> Changed:
    return Changed(at=1_000 + n, id="bridge:1", what="state", was="", now=str(n))


def redis_desk(server: Embedded, keeps: int = 50_000) -> RedisDesk:
    return RedisDesk(server.url, {role: server.passwords[role] for role in ("desk", "exercise")}, keeps=keeps)


@pytest.fixture(params=["memory", "redis"])
def check(request: pytest.FixtureRequest) -> Check:
    """Runs a coroutine function on fresh books of each kind, as the roles of any deployment."""
    made: Callable[[], DeskBus] = MemoryDesk
    if request.param == "redis":
        server: Embedded = request.getfixturevalue("server")
        request.getfixturevalue("admin")
        made = lambda: redis_desk(server)  # noqa: E731

    def run(test: Callable[[DeskBus], Awaitable[None]]) -> None:
        async def body() -> None:
            async with opened(made()) as bus:
                await test(bus)

        asyncio.run(body())

    return run


@asynccontextmanager
async def opened(bus: DeskBus) -> AsyncIterator[DeskBus]:
    try:
        yield bus
    finally:
        await bus.close()


async def entries(bus: DeskBus, book: str) -> list[Entry]:
    return [decode(told.data) for told in await bus.read({book: START}, count=1_000_000)]


@pytest.mark.parametrize("book", [REAL, VIEWS, DEMO])
def test_what_was_appended_is_read_in_order_from_where_one_wants(check: Check, book: str) -> None:
    async def test(bus: DeskBus) -> None:
        assert await bus.bounds(book) is None
        assert await bus.append(book, []) is None
        first = await bus.append(book, [change(1)])
        last = await bus.append(book, [change(2), change(3)])
        assert first is not None
        assert last is not None
        assert later(last, first)
        assert await bus.bounds(book) == Bounds(first, last)
        assert abs(told_at(first) - clock()) < 3_600_000
        assert await entries(bus, book) == [change(1), change(2), change(3)]
        assert [told.id for told in await bus.read({book: first})][-1] == last
        assert len(await bus.read({book: START}, count=2)) == 2
        assert await bus.read({book: last}, wait_s=0.01) == []
        assert await bus.read({}) == []
        assert await bus.books() == [book]

    check(test)


def test_who_waits_is_woken(check: Check) -> None:
    async def test(bus: DeskBus) -> None:
        waiting = asyncio.create_task(bus.read({REAL: START, DEMO: START}, wait_s=20))
        await asyncio.sleep(0.05)
        await bus.append(DEMO, [change(1)])
        assert [told.book for told in await waiting] == [DEMO]

    check(test)


def test_a_writer_who_does_not_know_the_end_writes_nothing(check: Check) -> None:
    async def test(bus: DeskBus) -> None:
        first = await bus.append(VIEWS, [change(1)], after=START)
        assert first is not None
        assert await bus.append(VIEWS, [change(2)], after=START) is None
        second = await bus.append(VIEWS, [change(2)], after=first)
        assert second is not None
        assert await bus.append(VIEWS, [change(9)], after=first, renew=True) is None
        assert await bus.append(VIEWS, [change(2)], after=second, renew=True) is not None
        assert await entries(bus, VIEWS) == [change(2)]

    check(test)


def test_of_two_writers_at_once_one_is_first(check: Check) -> None:
    async def test(bus: DeskBus) -> None:
        done = await asyncio.gather(*(bus.append(VIEWS, [change(n)], after=START) for n in range(8)))
        assert sum(each is not None for each in done) == 1

    check(test)


@pytest.mark.parametrize("kind", ["memory", "redis"])
def test_a_worlds_book_is_cut_and_the_views_is_not(kind: str, server: Embedded, admin: Redis) -> None:
    async def body() -> None:
        books: DeskBus = MemoryDesk(keeps=100) if kind == "memory" else redis_desk(server, keeps=100)
        async with opened(books) as bus:
            for book in (REAL, VIEWS, DEMO):
                for start in range(0, 2_000, 500):
                    await bus.append(book, [change(n) for n in range(start, start + 500)])
            assert len(await entries(bus, VIEWS)) == 2_000
            for book in (REAL, DEMO):
                held = await entries(bus, book)
                assert 100 <= len(held) <= 300  # the server cuts off whole nodes
                assert held[-1] == change(1_999)

    asyncio.run(body())


def test_it_says_when_a_world_was_last_watched(check: Check) -> None:
    async def test(bus: DeskBus) -> None:
        for world in (REAL, DEMO):
            assert await bus.watched(world) is None
            await bus.watch(world, 5)
            await bus.watch(world, 7)
            assert await bus.watched(world) == 7
        assert await bus.books() == []

    check(test)


def test_an_exercise_that_ended_takes_its_book_with_it(check: Check) -> None:
    async def test(bus: DeskBus) -> None:
        for book in (REAL, VIEWS, DEMO):
            await bus.append(book, [change(1)])
        await bus.watch(DEMO, 5)
        await bus.drop(DEMO)
        await bus.drop("exercise/never")
        assert await bus.books() == [REAL, VIEWS]
        assert await bus.watched(DEMO) is None
        for book in (REAL, VIEWS):
            with pytest.raises(WrongWorld):
                await bus.drop(book)

    check(test)


@pytest.mark.parametrize("book", ["", "real:watched", "exercise/", "exercise/a:b", "exercise/../real", "desk"])
def test_what_is_no_book_is_refused(check: Check, book: str) -> None:
    async def test(bus: DeskBus) -> None:
        with pytest.raises(WrongWorld):
            await bus.append(book, [change(1)])

    check(test)


def test_nobody_watches_the_book_of_views() -> None:
    with pytest.raises(WrongWorld):
        watched_key(VIEWS)


# -- the roles --------------------------------------------------------------------------------------------------------

WRITERS = {
    "cop:desk:real": {"desk"},
    "cop:desk:real:watched": {"desk"},
    "cop:desk:views": {"desk"},
    "cop:desk:exercise:demo": {"exercise"},
    "cop:desk:exercise:demo:watched": {"exercise"},
    "cop:real": {"feeds", "keeper"},
    "cop:exercise:demo": {"exercise", "keeper"},
}


@pytest.mark.parametrize("key", WRITERS)
@pytest.mark.parametrize("role", ["feeds", "exercise", "dashboard", "desk", "keeper"])
def test_a_role_writes_its_own_keys_and_no_other(server: Embedded, admin: Redis, role: str, key: str) -> None:
    with Redis.from_url(server.url, username=role, password=server.passwords[role]) as client:
        script = client.register_script("return redis.call('XADD', KEYS[1], '*', 'd', 'x')")
        if role in WRITERS[key]:
            client.xadd(key, {"d": "x"})
            script(keys=[key])
            return
        with pytest.raises(NoPermissionError):
            client.xadd(key, {"d": "x"})
        with pytest.raises(NoPermissionError):
            client.unlink(key)
        with pytest.raises(NoPermissionError):
            client.xtrim(key, maxlen=0)
        if role != "dashboard":  # it may run no script at all
            with pytest.raises(NoPermissionError):
                script(keys=[key])


def test_an_exercise_cannot_write_the_real_desk_even_through_our_own_code(server: Embedded, admin: Redis) -> None:
    async def body() -> None:
        word = server.passwords["exercise"]
        bus = RedisDesk(server.url, {"desk": server.passwords["desk"], "exercise": word})
        bus._scripts["desk"] = bus._scripts["exercise"]  # a program that takes the wrong user
        try:
            await bus.append(DEMO, [change(1)])
            for book in (REAL, VIEWS):
                with pytest.raises(NoPermissionError):
                    await bus.append(book, [change(1)])
        finally:
            await bus.close()

    asyncio.run(body())
    assert admin.keys("cop:desk:*") == [book_key(DEMO).encode()]


# -- the desk over them -----------------------------------------------------------------------------------------------


def view(name: str, **more: object) -> ViewSaved:
    return ViewSaved(at=0, name=name, version=0, by="Ann", **more)  # type: ignore[arg-type]


def test_two_desks_save_at_once_and_one_learns_who_was_first(check: Check) -> None:
    async def test(bus: DeskBus) -> None:
        one, other = Desk(bus), Desk(bus)
        done = await asyncio.gather(
            one.save(view("x", query="a=1"), None), other.save(view("x", query="a=2"), None), return_exceptions=True
        )
        refused = [each for each in done if isinstance(each, BaseException)]
        assert [type(each) for each in refused] == [Conflict]
        assert "saved by Ann at" in str(refused[0])
        await asyncio.gather(*(each.save(view(f"y{n}"), None) for n, each in enumerate((one, other, one, other))))
        await one.refresh()
        assert [each.name for each in one.of(VIEWS).saved()] == ["x", "y0", "y1", "y2", "y3"]

    check(test)


def test_a_long_book_of_views_is_rewritten_and_others_notice_nothing(check: Check) -> None:
    async def test(bus: DeskBus) -> None:
        desk, other = Desk(bus), Desk(bus)
        issued, secret = await made(desk)
        for version in range(1, LONG + 20):
            await desk.save(view("x", query=f"n={version}"), version - 1 or None)
            if version == 5:
                await other.refresh()
        assert len(await entries(bus, VIEWS)) < LONG
        await other.refresh()
        late = Desk(bus)
        await late.refresh()
        for each in (desk, other, late):
            found = each.view("x")
            assert found is not None
            assert (found.version, found.query) == (LONG + 19, f"n={LONG + 19}")
            assert each.opens(secret, "wall")
        await late.revoke(issued.id, "Ann")

    async def made(desk: Desk) -> tuple[TokenIssued, str]:
        await desk.save(view("wall"), None)
        return await desk.issue("wall", "Ann")

    check(test)


def test_a_token_opens_its_view_until_it_is_revoked(check: Check) -> None:
    async def test(bus: DeskBus) -> None:
        desk, other = Desk(bus), Desk(bus)
        with pytest.raises(Nothing):
            await desk.issue("wall", "Ann")
        await desk.save(view("wall"), None)
        await desk.save(view("wall 2"), None)
        issued, secret = await desk.issue("wall", "Ann")
        assert secret.encode() not in b"".join(told.data for told in await bus.read({VIEWS: START}))
        await other.refresh()
        assert other.opens(secret, "wall")
        assert not other.opens(secret, "wall 2")
        for wrong in ("", secret[:-1], secret + "x", "ü", "\ud800"):
            assert not other.opens(wrong, "wall")
        await desk.revoke(issued.id, "Ann")
        await other.refresh()
        assert not other.opens(secret, "wall")
        with pytest.raises(Nothing):
            await desk.revoke(issued.id, "Ann")

    check(test)


def test_a_plan_shows_views_that_are_there(check: Check) -> None:
    async def test(bus: DeskBus) -> None:
        desk = Desk(bus)
        await desk.save(view("a"), None)
        with pytest.raises(Refused, match="no saved view 'b'"):
            await desk.save(view("plan", views=("a", "b"), turn_s=20), None)
        await desk.save(view("plan", views=("a",), turn_s=20), None)
        with pytest.raises(Refused, match="no saved view 'plan'"):
            await desk.save(view("plan 2", views=("plan",), turn_s=20), None)
        with pytest.raises(Conflict, match="wall plan plan"):
            await desk.remove("a", "Ann")
        await desk.remove("plan", "Ann")
        await desk.remove("a", "Ann")
        with pytest.raises(Nothing):
            await desk.remove("a", "Ann")
        with pytest.raises(Conflict, match="removed by Ann"):
            await desk.save(view("a"), 1)
        assert (await desk.save(view("a"), None)).version == 3

    check(test)
