"""Is what becomes of a movement a function of what is known, and do restrictions only ever restrict?"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cop.event import Body, Event, Gone, Millis, State, Status
from cop.movement.verdict import RANK
from tests.marching import START, Desk, at, effect, minute, on_a10, said, sighting, start

CROSSED = ["bridge:B15", "bridge:B25", "bridge:B56", "bridge:B82", "crossing:XB10", "crossing:XB11", "port:P01"]
SUBJECTS = [*CROSSED, "bridge:B14", "roadevent:inj5", "system:SYS-302", "convoy:C05", "clearance:C11-XB01"]
TIMELESS = [each for each in SUBJECTS if not each.startswith(("convoy:", "clearance:"))]
"""What is told of a breakdown or of a lead time runs with the clock: it is told anew only when something changes."""
SOURCES = ["inject:1", "inject:2", "police"]
END = 240.0
MEASURES: list[dict[str, float]] = [
    {},
    {"mlc_wheeled": 40.0},
    {"mlc_wheeled": 70.0, "alternating": 1.0},
    {"delay_min": 15.0},
    {"speed_kmh": 20.0},
    {"processing_min": 10.0},
    {"capacity_pct": 50.0},
]
STATES: list[State] = ["open", "restricted", "degraded", "closed", "unknown"]

times = st.integers(0, 60)


@st.composite
def reports(draw: st.DrawFn, subjects: list[str] = SUBJECTS, windows: bool = True) -> Event:
    """A status of some thing on the ways, or that its source takes its word back."""
    subject, source, t = draw(st.sampled_from(subjects)), draw(st.sampled_from(SOURCES)), START + draw(times) / 10
    if draw(st.integers(0, 5)) == 0:
        return said(subject, Gone("over"), source, t)
    since: Millis | None = None
    until: Millis | None = None
    if windows and draw(st.booleans()):
        since = at(START + draw(st.integers(-20, 100)))
        until = draw(st.none() | st.integers(1, 120).map(lambda m: since + m * 60_000))
    body: Body = Status(draw(st.sampled_from(STATES)), since, until, "x", draw(st.sampled_from(MEASURES)))
    return said(subject, body, source, t)


def base() -> tuple[Event, ...]:
    """The scenario with a road event that lies on the A10."""
    return (*start(), on_a10())


def batches(draw: Any, events: list[Event]) -> list[list[Event]]:
    """The events in some order, in some groups."""
    shuffled = draw(st.permutations(events))
    cuts = sorted(draw(st.lists(st.integers(0, len(events)), max_size=4)))
    return [list(shuffled[a:b]) for a, b in zip([0, *cuts], [*cuts, len(events)], strict=True)]


def shown(desk: Desk, t: float) -> dict[str, State]:
    """How each thing of which the engine says something looks on the map."""
    return {subject: desk.state(subject, t) for subject in sorted(desk.engine.derived.subjects()) if desk.look(subject)}


@settings(max_examples=15)
@given(st.data(), st.lists(reports(), max_size=12))
def test_any_order_and_any_batches_of_the_same_reports_come_to_the_same(data: Any, events: list[Event]) -> None:
    desk = Desk(base())
    for batch in batches(data.draw, events):
        desk.settle(START + 6, *batch)
    fresh = Desk([*base(), *events], settled=START + 6)
    assert desk.known() == fresh.known()
    assert shown(desk, START + 6) == shown(fresh, START + 6)


@settings(max_examples=15)
@given(st.data(), st.lists(reports(TIMELESS), max_size=10))
def test_as_the_clock_runs_what_is_settled_is_what_a_fresh_engine_would_say(data: Any, events: list[Event]) -> None:
    desk, now = Desk(base()), START + 6
    for batch in batches(data.draw, events):
        desk.settle(now, *batch)
        now += data.draw(st.integers(0, 60))
    desk.settle(now)
    fresh = Desk([*base(), *events], settled=now)
    assert desk.known() == fresh.known()
    assert shown(desk, now) == shown(fresh, now)


places = st.tuples(st.sampled_from(["C02", "C05", "C06"]), st.floats(0, 90), st.booleans())


@settings(max_examples=10)
@given(st.data(), st.lists(reports(), max_size=8), st.lists(places, max_size=8))
def test_among_the_same_sightings_reports_may_come_in_any_batches(
    data: Any, events: list[Event], seen: list[tuple[str, float, bool]]
) -> None:
    first = Desk(base())
    heads = [_seen(first, convoy, km / 10, astray, START + 7 + i) for i, (convoy, km, astray) in enumerate(seen)]

    def played() -> Desk:
        desk, groups = Desk(base()), batches(data.draw, events)
        for head in heads:
            desk.settle(END, head)
            if groups:
                desk.settle(END, *groups.pop())
        for group in groups:
            desk.settle(END, *group)
        desk.engine.use(desk.engine.ruleset)  # a lateness that is no news is not told at once
        desk.settle(END)
        return desk

    assert played().known() == played().known()


def _seen(desk: Desk, convoy: str, further: float, astray: bool, t: float) -> Event:
    """The head is seen so many kilometres further on, or a degree beside that."""
    course, km = desk.engine.course(f"convoy:{convoy}"), desk.of(convoy).head_km
    assert course is not None
    assert km is not None
    lon, lat = course.line.place(km + further)
    return sighting(f"convoy:{convoy}", lon + astray, lat, t)


@settings(max_examples=15)
@given(
    st.lists(reports(windows=False), max_size=6),
    st.sampled_from(SUBJECTS),
    st.sampled_from([("closed", {}), ("restricted", {"mlc_wheeled": 30.0}), ("restricted", {"mass_t": 10.0})]),
)
def test_one_more_restriction_never_permits_more(
    events: list[Event], subject: str, restriction: tuple[State, dict[str, float]]
) -> None:
    desk = Desk([*base(), *events], settled=START + 6)
    before = desk.answers()
    state, measures = restriction
    desk.settle(START + 6, said(subject, Status(state, measures=measures), "inject:new", START + 6))
    for convoy, answer in desk.answers().items():
        if before[convoy] == "no-go" or state == "closed":
            assert RANK[answer] >= RANK[before[convoy]], convoy


closures = st.builds(
    lambda subject, source, since, lasts: effect(
        subject, "closed", START + since, START + since + lasts, source=source
    ),
    st.sampled_from([*CROSSED, "roadevent:inj5", "convoy:C05", "convoy:C06"]),
    st.sampled_from(SOURCES),
    st.integers(-30, 200),
    st.integers(40, 150),
)
slow = st.builds(
    lambda subject, speed, since, lasts: effect(
        subject, "degraded", START + since, START + since + lasts, source="slow", speed_kmh=speed
    ),
    st.sampled_from(["roadevent:inj5", "bridge:B82", "crossing:XB10"]),
    st.sampled_from([5.0, 10.0, 30.0]),
    st.integers(-30, 200),
    st.integers(40, 150),
)


@settings(max_examples=15)
@given(st.lists(closures | slow, max_size=4), closures)
def test_to_close_something_never_brings_anybody_forward(events: list[Event], closure: Event) -> None:
    desk = Desk([*base(), *events])
    before = {each.movement.id: (each.eta, each.clear[-1]) for each in desk.engine.assessments().values()}
    new = effect(closure.subject, "closed", minute(closure.body.since), minute(closure.body.until), source="new")  # type: ignore[union-attr]
    desk.settle(START, new)
    for convoy, (head, tail) in before.items():
        found = desk.of(convoy)
        for was, now in ((head, found.eta), (tail, found.clear[-1])):
            assert now is None or (was is not None and now >= was), convoy


@settings(max_examples=10)
@given(st.lists(reports(), max_size=4), st.lists(reports(), min_size=1, max_size=4))
def test_what_if_changes_nothing_and_is_what_would_be(events: list[Event], tried: list[Event]) -> None:
    t = START + 6
    desk = Desk([*base(), *events], settled=t)
    tried = [_after(each, events) for each in tried]
    before, made, version = desk.known(), desk.made(), desk.engine.version
    told = desk.what_if(t, *tried)
    assert (desk.known(), desk.made(), desk.engine.version) == (before, made, version)
    desk.settle(t, *tried)
    after = desk.known()[0]
    for subject, was in before[0].items():
        convoy = subject.partition(":")[2]
        if convoy in told:
            assert told[convoy].after.verdict == desk.of(convoy).verdict
            assert told[convoy].after.due == desk.of(convoy).due
            assert told[convoy].after.forecast == desk.of(convoy).forecast
        else:
            assert after[subject] == was, "who is not told of is not touched"


def _after(one: Event, events: list[Event]) -> Event:
    """The same, said later than all that is known."""
    return said(one.subject, one.body, one.source, START + 6)
