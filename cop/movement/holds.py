"""What on the way costs a movement time, from when to when?

A hold is made of each status of a thing that is not over: a closure with or without an end, minutes of delay, waiting
or processing, a speed that may be driven, a port's reduced capacity. An injected status in force leaves no room for
others, as in the picture itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from cop.event import Described, Millis, Status
from cop.movement.forecast import Hold
from cop.picture import Entity, in_force

NOMINAL_KM: Final = 1.0
"""How far a limit of speed reaches that is tied to a point of the way."""
WAITS: Final = ("delay_min", "waiting_min")
"""Measures that cost every unit their minutes, of which the largest counts."""


def holds(
    entity: Entity, km: float, now: Millis, *, after: Millis, to_km: float | None = None, start: bool = False
) -> Iterator[Hold]:
    """The holds that the thing at `km` of a way makes.

    Those that ended before `after`, when the movement set out, never met it; what is over by now may still have cut it.
    `start`: the thing is where the movement sets out.
    """
    name = next((e.body.name for e in entity.events if isinstance(e.body, Described) and e.body.name), entity.subject)
    told = [
        (e, e.body) for e in entity.events if isinstance(e.body, Status) and (e.body.until or now) >= min(now, after)
    ]
    if any(e.origin == "injected" and in_force(body, now) for e, body in told):
        told = [(e, body) for e, body in told if e.origin == "injected"]
    for said, body in told:
        measures = body.measures
        closed = body.state == "closed"
        share = measures.get("capacity_pct")
        made = Hold(
            km,
            entity.subject,
            name,
            body.reason or body.state,
            body.since or 0,
            body.until,
            to_km if to_km is not None else km + NOMINAL_KM,
            closed=closed,
            delay_min=max((measures.get(each, 0.0) for each in WAITS), default=0.0),
            processing_min=measures.get("processing_min", 0.0),
            speed_kmh=measures.get("speed_kmh"),
            held_share=1 - share / 100 if start and share is not None and 0 <= share < 100 else 0.0,
            source=said.source,
            at=said.at,
        )
        if closed or made.delay_min or made.processing_min or made.speed_kmh is not None or made.held_share:
            yield made


def edges(entity: Entity, now: Millis) -> Iterable[Millis]:
    """When, after `now`, something that is said of the thing begins or ends: a status, or an approval."""
    for said in entity.events:
        marks: tuple[object, ...] = ()
        if isinstance(said.body, Status):
            marks = (said.body.since, said.body.until)
        elif entity.kind == "approval" and isinstance(said.body, Described):
            marks = (said.body.properties.get("until"),)
        for edge in marks:
            if isinstance(edge, int) and edge > now:
                yield edge
