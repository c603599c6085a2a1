"""The worker: what is read becomes events, what can't be read is quarantined, and a failure withdraws nothing."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.bus import BusDown, Quarantined
from cop.bus.memory import MemoryBus
from cop.event import REAL, Event, Gone
from feeds import worker as worker_module
from feeds.snapshots import Known
from feeds.worker import BACKOFF_S, backoff_s, known_subjects
from tests.feeding import Desk, health, in_milliseconds, names, picture, run, toy, until


@pytest.fixture
def desk() -> Iterator[Desk]:
    with closing(Desk()) as made:
        yield made


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    in_milliseconds(monkeypatch)


def test_what_is_fetched_becomes_events_and_what_leaves_the_payload_is_withdrawn(desk: Desk) -> None:
    desk.answers = [(200, b"a\nb", {}), (200, b"b\nc", {})]

    async def test(bus: MemoryBus) -> None:
        async def seen() -> bool:
            return await names(bus) == {"b", "c"}

        await until(seen)
        assert isinstance((await picture(bus)).records("site:a")[("toy", "gone")].body, Gone)
        told = await health(bus)
        assert told is not None
        assert (told.state, told.nations) == ("ok", ("LV",))

    run(toy(desk.url), test)


@pytest.mark.parametrize(
    ("status", "reason"), [(500, "HTTP 500"), (403, "HTTP 403"), (404, "HTTP 404"), (429, "HTTP 429")]
)
def test_a_failed_fetch_withdraws_nothing_and_is_told_once_on_loss_and_once_on_recovery(
    desk: Desk, caplog: pytest.LogCaptureFixture, status: int, reason: str
) -> None:
    caplog.set_level(logging.INFO, "cop.feeds")
    desk.answers = [(200, b"a\nb", {}), *[(status, b"no", {})] * 4, (200, b"a\nb", {})]

    async def test(bus: MemoryBus) -> None:
        async def failed() -> bool:
            told = await health(bus)
            return told is not None and told.state == "failed" and reason in told.detail

        async def well() -> bool:
            told = await health(bus)
            return told is not None and told.state == "ok" and len(desk.asked) > 6

        await until(failed)
        assert await names(bus) == {"a", "b"}
        await until(well)
        assert await names(bus) == {"a", "b"}

    run(toy(desk.url), test)
    said = [r.getMessage() for r in caplog.records]
    assert sum("is failed" in s for s in said) == 1
    assert sum("is ok" in s for s in said) == 2  # the first time, and the recovery


def test_an_unchanged_answer_is_asked_for_by_its_validators(desk: Desk) -> None:
    desk.answers = [(200, b"a", {"ETag": '"1"', "Last-Modified": "Tue, 24 Nov 2026 10:00:00 GMT"}), (304, b"", {})]

    async def test(bus: MemoryBus) -> None:
        async def seen() -> bool:
            return len(desk.asked) > 3

        await until(seen)
        assert await names(bus) == {"a"}
        assert desk.asked[-1]["if-none-match"] == '"1"'
        assert desk.asked[-1]["if-modified-since"].endswith("GMT")

    run(toy(desk.url), test)


def test_from_many_to_none_is_suspicious_and_withdraws_nothing_from_few_it_is_the_end(desk: Desk) -> None:
    many = "\n".join(f"s{n}" for n in range(12)).encode()
    desk.answers = [(200, many, {}), (200, b"", {})]

    async def test(bus: MemoryBus) -> None:
        async def late() -> bool:
            told = await health(bus)
            return told is not None and told.state == "late" and "suspiciously empty" in told.detail

        await until(late)
        assert len(await names(bus)) == 12

    run(toy(desk.url), test)
    desk.answers = [(200, b"a\nb", {}), (204, b"", {})]

    async def few(bus: MemoryBus) -> None:
        async def none() -> bool:
            return (await health(bus)) is not None and len(desk.asked) > 3 and await names(bus) == set()

        await until(none)

    desk.asked.clear()
    run(toy(desk.url), few)


def test_a_record_that_cannot_be_read_is_quarantined_as_it_came_and_nothing_missing_is_withdrawn(desk: Desk) -> None:
    desk.answers = [(200, b"a\nb", {}), (200, b"b\nbad thing", {})]

    async def test(bus: MemoryBus) -> None:
        async def kept() -> list[Quarantined]:
            return await bus.quarantined(REAL)

        found = (await until(kept))[0]
        assert (found.source, found.reason, found.offset, found.raw) == ("toy", "it says bad", 2, b"bad thing")
        assert found.name == desk.url
        assert await names(bus) == {"a", "b"}
        told = await health(bus)
        assert told is not None

    run(toy(desk.url), test)


def test_a_report_from_the_future_is_quarantined_since_it_would_win_for_ever(desk: Desk) -> None:
    desk.answers = [(200, b"a 99999999999999\nb 1000", {})]

    async def test(bus: MemoryBus) -> None:
        async def kept() -> list[Quarantined]:
            return await bus.quarantined(REAL)

        found = (await until(kept))[0]
        assert "from the future" in found.reason
        assert json.loads(found.raw)["subject"] == "site:a"
        assert await names(bus) == {"b"}

    run(toy(desk.url), test)


def test_events_wait_for_the_bus_and_none_is_lost(desk: Desk) -> None:
    class Moody(MemoryBus):
        down = True

        async def append(self, world: str, events: Any) -> Any:
            if self.down:
                raise BusDown("gone fishing")
            return await super().append(world, events)

    desk.answers = [(200, b"a", {}), (200, b"a\nb", {}), (200, b"a\nb\nc", {})]
    bus = Moody()

    async def test(used: MemoryBus) -> None:
        await asyncio.sleep(0.2)
        assert await names(used) == set()
        bus.down = False

        async def seen() -> bool:
            return await names(used) == {"a", "b", "c"}

        await until(seen)

    run(toy(desk.url), test, bus=bus)


def test_a_restarted_worker_still_knows_what_to_withdraw(desk: Desk) -> None:
    bus = MemoryBus()
    desk.answers = [(200, b"a\nb", {})]

    async def first(used: MemoryBus) -> None:
        async def seen() -> bool:
            return await names(used) == {"a", "b"}

        await until(seen)

    run(toy(desk.url), first, bus=bus)
    known = asyncio.run(known_subjects(bus, REAL, "toy"))
    assert known == Known({"site:a": 1_000, "site:b": 1_000}, {})
    desk.answers = [(200, b"b", {})]

    async def second(used: MemoryBus) -> None:
        async def seen() -> bool:
            return await names(used) == {"b"}

        await until(seen)

    run(toy(desk.url), second, bus=bus, known=known)


def test_several_files_are_one_payload_and_a_change_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "1.txt").write_text("a\nb")
    (tmp_path / "2.txt").write_text("c")

    async def test(bus: MemoryBus) -> None:
        async def all_there() -> bool:
            return await names(bus) == {"a", "b", "c"}

        await until(all_there)
        (tmp_path / "1.txt").write_text("a")

        async def without_b() -> bool:
            return await names(bus) == {"a", "c"}

        await until(without_b)

    run(toy(f"file:{tmp_path}/*.txt"), test)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    async def test(bus: MemoryBus) -> None:
        async def failed() -> bool:
            told = await health(bus)
            return told is not None and told.state == "failed" and "no file" in told.detail

        await until(failed)

    run(toy(f"file:{tmp_path}/none"), test)


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_back_off_grows_is_bounded_and_never_nothing(failures: int, jitter: float) -> None:
    wait = backoff_s(failures, jitter)
    assert 0 < wait <= worker_module.BACKOFF_S[1]
    assert backoff_s(failures + 1, jitter) >= wait


def test_the_shipped_back_off_is_a_minute_at_most() -> None:
    assert BACKOFF_S == (1.0, 60.0)


def test_a_renamed_feed_speaks_under_its_own_name(desk: Desk) -> None:
    desk.answers = [(200, b"a", {})]

    async def test(bus: MemoryBus) -> None:
        async def seen() -> bool:
            return await names(bus) == {"a"}

        await until(seen)
        (event,) = list((await picture(bus)).records("site:a").values())
        assert isinstance(event, Event)
        assert (event.source, event.origin) == ("toy-lv", "simulated")
        assert await health(bus, "toy-lv") is not None

    feed = msgspec.structs.replace(toy(desk.url), name="toy-lv", origin="simulated")
    run(feed, test)
