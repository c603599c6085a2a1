"""What had been told before a moment of the past? The history that a page of then would have had, from the archive."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Iterable
from typing import Final, NamedTuple

from cop.event import Event, Millis, Status
from dashboard.archive import Archive, BadSegment, Segment
from dashboard.history import DAY_MS, MINUTES, History

DIGESTS: Final = 400
"""Files of which it is kept what they told of statuses and feeds: somewhat more than two days."""
_MINUTE: Final = 60_000


Counted = tuple[float, float, float, float]
"""A minute of a feed: when, reports, the sum of their delays and the greatest, seconds."""


class Digest(NamedTuple):
    """What a file adds to histories: statuses and withdrawals, and each feed's minutes as `History` counts them."""

    said: tuple[Event, ...]
    minutes: dict[str, tuple[Counted, ...]]


class Digests:
    """The digests of files, made once: many moments of the same day use the same."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self._kept: OrderedDict[str, Digest] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, segment: Segment) -> Digest:
        """A file's digest. Raises `BadSegment`."""
        key = f"{segment.world} {segment.name}"
        with self._lock:
            if (known := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return known
        said = tuple(self.archive.read_of(segment, kinds=("status", "gone")))
        minutes: dict[str, list[list[float]]] = {}
        for source, at, received in self.archive.counted(segment):
            _count(minutes.setdefault(source, []), received - received % _MINUTE, max(0, received - at) / 1000)
        frozen = {source: tuple((a, b, c, d) for a, b, c, d in rows) for source, rows in minutes.items()}
        digest = Digest(said, frozen)
        with self._lock:
            self._kept[key] = digest
            while len(self._kept) > DIGESTS:
                self._kept.popitem(last=False)
        return digest


class Recalled(History):
    """A history that begins at a file: what was before comes from the files before it, of a day.

    Ways are long and rarely asked, so a thing's is read when somebody does.
    """

    def __init__(self, archive: Archive, world: str, begun: Millis) -> None:
        super().__init__()
        self._archive = archive
        self._world = world
        self._begun = begun
        self._ways: dict[str, History] = {}

    def recall(self, digests: Digests) -> None:
        """Take in what the files of the day before told, but for the ways. Before anything else is kept."""
        for segment in self._archive.segments(self._world):
            if segment.last <= self._begun - DAY_MS or segment.last > self._begun:
                continue
            try:
                digest = digests.of(segment)
            except BadSegment:
                continue
            for event in digest.said:
                if isinstance(event.body, Status):
                    self._say(event, event.body)
                    self._measure(event, event.body)
                else:
                    self._end(event)
            for source, minutes in digest.minutes.items():
                self._add_minutes(source, minutes)

    def _add_minutes(self, source: str, minutes: Iterable[Counted]) -> None:
        """Minutes of the next file: the first may be the one in which the file before it ended."""
        known = self._feeds.setdefault(source, deque(maxlen=MINUTES))
        for minute, reports, delay, worst in minutes:
            if known and known[-1][0] == minute:
                last = known[-1]
                known[-1] = [minute, last[1] + reports, last[2] + delay, max(last[3], worst)]
            elif not known or minute > known[-1][0]:
                known.append([minute, reports, delay, worst])

    def track(self, subject: str) -> list[tuple[Millis, float, float, float | None]]:
        before = self._ways.get(subject)
        if before is None:
            before = self._ways[subject] = History()
            for event in self._archive.read(
                self._world, self._begun - DAY_MS, self._begun, subjects=(subject,), kinds=("sighted",)
            ):
                before.keep(event)
        return [*before.track(subject), *super().track(subject)]

    def forget(self, subject: str) -> None:
        super().forget(subject)
        self._ways[subject] = History()


def _count(minutes: list[list[float]], minute: Millis, delay: float) -> None:
    if minutes and minutes[-1][0] == minute:
        last = minutes[-1]
        last[1] += 1
        last[2] += delay
        last[3] = max(last[3], delay)
    elif not minutes or minute > minutes[-1][0]:
        minutes.append([float(minute), 1.0, delay, delay])
