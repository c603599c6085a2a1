"""What does a cyber incident look like and say? Mostly it has no place: then it is listed and not drawn."""

from __future__ import annotations

from typing import Final

from cop.event import Millis, State
from cop.picture import Entity
from layers import symbols
from layers.codes import UNKNOWN
from layers.fields import BASIS, STATUS, name, number
from layers.layer import Key, Layer, described

LASTING: Final = f"130{UNKNOWN}6000001304000000"
OUTAGE: Final = f"130{UNKNOWN}6000001608000000"
UNCLEAR: Final = f"130{UNKNOWN}6000001303000000"
OVER: Final = f"130{UNKNOWN}6000001701000000"
CODES: Final[dict[State, str]] = {
    "open": OVER,
    "restricted": LASTING,
    "degraded": LASTING,
    "closed": OUTAGE,
    "unknown": UNCLEAR,
}
"""State → cyberspace entity, the same as that of a system it hits, of nobody known."""


def symbol(entity: Entity, now: Millis) -> str:
    """The symbol of its state."""
    return symbols.app6(CODES[entity.state(now)], entity)


def label(entity: Entity, now: Millis) -> str:
    """Its name, else its id."""
    return name(entity) or number(entity, now)


LAYER = Layer(
    name="incidents",
    title="Cyber incidents",
    domain="cyber",
    kinds=("incident",),
    z=62,
    stale_s=None,
    symbol=symbol,
    label=label,
    fields=(
        *STATUS,
        described("systems", "Systems hit"),
        described("incident_types", "Type"),
        described("severity", "Severity"),
        described("criticality", "Criticality", "of 100", table=False),
        described("completion", "Completion", table=False),
        described("confidence", "Confidence"),
        described("investigation_status", "Investigation"),
        described("determination", "Determination", table=False),
        described("purpose", "Purpose", table=False),
        described("detected", "Detected", table=False),
        described("reported", "Reported", table=False),
        described("description", "Description", table=False),
        described("labels", "Labels", table=False),
        described("reports", "Reports", table=False),
        described("references", "References", table=False),
        described("alternative_ids", "Other ids", table=False),
        *BASIS,
    ),
    legend=(
        Key(f"app6/{LASTING}", "Cyber incident, lasting"),
        Key(f"app6/{OUTAGE}", "Cyber incident, service outage"),
        Key(f"app6/{UNCLEAR}", "Cyber incident, effect unknown"),
        Key(f"app6/{OVER}", "Cyber incident, over"),
    ),
)
