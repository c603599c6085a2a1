"""Where are the ships that Finland's receivers hear? AIS of the Gulf of Finland and the northern Baltic.

Digitraffic gives the same reports in four forms, told apart by their shape and, over MQTT, by their topic:

    GET /api/ais/v1/locations            {"type":"FeatureCollection","features":[{"mmsi":…,"properties":{…}}]}
    GET /api/ais/v1/vessels              [{"mmsi":…,"name":…,"timestamp":…,"shipType":…,"referencePointA":…}]
    vessels-v2/<mmsi>/location           {"time":…,"lon":…,"lat":…,"sog":…,"cog":…,"navStat":…}, time in seconds
    vessels-v2/<mmsi>/metadata           {"timestamp":…,"name":…,"type":…,"refA":…}, timestamp in ms
    the WebSocket before MQTT, by line   {"type":"VESSEL_LOCATION" or "VESSEL_METADATA","data":{…}}

Of a location's times `timestamp` is the second of the minute that the ship sent (M.1371-5), `timestampExternal` the
receiver's time in ms, which counts. `dataUpdatedTime` is that of the service and proves nothing: it moves while the
positions stand. Here no report is remembered, so a hindrance is told with each position and holds ten minutes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final, TypeVar

import msgspec

from cop.event import Described, Millis, Scalar, Sighted, Status
from feeds.adapter import Context, Outcome, Records, Reject, Request, Source, Unreadable, attempt, json_list, tell
from feeds.sources.ais import (
    CLOCK_START,
    HINDERED,
    HOLD_MS,
    KNOT,
    NAV_STATES,
    PRECISE_M,
    SHIP_TYPES,
    clean,
    nations,
)

NAME: Final = "digitraffic-ais"
CLOCK_END: Final = 4_102_444_800_000
"""2100-01-01: a later time is one in another unit."""
NO_COURSE, NO_SPEED, NO_LON, NO_LAT = 360.0, 102.3, 181.0, 91.0
"""What means `not available` (M.1371-5 table 46)."""
BIGGEST: Final = 64 * 1024 * 1024
"""Bytes: all ships of the world would fit."""

_TOPIC = re.compile(r"(?:^|/)vessels-v2/(?P<mmsi>\d{1,9})/(?P<what>locations?|metadata)$", re.ASCII)
_OTHER_TOPIC = re.compile(r"(?:^|/)vessels-v2/(?!\d)[\w/-]{1,80}$", re.ASCII)
_MESSAGE = re.compile(rb"^\s*\{\s*\"type\"\s*:\s*\"(?:VESSEL_LOCATION|VESSEL_METADATA|STATUS)\"", re.MULTILINE)
_BOM: Final = b"\xef\xbb\xbf"


class Motion(msgspec.Struct, kw_only=True):
    """What REST, WebSocket and MQTT say alike of a ship's motion. Heading and rate of turn are not read."""

    sog: float | None = None
    """Knots."""
    cog: float | None = None
    nav_stat: int | None = msgspec.field(name="navStat", default=None)
    pos_acc: bool | None = msgspec.field(name="posAcc", default=None)


class Point(msgspec.Struct):
    """GeoJSON: longitude first."""

    coordinates: tuple[float, float]


class Located(Motion, kw_only=True):
    """The properties of a feature."""

    external: int | None = msgspec.field(name="timestampExternal", default=None)


class Feature(msgspec.Struct):
    """A location of the REST service and of the old WebSocket."""

    geometry: Point
    properties: Located
    mmsi: int


class Location(Motion, kw_only=True):
    """A location by MQTT, which says by its topic whose it is."""

    time: int
    """Seconds UTC."""
    lon: float
    lat: float


class Metadata(msgspec.Struct, kw_only=True):
    """Who a ship is, by her crew. MQTT shortens some names: `type`, `refA`."""

    timestamp: int
    mmsi: int | None = None
    name: str | None = None
    call_sign: str | None = msgspec.field(name="callSign", default=None)
    destination: str | None = None
    imo: int | None = None
    draught: int | None = None
    """Decimetres."""
    eta: int | None = None
    ship_type: int | None = msgspec.field(name="shipType", default=None)
    type: int | None = None
    reference_a: int | None = msgspec.field(name="referencePointA", default=None)
    reference_b: int | None = msgspec.field(name="referencePointB", default=None)
    reference_c: int | None = msgspec.field(name="referencePointC", default=None)
    reference_d: int | None = msgspec.field(name="referencePointD", default=None)
    ref_a: int | None = msgspec.field(name="refA", default=None)
    ref_b: int | None = msgspec.field(name="refB", default=None)
    ref_c: int | None = msgspec.field(name="refC", default=None)
    ref_d: int | None = msgspec.field(name="refD", default=None)


class Message(msgspec.Struct):
    """A line of the old WebSocket."""

    type: str
    data: msgspec.Raw = msgspec.Raw()


_T = TypeVar("_T")
_Read = Callable[[bytes, Context], Iterator[Outcome]]


def read(payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
    """The outcomes of one ship's record after the other, whatever the form."""
    try:
        records = list(_records(payload, context.name))
    except Unreadable as error:
        yield [Reject(str(error), 0, payload)]
        return
    for offset, raw, reader in records:
        yield attempt(partial(reader, raw, context), offset, raw)


def _records(payload: bytes, name: str) -> Iterator[tuple[int, bytes, _Read]]:
    """(offset, bytes, how it is read) of each record."""
    if len(payload) > BIGGEST:
        raise Unreadable(f"{len(payload)} bytes, more than {BIGGEST}")
    if topic := _TOPIC.search(name):
        reader = _metadata if topic["what"] == "metadata" else _location
        yield 0, payload, partial(reader, mmsi=int(topic["mmsi"]))
    elif _OTHER_TOPIC.search(name):
        yield 0, payload, _nothing
    elif _MESSAGE.search(payload, 0, 4096):
        offset = 0
        for line in payload.splitlines(keepends=True):
            if line.strip():
                yield offset, line.rstrip(b"\r\n"), _message
            offset += len(line)
    else:
        listed = payload.removeprefix(_BOM).lstrip().startswith(b"[")
        try:
            for offset, raw in json_list(payload, *(() if listed else ("features",))):
                yield offset, raw, _metadata if listed else _feature
        except RecursionError:
            raise Unreadable("nested deeper than any list of ships") from None


def _as(raw: bytes, form: type[_T]) -> _T:
    """The record in that form. Raises `Unreadable`."""
    try:
        return msgspec.json.decode(raw, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"not a {form.__name__.lower()}: {error}"[:200]) from None


def _nothing(raw: bytes, context: Context) -> Iterator[Outcome]:
    """How the service itself is doing, which its silence tells better."""
    return iter(())


def _message(line: bytes, context: Context) -> Iterator[Outcome]:
    said = _as(line, Message)
    if said.type == "VESSEL_LOCATION":
        yield from _feature(bytes(said.data), context)
    elif said.type == "VESSEL_METADATA":
        yield from _metadata(bytes(said.data), context)
    elif said.type != "STATUS":
        raise Unreadable(f"a message of type {said.type[:40]!r}")


def _feature(raw: bytes, context: Context) -> Iterator[Outcome]:
    said = _as(raw, Feature)
    if said.properties.external is None:
        raise Unreadable("no timestampExternal: its age cannot be told")
    at = _time("timestampExternal", said.properties.external)
    yield from _seen(said.mmsi, at, *said.geometry.coordinates, said.properties, context)


def _location(raw: bytes, context: Context, mmsi: int) -> Iterator[Outcome]:
    said = _as(raw, Location)
    yield from _seen(mmsi, _time("time", said.time * 1000), said.lon, said.lat, said, context)


def _seen(mmsi: int, at: Millis, lon: float, lat: float, said: Motion, context: Context) -> Iterator[Outcome]:
    """Where she is, if she says so, and what hinders her, if anything does."""
    subject = _subject(mmsi)
    if not subject:
        return
    course, speed, code = said.cog, said.sog, said.nav_stat
    if lon != NO_LON and lat != NO_LAT:
        body = Sighted(
            lon=lon,
            lat=lat,
            course=course if course is not None and course < NO_COURSE else None,
            speed=round(speed * KNOT, 3) if speed is not None and speed < NO_SPEED else None,
            accuracy=PRECISE_M if said.pos_acc else None,
        )
        yield tell(NAME, subject, at, body, context)
    if code in HINDERED:
        state, reason = NAV_STATES[code]
        yield tell(NAME, subject, at, Status(state, until=at + HOLD_MS, reason=reason), context)


def _metadata(raw: bytes, context: Context, mmsi: int | None = None) -> Iterator[Outcome]:
    said = _as(raw, Metadata)
    mmsi = said.mmsi if mmsi is None else mmsi
    if mmsi is None:
        raise Unreadable("no MMSI: whose it is cannot be told")
    at = _time("timestamp", said.timestamp)
    if subject := _subject(mmsi):
        body = Described(
            name=clean(said.name),
            nations=nations(mmsi),
            properties={"mmsi": f"{mmsi:09d}", **dict(_particulars(said))},
            basis="AIS, as set by the crew",
        )
        yield tell(NAME, subject, at, body, context)


def _particulars(said: Metadata) -> Iterator[tuple[str, Scalar]]:
    """What is known of her, without the fields that say `not available`, under the names that `ais` gives them."""
    for key, text in (("callsign", said.call_sign), ("destination", said.destination)):
        if told := clean(text):
            yield key, told
    if number := _first(said.ship_type, said.type):
        yield "ship_type", SHIP_TYPES.get(number) or SHIP_TYPES.get(number // 10) or "unknown"
        yield "ship_type_code", number
    bow, stern = _first(said.reference_a, said.ref_a), _first(said.reference_b, said.ref_b)
    port, starboard = _first(said.reference_c, said.ref_c), _first(said.reference_d, said.ref_d)
    if length := bow + stern:
        yield "length", length
    if beam := port + starboard:
        yield "beam", beam
    if said.imo is not None and 1_000_000 <= said.imo <= 9_999_999:  # beyond it is a flag state's own number
        yield "imo", said.imo
    if said.draught is not None and 0 < said.draught <= 255:
        yield "draught", said.draught / 10
    if eta := arrival(said.eta or 0):
        yield "eta", eta


def arrival(packed: int) -> str:
    """`11-24 18:30 UTC` from the 20 bits of M.1371-5: month, day, hour, minute. 0, 0, 24 and 60 say nothing."""
    month, day, hour, minute = packed >> 16 & 15, packed >> 11 & 31, packed >> 6 & 31, packed & 63
    date = f"{month:02d}-{day:02d}" if 1 <= month <= 12 and day else ""
    clock = f"{hour:02d}:{minute:02d} UTC" if date and hour < 24 and minute < 60 else ""
    return f"{date} {clock}".strip()


def _first(*said: int | None) -> int:
    """The number under whichever of its names it came; 0 is none."""
    return next((number for number in said if number is not None and number > 0), 0)


def _time(field: str, millis: int) -> Millis:
    if not CLOCK_START <= millis <= CLOCK_END:
        raise Unreadable(f"{field} is no time between 2000 and 2100")
    return millis


def _subject(mmsi: int) -> str:
    """Whose report it is; empty for coast stations (00…) and aids to navigation (99…), which are no ships."""
    if not 0 < mmsi < 1_000_000_000:
        raise Unreadable(f"MMSI {mmsi} names nobody")
    digits = f"{mmsi:09d}"
    if digits.startswith(("00", "99")):
        return ""
    return f"aircraft:mmsi-{digits}" if digits.startswith("111") else f"vessel:{digits}"


SOURCE = Source(
    name=NAME,
    title="AIS of Finland",
    domain="maritime",
    nations=("FI", "EE"),
    kinds=("vessel", "aircraft"),
    transport="http",
    formats="GeoJSON of locations, JSON of vessels, MQTT messages, messages of the former WebSocket by line",
    licence="CC BY 4.0",
    attribution="Fintraffic / digitraffic.fi",
    address="https://meri.digitraffic.fi/api/ais/v1/locations",
    others=(
        ("digitraffic-ais-vessels", "https://meri.digitraffic.fi/api/ais/v1/vessels"),
        ("digitraffic-ais-mqtt", "mqtts://meri.digitraffic.fi:443/mqtt?topics=vessels-v2/%23"),
    ),
    request=Request(headers=(("Digitraffic-User", "baltic-mobility-picture"), ("Accept-Encoding", "gzip"))),
    rate_s=60,
    stale_s=300,
    identity="MMSI",
    grid="WGS 84 degrees, longitude first",
    complete=False,
    mapping=(
        ("mmsi, or the MMSI in the topic", "subject: vessel:<nine digits>; rescue aircraft (111…) aircraft:mmsi-<…>"),
        ("MMSI of a coast station (00…) or an aid to navigation (99…)", "ignored"),
        ("MMSI, country digits (MID)", "described.nations"),
        ("timestampExternal (ms); MQTT time (s); metadata timestamp (ms)", "at"),
        ("timestamp of a location, dataUpdatedTime", "not read: the second of a minute, and the service's own clock"),
        ("geometry.coordinates; lon, lat; 181 or 91 is none", "sighted.lon, lat"),
        ("cog; 360 is none", "sighted.course"),
        ("sog, knots; 102.3 is none", "sighted.speed, m/s"),
        ("posAcc true", "sighted.accuracy 10 m; false is none"),
        ("heading, rot, raim, posType", "not carried"),
        ("navStat 2 not under command", "status degraded, for ten minutes"),
        ("navStat 3 restricted, 4 constrained by draught", "status restricted, for ten minutes"),
        ("navStat 6 aground, 14 rescue transmitter", "status closed, for ten minutes"),
        ("any other navStat", "no status"),
        ("name, callSign, destination", "described.name, properties callsign, destination; cut at the first @"),
        ("shipType, type", "properties ship_type (words), ship_type_code (number)"),
        ("referencePointA to D, refA to D, m", "properties length, beam"),
        ("draught, decimetres; 0 is none", "properties draught, m"),
        ("imo 1000000 to 9999999", "properties imo"),
        (
            "eta, 20 bits; month 0, day 0, hour 24, minute 60 are none",
            "properties eta: MM-DD HH:MM UTC, as far as said",
        ),
        ("topic vessels-v2/status, message STATUS", "ignored"),
    ),
    quirks=(
        ("test_digitraffic_wants_gzip_and_a_name", "Without `Accept-Encoding: gzip` the service answers 406."),
        (
            "test_the_time_is_timestamp_external",
            "`timestamp` of a location is the second of the minute (0-63), `timestampExternal` the time in ms.",
        ),
        (
            "test_a_fresh_answer_proves_nothing",
            "`dataUpdatedTime` is new in every answer, also when a ship has been silent for years.",
        ),
        ("test_mqtt_counts_seconds_where_metadata_counts_ms", "MQTT has seconds in `time`, ms in `timestamp`."),
        ("test_mqtt_says_by_the_topic_whose_it_is", "An MQTT message has no MMSI of its own: it stands in the topic."),
        ("test_what_means_none_is_unknown", "Course 360, speed 102.3, 91/181, draught 0 and ETA 24:60 mean `none`."),
        ("test_draught_is_in_decimetres", "Draught is in decimetres."),
        ("test_the_former_websocket_is_read", "Recordings of the WebSocket before MQTT wrap each report in a message."),
    ),
    decoder=lambda: Records(read),
)
