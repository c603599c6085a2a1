"""Do columns stand, queue, part and go on as the exercise's injects expect, minute by minute?"""

from __future__ import annotations

import csv
import math
from itertools import pairwise

import pytest

from cop.movement.forecast import Hold
from feeds.simulated import marches as made
from feeds.simulated.convoys import disturbed, farewell, reports, told
from feeds.simulated.drive import (
    Column,
    Halt,
    column,
    elements,
    halts_on,
    leaves,
    reaches,
    together,
    undisturbed,
    where,
)
from feeds.simulated.marches import March, Simulation
from feeds.sources.simulated import Convoy, Left, Plan, Position, Report

WALL = 1_773_150_000_000
SCALE = 60.0


def rows(name: str) -> list[dict[str, str]]:
    with (made.TABLES / name).open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


WAYPOINTS = rows("route_waypoints.csv")
SCENARIO = made.convoys(rows("convoys.csv"), WAYPOINTS, rows("march_table.csv"), strays=False)


def scene(*, start: float = made.START) -> Simulation:
    return made.simulation(SCENARIO, start_wall=WALL, start=start, scale=SCALE)


def march(of: Simulation, key: str) -> March:
    return next(each for each in of.marches if each.who.id == key)


def km(key: str, point: str) -> float:
    own = march(scene(start=-300.0), key)
    return own.km[own.names.index(point)]


def hold(at: float, since: float, until: float | None, subject: str = "bridge:X", **said: object) -> Hold:
    """A hold from one exercise minute to another."""
    clock = scene()
    end = None if until is None else clock.wall(until)
    return Hold(at, subject, "X", "because", clock.wall(since), end, source=f"inject:{subject}", **said)  # type: ignore[arg-type]


def held(*, at: float, holds: dict[str, Hold]) -> Simulation:
    of = scene()
    return disturbed(of, {key: (each,) for key, each in holds.items()}, of.wall(at))


def places(of: Simulation, key: str, minute: float) -> list[float]:
    return [where(track, minute).km for track in march(of, key).ways]


def stands(of: Simulation, key: str, unit: int) -> list[tuple[float, float, float]]:
    """From when to when a unit stands where, minutes and km."""
    track = march(of, key).ways[unit]
    return [
        (round(a.at, 1), round(b.at, 1), round(a.km, 1)) for a, b in pairwise(track) if a.km == b.km and b.at > a.at
    ]


def arrives(of: Simulation, key: str, unit: int = 0) -> float:
    return march(of, key).ways[unit][-1].at


# The injects


def test_inj_005_the_second_element_of_c06_waits_at_pumpenai_until_180() -> None:
    at = km("C06", "Pumpenai junction")
    of = held(at=62, holds={"C06": hold(at, 62, 180, closed=True)})
    assert stands(of, "C06", 0) == []
    assert stands(of, "C06", 1) == [(62.4, 180.0, at)]
    assert arrives(of, "C06") == pytest.approx(278.9)
    c06 = march(of, "C06")

    def cut(minute: float) -> list[int]:
        return elements(c06.tracks, minute, c06.length, c06.km, c06.moving)

    assert [cut(minute) for minute in (63, 67, 68, 180, 250)] == [[0], [0], [0, 1], [0, 1], [0, 1]]
    assert cut(arrives(of, "C06", 1)) == [0]
    first, last = column(c06.tracks, 150, c06.length)
    assert first > c06.km[c06.names.index("Bauska")]
    assert last == pytest.approx(at, abs=0.002)


@pytest.mark.parametrize(
    ("key", "border", "expected"),
    [
        ("C06", "Grenctale-Salociai border", [(118.2, 138.2), (122.3, 158.2)]),
        ("C02", "Meitene-Kalviai border", [(162.7, 182.7), (166.6, 202.7)]),
        ("C03", "Meitene-Kalviai border", [(222.7, 242.7), (226.6, 246.6), (230.4, 250.4)]),
    ],
)
def test_inj_007_one_march_unit_after_the_other_is_processed(
    key: str, border: str, expected: list[tuple[float, float]]
) -> None:
    of = held(at=110, holds={key: hold(km(key, border), 110, 230, "crossing:XB", processing_min=20)})
    found = [stands(of, key, unit) for unit in range(march(of, key).units)]
    for stood, (since, until) in zip(found, expected, strict=True):
        assert stood[0][:2] == pytest.approx((since, until), abs=0.15)


@pytest.mark.parametrize("said", [{"closed": True}, {"delay_min": 45.0}])
@pytest.mark.parametrize("until", [180.0, 240.0])
@pytest.mark.parametrize("again", [(), (120.0, 136.0), (150.0,), (181.0, 200.0, 239.0)])
def test_inj_008_a_breakdown_holds_c05_where_it_is_and_it_goes_on_after(
    said: dict[str, float], until: float, again: tuple[float, ...]
) -> None:
    """Whatever else happens meanwhile, and though the breakdown is still said to last: it stands once."""
    own = hold(-1.0, 135, until, "convoy:C05", **said)
    of = held(at=110, holds={"C05": own})
    for minute in again:
        other = hold(250.0, 0, minute + 1, "bridge:Y", closed=True)
        of = disturbed(of, {"C05": (own, other)}, of.wall(minute))
    end = until if "closed" in said else 180.0
    at = places(scene(), "C05", 135)[0]
    (stood,) = stands(of, "C05", 0)
    assert stood == (135.0, end, round(at, 1))
    assert arrives(of, "C05") == pytest.approx(430.1 + end - 135, abs=0.1)
    assert arrives(of, "C05", 1) >= arrives(of, "C05") + march(of, "C05").length - 1e-3


def test_inj_009_alternating_traffic_costs_each_unit_its_minutes_once() -> None:
    for key, units in (("C02", 2), ("C03", 3)):
        at = km(key, "Riga HPP dam")
        of = held(at=150, holds={key: hold(at, 150, 400, "bridge:B15", delay_min=12)})
        for unit in range(units):
            ((since, until, there),) = stands(of, key, unit)
            assert until - since == pytest.approx(12, abs=0.1)
            assert there == pytest.approx(at, abs=0.1)
        assert arrives(of, key) == pytest.approx(arrives(scene(), key) + 12, abs=0.01)


def test_inj_002_ice_slows_c11_for_as_long_as_it_lasts() -> None:
    start, end = km("C11", "Salacgriva bridge"), km("C11", "Skulte junction")
    of = held(at=180, holds={"C11": hold(start, 180, 300, "road:A1", to_km=end, speed_kmh=30)})
    assert arrives(of, "C11") - arrives(scene(), "C11") == pytest.approx(26, abs=0.6)
    assert stands(of, "C11", 0) == []


def test_inj_003_half_a_port_keeps_two_of_three_units_back() -> None:
    of = scene(start=0.0)
    held_back = Hold(0.0, "port:P01", "Muuga", "ramp", of.wall(15), of.wall(135), held_share=0.5, source="inject:3")
    of = disturbed(of, {"C09": (held_back,)}, of.wall(15))
    starts = [leaves(track, 0.1) for track in march(of, "C09").tracks]
    assert starts == pytest.approx([20, 135, 138.7], abs=0.5)
    earlier = Hold(0.0, "port:P01", "Muuga", "ramp", of.wall(15), of.wall(100), held_share=0.5, source="inject:3")
    of = disturbed(of, {"C09": (earlier,)}, of.wall(90))
    assert leaves(march(of, "C09").tracks[1], 0.1) == pytest.approx(100, abs=0.5)


def test_inj_011_c02_waits_before_the_farmers_on_the_bridge() -> None:
    of = held(at=190, holds={"C02": hold(km("C02", "Jelgava Lielupe bridge"), 190, 250, "bridge:B25", closed=True)})
    assert [stands(of, "C02", unit) for unit in (0, 1)] == [[(216.3, 250.0, 264.2)], [(220.2, 253.9, 264.2)]]


# What comes and goes


def test_who_waits_goes_on_at_once_when_the_hold_is_taken_back() -> None:
    at = km("C06", "Pumpenai junction")
    of = disturbed(held(at=62, holds={"C06": hold(at, 62, None, closed=True)}), {}, scene().wall(100))
    assert stands(of, "C06", 1) == [(62.4, 100.0, at)]
    assert places(of, "C06", 101)[1] > at


def test_processing_that_has_begun_does_not_begin_again_and_what_is_done_is_not_done_again() -> None:
    at = km("C06", "Grenctale-Salociai border")
    served = hold(at, 110, 230, "crossing:XB10", processing_min=20)
    check = hold(at, 110, 230, "incident:1", delay_min=15)
    of = disturbed(scene(), {"C06": (served, check)}, scene().wall(110))
    before = [stands(of, "C06", unit) for unit in (0, 1)]
    assert sum(until - since for since, until, _ in before[0]) == pytest.approx(35, abs=0.1)
    for minute in (119, 125, 134, 139, 140, 150, 157):
        far = hold(250.0, 0, minute + 1, "bridge:Y", closed=True)
        of = disturbed(of, {"C06": (served, check, far)}, of.wall(minute))
        assert [stands(of, "C06", unit) for unit in (0, 1)] == before


def test_a_closure_that_becomes_processing_lets_who_waits_be_processed() -> None:
    at = km("C06", "Grenctale-Salociai border")
    of = held(at=110, holds={"C06": hold(at, 110, None, "crossing:XB10", closed=True)})
    assert math.isinf(march(of, "C06").arrived)
    of = disturbed(of, {"C06": (hold(at, 110, 300, "crossing:XB10", processing_min=20),)}, of.wall(150))
    assert reaches(march(of, "C06").tracks[0], at + 1) == pytest.approx(171.7, abs=0.5)
    assert reaches(march(of, "C06").tracks[1], at + 1) == pytest.approx(191.7, abs=0.5)


def simple(came: float, *, units: int = 1, length: float = 0.0, shift: float = 0.0, speed: float = 1.0) -> Column:
    """Comes to km 60 at that minute; there and at km 100 each unit is processed for 20 minutes."""
    path, times = (0.0, 60.0, 120.0), (came - 60 / speed, came, came + 60 / speed)
    track = undisturbed(path, times)
    tracks = tuple(tuple(stop._replace(at=stop.at + unit * length) for stop in track) for unit in range(units))
    served = tuple(
        Hold(at, f"crossing:{at}", "X", "x", -(10**12), processing_min=20, source="s") for at in (60.0, 100.0)
    )
    return Column(path, times, tracks, served, came - 60 / speed, length, shift)


@pytest.mark.parametrize(
    ("columns", "left"),
    [
        ([simple(100), simple(105)], [120, 140]),
        ([simple(105), simple(100)], [140, 120]),
        ([simple(100, units=2, length=10), simple(105)], [120, 140]),
        ([simple(100), simple(95, shift=10)], [120, 130]),  # its own minute 95 is the other's 105
        ([simple(100), simple(200), simple(110)], [120, 220, 140]),
    ],
)
def test_columns_queue_in_order_of_arrival(columns: list[Column], left: list[float]) -> None:
    found = together(columns)
    assert [leaves(tracks[0], 60.0) for tracks in found] == pytest.approx(left, abs=0.01)
    if columns[0].tracks[1:]:
        assert leaves(found[0][1], 60.0) == pytest.approx(160, abs=0.01)  # the other column came between its units


def test_who_is_late_for_one_crossing_does_not_keep_the_next_one_for_itself() -> None:
    slow, fast = simple(100, speed=0.5), simple(110, speed=2.0)
    a, b = together([slow, fast])
    assert leaves(a[0], 60.0) == pytest.approx(120, abs=0.01)
    assert leaves(b[0], 60.0) == pytest.approx(140, abs=0.01)
    assert leaves(b[0], 100.0) == pytest.approx(180, abs=0.01)  # it comes at 160, the slow one at 200
    assert leaves(a[0], 100.0) == pytest.approx(220, abs=0.01)


def test_what_touches_nobody_changes_nobody() -> None:
    of = scene()
    again = disturbed(of, {"C02": (hold(10.0, 0, 1, closed=True),), "strange": (hold(1.0, 0, 1),)}, of.wall(100))
    assert march(again, "C02").tracks == march(of, "C02").ways
    assert [each for each in again.marches if each.who.id != "C02"] == [
        each for each in of.marches if each.who.id != "C02"
    ]


# Runs


def walk(of: Simulation, until: int, step: int, at: dict[int, dict[str, tuple[Hold, ...]]]) -> list[Report]:
    """All that is said, with the holds of each wall time from then on."""
    said, after = list(reports(of, -1, WALL)), WALL
    for wall in sorted({*range(WALL + step, until, step), until, *at}):
        of, more = told(of, after, wall)
        said += more
        after = wall
        if wall in at:
            of = disturbed(of, at[wall], wall)
    return [*said, *farewell(of, until + 1)]


@pytest.mark.parametrize("step", [250, 1000, 7000, 60_000])
def test_an_element_comes_once_and_goes_once_whatever_the_step(step: int) -> None:
    of, at = scene(), km("C06", "Pumpenai junction")
    said = walk(of, of.wall(430), step, {of.wall(62): {"C06": (hold(at, 62, 180, closed=True),)}})
    mine = [each for each in said if each.id == "C06-E2" and not isinstance(each, Position)]
    assert [type(each) for each in mine] == [Convoy, Left]
    first, last = mine
    assert isinstance(first, Convoy)
    assert (first.at, first.vehicles, first.march_units) == (of.wall(68), 21, 1)
    assert first.name == "Artillery battalion, unit 2"
    assert isinstance(last, Left)
    assert last.reason == "it has closed up"
    assert of.minute(last.at) == pytest.approx(392, abs=2)


def test_an_element_that_is_there_at_endex_leaves_with_the_others() -> None:
    of, at = scene(), km("C06", "Pumpenai junction")
    said = walk(of, of.wall(100), 1000, {of.wall(62): {"C06": (hold(at, 62, 180, closed=True),)}})
    gone = [each for each in said if isinstance(each, Left) and each.id == "C06-E2"]
    assert [each.reason for each in gone] == ["ENDEX: the simulation was stopped"]


@pytest.mark.parametrize("step", [500, 20_000, 700_000])
@pytest.mark.parametrize("still", [True, False])
def test_who_is_held_beyond_the_run_begins_the_next_one_cleanly(step: int, still: bool) -> None:
    of, at = scene(), km("C06", "Pumpenai junction")
    period, edge = of.marches[0].period, of.begun(of.marches[0], 1)
    shut = hold(at, 62, None, closed=True)
    forever: dict[str, tuple[Hold, ...]] = {"C06": (shut,), "C05": (shut,)}
    change = {of.wall(62): forever} | ({} if still else {edge - 1000: {}})
    said = walk(of, of.wall(made.START + period + 30), step, change)
    mine = [each for each in said if each.id == "C06" and not isinstance(each, Position)]
    assert [type(each) for each in mine] == [Convoy, Plan, Left, Convoy, Plan, Left]
    assert mine[2].at < mine[3].at == edge
    if still:
        assert isinstance(mine[2], Left)
        assert mine[2].reason == "its run is over"
    parts = [each for each in said if each.id == "C06-E2" and not isinstance(each, Position)]
    assert [type(each) for each in parts[:2]] == [Convoy, Left]
    assert parts[1].at <= mine[2].at
    places = [each for each in said if isinstance(each, Position) and each.id == "C05"]
    assert min(places, key=lambda each: (abs(each.at - edge), -each.at)).lat < 55.95


def test_a_hold_that_still_stands_is_met_in_the_next_run() -> None:
    of, at = scene(), km("C05", "Pumpenai junction")
    period = of.marches[0].period
    of = disturbed(of, {"C05": (hold(at, 62, None, closed=True),)}, of.wall(62))
    of, _ = told(of, of.wall(62), of.wall(made.START + period + 5))
    c05 = march(of, "C05")
    assert c05.run == 1
    assert math.isinf(c05.arrived)
    assert reaches(c05.tracks[0], at) == pytest.approx(178.1, abs=0.2)
    list(reports(of, -1, of.wall(made.START + period + 200)))


# Halts


def test_a_planned_halt_is_a_stop_of_the_head() -> None:
    way = undisturbed((0.0, 40.0, 100.0), (0.0, 60.0, 175.0), (Halt(60.0, 15.0), Halt(90.0, 10.0)))
    assert [(stop.at, stop.km) for stop in way] == [
        (0, 0), (60, 40), (90, 60), (105, 60), (150, 90), (160, 90), (175, 100),
    ]  # fmt: skip
    assert where(way, 100) == (60.0, 0.0, ("halt", "0"), 105.0)


@pytest.mark.parametrize(
    ("drive", "expected"),
    [(59.0, []), (60.0, [(60.0, 15.0)]), (190.0, [(60.0, 15.0), (180.0, 10.0)])],
)
def test_halts_come_after_an_hour_and_then_every_two(drive: float, expected: list[tuple[float, float]]) -> None:
    assert list(halts_on((0.0, drive), (0.0, drive))) == expected


def test_generated_convoys_stand_at_their_halts_and_halt_there_whatever_else_holds_them() -> None:
    extra = made.generated(30, WAYPOINTS)
    of = made.simulation((), extra, start_wall=WALL, scale=SCALE)
    seen = 0
    for each in extra:
        minutes = sum(halt.minutes for halt in each.halts)
        assert each.way[-1].at - each.way[0].at == pytest.approx(each.moving[-1] - each.moving[0] + minutes)
        wait = Hold(each.km[-1] / 2, "bridge:X", "X", "x", delay_min=30, source="s")
        again = march(disturbed(of, {each.who.id: (wait,)}, WALL), each.who.id)
        late = again.ways[0][-1].at - each.way[-1].at
        assert late == pytest.approx(0, abs=0.01) or late == pytest.approx(30, abs=0.01)
        seen += late > 1
        labels = [stop.hold for stop in again.ways[0] if stop.hold[0] == "halt"]
        assert labels == [("halt", str(n)) for n in range(len(each.halts))]
    assert seen > 5
