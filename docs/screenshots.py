"""How do the screens look? Starts a whole system, opens every page in Chromium, and keeps the pictures.

`python docs/screenshots.py [--out docs/images] [NAME…]` writes the files of `SHOTS`, or those whose name contains one
of the words. Pillow, where it is installed, makes them a third as large (256 colours); without it they are larger than
a test allows to be kept.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import io
import json
import sys
import tempfile
from pathlib import Path
from typing import Any, Final, NamedTuple

from playwright.sync_api import Browser, sync_playwright

ROOT: Final = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # run as a file, only its own folder is there

from dashboard.plan import plan  # noqa: E402
from dashboard.settings import load  # noqa: E402
from tests.browser import launch  # noqa: E402
from tests.system import System, wait_for  # noqa: E402

IMAGES: Final = ROOT / "docs" / "images"
SIZES: Final = {"": (1920, 1080), "-4k": (3840, 2160)}
MOVED_MS: Final = 8_000
"""Milliseconds in which trails grow and the table fills, after everything is drawn."""
OFTEN: Final = 64
"""How many of a picture's 256 colours are its most frequent ones."""


class Shot(NamedTuple):
    """One picture: its file, its address, its size, and the tab that is opened first."""

    name: str
    path: str
    size: str = ""
    tab: str = ""


_STAFF: Final = "/?world=exercise/demo&sel=bridge:B15&lat=56.9&lon=24.3&z=7.5"
_MOVEMENT: Final = "/?world=exercise/demo&sel=convoy:C06&lat=56.1&lon=24.4&z=8"
_REAL: Final = "/?world=real&lat=57.2&lon=24.0&z=7"
_WALL: Final = "/wall?world=exercise/demo&turn=0"
_FEEDS: Final = "/feeds?world=exercise/demo"
_EXCON: Final = "/excon?world=exercise/demo&sel=bridge:B15"

SHOTS: Final[tuple[Shot, ...]] = (
    Shot("staff.png", _STAFF),
    Shot("staff-light.png", f"{_STAFF}&theme=light"),
    Shot("staff-real.png", _REAL),
    Shot("staff-real-light.png", f"{_REAL}&theme=light"),
    Shot("movement.png", _MOVEMENT, tab="Time–distance"),
    Shot("movement-light.png", f"{_MOVEMENT}&theme=light", tab="Movements"),
    Shot("wall.png", _WALL),
    Shot("wall-light.png", f"{_WALL}&theme=light"),
    Shot("excon.png", _EXCON),
    Shot("excon-light.png", f"{_EXCON}&theme=light"),
    Shot("feeds.png", _FEEDS),
    Shot("feeds-light.png", f"{_FEEDS}&theme=light"),
    Shot("staff-4k.png", _STAFF, "-4k"),
    Shot("staff-light-4k.png", f"{_STAFF}&theme=light", "-4k"),
    Shot("wall-4k.png", _WALL, "-4k"),
    Shot("wall-light-4k.png", f"{_WALL}&theme=light", "-4k"),
)
"""Every picture under docs/images."""

INJECTS: Final = (
    {
        "subject": "bridge:B15",
        "effect": "limit",
        "measures": {"mlc_wheeled": 70, "mlc_tracked": 60},
        "for_min": 240,
        "reason": "cracked bearing, engineers on the way",
    },
    {"subject": "crossing:XB10", "effect": "slow", "measures": {"delay_min": 45}, "for_min": 120, "reason": "queue"},
    {"subject": "port:P01", "effect": "close", "for_min": 180, "reason": "crane failure"},
    {"subject": "airfield:EVRA", "effect": "close", "t_plus_min": 90, "for_min": 120, "reason": "runway works"},
)
"""What exercise control has done before the pictures are taken, so that there is something to see."""

FAULTS: Final = {"digitraffic-ais-mqtt": "garbage", "lv-situations": "500"}
"""Which services fail while the pictures are taken, so that the freshness bar and the quarantine have something."""

_DRAWN: Final = """() => {
  const page = self.cop && cop.page && cop.page.state();
  if (!page || document.body.dataset.live !== 'yes') return false;
  if (document.getElementById('feeds-grid')) return document.querySelector('#kept-grid .ag-row') !== null;
  if (!page.map) return false;
  const drawn = cop.canvas.stats();
  return drawn !== null && drawn.drawn > 0 && !drawn.busy;
}"""
"""Whether the page is live and no symbol is still to come."""


def prepare(system: System) -> None:
    """Wait until every feed has spoken and the convoys march, then fire the injects."""
    wait_for("the exercise", lambda: "exercise/demo" in system.get("/api/v1/worlds"), 60)
    wait_for("every feed of the plan", lambda: set(plan(load({}))) <= _spoken(system), 60)
    wait_for("convoys", lambda: system.get("/api/v1/picture?world=exercise/demo&layer=convoys")["features"], 60)
    for feed, fault in FAULTS.items():
        system.order(feed, fault)
    wait_for("the faults", lambda: all(_ill(feed) for feed in system.feeds().values() if feed["source"] in FAULTS), 90)
    for inject in INJECTS:
        status, told = system.send("POST", "/api/v1/exercises/demo/injects", inject)
        if status != 201:
            raise RuntimeError(f"{inject['subject']}: {told}")


def _ill(feed: dict[str, Any]) -> bool:
    return bool(feed["rejects"]) or feed["state"] != "ok"


def _spoken(system: System) -> set[str]:
    return {feed["source"] for feed in system.get("/api/v1/feeds?world=exercise/demo") if feed["records"]}


def take(browser: Browser, system: System, shot: Shot) -> bytes:
    """One picture of a page that is live and drawn."""
    width, height = SIZES[shot.size]
    page = browser.new_page(viewport={"width": width, "height": height})
    try:
        page.goto(system.url + shot.path)
        page.wait_for_function(_DRAWN, timeout=60_000)
        if shot.tab:
            page.get_by_role("tab", name=shot.tab).click()
        page.wait_for_timeout(MOVED_MS)
        page.wait_for_function(_DRAWN, timeout=60_000)
        return page.screenshot()
    finally:
        page.close()


def smaller(png: bytes) -> bytes:
    """The same picture in 256 colours, where Pillow is installed and that is smaller."""
    if importlib.util.find_spec("PIL") is None:
        return png
    image: Any = importlib.import_module("PIL.Image")
    out = io.BytesIO()
    whole = image.open(io.BytesIO(png)).convert("RGB")
    # the large areas keep their colour, the rest is spread so that none is visibly another: green must not become teal
    often = [colour for _, colour in sorted(whole.getcolors(1 << 24), reverse=True)[:OFTEN]]
    rest = whole.quantize(256 - OFTEN, method=image.Quantize.MAXCOVERAGE).getpalette()[: 3 * (256 - OFTEN)]
    palette = image.new("P", (1, 1))
    palette.putpalette([value for colour in often for value in colour] + rest)
    whole.quantize(palette=palette, dither=image.Dither.NONE).save(out, "PNG", optimize=True)
    return min(png, out.getvalue(), key=len)


def main(argv: list[str]) -> int:
    """Take the pictures and say how large they are."""
    parser = argparse.ArgumentParser(prog="docs/screenshots.py", description="Takes a picture of every screen.")
    parser.add_argument("--out", type=Path, default=IMAGES, help="the folder to write to")
    parser.add_argument("names", nargs="*", help="only those whose file name contains one of these words")
    wanted = parser.parse_args(argv)
    shots = [shot for shot in SHOTS if not wanted.names or any(word in shot.name for word in wanted.names)]
    wanted.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="cop-shots-") as folder, sync_playwright() as playwright:
        system = System(Path(folder)).start()
        browser = launch(playwright)
        try:
            prepare(system)
            for shot in shots:
                data = smaller(take(browser, system, shot))
                (wanted.out / shot.name).write_bytes(data)
                print(json.dumps({"picture": shot.name, "bytes": len(data)}), flush=True)
        finally:
            browser.close()
            system.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
