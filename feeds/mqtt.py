"""How are messages of an MQTT broker received? Over TCP, or over WebSocket when the address has a path.

`mqtts://host:443/mqtt?topics=vessels-v2/+/location,vessels-v2/status` subscribes to the filters behind `topics`,
separated by commas. Each message is a payload of its own, named by its topic. The worker connects anew for ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import aiomqtt

from feeds.transport import Fetched, Secure, Unreachable, lost_note

PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
QUEUED: Final = 100_000
"""Messages that wait for us at most."""
ANSWER_S: Final = 10.0
REFUSED: Final = 0x80
"""SUBACK return codes from here on are failures (MQTT 3.1.1, 3.9.3)."""


class Mqtt:
    """A subscription. Raises ValueError for an address without topics, or with one that is no filter."""

    repeats = True

    def __init__(self, url: str, secure: Secure | None = None, *, key: str = "") -> None:
        parts = urlsplit(url, allow_fragments=False)  # in an MQTT filter # and + stand for themselves
        told = [
            value for each in parts.query.split("&") for name, _, value in [each.partition("=")] if name == "topics"
        ]
        self._topics = [unquote(topic) for each in told for topic in each.split(",") if topic]
        if parts.scheme not in PORTS or not parts.hostname or not self._topics:
            raise ValueError(f"{url!r} is not mqtt(s)://host[:port][/path]?topics=filter,…")
        for topic in self._topics:
            aiomqtt.Wildcard(topic)
        self._host, self._port = parts.hostname, parts.port or PORTS[parts.scheme]
        self._user, self._key = unquote(parts.username or "") or None, key or unquote(parts.password or "") or None
        if self._key and not self._user:  # MQTT 3.1.1, 3.1.2.9: no password without a user; it would not be sent
            raise ValueError(f"{parts.scheme}://{parts.hostname} has a key and no user; say mqtt(s)://user@host…")
        self._tls = parts.scheme == "mqtts"
        self._path = parts.path if parts.path not in ("", "/") else ""
        self._secure = secure or Secure()

    async def chunks(self) -> AsyncGenerator[Fetched, None]:
        waiting = _Waiting(QUEUED)
        options: dict[str, Any] = {"username": self._user, "password": self._key, "queue_type": lambda maxsize: waiting}
        if self._path:
            options |= {"transport": "websockets", "websocket_path": self._path}
        if self._tls:
            options["tls_context"] = self._secure.context()
        at, why = f"{self._host}:{self._port}", "no broker at"
        try:
            async with aiomqtt.Client(self._host, self._port, timeout=ANSWER_S, keepalive=30, **options) as client:
                why = "the subscription broke off at"
                for topic in self._topics:
                    (granted,) = await client.subscribe(topic)
                    if getattr(granted, "value", granted) >= REFUSED:
                        raise aiomqtt.MqttError(f"no subscription to {topic!r} is allowed")
                async for message in client.messages:
                    payload = message.payload
                    data = payload if isinstance(payload, bytes) else str(payload or "").encode()
                    note = lost_note(waiting.lost, "messages")
                    yield Fetched(data, str(message.topic), whole=False, last=True, note=note)
        except (TimeoutError, aiomqtt.MqttError, OSError, UnicodeError) as error:
            raise Unreachable(f"{why} {at}: {error.__cause__ or error}") from error
        raise Unreachable(f"{at} ended the subscription")


class _Waiting(asyncio.Queue[aiomqtt.Message]):
    """Messages that nobody has taken yet. What comes when it is full is lost and counted, not logged one by one."""

    lost = 0

    def put_nowait(self, item: aiomqtt.Message) -> None:
        if self.full():
            self.lost += 1
        else:
            super().put_nowait(item)
