"""Where in a GeoJSON text do its features stand, in which frame are they, and where on Earth is that?

A text is one document (a collection or a feature), or one feature a line (RFC 8142, with or without its separator).
Positions are turned all at once: a register has thousands. Numbers that can be degrees are degrees, lon before lat
(RFC 7946); others are metres of the frame that the old member `crs` or the feed names. There the numbers tell which
comes first where they can, else the feed must.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from cop.geo import ALIASES, DIGITS, EXTENTS, Order, Point, middle
from feeds.adapter import Unreadable, json_list

MOST_VERTICES: Final = 20_000
"""Of one geometry: more is a map of its own, not a thing on ours."""
DEGREES: Final = 4326
GRIDS: Final = frozenset({3301, 3059, 3346})
"""The nations' grids, northing first by definition and easting first in most files."""
_NAME = re.compile(r"(?:urn:(?:x-)?ogc:def:crs:)?EPSG:(?:[\d.]*:)?(\d{4,6})", re.IGNORECASE)
_CRS84 = re.compile(r"(?:urn:(?:x-)?ogc:def:crs:)?OGC:(?:[\d.]*:)?CRS84", re.IGNORECASE)
_LINE = re.compile(rb"[^\n]+")
_SEPARATOR: Final = b"\x1e \t\r"


class Feature(msgspec.Struct, frozen=True):
    """One feature, its geometry as it stands."""

    type: str = ""
    id: str | int | float | None = None
    properties: dict[str, Any] | None = None
    geometry: msgspec.Raw = msgspec.Raw(b"null")


class Collection(NamedTuple):
    """The features of a text as (offset, bytes), and what it says of them all."""

    records: list[tuple[int, bytes]]
    epsg: int | None = None
    """The frame that the text names."""
    as_of: Any = None
    """Its own member `as_of`."""


class _Head(msgspec.Struct, frozen=True):
    type: str = ""
    crs: Any = None
    as_of: Any = None


class Place(NamedTuple):
    """Where a geometry is: a place that stands for it, and its longest line or outline."""

    lon: float
    lat: float
    path: tuple[Point, ...]
    form: str


# -- the text ---------------------------------------------------------------------------------------------------------


def collection(payload: bytes) -> Collection:
    """The features of the text. Raises `Unreadable` when it is none."""
    lines = list(_lines(payload))
    if len(lines) > 1 and any(_is_feature(line) for _, line in lines[:2]):
        return Collection(lines)
    try:
        head = msgspec.json.decode(payload.removeprefix(b"\xef\xbb\xbf"), type=_Head)
        records = [(payload.index(b"{"), payload[payload.index(b"{") :])] if head.type == "Feature" else None
        records = records or list(json_list(payload, "features"))
    except RecursionError:
        raise Unreadable("JSON that is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
        records = list(json_list(payload, "features"))  # says what is wrong with it
        head = _Head()
    return Collection(records, frame(head.crs), head.as_of)


def feature(raw: bytes) -> Feature:
    """One feature. Raises `Unreadable`."""
    try:
        found = msgspec.json.decode(raw, type=Feature)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"not a feature: {error}"[:200]) from None
    if found.type != "Feature":
        raise Unreadable(f"a {found.type[:40] or 'thing without a type'}, not a Feature")
    return found


def frame(crs: Any) -> int | None:
    """The EPSG code that the old member `crs` names; None for degrees of WGS 84. Raises `Unreadable`."""
    if crs is None:
        return None
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if isinstance(name, str) and _CRS84.fullmatch(name):
        return None
    found = _NAME.fullmatch(name) if isinstance(name, str) else None
    if found is None:
        raise Unreadable(f"a frame that is not known: {str(name or crs)[:80]}")
    return int(found[1])


def _lines(payload: bytes) -> Iterator[tuple[int, bytes]]:
    for found in _LINE.finditer(payload):
        line = found[0].lstrip(_SEPARATOR)
        if line:
            yield found.end() - len(line), line.rstrip(_SEPARATOR)


def _is_feature(line: bytes) -> bool:
    try:
        return msgspec.json.decode(line, type=_Head).type == "Feature"
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


# -- the geometry -----------------------------------------------------------------------------------------------------


def shapes(geometries: Sequence[bytes]) -> list[Any]:
    """The geometries; one that cannot be read, or has no position, is None."""
    import numpy as np
    import shapely

    with np.errstate(all="ignore"):
        found = shapely.force_2d(shapely.from_geojson(np.array(geometries, dtype=object), on_invalid="ignore"))
    return [None if each is None or each.is_empty else each for each in found]


def placed(found: Sequence[Any], crs: Any, order: Order | None) -> list[Place | str]:
    """Where each geometry is, or why that cannot be told.

    `crs` is the frame of those that are in metres: an EPSG code, or what pyproj takes for one; None when nobody names
    any. `order` is what comes first where the numbers of that frame don't tell.
    """
    import numpy as np
    import shapely

    if not found:
        return []
    whole = np.array(found, dtype=object)
    why = np.array(["a geometry that cannot be read" if each is None else "" for each in found], dtype=object)
    with np.errstate(all="ignore"):
        bounds = shapely.bounds(whole)
        metric = ~_on_earth(bounds) & (why == "")
        if metric.any():
            _turn(whole, metric, bounds, why, crs, order)
        why[~_on_earth(shapely.bounds(whole)) & (why == "")] = "a position that is not on Earth"
        why[(shapely.get_num_coordinates(whole) > MOST_VERTICES) & (why == "")] = "a geometry with too many positions"
        good = why == ""
        whole[good] = shapely.transform(whole[good], lambda each: np.round(each, DIGITS))
        return [reason or _place(shape) for shape, reason in zip(whole, why, strict=True)]


def _on_earth(bounds: Any) -> Any:
    """Which of these boxes have degrees for numbers: none that is missing or infinite."""
    import numpy as np

    west, south, east, north = np.abs(bounds).T
    return (west <= 180) & (east <= 180) & (south <= 90) & (north <= 90)


def _in_region(bounds: Any) -> Any:
    """Which of these boxes lie where the nations' grids hold."""
    (west, east), (south, north) = EXTENTS[DEGREES]
    lon, lat, to_lon, to_lat = bounds.T
    return (west <= lon) & (to_lon <= east) & (south <= lat) & (to_lat <= north)


def _turn(whole: Any, metric: Any, bounds: Any, why: Any, crs: Any, order: Order | None) -> None:
    """Turn those that are in metres to degrees, in place and in one call."""
    import geopandas
    import shapely
    from pyproj import CRS
    from pyproj.exceptions import CRSError, ProjError

    try:
        known = CRS.from_user_input(ALIASES.get(crs, crs) if isinstance(crs, int) else crs)
        code = known.to_epsg()
        if known.is_geographic:
            raise ValueError("positions that are no degrees")
        swap, lost = _order(bounds, code, order)
        why[metric & lost] = f"a position that lies in neither order in EPSG:{code}"
        metric &= ~lost
        whole[metric & swap] = shapely.transform(whole[metric & swap], lambda each: each[:, ::-1])
        whole[metric] = geopandas.GeoSeries(whole[metric], crs=known).to_crs(DEGREES).to_numpy()
        if code in GRIDS:
            away = metric & ~_in_region(shapely.bounds(whole))
            why[away] = f"a position that is not where EPSG:{code} holds: is the other number first?"
    except (CRSError, ProjError) as error:
        named = "in no frame that is named" if crs is None else f"in a frame that is not known: {error}"
        why[metric] = f"positions that are no degrees, {named}"[:160]
    except ValueError as error:
        why[metric] = str(error)[:160]


def _order(bounds: Any, code: int | None, order: Order | None) -> tuple[Any, Any]:
    """(which have the northing first, which can be in neither order)."""
    import numpy as np

    if code not in EXTENTS:
        if order is None and code in GRIDS:
            raise ValueError(f"the numbers of EPSG:{code} do not tell what comes first: the option order must")
        return np.full(len(bounds), order == "ne"), np.zeros(len(bounds), dtype=bool)
    (west, east), (south, north) = EXTENTS[code]
    first, second = bounds[:, 0], bounds[:, 1]
    straight = (west <= first) & (first <= east) & (south <= second) & (second <= north)
    swapped = (west <= second) & (second <= east) & (south <= first) & (first <= north)
    return swapped, ~straight & ~swapped


def _place(shape: Any) -> Place:
    """The place of a geometry in degrees: a point's own, the middle of a line, a point within an area."""
    import shapely

    lines = []
    for part in shapely.get_parts(shape).tolist():
        line = part.exterior if part.geom_type == "Polygon" else part
        lines.append(() if part.geom_type == "Point" or not hasattr(line, "coords") else tuple(line.coords))
    path: tuple[Point, ...] = max((line for line in lines if len(line) > 1), key=len, default=())
    if path and shape.geom_type in ("LineString", "LinearRing"):
        return Place(*middle(path), path, shape.geom_type)
    try:
        inside = shapely.point_on_surface(shape)
    except shapely.errors.GEOSException:  # an outline that crosses itself
        inside = shape.centroid
    return Place(round(inside.x, DIGITS), round(inside.y, DIGITS), path, shape.geom_type)
