"""What moves? A vehicle with what the rules ask of it; what nobody says is None and never guessed.

A class (MLC) is a number without a unit, masses are tonnes, lengths metres. A wheeled vehicle and a tracked one of the
same class are judged against different numbers of a bridge.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Drive = Literal["wheeled", "tracked"]


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
