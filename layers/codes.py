"""Which APP-6 code does a thing get: edition, context and identity?

A symbol code (SIDC) has 20 digits: edition (2), context (1), identity (1), symbol set (2), status, headquarters,
echelon or mobility (2), entity (6), modifiers (4). Tables of the layers hold codes of the real world; the context is
set here, from what the reports say of themselves, so that no layer can forget it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, Literal

from cop.event import REAL, Described, Event
from cop.picture import Entity

Context = Literal["0", "1", "2"]

EDITION: Final = "13"
REALITY: Final[Context] = "0"
EXERCISE: Final[Context] = "1"
SIMULATION: Final[Context] = "2"

UNKNOWN: Final = "1"
FRIEND: Final = "3"
NEUTRAL: Final = "4"

ALLIES: Final = frozenset(
    {"AL", "BE", "BG", "CA", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU", "IS", "IT", "LT", "LU"}
    | {"LV", "ME", "MK", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK", "TR", "US"}
)
"""The members of NATO by ISO 3166 code."""

_CODE: Final = re.compile(r"1[0134][0-2][0-6]\d{16}", re.ASCII)


def context(event: Event) -> Context:
    """What one report is: simulated whatever its world, else of an exercise, else real."""
    if event.origin == "simulated":
        return SIMULATION
    return REALITY if event.world == REAL and event.origin == "observed" else EXERCISE


def context_of(entity: Entity) -> Context:
    """What a thing as a whole is: simulated when what it is or where it was is, else play if anything about it is.

    A real ship with an injected state is part of the exercise; it isn't simulated, because it is really there.
    """
    chief = entity.sighted or entity.described or entity.newest
    if context(chief) == SIMULATION:
        return SIMULATION
    return REALITY if all(context(event) == REALITY for event in entity.events) else EXERCISE


def sidc(code: str, entity: Entity) -> str:
    """The code in our edition, with the context of the thing. Raises `ValueError` for what is no code."""
    if not _CODE.fullmatch(code):
        raise ValueError(f"{code!r} is not a symbol code of 20 digits")
    return EDITION + context_of(entity) + code[3:]


def given(entity: Entity) -> str | None:
    """The code that a source gave the thing, if it is one of 20 digits; letter codes of old editions are not."""
    codes = (e.body.sidc for e in entity.events if isinstance(e.body, Described))
    return next((code for code in codes if _CODE.fullmatch(code)), None)


def military(nations: Iterable[str]) -> str:
    """The identity digit of a warship or a military aircraft: friend when it flies an ally's flag, else unknown."""
    flags = set(nations)
    return FRIEND if flags and flags <= ALLIES else UNKNOWN
