"""What is a feed to the rest of the house? The types that each file in `sources/` fills in.

A decoder is sans-io: bytes go in, events and rejects come out, and the same bytes with the same context always give
the same outcomes. It may not open a socket, a file or ask a clock: what time it is comes with the context.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Literal, Protocol

import msgspec

from cop.event import REAL, Body, Event, InvalidEvent, Millis, Origin
from cop.event import event as make_event

Domain = Literal["land", "maritime", "air", "cyber"]


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


class Decoder(Protocol):
    """A decoder with memory (multi-part messages, half lines). One per connection or payload."""

    def feed(self, chunk: bytes, context: Context) -> Iterable[Outcome]:
        """Take the next bytes; chunks may be cut anywhere."""
        ...

    def close(self, context: Context) -> Iterable[Outcome]:
        """No more bytes will come: what is left is read or rejected."""
        ...


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """The declaration of one feed."""

    name: str
    title: str
    domain: Domain
    nations: tuple[str, ...]
    transport: Literal["http", "tcp", "udp", "file", "simulated"]
    formats: str
    licence: str
    attribution: str
    address: str
    """The default address; an operator can change it."""
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
    decoder: Callable[[], Decoder]


class Document:
    """The decoder of a format whose payload is one document: gathers it, then reads it whole."""

    def __init__(self, read: Callable[[bytes, Context], Iterable[Outcome]]) -> None:
        self._read = read
        self._chunks: list[bytes] = []

    def feed(self, chunk: bytes, context: Context) -> Iterable[Outcome]:
        self._chunks.append(chunk)
        return ()

    def close(self, context: Context) -> Iterable[Outcome]:
        payload, self._chunks = b"".join(self._chunks), []
        return self._read(payload, context)


def report(source: str, subject: str, at: Millis, body: Body, context: Context, raw: bytes, offset: int = 0) -> Outcome:
    """The event, or the reject that says why these values cannot be one."""
    try:
        return make_event(
            source, subject, at, body, received=context.received, world=context.world, origin=context.origin
        )
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
