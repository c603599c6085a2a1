"""The staff officer's page: filter, look, open, and know where each number came from."""

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, dcc, html

from cop.event import REAL
from dashboard import detail, filterbar, moves, newsdesk, plots, tables, timebar
from dashboard.hub import Hub
from dashboard.maps import MapLayer, map_view
from dashboard.parts import clocks, frame, freshness, live, world_badge
from dashboard.scene import Scenes
from dashboard.settings import Values
from layers.layer import layers as all_layers
from layers.symbols import render


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
            *newsdesk.header(),
            html.Nav(
                [
                    html.A("Wall", href=f"/wall?world={world}"),
                    html.A("Exercise control", href=f"/excon?world={world}"),
                    html.A("Feeds", href=f"/feeds?world={world}"),
                    html.A("Report", id="report-link", href="/report", target="_blank", title="Situation report (r)"),
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
        timebar.band(),
        html.Main(
            [
                filterbar.bar(query),
                html.Section(
                    [
                        html.Div([_map(layers, query), _pointer()], id="map-box"),
                        timebar.bar(),
                        _drawer(),
                    ],
                    className="middle",
                ),
                html.Aside(detail.empty(), id="detail", **{"aria-label": "Details", "aria-live": "polite"}),
            ]
        ),
        freshness(),
        dcc.Store(id="selected", data={"id": query.get("sel"), "world": world}),
        timebar.store(query),
        dcc.Store(id="theme-name", data=query.get("theme", "dark")),
        dcc.Store(id="detail-mark", data=""),
        dcc.Interval(id="detail-beat", interval=3000, disabled=True),
        *plots.parts(),
        *moves.parts(world),
        *newsdesk.parts(),
        html.Div(id="nowhere", hidden=True),
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
    fold = html.Button("▾", id="drawer-fold", className="quiet", title="Fold or unfold", **{"aria-label": "Fold"})
    return dmc.Tabs(
        [
            dmc.TabsList([tables.tab(), *moves.tabs(), *newsdesk.tabs(), plots.tab(), tables.tools(), fold]),
            tables.panel(),
            *moves.panels(),
            *newsdesk.panels(),
            plots.panel(),
        ],
        id="drawer",
        value="table",
        keepMounted=True,
    )


def warm() -> None:
    """Load what the first look at a thing would otherwise wait for: the plots, and the table of symbols."""
    import dashboard.figures  # noqa: F401

    for layer in all_layers().values():
        for key in layer.legend:
            render(key.symbol)


def callbacks(app: Dash, hub: Hub, scenes: Scenes) -> None:
    """What the page asks of the server, each part for itself, and what it tells the browser's part."""
    moves.callbacks(app, scenes)
    detail.callbacks(app, scenes)
    plots.callbacks(app, scenes)
    filterbar.callbacks(app)
    tables.callbacks(app)
    for target, name, chosen in (
        ("data-theme", "theme", "theme-name.data"),
        ("data-world", "world", "world.value"),
        ("data-select", "chosen", "selected.data"),
    ):
        app.clientside_callback(
            f"function(...args) {{ return cop.page.{name}(...args); }}",
            Output("nowhere", target),
            Input(*chosen.split(".")),
        )
