"""Whatever stands on the ways of the convoys, and whenever that changes: do they only ever drive on?"""

from __future__ import annotations

import csv
import math
from itertools import pairwise

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from cop.event import Event
from cop.movement.forecast import Hold
from cop.picture import Picture, fold
from feeds.adapter import Context, decode
from feeds.simulated import marches as made
from feeds.simulated.convoys import disturbed, reports, told
from feeds.simulated.drive import Track, column, leaves, reaches, where
from feeds.simulated.marches import Simulation
from feeds.sources.simulated import SOURCE, Convoy, Left, Position, Report, write

WALL = 1_773_150_000_000
MINUTE = 1000
"""At 60 times real time an exercise minute is a second."""
EARTH = Geod(ellps="WGS84")
PLAY = Context(WALL, "exercise/amber", "simulated")


def rows(name: str) -> list[dict[str, str]]:
    with (made.TABLES / name).open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


WAYPOINTS = rows("route_waypoints.csv")
KEPT = ("C02", "C03", "C05", "C06")
SCENE = made.simulation(
    [m for m in made.convoys(rows("convoys.csv"), WAYPOINTS, rows("march_table.csv"), seed=4) if m.who.id in KEPT],
    made.generated(3, WAYPOINTS, seed=4),
    start_wall=WALL,
    scale=60.0,
)
KEYS = [march.who.id for march in SCENE.marches]

minutes = st.integers(0, 400_000)


@st.composite
def holds(draw: st.DrawFn) -> Hold:
    since, lasts = WALL + draw(minutes), draw(st.none() | st.integers(1_000, 200_000))
    km = draw(st.floats(0, 300) | st.just(-1.0) | st.just(138.9))
    name = "convoy:X" if km < 0 else f"bridge:{draw(st.integers(0, 2))}"
    return Hold(
        km,
        name,
        "X",
        "why",
        since,
        None if lasts is None else since + lasts,
        draw(st.none() | st.just(km + 20)),
        closed=draw(st.booleans()),
        delay_min=draw(st.sampled_from([0.0, 0.0, 12.0])),
        processing_min=draw(st.sampled_from([0.0, 20.0])),
        speed_kmh=draw(st.sampled_from([None, None, 15.0, 0.0])),
        source=draw(st.sampled_from(["inject:1", "inject:2"])),
    )


changes = st.lists(
    st.tuples(minutes, st.dictionaries(st.sampled_from(KEYS), st.lists(holds(), max_size=3), max_size=4)), max_size=4
).map(lambda found: sorted(found, key=lambda change: change[0]))
Changes = list[tuple[int, dict[str, list[Hold]]]]


def turns(of: Changes) -> list[tuple[int, Simulation, Simulation]]:
    """At which wall time which simulation became which other one."""
    scene, last, found = SCENE, WALL, []
    for after, held in of:
        before, _ = told(scene, last, WALL + after)
        last, scene = WALL + after, disturbed(before, held, WALL + after)
        found.append((last, before, scene))
    return found


def scenes(of: Changes) -> list[tuple[int, Simulation]]:
    """Each simulation with the wall time from which it counts."""
    return [(WALL, SCENE), *((wall, scene) for wall, _, scene in turns(of))]


def tracks(scene: Simulation) -> dict[tuple[str, int], Track]:
    return {(m.who.id, unit): track for m in scene.marches for unit, track in enumerate(m.ways)}


@given(changes)
def test_times_and_kilometres_run_forward_and_no_unit_overtakes(of: Changes) -> None:
    _, scene = scenes(of)[-1]
    for march in scene.marches:
        for track in march.ways:
            assert all(b.at >= a.at and b.km >= a.km for a, b in pairwise(track))
        for before, behind in pairwise(march.ways):
            for corner in (*before, *behind):
                if math.isfinite(corner.at):
                    assert where(behind, corner.at).km <= where(before, corner.at).km + 1e-4
        first, last = column(march.ways, 200.0, march.length)
        assert march.km[0] <= last <= first + 1e-9


@given(changes)
def test_what_was_driven_stays_as_it_was(of: Changes) -> None:
    for wall, before, after in turns(of):
        for a, b in zip(before.marches, after.marches, strict=True):
            run = before.run(a, wall)
            minute = before.minute(wall) - made.shift(a, run)
            for x, y in zip(made.in_run(a, run).ways, made.in_run(b, run).ways, strict=True):
                for at in (minute, *(s.at for s in (*x, *y) if s.at <= minute)):
                    assert abs(where(x, at).km - where(y, at).km) < 1e-6


@given(st.dictionaries(st.sampled_from(KEYS), st.lists(holds(), max_size=3)), minutes)
def test_holds_only_ever_delay(held: dict[str, list[Hold]], after: int) -> None:
    free, slow = tracks(SCENE), tracks(disturbed(SCENE, held, WALL + after))
    for key, track in free.items():
        for km in [stop.km for stop in track][1::4]:
            assert leaves(slow[key], km) >= leaves(track, km) - 1e-3
            assert reaches(slow[key], km) >= reaches(track, km) - 1e-3


@given(changes, st.integers(50, 5_000))
def test_no_convoy_jumps(of: Changes, step: int) -> None:
    for _, scene in scenes(of):
        for march in scene.marches:
            limit = (march.who.speed_kmh or 0) * 1.2 / 60
            for track in march.ways:
                assert all(b.km - a.km <= (b.at - a.at) * limit + 1e-3 for a, b in pairwise(track) if a.at < math.inf)
    wall, scene = scenes(of)[-1]
    for run in range(5):
        at = wall + run * 20_000
        a, b = ({r.id: r for r in reports(scene, w - 1, w) if isinstance(r, Position)} for w in (at, at + step))
        for key in a.keys() & b.keys():
            march = next(m for m in scene.marches if m.who.id == key.partition("-E")[0])
            if scene.run(march, at) == scene.run(march, at + step):
                metres = float(EARTH.inv(a[key].lon, a[key].lat, b[key].lon, b[key].lat)[2])
                assert metres <= (march.who.speed_kmh or 0) * 1.2 * 1000 / 60 * step / MINUTE + 2


def follow(of: Changes, steps: list[int], until: int) -> tuple[list[Report], list[Report]]:
    """What a reader heard that was there from the start, and what one is told who comes at the end."""
    scene, after, left = SCENE, WALL, sorted(of, key=lambda change: change[0])
    said = list(reports(scene, -1, WALL))
    walls, at, i = [], WALL, 0
    while at < WALL + until:
        at = min(WALL + until, at + steps[i % len(steps)])
        i += 1
        walls.append(at)
    for wall in walls:
        scene, more = told(scene, after, wall)
        said += more
        after = wall
        while left and WALL + left[0][0] <= wall:
            scene = disturbed(scene, left.pop(0)[1], wall)
    return said, list(reports(scene, -1, WALL + until))


def picture(said: list[Report]) -> Picture:
    found = list(decode(SOURCE, write(said), PLAY))
    kept = [outcome for outcome in found if isinstance(outcome, Event)]
    assert kept == found
    return fold(kept)


@settings(max_examples=60)
@given(changes, st.lists(st.sampled_from([300, 1_000, 4_500, 30_000, 120_000]), min_size=1, max_size=4), minutes)
def test_at_any_steps_a_reader_has_what_one_is_told_who_comes_at_the_end(
    of: Changes, steps: list[int], until: int
) -> None:
    said, anew = follow(of, steps, until)
    followed, joined = picture(said), picture(anew)
    for subject in {*followed.subjects(), *joined.subjects()}:
        a, b = followed.entity(subject), joined.entity(subject)
        assert (a is None) == (b is None)
        if a is not None and b is not None:
            assert {event.id: event.body for event in a.events} == {event.id: event.body for event in b.events}
    assert follow(of, steps, until) == (said, anew)


@settings(max_examples=60)
@given(changes, st.lists(st.sampled_from([300, 1_000, 4_500, 30_000]), min_size=1, max_size=4))
def test_who_appears_is_there_once_and_leaves_once(of: Changes, steps: list[int]) -> None:
    said, _ = follow(of, steps, 500_000)
    there: set[str] = set()
    for report in said:
        match report:
            case Convoy():
                assert "-E" in report.id or report.id not in there  # an element is described anew when it changes
                there.add(report.id)
            case Position():
                assert report.id in there
            case Left(kind="convoy"):
                assert report.id in there
                there.remove(report.id)
    for march in SCENE.marches:
        mine = [r for r in said if isinstance(r, Convoy) and r.id.startswith(f"{march.who.id}-E")]
        assert all(0 < msgspec.structs.asdict(r)["vehicles"] < march.who.vehicles for r in mine)
