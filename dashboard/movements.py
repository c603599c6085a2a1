"""What do the lists and panels say of movements? Assessments as rows; no I/O, and no clock but the one handed in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from cop.event import Millis
from cop.movement.assess import Assessment, Thing, border_clearances
from cop.movement.clearance import board as ranked
from cop.movement.clearance import saved_days
from cop.movement.conflicts import Group
from cop.movement.engine import Change, Engine
from cop.movement.march import credit_state
from cop.movement.rulesets import Ruleset, rulesets
from cop.movement.verdict import RANK, Verdict

MINUTE: Final = 60_000
NATIONAL: Final = "national"
HARMONISED: Final = "harmonised"
MOST_REASONS: Final = 40


def rows(engine: Engine) -> list[dict[str, Any]]:
    """One row a movement, the most trouble first."""
    found = sorted(engine.assessments().values(), key=lambda each: (-RANK[each.verdict.answer], each.movement.subject))
    return [row(engine, each) for each in found]


def row(engine: Engine, found: Assessment) -> dict[str, Any]:
    """What the list says of a movement."""
    planned, limiting = found.movement, found.verdict.limiting
    return {
        "id": planned.subject,
        "name": planned.name,
        "verdict": found.verdict.answer,
        "limiting": "" if limiting is None or limiting.answer == "go" else limiting.name or limiting.object,
        "why": "" if limiting is None or limiting.answer == "go" else limiting.text,
        "rule": limiting.rule if limiting is not None else "",
        "vehicles": planned.count,
        "route": planned.route,
        "start": planned.points[0].name,
        "goal": planned.points[-1].name,
        "due": planned.points[-1].due,
        "eta": found.eta,
        "clear": found.clear[-1],
        "delay_min": None if found.delay_min is None else round(found.delay_min, 1),
        "late_min": None if found.late_min is None else round(found.late_min, 1),
        "credit": credit_state(found.late_min),
        "may_move": found.may_move,
        "approvals": [each._asdict() for each in found.approvals],
        "conflicts": len(engine.conflicts.others(planned.subject)),
        "elements": len(found.forecast.elements(planned.scale)),
        "arrived": found.arrived,
        "scale": planned.scale,
        "seen_at": found.seen_at,
        "marking": planned.marking,
        "world": planned.world,
    }


def detail(engine: Engine, found: Assessment) -> dict[str, Any]:
    """Everything that the page shows of a movement."""
    planned = found.movement
    course = engine.course(planned.subject)
    line: list[Sequence[float]] = []
    if course is not None and course.way is not None and engine.network is not None:
        line = [list(place) for place in engine.network.line(course.way)]
    return row(engine, found) | {
        "line": line or [list(place) for place in planned.path],
        "tied": found.tied,
        "head_km": found.head_km,
        "startex": planned.startex,
        "speed_kmh": planned.speed_kmh,
        "pass_min": planned.pass_min,
        "units": planned.units,
        "fleet": [msgspec.to_builtins(vehicle) for vehicle in planned.vehicles],
        "reasons": reasons(found.verdict),
        "points": [
            {
                "name": point.name,
                "km": point.km,
                "lon": point.lon,
                "lat": point.lat,
                "planned": point.due,
                "planned_clear": point.clear,
                "due": due,
                "clear": clear,
                "passed": found.head_km is not None and point.km <= found.head_km,
            }
            for point, due, clear in zip(planned.points, found.due, found.clear, strict=True)
        ],
        "things": [thing(engine, each) for each in found.things],
        "costs": [
            each._asdict() | {"head_min": _finite(each.head_min), "tail_min": _finite(each.tail_min)}
            for each in found.forecast.costs
        ],
        "clearances": [cleared(each) for each in found.clearances],
        "conflicts_with": [conflict(each) for each in engine.conflicts.groups_of(planned.subject)],
    }


def reasons(verdict: Verdict) -> list[dict[str, Any]]:
    """The reasons of a verdict, the strictest first."""
    return [msgspec.to_builtins(each) for each in verdict.reasons[:MOST_REASONS]]


def thing(engine: Engine, each: Thing) -> dict[str, Any]:
    """Something tied to the way, with its place and what limits there."""
    entity = engine.sight.entity(each.subject)
    place = entity.position if entity is not None else None
    limiting = each.verdict.limiting
    return {
        "id": each.subject,
        "name": each.name,
        "km": round(each.km, 1),
        "lon": place[0] if place else None,
        "lat": place[1] if place else None,
        "verdict": each.verdict.answer,
        "margin": limiting.margin if limiting is not None else None,
        "unit": limiting.unit if limiting is not None else "",
        "why": limiting.text if limiting is not None else "",
        "rule": limiting.rule if limiting is not None else "",
        "source": limiting.source if limiting is not None else "",
        "at": limiting.at if limiting is not None else None,
        "basis": limiting.basis if limiting is not None else "",
        "due": each.due,
        "clear": each.clear,
        "passed": each.passed,
    }


def changed(each: Change) -> dict[str, Any]:
    """A movement before and after an effect."""
    before, after = each.before, each.after
    return {
        "id": after.movement.subject,
        "name": after.movement.name,
        "verdict_before": before.verdict.answer,
        "verdict": after.verdict.answer,
        "eta_before": before.eta,
        "eta": after.eta,
        "clear_before": before.clear[-1],
        "clear": after.clear[-1],
        "added_min": _minutes(before.eta, after.eta, after.movement.scale),
        "reasons": reasons(after.verdict)[:3],
        "costs": [cost.name + ": " + cost.reason for cost in after.forecast.costs if cost not in before.forecast.costs],
    }


def cleared(each: Any) -> dict[str, Any]:
    """A clearance as the board shows it."""
    return dict(msgspec.to_builtins(each))


def conflict(each: Group) -> dict[str, Any]:
    """Two movements in each other's way along a stretch, as a line with all its points."""
    told: dict[str, Any] = msgspec.to_builtins(each)
    first = each.conflicts[0]
    points = [msgspec.to_builtins(point) | {"text": point.text} for point in each.conflicts]
    return told | {"text": each.text, "lon": first.lon, "lat": first.lat, "conflicts": points}


def conflict_rows(engine: Engine) -> list[dict[str, Any]]:
    """All conflicts, one line a pair and stretch, the earliest first."""
    return [conflict(each) for each in engine.conflicts.groups()]


def board(engine: Engine, ruleset: Ruleset, now: Millis) -> list[dict[str, Any]]:
    """Every clearance that is still needed, under a rule set, the most trouble first."""
    found = [
        each
        for known in engine.assessments().values()
        for each in border_clearances(known.movement, known.things, engine.sight, ruleset, engine.systems, now)
    ]
    return [cleared(each) for each in ranked(found)]


def saved(engine: Engine, subject: str, now: Millis) -> dict[str, Any] | None:
    """The days that the harmonised rules save a movement that asks now, border by border; None for a stranger."""
    known = engine.assessment(subject)
    if known is None:
        return None
    borders = border_clearances(known.movement, known.things, engine.sight, engine.ruleset, engine.systems, now)
    rules = rulesets()
    told = saved_days(borders, now, rules[NATIONAL], rules[HARMONISED])
    days = told._asdict() | {"borders": [each._asdict() for each in told.borders]}
    return days | {"national": rules[NATIONAL].name, "harmonised": rules[HARMONISED].name}


def _minutes(before: Millis | None, after: Millis | None, scale: float) -> float | None:
    return None if before is None or after is None else round((after - before) * scale / MINUTE, 1)


def _finite(value: float) -> float | None:
    return None if value == float("inf") else round(value, 1)
