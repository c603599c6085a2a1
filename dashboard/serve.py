"""How does one dashboard process run? Its own reader, its own port, nothing shared with others but Redis."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from typing import Any

import uvicorn

from cop.bus.desk import RedisDesk
from cop.bus.redis import RedisBus
from dashboard.archive import Archive
from dashboard.hub import Hub
from dashboard.past import Past
from dashboard.push import Push
from dashboard.rulebook import rules
from dashboard.settings import Values
from dashboard.web import Web

log = logging.getLogger("cop.serve")


class _Server(uvicorn.Server):
    """Tells the push to end its streams when a signal comes, so that a stop takes no grace period."""

    def __init__(self, config: uvicorn.Config, web: Web) -> None:
        super().__init__(config)
        self._web = web

    def handle_exit(self, sig: int, frame: Any) -> None:
        self._web.push.close()
        super().handle_exit(sig, frame)


def bus(settings: Values, role: str) -> RedisBus:
    """The bus as the settings name it, as the user of that role."""
    url = settings["COP_REDIS_URL"]
    return RedisBus(url, user=role, password=settings[f"COP_REDIS_PASSWORD_{role.upper()}"] or None)


def desk_bus(settings: Values) -> RedisDesk:
    """The desk's books as the settings name them, written by the two roles that may."""
    words = {role: settings[f"COP_REDIS_PASSWORD_{role.upper()}"] or None for role in ("desk", "exercise")}
    return RedisDesk(settings["COP_REDIS_URL"], words)


def serve(settings: Values, *, pages: bool = True, push: Callable[[Hub], Push] = Push) -> None:
    """Serve until a signal comes. `pages=False` leaves out Dash: the API and the push alone."""
    retention_ms = round(settings.number("COP_RETENTION_H") * 3_600_000)
    hub = Hub(bus(settings, "dashboard"), retention_ms=retention_ms)
    past = Past(bus(settings, "dashboard"), Archive(settings.archive), lambda: hub.rules, retention_ms=retention_ms)
    control, books = bus(settings, "exercise"), desk_bus(settings)
    if pages:
        from dashboard.app import pages_of
        from dashboard.staff import warm

        web = Web(hub, control, pages_of(settings), warm, lambda: rules(settings), push=push, books=books, past=past)
    else:
        web = Web(hub, control, rules=lambda: rules(settings), push=push, books=books, past=past)
    if settings["COP_HOST"] not in ("127.0.0.1", "::1", "localhost"):
        log.warning(
            "this version has no sign-in, and listens on %s: put a proxy with one before it", settings["COP_HOST"]
        )
    config = uvicorn.Config(
        web,
        host=settings["COP_HOST"],
        port=settings.whole("COP_PORT"),
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=30,
    )
    listening = config.bind_socket()
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        # To close a connection is to wait until its bytes are taken: only the kernel ends one that takes nothing.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(web.push.send_timeout_s * 1000))
    _Server(config, web).run(sockets=[listening])
