"""Which roads does a reported event lie on? The network's edges near its place or line.

A report gives a point or a line on the real road; the network's edges are drafted. So a report that names a road is
looked for farther from that road than one that names none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import shapely

from cop.event import Described
from cop.geo import METRES
from cop.network import Network
from cop.picture import Entity

NEAR_M: Final = 400.0
NAMED_M: Final = 2_500.0
"""How far a drafted line may lie from the road that a report names."""
ALONG_M: Final = 1_000.0
"""A line lies on an edge when it follows it so far, or half of the shorter one: at its ends it touches others too."""
STEP_M: Final = 250.0
_ROAD = re.compile(r"\b(A|P|V|E|EE|T)?\s?(\d{1,5})\b", re.ASCII)


class Ground:
    """The road network as lines that can be looked up."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._edges = [i for i, edge in enumerate(network.edges) if edge.mode == "road"]
        self._lines = [shapely.LineString(_flat(network.shape(i))) for i in self._edges]
        self._tree = shapely.STRtree(self._lines)

    def edges(self, entity: Entity) -> tuple[int, ...]:
        """The edges that the thing lies on; none when it has no place."""
        shape = shape_of(entity)
        if not shape:
            return ()
        told = [e.body for e in entity.events if isinstance(e.body, Described)]
        roads = frozenset(
            number
            for body in told
            for key in ("road", "roads")
            for number in numbers(str(body.properties.get(key) or ""))
        )
        drawn = shapely.LineString(_flat(shape)) if len(shape) > 1 else shapely.Point(_flat(shape)[0])
        found: list[int] = []
        for at in self._tree.query(drawn, predicate="dwithin", distance=NAMED_M):
            edge, line = self._network.edges[self._edges[int(at)]], self._lines[int(at)]
            reach = NAMED_M if roads & frozenset(numbers(edge.road)) else NEAR_M
            if drawn.distance(line) <= reach and (len(shape) == 1 or _follows(drawn, line, reach)):
                found.append(self._edges[int(at)])
        return tuple(sorted(found))


def shape_of(entity: Entity) -> Sequence[tuple[float, float]]:
    """The line that the thing lies on, or the one place where it is; empty when nobody says."""
    told = [e.body for e in entity.events if isinstance(e.body, Described)]
    path = next((body.path for body in told if body.path), ())
    place = entity.position
    return path or ((place,) if place is not None else ())


def _follows(drawn: shapely.LineString, line: shapely.LineString, reach: float) -> bool:
    """Whether the drawn line goes along the other one, and does not only touch or cross it."""
    least = min(ALONG_M, drawn.length / 2, line.length / 2)
    marks = np.linspace(0.0, drawn.length, 2 + int(drawn.length / STEP_M))
    spots = shapely.line_interpolate_point(drawn, marks)
    near = shapely.line_locate_point(line, spots[shapely.distance(line, spots) <= reach])
    return near.size > 0 and bool(np.ptp(near) >= least)


@lru_cache(maxsize=4)
def ground(network: Network) -> Ground:
    """The network's roads as lines, which the engines of all worlds share."""
    return Ground(network)


def numbers(text: str) -> tuple[str, ...]:
    """The road numbers in a text, as `A7` or `4`: Estonian main roads have a bare number."""
    found = []
    for letter, number in _ROAD.findall(text):
        found.append(("" if letter in ("EE", "T") else letter) + str(int(number)))
    return tuple(found)


def _flat(line: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """On a plane in metres: over the Baltic states one scale of longitude is good to five per cent."""
    return [(lon * METRES * 0.545, lat * METRES) for lon, lat in line]
