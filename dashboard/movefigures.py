"""Who is where on a road, and when? The time-distance diagram of all movements along one way (FM 55-10 appendix E).

`along` collects from the engine what is to be drawn, `time_distance` draws it: so the drawing can go to a thread.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import pandas as pd
import plotly.graph_objects as go

from cop.event import Millis
from cop.movement.assess import Assessment
from cop.movement.course import Line
from cop.movement.engine import Engine
from dashboard.movemap import palette
from dashboard.words import MARKS, minutes, utc

INK: Final = {"dark": "#c9d4e0", "light": "#22303c"}
GRID: Final = {"dark": "#2a3848", "light": "#d7dde3"}
GROUND: Final = {"dark": "#141e2a", "light": "#ffffff"}
COLOURS: Final = {
    "dark": (
        "#5bb8f0",
        "#f5a623",
        "#4cc38a",
        "#c39bf5",
        "#f2758c",
        "#e8d44d",
        "#7fd6d6",
        "#b0b8c1",
        "#ff8f66",
        "#9ccc65",
    ),
    "light": (
        "#0b6bb0",
        "#a85c00",
        "#0d7a43",
        "#6a3fc0",
        "#b3245c",
        "#7a6a00",
        "#0f7373",
        "#4d5f70",
        "#c0441a",
        "#4b7a12",
    ),
}
NEAR_KM: Final = 1.5
"""A point so near the way lies on it: drafted lines differ by as much."""
MOST: Final = 40
APART: Final = 0.07
"""Names on the axis keep such a part of it between them."""
KM_A_DEGREE: Final = 111.2


class Mark(NamedTuple):
    """A movement at a point of the way."""

    km: float
    name: str
    planned: Millis | None
    due: Millis | None
    clear: Millis | None


class Track(NamedTuple):
    """A movement along the way: runs of points that follow each other on it."""

    subject: str
    name: str
    runs: tuple[tuple[Mark, ...], ...]
    late: str
    scale: float


class Level(NamedTuple):
    """Something with a name that lies across the way."""

    km: float
    name: str
    answer: str


class Crossing(NamedTuple):
    """Where two of the movements are in each other's way."""

    at: Millis
    km: float
    text: str


class TimeDistance(NamedTuple):
    """All that the diagram shows."""

    title: str
    length: float
    points: tuple[tuple[float, str], ...]
    tracks: tuple[Track, ...]
    levels: tuple[Level, ...]
    crossings: tuple[Crossing, ...]


class _Way:
    """A line with kilometres on which places are found."""

    def __init__(self, line: Line, first: float, last: float) -> None:
        self._line, self.first, self.last = line, first, last

    def km(self, lon: float, lat: float) -> float | None:
        """The kilometre of a place; None when it is not on the way."""
        km = self._line.km(lon, lat)
        if km is None:
            return None
        at_lon, at_lat = self._line.place(km)
        off = math.hypot((lon - at_lon) * math.cos(math.radians(lat)), lat - at_lat) * KM_A_DEGREE
        return km if off <= NEAR_KM else None


def along(engine: Engine, base: str) -> TimeDistance | None:
    """What happens along a corridor (`R01`) or along a movement's way (`convoy:C02`); None where there is neither."""
    way = _way(engine, base)
    if way is None:
        return None
    own = engine.assessment(base)
    tracks = []
    for subject, found in engine.assessments().items():
        runs = tuple(_runs(way, found, subject == base))
        if sum(len(run) for run in runs) >= 2:
            late = "not seen yet" if found.late_min is None else f"now {minutes(found.late_min)} min"
            tracks.append(Track(subject, found.movement.name, runs, late, found.movement.scale))
    tracks = sorted(tracks, key=lambda each: (each.subject != base, each.subject))[:MOST]
    drawn = {each.subject for each in tracks}
    title = f"along the way of {base.partition(':')[2]}" if own is not None else f"along {base}"
    points = {round(m.km, 1): m.name for t in reversed(tracks) for run in t.runs for m in run}
    return TimeDistance(
        title,
        way.last,
        tuple(sorted(points.items())),
        tuple(tracks),
        tuple(_levels(engine, way, drawn)),
        tuple(_crossings(engine, way, drawn)),
    )


def _way(engine: Engine, base: str) -> _Way | None:
    course = engine.course(base)
    if course is not None:
        return _Way(course.line, course.legs[0].km, course.legs[-1].km)
    network = engine.network
    way = network.routes.get(base) if network is not None else None
    if network is None or way is None:
        return None
    path, km = network.line(way), network.km(way.edges)
    return _Way(Line(path, [(*path[0], 0.0), (*path[-1], km)]), 0.0, km)


def _runs(way: _Way, found: Assessment, itself: bool) -> Iterator[tuple[Mark, ...]]:
    """The movement's points on the way, cut where it leaves it for a point or more."""
    run: list[Mark] = []
    for point, due, clear in zip(found.movement.points, found.due, found.clear, strict=True):
        km = point.km if itself else way.km(point.lon, point.lat)
        if km is not None:
            run.append(Mark(km, point.name, point.due, due, clear))
        elif run:
            yield tuple(run)
            run = []
    if run:
        yield tuple(run)


def _levels(engine: Engine, way: _Way, drawn: set[str]) -> Iterator[Level]:
    """The borders on the way, and what limits one of the movements drawn."""
    worst: dict[str, Level] = {}
    rank = {"go": 0, "unknown": 1, "caution": 2, "no-go": 3}
    for subject in sorted(drawn):
        found = engine.assessment(subject)
        for thing in found.things if found is not None else ():
            border = thing.subject.startswith("crossing:")
            if not border and rank[thing.verdict.answer] < 2:
                continue
            entity = engine.sight.entity(thing.subject)
            place = entity.position if entity is not None else None
            km = way.km(*place) if place is not None else None
            known = worst.get(thing.subject)
            if km is not None and (known is None or rank[thing.verdict.answer] > rank[known.answer]):
                worst[thing.subject] = Level(km, thing.name, thing.verdict.answer)
    yield from sorted(worst.values())


def _crossings(engine: Engine, way: _Way, drawn: set[str]) -> Iterator[Crossing]:
    for each in engine.conflicts.all():
        if each.first in drawn and each.second in drawn:
            km = way.km(each.lon, each.lat)
            if km is not None:
                yield Crossing(each.second_window[0], km, each.text)


# -- drawing ----------------------------------------------------------------------------------------------------------


def time_distance(told: TimeDistance, theme: str, now: Millis, called: str = "now") -> go.Figure:
    """The diagram: time from left to right, kilometres upwards; planned dashed, actual and forecast solid.

    `called` is what the line at `now` says of itself.
    """
    theme = theme if theme in INK else "dark"
    figure = _ground(told, theme, now, called)
    for number, track in enumerate(told.tracks):
        colour = COLOURS[theme][number % len(COLOURS[theme])]
        for i, run in enumerate(track.runs):
            _draw(figure, track, run, colour, now, named=i == 0)
    if told.crossings:
        figure.add_scatter(
            x=[_when(each.at) for each in told.crossings],
            y=[each.km for each in told.crossings],
            mode="markers",
            name="in each other's way",
            marker={
                "symbol": "x-thin",
                "size": 11,
                "line": {"width": 3, "color": palette(theme)["no-go"]},
            },
            text=[f"<b>In each other's way</b><br>{_plain(each.text)}" for each in told.crossings],
            hoverinfo="text",
        )
    return figure


def nothing(theme: str, why: str) -> go.Figure:
    """An empty diagram that says why it is."""
    figure = go.Figure()
    figure.update_layout(
        template="none",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        xaxis={"visible": False},
        yaxis={"visible": False},
        annotations=[
            {"text": why, "showarrow": False, "x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper"},
        ],
        font={"color": INK.get(theme, INK["dark"]), "size": 13},
    )
    return figure


def _draw(figure: go.Figure, track: Track, run: Sequence[Mark], colour: str, now: Millis, *, named: bool) -> None:
    ahead = [mark for mark in run if mark.due is not None]
    short = track.subject.partition(":")[2]
    band = [mark for mark in ahead if mark.clear is not None]
    if len(band) > 1:  # the column from head to tail; the head's line is drawn over it
        figure.add_scatter(
            x=[_when(m.due) for m in band] + [_when(m.clear) for m in reversed(band)],
            y=[m.km for m in band] + [m.km for m in reversed(band)],
            fill="toself",
            fillcolor=colour,
            opacity=0.3,
            line={"width": 1, "color": colour},
            mode="lines",
            hoverinfo="skip",
            legendgroup=track.subject,
            showlegend=False,
        )
    figure.add_scatter(
        x=[_when(m.planned) for m in run],
        y=[m.km for m in run],
        mode="lines",
        line={"dash": "dash", "width": 1.2, "color": colour},
        hoverinfo="skip",
        legendgroup=track.subject,
        showlegend=False,
    )
    figure.add_scatter(
        x=[_when(m.due) for m in ahead],
        y=[m.km for m in ahead],
        mode="lines+markers",
        name=short,
        line={"width": 2.4, "color": colour},
        marker={"size": 5},
        text=[_told(track, m, now) for m in ahead],
        hoverinfo="text",
        legendgroup=track.subject,
        showlegend=named,
    )


def _told(track: Track, mark: Mark, now: Millis) -> str:
    late = ""
    if mark.due is not None and mark.planned is not None:
        late = f" ({minutes((mark.due - mark.planned) * track.scale / 60_000)} min)"
    short = track.subject.partition(":")[2]
    return (
        f"<b>{_plain(short)} {_plain(track.name)}</b>, {track.late}<br>{_plain(mark.name)}, km {mark.km:.1f}<br>"
        f"planned {utc(mark.planned, now)}, head {utc(mark.due, now)}{late}, tail clear {utc(mark.clear, now)} UTC"
    )


def _ground(told: TimeDistance, theme: str, now: Millis, called: str) -> go.Figure:
    """Axes, the names of the points, the levels and the line of now."""
    colours = palette(theme)
    levels = list(_apart([(each.km, each) for each in told.levels], told.length))
    named = [(each.km, f"{MARKS[each.answer]} {each.name}") for each in levels]
    points = [(km, f"{name} {km:.0f}") for km, name in told.points]
    ticks = list(_apart([(km, (km, text)) for km, text in points], told.length))
    shapes: list[dict[str, Any]] = [
        {
            "type": "line",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": each.km,
            "y1": each.km,
            "line": {"width": 1.2, "color": colours[each.answer], "dash": "dot"},
        }
        for each in told.levels
    ]
    shapes.append(now_line(theme, now))
    notes = [
        {
            "x": 1,
            "xref": "paper",
            "xanchor": "left",
            "y": km,
            "text": f" {_plain(text)}",
            "showarrow": False,
            "font": {"size": 10, "color": colours[level.answer]},
        }
        for (km, text), level in zip(named, levels, strict=True)
    ]
    figure = go.Figure()
    figure.update_layout(
        template="none",
        font={"color": INK[theme], "size": 11},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 150, "r": 170, "t": 22, "b": 34},
        xaxis={"gridcolor": GRID[theme], "type": "date", "tickformat": "%H:%M\n%d %b", "hoverformat": "%H:%M"},
        yaxis={
            "gridcolor": GRID[theme],
            "zeroline": False,
            "tickvals": [km for km, _ in ticks],
            "ticktext": [_plain(text) for _, text in ticks],
            "tickfont": {"size": 10},
        },
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "xanchor": "left", "font": {"size": 11}},
        hovermode="closest",
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": INK[theme], "activecolor": INK[theme]},
        hoverlabel={"bgcolor": GROUND[theme], "font": {"color": INK[theme], "size": 12}, "bordercolor": GRID[theme]},
        shapes=shapes,
        annotations=[*notes, _now_note(theme, now, called)],
        uirevision=told.title,
    )
    return figure


def now_line(theme: str, now: Millis) -> dict[str, Any]:
    """The vertical line of now; it is the last of the figure's shapes."""
    return {
        "type": "line",
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "x0": _when(now),
        "x1": _when(now),
        "line": {"width": 2, "color": INK[theme]},
    }


def _now_note(theme: str, now: Millis, called: str) -> dict[str, Any]:
    return {
        "x": _when(now),
        "y": 0,
        "yref": "paper",
        "yanchor": "bottom",
        "xanchor": "left",
        "text": f" {called} {utc(now)}",
        "showarrow": False,
        "font": {"size": 10, "color": INK[theme]},
    }


def _apart(found: Sequence[tuple[float, Any]], length: float) -> Iterator[Any]:
    """Those that keep their distance from the one before, so that names don't lie over each other."""
    last = -math.inf
    for km, each in found:
        if km - last >= APART * max(length, 1.0):
            last = km
            yield each


def _when(at: Millis | None) -> Any:
    return None if at is None else pd.Timestamp(at, unit="ms").isoformat()


def _plain(text: str) -> str:
    """Plotly reads some markup, and what feeds say is not trusted."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
