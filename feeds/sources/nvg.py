"""How are NATO vector graphics (NVG 1.4 to 2.0) read: a plan's lines and areas, and the units that stand in it?

A point whose symbol is that of a unit or its equipment on the ground (scheme S, dimension G, function U or E; or of 20
digits with symbol set 10, 11 or 15) is a unit; all else is a graphic. A corridor and an arrow keep their middle line
and their width, a circle and its kin become outlines. NVG has a time only where somebody wrote a TimeStamp: else the
document's, else the drawing is as old as its hearing.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC
from functools import partial
from hashlib import blake2b
from typing import Final

from cop.event import Described, Millis, Scalar, Sighted
from cop.geo import DIGITS, Point, middle
from feeds.adapter import Context, Outcome, Records, Reject, Source, Unreadable, attempt, tell
from feeds.dropped import moment
from feeds.tactical import Symbol, ellipse, key, marking, observed, symbol
from feeds.xml import Broken, Element, child, false_utf16, number, parse, text, words
from feeds.xml_records import MOST, Document, Piece, take_apart

NAME: Final = "nvg"
FORMS: Final[dict[str, str]] = {
    "point": "point",
    "text": "point",
    "multipoint": "line",
    "polyline": "line",
    "arrow": "line",
    "corridor": "line",
    "orbit": "line",
    "arc": "line",
    "polygon": "area",
    "rect": "area",
    "circle": "area",
    "ellipse": "area",
    "arcband": "area",
}
"""Element → what kind of shape it is."""
MOST_VERTICES: Final = 5000
NO_MARKING: Final = frozenset({"", "none", "undefined"})

_HOLE = re.compile(rb"<((?:[A-Za-z_][\w.-]*:)?)(exclude|include)\b[^<>]*(?<!/)>.{0,20000}?</\1\2\s*>", re.DOTALL)
_GROUP = re.compile(rb"<(/?)(?:[A-Za-z_][\w.-]*:)?g(?=[\s/>])((?:[^<>\"']++|\"[^\"<]*\"|'[^'<]*')*+)>")
_LABEL = re.compile(rb"\slabel\s*=\s*(?:\"([^\"<]*)\"|'([^'<]*)')")


def read(payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
    """The outcomes of one drawing after the other."""
    bare = _without_holes(payload)
    try:
        document = take_apart(bare, "nvg", tuple(FORMS))
        time, classified = _of_all(document)
    except Unreadable as error:
        yield [Reject(str(error), 0, payload)]
        return
    seen: set[str] = set()
    groups = _groups(bare, document)
    for piece, group in zip(document.pieces, groups, strict=True):
        raw = payload[piece.offset : piece.offset + len(piece.raw)]
        if piece.trouble:
            yield [Reject(piece.trouble, piece.offset, raw)]
            continue
        cut = raw != piece.raw
        yield attempt(
            partial(_outcomes, document, piece, group, cut, time, classified, seen, context), piece.offset, raw
        )


def _without_holes(payload: bytes) -> bytes:
    """With blanks in place of what is cut out of areas, which is no area of its own."""
    return payload if len(payload) > MOST else _HOLE.sub(lambda found: b" " * len(found[0]), payload)


def _outcomes(
    document: Document,
    piece: Piece,
    group: str,
    cut: bool,
    time: Millis | None,
    classified: str,
    seen: set[str],
    context: Context,
) -> Iterator[Outcome]:
    drawn = document.element(piece)
    sign = _symbol(drawn)
    if sign and sign.playing and observed(context):
        raise Unreadable(f"its symbol {sign.said[:40]!r} is of an exercise, not real")
    uri = drawn.get("uri") or ""
    own = key(uri, "uri") if uri.strip() else blake2b(piece.raw, digest_size=8).hexdigest()
    if own in seen:
        raise Unreadable(f"the uri {own[:80]} is there twice" if uri else "the same drawing is there twice")
    path = SHAPES[piece.name](drawn)
    if len(path) > MOST_VERTICES:
        raise Unreadable(f"{len(path)} vertices, more than {MOST_VERTICES}")
    place = _centre(drawn) or _stands(path, FORMS[piece.name])
    at = _stamp(drawn)
    at = time if at is None else at
    at = context.received if at is None else at
    name = _said(drawn, "label") or _said(drawn, "content") or _designation(_said(drawn, "modifiers"))
    properties: dict[str, Scalar] = {
        "form": FORMS[piece.name],
        "shape": piece.name,
        "symbol": sign.said if sign else _said(drawn, "symbol"),
        "affiliation": sign.side if sign else "",
        "modifiers": _said(drawn, "modifiers"),
        "group": group,
        "text": text(drawn, "textInfo")[:500],
        "from": text(drawn, "TimeSpan", "begin")[:40],
        "until": text(drawn, "TimeSpan", "end")[:40],
        "holes": cut,
    }
    for field, measure in (("width_m", "width"), ("radius_m", "r")):
        value = number(drawn.get(measure) or "")
        if value is not None and value > 0:
            properties[field] = value
    known = {field: value for field, value in properties.items() if value not in ("", False)}
    line = path if len(path) > 1 else ()
    lon, lat = place
    sidc, mark = sign.code if sign else "", marking("exercise" if sign and sign.playing else "", classified)
    if piece.name == "point" and sign and sign.moves:
        course = number(drawn.get("course") or "")
        course = None if course is None or not 0 <= course <= 360 else course % 360
        subject = f"unit:{own}"
        yield tell(NAME, subject, at, Sighted(lon, lat, course), context)
    else:
        subject = f"graphic:{own}"
    yield tell(NAME, subject, at, Described(name, (), lon, lat, line, sidc, (), known, "NVG", mark), context)
    seen.add(own)


def _stands(path: tuple[Point, ...], form: str) -> Point:
    """Where its sign stands: half-way along a line, amid the corners of an area."""
    if form == "area":
        lons, lats = zip(*path[:-1], strict=True)
        return round(sum(lons) / len(lons), DIGITS), round(sum(lats) / len(lats), DIGITS)
    return middle(path)


def _symbol(drawn: Element) -> Symbol | None:
    said = drawn.get("symbol") or ""
    return symbol(said) if said.strip() else None


def _said(drawn: Element, name: str) -> str:
    return " ".join((drawn.get(name) or "").split())[:200]


def _designation(modifiers: str) -> str:
    """The unique designation (field T) among the modifiers."""
    fields = (each.partition(":") for each in modifiers.split(";"))
    return next((value.strip() for field, _, value in fields if field.strip() == "T"), "")


# -- the document -----------------------------------------------------------------------------------------------------


def _of_all(document: Document) -> tuple[Millis | None, str]:
    """The time and the marking that hold for every drawing."""
    try:
        root = parse(document.rest.removeprefix(false_utf16(document.rest)).lstrip(), recover=True)
    except Broken:
        return None, ""
    classified = next(
        (_said(root, name) for name in ("classification", "securityClassification") if root.get(name)), ""
    )
    return _stamp(root), "" if classified.lower() in NO_MARKING else classified


def _stamp(element: Element) -> Millis | None:
    """Its own time, as attribute or element; one without a zone is UTC."""
    held = child(element, "TimeStamp")
    if held is None:
        held = child(element, "timeStamp")
    said = element.get("timeStamp") or element.get("TimeStamp") or ("" if held is None else words(held))
    return moment(said, UTC) if said.strip() else None


def _groups(payload: bytes, document: Document) -> list[str]:
    """The labels of the groups around each piece, the outer first."""
    found: list[str] = []
    open_: list[str] = []
    tags = deque(_GROUP.finditer(payload))
    for piece in document.pieces:
        while tags and tags[0].start() < piece.offset:
            tag = tags.popleft()
            if tag[1]:
                del open_[-1:]
            elif not tag[2].endswith(b"/"):
                label = _LABEL.search(tag[2])
                open_.append((label[1] or label[2] or b"").decode("utf-8", "replace") if label else "")
        found.append(" / ".join(label for label in open_[:8] if label)[:200])
    return found


# -- shapes -----------------------------------------------------------------------------------------------------------


def _number(drawn: Element, *names: str) -> float:
    """A number that the shape needs, under one of these names."""
    said = next((drawn.get(name) or "" for name in names if drawn.get(name)), "")
    found = number(said)
    if found is None:
        raise Unreadable(f"{names[0]} {said[:40]!r} is no number" if said else f"no {names[0]}")
    return found


def _optional(drawn: Element, name: str) -> float:
    return _number(drawn, name) if drawn.get(name) else 0.0


def _points(drawn: Element) -> tuple[Point, ...]:
    """`lon,lat lon,lat …`, a third number being a height."""
    found = []
    for position in (drawn.get("points") or "").split():
        parts = [number(part) for part in position.split(",")]
        if len(parts) < 2 or parts[0] is None or parts[1] is None:
            raise Unreadable(f"a position {position[:40]!r} that is none")
        found.append(_on_earth((parts[0], parts[1])))
    if not found:
        raise Unreadable("no points")
    return tuple(found)


def _line(drawn: Element) -> tuple[Point, ...]:
    found = _points(drawn)
    if len(found) < 2:
        raise Unreadable("a line of one point")
    return found


def _closed(drawn: Element) -> tuple[Point, ...]:
    found = _points(drawn)
    if len(set(found)) < 3:
        raise Unreadable("an area of fewer than three points")
    return found if found[0] == found[-1] else (*found, found[0])


def _point(drawn: Element) -> tuple[Point, ...]:
    return (_on_earth((_number(drawn, "x"), _number(drawn, "y"))),)


def _centre(drawn: Element) -> Point | None:
    return _middle(drawn) if drawn.get("cx") else None


def _middle(drawn: Element) -> Point:
    return _on_earth((_number(drawn, "cx"), _number(drawn, "cy")))


def _on_earth(place: Point) -> Point:
    lon, lat = place
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise Unreadable(f"position {lon:g}, {lat:g} is not on Earth")
    return place


def _circle(drawn: Element) -> tuple[Point, ...]:
    radius = _number(drawn, "r")
    return ellipse(_middle(drawn), radius, radius)


def _ellipse(drawn: Element) -> tuple[Point, ...]:
    return ellipse(_middle(drawn), _number(drawn, "rx"), _number(drawn, "ry"), _optional(drawn, "rotation"))


def _rect(drawn: Element) -> tuple[Point, ...]:
    """Its corners lie on the ellipse around it that is larger by the root of two."""
    east, north = (_number(drawn, axis) * 2**0.5 for axis in ("rx", "ry"))
    around = partial(ellipse, _middle(drawn), east, north, _optional(drawn, "rotation"))
    corners = [around(begin, begin + 90)[0] for begin in (45, 135, 225, 315)]
    return (*corners, corners[0])


def _arc(drawn: Element) -> tuple[Point, ...]:
    begin, end = _number(drawn, "startangle"), _number(drawn, "endangle")
    east, north = _number(drawn, "rx", "r"), _number(drawn, "ry", "r")
    return ellipse(_middle(drawn), east, north, _optional(drawn, "rotation"), begin, end)


def _band(drawn: Element) -> tuple[Point, ...]:
    """The outer arc and back along the inner one, or to the middle."""
    begin, end = _number(drawn, "startangle"), _number(drawn, "endangle")
    inner, outer, middle_ = _optional(drawn, "minr"), _number(drawn, "maxr"), _middle(drawn)
    far = ellipse(middle_, outer, outer, 0.0, begin, end)
    near = ellipse(middle_, inner, inner, 0.0, begin, end)[::-1] if inner > 0 else (middle_,)
    return (*far, *near, far[0])


SHAPES: Final[dict[str, Callable[[Element], tuple[Point, ...]]]] = {
    "point": _point,
    "text": _point,
    "multipoint": _points,
    "polyline": _line,
    "arrow": _line,
    "corridor": _line,
    "orbit": _line,
    "arc": _arc,
    "polygon": _closed,
    "rect": _rect,
    "circle": _circle,
    "ellipse": _ellipse,
    "arcband": _band,
}
"""Element → its vertices, in degrees."""


SOURCE = Source(
    name=NAME,
    title="NATO vector graphics",
    domain="land",
    nations=("EE", "LV", "LT"),
    kinds=("graphic", "unit"),
    transport="http",
    formats="NVG 1.4 to 2.0 XML",
    licence="Of the headquarters that publishes it",
    attribution="Headquarters' overlay (NVG)",
    address="https://nvg.example.org/overlay.nvg",
    rate_s=60.0,
    stale_s=3600.0,
    identity="uri, else what the drawing says",
    grid="WGS 84 degrees, lon before lat; lengths in metres, angles in degrees clockwise from north",
    complete=True,
    mapping=(
        ("uri of a point with the symbol of a unit or equipment on the ground", "subject unit:<uri>"),
        ("uri of all else", "subject graphic:<uri>"),
        ("TimeStamp of the drawing, else of the document, else the hearing", "at"),
        ("label, else content, else the modifier T", "described.name"),
        ("x, y; cx, cy; points", "described.lon, lat; sighted.lon, lat of a unit"),
        ("course of a unit; speed is not read, for its unit is not told", "sighted.course"),
        ("points of polyline, arrow, corridor, orbit, multipoint, polygon", "described.path; polygons closed"),
        ("circle, ellipse, rect, arc, arcband", "described.path: the outline or the arc, drawn of vertices"),
        ("exclude, include", "described.properties.holes; not drawn"),
        ("width, r", "described.properties.width_m, radius_m"),
        ("symbol app6a:, 2525b: … of letters, or of 20 digits", "described.properties.symbol, affiliation; sidc"),
        ("modifiers, textInfo, label of the groups around", "described.properties.modifiers, text, group"),
        ("TimeSpan begin, end", "described.properties.from, until"),
        ("classification of the document", "described.marking"),
        ("a symbol of an exercise (affiliation D, G, J, K, L, M, W; context 1, 2)", "rejected from an observed feed"),
    ),
    quirks=(
        ("test_lon_stands_before_lat", "points are lon,lat pairs between blanks"),
        ("test_a_false_utf_16_is_read_and_told", "XML says UTF-16 and is UTF-8"),
        ("test_a_point_inside_a_group_is_read", "points stand inside <g>, also in groups of groups"),
        ("test_a_hole_is_no_area_of_its_own", "what is cut out of an area is written as an area"),
        ("test_a_drawing_without_a_time_is_as_old_as_its_hearing", "most drawings have no time"),
        ("test_a_symbol_of_an_exercise_may_not_enter_the_real_world", "only a letter of the symbol tells an exercise"),
        ("test_the_classification_stays_with_each_drawing", "the classification stands once, at the root"),
        ("test_a_broken_drawing_costs_no_other", "one drawing may be broken"),
    ),
    decoder=lambda: Records(read),
)
