"""What does a failing system do to the crossings that hang on it, and does its end undo all of it?"""

from __future__ import annotations

from typing import Any

import pytest

from cop.event import Described, Status
from cop.movement.outage import effects, outage
from cop.picture import Picture
from tests.marching import START, Desk, at, effect, minute, over, plain, said, start

BORDERS = ("crossing:XB01", "crossing:XB10", "crossing:XB11")
SLOWED = ["C02", "C03", "C06", "C11"]
"""The convoys that come to one of them while the system is down, by the march table."""


def system(*told: Any, **properties: Any) -> Any:
    """A system with what it says of itself and the statuses that are told of it."""
    picture = Picture()
    body = Described("Form 302", properties=properties)
    for each in (said("system:S", body, "reference"), *told):
        picture.fold(each)
    return picture.entity("system:S")


@pytest.fixture
def desk() -> Desk:
    return Desk(start())


def down(since: float = 110, until: float | None = 230, t: float = 110, source: str = "inject:7", **more: Any) -> Any:
    return effect("system:SYS-302", since=since, until=until, t=t, source=source, reason="attack or fault", **more)


# -- what an outage is -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "is_down"),
    [("open", False), ("unknown", False), ("degraded", True), ("restricted", True), ("closed", True)],
)
def test_a_system_is_down_when_it_is_not_up_and_never_because_nobody_knows(state: Any, is_down: bool) -> None:
    assert (outage(system(effect("system:S", state)), at(START)) is not None) == is_down


def test_a_system_of_which_nothing_is_said_is_not_down() -> None:
    assert outage(system(), at(START)) is None


def test_what_hangs_on_it_is_degraded_for_as_long_with_the_fallback_s_minutes() -> None:
    told = effect("system:S", since=60, until=90, reason="secret")
    more = {"affects_subjects": "crossing:X1 port:P1 nonsense", "exercise_fallback_min_per_march_unit": 20}
    found = outage(system(told, fallback="paper", **more), at(START))
    assert found is not None
    made = effects(found)
    assert [each.subject for each in made] == ["crossing:X1", "port:P1"]
    for each in made:
        assert each.body == Status(
            "degraded", at(60), at(90), "Form 302 is down: paper, 20 min a march unit", {"processing_min": 20.0}
        )
        assert (each.world, each.origin, each.source) == (told.world, told.origin, "rule:CYB-01:S")
        assert "secret" not in str(each.body), "CYB-02: nothing here says why the system failed"


def test_minutes_that_are_told_go_before_the_register_s_and_without_any_none_are_made_up() -> None:
    bare = {"affects_subjects": "crossing:X1"}
    measured = effect("system:S", "degraded", processing_min=7)
    for told, more, minutes in (
        (measured, {"exercise_fallback_min_per_march_unit": 20}, {"processing_min": 7.0}),
        (effect("system:S", "degraded"), {}, {}),
    ):
        found = outage(system(told, **bare, **more), at(START))
        assert found is not None
        (made,) = effects(found)
        assert isinstance(made.body, Status)
        assert made.body.measures == minutes
        assert "is degraded" in made.body.reason


# -- and what it does to the march -------------------------------------------------------------------------------------


def test_the_crossings_are_degraded_and_not_closed_with_minutes_a_march_unit(desk: Desk) -> None:
    new = desk.settle(110, down())
    assert {*BORDERS, "port:P01", "port:P30"} <= new
    for border in BORDERS:
        (told,) = desk.engine.derived.records(border).values()
        assert isinstance(told.body, Status)
        assert (told.body.state, told.body.measures) == ("degraded", {"processing_min": 20.0})
        assert (minute(told.body.since), minute(told.body.until)) == (110, 230)
        assert desk.state(border, 111) == "degraded"
    assert desk.state("crossing:XB02", 111) == "open"
    assert "system:SYS-302" in desk.engine.systems


def test_each_march_unit_waits_its_minutes_one_after_the_other(desk: Desk) -> None:
    before = {each: desk.of(each).clear[-1] for each in SLOWED}
    desk.settle(110, down())
    everybody = {found.movement.id for found in desk.engine.assessments().values()}
    assert sorted(each for each in everybody if desk.delay(each)) == SLOWED
    assert [desk.delay(each) for each in SLOWED] == [20] * 4
    for convoy in ("C02", "C06", "C11"):  # two units: the second waits for the first one's 20 minutes, and its own
        tail, was = desk.of(convoy).clear[-1], before[convoy]
        assert tail is not None
        assert was is not None
        assert (tail - was) / 60_000 == pytest.approx(36, abs=1.5)
        assert desk.of(convoy).forecast.elements(1.0) == ((0, 1), (1, 2))
    assert desk.of("C06").verdict.answer == "go", "an outage is no reason not to go"


@pytest.mark.parametrize("how", ["time alone", "taken back", "said to be up"])
def test_its_end_restores_everything(desk: Desk, how: str) -> None:
    desk.settle(109)
    before = desk.known()
    told = down(until=130 if how == "time alone" else 230)
    desk.settle(110, told)
    assert desk.known() != before
    match how:
        case "taken back":
            desk.settle(130, over(told, 130))
        case "said to be up":
            desk.settle(130, effect("system:SYS-302", "open", since=None, t=130, source="inject:7"))
        case _:
            assert not desk.engine.due(at(129.9))
            assert desk.engine.due(at(130))
            desk.settle(130)
    for border in BORDERS:
        assert desk.state(border, 130) == "open"
        assert not desk.engine.derived.records(border)
    assert desk.known() == before


def test_an_outage_to_come_begins_by_itself(desk: Desk) -> None:
    desk.settle(START, down(t=START))
    assert [desk.delay(each) for each in SLOWED] == [0] * 4
    desk.settle(110)
    assert [desk.delay(each) for each in SLOWED] == [20] * 4


def test_an_outage_that_was_announced_before_another_ended_counts_when_it_begins(desk: Desk) -> None:
    desk.settle(62, down(62, 100, 62, "inject:1"))
    desk.settle(90, down(110, 230, 90, "inject:2"))
    desk.settle(100)
    assert desk.state("crossing:XB10", 100) == "open"
    desk.settle(110)
    assert desk.state("crossing:XB10", 110) == "degraded"
    assert desk.delay("C06") == 20


def test_of_two_outages_the_older_counts_again_when_the_newer_is_taken_back(desk: Desk) -> None:
    desk.settle(62, down(62, 400, 62, "inject:1"))
    newer = down(63, 400, 63, "inject:2", processing_min=50)
    desk.settle(63, newer)
    assert desk.delay("C06") == 50
    desk.settle(64, over(newer, 64))
    assert desk.delay("C06") == 20


def test_a_border_on_two_systems_has_both_and_keeps_the_one_that_is_left(desk: Desk) -> None:
    other = said("system:OTHER", Described("Other", properties={"affects_subjects": "crossing:XB10"}), "reference")
    desk.settle(62, other, effect("system:OTHER", "degraded", t=62, source="inject:3", processing_min=5))
    desk.settle(62, down(62, 400, 62))
    assert len(desk.engine.derived.records("crossing:XB10")) == 2
    assert desk.delay("C06") == 25
    assert desk.delay("C02") == 20
    desk.settle(63, over(effect("system:OTHER", t=62, source="inject:3"), 63))
    assert desk.delay("C06") == 20


@pytest.mark.parametrize("word", ["unknown", None])
def test_an_outage_makes_no_crossing_known_of_which_nobody_says_that_it_is_open(word: Any) -> None:
    quiet = [e for e in start() if e.subject != "crossing:XB10" or not isinstance(e.body, Status)]
    desk = Desk([*quiet, *([effect("crossing:XB10", word, None)] if word else [])], settled=110)
    assert desk.of("C06").verdict.answer == "unknown"
    desk.settle(110, down())
    found = desk.of("C06")
    assert (found.verdict.answer, desk.delay("C06")) == ("unknown", 20)


# -- confidence --------------------------------------------------------------------------------------------------------


def decided(t: float, convoy: str = "C04", border: str = "XB11") -> Any:
    """The form and the permission of a convoy come at T+t."""
    body = Described(
        properties={
            "convoy": convoy,
            "border": f"crossing:{border}",
            "permission": "APPROVED",
            "form302": "LT20260106UO000004",
            "vehicles_declared": 24,
            "requested_at": at(t) - 50 * 86_400_000,
            "decided_at": at(t),
        }
    )
    return said(f"clearance:{convoy}-{border}", body, "staff", t)


def test_what_is_decided_while_the_exchange_is_down_cannot_be_confirmed(desk: Desk) -> None:
    desk.settle(110, down(until=900))
    desk.settle(120, decided(120))
    (found,) = desk.of("C04").clearances
    assert found.state == "unknown"
    assert found.missing == ("can't be confirmed: Form 302 electronic exchange (customs)",)
    assert desk.of("C04").verdict.answer == "unknown"
    assert desk.state("clearance:C04-XB11", 120) == "unknown"
    desk.settle(900)
    assert desk.of("C04").clearances[0].state == "cleared"
    assert desk.state("clearance:C04-XB11", 900) == "open"


def test_what_was_decided_before_still_counts_and_a_missing_paper_stays_missing(desk: Desk) -> None:
    papers = {each: desk.of(each).clearances for each in ("C02", "C04", "C06", "C08", "C11", "C12")}
    desk.settle(110, down())
    for convoy, before in papers.items():
        assert [each.state for each in desk.of(convoy).clearances] == [each.state for each in before]


def test_what_if_a_system_failed_or_came_back(desk: Desk) -> None:
    told = desk.what_if(110, down())
    assert set(SLOWED) <= told.keys()
    assert not [each for each in desk.engine.derived.subjects() if each.startswith("crossing:")]
    was = desk.known()[0]
    desk.settle(110, down())
    after = {each.after.movement.subject: each.after for each in told.values()}
    assert plain(after) == {subject: found for subject, found in desk.known()[0].items() if subject in after}
    back = desk.what_if(111, over(down(), 111))
    assert plain({each.after.movement.subject: each.after for each in back.values()}) == {
        f"convoy:{each}": was[f"convoy:{each}"] for each in back
    }
    assert desk.state("crossing:XB10", 111) == "degraded"
