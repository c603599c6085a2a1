"""Which rows and columns has a table, on the page and in a file? The same of each layer, and one for all events.

`assets/42_table.js` makes the page's rows of the same tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

from cop.event import Millis, Planned, State
from cop.picture import Entity
from dashboard.sieve import Sieve
from layers.fields import EPOCH
from layers.layer import Layer, layers, thing

EVENTS: Final = "events"
EVENT_LAYERS: Final[dict[str, tuple[State, ...]]] = {
    "roadevents": (),
    "notams": (),
    "incidents": (),
    "weather": ("closed", "restricted", "degraded"),
}
"""Layers whose things are reported events, and the states in which they are; none: in any. Fair weather is no event."""
EVENT_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "What": ("category", "meaning", "topic", "incident_types", "weather"),
    "Where": ("roads", "places", "systems"),
    "Limits": ("limits",),
}
"""Column of the table of events → the cells of which the first that is there stands in it."""
VERDICT: Final = "May it move"
ALREADY: Final = frozenset({"status", "reason", "until"})
"""Fields of a layer that every table has anyway."""
Kind = Literal["text", "number", "time"]
Value = str | float | int | bool | None


class Column(NamedTuple):
    """One column: `key` is its name for a program, `title` what stands above it, `kind` how a file writes it."""

    key: str
    title: str
    read: Callable[[Mapping[str, Any]], Value]
    kind: Kind = "text"


class Row(NamedTuple):
    """A thing, and the way that it means to go where it has a plan."""

    thing: dict[str, Any]
    route: tuple[tuple[float, float], ...] = ()


class NoSuchTable(LookupError):
    """No table has this name: the message says which there are."""


def titles() -> dict[str, str]:
    """Every table by name: everything, each layer, and all reported events together."""
    return {"": "All", **{name: layer.title for name, layer in layers().items()}, EVENTS: "Events"}


def holds(table: str, row: Mapping[str, Any]) -> bool:
    """Whether a thing stands in a table."""
    if table == EVENTS:
        states = EVENT_LAYERS.get(row["layer"])
        return states is not None and (not states or row["state"] in states)
    return not table or row["layer"] == table


def pick(entities: Iterable[Entity], now: Millis, wanted: Sieve, table: str = "") -> list[Row]:
    """What passes the filters and stands in the table, by name. Raises `NoSuchTable`."""
    if table not in titles():
        raise NoSuchTable(f"there is no table {table!r}; there are {', '.join(filter(None, titles()))}")
    found: list[Row] = []
    for entity in entities:
        row = thing(entity, now)
        if row is not None and holds(table, row) and wanted.passes(row, now):
            plan = entity.planned
            found.append(Row(row, plan.body.path if plan is not None and isinstance(plan.body, Planned) else ()))
    return sorted(found, key=lambda each: (str(each.thing["name"]), each.thing["id"]))


def columns(table: str = "") -> tuple[Column, ...]:
    """The columns of a table: what every thing has, between them the fields of the layer. Raises `NoSuchTable`."""
    if table == EVENTS:
        own = [Column(title, title, _first(keys)) for title, keys in EVENT_COLUMNS.items()]
    elif not table:
        own = [Column("verdict", VERDICT, _cell("verdict"))]
    elif (layer := layers().get(table)) is not None:
        own = list(_own(layer))
    else:
        raise NoSuchTable(f"there is no table {table!r}")
    return (*_HEAD, *own, *_TAIL)


def utc(at: Millis) -> datetime:
    """A time as the libraries want it."""
    return EPOCH.astimezone(UTC) + timedelta(milliseconds=at)


def iso(at: Millis) -> str:
    """A time as files write it: `2026-11-25T10:15:00Z`."""
    return utc(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def _own(layer: Layer) -> Iterable[Column]:
    for field in layer.fields:
        if field.table and field.key not in ALREADY:
            title = f"{field.title}, {field.unit}" if field.unit else field.title
            yield Column(title, title, _cell(field.key))


def _cell(key: str) -> Callable[[Mapping[str, Any]], Value]:
    return lambda row: row["cells"].get(key)


def _first(keys: tuple[str, ...]) -> Callable[[Mapping[str, Any]], Value]:
    return lambda row: next((row["cells"][key] for key in keys if row["cells"].get(key) not in (None, "")), None)


def _said(key: str) -> Callable[[Mapping[str, Any]], Value]:
    return lambda row: row.get(key)


def _joined(key: str, single: str = "") -> Callable[[Mapping[str, Any]], Value]:
    return lambda row: " ".join(row.get(key) or [row[single]] if single else row.get(key) or ())


def _layer(row: Mapping[str, Any]) -> Value:
    found = layers().get(row["layer"])
    return found.title if found else str(row["layer"])


_HEAD: Final = (
    Column("name", "Name", _said("name")),
    Column("id", "Id", _said("id")),
    Column("layer", "Layer", _layer),
    Column("nation", "Nation", _joined("nations")),
    Column("status", "Status", _said("state")),
)
_TAIL: Final = (
    Column("reason", "Reason", _said("why")),
    Column("since", "Since, UTC", _said("since"), "time"),
    Column("until", "Until, UTC", _said("until"), "time"),
    Column("time", "Reported, UTC", _said("at"), "time"),
    Column("source", "Source", _said("source")),
    Column("sources", "All sources", _joined("sources", "source")),
    Column("origin", "Origin", _said("origin")),
    Column("world", "World", _said("world")),
    Column("marking", "Marking", _said("marking")),
    Column("lon", "Longitude, °", _said("lon"), "number"),
    Column("lat", "Latitude, °", _said("lat"), "number"),
)
