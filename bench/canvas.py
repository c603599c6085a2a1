"""How much of the page's time do moving tracks take, on our canvas and as Leaflet does it by itself?

`python -m bench.canvas` prints JSON. Tracks move once a second; frames come as text, as from the push. `frame_ms` is
reading, merging and handing over one frame; `slice_ms` each piece of drawing; `longest_task_ms` the longest block of
the main thread after the first frames (null: none over 50 ms).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.browser import LEAFLET, PARTS, Site, launch, serve

COUNTS = (1_000, 5_000, 10_000, 20_000)
GEOJSON_COUNTS = (1_000, 5_000)
"""More than that takes the page longer than there is between two frames."""


def page(site: Site) -> str:
    """The benchmark's page with the scripts of the site."""
    scripts = "".join(
        f'<script src="{site.url}{src}"></script>' for src in (*LEAFLET, *(f"/assets/{p}" for p in PARTS))
    )
    return Path(__file__).with_suffix(".html").read_text("utf-8").replace("<!-- scripts -->", scripts)


def measure(seconds: float, counts: tuple[int, ...]) -> list[dict[str, Any]]:
    """Every way and number of tracks, each in a page of its own."""
    ways = [(way, count) for way in ("canvas", "circle_marker") for count in counts]
    ways += [("geojson", count) for count in GEOJSON_COUNTS if count in counts]
    found: list[dict[str, Any]] = []
    with serve() as site, sync_playwright() as playwright:
        browser = launch(playwright)
        for way, count in ways:
            tab = browser.new_page(viewport={"width": 1920, "height": 1080})
            tab.set_default_timeout(120_000)
            tab.goto(f"{site.url}/empty")
            tab.set_content(page(site), wait_until="load")
            found.append(tab.evaluate("([way, count, s]) => run(way, count, s)", [way, count, seconds]))
            tab.close()
        browser.close()
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="how long each is measured")
    parser.add_argument("--counts", type=int, nargs="+", default=list(COUNTS), help="how many tracks")
    told = parser.parse_args()
    print(json.dumps(measure(told.seconds, tuple(told.counts)), indent=1))


if __name__ == "__main__":
    main()
