"""Do the convoys hear what happens on their way, only what does, and through a bus that fails or begins anew?"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

import pytest

from cop.bus import BusDown, Entry
from cop.bus.memory import MemoryBus
from cop.event import REAL, Body, Described, Event, Gone, Sighted, Status, event
from cop.exercise import ExerciseClock, Inject, begin, take_back
from cop.movement.forecast import Hold
from cop.network import Network
from cop.recover import Position
from dashboard.exercises import exercise_facts
from feeds.adapter import Context, decode
from feeds.clock import clock
from feeds.network.store import shipped
from feeds.simulated import convoys as sim
from feeds.simulated.follow import OWN_KM, Follower
from feeds.sources.simulated import SOURCE, write

WORLD = "exercise/demo"
NOW = 1_773_150_000_000
STARTEX = ExerciseClock(NOW - 60_000, 60.0)
PLAY = Context(NOW, WORLD, "simulated")
SCENE = sim.load(seed=0, scale=60.0, count=0, start=sim.START, start_wall=NOW)
OVER_B76 = {"C05", "C06", "C07", "C08"}
Holds = dict[str, tuple[Hold, ...]]


class FailingBus(MemoryBus):
    """A bus that can't be reached while it is told so."""

    down = False

    async def read(
        self, after: Mapping[str, Position | None], *, count: int = 1000, wait_s: float = 0.0
    ) -> list[Entry]:
        if self.down:
            await asyncio.sleep(0)
            raise BusDown("out of reach")
        return await super().read(after, count=count, wait_s=wait_s)


def inject(subject: str, effect: str = "close", serial: str = "s1", **measures: float) -> Event:
    said = Inject(subject=subject, effect=effect, measures=measures, for_min=120.0)  # type: ignore[arg-type]
    return begin(said, "demo", serial, STARTEX, NOW)


def scenario() -> list[Event]:
    found = list(decode(SOURCE, write(list(sim.reports(SCENE, -1, NOW))), PLAY))
    return [*exercise_facts(WORLD, NOW), *(each for each in found if isinstance(each, Event))]


class Ear:
    """What a running follower told, and a wait for more of it."""

    def __init__(self) -> None:
        self.said: list[Holds] = []
        self._new = asyncio.Event()

    def hear(self, changed: Holds) -> None:
        self.said.append(changed)
        self._new.set()

    async def next(self, enough: Callable[[Holds], bool] = bool) -> Holds:
        """All holds as they are now, once they are so."""
        async with asyncio.timeout(20):
            while not (self.said and enough(self.now)):
                self._new.clear()
                await self._new.wait()
        return self.now

    @property
    def now(self) -> Holds:
        return {key: holds for each in self.said for key, holds in each.items()}


@contextlib.asynccontextmanager
async def following(bus: MemoryBus, count: int = 5000) -> AsyncIterator[Ear]:
    ear = Ear()
    follower = Follower(bus, WORLD, shipped, again_s=0.01, count=count)
    task = asyncio.create_task(follower.run(ear.hear, lambda: NOW))
    try:
        yield ear
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def run(test: Callable[[FailingBus], Awaitable[None]]) -> None:
    async def body() -> None:
        await test(FailingBus())

    asyncio.run(body())


def subjects(holds: Holds) -> dict[str, set[str]]:
    return {key: {hold.subject for hold in found} for key, found in holds.items() if found}


@pytest.mark.parametrize("count", [7, 100, 5000])
def test_an_inject_is_told_to_the_convoys_whose_way_it_stands_on_and_taken_back_again(count: int) -> None:
    async def test(bus: FailingBus) -> None:
        said = inject("bridge:B76")
        await bus.append(WORLD, [*scenario(), said])
        async with following(bus, count) as ear:
            found = await ear.next()
            assert subjects(found) == {key: {"bridge:B76"} for key in OVER_B76}
            assert len(ear.said) == 1  # nothing is told before all of the stream was read
            hold = found["C06"][0]
            assert (hold.closed, hold.since, hold.until) == (True, NOW, NOW + 120_000)
            assert 170 < hold.km < 178
            await bus.append(WORLD, [take_back(said, NOW + 1)])
            assert subjects(await ear.next(lambda holds: not any(holds.values()))) == {}

    run(test)


def test_a_breakdown_is_told_to_that_convoy_alone_wherever_it_is() -> None:
    async def test(bus: FailingBus) -> None:
        await bus.append(WORLD, scenario())
        async with following(bus) as ear:
            await bus.append(WORLD, [inject("convoy:C05", "degrade", delay_min=45.0)])
            found = await ear.next()
            assert subjects(found) == {"C05": {"convoy:C05"}}
            assert [(hold.km, hold.delay_min) for hold in found["C05"]] == [(OWN_KM, 45.0)]

    run(test)


def test_an_outage_of_the_customs_system_makes_the_borders_slow() -> None:
    async def test(bus: FailingBus) -> None:
        await bus.append(WORLD, [*scenario(), inject("system:SYS-302", "degrade", processing_min=20.0)])
        async with following(bus) as ear:
            found = await ear.next()
            assert {hold.processing_min for hold in found["C02"]} == {20.0}
            assert subjects(found)["C02"] == {"crossing:XB11"}
            assert subjects(found)["C06"] == {"crossing:XB10"}

    run(test)


def test_the_same_said_again_and_where_convoys_are_is_no_news() -> None:
    async def test(bus: FailingBus) -> None:
        said = inject("bridge:B76")
        await bus.append(WORLD, [*scenario(), said])
        async with following(bus) as ear:
            await ear.next()
            again = [
                event(said.source, said.subject, NOW + 5, said.body, received=NOW, world=WORLD, origin="injected"),
                event("simulated", "convoy:C06", NOW + 9, Sighted(24.4, 56.1), received=NOW, world=WORLD),
            ]
            await bus.append(WORLD, [*again, inject("bridge:B25", serial="s2")])
            found = await ear.next(lambda holds: "C02" in holds)
            assert [sorted(each) for each in ear.said] == [sorted(OVER_B76), ["C01", "C02", "C03", "C04"]]
            assert found["C06"][0].at == 0

    run(test)


def test_a_bus_that_is_down_changes_nothing_and_is_heard_again() -> None:
    async def test(bus: FailingBus) -> None:
        bus.down = True
        async with following(bus) as ear:
            await asyncio.sleep(0.05)
            bus.down = False
            await bus.append(WORLD, [*scenario(), inject("bridge:B76")])
            await ear.next()
            bus.down = True
            await asyncio.sleep(0.6)
            assert len(ear.said) == 1
            bus.down = False
            await bus.append(WORLD, [inject("convoy:C02", serial="s2")])
            found = await ear.next(lambda holds: "C02" in holds)
            assert subjects(found) == {key: {"bridge:B76"} for key in OVER_B76} | {"C02": {"convoy:C02"}}

    run(test)


def test_a_stream_that_begins_anew_is_read_anew_and_what_it_no_longer_says_is_over() -> None:
    async def test(bus: FailingBus) -> None:
        await bus.append(WORLD, [*scenario(), inject("bridge:B76"), inject("convoy:C02", serial="s2")])
        async with following(bus, count=100) as ear:
            await ear.next()
            await bus.drop(WORLD)
            await bus.append(WORLD, [*scenario(), inject("convoy:C02", serial="s2")])
            found = await ear.next(lambda holds: not holds["C06"])
            assert subjects(found) == {"C02": {"convoy:C02"}}
            assert sorted(ear.said[-1]) == sorted(OVER_B76)  # what it says still is not told twice

    run(test)


def test_inj_005_as_the_real_world_would_tell_it_holds_who_comes_along_the_a10() -> None:
    async def test(bus: FailingBus) -> None:
        await bus.append(WORLD, scenario())
        real: list[tuple[str, Body]] = [
            ("roadevent:1", Described("A10 Pumpenai", lon=24.35, lat=55.935)),
            ("roadevent:1", Status("closed", NOW, None, "lorry accident")),
            ("vessel:1", Described("Ship")),
        ]
        await bus.append(REAL, [event("lt", subject, NOW, body, received=NOW) for subject, body in real])
        async with following(bus) as ear:
            found = await ear.next()
            assert subjects(found) == {key: {"roadevent:1"} for key in OVER_B76}
            hold = found["C06"][0]
            assert (hold.closed, hold.until) == (True, None)
            assert hold.km == pytest.approx(138.9, abs=1.0)

    run(test)


def test_a_network_that_cannot_be_loaded_is_no_secret() -> None:
    def broken() -> Network | None:
        raise OSError("no such file")

    async def test() -> None:
        follower = Follower(MemoryBus(), WORLD, broken)
        with pytest.raises(OSError, match="no such file"):
            async with asyncio.timeout(10):
                await sim.serve("127.0.0.1", 0, step_s=0.02, follower=follower)

    asyncio.run(test())


def test_end_to_end_the_head_of_the_right_convoy_stands_after_an_inject_and_goes_on() -> None:
    async def session() -> None:
        bus = MemoryBus()
        port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        follower = Follower(bus, WORLD, shipped)
        serving = asyncio.create_task(
            sim.serve("127.0.0.1", 0, scale=60, step_s=0.05, started=port.set_result, follower=follower)
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", await port)
        decoder, context = SOURCE.decoder(), Context(clock(), WORLD, "simulated")
        speeds: dict[str, float] = {}

        async def relay(enough: Callable[[], bool]) -> None:
            """A feed worker's part, until that is so."""
            async with asyncio.timeout(30):
                while not enough():
                    found = [e for e in decoder.feed(await reader.read(1 << 16), context) if isinstance(e, Event)]
                    await bus.append(WORLD, found)
                    for each in found:
                        if isinstance(each.body, Sighted):
                            speeds[each.subject] = each.body.speed or 0.0

        await bus.append(WORLD, exercise_facts(WORLD, clock()))
        await relay(lambda: len(speeds) == 12)
        assert all(speed > 0 for speed in speeds.values())
        now = clock()
        said = begin(
            Inject(subject="convoy:C06", effect="close", for_min=600.0), "demo", "s", ExerciseClock(now, 60.0), now
        )
        await bus.append(WORLD, [said])
        await relay(lambda: speeds["convoy:C06"] == 0)
        assert [key for key, speed in speeds.items() if speed == 0] == ["convoy:C06"]
        back = take_back(said, clock())
        assert isinstance(back.body, Gone)
        await bus.append(WORLD, [back])
        await relay(lambda: speeds["convoy:C06"] > 0)
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
        writer.close()

    asyncio.run(session())
