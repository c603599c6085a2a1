"""The transports: what a server, a socket or a folder can do to us, and what each of it is called."""

from __future__ import annotations

import asyncio
import gzip
import re
import socket
import ssl
import time
import zlib
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest
from msgspec import structs

from feeds import transport as module
from feeds.adapter import Request, sources
from feeds.feed import Feed, open_transport
from feeds.transport import Fetched, Files, Http, Lines, Secure, Unreachable
from tests.sockets import Serve, answer, certified, free_port, http_server, line_server

AIS = sources()["ais"]


async def first(transport: Http | Lines | Files) -> Fetched:
    async with aclosing(transport.chunks()) as chunks:
        async for fetched in chunks:
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
        ("http://[::1", "http"),
        ("http:///path", "no host"),
        ("http://127.0.0.1:99999/", "[Pp]ort"),
        ("udp://239.2.3.1:6969?interface=eth0", "eth0"),
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


# -- what is asked, and where a redirect leads ------------------------------------------------------------------------


def heard(asked: list[bytes], *answers: bytes) -> Serve:
    """Keeps what is asked, its body too, and answers in turn; the last answer again and again."""

    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        asked.append(request)
        writer.write(answers[min(len(asked), len(answers)) - 1])

    return serve


def test_the_body_the_headers_and_the_key_are_sent() -> None:
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        size = re.search(rb"content-length: (\d+)", request.lower())
        asked.append(request + await reader.readexactly(int(size[1]) if size else 0))
        writer.write(answer("200 OK", "Connection: close"))
        writer.close()

    async def body() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        asks = Request(method="POST", body='{"ask": "ā"}', headers=(("Content-Type", "text/x"), ("X-Who", "us")))
        keyed = structs.replace(asks, headers=(), key_header="X-Key")
        for request in (asks, keyed):
            await first(Http(url, 1, request, key=" secret\n"))
        server.close()
        await server.wait_closed()

    asyncio.run(body())
    for request in asked:
        assert request.startswith(b"POST / ")
        assert request.endswith('\r\n\r\n{"ask": "ā"}'.encode())
    told = [request.lower().split(b"\r\n") for request in asked]
    assert {b"content-type: text/x", b"x-who: us"} < set(told[0])
    assert {b"content-type: application/json", b"x-key: secret"} < set(told[1])
    assert asked[0].lower().count(b"content-type") == 1  # the source's own counts
    assert b"secret" not in asked[0]


def test_the_key_goes_to_no_other_host() -> None:
    asked: dict[str, list[bytes]] = {"home": [], "away": []}

    async def body() -> None:
        async with http_server(heard(asked["away"], answer("200 OK", body=b"x")), host="127.0.0.2") as away:
            moved = answer("307 There", f"Location: {away}/b")
            async with http_server(heard(asked["home"], answer("302 Here", "Location: /a"), moved)) as home:
                fetched = await first(Http(home, 1, Request(key_header="X-Key", headers=(("X-Who", "us"),)), key="k"))
                assert fetched.name == f"{away}/b"

    asyncio.run(body())
    assert [b"x-key" in each.lower() for each in asked["home"]] == [True, True]
    assert [b"x-key" in each.lower() for each in asked["away"]] == [False]
    assert b"x-who: us" in asked["away"][0].lower()


@pytest.mark.parametrize(
    ("home", "url", "goes"),
    [
        ("https://a.example/x", "https://a.example/y", True),
        ("https://a.example/x", "https://a.example:443/y", True),
        ("https://a.example/x", "http://a.example/y", False),
        ("https://a.example/x", "https://b.a.example/y", False),
        ("https://a.example/x", "https://a.example:8443/y", False),
        ("http://a.example/x", "https://a.example/y", True),
    ],
)
def test_the_key_never_leaves_tls(home: str, url: str, goes: bool) -> None:
    assert Http(home, 1)._at_home(httpx.URL(url)) is goes


@pytest.mark.parametrize("key", ["two\nlines", "dīvaina", "nul\0"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_told(key: str) -> None:
    with pytest.raises(ValueError, match="the key has characters") as refused:
        Http("http://127.0.0.1/", 1, Request(key_header="X-Key"), key=key)
    assert key not in str(refused.value)


@pytest.mark.parametrize(
    ("hops", "note"),
    [
        (["301 Moved"], "/1"),
        (["308 Moved"], "/1"),
        (["302 Found"], ""),
        (["301 Moved", "308 Moved"], "/2"),
        (["301 Moved", "302 Found"], "/1"),
        (["307 For Now", "301 Moved"], ""),  # what has moved is not what we asked for
    ],
)
def test_an_address_that_has_moved_for_good_is_noted(hops: list[str], note: str) -> None:
    asked: list[bytes] = []
    answers = [answer(hop, f"Location: /{n}", body=b"go there") for n, hop in enumerate(hops, 1)]

    async def body() -> None:
        async with http_server(heard(asked, *answers, answer("200 OK", body=b"hello"))) as url:
            fetched = await first(Http(url.replace("//", "//user:secret@"), 1))
            assert (fetched.data, fetched.name) == (b"hello", f"{url}/{len(hops)}")
            assert fetched.note == (f"the address has moved to {url}{note}" if note else "")

    asyncio.run(body())


def test_where_an_address_has_moved_is_told_though_it_fails_there() -> None:
    asked: list[bytes] = []
    answers = answer("301 Moved", "Location: /there"), answer("405 No")
    assert re.fullmatch(r"HTTP 405; the address has moved to http://\S+/there", str(refused(heard(asked, *answers))))


def test_a_redirect_to_nowhere_or_to_something_else_is_told() -> None:
    for location in ("ftp://127.0.0.1/", "http://[::1/", "http://127.0.0.1:99999/"):
        assert str(refused(heard([], answer("302 Found", f"Location: {location}"))))
    assert "HTTP 302" in str(refused(heard([], answer("302 Found"))))


def test_a_redirect_with_an_endless_body_is_followed_without_it() -> None:
    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        if b"/there" in request:
            writer.write(answer("200 OK", body=b"hello"))
            return
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 1000000000\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    async def body() -> None:
        async with http_server(serve) as url:
            assert (await first(Http(url, 1))).data == b"hello"

    asyncio.run(body())


# -- what is answered -------------------------------------------------------------------------------------------------


def test_a_packed_answer_is_unpacked_and_bounded_by_what_is_in_it() -> None:
    payload = b"x" * 50_000

    async def body(serve: Serve) -> None:
        async with http_server(serve) as url:
            assert (await first(Http(url, 1))).data == payload

    for encoding, packed in (("gzip", gzip.compress(payload)), ("deflate", zlib.compress(payload))):
        assert len(packed) < 1000
        asked: list[bytes] = []
        serve = heard(asked, answer("200 OK", f"Content-Encoding: {encoding}", body=packed))
        asyncio.run(body(serve))
        assert "more than 10000 bytes" in str(refused(serve, most=10_000))
        assert b"accept-encoding: gzip, deflate\r\n" in asked[0].lower()


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "x-own"])
def test_an_encoding_that_was_not_asked_for_is_refused(encoding: str) -> None:
    """Packed twice, a few bytes are gigabytes before anyone can count them."""
    why = str(refused(heard([], answer("200 OK", f"Content-Encoding: {encoding}", body=b"x"))))
    assert f"encoded as {encoding!r}" in why


# -- TLS --------------------------------------------------------------------------------------------------------------


def test_a_server_that_vouches_for_itself_is_refused_unless_the_operator_trusts_it(tmp_path: Path) -> None:
    certificate, context = certified(tmp_path)
    trusted = Secure(ca=str(certificate))

    async def body() -> None:
        async with (
            http_server(heard([], answer("200 OK", body=b"hello")), context) as url,
            line_server(b"a line\n", secure=context) as port,
        ):
            lines = f"tls://127.0.0.1:{port}"
            for transport in (Http(url, 1), Lines(lines, AIS.decoder)):
                with pytest.raises(Unreachable, match="self-signed certificate"):
                    await first(transport)
            assert (await first(Http(url, 1, secure=trusted))).data == b"hello"
            assert (await first(Lines(lines, AIS.decoder, secure=trusted))).data == b"a line\n"
            with pytest.raises(Unreachable, match="Hostname mismatch"):  # it is nobody else's
                await first(Lines(f"tls://localhost:{port}", AIS.decoder, secure=trusted))

    asyncio.run(body())


def test_a_client_shows_its_certificate_and_trusts_the_systems_authorities_too(tmp_path: Path) -> None:
    certificate, context = certified(tmp_path)
    ours = Secure(str(certificate), str(certificate), str(tmp_path / "server.key"))
    context.load_verify_locations(certificate)
    context.verify_mode = ssl.CERT_REQUIRED

    async def body() -> None:
        async with http_server(heard([], answer("200 OK", body=b"hello")), context) as url:
            assert (await first(Http(url, 1, secure=ours))).data == b"hello"
            with pytest.raises(Unreachable):
                await first(Http(url, 1, secure=Secure(ca=str(certificate))))

    asyncio.run(body())
    assert len(ours.context().get_ca_certs()) == len(Secure().context().get_ca_certs()) + 1


def test_certificate_files_that_are_none_are_told(tmp_path: Path) -> None:
    (tmp_path / "none.pem").write_text("no certificate")
    for secure in (
        Secure(ca="/nowhere"),
        Secure(ca=str(tmp_path / "none.pem")),
        Secure(cert=str(tmp_path / "none.pem")),
    ):
        with pytest.raises(Unreachable, match="certificate files"):
            secure.context()


# -- sockets ----------------------------------------------------------------------------------------------------------


def test_a_peer_that_vanishes_without_a_word_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def look(connected: socket.socket) -> None:
        keep_alive(connected)
        asked.append(connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))

    async def body() -> None:
        async with line_server(b"a line\n", host="::1") as port:
            assert (await first(Lines(f"tcp://[::1]:{port}", AIS.decoder))).data == b"a line\n"

    keep_alive = module._keep_alive
    monkeypatch.setattr(module, "_keep_alive", look)
    asyncio.run(body())
    assert asked == [1]


def test_a_name_that_can_be_none_is_told() -> None:
    for scheme in ("tcp", "udp"):
        with pytest.raises(Unreachable, match="label"):
            asyncio.run(first(Lines(f"{scheme}://{'x' * 70}.example:5000", AIS.decoder)))


@asynccontextmanager
async def said(to: str, port: int, *sent: bytes) -> AsyncIterator[None]:
    """These datagrams are sent again and again, from this machine to itself."""
    family = socket.AF_INET6 if ":" in to else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        if family == socket.AF_INET:
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))

        async def say() -> None:
            while True:
                for each in sent:
                    sender.sendto(each, (to, port))
                await asyncio.sleep(0.005)

        saying = asyncio.create_task(say())
        try:
            async with asyncio.timeout(5):
                yield
        finally:
            saying.cancel()


async def received(lines: Lines, to: str, port: int, *sent: bytes) -> list[Fetched]:
    """What comes of these datagrams until each has come."""
    found: list[Fetched] = []
    async with said(to, port, *sent), aclosing(lines.chunks()) as chunks:
        async for fetched in chunks:
            found.append(fetched)
            if len({each.data for each in found}) == len(sent):
                break
    return found


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "239.2.3.1"])
def test_a_datagram_is_a_message_of_its_own_and_a_group_is_joined(host: str) -> None:
    port = free_port(socket.SOCK_DGRAM)
    lines = Lines(f"udp://{host}:{port}?interface=127.0.0.1", AIS.decoder, datagrams="message")
    found = asyncio.run(received(lines, host.strip("[]"), port, b"one", b"two\n", b"three"))
    assert {fetched.data for fetched in found} == {b"one", b"two\n", b"three"}
    assert {(f.whole, f.last, f.decoder, f.note) for f in found} == {(False, True, None, "")}


def test_a_datagram_of_lines_ends_its_line() -> None:
    port = free_port(socket.SOCK_DGRAM)
    found = asyncio.run(received(Lines(f"udp://127.0.0.1:{port}", AIS.decoder), "127.0.0.1", port, b"one"))
    assert {(f.data, f.last) for f in found} == {(b"one\n", False)}
    assert len({id(f.decoder) for f in found}) == 1


def test_what_is_sent_to_another_group_on_the_same_port_stays_out() -> None:
    port = free_port(socket.SOCK_DGRAM)

    async def body() -> None:
        ours, others = (Lines(f"udp://239.2.3.{n}:{port}?interface=127.0.0.1", AIS.decoder) for n in (1, 2))
        async with aclosing(others.chunks()) as there:
            asking = asyncio.ensure_future(anext(there))
            found = await received(ours, "239.2.3.1", port, b"ours")
            assert found
            await asyncio.sleep(0)
            assert not asking.done()
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    asyncio.run(body())


def test_datagrams_that_come_too_fast_are_lost_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port(socket.SOCK_DGRAM)

    async def body() -> None:
        lines = Lines(f"udp://127.0.0.1:{port}", AIS.decoder, datagrams="message")
        note = ""
        async with said("127.0.0.1", port, *[b"x"] * 10), aclosing(lines.chunks()) as chunks:
            while not note:
                note = (await anext(chunks)).note
                await asyncio.sleep(0.01)
        assert re.fullmatch(r"[1-9]\d* datagrams came faster than they could be read and are lost", note)

    monkeypatch.setattr(module, "QUEUED", 3)
    asyncio.run(body())


def test_a_port_is_free_again_as_soon_as_nobody_listens() -> None:
    port = free_port(socket.SOCK_DGRAM)

    async def body() -> None:
        for _ in range(3):
            lines = Lines(f"udp://127.0.0.1:{port}", AIS.decoder)
            assert await received(lines, "127.0.0.1", port, b"x")

    asyncio.run(body())


def test_an_hour_is_waited_at_most_between_two_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One broken time must not stop a play for years."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    file = tmp_path / "day #1.nmea"
    file.write_text(
        "".join(f"\\c:{at}*00\\!AIVDM\r\n" for at in (1_700_000_000, 9_999_999_999, "9" * 400, 1_700_000_001))
    )
    played(f"file:{file}?pace=original")
    assert slept == [0, 3600, 3600, 0]
