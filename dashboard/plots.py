"""Which plots answer the questions of a watch? The tab of the staff page with the plots of the whole picture."""

# mypy: disallow-untyped-decorators=False

from __future__ import annotations

import asyncio
from typing import Any, Final

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.exceptions import PreventUpdate

from cop.event import REAL, Millis
from dashboard.questions import QUESTIONS, Answer, ask, told_cell
from dashboard.scene import NoSuchMoment, Scenes
from dashboard.words import both

BEAT_MS: Final = 10_000
NOW_MS: Final = 60_000
"""How often the axis of time moves on where nothing else is new."""


def tab() -> Any:
    """Its tab."""
    return dmc.TabsTab("Plots", value="plots")


def panel() -> Any:
    """What lies under its tab."""
    options: list[Any] = [{"value": key, "label": title} for key, title in QUESTIONS.items()]
    return dmc.TabsPanel(
        html.Div(
            [
                html.Div(
                    [
                        dmc.SegmentedControl(
                            id="plot-question", data=options, value="waiting", size="xs", **{"aria-label": "Question"}
                        ),
                        html.H3("", id="plot-title"),
                        html.Button("CSV", id="plot-csv", className="quiet", type="button", title="Save the numbers"),
                    ],
                    className="board-tools",
                ),
                html.P("", id="plot-caption", className="hint"),
                html.P("", id="plot-said", className="empty", role="status"),
                html.Div(
                    [
                        html.Div(
                            dcc.Graph(
                                id="plot-figure",
                                config={
                                    "displaylogo": False,
                                    "modeBarButtons": [["zoom2d", "pan2d", "resetScale2d", "toImage"]],
                                },
                                responsive=True,
                                style={"display": "none"},
                            ),
                            className="plot-box",
                        ),
                        html.Details([html.Summary("Numbers"), html.Div(id="plot-numbers")], className="numbers"),
                    ],
                    className="plot-scroll",
                ),
            ],
            className="board plots",
        ),
        value="plots",
    )


def parts() -> list[Any]:
    """What the page needs beside it."""
    return [
        dcc.Interval(id="plot-beat", interval=BEAT_MS, disabled=True),
        dcc.Store(id="plot-mark", data=""),
        dcc.Download(id="plot-file"),
    ]


def caption(answer: Answer, now: Millis) -> str:
    """Unit, what is counted, whose numbers they are, and of when."""
    few = answer.sources if len(answer.sources) <= 6 else (*answer.sources[:5], f"{len(answer.sources) - 5} more")
    source = f" Source: {', '.join(few)}." if few else ""
    return f"Unit: {answer.unit}; {answer.note}.{source} As of {both(now)}."


def numbers(answer: Answer) -> html.Table:
    """The same numbers as a table, for who can't see the figure or wants to read one."""
    head = html.Thead(html.Tr([html.Th(title, scope="col") for title in answer.columns]))
    rows = [
        html.Tr([html.Td(told_cell(cell), className="" if isinstance(cell, str) else "num") for cell in row])
        for row in answer.rows
    ]
    return html.Table([html.Caption(answer.question), head, html.Tbody(rows)])


def callbacks(app: Dash, scenes: Scenes) -> None:
    """Draw them while the tab is open; what the page has already is not sent again."""

    @app.callback(
        Output("plot-figure", "figure"),
        Output("plot-figure", "style"),
        Output("plot-title", "children"),
        Output("plot-caption", "children"),
        Output("plot-said", "children"),
        Output("plot-numbers", "children"),
        Output("plot-mark", "data"),
        Input("drawer", "value"),
        Input("plot-question", "value"),
        Input("plot-beat", "n_intervals"),
        Input("theme-name", "data"),
        Input("filter-nation", "value"),
        Input("moment", "data"),
        State("world", "value"),
        State("plot-mark", "data"),
    )
    async def plot(
        tab: str,
        question: str,
        beat: int | None,
        theme: str,
        nations: list[str] | None,
        moment: int | None,
        world: str | None,
        seen: str,
    ) -> Any:
        if tab != "plots":
            raise PreventUpdate
        try:
            scene = await scenes.at(world or REAL, moment)
        except NoSuchMoment as error:
            return _nothing("", f"This moment can't be shown: {error}.", seen)
        if (world or REAL) not in scene.views:
            return _nothing("", f"The world {world} is not there.", seen)
        answer = ask(scene, world or REAL, question, nations or ())
        now = scene.now
        mark = f"{question} {theme} {moment} {world} {hash(answer)} {now // NOW_MS}"
        if mark == seen:
            raise PreventUpdate
        if not answer.rows:
            return _nothing(answer.question, answer.missing, seen)
        from dashboard import plotfigures  # pandas and plotly take longer to load than all the rest

        figure = await asyncio.to_thread(plotfigures.draw, question, answer, now, theme)
        style = {"height": plotfigures.height(question, answer)}
        return figure, style, answer.question, caption(answer, now), "", numbers(answer), mark

    @app.callback(
        Output("plot-file", "data"),
        Input("plot-csv", "n_clicks"),
        State("plot-question", "value"),
        State("filter-nation", "value"),
        State("moment", "data"),
        State("world", "value"),
        prevent_initial_call=True,
    )
    async def save(
        clicks: int | None, question: str, nations: list[str] | None, moment: int | None, world: str | None
    ) -> Any:
        if not clicks:
            raise PreventUpdate
        try:
            scene = await scenes.at(world or REAL, moment)
        except NoSuchMoment:
            raise PreventUpdate from None  # the tab says why already
        told = ask(scene, world or REAL, question, nations or ()).csv(world or REAL, scene.now)
        return {"content": "\ufeff" + told, "filename": f"{question}.csv", "type": "text/csv;charset=utf-8"}

    app.clientside_callback(
        "function(tab) { return tab !== 'plots'; }", Output("plot-beat", "disabled"), Input("drawer", "value")
    )


def _nothing(title: str, why: str, seen: str) -> Any:
    """No figure but words; nothing at all when they stand there already."""
    mark = f"{title} {why}"
    if mark == seen:
        raise PreventUpdate
    return no_update, {"display": "none"}, title, "", why, [], mark
