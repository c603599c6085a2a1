"""What does scgraph-data know of the roads and railways here? Junctions and the straight lines between them.

Its two modules are read as text: importing one takes 23 s and 4.7 GB. They have no names, classes, gauges or bridges.
Data: OpenStreetMap contributors, ODbL. The three states are the land polygons of the project's own basemap.
"""

from __future__ import annotations

import json
import math
import re
import zipfile
from collections.abc import Iterator
from functools import reduce
from itertools import accumulate
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import shapely

from feeds.network.draft import plane

BOX: Final = (20.0, 53.5, 29.5, 60.0)
BASEMAP: Final = Path(__file__).parents[2] / "assets" / "basemap.json"
STATES: Final = ("EE", "LV", "LT")
SLACK_KM: Final = 0.4
"""How far beyond a state's edge a node may be and still be of it: the basemap is smoothed."""
MARGIN: Final = ((22.55, 54.0), (23.45, 54.0), (23.45, 54.2), (22.95, 54.36), (22.82, 54.36), (22.55, 54.28))
"""The Polish side of the border with Lithuania, clear of Kaliningrad and Belarus."""
CLUSTER_KM: Final = 0.5
"""Junctions nearer than this to each other are one: a dual carriageway becomes a road."""


class Graph(NamedTuple):
    """Places (lon, lat) and the km between the pairs of them that are joined."""

    places: list[tuple[float, float]]
    nations: list[str]
    edges: dict[tuple[int, int], float]


def read(source: Path, name: str, regions: dict[str, Any]) -> Graph:
    """The part of one of its graphs that lies in the regions. `source` is the wheel or the unpacked folder."""
    if source.suffix == ".whl":
        with zipfile.ZipFile(source) as packed:
            text = packed.read(f"scgraph_data/{name}.py").decode("ascii")
    else:
        text = (source / f"{name}.py").read_text("ascii")
    lines = {line.partition("=")[0]: line for line in text.splitlines() if line.startswith(("nodes=", "graph="))}
    nodes = np.asarray(json.loads(lines["nodes"][6:]))[:, ::-1]
    inside = (nodes >= BOX[:2]).all(axis=1) & (nodes <= BOX[2:]).all(axis=1)
    here = {node: _nation(nodes[node], regions) for node in np.flatnonzero(inside).tolist()}
    here = {node: nation for node, nation in here.items() if nation}
    joined = re.findall(r"\{([^}]*)\}", lines["graph"])
    edges: dict[tuple[int, int], float] = {}
    for node in here:
        for other, km in re.findall(r"(\d+): ([\d.]+)", joined[node]):
            if int(other) in here:
                edges[min(node, int(other)), max(node, int(other))] = float(km)
    order = sorted(here)
    number = {node: index for index, node in enumerate(order)}
    places = [(float(nodes[node][0]), float(nodes[node][1])) for node in order]
    return clustered(
        Graph(places, [here[node] for node in order], {(number[a], number[b]): km for (a, b), km in edges.items()})
    )


def clustered(graph: Graph, reach: float = CLUSTER_KM) -> Graph:
    """One node for all that are near each other; of edges that then join the same two the shortest stays."""
    spots = plane(graph.places).tolist()
    cells: dict[tuple[int, int], list[int]] = {}
    leader: list[int] = []
    for node, (x, y) in enumerate(spots):
        column, row = math.floor(x / reach), math.floor(y / reach)
        near = [o for i in (-1, 0, 1) for j in (-1, 0, 1) for o in cells.get((column + i, row + j), ())]
        best = min(near, key=lambda other: math.dist(spots[other], (x, y)), default=node)
        if best == node or math.dist(spots[best], (x, y)) >= reach:
            best = node
            cells.setdefault((column, row), []).append(node)
        leader.append(best)
    edges: dict[tuple[int, int], float] = {}
    for (a, b), km in sorted(graph.edges.items()):
        pair = min(leader[a], leader[b]), max(leader[a], leader[b])
        if pair[0] != pair[1]:
            chord = math.dist(spots[pair[0]], spots[pair[1]])
            edges[pair] = min(edges.get(pair, math.inf), max(km, chord))
    return Graph(graph.places, graph.nations, edges)


def regions(basemap: Path = BASEMAP) -> dict[str, Any]:
    """The land of the three states and the Polish margin, on the plane, by nation."""
    document = json.loads(basemap.read_text("utf-8"))
    origin, quantum = document["extent"][:2], document["quantum"]

    def ring(steps: list[int]) -> Any:
        xs, ys = accumulate(steps[::2]), accumulate(steps[1::2])
        return [(origin[0] + x * quantum, origin[1] + y * quantum) for x, y in zip(xs, ys, strict=True)]

    found = {}
    for feature in document["layers"]["land"]["features"]:
        if feature["nation"] in STATES:  # all rings of a feature are filled by the even-odd rule
            rings = [shapely.make_valid(shapely.polygons(plane(ring(part)))) for part in feature["parts"]]
            found[feature["nation"]] = reduce(shapely.symmetric_difference, rings)
    found["PL"] = shapely.difference(shapely.polygons(plane(MARGIN)), found["LT"].buffer(SLACK_KM))
    for shape in found.values():
        shapely.prepare(shape)
    return found


def _nation(place: Any, shapes: dict[str, Any]) -> str:
    spot = shapely.points(plane(place))
    inside = (nation for nation, shape in shapes.items() if shape.contains(spot))
    near = (nation for nation, shape in shapes.items() if nation in STATES and shapely.dwithin(shape, spot, SLACK_KM))
    return next(inside, None) or next(near, "")


def nation(place: Any, shapes: dict[str, Any]) -> str:
    """The state in which a place lies; empty when in none."""
    return _nation(place, shapes)


def borders(shapes: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The borders between the states as lines, by pair (`EE-LV`)."""
    for pair in (("EE", "LV"), ("LT", "LV"), ("LT", "PL")):
        one, other = (shapes[each] for each in pair)
        yield "-".join(pair), shapely.intersection(one.boundary, other.buffer(1.0))
