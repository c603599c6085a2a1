"""How are the answers about the whole picture drawn? One figure a question, from numbers that are already there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from cop.event import STATES, Millis
from dashboard import figures
from dashboard.figures import LEAST_MS, LINES, MARKS, STATE_COLOUR, STATE_PATTERN, blank, when
from dashboard.history import DAY_MS
from dashboard.questions import HOUR_MS, Answer, Bar, Delay, Line
from dashboard.words import number

MOST: Final = 14
"""More lines than these can't be told apart: the longest waits are drawn, the table has all."""
ROW_PX: Final = 22
HATCHES: Final = ("", "/", "x", "\\", ".", "+", "-", "|")
LEAST_S: Final = 0.01
"""A delay below stands at the beginning of the axis, which has no zero."""


def draw(question: str, answer: Answer, now: Millis, theme: str) -> go.Figure:
    """The figure of an answer that has numbers."""
    return _DRAWN[question](answer.drawn, now, theme)


def height(question: str, answer: Answer) -> str:
    """How high the figure must be, as CSS: what has a row for each of many things grows with them."""
    rows = len(dict.fromkeys(each.group for each in answer.drawn if isinstance(each, Bar)))
    rows = len(answer.drawn) if question == "latency" else rows if question == "readiness" else 0
    return f"max(100cqh - 28px, {70 + ROW_PX * rows if rows else 150}px)"


def waiting(lines: Sequence[Line], now: Millis, theme: str) -> go.Figure:
    """A line of steps for each crossing and source, the longest waits first."""
    figure = blank(theme, "")
    begins = [now - LEAST_MS]
    several = len({each.name for each in lines}) < len(lines)
    for i, each in enumerate(lines[:MOST]):
        steps = figures.held(each.series, now)
        begins += [at for at, _ in steps]
        name = f"{each.name} ({each.series.source})" if several else each.name
        figures.line(figure, steps, i, theme, name=name, unit="min", more=f"<br>{each.series.source}")
    figure.update_xaxes(range=[when(max(now - DAY_MS, min(begins))), when(now)], type="date")
    figure.update_yaxes(title="min")
    figure.update_layout(showlegend=True)
    return _beside(figure)


def throughput(bars: Sequence[Bar], now: Millis, theme: str) -> go.Figure:
    """Bars an hour: a colour and a hatching for each border, paler where it is only expected."""
    figure = blank(theme, "")
    colours = LINES.get(theme, LINES["dark"])
    borders = sorted({bar.group for bar in bars})
    for i, border in enumerate(borders):
        for part in ("passed", "expected"):
            own = [bar for bar in bars if (bar.group, bar.part) == (border, part)]
            if not own:
                continue
            colour = colours[i % len(colours)]
            figure.add_bar(
                x=[when((bar.at or 0) + HOUR_MS // 2) for bar in own],
                y=[bar.value for bar in own],
                width=[HOUR_MS * 0.85] * len(own),
                name=f"{border} {part}",
                opacity=1.0 if part == "passed" else 0.55,
                marker={
                    "color": colour,
                    "line": {"color": colour, "width": 1.5},
                    "pattern": figures.hatched(HATCHES[i % len(HATCHES)]),
                },
                hovertext=[bar.hover for bar in own],
                hoverinfo="text",
            )
    hours = [bar.at for bar in bars if bar.at is not None]
    first, last = min([*hours, now]) - HOUR_MS, max([*hours, now]) + 2 * HOUR_MS
    figure.add_vline(
        x=when(now), line={"color": figures.INK.get(theme, figures.INK["dark"]), "width": 1, "dash": "dot"}
    )
    figure.add_annotation(x=when(now), y=1, yref="paper", text="now", showarrow=False, xanchor="left", yanchor="top")
    figure.update_xaxes(range=[when(first), when(last)], type="date")
    figure.update_yaxes(title="vehicles/h")
    figure.update_layout(barmode="stack", showlegend=True)
    return _beside(figure)


def readiness(bars: Sequence[Bar], now: Millis, theme: str) -> go.Figure:
    """A bar for each nation and domain, in parts by state; the parts have their counts on them."""
    figure = blank(theme, "")
    totals: dict[str, float] = {}
    for bar in bars:
        totals[bar.group] = totals.get(bar.group, 0) + bar.value
    for state in STATES:
        own = [bar for bar in bars if bar.part == state]
        figure.add_bar(
            x=[100 * bar.value / totals[bar.group] for bar in own],
            y=[bar.group for bar in own],
            orientation="h",
            name=state,
            text=[number(bar.value) for bar in own],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": "#10171f"},
            marker={
                "color": STATE_COLOUR[state],
                "pattern": figures.hatched(STATE_PATTERN[state]),
            },
            hovertext=[bar.hover for bar in own],
            hoverinfo="text",
        )
    figure.update_xaxes(ticksuffix=" %", tickformat=None, range=[0, 100])
    figure.update_yaxes(categoryorder="array", categoryarray=list(totals)[::-1])
    figure.update_layout(barmode="stack", showlegend=True, bargap=0.25, legend_traceorder="normal")
    return _beside(figure)


def latency(delays: Sequence[Delay], now: Millis, theme: str) -> go.Figure:
    """A row for each feed: the mean of the last hour, its worst, and the mean of the hour before."""
    figure = blank(theme, "")
    colours, feeds = LINES.get(theme, LINES["dark"]), [each.feed for each in delays]
    for each in delays:  # from the mean to the worst
        figure.add_scatter(
            x=[max(LEAST_S, each.mean), max(LEAST_S, each.worst)],
            y=[each.feed, each.feed],
            mode="lines",
            line={"color": figures.GRID.get(theme, figures.GRID["dark"]), "width": 3},
            hoverinfo="skip",
            showlegend=False,
        )
    parts: tuple[tuple[str, Callable[[Delay], float | None], str, str], ...] = (
        ("mean, last hour", lambda d: d.mean, MARKS[0], colours[0]),
        ("worst, last hour", lambda d: d.worst, MARKS[2], colours[1]),
        ("mean, the hour before", lambda d: d.before, f"{MARKS[1]}-open", colours[2]),
    )
    for name, read, mark, colour in parts:
        values = [read(each) for each in delays]
        figure.add_scatter(
            x=[None if value is None else max(LEAST_S, value) for value in values],
            y=feeds,
            name=name,
            mode="markers",
            marker={"symbol": mark, "size": 9, "color": colour, "line": {"width": 1.5, "color": colour}},
            customdata=[[each.reports, "" if v is None else number(v)] for each, v in zip(delays, values, strict=True)],
            hovertemplate=f"%{{y}}: %{{customdata[1]}} s ({name})<br>%{{customdata[0]}} reports<extra></extra>",
        )
    ticks = {
        0.01: "0.01 s",
        0.1: "0.1 s",
        1: "1 s",
        10: "10 s",
        60: "1 min",
        600: "10 min",
        3600: "1 h",
        86_400: "1 d",
        2_592_000: "30 d",
    }
    figure.update_xaxes(type="log", tickvals=list(ticks), ticktext=list(ticks.values()), tickformat=None, side="top")
    figure.update_yaxes(categoryorder="array", categoryarray=feeds[::-1], rangemode="normal", dtick=1)
    figure.update_layout(showlegend=True)
    return _beside(figure)


def _beside(figure: go.Figure) -> go.Figure:
    """The legend on the right, so that the drawer's low height is left to the plot; the title is above it in words."""
    figure.update_layout(
        title=None,
        margin={"l": 40, "r": 12, "t": 12, "b": 26},
        legend={"orientation": "v", "x": 1.01, "y": 1, "yanchor": "top", "font": {"size": 11}},
    )
    return figure


_DRAWN: Final[dict[str, Callable[[Any, Millis, str], go.Figure]]] = {
    "waiting": waiting,
    "throughput": throughput,
    "readiness": readiness,
    "latency": latency,
}
