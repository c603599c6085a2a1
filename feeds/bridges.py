"""How is a nation's bridge register read, in its own grid and under its own column names?

A register is GeoJSON (a collection, or one feature a line), a GeoPackage, or a zipped shapefile. What it tells of a
bridge is where it is, what it is called and what it is limited to in tonnes and metres. A tonnage is a mass and never
a class: a class is read only from columns that the operator names together with the basis on which they stand. A
register knows no live status, so there is none unless the operator names its column.

A bridge is as old as its own date, else as what the operator or the document says, else as its hearing: a bridge does
not move, nobody else tells of this one, and `as_of` says that its age is not known.
"""

from __future__ import annotations

import io
import math
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec

from cop.event import STATES, Described, Limit, Millis, Scalar, State, Status
from cop.geo import Order
from feeds.adapter import Context, Outcome, Records, Reject, Unreadable, attempt, tell
from feeds.dropped import UNSAID, day, number, slug
from feeds.features import Place, collection, feature, placed, shapes

MOST: Final = 64 * 1024 * 1024
"""Bytes of a register, unpacked too."""
HEAVIEST, LONGEST, WIDEST = 200.0, 20_000.0, 100.0
"""Tonnes and metres beyond which a value is a slip of the unit."""
SHAPEFILE: Final = frozenset({"shp", "shx", "dbf", "prj", "cpg", "qix", "sbn", "sbx", "xml", "qmd", "qpj"})
"""What a zipped shapefile may hold: nothing else gets to the library that reads it."""
FILES: Final = 32
MLC: Final = ("mlc_wheeled_oneway", "mlc_tracked_oneway", "mlc_twoway")

_UNIT = re.compile(r"\s*(?:t|m)\Z", re.IGNORECASE)
_OWN_NAME = re.compile(r"'?/vsi\w+/[^\s']*'?")
"""What the library calls the bytes: another name each time."""

Columns = str | tuple[str, ...]


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an operator can say of a register: the columns, by one name or several in order of preference."""

    id: Columns = ()
    name: Columns = ()
    road: Columns = ()
    river: Columns = ()
    length: Columns = ()
    """Metres, as are width (of the roadway) and height (the clearance above it)."""
    width: Columns = ()
    mass: Columns = ()
    """Tonnes: the posted limit, not what somebody computed."""
    axle: Columns = ()
    height: Columns = ()
    width_limit: Columns = ()
    built: Columns = ()
    date: Columns = ()
    """The day on which the row was true."""
    status: Columns = ()
    reason: Columns = ()
    mlc_wheeled_oneway: Columns = ()
    mlc_tracked_oneway: Columns = ()
    mlc_twoway: Columns = ()
    class_basis: str = ""
    """On what the classes stand (a rating, a survey, an agreement): without it no class is read."""
    states: dict[str, State] = {}
    """The register's word for a status → ours. A word that is in neither is unknown."""
    as_of: str = ""
    """The day on which a register was true that has no dates."""
    order: Order | None = None
    """What comes first in metres, where the numbers don't tell."""
    layer: str = ""
    """The layer of a GeoPackage; empty: its first."""


class Register(msgspec.Struct, frozen=True, kw_only=True):
    """One nation's register: its grid, its country's bounds (west, south, east, north), and its usual columns."""

    source: str
    nation: str
    basis: str
    epsg: int
    bounds: tuple[float, float, float, float]
    options: Options

    def decoder(self) -> Records:
        """The decoder for the register as it usually is."""
        return Records(partial(read, self, self.options))

    def configure(self, table: Mapping[str, Any]) -> Callable[[], Records]:
        """The decoder for an operator's options; what they leave out stays usual. Raises `ValueError`."""
        asked = msgspec.convert(dict(table), Options)
        options = msgspec.structs.replace(self.options, **{name: getattr(asked, name) for name in table})
        if any(getattr(options, name) for name in MLC) and not options.class_basis.strip():
            raise ValueError("a class needs class_basis: on what does it stand?")
        if options.as_of:
            day(options.as_of)
        return lambda: Records(partial(read, self, options))


class _Row(NamedTuple):
    """A bridge as the register has it: where its bytes stand, its columns in lower case, and its geometry."""

    offset: int
    raw: bytes
    said: Mapping[str, Any]
    trouble: str
    shape: Any
    placeless: bool


class _Table(NamedTuple):
    rows: list[_Row]
    crs: Any
    """The frame of positions in metres, as the file names it; None: it names none."""
    as_of: Any = None
    text: bool = True


# -- in ---------------------------------------------------------------------------------------------------------------


def read(register: Register, options: Options, payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
    """The outcomes of one bridge after the other."""
    try:
        if len(payload) > MOST:
            raise Unreadable(f"a file of {len(payload)} bytes, more than {MOST}")
        binary = payload.startswith((b"SQLite format 3\x00", b"PK\x03\x04"))
        table = _binary(payload, options) if binary else _text(payload)
        general = options.as_of or table.as_of
        as_of = None if general in (None, "") else day(general)
    except Unreadable as error:
        yield [Reject(str(error), 0, payload)]
        return
    places = placed([row.shape for row in table.rows], table.crs or register.epsg, options.order)
    seen: set[str] = set()
    for row, place in zip(table.rows, places, strict=True):
        outcomes = attempt(partial(_outcomes, register, options, row, place, as_of, seen, context), row.offset, row.raw)
        if not table.text:  # its bytes stand nowhere in the file
            who = _word(row.said, options.id) or "without an id"
            outcomes = [
                Reject(f"bridge {who[:64]}: {each.reason}", 0, b"") if isinstance(each, Reject) else each
                for each in outcomes
            ]
        yield outcomes


def _text(payload: bytes) -> _Table:
    """GeoJSON: each feature by its own bytes."""
    found = collection(payload)
    read_rows: list[tuple[int, bytes, Mapping[str, Any], str, bytes]] = []
    for offset, raw in found.records:
        try:
            each = feature(raw)
        except Unreadable as error:
            read_rows.append((offset, raw, {}, str(error), b"null"))
            continue
        said = {"id": each.id} | {name.lower(): value for name, value in (each.properties or {}).items()}
        read_rows.append((offset, raw, said, "", bytes(each.geometry).strip()))
    geometries = shapes([row[4] for row in read_rows])
    rows = [
        _Row(offset, raw, said, trouble, shape, geometry == b"null")
        for (offset, raw, said, trouble, geometry), shape in zip(read_rows, geometries, strict=True)
    ]
    return _Table(rows, found.epsg, found.as_of)


def _binary(payload: bytes, options: Options) -> _Table:
    """A GeoPackage or zipped shapefile, as the library reads it: nothing reaches it that is not one of the two."""
    import pyogrio
    import shapely

    if payload.startswith(b"PK"):
        _check_zip(payload)
    try:
        with warnings.catch_warnings():  # of what it finds odd; what can't be read is told below
            warnings.simplefilter("ignore")
            frame = pyogrio.read_dataframe(io.BytesIO(payload), layer=options.layer or None, force_2d=True)
    except Exception as error:  # the library meets bytes of strangers, and raises whatever it likes
        why = _OWN_NAME.sub("the file", " ".join(str(error).split()))
        raise Unreadable(f"a register that cannot be read: {why}"[:200]) from None
    if not hasattr(frame, "geometry") or "geometry" not in frame:
        raise Unreadable("a register without a place: its first layer is a table, or the option layer names one")
    crs = frame.crs
    names = [str(name) for name in frame.columns if name != "geometry"]
    columns = [frame[name].tolist() for name in names]
    rows = []
    for shape, *cells in zip(frame.geometry.tolist(), *columns, strict=True):
        said = {name.lower(): _cell(cell) for name, cell in zip(names, cells, strict=True)}
        empty = shape is None or shape.is_empty
        rows.append(_Row(0, b"", said, "", None if empty else shapely.force_2d(shape), shape is None))
    code = crs.to_epsg() if crs is not None else None
    return _Table(rows, code or crs, None, text=False)


def _check_zip(payload: bytes) -> None:
    """One shapefile of a bearable size, and nothing else that the library would open."""
    try:
        with zipfile.ZipFile(io.BytesIO(payload)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, ValueError) as error:
        raise Unreadable(f"a zip that cannot be read: {error}"[:200]) from None
    names = [each.filename.lower() for each in members if not each.is_dir()]
    endings = [name.rpartition(".")[2] for name in names]
    if endings.count("shp") != 1 or len(names) > FILES or not SHAPEFILE.issuperset(endings):
        raise Unreadable("a zip that is not one shapefile")
    if sum(each.file_size for each in members) > MOST:
        raise Unreadable(f"a shapefile of more than {MOST} bytes")


def _cell(value: Any) -> Any:
    """The value as JSON would have it: what is missing is None, a day or time is text."""
    if value is None or (isinstance(value, float) and math.isnan(value)) or str(value) in ("NaT", "<NA>"):
        return None
    return value.isoformat() if hasattr(value, "isoformat") else value


# -- out --------------------------------------------------------------------------------------------------------------


def _outcomes(
    register: Register,
    options: Options,
    row: _Row,
    place: Place | str,
    as_of: Millis | None,
    seen: set[str],
    context: Context,
) -> Iterator[Outcome]:
    if row.trouble:
        raise Unreadable(row.trouble)
    said = row.said
    key = _word(said, options.id)
    if not slug(key):
        raise Unreadable("a bridge without an id of the register")
    if key in seen:
        raise Unreadable(f"the id {key[:64]} is there twice")
    there = None if row.placeless else _in_country(register, place)
    dated = _word(said, options.date)
    at = day(dated) if dated else as_of
    limits: list[Limit] = []
    odd: list[str] = []
    for what, unit, columns, most in (
        ("mass_t", "t", options.mass, HEAVIEST),
        ("axle_t", "t", options.axle, HEAVIEST),
        ("height_m", "m", options.height, WIDEST),
        ("width_m", "m", options.width_limit, WIDEST),
    ):
        if (value := _size(said, columns, most)) is not None:
            limits.append(Limit(what, value, unit, "register"))
        elif (word := _word(said, columns)) and _number(word) != 0:
            odd.append(f"{what}: {word[:40]}")
    about: dict[str, Scalar] = {
        "road": _word(said, options.road)[:80],
        "river_or_obstacle": _word(said, options.river)[:120],
        "length_m": _size(said, options.length, LONGEST),
        "width_m": _size(said, options.width, WIDEST),
        "built": _word(said, options.built)[:10],
        "limits_not_understood": "; ".join(odd),
        "as_of": "not told" if at is None else datetime.fromtimestamp(at / 1000, UTC).date().isoformat(),
    }
    limits += [
        Limit(what, value, "MLC", options.class_basis)
        for what in MLC
        if (value := _size(said, getattr(options, what), 999)) is not None
    ]
    status = _status(said, options)
    if status and at is None:
        raise Unreadable("a status without a date: nobody can tell whether it still holds")
    subject = f"bridge:{register.nation}:{slug(key)}"
    body = Described(
        _word(said, options.name)[:200],
        (register.nation,),
        there.lon if there else None,
        there.lat if there else None,
        there.path if there and there.form == "LineString" else (),
        limits=tuple(limits),
        properties={name: value for name, value in about.items() if value not in (None, "")},
        basis=register.basis,
    )
    at = context.received if at is None else at
    yield tell(register.source, subject, at, body, context)
    if status:
        yield tell(register.source, subject, at, status, context)
    seen.add(key)


def _in_country(register: Register, place: Place | str) -> Place:
    """The place. Out of the register's own country, its axes or its grid are not what we think."""
    if isinstance(place, str):
        raise Unreadable(place)
    west, south, east, north = register.bounds
    if not (west <= place.lon <= east and south <= place.lat <= north):
        swapped = west <= place.lat <= east and south <= place.lon <= north
        why = "lon and lat are swapped" if swapped else "is the other number first, or the grid another?"
        raise Unreadable(f"position {place.lon:.4f}, {place.lat:.4f} is not in {register.nation}: {why}")
    return place


def _status(said: Mapping[str, Any], options: Options) -> Status | None:
    """What the register says of its use; None when no column is named or it says nothing."""
    word = _word(said, options.status)
    if not word:
        return None
    ours: State | None = options.states.get(word) or next((state for state in STATES if state == word.lower()), None)
    reason = _word(said, options.reason)[:300] or ("" if ours else f"the register says {word[:80]!r}")
    return Status(ours or "unknown", reason=reason)


def _word(said: Mapping[str, Any], columns: Columns) -> str:
    """The first of these columns that says anything, as text; a number without its empty decimals."""
    for column in (columns,) if isinstance(columns, str) else columns:
        found = said.get(column.lower(), said.get(column.lower()[:10]))  # a shapefile keeps ten letters of a name
        if isinstance(found, bool) or not isinstance(found, str | int | float):
            continue
        text = str(int(found)) if isinstance(found, float) and found.is_integer() else " ".join(str(found).split())
        if text.lower() not in UNSAID:
            return text
    return ""


def _size(said: Mapping[str, Any], columns: Columns, most: float) -> float | None:
    """A value that can be one: neither nothing, nor 0, which is a column's default, nor beyond all that is built."""
    value = _number(_word(said, columns))
    return value if value is not None and 0 < value <= most else None


def _number(word: str) -> float | None:
    """A number with a decimal point or comma, and perhaps its unit."""
    return number(_UNIT.sub("", word).replace(",", "."))
