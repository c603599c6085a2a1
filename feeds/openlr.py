"""Which coordinates does an OpenLR location reference have, in its binary form (version 3) or as DATEX II XML?

The layout is that of the physical format in the OpenLR white paper 1.5. A reference names points on a road that the
receiver should find in a map of its own. There is no such map here, so its points are given as they are and no road is
invented between them.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple

from cop.geo import Point, distance
from feeds.adapter import Unreadable
from feeds.xml import Element, child, kind, local, number, text, words

Form = Literal[
    "line", "closed line", "point along a line", "access point", "coordinate", "circle", "rectangle", "grid", "polygon"
]

VERSION: Final = 3
DIGITS: Final = 6
"""Decimals of a position: a tenth of a metre; the format itself has 1e-5 degrees at best."""
LONGEST: Final = 8192
"""Letters beyond which a text is no reference: one of a thousand points is longer than any road needs."""

_BLANK = re.compile(r"\s+")
_REFERENCES: Final = ("{*}openlrLocationReferencePoint", "{*}openlrLastLocationReferencePoint")
_COORDINATES: Final = ("{*}openlrCoordinates", "{*}openlrCoordinate")


class Location(NamedTuple):
    """Where a reference is. An area's `points` are its outline, closed; of anything but a line there is one point."""

    form: Form
    points: tuple[Point, ...]
    start: float = 0.0
    """How far into the first leg of its reference points a line begins, 0 to 1; its points are not cut."""
    end: float = 0.0
    """How far before the end of its last leg a line ends, 0 to 1."""
    radius: float | None = None
    """Metres, of a circle, whose point is its centre."""


def from_text(said: str) -> Location:
    """Read the base64 text of a binary reference. Raises `Unreadable`."""
    letters = _BLANK.sub("", said)
    if not 0 < len(letters) <= LONGEST:
        raise Unreadable(f"an OpenLR text of {len(letters)} letters")
    try:
        data = base64.b64decode(letters, validate=True)
    except ValueError:
        raise Unreadable(f"OpenLR {letters[:40]!r} is not base64") from None
    return from_bytes(data)


def from_bytes(data: bytes) -> Location:
    """Read a binary reference of version 3. Raises `Unreadable`."""
    if not data:
        raise Unreadable("an empty OpenLR reference")
    version, code, size = data[0] & 0b111, data[0] >> 3 & 0b1111, len(data)
    if version != VERSION:
        raise Unreadable(f"OpenLR version {version}, not {VERSION}")
    if size < 7:
        raise Unreadable(f"an OpenLR reference of {size} bytes")
    points = [_absolute(data, 1)]
    match code:  # location type, bits 6 to 3 of the header; 5 and 8 are two types each, told by their length
        case 4 if size == 7:
            return Location("coordinate", _placed(points))
        case 0 if 8 <= size <= 11:
            return Location("circle", _placed(points), radius=float(int.from_bytes(data[7:])))
        case 1 if size >= 16:
            return _line(data, points)
        case 5 if size in (16, 17, 20, 21):
            return _along(data, points)
        case 8 if size in (11, 13, 15, 17):
            return _rectangle(data, points[0])
        case 2 if size >= 15 and (size - 7) % 4 == 0:
            for at in range(7, size, 4):
                points.append(_relative(data, at, points[-1]))
            return Location("polygon", _ring(_placed(points)))
        case 11 if size >= 12 and (size - 12) % 7 == 0:
            for at in range(10, size - 2, 7):
                points.append(_relative(data, at, points[-1]))
            return Location("closed line", _ring(_placed(points)))
    raise Unreadable(f"no OpenLR location of type {code} has {size} bytes")


def _line(data: bytes, points: list[Point]) -> Location:
    """First point: position, two bytes of attributes, distance to the next. The others: the same, relative."""
    count, rest = divmod(len(data) - 16, 7)
    for index in range(count + 1):
        points.append(_relative(data, 10 + 7 * index, points[-1]))
    flags = data[10 + 7 * count + 5]  # of the last point's attributes: has a positive, has a negative offset
    ahead, behind = bool(flags & 0x40), bool(flags & 0x20)
    if ahead + behind != rest:
        raise Unreadable(f"an OpenLR line with {rest} bytes for {ahead + behind} offsets")
    offsets = data[len(data) - rest :]
    start, end = (_share(offsets[0]) if ahead else 0.0), (_share(offsets[-1]) if behind else 0.0)
    return Location("line", _placed(points), start, end)


def _along(data: bytes, points: list[Point]) -> Location:
    """Two reference points, an offset, and for a point with access its own position."""
    points.append(_relative(data, 10, points[0]))
    offset, access = bool(data[15] & 0x40), len(data) >= 20
    if len(data) != 16 + offset + 4 * access:
        raise Unreadable(f"an OpenLR point of {len(data)} bytes with {'an' if offset else 'no'} offset")
    if access:
        return Location("access point", _placed([_relative(data, len(data) - 4, points[0])]))
    share = _share(data[16]) if offset else 0.0
    first, last = _placed(points)
    return Location("point along a line", (_between(first, last, share),))


def _rectangle(data: bytes, lower: Point) -> Location:
    """Two corners; a grid is the rectangle repeated to the east and north."""
    grid = len(data) >= 15
    size = len(data) - (4 if grid else 0)
    upper = _absolute(data, 7) if size == 13 else _relative(data, 7, lower)
    columns, rows = (int.from_bytes(data[at : at + 2]) for at in (size, size + 2)) if grid else (1, 1)
    return _box(lower, upper, columns, rows, "grid" if grid else "rectangle")


def _box(lower: Point, upper: Point, columns: int, rows: int, form: Form) -> Location:
    (west, south), (east, north) = lower, upper
    if not (west < east and south < north and columns > 0 and rows > 0):
        raise Unreadable(f"an OpenLR {form} without an area")
    east, north = west + (east - west) * columns, south + (north - south) * rows
    return Location(form, _ring(_placed([(west, south), (east, south), (east, north), (west, north)])))


def _absolute(data: bytes, at: int) -> Point:
    """Two signed numbers of 24 bits: 360 degrees are 2**24 steps, and each means the middle of its step."""
    steps = (int.from_bytes(data[where : where + 3], signed=True) for where in (at, at + 3))
    lon, lat = ((n - 0.5 * ((n > 0) - (n < 0))) * 360 / 2**24 for n in steps)
    return lon, lat


def _relative(data: bytes, at: int, before: Point) -> Point:
    """Two signed numbers of 16 bits: hundred-thousandths of a degree from the point before."""
    east, north = (int.from_bytes(data[where : where + 2], signed=True) / 100_000 for where in (at, at + 2))
    return before[0] + east, before[1] + north


def _share(byte: int) -> float:
    """An offset is told in 256 parts of its leg, and means the middle of its part."""
    return (byte + 0.5) / 256


def _between(first: Point, last: Point, share: float) -> Point:
    """The point on the straight line between two. The road bends and this line does not: it is approximate."""
    (lon, lat), (to_lon, to_lat) = first, last
    return round(lon + (to_lon - lon) * share, DIGITS), round(lat + (to_lat - lat) * share, DIGITS)


def _placed(points: Iterable[Point]) -> tuple[Point, ...]:
    """The points, to so many decimals. Raises `Unreadable` when one is not on Earth."""
    placed = tuple((round(lon, DIGITS), round(lat, DIGITS)) for lon, lat in points)
    for lon, lat in placed:
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise Unreadable(f"OpenLR position {lon:g}, {lat:g} is not on Earth")
    return placed


def _ring(corners: tuple[Point, ...]) -> tuple[Point, ...]:
    """The closed outline; of one that is closed already, itself."""
    return corners if len(corners) > 1 and corners[0] == corners[-1] else (*corners, corners[0])


# -- DATEX II ---------------------------------------------------------------------------------------------------------


def from_xml(element: Element) -> Location:
    """Read what DATEX II puts around a reference: a direction of a line, a point's or an area's location reference.

    Binary text in there is read before elements. A position of 0, 0 is a default of programs and is left out. Raises
    `Unreadable`, also when no position is left.
    """
    binary = next(element.iter("{*}openlrBinary", "{*}openLRBinary"), None)
    if binary is not None:
        return from_text(words(binary))
    corners = next(element.iter("{*}openlrPolygonCorners"), None)
    if corners is not None:
        return Location("polygon", _ring(_some(_positions(corners.iter(*_COORDINATES)))))
    rectangle = next(element.iter("{*}openlrRectangle"), None)
    if rectangle is not None:
        return _rectangle_of(element, rectangle)
    references = list(element.iter(*_REFERENCES))
    own = [each for each in element.iter(*_COORDINATES) if _outside(each)]
    if references and own:
        return Location("access point", _some(_positions(own))[:1])
    if references:
        return _line_of(element, references)
    radius = number(next((words(each) for each in element.iter("{*}openlrRadius")), ""))
    points = _some(_positions(own))[:1]
    return Location("coordinate" if radius is None else "circle", points, radius=radius)


def position(holder: Element) -> Point | None:
    """(lon, lat) of its `latitude` and `longitude`; None for 0, 0, a default of programs. Raises `Unreadable`."""
    said = [text(holder, name) for name in ("latitude", "longitude")]
    lat, lon = map(number, said)
    if lat is None or lon is None or not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise Unreadable(f"latitude {said[0][:20]!r} and longitude {said[1][:20]!r} are no place")
    return None if lat == lon == 0 else (round(lon, DIGITS), round(lat, DIGITS))


def _line_of(element: Element, references: list[Element]) -> Location:
    points = _some(_positions(each for point in references for each in point.iter(*_COORDINATES)))
    if "ClosedLine" in local(element) + kind(element):
        return Location("closed line", _ring(points))
    legs = [float(metres) for point in references if (metres := _metres(point, "openlrDistanceToNextLRPoint"))]
    ahead, behind = (_metres(element, f"openlr{which}Offset") for which in ("Positive", "Negative"))
    start = min(1.0, ahead / (legs[0] if legs else _chord(points[:2]))) if ahead else 0.0
    if local(element).startswith("openlrPoi") and len(points) == 2:  # a point's location reference, or a form of one
        return Location("point along a line", (_between(*points, start),))
    end = min(1.0, behind / (legs[-1] if legs else _chord(points[-2:]))) if behind else 0.0
    return Location("line", points, start, end)


def _rectangle_of(element: Element, rectangle: Element) -> Location:
    ends = [child(rectangle, f"openlr{corner}") for corner in ("LowerLeft", "UpperRight")]
    corners = _some(_positions(each for each in ends if each is not None))
    if len(corners) != 2:
        raise Unreadable("an OpenLR rectangle without its two corners")
    counts = [_metres(element, f"openlrNum{what}") for what in ("Columns", "Rows")]
    columns, rows = (1 if count is None else int(count) for count in counts)
    return _box(*corners, columns, rows, "rectangle" if counts == [None, None] else "grid")


def _outside(coordinates: Element) -> bool:
    """Whether these coordinates are no reference point's."""
    parent = coordinates.getparent()
    return parent is None or "LocationReferencePoint" not in local(parent)


def _positions(holders: Iterable[Element]) -> Iterator[Point]:
    yield from (point for each in holders if (point := position(each)) is not None)


def _some(points: Iterable[Point]) -> tuple[Point, ...]:
    found = tuple(points)
    if not found:
        raise Unreadable("an OpenLR location without a position")
    return found


def _metres(element: Element, name: str) -> float | None:
    """The number of the first element of that name in there, if it is a positive one."""
    said = next((number(words(each)) for each in element.iter(f"{{*}}{name}")), None)
    return said if said is not None and said > 0 else None


def _chord(points: tuple[Point, ...]) -> float:
    return max(distance(points[0], points[-1]), 1.0)
