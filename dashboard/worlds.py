"""What is shown of worlds, whenever it is? The pictures, what lies over what, who is judged, and the views on them.

The hub keeps them as they are now, a replay as they were at a moment; how an event is taken in is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from cop.event import REAL, Event, Health, Millis
from cop.movement.engine import MATTERS, PAPERS, Engine
from cop.picture import Entity, Picture, entity
from cop.retention import expired
from dashboard.frames import View
from dashboard.history import History
from dashboard.rulebook import Rules

PASSED: Final = MATTERS - PAPERS - {"convoy"}
"""What movements pass, or hang on."""


class Worlds:
    """Pictures with their histories, views and engines. `name` is told to the views; `view` makes them."""

    def __init__(self, name: str, view: Callable[..., View] = View) -> None:
        self._name = name
        self._view = view
        self.pictures: dict[str, Picture] = {REAL: Picture()}
        self.histories: dict[str, History] = {REAL: History()}
        self.views: dict[str, View] = {}
        self.engines: dict[str, Engine] = {}
        self.rules: Rules | None = None

    # -- what is asked ------------------------------------------------------------------------------------------------

    def look(self, world: str, subject: str) -> Entity | None:
        """A subject as a view of `world` shows it: an exercise is laid over the real picture, never the other way."""
        worlds = [self.pictures[each].records(subject) for each in dict.fromkeys((world, REAL))]
        if (engine := self.engines.get(world)) is not None:
            worlds.insert(0, engine.derived.records(subject))
        return entity(subject, *worlds)

    def passing(self, world: str, subject: str) -> int | None:
        """How many movements pass a thing or hang on it; None where nothing can, or while nobody judges."""
        engine = self.engines.get(world)
        return len(engine.touched_by(subject)) if engine is not None and subject.partition(":")[0] in PASSED else None

    def entities(self, world: str) -> list[Entity]:
        """Everything that a view of `world` shows."""
        subjects = dict.fromkeys(self.pictures[world].subjects()) | dict.fromkeys(self.pictures[REAL].subjects())
        return [found for subject in subjects if (found := self.look(world, subject)) is not None]

    def worlds(self) -> list[str]:
        """The worlds that can be looked at, `real` first."""
        return sorted(self.views, key=lambda world: (world != REAL, world))

    # -- what is taken in ---------------------------------------------------------------------------------------------

    def equip(self, rules: Rules) -> None:
        """Judge the movements of every world from now on."""
        self.rules = rules
        for world in self.views:
            self._engine(world, rules)

    def _open(self, world: str) -> None:
        """Show a world: what its picture and the real one have is all new to its view."""
        self.pictures.setdefault(world, Picture())
        self.histories.setdefault(world, History())
        view = self._view(
            world, self._name, lambda subject: self.look(world, subject), lambda subject: self.passing(world, subject)
        )
        for each in dict.fromkeys((REAL, world)):
            view.touch_all(self.pictures[each].subjects())
            for event in self._health(each):
                view.touch(event)
        self.views[world] = view
        if self.rules is not None:
            self._engine(world, self.rules)

    def _engine(self, world: str, rules: Rules) -> None:
        engine = Engine(lambda subject: self.look(world, subject), rules.network, rules.ruleset, rules.circumstances)
        engine.touch_all(self.pictures[REAL].subjects())
        engine.touch_all(self.pictures[world].subjects())
        self.engines[world] = engine

    def _health(self, world: str) -> list[Event]:
        picture = self.pictures[world]
        return [
            event
            for subject in picture.subjects()
            if subject.startswith("feed:")
            for event in picture.records(subject).values()
            if isinstance(event.body, Health)
        ]

    def _fold(self, event: Event) -> bool:
        """Take an event in; whether it changed what is known, and the views on its world were told."""
        world = event.world
        if not self.pictures[world].fold(event):
            return False
        self.histories[world].keep(event)
        for view in self._views_on(world):
            view.touch(event)
            if (engine := self.engines.get(view.world)) is not None:
                engine.touch(event)
        return True

    def _views_on(self, world: str) -> Iterable[View]:
        """Those that show it; none before it is opened."""
        return self.views.values() if world == REAL else [self.views[world]] if world in self.views else []

    def _expire(self, horizon: Millis) -> None:
        """Forget what has aged out: tracks long silent, tombstones of things that nobody will mention again."""
        for world, picture in self.pictures.items():
            for subject in [s for s in picture.subjects() if expired(picture.records(s).values(), horizon)]:
                picture.forget(subject)
                self.histories[world].forget(subject)
                for view in self._views_on(world):
                    view.touch_all((subject,))
                    if (engine := self.engines.get(view.world)) is not None:
                        engine.touch_all((subject,))
