"""Does a network find ways, tell what lies on them, and does the shipped one know the corridors and the march table?"""

from __future__ import annotations

import argparse
import csv
import math
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from cop.network import Edge, Network, Node, Way
from dashboard import netcli
from dashboard.settings import BadSetting, Values
from feeds.network.corridors import REFERENCE, ROAD_KM
from feeds.network.store import SHIPPED, BadNetwork, load, shipped

MARCH = REFERENCE / "march" / "march_table.csv"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text))


def table() -> dict[str, list[dict[str, str]]]:
    return {key: list(points) for key, points in groupby(rows(MARCH), key=lambda row: row["convoy_id"])}


def followed(convoy: str) -> Way:
    points = [(float(row["lon"]), float(row["lat"])) for row in table()[convoy]]
    way = shipped().follow(points)
    assert way is not None
    return way


# A small one: 0 -- 1 -- 2 -- 3, a detour 1 - 4 - 2, and a ferry 3 - 5.
SMALL = Network(
    [
        *(Node(lon, 57.0) for lon in (24.0, 24.1, 24.2)),
        Node(24.3, 57.0, subject="port:P1"), Node(24.15, 57.05), Node(24.5, 57.0),
    ],
    [
        Edge(0, 1, 6.0, routes=("R1",)),
        Edge(2, 1, 6.0, routes=("R1",), ties=("bridge:B1", "bridge:B2"), tie_km=(1.0, 5.0), surveyed=True),
        Edge(2, 3, 6.0, routes=("R1",), ties=("bridge:B3",)),
        Edge(1, 4, 7.0),
        Edge(4, 2, 7.0),
        Edge(3, 5, 12.0, mode="ferry", minutes=30.0),
    ],
)  # fmt: skip
KM = [edge.km for edge in SMALL.edges]


def test_the_shortest_way_and_what_lies_on_it() -> None:
    way = SMALL.shortest(0, 3, KM)
    assert way == Way((0, 1, 2), (0, 1, 2, 3), 18.0)
    assert SMALL.ties(way) == [
        (7.0, "bridge:B2"),
        (11.0, "bridge:B1"),
        (15.0, "bridge:B3"),
        (18.0, "port:P1"),
    ]
    assert SMALL.line(way) == [(24.0, 57.0), (24.1, 57.0), (24.2, 57.0), (24.3, 57.0)]


def test_a_closed_thing_is_gone_round_and_none_is_none() -> None:
    costs = np.array(KM)
    costs[list(SMALL.on("bridge:B1"))] = math.inf
    assert SMALL.shortest(0, 3, costs) == Way((0, 3, 4, 2), (0, 1, 4, 2, 3), 26.0)
    costs[4] = math.inf
    assert SMALL.shortest(0, 3, costs) is None
    assert SMALL.alternatives(0, 3, costs, 3) == []
    assert SMALL.shortest(2, 2, costs) == Way((), (2,), 0.0)


def test_alternatives() -> None:
    assert [way.edges for way in SMALL.alternatives(1, 2, KM, 3)] == [(1,), (3, 4)]


@pytest.mark.parametrize(
    ("subject", "edges"), [("bridge:B1", (1,)), ("port:P1", (2, 5)), ("bridge:B9", ())]
)  # a node that is the thing closes all that ends there
def test_on(subject: str, edges: tuple[int, ...]) -> None:
    assert SMALL.on(subject) == edges


@pytest.mark.parametrize(
    ("place", "modes", "within", "node"),
    [
        ((24.11, 57.001), ("road", "ferry"), 30.0, 1),
        ((24.5, 57.0), ("road", "ferry"), 30.0, 5),
        ((24.5, 57.0), ("road",), 30.0, 3),
        ((24.5, 57.0), ("road",), 5.0, None),
        ((24.5, 57.0), ("rail",), 30.0, None),
    ],
)
def test_nearest(place: tuple[float, float], modes: tuple[str, ...], within: float, node: int | None) -> None:
    assert SMALL.nearest(*place, modes=modes, within_km=within) == node


@pytest.mark.parametrize(
    ("path", "edges"),
    [
        ([(24.0, 57.0), (24.1, 57.0), (24.2, 57.0)], (0, 1)),
        ([(24.001, 57.001), (24.199, 57.0)], (0, 1)),  # snapped, and the gap closed
        ([(24.1, 57.0), (24.05, 57.0), (24.0, 57.0)], (0,)),  # the vertex inside lies by the way
        ([(24.1, 57.0), (24.15, 57.05), (24.2, 57.0)], (3, 4)),
        ([(24.0, 57.0), (24.05, 57.2), (24.1, 57.0)], None),  # it doesn't
        ([(24.0, 57.0), (25.0, 58.0)], None),
        ([(24.2, 57.0)], ()),
        ([], None),
    ],
)
def test_a_drafted_line_is_followed(path: list[tuple[float, float]], edges: tuple[int, ...] | None) -> None:
    way = SMALL.follow(path)
    assert (way.edges if way else None) == edges


def test_corridors_in_order() -> None:
    assert SMALL.routes == {"R1": Way((0, 1, 2), (0, 1, 2, 3), 18.0)}  # most of its km point this way


def test_an_edge_to_nowhere_is_refused() -> None:
    with pytest.raises(ValueError, match="a node that there is not"):
        Network([Node(24.0, 57.0)], [Edge(0, 1, 1.0)])


# The shipped one


def test_it_is_small_and_has_every_corridor() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.glob("*.parquet")) < 600_000
    assert set(shipped().routes) == {f"R{number:02}" for number in range(1, 24)}


@pytest.mark.parametrize("route", [f"R{number:02}" for number in range(1, 24)])
def test_a_corridor_has_the_registers_length_and_direction(route: str) -> None:
    points = [row for row in rows(REFERENCE / "march" / "route_waypoints.csv") if row["route_id"] == route]
    network, way = shipped(), shipped().routes[route]
    assert way.cost == pytest.approx(float(points[-1]["cum_km_polyline"]) * ROAD_KM, abs=0.3)
    assert network.nodes[way.nodes[0]][:2] == (float(points[0]["lon"]), float(points[0]["lat"]))
    surveyed = {network.edges[index].surveyed for index in way.edges}
    assert surveyed == {"R23": {False}, "R05": {True, False}}.get(route, {True})


@pytest.mark.parametrize("route", [f"R{number:02}" for number in range(1, 24)])
def test_a_corridor_has_the_registers_bridges(route: str) -> None:
    fixes = [row for row in rows(REFERENCE / "network" / "tie_corrections.csv") if row["route_id"] == route]
    said = {f"bridge:{row['bridge_id']}" for row in rows(SHIPPED / "route_bridges.csv") if row["route_id"] == route}
    said |= {row["subject"] for row in fixes if row["action"] == "tie"}
    said -= {row["subject"] for row in fixes if row["action"] == "untie"}
    ties = [tie for _, tie in shipped().ties(shipped().routes[route]) if tie.startswith("bridge:")]
    assert set(ties) >= said
    assert len(ties) == len(set(ties))
    assert all(row["reason"] for row in fixes)


@pytest.mark.parametrize("convoy", sorted(table()))
def test_every_march_is_found_with_its_length_on_surveyed_roads(convoy: str) -> None:
    way = followed(convoy)
    assert way.cost == pytest.approx(float(table()[convoy][-1]["road_km_est"]), abs=0.2)
    assert all(shipped().edges[index].surveyed for index in way.edges)
    again = shipped().follow(shipped().line(way))
    assert again is not None
    assert shipped().ties(again) == shipped().ties(way)


BRIDGES = {
    "C01": "B78 B25 B82 B15 B83",
    "C05": "B60 B84 B73 B76 B27 B29 B82 B15 B83",
    "C08": "B60 B84 B73 B76 B27 B29 B82 B15 B83 B23",
    "C09": "B54 B53 B57",
    "C10": "B52 B58 B54 B53 B57",
    "C11": "B52 B59 B43 B40 B44 B01 B02",
    "C12": "B51 B50 B46 B49 B56 B06 B03",
}


@pytest.mark.parametrize(("convoy", "bridges"), BRIDGES.items())
def test_a_march_passes_each_bridge_once(convoy: str, bridges: str) -> None:
    ties = [tie for _, tie in shipped().ties(followed(convoy)) if tie.startswith("bridge:")]
    assert ties == [f"bridge:{each}" for each in bridges.split()]


@pytest.mark.parametrize(
    ("subject", "route"),
    [
        ("XB01", "R01"), ("XB10", "R01"), ("XB30", "R01"), ("XB02", "R03"), ("XB03", "R05"), ("XB11", "R05"),
        ("XB12", "R06"), ("XB13", "R10"),
    ],
)  # fmt: skip
def test_a_crossing_is_tied_to_one_edge_of_its_corridor(subject: str, route: str) -> None:
    (index,) = shipped().on(f"crossing:{subject}")
    assert route in shipped().edges[index].routes


def test_no_way_leads_over_an_external_crossing() -> None:
    subjects = {tie for edge in shipped().edges for tie in edge.ties} | {node.subject for node in shipped().nodes}
    assert not [subject for subject in subjects if subject.startswith("crossing:XE")]
    assert {node.nation for node in shipped().nodes} <= {"EE", "LV", "LT", "PL", ""}


def test_the_dam_closed_riga_is_passed_by_the_other_bridge() -> None:
    network = shipped()
    costs = [edge.km if edge.surveyed and edge.mode == "road" else math.inf for edge in network.edges]
    for index in network.on("bridge:B15"):
        costs[index] = math.inf
    start, end = (network.nearest(*place) for place in ((24.21, 56.815), (24.31, 56.862)))
    assert start is not None
    assert end is not None
    way = network.shortest(start, end, costs)
    assert way is not None
    assert "bridge:B14" in [tie for _, tie in network.ties(way)]


def gauge_costs(*gauges: int) -> list[float]:
    return [
        edge.km if edge.mode == "rail" and set(edge.gauges_mm) <= set(gauges) else math.inf for edge in shipped().edges
    ]


def at(subject: str) -> int:
    (found,) = (number for number, node in enumerate(shipped().nodes) if node.subject == subject)
    return found


@pytest.mark.parametrize(
    ("a", "b", "gauges", "passed"),
    [
        ("T28", "T20", (1435,), {"rail:T28", "crossing:XB32", "rail:T20"}),
        ("T28", "T11", (1435,), None),
        ("T28", "T11", (1520,), None),
        ("T28", "T11", (1435, 1520), {"rail:T28", "crossing:XB32", "rail:T20", "crossing:XB21", "rail:T11"}),
        ("T11", "T26", (1520,), {"rail:T11", "crossing:XB21", "rail:T26"}),
    ],
)
def test_trains_change_gauge_only_where_it_changes(
    a: str, b: str, gauges: tuple[int, ...], passed: set[str] | None
) -> None:
    way = shipped().shortest(at(f"rail:{a}"), at(f"rail:{b}"), gauge_costs(*gauges))
    assert (way and {tie for _, tie in shipped().ties(way)}) == passed


def test_ferries_and_sea_lanes() -> None:
    network = shipped()
    crossing = sorted((edge.road, edge.minutes) for edge in network.edges if edge.mode == "ferry")
    assert crossing == [("F01", 27.0), ("F02", 75.0), ("F03", 10.0)]
    costs = [edge.km if edge.mode in ("road", "ferry") else math.inf for edge in network.edges]
    assert network.shortest(at("port:P01"), at("port:P09"), costs) is not None  # Muuga to Kuivastu
    sailed = [edge.km if edge.mode == "sea" else math.inf for edge in network.edges]
    assert network.shortest(at("port:P30"), at("port:P01"), sailed) is not None  # Klaipeda to Muuga


def test_all_roads_hang_together() -> None:
    network = shipped()
    roads = [edge for edge in network.edges if edge.mode in ("road", "ferry")]
    reached, wanted = {roads[0].a}, {end for edge in roads for end in (edge.a, edge.b)}
    while True:
        more = {end for edge in roads if {edge.a, edge.b} & reached for end in (edge.a, edge.b)} - reached
        if not more:
            break
        reached |= more
    assert reached == wanted


def test_what_is_no_network_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadNetwork, match="no network that can be read"):
        load(tmp_path)


# The command line


def command(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    netcli.add(parser.add_subparsers())
    return parser.parse_args(["network", *words])


def test_show_says_what_is_in_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert netcli.network(Values({}, {}), command("show")) == 0
    said = capsys.readouterr().out
    assert "named corridors: 23" in said
    assert "OpenStreetMap contributors" in said


@pytest.mark.parametrize("words", [("build", "/no/such.osm.pbf"), ("show",)])
def test_what_is_missing_is_said(words: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(BadSetting):
        netcli.network(Values({"COP_NETWORK": str(tmp_path), "COP_DATA": str(tmp_path)}, {}), command(*words))
