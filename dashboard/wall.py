"""The wall display: no pointer, readable from five metres, the reddest first. The browser's part fills all of it."""

from __future__ import annotations

from typing import Any

from dash import dcc, html

from dashboard.maps import MapLayer, map_view
from dashboard.parts import DOMAINS, NATIONS, clocks, frame, freshness, live, world_badge
from dashboard.settings import Values


def layout(settings: Values, layers: list[MapLayer], query: dict[str, str]) -> Any:
    """The page for a query: `world`, `turn` (seconds a domain is shown, 0: don't rotate), `theme`."""
    return frame(
        "wall",
        html.Header([html.H1("Baltic mobility", className="brand"), world_badge(), live(), clocks()], className="top"),
        html.Main(
            [
                html.Div(
                    [
                        map_view(layers, query, zoom=7.5),
                        html.Div(id="turn", className="turn"),
                        html.Div(html.Span(id="credits"), className="pointer"),
                    ],
                    id="map-box",
                ),
                html.Aside(
                    [
                        _counts("domain", DOMAINS),
                        _counts("nation", NATIONS),
                        html.H2("Needs attention", id="attention"),
                        html.Ol(id="reddest", className="reddest"),
                        html.H2("New"),
                        html.Ol(id="news", className="news"),
                    ]
                ),
            ]
        ),
        freshness(),
        dcc.Store(id="theme-name", data=query.get("theme", "dark")),
    )


def _counts(kind: str, names: tuple[tuple[str, str], ...]) -> html.Table:
    lights = (("red", "Closed"), ("amber", "Limited"), ("green", "Open"), ("unknown", "Unknown"))
    head = html.Tr([html.Th(), *(html.Th(text, scope="col", className=light) for light, text in lights)])
    rows = [
        html.Tr(
            [
                html.Th(name, scope="row"),
                *(html.Td("0", id=f"w-{kind}-{value}-{light}", className=light) for light, _ in lights),
            ]
        )
        for value, name in names
    ]
    return html.Table([html.Thead(head), html.Tbody(rows)], className=f"counts {kind}")
