"""What do the plots of the whole picture tell? The numbers that answer each question, before anything is drawn."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from cop.event import REAL, STATES, Millis, State, is_exercise
from cop.movement.engine import Engine
from cop.picture import Entity
from dashboard.history import DAY_MS, Minute, Point, Series
from dashboard.parts import DOMAINS, NATIONS
from dashboard.scene import Scene
from dashboard.words import both, number, utc
from layers.fields import flags, name
from layers.layer import by_kind

HOUR_MS: Final = 3_600_000
AGO_H: Final = (0, 1, 3, 6, 12, 23)
READY: Final = ("bridge", "crossing", "port", "airfield", "rail", "site", "system")
"""Kinds of things whose states are a nation's readiness: what stands there, not what moves or was reported."""
USABLE: Final[tuple[State, ...]] = ("open", "restricted", "degraded")
QUESTIONS: Final = {
    "waiting": "Waiting time",
    "throughput": "Throughput",
    "readiness": "Readiness",
    "latency": "Feed latency",
}
"""The questions in their order, with their short names."""
Cell = str | float | int | None


class Line(NamedTuple):
    """A number of one thing by one source over the day."""

    name: str
    series: Series


class Bar(NamedTuple):
    """A part of a bar: whose bar, which part, where on the axis, how much, and what a pointer over it reads."""

    group: str
    part: str
    at: Millis | None
    value: float
    hover: str


class Delay(NamedTuple):
    """How late a feed spoke, seconds: in the last hour and in the one before."""

    feed: str
    reports: int
    mean: float
    worst: float
    before: float | None


class Answer(NamedTuple):
    """A question with its numbers: for the figure, for the table under it, and for the file."""

    question: str
    unit: str
    sources: tuple[str, ...]
    note: str
    missing: str
    """What is said when there are no numbers."""
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    file_columns: tuple[str, ...] = ()
    file_rows: tuple[tuple[Cell, ...], ...] = ()
    drawn: tuple[Line, ...] | tuple[Bar, ...] | tuple[Delay, ...] = ()

    def csv(self, world: str, now: Millis) -> str:
        """All numbers as a file with commas, whose first line has the marking, the question and the time."""
        marking = "EXERCISE" if is_exercise(world) else "REAL"
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        head = f"# {marking} · world {world} · {self.question} · {self.unit} · as of {both(now)}"
        writer.writerow([f"{head} · {', '.join(self.sources) or 'no source'}"])
        writer.writerow(self.file_columns or self.columns)
        writer.writerows([_safe(cell) for cell in row] for row in self.file_rows or self.rows)
        return out.getvalue()


def ask(scene: Scene, world: str, question: str, nations: Sequence[str] = ()) -> Answer:
    """The answer to one of `QUESTIONS`, of these nations or of all. KeyError for any other question."""
    return _ASKED[question](scene, world, frozenset(nations))


# -- waiting time -----------------------------------------------------------------------------------------------------


def _waiting(scene: Scene, world: str, nations: frozenset[str]) -> Answer:
    now = scene.now
    lines: list[tuple[float, Line]] = []
    rows: list[tuple[Cell, ...]] = []
    points: list[tuple[Cell, ...]] = []
    for subject, series in _measured(scene, world, "crossing", "waiting_min"):
        entity = scene.look(world, subject)
        recent = [p for p in series.points if p.at <= now and p.until > now - DAY_MS]
        if entity is None or not recent or not _of(nations, flags(entity)):
            continue
        title = name(entity) or subject.partition(":")[2]
        values = [_then(recent, now - ago * HOUR_MS) for ago in AGO_H]
        most = max(p.value for p in recent)
        lines.append((most, Line(title, series._replace(points=tuple(recent)))))
        rows.append((title, series.source, *values, most))
        points += [(title, subject, series.source, _iso(p.at), _iso(min(p.until, now)), p.value) for p in recent]
    order = sorted(range(len(rows)), key=lambda i: (-lines[i][0], lines[i][1].name))
    heads = ["now" if not ago else f"{ago} h ago" for ago in AGO_H]
    return Answer(
        "How long do vehicles wait at each crossing, over the last 24 h?",
        "min",
        tuple(dict.fromkeys(str(rows[i][1]) for i in order)),
        "the longest wait that the source tells for any kind of vehicle or direction; a gap where it told none",
        "No waiting time was reported in the last 24 h.",
        ("Crossing", "Source", *heads, "most in 24 h"),
        tuple(rows[i] for i in order),
        ("crossing", "id", "source", "from", "until", "waiting_min"),
        tuple(points),
        tuple(lines[i][1] for i in order),
    )


def _measured(scene: Scene, world: str, kind: str, measure: str) -> list[tuple[str, Series]]:
    return [
        (subject, series)
        for each in dict.fromkeys((world, REAL))
        if (history := scene.histories.get(each)) is not None
        for subject in history.measured(kind)
        for series in history.series(subject)
        if series.measure == measure
    ]


def _then(points: Sequence[Point], at: Millis) -> float | None:
    """What was told of a time; None where nobody told anything."""
    last = next((p for p in reversed(points) if p.at <= at), None)
    return last.value if last is not None and last.until >= at else None


# -- throughput -------------------------------------------------------------------------------------------------------


def _throughput(scene: Scene, world: str, nations: frozenset[str]) -> Answer:
    engine, now = scene.engines.get(world), scene.now
    bars: list[Bar] = []
    rows: list[tuple[Cell, ...]] = []
    told = sorted(_hours(scene, world, engine, nations).items()) if engine is not None else []
    for (border, hour, passed), crossings in told:
        vehicles = sum(crossings.values())
        part = "passed" if passed else "expected"
        over = "; ".join(f"{crossing}: {count}" for crossing, count in sorted(crossings.items()))
        bars.append(Bar(border, part, hour, vehicles, f"{border}, {utc(hour, now)} UTC, {part}: {vehicles}<br>{over}"))
        rows += [(border, crossing, both(hour), part, count) for crossing, count in sorted(crossings.items())]
    return Answer(
        "How many convoy vehicles pass each border, hour by hour?",
        "vehicles an hour (vehicles/h)",
        ("movement plans and sightings",) if rows else (),
        "vehicles of the movements whose head passes in that hour, as forecast now; other traffic is not counted",
        "No movement in this world passes a border in the last or the next 24 h.",
        ("Border", "Crossing", "Hour", "Passed or expected", "Vehicles"),
        tuple(rows),
        drawn=tuple(bars),
    )


def _hours(
    scene: Scene, world: str, engine: Engine, nations: frozenset[str]
) -> Mapping[tuple[str, Millis, bool], Counter[str]]:
    """(border, hour, passed) → crossing → vehicles."""
    now = scene.now
    found: dict[tuple[str, Millis, bool], Counter[str]] = defaultdict(Counter)
    known: dict[str, tuple[str, str] | None] = {}
    for assessed in engine.assessments().values():
        for each in assessed.things:
            if not each.subject.startswith("crossing:") or each.due is None or abs(each.due - now) > DAY_MS:
                continue
            if each.subject not in known:
                known[each.subject] = _border(scene.look(world, each.subject), nations)
            border = known[each.subject]
            if border is not None:
                hour = int(each.due) // HOUR_MS * HOUR_MS
                found[border[0], hour, each.passed][border[1]] += assessed.movement.count
    return found


def _border(entity: Entity | None, nations: frozenset[str]) -> tuple[str, str] | None:
    """Which border a crossing is of, and its name."""
    if entity is None or not _of(nations, flags(entity)):
        return None
    return "–".join(flags(entity)) or "border not told", name(entity) or entity.subject.partition(":")[2]


# -- readiness --------------------------------------------------------------------------------------------------------


def _readiness(scene: Scene, world: str, nations: frozenset[str]) -> Answer:
    counts: dict[tuple[str, str], Counter[State]] = defaultdict(Counter)
    subjects = dict.fromkeys(s for each in dict.fromkeys((world, REAL)) for s in scene.pictures[each].subjects())
    for subject in subjects:
        kind = subject.partition(":")[0]
        if kind not in READY or (entity := scene.look(world, subject)) is None or kind not in by_kind():
            continue
        state = entity.state(scene.now)
        for nation in flags(entity):
            counts[nation, by_kind()[kind].domain][state] += 1
    bars: list[Bar] = []
    rows: list[tuple[Cell, ...]] = []
    for nation, nation_name in NATIONS:
        for domain, domain_name in DOMAINS:
            told = counts.get((nation, domain))
            if not told or (nations and nation not in nations):
                continue
            total = told.total()
            usable = sum(told[state] for state in USABLE)
            title = f"{nation_name}, {domain_name.lower()}"
            bars += [
                Bar(title, state, None, told[state], f"{title}: {told[state]} of {total} {state}")
                for state in STATES
                if told[state]
            ]
            rows.append((nation_name, domain_name, *(told[s] for s in STATES), total, round(100 * usable / total)))
    return Answer(
        "How much of what stands there can be used, by nation and domain?",
        "number of things, and their share in %",
        ("the status that counts of each thing",) if rows else (),
        "bridges, crossings, rail, sites, ports, airfields and systems; at a border both nations have it",
        "Nothing with a status is in this picture.",
        ("Nation", "Domain", *(state.capitalize() for state in STATES), "All", "Usable, %"),
        tuple(rows),
        drawn=tuple(bars),
    )


# -- latency ----------------------------------------------------------------------------------------------------------


def _latency(scene: Scene, world: str, nations: frozenset[str]) -> Answer:
    of = {row["source"]: tuple(row.get("nations") or ()) for row in scene.views[world].feeds} if nations else {}
    found: list[Delay] = []
    for each in dict.fromkeys((world, REAL)):
        history = scene.histories.get(each)
        for source in history.sources if history is not None else ():
            delay = _delay(source, history.minutes(source) if history else [], scene.now)
            if delay is not None and (not nations or _of(nations, of.get(source, ()))):
                found.append(delay)
    found.sort(key=lambda delay: (-delay.mean, delay.feed))
    return Answer(
        "How late does each feed speak, in the last hour?",
        "s from what happened to when it was heard",
        tuple(delay.feed for delay in found),
        "time received less the source's own time, of reports that told something new",
        "No feed told anything new in the last hour.",
        ("Feed", "Reports in the last hour", "Mean, s", "Worst, s", "Mean in the hour before, s"),
        tuple((d.feed, d.reports, d.mean, d.worst, d.before) for d in found),
        drawn=tuple(found),
    )


def _delay(source: str, minutes: Sequence[Minute], now: Millis) -> Delay | None:
    last = [m for m in minutes if now - HOUR_MS < m.minute <= now]
    before = [m for m in minutes if now - 2 * HOUR_MS < m.minute <= now - HOUR_MS]
    if not last:
        return None
    return Delay(
        source,
        sum(m.reports for m in last),
        round(_mean(last), 2),
        round(max(m.delay_max for m in last), 2),
        round(_mean(before), 2) if before else None,
    )


def _mean(minutes: Sequence[Minute]) -> float:
    return sum(m.reports * m.delay_mean for m in minutes) / sum(m.reports for m in minutes)


# -- common -----------------------------------------------------------------------------------------------------------


def _of(nations: frozenset[str], told: Iterable[str]) -> bool:
    return not nations or not nations.isdisjoint(told)


def _iso(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _safe(cell: Cell) -> Cell:
    """A text that a spreadsheet would take for a formula is quoted."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@" and cell else cell


def told_cell(cell: Cell) -> str:
    """A cell of the table as people read it."""
    return "–" if cell is None else cell if isinstance(cell, str) else number(cell)


_ASKED: Final[dict[str, Callable[[Scene, str, frozenset[str]], Answer]]] = {
    "waiting": _waiting,
    "throughput": _throughput,
    "readiness": _readiness,
    "latency": _latency,
}
