"""Which vehicles does a movement's description tell of, and which can be typed?"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from cop.event import Scalar
from cop.movement.road import parse_vehicle, vehicles_of
from cop.movement.rules import aircraft, vehicle_classes
from cop.movement.vehicle import Drive

CONVOYS = Path(__file__).parents[2] / "feeds" / "reference" / "march" / "convoys.csv"

Told = list[tuple[str, Drive, float | None]]


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"kind": "wheeled", "mlc_wheeled": 40}, [("C1 wheeled 40", "wheeled", 40)]),
        # the tracked class belongs to the load, which rides
        ({"kind": "wheeled (HET)", "mlc_wheeled": 100, "mlc_tracked": 70}, [("C1 wheeled 100", "wheeled", 100)]),
        ({"kind": "tracked", "mlc_wheeled": 100, "mlc_tracked": 70}, [("C1 tracked 70", "tracked", 70)]),
        ({"kind": "wheeled", "mlc_tracked": 70}, [("C1 wheeled ?", "wheeled", None)]),
        ({"kind": "wheeled"}, [("C1 wheeled ?", "wheeled", None)]),
        ({"kind": "wheeled", "mlc_wheeled": "40"}, [("C1 wheeled 40", "wheeled", 40)]),
        ({"kind": "wheeled", "mlc_wheeled": 0}, [("C1 wheeled ?", "wheeled", None)]),
        ({"kind": "wheeled", "mlc_wheeled": True}, [("C1 wheeled ?", "wheeled", None)]),
        ({"mlc_wheeled": 40, "mlc_tracked": 36}, [("C1 wheeled 40", "wheeled", 40), ("C1 tracked 36", "tracked", 36)]),
        (
            {"kind": "wheeled and tracked", "mlc_wheeled": 40, "mlc_tracked": 36},
            [("C1 wheeled 40", "wheeled", 40), ("C1 tracked 36", "tracked", 36)],
        ),
        ({"composition": "24x V11, 6 x V08"}, [("C1 V11", "wheeled", 100), ("C1 V08", "wheeled", 10)]),
        ({"composition": "V01"}, [("C1 V01", "tracked", 70)]),
        (
            {"kind": "wheeled", "mlc_wheeled": 100, "composition": "24x V11; 6x V08"},
            [("C1 V11", "wheeled", 100), ("C1 V08", "wheeled", 10)],
        ),
        (
            {"kind": "wheeled", "mlc_wheeled": 120, "composition": "24x V11"},
            [("C1 wheeled 120", "wheeled", 120), ("C1 V11", "wheeled", 100)],
        ),
        (
            {"kind": "wheeled", "mlc_wheeled": 16, "composition": "3x V99"},
            [("C1 wheeled 16", "wheeled", 16), ("C1 V99", "wheeled", None)],
        ),
        ({"composition": "some trucks, V08"}, [("C1 some trucks", "wheeled", None), ("C1 V08", "wheeled", 10)]),
        ({"vehicles": 24}, []),
    ],
)
def test_a_movement_has_the_vehicles_that_it_tells_of(properties: dict[str, Scalar], told: Told) -> None:
    assert [(each.label, each.drive, each.mlc) for each in vehicles_of(properties, "C1")] == told


def test_sizes_of_a_movement_are_those_of_its_vehicles() -> None:
    (het,) = vehicles_of({"kind": "wheeled", "mlc_wheeled": 100, "mass_t": 110, "height_m": 4.2}, "C4")
    assert (het.mass_t, het.height_m, het.width_m) == (110, 4.2, None)
    (part,) = vehicles_of({"composition": "V08", "mass_t": 110, "height_m": 4.2}, "C4")
    assert (part.mass_t, part.height_m) == (10, 4.2)  # its own mass, and the height that all have


def test_every_shipped_convoy_has_one_wheeled_class() -> None:
    with CONVOYS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            (vehicle,) = vehicles_of({"kind": row["kind"], "mlc_wheeled": row["mlc_wheeled"]}, row["convoy_id"])
            assert (vehicle.drive, vehicle.mlc) == ("wheeled", float(row["mlc_wheeled"]))


def test_a_vehicle_can_be_typed() -> None:
    assert parse_vehicle("wheeled:100").mlc == 100
    assert parse_vehicle("tracked:70").drive == "tracked"
    assert parse_vehicle("wheeled:?").mlc is None
    assert parse_vehicle("v11") == vehicle_classes()["V11"].vehicle
    typed = parse_vehicle("wheeled:100:mass=110:height=4.2:width=3.7:length=24:axle=12")
    assert (typed.mass_t, typed.height_m, typed.width_m, typed.length_m, typed.axle_t) == (110, 4.2, 3.7, 24, 12)
    assert parse_vehicle("V11:height=4.4").height_m == 4.4


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "write wheeled:<class>"),
        ("wheeled", "write wheeled:<class>"),
        ("hover:10", "one of V01"),
        ("wheeled:0", "class '0' is not a number above 0"),
        ("wheeled:-5", "above 0"),
        ("wheeled:nan", "above 0"),
        ("wheeled:inf", "above 0"),
        ("wheeled:10:mass", "mass '' is not"),
        ("wheeled:10:colour=4", "'colour' is nothing"),
        ("V11:height=tall", "height 'tall'"),
    ],
)
def test_what_is_no_vehicle_says_why(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("(", r"\(")):
        parse_vehicle(text)


def test_the_tables_of_vehicles_and_aircraft_are_whole() -> None:
    assert [*vehicle_classes()] == [f"V{n:02}" for n in range(1, 15)]
    assert vehicle_classes()["V11"].vehicle.drive == "wheeled"
    assert {each.basis != "" for each in aircraft().values()} == {True}
    c17 = aircraft()["C-17A"]
    assert (c17.min_runway_m, c17.min_width_m, c17.wet_runway_m, c17.payload_t) == (1067, 27, 2134, 77)
    assert [name for name, each in aircraft().items() if each.rotary] == ["CH-47"]
