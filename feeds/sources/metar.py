"""Can one fly there, by the weather? METAR, SPECI and TAF of the aerodromes, as texts of ICAO Annex 3.

    METAR EVRA 241950Z 24010KT 9999 FEW024 05/M01 Q1026 NOSIG=
    TAF EVRA 241730Z 2418/2518 24012KT 9999 SCT025
      TEMPO 2418/2424 1200 BR BKN004

What stands around the reports (headings, a page's own words) is no record. A report without a station is of that which
its heading names, else of the one that the file's name or address names.

The weather of an aerodrome is a thing of its own (weather:<ICAO>): a report holds for 90 minutes, and one that is above
all minima says that of the weather, and never that the aerodrome is open. The aerodrome itself (airfield:<ICAO>) is
told of only when the weather is below the minima; when it is no longer, that is withdrawn.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final, NamedTuple

from cop.event import Described, Gone, Millis, Scalar, Status
from feeds import aeromet
from feeds.adapter import Context, Outcome, Records, Reject, Source, Unreadable, attempt, tell

NAME: Final = "metar"
HOLDS_MS: Final = 90 * 60_000
"""How long a report is good for: three times the half hour between two, so that one may be missed."""
BIGGEST: Final = 16 * 1024 * 1024

AERODROMES: Final[dict[str, tuple[str, float, float]]] = {
    "EEEI": ("Amari Air Base", 24.2085, 59.2603),
    "EETN": ("Tallinn Lennart Meri", 24.8328, 59.4133),
    "EETU": ("Tartu", 26.6904, 58.3075),
    "EEPU": ("Parnu", 24.4728, 58.4190),
    "EEKE": ("Kuressaare", 22.5095, 58.2299),
    "EEKA": ("Kardla", 22.8307, 58.9908),
    "EENI": ("Nurmsi", 25.7300, 58.8650),
    "EERI": ("Ridali", 26.9790, 57.9400),
    "EETA": ("Tapa", 25.9622, 59.2408),
    "EVRA": ("Riga", 23.9711, 56.9236),
    "EVGA": ("Lielvarde Air Base", 24.8539, 56.7783),
    "EVLA": ("Liepaja", 21.0969, 56.5175),
    "EVVA": ("Ventspils", 21.5442, 57.3578),
    "EVDA": ("Daugavpils (Lociki)", 26.6650, 55.9447),
    "EVKA": ("Jekabpils", 25.8925, 56.5347),
    "EVJA": ("Jurmala (Tukums)", 23.2233, 56.9417),
    "EVEA": ("Jelgava", 23.6792, 56.6728),
    "EVAD": ("Adazi", 24.2658, 57.0986),
    "EVRS": ("Spilve", 24.0750, 56.9911),
    "EYSA": ("Siauliai", 23.3950, 55.8939),
    "EYKA": ("Kaunas", 24.0848, 54.9639),
    "EYVI": ("Vilnius", 25.2858, 54.6341),
    "EYPA": ("Palanga", 21.0939, 55.9732),
    "EYPP": ("Pajuostis (Panevezys)", 24.4600, 55.7300),
    "EYKR": ("Kazlu Ruda", 23.5331, 54.8056),
    "EYRU": ("Jonava (Rukla/Gaiziunai)", 24.3633, 55.0100),
    "EYKD": ("Kedainiai", 23.9564, 55.3117),
    "EYKS": ("Kaunas S. Darius and S. Girenas", 23.8815, 54.8798),
    "EYSI": ("Silute", 21.5306, 55.3369),
}
"""The aerodromes of the register: name, longitude, latitude. As in `feeds/reference/airfields.csv` (airportsdata, where
it doesn't say otherwise), which a test compares. The weather of any other is none of our business."""
NATIONS: Final = {"EE": "EE", "EV": "LV", "EY": "LT"}
"""The first two letters of a location indicator (ICAO Doc 7910) → nation."""

# A line, or a part of one that ends with the sign for the end of a report.
_LINE = re.compile(rb"[^\r\n=]+=?")
_START = re.compile(
    r"\s*(?:(?:METAR|SPECI|TAF)\s+(?:TAF\s+)?(?:(?:COR|AMD)\s+)?(?:[A-Z][A-Z0-9]{3}\b|\d{6}Z?\s)"
    r"|(?:COR\s+)?[A-Z][A-Z0-9]{3}\s+\d{6}Z\b)",
    re.ASCII,
)
_TAF = re.compile(r"TAF\b|(?:[A-Z][A-Z0-9]{3}\s+)?\d{6}Z\s+(?:\d{4}/\d{4}\b)", re.ASCII)
_BULLETIN = re.compile(r"\s*[A-Z]{4}\d\d\s+[A-Z]{4}\s+\d{6}\b", re.ASCII)
_GROUP = re.compile(
    r"\s+\S|TEMPO\b|BECMG\b|INTER\b|NOSIG\b|RMK\b|AUTO\b|NIL\b|CNL\b|CAVOK\b|NSC\b|NCD\b|SKC\b|NSW\b|[A-Z+/-]*[\d/]|"
    r"[+-]?(?:VC|RE|MI|PR|BC|DR|BL|SH|TS|FZ|DZ|RA|SN|SG|PL|GR|GS|UP|BR|FG|FU|VA|DU|SA|HZ|PO|SQ|FC|SS|DS)+\b",
    re.ASCII,
)
"""How the next line of a report begins: indented, or with a group."""
_HEADING = re.compile(r"\W*(?:(?i:airport|aerodrome|station)\W+)?([A-Z]{4})\b", re.ASCII)
_NAMED = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{4}(?![A-Za-z0-9])", re.ASCII)
_TITLE = re.compile(rb"<(?:title|h1)[^>]*>([^<]{1,80})", re.IGNORECASE)


Told: Final = (aeromet.Report, aeromet.Forecast)


class Piece(NamedTuple):
    """The text of a report, and the station that its heading names."""

    offset: int
    raw: bytes
    heading: str


class Read(NamedTuple):
    """A piece that was read; None is one that says that there is nothing to report."""

    piece: Piece
    said: aeromet.Report | aeromet.Forecast | Unreadable | None


def read(payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
    """The outcomes of one report after the other, and one reject when there is none."""
    pieces = list(_pieces(payload)) if len(payload) <= BIGGEST else []
    if not pieces or payload.lstrip().startswith(b"<"):
        yield [Reject(_nothing(payload), 0, payload)]
        return
    records = [_record(piece, context) for piece in pieces]
    told = sorted((each.said for each in records if isinstance(each.said, Told)), key=lambda said: said.at)
    reports = {said.station: said for said in told if isinstance(said, aeromet.Report)}
    forecasts = {said.station: said for said in told if isinstance(said, aeromet.Forecast)}
    for record in records:
        yield attempt(partial(_outcomes, record, reports, forecasts, context), record.piece.offset, record.piece.raw)


def _nothing(payload: bytes) -> str:
    """Why there is no report in it."""
    if len(payload) > BIGGEST:
        return f"{len(payload)} bytes, more than {BIGGEST}"
    if not payload.strip():
        return "an empty answer, which says nothing of the weather"
    if not payload.lstrip().startswith(b"<"):
        return "no METAR, SPECI or TAF in it"
    title = _TITLE.search(payload)
    return "an HTML page instead of reports" + (f": {title[1].decode('utf-8', 'replace').strip()}" if title else "")


# -- which bytes are a report -----------------------------------------------------------------------------------------


def _pieces(payload: bytes) -> Iterator[Piece]:
    """Each report with the lines that belong to it."""
    begun, end, heading = -1, 0, ""
    for line in _LINE.finditer(payload):
        text = line[0].decode("latin-1")  # a character a byte
        if not text.strip(" \t="):
            continue
        apart = payload[end : line.start()].count(b"\n") > 1 or payload[end - 1 : end] == b"="
        if begun >= 0 and not apart and not _START.match(text) and _GROUP.match(text) and not _BULLETIN.match(text):
            end = line.end()
            continue
        if begun >= 0:
            yield Piece(begun, payload[begun:end], heading)
        begun, end = (line.start(), line.end()) if _START.match(text) else (-1, line.end())
        if begun < 0:
            named = _HEADING.match(text)
            heading = named[1] if named and named[1] in AERODROMES else ""
    if begun >= 0:
        yield Piece(begun, payload[begun:end], heading)


def _record(piece: Piece, context: Context) -> Read:
    text = " ".join(piece.raw.decode("latin-1").replace("=", " ").split())
    station = piece.heading or _named(context.name)
    try:
        if _TAF.match(text):
            return Read(piece, aeromet.forecast(text, station, context.received))
        return Read(piece, aeromet.report(text, station, context.received))
    except Unreadable as error:
        return Read(piece, error)


def _named(name: str) -> str:
    """The one aerodrome that a file's name or an address names; empty when it names none or several."""
    found = {each.upper() for each in _NAMED.findall(name)} & AERODROMES.keys()
    return found.pop() if len(found) == 1 else ""


# -- what it tells ----------------------------------------------------------------------------------------------------


def _outcomes(
    record: Read,
    reports: Mapping[str, aeromet.Report],
    forecasts: Mapping[str, aeromet.Forecast],
    context: Context,
) -> Iterator[Outcome]:
    """A report tells how the weather is, a forecast what is known of the place; without one the newest report does."""
    said = record.said
    if isinstance(said, Unreadable):
        raise said
    if said is None or said.station not in AERODROMES:
        return
    station = said.station
    report, forecast = reports.get(station), forecasts.get(station)
    if isinstance(said, aeromet.Report):
        until = said.at + HOLDS_MS
        status = Status(said.state, said.at, until, said.reason, said.measures)
        yield tell(NAME, f"weather:{station}", said.at, status, context)
        if said.state == "open":
            yield tell(NAME, f"airfield:{station}", said.at, Gone("weather above minima"), context)
        elif said.state != "unknown":
            yield tell(NAME, f"airfield:{station}", said.at, status, context)
    if said is (forecast or report):
        at = max(each.at for each in (report, forecast) if each is not None)
        yield tell(NAME, f"weather:{station}", at, _described(station, report, forecast), context)


def _described(station: str, report: aeromet.Report | None, forecast: aeromet.Forecast | None) -> Described:
    name, lon, lat = AERODROMES[station]
    properties: dict[str, Scalar] = {"icao": station}
    if report is not None:
        properties |= {"metar": report.text, "weather": report.weather}
    if forecast is not None:
        properties |= {"taf": forecast.text, "taf_valid": f"{_clock(forecast.since)} to {_clock(forecast.until)}"}
        if (worst := forecast.worst) is not None:
            properties |= {
                "taf_worst": worst.reason or "nothing below minima",
                "taf_worst_from": _clock(worst.since),
                "taf_worst_until": _clock(worst.until),
                "taf_visibility_m": worst.visibility_m,
                "taf_ceiling_m": None if worst.ceiling_ft is None else round(worst.ceiling_ft * aeromet.FOOT, 1),
            }
    known: dict[str, Scalar] = {key: value for key, value in properties.items() if value not in (None, "")}
    basis = " and ".join(word for word, each in (("METAR", report), ("TAF", forecast)) if each is not None)
    return Described(name, (NATIONS[station[:2]],), lon, lat, properties=known, basis=basis)


def _clock(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


SOURCE = Source(
    name=NAME,
    title="Aerodrome weather reports and forecasts",
    domain="air",
    nations=("EE", "LV", "LT"),
    kinds=("weather", "airfield"),
    transport="http",
    formats="Text with METAR, SPECI and TAF of ICAO Annex 3, as a service, a bulletin or a page gives it",
    licence="Public domain (US National Weather Service)",
    attribution="NOAA Aviation Weather Center; the nations' meteorological services",
    address="https://aviationweather.gov/api/data/metar?ids=EETN,EVRA,EYVI,EYKA,EYSA,EYPA,EETU,EVLA&format=raw&taf=true",
    rate_s=600.0,
    stale_s=5400.0,
    identity="location indicator of the aerodrome",
    grid="none: an aerodrome has the place of the register, WGS 84 degrees",
    complete=False,
    mapping=(
        ("location indicator, else that of the heading, else that of the file's name", "subject weather:<ICAO>"),
        ("location indicator that is not in the register; NIL; CNL", "ignored"),
        ("name and place in the register", "described.name, nations, lon, lat"),
        ("day, hour, minute; month and year by the time of hearing", "at, status.since; status.until 90 minutes later"),
        ("RVR below 550 m, without RVR visibility below 800 m; ceiling below 200 ft", "status.state restricted"),
        ("visibility below 1500 m, ceiling below 600 ft", "status.state degraded"),
        ("R/SNOCLO", "status.state closed"),
        ("visibility and clouds told, and above", "status.state open: of the weather, not of the aerodrome"),
        ("visibility or clouds not told (////), a group that is not understood", "status.state unknown, if not below"),
        ("the same state, when it is below the minima", "status of airfield:<ICAO>; gone when the weather is above"),
        ("visibility, the least in any direction; 9999 and CAVOK", "measures.visibility_m; 10000"),
        ("RVR, the least of all runways", "measures.rvr_m"),
        ("BKN, OVC, VV: the lowest, feet", "measures.ceiling_m"),
        ("wind and gusts, KT, MPS, KMH", "measures.wind_ms, gust_ms, wind_deg"),
        ("temperature, dew point, Q or A", "measures.temp_c, dew_c, qnh_hpa"),
        ("the whole text; present weather", "properties.metar, weather"),
        ("TEMPO, BECMG, NOSIG, RMK of a METAR", "in the text only"),
        ("TAF: the whole text, its validity", "properties.taf, taf_valid"),
        ("TAF: the worst of what prevails, FM, BECMG, TEMPO and PROB", "properties.taf_worst, taf_worst_from/until"),
        ("its visibility and ceiling", "properties.taf_visibility_m, taf_ceiling_m"),
    ),
    quirks=(
        (
            "test_month_and_year_are_those_of_the_hearing_and_not_of_a_clock",
            "A report tells day, hour and minute only; a later day than today's is one of the month before.",
        ),
        (
            "test_a_report_without_a_station_is_of_its_heading_or_of_the_file",
            "Pages leave out the station and name it in a heading.",
        ),
        ("test_slashes_are_unknown_and_not_far", "`////` is a broken sensor, which a library reads as 10 km."),
        ("test_weather_never_opens_an_aerodrome", "Good weather says nothing of the runway."),
        ("test_auto_nil_cavok_and_the_end_sign_are_tolerated", "AUTO, NIL, CAVOK and `=` stand in real reports."),
        ("test_trends_and_remarks_are_not_the_present", "TEMPO, BECMG and RMK tell of other times, in other units."),
        ("test_hour_24_ends_a_day", "A TAF ends at hour 24."),
        ("test_lines_of_a_page_around_the_reports_are_no_records", "Headings and words stand around the reports."),
    ),
    decoder=lambda: Records(read),
)
