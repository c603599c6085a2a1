"""What do a METAR and a TAF say, and is it below the minima of flying? Texts of ICAO Annex 3, one report at a time.

The libraries read the groups; what they take for granted is checked here: `////` is unknown and not 10 km, a report
whose clouds nobody told has an unknown ceiling, and a group that can't be read makes the whole unclear. A report tells
day, hour and minute; month and year follow from when it was heard.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any, Final, NamedTuple

from metar.Metar import Metar
from metar_taf_parser.model.enum import CloudQuantity, WeatherChangeType
from metar_taf_parser.parser.parser import TAFParser

from cop.event import Millis, State
from feeds.adapter import Unreadable

FOOT: Final = 0.3048
HOUR_MS: Final = 3_600_000
AHEAD_MS: Final = HOUR_MS
"""A report from further ahead than this is one of the month before."""
LONGEST: Final = 2000
"""Characters: no report is longer."""
FAR_M: Final = 10_000.0
"""What 9999 and CAVOK mean: at least so much."""


class Minimum(NamedTuple):
    """Below any of these values the state holds. Metres, and feet above the aerodrome."""

    state: State
    name: str
    visibility_m: float
    ceiling_ft: float
    rvr_m: float | None = None
    """Where there is such a minimum, a runway visual range that is told counts instead of the visibility."""


MINIMA: Final[tuple[Minimum, ...]] = (
    Minimum("restricted", "CAT I", 800, 200, 550),
    Minimum("degraded", "special VFR", 1500, 600),
)
"""The worst first. CAT I: decision height 60 m (200 ft), and visibility 800 m or RVR 550 m (ICAO Annex 6 part I,
4.2.8.3). Special VFR: ground visibility 1500 m and ceiling 180 m (600 ft) (SERA.5010 b, Regulation (EU) 923/2012).
Of several runways the worst counts."""

MEASURED: Final[dict[str, tuple[float, float]]] = {
    "wind_ms": (0, 100), "gust_ms": (0, 130), "wind_deg": (0, 360), "temp_c": (-60, 60), "dew_c": (-60, 60),
    "qnh_hpa": (850, 1100),
}  # fmt: skip
"""Measure → the least and the most that can be; what lies outside is a slip and unknown."""

_HEAD = re.compile(
    r"(?:(?:METAR|SPECI)\s+)?(?:COR\s+)?(?:(?P<station>[A-Z][A-Z0-9]{3})\s+)?(?:COR\s+)?"
    r"(?P<day>\d\d)(?P<hour>\d\d)(?P<minute>\d\d)Z?\s+(?P<body>.*)",
    re.ASCII,
)
_TAF_HEAD = re.compile(
    r"(?:TAF\s+)*(?:(?:AMD|COR)\s+)?(?:(?P<station>[A-Z][A-Z0-9]{3})\s+)?"
    r"(?:(?P<day>\d\d)(?P<hour>\d\d)(?P<minute>\d\d)Z?\s+)?(?P<body>.*)",
    re.ASCII,
)
_VALIDITY = re.compile(r"(\d\d)(\d\d)/(\d\d)(\d\d)\b", re.ASCII)
_TREND = re.compile(r"\b(?:TEMPO|BECMG|INTER|NOSIG|FCST|RMK)\b.*", re.ASCII)
_REMARKS = re.compile(r"\bRMK\b.*", re.ASCII)
_NIL = re.compile(r"(?:AUTO\s+)?NIL\b", re.ASCII)
_SNOCLO = re.compile(r"\bSNOCLO\b", re.ASCII)
_UNIT = re.compile(r"(?:\d{3}|VRB|///)P?\d{2,3}(?:GP?\d{2,3})?(?:KTS?|MPS|KMH)\b", re.ASCII)


class Report(NamedTuple):
    """A METAR or SPECI. `state` is that of the weather; `weather` has the codes of the present weather."""

    station: str
    at: Millis
    text: str
    state: State
    reason: str
    measures: dict[str, float]
    weather: str


class Period(NamedTuple):
    """A part of a forecast, and what is worst in it; None is good or not told."""

    since: Millis
    until: Millis
    state: State
    reason: str
    visibility_m: float | None
    ceiling_ft: float | None


class Forecast(NamedTuple):
    """A TAF: when it was issued, for when it is, and its worst period, if it tells any visibility or ceiling."""

    station: str
    at: Millis
    text: str
    since: Millis
    until: Millis
    worst: Period | None


# -- minima -----------------------------------------------------------------------------------------------------------


def judge(visibility_m: float | None, ceiling_ft: float | None, rvr_m: float | None = None) -> tuple[State, str]:
    """The state that what is told makes, and why; `open` and nothing when none of it is below the minima."""
    for minimum in MINIMA:
        below = []
        if rvr_m is not None and minimum.rvr_m is not None:
            below += [f"RVR {rvr_m:.0f} m"] if rvr_m < minimum.rvr_m else []
        elif visibility_m is not None and visibility_m < minimum.visibility_m:
            below.append(f"visibility {visibility_m:.0f} m")
        if ceiling_ft is not None and ceiling_ft < minimum.ceiling_ft:
            below.append(f"ceiling {ceiling_ft:.0f} ft")
        if below:
            return minimum.state, f"{', '.join(below)}: below {minimum.name} minima"
    return "open", ""


# -- when -------------------------------------------------------------------------------------------------------------


def _moments(day: int, hour: int, minute: int, near: Millis) -> Iterator[Millis]:
    """That day and time of the months around a moment, the latest first. Hour 24 is midnight of the next day."""
    if not (1 <= day <= 31 and (0 <= hour < 24 or (hour, minute) == (24, 0)) and 0 <= minute < 60):
        raise Unreadable(f"{day:02d}{hour:02d}{minute:02d} is not a day and time")
    here = datetime.fromtimestamp(near / 1000, UTC)
    months = here.year * 12 + here.month - 1
    for month in range(months + 1, months - 4, -1):
        try:
            start = datetime(month // 12, month % 12 + 1, day, tzinfo=UTC)
        except ValueError:
            continue  # that month has no such day
        yield round((start + timedelta(hours=hour, minutes=minute)).timestamp() * 1000)


def heard(day: int, hour: int, minute: int, received: Millis) -> Millis:
    """When that was, of a report that was heard at a moment: a later day than that is one of the month before."""
    return next(at for at in _moments(day, hour, minute, received) if at <= received + AHEAD_MS)


def nearest(day: int, hour: int, minute: int, near: Millis) -> Millis:
    """The moment of that day and time which lies nearest to another."""
    return min(_moments(day, hour, minute, near), key=lambda at: abs(at - near))


# -- METAR ------------------------------------------------------------------------------------------------------------


def report(text: str, station: str, received: Millis) -> Report | None:
    """The report in that text, its blanks made single; None for one that says NIL. Raises `Unreadable`.

    `station` is whose it is when the text doesn't say.
    """
    found = _HEAD.fullmatch(_bounded(text))
    if found is None:
        raise Unreadable("a METAR without its day and time")
    station = found["station"] or station
    if not station:
        raise Unreadable("a METAR without its station")
    at = heard(int(found["day"]), int(found["hour"]), int(found["minute"]), received)
    if _NIL.match(found["body"]):
        return None
    body = _TREND.sub("", found["body"]).strip()
    then = datetime.fromtimestamp(at / 1000, UTC)
    read = _metar(f"METAR {station} {then:%d%H%M}Z {body}", then)
    groups = body.split()
    visibility = None if "////" in groups else _least(read.vis, read.max_vis)
    rvr = min((low.value("M") for _, low, _, _ in read.runway), default=None)
    ceiling, sky_known = _ceiling(read, groups)
    measures = {
        "visibility_m": visibility,
        "rvr_m": rvr,
        "ceiling_m": None if ceiling is None else ceiling * FOOT,
        **_measured(read, body),
    }
    state, reason = judge(visibility, ceiling, rvr)
    unclear = [
        *(["visibility not told"] if visibility is None and rvr is None else []),
        *([] if sky_known else ["clouds not told"]),
        *([f"not understood: {' '.join(read._unparsed_groups)}"[:120]] if read._unparsed_groups else []),
    ]
    if _SNOCLO.search(body):
        state, reason = "closed", "; ".join(part for part in ("SNOCLO: closed by snow", reason) if part)
    elif state == "open" and unclear:
        state, reason = "unknown", "; ".join(unclear)
    known = {key: round(value, 1) for key, value in measures.items() if value is not None}
    weather = " ".join(code for each in read.weather if "/" not in (code := "".join(part or "" for part in each)))
    return Report(station, at, text, state, reason, known, weather)


def _bounded(text: str) -> str:
    if len(text) > LONGEST:
        raise Unreadable(f"a report of {len(text)} characters")
    if not text.isascii():
        raise Unreadable("a report in letters that no report has")
    return text


def _metar(code: str, then: datetime) -> Any:
    """What the library reads. It tells by a warning what it couldn't: a group is kept, a fault ends the reading."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        read = Metar(code, month=then.month, year=then.year, strict=False)
    for each in said:
        if " failed while processing " in str(each.message):
            raise Unreadable(f"not a METAR: {each.message}".replace("\n", " ")[:200])
    return read


def _least(*distances: Any) -> float | None:
    """The least of the visibilities, m: the prevailing one, and the lowest in a direction."""
    return min((float(each.value("M")) for each in distances if each is not None), default=None)


def _ceiling(read: Any, groups: list[str]) -> tuple[float | None, bool]:
    """Feet of the lowest layer that covers more than half the sky, and whether the sky is known."""
    known, heights = "CAVOK" in groups or bool(read.sky), []
    for cover, height, _ in read.sky:
        if cover in ("BKN", "OVC", "VV"):
            known = known and height is not None
            heights += [] if height is None else [round(height.value("FT"))]
        elif cover == "///":
            known = False
    return min(heights, default=None), known and not any(group.startswith("//////") for group in groups)


def _measured(read: Any, body: str) -> dict[str, float | None]:
    winds: dict[str, float | None] = {}
    if _UNIT.search(body):  # the library takes a wind without a unit for one in m/s
        winds = {
            "wind_ms": read.wind_speed and read.wind_speed.value("MPS"),
            "gust_ms": read.wind_gust and read.wind_gust.value("MPS"),
            "wind_deg": read.wind_dir and read.wind_dir.value(),
        }
        if not winds["wind_ms"]:
            del winds["wind_deg"]  # a calm comes from nowhere
    others = {
        "temp_c": read.temp and read.temp.value("C"),
        "dew_c": read.dewpt and read.dewpt.value("C"),
        "qnh_hpa": read.press and read.press.value("HPA"),
    }
    found = {key: value for key, value in (winds | others).items() if value is not None}
    return {key: value for key, value in found.items() if MEASURED[key][0] <= value <= MEASURED[key][1]}


# -- TAF --------------------------------------------------------------------------------------------------------------


def forecast(text: str, station: str, received: Millis) -> Forecast | None:
    """The forecast in that text, its blanks made single; None when it says NIL or is cancelled. Raises `Unreadable`."""
    found = _TAF_HEAD.fullmatch(_bounded(text))
    if found is None or not (found["station"] or station):
        raise Unreadable("a TAF without its station")
    station, body = found["station"] or station, _REMARKS.sub("", found["body"]).strip()
    if _NIL.match(body):
        return None
    valid = _VALIDITY.match(body)
    if valid is None:
        raise Unreadable("a TAF without its validity")
    if re.search(r"\bCNL\b", body):
        return None
    days = [int(part) for part in valid.groups()]
    if found["day"]:
        at = heard(int(found["day"]), int(found["hour"]), int(found["minute"]), received)
        since = nearest(days[0], days[1], 0, at)
    else:  # it is issued at most an hour before its validity (Annex 3, 6.2.3)
        since = nearest(days[0], days[1], 0, received)
        at = since - HOUR_MS
    until = nearest(days[2], days[3], 0, since)
    if not since < until:
        raise Unreadable(f"a TAF that ends before it begins: {valid[0]}")
    try:
        read = TAFParser().parse(f"TAF {station} 010000Z {body}")  # its own time of issue is read above
        worst = _worst(read, since, until)
    except Unreadable:
        raise
    except Exception as error:  # the library raises whatever happens to it on a group that it doesn't expect
        raise Unreadable(f"not a TAF: {type(error).__name__}: {error}"[:200]) from None
    return Forecast(station, at, text, since, until, worst)


def _worst(read: Any, since: Millis, until: Millis) -> Period | None:
    found = []
    for start, end, group in _periods(read, since, until):
        visibility, ceiling = _distance(group.visibility), _lowest(group)
        if visibility is None and ceiling is None:
            continue
        state, reason = judge(visibility, ceiling)
        found.append(Period(start, end, state, reason, visibility, ceiling))
    return min(found, key=_margin, default=None)


def _margin(period: Period) -> tuple[int, float, Millis]:
    """How far above the minima it is; the smallest is the worst."""
    states = [minimum.state for minimum in MINIMA]
    low = MINIMA[-1]
    visibility = FAR_M if period.visibility_m is None else min(period.visibility_m, FAR_M)
    ceiling = FAR_M if period.ceiling_ft is None else period.ceiling_ft
    rank = states.index(period.state) if period.state in states else len(states)
    return rank, min(visibility / low.visibility_m, ceiling / low.ceiling_ft), period.since


def _periods(read: Any, since: Millis, until: Millis) -> Iterator[tuple[Millis, Millis, Any]]:
    """(begin, end, groups) of what prevails and of what comes at times.

    What prevails lasts until the next FM begins or BECMG is complete, and a BECMG may hold from its beginning on.
    """
    lasting: list[tuple[Millis, Millis, Any]] = [(since, since, read)]  # begin, when it has replaced what was before
    for each in read.trends:
        valid = getattr(each, "validity", None)  # the library has none where it found none
        if valid is None:
            raise Unreadable("a TAF with a change at no time")
        begin = nearest(valid.start_day, valid.start_hour, getattr(valid, "start_minutes", None) or 0, since)
        if each.type == WeatherChangeType.FM:
            lasting.append((begin, begin, each))
            continue
        end = nearest(valid.end_day, valid.end_hour, 0, begin)
        if each.type == WeatherChangeType.BECMG:
            lasting.append((begin, end, each))
        else:
            yield begin, max(begin, end), each
    lasting.sort(key=lambda part: part[:2])
    for (begin, _, each), replaced in zip(lasting, [part[1] for part in lasting[1:]] + [until], strict=True):
        yield begin, max(begin, replaced), each


def _distance(said: Any) -> float | None:
    """A visibility of the library, such as `>10000` m or `P6` statute miles, in metres."""
    if said is None or said.distance is None:
        return None
    unit = {"M": 1.0, "KM": 1000.0, "SM": 1609.344}[str(said.unit.value if hasattr(said.unit, "value") else said.unit)]
    whole = sum(Fraction(part) for part in str(said.distance).strip("<>PM").split())
    least = said.min_distance
    return min(float(whole) * unit, FAR_M if least is None else float(least))


def _lowest(group: Any) -> float | None:
    """Feet of the lowest layer that covers more than half the sky."""
    heights = [each.height for each in group.clouds if each.quantity in (CloudQuantity.BKN, CloudQuantity.OVC)]
    return min((float(each) for each in (*heights, group.vertical_visibility) if each is not None), default=None)
