"""Which tracks are there, in which gauge, and where does the gauge change?

RAIL-01: 1435 mm ends at Kaunas (Palemonas), Šeštokai and Mockava, all else is 1520 mm, and every gauge change is a
capacity node. So there are two nets that meet only at T20, T21 and T22. Each of these is a node that ends a spur of the
1435 line, and from it an edge with the minutes of the change leads to the 1520 net: closing the thing closes the change
and not the lines that run by. The 1435 line is laid from the register's places.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

from feeds.network.corridors import REFERENCE, ROAD_KM, Row, near, rows
from feeds.network.draft import WINDING, Draft, apart
from feeds.network.joins import SPEED_KMH
from feeds.network.schematic import Graph

NARROW, BROAD = 1435, 1520
LINE: Final = ("T28", "T22", "T21", "T23", "T20")
"""The stations of the 1435 mm line from the Polish border to Kaunas."""
CHANGES: Final = ("T20", "T21", "T22")
CHANGE_MIN: Final = 240.0
"""Minutes that a train loses at a gauge change: nominal, for want of a published figure (RAIL-01: a capacity)."""
TRACK_KM: Final = 12.0
"""How far a station may lie from the track that it is joined to: both are typed or schematic."""
ROAD_REACH_KM: Final = 15.0
GAUGE_SPEED_KMH: Final = {NARROW: 80.0, BROAD: 70.0}
"""Freight trains, nominal."""


def lay(draft: Draft, graph: Graph) -> list[str]:
    """Both nets, the stations and the gauge changes. Returns the stations that could not be joined to a track."""
    stations = {row["rail_id"]: row for row in rows(REFERENCE / "rail_nodes.csv")}
    what: dict[str, Any] = {"mode": "rail", "gauges_mm": (BROAD,), "source": "scgraph"}
    what["speed_kmh"] = GAUGE_SPEED_KMH[BROAD]
    nodes: dict[int, int] = {}
    for (a, b), km in graph.edges.items():
        if "PL" in (graph.nations[a], graph.nations[b]):
            continue  # across the border there is 1435 mm only, and that line is laid below
        for end in (a, b):
            nodes.setdefault(end, draft.node(*graph.places[end], "", graph.nations[end], net="rail"))
        draft.edge(nodes[a], nodes[b], km, nation=graph.nations[a], **what)
    tracks = set(nodes.values())
    narrow = {key: _station(draft, stations[key], "1435") for key in LINE}
    for one, other in pairwise(LINE):
        km = ROAD_KM * apart(draft.place(narrow[one]), draft.place(narrow[other]))
        nation = "PL" if one == "T28" else "LT"
        speed = GAUGE_SPEED_KMH[NARROW]
        draft.edge(
            narrow[one], narrow[other], km, mode="rail", gauges_mm=(NARROW,), nation=nation, source="facts",
            speed_kmh=speed,
        )  # fmt: skip
    return [key for key, row in stations.items() if not _join(draft, key, row, tracks, narrow)]


def _station(draft: Draft, row: Row, net: str, subject: str = "") -> int:
    return draft.node(float(row["lon"]), float(row["lat"]), row["name"], row["nation"], subject, net)


def _join(draft: Draft, key: str, row: Row, tracks: set[int], narrow: dict[str, int]) -> bool:
    """Join a station to the tracks. What is not a gauge change ends a spur: closing it closes no through line."""
    subject = f"rail:{key}"
    if key in CHANGES:
        broad, node = _station(draft, row, "1520"), _station(draft, row, "terminal", subject)
        _spur(draft, node, narrow[key], NARROW)
        draft.edge(
            node, broad, 0.5, mode="rail", gauges_mm=(NARROW, BROAD), minutes=CHANGE_MIN, nation=row["nation"],
            source="facts",
        )  # fmt: skip
        spot = near(draft, broad, tracks, TRACK_KM)
        if spot is not None:
            _spur(draft, broad, spot, BROAD)
        return spot is not None
    if "planned" in row["gauge_mm"] and "1520" not in row["gauge_mm"]:
        return True  # no track yet: `places` puts it on the road map only
    node = _station(draft, row, "terminal", subject)
    if key in narrow:
        _spur(draft, node, narrow[key], NARROW)
        return True
    spot = near(draft, node, tracks, TRACK_KM)
    if spot is not None:
        _spur(draft, node, spot, BROAD)
    return spot is not None


def _spur(draft: Draft, node: int, track: int, gauge: int) -> None:
    km = max(0.1, WINDING * apart(draft.place(node), draft.place(track)))
    draft.edge(
        node, track, km, mode="rail", gauges_mm=(gauge,), nation=draft.nodes[node].nation, source="connector",
        speed_kmh=30.0,
    )  # fmt: skip


def places(draft: Draft, roads: set[int]) -> list[str]:
    """Ports, terminals and sites as nodes with a local road each. Returns those too far from any road.

    A corridor that starts at a port starts at its node: there the vertex is the port.
    """
    left = []
    for register, key, kind in (
        ("ports", "port_id", "port"),
        ("rail_nodes", "rail_id", "rail"),
        ("sites", "site_id", "site"),
    ):
        for row in rows(REFERENCE / f"{register}.csv"):
            subject = f"{kind}:{row[key]}"
            if kind == "port" and _at_vertex(draft, row, subject):
                continue
            net = {"port": "", "rail": "terminal", "site": "site"}[kind]  # the quay of a ferry is its port
            node = _station(draft, row, net, subject)
            draft.name(node, name=row["name"], subject=subject)
            own = {road for road in roads if draft.nodes[road].nation in ("", row["nation"])}
            spot = near(draft, node, own, ROAD_REACH_KM)
            if node in roads:
                continue
            if spot is None:
                left.append(subject)
            else:
                draft.connect(node, spot, speed_kmh=SPEED_KMH)
    return left


def _at_vertex(draft: Draft, row: Row, subject: str) -> bool:
    spot = (float(row["lon"]), float(row["lat"]))
    for index, node in enumerate(draft.nodes):
        if node.name.endswith("port") and apart(spot, node[:2]) <= 1.5 and not node.subject:
            draft.name(index, subject=subject)
            return True
    return False
