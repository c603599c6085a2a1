"""Does a network keep its promises whatever its shape?"""

from __future__ import annotations

import math
import tempfile
from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from cop.event import Limit
from cop.network import SHARED, Edge, Network, Node
from feeds.network.store import load, save

SIDE = 4


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """A grid of places with some of its roads, of lengths that are not their chords', some with a bend or ties."""
    nodes = [Node(24 + column / 10, 57 + row / 20) for column in range(SIDE) for row in range(SIDE)]
    pairs = [(n, n + 1) for n in range(SIDE * SIDE) if (n + 1) % SIDE] + [
        (n, n + SIDE) for n in range(SIDE * SIDE - SIDE)
    ]
    edges = []
    for number, pair in enumerate(pairs):
        if draw(st.integers(0, 9)) == 0:
            continue
        a, b = pair if draw(st.booleans()) else pair[::-1]
        ends = nodes[a][:2], nodes[b][:2]
        bend = ((ends[0][0] + ends[1][0]) / 2 + 0.001, (ends[0][1] + ends[1][1]) / 2 + 0.001)
        ties = tuple(f"bridge:{number}-{at}" for at in range(draw(st.integers(0, 2))))
        km = draw(st.floats(5, 9))
        edges.append(
            Edge(
                a,
                b,
                km,
                line=(ends[0], bend, ends[1]) if draw(st.booleans()) else ends,
                ties=ties,
                tie_km=tuple(km * (at + 1) / 4 for at in range(len(ties))) if draw(st.booleans()) else (),
                limits=(Limit("mass_t", 7.5, "t", "sign"),) if draw(st.integers(0, 4)) == 0 else (),
            )
        )
    return Network(nodes, edges)


ends = st.tuples(st.integers(0, SIDE * SIDE - 1), st.integers(0, SIDE * SIDE - 1))


@given(networks(), ends, st.data())
def test_closing_an_edge_never_shortens_a_route(network: Network, pair: tuple[int, int], data: st.DataObject) -> None:
    costs = [edge.km for edge in network.edges]
    best = network.shortest(*pair, costs)
    if best is None:
        return
    for closed in data.draw(st.lists(st.sampled_from(range(len(costs))), max_size=3)) if costs else []:
        costs[closed] = math.inf
    other = network.shortest(*pair, costs)
    assert other is None or (other.cost >= best.cost and all(math.isfinite(costs[index]) for index in other.edges))


@given(networks(), ends)
def test_alternatives_are_sorted_clearly_different_and_without_loops(network: Network, pair: tuple[int, int]) -> None:
    costs = [edge.km for edge in network.edges]
    best, found = network.shortest(*pair, costs), network.alternatives(*pair, costs, 3)
    assert found[:1] == ([] if best is None else [best])
    assert [way.cost for way in found] == sorted(way.cost for way in found)
    for way in found:
        assert (way.nodes[0], way.nodes[-1]) == pair
        assert len(set(way.nodes)) == len(way.nodes) == len(way.edges) + 1
        for index, a, b in zip(way.edges, way.nodes, way.nodes[1:], strict=False):
            assert {a, b} == {network.edges[index].a, network.edges[index].b}
        assert math.isclose(way.cost, sum(costs[index] for index in way.edges), rel_tol=1e-9)
    for number, way in enumerate(found):
        for earlier in found[:number]:
            assert network.km(set(way.edges) & set(earlier.edges)) < SHARED * network.km(way.edges)


@given(networks(), ends)
def test_a_way_is_found_again_along_its_line_with_the_same_ties(network: Network, pair: tuple[int, int]) -> None:
    way = network.shortest(*pair, [edge.km for edge in network.edges])
    if way is None or not way.edges:
        return
    found = network.follow(network.line(way))
    assert found is not None
    assert (found.edges, found.nodes) == (way.edges, way.nodes)
    assert network.ties(found) == network.ties(way)


@given(networks(), ends)
def test_ties_are_in_order_and_the_way_back_has_them_reversed(network: Network, pair: tuple[int, int]) -> None:
    way = network.shortest(*pair, [edge.km for edge in network.edges])
    if way is None:
        return
    there = network.ties(way)
    back = network.ties(way._replace(edges=way.edges[::-1], nodes=way.nodes[::-1]))
    assert all(a <= b for (a, _), (b, _) in pairwise(there))
    assert [subject for _, subject in there] == [subject for _, subject in reversed(back)]
    length = network.km(way.edges)
    assert all(math.isclose(a + b, length, abs_tol=1e-6) for (a, _), (b, _) in zip(there, reversed(back), strict=True))


@settings(max_examples=25)
@given(networks())
def test_a_network_that_was_kept_is_the_same(network: Network) -> None:
    with tempfile.TemporaryDirectory() as folder:
        save(network, Path(folder), {"source": "test"})
        kept = load(Path(folder))
    assert kept.nodes == network.nodes
    assert kept.edges == network.edges
