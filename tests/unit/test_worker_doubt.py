"""The worker in doubt: what it makes of payloads that can't be right, and of things that go and come back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from redis import Redis

from cop.bus import Quarantined
from cop.bus.memory import MemoryBus
from cop.bus.redis import RedisBus
from cop.event import REAL, Described, Status, decode
from cop.event import event as make_event
from cop.picture import Picture
from dashboard.embedded import Embedded
from feeds.adapter import Context, Outcome, Records, tell
from feeds.clock import clock
from feeds.transport import Fetched, Unreachable
from feeds.worker import RAW_BYTES, Worker, known_subjects, run_all
from tests.feeding import TOY, Desk, health, in_milliseconds, names, picture, read, run, seen_health, toy, until


@pytest.fixture
def desk() -> Iterator[Desk]:
    with closing(Desk()) as made:
        yield made


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    in_milliseconds(monkeypatch)


def test_a_payload_of_which_nothing_can_be_read_is_a_failure_and_withdraws_nothing(desk: Desk) -> None:
    desk.answers = [(200, b"a\nb", {}), (200, b"bad gateway", {})]

    async def test(bus: MemoryBus) -> None:
        told = await seen_health(bus, "failed", "nothing in it could be read: it says bad")
        assert told.records == 2
        assert await names(bus) == {"a", "b"}
        desk.answers = [(200, b"b", {})]
        await seen_health(bus, "ok")

    run(toy(desk.url), test)


@pytest.mark.parametrize(("second", "state"), [(b"bad gateway", "failed"), (b"", "late")])
def test_a_doubtful_payload_that_has_not_changed_is_doubtful_still(desk: Desk, second: bytes, state: str) -> None:
    many = "\n".join(f"s{n}" for n in range(12)).encode()
    desk.answers = [(200, many, {}), (200, second, {"ETag": '"2"'}), (304, b"", {})]

    async def test(bus: MemoryBus) -> None:
        await seen_health(bus, state)
        count = len(desk.asked)

        async def asked_again() -> bool:
            return len(desk.asked) > count + 5

        await until(asked_again)
        assert (await seen_health(bus, state)).state == state
        assert len(await names(bus)) == 12

    run(toy(desk.url), test)


def broken(payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
    yield from read(payload.partition(b"crash")[0], context)
    if b"crash" in payload:
        raise ZeroDivisionError("a fault of the decoder")


def test_a_decoder_that_breaks_down_costs_its_payload_and_not_the_feed(desk: Desk) -> None:
    desk.answers = [(200, b"a\nb\ncrash", {"ETag": '"1"'}), (304, b"", {})]
    source = msgspec.structs.replace(TOY, decoder=lambda: Records(broken))

    async def test(bus: MemoryBus) -> None:
        async def kept() -> list[Quarantined]:
            return await bus.quarantined(REAL)

        (found,) = await until(kept)
        assert found.raw == b"a\nb\ncrash"
        assert "ZeroDivisionError: a fault of the decoder" in found.reason

        async def both() -> bool:
            return await names(bus) == {"a", "b"} and len(desk.asked) > 4

        await until(both)
        await seen_health(bus, "failed", "broke down")  # not even after "unchanged"
        desk.answers = [(200, b"b", {})]
        await seen_health(bus, "ok")

    run(msgspec.structs.replace(toy(desk.url), source=source), test)


def test_the_same_bad_record_in_every_payload_is_counted_each_time_and_kept_once(desk: Desk) -> None:
    desk.answers = [(200, b"a\nbad thing", {})]

    async def test(bus: MemoryBus) -> None:
        async def several() -> bool:
            told = await health(bus)
            return told is not None and told.rejects >= 5

        await until(several)
        assert len(await bus.quarantined(REAL)) == 1

    run(toy(desk.url), test)


def test_of_a_very_large_record_the_beginning_is_kept(desk: Desk) -> None:
    desk.answers = [(200, b"bad " + b"x" * 100_000, {})]

    async def test(bus: MemoryBus) -> None:
        async def kept() -> list[Quarantined]:
            return await bus.quarantined(REAL)

        (found,) = await until(kept)
        assert len(found.raw) == RAW_BYTES
        assert found.reason == "it says bad (the first 65536 of 100004 bytes)"

    run(toy(desk.url), test)


# -- going and coming back ------------------------------------------------------------------------------------------


def test_what_was_withdrawn_and_is_back_is_shown_again_though_its_report_is_as_old_as_before(desk: Desk) -> None:
    bus = MemoryBus()
    desk.answers = [(200, b"a\nb", {}), (200, b"b", {})]

    async def gone(used: MemoryBus) -> None:
        async def seen() -> bool:
            return await names(used) == {"b"} and len(desk.asked) > 2

        await until(seen)

    async def back(used: MemoryBus) -> None:
        async def seen() -> bool:
            return await names(used) == {"a", "b"}

        await until(seen)
        count = len(desk.asked)
        (told,) = [e for e in (await picture(used)).records("site:a").values() if isinstance(e.body, Described)]

        async def asked_again() -> bool:
            return len(desk.asked) > count + 3

        await until(asked_again)
        assert told in (await picture(used)).records("site:a").values()  # the same report, whenever it is read

    async def again(used: MemoryBus) -> None:
        await gone(used)
        desk.answers = [(200, b"a\nb", {})]
        await back(used)

    run(toy(desk.url), again, bus=bus)
    desk.answers = [(200, b"a\nb", {}), (200, b"b", {})]  # and so after a restart in between
    run(toy(desk.url), gone, bus=bus, known=asyncio.run(known_subjects(bus, REAL, "toy")))
    known = asyncio.run(known_subjects(bus, REAL, "toy"))
    assert ([*known.there], [*known.gone]) == (["site:b"], ["site:a"])
    desk.answers = [(200, b"a\nb", {})]
    run(toy(desk.url), back, bus=bus, known=known)


def test_a_thing_that_is_told_of_a_little_ahead_of_our_clock_can_be_withdrawn(desk: Desk) -> None:
    desk.answers = [(200, f"a {clock() + 60_000}\nb".encode(), {}), (200, b"b", {})]

    async def test(bus: MemoryBus) -> None:
        async def seen() -> bool:
            return await names(bus) == {"b"}

        await until(seen)

    run(toy(desk.url), test)


def test_a_payload_in_parts_that_is_cut_short_withdraws_nothing_and_counts_for_nothing() -> None:
    class Parts:
        """Three documents that are one payload; the second reading breaks off, the third lacks `a`."""

        repeats = True

        def __init__(self) -> None:
            self.times = 0

        async def chunks(self) -> AsyncIterator[Fetched]:
            self.times += 1
            yield Fetched(b"a" if self.times < 3 else b"", "1", more=True)
            if self.times == 2:
                raise Unreachable("the second part is not there")
            yield Fetched(b"b", "2", more=True)
            yield Fetched(b"c", "3")
            await asyncio.sleep(0.1 if self.times < 3 else 60)
            raise Unreachable("once more")

    async def test(bus: MemoryBus) -> None:
        async def all_there() -> bool:
            return await names(bus) == {"a", "b", "c"}

        await until(all_there)

        async def without_a() -> bool:
            return await names(bus) == {"b", "c"}

        await until(without_a)

    run(toy("http://127.0.0.1/"), test, transport=Parts())


def test_an_unreadable_entry_on_the_stream_does_not_keep_a_worker_from_starting(
    server: Embedded, admin: Redis, desk: Desk
) -> None:
    desk.answers = [(200, b"a", {})]

    async def body() -> None:
        bus = RedisBus(server.url, user="feeds", password=server.passwords["feeds"])
        await bus.append(REAL, [make_event("toy", "site:old", 1_000, Described("old"), received=1_000)])
        admin.xadd("cop:real", {"e": b"this is no event"}, id=f"{(await bus.bounds(REAL)).epoch}-*")  # type: ignore[union-attr]
        task = asyncio.create_task(run_all([toy(desk.url)], bus))

        async def seen() -> bool:
            entries = [e.data for e in await bus.read({REAL: None}) if e.data.startswith(b"{")]
            return subjects_of(entries) == {"site:a"}

        await until(seen)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await bus.close()

    asyncio.run(body())


def subjects_of(entries: list[bytes]) -> set[str]:
    folded = Picture()
    for entry in entries:
        folded.fold(decode(entry))
    return {e.subject for e in folded.entities() if e.kind != "feed"}


def test_a_stream_that_was_lost_is_filled_again_with_what_is_told_only_once(
    server: Embedded, admin: Redis, tmp_path: Path
) -> None:
    (tmp_path / "facts.txt").write_text("a\nb")

    async def body() -> None:
        bus = RedisBus(server.url, user="feeds", password=server.passwords["feeds"])
        task = asyncio.create_task(run_all([toy(f"file:{tmp_path}/facts.txt", rate_s=3_600)], bus))

        async def seen() -> bool:
            return subjects_of([e.data for e in await bus.read({REAL: None})]) == {"site:a", "site:b"}

        for _ in range(2):
            await until(seen)
            admin.flushall()
        await until(seen)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await bus.close()

    asyncio.run(body())


def test_a_server_that_is_full_is_waited_for_and_nothing_is_lost(server: Embedded, admin: Redis, desk: Desk) -> None:
    desk.answers = [(200, b"a", {})]

    async def body() -> None:
        bus = RedisBus(server.url, user="feeds", password=server.passwords["feeds"])
        admin.config_set("maxmemory", 1)
        try:
            task = asyncio.create_task(Worker(toy(desk.url), bus).run())
            await asyncio.sleep(0.2)
            assert admin.exists("cop:real") == 0
            assert not task.done()
            desk.answers = [(304, b"", {})]  # what was fetched meanwhile is not fetched again
            await asyncio.sleep(0.1)
        finally:
            admin.config_set("maxmemory", 0)

        async def seen() -> bool:
            return "site:a" in subjects_of([e.data for e in await bus.read({REAL: None})])

        await until(seen)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await bus.close()

    asyncio.run(body())


def test_what_could_never_be_read_hides_nothing_and_what_turned_unreadable_may(desk: Desk) -> None:
    desk.answers = [(200, b"a\nb\nbad row", {}), (200, b"a\nbad row", {})]

    async def test(bus: MemoryBus) -> None:
        async def has(*wanted: str) -> None:
            async def those() -> bool:
                return await names(bus) == set(wanted)

            await until(those)

        await has("a")  # the bad row was there beside b: it isn't b
        desk.answers = [(200, b"a\nc\nbad row", {}), (200, b"a\nbad c\nbad row", {})]
        await seen_health(bus, "ok", "some records could not be read: 1 missing things are kept")
        assert await names(bus) == {"a", "c"}
        desk.answers = [(200, b"a\nbad row", {})]
        await has("a")

    run(toy(desk.url), test)


def test_a_correction_under_the_same_time_counts_whatever_its_id(desk: Desk) -> None:
    texts = ["one", "two", "three", "four", "two"]
    desk.answers = [(200, f"a 5000 {text}".encode(), {}) for text in texts]

    async def test(bus: MemoryBus) -> None:
        async def last() -> bool:
            return len(desk.asked) > len(texts) + 3

        await until(last)
        told = (await picture(bus)).records("site:a")["toy", "described"]
        assert isinstance(told.body, Described)
        assert (told.body.name, told.at) == ("two", 5_004)

    run(toy(desk.url), test)


def test_a_report_that_cannot_be_true_goes_to_quarantine_whole_and_counts_by_its_reason(desk: Desk) -> None:
    def at_sea(payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
        place = Described("a", ("LV",), 20.7675, 58.8344)
        yield [tell("toy", "roadevent:a", 1_000, body, context) for body in (place, Status("closed"))]
        yield [tell("toy", "roadevent:b", 1_000, Described("b"), context)]

    desk.answers = [(200, b"any", {})]
    source = msgspec.structs.replace(TOY, decoder=lambda: Records(at_sea))

    async def test(bus: MemoryBus) -> None:
        async def kept() -> list[Quarantined]:
            return await bus.quarantined(REAL)

        (found,) = await until(kept)
        assert "in the sea" in found.reason
        assert [decode(line).subject for line in found.raw.split(b"\n")] == ["roadevent:a"] * 2
        told = await seen_health(bus, "ok")
        assert set(told.reasons) == {"a roadevent in the sea at …, …"}
        assert {e.subject for e in (await picture(bus)).entities() if e.kind == "roadevent"} == {"roadevent:b"}

    run(msgspec.structs.replace(toy(desk.url), source=source), test)
