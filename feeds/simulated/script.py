"""How does a scripted state change with time? Pure functions of a seed, a key and the wall time.

What a simulated service says must look alike to all who ask, and its own times must be those at which it changed.
"""

from __future__ import annotations

import math
from random import Random
from typing import Final

from cop.event import Millis

MINUTE: Final = 60_000
MARK: Final = "SIMULATED"


def chance(seed: int, *key: object) -> Random:
    """Randomness that is the same for the same seed and key."""
    return Random(f"{seed}:{':'.join(map(str, key))}")


def changed(seed: int, key: str, now: Millis, every_min: float) -> Millis:
    """When this thing last changed at or before `now`, if it does so every so many minutes."""
    period = round(every_min * MINUTE)
    shift = chance(seed, key, "shift").randrange(period)
    return max(0, now - (now - shift) % period)


def wave(seed: int, key: str, at: Millis, low: float, high: float, period_min: float) -> float:
    """A value that goes up and down between two bounds once a period."""
    phase = chance(seed, key, "phase").random()
    turn = math.sin(2 * math.pi * (at / (period_min * MINUTE) + phase))
    return low + (high - low) * (turn + 1) / 2


def happens(seed: int, key: str, now: Millis, period_min: float, shown_min: float) -> tuple[Millis, Millis] | None:
    """(since, until) of an occurrence that holds at `now` and comes once a period; None when there is none."""
    since = changed(seed, key, now, period_min)
    until = since + round(shown_min * MINUTE)
    return (since, until) if now < until else None
