"""Does more never permit more? Laws that hold for any vehicle, thing and circumstances."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from cop.event import STATES
from cop.movement.judge import Approval, Circumstances, approved, judge
from cop.movement.obstacle import UNITS, Known, Obstacle
from cop.movement.road import vehicles_of
from cop.movement.rules import rules
from cop.movement.vehicle import Vehicle
from cop.movement.verdict import RANK, Reason, Verdict, strictest

CLASSES = [name for name in UNITS if name.startswith("mlc")]
CIVIL = ["mass_t", "axle_t", "height_m", "width_m", "length_m"]
SIZES = ["mlc", *CIVIL]

positive = st.floats(0.5, 200) | st.sampled_from([4, 8, 12, 40, 60, 70, 80, 87.5, 100, 3.5, 5, 10, 30.0])
known = st.builds(Known, positive, st.sampled_from(["register", "excon"]), st.integers(0, 2), st.just("EXERCISE DATA"))
limits = st.dictionaries(st.sampled_from([*CLASSES, *CIVIL]), known, max_size=8)
properties = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["road", "pontoon", "temporary", "rail", "dam road", ""]),
        "surface": st.sampled_from(["paved", "gravel", "unknown"]),
        "rank": st.sampled_from(["main", "regional", "local", "unknown"]),
        "surveyed": st.booleans(),
        "roadway_m": st.floats(2, 12),
        "public_limit": st.sampled_from(["unknown", "15 t full mass", "light traffic only"]),
        "as_of": st.sampled_from(["2026-03-01", "not told"]),
    },
)
vehicles = st.builds(
    Vehicle,
    st.just("v"),
    st.sampled_from(["wheeled", "tracked"]),
    *[st.none() | positive for _ in range(6)],
    st.sampled_from(["", "memory"]),
)
things = st.builds(
    Obstacle,
    st.sampled_from(["bridge:B1", "road:R1", "roadevent:E1", "crossing:X1", "port:P1", "site:S1"]),
    st.just("thing"),
    st.sampled_from(STATES),
    limits=limits,
    properties=properties,
    nations=st.sampled_from([(), ("LV",), ("EE", "LV"), ("LT",)]),
)
circumstances = st.builds(
    Circumstances,
    st.just(1),
    st.sampled_from(["one-way", "two-way"]),
    st.frozensets(st.sampled_from(["spring-thaw", "heat", "no season"])),
    st.none() | st.booleans(),
    st.booleans(),
)


def rank(verdict: Verdict) -> int:
    return RANK[verdict.answer]


@given(vehicles, things, circumstances)
def test_a_verdict_is_its_strictest_reason_and_every_reason_names_its_rule(
    vehicle: Vehicle, seen: Obstacle, under: Circumstances
) -> None:
    verdict = judge(vehicle, seen, under)
    assert rank(verdict) == max((RANK[each.answer] for each in verdict.reasons), default=RANK["unknown"])
    for reason in verdict.reasons:
        assert reason.rule in rules()
        assert (reason.object, reason.name, reason.vehicle) == (seen.subject, seen.name, vehicle.label)
        assert reason.text
        assert reason.margin is None or reason.unit


@given(vehicles, things, circumstances, st.sampled_from(["go", "caution", "unknown", "no-go"]))
def test_another_reason_never_permits_more(vehicle: Vehicle, seen: Obstacle, under: Circumstances, answer: Any) -> None:
    verdict = judge(vehicle, seen, under)
    if verdict.reasons:
        assert rank(strictest([*verdict.reasons, Reason(answer, "MLC-04", "more")])) >= rank(verdict)


@given(vehicles, things, circumstances, st.data())
def test_a_lower_limit_never_permits_more(
    vehicle: Vehicle, seen: Obstacle, under: Circumstances, data: st.DataObject
) -> None:
    if not seen.limits:
        return
    name = data.draw(st.sampled_from(sorted(seen.limits)))
    old = seen.limits[name]
    cut = msgspec.structs.replace(old, value=old.value * data.draw(st.floats(0.01, 1)))
    lower = msgspec.structs.replace(seen, limits=seen.limits | {name: cut})
    assert rank(judge(vehicle, lower, under)) >= rank(judge(vehicle, seen, under))


@given(vehicles, things, circumstances, known, st.data())
def test_another_civil_limit_never_permits_more(
    vehicle: Vehicle, seen: Obstacle, under: Circumstances, limit: Known, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(CIVIL))
    if name in seen.limits:
        return
    before = judge(vehicle, seen, under)
    more = msgspec.structs.replace(seen, limits=seen.limits | {name: limit})
    if before.reasons:  # nothing looked at is unknown, and a limit that is kept is something looked at
        assert rank(judge(vehicle, more, under)) >= rank(before)


@given(vehicles, things, circumstances, st.sampled_from(SIZES), st.floats(1, 5))
def test_a_heavier_wider_or_higher_vehicle_is_never_permitted_more(
    vehicle: Vehicle, seen: Obstacle, under: Circumstances, field: str, factor: float
) -> None:
    value = getattr(vehicle, field)
    if value is None:
        return
    more: dict[str, Any] = {field: value * factor}
    assert rank(judge(msgspec.structs.replace(vehicle, **more), seen, under)) >= rank(judge(vehicle, seen, under))


@given(vehicles, things, circumstances, st.sampled_from(CIVIL))
def test_an_unknown_value_under_a_limit_never_goes(
    vehicle: Vehicle, seen: Obstacle, under: Circumstances, field: str
) -> None:
    nameless: dict[str, Any] = {field: None}
    seen = msgspec.structs.replace(seen, limits=seen.limits | {field: Known(200, "register", 0)})
    kind = str(seen.properties.get("kind"))
    if seen.kind == "bridge" or seen.kind in ("road", "roadevent", "crossing", "port", "site"):
        answer = judge(msgspec.structs.replace(vehicle, **nameless), seen, under).answer
        assert answer in ("unknown", "no-go"), kind


@given(vehicles, things, circumstances)
def test_no_bridge_is_passed_without_two_classes(vehicle: Vehicle, seen: Obstacle, under: Circumstances) -> None:
    seen = msgspec.structs.replace(seen, subject="bridge:B1")
    sober = msgspec.structs.replace(under, tonnes_as_mlc=False)
    classless = msgspec.structs.replace(vehicle, mlc=None)
    assert judge(classless, seen, sober).answer in ("unknown", "no-go")
    bare = {name: each for name, each in seen.limits.items() if vehicle.drive not in name}
    assert judge(vehicle, msgspec.structs.replace(seen, limits=bare), under).answer in ("unknown", "no-go")
    asked = msgspec.structs.replace(under, tonnes_as_mlc=True)
    assert judge(classless, seen, asked).answer != "go"


@given(vehicles, things, circumstances)
def test_an_approval_changes_no_answer(vehicle: Vehicle, seen: Obstacle, under: Circumstances) -> None:
    verdict = judge(vehicle, seen, under)
    given_ = tuple(Approval(each.object, each.rule, each.vehicle, "an officer", 0) for each in verdict.reasons)
    again = judge(vehicle, seen, msgspec.structs.replace(under, approvals=given_))
    assert again.answer == verdict.answer
    assert approved(verdict, given_, under.now) == (rank(verdict) <= RANK["caution"])
    assert approved(verdict, (), under.now) == (verdict.answer == "go")


@given(st.lists(vehicles, min_size=1, max_size=4), vehicles, things, circumstances)
def test_another_vehicle_never_permits_more(
    column: list[Vehicle], more: Vehicle, seen: Obstacle, under: Circumstances
) -> None:
    def whole(vehicles: list[Vehicle]) -> int:
        return rank(strictest(reason for each in vehicles for reason in judge(each, seen, under).reasons))

    if judge(column[0], seen, under).reasons:
        assert whole([*column, more]) >= whole(column)


@given(st.text(max_size=30), st.dictionaries(st.text(max_size=8), st.text(max_size=12) | st.floats() | st.booleans()))
def test_any_description_gives_vehicles_without_a_fault(composition: str, properties: dict[str, Any]) -> None:
    for vehicle in vehicles_of(properties | {"composition": composition, "kind": "wheeled"}, "C1"):
        assert vehicle.label.startswith("C1")
        assert vehicle.mlc is None or vehicle.mlc > 0
