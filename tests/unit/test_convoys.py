"""Do the simulated convoys march as planned, say what they do, and say the same for the same seed?"""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from cop.event import Described, Event, Gone, Planned, Sighted
from cop.picture import Picture, fold
from feeds.adapter import MAX_LINE, Context, Outcome, Reject, decode
from feeds.simulated import convoys as sim
from feeds.sources.simulated import MARKING, SOURCE, Convoy, Left, Plan, Position, Report, write

WALL = 1_773_150_000_000
PLAY = Context(WALL, "exercise/amber", "simulated")
EARTH = Geod(ellps="WGS84")


def rows(name: str) -> list[dict[str, str]]:
    with (sim.TABLES / name).open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


ROWS, WAYPOINTS, TABLE = rows("convoys.csv"), rows("route_waypoints.csv"), rows("march_table.csv")


def scenario(seed: int = 0, strays: bool = True) -> tuple[sim.March, ...]:
    return sim.convoys(ROWS, WAYPOINTS, TABLE, seed=seed, strays=strays)


def scene(seed: int = 0, *, count: int = 0, start: float = sim.START, scale: float = 60.0) -> sim.Simulation:
    extra = sim.generated(count, WAYPOINTS, seed=seed, start=start)
    return sim.simulation(scenario(seed), extra, start_wall=WALL, start=start, scale=scale)


def apart(a: sim.Head, lon: float, lat: float) -> float:
    """Metres."""
    return float(EARTH.inv(a.lon, a.lat, lon, lat)[2])


def events(reports: Iterable[Report]) -> list[Event]:
    found = list(decode(SOURCE, write(list(reports)), PLAY))
    kept = [outcome for outcome in found if isinstance(outcome, Event)]
    assert kept == found
    return kept


# The march


@pytest.mark.parametrize("planned", TABLE, ids=lambda row: f"{row['convoy_id']}-{row['seq']}")
def test_the_head_is_at_each_point_when_it_is_due(planned: dict[str, str]) -> None:
    march = MARCHES[planned["convoy_id"]]
    head = sim.head(march, float(planned["due_min_vs_startex"]))
    assert apart(head, float(planned["lon"]), float(planned["lat"])) < 1000


MARCHES = {march.who.id: march for march in scenario(strays=False)}


def test_between_two_points_the_head_is_where_the_march_rate_puts_it() -> None:
    march = MARCHES["C02"]
    halfway = (march.due[0] + march.due[1]) / 2
    head = sim.head(march, halfway)
    assert head.speed * 3.6 == pytest.approx(40, rel=0.01)
    assert apart(head, *march.path[0]) == pytest.approx(apart(head, *march.path[1]), rel=0.01)
    assert head.course == pytest.approx(EARTH.inv(*march.path[0], *march.path[1])[0] % 360, abs=1)


def test_c02_is_at_its_release_point_at_340_after_346_km_and_clear_8_minutes_later() -> None:
    march = MARCHES["C02"]
    assert march.km[-1] == 346.5
    assert round(march.passes[-1]) == 340
    assert march.arrived - march.passes[-1] == pytest.approx(7.8)
    assert apart(sim.head(march, 340), 24.33, 57.07) < 1
    assert sim.head(march, 400).speed == 0


def test_before_its_start_point_a_convoy_waits() -> None:
    head = sim.head(MARCHES["C09"], 0)
    assert (head.lon, head.lat, head.speed) == (24.96, 59.49, 0)


def test_the_plan_has_every_vertex_of_the_routes_it_uses() -> None:
    """So the straight legs between the points of the march table are the routes' own shape."""
    shapes: dict[str, list[tuple[float, float]]] = {}
    for row in WAYPOINTS:
        shapes.setdefault(row["route_id"], []).append((float(row["lon"]), float(row["lat"])))
    for march in MARCHES.values():
        for a, b in pairwise(march.path):
            gaps = [abs(shape.index(a) - shape.index(b)) for shape in shapes.values() if a in shape and b in shape]
            assert min(gaps, default=1) == 1
    assert MARCHES["C02"].route == "R07+R05+R01"
    assert MARCHES["C10"].route == "R14+R12+R13"
    assert MARCHES["C11"].who.nations == ("EE", "LV")


@given(st.integers(0, 2**32))
def test_no_convoy_is_faster_than_115_percent_of_its_march_rate(seed: int) -> None:
    for march in (*scenario(seed), *sim.generated(20, WAYPOINTS, seed=seed)):
        limit = (march.who.speed_kmh or 0) * 1.15 / 3.6
        middles = [(a + b) / 2 for a, b in pairwise(march.passes)]
        speeds = [sim.head(march, minute).speed for minute in middles]
        assert all(0 <= speed <= limit for speed in speeds)
        assert march.halts or all(speeds)
        assert march.passes[0] == march.due[0]


@given(st.integers(0, 2**32), st.floats(-220, 700), st.floats(0.001, 30))
def test_no_convoy_jumps(seed: int, minute: float, step: float) -> None:
    for march in scenario(seed)[::3]:
        a, b = sim.head(march, minute), sim.head(march, minute + step)
        assert apart(a, b.lon, b.lat) <= (march.who.speed_kmh or 0) * 1.15 / 3.6 * step * 60 + 0.5


def test_lateness_is_small_and_not_always_zero() -> None:
    late = [march.passes[-1] - march.due[-1] for march in scenario(7)]
    assert all(-30 < minutes < 60 for minutes in late)
    assert sum(abs(minutes) > 1 for minutes in late) > 6


def test_a_seed_says_the_same_and_another_seed_another() -> None:
    assert scenario(3) == scenario(3)
    assert scenario(3) != scenario(4)
    assert sim.generated(50, WAYPOINTS, seed=3) == sim.generated(50, WAYPOINTS, seed=3)
    assert sim.generated(50, WAYPOINTS, seed=3) != sim.generated(50, WAYPOINTS, seed=4)


# The reports


def test_a_new_reader_is_told_who_what_and_where() -> None:
    told = list(sim.reports(scene(), -1, WALL))
    assert [type(report) for report in told] == [Convoy, Plan, Position] * 12
    picture = fold(events(told))
    entity = picture.entity("convoy:C02")
    assert entity is not None
    said = entity.described
    assert said is not None
    assert isinstance(said.body, Described)
    assert said.body.marking == MARKING
    assert said.body.properties["vehicles"] == 48
    assert said.body.properties["mlc_wheeled"] == 40
    assert "mlc_tracked" not in said.body.properties


def test_due_times_are_wall_times_at_the_scale_of_the_clock() -> None:
    for scale in (1.0, 60.0):
        plan = next(r for r in sim.reports(scene(scale=scale), -1, WALL) if isinstance(r, Plan) and r.id == "C02")
        assert plan.points[-1].due == WALL + (339.7 - 60) * 60000 // scale
        assert plan.points[-1].clear == WALL + (347.5 - 60) * 60000 // scale
        assert plan.startex == WALL - 60 * 60000 // scale
        assert plan.scale == scale


@pytest.mark.parametrize("scale", [0.5, 1.0, 60.0])
def test_in_a_second_of_wall_time_a_head_drives_as_far_as_the_clock_is_fast(scale: float) -> None:
    simulation = scene(scale=scale)
    a, b = (
        {r.id: r for r in sim.reports(simulation, w - 1, w) if isinstance(r, Position)} for w in (WALL + 1, WALL + 1001)
    )
    for key, first in a.items():
        driven = apart(sim.Head(first.lon, first.lat, 0, 0), b[key].lon, b[key].lat)
        assert driven == pytest.approx((first.speed or 0) * scale, rel=0.25, abs=1.0)  # of road, not of the line


def told(simulation: sim.Simulation, until: int, step: int) -> Iterator[list[Report]]:
    yield list(sim.reports(simulation, -1, WALL))
    for wall in range(WALL, until, step):
        yield list(sim.reports(simulation, wall, wall + step))


def test_each_convoy_leaves_when_its_tail_has_arrived_and_comes_back_in_the_next_run() -> None:
    simulation = scene(scale=600)
    period = round(simulation.marches[0].period * 60000 / 600)
    batches = list(told(simulation, WALL + period + 2000, 1000))
    flat = [report for batch in batches for report in batch]
    for march in simulation.marches:
        mine = [report for report in flat if report.id == march.who.id]
        kinds = [type(report) for report in mine]
        assert kinds.count(Left) == 1
        assert kinds.count(Convoy) == kinds.count(Plan) == 2
        left = kinds.index(Left)
        assert mine[left].at == simulation.wall(march.arrived)
        assert kinds[left + 1 : left + 4] == [Convoy, Plan, Position]
        assert mine[left].at < mine[left + 1].at
    picture = fold(events(flat))
    assert sum(1 for _ in picture.entities()) == 12


def test_reports_at_any_step_fold_to_what_a_new_reader_is_told() -> None:
    simulation = scene(scale=600, count=30)
    for step, until in ((700, 42_000), (7000, 70_000), (45_000, 180_000)):
        flat = [report for batch in told(simulation, WALL + until, step) for report in batch]
        end = max(report.at for report in flat if isinstance(report, Position))
        followed, joined = fold(events(flat)), fold(events(sim.reports(simulation, -1, end)))
        for subject in {*followed.subjects(), *joined.subjects()}:
            assert alive(followed, subject) == alive(joined, subject)


def alive(picture: Picture, subject: str) -> list[Event] | None:
    entity = picture.entity(subject)
    return sorted(entity.events, key=lambda event: event.id) if entity else None


def test_everybody_leaves_at_endex() -> None:
    simulation = scene(scale=600, count=5)
    batches = list(told(simulation, WALL + 20_000, 1000))
    flat = [report for batch in batches for report in batch] + list(sim.farewell(simulation, WALL + 20_001))
    assert list(fold(events(flat)).entities()) == []


def test_convoys_that_have_arrived_before_the_start_stay_away() -> None:
    assert {march.who.id for march in scene(start=300).marches} == {
        "C02", "C03", "C04", "C05", "C07", "C08", "C11", "C12",
    }  # fmt: skip


@given(st.integers(-1, 10**8), st.integers(0, 10**8), st.integers(0, 1000))
def test_reports_are_a_function_of_seed_and_instants(after: int, lasts: int, seed: int) -> None:
    since, until = (WALL + after if after >= 0 else -1), WALL + max(0, after) + lasts
    first = write(list(sim.reports(scene(seed), since, until)))
    assert first == write(list(sim.reports(scene(seed), since, until)))
    assert len(events(sim.reports(scene(seed), since, until))) == len(first.splitlines())


def test_2000_generated_convoys_are_named_as_such_spread_out() -> None:
    simulation = scene(count=2000)
    made_up = [march for march in simulation.marches if march.who.id.startswith("SIM-")]
    assert len(made_up) == 2000
    assert {march.who.unit_type for march in made_up} == {"Simulated, for load tests"}
    assert all(march.who.name.startswith("Simulated convoy ") for march in made_up)
    positions = list(sim.reports(simulation, WALL, WALL + 1000))
    moving = [report for report in positions if isinstance(report, Position) and (report.speed or 0) > 0]
    assert len(moving) > 1800
    assert len({(round(report.lon), round(report.lat)) for report in moving}) > 20


def test_positions_of_a_moment_are_the_heads_that_are_reported() -> None:
    simulation = scene(count=10)
    heads = sim.positions(simulation, simulation.minute(WALL + 5000))
    said = {r.id: r for r in sim.reports(simulation, WALL, WALL + 5000) if isinstance(r, Position)}
    assert heads.keys() == said.keys()
    assert all(apart(head, said[key].lon, said[key].lat) < 1 for key, head in heads.items())


# The decoder

LINES = write(list(sim.reports(sim.simulation(scenario()[:3], start_wall=WALL), -1, WALL)))


def read(chunks: Iterable[bytes]) -> list[Outcome]:
    decoder = SOURCE.decoder()
    found = [outcome for chunk in chunks for outcome in decoder.feed(chunk, PLAY)]
    return [*found, *decoder.close(PLAY)]


@given(st.lists(st.integers(0, len(LINES)), max_size=12))
def test_a_cut_anywhere_changes_nothing(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(LINES)]
    assert read(LINES[a:b] for a, b in pairwise(edges)) == read([LINES])


@settings(max_examples=200)
@given(st.integers(0, len(LINES)), st.integers(0, 30), st.binary(max_size=30))
def test_every_line_of_a_mutated_stream_is_read_or_rejected(start: int, size: int, put: bytes) -> None:
    mutated = LINES[:start] + put + LINES[start + size :]
    found = read([mutated])
    assert len(found) == sum(1 for line in mutated.split(b"\n") if line.strip())
    for outcome in found:
        if isinstance(outcome, Reject):
            assert mutated[outcome.offset : outcome.offset + len(outcome.raw)] == outcome.raw


@pytest.mark.parametrize("size", [MAX_LINE - 1, MAX_LINE, MAX_LINE + 1, 3 * MAX_LINE])
@pytest.mark.parametrize("step", [1000, MAX_LINE, 10**6])
def test_a_line_without_an_end_is_rejected_in_pieces_and_not_kept(size: int, step: int) -> None:
    stream = b"x" * size + b"\n" + LINES
    found = read(stream[at : at + step] for at in range(0, len(stream), step))
    rejects = [outcome for outcome in found if isinstance(outcome, Reject)]
    assert b"".join(reject.raw for reject in rejects) == b"x" * size
    assert len(found) - len(rejects) == 9


def test_deep_nesting_and_broken_text_are_rejected() -> None:
    for line in (b"[" * 60000, b'{"say":"gone","id":"C\xff","at":1}', b'{"say":"gone","id":"C1","at":1e99}', b"\x00"):
        (outcome,) = read([line])
        assert isinstance(outcome, Reject)


def test_play_is_never_observed() -> None:
    found = list(decode(SOURCE, LINES, Context(WALL)))
    assert {outcome.origin for outcome in found if isinstance(outcome, Event)} == {"simulated"}
    assert {outcome.origin for outcome in read([LINES]) if isinstance(outcome, Event)} == {"simulated"}
    bodies = [outcome.body for outcome in found if isinstance(outcome, Event)]
    assert {body.marking for body in bodies if isinstance(body, Described | Planned)} == {MARKING}
    assert {type(body) for body in bodies} == {Described, Planned, Sighted}


# The server


def test_every_reader_is_told_everything_and_then_each_step_and_the_end() -> None:
    async def session() -> tuple[list[Event], list[Event]]:
        port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(
            sim.serve("127.0.0.1", 0, scale=60, count=3, step_s=0.05, started=port.set_result)
        )
        first = await asyncio.open_connection("127.0.0.1", await port)
        early = await first[0].readuntil(b'"say":"position","id":"SIM-0003"')
        await asyncio.sleep(0.3)
        second = await asyncio.open_connection("127.0.0.1", await port)
        late = await second[0].readuntil(b'"say":"position","id":"SIM-0003"')
        await asyncio.sleep(0.3)
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving
        streams = (early + await first[0].read(), late + await second[0].read())
        for _, writer in (first, second):
            writer.close()
        return (heard(streams[0]), heard(streams[1]))

    def heard(stream: bytes) -> list[Event]:
        found = list(decode(SOURCE, stream, PLAY))
        kept = [outcome for outcome in found if isinstance(outcome, Event)]
        assert kept == found
        return kept

    for stream in asyncio.run(session()):
        said: dict[str, list[Any]] = {}
        for event in stream:
            said.setdefault(event.subject, []).append(event.body)
        assert len(said) == 25
        for subject, bodies in said.items():
            assert bodies[-1] == Gone("ENDEX: the simulation was stopped")
            if subject.startswith("clearance:"):
                assert [type(body) for body in bodies] == [Described, Gone]
                continue
            assert [type(body) for body in bodies[:3]] == [Described, Planned, Sighted]
            assert sum(isinstance(body, Sighted) for body in bodies) > 3


def test_the_command_line_refuses_what_it_cannot_do(capsys: pytest.CaptureFixture[str]) -> None:
    for argv in (["--count", "2001"], ["--scale", "0"], ["--count", "-1"]):
        with pytest.raises(SystemExit):
            sim.main(argv)
        assert "--count is 0 to 2000" in capsys.readouterr().err


def test_a_report_is_one_line() -> None:
    assert all(msgspec.json.decode(line) for line in LINES.splitlines())
    assert len(LINES.splitlines()) == 9
