"""How does a simulated column drive when something holds it up? Each march unit by the picture's own forecast.

Minutes are exercise minutes from STARTEX, as in the march table. A column that nothing holds up needs no more than its
head's passing times; one that met something keeps the corners of each unit's way through time. What a unit has driven
stays as it was: a hold that comes or goes changes only what is still to come.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

from cop.movement.forecast import MINUTE, Forecast, Hold, Leg, Seen, Stop, forecast

CUT_MIN: Final = 5.0
"""Units that are farther apart than planned by this march as elements of their own."""
Track = tuple[Stop, ...]


class At(NamedTuple):
    """Where a unit is: road km, km a minute, and what it waits for (subject, source) with the minute of leaving."""

    km: float
    pace: float
    waits: tuple[str, str] = ("", "")
    leaves: float = 0.0


def undisturbed(km: Sequence[float], passes: Sequence[float], unit: int, length: float) -> Track:
    """The way through time of a unit that nothing holds up, minutes."""
    return tuple(Stop(minute + unit * length, at) for minute, at in zip(passes, km, strict=True))


def where(track: Track, minute: float) -> At:
    """Where a unit with that way is; it waits at its start and stands at its end."""
    i = bisect_right(track, minute, key=lambda stop: stop.at)
    if i == 0:
        return At(track[0].km, 0.0)
    if i == len(track):
        return At(track[-1].km, 0.0)
    a, b = track[i - 1], track[i]
    if b.km <= a.km or math.isinf(b.at):
        return At(a.km, 0.0, b.hold, b.at)
    pace = (b.km - a.km) / (b.at - a.at)
    return At(a.km + (minute - a.at) * pace, pace)


def driven(
    km: Sequence[float],
    passes: Sequence[float],
    tracks: Sequence[Track],
    holds: Sequence[Hold],
    minute: float,
    length: float,
    queue: dict[tuple[str, str], float],
) -> tuple[Track, ...]:
    """Each unit's way when from `minute` on these holds are what stands on it. Their times are exercise ms."""
    legs = [Leg(at, round(due * MINUTE)) for at, due in zip(km, passes, strict=True)]
    seen = [_seen(track, legs, minute) for track in tracks]
    told: Forecast = forecast(legs, holds, units=len(tracks), pass_min=length * len(tracks), seen=seen, queue=queue)
    found: list[Track] = []
    for track, ahead in zip(tracks, told.tracks, strict=True):
        past = [stop for stop in track if stop.at <= minute]
        rest = [Stop(stop.at / MINUTE, stop.km, stop.hold) for stop in ahead if stop.at / MINUTE > minute]
        here = where(track, minute)
        found.append((*past, Stop(minute, here.km), *rest) if past else tuple(rest))
    return tuple(found)


def elements(tracks: Sequence[Track], minute: float, length: float) -> list[int]:
    """The first units of the elements into which the column is cut now, the head's (0) first."""
    cuts = [0]
    for unit in range(1, len(tracks)):
        before, here = where(tracks[unit - 1], minute), where(tracks[unit], minute)
        gap = when(tracks[unit], before.km) - minute if before.km > here.km else 0.0
        if gap - length > CUT_MIN:
            cuts.append(unit)
    return cuts


def when(track: Track, km: float) -> float:
    """The minute at which a unit leaves that kilometre."""
    i = next((i for i, stop in enumerate(track) if stop.km >= km), None)
    if i is None or i == 0:
        return track[0].at if i == 0 else math.inf
    a, b = track[i - 1], track[i]
    return b.at if b.km <= a.km else a.at + (b.at - a.at) * (km - a.km) / (b.km - a.km)


def _seen(track: Track, legs: Sequence[Leg], minute: float) -> Seen | None:
    """What is known of a unit at that minute; None before it has set out."""
    if minute < track[0].at:
        return None
    here = where(track, minute)
    passed: list[float] = []
    for leg in legs:
        if leg.km > here.km or (leg.km == here.km and here.waits[0]):
            break
        passed.append(min(when(track, leg.km), minute) * MINUTE)
    return Seen(passed, here.km, minute * MINUTE, here.waits, here.leaves * MINUTE)
