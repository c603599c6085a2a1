"""How do the simulated convoys speak GPX? The way that each is on as a route, its last minutes as a track."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape

from cop.event import Millis
from feeds.simulated.national import Speaker
from feeds.simulated.script import MARK
from feeds.simulated.shuttles import Shuttle, leg, seen

CONVOYS: Final = (Shuttle("SIM-G1", "R01", 42.0), Shuttle("SIM-G2", "R05", 38.0), Shuttle("SIM-G3", "R08", 45.0))
EVERY_MS: Final = 20_000
POINTS: Final = 10
"""So many points, so far apart: what is said again is the same event."""


def times(now: Millis) -> tuple[Millis, ...]:
    """The times of the points that are told at this wall time, the last one first."""
    last = now - now % EVERY_MS
    return tuple(max(0, last - back * EVERY_MS) for back in range(POINTS))


def say(seed: int, now: Millis) -> bytes:
    """The file of this moment."""
    ways = [(convoy, leg(convoy, seed, now)) for convoy in CONVOYS]
    routes = "".join(
        f"<rte><name>{convoy.key}</name>"
        + "".join(
            f'<rtept lat="{lat}" lon="{lon}"><time>{_utc(way.begun)}</time><name>{escape(name)}</name></rtept>'
            for name, (lon, lat) in zip(way.names, way.path, strict=True)
        )
        + "</rte>\n"
        for convoy, way in ways
    )
    tracks = "".join(
        f"<trk><name>{convoy.key}</name><desc>{MARK}</desc><trkseg>"
        + "".join(_point(convoy, seed, at) for at in reversed(times(now)))
        + "</trkseg></trk>\n"
        for convoy in CONVOYS
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" creator="{MARK}"'
        f' xmlns="http://www.topografix.com/GPX/1/1"><metadata><name>{MARK} convoys</name></metadata>\n'
        f"{routes}{tracks}</gpx>\n"
    ).encode()


def _point(convoy: Shuttle, seed: int, at: Millis) -> str:
    lon, lat = seen(convoy, seed, at).place
    return f'<trkpt lat="{lat}" lon="{lon}"><time>{_utc(at)}</time><hdop>1.4</hdop></trkpt>'


def _utc(at: Millis) -> str:
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


SPEAKERS: Final = (Speaker(feed="gpx", source="gpx", path="/files/convoys.gpx", media="application/gpx+xml", say=say),)
