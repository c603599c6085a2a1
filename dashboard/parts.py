"""What do all pages share? The marking on every edge, the clocks, the NOT LIVE banner, the freshness bar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import dash_mantine_components as dmc
from dash import html

DOMAINS: Final = (("land", "Land"), ("maritime", "Maritime"), ("air", "Air"), ("cyber", "Cyber"))
NATIONS: Final = (("EE", "Estonia"), ("LV", "Latvia"), ("LT", "Lithuania"))
STATES: Final = (
    ("closed", "Closed"),
    ("restricted", "Restricted"),
    ("degraded", "Degraded"),
    ("open", "Open"),
    ("unknown", "Unknown"),
)
VERDICTS: Final = (("no-go", "No-go"), ("caution", "Caution"), ("go", "Go"), ("unknown", "Unknown"))
AGES: Final = (("all", "All"), ("fresh", "Fresh"), ("stale", "Stale"), ("most", "At most"))
ORIGINS: Final = (("observed", "Observed"), ("simulated", "Simulated"), ("injected", "Injected"))

NO_HINTS: Final[Mapping[str, str]] = {}

GRID_LOOK: Final = {
    "backgroundColor": "var(--panel)",
    "foregroundColor": "var(--ink)",
    "headerBackgroundColor": "var(--raised)",
    "headerTextColor": "var(--dim)",
    "oddRowBackgroundColor": "var(--panel)",
    "borderColor": "var(--line)",
    "rowHoverColor": "var(--raised)",
    "selectedRowBackgroundColor": "color-mix(in srgb, var(--accent) 28%, var(--panel))",
    "fontFamily": "inherit",
    "fontSize": 12,
    "wrapperBorder": False,
    "wrapperBorderRadius": 0,
}
"""The table wears the page's own colours, so that one switch changes both."""


def frame(page: str, *children: Any) -> html.Div:
    """A page in its frame: the marking and the banner lie over everything, and a script fills what moves."""
    edges = [
        html.Div(className=f"edge edge-{side}", **{"aria-hidden": "true"})
        for side in ("top", "right", "bottom", "left")
    ]
    return html.Div(
        [
            html.Div(
                [html.Strong("NOT LIVE"), html.Span(id="not-live-why"), html.Span(id="not-live-since")],
                id="not-live",
                role="alert",
                hidden=True,
            ),
            *children,
            *edges,
        ],
        id=f"page-{page}",
        className=f"page {page}",
        **{"data-page": page},
    )


def clocks() -> html.Div:
    """UTC, Baltic local time, and minutes after STARTEX when an exercise is in view."""
    return html.Div(
        [
            html.Div([html.Span("UTC", className="unit"), html.Time(id="clock-utc")], className="clock"),
            html.Div([html.Span("Local", className="unit"), html.Time(id="clock-local")], className="clock"),
            html.Div(
                [html.Span("Exercise", className="unit"), html.Time(id="clock-exercise")],
                className="clock",
                id="clock-exercise-box",
                hidden=True,
            ),
        ],
        className="clocks",
    )


def live() -> html.Div:
    """The small sign that says live, late or not, and how long ago the last frame came."""
    return html.Div([html.Span(id="live-dot"), html.Span("connecting", id="live-text")], id="live", role="status")


def world_badge() -> html.Div:
    """Which world is shown; exercise and simulated data say so."""
    return html.Div(
        [html.Span(id="world-name"), html.Span("simulated data in view", id="simulated-sign", hidden=True)],
        id="world-badge",
    )


def freshness() -> html.Div:
    """One group a nation and one chip a feed: how old is what they last said."""
    return html.Div(id="freshness", className="freshness", role="region", **{"aria-label": "Freshness of the feeds"})


def chips(
    kind: str, options: tuple[tuple[str, str], ...], chosen: list[str] | str, hints: Mapping[str, str] = NO_HINTS
) -> dmc.ChipGroup:
    """A row of switches with a count beside each; the script fills the counts.

    Of a list any may be chosen, of a single word just one. A hint is shown while the pointer rests on its switch.
    """
    return dmc.ChipGroup(
        [
            dmc.Chip(
                html.Span([name, html.Span(id=f"n-{kind}-{value}", className="n")], title=hints.get(value)),
                value=value,
                size="xs",
                variant="outline",
            )
            for value, name in options
        ],
        id=f"filter-{kind}",
        multiple=isinstance(chosen, list),
        value=chosen,
    )


def chosen(query: dict[str, str], key: str) -> list[str]:
    """A list in the address, as `domain=land,air`."""
    return [part for part in query.get(key, "").split(",") if part]
