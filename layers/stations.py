"""What does a road station look like and say? The weather on the road, its surface, and the traffic that passes."""

from __future__ import annotations

from typing import Final

from cop.event import Millis
from cop.picture import Entity
from layers import symbols
from layers.codes import NEUTRAL
from layers.fields import BASIS, STATUS, name, number
from layers.layer import Key, Layer, described, measured

SENSOR: Final = f"130{NEUTRAL}1500002202000000"
"""An emplaced sensor."""


def symbol(entity: Entity, now: Millis) -> str:
    """The code that a source gave it, else that of a sensor."""
    return symbols.as_given(entity, SENSOR)


def label(entity: Entity, now: Millis) -> str:
    """Its name, else its number."""
    return name(entity) or number(entity, now)


LAYER = Layer(
    name="stations",
    title="Road stations",
    domain="land",
    kinds=("station",),
    z=12,
    stale_s=3600,
    symbol=symbol,
    label=label,
    fields=(
        *STATUS,
        described("measures", "Measures"),
        described("roads", "Roads"),
        measured("air_c", "Air", "°C"),
        measured("road_c", "Road surface", "°C"),
        described("surface", "Surface"),
        described("precipitation", "Precipitation", table=False),
        measured("rain_mm", "Amount of precipitation", "mm", table=False),
        measured("visibility_m", "Visibility", "m"),
        measured("wind_ms", "Wind", "m/s"),
        measured("gust_ms", "Gusts", "m/s", table=False),
        measured("wind_deg", "Wind from", "°", table=False),
        measured("friction", "Friction", table=False),
        measured("dew_c", "Dew point", "°C", table=False),
        measured("freezing_c", "Freezing point of the surface", "°C", table=False),
        measured("vehicles_h", "Traffic", "vehicles/h"),
        measured("mean_speed_kmh", "Mean speed", "km/h"),
        described("road_name", "Road name", table=False),
        described("km", "Road kilometre", "km", table=False),
        *BASIS,
    ),
    legend=(Key(f"app6/{SENSOR}", "Road station: weather or traffic"),),
)
