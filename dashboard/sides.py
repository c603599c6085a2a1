"""Who says otherwise? What the sources of one thing say of the same, side by side, and which of it counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from cop.event import Described, Event, Millis, Sighted, Status
from cop.geo import distance
from cop.picture import Entity, in_force, standing
from dashboard.words import number, utc
from layers.fields import LIMITS
from layers.layer import by_kind

NEAR_M: Final = 100.0
"""Registers draw the same thing so far apart: no contradiction."""
UNTOLD: Final = frozenset({"affects_subjects", "as_of"})
"""Properties that are for programs, or tell of a source and not of the thing."""
MEASURES: Final = {"visibility_m": ("Visibility", "m"), "temp_c": ("Temperature", "°C")}


class Column(NamedTuple):
    """One source, in one world."""

    source: str
    world: str
    origin: str


class Told(NamedTuple):
    """What one source says: the value, and how far it may be believed."""

    text: str
    said: Event
    note: str = ""


class Row(NamedTuple):
    """One matter of which several sources speak: what each says, whose word counts, and why."""

    title: str
    cells: dict[Column, Told]
    counts: Column | None
    why: str


class Sides(NamedTuple):
    """Everything that two sources or more tell of a thing: where they differ, and on what they agree."""

    columns: tuple[Column, ...]
    differ: tuple[Row, ...]
    agree: tuple[str, ...]


def sides(entity: Entity, now: Millis) -> Sides:
    """The sources of a thing side by side. The rule is that of `Entity.status` and of the layers' fields."""
    differ: list[Row] = []
    agree: list[str] = []
    for row in _rows(entity, now):
        if len(row.cells) < 2:
            continue
        if len({told.text for told in row.cells.values()}) > 1:
            differ.append(row)
        else:
            agree.append(row.title)
    used = {column for row in differ for column in row.cells}
    order = dict.fromkeys(_column(each) for each in entity.events)
    return Sides(tuple(column for column in order if column in used), tuple(differ), tuple(agree))


def _rows(entity: Entity, now: Millis) -> Iterator[Row]:
    yield _states(entity, now)
    yield _places(entity)
    yield _described(entity, "Name", lambda body: body.name)
    yield _described(entity, "Nations", lambda body: ", ".join(body.nations))
    yield from _limits(entity, now)
    yield from _measures(entity, now)
    yield from _properties(entity)


def _column(said: Event) -> Column:
    return Column(said.source, said.world, said.origin)


def _states(entity: Entity, now: Millis) -> Row:
    chief = entity.status(now)
    cells = {}
    for said in entity.events:
        if isinstance(said.body, Status):
            cells[_column(said)] = Told(said.body.state, said, _holding(said.body, now))
    return Row("Status", cells, _column(chief) if chief is not None else None, _why(entity, chief, now))


def _holding(body: Status, now: Millis) -> str:
    """Its reason, and from when to when it holds."""
    words = [body.reason] if body.reason else []
    if body.since is not None and body.since > now:
        words.append(f"only from {utc(body.since, now)} UTC")
    elif body.until is not None:
        words.append(f"{'until' if body.until > now else 'over since'} {utc(body.until, now)} UTC")
    return "; ".join(words)


def _why(entity: Entity, chief: Event | None, now: Millis) -> str:
    """Which rule made this status count (docs/adr/0018)."""
    if chief is None or not isinstance(chief.body, Status):
        return "nothing of it holds now"
    others = [e for e in entity.events if isinstance(e.body, Status) and in_force(e.body, now) and e is not chief]
    if chief.origin == "injected":
        return "an inject overrides all else in its exercise"
    if not others:
        return "only this one holds now"
    if chief.body.state == "unknown":
        return "nobody knows: the newest counts"
    known = [e.body for e in others if isinstance(e.body, Status) and e.body.state != "unknown"]
    if not known:
        return "only this one knows"
    if any(body.state == chief.body.state for body in known):
        return "of those who say the worst, the newest counts"
    return "of those who know, the worst counts"


def _places(entity: Entity) -> Row:
    cells: dict[Column, Told] = {}
    places: dict[Column, tuple[float, float]] = {}
    chief = entity.sighted
    for said in sorted(entity.events, key=lambda e: not isinstance(e.body, Sighted)):
        body, column = said.body, _column(said)
        if isinstance(body, Sighted):
            accuracy = "accuracy not told" if body.accuracy is None else f"±{body.accuracy:.0f} m"
        elif isinstance(body, Described):
            accuracy = "where it stands"
        else:
            continue
        if body.lon is None or body.lat is None or column in cells:
            continue
        chief = chief or said
        places[column] = body.lon, body.lat
        cells[column] = Told(f"{body.lat:.5f}, {body.lon:.5f}", said, accuracy)
    if chief is None:
        return Row("Position", {}, None, "")
    counts = _column(chief)
    for column, place in places.items():
        off = distance(places[counts], place)
        told = cells[column]
        if off <= NEAR_M + _radius(told.said) + _radius(cells[counts].said):
            cells[column] = told._replace(text=cells[counts].text)
        else:
            away = f"{off / 1000:.1f} km" if off >= 1000 else f"{off:.0f} m"
            cells[column] = told._replace(note=f"{told.note}; {away} away")
    moving = isinstance(chief.body, Sighted)
    return Row("Position", cells, counts, "the newest sighting counts" if moving else "the newest register counts")


def _radius(said: Event) -> float:
    return (said.body.accuracy or 0.0) if isinstance(said.body, Sighted) else 0.0


def _described(entity: Entity, title: str, read: Callable[[Described], str]) -> Row:
    return _first(title, ((e, read(e.body)) for e in entity.events if isinstance(e.body, Described)))


def _first(title: str, told: Iterable[tuple[Event, str]]) -> Row:
    """The best report that says it at all counts: the exercise's before the real one, then the newest."""
    cells: dict[Column, Told] = {}
    for said, text in told:
        if text:
            note = said.body.basis if isinstance(said.body, Described) else ""
            cells.setdefault(_column(said), Told(text, said, note))
    worlds = {column.world for column in cells}
    why = "the exercise goes before the real world" if len(worlds) > 1 else "the newest counts"
    return Row(title, cells, next(iter(cells), None), why)


def _limits(entity: Entity, now: Millis) -> Iterator[Row]:
    """Limits that registers tell and statuses set: of what holds now the strictest."""
    found: dict[tuple[str, str], list[tuple[Event, float, str]]] = {}
    for said in standing(entity, now):
        for what, value in said.body.measures.items() if isinstance(said.body, Status) else ():
            if what in LIMITS:
                found.setdefault((what, LIMITS[what][1]), []).append((said, value, "set for now"))
    posted: dict[tuple[str, str], int] = {}
    for said in entity.events:
        for limit in said.body.limits if isinstance(said.body, Described) else ():
            key = (limit.what, limit.unit)
            rest = found.setdefault(key, [])
            posted.setdefault(key, len(rest))
            rest.append((said, limit.value, limit.basis or "posted"))
    for (what, unit), told in found.items():
        name = LIMITS[what][0] if what in LIMITS else what.replace("_", " ")
        cells: dict[Column, Told] = {}
        for said, value, note in told:
            cells.setdefault(_column(said), Told(f"{number(value)} {unit}", said, note))
        first = posted.get((what, unit), len(told) - 1)
        chief = min(told[: first + 1], key=lambda each: each[1])[0]  # of several registers the newest, then strictest
        why = "the strictest that holds now counts" if first else "the newest register counts"
        yield Row(f"Limit: {name}", cells, _column(chief), why)


def _measures(entity: Entity, now: Millis) -> Iterator[Row]:
    """Numbers of statuses: those of the status that counts go first, then whoever tells one."""
    titles = _titles(entity)
    held = standing(entity, now)
    keys = dict.fromkeys(key for e in held if isinstance(e.body, Status) for key in e.body.measures)
    for key in keys:
        if key in LIMITS:
            continue
        title, unit = titles.get(key) or MEASURES.get(key) or (key.replace("_", " "), "")
        cells = {
            _column(e): Told(f"{number(e.body.measures[key])} {unit}".strip(), e)
            for e in held
            if isinstance(e.body, Status) and key in e.body.measures
        }
        yield Row(title, cells, next(iter(cells)), "the number of the status that counts, or of who tells one")


def _properties(entity: Entity) -> Iterator[Row]:
    titles = _titles(entity)
    bodies = [(e, e.body) for e in entity.events if isinstance(e.body, Described)]
    for key in dict.fromkeys(key for _, body in bodies for key in body.properties if key not in UNTOLD):
        title, unit = titles.get(key) or (key.replace("_", " ").capitalize(), "")
        yield _first(title, ((e, _text(body.properties.get(key), unit)) for e, body in bodies))


def _text(value: Any, unit: str) -> str:
    if value is None or value == "":
        return ""
    text = "yes" if value is True else "no" if value is False else number(value) if isinstance(value, float) else value
    return f"{text} {unit}".strip()


def _titles(entity: Entity) -> dict[str, tuple[str, str]]:
    layer = by_kind().get(entity.kind)
    return {field.key: (field.title, field.unit) for field in layer.fields} if layer else {}
