"""How does exercise control reach its exercise? Through a Redis user that can't write the real stream."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from cop.bus import Bus
from cop.event import EXERCISE, Described, Event, InvalidEvent, Millis, Planned, Status, is_exercise
from cop.exercise import ENGINE, ExerciseClock, Inject, begin, opening, take_back, world_of
from cop.picture import Picture
from feeds.adapter import Context, decode, sources
from feeds.clock import clock

FED_MS = 15_000
"""A feed says how it is every few seconds: one that hasn't for so long does not run."""
REFERENCE = Path(__file__).parent.parent / "feeds" / "reference"


class NoSuchThing(LookupError):
    """The exercise, the thing or the inject is not there: the message says which."""


class Exercises:
    """Opens and ends exercises, and fires and takes back injects. `picture` finds the exercise's own picture.

    `forget` lets go of what people kept beside an exercise that has ended.
    """

    def __init__(
        self,
        bus: Bus,
        picture: Callable[[str], Picture | None],
        now: Callable[[], Millis] = clock,
        forget: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        self._bus = bus
        self._forget = forget
        self._picture = picture
        self._now = now

    async def open(self, name: str, title: str = "") -> str:
        """Open an exercise with STARTEX now, on the exercise values of the reference facts; its world.

        Raises `InvalidEvent` for a bad name or one that is taken.
        """
        world = world_of(name)
        if await self._bus.bounds(world) is not None:
            raise InvalidEvent(f"there is an exercise {name!r} already")
        now = self._now()
        await self._bus.append(world, [opening(name, title, now, now), *exercise_facts(world, now)])
        return world

    async def end(self, name: str) -> None:
        """End an exercise and delete its stream. Raises `InvalidEvent` while feeds would open it again at once."""
        world = self._known(name)
        picture = self._picture(world)
        assert picture is not None
        since = self._now() - FED_MS
        spoke = [e for s in picture.subjects() if s.startswith("feed:") for e in picture.records(s).values()]
        fed = sorted(e.source for e in spoke if e.received > since)
        if fed:
            raise InvalidEvent(f"{world} is still fed by {', '.join(fed)}: switch them off first")
        await self._bus.drop(world)
        if self._forget is not None:
            await self._forget(world)

    async def fire(self, name: str, inject: Inject, known: Callable[[str], bool]) -> Event:
        """Fire an inject; the event that went out. Raises `NoSuchThing` or `InvalidEvent`."""
        world = await self._there(name)
        if not known(inject.subject):
            raise NoSuchThing(f"there is no {inject.subject!r} in {world}")
        event = begin(inject, name, secrets.token_hex(4), self.clock(name), self._now())
        await self._bus.append(world, [event])
        return event

    async def take_back(self, name: str, serial: str) -> Event:
        """Take an inject back; the event that went out. Raises `NoSuchThing`."""
        world = await self._there(name)
        for found in self.effects(name):
            if found.source == f"inject:{serial}":
                event = take_back(found, self._now())
                await self._bus.append(world, [event])
                return event
        raise NoSuchThing(f"there is no inject {serial!r} to take back in {world}")

    async def say(self, world: str, said: Event) -> None:
        """Append what staff decided to its exercise. Raises `NoSuchThing` when that has ended."""
        await self._bus.append(await self._there(world.removeprefix(EXERCISE)), [said])

    def effects(self, name: str) -> list[Event]:
        """The injects that are not taken back, newest first: in force, to come, and over."""
        picture = self._picture(self._known(name))
        assert picture is not None
        found = [
            said
            for thing in picture.entities()
            for said in thing.events
            if said.source.startswith("inject:") and isinstance(said.body, Status)
        ]
        return sorted(found, key=lambda e: (e.at, e.id), reverse=True)

    def clock(self, name: str) -> ExerciseClock:
        """The exercise's clock: as it was opened with, else as the newest plan of a simulated movement tells it."""
        world = self._known(name)
        picture = self._picture(world)
        assert picture is not None
        told = picture.records(f"exercise:{name}").get((ENGINE, "described"))
        plans = [e for thing in picture.entities() if (e := thing.planned) is not None]
        for said in [told, *sorted(plans, key=lambda e: (e.at, e.id), reverse=True)]:
            found = said.body.properties if said is not None and isinstance(said.body, Described | Planned) else {}
            startex, scale = found.get("startex"), found.get("scale", 1.0)
            if isinstance(startex, int) and isinstance(scale, int | float) and scale > 0:
                return ExerciseClock(startex, float(scale))
        raise NoSuchThing(f"nothing says when STARTEX of the exercise {name!r} is")

    async def _there(self, name: str) -> str:
        """The exercise's world, by what the stream itself says now: to write to one that ended would open it again."""
        world = self._known(name)
        if await self._bus.bounds(world) is None:
            raise NoSuchThing(f"the exercise {name!r} has ended")
        return world

    def _known(self, name: str) -> str:
        world = world_of(name)
        if self._picture(world) is None:
            raise NoSuchThing(f"there is no exercise {name!r}")
        return world


def exercise_facts(world: str, now: Millis) -> list[Event]:
    """The reference facts as an exercise sees them: classes that are exercise data, and the state at STARTEX."""
    if not is_exercise(world):
        raise InvalidEvent(f"{world!r} is no exercise")
    context = Context(received=now, world=world, origin="injected")
    reference = sources()["reference"]
    found: list[Any] = []
    for register in sorted(REFERENCE.glob("*.csv")):
        found += [o for o in decode(reference, register.read_bytes(), context) if isinstance(o, Event)]
    return found
