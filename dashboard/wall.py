"""The wall display: no pointer, readable from five metres, the reddest first. The browser's part fills all of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from dash import dcc, html

from dashboard.maps import MapLayer, map_view
from dashboard.parts import DOMAINS, NATIONS, frame, live, world_badge
from dashboard.settings import Values

LIGHTS: Final = (("red", "closed"), ("amber", "limited"), ("green", "open"), ("unknown", "unknown"))
REFUSED: Final = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>Wall display</title>
<style>body{margin:0;min-height:100vh;display:grid;place-content:center;text-align:center;background:#0d141d;
color:#dfe7ef;font:3vw/1.4 system-ui,'DejaVu Sans',sans-serif}h1{font-size:4.5vw;margin:0 0 .4em}</style></head>
<body><h1>This wall may not be opened</h1>
<p>Its address is not valid, or it was withdrawn.<br>Ask whoever runs the picture for a new one.</p></body></html>"""
"""What a wrong or withdrawn token gets. It says nothing of the token, and nothing of which walls there are."""

RETRY: Final = """<script>
setInterval(function () {
  if (document.querySelector('[data-page] #map')) return;
  fetch('/code', {cache: 'no-store'}).then(function (a) { if (a.ok) location.reload(); }).catch(function () {});
}, 15000);
</script>"""
"""Stands in the wall's own document: nobody is there to press reload when the server went away while it was loaded."""


def layout(settings: Values, layers: list[MapLayer], query: dict[str, str], view: str = "") -> Any:
    """The page for the name of a wall plan or view, and a query: `world`, `turn` (seconds), `theme`, `lat, lon, z`."""
    return frame(
        "wall",
        html.Header(
            [
                html.H1("Baltic mobility", className="unseen"),
                world_badge(),
                live(),
                _clocks(),
            ],
            className="top",
        ),
        html.Div(
            [_cell("domain", *each) for each in DOMAINS] + [_cell("nation", *each) for each in NATIONS],
            className="strip",
            role="region",
            **{"aria-label": "Counts of everything by domain and nation"},
        ),
        html.Main(
            [
                html.Section(
                    [
                        html.Div(
                            [
                                html.Strong(id="turn"),
                                html.Span(id="turn-dots", **{"aria-hidden": "true"}),
                                html.Span(id="turn-filter"),
                            ],
                            className="turn",
                        ),
                        html.Div(
                            [
                                html.Div(id="wall-legend", className="wall-legend"),
                                html.Div([map_view(layers, query, zoom=6), html.Span(id="credits")], id="map-box"),
                            ],
                            className="look",
                        ),
                    ],
                    className="shown",
                ),
                html.Aside(
                    [
                        html.P(id="wall-said", role="status", hidden=True),
                        html.H2("Needs attention", id="attention"),
                        html.Ol(id="reddest", className="reddest"),
                    ]
                ),
            ]
        ),
        html.Div(
            [html.H2("New"), html.Div(html.Ol(id="ticker"), className="window")],
            className="ticker",
            role="log",
        ),
        html.Div(id="nations", className="nations", role="region", **{"aria-label": "Freshness of the feeds"}),
        dcc.Store(id="theme-name", data=query.get("theme", "dark")),
        dcc.Store(id="wall-name", data=view),
    )


def _clocks() -> html.Div:
    """UTC, Baltic local time, and minutes after STARTEX when an exercise is in view: names over large figures."""

    def clock(key: str, *name: Any, **more: Any) -> html.Div:
        return html.Div(
            [html.Span(list(name), className="unit"), html.Time(id=f"clock-{key}")], className="clock", **more
        )

    return html.Div(
        [
            clock("utc", "UTC"),
            clock("local", "Local ", html.Span(id="clock-zone")),
            clock("exercise", "Exercise", id="clock-exercise-box", hidden=True),
        ],
        className="clocks",
    )


def _cell(kind: str, value: str, name: str) -> html.Div:
    """One domain or nation: its name, and how many are red, amber, green and unknown, each with its shape."""
    counts = [
        html.Span("0", id=f"w-{kind}-{value}-{light}", className=light, **{"aria-label": f"{name} {word}"})
        for light, word in LIGHTS
    ]
    return html.Div([html.Strong(name), *counts], className=f"cell {kind}")


def code_of(folders: Iterable[Path]) -> str:
    """What code a page runs: a hash over the files of these folders, so that a wall knows when to load itself anew."""
    found = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".js", ".css") and path.is_file():
                found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16]
