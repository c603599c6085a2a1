"""The worker: what is read becomes events, what can't be read is quarantined, and a failure withdraws nothing."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.bus import BusDown, Quarantined
from cop.bus.memory import MemoryBus
from cop.event import REAL, Described, Event, Gone, Health, decode
from cop.picture import Picture
from feeds import worker as worker_module
from feeds.adapter import Context, Document, Outcome, Reject, Source, report, sources
from feeds.transport import Files, Http, Lines, Unreachable
from feeds.worker import BACKOFF_S, Feed, Worker, backoff_s, known_subjects


def read(payload: bytes, context: Context) -> Iterator[Outcome]:
    """A format for tests: one `id at` a line; `bad` can't be read."""
    for line in payload.splitlines():
        name, _, at = line.decode().partition(" ")
        if name == "bad":
            yield Reject("it says bad", payload.index(line), line)
        else:
            yield report("toy", f"site:{name}", int(at or 1_000), Described(name), context, line)


TOY = Source(
    name="toy",
    title="A toy",
    domain="land",
    nations=("LV",),
    transport="http",
    formats="lines",
    licence="none",
    attribution="none",
    address="",
    rate_s=0.02,
    stale_s=60,
    identity="the name",
    grid="none",
    complete=True,
    mapping=(),
    decoder=lambda: Document(read),
)


class Desk:
    """An HTTP server that answers as the test says, and counts."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes, dict[str, str]]] = []
        self.asked: list[dict[str, str]] = []
        desk = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                desk.asked.append({name.lower(): value for name, value in self.headers.items()})
                status, body, headers = desk.answers[0] if len(desk.answers) == 1 else desk.answers.pop(0)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/data"
        Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back-off and flush as always, only in milliseconds."""
    monkeypatch.setattr(worker_module, "BACKOFF_S", (0.01, 0.05))
    monkeypatch.setattr(worker_module, "FLUSH_S", 0.01)
    monkeypatch.setattr(worker_module, "HEALTH_S", 0.02)


async def until(seen: Callable[[], Awaitable[Any]], timeout_s: float = 10.0) -> Any:
    async with asyncio.timeout(timeout_s):
        while not (found := await seen()):
            await asyncio.sleep(0.01)
    return found


async def picture(bus: MemoryBus) -> Picture:
    folded = Picture()
    for entry in await bus.read({REAL: None}, count=1_000_000):
        folded.fold(decode(entry.data))
    return folded


async def names(bus: MemoryBus) -> set[str]:
    return {e.subject.partition(":")[2] for e in (await picture(bus)).entities() if e.kind == "site"}


async def health(bus: MemoryBus, name: str = "toy") -> Health | None:
    told = (await picture(bus)).records(f"feed:{name}").get((name, "health"))
    return told.body if told is not None and isinstance(told.body, Health) else None


def run(feed: Feed, test: Callable[[MemoryBus], Awaitable[None]], *, bus: MemoryBus | None = None, **more: Any) -> None:
    async def body() -> None:
        used = bus or MemoryBus()
        task = asyncio.create_task(Worker(feed, used, **more).run())
        try:
            await test(used)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(body())


def toy(address: str, **more: Any) -> Feed:
    return Feed(name="toy", source=TOY, address=address, **more)


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
    assert known == {"site:a", "site:b"}
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


AIS = b"!AIVDM,1,1,,A,13u?etPv2;0n:dDPwUM1U1Cb069D,0*24\r\n"
TWO = (
    b"!AIVDM,2,1,4,A,55O0W7`00001L@gCWGA2uItLth@DqtL5@F22220j1h742t0Ht0000000,0*08\r\n",
    b"!AIVDM,2,2,4,A,000000000000000,2*20\r\n",
)


def ais(address: str) -> Feed:
    return Feed(name="ais", source=sources()["ais"], address=address)


async def ships(bus: MemoryBus) -> set[str]:
    return {e.subject for e in (await picture(bus)).entities() if e.kind == "vessel"}


def test_a_tcp_stream_reconnects_for_ever_and_lines_cut_anywhere_are_read() -> None:
    async def body() -> None:
        served = 0

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal served
            served += 1
            writer.write(AIS[:20])
            await writer.drain()
            await asyncio.sleep(0.02)
            writer.write(AIS[20:])
            await writer.drain()
            writer.close()
            await writer.wait_closed()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        bus = MemoryBus()
        task = asyncio.create_task(Worker(ais(f"tcp://127.0.0.1:{port}"), bus).run())

        async def thrice() -> bool:
            return served >= 3 and len(await ships(bus)) == 1

        await until(thrice)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0.1)  # the last connection's end

    asyncio.run(body())


def test_udp_takes_a_sentence_a_datagram_and_joins_parts() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    async def test(bus: MemoryBus) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:

            async def both() -> bool:
                for datagram in (AIS.strip(), TWO[0].strip(), TWO[1]):
                    sender.sendto(datagram, ("127.0.0.1", port))
                return len(await ships(bus)) >= 2

            await until(both)

    run(ais(f"udp://127.0.0.1:{port}"), test)


def test_a_recording_is_played_once_at_its_own_pace(tmp_path: Path) -> None:
    file = tmp_path / "day.nmea"
    line = AIS.strip().decode()

    def tagged(at: int) -> str:
        tag = f"c:{at}"
        checksum = 0
        for char in tag:
            checksum ^= ord(char)
        return f"\\{tag}*{checksum:02X}\\{line}\r\n"

    file.write_text("".join(tagged(1_700_000_000_000 + 100 * n) for n in range(4)))

    async def chunks(address: str) -> list[bytes]:
        found = []
        began = asyncio.get_running_loop().time()
        async for fetched in Files(address, 1, sources()["ais"].decoder).chunks():
            found.append(fetched.data)
        took.append(asyncio.get_running_loop().time() - began)
        return found

    took: list[float] = []
    assert len(asyncio.run(chunks(f"file:{file}?pace=original"))) == 4
    assert took[0] >= 0.29  # it waited as the recording says; a bound below, not a measure
    assert len(asyncio.run(chunks(f"file:{file}?pace=max"))) == 4
    assert len(asyncio.run(chunks(f"file:{file}?pace=1000"))) == 4


def test_a_feed_that_cannot_be_reached_says_why() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    async def first(transport: Any) -> None:
        async for _ in transport.chunks():
            raise AssertionError("nothing could have been fetched")

    for transport in (
        Http(f"http://127.0.0.1:{port}/", 1),
        Lines(f"tcp://127.0.0.1:{port}", sources()["ais"].decoder),
        Lines("tcp://127.0.0.1", sources()["ais"].decoder),
    ):
        with pytest.raises(Unreachable):
            asyncio.run(first(transport))


def test_the_server_says_how_long_to_wait(desk: Desk) -> None:
    desk.answers = [(503, b"", {"Retry-After": "17"})]

    async def once() -> None:
        async for _ in Http(desk.url, 1).chunks():
            raise AssertionError("503 is no payload")

    with pytest.raises(Unreachable) as failed:
        asyncio.run(once())
    assert failed.value.retry_s == 17


def test_a_payload_without_bound_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feeds.transport.MAX_BYTES", 1_000)
    desk.answers = [(200, b"x" * 2_000, {})]

    async def once() -> None:
        async for _ in Http(desk.url, 1).chunks():
            raise AssertionError("too large to take")

    with pytest.raises(Unreachable, match="more than"):
        asyncio.run(once())


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
