"""What does a notice about a Lithuanian road say? Limits, closures and causes in its own words.

The notices are Lithuanian, at times English. What is not understood says nothing: no word turns into `open` by itself.
"""

from __future__ import annotations

import re
from typing import Final

from cop.event import Limit

HEAVIEST: Final = 100.0
"""Tonnes beyond which a limit of mass is a slip of the unit, not a limit."""

CATEGORIES: Final[tuple[tuple[str, str], ...]] = (
    ("accident", r"eismo įvyk|avarij|accident"),
    ("weather", r"plikled|slid|sniegas|snieg|rūk|pusn|apsnig|weather|ice\b|snow|fog|slippery"),
    ("obstruction", r"kliūt|nuvirt|užvert|obstruction|obstacle"),
    ("event", r"rengin|varžyb|event|festival"),
    ("roadworks", r"remont|darbai|darbų|statyb|rekonstr|ženklinim|roadwork|construction"),
)
"""Category → words that mean it; the first row that fits."""
IMPAIRED: Final = frozenset({"accident", "weather", "obstruction", "roadworks"})
"""Categories that say by themselves that the road is not as it should be."""

_WEIGHT = re.compile(
    r"(?P<axle>\baš(?:ies|iai|ims|is|į)\b[^.;]{0,40}?)?"
    r"\b(?:virš|viršija\w*|daugiau (?:nei|kaip)|sunkes\w+ (?:nei|kaip)|didesn\w+ (?:nei|kaip)|iki|"
    r"over|above|at most|up to|more than|heavier than)\s+(?P<tonnes>\d{1,3}(?:[.,]\d{1,3})?)\s*t\b(?!/)",
    re.IGNORECASE,
)
_SPEED = re.compile(r"\b(\d{1,3})\s*km/(?:val|h)", re.IGNORECASE)
_CLOSED = re.compile(
    r"\beismas\b[^.;]*\b(?:draudžiamas|uždarytas|nutrauktas)|\bkelias uždarytas|\broad (?:is )?closed", re.IGNORECASE
)
_SOME = re.compile(
    r"\b(?:sunkiasvori|sunkiojo transporto|sunkiajam transport|krovininiams? |krovininėms |krovininio transporto)"
    r"|\bfor (?:lorries|trucks|heavy|hgv)|\bexcept\b|\bišskyrus\b",
    re.IGNORECASE,
)
_DETOUR = re.compile(r"[^.;]*\b(?:apylank|apvažiav|detour|diver)\w*[^.;]*", re.IGNORECASE)
_OPEN = re.compile(r"\beismas (?:neribojamas|nevaržomas)|\btraffic (?:is )?not restricted", re.IGNORECASE)
_TEST = re.compile(
    r"\W*(?:test|testas|testin\w+|testuoj\w+|testavim\w+|bandymas|bandom\w+)\b|.*\btik testavim", re.IGNORECASE
)


def is_test(text: str) -> bool:
    """Whether it was written to try the system."""
    return _TEST.match(text) is not None


def without_detour(text: str) -> str:
    """The text without its sentences about a detour: what the detour bears is no limit of the closed road."""
    return _DETOUR.sub("", text)


def masses(text: str) -> tuple[Limit, ...]:
    """The limits of mass and axle load, tonnes."""
    found = ((match["axle"], float(match["tonnes"].replace(",", "."))) for match in _WEIGHT.finditer(text))
    return tuple(Limit("axle_t" if axle else "mass_t", t, "t", "text") for axle, t in found if 0 < t <= HEAVIEST)


def speeds(text: str) -> list[float]:
    """The limits of speed, km/h."""
    return [float(number) for number in _SPEED.findall(text) if float(number) > 0]


def closes(text: str) -> bool:
    """Whether it shuts the road, for whomever."""
    return _CLOSED.search(text) is not None


def for_some_only(text: str) -> bool:
    """Whether it speaks of some vehicles only, or makes an exception."""
    return _SOME.search(text) is not None


def opens(text: str) -> bool:
    """Whether it says that nothing is restricted."""
    return _OPEN.search(text) is not None


def category(text: str) -> str:
    """The first category whose words are there; empty when none is."""
    return next((name for name, words in CATEGORIES if re.search(words, text, re.IGNORECASE)), "")
