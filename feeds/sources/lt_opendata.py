"""How are the Lithuanian open-data tables of road restrictions read? Works, obstacles, events and road sections.

Four tables of data.gov.lt, each a whole CSV. Works, obstacles and events are road events; a row that is over is no
business of the picture, and nor is the register of road sections, which restricts nothing. A work that is still to come
is as old as its hearing until it begins, because the table has no other time of it.

Each row is found on its own lines, so that a quote which is never closed costs one row and not all that follow.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final, NamedTuple

from cop.event import Described, Limit, Millis, Scalar, State, Status
from cop.geo import Point, length
from feeds import lt_notices
from feeds.adapter import Context, Outcome, Records, Reject, Source, Unreadable, attempt, tell
from feeds.eismoinfo import LKS94, number, placed, words

NAME: Final = "lt-opendata"
TABLES: Final = "https://get.data.gov.lt/datasets/gov/via_lietuva/eismo_ribojimai"

KINDS: Final[dict[str, tuple[str, str]]] = {
    "Remontas": ("roadworks", "Road works"),
    "Kliutis": ("obstruction", "Obstacle"),
    "Renginys": ("event", "Event"),
}
"""Table → category and what a row without words is called."""
REGISTER: Final = "KelioAtkarpa"
"""The table that says which roads there are, and restricts none."""
BOTH: Final = frozenset({"", "AB"})
"""Directions of traffic that mean the whole road; any other (PR, AT) is one carriageway."""
CHANGED: Final = ("irasas_atnaujintas", "irasas_sukurtas")
LINES: Final = ("geometrija", "geometry")
PLACES: Final = ("nuo_koord_lks", "koord_lks", "iki_koord_lks")

TEXTS: Final = {
    "roads": "numeris",
    "direction": "eismo_kryptis",
    "impact": "poveikis_eismui",
    "road_id": "kelio_id",
    "text": "aprasymas",
}
KILOMETRES: Final = {"from_km": "km_nuo", "to_km": "km_iki"}
"""Property → its column."""

MOST_LINES: Final = 100
"""A row of more lines than this is not one row."""
_WKT = re.compile(r"(?:SRID=\d{4,6};)?\s*((?:MULTI)?(?:POINT|LINESTRING)\b.*)", re.IGNORECASE | re.DOTALL)
"""Geometries without parts inside parts: what nests without end could break the parser."""
_TITLE = re.compile(rb"<(?:title|h1)[^>]*>([^<]{1,80})", re.IGNORECASE)
_ID = re.compile(r"[\w-]{1,64}", re.ASCII)
_BOM = b"\xef\xbb\xbf"

Row = Mapping[str, str]


class _Cut(NamedTuple):
    """A row as it stands in the bytes: its fields, or what is wrong with it."""

    offset: int
    raw: bytes
    fields: list[str]
    trouble: str


def read(payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
    """Read one table: for each row its two events, one reject, or nothing when it is over or restricts nothing."""
    rows = _rows(payload)
    header = next(rows, None)
    if header is None or header.trouble or "_id" not in header.fields:
        yield [Reject(_no_table(payload, header.trouble if header else ""), 0, payload)]
        return
    columns = header.fields
    seen: set[str] = set()
    for row in rows:
        yield attempt(partial(_outcomes, row, columns, seen, context), row.offset, row.raw)


def _outcomes(cut: _Cut, columns: Sequence[str], seen: set[str], context: Context) -> Iterator[Outcome]:
    if cut.trouble:
        raise Unreadable(cut.trouble)
    if len(cut.fields) != len(columns):
        raise Unreadable(f"a row of {len(cut.fields)} fields under a header of {len(columns)}")
    row = {column: words(value) for column, value in zip(columns, cut.fields, strict=True)}
    table = row.get("_type", "").rpartition("/")[2]
    if table == REGISTER:
        return
    if table not in KINDS:
        raise Unreadable(f"a row of the unknown table {table[:60]!r}")
    key, text = row["_id"], row.get("aprasymas", "")
    if not _ID.fullmatch(key):
        raise Unreadable(f"id {key[:80]!r} is not an id" if key else "a row without an id")
    if lt_notices.is_test(text):
        raise Unreadable("a test row")
    if key in seen:
        raise Unreadable(f"the id {key} is there twice")
    at, since, until = _times(row, context)
    if until is not None and until <= context.received:
        return
    category, title = KINDS[table]
    state, limits, speed, reason = _rules(row, text, category)
    point, path = _geometry(row)
    lon, lat = point or (None, None)
    properties = {"category": "closure" if state == "closed" else category, "cause": title} | _properties(row)
    body = Described((text or title)[:80], ("LT",), lon, lat, path, "", limits, properties, "data.gov.lt")
    measures = {} if speed is None else {"speed_kmh": speed}
    status = Status(state, since, until, "; ".join(part for part in (reason, text) if part)[:300], measures)
    subject = f"roadevent:LT:{key}"
    yield tell(NAME, subject, at, body, context)
    yield tell(NAME, subject, at, status, context)
    seen.add(key)


def _properties(row: Row) -> dict[str, Scalar]:
    texts = {name: row.get(column, "")[:2000] for name, column in TEXTS.items()}
    kilometres = {name: number(row.get(column)) for name, column in KILOMETRES.items()}
    return {name: value for name, value in (texts | kilometres).items() if value not in ("", None)}


# -- what is restricted -----------------------------------------------------------------------------------------------


def _rules(row: Row, text: str, category: str) -> tuple[State, tuple[Limit, ...], float | None, str]:
    """State, limits, speed and what is to be said about them. Closed only when nobody may pass.

    The field says whether traffic is let through. Where it is and the text shuts the road, some still get through.
    """
    text = lt_notices.without_detour(text)
    limits = lt_notices.masses(text)
    speeds = lt_notices.speeds(text)
    allowed = row.get("eismas_leidziamas", "").lower()
    one_way = row.get("eismo_kryptis", "") not in BOTH
    shut = allowed == "false" or (not allowed and lt_notices.closes(text))
    state: State
    reason = ""
    if shut and not limits and not one_way and not lt_notices.for_some_only(text):
        state = "closed"
    elif shut and one_way:
        state, reason = "restricted", "closed in one direction"
    elif shut or limits or lt_notices.closes(text):
        state = "restricted"
    elif speeds or category in lt_notices.IMPAIRED:
        state = "degraded"
    else:
        state = "unknown"  # an event that lets traffic through says nothing of how well it goes
    return state, limits, min(speeds, default=None), reason


# -- where and when ---------------------------------------------------------------------------------------------------


def _geometry(row: Row) -> tuple[Point | None, tuple[Point, ...]]:
    """The place and the longest line; neither when the row has no geometry: then it is listed and not drawn."""
    lines = [placed(line, LKS94) for column in LINES for line in _positions(row, column)]
    path = max((line for line in lines if len(line) > 1), key=length, default=())
    if path:
        return path[len(path) // 2], path
    points = [line[0] for line in lines] or [
        placed(line, LKS94)[0] for column in PLACES for line in _positions(row, column)
    ]
    return (points[0], ()) if points else (None, ())


def _positions(row: Row, column: str) -> list[list[tuple[float, float]]]:
    """The lines of a column of well-known text, each as its pairs: northing first, but the numbers tell."""
    text = row.get(column, "")
    if not text:
        return []
    import shapely  # at first use, for it is slow to start

    match = _WKT.fullmatch(text)
    shape = shapely.from_wkt(match[1], on_invalid="ignore") if match else None
    if shape is None:
        raise Unreadable(f"{column} {text[:60]!r} is no point or line")
    parts = [shape] if not hasattr(shape, "geoms") else list(shape.geoms)
    return [[(x, y) for x, y, *_ in part.coords] for part in parts if not part.is_empty]


def _times(row: Row, context: Context) -> tuple[Millis, Millis | None, Millis | None]:
    """When it was last changed, when it begins and ends."""
    since, until = _time(row, "data_nuo"), _time(row, "data_iki")
    changed = next((at for column in CHANGED if (at := _time(row, column)) is not None), None)
    if changed is None and since is not None:
        changed = min(since, context.received)
    if changed is None:
        raise Unreadable("no time of its own: its age cannot be told")
    return changed, since, until


def _time(row: Row, column: str) -> Millis | None:
    """A time of the table is UTC when it names no zone."""
    said = row.get(column, "")
    if not said:
        return None
    try:
        moment = datetime.fromisoformat(said)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Unreadable(f"{column} {said[:40]!r} is not a time") from None


# -- the rows in the bytes --------------------------------------------------------------------------------------------


def _rows(payload: bytes) -> Iterator[_Cut]:
    """Each row with the lines that it stands on, the header first; blank lines are passed over."""
    lines = payload.removeprefix(_BOM).splitlines(keepends=True)
    offset = len(payload) - sum(map(len, lines))
    at, width = 0, 0
    while at < len(lines):
        if not lines[at].strip():
            offset, at = offset + len(lines[at]), at + 1
            continue
        ends = min(at + MOST_LINES, len(lines))
        reader = csv.reader((lines[i].decode("utf-8", "surrogateescape") for i in range(at, ends)), strict=True)
        fields: list[str] = []
        trouble = ""
        try:
            fields = next(reader)
        except (csv.Error, StopIteration) as error:
            trouble = f"not CSV: {error}"
        taken = reader.line_num
        if trouble or (width and len(fields) != width):
            taken = 1  # its quote was not closed: the lines after it are read on their own
        raw = b"".join(lines[at : at + taken])
        if not trouble and not raw.endswith(b"\n"):
            trouble = "the table ends within a row"
        if not trouble and (bad := _not_utf8(raw)):
            trouble = bad
        yield _Cut(offset, raw, fields, trouble)
        width = width or len(fields)
        offset, at = offset + len(raw), at + taken


def _not_utf8(raw: bytes) -> str:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"not UTF-8 at byte {error.start} of the row"
    return ""


def _no_table(payload: bytes, trouble: str) -> str:
    start = payload.removeprefix(_BOM).lstrip()
    if not start:
        return "an empty answer, which is not an empty table"
    if start.startswith((b"{", b"[")):
        return "JSON instead of CSV"
    if not start.startswith(b"<"):
        return f"not the table that was expected: {trouble or 'no column _id'}"
    title = _TITLE.search(payload)
    return "an HTML page instead of CSV" + (f": {title[1].decode('utf-8', 'replace').strip()}" if title else "")


SOURCE = Source(
    name=NAME,
    title="Open data on road restrictions in Lithuania",
    domain="land",
    nations=("LT",),
    kinds=("roadevent",),
    transport="http",
    formats="CSV table in UTF-8 with geometries as well-known text",
    licence="CC BY 4.0",
    attribution="AB Via Lietuva, data.gov.lt",
    address=f"{TABLES}/Remontas/:format/csv",
    others=(
        ("lt-opendata-obstacles", f"{TABLES}/Kliutis/:format/csv"),
        ("lt-opendata-events", f"{TABLES}/Renginys/:format/csv"),
        ("lt-opendata-sections", f"{TABLES}/KelioAtkarpa/:format/csv"),
    ),
    rate_s=3600.0,
    stale_s=604800.0,
    identity="_id of the row",
    grid="LKS-94 (EPSG:3346) metres, northing first; the numbers tell if that changes",
    complete=True,
    mapping=(
        ("_id", "subject roadevent:LT:<_id>"),
        ("irasas_atnaujintas, irasas_sukurtas, else data_nuo (the hearing until then)", "at; UTC"),
        ("_type: Remontas, Kliutis, Renginys", "described.properties.category roadworks, obstruction, event; cause"),
        ("_type: KelioAtkarpa", "nothing: the register of sections restricts nothing"),
        ("aprasymas", "described.name, described.properties.text, status.reason"),
        ("geometrija", "described.path: the longest line; described.lon, lat: its middle"),
        ("nuo_koord_lks, koord_lks, else iki_koord_lks", "described.lon, lat, without a geometrija"),
        ("numeris, kelio_id", "described.properties.roads, road_id"),
        ("km_nuo, km_iki", "described.properties.from_km, to_km"),
        ("eismo_kryptis, poveikis_eismui", "described.properties.direction, impact"),
        ("eismas_leidziamas False, both directions", "status.state closed; category closure"),
        ("eismas_leidziamas False, one direction or for some", "status.state restricted"),
        ("a mass in the text", "described.limits (basis text), status.state restricted"),
        ("a speed in the text", "status.measures.speed_kmh"),
        ("works or an obstacle with traffic", "status.state degraded"),
        ("an event with traffic", "status.state unknown"),
        ("data_nuo, data_iki", "status.since, status.until; UTC"),
        ("data_iki in the past", "nothing: it is over"),
    ),
    quirks=(
        ("test_northing_first_is_put_in_its_place", "geometries have the northing first"),
        ("test_times_without_a_zone_are_utc", "times name no zone and are UTC, unlike those of eismoinfo.lt"),
        ("test_test_rows_of_the_tables_are_rejected", "test rows in production"),
        ("test_a_row_that_is_over_is_no_business_of_the_picture", "most rows are over years ago"),
        ("test_a_work_to_come_is_as_old_as_its_hearing", "a row may have no time but that of its begin"),
        ("test_a_quoted_field_may_hold_lines", "quoted fields may hold line ends"),
        ("test_a_quote_that_is_not_closed_costs_one_row", "a broken quote would swallow the rows after it"),
        ("test_one_direction_closed_is_no_closed_road", "a closure may be of one direction only"),
        ("test_a_table_that_ends_within_a_row_says_so", "a table that is cut looks like a shorter one"),
    ),
    decoder=lambda: Records(read),
)
