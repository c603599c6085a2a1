"""How are the reference registers (crossings, bridges, ports, airfields, rail, sites, systems) read?

A register is one CSV file of facts that hold for months, each row with the day on which they were typed. It knows no
live status, so in the real world a row gives its public facts and nothing else. Columns that begin with `exercise_`
are play values: they are read only into an exercise world, where they always carry their marking.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from functools import partial

import msgspec

from cop.event import STATES, Described, Limit, Millis, Scalar, State, Status, is_exercise
from feeds.adapter import Context, Outcome, Records, Reject, Source, Unreadable, attempt, tell

BOM = b"\xef\xbb\xbf"
MARKING = "EXERCISE DATA"
EXERCISE = "exercise_"
WEST, EAST, SOUTH, NORTH = 10.0, 35.0, 50.0, 65.0
"""The bounds of the Baltic area, degrees. No longitude of it is also a latitude of it, so a swap is noticed."""


class Register(msgspec.Struct, frozen=True, kw_only=True):
    """What one register's columns mean. A column that is not named here is not read."""

    file: str
    kind: str
    key: str
    """The column of the row's id; its presence in the header tells which register this is."""
    names: tuple[str, ...] = ("name",)
    nations: tuple[str, ...] = ("nation",)
    texts: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    mlc: tuple[str, ...] = ()
    played: tuple[str, ...] = ()
    """Exercise numbers that stay properties."""
    startex: tuple[str, ...] = ("exercise_startex", "exercise_reason", "exercise_label")
    """State at STARTEX, its reason, and the marking."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the header must have."""
        own = (self.key, *self.names, *self.nations, "lat", "lon", *self.texts, *self.numbers)
        return (*own, *self.mlc, *self.played, *self.startex, "basis", "as_of")


REGISTERS: dict[str, Register] = {
    register.key: register
    for register in (
        Register(
            file="crossings.csv",
            kind="crossing",
            key="crossing_id",
            names=("name_a", "name_b"),
            nations=("nation_a", "nation_b"),
            texts=("class", "mode", "road_a", "road_b", "e_route", "importance", "public_status_note"),
            numbers=("km_from_10m_border",),
        ),
        Register(
            file="bridges.csv",
            kind="bridge",
            key="bridge_id",
            texts=("river_or_obstacle", "road", "kind", "public_limit", "public_limit_source"),
            numbers=("length_m",),
            mlc=("exercise_mlc_wheeled_oneway", "exercise_mlc_tracked_oneway", "exercise_mlc_twoway"),
        ),
        Register(
            file="ports.csv",
            kind="port",
            key="port_id",
            texts=("locode", "max_depth_or_draught_m", "max_loa_note", "ro_ro", "rail", "kind", "note"),
            numbers=("max_loa_m",),
        ),
        Register(
            file="airfields.csv",
            kind="airfield",
            key="icao",
            texts=("rwy", "surface", "use", "state_note"),
            numbers=("elev_ft", "length_m", "width_m"),
        ),
        Register(file="rail_nodes.csv", kind="rail", key="rail_id", texts=("kind", "gauge_mm", "note")),
        Register(file="sites.csv", kind="site", key="site_id", texts=("kind", "public_note"), startex=()),
        Register(
            file="cyber_systems.csv",
            kind="system",
            key="system_id",
            texts=("function", "fallback", "affects", "affects_subjects", "note"),
            played=("exercise_fallback_min_per_march_unit",),
        ),
    )
}

_ID = re.compile(r"[A-Za-z0-9-]{1,32}", re.ASCII)
_NATION = re.compile(r"[A-Z]{2}", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,9}(\.\d{1,9})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def read(payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
    """Read one register: for each row its events, or one reject."""
    text = payload.removeprefix(BOM)
    lines = _lines(text, len(payload) - len(text))
    try:
        header = _cells(next(lines, (0, b""))[1])
        register = _register(header)
    except Unreadable as error:
        yield [Reject(str(error), 0, payload)]
        return
    seen: set[str] = set()
    for offset, line in lines:
        yield attempt(partial(_outcomes, register, header, line, seen, context), offset, line)


def _outcomes(
    register: Register, header: list[str], line: bytes, seen: set[str], context: Context
) -> Iterator[Outcome]:
    """The row's events in the world of the context."""
    row = _row(header, line)
    key = row[register.key]
    if key in seen:
        raise Unreadable(f"{register.key} {key!r} is there twice")
    if not _ID.fullmatch(key):
        raise Unreadable(f"{register.key} {key!r} is not an id")
    subject, at, play = f"{register.kind}:{key}", _as_of(row["as_of"]), is_exercise(context.world)
    yield tell("reference", subject, at, _described(register, row, play), context)
    status = _startex(register, row) if play else None
    if status is not None:
        yield tell("reference", subject, at, status, context)
    seen.add(key)


def _described(register: Register, row: dict[str, str], play: bool) -> Described:
    name = " – ".join(row[column] for column in register.names if row[column])
    if not name:
        raise Unreadable("a row without a name")
    lon, lat = _place(row["lon"], row["lat"])
    properties: dict[str, Scalar] = {column: row[column] for column in register.texts if row[column]}
    properties |= _numbers(row, register.numbers)
    properties["as_of"] = row["as_of"]
    if play:
        properties |= _numbers(row, register.played)
    classes = _numbers(row, register.mlc) if play else {}
    limits = tuple(Limit(column.removeprefix(EXERCISE), n, "MLC", "exercise") for column, n in classes.items())
    if any(limit.value < 0 for limit in limits):
        raise Unreadable("a negative load class")
    marking = (row.get("exercise_label") or MARKING) if play else ""
    return Described(name, _nations(register, row), lon, lat, (), "", limits, properties, row["basis"], marking)


def _startex(register: Register, row: dict[str, str]) -> Status | None:
    """The state that the exercise assumes at its start; None for a register or a row that assumes none."""
    said = row["exercise_startex"] if register.startex else ""
    if not said:
        return None
    state: State | None = next((state for state in STATES if state == said), None)
    if state is None:
        raise Unreadable(f"exercise_startex {said!r} is not a state")
    return Status(state, reason=row["exercise_reason"])


def _nations(register: Register, row: dict[str, str]) -> tuple[str, ...]:
    nations = tuple(dict.fromkeys(nation for column in register.nations for nation in row[column].split("/")))
    for nation in nations:
        if not _NATION.fullmatch(nation):
            raise Unreadable(f"nation {nation!r} is not a two-letter code")
    return nations


def _place(lon_text: str, lat_text: str) -> tuple[float, float]:
    for name, text in (("lon", lon_text), ("lat", lat_text)):
        if not _NUMBER.fullmatch(text):
            raise Unreadable(f"{name} {text!r} is not a number")
    lon, lat = float(lon_text), float(lat_text)
    if not (WEST <= lon <= EAST and SOUTH <= lat <= NORTH):
        swapped = "lon and lat are swapped" if WEST <= lat <= EAST and SOUTH <= lon <= NORTH else "not in the area"
        raise Unreadable(f"lon {lon_text}, lat {lat_text}: {swapped}")
    return lon, lat


def _numbers(row: dict[str, str], columns: tuple[str, ...]) -> dict[str, int | float]:
    """The columns that have a value, as numbers; an empty cell is unknown and stays away."""
    found: dict[str, int | float] = {}
    for column in columns:
        if not (text := row[column]):
            continue
        if not _NUMBER.fullmatch(text):
            raise Unreadable(f"{column} {text!r} is not a number")
        found[column] = float(text) if "." in text else int(text)
    return found


def _as_of(text: str) -> Millis:
    try:
        if not _DAY.fullmatch(text):
            raise ValueError
        day = date.fromisoformat(text)
    except ValueError:
        raise Unreadable(f"as_of {text!r} is not a day") from None
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


def _register(header: list[str]) -> Register:
    register = next((REGISTERS[column] for column in header if column in REGISTERS), None)
    if register is None:
        raise Unreadable(f"no register has these columns: {', '.join(header[:5])[:200]}")
    missing = [column for column in register.columns if column not in header]
    if missing or len(set(header)) < len(header):
        raise Unreadable(f"{register.file}: missing or repeated columns {', '.join(missing)}".rstrip())
    return register


def _row(header: list[str], line: bytes) -> dict[str, str]:
    cells = _cells(line)
    if len(cells) != len(header):
        raise Unreadable(f"{len(cells)} cells where the header has {len(header)}")
    return dict(zip(header, cells, strict=True))


def _cells(line: bytes) -> list[str]:
    try:
        (cells,) = csv.reader([line.decode("utf-8")], strict=True)
    except UnicodeDecodeError as error:
        raise Unreadable(f"not UTF-8 at byte {error.start} of the line") from None
    except (csv.Error, ValueError) as error:
        raise Unreadable(f"not a line of CSV: {error}") from None
    return [cell.strip() for cell in cells]


def _lines(payload: bytes, offset: int) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their offsets. A row is one line: an open quote cannot eat its neighbours."""
    for line in payload.split(b"\n"):
        if line.strip():
            yield offset, line.removesuffix(b"\r")
        offset += len(line) + 1


SOURCE = Source(
    name="reference",
    title="Reference registers",
    domain="land",
    nations=("EE", "LV", "LT"),
    kinds=tuple(register.kind for register in REGISTERS.values()),
    transport="file",
    formats="CSV in UTF-8, one register a file, one row a line; the header tells which register",
    licence="Apache-2.0, as the project",
    attribution="Public sources, named row by row in the column basis",
    address="file:feeds/reference/*.csv",
    rate_s=3600.0,
    stale_s=366 * 86400.0,
    identity="the register's kind and the id column",
    grid="WGS 84 degrees, columns lat and lon",
    # Never withdrawn by absence: a row that is back after a slip in a file would still be older than its tombstone.
    complete=False,
    mapping=(
        ("crossing_id, bridge_id, port_id, icao, rail_id, site_id, system_id", "subject"),
        ("as_of", "at: the day on which the facts were typed, and properties.as_of"),
        ("name; name_a and name_b", "described.name"),
        ("nation; nation_a and nation_b", "described.nations"),
        ("lon, lat", "described.lon, described.lat"),
        ("basis", "described.basis"),
        ("the register's other public columns", "described.properties, under the column's name"),
        ("exercise_mlc_*, in an exercise only", "described.limits (MLC, basis exercise)"),
        ("exercise_fallback_min_per_march_unit, in an exercise only", "described.properties"),
        ("exercise_startex, exercise_reason, in an exercise only", "status.state, status.reason"),
        ("exercise_label, in an exercise only", "described.marking"),
    ),
    decoder=lambda: Records(read),
)
