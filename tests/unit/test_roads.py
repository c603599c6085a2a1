"""Do the simulated road services speak the nations' formats, and does their state change over time?"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lxml import etree

from cop.event import Described, Event, Gone, Status
from cop.geo import distance
from cop.picture import fold
from feeds.adapter import Context, Outcome, decode, sources
from feeds.simulated.roads import (
    MARK,
    MINUTE,
    SCENARIO,
    estonia,
    latvia,
    lithuania,
    state,
)

T0 = 1795550000000  # 2026-11-24 19:53:20 UTC
HOUR = [T0 + minute * MINUTE for minute in range(0, 120, 2)]
SERVICES: dict[str, Callable[..., bytes]] = {"LT": lithuania, "EE": estonia, "LV": latvia}
EAL, EE, LV = SERVICES


def ids(at: int, seed: int = 0) -> set[str]:
    return {event.script.id for event in state(seed, at)}


def body(path: str, at: int, seed: int = 0) -> bytes:
    return SERVICES[path](tuple(event for event in state(seed, at) if event.script.nation == path))


def read(source: str, payload: bytes, at: int) -> list[Outcome]:
    return list(decode(sources()[source], payload, Context(at, origin="simulated")))


# -- the scenario -----------------------------------------------------------------------------------------------------


def test_the_scenario_has_a_score_of_events_in_three_nations() -> None:
    assert 15 <= len(SCENARIO) <= 25
    assert len({script.id for script in SCENARIO}) == len(SCENARIO)
    assert {script.nation for script in SCENARIO} == {"EE", "LV", "LT"}
    assert {"roadworks", "weight", "closure", "weather"} <= {script.category for script in SCENARIO}


def test_the_state_is_a_function_of_seed_and_time() -> None:
    assert state(7, T0) == state(7, T0)
    assert any(ids(at, 1) != ids(at, 2) for at in HOUR)


def test_closures_come_and_go_and_steady_events_stay() -> None:
    seen = [ids(at) for at in HOUR]
    for script in SCENARIO:
        there = [script.id in now for now in seen]
        assert any(there), script.id
        assert all(there) == (script.period == 0), script.id


def test_nothing_is_younger_or_much_older_than_it_says() -> None:
    for at in HOUR:
        for event in state(0, at):
            assert event.since <= event.changed <= at < event.until
            assert at - event.changed < 24 * MINUTE


def test_a_time_changes_only_when_the_state_does() -> None:
    first = {event.script.id: event for event in state(0, T0)}
    again = {event.script.id: event for event in state(0, T0 + 1000)}
    assert sum(again[key] != first[key] for key in first.keys() & again.keys()) <= 1


def test_every_text_says_that_it_is_simulated() -> None:
    for at in HOUR:
        for path in SERVICES:
            text, count = (
                body(path, at).decode(),
                len(ids(at) & {s.id for s in SCENARIO if s.nation == path}),
            )
            assert text.count(f"{MARK}: ") >= count


def test_the_events_lie_on_their_roads_between_waypoints() -> None:
    for event in state(0, T0):
        assert len(event.path) >= 2
        assert event.road.lstrip("A").isdecimal()
        assert distance(event.path[0], event.path[-1]) < 60_000


# -- the formats ------------------------------------------------------------------------------------------------------


def test_lithuania_decodes_without_a_reject_and_gives_the_state_back() -> None:
    for at in HOUR:
        told = {event.script.id: event for event in state(0, at) if event.script.nation == "LT"}
        outcomes = read("lt-eismoinfo", body(EAL, at), at)
        assert len(outcomes) == 2 * len(told)
        for outcome in outcomes:
            assert isinstance(outcome, Event)
            event = told[outcome.subject.removeprefix("roadevent:LT:SIM:")]
            assert outcome.at == event.changed - event.changed % 1000
            if isinstance(outcome.body, Status):
                assert (
                    outcome.body.state
                    == {"speed": "degraded", "weight": "restricted", "closed": "closed"}[event.script.what]
                )
            if isinstance(outcome.body, Described):
                assert outcome.body.properties["roads"] == event.road
                place = outcome.body.lon, outcome.body.lat
                assert distance(event.path[0], place) < 1  # type: ignore[arg-type]


@pytest.mark.parametrize("path", [EE, LV])
def test_datex_decodes_without_a_reject(path: str) -> None:
    for at in HOUR[::6]:
        outcomes = read("datex2", body(path, at), at)
        assert outcomes
        assert all(isinstance(outcome, Event) for outcome in outcomes), outcomes
        states = {
            outcome.body.state
            for outcome in outcomes
            if isinstance(outcome, Event) and isinstance(outcome.body, Status)
        }
        assert states & {"restricted", "degraded"}


def test_datex_is_of_the_version_that_it_says() -> None:
    v2, v3 = (etree.fromstring(body(path, T0)) for path in (EE, LV))
    assert etree.QName(v2).text == "{http://datex2.eu/schema/2/2_0}d2LogicalModel"
    assert etree.QName(v3).text == "{http://datex2.eu/schema/3/d2Payload}payload"


@pytest.mark.parametrize("write", [lithuania, estonia, latvia])
def test_a_nation_without_events_has_an_empty_list(write: Callable[..., bytes]) -> None:
    source = "lt-eismoinfo" if write is lithuania else "datex2"
    assert read(source, write(()), T0) == []


def test_what_is_withdrawn_and_comes_back_counts_again() -> None:
    subject = "roadevent:LT:SIM:LT-04"
    there: dict[bool, int] = {}
    events: list[Event] = []
    for at in range(T0, T0 + 15 * MINUTE, 5000):
        outcomes = [o for o in read("lt-eismoinfo", body(EAL, at), at) if isinstance(o, Event) and o.subject == subject]
        if there.get(True) and not outcomes and events[-1].subject == subject and not isinstance(events[-1].body, Gone):
            events.append(Event(f"gone-{at}", "lt-eismoinfo", subject, at, at, Gone("no longer in the feed")))
        events += outcomes
        there[bool(outcomes)] = there.get(bool(outcomes), 0) + 1
        assert (fold(events).entity(subject) is not None) == bool(outcomes)
    assert there[True] > 10 < there[False]
