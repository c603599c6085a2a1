"""What does a military site look like and say? Garrisons, training areas and bases, as the public knows them."""

from __future__ import annotations

from typing import Final

from cop.event import Millis
from cop.picture import Entity
from layers import symbols
from layers.codes import FRIEND
from layers.fields import BASIS, DELAYS, STATUS, number
from layers.layer import Key, Layer, described

BASE: Final = f"130{FRIEND}2000001208020000"
CODES: Final[tuple[tuple[str, str, str], ...]] = (
    ("air base", f"130{FRIEND}2000001213010000", "Air base"),
    ("garrison", BASE, "Garrison or base"),
    ("training area", f"130{FRIEND}2000001119020000", "Training area"),
)
"""Kind → code: the first that the kind names. A garrison with a training area is a garrison."""
KIND: Final = described("kind", "Kind")


def symbol(entity: Entity, now: Millis) -> str:
    """The symbol of its kind."""
    cell = KIND.value(entity, now)
    kind = str(cell.value) if cell else ""
    return symbols.app6(next((code for named, code, _ in CODES if named in kind), BASE), entity)


LAYER = Layer(
    name="sites",
    title="Military sites",
    domain="land",
    kinds=("site",),
    z=10,
    stale_s=None,
    symbol=symbol,
    label=number,
    fields=(*STATUS, *DELAYS, KIND, described("public_note", "Note"), *BASIS),
    legend=tuple(Key(f"app6/{code}", text) for _, code, text in CODES),
)
