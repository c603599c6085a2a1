"""What stands in the way, and which limits hold there now?

An obstacle is a thing of the picture as the rules see it: its state, and of each limit the strictest that is described
or in force, with who said it and when. A limit is known in its own unit only: a civil tonnage is never a class.
"""

from __future__ import annotations

from typing import Final

import msgspec

from cop.event import Described, Event, Millis, Planned, Scalar, State, Status
from cop.picture import Entity, standing

DERIVED: Final = "rule:"
"""What begins the name of a source that only repeats what the rules made of other reports."""
UNITS: Final[dict[str, str]] = {
    "mlc_wheeled_oneway": "MLC",
    "mlc_tracked_oneway": "MLC",
    "mlc_wheeled_twoway": "MLC",
    "mlc_tracked_twoway": "MLC",
    "mlc_twoway": "MLC",
    "mlc_wheeled_caution": "MLC",
    "mlc_tracked_caution": "MLC",
    "mass_t": "t",
    "axle_t": "t",
    "height_m": "m",
    "width_m": "m",
    "length_m": "m",
    "speed_kmh": "km/h",
}
"""Limit → the unit in which it counts."""
MEASURED: Final[dict[str, str]] = {"mlc_wheeled": "mlc_wheeled_oneway", "mlc_tracked": "mlc_tracked_oneway"}
"""What a status calls a limit → what a description calls it."""


class Known(msgspec.Struct, frozen=True):
    """A value with who said it, when it was true, and how sure it is."""

    value: float
    source: str
    at: Millis
    basis: str = ""


class Obstacle(msgspec.Struct, frozen=True, omit_defaults=True):
    """A bridge, crossing, port, airfield, road section … as the rules see it."""

    subject: str
    name: str
    state: State = "unknown"
    reason: str = ""
    since: Millis | None = None
    until: Millis | None = None
    source: str = ""
    """Who says the state; empty when nobody does."""
    at: Millis | None = None
    limits: dict[str, Known] = {}
    measures: dict[str, Known] = {}
    """What the statuses in force measure besides limits: `delay_min`, `capacity_pct`, `processing_min` …"""
    properties: dict[str, Scalar] = {}
    nations: tuple[str, ...] = ()
    lon: float | None = None
    lat: float | None = None
    basis: str = ""
    marking: str = ""

    @property
    def kind(self) -> str:
        """`bridge` for `bridge:B03`."""
        return self.subject.partition(":")[0]


def obstacle(entity: Entity, now: Millis) -> Obstacle:
    """The thing as it stands at `now`. Costs what the thing's own reports cost."""
    told = [(e, e.body) for e in entity.events if isinstance(e.body, Described)]
    held = [(e, e.body) for e in standing(entity, now) if isinstance(e.body, Status)]
    chief = held[0] if held else None
    limits: dict[str, Known] = {}
    for said, body in reversed(told):  # the best report last: the newest word of who describes it counts
        for limit in body.limits:
            if UNITS.get(limit.what) == limit.unit:
                basis = body.marking or limit.basis or body.basis
                limits[limit.what] = Known(limit.value, said.source, said.at, basis)
    measures: dict[str, Known] = {}
    for said, status in held:
        for name, value in status.measures.items():
            known, what = Known(value, said.source, said.at, _basis(said)), MEASURED.get(name, name)
            if what in UNITS:
                if what not in limits or value < limits[what].value:
                    limits[what] = known
            elif name not in measures or _worse(name, value, measures[name].value):
                measures[name] = known
    place = entity.position
    properties: dict[str, Scalar] = {}
    for _, body in reversed(told):
        properties |= body.properties
    marks = [e.body.marking for e in entity.events if isinstance(e.body, Described | Planned) and e.body.marking]
    return Obstacle(
        entity.subject,
        next((body.name for _, body in told if body.name), entity.subject.partition(":")[2]),
        _state(entity, chief[0], chief[1].state, now) if chief else "unknown",
        chief[1].reason if chief else "",
        chief[1].since if chief else None,
        chief[1].until if chief else None,
        chief[0].source if chief else "",
        chief[0].at if chief else None,
        limits,
        measures,
        properties,
        next((body.nations for _, body in told if body.nations), ()),
        place[0] if place else None,
        place[1] if place else None,
        next((body.basis for _, body in told if body.basis), ""),
        marks[0] if marks else "",
    )


def _state(entity: Entity, chief: Event, state: State, now: Millis) -> State:
    """The state that counts. An outage takes nothing but time and confidence (CYB-01): it doesn't make known whether
    a thing can be used of which nobody else says so.
    """
    if not chief.source.startswith(DERIVED):
        return state
    return state if as_told(entity).state(now) != "unknown" else "unknown"


def as_told(entity: Entity) -> Entity:
    """The thing without what the rules made of it: a verdict must not become its own reason."""
    return Entity(entity.subject, tuple(e for e in entity.events if not e.source.startswith(DERIVED)))


def _worse(name: str, one: float, other: float) -> bool:
    """Of a capacity the less counts, of all else the more."""
    return one < other if name.startswith("capacity") else one > other


def _basis(said: Event) -> str:
    return "EXERCISE DATA" if said.origin == "injected" else ""
