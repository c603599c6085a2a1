"""What does the simulated network of ADS-B receivers say? The v2 API: flights, one by Mode S only, one by TIS-B."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from cop.event import Millis
from feeds.simulated.flights import FIRST, PLANS, Flight, flight
from feeds.simulated.national import Speaker
from feeds.simulated.script import MARK

KNOT: Final = 1852 / 3600
FOOT: Final = 0.3048
SILENT: Final = f"{FIRST + 0x100:06x}"
"""An aircraft that tells no position."""
TRACKED: Final = f"~{FIRST + 0x200:06x}"
"""A radar's track of the first flight, under an address of its own."""


def age_ms(number: int) -> int:
    """How old the position of a flight is when it is told."""
    return number * 370 % 3000


def state(seed: int, now: Millis) -> tuple[Flight, ...]:
    """The flights, each when its position was last heard."""
    return tuple(flight(seed, number, now - age_ms(number)) for number in range(len(PLANS)))


def say(seed: int, now: Millis) -> bytes:
    """The answer of the v2 API."""
    heard = [_record(seed, now, each) for each in state(seed, now)]
    heard += [_silent(now), _tracked(seed, now)]
    head = {"msg": MARK, "now": now, "total": len(heard), "ctime": now, "ptime": 0}
    return msgspec.json.encode({**head, "ac": heard})


def _record(seed: int, now: Millis, each: Flight) -> dict[str, Any]:
    plan, number, age = each.plan, int(each.icao24, 16) - FIRST, (now - each.at) / 1000
    record: dict[str, Any] = {
        "hex": each.icao24,
        "type": "adsb_icao",
        "flight": each.callsign.ljust(8),
        "r": each.registration,
        "t": plan.type,
        "desc": f"{MARK} {plan.type}",
        "category": plan.category,
        "alt_baro": "ground" if each.height is None else round(each.height / FOOT),
        "gs": round(each.speed / KNOT, 1),
        "track": round(each.course, 2) % 360,
        "squawk": "7700" if each.distress else f"{0o2001 + number:04o}",
        "emergency": "general" if each.distress else "none",
        "lat": each.lat,
        "lon": each.lon,
        "nac_p": 10,
        "mlat": [],
        "tisb": [],
        "seen": round(age / 2, 3),
        "seen_pos": age,
    }
    if plan.military:
        record["dbFlags"] = 1
    if (since := each.jammed_since) is not None:
        good = flight(seed, number, since)
        lost = {"gpsOkBefore": since / 1000, "gpsOkLat": good.lat, "gpsOkLon": good.lon}
        record |= {"type": "mlat", "mlat": ["lat", "lon"], "nac_p": 0, **lost}
    return record


def _silent(now: Millis) -> dict[str, Any]:
    return {
        "hex": SILENT,
        "type": "mode_s",
        "flight": "SIM190  ",
        "desc": MARK,
        "alt_baro": 31000,
        "squawk": "2000",
        "mlat": [],
        "tisb": [],
        "seen": 0.4,
    }


def _tracked(seed: int, now: Millis) -> dict[str, Any]:
    each = flight(seed, 0, now - 4000)
    where = {"lat": each.lat, "lon": each.lon, "seen": 4.0, "seen_pos": 4.0}
    return {"hex": TRACKED, "type": "tisb_other", "flight": "SIMTISB ", "mlat": [], "tisb": ["lat", "lon"], **where}


SPEAKERS = (
    Speaker(
        feed="readsb",
        source="readsb",
        path="/v2/lat/56.9/lon/24.1/dist/250",
        media="application/json",
        say=say,
        nations=("EE", "LV", "LT"),
        rate_s=2.0,
    ),
)
