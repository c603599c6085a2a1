"""Does the reader of Tark Tee tell its two forms apart, and fall into none of the traps of the layer?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.event import Described, Event, Limit, Status
from cop.geo import distance, from_wgs84
from feeds.adapter import Context, Outcome, Reject, decode
from feeds.ee_words import CATEGORIES
from feeds.simulated.national.ee_tarktee import NUMBERS, SPEAKERS, layer, planned, restrictions, there
from feeds.simulated.script import MARK, MINUTE
from feeds.sources.ee_tarktee import SOURCE

SAMPLES = Path(__file__).parent.parent / "samples" / "ee_tarktee"
NOW = Context(1795550000000)  # 2026-11-24 19:53:20 UTC
HOUR_MS = 3_600_000
PLACE = [25.5586, 58.8850]
EAST_NORTH = list(from_wgs84(3301, (25.5586, 58.8850), order="en"))
ROW: dict[str, Any] = {"objectid": 1, "date_from": NOW.received - HOUR_MS}


def outcomes(payload: bytes, context: Context = NOW) -> list[Outcome]:
    return list(decode(SOURCE, payload, context))


def answer(*rows: dict[str, Any], geometry: Any = None, **more: Any) -> bytes:
    features = [{"type": "Feature", "geometry": geometry, "properties": row} for row in rows]
    return json.dumps({"type": "FeatureCollection", **more, "features": features}, ensure_ascii=False).encode()


def reasons(payload: bytes, context: Context = NOW) -> list[str]:
    return [each.reason for each in outcomes(payload, context) if isinstance(each, Reject)]


def pair(geometry: Any = None, **changes: Any) -> tuple[Described, Status]:
    """What one feature says."""
    told, status = outcomes(answer(ROW | changes, geometry=geometry))
    assert isinstance(told, Event)
    assert isinstance(status, Event)
    assert isinstance(told.body, Described)
    assert isinstance(status.body, Status)
    return told.body, status.body


def at(row: dict[str, Any], context: Context = NOW) -> datetime:
    event = outcomes(answer({"objectid": 1} | row), context)[0]
    assert isinstance(event, Event)
    return datetime.fromtimestamp(event.at / 1000, UTC)


# -- the form ---------------------------------------------------------------------------------------------------------


def test_the_addresses_are_on_the_new_host() -> None:
    addresses = [SOURCE.address, *(address for _, address in SOURCE.others)]
    assert len(addresses) == 3
    assert all(address.startswith("https://tarktee.transpordiamet.ee/") for address in addresses)
    assert SOURCE.request.key_header == "X-DATEX-API-KEY"


@pytest.mark.parametrize(
    ("sample", "subject"),
    [
        ("restrictions-v2.xml", "roadevent:EE:S-1-1"),
        ("restrictions-v36.xml", "roadevent:EE:S-1-1"),
        ("layer.json", "roadevent:EE:101"),
    ],
)
def test_the_bytes_tell_the_form(sample: str, subject: str) -> None:
    payload = (SAMPLES / sample).read_bytes()
    for bytes_before in (b"", b"\xef\xbb\xbf"):
        first = outcomes(bytes_before + payload)[0]
        assert isinstance(first, Event)
        assert (first.source, first.subject) == ("ee-tarktee", subject)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "an empty answer, which is not an empty publication"),
        (b"\xef\xbb\xbf \r\n", "an empty answer, which is not an empty publication"),
        (b"upstream error", "not well-formed XML"),
        (b"<html><title>403 Forbidden</title></html>", "an HTML page instead of DATEX II: 403 Forbidden"),
        (b"[]", "not the JSON that was expected"),
        (b"{}", "no 'features' in the answer"),
        (b'{"features":null}', "not the JSON that was expected"),
        (b'{"features":[{"type"', "not the JSON that was expected"),
        (b'{"features":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "not the JSON that was expected"),
    ],
)
def test_what_is_neither_form_is_one_reject(payload: bytes, reason: str) -> None:
    (told,) = reasons(payload)
    assert told.startswith(reason)


def test_an_error_of_the_service_is_no_empty_layer() -> None:
    assert reasons(b'{"error":{"code":498,"message":"Invalid token."}}') == [
        "an error instead of features: Invalid token."
    ]
    assert outcomes(answer()) == []


@pytest.mark.parametrize("more", [{"exceededTransferLimit": True}, {"properties": {"exceededTransferLimit": True}}])
def test_more_records_than_the_answer_holds_are_told(more: dict[str, Any]) -> None:
    assert reasons(answer(ROW, **more)) == ["the service has more records than this answer holds"]
    assert reasons(answer(ROW, exceededTransferLimit=False)) == []


def test_a_broken_feature_costs_no_neighbour() -> None:
    read = outcomes(answer(ROW, ROW | {"objectid": "?!"}, ROW | {"objectid": 3}, ROW))
    assert [each.subject for each in read if isinstance(each, Event)][::2] == ["roadevent:EE:1", "roadevent:EE:3"]
    assert [each.reason for each in read if isinstance(each, Reject)] == [
        "id '?!' is not an id",
        "the id 1 is there twice",
    ]


# -- when -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "utc"),
    [
        ("2026-11-24 16:30", "2026-11-24T14:30:00"),
        ("2026-07-01T16:30:05", "2026-07-01T13:30:05"),
        ("2026-07-01T16:30:05Z", "2026-07-01T16:30:05"),
        ("01.07.2026 16:30", "2026-07-01T13:30:00"),
        ("24.11.2026", "2026-11-23T22:00:00"),
        (1795536000000, "2026-11-24T16:00:00"),
        ("1795536000", "2026-11-24T16:00:00"),
    ],
)
def test_local_times_are_of_tallinn_and_epochs_are_epochs(said: Any, utc: str) -> None:
    assert at({"date_from": said}) == datetime.fromisoformat(f"{utc}Z")


@pytest.mark.parametrize("said", ["soon", "2026-13-40", 12, True, [1]])
def test_a_time_that_is_none_is_rejected(said: Any) -> None:
    assert reasons(answer(ROW | {"date_from": said}))[0].endswith("is not a time")


@pytest.mark.parametrize("said", [None, "", "N/A", "-", 0])
def test_a_feature_without_a_time_is_rejected(said: Any) -> None:
    assert reasons(answer(ROW | {"date_from": said})) == ["no time of its own: its age cannot be told"]


def test_a_frozen_layer_makes_no_feature_younger() -> None:
    later = Context(NOW.received + 400 * 24 * HOUR_MS)
    assert at(ROW) == at(ROW, later)


def test_what_has_not_begun_waits_unless_its_change_tells_its_age() -> None:
    begins = NOW.received + 48 * HOUR_MS
    row = ROW | {"date_from": begins, "date_to": begins + HOUR_MS}
    assert outcomes(answer(row)) == []
    assert at(row, Context(begins)) == datetime.fromtimestamp(begins / 1000, UTC)
    edited = row | {"last_edited_date": NOW.received - HOUR_MS}
    assert at(edited) == datetime.fromtimestamp((NOW.received - HOUR_MS) / 1000, UTC)
    _, status = pair(**edited)
    assert (status.since, status.until) == (begins, begins + HOUR_MS)


def test_what_has_ended_is_passed_over() -> None:
    assert outcomes(answer(ROW | {"date_to": NOW.received})) == []
    assert len(outcomes(answer(ROW | {"date_to": NOW.received + 1}))) == 2
    assert reasons(answer(ROW | {"date_to": "2017-06-01"})) == ["it ends before it begins"]


def test_a_day_ends_with_its_end() -> None:
    _, status = pair(date_to="2026-11-25")
    assert status.until == datetime(2026, 11, 25, 22, tzinfo=UTC).timestamp() * 1000


# -- what is restricted -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("effect", [None, "ROAD_CLOSED"])
@pytest.mark.parametrize(
    "text",
    [
        "Sild on suletud sõidukitele täismassiga üle 12 t.",
        "Liiklus on keelatud sõidukitele massiga üle 12 tonni",
        "Road closed for vehicles heavier than 12 t",
    ],
)
def test_a_closure_above_a_mass_is_a_limit_and_no_closed_road(text: str, effect: str | None) -> None:
    told, status = pair(extra_info=text, effect=effect)
    assert (status.state, told.limits) == ("restricted", (Limit("mass_t", 12.0, "t", "text"),))
    assert told.properties["category"] == "weight_limit"


@pytest.mark.parametrize(
    ("effect", "text", "state"),
    [
        ("ROAD_CLOSED", None, "closed"),
        ("ROAD_CLOSED", "Ümbersõit kuni 12 t", "closed"),
        ("ROAD_CLOSED", "Tee 12 remont.", "closed"),
        (None, "Tee on suletud, ümbersõit mööda teed 15 kuni 20 t.", "closed"),
        (None, "Tee on ajutiselt suletud", "closed"),
        ("TRAFFIC_DISTURBED", "Politsei poolt on tee suletud.", "closed"),
        ("ROAD_CLOSED", "Üks sõidurada suletud.", "closed"),
        ("ROAD_CLOSED", "Suletud öösiti 22-06", "restricted"),
        ("ROAD_CLOSED", "v.a. ühistransport", "restricted"),
        (None, "Tee on ajuti suletud", "restricted"),
        (None, "Veoautodele on tee suletud", "restricted"),
        ("LANE_CLOSED", None, "degraded"),
        (None, "Sõidurada on suletud", "degraded"),
        ("SPEED_LIMITED", None, "degraded"),
        (None, "Liiklus on häiritud", "degraded"),
        ("ODD_RULE", "Ole tähelepanelik", "unknown"),
        (None, None, "unknown"),
        (None, "Kergliiklustee on suletud", "unknown"),
    ],
)
def test_effect_and_text_tell_the_state_and_never_open(effect: str | None, text: str | None, state: str) -> None:
    _, status = pair(effect=effect, extra_info=text)
    assert status.state == state


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("Teljekoormus kuni 8 t, täismass kuni 30,5 t", {("axle_t", 8.0), ("mass_t", 30.5)}),
        ("Kõrguspiirang 3,8 m; laius 3.0 m", {("height_m", 3.8), ("width_m", 3.0)}),
        ("Paigaldatakse 12 t asfalti", set()),
        ("Lõigu pikkus 300 m", set()),
        ("Täismass kuni 2000 t", set()),
        ("Ümbersõit, mass kuni 12 t", set()),
    ],
)
def test_a_limit_is_a_number_after_the_word_that_says_of_what(text: str, limits: set[tuple[str, float]]) -> None:
    told, _ = pair(extra_info=text)
    assert {(limit.what, limit.value) for limit in told.limits} == limits


def test_the_lowest_speed_counts() -> None:
    _, status = pair(effect="SPEED_LIMITED", extra_info="Kiirus 70 km/h, töö ajal 30 km/h")
    assert status.measures == {"speed_kmh": 30.0}


@pytest.mark.parametrize(
    ("cause", "category"),
    [
        ("ACCIDENT", "accident"),
        ("SLIPPERY_ROAD", "weather"),
        ("SPORTS_EVENT", "event"),
        ("OBSTACLE", "obstruction"),
        ("PAVING", "roadworks"),
        ("Teetööd", "roadworks"),
        ("X", "other"),
    ],
)
def test_the_cause_tells_the_category(cause: str, category: str) -> None:
    told, status = pair(cause=cause)
    assert told.properties["category"] == category
    assert category == "other" or category in dict(CATEGORIES)
    assert status.state == ("unknown" if category in ("event", "other") else "degraded")


# -- where ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [PLACE, EAST_NORTH, EAST_NORTH[::-1]])
def test_degrees_or_metres_are_the_same_place(place: list[float]) -> None:
    told, _ = pair({"type": "Point", "coordinates": place})
    assert told.lon is not None
    assert told.lat is not None
    assert distance((told.lon, told.lat), (PLACE[0], PLACE[1])) < 1


@pytest.mark.parametrize("place", [[0, 0], [24.1, 56.9], [8.1, 58.9], ["a", 1], [1], None, [float("inf"), 1]])
def test_a_position_outside_estonia_is_rejected(place: Any) -> None:
    (reason,) = reasons(answer(ROW, geometry={"type": "LineString", "coordinates": [PLACE, place]}))
    assert "position" in reason or "JSON" in reason


def test_a_feature_without_a_place_is_listed_and_not_drawn() -> None:
    for geometry in (None, {"type": "LineString", "coordinates": []}):
        told, _ = pair(geometry)
        assert (told.lon, told.lat, told.path) == (None, None, ())


# -- any bytes --------------------------------------------------------------------------------------------------------

JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
COLUMNS = st.sampled_from([*ROW, "date_to", "last_edited_date", "effect", "cause", "extra_info", "road_nr"])
FORMS = st.sampled_from(["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon"])


@given(st.dictionaries(COLUMNS, JSONS), st.none() | st.fixed_dictionaries({"type": FORMS, "coordinates": JSONS}))
def test_no_value_of_any_field_raises(changes: dict[str, Any], geometry: Any) -> None:
    payload = answer(ROW | changes, geometry=geometry)
    assert outcomes(payload) == outcomes(payload)


@given(st.binary(max_size=200) | st.text(alphabet='[]{}":,\\n0aé<>', max_size=200).map(str.encode))
def test_no_garbage_raises(payload: bytes) -> None:
    assert all(isinstance(each, Reject) for each in outcomes(payload))


# -- the speakers -----------------------------------------------------------------------------------------------------

TIMES = [NOW.received + minute * MINUTE for minute in range(0, 90, 7)]


def test_each_speaker_has_a_feed_of_its_own() -> None:
    assert {(each.feed, each.path.partition("?")[0]) for each in SPEAKERS} == {
        ("ee-tarktee", "/api/v1/datex/restrictions"),
        ("ee-tarktee-layer", "/tarktee/rest/services/restrictions_traffic/MapServer/1/query"),
    }


@pytest.mark.parametrize("now", TIMES)
def test_what_the_publication_says_is_the_state(now: int) -> None:
    read = outcomes(restrictions(0, now), Context(now, origin="simulated"))
    events = [each for each in read if isinstance(each, Event)]
    assert len(events) == len(read)
    assert {(each.subject, each.at) for each in events} == {
        (f"roadevent:EE:SIM-{event.script.id}-1", event.changed // 1000 * 1000) for event in there(0, now)
    }


@pytest.mark.parametrize("now", TIMES)
def test_what_the_layer_says_is_the_state_and_what_is_to_come(now: int) -> None:
    read = outcomes(layer(0, now), Context(now, origin="simulated"))
    events = {each.subject: each for each in read if isinstance(each, Event) and isinstance(each.body, Status)}
    assert len(events) * 2 == len(read)
    expected = {f"roadevent:EE:{NUMBERS[event.script.id]}": event for event in (*there(0, now), *planned(0, now))}
    assert events.keys() == expected.keys()
    for subject, event in expected.items():
        body = events[subject].body
        assert isinstance(body, Status)
        assert body.state == {"closed": "closed", "weight": "restricted", "speed": "degraded"}[event.script.what]
        assert (body.since, body.until) == (event.since, event.until)
        assert events[subject].at <= now
        assert MARK in body.reason
    assert any(list(planned(0, each)) for each in TIMES)
