"""What does the simulated page of Estonia's border queues say? Two crossings, whose queues grow and shrink."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from cop.event import Millis
from feeds.simulated.national import Speaker
from feeds.simulated.script import MARK, MINUTE, wave
from feeds.sources.ee_border import LANES

TALLINN: Final = ZoneInfo("Europe/Tallinn")
HOUR: Final = 60 * MINUTE
NAMES: Final = {"XE03": "Koidula", "XE02": "Luhamaa"}
MOST: Final = {"A/B": 60.0, "BC": 8.0, "C": 90.0, "CE": 40.0, "D": 6.0}
"""Vehicles in a lane at its worst."""
AN_HOUR: Final = 6
"""Vehicles of a lane that pass in an hour."""
WITHOUT: Final = frozenset({("XE02", "BC")})
"""Lanes that are not told."""


class Lane(msgspec.Struct, frozen=True):
    """The queue of a lane, and when its first slot is free."""

    vehicles: int
    slot: Millis


def state(seed: int, at: Millis) -> dict[tuple[str, str], Lane]:
    """(crossing, lane) → its queue, as it was at the last five minutes."""
    now = at - at % (5 * MINUTE)
    found: dict[tuple[str, str], Lane] = {}
    for crossing, lanes in LANES.items():
        for lane in lanes:
            if (crossing, lane) not in WITHOUT:
                vehicles = round(wave(seed, f"{crossing}:{lane}", now, 0, MOST[lane], 180))
                found[crossing, lane] = Lane(vehicles, (now // HOUR + 1 + vehicles // AN_HOUR) * HOUR)
    return found


def page(seed: int, at: Millis) -> bytes:
    """The page with a table for each crossing."""
    told = state(seed, at)
    tables: list[str] = []
    for crossing, lanes in LANES.items():
        row = [(number, told.get((crossing, lane))) for lane, number in lanes.items()]
        heads = "".join(f"<th>{lane}</th>" for lane in lanes)
        counts = "".join(f'<td id="nvl-{number}">{lane.vehicles if lane else "N/A"}</td>' for number, lane in row)
        slots = "".join(f'<td id="frt-{number}">{_local(lane.slot) if lane else "N/A"}</td>' for number, lane in row)
        tables.append(
            f'<h2>{NAMES[crossing]} ({MARK})</h2><table class="maintable"><tr><th></th>{heads}</tr>'
            f"<tr><th>Vehicles in the live queue</th>{counts}</tr><tr><th>First free slot</th>{slots}</tr></table>"
        )
    head = f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{MARK} border queues</title></head><body>'
    return f"{head}{''.join(tables)}</body></html>".encode()


def _local(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, TALLINN).strftime("%d.%m.%Y %H:%M")


SPEAKERS: Final = (
    Speaker(
        feed="ee-border",
        source="ee-border",
        path="/yphis/borderQueueInfo.action",
        media="text/html",
        say=page,
        nations=("EE",),
        rate_s=30.0,
        charset="utf-8",
    ),
)
