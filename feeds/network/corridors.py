"""What do the registers say of the roads? Named corridors with their bridges, march legs beside them, crossings.

A corridor's km is its polyline's `cum_km_polyline` times 1.05, leg by leg; a march leg's is the difference of
`road_km_est`. What is tied where comes from `route_bridges.csv`, corrected by `tie_corrections.csv`, a reason a row.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, Final

import msgspec
import shapely

from feeds.network.draft import Draft, apart, plane

REFERENCE: Final = Path(__file__).parents[1] / "reference"
ROAD_KM: Final = 1.05
"""Road km in one km of a drafted polyline (route_waypoints.csv, README of the registers)."""
SPEEDS: Final = {"EE": 90.0, "LV": 90.0, "LT": 90.0, "PL": 90.0}
"""General limit outside towns, km/h: the road traffic acts of the states."""
CROSSING_KM: Final = 6.0
"""How far a border crossing may lie from the road that it is tied to: it and the road are typed from memory."""

IMPORTANCE: Final = ("primary", "secondary", "local", "planned")

Row = dict[str, str]


def rows(path: Path) -> list[Row]:
    """The rows of a register."""
    with path.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text))


class Corridors:
    """The corridors and march legs in a draft: which edge is which leg of which route."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.legs: dict[str, list[tuple[float, float, int, bool]]] = {}
        """Route → (cum_km_polyline at its start, at its end, edge, whether the edge points the other way)."""
        self.march: list[int] = []
        self._between: dict[frozenset[int], int] = {}

    def lay(self) -> None:
        """All corridors, then the march legs that lie on none."""
        found = rows(REFERENCE / "march" / "route_waypoints.csv")
        for route, points in groupby(found, key=lambda row: row["route_id"]):
            self._route(route, list(points))
        for _, points in groupby(rows(REFERENCE / "march" / "march_table.csv"), key=lambda row: row["convoy_id"]):
            for one, other in pairwise(points):
                self._march(one, other)

    def _route(self, route: str, points: list[Row]) -> None:
        legs = self.legs[route] = []
        for one, other in pairwise(points):
            a, b = (self._node(row, row["waypoint"]) for row in (one, other))
            start, end = float(one["cum_km_polyline"]), float(other["cum_km_polyline"])
            index = self._between.get(frozenset((a, b)))
            if index is None:
                index = self._between[frozenset((a, b))] = self.draft.edge(
                    a,
                    b,
                    (end - start) * ROAD_KM,
                    road=_number(one["road"], other["road"]),
                    nation=one["nation"],
                    speed_kmh=SPEEDS[one["nation"]],
                    surveyed=True,
                    surface="paved",
                    rank="regional" if "regional" in one["road"] else "main",
                    source="facts",
                )
            edge = self.draft.edges[index]
            assert edge is not None
            self.draft.edges[index] = msgspec.structs.replace(edge, routes=(*edge.routes, route))
            legs.append((start, end, index, edge.a != a))

    def _march(self, one: Row, other: Row) -> None:
        a, b = (self._node(row, row["point"]) for row in (one, other))
        if a != b and frozenset((a, b)) not in self._between:
            km, nation = float(other["road_km_est"]) - float(one["road_km_est"]), self.draft.nodes[a].nation
            speed = SPEEDS.get(nation, 0.0)
            index = self.draft.edge(a, b, km, nation=nation, speed_kmh=speed, surveyed=True, source="facts")
            self._between[frozenset((a, b))] = index
            self.march.append(index)

    def _node(self, row: Row, name: str) -> int:
        lat, lon = float(row["lat"]), float(row["lon"])
        nation = row.get("nation") or ("EE" if lat > 57.9 else "LV" if lat > 56.3 else "LT")
        return self.draft.node(lon, lat, name, nation)

    def tie(self) -> None:
        """Bridges to the legs on which the register has them, with the corrections."""
        fixes = rows(REFERENCE / "network" / "tie_corrections.csv")
        untied = {(row["subject"], row["route_id"]) for row in fixes if row["action"] == "untie"}
        said = [
            (f"bridge:{row['bridge_id']}", row["route_id"], float(row["cum_km_polyline"]))
            for row in rows(REFERENCE / "network" / "route_bridges.csv")
        ]
        said += [(r["subject"], r["route_id"], float(r["cum_km_polyline"])) for r in fixes if r["action"] == "tie"]
        for subject, route, km in said:
            if (subject, route) not in untied:
                self._tie(subject, route, km)
        for row in fixes:
            if row["action"] == "unsurvey":
                self._unsurvey(row["route_id"], row["cum_km_polyline"])

    def _tie(self, subject: str, route: str, km: float) -> None:
        """To one leg; at a vertex to the leg that ends there, so that who passes meets it once."""
        start, _, index, backwards = next(leg for leg in self.legs[route] if km <= leg[1])
        edge = self.draft.edges[index]
        assert edge is not None
        if subject not in edge.ties:  # routes that share a leg both name it
            along = (km - start) * ROAD_KM
            self.draft.tie(index, subject, edge.km - along if backwards else along)

    def _unsurvey(self, route: str, km: str) -> None:
        for start, end, index, _ in self.legs[route]:
            edge = self.draft.edges[index]
            assert edge is not None
            if (not km and edge.routes == (route,)) or (km and start <= float(km) < end):
                self.draft.edges[index] = msgspec.structs.replace(edge, surveyed=False)


def _number(one: str, other: str) -> str:
    """The road of a leg from those of its two ends (`EE 4` and `EE 4/LV A1` → `EE 4`); empty when it has no number."""
    here, there = one.split("/"), other.split("/")
    both = [road for road in here if road in there] or (here if len(here) == 1 else there)
    return both[0] if any(digit.isdigit() for digit in both[0]) else ""


def tie_crossings(draft: Draft, mode: str, lines: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Tie each internal crossing to the one edge that crosses its border there. Returns those tied and those not.

    A surveyed edge comes before any other, and no edge has two crossings: the nearer and more important one has it.
    External crossings are dead ends and lie on no way.
    """
    tied, taken, wanted = list[str](), set[int](), dict[str, list[tuple[bool, int, float, int, float]]]()
    for row in rows(REFERENCE / "crossings.csv"):
        if row["class"] == "internal" and row["mode"] == mode:
            spot = shapely.points(plane((float(row["lon"]), float(row["lat"]))))
            pair = {row["nation_a"], row["nation_b"]}
            rank = IMPORTANCE.index(row["importance"])
            found = _crossed(draft, mode, lines["-".join(sorted(pair))], spot, pair)
            wanted[f"crossing:{row['crossing_id']}"] = [(bare, rank, off, at, km) for bare, off, at, km in found]
    choices = sorted((*choice, subject) for subject, found in wanted.items() for choice in found)
    for _, _, _, index, km, subject in choices:
        if subject not in tied and index not in taken:
            draft.tie(index, subject, km)
            tied.append(subject)
            taken.add(index)
    # Another road across the same border at the same place is of the same crossing: closing it closes both.
    for _, _, _, index, km, subject in choices:
        edge = draft.edges[index]
        if edge is not None and edge.source == "scgraph" and index not in taken:
            draft.tie(index, subject, km)
            taken.add(index)
            tied.append(subject)
    tied = list(dict.fromkeys(tied))
    return sorted(tied), sorted(set(wanted) - set(tied))


def _crossed(
    draft: Draft, mode: str, border: Any, spot: Any, pair: set[str]
) -> Iterator[tuple[bool, float, int, float]]:
    """(not surveyed, km off, edge, km from a) of the edges that cross from one nation to the other near the spot."""
    for index, edge in enumerate(draft.edges):
        if edge is None or edge.mode != mode:
            continue
        ends = [draft.nodes[edge.a], draft.nodes[edge.b]]
        line = shapely.linestrings(plane(edge.line))
        off = shapely.distance(line, spot)
        if off > CROSSING_KM:
            continue
        vertex = next((at for at, node in enumerate(ends) if "border" in node.name), None)
        if edge.source == "facts" and vertex is not None:  # the register has a waypoint at the border: its leg up to it
            here = shapely.points(plane(ends[vertex][:2]))
            if (
                vertex == 1
                and shapely.distance(here, spot) <= CROSSING_KM
                and shapely.dwithin(here, border, CROSSING_KM)
            ):
                yield not edge.routes, float(shapely.distance(here, spot)), index, edge.km
        elif {node.nation for node in ends} == pair and shapely.intersects(line, border):
            at = shapely.line_locate_point(line, shapely.centroid(shapely.intersection(line, border)), normalized=True)
            yield not (edge.surveyed or edge.routes), float(off), index, float(at) * edge.km


def near(draft: Draft, node: int, nodes: set[int], within_km: float) -> int | None:
    """The nearest of some nodes."""
    place = draft.place(node)
    best = min((x for x in nodes if x != node), key=lambda other: apart(place, draft.place(other)), default=None)
    return best if best is not None and apart(place, draft.place(best)) <= within_km else None
