"""What would people rather look at than read? The plots, from numbers that the hub keeps."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from dashboard.history import History, Said

_INK: Final = {"dark": "#c9d4e0", "light": "#22303c"}
_GRID: Final = {"dark": "#2a3848", "light": "#d7dde3"}
_LINES: Final = ("#5bb8f0", "#f5a623", "#4cc38a", "#c39bf5", "#f2758c", "#e8d44d", "#7fd6d6", "#b0b8c1")
_STATE_COLOUR: Final = {
    "open": "#2fbf71",
    "restricted": "#f5a623",
    "degraded": "#f5a623",
    "closed": "#ff5a5f",
    "unknown": "#8b98a5",
}


def feed_minutes(history: History, theme: str) -> go.Figure:
    """Reports a minute and their delay, by feed, over the last three hours."""
    figure = _figure(theme, "Reports a minute, and delay", right="delay, s")
    for number, source in enumerate(history.sources):
        minutes = history.minutes(source)[-180:]
        table = pd.DataFrame(minutes, columns=["minute", "reports", "delay_mean", "delay_max"])
        when = pd.to_datetime(table["minute"], unit="ms", utc=True)
        colour = _LINES[number % len(_LINES)]
        figure.add_scatter(x=when, y=table["reports"], name=source, line={"color": colour, "width": 2}, mode="lines")
        figure.add_scatter(
            x=when,
            y=table["delay_mean"],
            name=f"{source} delay",
            yaxis="y2",
            line={"color": colour, "width": 1, "dash": "dot"},
            mode="lines",
            showlegend=False,
        )
    return figure


def speed(track: list[tuple[int, float, float, float | None]], theme: str) -> go.Figure:
    """The speed of one thing over its recent reports: a mark a report, so that gaps show."""
    table = pd.DataFrame(track, columns=["at", "lon", "lat", "speed"])
    figure = _figure(theme, "Speed, km/h; one mark a report kept")
    when = pd.to_datetime(table["at"], unit="ms", utc=True)
    figure.add_scatter(x=when, y=table["speed"] * 3.6, mode="lines+markers", line={"color": _LINES[0], "width": 2})
    figure.update_layout(showlegend=False)
    return figure


def states(said: list[Said], now: int, theme: str) -> go.Figure:
    """What was said of a thing's status over time, one bar a source."""
    figure = _figure(theme, "Status as it was said, last 24 h")
    horizon = now - 24 * 3_600_000  # a state assumed months ago would leave no room for what happened today
    for source in dict.fromkeys(s.source for s in said):
        own = [s for s in said if s.source == source]
        for each, after in zip(own, [s.at for s in own[1:]] + [now], strict=True):
            begin = max(each.at, horizon)
            if after <= begin:
                continue
            figure.add_bar(
                x=[after - begin],
                base=[pd.Timestamp(begin, unit="ms", tz="UTC")],
                y=[source],
                orientation="h",
                marker_color=_STATE_COLOUR[each.state],
                hovertext=f"{each.state}: {each.reason}",
                hoverinfo="text",
                text=each.state,
            )
    figure.update_layout(barmode="overlay", showlegend=False, xaxis_type="date")
    return figure


def _figure(theme: str, title: str, right: str = "") -> go.Figure:
    ink, grid = _INK.get(theme, _INK["dark"]), _GRID.get(theme, _GRID["dark"])
    axis: dict[str, Any] = {"gridcolor": grid, "zerolinecolor": grid, "automargin": True}
    figure = go.Figure()
    figure.update_layout(
        template="none",
        title={"text": title, "font": {"size": 13}, "x": 0.01, "y": 0.98},
        font={"color": ink, "size": 11},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 36, "r": 40, "t": 28, "b": 28},
        xaxis={**axis, "title": None},
        yaxis={**axis, "rangemode": "tozero"},
        legend={"orientation": "h", "y": -0.18, "font": {"size": 10}},
        hovermode="x unified",
        uirevision="kept",
    )
    if right:
        figure.update_layout(yaxis2={"overlaying": "y", "side": "right", "title": right, "rangemode": "tozero"})
    return figure
