"""May this movement cross that border: what has it, what is missing, and until when is there time?

Permission and customs form are separate objects, for each border and each convoy (PER-01). How long a permission takes
is a rule set's lead time in `rulesets.toml`: law in its own units, with its source. Silence is no permission, and what
a failing data exchange can't confirm doesn't count (CYB-01). Times are ms UTC.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, Literal, NamedTuple, Protocol

import msgspec

from cop.event import Described, Millis, Scalar, Status
from cop.movement.march import CREDITS, Credit
from cop.movement.rulesets import DAY, HOUR, Ruleset, rulesets, table
from cop.picture import Entity

__all__ = [
    "TROUBLE",
    "Assessment",
    "Clearance",
    "Crossing",
    "Ruleset",
    "Saving",
    "Savings",
    "State",
    "assess",
    "board",
    "clearance_of",
    "form302_problem",
    "rulesets",
    "saved_days",
]

USED_MS: Final = HOUR
"""Ours: a permission that is used already still covers whoever is due so soon, since the column is crossing."""

State = Literal["cleared", "pending", "unknown", "missing", "late", "blocked"]
TROUBLE: Final[dict[State, int]] = {"cleared": 0, "pending": 1, "unknown": 2, "missing": 3, "late": 4, "blocked": 5}


class Clearance(msgspec.Struct, frozen=True, kw_only=True):
    """What a movement has to cross a border. `vehicles_declared` 0: none were declared."""

    movement: str
    border: str
    nation_from: str = ""
    nation_to: str = ""
    permission: Credit | Literal[""] = ""
    """A state of a movement credit (MOV-13); empty when none was requested."""
    requested_at: Millis | None = None
    decided_at: Millis | None = None
    by: str = ""
    """Who decides."""
    vehicles_declared: int = 0
    form302: str = ""
    """The customs form's serial; empty when there is none."""
    pre_authorised: bool = False
    """Under an annual pre-authorisation (LT-08): to notify is enough."""
    blocked: str = ""
    """Why it doesn't count whatever it says, as an inject may have it."""
    note: str = ""
    marking: str = ""
    source: str = ""
    at: Millis | None = None
    """Who said so, and when that was true."""

    @property
    def nations(self) -> tuple[str, ...]:
        """The nation left and the nation entered."""
        return tuple(each for each in (self.nation_from, self.nation_to) if each)

    @property
    def form302_state(self) -> Literal["none", "valid", "invalid"]:
        """Whether there is a form whose serial can be one."""
        return "none" if not self.form302 else "invalid" if form302_problem(self.form302) else "valid"


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """What a clearance is worth at its border, under one rule set."""

    movement: str
    border: str
    nations: tuple[str, ...]
    state: State
    trouble: int
    """0 to 5, the more the worse."""
    missing: tuple[str, ...]
    """All that is not as it must be, in words."""
    permission: str
    form302: str
    form302_state: str
    eta: Millis
    earliest: Millis | None
    """The earliest lawful crossing: the request, or now, and the lead time. None where no rule gives one."""
    slack_ms: Millis | None
    """From then to the ETA; negative where it comes too late."""
    deadline: Millis | None
    """Until when what is missing must be done: a request so early, anything else by the ETA. None: nothing is."""
    left_ms: Millis | None
    """From now to the deadline; negative when it is over."""
    ruleset: str
    pre_authorised: bool = False
    note: str = ""
    marking: str = ""
    source: str = ""
    at: Millis | None = None


class Crossing(Protocol):
    """Whatever names a movement's border and its nations: a `Clearance` or an `Assessment`."""

    @property
    def movement(self) -> str: ...
    @property
    def border(self) -> str: ...
    @property
    def nations(self) -> tuple[str, ...]: ...


class Saving(NamedTuple):
    """What a border takes from a request now, under two rule sets, in days; None where one has no rule."""

    movement: str
    border: str
    national_days: float | None
    harmonised_days: float | None
    saved_days: float | None


class Savings(NamedTuple):
    """The borders side by side. Requests run at the same time, so the total is that of the slowest border."""

    borders: tuple[Saving, ...]
    national_days: float | None
    harmonised_days: float | None
    saved_days: float | None
    sum_days: float
    """What is saved at the single borders taken together."""


def assess(
    clearance: Clearance | None,
    *,
    eta: Millis,
    now: Millis,
    ruleset: Ruleset,
    movement: str = "",
    border: str = "",
    nations: Sequence[str] = (),
    vehicles: int = 0,
    confidence_lost: str = "",
    lost_since: Millis | None = None,
) -> Assessment:
    """What the clearance is worth for a head that is due at `eta`.

    `vehicles` is how many really move (0: not told). `confidence_lost` names what fails in the exchange of data: then
    only a decision made before `lost_since` still counts, and none if that isn't told. It never betters a state.
    """
    has = clearance if clearance is not None else Clearance(movement=movement, border=border)
    between = has.nations if len(has.nations) > 1 else tuple(nations)
    lead = ruleset.lead_time(between, has.pre_authorised)
    asked = _asked(has, now)
    blocks, form = _blocks(has, eta, now, vehicles), [] if has.form302 else ["form 302 missing"]
    earliest: Millis | None
    words: list[str] = []
    state: State
    if asked == "granted":
        earliest, deadline = now, eta
        state = "missing" if form else "cleared"
    elif asked == "waiting":
        begun = has.requested_at if has.requested_at is not None else now
        answer = lead.after(begun) if lead is not None else None
        earliest, deadline = None if answer is None else max(now, answer), eta
        words.append(_outstanding(has, answer, now))
        state = "unknown" if earliest is None else "missing" if form else "pending"
    else:
        earliest, deadline = (None, eta) if lead is None else (lead.after(now), lead.before(eta))
        words += ["no notification" if has.pre_authorised else "no permission requested"] if asked == "none" else []
        state = "missing"
    if lead is None and asked != "granted":
        words.append("no rule gives a lead time for this border")
    if earliest is not None and earliest > eta:
        state = "late" if asked != "granted" else state  # who is due already and has all is in time
        if state == "late" and lead is not None:
            anew = "a new request: " if asked == "refused" else ""
            words.append(f"{anew}{lead.text} end {_span(earliest - eta)} after the ETA")
    if blocks:
        state = "blocked"
    elif confidence_lost and state in ("cleared", "pending") and not _confirmed(has, lost_since):
        state = "unknown"
        words.append(f"can't be confirmed: {confidence_lost}")
    owed = None if state == "cleared" else deadline
    return Assessment(
        movement=movement or has.movement,
        border=border or has.border,
        nations=between,
        state=state,
        trouble=TROUBLE[state],
        missing=(*blocks, *words, *form),
        permission=has.permission,
        form302=has.form302,
        form302_state=has.form302_state,
        eta=eta,
        earliest=earliest,
        slack_ms=None if earliest is None else eta - earliest,
        deadline=owed,
        left_ms=None if owed is None else owed - now,
        ruleset=ruleset.id,
        pre_authorised=has.pre_authorised,
        note=has.note,
        marking=has.marking,
        source=has.source,
        at=has.at,
    )


def board(found: Iterable[Assessment]) -> list[Assessment]:
    """The assessments, the most trouble first, then who has the least slack."""

    def rank(each: Assessment) -> tuple[int, float, Millis, str, str]:
        slack = math.inf if each.slack_ms is None else each.slack_ms
        return -each.trouble, slack, each.eta, each.movement, each.border

    return sorted(found, key=rank)


def saved_days(crossings: Iterable[Crossing], now: Millis, national: Ruleset, harmonised: Ruleset) -> Savings:
    """The days that the harmonised rules save, for movements all requested now, a border and in all."""

    def days(rules: Ruleset, each: Crossing) -> float | None:
        lead = rules.lead_time(each.nations)
        return None if lead is None else (lead.after(now) - now) / DAY

    rows = []
    for each in crossings:
        one, other = days(national, each), days(harmonised, each)
        rows.append(Saving(each.movement, each.border, one, other, _less(one, other)))
    slow = _slowest(row.national_days for row in rows)
    fast = _slowest(row.harmonised_days for row in rows)
    return Savings(tuple(rows), slow, fast, _less(slow, fast), sum(row.saved_days or 0.0 for row in rows))


def clearance_of(entity: Entity, now: Millis) -> Clearance | None:
    """The clearance that `clearance:<convoy>-<border>` tells: the newest description of it as a whole.

    A status that closes it blocks it, with its reason, whatever the description says. None for anything else.
    """
    kind, _, local = entity.subject.partition(":")
    convoy, _, border = local.rpartition("-")
    described = [(e, e.body) for e in entity.events if isinstance(e.body, Described)]
    told = next(((e, body.properties) for e, body in described if "permission" in body.properties), None)
    if kind != "clearance" or not convoy or not border or told is None:
        return None
    said, has = told
    nations = next((body.nations for _, body in described if len(body.nations) > 1), ("", ""))
    marking = next((body.marking for _, body in described if body.marking), "")
    permission = _word(has.get("permission")).upper()
    held = entity.status(now)
    reason = ""
    if held is not None and isinstance(held.body, Status) and held.body.state == "closed":
        said, reason = held, held.body.reason or "rejected"
    return Clearance(
        movement=f"convoy:{convoy}",
        border=f"crossing:{border}",
        nation_from=_word(has.get("nation_from")) or nations[0],
        nation_to=_word(has.get("nation_to")) or nations[1],
        permission=next((each for each in CREDITS if each == permission), ""),
        requested_at=_whole(has.get("requested_at")),
        decided_at=_whole(has.get("decided_at")),
        by=_word(has.get("by")),
        vehicles_declared=_whole(has.get("vehicles_declared")) or 0,
        form302=_word(has.get("form302")),
        pre_authorised=has.get("pre_authorised") is True,
        blocked=reason,
        note=_word(has.get("note")),
        marking=marking or _word(has.get("label")),
        source=said.source,
        at=said.at,
    )


def form302_problem(serial: str) -> str | None:
    """What keeps the serial from being one of a form 302, with the position; None when it can be one.

    18 characters (PER-02; EU guidance on the form 302): 1-2 the sending state, 3-10 the date of issue yyyymmdd, 11 the
    goods' status U (Union) or N, 12 the activity N (NATO), E (CSDP) or O (other), 13-18 the state's own sequence.
    """
    for at, (character, (allowed, what)) in enumerate(zip(serial, _FORM, strict=False), 1):
        if character not in allowed:
            return f"position {at}: {character!r} is not {what}"
    if len(serial) != len(_FORM):
        return f"position {min(len(serial), 18) + 1}: the serial has {len(serial)} characters, not 18"
    if serial[:2] not in table().states:
        return f"positions 1-2: {serial[:2]!r} is no EU or NATO state"
    try:
        date(int(serial[2:6]), int(serial[6:8]), int(serial[8:10]))
    except ValueError:
        return f"positions 3-10: {serial[2:10]} is no date (yyyymmdd)"
    return None


_LETTER, _DIGIT = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
_FORM: Final = (
    *((_LETTER, "a capital letter of the state's code"),) * 2,
    *((_DIGIT, "a digit of the date (yyyymmdd)"),) * 8,
    ("UN", "the goods' status, U or N"),
    ("NEO", "the activity, N, E or O"),
    *((_DIGIT, "a digit of the sequence"),) * 6,
)


def _asked(has: Clearance, now: Millis) -> Literal["granted", "waiting", "refused", "none"]:
    """How far the permission is. What was decided after now isn't yet, and AMENDED counts once it was decided."""
    if has.blocked:
        return "refused"
    match has.permission:
        case "":
            return "none"
        case "REJECTED" | "CANCELLED":
            return "refused"
        case "REQUESTED":
            return "granted" if has.pre_authorised else "waiting"
        case "AMENDED":
            done = has.decided_at is not None and (has.requested_at or 0) <= has.decided_at <= now
            return "granted" if done else "waiting"
        case _:
            return "granted" if has.decided_at is None or has.decided_at <= now else "waiting"


def _blocks(has: Clearance, eta: Millis, now: Millis, vehicles: int) -> list[str]:
    found = [has.blocked] if has.blocked else []
    if has.permission in ("REJECTED", "CANCELLED"):
        found.append(f"permission {has.permission.lower()}" + (f" by {has.by}" if has.by else ""))
    if has.permission == "USED" and eta - now > USED_MS:
        found.append("permission used already")
    if vehicles > has.vehicles_declared > 0:
        found.append(f"{has.vehicles_declared} vehicles declared, {vehicles} moving")
    if has.form302 and (problem := form302_problem(has.form302)) is not None:
        found.append(f"form 302 {has.form302}: {problem}")
    return found


def _outstanding(has: Clearance, answer: Millis | None, now: Millis) -> str:
    who = f"decision of {has.by}" if has.by else "decision"
    over = f", overdue for {_span(now - answer)}" if answer is not None and answer < now else ""
    return f"{who} outstanding{over}"


def _confirmed(has: Clearance, lost_since: Millis | None) -> bool:
    return has.decided_at is not None and lost_since is not None and has.decided_at < lost_since


def _span(ms: Millis) -> str:
    return f"{ms / DAY:.1f} days" if ms >= 2 * DAY else f"{ms / HOUR:.1f} h" if ms >= HOUR else f"{ms / 60_000:.0f} min"


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _slowest(days: Iterable[float | None]) -> float | None:
    found = list(days)
    return None if not found or None in found else max(each for each in found if each is not None)


def _word(value: Scalar) -> str:
    return value.strip() if isinstance(value, str) else ""


def _whole(value: Scalar) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
