"""How does one command start everything, keep it up, and end it? A supervisor over plain processes.

Children end with their parent, however it dies: each is started under a parent-death signal.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import time
import webbrowser
from collections.abc import Mapping
from typing import Final

from dashboard import embedded
from dashboard.plan import groups, plan
from dashboard.settings import BadSetting, Values
from feeds.simulated.national import ports

log = logging.getLogger("cop.run")

STOP_S: Final = 2.5
HEAD_START_S: Final = 4.0
STEADY_S: Final = 10.0
"""A process that lived for so long is started anew at once when it ends; one that didn't has to wait."""


class Child:
    """One process of ours, started anew when it ends."""

    def __init__(self, name: str, command: list[str], environment: Mapping[str, str]) -> None:
        self.name = name
        self._command = command
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None

    async def keep(self, after: asyncio.Event | None = None) -> None:
        """Run it for ever, waiting longer between starts the sooner it ends; begin after `after`, or soon."""
        if after is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(after.wait(), HEAD_START_S)
        pause = 0.5
        while True:
            began = time.monotonic()
            tie = embedded.tied(signal.SIGKILL)
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                start_new_session=True,  # a Ctrl-C reaches the supervisor only, which ends all in order
                preexec_fn=tie,
            )
            code = await self._process.wait()
            pause = 0.5 if time.monotonic() - began > STEADY_S else min(pause * 2, 30.0)
            log.error("%s ended with %s and is started anew in %.1f s", self.name, code, pause)
            await asyncio.sleep(pause)

    async def stop(self) -> None:
        """End it: politely, then not."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            log.warning("%s did not end by itself", self.name)
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def child(name: str, words: list[str], environment: Mapping[str, str]) -> Child:
    """One of our commands as a process."""
    return Child(name, [sys.executable, "-m", "dashboard.cli", *words], environment)


def others(settings: Values, environment: Mapping[str, str]) -> list[Child]:
    """The processes of a run beside the page, which is what somebody waits for: to plan them takes a second."""
    named: list[tuple[str, list[str]]] = []
    if settings.demo and not settings["COP_FEEDS"]:
        named.append(("simulators", ["simulate"]))
    named += [(f"feeds of {group}", ["worker", group]) for group in groups(plan(settings))]
    named.append(("keeper", ["keeper"]))
    return [child(name, words, environment) for name, words in named]


def run(settings: Values, *, tied: bool = False) -> int:
    """Run everything until Ctrl-C or SIGTERM; the exit code. `tied`: end also when our own parent dies."""
    if tied:
        embedded.tie_self(signal.SIGTERM)
    _check_port(settings)
    if settings["COP_FEEDS"]:
        plan(settings)  # a bad plan is told before anything starts; ours is good
    server = None
    environment = dict(os.environ)
    if not settings["COP_REDIS_URL"]:
        server = embedded.start(settings.data)
        environment |= server.environment
        log.info("the embedded Valkey runs on %s", server.url)
    try:
        return asyncio.run(_supervise(settings, environment, server))
    finally:
        if server is not None:
            server.stop()


async def _supervise(settings: Values, environment: Mapping[str, str], server: embedded.Embedded | None) -> int:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    crew = [child("dashboard", ["dashboard"], environment)]
    served = asyncio.Event()
    tasks = [asyncio.create_task(crew[0].keep())]  # the page first, alone on the cores for a moment
    await asyncio.sleep(0)
    crew += await asyncio.to_thread(others, settings, environment)
    tasks += [asyncio.create_task(each.keep(served)) for each in crew[1:]]
    tasks.append(asyncio.create_task(_announce(settings, served)))
    if server is not None:
        tasks.append(asyncio.create_task(_keep_server(settings, server)))
    await stopped.wait()
    log.info("stopping")
    for task in tasks:
        task.cancel()
    await asyncio.gather(*(each.stop() for each in crew), *tasks, return_exceptions=True)
    return 0


async def _keep_server(settings: Values, server: embedded.Embedded) -> None:
    while True:
        await asyncio.sleep(0.2)
        code = server.process.poll()
        if code is not None:
            log.error("the embedded Valkey ended with %s and is started anew", code)
            try:
                server.process = (await asyncio.to_thread(embedded.start, settings.data)).process
            except embedded.CannotStart as error:
                log.error("%s", error)
                await asyncio.sleep(2)


async def _announce(settings: Values, served: asyncio.Event) -> None:
    host, port = settings["COP_HOST"], settings.whole("COP_PORT")
    address = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}/"
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1" if host == "0.0.0.0" else host, port)
            writer.write(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
            await reader.read()  # a port that listens is no page yet
            writer.close()
            break
        await asyncio.sleep(0.05)
    served.set()
    rows = [("staff", address), ("wall display", address + "wall"), ("exercise control", address + "excon")]
    print("\n".join(f"  {name:<17} {url}" for name, url in rows), flush=True)
    screen = sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if settings["COP_OPEN"] == "1" and screen:
        await asyncio.to_thread(webbrowser.open, address)


def _check_port(settings: Values) -> None:
    names = [("COP_PORT", settings.whole("COP_PORT"))]
    if settings.demo and not settings["COP_FEEDS"]:
        names += [("COP_SIM_PORT", settings.whole("COP_SIM_PORT") + i) for i in range(2 + ports())]
    for name, port in names:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings["COP_HOST"] if name == "COP_PORT" else "127.0.0.1", port))
            except OSError as error:
                raise BadSetting(f"port {port} cannot be used ({error.strerror}); set {name} to another one") from error
