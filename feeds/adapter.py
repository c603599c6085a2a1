"""What is a feed to the rest of the house? The types that each file in `sources/` fills in.

A decoder is sans-io: bytes go in, events and rejects come out, and the same bytes with the same context always give
the same outcomes. It may not open a socket, a file or ask a clock: what time it is comes with the context.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final, Literal, Protocol

import msgspec

from cop.event import REAL, Body, Event, InvalidEvent, Millis, Origin
from cop.event import event as make_event
from cop.geo import Unplaceable

Domain = Literal["land", "maritime", "air", "cyber"]
MAX_LINE: Final = 65_536
"""Bytes: a longer line is no record, unless its format says otherwise."""


class Context(msgspec.Struct, frozen=True):
    """What a decoder may know beside the bytes: when they came, and into which world and origin they go."""

    received: Millis
    world: str = REAL
    origin: Origin = "observed"
    name: str = ""
    """The payload's file name or address, where a format needs it to know what it is reading."""


class Reject(msgspec.Struct, frozen=True):
    """A record that could not be read, as it came: nothing is dropped in silence. `offset` is in bytes."""

    reason: str
    offset: int
    raw: bytes


Outcome = Event | Reject


class Unreadable(ValueError):
    """Why a record cannot be read: the reason of its reject."""


class Counts(msgspec.Struct):
    """What became of a payload's records: each was told as events, rejected once, or ignored as no business of ours.

    A fault of the payload itself (a page instead of a list, something after its end) counts as a record of its own.
    """

    told: int = 0
    rejected: int = 0
    ignored: int = 0

    @property
    def records(self) -> int:
        return self.told + self.rejected + self.ignored

    def take(self, outcomes: Sequence[Outcome]) -> None:
        """Count one record by its outcomes: events, or one reject, or nothing."""
        if not outcomes:
            self.ignored += 1
        elif isinstance(outcomes[0], Reject):
            self.rejected += 1
        else:
            self.told += 1


class Decoder(Protocol):
    """A decoder with memory (multi-part messages, half lines). One per connection or payload."""

    counts: Counts

    def feed(self, chunk: bytes, context: Context) -> Iterable[Outcome]:
        """Take the next bytes; chunks may be cut anywhere."""
        ...

    def close(self, context: Context) -> Iterable[Outcome]:
        """No more bytes will come: what is left is read or rejected."""
        ...


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """How an HTTP source wants to be asked."""

    method: Literal["GET", "POST"] = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    """What is posted; an operator can change it."""
    key_header: str = ""
    """The header in which the operator's key goes; empty: the source takes none."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """The declaration of one feed."""

    name: str
    title: str
    domain: Domain
    nations: tuple[str, ...]
    kinds: tuple[str, ...]
    """The kinds of subject that it tells of: what stands before the first colon."""
    transport: Literal["http", "tcp", "tls", "udp", "mqtt", "file", "probe", "simulated"]
    formats: str
    licence: str
    attribution: str
    address: str
    """The default address; an operator can change it."""
    others: tuple[tuple[str, str], ...] = ()
    """(name of the feed, address): where else the same decoder finds its payloads."""
    request: Request = Request()
    rate_s: float
    """Seconds between fetches (http, file) or, for a stream, after which silence is late."""
    stale_s: float
    """Age of the newest report, seconds, beyond which the feed counts as stale."""
    identity: str
    """How a report is recognised as the same thing again."""
    grid: str
    """Reference frame and axis order of the payload."""
    complete: bool
    """True when each payload is the whole state, so that what is missing from the next has been withdrawn."""
    mapping: tuple[tuple[str, str], ...]
    """(field of the payload, field of the event): the mapping table of the documentation."""
    quirks: tuple[tuple[str, str], ...] = ()
    """(name of the test, trap of the feed): each is shown in the documentation and proved by that test."""
    decoder: Callable[[], Decoder]
    configure: Callable[[Mapping[str, Any]], Callable[[], Decoder]] | None = None
    """Makes the decoder for what an operator's table `options` says (columns, grid, targets). Raises `ValueError` with
    what is wrong with it. None: the source takes no options."""
    datagrams: Literal["line", "message"] = "line"
    """What a UDP datagram is: a piece of a stream of lines, or a message of its own."""


class Records:
    """The decoder of a format whose payload is one document of records: gathers it, then reads it whole.

    `read` gives the outcomes of one record at a time: its events, or one reject, or nothing when it is none of our
    business. It raises nothing: what `attempt` doesn't catch is a fault of the decoder.
    """

    def __init__(self, read: Callable[[bytes, Context], Iterable[Sequence[Outcome]]]) -> None:
        self.counts = Counts()
        self._read = read
        self._chunks: list[bytes] = []

    def feed(self, chunk: bytes, context: Context) -> Iterable[Outcome]:
        self._chunks.append(chunk)
        return ()

    def close(self, context: Context) -> Iterable[Outcome]:
        payload, self._chunks = b"".join(self._chunks), []
        for outcomes in self._read(payload, context):
            self.counts.take(outcomes)
            yield from outcomes


class LineRecords:
    """The decoder of a format of one record a line, in chunks cut anywhere; a blank line is a sign of life.

    `read` gets a line without its end and gives the record's outcomes, or raises as in `attempt`. A longer line than
    `most` bytes is no record: it is rejected in pieces of that size rather than kept.
    """

    def __init__(self, read: Callable[[bytes, Context], Iterable[Outcome]], most: int = MAX_LINE) -> None:
        self.counts = Counts()
        self._read = read
        self._most = most
        self._rest = b""
        self._offset = 0  # of the rest in all that was fed
        self._overlong = False

    def feed(self, chunk: bytes, context: Context) -> Iterator[Outcome]:
        """Read each line that ends in these bytes."""
        buffer, start, most = self._rest + chunk, 0, self._most
        while True:
            end = buffer.find(b"\n", start, start + most + 1)
            if end >= 0:
                piece, size = buffer[start:end], end + 1 - start
            elif len(buffer) - start > most:
                piece, size = buffer[start : start + most], most
                self._overlong = True
            else:
                break
            yield from self._line(piece, context)
            self._overlong = self._overlong and end < 0
            start += size
            self._offset += size
        self._rest = buffer[start:]

    def close(self, context: Context) -> Iterator[Outcome]:
        """Read what is left as a line."""
        rest, self._rest = self._rest, b""
        yield from self._line(rest, context)
        self._offset += len(rest)

    def _line(self, line: bytes, context: Context) -> Sequence[Outcome]:
        if not line.strip():
            return ()
        if self._overlong:
            outcomes: Sequence[Outcome] = [Reject(f"a line longer than {self._most} bytes", self._offset, line)]
        else:
            outcomes = attempt(lambda: self._read(line, context), self._offset, line)
        self.counts.take(outcomes)
        return outcomes


def attempt(read: Callable[[], Iterable[Outcome]], offset: int, raw: bytes) -> Sequence[Outcome]:
    """One record's outcomes: all its events, or the one reject that says why it cannot be read."""
    try:
        outcomes = list(read())
    except (Unreadable, Unplaceable, InvalidEvent) as error:
        return [Reject(str(error), offset, raw)]
    return next(([each] for each in outcomes if isinstance(each, Reject)), outcomes)


def json_list(payload: bytes, *path: str) -> Iterator[tuple[int, bytes]]:
    """(offset, bytes) of each element of the JSON list that the keys lead to, as they stand in the payload.

    Raises `Unreadable`, before the first element, when the payload is not JSON or has no such list.
    """
    inner = msgspec.Raw(payload.removeprefix(b"\xef\xbb\xbf"))
    try:
        for key in path:
            inner = msgspec.json.decode(inner, type=dict[str, msgspec.Raw])[key]
        elements = msgspec.json.decode(inner, type=list[msgspec.Raw])
    except KeyError as error:
        raise Unreadable(f"no {error.args[0]!r} in the answer") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(not_json(payload, str(error))) from error
    at = 0
    for element in elements:
        raw = bytes(element)
        at = payload.index(raw, at)
        yield at, raw
        at += len(raw)


_TITLE = re.compile(rb"<(?:title|h1)[^>]*>([^<]{1,80})", re.IGNORECASE)


def not_json(payload: bytes, error: str) -> str:
    """Why a payload that should be JSON is not."""
    if not payload.strip():
        return "an empty answer, which is not an empty list"
    if "recursion" in error:
        return "JSON nested deeper than can be read"
    if not payload.lstrip().startswith(b"<"):
        return f"not the JSON that was expected: {error}"[:200]
    title = _TITLE.search(payload)
    return "an HTML page instead of JSON" + (f": {title[1].decode('utf-8', 'replace').strip()}" if title else "")


def tell(source: str, subject: str, at: Millis, body: Body, context: Context) -> Event:
    """The event of this source in the context's world. Raises `InvalidEvent` for values that cannot be one."""
    return make_event(source, subject, at, body, received=context.received, world=context.world, origin=context.origin)


def report(source: str, subject: str, at: Millis, body: Body, context: Context, raw: bytes, offset: int = 0) -> Outcome:
    """The event, or the reject that says why these values cannot be one."""
    try:
        return tell(source, subject, at, body, context)
    except InvalidEvent as error:
        return Reject(str(error), offset, raw)


def decode(source: Source, payload: bytes, context: Context) -> Iterator[Outcome]:
    """Read a whole payload with a fresh decoder."""
    decoder = source.decoder()
    yield from decoder.feed(payload, context)
    yield from decoder.close(context)


@cache
def sources() -> dict[str, Source]:
    """Every source by name, found by its file's presence in `feeds/sources/`."""
    import feeds.sources

    found: dict[str, Source] = {}
    for module in sorted(m.name for m in pkgutil.iter_modules(feeds.sources.__path__)):
        source: Source = importlib.import_module(f"feeds.sources.{module}").SOURCE
        found[source.name] = source
    return found
