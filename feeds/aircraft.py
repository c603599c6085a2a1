"""Which aircraft is it, who registered it, and is it in distress? What all sources of ADS-B have in common."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final

from cop.event import State
from feeds.adapter import Unreadable

BLOCKS: Final[tuple[tuple[int, int, str], ...]] = (
    (0x100000, 0x1FFFFF, "RU"), (0x300000, 0x33FFFF, "IT"), (0x340000, 0x37FFFF, "ES"), (0x380000, 0x3BFFFF, "FR"),
    (0x3C0000, 0x3FFFFF, "DE"), (0x400000, 0x43FFFF, "GB"), (0x440000, 0x447FFF, "AT"), (0x448000, 0x44FFFF, "BE"),
    (0x450000, 0x457FFF, "BG"), (0x458000, 0x45FFFF, "DK"), (0x460000, 0x467FFF, "FI"), (0x468000, 0x46FFFF, "GR"),
    (0x470000, 0x477FFF, "HU"), (0x478000, 0x47FFFF, "NO"), (0x480000, 0x487FFF, "NL"), (0x488000, 0x48FFFF, "PL"),
    (0x490000, 0x497FFF, "PT"), (0x498000, 0x49FFFF, "CZ"), (0x4A0000, 0x4A7FFF, "RO"), (0x4A8000, 0x4AFFFF, "SE"),
    (0x4B0000, 0x4B7FFF, "CH"), (0x4B8000, 0x4BFFFF, "TR"), (0x4C0000, 0x4C7FFF, "RS"), (0x4CA000, 0x4CAFFF, "IE"),
    (0x4CC000, 0x4CCFFF, "IS"), (0x4D0000, 0x4D07FF, "LU"), (0x4D2000, 0x4D27FF, "MT"), (0x501000, 0x5017FF, "AL"),
    (0x501800, 0x501FFF, "HR"), (0x502800, 0x502FFF, "LV"), (0x503800, 0x503FFF, "LT"), (0x504800, 0x504FFF, "MD"),
    (0x505800, 0x505FFF, "SK"), (0x506800, 0x506FFF, "SI"), (0x508000, 0x50FFFF, "UA"), (0x510000, 0x5107FF, "BY"),
    (0x511000, 0x5117FF, "EE"), (0x512000, 0x5127FF, "MK"), (0x513000, 0x5137FF, "BA"), (0x514000, 0x5147FF, "GE"),
    (0x516000, 0x5167FF, "ME"), (0xA00000, 0xAFFFFF, "US"), (0xC00000, 0xC3FFFF, "CA"),
)  # fmt: skip
"""First and last ICAO address of a State's block, and the State (Annex 10 volume III, appendix to chapter 9): the
members of NATO, Europe, and the neighbours. An address outside of them has an unknown State."""
_FIRSTS: Final = [first for first, _, _ in BLOCKS]

CATEGORIES: Final = frozenset(f"{letter}{digit}" for letter in "ABCD" for digit in range(8))
"""ADS-B emitter categories (DO-260B 2.2.3.2.5.2); A0, B0, C0 and D0 tell nothing."""
NO_AIRCRAFT: Final = frozenset({"C1", "C2", "C3", "C4", "C5"})
"""Vehicles on an aerodrome, and obstacles."""

HINDERED_MS: Final = 120_000
"""How long a hindrance is good for: nobody tells its end, so it is told anew with each message."""
EMERGENCIES: Final[dict[str, tuple[State, str]]] = {
    "general": ("degraded", "general emergency"),
    "minfuel": ("degraded", "minimum fuel"),
    "nordo": ("degraded", "no radio communication"),
    "unlawful": ("restricted", "unlawful interference"),
    "downed": ("closed", "downed aircraft"),
}
"""ADS-B emergency status (DO-260B 2.2.3.2.7.8.1.1) → state and reason. `lifeguard` hinders nobody."""
SQUAWKS: Final[dict[str, str]] = {"7500": "unlawful", "7600": "nordo", "7700": "general"}
"""Mode A code of distress (ICAO Doc 8168) → the emergency that it means."""

_ADDRESS = re.compile(r"(~?)([0-9a-f]{6})", re.ASCII)
_TEXT = re.compile(r"[A-Z0-9][A-Z0-9 /-]*", re.ASCII)
_SQUAWK = re.compile(r"[0-7]{4}", re.ASCII)


def address(said: str) -> tuple[str, str]:
    """(subject, ICAO address) of what is written in hexadecimal digits. Raises `Unreadable`.

    A `~` marks an address that ICAO didn't give: of a TIS-B track, or made up by the sender. It may be another's ICAO
    address, so it is kept apart, and its ICAO address is empty.
    """
    found = _ADDRESS.fullmatch(said.strip().lower())
    if found is None:
        raise Unreadable(f"{said[:40]!r} is not an address of six hexadecimal digits")
    if found[2] in ("000000", "ffffff"):
        raise Unreadable(f"{found[2]} is nobody's address")  # Annex 10 volume III, appendix to chapter 9, 5.2 c)
    return (f"aircraft:other-{found[2]}", "") if found[1] else (f"aircraft:{found[2]}", found[2])


def nations(icao24: str) -> tuple[str, ...]:
    """The State that the address was given to; empty when it is none of those known here."""
    number = int(icao24, 16) if icao24 else 0
    index = bisect_right(_FIRSTS, number) - 1
    return (BLOCKS[index][2],) if index >= 0 and number <= BLOCKS[index][1] else ()


def clean(said: str | None) -> str:
    """A call sign or registration without its padding; empty when it says nothing."""
    text = (said or "").replace("@", " ").strip().upper()
    return text if _TEXT.fullmatch(text) and text.strip("0") else ""


def squawk(said: str | None) -> str:
    """The Mode A code; empty when it is none."""
    return said if said and _SQUAWK.fullmatch(said) else ""


def emergency(said: str | None, code: str) -> str:
    """The emergency that the aircraft tells by its status, else by its Mode A code; empty when there is none."""
    told = (said or "").strip().lower()
    return told if told not in ("", "none", "reserved") else SQUAWKS.get(code, "")
