"""Which movements does a change touch, and what becomes of them?

The engine keeps each movement's course and run, and an index from every thing to the movements that pass it. What is
touched is assessed anew, and only that: a bridge by the movements over it, a system by the crossings that hang on it, a
reported event by the roads that it lies on. What comes out are events of their own source, which the views show like
any other report; nothing is written to a stream. Pure: the picture comes by `look`, the time as an argument.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from cop.event import Body, Described, Event, Millis, Origin, Sighted, Status, event, kind
from cop.movement.assess import CLEARED, STATES, Assessment, Context, assess
from cop.movement.conflicts import Conflicts
from cop.movement.course import Course, Laid, Place, Run
from cop.movement.ground import ground, shape_of
from cop.movement.holds import edges
from cop.movement.judge import Circumstances
from cop.movement.movement import Movement, movement
from cop.movement.obstacle import DERIVED
from cop.movement.outage import effects, outage, over
from cop.movement.rulesets import Ruleset
from cop.movement.shown import cells, lasting, passings, state
from cop.movement.sight import Look, Sight, what_if
from cop.network import Network
from cop.picture import Entity, Picture

SOURCE: Final = DERIVED + "movement"
MEET_MS: Final = 300
"""How long conflicts wait at most for the assessments that come first."""
LATER_MS: Final = 60_000
"""How often a movement is looked at again that was due to set out and that nobody has seen."""
CLOSE_MS: Final = 30_000
"""A lateness that changed by less is no news; nor is it before the head passes a point."""
PAPERS: Final = frozenset({"clearance", "approval"})
"""Kinds of things that belong to one movement."""
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
        self._ground = ground(network) if network is not None else None
        self._marchers: dict[str, _Marcher] = {}
        self._on: dict[str, set[str]] = defaultdict(set)  # thing → movements that pass it
        self._edges: dict[int, set[str]] = defaultdict(set)  # edge → movements that use it
        self._lies: dict[str, tuple[int, ...]] = {}  # reported thing → edges that it lies on
        self._systems: dict[str, tuple[Event, ...]] = {}  # system → what its outage says now
        self._permitted: dict[str, set[str]] = defaultdict(set)  # movement → its clearances of which something is said
        self._changed: dict[str, None] = {}
        self._moved: dict[str, Event] = {}
        self._again: dict[str, None] = {}
        self._unmet: dict[str, None] = {}
        self._unmet_since = 0
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
        found = set(self._on.get(subject, ())) | self._mover(subject)
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
        systems = dict.fromkeys(each.subject for each in laid if each.subject.startswith("system:"))
        for subject in systems:
            entity = sight.entity(subject)
            down = outage(entity, now) if entity is not None else None
            told = effects(down) if down is not None else []
            still = {each.subject for each in told}
            extra += told
            extra += [over(each) for each in self._systems.get(subject, ()) if each.subject not in still]
        if extra:
            sight = what_if(self.sight, self._look, [*laid, *extra])
        touched: set[str] = set()
        near: dict[str, tuple[tuple[int, ...], Sequence[Place]]] = {}
        for each in dict.fromkeys(each.subject for each in (*laid, *extra)):
            touched |= set(self.touched_by(each)) | ({each} & self._marchers.keys())
            entity = sight.entity(each)
            if each.partition(":")[0] in ROADSIDE and self._ground is not None:
                near[each] = (self._ground.edges(entity), shape_of(entity)) if entity is not None else ((), ())
                touched |= {subject for edge in near[each][0] for subject in self._edges.get(edge, ())}
        found = []
        for subject in sorted(touched):
            marcher = self._marchers.get(subject)
            if marcher is None or marcher.found is None:
                continue
            spans = {each: where for each, where in marcher.near.items() if each not in near}
            spans |= {each: s for each, lies in near.items() if (s := marcher.course.stretches(*lies))}
            context = Context(sight, self.ruleset, now, spans, tuple(self._systems | systems))
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
        return self.urgent(now) or bool(self._unmet)

    def urgent(self, now: Millis) -> bool:
        """Whether a movement waits for its assessment; conflicts with others come after all assessments."""
        return bool(self._changed or self._moved or self._again or (self._timers and self._timers[0][0] <= now))

    def meets(self, now: Millis) -> bool:
        """Whether conflicts are to be settled now: nothing more urgent waits, or they have waited long enough."""
        return not self.urgent(now) or now - self._unmet_since >= MEET_MS

    def settle(self, now: Millis, most: int = 1_000_000, *, meet: bool = True) -> set[str]:
        """Assess what was touched, at most so many movements at a time; the things of which there is something new.

        With `meet` the conflicts of who was assessed are settled too, also of so many; without it they wait.
        """
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
        for subject in list(self._unmet)[:most] if meet else ():
            del self._unmet[subject]
            new |= self._meet(subject, now)
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
        for each in before:  # what is said in its place may be older: nothing of it may stand in the way
            self._unsay(each)
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
        if what in PAPERS:
            return dict.fromkeys(self._mover(subject))
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
            there = self.sight.entity(subject) if any(edge in fresh.course.edge_km for edge in lies) else None
            if there is not None and (spans := fresh.course.stretches(lies, shape_of(there))):
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
            if entity is not None and (spans := marcher.course.stretches(lies, shape_of(entity))):
                marcher.near[subject] = spans
        return touched

    def _mover(self, subject: str) -> set[str]:
        """The movement to which a clearance or an approval belongs."""
        what, _, local = subject.partition(":")
        return {f"convoy:{local.rpartition('-')[0]}"} & self._marchers.keys() if what in PAPERS else set()

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
            self.sight.forget(subject)
            return {subject} | self._papers(subject, ())
        marcher.late_ms, marcher.legs = marcher.run.late_ms, len(marcher.run.passed)
        context = Context(self.sight, self.ruleset, now, marcher.near, tuple(self._systems))
        found = marcher.found = assess(marcher.course, marcher.run, context)
        self._permits(found, now)
        if found.head_km is None:  # nobody has seen it: from its start on it gets later by the clock alone
            self._call(subject, [max(now, marcher.course.legs[0].due) + LATER_MS])
        deadlines = (each.deadline for each in found.clearances)
        self._call(subject, (at + 1 for at in deadlines if at is not None and at >= now))
        if not self._unmet:
            self._unmet_since = now
        self._unmet[subject] = None
        self._tell(found, now)
        return {subject}

    def _meet(self, subject: str, now: Millis) -> set[str]:
        """The conflicts of one movement anew; the movements for which that changed something."""
        marcher = self._marchers.get(subject)
        if marcher is None or marcher.found is None:
            return set()
        crossed = self.conflicts.update(subject, passings(marcher.found, marcher.course, self._gap_min))
        told = ((each, self.assessment(each)) for each in sorted(crossed))
        return {each for each, known in told if known is not None and self._tell(known, now)}

    def _permits(self, found: Assessment, now: Millis) -> None:
        """Say of each clearance what its state lets the movement do; nothing more of one that is no longer needed."""
        needed = [f"clearance:{found.movement.id}-{each.border.partition(':')[2]}" for each in found.clearances]
        self._said |= self._papers(found.movement.subject, needed)
        for subject, each in zip(needed, found.clearances, strict=True):
            known = self.sight.entity(subject)
            told = [e for e in known.events if e.source != SOURCE] if known is not None else []
            if not told:
                continue
            before = self.derived.records(subject).get((SOURCE, "status"))
            body = Status(STATES[CLEARED[each.state]], reason="; ".join(each.missing) or each.state)
            body = lasting(body, before, now)
            if before is None or before.body != body:
                said = max(told, key=lambda e: (e.at, e.id))
                self._say(subject, body, now, said.world, said.origin, before)
                self._said.add(subject)
                self._permitted[found.movement.subject].add(subject)

    def _tell(self, found: Assessment, now: Millis) -> bool:
        """Say what the assessment makes of the movement, where that is not what was said before."""
        planned, new = found.movement, False
        conflicts = len(self.conflicts.others(planned.subject))
        held = self.derived.records(planned.subject).get((SOURCE, "status"))
        for body in (
            lasting(state(found), held, now),
            Described(properties=cells(found, conflicts), marking=planned.marking),
        ):
            before = self.derived.records(planned.subject).get((SOURCE, kind(body)))
            if before is None or before.body != body:
                self._say(planned.subject, body, now, planned.world, planned.origin, before)
                new = True
        return new

    def _papers(self, mover: str, needed: Iterable[str]) -> set[str]:
        """Take back what was said of the movement's clearances but the needed ones; those of which it was."""
        idle = self._permitted[mover] - set(needed)
        self._permitted[mover] -= idle
        for subject in idle:
            self.derived.forget(subject)
            self.sight.forget(subject)
        return idle

    def _say(self, subject: str, body: Body, now: Millis, world: str, origin: Origin, before: Event | None) -> None:
        """Say it in place of what was said before, even in the same millisecond."""
        at = now if before is None else max(now, before.at + 1)
        self._put(event(SOURCE, subject, at, body, received=now, world=world, origin=origin))

    def _put(self, said: Event) -> None:
        if self.derived.fold(said):
            self.sight.forget(said.subject)

    def _unsay(self, said: Event) -> None:
        kept = [e for (source, _), e in self.derived.records(said.subject).items() if source != said.source]
        self.derived.forget(said.subject)
        for each in kept:
            self.derived.fold(each)
        self.sight.forget(said.subject)

    def _wake(self, subject: str, entity: Entity, now: Millis) -> None:
        """Come back to the thing when the clock alone will change what it says."""
        self._call(subject, edges(entity, now))

    def _call(self, subject: str, times: Iterable[Millis]) -> None:
        """Come back to the thing at the first of these times, unless it is called sooner anyhow."""
        nearest = min((*times, *([self._set[subject]] if subject in self._set else [])), default=None)
        if nearest is not None and self._set.get(subject) != nearest:
            self._set[subject] = nearest
            heapq.heappush(self._timers, (nearest, subject))
