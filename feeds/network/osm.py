"""Which network is in an OpenStreetMap extract? Its roads from motorway to tertiary, their bridges and signed limits.

The file is read twice: ways, then the places of the nodes on them. Nothing but these is kept, in arrays, so that memory
follows the roads and not the extract. Ways are split at junctions and put together again where nothing changes but the
way's number; a bridge becomes a tie `bridge:OSM:<way>`. Only data under © OpenStreetMap contributors (ODbL).
"""

from __future__ import annotations

import re
import resource
import time
from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cop.event import Limit
from cop.network import Edge, Network, Node
from feeds.network.signs import limits

CLASSES: Final[dict[str, str]] = {
    "motorway": "main",
    "trunk": "main",
    "primary": "main",
    "secondary": "regional",
    "tertiary": "local",
}
"""`highway` → rank; links too."""
PAVED: Final = frozenset(
    {"paved", "asphalt", "chipseal", "concrete", "paving_stones", "sett", "cobblestone", "metal", "wood"}
)
LOOSE: Final = frozenset(
    {"unpaved", "gravel", "fine_gravel", "compacted", "pebblestone", "ground", "dirt", "earth", "sand", "grass", "mud"}
)
SIMPLE_DEG: Final = 1e-4
"""Shapes lose what lies within about 10 m of them."""
EXAMPLES: Final = 5
NOTE: Final = "OpenStreetMap"


class Style(NamedTuple):
    """What two pieces of road must share to be one edge."""

    highway: str
    road: str
    speed_kmh: float
    surface: str
    limits: tuple[Limit, ...]


class Bridge(NamedTuple):
    """A way that is a bridge, as tagged."""

    way: int
    name: str
    road: str
    limits: tuple[Limit, ...]
    unread: str


class Roads:
    """The roads of an extract as arrays: way after way its node ids, its style and its number."""

    def __init__(self) -> None:
        self.refs = array("q")
        self.starts = array("q", [0])
        self.style = array("l")
        self.ids = array("q")
        self.styles: dict[Style, int] = {}
        self.bridges: dict[int, Bridge] = {}
        """By position of the way."""
        self.unread: Counter[tuple[str, str]] = Counter()
        self.examples: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.oneway = 0

    def take(self, way: int, nodes: Any, tags: Mapping[str, str]) -> None:
        """Add a way."""
        self.refs.extend(node.ref for node in nodes)
        if len(self.refs) - self.starts[-1] < 2:
            del self.refs[self.starts[-1] :]
            return
        self.starts.append(len(self.refs))
        found, left = limits(tags)
        for key, text, why in left:
            self.unread[key, why] += 1
            if text not in self.examples[key, why] and len(self.examples[key, why]) < EXAMPLES:
                self.examples[key, why].append(text)
        road = tags.get("ref", "").split(";")[0].strip()
        style = Style(tags["highway"], road, _speed(tags.get("maxspeed", "")), _surface(tags), found)
        if tags.get("bridge", "no") not in ("no", "abandoned", "proposed"):
            unread = "; ".join(f"{key}={text} ({why})" for key, text, why in left)
            name = tags.get("bridge:name") or tags.get("name", "")
            self.bridges[len(self.ids)] = Bridge(way, name, road, found, unread)
        self.style.append(self.styles.setdefault(style, len(self.styles)))
        self.ids.append(way)
        self.oneway += tags.get("oneway", "no") in ("yes", "1", "-1", "true")


def _speed(text: str) -> float:
    found = re.fullmatch(r"(\d+)( mph)?", text.strip())
    return round(float(found[1]) * (1.609344 if found[2] else 1.0), 1) if found else 0.0


def _surface(tags: Mapping[str, str]) -> str:
    kind = tags.get("surface", "").partition(":")[0]
    return "paved" if kind in PAVED else "gravel" if kind in LOOSE else "unknown"


def read(path: Path) -> tuple[Roads, NDArray[np.int64], NDArray[np.float64]]:
    """The roads, the ids of their nodes in order, and the places of those (NaN where the extract lacks the node)."""
    import osmium

    roads = Roads()
    wanted = [("highway", f"{kind}{link}") for kind in CLASSES for link in ("", "_link")]
    ways: Any = osmium.FileProcessor(str(path), osmium.osm.WAY).with_filter(osmium.filter.TagFilter(*wanted))
    for way in ways:
        roads.take(way.id, way.nodes, dict(way.tags))
    ids = np.unique(np.frombuffer(roads.refs, dtype=np.int64))
    seen, lons, lats = array("q"), array("d"), array("d")
    keep = osmium.filter.IdFilter(ids.tolist())
    nodes: Any = osmium.FileProcessor(str(path), osmium.osm.NODE).with_filter(keep)
    for node in nodes:
        seen.append(node.id)
        lons.append(node.lon)
        lats.append(node.lat)
    places = np.full((len(ids), 2), np.nan)
    at = np.searchsorted(ids, np.frombuffer(seen, dtype=np.int64))
    places[at, 0], places[at, 1] = np.frombuffer(lons), np.frombuffer(lats)
    return roads, ids, places


class Piece(NamedTuple):
    """Part of a way between two junctions: positions in the roads' arrays."""

    a: int
    b: int
    first: int
    last: int
    way: int


def split(roads: Roads, at: NDArray[np.int64], places: NDArray[np.float64]) -> list[Piece]:
    """Ways cut at the nodes that they share, at their ends, and where a node is lacking."""
    starts = np.frombuffer(roads.starts, dtype=np.int64)
    uses = np.bincount(at, minlength=len(places))
    stop = uses > 1
    stop[at[starts[:-1]]] = True
    stop[at[starts[1:] - 1]] = True
    lacking = np.isnan(places[:, 0])
    gone = lacking[at]
    stops = stop[at] | gone | np.roll(gone, 1) | np.roll(gone, -1)  # what is left of a way that runs out of the extract
    found = []
    for way in range(len(starts) - 1):
        cuts = np.flatnonzero(stops[starts[way] : starts[way + 1]]) + starts[way]
        for first, last in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
            if not (gone[first] or gone[last]):
                found.append(Piece(int(at[first]), int(at[last]), first, last, way))
    return found


def chains(pieces: list[Piece], styles: array[int]) -> list[list[tuple[int, bool]]]:
    """Pieces that make one edge, each with whether it is passed backwards: joined where two of one style meet."""
    at: dict[int, list[int]] = defaultdict(list)
    for index, piece in enumerate(pieces):
        at[piece.a].append(index)
        at[piece.b].append(index)

    def onward(index: int, node: int) -> int | None:
        here = at[node]
        if len(here) != 2 or here[0] == here[1]:
            return None
        other = here[0] if here[1] == index else here[1]
        return other if styles[pieces[other].way] == styles[pieces[index].way] else None

    done, found = bytearray(len(pieces)), []
    ends = [i for i, piece in enumerate(pieces) if onward(i, piece.a) is None or onward(i, piece.b) is None]
    for start in (*ends, *range(len(pieces))):  # what is left after the ends are rings
        if done[start]:
            continue
        backwards = onward(start, pieces[start].a) is not None and onward(start, pieces[start].b) is None
        chain, index = [], start
        while True:
            done[index] = 1
            chain.append((index, backwards))
            node = pieces[index].a if backwards else pieces[index].b
            following = onward(index, node)
            if following is None or done[following]:
                break
            backwards = pieces[following].b == node
            index = following
        found.append(chain)
    return found


def build(path: Path) -> tuple[Network, list[dict[str, Any]], dict[str, Any]]:
    """The network, a row for each bridge, and a report."""
    import shapely
    from pyproj import Geod

    from feeds.network.register import nations, tie

    began = time.perf_counter()
    roads, ids, places = read(path)
    at = np.searchsorted(ids, np.frombuffer(roads.refs, dtype=np.int64))
    xy = places[at]
    metres = np.zeros(len(at))
    if len(at):
        whole = np.nan_to_num(xy)
        metres[1:] = Geod(ellps="WGS84").inv(whole[:-1, 0], whole[:-1, 1], whole[1:, 0], whole[1:, 1])[2]
    along = np.cumsum(metres) / 1000
    pieces = split(roads, at, places)
    styles = list(roads.styles)
    numbers: dict[int, int] = {}
    edges, bridges = list[Edge](), dict[int, dict[str, Any]]()

    def number(node: int) -> int:
        return numbers.setdefault(node, len(numbers))

    for chain in chains(pieces, roads.style):
        gone, ties, rows = 0.0, list[tuple[float, str]](), list[NDArray[np.float64]]()
        for index, backwards in chain:
            piece = pieces[index]
            km = float(along[piece.last] - along[piece.first])
            part = xy[piece.first : piece.last + 1]
            rows.append((part[::-1] if backwards else part)[1 if rows else 0 :])
            if piece.way in roads.bridges:
                subject = f"bridge:OSM:{roads.bridges[piece.way].way}"
                if not (ties and ties[-1][1] == subject):
                    ties.append((round(gone + km / 2, 3), subject))
                row = bridges.setdefault(piece.way, _row(roads.bridges[piece.way], part[len(part) // 2]))
                row["length_m"] = round(row["length_m"] + km * 1000, 1)
            gone += km
        head, tail = chain[0], chain[-1]
        style = styles[roads.style[pieces[head[0]].way]]
        shape = shapely.simplify(shapely.linestrings(np.concatenate(rows)), SIMPLE_DEG)
        edges.append(
            Edge(
                number(pieces[head[0]].b if head[1] else pieces[head[0]].a),
                number(pieces[tail[0]].a if tail[1] else pieces[tail[0]].b),
                round(gone, 3),
                road=style.road,
                speed_kmh=style.speed_kmh,
                surveyed=True,
                surface=style.surface,  # type: ignore[arg-type]
                rank=CLASSES[style.highway.removesuffix("_link")],  # type: ignore[arg-type]
                line=tuple(map(tuple, shapely.get_coordinates(shape).tolist())),
                ties=tuple(subject for _, subject in ties),
                limits=style.limits,
                source="openstreetmap",
                tie_km=tuple(km for km, _ in ties),
            )
        )
    spots = places[list(numbers)] if numbers else np.empty((0, 2))
    named = nations(spots)
    nodes = [Node(lon, lat, "", nation) for (lon, lat), nation in zip(spots.tolist(), named, strict=True)]
    edges, registers = tie(nodes, edges)
    network = Network(nodes, edges)
    told = {
        "ways": len(roads.ids),
        "one-way ways used both ways": roads.oneway,
        "nodes lacking in the extract": int(np.isnan(places[:, 0]).sum()),
        **_counted(network),
        "bridges": len(bridges),
        "bridges with no limit": sum(not roads.bridges[way].limits for way in bridges),
        "limits read": dict(Counter(limit.what for way in roads.style for limit in styles[way].limits)),
        "limits without a number": [
            {"tag": key, "why": why, "count": count, "examples": roads.examples[key, why]}
            for (key, why), count in roads.unread.most_common()
        ],
        **registers,
        "seconds": round(time.perf_counter() - began, 1),
        "peak memory MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    return network, list(bridges.values()), told


def _row(bridge: Bridge, spot: NDArray[np.float64]) -> dict[str, Any]:
    values = dict.fromkeys(("mass_t", "axle_t", "height_m", "width_m"))
    return {
        "subject": f"bridge:OSM:{bridge.way}",
        "name": bridge.name,
        "road": bridge.road,
        "lon": float(spot[0]),
        "lat": float(spot[1]),
        "length_m": 0.0,
        **values,
        **{limit.what: limit.value for limit in bridge.limits},
        "unread": bridge.unread,
    }


def _counted(network: Network) -> dict[str, Any]:
    """Edges, km by class, and what hangs together with what."""
    from rustworkx import PyGraph, connected_components

    km: dict[str, float] = defaultdict(float)
    graph: PyGraph[int, float] = PyGraph(multigraph=True)
    graph.add_nodes_from(range(len(network.nodes)))
    graph.add_edges_from([(edge.a, edge.b, edge.km) for edge in network.edges])
    part = {node: at for at, nodes in enumerate(connected_components(graph)) for node in nodes}
    parts: dict[int, float] = defaultdict(float)
    for edge in network.edges:
        km[edge.rank] += edge.km
        parts[part[edge.a]] += edge.km
    lengths = sorted(parts.values(), reverse=True)
    return {
        "nodes": len(network.nodes),
        "edges": len(network.edges),
        "km": {rank: round(length, 1) for rank, length in sorted(km.items())},
        "parts not connected": max(0, len(lengths) - 1),
        "km in the main part": round(lengths[0], 1) if lengths else 0.0,
        "km in the next parts": [round(length, 1) for length in lengths[1:6]],
    }


def write(path: Path, out: Path, built: str) -> dict[str, Any]:
    """Build the network of an extract into a folder, its bridges and the report with it. Returns the report.

    Raises `BadExtract` when the file cannot be read.
    """
    import json

    import geopandas

    from feeds.network.store import save

    try:
        network, bridges, told = build(path)
    except (RuntimeError, OSError) as error:
        raise BadExtract(f"{path} cannot be read as an extract: {error}") from error
    about = {
        "source": f"OpenStreetMap, {path.name}",
        "built": built,
        "credits": ["© OpenStreetMap contributors (ODbL)"],
        "report": told,
    }
    save(network, out, about)
    columns = list(_row(Bridge(0, "", "", (), ""), np.zeros(2)))
    table: dict[str, list[Any]] = {column: [row[column] for row in bridges] for column in columns}
    points = geopandas.points_from_xy(table.pop("lon"), table.pop("lat"))
    geopandas.GeoDataFrame(table, geometry=points, crs="EPSG:4326").to_parquet(out / "bridges.parquet", index=False)
    (out / "report.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return told


class BadExtract(ValueError):
    """The file is no extract that can be read."""
