"""What does a ship look like and say? What she says she is, where she is bound, and how deep she goes."""

from __future__ import annotations

from typing import Final

from cop.event import Millis
from cop.picture import Entity
from layers import symbols
from layers.codes import FRIEND, NEUTRAL, UNKNOWN, military
from layers.fields import BASIS, COURSE, DELAYS, KNOT, STATUS, flags, name, number, speed
from layers.layer import Key, Layer, described

CIVIL: Final = f"130{NEUTRAL}300000{{}}0000"
WARSHIP: Final = "130{}3000001100000000"
NOBODY: Final = f"130{UNKNOWN}3000000000000000"

ROWS: Final[tuple[tuple[tuple[int, ...], str, str, str], ...]] = (
    (tuple(range(60, 70)), "passenger", "140110", "Passenger ship or ferry"),
    (tuple(range(70, 80)), "cargo", "140101", "Cargo ship"),
    (tuple(range(80, 90)), "tanker", "140109", "Tanker"),
    ((30,), "fishing", "140200", "Fishing vessel"),
    ((31, 32), "towing", "140112", "Vessel towing"),
    ((52,), "tug", "140111", "Tug"),
    ((33,), "dredging", "140103", "Dredger, underwater work"),
    ((36,), "sailing", "140400", "Sailing boat"),
    ((37,), "pleasure", "140500", "Motor yacht"),
    ((55,), "law enforcement", "140300", "Law enforcement"),
    ((58,), "medical", "140116", "Medical transport"),
)
"""Type of ship and cargo (ITU-R M.1371-5 table 53): its numbers, its word, the entity, the meaning."""
NUMBERS: Final = {each: ship for numbers, _, ship, _ in ROWS for each in numbers}
MILITARY: Final = 35
OTHER: Final = "140000"
SHIP_TYPE, CODE = described("ship_type", "Ship type"), described("ship_type_code", "AIS type", table=False)


def symbol(entity: Entity, now: Millis) -> str:
    """The code that a source gave her, else that of her type. A type that nobody told is unknown, not civil."""
    kind, word = (cell.value if (cell := f.value(entity, now)) else None for f in (CODE, SHIP_TYPE))
    word = str(word or "").lower()
    if kind == MILITARY or word.startswith("military"):
        code = WARSHIP.format(military(flags(entity)))
    elif isinstance(kind, int) and 20 <= kind < 100:
        code = CIVIL.format(NUMBERS.get(kind, OTHER))
    elif word and word != "unknown":
        code = CIVIL.format(next((ship for _, begins, ship, _ in ROWS if word.startswith(begins)), OTHER))
    else:
        code = NOBODY
    return symbols.as_given(entity, code)


def label(entity: Entity, now: Millis) -> str:
    """Her name, else her MMSI."""
    return name(entity) or number(entity, now)


LAYER = Layer(
    name="vessels",
    title="Vessels",
    domain="maritime",
    kinds=("vessel",),
    z=70,
    stale_s=600,
    symbol=symbol,
    label=label,
    fields=(
        *STATUS,
        described("nav_status", "Navigational status"),
        SHIP_TYPE,
        CODE,
        described("destination", "Destination"),
        described("eta", "ETA, as set by the crew"),
        speed("kn", KNOT),
        COURSE,
        described("draught", "Draught", "m"),
        described("length", "Length", "m"),
        described("beam", "Beam", "m"),
        described("mmsi", "MMSI"),
        described("callsign", "Call sign"),
        described("imo", "IMO number", table=False),
        described("port_call", "Port call", table=False),
        *DELAYS,
        *BASIS,
    ),
    legend=(
        *(Key(f"app6/{CIVIL.format(ship)}", text) for _, _, ship, text in ROWS),
        Key(f"app6/{CIVIL.format(OTHER)}", "Civil vessel of another type"),
        Key(f"app6/{WARSHIP.format(FRIEND)}", "Warship of an ally"),
        Key(f"app6/{WARSHIP.format(UNKNOWN)}", "Warship of another or an unknown flag"),
        Key(f"app6/{NOBODY}", "Vessel, type not told"),
    ),
)
