"""How do the simulated national services answer, and how do they fail on demand?

One HTTP server for all that is fetched, one MQTT broker, and one TCP server for each stream. What they say comes from
`national/`; how they fail, from whoever asks: `?fault=` in an address, or `PUT /faults/<feed>?fault=…&for_s=…` for a
while, as real services do: 500, 403 (a filter's page), hang, cut (the connection breaks in the body), empty, encoding
(UTF-16 that says nothing of it), garbage, stale (yesterday's answer as if it were fresh). A stream knows hang, cut and
garbage.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterator
from hashlib import blake2b
from random import Random
from typing import Any, Final

import uvicorn
from amqtt.broker import Broker
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from cop.event import Millis
from feeds.clock import clock
from feeds.simulated.national import Speaker, Talker, speakers

log = logging.getLogger("cop.simulated")

DAY: Final = 24 * 3_600_000
FAULTS: Final = ("500", "403", "hang", "cut", "empty", "encoding", "garbage", "stale")
STREAM_FAULTS: Final = ("hang", "cut", "garbage")
PAGE: Final = "<!DOCTYPE html><html><head><title>403 Forbidden</title></head><body>Request blocked</body></html>"


class Faults:
    """Which feed's service fails now, and how. Held in memory: a restart heals all."""

    def __init__(self, now: Callable[[], Millis] = clock) -> None:
        self._now = now
        self._ordered: dict[str, tuple[str, Millis]] = {}

    def order(self, feed: str, fault: str, for_s: float) -> None:
        self._ordered[feed] = fault, self._now() + round(for_s * 1000)

    def heal(self, feed: str) -> None:
        self._ordered.pop(feed, None)

    def of(self, feed: str) -> str:
        """The fault that this feed's service has now; empty when it is well."""
        fault, until = self._ordered.get(feed, ("", 0))
        return fault if self._now() < until else ""

    def all(self) -> dict[str, str]:
        return {feed: fault for feed in sorted(self._ordered) if (fault := self.of(feed))}


class Cut(Response):
    """An answer that breaks off in the middle of its body: the server closes a connection whose answer is not whole."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": bytes(self.body[: len(self.body) // 2]), "more_body": True})


def services(
    faults: Faults, seed: int = 0, now: Callable[[], Millis] = clock, said: tuple[Speaker | Talker, ...] | None = None
) -> Starlette:
    """The application that answers for all services that are fetched, and takes orders to fail."""
    told = speakers() if said is None else said

    def route(speaker: Speaker) -> Route:
        async def answer(request: Request) -> Response:
            at = now()
            fault = request.query_params.get("fault") or faults.of(speaker.feed)
            if fault:
                return await _fail(fault, speaker, seed, at)
            body = speaker.say(seed, at)
            if speaker.system and not body:
                return Response("Service Unavailable", 503, media_type="text/plain")
            return _fresh(body, speaker, request.headers.get("if-none-match", ""))

        return Route(speaker.path.partition("?")[0], answer, methods=["GET", "POST"])

    async def order(request: Request) -> Response:
        feed = request.path_params.get("feed", "")
        if request.method == "GET":
            return JSONResponse(faults.all())
        known = next((each for each in told if each.feed == feed), None)
        if known is None:
            return JSONResponse({"error": f"no simulated feed {feed!r}"}, 404)
        if request.method == "DELETE":
            faults.heal(feed)
            return JSONResponse(faults.all())
        fault, allowed = request.query_params.get("fault", ""), STREAM_FAULTS if isinstance(known, Talker) else FAULTS
        try:
            for_s = float(request.query_params.get("for_s", "60"))
        except ValueError:
            for_s = 0.0
        if fault not in allowed or not 0 < for_s <= 86_400:
            return JSONResponse({"error": f"fault is one of {', '.join(allowed)}, for_s 0 to 86400"}, 422)
        faults.order(feed, fault, for_s)
        return JSONResponse(faults.all())

    routes = [route(speaker) for speaker in told if isinstance(speaker, Speaker)]
    orders = Route("/faults/{feed}", order, methods=["PUT", "DELETE"])
    return Starlette(routes=[*routes, orders, Route("/faults", order, methods=["GET"])])


def _fresh(body: bytes, speaker: Speaker, known: str) -> Response:
    """The body with its tag, or 304 for who has it."""
    tag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"etag": tag, "cache-control": "no-cache"}
    if tag in (each.strip().removeprefix("W/") for each in known.split(",")):
        return Response(status_code=304, headers=headers)
    media = f"{speaker.media}; charset={speaker.charset}" if speaker.charset else speaker.media
    return Response(body, media_type=media, headers=headers)


async def _fail(fault: str, speaker: Speaker, seed: int, now: Millis) -> Response:
    media = speaker.media
    match fault:
        case "500":
            return Response("Internal Server Error", 500, media_type="text/plain")
        case "403":
            return Response(PAGE, 403, media_type="text/html")
        case "hang":
            await asyncio.Event().wait()
        case "cut":
            return Cut(speaker.say(seed, now), media_type=media)
        case "empty":
            return Response(b"", media_type=media)
        case "encoding":
            return Response(speaker.say(seed, now).decode("utf-8", "replace").encode("utf-16"), media_type=media)
        case "garbage":
            return Response(Random(now).randbytes(2000), media_type=media)
        case "stale":
            return Response(speaker.say(seed, now - DAY), media_type=media)
    return Response(f"no fault {fault!r}; there are {', '.join(FAULTS)}", 400, media_type="text/plain")


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to whoever runs us."""
        yield


async def serve(
    host: str, port: int, *, seed: int = 0, faults: Faults | None = None, started: Callable[[int], None] | None = None
) -> None:
    """Answer over HTTP until cancelled. `started` is told the port."""
    with socket.create_server((host, port)) as listener:
        config = uvicorn.Config(
            services(faults or Faults(), seed),
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        server = _Server(config)
        running = asyncio.create_task(server.serve([listener]))
        try:
            if started is not None:
                started(listener.getsockname()[1])
            await asyncio.shield(running)
        finally:
            server.should_exit = True
            await running


async def broker(host: str, port: int, *, seed: int = 0, faults: Faults | None = None) -> None:
    """An MQTT broker that says what the MQTT talkers say, until cancelled."""
    logging.getLogger("amqtt").setLevel(logging.CRITICAL)  # it calls its own end an error
    logging.getLogger("transitions").setLevel(logging.ERROR)
    faults = faults or Faults()
    talkers = [each for each in speakers() if isinstance(each, Talker) and each.scheme == "mqtt"]
    config: dict[str, Any] = {
        "listeners": {"default": {"type": "tcp", "bind": f"{host}:{port}"}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
    }
    while True:
        made = Broker(config)
        await made.start()
        try:
            await asyncio.gather(*(_publish(made, talker, seed, faults) for talker in talkers))
        except _CutOff:
            log.info("the broker cuts all connections, as ordered")
        finally:
            await made.shutdown()
        while any(faults.of(talker.feed) == "cut" for talker in talkers):
            await asyncio.sleep(0.2)


class _CutOff(Exception):
    pass


async def _publish(made: Broker, talker: Talker, seed: int, faults: Faults) -> None:
    while True:
        now, fault = clock(), faults.of(talker.feed)
        if fault == "cut":
            raise _CutOff
        if fault != "hang":
            for topic, message in talker.say(seed, now):
                data = Random(now).randbytes(40) if fault == "garbage" else message
                await made.internal_message_broadcast(topic, data)
        await asyncio.sleep(talker.every_s)


async def stream(host: str, port: int, talker: Talker, *, seed: int = 0, faults: Faults | None = None) -> None:
    """A TCP server that says the same to all who are connected, until cancelled."""
    ordered = faults or Faults()

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while (fault := ordered.of(talker.feed)) != "cut":
                now = clock()
                if fault != "hang":
                    for _, message in talker.say(seed, now):
                        writer.write(Random(now).randbytes(40) if fault == "garbage" else message)
                    await writer.drain()
                await asyncio.sleep(talker.every_s)
        writer.close()

    server = await asyncio.start_server(client, host, port)
    async with server:
        await server.serve_forever()


async def serve_all(host: str, port: int, *, seed: int = 0) -> None:
    """All services, until cancelled."""
    faults = Faults()
    streams = [each for each in speakers() if isinstance(each, Talker) and each.scheme == "tcp"]
    await asyncio.gather(
        serve(host, port, seed=seed, faults=faults),
        broker(host, port + 1, seed=seed, faults=faults),
        *(stream(host, port + 2 + n, each, seed=seed, faults=faults) for n, each in enumerate(streams)),
    )
