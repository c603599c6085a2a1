"""Does the OpenLR decoder read what the public examples say, what an encoder writes, and nothing else?"""

from __future__ import annotations

import base64
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from cop.geo import Point
from feeds.adapter import Unreadable
from feeds.openlr import Form, from_bytes, from_text, from_xml

LINE = "CwRbWyNG9RpsCQCb/jsbtAT/6/+jK1lE"

# Strings of the white paper and of public test data, with the positions that these give.
KNOWN: list[tuple[str, Form, list[Point]]] = [
    (LINE, "line", [(6.12682, 49.60852), (6.12837, 49.60399), (6.12816, 49.60306)]),
    ("CwB67CGukRxiCACyAbwaMXU=", "line", [(0.67522, 47.36516), (0.677, 47.3696)]),
    ("CwcX6CItqAs6AQAAAAALGg==", "line", [(9.97506, 48.06329), (9.97506, 48.06329)]),
    ("CwRbWyNG9BpgAACa/jsboAD/6/+kKwA=", "line", [(6.12682, 49.6085), (6.12836, 49.60397), (6.12815, 49.60305)]),
    ("I+djotZ9eA==", "coordinate", [(-34.60894, -58.37327)]),
    ("IyVUdwmSoA==", "coordinate", [(52.49522, 13.46167)]),
    ("KwOg5iUNnCOTAv+D/5QjQ1j/gP/r", "access point", [(5.1013, 52.10579)]),
    ("AwOgxCUNmwEs", "circle", [(5.10185, 52.10598)]),
    ("A/2lJCfIiAfQ", "circle", [(-3.31159, 55.94529)]),
    ("WwRboCNGfhJrBAAJ/zkb9AgTFQ==", "closed line", [(6.1283, 49.60596), (6.12839, 49.60397), (6.1283, 49.60596)]),
]
BOXES: list[tuple[str, Form, Point, Point]] = [
    ("Qxl5HRKFDR33oB/agA==", "rectangle", (35.82153, 26.04336), (42.14148, 44.794)),
    ("QwOgcSUNGgGIAX8=", "rectangle", (5.10007, 52.10321), (5.10399, 52.10704)),
    ("QwOgNiUM5wFVANsAAwAC", "grid", (5.0988, 52.10211), (5.10903, 52.10649)),  # 3 by 2 rectangles
]


def near(found: tuple[Point, ...], wanted: list[Point]) -> bool:
    return len(found) == len(wanted) and all(
        a == pytest.approx(b, abs=1.2e-5) for a, b in zip(found, wanted, strict=True)
    )


@pytest.mark.parametrize(("said", "form", "points"), KNOWN)
def test_known_strings_have_their_positions(said: str, form: Form, points: list[Point]) -> None:
    found = from_text(said)
    assert found.form == form
    assert near(found.points, points)


@pytest.mark.parametrize(("said", "form", "lower", "upper"), BOXES)
def test_a_rectangle_and_a_grid_are_their_outline(said: str, form: Form, lower: Point, upper: Point) -> None:
    (west, south), (east, north) = lower, upper
    found = from_text(said)
    assert found.form == form
    assert near(found.points, [lower, (east, south), upper, (west, north), lower])


def test_a_polygon_is_its_closed_outline() -> None:
    corners = [(5.09936, 52.10306), (5.10517, 52.10433), (5.10461, 52.10736), (5.10191, 52.10935), (5.09936, 52.10306)]
    found = from_text("EwOgUCUNEwJFAH//yAEv/vIAxw==")
    assert found.form == "polygon"
    assert near(found.points, corners)


def test_offsets_of_a_line_are_told_and_its_points_are_not_cut() -> None:
    first, last = from_text(LINE), from_text("CwB67CGukRxiCACyAbwaMXU=")
    assert (first.start, first.end) == pytest.approx((0.2676, 0.0), abs=1e-4)
    assert (last.start, last.end) == pytest.approx((0.0, 0.459), abs=1e-4)


def test_a_point_along_a_line_lies_on_the_straight_line_by_its_offset() -> None:
    found = from_text("K/6P+SKSuBJGGAUn/1gSUyM=")  # 13.87 % of the way
    lon, lat = -2.02162 + 0.1387 * 0.01319, 48.61844 - 0.1387 * 0.00168
    assert found.form == "point along a line"
    assert near(found.points, [(lon, lat)])


def test_a_circle_has_a_radius_in_metres() -> None:
    assert from_text("AwOgxCUNmwEs").radius == 300
    assert from_text("A/2lJCfIiAfQ").radius == 2000


@pytest.mark.parametrize(
    "said",
    [
        "",
        "   ",
        "Cw",  # not whole base64
        "CwRb",  # too short
        "not base64!",
        "CwRbWyNG9RpsCQCb/jsbtAT/6/+jK1k=",  # the offset that its flag tells is missing
        "CgRbWyNG9BpsCQCb/jsbtAT/6/+jK1kC",  # version 2
        "CQcm6yX4vTPGFwM7AskzCw==",  # version 1
        "ewGkNSK5Wg==",  # no such type
        "Q/xfwiMc5QsGuyx13wILASg=",  # a grid that reaches around the Earth
        "ā" * 12,
        "C" * 9000,
    ],
)
def test_bad_text_is_unreadable(said: str) -> None:
    with pytest.raises(Unreadable):
        from_text(said)


def test_blanks_in_the_text_do_not_matter() -> None:
    assert from_text(f" {LINE[:10]}\n {LINE[10:]} ") == from_text(LINE)


@given(st.binary(max_size=40), st.sampled_from([b"", b"\x03", b"\x0b", b"\x13", b"\x23", b"\x2b", b"\x43", b"\x5b"]))
def test_any_bytes_raise_unreadable_and_nothing_else(data: bytes, header: bytes) -> None:
    try:
        found = from_bytes(header + data)
    except Unreadable:
        return
    assert found.points
    assert all(-180 <= lon <= 180 and -90 <= lat <= 90 for lon, lat in found.points)


@given(st.text(max_size=60))
def test_any_text_raises_unreadable_and_nothing_else(said: str) -> None:
    with suppress(Unreadable):
        from_text(said)


# -- there and back: the encoder follows the white paper and shares nothing with the decoder ---------------------------


def absolute(point: Point) -> bytes:
    steps = (int((abs(degrees) * 2**24 / 360) + 0.5) * (1 if degrees > 0 else -1) for degrees in point)
    return b"".join(step.to_bytes(3, "big", signed=True) for step in steps)


def relative(before: Point, point: Point) -> bytes:
    return b"".join(round((b - a) * 1e5).to_bytes(2, "big", signed=True) for a, b in zip(before, point, strict=True))


def encoded(points: list[Point], ahead: int | None, behind: int | None) -> bytes:
    attributes, dnp = b"\x13\x21", b"\x09"
    data = b"\x0b" + absolute(points[0])
    for before, point in pairwise(points):
        data += attributes + dnp + relative(before, point)
    flags = (0x40 if ahead is not None else 0) | (0x20 if behind is not None else 0)
    return data + bytes([0x13, flags]) + bytes(each for each in (ahead, behind) if each is not None)


degree = st.floats(20.5, 28.5)
step = st.floats(-0.3, 0.3)
offset = st.none() | st.integers(0, 255)


@given(degree, st.floats(55.5, 58.5), st.lists(st.tuples(step, step), min_size=1, max_size=8), offset, offset)
def test_what_an_encoder_writes_is_read_back(
    lon: float, lat: float, steps: list[tuple[float, float]], ahead: int | None, behind: int | None
) -> None:
    points = [(lon, lat)]
    for east, north in steps:
        points.append((points[-1][0] + east, points[-1][1] + north))
    found = from_text(base64.b64encode(encoded(points, ahead, behind)).decode())
    assert found.form == "line"
    for read, told in zip(found.points, points, strict=True):
        assert read == pytest.approx(told, abs=2.2e-5 + 1e-5 * len(points))
    assert found.start == (0 if ahead is None else pytest.approx(ahead / 256, abs=1 / 256))
    assert found.end == (0 if behind is None else pytest.approx(behind / 256, abs=1 / 256))


@given(degree, st.floats(55.5, 58.5), step, step, st.integers(0, 255))
def test_a_point_along_an_encoded_line_is_between_its_ends(
    lon: float, lat: float, east: float, north: float, share: int
) -> None:
    first, last = (lon, lat), (lon + east, lat + north)
    data = b"\x2b" + absolute(first) + b"\x13\x21\x09" + relative(first, last) + bytes([0x13, 0x40, share])
    ((found_lon, found_lat),) = from_bytes(data).points
    part = (share + 0.5) / 256
    assert (found_lon, found_lat) == pytest.approx((lon + east * part, lat + north * part), abs=4e-5)


# -- DATEX II ---------------------------------------------------------------------------------------------------------


def xy(point: Point, tag: str = "openlrCoordinates") -> str:
    return f"<{tag}><latitude>{point[1]}</latitude><longitude>{point[0]}</longitude></{tag}>"


def way(*points: Point, metres: int = 0) -> str:
    leg = f"<openlrDistanceToNextLRPoint>{metres}</openlrDistanceToNextLRPoint>" if metres else ""
    *others, last = (xy(point) for point in points)
    references = "".join(f"<openlrLocationReferencePoint>{each}{leg}</openlrLocationReferencePoint>" for each in others)
    return f"{references}<openlrLastLocationReferencePoint>{last}</openlrLastLocationReferencePoint>"


A, B, C = (24.0, 56.0), (24.1, 56.1), (24.3, 56.15)
ALONG = "<openlrPositiveOffset>300</openlrPositiveOffset>" + way(A, B, metres=1200)


@pytest.mark.parametrize(
    ("xml", "form", "points"),
    [
        (f"<firstDirection>{way(A, B, C)}</firstDirection>", "line", (A, B, C)),
        (f"<firstDirection><openlrBinary>{LINE}</openlrBinary></firstDirection>", "line", from_text(LINE).points),
        (f"<openlrPointLocationReference>{xy(A)}</openlrPointLocationReference>", "coordinate", (A,)),
        (f"<openlrPointAlongLine>{ALONG}</openlrPointAlongLine>", "point along a line", ((24.025, 56.025),)),
        (
            f"<openlrPointLocationReference><openlrPoiWithAccessPoint>{ALONG}{xy(C, 'openlrCoordinate')}"
            "</openlrPoiWithAccessPoint></openlrPointLocationReference>",
            "access point",
            (C,),
        ),
        (
            f"<openlrAreaLocationReference><openlrPolygonCorners>{xy(A)}{xy(B)}{xy(C)}</openlrPolygonCorners>"
            "</openlrAreaLocationReference>",
            "polygon",
            (A, B, C, A),
        ),
        (
            f"<openlrAreaLocationReference><openlrRectangle>{xy(A, 'openlrLowerLeft')}{xy(B, 'openlrUpperRight')}"
            "</openlrRectangle></openlrAreaLocationReference>",
            "rectangle",
            (A, (24.1, 56.0), B, (24.0, 56.1), A),
        ),
        (f"<openlrClosedLine>{way(A, B, C)}</openlrClosedLine>", "closed line", (A, B, C, A)),
    ],
)  # fmt: skip
def test_datex_elements_have_their_positions(xml: str, form: Form, points: tuple[Point, ...]) -> None:
    found = from_xml(etree.fromstring(xml))
    assert (found.form, found.points) == (form, points)


def test_an_offset_in_metres_counts_by_the_distance_that_its_leg_says() -> None:
    offset = "<openlrOffsets><openlrNegativeOffset>600</openlrNegativeOffset></openlrOffsets>"
    found = from_xml(etree.fromstring(f"<firstDirection>{offset}{way(A, B, metres=1200)}</firstDirection>"))
    assert (found.form, found.start, found.end) == ("line", 0.0, 0.5)


def test_a_circle_in_xml_has_its_radius() -> None:
    inside = f"<openlrRadius>250</openlrRadius><openlrGeoCoordinate>{xy(A)}</openlrGeoCoordinate>"
    found = from_xml(etree.fromstring(f"<openlrAreaLocationReference>{inside}</openlrAreaLocationReference>"))
    assert (found.form, found.points, found.radius) == ("circle", (A,), 250.0)


@pytest.mark.parametrize(
    "inside",
    ["", xy((0, 0)), xy((24.0, 99.0)), "<openlrBinary/>", "<openlrRectangle/>", way(A, (200.0, 56.0))],
)  # fmt: skip
def test_elements_without_a_place_are_unreadable(inside: str) -> None:
    with pytest.raises(Unreadable):
        from_xml(etree.fromstring(f"<openlrAreaLocationReference>{inside}</openlrAreaLocationReference>"))
