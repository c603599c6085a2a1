"""May this vehicle pass this bridge, crossing or road? Classes, civil limits, widths, seasons and sizes.

A class is compared with a class of the same drive, tonnes with tonnes; neither ever stands for the other. A limit that
is there and can't be compared, because nobody says the vehicle's value, is unknown. A limit that nobody describes is
none, but for the class, which a bridge must have.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from cop.movement.obstacle import Known, Obstacle
from cop.movement.rules import (
    bridge_kind,
    civil_limits,
    classes,
    described,
    lane,
    noted,
    oversize,
    seasons,
    surface,
)
from cop.movement.vehicle import Drive, Vehicle, number, parse_vehicle, vehicles_of
from cop.movement.verdict import RANK, Answer, Reason

if TYPE_CHECKING:
    from cop.movement.judge import Circumstances

__all__ = ["along", "lowest_class", "over_bridge", "parse_vehicle", "vehicles_of"]

ONE_WAY: Final[dict[Drive, str]] = {"wheeled": "mlc_wheeled_oneway", "tracked": "mlc_tracked_oneway"}
CAUTION: Final[dict[Drive, str]] = {"wheeled": "mlc_wheeled_caution", "tracked": "mlc_tracked_caution"}
TWO_WAY: Final[dict[Drive, tuple[str, str]]] = {
    "wheeled": ("mlc_wheeled_twoway", "mlc_twoway"),
    "tracked": ("mlc_tracked_twoway", "mlc_twoway"),
}
ROADWAY: Final = ("roadway_m", "width_m")
"""Properties that tell how wide a bridge's roadway is; registers of bridges call it the bridge's width."""
TEMPORARY: Final = "TEMPORARY"
MEMORY: Final = "1.25 x normal: values from memory"

_TONNES = re.compile(r"(\d{1,3}(?:\.\d+)?) ?t\b")


# -- over and along ----------------------------------------------------------------------------------------------------


def over_bridge(vehicle: Vehicle, seen: Obstacle, circumstances: Circumstances) -> list[Reason]:
    """What the rules say of a vehicle on a bridge (MLC-01 to MLC-10; STANAG 2021, FM 5-170)."""
    properties = seen.properties
    kind = bridge_kind(str(properties.get("kind") or ""))
    if kind.answer is not None:
        return [described(kind.answer, kind.rule, kind.text, seen, vehicle.label)]
    reasons = _by_class(vehicle, seen, circumstances, kind.fixed, kind.text)
    if properties:
        reasons += _by_roadway(vehicle, seen, circumstances)
        reasons += _by_note(vehicle, seen)
        reasons += noted(seen, vehicle.label)
    reasons += along(vehicle, seen, circumstances, bare=True)
    return reasons


def along(vehicle: Vehicle, seen: Obstacle, circumstances: Circumstances, bare: bool = False) -> list[Reason]:
    """What civil limits, the vehicle's size and the season say anywhere on the road."""
    reasons: list[Reason] = []
    if seen.limits:
        reasons += _by_limits(vehicle, seen)
    if seen.properties.get("surveyed") is False:
        text = "nobody says which bridges lie on it"
        reasons.append(described("unknown", "RTE-01", text, seen, vehicle.label))
    if vehicle.width_m is not None or vehicle.length_m is not None:
        reasons += _by_size(vehicle, seen, circumstances)
    if circumstances.season:
        reasons += _by_season(vehicle, seen, circumstances)
    if not bare:
        reasons += noted(seen, vehicle.label)
    return reasons


def lowest_class(things: Iterable[Obstacle]) -> tuple[float | None, float | None]:
    """The route class, wheeled and tracked (MLC-07; FM 19-series): the lowest one-way class of the bridges.

    None where a bridge's class isn't known, or where there is no bridge at all. Other things don't count.
    """
    bridges = [each for each in things if each.kind == "bridge"]
    return _lowest(bridges, "wheeled"), _lowest(bridges, "tracked")


def _lowest(bridges: Iterable[Obstacle], drive: Drive) -> float | None:
    found = [known.value if (known := each.limits.get(ONE_WAY[drive])) else 0.0 for each in bridges]
    return min(found) if found and min(found) > 0 else None


# -- the class ---------------------------------------------------------------------------------------------------------


def _by_class(vehicle: Vehicle, seen: Obstacle, circumstances: Circumstances, fixed: bool, built: str) -> list[Reason]:
    """MLC-03 to MLC-09. A class of 0 is how registers write that a bridge isn't classified."""
    drive = vehicle.drive
    normal = seen.limits.get(ONE_WAY[drive])
    mlc, expedient = vehicle.mlc, False
    if mlc is None or not mlc > 0:
        mlc = _temporary(vehicle) if circumstances.tonnes_as_mlc else None
        expedient = True
    if normal is None or not normal.value > 0:
        text = f"no class for {drive} vehicles is known"
        return [described("unknown", "MLC-03", text, seen, vehicle.label)]
    if mlc is None:
        text = f"the vehicle's class is not known, and a mass is none; the bridge has {normal.value:g}"
        return [_known("unknown", "MLC-01", text, seen, vehicle, None, "", normal)]
    answer, rule, text, limit, basis = _crossing(mlc, drive, seen, normal, circumstances, fixed, built)
    if expedient:
        rule, text = "MLC-09", f"{TEMPORARY} class {mlc:g} from {vehicle.mass_t:g} t; {text}"
        basis = "TEMPORARY, factors from memory" + (f"; {basis}" if basis else "")
        answer = answer if RANK[answer] > RANK["caution"] else "caution"
    return [_known(answer, rule, text, seen, vehicle, limit.value - mlc, "MLC", limit, basis)]


def _crossing(
    mlc: float,
    drive: Drive,
    seen: Obstacle,
    normal: Known,
    circumstances: Circumstances,
    fixed: bool,
    built: str,
) -> tuple[Answer, str, str, Known, str]:
    """(answer, rule, text, the limit that the margin is to, an extra basis)."""
    value = normal.value
    if mlc <= value:
        if circumstances.flow == "one-way":
            return "go", "MLC-04", f"{drive} {mlc:g} on class {value:g}, one way", normal, ""
        both = min((k for w in TWO_WAY[drive] if (k := seen.limits.get(w))), key=lambda k: k.value, default=None)
        if both is not None and mlc <= both.value <= value:
            return "go", "MLC-04", f"{drive} {mlc:g} on class {both.value:g}, two ways", both, ""
        if both is not None and both.value > value:  # cut since: two ways bear no more than one
            return "go", "MLC-04", f"{drive} {mlc:g} on class {value:g}, two ways", normal, ""
        told = f"{both.value:g}" if both is not None else "not known"
        text = f"{drive} {mlc:g} with two-way class {told}: run one-way with flow control (MLC-08), class {value:g}"
        return "caution", "MLC-08", text, both if both is not None else normal, ""
    top, basis = _caution_class(drive, seen, normal, fixed)
    if mlc <= top:
        text = (
            f"{drive} {mlc:g} above class {value:g}: a caution crossing (up to {top:g}), only with the bridge "
            f"officer's logged approval; {classes().caution.conditions}"
        )
        return "caution", "MLC-05", text, normal, basis
    if top > value:
        return "no-go", "MLC-04", f"{drive} {mlc:g} above class {value:g} and caution class {top:g}", normal, basis
    never = "" if fixed else f"; {built}, and a risk crossing (MLC-06) is never offered"
    return "no-go", "MLC-04", f"{drive} {mlc:g} above class {value:g}{never}", normal, ""


def _caution_class(drive: Drive, seen: Obstacle, normal: Known, fixed: bool) -> tuple[float, str]:
    """The caution class and on what it rests; 0 when there is none.

    What is described counts as long as it is of one word with the normal class: a class that was cut since takes the
    caution class with it, down to the default.
    """
    told = seen.limits.get(CAUTION[drive])
    if told is not None and (told.source, told.at) == (normal.source, normal.at):
        return told.value, told.basis
    if not fixed:
        return 0.0, ""
    default = classes().caution.factor * normal.value
    return (told.value, told.basis) if told is not None and told.value < default else (default, MEMORY)


def _temporary(vehicle: Vehicle) -> float | None:
    """MLC-09: the class that a mass would give, rounded up."""
    if vehicle.mass_t is None or not vehicle.mass_t > 0:
        return None
    table = classes().expedient
    factor = table.tracked if vehicle.drive == "tracked" else table.wheeled
    return float(math.ceil(factor * vehicle.mass_t / table.short_ton_t - 1e-9))


# -- masses, sizes, seasons --------------------------------------------------------------------------------------------


def _by_limits(vehicle: Vehicle, seen: Obstacle) -> list[Reason]:
    """Limits in tonnes and metres, each against the vehicle's own value."""
    reasons = []
    for limit, of, unit, rule, word in civil_limits():
        known = seen.limits.get(limit)
        if known is None:
            continue
        value = getattr(vehicle, of)
        if value is None:
            text = f"{word} limited to {known.value:g} {unit}, and the vehicle's is not known"
            reasons.append(_known("unknown", rule, text, seen, vehicle, None, "", known))
        else:
            text = f"{word} {value:g} {unit}, limit {known.value:g} {unit}"
            answer: Answer = "go" if value <= known.value else "no-go"
            reasons.append(_known(answer, rule, text, seen, vehicle, known.value - value, unit, known))
    return reasons


def _by_roadway(vehicle: Vehicle, seen: Obstacle, circumstances: Circumstances) -> list[Reason]:
    """MLC-10: is the roadway wide enough for the vehicle, and for its class in the flow that is asked for?"""
    width = next((w for name in ROADWAY if (w := number(seen.properties.get(name))) is not None), None)
    if width is None:
        return []
    if vehicle.width_m is not None and vehicle.width_m > width:
        text = f"{vehicle.width_m:g} m wide on a roadway of {width:g} m"
        return [described("no-go", "MLC-10", text, seen, vehicle.label, width - vehicle.width_m, "m")]
    if vehicle.mlc is None:
        return []
    least = lane(vehicle.mlc)
    if width < least.oneway_m:
        text = f"roadway {width:g} m, and class {vehicle.mlc:g} asks for {least.oneway_m:g} m one way"
        return [described("caution", "MLC-10", text, seen, vehicle.label, width - least.oneway_m, "m")]
    if circumstances.flow == "two-way" and width < least.twoway_m:
        text = f"roadway {width:g} m, and class {vehicle.mlc:g} asks for {least.twoway_m:g} m two ways: run one-way"
        return [described("caution", "MLC-10", text, seen, vehicle.label, width - least.twoway_m, "m")]
    return []


def _by_note(vehicle: Vehicle, seen: Obstacle) -> list[Reason]:
    """MLC-12: a tonnage in a public note is dated evidence; nobody says that it still holds, nor that it doesn't."""
    said = seen.properties.get("public_limit")
    if not isinstance(said, str) or (tonnes := _tonnes(said)) is None:
        return []
    if vehicle.mass_t is not None and vehicle.mass_t <= tonnes:
        return []
    margin = None if vehicle.mass_t is None else tonnes - vehicle.mass_t
    return [described("caution", "MLC-12", f"a public note says: {said}", seen, vehicle.label, margin, "t")]


@lru_cache(4096)
def _tonnes(text: str) -> float | None:
    return min((float(number) for number in _TONNES.findall(text)), default=None)


def _by_size(vehicle: Vehicle, seen: Obstacle, circumstances: Circumstances) -> list[Reason]:
    """OVR-01: the nation's rule for what is wide or long. Who doesn't say its nation may lie in that one."""
    reasons, done = [], set()
    for row in oversize():
        value = getattr(vehicle, row.of)
        if value is None or row.of in done or (seen.nations and row.nation not in seen.nations):
            continue
        if value > row.least or (row.inclusive and value == row.least):
            done.add(row.of)
            dark = circumstances.poor_visibility
            see = {True: "no move in poor visibility", False: "", None: "not in poor visibility, and nobody says"}[dark]
            text = f"{row.flag}: {row.of.partition('_')[0]} {value:g} {row.unit}" + (f"; {see}" if see else "")
            answer: Answer = "no-go" if dark else "caution"
            reasons.append(described(answer, row.rule, text, seen, vehicle.label, row.least - value, row.unit))
    return reasons


def _by_season(vehicle: Vehicle, seen: Obstacle, circumstances: Circumstances) -> list[Reason]:
    """OVR-02 and OVR-03: what a season forbids to heavy vehicles. What nobody says of the road may be so."""
    reasons: list[Reason] = []
    paved, rank = surface(str(seen.properties.get("surface") or "")), str(seen.properties.get("rank") or "unknown")
    for row in (row for name in sorted(circumstances.season) for row in seasons().get(name, ())):
        if seen.kind not in row.kinds or (seen.nations and row.nations.isdisjoint(seen.nations)):
            continue
        if (row.surface and paved == "paved") or (row.ranks and rank != "unknown" and rank not in row.ranks):
            continue
        sure = not ((row.surface and not paved) or (row.ranks and rank == "unknown"))
        mass = vehicle.mass_t
        margin = None if mass is None else row.above_t - mass
        if margin is not None and margin >= 0:
            answer: Answer = "go"
        elif row.answer == "no-go" and (margin is None or not sure):
            answer = "unknown"
        else:
            answer = row.answer
        why = "" if sure else "; whether it is such a road nobody says"
        reasons.append(described(answer, row.rule, f"{row.text}{why}", seen, vehicle.label, margin, "t"))
    return reasons


def _known(
    answer: Answer,
    rule: str,
    text: str,
    seen: Obstacle,
    vehicle: Vehicle,
    margin: float | None,
    unit: str,
    known: Known,
    extra: str = "",
) -> Reason:
    """A reason that rests on a limit, and through it on who said it and when."""
    basis = known.basis
    if extra and extra != basis:
        basis = f"{basis}; {extra}" if basis else extra
    if vehicle.basis:
        basis = f"{basis}; the vehicle's value: {vehicle.basis}" if basis else f"the vehicle's value: {vehicle.basis}"
    return Reason(
        answer, rule, text, seen.subject, seen.name, vehicle.label, margin, unit, known.source, known.at, basis
    )
