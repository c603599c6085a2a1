"""Where are the aircraft that ADS-B receivers hear? The JSON of readsb, of one receiver or of a network's API.

    a receiver      {"now":1795550000.1,"messages":…,"aircraft":[{"hex":"502d88","lat":…,"lon":…,"seen_pos":1.2,…}]}
    the v2 API      {"now":1795550000123,"total":…,"msg":"No error","ac":[…]}

All ages are relative to the document's own `now`: a position is as old as `now - seen_pos`, what is known of the
aircraft as old as `now - seen`. An aircraft that is missing from the next document was not heard, not withdrawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final, Literal, NamedTuple

import msgspec

from cop.event import Described, Millis, Scalar, Sighted, Status
from feeds.adapter import Context, Outcome, Records, Reject, Source, Unreadable, attempt, json_list, tell
from feeds.aircraft import (
    CATEGORIES,
    EMERGENCIES,
    HINDERED_MS,
    NO_AIRCRAFT,
    address,
    clean,
    emergency,
    nations,
    squawk,
)

NAME: Final = "readsb"
KNOT: Final = 1852 / 3600
FOOT: Final = 0.3048
BIGGEST: Final = 64 * 1024 * 1024
"""Bytes: all aircraft of the world would fit."""
CLOCK_START, CLOCK_END = 946_684_800_000, 4_102_444_800_000
"""2000 and 2100, ms UTC: what lies outside is no time."""
SECONDS_END: Final = 10_000_000_000
"""A smaller time is in seconds, a larger one in milliseconds."""
OLDEST_S: Final = 86_400.0
"""An age beyond a day is that of another document."""

ACCURACIES: Final = {11: 3.0, 10: 10.0, 9: 30.0, 8: 92.6, 7: 185.2, 6: 555.6, 5: 926.0, 4: 1852.0, 3: 3704.0, 2: 7408.0}
"""NACp → radius, m, in which the position lies with 95 % (DO-260B table 2-71); 1 and 0 tell nothing of use."""
STANDING: Final = frozenset({"TWR", "GND"})
"""Types in the network's database that are no aircraft: a tower's transponder, a vehicle."""

Number = float | None
Altitude = float | Literal["ground"] | None


class Last(msgspec.Struct):
    """The last position, once it is older than a minute."""

    lat: float
    lon: float
    seen_pos: Number = None
    age: Number = None


class Aircraft(msgspec.Struct, kw_only=True):
    """One record, in the names of the format. Feet and knots; ages are seconds before the document's `now`."""

    hex: str
    type: str | None = None
    """Where the position comes from: adsb_icao, mlat, tisb_other, …"""
    flight: str | None = None
    registration: str | None = msgspec.field(name="r", default=None)
    model: str | None = msgspec.field(name="t", default=None)
    flags: int | None = msgspec.field(name="dbFlags", default=None)
    category: str | None = None
    alt_baro: Altitude = None
    alt_geom: Altitude = None
    gs: Number = None
    track: Number = None
    squawk: str | None = None
    emergency: str | None = None
    lat: Number = None
    lon: Number = None
    seen: Number = None
    seen_pos: Number = None
    nac_p: int | None = None
    mlat: tuple[str, ...] | None = None
    tisb: tuple[str, ...] | None = None
    last: Last | None = msgspec.field(name="lastPosition", default=None)
    ok_before: Number = msgspec.field(name="gpsOkBefore", default=None)
    ok_lat: Number = msgspec.field(name="gpsOkLat", default=None)
    ok_lon: Number = msgspec.field(name="gpsOkLon", default=None)


class Head(msgspec.Struct):
    """What the document says of itself."""

    now: float
    ac: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    aircraft: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class Fix(NamedTuple):
    """A position and when it was. Motion is known of the present position only."""

    at: Millis
    lon: float
    lat: float
    present: bool = False


_head: Final = msgspec.json.Decoder(Head)
_aircraft: Final = msgspec.json.Decoder(Aircraft)


def read(payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
    """The outcomes of one aircraft after the other."""
    try:
        if len(payload) > BIGGEST:
            raise Unreadable(f"{len(payload)} bytes, more than {BIGGEST}")
        now, records = _document(payload)
    except Unreadable as error:
        yield [Reject(str(error), 0, payload)]
        return
    for offset, raw in records:
        yield attempt(partial(_outcomes, raw, now, context), offset, raw)


def _document(payload: bytes) -> tuple[Millis, list[tuple[int, bytes]]]:
    """The document's own time, and its records."""
    try:
        head = _head.decode(payload.removeprefix(b"\xef\xbb\xbf"))
    except msgspec.ValidationError as error:
        raise Unreadable(f"no list of aircraft with its own time: {error}"[:200]) from None
    except RecursionError:
        raise Unreadable("nested deeper than any list of aircraft") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        head = Head(0)  # what it is instead is told below
    key = "aircraft" if head.ac is msgspec.UNSET and head.aircraft is not msgspec.UNSET else "ac"
    records = list(json_list(payload, key))
    return _millis("now", head.now), records


def _millis(field: str, said: float) -> Millis:
    """The moment, told in seconds or in milliseconds."""
    found = said * 1000 if said < SECONDS_END else said
    if not CLOCK_START <= found <= CLOCK_END:
        raise Unreadable(f"{field} is no time between 2000 and 2100")
    return round(found)


def _outcomes(raw: bytes, now: Millis, context: Context) -> Iterator[Outcome]:
    """Where it is, who it is, and what hinders it, as far as it is told."""
    try:
        said = _aircraft.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"not an aircraft: {error}"[:200]) from None
    subject, icao24 = address(said.hex)
    category = (said.category or "").upper()
    if category in NO_AIRCRAFT or (said.model or "").upper() in STANDING:
        return
    fix = max(_fixes(said, now), default=None)
    if fix is not None:
        yield tell(NAME, subject, fix.at, _sighted(said, fix), context)
    heard = _age("seen", said.seen)
    at = now - heard if heard is not None else fix.at if fix is not None else None
    if at is None:
        raise Unreadable("neither seen nor a position: its age cannot be told")
    call, registration, code = clean(said.flight), clean(said.registration), squawk(said.squawk)
    distress = emergency(said.emergency, code)
    lost = None if said.ok_before is None else _millis("gpsOkBefore", said.ok_before)
    ground = said.alt_baro == "ground"
    properties: dict[str, Scalar] = {
        "icao24": icao24,
        "address": "" if icao24 else said.hex.strip().lower(),
        "callsign": call,
        "registration": registration,
        "type": clean(said.model),
        "category": category if category in CATEGORIES else "",
        "squawk": code,
        "emergency": distress,
        "position_source": said.type or "",
    }
    known: dict[str, Scalar] = {key: value for key, value in properties.items() if value}
    known |= {"military": True} if (said.flags or 0) & 1 else {}  # without the flag it is unknown, not civil
    known |= {"on_ground": ground} if said.alt_baro is not None else {}
    if lost is not None:
        known |= {"gnss_lost": True, "gnss_ok_before": _clock(lost)}
        if said.ok_lat is not None and said.ok_lon is not None:
            known |= {"gnss_ok_lon": said.ok_lon, "gnss_ok_lat": said.ok_lat}
    body = Described(call or registration, nations(icao24), properties=known, basis="ADS-B, as the aircraft tells")
    yield tell(NAME, subject, at, body, context)
    if (hindered := _hindered(distress, lost, at)) is not None:
        yield tell(NAME, subject, at, hindered, context)


def _fixes(said: Aircraft, now: Millis) -> Iterator[Fix]:
    """Its positions whose age is known: the present one, the last one, the last one with good GNSS."""
    age = _age("seen_pos", said.seen_pos)
    if said.lat is not None and said.lon is not None and age is not None:
        yield Fix(now - age, said.lon, said.lat, present=True)
    elif (last := said.last) is not None:
        age = _age("lastPosition", last.age if last.seen_pos is None else last.seen_pos)
        if age is not None:
            yield Fix(now - age, last.lon, last.lat)
    if said.ok_before is not None and said.ok_lat is not None and said.ok_lon is not None:
        yield Fix(min(now, _millis("gpsOkBefore", said.ok_before)), said.ok_lon, said.ok_lat)


def _age(field: str, seconds: float | None) -> int | None:
    """Milliseconds before the document's `now`. A clock that is a little ahead gives a negative age, which is 0."""
    if seconds is None:
        return None
    if not -60 <= seconds <= OLDEST_S:
        raise Unreadable(f"{field} is no age: {seconds:g} s")
    return max(0, round(seconds * 1000))


def _sighted(said: Aircraft, fix: Fix) -> Sighted:
    """The body of a position. The altitude is the pressure altitude by which aircraft are kept apart, if told."""
    if not fix.present:
        return Sighted(fix.lon, fix.lat)
    altitude = said.alt_baro if said.alt_baro is not None else said.alt_geom
    own = "lat" not in (said.mlat or ()) and "lat" not in (said.tisb or ())
    return Sighted(
        fix.lon,
        fix.lat,
        course=said.track % 360 if said.track is not None and 0 <= said.track <= 360 else None,
        speed=round(said.gs * KNOT, 2) if said.gs is not None and 0 <= said.gs < math.inf else None,
        accuracy=ACCURACIES.get(said.nac_p or 0) if own else None,
        altitude=round(altitude * FOOT, 1) if isinstance(altitude, float | int) else None,
    )


def _hindered(distress: str, lost: Millis | None, at: Millis) -> Status | None:
    """The status of one in distress or without GNSS; None for one that says nothing of the kind, which isn't `open`."""
    state, reason = EMERGENCIES.get(distress, ("degraded", ""))
    reasons = [reason] if reason else []
    if lost is not None:
        reasons.append(f"GNSS lost or degraded since {_clock(lost)}")
    return Status(state, until=at + HINDERED_MS, reason="; ".join(reasons)) if reasons else None


def _clock(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


SOURCE = Source(
    name=NAME,
    title="Aircraft by ADS-B",
    domain="air",
    nations=("EE", "LV", "LT"),
    kinds=("aircraft",),
    transport="http",
    formats="JSON of readsb: aircraft.json of a receiver (tar1090), or the v2 API of adsb.lol and airplanes.live",
    licence="ODbL 1.0",
    attribution="adsb.lol contributors",
    address="https://api.adsb.lol/v2/lat/56.9/lon/24.1/dist/250",
    others=(("readsb-local", "http://127.0.0.1/tar1090/data/aircraft.json"),),
    rate_s=10.0,
    stale_s=60.0,
    identity="ICAO address of 24 bits; addresses that ICAO didn't give are kept apart",
    grid="WGS 84 degrees; altitude above the pressure level of 1013.25 hPa",
    complete=False,
    mapping=(
        ("hex", "subject aircraft:<address>, properties.icao24"),
        ("hex with ~: an address that ICAO didn't give", "subject aircraft:other-<address>, properties.address"),
        ("hex, block of the State", "described.nations"),
        ("now - seen_pos", "at of sighted"),
        ("now - seen, else the time of the position", "at of described and status"),
        ("lat, lon; else lastPosition; else gpsOkLat, gpsOkLon at gpsOkBefore", "sighted.lon, lat"),
        ("rr_lat, rr_lon: the receiver's place", "not carried"),
        ("track", "sighted.course, of the present position only"),
        ("gs, knots", "sighted.speed, m/s, of the present position only"),
        ("alt_baro, else alt_geom, feet", "sighted.altitude, m, of the present position only"),
        ("alt_baro ground or a number", "properties.on_ground; on the ground there is no altitude"),
        ("nac_p, unless the position is by MLAT or TIS-B", "sighted.accuracy"),
        ("flight, else r", "described.name"),
        ("flight, r, t", "properties callsign, registration, type"),
        ("category", "properties.category"),
        ("category C1 to C5, type TWR or GND", "ignored: vehicles and obstacles"),
        ("type", "properties.position_source"),
        ("dbFlags & 1", "properties.military; without it unknown"),
        ("squawk", "properties.squawk"),
        ("emergency, else squawk 7500, 7600, 7700", "properties.emergency; status for two minutes"),
        ("gpsOkBefore", "properties gnss_lost, gnss_ok_before; status degraded for two minutes"),
        ("gpsOkLat, gpsOkLon", "properties gnss_ok_lat, gnss_ok_lon"),
        ("anything else", "not carried"),
    ),
    quirks=(
        ("test_now_is_in_seconds_or_in_milliseconds", "A receiver tells `now` in seconds, the v2 API in milliseconds."),
        (
            "test_ages_are_relative_to_the_documents_own_now",
            "`seen` and `seen_pos` are ages before `now`; a position may be much older than the last message.",
        ),
        ("test_on_the_ground_alt_baro_is_a_word", "`alt_baro` is a number of feet, or the word `ground`."),
        ("test_callsigns_are_padded", "Call signs are padded with blanks to eight characters."),
        ("test_a_squawk_of_distress_counts_when_no_emergency_is_told", "Old transponders tell an emergency by squawk."),
        (
            "test_jamming_keeps_the_last_good_position_with_its_time",
            "`gpsOkBefore` tells that GNSS is jammed; the last good position comes beside it, minutes old.",
        ),
        (
            "test_an_address_that_icao_did_not_give_is_kept_apart",
            "`~` marks an address that may be another aircraft's ICAO address (TIS-B).",
        ),
        ("test_a_record_without_a_position_is_described_only", "Many aircraft tell no position (Mode S only)."),
        ("test_a_position_older_than_a_minute_stands_in_last_position", "Then lat and lon are missing."),
        ("test_the_military_flag_is_bit_1_and_its_absence_tells_nothing", "`dbFlags` is a bit field."),
        ("test_vehicles_and_towers_are_ignored", "Vehicles and towers have transponders, too."),
    ),
    decoder=lambda: Records(read),
)
