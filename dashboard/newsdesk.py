"""What changed, what wants attention, and which views are kept? The tabs, the header's buttons and the dialogs for it.

Only what lies still is laid out here. `assets/49_desk*.js` fill it and write through the same API as a program would.
"""

from __future__ import annotations

import json
from typing import Any, Final

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import html

from dashboard.parts import GRID_LOOK

SPANS: Final = ((15, "15 min"), (60, "1 h"), (480, "8 h"), (1440, "24 h"))
"""Minutes, and what stands on the button."""
KINDS: Final = (("open", "Open", True), ("acknowledged", "Acknowledged", True), ("cleared", "Over", False))
"""Which alerts are listed: what it is called in the browser, what stands there, and whether it is on at first."""
WHO: Final = "rank, name or initials"


def tabs() -> list[Any]:
    """The tabs' titles, each with its count."""
    return [
        dmc.TabsTab(["What changed", html.Span(id="n-changes", className="n count")], value="changes"),
        dmc.TabsTab(["Alerts", html.Span(id="n-alerts", className="alert-count")], value="alerts"),
    ]


def panels() -> list[Any]:
    """What lies under the tabs."""
    return [dmc.TabsPanel(_changes(), value="changes"), dmc.TabsPanel(_alerts(), value="alerts")]


def header() -> list[Any]:
    """What stands in the page's header: the saved views, the bell, and the help."""
    return [
        _button("Views", "views-open", "Saved views and wall plans (v)"),
        html.Button(
            [html.Span("Alerts", className="word"), html.Span("no alerts", id="bell-count", className="alert-count")],
            id="bell",
            className="quiet bell",
            type="button",
            title="Alerts (a)",
        ),
        _button("?", "help-open", "Keys of this page (?)"),
    ]


def parts() -> list[Any]:
    """What the page needs beside it: the dialogs, and what is only read aloud."""
    return [
        html.Div(id="say-at-once", className="heard", **{"aria-live": "assertive"}),
        html.Div(id="say-in-turn", className="heard", **{"aria-live": "polite"}),
        _ask_dialog(),
        _views_dialog(),
        _plan_dialog(),
        dmc.Modal(
            html.Div(id="help-keys", className="dialog"),
            id="help-dialog",
            title="Keys",
            opened=False,
            zIndex=5000,
            size="lg",
        ),
    ]


def _button(text: str, name: str, title: str = "", **more: Any) -> Any:
    return html.Button(text, id=name, className="quiet", type="button", title=title or None, **more)


def _switch(text: str, name: str, on: bool, title: str = "", **more: Any) -> Any:
    return _button(text, name, title, **{"aria-pressed": "true" if on else "false"}, **more)


# -- what changed -----------------------------------------------------------------------------------------------------


def _changes() -> Any:
    spans = [
        html.Button(text, className="quiet", type="button", title=f"The last {text}", **{"data-span": str(minutes)})
        for minutes, text in SPANS
    ]
    tools = [
        html.Span(id="changes-mark", className="mark"),
        html.Span(spans, className="together", role="group", **{"aria-label": "Since"}),
        dmc.TextInput(
            id="changes-since",
            placeholder="or since 10:15",
            size="xs",
            w=130,
            **{"aria-label": "Since a time, UTC: write it and press Enter"},
        ),
        _button("Seen all", "changes-seen", "I have seen all of this: list only what comes from now on"),
        _button("Undo", "changes-undo", "Set the time of the last look back to what it was", hidden=True),
        html.Span(className="grow"),
        _switch("Newest first", "changes-order", True, "Newest or oldest first"),
        _switch("As filtered", "changes-filtered", False, "Only what the page's filters show"),
        _button("CSV", "changes-csv", "Save what is listed"),
        _button("Copy", "changes-copy", "Copy what is listed as text"),
        html.Span(id="changes-count", className="n", role="status"),
    ]
    grid = dag.AgGrid(
        id="changes-grid",
        rowData=[],
        columnDefs=[],
        getRowId="params.data.key",
        defaultColDef={"sortable": True, "resizable": True, "filter": False, "minWidth": 60},
        dashGridOptions={
            "rowSelection": {"mode": "singleRow", "checkboxes": False, "enableClickSelection": True},
            "animateRows": False,
            "rowHeight": 26,
            "headerHeight": 28,
            "enableBrowserTooltips": True,
            "overlayNoRowsTemplate": "<span>Nothing has changed since then.</span>",
            "theme": {"function": f"themeBalham.withParams({json.dumps(GRID_LOOK)})"},
        },
        style={"height": "100%"},
        dangerously_allow_code=True,
    )
    return html.Div(
        [
            html.Div(tools, className="board-tools"),
            html.P(id="changes-said", className="band", role="status", hidden=True),
            html.Div(
                [grid, html.Button(id="changes-more", className="newer", type="button", hidden=True)],
                className="fill",
            ),
        ],
        className="board",
        id="changes-board",
    )


# -- alerts -----------------------------------------------------------------------------------------------------------


def _alerts() -> Any:
    shown = [_switch(text, f"alerts-{kind}", on, **{"data-kind": kind}) for kind, text, on in KINDS]
    tools = [
        html.Span(shown, className="together", role="group", **{"aria-label": "Which alerts are listed"}),
        _switch("Mine", "alerts-mine", False, "Only those that I have taken"),
        html.Span(id="alerts-said", className="said", role="status"),
        html.Span(className="grow"),
        _switch("Sound", "alerts-sound", False, "A short sound for a new red alert"),
        _button("Try", "alerts-try", "Play the sound"),
        _button("Who are you?", "desk-who", "The name under which you acknowledge, take and save"),
    ]
    return html.Div(
        [
            html.Div(tools, className="board-tools"),
            html.P(id="alerts-silent", className="band bad", role="alert", hidden=True),
            html.P("The map shows the past. These alerts are of now.", id="alerts-past", className="band", hidden=True),
            html.Div(id="alerts-list", className="fill alerts"),
        ],
        className="board",
        id="alerts-board",
    )


# -- the dialogs ------------------------------------------------------------------------------------------------------


def _ask_dialog() -> Any:
    """One small dialog for all that needs a name and perhaps one more word."""
    return dmc.Modal(
        html.Div(
            [
                html.P(id="ask-what", className="what"),
                dmc.TextInput(id="ask-who", label="Who are you", placeholder=WHO, required=True),
                dmc.TextInput(id="ask-word", label="Note"),
                html.P(id="ask-said", className="said", role="alert"),
                dmc.Button("Do it", id="ask-send"),
            ],
            className="dialog",
        ),
        id="ask-dialog",
        title="",
        opened=False,
        zIndex=5100,
    )


def _views_dialog() -> Any:
    save = [
        dmc.TextInput(
            id="views-name",
            label="Save what is shown as",
            placeholder="Ports LV",
            className="grow",
            **{"data-autofocus": True},
        ),
        dmc.Button("Save", id="views-save"),
    ]
    find = [
        dmc.TextInput(
            id="views-search", placeholder="Search", size="xs", className="grow", **{"aria-label": "Search the views"}
        ),
        _button("New wall plan…", "plan-open", "Views that take turns on a wall"),
    ]
    return dmc.Modal(
        html.Div(
            [
                html.Div(save, className="line"),
                html.Div(
                    [
                        html.P(id="views-said", role="status"),
                        _button("Undo", "views-undo", hidden=True),
                        _button("Overwrite it", "views-over", hidden=True),
                    ],
                    className="line outcome",
                ),
                html.Div(find, className="line"),
                html.Ol(id="views-list", className="views-list"),
            ],
            className="dialog",
        ),
        id="views-dialog",
        title="Views",
        opened=False,
        zIndex=5000,
        size=720,
    )


def _plan_dialog() -> Any:
    return dmc.Modal(
        html.Div(
            [
                html.P("The ticked views take turns on a wall, in this order.", className="hint"),
                html.Div(
                    [
                        dmc.TextInput(
                            id="plan-name",
                            label="Name of the plan",
                            className="grow",
                            **{"data-autofocus": True},
                        ),
                        dmc.NumberInput(id="plan-seconds", label="Seconds a view", value=20, min=5, max=3600, w=130),
                    ],
                    className="line",
                ),
                html.Ol(id="plan-views", className="views-list"),
                html.P(id="plan-said", className="said", role="alert"),
                html.Div(
                    [
                        dmc.Button("Save the plan", id="plan-save"),
                        html.Span(className="grow"),
                        html.A(id="plan-address", target="_blank"),
                        _button("Copy", "plan-copy", "Copy the address", hidden=True),
                    ],
                    className="line",
                ),
            ],
            className="dialog",
        ),
        id="plan-dialog",
        title="Wall plan",
        opened=False,
        zIndex=5000,
        size=640,
    )
