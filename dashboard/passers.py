"""Which movements pass a thing, and what does it cost them? The section of a bridge, crossing, port or system."""

from __future__ import annotations

from typing import Any, Final

from dash import html

from cop.event import Described, Event, Gone, Millis, Status, event
from cop.movement.engine import Change, Engine
from cop.movement.outage import SOURCE as OUTAGE
from dashboard.movesection import part, table
from dashboard.words import NONE, answer, link, minutes, utc

PASSES: Final = ("bridge", "crossing", "port", "rail", "site", "system", "road", "roadevent", "incident")


def of_thing(engine: Engine, subject: str, now: Millis) -> list[Any]:
    """The movements that pass a thing or hang on it, with what it does to their times; nothing for any other thing."""
    if subject.partition(":")[0] not in PASSES:
        return []
    movers = engine.touched_by(subject)
    if not movers:
        return [
            html.Section(
                [part("Movements that pass it"), html.P("No movement passes it or hangs on it.", className="hint")],
                className="move",
            )
        ]
    without = {each.after.movement.subject: each for each in without_it(engine, subject, now)}
    rows = [row for mover in movers if (row := _touched(engine, subject, mover, without.get(mover), now))]
    return [
        html.Section(
            [
                part(f"Movements that pass it ({len(rows)})"),
                table(("Convoy", "Here, UTC", "ETA without it", "ETA now", "min"), rows, "touched"),
            ],
            className="move",
        )
    ]


def _touched(engine: Engine, subject: str, mover: str, change: Change | None, now: Millis) -> Any:
    found = engine.assessment(mover)
    if found is None:
        return None
    here = next((each for each in found.things if each.subject == subject), None)
    before = change.after.eta if change is not None else found.eta
    words = [cost.reason for cost in found.forecast.costs if cost.subject == subject]
    words += [r.text for r in found.verdict.reasons if r.object == subject and r.answer != "go"]
    gap = None if found.eta is None or before is None else (found.eta - before) * found.movement.scale / 60_000
    passed = here is not None and here.passed
    return html.Tr(
        [
            html.Td(
                [
                    link(mover, mover.partition(":")[2]),
                    " ",
                    answer(found.verdict.answer),
                    *[html.Small(word) for word in dict.fromkeys(words)],
                ]
            ),
            html.Td(
                [utc(here.due, now) if here else NONE, *([html.Small("passed")] if passed else [])], className="num"
            ),
            html.Td(utc(before, now), className="num"),
            html.Td(utc(found.eta, now) if found.eta is not None else "never", className="num"),
            html.Td(minutes(gap) if found.eta is not None else NONE, className="num"),
        ],
        className="passed" if passed else "",
    )


def without_it(engine: Engine, subject: str, now: Millis) -> list[Change]:
    """The movements that pass a thing, as they would be if nobody said anything of its state."""
    events = [*_silenced(engine, subject, now)]
    entity = engine.sight.entity(subject)
    for said in entity.events if entity is not None and subject.startswith("system:") else ():
        if isinstance(said.body, Described):
            affected = str(said.body.properties.get("affects_subjects") or "").split()
            source = OUTAGE + subject.partition(":")[2]
            events += [_over(source, each, said, now) for each in affected]
    return engine.what_if(events, now) if events else []


def _silenced(engine: Engine, subject: str, now: Millis) -> list[Event]:
    """What takes back every status that a source of its own says of a thing: an inject, a rule, a reported event."""
    entity = engine.sight.entity(subject)
    if entity is None:
        return []
    describes = {e.source for e in entity.events if isinstance(e.body, Described)}
    whole = subject.startswith(("roadevent:", "incident:"))
    told = [e for e in entity.events if isinstance(e.body, Status) and (whole or e.source not in describes)]
    return [_over(each.source, subject, each, now) for each in told]


def _over(source: str, subject: str, said: Event, now: Millis) -> Event:
    gone = Gone("left out to see what it costs")
    return event(source, subject, max(now, said.at + 1), gone, received=now, world=said.world, origin=said.origin)
