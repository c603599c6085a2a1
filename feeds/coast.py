"""Is a place surely at sea, or surely inland? Two bitmaps of the region, made from the basemap.

`python -m feeds.coast` makes `reference/coast.bin` from `assets/basemap.json` (its credits apply). A cell is 0.01
degrees; a place counts as surely at sea when all land is more than `FAR_KM` away, and as surely inland when all water
(sea, lakes, rivers of the map) is. What lies outside of the region is neither.
"""

from __future__ import annotations

import json
import math
import zlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np

WEST, SOUTH, EAST, NORTH = 20.0, 53.6, 29.0, 60.0
"""The region, degrees: where the basemap is detailed."""
CELL: Final = 0.01
FAR_KM: Final = 5.0
COLUMNS: Final = round((EAST - WEST) / CELL)
ROWS: Final = round((NORTH - SOUTH) / CELL)
FILE: Final = Path(__file__).parent / "reference" / "coast.bin"
BASEMAP: Final = Path(__file__).parents[1] / "assets" / "basemap.json"


def at_sea(lon: float, lat: float) -> bool:
    """Whether all land is far from here."""
    return _bit(0, lon, lat)


def inland(lon: float, lat: float) -> bool:
    """Whether all water is far from here."""
    return _bit(1, lon, lat)


def _bit(which: int, lon: float, lat: float) -> bool:
    if not (WEST <= lon < EAST and SOUTH <= lat < NORTH):
        return False
    cell = (int((lat - SOUTH) / CELL) * COLUMNS + int((lon - WEST) / CELL)) + which * ROWS * COLUMNS
    return bool(_bitmaps()[cell >> 3] & 0x80 >> (cell & 7))


@cache
def _bitmaps() -> bytes:
    return zlib.decompress(FILE.read_bytes())


def make(basemap: dict[str, Any]) -> bytes:
    """The file's bytes, from the basemap's document."""
    import numpy as np

    drawn = basemap["layers"]
    land = _filled(basemap, drawn["land"])
    water = ~land | _filled(basemap, drawn["lakes"]) | _traced(basemap, drawn["rivers"])
    return zlib.compress(np.packbits(np.stack([~_wider(land), ~_wider(water)])).tobytes(), 9)


def _parts(basemap: dict[str, Any], layer: dict[str, Any]) -> list[np.ndarray[Any, Any]]:
    """The lines of a layer, in cells from the region's corner: (column, row)."""
    import numpy as np

    steps = (np.array(part, float).reshape(-1, 2) for each in layer["features"] for part in each["parts"])
    west, south = basemap["extent"][:2]
    return [(part.cumsum(0) * basemap["quantum"] + (west - WEST, south - SOUTH)) / CELL for part in steps]


def _filled(basemap: dict[str, Any], layer: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Which cells' middles are in an odd number of rings."""
    import numpy as np
    import shapely

    mask = np.zeros((ROWS, COLUMNS), bool)
    for ring in _parts(basemap, layer):
        shape = shapely.polygons(ring) if len(ring) > 2 else None
        if shape is None:
            continue
        left, low, right, high = (math.floor(edge) for edge in shape.bounds)
        columns = np.arange(max(0, left), min(COLUMNS, right + 1))
        rows = np.arange(max(0, low), min(ROWS, high + 1))
        if not (columns.size and rows.size):
            continue
        shapely.prepare(shape)
        across, up = np.meshgrid(columns + 0.5, rows + 0.5)
        mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] ^= shapely.contains_xy(shape, across, up)
    return mask


def _traced(basemap: dict[str, Any], layer: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Which cells a line goes through."""
    import numpy as np
    import shapely

    mask = np.zeros((ROWS, COLUMNS), bool)
    for line in _parts(basemap, layer):
        column, row = shapely.get_coordinates(shapely.segmentize(shapely.linestrings(line), 0.5)).astype(int).T
        inside = (column >= 0) & (column < COLUMNS) & (row >= 0) & (row < ROWS)
        mask[row[inside], column[inside]] = True
    return mask


def _wider(mask: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The cells that have one of the mask within `FAR_KM`."""
    import numpy as np

    middle = math.radians((SOUTH + NORTH) / 2)
    tall, wide = FAR_KM / (CELL * 111.2), FAR_KM / (CELL * 111.2 * math.cos(middle))
    up, across = math.ceil(tall), math.ceil(wide)
    padded = np.pad(mask, ((up, up), (across, across)), mode="edge")
    found = np.zeros_like(mask)
    for row in range(-up, up + 1):
        for column in range(-across, across + 1):
            if (row / tall) ** 2 + (column / wide) ** 2 <= 1:
                found |= padded[up + row : up + row + ROWS, across + column : across + column + COLUMNS]
    return found


if __name__ == "__main__":
    FILE.write_bytes(make(json.loads(BASEMAP.read_text("utf-8"))))
