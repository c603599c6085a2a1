"""Is the map of a report a drawing that anybody can read, with everything in its place?"""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from dashboard.reportmap import HEIGHT, NAMED, SYMBOLS, WIDTH, draw, frame

WHOLE = frame(24.5, 57.0, 7.0)


def thing(number: int = 1, state: str = "open", lon: float = 24.1, lat: float = 56.95, **more: Any) -> dict[str, Any]:
    return {"id": f"bridge:{number}", "name": f"Bridge {number}", "state": state, "lon": lon, "lat": lat,
            "sym": "mlc/60-70-exercise"} | more  # fmt: skip


def read(svg: str) -> etree._Element:
    return etree.fromstring(svg.encode())


def texts(svg: str) -> list[str]:
    return [str(each.text) for each in read(svg).findall("{http://www.w3.org/2000/svg}text")]


def test_the_middle_of_the_view_is_the_middle_of_the_drawing_and_north_is_up() -> None:
    assert WHOLE.place(24.5, 57.0) == pytest.approx((WIDTH / 2, HEIGHT / 2))
    assert WHOLE.place(24.5, 58.0)[1] < HEIGHT / 2 < WHOLE.place(24.5, 56.0)[1]
    assert WHOLE.place(25.5, 57.0)[0] > WIDTH / 2


def test_it_is_one_drawing_that_can_be_read_with_the_basemap_under_it() -> None:
    root = read(draw([], WHOLE))
    assert len(root.findall("{http://www.w3.org/2000/svg}path")) == 4
    assert len(draw([], WHOLE)) < 600_000


def test_a_symbol_is_defined_once_and_used_for_all_that_share_it() -> None:
    found = draw([thing(1), thing(2, lon=24.5)], WHOLE)
    assert found.count("<symbol ") == 1
    assert found.count("<use ") == 2


def test_what_is_red_or_amber_has_a_badge_of_its_own_shape_and_its_name() -> None:
    found = draw([thing(1, "closed"), thing(2, "degraded", lat=56.0), thing(3, "open", lat=55.5)], WHOLE)
    assert sorted(texts(found)) == ["Bridge 1", "Bridge 2"]
    assert found.count('transform="translate(9 -8)"') == 2


def test_names_do_not_lie_over_one_another_and_are_bounded() -> None:
    assert len(texts(draw([thing(n, "closed") for n in range(5)], WHOLE))) == 1
    apart = [thing(n, "closed", lon=21.5 + n % 5, lat=54.5 + n // 5 * 0.3) for n in range(60)]
    assert len(texts(draw(apart, WHOLE))) == NAMED


def test_what_lies_outside_is_left_out_and_more_than_can_be_told_apart_are_dots() -> None:
    assert "<use " not in draw([thing(lon=2.35, lat=48.85)], WHOLE)
    found = draw([thing(n) for n in range(SYMBOLS + 7)], WHOLE)
    assert found.count('r="1.8"') == 7


def test_a_name_is_a_text_and_no_markup() -> None:
    assert texts(draw([thing(1, "closed", name="<b>Ķegums & co</b>")], WHOLE)) == ["<b>Ķegums & co</b>"]


def test_a_line_is_drawn_in_its_state_and_the_area_of_the_filter_is_outlined() -> None:
    road = {
        "id": "road:1",
        "name": "A1",
        "state": "closed",
        "sym": "glyph/none-x",
        "path": [[24.1, 57.0], [24.6, 57.9]],
    }
    found = draw([road], WHOLE, ((24.0, 56.0), (25.0, 56.0), (25.0, 57.0)))
    assert 'stroke="#c8102e"' in found
    assert "<polygon " in found
