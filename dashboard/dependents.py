"""What hangs on a thing, and on what does it hang? Systems and what falls with them, down to the movements."""

from __future__ import annotations

from typing import Any, Final

from dash import html

from cop.event import REAL, Described, Millis
from cop.movement.engine import Engine
from cop.picture import Entity
from dashboard.movesection import part, table
from dashboard.scene import Scene
from dashboard.words import NONE, answer, link, utc
from layers.layer import thing

MOST: Final = 6
"""So many stand open, those that are passed next first; the rest unfolds."""


def affected(entity: Entity) -> list[str]:
    """The things that hang on a system, as its register names them."""
    told = (e.body.properties.get("affects_subjects") for e in entity.events if isinstance(e.body, Described))
    return str(next((each for each in told if each), "")).split()


def systems_of(scene: Scene, world: str, subject: str) -> list[Entity]:
    """The systems on which a thing hangs."""
    known = dict.fromkeys(
        each
        for name in dict.fromkeys((world, REAL))
        for each in scene.pictures[name].subjects()
        if each.startswith("system:")
    )
    found = (scene.look(world, each) for each in known)
    return [each for each in found if each is not None and subject in affected(each)]


def section(scene: Scene, world: str, entity: Entity) -> list[Any]:
    """What the panel says of it: of a system what hangs on it, of any other thing on which systems it hangs."""
    now = scene.now
    if entity.kind == "system":
        return _of_system(scene, world, entity, now)
    above = systems_of(scene, world, entity.subject)
    if not above:
        return []
    rows = [_row(each, now, []) for each in above]
    return [
        html.Section(
            [part(f"It hangs on ({len(rows)})"), table(("System", "Status"), [row for row in rows if row], "hangs")],
            className="move",
        )
    ]


def _of_system(scene: Scene, world: str, entity: Entity, now: Millis) -> list[Any]:
    engine = scene.engines.get(world)
    told = []
    for subject in affected(entity):
        found = scene.look(world, subject)
        if found is not None:
            movers = _movers(engine, subject, now) if engine is not None else []
            first = min((due for due, _ in movers if due is not None), default=None)
            told.append((first is None, first or 0, _row(found, now, [cell for _, cell in movers])))
    rows = [row for *_, row in sorted(told, key=lambda each: each[:2]) if row is not None]
    title = part(f"What hangs on it ({len(rows)})")
    if not rows:
        return [html.Section([title, html.P("Nothing is known to hang on it.", className="hint")], className="move")]
    heads = ("Thing, and who passes it next", "Status")
    more = (
        [html.Details([html.Summary(f"{len(rows) - MOST} more"), table(heads, rows[MOST:], "hangs")], className="more")]
        if len(rows) > MOST
        else []
    )
    return [html.Section([title, table(heads, rows[:MOST], "hangs"), *more], className="move")]


def _row(entity: Entity, now: Millis, movers: list[Any]) -> Any:
    row = thing(entity, now)
    if row is None:
        return None
    return html.Tr(
        [
            html.Td([link(entity.subject, row["name"]), *movers]),
            html.Td(html.Span(row["state"], className=f"state {row['state']}")),
        ]
    )


def _movers(engine: Engine, subject: str, now: Millis) -> list[tuple[Millis | None, Any]]:
    """The movements that still have the thing ahead: when the head comes there, and a line about it."""
    found: list[tuple[Millis | None, Any]] = []
    for mover in engine.touched_by(subject):
        assessed = engine.assessment(mover)
        here = next((each for each in assessed.things if each.subject == subject), None) if assessed else None
        if assessed is None or here is None or here.passed:
            continue
        when = f" {utc(here.due, now)} UTC" if here.due is not None else f" {NONE}"
        line = html.Div(
            [link(mover, mover.partition(":")[2]), html.Span(when), " ", answer(assessed.verdict.answer)],
            className="mover",
        )
        found.append((here.due, line))
    return sorted(found, key=lambda each: (each[0] is None, each[0] or 0))
