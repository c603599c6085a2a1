"""May this movement go on, when will it be where, and what is missing?

One assessment joins what the rules say of everything ahead on its way, its clearances at the borders, and the times
that the holds on the way leave it. What the head has behind it no longer counts for the verdict.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple, overload

import msgspec

from cop.event import Described, Millis, State, Status
from cop.movement.clearance import Assessment as Cleared
from cop.movement.clearance import assess as assess_clearance
from cop.movement.clearance import clearance_of
from cop.movement.course import Course, Run
from cop.movement.forecast import Forecast, Hold, Seen, forecast
from cop.movement.holds import holds
from cop.movement.movement import Movement
from cop.movement.obstacle import DERIVED, as_told
from cop.movement.outage import outage
from cop.movement.rulesets import Ruleset
from cop.movement.sight import Sight
from cop.movement.verdict import Answer, Reason, Verdict, strictest
from cop.picture import standing

MINUTE: Final = 60_000
BEHIND_KM: Final = 0.2
CLEARED: Final[dict[str, Answer]] = {
    "cleared": "go",
    "pending": "caution",
    "late": "no-go",
    "missing": "no-go",
    "blocked": "no-go",
    "unknown": "unknown",
}
"""What a clearance's state lets a movement do at its border."""


STATES: Final[dict[Answer, State]] = {"go": "open", "caution": "restricted", "unknown": "unknown", "no-go": "closed"}
"""How an answer looks on the map."""


class Thing(NamedTuple):
    """Something tied to the way: when the head comes there, when the tail is clear, and what the rules say."""

    km: float
    subject: str
    name: str
    verdict: Verdict
    due: Millis | None
    clear: Millis | None
    passed: bool
    alternating: bool = False
    """One lane for both ways: there columns of opposite directions are in each other's way."""


class Things(Sequence[Thing]):
    """Everything tied to a way, in order. A thing is put together when it is asked for: most are not."""

    def __init__(
        self,
        course: Course,
        told: Forecast,
        verdicts: tuple[Verdict, ...],
        sight: Sight,
        lanes: frozenset[int],
        behind_km: float,
    ) -> None:
        self._course = course
        self._told = told
        self._verdicts = verdicts
        self._sight = sight
        self.lanes = lanes
        """Which of the ties have one lane for both ways."""
        self._behind_km = behind_km

    def __len__(self) -> int:
        return len(self._verdicts)

    @overload
    def __getitem__(self, at: int) -> Thing: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Thing]: ...
    def __getitem__(self, at: int | slice) -> Thing | Sequence[Thing]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        tie, leg = self._course.ties[at], self._course.tie_legs[at]
        return Thing(
            tie.km,
            tie.subject,
            self._sight.name(tie.subject),
            self._verdicts[at],
            self._told.head(leg),
            self._told.clear(leg),
            tie.km < self._behind_km,
            at in self.lanes,
        )


class Approval(NamedTuple):
    """An engineer's logged approval of a caution crossing."""

    object: str
    by: str
    at: Millis
    until: Millis


class Assessment(msgspec.Struct, frozen=True):
    """All that is told of a movement."""

    movement: Movement
    verdict: Verdict
    forecast: Forecast
    head_km: float | None
    """Where the head is on the plan; None before it was seen there."""
    late_min: float | None
    """How late it is now, minutes of its own clock; None before it was seen."""
    due: tuple[Millis | None, ...]
    """When the head passes each point of the plan; None where it can't be told."""
    clear: tuple[Millis | None, ...]
    things: Things
    clearances: tuple[Cleared, ...]
    tied: bool
    """Whether its way could be followed on the network."""
    seen_at: Millis | None
    approvals: tuple[Approval, ...] = ()

    @property
    def may_move(self) -> bool:
        """Nothing forbids it and nothing is unknown, and every caution on its way is approved."""
        if self.verdict.answer == "caution":
            approved = {each.object for each in self.approvals}
            return all(each.object in approved for each in self.verdict.reasons if each.answer == "caution")
        return self.verdict.answer == "go"

    @property
    def eta(self) -> Millis | None:
        """When the head is at the release point."""
        return self.due[-1]

    @property
    def delay_min(self) -> float | None:
        """How much later than planned the head arrives, minutes of its own clock; None when that can't be told."""
        planned = self.movement.points[-1].due
        if self.eta is None or planned is None:
            return None
        return (self.eta - planned) * self.movement.scale / MINUTE

    @property
    def arrived(self) -> bool:
        """The head has reached the release point."""
        return self.head_km is not None and self.head_km >= self.movement.legs[-1].km - BEHIND_KM


class Context(msgspec.Struct, frozen=True):
    """What an assessment needs beside the movement: the picture as the rules see it, and the rules that count."""

    sight: Sight
    ruleset: Ruleset
    now: Millis
    near: dict[str, tuple[tuple[float, float], ...]] = {}
    """Reported events near the way: subject → from and to kilometre on it."""
    systems: tuple[str, ...] = ()
    """The systems whose outage takes confidence from what a border knows."""


def assess(course: Course, run: Run, context: Context) -> Assessment:
    """The assessment at `context.now`. Pure: the same picture and run give the same answer."""
    movement, sight, now = course.movement, context.sight, context.now
    here = run.km if run.km is not None else course.legs[0].km
    found = holds_on(course, run, context)
    told = forecast(
        course.legs,
        found,
        units=movement.units,
        pass_min=movement.pass_min,
        scale=movement.scale,
        seen=(Seen(run.passed, run.km, run.at),) if run.km is not None else (),
        late_ms=max(0.0, now - course.legs[0].due),
    )
    reasons: list[Reason] = []
    verdicts: list[Verdict] = []
    room: Reason | None = None  # the reason to go that leaves the least
    fleet, behind = movement.vehicles, here - BEHIND_KM if run.km is not None else -math.inf
    known = sight.judgements(fleet)
    for tie in course.ties:
        verdict = known.get(tie.subject) or sight.fleet(fleet, tie.subject, _then(told.comes(tie.km, course.legs), now))
        verdicts.append(verdict)
        if tie.km < behind or not verdict.reasons:
            continue
        if verdict.answer != "go":
            reasons += [reason for reason in verdict.reasons if reason.answer != "go"]
        elif room is None or _left(verdict.reasons[0]) < _left(room):
            room = verdict.reasons[0]
    for subject, spans in context.near.items():
        for km in (km for km, to in spans if to >= here):  # whoever is on it came there when it may have been open
            verdict = sight.fleet(fleet, subject, _then(told.comes(km, course.legs), now))
            reasons += [reason for reason in verdict.reasons if reason.answer != "go"]
    if room is not None:
        reasons.append(room)
    things = Things(
        course,
        told,
        tuple(verdicts),
        sight,
        frozenset(
            i for i, t in enumerate(course.ties) if sight.holding(t.subject) and _alternating(sight, t.subject, now)
        ),
        behind,
    )
    borders = [things[i] for i in course.borders]
    cleared = border_clearances(movement, borders, sight, context.ruleset, context.systems, now)
    reasons += [_permission(each) for each in cleared if each.state != "cleared"]
    reasons += _gaps(course, here)
    if not movement.vehicles:
        reasons.append(Reason("unknown", "MLC-04", "nobody says which vehicles are in it", movement.subject))
    verdict = strictest(dict.fromkeys(reasons), "go" if course.way is not None else "unknown")
    return Assessment(
        movement,
        verdict,
        told,
        run.km,
        None if run.km is None else run.late_ms * movement.scale / MINUTE,
        tuple(told.head(leg) for leg in course.point_legs),
        tuple(told.clear(leg) for leg in course.point_legs),
        things,
        tuple(cleared),
        course.way is not None,
        run.at if run.km is not None else None,
        _approvals(movement, verdict.reasons, sight, now),
    )


def holds_on(course: Course, run: Run, context: Context) -> list[Hold]:
    """What on the way costs it time: the things tied to it, reported events near it, and what is said of itself."""
    sight, now, legs = context.sight, context.now, course.legs
    found: list[Hold] = []
    for tie in [tie for tie in course.ties if sight.holding(tie.subject)]:
        entity = sight.entity(tie.subject)
        if entity is not None:
            found += holds(entity, tie.km, now, after=legs[0].due, start=tie.km <= legs[0].km + BEHIND_KM)
    for subject, spans in context.near.items():
        entity = sight.entity(subject)
        if entity is not None:
            for km, to_km in spans:
                found += holds(entity, km, now, after=legs[0].due, to_km=to_km)
    itself = sight.entity(course.movement.subject)
    if itself is not None:
        here = run.km if run.km is not None else legs[0].km
        for hold in holds(itself, here, now, after=legs[0].due, to_km=legs[-1].km):
            if not hold.source.startswith(DERIVED):
                at = _reached(course, run, max(hold.since, now))
                found.append(msgspec.structs.replace(hold, km=max(here, at)))
    return found


def _reached(course: Course, run: Run, at: Millis) -> float:
    """The kilometre at which the head is then, by the plan and its lateness."""
    legs, when = course.legs, at - run.late_ms
    for a, b in pairwise(legs):
        if when < b.due:
            return a.km + (b.km - a.km) * max(0.0, when - a.due) / (b.due - a.due)
    return legs[-1].km


def border_clearances(
    planned: Movement, things: Sequence[Thing], sight: Sight, ruleset: Ruleset, systems: Sequence[str], now: Millis
) -> list[Cleared]:
    """The clearance at each border of the way that is still ahead, under a rule set."""
    found: list[Cleared] = []
    lost = _confidence_lost(sight, systems, now)
    for thing in things:
        if thing.passed or not thing.subject.startswith("crossing:"):
            continue
        border = sight.entity(thing.subject)
        told = [e.body for e in border.events if isinstance(e.body, Described)] if border is not None else []
        nations = next((body.nations for body in told if body.nations), ())
        said = sight.entity(f"clearance:{planned.id}-{local(thing.subject)}")
        found.append(
            assess_clearance(
                None if said is None else clearance_of(as_told(said), now),
                movement=planned.subject,
                border=thing.subject,
                nations=nations,
                vehicles=planned.count,
                eta=thing.due if thing.due is not None else now,
                now=now,
                ruleset=ruleset,
                confidence_lost=lost[thing.subject][0] if thing.subject in lost else "",
                lost_since=lost[thing.subject][1] if thing.subject in lost else None,
            )
        )
    return found


def _then(due: float, now: Millis) -> Millis:
    """When to look at a thing: when the head comes there, or now where it never does."""
    return now if math.isinf(due) else round(due)


def _left(reason: Reason) -> float:
    return math.inf if reason.margin is None else reason.margin


def _confidence_lost(sight: Sight, systems: Sequence[str], now: Millis) -> dict[str, tuple[str, Millis]]:
    """Border → the system whose outage leaves a clearance unconfirmed there, and since when."""
    found: dict[str, tuple[str, Millis]] = {}
    for subject in systems:
        entity = sight.entity(subject)
        down = outage(entity, now) if entity is not None else None
        if down is not None:
            cause = down.said.body
            since = cause.since if isinstance(cause, Status) and cause.since is not None else down.said.at
            found |= dict.fromkeys(down.subjects, (down.name, since))
    return found


def _approvals(movement: Movement, reasons: Sequence[Reason], sight: Sight, now: Millis) -> tuple[Approval, ...]:
    """The logged approvals that still hold for what the movement may pass with caution only."""
    heaviest = max((vehicle.mlc for vehicle in movement.vehicles if vehicle.mlc is not None), default=0.0)
    found: dict[str, Approval] = {}
    for reason in reasons:
        if reason.answer != "caution" or reason.object in found:
            continue
        entity = sight.entity(f"approval:{movement.id}-{local(reason.object)}")
        said = entity.described if entity is not None else None
        if said is None or not isinstance(said.body, Described):
            continue
        given = said.body.properties
        until, mlc = given.get("until"), given.get("mlc")
        if isinstance(until, int) and until > now and isinstance(mlc, int | float) and mlc >= heaviest:
            found[reason.object] = Approval(reason.object, str(given.get("by") or said.source), said.at, until)
    return tuple(found.values())


def _permission(each: Cleared) -> Reason:
    answer = CLEARED[each.state]
    text = "; ".join(each.missing) or each.state
    return Reason(answer, "PER-01", text, each.border, each.border.partition(":")[2], source=each.source, at=each.at)


def _gaps(course: Course, here: float) -> list[Reason]:
    """What keeps the way itself from being known."""
    subject = course.movement.subject
    if course.way is None:
        return [Reason("unknown", "RTE-01", "its way can't be followed on the road network", subject)]
    ahead = [each for each in course.unsurveyed if each.to_km > here]
    if not ahead:
        return []
    km = sum(each.to_km - max(each.km, here) for each in ahead)
    roads = ", ".join(dict.fromkeys(each.road for each in ahead if each.road)) or "roads without a number"
    return [Reason("unknown", "MLC-07", f"nobody says which bridges lie on {km:.1f} km of its way ({roads})", subject)]


def _alternating(sight: Sight, subject: str, now: Millis) -> bool:
    entity = sight.entity(subject)
    if entity is None:
        return False
    return any(isinstance(e.body, Status) and e.body.measures.get("alternating", 0) > 0 for e in standing(entity, now))


def local(subject: str) -> str:
    """`B15` for `bridge:B15`."""
    return subject.partition(":")[2]
