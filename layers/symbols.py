"""What does a symbol key look like? Keys become SVG images, the same key always the same image.

    app6/<20-digit code>                     an APP-6 symbol; its context digit brings the X or the S
    mlc/<wheeled>-<tracked>[-<context>]      a bridge class sign; a class is a number or `unknown`
    glyph/<name>-<variant>[-<context>]       a sign of our own

The context of a sign is exercise or simulated (the real world has no mark). An image is as tight as its drawing, and
its anchor, the point that belongs on the map, is always `ANCHOR` in its own units.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from milsymbol import Symbol

from cop.picture import Entity
from layers import signs
from layers.codes import EDITION, context_of, given, sidc

__all__ = ["ANCHOR", "app6", "as_given", "glyph", "mlc", "render", "sidc"]

ANCHOR: Final = (100, 100)
SCALE: Final = 0.26
"""Pixels a unit: a unit's frame becomes 41 by 28 pixels, a class sign 41, an installation 31."""
HALO: Final = 12
FRAME_TOP: Final = 46
"""Where the frame of a unit begins: what is higher is an echelon."""
CACHED: Final = 4096

CONTEXTS: Final = {"0": "", "1": "exercise", "2": "simulated"}

_CONTEXT: Final = r"(?:-(?P<context>exercise|simulated))?"
_APP6: Final = re.compile(rf"app6/(?P<code>{EDITION}[0-2][0-6]\d{{16}})", re.ASCII)
_MLC: Final = re.compile(rf"mlc/(?P<w>\d{{1,3}}|unknown)-(?P<t>\d{{1,3}}|unknown){_CONTEXT}", re.ASCII)
_GLYPH: Final = re.compile(rf"glyph/(?P<name>[a-z]+-[a-z]+){_CONTEXT}", re.ASCII)

CYBER: Final = "60"
CHANGED: Final = frozenset(
    {"1101", "1102", "1103", "1104", "1200", "1202", "1301", "1302", "1400"}
    | {"1403", "1404", "1501", "1502", "1503", "1504", "1600", "1601", "1602"}
)
"""Cyber entities that mean something else in our edition than in the edition that the drawings are filed under (10).
In all other symbol sets the two draw the same."""
DRAWINGS: Final = "100"
"""Edition and context under which `milsymbol` files every drawing; the marks of the other contexts are ours."""
SMALL: Final = frozenset({"20121301", "20121307", "20121309"})
"""Airport, rail terminal and seaport: a wheel under a small sign that alone tells them apart, so it is drawn larger."""
HOSTILE_FILL, SUSPECT_FILL = "rgb(255,128,128)", "rgb(255,229,153)"
"""A suspect is hostile red in edition 10 and has a colour of its own in ours."""
SUSPECT: Final = "5"


class Drawing(NamedTuple):
    """SVG elements and the box that they fill, in units."""

    body: str
    x1: float
    y1: float
    x2: float
    y2: float


@lru_cache(CACHED)
def render(key: str) -> bytes | None:
    """The symbol as an SVG document; None for a key that means nothing."""
    if found := _APP6.fullmatch(key):
        drawing = _app6(found["code"])
        return drawing and _document(drawing, CONTEXTS[found["code"][2]])
    if found := _MLC.fullmatch(key):
        body = signs.mlc(*(None if figure == "unknown" else int(figure) for figure in (found["w"], found["t"])))
    elif (found := _GLYPH.fullmatch(key)) and found["name"] in signs.GLYPHS:
        body = signs.GLYPHS[found["name"]]
        if found["name"] in signs.TALL:
            return _document(Drawing(body, 54, -44, 146, 106), found["context"], frame_top=-44)
    else:
        return None
    return _document(Drawing(body, 22, 22, 178, 178), found["context"])


def app6(code: str, entity: Entity) -> str:
    """The key of an APP-6 symbol, with the context of the thing."""
    return f"app6/{sidc(code, entity)}"


def as_given(entity: Entity, otherwise: str) -> str:
    """The key of the code that a source gave the thing, when it can be drawn, else of the other code."""
    code = given(entity)
    key = app6(code, entity) if code else None
    return key if key and render(key) else app6(otherwise, entity)


def mlc(wheeled: int | None, tracked: int | None, entity: Entity) -> str:
    """The key of a class sign."""
    figures = "-".join("unknown" if figure is None else str(figure) for figure in (wheeled, tracked))
    return f"mlc/{figures}{_context(entity)}"


def glyph(name: str, entity: Entity) -> str:
    """The key of a sign of our own."""
    return f"glyph/{name}{_context(entity)}"


def _context(entity: Entity) -> str:
    context = CONTEXTS[context_of(entity)]
    return f"-{context}" if context else ""


def _app6(code: str) -> Drawing | None:
    if code[4:6] == CYBER and code[10:14] in CHANGED:
        return None
    symbol = Symbol(DRAWINGS + code[3:], size=100)
    if not symbol.is_valid():
        return None
    head, _, rest = symbol.as_svg().partition(">")
    body = rest.removesuffix("</svg>")
    if not body:
        return None
    if code[4:6] + code[10:16] in SMALL:
        body = _ICON.sub(r'\1<g transform="translate(-30 -14.4) scale(1.3)">\2</g>\3', body)
    if code[3] == SUSPECT:
        body = body.replace(HOSTILE_FILL, SUSPECT_FILL)
    x, y, width, height = (float(n) for n in head.partition('viewBox="')[2].partition('"')[0].split())
    return Drawing(_halo(body) + body, x, y, x + width, y + height)


_ICON: Final = re.compile(r"(<path[^>]*></path>)(.*)(<path[^>]*></path>)", re.DOTALL)
"""An installation is its frame, its icon, and the bar on the frame."""
_STROKE: Final = re.compile(r' (?:stroke|stroke-width|stroke-dasharray|fill-opacity)="[^"]*"')
_FILL: Final = re.compile(r' fill="(?!none")[^"]*"')


def _halo(body: str) -> str:
    """The same shapes, thicker and white: what stands outside a frame must be seen on a dark map too."""
    bare = _FILL.sub("", _STROKE.sub("", body))
    return f'<g fill="#fff" stroke="#fff" stroke-width="{HALO}" stroke-linejoin="round">{bare}</g>'


def _document(drawing: Drawing, context: str | None, frame_top: float = FRAME_TOP) -> bytes:
    """The whole image; the mark of a context stands right of the frame's upper corner."""
    body, x1, y1, x2, y2 = drawing
    if context:
        top = max(y1, frame_top)
        body += signs.mark(context, x2 + 24, top + 20)
        x2, y1 = x2 + 50, min(y1, top - 10)
    edge = HALO / 2
    x1, y1, width, height = x1 - edge, y1 - edge, x2 - x1 + HALO, y2 - y1 + HALO
    size = f'width="{width * SCALE:.4g}" height="{height * SCALE:.4g}"'
    box = f'viewBox="{x1:g} {y1:g} {width:g} {height:g}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box}>{body}</svg>'.encode()
