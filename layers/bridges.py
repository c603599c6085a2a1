"""What does a bridge look like and say? Its class sign, and the class that must be kept now beside the described one.

A class is a number without a unit (STANAG 2021). Tonnes, heights and widths are limits of their own and never turned
into one; a bridge without a class shows a grey sign, which no vehicle may read as permission.
"""

from __future__ import annotations

from cop.event import Millis
from cop.picture import Entity
from layers import symbols
from layers.fields import ALL_LIMITS, BASIS, DELAYS, STATUS, in_force, limit_in_force, number
from layers.layer import Cell, Field, Key, Layer, described, limited

WHEELED, TRACKED = ("mlc_wheeled", "mlc_wheeled_oneway"), ("mlc_tracked", "mlc_tracked_oneway")


def _class(cell: Cell | None) -> int | None:
    """The figure on the sign; what is no class that a sign could show is unknown."""
    if cell is None or not isinstance(cell.value, int | float) or not 0 <= cell.value < 1000:
        return None
    return int(cell.value)


def symbol(entity: Entity, now: Millis) -> str:
    """The sign with the classes in force."""
    wheeled, tracked = (_class(in_force(entity, now, *names, "MLC")) for names in (WHEELED, TRACKED))
    return symbols.mlc(wheeled, tracked, entity)


FIELDS: tuple[Field, ...] = (
    *STATUS,
    limit_in_force(*WHEELED, "MLC wheeled, in force", "MLC"),
    limit_in_force(*TRACKED, "MLC tracked, in force", "MLC"),
    limited("mlc_wheeled_oneway", "MLC wheeled, one way, described", "MLC"),
    limited("mlc_tracked_oneway", "MLC tracked, one way, described", "MLC"),
    limited("mlc_twoway", "MLC two way, described", "MLC"),
    limit_in_force("mass_t", "mass_t", "Mass limit (civil), in force", "t"),
    limit_in_force("axle_t", "axle_t", "Axle load limit (civil), in force", "t"),
    limit_in_force("height_m", "height_m", "Height limit, in force", "m"),
    limit_in_force("width_m", "width_m", "Width limit, in force", "m"),
    *DELAYS,
    described("road", "Road"),
    described("river_or_obstacle", "Crosses"),
    described("kind", "Kind"),
    described("length_m", "Length", "m"),
    described("public_limit", "Public limit, as published"),
    described("public_limit_source", "Source of the public limit", table=False),
    ALL_LIMITS,
    *BASIS,
)

LAYER = Layer(
    name="bridges",
    title="Bridges",
    domain="land",
    kinds=("bridge",),
    z=20,
    stale_s=None,
    symbol=symbol,
    label=number,
    fields=FIELDS,
    legend=(
        Key("mlc/80-80", "Bridge, one class for wheeled and tracked vehicles"),
        Key("mlc/80-70", "Bridge, class for wheeled above, for tracked below"),
        Key("mlc/80-unknown", "Bridge, class for tracked vehicles unknown"),
        Key("mlc/unknown-70", "Bridge, class for wheeled vehicles unknown"),
        Key("mlc/unknown-unknown", "Bridge, class unknown: not cleared for anything"),
    ),
)
