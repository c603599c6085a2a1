"""How are the Estonian road restrictions of Tark Tee read? DATEX II, or the layer of its map as GeoJSON.

The bytes tell the form. DATEX II is read as any other (`feeds.sources.datex2`); the layer's features are read here,
each on its own bytes. A layer that stands still answers 200 like a living one, so a feature is as old as its own last
change, and one without any time is rejected. A feature that has not begun and tells no other time than its future ones
is passed over until it begins: nothing says how old it is, and an event must not be younger than the clock. A feature
that has ended is passed over too: the layer keeps its archive.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from cop.event import Described, Millis, Scalar, Status
from cop.geo import Point, axis_order, length, line_to_wgs84, middle
from feeds.adapter import Context, Outcome, Records, Reject, Request, Source, Unreadable, attempt, json_list, tell
from feeds.ee_words import plain, rules
from feeds.sources import datex2

NAME: Final = "ee-tarktee"
TALLINN: Final = ZoneInfo("Europe/Tallinn")
DEGREES, L_EST97 = 4326, 3301
WEST, EAST, SOUTH, NORTH = 21.3, 28.4, 57.4, 60.0
"""The bounds of Estonia, degrees."""

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "id": ("globalid", "id", "objectid", "fid"),
    "changed": ("last_edited_date", "edited", "updated", "last_updated_at", "modified", "created_date", "created"),
    "since": ("date_from",),
    "until": ("date_to",),
}
"""What is read from a feature's properties, in lower case and in order of preference."""
UNKNOWN: Final = frozenset({"", "-", "—", "n/a", "none", "null", "unknown"})

_ID = re.compile(r"[\w.:{}-]{1,64}", re.ASCII)

Fields = dict[str, Any]


class _Told(msgspec.Struct, frozen=True):
    """What a layer's answer says of itself."""

    error: Any = None
    exceeded: Any = msgspec.field(default=None, name="exceededTransferLimit")
    properties: Any = None


def read(payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
    """Read one answer of either form: for each record its events, or one reject, or nothing."""
    head = payload.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head:
        yield [Reject("an empty answer, which is not an empty publication", 0, payload)]
    elif head.startswith((b"{", b"[")):
        yield from _layer(payload, context)
    else:
        yield from datex2.read(payload, context, name=NAME)


def _layer(payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
    try:
        told = _whole(payload)
        records = list(json_list(payload, "features"))
    except Unreadable as error:
        yield [Reject(str(error), 0, payload)]
        return
    seen: set[str] = set()
    for offset, raw in records:
        yield attempt(partial(_outcomes, raw, seen, context), offset, raw)
    beside = told.properties if isinstance(told.properties, dict) else {}  # where newer services say it
    if told.exceeded or beside.get("exceededTransferLimit"):
        yield [Reject("the service has more records than this answer holds", 0, b"")]


def _whole(payload: bytes) -> _Told:
    """What stands beside the features. Raises `Unreadable` when the answer is no list of features."""
    try:
        told = msgspec.json.decode(payload.removeprefix(b"\xef\xbb\xbf"), type=_Told)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError, UnicodeDecodeError) as error:
        raise Unreadable(f"not the JSON that was expected: {error}"[:200]) from None
    if told.error is not None:
        message = told.error.get("message") if isinstance(told.error, dict) else told.error
        raise Unreadable(f"an error instead of features: {message}"[:200])
    return told


def _outcomes(raw: bytes, seen: set[str], context: Context) -> Iterator[Outcome]:
    record, geometry = _fields(raw)
    key = _text(record, *FIELDS["id"])
    if not _ID.fullmatch(key):
        raise Unreadable(f"id {key[:80]!r} is not an id" if key else "a feature without an id")
    if key in seen:
        raise Unreadable(f"the id {key} is there twice")
    seen.add(key)
    changed, since, until = (_time(record, field, context) for field in ("changed", "since", "until"))
    if since is not None and until is not None and until < since:
        raise Unreadable("it ends before it begins")
    if until is not None and until <= context.received:
        return
    at = since if changed is None else changed
    if at is None:
        raise Unreadable("no time of its own: its age cannot be told")
    if changed is None and at > context.received:
        return
    point, path = _geometry(geometry)
    text = _text(record, "extra_info")
    cause, effect = (plain(_text(record, column)) for column in ("cause", "effect"))
    found = rules(cause, effect, text)
    road, name = _text(record, "road_nr"), _text(record, "road_name")
    told = {
        "category": found.category,
        "cause": ", ".join(filter(None, (cause, effect))),
        "roads": road or name,
        "text": text,
        "detour": _text(record, "detour_comment", "detour_description"),
    }
    properties: dict[str, Scalar] = {key: value[:2000] for key, value in told.items() if value}
    lon, lat = point or (None, None)
    title = " ".join(filter(None, (road, name))) or effect or found.category
    body = Described(title[:80], ("EE",), lon, lat, path, "", found.limits, properties, "Tark Tee, layer of its map")
    reason = "; ".join(filter(None, (found.reason, text))) or effect or cause
    measures = {} if found.speed is None else {"speed_kmh": found.speed}
    for said in (body, Status(found.state, since, until, reason[:300], measures)):
        yield tell(NAME, f"roadevent:EE:{key}", at, said, context)


# -- where ------------------------------------------------------------------------------------------------------------


def _geometry(geometry: Any) -> tuple[Point | None, tuple[Point, ...]]:
    """The place and the longest line; neither when there is no geometry: then it is listed and not drawn."""
    if geometry is None:
        return None, ()
    form = geometry.get("type") if isinstance(geometry, dict) else None
    held = geometry.get("coordinates") if isinstance(geometry, dict) else None
    match form:
        case "Point":
            return _placed([held])[0], ()
        case "MultiPoint" | "LineString":
            lines = [held]
        case "MultiLineString":
            lines = held if isinstance(held, list) else [held]
        case _:
            raise Unreadable(f"a geometry of type {str(form)[:40]!r}")
    placed = [_placed(line) for line in lines if line]
    if not placed:
        return None, ()
    line = max(placed, key=length)
    if form == "MultiPoint" or len(line) < 2:
        return line[0], ()
    return middle(line, 6), line


def _placed(line: Any) -> tuple[Point, ...]:
    """The positions in degrees; metres, when the service passes over `outSR`. The numbers tell which and the order."""
    pairs = [_pair(each) for each in line] if isinstance(line, list) and line else []
    if not pairs:
        raise Unreadable("a line without positions")
    for frame in (DEGREES, L_EST97):
        order = axis_order(frame, *pairs[0])
        if order is not None:
            break
    else:
        raise Unreadable(f"position {pairs[0][0]:g}, {pairs[0][1]:g} is not in Estonia")
    placed = line_to_wgs84(frame, pairs, order=order, digits=6)
    for pair, (lon, lat) in zip(pairs, placed, strict=True):
        if not (WEST <= lon <= EAST and SOUTH <= lat <= NORTH):
            raise Unreadable(f"position {pair[0]:g}, {pair[1]:g} is not in Estonia")
    return placed


def _pair(pair: Any) -> tuple[float, float]:
    if not isinstance(pair, list) or len(pair) < 2:
        raise Unreadable(f"{str(pair)[:40]!r} is not a position")
    first, second = (_number(each) for each in pair[:2])
    if first is None or second is None:
        raise Unreadable(f"{str(pair)[:60]} is not a position")
    return first, second


# -- when -------------------------------------------------------------------------------------------------------------


def _time(record: Mapping[str, Any], field: str, context: Context) -> Millis | None:
    """The first of the field's columns that has a value: epoch, or text that is local when it names no zone.

    In the hour that the end of summer time repeats, a restriction begins at the first and ends at the second; a change
    was the later that had passed when we heard it, so that changes stay in order.
    """
    for column in FIELDS[field]:
        said = record.get(column)
        if said is None or str(said).strip().lower() in UNKNOWN or said == 0:
            continue
        number = _number(said)
        if number is not None:
            if 1e9 <= number < 1e10:
                return int(number) * 1000
            if 1e11 <= number < 1e13:
                return int(number)
        try:
            if not isinstance(said, str):
                raise ValueError
            moment = _moment(said.strip())
            if moment.tzinfo is not None:
                return _millis(moment)
            if field == "until" and len(said.strip()) == 10:  # a day ends with its end
                moment += timedelta(days=1)
            first, second = (_millis(moment.replace(tzinfo=TALLINN, fold=fold)) for fold in (0, 1))
        except (ValueError, OverflowError):
            raise Unreadable(f"{column} {str(said)[:40]!r} is not a time") from None
        later = field == "until" or (field == "changed" and second <= context.received)
        return max(first, second) if later else min(first, second)
    return None


def _moment(said: str) -> datetime:
    """ISO 8601, or the day first as Estonians write it."""
    for form in ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y"):
        try:
            return datetime.strptime(said, form)
        except ValueError:
            continue
    return datetime.fromisoformat(said)


def _millis(moment: datetime) -> Millis:
    return int(moment.astimezone(UTC).timestamp() * 1000)


# -- the feature's fields ---------------------------------------------------------------------------------------------


def _fields(raw: bytes) -> tuple[Fields, Any]:
    """(properties with their names in lower case, geometry); the feature's own id counts when they have none."""
    try:
        feature = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Unreadable(f"not JSON: {error}"[:200]) from None
    if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
        raise Unreadable("not a feature with properties")
    own = {"fid": feature.get("id")}
    return own | {str(key).lower(): value for key, value in feature["properties"].items()}, feature.get("geometry")


def _text(record: Mapping[str, Any], *columns: str) -> str:
    """The first of the columns that says something, its blanks made single ones."""
    for column in columns:
        said = record.get(column)
        if isinstance(said, str | int) and not isinstance(said, bool):
            text = " ".join(str(said).split())
            if text.lower() not in UNKNOWN:
                return text
    return ""


def _number(said: Any) -> float | None:
    try:
        number = float(said) if isinstance(said, str | int | float) and not isinstance(said, bool) else math.nan
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


SOURCE = Source(
    name=NAME,
    title="Road restrictions of Estonia (Tark Tee)",
    domain="land",
    nations=("EE",),
    kinds=("roadevent",),
    transport="http",
    formats="DATEX II situation publication, version 2 or 3.6, or the ArcGIS layer of the map as GeoJSON",
    licence="CC BY-NC 4.0",
    attribution="Transpordiamet, Tark Tee",
    address="https://tarktee.transpordiamet.ee/api/v1/datex/restrictions",
    others=(
        ("ee-tarktee-v36", "https://tarktee.transpordiamet.ee/api/v1/datex/v3.6/restrictions"),
        (
            "ee-tarktee-layer",
            "https://tarktee.transpordiamet.ee/tarktee/rest/services/restrictions_traffic/MapServer/1/query"
            "?where=1=1&outFields=*&outSR=4326&f=geojson",
        ),
    ),
    request=Request(key_header="X-DATEX-API-KEY"),
    rate_s=120.0,
    stale_s=86400.0,
    identity="DATEX II: the situation record's id; layer: globalid, else objectid",
    grid="DATEX II: as each position says; layer: WGS 84 degrees, longitude first, or EPSG:3301 metres",
    complete=True,
    mapping=(
        ("DATEX II", "as the source datex2 reads it"),
        ("globalid, objectid, else the feature's id", "subject roadevent:EE:<id>"),
        ("last_edited_date and the like, else date_from that has begun", "at; local time of Tallinn without a zone"),
        ("date_from in the future and no time of a change", "nothing until it begins"),
        ("date_from, date_to", "status.since, status.until; what has ended gives nothing"),
        ("road_nr, road_name", "described.name, properties.roads"),
        ("geometry", "described.path: the longest line; lon, lat: its middle, or the point"),
        ("cause", "described.properties.category, cause"),
        ("effect, extra_info: closed for all", "status.state closed"),
        ("effect, extra_info: closed for some vehicles or at times, or a limit", "status.state restricted"),
        ("effect, extra_info: a lane closed, slower; else a cause that impairs", "status.state degraded"),
        ("effect that is not understood", "status.state unknown, its words in status.reason"),
        ("a mass, axle load, height or width in extra_info", "described.limits (basis text)"),
        ("km/h in extra_info", "status.measures.speed_kmh"),
        ("extra_info", "described.properties.text, status.reason"),
        ("detour_comment", "described.properties.detour"),
        ("exceededTransferLimit", "a reject: the answer is not the whole state"),
    ),
    quirks=(
        ("test_the_addresses_are_on_the_new_host", "The old host tarktee.mnt.ee answers 301: the new one is declared."),
        ("test_a_frozen_layer_makes_no_feature_younger", "A layer that stands still answers 200: age is by feature."),
        ("test_a_feature_without_a_time_is_rejected", "A feature without a time of its own cannot tell its age."),
        (
            "test_what_has_not_begun_waits_unless_its_change_tells_its_age",
            "A planned restriction begins in the future, which is no time at which anything was true.",
        ),
        ("test_what_has_ended_is_passed_over", "The layer keeps restrictions that ended years ago."),
        ("test_more_records_than_the_answer_holds_are_told", "ArcGIS cuts long answers and says it in one flag."),
        ("test_the_bytes_tell_the_form", "The same source answers in XML or JSON, by its address."),
        (
            "test_a_closure_above_a_mass_is_a_limit_and_no_closed_road",
            "A closure for vehicles above a mass is a limit of mass, and the road is not closed.",
        ),
        ("test_an_error_of_the_service_is_no_empty_layer", "ArcGIS answers an error with 200 and JSON."),
    ),
    decoder=lambda: Records(read),
)
