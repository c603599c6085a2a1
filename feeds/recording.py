"""How is what a feed fetched kept, and played again as if it came now?

A recording is one file a feed, `<feed>.rec.gz`: gzip members one after the other, each a JSON line that says what was
fetched and when, and the bytes themselves. It can be gone on with, and what a crash left of its last member is passed
over. What was fetched twice in a row is kept once.

A play is never the real picture: its feeds belong to an exercise, and its events are `simulated`.
"""

from __future__ import annotations

import asyncio
import gzip
import logging
import zlib
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from cop.event import Body, Millis, Planned, Status
from feeds.adapter import Decoder
from feeds.transport import Fetched, Times, Transport, Unreachable

log = logging.getLogger("cop.feeds")

SUFFIX: Final = ".rec.gz"
PACES: Final = (0.01, 10_000.0)
LAG_MS: Final = 1000
"""A play that is further behind than this says so."""
_READ: Final = 8192  # bytes at a time: what is left behind a member is copied for the next
_LARGE: Final = 1_000_000  # bytes that are packed in a thread, for it takes longer than the others can wait


class Head(msgspec.Struct, frozen=True, tag="recording"):
    """Whose recording it is: the first line of the file, and of each time that it was gone on with."""

    feed: str
    source: str
    address: str
    began: Millis
    nations: tuple[str, ...] = ()


class Part(msgspec.Struct, frozen=True, omit_defaults=True, tag="fetched"):
    """One fetch: when it was heard, and what `Fetched` says of it. `size` bytes follow; `same`: as the last ones."""

    at: Millis
    size: int = 0
    name: str = ""
    whole: bool = True
    more: bool = False
    last: bool = False
    unchanged: bool = False
    same: bool = False
    lasting: bool = False
    """Its bytes go on in the decoder of those before it."""
    failed: str = ""


class Recorder:
    """A transport that keeps what another one brings. Raises OSError when the file can't be written, and ValueError
    when there is one already that is no recording."""

    def __init__(self, transport: Transport, path: Path, head: Head, now: Callable[[], Millis]) -> None:
        self.repeats = transport.repeats
        self._transport = transport
        self._path = path
        self._head = head
        self._now = now
        self._opened = False
        self._before: bytes | None = None
        self.parts = 0

    async def chunks(self) -> AsyncGenerator[Fetched, None]:
        if not self._opened and self._path.exists():
            _mend(self._path)
        self._opened = True
        with self._path.open("ab") as file:
            await _write(file, self._head)
            try:
                async for fetched in self._transport.chunks():
                    await self._keep(file, fetched)
                    yield fetched
            except Unreachable as error:
                await _write(file, Part(self._now(), failed=str(error) or "failed"))
                raise

    async def _keep(self, file: BinaryIO, fetched: Fetched) -> None:
        same = fetched.whole and fetched.data == self._before and bool(fetched.data)
        data = b"" if same else fetched.data
        part = Part(
            self._now(), len(data), fetched.name, fetched.whole, fetched.more, fetched.last, fetched.unchanged, same,
            fetched.decoder is not None,
        )  # fmt: skip
        await _write(file, part, data)
        if fetched.whole and fetched.data:
            self._before = fetched.data
        self.parts += 1


class Played:
    """A transport that brings what a recording kept: `play:FILE?pace=original|max|N&from=ms`.

    `pace` times as fast as it was heard; `max` doesn't wait and leaves all times as they were. `from` is the time in
    the recording that is now, for all feeds of a recording the same; without it the file's beginning is. What was heard
    before it comes at once. Raises ValueError for an address that is none.
    """

    repeats = False

    def __init__(self, url: str, fresh: Callable[[], Decoder], now: Callable[[], Millis]) -> None:
        parts = urlsplit(url, allow_fragments=False)  # a folder may have a # in its name
        told = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self._path = Path(parts.netloc + parts.path)
        self._pace = _pace(told.get("pace", "original"))
        self._from = int(told["from"]) if "from" in told else None
        self._fresh = fresh
        self._now = now
        self.lag_ms = 0
        """How far behind its time the last part was brought."""

    async def chunks(self) -> AsyncGenerator[Fetched, None]:
        anchor, began, pace = self._now(), self._from, self._pace
        decoder: Decoder | None = None  # what goes on in lasting parts
        try:
            for told, data in read(self._path):
                if isinstance(told, Head):
                    began, decoder = told.began if began is None else began, None
                    continue
                began = told.at if began is None else began
                times = Times(told.at, began, anchor, pace) if pace else Times(told.at)
                ahead = times.moved(told.at) - self._now() if pace else 0
                self.lag_ms = max(0, -ahead) if told.at >= began else 0
                await asyncio.sleep(max(0, ahead) / 1000)
                note = f"the play is {self.lag_ms // 1000} s behind" if self.lag_ms > LAG_MS else ""
                if told.lasting and decoder is None:
                    decoder = self._fresh()
                if told.failed:  # the connection that broke had a decoder of its own
                    last = decoder is not None
                    yield Fetched(
                        b"", str(self._path), whole=False, last=last, decoder=decoder, note=note, times=times,
                        failed=told.failed,
                    )  # fmt: skip
                else:
                    yield Fetched(
                        data, told.name, told.whole, told.more, told.last, told.unchanged,
                        decoder if told.lasting else None, note, times,
                    )  # fmt: skip
                if told.failed or (told.last and told.lasting):
                    decoder = None
        except (OSError, ValueError) as error:
            raise Unreachable(f"{self._path}: {error}") from error


def _pace(told: str) -> float:
    """How many times as fast; 0: at once. Raises ValueError for what is no pace."""
    if told in ("original", "max"):
        return float(told == "original")
    least, most = PACES
    if not least <= (pace := float(told)) <= most:
        raise ValueError(f"a pace is original, max or a number from {least:g} to {most:g}, not {told!r}")
    return pace


def read(path: Path) -> Iterator[tuple[Head | Part, bytes]]:
    """What a recording holds, in order; what a crash left of its end is passed over.

    Raises OSError when it can't be opened and ValueError when it is no recording.
    """
    before = b""
    with path.open("rb") as file:
        for content, _ in _members(file):
            line, _, data = content.partition(b"\n")
            try:
                told = _line.decode(line)
            except msgspec.DecodeError as error:
                raise ValueError(f"not a recording: {error}") from error
            if isinstance(told, Part):
                if len(data) != told.size or (told.same and not before):
                    raise ValueError("not a recording: a part without its bytes")
                data = before if told.same else data
                before = data if told.whole and data else before
            yield told, data


def _members(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """What each whole gzip member (RFC 1952) holds, and where it ends. Raises ValueError when the first is none."""
    rest, end = b"", 0
    while True:
        unpack, parts, size = zlib.decompressobj(wbits=31), [], 0
        while not unpack.eof:
            chunk, rest = rest or file.read(_READ), b""
            try:
                parts.append(unpack.decompress(chunk))
            except zlib.error as error:
                if not end:
                    raise ValueError(f"not a recording: {error}") from error
                chunk = b""
            if not chunk:
                if file.tell() > end:
                    log.warning("%s: what follows byte %d is no whole part and is passed over", file.name, end)
                return
            size += len(chunk)
        rest = unpack.unused_data
        end += size - len(rest)
        yield b"".join(parts), end


def _mend(path: Path) -> None:
    """Cut off what a crash left of the last member: what is written behind it could not be read."""
    with path.open("r+b") as file:
        file.truncate(max((end for _, end in _members(file)), default=0))


def recordings(folder: Path) -> dict[str, Head]:
    """The feeds that a folder has recordings of, by file name. Raises as `read` does."""
    found: dict[str, Head] = {}
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        head = next((told for told, _ in read(path)), None)
        if isinstance(head, Head):
            found[path.name] = head
    return found


def moved(body: Body, times: Times) -> Body:
    """The body with its times where a play puts them."""

    def at(then: Millis | None) -> Millis | None:
        return None if then is None else times.moved(then)

    match body:
        case Status():
            return msgspec.structs.replace(body, since=at(body.since), until=at(body.until))
        case Planned():
            points = tuple(msgspec.structs.replace(p, due=at(p.due), clear=at(p.clear)) for p in body.points)
            return msgspec.structs.replace(body, points=points)
    return body


_line: Final = msgspec.json.Decoder(Head | Part)


async def _write(file: BinaryIO, told: Head | Part, data: bytes = b"") -> None:
    content = msgspec.json.encode(told) + b"\n" + data
    packed = gzip.compress(content, 6) if len(data) < _LARGE else await asyncio.to_thread(gzip.compress, content, 6)
    file.write(packed)
    file.flush()
