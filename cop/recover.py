"""What does a reader that comes back need: only what it missed, or everything anew?"""

from __future__ import annotations

from typing import Literal, NamedTuple


class Position(NamedTuple):
    """A place in a stream: offsets are contiguous within an epoch, and an epoch ends only when the stream is lost."""

    epoch: int
    offset: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.offset}"


class Bounds(NamedTuple):
    """What a stream holds: offsets `first` to `last` of `epoch`; `last` is `first - 1` when it is empty."""

    epoch: int
    first: int
    last: int


class Recovery(NamedTuple):
    """`missed`: read on after the reader's position. `snapshot`: start anew; `reason` says why."""

    how: Literal["missed", "snapshot"]
    reason: str


def parse(text: str) -> Position:
    """Read `epoch-offset`. Raises ValueError for anything else."""
    epoch, dash, offset = text.partition("-")
    if not (dash and epoch.isdecimal() and offset.isdecimal()):
        raise ValueError(f"{text!r} is not a position (epoch-offset)")
    return Position(int(epoch), int(offset))


def recover(reader: Position | None, stream: Bounds | None) -> Recovery:
    """Decide by arithmetic: a gap, an overrun or another epoch means a snapshot, anything else the missed part."""
    if reader is None:
        return Recovery("snapshot", "first contact")
    if stream is None or reader.epoch != stream.epoch:
        return Recovery("snapshot", "another epoch: the stream was lost and started anew")
    if reader.offset > stream.last:
        return Recovery("snapshot", "the reader is ahead of the stream: the stream lost its end")
    if reader.offset + 1 < stream.first:
        return Recovery("snapshot", f"{stream.first - reader.offset - 1} events have left the stream")
    return Recovery("missed", f"{stream.last - reader.offset} events")
