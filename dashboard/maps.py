"""What lies under the things? The offline basemap, and whatever layers an operator adds.

Extra layers are a TOML file (`COP_MAP_LAYERS`), one table a layer: `kind` (xyz, tms, wms, pmtiles), `url` or `path`,
`attribution`, and for WMS `layers`. PMTiles are raster archives read here and served as tiles, so they work air-gapped.
"""

from __future__ import annotations

import mmap
import tomllib
from pathlib import Path
from typing import Any, Final, NamedTuple

import dash_leaflet as dl
from fastapi import FastAPI, Response
from pmtiles.reader import Reader
from pmtiles.tile import Compression, TileType

from dashboard.settings import BadSetting, Values

KINDS: Final = ("xyz", "tms", "wms", "pmtiles")
_IMAGES: Final = {TileType.PNG: "image/png", TileType.JPEG: "image/jpeg", TileType.WEBP: "image/webp"}


class MapLayer(NamedTuple):
    """One extra layer: where its tiles come from, and whom to name for it."""

    name: str
    kind: str
    url: str
    attribution: str
    layers: str = ""


def extra_layers(settings: Values) -> list[MapLayer]:
    """The layers of the operator's file. Raises `BadSetting` with the table that is wrong."""
    path = settings["COP_MAP_LAYERS"]
    if not path:
        return []
    try:
        tables = tomllib.loads(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSetting(f"COP_MAP_LAYERS names {path}: {error}") from error
    found = []
    for name, table in tables.items():
        kind = str(table.get("kind", "")) if isinstance(table, dict) else ""
        place = table.get("path" if kind == "pmtiles" else "url") if kind in KINDS else None
        if not place:
            raise BadSetting(f"{path}: [{name}] needs a kind ({', '.join(KINDS)}) and its url (pmtiles: path)")
        if not table.get("attribution"):
            raise BadSetting(f"{path}: [{name}] needs an attribution: it is shown on the map")
        found.append(MapLayer(name, kind, str(place), str(table["attribution"]), str(table.get("layers", ""))))
    return found


def map_view(layers: list[MapLayer], query: dict[str, str], *, zoom: float = 7) -> dl.Map:
    """The Leaflet map. The basemap and the things are added to it by the browser's part."""
    tiles = [dl.Overlay(_tiles(layer), name=layer.name, checked=False) for layer in layers]
    return dl.Map(
        id="map",
        center=[_number(query.get("lat"), 57.0), _number(query.get("lon"), 24.5)],
        zoom=_number(query.get("z"), zoom),
        minZoom=5,
        maxZoom=16,
        zoomControl=False,
        attributionControl=False,
        preferCanvas=True,
        zoomSnap=0.5,
        maxBounds=[[50.0, 10.0], [63.5, 39.0]],
        children=[
            dl.ScaleControl(imperial=False, position="bottomleft"),
            *([dl.LayersControl(tiles, position="topright")] if tiles else []),
        ],
        className="map",
    )


def tile_routes(server: FastAPI, layers: list[MapLayer]) -> None:
    """Serve the tiles of the PMTiles layers at `/tiles/<name>/{z}/{x}/{y}`. Raises `BadSetting` for what isn't one."""
    for layer in layers:
        if layer.kind == "pmtiles":
            server.add_api_route(f"/tiles/{layer.name}/{{z}}/{{x}}/{{y}}", _tile_of(layer), include_in_schema=False)


def _tile_of(layer: MapLayer) -> Any:
    try:
        with Path(layer.url).open("rb") as file:
            held = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        reader = Reader(lambda offset, length: held[offset : offset + length])
        header = reader.header()
    except Exception as error:
        raise BadSetting(f"{layer.name}: {layer.url} is no PMTiles archive: {error}") from error
    if header["tile_type"] not in _IMAGES or header["tile_compression"] not in (Compression.NONE, Compression.UNKNOWN):
        raise BadSetting(f"{layer.name}: only raster PMTiles can be shown")
    media = _IMAGES[header["tile_type"]]

    async def tile(z: int, x: int, y: int) -> Response:
        data = reader.get(z, x, y)
        return Response(data, media_type=media) if data is not None else Response(status_code=204)

    return tile


def _tiles(layer: MapLayer) -> Any:
    if layer.kind == "wms":
        return dl.WMSTileLayer(url=layer.url, layers=layer.layers, attribution=layer.attribution, format="image/png")
    url = f"/tiles/{layer.name}/{{z}}/{{x}}/{{y}}" if layer.kind == "pmtiles" else layer.url
    return dl.TileLayer(url=url, attribution=layer.attribution, tms=layer.kind == "tms")


def _number(text: str | None, default: float) -> float:
    try:
        return float(text) if text else default
    except ValueError:
        return default
