"""Is a recorded day of all national feeds played in ten minutes without falling behind?

`python -m bench.play_day [--hours H] [--pace N] [--vessels N]` prints one JSON object. So many hours of what the
simulated services of the nations and the simulated ships say are recorded by the real recorder: documents as often as
their sources are fetched, at most once a minute, streams and ships every 15 s. Then they are played as `cop feed run
--play` plays them, in one process into an embedded Valkey, at 144 times their pace, where a day takes ten minutes.

Lateness is measured for each part of the recording when its worker gets it: the wall time against the time at which
the pace puts it. The lag is the same before the wait for that time, as the player tells it. The start and the end are
the first and the last twentieth of the recording. Beside it the same recording is played once more with `pace=max`,
which is the most that the same process can do.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
import zlib
from argparse import Namespace
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from bench.push import cpu_s
from cop.bus.redis import RedisBus
from cop.event import Millis
from cop.exercise import world_of
from dashboard import embedded
from dashboard.feedcli import played
from feeds.adapter import sources
from feeds.clock import clock
from feeds.feed import open_transport
from feeds.recording import SUFFIX, Head, Played, Recorder
from feeds.simulated.national import Speaker, Talker, speakers
from feeds.simulated.traffic import Fleet, fleet
from feeds.transport import Fetched
from feeds.worker import Worker

START: Final = 1773100800000
"""2026-03-10T00:00Z, when the recorded day begins."""
SEED: Final = 1
HOUR_MS: Final = 3_600_000
LEAST_MS: Final = 60_000
STREAM_MS: Final = 15_000
PACE: Final = 144
BUSIEST: Final = 5

Heard = Iterator[tuple[Millis, Fetched]]


class Said:
    """A transport that brings what was said at its time, and a clock that stands at that time."""

    repeats = True

    def __init__(self, heard: Heard) -> None:
        self._heard = heard
        self.at = START

    def now(self) -> Millis:
        return self.at

    async def chunks(self) -> AsyncIterator[Fetched]:
        for at, fetched in self._heard:
            self.at = at
            yield fetched


def documents(speaker: Speaker, until: Millis) -> Heard:
    """Its answers as a polite collector gets them: what hasn't changed isn't sent again."""
    step = max(LEAST_MS, round(sources()[speaker.source].rate_s * 1000))
    before = b""
    for at in range(START + _phase(speaker.feed, LEAST_MS), until, step):
        data = speaker.say(SEED, at)
        same = data == before
        before = data
        yield at, Fetched(b"" if same else data, speaker.path, unchanged=same)


def stream(talker: Talker, until: Millis) -> Heard:
    """Its messages: by MQTT each is a payload of its own, by TCP they share the connection's decoder."""
    lasting = sources()[talker.source].decoder() if talker.scheme == "tcp" else None
    for at in range(START + _phase(talker.feed, STREAM_MS), until, STREAM_MS):
        for topic, message in talker.say(SEED, at):
            yield at, Fetched(message, topic, whole=False, last=lasting is None, decoder=lasting)


def ships(vessels: Fleet, until: Millis) -> Heard:
    """All that the ships sent since the last time."""
    lasting = sources()["ais"].decoder()
    for at in range(START + STREAM_MS, until, STREAM_MS):
        data = b"".join(vessels.messages(at - STREAM_MS, at))
        yield at, Fetched(data, "", whole=False, decoder=lasting)


def _phase(feed: str, within: Millis) -> Millis:
    """Feeds don't fetch in step: each has a moment of its own."""
    return zlib.crc32(feed.encode()) % within


async def record(folder: Path, until: Millis, vessels: int) -> int:
    """Make the recordings of all feeds; how many fetches they hold."""
    feeds: list[tuple[str, str, tuple[str, ...], Heard]] = [("ais", "ais", (), ships(fleet(SEED, vessels), until))]
    for each in speakers():
        if isinstance(each, Speaker) and each.system:
            continue  # a page that is knocked at, not read
        heard = documents(each, until) if isinstance(each, Speaker) else stream(each, until)
        feeds.append((each.feed, each.source, each.nations, heard))
    fetches = 0
    for feed, source, nations, heard in feeds:
        said = Said(heard)
        head = Head(feed, source, sources()[source].address, START, nations)
        recorder = Recorder(said, folder / f"{feed}{SUFFIX}", head, said.now)
        async for _ in recorder.chunks():
            fetches += 1
    return fetches


class Watched:
    """A player of a recording: how late its parts were, and how busy its worker."""

    repeats = False

    def __init__(self, feed: str, player: Played) -> None:
        self.feed = feed
        self.player = player
        self.late: list[tuple[Millis, Millis, Millis]] = []
        """Of each part: when it was heard, its lateness, its lag."""
        self.busy_s = 0.0
        self.ended = asyncio.Event()

    async def chunks(self) -> AsyncIterator[Fetched]:
        async for fetched in self.player.chunks():
            times = fetched.times
            if times is not None:
                late = clock() - times.moved(times.heard) if times.anchor else 0  # without a pace nothing is late
                self.late.append((times.heard, max(0, late), self.player.lag_ms))
            begun = time.thread_time()
            yield fetched
            self.busy_s += time.thread_time() - begun  # the worker takes it without a pause, unless the bus is slow
        self.ended.set()


async def play(folder: Path, until: Millis, world: str, pace: str, bus: RedisBus, valkey: int) -> dict[str, Any]:
    """Play all recordings to their end and publish all that they say."""
    watched, workers = [], []
    for feed in played(folder, Namespace(world=world, names=[], pace=pace)):
        player = open_transport(feed)
        assert isinstance(player, Played)
        watched.append(Watched(feed.name, player))
        workers.append(Worker(feed, bus, transport=watched[-1]))
    used, used_valkey, begun = time.process_time(), cpu_s(valkey), time.monotonic()
    running = [asyncio.create_task(worker.run()) for worker in workers]
    ended = asyncio.create_task(_all_ended(watched))
    await asyncio.wait([*running, ended], return_when=asyncio.FIRST_COMPLETED)
    brought = time.monotonic()
    for task in (*running, ended):
        task.cancel()
    said = await asyncio.gather(*running, return_exceptions=True)
    if failed := [each for each in said if not isinstance(each, asyncio.CancelledError)]:
        raise SystemExit(f"a worker broke down: {failed}")
    seconds, used = time.monotonic() - begun, time.process_time() - used
    bounds = await bus.bounds(world)
    events = bounds.last - bounds.first + 1 if bounds is not None else 0
    busiest = sorted(watched, key=lambda each: -each.busy_s)[:BUSIEST]
    return {
        "seconds": round(seconds, 1),
        "parts": sum(len(each.late) for each in watched),
        "records": sum(worker.records for worker in workers),
        "rejects": sum(worker.rejects for worker in workers),
        "events": events,
        "events_per_s": round(events / seconds),
        **({} if pace == "max" else _lateness([part for each in watched for part in each.late], until)),
        "published_after_ms": round((seconds - (brought - begun)) * 1000),
        "cpu_s": round(used, 1),
        "valkey_cpu_s": round(cpu_s(valkey) - used_valkey, 1),
        "busiest_cpu_s": {each.feed: round(each.busy_s, 2) for each in busiest},
    }


def _lateness(parts: Sequence[tuple[Millis, Millis, Millis]], until: Millis) -> dict[str, float]:
    """Of all parts, of those after the start, when decoders load what they need, and of those at the end."""
    edge = (until - START) // 20
    late = sorted(part[1] for part in parts)
    worst = max(parts, key=lambda part: part[2])
    later = [part for part in parts if part[0] >= START + edge]
    last = [part for part in parts if part[0] >= until - edge]
    return {
        "lateness_p50_ms": late[len(late) // 2],
        "lateness_p99_ms": late[len(late) * 99 // 100],
        "largest_lateness_ms": late[-1],
        "late_over_1_s": sum(each > 1000 for each in late),
        "largest_lag_ms": worst[2],
        "largest_lag_at_h": round((worst[0] - START) / HOUR_MS, 2),
        "largest_lag_after_start_ms": max(part[2] for part in later),
        "lateness_at_end_ms": max(part[1] for part in last),
        "lag_at_end_ms": max(part[2] for part in last),
    }


async def _all_ended(watched: Sequence[Watched]) -> None:
    for each in watched:
        await each.ended.wait()


async def run(hours: float, pace: str, vessels: int) -> dict[str, Any]:
    """Record, play, and play again as fast as it goes."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "recordings"
        folder.mkdir()
        begun = time.monotonic()
        until = START + round(hours * HOUR_MS)
        fetches = await record(folder, until, vessels)
        took = time.monotonic() - begun
        files = list(folder.iterdir())
        server = embedded.start(Path(made))
        bus = RedisBus(server.url, user="exercise", password=server.passwords["exercise"])
        try:
            paced = await play(folder, until, world_of("day"), pace, bus, server.process.pid)
            most = await play(folder, until, world_of("most"), "max", bus, server.process.pid)
        finally:
            await bus.close()
            server.stop()
        size = sum(path.stat().st_size for path in files)
    return {
        "bench": "play_day",
        "hours": hours,
        "pace": float(pace),
        "feeds": len(files),
        "vessels": vessels,
        "fetches": fetches,
        "recording_mb": round(size / 1e6, 1),
        "recording_made_in_s": round(took, 1),
        "played": paced,
        "baseline_pace_max": most,
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="play_day", description="A recorded day of all feeds in ten minutes.")
    parser.add_argument("--hours", type=float, default=1, help="of the day that are recorded and played; 24: all of it")
    parser.add_argument("--pace", type=float, default=PACE, help="times as fast as they were heard")
    parser.add_argument("--vessels", type=int, default=120, help="ships in the AIS feed")
    asked = parser.parse_args(argv)
    print(json.dumps(asyncio.run(run(asked.hours, f"{asked.pace:g}", asked.vessels))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
