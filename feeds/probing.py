"""Does a named IT system answer? Plain HTTP, TCP and DNS probes, each told as one JSON line for the source `probe`.

The targets are the operator's: `[probe.options.targets]` maps a system's id to an address, `https://…`, `tcp://host:port`
or `dns://name`. A probe only knocks: it sends no credentials, and reads no more of a page than its status line.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec

from cop.event import Millis
from feeds.transport import AGENT, Fetched, Unreachable

PATIENCE_S: Final = 10.0
KINDS: Final = {"http": "http", "https": "http", "tcp": "tcp", "dns": "dns"}
OURS: Final = (errno.ENETUNREACH, errno.ENETDOWN, errno.EMFILE, errno.ENFILE)
"""Errors of our own machine or its network, which say nothing of the target."""


class Probes:
    """Knocks at all targets every so many seconds. Raises ValueError for a target that is none."""

    repeats = True

    def __init__(
        self, options: Mapping[str, Any], every_s: float, now: Callable[[], Millis], patience_s: float = PATIENCE_S
    ) -> None:
        targets = options.get("targets", {})
        if not isinstance(targets, Mapping):
            raise ValueError("options.targets is no table of system = address")
        for system, target in targets.items():
            parts = urlsplit(str(target))
            port = parts.port  # raises ValueError for one that can be none
            if parts.scheme not in KINDS or not parts.hostname or (parts.scheme == "tcp" and not port):
                raise ValueError(f"{system} = {target!r} is neither http(s)://…, tcp://host:port nor dns://name")
            if "@" in parts.netloc:
                raise ValueError(f"{system}: a probe sends no credentials, its address has none")
        self._targets = {str(system): str(target) for system, target in targets.items()}
        self._every_s = every_s
        self._now = now
        self._patience_s = patience_s

    async def chunks(self) -> AsyncGenerator[Fetched, None]:
        if not self._targets:
            raise Unreachable("no targets: options.targets names none")
        while True:
            probes = [asyncio.ensure_future(self._probe(*each)) for each in self._targets.items()]
            try:
                for done in asyncio.as_completed(probes):
                    yield Fetched(msgspec.json.encode(await done) + b"\n", "probe:", whole=False, last=True)
            finally:
                for probe in probes:
                    probe.cancel()
            await asyncio.sleep(self._every_s)

    async def _probe(self, system: str, target: str) -> dict[str, Any]:
        """One result. `ok` is None when it is our own network that can't tell."""
        kind = KINDS[urlsplit(target).scheme]
        ok: bool | None
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._patience_s):
                ok, detail = await {"http": _http, "tcp": _tcp, "dns": _dns}[kind](target)
        except TimeoutError:
            ok, detail = False, f"no answer within {self._patience_s:g} s"
        except (OSError, UnicodeError, httpx.HTTPError, httpx.InvalidURL, ExceptionGroup) as error:
            ok, detail = None if _our_own(error) else False, _why(error)
        took_ms = round((time.monotonic() - began) * 1000, 1)
        return {
            "system": system, "kind": kind, "target": target, "at": self._now(),
            "ok": ok, "ms": took_ms, "detail": detail, "every_s": self._every_s,
        }  # fmt: skip


def _our_own(error: BaseException) -> bool:
    """Whether what failed is on our side: no route out, no name server that answers, no file descriptor left."""
    return any(
        each.errno == socket.EAI_AGAIN if isinstance(each, socket.gaierror) else each.errno in OURS
        for each in _causes(error)
        if isinstance(each, OSError)
    )


def _why(error: BaseException) -> str:
    """What failed, in the system's words: the libraries' messages tell addresses, and a target stays with us."""
    for each in reversed(list(_causes(error))):
        if isinstance(each, ssl.SSLError):
            return f"TLS: {(each.reason or 'failed').lower().replace('_', ' ')}"
        if isinstance(each, socket.gaierror):
            return str(each.strerror)
        if isinstance(each, OSError) and each.errno:
            return os.strerror(each.errno)
    return "no name that can be looked up" if isinstance(error, UnicodeError) else type(error).__name__


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it was raised from: httpx wraps what the socket said."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for each in error.exceptions:
                yield from _causes(each)
        error = error.__cause__ or error.__context__


async def _http(target: str) -> tuple[bool, str]:
    """It works when it answers at all without an error of its own; that it wants a sign-in is an answer."""
    async with (
        httpx.AsyncClient(headers={"user-agent": AGENT}, timeout=None) as client,  # the probe's own patience counts
        client.stream("GET", target, follow_redirects=True) as answer,
    ):
        return answer.status_code < 400 or answer.status_code in (401, 403), f"HTTP {answer.status_code}"


async def _tcp(target: str) -> tuple[bool, str]:
    parts = urlsplit(target)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.close()
    return True, "connected"


async def _dns(target: str) -> tuple[bool, str]:
    found = await asyncio.get_running_loop().getaddrinfo(urlsplit(target).hostname, None)
    return bool(found), f"{len({each[4][0] for each in found})} addresses"
