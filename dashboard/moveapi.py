"""What can be asked about movements? Verdicts, times, clearances, conflicts, routes and what-ifs, as JSON.

Nothing here changes the picture but an approval and a clearance, which are written into their exercise's own stream.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from cop.event import Described, Event, InvalidEvent, event, is_exercise
from cop.exercise import ExerciseClock, Inject, begin
from cop.movement.assess import Assessment, local
from cop.movement.clearance import form302_problem
from cop.movement.engine import Engine
from cop.movement.route import Answer, Ask, Finder, Offer
from cop.movement.rulesets import Ruleset, rulesets
from cop.movement.sight import what_if
from cop.movement.vehicle import parse_vehicle
from cop.network import Network
from dashboard.answers import told
from dashboard.exercises import Exercises
from dashboard.hub import Hub
from dashboard.movements import board, changed, conflict_rows, detail, reasons, rows, saved
from feeds.clock import clock


class WantedEffect(BaseModel):
    """An effect to try on one thing, as an inject would have it."""

    subject: str
    effect: str
    measures: dict[str, float] = Field(default_factory=dict)
    for_min: float = 120.0
    reason: str = ""


class WantedRoute(BaseModel):
    """From where to where, with what. Places are `lon,lat` or a subject such as `port:P01` or `crossing:XB10`."""

    start: str
    goal: str
    vehicles: list[str] = Field(default_factory=list, description="`wheeled:100`, `tracked:70`, `V11`")
    movement: str = Field("", description="a convoy whose vehicles and speed count, `convoy:C06`")
    speed_kmh: float = Field(0.0, ge=0, le=130)
    via: list[str] = Field(default_factory=list)
    avoid: list[str] = Field(default_factory=list, description="things, road numbers, corridors, or points as lon,lat")
    count: int = Field(3, ge=1, le=5)
    what_if: list[WantedEffect] = Field(default_factory=list)


class WantedApproval(BaseModel):
    """An engineer's approval of a caution crossing."""

    object: str = Field(description="what may be crossed with caution, `bridge:B15`")
    by: str = Field(min_length=2, max_length=100)
    until_min: float = Field(720.0, gt=0, le=14 * 24 * 60, description="how long it holds, minutes from now")
    note: str = Field("", max_length=500)


class WantedClearance(BaseModel):
    """What a convoy submits for a border."""

    movement: str
    border: str
    permission: str = Field("REQUESTED", pattern="^(REQUESTED|APPROVED|AMENDED|REJECTED|CANCELLED|USED)$")
    form302: str = Field("", max_length=40)
    vehicles_declared: int | None = Field(None, ge=0, le=100_000)
    by: str = Field(min_length=2, max_length=100)
    note: str = Field("", max_length=500)


def routes(hub: Hub, exercises: Exercises) -> APIRouter:
    """Everything below `/api/v1` that is about movements."""
    api = APIRouter(prefix="/api/v1", tags=["movement"])

    def engine(world: str) -> Engine:
        if world not in hub.views:
            raise HTTPException(404, f"there is no world {world!r}")
        if world not in hub.engines:
            raise HTTPException(503, "the road network is still being loaded")
        return hub.engines[world]

    def played(world: str) -> Engine:
        known = engine(world)
        _in_exercise(world)
        return known

    @api.get("/movements")
    async def movements(world: str = "real") -> list[dict[str, Any]]:
        """Every movement with its verdict, ETA and delay, the most trouble first."""
        return rows(engine(world))

    @api.get("/movements/{subject}")
    async def movement(subject: str, world: str = "real") -> dict[str, Any]:
        """One movement: its verdict with reasons, its way, its times against the plan, clearances and conflicts."""
        known = engine(world)
        return detail(known, _found(known, subject, world))

    @api.get("/conflicts")
    async def conflicts(world: str = "real") -> list[dict[str, Any]]:
        """Where two movements meet, the earliest first."""
        return conflict_rows(engine(world))

    @api.get("/clearances")
    async def clearances(world: str = "real", rules: str = "") -> list[dict[str, Any]]:
        """Each convoy's clearance at each border ahead of it, the most trouble first, under a rule set."""
        return board(engine(world), ruleset(rules), clock())

    @api.get("/movements/{subject}/saved-days")
    async def saved_days(subject: str, world: str = "real") -> dict[str, Any]:
        """How many days the harmonised rules save this movement against the national ones, if it asks now."""
        told = saved(engine(world), subject, clock())
        if told is None:
            raise HTTPException(404, f"there is no movement {subject!r} in {world}")
        return told

    @api.get("/rulesets")
    async def all_rulesets() -> list[dict[str, Any]]:
        """The rule sets by which permissions can be counted, each with its version, source and lead times."""
        return [msgspec.to_builtins(each) for each in rulesets().values()]

    @api.post("/routes")
    async def route(wanted: WantedRoute, world: str = "real") -> dict[str, Any]:
        """The best ways for these vehicles, and the shorter ones that are refused, each with its reasons."""
        return find(engine(world), wanted)

    @api.post("/what-if")
    async def trying(effects: list[WantedEffect], world: str = "real") -> list[dict[str, Any]]:
        """What these effects would do to which movements. The picture does not change."""
        known = engine(world)
        return [changed(each) for each in known.what_if(tried(known, effects), clock())]

    @api.post("/movements/{subject}/approvals", status_code=201)
    async def approve(subject: str, wanted: WantedApproval, world: str = "real") -> dict[str, Any]:
        """Log the approval of a caution crossing. It is kept in the exercise's stream with who gave it and when."""
        found = _found(played(world), subject, world)
        if not any(each.object == wanted.object and each.answer == "caution" for each in found.verdict.reasons):
            raise HTTPException(422, f"nothing at {wanted.object} waits for an approval of {subject}")
        said = approval(found, wanted, world)
        await told(exercises.say(world, said))
        return {"id": said.subject, "at": said.at}

    @api.put("/clearances/{key}", status_code=201)
    async def submit(key: str, wanted: WantedClearance, world: str = "real") -> dict[str, Any]:
        """Submit or correct a clearance in an exercise. A form 302 serial that fails the pattern is refused."""
        if wanted.form302 and (problem := form302_problem(wanted.form302)) is not None:
            raise HTTPException(422, f"form 302: {problem}")
        known = played(world)
        found = known.assessment(wanted.movement)
        border = wanted.border.startswith("crossing:") and known.sight.entity(wanted.border) is not None
        if found is None or not border or key != f"{found.movement.id}-{local(wanted.border)}":
            raise HTTPException(404, f"no movement {wanted.movement!r} has a clearance {key!r}")
        said = submitted(key, wanted, world)
        await told(exercises.say(world, said))
        return {"id": said.subject, "at": said.at}

    return api


def ruleset(name: str) -> Ruleset:
    """The rule set of that name, the first without one. Raises `HTTPException` 422."""
    known = rulesets()
    if name and name not in known:
        raise HTTPException(422, f"there is no rule set {name!r}; there are {', '.join(known)}")
    return known[name] if name else next(iter(known.values()))


def approval(found: Assessment, wanted: WantedApproval, world: str) -> Event:
    """The approval as an event. Raises `HTTPException` 409 for the real picture, which nobody here may write."""
    now = _in_exercise(world)
    classes = [vehicle.mlc for vehicle in found.movement.vehicles if vehicle.mlc is not None]
    body = Described(
        f"{found.movement.id} over {local(wanted.object)}",
        properties={
            "convoy": found.movement.subject,
            "object": wanted.object,
            "by": wanted.by,
            "until": now + round(wanted.until_min * 60_000),
            "mlc": max(classes, default=None),
            "note": wanted.note,
        },
        marking=found.movement.marking,
    )
    subject = f"approval:{found.movement.id}-{local(wanted.object)}"
    return event("staff", subject, now, body, received=now, world=world, origin="injected")


def submitted(key: str, wanted: WantedClearance, world: str) -> Event:
    """The clearance as an event. Raises `HTTPException` 409 outside an exercise."""
    now = _in_exercise(world)
    said = {
        "convoy": wanted.movement,
        "border": wanted.border,
        "permission": wanted.permission,
        "form302": wanted.form302,
        "vehicles_declared": wanted.vehicles_declared,
        "requested_at": now,
        "decided_at": None if wanted.permission == "REQUESTED" else now,
        "by": wanted.by,
        "note": wanted.note,
    }
    body = Described(
        f"{local(wanted.movement)} at {local(wanted.border)}",
        properties={name: value for name, value in said.items() if value not in (None, "")},
        marking="EXERCISE",
    )
    return event("staff", f"clearance:{key}", now, body, received=now, world=world, origin="injected")


def _found(engine: Engine, subject: str, world: str) -> Assessment:
    found = engine.assessment(subject)
    if found is None:
        raise HTTPException(404, f"there is no movement {subject!r} in {world}")
    return found


def _in_exercise(world: str) -> int:
    if not is_exercise(world):
        raise HTTPException(409, "the real picture takes this from its feeds only; open an exercise")
    return clock()


# -- routes -----------------------------------------------------------------------------------------------------------


def find(engine: Engine, wanted: WantedRoute) -> dict[str, Any]:
    """Answer a route request. Raises `HTTPException` 422 for what can't be asked."""
    network = engine.network
    if network is None:
        raise HTTPException(503, "there is no road network")
    now = clock()
    mover = engine.assessment(wanted.movement) if wanted.movement else None
    if wanted.movement and mover is None:
        raise HTTPException(404, f"there is no movement {wanted.movement!r}")
    try:
        vehicles = tuple(parse_vehicle(text) for text in wanted.vehicles)
    except ValueError as error:
        raise HTTPException(422, str(error)) from error
    if mover is not None and not vehicles:
        vehicles = mover.movement.vehicles
    if not vehicles:
        raise HTTPException(422, "name the vehicles, as wheeled:100, or a movement")
    points = [each for each in wanted.avoid if "," in each]
    names = [each for each in wanted.avoid if "," not in each]
    if strange := [each for each in names if not _avoidable(network, each)]:
        raise HTTPException(422, f"no thing, road or corridor of the network is called {', '.join(strange)}")
    laid = tried(engine, wanted.what_if)
    sight = what_if(engine.sight, engine.sight.entity, laid) if laid else engine.sight
    ask = Ask(
        start=_node(engine, wanted.start),
        goal=_node(engine, wanted.goal),
        vehicles=vehicles,
        speed_kmh=wanted.speed_kmh or (mover.movement.speed_kmh if mover is not None else 0.0) or 40.0,
        units=mover.movement.units if mover is not None else 1,
        via=tuple(_node(engine, each) for each in wanted.via),
        avoid=frozenset(names),
        avoid_edges=frozenset(edge for each in points for edge in network.at(_node(engine, each))),
        count=wanted.count,
        at=now,
    )
    answer = Finder(network, sight, engine.lies).answer(ask)
    return answered(engine, answer)


def _avoidable(network: Network, name: str) -> bool:
    """Whether there is anything of that name that a way could keep away from."""
    if network.on(name) or name in network.routes:
        return True
    return any(edge.road == name for edge in network.edges)


def answered(engine: Engine, answer: Answer) -> dict[str, Any]:
    """An answer with the lines to draw."""

    def offered(offer: Offer) -> dict[str, Any]:
        assert engine.network is not None
        return {
            "km": round(offer.km, 1),
            "minutes": round(offer.minutes, 1),
            "verdict": offer.verdict.answer,
            "reasons": reasons(offer.verdict),
            "routes": list(offer.routes),
            "ties": [{"km": round(km, 1), "id": subject} for km, subject in offer.ties],
            "line": [list(place) for place in engine.network.line(offer.way)],
        }

    return {
        "offers": [offered(each) for each in answer.offers],
        "refused": [offered(each) for each in answer.refused],
        "note": answer.note,
    }


def _node(engine: Engine, text: str) -> int:
    """The network's node at `lon,lat` or at a thing. Raises `HTTPException` 422."""
    assert engine.network is not None
    if ":" in text:
        entity = engine.sight.entity(text)
        place = entity.position if entity is not None else None
        if place is None:
            raise HTTPException(422, f"{text!r} is nothing that has a place")
    else:
        try:
            lon, lat = (float(part) for part in text.split(","))
        except ValueError:
            raise HTTPException(422, f"{text!r} is neither lon,lat nor a thing such as port:P01") from None
        place = lon, lat
    node = engine.network.nearest(*place)
    if node is None:
        raise HTTPException(422, f"no road of the network is near {text!r}")
    return node


def pace(engine: Engine) -> float:
    """How many exercise minutes pass in a minute, as the movements' own plans tell it."""
    return next((found.movement.scale for found in engine.assessments().values()), 1.0)


def tried(engine: Engine, effects: Sequence[WantedEffect]) -> list[Event]:
    """The effects as events for a what-if. Raises `HTTPException` 422, and 404 for a thing that there is not."""
    laid = made(effects, pace(engine))
    if strange := [each.subject for each in effects if engine.sight.entity(each.subject) is None]:
        raise HTTPException(404, f"there is no {', '.join(strange)}")
    return laid


def made(effects: Sequence[WantedEffect], scale: float = 1.0) -> list[Event]:
    """The effects as events that only a what-if sees; their minutes are those of a clock that runs `scale` times as
    fast. Raises `HTTPException` 422 for what can't be an effect.
    """
    now, found = clock(), []
    for i, each in enumerate(effects):
        try:
            inject = Inject(
                subject=each.subject,
                effect=each.effect,  # type: ignore[arg-type]
                measures=each.measures,
                for_min=each.for_min,
                reason=each.reason or "what if",
            )
            found.append(begin(inject, "what-if", f"what-if-{i}", ExerciseClock(now, scale), now))
        except (InvalidEvent, KeyError) as error:
            raise HTTPException(422, f"{each.subject}: {error}") from error
    return found
