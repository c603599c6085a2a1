"""How many AIS lines a second become events, beside what pyais alone does with the same lines in the same run?

`python -m bench.decode_ais [--lines N]` prints one JSON object. The lines are those of the simulated fleet without
their TAG blocks, in a file that is read in chunks as from a socket. pyais alone means: sentences parsed, checksums
verified, parts put together and messages decoded, and the result thrown away. Each side runs several times and its
best counts, because what else runs on the machine only ever makes it slower. The peak RSS is of the whole process.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pyais.stream import BinaryIOStream

from feeds.adapter import Context
from feeds.simulated.traffic import fleet
from feeds.sources.ais import AisDecoder

START = 1773150000000
CHUNK = 1 << 16
RUNS = 3


def write(path: Path, lines: int) -> int:
    """Fill the file with about so many lines; how many they are."""
    ships = fleet(1, 1_000).at_rate(2_000)
    written, at = 0, START
    with path.open("wb") as file:
        while written < lines:
            batch = re.sub(rb"\\[^\\]*\\", b"", b"".join(ships.messages(at, at + 1_000)))
            file.write(batch)
            written += batch.count(b"\n")
            at += 1_000
    return written


def decode(path: Path) -> int:
    """Decode the file in chunks; how many outcomes there were."""
    decoder = AisDecoder()
    context = Context(START)
    count = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            count += sum(1 for _ in decoder.feed(chunk, context))
    return count + sum(1 for _ in decoder.close(context))


def decode_pyais(path: Path) -> int:
    """Let pyais alone decode the file; how many messages there were."""
    with path.open("rb") as file:
        return sum(message.is_valid and message.decode() is not None for message in BinaryIOStream(file))


def best(work: Callable[[Path], int], path: Path) -> tuple[float, int]:
    """The seconds of the quickest run, and what it counted."""
    times = []
    count = 0
    for _ in range(RUNS):
        begun = time.perf_counter()
        count = work(path)
        times.append(time.perf_counter() - begun)
    return min(times), count


def measure(lines: int) -> dict[str, Any]:
    """The figures of one run."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fleet.nmea"
        written = write(path, lines)
        before = _peak_mb()
        seconds, events = best(decode, path)
        after = _peak_mb()
        alone, messages = best(decode_pyais, path)
        size = path.stat().st_size
    return {
        "lines": written,
        "megabytes": round(size / 1e6, 1),
        "events": events,
        "pyais_messages": messages,
        "seconds": round(seconds, 3),
        "lines_per_s": round(written / seconds),
        "pyais_lines_per_s": round(written / alone),
        "ratio": round(alone / seconds, 3),
        "peak_rss_mb": after,
        "peak_rss_grown_mb": round(after - before, 1),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="decode_ais", description="AIS lines to events, beside pyais alone.")
    parser.add_argument("--lines", type=int, default=200_000)
    print(json.dumps(measure(parser.parse_args(argv).lines)))
    return 0


def _peak_mb() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


if __name__ == "__main__":
    raise SystemExit(main())
