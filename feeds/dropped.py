"""What do files that people drop into a folder leave unsaid: whose track it is, when that was, how fast it went?

They come from many hands, so a thing is known by the name that its file gives it. A time is the file's own or none: a
track that is not timed was there at some time that nobody can tell.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, tzinfo
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cop.event import Millis, Sighted
from cop.geo import bearing, distance
from feeds.adapter import Unreadable

FASTEST: Final = 36.0
"""Metres a second: what two points of a track say beyond this is a jump of the position, not a speed."""
HDOP_M: Final = 5.0
"""Metres of error for a horizontal dilution of 1: the usual range error of a civil receiver."""
UNSAID: Final = frozenset({"", "-", "–", "n/a", "na", "none", "null", "nan", "unknown", "?"})
"""What people write, in lower case, where they know nothing."""

_APART = re.compile(r"[^\w.]+")
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)|(\d\d?)[./](\d\d?)[./](\d{4})", re.ASCII)
_TIMED = re.compile(r"\d{4}-?\d\d-?\d\d[T ]\d\d", re.ASCII)


class Fix(NamedTuple):
    """A point of a track. `speed` is metres a second, `course` degrees true, `accuracy` and `altitude` metres."""

    at: Millis
    lon: float
    lat: float
    altitude: float | None = None
    speed: float | None = None
    course: float | None = None
    accuracy: float | None = None


def slug(name: str) -> str:
    """The name as an id: letters of any script and digits stay, all else becomes a hyphen. May be empty."""
    return _APART.sub("-", name).strip("-._")[:64].rstrip("-._")


def convoy(*names: str | None) -> tuple[str, str]:
    """(subject, name) by the first of these names that says anything. Raises `Unreadable` when none does."""
    for name in names:
        said = " ".join((name or "").split())
        if key := slug(said):
            return f"convoy:{key}", said[:200]
    raise Unreadable("nobody says which convoy it is")


def stem(name: str) -> str:
    """What a file is called, from its path or address, without folder and ending."""
    return PurePosixPath(name.partition("?")[0].partition("#")[0].replace("\\", "/")).stem


# -- when -------------------------------------------------------------------------------------------------------------


def millis(moment: datetime) -> Millis:
    """The moment, which has a zone, in ms UTC. Raises `Unreadable` for one beyond the calendar or before 1970."""
    try:
        found = round(moment.astimezone(UTC).timestamp() * 1000)
    except (OverflowError, ValueError):
        raise Unreadable(f"{moment} is beyond the calendar") from None
    if found < 0:
        raise Unreadable(f"{moment} lies before 1970")
    return found


def moment(said: object, zone: tzinfo | None = None) -> Millis:
    """When that was: ISO 8601 with a zone, or seconds or milliseconds since 1970. Raises `Unreadable`.

    A time that names no zone is taken in the one that is given; without one nobody can tell when it was.
    """
    if isinstance(said, int | float) and not isinstance(said, bool):
        if 1e9 <= said < 1e10:
            return round(said * 1000)
        if 1e11 <= said < 1e13:
            return round(said)
        raise Unreadable(f"{said} is not a time")
    text = said.strip() if isinstance(said, str) else ""
    try:
        if not _TIMED.match(text):
            raise ValueError
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable(f"{str(said)[:40]!r} is not a time in ISO 8601") from None
    if found.tzinfo is not None:
        return millis(found)
    if zone is None:
        raise Unreadable(f"{text!r} names no zone: nobody can tell when that was")
    first, second = (millis(found.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    if first != second:
        often = "is there twice" if first < second else "does not exist"
        raise Unreadable(f"{text!r} {often} in the night when the clocks change: it needs a zone of its own")
    return first


def day(said: object) -> Millis:
    """The beginning, UTC, of the day that a register gives: ISO 8601 or day.month.year. Raises `Unreadable`."""
    found = _DAY.match(said.strip()) if isinstance(said, str) else None
    try:
        if found is None:
            raise ValueError
        parts = (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
        there = date(*(int(part) for part in parts))
    except ValueError:
        raise Unreadable(f"{str(said)[:40]!r} is not a day") from None
    return millis(datetime(there.year, there.month, there.day, tzinfo=UTC))


# -- how it moved -----------------------------------------------------------------------------------------------------


def moved(segment: Sequence[Fix]) -> Iterator[Fix]:
    """The points in order of time, with the speed and course since the one before where they tell none themselves."""
    ordered = sorted(segment, key=lambda fix: fix.at)
    yield from ordered[:1]
    for before, fix in pairwise(ordered):
        if fix.at == before.at or (fix.speed is not None and fix.course is not None):
            yield fix
            continue
        here, there = (before.lon, before.lat), (fix.lon, fix.lat)
        speed = distance(here, there) * 1000 / (fix.at - before.at)
        if not speed <= FASTEST:
            yield fix
            continue
        course = round(bearing(here, there), 1) % 360 if speed else None
        yield fix._replace(
            speed=round(speed, 2) if fix.speed is None else fix.speed,
            course=course if fix.course is None else fix.course,
        )


def sighted(fix: Fix) -> Sighted:
    """The body of one point. A course of 360 is north; a dilution or altitude that is no number is unknown."""
    course = None if fix.course is None else fix.course % 360 if 0 <= fix.course <= 360 else None
    speed = fix.speed if fix.speed is not None and 0 <= fix.speed < math.inf else None
    return Sighted(fix.lon, fix.lat, course, speed, fix.accuracy, fix.altitude)


def motion(segments: Sequence[Sequence[Fix]]) -> str:
    """Who says how fast the track went and where to: its points, or nobody, so that it is computed between them."""
    fixes = [fix for segment in segments for fix in segment]
    missing = [name for name in ("speed", "course") if any(getattr(fix, name) is None for fix in fixes)]
    return f"{' and '.join(missing)} computed between points" if missing else "as told by the points"


def zone_of(name: str) -> ZoneInfo | None:
    """The time zone of that name; None for no name. Raises `ValueError`."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(f"options: zone = {name!r} is no time zone") from error


def number(said: object) -> float | None:
    """A finite number, also from text; None for what says nothing or is none."""
    if isinstance(said, bool) or not isinstance(said, str | int | float):
        return None
    try:
        found = float(said)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None
