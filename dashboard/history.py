"""Where was a thing before, what was said of it, and how fast do the feeds speak? Bounded memory of the recent past."""

from __future__ import annotations

from array import array
from collections import deque
from typing import Final, NamedTuple

from cop.event import Event, Health, Millis, Sighted, State, Status

TRACK_POINTS: Final = 120
TRACK_SPACING_MS: Final = 10_000
STATUSES: Final = 20
MINUTES: Final = 24 * 60
_MINUTE: Final = 60_000
_WIDTH: Final = 4  # at, lon, lat, speed


class Said(NamedTuple):
    """One status that somebody gave: the status bar of the detail panel is made of these."""

    at: Millis
    source: str
    state: State
    reason: str
    origin: str


class Minute(NamedTuple):
    """One minute of a feed: reports that came in it and their delay (received minus source time), seconds."""

    minute: Millis
    reports: int
    delay_mean: float
    delay_max: float


class History:
    """Fed with every event that changed the picture; forgets by count, so that weeks do not make it grow."""

    def __init__(self) -> None:
        self._tracks: dict[str, array[float]] = {}
        self._statuses: dict[str, deque[Said]] = {}
        self._feeds: dict[str, deque[list[float]]] = {}  # source → [minute, reports, delay sum, delay max]

    def keep(self, event: Event) -> None:
        """Remember what a later look back needs of this event."""
        body = event.body
        if isinstance(body, Health):
            return
        self._count(event)
        if isinstance(body, Sighted):
            self._follow(event, body)
        elif isinstance(body, Status):
            said = Said(event.at, event.source, body.state, body.reason, event.origin)
            self._statuses.setdefault(event.subject, deque(maxlen=STATUSES)).append(said)

    def _follow(self, event: Event, body: Sighted) -> None:
        track = self._tracks.get(event.subject)
        if track is None:
            track = self._tracks[event.subject] = array("d")
        elif event.at - track[-_WIDTH] < TRACK_SPACING_MS:
            return
        speed = -1.0 if body.speed is None else body.speed
        track.extend((float(event.at), body.lon, body.lat, speed))
        if len(track) > 2 * TRACK_POINTS * _WIDTH:
            del track[: TRACK_POINTS * _WIDTH]

    def _count(self, event: Event) -> None:
        minutes = self._feeds.setdefault(event.source, deque(maxlen=MINUTES))
        minute = event.received - event.received % _MINUTE
        delay = max(0, event.received - event.at) / 1000
        if minutes and minutes[-1][0] == minute:
            last = minutes[-1]
            last[1] += 1
            last[2] += delay
            last[3] = max(last[3], delay)
        elif not minutes or minute > minutes[-1][0]:
            minutes.append([float(minute), 1.0, delay, delay])

    def forget(self, subject: str) -> None:
        """The subject left the picture by age."""
        self._tracks.pop(subject, None)
        self._statuses.pop(subject, None)

    def track(self, subject: str) -> list[tuple[Millis, float, float, float | None]]:
        """The recent way of a thing, oldest first: (at, lon, lat, speed in m/s or None)."""
        flat = self._tracks.get(subject, array("d"))
        points = zip(*(flat[i::_WIDTH] for i in range(_WIDTH)), strict=True)
        return [(int(at), lon, lat, None if speed < 0 else speed) for at, lon, lat, speed in points]

    def statuses(self, subject: str) -> list[Said]:
        """What was said of a thing's status, oldest first."""
        return list(self._statuses.get(subject, ()))

    def minutes(self, source: str) -> list[Minute]:
        """The last day of a feed, oldest minute first; minutes without a report are absent."""
        return [
            Minute(int(minute), int(reports), total / reports, worst)
            for minute, reports, total, worst in self._feeds.get(source, ())
        ]

    @property
    def sources(self) -> list[str]:
        """Every feed that spoke in the last day."""
        return sorted(self._feeds)
