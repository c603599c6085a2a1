"""Which columns have the boards of movements, conflicts and clearances?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import dash_ag_grid as dag
from dash import html

from dashboard.parts import GRID_LOOK

_ANSWERS: Final = {f"verdict {word}": f"params.value === '{word}'" for word in ("go", "caution", "unknown", "no-go")}
_CREDITS: Final = {
    "verdict go": "params.value === 'green'",
    "verdict caution": "params.value === 'amber'",
    "verdict no-go": "params.value === 'red'",
    "verdict unknown": "params.value === 'unknown'",
}
_STATES: Final = {
    "verdict go": "params.value === 'cleared'",
    "verdict caution": "params.value === 'pending'",
    "verdict unknown": "params.value === 'unknown'",
    "verdict no-go": "['missing', 'late', 'blocked'].includes(params.value)",
}


def _column(field: str, title: str, width: int, **more: Any) -> dict[str, Any]:
    filtered = width >= 150  # in a narrow one the button leaves no room for the title
    return {"field": field, "headerName": title, "width": width, "filter": filtered, **more}


def _time(field: str, title: str) -> dict[str, Any]:
    return _column(field, title, 96, valueFormatter={"function": "copUtc(params.value)"}, cellClass="num")


def _minutes(field: str, title: str) -> dict[str, Any]:
    return _column(field, title, 100, valueFormatter={"function": "copMinutes(params.value)"}, cellClass="num")


MOVEMENTS: Final = (
    _column(
        "verdict",
        "Verdict",
        108,
        pinned="left",
        cellClassRules=_ANSWERS,
        valueFormatter={"function": "copAnswer(params.value)"},
    ),
    _column("convoy", "Convoy", 70, pinned="left"),
    _column("limiting", "Limited by", 170),
    _column("why", "Why", 300, tooltipField="why"),
    _column("may", "May move", 92),
    _time("due", "Due, UTC"),
    _time("eta", "ETA, UTC"),
    _minutes("delay_min", "Delay, min"),
    _minutes("late_min", "Late now"),
    _column("credit", "Credit", 92, cellClassRules=_CREDITS, valueFormatter={"function": "copCredit(params.value)"}),
    _column("conflicts", "Conflicts", 88, cellClass="num"),
    _column("elements", "Elements", 88, cellClass="num"),
    _column("route", "Route", 110),
    _column("way", "From – to", 240),
    _column("name", "Name", 260),
)
CONFLICTS: Final = (
    _time("since", "From, UTC"),
    _column("name", "Place", 230),
    _column("first_id", "First", 80),
    _column("second_id", "Second", 80),
    _column("overlap_ms", "Overlap, min", 110, valueFormatter={"function": "copSpan(params.value)"}, cellClass="num"),
    _column("kind", "Kind", 110),
    _column("text", "What", 420, flex=1, tooltipField="text"),
    _time("until", "Until, UTC"),
)
CLEARANCES: Final = (
    _column(
        "state",
        "State",
        108,
        pinned="left",
        cellClassRules=_STATES,
        valueFormatter={"function": "copState(params.value)"},
    ),
    _column("convoy", "Convoy", 80, pinned="left"),
    _column("border_id", "Border", 80),
    _time("eta", "ETA, UTC"),
    _column("earliest_text", "Earliest lawful", 130),
    _column("slack", "Slack", 96, cellClass="num"),
    _column("left", "Time left", 96, cellClass="num"),
    _column("permission", "Permission", 110),
    _column("form302", "Form 302", 180),
    _column("missing_text", "Missing", 420, flex=1, tooltipField="missing_text"),
)


def board_of(name: str, columns: Sequence[dict[str, Any]], key: str) -> Any:
    grid = dag.AgGrid(
        id=f"{name}-grid",
        rowData=[],
        columnDefs=list(columns),
        getRowId=key,
        defaultColDef={"sortable": True, "resizable": True, "filter": True, "minWidth": 60},
        dashGridOptions={
            "rowSelection": {"mode": "singleRow", "checkboxes": False, "enableClickSelection": True},
            "animateRows": False,
            "rowHeight": 26,
            "headerHeight": 28,
            "tooltipShowDelay": 300,
            "suppressNoRowsOverlay": True,
            "theme": {"function": f"themeBalham.withParams({json.dumps(GRID_LOOK)})"},
        },
        style={"height": "100%"},
        dangerously_allow_code=True,
    )
    return html.Div(
        [html.P(id=f"{name}-said", className="empty said"), html.Div(grid, className="fill")], className="board"
    )
