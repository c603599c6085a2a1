"""How is a plan drawn in GeoJSON? Control lines and halts, as a staff would drop them into the folder."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from cop.event import Millis
from feeds.simulated.national import Speaker
from feeds.simulated.script import MARK, changed

LINES: Final = {
    "PL-AMBER": [(21.2, 56.32), (23.6, 56.36), (25.9, 56.0)],
    "PL-BIRCH": [(24.4, 57.87), (26.0, 57.78), (27.3, 57.55)],
}
HALTS: Final = {"HALT-1": (24.36, 57.30), "HALT-2": (24.35, 56.02), "HALT-3": (25.63, 58.90)}
EVERY_MIN: Final = 12.0
STATES: Final = ("open", "restricted", "open", "closed")


def say(seed: int, now: Millis) -> bytes:
    """The file of this moment; a halt's state changes every few minutes."""

    def feature(geometry: dict[str, Any], at: Millis, **properties: Any) -> dict[str, Any]:
        time = datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"type": "Feature", "geometry": geometry, "properties": {**properties, "time": time}}

    drawn = changed(seed, "plan", now, 24 * 60)
    features = [
        feature({"type": "LineString", "coordinates": line}, drawn, kind="graphic", id=key, name=f"{key} {MARK}")
        for key, line in LINES.items()
    ]
    for key, place in HALTS.items():
        at = changed(seed, key, now, EVERY_MIN)
        state = STATES[at // round(EVERY_MIN * 60_000) % len(STATES)]
        point = {"type": "Point", "coordinates": place}
        features.append(
            feature(point, at, kind="site", id=f"SIM-{key}", name=f"Convoy halt {key}", status=state, reason=MARK)
        )
    return msgspec.json.encode({"type": "FeatureCollection", "features": features})


SPEAKERS: Final = (
    Speaker(feed="geojson", source="geojson", path="/files/plan.geojson", media="application/geo+json", say=say),
)
