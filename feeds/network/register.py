"""Which things of the registers lie on a network that came from elsewhere, and in which state is a place?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from cop.network import Edge, Node
from feeds.network.corridors import REFERENCE, rows
from feeds.network.draft import plane
from feeds.network.schematic import BASEMAP, SLACK_KM, STATES, regions

REACH_KM: Final = 0.3
"""A thing of the registers so near to a road is on it."""


def nations(places: NDArray[np.float64]) -> list[str]:
    """The state of each place; empty outside the three, and where there is no map of them."""
    found = np.full(len(places), "", dtype=object)
    if BASEMAP.exists() and len(places):
        spots = shapely.points(plane(places))
        shapes = regions()
        for nation in STATES:
            found[(found == "") & shapely.dwithin(shapes[nation], spots, SLACK_KM)] = nation
    return [str(each) for each in found]


def tie(nodes: Sequence[Node], edges: Sequence[Edge]) -> tuple[list[Edge], dict[str, Any]]:
    """The edges with the registers' road bridges and crossings tied on, and which could be tied.

    A bridge goes where the network has a bridge within 300 m, on every edge of that road (a dual carriageway has two);
    a crossing goes to the nearest edge within 300 m. External crossings lie on no way.
    """
    made = list(edges)
    lines = (
        shapely.linestrings(
            plane([place for edge in made for place in edge.line]).reshape(-1, 2),
            indices=np.repeat(np.arange(len(made)), [len(edge.line) for edge in made]),
        )
        if made
        else np.array([], dtype=object)
    )
    tree = shapely.STRtree(lines)
    told: dict[str, Any] = {}
    for register, key, kind, wanted in (
        ("bridges", "bridge_id", "bridge", lambda row: not row["kind"].startswith("rail")),
        ("crossings", "crossing_id", "crossing", lambda row: row["class"] == "internal" and row["mode"] == "road"),
    ):
        tied, left = list[str](), list[str]()
        for row in filter(wanted, rows(REFERENCE / f"{register}.csv")):
            subject = f"{kind}:{row[key]}"
            spot = shapely.points(plane((float(row["lon"]), float(row["lat"]))))
            near = tree.query(spot, predicate="dwithin", distance=REACH_KM).tolist()
            near.sort(key=lambda at: (float(shapely.distance(lines[at], spot)), at))
            here = _bridges(made, lines, near, spot) if kind == "bridge" else near[:1]
            for at in here:
                _put(made, lines, at, spot, subject)
            (tied if here else left).append(subject)
        told[f"{register} of the register"] = {"tied": tied, "not tied": left}
    return made, told


def _bridges(edges: Sequence[Edge], lines: Any, near: Sequence[int], spot: Any) -> list[int]:
    """Of the edges near the spot those with a bridge near it too, of the nearest one's road."""
    found = []
    for at in near:
        edge = edges[at]
        marks = [km for km, tie in zip(edge.tie_km, edge.ties, strict=True) if tie.startswith("bridge:OSM:")]
        shares = [km / edge.km if edge.km else 0.0 for km in marks]
        places = [shapely.line_interpolate_point(lines[at], share, normalized=True) for share in shares]
        if any(shapely.dwithin(place, spot, REACH_KM) for place in places):
            found.append(at)
    return [at for at in found if edges[at].road == edges[found[0]].road]


def _put(edges: list[Edge], lines: Any, at: int, spot: Any, subject: str) -> None:
    edge = edges[at]
    km = round(float(shapely.line_locate_point(lines[at], spot, normalized=True)) * edge.km, 3)
    marks, ties = zip(*sorted([*zip(edge.tie_km, edge.ties, strict=True), (km, subject)]), strict=True)
    edges[at] = msgspec.structs.replace(edge, ties=ties, tie_km=marks)
