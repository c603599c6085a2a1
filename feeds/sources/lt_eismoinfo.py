"""How are the Lithuanian road events of eismoinfo.lt read?

Three forms carry the same records: the layer of restrictions (LKS-94 metres), an ArcGIS answer (wkid 2600, which is
EPSG:3346) and the open list of restrictions (degrees). Each record stands on its own bytes, so a broken one costs no
neighbour. A record without a time of its own is rejected: nobody could tell a living restriction from a frozen list.

HTML after the JSON is what the service appends to a whole answer: it is passed over. Any other answer that is not a
whole list has a reject, because what is missing from it has not been withdrawn.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from cop.event import Described, Limit, Millis, Scalar, State, Status
from cop.geo import Point, axis_order, length, line_to_wgs84
from feeds.adapter import Context, Outcome, Records, Reject, Source, Unreadable, attempt, tell

NAME: Final = "lt-eismoinfo"
VILNIUS: Final = ZoneInfo("Europe/Vilnius")
LKS94, DEGREES = 3346, 4326
WEST, EAST, SOUTH, NORTH = 20.6, 26.95, 53.85, 56.5
"""The bounds of Lithuania, degrees."""
HEAVIEST: Final = 100.0
"""Tonnes beyond which a limit of mass is a slip of the unit, not a limit."""

FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "id": ("_id", "id", "globalid", "objectid"),
    "name": ("name", "shortdescription", "pavadinimas"),
    "text": ("description", "tooltip", "aprasymas"),
    "road": ("street", "road", "kelionr", "kelias"),
    "direction": ("direction", "kryptis"),
    "changed": ("updatetime", "updatedate", "last_edited_date", "creationtime", "created_date"),
    "since": ("starttime", "datefrom", "data_nuo"),
    "until": ("endtime", "dateto", "data_iki"),
}
"""What is read from a record, and the names that the forms have for it, in lower case and in order of preference."""

KINDS: Final[dict[str, tuple[str, str]]] = {
    "weightlimit": ("mass_t", "t"),
    "axleloadlimit": ("axle_t", "t"),
    "heightlimit": ("height_m", "m"),
    "widthlimit": ("width_m", "m"),
    "lengthlimit": ("length_m", "m"),
}
"""Kind of restriction → what it limits, and the unit. `speedLimit` and the closures are no limits of size."""
CLOSURES: Final = frozenset({"roadclosed", "closed"})
ICONS: Final = {"76": "speedlimit"}
"""The icons whose meaning is known, for restrictions that have no kind. Any other stays unknown."""

CATEGORIES: Final[tuple[tuple[str, str], ...]] = (
    ("accident", r"eismo įvyk|avarij|accident"),
    ("weather", r"plikled|slid|sniegas|snieg|rūk|pusn|apsnig|weather|ice\b|snow|fog|slippery"),
    ("obstruction", r"kliūt|nuvirt|užvert|obstruction|obstacle"),
    ("event", r"rengin|varžyb|event|festival"),
    ("roadworks", r"remont|darbai|darbų|statyb|rekonstr|ženklinim|roadwork|construction"),
)
"""Category → words that mean it; the first row that fits."""
IMPAIRED: Final = frozenset({"accident", "weather", "obstruction", "roadworks"})
"""Categories that say by themselves that the road is not as it should be."""

_WEIGHT = re.compile(
    r"(?P<axle>\baš(?:ies|iai|ims|is|į)\b[^.;]{0,40}?)?"
    r"\b(?:virš|viršija\w*|daugiau (?:nei|kaip)|sunkes\w+ (?:nei|kaip)|didesn\w+ (?:nei|kaip)|iki|"
    r"over|above|at most|up to|more than|heavier than)\s+(?P<tonnes>\d{1,3}(?:[.,]\d{1,3})?)\s*t\b(?!/)",
    re.IGNORECASE,
)
_SPEED = re.compile(r"\b(\d{1,3})\s*km/(?:val|h)", re.IGNORECASE)
_CLOSED = re.compile(
    r"\beismas\b[^.;]*\b(?:draudžiamas|uždarytas|nutrauktas)|\bkelias uždarytas|\broad (?:is )?closed", re.IGNORECASE
)
_SOME = re.compile(
    r"\b(?:sunkiasvori|sunkiojo transporto|sunkiajam transport|krovininiams? |krovininėms |krovininio transporto)"
    r"|\bfor (?:lorries|trucks|heavy|hgv)|\bexcept\b|\bišskyrus\b",
    re.IGNORECASE,
)
_DETOUR = re.compile(r"[^.;]*\b(?:apylank|apvažiav|detour|diver)\w*[^.;]*", re.IGNORECASE)
_OPEN = re.compile(r"\beismas (?:neribojamas|nevaržomas)|\btraffic (?:is )?not restricted", re.IGNORECASE)
_TEST = re.compile(r"\W*(?:test|testas|testin\w+|testuoj\w+|bandymas|bandom\w+)\b", re.IGNORECASE)
_ID = re.compile(r"[\w.:{}-]{1,64}", re.ASCII)
_ROAD = re.compile(r"[AE]?\d{1,4}\b")
_ROOT = re.compile(rb"[\[{]")
_TOKEN = re.compile(rb'"(?:[^"\\\r\n]|\\.)*"|(?:\[\s*-?\d[-+.\deE,\s]*\][\s,]*)+|[\[\]{}]')
"""A string, a run of positions, or a bracket."""
_KEY = re.compile(rb'"([^"\\]*)"\s*:\s*\Z')
_TITLE = re.compile(rb"<(?:title|h1)[^>]*>([^<]{1,80})", re.IGNORECASE)
_FRAME = re.compile(rb'"(latestWkid|wkid)"\s*:\s*(\d{4,6})')
_MORE = re.compile(rb'"exceededTransferLimit"\s*:\s*true')
_CLOSES = {b"}": b"{", b"]": b"["}

Fields = dict[str, Any]


class _Rules(msgspec.Struct, frozen=True):
    """What a record restricts."""

    state: State
    limits: tuple[Limit, ...]
    speed: float | None
    reason: str


def read(payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
    """Read one answer: for each record its two events, or one reject."""
    frames = {key: int(number) for key, number in _FRAME.findall(payload)}
    epsg = frames.get(b"latestWkid") or frames.get(b"wkid")
    seen: set[str] = set()
    for offset, raw, trouble in _records(payload):
        if trouble:
            yield [Reject(trouble, offset, raw)]
        else:
            yield attempt(partial(_outcomes, raw, epsg, seen, context), offset, raw)


def _outcomes(raw: bytes, epsg: int | None, seen: set[str], context: Context) -> Iterator[Outcome]:
    record = _fields(raw)
    key, name, text = (_text(record, field) for field in ("id", "name", "text"))
    if not _ID.fullmatch(key):
        raise Unreadable(f"id {key[:80]!r} is not an id" if key else "a record without an id")
    if key.upper().startswith("TEST") or _TEST.match(name) or _TEST.match(text):
        raise Unreadable("a test row")
    if key in seen:
        raise Unreadable(f"the id {key} is there twice")
    since, until = _time(record, "since", context), _time(record, "until", context)
    at = _time(record, "changed", context)
    if at is None:
        at = since
    if at is None:
        raise Unreadable("no time of its own: its age cannot be told")
    point, path = _geometry(record, epsg)
    rules = _rules(record, f"{name}. {text}")
    category = _category(record, name, text, rules)
    if rules.state == "unknown" and not rules.reason and category in IMPAIRED:
        rules = msgspec.structs.replace(rules, state="degraded")
    properties: dict[str, Scalar] = {"category": category}
    told = {
        "cause": ", ".join(str(record[key]) for key in ("type", "subtype") if record.get(key)) or name,
        "roads": _roads(_text(record, "road")),
        "direction": _text(record, "direction"),
        "text": text,
    }
    properties |= {key: value[:2000] for key, value in told.items() if value}
    for column, own in (("from_km", "pradziakm"), ("to_km", "pabaigakm")):
        if isinstance(record.get(own), int | float):
            properties[column] = float(record[own])
    lon, lat = point or (None, None)
    body = Described(
        (name or text or category)[:80], ("LT",), lon, lat, path, "", rules.limits, properties, "eismoinfo.lt"
    )
    reason = "; ".join(part for part in (rules.reason, text or name) if part)[:300]
    measures = {} if rules.speed is None else {"speed_kmh": rules.speed}
    subject = f"roadevent:LT:{key}"
    for said in (body, Status(rules.state, since, until, reason, measures)):
        yield tell(NAME, subject, at, said, context)
    seen.add(key)


# -- what is restricted -----------------------------------------------------------------------------------------------


def _rules(record: Fields, text: str) -> _Rules:
    """Closed only when nobody may pass: a closure for vehicles over 12 t is a limit of 12 t."""
    limits: dict[tuple[str, float], Limit] = {}
    speeds: list[float] = []
    unclear: list[str] = []
    text = _DETOUR.sub("", text)  # what the detour bears is no limit of the closed road
    masses = _masses(text)
    some_only = bool(masses) or _SOME.search(text) is not None
    shut: list[bool] = []  # for each closure: for all?
    for each in _restrictions(record):
        kind = str(each.get("restrictiontype") or ICONS.get(str(each.get("icon")), "")).lower()
        value = _positive(each.get("value", each.get("iconvalue")))
        if kind in CLOSURES:
            shut.append(str(each.get("transporttype") or "all").lower() == "all" and value is None and not some_only)
            if value is None:
                continue
            kind = "weightlimit"  # of the vehicles that it is closed for
        if kind in KINDS and value is not None and value <= HEAVIEST:
            what, unit = KINDS[kind]
            limits[what, value] = Limit(what, value, unit, "field")
        elif kind == "speedlimit" and value is not None:
            speeds.append(value)
        else:
            unclear.append(kind or f"icon {each.get('icon')}")
    if not shut and _CLOSED.search(text):
        shut.append(not some_only)
    limits = {(mass.what, mass.value): mass for mass in masses} | limits
    speeds = speeds or [float(number) for number in _SPEED.findall(text) if float(number) > 0]
    reason = f"a restriction that is not understood: {', '.join(unclear)}"[:120] if unclear else ""
    state = _state(shut, bool(limits), bool(speeds), bool(unclear), _OPEN.search(text) is not None)
    return _Rules(state, tuple(limits.values()), min(speeds, default=None), reason)


def _state(shut: Sequence[bool], limited: bool, slow: bool, unclear: bool, said_open: bool) -> State:
    """What is not understood is never better than unknown."""
    if any(shut):
        return "closed"
    if limited or shut:
        return "restricted"
    if unclear:
        return "unknown"
    return "degraded" if slow else "open" if said_open else "unknown"


def _masses(text: str) -> tuple[Limit, ...]:
    """The limits of mass and axle load that the text tells."""
    found = ((match["axle"], float(match["tonnes"].replace(",", "."))) for match in _WEIGHT.finditer(text))
    return tuple(Limit("axle_t" if axle else "mass_t", t, "t", "text") for axle, t in found if 0 < t <= HEAVIEST)


def _restrictions(record: Fields) -> Iterator[Fields]:
    """The record's restrictions; in a flat form the record is one itself."""
    listed = record.get("restrictions")
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict):
            yield {str(key).lower(): value for key, value in each.items()}
    if "restrictiontype" in record:
        yield record


def _category(record: Fields, name: str, text: str, rules: _Rules) -> str:
    """What the driver would call it: by its name and type, then by what it limits, then by its text."""
    if rules.state == "closed":
        return "closure"
    head = f"{name} {record.get('type') or ''} {record.get('subtype') or ''}"
    weighs = any(limit.what in ("mass_t", "axle_t") for limit in rules.limits)
    return _by_words(head) or ("weight_limit" if weighs else "") or _by_words(text) or "other"


def _by_words(text: str) -> str:
    return next((name for name, words in CATEGORIES if re.search(words, text, re.IGNORECASE)), "")


# -- where ------------------------------------------------------------------------------------------------------------


def _geometry(record: Fields, epsg: int | None) -> tuple[Point | None, tuple[Point, ...]]:
    """The place and the longest line; neither when the record has no geometry: then it is listed and not drawn."""
    lines = [_placed(line, epsg) for line in _lines(record) if line]
    path = max((line for line in lines if len(line) > 1), key=length, default=())
    points = record.get("points")
    marks = [each.get("point") for each in points if isinstance(each, dict)] if isinstance(points, list) else []
    if isinstance(record.get("x"), int | float):
        marks.append([record["x"], record.get("y")])
    if marks:
        return _placed([marks[0]], epsg)[0], path
    if path or lines:
        line = path or lines[0]
        return line[len(line) // 2], path
    return None, ()


def _lines(record: Fields) -> Iterator[Any]:
    """Every line of the record, as lists of pairs."""
    holders = [record, *(each.get("lines") for each in _restrictions(record))]
    for holder in holders:
        paths = holder.get("paths") if isinstance(holder, dict) else None
        yield from paths if isinstance(paths, list) else ()
    if isinstance(text := record.get("polyline"), str):
        numbers = re.split(r"[\s,]+", text.strip())
        if len(numbers) % 2:
            raise Unreadable("a polyline with half a position")
        yield list(zip(numbers[::2], numbers[1::2], strict=True))


def _placed(line: Any, epsg: int | None) -> tuple[Point, ...]:
    """The line in degrees. The numbers tell frame and order, for in Lithuania no easting is also a northing."""
    pairs = [_pair(pair) for pair in line] if isinstance(line, list) else []
    if not pairs:
        raise Unreadable("a line without positions")
    frames = (epsg,) if epsg else (LKS94, DEGREES)
    for frame in frames:
        order = axis_order(frame, *pairs[0])
        if order is not None:
            placed = line_to_wgs84(frame, pairs, order=order)
            break
    else:
        raise Unreadable(f"position {pairs[0][0]:g}, {pairs[0][1]:g} is not in Lithuania")
    for pair, (lon, lat) in zip(pairs, placed, strict=True):
        if not (WEST <= lon <= EAST and SOUTH <= lat <= NORTH):
            raise Unreadable(f"position {pair[0]:g}, {pair[1]:g} is not in Lithuania")
    return tuple((round(lon, 6), round(lat, 6)) for lon, lat in placed)


def _pair(pair: Any) -> tuple[float, float]:
    if not isinstance(pair, list | tuple) or len(pair) < 2:
        raise Unreadable(f"{str(pair)[:40]!r} is not a position")
    first, second = (_number(each) for each in pair[:2])
    if first is None or second is None:
        raise Unreadable(f"{str(pair)[:60]} is not a position")
    return first, second


def _roads(street: str) -> str:
    """The road's number when the street begins with one."""
    found = _ROAD.match(street)
    return found[0] if found else street


# -- when -------------------------------------------------------------------------------------------------------------


def _time(record: Fields, field: str, context: Context) -> Millis | None:
    """The first of the field's columns that has a value; local when it names no zone.

    In the hour that the end of summer time repeats, a restriction begins at the first and ends at the second; a change
    was the later that had passed when we heard it, so that changes stay in order.
    """
    for column in FIELDS[field]:
        said = record.get(column)
        if said in (None, "", "-", "N/A", "None"):
            continue
        number = _number(said)
        if number is not None:
            if 1e9 <= number < 1e10:
                return int(number) * 1000
            if 1e11 <= number < 1e13:
                return int(number)
        try:
            if not isinstance(said, str):
                raise ValueError
            moment = datetime.fromisoformat(said.strip())
            if moment.tzinfo is not None:
                return _millis(moment)
            if field == "until" and len(said.strip()) == 10:  # a day ends with its end
                moment += timedelta(days=1)
            first, second = (_millis(moment.replace(tzinfo=VILNIUS, fold=fold)) for fold in (0, 1))
        except (ValueError, OverflowError):
            raise Unreadable(f"{column} {str(said)[:40]!r} is not a time") from None
        later = field == "until" or (field == "changed" and second <= context.received)
        return max(first, second) if later else min(first, second)
    return None


def _millis(moment: datetime) -> Millis:
    return int(moment.astimezone(UTC).timestamp() * 1000)


# -- the record's bytes and fields ------------------------------------------------------------------------------------


def _fields(raw: bytes) -> Fields:
    """The record flat, its names in lower case. UTF-8, else windows-1257, which the service also speaks."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        try:
            text = raw.decode("cp1257")
        except UnicodeDecodeError as error:
            raise Unreadable(f"neither UTF-8 nor windows-1257 at byte {error.start} of the record") from None
    try:
        record = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unreadable(f"not JSON: {error}") from None
    flat: Fields = {}
    for part in (record, *(record.get(key) for key in ("location", "attributes", "geometry"))):
        if isinstance(part, dict):
            flat |= {str(key).lower(): value for key, value in part.items()}
    return flat


def _text(record: Mapping[str, Any], field: str) -> str:
    for column in FIELDS[field]:
        said = record.get(column)
        if isinstance(said, str | int) and not isinstance(said, bool) and str(said).strip() not in ("", "None"):
            return " ".join(str(said).split())
    return ""


def _number(said: Any) -> float | None:
    try:
        number = float(said) if isinstance(said, str | int | float) and not isinstance(said, bool) else math.nan
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _positive(said: Any) -> float | None:
    """A value that limits: 0 is a default of the service and no limit."""
    number = _number(said.replace(",", ".") if isinstance(said, str) else said)
    return number if number is not None and number > 0 else None


class _Open(NamedTuple):
    """A bracket that was opened: where, and whether it is a list of records or a record in one."""

    bracket: bytes
    at: int
    listing: bool
    record: bool


def _records(payload: bytes) -> Iterator[tuple[int, bytes, str]]:
    """(offset, bytes, what is wrong with the answer there): the records as they stand, then what ends the answer.

    A record is an object in a list `features`, or one in the outermost list that holds no such list.
    """
    start = _ROOT.search(payload)
    if start is None or payload[: start.start()].strip(b"\xef\xbb\xbf \t\r\n"):
        yield 0, payload, _no_json(payload)
        return
    done = 0
    opened: list[_Open] = []
    holders: set[int] = set()  # where objects opened that hold a list of records
    for token in _TOKEN.finditer(payload, start.start()):
        sign, where = token[0], token.start()
        if sign in (b"[", b"{"):
            key = _KEY.search(payload, max(0, where - 64), where) if sign == b"[" and 0 < len(opened) < 3 else None
            listing = key is not None and key[1] == b"features"
            if listing:
                holders.add(opened[-1].at)
            opened.append(_Open(sign, where, listing, sign == b"{" and bool(opened) and opened[-1].listing))
        elif any(each.bracket == _CLOSES.get(sign) for each in opened):
            while opened:  # a bracket that was forgotten is closed by the next outer one
                each = opened.pop()
                alone = each.bracket == b"{" and [o.bracket for o in opened] == [b"["] and each.at not in holders
                if each.record or alone:
                    done = token.end()
                    yield each.at, payload[each.at : done], ""
                if each.bracket == _CLOSES[sign]:
                    break
            if not opened:
                yield from _ending(payload, start[0], token.end(), bool(holders))
                return
    at = next((each.at for each in opened if each.record), done)
    yield at, payload[at:], "the answer ends before its end"


def _no_json(payload: bytes) -> str:
    if not payload.strip():
        return "an empty answer, which is not an empty list"
    if not payload.lstrip().startswith(b"<"):
        return "not JSON"
    title = _TITLE.search(payload)
    return "an HTML page instead of JSON" + (f": {title[1].decode('utf-8', 'replace').strip()}" if title else "")


def _ending(payload: bytes, root: bytes, end: int, listed: bool) -> Iterator[tuple[int, bytes, str]]:
    """What keeps a list that was read to its end from being the whole list."""
    rest = payload[end:]
    if rest.strip() and not rest.lstrip().startswith(b"<"):
        yield end, rest, "something after the list"
    if root == b"{" and not listed:
        yield 0, payload[:end], "no list of features"
    elif _MORE.search(payload):
        yield 0, b"", "the service has more records than this answer holds"


SOURCE = Source(
    name=NAME,
    title="Road events of Lithuania",
    domain="land",
    nations=("LT",),
    kinds=("roadevent",),
    transport="http",
    formats="JSON in UTF-8 or windows-1257: layer of restrictions, ArcGIS features, or open list of restrictions",
    licence="Open data; name the source",
    attribution="AB Via Lietuva, eismoinfo.lt",
    address="https://restrictions.eismoinfo.lt/",
    rate_s=120.0,
    stale_s=86400.0,
    identity="the record's own id",
    grid="LKS-94 (EPSG:3346, ArcGIS 2600) metres or degrees; the numbers tell which and in which order",
    complete=True,
    mapping=(
        ("_id, id, globalid, objectid", "subject"),
        ("updateTime, updateDate, creationTime, else startTime", "at; local time of Vilnius when it names no zone"),
        ("name, shortDescription", "described.name"),
        ("points[].point, x and y", "described.lon, described.lat"),
        ("restrictions[].lines.paths, geometry.paths, location.polyline", "described.path: the longest"),
        ("restrictions[].restrictionType and value (iconValue)", "described.limits (basis field), status.state"),
        ("speedLimit", "status.measures.speed_kmh"),
        ("a mass in the text", "described.limits (basis text), beside one that the fields give"),
        ("roadClosed for vehicles over a mass, or for lorries", "status.state restricted"),
        ("name, type, subtype", "described.properties.category, cause"),
        ("location.street, kelionr", "described.properties.roads"),
        ("pradziakm, pabaigakm", "described.properties.from_km, to_km"),
        ("description", "described.properties.text, status.reason"),
        ("startTime, endTime", "status.since, status.until"),
    ),
    decoder=lambda: Records(read),
)
