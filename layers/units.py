"""What does a unit look like and say? Its symbol as its own network tells it, where it is, and how sure that is."""

from __future__ import annotations

from typing import Final

from cop.event import Millis
from cop.picture import Entity
from layers import symbols
from layers.codes import FRIEND, NEUTRAL, UNKNOWN
from layers.fields import BASIS, COURSE, DELAYS, KMH, STATUS, name, number, speed
from layers.layer import Key, Layer, described

NOBODY: Final = f"130{UNKNOWN}1000000000000000"
HOSTILE: Final = "6"


def symbol(entity: Entity, now: Millis) -> str:
    """The code that a source gave it, else that of a unit of which nothing is known."""
    return symbols.as_given(entity, NOBODY)


def label(entity: Entity, now: Millis) -> str:
    """Its callsign or name, else its id."""
    return name(entity) or number(entity, now)


LAYER = Layer(
    name="units",
    title="Units",
    domain="land",
    kinds=("unit",),
    z=85,
    stale_s=600,
    symbol=symbol,
    label=label,
    fields=(
        *STATUS,
        described("affiliation", "Side"),
        described("group", "Group"),
        described("role", "Role"),
        described("full_name", "Full name", table=False),
        described("oper_status", "Operational status"),
        speed("km/h", KMH),
        COURSE,
        described("text", "Text", table=False),
        described("cot_type", "CoT type", table=False),
        described("symbol", "Symbol as told", table=False),
        described("modifiers", "Modifiers", table=False),
        described("system", "System", table=False),
        described("reliability", "Reliability", table=False),
        described("stale_s", "Good for", "s", table=False),
        *DELAYS,
        *BASIS,
    ),
    legend=(
        Key(f"app6/130{FRIEND}1000001210000000", "Friend, combined arms; other units have their own icon"),
        Key(f"app6/130{FRIEND}1000001211000000", "Friend, infantry"),
        Key(f"app6/130{FRIEND}1000001636000000", "Friend, transport"),
        Key(f"app6/130{FRIEND}1500000000000000", "Friend, equipment"),
        Key(f"app6/130{NEUTRAL}1000000000000000", "Neutral unit"),
        Key(f"app6/130{HOSTILE}1000000000000000", "Hostile unit"),
        Key(f"app6/{NOBODY}", "Unit of which nothing is known"),
    ),
)
