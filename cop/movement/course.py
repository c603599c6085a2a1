"""Which way does a movement go, what lies on it, and how far has it come?

A course is a plan laid on the network: its points and the things that are tied to its way, in order, each at its plan
kilometre. Where the plan and the network measure a way differently, the plan's kilometres count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from cop.geo import METRES
from cop.movement.forecast import Leg, planned_at

if TYPE_CHECKING:
    from cop.movement.movement import Movement
    from cop.network import Network, Way

ASTRAY_M: Final = 5_000.0
"""Drafted lines and reported places differ by as much as 2.5 km; who is farther away is not on the course."""
PASSED_KM: Final = 0.05
POINT_KM: Final = 1.0
"""How far along the way it reaches what is reported at one place."""
LANE_KM: Final = 1.0
"""How far from a critical point an alternating lane makes it one: the march table names bridges by their towns."""
BORDER_KM: Final = 3.0
"""A critical point so near a border crossing is that crossing for who reads of it."""

Place = tuple[float, float]


class Tie(NamedTuple):
    """A thing on the way."""

    km: float
    subject: str


class Stretch(NamedTuple):
    """A part of the way whose bridges nobody has listed."""

    km: float
    to_km: float
    road: str


class Line:
    """A drawn line on which places are found; `km` turns its metres into the plan's kilometres."""

    def __init__(self, path: Sequence[Place], points: Sequence[tuple[float, float, float]]) -> None:
        self._xy = np.array(path, dtype=float)
        self._scale = np.cos(np.radians((self._xy[:-1, 1] + self._xy[1:, 1]) / 2)) * METRES
        step = np.diff(self._xy, axis=0)
        self._east, self._north = step[:, 0] * self._scale, step[:, 1] * METRES
        self._length = np.hypot(self._east, self._north)
        self._ends = np.concatenate(([0.0], np.cumsum(self._length)))
        self._square = np.where(self._length > 0, self._length**2, 1.0)
        marks, last = [], 0.0
        for lon, lat, _ in points:
            last = max(last, self._metres(lon, lat, last)[0])
            marks.append(last)
        self._marks, self._km = np.array(marks), np.array([km for *_, km in points])

    def _metres(self, lon: float, lat: float, after: float = 0.0) -> tuple[float, float]:
        """The way to the nearest point of the line not before `after`, and its distance, metres."""
        east = (lon - self._xy[:-1, 0]) * self._scale
        north = (lat - self._xy[:-1, 1]) * METRES
        share = np.clip((east * self._east + north * self._north) / self._square, 0.0, 1.0)
        if after > 0:
            least = (after - self._ends[:-1]) / np.where(self._length > 0, self._length, 1.0)
            share = np.clip(np.maximum(share, least), 0.0, 1.0)
        off = np.hypot(east - share * self._east, north - share * self._north)
        if after > 0:
            off = np.where(self._ends[1:] < after, np.inf, off)
        best = int(off.argmin())
        return float(self._ends[best] + share[best] * self._length[best]), float(off[best])

    def km(self, lon: float, lat: float) -> float | None:
        """The plan kilometre of a place; None when it is astray."""
        metres, off = self._metres(lon, lat)
        return None if off > ASTRAY_M else float(np.interp(metres, self._marks, self._km))

    def place(self, km: float) -> Place:
        """Where a plan kilometre lies on the line."""
        metres = float(np.interp(km, self._km, self._marks))
        i = min(int(np.searchsorted(self._ends, metres, side="right")) - 1, len(self._length) - 1)
        share = (metres - self._ends[i]) / self._length[i] if self._length[i] > 0 else 0.0
        lon, lat = self._xy[i] + share * (self._xy[i + 1] - self._xy[i])
        return float(lon), float(lat)


class Laid:
    """A plan's geometry on the network: what all movements that go the same way share."""

    def __init__(self, path: Sequence[Place], points: Sequence[tuple[float, float, float]], network: Network | None):
        self.line = Line(path, points)
        self.way: Way | None = network.follow(path) if network is not None else None
        self.ties: tuple[Tie, ...] = ()
        self.unsurveyed: tuple[Stretch, ...] = ()
        self.edge_km: dict[int, tuple[float, float]] = {}
        first, last = points[0][2], points[-1][2]
        if network is not None and self.way is not None:
            total = network.km(self.way.edges)
            share = (last - first) / total if total > 0 else 0.0
            self.ties = tuple(
                Tie(min(last, max(first, first + km * share)), subject) for km, subject in network.ties(self.way)
            )
            km = first
            stretches: list[Stretch] = []
            for index in self.way.edges:
                edge = network.edges[index]
                self.edge_km[index] = (km, km + edge.km * share)
                if not edge.surveyed:
                    stretches.append(Stretch(km, km + edge.km * share, edge.road))
                km += edge.km * share
            self.unsurveyed = tuple(_joined(stretches))
        legs = sorted(
            [(km, 0, i) for i, (*_, km) in enumerate(points)] + [(tie.km, 1, i) for i, tie in enumerate(self.ties)]
        )
        self.kms: tuple[float, ...] = tuple(km for km, _, _ in legs)
        """Where the points of the plan and the ties lie, in order: the legs' ends."""
        self.point_legs: tuple[int, ...] = tuple(at for at, (_, tie, _) in enumerate(legs) if not tie)
        places = {i: at for at, (_, tie, i) in enumerate(legs) if tie}
        self.tie_legs: tuple[int, ...] = tuple(places[i] for i in range(len(self.ties)))
        self.keys: tuple[str, ...] = tuple(f"{lon:.4f} {lat:.4f}" for lon, lat, _ in points)
        self.borders: tuple[int, ...] = tuple(i for i, t in enumerate(self.ties) if t.subject.startswith("crossing:"))
        self.point_border: tuple[str, ...] = tuple(
            next((self.ties[i].subject for i in self.borders if abs(self.ties[i].km - km) <= BORDER_KM), "")
            for *_, km in points
        )
        self.point_lanes: tuple[tuple[int, ...], ...] = tuple(
            tuple(i for i, tie in enumerate(self.ties) if abs(tie.km - km) <= LANE_KM) for *_, km in points
        )


class Course:
    """A movement on the network. `way` is None where its line can't be followed there: then nothing is tied to it."""

    def __init__(self, movement: Movement, network: Network | None, laid: dict[object, Laid] | None = None) -> None:
        """Lay it on the network; `laid` keeps what plans that go the same way share."""
        self.movement = movement
        points = tuple((p.lon, p.lat, p.km) for p in movement.points)
        path = movement.path if len(movement.path) > 1 else tuple((lon, lat) for lon, lat, _ in points)
        known = laid.get((path, points)) if laid is not None else None
        if known is None:
            known = Laid(path, points, network)
            if laid is not None:
                laid[path, points] = known
        self.line, self.way, self.ties, self.unsurveyed = known.line, known.way, known.ties, known.unsurveyed
        self.edge_km: dict[int, tuple[float, float]] = known.edge_km
        """Edge of the way → from and to which kilometre."""
        dues = np.interp(known.kms, [leg.km for leg in movement.legs], [leg.due for leg in movement.legs])
        exact = dict(zip(known.point_legs, (leg.due for leg in movement.legs), strict=True))
        self.legs: tuple[Leg, ...] = tuple(
            Leg(km, exact.get(at, round(due)))
            for at, (km, due) in enumerate(zip(known.kms, dues.tolist(), strict=True))
        )
        self.point_legs: tuple[int, ...] = known.point_legs
        """For each point of the plan the leg at which it stands."""
        self.tie_legs: tuple[int, ...] = known.tie_legs
        self.keys: tuple[str, ...] = known.keys
        """What makes a point of the plan the same point for all movements."""
        self.borders: tuple[int, ...] = known.borders
        """Which of the ties are border crossings."""
        self.point_border: tuple[str, ...] = known.point_border
        """For each point of the plan the crossing at it; empty for most."""
        self.point_lanes: tuple[tuple[int, ...], ...] = known.point_lanes
        """For each point of the plan the ties at it."""

    def stretches(self, edges: Iterable[int], shape: Sequence[Place]) -> tuple[tuple[float, float], ...]:
        """From and to which kilometre of the way a thing lies on it that lies on these edges and has this shape."""
        whole: list[tuple[float, float]] = []
        for km, to_km in sorted(self.edge_km[edge] for edge in edges if edge in self.edge_km):
            if whole and km <= whole[-1][1] + 0.01:
                whole[-1] = (whole[-1][0], max(whole[-1][1], to_km))
            else:
                whole.append((km, to_km))
        if not whole:
            return ()
        marks = [found for lon, lat in shape if (found := self.line.km(lon, lat)) is not None]
        if not marks:
            return tuple(whole)
        first, last = min(marks), max(*marks, min(marks) + POINT_KM)
        parts = [(max(km, first), min(to_km, last)) for km, to_km in whole if km <= first < to_km or first < km < last]
        return tuple(parts or whole)


class Run:
    """How a movement has gone so far: when its head passed the legs behind it, and how late it is."""

    def __init__(self) -> None:
        self.km: float | None = None
        self.at = 0
        self.late_ms = 0.0
        self.passed: list[float] = []

    def seen(self, course: Course, lon: float, lat: float, at: int) -> bool:
        """Take a sighting of the head in; True when it says something new of the run."""
        if at <= self.at and self.km is not None:
            return False
        km = course.line.km(lon, lat)
        if km is None:
            return False
        legs = course.legs
        if self.km is not None and km < self.km:
            km = self.km  # a head doesn't drive back: reports stray along the line
        known = len(self.passed)
        while known < len(legs) and legs[known].km <= km + PASSED_KM and km > legs[0].km + PASSED_KM:
            self.passed.append(self._when(course, legs[known], km, at))
            known += 1
        if len(self.passed) == len(legs):
            self.late_ms = self.passed[-1] - legs[-1].due  # there it stands: it gets no later
        else:
            self.late_ms = at - planned_at(legs, km) if km > legs[0].km + PASSED_KM else max(0.0, at - legs[0].due)
        self.km, self.at = km, at
        return True

    def _when(self, course: Course, leg: Leg, km: float, at: int) -> float:
        """When the head passed that leg, between the last sighting and this one; by the plan's lateness if unseen."""
        if self.km is None or km <= self.km:
            when = leg.due + at - planned_at(course.legs, km)
        else:
            when = self.at + (at - self.at) * min(1.0, max(0.0, (leg.km - self.km) / (km - self.km)))
        return max(when, self.passed[-1]) if self.passed else when


def _joined(stretches: Sequence[Stretch]) -> list[Stretch]:
    found: list[Stretch] = []
    for each in stretches:
        if found and each.km - found[-1].to_km < 0.01 and each.road == found[-1].road:
            found[-1] = found[-1]._replace(to_km=each.to_km)
        else:
            found.append(each)
    return found
