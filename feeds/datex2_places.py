"""Where is a DATEX II location, in each of its directions, and on which roads?

Lines come as positions in some frame, as OpenLR reference points, or as the two ends of a stretch; points as
coordinates. Alert-C codes are no place: what has nothing else is listed and not drawn.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from cop.event import Scalar
from cop.geo import Order, Point, Unplaceable, axis_order, length, line_to_wgs84, middle
from feeds.xml import Element, child, chosen, number, spaced, text, words

DIGITS: Final = 6
"""Decimals of a position: a tenth of a metre, finer than any road event is known."""
NORTH_FIRST: Final = frozenset({3059, 3301, 3346, 2180, 4258, 4326})
"""Frames whose positions come northing or latitude first when the numbers do not tell."""
DIRECTIONS: Final = (
    ("firstDirection", ""),
    ("secondDirection", ":opposite"),
    ("oppositeDirection", ":opposite"),
)
"""Direction of an OpenLR line → what it adds to the subject: joined into one line they would run back and forth."""

_FRAME = re.compile(r"(\d{4,6})\D*\Z", re.ASCII)


class Place(NamedTuple):
    """Where a record is, in one direction of it. `basis` is what its point or line stands for."""

    suffix: str = ""
    point: Point | None = None
    path: tuple[Point, ...] = ()
    basis: str = ""


class Where(NamedTuple):
    """The places of a record, at least one even if it is nowhere; its roads; and what is to be noted."""

    places: Sequence[Place]
    roads: Sequence[str]
    notes: dict[str, Scalar]


def where(record: Element) -> Where:
    """What the locations of a record say. A place that cannot be read becomes a note, `place_note`."""
    places: dict[str, Place] = {}
    roads: list[str] = []
    notes: dict[str, Scalar] = {}
    troubles: list[str] = []
    for holder in record.iterchildren("{*}groupOfLocations", "{*}locationReference"):
        roads += _roads(holder)
        told = "; ".join(filter(None, (chosen(each) for each in holder.iter("{*}locationDescription"))))
        notes |= {"where": told[:300]} if told else {}
        for codes in holder.iter("{*}alertCPoint", "{*}alertCLinear", "{*}alertCArea"):
            country, table = (text(codes, f"alertCLocation{part}") for part in ("CountryCode", "TableNumber"))
            numbers = ", ".join(words(each) for each in codes.iter("{*}specificLocation"))
            notes["alert_c"] = f"country {country}, table {table}: {numbers}"[:200]
        said = next(map(words, holder.iter("{*}tpegDirection", "{*}alertCDirectionCoded")), "")
        if said not in ("", "unknown"):
            notes["direction"] = spaced(said)[:40]
        try:
            for place in _located(holder, notes):
                places.setdefault(place.suffix, place)
        except Unplaceable as error:
            troubles.append(str(error)[:120])
    if troubles:
        notes["place_note"] = "; ".join(troubles)[:300]
    return Where(list(places.values()) or [Place()], list(dict.fromkeys(roads)), notes)


def _located(holder: Element, notes: dict[str, Scalar]) -> list[Place]:
    """The places of one location, by the best that it has."""
    shown = next(holder.iter("{*}coordinatesForDisplay", "{*}locationForDisplay"), None)
    display = _pair(shown) if shown is not None else None
    lines = [line for each in holder.iter("{*}posList") if (line := _positions(each))]
    if lines:
        if len(lines) > 1:
            notes["lines"] = len(lines)
        longest = max(lines, key=length) if len(lines) > 1 else lines[0]
        return [_stretch(longest, "line of the source", display)]
    ways = [
        _stretch(line, "OpenLR reference points", suffix=suffix)
        for name, suffix in DIRECTIONS
        for way in holder.iter(f"{{*}}{name}")
        if (line := _coordinates(way))
    ]
    if ways:
        return ways
    for stretch in holder.iter("{*}tpegLinearLocation"):
        ends = [end for name in ("from", "to") if (end := child(stretch, name)) is not None]
        line = tuple(point for end in ends for point in _coordinates(end)[:1])
        if len(line) == 2:
            return [_stretch(line, "straight line between its ends", display)]
    points = _coordinates(holder)
    if len(points) > 1:
        notes["points"] = len(points)
    point = points[0] if points else display
    return [] if point is None else [Place("", point, (), "point of the source")]


def _stretch(line: tuple[Point, ...], basis: str, display: Point | None = None, suffix: str = "") -> Place:
    """A line, with its middle for a point where the source shows none."""
    return Place(suffix, display or middle(line, DIGITS), line if len(line) > 1 else (), basis)


def _positions(listed: Element) -> tuple[Point, ...]:
    """A list of positions in the frame that it, or what holds it, names: degrees, latitude first, if none does."""
    around = [listed, *listed.iterancestors()]
    srs = next((said for each in around if (said := each.get("srsName"))), "")
    step = 3 if next((said for each in around if (said := each.get("srsDimension"))), "2") == "3" else 2
    try:
        numbers = [float(word) for word in words(listed).replace(",", " ").split()]
    except ValueError:
        raise Unplaceable("a list of positions that are not numbers") from None
    if len(numbers) % step:
        raise Unplaceable("a list of positions that are not whole")
    pairs = list(zip(numbers[::step], numbers[1::step], strict=True))
    if not pairs:
        return ()
    usual: Order
    frame = _FRAME.search(srs)
    if "CRS84" in srs.upper():
        epsg, usual = 4326, "en"
    elif srs and frame is None:
        raise Unplaceable(f"no frame is called {srs[:60]!r}")
    else:
        epsg = int(frame[1]) if frame else 4326
        usual = "ne" if epsg in NORTH_FIRST else "en"
    return line_to_wgs84(epsg, pairs, order=axis_order(epsg, *pairs[0]) or usual, digits=DIGITS)


def _coordinates(holder: Element) -> tuple[Point, ...]:
    """Every coordinate in there, in order."""
    found = holder.iter("{*}pointCoordinates", "{*}openlrCoordinates", "{*}openlrCoordinate")
    return tuple(pair for each in found if (pair := _pair(each)) is not None)


def _pair(coordinates: Element) -> Point | None:
    """(lon, lat); None for 0, 0, which is a default of programs and no road."""
    said = [text(coordinates, name) for name in ("latitude", "longitude")]
    lat, lon = map(number, said)
    if lat is None or lon is None or not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise Unplaceable(f"latitude {said[0][:20]!r} and longitude {said[1][:20]!r} are no place")
    return None if lat == lon == 0 else (round(lon, DIGITS), round(lat, DIGITS))


def _roads(holder: Element) -> list[str]:
    """The roads' numbers, else the names of their links, else their names."""
    numbers = [words(each) for each in holder.iter("{*}roadNumber")]
    links = [
        chosen(name)
        for link in holder.iter("{*}tpegOtherPointDescriptorType")
        if words(link) == "linkName" and (name := link.getparent()) is not None
    ]
    names = [chosen(each) or words(each) for each in holder.iter("{*}roadName")]
    return next((found for each in (numbers, links, names) if (found := [road for road in each if road])), [])
