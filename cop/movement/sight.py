"""How do the rules see the things of a picture? As obstacles, judged once a vehicle and kept until something changes.

A what-if is a sight of its own: it lays made-up reports over the same picture, and nothing of it reaches the live one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from cop.event import Described, Event, Gone, Millis, Status, kind
from cop.movement.judge import Circumstances, judge
from cop.movement.obstacle import Obstacle, obstacle
from cop.movement.vehicle import Vehicle
from cop.movement.verdict import Reason, Verdict, strictest
from cop.picture import Entity, Picture, entity

Look = Callable[[str], Entity | None]
CLOSED_FOR_NOW: Final = "STATE-01"
"""Ours: what is closed when the head arrives, and has an end, lets it wait. It is no reason never to go."""
UNDESCRIBED: Final = "tied to the way, and nobody describes it"


class _Thing:
    """One thing with what was made of it. Between two of its `edges` the clock alone doesn't change what it says."""

    __slots__ = ("edges", "entity", "fleets", "holding", "phases", "verdicts")

    def __init__(self, found: Entity | None) -> None:
        self.entity = found
        told = [e.body for e in found.events if isinstance(e.body, Status)] if found is not None else []
        self.holding = any(body.state == "closed" or body.measures for body in told)
        self.edges = sorted({edge for body in told for edge in (body.since, body.until) if edge is not None})
        self.phases: dict[int, Obstacle] = {}
        self.verdicts: dict[tuple[int, Vehicle], Verdict] = {}
        self.fleets: dict[tuple[int, tuple[Vehicle, ...]], Verdict] = {}


class Sight:
    """A picture as the rules see it. `forget` what changed; the rest is remembered."""

    def __init__(self, look: Look, circumstances: Circumstances) -> None:
        self._look = look
        self.circumstances = circumstances
        self._things: dict[str, _Thing] = {}
        self._lasting: dict[tuple[Vehicle, ...], dict[str, Verdict]] = {}

    def _thing(self, subject: str) -> _Thing:
        known = self._things.get(subject)
        if known is None:
            known = self._things[subject] = _Thing(self._look(subject))
        return known

    def entity(self, subject: str) -> Entity | None:
        """What all say of a thing."""
        return self._thing(subject).entity

    def forget(self, subject: str) -> None:
        """Something about the thing changed."""
        self._things.pop(subject, None)
        for judged in self._lasting.values():
            judged.pop(subject, None)

    def name(self, subject: str) -> str:
        """What the thing is called."""
        found = self.entity(subject)
        told = (e.body.name for e in found.events if isinstance(e.body, Described)) if found is not None else ()
        return next((name for name in told if name), subject.partition(":")[2])

    def holding(self, subject: str) -> bool:
        """Whether anything that is said of the thing can cost time: most things say no more than that they are open."""
        return self._thing(subject).holding

    def judgements(self, vehicles: tuple[Vehicle, ...]) -> Mapping[str, Verdict]:
        """What is known already of these vehicles: thing → verdict, for those that the clock alone doesn't change."""
        return self._lasting.setdefault(vehicles, {})

    def fleet(self, vehicles: tuple[Vehicle, ...], subject: str, at: Millis) -> Verdict:
        """The strictest over these vehicles at that time; a thing that nobody describes is unknown."""
        thing = self._thing(subject)
        key = (bisect_right(thing.edges, at), vehicles)
        known = thing.fleets.get(key)
        if known is None:
            found = [self.verdict(vehicle, subject, at) for vehicle in vehicles]
            if None in found:
                undescribed = Reason("unknown", "MLC-03", UNDESCRIBED, subject, subject.partition(":")[2])
                known = strictest([undescribed])
            else:
                known = strictest((r for verdict in found if verdict is not None for r in verdict.reasons), "go")
            thing.fleets[key] = known
            if not thing.edges:
                self._lasting.setdefault(vehicles, {})[subject] = known
        return known

    def judged(self, vehicle: Vehicle, seen: Obstacle) -> Verdict:
        """What the rules say of an obstacle that is no thing of the picture: a sign along a road."""
        return judge(vehicle, seen, self.circumstances)

    def verdict(self, vehicle: Vehicle, subject: str, at: Millis) -> Verdict | None:
        """May the vehicle pass the thing at that time? None for a thing that nobody describes."""
        thing = self._thing(subject)
        if thing.entity is None:
            return None
        phase = bisect_right(thing.edges, at)
        if phase not in thing.phases:
            thing.phases[phase] = obstacle(thing.entity, at)
        if (phase, vehicle) not in thing.verdicts:
            seen = thing.phases[phase]
            if seen.state == "closed" and seen.until is not None:
                open_again = msgspec.structs.replace(seen, state="restricted")
                thing.verdicts[phase, vehicle] = _waiting(self.judged(vehicle, open_again), seen, vehicle)
            else:
                thing.verdicts[phase, vehicle] = self.judged(vehicle, seen)
        return thing.verdicts[phase, vehicle]


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
        rest = [
            e
            for e in (under.events if under is not None else ())
            if e.at > gone.get(e.source, -1) and (e.source, kind(e.body)) not in records
        ]
        found = (*(top.events if top is not None else ()), *rest)
        return Entity(subject, found) if found else None

    return Sight(over, sight.circumstances)


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
