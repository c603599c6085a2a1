"""Which way should this convoy take, and why not a shorter one?

The fastest way is looked for first without regard to any limit. As long as something on it may not be passed, the way
is refused with those reasons, they are closed for the search, and the next is looked for: so every shorter way that is
not offered has a reason, and the first that has none is the best. What nobody knows is never offered; what needs an
approval is offered only where nothing else goes, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from cop.event import Millis, Scalar, Status
from cop.movement.obstacle import Known, Obstacle
from cop.movement.sight import Sight
from cop.movement.vehicle import Vehicle
from cop.movement.verdict import RANK, Reason, Verdict, strictest
from cop.movement.verdict import Answer as Answered
from cop.network import Network, Way
from cop.picture import standing

REFUSALS: Final = 4
"""So many shorter ways are told with their reasons; what else is refused is left out of the search at once."""
DRIVEN: Final = ("road", "ferry")
INF: Final = float("inf")
Floats = NDArray[np.float64]


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """From where to where, with what, and over or without which nodes and things."""

    start: int
    goal: int
    vehicles: tuple[Vehicle, ...]
    speed_kmh: float = 40.0
    units: int = 1
    via: tuple[int, ...] = ()
    avoid: frozenset[str] = frozenset()
    """Subjects that the way must not pass, and names of roads or corridors that it must not use."""
    avoid_edges: frozenset[int] = frozenset()
    count: int = 3
    at: Millis = 0


class Offer(msgspec.Struct, frozen=True):
    """A way with its time and what the rules say of it."""

    way: Way
    km: float
    minutes: float
    verdict: Verdict
    ties: tuple[tuple[float, str], ...]
    routes: tuple[str, ...]
    """The named corridors that it uses, in order of use."""


class Answer(msgspec.Struct, frozen=True):
    """The ways on offer, the best first, and the faster ones that were refused, the fastest first."""

    offers: tuple[Offer, ...]
    refused: tuple[Offer, ...]
    note: str = ""


class Finder:
    """The search over one network as one sight of the picture has it."""

    def __init__(self, network: Network, sight: Sight, lies: Mapping[str, Sequence[int]]) -> None:
        self._network = network
        self._sight = sight
        self._on_edge: dict[int, list[str]] = {}
        for subject, edges in lies.items():
            for edge in edges:
                self._on_edge.setdefault(edge, []).append(subject)
        self._km, self._fixed, self._limit, self._undriven, self._unsurveyed, self._told = _columns(network)

    def answer(self, ask: Ask) -> Answer:
        """The ways from start to goal. No offer at all says in `note` why."""
        costs = self._costs(ask)
        if self._through(ask, costs) is None:
            return Answer((), (), "no road or ferry of the network joins the two places under these conditions")
        verdicts: dict[int, Verdict] = {}
        limits: tuple[Answered, ...] = ("go", "caution")
        for limit in limits:
            allowed = self._allowed(ask, costs, verdicts, RANK[limit])
            ways = self._ways(ask, allowed)
            refused = self._refused(ask, costs, verdicts, RANK[limit])
            if ways:
                offers = tuple(self._offer(way, ask, costs, verdicts) for way in ways)
                taken = {offer.way.edges for offer in offers}
                best = offers[0].minutes
                shorter = [each for each in refused if each.way.edges not in taken and each.minutes < best - 1e-6]
                note = "" if limit == "go" else "only with a logged approval of every caution on the way"
                return Answer(offers, tuple(shorter), note)
        return Answer((), tuple(refused), "every way has something that this convoy may not pass, or nobody knows")

    def judged(self, way: Way, ask: Ask) -> Offer:
        """One given way, as an offer or a refusal."""
        return self._offer(way, ask, self._costs(ask), {})

    def _refused(self, ask: Ask, costs: Floats, known: dict[int, Verdict], most: int) -> list[Offer]:
        """The fastest ways that something stricter than `most` is on; each is closed there for the next search."""
        free, found = costs.copy(), list[Offer]()
        for _ in range(REFUSALS):
            way = self._through(ask, free)
            blocked = [e for e in way.edges if RANK[self._edge(e, ask, known).answer] > most] if way is not None else []
            if way is None or not blocked:
                break
            found.append(self._offer(way, ask, costs, known))
            free[blocked] = INF
        return found

    # -- costs and verdicts of edges -----------------------------------------------------------------------------------

    def _costs(self, ask: Ask) -> Floats:
        """Minutes of each edge for this convoy now; infinite where it must not go whatever the rules say."""
        minutes: Floats = self._km * 60 / np.minimum(self._limit, ask.speed_kmh) + self._fixed
        minutes[self._undriven] = INF
        for subject in ask.avoid:
            minutes[list(self._network.on(subject))] = INF
        if ask.avoid:
            for i, edge in enumerate(self._network.edges):
                if edge.road in ask.avoid or not ask.avoid.isdisjoint(edge.routes):
                    minutes[i] = INF
        for i in self._told:
            for subject in self._network.edges[i].ties:
                minutes[i] += self._delay(subject, ask)
        minutes[list(ask.avoid_edges)] = INF
        return minutes

    def _delay(self, subject: str, ask: Ask) -> float:
        entity = self._sight.entity(subject)
        found = 0.0
        for said in standing(entity, ask.at) if entity is not None else ():
            assert isinstance(said.body, Status)
            measures = said.body.measures
            wait = max(measures.get("delay_min", 0.0), measures.get("waiting_min", 0.0))
            found = max(found, wait + measures.get("processing_min", 0.0) * ask.units)
        return found

    def _edge(self, index: int, ask: Ask, known: dict[int, Verdict]) -> Verdict:
        """What the rules say of an edge: of what is tied to it, reported on it, and signposted along it."""
        if index in known:
            return known[index]
        edge = self._network.edges[index]
        reasons: list[Reason] = []
        if not edge.surveyed:
            name = edge.road or "a road without a number"
            text = f"nobody says which bridges lie on {edge.km:.1f} km of {name}"
            reasons.append(Reason("unknown", "MLC-07", text, f"edge:{index}", name, source=edge.source))
        for subject in (*edge.ties, *self._on_edge.get(index, ())):
            reasons += self._thing(subject, ask)
        if edge.limits or (self._sight.circumstances.season and edge.surface != "paved"):
            limits = {each.what: Known(each.value, edge.source, 0, each.basis) for each in edge.limits}
            kind: dict[str, Scalar] = {"surface": edge.surface, "rank": edge.rank, "surveyed": edge.surveyed}
            nations = (edge.nation,) if edge.nation else ()
            name = edge.road or "road"
            signs = Obstacle(f"road:edge-{index}", name, state="open", limits=limits, properties=kind, nations=nations)
            reasons += [r for v in ask.vehicles for r in self._sight.judged(v, signs).reasons]
        known[index] = strictest(reasons, "go")
        return known[index]

    def _thing(self, subject: str, ask: Ask) -> Iterable[Reason]:
        for vehicle in ask.vehicles:
            verdict = self._sight.verdict(vehicle, subject, ask.at)
            if verdict is None:
                text = "tied to the way, and nobody describes it"
                yield Reason("unknown", "MLC-03", text, subject, subject.partition(":")[2])
                return
            yield from verdict.reasons

    def _allowed(self, ask: Ask, costs: Floats, known: dict[int, Verdict], most: int) -> Floats:
        """The costs with every edge closed that is judged stricter than `most`."""
        allowed = costs.copy()
        allowed[self._unsurveyed] = INF  # unknown, which no search goes over
        for index in {*self._told, *self._on_edge}:
            if np.isfinite(allowed[index]) and RANK[self._edge(index, ask, known).answer] > most:
                allowed[index] = INF
        return allowed

    # -- ways ----------------------------------------------------------------------------------------------------------

    def _through(self, ask: Ask, costs: Floats) -> Way | None:
        """The fastest way over the via points in their order."""
        stops = (ask.start, *ask.via, ask.goal)
        legs = [self._network.shortest(a, b, costs) for a, b in pairwise(stops)]
        return _joined([leg for leg in legs if leg is not None]) if all(leg is not None for leg in legs) else None

    def _ways(self, ask: Ask, costs: Floats) -> list[Way]:
        if ask.via:
            way = self._through(ask, costs)
            return [way] if way is not None else []
        return self._network.alternatives(ask.start, ask.goal, costs, ask.count)

    def _offer(self, way: Way, ask: Ask, costs: Floats, known: dict[int, Verdict]) -> Offer:
        edges = list(way.edges)
        reasons = [reason for edge in edges for reason in self._edge(edge, ask, known).reasons]
        routes = dict.fromkeys(route for edge in edges for route in self._network.edges[edge].routes)
        return Offer(
            way,
            float(self._km[edges].sum()),
            float(costs[edges].sum()),
            strictest(dict.fromkeys(reasons), "go"),
            tuple(self._network.ties(way)),
            tuple(routes),
        )


@lru_cache(maxsize=4)
def _columns(network: Network) -> tuple[Floats, Floats, Floats, list[int], list[int], list[int]]:
    """Of every edge the km, the fixed minutes and the speed; which nobody drives, nobody surveyed, and have a say."""
    every = network.edges
    return (
        np.array([edge.km for edge in every]),
        np.array([edge.minutes for edge in every]),
        np.array([edge.speed_kmh or INF for edge in every]),
        [i for i, edge in enumerate(every) if edge.mode not in DRIVEN],
        [i for i, edge in enumerate(every) if not edge.surveyed],
        [i for i, edge in enumerate(every) if edge.ties or edge.limits],
    )


def _joined(legs: Sequence[Way]) -> Way:
    edges = tuple(edge for leg in legs for edge in leg.edges)
    nodes = legs[0].nodes + tuple(node for leg in legs[1:] for node in leg.nodes[1:])
    return Way(edges, nodes, sum(leg.cost for leg in legs))
