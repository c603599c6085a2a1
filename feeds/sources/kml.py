"""How are KML and KMZ files read, tracks as convoys and all other placemarks as graphics?

A track (`gx:Track`) is a convoy by the name of its placemark, else by that of the file; each timed point is a sighting.
Any other placemark with a geometry is a graphic. Its id is unique in its file only, so the file's name goes before it.

KML has local times and UTC and does not say which one a time without a zone is: such a time is rejected. A drawing
without any time is as old as its hearing, for a drawing does not move; a track without times is rejected.
"""

from __future__ import annotations

import io
import logging
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final

from lxml import etree

from cop.event import Described, Millis, Scalar
from feeds.adapter import Context, Outcome, Records, Reject, Source, Unreadable, attempt, tell
from feeds.dropped import Fix, convoy, day, moment, motion, moved, sighted, slug, stem
from feeds.features import Place, placed
from feeds.xml import Element, child, local, text
from feeds.xml_records import MOST, Document, Piece, take_apart

NAME: Final = "kml"
KML: Final = "{http://www.opengis.net/kml/2.2}"
GX: Final = "{http://www.google.com/kml/ext/2.2}"
MEMBERS: Final = 256
"""Files in a KMZ: the document and its pictures. One with more is no sketch."""
IN_GX: Final = frozenset({"Track", "MultiTrack", "coord", "angles"})
"""What KML 2.3 took out of Google's namespace, where the library still looks for it."""
KEPT: Final = IN_GX | {
    "Placemark", "name", "description", "TimeStamp", "TimeSpan", "when", "begin", "end", "Point", "LineString",
    "LinearRing", "Polygon", "outerBoundaryIs", "innerBoundaryIs", "MultiGeometry", "coordinates", "altitudeMode",
    "ExtendedData", "Data", "value",
}  # fmt: skip
"""The elements that are read: what else is wrong with a placemark (styles, views) costs nothing."""
SAID: Final = 20
"""So many of the data that a placemark carries become properties."""
_TAG = re.compile(r"<[^<>]{0,500}>")
"""Markup in a description, or in what the library says of a fault."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)


def read(payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
    """The outcomes of one placemark after the other."""
    packed = payload.startswith(b"PK\x03\x04")
    try:
        document = take_apart(_unpacked(payload) if packed else payload, "kml", ("Placemark",))
    except Unreadable as error:
        yield [Reject(str(error), 0, payload)]
        return
    seen: dict[str, int] = {}
    for number, piece in enumerate(document.pieces, 1):
        if piece.trouble:
            outcomes: Sequence[Outcome] = [Reject(piece.trouble, piece.offset, piece.raw)]
        else:
            outcomes = attempt(partial(_outcomes, document, piece, seen, context), piece.offset, piece.raw)
        if packed:  # its bytes stand nowhere in the file
            outcomes = [
                Reject(f"placemark {number}: {each.reason}", 0, b"") if isinstance(each, Reject) else each
                for each in outcomes
            ]
        yield outcomes


def _unpacked(payload: bytes) -> bytes:
    """The document of a KMZ: `doc.kml`, else the first that is KML."""
    try:
        with zipfile.ZipFile(io.BytesIO(payload)) as archive:
            names = archive.namelist()
            if len(names) > MEMBERS:
                raise Unreadable(f"a KMZ of {len(names)} files, more than {MEMBERS}")
            found = sorted((name != "doc.kml", name) for name in names if name.lower().endswith(".kml"))
            if not found:
                raise Unreadable("a KMZ without a KML document")
            with archive.open(found[0][1]) as document:
                unpacked = document.read(MOST + 1)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError, KeyError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(f"a KMZ that cannot be unpacked: {error}"[:200]) from None
    if len(unpacked) > MOST:
        raise Unreadable(f"a KMZ whose document has more than {MOST} bytes")
    return unpacked


def _outcomes(document: Document, piece: Piece, seen: dict[str, int], context: Context) -> Iterator[Outcome]:
    element = document.element(piece)
    key = (element.get("id") or "").strip()
    tracks = _tracks(element)
    placemark, geometry = _placemark(element)
    if tracks:
        yield from _track(placemark, tracks, context)
    elif geometry is None:
        if any(True for _ in element.iter(f"{KML}coordinates")):
            raise Unreadable("a geometry without positions")
    else:
        yield _graphic(placemark, geometry, element, key, seen, context)


def _track(placemark: Any, tracks: Sequence[Element], context: Context) -> Iterator[Outcome]:
    subject, name = convoy(placemark.name, stem(context.name))
    geometry = placemark.kml_geometry
    found = [each for each in getattr(geometry, "tracks", None) or [geometry] if getattr(each, "track_items", None)]
    if len(found) != len(tracks):
        raise Unreadable("a track that is put together with other geometries")
    segments: list[list[Fix]] = []
    for track, element in zip(found, tracks, strict=True):
        absolute = text(element, "altitudeMode") == "absolute"
        whens = [moment(when.text) for when in element.iterfind(f"{KML}when")]
        if not len(whens) == len(track.coords) == len(track.track_items):
            raise Unreadable("a track with a position that is none")
        headings = [item.angle.heading for item in track.track_items]
        told = [None] * len(headings) if element.find(f"{GX}angles") is None else headings
        segments.append(
            [
                Fix(at, place[0], place[1], place[2] if absolute and len(place) > 2 else None, None, heading)
                for at, place, heading in zip(whens, track.coords, told, strict=True)
            ]
        )
    fixes = sorted((fix for segment in segments for fix in moved(segment)), key=lambda fix: fix.at)
    about: dict[str, Scalar] = {"motion": motion(segments), "points": len(fixes)}
    yield tell(NAME, subject, fixes[-1].at, Described(name, properties=about, basis="KML track"), context)
    for fix in fixes:
        yield tell(NAME, subject, fix.at, sighted(fix), context)


def _graphic(
    placemark: Any, geometry: Any, element: Element, key: str, seen: dict[str, int], context: Context
) -> Outcome:
    place = _place(geometry)
    name = " ".join((placemark.name or "").split())[:200]
    own = slug(key) or slug(name)
    if not own:
        raise Unreadable("a placemark without an id or a name: nobody could know it again")
    file = slug(stem(context.name))
    whole = f"{file}.{own}" if file else own
    seen[whole] = seen.get(whole, 0) + 1
    subject = f"graphic:{whole}" + (f".{seen[whole]}" if seen[whole] > 1 else "")
    about: dict[str, Scalar] = {"form": place.form}
    about |= _data(placemark)
    words = " ".join(_TAG.sub(" ", placemark.description or "").split())
    if words:
        about["text"] = words[:2000]
    begin, end = (text(element, "TimeSpan", each) for each in ("begin", "end"))
    about |= {key: said for key, said in (("from", begin), ("until", end)) if said}
    for said in (begin, end):
        _when(said, context)
    at = _when(text(element, "TimeStamp", "when") or begin, context)
    body = Described(name, (), place.lon, place.lat, place.path, properties=about, basis="KML")
    return tell(NAME, subject, at, body, context)


def _data(placemark: Any) -> dict[str, Scalar]:
    """The untyped data that the placemark carries."""
    data = placemark.extended_data.elements if placemark.extended_data else ()
    pairs = [(str(each.name or ""), str(getattr(each, "value", None) or "")) for each in data]
    return {name[:80]: value[:500] for name, value in pairs[:SAID] if name and value}


def _when(said: str, context: Context) -> Millis:
    """The time of a drawing. One without a time, or that is yet to hold, was drawn by the time it is heard."""
    if not said:
        return context.received
    if re.fullmatch(r"\d{4}(-\d\d)?", said, re.ASCII):  # a year or a month
        said = f"{said}-01-01"[:10]
    return min(day(said) if _DAY.match(said) else moment(said), context.received)


def _place(geometry: Any) -> Place:
    """Where the geometry is that the library found."""
    import shapely

    try:
        shape = shapely.force_2d(shapely.geometry.shape(geometry.__geo_interface__))
    except (shapely.errors.ShapelyError, ValueError, TypeError, IndexError, AttributeError) as error:
        raise Unreadable(f"a geometry that cannot be: {' '.join(str(error).split())}"[:200]) from None
    (place,) = placed([None if shape.is_empty else shape], None, None)
    if isinstance(place, str):
        raise Unreadable(place)
    return place


# -- the library ------------------------------------------------------------------------------------------------------


def _tracks(element: Element) -> list[Element]:
    """The tracks, their points and times in pairs, with nothing but what is read left in the placemark."""
    for each in list(element.iter()):
        name = local(each)
        if name in KEPT:
            each.tag = f"{GX if name in IN_GX else KML}{name}"
        elif (parent := each.getparent()) is not None:
            parent.remove(each)
    tracks = list(element.iter(f"{GX}Track"))
    for track in tracks:
        columns = [list(track.iterfind(name)) for name in (f"{KML}when", f"{GX}coord", f"{GX}angles")]
        whens, places, angles = columns
        if not whens:
            raise Unreadable("a track without times: nobody can tell when it was there")
        if len(whens) != len(places):
            raise Unreadable(f"a track of {len(places)} positions with {len(whens)} times")
        pairs = zip(whens, places, strict=True)
        empty = {index for index, pair in enumerate(pairs) if not all((each.text or "").strip() for each in pair)}
        for column in columns:
            for index, each in enumerate(column):
                if index in empty or (column is angles and len(angles) != len(whens)):
                    track.remove(each)
        if len(empty) == len(whens):
            raise Unreadable("a track without a position that has a time")
    return tracks


def _placemark(element: Element) -> tuple[Any, Any]:
    """The placemark and its geometry, as the library has them.

    Times are not left to it, because it takes one without a zone for UTC.
    """
    import fastkml

    logging.getLogger("fastkml").setLevel(logging.CRITICAL)  # what it says of a fault is in the reject
    bare = etree.fromstring(etree.tostring(element, with_tail=False))
    for name in ("TimeStamp", "TimeSpan"):
        if (holder := child(bare, name)) is not None:
            bare.remove(holder)
    try:
        made = fastkml.Placemark.class_from_element(
            ns=KML, name_spaces=fastkml.config.NAME_SPACES, element=bare, strict=True
        )
        return made, made.geometry
    except Exception as error:  # a library that meets what it did not expect raises whatever it likes
        raise Unreadable(f"not a placemark: {' '.join(_TAG.sub('', str(error)).split())}"[:200]) from None


SOURCE = Source(
    name=NAME,
    title="KML and KMZ files",
    domain="land",
    nations=("EE", "LV", "LT"),
    kinds=("convoy", "graphic"),
    transport="file",
    formats="KML 2.0 to 2.3 and KMZ with one document: placemarks with points, lines, areas and tracks",
    licence="As the sender of the file says",
    attribution="The sender of the file",
    address="file:dropped/*.km[lz]",
    rate_s=5.0,
    stale_s=7 * 86400.0,
    identity="a track's name, else the file's; a graphic's id, else its name, in its file",
    grid="WGS 84 degrees, lon,lat[,altitude]",
    complete=True,
    mapping=(
        ("Placemark with gx:Track or gx:MultiTrack: name, else the file's name", "subject convoy:<name>"),
        ("when, gx:coord", "sighted, one event a point; altitude when its mode is absolute"),
        ("gx:angles", "sighted.course: the heading"),
        ("none of these", "sighted.speed, course computed between points; described.properties.motion says so"),
        ("Placemark with any other geometry: id, else name", "subject graphic:<file>.<id>"),
        ("name", "described.name"),
        ("Point; LineString; Polygon; MultiGeometry", "described.lon, lat; path: the longest line or outline"),
        ("description, without its markup", "described.properties.text"),
        ("ExtendedData/Data", "described.properties, under their names"),
        ("TimeStamp/when, else TimeSpan/begin, else the hearing", "a graphic's at, never after the hearing"),
        ("TimeSpan/begin, end", "described.properties.from, until"),
    ),
    quirks=(
        ("test_a_kml_track_without_times_is_rejected", "Tracks without times: they never get the time of hearing."),
        ("test_a_kml_time_without_a_zone_is_rejected", "Times without a zone: KML has local times and UTC."),
        ("test_a_drawing_without_a_time_is_as_old_as_its_hearing", "Drawings without a time: they do not move."),
        ("test_a_kmz_is_bounded", "KMZ that unpacks to more than anybody draws, or that holds no document."),
    ),
    decoder=lambda: Records(read),
)
