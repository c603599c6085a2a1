"""What is a network while it is put together? Nodes and edges that can still be added, cut and dropped.

Geometry is on a plane in kilometres, true to scale at 57° north and 8 % off at the edges of the area.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, Final

import msgspec
import numpy as np

from cop.geo import Point
from cop.network import Edge, Network, Node

PLANE: Final = (111.32 * math.cos(math.radians(57.0)), 111.2)
"""Kilometres in one degree of longitude and latitude."""
DIGITS: Final = 5
"""Decimals of a degree that are kept: a metre."""
WINDING: Final = 1.3
"""A local road of which only the ends are known is so many times as long as the chord."""


def plane(places: Any) -> Any:
    """Degrees to kilometres."""
    return np.asarray(places, dtype=np.float64) * PLANE


def degrees(spot: Any) -> Point:
    """Kilometres to degrees."""
    lon, lat = np.asarray(spot, dtype=np.float64) / PLANE
    return round(float(lon), DIGITS), round(float(lat), DIGITS)


def apart(a: Point, b: Point) -> float:
    """Km between two places."""
    return float(math.dist(plane(a), plane(b)))


class Draft:
    """Nodes and edges; an edge that was dropped leaves None, so that numbers stay."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.edges: list[Edge | None] = []
        self._at: dict[tuple[str, Point], int] = {}

    def node(self, lon: float, lat: float, name: str = "", nation: str = "", subject: str = "", net: str = "") -> int:
        """The node at this place, made if there is none. Nets (`rail`, `1435`, `sea`) don't meet by coordinates."""
        place = round(lon, DIGITS), round(lat, DIGITS)
        if (net, place) not in self._at:
            self._at[net, place] = len(self.nodes)
            self.nodes.append(Node(*place, name, nation, subject))
        return self._at[net, place]

    def place(self, node: int) -> Point:
        """(lon, lat) of a node."""
        return self.nodes[node][:2]

    def edge(self, a: int, b: int, km: float, **what: Any) -> int:
        """Add an edge; straight unless it is given a line."""
        line = what.pop("line", None) or (self.place(a), self.place(b))
        self.edges.append(Edge(a, b, round(km, 3), line=tuple(line), **what))
        return len(self.edges) - 1

    def connect(self, a: int, b: int, **what: Any) -> int | None:
        """A local road that nobody surveyed, straight; nothing when the two are one node or are joined already."""
        if a == b or any(edge and {edge.a, edge.b} == {a, b} for edge in self.edges):
            return None
        km = max(0.1, WINDING * apart(self.place(a), self.place(b)))
        return self.edge(a, b, km, **{"source": "connector", "nation": self.nodes[a].nation, **what})

    def cut(self, index: int, joints: Iterable[tuple[float, int]]) -> None:
        """Put nodes into a straight edge, each at km from a; ties go to the piece that they lie on."""
        edge = self.edges[index]
        assert edge is not None
        stops = [(0.0, edge.a), *sorted(joints), (edge.km, edge.b)]
        pieces = []
        for (start, a), (end, b) in pairwise(stops):
            last = end == edge.km
            on = [
                (round(km - start, 3), tie)
                for km, tie in zip(edge.tie_km, edge.ties, strict=True)
                if start <= km < end or (last and km == end)
            ]
            pieces.append(
                msgspec.structs.replace(
                    edge,
                    a=a,
                    b=b,
                    km=round(end - start, 3),
                    line=(self.place(a), self.place(b)),
                    ties=tuple(tie for _, tie in on),
                    tie_km=tuple(km for km, _ in on),
                )
            )
        self.edges[index] = pieces[0]
        self.edges.extend(pieces[1:])

    def tie(self, index: int, subject: str, km: float) -> None:
        """Tie a thing to an edge, at km from a, held to its ends."""
        edge = self.edges[index]
        assert edge is not None
        tied = sorted([*zip(edge.tie_km, edge.ties, strict=True), (round(min(max(km, 0.0), edge.km), 3), subject)])
        marks, ties = zip(*tied, strict=True)
        self.edges[index] = msgspec.structs.replace(edge, ties=ties, tie_km=marks)

    def name(self, node: int, **what: Any) -> None:
        """Say more about a node."""
        self.nodes[node] = self.nodes[node]._replace(**what)

    def components(self, modes: Iterable[str]) -> dict[int, int]:
        """Node → the least node that it is connected with by these modes."""
        leader: dict[int, int] = {}
        wanted = set(modes)
        near: dict[int, list[int]] = defaultdict(list)
        for edge in self.edges:
            if edge and edge.mode in wanted:
                near[edge.a].append(edge.b)
                near[edge.b].append(edge.a)
        for start in sorted(near):
            stack = [start] if start not in leader else []
            while stack:
                here = stack.pop()
                if here not in leader:
                    leader[here] = start
                    stack.extend(near[here])
        return leader

    def network(self) -> Network:
        """What was put together, without nodes that no edge uses."""
        edges = [edge for edge in self.edges if edge is not None]
        used = sorted({end for edge in edges for end in (edge.a, edge.b)})
        number = {node: index for index, node in enumerate(used)}
        return Network(
            [self.nodes[node] for node in used],
            [msgspec.structs.replace(edge, a=number[edge.a], b=number[edge.b]) for edge in edges],
        )
