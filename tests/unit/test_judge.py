"""May this vehicle pass this bridge, crossing or road? One table line a rule, in the rules' own numbers."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cop.event import Scalar, State
from cop.movement.judge import Approval, Circumstances, approved, judge
from cop.movement.obstacle import Known, Obstacle
from cop.movement.road import lowest_class
from cop.movement.rules import civil_limits, classes, oversize, rule, rules, seasons, shown_mass_t, states
from cop.movement.vehicle import Vehicle, parse_vehicle
from cop.movement.verdict import Answer, Reason, Verdict

NOW = 1_773_150_000_000
AS_OF = 1_772_323_200_000
PLAIN = Circumstances(now=NOW)
TWO_WAY = Circumstances(now=NOW, flow="two-way")
MARK = "EXERCISE DATA - NOT A REAL LIMIT"


def known(value: float, source: str = "reference", at: int = AS_OF) -> Known:
    return Known(value, source, at, MARK)


def bridge(subject: str = "bridge:B57", kind: str = "road", state: State = "open", **limits: float) -> Obstacle:
    return Obstacle(
        subject,
        "Tapa railway overpass",
        state,
        source="reference",
        at=AS_OF,
        limits={name: known(value) for name, value in limits.items()},
        properties={"kind": kind, "as_of": "2026-03-01"},
        marking=MARK,
    )


def classed(wheeled: float, tracked: float, two_way: float, kind: str = "road") -> Obstacle:
    return bridge(kind=kind, mlc_wheeled_oneway=wheeled, mlc_tracked_oneway=tracked, mlc_twoway=two_way)


def having(seen: Obstacle, *nations: str, **properties: Scalar) -> Obstacle:
    return msgspec.structs.replace(seen, nations=nations, properties=seen.properties | properties)


def road(*nations: str, limits: dict[str, Known] | None = None, state: State = "open", **more: Scalar) -> Obstacle:
    return Obstacle("road:LV:P32", "P32", state, limits=limits or {}, properties=dict(more), nations=nations)


def limiting(verdict: Verdict) -> Reason:
    assert verdict.limiting is not None
    return verdict.limiting


@pytest.mark.parametrize(
    ("vehicle", "classes_of", "answer", "rule_id", "margin"),
    [
        ("wheeled:100", (44, 40, 30), "no-go", "MLC-04", -56),  # C10 at B57
        ("wheeled:60", (60, 50, 40), "go", "MLC-04", 0),  # C12, exactly the class
        ("wheeled:60.1", (60, 50, 40), "caution", "MLC-05", -0.1),
        ("wheeled:80", (70, 60, 50), "caution", "MLC-05", -10),  # 1.25 x 70 = 87.5
        ("wheeled:87.5", (70, 60, 50), "caution", "MLC-05", -17.5),
        ("wheeled:87.6", (70, 60, 50), "no-go", "MLC-04", -17.6),
        ("wheeled:100", (70, 60, 50), "no-go", "MLC-04", -30),
        ("tracked:70", (120, 100, 80), "go", "MLC-04", 30),
        ("tracked:70", (80, 70, 50), "go", "MLC-04", 0),
        ("tracked:70", (100, 60, 50), "caution", "MLC-05", -10),
        ("wheeled:16", (15, 12, 12), "caution", "MLC-05", -1),  # B16 has no standard class
        ("tracked:16", (15, 12, 12), "no-go", "MLC-04", -4),
        ("wheeled:12", (12, 0, 8), "go", "MLC-04", 0),  # B31 has no tracked class: 0 is not classified
        ("tracked:4", (12, 0, 8), "unknown", "MLC-03", None),
        ("wheeled:?", (120, 100, 80), "unknown", "MLC-01", None),
    ],
)
def test_a_class_is_compared_with_the_class_of_its_drive(
    vehicle: str, classes_of: tuple[float, float, float], answer: Answer, rule_id: str, margin: float | None
) -> None:
    reason = limiting(judge(parse_vehicle(vehicle), classed(*classes_of), PLAIN))
    assert (reason.answer, reason.rule) == (answer, rule_id)
    assert reason.margin == (None if margin is None else pytest.approx(margin))


def test_a_reason_says_what_limits_whom_by_whose_word() -> None:
    reason = limiting(judge(parse_vehicle("wheeled:60"), classed(60, 50, 40), PLAIN))
    assert reason == Reason(
        "go", "MLC-04", "wheeled 60 on class 60, one way", "bridge:B57", "Tapa railway overpass", "wheeled 60", 0.0,
        "MLC", "reference", AS_OF, MARK,
    )  # fmt: skip


def test_a_default_caution_class_is_from_memory_and_names_its_conditions() -> None:
    reason = limiting(judge(parse_vehicle("wheeled:80"), classed(70, 60, 50), PLAIN))
    assert reason.basis == f"{MARK}; 1.25 x normal: values from memory"
    assert "up to 87.5" in reason.text
    assert "logged approval" in reason.text
    assert "speed <= 13 km/h" in reason.text


@pytest.mark.parametrize(
    ("vehicle", "limits", "answer", "rule_id"),
    [
        (50, {"mlc_twoway": 50}, "go", "MLC-04"),
        (60, {"mlc_twoway": 50}, "caution", "MLC-08"),
        (80, {"mlc_twoway": 50}, "caution", "MLC-08"),
        (90, {"mlc_twoway": 50}, "caution", "MLC-05"),
        (60, {"mlc_twoway": 50, "mlc_wheeled_twoway": 60}, "caution", "MLC-08"),  # of two the smaller
        (60, {"mlc_wheeled_twoway": 60}, "go", "MLC-04"),
        (60, {"mlc_tracked_twoway": 60}, "caution", "MLC-08"),  # not of its drive
        (60, {}, "caution", "MLC-08"),
        (80, {"mlc_twoway": 120}, "go", "MLC-04"),  # the one-way class was cut since
        (101, {"mlc_twoway": 120}, "no-go", "MLC-04"),
    ],
)
def test_two_ways_bear_less_and_one_way_is_offered(
    vehicle: float, limits: dict[str, Any], answer: Answer, rule_id: str
) -> None:
    seen = bridge(mlc_wheeled_oneway=80, **limits)
    reason = limiting(judge(parse_vehicle(f"wheeled:{vehicle}"), seen, TWO_WAY))
    assert (reason.answer, reason.rule) == (answer, rule_id)
    if rule_id == "MLC-08":
        assert "run one-way with flow control" in reason.text


@pytest.mark.parametrize(
    ("kind", "caution", "answer"),
    [
        ("road", None, "caution"),
        ("dam road", None, "caution"),
        ("road (steel truss, 1967)", None, "caution"),
        ("", None, "caution"),
        ("pontoon", None, "no-go"),
        ("prefabricated panel bridge", None, "no-go"),
        ("temporary road bridge", None, "no-go"),
        ("pontoon", 80, "caution"),  # a caution class that somebody describes counts on any bridge
        ("road", 75, "no-go"),
        ("road", 80, "caution"),
    ],
)
def test_the_default_caution_class_is_for_fixed_bridges_only(kind: str, caution: float | None, answer: Answer) -> None:
    limits: dict[str, Any] = {"mlc_wheeled_oneway": 70.0} | (
        {} if caution is None else {"mlc_wheeled_caution": caution}
    )
    verdict = judge(parse_vehicle("wheeled:80"), bridge(kind=kind, **limits), PLAIN)
    assert verdict.answer == answer
    if answer == "no-go" and caution is None:
        assert "risk crossing (MLC-06) is never offered" in limiting(verdict).text


def test_a_caution_class_goes_down_with_the_class_that_was_cut() -> None:
    seen = bridge(mlc_wheeled_oneway=100, mlc_wheeled_caution=150)
    cut = msgspec.structs.replace(seen, limits=seen.limits | {"mlc_wheeled_oneway": known(70, "excon", NOW)})
    assert judge(parse_vehicle("wheeled:100"), seen, PLAIN).answer == "go"
    assert judge(parse_vehicle("wheeled:80"), cut, PLAIN).answer == "caution"
    assert judge(parse_vehicle("wheeled:100"), cut, PLAIN).answer == "no-go"


@pytest.mark.parametrize(
    ("state", "answer"),
    [("open", "go"), ("restricted", "go"), ("degraded", "go"), ("unknown", "go"), ("closed", "no-go")],
)
def test_silence_about_a_classed_bridge_leaves_the_class_to_decide(state: State, answer: Answer) -> None:
    seen = msgspec.structs.replace(classed(60, 50, 40), state=state, reason="truck in the river", until=NOW)
    verdict = judge(parse_vehicle("wheeled:40"), seen, PLAIN)
    assert verdict.answer == answer
    if state == "closed":
        reason = limiting(verdict)
        assert (reason.rule, reason.source, reason.at, reason.basis) == ("STATE-01", "reference", AS_OF, MARK)
        assert reason.text == "closed: truck in the river (until 2026-03-10 13:40Z)"
    else:
        assert len(verdict.reasons) == 1  # a state adds no reason to go


def test_a_bridge_of_which_nothing_is_said_is_unknown() -> None:
    for state in ("open", "unknown"):
        verdict = judge(parse_vehicle("wheeled:4"), bridge(state=state), PLAIN)
        assert (verdict.answer, limiting(verdict).rule) == ("unknown", "MLC-03")


@pytest.mark.parametrize(
    ("limit", "value", "field", "own", "answer", "margin"),
    [
        ("mass_t", 44, "mass_t", 44, "go", 0),
        ("mass_t", 44, "mass_t", 44.1, "no-go", -0.1),
        ("mass_t", 44, "mass_t", None, "unknown", None),
        ("axle_t", 10, "axle_t", 11.5, "no-go", -1.5),
        ("axle_t", 10, "axle_t", None, "unknown", None),
        ("height_m", 4.2, "height_m", 4.3, "no-go", -0.1),
        ("height_m", 4.2, "height_m", None, "unknown", None),
        ("width_m", 2.7, "width_m", 2.55, "go", 0.15),
        ("width_m", 2.7, "width_m", 3.0, "no-go", -0.3),
        ("length_m", 20, "length_m", 24, "no-go", -4),
    ],
)
def test_a_civil_limit_counts_beside_the_class(
    limit: str, value: float, field: str, own: float | None, answer: Answer, margin: float | None
) -> None:
    more: dict[str, Any] = {} if own is None else {field: own}
    limits: dict[str, Any] = {limit: value}
    seen = bridge(mlc_wheeled_oneway=120, **limits)
    verdict = judge(Vehicle("HET", "wheeled", 60, **more), seen, PLAIN)
    assert verdict.answer == answer
    reason = next(each for each in verdict.reasons if each.rule != "MLC-04")
    assert reason.margin == (None if margin is None else pytest.approx(margin))
    assert (reason.source, reason.at, reason.basis) == ("reference", AS_OF, MARK)


def test_of_a_class_and_a_tonnage_the_strictest_counts() -> None:
    truck = Vehicle("truck", "wheeled", 40, 30)
    assert judge(truck, bridge(mlc_wheeled_oneway=30, mass_t=44), PLAIN).answer == "no-go"
    assert judge(truck, bridge(mlc_wheeled_oneway=60, mass_t=20), PLAIN).answer == "no-go"
    assert judge(truck, bridge(mass_t=44), PLAIN).answer == "unknown"  # a tonnage is never a class


def test_a_temporary_class_is_made_of_a_mass_only_when_it_is_asked_for() -> None:
    asked = Circumstances(now=NOW, tonnes_as_mlc=True)
    truck, seen = Vehicle("truck", "wheeled", None, 40), classed(60, 50, 40)
    assert judge(truck, seen, PLAIN).answer == "unknown"
    reason = limiting(judge(truck, seen, asked))
    assert (reason.answer, reason.rule, reason.margin) == ("caution", "MLC-09", 60 - 38)  # 0.85 x 40 / 0.907 = 37.5
    assert reason.text.startswith("TEMPORARY class 38 from 40 t")
    assert "TEMPORARY" in reason.basis
    assert judge(Vehicle("tank", "tracked", None, 62), seen, asked).answer == "no-go"  # 69 on 50, caution 62.5
    assert judge(Vehicle("truck", "wheeled"), seen, asked).answer == "unknown"
    assert judge(Vehicle("truck", "wheeled", 40, 400), seen, asked).answer == "go"  # who has a class keeps it


@pytest.mark.parametrize(
    ("kind", "answer", "rule_id"),
    [("rail", "no-go", "RTE-01"), ("rail planned", "no-go", "STATE-03"), ("road+tram", "go", "MLC-04")],
)
def test_a_railway_bridge_carries_no_road(kind: str, answer: Answer, rule_id: str) -> None:
    reason = limiting(judge(parse_vehicle("wheeled:10"), classed(60, 50, 40, kind=kind), PLAIN))
    assert (reason.answer, reason.rule) == (answer, rule_id)


@pytest.mark.parametrize(
    ("mlc", "roadway", "width", "flow", "answer"),
    [
        (100, 4.5, None, "one-way", "go"),
        (100, 4.4, None, "one-way", "caution"),
        (100, 8.1, None, "two-way", "caution"),
        (100, 8.2, None, "two-way", "go"),
        (30, 3.4, None, "one-way", "go"),
        (120, 4.0, None, "one-way", "caution"),
        (12, 2.75, 2.8, "one-way", "no-go"),
    ],
)
def test_a_roadway_must_be_wide_enough_for_the_class(
    mlc: float, roadway: float, width: float | None, flow: Any, answer: Answer
) -> None:
    seen = having(classed(150, 150, 150), roadway_m=roadway)
    verdict = judge(Vehicle("v", "wheeled", mlc, width_m=width), seen, Circumstances(flow=flow))
    assert verdict.answer == answer
    assert answer == "go" or limiting(verdict).rule == "MLC-10"


@pytest.mark.parametrize(
    ("note", "mass", "answer"),
    [
        ("15 t full mass in public notices 2019 and 2023; 30 m spacing", 10, "go"),
        ("15 t full mass in public notices 2019 and 2023; 30 m spacing", 16, "caution"),
        ("15 t full mass in public notices 2019 and 2023; 30 m spacing", None, "caution"),
        ("light traffic only (memory)", 10, "caution"),
        ("closed to vehicles since Feb 2024", 10, "no-go"),
        ("unknown", 10, "go"),
        ("none known on the new bridge (opened autumn 2025)", None, "go"),
    ],
)
def test_a_public_note_is_dated_evidence(note: str, mass: float | None, answer: Answer) -> None:
    verdict = judge(Vehicle("v", "wheeled", 12, mass), having(classed(15, 12, 12), public_limit=note), PLAIN)
    assert verdict.answer == answer
    if answer != "go":
        assert (limiting(verdict).rule, limiting(verdict).at) == ("MLC-12", AS_OF)


def test_a_limit_that_could_not_be_read_is_unknown() -> None:
    seen = having(classed(60, 50, 40), limits_not_understood="mass_t: pagal lentą")
    assert judge(parse_vehicle("wheeled:10"), seen, PLAIN).answer == "unknown"


@pytest.mark.parametrize(
    ("nations", "width", "length", "poor", "answer", "flag"),
    [
        (("LV",), 3.4, None, None, "go", ""),
        (("LV",), 3.5, None, False, "caution", "ESCORT"),
        (("LV",), 5.0, None, False, "caution", "ESCORT"),
        (("LV",), 5.1, None, False, "caution", "POLICE"),
        (("LV",), None, 30.0, None, "caution", "ESCORT"),
        (("LV",), None, 40.1, None, "caution", "POLICE"),
        (("LV",), 3.5, None, None, "caution", "nobody says"),
        (("LV",), 3.5, None, True, "no-go", "no move in poor visibility"),
        (("EE", "LV"), 3.5, None, True, "no-go", "ESCORT"),
        ((), 3.5, None, True, "no-go", "ESCORT"),
        (("EE",), 5.1, None, True, "go", ""),
    ],
)
def test_latvia_escorts_what_is_wide_or_long(
    nations: tuple[str, ...], width: float | None, length: float | None, poor: bool | None, answer: Answer, flag: str
) -> None:
    load = Vehicle("load", "wheeled", 60, width_m=width, length_m=length)
    for seen in (having(classed(80, 70, 50), *nations), road(*nations)):
        verdict = judge(load, seen, Circumstances(poor_visibility=poor))
        assert verdict.answer == answer
        if answer != "go":
            assert limiting(verdict).rule == "OVR-01"
            assert flag in limiting(verdict).text


@pytest.mark.parametrize(
    ("season", "nation", "surface", "rank", "mass", "answer"),
    [
        ("spring-thaw", "LV", "gravel", "regional", 10, "go"),
        ("spring-thaw", "LV", "gravel", "regional", 10.1, "no-go"),
        ("spring-thaw", "LV", "gravel", "local", 12, "no-go"),
        ("spring-thaw", "LV", "gravel", "main", 60, "go"),  # never on main roads
        ("spring-thaw", "LV", "paved", "local", 60, "go"),
        ("spring-thaw", "LV", "gravel", "local", None, "unknown"),
        ("spring-thaw", "LV", None, "local", 12, "unknown"),
        ("spring-thaw", "LV", "gravel", None, 12, "unknown"),
        ("spring-thaw", "EE", "gravel", "local", 12, "caution"),
        ("heat", "LT", "paved", "main", 60, "caution"),
        ("heat", "LT", "paved", "main", 40, "go"),
        ("heat", "LT", "paved", "main", None, "caution"),
        ("heat", "LV", "paved", "main", 60, "go"),
        ("", "LV", "gravel", "local", 60, "go"),
    ],
)
def test_seasons_limit_heavy_vehicles(
    season: str, nation: str, surface: str | None, rank: str | None, mass: float | None, answer: Answer
) -> None:
    seen = road(nation, surface=surface, rank=rank, surveyed=True)
    under = Circumstances(season=frozenset({season} - {""}))
    assert judge(Vehicle("v", "wheeled", 40, mass), seen, under).answer == answer


@pytest.mark.parametrize(
    ("surveyed", "state", "answer"),
    [
        (False, "open", "unknown"),
        (False, "closed", "no-go"),
        (True, "open", "go"),
        (None, "open", "go"),
        (True, "closed", "no-go"),
    ],
)
def test_a_road_whose_bridges_nobody_lists_is_unknown(surveyed: bool | None, state: State, answer: Answer) -> None:
    verdict = judge(parse_vehicle("wheeled:40"), road("LV", state=state, surveyed=surveyed), PLAIN)
    assert verdict.answer == answer
    assert answer != "unknown" or limiting(verdict).rule == "RTE-01"


@pytest.mark.parametrize("kind", ["road", "roadevent", "incident", "site"])
def test_a_thing_with_nothing_to_judge_has_no_reasons_and_is_unknown(kind: str) -> None:
    verdict = judge(parse_vehicle("wheeled:40"), Obstacle(f"{kind}:x", "x"), PLAIN)
    assert verdict == Verdict("unknown")


@pytest.mark.parametrize(
    ("subject", "state", "answer", "rule_id"),
    [
        ("crossing:XB01", "open", "go", "PER-03"),
        ("crossing:XB01", "degraded", "go", "PER-03"),
        ("crossing:XB01", "unknown", "unknown", "PER-03"),
        ("crossing:XB01", "closed", "no-go", "PER-03"),
        ("port:P01", "unknown", "unknown", "STATE-01"),
        ("port:P01", "closed", "no-go", "STATE-01"),
        ("roadevent:LV:1", "restricted", "go", "STATE-01"),
        ("roadevent:LV:1", "closed", "no-go", "STATE-01"),
        ("system:S1", "closed", "go", "CYB-01"),
        ("vessel:1", "open", "unknown", "STATE-02"),
        ("vessel:1", "closed", "no-go", "STATE-01"),
    ],
)
def test_a_state_answers_by_the_kind_of_thing(subject: str, state: State, answer: Answer, rule_id: str) -> None:
    reason = limiting(judge(parse_vehicle("wheeled:40"), Obstacle(subject, "x", state), PLAIN))
    assert (reason.answer, reason.rule) == (answer, rule_id)


APPROVAL = Approval("bridge:B57", "MLC-05", "wheeled 80", "Maj Kalns, LV engineers", NOW - 1, NOW + 1)


@pytest.mark.parametrize(
    ("change", "good"),
    [
        ({}, True),
        ({"until": None}, True),
        ({"until": NOW}, False),
        ({"when": NOW + 1}, False),
        ({"object": "bridge:B15"}, False),
        ({"rule": "MLC-08"}, False),
        ({"vehicle": "wheeled 100"}, False),
    ],
)
def test_an_approved_caution_stays_one_and_says_by_whom(change: dict[str, Any], good: bool) -> None:
    given = (msgspec.structs.replace(APPROVAL, **change),)
    verdict = judge(parse_vehicle("wheeled:80"), classed(70, 60, 50), Circumstances(now=NOW, approvals=given))
    assert verdict.answer == "caution"
    assert ("approved by Maj Kalns, LV engineers at 2026-03-10 13:39Z" in limiting(verdict).text) is good
    assert approved(verdict, given, NOW) is good


def test_no_approval_opens_what_may_not_be_passed() -> None:
    for vehicle in ("wheeled:100", "wheeled:?"):
        verdict = judge(parse_vehicle(vehicle), classed(70, 60, 50), PLAIN)
        given = [Approval("bridge:B57", each.rule, each.vehicle, "x", 0) for each in verdict.reasons]
        assert not approved(verdict, given, NOW)
    assert approved(judge(parse_vehicle("wheeled:60"), classed(70, 60, 50), PLAIN), [], NOW)


@pytest.mark.parametrize(
    ("seen", "lowest"),
    [
        ([classed(120, 100, 80), classed(44, 40, 30), road("LV")], (44, 40)),
        ([classed(120, 100, 80), classed(12, 0, 8)], (12, None)),
        ([classed(120, 100, 80), bridge()], (None, None)),
        ([], (None, None)),
    ],
)
def test_a_route_is_as_strong_as_its_weakest_bridge(
    seen: list[Obstacle], lowest: tuple[float | None, float | None]
) -> None:
    assert lowest_class(seen) == lowest


def test_every_rule_that_a_table_names_is_a_rule() -> None:
    table = classes()
    named = {part.rule for part in (table.standard, table.caution, table.expedient, table.lanes, table.masses)}
    named |= {each.rule for each in states().values()} | {each.rule for each in civil_limits()}
    named |= {each.rule for each in oversize()} | {row.rule for rows in seasons().values() for row in rows}
    assert named <= rules().keys()
    assert rule("MLC-05").confidence == "values from memory"
    assert all(each.source and each.confidence for each in rules().values())


def test_the_numbers_of_a_table_are_those_of_its_rule() -> None:
    table = classes()
    assert " ".join(f"{each:g}" for each in table.standard.classes) == rule("MLC-02").value
    assert f"{table.caution.factor:g} x normal one-way" in rule("MLC-05").value
    bounds = zip((4, 13, 31, 61), table.lanes.widths, strict=True)
    assert rule("MLC-10").value.replace("4.0/", "4/") == "; ".join(
        f"{low}-{each.up_to:g}: {each.oneway_m:g}/{each.twoway_m:g}" for low, each in bounds
    )
    for each in table.masses.of:
        assert f"{each.mlc:g}: {each.tracked_t:g}/{each.wheeled_t:g}" in rule("MLC-13").value
    assert (shown_mass_t(100, "wheeled"), shown_mass_t(100, "tracked"), shown_mass_t(99, "tracked")) == (
        104.3,
        90.7,
        None,
    )
