"""What is known of one thing? The panel beside the map: every number with its source and age, and its history."""

# mypy: disallow-untyped-decorators=False

from __future__ import annotations

import asyncio
from typing import Any, Final

from dash import Dash, Input, Output, State, dcc, html, no_update

from cop.event import REAL
from dashboard import movesection, passers
from dashboard.api import details
from dashboard.history import Said
from dashboard.scene import Scene, Scenes
from dashboard.words import age
from feeds.clock import clock
from layers.layer import thing

PLOT_MS: Final = 30_000
"""How often the panel's plots are drawn anew where nothing else is new."""


def empty() -> list[Any]:
    """What stands there while nothing is chosen."""
    return [
        html.P("Choose a thing on the map or in the table.", className="empty"),
        html.P("Arrow keys go from thing to thing on the map, Enter chooses, Escape lets go.", className="hint"),
    ]


def detail(found: dict[str, Any], theme: str, moving: list[Any]) -> list[Any]:
    """The detail panel of one thing: its status, its lines with source and age, every report, its history.

    `moving` is what the movements' part says of it.
    """
    row = found["thing"]
    said = row.get("why") or "nobody says why"
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
        html.Tr(
            [
                html.Th(line["title"], scope="row"),
                html.Td([html.Span(_shown(line)), _source(line)]),
            ]
        )
        for line in found["lines"]
    ]
    reports = [
        html.Li(
            [
                html.Strong(report["source"]),
                f" {report['body']['kind']} ",
                age(report["at"], clock()),
                f" · {report.get('origin', 'observed')}",
                html.Code(str({k: v for k, v in report["body"].items() if k not in ("kind", "path", "points")})),
            ]
        )
        for report in found["reports"]
    ]
    from dashboard import figures  # pandas and plotly take longer to load than all the rest: not before they are needed

    plots: list[Any] = []
    if len(found["track"]) > 1:
        track = [(p["at"], p["lon"], p["lat"], p["speed"]) for p in found["track"]]
        plots.append(_plot(figures.speed(track, theme), 170))
    if found["statuses"]:
        statuses = [Said(**s) for s in found["statuses"]]
        plots.append(_plot(figures.states(statuses, clock(), theme), 120))
    return [
        html.Div(head, className="head"),
        html.P([html.Span(row["state"], className=f"state {row['state']}"), f" {said}"]),
        *([html.P([html.Mark(mark) for mark in marks])] if marks else []),
        *moving,
        html.Table(html.Tbody(lines)),
        *plots,
        html.Details([html.Summary(f"Every report ({len(reports)})"), html.Ul(reports, className="reports")]),
    ]


def _moving(hub: Scene, world: str, subject: str) -> list[Any]:
    """What the movements' part says of a thing: of a movement all, of what it passes who passes."""
    engine = hub.engines.get(world)
    if engine is None:
        return []
    found = engine.assessment(subject)
    now = hub.now
    return movesection.of_movement(engine, found, now) if found else passers.of_thing(engine, subject, now)


def _plot(figure: Any, height: int) -> dcc.Graph:
    return dcc.Graph(figure=figure, config={"displayModeBar": False}, style={"height": f"{height}px"})


def _shown(line: dict[str, Any]) -> str:
    value = line["value"]
    text = (
        f"{value:g}" if isinstance(value, float) else "yes" if value is True else "no" if value is False else str(value)
    )
    return f"{text} {line['unit']}".strip()


def _source(line: dict[str, Any]) -> Any:
    if "at" not in line:
        return ""
    return html.Small([f"{line['source']} · ", age(line["at"], clock())])


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
        hub = await scenes.at(world, moment)
        if world not in hub.views:
            return [html.P(f"The world {world} is not there.", className="empty")], False, ""
        entity = hub.look(world, subject)
        if entity is None:
            return [html.P(f"{subject} is gone from the picture.", className="empty")], False, ""
        now = hub.now
        engine = hub.engines.get(world)
        told = [(each.id, each.at) for each in entity.events]
        mark = f"{subject} {theme} {engine.version if engine else '-'} {hash(tuple(told))} {now // PLOT_MS}"
        row = thing(entity, now) if mark != seen else None
        if row is None:  # nothing is new, and the browser keeps the ages going
            return no_update, False, no_update
        found, moving = details(hub, world, entity, row), _moving(hub, world, subject)
        return await asyncio.to_thread(detail, found, theme, moving), False, mark  # its plots take a while
