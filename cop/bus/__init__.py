"""How do events travel? One stream a world, contiguous ids with an epoch, and a contract that two buses keep.

The bus carries bytes in order and says where they are; what they mean is `cop.event`'s. Worlds are separate keys, so
that keeping exercise and reality apart doesn't hang on a filter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec

from cop.event import EXERCISE, REAL, Event, Millis, is_exercise
from cop.recover import Bounds, Position


class BusDown(ConnectionError):
    """The bus cannot be reached, or cannot serve now (full, loading, read-only); nothing was acknowledged."""


class WrongWorld(ValueError):
    """An event was offered to a stream of another world, or the world is no world."""


class Entry(NamedTuple):
    """What a stream holds at a position: an event in its wire form, and when the bus took it by its own clock."""

    world: str
    position: Position
    data: bytes
    taken: Millis = 0


class Quarantined(msgspec.Struct, frozen=True):
    """A record that a decoder rejected, as it came, with who said it, when we heard it, and why it was rejected."""

    source: str
    reason: str
    offset: int
    raw: bytes
    received: Millis
    name: str = ""
    world: str = REAL
    """Where its events would go."""
    id: str = ""
    """Its place in quarantine, which the bus gives."""


class Bus(Protocol):
    """What every bus does. All methods raise `BusDown` when the bus cannot be reached or cannot serve."""

    async def append(self, world: str, events: Sequence[Event]) -> Position | None:
        """Add events in one atomic step; the position of the last, None for no events.

        Raises `WrongWorld` when one of them is of another world: nothing is added then.
        """
        ...

    async def read(
        self, after: Mapping[str, Position | None], *, count: int = 1000, wait_s: float = 0.0
    ) -> list[Entry]:
        """Up to `count` entries a world after the given positions (None: from the first), waiting for the first one."""
        ...

    async def bounds(self, world: str) -> Bounds | None:
        """What the world's stream holds; None when there is no such stream."""
        ...

    async def entry(self, world: str, at: Position) -> Entry | None:
        """The entry at a position, None when it has left the stream or never was."""
        ...

    async def trim(self, world: str, before: Position) -> int:
        """Drop all entries before a position; how many went."""
        ...

    async def worlds(self) -> list[str]:
        """The worlds that have a stream, sorted; `real` first."""
        ...

    async def drop(self, world: str) -> None:
        """Delete an exercise's stream. Raises `WrongWorld` for the real one."""
        ...

    async def quarantine(self, world: str, rejects: Sequence[Quarantined]) -> None:
        """Keep rejected records; the oldest leave when there are more than the bus keeps."""
        ...

    async def quarantined(self, world: str, count: int = 100) -> list[Quarantined]:
        """The newest rejected records, newest first."""
        ...

    async def rejected(self, world: str, id_: str) -> Quarantined | None:
        """The rejected record of that id; None when it is not, or no longer, there."""
        ...

    async def quarantine_mark(self, world: str) -> str:
        """Changes whenever a record comes into quarantine or leaves it."""
        ...

    async def release(self, world: str, ids: Sequence[str]) -> int:
        """Let records go that have been dealt with; how many there were."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


def stream_key(world: str) -> str:
    """The key of a world's stream. Raises `WrongWorld` for what is no world."""
    if world == REAL:
        return "cop:real"
    if is_exercise(world):
        return "cop:exercise:" + world.removeprefix(EXERCISE)
    raise WrongWorld(f"{world!r} is neither real nor exercise/<name>")


def quarantine_key(world: str) -> str:
    """The key of a world's quarantine: exercises share one of their own, never the real one."""
    stream_key(world)
    return "cop:quarantine:real" if world == REAL else "cop:quarantine:exercise"


def check_world(world: str, events: Sequence[Event]) -> None:
    """Raise `WrongWorld` unless every event is of this world."""
    stream_key(world)
    for event in events:
        if event.world != world:
            raise WrongWorld(f"{event.subject} of {event.world} does not belong on the stream of {world}")
