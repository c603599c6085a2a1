"""Who says otherwise, and whose word counts: the table of docs/adr/0018 as the panel tells it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.event import REAL, Described, Event, Limit, Millis, Origin, Sighted, State, Status, event
from cop.picture import Entity, entity, fold
from dashboard.sides import Row, sides
from tests.worlds import events

NOW = 1_795_000_000_000
HOUR = 3_600_000
DEMO = "exercise/demo"


def told(
    source: str,
    body: Described | Status | Sighted,
    *,
    age: Millis = 0,
    world: str = REAL,
    origin: Origin = "observed",
    subject: str = "crossing:X1",
) -> Event:
    return event(source, subject, NOW - age, body, received=NOW, world=world, origin=origin)


def of(*events_: Event) -> Entity:
    worlds = [fold(e for e in events_ if e.world == world).records(events_[0].subject) for world in (DEMO, REAL)]
    found = entity(events_[0].subject, *worlds)
    assert found is not None
    return found


def row(found: Entity, title: str) -> Row:
    (only,) = [each for each in sides(found, NOW).differ if each.title == title]
    return only


def counts(found: Row) -> str:
    assert found.counts is not None
    return found.counts.source


def state(source: str, said: State, age: Millis = 0, **more: int) -> Event:
    return told(source, Status(said, more.get("since"), more.get("until"), reason=f"{source} says so"), age=age)


@pytest.mark.parametrize(
    ("reports", "who", "why"),
    [
        ([state("a", "open"), state("b", "closed", HOUR)], "b", "of those who know, the worst counts"),
        ([state("a", "unknown"), state("b", "open", HOUR)], "b", "only this one knows"),
        (
            [state("a", "closed"), state("b", "closed", HOUR), state("c", "open")],
            "a",
            "of those who say the worst, the newest counts",
        ),
        ([state("a", "closed", until=NOW - 1), state("b", "open")], "b", "only this one holds now"),
        ([state("a", "closed", since=NOW + HOUR), state("b", "open")], "b", "only this one holds now"),
    ],
)
def test_of_two_statuses_the_worst_that_is_known_counts_and_the_panel_says_why(
    reports: list[Event], who: str, why: str
) -> None:
    found = row(of(*reports), "Status")
    assert (counts(found), found.why) == (who, why)


def test_an_inject_overrides_and_the_real_reports_stay_beside_it() -> None:
    inject = told("inject:1", Status("open"), world=DEMO, origin="injected", age=HOUR)
    found = row(of(inject, state("police", "closed")), "Status")
    assert counts(found) == "inject:1"
    assert found.why == "an inject overrides all else in its exercise"
    assert {each.source: cell.text for each, cell in found.cells.items()} == {"inject:1": "open", "police": "closed"}


def test_what_holds_later_or_no_longer_says_so() -> None:
    found = row(
        of(state("a", "closed", since=NOW + HOUR), state("b", "open"), state("c", "degraded", until=NOW - HOUR)),
        "Status",
    )
    notes = {each.source: cell.note for each, cell in found.cells.items()}
    assert "only from" in notes["a"]
    assert notes["b"] == "b says so"
    assert "over since" in notes["c"]


def test_limits_are_told_side_by_side_and_the_strictest_that_holds_counts() -> None:
    def limit(value: float) -> Described:
        return Described("Bridge", limits=(Limit("mass_t", value, "t", "register"),))

    found = row(of(told("new", limit(40)), told("old", limit(30), age=HOUR)), "Limit: mass")
    assert (counts(found), found.why) == ("new", "the newest register counts")
    now_set = told("police", Status("restricted", measures={"mass_t": 20}))
    found = row(of(told("new", limit(40)), told("old", limit(30), age=HOUR), now_set), "Limit: mass")
    assert (counts(found), found.why) == ("police", "the strictest that holds now counts")
    assert [cell.text for cell in found.cells.values()] == ["20 t", "40 t", "30 t"]


def test_a_class_is_never_beside_a_tonnage() -> None:
    one = told("a", Described("Bridge", limits=(Limit("mlc_wheeled", 44, "MLC"),)))
    other = told("b", Described("Bridge", limits=(Limit("mass_t", 44, "t"),)), age=1)
    assert sides(of(one, other), NOW).differ == ()


@pytest.mark.parametrize(("lat", "apart"), [(57.0, False), (57.0005, False), (57.1, True)])
def test_places_differ_when_they_are_further_apart_than_their_accuracy(lat: float, apart: bool) -> None:
    seen = told("ais", Sighted(21.0, 57.0, accuracy=10), subject="vessel:1")
    other = told("radar", Sighted(21.0, lat, accuracy=50), subject="vessel:1", age=HOUR)
    found = sides(of(seen, other), NOW)
    assert [each.title for each in found.differ] == (["Position"] if apart else [])
    assert ("Position" in found.agree) is not apart
    if apart:
        cells = {each.source: cell.note for each, cell in found.differ[0].cells.items()}
        assert cells == {"ais": "±10 m", "radar": "±50 m; 11.1 km away"}
        assert found.differ[0].why == "the newest sighting counts"


def test_names_measures_and_properties_are_told_with_their_titles_and_units() -> None:
    one = told("a", Described("Narva", ("EE",), properties={"road_a": "EE 1", "km_from_10m_border": 0.5}))
    two = told(
        "b", Described("Narva–Ivangorod", ("EE",), properties={"road_a": "EE 1", "km_from_10m_border": 0.25}), age=1
    )
    waits = [told(s, Status("open", measures={"waiting_min": v})) for s, v in (("a", 20.0), ("b", 35.0))]
    found = sides(of(one, two, *waits), NOW)
    texts = {each.title: [cell.text for cell in each.cells.values()] for each in found.differ}
    assert texts["Name"] == ["Narva", "Narva–Ivangorod"]
    assert texts["Distance to the drawn border"] == ["0.5 km", "0.25 km"]
    assert sorted(texts["Waiting time"]) == ["20 min", "35 min"]
    assert set(found.agree) == {"Nations", "Road, first side", "Status"}


@given(st.lists(events(), min_size=1, max_size=40), st.integers(990, 1_040))
def test_whatever_is_told_only_real_differences_are_shown_and_the_status_is_the_entitys(
    reports: list[Event], now: int
) -> None:
    picture = fold(reports)
    for subject in {each.subject for each in reports}:
        thing = picture.entity(subject)
        if thing is None:
            continue
        found = sides(thing, now)
        for each in found.differ:
            assert len({cell.text for cell in each.cells.values()}) > 1
            assert set(each.cells) <= set(found.columns)
            if each.title == "Status" and each.counts is not None:
                assert each.cells[each.counts].text == thing.state(now)
