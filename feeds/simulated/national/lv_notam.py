"""What does the simulated page of Latvian NOTAMs say? Eight notices, half of which come and go, without a Q-line."""

from __future__ import annotations

from html import escape
from typing import Final

import msgspec

from cop.event import Millis
from feeds.simulated.national import Speaker
from feeds.simulated.national.notam import Issue, Script, issue, moment
from feeds.simulated.script import MARK

NAMES: Final = {"EVRR": "RIGA FIR", "EVRA": "RIGA", "EVGA": "LIELVARDE (MIL)", "EVLA": "LIEPAJA"}
AREA: Final = "571100N 0241500E - 571100N 0242800E - 570500N 0242800E - 570500N 0241500E - 571100N 0241500E"


def _row(number: int, place: str, text: str, times: tuple[int, int] = (0, 0), **more: object) -> Script:
    fields = {"number": number, "fir": "EVRR", "place": place, "qualifiers": "", "text": text, "times": times}
    return msgspec.convert(fields | more, Script)


SCENARIO: Final[tuple[Script, ...]] = (
    _row(8001, "EVRR", "DANGER AREA EVD998 ACTIVATED, MILITARY OPERATIONS.", (30, 22), levels=("1500FT AMSL", "FL095")),
    _row(8002, "EVRR", f"TEMPORARY RESTRICTED AREA ESTABLISHED WITHIN:\n{AREA}", levels=("GND", "1500FT AMSL"),
         schedule="DAILY 0500-1500"),
    _row(8003, "EVRR", "GNSS SIGNAL INTERFERENCE CAN BE EXPECTED.", end="EST"),
    _row(8004, "EVRA", "ACFT STAND 103 CLSD.", (25, 15)),
    _row(8005, "EVGA", "RWY 07/25 CLSD DUE TO WIP.", (60, 10)),
    _row(8006, "EVLA", "ILS RWY 06 U/S.", (45, 30), end="EST"),
    _row(8007, "EVRR", "CHECKLIST\nYEAR=2026 8001 8002 8003", end="EST"),
    _row(8008, "EVRR", "CRANE ERECTED AT 570000N 0241000E, ELEVATION 90M AMSL.", end="PERM"),
)  # fmt: skip


def state(seed: int, now: Millis) -> tuple[Issue, ...]:
    """The notices that are valid at this wall time."""
    return tuple(said for script in SCENARIO if (said := issue(script, seed, now)) is not None)


def _write(said: Issue) -> str:
    script = said.script
    until = "PERM" if script.end == "PERM" else f"{moment(said.until, '%Y/%m/%d %H:%M')} {script.end}"
    lines = [
        f"{script.place} ({NAMES[script.place]}) ",
        f"{script.levels[0]} TO {script.levels[1]} " if script.levels[0] else "",
        f"B){moment(said.since, '%Y/%m/%d %H:%M')} C){until} ",
        f"D){script.schedule} " if script.schedule else "",
        *f"E){script.text}\n{MARK}.".split("\n"),
    ]
    block = "<br>".join(escape(line).replace(" ", "&nbsp;") for line in lines if line)
    return f'<h6>{said.number}</h6>\n<div class="p1" style="font-family: Courier">{block}<br></div>\n'


def say(seed: int, now: Millis) -> bytes:
    """The whole page."""
    notices = "".join(_write(said) for said in state(seed, now))
    head = f'<head><meta charset="utf-8"><title>NOTAM ({MARK})</title></head>'
    return f"<!DOCTYPE html>\n<html>{head}<body>\n{notices}</body></html>\n".encode()


SPEAKERS: Final = (
    Speaker(
        feed="lv-notam",
        source="lv-notam",
        path="/lv/notam/all-valid.html",
        media="text/html",
        say=say,
        nations=("LV",),
        rate_s=30.0,
        charset="utf-8",
    ),
)
