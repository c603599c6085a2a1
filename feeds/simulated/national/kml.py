"""How do the simulated convoys speak KML? Tracks with times, and the assembly areas that they use."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from cop.event import Millis
from feeds.simulated.national import Speaker
from feeds.simulated.national.gpx import times
from feeds.simulated.script import MARK
from feeds.simulated.shuttles import Shuttle, seen

CONVOYS: Final = (Shuttle("SIM-K1", "R02", 40.0), Shuttle("SIM-K2", "R06", 44.0))
AREAS: Final = {"AA-NORTH": (25.60, 58.88), "AA-MIDDLE": (24.45, 56.60), "AA-SOUTH": (24.30, 55.30)}
SIDE: Final = 0.04
DRAWN: Final = "2026-11-01T08:00:00Z"


def say(seed: int, now: Millis) -> bytes:
    """The file of this moment."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"'
        f' xmlns:gx="http://www.google.com/kml/ext/2.2"><Document><name>{MARK} movements</name>\n'
        + "".join(_track(convoy, seed, now) for convoy in CONVOYS)
        + "".join(_area(name, *middle) for name, middle in AREAS.items())
        + "</Document></kml>\n"
    ).encode()


def _track(convoy: Shuttle, seed: int, now: Millis) -> str:
    moments = [(at, seen(convoy, seed, at).place) for at in reversed(times(now))]
    when = "".join(f"<when>{_utc(at)}</when>" for at, _ in moments)
    where = "".join(f"<gx:coord>{lon} {lat} 0</gx:coord>" for _, (lon, lat) in moments)
    return f"<Placemark><name>{convoy.key}</name><gx:Track>{when}{where}</gx:Track></Placemark>\n"


def _area(name: str, lon: float, lat: float) -> str:
    corners = [(lon, lat), (lon + SIDE, lat), (lon + SIDE, lat + SIDE), (lon, lat + SIDE), (lon, lat)]
    line = " ".join(f"{x:.4f},{y:.4f}" for x, y in corners)
    return (
        f'<Placemark id="{name}"><name>{name}</name><description>{MARK}: assembly area</description>'
        f"<TimeStamp><when>{DRAWN}</when></TimeStamp><Polygon><outerBoundaryIs><LinearRing><coordinates>{line}"
        "</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>\n"
    )


def _utc(at: Millis) -> str:
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


SPEAKERS: Final = (
    Speaker(
        feed="kml", source="kml", path="/files/movements.kml", media="application/vnd.google-earth.kml+xml", say=say
    ),
)
