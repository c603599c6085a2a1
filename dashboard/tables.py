"""What does the table look like? One grid, filled by the browser's part with what the filters let pass."""

from __future__ import annotations

import json
from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import Dash, Input, Output, html

from dashboard.columns import EVENT_COLUMNS, EVENT_LAYERS, VERDICT, titles
from dashboard.exports import FORMATS
from dashboard.parts import GRID_LOOK


def tab() -> Any:
    """Its tab."""
    return dmc.TabsTab("Table", value="table")


def panel() -> Any:
    """What lies under its tab."""
    grid = dag.AgGrid(
        id="grid",
        rowData=[],
        columnDefs=[],
        getRowId="params.data.id",
        defaultColDef={"sortable": True, "resizable": True, "filter": True, "minWidth": 70},
        dashGridOptions={
            "rowSelection": {"mode": "singleRow", "checkboxes": False, "enableClickSelection": True},
            "animateRows": False,
            "rowHeight": 26,
            "headerHeight": 28,
            "suppressCellFocus": False,
            "suppressNoRowsOverlay": True,
            "suppressDragLeaveHidesColumns": True,
            "deltaSort": True,
            "theme": {"function": f"themeBalham.withParams({json.dumps(GRID_LOOK)})"},
        },
        style={"flex": "1", "minHeight": "0"},
        dangerously_allow_code=True,
    )
    empty = html.P(id="table-empty", role="status", hidden=True)
    return dmc.TabsPanel(html.Div([_bar(), grid, empty], className="table-box"), value="table")


def tools() -> Any:
    """What keeps the tabs and the drawer's own button apart."""
    return html.Div(className="tools")


def _bar() -> Any:
    found = [
        dmc.Select(
            id="table-layer",
            data=[{"value": name, "label": title} for name, title in titles().items()],
            value="",
            size="xs",
            w=180,
            allowDeselect=False,
            **{"aria-label": "Table of"},
        ),
        html.Span(id="table-count", className="n"),
        html.Div(className="grow"),
        *_menu("columns", "Columns", "Which columns the table has, and in which order", []),
        *_menu("export", "Export", "Save what passes the filters as a file", _formats()),
    ]
    told = {"layers": EVENT_LAYERS, "columns": EVENT_COLUMNS, "verdict": VERDICT}
    return html.Div(found, className="table-bar", id="table-tools", **{"data-events": json.dumps(told)})


def _menu(name: str, title: str, hint: str, children: list[Any]) -> tuple[Any, Any]:
    """A button and what it opens; the script fills it and closes it."""
    button = html.Button(
        title,
        id=f"{name}-open",
        className="quiet",
        title=hint,
        type="button",
        **{"aria-expanded": "false", "aria-controls": f"{name}-menu"},
    )
    return button, html.Div(
        children, id=f"{name}-menu", className="table-menu", hidden=True, role="dialog", **{"aria-label": title}
    )


def _formats() -> list[Any]:
    links = [
        html.A(each.title, href="#", id=f"export-{name}", className="export", **{"data-format": name})
        for name, each in FORMATS.items()
    ]
    return [html.Div(links, className="formats"), html.P(id="export-said", role="status", className="hint")]


def callbacks(app: Dash) -> None:
    """The browser's part fills the grid: it is told which table is wanted, and whether it is seen."""
    app.clientside_callback(
        "function(...args) { return cop.page.table(...args); }",
        Output("nowhere", "data-table"),
        Input("table-layer", "value"),
        Input("drawer", "value"),
    )
