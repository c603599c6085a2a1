"""How fast do events reach the stream, against what redis-benchmark reaches on the same server?

`python -m bench.xadd` prints JSON. The bus appends batches through its script (contiguous ids, an epoch, a time);
redis-benchmark pipelines plain XADDs of the same size on the same socket. It comes with Debian's redis-tools.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from bench.push import moves
from cop.bus.redis import RedisBus
from cop.event import REAL, encode
from dashboard import embedded

EVENTS: Final = 200_000
BATCH: Final = 1_000
ADMIN: Final = "only-for-the-bench"


def run() -> dict[str, Any]:
    """The figures."""
    tool = shutil.which("redis-benchmark") or shutil.which("valkey-benchmark")
    if tool is None:
        sys.exit("redis-benchmark is missing: apt install redis-tools")
    with tempfile.TemporaryDirectory() as folder:
        server = embedded.start(Path(folder), admin=ADMIN)
        try:
            found = asyncio.run(_append(server))
            payload = encode(moves(0, 1, 1_700_000_000_000)[0]).decode()
            command = [tool, "-s", server.url.removeprefix("unix://"), "--user", "admin", "-a", ADMIN, "-q"]
            command += ["-c", "1", "-P", str(BATCH), "-n", str(EVENTS), "XADD", "cop:bench", "*", "e", payload]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        finally:
            server.stop()
    rate = float(re.findall(r"([\d.]+) requests per second", said)[-1])
    return found | {"bench": "xadd", "events": EVENTS, "baseline_redis_benchmark_per_s": round(rate)}


async def _append(server: embedded.Embedded) -> dict[str, Any]:
    bus = RedisBus(server.url, user="feeds", password=server.passwords["feeds"])
    batches = [moves(start, BATCH, 1_700_000_000_000) for start in range(0, EVENTS, BATCH)]
    began = time.perf_counter()
    for batch in batches:
        await bus.append(REAL, batch)
    took = time.perf_counter() - began
    wire = [[encode(event) for event in batch] for batch in batches]
    began = time.perf_counter()
    for encoded in wire:
        await bus._append(keys=["cop:real"], args=encoded)
    ready = time.perf_counter() - began
    await bus.close()
    return {"append_events_per_s": round(EVENTS / took), "append_encoded_per_s": round(EVENTS / ready)}


if __name__ == "__main__":
    print(json.dumps(run()))
