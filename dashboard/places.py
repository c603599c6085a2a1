"""Where can this aircraft land, this ship berth, this train be unloaded? `cop places`, and `/api/v1/places`.

Each airfield, port or rail node with its verdict and reasons: what can be used first, then what nobody knows, then what
can't be used.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, HTTPException, Query

from cop.event import Millis
from cop.movement.judge import Circumstances, candidates
from cop.movement.obstacle import obstacle
from cop.movement.rules import aircraft
from cop.movement.vehicle import Aircraft, Ship, Train
from cop.picture import Entity
from dashboard.hub import Hub
from dashboard.judgecli import MARKING, asked
from dashboard.settings import BadSetting, Values
from feeds.clock import clock

KINDS: Final[dict[type, str]] = {Aircraft: "airfield", Ship: "port", Train: "rail"}
Ramp = Literal["stern", "quarter", "side", "none"]


def mover(
    type_: str, draught_m: float | None, loa_m: float | None, beam_m: float | None, ramp: Ramp | None, gauge_mm: int
) -> Aircraft | Ship | Train:
    """What asks for a place: an aircraft type, else a train of a gauge, else a ship. Raises `ValueError`."""
    if type_:
        if type_ not in aircraft():
            raise ValueError(f"there is no aircraft type {type_!r}; there are {', '.join(aircraft())}")
        return aircraft()[type_]
    if gauge_mm:
        return Train(f"train of {gauge_mm} mm", gauge_mm)
    if draught_m is None and loa_m is None:
        raise ValueError("name an aircraft type, a gauge in mm, or a ship's draught and length in metres")
    return Ship("ship", draught_m, loa_m, beam_m, ramp)


def ranked(who: Aircraft | Ship | Train, things: Iterable[Entity], now: Millis) -> list[dict[str, Any]]:
    """Every place of its kind with the verdict, what can be used first."""
    seen = [obstacle(each, now) for each in things if each.kind == KINDS[type(who)]]
    return [
        {
            "id": place.subject,
            "name": place.name,
            "nations": list(place.nations),
            "lon": place.lon,
            "lat": place.lat,
            "state": place.state,
            "verdict": verdict.answer,
            "reasons": [msgspec.to_builtins(each) for each in verdict.reasons],
        }
        for place, verdict in candidates(who, seen, Circumstances(now=now))
    ]


def routes(hub: Hub) -> APIRouter:
    """The places of a world as it is now."""
    api = APIRouter(prefix="/api/v1", tags=["movement"])

    @api.get("/places")
    async def places(
        world: str = "real",
        type_: Annotated[str, Query(alias="aircraft", description="an aircraft type, as C-17A")] = "",
        draught_m: Annotated[float | None, Query(gt=0, le=40)] = None,
        loa_m: Annotated[float | None, Query(gt=0, le=500)] = None,
        beam_m: Annotated[float | None, Query(gt=0, le=80)] = None,
        ramp: Ramp | None = None,
        gauge_mm: Annotated[int, Query(ge=0, le=2000, description="1435 or 1520")] = 0,
    ) -> list[dict[str, Any]]:
        """Airfields for an aircraft, ports for a ship, rail nodes for a train: verdicts with reasons, best first."""
        if world not in hub.views:
            raise HTTPException(404, f"there is no world {world!r}")
        try:
            who = mover(type_, draught_m, loa_m, beam_m, ramp, gauge_mm)
        except ValueError as error:
            raise HTTPException(422, str(error)) from error
        return ranked(who, hub.entities(world), clock())

    return api


def run(settings: Values, wanted: argparse.Namespace) -> int:
    """Run `cop places`. Raises `BadSetting` for what can't be asked."""
    try:
        who = mover(wanted.aircraft, wanted.draught, wanted.loa, wanted.beam, wanted.ramp, wanted.gauge)
    except ValueError as error:
        raise BadSetting(str(error)) from error
    now = clock()
    found = ranked(who, asked(settings, wanted.world, now).values(), now)
    if wanted.json:
        print(json.dumps(found, ensure_ascii=False))
        return 0
    for each in found:
        reasons = [f"{reason['rule']} {reason['text']}" for reason in each["reasons"] if reason["answer"] != "go"]
        print(f"{each['verdict']:<8} {each['id']:<15} {each['name']:<28} {'; '.join(reasons)}")
    if not wanted.world:
        print(MARKING)
    return 0
