"""Which limits of mass, height and width stand on Latvia's roads? GeoJSON of the access point, one limit a feature.

The list is the whole state: most limits stand for years, others for a season. A limit is not lost because it has no
date. One whose dates are over is no business of the picture, so that it is withdrawn. A virtual restriction of mass is
one of gravel roads in the thaw: it is for all vehicles, or for all but those that its exceptions name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import msgspec

from cop.event import Described, Limit, Millis, Scalar, Status
from cop.geo import Point, Unplaceable, axis_order, length, line_to_wgs84, middle
from feeds.adapter import Context, Outcome, Records, Reject, Source, Unreadable, attempt, json_list, tell
from feeds.lv_access import ADDRESS, moment, quantity, request, said

NAME: Final = "lv-limits"
DIGITS: Final = 6
DAY_S: Final = 86_400.0

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "id": ("id", "objectid", "globalid", "uuid", "feature"),
    "parent": ("parentid",),
    "class": ("restrictionclass",),
    "regime": ("restrictiontype",),
    "road": ("street", "road", "roadnumber", "roadnr", "celanr", "autocelaindekss"),
    "road_name": ("roadname", "streetname", "autocelanosaukums"),
    "from_km": ("start", "startkm", "fromkm", "kmfrom", "adresenokm"),
    "to_km": ("end", "endkm", "tokm", "kmto", "adreselidzkm"),
    "since": ("startdate", "datefrom", "validfrom"),
    "until": ("enddate", "dateto", "validto", "validuntil"),
    "changed": ("changedate", "changed", "modified", "modifieddate", "lastmodified", "updated", "updatedat"),
    "exceptions": ("additionalexceptionrules", "exceptionrules", "exceptions"),
    "notes": ("notes", "note", "piezimes"),
    "direction": ("direction", "virziens"),
}  # fmt: skip
"""What is read from a feature, and the names that it may have, as `_letters` writes them, the best known first."""
STAMPS: Final = ("timestamp", "publicationtime", "generated", "generatedat", "lastupdate", "lastupdated", "updated")
"""What the answer's own time may be called."""


class Kind(NamedTuple):
    """What a class of restriction limits: our name and unit, the most that can be meant, and its category."""

    what: str
    unit: str
    most: float
    category: str
    word: str
    values: tuple[str, ...]
    """How the names of its value begin, as `_letters` writes them: both numbers of the word are in use."""


KINDS: Final[tuple[tuple[str, Kind], ...]] = (
    ("virtualmass", Kind("mass_t", "t", 100, "weight_limit", "mass", ("virtualmassrestriction", "massrestriction"))),
    ("mass", Kind("mass_t", "t", 100, "weight_limit", "mass", ("massrestriction",))),
    ("height", Kind("height_m", "m", 12, "height_limit", "height", ("heightrestriction",))),
    ("width", Kind("width_m", "m", 30, "width_limit", "width", ("widthrestriction",))),
)
"""How a class begins → its kind. Beyond `most` lies a slip of the unit, kilograms or centimetres."""

Fields = Mapping[str, Any]


def read(payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
    """The outcomes of one feature after the other. Nothing at all (an answer 204) is an empty list."""
    if not payload.strip(b"\xef\xbb\xbf \t\r\n"):
        return
    try:
        features = list(json_list(payload, "features"))
        stamp = _stamp(payload)
    except (Unreadable, RecursionError) as error:
        yield [Reject(str(error)[:200], 0, payload)]
        return
    seen: set[str] = set()
    for offset, raw in features:
        yield attempt(partial(_outcomes, raw, stamp, seen, context), offset, raw)


def _outcomes(raw: bytes, stamp: Millis | None, seen: set[str], context: Context) -> Iterator[Outcome]:
    fields, geometry = _fields(raw)
    named = _text(fields, "class")
    kind = next((each for begin, each in KINDS if _letters(named).startswith(begin)), None)
    if kind is None:
        raise Unreadable(f"restrictionClass {named[:60]!r} is not known" if named else "a feature without its class")
    point, path, trouble = _placed(geometry)
    subject = f"roadevent:LV:limit-{_identity(fields, named, point)}"
    if subject in seen:
        raise Unreadable(f"{subject.rpartition(':')[2]} is there twice")
    since, until, changed = (
        moment(_first(fields, field), field, ends=field == "until") for field in ("since", "until", "changed")
    )
    seen.add(subject)
    if until is not None and until <= context.received:
        return  # what is over is not in the picture
    begun = since if since is not None and since <= context.received else None
    at = next((time for time in (changed, begun, stamp) if time is not None), context.received)
    value, doubt = _value(fields, kind)
    exceptions, notes, road = (_text(fields, field) for field in ("exceptions", "notes", "road"))
    limited = f"{kind.word} limited" if value is None else f"{kind.word} limited to {value:g} {kind.unit}"
    virtual = _letters(named).startswith("virtual")
    properties: dict[str, Scalar] = {
        "category": kind.category,
        "cause": "gravel road in the thaw" if virtual else "",
        "roads": road,
        "road_name": _text(fields, "road_name"),
        "from_km": _kilometres(fields, "from_km"),
        "to_km": _kilometres(fields, "to_km"),
        "class": named[:60],
        "regime": _text(fields, "regime"),
        "exceptions": exceptions,
        "text": notes,
        "direction": _text(fields, "direction"),
        "parent": _text(fields, "parent"),
        "doubt": doubt,
        "place_note": trouble,
    }
    known: dict[str, Scalar] = {
        key: told[:2000] if isinstance(told, str) else told
        for key, told in properties.items()
        if told not in ("", None)
    }
    holds = since is None or begun is not None  # what begins later is not posted yet
    limits = (Limit(kind.what, value, kind.unit, named[:60]),) if value is not None and holds else ()
    lon, lat = point or (None, None)
    name = ": ".join(filter(None, (road, limited)))[:80]
    yield tell(
        NAME, subject, at, Described(name, ("LV",), lon, lat, path, "", limits, known, "transportdata.gov.lv"), context
    )
    excepted = f"except: {exceptions}" if exceptions else ""
    reason = "; ".join(filter(None, (limited, excepted, notes)))[:300]
    measures = {} if value is None else {kind.what: value}
    yield tell(NAME, subject, at, Status("restricted", since, until, reason, measures), context)


def _identity(fields: Fields, named: str, point: Point | None) -> str:
    """Its own id; without one a hash of road, kilometres, direction, regime and class: it stays when the value changes.

    Where it says no road, its place stands for that. Raises `Unreadable` when nothing is left to know it by.
    """
    key = "_".join(_text(fields, "id").split())
    if key and len(key) <= 80:
        return key
    road, *where = (_text(fields, field) for field in ("road", "from_km", "to_km", "direction", "regime"))
    if not road and point is None:
        raise Unreadable("neither an id nor a road or place to know it by")
    told = "|".join((road or f"{point}", *where, _letters(named)))
    return blake2b(told.encode(), digest_size=6).hexdigest()


def _value(fields: Fields, kind: Kind) -> tuple[float | None, str]:
    """The limit and what is in doubt about it. Zero is a default and no limit; the road is restricted anyway."""
    written = next(
        (said(fields[key]) for begin in kind.values for key in fields if _is_value(key, begin) and said(fields[key])),
        "",
    )
    try:
        value = quantity(written, kind.unit)
    except Unreadable:
        value = 0.0
    if value is None:
        return None, "no value is given"
    if not 0 < value <= kind.most:
        return None, f"{written[:20]} {kind.unit} cannot be meant"
    return value, ""


def _is_value(key: str, begin: str) -> bool:
    """`massrestrictionsintons` and its like, and not `massrestrictiontype`."""
    rest = key.removeprefix(begin).removeprefix("s")
    return key.startswith(begin) and (not rest or rest.startswith(("in", "value", "limit")))


def _kilometres(fields: Fields, field: str) -> float | None:
    try:
        return quantity(_first(fields, field), "km")
    except Unreadable:
        return None  # some other address of the road: it still is part of what the limit is known by


def _stamp(payload: bytes) -> Millis | None:
    """The time that the answer itself says, if it says one that can be read."""
    with suppress(Unreadable, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        head = msgspec.json.decode(payload.removeprefix(b"\xef\xbb\xbf"), type=dict[str, msgspec.Raw])
        for key, raw in head.items():
            if _letters(key) in STAMPS:
                return moment(msgspec.json.decode(raw), key)
    return None


# -- the feature ------------------------------------------------------------------------------------------------------


def _fields(raw: bytes) -> tuple[Fields, Any]:
    """The properties by their letters, with the feature's own id among them, and the geometry."""
    try:
        feature = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Unreadable(f"not JSON: {error}"[:200]) from None
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        raise Unreadable("not a feature with properties")
    return {"feature": feature.get("id")} | {_letters(key): value for key, value in properties.items()}, feature.get(
        "geometry"
    )


def _letters(name: str) -> str:
    """A name without case, blanks and signs: `start_Date` is `startdate`."""
    return "".join(filter(str.isalnum, name)).lower()


def _first(fields: Fields, field: str) -> Any:
    """The first of the field's names that has a value."""
    return next((fields[key] for key in FIELDS[field] if said(fields.get(key))), None)


def _text(fields: Fields, field: str) -> str:
    return said(_first(fields, field))


def _placed(geometry: Any) -> tuple[Point | None, tuple[Point, ...], str]:
    """Its point, its longest line, and why it has none: what has no place is listed and not drawn."""
    lines: list[tuple[Point, ...]] = []
    try:
        lines = [_line(each) for each in _lines(geometry)]
    except Unplaceable as error:
        return None, (), str(error)[:120]
    if not lines:
        return None, (), ""
    line = max(lines, key=length)
    return middle(line, DIGITS), line if len(line) > 1 else (), ""


def _lines(geometry: Any) -> Iterator[list[Any]]:
    """Every list of positions of a geometry."""
    form = geometry.get("type") if isinstance(geometry, dict) else None
    held = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if not isinstance(held, list) or not held:
        return
    match form:
        case "Point":
            yield [held]
        case "LineString" | "MultiPoint":
            yield held
        case "MultiLineString" | "Polygon":
            yield from (each for each in held if isinstance(each, list) and each)
        case _:
            raise Unplaceable(f"a geometry {str(form)[:40]!r}")


def _line(positions: list[Any]) -> tuple[Point, ...]:
    """The positions in degrees: no longitude of Latvia is also a latitude of it, so a swap shows."""
    pairs = [(float(each[0]), float(each[1])) for each in positions if _is_position(each)]
    order = axis_order(4326, *pairs[0]) if pairs else None
    if order is None or len(pairs) < len(positions):
        wrong = next((each for each in positions if not _is_position(each)), positions[0])
        raise Unplaceable(f"position {str(wrong)[:60]} is not in the Baltic area")
    return line_to_wgs84(4326, pairs, order=order, digits=DIGITS)


def _is_position(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) >= 2
        and all(isinstance(each, int | float) and not isinstance(each, bool) and abs(each) < 1e9 for each in value[:2])
    )


SOURCE = Source(
    name=NAME,
    title="Limits of mass, height and width in Latvia",
    domain="land",
    nations=("LV",),
    kinds=("roadevent",),
    transport="http",
    formats="GeoJSON in UTF-8; 204 for an empty list",
    licence="CC0 1.0",
    attribution="VSIA Latvijas Valsts ceļi, transportdata.gov.lv",
    address=ADDRESS,
    request=request("geojson"),
    rate_s=3600.0,
    stale_s=366 * DAY_S,
    identity="the feature's id; without one a hash of road, kilometres, direction, regime and class, not of the value",
    grid="WGS 84 degrees, longitude first; a swap is noticed",
    complete=True,
    mapping=(
        ("id, else road, kilometres, direction, regime and class", "subject roadevent:LV:limit-<id>"),
        ("a date of change, if there is one", "at"),
        ("else startDate, when it has begun", "at"),
        ("else a time of the whole answer, else the hearing", "at: a standing limit has no other time"),
        ("restrictionClass", "described.properties.class, category: weight_limit, height_limit or width_limit"),
        ("massRestrictionsInTons, virtualMassRestrictionInTons", "described.limits, status.measures: mass_t"),
        ("heightRestrictionInMeters, widthRestrictionsInMeters", "limits and measures: height_m, width_m"),
        ("names in any case and number of the word", "as above"),
        ("street", "described.properties.roads"),
        ("start, end", "described.properties.from_km, to_km"),
        ("additionalExceptionRules", "described.properties.exceptions, status.reason"),
        ("restrictionType, parentId, notes", "described.properties.regime, parent, text"),
        ("a virtual class", "described.properties.cause: gravel road in the thaw"),
        ("startDate, endDate", "status.since, status.until: restricted between them; over: ignored"),
        ("startDate that is still to come", "no described.limits yet; status.measures hold from then on"),
        ("no value, 0, or more than can be meant", "no limit, described.properties.doubt; still restricted"),
        ("geometry: the longest line, else the point", "described.path, lon, lat"),
        ("None", "nothing"),
    ),
    quirks=(
        ("test_none_is_a_word_here_and_means_nothing", "An empty value is the word None."),
        ("test_numbers_come_as_text", "Numbers are text, with a point or a comma."),
        ("test_an_answer_204_is_an_empty_list_and_not_failed", "Nothing is an answer 204 without a body."),
        ("test_a_limit_without_a_date_is_not_lost", "Standing limits have no date at all."),
        ("test_a_limit_keeps_its_identity_when_its_value_changes", "Not every feature has an id."),
        ("test_a_virtual_limit_keeps_its_class_and_exceptions", "A virtual mass is one of gravel roads in the thaw."),
        ("test_names_are_known_in_any_case_and_number", "The names are one height restriction and many of width."),
    ),
    decoder=lambda: Records(read),
)
