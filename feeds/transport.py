"""How are bytes fetched? One class a kind of address; each yields chunks and raises `Unreachable` with the reason."""

from __future__ import annotations

import asyncio
import glob
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec

from feeds.adapter import Decoder

CHUNK: Final = 65_536
MAX_BYTES: Final = 64 * 1024 * 1024
_CONNECT_S: Final = 10.0
_TAG_TIME: Final = re.compile(rb"\\[^\\]*\bc:(\d+)")


class Unreachable(ConnectionError):
    """The source could not be fetched; `retry_s` is how long it asked us to wait."""

    def __init__(self, why: str, retry_s: float = 0.0) -> None:
        super().__init__(why)
        self.retry_s = retry_s


class Fetched(msgspec.Struct, frozen=True):
    """Some bytes of a source. `whole`: a document to read at once, else one chunk for the lasting `decoder`.

    `more`: the payload goes on in further documents; together they are the source's complete state.
    """

    data: bytes
    name: str
    whole: bool = True
    more: bool = False
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

    def __init__(self, url: str, every_s: float) -> None:
        self._url = url
        self._every_s = every_s
        self._validators: dict[str, str] = {}

    async def chunks(self) -> AsyncIterator[Fetched]:
        limits = httpx.Timeout(30.0, connect=_CONNECT_S)
        async with httpx.AsyncClient(timeout=limits, follow_redirects=True, trust_env=True) as client:
            while True:
                try:
                    yield await self._fetch(client)
                except httpx.HTTPError as error:
                    raise Unreachable(f"{type(error).__name__}: {error}") from error
                await asyncio.sleep(self._every_s)

    async def _fetch(self, client: httpx.AsyncClient) -> Fetched:
        async with client.stream("GET", self._url, headers=self._validators) as answer:
            if answer.status_code == 304:
                return Fetched(b"", self._url, unchanged=True)
            if answer.status_code == 204:
                return Fetched(b"", self._url)
            if answer.status_code != 200:
                raise Unreachable(f"HTTP {answer.status_code}", _seconds(answer.headers.get("retry-after")))
            body = bytearray()
            async for chunk in answer.aiter_bytes(CHUNK):
                body += chunk
                if len(body) > MAX_BYTES:
                    raise Unreachable(f"more than {MAX_BYTES} bytes")
            pairs = {"if-none-match": "etag", "if-modified-since": "last-modified"}
            self._validators = {ask: answer.headers[told] for ask, told in pairs.items() if told in answer.headers}
            return Fetched(bytes(body), str(answer.url))


class Lines:
    """A TCP or UDP stream: connects, reads for ever, and starts a fresh decoder for each connection."""

    repeats = True

    def __init__(self, url: str, fresh: Callable[[], Decoder]) -> None:
        self._url = url
        self._fresh = fresh

    async def chunks(self) -> AsyncIterator[Fetched]:
        parts = urlsplit(self._url)
        host, port = parts.hostname or "127.0.0.1", parts.port
        if port is None:
            raise Unreachable(f"{self._url} has no port")
        if parts.scheme == "udp":
            lasting = self._fresh()
            async for data in _datagrams(host, port):
                line = data if data.endswith(b"\n") else data + b"\n"  # a datagram may end a line without saying so
                yield Fetched(line, self._url, whole=False, decoder=lasting)
            return
        try:
            reader, writer = await asyncio.wait_for(asyncio.open_connection(host, port), _CONNECT_S)
        except (OSError, TimeoutError) as error:
            raise Unreachable(f"no connection to {host}:{port}: {error or 'timed out'}") from error
        decoder = self._fresh()
        try:
            while data := await reader.read(CHUNK):
                yield Fetched(data, self._url, whole=False, decoder=decoder)
        except OSError as error:
            raise Unreachable(f"the connection broke: {error}") from error
        finally:
            writer.close()
        raise Unreachable(f"{host}:{port} closed the connection")


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
        if self._pace not in ("", "original", "max"):
            self._pause = 1 / float(self._pace)
        self._every_s = every_s
        self._fresh = fresh
        self._seen: dict[str, tuple[int, int]] = {}
        self._pause = 0.0
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


def _seconds(retry_after: str | None) -> float:
    return min(3600.0, float(retry_after)) if retry_after and retry_after.isdecimal() else 0.0
