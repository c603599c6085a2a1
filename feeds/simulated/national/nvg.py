"""How does the simulated headquarters speak? NVG: phase lines, assembly areas, and a lane that opens at times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import quoteattr

from cop.event import Millis
from cop.geo import Point
from feeds.simulated.national import Speaker
from feeds.simulated.script import MARK, changed, happens

NEWS_MIN: Final = 5.0
"""The overlay is published anew every so many minutes."""
PHASE_LINES: Final[dict[str, tuple[Point, ...]]] = {
    "PL OTTER": ((23.6, 57.28), (24.4, 57.3), (25.27, 57.31), (26.1, 57.4)),
    "PL BADGER": ((23.4, 56.62), (24.1, 56.6), (25.0, 56.6), (25.9, 56.5)),
    "PL MARTEN": ((22.8, 55.95), (23.7, 55.9), (24.6, 55.85), (25.6, 55.9)),
}
AREAS: Final[dict[str, tuple[Point, float]]] = {
    "AA HERON": ((24.33, 57.08), 1800.0),
    "AA CRANE": ((26.25, 58.3), 1500.0),
    "AA STORK": ((24.05, 55.08), 2000.0),
}
"""Assembly area → its middle and radius, metres."""
BOX: Final = ((25.2, 57.52), (25.28, 57.53), (25.3, 57.49), (25.21, 57.48))
LANE: Final = ((24.36, 57.16), (24.72, 57.23), (25.05, 57.34), (25.27, 57.44))
LANE_WIDTH_M: Final = 600.0
POST: Final = (24.10, 56.65)
HEADQUARTERS: Final = (25.4, 57.53)


def state(seed: int, now: Millis) -> dict[str, str]:
    """Name of each drawing that stands in the overlay → its shape."""
    found = dict.fromkeys(PHASE_LINES, "polyline") | dict.fromkeys(AREAS, "circle")
    found |= {"LOG AREA FINCH": "polygon", "TCP 4": "point", "2 BDE MAIN": "point"}
    if happens(seed, "nvg-lane", changed(seed, "nvg", now, NEWS_MIN), 30, 20):
        found["LANE AMBER"] = "corridor"
    return found


def say(seed: int, now: Millis) -> bytes:
    """The overlay of this moment."""
    at = datetime.fromtimestamp(changed(seed, "nvg", now, NEWS_MIN) // 1000, UTC)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<nvg xmlns="https://tide.act.nato.int/schemas/2012/10/nvg" version="2.0.2" classification="SIMULATED">',
        f"<TimeStamp>{at:%Y-%m-%dT%H:%M:%SZ}</TimeStamp>",
        '<g label="Phase lines">',
        *(_drawing("polyline", each, _points(PHASE_LINES[each]), "GFGPGLP---****X") for each in PHASE_LINES),
        '</g><g label="Areas">',
        *_areas(),
        "</g>",
    ]
    if "LANE AMBER" in state(seed, now):
        width = f'{_points(LANE)} width="{LANE_WIDTH_M:g}"'
        lines.append(_drawing("corridor", "LANE AMBER", width, "GFCPMMR---****X"))
    lines.append(_drawing("point", "TCP 4", _place(POST), "GFGPGPP---****X"))
    lines.append(_drawing("point", "2 BDE MAIN", _place(HEADQUARTERS), "SFGPUCI---AH---"))
    return "\n".join([*lines, "</nvg>"]).encode()


def _areas() -> Iterator[str]:
    for name, ((lon, lat), radius) in AREAS.items():
        yield _drawing("circle", name, f'cx="{lon}" cy="{lat}" r="{radius:g}"', "GFGPGAA---****X")
    yield _drawing("polygon", "LOG AREA FINCH", _points(BOX), "GFSPASB---****X")


def _drawing(shape: str, name: str, where: str, letters: str) -> str:
    uri = quoteattr(f"urn:sim:{name.lower().replace(' ', '-')}")
    return (
        f'<{shape} uri={uri} label={quoteattr(name)} symbol="app6a:{letters}" {where}>'
        f"<textInfo>{MARK}</textInfo></{shape}>"
    )


def _points(line: tuple[Point, ...]) -> str:
    return f'points="{" ".join(f"{lon},{lat}" for lon, lat in line)}"'


def _place(place: Point) -> str:
    return f'x="{place[0]}" y="{place[1]}"'


SPEAKERS = (
    Speaker(feed="nvg", source="nvg", path="/nvg", media="application/xml", say=say, nations=("EE", "LV", "LT")),
)
