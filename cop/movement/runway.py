"""Can this aircraft use this airfield? Length, width, surface, pavement, permission and handling (AIR-01 to AIR-03).

What an aircraft can't land without must be known: an unknown length, width or surface is unknown. The strength of a
pavement, customs, and the length on a wet runway stand in no register of the Baltic states, so without them the answer
is a caution that says what to ask for. A caution is no go: nobody flies on it without having asked. A PCN is compared
with an ACN only and a PCR with an ACR only, because neither can be converted (AIR-02).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cop.movement.obstacle import Obstacle
from cop.movement.rules import described, noted, surface, tyre_pressures
from cop.movement.vehicle import Aircraft, number
from cop.movement.verdict import Answer, Reason

if TYPE_CHECKING:
    from cop.movement.judge import Circumstances

RULE: Final = "AIR-03"
STRENGTH: Final = "AIR-02"
UNPAVED: Final[dict[str, Answer]] = {"yes": "go", "limited": "caution", "no": "no-go"}
"""What the type's column `unpaved` answers on a runway without pavement."""
SYSTEMS: Final = {"PCN": "acn", "PCR": "acr"}
ASK: Final = "pavement strength unknown: ask"

_LOADER: Final = re.compile(r"K-loader (\d+(?:\.\d+)?) ?t\b", re.IGNORECASE)


def takes(aircraft: Aircraft, seen: Obstacle, circumstances: Circumstances) -> list[Reason]:
    """What the airfield's description says of the aircraft; its state is looked at elsewhere."""
    wings = "rotary" if aircraft.rotary else "fixed"
    reasons = [
        *_length(aircraft, seen, circumstances),
        *_width(aircraft, seen),
        *_mass(aircraft, seen),
        *_surface(aircraft, seen),
        *_handling(aircraft, seen),
        *noted(seen, aircraft.label, wings),
    ]
    if not aircraft.rotary:
        reasons += _pavement(aircraft, seen)
    return reasons


def _length(aircraft: Aircraft, seen: Obstacle, circumstances: Circumstances) -> list[Reason]:
    """Dry, and wet unless somebody says that the runway is dry."""
    need, label = aircraft.min_runway_m, aircraft.label
    if need == 0:
        return []
    told = [number(seen.properties.get("length_m"))]
    if (known := seen.limits.get("length_m")) is not None:
        told.append(known.value)
    there = min((each for each in told if each is not None), default=None)
    if there is None or need is None:
        text = (
            "the runway's length is not known" if there is None else "the length that the aircraft needs is not known"
        )
        return [described("unknown", RULE, text, seen, label)]
    if there < need:
        return [described("no-go", RULE, f"runway {there:g} m, needs {need:g} m", seen, label, there - need, "m")]
    found = [described("go", RULE, f"runway {there:g} m, needs {need:g} m", seen, label, there - need, "m")]
    wet, is_wet = aircraft.wet_runway_m, circumstances.runway_wet
    if is_wet is False:
        return found
    if wet is None:
        text = f"runway {there:g} m; what the aircraft needs on a wet one is not known"
        return [*found, described("caution", RULE, text, seen, label)]
    if there < wet:
        answer: Answer = "no-go" if is_wet else "caution"
        text = f"runway {there:g} m, needs {wet:g} m when wet" + ("" if is_wet else ": dry only")
        return [*found, described(answer, RULE, text, seen, label, there - wet, "m")]
    return found


def _width(aircraft: Aircraft, seen: Obstacle) -> list[Reason]:
    need, there = aircraft.min_width_m, number(seen.properties.get("width_m"))
    if need == 0:
        return []
    if need is None or there is None:
        text = "the runway's width is not known" if there is None else "the width that the aircraft needs is not known"
        return [described("unknown", RULE, text, seen, aircraft.label)]
    answer: Answer = "go" if there >= need else "no-go"
    text = f"runway {there:g} m wide, needs {need:g} m"
    return [described(answer, RULE, text, seen, aircraft.label, there - need, "m")]


def _mass(aircraft: Aircraft, seen: Obstacle) -> list[Reason]:
    known = seen.limits.get("mass_t")
    if known is None:
        return []
    about = (seen.subject, seen.name, aircraft.label)
    if aircraft.mtow_t is None:
        text = f"mass limited to {known.value:g} t, and the aircraft's is not known"
        return [Reason("unknown", RULE, text, *about, None, "", known.source, known.at, known.basis)]
    answer: Answer = "go" if aircraft.mtow_t <= known.value else "no-go"
    text = f"take-off mass {aircraft.mtow_t:g} t, limit {known.value:g} t"
    margin = known.value - aircraft.mtow_t
    return [Reason(answer, RULE, text, *about, margin, "t", known.source, known.at, known.basis)]


def _surface(aircraft: Aircraft, seen: Obstacle) -> list[Reason]:
    words = str(seen.properties.get("surface") or "")
    found = surface(words)
    if found == "paved":
        return []
    if not found:
        return [] if aircraft.rotary else [described("unknown", RULE, "surface not known", seen, aircraft.label)]
    answer = UNPAVED[aircraft.unpaved]
    if found == "mixed" and answer == "no-go":
        answer = "unknown"
    return [described(answer, RULE, f"surface {words}; unpaved: {aircraft.unpaved}", seen, aircraft.label)]


def _pavement(aircraft: Aircraft, seen: Obstacle) -> list[Reason]:
    """AIR-02. Above the number is no-go: an overload is for the airfield to offer, not for a plan."""
    said = seen.properties
    system = str(said.get("pavement_system") or "").upper()
    value, label = number(said.get("pavement_value")), aircraft.label
    own = getattr(aircraft, SYSTEMS[system]) if system in SYSTEMS else None
    if value is None or system not in SYSTEMS:
        return [described("caution", STRENGTH, ASK, seen, label)]
    if own is None:
        return [
            described("caution", STRENGTH, f"{ASK} ({system} {value:g}; no {SYSTEMS[system].upper()})", seen, label)
        ]
    built = (str(said.get("type") or "") + str(said.get("subgrade") or "")).upper()
    reasons = []
    if own > value:
        text = f"{SYSTEMS[system].upper()} {own:g} above {system} {value:g}"
        reasons.append(described("no-go", STRENGTH, text, seen, label, value - own, system))
    elif not built or built != aircraft.pavement.upper():
        text = f"{ASK} ({SYSTEMS[system].upper()} for {aircraft.pavement or '?'}, pavement {built or '?'})"
        reasons.append(described("caution", STRENGTH, text, seen, label))
    else:
        text = f"{SYSTEMS[system].upper()} {own:g}, {system} {value:g} on {built}"
        reasons.append(described("go", STRENGTH, text, seen, label, value - own, system))
    return [*reasons, *_tyres(aircraft, seen)]


def _tyres(aircraft: Aircraft, seen: Obstacle) -> list[Reason]:
    category = str(seen.properties.get("tyre") or "").upper()
    if category not in tyre_pressures():
        return [described("caution", STRENGTH, "tyre pressure that it bears unknown: ask", seen, aircraft.label)]
    most = tyre_pressures()[category]
    if most is None:
        return []
    if aircraft.tyre_mpa is None:
        return [described("caution", STRENGTH, f"tyres up to {most:g} MPa: ask", seen, aircraft.label)]
    answer: Answer = "go" if aircraft.tyre_mpa <= most else "no-go"
    text = f"tyres {aircraft.tyre_mpa:g} MPa, pavement bears {most:g} MPa"
    return [described(answer, STRENGTH, text, seen, aircraft.label, most - aircraft.tyre_mpa, "MPa")]


def _handling(aircraft: Aircraft, seen: Obstacle) -> list[Reason]:
    """Customs, and what the loaders lift. Where a note speaks of customs the note counts."""
    note = str(seen.properties.get("state_note") or "")
    reasons = []
    if not seen.properties.get("customs") and "customs" not in note.lower():
        text = "customs: nobody says when it is there; ask with the flight"
        reasons.append(described("caution", RULE, text, seen, aircraft.label))
    lifts = _loader(note)
    if lifts is not None and aircraft.payload_t is not None and aircraft.payload_t > lifts:
        text = f"K-loader lifts {lifts:g} t, payload about {aircraft.payload_t:g} t: no single load above that"
        margin = lifts - aircraft.payload_t
        reasons.append(described("caution", RULE, text, seen, aircraft.label, margin, "t"))
    return reasons


@lru_cache(1024)
def _loader(note: str) -> float | None:
    found = _LOADER.search(note)
    return float(found[1]) if found is not None else None
