"""How does the simulated table of waits at Latvia's border speak? JSON in the shape that is read without options.

Waits rise and fall in the course of an hour. Crossings that are shut tell none: a dash, and no number.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from cop.event import Millis
from feeds.lv_access import RIGA
from feeds.simulated.national import Speaker
from feeds.simulated.script import MARK, changed, wave

OPEN: Final = {"Terehova": 480.0, "Grebņeva": 300.0, "Pāternieki": 720.0}
"""Crossing that is used → its longest wait, minutes."""
SHUT: Final = ("Silene", "Vientuļi", "Pededze")
NEWS_MIN: Final = 5.0
"""The table is made anew every so many minutes."""


def state(seed: int, now: Millis) -> dict[tuple[str, str], tuple[int, int] | None]:
    """(crossing, direction) → minutes of wait and vehicles in the queue; None where nobody waits, for it is shut."""
    at = changed(seed, "lv-border", now, NEWS_MIN)
    found: dict[tuple[str, str], tuple[int, int] | None] = {}
    for direction in ("exit", "entry"):
        for name, longest in OPEN.items():
            wait = round(wave(seed, f"{name} {direction}", at, 10, longest, 60))
            found[name, direction] = (wait, wait // 4)
        found |= {(name, direction): None for name in SHUT}
    return found


def say(seed: int, now: Millis) -> bytes:
    """The table of this moment."""
    at = changed(seed, "lv-border", now, NEWS_MIN)
    time = datetime.fromtimestamp(at // 1000, RIGA).isoformat()
    rows: list[dict[str, Any]] = []
    for (name, direction), told in state(seed, now).items():
        wait, queue = told or ("-", "-")
        rows.append({"name": name, "direction": direction, "waiting_min": wait, "queue": queue, "time": time})
    return msgspec.json.encode({"note": MARK, "crossings": rows})


SPEAKERS = (
    Speaker(
        feed="lv-border",
        source="lv-border",
        path="/lv/border",
        media="application/json",
        say=say,
        nations=("LV",),
    ),
)
