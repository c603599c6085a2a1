"""Do times run forward along a way, and can a hold ever bring a column sooner?"""

from __future__ import annotations

from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.movement.forecast import MINUTE, Hold, Leg, forecast

kms = st.lists(st.floats(0.1, 50), min_size=1, max_size=8).map(lambda steps: [0.0, *accumulate(steps)])


@st.composite
def plans(draw: st.DrawFn) -> list[Leg]:
    way = draw(kms)
    speed = draw(st.sampled_from([20.0, 35.0, 50.0]))
    start = draw(st.integers(0, 10**7))
    return [Leg(km, start + round(km / speed * 60 * MINUTE)) for km in way]


@st.composite
def holds(draw: st.DrawFn) -> Hold:
    km, since = draw(st.floats(0, 200)), draw(st.integers(0, 2 * 10**7))
    until = draw(st.none() | st.integers(since, since + 10**8))
    return Hold(
        km,
        f"bridge:{draw(st.integers(0, 3))}",
        "X",
        "why",
        since,
        until,
        km + draw(st.floats(0, 60)),
        closed=draw(st.booleans()) and until is not None,
        delay_min=draw(st.sampled_from([0.0, 7.0])),
        processing_min=draw(st.sampled_from([0.0, 20.0])),
        speed_kmh=draw(st.sampled_from([None, 10.0, 90.0])),
        source="s",
    )


@given(plans(), st.lists(holds(), max_size=5), st.integers(1, 4), st.sampled_from([0.0, 8.0]))
def test_times_run_forward_along_the_way_and_nobody_overtakes(
    legs: list[Leg], stand: list[Hold], units: int, pass_min: float
) -> None:
    told = forecast(legs, stand, units=units, pass_min=pass_min)
    for times in told.units:
        assert all(b >= a for a, b in pairwise(times))
    for before, behind in pairwise(told.units):
        assert all(b >= a + told.length - 1e-3 for a, b in zip(before, behind, strict=True))
    for track in told.tracks:
        assert all(b.at >= a.at and b.km >= a.km for a, b in pairwise(track))


@given(plans(), st.lists(holds(), max_size=4), st.integers(1, 3))
def test_no_hold_brings_the_column_sooner_than_the_plan(legs: list[Leg], stand: list[Hold], units: int) -> None:
    free, held = forecast(legs, [], units=units, pass_min=6), forecast(legs, stand, units=units, pass_min=6)
    for a, b in zip(free.units, held.units, strict=True):
        assert all(y >= x - 1e-3 for x, y in zip(a, b, strict=True))
    if not held.costs:
        assert all(pytest.approx(a, abs=0.1) == b for a, b in zip(free.units, held.units, strict=True))


@given(plans(), st.floats(0, 300), st.integers(0, 10**7), st.integers(1, 10**7), st.integers(0, 10**7))
def test_a_longer_closure_never_brings_it_sooner(legs: list[Leg], km: float, since: int, lasts: int, more: int) -> None:
    short = Hold(km, "bridge:1", "X", "why", since, since + lasts, closed=True)
    long = Hold(km, "bridge:1", "X", "why", since, since + lasts + more, closed=True)
    a, b = (forecast(legs, [each], units=2, pass_min=5).units[0] for each in (short, long))
    assert all(y >= x for x, y in zip(a, b, strict=True))
