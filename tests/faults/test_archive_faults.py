"""A keeper that is killed while it writes: nothing is lost, and no half file is ever read."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from redis import Redis

from cop.bus.redis import RedisBus
from cop.event import REAL, Described, Event, Status, decode, event
from cop.picture import fold
from dashboard.archive import Archive
from dashboard.embedded import Embedded
from dashboard.past import Past
from feeds.clock import clock
from tests.stand import ship
from tests.system import ROOT

KEEP = """
import asyncio, os, signal, sys
from pathlib import Path

import pyarrow.parquet as pq

from cop.bus.redis import RedisBus
from dashboard import keeper, scribe
from dashboard.archive import Archive

keeper.FOLLOW_S, keeper.EVERY_S, scribe.LEAST = 0.02, 0.05, 60
url, password, folder, writes = sys.argv[1:5]

class Dying(pq.ParquetWriter):
    left = int(writes)

    def write_table(self, *args, **kwargs):
        super().write_table(*args, **kwargs)
        Dying.left -= 1
        if Dying.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

pq.ParquetWriter = Dying
bus = RedisBus(url, user="keeper", password=password)
kept = keeper.Keeper(bus, retention_ms=86_400_000, most=100, archive=Archive(Path(folder)))
asyncio.run(kept.run())
"""
DEATHS = (1, 2, 1, 3)
MOMENTS = 25


def start(server: Embedded, folder: Path, writes: int) -> subprocess.Popen[bytes]:
    """A keeper that kills itself in the middle of its so-manieth row group; 0: never."""
    command = [sys.executable, "-c", KEEP, server.url, server.passwords["keeper"], str(folder), str(writes)]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL)


def batch(n: int, at: int) -> list[Event]:
    told = [ship(each % 20, at + each) for each in range(80)]
    told.append(event("reference", f"bridge:{n}", at, Described(f"B{n}", lon=24, lat=57), received=at))
    told.append(event("road", "bridge:0", at, Status("closed" if n % 2 else "open", at), received=at))
    return told


def test_a_keeper_killed_in_the_middle_of_writing_loses_nothing(server: Embedded, admin: Redis, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    heard: list[tuple[int, Event]] = []

    async def tell(bus: RedisBus) -> None:
        told = batch(len(heard) // 82, clock())
        at = await bus.append(REAL, told)
        entry = await bus.entry(REAL, at) if at is not None else None
        assert entry is not None
        heard.extend((entry.taken, each) for each in told)
        await asyncio.sleep(0.05)

    async def body(bus: RedisBus) -> None:
        for writes in DEATHS:
            keeper = start(server, folder, writes)
            try:
                async with asyncio.timeout(60):
                    while keeper.poll() is None:
                        await tell(bus)
            finally:
                keeper.kill()
            assert keeper.wait() == -signal.SIGKILL
        assert list((folder / REAL).glob(".*.tmp"))  # it did die in the middle
        archive = Archive(folder)
        keeper = start(server, folder, 0)
        try:
            async with asyncio.timeout(60):
                while not (files := archive.segments(REAL)) or files[-1].end < len(heard) - 100:
                    await asyncio.sleep(0.05)
        finally:
            keeper.kill()
            keeper.wait()
        assert len({each.run for each in files}) == 1
        assert [a.end for a in files[:-1]] == [b.begin for b in files[1:]]
        past = Past(bus, Archive(folder))
        assert (await past.span(REAL)).gaps == ()
        moments = sorted({taken for taken, _ in heard})
        for at in [*moments[:: max(1, len(moments) // MOMENTS)], moments[-1]]:
            scene = await past.scene(REAL, at)
            assert scene.pictures[REAL] == fold(each for taken, each in heard if taken <= at)
        on_stream = [decode(each.data) for each in await bus.read({REAL: None}, count=100_000)]
        assert fold(on_stream) == fold(each for _, each in heard)

    async def with_bus() -> None:
        bus = RedisBus(server.url, user="feeds", password=server.passwords["feeds"])
        try:
            await body(bus)
        finally:
            await bus.close()

    asyncio.run(with_bus())
