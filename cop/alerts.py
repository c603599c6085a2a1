"""What wants somebody's attention, and when is that worth a word? Rules as a table; dwell and hysteresis for all alike.

A rule sees signs. A sign that is firm for as long as the rule's dwell raises an alert; one that is no longer there at
all for as long as its clearing time clears it; what lies between keeps what is. So nothing flaps. Pure: the time is an
argument, and what is looked at comes with it.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Final, Literal, NamedTuple, cast

import msgspec

from cop.desk import Severity
from cop.event import Described, Event, Health, Millis, Status
from cop.movement.assess import BEHIND_KM, Assessment, local
from cop.movement.engine import Engine
from cop.movement.outage import outage
from cop.movement.sight import Look
from cop.movement.verdict import Reason
from cop.picture import Entity, standing

NOT_CLEARED: Final = frozenset({"missing", "late", "blocked"})
UNPASSED: Final = frozenset({"system", "convoy", "clearance", "approval", "feed", "exercise"})
"""Kinds of things that nobody passes."""
LATE_STEP_MIN: Final = 10
"""A lateness is told anew when it has grown or fallen to another ten minutes."""
LISTED: Final = 8
"""Names that a text lists at most."""
REWORD_MS: Final = 15_000
"""An alert that stands is told anew at most so often."""


class Rule(NamedTuple):
    """A rule with how bad it is, how long it must hold (`dwell_s`), and how long it must be over (`clear_s`)."""

    id: str
    severity: Severity
    dwell_s: float
    clear_s: float
    raise_at: float
    clear_at: float
    unit: str
    looks_at: str
    text: str
    source: str


class Sign(NamedTuple):
    """What a rule sees of a thing. `firm` is False between the level that raises and the one that clears."""

    rule: str
    subject: str
    text: str
    firm: bool = True
    gist: tuple[str, ...] = ()
    """What makes it another text: the movements, the ten minutes. A minute more alone is no news."""
    name: str = ""
    nations: tuple[str, ...] = ()


class Turn(NamedTuple):
    """An alert that is to be raised, told anew, or cleared."""

    what: Literal["raise", "reword", "clear"]
    rule: str
    subject: str
    sign: Sign | None


class Seen(msgspec.Struct, frozen=True):
    """What the rules look at: one world as it is seen at `now`."""

    now: Millis
    look: Look
    engine: Engine | None = None
    closed: Iterable[str] = ()
    crossings: Iterable[str] = ()
    feeds: Iterable[Event] = ()
    """The newest health of each feed."""


@cache
def rules() -> dict[str, Rule]:
    """The rules by id, as the table has them."""
    return {row["rule"]: _rule(row) for row in _rows("alerts.csv")}


@cache
def thresholds() -> dict[str, float]:
    """The class of a border → the waiting time that is too long there, minutes."""
    return {row["class"]: float(row["threshold_min"]) for row in _rows("waiting.csv")}


def _rows(name: str) -> list[dict[str, str]]:
    text = files("cop").joinpath(name).read_text("utf-8")
    return [cast(dict[str, str], row) for row in csv.DictReader(text.splitlines(), strict=True)]


def _rule(row: dict[str, str]) -> Rule:
    dwell_s, clear_s, raise_at, clear_at = (
        float(row[key] or 0) for key in ("dwell_s", "clear_s", "raise_at", "clear_at")
    )
    unit, looks_at, text, source = (row[key] for key in ("unit", "looks_at", "text", "source"))
    severity = cast(Severity, row["severity"])
    return Rule(row["rule"], severity, dwell_s, clear_s, raise_at, clear_at, unit, looks_at, text, source)


# -- what each rule sees -----------------------------------------------------------------------------------------------


def of_movements(seen: Seen) -> list[Sign]:
    """What movements make a matter of: closures, limits, verdicts, lateness and clearances."""
    if seen.engine is None:
        return []
    going = {subject: found for subject, found in seen.engine.assessments().items() if not found.arrived}
    found = _closures(seen, seen.engine, going)
    found += _limits(going.values())
    for each in going.values():
        found += _verdict(each)
        found += _late(each)
        found += _clearances(each, seen.now)
    return found


def _closures(seen: Seen, engine: Engine, going: Mapping[str, Assessment]) -> list[Sign]:
    found = []
    for subject in seen.closed:
        if subject.partition(":")[0] in UNPASSED:
            continue
        ahead = [m for m in engine.touched_by(subject) if m in going and _ahead(engine, m, going[m], subject)]
        entity = seen.look(subject) if ahead else None
        if entity is not None:
            movements = tuple(local(each) for each in ahead)
            found.append(_sign("closure", subject, movements, _name(entity), movements=listed(movements)))
    return found


def _ahead(engine: Engine, mover: str, found: Assessment, subject: str) -> bool:
    """Whether a movement has not passed a thing yet."""
    course, here = engine.course(mover), found.head_km
    if course is not None and any(
        tie.subject == subject and (here is None or tie.km >= here - BEHIND_KM) for tie in course.ties
    ):
        return True
    return any(here is None or to >= here for _, to in engine.near(mover).get(subject, ()))


def _limits(going: Iterable[Assessment]) -> list[Sign]:
    """By thing: whom its limit keeps from passing, and who must have an approval for it."""
    forbids: dict[str, list[tuple[str, Reason]]] = defaultdict(list)
    warns: dict[str, list[tuple[str, Reason]]] = defaultdict(list)
    for each in going:
        approved = {a.object for a in each.approvals}
        for reason in each.verdict.reasons:
            if reason.margin is None or reason.margin >= 0:
                continue
            if reason.answer == "no-go":
                forbids[reason.object].append((each.movement.id, reason))
            elif reason.answer == "caution" and reason.rule.startswith("MLC") and reason.object not in approved:
                warns[reason.object].append((each.movement.id, reason))
    found = []
    for rule, told in (("limit", forbids), ("caution", warns)):
        for subject, whom in told.items():
            movements = tuple(sorted({mover for mover, _ in whom}))
            worst = min((reason for _, reason in whom), key=lambda reason: reason.margin or 0.0)
            name = worst.name or local(subject)
            found.append(_sign(rule, subject, movements, name, movements=listed(movements), why=worst.text))
    return found


def _verdict(each: Assessment) -> list[Sign]:
    limiting = each.verdict.limiting
    if each.verdict.answer != "no-go" or limiting is None:
        return []
    why = f"{limiting.name}: {limiting.text}".strip(": ")
    return [_sign("no-go", each.movement.subject, (limiting.object, limiting.rule), each.movement.id, why=why)]


def _late(each: Assessment) -> list[Sign]:
    rule, delay = rules()["late"], each.delay_min
    subject, name = each.movement.subject, each.movement.id
    if each.eta is None:
        return [_sign("late", subject, ("never",), name, why="does not arrive as long as this lasts")]
    if delay is None or delay < rule.clear_at:
        return []
    step = str(int(delay // LATE_STEP_MIN))
    sign = _sign("late", subject, (step,), name, why=f"is {delay:.0f} min late at the end")
    return [sign._replace(firm=delay >= rule.raise_at)]


def _clearances(each: Assessment, now: Millis) -> list[Sign]:
    soon = now + rules()["clearance"].raise_at * 3_600_000
    found = []
    for cleared in each.clearances:
        if cleared.state in NOT_CLEARED and cleared.eta <= soon:
            border = local(cleared.border)
            why = "; ".join(cleared.missing) or cleared.state
            subject, name = f"clearance:{each.movement.id}-{border}", f"{each.movement.id} at {border}"
            sign = _sign("clearance", subject, (cleared.state,), name, why=why)
            found.append(sign._replace(nations=cleared.nations))
    return found


def of_systems(seen: Seen) -> list[Sign]:
    """The systems that are not up and that border crossings hang on."""
    found = []
    for subject in seen.engine.systems if seen.engine is not None else ():
        entity = seen.look(subject)
        down = outage(entity, seen.now) if entity is not None else None
        hanging = [each for each in down.subjects if each.startswith("crossing:")] if down is not None else []
        if down is not None and hanging and isinstance(down.said.body, Status):
            state = "down" if down.said.body.state == "closed" else down.said.body.state
            gist = (state, *map(local, hanging))
            found.append(_sign("system", subject, gist, down.name, state=state, crossings=listed(gist[1:])))
    return found


def of_crossings(seen: Seen) -> list[Sign]:
    """The crossings where the wait is too long, or was and is not yet well below that."""
    found = []
    share = rules()["waiting"].clear_at / 100
    for subject in seen.crossings:
        entity = seen.look(subject)
        wait = longest_wait(entity, seen.now) if entity is not None else None
        if entity is None or wait is None:
            continue
        threshold = threshold_of(entity)
        if wait >= threshold * share:
            told = {"minutes": f"{wait:.0f}", "threshold": f"{threshold:.0f}"}
            sign = _sign("waiting", subject, (str(int(wait // 30)),), _name(entity), **told)
            found.append(sign._replace(firm=wait >= threshold))
    return found


def longest_wait(crossing: Entity, now: Millis) -> float | None:
    """The longest waiting time that anybody tells of it, minutes; None when nobody tells one."""
    return max(
        (
            value
            for said in standing(crossing, now)
            if isinstance(said.body, Status)
            for key, value in said.body.measures.items()
            if key.startswith("waiting") and key.endswith("_min")
        ),
        default=None,
    )


def threshold_of(crossing: Entity) -> float:
    """The waiting time that is too long there, minutes."""
    told = (e.body.properties.get("class") for e in crossing.events if isinstance(e.body, Described))
    known = thresholds()
    return known.get(str(next((each for each in told if each), "")), known[""])


def of_feeds(seen: Seen) -> list[Sign]:
    """The feeds that failed, that say nothing, or that bring nothing new."""
    found = []
    for said in seen.feeds:
        why = _silence(said, seen.now)
        if why and isinstance(said.body, Health):
            sign = _sign("silent", said.subject, (why.split(" ")[0],), local(said.subject), why=why)
            found.append(sign._replace(nations=said.body.nations))
    return found


def _silence(said: Event, now: Millis) -> str:
    body, limit = said.body, rules()["silent"].raise_at * 1000
    if not isinstance(body, Health):
        return ""
    if now - said.received > limit:
        return f"has said nothing of itself for more than {limit / 1000:.0f} s"
    if body.state == "failed":
        return "failed" + (f": {body.detail}" if body.detail else "")
    if body.state == "late":
        return "is late" + (f": {body.detail}" if body.detail else "")
    if body.stale_s > 0 and body.newest is not None and now - body.newest > body.stale_s * 1000:
        return f"brings nothing newer than {body.stale_s / 60:.0f} min"
    return ""


def listed(names: Sequence[str]) -> str:
    """The names in a row, of many only the first and how many more there are."""
    shown = names if len(names) <= LISTED else names[: LISTED - 1]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _sign(rule: str, subject: str, gist: tuple[str, ...], name: str, **told: str) -> Sign:
    return Sign(rule, subject, rules()[rule].text.format(name=name, **told), True, gist, name)


def _name(entity: Entity) -> str:
    told = (e.body.name for e in entity.events if isinstance(e.body, Described))
    number = local(entity.subject)
    name = next((each for each in told if each), number)
    return name if name == number or len(number) > 12 else f"{name} ({number})"


# -- when it is worth a word -------------------------------------------------------------------------------------------


class _Run(msgspec.Struct):
    firm: Millis | None = None
    """Since when the sign is firm without a break; None while it isn't, or once it is raised."""
    gone: Millis | None = None
    """Since when a raised one is not seen any more."""
    raised: bool = False
    gist: tuple[str, ...] | None = None
    worded: Millis | None = None
    """When it was last told anew."""


class Watchlist:
    """What is raised, and what is about to be. `stands`: the (rule, subject) of alerts that were raised before."""

    def __init__(self, stands: Iterable[tuple[str, str]] = ()) -> None:
        self._runs: dict[tuple[str, str], _Run] = {key: _Run(raised=True) for key in stands}

    def step(self, signs: Iterable[Sign], now: Millis) -> list[Turn]:
        """Take in all that is seen at `now`; what that makes of the alerts."""
        seen: dict[tuple[str, str], Sign] = {}
        for sign in signs:
            known = seen.get((sign.rule, sign.subject))
            if known is None or (sign.firm and not known.firm):
                seen[sign.rule, sign.subject] = sign
        turns: list[Turn] = []
        for key, sign in seen.items():
            turns += self._see(self._runs.setdefault(key, _Run()), sign, now)
        for key in [key for key in self._runs if key not in seen]:
            turns += self._miss(key, now)
        return turns

    def raised(self) -> set[tuple[str, str]]:
        """The (rule, subject) of the alerts that stand."""
        return {key for key, run in self._runs.items() if run.raised}

    def _see(self, run: _Run, sign: Sign, now: Millis) -> list[Turn]:
        run.gone = None
        if run.raised:
            if not sign.firm or sign.gist == run.gist or (run.worded is not None and now - run.worded < REWORD_MS):
                return []
            run.gist, run.worded = sign.gist, now
            return [Turn("reword", sign.rule, sign.subject, sign)]
        if not sign.firm:
            run.firm = None
            return []
        if run.firm is None:
            run.firm = now
        if now - run.firm < rules()[sign.rule].dwell_s * 1000:
            return []
        run.raised, run.firm, run.gist, run.worded = True, None, sign.gist, now
        return [Turn("raise", sign.rule, sign.subject, sign)]

    def _miss(self, key: tuple[str, str], now: Millis) -> list[Turn]:
        run = self._runs[key]
        if run.raised:
            if run.gone is None:
                run.gone = now
            rule = rules().get(key[0])
            if rule is not None and now - run.gone < rule.clear_s * 1000:
                return []
        del self._runs[key]
        return [Turn("clear", *key, None)] if run.raised else []
