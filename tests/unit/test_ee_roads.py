"""Does the reader of the road register place its sections, and say no more than the register does?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.event import Described, Event
from cop.geo import distance, from_wgs84
from cop.picture import fold
from feeds.adapter import Context, Outcome, Reject, decode
from feeds.simulated.national.ee_roads import register, sections
from feeds.simulated.script import MARK, MINUTE
from feeds.sources.ee_roads import SOURCE
from layers.layer import popup, thing

NOW = Context(1795550000000)  # 2026-11-24 19:53:20 UTC
PLACES = ((24.79, 59.40), (24.81, 59.39), (24.84, 59.38))
LINE = [list(from_wgs84(3301, place, order="en")) for place in PLACES]
ROW: dict[str, Any] = {"oid": 7, "tee_number": 2, "muudetud_kpv": "2026-09-14"}
ROUND = {"type": "LineString", "coordinates": LINE}


def outcomes(payload: bytes, context: Context = NOW) -> list[Outcome]:
    return list(decode(SOURCE, payload, context))


def answer(*rows: dict[str, Any], geometry: Any = ROUND, **more: Any) -> bytes:
    features = [{"type": "Feature", "geometry": geometry, "properties": row} for row in rows]
    return json.dumps({"type": "FeatureCollection", **more, "features": features}, ensure_ascii=False).encode()


def reasons(payload: bytes) -> list[str]:
    return [each.reason for each in outcomes(payload) if isinstance(each, Reject)]


def section(geometry: Any = ROUND, **changes: Any) -> Described:
    (told,) = outcomes(answer(ROW | changes, geometry=geometry))
    assert isinstance(told, Event)
    assert isinstance(told.body, Described)
    return told.body


@pytest.mark.parametrize(
    "line", [LINE, [pair[::-1] for pair in LINE], [[*pair, 40.5] for pair in LINE], [list(place) for place in PLACES]]
)
def test_northing_first_and_easting_first_are_the_same_place(line: list[list[float]]) -> None:
    told = section({"type": "LineString", "coordinates": line})
    assert all(distance(a, b) < 0.5 for a, b in zip(told.path, PLACES, strict=True))
    assert told.lon is not None
    assert told.lat is not None
    assert distance((told.lon, told.lat), PLACES[1]) < 500


@pytest.mark.parametrize(
    "line", [[LINE[0], LINE[1][::-1]], [LINE[0], [0, 0]], [[24.1, 46.9], [24.2, 46.9]], [LINE[0]], [], None, [None, 1]]
)
def test_a_line_that_is_not_in_estonia_in_one_order_is_rejected(line: Any) -> None:
    read = outcomes(answer(ROW, geometry={"type": "LineString", "coordinates": line}))
    assert [type(each) for each in read] == [Reject]


def test_the_longest_of_several_lines_counts() -> None:
    told = section({"type": "MultiLineString", "coordinates": [LINE[:2], LINE]})
    assert len(told.path) == 3
    assert reasons(answer(ROW, geometry={"type": "MultiLineString", "coordinates": []}))


@pytest.mark.parametrize(
    ("said", "widths"),
    [
        (7.5, (7.5,)),
        ("7,5", (7.5,)),
        ("8", (8.0,)),
        (0, ()),
        ("-", ()),
        ("N/A", ()),
        (None, ()),
        (-3, ()),
        (750, ()),
        (True, ()),
        ("wide", ()),
    ],
)
def test_a_width_is_the_roadways_when_it_is_one_and_never_a_limit(said: Any, widths: tuple[float, ...]) -> None:
    told = section(laius=said)
    assert told.limits == ()
    assert told.properties.get("roadway_m") == (widths[0] if widths else None)


def test_a_gravel_road_that_inspire_calls_paved_is_gravel() -> None:
    told = section(kate_kate_xv="32", kate_kate_val="kruusatee", inspire_surfacecategory="paved").properties
    assert (told["surface"], told["surface_name"]) == ("gravel", "kruusatee")


@pytest.mark.parametrize(
    ("code", "surface"),
    [("12", "paved"), (12, "paved"), ("41", "earth"), ("27", "gravel, surface treated"), ("23", None), ("99", None)],
)
def test_a_surface_that_is_not_understood_is_unknown(code: Any, surface: str | None) -> None:
    told = section(kate_kate_xv=code, kate_kate_val="as it is called").properties
    assert told.get("surface") == surface
    assert told["surface_name"] == "as it is called"


@pytest.mark.parametrize(
    ("said", "utc"),
    [
        ("2026-09-14", "2026-09-13T21:00:00"),
        ("2026-01-14T10:00:00", "2026-01-14T08:00:00"),
        ("2026/01/14 10:00:00", "2026-01-14T08:00:00"),
        ("2026-01-14T10:00:00Z", "2026-01-14T10:00:00"),
        (None, "2026-11-24T03:00:00"),
    ],
)
def test_a_section_is_as_old_as_its_change_else_as_the_answer(said: Any, utc: str) -> None:
    (told,) = outcomes(answer(ROW | {"muudetud_kpv": said}, timeStamp="2026-11-24T03:00:00Z"))
    assert isinstance(told, Event)
    assert datetime.fromtimestamp(told.at / 1000, UTC) == datetime.fromisoformat(f"{utc}Z")


@pytest.mark.parametrize("said", ["soon", 20260914, True, "2026-13-01"])
def test_a_time_that_is_none_is_rejected(said: Any) -> None:
    assert reasons(answer(ROW | {"muudetud_kpv": said}))[0].endswith("is not a time")
    assert reasons(answer(ROW, timeStamp=said))[0].endswith("is not a time")


def test_a_section_of_which_nothing_tells_the_age_is_rejected() -> None:
    row = {"oid": 7, "tee_number": 2}
    assert reasons(answer(row)) == ["neither a change of its own nor the answer's time: its age cannot be told"]


@pytest.mark.parametrize(
    ("changes", "subject"),
    [
        ({}, "road:EE:2-7"),
        ({"tee_number": "15"}, "road:EE:15-7"),
        ({"tee_number": 15.0}, "road:EE:15-7"),
        ({"oid": None}, "road:EE:2"),
        ({"oid": None, "teeosa_oid": "a-9"}, "road:EE:2-a-9"),
    ],
)
def test_road_and_section_make_the_subject(changes: dict[str, Any], subject: str) -> None:
    (told,) = outcomes(answer(ROW | changes))
    assert isinstance(told, Event)
    assert told.subject == subject


@pytest.mark.parametrize("changes", [{"tee_number": None}, {"tee_number": "E263"}, {"tee_number": 0}, {"oid": "a b"}])
def test_a_section_of_no_road_is_rejected_and_costs_no_neighbour(changes: dict[str, Any]) -> None:
    first, second = outcomes(answer(ROW | changes, ROW | {"oid": 8}))
    assert isinstance(first, Reject)
    assert isinstance(second, Event)
    assert second.subject == "road:EE:2-8"


def test_a_register_says_nothing_of_bridges_or_states() -> None:
    (told,) = outcomes(answer(ROW | {"tee_nimi": "Tallinn - Tartu", "laius": 7.5, "kate_kate_xv": "12"}))
    assert SOURCE.kinds == ("road",)
    assert isinstance(told, Event)
    found = fold([told]).entity(told.subject)
    assert found is not None
    row = thing(found, NOW.received)
    assert row is not None
    assert (row["state"], row["layer"], row["label"], len(row["path"])) == ("unknown", "roads", "2", 3)
    assert "stale_s" not in row
    lines = {line["key"]: line["value"] for line in popup(found, NOW.received)}
    assert (lines["surface"], lines["roadway_m"]) == ("paved", 7.5)


def test_a_part_of_the_register_is_told() -> None:
    assert reasons(answer(ROW, numberMatched=3)) == ["the answer holds 1 of 3 sections"]
    assert reasons(answer(ROW, numberMatched=1)) == []
    assert reasons(answer(ROW, numberMatched="unknown")) == []
    assert outcomes(answer()) == []


XML = b'<?xml version="1.0"?><a:ExceptionReport xmlns:a="x"><a:ExceptionText> No such\n layer </a:ExceptionText></a:E>'


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (XML, "an error of the service: No such layer"),
        (b"<wfs:FeatureCollection/>", "GML instead of JSON: the address must ask for GeoJSON"),
        (b"<html><title>502 Bad Gateway</title></html>", "an HTML page instead of JSON: 502 Bad Gateway"),
        (b"", "an empty answer, which is not an empty list"),
        (b"{}", "no 'features' in the answer"),
        (b'{"features":[{"type"', "not the JSON that was expected"),
        (b'{"features":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "JSON nested deeper than can be read"),
    ],
)
def test_an_exception_of_the_service_is_no_empty_register(payload: bytes, reason: str) -> None:
    (told,) = reasons(payload)
    assert told.startswith(reason)


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
COLUMNS = st.sampled_from([*ROW, "tee_nimi", "laius", "kate_kate_xv", "alguskm", "timeStamp", "numberMatched"])
FORMS = st.sampled_from(["Point", "LineString", "MultiLineString"])


@given(st.dictionaries(COLUMNS, JSONS), st.none() | st.fixed_dictionaries({"type": FORMS, "coordinates": JSONS}))
def test_no_value_of_any_field_raises(changes: dict[str, Any], geometry: Any) -> None:
    beside = {key: changes[key] for key in ("timeStamp", "numberMatched") if key in changes}
    for shape in (geometry, ROUND):
        payload = answer(ROW | changes, geometry=shape, **beside)
        assert outcomes(payload) == outcomes(payload)


@given(st.binary(max_size=200) | st.text(alphabet='[]{}":,\\n0aé<>', max_size=200).map(str.encode))
def test_no_garbage_raises(payload: bytes) -> None:
    assert all(isinstance(each, Reject) for each in outcomes(payload))


@pytest.mark.parametrize("now", [NOW.received + minute * MINUTE for minute in range(0, 60_000, 9_999)])
def test_what_the_simulated_register_says_is_its_state(now: int) -> None:
    read = outcomes(register(0, now), Context(now, origin="simulated"))
    told = {each.subject: each for each in read if isinstance(each, Event)}
    assert len(told) == len(read)
    assert 10 <= len(told) <= 45
    assert told.keys() == {f"road:EE:{each.road}-{each.oid}" for each in sections(0)}
    for each in sections(0):
        event = told[f"road:EE:{each.road}-{each.oid}"]
        assert event.at <= now
        assert isinstance(event.body, Described)
        assert MARK in event.body.name
        assert event.body.properties["roadway_m"] == each.width
        assert all(distance(a, b) < 1 for a, b in zip(event.body.path, each.path, strict=True))
        assert all(100 < distance(a, b) < 40_000 for a, b in pairwise(event.body.path))
