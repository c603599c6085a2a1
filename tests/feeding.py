"""A toy feed for the tests of the worker: its format, a desk that serves it over HTTP, and looks at what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from cop.bus.memory import MemoryBus
from cop.event import REAL, Described, Health, decode
from cop.picture import Picture
from feeds import worker as worker_module
from feeds.adapter import Context, Outcome, Records, Reject, Source, report
from feeds.feed import Feed
from feeds.worker import Worker


def read(payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
    """A format for tests: one `id at text` a line; `bad` can't be read."""
    for line in payload.splitlines():
        name, at, text, *_ = *line.decode().split(" ", 2), "", ""
        if name == "bad":
            yield [Reject("it says bad", payload.index(line), line)]
        else:
            yield [report("toy", f"site:{name}", int(at or 1_000), Described(text or name), context, line)]


TOY = Source(
    name="toy",
    title="A toy",
    domain="land",
    nations=("LV",),
    kinds=("site",),
    transport="http",
    formats="lines",
    licence="none",
    attribution="none",
    address="",
    rate_s=0.02,
    stale_s=60,
    identity="the name",
    grid="none",
    complete=True,
    mapping=(),
    decoder=lambda: Records(read),
)


class Desk:
    """An HTTP server that answers as the test says, and counts."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes, dict[str, str]]] = []
        self.asked: list[dict[str, str]] = []
        desk = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                desk.asked.append({name.lower(): value for name, value in self.headers.items()})
                status, body, headers = desk.answers[0] if len(desk.answers) == 1 else desk.answers.pop(0)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/data"
        Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


async def until(seen: Callable[[], Awaitable[Any]], timeout_s: float = 10.0) -> Any:
    async with asyncio.timeout(timeout_s):
        while not (found := await seen()):
            await asyncio.sleep(0.01)
    return found


async def picture(bus: MemoryBus) -> Picture:
    folded = Picture()
    for entry in await bus.read({REAL: None}, count=1_000_000):
        folded.fold(decode(entry.data))
    return folded


async def names(bus: MemoryBus) -> set[str]:
    return {e.subject.partition(":")[2] for e in (await picture(bus)).entities() if e.kind == "site"}


async def health(bus: MemoryBus, name: str = "toy") -> Health | None:
    told = (await picture(bus)).records(f"feed:{name}").get((name, "health"))
    return told.body if told is not None and isinstance(told.body, Health) else None


def run(feed: Feed, test: Callable[[MemoryBus], Awaitable[None]], *, bus: MemoryBus | None = None, **more: Any) -> None:
    async def body() -> None:
        used = bus or MemoryBus()
        task = asyncio.create_task(Worker(feed, used, **more).run())
        try:
            await test(used)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(body())


def toy(address: str, **more: Any) -> Feed:
    return Feed(name="toy", source=TOY, address=address, **more)


async def seen_health(bus: MemoryBus, state: str, detail: str = "") -> Health:
    async def so() -> Health | None:
        told = await health(bus)
        return told if told is not None and told.state == state and detail in told.detail else None

    found: Health = await until(so)
    return found


def in_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back-off, flush and health as always, only in milliseconds."""
    monkeypatch.setattr(worker_module, "BACKOFF_S", (0.01, 0.05))
    monkeypatch.setattr(worker_module, "FLUSH_S", 0.01)
    monkeypatch.setattr(worker_module, "HEALTH_S", 0.02)
