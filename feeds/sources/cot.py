"""How is Cursor on Target read, as XML and as TAK protobuf, from a stream, a datagram or a file?

An atom (`a-…`) is a unit where it is; a route, a point or a drawing is a graphic. An aircraft or a ship is told as such
only when its uid says which one it is (`ICAO-…`, `MMSI-…`). Chat, files, pings and replies are no business of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from functools import partial
from typing import Any, Final, NamedTuple

from lxml import etree

from cop.event import Body, Described, Gone, Millis, Scalar, Sighted
from cop.geo import Point
from feeds.adapter import Context, Counts, Outcome, Reject, Source, Unreadable, attempt, tell
from feeds.cot_stream import Pieces, message
from feeds.dropped import moment
from feeds.tactical import SIDES, code, ellipse, key, marking, observed
from feeds.xml import Broken, Element, child, number, parse, text

NAME: Final = "cot"
UNKNOWN: Final = 999_999.0
"""From here on a number means that it is not known: 999999 in older clients, 9999999 in newer ones."""
LATEST: Final = 253_402_300_800_000
"""ms UTC: the end of the calendar."""
GEOID_M: Final = 21.0
GEOID: Final = ((18.0, 30.0), (53.0, 61.0))
"""CoT heights are above the ellipsoid, ours above the sea: (lons, lats) between which the sea lies about 21 m above
the ellipsoid, from 15 in Estonia to 27 in the south-west. Elsewhere the altitude stays unknown."""
MODES: Final = {"": "", "undefined": "", "o": "", "e": "exercise", "s": "simulation"}
"""First part of `opex` → what it means; nothing: operations. Any other is not understood, so it is not real."""
HOWS: Final = {
    "h-c": "computed by a person",
    "h-e": "estimated by a person",
    "h-g": "entered by a person",
    "h-t": "transcribed by a person",
    "h": "told by a person",
    "m-a": "machine, by acoustics",
    "m-c": "machine, configured",
    "m-f": "machine, fused",
    "m-g": "machine, GPS",
    "m-i": "machine, mensurated",
    "m-p": "machine, passed on",
    "m-r": "machine, by radio",
    "m-s": "machine, simulated",
    "m": "machine",
}
"""First letters of `how` → how the place was found out."""
POINTS: Final = {"b-m-p-w": "13032500001318000000"}
"""Type of a point → its code: a waypoint. Other points have a glyph."""

_TYPE = re.compile(r"[a-z](?:-[A-Za-z0-9.]+)*", re.ASCII)
_CRAFT: Final = {
    "A": ("aircraft", re.compile(r"ICAO[-.]?([0-9a-f]{6})", re.IGNORECASE | re.ASCII)),
    "S": ("vessel", re.compile(r"MMSI[-.]?([1-9]\d{8})", re.IGNORECASE | re.ASCII)),
}
"""Dimension of an atom → kind of the craft that its uid may name."""
_GRAPHIC = re.compile(r"b-m-[rp](?:-.*)?|u-d(?:-.*)?")


class Report(NamedTuple):
    """One event, from XML or protobuf. Degrees, metres; None for what is not known."""

    uid: str
    type: str
    how: str
    opex: str
    access: str
    times: tuple[str | int, str | int]
    """time and stale, as they stand there."""
    place: tuple[str | float, str | float]
    """lat and lon, as they stand there."""
    hae: float | None
    ce: float | None
    detail: Element | None


class Decoder:
    """Reads the bytes of one connection, datagram or file, cut anywhere."""

    def __init__(self) -> None:
        self.counts = Counts()
        self._pieces = Pieces()

    def feed(self, chunk: bytes, context: Context) -> Iterator[Outcome]:
        return self._read(self._pieces.feed(chunk), context)

    def close(self, context: Context) -> Iterator[Outcome]:
        return self._read(self._pieces.close(), context)

    def _read(self, pieces: Iterable[Any], context: Context) -> Iterator[Outcome]:
        for piece in pieces:
            if piece.trouble:
                outcomes: Sequence[Outcome] = [Reject(piece.trouble, piece.offset, piece.raw)]
            else:
                outcomes = attempt(partial(_outcomes, piece.raw, context), piece.offset, piece.raw)
            self.counts.take(outcomes)
            yield from outcomes


def _outcomes(raw: bytes, context: Context) -> Iterator[Outcome]:
    """The events of one report; none for what is no business of ours."""
    report = _from_xml(raw) if raw.startswith(b"<") else _from_message(message(raw))
    if report is None:
        return
    if not _TYPE.fullmatch(report.type):
        raise Unreadable(f"type {report.type[:40]!r} is none" if report.type else "an event without a type")
    deleted = report.type == "t-x-d-d"
    if not (deleted or report.type.startswith("a-") or _GRAPHIC.fullmatch(report.type)):
        return
    why, play = _play(report)
    if play and observed(context):
        raise Unreadable(f"{why}: {play}, not real")
    at, stale = (_time(said) for said in report.times)
    if at is None:
        raise Unreadable("no time: its age cannot be told")
    if deleted:
        for subject in _deleted(report):
            yield tell(NAME, subject, at, Gone("deleted by its source"), context)
        return
    own: dict[str, Scalar] = {} if stale is None or stale < at else {"stale_s": round((stale - at) / 1000)}
    mark = marking(play, _access(report.access))
    said = _atom(report, own, mark) if report.type.startswith("a-") else _graphic(report, own, mark)
    for subject, body in said:
        yield tell(NAME, subject, at, body, context)


def _play(report: Report) -> tuple[str, str]:
    """What says that it is not of the real world, and what it is instead; empty when it is."""
    mode = MODES.get(report.opex.partition("-")[0].strip().lower(), "not operations")
    if mode:
        return f"its opex is {report.opex[:40]!r}", mode
    if report.how == "m-s" or report.how.startswith("m-s-"):
        return f"its how is {report.how[:40]!r}", "simulation"
    if report.type[:4] in ("a-j-", "a-k-"):
        return f"a {SIDES[report.type[2]][1]}", "exercise"
    return "", ""


def _access(said: str) -> str:
    plain = " ".join(said.split())
    return "" if plain.lower() in ("undefined", "unrestricted", "none") else plain[:60]


# -- what it is and where ---------------------------------------------------------------------------------------------


def _subject(uid: str, type_: str) -> str:
    """What a uid of that type is."""
    if not type_.startswith("a-"):
        return f"graphic:{key(uid, 'uid')}"
    kind, named = _CRAFT.get(type_[4:5], ("", None))
    if named and (found := named.fullmatch(uid.strip())):
        return f"{kind}:{found[1].lower()}"
    return f"unit:{key(uid, 'uid')}"


def _deleted(report: Report) -> Iterator[str]:
    """Everything that the link may mean: where it names no type, a unit and a graphic."""
    links = () if report.detail is None else report.detail.iterchildren("{*}link")
    found = [(each.get("uid") or "", each.get("type") or "") for each in links]
    if not any(uid for uid, _ in found):
        raise Unreadable("a deletion that names nothing")
    for uid, type_ in found:
        known = type_.startswith("a-") or _GRAPHIC.fullmatch(type_)
        yield from dict.fromkeys(_subject(uid, each) for each in ((type_,) if known else ("a-u-G", "u-d")))


def _atom(report: Report, own: dict[str, Scalar], mark: str) -> Iterator[tuple[str, Body]]:
    """Where it is, and what it is called."""
    subject, detail = _subject(report.uid, report.type), report.detail
    track, group = child(detail, "track"), child(detail, "__group")
    place = _place(report)
    if place:
        course, speed = (_known(track, name) for name in ("course", "speed"))
        course = None if course is None or not 0 <= course <= 360 else course % 360
        speed = None if speed is None or speed < 0 else speed
        yield subject, Sighted(*place, course, speed, report.ce, _altitude(place, report.hae))
    side = report.type[2:3]
    properties: dict[str, Scalar] = {
        "cot_type": report.type,
        "affiliation": SIDES.get(side, SIDES["u"])[1],
        "group": _attribute(group, "name"),
        "role": _attribute(group, "role"),
        "text": _remarks(detail),
    }
    sidc = code(side, report.type[4:]) if subject.startswith("unit:") else ""
    known, basis = _said(properties | own), _how(report.how)
    yield subject, Described(_name(detail), sidc=sidc, properties=known, basis=basis, marking=mark)


def _graphic(report: Report, own: dict[str, Scalar], mark: str) -> Iterator[tuple[str, Body]]:
    """A line, an outline or a point, with its name."""
    detail, place = report.detail, _place(report)
    path, closed = _path(report, place)
    if closed and path and path[0] != path[-1]:
        path = (*path, path[0])
    place = place or (path[0] if path else None)
    lon, lat = place or (None, None)
    fence = child(detail, "__geofence")
    form = "route" if report.type.startswith("b-m-r") else "line" if path else "point"
    properties: dict[str, Scalar] = {
        "cot_type": report.type,
        "form": "area" if len(path) > 3 and path[0] == path[-1] else form,
        "geofence": "" if fence is None else _attribute(fence, "trigger") or "yes",
        "method": _attribute(child(detail, "link_attr"), "method"),
        "text": _remarks(detail),
    }
    known = _said(properties | own)
    sidc = POINTS.get(report.type, "")
    body = Described(_name(detail), (), lon, lat, path, sidc, (), known, _how(report.how), mark)
    yield _subject(report.uid, report.type), body


def _path(report: Report, place: Point | None) -> tuple[tuple[Point, ...], bool]:
    """The vertices of a route or a drawing, and whether they are an outline."""
    detail = report.detail
    links = [] if detail is None else [each.get("point") for each in detail.iterchildren("{*}link")]
    vertices = [said.split(",") for said in links if said]
    closed = report.type.startswith(("u-d-r", "u-d-c")) or child(detail, "fillColor") is not None
    shape = child(detail, "shape")
    line, round_ = child(shape, "polyline"), child(shape, "ellipse")
    if line is not None:
        closed = closed or line.get("closed") == "true"
        vertices.extend([each.get("lat") or "", each.get("lon") or ""] for each in line.iterchildren("{*}vertex"))
    if not vertices and round_ is not None and place:
        major, minor, turned = (number(round_.get(name) or "") for name in ("major", "minor", "angle"))
        if major is None or minor is None:
            raise Unreadable("an ellipse without its axes")
        return ellipse(place, minor, major, turned or 0.0), True  # its angle is the bearing of the major axis
    return tuple(_vertex(each) for each in vertices), closed


def _vertex(said: list[str]) -> Point:
    lat, lon = (number(part) for part in (*said, "", "")[:2])
    if lat is None or lon is None:
        raise Unreadable(f"a vertex {','.join(said)[:60]!r} that is no position")
    return lon, lat


def _place(report: Report) -> Point | None:
    """(lon, lat); None for 0, 0, where clients are that have no position."""
    lat, lon = (said if isinstance(said, float) else number(said) for said in report.place)
    if lat is None or lon is None:
        raise Unreadable("no position" if "" in report.place else f"position {report.place} is none"[:80])
    return None if lat == lon == 0 else (lon, lat)


def _altitude(place: Point, hae: float | None) -> float | None:
    """Metres above the sea for a height above the ellipsoid, where that is known; 0 is what nobody filled in."""
    if not hae or not all(low <= value <= high for value, (low, high) in zip(place, GEOID, strict=True)):
        return None
    return round(hae - GEOID_M)


def _time(said: str | int) -> Millis | None:
    """ms UTC of ISO 8601, which CoT has in UTC, or of protobuf, where 0 is nothing."""
    if isinstance(said, str):
        return moment(said, UTC) if said.strip() else None
    if said >= LATEST:
        raise Unreadable(f"time {said} is beyond the calendar")
    return said or None


def _name(detail: Element | None) -> str:
    said = _attribute(child(detail, "contact"), "callsign") or _attribute(child(detail, "uid"), "Droid")
    return said[:200]


def _remarks(detail: Element | None) -> str:
    return text(detail, "remarks")[:500]


def _how(said: str) -> str:
    return next((HOWS[part] for part in (said[:3], said[:1]) if part in HOWS), "")


def _attribute(element: Element | None, name: str) -> str:
    return "" if element is None else " ".join((element.get(name) or "").split())[:200]


def _known(element: Element | None, name: str) -> float | None:
    return None if element is None else _measure(number(element.get(name) or ""))


def _said(properties: dict[str, Scalar]) -> dict[str, Scalar]:
    return {name: said for name, said in properties.items() if said != ""}


def _measure(value: float | None) -> float | None:
    return None if value is None or abs(value) >= UNKNOWN else value


def _radius(value: float | None) -> float | None:
    """An error of no metres is one that nobody told."""
    found = _measure(value)
    return None if found is None or found <= 0 else found


# -- the two forms ----------------------------------------------------------------------------------------------------


def _from_xml(raw: bytes) -> Report:
    try:
        root = parse(raw)
    except Broken as error:
        raise Unreadable(f"not well-formed: {_line(error)}") from None
    point = child(root, "point")
    said: list[str] = [root.get(name) or "" for name in ("uid", "type", "how", "opex", "access")]
    place: list[str] = ["", ""] if point is None else [point.get(name) or "" for name in ("lat", "lon")]
    hae, ce = (None if point is None else number(point.get(name) or "") for name in ("hae", "ce"))
    times = (root.get("time") or "", root.get("stale") or "")
    return Report(
        said[0], said[1].strip(), said[2], said[3], said[4],
        times, (place[0], place[1]), _measure(hae), _radius(ce), child(root, "detail"),
    )  # fmt: skip


def _from_message(told: Any) -> Report | None:
    """The event of a TakMessage; None for one that only controls the protocol."""
    if told is None or not told.HasField("cotEvent"):
        return None
    said = told.cotEvent
    detail: Element | None = None
    if said.HasField("detail"):
        try:
            detail = parse(f"<detail>{said.detail.xmlDetail}</detail>".encode())
        except Broken as error:
            raise Unreadable(f"its xmlDetail is not well-formed: {_line(error)}") from None
        for field, holder in said.detail.ListFields():
            if field.name != "xmlDetail":
                held = {part.name: _printable(str(getattr(holder, part.name))) for part in holder.DESCRIPTOR.fields}
                detail.append(etree.Element("__group" if field.name == "group" else field.name.lower(), held))
    return Report(
        said.uid, said.type.strip(), said.how, said.opex, said.access, (said.sendTime, said.staleTime),
        (float(said.lat), float(said.lon)), _measure(number(str(said.hae))), _radius(number(str(said.ce))), detail,
    )  # fmt: skip


def _printable(said: str) -> str:
    """Without what XML has no letters for."""
    return "".join(letter for letter in said if letter.isprintable())


def _line(error: Exception) -> str:
    """Why, in one line."""
    return " ".join(str(error).split())[:160]


SOURCE = Source(
    name=NAME,
    title="Cursor on Target",
    domain="land",
    nations=("EE", "LV", "LT"),
    kinds=("unit", "graphic", "aircraft", "vessel"),
    transport="tcp",
    formats="CoT 2.0 XML events one after the other, or TAK protocol version 1 (protobuf), as stream or datagrams",
    licence="Of the network's owner",
    attribution="Tactical network (TAK)",
    address="tcp://127.0.0.1:8087",
    others=(("cot-tls", "tls://127.0.0.1:8089"), ("cot-udp", "udp://239.2.3.1:6969")),
    rate_s=60.0,
    stale_s=600.0,
    identity="uid",
    grid="WGS 84 degrees, lat before lon",
    complete=False,
    mapping=(
        ("uid of an atom (a-…)", "subject unit:<uid>, blanks as _"),
        ("uid ICAO-<hex> of an atom in the air (a-…-A), MMSI-<number> at sea (a-…-S)", "subject aircraft:, vessel:"),
        ("uid of b-m-r…, b-m-p…, u-d…", "subject graphic:<uid>"),
        ("type a-<side>-…", "described.sidc of units, described.properties.cot_type, affiliation"),
        ("time (protobuf sendTime)", "at"),
        ("stale", "described.properties.stale_s: seconds after time for which the report is good"),
        ("point lat, lon; 0, 0 is no position", "sighted.lon, sighted.lat; described of graphics"),
        ("point ce; 0 and from 999999 unknown", "sighted.accuracy"),
        ("point hae less 21 m in the region; 0, from 999999 and elsewhere unknown", "sighted.altitude"),
        ("track course, speed; below 0 and from 999999 unknown", "sighted.course, sighted.speed (m/s)"),
        ("contact callsign, else uid Droid", "described.name"),
        ("__group name, role; remarks; how", "described.properties.group, role, text; described.basis"),
        (
            "link point, shape polyline vertex, shape ellipse",
            "described.path; closed for rectangles, ellipses and what has a fillColor",
        ),
        ("link_attr method, __geofence trigger", "described.properties.method, geofence"),
        ("t-x-d-d with link uid", "gone; a unit and a graphic where the link has no type"),
        ("opex e, s or other than o; how m-s; joker, faker", "rejected from an observed feed, else described.marking"),
        ("access", "described.marking"),
        ("chat (b-t-f), files, images, alarms, pings (t-x-…), replies", "ignored"),
    ),
    quirks=(
        ("test_chat_at_0_0_is_ignored", "chat stands at 0, 0"),
        ("test_0_0_is_no_position", "a client without a position says that it is at 0, 0"),
        ("test_9999999_and_999999_mean_unknown", "9999999 and 999999 stand for what is not known"),
        ("test_what_is_played_may_not_enter_the_real_world", "opex tells an exercise or a simulation from operations"),
        ("test_a_height_above_the_ellipsoid_is_not_above_the_sea", "hae is a height above the ellipsoid"),
        ("test_xml_and_protobuf_say_the_same", "the same port speaks XML and protobuf, in two framings"),
        ("test_events_are_found_wherever_the_stream_is_cut", "documents follow each other without a separator"),
        ("test_a_longer_event_is_rejected_and_the_next_is_read", "an event without an end would fill the memory"),
        ("test_a_deletion_withdraws_what_it_links", "t-x-d-d deletes what its link names, often without a type"),
        ("test_a_uid_with_blanks_is_a_name", "a uid may hold blanks"),
    ),
    decoder=Decoder,
    datagrams="message",
)
