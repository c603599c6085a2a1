"""What of a movement lies on the map? Its route, its column from head to tail, and what limits it on the way.

Static shapes, made anew only when the choice or the assessment changed. They lie under the moving symbols and take no
clicks: whoever clicks on a limiting point means the bridge that stands there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import dash_leaflet as dl

from cop.event import Millis
from cop.movement.assess import Assessment
from cop.movement.engine import Engine
from cop.movement.verdict import Verdict
from dashboard.words import MARKS, margin, utc

COLOURS: Final = {
    "dark": {"go": "#3ecb82", "caution": "#f7b23b", "unknown": "#9aa8b6", "no-go": "#ff6166"},
    "light": {"go": "#0d7a43", "caution": "#8f5a00", "unknown": "#566472", "no-go": "#c4161c"},
}
LINES: Final = {
    "dark": {"line": "#5bb8f0", "casing": "#05090e", "column": "#eaf5ff"},
    "light": {"line": "#0b6bb0", "casing": "#ffffff", "column": "#0a2f4d"},
}
COLUMN_STEPS: Final = 40
SHORTEST_KM: Final = 0.5
NAMED: Final = 3
"""So many of the worst points have their name on the map; the others tell it when the pointer is on them."""
Place = Sequence[float]


def palette(theme: str) -> dict[str, str]:
    """The colours of answers in a theme."""
    return COLOURS.get(theme, COLOURS["dark"])


def movement_shapes(engine: Engine, found: Assessment, theme: str, now: Millis) -> list[Any]:
    """The shapes of one movement, from the lowest to the highest."""
    course = engine.course(found.movement.subject)
    path: Sequence[Place] = found.movement.path
    if course is not None and course.way is not None and engine.network is not None:
        path = engine.network.line(course.way)
    shapes = way(path, theme)
    if course is not None and found.head_km is not None:
        head, first = found.head_km, found.movement.legs[0].km
        tail = max(first, head - max(SHORTEST_KM, found.movement.pass_min * found.movement.speed_kmh / 60))
        steps = [tail + (head - tail) * i / COLUMN_STEPS for i in range(COLUMN_STEPS + 1)]
        column = _latlon(course.line.place(km) for km in steps)
        colours = LINES.get(theme, LINES["dark"])
        shapes.append(_line(column, colours["casing"], 19, 0.9))
        shapes.append(_line(column, colours["column"], 12, 0.95))
    return shapes + _limits(engine, found, theme, now)


def way(path: Sequence[Place], theme: str, colour: str = "", weight: int = 6, dash: str = "") -> list[Any]:
    """A line with a casing, so that it stands out on any ground."""
    colours = LINES.get(theme, LINES["dark"])
    places = _latlon(path)
    return [
        _line(places, colours["casing"], weight + 5, 0.75),
        _line(places, colour or colours["line"], weight, 0.95, dash),
    ]


def fingerprint(found: Assessment) -> str:
    """Changes whenever `movement_shapes` would look different."""
    things = ",".join(f"{each.subject}{each.verdict.answer}{each.passed:d}" for each in found.things)
    head = "" if found.head_km is None else f"{found.head_km:.2f}"
    return f"{found.movement.subject}|{found.movement.at}|{head}|{things}"


def _limits(engine: Engine, found: Assessment, theme: str, now: Millis) -> list[Any]:
    shapes, named = list[Any](), 0
    worst = sorted(
        (each for each in found.things if not each.passed and each.verdict.answer != "go"),
        key=lambda each: {"no-go": 0, "caution": 1}.get(each.verdict.answer, 2),
    )
    for each in worst:
        entity = engine.sight.entity(each.subject)
        place = entity.position if entity is not None else None
        if place is None:
            continue
        stop = each.verdict.answer == "no-go" and named < NAMED
        named += stop
        shapes.append(_point(place, each.name, each.verdict, theme, stop, f"due {utc(each.due, now)} UTC"))
    return shapes[::-1]


def _point(place: Place, name: str, verdict: Verdict, theme: str, stop: bool, due: str) -> Any:
    limiting = verdict.limiting
    word = f"{MARKS[verdict.answer]} {verdict.answer}"
    lines = [f"{word}: {name}"]
    if limiting is not None:
        room = margin(limiting.margin, limiting.unit)
        lines += [limiting.text, f"{limiting.rule}{', margin ' + room if room else ''}, {due}"]
    colour = palette(theme)[verdict.answer]
    return dl.CircleMarker(
        center=[place[1], place[0]],
        radius=11,
        color=colour,
        weight=3,
        fillColor=colour,
        fillOpacity=0.3,
        dashArray="4 4" if verdict.answer == "unknown" else "",
        children=dl.Tooltip(
            content="<br>".join(_plain(line) for line in (lines[:2] if stop else lines)),
            direction="top",
            offset=[0, -12],
            permanent=stop,
            className=f"limit {verdict.answer}",
        ),
    )


def _line(places: list[list[float]], colour: str, weight: int, opacity: float, dash: str = "") -> Any:
    return dl.Polyline(
        positions=places,
        color=colour,
        weight=weight,
        opacity=opacity,
        dashArray=dash,
        interactive=False,
        lineCap="round",
        smoothFactor=1.5,
    )


def _latlon(path: Iterable[Place]) -> list[list[float]]:
    return [[round(place[1], 5), round(place[0], 5)] for place in path]


def _plain(text: str) -> str:
    """A tooltip is markup, and what feeds say is not trusted."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
