"""What do the simulated services of each nation say? One file a source: how its format is spoken.

A speaker's answer is a pure function of a seed and the wall time, so that it is the same for all who ask in the same
second. Whatever is said is marked as simulated where the format has room for it; the plan marks its origin anyway.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from functools import cache
from typing import Literal

import msgspec

from cop.event import Millis


class Speaker(msgspec.Struct, frozen=True, kw_only=True):
    """A document that is fetched from a path of the simulated HTTP service."""

    feed: str
    """The name of the feed in the default plan."""
    source: str
    path: str
    """Path and query; unique among the speakers by its path alone, unless `method` is POST."""
    media: str
    say: Callable[[int, Millis], bytes]
    """(seed, wall time) → the whole answer."""
    nations: tuple[str, ...] = ()
    rate_s: float = 5.0
    charset: str = ""
    system: str = ""
    """The IT system whose page this is: no feed fetches it, the probes knock at it. An empty page answers 503."""


class Talker(msgspec.Struct, frozen=True, kw_only=True):
    """A stream: what it says is sent to all who listen, every `every_s`."""

    feed: str
    source: str
    scheme: Literal["tcp", "mqtt"]
    say: Callable[[int, Millis], Iterable[tuple[str, bytes]]]
    """(seed, wall time) → (topic, message) of this moment; the topic is empty for tcp."""
    topics: str = ""
    """The MQTT topic filter that the feed subscribes to."""
    nations: tuple[str, ...] = ()
    every_s: float = 1.0


@cache
def speakers() -> tuple[Speaker | Talker, ...]:
    """All of them, in the order of their files; found by their presence in this folder."""
    found: list[Speaker | Talker] = []
    for module in sorted(m.name for m in pkgutil.iter_modules(__path__)):
        found.extend(importlib.import_module(f"{__name__}.{module}").SPEAKERS)
    return tuple(found)


def addresses(host: str, port: int) -> dict[str, str]:
    """Feed → where it is served: HTTP at the port, MQTT at the next, the streams at those after it in their order."""
    found: dict[str, str] = {}
    streams = port + 2
    for each in speakers():
        if isinstance(each, Speaker):
            found[each.feed] = f"http://{host}:{port}{each.path}"
        elif each.scheme == "mqtt":
            found[each.feed] = f"mqtt://{host}:{port + 1}?topics={each.topics.replace('#', '%23')}"
        else:
            found[each.feed] = f"tcp://{host}:{streams}"
            streams += 1
    return found


def ports() -> int:
    """How many ports in a row the services take."""
    return 2 + sum(isinstance(each, Talker) and each.scheme == "tcp" for each in speakers())
