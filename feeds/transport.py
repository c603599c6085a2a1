"""How are bytes fetched? One class a kind of address; each yields chunks and raises `Unreachable` with the reason."""

from __future__ import annotations

import asyncio
import glob
import ipaddress
import re
import socket
import ssl
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final, Literal, Protocol
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec

from cop.event import Millis
from feeds.adapter import Decoder, Request

AGENT: Final = "baltic-mobility-picture"
CHUNK: Final = 65_536
MAX_BYTES: Final = 64 * 1024 * 1024
FETCH_S: Final = 120.0
"""A whole answer in so long, or it counts as none: a server that drips would keep us waiting for ever."""
SILENCE_S: Final = 30.0
LONGEST_WAIT_S: Final = 3600.0
MOST_HOPS: Final = 20
ENCODINGS: Final = ("", "identity", "gzip", "deflate")
"""Content encodings that are decoded: of these a small chunk never becomes more than some MB."""
KEEPALIVE: Final = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
"""A peer that vanished without a word is missed after a minute, where the system knows these options."""
QUEUED: Final = 10_000
"""Datagrams that wait for us at most."""
_CONNECT_S: Final = 10.0
_TAG_TIME: Final = re.compile(rb"\\[^\\]*\bc:(\d+)")


class Unreachable(ConnectionError):
    """The source could not be fetched; `retry_s` is how long it asked us to wait."""

    def __init__(self, why: str, retry_s: float = 0.0) -> None:
        super().__init__(why)
        self.retry_s = retry_s


class Times(msgspec.Struct, frozen=True):
    """The times of a recording that is played: `now` = `anchor` + (then - `began`) / `pace`.

    One line for all times of a recording, the past before its beginning included, so that what was the same time in
    it is the same time when it is played.
    """

    heard: Millis
    began: Millis = 0
    anchor: Millis = 0
    pace: float = 1.0

    def moved(self, then: Millis) -> Millis:
        """The time at which `then` is played; no time is before 1970."""
        return max(0, self.anchor + round((then - self.began) / self.pace))


class Fetched(msgspec.Struct, frozen=True):
    """Some bytes of a source. `whole`: a document to read at once, else one chunk for the lasting `decoder`.

    `more`: the payload goes on in further documents; together they are the source's complete state. `last`: the
    lasting decoder gets nothing more, so what it still holds (half a line) must be read or rejected now.
    """

    data: bytes
    name: str
    whole: bool = True
    more: bool = False
    last: bool = False
    unchanged: bool = False
    decoder: Decoder | None = None
    note: str = ""
    """What the operator should know of the fetch, though it went well: an address that has moved."""
    times: Times | None = None
    """Of a recording: when this was heard, and where its times belong now."""
    failed: str = ""
    """Of a recording: why nothing more came then. What came of a payload in several parts is no payload."""


class Transport(Protocol):
    """A way to fetch. `repeats`: it goes on for ever, so silence is a fault."""

    repeats: bool

    def chunks(self) -> AsyncIterator[Fetched]:
        """Yield what comes; end only when nothing more ever will. Raises `Unreachable`."""
        ...


class Http:
    """Polls an address: conditional requests, bounded size, `Retry-After` heeded, redirects followed and noted.

    TLS is verified. The operator's key goes to the address's own host only, wherever a redirect leads, and never from
    TLS to no TLS. Raises ValueError for an address or key that can be none.
    """

    repeats = True

    def __init__(
        self,
        url: str,
        every_s: float,
        request: Request | None = None,
        *,
        key: str = "",
        secure: Secure | None = None,
        silence_s: float = SILENCE_S,
        fetch_s: float = FETCH_S,
        most: int = MAX_BYTES,
    ) -> None:
        try:
            self._url = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise ValueError(f"{url!r}: {error}") from error
        if not self._url.host or urlsplit(url).port == 0:  # `port` raises ValueError for one beyond 65535
            raise ValueError(f"{url!r} has no host or port")
        key = key.strip()
        if not (key.isascii() and key.isprintable()):  # said here without the key: the libraries' errors show it
            raise ValueError("the key has characters that no header can carry")
        self._every_s = every_s
        self._request = asked = request or Request()
        self._key = {asked.key_header: key} if asked.key_header and key else {}
        self._secure = secure or Secure()
        self._silence_s = silence_s
        self._fetch_s = fetch_s
        self._most = most
        self._validators: dict[str, str] = {}

    async def chunks(self) -> AsyncGenerator[Fetched, None]:
        limits = httpx.Timeout(self._silence_s, connect=_CONNECT_S)
        headers = {"user-agent": AGENT, "accept-encoding": "gzip, deflate"}
        verify = self._secure.context() if self._secure != Secure() else True
        async with httpx.AsyncClient(timeout=limits, trust_env=True, headers=headers, verify=verify) as client:
            while True:
                try:
                    async with asyncio.timeout(self._fetch_s):
                        fetched = await self._fetch(client)
                except (httpx.HTTPError, httpx.InvalidURL, ExceptionGroup) as error:  # a group: of a port 99999
                    raise Unreachable(f"{type(error).__name__}: {error}") from error
                except TimeoutError as error:
                    raise Unreachable(f"no whole answer within {self._fetch_s:.0f} s") from error
                yield fetched
                await asyncio.sleep(self._every_s)

    async def _fetch(self, client: httpx.AsyncClient) -> Fetched:
        """The answer, wherever redirects lead. httpx would read their bodies whole and send the key with them."""
        asked = self._request
        headers = httpx.Headers([*asked.headers, *self._key.items(), *self._validators.items()])
        content = asked.body.encode() if asked.body else None
        if content:
            headers.setdefault("content-type", "application/json")
        request: httpx.Request | None = client.build_request(asked.method, self._url, headers=headers, content=content)
        note, for_good = "", True
        for _ in range(MOST_HOPS):
            assert request is not None
            answer = await client.send(request, stream=True)
            try:
                if (request := answer.next_request) is None:
                    return await self._read(answer, note)
            finally:
                await answer.aclose()
            for_good = for_good and answer.status_code in (301, 308)  # RFC 9110 15.4.2, 15.4.9
            if for_good:
                note = f"the address has moved to {_plain(request.url)}"
            if not self._at_home(request.url):
                for header in self._key:
                    request.headers.pop(header, None)
        raise httpx.TooManyRedirects(f"more than {MOST_HOPS}")

    def _at_home(self, url: httpx.URL) -> bool:
        home = self._url
        return url.host == home.host and (url.scheme, url.port) in ((home.scheme, home.port), ("https", None))

    async def _read(self, answer: httpx.Response, note: str) -> Fetched:
        if answer.status_code == 304:
            return Fetched(b"", _plain(self._url), unchanged=True, note=note)
        if answer.status_code == 204:
            return Fetched(b"", _plain(self._url), note=note)
        if answer.status_code != 200:
            why = f"HTTP {answer.status_code}"
            raise Unreachable(f"{why}; {note}" if note else why, _retry_s(answer.headers))
        if (encoding := answer.headers.get("content-encoding", "").strip().lower()) not in ENCODINGS:
            raise Unreachable(f"the answer is encoded as {encoding!r}, which was not asked for")
        body = bytearray()
        async for chunk in answer.aiter_bytes(CHUNK):
            body += chunk
            if len(body) > self._most:
                raise Unreachable(f"more than {self._most} bytes")
        pairs = {"if-none-match": "etag", "if-modified-since": "last-modified"}
        self._validators = {ask: answer.headers[told] for ask, told in pairs.items() if told in answer.headers}
        return Fetched(bytes(body), _plain(answer.url), note=note)


def _plain(url: httpx.URL) -> str:
    """The address without user and password."""
    return str(url.copy_with(userinfo=b""))


class Secure(msgspec.Struct, frozen=True):
    """Files of a TLS connection: whom to trust beside the system's authorities, and who we are. Empty: neither."""

    ca: str = ""
    cert: str = ""
    key: str = ""

    def context(self) -> ssl.SSLContext:
        """A client's context that verifies the other side. Raises `Unreachable` for files that can't be used."""
        try:
            made = ssl.create_default_context()
            if self.ca:
                made.load_verify_locations(self.ca)
            if self.cert:
                made.load_cert_chain(self.cert, self.key or None)
        except (OSError, ssl.SSLError) as error:
            raise Unreachable(f"the certificate files can't be used: {error}") from error
        return made


class Lines:
    """A TCP, TLS or UDP stream: connects, reads for ever, and starts a fresh decoder for each connection.

    `datagrams`: whether a UDP datagram is a piece of a stream of lines, or a message of its own. A multicast group is
    joined on the system's own choice of interface, or `udp://239.2.3.1:6969?interface=192.0.2.7`. Raises ValueError
    for an address that can be none.
    """

    repeats = True

    def __init__(
        self,
        url: str,
        fresh: Callable[[], Decoder],
        *,
        datagrams: Literal["line", "message"] = "line",
        secure: Secure | None = None,
    ) -> None:
        parts = urlsplit(url)
        if not parts.port:
            raise ValueError(f"{url!r} has no port")
        self._url, self._scheme = url, parts.scheme
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port
        self._interface = ipaddress.IPv4Address(parse_qs(parts.query).get("interface", ["0.0.0.0"])[0])
        self._fresh = fresh
        self._datagrams = datagrams
        self._secure = secure or Secure()

    async def chunks(self) -> AsyncGenerator[Fetched, None]:
        if self._scheme == "udp":
            async with aclosing(self._listen()) as heard_there:
                async for fetched in heard_there:
                    yield fetched
            return
        host, port = self._host, self._port
        tls = self._secure.context() if self._scheme == "tls" else None
        try:
            async with asyncio.timeout(_CONNECT_S):
                reader, writer = await asyncio.open_connection(host, port, ssl=tls)
        except (OSError, UnicodeError, TimeoutError) as error:
            raise Unreachable(f"no connection to {host}:{port}: {str(error) or 'timed out'}") from error
        decoder = self._fresh()
        why, heard = f"{host}:{port} closed the connection", False
        try:
            _keep_alive(writer.get_extra_info("socket"))
            try:
                while data := await reader.read(CHUNK):
                    heard = True
                    yield Fetched(data, self._url, whole=False, decoder=decoder)
            except OSError as error:
                why = f"the connection broke: {error}"
            if heard:
                yield Fetched(b"", self._url, whole=False, last=True, decoder=decoder)
        finally:
            writer.transport.abort()  # there is nothing left to send
        raise Unreachable(why)

    async def _listen(self) -> AsyncGenerator[Fetched, None]:
        lasting = self._fresh()
        async with aclosing(_datagrams(self._host, self._port, self._interface)) as datagrams:
            async for data, lost in datagrams:
                note = lost_note(lost, "datagrams")
                if self._datagrams == "message":
                    yield Fetched(data, self._url, whole=False, last=True, note=note)
                else:
                    line = data if data.endswith(b"\n") else data + b"\n"  # one may end a line without saying so
                    yield Fetched(line, self._url, whole=False, decoder=lasting, note=note)


def lost_note(lost: int, what: str) -> str:
    """What the operator should know of what came faster than it could be read."""
    return f"{lost} {what} came faster than they could be read and are lost" if lost else ""


def _keep_alive(connected: Any) -> None:
    """Have the system ask a silent peer whether it is still there (RFC 9293 3.8.4)."""
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEPALIVE.items():
        if hasattr(socket, name):
            connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


class Files:
    """Files by path or pattern, read again whenever one changes.

    `?pace=` plays one file line by line, once: `original` waits as its TAG block times (`c:`, seconds or milliseconds)
    say, `max` doesn't wait, a number is lines a second.
    """

    def __init__(self, url: str, every_s: float, fresh: Callable[[], Decoder]) -> None:
        parts = urlsplit(url, allow_fragments=False)  # a folder may have a # in its name
        self._pattern = parts.netloc + parts.path
        pace = parse_qs(parts.query).get("pace")
        self._pace = pace[0] if pace else ""
        self._pause = 0.0
        if self._pace not in ("", "original", "max"):
            self._pause = _pause_s(self._pace)
        self._every_s = every_s
        self._fresh = fresh
        self._seen: dict[str, tuple[int, int]] = {}
        self.repeats = not self._pace

    async def chunks(self) -> AsyncGenerator[Fetched, None]:
        if self._pace:
            async for fetched in self._played():
                yield fetched
            return
        while True:
            paths = sorted(glob.glob(self._pattern))
            if not paths:
                raise Unreachable(f"no file at {self._pattern}")
            try:
                stamps = {path: (Path(path).stat().st_mtime_ns, Path(path).stat().st_size) for path in paths}
                if stamps == self._seen:
                    yield Fetched(b"", self._pattern, unchanged=True)
                else:  # one changed file makes all be read: only together are they the whole state
                    for path in paths:
                        data = await asyncio.to_thread(Path(path).read_bytes)
                        yield Fetched(data, path, more=path != paths[-1])
                    self._seen = stamps
            except OSError as error:
                raise Unreachable(f"{error.filename}: {error.strerror}") from error
            await asyncio.sleep(self._every_s)

    async def _played(self) -> AsyncGenerator[Fetched, None]:
        decoder = self._fresh()
        try:
            with Path(self._pattern).open("rb") as file:
                before: float | None = None
                for line in file:
                    pause = self._pause
                    if self._pace == "original" and (told := _TAG_TIME.search(line)) is not None:
                        at = float(told[1]) / (1000 if len(told[1]) > 10 else 1)
                        pause = min(LONGEST_WAIT_S, max(0.0, at - (before if before is not None else at)))
                        before = at
                    await asyncio.sleep(pause)
                    yield Fetched(line, self._pattern, whole=False, decoder=decoder)
                yield Fetched(b"", self._pattern, whole=False, last=True, decoder=decoder)
        except OSError as error:
            raise Unreachable(f"{self._pattern}: {error.strerror}") from error


async def _datagrams(host: str, port: int, interface: ipaddress.IPv4Address) -> AsyncGenerator[tuple[bytes, int], None]:
    """(datagram, how many were lost so far) of a port of ours, or of a multicast group that we join."""
    queue: asyncio.Queue[bytes] = asyncio.Queue(QUEUED)
    lost = 0

    class Listener(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: object) -> None:
            nonlocal lost
            if queue.full():
                lost += 1
            else:
                queue.put_nowait(data)

    loop = asyncio.get_running_loop()
    try:
        family, *_, where = (await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM))[0]
        transport, _ = await loop.create_datagram_endpoint(Listener, sock=_bound(family, where, interface))
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"cannot listen on {host}:{port}: {error}") from error
    try:
        while True:
            yield await queue.get(), lost
    finally:
        transport.close()


def _bound(family: int, where: tuple[Any, ...], interface: ipaddress.IPv4Address) -> socket.socket:
    """A socket that listens there. A group is bound to its own address: what is sent to another group on the same port
    stays out. Raises OSError."""
    made = socket.socket(family, socket.SOCK_DGRAM)
    try:
        made.setblocking(False)
        group = ipaddress.ip_address(where[0].partition("%")[0])
        if group.is_multicast:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(where)
        if group.is_multicast and group.version == 4:
            made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group.packed + interface.packed)
        elif group.is_multicast:  # its interface is said by the address's scope
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group.packed + struct.pack("@I", where[3]))
    except OSError:
        made.close()
        raise
    return made


def _pause_s(pace: str) -> float:
    """Seconds between lines at a pace of lines a second. Raises ValueError for what is no pace."""
    rate = float(pace)
    if not 0 < rate < float("inf"):
        raise ValueError(f"a pace is original, max or a number of lines a second above 0, not {pace!r}")
    return 1 / rate


def _retry_s(headers: httpx.Headers) -> float:
    """How long `Retry-After` asks us to wait (RFC 9110 10.2.3): seconds, or a date against the answer's own."""
    told = headers.get("retry-after", "")
    if told.isdecimal():
        return min(LONGEST_WAIT_S, float(told))
    try:
        until, now = (parsedate_to_datetime(text) for text in (told, headers.get("date", "")))
        return min(LONGEST_WAIT_S, max(0.0, (until - now).total_seconds()))
    except (ValueError, TypeError):  # no date, or one with and one without a zone
        return 0.0
