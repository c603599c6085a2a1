"""Do the simulated ships keep to the sea, to the standard's intervals, and to what their seed says?"""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import socket
import time
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from pyais import decode as pyais_decode

from cop.event import Described, Event, Sighted
from feeds.adapter import Context
from feeds.simulated import nmea, traffic
from feeds.simulated.lanes import LANES, Lane
from feeds.simulated.traffic import KINDS, Fleet, Vessel, fleet
from feeds.sources.ais import FLAG, AisDecoder

NOW = 1773150000000
SHIPS = fleet(1, 60)


def read(messages: list[bytes], received: int = NOW) -> list[Event]:
    decoder = AisDecoder()
    outcomes = [*decoder.feed(b"".join(messages), Context(received)), *decoder.close(Context(received))]
    assert decoder.counts.ignored == 0
    assert all(isinstance(each, Event) for each in outcomes)
    return [each for each in outcomes if isinstance(each, Event)]


def one(kind: str, seed: int = 3) -> Vessel:
    lane = next(lane for lane in LANES if kind in lane.ships)
    return Vessel(0, random.Random(seed), 276990000, lane, KINDS[kind])


# -- the sentences -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [b"", b"A", b"AIVDM,1,1,,B,133S0:0P00PCsJ:MECBR0gv:0D8N,0", b"x" * 200])
def test_the_folded_checksum_is_the_exclusive_or_of_all_bytes(text: bytes) -> None:
    plain = 0
    for byte in text:
        plain ^= byte
    assert nmea.checksum(text) == plain


@pytest.mark.parametrize("kind", [1, 3])
def test_a_packed_class_a_report_reads_as_it_was_meant(kind: int) -> None:
    bits = nmea.class_a(kind, 276990001, 5, 123, True, 2714)
    read = pyais_decode(nmea.sentence(nmea.placed_a(bits, 24.123456, -59.5, 41), b"A")).asdict(enum_as_int=True)
    said = {"msg_type": kind, "mmsi": 276990001, "status": 5, "speed": 12.3, "accuracy": True, "course": 271.4}
    said |= {"lon": 24.123457, "lat": -59.5, "heading": 271, "second": 41, "turn": -128.0, "raim": False, "radio": 0}
    assert {key: read[key] for key in said} == said


def test_a_packed_class_b_report_reads_as_it_was_meant() -> None:
    bits = nmea.class_b(277990001, 44, False, 5)
    read = pyais_decode(nmea.sentence(nmea.placed_b(bits, -20.5, 55.5, 7), b"B")).asdict()
    said = {"msg_type": 18, "mmsi": 277990001, "speed": 4.4, "accuracy": False, "course": 0.5}
    said |= {"lon": -20.5, "lat": 55.5, "heading": 511, "second": 7, "cs": True, "radio": 0, "reserved_1": 0}
    assert {key: read[key] for key in said} == said


def test_a_resting_ship_has_no_heading() -> None:
    bits = nmea.class_a(3, 276990001, 1, 0, True, 0)
    assert pyais_decode(nmea.sentence(nmea.placed_a(bits, 24, 59, 0), b"A")).asdict()["heading"] == 511


# -- the fleet ---------------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    span = NOW, NOW + 20_000
    assert fleet(1, 30).messages(*span) == fleet(1, 30).messages(*span)
    assert fleet(1, 30).messages(*span) != fleet(2, 30).messages(*span)


@pytest.mark.parametrize("step", [1_000, 3_777, 60_000])
def test_a_span_cut_into_pieces_gives_the_same_messages(step: int) -> None:
    whole = SHIPS.messages(NOW, NOW + 120_000)
    edges = [*range(NOW, NOW + 120_000, step), NOW + 120_000]
    assert [message for a, b in pairwise(edges) for message in SHIPS.messages(a, b)] == whole


def test_every_message_is_read_and_says_that_it_is_simulated() -> None:
    events = read(SHIPS.messages(NOW - 360_000, NOW))
    names = {event.subject: event.body.name for event in events if isinstance(event.body, Described)}
    assert len(names) == 60
    assert all(name.startswith("SIM ") for name in names.values() if name)
    assert {event.origin for event in events} == {"simulated"}
    assert {event.subject for event in events if isinstance(event.body, Sighted)} == set(names)


def test_times_lie_in_the_span_in_order() -> None:
    times = [event.at for event in read(SHIPS.messages(NOW - 30_000, NOW)) if isinstance(event.body, Sighted)]
    assert times == sorted(times)
    assert NOW - 30_000 <= times[0] <= times[-1] < NOW


def test_flags_are_real_and_numbers_are_unique() -> None:
    numbers = [vessel.mmsi for vessel in fleet(5, 2_000).vessels]
    assert len(set(numbers)) == 2_000
    assert all(str(number)[:3] in FLAG and str(number)[3:5] == "99" for number in numbers)


def test_every_lane_has_a_ship() -> None:
    assert {vessel.lane.name for vessel in SHIPS.vessels} == {lane.name for lane in LANES}


@pytest.mark.parametrize(("count", "scale"), [(-1, 1.0), (20_001, 1.0), (1, 0.0), (1, -1.0), (1, math.nan)])
def test_an_impossible_fleet_is_refused(count: int, scale: float) -> None:
    with pytest.raises(ValueError, match="ships"):
        fleet(1, count, scale)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_reporting_intervals_follow_the_standard(kind: str) -> None:
    for leg in one(kind).legs:
        moving = bool(leg.east or leg.north)
        knots = (leg.bits >> (112 if KINDS[kind].class_b else 108) & 1023) / 10
        if not moving:
            wanted = {180_000}
        elif KINDS[kind].class_b:
            wanted = {30_000}
        else:
            wanted = {10_000, 3_333} if knots <= 14 else {6_000, 2_000} if knots <= 23 else {2_000}
        assert leg.interval in wanted


def test_a_ship_under_way_reports_at_her_interval() -> None:
    vessel = one("cargo")
    straight = max(vessel.legs, key=lambda leg: leg.span if leg.east else 0)
    begin = next(at for at in range(NOW, NOW + vessel.cycle, 60_000) if vessel.leg(at)[0] is straight)
    times = [at for at, lines in vessel.reports(begin, begin + 100_000) if b",1,1,," in lines]
    assert {b - a for a, b in pairwise(times)} == {straight.interval}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_ship_moves_without_jumps_as_fast_as_she_says(kind: str) -> None:
    vessel = one(kind)
    begin = 0
    while begin < vessel.cycle:
        leg, until = vessel.leg(begin)
        here, there = vessel.position(begin), vessel.position(until - 1)
        after = vessel.position(until)
        narrow = math.cos(math.radians(here[1]))
        metres = math.hypot((there[0] - here[0]) * narrow, there[1] - here[1]) * 111_320
        knots = (leg.bits >> (112 if KINDS[kind].class_b else 108) & 1023) / 10
        assert metres / max(1, until - 1 - begin) * 1000 == pytest.approx(knots * 1852 / 3600, rel=0.04, abs=0.03)
        assert math.dist(there, after) * 111_320 < 1
        begin = until


def test_a_scaled_fleet_is_the_same_ships_at_other_intervals() -> None:
    often = Fleet(SHIPS.vessels, 0.1)
    assert len(often.messages(NOW, NOW + 60_000)) == pytest.approx(10 * len(SHIPS.messages(NOW, NOW + 60_000)), rel=0.1)


def test_a_wanted_rate_is_met() -> None:
    assert len(SHIPS.at_rate(200).messages(NOW, NOW + 20_000)) / 20 == pytest.approx(200, rel=0.25)


def test_a_newcomer_hears_what_each_ship_said_last() -> None:
    said = read([lines for vessel in SHIPS.vessels for lines in vessel.latest(NOW)])
    assert {event.subject for event in said if isinstance(event.body, Sighted)} == {
        f"vessel:{vessel.mmsi}" for vessel in SHIPS.vessels
    }
    assert all(NOW - 360_000 <= event.at <= NOW for event in said)


def test_five_thousand_messages_a_second_are_made_in_less() -> None:
    busy = fleet(1, 600).at_rate(5_000)
    busy.messages(NOW, NOW + 1_000)
    begun = time.process_time()
    made = len(busy.messages(NOW + 1_000, NOW + 3_000))
    assert made / (time.process_time() - begun) > 5_000


# -- the sea -----------------------------------------------------------------------------------------------------------


def off(lane: Lane, lon: float, lat: float) -> float:
    """How many metres beyond the lane's room that place lies; negative inside."""
    narrow = math.cos(math.radians(lat))
    best = math.inf
    for a, b in pairwise(lane.waypoints):
        east, north = (b.lon - a.lon) * narrow, b.lat - a.lat
        share = ((lon - a.lon) * narrow * east + (lat - a.lat) * north) / (east * east + north * north)
        share = min(1.0, max(0.0, share))
        away = math.hypot((lon - a.lon) * narrow - share * east, lat - a.lat - share * north) * 111_320
        best = min(best, away - (a.room + (b.room - a.room) * share))
    return best


def test_no_ship_leaves_the_room_of_her_lane() -> None:
    for vessel in [*SHIPS.vessels, *fleet(11, 60).vessels]:
        for at in range(0, vessel.cycle, max(20_000, vessel.cycle // 700)):
            assert off(vessel.lane, *vessel.position(at)) < 5, (vessel.lane.name, vessel.position(at))


# -- the server --------------------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    for _ in range(100):
        with contextlib.suppress(OSError):
            return await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(0.02)
    raise AssertionError("the server does not listen")


@contextlib.asynccontextmanager
async def serving(count: int, rate: float) -> AsyncIterator[int]:
    port = free_port()
    task = asyncio.create_task(traffic.serve("127.0.0.1", port, seed=1, count=count, scale=1.0, rate=rate))
    try:
        yield port
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def test_two_clients_hear_the_fleet_over_tcp() -> None:
    async def listen(port: int) -> list[Event]:
        reader, writer = await connect(port)
        decoder = AisDecoder()
        heard: list[Event] = []
        end = time.monotonic() + 1.2
        while time.monotonic() < end:
            chunk = await reader.read(4096)
            received = time.time_ns() // 1_000_000
            heard += [each for each in decoder.feed(chunk, Context(received)) if isinstance(each, Event)]
        writer.close()
        return heard

    async def run() -> list[list[Event]]:
        async with serving(20, 100) as port:
            return list(await asyncio.gather(listen(port), listen(port)))

    for heard in asyncio.run(run()):
        assert len({event.subject for event in heard}) == 20
        assert len(heard) > 60
        now = time.time() * 1000
        assert sum(isinstance(event.body, Sighted) and now - event.at < 5_000 for event in heard) > 20


def test_a_client_that_does_not_read_holds_nobody_up(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> int:
        async with serving(100, 30_000) as port:
            _, deaf = await connect(port)
            reader, writer = await connect(port)
            heard, last = 0, time.monotonic()
            end = last + 3
            while time.monotonic() < end:
                heard += len(await reader.read(1 << 16))
            writer.close()
            deaf.close()
            return heard

    heard = asyncio.run(run())
    assert heard > 1_000_000
    assert "is slow and misses messages" in caplog.text
