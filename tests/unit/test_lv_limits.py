"""Are the limits of Latvia read as they stand, with or without dates, ids and values?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.event import Described, Event, Limit, Millis, Status
from feeds.adapter import Context, Outcome, Reject, decode
from feeds.simulated.national.lv_limits import SCRIPT, say, state
from feeds.sources.lv_limits import SOURCE
from layers.roadevents import variant

NOW = Context(1795550000000)  # 2026-11-24 19:53:20 UTC
MINUTE = 60_000
POINT = {"type": "Point", "coordinates": [24.1, 56.9]}
TWO_LINES = {"type": "MultiLineString", "coordinates": [[[24.0, 56.9], [24.01, 56.9]], [[25.0, 57.0], [25.2, 57.0]]]}
VALUES = {
    "massRestrictions": "massRestrictionsInTons",
    "virtualMassRestriction": "virtualMassRestrictionInTons",
    "virtualMassRestrictionWithException": "virtualMassRestrictionInTons",
    "heightRestrictions": "heightRestrictionInMeters",
    "widthRestrictions": "widthRestrictionsInMeters",
}


def feature(form: str = "massRestrictions", value: Any = "12", geometry: Any = POINT, **more: Any) -> dict[str, Any]:
    told = {"id": "x1", "street": "P9", "restrictionClass": form, "startDate": "2026-01-15", VALUES[form]: value}
    return {"type": "Feature", "geometry": geometry, "properties": told | more}


def answer(*features: Any, **more: Any) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features} | more).encode()


def outcomes(*features: Any, **more: Any) -> list[Outcome]:
    return list(decode(SOURCE, answer(*features, **more), NOW))


def one(*features: Any, **more: Any) -> tuple[Event, Described, Status]:
    told, status = outcomes(*features, **more)
    assert isinstance(told, Event)
    assert isinstance(status, Event)
    assert isinstance(told.body, Described)
    assert isinstance(status.body, Status)
    assert (told.subject, told.at) == (status.subject, status.at)
    return told, told.body, status.body


def millis(text: str) -> Millis:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp() * 1000)


# -- what is limited --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "what", "unit", "category", "sign"),
    [
        ("massRestrictions", "mass_t", "t", "weight_limit", "weightlimit"),
        ("virtualMassRestriction", "mass_t", "t", "weight_limit", "weightlimit"),
        ("virtualMassRestrictionWithException", "mass_t", "t", "weight_limit", "weightlimit"),
        ("heightRestrictions", "height_m", "m", "height_limit", "sizelimit"),
        ("widthRestrictions", "width_m", "m", "width_limit", "sizelimit"),
    ],
)
def test_each_class_is_a_limit_in_its_unit_and_has_its_sign(
    form: str, what: str, unit: str, category: str, sign: str
) -> None:
    _, told, status = one(feature(form, "3.5"))
    assert told.limits == (Limit(what, 3.5, unit, form),)
    assert (status.state, status.measures) == ("restricted", {what: 3.5})
    assert told.properties["category"] == category
    assert variant(category) == sign


@pytest.mark.parametrize("value", ["3.5", "3,5", 3.5, " 3.50 ", "3.5 t", "3.5t"])
def test_numbers_come_as_text(value: Any) -> None:
    assert one(feature(value=value))[1].limits[0].value == 3.5


@pytest.mark.parametrize("value", ["None", None, "", "-", "N/A", "0", "0.0", "-3", "12000", "heavy", True, [12]])
def test_what_is_no_value_is_no_limit_and_the_road_is_restricted_anyway(value: Any) -> None:
    _, told, status = one(feature(value=value))
    assert (told.limits, status.state, status.measures) == ((), "restricted", {})
    assert told.properties["doubt"]


def test_none_is_a_word_here_and_means_nothing() -> None:
    empty = dict.fromkeys(
        ("endDate", "notes", "additionalExceptionRules", "restrictionType", "parentId", "start", "end"), "None"
    )
    _, told, status = one(feature(**empty))
    assert told.properties.keys() == {"category", "class", "roads"}
    assert (status.until, status.reason) == (None, "mass limited to 12 t")


def test_a_virtual_limit_keeps_its_class_and_exceptions() -> None:
    form = "virtualMassRestrictionWithException"
    _, told, status = one(feature(form, "10", additionalExceptionRules="milk lorries", notes="gravel"))
    assert told.properties["class"] == form
    assert told.properties["exceptions"] == "milk lorries"
    assert told.properties["cause"] == "gravel road in the thaw"
    assert status.reason == "mass limited to 10 t; except: milk lorries; gravel"


def test_names_are_known_in_any_case_and_number() -> None:
    odd = {"ID": "q", "STREET": "V5", "restriction_class": "HEIGHTRESTRICTIONS", "HeightRestrictionsInMeters": "4.1"}
    event, told, _ = one({"type": "Feature", "geometry": None, "properties": odd | {"start_date": "2026-02-01"}})
    assert event.subject == "roadevent:LV:limit-q"
    assert told.limits == (Limit("height_m", 4.1, "m", "HEIGHTRESTRICTIONS"),)


@pytest.mark.parametrize("form", ["noiseRestrictions", "None", ""])
def test_a_class_that_nobody_knows_is_rejected_by_its_name(form: str) -> None:
    (outcome,) = outcomes(feature(restrictionClass=form))
    assert isinstance(outcome, Reject)
    assert "class" in outcome.reason.lower()


# -- which is which ---------------------------------------------------------------------------------------------------


def test_a_limit_keeps_its_identity_when_its_value_changes() -> None:
    def subject(value: str, **more: str) -> str:
        return one(feature(value=value, id="None", **{"start": "1.0", "end": "2.0"} | more))[0].subject

    assert subject("12") == subject("7.5") == subject("12", startDate="2026-05-01", notes="new")
    assert (
        len({subject("12"), subject("12", street="P8"), subject("12", end="3.0"), subject("12", direction="left")}) == 4
    )


def test_an_own_id_counts_before_anything_else() -> None:
    assert one(feature(id=77))[0].subject == "roadevent:LV:limit-77"
    assert one(feature(id="a b"))[0].subject == "roadevent:LV:limit-a_b"
    outer = feature(id="None") | {"id": "outer"}
    assert one(outer)[0].subject == "roadevent:LV:limit-outer"


def test_an_id_that_is_there_twice_costs_only_the_second() -> None:
    first, second, twice = outcomes(feature(), feature(value="5"))
    assert isinstance(first, Event)
    assert isinstance(second, Event)
    assert twice == Reject(
        "limit-x1 is there twice",
        twice.offset if isinstance(twice, Reject) else 0,
        json.dumps(feature(value="5")).encode(),
    )


def test_what_has_neither_id_road_nor_place_is_rejected() -> None:
    (outcome,) = outcomes(feature(geometry=None, id="None", street="None"))
    assert isinstance(outcome, Reject)


# -- when -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dates", "at"),
    [
        ({"changeDate": "2026-11-20T08:00:00Z"}, "2026-11-20T08:00:00+00:00"),
        ({}, "2026-01-15T00:00:00+02:00"),
        ({"startDate": "01.06.2026. 10:30"}, "2026-06-01T10:30:00+03:00"),
        ({"startDate": "1780000000000"}, "2026-05-28T20:26:40+00:00"),
        ({"startDate": "2026-12-24"}, "2026-11-24T19:53:20+00:00"),  # not begun: the hearing
    ],
)
def test_age_is_that_of_the_change_else_of_the_start(dates: dict[str, str], at: str) -> None:
    assert one(feature(**dates))[0].at == millis(at)


def test_a_limit_without_a_date_is_not_lost() -> None:
    event, told, status = one(feature(startDate="None", endDate="None"))
    assert (event.at, status.since, status.until) == (NOW.received, None, None)
    assert (status.state, told.limits[0].value) == ("restricted", 12)
    stamped, _, _ = one(feature(startDate="None"), timeStamp="2026-11-24T19:00:00Z")
    assert stamped.at == millis("2026-11-24T19:00:00+00:00")
    assert one(feature(startDate="None"), timeStamp="soon")[0].at == NOW.received
    broken = answer(feature(startDate="None"), updated="X").replace(b'"X"', b'"\xff"')
    assert [each.at for each in decode(SOURCE, broken, NOW) if isinstance(each, Event)] == [NOW.received] * 2


def test_it_is_restricted_between_its_dates_to_the_end_of_the_last_day() -> None:
    _, _, status = one(feature(endDate="2026-11-30"))
    assert (status.since, status.until) == (millis("2026-01-15T00:00:00+02:00"), millis("2026-12-01T00:00:00+02:00"))


def test_what_is_over_is_ignored_and_what_is_to_come_is_not_posted_yet() -> None:
    assert outcomes(feature(endDate="2026-11-23")) == []
    _, told, status = one(feature(startDate="2026-12-01"))
    assert (told.limits, status.since, status.measures) == ((), millis("2026-12-01T00:00:00+02:00"), {"mass_t": 12.0})


@pytest.mark.parametrize(
    "dates", [{"startDate": "spring"}, {"endDate": "31.02.2027"}, {"endDate": "2027-01-01", "startDate": "2028-01-01"}]
)
def test_dates_that_cannot_be_are_rejected_and_cost_no_neighbour(dates: dict[str, str]) -> None:
    found = outcomes(feature(**dates), feature(id="x2"))
    assert [isinstance(each, Reject) for each in found] == [True, False, False]


# -- where ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("geometry", "path"),
    [
        ({"type": "LineString", "coordinates": [[24.0, 56.9, 3.0], [24.2, 57.0, 3.0]]}, ((24.0, 56.9), (24.2, 57.0))),
        ({"type": "LineString", "coordinates": [[56.9, 24.0], [57.0, 24.2]]}, ((24.0, 56.9), (24.2, 57.0))),
        (TWO_LINES, ((25.0, 57.0), (25.2, 57.0))),
        (POINT, ()),
    ],
)  # fmt: skip
def test_a_geometry_is_its_longest_line(geometry: Any, path: tuple[tuple[float, float], ...]) -> None:
    _, told, _ = one(feature(geometry=geometry))
    assert told.path == path
    assert told.lon is not None


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Point", "coordinates": [506000, 312000]},
        {"type": "LineString", "coordinates": [[24.0, 56.9], [24.2]]},
        {"type": "LineString", "coordinates": ["24.0 56.9"]},
        {"type": "GeometryCollection", "coordinates": [1]},
    ],
)
def test_a_place_that_cannot_be_read_costs_the_place_and_not_the_limit(geometry: Any) -> None:
    _, told, status = one(feature(geometry=geometry))
    assert (told.lon, told.path, status.state) == (None, (), "restricted")
    assert told.properties["place_note"]


# -- answers ----------------------------------------------------------------------------------------------------------


def test_an_answer_204_is_an_empty_list_and_not_failed() -> None:
    assert list(decode(SOURCE, b"", NOW)) == list(decode(SOURCE, answer(), NOW)) == []


@pytest.mark.parametrize(
    "payload",
    [b"<html/>", b"[]", b"{}", b'{"features": null}', answer(feature())[:-9], b"[" * 90_000, b"\xff\xfe{"],
)  # fmt: skip
def test_what_is_no_list_of_features_is_one_reject(payload: bytes) -> None:
    (outcome,) = decode(SOURCE, payload, NOW)
    assert isinstance(outcome, Reject)
    assert outcome.raw == payload


scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(
    ["id", "street", "restrictionClass", "massRestrictionsInTons", "start", "startDate", "endDate", "notes"]
)


@given(st.dictionaries(names, values), values)
def test_whatever_a_feature_says_its_neighbour_is_read(told: dict[str, Any], geometry: Any) -> None:
    odd = {"type": "Feature", "geometry": {"type": "LineString", "coordinates": geometry}, "properties": told}
    found = outcomes(odd, feature(id="the good one"))
    assert [each.subject for each in found[-2:] if isinstance(each, Event)] == ["roadevent:LV:limit-the_good_one"] * 2
    assert len(found) in (2, 3, 4)


# -- the simulated service --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [NOW.received + minute * MINUTE for minute in range(0, 60, 6)])
def test_what_the_simulated_service_says_is_its_state(at: Millis) -> None:
    found = list(decode(SOURCE, say(5, at), Context(at, origin="simulated")))
    assert not [each for each in found if isinstance(each, Reject)]
    told = {each.subject: each for each in found if isinstance(each, Event) and isinstance(each.body, Status)}
    there = {f"roadevent:LV:limit-SIM-{key}": held for key, held in state(5, at).items()}
    assert told.keys() == there.keys()
    for subject, held in there.items():
        assert told[subject].at == (held[0] // 1000 * 1000 if held else at)
    assert 6 <= len(there) <= len(SCRIPT)
