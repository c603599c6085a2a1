"""Does the march table say what doctrine's formulas say, and is a march's lateness the true one?"""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

import pytest

from cop.event import Waypoint
from cop.movement.march import (
    CREDITS,
    NUMBER,
    Actual,
    Column,
    Halt,
    Policy,
    actual,
    credit_state,
    distance_time_min,
    extra_time_min,
    gap_m,
    movement_number,
    parts,
    pass_time_min,
    road_space_km,
    standard_halts,
    table,
    time_gaps_min,
    waypoints,
)

TABLES = Path(__file__).parents[2] / "feeds" / "reference" / "march"
MINUTE = 60_000
START = 1_795_000_000_000
EXACT = 1e-9


def rows(name: str) -> list[dict[str, str]]:
    with (TABLES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CONVOYS = rows("convoys.csv")
TABLE = rows("march_table.csv")


def column(row: dict[str, str]) -> Column:
    return Column(
        vehicles=int(row["vehicles"]),
        density_veh_per_km=float(row["density_veh_per_km"]),
        speed_kmh=float(row["speed_kmh"]),
        march_units=int(row["march_units"]),
        serials=int(row["serials"]),
    )


def half_unit(cell: str) -> float:
    """By how much a printed number can be off: half of its last decimal."""
    return float(0.5 * 10 ** -len(cell.partition(".")[2]))


def test_the_worked_example_of_doctrine() -> None:
    assert road_space_km(25_000, 10, 0, 25) == 2_500
    assert pass_time_min(25_000, 10, 0, 0, 25) == 100 * 60
    assert gap_m(10) == 100


@pytest.mark.parametrize("row", CONVOYS, ids=lambda row: row["convoy_id"])
def test_each_convoy_of_the_exercise_has_the_figures_of_the_formulas(row: dict[str, str]) -> None:
    made = column(row)
    assert made.gaps_min == float(row["time_gaps_min"])
    assert made.gaps_min == (made.march_units - 1) * 2 + (made.serials - 1) * 3
    assert made.extal_min == float(row["extal_min"]) == made.vehicles // 25
    assert made.pass_min == pytest.approx(float(row["pass_time_min"]), abs=0.05 + EXACT)
    assert made.road_km == pytest.approx(float(row["road_space_km"]), abs=0.005 + EXACT)


def test_all_rows_of_the_shipped_march_table_come_out_again() -> None:
    compared = 0
    for row in CONVOYS:
        told = [each for each in TABLE if each["convoy_id"] == row["convoy_id"]]
        points = [(e["point"], float(e["lon"]), float(e["lat"]), float(e["road_km_est"])) for e in told]
        made = column(row)
        passes = abs(made.pass_min - float(row["pass_time_min"]))  # its clear times rest on the rounded pass time
        for got, said in zip(table(made, points, float(row["sp_min_vs_startex"])), told, strict=True):
            way = distance_time_min(half_unit("0.0"), made.speed_kmh)  # its kilometres are rounded, but not its times'
            due, clear = said["due_min_vs_startex"], said["clear_min_vs_startex"]
            assert abs(got.due_min - float(due)) <= way + half_unit(due) + EXACT
            assert abs(got.clear_min - float(clear)) <= way + half_unit(clear) + passes + EXACT
            assert got.arrive_min == got.due_min
            compared += 1
    assert compared == len(TABLE) == 289


def test_c02_is_at_its_release_point_at_t_plus_340() -> None:
    made = Column(vehicles=48, density_veh_per_km=15, speed_kmh=40, march_units=2)
    last = table(made, [("Klaipeda", 21.139, 55.707, 0), ("Adazi", 24.33, 57.07, 346.5)], -180)[-1]
    assert round(made.pass_min, 1) == 7.8
    assert round(last.due_min) == 340
    assert int(last.clear_min) == 347


@pytest.mark.parametrize("units, serials, gaps", [(1, 1, 0), (2, 1, 2), (3, 1, 4), (4, 2, 9), (10, 3, 24)])
def test_time_gaps(units: int, serials: int, gaps: float) -> None:
    assert time_gaps_min(units, serials) == gaps
    assert time_gaps_min(units, serials, Policy(unit_gap_min=1, serial_gap_min=0)) == units - 1


@pytest.mark.parametrize("vehicles, minutes", [(1, 0), (24, 0), (25, 1), (49, 1), (50, 2), (130, 5)])
def test_extra_time(vehicles: int, minutes: float) -> None:
    assert extra_time_min(vehicles) == minutes


def test_a_column_is_cut_into_units_with_five_minutes_between_serials() -> None:
    made = parts(Column(vehicles=53, density_veh_per_km=15, speed_kmh=40, march_units=5, serials=2))
    assert [each.name for each in made] == ["1.1", "1.2", "1.3", "2.1", "2.2"]
    assert [each.vehicles for each in made] == [11, 11, 11, 10, 10]
    gaps = [b.after_min - a.after_min - a.pass_min for a, b in pairwise(made)]
    assert gaps == pytest.approx([2, 2, 5, 2])


def test_given_gaps_and_extra_time_replace_the_formulas() -> None:
    made = Column(vehicles=40, density_veh_per_km=10, speed_kmh=40, march_units=2, time_gaps_min=10, extra_min=0)
    assert made.pass_min == 40 * 60 / 400 + 10
    first, second = parts(made)
    assert second.after_min - first.after_min - first.pass_min == 10
    alone = Column(vehicles=40, density_veh_per_km=10, speed_kmh=40, time_gaps_min=10, extra_min=0)
    assert parts(alone)[-1].pass_min == alone.pass_min


def test_a_halt_delays_its_own_departure_and_all_after_it() -> None:
    made = Column(vehicles=20, density_veh_per_km=10, speed_kmh=60)
    points = [("start", 24.0, 56.0, 10.0), ("fuel", 24.1, 56.0, 40.0), ("end", 24.2, 56.0, 70.0)]
    got = table(made, points, 100, [Halt(40, 30, "refuel")])
    assert [(r.arrive_min, r.due_min, r.clear_min) for r in got] == [(100, 100, 102), (130, 160, 162), (190, 190, 192)]
    plan = waypoints(got, START, scale=2)
    assert [(p.due, p.clear) for p in plan][1] == (START + 80 * MINUTE, START + 81 * MINUTE)


def test_the_standard_halts_come_after_the_first_hour_and_every_second_one() -> None:
    got = standard_halts(230, 40, planned=[Halt(150, 45, "meal")])
    assert got == (Halt(40, 15, "first hour"), Halt(120, 10, "rest"), Halt(150, 45, "meal"), Halt(200, 10, "rest"))
    assert standard_halts(40, 40) == ()
    with pytest.raises(ValueError, match="above zero"):
        standard_halts(40, 0)


@pytest.mark.parametrize(
    "bad",
    [
        {"vehicles": 0},
        {"density_veh_per_km": 0.0},
        {"speed_kmh": float("nan")},
        {"speed_kmh": float("inf")},
        {"march_units": 0},
        {"march_units": 2, "serials": 3},
        {"march_units": 11},
    ],
)
def test_what_cannot_march_is_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="a column"):
        Column(**({"vehicles": 10, "density_veh_per_km": 10.0, "speed_kmh": 40.0} | bad))  # type: ignore[arg-type]


def test_a_table_that_runs_backwards_is_refused() -> None:
    made = Column(vehicles=10, density_veh_per_km=10, speed_kmh=40)
    with pytest.raises(ValueError, match="backwards"):
        table(made, [("a", 24, 56, 10), ("b", 24, 56, 5)])


PLAN = (
    Waypoint("SP", 24.0, 56.0, 0, START, START + 5 * MINUTE),
    Waypoint("X", 24.1, 56.0, 40, START + 60 * MINUTE, START + 65 * MINUTE),
    Waypoint("RP", 24.2, 56.0, 60, START + 90 * MINUTE, START + 95 * MINUTE),
)


@pytest.mark.parametrize(
    "seen, passed, ahead, late",
    [
        ([], (None, None, None), 0, None),
        ([(-10, 0)], (None, None, None), 0, 0),  # nobody is early at the start
        ([(20, 0)], (None, None, None), 0, 20),
        ([(0, 0), (30, 20)], (0, None, None), 1, 0),
        ([(10, 0), (50, 20)], (10, None, None), 1, 20),
        ([(50, 20), (10, 0)], (10, None, None), 1, 20),  # in any order
        ([(0, 0), (50, 30), (70, 50)], (0, 60, None), 2, -5),
        ([(50, 50)], (None, None, None), 2, -25),  # first seen behind two points: nobody knows when it passed them
        ([(0, 0), (70, 40), (71, 39)], (0, 70, None), 2, 11),  # it never drives back
        ([(0, 0), (60, 40), (90, 40), (120, 60)], (0, 60, 120), 3, 30),  # 30 min halt at X
        ([(0, 0), (60, 40), (100, 60), (500, 60)], (0, 60, 100), 3, 10),  # arrived: the clock makes nobody later
        ([(0, 0), (60, 40), (105, 70)], (0, 60, 90), 3, 0),
        ([(0, 0), (15, 0), (75, 40)], (15, 75, None), 2, 15),  # waited at the start
    ],
)
def test_passing_times_and_lateness(
    seen: list[tuple[int, float]], passed: tuple[float | None, ...], ahead: int, late: float | None
) -> None:
    got = actual(PLAN, [(START + minute * MINUTE, km) for minute, km in seen])
    assert [None if at is None else round((at - START) / MINUTE) for at in got.passed] == list(passed)
    assert got.next == ahead
    assert (None if got.late_ms is None else got.late_ms / MINUTE) == pytest.approx(late)


def test_without_times_or_points_there_is_no_lateness() -> None:
    bare = tuple(Waypoint(p.name, p.lon, p.lat, p.km) for p in PLAN)
    assert actual(bare, [(START, 20.0)]).late_ms is None
    assert actual((), [(START, 20.0)]) == Actual((), 0, None, None, None)
    half = (bare[0], PLAN[1], PLAN[2])
    assert actual(half, [(START, 20.0)]).late_ms is None
    assert actual(half, [(START + 80 * MINUTE, 50.0)]).late_ms == 5 * MINUTE


@pytest.mark.parametrize(
    "late, state",
    [
        (0, "green"), (9.9, "green"), (10, "amber"), (-10, "amber"), (29.9, "amber"), (30, "red"), (-45, "red"),
        (None, "unknown"), (float("nan"), "unknown"),
    ],
)  # fmt: skip
def test_credit(late: float | None, state: str) -> None:
    assert credit_state(late) == state


def test_the_states_of_a_credit_and_the_movement_number() -> None:
    assert CREDITS == ("REQUESTED", "APPROVED", "AMENDED", "REJECTED", "CANCELLED", "USED")
    assert movement_number(25, "USV", 8) == "25-USV-08"
    assert NUMBER.fullmatch("25-USV-08")


@pytest.mark.parametrize("day, authority, sequence", [(0, "USV", 8), (32, "USV", 8), (25, "US", 8), (25, "USV", 100)])
def test_no_movement_number(day: int, authority: str, sequence: int) -> None:
    with pytest.raises(ValueError, match="no movement number"):
        movement_number(day, authority, sequence)
