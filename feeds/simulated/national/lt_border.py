"""What does the simulated page of the Lithuanian border queues say? Cars and lorries at six crossings, two closed."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import Final

import msgspec

from cop.event import Millis
from feeds.eismoinfo import VILNIUS
from feeds.simulated.national import Speaker
from feeds.simulated.script import MARK, changed, wave

CROSSINGS: Final[tuple[tuple[str, str, int, int], ...]] = (
    ("XE26", "Kybartai", 30, 160),
    ("XE27", "Panemunė", 25, 0),
    ("XE20", "Medininkai", 60, 420),
    ("XE21", "Šalčininkai", 40, 300),
)
"""Id of the register, name, the most cars and lorries that wait."""
CLOSED: Final = (("XE23", "Lavoriškės"), ("XE22", "Raigardas"))
LORRIES_AN_HOUR: Final = 9
CARS_AN_HOUR: Final = 12


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """Who waits at a crossing; nothing of them where it is closed."""

    id: str
    name: str
    closed: bool = False
    cars: int = 0
    lorries: int | None = None
    """None: no lorries may use it, and the page has a dash."""

    @property
    def car_hours(self) -> int:
        return -(-self.cars // CARS_AN_HOUR)

    @property
    def lorry_hours(self) -> int:
        return -(-(self.lorries or 0) // LORRIES_AN_HOUR)


def state(seed: int, now: Millis) -> tuple[Millis, tuple[Queue, ...]]:
    """When the page was brought up to date, and the queues at that time."""
    at = changed(seed, "border", now, 15) // 60_000 * 60_000
    open_ones = [
        Queue(
            id=key,
            name=name,
            cars=round(wave(seed, f"cars {key}", at, 0, cars, 8 * 60)),
            lorries=round(wave(seed, f"lorries {key}", at, lorries / 10, lorries, 30 * 60)) if lorries else None,
        )
        for key, name, cars, lorries in CROSSINGS
    ]
    return at, (*open_ones, *(Queue(id=key, name=name, closed=True) for key, name in CLOSED))


def say(seed: int, now: Millis) -> bytes:
    """The page: a table for each crossing."""
    at, queues = state(seed, now)
    told = datetime.fromtimestamp(at / 1000, VILNIUS).strftime("%Y-%m-%d %H:%M")
    tables = "".join(_table(queue) for queue in queues)
    return (
        f'<!DOCTYPE html>\n<html lang="lt"><head><meta charset="utf-8"><title>{MARK} Eilės pasienyje</title></head>\n'
        f"<body><p>{MARK}. Informacija atnaujinta: {told}</p>\n{tables}</body></html>\n"
    ).encode()


def _table(queue: Queue) -> str:
    name = escape(queue.name)
    if queue.closed:
        return f"<table><tr><td>{name}</td><td>uždarytas</td></tr></table>\n"
    lorries = "<td>-</td><td>-</td>"
    if queue.lorries is not None:
        lorries = f"<td>{queue.lorries}</td><td>{queue.lorry_hours} val.</td>"
    return (
        f"<table><caption>{name}</caption>\n<tr><th></th><th>Eilėje</th><th>Laukimo laikas</th></tr>\n"
        f"<tr><td>Lengvieji</td><td>{queue.cars}</td><td>{queue.car_hours} val.</td></tr>\n"
        f"<tr><td>Krovininiai</td>{lorries}</tr></table>\n"
    )


SPEAKERS = (
    Speaker(
        feed="lt-border",
        source="lt-border",
        path="/lt/border",
        media="text/html",
        say=say,
        nations=("LT",),
        rate_s=60.0,
        charset="utf-8",
    ),
)
