"""Where is a head on its plan, how late is it, and over which part of the way does a reported thing lie?"""

from __future__ import annotations

from typing import Any

import pytest

from cop.event import Described, Event, Waypoint, event
from cop.movement.course import Course, Line, Run
from cop.movement.forecast import Leg
from cop.movement.ground import Ground, numbers
from cop.movement.movement import Movement
from cop.network import Edge, Network, Node
from cop.picture import Entity, Picture

MINUTE = 60_000
T0 = 1_795_000_000_000
EAST = tuple((24.0 + 0.1 * i, 56.0) for i in range(5))
"""Five places along a parallel, about 6.2 km apart."""


def movement(kms: tuple[float, ...] = (0, 10, 20, 30, 40)) -> Movement:
    """A convoy along the parallel, ten minutes from place to place."""
    points = tuple(
        Waypoint(f"p{i}", lon, lat, km, T0 + round(m * MINUTE), T0 + round((m + 5) * MINUTE))
        for i, ((lon, lat), km, m) in enumerate(zip(EAST, kms, (0, 10, 20, 30, 40), strict=True))
    )
    return Movement(
        "convoy:C1", "C1", (), 10, 1, 5.0, 40.0, 1.0, None, "", EAST, points,
        tuple(Leg(p.km, p.due) for p in points if p.due is not None), (), "", "exercise/t", "simulated", T0,
    )  # fmt: skip


def network(*edges: Edge) -> Network:
    """A road along the parallel in four edges, with what is said of some of them."""
    plain = [Edge(i, i + 1, 6.0, road="A1", surveyed=True) for i in range(4)]
    for edge in edges:
        plain[edge.a] = edge
    return Network([Node(lon, lat, f"n{i}") for i, (lon, lat) in enumerate(EAST)], plain)


def place(km: float) -> tuple[float, float]:
    """Where the plan has that kilometre."""
    return 24.0 + km / 100, 56.0


# -- the line ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("km", [0.0, 3.3, 10.0, 17.5, 40.0])
def test_a_place_on_the_line_has_the_plan_s_kilometre_and_back(km: float) -> None:
    line = Course(movement(), None).line
    lon, lat = line.place(km)
    assert (lon, lat) == pytest.approx(place(km), abs=1e-6)
    assert line.km(lon, lat) == pytest.approx(km, abs=0.01)


def test_a_place_beside_the_line_counts_up_to_five_kilometres() -> None:
    line = Course(movement(), None).line
    assert line.km(24.2, 56.0 + 4.9 / 111.2) == pytest.approx(20, abs=0.1)
    assert line.km(24.2, 56.0 + 5.1 / 111.2) is None
    assert line.km(23.95, 56.0) == 0, "who waits near its start is at its start"


def test_where_the_plan_and_the_drawing_measure_differently_the_plan_counts() -> None:
    line = Course(movement((0, 30, 31, 32, 40)), None).line
    assert line.km(24.05, 56.0) == pytest.approx(15, abs=0.1)
    assert line.km(24.25, 56.0) == pytest.approx(31.5, abs=0.1)


def test_a_line_may_stand_still() -> None:
    line = Line(((24.0, 56.0), (24.0, 56.0)), ((24.0, 56.0, 0.0), (24.0, 56.0, 5.0)))
    assert line.km(24.0, 56.0) is not None
    assert line.place(2.5) == (24.0, 56.0)


# -- the course --------------------------------------------------------------------------------------------------------


def test_ties_stand_at_plan_kilometres_in_order_of_travel() -> None:
    tied = network(Edge(1, 2, 6.0, road="A1", surveyed=True, ties=("bridge:B1", "crossing:X1"), tie_km=(1.5, 3.0)))
    course = Course(movement(), tied)
    assert [(round(tie.km, 2), tie.subject) for tie in course.ties] == [(12.5, "bridge:B1"), (15.0, "crossing:X1")]
    assert [course.legs[leg] for leg in course.tie_legs] == [
        Leg(12.5, T0 + 750_000), Leg(15.0, T0 + 900_000)
    ]  # fmt: skip
    assert [course.legs[leg].km for leg in course.point_legs] == [0, 10, 20, 30, 40]
    assert [leg.due for leg in course.legs] == sorted(leg.due for leg in course.legs)


def test_the_same_road_the_other_way_has_its_ties_the_other_way() -> None:
    edges = list(network().edges)
    edges[1] = Edge(2, 1, 6.0, road="A1", surveyed=True, ties=("bridge:B1", "crossing:X1"), tie_km=(1.5, 3.0))
    course = Course(movement(), Network(network().nodes, edges))
    assert [(round(tie.km, 2), tie.subject) for tie in course.ties] == [(15.0, "crossing:X1"), (17.5, "bridge:B1")]


def test_what_nobody_surveyed_is_told_with_its_kilometres_and_neighbours_as_one() -> None:
    gaps = network(Edge(1, 2, 6.0, road="P5"), Edge(2, 3, 6.0, road="P5"))
    course = Course(movement(), gaps)
    (gap,) = course.unsurveyed
    assert (gap.road, round(gap.km, 6), round(gap.to_km, 6)) == ("P5", 10, 30)


def test_without_a_network_or_a_way_on_it_nothing_is_tied() -> None:
    far = Network([Node(10, 50), Node(10.1, 50)], [Edge(0, 1, 6.0)])
    for found in (Course(movement(), None), Course(movement(), far)):
        assert (found.way, found.ties, found.unsurveyed, found.edge_km) == (None, (), (), {})
        assert [leg.km for leg in found.legs] == [0, 10, 20, 30, 40]


# -- the run -----------------------------------------------------------------------------------------------------------


def run(*sightings: tuple[float, float], course: Course | None = None) -> tuple[Run, Course, list[bool]]:
    """A run of (kilometre, minute) sightings."""
    course = course or Course(movement(), None)
    found = Run()
    return found, course, [found.seen(course, *place(km), T0 + round(minute * MINUTE)) for km, minute in sightings]


def minutes(times: list[float]) -> list[float]:
    return [round((each - T0) / MINUTE, 2) for each in times]


def test_a_head_on_time_is_not_late_and_has_passed_what_is_behind_it() -> None:
    found, _, new = run((5, 5), (15, 15))
    assert new == [True, True]
    assert found.late_ms == pytest.approx(0, abs=100)
    assert minutes(found.passed) == [0, 10]


def test_a_head_that_was_first_seen_on_the_way_passed_its_points_as_late_as_it_is() -> None:
    found, _, _ = run((25, 32))
    assert found.late_ms == pytest.approx(7 * MINUTE, abs=100)
    assert minutes(found.passed) == [7, 17, 27]


def test_between_two_sightings_it_passed_where_it_was_in_between() -> None:
    found, _, _ = run((5, 5), (15, 25))
    assert minutes(found.passed) == [0, 15]
    assert found.late_ms == pytest.approx(10 * MINUTE, abs=100)


def test_a_head_that_waits_at_its_start_is_late_when_it_should_have_left() -> None:
    early, _, _ = run((0, -10))
    assert (early.late_ms, early.passed, early.km) == (0, [], 0)
    late, _, _ = run((0, 8))
    assert (late.late_ms, late.passed) == (8 * MINUTE, [])


def test_a_head_never_drives_back_and_old_reports_say_nothing() -> None:
    found, course, new = run((15, 15), (14, 16), (20, 12), (15, 16))
    assert new == [True, True, False, False]
    assert found.km == pytest.approx(15, abs=0.01)
    assert found.late_ms == pytest.approx(MINUTE, abs=1000)
    assert not found.seen(course, 30.0, 50.0, T0 + 99 * MINUTE), "astray"
    assert found.at == T0 + 16 * MINUTE


def test_passing_times_never_run_backwards() -> None:
    found, _, _ = run((9.99, 5), (10.01, 30), (39.99, 31), (40, 60))
    assert found.passed == sorted(found.passed)
    assert len(found.passed) == 5


def test_at_the_end_it_stands_and_gets_no_later() -> None:
    found, _, _ = run((35, 35), (40, 42), (40, 90))
    assert minutes(found.passed)[-1] == pytest.approx(42, abs=0.1)
    assert found.late_ms == pytest.approx(2 * MINUTE, abs=1000)


# -- where a reported thing lies on the way ----------------------------------------------------------------------------


def entity(*path: tuple[float, float], **properties: Any) -> Entity:
    """A road event at one place, or along a line."""
    body = Described("works", (), *path[0], path=path if len(path) > 1 else (), properties=properties)
    picture = Picture()
    picture.fold(told(body))
    found = picture.entity("roadevent:1")
    assert found is not None
    return found


def told(body: Described) -> Event:
    return event("test", "roadevent:1", T0, body, received=T0)


NORTH = 1 / 111.2  # a kilometre of latitude in degrees


@pytest.mark.parametrize(
    ("path", "properties", "edges"),
    [
        (((24.15, 56.0),), {}, (1,)),
        (((24.15, 56.0 + 0.3 * NORTH),), {}, (1,)),
        (((24.15, 56.0 + 0.5 * NORTH),), {}, ()),
        (((24.15, 56.0 + 2.4 * NORTH),), {"road": "A1"}, (1,)),
        (((24.15, 56.0 + 2.4 * NORTH),), {"road": "A2"}, ()),
        (((24.15, 56.0 + 2.6 * NORTH),), {"road": "A1"}, ()),
        (((24.1, 56.0), (24.3, 56.0)), {}, (1, 2)),
        (((24.1, 56.0), (24.3, 56.0)), {"road": "A1"}, (1, 2)),
        (((24.12, 56.0), (24.18, 56.0)), {"road": "A1"}, (1,)),
        (((24.145, 56.0), (24.155, 56.0)), {"road": "A1"}, (1,)),
        (((24.15, 56.0 - 5 * NORTH), (24.15, 56.0 + 5 * NORTH)), {}, ()),
        (((24.2, 56.0), (24.2, 56.0 + 5 * NORTH)), {}, ()),
        (((24.0, 56.0), (24.4, 56.0)), {}, (0, 1, 2, 3)),
        (((26.0, 58.0),), {"road": "A1"}, ()),
    ],
)
def test_a_report_lies_on_the_roads_that_it_follows_and_not_on_those_that_it_touches(
    path: Any, properties: dict[str, Any], edges: tuple[int, ...]
) -> None:
    assert Ground(network()).edges(entity(*path, **properties)) == edges


def test_a_report_without_a_place_lies_nowhere() -> None:
    picture = Picture()
    picture.fold(told(Described("somewhere", properties={"road": "A1"})))
    found = picture.entity("roadevent:1")
    assert found is not None
    assert Ground(network()).edges(found) == ()


@pytest.mark.parametrize(
    ("edges", "shape", "stretches"),
    [
        ((1,), ((24.15, 56.0),), [(15, 16)]),
        ((1,), ((24.195, 56.0),), [(19.5, 20)]),
        ((1, 2), ((24.1, 56.0), (24.3, 56.0)), [(10, 30)]),
        ((0, 1, 2, 3), ((24.15, 56.0), (24.25, 56.0)), [(15, 25)]),
        ((0, 3), ((24.0, 56.0), (24.4, 56.0)), [(0, 10), (30, 40)]),
        ((1,), (), [(10, 20)]),
        ((1,), ((30.0, 50.0),), [(10, 20)]),
        ((7,), ((24.15, 56.0),), []),
        ((), ((24.15, 56.0),), []),
    ],
)
def test_the_stretch_of_the_way_is_as_long_as_what_is_reported(edges: Any, shape: Any, stretches: Any) -> None:
    found = Course(movement(), network()).stretches(edges, shape)
    assert len(found) == len(stretches)
    for got, wanted in zip(found, stretches, strict=True):
        assert got == pytest.approx(wanted, abs=0.05)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A7", ("A7",)),
        ("E67 / A10", ("E67", "A10")),
        ("EE 4", ("4",)),
        ("T12, P 05", ("12", "P5")),
        ("Ring", ()),
        ("", ()),
    ],
)
def test_the_numbers_of_roads_in_a_text(text: str, found: tuple[str, ...]) -> None:
    assert numbers(text) == found
