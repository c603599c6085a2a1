"""What does a section of the road register look like and say? Its line, what it is made of, and how wide it is."""

from __future__ import annotations

from cop.event import Millis
from cop.picture import Entity
from layers import symbols
from layers.codes import NEUTRAL
from layers.fields import ALL_LIMITS, BASIS, DELAYS, STATUS, name, number
from layers.layer import Key, Layer, described

ROAD = f"130{NEUTRAL}2000001213000000"
NUMBER = described("road", "Road")


def symbol(entity: Entity, now: Millis) -> str:
    """A facility of transport: APP-6 has none for a road, whose line tells what it is."""
    return symbols.app6(ROAD, entity)


def label(entity: Entity, now: Millis) -> str:
    """The road's number, else its name."""
    cell = NUMBER.value(entity, now)
    return str(cell.value) if cell else name(entity) or number(entity, now)


LAYER = Layer(
    name="roads",
    title="Road register",
    domain="land",
    kinds=("road",),
    z=5,
    stale_s=None,
    symbol=symbol,
    label=label,
    fields=(
        *STATUS,
        *DELAYS,
        NUMBER,
        described("surface", "Surface"),
        described("roadway_m", "Width of the roadway", "m"),
        described("surface_name", "Surface, as registered"),
        ALL_LIMITS,
        described("carriageway", "Carriageway", table=False),
        described("from_km", "From", "km", table=False),
        described("to_km", "To", "km", table=False),
        described("length_m", "Length", "m", table=False),
        *BASIS,
    ),
    legend=(Key(f"app6/{ROAD}", "Section of a road, from a road register"),),
)
