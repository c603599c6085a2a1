"""What does a port look like and say? What it can take: draught, length, ramps and rails."""

from __future__ import annotations

from cop.event import Millis
from cop.picture import Entity
from layers import symbols
from layers.codes import NEUTRAL
from layers.fields import BASIS, DELAYS, QUEUE, STATUS, number
from layers.layer import Key, Layer, described

SEAPORT = f"130{NEUTRAL}2000001213090000"
FERRY = f"130{NEUTRAL}2000001213040000"
KIND, RO_RO = described("kind", "Kind"), described("ro_ro", "Ro-ro")


def symbol(entity: Entity, now: Millis) -> str:
    """A ferry landing where nothing but ferries berth, else a seaport."""
    cell = KIND.value(entity, now)
    return symbols.app6(FERRY if cell and str(cell.value).startswith("ferry") else SEAPORT, entity)


LAYER = Layer(
    name="ports",
    title="Ports",
    domain="maritime",
    kinds=("port",),
    z=40,
    stale_s=None,
    symbol=symbol,
    label=number,
    fields=(
        *STATUS,
        *DELAYS,
        *QUEUE,
        described("locode", "LOCODE"),
        described("max_depth_or_draught_m", "Depth or greatest draught", "m"),
        described("max_loa_m", "Greatest length", "m"),
        described("max_loa_note", "On the length", table=False),
        RO_RO,
        described("rail", "Rail gauge", "mm"),
        KIND,
        described("note", "Note", table=False),
        *BASIS,
    ),
    legend=(Key(f"app6/{SEAPORT}", "Seaport"), Key(f"app6/{FERRY}", "Ferry landing")),
)
