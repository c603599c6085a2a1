"""Exercise control, pure: what an inject becomes, what is refused, and who may say what to whom."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.bus.memory import MemoryBus
from cop.event import REAL, Described, Event, Gone, Health, InvalidEvent, Planned, Status, decode, encode, event
from cop.exercise import (
    MAX_MINUTES,
    MEASURES,
    MINUTE,
    STATES,
    ExerciseClock,
    Inject,
    begin,
    opening,
    source,
    take_back,
    world_of,
)
from cop.picture import Picture, fold
from dashboard.exercises import Exercises, NoSuchThing, exercise_facts

NOW = 1_000_000_000
CLOCK = ExerciseClock(NOW - 10 * MINUTE, 2.0)


def fired(inject: Inject, now: int = NOW) -> Event:
    return begin(inject, "amber", "s1", CLOCK, now)


def status(said: Event) -> Status:
    assert isinstance(said.body, Status)
    return said.body


@pytest.mark.parametrize("effect", MEASURES)
def test_an_effect_is_a_status_with_an_end_in_the_exercises_own_world(effect: str) -> None:
    measures = dict.fromkeys(MEASURES[effect], 5.0)  # type: ignore[index]
    said = fired(Inject(subject="bridge:B1", effect=effect, measures=measures))  # type: ignore[arg-type]
    assert (said.world, said.origin, said.source) == ("exercise/amber", "injected", source("s1"))
    body = status(said)
    assert (body.state, body.measures) == (STATES[effect], measures)  # type: ignore[index]
    assert (body.since, body.until) == (NOW, NOW + 30 * MINUTE)  # an hour of an exercise at double pace
    assert body.reason


def test_minutes_are_those_of_the_exercises_clock() -> None:
    said = status(fired(Inject(subject="bridge:B1", effect="close", t_plus_min=60, for_min=10)))
    assert (said.since, said.until) == (CLOCK.startex + 30 * MINUTE, CLOCK.startex + 35 * MINUTE)


def test_an_effect_that_began_before_now_and_lasts_is_in_force_at_once() -> None:
    said = fired(Inject(subject="bridge:B1", effect="close", t_plus_min=0, for_min=60))
    assert fold([said]).entity("bridge:B1").state(NOW) == "closed"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("inject", "why"),
    [
        (Inject(subject="bridge:B1", effect="limit"), "needs one of mlc_wheeled"),
        (Inject(subject="bridge:B1", effect="close", measures={"delay_min": 1}), "it takes none"),
        (Inject(subject="bridge:B1", effect="slow", measures={"delay": 1}), "no measure delay"),
        (Inject(subject="bridge:B1", effect="slow", measures={"delay_min": -1}), "from 0 on"),
        (Inject(subject="bridge:B1", effect="slow", measures={"delay_min": float("nan")}), "from 0 on"),
        (Inject(subject="bridge:B1", effect="slow", measures={"delay_min": float("inf")}), "from 0 on"),
        (Inject(subject="bridge:B1", effect="close", for_min=0), "lasts more than 0"),
        (Inject(subject="bridge:B1", effect="close", for_min=MAX_MINUTES + 1), "at most"),
        (Inject(subject="bridge:B1", effect="close", for_min=float("nan")), "lasts"),
        (Inject(subject="bridge:B1", effect="close", t_plus_min=float("inf")), "T\\+"),
        (Inject(subject="bridge:B1", effect="close", t_plus_min=float("nan")), "T\\+"),
        (Inject(subject="bridge:B1", effect="close", t_plus_min=-300, for_min=10), "ended already"),
        (Inject(subject="no name", effect="close"), "not a name"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(inject: Inject, why: str) -> None:
    with pytest.raises(InvalidEvent, match=why):
        fired(inject)


@given(
    st.sampled_from(sorted(MEASURES)),
    st.floats(allow_nan=True, allow_infinity=True),
    st.none() | st.floats(allow_nan=True, allow_infinity=True),
    st.floats(allow_nan=True, allow_infinity=True),
)
def test_whatever_the_numbers_it_is_a_status_with_an_end_ahead_or_refused(
    effect: str, measure: float, t_plus: float | None, length: float
) -> None:
    measures = dict.fromkeys(MEASURES[effect], measure)  # type: ignore[index]
    inject = Inject(subject="bridge:B1", effect=effect, measures=measures, t_plus_min=t_plus, for_min=length)  # type: ignore[arg-type]
    try:
        said = fired(inject)
    except InvalidEvent:
        return
    body = status(said)
    assert body.since is not None
    assert body.until is not None
    assert body.until > NOW
    assert decode(encode(said)) == said


def test_effects_stand_side_by_side_the_worst_counts_and_each_is_taken_back_alone() -> None:
    told = event("r", "bridge:B1", 1, Described("B"), received=1, world="exercise/amber")
    close = begin(Inject(subject="bridge:B1", effect="close"), "amber", "a", CLOCK, NOW)
    slow = begin(Inject(subject="bridge:B1", effect="slow", measures={"delay_min": 5}), "amber", "b", CLOCK, NOW + 5)

    def state(*events: Event) -> str:
        found = fold([told, *events]).entity("bridge:B1")
        assert found is not None
        return found.state(NOW + 10)

    assert state(close, slow) == "closed"
    assert state(close, slow, take_back(close, NOW + 6)) == "degraded"
    assert state(close, slow, take_back(slow, NOW + 6)) == "closed"
    assert state(close, slow, take_back(close, NOW + 6), take_back(slow, NOW + 6)) == "unknown"


def test_taking_back_counts_even_by_a_clock_that_went_back() -> None:
    close = fired(Inject(subject="bridge:B1", effect="close"))
    back = take_back(close, NOW - 60_000)
    assert isinstance(back.body, Gone)
    assert fold([back, close]).entity("bridge:B1") is None


@pytest.mark.parametrize("name", ["", "a b", "../real", "a/b", "x" * 65, "ä b"])
def test_a_name_that_cannot_name_an_exercise_is_refused(name: str) -> None:
    with pytest.raises(InvalidEvent):
        world_of(name)


# -- the desk that speaks to the stream -----------------------------------------------------------------------------


def desk(test: Callable[[Exercises, MemoryBus], Awaitable[None]]) -> None:
    """Runs a test with exercise control on a memory bus, its pictures read from the bus at each look."""

    async def body() -> None:
        bus = MemoryBus()

        def picture(world: str) -> Picture | None:
            stream = bus._streams.get(world)
            return fold(decode(data) for data, _ in stream.entries) if stream and world != REAL else None

        await test(Exercises(bus, picture, lambda: NOW), bus)

    asyncio.run(body())


def test_an_exercise_opens_with_its_facts_its_mark_and_startex_now() -> None:
    async def test(control: Exercises, bus: MemoryBus) -> None:
        assert await control.open("amber", "Amber") == "exercise/amber"
        assert control.clock("amber") == ExerciseClock(NOW)
        events = [decode(e.data) for e in await bus.read({"exercise/amber": None}, count=10_000)]
        assert len(events) > 200
        assert {e.world for e in events} == {"exercise/amber"}
        assert {e.origin for e in events} == {"injected"}
        assert all(e.body.marking for e in events if isinstance(e.body, Described))
        assert await bus.bounds(REAL) is None
        with pytest.raises(InvalidEvent, match="already"):
            await control.open("amber")

    desk(test)


def test_an_inject_goes_out_is_listed_and_taken_back() -> None:
    async def test(control: Exercises, bus: MemoryBus) -> None:
        await control.open("amber")
        said = await control.fire("amber", Inject(subject="bridge:B15", effect="close"), lambda s: s == "bridge:B15")
        assert control.effects("amber") == [said]
        serial = said.source.removeprefix("inject:")
        await control.take_back("amber", serial)
        assert control.effects("amber") == []
        with pytest.raises(NoSuchThing, match=serial):
            await control.take_back("amber", serial)
        with pytest.raises(NoSuchThing, match="bridge:B99"):
            await control.fire("amber", Inject(subject="bridge:B99", effect="close"), lambda s: False)
        with pytest.raises(NoSuchThing, match="winter"):
            await control.fire("winter", Inject(subject="bridge:B15", effect="close"), lambda s: True)

    desk(test)


def test_nothing_is_fired_at_an_exercise_that_ended_though_its_picture_is_still_looked_at() -> None:
    async def test(control: Exercises, bus: MemoryBus) -> None:
        await control.open("amber")
        late = Exercises(bus, lambda world: fold([opening("amber", "", NOW, NOW)]), lambda: NOW)
        await control.end("amber")
        with pytest.raises(NoSuchThing, match="ended"):
            await late.fire("amber", Inject(subject="bridge:B15", effect="close"), lambda s: True)
        with pytest.raises(NoSuchThing, match="ended"):
            await late.take_back("amber", "s1")
        assert await bus.bounds("exercise/amber") is None

    desk(test)


def test_an_exercise_is_not_ended_while_feeds_write_to_it() -> None:
    def health(at: int) -> Event:
        return event("sim", "feed:sim", at, Health("ok"), received=at, world="exercise/amber")

    async def test(control: Exercises, bus: MemoryBus) -> None:
        await control.open("amber")
        await bus.append("exercise/amber", [health(NOW - 1_000)])
        with pytest.raises(InvalidEvent, match="still fed by sim"):
            await control.end("amber")
        later = Exercises(bus, control._picture, lambda: NOW + 60_000)
        await later.end("amber")
        assert await bus.worlds() == []

    desk(test)


def test_the_clock_of_an_exercise_that_nobody_opened_is_that_of_its_plans() -> None:
    async def test(control: Exercises, bus: MemoryBus) -> None:
        plan = Planned("R01", properties={"startex": NOW - 5, "scale": 10.0})
        broken = Planned("R01", properties={"startex": NOW, "scale": 0})
        await bus.append(
            "exercise/demo",
            [
                event("sim", "convoy:C1", 10, plan, received=10, world="exercise/demo"),
                event("sim", "convoy:C2", 20, broken, received=20, world="exercise/demo"),
            ],
        )
        assert control.clock("demo") == ExerciseClock(NOW - 5, 10.0)
        await bus.append("exercise/empty", [event("x", "site:1", 1, Gone(), received=1, world="exercise/empty")])
        with pytest.raises(NoSuchThing, match="STARTEX"):
            control.clock("empty")

    desk(test)


def test_exercise_facts_are_for_exercises_only() -> None:
    with pytest.raises(InvalidEvent, match="no exercise"):
        exercise_facts(REAL, NOW)
