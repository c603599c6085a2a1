"""How do tests and benchmarks get a real browser, and a site that has only the browser's part of the project?

The site serves `assets/`, Leaflet as dash-leaflet bundles it, symbols, and a push stream that the caller speaks
through.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import queue
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import milsymbol
from playwright.sync_api import Browser, Playwright, sync_playwright

ASSETS: Final = Path(__file__).parent.parent / "assets"
LAUNCH_ARGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PARTS: Final = (
    "00_picture.js",
    "02_filter.js",
    "05_mgrs.js",
    "10_link.js",
    "24_marks.js",
    "26_sprites.js",
    "28_labels.js",
    "29_scene.js",
    "30_canvas.js",
    "32_pointer.js",
)
"""The files that make up the link and the canvas, in the order in which a page loads them."""

LEAFLET: Final = ("/react.js", "/react-dom.js", "/leaflet.js")
"""Leaflet and what dash-leaflet's bundle of it needs to load."""


class NoBrowser(RuntimeError):
    """No Chromium was found: the message says what to install."""


def chromium_path(playwright: Playwright | None = None) -> str:
    """Where Chromium is: `COP_CHROMIUM`, else on the PATH, else the one that Playwright installed.

    Give the running Playwright where there is one: a second can't be started beside it.
    """
    named = os.environ.get("COP_CHROMIUM", "")
    if named:
        if not os.access(named, os.X_OK):
            raise NoBrowser(f"COP_CHROMIUM is {named}: not a program")
        return named
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    if playwright is not None:
        own = playwright.chromium.executable_path
    else:
        with sync_playwright() as started:
            own = started.chromium.executable_path
    if os.access(own, os.X_OK):
        return own
    raise NoBrowser(
        "no Chromium: install one (Debian: apt-get install chromium; any system: playwright install chromium), "
        "or name its program in COP_CHROMIUM"
    )


def launch(playwright: Playwright, *more: str) -> Browser:
    """Start Chromium without a window."""
    return playwright.chromium.launch(executable_path=chromium_path(playwright), args=[*LAUNCH_ARGS, *more])


class Site:
    """A running site. `say` sends a frame to every reader; `readers` are the streams that are open now."""

    def __init__(self) -> None:
        self.calls: list[dict[str, str]] = []
        """Each connection to the stream so far: world, after, last (the Last-Event-ID header)."""
        self.greet: Callable[[dict[str, str]], list[tuple[str, dict[str, Any]]]] = lambda call: []
        """What a new reader is sent first: (id, frame) pairs."""
        self.refusing = False
        self.missing: set[str] = set()
        """Paths that the site doesn't have."""
        self._readers: dict[int, queue.SimpleQueue[bytes | None]] = {}
        self._count = 0
        self._lock = threading.Lock()
        site = self

        class Handler(_Handler):
            owner = site

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def readers(self) -> int:
        return len(self._readers)

    def say(self, position: str, frame: dict[str, Any]) -> None:
        """Send a frame to all readers."""
        for reader in list(self._readers.values()):
            reader.put(_message(position, frame))

    def say_raw(self, text: str) -> None:
        """Send bytes as they are, valid or not."""
        for reader in list(self._readers.values()):
            reader.put(text.encode())

    def hang_up(self) -> None:
        """End every open stream."""
        for reader in list(self._readers.values()):
            reader.put(None)

    def close(self) -> None:
        self.hang_up()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def read(self, call: dict[str, str]) -> tuple[int, queue.SimpleQueue[bytes | None]]:
        """Enter a reader: its number and its queue, greetings first."""
        reader: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        with self._lock:
            self.calls.append(call)
            for position, frame in self.greet(call):
                reader.put(_message(position, frame))
            self._count += 1
            self._readers[self._count] = reader
            return self._count, reader

    def leave(self, number: int) -> None:
        """A reader is gone."""
        self._readers.pop(number, None)


def _message(position: str, frame: dict[str, Any]) -> bytes:
    return f"id: {position}\ndata: {json.dumps(frame, ensure_ascii=False)}\n\n".encode()


class _Handler(BaseHTTPRequestHandler):
    owner: Site

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path in self.owner.missing:
            self._send(404, "text/plain", b"no such page")
        elif parts.path == "/api/v1/stream":
            self._stream({key: values[0] for key, values in parse_qs(parts.query).items()})
        elif parts.path in ("/blank", "/map", "/empty"):
            self._send(200, "text/html; charset=utf-8", _page(parts.path).encode())
        elif parts.path.startswith("/symbols/"):
            self._send(200, "image/svg+xml", symbol(parts.path.removeprefix("/symbols/").removesuffix(".svg")))
        elif (found := _script(parts.path)) is not None:
            self._send(200, "text/javascript; charset=utf-8", found.read_bytes())
        else:
            self._send(404, "text/plain", b"no such page")

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("cache-control", "max-age=3600" if status == 200 else "no-store")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body)

    def _stream(self, query: dict[str, str]) -> None:
        call = {"world": query.get("world", ""), "after": query.get("after", "")}
        call["last"] = self.headers.get("last-event-id", "")
        if self.owner.refusing:
            self.owner.calls.append(call | {"refused": "yes"})
            self._send(503, "text/plain", b"not now")
            return
        number, reader = self.owner.read(call)
        try:
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            self.wfile.write(b"retry: 100\n\n")
            while True:
                try:
                    said = reader.get(timeout=0.2)
                except queue.Empty:
                    said = b": \n"  # a comment: the browser hears nothing, we learn whether it is still there
                if said is None:
                    break
                self.wfile.write(said)
                self.wfile.flush()
        except OSError:
            pass
        finally:
            self.owner.leave(number)


@cache
def _installed(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def _react(name: str) -> Path:
    """React as Dash brings it, the newest."""
    found = (_installed("dash") / "deps").glob(f"{name}@*.min.js")
    return max(found, key=lambda path: [int(n) for n in re.findall(r"\d+", path.name)])


def _script(path: str) -> Path | None:
    if path.startswith("/assets/") and "/" not in path.removeprefix("/assets/"):
        found = ASSETS / path.removeprefix("/assets/")
        return found if found.is_file() else None
    places = {
        "/react.js": lambda: _react("react"),
        "/react-dom.js": lambda: _react("react-dom"),
        "/leaflet.js": lambda: _installed("dash_leaflet") / "dash_leaflet.js",
    }
    return places[path]() if path in places else None


def _page(path: str) -> str:
    sources = {"/empty": (), "/blank": PARTS, "/map": (*LEAFLET, *PARTS)}[path]
    scripts = "".join(f'<script src="{src if src[0] == "/" else f"/assets/{src}"}"></script>' for src in sources)
    style = "<style>html,body,#map{margin:0;height:100%;background:#16202a}</style>"
    icon = '<link rel="icon" href="data:,">'
    return f'<!doctype html><meta charset="utf-8"><title>parts</title>{icon}{style}<div id="map"></div>{scripts}'


@cache
def symbol(key: str) -> bytes:
    """A military symbol for a 20-digit code, else a drawing that is none."""
    if key.isdecimal():
        return bytes(milsymbol.Symbol(key, size=20).as_svg(), "utf-8")
    return (
        b'<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24">'
        b'<path d="M2 12h20M5 12v6M19 12v6M5 12a7 7 0 0 1 14 0" fill="none" stroke="#7fb2e5" stroke-width="3"/></svg>'
    )


@contextlib.contextmanager
def serve() -> Iterator[Site]:
    """A site for the length of a `with`."""
    site = Site()
    try:
        yield site
    finally:
        site.close()
