"""An operator's own map layers: read from a file, served air-gapped, and refused with a reason."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from dashboard.maps import extra_layers, map_view, tile_routes
from dashboard.settings import BadSetting, load

PNG = bytes.fromhex("89504e470d0a1a0a") + b"not really drawn, but served as it is"
LAYERS = """
[national]
kind = "tms"
url = "https://tiles.example/kaart@GMC/{z}/{x}/{y}.png"
attribution = "A land board"
[charts]
kind = "wms"
url = "https://charts.example/wms"
layers = "depths"
attribution = "A hydrographic office"
[own]
kind = "pmtiles"
path = "PATH"
attribution = "Our own survey"
"""


def archive(path: Path, kind: TileType = TileType.PNG) -> Path:
    """A PMTiles archive of one tile."""
    with path.open("wb") as file:
        writer = Writer(file)
        writer.write_tile(zxy_to_tileid(7, 72, 39), PNG)
        header: dict[str, Any] = {
            "tile_type": kind,
            "tile_compression": Compression.NONE,
            "min_zoom": 7,
            "max_zoom": 7,
            "min_lon_e7": 0,
            "min_lat_e7": 0,
            "max_lon_e7": 0,
            "max_lat_e7": 0,
            "center_zoom": 7,
            "center_lon_e7": 0,
            "center_lat_e7": 0,
        }
        writer.finalize(header, {})
    return path


def told(tmp_path: Path, text: str) -> dict[str, str]:
    file = tmp_path / "layers.toml"
    file.write_text(text, "utf-8")
    return {"COP_MAP_LAYERS": str(file)}


def test_without_a_file_there_is_the_basemap_alone() -> None:
    assert extra_layers(load({})) == []
    assert len(map_view([], {}).children) == 1


def test_each_kind_of_layer_is_on_the_map_with_its_attribution(tmp_path: Path) -> None:
    path = archive(tmp_path / "own.pmtiles")
    layers = extra_layers(load(told(tmp_path, LAYERS.replace("PATH", str(path)))))
    control = map_view(layers, {}).children[1]
    shown = {overlay.name: overlay.children for overlay in control.children}
    assert shown["national"].tms is True
    assert shown["charts"].layers == "depths"
    assert shown["own"].url == "/tiles/own/{z}/{x}/{y}"
    assert [tile.attribution for tile in shown.values()] == [layer.attribution for layer in layers]


def test_tiles_of_an_archive_are_served_and_a_missing_one_is_empty(tmp_path: Path) -> None:
    path = archive(tmp_path / "own.pmtiles")
    server = FastAPI()
    tile_routes(server, extra_layers(load(told(tmp_path, LAYERS.replace("PATH", str(path))))))

    async def get(path: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://test") as client:
            return await client.get(path)

    answer = asyncio.run(get("/tiles/own/7/72/39"))
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, PNG, "image/png")
    assert asyncio.run(get("/tiles/own/7/1/1")).status_code == 204
    assert asyncio.run(get("/tiles/own/7/x/1")).status_code == 422


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[a]\nkind = 'magic'\nurl = 'x'\nattribution = 'x'", "needs a kind"),
        ("[a]\nkind = 'xyz'\nattribution = 'x'", "needs a kind"),
        ("[a]\nkind = 'xyz'\nurl = 'https://x.example/{z}/{x}/{y}'", "needs an attribution"),
        ("a = 1", "needs a kind"),
        ("[a", "layers.toml"),
    ],
)
def test_a_bad_file_is_refused_with_the_reason(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(BadSetting, match=reason):
        extra_layers(load(told(tmp_path, text)))


def test_what_is_no_raster_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.pmtiles").write_bytes(b"no archive")
    for path in (tmp_path / "bad.pmtiles", tmp_path / "none.pmtiles", archive(tmp_path / "v.pmtiles", TileType.MVT)):
        layers = extra_layers(load(told(tmp_path, LAYERS.replace("PATH", str(path)))))
        with pytest.raises(BadSetting, match="own: "):
            tile_routes(FastAPI(), layers)
