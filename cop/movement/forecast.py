"""When does each part of a column pass each point, given what holds it up on its way?

A column is cut into its march units, which follow each other at equal spacing and never overtake. Each goes from
point to point in the time that the plan gives the leg, and meets what stands on it: a closure lets it wait for the end,
a slow stretch costs the difference of speeds, processing takes its minutes a unit and one unit after the other. What
the head has passed already is taken as it was observed; the part of the column behind it is still a forecast.

Times are milliseconds UTC; minutes of a rule are minutes of the movement's own clock, which runs `scale` times as fast.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from cop.event import Millis

MINUTE: Final = 60_000
SPLIT_MIN: Final = 5.0
"""Units that are farther apart than planned by this are shown as elements of their own."""
NEVER: Final = math.inf


class Leg(NamedTuple):
    """A point of the plan: kilometres from the start, and when the head is due there by the plan."""

    km: float
    due: Millis


class Hold(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something on the way that costs time between `since` and `until` (None: no end is known)."""

    km: float
    subject: str
    name: str
    reason: str
    since: Millis = 0
    until: Millis | None = None
    to_km: float | None = None
    """The end of a stretch; None for a point."""
    closed: bool = False
    delay_min: float = 0.0
    """Once for each unit that meets it: the units wait side by side."""
    processing_min: float = 0.0
    """For each unit, one after the other."""
    speed_kmh: float | None = None
    """What may be driven on the stretch."""
    held_share: float = 0.0
    """The share of the units, counted from the tail, that can't leave before the end: a port at reduced capacity."""
    source: str = ""
    at: Millis = 0


class Cost(NamedTuple):
    """What one hold costs one movement: minutes of its own clock to the head and to the tail, infinite without end."""

    subject: str
    name: str
    reason: str
    head_min: float
    tail_min: float
    source: str
    at: Millis
    until: Millis | None


class Seen(NamedTuple):
    """What is known of a unit: when it passed its first legs, where it is, when that was, and what it waits for."""

    passed: Sequence[float]
    km: float
    at: float
    waits: tuple[str, str] = ("", "")
    """Subject and source of the hold that it stands at, and …"""
    leaves: float = 0.0
    """… when it may leave there."""


class Stop(NamedTuple):
    """A corner of a unit's way through time: at `at` it is at `km`; two with the same `km` are a wait."""

    at: float
    km: float
    hold: tuple[str, str] = ("", "")
    """At the end of a wait: what it waited for."""


class Forecast(msgspec.Struct, frozen=True):
    """The times of each unit at each leg's end; infinite where it will not come as long as nothing changes."""

    units: tuple[tuple[float, ...], ...]
    """For each unit its time at each leg, ms UTC."""
    length: float
    """How long a unit takes to pass a point, ms."""
    costs: tuple[Cost, ...]
    tracks: tuple[tuple[Stop, ...], ...]
    """For each unit the corners of its way through time; between two of them it drives evenly."""

    met: tuple[tuple[float, float], ...] = ()
    """Where and when the head comes to each hold on its way, before it waits there: (km, ms)."""

    def comes(self, km: float, legs: Sequence[Leg]) -> float:
        """When the head comes to a kilometre, before it waits there; infinite where it does not come."""
        for at_km, at in self.met:
            if at_km == km:
                return at
        i = bisect_left(legs, km, key=_km)
        if i == len(legs) or legs[i].km == km or i == 0:
            return self.units[0][min(i, len(legs) - 1)]
        before, after = self.units[0][i - 1], self.units[0][i]
        if math.isinf(after):
            return before if not math.isinf(before) else after
        return before + (after - before) * (km - legs[i - 1].km) / (legs[i].km - legs[i - 1].km)

    def head(self, leg: int) -> Millis | None:
        """When the head passes the leg; None when it can't be told."""
        return _whole(self.units[0][leg])

    def clear(self, leg: int) -> Millis | None:
        """When the tail has passed the leg."""
        return _whole(self.units[-1][leg] + self.length)

    def elements(self, scale: float = 1.0) -> tuple[tuple[int, int], ...]:
        """Runs of units (first, one past the last) that arrive together; more than one when the column was cut."""
        arrive = [unit[-1] for unit in self.units]
        cuts = [0]
        for i in range(1, len(arrive)):
            if not arrive[i] - arrive[i - 1] - self.length <= SPLIT_MIN * MINUTE / scale:
                cuts.append(i)
        return tuple(zip(cuts, [*cuts[1:], len(arrive)], strict=True))


def forecast(
    legs: Sequence[Leg],
    holds: Sequence[Hold],
    *,
    units: int = 1,
    pass_min: float = 0.0,
    scale: float = 1.0,
    seen: Sequence[Seen | None] = (),
    late_ms: float = 0.0,
    queue: dict[tuple[str, str], float] | None = None,
    tracks: bool = False,
) -> Forecast:
    """The times at every leg. `seen` has what is known of each unit, the head first; the rest follow by the plan.

    Holds that a seen unit has behind it cost it nothing more: they are in its lateness. `late_ms` is how late a head
    that nobody has seen sets out. `queue` is shared by movements that wait for the same processing: until when each
    hold is busy, ms. `tracks`: tell every corner of the units' ways. Raises `ValueError` for a plan without points.
    """
    if not legs:
        raise ValueError("a plan without points has no times")
    count = max(1, units)
    way = _Way(legs, sorted(holds, key=_place), count, pass_min * MINUTE / scale / count, scale, queue, tracks)
    rows: list[tuple[float, ...]] = []
    for unit in range(count):
        known = seen[unit] if unit < len(seen) else None
        rows.append(way.drive(unit, known, rows[-1] if rows else None, late_ms))
    costs = tuple(
        Cost(
            hold.subject,
            hold.name,
            hold.reason,
            way.spent[0][i] * scale / MINUTE,
            way.spent[-1][i] * scale / MINUTE,
            hold.source,
            hold.at,
            hold.until,
        )
        for i, hold in enumerate(way.holds)
        if any(spent[i] > 0 for spent in way.spent)
    )
    return Forecast(tuple(rows), way.length, costs, tuple(tuple(track) for track in way.tracks), tuple(way.met))


class _Way:
    """The legs with what stands on them, as one unit after the other meets it."""

    def __init__(
        self,
        legs: Sequence[Leg],
        holds: Sequence[Hold],
        units: int,
        length: float,
        scale: float,
        queue: dict[tuple[str, str], float] | None,
        record: bool,
    ) -> None:
        self.legs, self.holds, self.length, self.scale = legs, holds, length, scale
        self.spent: list[list[float]] = []  # for each unit what each hold cost it, ms
        self.tracks: list[list[Stop]] = []
        self._first_held = [units - math.ceil(h.held_share * units) if h.held_share > 0 else units for h in holds]
        self._busy = {} if queue is None else queue  # hold → until when the unit before is processed there
        self._record = record
        self.met: list[tuple[float, float]] = []
        self._due = np.array([leg.due for leg in legs], dtype=float)
        self._kms = [leg.km for leg in legs]
        steps, lasts = np.diff(self._kms), np.diff(self._due)
        self._rates: list[float] = [0.0, *np.divide(lasts, steps, out=np.zeros_like(lasts), where=steps > 0).tolist()]

    def drive(self, unit: int, seen: Seen | None, before: Sequence[float] | None, late_ms: float) -> tuple[float, ...]:
        """The unit's times at the legs: what was seen, and the rest by the plan and the holds. It never overtakes."""
        self.spent.append([0.0] * len(self.holds))
        self.tracks.append([])
        legs, track = self.legs, self.tracks[-1]
        times = list(seen.passed[: len(legs)]) if seen is not None else []
        track += [Stop(at, leg.km) for at, leg in zip(times, legs, strict=False)]
        if seen is None:
            km, now = legs[0].km, legs[0].due + unit * self.length + (0.0 if unit else late_ms)
        else:
            km, now = max(seen.km, legs[0].km), seen.at
            if not times:  # it stands at its start and leaves when it is due, or has been
                now = max(now, legs[0].due + unit * self.length)
        self._slow = [
            k for k, hold in enumerate(self.holds) if hold.km < km < _end(hold) and hold.speed_kmh is not None
        ]
        k = next((k for k, hold in enumerate(self.holds) if hold.km >= km), len(self.holds))
        track.append(Stop(now, km))
        floor = None if before is None else np.asarray(before) + self.length
        i = len(times)
        while i < len(legs):
            self._slow = [each for each in self._slow if km < _end(self.holds[each])]
            if not self._record and not self._slow:
                # up to the next hold nothing happens but the plan: all legs at once
                ahead = len(legs) if k == len(self.holds) else bisect_left(self._kms, self.holds[k].km, i)
                if ahead > i:
                    times += self._fly(i, ahead, now, km, floor)
                    now, km, i = times[-1], legs[ahead - 1].km, ahead
                    continue
            while k < len(self.holds) and self.holds[k].km <= legs[i].km:
                now = self._go(now, km, self.holds[k].km, self._rates[i])
                km = max(km, self.holds[k].km)
                now = self._meet(k, now, unit, km, seen)
                k += 1
            now = self._go(now, km, legs[i].km, self._rates[i])
            km = max(km, legs[i].km)
            if floor is not None:
                now = max(now, float(floor[i]))
            track.append(Stop(now, km))
            times.append(now)
            i += 1
        return tuple(times)

    def _fly(self, i: int, to: int, now: float, km: float, floor: NDArray[np.float64] | None) -> list[float]:
        """The times at legs `i` to `to` by the plan, from `now` at `km`; never before who drives ahead."""
        start = float(self._due[i]) - max(0.0, self._kms[i] - km) * self._rates[i]
        times = self._due[i:to] + (now - start)
        if floor is not None:  # who is held back by the one ahead stays so much later than the plan
            late = np.maximum.accumulate(np.maximum(times, floor[i:to]) - self._due[i:to])
            times = self._due[i:to] + late
        found: list[float] = times.tolist()
        return found

    def _go(self, now: float, km: float, to: float, rate: float) -> float:
        """Drive to a kilometre at the plan's rate (ms a km), slower where a speed is set; the time there."""
        while km < to and not math.isinf(now):  # who never comes loses nothing more
            slow = [k for k in self._slow if km < _end(self.holds[k]) and _holds(self.holds[k], now)]
            k = max(slow, key=self._pace, default=None)
            if k is None or self._pace(k) <= rate:
                return now + (to - km) * rate
            pace, ends = self._pace(k), self.holds[k].until
            reach = min(to, _end(self.holds[k]))
            at = now + (reach - km) * pace
            if ends is not None and at > ends:
                reach, at = (km + (ends - now) / pace if pace < NEVER else km), float(ends)
            self.spent[-1][k] += at - now - (reach - km) * rate
            now, km = at, reach
            self.tracks[-1].append(Stop(now, km))
        return now

    def _pace(self, k: int) -> float:
        speed = self.holds[k].speed_kmh or 0.0
        return 60 * MINUTE / self.scale / speed if speed > 0 else NEVER  # ms a km

    def _meet(self, k: int, now: float, unit: int, km: float, seen: Seen | None) -> float:
        """When the unit is through the hold that it reaches at `now`."""
        hold = self.holds[k]
        if unit == 0:
            self.met.append((km, now))
        key = (hold.subject, hold.source)
        at = max(now, self._busy.get(key, now)) if hold.processing_min else now
        if hold.speed_kmh is not None:
            self._slow.append(k)
        if _holds(hold, at):
            if hold.closed or unit >= self._first_held[k]:
                at = NEVER if hold.until is None else float(hold.until)
            if seen is not None and seen.waits == key and not hold.closed:
                at = max(now, seen.leaves)  # what it has begun goes on and does not begin again
            else:
                at += (hold.delay_min + hold.processing_min) * MINUTE / self.scale
        if hold.processing_min:
            self._busy[key] = at
        if at > now:
            self.spent[-1][k] += at - now
            self.tracks[-1] += [Stop(now, km), Stop(at, km, key)]
        return at


def _km(leg: Leg) -> float:
    return leg.km


def _place(hold: Hold) -> tuple[float, str, str]:
    return hold.km, hold.subject, hold.source


def _end(hold: Hold) -> float:
    return hold.to_km if hold.to_km is not None else hold.km


def _holds(hold: Hold, at: float) -> bool:
    return hold.since <= at and (hold.until is None or at < hold.until)


def _rate(legs: Sequence[Leg], i: int) -> float:
    """The plan's own time on leg i, ms a kilometre."""
    km = legs[i].km - legs[i - 1].km
    return (legs[i].due - legs[i - 1].due) / km if km > 0 else 0.0


def _due(legs: Sequence[Leg], i: int, km: float) -> float:
    """When the plan has the head at `km` of leg i."""
    return legs[i - 1].due + (km - legs[i - 1].km) * _rate(legs, i)


def planned_at(legs: Sequence[Leg], km: float) -> float:
    """When the plan has the head at `km`, ms UTC; its ends outside the plan."""
    i = bisect_right(legs, km, key=_km)
    if i == 0:
        return legs[0].due
    return legs[-1].due if i == len(legs) else _due(legs, i, km)


def _whole(ms: float) -> Millis | None:
    return None if math.isinf(ms) else round(ms)
