"""Is the whole path sound? A marked probe goes in at the stream and must come out at the push; then it is removed.

The probe lives in a world of its own (`exercise/doctor`), so that checking a live system changes no picture.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx

from cop.bus import BusDown
from cop.event import Described, event
from cop.exercise import world_of
from dashboard.running import running_bus
from dashboard.settings import Values
from feeds.clock import clock

WORLD: Final = world_of("doctor")
PROBE_S: Final = 8.0
CHECK_S: Final = 10.0
ASSETS: Final = Path(__file__).resolve().parent.parent / "assets"
LEAST_FREE: Final = 500_000_000
CLOCK_S: Final = 5.0


class Finding(NamedTuple):
    """One check: what was looked at, whether it is well, and what was seen."""

    what: str
    ok: bool
    detail: str


async def examine(settings: Values) -> list[Finding]:
    """All checks, in the order of the path. A check that can't be made is a finding that isn't well."""
    checks: list[tuple[str, tuple[str, ...], Callable[[Values], Awaitable[str]]]] = [
        ("disk", (), _disk),
        ("basemap", (), _basemap),
        ("redis", (), _redis),
        ("dashboard", (), _dashboard),
        ("clock", ("dashboard",), _clock),
        ("feeds", ("dashboard",), _feeds),
        ("probe", ("redis", "dashboard"), _probe),
    ]
    found: dict[str, Finding] = {}
    for what, needs, check in checks:
        unwell = [need for need in needs if not found[need].ok]
        if unwell:
            found[what] = Finding(what, False, f"not known while {' and '.join(unwell)} fails")
            continue
        try:
            async with asyncio.timeout(CHECK_S):
                found[what] = Finding(what, True, await check(settings))
        except TimeoutError:
            found[what] = Finding(what, False, f"no answer within {CHECK_S:.0f} s")
        except (_Unwell, BusDown, httpx.HTTPError, OSError, ValueError) as error:
            found[what] = Finding(what, False, str(error) or type(error).__name__)
    return list(found.values())


class _Unwell(Exception):
    pass


def address(settings: Values) -> str:
    """Where the dashboard of these settings answers."""
    host = settings["COP_HOST"]
    return f"http://{'127.0.0.1' if host in ('0.0.0.0', '') else host}:{settings.whole('COP_PORT')}"


async def _disk(settings: Values) -> str:
    free = shutil.disk_usage(settings.data if settings.data.exists() else settings.data.parent).free
    if free < LEAST_FREE:
        raise _Unwell(f"only {free // 1_000_000} MB free under {settings['COP_DATA']}")
    return f"{free // 1_000_000} MB free"


async def _basemap(settings: Values) -> str:
    found = json.loads((ASSETS / "basemap.json").read_text("utf-8"))
    return f"{len(found['layers'])} layers"


async def _redis(settings: Values) -> str:
    bus = running_bus(settings, "dashboard")
    try:
        began = time.perf_counter()
        worlds = await bus.worlds()
        return f"{len(worlds)} worlds, answers in {(time.perf_counter() - began) * 1000:.1f} ms"
    finally:
        await bus.close()


async def _dashboard(settings: Values) -> str:
    health = await _get(settings, "/api/v1/health")
    if not health["live"]:
        raise _Unwell(f"the picture is not live: {health['trouble']}")
    return f"live, {health['readers']} readers, {health['events']} events read"


async def _clock(settings: Values) -> str:
    health = await _get(settings, "/api/v1/health")
    off = abs(time.time() - health["as_of"] / 1000)
    if off > CLOCK_S:
        raise _Unwell(f"the server's clock and this one differ by {off:.0f} s")
    return f"within {off:.1f} s of the server's"


async def _feeds(settings: Values) -> str:
    feeds = await _get(settings, "/api/v1/feeds")
    failed = [f"{feed['source']} ({feed['detail']})" for feed in feeds if feed["state"] == "failed"]
    if failed or not feeds:
        raise _Unwell(f"failed: {', '.join(failed)}" if failed else "no feed has ever spoken")
    late = [feed["source"] for feed in feeds if feed["state"] == "late"]
    return f"{len(feeds)} heard" + (f", late: {', '.join(late)}" if late else "")


async def _probe(settings: Values) -> str:
    """Post, see it arrive, remove it: the way of every event, in an exercise world that nobody looks at."""
    bus = running_bus(settings, "exercise")
    subject = f"site:probe-{secrets.token_hex(4)}"
    try:
        now = clock()
        body = Described("PROBE", lon=24.0, lat=57.0, marking="PROBE - NOT REAL")
        await bus.append(WORLD, [event("doctor", subject, now, body, received=now, world=WORLD, origin="injected")])
        began = time.perf_counter()
        try:
            await asyncio.wait_for(_seen(settings, subject), PROBE_S)
        except TimeoutError:
            raise _Unwell(f"the probe did not come out of the push within {PROBE_S:.0f} s") from None
        took = time.perf_counter() - began
    finally:
        try:
            await bus.drop(WORLD)
        finally:
            await bus.close()
    return f"seen in the push after {took * 1000:.0f} ms, and removed"


async def _seen(settings: Values, subject: str) -> None:
    while True:
        async for frame in frames(address(settings), WORLD):
            if any(thing["id"] == subject for thing in frame.get("put", ())):
                return
        await asyncio.sleep(0.2)  # the dashboard has not yet found the new world


async def frames(base: str, world: str, after: str = "") -> AsyncIterator[dict[str, Any]]:
    """The frames of a world as a program reads them; ends when the server refuses or hangs up."""
    async with (
        httpx.AsyncClient(timeout=httpx.Timeout(5.0, read=30.0), trust_env=False) as client,
        client.stream("GET", f"{base}/api/v1/stream", params={"world": world, "after": after}) as answer,
    ):
        if answer.status_code == 200:
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    yield json.loads(line[6:])


async def _get(settings: Values, path: str) -> Any:
    url = address(settings) + path
    async with httpx.AsyncClient(timeout=5.0, trust_env=False) as client:
        try:
            answer = await client.get(url)
        except httpx.HTTPError as error:
            raise _Unwell(f"{url} does not answer: {str(error) or type(error).__name__}") from error
    if answer.status_code not in (200, 503) or "json" not in answer.headers.get("content-type", ""):
        raise _Unwell(f"{url} answers HTTP {answer.status_code}: it is not the dashboard of these settings")
    return answer.json()
