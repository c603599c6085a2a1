"""What may be seen? The switches beside the map, one group a question, with a count beside each."""

from __future__ import annotations

from typing import Final

import dash_mantine_components as dmc
from dash import Dash, Input, Output, html

from dashboard.parts import DOMAINS, NATIONS, ORIGINS, STATES, chips, chosen
from layers.layer import layers as all_layers

FILTERS: Final = (
    "filter-domain.value",
    "filter-nation.value",
    "filter-state.value",
    "filter-origin.value",
    "filter-layer.value",
    "filter-text.value",
)


def bar(query: dict[str, str]) -> html.Aside:
    """The filters as the address `query` sets them."""

    def part(title: str, kind: str, options: tuple[tuple[str, str], ...]) -> html.Div:
        return html.Div([html.H2(title), chips(kind, options, chosen(query, kind))], className="part")

    switches = [
        dmc.Checkbox(
            label=[layer.title, html.Span(id=f"n-layer-{layer.name}", className="n")],
            value=layer.name,
            size="xs",
        )
        for layer in all_layers().values()
    ]
    hidden = chosen(query, "hide")
    shown = [layer for layer in all_layers() if layer not in hidden]
    return html.Aside(
        [
            part("Domain", "domain", DOMAINS),
            part("Nation", "nation", NATIONS),
            part("Status", "state", STATES),
            part("Origin", "origin", ORIGINS),
            html.Div(
                [
                    html.H2("Layers"),
                    dmc.CheckboxGroup(switches, id="filter-layer", value=shown),
                ],
                className="part",
            ),
            html.Div(
                [html.Button("Clear filters", id="clear", className="quiet"), html.Span(id="n-all", className="n")],
                className="part row",
            ),
            html.Details([html.Summary("Legend"), html.Div(id="legend", className="legend")], className="part"),
        ],
        id="filters",
        **{"aria-label": "Filters"},
    )


def callbacks(app: Dash) -> None:
    """The browser's part reads every switch; `Clear filters` sets them all back."""
    app.clientside_callback(
        "function(...args) { return cop.page.filter(...args); }",
        Output("nowhere", "data-filter"),
        *(Input(*each.split(".")) for each in FILTERS),
    )
    app.clientside_callback(
        "function(n) { return cop.page.cleared(n); }",
        *(Output(*each.split(".")) for each in FILTERS),
        Input("clear", "n_clicks"),
        prevent_initial_call=True,  # what it left alone at the start would keep the filters from being read at all
    )
