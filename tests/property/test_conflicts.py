"""The laws of conflicts: order doesn't matter, step by step is the same as at once, and who waits is out of the way."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from cop.movement.conflicts import Conflicts, Passing, conflicts

KEYS = "PQRST"
NAMES = "abcdef"
World = dict[str, list[Passing]]


@st.composite
def marches(draw: st.DrawFn, name: str) -> list[Passing]:
    """A march through some points of a small world, so that many meet."""
    keys = draw(st.lists(st.sampled_from(KEYS), max_size=5, unique=True))
    found, due, length = [], draw(st.integers(0, 30)), draw(st.integers(0, 8))
    for i, key in enumerate(keys):
        way = (keys[i - 1] if i else "", keys[i + 1] if i + 1 < len(keys) else "")
        gap = draw(st.sampled_from((0, 0, 3)))
        found.append(Passing(name, key, key, 24.0, 56.0, due, due + length, way, draw(st.booleans()), gap))
        due += draw(st.integers(0, 20))
    return found


worlds = st.tuples(*(marches(name) for name in NAMES)).map(lambda told: dict(zip(NAMES, told, strict=True)))
updates = st.lists(st.sampled_from(NAMES).flatmap(lambda name: st.tuples(st.just(name), marches(name))), max_size=25)
gaps = st.sampled_from((0.0, 5 / 60_000))


@given(worlds, st.permutations(NAMES), gaps)
def test_the_order_of_the_movements_does_not_matter(
    world: dict[str, list[Passing]], order: list[str], gap: float
) -> None:
    told = conflicts([each for name in NAMES for each in world[name]], gap)
    assert conflicts([each for name in order for each in world[name]], gap) == told


@given(worlds, gaps)
def test_a_pair_is_judged_by_itself_and_alike_from_both_sides(world: World, gap: float) -> None:
    told = conflicts([each for own in world.values() for each in own], gap)
    for a, b in combinations(NAMES, 2):
        mine = [each for each in told if each.pair == (a, b)]
        assert conflicts([*world[a], *world[b]], gap) == conflicts([*world[b], *world[a]], gap) == mine


@given(worlds, gaps)
def test_at_a_point_it_is_the_rule_itself(world: World, gap: float) -> None:
    """Every pair of passings of one point whose times meet is a conflict, unless it is opposite on two lanes."""
    told = {
        (e.point, e.pair) for e in conflicts([e for own in world.values() for e in own], gap) if e.kind != "overtaking"
    }
    wait = round(gap * 60_000)
    for a, b in combinations(NAMES, 2):
        for one in world[a]:
            for other in world[b]:
                if one.key != other.key:
                    continue
                x, y = sorted((one, other), key=lambda each: (each.due, each.clear, each.movement))
                meets = y.due <= x.clear + max(wait, x.gap_ms)
                same = any(i and i == j for i, j in zip(x.way, y.way, strict=True))
                against = not same and any(i and i == j for i, j in zip(x.way, y.way[::-1], strict=True))
                clash = meets and (not against or x.oneway or y.oneway)
                assert ((one.key, (a, b)) in told) == clash


@given(updates, gaps)
def test_step_by_step_is_the_same_as_all_at_once(steps: list[tuple[str, list[Passing]]], gap: float) -> None:
    known, world = Conflicts(gap), dict[str, list[Passing]]()
    for name, own in steps:
        before = {each: known.of(each) for each in NAMES}
        changed = known.update(name, own)
        world[name] = own
        assert known.all() == conflicts([each for told in world.values() for each in told], gap)
        assert changed == {each for each in NAMES if known.of(each) != before[each]}
    for name in NAMES:
        known.remove(name)
    assert known.all() == []
    assert len(known._points) == len(known._legs) == len(known._passings) == 0


@given(worlds, gaps)
def test_who_comes_later_by_more_than_the_shift_is_out_of_the_way(world: World, gap: float) -> None:
    for found in conflicts([each for own in world.values() for each in own], gap):
        if found.kind == "overtaking":
            continue
        later = found.later_ms + 1
        moved = [each._replace(due=each.due + later, clear=each.clear + later) for each in world[found.second]]
        told = conflicts([*world[found.first], *moved], gap)
        assert not any(each.point == found.point and each.kind != "overtaking" for each in told)


@given(worlds, gaps)
def test_the_lines_hold_every_conflict_once(world: World, gap: float) -> None:
    known = Conflicts(gap)
    for name, own in world.items():
        known.update(name, own)
    lines = known.groups()
    inside = [each for line in lines for each in line.conflicts]
    assert sorted(map(repr, inside)) == sorted(map(repr, known.all()))
    assert all(line.pair == each.pair for line in lines for each in line.conflicts)
