"""The bus on a Redis or Valkey server: the only file of the domain that reaches one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any

import msgspec
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoPermissionError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from cop.bus import BusDown, Entry, Quarantined, WrongWorld, check_world, quarantine_key, stream_key
from cop.event import EXERCISE, REAL, Event, encode
from cop.recover import Bounds, Position, parse

APPEND = files("cop.bus").joinpath("append.lua").read_text("utf-8")
QUARANTINE_KEEPS = 100_000
"""Rejected records kept a world; the count of all that ever came stays in the feeds' health."""
_DECODE_QUARANTINED = msgspec.json.Decoder(Quarantined)
_QUARANTINE_ID = re.compile(r"\d{1,20}-\d{1,20}", re.ASCII)
_BATCH = 2000  # arguments a script call: keeps the server free for its other callers


class RedisBus:
    """`url` is redis://host:port/db, rediss://… or unix:///path; `user` is one of the roles in `cop.bus.acl`."""

    def __init__(self, url: str, *, user: str | None = None, password: str | None = None) -> None:
        self._redis: Redis = Redis.from_url(
            url,
            username=user,
            password=password,
            socket_timeout=30,
            socket_connect_timeout=3,
            health_check_interval=15,
            retry=Retry(NoBackoff(), 0),  # who calls decides: a worker backs off, the push says that it isn't live
        )
        self._append = self._redis.register_script(APPEND)

    async def append(self, world: str, events: Sequence[Event]) -> Position | None:
        check_world(world, events)
        last: bytes | None = None
        key = stream_key(world)
        for start in range(0, len(events), _BATCH):
            async with reached():
                last = await self._append(keys=[key], args=[encode(e) for e in events[start : start + _BATCH]])
        return _position(last) if last is not None else None

    async def read(
        self, after: Mapping[str, Position | None], *, count: int = 1000, wait_s: float = 0.0
    ) -> list[Entry]:
        if not after:
            return []
        worlds = {stream_key(world).encode(): world for world in after}
        ids: dict[Any, Any] = {
            stream_key(world): str(position) if position else "0" for world, position in after.items()
        }
        async with reached():
            block = max(1, int(wait_s * 1000)) if wait_s > 0 else None
            # redis-py answers a list of pairs under RESP2 and a dict under RESP3
            found: Any = await self._redis.xread(ids, count=count, block=block)
        pairs = found.items() if isinstance(found, dict) else found or ()
        return [_entry(worlds[key], id_, fields) for key, entries in pairs for id_, fields in _flat(entries)]

    async def bounds(self, world: str) -> Bounds | None:
        async with reached():
            try:
                info: dict[Any, Any] = await self._redis.xinfo_stream(stream_key(world))
            except ResponseError as error:
                if "no such key" in str(error):
                    return None
                raise
        facts = {k.decode() if isinstance(k, bytes) else k: v for k, v in info.items()}
        last = _position(facts["last-generated-id"])
        first = _position(facts["first-entry"][0]).offset if facts.get("first-entry") else last.offset + 1
        return Bounds(last.epoch, first, last.offset)

    async def entry(self, world: str, at: Position) -> Entry | None:
        async with reached():
            found: Any = await self._redis.xrange(stream_key(world), str(at), str(at))
        return _entry(world, *found[0]) if found else None

    async def trim(self, world: str, before: Position) -> int:
        async with reached():
            return int(await self._redis.xtrim(stream_key(world), minid=str(before), approximate=False))

    async def worlds(self) -> list[str]:
        found: set[str] = set()
        async with reached():
            async for key in self._redis.scan_iter(match="cop:*", count=1000):
                name = key.decode()
                if name == "cop:real":
                    found.add(REAL)
                elif name.startswith("cop:exercise:"):
                    found.add(EXERCISE + name.removeprefix("cop:exercise:"))
        return sorted(found, key=lambda world: (world != REAL, world))

    async def drop(self, world: str) -> None:
        if world == REAL:
            raise WrongWorld("the real stream is not an exercise's to drop")
        async with reached():
            await self._redis.unlink(stream_key(world))

    async def quarantine(self, world: str, rejects: Sequence[Quarantined]) -> None:
        async with reached():
            pipe = self._redis.pipeline(transaction=False)
            for reject in rejects:
                pipe.xadd(
                    quarantine_key(world), {"q": msgspec.json.encode(reject)}, maxlen=QUARANTINE_KEEPS, approximate=True
                )
            await pipe.execute()

    async def quarantined(self, world: str, count: int = 100) -> list[Quarantined]:
        async with reached():
            found: Any = await self._redis.xrevrange(quarantine_key(world), count=count)
        return [_quarantined(id_, fields) for id_, fields in found]

    async def rejected(self, world: str, id_: str) -> Quarantined | None:
        if not _QUARANTINE_ID.fullmatch(id_):
            return None
        async with reached():
            found: Any = await self._redis.xrange(quarantine_key(world), id_, id_)
        return _quarantined(*found[0]) if found else None

    async def quarantine_mark(self, world: str) -> str:
        key = quarantine_key(world)
        async with reached():
            pipe = self._redis.pipeline(transaction=False)
            pipe.xlen(key)
            pipe.xrevrange(key, count=1)
            size, newest = await pipe.execute()
        return f"{size} {newest[0][0].decode() if newest else ''}"

    async def release(self, world: str, ids: Sequence[str]) -> int:
        if not ids:
            return 0
        async with reached():
            return int(await self._redis.xdel(quarantine_key(world), *ids))

    async def close(self) -> None:
        await self._redis.aclose()


def _quarantined(id_: bytes, fields: dict[bytes, bytes]) -> Quarantined:
    return msgspec.structs.replace(_DECODE_QUARANTINED.decode(fields[b"q"]), id=id_.decode())


def _position(id_: bytes | str) -> Position:
    return parse(id_.decode() if isinstance(id_, bytes) else id_)


def _entry(world: str, id_: bytes, fields: dict[bytes, bytes]) -> Entry:
    return Entry(world, _position(id_), fields.get(b"e", b""), int(fields.get(b"t", b"0")))


def _flat(entries: Any) -> Any:
    """RESP3 wraps a stream's entries in one more list."""
    return entries[0] if entries and isinstance(entries[0], list) else entries


@asynccontextmanager
async def reached() -> AsyncIterator[None]:
    """Turn what keeps a server from answering into `BusDown`."""
    task = asyncio.current_task()
    before = task.cancelling() if task is not None else 0
    try:
        yield
    except NoPermissionError:  # a role went where it has no business: a fault of ours, which waiting doesn't mend
        raise
    except (RedisConnectionError, RedisTimeoutError, ResponseError, OSError) as error:
        raise BusDown(str(error)) from error
    if task is not None and task.cancelling() > before:
        # the client sends through asyncio.wait_for, which until Python 3.12 loses a cancellation that comes as it ends
        raise asyncio.CancelledError
