"""Where do the desk's entries lie? In books, one stream each: the views' book, and one for each world.

The real book and the views' are written by the role `desk`, the books of exercises by the role `exercise`, so that an
exercise can't write into the real one, whatever goes wrong in a program. A writer may say which entry is the last that
it knows: then nothing is written when somebody else was there first.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Final, NamedTuple, Protocol

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError

from cop.bus import WrongWorld
from cop.bus.redis import reached
from cop.desk import KEEPS, Entry, encode
from cop.event import EXERCISE, REAL, Millis, is_exercise

VIEWS: Final = "views"
"""The book of views, plans and tokens, which belongs to no world."""
START: Final = "0-0"
"""The id before every entry."""
_APPEND: Final = files("cop.bus").joinpath("desk.lua").read_text("utf-8")


class Told(NamedTuple):
    """An entry in its wire form: in which book, under which id. An id's first half is the server's time, ms UTC."""

    book: str
    id: str
    data: bytes


class Bounds(NamedTuple):
    """The id of the first entry that a book still has, and of the last that it ever had."""

    first: str
    last: str


class DeskBus(Protocol):
    """What every keeper of books does. All methods raise `BusDown` when it can't be reached or can't serve."""

    async def append(
        self, book: str, entries: Sequence[Entry], *, after: str | None = None, renew: bool = False
    ) -> str | None:
        """Add entries in one step; the id of the last.

        With `after` nothing is added, and the answer is None, when the book's last entry is another one. `renew` cuts
        off all that was there before. A world's book keeps its newest `KEEPS` entries. Raises `WrongWorld` for what
        is no book.
        """
        ...

    async def read(self, after: Mapping[str, str], *, count: int = 1000, wait_s: float = 0.0) -> list[Told]:
        """Up to `count` entries a book after these ids, waiting for the first one."""
        ...

    async def bounds(self, book: str) -> Bounds | None:
        """What a book holds; None when there is none."""
        ...

    async def books(self) -> list[str]:
        """The books that there are, sorted."""
        ...

    async def watch(self, world: str, at: Millis) -> None:
        """Say that a world is watched."""
        ...

    async def watched(self, world: str) -> Millis | None:
        """When it was last said that a world is watched; None for never."""
        ...

    async def drop(self, world: str) -> None:
        """Forget an exercise's book. Raises `WrongWorld` for any other."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


def book_key(book: str) -> str:
    """The key of a book. Raises `WrongWorld` for what is none."""
    if book in (REAL, VIEWS):
        return f"cop:desk:{book}"
    if is_exercise(book):
        return "cop:desk:exercise:" + book.removeprefix(EXERCISE)
    raise WrongWorld(f"{book!r} is neither {VIEWS}, real nor exercise/<name>")


def watched_key(world: str) -> str:
    """The key that says when a world was last watched. Raises `WrongWorld`."""
    if world == VIEWS:
        raise WrongWorld("nobody watches the book of views")
    return book_key(world) + ":watched"


def told_at(id_: str) -> Millis:
    """When an entry was written, by the server's clock, ms UTC."""
    return int(id_.partition("-")[0])


def later(one: str, other: str) -> bool:
    """Whether an id comes after another."""
    return _parts(one) > _parts(other)


def _parts(id_: str) -> tuple[int, int]:
    ms, _, number = id_.partition("-")
    return int(ms), int(number or 0)


def _exercise(world: str) -> str:
    if not is_exercise(world):
        raise WrongWorld(f"{world!r} is no exercise whose book could go")
    return world


class MemoryDesk:
    """Books in lists, for tests and for a page without a server: same contract, no network."""

    def __init__(self, keeps: int = KEEPS) -> None:
        self._books: dict[str, list[tuple[str, bytes]]] = {}
        self._last: dict[str, str] = {}
        self._watched: dict[str, Millis] = {}
        self._keeps = keeps
        self._grown = asyncio.Event()

    async def append(
        self, book: str, entries: Sequence[Entry], *, after: str | None = None, renew: bool = False
    ) -> str | None:
        book_key(book)
        if not entries or (after is not None and after != self._last.get(book, START)):
            return None
        held = [] if renew else self._books.get(book, [])
        for entry in entries:
            held.append((self._next(book), encode(entry)))
        if book != VIEWS:
            del held[: -self._keeps]
        self._books[book] = held
        self._grown.set()
        return self._last[book]

    def _next(self, book: str) -> str:
        ms, number = _parts(self._last.get(book, START))
        now = time.time_ns() // 1_000_000
        self._last[book] = f"{now}-0" if now > ms else f"{ms}-{number + 1}"
        return self._last[book]

    async def read(self, after: Mapping[str, str], *, count: int = 1000, wait_s: float = 0.0) -> list[Told]:
        found = self._after(after, count)
        if not found and wait_s > 0:
            self._grown.clear()
            try:
                async with asyncio.timeout(wait_s):
                    await self._grown.wait()
            except TimeoutError:
                return []
            found = self._after(after, count)
        return found

    def _after(self, after: Mapping[str, str], count: int) -> list[Told]:
        found: list[Told] = []
        for book, last in after.items():
            found += [Told(book, *held) for held in self._books.get(book, ()) if later(held[0], last)][:count]
        return found

    async def bounds(self, book: str) -> Bounds | None:
        held = self._books.get(book)
        return Bounds(held[0][0], self._last[book]) if held else None

    async def books(self) -> list[str]:
        return sorted(self._books)

    async def watch(self, world: str, at: Millis) -> None:
        watched_key(world)
        self._watched[world] = at

    async def watched(self, world: str) -> Millis | None:
        watched_key(world)
        return self._watched.get(world)

    async def drop(self, world: str) -> None:
        for known in (self._books, self._last, self._watched):
            known.pop(_exercise(world), None)

    async def close(self) -> None:
        return None


class RedisDesk:
    """Books on a Redis or Valkey server. `passwords` has those of the roles `desk` and `exercise`."""

    def __init__(self, url: str, passwords: Mapping[str, str | None], *, keeps: int = KEEPS) -> None:
        self._redis = {role: _client(url, role, password) for role, password in passwords.items()}
        self._scripts = {role: client.register_script(_APPEND) for role, client in self._redis.items()}
        self._reader = self._redis["desk"]
        self._keeps = keeps

    async def append(
        self, book: str, entries: Sequence[Entry], *, after: str | None = None, renew: bool = False
    ) -> str | None:
        key = book_key(book)
        if not entries:
            return None
        keep: str | int = "renew" if renew else 0 if book == VIEWS else self._keeps
        args = [after or "", keep, *(encode(entry) for entry in entries)]
        async with reached():
            last: bytes | None = await self._scripts[_role(book)](keys=[key], args=args)
        return last.decode() if last is not None else None

    async def read(self, after: Mapping[str, str], *, count: int = 1000, wait_s: float = 0.0) -> list[Told]:
        if not after:
            return []
        names = {book_key(book).encode(): book for book in after}
        ids: dict[Any, Any] = {book_key(book): last for book, last in after.items()}
        async with reached():
            block = max(1, int(wait_s * 1000)) if wait_s > 0 else None
            # redis-py answers a list of pairs under RESP2 and a dict under RESP3, whose entries lie in one more list
            answer: Any = await self._reader.xread(ids, count=count, block=block)
        pairs = answer.items() if isinstance(answer, dict) else answer or ()
        found: list[Told] = []
        for key, entries in pairs:
            flat = entries[0] if entries and isinstance(entries[0], list) else entries
            found += [Told(names[key], id_.decode(), fields.get(b"d", b"")) for id_, fields in flat]
        return found

    async def bounds(self, book: str) -> Bounds | None:
        async with reached():
            try:
                info: dict[Any, Any] = await self._reader.xinfo_stream(book_key(book))
            except ResponseError as error:
                if "no such key" in str(error):
                    return None
                raise
        facts = {k.decode() if isinstance(k, bytes) else k: v for k, v in info.items()}
        first = facts.get("first-entry")
        return Bounds(first[0].decode(), facts["last-generated-id"].decode()) if first else None

    async def books(self) -> list[str]:
        found: set[str] = set()
        async with reached():
            async for key in self._reader.scan_iter(match="cop:desk:*", count=1000):
                name = key.decode().removeprefix("cop:desk:")
                if name in (REAL, VIEWS):
                    found.add(name)
                elif name.startswith("exercise:") and is_exercise(EXERCISE + name.removeprefix("exercise:")):
                    found.add(EXERCISE + name.removeprefix("exercise:"))
        return sorted(found)

    async def watch(self, world: str, at: Millis) -> None:
        async with reached():
            await self._redis[_role(world)].xadd(watched_key(world), {"w": at}, maxlen=1, approximate=False)

    async def watched(self, world: str) -> Millis | None:
        async with reached():
            found: Any = await self._reader.xrevrange(watched_key(world), count=1)
        return int(found[0][1][b"w"]) if found else None

    async def drop(self, world: str) -> None:
        key = book_key(_exercise(world))
        async with reached():
            await self._redis["exercise"].unlink(key, watched_key(world))

    async def close(self) -> None:
        for client in self._redis.values():
            await client.aclose()


def _role(book: str) -> str:
    return "desk" if book in (REAL, VIEWS) else "exercise"


def _client(url: str, role: str, password: str | None) -> Redis:
    client: Redis = Redis.from_url(
        url,
        username=role,
        password=password,
        socket_timeout=30,
        socket_connect_timeout=3,
        health_check_interval=15,
        retry=Retry(NoBackoff(), 0),  # who calls decides, as with the bus
    )
    return client
