"""What changed in a world? A view that makes no frames: it takes down what was and what is, for the journal.

It looks at the same things as a page's view and is told of the same events, so that the journal has what pages showed.
What moved is left out. When it begins, it compares what is with what the journal last said, so that what changed while
nobody watched is told, once; and a status that came and went meanwhile is told from its own event.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from typing import Final

from cop.desk import Changed, Desk, What
from cop.event import Described, Event, Health, Millis, Sighted, Status
from cop.picture import Entity
from dashboard.frames import Frame, View
from layers.fields import ALL_LIMITS
from layers.layer import Layer, by_kind, thing

GONE: Final = "gone"
QUIET: Final = frozenset({"", GONE, "unknown"})
"""What is no news of a thing of which nothing was ever said."""
TRACKS: Final = frozenset({"vessel", "aircraft"})
"""Kinds of things by the thousand that only move."""
JUDGED: Final = frozenset({"convoy", "clearance"})
"""Kinds of things whose state the rules make: it is known only when all is folded."""
NOTHING: Final = Frame(0, b"", b"")


class Witness(View):
    """The changes of one world. `told` is what its journal has; `since` when it last had a word, None for a new one."""

    def __init__(
        self,
        world: str,
        name: str,
        look: Callable[[str], Entity | None],
        told: Desk,
        since: Millis | None,
        idle: Callable[[Millis], bool],
    ) -> None:
        super().__init__(world, name, look)
        self.said: dict[tuple[What, str], str] = {key: value for key, (_, value) in told.said.items()}  # type: ignore[misc]
        self.new = not self.said
        self.closed: set[str] = set()
        self.crossings: set[str] = set()
        self.health: dict[str, Event] = {}
        self._latest = max((at for at, _ in told.said.values()), default=0)
        self._since = max(since or 0, self._latest) if self.said else None
        self._idle = idle
        self._bare: dict[str, str] | None = None  # before all is folded: the states as the sources alone tell them
        self._entries: list[Changed] = []

    def take(self) -> list[Changed]:
        """What changed since it was last asked."""
        found, self._entries = self._entries, []
        return found

    # -- what the hub tells -------------------------------------------------------------------------------------------

    def touch(self, event: Event) -> None:
        if isinstance(event.body, Health):
            self._hear_of(event)
        elif not isinstance(event.body, Sighted):
            self._dirty[event.subject] = True
            if not self.settled and self._since is not None and isinstance(event.body, Status):
                self._replay(event, self._since)

    def touch_all(self, subjects: Iterable[str]) -> None:
        self._dirty.update((each, True) for each in subjects if each.partition(":")[0] not in TRACKS)

    def recount(self) -> None:
        """Nobody is told how many pass a thing."""

    def settle(self, now: Millis) -> None:
        """All is folded; once the engine has judged all, compare with what the journal last said."""
        if not self._idle(now):
            return
        self._bare = None
        self._dirty.update((subject, True) for what, subject in self.said if what != "feed")
        self.settled = True
        dirty, self._dirty = self._dirty, {}
        for subject in dirty:
            self._compare(subject, now)
        for subject in self.health:
            self._compare_feed(subject, now)
        if self.new:
            self._entries.clear()  # how all stood when the journal began

    def frame(self, now: Millis) -> Frame:
        """Take down what changed."""
        if not self.settled:
            return NOTHING
        while self._edges and self._edges[0][0] <= now:
            subject = heapq.heappop(self._edges)[1]
            self._edge.pop(subject, None)
            self._dirty[subject] = True
        dirty, self._dirty = self._dirty, {}
        for subject in dirty:
            self._compare(subject, now)
        if self._feeds_changed:
            self._feeds_changed = False
            for subject in self.health:
                self._compare_feed(subject, now)
        return NOTHING

    # -- what is taken down -------------------------------------------------------------------------------------------

    def _compare(self, subject: str, now: Millis) -> None:
        layer = by_kind().get(subject.partition(":")[0])
        if layer is None or subject.partition(":")[0] in TRACKS:
            return
        found = self._look(subject)
        state, limit = (GONE, "") if found is None else (state_of(found, now), limits_of(found, now))
        (self.closed.add if state == "closed" else self.closed.discard)(subject)
        if layer.name == "crossings":
            (self.crossings.discard if found is None else self.crossings.add)(subject)
        edge = found.next_change(now) if found is not None else None
        if edge is not None and self._edge.get(subject) != edge:
            heapq.heappush(self._edges, (edge, subject))
            self._edge[subject] = edge
        self._say("state", subject, state, found, layer, now)
        self._say("limit", subject, limit, found, layer, now)

    def _say(
        self,
        what: What,
        subject: str,
        value: str,
        found: Entity | None,
        layer: Layer,
        now: Millis,
        happened: Millis | None = None,
    ) -> None:
        was = self.said.get((what, subject), "")
        if value == was or (was == "" and value in QUIET):
            return
        self.said[what, subject] = value
        row = thing(found, now) if found is not None else None
        status = found.status(now) if found is not None else None
        cell = ALL_LIMITS.value(found, now) if what == "limit" and found is not None else None
        chief = (cell.said if cell is not None else None) or status or (found.newest if found is not None else None)
        self._keep(
            Changed(
                at=self._at(now),
                id=subject,
                what=what,
                was=was,
                now=value,
                name=row["name"] if row else subject.partition(":")[2],
                layer=layer.name,
                domain=layer.domain,
                nations=tuple(row["nations"]) if row else (),
                why=_why(what, status if what == "state" else chief, found),
                origin=chief.origin if chief is not None else "",
                source=chief.source if chief is not None else "",
                happened=happened,
            )
        )

    def _keep(self, change: Changed) -> None:
        self._entries.append(change)

    def _at(self, now: Millis) -> Millis:
        """Now, and after all that was told before: two changes of a thing are never of one moment."""
        self._latest = max(now, self._latest + 1) if now <= self._latest else now
        return self._latest

    def _hear_of(self, event: Event) -> None:
        known = self.health.get(event.subject)
        if known is not None and known.world == self.world != event.world:
            return  # an exercise's own feed hides a real one of the same name
        self.health[event.subject] = event
        self._feeds_changed = True

    def _compare_feed(self, subject: str, now: Millis) -> None:
        event = self.health[subject]
        body = event.body
        assert isinstance(body, Health)
        was = self.said.get(("feed", subject), "")
        if body.state == was:
            return
        self.said["feed", subject] = body.state
        name = subject.partition(":")[2]
        self._keep(
            Changed(
                at=self._at(now), id=subject, what="feed", was=was, now=body.state, name=name, nations=body.nations,
                why=body.detail, origin=event.origin, source=name,
            )
        )  # fmt: skip

    # -- what came and went while nobody watched ----------------------------------------------------------------------

    def _replay(self, event: Event, since: Millis) -> None:
        subject = event.subject
        kind = subject.partition(":")[0]
        if kind in JUDGED or kind in TRACKS or kind not in by_kind():
            return
        if event.received <= since:
            if self._bare is not None:
                self._bare[subject] = self._alone(subject, event.received)
            return
        if self._bare is None:
            self._bare = {each: self.said.get(("state", each), "") for each in self._dirty}
        found = self._look(subject)
        state = GONE if found is None else found.state(event.received)
        was = self._bare.get(subject, self.said.get(("state", subject), ""))
        self._bare[subject] = state
        if state != was:
            self._say("state", subject, state, found, by_kind()[kind], event.received, event.received)

    def _alone(self, subject: str, at: Millis) -> str:
        found = self._look(subject)
        return GONE if found is None else found.state(at)


def state_of(found: Entity, now: Millis) -> str:
    """A thing's state; of a movement its verdict, which tells more."""
    if found.kind == "convoy":
        for said in found.events:
            if isinstance(said.body, Described) and (verdict := said.body.properties.get("verdict")):
                return str(verdict)
    return found.state(now)


def limits_of(found: Entity, now: Millis) -> str:
    """Every limit of a thing in one line, the temporary ones first; empty without any."""
    cell = ALL_LIMITS.value(found, now)
    return "" if cell is None else str(cell.value)


def _why(what: What, chief: Event | None, found: Entity | None) -> str:
    if found is None:
        return "withdrawn or aged out"
    if what == "state" and chief is None:
        return "nobody says anything that still holds"
    return chief.body.reason if chief is not None and isinstance(chief.body, Status) else ""
