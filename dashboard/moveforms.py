"""How does staff approve a caution crossing, and submit a clearance? Two dialogs; the browser sends them to the API."""

# mypy: disallow-untyped-decorators=False

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, html

from cop.movement.clearance import form302_problem
from cop.movement.march import CREDITS


def dialogs() -> list[Any]:
    """Both dialogs, closed, and what they keep."""
    return [
        dcc.Store(id="clearance-ready", data=None),
        dcc.Store(id="approve-for", data=None),
        _approve_dialog(),
        _clearance_dialog(),
    ]


def _approve_dialog() -> Any:
    return dmc.Modal(
        [
            html.Div(
                [
                    dmc.Select(
                        id="approve-object", label="What may be passed with caution", data=[], allowDeselect=False
                    ),
                    dmc.TextInput(id="approve-by", label="Who approves", placeholder="rank, name, post", required=True),
                    dmc.NumberInput(id="approve-min", label="For how long", value=720, min=1, suffix=" min"),
                    dmc.Textarea(id="approve-note", label="Note", minRows=2),
                    html.P(
                        "It is kept in the exercise's stream with who gave it and when.",
                        className="hint",
                    ),
                    html.P(id="approve-said", className="said", role="alert"),
                    dmc.Button("Approve with caution", id="approve-send", color="orange"),
                ],
                className="dialog",
            )
        ],
        id="approve-dialog",
        title="Approve with caution",
        opened=False,
        zIndex=5000,
    )


def _clearance_dialog() -> Any:
    return dmc.Modal(
        [
            html.Div(
                [
                    html.P(id="clearance-of", className="what"),
                    dmc.Select(
                        id="clearance-permission",
                        label="Permission",
                        data=[{"value": each, "label": each.lower()} for each in CREDITS],
                        value="REQUESTED",
                        allowDeselect=False,
                    ),
                    dmc.TextInput(
                        id="clearance-form302",
                        label="Form 302 serial",
                        placeholder="LT20261125UN000123",
                        description="2 state, 8 date, U or N goods, N E or O activity, 6 sequence",
                    ),
                    dmc.NumberInput(id="clearance-vehicles", label="Vehicles declared", min=0, allowDecimal=False),
                    dmc.TextInput(id="clearance-by", label="By", placeholder="rank, name, post", required=True),
                    dmc.Textarea(id="clearance-note", label="Note", minRows=2),
                    html.P(id="clearance-said", className="said", role="alert"),
                    dmc.Button("Submit", id="clearance-send"),
                ],
                className="dialog",
            )
        ],
        id="clearance-dialog",
        title="Clearance at a border",
        opened=False,
        zIndex=5000,
    )


def callbacks(app: Dash) -> None:
    """The form 302 is looked at as it is typed; what the rest says is answered by the API."""

    @app.callback(
        Output("clearance-form302", "error"),
        Output("clearance-ready", "data"),
        Input("clearance-form302", "value"),
        Input("clearance-send", "n_clicks"),
        prevent_initial_call=True,
    )
    async def form302(serial: str | None, clicks: int | None) -> Any:
        """The serial's trouble as it is typed; the browser sends what is ready only."""
        problem = form302_problem(serial.strip()) if serial and serial.strip() else None
        return problem or "", {"clicks": clicks or 0, "problem": problem}

    app.clientside_callback(
        "function(ready, ...form) { return cop.moves.submit(ready, ...form); }",
        Output("clearance-said", "children"),
        Input("clearance-ready", "data"),
        State("clearance-permission", "value"),
        State("clearance-form302", "value"),
        State("clearance-vehicles", "value"),
        State("clearance-by", "value"),
        State("clearance-note", "value"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        "function(clicks, ...form) { return cop.moves.approve(clicks, ...form); }",
        Output("approve-said", "children"),
        Input("approve-send", "n_clicks"),
        State("approve-for", "data"),
        State("approve-object", "value"),
        State("approve-by", "value"),
        State("approve-min", "value"),
        State("approve-note", "value"),
        prevent_initial_call=True,
    )
