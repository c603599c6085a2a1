"""How does the simulated Lithuanian register of bridges speak? GeoJSON in LKS-94 metres, the northing first."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from cop.event import Millis
from cop.geo import from_wgs84
from feeds.simulated.national import Speaker
from feeds.simulated.script import MARK
from feeds.simulated.spans import Entry, spans, state

SPANS: Final = spans(
    "SIM-LT",
    ("Nemunas", "A5", 23.881, 54.891),
    ("Nemunas", "128", 24.061, 54.401),
    ("Nemunas", "130", 23.951, 54.641),
    ("Nemunas", "137", 22.761, 55.073),
    ("Nemunas", "A12", 21.913, 55.094),
    ("Neris", "A2", 25.271, 54.691),
    ("Neris", "A6", 24.271, 55.083),
    ("Nevėžis", "A17", 24.361, 55.731),
    ("Nevėžis", "144", 23.971, 55.291),
    ("Venta", "163", 22.331, 56.301),
    ("Minija", "A1", 21.401, 55.713),
    ("Šventoji", "A6", 24.751, 55.251),
)


def say(seed: int, now: Millis) -> bytes:
    """The register of this day."""
    features = [_feature(entry) for entry in state(seed, now, SPANS)]
    crs = {"type": "name", "properties": {"name": "EPSG:3346"}}
    return msgspec.json.encode({"type": "FeatureCollection", "crs": crs, "features": features})


def _feature(entry: Entry) -> dict[str, Any]:
    span = entry.span
    place = [round(metres, 2) for metres in from_wgs84(3346, span.place, order="ne")]
    properties = {
        "tilto_nr": span.key,
        "pavadinimas": f"{MARK} {span.river} {span.key}",
        "kelias": span.road,
        "upe": span.river,
        "ilgis": span.length_m,
        "plotis": span.width_m,
        "mases_ribojimas": "-" if entry.mass_t is None else f"{entry.mass_t:g}".replace(".", ","),
        "atnaujinta": entry.day.isoformat(),
    }
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Point", "coordinates": place}}


SPEAKERS: Final = (
    Speaker(
        feed="lt-bridges",
        source="lt-bridges",
        path="/bridges/lt.geojson",
        media="application/geo+json",
        say=say,
        nations=("LT",),
        rate_s=60.0,
    ),
)
