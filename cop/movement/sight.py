"""How do the rules see the things of a picture? As obstacles, judged once a vehicle and kept until something changes.

A what-if is a sight of its own: it lays made-up reports over the same picture, and nothing of it reaches the live one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from cop.event import Event, Gone, Millis, Status
from cop.movement.judge import Circumstances, judge
from cop.movement.obstacle import Obstacle, obstacle
from cop.movement.vehicle import Vehicle
from cop.movement.verdict import Reason, Verdict, strictest
from cop.picture import Entity, Picture, entity

Look = Callable[[str], Entity | None]
CLOSED_FOR_NOW: Final = "STATE-01"
"""Ours: what is closed when the head arrives, and has an end, lets it wait. It is no reason never to go."""


class Sight:
    """A picture as the rules see it. `forget` what changed; the rest is remembered."""

    def __init__(self, look: Look, circumstances: Circumstances) -> None:
        self._look = look
        self.circumstances = circumstances
        self._entities: dict[str, Entity | None] = {}
        self._fixed: dict[str, Obstacle | None] = {}
        self._verdicts: dict[str, dict[Vehicle, Verdict]] = {}

    def entity(self, subject: str) -> Entity | None:
        """What all say of a thing."""
        if subject not in self._entities:
            self._entities[subject] = self._look(subject)
        return self._entities[subject]

    def forget(self, subject: str) -> None:
        """Something about the thing changed."""
        self._entities.pop(subject, None)
        self._fixed.pop(subject, None)
        self._verdicts.pop(subject, None)

    def judged(self, vehicle: Vehicle, seen: Obstacle) -> Verdict:
        """What the rules say of an obstacle that is no thing of the picture: a sign along a road."""
        return judge(vehicle, seen, self.circumstances)

    def verdict(self, vehicle: Vehicle, subject: str, at: Millis) -> Verdict | None:
        """May the vehicle pass the thing at that time? None for a thing that nobody describes."""
        if subject in self._fixed:
            kept = self._verdicts.setdefault(subject, {})
            if vehicle not in kept:
                known = self._fixed[subject]
                if known is None:
                    return None
                kept[vehicle] = judge(vehicle, known, self.circumstances)
            return kept[vehicle]
        found = self.entity(subject)
        if found is None:
            self._fixed[subject] = None
            return None
        if not _windows(found):
            self._fixed[subject] = obstacle(found, at)
            return self.verdict(vehicle, subject, at)
        seen = obstacle(found, at)
        if seen.state == "closed" and seen.until is not None:
            return _waiting(judge(vehicle, _opened(seen), self.circumstances), seen, vehicle)
        return judge(vehicle, seen, self.circumstances)


def what_if(sight: Sight, look: Look, events: Iterable[Event]) -> Sight:
    """The same picture with these events laid over it."""
    laid = Picture()
    for event in events:
        laid.fold(event)

    def over(subject: str) -> Entity | None:
        records = laid.records(subject)
        under = look(subject)
        if not records:
            return under
        top = entity(subject, records)
        gone = {e.source: e.at for e in records.values() if isinstance(e.body, Gone)}
        rest = [e for e in under.events if e.at > gone.get(e.source, -1)] if under is not None else []
        found = (*(top.events if top is not None else ()), *rest)
        return Entity(subject, found) if found else None

    return Sight(over, sight.circumstances)


def _windows(found: Entity) -> bool:
    """Whether the clock alone can change what the thing says."""
    return any(
        isinstance(e.body, Status) and (e.body.since is not None or e.body.until is not None) for e in found.events
    )


def _opened(seen: Obstacle) -> Obstacle:
    return msgspec.structs.replace(seen, state="restricted")


def _waiting(verdict: Verdict, seen: Obstacle, vehicle: Vehicle) -> Verdict:
    """The verdict on a thing that will be open again: the rest of its rules, and the wait."""
    wait = Reason(
        "caution",
        CLOSED_FOR_NOW,
        f"closed when the head arrives, until a stated end: {seen.reason}".rstrip(": "),
        seen.subject,
        seen.name,
        vehicle.label,
        source=seen.source,
        at=seen.at,
        basis=seen.basis,
    )
    return strictest((*verdict.reasons, wait))
