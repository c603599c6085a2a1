"""How are the feeds doing, and what could not be read? One table of feeds, one of what lies in quarantine."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final

import dash_ag_grid as dag
from dash import Dash, Input, Output, State, dcc, html, no_update

from cop.bus import BusDown, Quarantined
from cop.event import REAL
from dashboard.hub import Hub
from dashboard.parts import GRID_LOOK, clocks, frame, live, world_badge
from dashboard.settings import Values
from feeds.quarantine import kind_of

SHOWN: Final = 500
"""Records of the newest that the page looks at."""
RAW_SHOWN: Final = 4_096
REASONS_SHOWN: Final = 20
BEAT_MS: Final = 3_000
_FEEDS: Final = (
    ("state", "State", 90),
    ("source", "Feed", 190),
    ("nations", "Nations", 100),
    ("world", "World", 130),
    ("origin", "Origin", 100),
    ("records", "Reports", 100),
    ("rejects", "Rejected", 100),
    ("newest", "Newest report (UTC)", 170),
    ("heard", "Last heard (UTC)", 170),
    ("detail", "Detail", 420),
)
_KEPT: Final = (
    ("received", "Heard (UTC)", 170),
    ("source", "Feed", 190),
    ("reason", "Reason", 520),
    ("size", "Bytes", 90),
    ("offset", "Offset", 90),
    ("name", "From", 260),
    ("id", "Id", 180),
)


def layout(settings: Values, query: dict[str, str]) -> Any:
    """The page for a query: `world`, `feed` (only this feed's records)."""
    world = query.get("world") or settings.world
    header = html.Header(
        [
            html.H1("Feeds and quarantine", className="brand"),
            world_badge(),
            html.Div(className="grow"),
            live(),
            clocks(),
            html.Nav([html.A("Staff", href=f"/?world={world}"), html.A("Wall", href=f"/wall?world={world}")]),
        ],
        className="top",
    )
    return frame(
        "feeds",
        header,
        html.Main(
            [
                html.Section([html.H2("Feeds"), _grid("feeds-grid", _FEEDS, "source")], className="middle"),
                html.Section(
                    [
                        html.H2(["In quarantine ", html.Span(id="kept-count", className="n")]),
                        html.Div(id="kept-reasons", className="reasons"),
                        _grid("kept-grid", _KEPT, "id"),
                    ],
                    className="middle",
                ),
                html.Aside(_nothing(), id="kept-raw", **{"aria-label": "The record", "aria-live": "polite"}),
            ]
        ),
        dcc.Store(id="feeds-world", data={"world": world, "feed": query.get("feed", "")}),
        dcc.Store(id="kept-mark", data=""),
        dcc.Store(id="theme-name", data=query.get("theme", "dark")),
        dcc.Interval(id="feeds-beat", interval=BEAT_MS),
        html.Div(id="nowhere", hidden=True),
    )


def _grid(name: str, columns: tuple[tuple[str, str, int], ...], key: str) -> dag.AgGrid:
    return dag.AgGrid(
        id=name,
        rowData=[],
        columnDefs=[{"field": field, "headerName": title, "width": width} for field, title, width in columns],
        getRowId=f"params.data.{key} + ' ' + (params.data.world || '')",
        defaultColDef={"sortable": True, "resizable": True, "filter": True, "minWidth": 60},
        dashGridOptions={
            "rowSelection": {"mode": "singleRow", "checkboxes": False, "enableClickSelection": True},
            "animateRows": False,
            "rowHeight": 26,
            "headerHeight": 28,
            "theme": {"function": f"themeBalham.withParams({json.dumps(GRID_LOOK)})"},
        },
        style={"height": "100%"},
        dangerously_allow_code=True,
    )


def _nothing() -> list[Any]:
    return [
        html.P("Choose a record to see its bytes.", className="empty"),
        html.P(
            [
                "What reads after a change of a decoder is published by ",
                html.Code("cop quarantine retry"),
                "; this page only looks.",
            ],
            className="hint",
        ),
    ]


def time_of(at: int | None) -> str:
    """UTC, or nothing for nothing."""
    return "" if not at else datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def feed_rows(feeds: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The feeds as rows, the worst first."""
    rank = {"failed": 0, "late": 1, "ok": 2}
    rows = [
        {
            **feed,
            "nations": ", ".join(feed["nations"]),
            "newest": time_of(feed["newest"]),
            "heard": time_of(feed["heard"]),
        }
        for feed in feeds
    ]
    return sorted(rows, key=lambda row: (rank.get(row["state"], 0), row["source"]))


def kept_rows(kept: list[Quarantined]) -> list[dict[str, Any]]:
    """What is in quarantine as rows, the newest first."""
    return [
        {
            "id": each.id,
            "world": each.world,
            "received": time_of(each.received),
            "source": each.source,
            "reason": each.reason,
            "size": len(each.raw),
            "offset": each.offset,
            "name": each.name,
        }
        for each in kept
    ]


def reasons(kept: list[Quarantined]) -> Any:
    """How many records by feed and reason, the most first."""
    if not kept:
        return html.P("Nothing is in quarantine.", className="empty")
    counts = Counter((each.source, kind_of(each.reason)) for each in kept)
    rows = [
        html.Tr([html.Td(str(n), className="n"), html.Td(feed), html.Td(why)])
        for (feed, why), n in counts.most_common(20)
    ]
    return html.Table(html.Tbody(rows))


def record(each: Quarantined) -> list[Any]:
    """One record with its bytes, as text and where that fails as escapes."""
    text = each.raw[:RAW_SHOWN].decode("utf-8", "backslashreplace")
    more = f" (the first {RAW_SHOWN} of {len(each.raw)})" if len(each.raw) > RAW_SHOWN else ""
    link = f"/api/v1/quarantine/{each.id}?world={each.world}"
    return [
        html.H2(each.source),
        html.P(each.reason),
        html.P(
            f"heard {time_of(each.received)} UTC · offset {each.offset} · {len(each.raw)} bytes{more}", className="hint"
        ),
        html.P(html.A("Save the bytes", href=link, download=f"{each.source}-{each.id}.bin")),
        html.Pre(text),
        html.P([html.Code(f"cop quarantine retry {each.id} --world {each.world}")], className="hint"),
    ]


def callbacks(app: Dash, hub: Hub) -> None:
    """What the page asks of the server."""

    @app.callback(
        Output("feeds-grid", "rowData"),
        Output("kept-grid", "rowData"),
        Output("kept-reasons", "children"),
        Output("kept-count", "children"),
        Output("kept-mark", "data"),
        Input("feeds-beat", "n_intervals"),
        State("feeds-world", "data"),
        State("kept-mark", "data"),
    )
    async def look(beat: int | None, asked: dict[str, str], seen: str) -> Any:
        world = asked["world"] if asked["world"] in hub.views else REAL
        feeds = feed_rows(hub.views[world].feeds)
        try:
            mark = await hub.quarantine_mark(world)
            if mark == seen:  # records are large: they are read again only when there are others
                return feeds, no_update, no_update, no_update, no_update
            kept = await hub.quarantined(world, SHOWN)
        except BusDown as error:
            return feeds, [], html.P(f"The stream is out of reach: {error}", className="empty"), "?", ""
        kept = [each for each in kept if asked["feed"] in ("", each.source)]
        most = f"the newest {SHOWN}" if len(kept) >= SHOWN else str(len(kept))
        return feeds, kept_rows(kept), reasons(kept), most, mark

    @app.callback(
        Output("kept-raw", "children"),
        Input("kept-grid", "selectedRows"),
        prevent_initial_call=True,
    )
    async def show(rows: list[dict[str, Any]] | None) -> Any:
        if not rows:
            return _nothing()
        try:
            found = await hub.kept(rows[0]["world"], rows[0]["id"])
        except BusDown as error:
            return [html.P(f"The stream is out of reach: {error}", className="empty")]
        if found is None:
            return [html.P("It is no longer in quarantine.", className="empty")]
        return record(found)
