"""Strategies: events of a small world, so that subjects, sources and times collide often."""

from __future__ import annotations

from hypothesis import strategies as st

from cop.event import (
    REAL,
    STATES,
    Body,
    Described,
    Event,
    Gone,
    Health,
    Limit,
    Planned,
    Sighted,
    Status,
    Waypoint,
    event,
)

lons = st.floats(20, 29, allow_nan=False).map(lambda x: round(x, 5))
lats = st.floats(53.5, 60, allow_nan=False).map(lambda x: round(x, 5))
times = st.integers(1_000, 1_020)
texts = st.text(max_size=8)
numbers = st.floats(0, 200, allow_nan=False)
places = st.tuples(lons, lats)

sighted = st.builds(
    Sighted,
    lon=lons,
    lat=lats,
    course=st.none() | st.floats(0, 359.9),
    speed=st.none() | numbers,
    accuracy=st.none() | numbers,
)
described = st.builds(
    Described,
    name=texts,
    nations=st.lists(st.sampled_from(["EE", "LV", "LT"]), max_size=2).map(tuple),
    lon=st.just(24.0),
    lat=st.just(57.0),
    limits=st.lists(
        st.builds(Limit, what=st.just("mlc_wheeled_oneway"), value=numbers, unit=st.just("MLC")), max_size=2
    ).map(tuple),
    properties=st.dictionaries(st.sampled_from(["road", "length_m"]), texts | numbers | st.none(), max_size=2),
    marking=st.sampled_from(["", "EXERCISE DATA"]),
)


def _status(since: int | None, length: int | None, state: str, reason: str) -> Status:
    until = None if length is None else (since or 1_000) + length
    return Status(state, since, until, reason)  # type: ignore[arg-type]


statuses = st.builds(
    _status, st.none() | times, st.none() | st.integers(0, 20), st.sampled_from(STATES), st.sampled_from(["", "ice"])
)
planned = st.builds(
    Planned,
    route=st.sampled_from(["", "R01"]),
    path=st.lists(places, max_size=3).map(tuple),
    points=st.lists(st.builds(Waypoint, name=texts, lon=lons, lat=lats, km=numbers), max_size=2).map(tuple),
)
healths = st.builds(Health, state=st.sampled_from(["ok", "late", "failed"]), records=st.integers(0, 9))
bodies: st.SearchStrategy[Body] = sighted | described | statuses | planned | st.builds(Gone) | healths

subjects = st.sampled_from(["vessel:1", "vessel:2", "bridge:B1", "crossing:X1", "convoy:C1"])
sources = st.sampled_from(["ais", "reference", "inject:1"])


def events(world: str = REAL) -> st.SearchStrategy[Event]:
    """Events of one world."""

    def made(source: str, subject: str, at: int, body: Body, origin: str, late: int) -> Event:
        return event(source, subject, at, body, received=at + late, world=world, origin=origin)  # type: ignore[arg-type]

    origins = st.sampled_from(["observed", "simulated", "injected"])
    return st.builds(made, sources, subjects, times, bodies, origins, st.integers(0, 5))
