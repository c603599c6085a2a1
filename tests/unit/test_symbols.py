"""Does every key become the right image, and no other key one at all?"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from milsymbol import Symbol

from cop.event import REAL, Described, Origin, Sighted, Status, event
from cop.picture import fold
from layers import signs
from layers.codes import context, military
from layers.sheet import contact_sheet
from layers.symbols import ANCHOR, CHANGED, render, sidc

TRANSPORT = "13031000001636000000"
KEYS = [
    f"app6/{TRANSPORT}",
    "app6/13131000161636000000",
    "app6/13240100001201000000",
    "mlc/80-80",
    "mlc/120-100-simulated",
    "mlc/unknown-unknown-exercise",
    *(f"glyph/{name}" for name in signs.GLYPHS),
]


def svg(key: str) -> str:
    """The image of a key that has one."""
    image = render(key)
    assert image is not None, key
    return image.decode()


@pytest.mark.parametrize("key", KEYS)
def test_an_image_is_tight_has_a_size_and_holds_its_anchor(key: str) -> None:
    root = etree.fromstring(svg(key).encode())
    x, y, width, height = (float(n) for n in root.attrib["viewBox"].split())
    assert x < ANCHOR[0] < x + width
    assert y < ANCHOR[1] < y + height
    for side, units in (("width", width), ("height", height)):
        pixels = float(root.attrib[side])
        assert 24 <= pixels <= 60
        assert pixels == pytest.approx(units * 0.26, rel=0.01)


@pytest.mark.parametrize("key", KEYS)
def test_an_image_refers_to_nothing_outside(key: str) -> None:
    rest = svg(key).replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|href|<script|<style|url\((?!#)", rest)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "app6/",
        "app6/10031000001636000000",  # another edition
        "app6/1303100000163600000",
        "app6/13331000001636000000",  # no such context
        "app6/13031000009999990000",  # no such entity
        "app6/13036000001301000000",  # an entity that means something else in our edition
        "app6/13032500002714000000",  # a line, not a point
        "mlc/80",
        "mlc/1200-80",
        "mlc/-1-80",
        "mlc/80-80-real",
        "mlc/٨٠-80",
        "glyph/crossing-nowhere",
        "glyph/crossing-internal-real",
        "glyph/../crossing-internal",
        f"app6/{TRANSPORT}\n",
        f"APP6/{TRANSPORT}",
    ],
)
def test_a_key_that_means_nothing_has_no_image(key: str) -> None:
    assert render(key) is None


@given(st.text(max_size=40) | st.from_regex(r"(app6|mlc|glyph)/[0-9a-z-]{0,24}", fullmatch=True))
def test_any_key_has_an_image_or_none(key: str) -> None:
    image = render(key)
    assert image is None or etree.fromstring(image) is not None


def test_the_question_mark_of_the_library_is_never_shown() -> None:
    placeholder = Symbol("10031000009999990000").as_svg()
    assert 'fill="red">?' in placeholder
    assert not any('fill="red">?' in svg(key) for key in KEYS)


# -- context ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("real", [f"app6/{TRANSPORT}", "app6/13043000001401010000", "app6/13040100001201000000"])
def test_real_exercise_and_simulated_differ_in_shape(real: str) -> None:
    images = [svg(f"app6/13{digit}{real[8:]}") for digit in "012"]
    shapes = [re.findall(r' d="([^"]*)"', image) for image in images]
    assert signs.MARKS["exercise"] in shapes[1]
    assert signs.MARKS["simulated"] in shapes[2]
    assert not set(signs.MARKS.values()) & set(shapes[0])


def test_signs_bear_the_marks_too() -> None:
    for key in ("mlc/80-70", "glyph/crossing-internal"):
        assert signs.MARKS["exercise"] in svg(f"{key}-exercise")
        assert signs.MARKS["simulated"] in svg(f"{key}-simulated")
        assert not any(mark in svg(key) for mark in signs.MARKS.values())


@pytest.mark.parametrize(
    "world, origin, digit",
    [
        (REAL, "observed", "0"),
        (REAL, "injected", "1"),
        (REAL, "simulated", "2"),
        ("exercise/x", "observed", "1"),
        ("exercise/x", "injected", "1"),
        ("exercise/x", "simulated", "2"),
    ],
)
def test_world_and_origin_set_the_context(world: str, origin: Origin, digit: str) -> None:
    said = event("s", "convoy:C01", 1, Sighted(24.0, 57.0), received=1, world=world, origin=origin)
    found = fold([said]).entity("convoy:C01")
    assert found is not None
    assert context(said) == digit
    assert sidc("10031000001636000000", found) == f"13{digit}31000001636000000"


def test_a_real_ship_with_an_injected_state_is_play_and_not_simulated() -> None:
    told = [
        event("ais", "vessel:1", 1, Sighted(24.0, 57.0), received=1),
        event("inject:1", "vessel:1", 2, Status("closed"), received=2, world="exercise/x", origin="injected"),
        event("sim", "vessel:1", 3, Status("open"), received=3, world="exercise/x", origin="simulated"),
    ]
    found = fold(told).entity("vessel:1")
    assert found is not None
    assert sidc(TRANSPORT, found)[2] == "1"


@pytest.mark.parametrize("code", ["", "SFGPUCI---", "1003100000163600000", "x" * 20, "12031000001636000000"])
def test_what_is_no_code_is_refused(code: str) -> None:
    found = fold([event("s", "convoy:1", 1, Described(), received=1)]).entity("convoy:1")
    assert found is not None
    with pytest.raises(ValueError, match="not a symbol code"):
        sidc(code, found)


# -- codes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entity", sorted(CHANGED))
def test_a_cyber_entity_that_changed_its_meaning_is_not_drawn_with_the_old_one(entity: str) -> None:
    assert Symbol(f"1003600000{entity}000000").is_valid()
    assert render(f"app6/1303600000{entity}000000") is None


def test_a_suspect_has_the_colour_of_our_edition() -> None:
    assert "rgb(255,229,153)" in svg("app6/13053000001401010000")
    assert "rgb(255,128,128)" in svg("app6/13063000001401010000")


def test_a_warship_is_a_friend_only_under_an_allied_flag() -> None:
    assert [military(flags) for flags in (("EE",), ("LT", "LV"), ("RU",), ("EE", "RU"), ())] == [
        "3",
        "3",
        "1",
        "1",
        "1",
    ]


# -- bridge classes -----------------------------------------------------------------------------------------------


def figures(image: str) -> list[str]:
    return re.findall(r">([^<>]+)</text>", image)


def test_one_class_is_one_figure_and_two_are_a_row_each() -> None:
    assert figures(svg("mlc/80-80")) == ["80"]
    assert figures(svg("mlc/80-70")) == ["80", "70"]
    assert figures(svg("mlc/80-unknown")) == ["80", "?"]
    assert figures(svg("mlc/12-0")) == ["12", "0"]


def test_an_unknown_class_is_never_yellow() -> None:
    assert figures(svg("mlc/unknown-unknown")) == ["?"]
    assert signs.CLASS_YELLOW not in svg("mlc/unknown-unknown")
    assert signs.CLASS_YELLOW in svg("mlc/80-80")


# -- the sheet ----------------------------------------------------------------------------------------------------


def test_the_sheet_shows_every_symbol_of_every_legend_twice() -> None:
    from layers.layer import layers

    page = contact_sheet()
    keys = sum(len(layer.legend) for layer in layers().values())
    assert page.count('src="data:image/svg+xml;base64,PHN2Z') == 2 * keys
