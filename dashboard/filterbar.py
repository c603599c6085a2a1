"""What may be seen? The switches beside the map, one group a question, with a count beside each.

A count says what its switch would show with the other filters as they are. The groups that are asked least are folded
until their filter is set.
"""

from __future__ import annotations

from typing import Any, Final

import dash_mantine_components as dmc
from dash import Dash, Input, Output, dcc, html

from dashboard.parts import AGES, DOMAINS, NATIONS, ORIGINS, STATES, VERDICTS, chips, chosen
from dashboard.sieve import BadQuery, area, sieve
from layers.layer import layers as all_layers

FILTERS: Final = (
    "filter-domain.value",
    "filter-nation.value",
    "filter-state.value",
    "filter-verdict.value",
    "filter-origin.value",
    "filter-source.value",
    "filter-age.value",
    "filter-minutes.value",
    "filter-area.data",
    "filter-layer.value",
    "filter-text.value",
)
"""In the order in which `assets/43_address.js` reads and sets them."""
MINUTES: Final = 15
CYBER: Final = (
    "IT systems and cyber incidents, and the crossings and ports that are degraded now because a system which they "
    "hang on is not up"
)


def bar(query: dict[str, str]) -> html.Aside:
    """The filters as the address `query` sets them. What can't be read of it is left out, and said."""
    age, minutes = _age(query.get("age", ""))
    corners, trouble = _area(query.get("area", ""))
    sources = chosen(query, "source")
    return html.Aside(
        [
            _group("Domain", "domain", chips("domain", DOMAINS, chosen(query, "domain"), {"cyber": CYBER}), True),
            _group("Nation", "nation", chips("nation", NATIONS, chosen(query, "nation")), True),
            _group("Status", "state", chips("state", STATES, chosen(query, "state")), True),
            _group("Verdict", "verdict", chips("verdict", VERDICTS, chosen(query, "verdict")), "verdict" in query),
            _group("Origin", "origin", chips("origin", ORIGINS, chosen(query, "origin")), "origin" in query),
            _group("Source", "source", _sources(sources), bool(sources)),
            _group("Age", "age", _ages(age, minutes), age != "all"),
            _group("Area", "area", _areas(trouble), bool(corners or trouble)),
            _group("Layers", "layer", _layers(chosen(query, "hide")), True),
            html.Div(
                [
                    html.Button("Clear filters", id="clear", className="quiet"),
                    html.Button("Undo", id="clear-undo", className="quiet", hidden=True, title="As they were (Ctrl+Z)"),
                    html.Span(id="n-all", className="n"),
                ],
                className="part row",
            ),
            html.Details([html.Summary("Legend"), html.Div(id="legend", className="legend")], className="part"),
            dcc.Store(id="filter-area", data=corners),
            dcc.Store(id="filters-wanted", data=None),
        ],
        id="filters",
        **{"aria-label": "Filters"},
    )


def _group(title: str, kind: str, body: Any, unfolded: bool) -> html.Details:
    """One question; folded it still says what is set."""
    head = html.Summary([html.H2(title), html.Span(id=f"set-{kind}", className="set")])
    return html.Details([head, html.Div(body, className="body")], className="part group", open=unfolded)


def _sources(sources: list[str]) -> dmc.MultiSelect:
    return dmc.MultiSelect(
        id="filter-source",
        data=[{"value": each, "label": each} for each in sources],  # the script fills in what the picture has
        value=sources,
        searchable=True,
        clearable=True,
        placeholder="Any source",
        nothingFoundMessage="No such source",
        size="xs",
        maxDropdownHeight=320,
        comboboxProps={"width": 300, "position": "bottom-start"},
        **{"aria-label": "Sources"},
    )


def _ages(age: str, minutes: float) -> list[Any]:
    amount = dmc.NumberInput(
        id="filter-minutes",
        value=minutes,
        min=1,
        max=100_000,
        size="xs",
        w=86,
        suffix=" min",
        debounce=300,
        **{"aria-label": "Newest report at most so many minutes old"},
    )
    hints = {
        "stale": "Things that ought to report by now and didn't",
        "most": "The newest report is at most so many minutes old",
    }
    return [chips("age", AGES, age, hints), amount]


def _areas(trouble: str) -> list[Any]:
    return [
        html.Div(
            [
                html.Button(
                    "Draw a box", id="area-box", className="quiet", title="Two corners, by mouse or with Enter"
                ),
                html.Button(
                    "Draw a polygon", id="area-polygon", className="quiet", title="Corner by corner, by mouse or Enter"
                ),
                html.Button("Clear area", id="area-clear", className="quiet", hidden=True),
            ],
            className="row",
        ),
        html.P(trouble, id="area-trouble", className="hint", hidden=not trouble),
    ]


def _layers(hidden: list[str]) -> dmc.CheckboxGroup:
    switches = [
        dmc.Checkbox(
            label=[layer.title, html.Span(id=f"n-layer-{layer.name}", className="n")],
            value=layer.name,
            size="xs",
        )
        for layer in all_layers().values()
    ]
    return dmc.CheckboxGroup(switches, id="filter-layer", value=[name for name in all_layers() if name not in hidden])


def _age(text: str) -> tuple[str, float]:
    try:
        found = sieve({"age": text}).age
    except BadQuery:
        found = None
    if found is None or isinstance(found, str):
        return found or "all", MINUTES
    return "most", int(found) if found.is_integer() else found


def _area(text: str) -> tuple[str, str]:
    try:
        return (text, "") if area(text) else ("", "")
    except BadQuery as error:
        return "", f"The address is not read as it stands: {error}."


def callbacks(app: Dash) -> None:
    """The browser's part reads every switch, and sets them all where it wants them so."""
    app.clientside_callback(
        "function(...args) { return cop.page.filter(...args); }",
        Output("nowhere", "data-filter"),
        *(Input(*each.split(".")) for each in FILTERS),
    )
    app.clientside_callback(
        "function(wanted) { if (!wanted) throw dash_clientside.PreventUpdate; return wanted.values; }",
        *(Output(*each.split(".")) for each in FILTERS),
        Input("filters-wanted", "data"),
        prevent_initial_call=True,  # what it left alone at the start would keep the filters from being read at all
    )
