"""How does what changed become bytes that every reader of a view can share?

A view is one world as people see it. It turns changed subjects into frames (docs/protocol.md), each encoded and
compressed once, and keeps the last of them in a ring, so that a reader is only a cursor: a slow one costs nothing, and
one that fell behind the ring gets a snapshot.
"""

from __future__ import annotations

import heapq
import itertools
import zlib
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

import msgspec

from cop.event import SEVERITY, Event, Health, Millis, Sighted, State, Status
from cop.picture import Entity
from cop.recover import Position
from layers.layer import thing

RING_FRAMES: Final = 1200
RING_BYTES: Final = 24_000_000
NOTICES: Final = 50
PLAN_MS: Final = 15_000
NEWS_MS: Final = 15 * 60_000
GZIP_HEADER: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_encode = msgspec.json.Encoder().encode


class Frame(NamedTuple):
    """One message, ready to send: as it is, and as a raw deflate block that can be joined at."""

    seq: int
    plain: bytes
    deflated: bytes


class View:
    """The frames of one world. `look` finds a subject's entity; `name` identifies this server process.

    `passed_by` says how many movements pass a thing or hang on it; None: nothing passes such a thing, or nobody judges.
    """

    def __init__(
        self,
        world: str,
        name: str,
        look: Callable[[str], Entity | None],
        passed_by: Callable[[str], int | None] = lambda subject: None,
    ) -> None:
        self.world = world
        self.name = name
        self.position: dict[str, Position] = {}
        self._look = look
        self._passed_by = passed_by
        self._passed: dict[str, int | None] = {}  # what is limited or closed → how many movements pass, as told
        self._handles: dict[str, int] = {}
        self._numbers = itertools.count(1)
        self._rows: dict[str, bytes] = {}
        self._told: dict[str, Millis] = {}  # when a thing's row last went out
        self._states: dict[str, State] = {}
        self._movers: set[str] = set()
        self._dirty: dict[str, bool] = {}  # subject → whether more than its motion changed
        self._edges: list[tuple[Millis, str]] = []  # when the clock alone will change a status
        self._edge: dict[str, Millis] = {}
        self._feeds: dict[str, dict[str, Any]] = {}
        self._feeds_changed = False
        self.desk = self._desk_told = 0  # grows with what the desk keeps
        self._new: list[dict[str, Any]] = []
        self.notices: deque[dict[str, Any]] = deque(maxlen=NOTICES)
        self.settled = False
        self._deflate = zlib.compressobj(5, zlib.DEFLATED, -15, 9)
        self.ring: deque[Frame] = deque()
        self._ring_bytes = 0
        self._seq = 0

    # -- what changed ---------------------------------------------------------------------------------------------

    def touch(self, event: Event) -> None:
        """An event changed what is known of its subject."""
        if isinstance(event.body, Health):
            self._hear(event, event.body)
            return
        motion = isinstance(event.body, Sighted)
        self._dirty[event.subject] = self._dirty.get(event.subject, False) or not motion

    def touch_all(self, subjects: Iterable[str]) -> None:
        """Look at these again, whatever changed."""
        for subject in subjects:
            self._dirty[subject] = True

    def recount(self) -> None:
        """Look again at what is limited or closed where other movements pass now than was told."""
        self.touch_all([each for each, told in self._passed.items() if self._passed_by(each) != told])

    def _hear(self, event: Event, health: Health) -> None:
        self._feeds[f"{event.world} {event.subject}"] = {
            "source": event.subject.partition(":")[2],
            "nations": list(health.nations),
            "world": event.world,
            "origin": event.origin,
            "state": health.state,
            "newest": health.newest,
            "heard": event.received,
            "stale_s": health.stale_s,
            "records": health.records,
            "rejects": health.rejects,
            "reasons": health.reasons,
            "detail": health.detail,
        }
        self._feeds_changed = True

    @property
    def feeds(self) -> list[dict[str, Any]]:
        """The feeds of this view, in the order of their names."""
        return [self._feeds[key] for key in sorted(self._feeds)]

    @property
    def pending(self) -> bool:
        """Whether a frame has something to tell."""
        return bool(self._dirty) or self._feeds_changed or self.desk != self._desk_told

    def due(self, now: Millis) -> bool:
        """Whether the clock alone has changed a status."""
        return bool(self._edges) and self._edges[0][0] <= now

    # -- frames ---------------------------------------------------------------------------------------------------

    def settle(self, now: Millis) -> None:
        """The past has been folded: from here on, a new state is news."""
        self._digest(now)
        self._new.clear()
        self.settled = True

    def frame(self, now: Millis) -> Frame:
        """The next frame: all that changed since the last one, perhaps nothing but the time."""
        return self._push(self.delta(now))

    def delta(self, now: Millis) -> bytes:
        """What the next frame says, for one reader: it is not kept in the ring."""
        put, move, drop = self._digest(now)
        parts = [b'{"k":"delta","w":', _encode(self.world), b',"now":%d' % now]
        if put:
            parts += [b',"put":[', b",".join(put), b"]"]
        if move:
            parts += [b',"move":', _encode(move)]
        if drop:
            parts += [b',"drop":', _encode(drop)]
        if self._feeds_changed:
            parts += [b',"feeds":', _encode(self.feeds)]
            self._feeds_changed = False
        if self.desk != self._desk_told:
            parts.append(b',"desk":%d' % self.desk)
            self._desk_told = self.desk
        if self._new:
            parts += [b',"notices":', _encode(self._new)]
            self.notices.extend(self._new)
            self._new = []
        parts.append(b"}")
        return b"".join(parts)

    def _push(self, data: bytes) -> Frame:
        self._seq += 1
        plain = b"id: %s\ndata: %s\n\n" % (self.id.encode(), data)
        frame = Frame(self._seq, plain, self._deflate.compress(plain) + self._deflate.flush(zlib.Z_FULL_FLUSH))
        self.ring.append(frame)
        self._ring_bytes += len(plain)
        while len(self.ring) > RING_FRAMES or self._ring_bytes > RING_BYTES:
            self._ring_bytes -= len(self.ring.popleft().plain)
        return frame

    def _digest(self, now: Millis) -> tuple[list[bytes], dict[str, list[int]], list[int]]:
        while self._edges and self._edges[0][0] <= now:
            subject = heapq.heappop(self._edges)[1]
            self._edge.pop(subject, None)
            self._dirty[subject] = True
        put: list[bytes] = []
        drop: list[int] = []
        moved: list[tuple[int, Event]] = []
        for subject, more in self._dirty.items():
            found = self._look(subject)
            handle = self._handles.get(subject)
            if found is None:
                if handle is not None:
                    drop.append(handle)
                    self._forget(subject)
                continue
            seen = found.sighted
            if not more and seen is not None and handle is not None and subject in self._movers:
                moved.append((handle, seen))
                if found.planned is None or now - self._told.get(subject, 0) < PLAN_MS:
                    continue  # its next point and lateness go with it now and then: they are part of the row
            row = self._row(found, now)
            if row is not None:
                put.append(row)
        self._dirty.clear()
        moved.sort(key=lambda pair: pair[0])  # neighbours in handle compress better
        return put, _columns(moved, now), drop

    def _row(self, found: Entity, now: Millis) -> bytes | None:
        row = thing(found, now)
        if row is None:
            return None
        subject = found.subject
        handle = self._handles.get(subject)
        if handle is None:
            handle = self._handles[subject] = next(self._numbers)
        was, state = self._states.get(subject), row["state"]
        passing = self._passed_by(subject) if SEVERITY[state] > SEVERITY["unknown"] else None
        if passing is not None:
            row["convoys"] = passing
        if self.settled and _is_news(was, state, found, now):
            self._new.append(_notice(row, was, now))
        self._states[subject] = state
        if SEVERITY[state] > SEVERITY["unknown"]:
            self._passed[subject] = passing
        else:
            self._passed.pop(subject, None)
        if found.sighted is not None:
            self._movers.add(subject)
        edge = found.next_change(now)
        if edge is not None and self._edge.get(subject) != edge:
            heapq.heappush(self._edges, (edge, subject))
            self._edge[subject] = edge
        encoded = b'{"h":%d,' % handle + _encode(row)[1:]
        self._rows[subject] = encoded
        self._told[subject] = now
        return encoded

    def _forget(self, subject: str) -> None:
        for known in (self._handles, self._rows, self._told, self._states, self._edge, self._passed):
            known.pop(subject, None)
        self._movers.discard(subject)

    # -- readers --------------------------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """The position after the newest frame: process, sequence, and the streams' own positions."""
        return ".".join([self.name, str(self._seq), *(str(self.position[w]) for w in sorted(self.position))])

    def resume(self, last: str) -> tuple[int | None, str]:
        """The sequence number to read on from, or None and the reason for a snapshot."""
        name, _, rest = last.partition(".")
        number = rest.partition(".")[0]
        if name != self.name or not number.isdecimal():
            return None, "first contact" if not last else "another server process"
        seq = int(number)
        if seq > self._seq:
            return None, "the reader is ahead of this server"
        if not self.holds(seq):
            return None, f"{self._seq - seq} frames missed, more than are kept"
        return seq, ""

    def holds(self, seq: int) -> bool:
        """Whether a reader that has everything up to `seq` can go on from the ring."""
        return seq == self._seq or (bool(self.ring) and self.ring[0].seq <= seq + 1 <= self._seq)

    def after(self, seq: int) -> list[Frame]:
        """The frames after `seq`, which the ring must hold."""
        newer = self._seq - seq
        return list(itertools.islice(self.ring, len(self.ring) - newer, None)) if newer else []

    def snapshot(self, now: Millis, why: str) -> tuple[int, bytes]:
        """Everything, as of the newest frame: its sequence number and the message."""
        return self._seq, b"id: %s\ndata: %s\n\n" % (self.id.encode(), self.whole(now, why))

    def whole(self, now: Millis, why: str) -> bytes:
        """What a snapshot says: everything that was told so far."""
        moved = sorted(
            (self._handles[subject], found.sighted)
            for subject in self._movers
            if subject in self._handles and (found := self._look(subject)) is not None and found.sighted is not None
        )
        parts = [b'{"k":"snapshot","w":', _encode(self.world), b',"now":%d,"why":' % now, _encode(why)]
        parts += [b',"put":[', b",".join(self._rows.values()), b"]"]
        parts += [b',"move":', _encode(_columns(moved, now) or _columns([], now))]
        parts += [b',"feeds":', _encode(self.feeds), b',"notices":', _encode(list(self.notices))]
        parts.append(b',"desk":%d}' % self.desk)
        return b"".join(parts)


def deflate_block(data: bytes) -> bytes:
    """A raw deflate block that ends with a full flush, to stand before the shared ones."""
    compress = zlib.compressobj(5, zlib.DEFLATED, -15, 9)
    return compress.compress(data) + compress.flush(zlib.Z_FULL_FLUSH)


def _columns(moved: list[tuple[int, Event]], now: Millis) -> dict[str, list[int]]:
    if not moved:
        return {}
    h: list[int] = []
    x: list[int] = []
    y: list[int] = []
    c: list[int] = []
    s: list[int] = []
    t: list[int] = []
    for handle, event in moved:
        body = event.body
        assert isinstance(body, Sighted)
        h.append(handle)
        x.append(round(body.lon * 100_000))
        y.append(round(body.lat * 100_000))
        c.append(-1 if body.course is None else int(body.course))
        s.append(-1 if body.speed is None else round(body.speed * 10))
        t.append(max(0, now - event.at) // 100)
    return {"h": h, "x": x, "y": y, "c": c, "s": s, "t": t}


def _is_news(was: State | None, state: State, found: Entity, now: Millis) -> bool:
    """A turn for the worse or away from it. What was true long before we first heard of it is no news."""
    if was == state or max(SEVERITY[was or "unknown"], SEVERITY[state]) <= SEVERITY["unknown"]:
        return False
    status = found.status(now)
    if was in (None, "unknown") and status is not None and isinstance(status.body, Status):
        return max(status.at, status.body.since or 0) > now - NEWS_MS
    return True


def _notice(row: dict[str, Any], was: State | None, now: Millis) -> dict[str, Any]:
    keys = ("id", "name", "state", "why", "nations", "domain", "layer", "world", "origin", "convoys")
    return {"at": now, "was": was} | {key: row[key] for key in keys if key in row}
