"""How does the simulated Estonian register of bridges speak? One feature a line, outlines in L-EST97 metres."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from cop.event import Millis
from cop.geo import from_wgs84
from feeds.simulated.national import Speaker
from feeds.simulated.script import MARK
from feeds.simulated.spans import Entry, spans, state

SPANS: Final = spans(
    "SIM-EE",
    ("Pärnu jõgi", "4", 24.531, 58.384),
    ("Pärnu jõgi", "25", 25.431, 58.803),
    ("Emajõgi", "3", 26.727, 58.379),
    ("Emajõgi", "2", 26.632, 58.437),
    ("Võhandu", "2", 27.031, 57.991),
    ("Pirita jõgi", "1", 24.962, 59.402),
    ("Jägala jõgi", "1", 25.181, 59.448),
    ("Kasari jõgi", "10", 24.011, 58.731),
    ("Keila jõgi", "8", 24.421, 59.312),
    ("Valgejõgi", "1", 25.791, 59.541),
    ("Põltsamaa jõgi", "2", 25.967, 58.652),
    ("Pedja jõgi", "37", 26.351, 58.671),
)


def say(seed: int, now: Millis) -> bytes:
    """The register of this day."""
    return b"".join(msgspec.json.encode(_feature(entry)) + b"\n" for entry in state(seed, now, SPANS))


def _feature(entry: Entry) -> dict[str, Any]:
    span = entry.span
    east, north = from_wgs84(3301, span.place, order="en")
    half, side = span.length_m / 2, span.width_m / 2
    corners = ((-half, -side), (half, -side), (half, side), (-half, side), (-half, -side))
    ring = [[round(east + x, 2), round(north + y, 2)] for x, y in corners]
    properties = {
        "etak_id": span.key,
        "nimetus": f"{MARK} {span.river} {span.key}",
        "tee_nr": span.road,
        "takistus": span.river,
        "pikkus": span.length_m,
        "laius": span.width_m,
        "massipiirang": entry.mass_t,
        "muudetud": entry.day.isoformat(),
    }
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


SPEAKERS: Final = (
    Speaker(
        feed="ee-bridges",
        source="ee-bridges",
        path="/bridges/ee.ndjson",
        media="application/geo+json-seq",
        say=say,
        nations=("EE",),
        rate_s=60.0,
    ),
)
