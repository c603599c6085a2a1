"""What does a board of movements look at? The engine of a world, as it judges now or as it judged at a moment."""

from __future__ import annotations

from typing import NamedTuple

from cop.event import Millis
from cop.movement.engine import Engine
from dashboard.scene import NoSuchMoment, Scene, Scenes


class Seen(NamedTuple):
    """The engine that judges, its time, and why there is nothing to show; empty when there is.

    `mark` changes whenever the engine says something else: a moment of the past says the same for ever.
    """

    engine: Engine | None
    now: Millis
    why: str
    mark: str


async def see(scenes: Scenes, world: str, moment: Millis | None) -> Seen:
    """The movements of a world, now (None) or at a moment; a moment that can't be shown says why."""
    try:
        scene = await scenes.at(world, moment)
    except NoSuchMoment as error:
        return Seen(None, moment or 0, f"This moment can't be shown: {error}.", f"{moment} {error}")
    engine, why = scene.engines.get(world), absent(scene, world)
    if engine is None:
        return Seen(None, scene.now, why, why)
    return Seen(engine, scene.now, why, f"{id(engine)} {engine.version}" if moment is None else f"at {moment}")


def absent(scene: Scene, world: str) -> str:
    """Why there are no movements to show; empty when there are."""
    if world not in scene.views:
        return f"The world {world} is not there."
    engine = scene.engines.get(world)
    if engine is None:
        return "The road network is still being loaded: movements are judged as soon as it is there."
    return "" if engine.assessments() else "There are no movements with a plan in this world."
