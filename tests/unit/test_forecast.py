"""Does a column arrive when the exercise's own expectations say, whatever holds it up?"""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from cop.movement.forecast import MINUTE, Forecast, Hold, Leg, Seen, forecast

MARCH = Path(__file__).parents[2] / "feeds" / "reference" / "march"
STARTEX = 1_795_000_000_000


def rows(name: str) -> list[dict[str, str]]:
    with (MARCH / name).open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


CONVOYS = {row["convoy_id"]: row for row in rows("convoys.csv")}
POINTS = rows("march_table.csv")


def at(minute: float) -> int:
    return STARTEX + round(minute * MINUTE)


def minute(time: float | None) -> float | None:
    return None if time is None else round((time - STARTEX) / MINUTE, 1)


def km(convoy: str, point: str) -> float:
    return next(float(r["road_km_est"]) for r in POINTS if r["convoy_id"] == convoy and r["point"] == point)


def march(convoy: str, *holds: Hold) -> Forecast:
    own = [row for row in POINTS if row["convoy_id"] == convoy]
    legs = [Leg(float(row["road_km_est"]), at(float(row["due_min_vs_startex"]))) for row in own]
    told = CONVOYS[convoy]
    return forecast(legs, holds, units=int(told["march_units"]), pass_min=float(told["pass_time_min"]))


def hold(where: float, **said: object) -> Hold:
    return Hold(where, "bridge:X", "X", "because", **said)  # type: ignore[arg-type]


@pytest.mark.parametrize("convoy", CONVOYS)
def test_without_holds_the_plan_comes_true(convoy: str) -> None:
    told = march(convoy)
    own = [row for row in POINTS if row["convoy_id"] == convoy]
    assert [minute(told.head(i)) for i in range(len(own))] == [float(row["due_min_vs_startex"]) for row in own]
    clear = [minute(told.clear(i)) for i in range(len(own))]
    assert clear == pytest.approx([float(row["clear_min_vs_startex"]) for row in own], abs=0.11)
    assert told.costs == ()
    assert told.elements() == ((0, int(CONVOYS[convoy]["march_units"])),)


def test_inj_005_a_closure_behind_the_head_cuts_the_column_in_two() -> None:
    told = march("C06", hold(km("C06", "Pumpenai junction"), since=at(62), until=at(180), closed=True))
    assert minute(told.head(-1)) == 278.9
    assert told.elements() == ((0, 1), (1, 2))
    (cost,) = told.costs
    assert [cost.head_min, cost.tail_min] == pytest.approx([0, 118], abs=0.5)


def test_inj_005_who_comes_as_it_opens_waits_a_little_and_who_comes_later_not_at_all() -> None:
    closed = hold(km("C05", "Pumpenai junction"), since=at(62), until=at(180), closed=True)
    assert march("C05", closed).costs[0].head_min == pytest.approx(2, abs=0.7)
    assert march("C07", hold(km("C07", "Pumpenai junction"), since=at(62), until=at(180), closed=True)).costs == ()


@pytest.mark.parametrize(
    ("convoy", "border", "head", "tail"),
    [
        ("C06", "Grenctale-Salociai border", 20, 36),  # the exercise expects 20 for its first unit
        ("C02", "Meitene-Kalviai border", 20, 36),  # it expects 40; the second unit comes 4 minutes behind the first
        ("C03", "Meitene-Kalviai border", 20, 12),  # 20 for its first unit; the others wait for it, and the outage ends
    ],
)
def test_inj_007_processing_is_one_unit_after_the_other(convoy: str, border: str, head: float, tail: float) -> None:
    told = march(convoy, hold(km(convoy, border), since=at(110), until=at(230), processing_min=20))
    (cost,) = told.costs
    assert [cost.head_min, cost.tail_min] == pytest.approx([head, tail], abs=0.5)


def test_inj_002_a_slow_stretch_costs_the_difference_as_long_as_it_is_slow() -> None:
    start, end = km("C11", "Salacgriva bridge"), km("C11", "Skulte junction")
    whole = march("C11", hold(start, to_km=end, since=at(180), until=at(400), speed_kmh=30))
    assert whole.costs[0].head_min == pytest.approx(34, abs=0.5)
    until_300 = march("C11", hold(start, to_km=end, since=at(180), until=at(300), speed_kmh=30))
    assert until_300.costs[0].head_min == pytest.approx(26, abs=0.5)  # the last 12 km are driven after T+300
    assert march("C11", hold(start, to_km=end, since=at(180), until=at(300), speed_kmh=60)).costs == ()


def test_inj_003_half_a_port_lets_half_the_units_go() -> None:
    told = march("C09", hold(0, since=at(15), until=at(135), held_share=0.5))
    assert minute(told.head(0)) == 20
    assert told.elements() == ((0, 1), (1, 3))
    assert minute(told.units[1][0]) == 135


def test_without_an_end_it_never_comes() -> None:
    told = march("C02", hold(km("C02", "Jelgava Lielupe bridge"), since=at(0), closed=True))
    assert told.head(-1) is None
    assert told.clear(-1) is None
    assert told.head(3) is not None
    assert math.isinf(told.costs[0].head_min)


def test_what_the_head_has_passed_is_as_it_was_seen_and_a_hold_behind_it_costs_it_nothing_more() -> None:
    legs = [Leg(0, at(0)), Leg(20, at(30)), Leg(40, at(60)), Leg(60, at(90))]
    late = [at(5), at(45)]
    told = forecast(legs, [hold(10, delay_min=10)], seen=[Seen(late, 30, at(60))])
    assert [minute(time) for time in told.units[0]] == [5, 45, 75, 105]
    assert told.costs == ()


def test_a_unit_that_waits_goes_on_when_what_it_waits_for_ends_early() -> None:
    legs = [Leg(0, at(0)), Leg(20, at(30)), Leg(40, at(60))]
    waiting = Seen([at(0)], 20, at(50), ("bridge:X", ""), at(200))
    assert minute(forecast(legs, [], seen=[waiting]).head(-1)) == 80
    still = hold(20, until=at(120), closed=True)
    assert minute(forecast(legs, [still], seen=[waiting]).head(-1)) == 150


def test_processing_that_has_begun_does_not_begin_again() -> None:
    legs = [Leg(0, at(0)), Leg(20, at(30)), Leg(40, at(60))]
    served = hold(20, processing_min=20)
    waiting = Seen([at(0)], 20, at(40), ("bridge:X", ""), at(50))
    assert minute(forecast(legs, [served], seen=[waiting]).head(-1)) == 80


def test_two_movements_queue_for_the_same_processing() -> None:
    legs = [Leg(0, at(0)), Leg(20, at(30)), Leg(40, at(60))]
    served, queue = hold(20, processing_min=20), dict[tuple[str, str], float]()
    assert minute(forecast(legs, [served], queue=queue).head(-1)) == 80
    assert minute(forecast(legs, [served], queue=queue).head(-1)) == 100


def test_minutes_are_minutes_of_the_movements_own_clock() -> None:
    legs = [Leg(0, at(0)), Leg(20, at(3)), Leg(40, at(6))]
    assert minute(forecast(legs, [hold(20, delay_min=20)], scale=10).head(-1)) == 8


def test_a_plan_without_points_is_refused() -> None:
    with pytest.raises(ValueError, match="without points"):
        forecast([], [])
