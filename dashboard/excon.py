"""Exercise control: open an exercise, pick a thing, do something to it for a while, see it, take it back."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, TypeVar

import dash_mantine_components as dmc
from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update

from cop.bus import BusDown
from cop.event import EXERCISE, REAL, InvalidEvent, is_exercise
from cop.exercise import MEASURES, Inject
from dashboard.api import effect
from dashboard.exercises import Exercises, NoSuchThing
from dashboard.hub import Hub
from dashboard.maps import MapLayer, map_view
from dashboard.parts import clocks, frame, freshness, live, world_badge
from dashboard.settings import Values
from feeds.clock import clock
from layers.layer import by_kind, thing

T = TypeVar("T")
_EFFECTS = (("close", "Close"), ("limit", "Limit"), ("slow", "Slow"), ("degrade", "Degrade"))
_NAMES = {
    "mlc_wheeled": "MLC wheeled",
    "mlc_tracked": "MLC tracked",
    "mass_t": "Mass",
    "axle_t": "Axle load",
    "height_m": "Height",
    "width_m": "Width",
    "alternating": "One lane for both ways",
    "delay_min": "Delay",
    "speed_kmh": "Speed",
    "capacity_pct": "Capacity",
    "processing_min": "Processing",
}


def layout(hub: Hub, settings: Values, layers: list[MapLayer], query: dict[str, str]) -> Any:
    """The page for a query: `world` (an exercise)."""
    asked = query.get("world") or settings.world
    exercises = [world for world in hub.worlds() if is_exercise(world)]
    world = asked if is_exercise(asked) else (exercises[0] if exercises else "")
    names = [{"value": w, "label": w.removeprefix(EXERCISE)} for w in dict.fromkeys([*exercises, world]) if w]
    return frame(
        "excon",
        html.Header(
            [
                html.H1("Exercise control", className="brand"),
                world_badge(),
                html.Div(className="grow"),
                live(),
                clocks(),
                html.Nav([html.A("Staff", href=f"/?world={world}"), html.A("Wall", href=f"/wall?world={world}")]),
            ],
            className="top",
        ),
        html.Main(
            [
                html.Aside([_choose(names, world), _form(world)], id="control", **{"aria-label": "Inject"}),
                html.Section(html.Div([map_view(layers, query), _credits()], id="map-box"), className="middle"),
                html.Aside(
                    [html.H2("Injects"), html.Div(id="injects", **{"aria-live": "polite"})],
                    **{"aria-label": "Injects of this exercise"},
                ),
            ]
        ),
        freshness(),
        dcc.Store(id="selected", data={"id": query.get("sel"), "world": world}),
        dcc.Store(id="theme-name", data=query.get("theme", "dark")),
        dcc.Store(id="excon-world", data=world),
        dcc.Interval(id="inject-beat", interval=2000),
        html.Div(id="nowhere", hidden=True),
    )


def _credits() -> html.Div:
    return html.Div(
        [html.Span(id="pointer-latlon"), html.Span(id="pointer-mgrs"), html.Span(id="credits")], className="pointer"
    )


def _choose(names: list[dict[str, str]], world: str) -> html.Div:
    return html.Div(
        [
            html.H2("Exercise"),
            dmc.Select(
                id="exercise",
                data=names,
                value=world or None,
                placeholder="none is open",
                size="sm",
                allowDeselect=False,
                **{"aria-label": "Exercise"},
            ),
            html.Div(
                [
                    dmc.TextInput(id="new-name", placeholder="new exercise", size="sm", **{"aria-label": "Name"}),
                    dmc.Button("Open", id="new-open", size="sm", variant="light"),
                ],
                className="row",
            ),
            html.P(id="new-said", className="said", role="status"),
        ],
        className="part",
    )


def _form(world: str) -> html.Div:
    numbers = [
        dmc.NumberInput(
            id={"measure": name},
            label=_NAMES[name],
            suffix=f" {unit}",
            min=0,
            size="sm",
            style={"display": "none"},
        )
        for name, unit in {name: unit for each in MEASURES.values() for name, unit in each.items()}.items()
    ]
    return html.Div(
        [
            html.H2("Inject"),
            dmc.Select(
                id="target",
                label="On",
                placeholder="click the map, or type",
                data=[],
                searchable=True,
                clearable=True,
                size="sm",
                limit=50,
                nothingFoundMessage="nothing of that name",
            ),
            dmc.SegmentedControl(
                id="effect",
                data=[{"value": v, "label": t} for v, t in _EFFECTS],
                value="close",
                size="sm",
                fullWidth=True,
            ),
            html.Div(numbers, className="measures", id="measures"),
            html.Div(
                [
                    dmc.NumberInput(
                        id="t-plus", label="From T+ (empty: now)", suffix=" min", size="sm", **{"allowDecimal": True}
                    ),
                    dmc.NumberInput(id="for-min", label="For", suffix=" min", value=60, min=1, size="sm"),
                ],
                className="row",
            ),
            dmc.Textarea(id="reason", label="Reason as players see it", size="sm", minRows=2),
            dmc.Button("Fire", id="fire", color="orange", fullWidth=True, disabled=not world),
            html.P(id="fire-said", className="said", role="status"),
        ],
        className="part",
    )


def callbacks(app: Dash, hub: Hub, exercises: Exercises) -> None:
    """What exercise control asks of the server. Every answer says what happened, in words."""

    @app.callback(Output({"measure": ALL}, "style"), Input("effect", "value"), State({"measure": ALL}, "id"))
    def measures(chosen: str, ids: list[dict[str, str]]) -> Any:
        allowed = MEASURES[chosen]  # type: ignore[index]
        return [{} if each["measure"] in allowed else {"display": "none"} for each in ids]

    app.clientside_callback(
        "function(world) { return cop.page.world(world); }",
        Output("nowhere", "data-exercise"),
        Input("exercise", "value"),
        prevent_initial_call=True,
    )

    @app.callback(Output("target", "data"), Input("excon-world", "data"))
    def targets(world: str) -> Any:
        if world not in hub.views:
            return []
        now = clock()
        groups: dict[str, list[dict[str, str]]] = {}
        for entity in hub.entities(world):
            layer = by_kind().get(entity.kind)
            row = thing(entity, now) if layer is not None and entity.kind not in ("vessel", "aircraft") else None
            if row is not None and layer is not None:
                option = {"value": row["id"], "label": f"{row['name']} ({row['id'].partition(':')[2]})"}
                groups.setdefault(layer.title, []).append(option)
        return [{"group": title, "items": sorted(items, key=lambda o: o["label"])} for title, items in groups.items()]

    @app.callback(Output("target", "value"), Input("selected", "data"))
    def target(selected: dict[str, Any] | None) -> Any:
        return (selected or {}).get("id") or no_update

    @app.callback(
        Output("new-said", "children"),
        Output("exercise", "data"),
        Output("exercise", "value"),
        Input("new-open", "n_clicks"),
        State("new-name", "value"),
        State("exercise", "data"),
        prevent_initial_call=True,
    )
    async def open_exercise(clicks: int | None, name: str | None, data: list[dict[str, str]]) -> Any:
        if not clicks:
            return no_update, no_update, no_update
        said, world = await _said(exercises.open((name or "").strip()))
        if world is None:
            return said, no_update, no_update
        return (
            f"open since now: T+0 is {world}",
            [*data, {"value": world, "label": world.removeprefix(EXERCISE)}],
            world,
        )

    @app.callback(
        Output("fire-said", "children"),
        Input("fire", "n_clicks"),
        State("excon-world", "data"),
        State("target", "value"),
        State("effect", "value"),
        State({"measure": ALL}, "value"),
        State({"measure": ALL}, "id"),
        State("t-plus", "value"),
        State("for-min", "value"),
        State("reason", "value"),
        prevent_initial_call=True,
    )
    async def fire(
        clicks: int | None,
        world: str,
        subject: str | None,
        chosen: Any,
        values: list[Any],
        ids: list[dict[str, str]],
        t_plus: Any,
        for_min: Any,
        reason: str | None,
    ) -> Any:
        if not clicks:
            return no_update
        if not subject:
            return "Choose a thing first: click it on the map or type its name."
        allowed = MEASURES[chosen]
        given = {
            each["measure"]: float(value)
            for each, value in zip(ids, values, strict=True)
            if value not in (None, "") and each["measure"] in allowed
        }
        inject = Inject(
            subject=subject,
            effect=chosen,
            measures=given,
            t_plus_min=None if t_plus in (None, "") else float(t_plus),
            for_min=float(for_min or 0),
            reason=reason or "",
        )
        name = world.removeprefix(EXERCISE)
        said, event = await _said(exercises.fire(name, inject, lambda s: hub.look(world, s) is not None))
        return said if event is None else f"Fired on {subject}."

    @app.callback(
        Output("injects", "children"),
        Input("inject-beat", "n_intervals"),
        Input("fire-said", "children"),
        Input({"undo": ALL}, "n_clicks"),
        State("excon-world", "data"),
    )
    async def injects(beat: int | None, fired: Any, undone: list[int | None], world: str) -> Any:
        if world not in hub.views or world == REAL:
            return html.P("Open an exercise, or choose one.", className="empty")
        name = world.removeprefix(EXERCISE)
        trouble = ""
        if isinstance(ctx.triggered_id, dict) and any(undone):
            trouble, _ = await _said(exercises.take_back(name, ctx.triggered_id["undo"]))
        now = clock()
        rows = [effect(event, now) for event in exercises.effects(name)]
        if not rows:
            return [html.P(trouble, className="said"), html.P("No inject is out.", className="empty")]
        return [html.P(trouble, className="said"), html.Ol([_inject(row) for row in rows], className="injects")]


def _inject(row: dict[str, Any]) -> html.Li:
    measures = ", ".join(f"{_NAMES.get(name, name)} {value:g}" for name, value in row["measures"].items())
    return html.Li(
        [
            html.Div(
                [
                    html.Span(row["state"], className=f"state {row['state']}"),
                    html.Strong(row["subject"]),
                    html.Span(row["phase"], className=f"phase {row['phase'].replace(' ', '-')}"),
                ],
                className="row",
            ),
            html.P(f"{row['reason']}{' · ' if measures else ''}{measures}"),
            html.P(
                [
                    html.Time(className="clock-at", **{"data-at": str(row["since"])}),
                    " – ",
                    html.Time(className="clock-at", **{"data-at": str(row["until"])}),
                ],
                className="hint",
            ),
            dmc.Button("Take back", id={"undo": row["serial"]}, size="compact-xs", variant="outline", color="gray"),
        ]
    )


async def _said(work: Awaitable[T]) -> tuple[str, T | None]:
    try:
        return "", await work
    except (NoSuchThing, InvalidEvent) as error:
        return str(error), None
    except BusDown as error:
        return f"Nothing was written: the stream is out of reach ({error}).", None
