"""What is known about each thing, whatever the order in which it was heard?

The picture keeps, for each (subject, source, body kind), the newest event by `(at, id)`, and of the same report heard
twice the first hearing. That choice is commutative, associative and idempotent, so any shuffle, repeat or replay of the
same events folds to the same picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from cop.event import SEVERITY, Described, Event, Gone, Health, Kind, Millis, Planned, Sighted, State, Status

_KINDS: Final[dict[type, Kind]] = {
    Sighted: "sighted",
    Described: "described",
    Status: "status",
    Planned: "planned",
    Gone: "gone",
    Health: "health",
}

Records = dict[tuple[str, str], Event]
"""(source, kind) → newest event of that kind by that source."""


class Picture:
    """A mutable fold. `fold` costs the same whatever the picture's size."""

    def __init__(self) -> None:
        self._things: dict[str, Records] = {}

    def fold(self, event: Event) -> bool:
        """Take one event in; True when it changed what is known."""
        records = self._things.get(event.subject)
        if records is None:
            self._things[event.subject] = {(event.source, _KINDS[type(event.body)]): event}
            return True
        key = (event.source, _KINDS[type(event.body)])
        known = records.get(key)
        if known is not None and (known.at, known.id, -known.received) >= (event.at, event.id, -event.received):
            return False
        records[key] = event
        return True

    def forget(self, subject: str) -> None:
        """Drop a subject altogether (retention); unlike `Gone` this leaves no tombstone."""
        self._things.pop(subject, None)

    def records(self, subject: str) -> Records:
        """All newest events of a subject, tombstones included; empty for a stranger."""
        return self._things.get(subject, {})

    def entity(self, subject: str) -> Entity | None:
        """What is left of a subject after its tombstones; None when nothing is."""
        return entity(subject, self.records(subject))

    def subjects(self) -> Iterator[str]:
        """Every subject ever heard of and not forgotten, the withdrawn included."""
        return iter(self._things)

    def entities(self) -> Iterator[Entity]:
        """Every thing that is there now."""
        for subject, records in self._things.items():
            found = entity(subject, records)
            if found is not None:
                yield found

    def __len__(self) -> int:
        return len(self._things)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Picture) and self._things == other._things

    __hash__ = None  # type: ignore[assignment]


class Entity:
    """One thing as all its sources tell it. Conflicting reports stay side by side in `events`, best first."""

    __slots__ = ("events", "subject")

    def __init__(self, subject: str, events: tuple[Event, ...]) -> None:
        self.subject = subject
        self.events = events

    @property
    def kind(self) -> str:
        """The subject's kind: `bridge` for `bridge:B03`."""
        return self.subject.partition(":")[0]

    def best(self, body: type) -> Event | None:
        """The event of that body type which counts: exercise before real, then the newest."""
        return next((e for e in self.events if type(e.body) is body), None)

    @property
    def sighted(self) -> Event | None:
        return self.best(Sighted)

    @property
    def described(self) -> Event | None:
        return self.best(Described)

    @property
    def planned(self) -> Event | None:
        return self.best(Planned)

    @property
    def position(self) -> tuple[float, float] | None:
        """(lon, lat): where it was last seen, else where it stands, else None: listed and not drawn."""
        if (seen := self.sighted) is not None and isinstance(seen.body, Sighted):
            return seen.body.lon, seen.body.lat
        for told in self.events:
            if isinstance(told.body, Described) and told.body.lon is not None and told.body.lat is not None:
                return told.body.lon, told.body.lat
        return None

    def status(self, now: Millis) -> Event | None:
        """The status that counts at `now`, or None when nobody says anything that holds now.

        Of those in force an injected one overrides the others: it is what an exercise wants to be so. Else who knows
        goes before who says `unknown`, and of those who know the worst counts, then the newest: two sources that
        disagree about a bridge don't make it passable, and the other report stays beside it. A source takes its own
        word back by a newer one. No report is turned into `open` here.
        """
        held = [e for e in self.events if isinstance(e.body, Status) and in_force(e.body, now)]
        injected = [e for e in held if e.origin == "injected"]
        if injected:
            return max(injected, key=lambda e: (_severity(e), e.at, e.id))
        return max(held, key=lambda e: (_known(e), _severity(e), e.at, e.id), default=None)

    def state(self, now: Millis) -> State:
        """The state at `now`; `unknown` when no status holds."""
        event = self.status(now)
        return event.body.state if event is not None and isinstance(event.body, Status) else "unknown"

    def next_change(self, now: Millis) -> Millis | None:
        """When, after `now`, the clock alone will change the status: the next `since` or `until`."""
        edges = [
            edge
            for e in self.events
            if isinstance(e.body, Status)
            for edge in (e.body.since, e.body.until)
            if edge is not None and edge > now
        ]
        return min(edges, default=None)

    @property
    def newest(self) -> Event:
        """The newest thing anybody said about it."""
        return max(self.events, key=lambda e: (e.at, e.id))


def entity(subject: str, *worlds: Records) -> Entity | None:
    """Join the records of one subject in several worlds, the overriding world first; None when nothing is left."""
    live: list[Event] = []
    for records in worlds:
        found = [e for (source, _), e in records.items() if _alive(e, records.get((source, "gone")))]
        found.sort(key=lambda e: (e.at, e.id), reverse=True)
        live.extend(found)
    return Entity(subject, tuple(live)) if live else None


def in_force(status: Status, now: Millis) -> bool:
    """Whether the status holds at `now`: since ≤ now < until, an absent bound being open."""
    return (status.since is None or status.since <= now) and (status.until is None or now < status.until)


def fold(events: Iterable[Event]) -> Picture:
    """The picture of these events."""
    picture = Picture()
    for event in events:
        picture.fold(event)
    return picture


def _known(event: Event) -> bool:
    return isinstance(event.body, Status) and event.body.state != "unknown"


def _severity(event: Event) -> int:
    return SEVERITY[event.body.state] if isinstance(event.body, Status) else 0


def _alive(event: Event, gone: Event | None) -> bool:
    if isinstance(event.body, Gone):
        return False
    return gone is None or (event.at, event.id) > (gone.at, gone.id)


def standing(entity: Entity, now: Millis) -> list[Event]:
    """The statuses that hold at `now`, the one that counts first; injected ones leave no room for others."""
    chief = entity.status(now)
    if chief is None:
        return []
    held = (e for e in entity.events if isinstance(e.body, Status) and in_force(e.body, now))
    return [chief, *(e for e in held if e is not chief and (e.origin == "injected" or chief.origin != "injected"))]
