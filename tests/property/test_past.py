"""The past as it was known: whatever the batches, files and cuts, a moment has what had been taken until then."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from cop.bus.memory import MemoryBus
from cop.event import REAL, Event, Health
from cop.picture import Picture, fold
from dashboard import scribe
from dashboard.archive import Archive
from dashboard.keeper import Keeper
from dashboard.past import Past, Replay
from tests.worlds import events

DEMO = "exercise/demo"
RETENTION = 10**13
STEP_MS = 1_000
BEGAN = 1_700_000_000_000

told_at_once = st.lists(events().filter(lambda each: not isinstance(each.body, Health)), min_size=1, max_size=6)
batches = st.lists(st.tuples(st.sampled_from([REAL, REAL, DEMO]), told_at_once, st.booleans()), min_size=1, max_size=12)
"""The world, what is said in one go, and whether the keeper looks after it."""


def of(world: str, said: Event) -> Event:
    return msgspec.structs.replace(said, world=world)


class Clocked(MemoryBus):
    """A bus with a clock that the test sets."""

    clock = BEGAN

    async def append(self, world: str, events: Any) -> Any:
        at = await super().append(world, events)
        if at is not None:
            entries = self._streams[world].entries
            for n in range(len(events)):
                data, _ = entries[-1 - n]
                entries[-1 - n] = (data, self.clock)
        return at


def things(replay: Replay) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in json.loads(replay.snapshot(""))["put"]}


async def played(
    folder: Path, told: list[tuple[str, list[Event], bool]], most: int
) -> tuple[Past, Clocked, list[tuple[int, str, Event]]]:
    bus, archive = Clocked(), Archive(folder)
    keeper = Keeper(bus, retention_ms=RETENTION, most=most, archive=archive, now=lambda: bus.clock)
    heard: list[tuple[int, str, Event]] = []
    await keeper.follow_all()
    for world, said, looks in told:
        mine = [of(world, each) for each in said]
        await bus.append(world, mine)
        heard += [(bus.clock, world, each) for each in mine]
        if looks:
            await keeper.keep_all()
        bus.clock += STEP_MS
    past = Past(bus, Archive(folder), retention_ms=RETENTION, now=lambda: bus.clock)
    return past, bus, heard


def known(heard: list[tuple[int, str, Event]], world: str, at: int) -> Picture:
    return fold(said for taken, where, said in heard if where == world and taken <= at)


@given(batches, st.integers(1, 8), st.integers(-1, 12_999), st.lists(st.integers(0, 3_000), max_size=4))
def test_a_moment_has_what_a_fold_of_all_that_was_taken_until_then_has(
    told: list[tuple[str, list[Event], bool]], most: int, moment: int, steps: list[int]
) -> None:
    least = scribe.LEAST
    scribe.LEAST = 5  # type: ignore[misc]

    async def body(folder: Path) -> None:
        past, bus, heard = await played(folder, told, most)
        began = {world: min((t for t, w, _ in heard if w == world), default=10**15) for world in (REAL, DEMO)}
        replay: Replay | None = None
        at = BEGAN + moment
        for step in [0, *steps]:
            at += step
            if at > bus.clock or at < began[REAL]:
                return
            world = DEMO if at >= began[DEMO] else REAL
            replay = await past.scene(world, at)
            for each in dict.fromkeys((REAL, world)):
                assert replay.pictures[each] == known(heard, each, at)
            assert replay.now == replay.heard == at
            assert not replay.fresh

    try:
        with tempfile.TemporaryDirectory() as name:
            asyncio.run(body(Path(name)))
    finally:
        scribe.LEAST = least  # type: ignore[misc]


@given(batches, st.integers(1, 8), st.lists(st.integers(1, 3_000), min_size=1, max_size=5))
def test_going_on_step_by_step_shows_what_opening_there_shows(
    told: list[tuple[str, list[Event], bool]], most: int, steps: list[int]
) -> None:
    async def body(folder: Path) -> None:
        past, bus, heard = await played(folder, told, most)
        at = min((t for t, w, _ in heard if w == REAL), default=10**15)
        shown: dict[int, dict[str, Any]] = {}
        for step in steps:
            if at > bus.clock:
                return
            frame = json.loads(await past.frame(REAL, at, "one"))
            if frame["k"] == "snapshot":
                assert not shown
            for handle in frame.get("drop", ()):
                shown.pop(handle)
            shown |= {row.pop("h"): row for row in frame.get("put", ())}
            anew = await past.scene(REAL, at)
            fresh = {key: row for key, row in things(anew).items() if not key.startswith("convoy:")}
            assert {r["id"] for r in shown.values()} == set(things(anew))
            for row in shown.values():
                if row["id"] in fresh:
                    assert row["state"] == fresh[row["id"]]["state"]
            at += step

    with tempfile.TemporaryDirectory() as name:
        asyncio.run(body(Path(name)))
