"""Where do the simulated ships sail? Lanes in the Baltic as waypoints in the sea, with the room to either side.

The waypoints were set by hand in open water; a test holds every position of a voyage against the land polygons.
"""

from __future__ import annotations

from typing import NamedTuple


class Waypoint(NamedTuple):
    """A point of a lane; ships keep within `room` metres of it."""

    lon: float
    lat: float
    room: float


class Lane(NamedTuple):
    """A way between two ports. `ships` are the kinds that use it, `share` its part of all traffic."""

    name: str
    start: str
    end: str
    share: int
    ships: tuple[str, ...]
    waypoints: tuple[Waypoint, ...]


def _way(*points: tuple[float, float, float]) -> tuple[Waypoint, ...]:
    return tuple(Waypoint(*point) for point in points)


LANES: tuple[Lane, ...] = (
    Lane(
        "Baltic proper and Gulf of Finland TSS", "PLGDN", "EESLM", 12, ("cargo", "tanker"),
        _way(
            (18.95, 54.52, 900), (19.10, 54.75, 1500), (19.20, 55.30, 4000), (19.70, 56.50, 5000),
            (20.30, 57.50, 5000), (20.60, 58.30, 5000), (21.20, 58.95, 3000), (22.20, 59.25, 2500),
            (23.50, 59.44, 2500), (24.60, 59.72, 2500), (25.50, 59.85, 2500), (26.10, 59.78, 1500),
            (26.45, 59.755, 1200), (26.90, 59.65, 2000), (27.72, 59.50, 900),
        ),
    ),
    Lane(
        "Gulf of Finland to Helsinki", "DESAS", "FIHEL", 8, ("cargo", "tanker"),
        _way(
            (13.78, 54.50, 500), (14.20, 54.75, 1500), (15.30, 54.80, 2000), (16.80, 55.35, 4000),
            (18.60, 55.90, 5000), (19.80, 56.90, 5000), (20.40, 57.70, 5000), (20.80, 58.50, 5000),
            (21.30, 59.00, 3000), (22.20, 59.30, 2500), (23.50, 59.50, 2500), (24.60, 59.77, 2000),
            (25.15, 59.95, 1500), (25.18, 60.06, 500),
        ),
    ),
    Lane(
        "Riga through the Irbe Strait to Nynashamn", "LVRIX", "SENYN", 8, ("cargo", "ferry"),
        _way(
            (23.98, 57.10, 800), (23.60, 57.42, 2500), (22.95, 57.77, 2000), (22.45, 57.86, 1200),
            (21.90, 57.79, 1500), (21.20, 57.75, 3000), (20.00, 58.25, 4000), (18.70, 58.72, 3000),
            (18.18, 58.78, 600),
        ),
    ),
    Lane(
        "Riga through the Irbe Strait to Gdansk", "LVRIX", "PLGDN", 8, ("cargo", "tanker"),
        _way(
            (23.98, 57.10, 800), (23.60, 57.42, 2500), (22.95, 57.77, 2000), (22.45, 57.86, 1200),
            (21.90, 57.79, 1500), (21.00, 57.60, 3000), (20.50, 56.80, 4000), (20.20, 55.80, 4000),
            (19.40, 55.25, 3000), (19.10, 54.75, 1500), (18.95, 54.52, 900),
        ),
    ),
    Lane(
        "Tallinn to Helsinki", "EETLL", "FIHEL", 9, ("fast ferry", "ferry"),
        _way(
            (24.74, 59.475, 250), (24.65, 59.56, 500), (24.70, 59.68, 1500), (24.93, 59.98, 1000),
            (24.95, 60.07, 250),
        ),
    ),
    Lane(
        "Muuga to Vuosaari", "EEMUG", "FIVSS", 6, ("ferry", "cargo"),
        _way(
            (24.93, 59.515, 300), (24.87, 59.60, 500), (24.88, 59.72, 1500), (25.10, 59.98, 1500),
            (25.18, 60.06, 500),
        ),
    ),
    Lane(
        "Paldiski to Kapellskar", "EEPLA", "SEKPS", 5, ("ferry", "cargo"),
        _way(
            (24.01, 59.41, 200), (23.95, 59.44, 400), (23.50, 59.46, 1500), (22.30, 59.33, 2000),
            (20.80, 59.50, 3000), (19.90, 59.66, 1500), (19.58, 59.70, 400),
        ),
    ),
    Lane(
        "Ventspils to Nynashamn", "LVVNT", "SENYN", 6, ("ferry", "cargo"),
        _way(
            (21.49, 57.42, 400), (21.20, 57.50, 2000), (19.90, 58.20, 3000), (18.70, 58.70, 3000),
            (18.18, 58.78, 600),
        ),
    ),
    Lane(
        "Ventspils oil to the south", "LVVNT", "PLGDN", 4, ("tanker",),
        _way(
            (21.49, 57.42, 400), (21.05, 57.45, 2000), (20.45, 56.80, 4000), (20.10, 55.80, 4000),
            (19.35, 55.25, 3000), (19.10, 54.75, 1500), (18.95, 54.52, 900),
        ),
    ),
    Lane(
        "Liepaja to Sassnitz", "LVLPX", "DESAS", 6, ("ferry", "cargo", "navy"),
        _way(
            (20.94, 56.53, 400), (20.40, 56.30, 2000), (18.20, 55.70, 4000), (16.60, 55.30, 4000),
            (15.30, 54.80, 2000), (14.20, 54.75, 1500), (13.78, 54.50, 500),
        ),
    ),
    Lane(
        "Klaipeda to Karlshamn", "LTKLJ", "SEKAN", 8, ("ferry", "cargo"),
        _way(
            (21.05, 55.73, 300), (20.75, 55.75, 1500), (17.50, 55.95, 4000), (16.20, 55.95, 3000),
            (15.30, 56.00, 1500), (14.92, 56.09, 400),
        ),
    ),
    Lane(
        "Klaipeda to Sassnitz", "LTKLJ", "DESAS", 6, ("ferry", "cargo"),
        _way(
            (21.05, 55.73, 300), (20.75, 55.72, 1500), (18.80, 55.55, 4000), (16.70, 55.20, 4000),
            (15.30, 54.80, 2000), (14.20, 54.75, 1500), (13.78, 54.50, 500),
        ),
    ),
    Lane(
        "Coasters off Courland", "LTKLJ", "LVVNT", 6, ("cargo", "navy"),
        _way(
            (21.05, 55.73, 300), (20.80, 55.95, 1500), (20.72, 56.50, 1500), (20.80, 57.00, 2000),
            (21.20, 57.45, 1500), (21.49, 57.42, 400),
        ),
    ),
    Lane(
        "Butinge oil terminal", "LTBOT", "PLGDN", 2, ("tanker",),
        _way(
            (20.93, 56.06, 500), (20.60, 56.00, 2000), (20.10, 55.70, 3000), (19.35, 55.25, 3000),
            (19.10, 54.75, 1500), (18.95, 54.52, 900),
        ),
    ),
    Lane(
        "Parnu coasters", "EEPAR", "LVVNT", 3, ("cargo",),
        _way(
            (24.40, 58.31, 400), (24.30, 58.05, 1500), (23.70, 57.65, 2500), (22.95, 57.77, 2000),
            (22.45, 57.86, 1200), (21.90, 57.79, 1500), (21.40, 57.60, 1500), (21.49, 57.42, 400),
        ),
    ),
    Lane(
        "Virtsu to Kuivastu", "EEVIR", "EEKUI", 4, ("island ferry",),
        _way(
            (23.492, 58.574, 60), (23.450, 58.578, 100), (23.408, 58.576, 60),
        ),
    ),
    Lane(
        "Rohukula to Heltermaa", "EEROH", "EEHLT", 3, ("island ferry",),
        _way(
            (23.405, 58.906, 60), (23.30, 58.895, 100), (23.20, 58.875, 100), (23.065, 58.866, 60),
        ),
    ),
    Lane(
        "Gulf of Riga fishing grounds", "EERUH", "LVRIX", 4, ("fishing", "yacht"),
        _way(
            (23.55, 57.85, 1500), (23.75, 57.70, 3000), (23.90, 57.45, 3000), (23.98, 57.18, 1500),
        ),
    ),
    Lane(
        "Fishing grounds off Liepaja", "LVLPX", "LVPAV", 4, ("fishing", "yacht"),
        _way(
            (20.93, 56.56, 400), (20.50, 56.60, 3000), (20.30, 56.95, 3000), (20.85, 56.92, 1000),
        ),
    ),
)  # fmt: skip
