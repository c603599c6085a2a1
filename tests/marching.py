"""What does an exercise on the march look like to the tests? The scenario's own picture with an engine over it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final

import msgspec

from cop.event import Body, Described, Event, Gone, Millis, Sighted, State, Status, event
from cop.movement.assess import Assessment
from cop.movement.conflicts import Conflict
from cop.movement.engine import Change, Engine
from cop.movement.judge import Circumstances
from cop.movement.rulesets import rulesets
from cop.movement.verdict import Answer
from cop.picture import Entity, Picture, entity
from dashboard.exercises import exercise_facts
from feeds.adapter import Context, decode
from feeds.network.store import shipped
from feeds.simulated import convoys, marches
from feeds.sources.simulated import SOURCE, write

WORLD: Final = "exercise/demo"
START: Final = 60.0
NOW: Final = 1_795_000_000_000
"""The wall time of T+60, when the tests begin: every convoy is on the road."""
STARTEX: Final = NOW - round(START * 60_000)
PASVALYS: Final = ((24.35, 55.935), (24.405, 56.063))
"""The ends of the A10 that INJ-005 closes: Pumpenai and Pasvalys."""


def at(minute: float) -> Millis:
    """The wall time of T+minute; the tests' clock runs at the exercise's own pace."""
    return STARTEX + round(minute * 60_000)


def minute(ms: Millis | None) -> float | None:
    """Minutes from STARTEX."""
    return None if ms is None else round((ms - STARTEX) / 60_000, 1)


def rows(name: str) -> list[dict[str, str]]:
    """A table of the exercise that comes with the project."""
    with (marches.TABLES / name).open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def scene(strays: bool = False) -> marches.Simulation:
    """The twelve convoys from T+60 on, exactly by their plan unless they stray."""
    if strays:
        return marches.load(seed=1, scale=1.0, count=0, start=START, start_wall=NOW)
    planned = marches.convoys(rows("convoys.csv"), rows("route_waypoints.csv"), rows("march_table.csv"), strays=False)
    return marches.simulation(marches.with_permits(planned, rows("clearances.csv")), start_wall=NOW, start=START)


def reported(told: marches.Simulation, after: Millis, until: Millis) -> list[Event]:
    """What the simulator says between two wall times, as events of the exercise."""
    said = decode(SOURCE, write(list(convoys.reports(told, after, until))), _context())
    return [each for each in said if isinstance(each, Event)]


def _context() -> Context:
    return Context(NOW, WORLD, "simulated")


@cache
def start(strays: bool = False) -> tuple[Event, ...]:
    """All that is known at T+60: the registers, the convoys with their plans, places and clearances."""
    return (*exercise_facts(WORLD, NOW), *reported(scene(strays), -1, NOW))


def said(subject: str, body: Body, source: str = "inject:1", t: float = START) -> Event:
    """What an exercise's own source says at T+t."""
    return event(source, subject, at(t), body, received=at(t), world=WORLD, origin="injected")


def effect(
    subject: str,
    state: State = "closed",
    since: float | None = START,
    until: float | None = None,
    *,
    source: str = "inject:1",
    t: float = START,
    reason: str = "",
    **measures: float,
) -> Event:
    """An effect from T+since to T+until, told at T+t; without an end unless one is given."""
    begins, ends = (None if each is None else at(each) for each in (since, until))
    return said(subject, Status(state, begins, ends, reason, measures), source, t)


def over(told: Event, t: float) -> Event:
    """The effect is taken back at T+t."""
    return event(told.source, told.subject, at(t), Gone("over"), received=at(t), world=told.world, origin="injected")


def on_a10(name: str = "inj5") -> Event:
    """A reported event that lies along the A10 from Pumpenai to Pasvalys, without a word on its state yet."""
    body = Described("A10 Pumpenai-Pasvalys", ("LT",), *PASVALYS[0], path=PASVALYS, properties={"road": "A10"})
    return said(f"roadevent:{name}", body)


def sighting(convoy: str, lon: float, lat: float, t: float) -> Event:
    """The head of a convoy is seen somewhere at T+t."""
    return event("simulated", convoy, at(t), Sighted(lon, lat), received=at(t), world=WORLD, origin="simulated")


class Desk:
    """A picture, an engine over it, and the hand that tells both."""

    def __init__(self, events: Iterable[Event] = (), *, settled: float | None = START) -> None:
        self.picture = Picture()
        for each in events:
            self.picture.fold(each)
        ruleset, circumstances = next(iter(rulesets().values())), Circumstances(now=NOW)
        self.engine = Engine(self.look, shipped(), ruleset, circumstances)
        self.engine.touch_all(self.picture.subjects())
        if settled is not None:
            self.engine.settle(at(settled))

    def look(self, subject: str) -> Entity | None:
        """A thing as the engine sees it: what it made of it first, then what is told of it."""
        made = (self.engine.derived.records(subject),) if hasattr(self, "engine") else ()
        return entity(subject, *made, self.picture.records(subject))

    def tell(self, *events: Event) -> None:
        """Something is reported."""
        for each in events:
            if self.picture.fold(each):
                self.engine.touch(each)

    def settle(self, t: float, *events: Event) -> set[str]:
        """Tell, and settle at T+t; the things of which there is something new."""
        self.tell(*events)
        return self.engine.settle(at(t))

    def drive(self, told: marches.Simulation, after: float, until: float, step: float = 1.0) -> None:
        """Let the simulator report every so many minutes until T+until."""
        t = after
        while t < until:
            self.settle(min(t + step, until), *reported(told, at(t), at(min(t + step, until))))
            t += step

    def what_if(self, t: float, *events: Event) -> dict[str, Change]:
        """What these events would do, by convoy."""
        return {each.after.movement.id: each for each in self.engine.what_if(events, at(t))}

    def of(self, convoy: str) -> Assessment:
        """The assessment of `C05`."""
        found = self.engine.assessment(f"convoy:{convoy}")
        assert found is not None
        return found

    def answers(self) -> dict[str, Answer]:
        """The verdict of each convoy."""
        return {each.movement.id: each.verdict.answer for each in self.engine.assessments().values()}

    def end(self, convoy: str) -> float | None:
        """When the head arrives, minutes from STARTEX."""
        return minute(self.of(convoy).eta)

    def delay(self, convoy: str) -> float | None:
        """How much later than planned, whole minutes."""
        found = self.of(convoy).delay_min
        return None if found is None else round(found)

    def state(self, subject: str, t: float) -> State:
        """A thing's state at T+t as every view shows it."""
        found = self.look(subject)
        return "unknown" if found is None else found.state(at(t))

    def pairs(self) -> set[tuple[str, str]]:
        """Who is in whose way, as pairs of `C05`."""
        return {(a.partition(":")[2], b.partition(":")[2]) for a, b in (g.pair for g in self.engine.conflicts.groups())}

    def anew(self, before: Mapping[str, Assessment]) -> list[str]:
        """The convoys whose assessment is not the very same object as before: those that were assessed anew."""
        now = self.engine.assessments()
        return sorted(found.movement.id for subject, found in now.items() if before.get(subject) is not found)

    def known(self) -> tuple[dict[str, Any], list[Conflict]]:
        """All that the engine says, to compare one engine with another."""
        return plain(self.engine.assessments()), self.engine.conflicts.all()

    def made(self) -> dict[str, dict[tuple[str, str], Event]]:
        """All events that the engine made, to see whether it made any."""
        return {subject: dict(self.engine.derived.records(subject)) for subject in self.engine.derived.subjects()}


def plain(found: Mapping[str, Assessment]) -> dict[str, Any]:
    """Assessments as plain values, but for what the clock alone changes in them."""
    return {subject: _plain(found[subject]) for subject in sorted(found)}


def _plain(found: Assessment) -> dict[str, Any]:
    own = {name: getattr(found, name) for name in found.__struct_fields__}
    told: dict[str, Any] = {
        name: msgspec.to_builtins(list(each) if name == "things" else each) for name, each in own.items()
    }
    for each in told["clearances"]:  # what runs with the clock alone
        each.update(dict.fromkeys(("eta", "earliest", "slack_ms", "deadline", "left_ms")))
    return told


def thing_of(found: Assessment, subject: str) -> Any:
    """The one thing of that subject on its way."""
    (only,) = (each for each in found.things if each.subject == subject)
    return only


def steps(first: float, last: float, by: float) -> Iterator[float]:
    """Times from T+first to T+last."""
    while first < last:
        yield first
        first += by
    yield last
