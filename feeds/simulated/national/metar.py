"""What do the simulated aerodromes report? METAR twice an hour, TAF every six hours, fog and low cloud at times.

The texts of eight aerodromes, as the service gives them: a report, its forecast with the changes indented.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec

from cop.event import Millis, State
from feeds.simulated.national import Speaker
from feeds.simulated.script import MARK, MINUTE, chance, happens, wave

STATIONS: Final = ("EETN", "EVRA", "EYVI", "EYKA", "EYSA", "EYPA", "EETU", "EVLA")
HOUR: Final = 60 * MINUTE


class Weather(msgspec.Struct, frozen=True, kw_only=True):
    """What an aerodrome reports at its time. Visibility in metres, ceiling in feet."""

    station: str
    at: Millis
    wind_deg: int
    wind_kt: int
    visibility_m: int
    ceiling_ft: int
    temp_c: int
    qnh_hpa: int
    state: State


def state(seed: int, now: Millis) -> tuple[Weather, ...]:
    """The newest report of each aerodrome: at 20 and at 50 minutes past the hour."""
    at = (now - 20 * MINUTE) // (30 * MINUTE) * (30 * MINUTE) + 20 * MINUTE
    return tuple(_weather(seed, station, at) for station in STATIONS)


def _weather(seed: int, station: str, at: Millis) -> Weather:
    state: State = "open"
    visibility, ceiling = 9999, round(wave(seed, f"cloud {station}", at, 12, 45, 300)) * 100
    if happens(seed, f"fog {station}", at, 660, 100):
        visibility, ceiling, state = 300, 100, "restricted"
    elif happens(seed, f"mist {station}", at, 420, 120):
        visibility, ceiling, state = 1200, 400, "degraded"
    return Weather(
        station=station,
        at=at,
        wind_deg=round(wave(seed, f"wind {station}", at, 18, 27, 700)) * 10,
        wind_kt=round(wave(seed, f"knots {station}", at, 4, 16, 240)),
        visibility_m=visibility,
        ceiling_ft=ceiling,
        temp_c=round(wave(seed, f"air {station}", at, -6, 4, 24 * 60)),
        qnh_hpa=round(wave(seed, "pressure", at, 1002, 1024, 48 * 60)),
        state=state,
    )


def say(seed: int, now: Millis) -> bytes:
    """All reports, each with its forecast."""
    return "".join(f"{_metar(each)}\n{_taf(seed, each.station, now)}\n" for each in state(seed, now)).encode()


def _metar(each: Weather) -> str:
    clear, foggy = each.state == "open", each.state == "restricted"
    sky = f"VV{each.ceiling_ft // 100:03d}" if foggy else f"BKN{each.ceiling_ft // 100:03d}"
    weather = "" if clear else " R18/0350N FG" if foggy else " BR"
    temp, dew = (f"M{-t:02d}" if t < 0 else f"{t:02d}" for t in (each.temp_c, each.temp_c - (3 if clear else 0)))
    return (
        f"METAR {each.station} {_moment(each.at)}Z AUTO {each.wind_deg:03d}{each.wind_kt:02d}KT"
        f" {each.visibility_m:04d}{weather} {sky} {temp}/{dew} Q{each.qnh_hpa:04d} NOSIG RMK {MARK}"
    )


def _taf(seed: int, station: str, now: Millis) -> str:
    issued = (now - 30 * MINUTE) // (6 * HOUR) * (6 * HOUR) + 30 * MINUTE
    since = issued + 30 * MINUTE
    bad = since + chance(seed, "taf", station, issued).randrange(2, 16) * HOUR
    return (
        f"TAF {station} {_moment(issued)}Z {_hours(since, since + 24 * HOUR)} 23010KT 9999 SCT030\n"
        f"  TEMPO {_hours(bad, bad + 4 * HOUR)} 1400 BR BKN005 RMK {MARK}"
    )


def _moment(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%d%H%M")


def _hours(since: Millis, until: Millis) -> str:
    """A validity. What ends at midnight ends at hour 24 of the day before."""
    start, end = (datetime.fromtimestamp(at / 1000, UTC) for at in (since, until))
    if end.hour == 0:
        return f"{start:%d%H}/{datetime.fromtimestamp(until / 1000 - 3600, UTC):%d}24"
    return f"{start:%d%H}/{end:%d%H}"


SPEAKERS = (
    Speaker(
        feed="metar",
        source="metar",
        path="/api/data/metar",
        media="text/plain",
        say=say,
        nations=("EE", "LV", "LT"),
        rate_s=60.0,
        charset="utf-8",
    ),
)
