"""How do the schematic roads and the named corridors become one network?

Where both know a road the surveyed one stays, so that a search doesn't jump between two lines of one road. What is left
of the schematic roads is joined to the corridors where it left them, and corridors to each other where they meet.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any, Final

import numpy as np
import shapely

from cop.network import Edge
from feeds.network.corridors import ROAD_KM
from feeds.network.draft import Draft, apart, degrees, plane
from feeds.network.schematic import Graph

ALONG_KM: Final = (3.5, 0.1, 6.0)
"""A schematic edge with both ends so near to a corridor is that corridor: km, or that part of a long edge, at most."""
JOIN_KM: Final = 2.0
"""Vertices nearer than this to each other are joined by a connector."""
TO_VERTEX_KM: Final = 1.5
"""A joint so near to a vertex of the corridor, along it, is at the vertex."""
AGREE: Final = (0.8, 1.25)
"""A schematic edge and the corridor beside it agree in length within these ratios, give or take 3.5 km."""
LEAST: Final = 0.6
"""At least so much of a schematic edge's chord is progress along the corridor."""
SPEED_KMH: Final = 70.0
"""On schematic roads, whose class nobody says."""


class Joints:
    """Places along corridor edges where something joins; one for all that are near each other."""

    def __init__(self, draft: Draft, indexes: list[int]) -> None:
        self.draft = draft
        self.indexes = indexes
        self.lines = shapely.linestrings([plane(self.edge(index).line) for index in indexes])
        self.tree = shapely.STRtree(self.lines)
        self._at: dict[int, list[tuple[float, int]]] = defaultdict(list)

    def edge(self, index: int) -> Edge:
        """The edge of that number, which is there."""
        edge = self.draft.edges[index]
        assert edge is not None
        return edge

    def at(self, index: int, spot: Any) -> int:
        """The node at which something at this spot joins this edge: a vertex, or a joint, made if need be."""
        edge, line = self.edge(index), self.lines[self.indexes.index(index)]
        share = float(shapely.line_locate_point(line, shapely.points(spot), normalized=True))
        km = share * edge.km
        if min(km, edge.km - km) <= TO_VERTEX_KM:
            return int(edge.a if km <= edge.km - km else edge.b)
        for known, node in self._at[index]:
            if abs(known - km) <= TO_VERTEX_KM / 2:
                return node
        lon, lat = degrees(shapely.get_coordinates(shapely.line_interpolate_point(line, share, normalized=True))[0])
        node = self.draft.node(lon, lat, "", edge.nation)
        self._at[index].append((round(km, 3), node))
        return node

    def nearest(self, spot: Any, within_km: float) -> int | None:
        """The nearest corridor edge."""
        found = self.tree.query_nearest(shapely.points(spot), max_distance=within_km)
        return self.indexes[int(found[0])] if len(found) else None

    def cut(self) -> None:
        """Put the joints into the edges."""
        for index, joints in self._at.items():
            self.draft.cut(
                index, [(km, node) for km, node in joints if node not in (self.edge(index).a, self.edge(index).b)]
            )


def cross(joints: Joints) -> int:
    """Join corridors where they cross without a common vertex. Returns how many times they do."""
    draft, count = joints.draft, 0
    pairs = joints.tree.query(joints.lines, predicate="intersects").T.tolist()
    for one, other in ((i, j) for i, j in pairs if i < j):
        first, second = (joints.edge(joints.indexes[which]) for which in (one, other))
        if {first.a, first.b} & {second.a, second.b}:
            continue
        meeting = shapely.centroid(shapely.intersection(joints.lines[one], joints.lines[other]))
        spot = shapely.get_coordinates(meeting)[0]
        draft.connect(*(joints.at(joints.indexes[which], spot) for which in (one, other)), speed_kmh=SPEED_KMH)
        count += 1
    return count


def meet(joints: Joints) -> int:
    """Join vertices that lie near each other, and the ends of corridors to a corridor that they end near."""
    draft, count = joints.draft, 0
    degree: dict[int, list[int]] = defaultdict(list)
    for index in joints.indexes:
        edge = joints.edge(index)
        degree[edge.a].append(index)
        degree[edge.b].append(index)
    joined = {frozenset((joints.edge(index).a, joints.edge(index).b)) for index in joints.indexes}
    order = sorted(degree)
    for at, a in enumerate(order):
        for b in order[at + 1 :]:
            if frozenset((a, b)) not in joined and apart(draft.place(a), draft.place(b)) <= JOIN_KM:
                count += draft.connect(a, b, speed_kmh=SPEED_KMH) is not None
    for end in (node for node in order if len(degree[node]) == 1):
        spot = plane(draft.place(end))
        for which in joints.tree.query(shapely.points(spot), predicate="dwithin", distance=1.5 * JOIN_KM).tolist():
            edge = joints.edge(joints.indexes[which])
            if end not in (edge.a, edge.b):
                count += draft.connect(end, joints.at(joints.indexes[which], spot), speed_kmh=SPEED_KMH) is not None
                break
    return count


def corridor_of(ends: Any, km: float, chains: list[tuple[Any, list[int]]]) -> int | None:
    """The corridor that a schematic edge of this length is: both ends near it, and about as far apart along it.

    A schematic edge is a chord that may cut a bend of 10 km and more, so that its inside being far says nothing; being
    near all the way it says enough.
    """
    spots = shapely.points(ends)
    chord = float(shapely.distance(*spots))
    least, share, most = ALONG_KM
    for number, (line, _) in enumerate(chains):
        if shapely.dwithin(spots, line, min(most, max(least, share * km))).all():
            first, last = shapely.line_locate_point(line, spots)
            along = abs(float(last - first)) * ROAD_KM
            near = AGREE[0] * min(km, chord) - least <= along <= AGREE[1] * max(km, chord) + least
            if near and along >= LEAST * chord:
                return number
        steps = np.linspace(0.0, 1.0, 2 + math.ceil(chord / 2.0))[:, None]
        inside = shapely.points(ends[0] + steps * (ends[1] - ends[0]))
        if shapely.dwithin(inside, line, 1.2 * least).all():
            first, last = shapely.line_locate_point(line, spots)
            if abs(float(last - first)) >= LEAST * chord:
                return number
    return None


def merge(joints: Joints, chains: list[tuple[Any, list[int]]], graph: Graph) -> dict[str, int]:
    """Add the schematic roads that are no corridor, and join them where they leave one. Returns counts."""
    draft = joints.draft
    spots = plane(graph.places)
    kept: dict[tuple[int, int], float] = {}
    left: dict[int, int] = {}  # a schematic node → the corridor that it lay on
    dropped, dropped_km = 0, 0.0
    for (a, b), km in graph.edges.items():
        on = corridor_of(spots[[a, b]], km, chains)
        if on is None:
            kept[a, b] = km
        else:
            dropped, dropped_km = dropped + 1, dropped_km + km
            left.setdefault(a, on)
            left.setdefault(b, on)
    number: dict[int, int] = {}

    def node(at: int) -> int:
        if at not in number:
            number[at] = draft.node(*graph.places[at], "", graph.nations[at])
        return number[at]

    for (a, b), km in kept.items():
        nation = graph.nations[a] if graph.nations[a] == graph.nations[b] else ""
        what: dict[str, Any] = {"nation": nation, "speed_kmh": SPEED_KMH, "source": "scgraph", "surface": "unknown"}
        if node(a) != node(b):
            draft.edge(node(a), node(b), km, **what)
    joined = 0
    for at in sorted(number):
        lay_on = left.get(at)
        index = joints.nearest(spots[at], JOIN_KM)
        if lay_on is not None:
            _, members = chains[lay_on]
            index = min(
                members,
                key=lambda each: shapely.distance(joints.lines[joints.indexes.index(each)], shapely.points(spots[at])),
            )
        if index is not None:
            what = {"speed_kmh": SPEED_KMH, "source": "connector"}
            joined += draft.connect(number[at], joints.at(index, spots[at]), **what) is not None
    return {
        "schematic edges": len(graph.edges),
        "dropped beside a corridor": dropped,
        "dropped km": round(dropped_km),
        "kept": len(kept),
        "joined to corridors": joined,
    }
