"""Which limits hold at a thing, of all that is said of it, and who said each?"""

from __future__ import annotations

from typing import Any

import pytest

from cop.event import Body, Described, Event, Limit, Origin, Status, event
from cop.movement.obstacle import MEASURED, UNITS, Obstacle, obstacle
from cop.picture import Picture, entity

T0 = 1_795_000_000_000
SUBJECT = "bridge:B1"


def told(source: str, body: Body, t: int = 0, origin: Origin = "observed") -> Event:
    world = "real" if origin == "observed" else "exercise/t"
    return event(source, SUBJECT, T0 + t, body, received=T0 + t, world=world, origin=origin)


def seen(*events: Event, t: int = 0) -> Obstacle:
    """The thing in an exercise that lies over the real picture."""
    play, real = Picture(), Picture()
    for each in events:
        (real if each.world == "real" else play).fold(each)
    found = entity(SUBJECT, play.records(SUBJECT), real.records(SUBJECT))
    assert found is not None
    return obstacle(found, T0 + t)


def limit(what: str, value: float, unit: str = "", basis: str = "") -> Limit:
    return Limit(what, value, unit or UNITS[what], basis)


@pytest.mark.parametrize("what", UNITS)
def test_a_limit_counts_in_its_own_unit_and_in_no_other(what: str) -> None:
    own = seen(told("register", Described("Bridge", limits=(limit(what, 40),))))
    assert (own.limits[what].value, own.limits[what].source, own.limits[what].at) == (40, "register", T0)
    other = "t" if UNITS[what] != "t" else "MLC"
    assert seen(told("register", Described("Bridge", limits=(limit(what, 40, other),)))).limits == {}


def test_what_no_rule_knows_is_no_limit() -> None:
    assert seen(told("register", Described("Bridge", limits=(Limit("colour", 3, "m"),)))).limits == {}


def test_of_two_descriptions_the_newest_counts_limit_by_limit() -> None:
    old = told("register", Described("Old", limits=(limit("mlc_wheeled_oneway", 60), limit("height_m", 4.5))), 0)
    new = told("survey", Described("New", limits=(limit("mlc_wheeled_oneway", 80),)), 10)
    for events in ((old, new), (new, old)):
        found = seen(*events)
        assert found.name == "New"
        assert {what: (each.value, each.source) for what, each in found.limits.items()} == {
            "mlc_wheeled_oneway": (80, "survey"),
            "height_m": (4.5, "register"),
        }


def test_an_exercise_description_goes_before_the_real_one_however_old() -> None:
    real = told("register", Described("Bridge", limits=(limit("mlc_wheeled_oneway", 80),)), 50)
    play = told("reference", Described("Bridge", limits=(limit("mlc_wheeled_oneway", 40),)), 0, "injected")
    assert seen(real, play).limits["mlc_wheeled_oneway"].value == 40


def test_the_marking_goes_before_the_basis_of_the_limit_and_that_before_the_description_s() -> None:
    def basis(**more: Any) -> str:
        own = more.pop("own", "")
        body = Described("Bridge", limits=(limit("height_m", 4, basis=own),), **more)
        return seen(told("register", body)).limits["height_m"].basis

    assert basis(marking="EXERCISE DATA", own="measured", basis="memory") == "EXERCISE DATA"
    assert basis(own="measured", basis="memory") == "measured"
    assert basis(basis="memory") == "memory"


@pytest.mark.parametrize(("measure", "what"), MEASURED.items())
def test_a_status_that_cuts_a_class_cuts_it_and_one_that_is_higher_does_not_raise_it(measure: str, what: str) -> None:
    known = told("register", Described("Bridge", limits=(limit(what, 80),)))
    cut = told("inject:1", Status("restricted", measures={measure: 70.0}), 5, "injected")
    high = told("inject:1", Status("restricted", measures={measure: 90.0}), 5, "injected")
    low, same = seen(known, cut).limits[what], seen(known, high).limits[what]
    assert (low.value, low.source, low.at, low.basis) == (70, "inject:1", T0 + 5, "EXERCISE DATA")
    assert (same.value, same.source) == (80, "register")
    assert seen(cut).limits[what].value == 70, "a limit where none was described"


@pytest.mark.parametrize(
    ("since", "until", "t", "holds"),
    [(None, None, 0, True), (10, None, 9, False), (10, None, 10, True), (None, 20, 19, True), (None, 20, 20, False)],
)
def test_a_limit_of_a_status_holds_from_its_beginning_to_before_its_end(
    since: int | None, until: int | None, t: int, holds: bool
) -> None:
    begins, ends = (None if each is None else T0 + each for each in (since, until))
    cut = told("inject:1", Status("restricted", begins, ends, "ice", {"mass_t": 20.0}), 0, "injected")
    found = seen(told("register", Described("Bridge")), cut, t=t)
    assert ("mass_t" in found.limits) == holds
    assert (found.state, found.reason) == (("restricted", "ice") if holds else ("unknown", ""))


def test_of_what_is_measured_the_worst_counts_and_of_a_capacity_the_least() -> None:
    one = told("a", Status("degraded", measures={"delay_min": 5.0, "capacity_pct": 50.0}), 1)
    other = told("b", Status("degraded", measures={"delay_min": 15.0, "capacity_pct": 80.0}), 0)
    found = seen(one, other)
    assert {name: (each.value, each.source) for name, each in found.measures.items()} == {
        "delay_min": (15, "b"),
        "capacity_pct": (50, "a"),
    }


def test_an_injected_status_leaves_no_room_for_what_is_observed() -> None:
    real = told("police", Status("closed", reason="accident", measures={"delay_min": 90.0}), 9)
    play = told("inject:1", Status("restricted", measures={"mass_t": 30.0}), 0, "injected")
    found = seen(real, play)
    assert (found.state, found.source, found.measures) == ("restricted", "inject:1", {})
    assert seen(real).state == "closed"


def test_nobody_says_a_word_means_unknown_and_nothing_made_up() -> None:
    found = seen(told("register", Described()))
    assert (found.name, found.kind, found.state, found.source, found.at) == ("B1", "bridge", "unknown", "", None)
    assert (found.limits, found.measures, found.lon, found.marking) == ({}, {}, None, "")


def test_properties_of_all_who_describe_it_are_joined_and_the_best_word_wins() -> None:
    old = told("register", Described("Bridge", ("LV",), 24.0, 57.0, properties={"kind": "road", "width_m": 9}), 0)
    new = told("survey", Described(properties={"width_m": 7.5}, marking="CHECKED"), 9)
    found = seen(old, new)
    assert found.properties == {"kind": "road", "width_m": 7.5}
    assert (found.name, found.nations, found.marking) == ("Bridge", ("LV",), "CHECKED")
    assert (found.lon, found.lat) == (24.0, 57.0)
