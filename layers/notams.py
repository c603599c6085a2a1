"""What does a NOTAM look like and say? A notice with the sign of its topic, its area, and its text as it was issued."""

from __future__ import annotations

from typing import Final

from cop.event import Millis
from cop.picture import Entity
from layers import symbols
from layers.fields import BASIS, STATUS, number
from layers.layer import Key, Layer, described

TOPICS: Final[dict[str, str]] = {
    "aerodrome": "NOTAM on an aerodrome",
    "airspace": "NOTAM on airspace or an activity in it",
    "navigation": "NOTAM on navigation, communication or air traffic services",
    "obstacle": "NOTAM on an obstacle",
    "other": "Other NOTAM",
}
"""Topic → the meaning of its sign."""
TOPIC, NUMBER = described("topic", "Topic"), described("number", "Number")


def symbol(entity: Entity, now: Millis) -> str:
    """The sign of its topic."""
    cell = TOPIC.value(entity, now)
    topic = str(cell.value) if cell else ""
    return symbols.glyph(f"notam-{topic if topic in TOPICS else 'other'}", entity)


def label(entity: Entity, now: Millis) -> str:
    """Its number."""
    cell = NUMBER.value(entity, now)
    return str(cell.value) if cell else number(entity, now)


LAYER = Layer(
    name="notams",
    title="NOTAM",
    domain="air",
    kinds=("notam",),
    z=13,
    stale_s=None,
    symbol=symbol,
    label=label,
    fields=(
        *STATUS,
        NUMBER,
        TOPIC,
        described("meaning", "Subject and condition"),
        described("places", "Place"),
        described("lower", "Lower limit"),
        described("upper", "Upper limit"),
        described("validity", "Valid", "UTC"),
        described("estimated", "End is estimated"),
        described("permanent", "Permanent", table=False),
        described("schedule", "Schedule"),
        described("replaces", "Replaces", table=False),
        described("code", "Code", table=False),
        described("fir", "FIR", table=False),
        described("radius_nm", "Radius", "NM", table=False),
        described("text", "Text", table=False),
        *BASIS,
    ),
    legend=tuple(Key(f"glyph/notam-{topic}", text) for topic, text in TOPICS.items()),
)
