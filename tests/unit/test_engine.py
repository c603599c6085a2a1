"""Does the engine say of each convoy whether it may move, when it arrives and whom it meets, and anew what changed?"""

from __future__ import annotations

import json
import math
from itertools import pairwise

import msgspec
import pytest

from cop.event import Described, Event, Gone, Planned, Sighted, Status, event
from cop.movement.engine import SOURCE
from cop.movement.rulesets import rulesets
from dashboard.movements import detail
from tests.marching import (
    NOW,
    START,
    WORLD,
    Desk,
    at,
    effect,
    minute,
    on_a10,
    over,
    plain,
    reported,
    rows,
    said,
    scene,
    sighting,
    start,
    thing_of,
)

CONVOYS = [row["convoy_id"] for row in rows("convoys.csv")]
OVER_B15 = ["C01", "C02", "C03", "C04", "C05", "C06", "C07", "C08"]
A10 = ["C05", "C06", "C07", "C08"]
"""The convoys that have the A10 north of Pumpenai before them at T+60, or are on it."""


@pytest.fixture
def desk() -> Desk:
    return Desk(start())


def touched(desk: Desk, t: float, *events: Event) -> list[str]:
    """The convoys that were assessed anew because of these events."""
    before = desk.engine.assessments()
    desk.settle(t, *events)
    return desk.anew(before)


# -- the scenario at T+60 ----------------------------------------------------------------------------------------------


def test_each_convoy_has_its_verdict(desk: Desk) -> None:
    stopped, careful = {"C04", "C08", "C10"}, {"C05"}
    assert desk.answers() == {
        each: "no-go" if each in stopped else "caution" if each in careful else "go" for each in CONVOYS
    }


def test_c10_is_stopped_by_the_bridge_at_tapa(desk: Desk) -> None:
    limiting = desk.of("C10").verdict.limiting
    assert limiting is not None
    assert (limiting.answer, limiting.rule, limiting.object) == ("no-go", "MLC-04", "bridge:B57")
    assert (limiting.margin, limiting.unit) == (-56, "MLC")
    assert "44" in limiting.text
    assert limiting.source == "reference"
    assert limiting.basis.startswith("EXERCISE DATA - NOT A REAL LIMIT")
    assert not desk.of("C10").may_move


def test_a_class_that_is_just_enough_is_enough(desk: Desk) -> None:
    crossing = thing_of(desk.of("C12"), "bridge:B56").verdict
    assert crossing.answer == "go"
    assert [(each.margin, each.unit) for each in crossing.reasons if each.rule == "MLC-04"] == [(0, "MLC")]
    assert desk.of("C12").may_move


def test_a_bridge_without_a_class_is_unknown_and_never_go(desk: Desk) -> None:
    bare = said("bridge:B56", Described("Vaike Emajogi bridge", ("EE",), 26.175, 57.880))
    without = [each for each in start() if each.subject != "bridge:B56"]
    found = Desk([*without, bare]).of("C12")
    assert thing_of(found, "bridge:B56").verdict.answer == "unknown"
    assert found.verdict.answer == "unknown"
    assert not found.may_move


def test_a_thing_on_the_way_that_nobody_describes_is_unknown() -> None:
    found = Desk([each for each in start() if each.subject != "bridge:B56"]).of("C12")
    assert (found.verdict.answer, found.verdict.limiting and found.verdict.limiting.object) == ("unknown", "bridge:B56")


@pytest.mark.parametrize(
    ("convoy", "border", "state", "words"),
    [
        ("C04", "crossing:XB11", "missing", "form 302 missing"),
        ("C08", "crossing:XB10", "late", "decision of LV NMCC (white cell) outstanding"),
        ("C06", "crossing:XB10", "cleared", ""),
        ("C11", "crossing:XB01", "cleared", ""),
        ("C12", "crossing:XB02", "cleared", ""),
    ],
)
def test_the_papers_at_each_border(desk: Desk, convoy: str, border: str, state: str, words: str) -> None:
    (found,) = desk.of(convoy).clearances
    assert (found.border, found.state) == (border, state)
    assert words in "; ".join(found.missing)
    shown = {"cleared": "open", "missing": "closed", "late": "closed"}[state]
    assert desk.state(f"clearance:{convoy}-{border.partition(':')[2]}", START) == shown


def test_c06_passes_the_dam_and_what_else_is_on_its_way_in_order(desk: Desk) -> None:
    found = desk.of("C06").things
    assert "bridge:B15" in [each.subject for each in found]
    assert [each.km for each in found] == sorted(each.km for each in found)
    assert [each.subject for each in found if each.passed] == ["bridge:B60", "bridge:B84", "bridge:B73"]


@pytest.mark.parametrize("convoy", CONVOYS)
def test_undisturbed_the_times_are_those_of_the_march_table(desk: Desk, convoy: str) -> None:
    planned = [row for row in rows("march_table.csv") if row["convoy_id"] == convoy]
    found = desk.of(convoy)
    assert [minute(each) for each in found.due] == pytest.approx(
        [float(row["due_min_vs_startex"]) for row in planned], abs=0.2
    )
    assert [minute(each) for each in found.clear] == pytest.approx(
        [float(row["clear_min_vs_startex"]) for row in planned], abs=0.3
    )
    assert desk.delay(convoy) == 0
    assert found.forecast.elements(1.0) == ((0, found.movement.units),)


def test_c02_is_at_its_release_point_at_340_after_346_km_and_clear_8_minutes_later(desk: Desk) -> None:
    found = desk.of("C02")
    assert (found.movement.km, found.movement.speed_kmh, found.movement.pass_min) == (346.5, 40, 7.8)
    assert minute(found.eta) == pytest.approx(340, abs=0.5)
    assert minute(found.clear[-1]) == pytest.approx(347.5, abs=0.5)


def test_who_meets_whom_is_listed_unasked(desk: Desk) -> None:
    first, *rest = desk.engine.conflicts.groups()
    assert (first.pair, first.kind) == (("convoy:C05", "convoy:C07"), "same way")
    assert first.text.startswith("C05 and C07 at Grenctale-Salociai border")
    (border,) = (each for each in first.conflicts if each.subject == "crossing:XB10")
    assert [minute(each) for each in border.first_window] == pytest.approx([247.4, 255.1], abs=1)
    assert minute(border.second_window[0]) == pytest.approx(253.2, abs=1)
    assert {each.pair for each in rest} == {("convoy:C05", "convoy:C08")}


def test_what_the_map_and_the_lists_show_is_an_event_of_the_engine_s_own(desk: Desk) -> None:
    made = desk.engine.derived.records("convoy:C10")
    assert {each.source for each in made.values()} == {SOURCE}
    assert {(each.world, each.origin) for each in made.values()} == {(WORLD, "simulated")}
    told = made[SOURCE, "described"].body
    assert isinstance(told, Described)
    assert told.properties["verdict"] == "no-go"
    assert told.properties["limiting"] == "Tapa railway overpass"
    assert told.marking == "EXERCISE DATA"
    assert desk.state("convoy:C10", START) == "closed"
    assert desk.state("convoy:C12", START) == "open"
    assert desk.state("convoy:C05", START) == "restricted"


def test_the_drawn_noise_of_the_simulated_march_changes_no_verdict_and_few_minutes(desk: Desk) -> None:
    strayed = Desk(start(True))
    assert strayed.answers() == desk.answers()
    assert {("C05", "C07")} <= strayed.pairs()
    for convoy in CONVOYS:
        assert strayed.end(convoy) == pytest.approx(desk.end(convoy), abs=5)


# -- what an effect does -----------------------------------------------------------------------------------------------


def test_a_closure_with_an_end_lets_those_wait_who_come_before_it(desk: Desk) -> None:
    told = effect("bridge:B15", since=150, until=360, reason="inspection")
    assert touched(desk, START, told) == OVER_B15
    assert [desk.delay(each) for each in OVER_B15] == [184, 70, 10, 0, 0, 131, 0, 0]
    held = desk.of("C06")
    assert minute(thing_of(held, "bridge:B15").due) == 360
    assert [(each.subject, each.reason) for each in held.forecast.costs] == [("bridge:B15", "inspection")]
    assert held.verdict.limiting is not None
    assert (held.verdict.answer, held.verdict.limiting.rule) == ("caution", "STATE-01")
    assert held.verdict.limiting.text == "closed when the head arrives, until a stated end: inspection"
    assert desk.of("C07").verdict.answer == "go", "it comes when the bridge is open again"
    assert desk.state("bridge:B15", 160) == "closed"


def test_a_closure_without_an_end_stops_all_who_still_have_to_pass(desk: Desk) -> None:
    assert touched(desk, START, effect("bridge:B15", reason="cracks")) == OVER_B15
    for convoy in OVER_B15:
        found = desk.of(convoy)
        assert (found.verdict.answer, found.eta, found.delay_min) == ("no-go", None, None)
        assert found.clear[-1] is None
        assert found.due[0] is not None
        assert "bridge:B15" in {each.object for each in found.verdict.reasons if each.answer == "no-go"}
        assert desk.state(f"convoy:{convoy}", START) == "closed"
    status = desk.engine.derived.records("convoy:C02")[SOURCE, "status"].body
    assert isinstance(status, Status)
    assert "does not arrive as long as this lasts: Riga HPP dam crossing, cracks" in status.reason


def test_a_closure_that_is_taken_back_leaves_nothing_behind(desk: Desk) -> None:
    before, made = desk.known(), desk.made()
    closed = effect("bridge:B15", since=150, until=360)
    desk.settle(START, closed)
    assert desk.known() != before
    desk.settle(START, over(closed, START + 0.01))
    assert desk.known() == before
    assert {s: {k: e.body for k, e in of.items()} for s, of in desk.made().items()} == {
        s: {k: e.body for k, e in of.items()} for s, of in made.items()
    }


def test_a_cut_class_is_judged_by_each_convoy_s_own(desk: Desk) -> None:
    told = effect("bridge:B15", "restricted", mlc_wheeled=70, mlc_tracked=50, reason="inspection")
    assert touched(desk, START, told) == OVER_B15
    crossings = {each: thing_of(desk.of(each), "bridge:B15").verdict for each in OVER_B15}
    answers = {each: found.answer for each, found in crossings.items()}
    assert answers == {
        **dict.fromkeys(OVER_B15, "go"), "C04": "no-go", "C05": "no-go", "C06": "caution",
    }  # fmt: skip
    careful, heavy, light = (crossings[each].limiting for each in ("C06", "C05", "C02"))
    assert careful is not None
    assert heavy is not None
    assert light is not None
    assert (careful.rule, careful.margin) == ("MLC-05", -10)
    assert "87.5" in careful.text
    assert "EXERCISE DATA" in careful.basis
    assert (heavy.rule, heavy.margin, heavy.source) == ("MLC-04", -30, "inject:1")
    assert light.margin == 30
    assert not desk.of("C06").may_move
    assert [desk.delay(each) for each in OVER_B15] == [0] * 8, "a class costs no time"


def test_a_class_that_is_cut_only_for_a_while_counts_for_who_comes_then(desk: Desk) -> None:
    desk.settle(START, effect("bridge:B15", "restricted", since=150, until=300, mlc_wheeled=70))
    assert _classes(desk) == {"C06": "caution", "C05": "go", "C04": "go"}, "C05 comes at T+373, C04 at T+489"
    desk.settle(START, effect("bridge:B15", "restricted", since=150, until=400, t=60.1, mlc_wheeled=70))
    assert _classes(desk) == {"C06": "caution", "C05": "no-go", "C04": "go"}


def _classes(desk: Desk) -> dict[str, str]:
    judged = {each: thing_of(desk.of(each), "bridge:B15").verdict for each in ("C06", "C05", "C04")}
    return {each: next(r.answer for r in found.reasons if r.rule[:3] == "MLC") for each, found in judged.items()}


def test_an_alternating_lane_is_one_only_while_that_holds(desk: Desk) -> None:
    told = effect("bridge:B15", "restricted", since=150, until=360, alternating=1)
    desk.settle(START, told)
    assert thing_of(desk.of("C06"), "bridge:B15").alternating is False, "not before it begins"
    desk.settle(151)
    assert thing_of(desk.of("C06"), "bridge:B15").alternating is True


def test_half_a_port_s_capacity_holds_the_later_half_at_the_start(desk: Desk) -> None:
    told = effect("port:P01", "degraded", since=15, until=135, t=15, reason="ramp", capacity_pct=50)
    assert touched(desk, START, told) == ["C09"]
    found = desk.of("C09")
    assert minute(found.eta) == pytest.approx(157, abs=1), "the first unit has left"
    assert minute(found.clear[-1]) == pytest.approx(258, abs=25)
    assert found.forecast.elements(1.0) == ((0, 1), (1, 3))
    assert touched(desk, START, effect("port:P02", "degraded", since=15, until=135, capacity_pct=50)) == ["C10", "C11"]
    assert [desk.delay(each) for each in ("C10", "C11")] == [0, 0]


def test_a_road_that_closes_cuts_the_column_that_is_on_it(desk: Desk) -> None:
    closed = effect("roadevent:inj5", since=62, until=180, t=62, reason="accident")
    assert touched(desk, 62, on_a10(), closed) == A10
    found = desk.of("C06")
    assert found.forecast.elements(1.0) == ((0, 1), (1, 2))
    assert (desk.delay("C06"), found.verdict.answer) == (0, "go")
    (cost,) = found.forecast.costs
    assert (cost.subject, cost.head_min) == ("roadevent:inj5", 0)
    assert cost.tail_min == pytest.approx(118, abs=1)
    assert minute(found.clear[-1]) == pytest.approx(287 + 118, abs=1)
    assert desk.engine.near("convoy:C06")["roadevent:inj5"][0] == pytest.approx((138.9, 154.3), abs=0.3)
    assert desk.engine.touched_by("roadevent:inj5") == tuple(f"convoy:{each}" for each in A10)


def test_who_has_the_closed_road_behind_it_keeps_its_time_when_it_opens(desk: Desk) -> None:
    desk.settle(62, on_a10(), effect("roadevent:inj5", since=62, until=180, t=62))
    was = desk.of("C06").forecast.costs
    desk.drive(scene(), 62, 181, 5)
    assert desk.of("C06").forecast.elements(1.0) == ((0, 1), (1, 2)), "what is over has cut it all the same"
    assert desk.of("C06").forecast.costs == was


def test_what_is_reported_at_one_place_holds_there_and_not_all_along_the_edge(desk: Desk) -> None:
    works = [
        said("roadevent:works", Described("A8 works", ("LT",), 24.10, 55.42, properties={"road": "A8"})),
        effect("roadevent:works", "degraded", t=61, speed_kmh=10),
    ]
    found = Desk(start())
    found.settle(START, *works)
    ((km, to_km),) = found.engine.near("convoy:C07")["roadevent:works"]
    assert to_km - km == pytest.approx(1, abs=0.01)
    assert 60.5 < km < 89.6
    # a kilometre at 10 instead of 40 km/h
    assert found.delay("C07") == pytest.approx(6 - 1.5, abs=0.6)


def test_a_road_event_that_moves_leaves_the_convoys_where_it_was(desk: Desk) -> None:
    desk.settle(62, on_a10(), effect("roadevent:inj5", since=62, until=300, t=62))
    assert desk.delay("C07")
    elsewhere = Described("far away", ("LT",), 22.6, 55.9, properties={"road": "A9"})
    assert touched(desk, 63, said("roadevent:inj5", elsewhere, t=63)) == A10
    assert "roadevent:inj5" not in desk.engine.near("convoy:C07")
    assert desk.delay("C07") == 0


def test_a_road_event_that_was_there_first_meets_the_convoy_that_is_told_later() -> None:
    closed = [on_a10(), effect("roadevent:inj5", since=62, until=300, t=62)]
    early, late = Desk([*closed, *start()], settled=62), Desk(start(), settled=62)
    late.settle(62, *closed)
    assert early.known() == late.known()


def test_who_never_comes_loses_nothing_to_what_lies_behind_the_closure(desk: Desk) -> None:
    slow = effect("bridge:B15", "open", None, speed_kmh=20, source="inject:2")
    desk.settle(START, effect("crossing:XB10", since=119, reason="strike"), slow)
    closed, slowed = desk.of("C06").forecast.costs
    assert (closed.reason, closed.head_min, closed.tail_min) == ("strike", 0, math.inf)
    assert (slowed.subject, slowed.tail_min) == ("bridge:B15", 0)
    told = detail(desk.engine, desk.of("C06"))
    json.dumps(told, allow_nan=False)
    assert [each["tail_min"] for each in told["costs"]] == [None, 0]


def test_a_breakdown_delays_the_convoy_itself_and_nobody_else(desk: Desk) -> None:
    told = effect("convoy:C05", since=135, until=180, reason="a transporter broke down")
    assert touched(desk, START, told) == ["C05"]
    assert {each: desk.delay(each) for each in CONVOYS if desk.delay(each)} == {"C05": 45}
    assert desk.end("C05") == pytest.approx(475, abs=0.5)
    assert not [each for each in desk.engine.conflicts.of("convoy:C05") if each.subject == "crossing:XB10"], (
        "C07 is through when it comes"
    )
    assert not [each for each in desk.engine.conflicts.all() if each.name.startswith("Grenctale")]


def test_a_convoy_that_is_slowed_is_slow_as_long_as_that_lasts(desk: Desk) -> None:
    desk.settle(START, effect("convoy:C06", "degraded", since=100, until=160, speed_kmh=20))
    assert desk.delay("C06") == pytest.approx(30, abs=1)


def test_an_inject_on_a_clearance_blocks_the_border(desk: Desk) -> None:
    told = effect("clearance:C11-XB01", reason="34 declared, 36 moving")
    assert touched(desk, START, told) == ["C11"]
    (found,) = desk.of("C11").clearances
    assert (found.state, found.missing[0]) == ("blocked", "34 declared, 36 moving")
    assert desk.of("C11").verdict.answer == "no-go"
    assert desk.state("clearance:C11-XB01", START) == "closed"
    desk.settle(START, over(told, START + 0.01))
    assert desk.of("C11").verdict.answer == "go"
    assert desk.state("clearance:C11-XB01", START) == "open"


def test_what_touches_no_movement_assesses_none(desk: Desk) -> None:
    assert touched(desk, START, effect("bridge:B14")) == []
    assert touched(desk, START, effect("port:P30")) == []
    assert touched(desk, START, sighting("vessel:1", 24.0, 57.2, START)) == []
    assert not desk.engine.due(at(START))


def test_a_great_change_is_taken_in_piece_by_piece(desk: Desk) -> None:
    desk.tell(effect("bridge:B15"))
    before, seen = desk.engine.assessments(), []
    while desk.engine.due(at(START)):
        desk.engine.settle(at(START), 3)
        seen.append(len(desk.anew(before)))
    assert seen == [3, 6, 8]


def test_another_rule_set_counts_for_every_movement(desk: Desk) -> None:
    before = desk.engine.assessments()
    desk.engine.use(rulesets()["harmonised"])
    desk.settle(START)
    assert desk.anew(before) == CONVOYS
    (found,) = desk.of("C08").clearances
    assert (found.ruleset, found.state) != ("pledge", "late")


# -- time alone --------------------------------------------------------------------------------------------------------


def test_an_effect_is_taken_in_when_it_begins_and_when_it_ends(desk: Desk) -> None:
    desk.settle(START, effect("bridge:B15", "restricted", since=150, until=200, mlc_wheeled=70, alternating=1))
    assert not desk.engine.due(at(149.9))
    assert desk.engine.due(at(150))
    assert touched(desk, 150) == OVER_B15
    assert thing_of(desk.of("C06"), "bridge:B15").alternating
    assert not desk.engine.due(at(199.9))
    assert touched(desk, 200) == OVER_B15
    assert not thing_of(desk.of("C06"), "bridge:B15").alternating
    assert not desk.engine.due(at(210))


def test_a_deadline_that_passes_is_taken_in_by_itself(desk: Desk) -> None:
    desk.engine.use(rulesets()["harmonised"])
    desk.settle(START)
    (found,) = desk.of("C08").clearances
    assert found.deadline is not None
    assert not desk.engine.due(at(START))
    assert desk.engine.due(found.deadline + 1)


def test_an_end_that_is_brought_forward_is_taken_in_then(desk: Desk) -> None:
    desk.settle(START, effect("bridge:B15", since=150, until=360))
    desk.settle(61, effect("bridge:B15", since=150, until=170, t=61))
    desk.settle(150)
    assert not desk.engine.due(at(169))
    assert desk.engine.due(at(170))


def test_who_was_never_seen_is_late_when_it_should_have_left() -> None:
    quiet = [each for each in start() if not (each.subject == "convoy:C08" and isinstance(each.body, Sighted))]
    found = Desk(quiet)
    assert found.of("C08").seen_at is None
    assert found.of("C08").late_min is None
    assert found.delay("C08") == 60, "it should have left at T+0, and nobody has seen it"


# -- sightings ---------------------------------------------------------------------------------------------------------


def place(desk: Desk, convoy: str, t: float) -> tuple[float, float]:
    """Where the plan has the head at T+t."""
    course = desk.engine.course(f"convoy:{convoy}")
    assert course is not None
    legs = course.legs
    for a, b in pairwise(legs):
        if a.due <= at(t) < b.due:
            return course.line.place(a.km + (b.km - a.km) * (at(t) - a.due) / (b.due - a.due))
    return course.line.place(legs[-1].km)


def test_lateness_follows_a_late_head(desk: Desk) -> None:
    desk.settle(120, sighting("convoy:C07", *place(desk, "C07", 100), 120))
    found = desk.of("C07")
    assert found.late_min == pytest.approx(20, abs=0.3)
    assert desk.delay("C07") == 20
    assert found.seen_at == at(120)
    assert desk.state("convoy:C07", 120) == "degraded"
    desk.settle(121, sighting("convoy:C07", *place(desk, "C07", 121), 121))
    assert desk.of("C07").late_min == pytest.approx(0, abs=0.3)


def test_a_state_is_as_old_as_its_beginning_however_often_it_is_judged_anew(desk: Desk) -> None:
    def since(convoy: str) -> float:
        body = desk.engine.derived.records(f"convoy:{convoy}")[(SOURCE, "status")].body
        assert isinstance(body, Status)
        return minute(body.since or 0) or 0.0

    desk.settle(120, sighting("convoy:C07", *place(desk, "C07", 100), 120))
    assert (desk.state("convoy:C07", 120), since("C07")) == ("degraded", 120)
    desk.settle(130, sighting("convoy:C07", *place(desk, "C07", 106), 130))
    assert (desk.delay("C07"), since("C07")) == (24, 120), "later still, and no other state"
    desk.settle(131, sighting("convoy:C07", *place(desk, "C07", 131), 131))
    assert since("C07") == 131


def test_a_head_where_the_plan_has_it_is_no_news(desk: Desk) -> None:
    course = desk.engine.course("convoy:C07")
    assert course is not None
    assert touched(desk, 61, sighting("convoy:C07", *place(desk, "C07", 61), 61)) == []
    assert touched(desk, 90, sighting("convoy:C07", *place(desk, "C07", 90), 90)) == ["C07"], "it passed a point"


def test_a_sighting_astray_changes_nothing(desk: Desk) -> None:
    before = desk.known()
    assert touched(desk, 100, sighting("convoy:C07", 26.0, 58.0, 100)) == []
    assert desk.known() == before


def test_an_old_sighting_and_one_behind_the_head_change_nothing(desk: Desk) -> None:
    desk.settle(120, sighting("convoy:C07", *place(desk, "C07", 120), 120))
    km = desk.of("C07").head_km
    desk.settle(121, sighting("convoy:C07", *place(desk, "C07", 80), 120))
    desk.settle(121, sighting("convoy:C07", *place(desk, "C07", 119.8), 120.1))
    assert desk.of("C07").head_km == km


def test_what_was_passed_is_told_as_it_was_observed_and_stops_nobody_any_more(desk: Desk) -> None:
    desk.drive(scene(), START, 235)
    desk.settle(235, effect("bridge:B15", t=235, reason="cracks"))
    found = desk.of("C06")
    passed = thing_of(found, "bridge:B15")
    assert (passed.passed, found.verdict.answer, desk.delay("C06")) == (True, "go", 0)
    assert minute(passed.due) == pytest.approx(230, abs=2)
    assert desk.of("C02").verdict.answer == "no-go"


def test_who_has_arrived_gets_no_later_while_it_stands_there(desk: Desk) -> None:
    desk.drive(scene(), START, 163, 1)
    found = desk.of("C09")
    assert found.arrived
    assert found.late_min == pytest.approx(0, abs=1)
    assert minute(found.eta) == pytest.approx(157, abs=1)
    last = reported(scene(), at(163), at(164))
    desk.settle(175, *(msgspec.structs.replace(each, at=at(175)) for each in last if each.subject == "convoy:C09"))
    assert desk.of("C09").late_min == pytest.approx(0, abs=1)


def test_a_conflict_ends_when_the_columns_are_past_it(desk: Desk) -> None:
    desk.drive(scene(), START, 300, 2)
    assert not [each for each in desk.engine.conflicts.of("convoy:C05") if each.subject == "crossing:XB10"]
    assert ("C05", "C08") in desk.pairs(), "that is still to come"


# -- movements that come and go ----------------------------------------------------------------------------------------


def test_a_movement_that_is_gone_leaves_nothing_behind(desk: Desk) -> None:
    gone = [
        event("simulated", each, at(61), Gone("ENDEX"), received=at(61), world=WORLD, origin="simulated")
        for each in ("convoy:C05", "clearance:C05-XB10")
    ]
    assert {"convoy:C05", "clearance:C05-XB10"} <= desk.settle(61, *gone)
    assert desk.engine.assessment("convoy:C05") is None
    assert desk.engine.course("convoy:C05") is None
    assert not [each for each in desk.engine.derived.subjects() if "C05" in each and desk.look(each)]
    assert not desk.pairs()
    assert desk.look("convoy:C05") is None
    assert desk.look("clearance:C05-XB10") is None
    told = desk.engine.derived.records("convoy:C07")[SOURCE, "described"].body
    assert isinstance(told, Described)
    assert told.properties["conflicts"] == 0
    assert "convoy:C05" not in desk.engine.touched_by("bridge:B15")


def test_a_border_that_is_behind_the_convoy_needs_no_clearance_any_more(desk: Desk) -> None:
    assert desk.state("clearance:C06-XB10", START) == "open"
    desk.drive(scene(), START, 125)
    assert desk.of("C06").clearances == ()
    assert SOURCE not in {source for source, _ in desk.engine.derived.records("clearance:C06-XB10")}


def plan_of(convoy: str) -> Planned:
    (plan,) = (e.body for e in start() if e.subject == convoy and isinstance(e.body, Planned))
    return plan


def test_a_movement_whose_plan_changes_is_laid_anew(desk: Desk) -> None:
    plan = plan_of("convoy:C07")
    points = tuple(
        msgspec.structs.replace(each, due=each.due + 3_600_000, clear=each.clear + 3_600_000)
        for each in plan.points
        if each.due is not None and each.clear is not None
    )
    later = msgspec.structs.replace(plan, points=points)
    anew = event("simulated", "convoy:C07", at(61), later, received=at(61), world=WORLD, origin="simulated")
    assert "C07" in touched(desk, 61, anew)
    assert desk.of("C07").late_min == pytest.approx(-60, abs=2)
    assert ("C05", "C07") not in desk.pairs() or desk.end("C07") == pytest.approx(414, abs=2)


def test_a_movement_without_a_way_on_the_network_is_unknown() -> None:
    lost = msgspec.structs.replace(plan_of("convoy:C07"), path=((10.0, 50.0), (11.0, 51.0)))
    anew = event("simulated", "convoy:C07", at(61), lost, received=at(61), world=WORLD, origin="simulated")
    desk = Desk([*start(), anew])
    found = desk.of("C07")
    assert (found.tied, found.verdict.answer) == (False, "unknown")
    assert "RTE-01" in {each.rule for each in found.verdict.reasons}
    assert not found.may_move


# -- approvals ---------------------------------------------------------------------------------------------------------


def approved(until: float, mlc: float = 80, name: str = "C06-B15") -> Event:
    body = Described("approval", properties={"by": "Maj Ozols", "until": at(until), "mlc": mlc, "object": "bridge:B15"})
    return said(f"approval:{name}", body, "staff")


def test_an_approval_lets_a_caution_move_until_it_lapses(desk: Desk) -> None:
    desk.settle(START, effect("bridge:B15", "restricted", mlc_wheeled=70))
    assert not desk.of("C06").may_move
    assert touched(desk, START, approved(180)) == ["C06"]
    found = desk.of("C06")
    assert (found.may_move, found.verdict.answer) == (True, "caution")
    (given,) = found.approvals
    assert (given.object, given.by, minute(given.until)) == ("bridge:B15", "Maj Ozols", 180)
    assert not desk.engine.due(at(179))
    assert touched(desk, 180) == ["C06"], "the clock alone ends it"
    assert not desk.of("C06").may_move


def test_an_approval_for_a_lighter_column_does_not_count(desk: Desk) -> None:
    desk.settle(START, effect("bridge:B15", "restricted", mlc_wheeled=70), approved(180, mlc=75))
    assert desk.of("C06").approvals == ()
    assert not desk.of("C06").may_move


def test_no_approval_makes_a_no_go_move(desk: Desk) -> None:
    desk.settle(START, effect("bridge:B15", "restricted", mlc_wheeled=70), approved(180, 100, "C05-B15"))
    assert not desk.of("C05").may_move


# -- what if -----------------------------------------------------------------------------------------------------------

TRIED = {
    "closed with an end": (effect("bridge:B15", since=150, until=360, reason="x"),),
    "closed without": (effect("bridge:B15", reason="x"),),
    "class": (effect("bridge:B15", "restricted", mlc_wheeled=70, mlc_tracked=50),),
    "road": (on_a10(), effect("roadevent:inj5", since=62, until=180)),
    "system": (effect("system:SYS-302", until=230),),
    "breakdown": (effect("convoy:C05", since=135, until=180),),
    "clearance": (effect("clearance:C11-XB01", reason="36 moving"),),
    "port": (effect("port:P01", "degraded", since=15, until=135, capacity_pct=50),),
    "two": (effect("bridge:B25", since=190, until=250), effect("crossing:XB10", "degraded", processing_min=20)),
    "nothing": (effect("bridge:B14"),),
}


@pytest.mark.parametrize("name", TRIED)
def test_what_if_changes_nothing_and_tells_what_will_be(desk: Desk, name: str) -> None:
    events = TRIED[name]
    before, made, were, version = desk.known(), desk.made(), desk.engine.assessments(), desk.engine.version
    told = desk.what_if(START, *events)
    assert (desk.known(), desk.made(), desk.anew(were), desk.engine.version) == (before, made, [], version)
    assert not desk.engine.due(at(START))
    changed = touched(desk, START, *events)
    assert sorted(told) == changed
    after = {each.after.movement.subject: each.after for each in told.values()}
    assert plain(after) == {subject: found for subject, found in desk.known()[0].items() if subject in after}
    assert plain({each.before.movement.subject: each.before for each in told.values()}) == {
        subject: before[0][subject] for subject in after
    }


@pytest.mark.parametrize("name", ["closed with an end", "class", "road", "system", "clearance"])
def test_what_if_it_were_taken_back_tells_what_was_before(desk: Desk, name: str) -> None:
    was = desk.known()[0]
    events = TRIED[name]
    desk.settle(START, *events)
    told = desk.what_if(START, *(over(each, START + 0.01) for each in events if each.source == "inject:1"))
    assert told
    assert plain({each.after.movement.subject: each.after for each in told.values()}) == {
        each.after.movement.subject: was[each.after.movement.subject] for each in told.values()
    }


def test_what_if_the_same_source_says_something_else_its_old_word_does_not_count(desk: Desk) -> None:
    desk.settle(START, effect("crossing:XB10", "degraded", processing_min=20))
    now = effect("crossing:XB10", "degraded", t=60.1, processing_min=5)
    told = desk.what_if(60.1, now)["C06"]
    desk.settle(60.1, now)
    assert plain({"": told.after}) == plain({"": desk.of("C06")})
    assert desk.delay("C06") == 5


def test_the_time_of_the_tests_is_the_scenario_s() -> None:
    assert (minute(NOW), at(START)) == (START, NOW)


def test_conflicts_come_after_the_verdicts_and_do_not_wait_for_ever() -> None:
    desk = Desk(start(), settled=None)
    desk.engine.settle(at(START), meet=False)
    assert set(desk.engine.assessments()) == {f"convoy:{each}" for each in CONVOYS}
    assert desk.engine.conflicts.all() == []
    assert desk.engine.due(at(START))
    desk.tell(sighting("convoy:C05", 23.9, 54.93, START + 1))
    assert not desk.engine.meets(at(START))
    assert desk.engine.meets(at(START) + 300)
    desk.engine.settle(at(START) + 300, meet=desk.engine.meets(at(START) + 300))
    assert desk.engine.conflicts.all() != []
