"""What does a clearance say? Permission and customs form of one convoy at one border. It is listed and has no place."""

from __future__ import annotations

from cop.event import Millis
from cop.picture import Entity
from layers import symbols
from layers.fields import BASIS, STATUS, at_time, number
from layers.layer import Key, Layer, described


def symbol(entity: Entity, now: Millis) -> str:
    """The sign of a crossing whose kind says nothing: a paper is no place."""
    return symbols.glyph("crossing-unknown", entity)


LAYER = Layer(
    name="clearances",
    title="Clearances",
    domain="land",
    kinds=("clearance", "approval"),
    z=4,
    stale_s=None,
    symbol=symbol,
    label=number,
    fields=(
        *STATUS,
        described("convoy", "Convoy"),
        described("border", "Border"),
        described("object", "Approved crossing of"),
        described("permission", "Permission"),
        described("form302", "Form 302"),
        described("vehicles_declared", "Vehicles declared"),
        at_time("requested_at", "Requested"),
        at_time("decided_at", "Decided"),
        described("by", "By"),
        described("mlc", "Given for class", "MLC"),
        described("note", "Note", table=False),
        *BASIS,
    ),
    legend=(Key("glyph/crossing-unknown", "Clearance or approval of a convoy: listed, not drawn"),),
)
