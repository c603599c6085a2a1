"""Which ways lead from here to there, over what, and what lies on them in order of travel?

A network is nodes and edges that do not change: roads, ferries, railways and sea lanes, with what is tied to them
(bridges, crossings, terminals). What may be used and what it costs is not its business: a search is given one cost an
edge, and an infinite one closes it. Every edge can be used in both directions. Lengths are km by road or track,
positions degrees WGS 84 (lon, lat). rustworkx is imported at the first search.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from cop.event import Limit
from cop.geo import Point

if TYPE_CHECKING:
    from rustworkx import PyGraph

Mode = Literal["road", "ferry", "rail", "sea"]
Costs = Sequence[float] | NDArray[np.float64]
"""One number an edge; infinite: not to be used."""

DRIVEN: Final[tuple[Mode, ...]] = ("road", "ferry")
"""What a road movement goes by."""
KM_A_DEGREE: Final = 111.2
SHARED: Final = 0.8
"""Of two alternatives the shorter one is on the other for less than this part of its length."""
PENALTY: Final = 1.6
"""How much dearer each use makes an edge while alternatives are looked for."""
TRIES: Final = 3
"""Searches for each alternative that is asked for."""
DETOUR: Final = (1.6, 2.0)
"""A gap in a drafted line is closed by a way of at most so many times its chord, and so many km more."""
EXACT: Final = 6
"""Decimals of a degree to which a vertex is the very place of a node: a tenth of a metre."""


class Node(NamedTuple):
    """A place where edges meet. `subject` when it is a thing of the picture (`port:P01`, `rail:T04`)."""

    lon: float
    lat: float
    name: str = ""
    nation: str = ""
    subject: str = ""


class Edge(msgspec.Struct, frozen=True, omit_defaults=True):
    """A piece of road, track or lane between two nodes."""

    a: int
    b: int
    km: float
    mode: Mode = "road"
    road: str = ""
    """Its number as signposted: `A7`, `EE 4`."""
    routes: tuple[str, ...] = ()
    """The named corridors that it belongs to: `R01`."""
    nation: str = ""
    speed_kmh: float = 0.0
    """What the road allows; 0 is unknown."""
    minutes: float = 0.0
    """A fixed time whatever goes there (ferry crossing, gauge change); 0 is none."""
    surveyed: bool = False
    """True: every bridge on it is among `ties`. False: nobody says which bridges lie on it."""
    surface: Literal["paved", "gravel", "unknown"] = "unknown"
    rank: Literal["main", "regional", "local", "unknown"] = "unknown"
    gauges_mm: tuple[int, ...] = ()
    line: tuple[Point, ...] = ()
    """Its shape from a to b, both ends with it."""
    ties: tuple[str, ...] = ()
    """The subjects on it from a to b."""
    limits: tuple[Limit, ...] = ()
    """What signs say of the whole edge: mass_t and axle_t in t, height_m and width_m in m. Never a load class."""
    source: str = ""
    tie_km: tuple[float, ...] = ()
    """Where each tie lies, km from a; empty: nobody says, and they are taken to be spread evenly."""


class Way(NamedTuple):
    """Edges one after the other; `nodes` has one more than `edges`, in order of travel."""

    edges: tuple[int, ...]
    nodes: tuple[int, ...]
    cost: float


class _Served(NamedTuple):
    """What some modes reach: places and nodes from south to north, the node at a place, each edge's km or infinity."""

    places: NDArray[np.float64]
    nodes: NDArray[np.int64]
    exact: dict[Point, int]
    lengths: list[float]


class Network:
    """Nodes and edges with their indexes, which are made when first needed."""

    def __init__(self, nodes: Iterable[Node], edges: Iterable[Edge]) -> None:
        self.nodes: Final = tuple(nodes)
        self.edges: Final = tuple(edges)
        if any(not 0 <= end < len(self.nodes) for edge in self.edges for end in (edge.a, edge.b)):
            raise ValueError("an edge ends at a node that there is not")
        self._services: dict[tuple[str, ...], _Served] = {}

    # -- what is where ------------------------------------------------------------------------------------------------

    def on(self, subject: str) -> tuple[int, ...]:
        """The edges that nobody passes without passing this thing: tied to it, or ending at the node that it is."""
        return self._on.get(subject, ())

    @cached_property
    def _on(self) -> dict[str, tuple[int, ...]]:
        found: dict[str, list[int]] = defaultdict(list)
        for index, edge in enumerate(self.edges):
            ends = (self.nodes[edge.a].subject, self.nodes[edge.b].subject)
            for subject in dict.fromkeys((*edge.ties, *(each for each in ends if each))):
                found[subject].append(index)
        return {subject: tuple(edges) for subject, edges in found.items()}

    def at(self, node: int) -> tuple[int, ...]:
        """The edges that begin or end at a node."""
        return tuple(index for index, edge in enumerate(self.edges) if node in (edge.a, edge.b))

    @cached_property
    def routes(self) -> dict[str, Way]:
        """Each named corridor as a way. One whose edges are no single line is left out. `cost` is its km."""
        members: dict[str, list[int]] = defaultdict(list)
        for index, edge in enumerate(self.edges):
            for route in edge.routes:
                members[route].append(index)
        ways = ((route, self._chain(members[route])) for route in sorted(members))
        return {route: way for route, way in ways if way is not None}

    def _chain(self, members: Sequence[int]) -> Way | None:
        """The edges put end to end, in the direction in which most of their km point."""
        at: dict[int, list[int]] = defaultdict(list)
        for index in members:
            at[self.edges[index].a].append(index)
            at[self.edges[index].b].append(index)
        ends = [node for node, here in at.items() if len(here) == 1]
        if len(ends) != 2 or any(len(here) > 2 for here in at.values()):
            return None
        node, edges, nodes = ends[0], list[int](), [ends[0]]
        while len(edges) < len(members):
            onward = [index for index in at[node] if not edges or index != edges[-1]]
            if not onward:
                return None
            node = self._far(onward[0], node)
            edges.append(onward[0])
            nodes.append(node)
        pairs = zip(edges, nodes, strict=False)
        if sum(self.edges[at].km * (1 if self.edges[at].a == start else -1) for at, start in pairs) < 0:
            edges.reverse()
            nodes.reverse()
        return Way(tuple(edges), tuple(nodes), self.km(edges))

    def nearest(self, lon: float, lat: float, modes: Sequence[str] = DRIVEN, within_km: float = 30.0) -> int | None:
        """The nearest node with an edge of these modes; None when there is none within so many km."""
        places, nodes, *_ = self._served(tuple(modes))
        band = within_km / KM_A_DEGREE
        first, last = np.searchsorted(places[:, 1], (lat - band, lat + band), side="left")
        if first == last:
            return None
        steps = (places[first:last] - (lon, lat)) * (KM_A_DEGREE * math.cos(math.radians(lat)), KM_A_DEGREE)
        apart = np.hypot(steps[:, 0], steps[:, 1])
        best = int(apart.argmin())
        return int(nodes[first + best]) if apart[best] <= within_km else None

    def _served(self, modes: tuple[str, ...]) -> _Served:
        if modes not in self._services:
            ends = {end for edge in self.edges if edge.mode in modes for end in (edge.a, edge.b)}
            order = sorted(ends, key=lambda node: (self.nodes[node].lat, node))
            places = np.array([self.nodes[node][:2] for node in order], dtype=np.float64).reshape(-1, 2)
            exact = {_rounded(self._place(node)): node for node in sorted(ends, reverse=True)}
            lengths = [edge.km if edge.mode in modes else math.inf for edge in self.edges]
            self._services[modes] = _Served(places, np.array(order, dtype=np.int64), exact, lengths)
        return self._services[modes]

    # -- ways ---------------------------------------------------------------------------------------------------------

    def shortest(self, a: int, b: int, costs: Costs) -> Way | None:
        """The cheapest way from node to node; None when every way has an edge of infinite cost, or there is none."""
        return self._search(a, b, costs.tolist() if isinstance(costs, np.ndarray) else list(costs))

    def alternatives(self, a: int, b: int, costs: Costs, count: int) -> list[Way]:
        """Up to so many ways, the cheapest first, without loops, each clearly different from the others.

        The penalty method: each way that is found makes its own edges dearer for the next search. The first is the
        shortest way; fewer come back when the network has no more that differ (`SHARED`).
        """
        real = costs.tolist() if isinstance(costs, np.ndarray) else list(costs)
        best = self._search(a, b, real)
        if best is None:
            return []
        found, dear, last = [best], list(real), best
        for _ in range(TRIES * (count - 1)):
            if len(found) == count or not last.edges:
                break
            for index in last.edges:
                dear[index] *= PENALTY
            way = self._search(a, b, dear)
            if way is None:
                break
            last = way
            if all(self._apart(way, other) for other in found):
                found.append(way._replace(cost=math.fsum(real[index] for index in way.edges)))
        return sorted(found, key=lambda way: (way.cost, way.edges))

    def _apart(self, one: Way, other: Way) -> bool:
        """Whether two ways differ clearly."""
        both = self.km(set(one.edges) & set(other.edges))
        least = min(self.km(one.edges), self.km(other.edges))
        return both < SHARED * least if least else one.edges != other.edges and both == 0

    def _search(self, a: int, b: int, costs: list[float]) -> Way | None:
        if a == b:
            return Way((), (a,), 0.0)
        from rustworkx import dijkstra_shortest_paths

        paths = dijkstra_shortest_paths(self._graph, a, b, costs.__getitem__)
        if b not in paths:
            return None
        nodes = tuple(paths[b])
        edges = tuple(self._between(x, y, costs) for x, y in pairwise(nodes))
        cost = math.fsum(costs[index] for index in edges)
        return Way(edges, nodes, cost) if math.isfinite(cost) else None

    def _between(self, a: int, b: int, costs: Sequence[float]) -> int:
        """The cheapest edge that joins two neighbours."""
        return min(self._joining[min(a, b), max(a, b)], key=lambda index: (costs[index], index))

    @cached_property
    def _joining(self) -> dict[tuple[int, int], list[int]]:
        found: dict[tuple[int, int], list[int]] = defaultdict(list)
        for index, edge in enumerate(self.edges):
            found[min(edge.a, edge.b), max(edge.a, edge.b)].append(index)
        return dict(found)

    @cached_property
    def _graph(self) -> PyGraph[int, int]:
        from rustworkx import PyGraph

        graph: PyGraph[int, int] = PyGraph(multigraph=True)
        graph.add_nodes_from(range(len(self.nodes)))
        graph.add_edges_from([(edge.a, edge.b, index) for index, edge in enumerate(self.edges)])
        return graph

    # -- along a way --------------------------------------------------------------------------------------------------

    def km(self, edges: Iterable[int]) -> float:
        """How long these edges are together."""
        return math.fsum(self.edges[index].km for index in edges)

    def shape(self, index: int) -> tuple[Point, ...]:
        """The line of an edge from a to b, straight when it has none of its own."""
        edge = self.edges[index]
        return edge.line or (self._place(edge.a), self._place(edge.b))

    def line(self, way: Way) -> list[Point]:
        """The line of a way in order of travel; one point when it does not move."""
        found: list[Point] = [self._place(way.nodes[0])]
        for index, start in zip(way.edges, way.nodes, strict=False):
            shape = self.shape(index) if self.edges[index].a == start else self.shape(index)[::-1]
            found.extend(shape[1:] if shape[0] == found[-1] else shape)
        return found

    def ties(self, way: Way) -> list[tuple[float, str]]:
        """What lies on a way in order of travel, each with its km from the start; nodes that are things with it.

        A thing at the seam of two edges that both name it comes once; passed again later, it comes again.
        """
        found: list[tuple[float, str]] = []
        gone = 0.0

        def put(km: float, subject: str) -> None:
            if subject and not (found and found[-1][1] == subject and abs(found[-1][0] - km) < 1e-6):
                found.append((km, subject))

        put(0.0, self.nodes[way.nodes[0]].subject)
        for index, start, end in zip(way.edges, way.nodes, way.nodes[1:], strict=False):
            edge = self.edges[index]
            count = len(edge.ties)
            marks = edge.tie_km or tuple(edge.km * (at + 1) / (count + 1) for at in range(count))
            tied = list(zip(marks, edge.ties, strict=True))
            if edge.a != start:
                tied = [(edge.km - mark, subject) for mark, subject in reversed(tied)]
            for mark, subject in tied:
                put(gone + mark, subject)
            gone += edge.km
            put(gone, self.nodes[end].subject)
        return found

    def _place(self, node: int) -> Point:
        return self.nodes[node].lon, self.nodes[node].lat

    def _far(self, index: int, node: int) -> int:
        edge = self.edges[index]
        return edge.b if edge.a == node else edge.a

    # -- a drafted line -----------------------------------------------------------------------------------------------

    def follow(self, path: Sequence[Point], within_km: float = 1.0, modes: Sequence[str] = DRIVEN) -> Way | None:
        """The way along a drafted line; None when it cannot be told. `cost` is its km.

        Each vertex goes to the node that is there, else to the nearest within so many km; one without a node near it
        only has to lie by the way that its neighbours give. Neighbours are joined by the edge between them, else by
        the shortest way if that is not much longer than the chord (`DETOUR`).
        """
        stops = self._stops(path, within_km, tuple(modes))
        if stops is None:
            return None
        edges, nodes = list[int](), [stops[0][1]]
        for (first, a), (last, b) in pairwise(stops):
            leg = self._leg(a, b, path[first : last + 1], within_km, tuple(modes))
            if leg is None:
                return None
            edges.extend(leg.edges)
            nodes.extend(leg.nodes[1:])
        return Way(tuple(edges), tuple(nodes), self.km(edges))

    def _stops(self, path: Sequence[Point], within_km: float, modes: tuple[str, ...]) -> list[tuple[int, int]] | None:
        """(vertex, node) of each vertex with a node, both ends among them."""
        found, exact = list[tuple[int, int]](), self._served(modes).exact
        for vertex, (lon, lat) in enumerate(path):
            node = exact.get(_rounded((lon, lat)))
            if node is None and _rounded((lon, lat)) not in self._bends:
                node = self.nearest(lon, lat, modes, within_km)
            if node is None and vertex in (0, len(path) - 1):
                return None
            if node is not None and not (found and found[-1][1] == node):
                found.append((vertex, node))
        return found or None

    @cached_property
    def _bends(self) -> frozenset[Point]:
        """Vertices inside edges: a line that was drawn from the network has them, and they are no stops."""
        lines = (edge.line[1:-1] for edge in self.edges if len(edge.line) > 2)
        return frozenset(_rounded(place) for line in lines for place in line)

    def _leg(self, a: int, b: int, drawn: Sequence[Point], within_km: float, modes: tuple[str, ...]) -> Way | None:
        """From one stop to the next: of parallel edges the one drawn, else the shortest way."""
        wanted = _km(drawn)
        joining = [
            index
            for index in self._joining.get((min(a, b), max(a, b)), ())
            if self.edges[index].mode in modes and _by(drawn[1:-1], self.shape(index), within_km)
        ]
        if joining:
            bends = {_rounded(place) for place in drawn[1:-1]}

            def unlike(index: int) -> tuple[float, float, bool, int]:
                inner = {_rounded(place) for place in self.shape(index)[1:-1]}
                edge = self.edges[index]
                return len(inner ^ bends), round(abs(_km(self.shape(index)) - wanted), 3), not edge.surveyed, index

            best = min(joining, key=unlike)
            return Way((best,), (a, b), self.edges[best].km)
        way = self._search(a, b, self._served(modes).lengths)
        if way is None or way.cost > DETOUR[0] * wanted + DETOUR[1]:
            return None
        return way if _by(drawn[1:-1], self.line(way), within_km) else None


def _rounded(place: Point) -> Point:
    return round(place[0], EXACT), round(place[1], EXACT)


def _plane(points: Sequence[Point]) -> NDArray[np.float64]:
    """Points as km on a plane that is true enough for a few hundred km."""
    flat = np.array(points, dtype=np.float64).reshape(-1, 2)
    scale = math.cos(math.radians(float(flat[:, 1].mean()))) if len(flat) else 1.0
    return flat * (KM_A_DEGREE * scale, KM_A_DEGREE)


def _km(line: Sequence[Point]) -> float:
    return float(np.hypot(*np.diff(_plane(line), axis=0).T).sum()) if len(line) > 1 else 0.0


def _by(points: Sequence[Point], line: Sequence[Point], within_km: float) -> bool:
    """Whether every point lies within so many km of the line."""
    if not points or len(line) < 2:
        return not points
    flat = _plane([*line, *points])
    starts, steps, spots = flat[: len(line) - 1], np.diff(flat[: len(line)], axis=0), flat[len(line) :]
    square = np.maximum((steps**2).sum(axis=1), 1e-12)
    for spot in spots:
        share = np.clip(((spot - starts) * steps).sum(axis=1) / square, 0.0, 1.0)
        gaps = spot - starts - steps * share[:, None]
        if np.hypot(gaps[:, 0], gaps[:, 1]).min() > within_km:
            return False
    return True
