"""What does a day do to a wall? 24 h of events at speed in a real Chromium; nothing may grow past a bound.

`python -m bench.soak [--hours H]` prints one JSON object. A dashboard without feeds serves the wall; in the browser a
made-up clock (bench/soak.js) lets a second pass as soon as the page has taken the one before, with its timers and its
frame. So it is the 86,400 seconds of a day; how many of them pass in one is `times_real_time`. The browser paints at
most every 5 s and draws the map every 30 s, where a real wall does both every second; all else happens as often as
there.

Each hour garbage is collected twice, then the heap, the DOM's nodes, the listeners and the timers are counted. `slope`
is what an hour adds, by least squares over all hours but the first, in which caches fill.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import CDPSession, Page, sync_playwright

from dashboard import embedded
from tests.browser import launch
from tests.system import ROOT, free_ports, wait_for

SCRIPT: Final = Path(__file__).with_suffix(".js")
SERVE: Final = "from dashboard.serve import serve; from dashboard.settings import load; serve(load())"
HOUR_S: Final = 3600
BOUNDS: Final = {"heap_mb": 8.0, "nodes": 1500, "listeners": 20, "intervals": 0, "timeouts": 4, "elements": 120}
"""How much more there may be at the end than after the first hour."""


def live(url: str) -> bool:
    """Whether the dashboard answers and has read the stream."""
    try:
        with urllib.request.urlopen(f"{url}/api/v1/health", timeout=5) as answer:
            return bool(json.loads(answer.read())["live"])
    except OSError:
        return False


def sample(page: Page, devtools: CDPSession, hour: float) -> dict[str, Any]:
    """What the page holds after its garbage was collected."""
    for _ in range(2):
        devtools.send("HeapProfiler.collectGarbage")
    found = {each["name"]: each["value"] for each in devtools.send("Performance.getMetrics")["metrics"]}
    return {
        "hour": hour,
        "heap_mb": round(found["JSHeapUsedSize"] / 1e6, 2),
        "nodes": int(found["Nodes"]),
        "listeners": int(found["JSEventListeners"]),
        "documents": int(found["Documents"]),
        **page.evaluate("soak.held()"),
    }


def slope(samples: list[dict[str, Any]], key: str) -> float:
    """What an hour adds, by least squares."""
    xs, ys = [each["hour"] for each in samples], [each[key] for each in samples]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    below = sum((each - x) ** 2 for each in xs)
    return round(sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / below, 4) if below else 0.0


def soak(url: str, hours: int) -> dict[str, Any]:
    """Let so many hours pass before a wall."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        page.set_default_timeout(120_000)
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.add_init_script(path=SCRIPT)
        page.goto(f"{url}/wall?world=real&turn=20")
        page.wait_for_selector("#reddest")
        page.wait_for_function("self.cop && cop.page.state().map !== null")
        page.evaluate("soak.ready()")
        page.wait_for_function("cop.page.state().picture.byId.size >= 1000")
        devtools = page.context.new_cdp_session(page)
        devtools.send("Performance.enable")
        page.evaluate("soak.run(60)")
        samples = [sample(page, devtools, 0)]
        began = time.monotonic()
        for hour in range(1, hours + 1):
            page.evaluate(f"soak.run({HOUR_S})")
            samples.append(sample(page, devtools, hour))
            print(json.dumps(samples[-1]), file=sys.stderr, flush=True)
        seconds = time.monotonic() - began
        told = page.evaluate("({frames: soak.frames, errors: soak.errors.length, not_live_s: soak.silences})")
        browser.close()
    settled = samples[1:]
    grown = {key: round(settled[-1][key] - settled[0][key], 2) for key in BOUNDS}
    return {
        "hours": hours,
        "seconds": round(seconds, 1),
        "times_real_time": round(hours * HOUR_S / seconds),
        **told,
        "complaints": complaints[:5],
        "first": settled[0],
        "last": settled[-1],
        "highest_heap_mb": max(each["heap_mb"] for each in settled),
        "slope_per_hour": {key: slope(settled, key) for key in BOUNDS},
        "grown": grown,
        "bounds": BOUNDS,
        "within": all(grown[key] <= bound for key, bound in BOUNDS.items()) and not complaints and not told["errors"],
        "baseline_before_the_first_hour": samples[0],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=24, help="how many hours pass, at least 2")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = embedded.start(Path(folder))
        port = free_ports(1)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("COP_")}
        environment |= {**server.environment, "COP_PORT": str(port), "COP_DEMO": "0", "PYTHONPATH": str(ROOT)}
        with (Path(folder) / "dashboard.log").open("wb") as log:
            process = subprocess.Popen([sys.executable, "-c", SERVE], env=environment, stderr=log, stdout=log)
        url = f"http://127.0.0.1:{port}"
        try:
            try:
                wait_for("the dashboard", lambda: live(url), 60)
            except AssertionError:
                print((Path(folder) / "dashboard.log").read_text("utf-8", "replace")[-3000:], file=sys.stderr)
                raise
            print(json.dumps(soak(url, max(2, told.hours)), indent=1))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(15)
            server.stop()


if __name__ == "__main__":
    main()
