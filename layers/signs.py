"""How are the signs drawn that APP-6 has no icon for? Bridge classes, road signs, crossings, and the marks on them.

Everything is drawn in one frame of 200 by 200 units around the anchor (100, 100) and returned as SVG elements. The
shapes are those that a driver knows: the yellow class sign of STANAG 2021, the triangle and the ring of the Vienna
convention. They differ in shape, so that no meaning hangs on colour alone.
"""

from __future__ import annotations

from typing import Final

FONT: Final = 'font-family="Arial,Liberation Sans,Helvetica,sans-serif" font-weight="bold" text-anchor="middle"'
INK: Final = "#111"
WHITE: Final = "#fff"
GREY: Final = "#7a7f87"
RED: Final = "#c8102e"
CLASS_YELLOW: Final = "#ffd100"
BORDER_BLUE: Final = "#12408c"


def mlc(wheeled: int | None, tracked: int | None) -> str:
    """The class sign of a bridge: one figure when both classes agree, else a row each; grey when none is known."""
    if wheeled is None and tracked is None:
        return _disc(GREY, WHITE) + _text("?", 100, 135, 100, WHITE)
    if wheeled == tracked:
        figure = str(wheeled)
        size = {1: 104, 2: 92}.get(len(figure), 66)
        return _disc(CLASS_YELLOW, INK) + _text(figure, 100, 100 + round(size * 0.36), size)
    return _disc(CLASS_YELLOW, INK) + _row(_LORRY, wheeled, 92) + _row(_TRACKS, tracked, 150)


def _row(pictogram: str, value: int | None, baseline: int) -> str:
    figure = "?" if value is None else str(value)
    size, lift = (56, 0) if len(figure) < 3 else (42, 5)
    place = f"translate(38 {baseline - 34}) scale(0.92)"
    return f'<g transform="{place}">{pictogram}</g>' + _text(figure, 124, baseline - lift, size)


_LORRY: Final = (
    '<path d="M2 0h30v24h-30zM34 8h10l7 9v7h-17z"/><circle cx="11" cy="28" r="7"/><circle cx="42" cy="28" r="7"/>'
)
_TRACKS: Final = (
    '<path d="M8 4h26v10h-26zM34 7h16v4h-16z"/><rect x="1" y="15" width="48" height="19" rx="9.5"/>'
    f'<g fill="{CLASS_YELLOW}"><circle cx="11" cy="24.5" r="4.5"/><circle cx="25" cy="24.5" r="4.5"/>'
    '<circle cx="39" cy="24.5" r="4.5"/></g>'
)


def _disc(fill: str, ring: str) -> str:
    """A round sign of 150 units with a ring inside its edge and a light rim for dark maps."""
    return (
        f'<circle cx="100" cy="100" r="78" fill="{WHITE}"/><circle cx="100" cy="100" r="74" fill="{INK}"/>'
        f'<circle cx="100" cy="100" r="68" fill="{fill}" stroke="{ring}" stroke-width="5"/>'
    )


def _text(text: str, x: int, y: int, size: int, fill: str = INK) -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" {FONT} fill="{fill}">{text}</text>'


def _warning(pictogram: str) -> str:
    """The triangle that warns."""
    edge = "M100 38 170 160H30z"
    return (
        f'<path d="{edge}" fill="{WHITE}" stroke="{WHITE}" stroke-width="18" stroke-linejoin="round"/>'
        f'<path d="{edge}" fill="{WHITE}" stroke="{RED}" stroke-width="15" stroke-linejoin="round"/>'
        f'<g transform="translate(14 20) scale(0.86)" stroke-linecap="round" stroke-linejoin="round">{pictogram}</g>'
    )


def _forbidden(pictogram: str) -> str:
    """The ring that forbids."""
    return (
        f'<circle cx="100" cy="100" r="78" fill="{WHITE}"/>'
        f'<circle cx="100" cy="100" r="66" fill="{WHITE}" stroke="{RED}" stroke-width="18"/>{pictogram}'
    )


def _border(pictogram: str, rail: bool) -> str:
    """A square sign at a border; sleepers and rails below for a railway."""
    rails = '<path d="M36 146H164M36 160H164M52 138V168M76 138V168M100 138V168M124 138V168M148 138V168"/>'
    return (
        f'<rect x="24" y="24" width="152" height="152" rx="18" fill="{WHITE}"/>'
        f'<rect x="32" y="32" width="136" height="136" rx="12" fill="{WHITE}" stroke="{BORDER_BLUE}"'
        f' stroke-width="10"/>{pictogram}'
        + (f'<g stroke="{INK}" stroke-width="7" fill="none">{rails}</g>' if rail else "")
    )


def _barrier(y: int) -> str:
    """A striped pole on a post: someone checks here."""
    stripes = "".join(f'<path d="M{x} {y}h17" stroke="{RED}" stroke-width="22"/>' for x in (66, 100, 134))
    return (
        f'<path d="M58 {y - 18}v{66}" stroke="{INK}" stroke-width="14"/>'
        f'<path d="M48 {y}h108" stroke="{INK}" stroke-width="30"/>'
        f'<path d="M50 {y}h104" stroke="{WHITE}" stroke-width="22"/>{stripes}'
    )


def _passage(y: int) -> str:
    """A line that is crossed both ways."""
    arrows = f"M62 {y - 18}H134M118 {y - 34}l18 16-18 16M138 {y + 20}H66M82 {y + 4}l-18 16 18 16"
    return (
        f'<path d="M100 44V156" stroke="{BORDER_BLUE}" stroke-width="8" stroke-dasharray="14 10"/>'
        f'<path d="{arrows}" stroke="{INK}" stroke-width="11" fill="none"/>'
    )


def _notice(pictogram: str) -> str:
    """A sheet with a folded corner: a notice."""
    sheet = "M40 28H132L162 58V172H40z"
    return (
        f'<path d="{sheet}" fill="{WHITE}" stroke="{WHITE}" stroke-width="22" stroke-linejoin="round"/>'
        f'<path d="{sheet}" fill="{WHITE}" stroke="{INK}" stroke-width="10" stroke-linejoin="round"/>'
        f'<path d="M132 28V58H162z" fill="{INK}" stroke="{INK}" stroke-width="6" stroke-linejoin="round"/>{pictogram}'
    )


def _measure(pictogram: str) -> str:
    """A plain square: somebody drew this on a plan."""
    return (
        f'<rect x="26" y="26" width="148" height="148" rx="8" fill="{WHITE}"/>'
        f'<rect x="31" y="31" width="138" height="138" rx="5" fill="{WHITE}" stroke="{INK}" stroke-width="6"/>'
        f"{pictogram}"
    )


def _pin(pictogram: str) -> str:
    """A disc on a stem: it stands above what shares its place."""
    return (
        f'<path d="M100 46V100" stroke="{WHITE}" stroke-width="15"/><path d="M100 46V100" stroke="{INK}"'
        f' stroke-width="5"/><circle cx="100" cy="2" r="46" fill="{WHITE}"/>'
        f'<circle cx="100" cy="2" r="40" fill="{WHITE}" stroke="{INK}" stroke-width="6"/>{pictogram}'
    )


_INKED: Final = f'fill="none" stroke="{INK}" stroke-width="13"'

_PICTOGRAMS: Final[dict[str, str]] = {
    "roadworks": '<circle cx="88" cy="74" r="10"/><path d="M86 92l-4 30-14 30M82 122l18 30M88 96l22 18" fill="none"'
    f' stroke="{INK}" stroke-width="12"/><path d="M96 98l44 38" stroke="{INK}" stroke-width="7"/>'
    '<path d="M118 156c4-22 36-22 40 0z"/>',
    "accident": '<path d="M52 152v-22l14-20h30l12 20v22z" transform="rotate(-8 80 130)"/>'
    '<circle cx="66" cy="154" r="9"/><circle cx="98" cy="150" r="9"/>'
    f'<path d="M112 96l10 18M134 88v20M156 116l-18 8M122 134l22 6-8 16" fill="none" stroke="{INK}"'
    ' stroke-width="9"/>',
    "weather": f'<path d="M100 74v80M65 94l70 40M135 94l-70 40M88 82l12 12 12-12M88 146l12-12 12 12M66 110l16-4-4-16'
    f'M134 118l-16 4 4 16M134 110l-16-4 4-16M66 118l16 4-4 16" fill="none" stroke="{INK}" stroke-width="7"/>',
    "obstruction": '<path d="M92 100h34l20 24-8 30H64l-10-22z"/>'
    f'<path d="M92 100l6 26-16 28M98 126l48-2" stroke="{WHITE}" stroke-width="6" fill="none"/>'
    '<circle cx="112" cy="78" r="9"/><circle cx="84" cy="84" r="6"/>',
    "queue": "".join(
        f'<rect x="{100 - w // 2}" y="{y}" width="{w}" height="{h}" rx="5"/>'
        for w, y, h in ((26, 66, 22), (36, 96, 24), (48, 128, 28))
    ),
    "other": f'<path d="M100 74v44" stroke="{INK}" stroke-width="18"/><circle cx="100" cy="146" r="11"/>',
}

GLYPHS: Final[dict[str, str]] = {
    **{f"roadevent-{name}": _warning(pictogram) for name, pictogram in _PICTOGRAMS.items()},
    "roadevent-closure": _forbidden(f'<path d="M62 100h76" stroke="{INK}" stroke-width="26"/>'),
    "roadevent-weightlimit": _forbidden(
        f'<path d="M58 132h84l-12-50H70z" fill="{INK}"/><circle cx="100" cy="72" r="11" fill="none" stroke="{INK}"'
        f' stroke-width="8"/>{_text("t", 100, 125, 52, WHITE)}'
    ),
    "roadevent-sizelimit": _forbidden(
        '<path d="M46 82v36l30-18zM154 82v36l-30-18z"/><path d="M82 46h36l-18 26zM82 154h36l-18-26z"/>'
    ),
    "crossing-internal": _border(_passage(100), rail=False),
    "crossing-external": _border(_barrier(88), rail=False),
    "crossing-internalrail": _border(_passage(88), rail=True),
    "crossing-externalrail": _border(_barrier(72), rail=True),
    "crossing-unknown": _border(_text("?", 100, 136, 100), rail=False),
    "graphic-route": _measure(f'<path {_INKED} d="M50 150C70 80 130 130 150 60"/><path d="M150 36l20 42-42-8z"/>'),
    "graphic-line": _measure(f'<path {_INKED} d="M46 130 84 84 118 118 154 70"/>'),
    "graphic-area": _measure(f'<path {_INKED} d="M60 70 118 50 154 96 134 148 66 140z" stroke-linejoin="round"/>'),
    "graphic-point": _measure(f'<circle {_INKED} cx="100" cy="100" r="40"/><circle cx="100" cy="100" r="12"/>'),
    "notam-aerodrome": _notice(
        f'<path d="M66 152 128 76" stroke="{INK}" stroke-width="32"/>'
        f'<path d="M70 147 124 81" stroke="{WHITE}" stroke-width="6" stroke-dasharray="13 9"/>'
    ),
    "notam-airspace": _notice(
        f'<circle cx="101" cy="112" r="38" fill="none" stroke="{INK}" stroke-width="12" stroke-dasharray="17 7"/>'
    ),
    "notam-navigation": _notice(
        f'<path d="M80 76h42l21 36-21 36H80l-21-36z" fill="none" stroke="{INK}" stroke-width="10"/>'
        '<circle cx="101" cy="112" r="11"/>'
    ),
    "notam-obstacle": _notice(
        f'<path d="M70 154 101 76 132 154" fill="none" stroke="{INK}" stroke-width="13"/>'
        '<circle cx="101" cy="146" r="10"/>'
    ),
    "notam-other": _notice(f'<path d="M62 86h76M62 114h76M62 142h48" stroke="{INK}" stroke-width="13"/>'),
    "weather-above": _pin(
        '<circle cx="100" cy="2" r="12"/>'
        '<path d="M100-29v11M100 22v11M69 2h11M120 2h11M78-20l8 8M114 16l8 8M122-20l-8 8M86 16l-8 8"'
        f' stroke="{INK}" stroke-width="7"/>'
    ),
    "weather-below": _pin(f'<path d="M76-13H124M70 2H130M76 17H124" stroke="{INK}" stroke-width="8"/>'),
    "weather-unknown": _pin(_text("?", 100, 23, 60)),
}
"""Every own glyph by name and variant."""
TALL: Final = frozenset(name for name in GLYPHS if name.startswith("weather-"))
"""Those that reach above the frame."""

MARKS: Final[dict[str, str]] = {
    "exercise": "M-15-19 15 19M15-19-15 19",
    "simulated": "M14-13C8-24-14-22-13-8-12 4 13-3 13 10 13 23-9 23-14 12",
}
"""The X of an exercise and the S of a simulation (APP-6, context), as lines around their own centre."""


def mark(context: str, x: float, y: float) -> str:
    """The mark of a context at a place, readable on dark and on light."""
    path = f'd="{MARKS[context]}" fill="none" stroke-linecap="round"'
    return (
        f'<g transform="translate({x:g} {y:g})"><path {path} stroke="{WHITE}" stroke-width="21"/>'
        f'<path {path} stroke="{INK}" stroke-width="10"/></g>'
    )
