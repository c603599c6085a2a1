"""What does a border crossing look like and say? Whether somebody checks there, and how long it takes."""

from __future__ import annotations

from typing import Final

from cop.event import Millis
from cop.picture import Entity
from layers import symbols
from layers.fields import BASIS, DELAYS, QUEUE, STATUS, number
from layers.layer import Key, Layer, described, measured

SIGNS: Final = {
    ("internal", "road"): "crossing-internal",
    ("external", "road"): "crossing-external",
    ("internal", "rail"): "crossing-internalrail",
    ("external", "rail"): "crossing-externalrail",
}
CLASS, MODE = described("class", "Border"), described("mode", "Mode")


def symbol(entity: Entity, now: Millis) -> str:
    """The sign of its border and mode; who doesn't say which border it is may have to be checked."""
    border, mode = (str(cell.value) if (cell := f.value(entity, now)) else "" for f in (CLASS, MODE))
    return symbols.glyph(SIGNS.get((border, mode), "crossing-unknown"), entity)


LAYER = Layer(
    name="crossings",
    title="Border crossings",
    domain="land",
    kinds=("crossing",),
    z=30,
    stale_s=None,
    symbol=symbol,
    label=number,
    fields=(
        *STATUS,
        *QUEUE,
        measured("queue_car", "Queue, cars", "vehicles", table=False),
        measured("queue_bus", "Queue, buses", "vehicles", table=False),
        measured("queue_lorry", "Queue, lorries", "vehicles", table=False),
        measured("waiting_out_min", "Waiting time, leaving", "min", table=False),
        measured("waiting_in_min", "Waiting time, entering", "min", table=False),
        *DELAYS,
        CLASS,
        MODE,
        described("road_a", "Road, first side"),
        described("road_b", "Road, second side"),
        described("e_route", "E route"),
        described("importance", "Importance"),
        described("public_status_note", "Public note, not live", table=False),
        described("km_from_10m_border", "Distance to the drawn border", "km", table=False),
        *BASIS,
    ),
    legend=(
        Key("glyph/crossing-internal", "Crossing inside the Schengen area, road"),
        Key("glyph/crossing-external", "Crossing of the external border, road: everyone is checked"),
        Key("glyph/crossing-internalrail", "Crossing inside the Schengen area, rail"),
        Key("glyph/crossing-externalrail", "Crossing of the external border, rail: everyone is checked"),
        Key("glyph/crossing-unknown", "Crossing of an unknown kind"),
    ),
)
