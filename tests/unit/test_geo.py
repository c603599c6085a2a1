"""Are national grids turned the right way round, and do distances and points along a line agree with each other?"""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop import geo
from cop.geo import Order, Point, Unplaceable

lons = st.floats(20.5, 28.5)
lats = st.floats(53.8, 60.0)
places = st.tuples(lons, lats)
lines = st.lists(places, min_size=2, max_size=12)
orders: st.SearchStrategy[Order] = st.sampled_from(["ne", "en"])

KNOWN = {
    3301: ((6_589_000.0, 542_000.0), (24.7401415, 59.4367507)),  # Tallinn
    3059: ((311_900.0, 506_800.0), (24.1117902, 56.9506671)),  # Riga
    3346: ((6_190_041.0, 532_186.0), (24.5138946, 55.8436935)),  # near Panevezys
}
"""EPSG code → (northing, easting) and the place, checked on a map."""


@pytest.mark.parametrize("epsg", KNOWN)
def test_the_three_national_grids_are_northing_first_in_the_registry_and_read_in_either_order(epsg: int) -> None:
    (north, east), place = KNOWN[epsg]
    assert geo.to_wgs84(epsg, north, east, order="ne") == place
    assert geo.to_wgs84(epsg, east, north, order="en") == place


def test_arcgis_writes_2600_for_lks_94() -> None:
    (north, east), place = KNOWN[3346]
    assert geo.to_wgs84(2600, east, north, order="en") == place


@pytest.mark.parametrize("epsg", [3301, 3346, 2600])
def test_the_size_of_the_numbers_settles_the_order_in_estonia_and_lithuania(epsg: int) -> None:
    (north, east), _ = KNOWN[geo.ALIASES.get(epsg, epsg)]
    assert geo.axis_order(epsg, north, east) == "ne"
    assert geo.axis_order(epsg, east, north) == "en"
    assert geo.axis_order(epsg, 1.0, 2.0) is None


def test_in_latvia_the_numbers_cannot_tell() -> None:
    assert geo.axis_order(3059, 311_900, 306_800) is None


def test_no_easting_of_an_extent_is_also_a_northing() -> None:
    for (west, east), (south, north) in geo.EXTENTS.values():
        assert east < south or north < west


def test_other_frames_of_the_feeds_are_known() -> None:
    assert geo.to_wgs84(25833, 133396.39, 7018386.84, order="en") == pytest.approx((7.72403, 63.10769), abs=1e-5)
    assert geo.to_wgs84(31370, 150_000, 170_000, order="en") == pytest.approx((4.36875, 50.84041), abs=1e-5)
    assert geo.to_wgs84(4258, 57.0, 24.0, order="ne") == (24.0, 57.0)


@pytest.mark.parametrize("epsg", [-1, 0, 999_999, 10**30, 5773])
def test_a_frame_that_is_none_is_told(epsg: int) -> None:
    with pytest.raises(Unplaceable, match="EPSG"):
        geo.to_wgs84(epsg, 1, 2, order="en")


@pytest.mark.parametrize("pair", [(float("nan"), 1.0), (float("inf"), 1.0), (1e30, 1e30)])
@pytest.mark.parametrize("epsg", [3346, 4326])
def test_numbers_that_are_no_place_are_told(epsg: int, pair: tuple[float, float]) -> None:
    with pytest.raises(Unplaceable, match="not on Earth"):
        geo.to_wgs84(epsg, *pair, order="en")


@given(st.sampled_from(sorted(KNOWN)), places, orders)
def test_there_and_back_again_is_where_one_was(epsg: int, place: Point, order: Order) -> None:
    there = geo.from_wgs84(epsg, place, order=order)
    assert geo.to_wgs84(epsg, *there, order=order) == pytest.approx(place, abs=2e-7)


@given(st.sampled_from(sorted(KNOWN)), st.lists(places, max_size=5))
def test_a_line_is_turned_as_its_points_are(epsg: int, line: list[Point]) -> None:
    pairs = [geo.from_wgs84(epsg, place, order="en") for place in line]
    assert geo.line_to_wgs84(epsg, pairs, order="en") == tuple(geo.to_wgs84(epsg, *pair, order="en") for pair in pairs)


def test_a_degree_of_latitude_is_111_km_and_a_minute_a_nautical_mile() -> None:
    assert geo.distance((24, 56), (24, 57)) == pytest.approx(111_357, abs=50)
    assert geo.distance((24, 56), (24, 56 + 1 / 60)) == pytest.approx(1852, rel=0.005)
    assert geo.bearing((24, 56), (24, 57)) == pytest.approx(0)
    assert geo.bearing((24, 57), (24, 56)) == pytest.approx(180)
    assert geo.bearing((24, 57), (24, 57)) == 0


@given(places, st.floats(0, 359.9), st.floats(1, 200_000))
def test_a_destination_lies_as_far_and_that_way(start: Point, degrees: float, metres: float) -> None:
    end = geo.destination(start, degrees, metres)
    assert geo.distance(start, end) == pytest.approx(metres, abs=1e-3)
    assert abs((geo.bearing(start, end) - degrees + 180) % 360 - 180) < 0.01


@given(lines)
def test_the_marks_of_a_line_rise_to_its_length(line: list[Point]) -> None:
    marks = geo.measured(line)
    assert len(marks) == len(line)
    assert marks[0] == 0
    assert all(a <= b for a, b in pairwise(marks))
    assert marks[-1] == geo.length(line) == pytest.approx(sum(geo.distance(a, b) for a, b in pairwise(line)), abs=1e-3)


@given(lines)
def test_a_line_begins_and_ends_at_its_ends(line: list[Point]) -> None:
    size = geo.length(line)
    assert geo.along(line, (0, -1, size, size + 1)) == (line[0], line[0], line[-1], line[-1])


@given(lines, st.lists(st.floats(0, 1), min_size=2, max_size=6).map(sorted))
def test_points_along_a_line_lie_as_far_as_asked_and_in_order(line: list[Point], fractions: list[float]) -> None:
    size = geo.length(line)
    wanted = [size * fraction for fraction in fractions]
    for metres, point in zip(wanted, geo.along(line, wanted), strict=True):
        assert geo.length(geo.part(line, 0, metres)) == pytest.approx(metres, abs=0.01)
        assert geo.part(line, 0, metres)[-1] == point


@given(lines, st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted))
def test_the_parts_of_a_line_add_up_to_it(line: list[Point], cuts: list[float]) -> None:
    size = geo.length(line)
    first, second = (size * cut for cut in cuts)
    parts = (geo.part(line, 0, first), geo.part(line, first, second), geo.part(line, second, size))
    assert sum(map(geo.length, parts)) == pytest.approx(size, abs=0.03)


@given(lines)
def test_the_middle_of_a_line_is_half_its_length_from_both_ends(line: list[Point]) -> None:
    half = geo.along(line, (geo.length(line) / 2,))[0]
    assert geo.distance(half, geo.middle(line)) < 0.2
    assert geo.length(geo.part(line, 0, geo.length(line) / 2)) == pytest.approx(geo.length(line) / 2, abs=0.01)


def test_a_point_is_a_line_without_length_and_nothing_has_no_points() -> None:
    assert geo.measured([(24, 57)]) == (0.0,)
    assert geo.measured([]) == ()
    assert geo.length([]) == 0
    assert geo.line_to_wgs84(3346, [], order="en") == ()
    assert geo.along([(24, 57)], [5]) == ((24, 57),)
    assert geo.middle([(24, 57)]) == (24, 57)
    with pytest.raises(Unplaceable, match="without vertices"):
        geo.along([], [0])


def test_the_module_alone_does_not_load_pyproj() -> None:
    asked = "import sys, cop.geo; print('pyproj' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout == "False\n"
