"""What does a graphic of a plan look like and say? A line, an area or a point that somebody drew, with its name."""

from __future__ import annotations

from typing import Final

from cop.event import Described, Millis
from cop.picture import Entity
from layers import symbols
from layers.codes import given
from layers.fields import BASIS, DELAYS, STATUS, name, number
from layers.layer import Field, Key, Layer, described

FORMS: Final = {
    "route": "Route of a plan",
    "line": "Line of a plan: boundary, phase line, corridor, arrow",
    "area": "Area of a plan",
    "point": "Point of a plan",
}
WORDS: Final[dict[str, str]] = {
    "linestring": "line",
    "multilinestring": "line",
    "polygon": "area",
    "multipolygon": "area",
    "linearring": "area",
    "multipoint": "point",
}
"""What other formats call a form."""
FORM: Final = described("form", "Form")


def form(entity: Entity, now: Millis) -> str:
    """The form that a source tells, else what its path looks like."""
    cell = FORM.value(entity, now)
    said = str(cell.value).lower() if cell else ""
    said = WORDS.get(said, said)
    if said in FORMS:
        return said
    path = next((e.body.path for e in entity.events if isinstance(e.body, Described) and e.body.path), ())
    return "point" if len(path) < 2 else "area" if len(path) > 3 and path[0] == path[-1] else "line"


def symbol(entity: Entity, now: Millis) -> str:
    """The code that a source gave it where that can be drawn, else the sign of its form."""
    code = given(entity)
    key = symbols.app6(code, entity) if code else ""
    return key if key and symbols.render(key) else symbols.glyph(f"graphic-{form(entity, now)}", entity)


def label(entity: Entity, now: Millis) -> str:
    """Its name, else its id."""
    return name(entity) or number(entity, now)


LAYER = Layer(
    name="graphics",
    title="Graphics",
    domain="land",
    kinds=("graphic",),
    z=8,
    stale_s=None,
    symbol=symbol,
    label=label,
    fields=(
        *STATUS,
        FORM,
        described("shape", "Shape", table=False),
        described("affiliation", "Side"),
        described("group", "Group"),
        described("width_m", "Width", "m"),
        described("radius_m", "Radius", "m", table=False),
        described("holes", "Parts cut out, not drawn", table=False),
        described("method", "Method", table=False),
        described("geofence", "Geofence", table=False),
        Field("valid_from", "Valid from", described("from", "").value, table=False),
        Field("valid_to", "Valid to", described("until", "").value, table=False),
        described("text", "Text", table=False),
        described("symbol", "Symbol as told", table=False),
        described("modifiers", "Modifiers", table=False),
        described("cot_type", "CoT type", table=False),
        described("stale_s", "Good for", "s", table=False),
        *DELAYS,
        *BASIS,
    ),
    legend=tuple(Key(f"glyph/graphic-{form}", text) for form, text in FORMS.items()),
)
