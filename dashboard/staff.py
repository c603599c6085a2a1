"""The staff officer's page: filter, look, open, and know where each number came from."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, html, no_update

from cop.event import REAL
from dashboard import moves, movesection, passers
from dashboard.api import details
from dashboard.history import Said
from dashboard.hub import Hub
from dashboard.maps import MapLayer, map_view
from dashboard.parts import (
    DOMAINS,
    GRID_LOOK,
    NATIONS,
    ORIGINS,
    STATES,
    chips,
    chosen,
    clocks,
    frame,
    freshness,
    live,
    world_badge,
)
from dashboard.settings import Values
from dashboard.words import age
from feeds.clock import clock
from layers.layer import layers as all_layers
from layers.layer import thing
from layers.symbols import render

PLOT_MS: Final = 30_000
"""How often the panel's plots are drawn anew where nothing else is new."""


def layout(hub: Hub, settings: Values, layers: list[MapLayer], query: dict[str, str]) -> Any:
    """The page for a query: `world`, `domain`, `nation`, `layer`, `state`, `origin`, `q`, `sel`, `theme`."""
    world = query.get("world") or settings.world
    worlds = [{"value": w, "label": w} for w in dict.fromkeys([REAL, world, *hub.worlds()])]
    header = html.Header(
        [
            html.H1("Baltic mobility", className="brand"),
            world_badge(),
            dmc.Select(
                id="world",
                data=worlds,
                value=world,
                size="xs",
                w=170,
                allowDeselect=False,
                **{"aria-label": "World"},
            ),
            dmc.TextInput(
                id="filter-text",
                value=query.get("q", ""),
                placeholder="Search  /",
                size="xs",
                w=220,
                debounce=150,
                **{"aria-label": "Search by name or id"},
            ),
            html.Div(className="grow"),
            live(),
            clocks(),
            html.Nav(
                [
                    html.A("Wall", href=f"/wall?world={world}"),
                    html.A("Exercise control", href=f"/excon?world={world}"),
                    html.A("Feeds", href=f"/feeds?world={world}"),
                    html.A("API", href="/api/docs"),
                ]
            ),
            html.Button("Light", id="theme-switch", className="quiet", title="Dark or light (t)"),
        ],
        className="top",
    )
    return frame(
        "staff",
        header,
        html.Main(
            [
                _filters(query),
                html.Section(
                    [
                        html.Div([_map(layers, query), _pointer()], id="map-box"),
                        _drawer(),
                    ],
                    className="middle",
                ),
                html.Aside(_detail_empty(), id="detail", **{"aria-label": "Details", "aria-live": "polite"}),
            ]
        ),
        freshness(),
        dcc.Store(id="selected", data={"id": query.get("sel"), "world": world}),
        dcc.Store(id="theme-name", data=query.get("theme", "dark")),
        dcc.Store(id="detail-mark", data=""),
        dcc.Interval(id="detail-beat", interval=3000, disabled=True),
        dcc.Interval(id="plot-beat", interval=10_000, disabled=True),
        *moves.parts(world),
        html.Div(id="nowhere", hidden=True),
    )


def _filters(query: dict[str, str]) -> html.Aside:
    def part(title: str, kind: str, options: tuple[tuple[str, str], ...]) -> html.Div:
        return html.Div([html.H2(title), chips(kind, options, chosen(query, kind))], className="part")

    switches = [
        dmc.Checkbox(
            label=[layer.title, html.Span(id=f"n-layer-{layer.name}", className="n")],
            value=layer.name,
            size="xs",
        )
        for layer in all_layers().values()
    ]
    hidden = chosen(query, "hide")
    shown = [layer for layer in all_layers() if layer not in hidden]
    return html.Aside(
        [
            part("Domain", "domain", DOMAINS),
            part("Nation", "nation", NATIONS),
            part("Status", "state", STATES),
            part("Origin", "origin", ORIGINS),
            html.Div(
                [
                    html.H2("Layers"),
                    dmc.CheckboxGroup(switches, id="filter-layer", value=shown),
                ],
                className="part",
            ),
            html.Div(
                [html.Button("Clear filters", id="clear", className="quiet"), html.Span(id="n-all", className="n")],
                className="part row",
            ),
            html.Details([html.Summary("Legend"), html.Div(id="legend", className="legend")], className="part"),
        ],
        id="filters",
        **{"aria-label": "Filters"},
    )


def _map(layers: list[MapLayer], query: dict[str, str]) -> Any:
    found = map_view(layers, query)
    found.children.append(moves.map_group())
    return found


def _pointer() -> html.Div:
    return html.Div(
        [html.Span(id="pointer-latlon"), html.Span(id="pointer-mgrs"), html.Span(id="credits")], className="pointer"
    )


def _drawer() -> Any:
    options = [{"value": "", "label": "All"}] + [{"value": n, "label": x.title} for n, x in all_layers().items()]
    grid = dag.AgGrid(
        id="grid",
        rowData=[],
        columnDefs=[],
        getRowId="params.data.id",
        defaultColDef={"sortable": True, "resizable": True, "filter": True, "minWidth": 70},
        dashGridOptions={
            "rowSelection": {"mode": "singleRow", "checkboxes": False, "enableClickSelection": True},
            "animateRows": False,
            "rowHeight": 26,
            "headerHeight": 28,
            "suppressCellFocus": False,
            "theme": {"function": f"themeBalham.withParams({json.dumps(GRID_LOOK)})"},
        },
        style={"height": "100%"},
        dangerously_allow_code=True,
    )
    tools = [
        dmc.Select(
            id="table-layer",
            data=options,
            value="",
            size="xs",
            w=150,
            allowDeselect=False,
            **{"aria-label": "Table of"},
        ),
        html.Button("CSV", id="csv", className="quiet", title="Save what the table shows"),
        html.Span(id="table-count", className="n"),
    ]
    return dmc.Tabs(
        [
            dmc.TabsList(
                [
                    dmc.TabsTab("Table", value="table"),
                    *moves.tabs(),
                    dmc.TabsTab("What is new", value="new"),
                    dmc.TabsTab("Feeds", value="plots"),
                    html.Div(tools, className="tools", id="table-tools"),
                    html.Button(
                        "▾", id="drawer-fold", className="quiet", title="Fold or unfold", **{"aria-label": "Fold"}
                    ),
                ]
            ),
            dmc.TabsPanel(grid, value="table"),
            *moves.panels(),
            dmc.TabsPanel(html.Ol(id="news", className="news"), value="new"),
            dmc.TabsPanel(
                dcc.Graph(id="feed-plot", config={"displayModeBar": False}, style={"height": "100%"}), value="plots"
            ),
        ],
        id="drawer",
        value="table",
        keepMounted=True,
    )


def _detail_empty() -> list[Any]:
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


def _moving(hub: Hub, world: str, subject: str) -> list[Any]:
    """What the movements' part says of a thing: of a movement all, of what it passes who passes."""
    engine = hub.engines.get(world)
    if engine is None:
        return []
    found = engine.assessment(subject)
    now = clock()
    return movesection.of_movement(engine, found, now) if found else passers.of_thing(engine, subject, now)


def warm() -> None:
    """Load what the first look at a thing would otherwise wait for: the plots, and the table of symbols."""
    import dashboard.figures  # noqa: F401

    for layer in all_layers().values():
        for key in layer.legend:
            render(key.symbol)


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


def callbacks(app: Dash, hub: Hub) -> None:
    """What the page asks of the server: the details of the selected thing, and the feeds' plot."""

    @app.callback(
        Output("detail", "children"),
        Output("detail-beat", "disabled"),
        Output("detail-mark", "data"),
        Input("selected", "data"),
        Input("detail-beat", "n_intervals"),
        Input("theme-name", "data"),
        State("detail-mark", "data"),
    )
    async def show(selected: dict[str, Any] | None, beat: int | None, theme: str, seen: str) -> Any:
        subject = (selected or {}).get("id")
        world = (selected or {}).get("world") or REAL
        if not subject:
            return _detail_empty(), True, ""
        if world not in hub.views:
            return [html.P(f"The world {world} is not there.", className="empty")], False, ""
        entity = hub.look(world, subject)
        if entity is None:
            return [html.P(f"{subject} is gone from the picture.", className="empty")], False, ""
        now = clock()
        engine = hub.engines.get(world)
        told = [(each.id, each.at) for each in entity.events]
        mark = f"{subject} {theme} {engine.version if engine else '-'} {hash(tuple(told))} {now // PLOT_MS}"
        row = thing(entity, now) if mark != seen else None
        if row is None:  # nothing is new, and the browser keeps the ages going
            return no_update, False, no_update
        found, moving = details(hub, world, entity, row), _moving(hub, world, subject)
        return await asyncio.to_thread(detail, found, theme, moving), False, mark  # its plots take a while

    @app.callback(
        Output("feed-plot", "figure"),
        Output("plot-beat", "disabled"),
        Input("drawer", "value"),
        Input("plot-beat", "n_intervals"),
        State("selected", "data"),
        State("theme-name", "data"),
    )
    def plot(tab: str, beat: int | None, selected: dict[str, Any] | None, theme: str) -> Any:
        if tab != "plots":
            return no_update, True
        from dashboard import figures

        return figures.feed_minutes(hub.histories[REAL], theme), False

    moves.callbacks(app, hub)
    for output, name, inputs in (
        ("nowhere.data-filter", "filter", _FILTERS),
        ("nowhere.data-theme", "theme", ("theme-name.data",)),
        ("nowhere.data-world", "world", ("world.value",)),
        ("nowhere.data-table", "table", ("table-layer.value", "drawer.value")),
        ("nowhere.data-select", "chosen", ("selected.data",)),
    ):
        target, prop = output.split(".")
        app.clientside_callback(
            f"function(...args) {{ return cop.page.{name}(...args); }}",
            Output(target, prop),
            *(Input(*each.split(".")) for each in inputs),
        )
    app.clientside_callback(
        "function(n) { return cop.page.cleared(n); }",
        *(Output(*each.split(".")) for each in _FILTERS),
        Input("clear", "n_clicks"),
        prevent_initial_call=True,  # what it left alone at the start would keep the filters from being read at all
    )


_FILTERS = (
    "filter-domain.value",
    "filter-nation.value",
    "filter-state.value",
    "filter-origin.value",
    "filter-layer.value",
    "filter-text.value",
)
