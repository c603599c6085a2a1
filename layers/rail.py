"""What does a railway node look like and say? What it is for, and which gauge stands there."""

from __future__ import annotations

from cop.event import Millis
from cop.picture import Entity
from layers import symbols
from layers.codes import NEUTRAL
from layers.fields import BASIS, DELAYS, STATUS, number
from layers.layer import Key, Layer, described

NODE = f"130{NEUTRAL}2000001213070000"


def symbol(entity: Entity, now: Millis) -> str:
    """A rail facility."""
    return symbols.app6(NODE, entity)


LAYER = Layer(
    name="rail",
    title="Rail",
    domain="land",
    kinds=("rail",),
    z=25,
    stale_s=None,
    symbol=symbol,
    label=number,
    fields=(
        *STATUS,
        *DELAYS,
        described("kind", "Kind"),
        described("gauge_mm", "Gauge", "mm"),
        described("note", "Note"),
        *BASIS,
    ),
    legend=(Key(f"app6/{NODE}", "Rail station, yard, terminal or loading platform"),),
)
