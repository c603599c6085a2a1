"""Does `cop decode` read a stream of any length in the same memory, and how fast?

`python -m bench.decode_stream [--size MB] [--folder FOLDER]` prints one JSON object. A file of so many megabytes is
made of the simulated fleet's lines (a block of them over and over, checksums as sent), `cop decode ais FILE` reads it
in a process of its own with its output thrown away, and the file is deleted. The peak of its resident memory
(VmHWM) is looked up when 10 %, 50 % and all of the file are read. Beside it, plain Python counts the file's lines.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bench.decode_ais import write

BLOCK_LINES: Final = 200_000
LOOK_S: Final = 0.1
SPARE: Final = 1_000_000_000
"""Bytes that the disk must have beside the file."""


def fill(path: Path, size: int) -> int:
    """Fill the file with whole lines, at least so many bytes; how many lines they are."""
    write(path, min(BLOCK_LINES, size // 40))
    block = path.read_bytes()
    lines = block.count(b"\n")
    times, rest = divmod(size, len(block))
    last = block[: block.find(b"\n", rest) + 1] if rest else b""
    with path.open("wb") as file:
        for _ in range(times):
            file.write(block)
        file.write(last)
    return lines * times + last.count(b"\n")


def count(path: Path) -> tuple[int, float]:
    """The lines that plain Python counts, and in how many seconds."""
    begun = time.perf_counter()
    with path.open("rb") as file:
        lines = sum(1 for _ in file)
    return lines, time.perf_counter() - begun


def peak_mb(pid: int) -> float:
    """The peak of a process's resident memory so far; 0 when it is no more."""
    for line in Path(f"/proc/{pid}/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM:"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


def read_share(pid: int, path: Path, size: int) -> float:
    """How much of the file a process has read; 0 while it doesn't have it open."""
    for each in Path(f"/proc/{pid}/fd").iterdir():
        try:
            if each.readlink() == path:
                told = Path(f"/proc/{pid}/fdinfo/{each.name}").read_text("ascii")
                return int(told.split()[1]) / size  # pos: N
        except FileNotFoundError:  # closed while we looked
            continue
    return 0.0


def decode(path: Path, size: int) -> dict[str, Any]:
    """Let `cop decode` read the file: seconds, counts and peaks."""
    command = [sys.executable, "-m", "dashboard.cli", "decode", "ais", str(path), "--counts"]
    peaks: dict[str, float] = {}
    peak = 0.0
    with tempfile.TemporaryFile() as told:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=told)
        while process.poll() is None:
            try:
                peak = peak_mb(process.pid) or peak
                share = read_share(process.pid, path, size)
            except (FileNotFoundError, PermissionError, ProcessLookupError):  # it has just ended
                break
            for name, least in (("10 %", 0.1), ("50 %", 0.5)):
                if share >= least:
                    peaks.setdefault(name, peak)
            time.sleep(LOOK_S)
        code = process.wait()
        seconds = time.perf_counter() - begun
        told.seek(0)
        last = told.read().splitlines()[-1:]
    if code:
        raise SystemExit(f"cop decode ended with {code}: {last}")
    return {"seconds": seconds, "counts": json.loads(last[0]), "peaks": peaks | {"end": peak}}


def measure(size: int, folder: str | None = None) -> dict[str, Any]:
    """The figures of one run."""
    with tempfile.TemporaryDirectory(dir=folder) as made:
        if (free := shutil.disk_usage(made).free) < size + SPARE:
            raise SystemExit(f"{made} has {free / 1e9:.1f} GB free: too little for {size / 1e9:.1f} GB")
        path = Path(os.path.realpath(made)) / "fleet.nmea"
        lines = fill(path, size)
        size = path.stat().st_size
        _, alone = min(count(path) for _ in range(2))
        found = decode(path, size)
    seconds, peaks = found["seconds"], found["peaks"]
    return {
        "bench": "decode_stream",
        "megabytes": round(size / 1e6, 1),
        "lines": lines,
        "records": found["counts"]["records"],
        "rejected": found["counts"]["rejected"],
        "seconds": round(seconds, 1),
        "mb_per_s": round(size / seconds / 1e6, 2),
        "lines_per_s": round(lines / seconds),
        "peak_rss_mb": peaks,
        "peak_rss_grown_mb": round(peaks["end"] - peaks.get("10 %", 0), 1),
        "baseline_count_lines_mb_per_s": round(size / alone / 1e6, 1),
        "baseline_count_lines_per_s": round(lines / alone),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="decode_stream", description="`cop decode` on a long file, and its memory.")
    parser.add_argument("--size", type=float, default=100, metavar="MB", help="size of the file; 1000 is a gigabyte")
    parser.add_argument("--folder", help="where the file is made for a while; default: the system's temporary folder")
    asked = parser.parse_args(argv)
    print(json.dumps(measure(round(asked.size * 1e6), asked.folder)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
