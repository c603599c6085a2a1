"""What is known of one thing? The panel beside the map: every number with its source and age, and its history."""

# mypy: disallow-untyped-decorators=False

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from dash import Dash, Input, Output, State, dcc, html, no_update

from cop.event import REAL, Millis
from cop.picture import Entity
from dashboard import dependents, movesection, passers, told
from dashboard.history import Said, Series
from dashboard.scene import NoSuchMoment, Scene, Scenes
from dashboard.sides import Row, Sides, sides
from dashboard.words import age, number
from layers.layer import popup, thing

PLOT_MS: Final = 30_000
"""How often the panel's plots are drawn anew where nothing else is new."""
ABREAST: Final = 3
"""So many sources have room beside each other."""
NUMBERED: Final = {
    "crossing": ("waiting time or queue", ("Waiting time", "Queue")),
    "system": ("answer time", ("Answers in",)),
}
"""Kinds of things of which numbers are expected: what is missing when none came, and the plots that show them."""


class Panel(NamedTuple):
    """What the panel shows of one thing at one time."""

    row: dict[str, Any]
    lines: list[dict[str, Any]]
    entity: Entity
    sides: Sides
    moving: list[Any]
    """What the movements' part says of it."""
    depends: list[Any]
    track: list[tuple[Millis, float, float, float | None]]
    statuses: list[Said]
    series: list[Series]
    now: Millis


def empty() -> list[Any]:
    """What stands there while nothing is chosen."""
    return [
        html.P("Choose a thing on the map or in the table.", className="empty"),
        html.P("Arrow keys go from thing to thing on the map, Enter chooses, Escape lets go.", className="hint"),
    ]


def known(scene: Scene, world: str, entity: Entity, row: dict[str, Any]) -> Panel:
    """Collect what the panel shows, so that drawing it can go to a thread."""
    now, subject = scene.now, entity.subject
    histories = [scene.histories[name] for name in dict.fromkeys((world, REAL)) if name in scene.histories]
    statuses = [said for history in histories for said in history.statuses(subject)]
    return Panel(
        row,
        popup(entity, now),
        entity,
        sides(entity, now),
        _moving(scene, world, subject),
        dependents.section(scene, world, entity),
        max((history.track(subject) for history in histories), key=len, default=[]),
        sorted(statuses, key=lambda said: said.at),
        [each for history in histories for each in history.series(subject)],
        now,
    )


def detail(panel: Panel, theme: str) -> list[Any]:
    """The panel of one thing: its status, its lines with source and age, who says otherwise, its history."""
    row = panel.row
    marks = [mark for mark in (row.get("marking"), row["origin"] if row["origin"] != "observed" else None) if mark]
    head = [
        html.Img(src=f"/symbols/{row['sym']}.svg", alt="", className="symbol"),
        html.Div(
            [
                html.H2(row["name"]),
                html.P(f"{row['id']} · {', '.join(row['nations']) or 'no nation known'}", className="hint"),
            ]
        ),
        html.Button("×", id="detail-close", className="quiet", **{"aria-label": "Close the details"}),
    ]
    lines = [
        html.Tr([html.Th(line["title"], scope="row"), html.Td([html.Span(_shown(line)), _source(line, panel.now)])])
        for line in panel.lines
    ]
    said = row.get("why") or "nobody says why"
    reports = [told.report(each, panel.now) for each in panel.entity.events]
    return [
        html.Div(head, className="head"),
        html.P([html.Span(row["state"], className=f"state {row['state']}"), f" {said}"]),
        *([html.P([html.Mark(mark) for mark in marks])] if marks else []),
        *(panel.moving if panel.entity.planned is not None else []),
        *_side_by_side(panel.sides, panel.now),
        *([] if panel.entity.planned is not None else panel.moving),
        *panel.depends,
        html.Table(html.Tbody(lines), className="lines"),
        *_plots(panel, theme),
        html.Details([html.Summary(f"Every report ({len(reports)})"), html.Ul(reports, className="reports")]),
    ]


# -- who says otherwise -----------------------------------------------------------------------------------------------


def _side_by_side(found: Sides, now: Millis) -> list[Any]:
    if not found.differ:
        return []
    tables = [
        _sides_table(found.columns[at : at + ABREAST], found.differ, now)
        for at in range(0, len(found.columns), ABREAST)
    ]
    agree = f"They agree on: {', '.join(found.agree)}." if found.agree else ""
    return [
        html.Section(
            [
                html.H3(f"Side by side: {len(found.differ)} told differently"),
                *tables,
                *([html.P(agree, className="hint")] if agree else []),
            ],
            className="move sides",
        )
    ]


def _sides_table(columns: Sequence[Any], rows: Sequence[Row], now: Millis) -> Any:
    heads = [html.Th([html.Strong(column.source), html.Small(_whence(column))], scope="col") for column in columns]
    body: list[Any] = []
    for row in rows:
        if not any(column in row.cells for column in columns):
            continue
        body.append(
            html.Tr(
                html.Th([row.title, html.Small(row.why)], colSpan=len(columns), scope="colgroup"), className="matter"
            )
        )
        body.append(html.Tr([_side(row, column, now) for column in columns]))
    return html.Table([html.Thead(html.Tr(heads)), html.Tbody(body)], className="sides-of")


def _whence(column: Any) -> str:
    return column.origin if column.world == REAL else f"{column.origin}, {column.world.partition('/')[2]}"


def _side(row: Row, column: Any, now: Millis) -> Any:
    cell = row.cells.get(column)
    if cell is None:
        return html.Td("says nothing", className="silent")
    counts = row.counts == column
    return html.Td(
        [
            html.Strong([cell.text, html.Span(" ✓ counts" if counts else "", className="mark")]),
            html.Small(age(cell.said.at, now)),
            *([html.Small(cell.note)] if cell.note else []),
        ],
        className="counts" if counts else "",
    )


# -- the movements that pass it ---------------------------------------------------------------------------------------


def _moving(scene: Scene, world: str, subject: str) -> list[Any]:
    """What the movements' part says of a thing: of a movement all, of what it passes who passes."""
    engine = scene.engines.get(world)
    if engine is None:
        return []
    found = engine.assessment(subject)
    if found is not None:
        return movesection.of_movement(engine, found, scene.now)
    if subject.startswith("system:") and not engine.touched_by(subject):
        return []  # while it works nobody waits for it: what hangs on it is told in its own section
    return passers.of_thing(engine, subject, scene.now)


# -- its history ------------------------------------------------------------------------------------------------------


def _plots(panel: Panel, theme: str) -> list[Any]:
    from dashboard import figures  # pandas and plotly take longer to load than all the rest: not before they are needed

    made: list[Any] = []
    if sum(point[3] is not None for point in panel.track) > 1:
        made.append(_plot(figures.speed(panel.track, panel.now, theme), 170))
    if panel.statuses:
        bars = len({said.source for said in panel.statuses})
        made.append(_plot(figures.states(panel.statuses, panel.now, theme), 62 + 26 * bars))
    numbers = figures.grouped(panel.series, panel.now)
    made += [_plot(figures.numbers(title, unit, own, panel.now, theme), 200) for title, unit, own in numbers]
    missing, titles = NUMBERED.get(panel.entity.kind, ("", ()))
    if missing and not any(title in titles for title, _, _ in numbers):
        made.append(html.P(f"No {missing} was reported in the last 24 h.", className="empty"))
    return [html.H3("History", className="history"), *made] if made else []


def _plot(figure: Any, height: int) -> dcc.Graph:
    return dcc.Graph(figure=figure, config={"displayModeBar": False}, style={"height": f"{height}px"})


def _shown(line: dict[str, Any]) -> str:
    value = line["value"]
    text = "yes" if value is True else "no" if value is False else number(value) if isinstance(value, float) else value
    return f"{text} {line['unit']}".strip()


def _source(line: dict[str, Any], now: Millis) -> Any:
    if "at" not in line:
        return ""
    return html.Small([f"{line['source']} · ", age(line["at"], now)])


def callbacks(app: Dash, scenes: Scenes) -> None:
    """What the panel asks of the server: all about the chosen thing, anew when there is something new."""

    @app.callback(
        Output("detail", "children"),
        Output("detail-beat", "disabled"),
        Output("detail-mark", "data"),
        Input("selected", "data"),
        Input("detail-beat", "n_intervals"),
        Input("theme-name", "data"),
        Input("moment", "data"),
        State("detail-mark", "data"),
    )
    async def show(selected: dict[str, Any] | None, beat: int | None, theme: str, moment: int | None, seen: str) -> Any:
        subject = (selected or {}).get("id")
        world = (selected or {}).get("world") or REAL
        if not subject:
            return empty(), True, ""
        try:
            scene = await scenes.at(world, moment)
        except NoSuchMoment as error:
            return [html.P(f"This moment can't be shown: {error}.", className="empty")], False, ""
        if world not in scene.views:
            return [html.P(f"The world {world} is not there.", className="empty")], False, ""
        entity = scene.look(world, subject)
        if entity is None:
            gone = "is gone from" if moment is None else "was not in"
            return [html.P(f"{subject} {gone} the picture.", className="empty")], False, ""
        now = scene.now
        engine = scene.engines.get(world)
        heard = hash(tuple((each.id, each.at) for each in entity.events))
        mark = f"{subject} {theme} {moment} {engine.version if engine else '-'} {heard} {now // PLOT_MS}"
        row = thing(entity, now) if mark != seen else None
        if row is None:  # nothing is new, and the browser keeps the ages going
            return no_update, False, no_update
        panel = known(scene, world, entity, row)
        return await asyncio.to_thread(detail, panel, theme), False, mark  # its plots take a while
