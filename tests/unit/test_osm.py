"""Is an OpenStreetMap extract read as it is: split, tied, its limits in our units, and what it lacks said?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cop.network import Network
from feeds.network import signs
from feeds.network.osm import BadExtract, build, write
from feeds.network.store import load

REAL = Path(__file__).parents[3] / "shared" / "samples" / "osm" / "test.osm.pbf"

Tags = dict[str, str]

SPOTS = {
    1: (24.00, 57.00), 2: (24.02, 57.00), 3: (24.04, 57.00), 4: (24.05, 57.00), 5: (24.08, 57.00),
    6: (24.04, 57.03), 7: (24.04, 57.05), 8: (24.04, 56.97), 20: (25.00, 57.50), 21: (25.02, 57.50),
}  # fmt: skip
A5 = {"highway": "primary", "ref": "A5;E67", "maxspeed": "90", "surface": "asphalt"}
OLD = {"highway": "tertiary", "bridge": "viaduct", "name": "Old"}
WAYS: dict[int, tuple[list[int], Tags]] = {
    101: ([1, 2, 3], A5),
    102: ([3, 4], {**A5, "bridge": "yes"}),
    103: ([4, 5], {**A5, "oneway": "yes"}),
    104: ([3, 6], {**OLD, "maxweight": "7.5 t", "maxheight": "default"}),
    105: ([6, 7], {"highway": "tertiary", "maxweight": "seven", "maxheight": "16'6\""}),
    106: ([3, 8, 99], {"highway": "secondary_link", "surface": "gravel"}),
    107: ([20, 21], {"highway": "trunk"}),
    108: ([1, 6], {"highway": "footway", "bridge": "yes"}),
}  # fmt: skip
"""Three roads that meet in node 3, two bridges, an island, a node that the extract lacks (99), and a path."""


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    import osmium

    path = tmp_path / "small.osm.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        for number, place in SPOTS.items():
            writer.add_node(osmium.osm.mutable.Node(id=number, location=place))
        for number, (nodes, tags) in WAYS.items():
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=nodes, tags=tags))
    return path


def edge(network: Network, subject: str) -> Any:
    (index,) = network.on(subject)
    return network.edges[index]


def test_roads_are_split_where_they_meet_and_joined_where_only_the_way_changes(extract: Path) -> None:
    network, _, told = build(extract)
    found = sorted((edge.rank, edge.road, len(edge.line), edge.ties) for edge in network.edges)
    assert found == [
        ("local", "", 2, ()),
        ("local", "", 2, ("bridge:OSM:104",)),
        ("main", "", 2, ()),
        ("main", "A5", 2, ()),
        ("main", "A5", 2, ("bridge:OSM:102",)),
        ("regional", "", 2, ()),
    ]
    assert told["ways"] == 7
    assert told["one-way ways used both ways"] == 1
    assert told["nodes lacking in the extract"] == 1
    assert told["parts not connected"] == 1
    assert told["km in the next parts"] == [pytest.approx(1.198, abs=0.01)]
    assert sum(told["km"].values()) == pytest.approx(sum(edge.km for edge in network.edges), abs=0.2)


def test_a_bridge_lies_where_it_is_on_its_edge(extract: Path) -> None:
    network, bridges, told = build(extract)
    on = edge(network, "bridge:OSM:102")
    assert (on.road, on.speed_kmh, on.surface, on.rank, on.surveyed) == ("A5", 90.0, "paved", "main", True)
    way = network.shortest(on.a, on.b, [edge.km for edge in network.edges])
    assert way is not None
    (km, subject), *more = network.ties(way)
    from_3 = min(km, on.km - km)
    assert (subject, more) == ("bridge:OSM:102", [])
    assert from_3 == pytest.approx(0.304, abs=0.01)
    assert told["bridges"] == 2
    assert told["bridges with no limit"] == 1
    assert [(row["subject"], row["name"], row["mass_t"], row["unread"]) for row in bridges] == [
        ("bridge:OSM:102", "", None, ""),
        ("bridge:OSM:104", "Old", 7.5, "maxheight=default (the country's default)"),
    ]


def test_limits_are_in_our_units_and_never_a_class(extract: Path) -> None:
    network, _, told = build(extract)
    found = {(limit.what, limit.value, limit.unit) for edge in network.edges for limit in edge.limits}
    assert found == {("mass_t", 7.5, "t"), ("height_m", 5.029, "m")}
    assert told["limits read"] == {"mass_t": 1, "height_m": 1}
    assert {(row["tag"], row["why"], row["count"], *row["examples"]) for row in told["limits without a number"]} == {
        ("maxheight", "the country's default", 1, "default"),
        ("maxweight", "cannot be read", 1, "seven"),
    }


def test_what_is_written_is_read_again(extract: Path, tmp_path: Path) -> None:
    told = write(extract, tmp_path / "out", "2026-03-01")
    network, _, _ = build(extract)
    kept = load(tmp_path / "out")
    assert (kept.nodes, kept.edges) == (network.nodes, network.edges)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "nodes.parquet", "edges.parquet", "bridges.parquet", "network.json", "report.json",
    }  # fmt: skip
    assert told["edges"] == len(network.edges)


def test_what_is_no_extract_is_said(tmp_path: Path) -> None:
    path = tmp_path / "bad.osm.pbf"
    path.write_bytes(b"no extract")
    with pytest.raises(BadExtract, match=r"bad\.osm\.pbf"):
        write(path, tmp_path / "out", "")


@pytest.mark.parametrize(
    ("what", "unit", "text", "value", "why"),
    [
        ("mass_t", "t", "7.5", 7.5, ""),
        ("mass_t", "t", "7,5", 7.5, ""),
        ("mass_t", "t", "7.5 t", 7.5, ""),
        ("mass_t", "t", "3500 kg", 3.5, ""),
        ("mass_t", "t", "44 Tonnes", 44.0, ""),
        ("mass_t", "t", "20 st", 18.144, ""),
        ("mass_t", "t", "3500", None, "not plausible in its unit"),
        ("mass_t", "t", "MLC 40", None, "cannot be read"),
        ("mass_t", "t", "7.5;10", None, "cannot be read"),
        ("mass_t", "t", "", None, "cannot be read"),
        ("axle_t", "t", "8", 8.0, ""),
        ("height_m", "m", "4.2 m", 4.2, ""),
        ("height_m", "m", "16'6\"", 5.029, ""),
        ("height_m", "m", "14 ft", 4.267, ""),
        ("height_m", "m", "420 cm", 4.2, ""),
        ("height_m", "m", "none", None, "no limit"),
        ("height_m", "m", "default", None, "the country's default"),
        ("height_m", "m", "below_default", None, "below the country's default, by how much is not said"),
        ("width_m", "m", "3", 3.0, ""),
        ("width_m", "m", "-3", None, "cannot be read"),
    ],
)
def test_a_limit_is_a_number_or_the_reason_why_not(
    what: str, unit: str, text: str, value: float | None, why: str
) -> None:
    assert signs.read(what, unit, text) == (value, why)


def test_a_sign_comes_before_the_width_of_the_road() -> None:
    found, left = signs.limits({"width": "7", "maxwidth": "2.5", "maxweight:conditional": "none @ destination"})
    assert [(limit.what, limit.value, limit.basis) for limit in found] == [("width_m", 2.5, "OpenStreetMap")]
    assert left == [("maxweight:conditional", "none @ destination", "a condition is not read")]


@pytest.mark.parametrize("path", [REAL] if REAL.exists() else [])
def test_a_real_extract_reads(path: Path) -> None:
    network, bridges, told = build(path)
    assert told["ways"] == 49
    assert told["nodes lacking in the extract"] == 82  # it was cut along a box
    assert len(bridges) == told["bridges"] == 5
    assert {tie for edge in network.edges for tie in edge.ties} == {row["subject"] for row in bridges}
