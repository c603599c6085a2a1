"""What does the weather of an aerodrome look like and say? What was measured there, what is forecast, the minima."""

from __future__ import annotations

from typing import Final

from cop.event import Millis, State
from cop.picture import Entity
from layers import symbols
from layers.fields import BASIS, STATUS, number
from layers.layer import Key, Layer, described, measured

SIGNS: Final[dict[State, str]] = {
    "open": "above",
    "degraded": "below",
    "restricted": "below",
    "closed": "below",
    "unknown": "unknown",
}
"""State of the weather → the variant of its sign."""


def symbol(entity: Entity, now: Millis) -> str:
    """A sign on a stem, so that the aerodrome stays to be seen."""
    return symbols.glyph(f"weather-{SIGNS[entity.state(now)]}", entity)


LAYER = Layer(
    name="weather",
    title="Aerodrome weather",
    domain="air",
    kinds=("weather",),
    z=48,
    stale_s=5400,
    symbol=symbol,
    label=number,
    fields=(
        *STATUS,
        measured("visibility_m", "Visibility", "m"),
        measured("rvr_m", "Runway visual range", "m"),
        measured("ceiling_m", "Ceiling", "m"),
        measured("wind_ms", "Wind", "m/s"),
        measured("gust_ms", "Gusts", "m/s"),
        measured("wind_deg", "Wind from", "°", table=False),
        measured("temp_c", "Temperature", "°C"),
        measured("dew_c", "Dew point", "°C", table=False),
        measured("qnh_hpa", "QNH", "hPa", table=False),
        described("weather", "Present weather"),
        described("taf_worst", "Worst forecast"),
        described("taf_worst_from", "Worst from"),
        described("taf_worst_until", "Worst until"),
        described("taf_visibility_m", "Visibility then", "m", table=False),
        described("taf_ceiling_m", "Ceiling then", "m", table=False),
        described("taf_valid", "Forecast valid", table=False),
        described("metar", "METAR", table=False),
        described("taf", "TAF", table=False),
        *BASIS,
    ),
    legend=(
        Key("glyph/weather-above", "Aerodrome weather above minima"),
        Key("glyph/weather-below", "Aerodrome weather below minima"),
        Key("glyph/weather-unknown", "Aerodrome weather not known"),
    ),
)
