"""Where are the aircraft that the OpenSky Network hears? State vectors, each a row whose fields go by position.

    {"time":1795550000,"states":[["502d88","BTI35G  ","Latvia",1795549998,1795549999,23.97,56.92,…],…]}

A row has 17 fields, or 18 when the category is asked for; any may be null. The position is of `time_position`, all else
of `last_contact`. An aircraft that is missing from the next answer was not heard, not withdrawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from cop.event import Described, Millis, Scalar, Sighted, Status
from feeds.adapter import Context, Outcome, Records, Reject, Source, Unreadable, attempt, json_list, tell
from feeds.aircraft import EMERGENCIES, HINDERED_MS, address, clean, emergency, nations, squawk

NAME: Final = "opensky"
BIGGEST: Final = 64 * 1024 * 1024
"""Bytes: all aircraft of the world would fit."""
CLOCK_START, CLOCK_END = 946_684_800, 4_102_444_800
"""2000 and 2100, seconds UTC: what lies outside is no time."""

SOURCES: Final = {0: "adsb", 1: "asterix", 2: "mlat", 3: "flarm"}
"""`position_source` → where the position comes from."""
CATEGORIES: Final = {
    2: "A1", 3: "A2", 4: "A3", 5: "A4", 6: "A5", 7: "A6", 8: "A7",
    9: "B1", 10: "B2", 11: "B3", 12: "B4", 14: "B6", 15: "B7",
}  # fmt: skip
"""`category` → ADS-B emitter category. 0 and 1 tell nothing, 13 is reserved."""
NO_AIRCRAFT: Final = frozenset({16, 17, 18, 19, 20})
"""Vehicles on an aerodrome, and obstacles."""


class Vector(msgspec.Struct, array_like=True):
    """One row. Metres and m/s; times are seconds UTC."""

    icao24: str
    callsign: str | None
    origin_country: str | None
    time_position: float | None
    last_contact: float | None
    longitude: float | None
    latitude: float | None
    baro_altitude: float | None
    on_ground: bool | None
    velocity: float | None
    true_track: float | None
    vertical_rate: float | None = None
    sensors: Any = None
    geo_altitude: float | None = None
    squawk: str | None = None
    spi: bool | None = None
    position_source: int | None = None
    category: int | None = None


class Answer(msgspec.Struct):
    """The whole answer; `states` is null when there are none."""

    states: Any


_answer: Final = msgspec.json.Decoder(Answer)
_vector: Final = msgspec.json.Decoder(Vector)


def read(payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
    """The outcomes of one aircraft after the other."""
    try:
        records = _records(payload)
    except Unreadable as error:
        yield [Reject(str(error), 0, payload)]
        return
    for offset, raw in records:
        yield attempt(partial(_outcomes, raw, context), offset, raw)


def _records(payload: bytes) -> list[tuple[int, bytes]]:
    if len(payload) > BIGGEST:
        raise Unreadable(f"{len(payload)} bytes, more than {BIGGEST}")
    try:
        if _answer.decode(payload.removeprefix(b"\xef\xbb\xbf")).states is None:
            return []
    except RecursionError:
        raise Unreadable("nested deeper than any list of aircraft") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass  # what it is instead is told below
    return list(json_list(payload, "states"))


def _outcomes(raw: bytes, context: Context) -> Iterator[Outcome]:
    """Where it is, who it is, and what hinders it, as far as it is told."""
    try:
        said = _vector.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"not a state vector: {error}"[:200]) from None
    subject, icao24 = address(said.icao24)
    if said.category in NO_AIRCRAFT:
        return
    seen, heard = _millis("time_position", said.time_position), _millis("last_contact", said.last_contact)
    if seen is not None and said.longitude is not None and said.latitude is not None:
        yield tell(NAME, subject, seen, _sighted(said, said.longitude, said.latitude), context)
    at = heard if heard is not None else seen
    if at is None:
        raise Unreadable("neither last_contact nor time_position: its age cannot be told")
    call, code = clean(said.callsign), squawk(said.squawk)
    distress = emergency(None, code)
    properties: dict[str, Scalar] = {
        "icao24": icao24,
        "callsign": call,
        "category": CATEGORIES.get(said.category or 0, ""),
        "squawk": code,
        "emergency": distress,
        "origin_country": (said.origin_country or "").strip()[:80],
        "position_source": SOURCES.get(-1 if said.position_source is None else said.position_source, ""),
    }
    known: dict[str, Scalar] = {key: value for key, value in properties.items() if value}
    known |= {"on_ground": said.on_ground} if said.on_ground is not None else {}
    body = Described(call, nations(icao24), properties=known, basis="ADS-B, as the aircraft tells")
    yield tell(NAME, subject, at, body, context)
    if distress:
        state, reason = EMERGENCIES[distress]
        yield tell(NAME, subject, at, Status(state, until=at + HINDERED_MS, reason=reason), context)


def _millis(field: str, seconds: float | None) -> Millis | None:
    if seconds is None:
        return None
    if not CLOCK_START <= seconds <= CLOCK_END:
        raise Unreadable(f"{field} is no time between 2000 and 2100")
    return round(seconds * 1000)


def _sighted(said: Vector, lon: float, lat: float) -> Sighted:
    """The body of the position. The altitude is the pressure altitude by which aircraft are kept apart, if told."""
    altitude = said.baro_altitude if said.baro_altitude is not None else said.geo_altitude
    return Sighted(
        lon,
        lat,
        course=said.true_track % 360 if said.true_track is not None and 0 <= said.true_track <= 360 else None,
        speed=said.velocity if said.velocity is not None and 0 <= said.velocity < math.inf else None,
        altitude=None if said.on_ground else altitude,
    )


SOURCE = Source(
    name=NAME,
    title="Aircraft by the OpenSky Network",
    domain="air",
    nations=("EE", "LV", "LT"),
    kinds=("aircraft",),
    transport="http",
    formats="JSON of state vectors, the fields of each by position",
    licence="Research terms of the OpenSky Network, non-commercial",
    attribution="The OpenSky Network, https://opensky-network.org",
    address="https://opensky-network.org/api/states/all?lamin=53.5&lomin=20&lamax=60.5&lomax=29",
    rate_s=450.0,
    stale_s=1350.0,
    identity="ICAO address of 24 bits",
    grid="WGS 84 degrees; altitude above the pressure level of 1013.25 hPa",
    complete=False,
    mapping=(
        ("0 icao24", "subject aircraft:<address>, properties.icao24, described.nations by the block of the State"),
        ("1 callsign", "described.name, properties.callsign"),
        ("2 origin_country", "properties.origin_country"),
        ("3 time_position", "at of sighted; without it there is no position"),
        ("4 last_contact, else time_position", "at of described and status"),
        ("5 longitude, 6 latitude", "sighted.lon, lat"),
        ("7 baro_altitude, else 13 geo_altitude, m", "sighted.altitude; on the ground none"),
        ("8 on_ground", "properties.on_ground"),
        ("9 velocity, m/s", "sighted.speed"),
        ("10 true_track", "sighted.course"),
        ("11 vertical_rate, 12 sensors, 15 spi", "not carried"),
        ("14 squawk", "properties.squawk; 7500, 7600, 7700 also properties.emergency and a status for two minutes"),
        ("16 position_source 0 to 3", "properties.position_source adsb, asterix, mlat, flarm"),
        ("17 category, only when asked for", "properties.category; vehicles and obstacles (16 to 20) are ignored"),
        ("states null", "no aircraft"),
    ),
    quirks=(
        ("test_no_states_are_null", "`states` is null, not an empty list, when there are none."),
        ("test_any_field_may_be_null", "Fields go by position, and any may be null."),
        (
            "test_a_position_is_as_old_as_time_position",
            "`time_position` may be minutes older than `last_contact`, or null beside a position.",
        ),
        ("test_callsigns_of_state_vectors_are_padded", "Call signs are padded with blanks to eight characters."),
        ("test_the_category_column_is_optional", "The category is there only when it is asked for."),
    ),
    decoder=lambda: Records(read),
)
