"""What does a page look at? The picture as it is now, or as it was at a moment: both answer the same questions.

The hub is the scene of now. Whatever shows a world asks a scene, so that the map, the tables and the boards can all
show the same moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from cop.event import Millis
from cop.movement.engine import Engine
from cop.picture import Entity, Picture
from dashboard.frames import View
from dashboard.history import History


class Scene(Protocol):
    """The pictures of the worlds at one time, and what is made of them."""

    @property
    def pictures(self) -> Mapping[str, Picture]: ...
    @property
    def histories(self) -> Mapping[str, History]: ...
    @property
    def views(self) -> Mapping[str, View]: ...
    @property
    def engines(self) -> Mapping[str, Engine]: ...

    @property
    def now(self) -> Millis:
        """The time that it shows: the clock's for the hub, the moment for the past."""
        ...

    @property
    def fresh(self) -> bool:
        """Whether it is live. The past never is."""
        ...

    @property
    def heard(self) -> Millis:
        """Of when it is: when the stream last answered, or the moment."""
        ...

    def look(self, world: str, subject: str) -> Entity | None:
        """A subject as a view of the world shows it."""
        ...

    def entities(self, world: str) -> list[Entity]:
        """Everything that a view of the world shows."""
        ...


class NoSuchMoment(LookupError):
    """The moment can't be shown: the message says why, and which can."""


class Past(Protocol):
    """What can show a world as it was."""

    async def scene(self, world: str, at: Millis) -> Scene:
        """The world as it was known at a moment. Raises `NoSuchMoment`."""
        ...


class Scenes:
    """The scene of now, and those of the past where there is an archive. `now` is the hub."""

    def __init__(self, now: Scene, past: Past | None = None) -> None:
        self.now = now
        self._past = past

    async def at(self, world: str, moment: Millis | None) -> Scene:
        """What a page shows of a world: as it is now (None), or at a moment. Raises `NoSuchMoment`."""
        if moment is None:
            return self.now
        if self._past is None:
            raise NoSuchMoment("nothing is kept of the past here")
        return await self._past.scene(world, moment)
