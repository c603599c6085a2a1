"""A whole running system for the tests: `cop run` as a user starts it, on its own ports and its own folder."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cop.bus.redis import RedisBus
from feeds.simulated.national import ports

ROOT = Path(__file__).resolve().parents[1]


def free_ports(count: int) -> int:
    """The first of `count` neighbouring free ports."""
    for first in range(20_000 + os.getpid() % 2_000 * 5, 60_000, count):
        probes = []
        try:
            for port in range(first, first + count):
                probe = socket.socket()
                probes.append(probe)
                probe.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
        finally:
            for probe in probes:
                probe.close()
    raise OSError("no free ports")


def wait_for(what: str, seen: Callable[[], Any], timeout_s: float = 30.0) -> Any:
    """Ask until the answer is true; what it was. Fails with what was waited for: a bound, not a measure."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        found = seen()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {timeout_s} s")


class System:
    """`cop run` and what a test needs to look into it."""

    def __init__(self, data: Path, **settings: str) -> None:
        first = free_ports(3 + ports())
        self.data = data
        self.port = first
        self.url = f"http://127.0.0.1:{first}"
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("COP_")},
            "COP_PORT": str(first),
            "COP_SIM_PORT": str(first + 1),
            "COP_DATA": str(data),
            "COP_OPEN": "0",
            "PYTHONPATH": str(ROOT),
            **settings,
        }
        self.log = data / "run.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *, live: bool = True) -> System:
        """Start it; wait until the picture is live."""
        self.data.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "dashboard.cli", "run", "--tied"]  # or a killed test run leaves it behind
            self.process = subprocess.Popen(
                command, env=self.environment, cwd=self.data, stdout=log, stderr=subprocess.STDOUT
            )
        if live:
            try:
                wait_for("a live picture", lambda: (self.health() or {}).get("live"), 60)
            except AssertionError as error:
                raise AssertionError(f"{error}\n{self.log.read_text('utf-8', 'replace')[-3000:]}") from error
        return self

    def stop(self, number: int = signal.SIGTERM, timeout_s: float = 15.0) -> int:
        """Send a signal and wait for the end; the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout_s)

    def get(self, path: str) -> Any:
        """GET and read JSON. Raises HTTPError for anything but 2xx."""
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return json.loads(answer.read())

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Another method with a JSON body; status and answer."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")

    def order(self, feed: str, fault: str = "", for_s: float = 600) -> None:
        """Make the simulated service of a feed fail, or be well again without a fault."""
        services = f"http://127.0.0.1:{int(self.environment['COP_SIM_PORT']) + 2}"
        path, method = (f"?fault={fault}&for_s={for_s}", "PUT") if fault else ("", "DELETE")
        request = urllib.request.Request(f"{services}/faults/{feed}{path}", method=method)
        urllib.request.urlopen(request, timeout=10).close()

    def feeds(self, world: str = "exercise/demo") -> dict[str, dict[str, Any]]:
        """How each feed is doing, by its name."""
        return {feed["source"]: feed for feed in self.get(f"/api/v1/feeds?world={world}")}

    def health(self) -> dict[str, Any] | None:
        """The health answer, whatever its status; None when nobody answers."""
        try:
            return dict(self.get("/api/v1/health"))
        except urllib.error.HTTPError as error:
            with error:
                return dict(json.loads(error.read()))
        except OSError:
            return None

    def bus(self, role: str) -> RedisBus:
        """The bus of this system as a role."""
        folder = self.data / "valkey"
        words = dict(line.split(" ", 1) for line in (folder / "passwords").read_text("utf-8").splitlines())
        return RedisBus((folder / "url").read_text("utf-8"), user=role, password=words[role])

    def family(self) -> dict[int, str]:
        """The processes that this system started and that still live: pid → command line."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                try:
                    command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                    environ = (entry / "environ").read_bytes()
                    state = (entry / "stat").read_text("ascii").rpartition(")")[2].split()[0]
                except OSError:
                    continue
                ours = f"COP_DATA={self.data}".encode() in environ.split(b"\0") or f"{self.data}/" in command
                if ours and state != "Z":  # Valkey writes its title over its environment, so its socket tells it
                    found[int(entry.name)] = command
        return found

    def pid_of(self, words: str) -> int:
        """The process whose command line has these words."""
        (pid,) = [pid for pid, command in self.family().items() if words in command]
        return pid
