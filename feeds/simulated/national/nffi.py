"""How does the simulated friendly force tracking system speak? NFFI 1.3: eight units, one silent at times."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

from cop.event import Millis
from feeds.simulated.national import Speaker
from feeds.simulated.script import MARK, chance, happens
from feeds.simulated.to_and_fro import Moving, moving

SYSTEM: Final = "SIMTRACK"
REPORT_MS: Final = 10_000
"""A transponder reports so often."""


class Unit(NamedTuple):
    """One transponder: country, number, unit, symbol, where it goes to and fro, m/s."""

    country: str
    number: int
    name: str
    symbol: str
    route: str
    speed: float


UNITS: Final = (
    Unit("EST", 101, "1/SCOUT", "SFGPUCI----E---", "R13", 11.0),
    Unit("EST", 102, "2/ENG", "SFGPUCE----E---", "R18", 10.0),
    Unit("EST", 103, "3/LOG", "SFGPUSS----E---", "R15", 14.0),
    Unit("LVA", 201, "1/MECH", "SFGPUCIZ---E---", "R05", 12.0),
    Unit("LVA", 202, "2/TPT", "SFGPUST----D---", "R11", 15.0),
    Unit("LTU", 301, "1/ART", "SFGPUCF----E---", "R16", 11.0),
    Unit("LTU", 302, "2/MED", "SFGPUSM----D---", "R17", 14.0),
    Unit("LTU", 303, "3/SIG", "SFGPUUS----D---", "R01", 13.0),
)
SILENT: Final = 302
"""The transponder that falls silent for a few minutes."""


def state(seed: int, now: Millis) -> dict[int, Moving]:
    """Where each unit was at its last report, by the number of its transponder."""
    at = now - now % REPORT_MS
    silent = happens(seed, "nffi-silence", at, 30, 6)
    return {
        unit.number: moving(unit.route, unit.speed, chance(seed, unit.number).random() * 1e6, at)
        for unit in UNITS
        if not (silent and unit.number == SILENT)
    }


def say(seed: int, now: Millis) -> bytes:
    """The message of this moment."""
    at = datetime.fromtimestamp((now - now % REPORT_MS) // 1000, UTC)
    there = state(seed, now)
    tracks = "\n".join(_track(unit, there[unit.number], at) for unit in UNITS if unit.number in there)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<NFFIMessage xmlns="urn:example:nffi13">'
    return f"{head}\n{tracks}\n</NFFIMessage>\n".encode()


def _track(unit: Unit, there: Moving, at: datetime) -> str:
    return (
        "<track><positionalData><trackSource>"
        f"<sourceSystem><country>{unit.country}</country><system>{SYSTEM}</system></sourceSystem>"
        f"<transponderId>{unit.number}</transponderId></trackSource><dateTime>{at:%Y%m%d%H%M%S}</dateTime>"
        f"<coordinates><latitude>{there.lat}</latitude><longitude>{there.lon}</longitude></coordinates>"
        f"<velocity>{unit.speed * 3.6:.1f}</velocity><bearing>{there.course}</bearing></positionalData>"
        f"<identificationData><unitSymbol>{unit.symbol}</unitSymbol><unitShortName>{escape(unit.name)}</unitShortName>"
        f"</identificationData><operStatusData><comment>{MARK}</comment></operStatusData></track>"
    )


SPEAKERS = (
    Speaker(feed="nffi", source="nffi", path="/nffi", media="application/xml", say=say, nations=("EE", "LV", "LT")),
)
