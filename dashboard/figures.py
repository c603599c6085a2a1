"""What would people rather look at than read? The plots of one thing, and how every plot of ours looks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from cop.event import Millis
from dashboard.history import DAY_MS, NUMBERS, Said, Series
from dashboard.words import both, number

INK: Final = {"dark": "#c9d4e0", "light": "#22303c"}
GRID: Final = {"dark": "#2a3848", "light": "#d7dde3"}
GROUND: Final = {"dark": "#141e2a", "light": "#ffffff"}
LINES: Final = {
    "dark": ("#56b4e9", "#e69f00", "#2bc59a", "#cc79a7", "#f0e442", "#e8743b", "#8aa6ff", "#c9d4e0"),
    "light": ("#0072b2", "#b36b00", "#007a59", "#a84a80", "#6f6a00", "#b84a00", "#3b4cc0", "#22303c"),
}
"""Okabe and Ito's colours, which the colour-blind can tell apart, made lighter or darker until they stand out from the
ground. Beside the colour each line has its own dash and mark."""
DASHES: Final = ("solid", "dash", "dot", "dashdot", "longdash")
MARKS: Final = ("circle", "square", "diamond", "triangle-up", "x", "cross", "star")
STATE_COLOUR: Final = {
    "open": "#2fbf71",
    "restricted": "#f5a623",
    "degraded": "#f5a623",
    "closed": "#ff5a5f",
    "unknown": "#8b98a5",
}
STATE_PATTERN: Final = {"open": "", "restricted": "/", "degraded": "\\", "closed": "x", "unknown": "."}
"""A hatching for each state, so that a bar is known without its colour."""
SILENT_MS: Final = 1_200_000
"""A moving thing that says nothing for so long leaves a gap in its line; older points are 15 min apart."""
LEAST_MS: Final = 1_800_000
"""A plot of the day shows half an hour at least, and no more of the day than something is known of."""


def speed(track: Sequence[tuple[Millis, float, float, float | None]], now: Millis, theme: str) -> go.Figure:
    """The speed of one thing, km/h: a mark a report kept, and no line over a silence."""
    rows: list[tuple[Millis, float | None]] = []
    for at, _, _, told in track:
        if not 0 <= now - at <= DAY_MS:
            continue
        if rows and at - rows[-1][0] > SILENT_MS:
            rows.append((rows[-1][0] + 1, None))
        rows.append((at, None if told is None else told * 3.6))
    figure = blank(theme, "Speed, km/h")
    figure.add_scatter(
        x=[when(at) for at, _ in rows],
        y=[value for _, value in rows],
        mode="lines+markers",
        line={"color": LINES[_theme(theme)][0], "width": 2},
        marker={"size": 4},
        customdata=[both(at) for at, _ in rows],
        hovertemplate="%{y:.1f} km/h<br>%{customdata}<extra></extra>",
        connectgaps=False,
        showlegend=False,
    )
    _since(figure, (at for at, value in rows if value is not None), now)
    return figure


def states(said: Sequence[Said], now: Millis, theme: str) -> go.Figure:
    """What was said of a thing's status over time, one bar a source."""
    figure = blank(theme, "Status as each source told it, last 24 h")
    horizon = now - DAY_MS  # a state assumed months ago would leave no room for what happened today
    begins = []
    for source in dict.fromkeys(s.source for s in said):
        own = [s for s in said if s.source == source]
        for each, after in zip(own, [s.at for s in own[1:]] + [now], strict=True):
            begin, end = max(each.at, horizon), min(after, now, each.until or now)
            if end <= begin:
                continue
            begins.append(begin)
            figure.add_bar(
                x=[end - begin],
                base=[when(begin)],
                y=[source],
                orientation="h",
                marker={
                    "color": STATE_COLOUR[each.state],
                    "pattern": hatched(STATE_PATTERN[each.state]),
                },
                hovertext=f"{each.state}: {each.reason or 'no reason told'}<br>{both(each.at)} – {both(end)}",
                hoverinfo="text",
                text=each.state,
                textfont={"color": "#10171f"},
                insidetextanchor="middle",
                textposition="inside",
            )
    figure.update_layout(barmode="overlay", showlegend=False, xaxis_type="date", hovermode="closest", bargap=0.3)
    figure.update_yaxes(autorange="reversed")
    _since(figure, begins, now)
    return figure


def grouped(series: Iterable[Series], now: Millis) -> list[tuple[str, str, list[Series]]]:
    """The numbers of a thing that were told in the last day, those of one kind in one plot: title, unit, lines."""
    found: dict[tuple[str, str], list[Series]] = {}
    order = list(NUMBERS)
    for each in sorted(series, key=lambda each: (order.index(each.measure), each.source)):
        if any(point.until > now - DAY_MS and point.at <= now for point in each.points):
            title, unit = NUMBERS[each.measure]
            found.setdefault((title.partition(",")[0], unit), []).append(each)
    return [(title, unit, own) for (title, unit), own in found.items()]


def numbers(title: str, unit: str, series: Sequence[Series], now: Millis, theme: str) -> go.Figure:
    """Numbers as sources told them over the last day: each holds until the next or its end, then there is a gap."""
    sources = list(dict.fromkeys(each.source for each in series))
    told = f"{title}, {unit} · {sources[0]}" if len(sources) == 1 else f"{title}, {unit}"
    figure = blank(theme, told)
    begins: list[Millis] = []
    for i, each in enumerate(series):
        steps = held(each, now)
        begins += [at for at, value in steps if value is not None]
        short = NUMBERS[each.measure][0].partition(", ")[2] or "all"
        name = short if len(sources) == 1 else f"{each.source} {short}"
        line(figure, steps, i, theme, name=name, unit=unit)
    figure.update_layout(showlegend=len(series) > 1)
    _since(figure, begins, now)
    return figure


def held(series: Series, now: Millis) -> list[tuple[Millis, float | None]]:
    """The corners of a line of steps: a value at its beginning, again at its end, and None where nobody tells it."""
    found: list[tuple[Millis, float | None]] = []
    horizon = now - DAY_MS
    points = [p for p in series.points if p.at <= now]
    for point, after in zip_longest(points, [p.at for p in points[1:]]):
        end = min(point.until, now) if after is None else min(point.until, after)
        if end < horizon:
            continue
        found.append((max(point.at, horizon), point.value))
        if after is None or end < after:
            found += [(end, point.value), (end, None)]
    return found


def line(
    figure: go.Figure,
    steps: Sequence[tuple[Millis, float | None]],
    i: int,
    theme: str,
    *,
    name: str,
    unit: str,
    more: str = "",
) -> None:
    """A line of steps with the colour, the dash and the mark of its number."""
    colours = LINES[_theme(theme)]
    figure.add_scatter(
        x=[when(at) for at, _ in steps],
        y=[value for _, value in steps],
        name=name,
        mode="lines+markers",
        line={"color": colours[i % len(colours)], "width": 2, "dash": DASHES[i % len(DASHES)], "shape": "hv"},
        marker={"symbol": MARKS[i % len(MARKS)], "size": 5},
        customdata=[both(at) for at, _ in steps],
        hovertemplate=f"{name}: %{{y:.0f}} {unit}{more}<br>%{{customdata}}<extra></extra>",
        connectgaps=False,
    )


def hatched(shape: str) -> dict[str, Any]:
    """A hatching over the colour of a bar."""
    return {"shape": shape, "fillmode": "overlay", "fgcolor": "#10171f", "fgopacity": 0.35, "size": 6, "solidity": 0.25}


def when(at: Millis) -> pd.Timestamp:
    """A time on an axis, UTC."""
    return pd.Timestamp(at, unit="ms", tz="UTC")


def _since(figure: go.Figure, begins: Iterable[Millis], now: Millis) -> None:
    first = max(now - DAY_MS, min([*begins, now - LEAST_MS]))
    figure.update_xaxes(range=[when(first), when(now)], type="date", nticks=5)


def _theme(theme: str) -> str:
    return theme if theme in INK else "dark"


def blank(theme: str, title: str) -> go.Figure:
    """A figure with our look and nothing in it yet."""
    ink, grid = INK[_theme(theme)], GRID[_theme(theme)]
    axis: dict[str, Any] = {"gridcolor": grid, "zerolinecolor": grid, "automargin": True}
    figure = go.Figure()
    figure.update_layout(
        template="none",
        title={"text": title, "font": {"size": 13}, "x": 0.01, "y": 0.98, "yanchor": "top"},
        font={"color": ink, "size": 11},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 36, "r": 14, "t": 28, "b": 22},
        xaxis={**axis, "title": None, "tickformat": "%H:%M\n%d %b", "tickangle": 0, "nticks": 7},
        yaxis={**axis, "rangemode": "tozero"},
        legend={"orientation": "h", "y": -0.18, "font": {"size": 10}},
        hoverlabel={"bgcolor": GROUND[_theme(theme)], "font": {"color": ink, "size": 12}, "bordercolor": grid},
        hovermode="closest",
        uirevision="kept",
    )
    return figure


def shown(value: float | None) -> str:
    """A number in a table; nothing for none."""
    return "" if value is None else number(round(value, 2))
