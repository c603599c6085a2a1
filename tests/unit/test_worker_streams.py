"""The worker on lasting streams: connections that end, lines that are cut, garbage, and silence."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable

import pytest

from cop.bus import Quarantined
from cop.bus.memory import MemoryBus
from cop.event import REAL
from feeds import worker as worker_module
from feeds.adapter import sources
from feeds.feed import Feed
from feeds.worker import Worker
from tests.feeding import health, in_milliseconds, picture, run, until


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    in_milliseconds(monkeypatch)


AIS = b"!AIVDM,1,1,,A,13u?etPv2;0n:dDPwUM1U1Cb069D,0*24\r\n"
TWO = (
    b"!AIVDM,2,1,4,A,55O0W7`00001L@gCWGA2uItLth@DqtL5@F22220j1h742t0Ht0000000,0*08\r\n",
    b"!AIVDM,2,2,4,A,000000000000000,2*20\r\n",
)


def ais(address: str) -> Feed:
    return Feed(name="ais", source=sources()["ais"], address=address, rate_s=0.05)


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


def line_server(*sent: bytes, stay: bool = False) -> Callable[[Callable[[int, MemoryBus], Awaitable[None]]], None]:
    """Serves these bytes to whoever connects; runs the test beside an AIS worker that listens to it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for each in sent:
            writer.write(each)
            await writer.drain()
            await asyncio.sleep(0.02)
        if stay:
            with contextlib.suppress(ConnectionError):
                await reader.read()
        writer.close()

    def play(test: Callable[[int, MemoryBus], Awaitable[None]]) -> None:
        async def body() -> None:
            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            port, bus = server.sockets[0].getsockname()[1], MemoryBus()
            task = asyncio.create_task(Worker(ais(f"tcp://127.0.0.1:{port}"), bus).run())
            try:
                await test(port, bus)
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                server.close()
                await asyncio.sleep(0.05)  # the last connection's end

        asyncio.run(body())

    return play


def test_half_a_line_at_the_end_of_a_connection_is_quarantined() -> None:
    async def test(port: int, bus: MemoryBus) -> None:
        async def kept() -> list[Quarantined]:
            return await bus.quarantined(REAL)

        (found, *_) = await until(kept)
        assert found.raw == AIS[:20]

    line_server(AIS + AIS[:20])(test)


def test_a_stream_of_garbage_is_no_sign_of_life() -> None:
    async def test(port: int, bus: MemoryBus) -> None:
        async def several() -> bool:
            told = await health(bus, "ais")
            return told is not None and told.rejects >= 2

        await until(several)
        told = await health(bus, "ais")
        assert told is not None
        assert (told.state, told.records) == ("late", 0)

    line_server(*[b"!AIVDM,garbage %d\r\n" % n for n in range(50)], stay=True)(test)


def test_a_stream_that_falls_silent_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(port: int, bus: MemoryBus) -> None:
        async def late() -> bool:
            told = await health(bus, "ais")
            return told is not None and told.state == "late" and "silent" in told.detail and told.records > 0

        await until(late)
        assert await ships(bus)

    monkeypatch.setattr(worker_module, "PATIENCE_S", 0.2)
    line_server(AIS, stay=True)(test)
