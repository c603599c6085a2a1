"""Can this be true? Bounds by kind, and whether a thing can have come from where it was a moment ago.

A doubt sends the report to quarantine with its reason; it changes nothing that is known. The bounds are generous: they
are there for faults of units, axes and clocks, not for the unusual.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from cop.event import REAL, Described, Event, Millis, Sighted
from feeds.coast import at_sea, inland

FASTEST: Final[dict[str, float]] = {"convoy": 36.0, "unit": 75.0, "vessel": 42.0, "aircraft": 1100.0}
"""Kind → the fastest that one moves, m/s: 130 km/h on a road, 270 km/h for a unit that may fly, 80 kn, Mach 3."""
ON_LAND: Final = frozenset({"roadevent", "bridge", "crossing", "station", "road", "rail", "site", "airfield"})
"""Kinds that stand on land: not those that a ferry or a quay carries off it."""
HIGHEST_M: Final = 30_000.0
LOWEST_M: Final = -500.0
NEAR_M: Final = 2_000.0
"""A jump of less is the scatter of receivers, not a journey."""
AGREED: Final = 3
"""So many reports in a row that agree among themselves are the truth, and what was known before was not."""
LONGEST_MS: Final = 30 * 60_000
"""After so long a silence nothing is known of the way."""
FUTURE_MS: Final = 120_000
"""A report from further ahead than this would win every comparison for ever."""
KEPT: Final = 100_000
_EARTH_M: Final = 6_371_009.0


class _Seen(NamedTuple):
    at: Millis
    lon: float
    lat: float


class Plausible:
    """What a feed has said of moving things, as far as the next report is judged by it."""

    def __init__(self) -> None:
        self._last: dict[str, _Seen] = {}
        self._other: dict[str, tuple[_Seen, int]] = {}

    def doubt(self, said: Event, now: Millis) -> str:
        """Why this can't be true, as of `now`; empty when it can, and then it is remembered."""
        if said.at > now + FUTURE_MS:
            return f"from the future: {(said.at - now) // 1000} s ahead of our clock"
        kind = said.subject.partition(":")[0]
        body = said.body
        if isinstance(body, Described):
            if body.lon is not None and body.lat is not None and kind in ON_LAND and at_sea(body.lon, body.lat):
                return f"a {kind} in the sea at {body.lon:.4f}, {body.lat:.4f}"
        elif isinstance(body, Sighted):
            why = _bounds(kind, body)
            if not why and said.world == REAL:  # an exercise's clock may run faster than ours
                why = self._jump(kind, said.subject, _Seen(said.at, body.lon, body.lat))
            return why
        return ""

    def _jump(self, kind: str, subject: str, here: _Seen) -> str:
        fastest = FASTEST.get(kind)
        if fastest is None:
            return ""
        last = self._last.get(subject)
        why = _too_fast(last, here, fastest) if last is not None else ""
        if why:
            other, agreed = self._other.get(subject, (here, 0))
            agreed = agreed + 1 if not _too_fast(other, here, fastest) else 1
            if agreed < AGREED:
                self._other[subject] = here, agreed
                return why
        self._other.pop(subject, None)
        if last is None or here.at >= last.at or why:
            self._last.pop(subject, None)
            self._last[subject] = here
            if len(self._last) > KEPT:
                gone = next(iter(self._last))
                del self._last[gone]
                self._other.pop(gone, None)
        return ""


def _bounds(kind: str, seen: Sighted) -> str:
    fastest = FASTEST.get(kind)
    if fastest is not None and seen.speed is not None and seen.speed > fastest:
        return f"a {kind} at {seen.speed * 3.6:.0f} km/h; at most {fastest * 3.6:.0f} can be"
    if seen.altitude is not None and not LOWEST_M <= seen.altitude <= HIGHEST_M:
        return f"a {kind} {seen.altitude:.0f} m above the sea"
    if kind == "vessel" and inland(seen.lon, seen.lat):
        return f"a ship on land at {seen.lon:.4f}, {seen.lat:.4f}"
    return ""


def _too_fast(last: _Seen, here: _Seen, fastest: float) -> str:
    """Why one can't have come from there to here. On a sphere: half a percent doesn't matter, and it is asked often."""
    took_ms = abs(here.at - last.at)
    if took_ms > LONGEST_MS:
        return ""
    up, across = math.radians(here.lat - last.lat), math.radians(here.lon - last.lon)
    across = (across + math.pi) % math.tau - math.pi
    metres = _EARTH_M * math.hypot(up, across * math.cos(math.radians((here.lat + last.lat) / 2)))
    if metres < NEAR_M or metres - NEAR_M <= fastest * took_ms / 1000:
        return ""
    return f"{metres / 1000:.0f} km in {took_ms / 1000:.0f} s from where it was"
