"""Which movements does a change touch, and what becomes of them?

The engine keeps each movement's course and run, and an index from every thing to the movements that pass it. What is
touched is assessed anew, and only that: a bridge by the movements over it, a system by the crossings that hang on it, a
reported event by the roads that it lies on. What comes out are events of their own source, which the views show like
any other report; nothing is written to a stream. Pure: the picture comes by `look`, the time as an argument.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from cop.event import Described, Event, Gone, Millis, Scalar, Sighted, Status, event, kind
from cop.movement.assess import CLEARED, DERIVED, MINUTE, STATES, Assessment, Context, assess, state
from cop.movement.conflicts import Conflicts, Passing
from cop.movement.course import Course, Laid, Run
from cop.movement.ground import Ground
from cop.movement.holds import edges
from cop.movement.judge import Circumstances
from cop.movement.movement import Movement, movement
from cop.movement.outage import effects, outage
from cop.movement.rulesets import Ruleset
from cop.movement.sight import Look, Sight, what_if
from cop.network import Network
from cop.picture import Entity, Picture

SOURCE: Final = DERIVED + "movement"
CLOSE_MS: Final = 30_000
"""A lateness that changed by less is no news; nor is it before the head passes a point."""
LANE_KM: Final = 1.0
"""How far from a critical point an alternating lane makes it one: the march table names bridges by their towns."""
BORDER_KM: Final = 3.0
"""A critical point so near a border crossing is that crossing for who reads of it."""
ROADSIDE: Final = frozenset({"roadevent", "road", "incident"})
"""Kinds of reported things that lie on roads without being tied to one."""
MATTERS: Final = ROADSIDE | {"convoy", "bridge", "crossing", "port", "rail", "site", "system", "clearance", "approval"}
"""Kinds of things that can change what becomes of a movement: ships and aircraft by the thousand can't."""


class Change(NamedTuple):
    """A movement before and after something."""

    before: Assessment
    after: Assessment


class _Marcher:
    """One movement with its course, its run, and how it was last assessed."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.run = Run()
        self.late_ms = 0.0
        self.legs = 0
        self.found: Assessment | None = None
        self.near: dict[str, tuple[tuple[float, float], ...]] = {}


class Engine:
    """The movements of one world as it is seen. `touch` whatever changed, then `settle`."""

    def __init__(
        self, look: Look, network: Network | None, ruleset: Ruleset, circumstances: Circumstances, gap_min: float = 0.0
    ) -> None:
        self._look = look
        self.network = network
        self.ruleset = ruleset
        self.sight = Sight(look, circumstances)
        self.derived = Picture()
        self.conflicts = Conflicts()
        self._gap_min = gap_min
        self._ground = Ground(network) if network is not None else None
        self._marchers: dict[str, _Marcher] = {}
        self._on: dict[str, set[str]] = defaultdict(set)  # thing → movements that pass it
        self._edges: dict[int, set[str]] = defaultdict(set)  # edge → movements that use it
        self._lies: dict[str, tuple[int, ...]] = {}  # reported thing → edges that it lies on
        self._systems: dict[str, tuple[Event, ...]] = {}  # system → what its outage says now
        self._changed: dict[str, None] = {}
        self._moved: dict[str, Event] = {}
        self._again: dict[str, None] = {}
        self._said: set[str] = set()
        self._laid: dict[object, Laid] = {}
        self._timers: list[tuple[Millis, str]] = []
        self._set: dict[str, Millis] = {}
        self.version = 0
        """Grows whenever an assessment or a conflict changed."""

    # -- what is asked -------------------------------------------------------------------------------------------------

    def assessments(self) -> dict[str, Assessment]:
        """The newest assessment of each movement, by subject."""
        return {subject: each.found for subject, each in self._marchers.items() if each.found is not None}

    def assessment(self, subject: str) -> Assessment | None:
        """The newest assessment of a movement; None for a stranger."""
        marcher = self._marchers.get(subject)
        return marcher.found if marcher is not None else None

    def course(self, subject: str) -> Course | None:
        """The movement's way over the network."""
        marcher = self._marchers.get(subject)
        return marcher.course if marcher is not None else None

    @property
    def lies(self) -> Mapping[str, tuple[int, ...]]:
        """Reported thing → the network's edges that it lies on."""
        return self._lies

    @property
    def systems(self) -> tuple[str, ...]:
        """The systems that something hangs on."""
        return tuple(self._systems)

    def near(self, subject: str) -> dict[str, tuple[tuple[float, float], ...]]:
        """The reported things that lie on a movement's way, with their stretches of it."""
        marcher = self._marchers.get(subject)
        return dict(marcher.near) if marcher is not None else {}

    def touched_by(self, subject: str) -> tuple[str, ...]:
        """The movements that pass a thing, or whose border or road hangs on it."""
        found = set(self._on.get(subject, ()))
        for said in self._systems.get(subject, ()):
            found |= self._on.get(said.subject, set())
        for edge in self._lies.get(subject, ()):
            found |= self._edges.get(edge, set())
        return tuple(sorted(found))

    def what_if(self, events: Iterable[Event], now: Millis) -> list[Change]:
        """What these events would do to the movements that they touch; nothing of it stays."""
        laid = list(events)
        sight = what_if(self.sight, self._look, laid)
        extra: list[Event] = []
        for subject in {each.subject for each in laid if each.subject.startswith("system:")}:
            entity = sight.entity(subject)
            down = outage(entity, now) if entity is not None else None
            extra += effects(down) if down is not None else []
        if extra:
            sight = what_if(self.sight, self._look, [*laid, *extra])
        touched: set[str] = set()
        near: dict[str, tuple[int, ...]] = {}
        for each in {each.subject for each in (*laid, *extra)}:
            touched |= set(self.touched_by(each)) | ({each} & self._marchers.keys())
            entity = sight.entity(each)
            if each.partition(":")[0] in ROADSIDE and entity is not None and self._ground is not None:
                near[each] = self._ground.edges(entity)
                touched |= {subject for edge in near[each] for subject in self._edges.get(edge, ())}
        found = []
        for subject in sorted(touched):
            marcher = self._marchers.get(subject)
            if marcher is None or marcher.found is None:
                continue
            spans = marcher.near | {each: s for each, lies in near.items() if (s := _spans(marcher.course, lies))}
            context = Context(sight, self.ruleset, now, spans, tuple(self._systems))
            found.append(Change(marcher.found, assess(marcher.course, marcher.run, context)))
        return found

    # -- what is told --------------------------------------------------------------------------------------------------

    def touch(self, said: Event) -> None:
        """Something about a thing changed in the picture."""
        if isinstance(said.body, Sighted):
            if said.subject in self._marchers:
                self._moved[said.subject] = said
        elif said.subject.partition(":")[0] in MATTERS:
            self._changed[said.subject] = None

    def touch_all(self, subjects: Iterable[str]) -> None:
        """These things may have changed altogether."""
        self._changed.update((each, None) for each in subjects if each.partition(":")[0] in MATTERS)

    def use(self, ruleset: Ruleset) -> None:
        """Let another rule set count: every movement is assessed anew."""
        self.ruleset = ruleset
        self._changed.update(dict.fromkeys(self._marchers))

    def due(self, now: Millis) -> bool:
        """Whether there is anything to settle."""
        return bool(self._changed or self._moved or self._again or (self._timers and self._timers[0][0] <= now))

    def settle(self, now: Millis, most: int = 1_000_000) -> set[str]:
        """Assess what was touched, at most so many movements at a time; the things of which there is something new."""
        new: set[str] = set()
        changed, self._changed = self._changed, {}
        while self._timers and self._timers[0][0] <= now:
            at, subject = heapq.heappop(self._timers)
            if self._set.get(subject) == at:
                del self._set[subject]
                changed[subject] = None
        for subject in [s for s in changed if s.startswith("system:")]:
            for affected in self._system(subject, now):
                changed[affected] = None
                new.add(affected)
        for subject in changed:
            self._again |= self._thing(subject, now)
        moved, self._moved = self._moved, {}
        for subject, said in moved.items():
            if subject in self._marchers and self._step(subject, said):
                self._again[subject] = None
        for subject in list(self._again)[:most]:
            del self._again[subject]
            new |= self._assess(subject, now)
        new, self._said = new | self._said, set()
        if new:
            self.version += 1
        return new

    # -- how it goes ---------------------------------------------------------------------------------------------------

    def _system(self, subject: str, now: Millis) -> list[str]:
        """What hangs on a system, said anew; the things whose state this changed."""
        self.sight.forget(subject)
        entity = self.sight.entity(subject)
        down = outage(entity, now) if entity is not None else None
        told = tuple(effects(down)) if down is not None else ()
        before = self._systems.get(subject, ())
        self._systems[subject] = told
        if [each.id for each in told] == [each.id for each in before]:
            return []
        still = {each.subject for each in told}
        for each in before:
            if each.subject not in still:
                over = Gone("the system is up again")
                at = max(now, each.at + 1)
                self._put(
                    event(each.source, each.subject, at, over, received=now, world=each.world, origin=each.origin)
                )
        for each in told:
            self._put(each)
        return [each.subject for each in (*before, *told)]

    def _thing(self, subject: str, now: Millis) -> dict[str, None]:
        """Take in that a thing changed; the movements that must be assessed for it."""
        self.sight.forget(subject)
        what = subject.partition(":")[0]
        entity = self.sight.entity(subject)
        if entity is not None and what != "convoy":
            self._wake(subject, entity, now)
        if what in ("clearance", "approval"):
            mover = f"convoy:{subject.partition(':')[2].rpartition('-')[0]}"
            return {mover: None} if mover in self._marchers else {}
        if what in ROADSIDE:
            return dict.fromkeys(self._roadside(subject, entity))
        if what == "system":
            return dict.fromkeys(self.touched_by(subject))
        planned = movement(entity) if entity is not None else None
        if planned is not None and entity is not None:
            self._wake(subject, entity, now)
            self._enter(planned, entity)
            return {subject: None}
        if subject in self._marchers:
            self._leave(subject)
            return {subject: None}
        return dict.fromkeys(sorted(self._on.get(subject, ())))

    def _enter(self, planned: Movement, entity: Entity) -> None:
        """Lay a movement on the network, unless its way is the same as before."""
        marcher = self._marchers.get(planned.subject)
        if marcher is not None and marcher.course.movement == planned:
            return
        old = marcher.course.movement if marcher is not None else None
        if marcher is not None:
            self._leave(planned.subject)
        fresh = _Marcher(Course(planned, self.network, self._laid))
        if marcher is not None and old is not None and (old.path, old.legs) == (planned.path, planned.legs):
            fresh.run = marcher.run
        self._marchers[planned.subject] = fresh
        for tie in fresh.course.ties:
            self._on[tie.subject].add(planned.subject)
        for edge in fresh.course.edge_km:
            self._edges[edge].add(planned.subject)
        for subject, lies in self._lies.items():
            if spans := _spans(fresh.course, lies):
                fresh.near[subject] = spans
        seen = entity.sighted
        if seen is not None and isinstance(seen.body, Sighted):
            fresh.run.seen(fresh.course, seen.body.lon, seen.body.lat, seen.at)

    def _leave(self, subject: str) -> None:
        marcher = self._marchers.pop(subject)
        for tie in marcher.course.ties:
            self._on[tie.subject].discard(subject)
        for edge in marcher.course.edge_km:
            self._edges[edge].discard(subject)
        left = self.conflicts.remove(subject) & self._marchers.keys()
        self._again.update(dict.fromkeys(sorted(left)))

    def _roadside(self, subject: str, entity: Entity | None) -> set[str]:
        """Find the roads that a reported thing lies on; the movements there, and those where it lay before."""
        before = self._lies.pop(subject, ())
        lies = self._ground.edges(entity) if self._ground is not None and entity is not None else ()
        if lies:
            self._lies[subject] = lies
        touched: set[str] = set()
        for edge in {*before, *lies}:
            touched |= self._edges.get(edge, set())
        for each in touched:
            marcher = self._marchers[each]
            marcher.near.pop(subject, None)
            if spans := _spans(marcher.course, lies):
                marcher.near[subject] = spans
        return touched

    def _step(self, subject: str, said: Event) -> bool:
        """Take a sighting in; True when it is worth an assessment."""
        marcher = self._marchers[subject]
        body = said.body
        assert isinstance(body, Sighted)
        first = marcher.run.km is None
        if not marcher.run.seen(marcher.course, body.lon, body.lat, said.at):
            return False
        news = abs(marcher.run.late_ms - marcher.late_ms) >= CLOSE_MS / marcher.course.movement.scale
        return first or news or len(marcher.run.passed) != marcher.legs

    def _assess(self, subject: str, now: Millis) -> set[str]:
        """One movement anew; the movements of which there is something new to say."""
        marcher = self._marchers.get(subject)
        if marcher is None:
            self.derived.forget(subject)
            return {subject}
        marcher.late_ms, marcher.legs = marcher.run.late_ms, len(marcher.run.passed)
        context = Context(self.sight, self.ruleset, now, marcher.near, tuple(self._systems))
        found = marcher.found = assess(marcher.course, marcher.run, context)
        self._permits(found, now)
        crossed = self.conflicts.update(subject, passings(found, marcher.course.point_legs, self._gap_min))
        told = ((each, self.assessment(each)) for each in dict.fromkeys((subject, *sorted(crossed))))
        return {each for each, known in told if known is not None and self._tell(known, now)} | {subject}

    def _permits(self, found: Assessment, now: Millis) -> None:
        """Say of each clearance what its state lets the movement do."""
        for each in found.clearances:
            subject = f"clearance:{found.movement.id}-{each.border.partition(':')[2]}"
            known = self.sight.entity(subject)
            if known is None:
                continue
            body = Status(STATES[CLEARED[each.state]], reason="; ".join(each.missing) or each.state)
            before = self.derived.records(subject).get((SOURCE, "status"))
            if before is None or before.body != body:
                said = known.newest
                self._put(event(SOURCE, subject, now, body, received=now, world=said.world, origin=said.origin))
                self._said.add(subject)

    def _tell(self, found: Assessment, now: Millis) -> bool:
        """Say what the assessment makes of the movement, where that is not what was said before."""
        planned, new = found.movement, False
        conflicts = len(self.conflicts.groups_of(planned.subject))
        for body in (state(found), Described(properties=cells(found, conflicts), marking=planned.marking)):
            before = self.derived.records(planned.subject).get((SOURCE, kind(body)))
            if before is None or before.body != body:
                self._put(
                    event(SOURCE, planned.subject, now, body, received=now, world=planned.world, origin=planned.origin)
                )
                new = True
        return new

    def _put(self, said: Event) -> None:
        if self.derived.fold(said):
            self.sight.forget(said.subject)

    def _wake(self, subject: str, entity: Entity, now: Millis) -> None:
        """Come back to the thing when the clock alone will change what it says."""
        nearest = min(edges(entity, now), default=None)
        if nearest is not None and self._set.get(subject) != nearest:
            self._set[subject] = nearest
            heapq.heappush(self._timers, (nearest, subject))


def passings(found: Assessment, legs: Sequence[int], gap_min: float = 0.0) -> list[Passing]:
    """When the movement is at each critical point, which are at these `legs`: each part of a cut column for itself."""
    planned, told = found.movement, found.forecast
    borders = [thing for thing in found.things if thing.subject.startswith("crossing:")]
    keys = [f"{point.lon:.4f} {point.lat:.4f}" for point in planned.points]
    made: list[Passing] = []
    for first, after in told.elements(planned.scale):
        for i, (point, leg) in enumerate(zip(planned.points, legs, strict=True)):
            due, clear = told.units[first][leg], told.units[after - 1][leg] + told.length
            if math.isinf(clear):
                break
            way = (keys[i - 1] if i else "", keys[i + 1] if i + 1 < len(keys) else "")
            one_lane = any(thing.alternating and abs(thing.km - point.km) <= LANE_KM for thing in found.things)
            near = next((thing.subject for thing in borders if abs(thing.km - point.km) <= BORDER_KM), "")
            made.append(
                Passing(
                    planned.subject, keys[i], point.name, point.lon, point.lat, round(due), round(clear), way,
                    subject=near, oneway=one_lane, gap_ms=round(gap_min * MINUTE / planned.scale),
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


def _spans(course: Course, lies: Iterable[int]) -> tuple[tuple[float, float], ...]:
    """The stretches of the way that lie on these edges, those that touch as one."""
    spans = sorted(course.edge_km[edge] for edge in lies if edge in course.edge_km)
    found: list[tuple[float, float]] = []
    for km, to_km in spans:
        if found and km <= found[-1][1] + 0.01:
            found[-1] = (found[-1][0], max(found[-1][1], to_km))
        else:
            found.append((km, to_km))
    return tuple(found)
