"""How many events a second does the picture take, from the wire form to the fold, and how many does a view show?

`python -m bench.fold` prints JSON. The baseline, in the same run, is decoding the same bytes and keeping them in a dict
by subject: what the cheapest picture would cost.
"""

from __future__ import annotations

import json
import time
from typing import Any, Final

from bench.push import moves, things
from cop.event import REAL, decode, encode
from cop.picture import Picture
from dashboard.frames import View
from dashboard.history import History

EVENTS: Final = 200_000
BATCH: Final = 1_000


def run() -> dict[str, Any]:
    """The figures."""
    now = 1_700_000_000_000
    wire = [encode(each) for each in things(now)]
    for start in range(0, EVENTS, BATCH):
        wire += [encode(each) for each in moves(start, BATCH, now + start)]
    began = time.perf_counter()
    latest: dict[str, Any] = {}
    for data in wire:
        each = decode(data)
        latest[each.subject] = each
    plain_s = time.perf_counter() - began

    began = time.perf_counter()
    picture = Picture()
    for data in wire:
        picture.fold(decode(data))
    fold_s = time.perf_counter() - began

    picture, history = Picture(), History()
    view = View(REAL, "bench", picture.entity)
    began = time.perf_counter()
    for number, data in enumerate(wire):
        each = decode(data)
        if picture.fold(each):
            history.keep(each)
            view.touch(each)
        if number % BATCH == BATCH - 1:
            view.frame(each.at)
    framed_s = time.perf_counter() - began
    return {
        "bench": "fold",
        "events": len(wire),
        "fold_events_per_s": round(len(wire) / fold_s),
        "fold_and_frame_events_per_s": round(len(wire) / framed_s),
        "baseline_decode_and_dict_events_per_s": round(len(wire) / plain_s),
    }


if __name__ == "__main__":
    print(json.dumps(run()))
