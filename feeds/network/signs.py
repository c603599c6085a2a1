"""What does a limit tag of OpenStreetMap say? A number in our unit, or why there is none.

Values as in the OpenStreetMap wiki (Key:maxweight, Key:maxheight, Map features/Units): a bare number is in tonnes or
metres. A civil mass stays a mass: no load class is ever made of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from cop.event import Limit

KEYS: Final[tuple[tuple[str, str, str], ...]] = (
    ("maxweight", "mass_t", "t"),
    ("maxaxleload", "axle_t", "t"),
    ("maxheight", "height_m", "m"),
    ("maxwidth", "width_m", "m"),
    ("width", "width_m", "m"),
)
"""Tag, limit, unit; of two for one limit the first that can be read counts."""
FACTORS: Final[dict[str, dict[str, float]]] = {
    "t": {"": 1.0, "t": 1.0, "ton": 1.0, "tons": 1.0, "tonne": 1.0, "tonnes": 1.0, "kg": 0.001, "st": 0.90718474,
          "lbs": 0.00045359237, "lb": 0.00045359237},
    "m": {"": 1.0, "m": 1.0, "meter": 1.0, "metre": 1.0, "metres": 1.0, "cm": 0.01, "ft": 0.3048, "'": 0.3048,
          "in": 0.0254, '"': 0.0254},
}  # fmt: skip
MEANT: Final[dict[str, str]] = {
    "none": "no limit",
    "no": "no limit",
    "unlimited": "no limit",
    "default": "the country's default",
    "below_default": "below the country's default, by how much is not said",
    "no_sign": "no sign",
    "unsigned": "no sign",
    "no_indications": "no sign",
}
"""Words that stand for no number."""
PLAUSIBLE: Final[dict[str, tuple[float, float]]] = {
    "mass_t": (0.5, 250.0),
    "axle_t": (0.5, 50.0),
    "height_m": (1.0, 20.0),
    "width_m": (1.0, 60.0),
}
"""Outside of this the number is in another unit than it says."""

_number = re.compile(r"\s*(\d+(?:[.,]\d+)?)\s*([a-z]*|'|\")\s*")
_feet = re.compile(r"\s*(\d+)\s*(?:'|ft)\s*(\d+(?:[.,]\d+)?)\s*(?:\"|''|in)?\s*")


def read(what: str, unit: str, text: str) -> tuple[float | None, str]:
    """(value, ""), or (None, why there is none)."""
    wanted = text.strip().casefold()
    if wanted in MEANT:
        return None, MEANT[wanted]
    value: float | None = None
    if unit == "m" and (feet := _feet.fullmatch(wanted)):
        value = float(feet[1]) * 0.3048 + float(feet[2].replace(",", ".")) * 0.0254
    elif (number := _number.fullmatch(wanted)) and number[2] in FACTORS[unit]:
        value = float(number[1].replace(",", ".")) * FACTORS[unit][number[2]]
    if value is None:
        return None, "cannot be read"
    least, most = PLAUSIBLE[what]
    return (round(value, 3), "") if least <= value <= most else (None, "not plausible in its unit")


def limits(tags: Mapping[str, str]) -> tuple[tuple[Limit, ...], list[tuple[str, str, str]]]:
    """The limits of a way, and (tag, text, why) of each limit tag that gave none."""
    found: dict[str, Limit] = {}
    left: list[tuple[str, str, str]] = []
    for key, what, unit in KEYS:
        if key in tags and what not in found:
            value, why = read(what, unit, tags[key])
            if value is None:
                left.append((key, tags[key], why))
            else:
                basis = "OpenStreetMap" if key != "width" else "OpenStreetMap, width of the road"
                found[what] = Limit(what, value, unit, basis)
        if f"{key}:conditional" in tags:
            left.append((f"{key}:conditional", tags[f"{key}:conditional"], "a condition is not read"))
    return tuple(found.values()), left
