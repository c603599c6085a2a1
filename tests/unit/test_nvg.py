"""Are the drawings of an NVG overlay read, each by itself, and the units among them told apart?"""

from __future__ import annotations

from math import dist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.event import Body, Described, Event, Origin, Sighted
from cop.geo import Point, bearing, distance
from feeds.adapter import Context, Outcome, Reject
from feeds.simulated.national.nvg import AREAS, HEADQUARTERS, LANE, PHASE_LINES, say, state
from feeds.sources.nvg import FORMS, SHAPES, SOURCE
from feeds.tactical import TYPES, code, ellipse, symbol
from layers.symbols import render

NOW = Context(1795550000000)  # 2026-11-24 19:53:20 UTC
AT = 1795543200000  # 18:00 UTC
SPACE = "https://tide.act.nato.int/schemas/2012/10/nvg"
HERE: Point = (24.4, 56.5)
CENTRE = 'cx="24.4" cy="56.5"'


def nvg(*drawn: str, root: str = "", head: str = "") -> bytes:
    return f'{head}<nvg xmlns="{SPACE}" version="2.0.2"{root}>{"".join(drawn)}</nvg>'.encode()


def read(payload: bytes, context: Context = NOW) -> list[Outcome]:
    decoder = SOURCE.decoder()
    return [*decoder.feed(payload, context), *decoder.close(context)]


def events(payload: bytes, context: Context = NOW) -> list[Event]:
    found = read(payload, context)
    assert all(isinstance(each, Event) for each in found), found
    return [each for each in found if isinstance(each, Event)]


def reasons(payload: bytes) -> list[str]:
    return [each.reason for each in read(payload) if isinstance(each, Reject)]


def one(drawn: str, **more: str) -> Described:
    body: Body = events(nvg(drawn, **more))[-1].body
    assert isinstance(body, Described)
    return body


# -- shapes -----------------------------------------------------------------------------------------------------------


def test_lon_stands_before_lat() -> None:
    body = one('<polyline uri="a" points="24.0,56.5 24.2,56.5,120 \n 24.4,56.5"/>')
    assert body.path == ((24.0, 56.5), (24.2, 56.5), (24.4, 56.5))
    assert body.lon == pytest.approx(24.2)
    assert body.lat == pytest.approx(56.5, abs=1e-3)


def test_a_corridor_keeps_its_middle_line_and_its_width() -> None:
    drawn = '<corridor uri="a" label="LANE" points="24.0,56.5 24.2,56.5" width="400" symbol="app6a:G*C*MALC--*****"/>'
    body = one(drawn)
    assert body.name == "LANE"
    assert body.path == ((24.0, 56.5), (24.2, 56.5))
    assert body.properties == {
        "form": "line",
        "shape": "corridor",
        "symbol": "app6a:G*C*MALC--*****",
        "affiliation": "unknown",
        "width_m": 400.0,
    }


def test_every_shape_has_a_reader() -> None:
    assert FORMS.keys() == SHAPES.keys()


@pytest.mark.parametrize(
    "drawn, radii",
    [
        (f'<circle {CENTRE} r="1500"/>', (1500, 1500)),
        (f'<ellipse {CENTRE} rx="2000" ry="1000"/>', (1000, 2000)),
        (f'<arc {CENTRE} r="5000" startangle="300" endangle="60"/>', (5000, 5000)),
        (f'<arcband {CENTRE} minr="1000" maxr="2000" startangle="0" endangle="90"/>', (1000, 2000)),
        (f'<arcband {CENTRE} maxr="2000" startangle="0" endangle="90"/>', (0, 2000)),
        (f'<rect {CENTRE} rx="3000" ry="4000"/>', (5000, 5000)),
    ],
)
def test_a_round_shape_is_drawn_around_its_middle(drawn: str, radii: tuple[float, float]) -> None:
    body = one(drawn)
    assert (body.lon, body.lat) == HERE
    spans = [distance(HERE, each) for each in body.path]
    assert [min(spans), max(spans)] == pytest.approx(list(radii), abs=0.1)
    assert (body.path[0] == body.path[-1]) is (body.properties["form"] == "area")


def test_angles_are_clockwise_from_north() -> None:
    path = one(f'<arc {CENTRE} rx="5000" ry="5000" startangle="315" endangle="45"/>').path
    assert [round(bearing(HERE, each)) % 360 for each in (path[0], path[len(path) // 2], path[-1])] in (
        [315, 355, 45],
        [315, 0, 45],
        [315, 5, 45],
    )
    turned = one(f'<ellipse {CENTRE} rx="2000" ry="1000" rotation="90"/>').path
    assert distance(HERE, turned[0]) == pytest.approx(1000, abs=0.1)
    assert bearing(HERE, turned[0]) == pytest.approx(90, abs=0.1)


@given(st.floats(1, 90_000), st.floats(1, 90_000), st.floats(-720, 720), st.floats(-720, 720), st.floats(-720, 720))
def test_any_arc_keeps_within_its_axes(east: float, north: float, turned: float, begin: float, end: float) -> None:
    found = ellipse(HERE, east, north, turned, begin, end)
    assert 3 <= len(found) <= 37
    low, high = sorted((east, north))
    assert all(low - 0.2 <= distance(HERE, each) <= high + 0.2 for each in found)


def test_a_polygon_is_closed_and_its_sign_stands_amid() -> None:
    body = one('<polygon uri="a" points="24.0,56.0 24.2,56.0 24.2,56.2 24.0,56.2"/>')
    assert body.path[0] == body.path[-1]
    assert len(body.path) == 5
    assert dist((body.lon or 0, body.lat or 0), (24.1, 56.1)) < 1e-9


@pytest.mark.parametrize(
    "drawn, why",
    [
        ('<polyline uri="a" points="24.0,56.5"/>', "a line of one point"),
        ('<polyline uri="a" points="24.0,56.5 24.1"/>', "a position '24.1' that is none"),
        ('<polyline uri="a"/>', "no points"),
        ('<polyline uri="a" points="24.0,156.5 24.1,56.5"/>', "position 24, 156.5 is not on Earth"),
        ('<polygon uri="a" points="24.0,56.5 24.1,56.5 24.0,56.5"/>', "an area of fewer than three points"),
        (f'<circle uri="a" {CENTRE}/>', "no r"),
        (f'<circle uri="a" {CENTRE} r="-1"/>', "a radius of -1 or -1 m"),
        (f'<circle uri="a" {CENTRE} r="nan"/>', "r 'nan' is no number"),
        ('<circle uri="a" cx="24.4" cy="95" r="5"/>', "position 24.4, 95 is not on Earth"),
        ('<point uri="a" x="east" y="56.5"/>', "x 'east' is no number"),
        ('<point uri="a" x="24" y="56" timeStamp="soon"/>', "'soon' is not a time in ISO 8601"),
        (f'<point uri="{"a" * 201}" x="24" y="56"/>', "a uri of 201 letters, more than 200"),
        (f'<polyline uri="a" points="{"24,56 " * 5001}"/>', "5001 vertices, more than 5000"),
    ],
)
def test_a_drawing_that_cannot_be_is_rejected(drawn: str, why: str) -> None:
    assert reasons(nvg(drawn)) == [why]


def test_a_broken_drawing_costs_no_other() -> None:
    good = '<point uri="good" x="24" y="56"/>'
    found = read(nvg('<point uri="a" x="24" label="A & B" y="56"/>', good, '<circle uri="b"/>', '<point uri="c">'))
    assert [each.subject for each in found if isinstance(each, Event)] == ["graphic:good"]
    assert sum(isinstance(each, Reject) for each in found) == 3


def test_a_hole_is_no_area_of_its_own() -> None:
    hole = f'<exclude><circle {CENTRE} r="200"/><linear-ring points="24.40,56.50 24.41,56.50 24.41,56.51"/></exclude>'
    (event,) = events(nvg(f'<circle uri="ring" {CENTRE} r="1500">{hole}</circle>'))
    assert isinstance(event.body, Described)
    assert event.body.properties["holes"] is True
    payload = nvg(f'<circle uri="ring" {CENTRE}>{hole}</circle>')
    (reject,) = read(payload)
    assert isinstance(reject, Reject)
    assert payload[reject.offset : reject.offset + len(reject.raw)] == reject.raw


# -- the document -----------------------------------------------------------------------------------------------------


def test_a_point_inside_a_group_is_read() -> None:
    point = '<point uri="a" x="24" y="56"/>'
    assert one(f'<g label="Areas"><g label="Fires"><a/>{point}</g></g>').properties["group"] == "Areas / Fires"
    assert one(f'<g label="Areas"></g><g label="none"/>{point}').properties.get("group") is None
    assert one(f"<g>{point}</g>").properties.get("group") is None


def test_a_false_utf_16_is_read_and_told() -> None:
    payload = nvg('<point uri="a" x="24" y="56" label="Ķegums"/>', head='<?xml version="1.0" encoding="UTF-16"?>\n')
    reject, event = read(payload)
    assert isinstance(reject, Reject)
    assert reject.reason == "says UTF-16 and is not: read all the same"
    assert isinstance(event, Event)
    assert isinstance(event.body, Described)
    assert event.body.name == "Ķegums"


def test_a_drawing_without_a_time_is_as_old_as_its_hearing() -> None:
    plain, own = (
        '<point uri="a" x="24" y="56"/>',
        '<point uri="b" x="24" y="56" timeStamp="2026-11-24T19:30:00+01:00"/>',
    )
    child = '<point uri="c" x="24" y="56"><TimeStamp>2026-11-24T18:30:00</TimeStamp></point>'
    assert [each.at for each in events(nvg(plain, own, child))] == [NOW.received, AT + 1_800_000, AT + 1_800_000]
    for said in (
        nvg(plain, own, root=' timeStamp="2026-11-24T18:00:00Z"'),
        nvg("<TimeStamp>2026-11-24T18:00:00Z</TimeStamp>", plain, own),
    ):
        assert [each.at for each in events(said)] == [AT, AT + 1_800_000]
    assert reasons(nvg(plain, root=' timeStamp="soon"')) == ["'soon' is not a time in ISO 8601"]


def test_the_classification_stays_with_each_drawing() -> None:
    said = nvg(
        '<point uri="a" x="24" y="56"/>', '<text uri="b" x="24" y="56" content="RV"/>', root=' classification="X"'
    )
    assert [each.body.marking for each in events(said) if isinstance(each.body, Described)] == ["X", "X"]
    assert one('<point uri="a" x="24" y="56"/>').marking == ""


def test_a_drawing_is_known_by_its_uri_or_by_what_it_says() -> None:
    point = '<point uri="urn:x 1" x="24" y="56"/>'
    assert [each.subject for each in events(nvg(point))] == ["graphic:urn:x_1"]
    assert reasons(nvg(point, point)) == ["the uri urn:x_1 is there twice"]
    nameless = '<point x="24" y="56"/>'
    (first,), (second,) = events(nvg(nameless)), events(nvg('<text x="1" y="2"/>', nameless))[1:]
    assert first.subject == second.subject
    assert reasons(nvg(nameless, nameless)) == ["the same drawing is there twice"]


@pytest.mark.parametrize(
    "payload, why",
    [
        (b"", "an empty file"),
        (b"<html><title>Sign in</title></html>", "an HTML page instead of NVG: Sign in"),
        (b"{}", "not NVG: no XML"),
        (b"<kml/>", "not NVG: its root is kml"),
        (nvg()[:-3], "the document ends before its end"),
        (nvg().decode().encode("utf-16"), "in UTF-16: only UTF-8 and encodings of one byte are read"),
    ],
)
def test_what_is_no_overlay_is_one_reject(payload: bytes, why: str) -> None:
    assert reasons(payload) == [why]


# -- symbols ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said, kind, sidc",
    [
        ("app6a:SFGPUCI----D---", "unit", "13031000141211000000"),
        ("2525b:SHGPEVAT--*****", "unit", "13061500331202000000"),
        ("app6b:SNGPU----------", "unit", "13041000000000000000"),
        ("SUGPUSSX3------", "unit", "13011000001634000000"),
        ("app6d:10031002181211000000", "unit", "13031002181211000000"),
        ("100310001812110000000000000000", "unit", "13031000181211000000"),
        ("app6a:SFGPIB----H****", "graphic", "13032000001208020000"),
        ("app6a:SFAPMFC--------", "graphic", "13030100001101070000"),
        ("app6a:GHC*MGAUAE*****", "graphic", ""),
        ("10032500001318000000", "graphic", "13032500001318000000"),
        ("own:dragon", "graphic", ""),
        ("", "graphic", ""),
    ],
)
def test_a_point_with_the_symbol_of_a_unit_is_a_unit(said: str, kind: str, sidc: str) -> None:
    found = events(nvg(f'<point uri="a" x="24" y="56" course="360" symbol="{said}"/>'))
    assert {each.subject for each in found} == {f"{kind}:a"}
    body = found[-1].body
    assert isinstance(body, Described)
    assert body.sidc == sidc
    if kind == "unit":
        assert found[0].body == Sighted(24.0, 56.0, 0.0)


@pytest.mark.parametrize(
    "said", ["app6a:SDGPUCA----E---", "2525b:SJGPUCI--------", "app6a:GWGPGLB---****X", "10131000161205000000"]
)
def test_a_symbol_of_an_exercise_may_not_enter_the_real_world(said: str) -> None:
    payload = nvg(f'<point uri="a" x="24" y="56" symbol="{said}"/>', root=' classification="X"')
    assert reasons(payload) == [f"its symbol {said!r} is of an exercise, not real"]
    worlds: tuple[tuple[str, Origin], ...] = (("real", "simulated"), ("exercise/winter", "injected"))
    for world, origin in worlds:
        body = events(payload, Context(NOW.received, world, origin))[-1].body
        assert isinstance(body, Described)
        assert body.marking == "EXERCISE; X"


def test_the_designation_is_the_name_of_what_has_no_label() -> None:
    point = '<point uri="a" x="24" y="56" modifiers="H:x; T:1-66 ;M:2"/>'
    assert (one(point).name, one(point.replace("modifiers", 'label="L" modifiers')).name) == ("1-66", "L")


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("side", "panhujk")
def test_every_code_of_the_table_can_be_drawn(kind: str, side: str) -> None:
    assert render(f"app6/{code(side, kind, '15')}")


@given(st.text("SFGHPU*-AIEDC0123456789:app", max_size=40))
def test_any_symbol_is_read_or_is_none(said: str) -> None:
    found = symbol(said)
    assert found is None or found.code == "" or len(found.code) == 20


# -- the simulated overlay --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("later_min", range(0, 60, 10))
def test_the_simulated_overlay_shows_what_stands_in_it(later_min: int) -> None:
    now = NOW.received + later_min * 60_000
    found = events(say(3, now), Context(now, origin="simulated"))
    bodies = {each.body.name: each.body for each in found if isinstance(each.body, Described)}
    assert {name: body.properties["shape"] for name, body in bodies.items()} == state(3, now)
    assert all(body.properties["text"] == "SIMULATED" for body in bodies.values())
    assert {name: body.path for name, body in bodies.items() if name in PHASE_LINES} == PHASE_LINES
    assert {(body.lon, body.lat) for name, body in bodies.items() if name in AREAS} == {
        each for each, _ in AREAS.values()
    }
    if "LANE AMBER" in bodies:
        assert bodies["LANE AMBER"].path == LANE
    (seen,) = (each.body for each in found if isinstance(each.body, Sighted))
    assert (seen.lon, seen.lat) == HEADQUARTERS
    assert all(now - 5 * 60_000 <= each.at <= now for each in found)


def test_the_simulated_lane_comes_and_goes() -> None:
    assert {"LANE AMBER" in state(3, NOW.received + minute * 60_000) for minute in range(0, 60, 5)} == {True, False}
