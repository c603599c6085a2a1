"""How is a network kept? As GeoParquet, nodes as points and edges as lines, with a page about where it came from.

A folder has `nodes.parquet`, `edges.parquet` and `network.json` (source, credits, when it was built, counts). Any GIS
opens the first two. Lists are words separated by blanks, limits JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from cop.event import Limit
from cop.network import Edge, Network, Node

SHIPPED: Final = Path(__file__).parents[1] / "reference" / "network"
NODES: Final = "nodes.parquet"
EDGES: Final = "edges.parquet"
ABOUT: Final = "network.json"
PLAIN: Final = (
    "a",
    "b",
    "km",
    "mode",
    "road",
    "nation",
    "speed_kmh",
    "minutes",
    "surveyed",
    "surface",
    "rank",
    "source",
)
"""Columns of an edge that are kept as they are."""
FRAME: Final = "EPSG:4326"

_limits = msgspec.json.Decoder(tuple[Limit, ...])


class BadNetwork(ValueError):
    """The files are no network: the message says which and why."""


def save(network: Network, folder: Path, about: Mapping[str, Any] | None = None) -> None:
    """Write the network into the folder, which is made if need be, and what is to be said about it."""
    import geopandas
    import numpy as np
    import shapely

    folder.mkdir(parents=True, exist_ok=True)
    nodes, edges = network.nodes, network.edges
    named = {field: [getattr(node, field) for node in nodes] for field in ("name", "nation", "subject")}
    points = shapely.points(np.array([node[:2] for node in nodes], dtype=np.float64).reshape(-1, 2))
    frame = geopandas.GeoDataFrame(named, geometry=points, crs=FRAME)
    frame.to_parquet(folder / NODES, compression="zstd", index=False)

    columns: dict[str, Any] = {field: [getattr(edge, field) for edge in edges] for field in PLAIN}
    columns["routes"] = [" ".join(edge.routes) for edge in edges]
    columns["gauges_mm"] = [" ".join(map(str, edge.gauges_mm)) for edge in edges]
    columns["ties"] = [" ".join(edge.ties) for edge in edges]
    columns["tie_km"] = [" ".join(map(repr, edge.tie_km)) for edge in edges]
    columns["limits"] = [msgspec.json.encode(edge.limits).decode() if edge.limits else "" for edge in edges]
    shapes = [network.shape(index) for index in range(len(edges))]
    owner = np.repeat(np.arange(len(shapes)), [len(shape) for shape in shapes])
    places = np.array([place for shape in shapes for place in shape], dtype=np.float64).reshape(-1, 2)
    lines = shapely.linestrings(places, indices=owner) if shapes else []
    frame = geopandas.GeoDataFrame(columns, geometry=lines, crs=FRAME)
    frame.to_parquet(folder / EDGES, compression="zstd", index=False)
    told = {**(about or {}), "nodes": len(nodes), "edges": len(edges)}
    (folder / ABOUT).write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8")


def load(folder: Path) -> Network:
    """The network that `save` put there. Raises `BadNetwork`."""
    import geopandas
    import shapely

    try:
        nodes = geopandas.read_parquet(folder / NODES)
        edges = geopandas.read_parquet(folder / EDGES)
        places = shapely.get_coordinates(nodes.geometry.values).tolist()
        named = (nodes[field].tolist() for field in ("name", "nation", "subject"))
        made = [Node(lon, lat, *rest) for (lon, lat), *rest in zip(places, *named, strict=True)]
        coordinates, owner = shapely.get_coordinates(edges.geometry.values, return_index=True)
        lines: list[list[tuple[float, float]]] = [[] for _ in range(len(edges))]
        for index, lon, lat in zip(owner.tolist(), *coordinates.T.tolist(), strict=True):
            lines[index].append((lon, lat))
        columns = [edges[field].tolist() for field in (*PLAIN, "routes", "gauges_mm", "ties", "tie_km", "limits")]
        return Network(made, (_edge(*row) for row in zip(*columns, lines, strict=True)))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadNetwork(f"{folder} has no network that can be read: {error}") from error


def _edge(*row: Any) -> Edge:
    *plain, routes, gauges, ties, marks, limits, line = row
    return Edge(
        **dict(zip(PLAIN, plain, strict=True)),
        routes=tuple(routes.split()),
        gauges_mm=tuple(map(int, gauges.split())),
        line=tuple(line),
        ties=tuple(ties.split()),
        limits=_limits.decode(limits) if limits else (),
        tie_km=tuple(map(float, marks.split())),
    )


def about(folder: Path = SHIPPED) -> dict[str, Any]:
    """What the folder's page says of the network. Raises `BadNetwork`."""
    try:
        told: dict[str, Any] = json.loads((folder / ABOUT).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadNetwork(f"{folder / ABOUT}: {error}") from error
    return told


@cache
def shipped() -> Network:
    """The network that comes with the project."""
    return load(SHIPPED)
