"""Is the next point of a plan the right one, and the lateness true or not told?"""

from __future__ import annotations

import pytest

from cop.event import Body, Planned, Sighted, Waypoint, event
from cop.picture import Entity, fold
from layers.progress import Progress, progress

MINUTE = 60_000
START = 1_795_000_000_000
LINE = ((21.0, 56.0), (21.5, 56.0), (22.0, 56.0), (22.0, 56.5))
POINTS = (
    Waypoint("Klaipėda", 21.0, 56.0, due=START, clear=START + MINUTE),
    Waypoint("Kretinga", 22.0, 56.0, due=START + 60 * MINUTE),
    Waypoint("Šiauliai", 22.0, 56.5, due=START + 120 * MINUTE),
)


def convoy(place: tuple[float, float] | None, minute: float, plan: Planned | None) -> Entity:
    """A convoy seen at a place, some minutes after its start."""
    bodies: list[Body] = [plan] if plan is not None else []
    if place is not None:
        bodies.append(Sighted(*place))
    at = START + round(minute * MINUTE)
    found = fold(event("s", "convoy:C1", at, body, received=at) for body in bodies).entity("convoy:C1")
    assert found is not None
    return found


@pytest.mark.parametrize(
    "place, minute, name, late",
    [
        ((21.0, 56.0), -30, "Klaipėda", 0),  # waiting at the start is not early
        ((21.0, 56.0), 20, "Klaipėda", 20),
        ((21.5, 56.0), 30, "Kretinga", 0),
        ((21.5, 56.01), 50, "Kretinga", 20),
        ((21.75, 56.0), 30, "Kretinga", -15),
        ((22.0, 56.25), 100, "Šiauliai", 10),
        ((22.0, 56.5), 500, "Šiauliai", None),  # arrived: the clock alone makes nobody late
    ],
)
def test_the_next_point_and_the_lateness(
    place: tuple[float, float], minute: float, name: str, late: int | None
) -> None:
    for path in (LINE, ()):
        found = progress(convoy(place, minute, Planned("R1", path, POINTS)))
        assert found is not None
        assert found.next is not None
        assert found.next.name == name
        assert (None if found.late_ms is None else round(found.late_ms / MINUTE)) == late


def test_who_is_far_from_the_line_has_no_progress() -> None:
    assert progress(convoy((21.5, 56.2), 30, Planned("R1", LINE, POINTS))) is None


def test_without_plan_sighting_points_or_times_nothing_is_told() -> None:
    assert progress(convoy(None, 0, Planned("R1", LINE, POINTS))) is None
    assert progress(convoy((21.0, 56.0), 0, None)) is None
    assert progress(convoy((21.0, 56.0), 0, Planned("R1", LINE))) is None
    assert progress(convoy((21.0, 56.0), 0, Planned("R1", (), POINTS[:1]))) is None
    untimed = tuple(Waypoint(point.name, point.lon, point.lat) for point in POINTS)
    assert progress(convoy((21.5, 56.0), 30, Planned("R1", LINE, untimed))) == Progress(untimed[1], None)


def test_behind_the_last_point_of_a_longer_line_nothing_comes_next() -> None:
    assert progress(convoy((22.0, 56.4), 90, Planned("R1", LINE, POINTS[:2]))) == Progress(None, None)


def test_a_line_of_one_place_is_survived() -> None:
    same = (POINTS[0], POINTS[0])
    assert progress(convoy((21.0, 56.0), 5, Planned("R1", (), same))) is not None
