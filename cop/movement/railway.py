"""Can this train use this station, terminal or track? Gauge, loading gauge and length (RAIL-01, RAIL-02).

A gauge that is planned or being built is none. Where a train's gauge ends and the other goes on, its load can be
transferred: that is a caution about the load, and for the train the end. Where a load lies inside which loading gauge
nobody says, it is an exceptional consignment, to be asked for route by route.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from cop.movement.obstacle import Obstacle
from cop.movement.rules import described
from cop.movement.vehicle import Train, number
from cop.movement.verdict import Answer, Reason

if TYPE_CHECKING:
    from cop.movement.judge import Circumstances

GAUGE: Final = "RAIL-01"
LOADING: Final = "RAIL-02"
TRANSFERS: Final = "Palemonas, Sestokai, Mockava"
"""RAIL-01: where loads change between 1435 and 1520 mm."""

_COMING: Final = re.compile(r"planned|being built|under construction", re.IGNORECASE)
_ASIDE: Final = re.compile(r"\(([^)]*)\)")
_MM: Final = re.compile(r"\b\d{3,4}\b")


class Gauges(NamedTuple):
    """Which gauges lie there, and which are to come, mm."""

    built: frozenset[int]
    coming: frozenset[int]


@lru_cache(1024)
def gauges(text: str) -> Gauges:
    """The gauges that a register's text tells of: `1435 planned + 1520`, `1520 (1435 being built)`."""
    parts = [*_ASIDE.sub("", text).split("+"), *_ASIDE.findall(text)]
    found: tuple[set[int], set[int]] = (set(), set())
    for part in parts:
        found[_COMING.search(part) is not None].update(int(each) for each in _MM.findall(part))
    return Gauges(frozenset(found[0]), frozenset(found[1] - found[0]))


def takes(train: Train, seen: Obstacle, circumstances: Circumstances) -> list[Reason]:
    """What the description says of the train; the state is looked at elsewhere."""
    return [_gauge(train, seen), *_loading(train, seen), *_length(train, seen)]


def _gauge(train: Train, seen: Obstacle) -> Reason:
    text = str(seen.properties.get("gauge_mm") or "")
    there, mine, label = gauges(text), train.gauge_mm, train.label
    planned = _COMING.search(str(seen.properties.get("kind") or "")) is not None
    if not there.built and not there.coming:
        return described("unknown", GAUGE, "its gauge is not known", seen, label)
    if mine in there.built:
        if planned and there.coming:
            why = f"{text}: the place is planned, and whether its {mine} mm track is in use nobody says"
            return described("unknown", GAUGE, why, seen, label)
        if planned:
            return described("no-go", "STATE-03", f"only planned: {seen.properties.get('kind')}", seen, label)
        return described("go", GAUGE, f"{mine} mm: {text}", seen, label)
    if mine in there.coming:
        return described("no-go", "STATE-03", f"{mine} mm is only planned: {text}", seen, label)
    if planned or not there.built:
        return described("no-go", "STATE-03", f"only planned: {text}", seen, label)
    why = f"gauge change: {mine} mm ends before it ({text}); the load goes on only after a transfer at {TRANSFERS}"
    return described("caution", GAUGE, why, seen, label)


def _loading(train: Train, seen: Obstacle) -> list[Reason]:
    there = str(seen.properties.get("loading_gauge") or "")
    if train.loading_gauge and train.loading_gauge == there:
        return [described("go", LOADING, f"loading gauge {there}", seen, train.label)]
    told = f"load {train.loading_gauge or 'not known'}, track {there or 'not known'}"
    text = f"loading gauge: {told}: an exceptional consignment, to be asked for"
    return [described("caution", LOADING, text, seen, train.label)]


def _length(train: Train, seen: Obstacle) -> list[Reason]:
    told = [number(seen.properties.get("track_m"))]
    if (known := seen.limits.get("length_m")) is not None:
        told.append(known.value)
    there = min((each for each in told if each is not None), default=None)
    if there is None:
        return []
    if train.length_m is None:
        return [
            described("unknown", GAUGE, f"track of {there:g} m, and the train's length is not known", seen, train.label)
        ]
    answer: Answer = "go" if train.length_m <= there else "no-go"
    text = f"train {train.length_m:g} m, track {there:g} m"
    return [described(answer, GAUGE, text, seen, train.label, there - train.length_m, "m")]
