"""How far has a movement come on its plan, what comes next, and how late is it?

The way so far is measured along the plan's line to the point of it that lies nearest to the last sighting. Between two
critical points the plan is taken to move evenly. Who is far from the line, or has no times, gets no lateness: it is
unknown, not zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from cop.event import Millis, Planned, Sighted, Waypoint
from cop.geo import METRES
from cop.picture import Entity

ASTRAY_M: Final = 5_000.0
"""Drafted lines and reported places differ by as much as 2.5 km; who is farther away is not on the route."""
PASSED_M: Final = 50.0

Place = tuple[float, float]


class Progress(NamedTuple):
    """The next critical point, None behind the last, and the delay against the plan, None when it can't be told."""

    next: Waypoint | None
    late_ms: int | None


def progress(entity: Entity) -> Progress | None:
    """Where the thing is on its plan; None without a plan or a sighting, or far from the line."""
    plan, seen = entity.planned, entity.sighted
    if plan is None or seen is None or not isinstance(plan.body, Planned) or not isinstance(seen.body, Sighted):
        return None
    points = plan.body.points
    line = plan.body.path or tuple((point.lon, point.lat) for point in points)
    if len(line) < 2 or not points:
        return None
    metres = _lengths(line)
    here, off = _nearest(line, metres, (seen.body.lon, seen.body.lat), 0.0)
    if off > ASTRAY_M:
        return None
    marks: list[float] = []
    for point in points:
        marks.append(_nearest(line, metres, (point.lon, point.lat), marks[-1] if marks else 0.0)[0])
    ahead = next((i for i, mark in enumerate(marks) if mark >= here - PASSED_M), None)
    if ahead is None:
        return Progress(None, None)
    return Progress(points[ahead], _late(points, marks, ahead, here, seen.at))


def _late(points: Sequence[Waypoint], marks: Sequence[float], ahead: int, here: float, at: Millis) -> int | None:
    due = points[ahead].due
    if due is None:
        return None
    if ahead == 0:  # still at the start, where nobody can be early
        return max(0, at - due)
    if ahead == len(points) - 1 and here >= marks[-1] - PASSED_M:  # arrived: from now on only the clock runs
        return None
    last = points[ahead - 1].due
    if last is None:
        return None
    way = marks[ahead] - marks[ahead - 1]
    share = min(1.0, max(0.0, (here - marks[ahead - 1]) / way)) if way > 0 else 1.0
    return at - round(last + share * (due - last))


def _lengths(line: Sequence[Place]) -> list[float]:
    """The way from the start to each vertex."""
    ways = [0.0]
    for a, b in pairwise(line):
        ways.append(ways[-1] + math.hypot(*_offset(a, b)))
    return ways


def _nearest(line: Sequence[Place], ways: Sequence[float], place: Place, after: float) -> tuple[float, float]:
    """The way to the point of the line, not before `after`, that is nearest to the place, and its distance."""
    best = (ways[-1], math.hypot(*_offset(line[-1], place)))
    for (a, b), (start, end) in zip(pairwise(line), pairwise(ways), strict=True):
        if end <= after or end <= start:
            continue
        (bx, by), (px, py) = _offset(a, b), _offset(a, place)
        share = (px * bx + py * by) / (bx * bx + by * by)
        share = min(1.0, max(0.0, share, (after - start) / (end - start)))
        off = math.hypot(px - share * bx, py - share * by)
        if off < best[1]:
            best = (start + share * (end - start), off)
    return best


def _offset(a: Place, b: Place) -> tuple[float, float]:
    """East and north from a to b in metres, on a plane: good to a per cent over a segment of a route."""
    return (b[0] - a[0]) * METRES * math.cos(math.radians((a[1] + b[1]) / 2)), (b[1] - a[1]) * METRES
