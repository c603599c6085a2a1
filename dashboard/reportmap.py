"""How does a view look on paper? Its map as one SVG drawing: the basemap, the lines, and the things by their symbols.

Drawn here and not in a browser, so that a report is the same wherever it is made, is sharp in print, and needs nothing
but itself. Web Mercator, as on the screen.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple
from xml.sax.saxutils import escape

from layers.symbols import render

BASEMAP: Final = Path(__file__).resolve().parent.parent / "assets" / "basemap.json"
WIDTH: Final = 720
HEIGHT: Final = 760
COARSE: Final = 0.8
"""Points nearer than this to the one before are left out, in units of the drawing."""
SYMBOL: Final = 17.0
"""How high a symbol is drawn at most."""
NAMED: Final = 26
"""Things that are named at most, the reddest first."""
SYMBOLS: Final = 260
"""Things that get their symbol at most; the others are dots."""
_COLOURS: Final = {"closed": "#c8102e", "restricted": "#b25e00", "degraded": "#b25e00", "open": "#1b7f4b"}
_RANK: Final = {"closed": 0, "restricted": 1, "degraded": 1}
_SHAPES: Final = {"closed": "M-4-4h8v8h-8z", "restricted": "M0-5 5 4H-5z", "degraded": "M0-5 5 0 0 5-5 0z"}
_SIZE: Final = re.compile(r'width="([\d.]+)" height="([\d.]+)"')
_VIEW_BOX: Final = re.compile(r'viewBox="([^"]+)"')

Line = list[tuple[float, float]]


class Frame(NamedTuple):
    """What part of the world is drawn: the pixels of the world's side, and the drawing's corner in it."""

    world: float
    x: float
    y: float

    def place(self, lon: float, lat: float) -> tuple[float, float]:
        """Where a place is in the drawing."""
        x, y = _project(lon, lat)
        return x * self.world - self.x, y * self.world - self.y


def frame(lon: float, lat: float, zoom: float) -> Frame:
    """The drawing around a place. A map of the page shows more than a sheet of paper: half a zoom is taken off."""
    world = 256 * 2 ** (zoom - 0.5)
    x, y = _project(lon, lat)
    return Frame(world, x * world - WIDTH / 2, y * world - HEIGHT / 2)


def draw(rows: Sequence[dict[str, Any]], where: Frame, area: Sequence[tuple[float, float]] = ()) -> str:
    """The map with the things of `rows` (see `layers.layer.thing`), and the outline of the filter's area."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" class="map" '
        'font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#d9e6ee"/>',
        *_base(where),
    ]
    shown = sorted((row for row in rows if _inside(row, where)), key=lambda row: -_RANK.get(row["state"], 2))
    parts += [_line(row, where) for row in shown if len(row.get("path", ())) > 1]
    if area:
        corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in (where.place(*corner) for corner in area))
        parts.append(f'<polygon points="{corners}" fill="none" stroke="#333" stroke-dasharray="6 4"/>')
    placed = [row for row in shown if "lon" in row]
    quiet = max(0, len(placed) - SYMBOLS)
    symbols: dict[str, str] = {}
    for place, row in enumerate(placed):
        parts.append(_dot(row, where) if place < quiet else _symbol(row, where, symbols))
    parts += _names(placed[::-1], where)
    parts.append(f"<defs>{''.join(symbols.values())}</defs></svg>")
    return "".join(parts)


def _base(where: Frame) -> Iterable[str]:
    file = _file()
    for name, style in (
        ("land", 'fill="#f6f3ec" stroke="#9fb4c2" stroke-width=".6"'),
        ("lakes", 'fill="#d9e6ee" stroke="#b4c6d2" stroke-width=".4"'),
        ("corridors", 'fill="none" stroke="#d3b98f" stroke-width="1.4"'),
        ("borders", 'fill="none" stroke="#6b6472" stroke-width="1" stroke-dasharray="5 2 1 2"'),
    ):
        closed = file["layers"][name]["type"] == "polygon"
        drawn = [
            _path(line, where, closed)
            for feature in file["layers"][name]["features"]
            for line in _decoded(name, feature["parts"])
        ]
        yield f'<path d="{"".join(drawn)}" {style} fill-rule="evenodd"/>'


@cache
def _file() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(BASEMAP.read_bytes())
    return found


_lines: dict[tuple[str, int], list[Line]] = {}


def _decoded(name: str, steps: list[list[int]]) -> list[Line]:
    """The lines of a feature in 0..1 of the world, worked out once."""
    known = _lines.get((name, id(steps)))
    if known is None:
        file = _file()
        west, south = file["extent"][:2]
        known = []
        for part in steps:
            lon = lat = 0
            line: Line = []
            for dx, dy in zip(part[::2], part[1::2], strict=True):
                lon, lat = lon + dx, lat + dy
                line.append(_project(west + lon * file["quantum"], south + lat * file["quantum"]))
            known.append(line)
        _lines[name, id(steps)] = known
    return known


def _path(line: Line, where: Frame, closed: bool) -> str:
    xs = [x * where.world - where.x for x, _ in line]
    ys = [y * where.world - where.y for _, y in line]
    if max(xs) < 0 or min(xs) > WIDTH or max(ys) < 0 or min(ys) > HEIGHT:
        return ""
    kept = [(xs[0], ys[0])]
    for x, y in zip(xs[1:-1], ys[1:-1], strict=True):
        if abs(x - kept[-1][0]) + abs(y - kept[-1][1]) >= COARSE:
            kept.append((x, y))
    kept.append((xs[-1], ys[-1]))
    if closed and len(kept) < 4:
        return ""
    return "M" + " ".join(f"{_near(x)} {_near(y)}" for x, y in kept) + ("z" if closed else "")


def _near(value: float) -> str:
    """A coordinate to a tenth, cut a little outside the drawing: what lies far off needs no figures."""
    return f"{min(max(value, -500.0), 1500.0):.1f}".removesuffix(".0")


def _inside(row: dict[str, Any], where: Frame) -> bool:
    if "lon" in row:
        x, y = where.place(row["lon"], row["lat"])
        return 0 <= x <= WIDTH and 0 <= y <= HEIGHT
    return any(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in (where.place(*each) for each in row.get("path", ())))


def _line(row: dict[str, Any], where: Frame) -> str:
    points = [_project(*place) for place in row["path"]]
    state = row["state"]
    width = 2.6 if state in _RANK else 1.2
    dash = ' stroke-dasharray="4 3"' if state == "unknown" else ""
    colour = _COLOURS.get(state, "#59636e")
    drawn = _path(points, where, closed=False)
    return f'<path d="{drawn}" fill="none" stroke="{colour}" stroke-width="{width}" opacity=".75"{dash}/>'


def _dot(row: dict[str, Any], where: Frame) -> str:
    x, y = where.place(row["lon"], row["lat"])
    colour = _COLOURS.get(row["state"], "#59636e")
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.8" fill="{colour}" stroke="#fff" stroke-width=".5"/>'


def _symbol(row: dict[str, Any], where: Frame, symbols: dict[str, str]) -> str:
    key = row["sym"]
    if key not in symbols:
        symbols[key] = _defined(key, f"s{len(symbols)}")
    name = _VIEW_BOX.sub("", symbols[key]).partition('id="')[2].partition('"')[0]
    x, y = where.place(row["lon"], row["lat"])
    badge = ""
    if (shape := _SHAPES.get(row["state"])) is not None:
        badge = f'<path d="{shape}" transform="translate(9 -8)" fill="{_COLOURS[row["state"]]}" stroke="#fff"/>'
    side = 2 * SYMBOL
    use = f'<use href="#{name}" x="{-SYMBOL:g}" y="{-SYMBOL:g}" width="{side:g}" height="{side:g}"/>'
    return f'<g transform="translate({x:.1f} {y:.1f})">{use}{badge}</g>'


def _defined(key: str, name: str) -> str:
    """A symbol as it is used again and again; an empty one for a key that means nothing."""
    svg = (render(key) or b"").decode()
    box = _VIEW_BOX.search(svg)
    if box is None:
        return f'<symbol id="{name}" viewBox="0 0 1 1"/>'
    body = svg.partition(">")[2].removesuffix("</svg>")
    x, y, width, height = (float(part) for part in box[1].split())
    reach = max(100 - x, x + width - 100, 100 - y, y + height - 100, 110)  # the anchor stays in the middle
    return f'<symbol id="{name}" viewBox="{100 - reach:g} {100 - reach:g} {2 * reach:g} {2 * reach:g}">{body}</symbol>'


def _names(rows: Sequence[dict[str, Any]], where: Frame) -> Iterable[str]:
    """The names of what is red or amber, where nothing stands yet."""
    taken: list[tuple[float, float, float, float]] = []
    written = 0
    for row in rows:
        if row["state"] not in _RANK or written >= NAMED:
            continue
        x, y = where.place(row["lon"], row["lat"])
        text = str(row["name"])[:34]
        width = 5.1 * len(text)
        box = (x + 13, y - 6, x + 13 + width, y + 6)
        if box[2] > WIDTH or any(_touch(box, other) for other in taken):
            continue
        taken.append(box)
        written += 1
        yield (
            f'<text x="{box[0]:.1f}" y="{y + 3.5:.1f}" font-size="9.5" fill="#111" stroke="#fff" '
            f'stroke-width="2.4" paint-order="stroke" stroke-linejoin="round">{escape(text)}</text>'
        )


def _touch(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _project(lon: float, lat: float) -> tuple[float, float]:
    sine = math.sin(math.radians(max(-85.0511, min(85.0511, lat))))
    return lon / 360 + 0.5, 0.5 - math.atanh(sine) / (2 * math.pi)
