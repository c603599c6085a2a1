"""How does the simulated Latvian register of bridges speak? GeoJSON in LKS-92 metres, the easting first."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from cop.event import Millis
from cop.geo import from_wgs84
from feeds.simulated.national import Speaker
from feeds.simulated.script import MARK
from feeds.simulated.spans import Entry, spans, state

SPANS: Final = spans(
    "SIM-LV",
    ("Salaca", "A1", 24.371, 57.752),
    ("Gauja", "P8", 24.851, 57.163),
    ("Gauja", "P18", 25.431, 57.536),
    ("Gauja", "A3", 25.693, 57.624),
    ("Daugava", "A5", 24.352, 56.848),
    ("Daugava", "P75", 25.861, 56.503),
    ("Daugava", "A6", 26.512, 55.874),
    ("Lielupe", "A8", 23.731, 56.652),
    ("Venta", "A9", 22.013, 56.674),
    ("Venta", "P112", 21.981, 56.971),
    ("Mēmele", "A7", 24.193, 56.411),
    ("Aiviekste", "P37", 25.931, 56.721),
)


def say(seed: int, now: Millis) -> bytes:
    """The register of this day."""
    features = [_feature(entry) for entry in state(seed, now, SPANS)]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3059"}}
    return msgspec.json.encode({"type": "FeatureCollection", "crs": crs, "features": features})


def _feature(entry: Entry) -> dict[str, Any]:
    span = entry.span
    place = [round(metres, 2) for metres in from_wgs84(3059, span.place, order="en")]
    properties = {
        "tilta_id": span.key,
        "nosaukums": f"{MARK} {span.river} {span.key}",
        "autocels": span.road,
        "upe": span.river,
        "garums": span.length_m,
        "platums": span.width_m,
        "masas_ierobezojums": "None" if entry.mass_t is None else f"{entry.mass_t:g}",
        "aktualizets": entry.day.isoformat(),
    }
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Point", "coordinates": place}}


SPEAKERS: Final = (
    Speaker(
        feed="lv-bridges",
        source="lv-bridges",
        path="/bridges/lv.geojson",
        media="application/geo+json",
        say=say,
        nations=("LV",),
        rate_s=60.0,
    ),
)
