"""Where was a thing before, what was said of it, and how fast do the feeds speak? Bounded memory of the last day."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple

from cop.event import Event, Gone, Health, Millis, Sighted, State, Status

DAY_MS: Final = 24 * 3_600_000
TRACK_POINTS: Final = 120
TRACK_SPACING_MS: Final = 10_000
COARSE_MS: Final = 900_000
"""Points of a track that are older than the newest `TRACK_POINTS` are kept in such a distance, for a day."""
TRACK_MOST: Final = 2 * TRACK_POINTS + DAY_MS // COARSE_MS + 1
STATUSES: Final = 60
SERIES_SPACING_MS: Final = 300_000
"""Of a number that a source tells, the newest of each five minutes is kept, for a day."""
SERIES_POINTS: Final = DAY_MS // SERIES_SPACING_MS + 1
HOLDS_MS: Final = 3_600_000
"""So long a number counts for whose end nobody told: then the line breaks off."""
MINUTES: Final = 24 * 60
_MINUTE: Final = 60_000
_WIDTH: Final = 4  # at, lon, lat, speed
_POINT: Final = 3  # at, value, until

NUMBERS: Final[dict[str, tuple[str, str]]] = {
    "waiting_min": ("Waiting time", "min"),
    "waiting_out_min": ("Waiting time, leaving", "min"),
    "waiting_in_min": ("Waiting time, entering", "min"),
    "waiting_lorry_min": ("Waiting time, lorries", "min"),
    "waiting_car_min": ("Waiting time, cars", "min"),
    "waiting_bus_min": ("Waiting time, buses", "min"),
    "queue": ("Queue", "vehicles"),
    "queue_lorry": ("Queue, lorries", "vehicles"),
    "queue_car": ("Queue, cars", "vehicles"),
    "queue_bus": ("Queue, buses", "vehicles"),
    "delay_min": ("Delay", "min"),
    "speed_kmh": ("Speed limited to", "km/h"),
    "capacity_pct": ("Capacity", "%"),
    "latency_ms": ("Answers in", "ms"),
    "vehicles_h": ("Traffic", "vehicles/h"),
    "mean_speed_kmh": ("Mean speed", "km/h"),
    "visibility_m": ("Visibility", "m"),
    "ceiling_m": ("Ceiling", "m"),
    "wind_ms": ("Wind", "m/s"),
}
"""The measures of statuses whose course over the day somebody asks for: their title and unit."""


class Said(NamedTuple):
    """One status that somebody gave, from when it held: the status bar of the detail panel is made of these."""

    at: Millis
    source: str
    state: State
    reason: str
    origin: str
    until: Millis | None = None
    """When it ended by itself or was taken back; None while it may still hold."""


class Point(NamedTuple):
    """A number from a time on; it holds until the next, or until its own end."""

    at: Millis
    value: float
    until: Millis


class Series(NamedTuple):
    """What one source told of one number, oldest first."""

    source: str
    measure: str
    points: tuple[Point, ...]


class Minute(NamedTuple):
    """One minute of a feed: reports that came in it and their delay (received minus source time), seconds."""

    minute: Millis
    reports: int
    delay_mean: float
    delay_max: float


class History:
    """Fed with every event that changed the picture; forgets by age and count, so that weeks do not make it grow."""

    def __init__(self) -> None:
        self._tracks: dict[str, array[float]] = {}
        self._statuses: dict[str, deque[Said]] = {}
        self._series: dict[str, dict[tuple[str, str], array[float]]] = {}  # subject → (source, measure) → points
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
            self._say(event, body)
            self._measure(event, body)
        elif isinstance(body, Gone):
            self._end(event)

    def _follow(self, event: Event, body: Sighted) -> None:
        track = self._tracks.get(event.subject)
        if track is None:
            track = self._tracks[event.subject] = array("d")
        elif event.at - track[-_WIDTH] < TRACK_SPACING_MS:
            return
        speed = -1.0 if body.speed is None else body.speed
        track.extend((float(event.at), body.lon, body.lat, speed))
        if len(track) >= TRACK_MOST * _WIDTH:
            self._tracks[event.subject] = _thinned(track)

    def _say(self, event: Event, body: Status) -> None:
        """A status that only says the same again makes the one before it last longer."""
        begin = event.at if body.since is None else max(event.at, body.since)
        said = Said(begin, event.source, body.state, body.reason, event.origin, body.until)
        known = self._statuses.setdefault(event.subject, deque(maxlen=STATUSES))
        for i in range(len(known) - 1, -1, -1):
            last = known[i]
            if last.source == event.source:
                same = (last.state, last.reason, last.origin) == (said.state, said.reason, said.origin)
                if same and last.at <= begin and (last.until is None or last.until >= begin):
                    known[i] = last._replace(until=body.until)
                    return
                break
        known.append(said)

    def _measure(self, event: Event, body: Status) -> None:
        told = body.measures
        known = self._series.get(event.subject)
        if known is None:
            if NUMBERS.keys().isdisjoint(told):
                return
            known = self._series[event.subject] = {}
        begin = event.at if body.since is None else max(event.at, body.since)
        for key, points in known.items():
            if key[0] == event.source and key[1] not in told:
                _cut(points, event.at)
        until = begin + HOLDS_MS if body.until is None else body.until
        for measure, value in told.items():
            if measure in NUMBERS:
                _add(known.setdefault((event.source, measure), array("d")), begin, float(value), until)

    def _end(self, event: Event) -> None:
        """A source took its word back: what it said holds no longer."""
        for key, points in self._series.get(event.subject, {}).items():
            if key[0] == event.source:
                _cut(points, event.at)
        known = self._statuses.get(event.subject, deque())
        for i, last in enumerate(known):
            if last.source == event.source and (last.until is None or last.until > event.at):
                known[i] = last._replace(until=max(last.at, event.at))

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
        self._series.pop(subject, None)

    def track(self, subject: str) -> list[tuple[Millis, float, float, float | None]]:
        """The way of a thing, oldest first: (at, lon, lat, speed in m/s or None); closer together the newer."""
        flat = self._tracks.get(subject, array("d"))
        points = zip(*(flat[i::_WIDTH] for i in range(_WIDTH)), strict=True)
        return [(int(at), lon, lat, None if speed < 0 else speed) for at, lon, lat, speed in points]

    def statuses(self, subject: str) -> list[Said]:
        """What was said of a thing's status, in the order in which it was heard."""
        return list(self._statuses.get(subject, ()))

    def series(self, subject: str) -> list[Series]:
        """The numbers that statuses told of a thing in the last day, each source and measure for itself."""
        return [
            Series(source, measure, tuple(_points(flat)))
            for (source, measure), flat in self._series.get(subject, {}).items()
        ]

    def measured(self, kind: str) -> list[str]:
        """The things of a kind (`crossing`) of which any number was told."""
        return sorted(subject for subject in self._series if subject.startswith(kind + ":"))

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


def _thinned(track: array[float]) -> array[float]:
    """The newest points as they are; of the older ones of the last day one in `COARSE_MS`."""
    split = len(track) - TRACK_POINTS * _WIDTH
    kept, last, horizon = array("d"), -float("inf"), track[-_WIDTH] - DAY_MS
    for at in range(0, split, _WIDTH):
        if track[at] >= horizon and track[at] - last >= COARSE_MS:
            kept.extend(track[at : at + _WIDTH])
            last = track[at]
    kept.extend(track[split:])
    return kept


def _add(points: array[float], at: Millis, value: float, until: Millis) -> None:
    """One more point; in the same five minutes the newer value takes the place of the older."""
    if points:
        last = points[-_POINT]
        if at < last:
            return
        if at // SERIES_SPACING_MS == int(last) // SERIES_SPACING_MS:
            points[-2], points[-1] = value, float(until)
            return
    points.extend((float(at), value, float(until)))
    while points[0] < at - DAY_MS or len(points) > SERIES_POINTS * _POINT:
        del points[:_POINT]


def _cut(points: array[float], at: Millis) -> None:
    """The number is no longer told from that time on."""
    if points[-1] > at >= points[-_POINT]:
        points[-1] = float(at)


def _points(flat: array[float]) -> Iterator[Point]:
    for at, value, until in zip(flat[0::_POINT], flat[1::_POINT], flat[2::_POINT], strict=True):
        yield Point(int(at), value, int(until))
