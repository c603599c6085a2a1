"""May these vehicles go that way? `cop judge`, which answers by its exit code: 0 go, 3 caution, 4 no-go, 5 unknown.

Without a running system it judges by the registers that come with the project, whose load classes are exercise data and
say so. With `--world` it asks the picture of the running system.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from typing import Any

import msgspec

from cop.bus import BusDown
from cop.event import REAL, decode
from cop.exercise import world_of
from cop.movement.route import Ask, Finder, Offer
from cop.movement.sight import Sight
from cop.movement.vehicle import parse_vehicle
from cop.movement.verdict import EXIT
from cop.picture import Entity, Picture, entity
from dashboard.exercises import exercise_facts
from dashboard.rulebook import node, route, rules
from dashboard.running import running_bus
from dashboard.settings import BadSetting, Values
from feeds.clock import clock

MARKING = "EXERCISE DATA: load classes of the shipped registers are not real limits"


def judge(settings: Values, wanted: argparse.Namespace) -> int:
    """Run `cop judge`; the exit code. Raises `BadSetting` for what can't be asked."""
    if wanted.rules:
        return _rules(wanted)
    if bool(wanted.start) != bool(wanted.goal):
        raise BadSetting("--from and --to go together: name both ends of the way, as lon,lat in degrees")
    if not wanted.vehicle:
        raise BadSetting("name at least one --vehicle, as wheeled:100")
    try:
        vehicles = tuple(parse_vehicle(text) for text in wanted.vehicle)
    except ValueError as error:
        raise BadSetting(str(error)) from error
    known = rules(settings)
    network = known.network
    assert network is not None
    now = clock()
    circumstances = msgspec.structs.replace(known.circumstances, tonnes_as_mlc=wanted.tonnes_as_mlc, now=now)
    pictures = asyncio.run(_running(settings, wanted.world)) if wanted.world else [_shipped(now)]

    def look(subject: str) -> Entity | None:
        return entity(subject, *(picture.records(subject) for picture in pictures))

    finder = Finder(network, Sight(look, circumstances), {})
    ask = Ask(start=0, goal=0, vehicles=vehicles, at=now)
    if wanted.route:
        offer = finder.judged(route(network, wanted.route), ask)
    else:
        ask = msgspec.structs.replace(ask, start=node(network, wanted.start), goal=node(network, wanted.goal))
        answer = finder.answer(ask)
        if not answer.offers and not answer.refused:
            raise BadSetting(answer.note)
        offer = (answer.offers or answer.refused)[0]
    _tell(offer, look, "" if wanted.world else MARKING, wanted)
    return EXIT[offer.verdict.answer]


def _tell(offer: Offer, look: Any, marking: str, wanted: argparse.Namespace) -> None:
    things = [{"km": round(km, 1), "id": subject} for km, subject in offer.ties]
    if wanted.json:
        told = {
            "verdict": offer.verdict.answer,
            "marking": marking,
            "vehicles": wanted.vehicle,
            "km": round(offer.km, 1),
            "routes": list(offer.routes),
            "passes": things,
            "reasons": [msgspec.to_builtins(each) for each in offer.verdict.reasons],
        }
        print(json.dumps(told, ensure_ascii=False))
        return
    print(f"{offer.verdict.answer.upper()}  {', '.join(wanted.vehicle)} over {offer.km:.0f} km, {len(things)} objects")
    for each in offer.verdict.reasons:
        if each.answer != "go":
            print(f"  {each.answer:<8} {each.rule:<7} {each.name or each.object}: {each.text}")
    if marking:
        print(marking)


def _rules(wanted: argparse.Namespace) -> int:
    from cop.movement.rulesets import rulesets

    for name, each in rulesets().items():
        print(json.dumps(msgspec.to_builtins(each), ensure_ascii=False) if wanted.json else f"{name:<24} {each.name}")
    return 0


def asked(settings: Values, world: str, now: int) -> dict[str, Entity]:
    """Everything in the running picture of a world, or without one in the shipped registers. Raises `BadSetting`."""
    pictures = asyncio.run(_running(settings, world)) if world else [_shipped(now)]
    subjects = dict.fromkeys(subject for picture in pictures for subject in picture.subjects())
    joined = ((each, entity(each, *(picture.records(each) for picture in pictures))) for each in subjects)
    return {subject: found for subject, found in joined if found is not None}


def _shipped(now: int) -> Picture:
    picture = Picture()
    for each in exercise_facts(world_of("judge"), now):
        picture.fold(each)
    return picture


async def _running(settings: Values, world: str) -> list[Picture]:
    """The pictures that make up a world of the running system, the overriding one first."""
    try:
        bus = running_bus(settings, "dashboard")
    except BusDown as error:
        raise BadSetting(f"no running system answers: {error}") from error
    found = []
    try:
        if world != REAL and world not in await bus.worlds():
            raise BadSetting(f"there is no world {world!r} in the running system")
        for each in dict.fromkeys((world, REAL)):
            picture, position = Picture(), None
            while entries := await bus.read({each: position}, count=5000):
                for entry in entries:
                    picture.fold(decode(entry.data))
                position = entries[-1].position
            found.append(picture)
    except BusDown as error:
        raise BadSetting(f"no running system answers: {error}") from error
    finally:
        await bus.close()
    return found
