"""Which lines of a popup and columns of a table do several layers share?

Speed, course and place are popup lines only: a thing that merely moves sends its motion and not its row, so a cell
would soon be old. The table takes motion from the thing itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from cop.event import Described, Event, Limit, Millis, Planned, Sighted, Status
from cop.picture import Entity, standing
from layers.layer import Cell, Field, described, marking, measured, posted

KNOT: Final = 1852 / 3600
FOOT: Final = 0.3048
KMH: Final = 1 / 3.6
MINUTE: Final = 60_000
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

LIMITS: Final[dict[str, tuple[str, str]]] = {
    "mass_t": ("mass", "t"),
    "axle_t": ("axle load", "t"),
    "height_m": ("height", "m"),
    "width_m": ("width", "m"),
    "length_m": ("length", "m"),
    "mlc_wheeled": ("MLC wheeled", "MLC"),
    "mlc_tracked": ("MLC tracked", "MLC"),
    "mlc_wheeled_oneway": ("MLC wheeled, one way", "MLC"),
    "mlc_tracked_oneway": ("MLC tracked, one way", "MLC"),
    "mlc_twoway": ("MLC two way", "MLC"),
    "speed_kmh": ("speed", "km/h"),
}
"""What a limit is called, and the unit in which a status measures it."""


def clock(at: Millis) -> str:
    """A time as people read and tables sort it, UTC."""
    try:
        return (EPOCH + timedelta(milliseconds=at)).strftime("%Y-%m-%d %H:%M")
    except OverflowError:
        return "beyond the calendar"


def at_time(key: str, title: str) -> Field:
    """A field with a described time, given in ms UTC."""
    told = described(key, title).value

    def value(entity: Entity, now: Millis) -> Cell | None:
        cell = told(entity, now)
        if cell is None or isinstance(cell.value, bool) or not isinstance(cell.value, int):
            return None
        return Cell(clock(cell.value), cell.said)

    return Field(key, title, value, "UTC")


def number(entity: Entity, now: Millis) -> str:
    """What a thing is called in lists and on the march table: its id without the kind."""
    return entity.subject.partition(":")[2]


def name(entity: Entity) -> str:
    """The name that a source gives the thing; empty when none does."""
    return next((e.body.name for e in entity.events if isinstance(e.body, Described) and e.body.name), "")


def flags(entity: Entity) -> tuple[str, ...]:
    """The nations that a source gives the thing."""
    return next((e.body.nations for e in entity.events if isinstance(e.body, Described) and e.body.nations), ())


def _status(entity: Entity, now: Millis) -> Cell:
    return Cell(entity.state(now), entity.status(now))


def _of_status(read: Callable[[Status], str | None]) -> Callable[[Entity, Millis], Cell | None]:
    def value(entity: Entity, now: Millis) -> Cell | None:
        said = entity.status(now)
        if said is None or not isinstance(said.body, Status) or not (text := read(said.body)):
            return None
        return Cell(text, said)

    return value


STATUS: Final[tuple[Field, ...]] = (
    Field("status", "Status", _status),
    Field("reason", "Reason", _of_status(lambda status: status.reason)),
    Field("since", "Since", _of_status(lambda s: None if s.since is None else clock(s.since)), "UTC", False),
    Field("until", "Until", _of_status(lambda s: None if s.until is None else clock(s.until)), "UTC"),
)
"""The status that counts, `unknown` when nobody says anything that holds."""

DELAYS: Final[tuple[Field, ...]] = (
    measured("delay_min", "Delay", "min"),
    measured("speed_kmh", "Speed limited to", "km/h"),
    measured("capacity_pct", "Capacity", "%"),
)
QUEUE: Final[tuple[Field, ...]] = (
    measured("waiting_min", "Waiting time", "min"),
    measured("queue", "Queue", "vehicles"),
)


def speed(unit: str, size: float) -> Field:
    """The speed over ground, in a unit that is so many m/s."""

    def value(entity: Entity, now: Millis) -> Cell | None:
        said = entity.sighted
        if said is None or not isinstance(said.body, Sighted) or said.body.speed is None:
            return None
        return Cell(round(said.body.speed / size, 1), said)

    return Field("speed", "Speed", value, unit, table=False)


def _course(entity: Entity, now: Millis) -> Cell | None:
    said = entity.sighted
    if said is None or not isinstance(said.body, Sighted) or said.body.course is None:
        return None
    return Cell(round(said.body.course) % 360, said)


def _altitude(entity: Entity, now: Millis) -> Cell | None:
    said = entity.sighted
    if said is None or not isinstance(said.body, Sighted) or said.body.altitude is None:
        return None
    return Cell(round(said.body.altitude / FOOT), said)


def _position(entity: Entity, now: Millis) -> Cell | None:
    for said in (entity.sighted, *entity.events):
        if said is None or not isinstance(said.body, Sighted | Described):
            continue
        lon, lat = said.body.lon, said.body.lat
        if lon is None or lat is None:
            continue
        radius = said.body.accuracy if isinstance(said.body, Sighted) else None
        text = f"{abs(lat):.5f} {'S' if lat < 0 else 'N'} {abs(lon):.5f} {'W' if lon < 0 else 'E'}"
        return Cell(text if radius is None else f"{text} ±{radius:.0f} m", said)
    return None


COURSE: Final = Field("course", "Course", _course, "°", table=False)
ALTITUDE: Final = Field("altitude", "Altitude", _altitude, "ft", table=False)
POSITION: Final = Field("position", "Position", _position, table=False)


def _basis(entity: Entity, now: Millis) -> Cell | None:
    for said in entity.events:
        if isinstance(said.body, Described) and said.body.basis:
            return Cell(said.body.basis, said)
    return None


def _marking(entity: Entity, now: Millis) -> Cell | None:
    mark = marking(entity)
    said = (e for e in entity.events if isinstance(e.body, Described | Planned) and e.body.marking == mark)
    return None if mark is None else Cell(mark, next(said))


BASIS: Final[tuple[Field, ...]] = (
    POSITION,
    Field("basis", "Basis", _basis, table=False),
    described("as_of", "As of", table=False),
    Field("marking", "Marking", _marking, table=False),
)
"""Where a thing is and how far it may be believed: the last lines of every popup."""


def in_force(entity: Entity, now: Millis, measure: str, what: str, unit: str) -> Cell | None:
    """The strictest of the described limit and of those that the statuses in force set."""
    cells = [
        Cell(said.body.measures[measure], said)
        for said in standing(entity, now)
        if isinstance(said.body, Status) and measure in said.body.measures
    ]
    if (told := posted(entity, what, unit)) is not None:
        cells.append(told)
    return min(cells, key=_size, default=None)


def _size(cell: Cell) -> float:
    return float(cell.value) if isinstance(cell.value, int | float) else 0.0


def limit_in_force(measure: str, what: str, title: str, unit: str) -> Field:
    """A field with the limit that must be kept now."""
    return Field(measure, title, lambda entity, now: in_force(entity, now, measure, what, unit), unit)


def _limits(entity: Entity, now: Millis) -> Cell | None:
    now_set = [
        (said, [_limit(*LIMITS[key], value) for key, value in said.body.measures.items() if key in LIMITS])
        for said in standing(entity, now)
        if isinstance(said.body, Status)
    ]
    told = [(e, [_posted(limit) for limit in e.body.limits]) for e in entity.events if isinstance(e.body, Described)]
    found: list[tuple[Event, list[str]]] = [(said, texts) for said, texts in (*now_set, *told) if texts]
    if not found:
        return None
    return Cell("; ".join(dict.fromkeys(text for _, texts in found for text in texts)), found[0][0])


def _posted(limit: Limit) -> str:
    name = LIMITS[limit.what][0] if limit.what in LIMITS else limit.what.replace("_", " ")
    return _limit(name, limit.unit, limit.value)


def _limit(name: str, unit: str, value: float) -> str:
    return f"{name} {value:g}" if unit == "MLC" else f"{name} {value:g} {unit}"


ALL_LIMITS: Final = Field("limits", "Limits", _limits)
"""Every limit in one line, the temporary ones first."""
