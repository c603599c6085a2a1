"""How are GPX files of convoys read, tracks as sightings and routes as plans?

A convoy is known by the name of its track or route, else by that of the document, else by that of the file: unnamed
tracks of one file are one convoy. Each timed point of a track is a sighting, so that its history is whole. The route
is a plan: the named points of it, and the waypoints of the file that stand at it, are its critical points.

GPX says that its times are UTC, so one that names no zone is UTC. A track without times is rejected, for nobody could
tell when it was there. A plan is as old as its document, else as the newest of its points: GPX gives a point the time
at which it was made, not the time at which somebody is due there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from lxml import etree

from cop.event import Described, Millis, Planned, Scalar, Waypoint
from cop.geo import METRES, Point, measured
from feeds.adapter import Context, Outcome, Records, Reject, Source, Unreadable, attempt, tell
from feeds.dropped import HDOP_M, Fix, convoy, millis, motion, moved, number, sighted, stem
from feeds.xml import Broken, Element, local, parse
from feeds.xml_records import Document, Piece, take_apart

NAME: Final = "gpx"
RECORDS: Final = ("wpt", "rte", "trk")
NAMESPACE: Final = "http://www.topografix.com/GPX/"
GARMIN: Final = "{http://www.garmin.com/xmlschemas/TrackPointExtension/v2}"
"""The extension with speed (m/s) and course that GPX 1.1 lacks and 1.0 has."""
NUMBERS: Final = frozenset({"ele", "hdop", "speed", "course"})
KEPT: Final = NUMBERS | {*RECORDS, "gpx", "metadata", "name", "time", "trkseg", "trkpt", "rtept"}
"""The elements that are read: what else is wrong with a point costs nothing."""
HEAD: Final = 65_536
"""Bytes in which a document says what it says of itself."""
NEAR_M: Final = 500.0
"""A waypoint so near to a vertex of the route is one of its critical points."""


def read(payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
    """The outcomes of each track, route and waypoint, in the order of the document."""
    try:
        document = take_apart(payload, "gpx", RECORDS)
        head = _gpx(_skeleton(document))
    except Unreadable as error:
        yield [Reject(str(error), 0, payload)]
        return
    names = (head.name, stem(context.name))
    marks = _marks(document)
    for piece in document.pieces:
        if piece.trouble:
            yield [Reject(piece.trouble, piece.offset, piece.raw)]
        else:
            read_one = partial(_outcomes, document, piece, names, head.time, marks, context)
            yield attempt(read_one, piece.offset, piece.raw)


def _outcomes(
    document: Document,
    piece: Piece,
    names: tuple[str | None, ...],
    made: datetime | None,
    marks: Sequence[Any],
    context: Context,
) -> Iterator[Outcome]:
    (record,) = _records(document, piece)
    if piece.name == "trk":
        yield from _track(record, names, context)
    elif piece.name == "rte":
        yield from _route(record, names, made, marks, context)
    else:  # a mark on the map, which says nothing of any movement unless it stands at a route
        _place(record)


def _track(track: Any, names: tuple[str | None, ...], context: Context) -> Iterator[Outcome]:
    points = [point for segment in track.segments for point in segment.points]
    if not points:
        return
    segments = [[_fix(point) for point in segment.points if point.time] for segment in track.segments]
    timed = sum(map(len, segments))
    if not timed:
        raise Unreadable("a track without times: nobody can tell when it was there")
    subject, name = convoy(track.name, *names)
    fixes = sorted((fix for segment in segments for fix in moved(segment)), key=lambda fix: fix.at)
    about: dict[str, Scalar] = {"motion": motion(segments), "points": timed}
    if timed < len(points):
        about["points_without_time"] = len(points) - timed
    yield tell(NAME, subject, fixes[-1].at, Described(name, properties=about, basis="GPX track"), context)
    for fix in fixes:
        yield tell(NAME, subject, fix.at, sighted(fix), context)


def _route(
    route: Any, names: tuple[str | None, ...], made: datetime | None, marks: Sequence[Any], context: Context
) -> Iterator[Outcome]:
    if not route.points:
        return
    path = tuple(_place(point) for point in route.points)
    if len(path) < 2:
        raise Unreadable("a route of one point leads nowhere")
    at = _at(made) if made else max((_at(point.time) for point in route.points if point.time), default=None)
    if at is None:
        raise Unreadable("a route without a time, in a file without one: nobody can tell how old the plan is")
    subject, name = convoy(route.name, *names)
    found = [(index, point.name) for index, point in enumerate(route.points)]
    found += [(index, mark.name) for mark in marks if (index := _beside(mark, path)) is not None]
    critical = sorted({(index, " ".join(said.split())[:80]) for index, said in found if said and said.strip()})
    km = [round(metres / 1000, 3) for metres in measured(path)]
    points = tuple(Waypoint(said, *path[index], km[index]) for index, said in critical)
    yield tell(NAME, subject, at, Planned(name, path, points), context)


def _marks(document: Document) -> list[Any]:
    """The waypoints, when the file has one route that they can belong to."""
    names = [piece.name for piece in document.pieces if not piece.trouble]
    if names.count("rte") != 1:
        return []
    found: list[Any] = []
    for piece in document.pieces:
        if piece.name == "wpt" and not piece.trouble:
            try:
                found.extend(_records(document, piece))
            except Unreadable:
                continue  # it has its own reject
    return found


def _beside(mark: Any, path: Sequence[Point]) -> int | None:
    """The vertex at which the waypoint stands; None when it stands elsewhere. A flat Earth is good for 500 m."""
    shrink = math.cos(math.radians(mark.latitude))
    metres, index = min(
        (math.hypot((lon - mark.longitude) * shrink, lat - mark.latitude) * METRES, index)
        for index, (lon, lat) in enumerate(path)
    )
    return index if metres <= NEAR_M else None


def _place(point: Any) -> Point:
    """A point that is on Earth."""
    lon, lat = point.longitude, point.latitude
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise Unreadable(f"position {lon}, {lat} is not on Earth")
    return lon, lat


def _fix(point: Any) -> Fix:
    """A timed point. A dilution widens what may be believed of it, and never takes the point away."""
    lon, lat = _place(point)
    accuracy = None
    if point.horizontal_dilution is not None and point.horizontal_dilution > 0:
        accuracy = round(point.horizontal_dilution * HDOP_M, 1)
    return Fix(_at(point.time), lon, lat, point.elevation, point.speed, point.course, accuracy)


def _at(moment: datetime) -> Millis:
    """The time in ms UTC: GPX 1.1, `wptType`, has all times in UTC."""
    return millis(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


# -- the library ------------------------------------------------------------------------------------------------------


def _records(document: Document, piece: Piece) -> list[Any]:
    root = etree.Element("gpx")
    root.append(document.element(piece))
    found = _gpx(root)
    records = {"trk": found.tracks, "rte": found.routes, "wpt": found.waypoints}[piece.name]
    if len(records) != 1:
        raise Unreadable(f"no {piece.name} of GPX")
    return list(records)


def _skeleton(document: Document) -> Element:
    """What the document says of itself: it may be cut, so it is read as far as it goes."""
    try:
        return parse(document.rest[:HEAD], recover=True)
    except Broken as error:
        raise Unreadable(f"not well-formed: {' '.join(str(error).split())}"[:200]) from None


def _gpx(root: Element) -> Any:
    """What the library makes of it. It gets what is read here and nothing else, as the 1.0 that knows speeds."""
    import gpxpy
    import gpxpy.gpx

    _plain(root)
    version = "1.0" if root.find("metadata") is None else "1.1"
    try:
        return gpxpy.parse(etree.tostring(root, encoding="unicode"), version=version)
    except gpxpy.gpx.GPXException as error:
        why = " ".join(str(error).split()).replace("Invalid value for <None>...", "lat or lon is not a number:")
        raise Unreadable(why[:200]) from None


def _plain(root: Element) -> None:
    """Without namespaces and extensions; what is no number or says nothing is taken away."""
    for point in root.iter("{*}trkpt"):
        for name in ("speed", "course"):
            told = next(point.iter(f"{GARMIN}{name}"), None)
            if told is not None and point.find(f"{{*}}{name}") is None:
                etree.SubElement(point, name).text = told.text
    for element in list(root.iter()):
        name = local(element)  # by hand: lxml's own QName refuses names that its parser lets through
        namespace = str(element.tag)[1 : -len(name) - 1]
        element.text = " ".join((element.text or "").split()) or None
        ours = namespace.startswith(NAMESPACE) or not namespace
        parent = element.getparent()
        if parent is None or (ours and name in KEPT and not (name in NUMBERS and number(element.text) is None)):
            element.tag = name
        else:
            parent.remove(element)
    etree.cleanup_namespaces(root)


SOURCE = Source(
    name=NAME,
    title="GPX files of convoys",
    domain="land",
    nations=("EE", "LV", "LT"),
    kinds=("convoy",),
    transport="file",
    formats="GPX 1.0 and 1.1: tracks, routes, waypoints; UTF-8 or an encoding of one byte",
    licence="As the sender of the file says",
    attribution="The sender of the file",
    address="file:dropped/*.gpx",
    rate_s=5.0,
    stale_s=86400.0,
    identity="the name of track or route, else of the document, else of the file",
    grid="WGS 84 degrees, attributes lon and lat",
    complete=False,
    mapping=(
        ("trk/name, else metadata/name, else the file's name", "subject convoy:<name>, described.name"),
        ("trkpt: lat, lon, time", "sighted, one event a timed point"),
        ("trkpt: ele", "sighted.altitude"),
        ("trkpt: hdop", f"sighted.accuracy: {HDOP_M:g} m for a dilution of 1"),
        ("trkpt: speed, course (1.0, or Garmin's extension)", "sighted.speed, sighted.course"),
        ("trkpt: none of these", "sighted.speed, course computed between points; described.properties.motion says so"),
        ("trkpt without time", "described.properties.points_without_time: how many"),
        ("rte/name, else as a track", "subject convoy:<name>, planned.route"),
        ("metadata/time, else the newest rtept/time", "planned's at"),
        ("rtept", "planned.path; the named ones also planned.points, with km along the path"),
        ("wpt within 500 m of a vertex of the file's only route", "planned.points; any other is ignored"),
        ("time without a zone", "UTC, as GPX has it"),
    ),
    quirks=(
        ("test_a_track_without_times_is_rejected", "Tracks without times: they never get the time of their hearing."),
        ("test_a_naive_time_is_utc", "Times without a zone: GPX says that all its times are UTC."),
        ("test_a_dilution_widens_the_accuracy", "Dilutions of hundreds: shown as the accuracy that they mean."),
        ("test_a_broken_track_costs_no_other", "One point that cannot be read: it costs its track and no other."),
    ),
    decoder=lambda: Records(read),
)
