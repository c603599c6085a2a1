"""What does the simulated eismoinfo.lt say of road events? The Lithuanian events of the scenario, as its layer."""

from __future__ import annotations

from cop.event import Millis
from feeds.simulated.national import Speaker
from feeds.simulated.roads import lithuania, state


def say(seed: int, now: Millis) -> bytes:
    """The layer of temporary restrictions."""
    return lithuania(tuple(event for event in state(seed, now) if event.script.nation == "LT"))


SPEAKERS = (
    Speaker(
        feed="lt-eismoinfo",
        source="lt-eismoinfo",
        path="/eismoinfo-backend/layer-dynamic-features/EAL",
        media="application/json",
        say=say,
        nations=("LT",),
    ),
)
