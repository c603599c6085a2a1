"""How long does it take to judge all movements over all bridges, and to take one event in?

`python -m bench.movements` prints JSON. A thousand generated convoys go over 2,500 bridges, which are tied to the roads
of the shipped network. The baseline, in the same run, is to judge everything anew for each event, as a picture without
an index from things to movements would have to. Routes are searched as the route tool does, with all limits.
"""

from __future__ import annotations

import json
import random
import time
from statistics import median
from typing import Any, Final

import msgspec

from cop.event import Described, Event, Limit, Status, event
from cop.exercise import world_of
from cop.movement.engine import Engine
from cop.movement.judge import Circumstances
from cop.movement.route import Ask, Finder
from cop.movement.rulesets import rulesets
from cop.movement.vehicle import Vehicle
from cop.network import Network
from cop.picture import Entity, Picture, entity
from feeds.adapter import Context, decode
from feeds.network.store import SHIPPED, load
from feeds.simulated import convoys
from feeds.sources.simulated import SOURCE, write

MOVEMENTS: Final = 1_000
BRIDGES: Final = 2_500
EVENTS: Final = 200
ROUTES: Final = 200
NOW: Final = 1_795_000_000_000
WORLD: Final = world_of("bench")
CLASSES: Final = (40, 60, 80, 100, 120)


class _World:
    """A picture and the engine over it."""

    def __init__(self, network: Network, picture: Picture) -> None:
        self.picture = picture
        self.engine = Engine(self._look, network, rulesets()["pledge"], Circumstances())

    def _look(self, subject: str) -> Entity | None:
        return entity(subject, self.engine.derived.records(subject), self.picture.records(subject))

    def settle(self, at: int, *, meet: bool) -> float:
        """Milliseconds to take in what was touched; the hub settles the conflicts after the rest, too."""
        began = time.perf_counter()
        self.engine.settle(at, meet=meet)
        return (time.perf_counter() - began) * 1000


def bridged(network: Network) -> tuple[Network, list[Event]]:
    """The network with so many bridges on its surveyed roads, and what is said of each."""
    dice = random.Random(1)
    roads = [i for i, edge in enumerate(network.edges) if edge.surveyed and edge.mode == "road"]
    ties: dict[int, list[str]] = {i: [] for i in roads}
    said: list[Event] = []
    for number in range(BRIDGES):
        subject = f"bridge:G{number:04}"
        ties[roads[number % len(roads)]].append(subject)
        mlc = float(dice.choice(CLASSES))
        limits = (Limit("mlc_wheeled_oneway", mlc, "MLC"), Limit("mlc_tracked_oneway", mlc, "MLC"))
        body = Described(f"Bridge {number}", limits=limits, marking="EXERCISE DATA")
        said.append(event("bench", subject, NOW - 1000, body, received=NOW, world=WORLD))
    edges = [
        msgspec.structs.replace(edge, ties=tuple(ties[i]), tie_km=()) if i in ties else edge
        for i, edge in enumerate(network.edges)
    ]
    return Network(network.nodes, edges), said


def marching(bridges: list[Event]) -> Picture:
    """The picture of the convoys on the way, and of the bridges."""
    scene = convoys.load(seed=1, scale=1.0, count=MOVEMENTS, start=60, start_wall=NOW)
    told = write([each for each in convoys.reports(scene, -1, NOW) if each.id.startswith("SIM-")])
    picture = Picture()
    for each in (*bridges, *decode(SOURCE, told, Context(NOW, WORLD, "simulated"))):
        assert isinstance(each, Event)
        picture.fold(each)
    return picture


def effects(world: _World, bridges: list[Event]) -> tuple[list[float], list[float], list[int]]:
    """Milliseconds to new verdicts and ETAs, then to new conflicts, and the movements touched, for each event."""
    dice = random.Random(2)
    used = [each for each in bridges if world.engine.touched_by(each.subject)]
    times, meets, touched = list[float](), list[float](), list[int]()
    for number in range(EVENTS):
        at = NOW + 1000 * (number + 1)
        subject = dice.choice(used).subject
        body = (
            Status("restricted", since=at, until=at + 3_600_000, reason="bench", measures={"mlc_wheeled": 30.0})
            if number % 2
            else Status("closed", since=at, until=at + 3_600_000, reason="bench")
        )
        said = event(f"inject:{number}", subject, at, body, received=at, world=WORLD, origin="injected")
        touched.append(len(world.engine.touched_by(subject)))
        world.picture.fold(said)
        world.engine.touch(said)
        times.append(world.settle(at, meet=False))
        meets.append(world.settle(at, meet=True))
    return times, meets, touched


def searches(network: Network, world: _World) -> list[float]:
    """Milliseconds a search of the route tool: the best way, three alternatives, and the refused shorter ones."""
    places = sorted({end for edge in network.edges if edge.mode == "road" for end in (edge.a, edge.b)})
    dice, vehicle, times = random.Random(3), Vehicle("wheeled 60", "wheeled", 60.0), list[float]()
    for _ in range(ROUTES):
        start, goal = dice.sample(places, 2)
        began = time.perf_counter()
        finder = Finder(network, world.engine.sight, world.engine.lies)
        finder.answer(Ask(start=start, goal=goal, vehicles=(vehicle,), at=NOW))
        times.append((time.perf_counter() - began) * 1000)
    return times


def run() -> dict[str, Any]:
    """The figures."""
    plain = load(SHIPPED)
    network, bridges = bridged(plain)
    picture = marching(bridges)
    world = _World(network, picture)
    world.engine.touch_all(picture.subjects())
    full_ms = world.settle(NOW, meet=False)
    meet_ms = world.settle(NOW, meet=True)
    found = world.engine.assessments()
    passes = sum(len(each.things) for each in found.values())
    times, meets, touched = effects(world, bridges)
    world.engine.touch_all(picture.subjects())
    again_ms = world.settle(NOW + 10_000_000, meet=True)
    facts = _World(plain, Picture())
    return {
        "bench": "movements",
        "movements": len(found),
        "bridges": BRIDGES,
        "passings_judged": passes,
        "full_judgement_ms": round(full_ms),
        "conflicts_ms": round(meet_ms),
        "conflicts_after_an_effect": _spread(meets),
        "effect": _spread(times) | {"movements_touched_p50": round(median(touched))},
        "baseline_everything_anew_ms": round(again_ms),
        "route": _spread(searches(plain, facts)),
    }


def _spread(times: list[float]) -> dict[str, float]:
    times = sorted(times)
    return {"p50_ms": round(median(times), 2), "p99_ms": round(times[int(len(times) * 0.99) - 1], 2)}


if __name__ == "__main__":
    print(json.dumps(run()))
