"""The reader of the stream on a real server: worlds that come and go, streams that are lost, and what is shown when."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from redis import Redis

from cop.bus.redis import RedisBus
from cop.event import REAL, Described, Event, Gone, Health, Sighted, Status, encode, event
from dashboard import hub as hub_module
from dashboard.embedded import Embedded
from dashboard.hub import Hub

DEMO = "exercise/demo"


class Table:
    """A hub that reads, a bus that writes, and what the hub's views have sent so far."""

    def __init__(self, hub: Hub, bus: RedisBus, client: Redis) -> None:
        self.hub = hub
        self.bus = bus
        self.client = client

    async def tell(self, *events: Event) -> None:
        await self.bus.append(events[0].world, events)

    async def until(self, holds: Callable[[], Any]) -> None:
        """Wait until it holds; fails with what it was when it doesn't."""
        assert await self.hub.until(lambda: bool(holds()), 10), holds()

    def shown(self, world: str = REAL) -> dict[str, dict[str, Any]]:
        """The things of a view's snapshot by id; nothing for a world without a view."""
        if world not in self.hub.views:
            return {}
        _, message = self.hub.views[world].snapshot(0, "")
        return {thing["id"]: thing for thing in json.loads(message.partition(b"data: ")[2])["put"]}


@pytest.fixture
def table(
    server: Embedded, admin: Redis, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Callable[[Table], Awaitable[None]]], None]:
    """Runs a test beside a running hub that looks for worlds often."""
    monkeypatch.setattr(hub_module, "DISCOVER_S", 0.05)
    monkeypatch.setattr(hub_module, "HEARTBEAT_S", 0.05)

    def play(test: Callable[[Table], Awaitable[None]]) -> None:
        async def body() -> None:
            reader = RedisBus(server.url, user="dashboard", password=server.passwords["dashboard"])
            writer = RedisBus(server.url, user="admin", password=server.passwords["admin"])
            hub = Hub(reader)
            task = asyncio.create_task(hub.run())
            try:
                assert await hub.ready(10)
                await test(Table(hub, writer, admin))
                assert not task.done()
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                await reader.close()
                await writer.close()

        asyncio.run(body())

    return play


Play = Callable[[Callable[[Table], Awaitable[None]]], None]


def bridge(name: str = "Bridge", world: str = REAL, at: int = 1_000) -> Event:
    return event("reference", "bridge:B1", at, Described(name, ("LV",), 24.0, 57.0), received=at, world=world)


def closed(world: str = DEMO, source: str = "inject:1") -> Event:
    said = Status("closed", reason="ice")
    return event(source, "bridge:B1", 2_000, said, received=2_000, world=world, origin="injected")


def test_a_world_is_found_laid_over_the_real_one_and_ends(table: Play) -> None:
    async def test(desk: Table) -> None:
        await desk.tell(bridge())
        await desk.tell(closed())
        await desk.until(lambda: desk.shown(DEMO).get("bridge:B1", {}).get("state") == "closed")
        assert desk.hub.worlds() == [REAL, DEMO]
        assert (desk.shown()["bridge:B1"]["state"], desk.shown()["bridge:B1"]["world"]) == ("unknown", REAL)
        await desk.tell(bridge("Renamed", at=3_000))  # the real picture shows through, below the exercise
        await desk.until(lambda: desk.shown(DEMO)["bridge:B1"]["name"] == "Renamed")
        assert desk.shown(DEMO)["bridge:B1"]["state"] == "closed"
        await desk.bus.drop(DEMO)
        await desk.until(lambda: DEMO not in desk.hub.views)
        assert desk.hub.worlds() == [REAL]
        assert set(desk.hub.pictures) == set(desk.hub.histories) == {REAL}

    table(test)


def test_an_exercise_that_is_dropped_and_opened_again_at_once_has_nothing_of_the_old_one(table: Play) -> None:
    async def test(desk: Table) -> None:
        await desk.tell(bridge())
        await desk.tell(closed())
        await desk.until(lambda: desk.shown(DEMO).get("bridge:B1", {}).get("state") == "closed")
        await desk.bus.drop(DEMO)
        await asyncio.sleep(0.002)  # an epoch is a millisecond
        await desk.tell(event("excon", "site:S9", 5_000, Described("New", lon=24, lat=57), received=5_000, world=DEMO))
        await desk.until(lambda: "site:S9" in desk.shown(DEMO))
        assert desk.shown(DEMO)["bridge:B1"]["state"] == "unknown"

    table(test)


@pytest.mark.parametrize("how", ["flushed", "flushed and filled at once", "of another epoch behind ours"])
def test_a_stream_that_was_lost_is_folded_anew(table: Play, how: str) -> None:
    async def test(desk: Table) -> None:
        await desk.tell(bridge())
        await desk.until(lambda: "bridge:B1" in desk.shown())
        desk.client.delete("cop:real")
        port = event("reference", "port:P1", 1_000, Described("Port", lon=24, lat=57), received=1_000)
        if how == "flushed and filled at once":
            await asyncio.sleep(0.002)
            await desk.tell(port)
        elif how == "of another epoch behind ours":  # a server whose clock was set back
            desk.client.xadd("cop:real", {"e": encode(port), "t": "0"}, id="5-0")
        if how != "flushed":
            await desk.until(lambda: "port:P1" in desk.shown())
        await desk.until(lambda: "bridge:B1" not in desk.shown())
        assert desk.hub.live

    table(test)


def test_a_stream_that_lost_its_end_in_the_same_epoch_is_folded_anew(table: Play) -> None:
    async def test(desk: Table) -> None:
        at = await desk.bus.append(REAL, [bridge(), closed(REAL, "road")])
        await desk.until(lambda: desk.shown().get("bridge:B1", {}).get("state") == "closed")
        assert at is not None
        # as after a loss of power: the last entry is gone, and another has taken its place
        other = event("road", "crossing:X1", 1, Described("Other", lon=24, lat=57), received=1)
        pipe = desk.client.pipeline()
        pipe.delete("cop:real")
        pipe.xadd("cop:real", {"e": encode(bridge()), "t": "0"}, id=f"{at.epoch}-0")
        pipe.xadd("cop:real", {"e": encode(other), "t": "0"}, id=str(at))
        pipe.execute()
        await desk.until(lambda: "crossing:X1" in desk.shown())
        assert desk.shown()["bridge:B1"]["state"] == "unknown"

    table(test)


def test_what_is_no_event_or_of_another_world_is_counted_and_passed_over(table: Play) -> None:
    async def test(desk: Table) -> None:
        at = await desk.bus.append(REAL, [bridge()])
        assert at is not None
        rubbish: list[dict[str, bytes]] = [
            {"e": b"this is no event"},
            {"e": b"\xff\xfe"},
            {"e": b"{}"},
            {"x": b"no event at all"},
            {"e": encode(closed())},
            {"e": encode(bridge()).replace(b'"lon":24.0', b'"lon":"east"')},
        ]
        for entry in rubbish:
            desk.client.xadd("cop:real", entry, id=f"{at.epoch}-*")  # type: ignore[arg-type]
        await desk.until(lambda: desk.hub.unreadable == len(rubbish))
        assert desk.shown()["bridge:B1"]["state"] == "unknown"
        await desk.tell(closed(REAL, "road"))
        await desk.until(lambda: desk.shown()["bridge:B1"]["state"] == "closed")

    table(test)


def test_what_is_cut_off_the_stream_behind_the_reader_stays_in_the_picture(table: Play) -> None:
    async def test(desk: Table) -> None:
        at = await desk.bus.append(REAL, [bridge(), *(ship(n) for n in range(20))])
        assert at is not None
        await desk.until(lambda: len(desk.shown()) == 21)
        await desk.bus.trim(REAL, at)
        await desk.tell(ship(99))
        await desk.until(lambda: "vessel:99" in desk.shown())
        assert "bridge:B1" in desk.shown()

    table(test)


def ship(n: int, at: int = 1_000, world: str = REAL) -> Event:
    return event("ais", f"vessel:{n}", at, Sighted(21.0, 57.0), received=at, world=world)


def test_feeds_of_the_real_world_are_seen_in_an_exercise_and_not_the_other_way(table: Play) -> None:
    async def test(desk: Table) -> None:
        for world, name in ((REAL, "ais"), (DEMO, "sim")):
            said = Health("ok", nations=("LV",))
            await desk.tell(event(name, f"feed:{name}", 1_000, said, received=1_000, world=world))
        await desk.until(lambda: DEMO in desk.hub.views and len(desk.hub.views[DEMO].feeds) == 2)
        assert [feed["source"] for feed in desk.hub.views[REAL].feeds] == ["ais"]
        assert {feed["source"]: feed["world"] for feed in desk.hub.views[DEMO].feeds} == {"ais": REAL, "sim": DEMO}

    table(test)


def test_what_moved_and_has_long_been_silent_leaves_and_what_stands_stays(
    table: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "SWEEP_S", 0.05)

    async def test(desk: Table) -> None:
        withdrawn = event("road", "roadevent:1", 1_000, Gone(), received=1_000)
        await desk.tell(bridge(), ship(1), withdrawn)
        await desk.until(lambda: "bridge:B1" in desk.shown())
        await desk.until(lambda: set(desk.hub.pictures[REAL].subjects()) == {"bridge:B1"})
        await desk.until(lambda: set(desk.shown()) == {"bridge:B1"})
        assert desk.hub.histories[REAL].track("vessel:1") == []

    table(test)


def test_a_hub_without_a_server_says_so_and_is_never_ready(server: Embedded) -> None:
    async def body() -> None:
        bus = RedisBus("redis://127.0.0.1:1", user="dashboard", password="x")
        hub = Hub(bus)
        task = asyncio.create_task(hub.run())
        assert not await hub.ready(0.3)
        assert not hub.fresh
        assert hub.trouble
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await bus.close()
        wrong = RedisBus(server.url, user="dashboard", password="a wrong password")
        refused = Hub(wrong)
        task = asyncio.create_task(refused.run())
        assert not await refused.ready(0.3)
        assert "invalid username-password" in refused.trouble
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await wrong.close()

    asyncio.run(body())


def test_a_picture_is_fresh_only_while_the_stream_answers() -> None:
    time = 1_000_000
    hub = Hub(RedisBus("redis://127.0.0.1:1"), now=lambda: time)
    assert not hub.fresh
    hub.live, hub.heard = True, time
    assert (hub.fresh, hub.trouble) == (True, "")
    time += 6_000
    assert (hub.fresh, hub.trouble) == (False, "the stream has not answered for 6 s")
