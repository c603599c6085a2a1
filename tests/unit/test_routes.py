"""Which way is offered to a convoy, and does every shorter one that is not offered have its reason?"""

from __future__ import annotations

from itertools import combinations, pairwise, permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.event import Described, Event, Limit, event
from cop.movement.judge import Circumstances
from cop.movement.obstacle import UNITS
from cop.movement.route import Answer, Ask, Finder, Offer
from cop.movement.sight import Sight, what_if
from cop.movement.vehicle import Vehicle, parse_vehicle
from cop.network import Edge, Network, Node
from cop.picture import Picture
from feeds.network.store import shipped
from tests.marching import NOW, Desk, at, effect, on_a10, start

KEKAVA, SALASPILS = (24.21, 56.815), (24.31, 56.862)
PINIAVA, BAUSKA = (24.36, 55.79), (24.196, 56.408)
CUT = effect("bridge:B15", "restricted", mlc_wheeled=70, mlc_tracked=50, reason="inspection")
"""INJ-008: the dam crossing bears 70 wheeled."""


@pytest.fixture
def desk() -> Desk:
    return Desk(start())


def ways(desk: Desk, a: tuple[float, float], b: tuple[float, float], who: str = "C06", **more: Any) -> Answer:
    """The answer for a convoy, or for vehicles as they are typed."""
    network = shipped()
    found = [network.nearest(*place) for place in (a, b)]
    assert None not in found
    vehicles = desk.of(who).movement.vehicles if who.startswith("C") else (parse_vehicle(who),)
    asked = {"at": at(63), **more}
    ask = Ask(start=found[0] or 0, goal=found[1] or 0, vehicles=vehicles, **asked)
    return Finder(network, desk.engine.sight, desk.engine.lies).answer(ask)


def passes(offer: Offer) -> set[str]:
    return {subject for _, subject in offer.ties}


# -- question 5: with the dam at 70, R22 is offered to C06, and R23 isn't ----------------------------------------------


def test_undisturbed_the_shortest_way_is_over_the_dam(desk: Desk) -> None:
    found = ways(desk, KEKAVA, SALASPILS)
    assert "bridge:B15" in passes(found.offers[0])
    assert (found.offers[0].verdict.answer, found.refused, found.note) == ("go", (), "")


def test_with_the_dam_at_70_c06_goes_over_r22_and_the_southern_bridge(desk: Desk) -> None:
    desk.settle(60, CUT)
    assert [(v.drive, v.mlc) for v in desk.of("C06").movement.vehicles] == [("wheeled", 80)]
    found = ways(desk, KEKAVA, SALASPILS)
    best = found.offers[0]
    assert best.verdict.answer == "go"
    assert "bridge:B14" in passes(best)
    assert "R22" in best.routes
    refused = found.refused[0]
    assert "bridge:B15" in passes(refused)
    limiting = refused.verdict.limiting
    assert limiting is not None
    assert (limiting.rule, limiting.object, limiting.margin) == ("MLC-05", "bridge:B15", -10)
    assert limiting.source == "inject:1"
    assert not any("bridge:B15" in passes(each) for each in found.offers)


def test_what_bears_a_lighter_convoy_is_still_offered_to_it(desk: Desk) -> None:
    desk.settle(60, CUT)
    assert "bridge:B15" in passes(ways(desk, KEKAVA, SALASPILS, "C02").offers[0])


def test_a_heavy_and_wide_convoy_gets_no_better_than_a_caution_and_is_told_so(desk: Desk) -> None:
    desk.settle(60, CUT)
    found = ways(desk, KEKAVA, SALASPILS, "C05")
    assert found.offers[0].verdict.answer == "caution"
    assert "bridge:B14" in passes(found.offers[0])
    assert found.note == "only with a logged approval of every caution on the way"
    assert found.refused[0].verdict.answer == "no-go"
    assert found.refused[0].verdict.limiting is not None
    assert (found.refused[0].verdict.limiting.object, found.refused[0].verdict.limiting.margin) == ("bridge:B15", -30)


def test_with_the_a10_closed_r23_is_refused_since_nobody_knows_its_bridges(desk: Desk) -> None:
    assert ways(desk, PINIAVA, BAUSKA).offers[0].routes[0] == "R01"
    desk.settle(62, on_a10(), effect("roadevent:inj5", since=62, t=62, reason="accident"))
    found = ways(desk, PINIAVA, BAUSKA)
    assert not any("R23" in each.routes for each in found.offers)
    assert all(each.verdict.answer == "go" for each in found.offers)
    closed = next(each for each in found.refused if each.verdict.answer == "no-go")
    assert closed.verdict.limiting is not None
    assert (closed.verdict.limiting.object, closed.routes) == ("roadevent:inj5", ("R01",))
    (detour,) = (each for each in found.refused if "R23" in each.routes)
    assert detour.verdict.answer == "unknown"
    assert {each.rule for each in detour.verdict.reasons if each.answer != "go"} == {"MLC-07"}


def test_a_closure_with_an_end_is_a_caution_and_something_free_goes_before_it(desk: Desk) -> None:
    desk.settle(62, effect("bridge:B15", since=62, until=180, t=62))
    found = ways(desk, KEKAVA, SALASPILS)
    assert "bridge:B15" not in passes(found.offers[0])
    assert found.refused[0].verdict.limiting is not None
    assert (found.refused[0].verdict.answer, found.refused[0].verdict.limiting.rule) == ("caution", "STATE-01")


def test_what_if_the_dam_were_cut_is_answered_without_cutting_it(desk: Desk) -> None:
    network, sight = shipped(), desk.engine.sight
    tried = what_if(sight, desk.look, [CUT])
    a, b = network.nearest(*KEKAVA), network.nearest(*SALASPILS)
    assert a is not None
    assert b is not None
    ask = Ask(start=a, goal=b, vehicles=desk.of("C06").movement.vehicles, at=NOW)
    assert "bridge:B14" in passes(Finder(network, tried, {}).answer(ask).offers[0])
    assert "bridge:B15" in passes(Finder(network, sight, {}).answer(ask).offers[0])


# -- via, avoid, and no way --------------------------------------------------------------------------------------------


def test_via_points_are_passed_in_their_order(desk: Desk) -> None:
    network = shipped()
    ulbroka = network.nearest(24.32, 56.945)
    assert ulbroka is not None
    found = ways(desk, KEKAVA, SALASPILS, via=(ulbroka,))
    (best,) = found.offers
    assert ulbroka in best.way.nodes
    assert best.way.nodes[0] == network.nearest(*KEKAVA)
    assert best.way.nodes[-1] == network.nearest(*SALASPILS)
    assert best.minutes > ways(desk, KEKAVA, SALASPILS).offers[0].minutes


@pytest.mark.parametrize("avoid", ["bridge:B15", "LV A5"])
def test_what_is_to_be_avoided_is_on_no_way(desk: Desk, avoid: str) -> None:
    found = ways(desk, KEKAVA, SALASPILS, avoid=frozenset({avoid}))
    network = shipped()
    for offer in (*found.offers, *found.refused):
        assert avoid not in passes(offer)
        assert avoid not in {network.edges[edge].road for edge in offer.way.edges}
    assert "bridge:B15" not in passes(found.offers[0]) if found.offers else found.note


def test_a_corridor_can_be_avoided_and_where_nothing_is_left_the_note_says_so(desk: Desk) -> None:
    found = ways(desk, PINIAVA, BAUSKA, avoid=frozenset({"R01"}))
    assert not any("R01" in each.routes for each in (*found.offers, *found.refused))
    assert found.offers == ()
    assert found.refused
    assert found.note == "every way has something that this convoy may not pass, or nobody knows"


def test_no_way_at_all_says_so(desk: Desk) -> None:
    network = shipped()
    a = network.nearest(*KEKAVA)
    around = frozenset(i for i, edge in enumerate(network.edges) if a in (edge.a, edge.b))
    found = ways(desk, KEKAVA, SALASPILS, avoid_edges=around)
    assert (found.offers, found.refused) == ((), ())
    assert found.note == "no road or ferry of the network joins the two places under these conditions"


def test_from_a_place_to_itself_there_is_nothing_to_drive(desk: Desk) -> None:
    (found,) = ways(desk, KEKAVA, KEKAVA).offers
    assert (found.km, found.minutes, found.way.edges) == (0, 0, ())


def test_who_asks_for_one_way_gets_one(desk: Desk) -> None:
    assert len(ways(desk, KEKAVA, SALASPILS, count=1).offers) == 1
    assert len(ways(desk, PINIAVA, BAUSKA, count=5).offers) <= 5


@pytest.mark.parametrize("who", ["wheeled:16", "wheeled:80", "wheeled:100", "tracked:70", "wheeled:121", "wheeled:?"])
@pytest.mark.parametrize(
    ("a", "b"),
    [(KEKAVA, SALASPILS), (PINIAVA, BAUSKA), ((24.75, 59.43), (24.1, 56.95)), ((21.14, 55.71), (25.96, 59.26))],
)
def test_every_refused_way_is_shorter_than_the_best_and_has_a_reason(desk: Desk, who: str, a: Any, b: Any) -> None:
    desk.settle(60, CUT)
    found = ways(desk, a, b, who)
    assert found.offers or found.note
    if not found.offers:
        assert all(each.verdict.answer in ("unknown", "no-go") for each in found.refused)
        return
    best = found.offers[0]
    assert best.verdict.answer in ("go", "caution")
    assert [each.minutes for each in found.offers] == sorted(each.minutes for each in found.offers)
    assert [each.minutes for each in found.refused] == sorted(each.minutes for each in found.refused)
    for each in found.refused:
        assert each.minutes < best.minutes
        assert each.verdict.answer != "go"
        assert each.verdict.limiting is not None
        assert each.verdict.limiting.text
    if found.note == "":
        assert all(each.verdict.answer == "go" for each in found.offers)
    if who == "wheeled:?":
        assert not any(subject.startswith("bridge:") for each in found.offers for subject in passes(each))


# -- small networks, against all their ways ----------------------------------------------------------------------------

CLASSES = (None, 40.0, 60.0, 80.0)
HEAVY = Vehicle("wheeled 60", "wheeled", 60.0)


def described(index: int, mlc: float | None) -> Event:
    limits = () if mlc is None else (Limit("mlc_wheeled_oneway", mlc, UNITS["mlc_wheeled_oneway"]),)
    body = Described(f"Bridge {index}", lon=24.0, lat=57.0, limits=limits)
    return event("test", f"bridge:T{index}", NOW, body, received=NOW)


@st.composite
def small(draw: st.DrawFn) -> tuple[Network, Sight]:
    """Five places, some roads between them, a bridge on some, of any class or none."""
    edges, picture = list[Edge](), Picture()
    for a, b in combinations(range(5), 2):
        if draw(st.booleans()):
            km, tied = draw(st.integers(1, 50)), draw(st.booleans())
            index = len(edges)
            edges.append(Edge(a, b, float(km), surveyed=draw(st.booleans()) or tied, ties=(f"bridge:T{index}",) * tied))
            if tied:
                picture.fold(described(index, draw(st.sampled_from(CLASSES))))
    nodes = [Node(24.0 + 0.1 * i, 57.0) for i in range(5)]
    return Network(nodes, edges), Sight(picture.entity, Circumstances())


def every(network: Network) -> list[tuple[int, ...]]:
    """All ways from place 0 to place 4 that pass no place twice, as edges."""
    joins = {frozenset((edge.a, edge.b)): i for i, edge in enumerate(network.edges)}
    found = []
    for count in range(4):
        for inner in permutations((1, 2, 3), count):
            steps = [frozenset(pair) for pair in pairwise((0, *inner, 4))]
            if all(step in joins for step in steps):
                found.append(tuple(joins[step] for step in steps))
    return found


RANKS = ("go", "caution", "unknown", "no-go")


@given(small())
def test_the_best_is_the_shortest_of_all_that_may_be_passed(made: tuple[Network, Sight]) -> None:
    network, sight = made

    def answer(edges: tuple[int, ...]) -> str:
        rank = 0
        for edge in edges:
            if not network.edges[edge].surveyed:
                rank = max(rank, RANKS.index("unknown"))
            for subject in network.edges[edge].ties:
                verdict = sight.verdict(HEAVY, subject, NOW)
                assert verdict is not None
                rank = max(rank, RANKS.index(verdict.answer))
        return RANKS[rank]

    found = Finder(network, sight, {}).answer(Ask(start=0, goal=4, vehicles=(HEAVY,), at=NOW))
    known = {edges: answer(edges) for edges in every(network)}
    for limit in ("go", "caution"):
        fit = [network.km(edges) for edges, given in known.items() if RANKS.index(given) <= RANKS.index(limit)]
        if fit:
            assert found.offers[0].km == pytest.approx(min(fit))
            assert max(RANKS.index(each.verdict.answer) for each in found.offers) == RANKS.index(limit)
            break
    else:
        assert found.offers == ()
        assert found.note
    assert all(each.verdict.answer == answer(each.way.edges) for each in (*found.offers, *found.refused))
    if known and found.offers:
        shortest = min(known, key=network.km)
        if network.km(shortest) < found.offers[0].km - 1e-9:
            assert found.refused[0].km == pytest.approx(network.km(shortest))
    assert bool(known) == bool(found.offers or found.refused)
