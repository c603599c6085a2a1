"""Where is a DATEX II location, in each of its directions, and on which roads?

Lines come as positions in some frame, as OpenLR references (elements or binary), or as the two ends of a stretch;
points as coordinates or OpenLR. Of OpenLR the reference points are told, not the road between them. Alert-C codes are
no place: what has nothing else is listed and not drawn.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from cop.event import Scalar
from cop.geo import Order, Point, Unplaceable, axis_order, length, line_to_wgs84, middle
from feeds import openlr
from feeds.adapter import Unreadable
from feeds.openlr import DIGITS, Form, position
from feeds.xml import Element, child, chosen, spaced, text, words

NORTH_FIRST: Final = frozenset({3059, 3301, 3346, 2180, 4258, 4326})
"""Frames whose positions come northing or latitude first when the numbers do not tell."""
DIRECTIONS: Final = (
    ("firstDirection", ""),
    ("secondDirection", ":opposite"),
    ("oppositeDirection", ":opposite"),
)
"""Direction of an OpenLR line → what it adds to the subject: joined into one line they would run back and forth."""
WHOLES: Final = ("openlrLineLocationReference", "openlrPointLocationReference", "openlrAreaLocationReference")
"""What holds one OpenLR reference, beside the directions of a line; binary text may stand without any."""
BASES: Final[dict[Form, str]] = {
    "line": "OpenLR reference points",
    "closed line": "OpenLR reference points",
    "point along a line": "OpenLR point on the straight line between its reference points: approximate",
    "access point": "point of the source",
    "coordinate": "point of the source",
    "circle": "centre of an OpenLR circle",
    "rectangle": "outline of an OpenLR rectangle",
    "grid": "outline of an OpenLR grid",
    "polygon": "outline of an OpenLR polygon",
}

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
        for place in _located(holder, notes, troubles):
            places.setdefault(place.suffix, place)
    if troubles:
        notes["place_note"] = "; ".join(dict.fromkeys(troubles))[:300]
    return Where(list(places.values()) or [Place()], list(dict.fromkeys(roads)), notes)


def _located(holder: Element, notes: dict[str, Scalar], troubles: list[str]) -> list[Place]:
    """The places of one location, by the best that it has; what of it cannot be read goes to `troubles`."""
    places: list[Place] = []
    for find in (_drawn, _directed, _ended, _pointed, _referenced):
        try:
            places = places or find(holder, notes, troubles)
        except (Unplaceable, Unreadable) as error:
            troubles.append(str(error)[:120])
    return places


def _drawn(holder: Element, notes: dict[str, Scalar], troubles: list[str]) -> list[Place]:
    """By lists of positions: the longest."""
    lines = [line for each in holder.iter("{*}posList") if (line := _positions(each))]
    if len(lines) > 1:
        notes["lines"] = len(lines)
    longest = max(lines, key=length) if len(lines) > 1 else next(iter(lines), ())
    return [_stretch(longest, "line of the source", _shown(holder))] if lines else []


def _directed(holder: Element, notes: dict[str, Scalar], troubles: list[str]) -> list[Place]:
    """By the directions of OpenLR lines: each is a place of its own, and so are several stretches of one direction."""
    return [
        place
        for name, suffix in DIRECTIONS
        for count, way in enumerate(holder.iter(f"{{*}}{name}"), 1)
        if (place := _reference(way, f"{suffix}:{count}" if count > 1 else suffix, notes, troubles))
    ]


def _ended(holder: Element, notes: dict[str, Scalar], troubles: list[str]) -> list[Place]:
    """By the two ends of a stretch."""
    for stretch in holder.iter("{*}tpegLinearLocation"):
        ends = [end for name in ("from", "to") if (end := child(stretch, name)) is not None]
        line = tuple(point for end in ends for point in _coordinates(end)[:1])
        if len(line) == 2:
            return [_stretch(line, "straight line between its ends", _shown(holder))]
    return []


def _pointed(holder: Element, notes: dict[str, Scalar], troubles: list[str]) -> list[Place]:
    """By the first of its coordinates."""
    points = _coordinates(holder)
    if len(points) > 1:
        notes["points"] = len(points)
    return [Place("", points[0], (), "point of the source")] if points else []


def _referenced(holder: Element, notes: dict[str, Scalar], troubles: list[str]) -> list[Place]:
    """By an OpenLR reference without directions, else by what is meant for display."""
    wholes = list(holder.iter(*(f"{{*}}{name}" for name in WHOLES)))
    wholes = wholes or list(holder.iter("{*}openlrBinary", "{*}openLRBinary"))
    places = [place for whole in wholes if (place := _reference(whole, "", notes, troubles))]
    if len(places) > 1:
        notes["points"] = len(places)
    if places:
        return places[:1]
    loose = holder.iter("{*}openlrCoordinates", "{*}openlrCoordinate")
    point = next((found for each in loose if (found := position(each))), None) or _shown(holder)
    return [Place("", point, (), "point of the source")] if point else []


def _shown(holder: Element) -> Point | None:
    shown = next(holder.iter("{*}coordinatesForDisplay", "{*}locationForDisplay"), None)
    return position(shown) if shown is not None else None


def _reference(element: Element, suffix: str, notes: dict[str, Scalar], troubles: list[str]) -> Place | None:
    """The place of an OpenLR reference; None, and a trouble, when it cannot be read."""
    try:
        found = openlr.from_xml(element)
    except Unreadable as error:
        troubles.append(str(error)[:120])
        return None
    if found.radius is not None:
        notes["radius_m"] = found.radius
    if found.start or found.end:
        notes["offsets"] = f"{found.start:.0%} of its first leg, {found.end:.0%} of its last"
    outline = len(found.points) > 1 and found.points[0] == found.points[-1]
    return _stretch(found.points, BASES[found.form], _centre(found.points[1:]) if outline else None, suffix)


def _centre(corners: tuple[Point, ...]) -> Point:
    lons, lats = zip(*corners, strict=True)
    return round(sum(lons) / len(lons), DIGITS), round(sum(lats) / len(lats), DIGITS)


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
    """Every coordinate in there that is no OpenLR's, in order."""
    return tuple(point for each in holder.iter("{*}pointCoordinates") if (point := position(each)))


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
