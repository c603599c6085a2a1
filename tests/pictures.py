"""What do the frames look like that tests show to a browser? Bridges near Jelgava, vessels in the Gulf of Rīga."""

from __future__ import annotations

from typing import Any, Final

NOW: Final = 1_764_000_000_000
VESSEL: Final = "10033000001401000000"
TRUCKS: Final = "10031000151636000000"


def thing(h: int, **more: Any) -> dict[str, Any]:
    """A bridge near Jelgava, or what `more` makes of it."""
    made: dict[str, Any] = {
        "h": h,
        "id": f"bridge:LV:B{h:02}",
        "layer": "bridges",
        "domain": "land",
        "name": f"Bridge {h}",
    }
    made |= {"label": f"B{h:02}", "nations": ["LV"], "sym": TRUCKS, "state": "open", "origin": "observed"}
    return made | {"world": "real", "source": "test", "at": NOW, "lon": 23.7, "lat": 56.65} | more


def vessel(h: int, **more: Any) -> dict[str, Any]:
    """A vessel in the Gulf of Rīga, or what `more` makes of it."""
    made: dict[str, Any] = {
        "id": f"vessel:{h}",
        "layer": "vessels",
        "domain": "maritime",
        "name": f"Vessel {h}",
        "label": f"V{h}",
    }
    made |= {"sym": VESSEL, "state": "unknown", "course": 90, "speed": 7.5, "stale_s": 120, "lon": 23.6, "lat": 57.4}
    return thing(h, **(made | more))


def snapshot(*things: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A frame to start from."""
    return {"k": "snapshot", "w": "real", "now": NOW, "put": list(things)} | more


def delta(**more: Any) -> dict[str, Any]:
    """A frame to merge, a second later."""
    return {"k": "delta", "w": "real", "now": NOW + 1000} | more


def moved(h: int, lon: float, lat: float, course: int = -1, speed: int = -1, age: int = 0) -> dict[str, list[int]]:
    """The columns of one moved thing."""
    return {"h": [h], "x": [round(lon * 1e5)], "y": [round(lat * 1e5)], "c": [course], "s": [speed], "t": [age]}
