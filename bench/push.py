"""How fast does an event reach every screen, and at what cost? The push against polling the whole picture.

`python -m bench.push` starts a real Valkey, a real dashboard process, a writer and the readers, and prints JSON.
Latency is from just before the XADD to the moment the bytes are read from the socket, at readers that decode every
frame; the other readers take their bytes and count them, as the cores here must serve both sides.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path
from typing import Any, Final

from cop.bus.redis import RedisBus
from cop.event import REAL, Described, Event, Sighted, event
from dashboard import embedded

THINGS: Final = 5_000
PROBES: Final = 8
PORT: Final = 8971
ROUND_S: Final = 0.02
LAP: Final = 100_000


def things(now: int) -> list[Event]:
    """The ships that will move."""
    return [
        event("bench", f"vessel:{230_000_000 + n}", now, Described(f"BENCH {n}", nations=("FI",)), received=now)
        for n in range(THINGS)
    ]


def moves(start: int, count: int, now: int) -> list[Event]:
    """The next `count` sightings, each thing in its turn."""
    return [
        event(
            "bench",
            f"vessel:{230_000_000 + (start + n) % THINGS}",
            now,
            # the latitude carries the moment of writing, to the millisecond: a frame's own times are coarser
            Sighted(19 + ((start + n) * 37 % 7919) / 800, 55 + now % LAP / 1e5, float((start + n) % 360), 6.5),
            received=now,
        )
        for n in range(count)
    ]


async def write(bus: RedisBus, rate: int, seconds: float) -> int:
    """Write `rate` events/s for a while; how many were written."""
    began = time.monotonic()
    written = 0
    while (passed := time.monotonic() - began) < seconds:
        due = int(passed * rate) - written
        if due > 0:
            await bus.append(REAL, moves(written, due, time.time_ns() // 1_000_000))
            written += due
        await asyncio.sleep(ROUND_S)
    return written


class Reader(asyncio.Protocol):
    """One raw reader. A probe unpacks and times what it reads, the others count it."""

    def __init__(self, probe: bool, measuring: asyncio.Event) -> None:
        self.probe = probe
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.bytes = 0
        self.latencies: list[float] = []
        self._measuring = measuring
        self._raw = b""
        self._text = b""
        self._unpack = zlib.decompressobj(16 + zlib.MAX_WBITS)
        self._begun = False

    def connection_made(self, transport: Any) -> None:
        transport.write(b"GET /api/v1/stream?world=real HTTP/1.1\r\nHost: bench\r\nAccept-Encoding: gzip\r\n\r\n")

    def data_received(self, data: bytes) -> None:
        heard = time.time() * 1000
        if self._measuring.is_set():
            self.bytes += len(data)
        if not self.probe:
            if not self.ready.done() and self._begun:
                self.ready.set_result(None)
            self._begun = True
            return
        self._raw += data
        if not self._begun:
            _, found, self._raw = self._raw.partition(b"\r\n\r\n")
            self._begun = bool(found)
        while (chunk := self._chunk()) is not None:
            *messages, self._text = (self._text + self._unpack.decompress(chunk)).split(b"\n\n")
            for message in messages:
                if b"data: " in message:
                    self._time(json.loads(message.partition(b"data: ")[2]), heard)

    def _chunk(self) -> bytes | None:
        size, found, rest = self._raw.partition(b"\r\n")
        if not found or len(rest) < int(size, 16) + 2:
            return None
        self._raw = rest[int(size, 16) + 2 :]
        return rest[: int(size, 16)]

    def _time(self, frame: dict[str, Any], heard: float) -> None:
        if not self.ready.done():
            self.ready.set_result(None)
        if self._measuring.is_set() and frame["k"] == "delta" and "move" in frame:
            self.latencies += [(heard - (y - 5_500_000)) % LAP for y in frame["move"]["y"]]


def cpu_s(pid: int) -> float:
    """CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def crowd(count: int, probes: int, control: asyncio.StreamReader) -> None:
    """The readers' own process: connects all, measures between two lines on standard input, prints what it saw."""
    measuring = asyncio.Event()
    loop = asyncio.get_running_loop()
    spread = max(1, count // probes)  # probes stand all along the row of readers, as the last is served last
    readers = []
    for n in range(count):
        reader = Reader(n % spread == spread - 1, measuring)
        await loop.create_connection(lambda reader=reader: reader, "127.0.0.1", PORT)  # type: ignore[misc]
        readers.append(reader)
    await asyncio.gather(*(reader.ready for reader in readers))
    print("ready", flush=True)
    await control.readline()
    measuring.set()
    await control.readline()
    measuring.clear()
    latencies = sorted(x for r in readers for x in r.latencies)
    print(
        json.dumps(
            {"latencies": latencies[:: max(1, len(latencies) // 20_000)], "bytes": sum(r.bytes for r in readers)}
        )
    )


async def poll(count: int, seconds: float) -> dict[str, Any]:
    """The baseline: `count` browsers that ask for the whole picture as GeoJSON once a second."""
    took: list[float] = []
    read = 0

    async def one(n: int) -> None:
        nonlocal read
        await asyncio.sleep(n / count)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            began = time.monotonic()
            reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
            writer.write(
                b"GET /api/v1/picture HTTP/1.1\r\nHost: bench\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
            )
            read += len(await reader.read(-1))
            writer.close()
            took.append(time.monotonic() - began)
            await asyncio.sleep(max(0.0, 1 - (time.monotonic() - began)))

    began = time.monotonic()
    await asyncio.gather(*(one(n) for n in range(count)))
    passed = time.monotonic() - began
    return {
        "pollers": count,
        "replies_per_s": round(len(took) / passed, 1),
        "reply_p50_ms": round(statistics.median(took) * 1000, 1),
        "reply_p99_ms": round(sorted(took)[int(len(took) * 0.99)] * 1000, 1),
        "bytes_per_s_reader": round(read / passed / count),
    }


async def measure(bus: RedisBus, pid: int, readers: int, rate: int, seconds: float) -> dict[str, Any]:
    """One row: so many readers at such a rate."""
    command = [sys.executable, "-m", "bench.push", "--crowd", str(readers)]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 26
    )
    assert process.stdin is not None
    assert process.stdout is not None
    writing = asyncio.create_task(write(bus, rate, 600))
    await process.stdout.readline()
    await asyncio.sleep(1.0)
    used, began = cpu_s(pid), time.monotonic()
    process.stdin.write(b"\n")
    await asyncio.sleep(seconds)
    process.stdin.write(b"\n")
    passed, used = time.monotonic() - began, cpu_s(pid) - used
    told = json.loads(await process.stdout.readline())
    writing.cancel()
    process.stdin.close()
    await process.wait()
    latencies = told["latencies"]
    return {
        "readers": readers,
        "events_per_s": rate,
        "p50_ms": round(latencies[len(latencies) // 2]),
        "p95_ms": round(latencies[int(len(latencies) * 0.95)]),
        "p99_ms": round(latencies[int(len(latencies) * 0.99)]),
        "server_core": round(used / passed, 3),
        "bytes_per_s_reader": round(told["bytes"] / passed / readers),
    }


async def run(rows: list[tuple[int, int]], seconds: float, pollers: list[int]) -> dict[str, Any]:
    """All rows and the baseline, on one server."""
    with tempfile.TemporaryDirectory() as folder:
        server = embedded.start(Path(folder))
        environment = {**os.environ, **server.environment, "COP_PORT": str(PORT), "COP_LOG": "warning"}
        code = "from dashboard.serve import serve; from dashboard.settings import load; serve(load(), pages=False)"
        dashboard = subprocess.Popen([sys.executable, "-c", code], env=environment)
        bus = RedisBus(server.url, user="feeds", password=server.passwords["feeds"])
        try:
            now = time.time_ns() // 1_000_000
            await bus.append(REAL, things(now) + moves(0, THINGS, now))
            await _answering()
            push = [await measure(bus, dashboard.pid, readers, rate, seconds) for readers, rate in rows]
            baseline = []
            for count in pollers:
                writing = asyncio.create_task(write(bus, 1_000, 600))
                used = cpu_s(dashboard.pid)
                row = await poll(count, seconds)
                row["server_core"] = round((cpu_s(dashboard.pid) - used) / seconds, 3)
                baseline.append(row)
                writing.cancel()
        finally:
            dashboard.send_signal(signal.SIGTERM)
            dashboard.wait()
            await bus.close()
            server.stop()
    return {"bench": "push", "things": THINGS, "push": push, "baseline_whole_geojson_polled_each_second": baseline}


async def _answering() -> None:
    for _ in range(200):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
            writer.write(b"GET /api/v1/health HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
            line = await reader.readline()
            writer.close()
            if b" 200 " in line:
                return
        except OSError:
            pass
        await asyncio.sleep(0.1)
    raise SystemExit("the dashboard did not come up")


async def _crowd(count: int) -> None:
    control = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(control), sys.stdin)
    await crowd(count, PROBES, control)


def main() -> None:
    """Print the table as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--readers", type=int, nargs="*", default=[50, 200, 500])
    parser.add_argument("--rates", type=int, nargs="*", default=[1_000, 5_000])
    parser.add_argument("--crowd", type=int, default=0, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    import uvloop

    if wanted.crowd:
        uvloop.run(_crowd(wanted.crowd))
        return
    rows = [(readers, rate) for readers in wanted.readers for rate in wanted.rates]
    print(json.dumps(uvloop.run(run(rows, wanted.seconds, [20, 50])), indent=1))


if __name__ == "__main__":
    main()
