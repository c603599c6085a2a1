"""A reader that drops out anywhere comes back with no gap and no duplicate, or is told to start anew."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.bus.memory import MemoryBus
from cop.event import REAL, Sighted, event
from cop.recover import Bounds, Position, parse, recover

offsets = st.integers(0, 50)


@given(st.integers(1, 3), offsets, st.integers(1, 3), offsets, st.integers(0, 50))
def test_recover_is_arithmetic(epoch: int, reader: int, stream_epoch: int, first: int, length: int) -> None:
    bounds = Bounds(stream_epoch, first, first + length - 1)
    found = recover(Position(epoch, reader), bounds)
    nothing_lost = epoch == stream_epoch and first - 1 <= reader <= bounds.last
    assert (found.how == "missed") == nothing_lost
    assert found.reason


def test_first_contact_and_no_stream_mean_a_snapshot() -> None:
    assert recover(None, Bounds(1, 0, 5)).how == "snapshot"
    assert recover(Position(1, 5), None).how == "snapshot"


@given(st.integers(0, 10**14), st.integers(0, 10**9))
def test_a_position_round_trips_as_text(epoch: int, offset: int) -> None:
    assert parse(str(Position(epoch, offset))) == (epoch, offset)


@pytest.mark.parametrize("text", ["", "1", "1-", "-1", "a-b", "1-2-3", "1.5-2", "１-２x"])
def test_what_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="position"):
        parse(text)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 5)),
        st.tuples(st.just("read"), st.integers(1, 4)),
        st.tuples(st.just("trim"), st.integers(0, 8)),
        st.tuples(st.just("lose"), st.just(0)),
    ),
    max_size=25,
)


@given(steps)
def test_a_reader_that_drops_out_anywhere_misses_nothing_and_sees_nothing_twice(script: list[tuple[str, int]]) -> None:
    async def play() -> None:
        bus = MemoryBus()
        world, position, made = "exercise/x", None, 0
        held: list[str] = []  # what the reader has, since its last snapshot
        for step, n in script:
            if step == "append":
                events = []
                for _ in range(n):
                    events.append(event("t", f"vessel:{made}", made, Sighted(21, 56), received=made, world=world))
                    made += 1
                await bus.append(world, events)
            elif step == "trim":
                bounds = await bus.bounds(world)
                if bounds is not None:
                    await bus.trim(world, Position(bounds.epoch, bounds.first + n))
            elif step == "lose":
                await bus.drop(world)
            else:
                bounds = await bus.bounds(world)
                if position is None or recover(position, bounds).how == "snapshot":
                    position, held = None, []
                entries = await bus.read({world: position}, count=n)
                if entries:
                    start = position.offset + 1 if position is not None else (bounds.first if bounds else 0)
                    assert [e.position.offset for e in entries] == list(range(start, start + len(entries)))
                    position = entries[-1].position
                held += [str(e.position) for e in entries]
                assert len(held) == len(set(held))

    asyncio.run(play())


def test_the_real_world_is_named_real() -> None:
    assert REAL == "real"
