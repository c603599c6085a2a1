"""What is in quarantine, sorted by why it is there, and does it read now?"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from cop.bus import Quarantined
from cop.event import Event, InvalidEvent, Origin
from cop.event import decode as read_event
from feeds.adapter import Context, Decoder, Outcome, Reject

_PARTICULAR: Final = re.compile(r"'[^']*'|\"[^\"]*\"|[+-]?\d(?:[\d.,:/-]*\d)?")


def kind_of(reason: str) -> str:
    """The reason without what is particular to one record, so that like ones can be counted together."""
    return _PARTICULAR.sub("…", reason)[:80]


def retry(kept: Quarantined, fresh: Callable[[], Decoder], world: str, origin: Origin) -> Sequence[Outcome]:
    """What the record's decoder makes of it now, as of when it was heard.

    A record that was read and then doubted lies in quarantine as its events: they come back as they are, and whoever
    takes them must ask anew whether they are plausible.
    """
    events = _events(kept.raw)
    if events:
        return events
    context = Context(kept.received, world, origin, kept.name)
    decoder = fresh()
    outcomes = [*decoder.feed(kept.raw, context), *decoder.close(context)]
    return outcomes or [Reject("nothing in it is for the picture", kept.offset, kept.raw)]


def _events(raw: bytes) -> list[Event]:
    try:
        return [read_event(line) for line in raw.split(b"\n")]
    except InvalidEvent:
        return []
