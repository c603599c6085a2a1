"""What do the map, the lists and the conflicts take from an assessment? Its state, its cells, and when it is where."""

from __future__ import annotations

import math
from typing import Final

import msgspec

from cop.event import Event, Millis, Scalar, State, Status
from cop.movement.assess import MINUTE, STATES, Assessment
from cop.movement.conflicts import Passing
from cop.movement.course import Course

LATE_MIN: Final = 10.0
"""MOV-14 (ours): a credit violated by more needs a new slot."""


def state(found: Assessment) -> Status:
    """What the verdict makes of the movement's state on the map, with the reason in words."""
    verdict, delay = found.verdict, found.delay_min
    late = delay is not None and delay >= LATE_MIN
    held: State = "degraded" if late and verdict.answer == "go" else STATES[verdict.answer]
    limiting = verdict.limiting
    words = [] if verdict.answer == "go" or limiting is None else [f"{limiting.name}: {limiting.text}".strip(": ")]
    if late and delay is not None:
        words.append(f"{delay:.0f} min late at the end" + _cause(found))
    elif found.eta is None:
        words.append("does not arrive as long as this lasts" + _cause(found))
    return Status(held, reason="; ".join(words) or "all limits kept")


def lasting(body: Status, before: Event | None, now: Millis) -> Status:
    """The state since when it began: another reason or another minute of delay does not make it new."""
    held = before.body if before is not None else None
    begun = held.since if isinstance(held, Status) and held.state == body.state else now
    return msgspec.structs.replace(body, since=begun)


def _cause(found: Assessment) -> str:
    costs = sorted(found.forecast.costs, key=lambda cost: -cost.head_min)
    return f": {costs[0].name}, {costs[0].reason}" if costs and costs[0].head_min > 0 else ""


def passings(found: Assessment, course: Course, gap_min: float = 0.0) -> list[Passing]:
    """When the movement is at each critical point: each part of a cut column for itself."""
    planned, told = found.movement, found.forecast
    gap_ms = round(gap_min * MINUTE / planned.scale)
    keys = course.keys
    lanes = [not found.things.lanes.isdisjoint(near) for near in course.point_lanes]
    made: list[Passing] = []
    for first, after in told.elements(planned.scale):
        for i, (point, leg) in enumerate(zip(planned.points, course.point_legs, strict=True)):
            due, clear = told.units[first][leg], told.units[after - 1][leg] + told.length
            if math.isinf(clear):
                break
            if found.seen_at is not None and clear < found.seen_at:
                continue  # it has that point behind it, and nobody meets it there any more
            way = (keys[i - 1] if i else "", keys[i + 1] if i + 1 < len(keys) else "")
            made.append(
                Passing(
                    planned.subject, keys[i], point.name, point.lon, point.lat, round(due), round(clear), way, lanes[i],
                    gap_ms, subject=course.point_border[i],
                )
            )  # fmt: skip
    return made


def cells(found: Assessment, conflicts: int) -> dict[str, Scalar]:
    """What the lists say of the movement: its answer, what limits it, and when it arrives."""
    limiting, delay = found.verdict.limiting, found.delay_min
    told: dict[str, Scalar] = {
        "verdict": found.verdict.answer,
        "limiting": None if limiting is None or found.verdict.answer == "go" else limiting.name or limiting.object,
        "rule": limiting.rule if limiting is not None else None,
        "eta": found.eta,
        "end_delay_min": None if delay is None else round(delay),
        "conflicts": conflicts,
    }
    return {key: value for key, value in told.items() if value is not None}
