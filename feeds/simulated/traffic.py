"""What would the ships of the Baltic report, if these were they? A seeded fleet, and a TCP server that speaks for it.

`Fleet.messages` is pure: the reports of a span of time follow from seed, number of ships and the time alone, however
the span is cut. Every name begins with SIM, and the MMSIs lie in a part of each nation's range that is left unused
here for invented ships (…99nnnn). Only `serve` asks a clock.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import math
import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

from feeds.clock import clock
from feeds.simulated import nmea
from feeds.simulated.lanes import LANES, Lane, Waypoint

COUNT_MAX: Final = 20_000
METRES_A_DEGREE: Final = 111_320.0
KNOT: Final = 1852 / 3600
HOUR_MS: Final = 3_600_000

STATIC_MS: Final = 360_000
"""Static and voyage data: every 6 minutes (M.1371-5 § 2.1.1)."""
MOORED_MS: Final = 180_000
CLASS_A_MS: Final = ((14, 10_000, 3_333), (23, 6_000, 2_000), (102, 2_000, 2_000))
"""M.1371-5 table 1, class A under way: up to so many knots, every so many ms, and when changing course."""
CLASS_B_MS: Final = 30_000
"""M.1371-5 table 2, class B carrier sense, faster than 2 knots."""
TURN_MS: Final = 15_000
"""A ship counts as changing course so long before and after a waypoint."""
HARBOUR_KNOTS: Final = 8.0

TICK_S: Final = 0.25
BEHIND_MS: Final = 5_000
BUFFER_MAX: Final = 1 << 20
WELCOME: Final = 500

Point = tuple[float, float]
"""(lon, lat)"""

log = logging.getLogger(__name__)


class Kind(NamedTuple):
    """A kind of ship: AIS type, knots, length, draught in decimetres, hours in port, and what it reports there."""

    ship_type: int
    knots: tuple[float, float]
    length: tuple[int, int]
    draught: tuple[int, int]
    stay_h: tuple[float, float]
    stay_status: int
    flags: tuple[int, ...]
    names: tuple[str, ...]
    class_b: bool = False


ANCHORED, MOORED, FISHING, UNDER_WAY = 1, 5, 7, 0
BALTIC: Final = (276, 275, 277)
ALL: Final = (276, 275, 277, 230, 265, 261, 211, 219, 244, 257)

KINDS: Final = {
    "cargo": Kind(70, (9, 16), (85, 190), (45, 98), (3, 10), ANCHORED, ALL, ("AMBER", "PINE", "JUNIPER", "SAND")),
    "tanker": Kind(80, (9, 14), (110, 250), (60, 118), (4, 12), ANCHORED, ALL, ("SHALE", "RESIN", "TAR")),
    "ferry": Kind(60, (16, 22), (150, 215), (55, 68), (1, 3), MOORED, ALL[:6], ("STORK", "SWALLOW", "SPRUCE")),
    "fast ferry": Kind(40, (25, 32), (60, 110), (20, 42), (0.5, 1), MOORED, (276, 230), ("GULL", "TERN")),
    "island ferry": Kind(60, (9, 12), (65, 98), (35, 40), (0.3, 0.6), MOORED, (276,), ("ISLE", "REED")),
    "navy": Kind(35, (10, 18), (40, 75), (25, 38), (2, 8), MOORED, BALTIC, ("GRANITE", "OAK")),
    "fishing": Kind(30, (2.5, 5), (12, 26), (15, 30), (0.5, 2), FISHING, BALTIC, ("HERRING", "SPRAT"), True),
    "yacht": Kind(36, (4, 7), (8, 16), (12, 22), (1, 5), MOORED, ALL[:6], ("BREEZE", "HEATHER"), True),
}  # fmt: skip


class Leg(NamedTuple):
    """A stretch of a voyage's cycle on which nothing changes but the place; degrees move by the millisecond."""

    span: int
    lon: float
    lat: float
    east: float
    north: float
    bits: int
    interval: int
    homeward: bool


class Vessel:
    """One ship on its lane, out and home again for ever."""

    def __init__(self, number: int, rng: random.Random, mmsi: int, lane: Lane, kind: Kind) -> None:
        self.mmsi = mmsi
        self.lane = lane
        self.kind = kind
        self.name = f"SIM {rng.choice(kind.names)} {number:05d}"
        self.channel = b"AB"[number % 2 : number % 2 + 1]
        self.sequence = number % 10
        self.length = rng.randint(*kind.length)
        self.draught = rng.randint(*kind.draught) / 10
        self.precise = rng.random() < 0.8
        self._call = f"SIM{number:04X}"
        self._place = nmea.placed_b if kind.class_b else nmea.placed_a
        self._static: dict[bool, tuple[tuple[bytes, ...], ...]] = {}
        self.legs = tuple(self._voyage(rng))
        self._ends = tuple(accumulate(leg.span for leg in self.legs))
        self.cycle = self._ends[-1]
        self._phase = rng.randrange(self.cycle)

    def leg(self, at: int) -> tuple[Leg, int]:
        """The leg that the ship is on, and the millisecond at which she leaves it."""
        inside = (at + self._phase) % self.cycle
        index = bisect_right(self._ends, inside)
        return self.legs[index], at + self._ends[index] - inside

    def position(self, at: int) -> Point:
        """(lon, lat) at that millisecond."""
        leg, until = self.leg(at)
        gone = leg.span - (until - at)
        return leg.lon + leg.east * gone, leg.lat + leg.north * gone

    def reports(self, begin: int, end: int, scale: float = 1.0) -> Iterator[tuple[int, bytes]]:
        """(time, lines) of every report in the span, each kind in order of time."""
        every = _scaled(STATIC_MS, scale)
        for at in range(self._due(begin, every), end, every):
            yield from ((at, lines) for lines in self._particulars(at))
        while begin < end:
            leg, until = self.leg(begin)
            stop = min(end, until)
            every = _scaled(leg.interval, scale)
            for at in range(self._due(begin, every), stop, every):
                yield at, self._report(leg, until, at)
            begin = stop

    def latest(self, now: int, scale: float = 1.0) -> Iterator[bytes]:
        """What she last said of each kind before `now`: for who has only just begun to listen."""
        every = _scaled(STATIC_MS, scale)
        yield from self._particulars(self._due(now, every) - every)
        every = _scaled(self.leg(now)[0].interval, scale)
        at = self._due(now, every) - every
        yield self._report(*self.leg(at), at)

    def rate(self) -> float:
        """Messages a second on average, unscaled."""
        static = (2 if self.kind.class_b else 1) / STATIC_MS
        return 1000 * (static + sum(leg.span / leg.interval for leg in self.legs) / self.cycle)

    def _due(self, at: int, interval: int) -> int:
        """The first time at or after `at` on this ship's own grid."""
        return at + -(at + self._phase) % interval

    def _report(self, leg: Leg, until: int, at: int) -> bytes:
        gone = leg.span - (until - at)
        payload = self._place(leg.bits, leg.lon + leg.east * gone, leg.lat + leg.north * gone, at // 1000 % 60)
        return nmea.stamped(at, nmea.sentence(payload, self.channel))

    def _particulars(self, at: int) -> tuple[bytes, ...]:
        homeward = self.leg(at)[0].homeward
        if homeward not in self._static:
            self._static[homeward] = tuple(self._say(homeward))
        return tuple(nmea.stamped(at, *lines) for lines in self._static[homeward])

    def _say(self, homeward: bool) -> Iterator[tuple[bytes, ...]]:
        beam = max(3, self.length // 6)
        who: dict[str, str | int | float] = {
            "mmsi": self.mmsi,
            "callsign": self._call,
            "ship_type": self.kind.ship_type,
            "to_bow": self.length * 3 // 4,
            "to_stern": self.length - self.length * 3 // 4,
            "to_port": beam // 2,
            "to_starboard": beam - beam // 2,
        }
        if self.kind.class_b:
            yield nmea.static(self.channel, 0, type=24, partno=0, mmsi=self.mmsi, shipname=self.name)
            yield nmea.static(self.channel, 0, type=24, partno=1, **who)
            return
        destination = self.lane.start if homeward else self.lane.end
        who |= {"type": 5, "shipname": self.name, "destination": destination, "draught": self.draught}
        yield nmea.static(self.channel, self.sequence, hour=24, minute=60, **who)

    def _voyage(self, rng: random.Random) -> Iterator[Leg]:
        """The whole cycle: out, a stay, home, a stay."""
        cruise = rng.uniform(*self.kind.knots)
        side = rng.uniform(0.1, 0.9)
        ends = self.lane.waypoints[0], self.lane.waypoints[-1]
        berths = [_near(end, rng.uniform(0, 2 * math.pi), rng.random()) for end in ends]
        for homeward in (False, True):
            way = self.lane.waypoints[::-1] if homeward else self.lane.waypoints
            start, goal = berths[::-1] if homeward else berths
            rounded = (_starboard(*three, side) for three in zip(way, way[1:], way[2:], strict=False))
            path = [start, *rounded, goal]
            last = len(path) - 2
            for index, (here, there) in enumerate(pairwise(path)):
                knots = min(cruise, HARBOUR_KNOTS) if index in (0, last) else cruise
                yield from self._stretch(here, there, knots, index > 0, index < last, homeward)
            stay = round(rng.uniform(*self.kind.stay_h) * HOUR_MS)
            yield Leg(stay, *goal, 0.0, 0.0, self._bits(3, self.kind.stay_status, 0.0, 0.0), MOORED_MS, not homeward)

    def _stretch(
        self, here: Point, there: Point, knots: float, turned: bool, turns: bool, homeward: bool
    ) -> Iterator[Leg]:
        """From one waypoint to the next: out of the last turn, straight on, into the next turn."""
        narrow = math.cos(math.radians((here[1] + there[1]) / 2))
        east, north = (there[0] - here[0]) * narrow, there[1] - here[1]
        span = max(1, round(math.hypot(east, north) * METRES_A_DEGREE / (knots * KNOT) * 1000))
        course = math.degrees(math.atan2(east, north)) % 360
        step = (there[0] - here[0]) / span, north / span
        status = FISHING if self.kind.stay_status == FISHING else UNDER_WAY
        intervals = next(row for row in CLASS_A_MS if knots <= row[0])
        turn = min(TURN_MS, span // 3)
        edges = (0, turn if turned else 0, span - turn if turns else span, span)
        for part, (begin, end) in enumerate(pairwise(edges)):
            if end > begin:
                turning = part != 1
                every = CLASS_B_MS if self.kind.class_b else intervals[1 + turning]
                lon, lat = here[0] + step[0] * begin, here[1] + step[1] * begin
                bits = self._bits(3 if turning else 1, status, knots, course)
                yield Leg(end - begin, lon, lat, *step, bits, every, homeward)

    def _bits(self, message: int, status: int, knots: float, course: float) -> int:
        course10 = round(course * 10) % 3600
        if self.kind.class_b:
            return nmea.class_b(self.mmsi, round(knots * 10), self.precise, course10)
        return nmea.class_a(message, self.mmsi, status, round(knots * 10), self.precise, course10)


class Fleet:
    """All ships of one seed; `scale` stretches their reporting intervals."""

    def __init__(self, vessels: Sequence[Vessel], scale: float = 1.0) -> None:
        self.vessels = tuple(vessels)
        self.scale = scale

    def messages(self, at_ms_from: int, at_ms_to: int) -> list[bytes]:
        """Every message from the first time up to, not at, the second, in order; each with its CR LF."""
        due = [report for vessel in self.vessels for report in vessel.reports(at_ms_from, at_ms_to, self.scale)]
        due.sort(key=lambda report: report[0])
        return [lines for _, lines in due]

    def at_rate(self, rate: float) -> Fleet:
        """The same ships, sending so many messages a second on average."""
        return Fleet(self.vessels, sum(vessel.rate() for vessel in self.vessels) / rate)


def fleet(seed: int, count: int, scale: float = 1.0) -> Fleet:
    """The ships of that seed; a scale of 0.1 makes them report ten times as often."""
    if not 0 <= count <= COUNT_MAX or not scale > 0:
        raise ValueError(f"a fleet has 0 to {COUNT_MAX} ships and a positive scale, not {count} and {scale}")
    rng = random.Random(seed)
    lanes = rng.choices(LANES, weights=[lane.share for lane in LANES], k=count)
    lanes[: min(count, len(LANES))] = LANES[:count]  # every lane has a ship when there are enough
    taken: dict[int, int] = {}
    vessels = []
    for number, lane in enumerate(lanes):
        kind = KINDS[rng.choice(lane.ships)]
        flag = rng.choice(kind.flags)
        taken[flag] = taken.get(flag, -1) + 1
        mmsi = flag * 1_000_000 + 990_000 + taken[flag]
        vessels.append(Vessel(number, rng, mmsi, lane, kind))
    return Fleet(vessels, scale)


def _scaled(interval: int, scale: float) -> int:
    return max(1, round(interval * scale))


def _near(point: Waypoint, angle: float, share: float) -> Point:
    """A berth within the waypoint's room."""
    reach = point.room * share / METRES_A_DEGREE
    return point.lon + reach * math.sin(angle) / math.cos(math.radians(point.lat)), point.lat + reach * math.cos(angle)


def _starboard(before: Waypoint, point: Waypoint, after: Waypoint, share: float) -> Point:
    """The waypoint as this ship rounds it: to the right of the lane's middle, so that two ways do not meet."""
    east = (after.lon - before.lon) * math.cos(math.radians(point.lat))
    return _near(point, math.atan2(east, after.lat - before.lat) + math.pi / 2, share)


async def serve(host: str, port: int, *, seed: int, count: int, scale: float = 1.0, rate: float | None = None) -> None:
    """Send the fleet's messages to all who connect, until cancelled; `rate` (messages a second) sets the scale.

    A newcomer first hears what each ship said last. Nobody waits for a slow client: while a megabyte is on its way to
    one, that one misses messages, as from a radio, and the log says so.
    """
    ships = fleet(seed, count, scale)
    if rate is not None:
        ships = ships.at_rate(rate)
    listeners: set[asyncio.StreamWriter] = set()
    deaf: set[asyncio.StreamWriter] = set()

    async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for start in range(0, count, WELCOME):
                now = clock()
                known = (
                    each
                    for vessel in ships.vessels[start : start + WELCOME]
                    for each in vessel.latest(now, ships.scale)
                )
                writer.write(b"".join(known))
                await writer.drain()
            listeners.add(writer)
            while await reader.read(4096):
                pass  # a receiver says nothing that matters here
        except ConnectionError:
            log.info("a client left")
        finally:
            listeners.discard(writer)
            deaf.discard(writer)
            writer.close()

    server = await asyncio.start_server(welcome, host, port)
    told = clock()
    try:
        while True:
            await asyncio.sleep(TICK_S)
            now = clock()
            batch = b"".join(ships.messages(max(told, now - BEHIND_MS), now)) if listeners else b""
            told = now
            for writer in listeners if batch else ():
                if writer.transport.get_write_buffer_size() > BUFFER_MAX:
                    if writer not in deaf:
                        log.warning("client %s is slow and misses messages", writer.get_extra_info("peername"))
                        deaf.add(writer)
                    continue
                deaf.discard(writer)
                writer.write(batch)
    finally:
        server.close()
        for writer in list(listeners):
            writer.close()


def main(argv: Sequence[str] | None = None) -> int:
    """`python -m feeds.simulated.traffic`: serve until interrupted."""
    parser = argparse.ArgumentParser(prog="traffic", description="Simulated ship traffic as NMEA AIVDM over TCP.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=10110)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=60, help=f"ships, up to {COUNT_MAX}")
    parser.add_argument("--scale", type=float, default=1.0, help="stretches every reporting interval")
    parser.add_argument("--rate", type=float, help="messages a second on average, instead of --scale")
    asked = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO)
    try:
        asyncio.run(
            serve(asked.host, asked.port, seed=asked.seed, count=asked.count, scale=asked.scale, rate=asked.rate)
        )
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
