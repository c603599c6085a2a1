"""What is an event, and which bodies can it carry?

Everything on the map arrived as one of these: a bridge's load class as much as a moving convoy. Times are integer
milliseconds UTC since 1970, positions degrees WGS 84 (lon, lat), speeds m/s, courses degrees true, lengths metres.
"""

from __future__ import annotations

import math
from hashlib import blake2b
from sys import intern
from typing import Literal, cast

import msgspec

Millis = int
"""Milliseconds UTC since 1970-01-01."""

Origin = Literal["observed", "simulated", "injected"]
State = Literal["open", "restricted", "degraded", "closed", "unknown"]
FeedState = Literal["ok", "late", "failed"]
Kind = Literal["sighted", "described", "status", "planned", "gone", "health"]
Scalar = str | int | float | bool | None

REAL = "real"
EXERCISE = "exercise/"
STATES: tuple[State, ...] = ("open", "restricted", "degraded", "closed", "unknown")
SEVERITY: dict[State, int] = {"open": 0, "unknown": 1, "degraded": 2, "restricted": 2, "closed": 3}
"""How bad a state is for who wants to pass; `unknown` is never better than `open`."""


class InvalidEvent(ValueError):
    """The values cannot be an event: the message says which and why."""


class _Body(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="kind"):
    pass


class Sighted(_Body, frozen=True, tag="sighted"):
    """Where a moving thing was. `accuracy` is a radius in metres, `altitude` metres above mean sea level."""

    lon: float
    lat: float
    course: float | None = None
    speed: float | None = None
    accuracy: float | None = None
    altitude: float | None = None


class Limit(msgspec.Struct, frozen=True, omit_defaults=True):
    """One limit of a thing. An MLC is a class number, never tonnes, so value, unit and basis stand apart."""

    what: str
    value: float
    unit: str
    basis: str = ""


class Described(_Body, frozen=True, tag="described"):
    """Who or what a thing is. `path` is a line of (lon, lat) that it occupies; `marking` must stay with the values."""

    name: str = ""
    nations: tuple[str, ...] = ()
    lon: float | None = None
    lat: float | None = None
    path: tuple[tuple[float, float], ...] = ()
    sidc: str = ""
    limits: tuple[Limit, ...] = ()
    properties: dict[str, Scalar] = {}
    basis: str = ""
    marking: str = ""


class Status(_Body, frozen=True, tag="status"):
    """Whether a thing can be used, from `since` to `until`. `measures` has named numbers (delay_min, speed_kmh, …)."""

    state: State
    since: Millis | None = None
    until: Millis | None = None
    reason: str = ""
    measures: dict[str, float] = {}


class Waypoint(msgspec.Struct, frozen=True, omit_defaults=True):
    """A critical point of a plan: the head is `due`, the tail `clear`, `km` road kilometres after the start."""

    name: str
    lon: float
    lat: float
    km: float = 0.0
    due: Millis | None = None
    clear: Millis | None = None


class Planned(_Body, frozen=True, tag="planned"):
    """What a movement means to do: its route's line and its critical points in order of passing."""

    route: str = ""
    path: tuple[tuple[float, float], ...] = ()
    points: tuple[Waypoint, ...] = ()
    properties: dict[str, Scalar] = {}
    marking: str = ""


class Gone(_Body, frozen=True, tag="gone"):
    """The source withdrew the thing: everything that this source said at or before this time no longer counts."""

    reason: str = ""


class Health(_Body, frozen=True, tag="health"):
    """How a feed is doing. `records` and `rejects` count since the feed started; `newest` is its newest source time.

    `reasons` has the most frequent reasons of rejection and how often each came.
    """

    state: FeedState
    detail: str = ""
    nations: tuple[str, ...] = ()
    records: int = 0
    rejects: int = 0
    newest: Millis | None = None
    stale_s: float = 0.0
    reasons: dict[str, int] = {}


Body = Sighted | Described | Status | Planned | Gone | Health


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that a source said. `at` is when it was true by the source's own clock, `received` when we heard it."""

    id: str
    source: str
    subject: str
    at: Millis
    received: Millis
    body: Body
    world: str = REAL
    origin: Origin = "observed"


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(Event)


def encode(event: Event) -> bytes:
    """The event as one JSON object in UTF-8: the wire form on the stream."""
    return _encoder.encode(event)


def decode(data: bytes | str) -> Event:
    """Read the wire form. Raises `InvalidEvent` for anything that is not an event."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise InvalidEvent(f"not an event: {error}") from error


def kind(body: Body) -> str:
    """The body's tag: `sighted`, `described`, `status`, `planned`, `gone` or `health`."""
    return str(body.__struct_config__.tag)


def identity(source: str, subject: str, at: Millis, world: str, origin: Origin, body: Body) -> str:
    """The id that the same report always gets: 24 hex digits over what was said, not over when we heard it."""
    said = _encoder.encode((source, subject, at, world, origin, body))
    return blake2b(said, digest_size=12).hexdigest()


def event(
    source: str,
    subject: str,
    at: Millis,
    body: Body,
    *,
    received: Millis,
    world: str = REAL,
    origin: Origin = "observed",
) -> Event:
    """Make an event with its identity. Raises `InvalidEvent` when a position, number, time or name cannot be."""
    if not source or ":" not in subject or subject.split() != [subject]:
        raise InvalidEvent(f"source {source!r} or subject {subject!r} is not a name (kind:id, no blanks)")
    if world != REAL and not is_exercise(world):
        raise InvalidEvent(f"world {world!r} is neither real nor exercise/<name>")
    if at < 0 or received < 0:
        raise InvalidEvent("a time lies before 1970")
    _check(body)
    world, origin = intern(world), cast(Origin, intern(origin))  # msgspec leaves out defaults by identity
    return Event(identity(source, subject, at, world, origin, body), source, subject, at, received, body, world, origin)


def is_exercise(world: str) -> bool:
    """Whether the world is `exercise/<name>` with a name of letters, digits, `-` and `_`."""
    name = world.removeprefix(EXERCISE)
    return world.startswith(EXERCISE) and 0 < len(name) <= 64 and name.replace("-", "").replace("_", "").isalnum()


def _check(body: Body) -> None:
    match body:
        case Sighted():
            _check_place(body.lon, body.lat)
            _check_finite(body.course, body.speed, body.accuracy, body.altitude)
            if body.course is not None and not 0 <= body.course < 360:
                raise InvalidEvent(f"course {body.course} is not in 0..360")
            if body.speed is not None and body.speed < 0:
                raise InvalidEvent(f"speed {body.speed} is negative")
        case Described():
            if (body.lon is None) != (body.lat is None):
                raise InvalidEvent("a place needs both lon and lat")
            if body.lon is not None and body.lat is not None:
                _check_place(body.lon, body.lat)
            _check_path(body.path)
            _check_finite(*(limit.value for limit in body.limits))
            _check_finite(*(v for v in body.properties.values() if isinstance(v, float)))
        case Status():
            _check_finite(*body.measures.values())
            if body.since is not None and body.until is not None and body.until < body.since:
                raise InvalidEvent("a status ends before it begins")
        case Planned():
            _check_path(body.path)
            for point in body.points:
                _check_place(point.lon, point.lat)
        case _:
            pass


def _check_place(lon: float, lat: float) -> None:
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):  # also false for NaN
        raise InvalidEvent(f"position {lon}, {lat} is not on Earth")


def _check_path(path: tuple[tuple[float, float], ...]) -> None:
    for lon, lat in path:
        _check_place(lon, lat)


def _check_finite(*values: float | None) -> None:
    for value in values:
        if value is not None and not math.isfinite(value):
            raise InvalidEvent(f"{value} is not a finite number")
