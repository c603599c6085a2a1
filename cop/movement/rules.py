"""What do the rules say, in numbers? The tables of the rules, read once from the package's own data.

Every table has a source column, and how sure a value is goes with it. A number that can stand in a table doesn't stand
in code. `rules.csv` is the project's list of rules; `own_rules.csv` are the few that are ours.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import NamedTuple, cast

import msgspec

from cop.event import Millis, State
from cop.movement import tables
from cop.movement.obstacle import Obstacle
from cop.movement.tables import rows
from cop.movement.vehicle import Aircraft, Drive, Unpaved, VehicleClass, vehicle_classes
from cop.movement.verdict import Answer, Reason

__all__ = ["Rule", "VehicleClass", "aircraft", "classes", "rule", "rules", "vehicle_classes"]


class Rule(NamedTuple):
    """A rule with where it comes from and how sure it is."""

    id: str
    area: str
    text: str
    value: str
    source: str
    confidence: str


class Lane(msgspec.Struct, frozen=True):
    """The least roadway for vehicles up to a class (MLC-10), metres."""

    up_to: float
    oneway_m: float
    twoway_m: float


class Mass(msgspec.Struct, frozen=True):
    """What the hypothetical vehicle of a class weighs (MLC-13), tonnes: for display only."""

    mlc: float
    tracked_t: float
    wheeled_t: float


class Standard(msgspec.Struct, frozen=True):
    """The standard classes (MLC-02)."""

    rule: str
    source: str
    confidence: str
    classes: tuple[float, ...]


class Caution(msgspec.Struct, frozen=True):
    """The caution crossing (MLC-05): the default factor on the normal one-way class, and the conditions."""

    rule: str
    source: str
    confidence: str
    factor: float
    conditions: str


class Expedient(msgspec.Struct, frozen=True):
    """The temporary class of a vehicle without one (MLC-09): class for each short ton."""

    rule: str
    source: str
    confidence: str
    short_ton_t: float
    wheeled: float
    tracked: float


class Lanes(msgspec.Struct, frozen=True):
    """MLC-10."""

    rule: str
    source: str
    confidence: str
    widths: tuple[Lane, ...]


class Masses(msgspec.Struct, frozen=True):
    """MLC-13."""

    rule: str
    source: str
    confidence: str
    of: tuple[Mass, ...]


class Classes(msgspec.Struct, frozen=True):
    """The numbers of the load class system."""

    standard: Standard
    caution: Caution
    expedient: Expedient
    lanes: Lanes
    masses: Masses


class CivilLimit(NamedTuple):
    """A limit that is known in tonnes or metres, and which value of the vehicle it limits."""

    limit: str
    of: str
    unit: str
    rule: str
    word: str


class Oversize(NamedTuple):
    """From which size on a vehicle needs an escort or the police in a nation."""

    nation: str
    of: str
    least: float
    inclusive: bool
    flag: str
    rule: str
    unit: str


class Season(NamedTuple):
    """What a season forbids above a mass, t, on which things. Empty sets mean any."""

    nations: frozenset[str]
    kinds: frozenset[str]
    surface: str
    ranks: frozenset[str]
    above_t: float
    answer: Answer
    rule: str
    text: str


class StateRule(NamedTuple):
    """What a state answers by itself."""

    answer: Answer
    rule: str
    text: str


class BridgeKind(NamedTuple):
    """What a bridge's kind means for a road vehicle: a fixed one has a default caution class."""

    fixed: bool
    answer: Answer | None
    rule: str
    text: str


class Note(NamedTuple):
    """What the words of a register's note mean. `who`: everybody when empty, else `fixed` or `rotary` wings."""

    who: str
    answer: Answer
    rule: str
    text: str


@cache
def rules() -> Mapping[str, Rule]:
    """Every rule by its id."""
    told = (*rows("rules.csv"), *rows("own_rules.csv"))
    return {row["rule_id"]: Rule(*row.values()) for row in told}


def rule(id_: str) -> Rule:
    """The rule of that id. Raises `KeyError` for a stranger."""
    return rules()[id_]


@cache
def aircraft() -> Mapping[str, Aircraft]:
    """The aircraft types by name, as `C-17A`."""
    return {
        row["aircraft"]: Aircraft(
            row["aircraft"],
            _number(row["min_runway_m"]),
            _number(row["min_width_m"]),
            _number(row["mtow_t"]),
            cast(Unpaved, row["unpaved"]),
            _number(row["wet_runway_m"]),
            _number(row["payload_t"]),
            row["rotary"] == "yes",
            basis=row["basis"],
        )
        for row in rows("aircraft_runway.csv")
    }


@cache
def classes() -> Classes:
    """The numbers of the load class system."""
    return msgspec.convert(tomllib.loads(tables.text("mlc.toml")), Classes)


def lane(mlc: float) -> Lane:
    """The least roadway for that class; above the table's end its last line is the least that can be said."""
    widths = classes().lanes.widths
    return next((each for each in widths if mlc <= each.up_to), widths[-1])


def shown_mass_t(mlc: float, drive: Drive) -> float | None:
    """What the hypothetical vehicle of a class weighs (MLC-13). For display only, never for a test."""
    found = next((each for each in classes().masses.of if each.mlc == mlc), None)
    return None if found is None else found.tracked_t if drive == "tracked" else found.wheeled_t


@cache
def civil_limits() -> tuple[CivilLimit, ...]:
    """The limits in tonnes and metres."""
    return tuple(
        CivilLimit(row["limit"], row["of"], row["unit"], row["rule"], row["word"]) for row in rows("limits.csv")
    )


@cache
def oversize() -> tuple[Oversize, ...]:
    """The sizes that need an escort, the largest first."""
    found = [
        Oversize(
            row["nation"],
            row["of"],
            float(row["from"]),
            row["inclusive"] == "yes",
            row["flag"],
            row["rule"],
            row["unit"],
        )
        for row in rows("oversize.csv")
    ]
    return tuple(sorted(found, key=lambda each: -each.least))


@cache
def seasons() -> Mapping[str, tuple[Season, ...]]:
    """Season → what it forbids."""
    found: dict[str, tuple[Season, ...]] = {}
    for row in rows("seasons.csv"):
        made = Season(
            frozenset(row["nations"].split()),
            frozenset(row["kinds"].split()),
            row["surfaces"],
            frozenset(row["ranks"].split()),
            float(row["above_t"]),
            cast(Answer, row["answer"]),
            row["rule"],
            row["text"],
        )
        found[row["season"]] = (*found.get(row["season"], ()), made)
    return found


@cache
def states() -> Mapping[tuple[str, str, State], StateRule]:
    """(mover, kind of thing, state) → what it answers; the kind `*` is any other. No entry: the limits decide."""
    return {
        (row["mover"], kind, cast(State, state)): StateRule(cast(Answer, row["answer"]), row["rule"], row["text"])
        for row in rows("states.csv")
        for kind in row["kinds"].split()
        for state in row["states"].split()
    }


@cache
def tyre_pressures() -> Mapping[str, float | None]:
    """Tyre category of a pavement → the most that it bears, MPa; None is without limit."""
    return {row["category"]: _number(row["most_mpa"]) for row in rows("tyres.csv")}


@lru_cache(4096)
def bridge_kind(words: str) -> BridgeKind:
    """What the words for a bridge's kind mean. Words that say nothing special are a fixed road bridge."""
    for row in rows("bridge_kinds.csv"):
        if re.search(row["words"], words, re.IGNORECASE):
            answer = cast(Answer, row["answer"]) if row["answer"] else None
            return BridgeKind(row["fixed"] == "yes", answer, row["rule"], row["text"])
    return BridgeKind(True, None, "", "")


@lru_cache(4096)
def surface(words: str) -> str:
    """`paved`, `unpaved`, `mixed`, or empty when the words don't tell."""
    return next((r["surface"] for r in rows("surfaces.csv") if re.search(r["words"], words, re.IGNORECASE)), "")


def noted(seen: Obstacle, label: str, who: str = "") -> Iterator[Reason]:
    """What the notes of a thing's register mean for who wants to use it."""
    for name in _noted().get(seen.kind, ()):
        said = seen.properties.get(name)
        if said is not None and said != "":
            for note in _notes(seen.kind, name, str(said)):
                if not note.who or note.who == who:
                    yield described(note.answer, note.rule, note.text, seen, label)


def described(
    answer: Answer, rule_id: str, text: str, seen: Obstacle, label: str, margin: float | None = None, unit: str = ""
) -> Reason:
    """A reason that rests on a thing's description: as old as that, and as sure."""
    at = _day(str(seen.properties.get("as_of", "")))
    return Reason(answer, rule_id, text, seen.subject, seen.name, label, margin, unit, at=at, basis=seen.basis)


@cache
def _noted() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for row in rows("notes.csv"):
        found.setdefault(row["kind"], {})[row["property"]] = None
    return {kind: tuple(names) for kind, names in found.items()}


@lru_cache(4096)
def _notes(kind: str, name: str, said: str) -> tuple[Note, ...]:
    return tuple(
        Note(row["who"], cast(Answer, row["answer"]), row["rule"], f"{row['text']}: {said}")
        for row in rows("notes.csv")
        if (row["kind"], row["property"]) == (kind, name) and re.search(row["words"], said, re.IGNORECASE)
    )


@lru_cache(256)
def _day(text: str) -> Millis | None:
    try:
        return int(datetime.fromisoformat(text[:10]).replace(tzinfo=UTC).timestamp()) * 1000
    except ValueError:
        return None


def _number(text: str) -> float | None:
    return float(text) if text else None
