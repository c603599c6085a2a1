"""What does an exercise say? Pure: a controller's effects become events of the exercise's own world, and of no other.

An effect is a status that is injected from one moment to another by a source of its own (`inject:<serial>`), so effects
on one thing stand side by side, each can be taken back alone, and taking back is a *gone* by that same source.
"""

from __future__ import annotations

from math import inf
from typing import Final, Literal

import msgspec

from cop.event import EXERCISE, Described, Event, Gone, InvalidEvent, Millis, State, Status, event, is_exercise

Effect = Literal["close", "limit", "slow", "degrade"]
STATES: Final[dict[Effect, State]] = {
    "close": "closed",
    "limit": "restricted",
    "slow": "degraded",
    "degrade": "degraded",
}
MEASURES: Final[dict[Effect, dict[str, str]]] = {
    "close": {},
    "limit": {
        "mlc_wheeled": "MLC",
        "mlc_tracked": "MLC",
        "mass_t": "t",
        "axle_t": "t",
        "height_m": "m",
        "width_m": "m",
        "alternating": "1 is yes",
        "delay_min": "min",
    },
    "slow": {"delay_min": "min", "speed_kmh": "km/h"},
    "degrade": {"capacity_pct": "%", "delay_min": "min", "processing_min": "min a unit"},
}
"""Effect → the measures that it may name and their units; all but `close` need at least one."""

MINUTE: Final = 60_000
MAX_MINUTES: Final = 14 * 24 * 60
ENGINE: Final = "excon"
MARKING: Final = "EXERCISE"


class ExerciseClock(msgspec.Struct, frozen=True):
    """`startex` is the wall time of T+0, `scale` how many exercise minutes pass in a minute."""

    startex: Millis
    scale: float = 1.0

    def wall(self, t_plus_min: float) -> Millis:
        """The wall time of an exercise time."""
        return self.startex + round(t_plus_min * MINUTE / self.scale)


class Inject(msgspec.Struct, frozen=True, kw_only=True):
    """What a controller wants to happen to one thing. Minutes are minutes of the exercise's clock."""

    subject: str
    effect: Effect
    measures: dict[str, float] = {}
    t_plus_min: float | None = None
    """Start, minutes after STARTEX; None: now."""
    for_min: float = 60.0
    """Every effect has an end."""
    reason: str = ""


def world_of(name: str) -> str:
    """The world of an exercise. Raises `InvalidEvent` for a name that can't be one."""
    world = EXERCISE + name
    if not is_exercise(world):
        raise InvalidEvent(f"{name!r} can't name an exercise: letters, digits, - and _, 64 at most")
    return world


def opening(name: str, title: str, startex: Millis, now: Millis) -> Event:
    """The event that opens an exercise: who it is and when STARTEX is."""
    body = Described(name=title or name, properties={"startex": startex}, marking=MARKING)
    return event(ENGINE, f"exercise:{name}", now, body, received=now, world=world_of(name), origin="injected")


def begin(inject: Inject, name: str, serial: str, clock: ExerciseClock, now: Millis) -> Event:
    """The status event of an inject. Raises `InvalidEvent` with what is wrong with it."""
    allowed = MEASURES[inject.effect]
    strange = sorted(set(inject.measures) - set(allowed))
    if strange:
        raise InvalidEvent(
            f"{inject.effect} has no measure {', '.join(strange)}; it takes {', '.join(allowed) or 'none'}"
        )
    if allowed and not inject.measures:
        raise InvalidEvent(f"{inject.effect} needs one of {', '.join(allowed)}")
    if not all(0 <= value < inf for value in inject.measures.values()):
        raise InvalidEvent("a measure is a number from 0 on")
    if inject.t_plus_min is not None and not abs(inject.t_plus_min) <= MAX_MINUTES:
        raise InvalidEvent(f"T+ is at most {MAX_MINUTES} minutes from STARTEX")
    if not 0 < inject.for_min <= MAX_MINUTES:
        raise InvalidEvent(f"an effect lasts more than 0 and at most {MAX_MINUTES} minutes")
    since = now if inject.t_plus_min is None else clock.wall(inject.t_plus_min)
    until = since + round(inject.for_min * MINUTE / clock.scale)
    if until <= now:
        raise InvalidEvent("the effect would have ended already")
    reason = inject.reason or f"{inject.effect} by exercise control"
    body = Status(STATES[inject.effect], since=since, until=until, reason=reason, measures=dict(inject.measures))
    return event(source(serial), inject.subject, now, body, received=now, world=world_of(name), origin="injected")


def take_back(effect: Event, now: Millis) -> Event:
    """The event that ends an inject's effect before its time."""
    at = max(now, effect.at + 1)
    body = Gone("taken back by exercise control")
    return event(effect.source, effect.subject, at, body, received=now, world=effect.world, origin="injected")


def source(serial: str) -> str:
    """The source name of an inject."""
    return f"inject:{serial}"
