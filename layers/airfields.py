"""What does an airfield look like and say? Its runway, who runs it, and whether it can be used."""

from __future__ import annotations

from cop.event import Millis
from cop.picture import Entity
from layers import symbols
from layers.codes import FRIEND, NEUTRAL
from layers.fields import BASIS, DELAYS, STATUS, number
from layers.layer import Key, Layer, described

MILITARY = f"130{FRIEND}2000001213010000"
CIVIL = f"130{NEUTRAL}2000001213010000"
USE = described("use", "Use")


def symbol(entity: Entity, now: Millis) -> str:
    """An airport: a friend's where the forces run it, else neutral."""
    cell = USE.value(entity, now)
    return symbols.app6(MILITARY if cell and str(cell.value).startswith("military") else CIVIL, entity)


LAYER = Layer(
    name="airfields",
    title="Airfields",
    domain="air",
    kinds=("airfield",),
    z=50,
    stale_s=None,
    symbol=symbol,
    label=number,
    fields=(
        *STATUS,
        *DELAYS,
        described("rwy", "Runway"),
        described("length_m", "Runway length", "m"),
        described("width_m", "Runway width", "m"),
        described("surface", "Surface"),
        USE,
        described("elev_ft", "Elevation", "ft", table=False),
        described("state_note", "Note", table=False),
        *BASIS,
    ),
    legend=(Key(f"app6/{MILITARY}", "Military airfield"), Key(f"app6/{CIVIL}", "Civil airfield")),
)
