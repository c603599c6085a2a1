"""What does a NOTAM code mean, and what does it do to the thing that it is about?

The five letters of a Q-line are Q, two of a subject and two of a condition (ICAO Doc 8400, the NOTAM code; Doc 8126,
the selection criteria). The tables have those that matter to who wants to move; any other pair is told by its letters.
A NOTAM without a Q-line is classed by words of its text, and only where a sentence begins with the subject.
"""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

from cop.event import State

Topic = Literal["aerodrome", "airspace", "navigation", "obstacle", "other"]
Effect = Literal["closed", "limited", "impaired", "active", "normal", "none"]
"""What a condition does: shut, usable within limits, worse than it should be, an area in use, as usual again, or
nothing that the code alone tells."""
Weight = Literal["whole", "runway", "needed", "part", "nothing"]
"""What a subject is to the use of its aerodrome: all of it, a runway, something that a landing needs, a part, nothing.
"""


class Subject(NamedTuple):
    """The second and third letter."""

    words: str
    topic: Topic
    weight: Weight = "nothing"


SUBJECTS: Final[dict[str, Subject]] = {
    "FA": Subject("aerodrome", "aerodrome", "whole"),
    "MR": Subject("runway", "aerodrome", "runway"),
    "MB": Subject("bearing strength", "aerodrome", "needed"),
    "MD": Subject("declared distances", "aerodrome", "needed"),
    "MT": Subject("threshold", "aerodrome", "needed"),
    "FF": Subject("fire fighting and rescue", "aerodrome", "needed"),
    "FU": Subject("fuel", "aerodrome", "needed"),
    "ST": Subject("aerodrome control tower", "aerodrome", "needed"),
    "SF": Subject("aerodrome flight information service", "aerodrome", "needed"),
    "LR": Subject("all landing area lights", "aerodrome", "needed"),
    "MA": Subject("movement area", "aerodrome", "part"),
    "MN": Subject("apron", "aerodrome", "part"),
    "MX": Subject("taxiway", "aerodrome", "part"),
    "MY": Subject("rapid exit taxiway", "aerodrome", "part"),
    "LA": Subject("approach lights", "aerodrome", "part"),
    "LE": Subject("runway edge lights", "aerodrome", "part"),
    "LH": Subject("high intensity runway lights", "aerodrome", "part"),
    "LM": Subject("medium intensity runway lights", "aerodrome", "part"),
    "LT": Subject("threshold lights", "aerodrome", "part"),
    "FI": Subject("de-icing", "aerodrome", "part"),
    "FZ": Subject("customs", "aerodrome", "part"),
    "SP": Subject("approach control", "aerodrome", "part"),
    "FM": Subject("meteorological service", "aerodrome"),
    "FS": Subject("snow removal equipment", "aerodrome"),
    "FH": Subject("helicopter alighting area", "aerodrome"),
    "FP": Subject("heliport", "aerodrome"),
    "FW": Subject("wind direction indicator", "aerodrome"),
    "LB": Subject("aerodrome beacon", "aerodrome"),
    "LC": Subject("runway centre line lights", "aerodrome"),
    "LP": Subject("precision approach path indicator", "aerodrome"),
    "LX": Subject("taxiway centre line lights", "aerodrome"),
    "LY": Subject("taxiway edge lights", "aerodrome"),
    "LZ": Subject("touchdown zone lights", "aerodrome"),
    "MH": Subject("arresting gear", "aerodrome"),
    "MK": Subject("parking area", "aerodrome"),
    "MM": Subject("daylight markings", "aerodrome"),
    "MP": Subject("aircraft stands", "aerodrome"),
    "MS": Subject("stopway", "aerodrome"),
    "MW": Subject("strip or shoulder", "aerodrome"),
    "RA": Subject("airspace reservation", "airspace"),
    "RD": Subject("danger area", "airspace"),
    "RM": Subject("military operating area", "airspace"),
    "RO": Subject("overflying", "airspace"),
    "RP": Subject("prohibited area", "airspace"),
    "RR": Subject("restricted area", "airspace"),
    "RT": Subject("temporary restricted area", "airspace"),
    "AC": Subject("control zone", "airspace"),
    "AD": Subject("air defence identification zone", "airspace"),
    "AE": Subject("control area", "airspace"),
    "AF": Subject("flight information region", "airspace"),
    "AR": Subject("air route", "airspace"),
    "AT": Subject("terminal control area", "airspace"),
    "AZ": Subject("aerodrome traffic zone", "airspace"),
    "WA": Subject("air display", "airspace"),
    "WB": Subject("aerobatics", "airspace"),
    "WD": Subject("demolition of explosives", "airspace"),
    "WE": Subject("exercises", "airspace"),
    "WF": Subject("air refuelling", "airspace"),
    "WH": Subject("blasting", "airspace"),
    "WL": Subject("ascent of free balloon", "airspace"),
    "WM": Subject("missile, gun or rocket firing", "airspace"),
    "WP": Subject("parachute jumping", "airspace"),
    "WT": Subject("mass movement of aircraft", "airspace"),
    "WU": Subject("unmanned aircraft", "airspace"),
    "GA": Subject("satellite navigation at the aerodrome", "navigation"),
    "GW": Subject("satellite navigation", "navigation"),
    "IC": Subject("instrument landing system", "navigation"),
    "ID": Subject("DME of the ILS", "navigation"),
    "IG": Subject("glide path", "navigation"),
    "IL": Subject("localizer", "navigation"),
    "IS": Subject("ILS category I", "navigation"),
    "IT": Subject("ILS category II", "navigation"),
    "IU": Subject("ILS category III", "navigation"),
    "NB": Subject("radio beacon", "navigation"),
    "ND": Subject("DME", "navigation"),
    "NL": Subject("locator", "navigation"),
    "NM": Subject("VOR/DME", "navigation"),
    "NN": Subject("TACAN", "navigation"),
    "NV": Subject("VOR", "navigation"),
    "CA": Subject("air/ground radio", "navigation"),
    "CE": Subject("en-route radar", "navigation"),
    "CS": Subject("secondary radar", "navigation"),
    "CT": Subject("terminal radar", "navigation"),
    "SA": Subject("ATIS", "navigation"),
    "SC": Subject("area control", "navigation"),
    "SE": Subject("flight information service", "navigation"),
    "OB": Subject("obstacle", "obstacle"),
    "OL": Subject("obstacle lights", "obstacle"),
    "OE": Subject("entry requirements", "other"),
    "PD": Subject("standard departure", "other"),
    "PA": Subject("standard arrival", "other"),
    "PI": Subject("instrument approach procedure", "other"),
    "PF": Subject("flow control procedure", "other"),
}

CONDITIONS: Final[dict[str, tuple[str, Effect]]] = {
    "LC": ("closed", "closed"),
    "LI": ("closed to IFR operations", "limited"),
    "LN": ("closed to night operations", "limited"),
    "LV": ("closed to VFR operations", "limited"),
    "LB": ("reserved for aircraft based there", "limited"),
    "LH": ("unserviceable for aircraft heavier than", "limited"),
    "LL": ("usable for a length and width of", "limited"),
    "LP": ("prohibited to", "limited"),
    "LR": ("aircraft restricted to runways and taxiways", "limited"),
    "LT": ("limited to", "limited"),
    "LA": ("on auxiliary power", "impaired"),
    "LD": ("unsafe", "impaired"),
    "LE": ("without auxiliary power", "impaired"),
    "LF": ("subject to interference", "impaired"),
    "LS": ("subject to interruption", "impaired"),
    "LX": ("operating, caution advised", "impaired"),
    "LW": ("will take place", "active"),
    "AC": ("withdrawn for maintenance", "impaired"),
    "AD": ("available by day only", "limited"),
    "AF": ("flight checked and found reliable", "normal"),
    "AG": ("ground checked only", "impaired"),
    "AH": ("hours of service", "limited"),
    "AK": ("normal operation resumed", "normal"),
    "AM": ("military operations only", "limited"),
    "AN": ("available by night only", "limited"),
    "AO": ("operational", "normal"),
    "AP": ("prior permission required", "limited"),
    "AR": ("on request", "limited"),
    "AS": ("unserviceable", "impaired"),
    "AU": ("not available", "impaired"),
    "AW": ("withdrawn", "impaired"),
    "CA": ("activated", "active"),
    "CC": ("completed", "none"),
    "CD": ("deactivated", "normal"),
    "CE": ("erected", "none"),
    "CF": ("frequency changed", "none"),
    "CG": ("downgraded", "limited"),
    "CH": ("changed", "none"),
    "CL": ("realigned", "none"),
    "CM": ("displaced", "limited"),
    "CN": ("cancelled", "none"),
    "CO": ("operating", "none"),
    "CP": ("on reduced power", "impaired"),
    "CR": ("temporarily replaced", "none"),
    "CS": ("installed", "none"),
    "CT": ("on test, not to be used", "impaired"),
    "HA": ("braking action", "impaired"),
    "HB": ("friction coefficient", "impaired"),
    "HE": ("covered by water", "impaired"),
    "HG": ("grass cutting", "limited"),
    "HH": ("hazard", "impaired"),
    "HI": ("covered by ice", "impaired"),
    "HJ": ("launch planned", "active"),
    "HN": ("covered by wet snow or slush", "impaired"),
    "HO": ("obscured by snow", "impaired"),
    "HP": ("snow clearance in progress", "limited"),
    "HU": ("launch in progress", "active"),
    "HV": ("work completed", "normal"),
    "HW": ("work in progress", "limited"),
    "HX": ("concentration of birds", "impaired"),
    "XX": ("", "none"),
}
"""Fourth and fifth letter → words, and what it does."""
TRIGGER, CHECKLIST, PLAIN = "TT", "KK", "XX"

_SHUT = r"(?:CLSD|CLOSED)\b"
_OUT = r"\b(?:U/S|UNSERVICEABLE|NOT AVBL|NOT AVAILABLE|OUT OF SERVICE|WITHDRAWN)"
_BEGINS = r"(?:\A|[.;:] )"
_ACTIVE = r"\b(?<!NOT )(?:ACT|ACTIVE|ACTIVATED|ESTABLISHED)\b"
_ROWS: Final[tuple[tuple[str, str], ...]] = (
    (rf"{_BEGINS}(?:AD|AERODROME|ARPT|AIRPORT) (?:IS )?{_SHUT}", "FALC"),
    (rf"{_BEGINS}(?:RWY|RUNWAY)(?: \d\d[LRC]?(?:/\d\d[LRC]?)?)? (?:IS )?{_SHUT}", "MRLC"),
    (rf"{_BEGINS}(?:TWY|TAXIWAY) [A-Z]\w?(?:(?:, ?| AND )[A-Z]\w?)* (?:IS )?{_SHUT}", "MXLC"),
    (rf"{_BEGINS}(?:APN|APRON)(?: \w+)? (?:IS )?{_SHUT}", "MNLC"),
    (rf"{_BEGINS}(?:ACFT )?STANDS? [^.;:]{{0,60}}{_SHUT}", "MPLC"),
    (rf"{_BEGINS}(?:RWY|RUNWAY)\b[^.;:]{{0,60}}\b(?:WIP|WORK IN PROGRESS)\b", "MRHW"),
    (rf"{_BEGINS}(?:FUEL|JET A-?1|AVGAS)\b[^.;:]{{0,60}}{_OUT}", "FUAU"),
    (rf"{_BEGINS}(?:RFF|RFFS|FIRE)\b[^.;:]{{0,60}}\b(?:DOWNGRADED|REDUCED)\b", "FFCG"),
    (rf"{_BEGINS}(?:ILS|LOC)\b[^.;:]{{0,60}}{_OUT}", "ICAS"),
    (rf"{_BEGINS}(?:D?VOR|D?VOR/DME|DME|NDB|TACAN)\b[^.;:]{{0,60}}{_OUT}", "NVAS"),
    (rf"\bPROHIBITED AREA\b[^.]{{0,120}}{_ACTIVE}", "RPCA"),
    (rf"\bTEMPORARY RESTRICTED AREA\b[^.]{{0,120}}{_ACTIVE}", "RTCA"),
    (rf"\bRESTRICTED AREA\b[^.]{{0,120}}{_ACTIVE}", "RRCA"),
    (rf"\bDANGER AREA\b[^.]{{0,120}}{_ACTIVE}", "RDCA"),
    (rf"\b(?:TSA|TRA|TEMPORARY (?:SEGREGATED|RESERVED) AREA)\b[^.]{{0,120}}{_ACTIVE}", "RACA"),
    (r"\b(?:GNSS|GPS)\b[^.]{0,60}\bINTERFERENCE\b", "GWLF"),
    (rf"{_BEGINS}(?:OBSTACLES?|OBST|(?:MOBILE )?CRANES?|WIND TURBINES?)\b", "OBCE"),
    (rf"{_BEGINS}(?:AD|AERODROME|ARPT|AIRPORT)\b[^.;:]{{0,60}}\b(?:PPR|PRIOR PERMISSION REQUIRED)\b", "FAAP"),
)
WORDS: Final = tuple((re.compile(pattern), letters) for pattern, letters in _ROWS)
"""What the text of a NOTAM without a Q-line says → the letters that would say it: the first row that fits."""

_PARTLY = re.compile(
    r"\b(?:EXC|EXCEPT|EXCLUDING|ONLY|BTN|BETWEEN|PPR|PARTLY|PARTIALLY|ABV|ABOVE|HEAVIER|MORE THAN)\b|(?<!NOT )\bAVBL\b"
    r"|\b(?:CLSD|CLOSED)\s+(?:FOR|TO)\s+(?!ALL\b)|\b(?:FIRST|LAST)\s+\d"
)
"""Words by which something closed is not closed to all, or not all of it."""
_RUNWAY = re.compile(r"\b(?:RWY|RUNWAY)\s*(\d\d[LRC]?(?:\s*/\s*\d\d[LRC]?)?)")


class Meaning(NamedTuple):
    """What a NOTAM is about and does, by its code or by its words."""

    words: str
    """Empty when neither tells."""
    topic: Topic
    weight: Weight
    effect: Effect
    letters: str
    """Subject and condition."""


def meaning(code: str, text: str, aerodrome: bool) -> Meaning:
    """By the code (`QFALC`, or empty); by the words where it leaves the condition open.

    `aerodrome` is whether the NOTAM is about one: without a code, words on an aerodrome in any other are hearsay.
    """
    letters, text = code[1:], " ".join(text.split())
    if not letters or letters.endswith(PLAIN):
        said = next((found for pattern, found in WORDS if pattern.search(text)), "")
        if said and SUBJECTS[said[:2]].topic == "aerodrome" and not aerodrome:
            said = ""
        letters = said if said and letters[:2] in ("", PLAIN, said[:2]) else letters
    subject = SUBJECTS.get(letters[:2], Subject("" if letters[:2] in ("", PLAIN) else letters[:2], "other"))
    condition, effect = CONDITIONS.get(letters[2:], (letters[2:], "none"))
    words = f"{subject.words} {condition}".strip()
    return Meaning(words, subject.topic, subject.weight, effect, letters)


def state(found: Meaning, text: str, schedule: bool) -> State:
    """The state of what the NOTAM is about: a closed taxiway or stand restricts, as the aerodrome goes on without it.

    At hours that nobody evaluated nothing is closed, and nothing is open.
    """
    match found.effect:
        case "closed":
            local = found.topic == "aerodrome" and found.weight not in ("whole", "runway")
            return "restricted" if schedule or local or _partly(text) else "closed"
        case "active":
            return "closed" if found.letters.startswith("RP") and not schedule else "restricted"
        case "limited":
            return "restricted"
        case "impaired":
            return "restricted" if found.weight in ("whole", "runway") else "degraded"
        case "normal":
            return "unknown" if schedule else "open"
        case _:
            return "unknown"


def aerodrome_state(found: Meaning, text: str, schedule: bool, runway: str) -> State | None:
    """What it does to the aerodrome; None when nothing. `runway` is its one runway (`18/36`), empty when not known.

    Closed only when the aerodrome, or the only runway in full, is closed to all and at all hours.
    """
    if found.effect in ("normal", "none", "active") or found.weight == "nothing":
        return None
    if found.weight == "part":
        return "degraded"
    shut = found.effect == "closed" and not schedule and not _partly(text)
    if shut and (found.weight == "whole" or (found.weight == "runway" and _all_of(runway, text))):
        return "closed"
    return "restricted"


def _partly(text: str) -> bool:
    return _PARTLY.search(" ".join(text.split())) is not None


def _all_of(runway: str, text: str) -> bool:
    """Whether the text closes the only runway, both its ends. One of two parallel ones (14L) is never the only one."""
    ends = set(runway.split("/"))
    if not runway or any(end[-1] in "LRC" for end in ends):
        return False
    return all({end.strip() for end in said.split("/")} == ends for said in _RUNWAY.findall(text))
