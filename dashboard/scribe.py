"""How does what a world's stream brings get into the archive? Held until it makes a file, and written in one go.

The stream keeps what is not yet in a file, so nothing is lost when the process dies. When the disk takes nothing, what
is held is bounded: then it is let go, and the archive has a hole that it tells.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from cop.bus import Entry
from cop.event import Event, Millis
from cop.picture import Picture
from cop.recover import Position
from dashboard.archive import Archive, Segment, Taken, seal

log = logging.getLogger("cop.archive")

CLOSE_MS: Final = 10 * 60_000
LATEST_MS: Final = 60 * 60_000
LEAST: Final = 20_000
"""Events that fill a file whatever its age, or twice its checkpoint where that is more: checkpoints don't dominate."""
HELD: Final = 200_000
"""Events that are held while the disk takes none."""
RETRY_MS: Final = 30_000


class Scribe:
    """Writes one world. `begin` a run, `take` what comes, and `save` when `due`."""

    def __init__(self, archive: Archive, world: str, now: Callable[[], Millis]) -> None:
        self._archive = archive
        self._world = world
        self._now = now
        self._run = ""
        self._epoch = 0
        self._begin = self._end = -1
        self._first: Millis | None = None
        self._last: Millis = 0
        self._seal = ""
        self._carried: list[Event] = []
        self._rows: list[Taken] = []
        self._trouble = ""
        self._again: Millis = 0
        self.writing = False
        """Whether a run has begun: what comes is taken down."""

    def begin(self, at: Position, picture: Picture, first: Millis | None, run: str = "", mark: str = "") -> None:
        """Begin at a position where the picture stands so, as of `first` (None: when the first entry was taken)."""
        self._epoch, self._begin, self._end = at.epoch, at.offset, at.offset
        self._first, self._last = first, first or 0
        self._run, self._seal = run or f"{at.epoch}-{at.offset + 1}-{self._now()}", mark
        self._carried, self._rows = _records(picture), []
        self.writing = True

    @property
    def safe(self) -> int:
        """The offset up to which all is in files."""
        return self._begin

    def take(self, entry: Entry, event: Event | None, changed: bool) -> None:
        """The next entry of the stream, and whether it changed the picture."""
        self._last = max(self._last, entry.taken)  # the bus's clock may have been set back
        if self._first is None:
            self._first = self._last
        self._end, self._seal = entry.position.offset, seal(entry.data)
        if changed and event is not None:
            self._rows.append(Taken(self._end, self._last, event))

    def due(self) -> bool:
        """Whether what is held makes a file."""
        if not self.writing or self._first is None or self._end == self._begin:
            return False
        age, rows, carried = max(self._now(), self._last) - self._first, len(self._rows), len(self._carried)
        return rows >= max(LEAST, 2 * carried) or age >= LATEST_MS or (age >= CLOSE_MS and 4 * rows >= carried)

    async def save(self, picture: Picture) -> bool:
        """Write a file of what is held, and go on from here; False when the disk doesn't take it, or not just now."""
        now = self._now()
        if self._trouble and now < self._again:
            return False
        first, last = self._first or now, self._last or now
        segment = Segment(self._world, self._run, self._epoch, self._begin, self._end, first, last, self._seal)
        try:
            await asyncio.to_thread(self._archive.write, segment, self._carried, self._rows)
        except OSError as error:
            if str(error) != self._trouble:
                log.error("the archive of %s takes nothing: %s", self._world, error)
            self._trouble, self._again = str(error), now + RETRY_MS
            return False
        if self._trouble:
            log.warning("the archive of %s is written again", self._world)
            self._trouble = ""
        self._begin, self._first = self._end, self._last or now
        self._carried, self._rows = _records(picture), []
        return True

    @property
    def full(self) -> bool:
        """Whether more is held than may be."""
        return len(self._rows) > HELD

    def lose(self) -> None:
        """Let go of what is held: the archive has a hole from here to where the next run begins."""
        log.error("the archive of %s loses %d events that it could not write", self._world, len(self._rows))
        self._carried, self._rows = [], []
        self.writing = False

    @property
    def pending(self) -> bool:
        """Whether there is something that is in no file."""
        return self.writing and self._end > self._begin


def _records(picture: Picture) -> list[Event]:
    return [event for subject in picture.subjects() for event in picture.records(subject).values()]
