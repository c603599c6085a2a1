"""What is one running feed, and by which transport is it fetched?"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import msgspec

from cop.event import REAL, Millis, Origin
from feeds.adapter import Decoder, Source
from feeds.clock import clock
from feeds.mqtt import Mqtt
from feeds.probing import Probes
from feeds.recording import Played
from feeds.transport import Files, Http, Lines, Secure, Transport


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """One running feed: a source under a name of its own, where it listens, and what its events are."""

    name: str
    source: Source
    address: str
    world: str = REAL
    origin: Origin = "observed"
    rate_s: float = 0.0
    """Seconds between fetches; 0: the source's own."""
    nations: tuple[str, ...] = ()
    """Whose feed it is; empty: the source's own."""
    group: str = "feeds"
    key_env: str = ""
    """The environment variable that holds the operator's key; the key itself is nowhere else."""
    body: str = ""
    """What is posted instead of the source's own request body."""
    secure: Secure = Secure()
    options: dict[str, Any] = {}
    """What the operator's table tells the source's `configure`, and the probes."""

    @property
    def every_s(self) -> float:
        return self.rate_s or self.source.rate_s

    @property
    def fresh(self) -> Callable[[], Decoder]:
        """Makes this feed's decoder. Raises `ValueError` for options that the source can't take."""
        if self.options and self.source.configure is not None:
            return self.source.configure(self.options)
        if self.options and self.source.transport != "probe":
            raise ValueError(f"{self.source.name} takes no options")
        return self.source.decoder


def open_transport(feed: Feed, now: Callable[[], Millis] = clock) -> Transport:
    """The transport that the address's scheme names. Raises ValueError for an address that can be none."""
    scheme = feed.address.partition(":")[0]
    fresh = feed.fresh
    key = os.environ.get(feed.key_env, "") if feed.key_env else ""
    if scheme in ("http", "https"):
        request = feed.source.request
        if feed.body:
            request = msgspec.structs.replace(request, body=feed.body)
        return Http(feed.address, feed.every_s, request, key=key, secure=feed.secure)
    if scheme in ("tcp", "tls", "udp"):
        return Lines(feed.address, fresh, datagrams=feed.source.datagrams, secure=feed.secure)
    if scheme in ("mqtt", "mqtts"):
        return Mqtt(feed.address, feed.secure, key=key)
    if scheme == "file":
        return Files(feed.address, feed.every_s, fresh)
    if scheme == "probe":
        return Probes(feed.options, feed.every_s, now)
    if scheme == "play":
        return Played(feed.address, fresh, now)
    schemes = "http(s):, tcp:, tls:, udp:, mqtt(s):, file:, probe: nor play:"
    raise ValueError(f"{feed.name}: {feed.address!r} is neither {schemes}")
