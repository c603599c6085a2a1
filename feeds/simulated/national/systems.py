"""Do the simulated IT systems answer? Pages for the probes to knock at; an empty one answers 503."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cop.event import Millis
from feeds.simulated.national import Speaker
from feeds.simulated.script import MARK, happens

SYSTEMS: Final = ("SYS-302", "SYS-CBM", "SYS-BG", "SYS-CUS", "SYS-GOSW", "SYS-TMC", "SYS-VTS", "SYS-RAIL")
OUTAGE_MIN: Final = 6.0
PERIOD_MIN: Final = 90.0


def down(system: str, seed: int, now: Millis) -> bool:
    """Whether the system is out at this wall time: now and then, for some minutes."""
    return happens(seed, f"page {system}", now, PERIOD_MIN, OUTAGE_MIN) is not None


def _page(system: str) -> Callable[[int, Millis], bytes]:
    return lambda seed, now: b"" if down(system, seed, now) else f"{MARK}: {system} works\n".encode()


SPEAKERS: Final = tuple(
    Speaker(
        feed=f"page-{system}",
        source="probe",
        path=f"/it/{system}",
        media="text/plain",
        say=_page(system),
        system=system,
    )
    for system in SYSTEMS
)
