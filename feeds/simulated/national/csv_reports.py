"""How do the simulated convoys report by CSV? A table in Latvian: semicolons, decimal commas, times with their zone."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from cop.event import Millis
from feeds.simulated.national import Speaker
from feeds.simulated.script import MARK, happens
from feeds.simulated.shuttles import Shuttle, seen

CONVOYS: Final = (Shuttle("SIM-G4", "R04", 40.0), Shuttle("SIM-G5", "R09", 44.0), Shuttle("SIM-G6", "R02", 36.0))
EVERY_MS: Final = 30_000
REPORTS: Final = 3
RIGA: Final = ZoneInfo("Europe/Riga")
HEADER: Final = "Konvojs;Laiks;Platums;Garums;Ātrums (km/h);Virziens;Piezīmes;Statuss"


def late(convoy: Shuttle, seed: int, at: Millis) -> bool:
    """Whether it reports a delay."""
    return happens(seed, f"{convoy.key} late", at, 17, 5) is not None


def say(seed: int, now: Millis) -> bytes:
    """The file of this moment."""
    last = now - now % EVERY_MS
    times = sorted({max(0, last - back * EVERY_MS) for back in range(REPORTS)})
    rows = [_row(convoy, seed, at) for at in times for convoy in CONVOYS]
    return "\r\n".join([HEADER, *rows, ""]).encode()


def _row(convoy: Shuttle, seed: int, at: Millis) -> str:
    told = seen(convoy, seed, at)
    lon, lat = told.place
    numbers = (f"{each:.6f}".replace(".", ",") for each in (lat, lon))
    motion = (f"{each:.1f}".replace(".", ",") for each in (convoy.kmh, told.course))
    when = datetime.fromtimestamp(at / 1000, RIGA).isoformat(timespec="seconds")
    status = "kavējas" if late(convoy, seed, at) else "kustībā"
    return ";".join((convoy.key, when, *numbers, *motion, f"{MARK} R{convoy.route[1:]}", status))


SPEAKERS: Final = (
    Speaker(
        feed="csv-reports",
        source="csv-reports",
        path="/files/reports.csv",
        media="text/csv",
        say=say,
        charset="utf-8",
    ),
)
