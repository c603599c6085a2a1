"""What is a layer? The types each layer file fills in, and the one way a thing becomes a row, a popup and a mark.

A layer says what its things look like and say; it reaches no clock, no socket and no file. Legend, popup and table row
come from the same `fields`, so they cannot disagree.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import Any, Literal, NamedTuple

import msgspec

from cop.event import REAL, Described, Event, Millis, Planned, Scalar, Sighted, Status
from cop.movement.obstacle import DERIVED
from cop.movement.outage import SOURCE as OUTAGE
from cop.picture import Entity, in_force, standing

Domain = Literal["land", "maritime", "air", "cyber"]


class Cell(NamedTuple):
    """A value with the event that said it, so that every number can tell its source and time."""

    value: Scalar
    said: Event | None


class Field(msgspec.Struct, frozen=True):
    """One line of the popup, one column of the table. `unit` is what a screen prints after the value."""

    key: str
    title: str
    value: Callable[[Entity, Millis], Cell | None]
    unit: str = ""
    table: bool = True


class Key(msgspec.Struct, frozen=True):
    """One line of the legend: the symbol and what it means."""

    symbol: str
    text: str


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """The declaration of one layer. `kinds` are the subject kinds that it shows, `z` its drawing order."""

    name: str
    title: str
    domain: Domain
    kinds: tuple[str, ...]
    z: int
    stale_s: float | None
    """Age of the newest report after which a thing is shown as stale; None for things that do not age."""
    symbol: Callable[[Entity, Millis], str]
    """The symbol's key: the path below `/symbols/` without `.svg` (see `layers.symbols`)."""
    label: Callable[[Entity, Millis], str]
    fields: tuple[Field, ...]
    legend: tuple[Key, ...]


@cache
def layers() -> dict[str, Layer]:
    """Every layer by name in drawing order, found by its file's presence in `layers/`."""
    import layers as package

    found: list[Layer] = []
    for module in sorted(m.name for m in pkgutil.iter_modules(package.__path__)):
        layer = getattr(importlib.import_module(f"layers.{module}"), "LAYER", None)
        if layer is not None:
            found.append(layer)
    return {layer.name: layer for layer in sorted(found, key=lambda each: (each.z, each.name))}


@cache
def by_kind() -> dict[str, Layer]:
    """The layer that shows each subject kind."""
    return {kind: layer for layer in layers().values() for kind in layer.kinds}


def thing(entity: Entity, now: Millis) -> dict[str, Any] | None:
    """The thing as the push, the API and the tables carry it; None when no layer shows its kind.

    Keys: id, layer, domain, domains, name, label, nations, sym, state, why, since, until, origin, world, source,
    sources, at, stale_s, lon, lat, path, course, speed, marking, cells. Keys without a value are absent. A status with
    an end of its own is good until then, so a thing that is known by it alone doesn't age. `domains` is there when it
    is more than `domain`, `sources` when they are more than `source`: frames stay small.
    """
    layer = by_kind().get(entity.kind)
    if layer is None:
        return None
    told = entity.described
    bodies = [e.body for e in entity.events if isinstance(e.body, Described)]
    seen = entity.sighted
    status = entity.status(now)
    held = status.body if status is not None and isinstance(status.body, Status) else None
    chief = seen or status or told or entity.newest
    place = entity.position
    path = next((body.path for body in bodies if body.path), ())
    motion = seen.body if seen is not None and isinstance(seen.body, Sighted) else None
    found: dict[str, Any] = {
        "id": entity.subject,
        "layer": layer.name,
        "domain": layer.domain,
        "domains": domains(entity, layer.domain, now),
        "name": next((body.name for body in bodies if body.name), entity.subject.partition(":")[2]),
        "label": layer.label(entity, now),
        "nations": list(next((body.nations for body in bodies if body.nations), ())),
        "sym": layer.symbol(entity, now),
        "state": entity.state(now),
        "why": held.reason if held else None,
        "since": held.since if held else None,
        "until": held.until if held else None,
        "origin": chief.origin,
        "world": next((e.world for e in entity.events if e.world != REAL), REAL),
        "source": chief.source,
        "sources": sources(entity, chief.source),
        "at": chief.at,
        "stale_s": None if chief is status and held and held.until else layer.stale_s,
        "lon": place[0] if place else None,
        "lat": place[1] if place else None,
        "path": [list(point) for point in path] or None,
        "course": motion.course if motion else None,
        "speed": motion.speed if motion else None,
        "marking": marking(entity),
        "cells": {f.key: c.value for f in layer.fields if f.table and (c := f.value(entity, now)) is not None},
    }
    return {key: value for key, value in found.items() if value is not None}


def domains(entity: Entity, own: Domain, now: Millis) -> list[Domain] | None:
    """The domains that it concerns now, its own first; None when that is all.

    A crossing or port that is degraded because a system which it hangs on is not up (CYB-01) concerns cyber as well.
    """
    down = any(
        isinstance(e.body, Status) and e.source.startswith(OUTAGE) and in_force(e.body, now) for e in entity.events
    )
    return [own, "cyber"] if down and own != "cyber" else None


def sources(entity: Entity, chief: str) -> list[str] | None:
    """All who said something of it, sorted, without what is derived here; None when that is `chief` alone."""
    found = sorted({e.source for e in entity.events if not e.source.startswith(DERIVED)})
    return None if found in ([], [chief]) else found


def popup(entity: Entity, now: Millis) -> list[dict[str, Any]]:
    """The lines of the detail panel: title, value, unit, and who said it, when and how it came."""
    layer = by_kind().get(entity.kind)
    lines: list[dict[str, Any]] = []
    for field in layer.fields if layer else ():
        cell = field.value(entity, now)
        if cell is None:
            continue
        line: dict[str, Any] = {"key": field.key, "title": field.title, "value": cell.value, "unit": field.unit}
        if cell.said is not None:
            said = cell.said
            line |= {"source": said.source, "at": said.at, "origin": said.origin, "world": said.world}
        lines.append(line)
    return lines


def marking(entity: Entity) -> str | None:
    """The marking that must stay with the thing: any that its descriptions or plans carry."""
    marks = (e.body.marking for e in entity.events if isinstance(e.body, Described | Planned))
    return next((mark for mark in marks if mark), None)


def described(key: str, title: str, unit: str = "", table: bool = True) -> Field:
    """A field that reads one of the described `properties`."""

    def value(entity: Entity, now: Millis) -> Cell | None:
        for told in entity.events:
            if isinstance(told.body, Described) and told.body.properties.get(key) is not None:
                return Cell(told.body.properties[key], told)
        return None

    return Field(key, title, value, unit, table)


def posted(entity: Entity, what: str, unit: str) -> Cell | None:
    """A described limit, and only in its own unit: a civil tonnage is never a class."""
    for told in entity.events:
        if isinstance(told.body, Described):
            for limit in told.body.limits:
                if limit.what == what and limit.unit == unit:
                    return Cell(limit.value, told)
    return None


def limited(what: str, title: str, unit: str = "", table: bool = True) -> Field:
    """A field that reads one of the described `limits`."""
    return Field(what, title, lambda entity, now: posted(entity, what, unit), unit, table)


def measured(key: str, title: str, unit: str = "", table: bool = True) -> Field:
    """A field that reads one of the `measures` of the statuses in force."""

    def value(entity: Entity, now: Millis) -> Cell | None:
        for said in standing(entity, now):
            if isinstance(said.body, Status) and key in said.body.measures:
                return Cell(said.body.measures[key], said)
        return None

    return Field(key, title, value, unit, table)
