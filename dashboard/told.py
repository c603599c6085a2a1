"""How does a report read? One line a matter, and the report as it came under a fold."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from dash import html

from cop.event import Described, Event, Gone, Health, Millis, Planned, Scalar, Sighted, Status, encode
from dashboard.history import NUMBERS
from dashboard.words import age, both, number
from layers.fields import LIMITS

KINDS = {
    Sighted: "was seen",
    Described: "is described",
    Status: "has a status",
    Planned: "has a plan",
    Gone: "was withdrawn",
    Health: "is a feed",
}


def report(said: Event, now: Millis) -> html.Li:
    """A report as an item of a list."""
    late = max(0, said.received - said.at) // 1000
    raw = json.dumps(msgspec.json.decode(encode(said)), ensure_ascii=False, indent=1)
    return html.Li(
        [
            html.P(
                [html.Strong(said.source), f" {KINDS[type(said.body)]} · {said.origin} · ", age(said.at, now)],
                className="who",
            ),
            html.Dl(
                [
                    part
                    for title, text in (*lines(said), ("True at", both(said.at)), ("Heard", f"{late} s later"))
                    for part in (html.Dt(title), html.Dd(text))
                ]
            ),
            html.Details([html.Summary("As it came (JSON)"), html.Pre(raw)], className="raw"),
        ]
    )


def lines(said: Event) -> list[tuple[str, str]]:
    """What a report says: a title and a text for each matter."""
    match said.body:
        case Sighted() as body:
            found = [("Position", f"{body.lat:.5f}, {body.lon:.5f}")]
            found.append(("Accuracy", "not told" if body.accuracy is None else f"±{body.accuracy:.0f} m"))
            found += _some(("Speed", body.speed, "m/s"), ("Course", body.course, "°"), ("Altitude", body.altitude, "m"))
            return found
        case Status() as body:
            found = [("Status", body.state)]
            found += [(title, text) for title, text in (("Reason", body.reason),) if text]
            found += [
                (title, both(at)) for title, at in (("From", body.since), ("Until", body.until)) if at is not None
            ]
            return found + [_measure(key, value) for key, value in body.measures.items()]
        case Described() as body:
            found = [(t, x) for t, x in (("Name", body.name), ("Nations", ", ".join(body.nations))) if x]
            if body.lon is not None and body.lat is not None:
                found.append(("Position", f"{body.lat:.5f}, {body.lon:.5f}"))
            found += [("Line", f"{len(body.path)} points")] if body.path else []
            found += [_limit(limit.what, limit.value, limit.unit, limit.basis) for limit in body.limits]
            found += [(_title(key), _scalar(value)) for key, value in body.properties.items() if value is not None]
            return found + [(t, x) for t, x in (("Basis", body.basis), ("Marking", body.marking)) if x]
        case Planned() as body:
            found = [("Route", body.route or "without a name"), ("Line", f"{len(body.path)} points")]
            for point in body.points:
                found.append((point.name, "no time" if point.due is None else f"due {both(point.due)}"))
            return found + [(_title(key), _scalar(value)) for key, value in body.properties.items()]
        case Gone() as body:
            return [("Reason", body.reason or "not told")]
        case Health() as body:
            return [("State", body.state), ("Detail", body.detail or "none")]


def _some(*told: tuple[str, float | None, str]) -> list[tuple[str, str]]:
    return [(title, f"{number(value)} {unit}") for title, value, unit in told if value is not None]


def _measure(key: str, value: float) -> tuple[str, str]:
    if key in LIMITS:
        return _limit(key, value, LIMITS[key][1], "")
    title, unit = NUMBERS.get(key, (_title(key), ""))
    return title, f"{number(value)} {unit}".strip()


def _limit(what: str, value: float, unit: str, basis: str) -> tuple[str, str]:
    name = LIMITS[what][0] if what in LIMITS else what.replace("_", " ")
    return f"Limit: {name}", f"{number(value)} {unit}".strip() + (f" ({basis})" if basis else "")


def _title(key: str) -> str:
    return key.replace("_", " ").capitalize()


def _scalar(value: Scalar) -> str:
    told: Any = value
    return "yes" if told is True else "no" if told is False else number(told) if isinstance(told, float) else str(told)
