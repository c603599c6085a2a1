"""A dashboard process without pages before a Valkey of its own, and readers of its push over bare sockets."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zlib
from pathlib import Path
from typing import Any

from redis import Redis

from cop.bus.redis import RedisBus
from cop.event import REAL, Event, Sighted, event
from dashboard import embedded
from tests.system import ROOT, free_ports, wait_for

ADMIN = "only-for-the-tests"
SERVE = """
from dashboard.push import Push
from dashboard.serve import serve
from dashboard.settings import load

serve(load(), pages=False, push=lambda hub: Push(hub, send_timeout_s=1.0, ready_timeout_s=0.5))
"""


class Stand:
    """A dashboard process without pages before a Valkey that the test may stop. It waits for little."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.server = embedded.start(data, admin=ADMIN)
        self.port = free_ports(1)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("COP_")}
        environment |= {**self.server.environment, "COP_DATA": str(data), "COP_PORT": str(self.port)}
        environment["PYTHONPATH"] = str(ROOT)
        self.log = (data / "dashboard.log").open("wb")
        self.process = subprocess.Popen([sys.executable, "-c", SERVE], env=environment, stderr=self.log)
        wait_for("the dashboard", lambda: self.health().get("live"))

    def health(self) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/health", timeout=5) as answer:
                return dict(json.loads(answer.read()))
        except urllib.error.HTTPError as error:
            with error:
                return dict(json.loads(error.read()))
        except OSError:
            return {}

    def tell(self, *events: Event, role: str = "feeds") -> None:
        async def body() -> None:
            bus = RedisBus(self.server.url, user=role, password=self.server.passwords[role])
            try:
                await bus.append(events[0].world, events)
            finally:
                await bus.close()

        asyncio.run(body())

    def admin(self) -> Redis:
        return Redis.from_url(self.server.url, username="admin", password=ADMIN)

    def close(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        self.log.close()
        self.server.stop()


class Reader:
    """A reader of the stream over a bare socket."""

    def __init__(
        self,
        stand: Stand,
        world: str = REAL,
        *,
        zipped: bool = False,
        last: str = "",
        after: str = "",
        buffer: int = 0,
    ) -> None:
        self.socket = socket.socket()
        if buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.settimeout(15)
        self.socket.connect(("127.0.0.1", stand.port))
        query = f"world={world}" + (f"&after={after}" if after else "")
        lines = [f"GET /api/v1/stream?{query} HTTP/1.1", "Host: test"]
        lines += ["Accept-Encoding: gzip"] if zipped else []
        lines += [f"Last-Event-ID: {last}"] if last else []
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self._raw = self.socket.makefile("rb")
        self.status = int(self._raw.readline().split()[1])
        self.headers: dict[str, str] = {}
        while (line := self._raw.readline().strip()) != b"":
            name, _, value = line.decode().partition(": ")
            self.headers[name.lower()] = value
        self._unzip = zlib.decompressobj(16 + zlib.MAX_WBITS) if zipped else None
        self._text = b""
        self.id = ""

    def body(self) -> bytes:
        return self._raw.read(int(self.headers["content-length"]))

    def frame(self) -> dict[str, Any]:
        """The next frame; EOFError when the server hung up."""
        while b"\n\n" not in self._text or b"data: " not in self._text:
            size = int(self._raw.readline() or b"0", 16)
            if size == 0:
                raise EOFError
            chunk = self._raw.read(size)
            self._raw.readline()
            self._text += self._unzip.decompress(chunk) if self._unzip else chunk
            if b"data: " not in self._text:
                self._text = b""
        message, _, self._text = self._text.partition(b"\n\n")
        head, _, data = message.partition(b"data: ")
        self.id = head.decode().strip().removeprefix("id: ")
        found: dict[str, Any] = json.loads(data)
        return found

    def until(self, wanted: Any, limit: int = 60) -> dict[str, Any]:
        for _ in range(limit):
            frame = self.frame()
            if wanted(frame):
                return frame
        raise AssertionError("the frame did not come")

    def close(self) -> None:
        self._raw.close()
        self.socket.close()


def ship(n: int, at: int, lon: float = 21.0, world: str = REAL) -> Event:
    return event("ais", f"vessel:{n}", at, Sighted(lon, 57.0, 90.0, 5.0), received=at, world=world)


def now() -> int:
    return time.time_ns() // 1_000_000


def there(stand: Stand, world: str) -> bool:
    reader = Reader(stand, world)
    reader.close()
    return reader.status == 200


def has(subject: str) -> Any:
    return lambda frame: any(t["id"] == subject for t in frame.get("put", ()))
