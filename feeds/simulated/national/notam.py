"""What NOTAMs are simulated? A dozen for the three flight information regions, as ICAO text.

Each is issued at the wall time at which it begins to be said; some come and go, one ends by being cancelled.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec

from cop.event import Millis
from feeds.simulated.national import Speaker
from feeds.simulated.script import MARK, MINUTE, changed, happens

LASTS_MIN: Final = 20 * 24 * 60
"""How long one is valid that does not come and go."""


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """A NOTAM of the scenario: always there, or for the first `shown` of every `period` minutes."""

    number: int
    """In the series A; the year is that of its issue."""
    fir: str
    place: str
    qualifiers: str
    """Of the Q-line, from the code to the position and radius."""
    text: str
    times: tuple[int, int] = (0, 0)
    """(period, shown), minutes; zeros: always there."""
    ahead: int = 0
    """Minutes from the issue to B)."""
    end: str = ""
    """What C) says beside or instead of the time: `EST` or `PERM`."""
    schedule: str = ""
    levels: tuple[str, str] = ("", "")
    cancelled: bool = False
    """Whether a NOTAMC with the next number follows when it goes."""


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """A NOTAM as it is said now."""

    script: Script
    issued: Millis
    since: Millis
    until: Millis
    over: bool = False
    """It is its cancellation that is said."""

    @property
    def number(self) -> str:
        return f"A{self.script.number + self.over}/{moment(self.issued, '%y')}"

    @property
    def named(self) -> str:
        """The number of what it is about, cancelled or not."""
        return f"A{self.script.number}/{moment(self.issued, '%y')}"


def _row(number: int, where: str, qualifiers: str, text: str, **more: object) -> Script:
    fir, _, place = where.partition("/")
    fields = {"number": number, "fir": fir, "place": place or fir, "qualifiers": qualifiers, "text": text}
    return msgspec.convert(fields | more, Script)


SCENARIO: Final[tuple[Script, ...]] = (
    _row(9001, "EETT/EETN", "QMXLC/IV/M/A/000/999/5925N02450E005", "TWY H CLSD."),
    _row(9003, "EETT/EEKE", "QFALC/IV/NBO/A/000/999/5814N02231E005", "AD CLSD DUE TO SNOW CLEARANCE.", times=(50, 15)),
    _row(9005, "EETT/EETU", "QMRLC/IV/NBO/A/000/999/5818N02641E005", "RWY 08/26 CLSD FOR WIP.", schedule="0500-0700"),
    _row(9007, "EETT", "QRDCA/IV/BO/W/000/095/5921N02735E008", "DANGER AREA ACT, LIVE FIRING.", times=(30, 20),
         levels=("SFC", "FL095")),
    _row(9009, "EETT", "QGWXX/IV/NBO/E/000/999/5830N02600E080", "GNSS INTERFERENCE MAY BE EXPECTED.", end="EST"),
    _row(9011, "EETT", "QKKKK/K/K/K/000/999/5900N02500E999", "CHECKLIST YEAR=2026 9001 9003 9005", end="EST"),
    _row(9013, "EVRR/EVVA", "QFUAU/IV/BO/A/000/999/5721N02133E005", "JET A1 NOT AVBL.", times=(40, 20), end="EST",
         cancelled=True),
    _row(9015, "EVRR", "QRRCA/IV/BO/W/000/050/5630N02005E015", "NAVAL EXERCISE, RESTRICTED AREA ACT.", ahead=25,
         times=(120, 90), levels=("SFC", "5000FT AMSL")),
    _row(9017, "EVRR", "QARTT/IV/BO/E/000/999/5700N02430E150", "TRIGGER NOTAM - AIRAC AIP AMDT.", ahead=600),
    _row(9019, "EYVL/EYSA", "QFFCG/IV/NBO/A/000/999/5554N02324E005", "RFF DOWNGRADED TO CAT 5.", times=(35, 25)),
    _row(9021, "EYVL/EYVI", "QMRLC/IV/NBO/A/000/999/5438N02517E005", "RWY 01/19 CLSD.", times=(90, 10)),
    _row(9023, "EYVL", "QRTCA/IV/BO/W/000/040/5500N02545E010", "TEMPORARY RESTRICTED AREA ACT, GROUND FORCES.",
         levels=("GND", "4000FT AMSL"), schedule="MON-FRI 0600-1800"),
    _row(9025, "EYVL", "QOBCE/IV/M/E/000/012/5521N02130E001", "WIND TURBINE ERECTED, NOT LIT.", end="PERM"),
)  # fmt: skip


def issue(script: Script, seed: int, now: Millis) -> Issue | None:
    """What is said of this NOTAM at the wall time; None when nothing."""
    period, shown = script.times
    length = (shown or LASTS_MIN) * MINUTE
    begun = changed(seed, f"notam {script.number}", now, period or LASTS_MIN)
    said = happens(seed, f"notam {script.number}", now, period, shown) if period else (begun, begun + length)
    if said is None and not script.cancelled:
        return None
    over = said is None
    issued = (begun + length if over else begun) // 1000 * 1000
    since = (issued // MINUTE + script.ahead) * MINUTE
    until = (begun + length) // MINUTE * MINUTE
    return Issue(script=script, issued=issued, since=since, until=max(since + MINUTE, until), over=over)


def state(seed: int, now: Millis) -> tuple[Issue, ...]:
    """The NOTAMs that are said at this wall time."""
    return tuple(said for script in SCENARIO if (said := issue(script, seed, now)) is not None)


def moment(at: Millis, pattern: str) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime(pattern)


def write(said: Issue) -> str:
    """One NOTAM in the ICAO form."""
    script = said.script
    kind = f"NOTAMC {said.named}" if said.over else "NOTAMN"
    until = "PERM" if script.end == "PERM" else moment(said.until, "%y%m%d%H%M") + script.end
    lines = [
        f"{said.number} {kind}",
        f"Q) {script.fir}/{script.qualifiers}",
        f"A) {script.place} B) {moment(said.since, '%y%m%d%H%M')}" + ("" if said.over else f" C) {until}"),
        f"D) {script.schedule}" if script.schedule else "",
        f"E) {script.text} {MARK}.",
        "F) {} G) {}".format(*script.levels) if script.levels[0] else "",
        f"CREATED: {moment(said.issued, '%d')} {moment(said.issued, '%b')} {moment(said.issued, '%Y %H:%M:%S')}",
    ]
    return "\n".join(line for line in lines if line)


def say(seed: int, now: Millis) -> bytes:
    """All of them, a blank line between one and the next."""
    return ("\n\n".join(write(said) for said in state(seed, now)) + "\n").encode()


SPEAKERS: Final = (
    Speaker(
        feed="notam",
        source="notam",
        path="/notam/all.txt",
        media="text/plain",
        say=say,
        nations=("EE", "LV", "LT"),
        rate_s=30.0,
        charset="utf-8",
    ),
)
