"""How are bytes fetched? One class a kind of address; each yields chunks and raises `Unreachable` with the reason."""

from __future__ import annotations

import asyncio
import glob
import re
from collections.abc import AsyncIterator, Callable
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec

from feeds.adapter import Decoder

CHUNK: Final = 65_536
MAX_BYTES: Final = 64 * 1024 * 1024
FETCH_S: Final = 120.0
"""A whole answer in so long, or it counts as none: a server that drips would keep us waiting for ever."""
SILENCE_S: Final = 30.0
LONGEST_WAIT_S: Final = 3600.0
_CONNECT_S: Final = 10.0
_TAG_TIME: Final = re.compile(rb"\\[^\\]*\bc:(\d+)")


class Unreachable(ConnectionError):
    """The source could not be fetched; `retry_s` is how long it asked us to wait."""

    def __init__(self, why: str, retry_s: float = 0.0) -> None:
        super().__init__(why)
        self.retry_s = retry_s


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


class Transport(Protocol):
    """A way to fetch. `repeats`: it goes on for ever, so silence is a fault."""

    repeats: bool

    def chunks(self) -> AsyncIterator[Fetched]:
        """Yield what comes; end only when nothing more ever will. Raises `Unreachable`."""
        ...


class Http:
    """Polls an address: conditional requests, bounded size, `Retry-After` heeded, redirects followed."""

    repeats = True

    def __init__(
        self,
        url: str,
        every_s: float,
        *,
        silence_s: float = SILENCE_S,
        fetch_s: float = FETCH_S,
        most: int = MAX_BYTES,
    ) -> None:
        self._url = url
        self._every_s = every_s
        self._silence_s = silence_s
        self._fetch_s = fetch_s
        self._most = most
        self._validators: dict[str, str] = {}

    async def chunks(self) -> AsyncIterator[Fetched]:
        limits = httpx.Timeout(self._silence_s, connect=_CONNECT_S)
        async with httpx.AsyncClient(timeout=limits, follow_redirects=True, trust_env=True) as client:
            while True:
                try:
                    async with asyncio.timeout(self._fetch_s):
                        fetched = await self._fetch(client)
                except (httpx.HTTPError, httpx.InvalidURL) as error:
                    raise Unreachable(f"{type(error).__name__}: {error}") from error
                except TimeoutError as error:
                    raise Unreachable(f"no whole answer within {self._fetch_s:.0f} s") from error
                yield fetched
                await asyncio.sleep(self._every_s)

    async def _fetch(self, client: httpx.AsyncClient) -> Fetched:
        async with client.stream("GET", self._url, headers=self._validators) as answer:
            if answer.status_code == 304:
                return Fetched(b"", self._url, unchanged=True)
            if answer.status_code == 204:
                return Fetched(b"", self._url)
            if answer.status_code != 200:
                raise Unreachable(f"HTTP {answer.status_code}", _retry_s(answer.headers))
            body = bytearray()
            async for chunk in answer.aiter_bytes(CHUNK):
                body += chunk
                if len(body) > self._most:
                    raise Unreachable(f"more than {self._most} bytes")
            pairs = {"if-none-match": "etag", "if-modified-since": "last-modified"}
            self._validators = {ask: answer.headers[told] for ask, told in pairs.items() if told in answer.headers}
            return Fetched(bytes(body), str(answer.url))


class Lines:
    """A TCP or UDP stream: connects, reads for ever, and starts a fresh decoder for each connection."""

    repeats = True

    def __init__(self, url: str, fresh: Callable[[], Decoder]) -> None:
        parts = urlsplit(url)
        if not parts.port:
            raise ValueError(f"{url!r} has no port")
        self._url, self._scheme = url, parts.scheme
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port
        self._fresh = fresh

    async def chunks(self) -> AsyncIterator[Fetched]:
        host, port = self._host, self._port
        if self._scheme == "udp":
            lasting = self._fresh()
            async for data in _datagrams(host, port):
                line = data if data.endswith(b"\n") else data + b"\n"  # a datagram may end a line without saying so
                yield Fetched(line, self._url, whole=False, decoder=lasting)
            return
        try:
            async with asyncio.timeout(_CONNECT_S):
                reader, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError) as error:
            raise Unreachable(f"no connection to {host}:{port}: {error or 'timed out'}") from error
        decoder = self._fresh()
        why, heard = f"{host}:{port} closed the connection", False
        try:
            try:
                while data := await reader.read(CHUNK):
                    heard = True
                    yield Fetched(data, self._url, whole=False, decoder=decoder)
            except OSError as error:
                why = f"the connection broke: {error}"
            if heard:
                yield Fetched(b"", self._url, whole=False, last=True, decoder=decoder)
        finally:
            writer.close()
        raise Unreachable(why)


class Files:
    """Files by path or pattern, read again whenever one changes.

    `?pace=` plays one file line by line, once: `original` waits as its TAG block times (`c:`, seconds or milliseconds)
    say, `max` doesn't wait, a number is lines a second.
    """

    def __init__(self, url: str, every_s: float, fresh: Callable[[], Decoder]) -> None:
        parts = urlsplit(url)
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

    async def chunks(self) -> AsyncIterator[Fetched]:
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

    async def _played(self) -> AsyncIterator[Fetched]:
        decoder = self._fresh()
        try:
            with Path(self._pattern).open("rb") as file:
                before: float | None = None
                for line in file:
                    pause = self._pause
                    if self._pace == "original" and (told := _TAG_TIME.search(line)) is not None:
                        at = float(told[1]) / (1000 if len(told[1]) > 10 else 1)
                        pause, before = max(0.0, at - (before if before is not None else at)), at
                    await asyncio.sleep(pause)
                    yield Fetched(line, self._pattern, whole=False, decoder=decoder)
                yield Fetched(b"", self._pattern, whole=False, last=True, decoder=decoder)
        except OSError as error:
            raise Unreachable(f"{self._pattern}: {error.strerror}") from error


async def _datagrams(host: str, port: int) -> AsyncIterator[bytes]:
    queue: asyncio.Queue[bytes] = asyncio.Queue(10_000)

    class Listener(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: object) -> None:
            if not queue.full():
                queue.put_nowait(data)

    loop = asyncio.get_running_loop()
    try:
        transport, _ = await loop.create_datagram_endpoint(Listener, local_addr=(host, port))
    except OSError as error:
        raise Unreachable(f"cannot listen on {host}:{port}: {error.strerror}") from error
    try:
        while True:
            yield await queue.get()
    finally:
        transport.close()


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
