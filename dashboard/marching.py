"""What is the march table of a column over a way? `cop march`, and `/api/v1/march-table`.

The critical points are the named nodes of the way and what stands on it: borders, bridges, ferries, terminals (MOV-10).
Times are minutes from the start of the head at the first point, and UTC when a start is given.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field, ValidationError

from cop.event import Millis
from cop.geo import along, length
from cop.movement.march import Column, Row, standard_halts, table
from cop.network import Network, Way
from dashboard.hub import Hub
from dashboard.rulebook import node, route, rules
from dashboard.settings import BadSetting, Values

MINUTE: Final = 60_000
Point = tuple[str, float, float, float]
HEADS: Final = ("point", "km", "arrive_min", "due_min", "clear_min", "due_utc", "clear_utc")


class WantedTable(BaseModel):
    """A column and its way: a named corridor, or from and to as `lon,lat`."""

    route: str = ""
    start: str = ""
    goal: str = ""
    vehicles: int = Field(ge=1, le=100_000)
    density_veh_per_km: float = Field(15.0, gt=0, le=100)
    speed_kmh: float = Field(40.0, gt=0, le=130)
    march_units: int = Field(1, ge=1, le=10_000)
    serials: int = Field(1, ge=1, le=1_000)
    halts: bool = Field(False, description="halts of MOV-09: 15 min after the first hour, 10 min every two hours")
    start_at: Millis | None = Field(None, ge=0, description="when the head leaves, ms UTC")
    backwards: bool = Field(False, description="the corridor from its end to its start")


def points(network: Network, way: Way, name: Callable[[str], str]) -> list[Point]:
    """The critical points of a way in order: (name, lon, lat, km); `name` says what a thing is called."""
    found: list[Point] = []
    km = 0.0
    for i, at in enumerate(way.nodes):
        if i:
            km += network.edges[way.edges[i - 1]].km
        here = network.nodes[at]
        if here.name or here.subject or i in (0, len(way.edges)):
            found.append((here.name or name(here.subject) or "start" * (not i) or "end", here.lon, here.lat, km))
    line = network.line(way)
    whole, told = length(line), network.ties(way)
    places = along(line, [whole * min(1.0, at / km) if km else 0.0 for at, _ in told])
    tied = [(name(subject), *place, at) for (at, subject), place in zip(told, places, strict=True)]
    return sorted([*found, *tied], key=lambda point: point[3])


def made(network: Network, way: Way, name: Callable[[str], str], wanted: WantedTable) -> dict[str, Any]:
    """The table with the column's figures. Raises `ValueError` for a column that can't march."""
    column = Column(
        vehicles=wanted.vehicles,
        density_veh_per_km=wanted.density_veh_per_km,
        speed_kmh=wanted.speed_kmh,
        march_units=wanted.march_units,
        serials=wanted.serials,
    )
    where = points(network, way, name)
    halts = standard_halts(where[-1][3], column.speed_kmh) if wanted.halts else ()
    return {
        "km": round(where[-1][3], 1),
        "pass_min": round(column.pass_min, 1),
        "road_space_km": round(column.road_km, 2),
        "time_gaps_min": column.gaps_min,
        "extal_min": column.extal_min,
        "halts": [each._asdict() for each in halts],
        "rows": [_line(each, wanted.start_at) for each in table(column, where, 0.0, halts)],
    }


def routes(hub: Hub) -> APIRouter:
    """The march table over the network in use."""
    api = APIRouter(prefix="/api/v1", tags=["movement"])

    @api.post("/march-table")
    async def march_table(wanted: WantedTable, world: str = "real") -> dict[str, Any]:
        """Arrive, due and clear times of a column at each critical point of a way, and of each of its march units."""
        if world not in hub.views:
            raise HTTPException(404, f"there is no world {world!r}")
        if world not in hub.engines or (network := hub.engines[world].network) is None:
            raise HTTPException(503, "the road network is still being loaded")
        try:
            return made(network, way_of(network, wanted), hub.engines[world].sight.name, wanted)
        except (ValueError, BadSetting) as error:
            raise HTTPException(422, str(error)) from error

    return api


def march(settings: Values, asked: argparse.Namespace) -> int:
    """Run `cop march`. Raises `BadSetting` for what can't be asked."""
    network = rules(settings).network
    assert network is not None
    try:
        wanted = WantedTable(
            route=asked.route,
            start=asked.start,
            goal=asked.goal,
            vehicles=asked.vehicles,
            density_veh_per_km=asked.density,
            speed_kmh=asked.speed,
            march_units=asked.units,
            serials=asked.serials,
            halts=asked.halts,
            start_at=_moment(asked.start_at),
            backwards=asked.backwards,
        )
        told = made(network, way_of(network, wanted), lambda subject: subject.partition(":")[2], wanted)
    except ValidationError as error:
        why = (f"{'.'.join(map(str, each['loc']))}: {each['msg'].lower()}" for each in error.errors())
        raise BadSetting("; ".join(why)) from error
    except ValueError as error:
        raise BadSetting(str(error)) from error
    if asked.json:
        print(json.dumps(told, ensure_ascii=False))
        return 0
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(HEADS)
    out.writerows([each[head] for head in HEADS] for each in told["rows"])
    return 0


def way_of(network: Network, wanted: WantedTable) -> Way:
    """The way that is asked for: a corridor, or the shortest one by road and ferry. Raises `BadSetting`."""
    if wanted.route:
        way = route(network, wanted.route)
        return Way(way.edges[::-1], way.nodes[::-1], way.cost) if wanted.backwards else way
    if not (wanted.start and wanted.goal):
        raise BadSetting("name a route, or a start and a goal as lon,lat")
    costs = [edge.km if edge.mode in ("road", "ferry") else float("inf") for edge in network.edges]
    found = network.shortest(node(network, wanted.start), node(network, wanted.goal), costs)
    if found is None or not found.edges:
        raise BadSetting("no road or ferry of the network joins the two places")
    return found


def _line(each: Row, start_at: Millis | None) -> dict[str, Any]:
    return {
        "point": each.name,
        "lon": round(each.lon, 6),
        "lat": round(each.lat, 6),
        "km": round(each.km, 1),
        "arrive_min": round(each.arrive_min, 1),
        "due_min": round(each.due_min, 1),
        "clear_min": round(each.clear_min, 1),
        "due_utc": _utc(start_at, each.due_min),
        "clear_utc": _utc(start_at, each.clear_min),
        "units": [
            {
                "name": unit.name,
                "vehicles": unit.vehicles,
                "due_min": round(unit.due_min, 1),
                "clear_min": round(unit.clear_min, 1),
            }
            for unit in each.elements
        ],
    }


def _utc(start_at: Millis | None, minutes: float) -> str:
    if start_at is None:
        return ""
    return datetime.fromtimestamp(start_at / 1000 + minutes * 60, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str) -> Millis | None:
    if not text:
        return None
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no zone: end it with Z or an offset")
    return round(at.timestamp() * 1000)
