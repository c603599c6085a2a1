"""What does a thing of the picture say of its march? The movement that the rules judge, read from its own reports.

What a source does not say is not made up, with one exception that is named where it is shown: without march units a
column is cut into units of at most 25 vehicles (MOV-01; FM 55-30 chapter 5, partly corroborated).
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final

import msgspec

from cop.event import Described, Millis, Origin, Planned, Scalar, Waypoint
from cop.movement.forecast import Leg
from cop.movement.vehicle import Vehicle, vehicles_of
from cop.picture import Entity

UNIT_VEHICLES: Final = 25
"""MOV-01: a march unit has up to about so many vehicles."""


class Movement(msgspec.Struct, frozen=True):
    """A movement as its newest plan and description tell it. `legs` are the points that have a time."""

    subject: str
    name: str
    vehicles: tuple[Vehicle, ...]
    count: int
    units: int
    pass_min: float
    speed_kmh: float
    scale: float
    startex: Millis | None
    route: str
    path: tuple[tuple[float, float], ...]
    points: tuple[Waypoint, ...]
    legs: tuple[Leg, ...]
    nations: tuple[str, ...]
    marking: str
    world: str
    origin: Origin
    at: Millis
    """When the plan was made, by its source."""

    @property
    def id(self) -> str:
        """`C05` for `convoy:C05`."""
        return self.subject.partition(":")[2]

    @property
    def km(self) -> float:
        """The way's length by the plan."""
        return self.legs[-1].km - self.legs[0].km


def movement(entity: Entity) -> Movement | None:
    """The movement that the entity is; None without a plan whose first and last points have times."""
    said = entity.planned
    if said is None or not isinstance(said.body, Planned):
        return None
    plan = said.body
    points = tuple(point for point in plan.points if point.due is not None)
    if len(points) < 2:
        return None
    legs = tuple(Leg(point.km, point.due) for point in points if point.due is not None)
    if any(b.km < a.km or b.due < a.due for a, b in pairwise(legs)):
        return None  # a plan that runs backwards can't be forecast
    told = [e.body for e in entity.events if isinstance(e.body, Described)]
    properties: dict[str, Scalar] = {}
    for body in reversed(told):
        properties |= body.properties
    scale = _number(plan.properties.get("scale")) or 1.0
    startex = plan.properties.get("startex")
    count = int(_number(properties.get("vehicles")) or 0)
    units = int(_number(properties.get("march_units")) or 0) or max(1, math.ceil(count / UNIT_VEHICLES))
    return Movement(
        entity.subject,
        next((body.name for body in told if body.name), entity.subject.partition(":")[2]),
        vehicles_of(properties, ""),  # without its name, so that all of a class are judged once
        count,
        units,
        _number(properties.get("pass_time_min")) or _passing(points, scale),
        _number(properties.get("speed_kmh")) or 0.0,
        scale,
        startex if isinstance(startex, int) else None,
        plan.route,
        plan.path or tuple((point.lon, point.lat) for point in plan.points),
        points,
        legs,
        next((body.nations for body in told if body.nations), ()),
        plan.marking or next((body.marking for body in told if body.marking), ""),
        said.world,
        said.origin,
        said.at,
    )


def _passing(points: tuple[Waypoint, ...], scale: float) -> float:
    """How long the column takes to pass its first point, minutes of its clock; 0 when the plan doesn't say."""
    first = points[0]
    return (first.clear - first.due) * scale / 60_000 if first.clear is not None and first.due is not None else 0.0


def _number(value: Scalar) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else None
