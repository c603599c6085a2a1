"""How are CSV files of convoy reports read, in the header names and number forms of the region?

One row is one report: convoy, time, lat, lon, and as far as there is any speed in km/h, course, remark and status. The
header may be English, Estonian, Latvian or Lithuanian. Cells stand apart by commas, or by semicolons, and then a
number may have a decimal comma. A row is one line, so that an open quote cannot eat its neighbours.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, tzinfo
from functools import partial
from typing import Any, Final

import msgspec

from cop.event import Described, Sighted, State, Status
from feeds.adapter import Context, Outcome, Records, Reject, Source, Unreadable, attempt, tell
from feeds.dropped import UNSAID, convoy, moment, zone_of
from feeds.xml_records import MOST

NAME: Final = "csv-reports"
LONGEST: Final = 16_384
"""Bytes of a row: a longer line is none."""

HEADERS: Final[dict[str, tuple[str, ...]]] = {
    "convoy": ("convoy", "convoyid", "unit", "callsign", "konvoi", "kolonn", "üksus", "konvojs", "kolonna", "vienība",
               "konvojus", "vilkstinė", "kolona", "vienetas"),
    "time": ("time", "timestamp", "datetime", "dtg", "aeg", "kellaaeg", "laiks", "datumslaiks", "laikas", "datalaikas"),
    "time_utc": ("timeutc", "utc", "timez", "aegutc", "laiksutc", "laikasutc"),
    "lat": ("lat", "latitude", "laius", "laiuskraad", "platums", "platumagrādi", "platuma", "platumas"),
    "lon": ("lon", "lng", "long", "longitude", "pikkus", "pikkuskraad", "garums", "garumagrādi", "ilguma", "ilgumas"),
    "speed_kmh": ("speedkmh", "speed", "kmh", "kiirus", "kiiruskmh", "ātrums", "ātrumskmh", "greitis", "greitiskmh"),
    "course": ("course", "heading", "cog", "kurss", "suund", "virziens", "kursas", "kryptis"),
    "remark": ("remark", "remarks", "note", "comment", "märkus", "märkused", "piezīme", "piezīmes", "pastaba",
               "pastabos"),
    "status": ("status", "state", "olek", "seisund", "statuss", "stāvoklis", "būsena", "būklė"),
}  # fmt: skip
"""Column → the names that it may have, as letters and digits in lower case."""
COLUMNS: Final = {name: column for column, names in HEADERS.items() for name in names}

WORDS: Final[dict[State, tuple[str, ...]]] = {
    "open": ("open", "ok", "moving", "on march", "liigub", "korras", "kustībā", "brauc", "juda", "važiuoja"),
    "degraded": ("degraded", "delayed", "slow", "hilineb", "aeglane", "kavējas", "vėluoja", "lėtai"),
    "restricted": (
        "restricted",
        "halted",
        "halt",
        "stopped",
        "peatus",
        "peatunud",
        "stāv",
        "apstājies",
        "sustojo",
        "stovi",
    ),
    "closed": ("closed", "blocked", "suletud", "kinni", "bloķēts", "slēgts", "užblokuota", "uždaryta"),
}
"""State → words for whether the convoy can go on. Any other word is unknown, and is told as the reason."""
STATES: Final = {word: state for state, words in WORDS.items() for word in words}

_LETTERS = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"[+-]?\d{1,9}(?:\.\d{1,12})?", re.ASCII)


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an operator can say of a file."""

    zone: str = ""
    """The zone of times that name none; empty: such a row is rejected."""


def configure(table: Mapping[str, Any]) -> Callable[[], Records]:
    """The decoder for an operator's options. Raises `ValueError`."""
    zone = zone_of(msgspec.convert(dict(table), Options).zone)
    return lambda: Records(partial(read, zone=zone))


def read(payload: bytes, context: Context, zone: tzinfo | None = None) -> Iterator[Sequence[Outcome]]:
    """The outcomes of one row after the other."""
    lines = _lines(payload)
    try:
        if len(payload) > MOST:
            raise Unreadable(f"a file of {len(payload)} bytes, more than {MOST}")
        _, head = next(lines, (0, b""))
        apart = ";" if head.count(b";") > head.count(b",") else ","
        columns = _columns(head, apart)
    except Unreadable as error:
        yield [Reject(str(error), 0, payload)]
        return
    for offset, line in lines:
        yield attempt(partial(_outcomes, columns, apart, line, zone, context), offset, line)


def _outcomes(
    columns: Sequence[str], apart: str, line: bytes, zone: tzinfo | None, context: Context
) -> Iterator[Outcome]:
    cells = _cells(line, apart)
    if len(cells) != len(columns):
        raise Unreadable(f"{len(cells)} cells where the header has {len(columns)}")
    row = {column: "" if cell.lower() in UNSAID else cell for column, cell in zip(columns, cells, strict=True)}
    subject, name = convoy(row["convoy"])
    at = moment(row["time_utc"], UTC) if row.get("time_utc") else moment(row.get("time", ""), zone)
    lat, lon = (_number(row[column], column, apart) for column in ("lat", "lon"))
    if lat is None or lon is None:
        raise Unreadable("a report without a place")
    if 10 <= lat <= 35 and 50 <= lon <= 65:
        raise Unreadable(f"lat {lat:g}, lon {lon:g}: lat and lon are swapped")
    if lat == lon == 0:
        raise Unreadable("lat 0, lon 0 is no place but an empty field")
    kmh, course = (_number(row.get(column, ""), column, apart) for column in ("speed_kmh", "course"))
    if kmh is not None and not 0 <= kmh <= 200:
        raise Unreadable(f"speed {kmh:g} km/h is not a convoy's")
    seen = Sighted(lon, lat, 0.0 if course == 360 else course, None if kmh is None else round(kmh / 3.6, 2))
    yield tell(NAME, subject, at, seen, context)
    remark, word = row.get("remark", "")[:300], row.get("status", "")
    if word:
        state = STATES.get(word.lower())
        reason = "; ".join(part for part in ("" if state else f"the report says {word[:80]!r}", remark) if part)
        yield tell(NAME, subject, at, Status(state or "unknown", reason=reason), context)
    about = Described(name, properties={"remark": remark} if remark else {}, basis="CSV report")
    yield tell(NAME, subject, at, about, context)


def _columns(head: bytes, apart: str) -> list[str]:
    """What each column is; one that is not known keeps its own name."""
    if not head:
        raise Unreadable("an empty file")
    if head.lstrip().startswith((b"<", b"{", b"[")):
        raise Unreadable("no table: the file begins like XML, HTML or JSON")
    names = _cells(head, apart)
    keys = [_LETTERS.sub("", re.sub(r"\bkm/h\b|\(.*?\)", "", name.lower())) for name in names]
    keys = [
        f"{key}utc" if re.search(r"\(\s*utc\s*\)", name.lower()) else key for key, name in zip(keys, names, strict=True)
    ]
    columns = [COLUMNS.get(key, f"{name} ") for key, name in zip(keys, names, strict=True)]
    missing = [column for column in ("convoy", "lat", "lon") if column not in columns]
    if not {"time", "time_utc"} & {*columns}:
        missing.append("time")
    if missing:
        raise Unreadable(f"no column for {', '.join(missing)} in the header {', '.join(names)}"[:200])
    twice = sorted({column for column in columns if columns.count(column) > 1 and column in HEADERS})
    if twice:
        raise Unreadable(f"two columns for {', '.join(twice)} in the header")
    return columns


def _number(said: str, column: str, apart: str) -> float | None:
    """A number, with a decimal comma only where commas do not part the cells; None where nothing is said."""
    text = said.replace(",", ".") if apart == ";" else said
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise Unreadable(f"{column} {said[:40]!r} is not a number")
    return float(text)


def _cells(line: bytes, apart: str) -> list[str]:
    """The cells of a row: UTF-8, else windows-1257, which spreadsheets in the region still write."""
    if len(line) > LONGEST:
        raise Unreadable(f"a row longer than {LONGEST} bytes")
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        try:
            text = line.decode("cp1257")
        except UnicodeDecodeError as error:
            raise Unreadable(f"neither UTF-8 nor windows-1257 at byte {error.start} of the row") from None
    try:
        (cells,) = csv.reader([text], delimiter=apart, strict=True, skipinitialspace=True)
    except (csv.Error, ValueError) as error:
        raise Unreadable(f"not a row of CSV: {error}") from None
    return [" ".join(cell.split()) for cell in cells]


def _lines(payload: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines that say anything, with their offsets."""
    offset = len(payload) - len(payload.removeprefix(b"\xef\xbb\xbf"))
    for line in payload[offset:].split(b"\n"):
        if line.strip(b" \t\r,;"):
            yield offset, line.removesuffix(b"\r")
        offset += len(line) + 1


SOURCE = Source(
    name=NAME,
    title="CSV reports of convoys",
    domain="land",
    nations=("EE", "LV", "LT"),
    kinds=("convoy",),
    transport="file",
    formats="CSV with a header, by comma or semicolon, in UTF-8 or windows-1257, one report a line",
    licence="As the sender of the file says",
    attribution="The sender of the file",
    address="file:dropped/*.csv",
    rate_s=5.0,
    stale_s=86400.0,
    identity="the convoy's name as an id",
    grid="WGS 84 degrees, columns lat and lon",
    complete=False,
    mapping=(
        ("convoy (konvoi, kolonn, konvojs, konvojus, vilkstinė, …)", "subject convoy:<name>, described.name"),
        ("time (aeg, laiks, laikas) with a zone, or in the option zone", "at"),
        ("time_utc, or a header with (UTC)", "at: a time without a zone is UTC"),
        ("lat, lon (laius, pikkus; platums, garums; platuma, ilguma)", "sighted.lat, sighted.lon"),
        ("speed_kmh (kiirus, ātrums, greitis)", "sighted.speed, m/s"),
        ("course (suund, virziens, kryptis)", "sighted.course"),
        ("status (olek, statuss, būsena): moving, halted, … in four languages", "status.state; any other is unknown"),
        ("remark (märkus, piezīme, pastaba)", "status.reason, described.properties.remark"),
    ),
    quirks=(
        ("test_a_naive_time_needs_the_option_zone", "Times without a zone: read only with the option zone."),
        ("test_a_decimal_comma_comes_with_semicolons", "Decimal commas: only where commas do not part the cells."),
        ("test_headers_of_four_languages", "Headers in Estonian, Latvian and Lithuanian, in UTF-8 or windows-1257."),
        ("test_an_open_quote_eats_no_neighbour", "A quote that is not closed: it costs its row and no other."),
    ),
    decoder=lambda: Records(read),
    configure=configure,
)
