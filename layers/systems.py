"""What does an IT system look like and say? Whether it works, what falls with it, and what to do instead."""

from __future__ import annotations

from typing import Final

from cop.event import Millis, State
from cop.picture import Entity
from layers import symbols
from layers.codes import FRIEND
from layers.fields import BASIS, DELAYS, STATUS, number
from layers.layer import Key, Layer, described, measured

IMPAIRED: Final = f"130{FRIEND}6000001304000000"
CODES: Final[dict[State, str]] = {
    "open": f"130{FRIEND}6000001701000000",
    "restricted": IMPAIRED,
    "degraded": IMPAIRED,
    "closed": f"130{FRIEND}6000001608000000",
    "unknown": f"130{FRIEND}6000001303000000",
}
"""State → cyberspace entity. The code that once meant `normal` means a firewall now, so what works is a server."""


def symbol(entity: Entity, now: Millis) -> str:
    """The symbol of its state."""
    return symbols.app6(CODES[entity.state(now)], entity)


LAYER = Layer(
    name="systems",
    title="IT systems",
    domain="cyber",
    kinds=("system",),
    z=60,
    stale_s=None,
    symbol=symbol,
    label=number,
    fields=(
        *STATUS,
        *DELAYS,
        measured("latency_ms", "Answers in", "ms"),
        described("function", "Function"),
        described("fallback", "Fallback"),
        described("affects", "Affects"),
        described("exercise_fallback_min_per_march_unit", "Fallback takes, each march unit", "min"),
        described("note", "Note", table=False),
        *BASIS,
    ),
    legend=(
        Key(f"app6/{CODES['open']}", "IT system, working"),
        Key(f"app6/{IMPAIRED}", "IT system, impaired"),
        Key(f"app6/{CODES['closed']}", "IT system, service outage"),
        Key(f"app6/{CODES['unknown']}", "IT system, state unknown"),
    ),
)
