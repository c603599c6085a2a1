"""Which ways are there over the sea between the ports? The lanes of the traffic simulator, and the island ferries.

Lanes meet where they cross or share a waypoint. What leads to no port of the register is left out.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import Any, Final

import shapely

from feeds.network.corridors import REFERENCE, near, rows
from feeds.network.draft import WINDING, Draft, apart, degrees, plane
from feeds.network.joins import SPEED_KMH
from feeds.simulated.lanes import LANES

KNOTS_KMH: Final = 12 * 1.852
"""A nominal 12 knots."""
QUAY_KM: Final = 2.5
"""How far the road may end from the quay that it leads to."""
PORTS: Final = {"EEPLA": "port:P02", "EEVIR": "port:P08", "EEKUI": "port:P09", "EEROH": "port:P10", "EEHLT": "port:P11"}
"""Ports whose code in the register is not known for sure."""


def lay(draft: Draft) -> list[str]:
    """Sea legs between the ports. Returns the ports of the register that no lane leads to."""
    ports = {row["locode"]: f"port:{row['port_id']}" for row in rows(REFERENCE / "ports.csv") if row["locode"]} | PORTS
    at = {node.subject: index for index, node in enumerate(draft.nodes) if node.subject.startswith("port:")}
    lanes = [lane for lane in LANES if "island ferry" not in lane.ships]
    lines = [shapely.linestrings(plane([point[:2] for point in lane.waypoints])) for lane in lanes]
    used: set[tuple[int, int]] = set()
    for line in shapely.get_parts(shapely.unary_union(lines)):  # cuts lanes where they cross
        spots = [degrees(spot) for spot in shapely.get_coordinates(line)]
        nodes = [draft.node(*spot, net="sea") for spot in spots]
        used.update((min(pair), max(pair)) for pair in pairwise(nodes) if pair[0] != pair[1])
    what: dict[str, Any] = {"mode": "sea", "speed_kmh": round(KNOTS_KMH, 3), "source": "facts"}
    for a, b in sorted(used):
        draft.edge(a, b, apart(draft.place(a), draft.place(b)), **what)
    quays = set()
    for lane in lanes:
        for code, point in ((lane.start, lane.waypoints[0]), (lane.end, lane.waypoints[-1])):
            port = at.get(ports.get(code, ""))
            road = draft.node(point.lon, point.lat, net="sea")
            if port is not None and (port, road) not in quays:
                quays.add((port, road))
                draft.edge(port, road, max(0.1, apart(draft.place(port), point[:2])), **what)
    _prune(draft, {port for port, _ in quays})
    joined = {draft.nodes[port].subject for port, _ in quays}
    return sorted(set(at) - joined)


def _prune(draft: Draft, ports: set[int]) -> None:
    """Drop sea edges that lead nowhere, one after the other."""
    while True:
        degree: dict[int, int] = defaultdict(int)
        for edge in draft.edges:
            if edge and edge.mode == "sea":
                degree[edge.a] += 1
                degree[edge.b] += 1
        loose = [
            index
            for index, edge in enumerate(draft.edges)
            if edge and edge.mode == "sea" and any(degree[end] == 1 and end not in ports for end in (edge.a, edge.b))
        ]
        if not loose:
            return
        for index in loose:
            draft.edges[index] = None


def ferries(draft: Draft) -> None:
    """The island ferries, with their fixed time, and the roads beyond that the packages lack."""
    roads = {end for edge in draft.edges if edge for end in (edge.a, edge.b)}
    ends = set[int]()
    for row in rows(REFERENCE / "network" / "links.csv"):
        a, b = (
            draft.node(float(row[f"lon_{x}"]), float(row[f"lat_{x}"]), row[f"name_{x}"], row["nation"]) for x in "ab"
        )
        what: dict[str, Any] = {"road": row["road"], "nation": row["nation"], "speed_kmh": 90.0, "surface": "paved"}
        draft.edge(a, b, WINDING * apart(draft.place(a), draft.place(b)), **what, source="links")
        ends |= {a, b}
    for row in rows(REFERENCE / "network" / "ferries.csv"):
        names = row["name"].partition(" (")[0].split("-")
        a, b = (
            draft.node(float(row[f"lon_{x}"]), float(row[f"lat_{x}"]), name, row["nation"])
            for x, name in zip("ab", names, strict=True)
        )
        draft.edge(
            a, b, max(0.1, apart(draft.place(a), draft.place(b))), mode="ferry", road=row["ferry_id"],
            nation=row["nation"], minutes=float(row["crossing_min"]), surveyed=True, source="facts",
        )  # fmt: skip
        ends |= {a, b}
    for end in sorted(ends):
        spot = near(draft, end, roads, QUAY_KM)
        if spot is not None:
            draft.connect(end, spot, speed_kmh=SPEED_KMH)
