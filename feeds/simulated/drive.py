"""How does a simulated column drive when something holds it up? Each march unit by the picture's own forecast.

Minutes are exercise minutes from STARTEX, as in the march table. A column that nothing holds up needs no more than its
head's way through time; one that met something keeps the corners of each unit's. What a unit has driven stays as it
was: a hold that comes or goes changes only what is still to come.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import pairwise
from typing import Final, NamedTuple
from zlib import crc32

import msgspec

from cop.movement.forecast import MINUTE, Hold, Leg, Seen, Stop, forecast

CUT_MIN: Final = 5.0
"""Units that are farther apart than planned by this march as elements of their own."""
SAME_MIN: Final = 1e-4
"""Forecasts count whole milliseconds: corners that differ by less are the same."""
APART_KM: Final = 0.001
"""Holds at the same place lie within a metre of each other, each where its name puts it: a unit that has one of them
behind it does not meet that one again."""
NOW_MIN: Final = 1e-9
ROUNDS: Final = 16
"""How often columns are driven at most until their turns at a crossing agree; each round settles later ones."""
EVER: Final = -(10**12)
"""An exercise time before every exercise, ms."""
_HALT: Final = ("halt", "planned halt")
FIRST_HALT: Final = (60.0, 15.0)
LATER_HALTS: Final = (120.0, 10.0)
"""After so many minutes of driving a halt of so many minutes: the first, and each later one (MOV-09, from memory)."""
Track = tuple[Stop, ...]
Key = tuple[str, str]
"""What a unit waits for: subject and source of the hold."""


class At(NamedTuple):
    """Where a unit is: road km, km a minute, and what it waits for with the minute of leaving."""

    km: float
    pace: float
    waits: Key = ("", "")
    leaves: float = 0.0


class Halt(NamedTuple):
    """A planned stop: where, and how many minutes."""

    km: float
    minutes: float


class Column(msgspec.Struct, frozen=True):
    """A column on its way: its plan, the ways of its units so far, and what stands there from `minute` on."""

    km: tuple[float, ...]
    moving: tuple[float, ...]
    """At each point of the plan the minute at which the head would pass it without halts."""
    tracks: tuple[Track, ...]
    holds: tuple[Hold, ...]
    """Their times are ms of this column's own exercise time; planned halts are among them."""
    minute: float
    length: float
    """How long a unit takes to pass a point, minutes."""
    shift: float = 0.0
    """By how many minutes its own time is behind that of the columns with which it shares the road."""


def halted(driven_min: float) -> float:
    """The minutes of halts in so many minutes of driving: MOV-09 (halt values from memory)."""
    if driven_min < FIRST_HALT[0]:
        return 0.0
    return FIRST_HALT[1] + math.floor((driven_min - FIRST_HALT[0]) / LATER_HALTS[0]) * LATER_HALTS[1]


def halts_on(km: Sequence[float], drive: Sequence[float]) -> tuple[Halt, ...]:
    """Where the head halts: at the place that it reaches after so many minutes of driving by its plan."""
    found: list[Halt] = []
    after, minutes = FIRST_HALT
    while after <= drive[-1]:
        leg = max(1, bisect_left(drive, after))
        part = (after - drive[leg - 1]) / (drive[leg] - drive[leg - 1])
        found.append(Halt(min(km[leg], km[leg - 1] + part * (km[leg] - km[leg - 1])), minutes))
        after, minutes = after + LATER_HALTS[0], LATER_HALTS[1]
    return tuple(found)


def moving(km: Sequence[float], passes: Sequence[float], halts: Sequence[Halt]) -> tuple[float, ...]:
    """When the head would pass each point without its halts."""
    return tuple(at - sum(halt.minutes for halt in halts if halt.km <= k) for k, at in zip(km, passes, strict=True))


def undisturbed(km: Sequence[float], passes: Sequence[float], halts: Sequence[Halt] = ()) -> Track:
    """The head's way through time when nothing holds it up, minutes: it stands at its halts. They are in order."""
    way: list[Stop] = []
    due, lost, n = moving(km, passes, halts), 0.0, 0
    for to, at in zip(km, passes, strict=True):
        while n < len(halts) and halts[n].km <= to:
            stand = _between(km, due, halts[n].km) + lost
            lost += halts[n].minutes
            way += [Stop(stand, halts[n].km), Stop(stand + halts[n].minutes, halts[n].km, (_HALT[0], str(n)))]
            n += 1
        way.append(Stop(at, to))
    return tuple(way)


def resting(halts: Sequence[Halt]) -> tuple[Hold, ...]:
    """The halts as holds, for a column that is driven anew."""
    return tuple(
        Hold(halt.km, *_HALT, "planned halt", EVER, delay_min=halt.minutes, source=str(n))
        for n, halt in enumerate(halts)
    )


def behind(track: Track, minutes: float) -> Track:
    """The way of a unit that follows so many minutes behind."""
    return tuple(Stop(at + minutes, km, hold) for at, km, hold in track)


def where(track: Track, minute: float) -> At:
    """Where a unit with that way is; it waits at its start and stands at its end.

    In a corner it is still on what it comes from, so that nothing of the present hangs on what is to come.
    """
    i = bisect_left(track, minute, key=_at)
    if i == 0:
        return At(track[0].km, 0.0)
    if i == len(track):
        return At(track[-1].km, 0.0)
    a, b = track[i - 1], track[i]
    if b.km <= a.km or math.isinf(b.at):
        return At(a.km, 0.0, b.hold, b.at)
    pace = (b.km - a.km) / (b.at - a.at)
    return At(b.km if minute == b.at else min(b.km, a.km + (minute - a.at) * pace), pace)


def column(tracks: Sequence[Track], minute: float, length: float) -> tuple[float, float]:
    """The road km of the first and of the last vehicle; each unit takes `length` minutes to pass a point."""
    return where(tracks[0], minute).km, where(tracks[-1], minute - length).km


def reaches(track: Track, km: float) -> float:
    """The minute at which a unit comes to that kilometre; infinite when it never does."""
    i = bisect_left(track, km, key=_km)
    if i == len(track):
        return math.inf
    return track[i].at if i == 0 or track[i].km == km else _crossing(track[i - 1], track[i], km)


def leaves(track: Track, km: float) -> float:
    """The minute at which a unit has that kilometre behind it; at its end the last of its way."""
    i = bisect_right(track, km, key=_km)
    if i == 0:
        return track[0].at
    return track[i - 1].at if i == len(track) or track[i - 1].km == km else _crossing(track[i - 1], track[i], km)


def elements(
    tracks: Sequence[Track], minute: float, length: float, km: Sequence[float], moving: Sequence[float]
) -> list[int]:
    """The first units of the elements into which the column is cut now, the head's (0) first.

    Units are cut apart when the plan takes more than `CUT_MIN` longer between their places than between units.
    """
    cuts = [0]
    here = where(tracks[0], minute).km
    for unit in range(1, len(tracks)):
        before, here = here, where(tracks[unit], minute).km
        if _between(km, moving, before) - _between(km, moving, here) - length > CUT_MIN:
            cuts.append(unit)
    return cuts


def sharing(touched: Iterable[str], held: Mapping[str, Sequence[Hold]]) -> Iterator[list[str]]:
    """The touched convoys and all that wait where they do, those together that may wait for each other."""
    places: dict[Key, list[str]] = {}
    for key, holds in held.items():
        for hold in holds:
            if hold.processing_min:
                places.setdefault((hold.subject, hold.source), []).append(key)
    left, known = sorted(touched), set[str]()
    for start in left:
        group, new = set[str](), {start} - known
        while new:
            group |= new
            at = {(hold.subject, hold.source) for key in new for hold in held.get(key, ()) if hold.processing_min}
            new = {key for place in at for key in places[place]} - group
        known |= group
        if group:
            yield sorted(group)


def apart(hold: Hold, km: float, end: float) -> float:
    """The kilometre at which a hold is met that stands at that one; `end` is that of the way."""
    off = crc32(f"{hold.subject} {hold.source}".encode()) / 2**32 * APART_KM
    return km + off if km + off < end else max(0.0, km - off)


def own_place(hold: Hold, head: Track, minute: float, end: float) -> float:
    """Where the convoy's own hold is: where it stands for it already, else where it will be when that begins."""
    for before, stop in pairwise(head):
        if stop.hold == (hold.subject, hold.source) and hold.since / MINUTE - 1e-3 <= before.at <= minute:
            return stop.km
    return apart(hold, where(head, max(minute, hold.since / MINUTE)).km, end)


class Turns(dict[Key, float]):
    """One column's turns where units are served one after the other, as its forecast asks for them and tells of them.

    `free`: for each of its units in order, until when those who came before it keep the place busy, ms. The forecast
    asks with `get` when a unit comes, and says with `[]` until when it stands there.
    """

    def __init__(self, free: Mapping[Key, Sequence[float]]) -> None:
        super().__init__()
        self._free = free
        self.visits: dict[Key, list[tuple[float, float, float]]] = {}
        """For each of its units in order: when it came, when its turn was, and when it left, ms."""

    def get(self, key: Key, came: float) -> float:  # type: ignore[override]
        visits, others = self.visits.setdefault(key, []), self._free.get(key, ())
        own = visits[-1][2] if visits else -math.inf
        turn = max(came, own, others[len(visits)] if len(visits) < len(others) else -math.inf)
        visits.append((came, turn, turn))
        return turn

    def __setitem__(self, key: Key, left: float) -> None:
        came, turn, _ = self.visits[key][-1]
        self.visits[key][-1] = (came, turn, left)


def together(columns: Sequence[Column]) -> list[tuple[Track, ...]]:
    """The ways of columns that may wait for the same processing: whose unit comes first is served first.

    They are driven again until the turns agree with the arrivals that they lead to; what comes of it depends on
    nothing but the columns and their order, which counts for units that come in the same millisecond.
    """
    free: list[dict[Key, list[float]]] = [{} for _ in columns]
    for _ in range(ROUNDS):
        turns = [Turns(each) for each in free]
        found = [driven(each, turn) for each, turn in zip(columns, turns, strict=True)]
        known, free = free, _turns(columns, turns)
        if len(columns) == 1 or free == known:
            break
    return found


def _turns(columns: Sequence[Column], turns: Sequence[Turns]) -> list[dict[Key, list[float]]]:
    """For each column and unit until when the others before it keep each place busy, when they come as they did."""
    free: list[dict[Key, list[float]]] = [{} for _ in columns]
    queues: dict[Key, list[tuple[float, int, int, float, float]]] = {}
    for i, (each, turn) in enumerate(zip(columns, turns, strict=True)):
        for key, visits in turn.visits.items():
            free[i][key] = [-math.inf] * len(visits)
            for n, (came, began, left) in enumerate(visits):
                at = min(came, _stood(each, key, n - len(visits))) + each.shift * MINUTE
                takes = left - began if math.isfinite(began) else 0.0
                queues.setdefault(key, []).append((at, i, n, came + each.shift * MINUTE, takes))
    for key, queue in queues.items():
        busy = -math.inf
        for _, i, n, came, takes in sorted(queue):
            free[i][key][n] = busy - columns[i].shift * MINUTE
            busy = max(came, busy) + takes
    return free


def _stood(column: Column, key: Key, unit: int) -> float:
    """Since when a unit (counted from the tail) stands at that hold, ms; infinite unless it stands there."""
    if -unit > len(column.tracks):
        return math.inf
    here = where(column.tracks[unit], column.minute)
    return reaches(column.tracks[unit], here.km) * MINUTE if here.waits == key else math.inf


def driven(column: Column, queue: dict[Key, float] | None = None) -> tuple[Track, ...]:
    """Each unit's way when from `column.minute` on its holds are what stands on it.

    The forecast lets nobody overtake at the ends of legs, so that each hold is made one: who waits is not passed by.
    """
    minute, tracks = column.minute, column.tracks
    extra = {hold.km for hold in column.holds if column.km[0] < hold.km < column.km[-1]} - set(column.km)
    kms = sorted({*column.km, *extra})
    legs = [Leg(km, round(_between(column.km, column.moving, km) * MINUTE)) for km in kms]
    seen = [_seen(track, column, kms) for track in tracks]
    pass_min = column.length * len(tracks)
    told = forecast(legs, column.holds, units=len(tracks), pass_min=pass_min, seen=seen, queue=queue, tracks=True)
    found: list[Track] = []
    for track, ahead in zip(tracks, told.tracks, strict=True):
        since = minute + NOW_MIN if minute >= track[0].at else -math.inf
        rest = [Stop(stop.at / MINUTE, stop.km, stop.hold) for stop in ahead if stop.at / MINUTE > since]
        found.append(_joined(track, minute, _corners(rest, extra, where(track, minute), minute)))
    return tuple(found)


def _corners(stops: Sequence[Stop], extra: Set[float], here: At, minute: float) -> list[Stop]:
    """The stops that matter: who waits on behind the unit ahead waits for the same, and `extra` places may be none."""
    found: list[Stop] = []
    for i, stop in enumerate(stops):
        before = found[-1] if found else Stop(minute, here.km)
        if found and stop.km == before.km and before.hold[0] and not stop.hold[0]:
            found[-1] = Stop(stop.at, stop.km, before.hold)
            continue
        after = stops[i + 1] if stop.km in extra and not stop.hold[0] and i + 1 < len(stops) else None
        if not (found and stop == before) and (after is None or not _even(before, stop, after)):
            found.append(stop)
    return found


def _even(a: Stop, b: Stop, c: Stop) -> bool:
    """Whether b lies on the straight way from a to c."""
    if not a.km < b.km < c.km or math.isinf(c.at):
        return False
    return abs(_crossing(a, c, b.km) - b.at) < SAME_MIN


def _joined(track: Track, minute: float, rest: Sequence[Stop]) -> Track:
    """What was driven, and from there on the rest; the same track when nothing of it changed."""
    cut = bisect_right(track, minute, key=_at)
    if _alike(track[cut:], rest):
        return track
    past = track[:cut]
    if not past:
        return tuple(rest)
    here = where(track, minute)
    if past[-1].at == minute:
        return (*past, *rest)
    if not here.pace and rest and rest[0].km == here.km and rest[0].hold == here.waits:
        return (*past, *rest)  # it goes on waiting for the same
    return (*past, Stop(minute, here.km, here.waits), *rest)


def _alike(a: Sequence[Stop], b: Sequence[Stop]) -> bool:
    return len(a) == len(b) and all(
        x.hold == y.hold and abs(x.km - y.km) < SAME_MIN and (x.at == y.at or abs(x.at - y.at) < SAME_MIN)
        for x, y in zip(a, b, strict=True)
    )


def _seen(track: Track, column: Column, kms: Sequence[float]) -> Seen | None:
    """What is known of a unit at that minute; None before it has set out."""
    minute = column.minute
    if minute < track[0].at:
        return None
    here = where(track, minute)
    passed: list[float] = []
    for km in kms:
        if km > here.km or (km == here.km and km != kms[-1]):
            break  # it may have to wait here, and at the end for nothing
        passed.append(min(leaves(track, km), minute) * MINUTE)
    if not any(_begun(hold, here, minute) for hold in column.holds):
        return Seen(passed, here.km, minute * MINUTE)
    return Seen(passed, here.km, minute * MINUTE, here.waits, here.leaves * MINUTE)


def _begun(hold: Hold, here: At, minute: float) -> bool:
    """Whether the unit stands there for the hold's own minutes, which don't begin again.

    Who waits for the end of a closure or for its turn hasn't begun: for it counts what the hold says now.
    """
    if (hold.subject, hold.source) != here.waits or hold.km != here.km:
        return False
    return here.leaves - minute <= hold.delay_min + hold.processing_min + SAME_MIN


def _crossing(a: Stop, b: Stop, km: float) -> float:
    return a.at if math.isinf(a.at) else a.at + (b.at - a.at) * (km - a.km) / (b.km - a.km)


def _between(km: Sequence[float], at: Sequence[float], where: float) -> float:
    """The plan's minute at a kilometre, held at its ends."""
    i = bisect_right(km, where)
    if i == 0:
        return at[0]
    if i == len(km):
        return at[-1]
    return at[i - 1] + (at[i] - at[i - 1]) * (where - km[i - 1]) / (km[i] - km[i - 1])


def _at(stop: Stop) -> float:
    return stop.at


def _km(stop: Stop) -> float:
    return stop.km
