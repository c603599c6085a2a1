"""The laws of the march table: monotone along the way, elements in order, and the parts make up the whole."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.movement.march import Column, Halt, actual, parts, standard_halts, table, waypoints


@st.composite
def columns(draw: st.DrawFn) -> Column:
    vehicles = draw(st.integers(1, 400))
    units = draw(st.integers(1, min(vehicles, 20)))
    return Column(
        vehicles=vehicles,
        density_veh_per_km=draw(st.floats(1, 60)),
        speed_kmh=draw(st.floats(1, 90)),
        march_units=units,
        serials=draw(st.integers(1, units)),
        time_gaps_min=draw(st.none() | st.floats(0, 60)),
        extra_min=draw(st.none() | st.floats(0, 30)),
    )


ways = st.lists(st.floats(0, 500), min_size=1, max_size=8).map(sorted)
halts = st.lists(st.builds(Halt, km=st.floats(0, 500), minutes=st.floats(0, 60)), max_size=4)


def points(kms: list[float]) -> list[tuple[str, float, float, float]]:
    return [(f"P{i}", 24.0, 56.0, km) for i, km in enumerate(kms)]


@given(columns())
def test_the_parts_make_up_the_column(column: Column) -> None:
    made = parts(column)
    assert sum(each.vehicles for each in made) == column.vehicles
    assert len(made) == column.march_units
    assert made[0].after_min == 0
    assert made[-1].after_min + made[-1].pass_min == pytest.approx(column.pass_min)
    assert all(b.after_min >= a.after_min + a.pass_min - 1e-9 for a, b in pairwise(made))
    assert max(each.vehicles for each in made) - min(each.vehicles for each in made) <= 1


@given(columns(), ways, halts, st.floats(-500, 500))
def test_all_times_are_monotone_along_the_way_and_within_the_column(
    column: Column, kms: list[float], stops: list[Halt], start: float
) -> None:
    got = table(column, points(kms), start, stops)
    for a, b in pairwise(got):
        assert a.arrive_min <= b.arrive_min
        assert a.due_min <= b.arrive_min + 1e-9
        assert a.clear_min <= b.clear_min
        assert all(x.due_min <= y.due_min for x, y in zip(a.elements, b.elements, strict=True))
    for row in got:
        assert row.arrive_min <= row.due_min <= row.clear_min
        assert row.elements[0].due_min == row.due_min
        assert row.elements[-1].clear_min == pytest.approx(row.clear_min)


@given(columns(), ways, halts)
def test_a_halt_more_is_never_earlier(column: Column, kms: list[float], stops: list[Halt]) -> None:
    without = table(column, points(kms), 0, stops[1:])
    with_it = table(column, points(kms), 0, stops)
    assert all(b.due_min >= a.due_min - 1e-6 for a, b in zip(without, with_it, strict=True))


@given(st.floats(0, 1000), st.floats(5, 90))
def test_no_standard_halt_lies_at_or_behind_the_end(km: float, speed: float) -> None:
    assert all(0 < halt.km < km for halt in standard_halts(km, speed))


@given(columns(), ways, st.integers(0, 7_200_000))
def test_who_marches_as_planned_but_later_is_late_by_just_that(column: Column, kms: list[float], late: int) -> None:
    plan = waypoints(table(column, points(kms)), 1_795_000_000_000)
    seen = [(point.due + late, point.km) for point in plan if point.due is not None]
    got = actual(plan, seen)
    assert got.late_ms is not None
    assert abs(got.late_ms - late) <= max(1, seen[-1][0] - seen[0][0] if kms[0] == kms[-1] else 1)
    assert all(b is None or a is None or a <= b for a, b in pairwise(got.passed))
