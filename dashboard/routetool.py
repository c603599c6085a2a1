"""Which way can this convoy take instead, and why not a shorter one? The route tool of the staff page.

It asks what `/api/v1/routes` asks. A what-if in it is laid over the picture for this one search only.
"""

# mypy: disallow-untyped-decorators=False

from __future__ import annotations

import re
from typing import Any, Final

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update
from fastapi import HTTPException
from pydantic import ValidationError

from cop.movement.verdict import Reason
from dashboard.moveapi import WantedEffect, WantedRoute, find
from dashboard.movemap import palette, way
from dashboard.movesection import reason_items
from dashboard.scene import Scenes
from dashboard.words import answer
from feeds.clock import clock

EFFECTS: Final = {
    "close": ("close", "", "closed"),
    "mlc_wheeled": ("limit", "mlc_wheeled", "MLC wheeled"),
    "mlc_tracked": ("limit", "mlc_tracked", "MLC tracked"),
    "mass_t": ("limit", "mass_t", "mass, t"),
    "height_m": ("limit", "height_m", "height, m"),
    "delay_min": ("slow", "delay_min", "delay, min"),
    "speed_kmh": ("slow", "speed_kmh", "speed, km/h"),
}
"""What can be tried: the effect of an inject with the measure that it names, and how the form calls it."""
ROWS: Final = 3
SHOWN: Final = 8
"""So many reasons of one way are shown."""

_AVOIDED = re.compile(r";|,(?!\s*-?\d)")
"""Between two things to avoid: a semicolon, or a comma that is not within `lon,lat`."""


def panel() -> html.Div:
    """The tool: its form on the left, what it found on the right."""
    return html.Div([_form(), _found()], className="route-tool")


def _form() -> Any:
    return html.Div(
        [
            _place("route-from", "From"),
            _place("route-to", "To"),
            dmc.Select(
                id="route-movement",
                label="Convoy",
                data=[],
                clearable=True,
                searchable=True,
                size="xs",
                placeholder="choose one on the map or here",
            ),
            dmc.TextInput(
                id="route-vehicles",
                label="or other vehicles",
                placeholder="wheeled:100, tracked:70, V11",
                size="xs",
            ),
            dmc.TextInput(id="route-via", label="Via", placeholder="lon,lat; bridge:B15", size="xs"),
            dmc.TextInput(id="route-avoid", label="Avoid", placeholder="bridge:B15; A7; lon,lat", size="xs"),
            html.Fieldset(
                [
                    html.Legend("What if"),
                    html.P("for this search only; the live picture stays as it is", className="hint"),
                    *[_trial(row) for row in range(ROWS)],
                ],
                className="what-if",
            ),
            html.Div(
                [
                    dmc.Button("Find", id="route-find", size="xs"),
                    html.Button("Clear", id="route-clear", className="quiet", type="button"),
                    html.Span(id="route-said", className="said", role="status"),
                ],
                className="row wide",
            ),
        ],
        className="route-form",
    )


def _place(name: str, title: str) -> Any:
    return html.Div(
        [
            dmc.TextInput(id=name, label=title, placeholder="lon,lat or port:P01", size="xs", className="grow"),
            html.Button(
                "Pick on map",
                className="quiet pick",
                type="button",
                title="Then click on the map; Escape cancels",
                **{"data-pick": name},
            ),
        ],
        className="pick-row",
    )


def _trial(row: int) -> Any:
    return html.Div(
        [
            dmc.TextInput(
                id={"trial": "thing", "row": row},
                placeholder="bridge:B15",
                size="xs",
                **{"aria-label": f"What if, thing {row + 1}"},
            ),
            dmc.Select(
                id={"trial": "effect", "row": row},
                data=[{"value": key, "label": label} for key, (_, _, label) in EFFECTS.items()],
                comboboxProps={"width": 150},
                value="close",
                allowDeselect=False,
                size="xs",
                **{"aria-label": f"What if, effect {row + 1}"},
            ),
            dmc.NumberInput(
                id={"trial": "value", "row": row},
                placeholder="value",
                min=0,
                size="xs",
                hideControls=True,
                **{"aria-label": f"What if, value {row + 1}"},
            ),
        ],
        className="trial",
    )


def _found() -> Any:
    return html.Div(
        [
            dcc.Store(id="route-found", data=None),
            html.Div(_nothing(), id="route-list", **{"aria-live": "polite"}),
        ],
        className="route-found",
    )


def _nothing() -> list[Any]:
    return [html.P("Say from where to where, and with what. Shorter ways that are refused come with their reasons.")]


class Unclear(ValueError):
    """The form can't be asked as it is: the message says why."""


def wanted(
    start: str | None,
    goal: str | None,
    movement: str | None,
    vehicles: str | None,
    via: str | None,
    avoid: str | None,
    trials: list[tuple[str | None, str, Any]],
) -> WantedRoute:
    """The form as a request. Raises `Unclear`."""
    if not (start or "").strip() or not (goal or "").strip():
        raise Unclear("Say from where and to where: lon,lat, or a thing such as port:P01.")
    if not movement and not (vehicles or "").strip():
        raise Unclear("Choose a convoy, or name vehicles, as wheeled:100.")
    effects = []
    for thing, key, value in trials:
        if not (thing or "").strip():
            continue
        effect, measure, label = EFFECTS[key]
        if measure and value in (None, ""):
            raise Unclear(f"What if: {label} needs a value.")
        measures = {measure: float(value)} if measure else {}
        effects.append(WantedEffect(subject=str(thing).strip(), effect=effect, measures=measures))
    try:
        return WantedRoute.model_validate(
            {
                "start": str(start).strip(),
                "goal": str(goal).strip(),
                "movement": movement or "",
                "vehicles": _list(vehicles, ","),
                "via": _list(via, ";"),
                "avoid": [part.strip() for part in _AVOIDED.split(avoid or "") if part.strip()],
                "what_if": effects,
            }
        )
    except ValidationError as error:
        raise Unclear("; ".join(f"{each['loc'][-1]}: {each['msg']}" for each in error.errors())) from error


def _list(text: str | None, mark: str) -> list[str]:
    return [part.strip() for part in (text or "").split(mark) if part.strip()]


def results(answered: dict[str, Any], chosen: str, what_if: list[str]) -> list[Any]:
    """The ways on offer and the refused ones as a list."""
    said: list[Any] = []
    if what_if:
        said.append(html.P([html.Mark("WHAT IF"), f" {'; '.join(what_if)}. The live picture does not have this."]))
    if answered["note"]:
        said.append(html.P(_sentence(answered["note"]), className="note"))
    offers = [_way(each, f"offer-{i}", chosen, f"Way {i + 1}") for i, each in enumerate(answered["offers"])]
    refused = [_way(each, f"refused-{i}", chosen, "Shorter, refused") for i, each in enumerate(answered["refused"])]
    if not offers:
        said.append(html.P("No way can be offered.", className="empty"))
    return [
        *said,
        *([html.H3("On offer"), html.Ol(offers, className="ways")] if offers else []),
        *([html.H3("Refused, and why"), html.Ol(refused, className="ways")] if refused else []),
    ]


def _way(each: dict[str, Any], key: str, chosen: str, title: str) -> Any:
    now = clock()
    told = [Reason(**r) for r in each["reasons"] if r["answer"] != "go"]
    return html.Li(
        [
            html.Button(
                [
                    answer(each["verdict"]),
                    html.Strong(title),
                    html.Span(f"{each['km']:.1f} km"),
                    html.Span(_hours(each["minutes"])),
                    html.Span(" ".join(each["routes"]) or "no corridor", className="corridors"),
                ],
                id={"way": key},
                className="way" + (" chosen" if key == chosen else ""),
                type="button",
                **{"aria-pressed": "true" if key == chosen else "false"},
            ),
            *([html.Ul(reason_items(told[:SHOWN], now), className="whys")] if told else []),
            *([html.P(f"and {len(told) - SHOWN} more", className="hint")] if len(told) > SHOWN else []),
        ],
        className=each["verdict"],
    )


def _hours(minutes: float) -> str:
    return f"{int(minutes) // 60} h {round(minutes) % 60:02} min" if minutes >= 60 else f"{minutes:.0f} min"


def shapes(answered: dict[str, Any], chosen: str, theme: str) -> list[Any]:
    """All ways as lines, the chosen one on top and thick."""
    colours = palette(theme)
    drawn: list[tuple[bool, list[Any]]] = []
    for kind in ("refused", "offers"):
        for i, each in enumerate(answered[kind]):
            key = f"{'offer' if kind == 'offers' else 'refused'}-{i}"
            bold = key == chosen
            line = way(
                each["line"],
                theme,
                "" if kind == "offers" else colours["no-go"],
                7 if bold else 3,
                "" if kind == "offers" else "10 8",
            )
            drawn.append((bold, line))
    return [shape for _, line in sorted(drawn, key=lambda each: each[0]) for shape in line]


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def callbacks(app: Dash, scenes: Scenes) -> None:
    """Search, choose one of the ways, and clear."""

    @app.callback(
        Output("route-found", "data"),
        Output("route-list", "children"),
        Output("route-offers", "children"),
        Output("route-said", "children"),
        Input("route-find", "n_clicks"),
        Input("route-clear", "n_clicks"),
        Input({"way": ALL}, "n_clicks"),
        Input("moment", "data"),
        State("route-found", "data"),
        State("moves-world", "data"),
        State("theme-name", "data"),
        State("route-from", "value"),
        State("route-to", "value"),
        State("route-movement", "value"),
        State("route-vehicles", "value"),
        State("route-via", "value"),
        State("route-avoid", "value"),
        State({"trial": "thing", "row": ALL}, "value"),
        State({"trial": "effect", "row": ALL}, "value"),
        State({"trial": "value", "row": ALL}, "value"),
        running=[(Output("route-find", "loading"), True, False)],
        prevent_initial_call=True,
    )
    async def search(
        clicks: int | None,
        cleared: int | None,
        ways: list[int | None],
        moment: int | None,
        found: dict[str, Any] | None,
        world: str,
        theme: str,
        start: str | None,
        goal: str | None,
        movement: str | None,
        vehicles: str | None,
        via: str | None,
        avoid: str | None,
        things: list[str | None],
        effects: list[str],
        values: list[Any],
    ) -> Any:
        if ctx.triggered_id == "moment":  # ways that were found now are no ways of then
            return (no_update,) * 4 if found is None else (None, _nothing(), [], "")
        if ctx.triggered_id == "route-clear":
            return None, _nothing(), [], ""
        if isinstance(ctx.triggered_id, dict):
            if found is None or not any(ways):
                return (no_update,) * 4
            key = ctx.triggered_id["way"]
            return no_update, results(found, key, found["what_if"]), shapes(found, key, theme), no_update
        if not clicks:
            return (no_update,) * 4
        if moment is not None:
            return no_update, no_update, no_update, "Ways are searched for as things are now: return to live first."
        engine = scenes.now.engines.get(world)
        if engine is None:
            return no_update, no_update, no_update, "The road network is still being loaded."
        trials = list(zip(things, effects, values, strict=True))
        try:
            asked = wanted(start, goal, movement, vehicles, via, avoid, trials)
            answered = find(engine, asked)
        except Unclear as error:
            return None, _nothing(), [], str(error)
        except HTTPException as error:
            return None, _nothing(), [], _sentence(str(error.detail))
        tried = [
            f"{e.subject} {e.effect}" + "".join(f" {k} {v:g}" for k, v in e.measures.items()) for e in asked.what_if
        ]
        found = answered | {"what_if": tried}
        key = "offer-0" if answered["offers"] else "refused-0"
        return found, results(found, key, tried), shapes(found, key, theme), ""

    @app.callback(
        Output("route-movement", "value"),
        Input("selected", "data"),
    )
    async def choose(selected: dict[str, Any] | None) -> Any:
        subject = (selected or {}).get("id") or ""
        return subject if subject.startswith("convoy:") else no_update
