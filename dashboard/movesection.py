"""What does the panel say of a movement? A section above its own lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from dash import html

from cop.event import Millis
from cop.movement.assess import Approval, Assessment
from cop.movement.clearance import Assessment as Cleared
from cop.movement.conflicts import Conflict
from cop.movement.engine import Engine
from cop.movement.forecast import Cost
from cop.movement.march import credit_state
from cop.movement.rules import rules
from cop.movement.verdict import Reason
from dashboard.words import NONE, STATE_MARKS, age, answer, link, margin, minutes, utc

FIRST: Final = 6
"""So many reasons stand open; the rest unfolds."""
APPROVABLE: Final = ("MLC-05", "MLC-08", "OVR-")
"""Rules whose caution an approval lifts; what is closed for now or waits for a permission isn't approved away."""


def of_movement(engine: Engine, found: Assessment, now: Millis) -> list[Any]:
    """The section of a movement."""
    return [
        html.Section(
            [
                _verdict(found, now),
                *_reasons(found, now),
                *_costs(found, now),
                *_points(found, now),
                *_things(found, now),
                *_clearances(found.clearances, now),
                *_conflicts(engine, found.movement.subject, now),
                *_elements(found, now),
            ],
            className="move",
            **{"aria-label": "May it move"},
        )
    ]


def waiting_for(found: Assessment) -> list[str]:
    """The things whose caution an approval would lift, in the order of their reasons; approved ones left out."""
    done = {each.object for each in found.approvals}
    asked = [r.object for r in found.verdict.reasons if r.answer == "caution" and r.rule.startswith(APPROVABLE)]
    return [each for each in dict.fromkeys(asked) if each not in done]


def _verdict(found: Assessment, now: Millis) -> Any:
    planned = found.movement
    unit = "min" if planned.scale == 1 else "exercise min"
    told = {"caution": " with approval"} if found.may_move else {}
    seen = "" if found.seen_at is not None else " · nobody has seen it yet"
    late = f" · now {minutes(found.late_min)} {unit}, credit {credit_state(found.late_min)}"
    waits = waiting_for(found)
    return html.Div(
        [
            html.P(
                [
                    answer(found.verdict.answer, told.get(found.verdict.answer, "")),
                    html.Strong("may move" if found.may_move else "may not move"),
                ],
                className="answer",
            ),
            html.P(
                [
                    f"ETA {utc(found.eta, now)}, due {utc(planned.points[-1].due, now)} UTC",
                    f" ({minutes(found.delay_min)} {unit}){late if found.late_min is not None else ''}",
                ]
            ),
            html.P(
                f"Route {planned.route or 'without a name'}, {planned.km:.1f} km at {planned.speed_kmh:g} km/h · "
                f"{planned.count} vehicles pass in {planned.pass_min:.1f} min{seen}",
                className="hint",
            ),
            *[_given(each, now) for each in found.approvals],
            *(
                [
                    html.Button(
                        "Approve with caution…",
                        className="quiet",
                        type="button",
                        **{"data-approve": json.dumps({"movement": planned.subject, "objects": waits})},
                    )
                ]
                if waits
                else []
            ),
        ],
        className=f"verdict-box {found.verdict.answer}",
    )


def _given(each: Approval, now: Millis) -> Any:
    return html.P(
        ["Approved: ", link(each.object), f" by {each.by} until {utc(each.until, now)} UTC · ", age(each.at, now)],
        className="hint",
    )


def _reasons(found: Assessment, now: Millis) -> list[Any]:
    told = [each for each in found.verdict.reasons if each.answer != "go"]
    if not told:
        return [part("Reasons"), html.P("All limits on the way ahead are kept.", className="hint")]
    rows = reason_items(told, now)
    more = (
        [
            html.Details(
                [html.Summary(f"{len(rows) - FIRST} more"), html.Ul(rows[FIRST:], className="whys")],
                className="more",
            )
        ]
        if len(rows) > FIRST
        else []
    )
    return [part(f"Reasons ({len(told)})"), html.Ul(rows[:FIRST], className="whys"), *more]


def reason_items(told: Sequence[Reason], now: Millis) -> list[Any]:
    """Reasons as items of a list, the strictest first; what one rule says alike of several things stands once."""
    alike: dict[tuple[Any, ...], list[Reason]] = {}
    for each in told:
        alike.setdefault((each.answer, each.rule, each.text, each.margin), []).append(each)
    return [_reason(group, now) for group in alike.values()]


def _reason(group: Sequence[Reason], now: Millis) -> Any:
    """What limits and why, by which rule, with how much margin, who said so and when."""
    each = group[0]
    rule = rules().get(each.rule)
    title = rule.text if rule is not None else ""
    room = margin(each.margin, each.unit)
    facts: list[list[Any]] = [[f"margin {room}"]] if room else []
    if each.source and all(other.source == each.source for other in group):
        facts.append([each.source])
    elif not each.source and each.answer == "unknown":
        facts.append(["nobody says a value"])
    said = [other.at for other in group if other.at]
    if said:
        facts.append([age(min(said), now)])
    basis = dict.fromkeys(other.basis for other in group if other.basis)
    return html.Li(
        [
            html.Div(
                [answer(each.answer), *(link(other.object, other.name or other.object) for other in group)],
                className="what",
            ),
            html.P(each.text),
            html.Small(f"{each.rule}: {title}" if title else each.rule, className="rule", title=title),
            *([html.Small(_joined(facts))] if facts else []),
            *([html.Small("; ".join(basis), className="basis")] if basis else []),
        ]
    )


def _joined(parts: Sequence[Sequence[Any]]) -> list[Any]:
    found: list[Any] = []
    for part in parts:
        found += [" · ", *part] if found else list(part)
    return found


def _costs(found: Assessment, now: Millis) -> list[Any]:
    costs = sorted(found.forecast.costs, key=lambda each: -each.tail_min)
    if not costs:
        return []
    rows = [_cost(each, now) for each in costs]
    return [part("What delays it"), table(("Thing and reason", "Head, min", "Tail, min", "Until"), rows)]


def _cost(each: Cost, now: Millis) -> Any:
    until = utc(each.until, now) if each.until is not None else "no end"
    return html.Tr(
        [
            html.Td([link(each.subject, each.name), html.Small(each.reason)]),
            html.Td(minutes(each.head_min), className="num"),
            html.Td(minutes(each.tail_min), className="num"),
            html.Td(until, className="num"),
        ]
    )


def _points(found: Assessment, now: Millis) -> list[Any]:
    rows = []
    for point, due, clear in zip(found.movement.points, found.due, found.clear, strict=True):
        passed = found.head_km is not None and point.km <= found.head_km
        rows.append(
            html.Tr(
                [
                    html.Td([point.name, *([html.Small("passed")] if passed else [])]),
                    html.Td(f"{point.km:.1f}", className="num"),
                    html.Td(utc(point.due, now), className="num"),
                    html.Td(utc(due, now), className="num"),
                    html.Td(utc(clear, now), className="num"),
                ],
                className="passed" if passed else "",
            )
        )
    return [
        part("Critical points, UTC"),
        table(("Point", "km", "Planned", "Head due", "Tail clear"), rows, "points"),
    ]


def _things(found: Assessment, now: Millis) -> list[Any]:
    if not found.things:
        return []
    bridges_first = sorted(found.things, key=lambda each: (not each.subject.startswith("bridge:"), each.km))
    rows = []
    for each in bridges_first:
        limiting = each.verdict.limiting
        room = margin(limiting.margin, limiting.unit) if limiting is not None else ""
        rows.append(
            html.Tr(
                [
                    html.Td([link(each.subject, each.name), html.Small(limiting.text if limiting else "")]),
                    html.Td(answer(each.verdict.answer)),
                    html.Td(room or NONE, className="num"),
                    html.Td(f"{each.km:.0f}", className="num"),
                    html.Td(utc(each.due, now), className="num"),
                ],
                className="passed" if each.passed else "",
            )
        )
    return [
        part(f"On its way ({len(rows)})"),
        table(("Thing", "Answer", "Margin", "km", "Due"), rows, "ties"),
    ]


def _clearances(found: Sequence[Cleared], now: Millis) -> list[Any]:
    if not found:
        return []
    rows = [
        html.Tr(
            [
                html.Td(link(each.border, each.border.partition(":")[2])),
                html.Td(state(each.state)),
                html.Td("; ".join(each.missing) or "nothing is missing"),
            ]
        )
        for each in found
    ]
    return [part("Permission at the borders"), table(("Border", "State", "Missing"), rows, "borders")]


def state(word: str) -> Any:
    """A clearance's state as a coloured word with its shape."""
    colours = {"cleared": "go", "pending": "caution", "unknown": "unknown"}
    return html.Span(f"{STATE_MARKS.get(word, '?')} {word}", className=f"verdict {colours.get(word, 'no-go')}")


def _conflicts(engine: Engine, subject: str, now: Millis) -> list[Any]:
    groups = engine.conflicts.groups_of(subject)
    if not groups:
        return []
    rows = []
    for each in groups:
        other = each.second if each.first == subject else each.first
        rows.append(
            html.Li(
                [
                    html.Div(
                        [html.Strong(utc(each.since, now)), link(other, other.partition(":")[2])], className="what"
                    ),
                    html.P(each.text),
                    html.Small(_windows(each.conflicts[0], now)),
                ]
            )
        )
    return [part(f"In each other's way ({len(rows)})"), html.Ul(rows, className="whys")]


def _windows(each: Conflict, now: Millis) -> str:
    first, second = each.first.partition(":")[2], each.second.partition(":")[2]
    one = f"{first} {utc(each.first_window[0], now)} to {utc(each.first_window[1], now)}"
    other = f"{second} {utc(each.second_window[0], now)} to {utc(each.second_window[1], now)}"
    return f"{each.name}: {one}, {other}"


def _elements(found: Assessment, now: Millis) -> list[Any]:
    elements = found.forecast.elements(found.movement.scale)
    if len(elements) < 2:
        return []
    rows = []
    for number, (first, end) in enumerate(elements, 1):
        arrives = found.forecast.units[first][-1]
        clear = found.forecast.units[end - 1][-1] + found.forecast.length
        units = f"march unit {first + 1}" if end - first == 1 else f"march units {first + 1} to {end}"
        rows.append(
            html.Tr(
                [
                    html.Td([f"Element {number}", html.Small(units)]),
                    html.Td(utc(_whole(arrives), now), className="num"),
                    html.Td(utc(_whole(clear), now), className="num"),
                ]
            )
        )
    return [
        part(f"The column is cut into {len(elements)}"),
        table(("Element", "Arrives", "Clear"), rows),
    ]


def _whole(at: float) -> Millis | None:
    return None if at == float("inf") else round(at)


def part(title: str) -> Any:
    """The heading of a part of a section."""
    return html.H3(title)


def table(titles: Sequence[str], rows: Sequence[Any], kind: str = "") -> Any:
    """A table with its titles."""
    head = html.Thead(html.Tr([html.Th(title, scope="col") for title in titles]))
    return html.Table([head, html.Tbody(list(rows))], className=f"grid {kind}".strip())
