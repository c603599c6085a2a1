"""How does a process know what the desk keeps, and change it? One reader of the books, which keeps their folds.

Whoever writes reads on up to what was written before it answers, so that a page sees what it did. A change of a view
says which version it is of; of an alert, which raising: who was second learns who was first.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
import time
from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Final

import msgspec

from cop.bus import BusDown
from cop.bus.desk import START, VIEWS, DeskBus, Told, later, told_at
from cop.desk import (
    Acknowledged,
    Alert,
    Changed,
    Entry,
    InvalidEntry,
    Owned,
    Reopened,
    TokenIssued,
    TokenRevoked,
    ViewRemoved,
    ViewSaved,
    decode,
)
from cop.desk import Desk as Fold
from cop.event import REAL, Millis
from feeds.clock import clock

log = logging.getLogger("cop.desk")

READ: Final = 2000
CHECK_S: Final = 2.0
SHOWN_MS: Final = 3_600_000
"""How long an alert that is over stays in the list."""
LONG: Final = 400
"""Entries from which on the book of views is rewritten with those that still count."""
TOKEN_BYTES: Final = 32
TRIES: Final = 8


class Refused(Exception):
    """It can't be done: the message says why."""


class Conflict(Refused):
    """Somebody else was first: the message says who and when."""


class Nothing(Refused):
    """There is no such view, alert or token."""


class Desk:
    """The folds of the books. `grew` is told of a world whose desk has more to say; of `views` for all of them."""

    def __init__(
        self, bus: DeskBus, now: Callable[[], Millis] = clock, grew: Callable[[str, int], None] = lambda book, n: None
    ) -> None:
        self.bus = bus
        self.grew = grew
        self._now = now
        self._folds: dict[str, Fold] = {}
        self._at: dict[str, str] = {}
        self._count: dict[str, int] = {}
        self._checked = 0.0
        self.live = False

    def of(self, book: str) -> Fold:
        """What is kept in a book; empty for one that there isn't."""
        return self._folds.get(book) or Fold()

    def number(self, world: str) -> int:
        """Grows whenever what a page of a world shows of the desk did."""
        return self._count.get(world, 0) + self._count.get(VIEWS, 0)

    # -- reading ------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Follow the books for ever."""
        while True:
            try:
                if not self.live or time.monotonic() - self._checked > CHECK_S:
                    await self._discover()
                told = await self.bus.read(self._at, count=READ, wait_s=0.5)
                self._take(told)
                if not self.live and len(told) < READ:
                    self.live = True
            except BusDown as error:
                if self.live:
                    log.warning("the desk is out of reach: %s", error)
                self.live = False
                await asyncio.sleep(0.5)

    async def refresh(self, *books: str) -> None:
        """Read what is new in these books, or in all, without waiting. Raises `BusDown`."""
        if any(book not in self._at for book in books) or not books:
            await self._discover()
        while told := await self.bus.read({book: self._at.get(book, START) for book in books or self._at}, count=READ):
            self._take(told)

    async def _discover(self) -> None:
        books = await self.bus.books()
        for book in [b for b in self._folds if b not in books]:
            self._forget(book)
        for book in books:
            bounds = await self.bus.bounds(book)
            if bounds is not None and later(self._at.get(book, START), bounds.last):
                log.warning("the book of %s is read anew: its end was lost", book)
                self._forget(book)
            if bounds is not None and book not in self._folds:
                self._folds[book] = Fold()
                self._folds[book].first = told_at(bounds.first)
                self._at[book] = START
        self._at.setdefault(REAL, START)
        self._at.setdefault(VIEWS, START)
        self._checked = time.monotonic()

    def _forget(self, book: str) -> None:
        self._folds.pop(book, None)
        self._at.pop(book, None)
        self._tell(book)

    def _take(self, told: Iterable[Told]) -> None:
        grown: dict[str, None] = {}
        for book, id_, data in told:
            if not later(id_, self._at.get(book, START)):
                continue  # two reads were under way
            self._at[book] = id_
            fold = self._folds.get(book)
            if fold is None:
                fold = self._folds[book] = Fold()
                fold.first = told_at(id_)
            try:
                entry = decode(data)
            except InvalidEntry as error:
                log.error("the entry %s of the book of %s can't be read: %s", id_, book, error)
                continue
            if fold.fold(entry):
                grown[book] = None
        for book in grown:
            self._tell(book)

    def _tell(self, book: str) -> None:
        self._count[book] = self._count.get(book, 0) + 1
        self.grew(book, self._count[book])

    # -- views and plans ----------------------------------------------------------------------------------------------

    def view(self, name: str) -> ViewSaved | None:
        """The view or plan of that name."""
        found = self.of(VIEWS).views.get(name)
        return found if isinstance(found, ViewSaved) else None

    async def save(self, wanted: ViewSaved, version: int | None) -> ViewSaved:
        """Keep a view or a plan; `version` is the one that it changes, None for a new one.

        Raises `Conflict` with who and when, `Refused`, `BusDown`.
        """

        def entry() -> ViewSaved:
            known = self.of(VIEWS).views.get(wanted.name)
            _check_version(known, wanted.name, version)
            plans = [each for each in wanted.views if (view := self.view(each)) is None or view.views]
            if plans:
                raise Refused(f"there is no saved view {', '.join(map(repr, plans))} for the wall plan to show")
            if wanted.views and (uses := self._plans(wanted.name)):
                raise Refused(f"{wanted.name!r} is shown by the wall plan {', '.join(uses)}, so it can't become a plan")
            number = known.version + 1 if known is not None else 1
            return msgspec.structs.replace(wanted, version=number, at=self._now())

        saved = await self._write(entry)
        assert isinstance(saved, ViewSaved)
        return saved

    async def remove(self, name: str, by: str) -> None:
        """Let a view or a plan go. Raises `Nothing`, `Conflict` while a wall plan shows it, `BusDown`."""

        def entry() -> ViewRemoved:
            known = self.view(name)
            if known is None:
                raise Nothing(f"there is no view {name!r}")
            if uses := self._plans(name):
                raise Conflict(f"{name!r} is shown by the wall plan {', '.join(uses)}: change that first")
            return ViewRemoved(at=self._now(), name=name, version=known.version + 1, by=by)

        await self._write(entry)

    def _plans(self, name: str) -> list[str]:
        return [plan.name for plan in self.of(VIEWS).saved() if name in plan.views]

    async def _write(self, make: Callable[[], Entry]) -> Entry:
        """Write into the book of views what `make` says, who must see all that is there: so nobody is overwritten."""
        for _ in range(TRIES):
            await self.refresh(VIEWS)
            entry = make()
            last = self._at.get(VIEWS, START)
            if await self.bus.append(VIEWS, [entry], after=last) is not None:
                await self.refresh(VIEWS)
                await self._shorten()
                return entry
        raise BusDown("others are writing views all the time: try again")

    async def _shorten(self) -> None:
        lasting = self.of(VIEWS).lasting()
        most = max(LONG, 4 * len(lasting))
        if len(await self.bus.read({VIEWS: START}, count=most + 1)) > most:
            await self.bus.append(VIEWS, lasting, after=self._at[VIEWS], renew=True)
            await self.refresh(VIEWS)

    # -- tokens -------------------------------------------------------------------------------------------------------

    async def issue(self, view: str, by: str) -> tuple[TokenIssued, str]:
        """A token for a view or plan, and its secret, which is kept nowhere. Raises `Nothing`, `BusDown`."""
        secret = secrets.token_urlsafe(TOKEN_BYTES)

        def entry() -> TokenIssued:
            if self.view(view) is None:
                raise Nothing(f"there is no view {view!r}")
            return TokenIssued(at=self._now(), id=secrets.token_hex(4), view=view, by=by, sha256=_digest(secret))

        issued = await self._write(entry)
        assert isinstance(issued, TokenIssued)
        return issued, secret

    async def revoke(self, id_: str, by: str) -> TokenIssued:
        """Let a token open nothing any more. Raises `Nothing`, `BusDown`."""

        def entry() -> TokenRevoked:
            if all(each.id != id_ for each in self.of(VIEWS).valid()):
                raise Nothing(f"there is no token {id_!r}, or it is revoked")
            return TokenRevoked(at=self._now(), id=id_, by=by)

        await self._write(entry)
        return self.of(VIEWS).tokens[id_]

    def opens(self, token: str, view: str) -> bool:
        """Whether the token opens that view. Every token is compared, in constant time."""
        digest, found = _digest(token), False
        for each in self.of(VIEWS).valid():
            found |= hmac.compare_digest(each.sha256, digest) and each.view == view
        return found

    # -- alerts and changes -------------------------------------------------------------------------------------------

    def alerts(self, world: str) -> list[Alert]:
        """Those that stand, red first, the newest first; then those that were over less than an hour ago."""
        shown = self._now() - SHOWN_MS
        found = [a for a in self.of(world).alerts.values() if a.cleared is None or a.cleared > shown]
        return sorted(found, key=lambda a: (a.cleared is not None, a.raised.severity != "red", -a.raised.at))

    def alert(self, world: str, key: str) -> Alert:
        """The alert of that key. Raises `Nothing`."""
        found = self.of(world).alerts.get(key)
        if found is None:
            raise Nothing(f"there is no alert {key!r} in {world}")
        return found

    async def acknowledge(self, world: str, key: str, by: str, note: str) -> Alert:
        """Say that somebody has seen it. Raises `Nothing`, `Conflict` with who was first, `BusDown`."""
        await self.refresh(world)
        alert = self.alert(world, key)
        if alert.acknowledged is None:
            await self._say(
                world, Acknowledged(at=self._next(alert), key=key, raised=alert.raised.at, by=by, note=note)
            )
            if (told := self.alert(world, key).acknowledged) is not None and told.by == by and told.note == note:
                return self.alert(world, key)
        told = self.alert(world, key).acknowledged
        if told is None:
            raise Conflict("it was raised anew meanwhile: look at it again")
        raise Conflict(f"{told.by} acknowledged it at {utc(told.at)}" + (f": {told.note}" if told.note else ""))

    async def own(self, world: str, key: str, by: str) -> Alert:
        """Take it on, or with an empty `by` leave it to nobody. Raises `Nothing`, `Conflict`, `BusDown`."""
        await self.refresh(world)
        alert = self.alert(world, key)
        if alert.owner != by:
            await self._say(world, Owned(at=self._next(alert), key=key, raised=alert.raised.at, by=by))
        if (told := self.alert(world, key).owned) is not None and told.by != by:
            raise Conflict(f"{told.by or 'somebody'} {'took it' if told.by else 'left it'} at {utc(told.at)}")
        return self.alert(world, key)

    async def reopen(self, world: str, key: str, by: str) -> Alert:
        """Take the acknowledgement back. Raises `Nothing`, `Conflict` when it isn't acknowledged, `BusDown`."""
        await self.refresh(world)
        alert = self.alert(world, key)
        if alert.acknowledged is None:
            raise Conflict("nobody has acknowledged it")
        await self._say(world, Reopened(at=self._next(alert), key=key, raised=alert.raised.at, by=by))
        return self.alert(world, key)

    async def _say(self, world: str, entry: Entry) -> None:
        await self.bus.append(world, [entry])
        await self.refresh(world)

    def _next(self, alert: Alert) -> Millis:
        """Now, and after what anybody did before, whatever the clocks of two servers say."""
        return max(self._now(), alert.touched + 1)

    def changes(self, world: str, since: Millis, until: Millis) -> list[Changed]:
        """What changed from `since` to `until`, both included, oldest first."""
        found = [each for each in self.of(world).changes if since <= each.at <= until]
        return sorted(found, key=lambda each: each.at)


def utc(at: Millis) -> str:
    """`25 Nov 10:15 UTC`."""
    return time.strftime("%d %b %H:%M UTC", time.gmtime(at / 1000))


def _digest(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _check_version(known: ViewSaved | ViewRemoved | None, name: str, version: int | None) -> None:
    there = known.version if isinstance(known, ViewSaved) else None
    if known is None or there == version:
        return
    if isinstance(known, ViewRemoved):
        if version is not None:
            raise Conflict(f"{name!r} was removed by {known.by} at {utc(known.at)}")
        return
    raise Conflict(f"{name!r} was saved by {known.by} at {utc(known.at)} (version {known.version})")
