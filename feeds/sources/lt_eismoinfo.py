"""How are the Lithuanian road events of eismoinfo.lt read?

Three forms carry the same records: the layer of restrictions (LKS-94 metres), an ArcGIS answer (wkid 2600, which is
EPSG:3346) and the open list of restrictions (degrees). Each record stands on its own bytes, so a broken one costs no
neighbour. A record without a time of its own is rejected: nobody could tell a living restriction from a frozen list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from cop.event import Described, Limit, Millis, Scalar, State, Status
from cop.geo import Point, length
from feeds import lt_notices
from feeds.adapter import Context, Outcome, Records, Reject, Source, Unreadable, attempt, tell
from feeds.eismoinfo import Fields, Role, number, placed, records, when
from feeds.eismoinfo import fields as plain_fields
from feeds.lt_notices import HEAVIEST, IMPAIRED

NAME: Final = "lt-eismoinfo"

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "id": ("_id", "id", "globalid", "objectid"),
    "name": ("name", "shortdescription", "pavadinimas"),
    "text": ("description", "tooltip", "aprasymas"),
    "road": ("street", "road", "kelionr", "kelias"),
    "direction": ("direction", "kryptis"),
    "changed": ("updatetime", "updatedate", "last_edited_date", "creationtime", "created_date"),
    "since": ("starttime", "datefrom", "data_nuo"),
    "until": ("endtime", "dateto", "data_iki"),
}
"""What is read from a record, and the names that the forms have for it, in lower case and in order of preference."""

KINDS: Final[dict[str, tuple[str, str]]] = {
    "weightlimit": ("mass_t", "t"),
    "axleloadlimit": ("axle_t", "t"),
    "heightlimit": ("height_m", "m"),
    "widthlimit": ("width_m", "m"),
    "lengthlimit": ("length_m", "m"),
}
"""Kind of restriction → what it limits, and the unit. `speedLimit` and the closures are no limits of size."""
CLOSURES: Final = frozenset({"roadclosed", "closed"})
ICONS: Final = {"76": "speedlimit"}
"""The icons whose meaning is known, for restrictions that have no kind. Any other stays unknown."""

_ID = re.compile(r"[\w.:{}-]{1,64}", re.ASCII)
_ROAD = re.compile(r"[AE]?\d{1,4}\b")
_FRAME = re.compile(rb'"(latestWkid|wkid)"\s*:\s*(\d{4,6})')


class _Rules(msgspec.Struct, frozen=True):
    """What a record restricts."""

    state: State
    limits: tuple[Limit, ...]
    speed: float | None
    reason: str


def read(payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
    """Read one answer: for each record its two events, or one reject."""
    frames = {key: int(number) for key, number in _FRAME.findall(payload)}
    epsg = frames.get(b"latestWkid") or frames.get(b"wkid")
    seen: set[str] = set()
    for offset, raw, trouble in records(payload):
        if trouble:
            yield [Reject(trouble, offset, raw)]
        else:
            yield attempt(partial(_outcomes, raw, epsg, seen, context), offset, raw)


def _outcomes(raw: bytes, epsg: int | None, seen: set[str], context: Context) -> Iterator[Outcome]:
    record = _fields(raw)
    key, name, text = (_text(record, field) for field in ("id", "name", "text"))
    if not _ID.fullmatch(key):
        raise Unreadable(f"id {key[:80]!r} is not an id" if key else "a record without an id")
    if key.upper().startswith("TEST") or lt_notices.is_test(name) or lt_notices.is_test(text):
        raise Unreadable("a test row")
    if key in seen:
        raise Unreadable(f"the id {key} is there twice")
    since, until = _time(record, "since", context), _time(record, "until", context)
    at = _time(record, "changed", context)
    if at is None:
        at = since
    if at is None:
        raise Unreadable("no time of its own: its age cannot be told")
    point, path = _geometry(record, epsg)
    rules = _rules(record, f"{name}. {text}")
    category = _category(record, name, text, rules)
    if rules.state == "unknown" and not rules.reason and category in IMPAIRED:
        rules = msgspec.structs.replace(rules, state="degraded")
    properties: dict[str, Scalar] = {"category": category}
    told = {
        "cause": ", ".join(str(record[key]) for key in ("type", "subtype") if record.get(key)) or name,
        "roads": _roads(_text(record, "road")),
        "direction": _text(record, "direction"),
        "text": text,
    }
    properties |= {key: value[:2000] for key, value in told.items() if value}
    for column, own in (("from_km", "pradziakm"), ("to_km", "pabaigakm")):
        if isinstance(record.get(own), int | float):
            properties[column] = float(record[own])
    lon, lat = point or (None, None)
    body = Described(
        (name or text or category)[:80], ("LT",), lon, lat, path, "", rules.limits, properties, "eismoinfo.lt"
    )
    reason = "; ".join(part for part in (rules.reason, text or name) if part)[:300]
    measures = {} if rules.speed is None else {"speed_kmh": rules.speed}
    subject = f"roadevent:LT:{key}"
    for said in (body, Status(rules.state, since, until, reason, measures)):
        yield tell(NAME, subject, at, said, context)
    seen.add(key)


# -- what is restricted -----------------------------------------------------------------------------------------------


def _rules(record: Fields, text: str) -> _Rules:
    """Closed only when nobody may pass: a closure for vehicles over 12 t is a limit of 12 t."""
    limits: dict[tuple[str, float], Limit] = {}
    speeds: list[float] = []
    unclear: list[str] = []
    text = lt_notices.without_detour(text)
    masses = lt_notices.masses(text)
    some_only = bool(masses) or lt_notices.for_some_only(text)
    shut: list[bool] = []  # for each closure: for all?
    for each in _restrictions(record):
        kind = str(each.get("restrictiontype") or ICONS.get(str(each.get("icon")), "")).lower()
        value = _positive(each.get("value", each.get("iconvalue")))
        if kind in CLOSURES:
            shut.append(str(each.get("transporttype") or "all").lower() == "all" and value is None and not some_only)
            if value is None:
                continue
            kind = "weightlimit"  # of the vehicles that it is closed for
        if kind in KINDS and value is not None and value <= HEAVIEST:
            what, unit = KINDS[kind]
            limits[what, value] = Limit(what, value, unit, "field")
        elif kind == "speedlimit" and value is not None:
            speeds.append(value)
        else:
            unclear.append(kind or f"icon {each.get('icon')}")
    if not shut and lt_notices.closes(text):
        shut.append(not some_only)
    limits = {(mass.what, mass.value): mass for mass in masses} | limits
    speeds = speeds or lt_notices.speeds(text)
    reason = f"a restriction that is not understood: {', '.join(unclear)}"[:120] if unclear else ""
    state = _state(shut, bool(limits), bool(speeds), bool(unclear), lt_notices.opens(text))
    return _Rules(state, tuple(limits.values()), min(speeds, default=None), reason)


def _state(shut: Sequence[bool], limited: bool, slow: bool, unclear: bool, said_open: bool) -> State:
    """What is not understood is never better than unknown."""
    if any(shut):
        return "closed"
    if limited or shut:
        return "restricted"
    if unclear:
        return "unknown"
    return "degraded" if slow else "open" if said_open else "unknown"


def _restrictions(record: Fields) -> Iterator[Fields]:
    """The record's restrictions; in a flat form the record is one itself."""
    listed = record.get("restrictions")
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict):
            yield {str(key).lower(): value for key, value in each.items()}
    if "restrictiontype" in record:
        yield record


def _category(record: Fields, name: str, text: str, rules: _Rules) -> str:
    """What the driver would call it: by its name and type, then by what it limits, then by its text."""
    if rules.state == "closed":
        return "closure"
    head = f"{name} {record.get('type') or ''} {record.get('subtype') or ''}"
    weighs = any(limit.what in ("mass_t", "axle_t") for limit in rules.limits)
    by_name, by_text = (lt_notices.category(each) for each in (head, text))
    return by_name or ("weight_limit" if weighs else "") or by_text or "other"


# -- where ------------------------------------------------------------------------------------------------------------


def _geometry(record: Fields, epsg: int | None) -> tuple[Point | None, tuple[Point, ...]]:
    """The place and the longest line; neither when the record has no geometry: then it is listed and not drawn."""
    lines = [placed(line, epsg) for line in _lines(record) if line]
    path = max((line for line in lines if len(line) > 1), key=length, default=())
    points = record.get("points")
    marks = [each.get("point") for each in points if isinstance(each, dict)] if isinstance(points, list) else []
    if isinstance(record.get("x"), int | float):
        marks.append([record["x"], record.get("y")])
    if marks:
        return placed([marks[0]], epsg)[0], path
    if path or lines:
        line = path or lines[0]
        return line[len(line) // 2], path
    return None, ()


def _lines(record: Fields) -> Iterator[Any]:
    """Every line of the record, as lists of pairs."""
    holders = [record, *(each.get("lines") for each in _restrictions(record))]
    for holder in holders:
        paths = holder.get("paths") if isinstance(holder, dict) else None
        yield from paths if isinstance(paths, list) else ()
    if isinstance(text := record.get("polyline"), str):
        numbers = re.split(r"[\s,]+", text.strip())
        if len(numbers) % 2:
            raise Unreadable("a polyline with half a position")
        yield list(zip(numbers[::2], numbers[1::2], strict=True))


def _roads(street: str) -> str:
    """The road's number when the street begins with one."""
    found = _ROAD.match(street)
    return found[0] if found else street


# -- the record's fields ----------------------------------------------------------------------------------------------


def _time(record: Fields, field: Role, context: Context) -> Millis | None:
    """The first of the field's columns that has a value."""
    found = (when(column, record.get(column), field, context.received) for column in FIELDS[field])
    return next((at for at in found if at is not None), None)


def _fields(raw: bytes) -> Fields:
    """The record flat: what its parts say stands beside what it says itself."""
    record = plain_fields(raw)
    flat = dict(record)
    for part in (record.get(key) for key in ("location", "attributes", "geometry")):
        if isinstance(part, dict):
            flat |= {str(key).lower(): value for key, value in part.items()}
    return flat


def _text(record: Mapping[str, Any], field: str) -> str:
    for column in FIELDS[field]:
        said = record.get(column)
        if isinstance(said, str | int) and not isinstance(said, bool) and str(said).strip() not in ("", "None"):
            return " ".join(str(said).split())
    return ""


def _positive(said: Any) -> float | None:
    """A value that limits: 0 is a default of the service and no limit."""
    found = number(said)
    return found if found is not None and found > 0 else None


SOURCE = Source(
    name=NAME,
    title="Road events of Lithuania",
    domain="land",
    nations=("LT",),
    kinds=("roadevent",),
    transport="http",
    formats="JSON in UTF-8 or windows-1257: layer of restrictions, ArcGIS features, or open list of restrictions",
    licence="Open data; name the source",
    attribution="AB Via Lietuva, eismoinfo.lt",
    address="https://restrictions.eismoinfo.lt/",
    others=(("lt-eismoinfo-layer", "https://eismoinfo.lt/eismoinfo-backend/layer-dynamic-features/EAL?lks=true"),),
    rate_s=120.0,
    stale_s=86400.0,
    identity="the record's own id",
    grid="LKS-94 (EPSG:3346, ArcGIS 2600) metres or degrees; the numbers tell which and in which order",
    complete=True,
    mapping=(
        ("_id, id, globalid, objectid", "subject"),
        ("updateTime, updateDate, creationTime, else startTime", "at; local time of Vilnius when it names no zone"),
        ("name, shortDescription", "described.name"),
        ("points[].point, x and y", "described.lon, described.lat"),
        ("restrictions[].lines.paths, geometry.paths, location.polyline", "described.path: the longest"),
        ("restrictions[].restrictionType and value (iconValue)", "described.limits (basis field), status.state"),
        ("speedLimit", "status.measures.speed_kmh"),
        ("a mass in the text", "described.limits (basis text), beside one that the fields give"),
        ("roadClosed for vehicles over a mass, or for lorries", "status.state restricted"),
        ("name, type, subtype", "described.properties.category, cause"),
        ("location.street, kelionr", "described.properties.roads"),
        ("pradziakm, pabaigakm", "described.properties.from_km, to_km"),
        ("description", "described.properties.text, status.reason"),
        ("startTime, endTime", "status.since, status.until"),
    ),
    quirks=(
        (
            "test_the_numbers_tell_frame_and_order",
            "the layer has LKS-94 easting first, other forms northing or degrees",
        ),
        ("test_arcgis_wkid_2600_is_lks_94", "ArcGIS writes wkid 2600 for LKS-94"),
        ("test_local_times_are_of_vilnius_and_epochs_are_epochs", "times are local and name no zone"),
        ("test_a_record_without_a_time_is_rejected", "records of the layer may carry no time at all"),
        ("test_a_page_of_the_filter_is_one_reject", "a filter answers 403 with an HTML page"),
        ("test_html_after_the_json_costs_nothing", "HTML stands after the JSON"),
        ("test_windows_1257_and_utf_8_say_the_same", "some answers are in windows-1257"),
        ("test_test_rows_are_rejected", "test rows in production"),
        ("test_a_closure_above_a_mass_is_a_limit_and_no_closed_road", "“at most 12 t” comes as a closed road"),
        ("test_a_value_that_cannot_be_is_no_limit_and_never_open", "a value of 0 is a default and no limit"),
        ("test_an_outage_is_not_an_empty_list", "an outage may answer 200 with something that is no list"),
    ),
    decoder=lambda: Records(read),
)
