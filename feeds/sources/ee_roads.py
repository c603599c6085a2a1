"""What does the Estonian road register say of its roads? Sections as WFS features: line, surface, width.

Facts of a register and no status: a section says nothing of whether it can be driven now. Each is as old as its last
change in the register, else as the answer says that it is. Features are read one by one on their own bytes, so that a
broken one costs no neighbour and is kept as it came; a reader of whole tables would give neither.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from cop.event import Described, Millis, Scalar
from cop.geo import Point, axis_order, length, line_to_wgs84, middle
from feeds.adapter import Context, Outcome, Records, Reject, Source, Unreadable, attempt, json_list, tell

NAME: Final = "ee-roads"
TALLINN: Final = ZoneInfo("Europe/Tallinn")
L_EST97, DEGREES = 3301, 4326
WIDEST: Final = 60.0
"""Metres beyond which a width is no road's."""

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "road": ("tee_number", "tee_nr", "road_nr", "number"),
    "section": ("oid", "teeosa_oid"),
    "name": ("tee_nimi", "nimi", "nimetus"),
    "carriageway": ("soidutee_nr", "soidutee"),
    "from_km": ("alguskm",),
    "to_km": ("loppkm",),
    "length_m": ("pikkus",),
    "width": ("laius", "kattelaius", "katte_laius", "soidutee_laius", "width"),
    "surface": ("kate_kate_xv",),
    "surface_name": ("kate_kate_val", "kate_yldine", "kate"),
    "changed": ("muudetud_kpv",),
}
"""What is read from a feature's properties, and the register's names for it, in order of preference."""

SURFACES: Final[dict[str, str]] = {
    **dict.fromkeys(("10", "12", "13", "14", "15", "16", "21", "22", "24"), "paved"),
    "27": "gravel, surface treated",
    "31": "gravel",
    "32": "gravel",
    "41": "earth",
}
"""Code of a surface → what it is. Any other (23 macadam, 99 not determined) is unknown: its own name stands beside."""
UNKNOWN: Final = frozenset({"", "-", "n/a", "none", "null"})

_ROAD = re.compile(r"[1-9]\d{0,6}", re.ASCII)
_ID = re.compile(r"[\w.:-]{1,40}", re.ASCII)


class _Told(msgspec.Struct, frozen=True):
    """What an answer says of itself."""

    stamp: Any = msgspec.field(default=None, name="timeStamp")
    matched: Any = msgspec.field(default=None, name="numberMatched")


def read(payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
    """Read one answer: for each section its event, or one reject."""
    try:
        records = _features(payload)
        told = msgspec.json.decode(payload.removeprefix(b"\xef\xbb\xbf"), type=_Told)
        stamp = _time(told.stamp)
    except (Unreadable, msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        yield [Reject(str(error)[:200], 0, payload)]
        return
    seen: set[str] = set()
    for offset, raw in records:
        yield attempt(partial(_outcomes, raw, stamp, seen, context), offset, raw)
    if isinstance(told.matched, int) and told.matched > len(records):
        yield [Reject(f"the answer holds {len(records)} of {told.matched} sections", 0, b"")]


def _features(payload: bytes) -> list[tuple[int, bytes]]:
    """(offset, bytes) of each feature. Raises `Unreadable` when the answer is no collection of them."""
    head = payload.lstrip(b"\xef\xbb\xbf \t\r\n")[:4000]
    if head.startswith(b"<") and (found := re.search(rb"<(?:\w+:)?ExceptionText>([^<]{1,150})", head)):
        raise Unreadable(f"an error of the service: {' '.join(found[1].decode('utf-8', 'replace').split())}")
    if head.startswith(b"<") and b"FeatureCollection" in head:
        raise Unreadable("GML instead of JSON: the address must ask for GeoJSON")
    return list(json_list(payload, "features"))


def _outcomes(raw: bytes, stamp: Millis | None, seen: set[str], context: Context) -> Iterator[Outcome]:
    try:
        feature = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Unreadable(f"not JSON: {error}"[:200]) from None
    if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
        raise Unreadable("not a feature with properties")
    record = feature["properties"]
    road, section = _text(record, "road").removesuffix(".0"), _text(record, "section")
    if not _ROAD.fullmatch(road):
        raise Unreadable(f"road {road[:40]!r} is not the number of a road" if road else "a section of no road")
    if section and not _ID.fullmatch(section):
        raise Unreadable(f"section {section[:60]!r} is not an id")
    key = f"{road}-{section}" if section else road
    if key in seen:
        raise Unreadable(f"the section {key} is there twice")
    seen.add(key)
    changed = _time(record.get(FIELDS["changed"][0]))
    at = stamp if changed is None else changed
    if at is None:
        raise Unreadable("neither a change of its own nor the answer's time: its age cannot be told")
    path = _path(feature.get("geometry"))
    lon, lat = middle(path, 6)
    width = _number(record, "width")
    roadway = width if width and 0 < width <= WIDEST else None  # of the road: no limit that a sign sets
    told: dict[str, Scalar] = {
        "road": road,
        "surface": SURFACES.get(_text(record, "surface")),
        "surface_name": _text(record, "surface_name")[:80] or None,
        "carriageway": _text(record, "carriageway")[:20] or None,
        "roadway_m": roadway,
        **{name: _number(record, name) for name in ("from_km", "to_km", "length_m")},
    }
    properties: dict[str, Scalar] = {name: value for name, value in told.items() if value is not None}
    name = " ".join(filter(None, (road, _text(record, "name"))))[:80]
    body = Described(name, ("EE",), lon, lat, path, "", (), properties, "Estonian road register")
    yield tell(NAME, f"road:EE:{key}", at, body, context)


def _path(geometry: Any) -> tuple[Point, ...]:
    """The longest line in degrees. The numbers tell frame and order, for in Estonia no easting is also a northing."""
    held = geometry.get("coordinates") if isinstance(geometry, dict) else None
    match geometry.get("type") if isinstance(geometry, dict) else None:
        case "LineString":
            lines = [held]
        case "MultiLineString" if isinstance(held, list):
            lines = held
        case form:
            raise Unreadable(f"a section without a line: its geometry is {str(form)[:40]!r}")
    return max((_placed(line) for line in lines or [None]), key=length)


def _placed(line: Any) -> tuple[Point, ...]:
    pairs = [_pair(each) for each in line] if isinstance(line, list) else []
    if len(pairs) < 2:
        raise Unreadable("a line of fewer than two positions")
    for frame in (L_EST97, DEGREES):
        orders = {axis_order(frame, *pair) for pair in pairs}
        if len(orders) == 1 and (order := orders.pop()) is not None:
            return line_to_wgs84(frame, pairs, order=order, digits=6)
    raise Unreadable(f"positions from {pairs[0][0]:g}, {pairs[0][1]:g} on are not all in Estonia in one order")


def _pair(pair: Any) -> tuple[float, float]:
    match pair:
        case [int() | float() as first, int() | float() as second, *_] if math.isfinite(first + second):
            return float(first), float(second)
    raise Unreadable(f"{str(pair)[:60]} is not a position")


def _time(said: Any) -> Millis | None:
    """ISO 8601, local when it names no zone; a day is its beginning."""
    if said is None or str(said).strip().lower() in UNKNOWN:
        return None
    try:
        if not isinstance(said, str):
            raise ValueError
        moment = datetime.fromisoformat(said.strip().replace("/", "-"))
        return int((moment if moment.tzinfo else moment.replace(tzinfo=TALLINN)).astimezone(UTC).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Unreadable(f"{str(said)[:40]!r} is not a time") from None


def _text(record: Mapping[str, Any], field: str) -> str:
    """The first of the field's columns that says something, its blanks made single ones."""
    for column in FIELDS[field]:
        said = record.get(column)
        if isinstance(said, str | int | float) and not isinstance(said, bool):
            text = " ".join(str(said).split())
            if text.lower() not in UNKNOWN:
                return text
    return ""


def _number(record: Mapping[str, Any], field: str) -> float | None:
    """The number, in the register's own unit; a decimal comma is one."""
    try:
        number = float(_text(record, field).replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


SOURCE = Source(
    name=NAME,
    title="Road register of Estonia",
    domain="land",
    nations=("EE",),
    kinds=("road",),
    transport="http",
    formats="WFS 2.0 GetFeature as GeoJSON",
    licence="CC BY 4.0",
    attribution="Transpordiamet, Estonian road register",
    address="https://teeregister.mnt.ee/290424/wfs?service=WFS&version=2.0.0&request=GetFeature&typeNames=ms:n_kate"
    "&srsName=EPSG:3301&outputFormat=application/json%3B%20subtype%3Dgeojson"
    "&filter=%3Cfes:Filter%20xmlns:fes=%22http://www.opengis.net/fes/2.0%22%3E%3Cfes:PropertyIsLessThan%3E"
    "%3Cfes:ValueReference%3Etee_number%3C/fes:ValueReference%3E%3Cfes:Literal%3E100%3C/fes:Literal%3E"
    "%3C/fes:PropertyIsLessThan%3E%3C/fes:Filter%3E",
    rate_s=86400.0,
    stale_s=3 * 86400.0,
    identity="the road's number and the register's oid of the section",
    grid="EPSG:3301 metres; the numbers tell whether the northing or the easting comes first",
    complete=True,
    mapping=(
        ("tee_number, oid", "subject road:EE:<road number>-<oid>"),
        ("muudetud_kpv, else the answer's timeStamp", "at; local time of Tallinn without a zone"),
        ("tee_number, tee_nimi, nimi", "described.name, properties.road"),
        ("geometry", "described.path: the longest line; lon, lat: its middle"),
        ("laius and the like", "described.properties.roadway_m, when it is a width"),
        ("kate_kate_xv", "described.properties.surface; a code that is not understood gives none"),
        ("kate_kate_val, else kate_yldine", "described.properties.surface_name"),
        ("soidutee_nr, alguskm, loppkm, pikkus", "described.properties.carriageway, from_km, to_km, length_m"),
        ("inspire_surfacecategory", "not read"),
        ("numberMatched above what came", "a reject: the answer is not the whole state"),
    ),
    quirks=(
        (
            "test_northing_first_and_easting_first_are_the_same_place",
            "EPSG:3301 is northing first by its definition, and GeoJSON writers differ.",
        ),
        ("test_a_register_says_nothing_of_bridges_or_states", "The register has no layer of bridges, and no states."),
        (
            "test_a_gravel_road_that_inspire_calls_paved_is_gravel",
            "inspire_surfacecategory calls gravel roads paved: it is not read.",
        ),
        (
            "test_a_part_of_the_register_is_told",
            "The service cuts long answers: numberMatched says how many there are.",
        ),
        ("test_an_exception_of_the_service_is_no_empty_register", "The service answers exceptions in XML."),
    ),
    decoder=lambda: Records(read),
)
