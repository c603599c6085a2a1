"""How are GeoJSON files of any kind of thing read, with properties under the names that an operator gives?

Without options a feature says itself what it is: properties kind, id, name, time, status, reason, since, until,
nation and limits. A convoy is a point with a time, or a line that it means to follow. A graphic without any time is
as old as its hearing, since a drawing does not move; for anything else, the feature, the document (its member
`as_of`) or the operator must say when it was true.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from cop.event import STATES, Body, Described, Limit, Millis, Planned, Scalar, Sighted, State, Status
from cop.geo import Order, axis_order
from feeds.adapter import Context, Outcome, Records, Reject, Source, Unreadable, attempt, tell
from feeds.dropped import UNSAID, convoy, day, moment, number, slug, zone_of
from feeds.features import DEGREES, Feature, Place, collection, feature, placed, shapes
from feeds.xml_records import MOST

NAME: Final = "geojson"
KINDS: Final = (
    "graphic", "convoy", "unit", "bridge", "crossing", "roadevent", "road", "station", "site", "rail", "port",
    "airfield", "system",
)  # fmt: skip
"""The kinds of subject that a file may tell of."""
UNITS: Final = {"mass_t": "t", "axle_t": "t", "height_m": "m", "width_m": "m", "length_m": "m"}
"""What limits, and the unit. There is no class among them: a class needs a basis, which a file of this kind has not."""
SAID: Final = 40
"""So many further properties are shown."""
_ID = re.compile(r"[\w.:{}-]{1,64}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an operator can say of a file: names of properties, and what the file itself leaves out."""

    of: str = ""
    """The kind of all its things; empty: each says its own in the property `kind`."""
    kind: str = "kind"
    id: str = "id"
    name: str = "name"
    time: str = "time"
    status: str = "status"
    reason: str = "reason"
    since: str = "since"
    until: str = "until"
    nation: str = "nation"
    speed_kmh: str = "speed_kmh"
    course: str = "course"
    limits: dict[str, str] = msgspec.field(default_factory=lambda: {what: what for what in UNITS})
    """What is limited → the property with its value in the unit of the name."""
    states: dict[str, State] = {}
    """The file's word for a status → ours. A word that is in neither is unknown."""
    zone: str = ""
    """The zone of times that name none."""
    as_of: str = ""
    """The day, or the time with its zone, on which a file was true that does not say so itself."""
    order: Order | None = None
    """What comes first in metres of a grid whose numbers don't tell."""


AS_SAID: Final = Options()


def configure(table: Mapping[str, Any]) -> Callable[[], Records]:
    """The decoder for an operator's options. Raises `ValueError`."""
    options = msgspec.convert(dict(table), Options)
    if options.of and options.of not in KINDS:
        raise ValueError(f"of = {options.of!r} is none of {', '.join(KINDS)}")
    if unknown := options.limits.keys() - UNITS.keys():
        raise ValueError(f"limits has {', '.join(sorted(unknown))}; there are {', '.join(UNITS)}")
    if options.as_of:
        _moment(options.as_of, None)
    zone_of(options.zone)
    return lambda: Records(partial(read, options=options))


def read(payload: bytes, context: Context, options: Options = AS_SAID) -> Iterator[Sequence[Outcome]]:
    """The outcomes of one feature after the other."""
    try:
        if len(payload) > MOST:
            raise Unreadable(f"a file of {len(payload)} bytes, more than {MOST}")
        found = collection(payload)
        general = options.as_of or found.as_of
        as_of = None if general in (None, "") else _moment(general, None)
    except Unreadable as error:
        yield [Reject(str(error), 0, payload)]
        return
    features: list[Feature | Unreadable] = []
    for _, raw in found.records:
        try:
            features.append(feature(raw))
        except Unreadable as error:
            features.append(error)
    places = placed(
        shapes([bytes(each.geometry) if isinstance(each, Feature) else b"null" for each in features]),
        found.epsg,
        options.order,
    )
    for (offset, raw), each, place in zip(found.records, features, places, strict=True):
        yield attempt(partial(_outcomes, each, place, as_of, options, context), offset, raw)


def _outcomes(
    each: Feature | Unreadable, place: Place | str, as_of: Millis | None, options: Options, context: Context
) -> Iterator[Outcome]:
    if isinstance(each, Unreadable):
        raise each
    said = each.properties or {}
    kind = options.of or _text(said, options.kind) or "graphic"
    if kind not in KINDS:
        raise Unreadable(f"kind {kind[:40]!r} is none of {', '.join(KINDS)}")
    there: Place | None = None
    if bytes(each.geometry).strip() != b"null":
        if isinstance(place, str):
            raise Unreadable(place)
        there = place
        if axis_order(DEGREES, there.lon, there.lat) == "ne":
            raise Unreadable(f"position {there.lon:g}, {there.lat:g}: lon and lat are swapped")
    zone = zone_of(options.zone)
    told = said.get(options.time)
    own = None if _unsaid(told) else _moment(told, zone)
    status = _status(said, zone, options)
    if kind == "convoy":
        for subject, body in _convoy(each, said, there, options):
            if own is None:  # the day of a file is no time for what moves
                raise Unreadable("a convoy without a time of its own: nobody can tell when it was there")
            yield tell(NAME, subject, own, body, context)
            if status and isinstance(body, Sighted):
                yield tell(NAME, subject, own, status, context)
        return
    key = _key(each, said, options)
    at = as_of if own is None else own
    if at is None and (kind != "graphic" or status):
        raise Unreadable("no time of its own, and nobody says as of when the file is true")
    at = context.received if at is None else at
    subject = f"{kind}:{key}"
    limits = [
        Limit(what, value, UNITS[what], "the file")
        for what, name in options.limits.items()
        if (value := number(said.get(name))) is not None and value > 0
    ]
    lon, lat, path = (there.lon, there.lat, there.path) if there else (None, None, ())
    name, about = _text(said, options.name)[:200], _rest(said, options)
    body = Described(name, _nations(said, options), lon, lat, path, "", tuple(limits), about, "GeoJSON")
    yield tell(NAME, subject, at, body, context)
    if status:
        yield tell(NAME, subject, at, status, context)


def _convoy(
    each: Feature, said: Mapping[str, Any], place: Place | None, options: Options
) -> Iterator[tuple[str, Body]]:
    """A point is where it was, a line what it means to do."""
    if place is None:
        raise Unreadable("a convoy without a place")
    subject, name = convoy(_text(said, options.id), str(each.id or ""), _text(said, options.name))
    name = _text(said, options.name)[:200] or name
    if place.form == "LineString":
        yield subject, Planned(name, place.path)
    elif place.form == "Point":
        kmh, course = number(said.get(options.speed_kmh)), number(said.get(options.course))
        speed = None if kmh is None else round(kmh / 3.6, 2)
        yield subject, Sighted(place.lon, place.lat, 0.0 if course == 360 else course, speed)
        yield subject, Described(name, _nations(said, options), properties=_rest(said, options), basis="GeoJSON")
    else:
        raise Unreadable(f"a convoy as a {place.form}")


def _key(each: Feature, said: Mapping[str, Any], options: Options) -> str:
    """The property, else the feature's own id, else the name as an id."""
    own = said.get(options.id)
    for found in (own, each.id):
        if isinstance(found, str | int | float) and not isinstance(found, bool) and not _unsaid(found):
            text = str(int(found) if isinstance(found, float) and found.is_integer() else found).strip()
            return text if _ID.fullmatch(text) else slug(text) or _no_id(text)
    return slug(_text(said, options.name)) or _no_id("")


def _no_id(said: str) -> str:
    raise Unreadable(
        f"id {said[:80]!r} is not an id" if said else "neither an id nor a name: nobody could know it again"
    )


def _status(said: Mapping[str, Any], zone: ZoneInfo | None, options: Options) -> Status | None:
    """What the file says of its use; None when it says nothing."""
    word = _text(said, options.status)
    if not word:
        return None
    ours: State | None = options.states.get(word) or next((state for state in STATES if state == word.lower()), None)
    reason = _text(said, options.reason)[:300] or ("" if ours else f"the file says {word[:80]!r}")
    since, until = (
        None if _unsaid(said.get(name)) else _moment(said[name], zone) for name in (options.since, options.until)
    )
    return Status(ours or "unknown", since, until, reason)


def _nations(said: Mapping[str, Any], options: Options) -> tuple[str, ...]:
    found = re.split(r"[/,; ]+", _text(said, options.nation).upper())
    return tuple(dict.fromkeys(nation for nation in found if re.fullmatch(r"[A-Z]{2}", nation)))


def _rest(said: Mapping[str, Any], options: Options) -> dict[str, Scalar]:
    """The properties that have no place of their own, as they are."""
    read_already = {getattr(options, field) for field in Options.__struct_fields__[1:12]} | {*options.limits.values()}
    rest = {
        name[:80]: value[:500] if isinstance(value, str) else value
        for name, value in said.items()
        if name not in read_already and isinstance(value, str | int | float) and not _unsaid(value)
    }
    return dict(list(rest.items())[:SAID])


def _text(said: Mapping[str, Any], name: str) -> str:
    found = said.get(name)
    if isinstance(found, bool) or not isinstance(found, str | int | float) or _unsaid(found):
        return ""
    return " ".join(str(found).split())


def _unsaid(said: object) -> bool:
    return said is None or (isinstance(said, str) and said.strip().lower() in UNSAID)


def _moment(said: object, zone: ZoneInfo | None) -> Millis:
    return day(said) if isinstance(said, str) and _DAY.match(said) else moment(said, zone)


SOURCE = Source(
    name=NAME,
    title="GeoJSON files",
    domain="land",
    nations=("EE", "LV", "LT"),
    kinds=KINDS,
    transport="file",
    formats="GeoJSON: a collection, a feature, or one feature a line; in degrees, or metres with the old member crs",
    licence="As the sender of the file says",
    attribution="The sender of the file",
    address="file:dropped/*.*json",
    rate_s=5.0,
    stale_s=7 * 86400.0,
    identity="the property id, else the feature's id, else its name; a convoy's as an id",
    grid="WGS 84 degrees, lon before lat; or the grid of crs, its order told by the numbers or by the option order",
    complete=True,
    mapping=(
        ("kind, else the option of, else graphic", "the subject's kind"),
        ("id, else the feature's id, else name", "subject"),
        (
            "time, else the option as_of, else the document's as_of",
            "at; for a graphic without any the hearing; for a convoy only time",
        ),
        ("name; nation", "described.name; described.nations"),
        ("geometry", "described.lon, lat and path: the longest line or outline"),
        ("mass_t, axle_t, height_m, width_m, length_m", "described.limits (t or m)"),
        ("any other property", "described.properties, under its name"),
        ("status, by our words or the option states; else unknown", "status.state"),
        ("reason; since, until", "status.reason; status.since, until"),
        ("a convoy's Point, speed_kmh, course", "sighted"),
        ("a convoy's LineString", "planned.path"),
    ),
    quirks=(
        ("test_a_geojson_convoy_without_a_time_is_rejected", "Positions without times: never that of the hearing."),
        ("test_a_geojson_time_without_a_zone_is_rejected", "Times without a zone: read only with the option zone."),
        (
            "test_an_old_crs_is_honoured_in_either_order",
            "The member crs of 2008: grids with easting or northing first.",
        ),
        ("test_latvian_metres_need_the_order", "EPSG:3059: both numbers can be either, so the order must be told."),
        ("test_a_status_that_is_not_mapped_is_unknown", "Words of their own for a status: never open by guess."),
    ),
    decoder=lambda: Records(read),
    configure=configure,
)
