"""Where on Earth is a point of a national grid, how far and which way is another, and what lies along a line?

Points are (lon, lat) in degrees WGS 84, lengths metres on the ellipsoid, bearings degrees true. pyproj is imported at
first use, so that a process without need of it starts fast.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from pyproj import Geod, Transformer

Point = tuple[float, float]
"""(lon, lat), degrees."""
Order = Literal["ne", "en"]
"""Which comes first in a payload: northing (or latitude), or easting (or longitude)."""

ALIASES: Final = {2600: 3346, 102440: 3301}
"""ArcGIS well-known ids of national grids → EPSG codes."""

EXTENTS: Final[dict[int, tuple[tuple[float, float], tuple[float, float]]]] = {
    3301: ((362_000, 758_000), (6_373_000, 6_637_000)),
    3346: ((296_000, 691_000), (5_968_000, 6_268_000)),
    4326: ((10, 35), (50, 65)),
}
"""EPSG code → (eastings, northings) in which no easting is also a northing, so that the numbers tell the order.

EPSG:3059 is not among them: in Latvia both are 305-448 km, so there the order is a matter of the feed."""

METRES: Final = 111_195.0
"""A degree of latitude on the mean sphere, for planes where a thousandth of a length doesn't matter."""
DIGITS: Final = 7
"""Decimals of a position turned from a frame, unless asked for fewer: a centimetre, so that all machines agree."""


class Unplaceable(ValueError):
    """The numbers are no place: the message says why."""


@lru_cache(maxsize=32)
def _transformer(epsg: int) -> Transformer:
    from pyproj import CRS, Transformer
    from pyproj.exceptions import ProjError

    try:
        frame = CRS.from_epsg(epsg)
    except ProjError as error:
        raise Unplaceable(f"EPSG:{epsg} is not a known frame") from error
    if not (frame.is_projected or frame.is_geographic):
        raise Unplaceable(f"EPSG:{epsg} ({frame.name}) is not a frame for positions")
    # always_xy: EPSG has 3301, 3059 and 3346 northing first, 25833 easting first; here it is always easting first.
    return Transformer.from_crs(frame, 4326, always_xy=True)


@cache
def _geod() -> Geod:
    from pyproj import Geod

    return Geod(ellps="WGS84")


def axis_order(epsg: int, first: float, second: float) -> Order | None:
    """The order that these two numbers are in by their size; None when the frame or the numbers do not tell."""
    extent = EXTENTS.get(ALIASES.get(epsg, epsg))
    if extent is None:
        return None
    (west, east), (south, north) = extent
    if west <= first <= east and south <= second <= north:
        return "en"
    if west <= second <= east and south <= first <= north:
        return "ne"
    return None


def to_wgs84(epsg: int, first: float, second: float, *, order: Order) -> Point:
    """(lon, lat) of a position in that frame, its numbers in that order. Raises `Unplaceable`."""
    return line_to_wgs84(epsg, [(first, second)], order=order)[0]


def line_to_wgs84(
    epsg: int, pairs: Sequence[tuple[float, float]], *, order: Order, digits: int = DIGITS
) -> tuple[Point, ...]:
    """(lon, lat) of each position of a line, in one call, to so many decimals. Raises `Unplaceable`."""
    if not pairs:
        return ()
    import numpy as np

    firsts, seconds = np.array(pairs, dtype=float).T
    east, north = (firsts, seconds) if order == "en" else (seconds, firsts)
    code = ALIASES.get(epsg, epsg)
    # Degrees stay what they are; ETRS89 (4258) is WGS 84 to within what a road needs.
    lons, lats = (east, north) if code in (4326, 4258) else _transformer(code).transform(east, north)
    placed = (abs(lons) <= 180) & (abs(lats) <= 90)  # also false for NaN and infinity
    if not placed.all():
        first, second = pairs[int(placed.argmin())]
        raise Unplaceable(f"{first:g}, {second:g} in EPSG:{epsg} is not on Earth")
    return tuple(zip(np.round(lons, digits).tolist(), np.round(lats, digits).tolist(), strict=True))


def from_wgs84(epsg: int, point: Point, *, order: Order) -> tuple[float, float]:
    """The position in that frame, its numbers in that order: what `to_wgs84` reads. Raises `Unplaceable`."""
    east, north = _transformer(ALIASES.get(epsg, epsg)).transform(*point, direction="INVERSE")
    if not (math.isfinite(east) and math.isfinite(north)):
        raise Unplaceable(f"{point[0]:g}, {point[1]:g} has no place in EPSG:{epsg}")
    return (east, north) if order == "en" else (north, east)


def distance(a: Point, b: Point) -> float:
    """Metres between two points on the shortest way."""
    _, _, metres = _geod().inv(*a, *b)
    return float(metres)


def bearing(a: Point, b: Point) -> float:
    """Degrees true, 0 to 360, in which `b` lies from `a`; 0 when they are one point."""
    forward, _, metres = _geod().inv(*a, *b)
    return float(forward) % 360 if metres else 0.0


def destination(start: Point, degrees: float, metres: float) -> Point:
    """The point that lies so far from `start` in that bearing."""
    lon, lat, _ = _geod().fwd(*start, degrees, metres)
    return float(lon), float(lat)


def measured(line: Sequence[Point]) -> tuple[float, ...]:
    """Metres along the line at each of its vertices: the first is 0, the last its length."""
    if len(line) < 2:
        return (0.0,) * len(line)
    lons, lats = zip(*line, strict=True)
    return 0.0, *accumulate(float(each) for each in _geod().line_lengths(lons, lats))


def length(line: Sequence[Point]) -> float:
    """The length of the line, metres."""
    return measured(line)[-1] if line else 0.0


def middle(line: Sequence[Point], digits: int = DIGITS) -> Point:
    """The point half-way along the line, to so many decimals. Raises `Unplaceable` without a vertex."""
    marks = _marks(line)
    lon, lat = _at(line, marks, marks[-1] / 2)
    return round(lon, digits), round(lat, digits)


def along(line: Sequence[Point], metres: Iterable[float]) -> tuple[Point, ...]:
    """The points that lie so far along the line, each held to its two ends. Raises `Unplaceable` without a vertex."""
    marks = _marks(line)
    return tuple(_at(line, marks, wanted) for wanted in metres)


def _marks(line: Sequence[Point]) -> tuple[float, ...]:
    if not line:
        raise Unplaceable("a line without vertices has no points")
    return measured(line)


def _at(line: Sequence[Point], marks: Sequence[float], wanted: float) -> Point:
    if not 0 < wanted < marks[-1]:
        return line[-1] if wanted > 0 else line[0]
    index = bisect_right(marks, wanted) - 1
    beyond = wanted - marks[index]
    return destination(line[index], bearing(line[index], line[index + 1]), beyond) if beyond else line[index]


def part(line: Sequence[Point], start: float, end: float) -> tuple[Point, ...]:
    """The part of the line between two distances along it, metres, with the vertices in between."""
    marks = measured(line)
    first, last = along(line, (start, end))
    between = [point for point, mark in zip(line, marks, strict=True) if start < mark < end]
    return first, *between, last
