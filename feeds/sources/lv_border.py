"""How long is the wait at Latvia's crossings to Russia and Belarus? A table whose columns an operator can name.

The shape of the data set is not known outside. `Table` says which one is read unless an operator's options say another.
The rows of one crossing (a direction, a kind of vehicle) are one record, the longest wait first of all. A wait does not
say whether the crossing is open, so that its state stays unknown.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from cop.event import Millis, Status
from feeds.adapter import Context, Outcome, Records, Reject, Source, Unreadable, attempt, json_list, tell
from feeds.lv_access import ADDRESS, moment, quantity, request, said

NAME: Final = "lv-border"
MINUTE: Final = 60_000
MINUTES: Final = {"s": 1 / 60, "min": 1.0, "h": 60.0}
LONGEST_MIN: Final = 14 * 24 * 60.0
"""A longer wait is a slip of the unit."""
LARGEST: Final = 4_000_000
"""Bytes: a longer answer is not this table."""

CROSSINGS: Final[dict[str, str]] = {
    "Terehova": "XE10",
    "Grebņeva": "XE11",
    "Vientuļi": "XE12",
    "Pededze": "XE13",
    "Pāternieki": "XE14",
    "Silene": "XE15",
}
"""Name → id in the register of crossings. Case, blanks and marks over letters do not matter."""
DIRECTIONS: Final[dict[str, str]] = {
    **dict.fromkeys(("exit", "out", "outbound", "leaving", "izbrauksana", "izbraukt", "no latvijas"), "out"),
    **dict.fromkeys(("entry", "in", "inbound", "entering", "iebrauksana", "iebraukt", "uz latviju"), "in"),
}
"""Word for a direction, as `_plain` writes it → out of Latvia, or into it. Others count in the longest wait."""


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where in the answer is what. The defaults read `{"crossings": [{"name": "Terehova", "direction": "exit",
    "waiting_min": 95, "queue": 40, "time": "2026-11-24T20:00:00+02:00"}]}`.

    A column within an object is written with dots (`site.name`); of a GeoJSON feature the columns are its properties.
    """

    form: Literal["json", "geojson", "csv"] = "json"
    list: str = "crossings"
    """Keys that lead to the list, with dots; empty when the answer is the list itself. Of GeoJSON it is `features`."""
    name: str = "name"
    direction: str = "direction"
    waiting: str = "waiting_min"
    unit: Literal["s", "min", "h"] = "min"
    """Of the waiting time; one that is written `1:35` is hours and minutes in any case."""
    queue: str = "queue"
    """Vehicles."""
    time: str = "time"
    zone: str = "Europe/Riga"
    """Of a time that names none."""
    good_min: Annotated[float, msgspec.Meta(gt=0, le=1440)] = 120.0
    """How long a wait is believed after its time, minutes."""
    separator: Annotated[str, msgspec.Meta(min_length=1, max_length=1)] = ","
    """Of CSV, whose first line names the columns."""
    crossings: dict[str, Annotated[str, msgspec.Meta(pattern=r"^X[BE]\d{2}$")]] = {}
    """More names → ids of the register of crossings."""
    directions: dict[str, Literal["in", "out"]] = {}
    """More words for the directions."""


class _Row(NamedTuple):
    """What one row says of its crossing."""

    at: Millis
    way: str
    waiting: float | None
    queue: float | None
    raw: bytes
    offset: int


def configure(options: Mapping[str, Any]) -> Callable[[], Records]:
    """The decoder for an operator's table. Raises `ValueError` with what is wrong with it."""
    table = msgspec.convert(dict(options), Table)  # its error is a ValueError that names the option
    try:
        zone = ZoneInfo(table.zone)
    except (ValueError, OSError, LookupError):
        raise ValueError(f"zone {table.zone!r} is no time zone") from None
    return lambda: Records(partial(read, table=table, zone=zone))


def read(payload: bytes, context: Context, table: Table, zone: ZoneInfo) -> Iterator[Sequence[Outcome]]:
    """Each row that cannot be read is one reject, and each crossing with rows that can is one record.

    Nothing at all (an answer 204) is an empty table.
    """
    if not payload.strip(b"\xef\xbb\xbf \t\r\n"):
        return
    rows: dict[str, list[_Row]] = {}
    try:
        if len(payload) > LARGEST:
            raise Unreadable(f"more than {LARGEST} bytes: not a table of crossings")
        found = list(_lines(payload, table) if table.form == "csv" else _objects(payload, table))
    except (Unreadable, RecursionError) as error:
        yield [Reject(str(error)[:200], 0, payload)]
        return
    names = {_plain(name): key for name, key in (CROSSINGS | table.crossings).items()}
    for offset, raw, columns in found:
        try:
            crossing, row = _row(columns(), offset, raw, table, zone, names)
        except Unreadable as error:
            yield [Reject(str(error), offset, raw)]
            continue
        rows.setdefault(crossing, []).append(row)
    for crossing, told in rows.items():
        yield attempt(partial(_outcomes, crossing, told, table, context), told[0].offset, told[0].raw)


def _outcomes(crossing: str, rows: Sequence[_Row], table: Table, context: Context) -> Iterator[Outcome]:
    """One status of the crossing, as old as the oldest of its rows."""
    measures: dict[str, float] = {}
    for row in rows:
        if row.waiting is not None:
            for name in ("waiting_min", f"waiting_{row.way}_min" if row.way else "waiting_min"):
                measures[name] = max(row.waiting, measures.get(name, 0.0))
    queues = [row.queue for row in rows]
    if None not in queues:  # a row that tells no queue is not an empty one
        measures["queue"] = float(sum(queue for queue in queues if queue is not None))
    at = min(row.at for row in rows)
    reason = "waiting time only, nothing says whether it is open" if measures else "no waiting time is given"
    until = at + round(table.good_min * MINUTE)
    yield tell(NAME, f"crossing:{crossing}", at, Status("unknown", None, until, reason, measures), context)


def _row(
    columns: Mapping[str, Any], offset: int, raw: bytes, table: Table, zone: ZoneInfo, names: Mapping[str, str]
) -> tuple[str, _Row]:
    name = said(_within(columns, table.name))
    crossing = names.get(_plain(name))
    if not name:
        raise Unreadable(f"no name of a crossing in {table.name!r}")
    if crossing is None:
        raise Unreadable(f"no crossing is called {name[:60]!r}: the option `crossings` can name it")
    at = moment(_within(columns, table.time), table.time, zone=zone)
    if at is None:
        raise Unreadable("no time of its own: its age cannot be told")
    word = _plain(said(_within(columns, table.direction)))
    words = DIRECTIONS | {_plain(word): way for word, way in table.directions.items()}
    waiting = _waiting(_within(columns, table.waiting), table)
    queue = quantity(_within(columns, table.queue))
    if queue is not None and not 0 <= queue <= 100_000:
        raise Unreadable(f"a queue of {queue:g} vehicles")
    return crossing, _Row(at, words.get(word, ""), waiting, queue, raw, offset)


def _waiting(value: Any, table: Table) -> float | None:
    """Minutes."""
    hours, colon, minutes = said(value).partition(":")
    if colon and hours.isdecimal() and minutes.isdecimal() and len(hours) < 5 and len(minutes) == 2:
        waiting = int(hours) * 60.0 + int(minutes)
    else:
        number = quantity(value, table.unit)
        if number is None:
            return None
        waiting = number * MINUTES[table.unit]
    if not 0 <= waiting <= LONGEST_MIN:
        raise Unreadable(f"a wait of {waiting:g} minutes")
    return round(waiting, 1)


# -- rows of each form ------------------------------------------------------------------------------------------------

_Found = Iterator[tuple[int, bytes, Callable[[], Mapping[str, Any]]]]
"""Offset and bytes of a row, and what reads its columns, which may raise `Unreadable`."""


def _objects(payload: bytes, table: Table) -> _Found:
    if payload.lstrip().startswith(b"<") and b"<html" not in payload[:1000].lower():
        raise Unreadable("XML instead of the JSON or CSV that the options tell")
    keys = "features" if table.form == "geojson" else table.list
    for offset, raw in json_list(payload, *filter(None, keys.split("."))):
        yield offset, raw, partial(_columns, raw)


def _columns(raw: bytes) -> Mapping[str, Any]:
    try:
        row = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Unreadable(f"not JSON: {error}"[:200]) from None
    inner = row.get("properties", row) if isinstance(row, dict) else None
    if not isinstance(inner, dict):
        raise Unreadable("a row that is no object")
    return inner


def _lines(payload: bytes, table: Table) -> _Found:
    """A row is one line: an open quote cannot eat its neighbours."""
    header: list[str] | None = None
    offset = 0
    for line in payload.split(b"\n"):
        if line.strip(b"\xef\xbb\xbf \t\r"):
            if header is None:
                header = _cells(line.removeprefix(b"\xef\xbb\xbf"), table)
                if table.name not in header or table.time not in header:
                    raise Unreadable(f"no columns {table.name!r} and {table.time!r} in the first line")
            else:
                yield offset, line, partial(_cells_of, header, line, table)
        offset += len(line) + 1


def _cells_of(header: list[str], line: bytes, table: Table) -> Mapping[str, Any]:
    cells = _cells(line, table)
    if len(cells) != len(header):
        raise Unreadable(f"{len(cells)} cells where the header has {len(header)}")
    return dict(zip(header, cells, strict=True))


def _cells(line: bytes, table: Table) -> list[str]:
    """The cells of a line in UTF-8, else in windows-1257."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        text = line.decode("cp1257", "replace")
    try:
        (cells,) = csv.reader([text.rstrip("\r")], delimiter=table.separator, strict=True)
    except (csv.Error, ValueError) as error:
        raise Unreadable(f"not a line of CSV: {error}") from None
    return [cell.strip() for cell in cells]


def _within(columns: Mapping[str, Any], name: str) -> Any:
    """The value of a column, which may lie in objects: the whole name first, then its parts."""
    if name in columns:
        return columns[name]
    value: Any = columns
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _plain(name: str) -> str:
    """A name without case and marks over letters: `Pāternieki` is `paternieki`."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(each for each in letters if not unicodedata.combining(each)).split())


SOURCE = Source(
    name=NAME,
    title="Waiting times at the borders of Latvia",
    domain="land",
    nations=("LV",),
    kinds=("crossing",),
    transport="http",
    formats="JSON, GeoJSON or CSV, as the operator's options tell; 204 for an empty table",
    licence="CC0 1.0",
    attribution="VSIA Latvijas Valsts ceļi, transportdata.gov.lv",
    address=ADDRESS,
    request=request("json"),
    rate_s=300.0,
    stale_s=3600.0,
    identity="the crossing, by its name",
    grid="none: the crossings are those of the register",
    complete=False,
    mapping=(
        ("option `form`: json (default), geojson, csv", "how the answer is read"),
        ("option `list` (crossings)", "the keys to the list, with dots"),
        ("column `name` (name): Terehova, Grebņeva, Vientuļi", "subject crossing:XE10, crossing:XE11, crossing:XE12"),
        ("column `name` (name): Pededze, Pāternieki, Silene", "subject crossing:XE13, crossing:XE14, crossing:XE15"),
        ("option `crossings`", "more names and the ids that they have in the register"),
        ("column `time` (time); option `zone` (Europe/Riga)", "at: of the rows of a crossing the oldest"),
        (
            "column `waiting` (waiting_min); option `unit`: s, min (default), h",
            "status.measures.waiting_min: the longest",
        ),
        ("column `direction` (direction); option `directions`", "status.measures.waiting_out_min, waiting_in_min"),
        ("column `queue` (queue)", "status.measures.queue: of all rows, when each tells one"),
        ("option `good_min` (120)", "status.until: at and so many minutes"),
        ("option `separator` (,)", "of CSV"),
        ("nothing in the table", "status.state: always unknown, for a wait does not say that the crossing is open"),
        ("-, N/A, None, empty", "unknown, never 0"),
    ),
    quirks=(
        ("test_an_operator_can_say_where_everything_is", "The shape of the table is not known outside."),
        (
            "test_a_crossing_that_nobody_knows_is_rejected_by_its_name",
            "A name may be written in a way that nobody knew.",
        ),
        ("test_a_wait_that_is_not_told_is_not_zero", "An outage is written as a dash, N/A or None."),
        ("test_a_wait_never_makes_a_crossing_open", "The table tells waits and not whether a crossing is open."),
    ),
    decoder=configure({}),
    configure=configure,
)
