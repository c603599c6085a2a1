"""Does this ship fit into this port? Draught, length, beam, ramp and crane, by what is written of it (SEA-01).

A port's depth stands in texts of many hands: of several numbers the smallest counts, and a number that isn't called a
permitted draught has no under-keel clearance in it, so it never gives more than a caution. What no register tells, as
a beam or the bearing of a quay, is asked for: a caution.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from cop.event import Scalar
from cop.movement.obstacle import Obstacle
from cop.movement.rules import described, noted
from cop.movement.vehicle import Ship, number
from cop.movement.verdict import Answer, Reason

if TYPE_CHECKING:
    from cop.movement.judge import Circumstances

RULE: Final = "SEA-01"
DEEPEST: Final = 40.0
"""Metres: a larger number in a text about depth is a year or a length."""
RO_RO: Final[dict[str, tuple[Answer, str]]] = {
    "yes": ("go", "ro-ro"),
    "limited": ("caution", "ro-ro with limits: ask the port"),
    "ferry": ("caution", "ferry ramps only: ask the operator"),
    "no": ("no-go", "no ro-ro berth"),
}
"""First word of the port's column ro_ro → what it means for a ship that unloads over a ramp."""

_BERTH = re.compile(r"\bberths?\s+\d+(?:\s*-\s*\d+)?")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_DRAUGHT = re.compile(r"\bdraught|permitted", re.IGNORECASE)
_NOTE = re.compile(r"(\d+(?:\.\d+)?) ?m\b[^;,.]*\bdraught", re.IGNORECASE)
_PERMIT = re.compile(r"(\d+(?:\.\d+)?) by permit", re.IGNORECASE)


class Depth(NamedTuple):
    """The smallest number of a text about depth, m; whether it is a permitted draught; the text."""

    metres: float
    permitted: bool
    text: str


def takes(ship: Ship, seen: Obstacle, circumstances: Circumstances) -> list[Reason]:
    """What the port's description says of the ship; its state is looked at elsewhere."""
    reasons = [
        *_draught(ship, seen),
        *_length(ship, seen),
        *_beam(ship, seen),
        *_ramp(ship, seen),
        *noted(seen, ship.label),
    ]
    share = seen.measures.get("capacity_pct")
    if share is not None and share.value < 100:
        answer: Answer = "caution" if share.value > 0 else "no-go"
        text = f"the port works at {share.value:g} % of its capacity"
        about = (seen.subject, seen.name, ship.label, None, "", share.source, share.at, share.basis)
        reasons.append(Reason(answer, RULE, text, *about))
    return reasons


def depth(properties: Mapping[str, Scalar]) -> Depth | None:
    """What a ship may draw at most, as conservatively as the texts allow; None when they give no number."""
    found = [_depth(str(properties.get("max_depth_or_draught_m") or "")), _noted(str(properties.get("note") or ""))]
    return min((each for each in found if each is not None), default=None)


@lru_cache(1024)
def _depth(text: str) -> Depth | None:
    found = []
    for part in text.split(";"):
        numbers = [float(each) for each in _NUMBER.findall(_BERTH.sub("", part))]
        found += [Depth(n, _DRAUGHT.search(part) is not None, text) for n in numbers if 0 < n <= DEEPEST]
    return min(found, default=None)


@lru_cache(1024)
def _noted(note: str) -> Depth | None:
    return min((Depth(float(each), True, note) for each in _NOTE.findall(note)), default=None)


def _draught(ship: Ship, seen: Obstacle) -> list[Reason]:
    known = depth(seen.properties)
    if known is None:
        text = f"no depth is known: {seen.properties.get('max_depth_or_draught_m') or 'nothing said'}"
        return [described("unknown", RULE, text, seen, ship.label)]
    if ship.draught_m is None:
        return [described("unknown", RULE, f"draught not known; {known.metres:g} m there", seen, ship.label)]
    margin = known.metres - ship.draught_m
    if margin < 0:
        answer, what = "no-go", "draught"
    elif known.permitted:
        answer, what = "go", "draught"
    else:
        answer, what = "caution", "no under-keel clearance is in that depth: ask the port; draught"
    text = f"{what} {ship.draught_m:g} m, {known.metres:g} m there ({known.text})"
    return [described(answer, RULE, text, seen, ship.label, margin, "m")]  # type: ignore[arg-type]


def _length(ship: Ship, seen: Obstacle) -> list[Reason]:
    most = number(seen.properties.get("max_loa_m"))
    if most is None or ship.loa_m is None:
        text = "the port's greatest length is not known" if most is None else f"length not known; {most:g} m there"
        return [described("unknown", RULE, text, seen, ship.label)]
    note = str(seen.properties.get("max_loa_note") or "")
    margin, more = most - ship.loa_m, f" ({note})" if note else ""
    permit = _PERMIT.search(note)
    if margin >= 0:
        answer: Answer = "caution" if "about" in note else "go"
    elif permit is not None and ship.loa_m <= float(permit[1]):
        answer = "caution"
    else:  # a special permission without a number leaves open up to what length
        answer = "unknown" if "special permission" in note else "no-go"
    text = f"length {ship.loa_m:g} m, {most:g} m there{more}"
    return [described(answer, RULE, text, seen, ship.label, margin, "m")]


def _beam(ship: Ship, seen: Obstacle) -> list[Reason]:
    most = number(seen.properties.get("max_beam_m"))
    if most is None:
        return [described("caution", RULE, "greatest beam and bearing of the quay: ask the port", seen, ship.label)]
    if ship.beam_m is None:
        return [described("unknown", RULE, f"beam not known; {most:g} m there", seen, ship.label)]
    answer: Answer = "go" if ship.beam_m <= most else "no-go"
    text = f"beam {ship.beam_m:g} m, {most:g} m there"
    return [described(answer, RULE, text, seen, ship.label, most - ship.beam_m, "m")]


def _ramp(ship: Ship, seen: Obstacle) -> list[Reason]:
    reasons = []
    if ship.ramp != "none" and (ship.ramp is not None or not ship.needs_crane):
        said = str(seen.properties.get("ro_ro") or "")
        answer, text = RO_RO.get(
            said.partition(" ")[0].lower(), ("unknown", "whether it has a ro-ro berth nobody says")
        )
        if ship.ramp is None and answer != "no-go":
            answer, text = "unknown", "which ramp the ship has nobody says"
        reasons.append(described(answer, RULE, f"{text} ({said})" if said else text, seen, ship.label))
    if ship.needs_crane or ship.ramp == "none":
        lifts = number(seen.properties.get("crane_t"))
        if lifts is None:
            reasons.append(described("unknown", RULE, "which cranes the port has nobody says", seen, ship.label))
        else:
            reasons.append(described("caution", RULE, f"cranes of {lifts:g} t: ask for the load", seen, ship.label))
    return reasons
