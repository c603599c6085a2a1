"""How do frames reach the browsers? Server-sent events, compressed once for all, each reader a cursor into the ring.

A bare ASGI endpoint: at hundreds of readers the framework's own streaming response costs more than the frame.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import Any, Final
from urllib.parse import parse_qs

from cop.event import REAL
from dashboard.frames import GZIP_HEADER, Frame, View, deflate_block
from dashboard.hub import Hub
from feeds.clock import clock

Scope = dict[str, Any]
Receive = Any
Send = Any

SEND_TIMEOUT_S: Final = 30.0
"""A reader that takes nothing for so long is let go: it comes back and is told what it missed."""
SEND_BYTES: Final = 1_000_000
"""About so much is handed over at once: what a reader that stops reading costs."""
READY_TIMEOUT_S: Final = 8.0
SNAPSHOT_REUSE_S: Final = 2.0
_HELLO: Final = b": the push stream of the Baltic mobility picture, see docs/protocol.md\nretry: 1000\n\n"


class Push:
    """The ASGI application of `/api/v1/stream`."""

    def __init__(
        self, hub: Hub, *, send_timeout_s: float = SEND_TIMEOUT_S, ready_timeout_s: float = READY_TIMEOUT_S
    ) -> None:
        self._hub = hub
        self.send_timeout_s = send_timeout_s
        self._ready_timeout_s = ready_timeout_s
        self._snapshots: dict[tuple[str, bool], tuple[int, float, bytes]] = {}
        self._sending: dict[asyncio.Task[None], float] = {}  # since when a reader's bytes wait to be taken
        self._closing = False

    def close(self) -> None:
        """End every stream at its next frame, and take no more readers."""
        self._closing = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        headers = {k: v.decode("latin-1") for k, v in scope["headers"]}
        world = query.get("world", [REAL])[0]
        if scope["method"] != "GET":
            await _refuse(send, 405, "only GET")
        elif not await self._hub.ready(self._ready_timeout_s):
            await _refuse(send, 503, f"not live: {self._hub.trouble}")
        elif world not in self._hub.views:
            await _refuse(send, 404, f"there is no world {world!r}")
        else:
            last = headers.get(b"last-event-id", "") or query.get("after", [""])[0]
            zipped = "gzip" in headers.get(b"accept-encoding", "")
            self._hub.readers += 1
            stream = asyncio.create_task(self._stream(send, world, last, zipped))
            gone = asyncio.create_task(_disconnected(receive))
            try:
                await asyncio.wait({stream, gone}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self._hub.readers -= 1
                for task in (stream, gone):
                    task.cancel()
                for task in (stream, gone):
                    with contextlib.suppress(asyncio.CancelledError, TimeoutError, OSError):
                        await task

    async def _stream(self, send: Send, world: str, last: str, zipped: bool) -> None:
        kind = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]
        kind += [(b"x-accel-buffering", b"no")] + ([(b"content-encoding", b"gzip")] if zipped else [])
        await send({"type": "http.response.start", "status": 200, "headers": kind})
        await self._send(send, GZIP_HEADER + deflate_block(_HELLO) if zipped else _HELLO)
        view = self._hub.views[world]
        while not view.settled:  # a world just found: its past is being read
            await self._hub.frames()
        seq, why = view.resume(last)
        while not self._closing and self._hub.views.get(world) is view:
            if seq is None or not view.holds(seq):
                if not self._hub.fresh:  # a picture of then would look like one of now
                    await self._hub.frames()
                    continue
                seq, block = await self._snapshot(view, zipped, why or "the reader fell behind")
                await self._send(send, block)
                why = ""
            frames = view.after(seq)
            if frames:
                seq, block = _join(frames, zipped)
                await self._send(send, block)
            else:
                await self._hub.frames()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send(self, send: Send, body: bytes) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._sending[task] = time.monotonic()
        try:
            await send({"type": "http.response.body", "body": body, "more_body": True})
        finally:
            del self._sending[task]

    async def watch(self) -> None:
        """Let go of readers that take nothing. One look at all of them is far cheaper than a timer a message."""
        while True:
            await asyncio.sleep(self.send_timeout_s / 6)
            late = time.monotonic() - self.send_timeout_s
            for task in [task for task, since in self._sending.items() if since < late]:
                task.cancel()

    async def _snapshot(self, view: View, zipped: bool, why: str) -> tuple[int, bytes]:
        key = (f"{view.world} {why}", zipped)
        known = self._snapshots.get(key)
        if known is not None and view.holds(known[0]) and time.monotonic() - known[1] < SNAPSHOT_REUSE_S:
            return known[0], known[2]
        seq, data = view.snapshot(clock(), why)
        block = await asyncio.to_thread(deflate_block, data) if zipped else data
        self._snapshots = {k: v for k, v in self._snapshots.items() if time.monotonic() - v[1] < SNAPSHOT_REUSE_S}
        self._snapshots[key] = (seq, time.monotonic(), block)
        return seq, block


def _join(frames: list[Frame], zipped: bool) -> tuple[int, bytes]:
    """As many of the frames as go out at once, and the number of the last of them."""
    parts: list[bytes] = []
    size = 0
    for frame in frames:
        parts.append(frame.deflated if zipped else frame.plain)
        size += len(parts[-1])
        if size >= SEND_BYTES:
            break
    return frames[len(parts) - 1].seq, b"".join(parts)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse(send: Send, status: int, why: str) -> None:
    body = json.dumps({"error": why}).encode()
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    headers += [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
