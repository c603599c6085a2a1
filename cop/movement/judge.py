"""May this mover pass this thing? The rules of its kind, applied under the circumstances, give one verdict.

What moves and what stands in the way choose the rules by a table, and so does what a state answers by itself. Silence
is no reason to go: a crossing, port, airfield or railway of which nobody says that it is open is unknown. A bridge or
a road section is different, because their registers tell no live status: there silence neither helps nor harms, and
what decides is the class and the limits. A thing with neither (an event on a road, a site) has no reasons at all, which
for itself is unknown and adds nothing to what else is on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from cop.event import Millis
from cop.movement import berth, railway, road, runway
from cop.movement.obstacle import Obstacle
from cop.movement.rules import states
from cop.movement.vehicle import Aircraft, Mover, Ship, Train, Vehicle
from cop.movement.verdict import RANK, Reason, Verdict, strictest

Flow = Literal["one-way", "two-way"]


class Approval(msgspec.Struct, frozen=True):
    """Somebody approved one caution: of this rule, at this object, for this vehicle as the reason names it."""

    object: str
    rule: str
    vehicle: str
    who: str
    when: Millis
    until: Millis | None = None
    """From when on it no longer counts; None: until it is withdrawn."""

    def covers(self, reason: Reason, now: Millis) -> bool:
        """Whether it is for this reason, and counts now."""
        mine = (self.object, self.rule, self.vehicle) == (reason.object, reason.rule, reason.vehicle)
        return mine and self.when <= now and (self.until is None or now < self.until)


class Circumstances(msgspec.Struct, frozen=True):
    """Under what the rules are applied. What is None nobody has said."""

    now: Millis = 0
    flow: Flow = "one-way"
    """How a bridge is run: one-way means under flow control or on a carriageway of its own."""
    season: frozenset[str] = frozenset()
    """Seasons in force, as the table of seasons names them: `spring-thaw`, `heat`."""
    poor_visibility: bool | None = None
    tonnes_as_mlc: bool = False
    """Derive a temporary class (MLC-09) for a vehicle without one. What comes out is at best a caution."""
    approvals: tuple[Approval, ...] = ()
    runway_wet: bool | None = None


Look = Callable[[Any, Obstacle, Circumstances], list[Reason]]

MOVERS: Final[dict[type, str]] = {Vehicle: "vehicle", Ship: "ship", Aircraft: "aircraft", Train: "train"}
LOOKS: Final[dict[tuple[str, str], Look]] = {
    ("vehicle", "bridge"): road.over_bridge,
    ("vehicle", "road"): road.along,
    ("vehicle", "roadevent"): road.along,
    ("vehicle", "incident"): road.along,
    ("vehicle", "crossing"): road.along,
    ("vehicle", "port"): road.along,
    ("vehicle", "site"): road.along,
    ("ship", "port"): berth.takes,
    ("aircraft", "airfield"): runway.takes,
    ("train", "rail"): railway.takes,
}
"""(what moves, kind of thing) → the rules that look at it."""


def judge(mover: Mover, seen: Obstacle, circumstances: Circumstances) -> Verdict:
    """The strictest of what the rules say. Pure; costs a few microseconds for a bridge."""
    who, kind = MOVERS[type(mover)], seen.kind
    look = LOOKS.get((who, kind))
    reasons = look(mover, seen, circumstances) if look is not None else []
    table = states()
    held = table.get((who, kind, seen.state))
    if held is None and look is None:
        held = table.get((who, "*", seen.state))
    if held is not None:
        text, basis = _state_text(held.text or seen.state, seen), seen.marking or seen.basis
        told = (seen.subject, seen.name, mover.label, None, "", seen.source, seen.at, basis)
        reasons.append(Reason(held.answer, held.rule, text, *told))
    if circumstances.approvals:
        reasons = [_with_approval(each, circumstances) for each in reasons]
    return strictest(reasons)


def approved(verdict: Verdict, approvals: Iterable[Approval], now: Millis) -> bool:
    """Whether every caution of the verdict has an approval that counts now, and nothing stricter stands against it."""
    known = tuple(approvals)
    return RANK[verdict.answer] <= RANK["caution"] and all(
        any(approval.covers(reason, now) for approval in known)
        for reason in verdict.reasons
        if reason.answer == "caution"
    )


def candidates(
    mover: Mover, things: Iterable[Obstacle], circumstances: Circumstances
) -> list[tuple[Obstacle, Verdict]]:
    """All of them with their verdicts: what can be used first, then the unknown, then what can't.

    Among equals those with more room come first, which is the sum of the margins in metres; then by subject.
    """
    found = [(seen, judge(mover, seen, circumstances)) for seen in things]
    return sorted(found, key=lambda each: (RANK[each[1].answer], -_room(each[1]), each[0].subject))


def _room(verdict: Verdict) -> float:
    return sum(reason.margin for reason in verdict.reasons if reason.margin is not None and reason.unit == "m")


def _state_text(word: str, seen: Obstacle) -> str:
    text = f"{word}: {seen.reason}" if seen.reason else word
    return f"{text} (until {_moment(seen.until)})" if seen.until is not None else text


def _with_approval(reason: Reason, circumstances: Circumstances) -> Reason:
    """A caution stays one when it is approved; it says by whom and when."""
    if reason.answer != "caution":
        return reason
    given = next((each for each in circumstances.approvals if each.covers(reason, circumstances.now)), None)
    if given is None:
        return reason
    until = f" until {_moment(given.until)}" if given.until is not None else ""
    text = f"{reason.text}; approved by {given.who} at {_moment(given.when)}{until}"
    return msgspec.structs.replace(reason, text=text)


def _moment(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%MZ")
