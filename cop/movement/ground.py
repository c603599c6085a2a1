"""Which roads does a reported event lie on? The network's edges near its place or line.

A report gives a point or a line on the real road; the network's edges are drafted. So a report that names a road is
looked for farther from that road than one that names none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import shapely

from cop.event import Described
from cop.network import Network
from cop.picture import Entity

NEAR_M: Final = 400.0
NAMED_M: Final = 2_500.0
"""How far a drafted line may lie from the road that a report names."""
METRES: Final = 111_195.0
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
        told = [e.body for e in entity.events if isinstance(e.body, Described)]
        path = next((body.path for body in told if body.path), ())
        place = entity.position
        shape: Sequence[tuple[float, float]] = path or ((place,) if place is not None else ())
        if not shape:
            return ()
        roads = frozenset(
            number
            for body in told
            for key in ("road", "roads")
            for number in numbers(str(body.properties.get(key) or ""))
        )
        drawn = shapely.LineString(_flat(shape)) if len(shape) > 1 else shapely.Point(_flat(shape)[0])
        found: list[int] = []
        for at in self._tree.query(drawn, predicate="dwithin", distance=NAMED_M):
            edge = self._network.edges[self._edges[int(at)]]
            named = bool(roads & frozenset(numbers(edge.road)))
            if named or drawn.distance(self._lines[int(at)]) <= NEAR_M:
                found.append(self._edges[int(at)])
        return tuple(sorted(found))


def numbers(text: str) -> tuple[str, ...]:
    """The road numbers in a text, as `A7` or `4`: Estonian main roads have a bare number."""
    found = []
    for letter, number in _ROAD.findall(text):
        found.append(("" if letter in ("EE", "T") else letter) + str(int(number)))
    return tuple(found)


def _flat(line: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """On a plane in metres: over the Baltic states one scale of longitude is good to five per cent."""
    return [(lon * METRES * 0.545, lat * METRES) for lon, lat in line]
