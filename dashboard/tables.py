"""What does the table look like? One grid, filled by the browser's part with what the filters let pass."""

from __future__ import annotations

import json
from typing import Any

import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import Dash, Input, Output, html

from dashboard.parts import GRID_LOOK
from layers.layer import layers as all_layers


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
            "theme": {"function": f"themeBalham.withParams({json.dumps(GRID_LOOK)})"},
        },
        style={"height": "100%"},
        dangerously_allow_code=True,
    )
    return dmc.TabsPanel(grid, value="table")


def tools() -> Any:
    """What stands at the right of the tabs while the table is open."""
    options = [{"value": "", "label": "All"}] + [{"value": n, "label": x.title} for n, x in all_layers().items()]
    found = [
        dmc.Select(
            id="table-layer",
            data=options,
            value="",
            size="xs",
            w=150,
            allowDeselect=False,
            **{"aria-label": "Table of"},
        ),
        html.Button("CSV", id="csv", className="quiet", title="Save what the table shows"),
        html.Span(id="table-count", className="n"),
    ]
    return html.Div(found, className="tools", id="table-tools")


def callbacks(app: Dash) -> None:
    """The browser's part fills the grid: it is told which table is wanted, and whether it is seen."""
    app.clientside_callback(
        "function(...args) { return cop.page.table(...args); }",
        Output("nowhere", "data-table"),
        Input("table-layer", "value"),
        Input("drawer", "value"),
    )
