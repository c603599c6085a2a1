"""How long does it take to show a moment a day back, and to go on from there by a second?

`python -m bench.replay` prints JSON. The archive is written by the keeper's own scribe: a day of a picture of ships
that move, bridges, crossings and convoys. The baseline, in the same run, is what there would be without checkpoints:
folding all events from the start until that moment, and making the same snapshot.
"""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any, Final

from cop.bus import Entry
from cop.bus.memory import MemoryBus
from cop.event import REAL, Described, Event, Sighted, Status, encode, event
from cop.picture import Picture
from cop.recover import Position
from dashboard.archive import Archive
from dashboard.frames import View
from dashboard.past import Past
from dashboard.scribe import Scribe

EVENTS: Final = 300_000
DAY_MS: Final = 24 * 3_600_000
BEGAN: Final = 1_700_000_000_000
SHIPS: Final = 1_000
FIXED: Final = 3_000
OPENED: Final = 15
STEPS: Final = 60
SEED: Final = 1


def day() -> Iterator[Event]:
    """A day: who is there, then reports in an even flow, most of them of ships."""
    dice = random.Random(SEED)
    for n in range(FIXED):
        body = Described(f"Bridge {n}", ("LV",), 21 + n % 70 / 10, 54 + n % 50 / 10)
        yield event("reference", f"bridge:{n}", BEGAN, body, received=BEGAN)
    for n in range(EVENTS - FIXED):
        at = BEGAN + n * DAY_MS // EVENTS
        if n % 20 == 0:
            status = Status(dice.choice(["open", "closed", "restricted"]), at, at + 3_600_000)
            yield event("roads", f"bridge:{dice.randrange(FIXED)}", at, status, received=at)
        else:
            ship = dice.randrange(SHIPS)
            seen = Sighted(20 + dice.random(), 56 + dice.random(), dice.random() * 360, 6.0)
            yield event("ais", f"vessel:{ship}", at, seen, received=at)


async def write(archive: Archive) -> int:
    """The archive of that day; its last moment."""
    at = BEGAN
    scribe, picture = Scribe(archive, REAL, lambda: at), Picture()
    scribe.begin(Position(1, -1), Picture(), None)
    for offset, said in enumerate(day()):
        at = max(at, said.received)
        scribe.take(Entry(REAL, Position(1, offset), encode(said), at), said, picture.fold(said))
        if scribe.due():
            await scribe.save(picture)
    await scribe.save(picture)
    return at


def folded(archive: Archive, until: int) -> float:
    """Seconds to fold all from the start until a moment, and to make a snapshot."""
    began = time.perf_counter()
    picture = Picture()
    view = View(REAL, "bench", picture.entity)
    for said in archive.read(REAL, 0, until):
        if picture.fold(said):
            view.touch(said)
    view.settle(until)
    view.whole(until, "")
    return time.perf_counter() - began


async def opened(archive: Archive, moments: list[int], last: int) -> list[float]:
    """Seconds to open each of these moments."""
    times = []
    past = Past(MemoryBus(), archive, now=lambda: last)
    for n, at in enumerate(moments):
        began = time.perf_counter()
        await past.frame(REAL, at, f"s{n}")
        times.append(time.perf_counter() - began)
    return times


async def went_on(archive: Archive, at: int, last: int) -> list[float]:
    """Seconds of each step of a second."""
    past, times = Past(MemoryBus(), archive, now=lambda: last), []
    await past.frame(REAL, at, "one")
    for n in range(1, STEPS + 1):
        began = time.perf_counter()
        await past.frame(REAL, at + n * 1_000, "one")
        times.append(time.perf_counter() - began)
    return times


async def boards(archive: Archive, at: int, last: int) -> tuple[float, float, float]:
    """Seconds to make a scene for boards with a day's histories: the first one, and another; and for a thing's way."""
    past = Past(MemoryBus(), archive, now=lambda: last)
    began = time.perf_counter()
    await past.scene(REAL, at)
    first = time.perf_counter() - began
    began = time.perf_counter()
    scene = await past.scene(REAL, at - 3_600_000)
    second = time.perf_counter() - began
    began = time.perf_counter()
    scene.histories[REAL].track("vessel:1")
    return first, second, time.perf_counter() - began


async def measure(folder: Path) -> dict[str, Any]:
    """The figures."""
    began = time.perf_counter()
    last = await write(Archive(folder))
    written_s = time.perf_counter() - began
    files = list(folder.rglob("*.parquet"))
    dice = random.Random(SEED)
    moments = [dice.randrange(last - 3_600_000, last) for _ in range(OPENED)]
    # each from cold: an archive of its own has no file opened yet, but knows the folder, as a running dashboard does
    cold = []
    for at in moments:
        archive = Archive(folder)
        archive.segments(REAL)
        cold += await opened(archive, [at], last)
    archive = Archive(folder)
    warm = (await opened(archive, [moments[0], *moments], last))[1:]
    steps = await went_on(archive, last - 1_800_000, last)
    first, second, way = await boards(Archive(folder), last - 600_000, last)
    return {
        "bench": "replay",
        "events": EVENTS,
        "files": len(files),
        "megabytes": round(sum(path.stat().st_size for path in files) / 1e6, 1),
        "write_s": round(written_s, 2),
        "open": _times(cold),
        "open_again": _times(warm),
        "step_1_s": _times(steps),
        "boards_first_ms": round(first * 1000),
        "boards_again_ms": round(second * 1000),
        "way_ms": round(way * 1000),
        "baseline_fold_from_the_start_ms": round(folded(Archive(folder), moments[0]) * 1000),
    }


def _times(times: list[float]) -> dict[str, float]:
    ordered = sorted(each * 1000 for each in times)
    return {"p50_ms": round(median(ordered), 1), "max_ms": round(ordered[-1], 1)}


def run() -> dict[str, Any]:
    """The figures, of an archive in a folder that goes away."""
    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(measure(Path(name)))


if __name__ == "__main__":
    print(json.dumps(run()))
