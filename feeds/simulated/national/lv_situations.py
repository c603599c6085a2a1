"""How does the simulated road service of Latvia speak? DATEX II, version 3, of the road scenario's events there."""

from __future__ import annotations

from cop.event import Millis
from feeds.simulated.national import Speaker
from feeds.simulated.roads import latvia, state


def say(seed: int, now: Millis) -> bytes:
    """The publication of this moment."""
    return latvia(tuple(event for event in state(seed, now) if event.script.nation == "LV"))


SPEAKERS = (
    Speaker(
        feed="lv-situations",
        source="lv-situations",
        path="/lv/situations",
        media="application/xml",
        say=say,
        nations=("LV",),
    ),
)
