"""Which of two reports that disagree counts, and does the other one stay?"""

from __future__ import annotations

import pytest

from cop.event import Event, Millis, Origin, State, Status, event
from cop.picture import Picture, fold

NOW = 1_795_000_000_000


def said(source: str, state: State, at: Millis, *, until: Millis | None = None, origin: Origin = "observed") -> Event:
    return event(source, "airfield:EVRA", at, Status(state, until=until), received=NOW, origin=origin)


@pytest.mark.parametrize(
    ("told", "state", "source"),
    [
        ([said("notam", "closed", 1_000), said("metar", "degraded", 2_000)], "closed", "notam"),
        ([said("notam", "open", 1_000), said("border", "unknown", 2_000)], "open", "notam"),
        ([said("a", "unknown", 1_000), said("b", "unknown", 2_000)], "unknown", "b"),
        ([said("a", "restricted", 1_000), said("b", "degraded", 2_000)], "degraded", "b"),
        ([said("notam", "closed", 1_000, until=NOW), said("metar", "degraded", 900)], "degraded", "metar"),
        ([said("notam", "closed", 1_000), said("notam", "open", 2_000)], "open", "notam"),
        ([said("notam", "closed", 1_000), said("excon", "open", 900, origin="injected")], "open", "excon"),
    ],
    ids=[
        "a newer lesser report hides no closure",
        "who does not know contradicts nobody",
        "of two who do not know the newer",
        "of two as bad the newer",
        "what is over counts no more",
        "a source takes its own word back",
        "an inject overrides",
    ],
)
def test_the_report_that_counts(told: list[Event], state: State, source: str) -> None:
    for order in (told, told[::-1]):
        found = fold(order).entity("airfield:EVRA")
        assert found is not None
        counts = found.status(NOW)
        assert counts is not None
        assert (found.state(NOW), counts.source) == (state, source)
        assert {each.source for each in found.events} == {each.source for each in told}


def test_nobody_who_says_anything_is_unknown() -> None:
    picture = Picture()
    picture.fold(said("notam", "open", 1_000, until=2_000))
    found = picture.entity("airfield:EVRA")
    assert found is not None
    assert found.state(NOW) == "unknown"
