"""How does the simulated list of limits in Latvia speak? GeoJSON, numbers as text, and the word None for nothing.

Standing limits are there all the time, some without a date, as in the true list; the limits of the thaw come and go.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec

from cop.event import Millis
from cop.geo import Point
from feeds.simulated.national import Speaker
from feeds.simulated.script import MARK, MINUTE, changed, happens

NOTHING: Final = "None"


class Posted(NamedTuple):
    """One limit: where it stands, what it limits, and when it comes and goes (minutes; 0: it stands)."""

    key: str
    road: str
    km: tuple[float, float]
    line: tuple[Point, ...]
    form: str
    value: float
    note: str
    dated: bool = True
    exceptions: str = ""
    period: int = 0
    shown: int = 0


MASS, HEIGHT, WIDTH = "massRestrictions", "heightRestrictions", "widthRestrictions"
THAW, SPARED = "virtualMassRestriction", "virtualMassRestrictionWithException"
VALUES: Final = {
    MASS: "massRestrictionsInTons",
    THAW: "virtualMassRestrictionInTons",
    SPARED: "virtualMassRestrictionInTons",
    HEIGHT: "heightRestrictionInMeters",
    WIDTH: "widthRestrictionsInMeters",
}
"""Class → the name of its value."""

SCRIPT: Final[tuple[Posted, ...]] = (
    Posted("1", "A1", (66.1, 66.4), ((24.359, 57.753), (24.363, 57.738)), MASS, 40, "bridge"),
    Posted("2", "A3", (61.2, 61.5), ((25.69, 57.626), (25.682, 57.621)), MASS, 30, "bridge over the Gauja", False),
    Posted("3", "A10", (12.0, 12.1), ((21.8, 57.335), (21.803, 57.334)), HEIGHT, 4.5, "under the railway", False),
    Posted("4", "A6", (75.3, 75.6), ((25.121, 56.645), (25.126, 56.644)), HEIGHT, 4.2, "old viaduct"),
    Posted("5", "A7", (60.0, 61.2), ((24.196, 56.408), (24.202, 56.4)), WIDTH, 4.0, "temporary bridge"),
    Posted("6", "A12", (55.0, 55.3), ((26.924, 56.553), (26.933, 56.552)), MASS, 20, "culvert", False),
    Posted("7", "A12", (130.2, 130.4), ((27.92, 56.43), (27.928, 56.427)), MASS, 24, "bridge over a stream"),
    Posted("8", "A2", (140.0, 140.2), ((25.905, 57.4), (25.912, 57.402)), HEIGHT, 4.7, "pipeline bridge", False),
    Posted("9", "V1000", (0.0, 8.2), ((25.3, 57.25), (25.42, 57.28)), THAW, 10, "thaw", True, "", 16, 11),
    Posted("10", "V1001", (2.0, 9.5), ((26.1, 56.6), (26.2, 56.65)), SPARED, 10, "thaw", True, "milk", 20, 14),
    Posted("11", "V1002", (0.0, 5.0), ((22.6, 57.1), (22.66, 57.13)), THAW, 10, "thaw", True, "", 26, 12),
    Posted("12", "V1003", (1.1, 6.4), ((27.5, 56.7), (27.58, 56.72)), SPARED, 7.5, "thaw", True, "buses", 30, 21),
)  # fmt: skip


def state(seed: int, now: Millis) -> dict[str, tuple[Millis, Millis] | None]:
    """Key → (since, until) of the limits that are there; None for one that has no date."""
    found: dict[str, tuple[Millis, Millis] | None] = {}
    for posted in SCRIPT:
        if not posted.period:
            since = changed(seed, posted.key, now, 400_000)
            found[posted.key] = (since, since + 800_000 * MINUTE) if posted.dated else None
        elif (held := happens(seed, posted.key, now, posted.period, posted.shown)) is not None:
            found[posted.key] = held
    return found


def say(seed: int, now: Millis) -> bytes:
    """The list of this moment."""
    there = state(seed, now)
    features = [_feature(posted, there[posted.key]) for posted in SCRIPT if posted.key in there]
    return msgspec.json.encode({"type": "FeatureCollection", "features": features})


def _feature(posted: Posted, held: tuple[Millis, Millis] | None) -> dict[str, Any]:
    values = dict.fromkeys(VALUES.values(), NOTHING) | {VALUES[posted.form]: f"{posted.value:g}"}
    since, until = (_day(edge) for edge in held) if held else (NOTHING, NOTHING)
    properties = {
        "id": f"SIM-{posted.key}",
        "parentId": NOTHING,
        "street": posted.road,
        "restrictionClass": posted.form,
        "restrictionType": NOTHING,
        "startDate": since,
        "endDate": until,
        "start": f"{posted.km[0]:g}",
        "end": f"{posted.km[1]:g}",
        "additionalExceptionRules": posted.exceptions or NOTHING,
        "notes": f"{MARK}: {posted.note}",
        **values,
    }
    geometry = {"type": "LineString", "coordinates": posted.line}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _day(at: Millis) -> str:
    return datetime.fromtimestamp(at // 1000, UTC).isoformat()


SPEAKERS = (
    Speaker(
        feed="lv-limits",
        source="lv-limits",
        path="/lv/limits",
        media="application/geo+json",
        say=say,
        nations=("LV",),
        rate_s=30.0,
    ),
)
