"""Which movements are in each other's way, where and when?

MOV-11 (FM 55-10 appendix E, critical time and point graph): at every shared critical point the time from the head's
due to the tail's clear, and a gap after it, must not meet that of another movement. Columns of one direction mix, and
so do those whose ways meet there; columns of opposite directions are in each other's way only on a one-way or
alternating point. Added here, since a test at points alone can't see it: a column that overtakes another between two
points. Times are ms UTC, bounds included: who is due in the minute in which another is clear is in its way.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Final, Literal, NamedTuple

import msgspec

from cop.event import Millis

MINUTE: Final = 60_000
SAME_DEG, OPPOSITE_DEG = 60.0, 120.0
"""Where the points beside it tell nothing: courses closer than the one go the same way, beyond the other against it."""

Kind = Literal["head-on", "same way", "crossing", "overtaking"]
WORSE: Final[dict[Kind, int]] = {"head-on": 3, "same way": 2, "crossing": 1, "overtaking": 0}
WORDS: Final[dict[Kind, str]] = {
    "head-on": "against each other where one lane is open",
    "same way": "the same way, the columns mix",
    "crossing": "their ways meet",
    "overtaking": "one overtakes the other on the way there",
}


class Passing(NamedTuple):
    """A movement at a critical point: the head is due, the tail clear. A column that was cut has one for each part."""

    movement: str
    key: str
    """What makes it the same point for all, as its subject or its place."""
    name: str
    lon: float
    lat: float
    due: Millis
    clear: Millis
    way: tuple[str, str] = ("", "")
    """The keys of the movement's points before and after this one, empty at its ends."""
    oneway: bool = False
    """Whether one lane is open: a one-way or alternating point. A border has two ways."""
    gap_ms: Millis = 0
    """How long after its tail nobody else is to come; the policy's gap counts where it is longer."""
    course: float | None = None
    """Degrees true; asked only where `way` doesn't tell the direction."""
    subject: str = ""
    """What stands there, as `crossing:XB10`, where that is known."""


class Conflict(msgspec.Struct, frozen=True):
    """Two movements at a point; the `first` is due there first. For an overtaking the windows are those of the leg."""

    point: str
    name: str
    lon: float
    lat: float
    first: str
    second: str
    first_window: tuple[Millis, Millis]
    second_window: tuple[Millis, Millis]
    overlap_ms: Millis
    """How long both claim the point, the gap after the first included."""
    later_ms: Millis
    """By how much later the second would be just in the way: a millisecond more, and it is not."""
    kind: Kind
    text: str
    """One line of plain words."""
    subject: str = ""
    """What stands there, where a passing told it."""

    @property
    def pair(self) -> tuple[str, str]:
        """Both movements, in order of their names."""
        return (self.first, self.second) if self.first <= self.second else (self.second, self.first)


class Group(msgspec.Struct, frozen=True):
    """One line for a staff officer: a pair in each other's way at consecutive shared points, worst kind told."""

    name: str
    """The first border among the points, else the first point."""
    pair: tuple[str, str]
    first: str
    """Who is due first at the first point, …"""
    second: str
    since: Millis
    until: Millis
    overlap_ms: Millis
    """The longest overlap at a point."""
    later_ms: Millis
    """How much later the second must be for all of its points where it comes second."""
    kind: Kind
    conflicts: tuple[Conflict, ...]
    """All of them, along the way."""
    text: str
    """One line of plain words."""


class Conflicts:
    """All conflicts among the movements told so far. An update costs what happens at the movement's own points."""

    def __init__(self, gap_min: float = 0.0) -> None:
        self._gap = round(gap_min * MINUTE)
        self._passings: dict[str, tuple[Passing, ...]] = {}
        self._points: dict[str, _Windows] = defaultdict(_Windows)
        self._legs: dict[tuple[str, str], _Windows] = defaultdict(_Windows)
        self._found: dict[str, dict[str, tuple[Conflict, ...]]] = defaultdict(dict)  # movement → other → both's

    def update(self, movement: str, passings: Iterable[Passing]) -> set[str]:
        """Take in all that the movement still has to pass, in order; the movements whose conflicts changed.

        Raises `ValueError` for another's passing, or for a tail that is clear before its head is due.
        """
        new = tuple(passings)
        for each in new:
            if each.movement != movement or each.clear < each.due:
                raise ValueError(f"{each.name}: not a passing of {movement}, or clear before due")
        old = self._passings.get(movement, ())
        if new == old:
            return set()
        self._take_out(movement, old)
        fresh: dict[str, list[Conflict]] = defaultdict(list)
        for each in new:
            for other in self._points[each.key].meeting(each, self._gap):
                _add(fresh, _meeting(each, other.head, self._gap), other.head.movement)
        for leg in _legs(new):
            for other in self._legs[leg.head.key, leg.tail.key].around(leg):
                _add(fresh, _overtaking(leg, other, self._gap), other.head.movement)
        if new:
            self._passings[movement] = new
        for each in new:
            self._points[each.key].put(_Leg(each, each, each.due, each.clear + max(self._gap, each.gap_ms)))
        for leg in _legs(new):
            self._legs[leg.head.key, leg.tail.key].put(leg)
        before = self._found.pop(movement, {})
        told = {other: tuple(sorted(found, key=_when)) for other, found in fresh.items()}
        changed = {other for other in {*before, *told} if before.get(other) != told.get(other)}
        for name in before:
            del self._found[name][movement]
        for name, found in told.items():
            self._found[movement][name] = self._found[name][movement] = found
        return changed | {movement} if changed else changed

    def remove(self, movement: str) -> set[str]:
        """Forget a movement; the others whose conflicts went with it, and itself if there were any."""
        return self.update(movement, ())

    def of(self, movement: str) -> list[Conflict]:
        """A movement's conflicts at all points, by time."""
        return sorted((each for found in self._found.get(movement, {}).values() for each in found), key=_when)

    def others(self, movement: str) -> frozenset[str]:
        """The movements that are in its way, or it in theirs."""
        return frozenset(self._found.get(movement, ()))

    def groups_of(self, movement: str) -> list[Group]:
        """A movement's conflicts, one line a pair and stretch, by time."""
        return groups(self.of(movement), self._passings)

    def all(self) -> list[Conflict]:
        """All conflicts, by time."""
        return sorted(
            (each for mine, of in self._found.items() for other, found in of.items() if mine < other for each in found),
            key=_when,
        )

    def groups(self) -> list[Group]:
        """All conflicts, one line a pair and stretch, by time."""
        return groups(self.all(), self._passings)

    def _take_out(self, movement: str, old: Sequence[Passing]) -> None:
        self._passings.pop(movement, None)
        for point in {each.key for each in old}:
            self._points[point].drop(movement)
            if not self._points[point].rows:
                del self._points[point]
        for ends in {(leg.head.key, leg.tail.key) for leg in _legs(old)}:
            self._legs[ends].drop(movement)
            if not self._legs[ends].rows:
                del self._legs[ends]


def conflicts(passings: Iterable[Passing], gap_min: float = 0.0) -> list[Conflict]:
    """All conflicts by time; each movement's passings in order of passing, the movements in any.

    A sweep along each point's times: n log n, and what is found. Raises `ValueError` for a tail clear before its head.
    """
    found = Conflicts(gap_min)
    for movement, own in _by_movement(passings).items():
        found.update(movement, own)
    return found.all()


def groups(found: Iterable[Conflict], passings: Mapping[str, Sequence[Passing]]) -> list[Group]:
    """Conflicts of a pair at consecutive shared points as one, by time. `passings`: each movement's, in order."""
    pairs: dict[tuple[str, str], list[Conflict]] = defaultdict(list)
    for each in found:
        pairs[each.pair].append(each)
    told = []
    for (one, other), own in pairs.items():
        common = {each.key for each in passings.get(other, ())}
        shared = dict.fromkeys(each.key for each in passings.get(one, ()) if each.key in common)
        places = {key: i for i, key in enumerate(shared)}
        own.sort(key=lambda each: (places.get(each.point, -1), _when(each)))
        runs = groupby(enumerate(_steps(places.get(each.point, -1) for each in own)), key=lambda step: step[1])
        told += [_group([own[i] for i, _ in run]) for _, run in runs]
    return sorted(told, key=lambda each: (each.since, each.pair, each.until))


class _Leg(NamedTuple):
    """The time of a movement at a point, `head` and `tail` being the same, or from one point to the next."""

    head: Passing
    tail: Passing
    since: Millis
    until: Millis


class _Windows:
    """Times at one point or leg, sorted by their beginning; none is longer than `longest`."""

    def __init__(self) -> None:
        self.rows: list[_Leg] = []
        self.longest = 0

    def put(self, leg: _Leg) -> None:
        insort(self.rows, leg, key=_since)
        self.longest = max(self.longest, leg.until - leg.since)

    def drop(self, movement: str) -> None:
        self.rows = [row for row in self.rows if row.head.movement != movement]

    def meeting(self, one: Passing, gap: Millis) -> Iterator[_Leg]:
        """Those whose time, gap included, meets that of `one`."""
        until = one.clear + max(gap, one.gap_ms)
        first = bisect_left(self.rows, one.due - self.longest, key=_since)
        for row in self.rows[first : bisect_right(self.rows, until, key=_since)]:
            if row.until >= one.due or row.since >= one.due:
                yield row

    def around(self, leg: _Leg) -> Iterator[_Leg]:
        """Those that begin before it and end after it, or the other way round."""
        first = bisect_left(self.rows, leg.since - self.longest, key=_since)
        for row in self.rows[first : bisect_right(self.rows, leg.until, key=_since)]:
            if (row.since < leg.since and row.until > leg.until) or (row.since > leg.since and row.until < leg.until):
                yield row


def _since(leg: _Leg) -> Millis:
    return leg.since


def _when(each: Conflict) -> tuple[Millis, str, str, str, tuple[Millis, Millis], tuple[Millis, Millis]]:
    return each.second_window[0], each.point, each.first, each.second, each.first_window, each.second_window


def _by_movement(passings: Iterable[Passing]) -> dict[str, list[Passing]]:
    found: dict[str, list[Passing]] = defaultdict(list)
    for each in passings:
        found[each.movement].append(each)
    return found


def _legs(passings: Sequence[Passing]) -> Iterator[_Leg]:
    for a, b in pairwise(passings):
        if b.due >= a.due and a.key != b.key and a.way[1] in ("", b.key):
            yield _Leg(a, b, a.due, b.due)


def _add(found: dict[str, list[Conflict]], each: Conflict | None, other: str) -> None:
    if each is not None:
        found[other].append(each)


def _meeting(one: Passing, other: Passing, gap: Millis) -> Conflict | None:
    """The conflict of two who meet at a point; None where they pass each other on two lanes."""
    first, second = sorted((one, other), key=lambda each: (each.due, each.clear, each.movement))
    direction, until = _direction(first, second), first.clear + max(gap, first.gap_ms)
    oneway = first.oneway or second.oneway
    if second.due > until or (direction == "opposite" and not oneway):
        return None
    kind: Kind = "head-on" if direction == "opposite" else "crossing" if direction == "crossing" else "same way"
    return Conflict(
        first.key,
        first.name,
        first.lon,
        first.lat,
        first.movement,
        second.movement,
        (first.due, first.clear),
        (second.due, second.clear),
        min(until, second.clear) - second.due,
        until - second.due,
        kind,
        f"{_called(first.movement)} and {_called(second.movement)} at {first.name}: {WORDS[kind]}",
        first.subject or second.subject,
    )


def _overtaking(one: _Leg, other: _Leg, gap: Millis) -> Conflict | None:
    """The conflict of two who change order between points; None where they already meet at one of its ends."""
    if _meeting(one.head, other.head, gap) or _meeting(one.tail, other.tail, gap):
        return None
    first, second = (one, other) if one.since < other.since else (other, one)
    at = first.tail
    return Conflict(
        at.key,
        at.name,
        at.lon,
        at.lat,
        first.head.movement,
        second.head.movement,
        (first.since, first.until),
        (second.since, second.until),
        second.until - second.since,
        at.clear + max(gap, at.gap_ms) - second.until,
        "overtaking",
        f"{_called(second.head.movement)} overtakes {_called(first.head.movement)} on the way to {at.name}",
        at.subject,
    )


def _direction(a: Passing, b: Passing) -> Literal["same", "opposite", "crossing"]:
    """How two ways lie to each other at their shared point: by the neighbouring points, else by their courses."""
    (came, goes), (came_too, goes_too) = a.way, b.way
    if (came and came == came_too) or (goes and goes == goes_too):
        return "same"
    if (came and came == goes_too) or (goes and goes == came_too):
        return "opposite"
    if a.course is None or b.course is None:
        return "crossing"
    turn = abs((a.course - b.course + 180) % 360 - 180)
    return "same" if turn < SAME_DEG else "opposite" if turn > OPPOSITE_DEG else "crossing"


def _steps(places: Iterable[int]) -> list[int]:
    """The same number for places that follow each other without a gap."""
    found: list[int] = []
    last: int | None = None
    for place in places:
        found.append(found[-1] + (last is not None and place - last > 1) if found else 0)
        last = place
    return found


def _group(own: list[Conflict]) -> Group:
    chief = next(
        (each for each in own if each.subject.startswith("crossing:") or "border" in each.name.lower()), own[0]
    )
    worst = max(own, key=lambda each: WORSE[each.kind]).kind
    first, second = own[0].first, own[0].second
    stretch = f" ({own[0].name} to {own[-1].name}, {len(own)} points)" if len(own) > 1 else ""
    swapped = ", and change order" if worst != "overtaking" and any(each.first != first for each in own) else ""
    return Group(
        chief.name,
        own[0].pair,
        first,
        second,
        min(each.first_window[0] for each in own),
        max(max(each.first_window[1], each.second_window[1]) for each in own),
        max(each.overlap_ms for each in own),
        max(each.later_ms for each in own if each.second == second),
        worst,
        tuple(own),
        f"{_called(first)} and {_called(second)} at {chief.name}{stretch}: {WORDS[worst]}{swapped}",
    )


def _border(each: Conflict) -> bool:
    return each.subject.startswith("crossing:") or "border" in each.name.lower()


def _called(movement: str) -> str:
    return movement.partition(":")[2] or movement
