"""What moves? A vehicle with what the rules ask of it; what nobody says is None and never guessed.

A class (MLC) is a number without a unit, masses are tonnes, lengths metres. A wheeled vehicle and a tracked one of the
same class are judged against different numbers of a bridge.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final, Literal, NamedTuple, cast

import msgspec
from msgspec.structs import replace

from cop.event import Scalar
from cop.movement.tables import rows

Drive = Literal["wheeled", "tracked"]
Ramp = Literal["stern", "quarter", "side", "none"]
Unpaved = Literal["yes", "limited", "no"]

SIZES: Final = {"mass": "mass_t", "axle": "axle_t", "height": "height_m", "width": "width_m", "length": "length_m"}
"""What a typed vehicle may say of itself → the field that it is."""
DRIVES: Final[tuple[Drive, ...]] = ("wheeled", "tracked")

_PART = re.compile(r"\s*(?:\d{1,5}\s*[x×]\s*)?(\S+)\s*", re.IGNORECASE)


class Vehicle(msgspec.Struct, frozen=True, omit_defaults=True):
    """One kind of vehicle of a movement. Raises nothing: what can't be is rejected where it is read."""

    label: str
    drive: Drive
    mlc: float | None = None
    mass_t: float | None = None
    axle_t: float | None = None
    height_m: float | None = None
    width_m: float | None = None
    length_m: float | None = None
    basis: str = ""


class Ship(msgspec.Struct, frozen=True, omit_defaults=True):
    """A ship that asks for a berth; lengths in metres."""

    label: str
    draught_m: float | None = None
    loa_m: float | None = None
    beam_m: float | None = None
    ramp: Ramp | None = None
    """Where its ramp is; `none` when it has none, None when nobody says."""
    needs_crane: bool = False
    basis: str = ""


class Aircraft(msgspec.Struct, frozen=True, omit_defaults=True):
    """An aircraft type with the least runway that it needs; masses are tonnes."""

    label: str
    min_runway_m: float | None = None
    min_width_m: float | None = None
    mtow_t: float | None = None
    unpaved: Unpaved = "no"
    wet_runway_m: float | None = None
    """The planning length on a wet runway; None when nobody says one."""
    payload_t: float | None = None
    rotary: bool = False
    acn: float | None = None
    """ICAO Annex 14: compared with a PCN only."""
    acr: float | None = None
    """Compared with a PCR only."""
    pavement: str = ""
    """For which pavement type and subgrade the ACN or ACR holds, as `FB`."""
    tyre_mpa: float | None = None
    basis: str = ""


class Train(msgspec.Struct, frozen=True, omit_defaults=True):
    """A train with its gauge in mm and the loading gauge that its loads keep to."""

    label: str
    gauge_mm: int
    loading_gauge: str = ""
    """As the railway names it; empty when nobody says."""
    length_m: float | None = None
    basis: str = ""


Mover = Vehicle | Ship | Aircraft | Train


class VehicleClass(NamedTuple):
    """A class of vehicles of the exercise, as `V11`."""

    id: str
    name: str
    vehicle: Vehicle


@cache
def vehicle_classes() -> Mapping[str, VehicleClass]:
    """The vehicle classes by id. Their load classes are exercise planning values."""
    found = {}
    for row in rows("vehicle_classes.csv"):
        id_, drive = row["class_id"], cast(Drive, row["kind"].split()[0])
        mass, mlc = float(row["mass_t_approx"]), float(row["mlc_exercise"])
        found[id_] = VehicleClass(id_, row["vehicle"], Vehicle(id_, drive, mlc, mass, basis=row["basis"]))
    return found


def vehicles_of(properties: Mapping[str, Scalar], label: str) -> tuple[Vehicle, ...]:
    """The kinds of vehicles that a movement's described properties tell of; empty when they tell of none.

    The class of a load that rides on a transporter (`mlc_tracked` of a wheeled movement) doesn't count: the transporter
    with its load has the wheeled one. A composition (`24x V11, 6x V08`) adds a vehicle for each part; a part that is in
    no table stays a vehicle of unknown class.
    """
    kind = str(properties.get("kind") or "").lower()
    sizes = {field: _positive(properties.get(field)) for field in SIZES.values()}
    own: dict[Drive, float | None] = {
        "wheeled": _positive(properties.get("mlc_wheeled")),
        "tracked": _positive(properties.get("mlc_tracked")),
    }
    drives: list[Drive] = [drive for drive in own if drive in kind]
    if not drives:  # nobody says how it drives: any class that it has may count
        drives = [drive for drive, mlc in own.items() if mlc is not None]
    parts = _parts(str(properties.get("composition") or ""), label, sizes)
    whole = [replace(Vehicle(_called(label, drive, own[drive]), drive, own[drive]), **sizes) for drive in drives]
    if parts and all(part.mlc is not None for part in parts):  # the parts say it better, unless one is heavier
        whole = [each for each in whole if each.mlc is not None and each.mlc > _heaviest(parts, each.drive)]
    return (*whole, *parts)


def _parts(composition: str, label: str, sizes: Mapping[str, float | None]) -> tuple[Vehicle, ...]:
    found: dict[str, Vehicle] = {}
    for part in re.split(r"[,;+]", composition):
        if (match := _PART.fullmatch(part)) is not None:
            known = vehicle_classes().get(match[1].upper())
            vehicle = known.vehicle if known is not None else Vehicle(match[1], "wheeled")
            more = {name: value for name, value in sizes.items() if getattr(vehicle, name) is None}
            found[match[1].upper()] = replace(vehicle, label=f"{label} {vehicle.label}".strip(), **more)
        elif part.strip():
            found[part] = Vehicle(f"{label} {part.strip()}".strip(), "wheeled")
    return tuple(found.values())


def _heaviest(parts: Iterable[Vehicle], drive: Drive) -> float:
    return max((part.mlc or 0.0 for part in parts if part.drive == drive), default=0.0)


def parse_vehicle(text: str) -> Vehicle:
    """A vehicle as it is typed: `wheeled:100`, `tracked:70`, `V11`, `wheeled:100:mass=110:height=4.2`.

    Masses are tonnes, lengths metres. `wheeled:?` has no known class. Raises `ValueError` that says what can't be.
    """
    first, *rest = (part.strip() for part in text.split(":"))
    known = vehicle_classes().get(first.upper())
    if known is not None:
        vehicle = known.vehicle
    else:
        drive: Drive | None = next((drive for drive in DRIVES if drive == first.lower()), None)
        if drive is None or not rest:
            ids = ", ".join(vehicle_classes())
            raise ValueError(f"{text!r} is no vehicle: write wheeled:<class>, tracked:<class>, or one of {ids}")
        said = rest.pop(0)
        mlc = None if said == "?" else _typed("class", said)
        vehicle = Vehicle(_called("", drive, mlc), drive, mlc)
    more: dict[str, float] = {}
    for part in rest:
        name, _, value = (each.strip() for each in part.partition("="))
        if name not in SIZES:
            raise ValueError(f"{name!r} is nothing that is asked of a vehicle: {', '.join(SIZES)}")
        more[SIZES[name]] = _typed(name, value)
    return replace(vehicle, **more) if more else vehicle


def _typed(name: str, text: str) -> float:
    value = _positive(text)
    if value is None:
        raise ValueError(f"{name} {text!r} is not a number above 0")
    return value


def _called(label: str, drive: Drive, mlc: float | None) -> str:
    return f"{label} {drive} {'?' if mlc is None else format(mlc, 'g')}".strip()


def number(value: Scalar) -> float | None:
    """The number that a described property is, also as text; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _positive(value: Scalar) -> float | None:
    found = number(value)
    return found if found is not None and found > 0 else None
