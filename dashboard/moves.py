"""Which movements may move, what has permission, who is in whose way? The movement tabs of the staff page.

All that is shown is read from the world's engine. What a page has already is not sent again: each look carries a mark,
and an unchanged mark is an empty answer.
"""

# mypy: disallow-untyped-decorators=False

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import dash_leaflet as dl
import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from cop.event import Millis
from cop.movement.assess import local
from cop.movement.clearance import saved_days
from cop.movement.engine import Engine
from cop.movement.rulesets import rulesets
from dashboard import moveforms, routetool
from dashboard.movegrids import CLEARANCES, CONFLICTS, MOVEMENTS, board_of
from dashboard.movemap import fingerprint, movement_shapes
from dashboard.movements import HARMONISED, NATIONAL, board, conflict_rows, rows
from dashboard.moveseen import see
from dashboard.scene import Scenes
from dashboard.words import span, utc

BEAT_MS: Final = 2_000
NOW_MS: Final = 15_000
"""How often the diagram's line of now moves on."""
TABS: Final = ("movements", "conflicts", "clearances", "time", "route")


def tabs() -> list[Any]:
    """The tabs' titles."""
    return [
        dmc.TabsTab("Movements", value="movements"),
        dmc.TabsTab(["Conflicts", html.Span(id="n-conflicts", className="n count")], value="conflicts"),
        dmc.TabsTab(["Clearances", html.Span(id="n-clearances", className="n count")], value="clearances"),
        dmc.TabsTab("Time–distance", value="time"),
        dmc.TabsTab("Route", value="route"),
    ]


def panels() -> list[Any]:
    """What lies under the tabs."""
    return [
        dmc.TabsPanel(board_of("moves", MOVEMENTS, "params.data.id"), value="movements"),
        dmc.TabsPanel(board_of("conflicts", CONFLICTS, "params.data.key"), value="conflicts"),
        dmc.TabsPanel(
            html.Div([_clearance_tools(), board_of("clearances", CLEARANCES, "params.data.key")], className="board"),
            value="clearances",
        ),
        dmc.TabsPanel(
            html.Div(
                [
                    html.Div(
                        [
                            dmc.Select(
                                id="time-along",
                                data=[{"value": "", "label": "The chosen convoy's way"}],
                                value="",
                                size="xs",
                                w=230,
                                allowDeselect=False,
                                searchable=True,
                                **{"aria-label": "Along"},
                            ),
                            html.Span(
                                "dashed: planned · solid: passed and forecast, head to tail · ✕ in each other's way",
                                className="hint",
                            ),
                        ],
                        className="board-tools",
                    ),
                    dcc.Graph(
                        id="time-plot",
                        config={
                            "displaylogo": False,
                            "modeBarButtons": [["zoom2d", "pan2d", "resetScale2d", "toImage"]],
                        },
                        responsive=True,
                        className="fill",
                    ),
                ],
                className="board",
            ),
            value="time",
        ),
        dmc.TabsPanel(routetool.panel(), value="route"),
    ]


def parts(world: str) -> list[Any]:
    """What the page needs beside the tabs: the beat, the marks of what it has, and the dialogs."""
    return [
        dcc.Store(id="moves-world", data=world),
        dcc.Store(id="moves-mark", data=""),
        dcc.Store(id="time-mark", data=""),
        dcc.Store(id="route-mark", data=""),
        dcc.Interval(id="moves-beat", interval=BEAT_MS),
        *moveforms.dialogs(),
    ]


def map_group() -> Any:
    """The shapes on the map: the chosen movement's, and the route tool's under it."""
    return dl.LayerGroup([dl.LayerGroup(id="route-offers"), dl.LayerGroup(id="route-shapes")], id="route-layer")


def _clearance_tools() -> Any:
    options = [
        {"value": each.id, "label": each.name + ("" if each.in_force else " (not in force)")}
        for each in rulesets().values()
    ]
    return html.Div(
        [
            dmc.Select(
                id="clearance-rules",
                data=options,
                value=options[0]["value"],
                size="xs",
                w=290,
                allowDeselect=False,
                **{"aria-label": "Rule set that counts"},
            ),
            html.Button(
                "Submit or correct…", id="clearance-open", className="quiet", type="button", title="Of the chosen row"
            ),
            html.Span(id="clearance-hint", className="said", role="status"),
            html.Span(id="clearance-saved", className="hint"),
        ],
        className="board-tools",
    )


# -- what is sent -----------------------------------------------------------------------------------------------------


def movement_rows(engine: Engine) -> list[dict[str, Any]]:
    """The rows of the movements' grid, the most trouble first."""
    return [
        {
            **{key: row[key] for key in ("id", "name", "verdict", "limiting", "why", "due", "eta", "delay_min")},
            **{key: row[key] for key in ("late_min", "credit", "conflicts", "elements", "route")},
            "convoy": local(row["id"]),
            "may": "yes" if row["may_move"] else "no",
            "way": f"{row['start']} – {row['goal']}",
        }
        for row in rows(engine)
    ]


def conflict_lines(engine: Engine) -> list[dict[str, Any]]:
    """The rows of the conflicts' grid, the earliest first."""
    return [
        {
            **{key: row[key] for key in ("since", "until", "name", "overlap_ms", "kind", "text", "lon", "lat")},
            "key": f"{row['first']} {row['second']} {row['name']} {row['since']}",
            "first": row["first"],
            "second": row["second"],
            "first_id": local(row["first"]),
            "second_id": local(row["second"]),
        }
        for row in conflict_rows(engine)
    ]


def clearance_lines(engine: Engine, rules: str, now: Millis) -> list[dict[str, Any]]:
    """The rows of the clearances' board, the most trouble first."""
    return [
        {
            **{key: row[key] for key in ("state", "eta", "permission", "form302", "movement", "border")},
            "key": f"{local(row['movement'])}-{local(row['border'])}",
            "convoy": local(row["movement"]),
            "border_id": local(row["border"]),
            "earliest_text": utc(row["earliest"], now),
            "slack": span(row["slack_ms"]),
            "left": span(row["left_ms"]),
            "missing_text": "; ".join(row["missing"]) or "nothing is missing",
        }
        for row in board(engine, rulesets()[rules], now)
    ]


def savings(engine: Engine, now: Millis) -> str:
    """The days that the harmonised rules save against national practice, side by side."""
    known = rulesets()
    national, harmonised = known[NATIONAL], known[HARMONISED]
    crossings = [each for found in engine.assessments().values() for each in found.clearances]
    told = saved_days(crossings, now, national, harmonised)
    if told.saved_days is None:
        return ""
    return (
        f"Requested now: {national.name.partition(',')[0].lower()} {told.national_days:.0f} days, "
        f"{harmonised.name.partition(',')[0]} {told.harmonised_days:.0f} days: {told.saved_days:.0f} days saved "
        f"at {len(told.borders)} borders"
    )


class _Kept:
    """Rows are made once for all who look, until their mark changes."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, ...], tuple[str, list[dict[str, Any]]]] = {}

    def rows(self, what: tuple[str, ...], mark: str, make: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
        """The rows of what is shown, of that mark."""
        if self._kept.get(what, ("", []))[0] != mark:
            self._kept[what] = mark, make()
        return self._kept[what][1]


def callbacks(app: Dash, scenes: Scenes) -> None:
    """What the tabs, the map's shapes and the dialogs ask of the server."""
    kept = _Kept()

    @app.callback(
        Output("moves-grid", "rowData"),
        Output("moves-said", "children"),
        Output("conflicts-grid", "rowData"),
        Output("conflicts-said", "children"),
        Output("clearances-grid", "rowData"),
        Output("clearances-said", "children"),
        Output("clearance-saved", "children"),
        Output("n-conflicts", "children"),
        Output("n-clearances", "children"),
        Output("route-movement", "data"),
        Output("time-along", "data"),
        Output("moves-mark", "data"),
        Input("moves-beat", "n_intervals"),
        Input("drawer", "value"),
        Input("clearance-rules", "value"),
        Input("moment", "data"),
        State("moves-world", "data"),
        State("moves-mark", "data"),
    )
    async def look(beat: int | None, tab: str, rules: str, moment: int | None, world: str, seen: str) -> Any:
        if moment is not None and seen == f"at {moment} {tab} {rules}":
            raise PreventUpdate  # the past stays as it was
        engine, now, why, version = await see(scenes, world, moment)
        turn = f" {now // 60_000}" if tab == "clearances" and moment is None else ""  # time left runs by itself
        mark = f"{why} {tab}" if engine is None or why else f"{version} {tab} {rules}{turn}"
        if mark == seen:
            raise PreventUpdate
        if engine is None or why:
            return [[], why, [], why, [], why, "", "", "", [], _ALONG, mark]
        once = kept.rows if moment is None else _made
        lines = once((world, "conflicts"), version, lambda: conflict_lines(engine))
        answer: list[Any] = [no_update] * 12
        answer[7], answer[8], answer[11] = str(len(lines)), str(_open(engine)), mark
        if tab == "movements":
            answer[0], answer[1] = once((world, tab), version, lambda: movement_rows(engine)), ""
        elif tab == "conflicts":
            answer[2], answer[3] = lines, "" if lines else "No two movements are in each other's way."
        elif tab == "clearances":
            cleared = once((world, tab, rules), mark, lambda: clearance_lines(engine, rules, now))
            answer[4], answer[5] = cleared, "" if cleared else "No movement has a border ahead of it."
            answer[6] = savings(engine, now)
        elif tab == "route":
            answer[9] = _convoys(engine)
        elif tab == "time":
            answer[10] = _alongs(engine)
        return answer

    _drawings(app, scenes)
    app.clientside_callback(
        "function(data) { return cop.moves.chosen(data); }",
        Output("nowhere", "data-moves"),
        Input("selected", "data"),
    )
    moveforms.callbacks(app)
    routetool.callbacks(app, scenes)


def _drawings(app: Dash, scenes: Scenes) -> None:
    """The time-distance diagram, and the chosen movement on the map."""

    @app.callback(
        Output("time-plot", "figure"),
        Output("time-mark", "data"),
        Input("moves-beat", "n_intervals"),
        Input("drawer", "value"),
        Input("time-along", "value"),
        Input("selected", "data"),
        Input("theme-name", "data"),
        Input("moment", "data"),
        State("moves-world", "data"),
        State("time-mark", "data"),
    )
    async def plot(
        beat: int | None,
        tab: str,
        along_: str,
        selected: dict[str, Any] | None,
        theme: str,
        moment: int | None,
        world: str,
        seen: str,
    ) -> Any:
        base = along_ or (selected or {}).get("id") or ""
        if tab != "time" or (moment is not None and seen == f"at {moment} {base} {theme}"):
            raise PreventUpdate
        engine, now, why, version = await see(scenes, world, moment)
        mark = f"{version} {base} {theme}" + ("" if moment else f" {now // NOW_MS}")
        if mark == seen:
            raise PreventUpdate
        from dashboard import movefigures  # pandas and plotly take longer to load than all the rest

        if engine is None:
            return movefigures.nothing(theme, why), mark
        told = movefigures.along(engine, base)
        if told is None:
            return movefigures.nothing(theme, "Choose a convoy, or a corridor on the left."), mark
        return await asyncio.to_thread(
            movefigures.time_distance, told, theme, now, "picture of" if moment else "now"
        ), mark

    @app.callback(
        Output("route-shapes", "children"),
        Output("route-mark", "data"),
        Input("selected", "data"),
        Input("moves-beat", "n_intervals"),
        Input("theme-name", "data"),
        Input("moment", "data"),
        State("moves-world", "data"),
        State("route-mark", "data"),
    )
    async def shapes(
        selected: dict[str, Any] | None, beat: int | None, theme: str, moment: int | None, world: str, seen: str
    ) -> Any:
        subject = (selected or {}).get("id") or ""
        if not subject and not seen:
            raise PreventUpdate
        engine, now, _, _ = await see(scenes, world, moment)
        found = engine.assessment(subject) if engine is not None else None
        mark = "" if found is None else f"{theme} {fingerprint(found)}"
        if mark == seen:
            raise PreventUpdate
        return ([] if found is None or engine is None else movement_shapes(engine, found, theme, now)), mark


_ALONG: Final = [{"value": "", "label": "The chosen convoy's way"}]


def _made(what: tuple[str, ...], mark: str, make: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Rows of the past are made for who asks: few look at the same moment."""
    return make()


def _open(engine: Engine) -> int:
    """How many clearances are not there yet, under the rule set by which movements are judged."""
    return sum(each.state != "cleared" for found in engine.assessments().values() for each in found.clearances)


def _convoys(engine: Engine) -> list[dict[str, str]]:
    return [
        {"value": subject, "label": f"{local(subject)} {found.movement.name}"}
        for subject, found in sorted(engine.assessments().items())
    ]


def _alongs(engine: Engine) -> list[dict[str, str]]:
    corridors = sorted(engine.network.routes) if engine.network is not None else []
    return [*_ALONG, *({"value": each, "label": f"Corridor {each}"} for each in corridors)]
