"""How does what is shown become a file? CSV, Excel, GeoJSON, GPX and KML of the same rows, each with its marking.

A point is a Point, a wpt, a Placemark; a line is a LineString, a rte, a LineString; a convoy's planned way is a line
beside its point. What has no place stands in CSV, Excel and GeoJSON; the other two say how many they leave out.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
from lxml import etree

from cop.event import REAL, Millis, is_exercise
from dashboard.columns import Column, Row, Value, columns, iso, titles, utc
from dashboard.sieve import Sieve, number
from layers.layer import layers

MOST_CHARS: Final = 32_000
"""Of one cell: Excel takes 32,767."""
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection)."""
KML: Final = "http://www.opengis.net/kml/2.2"
_NAMES: Final[Any] = {None: KML}  # the default namespace, which the stubs do not know
COLOURS: Final = {
    "open": "ff43a50d",
    "restricted": "ff1ea0f0",
    "degraded": "ff1ea0f0",
    "closed": "ff1c16c4",
    "unknown": "ff8a7a6a",
}
"""State → colour as KML writes it: aabbggrr."""
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0, 2.2, lets no document have."""


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """What goes into a file, and what it says of itself. `at` is the time of what it shows, ms UTC."""

    world: str
    table: str = ""
    at: Millis
    live: bool = True
    past: bool = False
    filter: str = ""
    rows: Sequence[Row]

    @property
    def marking(self) -> str:
        """The world, and that it isn't now where it isn't."""
        world = f"EXERCISE {self.world.partition('/')[2]}" if is_exercise(self.world) else self.world.upper()
        if self.past:
            return f"{world} · PAST, as known at {iso(self.at)}"
        return world if self.live else f"{world} · NOT LIVE, last heard {iso(self.at)}"

    @property
    def title(self) -> str:
        """The name of its table."""
        return titles()[self.table] if self.table else "Baltic mobility picture"

    @property
    def origins(self) -> str:
        """How many of the rows are observed, simulated and injected."""
        found = Counter(row.thing["origin"] for row in self.rows)
        return ", ".join(
            f"{found[origin]} {origin}" for origin in ("observed", "simulated", "injected") if found[origin]
        )

    @property
    def facts(self) -> tuple[str, ...]:
        """What stands at the head of every file, the marking first."""
        return (
            self.marking,
            f"{self.title}: {len(self.rows)} rows as of {iso(self.at)}",
            f"Filter: {self.filter or 'none'}",
            f"Origin: {self.origins or 'no rows'}. Simulated and injected values are no observations",
        )

    def name(self, ending: str) -> str:
        """The file's name: world, table or `picture`, time."""
        stamp = iso(self.at).replace("-", "").replace(":", "")
        return f"{re.sub(r'[^A-Za-z0-9_-]', '-', self.world)}-{self.table or 'picture'}-{stamp}.{ending}"


class Format(NamedTuple):
    """One format: its media type and what writes it."""

    title: str
    media: str
    write: Callable[[Sheet], bytes]


def words(wanted: Sieve) -> str:
    """The filters as a person reads them; empty when there are none."""
    lists = (
        ("domain", wanted.domains),
        ("nation", wanted.nations),
        ("status", wanted.states),
        ("origin", wanted.origins),
        ("may it move", wanted.verdicts),
        ("source", wanted.sources),
    )
    found = [f"{title} {' or '.join(sorted(each))}" for title, each in lists if each]
    if wanted.hidden:
        found.append(f"without {' and '.join(layers()[name].title for name in layers() if name in wanted.hidden)}")
    if wanted.text:
        found.append(f"text “{wanted.text}”")
    if wanted.age is not None:
        found.append(
            f"{wanted.age} reports" if isinstance(wanted.age, str) else f"at most {number(wanted.age)} min old"
        )
    if wanted.area:
        found.append(f"inside {' '.join(f'{number(lon)}°E/{number(lat)}°N' for lon, lat in wanted.area)}")
    return "; ".join(found)


# -- tables -----------------------------------------------------------------------------------------------------------


def as_csv(sheet: Sheet) -> bytes:
    """CSV as RFC 4180 has it, UTF-8 with the mark by which Excel knows it; what it says of itself stands before it."""
    own = columns(sheet.table)
    text = io.StringIO(newline="")
    writer = csv.writer(text)  # CR LF, quotes only where they are needed
    for fact in sheet.facts:
        writer.writerow([f"# {fact}", *[""] * (len(own) - 1)])
    writer.writerow([column.title for column in own])
    for row in sheet.rows:
        writer.writerow([_guarded(_text(column, row)) for column in own])
    return text.getvalue().encode("utf-8-sig")


def _text(column: Column, row: Row) -> Value:
    value = column.read(row.thing)
    if column.kind == "time":
        return iso(value) if isinstance(value, int) else ""
    return str(value).lower() if isinstance(value, bool) else value


def _guarded(value: Value) -> Value:
    """A text that a spreadsheet would run as a formula gets an apostrophe before it; a number is left alone."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def as_xlsx(sheet: Sheet) -> bytes:
    """A workbook of one sheet. Numbers are numbers, times are times in UTC, and a text is never a formula."""
    import xlsxwriter

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": sheet.title, "subject": sheet.marking, "created": utc(sheet.at).replace(tzinfo=None)})
    page = book.add_worksheet(re.sub(r"[\[\]:*?/\\]", " ", sheet.title)[:31])
    strong, head = book.add_format({"bold": True}), book.add_format({"bold": True, "bottom": 1, "text_wrap": False})
    time, quoted = (book.add_format(each) for each in ({"num_format": "yyyy-mm-dd hh:mm:ss"}, {"quote_prefix": True}))
    for line, fact in enumerate(sheet.facts):
        page.write_string(line, 0, fact, strong if line == 0 else None)
    own, top = columns(sheet.table), len(sheet.facts)
    for place, column in enumerate(own):
        page.write_string(top, place, column.title, head)
        page.set_column(place, place, 34 if column.key == "reason" else 24 if column.key == "name" else 16)
    for line, row in enumerate(sheet.rows, top + 1):
        for place, column in enumerate(own):
            value = column.read(row.thing)
            if column.kind == "time" and isinstance(value, int):
                page.write_datetime(line, place, _excel(value), time)
            elif isinstance(value, bool):
                page.write_boolean(line, place, value)
            elif isinstance(value, int | float):
                page.write_number(line, place, value)
            elif value not in (None, ""):
                text = str(value)[:MOST_CHARS]
                page.write_string(line, place, text, quoted if text.startswith(FORMULA) else None)
    page.freeze_panes(top + 1, 1)
    page.autofilter(top, 0, top + max(1, len(sheet.rows)), len(own) - 1)
    page.set_header(f"&C&B{sheet.marking.replace('&', '&&')}"[:250])
    page.set_landscape()
    book.close()
    return buffer.getvalue()


def _excel(at: Millis) -> datetime:
    """A time as Excel knows it: without a zone, the column says UTC."""
    return utc(at).replace(tzinfo=None)


# -- maps -------------------------------------------------------------------------------------------------------------

Line = Sequence[Sequence[float]]


def line(row: Row) -> Line:
    """The line along which a thing lies; empty for a point and for what has no place."""
    path: Line = row.thing.get("path") or ()
    return path if len(path) > 1 else ()


def placeless(rows: Sequence[Row]) -> int:
    """How many have neither point nor line nor way."""
    return sum("lon" not in row.thing and not line(row) and len(row.route) < 2 for row in rows)


def as_geojson(sheet: Sheet) -> bytes:
    """GeoJSON (RFC 7946). Properties of the file's own have short names, those of the thing their columns' titles."""
    own = [(c.key if c.key in _PLAIN else c.title, c) for c in columns(sheet.table) if c.kind != "number"]
    features: list[dict[str, Any]] = []
    for row in sheet.rows:
        said = {name: value for name, column in own if (value := _text(column, row)) not in (None, "")}
        said["kind"] = str(row.thing["id"]).partition(":")[0]
        if line(row):
            where: dict[str, Any] | None = {"type": "LineString", "coordinates": line(row)}
        else:
            where = {"type": "Point", "coordinates": _point(row)} if "lon" in row.thing else None
        key = row.thing["id"]
        features.append({"type": "Feature", "id": key, "geometry": where, "properties": said})
        if len(row.route) > 1:
            way = {"type": "LineString", "coordinates": row.route}
            features.append(
                {"type": "Feature", "id": f"{key}/route", "geometry": way, "properties": {**said, "part": "route"}}
            )
    told = {
        "type": "FeatureCollection",
        "marking": sheet.marking,
        "world": sheet.world,
        "title": sheet.title,
        "as_of": iso(sheet.at),
        "live": sheet.live and not sheet.past,
        "filter": sheet.filter,
        "origins": sheet.origins,
        "rows": len(sheet.rows),
        "without_place": placeless(sheet.rows),
        "features": features,
    }
    return msgspec.json.encode(told)


_PLAIN: Final = frozenset(
    {
        *("name", "id", "layer", "nation", "status", "reason", "since", "until", "time"),
        *("source", "sources", "origin", "world", "marking"),
    }
)
"""Properties under the names that our own reader of GeoJSON knows, wherever they come from."""


def _point(row: Row) -> tuple[float, float]:
    return row.thing["lon"], row.thing["lat"]


def as_gpx(sheet: Sheet) -> bytes:
    """GPX 1.1: points as wpt, lines and planned ways as rte. Its times are UTC."""
    from gpxpy import gpx

    file = gpx.GPX()
    file.creator = "Baltic mobility picture"
    file.name, file.description = _clean(sheet.marking), _clean(_about(sheet))
    file.time = utc(sheet.at)
    for row in sheet.rows:
        name, about, kind = _clean(str(row.thing["name"])), _clean(_tell(sheet, row)), str(row.thing["layer"])
        if not line(row) and "lon" in row.thing:
            lon, lat = _point(row)
            mark = gpx.GPXWaypoint(lat, lon, time=utc(row.thing["at"]), name=name, description=about, type=kind)
            mark.source = _clean(str(row.thing["source"]))
            file.waypoints.append(mark)
        for way in (line(row), row.route):
            if len(way) > 1:
                route = gpx.GPXRoute(name=name, description=about)
                route.source, route.type = _clean(str(row.thing["source"])), kind
                route.points = [gpx.GPXRoutePoint(each[1], each[0]) for each in way]
                file.routes.append(route)
    text: str = file.to_xml(version="1.1")
    return text.encode()


def as_kml(sheet: Sheet) -> bytes:
    """KML 2.2: a folder a layer, every column as extended data."""
    root = etree.Element(f"{{{KML}}}kml", nsmap=_NAMES)
    document = _add(root, "Document")
    _add(document, "name", f"{sheet.marking} · {sheet.title}")
    _add(document, "description", _about(sheet))
    for state, colour in COLOURS.items():
        style = _add(document, "Style", id=state)
        _add(_add(style, "IconStyle"), "color", colour)
        drawn = _add(style, "LineStyle")
        _add(drawn, "color", colour)
        _add(drawn, "width", "3")
    folders: dict[str, etree._Element] = {}
    for row in sheet.rows:
        layer = row.thing["layer"]
        places = [("LineString", way, part) for way, part in ((line(row), ""), (row.route, "route")) if len(way) > 1]
        if not line(row) and "lon" in row.thing:
            places.insert(0, ("Point", [_point(row)], ""))
        for form, points, part in places:
            if layer not in folders:
                folders[layer] = _add(document, "Folder")
                _add(folders[layer], "name", layers()[layer].title)
            _placemark(folders[layer], sheet, row, form, points, part)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _placemark(folder: etree._Element, sheet: Sheet, row: Row, form: str, points: Line, part: str) -> None:
    said = row.thing
    key = re.sub(r"[^\w.-]", "-", f"{said['id']}.{part}" if part else said["id"])
    mark = _add(folder, "Placemark", id=key)
    _add(mark, "name", f"{said['name']}, {part}" if part else said["name"])
    _add(mark, "description", _tell(sheet, row))
    _add(_add(mark, "TimeStamp"), "when", iso(said["at"]))
    _add(mark, "styleUrl", f"#{said['state'] if said['state'] in COLOURS else 'unknown'}")
    data = _add(mark, "ExtendedData")
    for column in columns(sheet.table):
        value = _text(column, row)
        if value not in (None, ""):
            datum = _add(data, "Data")
            datum.set("name", column.title)
            _add(datum, "value", str(value))
    _add(_add(mark, form), "coordinates", " ".join(f"{number(float(p[0]))},{number(float(p[1]))}" for p in points))


def _add(parent: etree._Element, name: str, text: str = "", **attributes: str) -> etree._Element:
    made = etree.SubElement(parent, f"{{{KML}}}{name}", {key: _clean(value) for key, value in attributes.items()})
    made.text = _clean(text) or None
    return made


def _about(sheet: Sheet) -> str:
    """What the file says of itself, and of what it leaves out."""
    without = placeless(sheet.rows)
    left = [f"Not in this file: {without} of {len(sheet.rows)} rows, which have no place"] if without else []
    return "\n".join([*sheet.facts, *left])


def _tell(sheet: Sheet, row: Row) -> str:
    """One line on a thing: status and reason, then who says so, when, how it came, and its marking."""
    said: Mapping[str, Any] = row.thing
    verdict = said["cells"].get("verdict")
    parts = [
        f"{said['state']}: {said['why']}" if said.get("why") else str(said["state"]),
        f"may it move: {verdict}" if verdict else "",
        f"source {said['source']}, {said['origin']}, {iso(said['at'])}",
        "" if said["world"] == REAL else f"EXERCISE {str(said['world']).partition('/')[2]}",
        str(said.get("marking") or ""),
    ]
    return " · ".join(part for part in parts if part)


def _clean(text: str) -> str:
    return _NOT_XML.sub("", text)


FORMATS: Final[dict[str, Format]] = {
    "csv": Format("CSV", "text/csv; charset=utf-8", as_csv),
    "xlsx": Format("Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", as_xlsx),
    "geojson": Format("GeoJSON", "application/geo+json", as_geojson),
    "gpx": Format("GPX", "application/gpx+xml", as_gpx),
    "kml": Format("KML", "application/vnd.google-earth.kml+xml", as_kml),
}
