"""Which plots answer the questions of a watch? The tab of the staff page with the plots of the whole picture."""

# mypy: disallow-untyped-decorators=False

from __future__ import annotations

from typing import Any

import dash_mantine_components as dmc
from dash import Dash, Input, Output, State, dcc, no_update

from cop.event import REAL
from dashboard.scene import Scenes


def tab() -> Any:
    """Its tab."""
    return dmc.TabsTab("Feeds", value="plots")


def panel() -> Any:
    """What lies under its tab."""
    return dmc.TabsPanel(
        dcc.Graph(id="feed-plot", config={"displayModeBar": False}, style={"height": "100%"}), value="plots"
    )


def parts() -> list[Any]:
    """What the page needs beside it."""
    return [dcc.Interval(id="plot-beat", interval=10_000, disabled=True)]


def callbacks(app: Dash, scenes: Scenes) -> None:
    """Draw them while the tab is open."""

    @app.callback(
        Output("feed-plot", "figure"),
        Output("plot-beat", "disabled"),
        Input("drawer", "value"),
        Input("plot-beat", "n_intervals"),
        State("selected", "data"),
        State("theme-name", "data"),
        Input("moment", "data"),
    )
    async def plot(tab: str, beat: int | None, selected: dict[str, Any] | None, theme: str, moment: int | None) -> Any:
        if tab != "plots":
            return no_update, True
        from dashboard import figures

        scene = await scenes.at(REAL, moment)
        return figures.feed_minutes(scene.histories[REAL], theme), False
