"""What does a convoy look like and say? What it is, where it is bound, what comes next and how late it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from cop.event import Millis, Planned, Scalar, Waypoint
from cop.picture import Entity
from layers import symbols
from layers.codes import FRIEND
from layers.fields import BASIS, COURSE, DELAYS, KMH, MINUTE, STATUS, at_time, clock, number, speed
from layers.layer import Cell, Field, Key, Layer, described
from layers.progress import progress

OTHER: Final = f"130{FRIEND}1000000000000000"
CODES: Final[tuple[tuple[tuple[str, ...], str, str], ...]] = (
    (("military police", "traffic control"), f"130{FRIEND}1000001412000000", "Military police, traffic control"),
    (("recce", "recon", "reconnaissance"), f"130{FRIEND}1000001213000000", "Reconnaissance"),
    (("bridging",), f"130{FRIEND}1000001407000600", "Engineers, bridging"),
    (("engineer",), f"130{FRIEND}1000001407000000", "Engineers"),
    (("howitzer", "artillery"), f"130{FRIEND}1000001303010000", "Artillery, self-propelled"),
    (
        ("tank", "armour", "armor", "armoured", "armored"),
        f"130{FRIEND}1000001205000000",
        "Armour, also on transporters",
    ),
    (("wheeled ifv", "infantry, wheeled"), f"130{FRIEND}1000001211020051", "Mechanised infantry, wheeled"),
    (("mechanised", "mechanized"), f"130{FRIEND}1000001211020000", "Mechanised infantry"),
    (("motorised", "motorized"), f"130{FRIEND}1000001211040000", "Motorised infantry"),
    (("ammunition",), f"130{FRIEND}1000001604000000", "Ammunition"),
    (("fuel", "pol"), f"130{FRIEND}1000001625000000", "Fuel"),
    (("medical", "ambulance"), f"130{FRIEND}1000001613000000", "Medical"),
    (("maintenance", "recovery"), f"130{FRIEND}1000001611000000", "Maintenance and recovery"),
    (("transport", "transporter"), f"130{FRIEND}1000001636000000", "Transport"),
    (("supply", "supplies", "logistic"), f"130{FRIEND}1000001634000000", "Supply"),
    (("signal", "hq", "headquarters"), f"130{FRIEND}1000001110000000", "Signals and headquarters"),
)
"""Words in the unit's type → code → meaning: the first row with a word that is there, whole or in the plural. No code
has an echelon: nobody reports one."""
ROWS: Final = tuple((re.compile(rf"\b(?:{'|'.join(words)})s?\b"), code) for words, code, _ in CODES)
UNIT_TYPE: Final = described("unit_type", "Unit type")


def symbol(entity: Entity, now: Millis) -> str:
    """The code that a source gave it, else that of its unit type."""
    cell = UNIT_TYPE.value(entity, now)
    kind = str(cell.value).lower() if cell else ""
    code = next((code for words, code in ROWS if words.search(kind)), OTHER)
    return symbols.as_given(entity, code)


def planned(key: str, title: str, read: Callable[[Planned], Scalar], unit: str = "", table: bool = True) -> Field:
    """A field that reads the plan."""

    def value(entity: Entity, now: Millis) -> Cell | None:
        said = entity.planned
        if said is None or not isinstance(said.body, Planned):
            return None
        found = read(said.body)
        return None if found in (None, "") else Cell(found, said)

    return Field(key, title, value, unit, table)


def ahead(key: str, title: str, read: Callable[[Waypoint], Scalar], unit: str = "") -> Field:
    """A field that reads the next critical point. It moves with the convoy: the push repeats such rows now and then."""

    def value(entity: Entity, now: Millis) -> Cell | None:
        way, said = progress(entity), entity.planned
        found = read(way.next) if way and way.next else None
        return None if found is None else Cell(found, said)

    return Field(key, title, value, unit)


def _late(entity: Entity, now: Millis) -> Cell | None:
    way, said = progress(entity), entity.sighted
    return None if way is None or way.late_ms is None else Cell(round(way.late_ms / MINUTE), said)


def _end(time: Callable[[Waypoint], Millis | None]) -> Callable[[Planned], Scalar]:
    return lambda plan: clock(at) if plan.points and (at := time(plan.points[-1])) is not None else None


def _due(point: Waypoint) -> Scalar:
    return None if point.due is None else clock(point.due)


FIELDS: tuple[Field, ...] = (
    *STATUS,
    described("verdict", "May it move"),
    described("limiting", "Limited by"),
    at_time("eta", "ETA at the end"),
    described("end_delay_min", "Delay at the end", "min"),
    described("conflicts", "Conflicts"),
    UNIT_TYPE,
    described("vehicles", "Vehicles"),
    described("kind", "Kind"),
    described("mlc_wheeled", "MLC wheeled"),
    described("mlc_tracked", "MLC tracked"),
    described("origin", "From"),
    described("destination", "To"),
    planned("route", "Route", lambda plan: plan.route),
    ahead("next_point", "Next point", lambda point: point.name),
    ahead("next_due", "Due there", _due, "UTC"),
    Field("late_min", "Late by", _late, "min"),
    planned("arrival", "Head due at the end", _end(lambda point: point.due), "UTC"),
    planned("clear", "Tail clear of the end", _end(lambda point: point.clear), "UTC", table=False),
    speed("km/h", KMH),
    COURSE,
    Field("march_kmh", "March speed", described("speed_kmh", "").value, "km/h"),
    described("pass_time_min", "Pass time", "min"),
    *DELAYS,
    *BASIS,
)

LAYER = Layer(
    name="convoys",
    title="Convoys",
    domain="land",
    kinds=("convoy",),
    z=90,
    stale_s=120,
    symbol=symbol,
    label=number,
    fields=FIELDS,
    legend=(
        *(Key(f"app6/{code}", text) for _, code, text in CODES),
        Key(f"app6/{OTHER}", "Convoy of another or an unknown kind"),
        Key("app6/1313" + OTHER[4:], "X on any symbol: exercise"),
        Key("app6/1323" + OTHER[4:], "S on any symbol: simulated"),
    ),
)
