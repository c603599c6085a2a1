"""What does a road event look like and say? The sign a driver would meet, the roads, and what may still pass."""

from __future__ import annotations

from typing import Final

from cop.event import Millis
from cop.picture import Entity
from layers import symbols
from layers.fields import ALL_LIMITS, BASIS, DELAYS, QUEUE, STATUS, name, number
from layers.layer import Key, Layer, described

SIGNS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "roadworks": ("Road works", ("roadwork", "maintenanceworks", "constructionworks", "works", "remontas")),
    "obstruction": ("Obstruction, lane closed", ("obstruction", "obstacle", "object", "laneclos", "lanesclos")),
    "closure": ("Road closed", ("closed", "closure", "closures")),
    "weightlimit": ("Limit of mass or axle load", ("weight", "mass", "axle")),
    "sizelimit": ("Limit of height, width or length", ("height", "width", "length", "dimension")),
    "accident": ("Accident", ("accident",)),
    "weather": ("Weather, slippery road", ("weather", "environmentcondition", "roadcondition", "slippery", "icy")),
    "queue": ("Queue, slow traffic", ("queue", "traffic", "congestion", "jam")),
    "other": ("Other road event", ()),
}
"""Sign → its meaning, and what a category that means it has in its name: the first row that fits."""
CATEGORY, ROADS = described("category", "Category"), described("roads", "Roads")


def variant(category: str) -> str:
    """The sign of a category, however a feed spells it."""
    letters = "".join(c for c in category.lower() if c.isalpha())
    return next((sign for sign, (_, words) in SIGNS.items() if any(word in letters for word in words)), "other")


def symbol(entity: Entity, now: Millis) -> str:
    """The sign of its category; the ring of a closed road for an event that says only that."""
    cell = CATEGORY.value(entity, now)
    if cell is None and entity.state(now) == "closed":
        return symbols.glyph("roadevent-closure", entity)
    return symbols.glyph(f"roadevent-{variant(str(cell.value) if cell else '')}", entity)


def label(entity: Entity, now: Millis) -> str:
    """Its roads, else its name."""
    cell = ROADS.value(entity, now)
    return str(cell.value) if cell else name(entity) or number(entity, now)


LAYER = Layer(
    name="roadevents",
    title="Road events",
    domain="land",
    kinds=("roadevent",),
    z=15,
    stale_s=3600,
    symbol=symbol,
    label=label,
    fields=(
        *STATUS,
        CATEGORY,
        described("cause", "Cause"),
        ROADS,
        ALL_LIMITS,
        *DELAYS,
        *QUEUE,
        described("text", "Text", table=False),
        *BASIS,
    ),
    legend=tuple(Key(f"glyph/roadevent-{sign}", text) for sign, (text, _) in SIGNS.items()),
)
