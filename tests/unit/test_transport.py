"""The transports: what a server, a socket or a folder can do to us, and what each of it is called."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from feeds.adapter import sources
from feeds.transport import Fetched, Files, Http, Lines, Unreachable
from feeds.worker import Feed, open_transport

AIS = sources()["ais"]
Serve = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def http_server(serve: Serve) -> AsyncIterator[str]:
    """A server that answers each request as the test says; its address."""

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await reader.readuntil(b"\r\n\r\n"):
                await serve(request, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(client, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def answer(status: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def first(transport: Http | Lines | Files) -> Fetched:
    async for fetched in transport.chunks():
        return fetched
    raise AssertionError("nothing came")


def refused(serve: Serve, **limits: float) -> Unreachable:
    async def body() -> Unreachable:
        async with http_server(serve) as url:
            with pytest.raises(Unreachable) as failed:
                await asyncio.wait_for(first(Http(url, 1, **limits)), 10)  # type: ignore[arg-type]
            return failed.value

    return asyncio.run(body())


def test_a_server_that_says_nothing_is_given_up() -> None:
    async def hang(request: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)

    assert "ReadTimeout" in str(refused(hang, silence_s=0.1))


def test_a_server_that_drips_is_given_up() -> None:
    async def drip(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    assert "no whole answer" in str(refused(drip, fetch_s=0.3))


def test_a_server_that_hangs_up_in_the_middle_gave_nothing() -> None:
    async def cut(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf of it")
        writer.close()

    assert "RemoteProtocolError" in str(refused(cut))


def test_too_much_is_refused_whether_announced_or_not() -> None:
    async def flood(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(100):
            writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
            await writer.drain()

    async def announced(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("200 OK", body=b"x" * 20_000))

    for serve in (flood, announced):
        assert "more than 10000 bytes" in str(refused(serve, most=10_000))


def test_a_body_that_is_not_as_its_encoding_says_is_refused() -> None:
    async def liar(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("200 OK", "Content-Encoding: gzip", body=b"this is no gzip"))

    assert "DecodingError" in str(refused(liar))


@pytest.mark.parametrize(
    ("headers", "retry_s"),
    [
        (["Retry-After: 17"], 17),
        (["Date: Tue, 24 Nov 2026 10:00:00 GMT", "Retry-After: Tue, 24 Nov 2026 10:01:30 GMT"], 90),
        (["Date: Tue, 24 Nov 2026 10:00:00 GMT", "Retry-After: Tue, 24 Nov 2026 09:00:00 GMT"], 0),
        (["Retry-After: Tue, 24 Nov 2026 10:01:30 GMT"], 0),
        (["Retry-After: 999999999"], 3600),
        (["Retry-After: soon"], 0),
        (["Retry-After: -5"], 0),
        ([], 0),
    ],
)
def test_the_server_says_how_long_to_wait(headers: list[str], retry_s: float) -> None:
    async def busy(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("503 Busy", *headers))

    assert refused(busy).retry_s == retry_s


def test_a_redirect_is_followed_and_a_circle_of_them_is_refused() -> None:
    async def elsewhere(request: bytes, writer: asyncio.StreamWriter) -> None:
        there = request.startswith(b"GET /there")
        writer.write(answer("200 OK", body=b"hello") if there else answer("302 Found", "Location: /there"))

    async def circle(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("302 Found", "Location: /again"))

    async def body() -> None:
        async with http_server(elsewhere) as url:
            fetched = await first(Http(f"{url}/here", 1))
            assert (fetched.data, fetched.name) == (b"hello", f"{url}/there")

    asyncio.run(body())
    assert "TooManyRedirects" in str(refused(circle))


def test_no_content_is_an_empty_payload_and_not_modified_is_none() -> None:
    async def nothing(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("204 No Content"))

    async def unchanged(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 304 Not Modified\r\n\r\n")

    async def body() -> None:
        async with http_server(nothing) as url:
            fetched = await first(Http(url, 1))
            assert (fetched.data, fetched.whole, fetched.unchanged) == (b"", True, False)
        async with http_server(unchanged) as url:
            assert (await first(Http(url, 1))).unchanged

    asyncio.run(body())


def test_a_failed_fetch_keeps_the_validators_of_the_last_payload() -> None:
    asked: list[bytes] = []

    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        asked.append(request.lower())
        writer.write(answer("500 Oops") if len(asked) == 2 else answer("200 OK", 'ETag: "a"', body=b"x"))

    async def body() -> None:
        async with http_server(serve) as url:
            transport = Http(url, 0.01)
            await first(transport)
            with pytest.raises(Unreachable):
                await first(transport)
            await first(transport)

    asyncio.run(body())
    assert [b'if-none-match: "a"' in request for request in asked] == [False, True, True]


def test_nobody_at_an_address_is_told() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    for transport in (Http(f"http://127.0.0.1:{port}/", 1), Lines(f"tcp://127.0.0.1:{port}", AIS.decoder)):
        with pytest.raises(Unreachable):
            asyncio.run(first(transport))


def test_a_taken_udp_port_is_told() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable, match="cannot listen"):
            asyncio.run(first(Lines(f"udp://127.0.0.1:{taken.getsockname()[1]}", AIS.decoder)))


def test_the_end_of_a_connection_lets_the_decoder_read_what_it_still_holds() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"half a line")
        writer.close()

    async def body() -> list[Fetched]:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        found: list[Fetched] = []
        with suppress(Unreachable):
            async for fetched in Lines(f"tcp://127.0.0.1:{port}", AIS.decoder).chunks():
                found.append(fetched)
        server.close()
        return found

    data, end = asyncio.run(body())
    assert (data.data, data.last, end.data, end.last) == (b"half a line", False, b"", True)
    assert data.decoder is end.decoder


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("tcp://127.0.0.1", "no port"),
        ("udp://127.0.0.1:99999", "[Pp]ort"),
        ("carrier-pigeon://loft", "neither"),
        ("ais.nmea", "neither"),
        ("file:day.nmea?pace=fast", "could not convert"),
        ("file:day.nmea?pace=-1", "pace"),
        ("file:day.nmea?pace=nan", "pace"),
    ],
)
def test_an_address_that_can_be_none_is_refused_before_anything_runs(address: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        open_transport(Feed(name="ais", source=AIS, address=address))


def played(address: str) -> tuple[list[Fetched], float]:
    async def body() -> tuple[list[Fetched], float]:
        began = time.monotonic()
        found = [fetched async for fetched in Files(address, 1, AIS.decoder).chunks()]
        return found, time.monotonic() - began

    return asyncio.run(body())


def test_a_recording_is_played_once_at_its_own_pace_at_another_or_at_once(tmp_path: Path) -> None:
    file = tmp_path / "day.nmea"
    file.write_text("".join(f"\\c:{1_700_000_000_000 + 100 * n}*00\\!AIVDM\r\n" for n in range(4)))
    for pace, least in (("original", 0.29), ("20", 0.19), ("max", 0.0)):
        found, took = played(f"file:{file}?pace={pace}")
        assert [fetched.last for fetched in found] == [False] * 4 + [True]
        assert b"".join(fetched.data for fetched in found) == file.read_bytes()
        assert took >= least  # it waited as it should; nothing is said of how long it took beyond that


def test_files_that_have_not_changed_are_not_read_again(tmp_path: Path) -> None:
    for name in ("1.txt", "2.txt"):
        (tmp_path / name).write_text(name)

    async def body() -> list[Fetched]:
        found: list[Fetched] = []
        async for fetched in Files(f"file:{tmp_path}/*.txt", 0.01, AIS.decoder).chunks():
            found.append(fetched)
            if len(found) == 3:
                (tmp_path / "2.txt").write_text("changed")
            if len(found) >= 3 and fetched.data == b"changed":
                return found
        return found

    found = asyncio.run(asyncio.wait_for(body(), 10))
    assert [(f.data, f.more) for f in found[:2]] == [(b"1.txt", True), (b"2.txt", False)]
    assert found[2].unchanged
    assert [(f.data, f.more) for f in found[-2:]] == [(b"1.txt", True), (b"changed", False)]


def test_a_file_that_cannot_be_read_is_told_by_name(tmp_path: Path) -> None:
    (tmp_path / "folder.txt").mkdir()
    with pytest.raises(Unreachable, match=r"folder\.txt"):
        asyncio.run(first(Files(f"file:{tmp_path}/*.txt", 1, AIS.decoder)))
    with pytest.raises(Unreachable, match="no file"):
        asyncio.run(first(Files(f"file:{tmp_path}/none", 1, AIS.decoder)))
