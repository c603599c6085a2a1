"""What is the network that comes with the project made of? Packages and registers, by this script, as small files.

The running dashboard never imports this. To build the network anew, name scgraph-data's wheel or unpacked folder:

    pip download --no-deps scgraph-data==2.0.0
    python -m feeds.network.packages scgraph_data-2.0.0-py3-none-any.whl

The same package and registers give the same network. Its roads are the named corridors (surveyed: every bridge on them
is known) and, away from those, straight lines between OpenStreetMap's junctions of 2024 (nobody says what is on them).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import shapely

from cop.network import Network
from feeds.network import corridors, joins, rails, schematic, sea
from feeds.network.draft import Draft, plane
from feeds.network.store import SHIPPED, save

CREDITS: Final = (
    "© OpenStreetMap contributors (ODbL), through scgraph-data 2.0.0: junctions and lines of roads and railways, 2024",
    "the project's registers: named corridors, march table, bridges, crossings, ports, rail nodes, sites, ferries",
)
BUILT: Final = "2026-03-01"
"""The day of the registers (`as_of`), so that the same input gives the same files."""


def build(source: Path) -> tuple[Network, dict[str, Any]]:
    """The network and a report of how it came about."""
    told: dict[str, Any] = {}
    shapes = schematic.regions()
    lines = dict(schematic.borders(shapes))
    draft = Draft()
    laid = corridors.Corridors(draft)
    laid.lay()
    laid.tie()
    told["march legs beside the corridors"] = len(laid.march)
    indexes = [index for index, edge in enumerate(draft.edges) if edge]
    joints = joins.Joints(draft, indexes)
    chains = [
        (shapely.linestrings(plane(_polyline(draft, legs))), [index for *_, index, _ in legs])
        for legs in laid.legs.values()
    ]
    chains += [(shapely.linestrings(plane(joints.edge(index).line)), [index]) for index in laid.march]
    told["corridors that cross"] = joins.cross(joints)
    told["corridor vertices joined"] = joins.meet(joints)
    told["roads"] = joins.merge(joints, chains, schematic.read(source, "world_highways", shapes))
    joints.cut()
    sea.ferries(draft)
    told["islands of roads dropped"] = _drop_islands(draft)
    roads = {end for edge in draft.edges if edge and edge.mode == "road" for end in (edge.a, edge.b)}
    told["stations without a track"] = rails.lay(draft, schematic.read(source, "world_railways", shapes))
    told["places without a road"] = rails.places(draft, roads)
    told["ports without a lane"] = sea.lay(draft)
    for mode in ("road", "rail"):
        tied, left = corridors.tie_crossings(draft, mode, lines)
        told[f"{mode} crossings"] = {"tied": len(tied), "not tied": left}
    network = draft.network()
    return network, told | summary(network)


def _polyline(draft: Draft, legs: list[tuple[float, float, int, bool]]) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for *_, index, backwards in legs:
        edge = draft.edges[index]
        assert edge is not None
        line = edge.line[::-1] if backwards else edge.line
        found.extend(line if not found else line[1:])
    return found


def _drop_islands(draft: Draft) -> int:
    """Drop schematic roads that hang together with nothing: remains of what was clipped. Returns how many edges."""
    leader = draft.components(("road", "ferry"))
    size = Counter(leader.values())
    main = max(size, key=lambda node: size[node], default=-1)
    loose = [
        index
        for index, edge in enumerate(draft.edges)
        if edge and edge.source in ("scgraph", "connector") and leader.get(edge.a, main) != main
    ]
    for index in loose:
        draft.edges[index] = None
    return len(loose)


def summary(network: Network) -> dict[str, Any]:
    """Km and edges by mode and source, and how many things are tied."""
    km: dict[str, float] = defaultdict(float)
    for edge in network.edges:
        km[f"{edge.mode} {edge.source}{' surveyed' if edge.surveyed and edge.mode == 'road' else ''}"] += edge.km
    ties = Counter(tie.partition(":")[0] for edge in network.edges for tie in edge.ties)
    named = Counter(node.subject.partition(":")[0] for node in network.nodes if node.subject)
    return {
        "nodes": len(network.nodes),
        "edges": len(network.edges),
        "km": {what: round(length, 1) for what, length in sorted(km.items())},
        "ties": dict(ties),
        "places": dict(named),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m feeds.network.packages", description="Build the shipped network.")
    parser.add_argument("source", type=Path, help="scgraph-data's wheel, or the folder with its modules")
    parser.add_argument("--out", type=Path, default=SHIPPED)
    wanted = parser.parse_args(argv)
    network, told = build(wanted.source)
    about = {"source": "packages and registers", "built": BUILT, "credits": CREDITS, "report": told}
    save(network, wanted.out, about)
    print(json.dumps(told, indent=1, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
