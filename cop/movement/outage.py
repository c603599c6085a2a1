"""What does a failing IT system do to the crossings and ports that hang on it?

CYB-01: an outage changes processing time and confidence, not geometry. A thing that hangs on a system which is not up
is degraded for as long, with the fallback's minutes a march unit where somebody gives them; it is not closed. CYB-02:
the cause stands apart from the effect, so nothing here says why the system failed.
"""

from __future__ import annotations

from typing import Final

import msgspec

from cop.event import Described, Event, Gone, Millis, Status, event
from cop.picture import Entity, standing

DOWN: Final = frozenset({"degraded", "restricted", "closed"})
SOURCE: Final = "rule:CYB-01:"
FALLBACK: Final = "exercise_fallback_min_per_march_unit"


class Outage(msgspec.Struct, frozen=True):
    """A system that is not up, and what hangs on it."""

    system: str
    name: str
    reason: str
    fallback: str
    processing_min: float | None
    subjects: tuple[str, ...]
    said: Event


def outage(system: Entity, now: Millis) -> Outage | None:
    """The outage at `now`; None while the system is up, or while nobody knows."""
    held = standing(system, now)
    if not held or not isinstance(held[0].body, Status) or held[0].body.state not in DOWN:
        return None
    told = [e.body for e in system.events if isinstance(e.body, Described)]

    def said(key: str) -> object:
        return next((body.properties[key] for body in told if body.properties.get(key) is not None), None)

    measured = [e.body.measures.get("processing_min") for e in held if isinstance(e.body, Status)]
    minutes = next((m for m in measured if m is not None), said(FALLBACK))
    return Outage(
        system.subject,
        next((body.name for body in told if body.name), system.subject.partition(":")[2]),
        held[0].body.reason,
        str(said("fallback") or ""),
        float(minutes) if isinstance(minutes, int | float) else None,
        tuple(str(said("affects_subjects") or "").split()),
        held[0],
    )


def effects(found: Outage) -> list[Event]:
    """A status for each thing that hangs on the system, in the world and with the origin of what made it fail."""
    cause = found.said.body
    assert isinstance(cause, Status)
    minutes = "" if found.processing_min is None else f", {found.processing_min:g} min a march unit"
    how = f": {found.fallback}{minutes}" if found.fallback else minutes
    reason = f"{found.name} is {'down' if cause.state == 'closed' else 'degraded'}{how}"
    measures = {} if found.processing_min is None else {"processing_min": found.processing_min}
    body = Status("degraded", since=cause.since, until=cause.until, reason=reason, measures=measures)
    name = SOURCE + found.system.partition(":")[2]
    said = found.said
    return [
        event(name, subject, said.at, body, received=said.received, world=said.world, origin=said.origin)
        for subject in found.subjects
        if ":" in subject
    ]


def over(effect: Event) -> Event:
    """That what such a status said no longer counts."""
    body, at = Gone("the system is up again"), effect.at + 1
    return event(
        effect.source, effect.subject, at, body, received=effect.received, world=effect.world, origin=effect.origin
    )
