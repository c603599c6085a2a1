"""What do the Lithuanian road stations measure? Weather and traffic of eismoinfo.lt, one station a record.

Two services, one list each. A weather station tells air, road, wind and visibility every few minutes; a traffic
station counts vehicles and their mean speed in each direction every quarter of an hour. What they measure holds for an
hour. No weather and no traffic ever opens a road: a station says that something is wrong there, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from cop.event import Described, Millis, Scalar, State, Status
from cop.geo import Point
from feeds.adapter import Context, Outcome, Records, Reject, Source, Unreadable, attempt, tell
from feeds.eismoinfo import Fields, fields, number, placed, records, when, words

NAME: Final = "lt-stations"
HOLDS_MS: Final = 3_600_000
"""How long a measurement is good for."""

MEASURES: Final[dict[str, tuple[str, float, float]]] = {
    "oro_temperatura": ("air_c", -60, 60),
    "dangos_temperatura": ("road_c", -60, 90),
    "rasos_taskas": ("dew_c", -60, 60),
    "uzsalimo_taskas": ("freezing_c", -60, 10),
    "vejo_greitis_vidut": ("wind_ms", 0, 90),
    "vejo_greitis_maks": ("gust_ms", 0, 120),
    "krituliu_kiekis": ("rain_mm", 0, 500),
    "matomumas": ("visibility_m", 1, 100_000),
    "sukibimo_koeficientas": ("friction", 0.01, 1),
}
"""Field → measure (degrees Celsius, m/s, mm, m; friction is a ratio), and the least and most that can be measured.
What lies outside is the sentinel of a broken sensor and unknown."""
WINDS: Final = {
    "šiaurės": 0, "šiaurės rytų": 45, "rytų": 90, "pietryčių": 135,
    "pietų": 180, "pietvakarių": 225, "vakarų": 270, "šiaurės vakarų": 315,
}  # fmt: skip
"""Where the wind comes from → degrees true."""
FINE: Final = frozenset({"GS", "NMS"})
"""Codes of the warnings that say that the weather is good."""
THICK_M: Final = 300.0
"""Visibility below this is what the Lithuanian road traffic rules call insufficient."""
SLIPPERY: Final = 0.4
"""Friction below this is that of snow or ice."""
JAMS: Final = frozenset({"slow", "heavy", "queuing", "stationary"})
"""Types of traffic that hold up who comes."""
FASTEST: Final = 250.0
"""km/h beyond which a mean speed is a slip."""

Told = tuple[str, dict[str, Scalar], tuple[State, str, dict[str, float]]]
"""Name, properties, and (state, reason, measures)."""

_BAD = re.compile(
    r"slid|\bled|apled|plikled|snieg|apsnig|\bsnyg|šlapdrib|šerkšn|lijundr|pūg|pusn|rūk|\bsudėting|blogas matom|uragan",
    re.IGNORECASE,
)
"""Ice, snow, frost, sleet, drifts, fog, difficult conditions."""
_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)


def read(payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
    """Read one answer: for each station its two events, or one reject."""
    seen: set[str] = set()
    for offset, raw, trouble in records(payload):
        if trouble:
            yield [Reject(trouble, offset, raw)]
        else:
            yield attempt(partial(_station, raw, seen, context), offset, raw)


def _station(raw: bytes, seen: set[str], context: Context) -> Iterator[Outcome]:
    record = fields(raw)
    key = words(record.get("id"))
    if not _ID.fullmatch(key):
        raise Unreadable(f"id {key[:80]!r} is not an id" if key else "a station without an id")
    if "roadsegments" in record or "roadnr" in record:
        subject, told = f"station:LT:T{key}", _traffic(record)
    elif "irenginys" in record or "surinkimo_data" in record or "surinkimo_data_unix" in record:
        subject, told = f"station:LT:{key}", _weather(record)
    else:
        raise Unreadable("neither a weather station nor a traffic station")
    if subject in seen:
        raise Unreadable(f"the station {key} is there twice")
    at = _time(record, context)
    if at is None:
        raise Unreadable("no time of its own: its age cannot be told")
    name, properties, (state, reason, measures) = told
    lon, lat = _place(record) or (None, None)
    known: dict[str, Scalar] = {column: value for column, value in properties.items() if value not in ("", None)}
    yield tell(
        NAME, subject, at, Described(name[:80], ("LT",), lon, lat, properties=known, basis="eismoinfo.lt"), context
    )
    yield tell(NAME, subject, at, Status(state, at, at + HOLDS_MS, reason[:300], measures), context)
    seen.add(subject)


def _weather(record: Fields) -> Told:
    measures: dict[str, float] = {}
    for column, (measure, least, most) in MEASURES.items():
        value = number(record.get(column))
        if value is not None and least <= value <= most:
            measures[measure] = value
    wind = words(record.get("vejo_kryptis"))
    degrees = WINDS.get(wind.lower(), number(wind))
    if degrees is not None and 0 <= degrees <= 360:
        measures["wind_deg"] = float(degrees) % 360
    surface, falling = words(record.get("kelio_danga")), words(record.get("krituliu_tipas"))
    reasons = [text for text in (surface, *_warnings(record)) if _BAD.search(text)]
    if measures.get("visibility_m", THICK_M) < THICK_M:
        reasons.append(f"visibility {measures['visibility_m']:g} m")
    if measures.get("friction", SLIPPERY) < SLIPPERY:
        reasons.append(f"friction {measures['friction']:g}")
    properties: dict[str, Scalar] = {
        "measures": "weather",
        "roads": words(record.get("numeris")),
        "road_name": words(record.get("pavadinimas")),
        "km": number(record.get("kilometras")),
        "surface": surface,
        "precipitation": falling,
    }
    state: State = "degraded" if reasons else "unknown"
    return words(record.get("irenginys")), properties, (state, "; ".join(dict.fromkeys(reasons)), measures)


def _warnings(record: Fields) -> Iterator[str]:
    """The names of the warnings that are not the news that all is well."""
    listed = record.get("perspejimai")
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict) and words(each.get("kodas")) not in FINE:
            yield words(each.get("pavadinimas"))


def _traffic(record: Fields) -> Told:
    listed = record.get("roadsegments")
    segments = [each for each in (listed if isinstance(listed, list) else ()) if isinstance(each, dict)]
    flows = [(number(each.get("numberOfVehicles")), number(each.get("averageSpeed"))) for each in segments]
    counts = [count for count, _ in flows if count is not None and count >= 0]
    minutes = number(record.get("timeinterval"))
    measures: dict[str, float] = {}
    if counts and minutes is not None and minutes > 0:
        measures["vehicles_h"] = round(sum(counts) * 60 / minutes, 1)
    # Where nobody drove, a speed of 0 is a default and no jam.
    moving = [(count, speed) for count, speed in flows if count and speed and count > 0 and 0 < speed <= FASTEST]
    if moving:
        measures["mean_speed_kmh"] = round(sum(c * s for c, s in moving) / sum(c for c, _ in moving), 1)
    jams = sorted({kind for each in segments if (kind := words(each.get("trafficType")).lower()) in JAMS})
    properties: dict[str, Scalar] = {
        "measures": "traffic",
        "roads": words(record.get("roadnr")),
        "road_name": words(record.get("roadname")),
        "km": number(record.get("km")),
    }
    reason = f"{', '.join(jams)} traffic" if jams else ""
    return words(record.get("name")), properties, ("degraded" if jams else "unknown", reason, measures)


def _place(record: Fields) -> Point | None:
    """Where it stands: in LKS-94 if it says so, else in degrees; None when it says nothing."""
    for first, second in (("ilguma", "platuma"), ("lng", "lat"), ("x", "y")):
        pair = number(record.get(first)), number(record.get(second))
        if all(pair):  # 0 is no place in Lithuania but the default of a station without one
            return placed([pair])[0]
    return None


def _time(record: Fields, context: Context) -> Millis | None:
    found = (
        when(column, record.get(column), "changed", context.received)
        for column in ("surinkimo_data_unix", "surinkimo_data", "date")
    )
    return next((at for at in found if at is not None), None)


SOURCE = Source(
    name=NAME,
    title="Road stations of Lithuania",
    domain="land",
    nations=("LT",),
    kinds=("station",),
    transport="http",
    formats="JSON list of stations in UTF-8 or windows-1257: weather or traffic",
    licence="Open data; name the source",
    attribution="AB Via Lietuva, eismoinfo.lt",
    address="https://eismoinfo.lt/weather-conditions-service",
    others=(("lt-stations-traffic", "https://eismoinfo.lt/traffic-intensity-service"),),
    rate_s=300.0,
    stale_s=3600.0,
    identity="id of the station; T before that of a traffic station, for the two services number on their own",
    grid="LKS-94 (EPSG:3346) metres or degrees; the numbers tell which and in which order",
    complete=True,
    mapping=(
        ("id", "subject station:LT:<id> (weather), station:LT:T<id> (traffic)"),
        ("surinkimo_data_unix, else surinkimo_data, date", "at, status.since; local of Vilnius when it names no zone"),
        ("at and an hour", "status.until"),
        ("irenginys, name", "described.name"),
        ("ilguma and platuma, else lng and lat, x and y", "described.lon, described.lat"),
        ("numeris, roadNr", "described.properties.roads"),
        ("pavadinimas, roadName; kilometras, km", "described.properties.road_name, km"),
        ("kelio_danga, krituliu_tipas", "described.properties.surface, precipitation"),
        ("oro_temperatura, dangos_temperatura", "status.measures.air_c, road_c"),
        ("rasos_taskas, uzsalimo_taskas", "status.measures.dew_c, freezing_c"),
        ("vejo_greitis_vidut, vejo_greitis_maks, vejo_kryptis", "status.measures.wind_ms, gust_ms, wind_deg"),
        ("krituliu_kiekis, matomumas, sukibimo_koeficientas", "status.measures.rain_mm, visibility_m, friction"),
        ("numberOfVehicles of all directions and timeInterval", "status.measures.vehicles_h"),
        ("averageSpeed, weighted by vehicles", "status.measures.mean_speed_kmh"),
        ("ice, snow or fog in kelio_danga or perspejimai", "status.state degraded, status.reason"),
        ("matomumas below 300 m, sukibimo_koeficientas below 0.4", "status.state degraded, status.reason"),
        ("trafficType slow, heavy, queuing, stationary", "status.state degraded, status.reason"),
        ("anything else", "status.state unknown"),
    ),
    quirks=(
        ("test_every_number_may_be_a_string", "every number is a string"),
        ("test_what_a_sensor_cannot_measure_is_unknown_and_not_zero", "null, “-” and sentinels mean unknown"),
        ("test_easting_first_is_read_as_it_stands", "LKS-94 has the easting first here; traffic says x for latitude"),
        ("test_local_time_is_that_of_vilnius", "the time is local and names no zone"),
        ("test_a_station_without_a_time_is_rejected", "a station may come without a time"),
        ("test_good_weather_never_opens_a_road", "“good conditions” comes as a warning"),
        ("test_where_nobody_drove_there_is_no_speed", "an averageSpeed of 0 is the default of an empty road"),
        ("test_windows_1257_and_html_after_the_stations_cost_nothing", "windows-1257; HTML after the JSON"),
        ("test_a_page_of_the_filter_is_one_reject_of_the_stations", "a filter answers 403 with an HTML page"),
        ("test_the_two_services_number_on_their_own", "weather and traffic stations may have the same number"),
    ),
    decoder=lambda: Records(read),
)
