"""What does an aircraft look like and say? What it calls itself, what kind it is, and where it flies."""

from __future__ import annotations

from typing import Final

from cop.event import Millis
from cop.picture import Entity
from layers import symbols
from layers.codes import FRIEND, NEUTRAL, UNKNOWN, military
from layers.fields import ALTITUDE, BASIS, COURSE, DELAYS, KNOT, STATUS, flags, name, number, speed
from layers.layer import Key, Layer, described

CIVIL: Final = f"130{NEUTRAL}010000{{}}0000"
FORCES: Final = "130{}010000{}0000"
NOBODY: Final = f"130{UNKNOWN}0100000000000000"

FIXED, ROTARY, UNMANNED, BALLOON = (
    ("120100", "110100"),
    ("120200", "110200"),
    ("120300", "110300"),
    ("120400", "110500"),
)
CATEGORIES: Final[dict[str, tuple[str, str]]] = {
    **dict.fromkeys(("A1", "A2", "A3", "A4", "A5", "A6", "B1", "B4"), FIXED),
    "A7": ROTARY,
    "B2": BALLOON,
    "B6": UNMANNED,
}
"""ADS-B emitter category (DO-260B table 2-21) → the civil and the military entity."""
TEXTS: Final = {FIXED: "aeroplane", ROTARY: "helicopter", UNMANNED: "unmanned aircraft", BALLOON: "balloon"}
CATEGORY, SERVICE = described("category", "Emitter category", table=False), described("military", "Military")


def symbol(entity: Entity, now: Millis) -> str:
    """The code that a source gave it, else that of its category. A category that nobody told is unknown, not civil."""
    category, service = (cell.value if (cell := f.value(entity, now)) else None for f in (CATEGORY, SERVICE))
    civil, forces = CATEGORIES.get(str(category), ("", ""))
    if service is True:
        code = FORCES.format(military(flags(entity)), forces or "110000")
    else:
        code = CIVIL.format(civil) if civil else NOBODY
    return symbols.as_given(entity, code)


def label(entity: Entity, now: Millis) -> str:
    """Its call sign, else its name, else its address."""
    cell = CALLSIGN.value(entity, now)
    return str(cell.value).strip() if cell else name(entity) or number(entity, now)


CALLSIGN: Final = described("callsign", "Call sign")

LAYER = Layer(
    name="aircraft",
    title="Aircraft",
    domain="air",
    kinds=("aircraft",),
    z=80,
    stale_s=60,
    symbol=symbol,
    label=label,
    fields=(
        *STATUS,
        CALLSIGN,
        described("registration", "Registration"),
        described("type", "Type"),
        CATEGORY,
        SERVICE,
        ALTITUDE,
        speed("kn", KNOT),
        COURSE,
        described("squawk", "Squawk"),
        described("emergency", "Emergency"),
        described("gnss_lost", "GNSS lost"),
        described("icao24", "ICAO address", table=False),
        *DELAYS,
        *BASIS,
    ),
    legend=(
        *(Key(f"app6/{CIVIL.format(pair[0])}", f"Civil {text}") for pair, text in TEXTS.items()),
        *(Key(f"app6/{FORCES.format(FRIEND, pair[1])}", f"Ally's military {text}") for pair, text in TEXTS.items()),
        Key(f"app6/{FORCES.format(FRIEND, '110000')}", "Ally's military aircraft, kind not told"),
        *(
            Key(f"app6/{FORCES.format(UNKNOWN, pair[1])}", f"Military {text} of another or an unknown flag")
            for pair, text in TEXTS.items()
        ),
        Key(f"app6/{FORCES.format(UNKNOWN, '110000')}", "Military aircraft of another or an unknown flag"),
        Key(f"app6/{NOBODY}", "Aircraft, category not told"),
    ),
)
