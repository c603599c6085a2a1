"""What is there, what was withdrawn and what was corrected, as one payload after the other tells it?

The memory of a feed whose payloads are documents. It asks no clock: when a payload was heard comes with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from cop.event import Event, FeedState, Gone, Millis, kind
from feeds.adapter import Reject

SUSPICIOUS: Final = 10
"""From so many things to none in one payload is more likely a fault of the feed than the end of all of them."""
REMEMBERED: Final = 200_000
"""Reports whose correction would be noticed."""


class Known(NamedTuple):
    """What a complete feed's things are: when each that is there was last told of, and when the others went."""

    there: Mapping[str, Millis]
    gone: Mapping[str, Millis]


class Verdict(NamedTuple):
    """What to think of a whole payload, and which things it withdraws: subject → at what time."""

    state: FeedState
    detail: str = ""
    withdrawn: Mapping[str, Millis] = {}


class _Said(NamedTuple):
    """A report of a document: its id, the source's time, and the time under which it was told."""

    id: str
    at: Millis
    told: Millis


class Snapshots:
    """Payloads are added in parts and judged when they are whole. `complete`: each is the whole state."""

    def __init__(self, known: Known | None = None, *, complete: bool) -> None:
        self._complete = complete
        self._known = dict(known.there) if known else {}
        self._gone = dict(known.gone) if known else {}
        self._there: dict[str, Millis] = {}  # in the parts of this payload
        self._unread: list[Reject] = []
        self._payloads = 0
        self._seen_in: dict[str, int] = {}  # subject → the payload that had it last
        self._marks: dict[int, int] = {}  # what could not be read → the payload that had it first
        self._said: dict[tuple[str, str], _Said] = {}

    def corrected(self, said: Event, at: Millis) -> Millis:
        """The time of a document's report, which is to be told at `at`. One that differs from the last under the same
        time corrects it: it is told as a millisecond newer, for the picture can't tell which of the two came last."""
        key = said.subject, kind(said.body)
        last = self._said.get(key)
        if last is not None and last.at == said.at:
            at = last.told + (last.id != said.id)
        if len(self._said) > REMEMBERED:
            self._said.clear()
        self._said[key] = _Said(said.id, said.at, at)
        return at

    def returned(self, said: Event, at: Millis) -> Millis:
        """The time of a report, newer than the going of a thing that is back."""
        if said.subject in self._gone and not isinstance(said.body, Gone):
            return max(at, self._gone[said.subject] + 1)
        return at

    def add(self, taken: Iterable[Event], rejects: Iterable[Reject]) -> None:
        """A part of a payload: what it tells, at the times under which it was told, and what could not be read."""
        for said in taken:
            if not isinstance(said.body, Gone):
                self._there[said.subject] = max(said.at, self._there.get(said.subject, 0))
        self._unread += rejects

    def drop(self) -> None:
        """The payload was cut short: what came of it is no payload."""
        self._there, self._unread = {}, []

    def judge(self, heard: Millis) -> Verdict:
        """The payload is whole. What the last one had and a complete one hasn't has been withdrawn when it was heard.

        What can't be read now may be what is missing, unless it could not be read when that was still there: so long a
        missing thing is kept.
        """
        there, unread = self._there, self._unread
        self.drop()
        if unread and not there:
            return Verdict("failed", f"nothing in it could be read: {unread[0].reason}")
        if not self._complete:
            return Verdict("ok")
        self._payloads += 1
        self._marks = {mark: self._marks.get(mark, self._payloads) for mark in map(mark_of, unread)}
        self._seen_in |= dict.fromkeys(there, self._payloads)
        if not there and len(self._known) >= SUSPICIOUS:
            return Verdict("late", f"suspiciously empty: {len(self._known)} things are kept")
        newest = max(self._marks.values(), default=0)
        missing = self._known.keys() - there.keys()
        hidden = {subject for subject in missing if self._seen_in.get(subject, 0) < newest}
        withdrawn = {subject: max(heard, self._known[subject] + 1) for subject in sorted(missing - hidden)}
        self._gone |= withdrawn
        for subject in withdrawn:
            self._seen_in.pop(subject, None)
        self._known = there | {subject: self._known[subject] for subject in hidden}
        kept = f"some records could not be read: {len(hidden)} missing things are kept" if hidden else ""
        return Verdict("ok", kept, withdrawn)


def mark_of(rejected: Reject) -> int:
    """The same for a record that is rejected again for the same reason."""
    return hash((rejected.reason, rejected.raw))
