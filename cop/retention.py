"""What may be forgotten, and what must be carried forward when the stream is cut?

A stream is kept by age and by count, but a bridge described once at start-up must outlive any retention. Because the
order of events doesn't matter (see `cop.picture`), an event that still counts can simply be appended again before its
old place is cut off: the fold is the same, and the stream stays bounded by what is known plus what is recent.
"""

from __future__ import annotations

from collections.abc import Iterable

from cop.event import Event, Gone, Millis, Sighted, Status
from cop.picture import Picture


def expired(events: Iterable[Event], horizon: Millis) -> bool:
    """Whether a subject can be forgotten: all is older than the horizon, and it moved or was withdrawn.

    Fixed things that were described and never withdrawn do not expire; nor does a status without an end.
    """
    seen = list(events)
    if not seen or any(e.at > horizon or e.received > horizon for e in seen):
        return False
    return any(isinstance(e.body, Sighted | Gone) for e in seen)


def carried(picture: Picture, leaving: Iterable[Event], now: Millis, horizon: Millis) -> list[Event]:
    """Of the events that are about to be cut off, those that still count, in the order given.

    An event counts when it is still the newest of its key, its subject has not expired, and (a status) it has not
    ended before the horizon.
    """
    kept: list[Event] = []
    for event in leaving:
        records = picture.records(event.subject)
        if event not in records.values() or expired(records.values(), horizon):
            continue
        if isinstance(event.body, Status) and event.body.until is not None and event.body.until <= horizon:
            continue
        kept.append(event)
    return kept
