"""What do the tactical formats share: who stands on whose side, which code that is, and how a shape becomes a line?

Cursor on Target, NVG and NFFI name a thing's kind in the letters of MIL-STD-2525B and APP-6A, each in its own
spelling. They become a code of 20 digits as far as the table goes, without echelon where nobody told one.
"""

from __future__ import annotations

import re
from math import atan2, cos, degrees, hypot, radians, sin
from typing import Final, NamedTuple

from cop.event import REAL
from cop.geo import DIGITS, Point, destination
from feeds.adapter import Context, Unreadable

LONGEST_KEY: Final = 200
LARGEST_M: Final = 2_000_000.0
"""The largest radius that is drawn, metres: more covers the map and is a fault."""
STEPS: Final = 36
"""Vertices of a whole turn."""

SIDES: Final[dict[str, tuple[str, str]]] = {
    "p": ("0", "pending"),
    "u": ("1", "unknown"),
    "a": ("2", "assumed friend"),
    "f": ("3", "friend"),
    "n": ("4", "neutral"),
    "s": ("5", "suspect"),
    "h": ("6", "hostile"),
    "j": ("5", "joker"),
    "k": ("6", "faker"),
}
"""Letter of the affiliation → identity digit, word. Any other letter is unknown."""
PLAYING: Final = {"g": "p", "w": "u", "m": "a", "d": "f", "l": "n", "j": "j", "k": "k"}
"""Letter that a code of letters has for the same side in an exercise."""

TYPES: Final[dict[str, str]] = {
    "P": "05 0 0 00 000000 0000",
    "A": "01 0 0 00 000000 0000",
    "A-C": "01 0 0 00 120000 0000",
    "A-M": "01 0 0 00 110000 0000",
    "A-M-F-C": "01 0 0 00 110107 0000",
    "S": "30 0 0 00 000000 0000",
    "S-N": "30 0 0 00 130000 0000",
    "S-X-M": "30 0 0 00 140000 0000",
    "S-X-M-F": "30 0 0 00 140105 0000",
    "S-X-M-R": "30 0 0 00 140104 0000",
    "U": "35 0 0 00 000000 0000",
    "G": "10 0 0 00 000000 0000",
    "G-U-C": "10 0 0 00 121000 0000",
    "G-U-C-A": "10 0 0 00 120500 0000",
    "G-U-C-E": "10 0 0 00 140700 0000",
    "G-U-C-F": "10 0 0 00 130300 0000",
    "G-U-C-I": "10 0 0 00 121100 0000",
    "G-U-C-I-M": "10 0 0 00 121104 0000",
    "G-U-C-I-Z": "10 0 0 00 121102 0000",
    "G-U-S": "10 0 0 00 163400 0000",
    "G-U-S-M": "10 0 0 00 161300 0000",
    "G-U-S-S": "10 0 0 00 163400 0000",
    "G-U-S-S-3": "10 0 0 00 162500 0000",
    "G-U-S-S-5": "10 0 0 00 160400 0000",
    "G-U-S-T": "10 0 0 00 163600 0000",
    "G-U-S-T-A": "10 0 0 00 160300 0000",
    "G-U-S-T-M": "10 0 0 00 163600 3800",
    "G-U-S-T-R": "10 0 0 00 163000 0000",
    "G-U-S-T-S": "10 0 0 00 163300 0000",
    "G-U-S-X": "10 0 0 00 161100 0000",
    "G-U-U-L-M": "10 0 0 00 141200 0000",
    "G-U-U-S": "10 0 0 00 111000 0000",
    "G-E": "15 0 0 00 000000 0000",
    "G-E-V-A-T": "15 0 0 33 120200 0000",
    "G-E-V-T": "15 0 0 36 150100 0000",
    "G-E-V-U-S": "15 0 0 31 140603 0000",
    "G-I": "20 0 0 00 000000 0000",
    "G-I-B": "20 0 0 00 120802 0000",
    "G-I-T-a": "20 0 0 00 121301 0000",
    "G-I-T-r": "20 0 0 00 121307 0000",
    "G-I-T-s": "20 0 0 00 121309 0000",
    "G-I-U-T": "20 0 0 00 121202 0000",
    "G-I-r-ra": "20 0 0 00 121308 0000",
}
"""What follows the affiliation, the longest row that fits → symbol set, status, headquarters, echelon or mobility,
entity, modifiers. The letters of a code (SFGPUCIZ) and those of Cursor on Target (a-f-G-U-C-I-Z) are the same."""
ECHELONS: Final = {
    "A": "11", "B": "12", "C": "13", "D": "14", "E": "15", "F": "16", "G": "17", "H": "18", "I": "21", "J": "22",
    "K": "23", "L": "24", "M": "25",
}  # fmt: skip
"""Twelfth letter of a code: team, squad, section, platoon, company, battalion, regiment, brigade, division and up."""

_SYMBOL = re.compile(r"(?:[\w.-]{1,20}:)?([A-Za-z0-9*-]{10,30})", re.ASCII)
_DIGITS = re.compile(r"1[0134][0-2][0-6]\d{16}(?:\d{10})?", re.ASCII)
_LETTERS = re.compile(r"[A-Z][A-Z*-]{2}[A-Z0-9*-]{7,12}", re.ASCII)
MOVING: Final = frozenset({"10", "11", "15"})
"""Symbol sets of digits for units, civil units and equipment."""


class Symbol(NamedTuple):
    """A symbol that a format names."""

    said: str
    """As it stands there, with its scheme."""
    side: str
    code: str
    """20 digits, of the real world; empty when our codes have nothing for it."""
    playing: bool
    """It says of itself that it belongs to an exercise or a simulation."""
    moves: bool
    """A unit or its equipment on the ground, and not an installation, a measure or a line."""


def code(side: str, kind: str, echelon: str = "00") -> str:
    """20 digits for the letter of a side and what follows it (`G-U-C-I`); empty when the table has no row for it."""
    parts = kind.split("-")
    rows = ("-".join(parts[:size]) for size in range(len(parts), 0, -1))
    found = next((TYPES[row] for row in rows if row in TYPES), "").replace(" ", "")
    if not found:
        return ""
    if found.startswith("10") and echelon != "00":
        found = found[:4] + echelon + found[6:]
    return f"130{SIDES.get(side, SIDES['u'])[0]}{found}"


def symbol(said: str) -> Symbol | None:
    """The symbol `app6a:SFGPUCI----D---` or `10031000…`, with or without a scheme. None for what is no code."""
    found = _SYMBOL.fullmatch(said.strip())
    if found is None:
        return None
    plain = found[1].upper()
    if _DIGITS.fullmatch(plain):
        side = next(letter for letter, (digit, _) in SIDES.items() if digit == plain[3])
        return Symbol(said.strip(), SIDES[side][1], f"130{plain[3:20]}", plain[2] != "0", plain[4:6] in MOVING)
    if not _LETTERS.fullmatch(plain):
        return None
    letters = plain.replace("*", "-").ljust(15, "-")
    letter = letters[1].lower()
    side = PLAYING.get(letter, letter)
    word = SIDES.get(side, SIDES["u"])[1]
    if letters[0] != "S":
        return Symbol(said.strip(), word, "", letter in PLAYING, False)
    kind = "-".join((letters[2], *letters[4:10].rstrip("-").replace("-", "")))
    moves = letters[2] == "G" and letters[4] in "UE"
    return Symbol(said.strip(), word, code(side, kind, ECHELONS.get(letters[11], "00")), letter in PLAYING, moves)


def key(said: str, what: str) -> str:
    """An id of strangers as the end of a subject: no blanks, nothing that cannot be printed. Raises `Unreadable`."""
    found = "_".join(said.split())
    if not found:
        raise Unreadable(f"no {what}: nobody could know it again")
    if len(found) > LONGEST_KEY:
        raise Unreadable(f"a {what} of {len(found)} letters, more than {LONGEST_KEY}")
    return "".join(letter if letter.isprintable() else "_" for letter in found)


def marking(playing: str, classified: str) -> str:
    """What must stay with the values: that they are played, and how they are classified."""
    return "; ".join(part for part in (playing.upper(), classified) if part)


def observed(context: Context) -> bool:
    """Whether what is read goes into the real world as observed: what is played may not."""
    return context.world == REAL and context.origin == "observed"


# -- shapes -----------------------------------------------------------------------------------------------------------


def ellipse(
    centre: Point, east: float, north: float, turned: float = 0.0, begin: float = 0.0, end: float = 360.0
) -> tuple[Point, ...]:
    """The outline of an ellipse, or of its part from one bearing to another, clockwise; a whole one is closed.

    `east` and `north` are the half axes, metres, before it is turned clockwise by `turned` degrees. The bearings are
    those of the ellipse before it is turned. Raises `Unreadable`.
    """
    if not (0 < east <= LARGEST_M and 0 < north <= LARGEST_M):
        raise Unreadable(f"a radius of {east:g} or {north:g} m")
    swept = 360.0 if abs(end - begin) >= 360 else (end - begin) % 360 or 360.0
    steps = max(2, round(STEPS * swept / 360))
    return tuple(_turned(centre, east, north, turned, begin + swept * step / steps) for step in range(steps + 1))


def _turned(centre: Point, east: float, north: float, turned: float, at: float) -> Point:
    x, y = east * sin(radians(at)), north * cos(radians(at))
    lon, lat = destination(centre, (degrees(atan2(x, y)) + turned) % 360, hypot(x, y))
    return round(lon, DIGITS), round(lat, DIGITS)
