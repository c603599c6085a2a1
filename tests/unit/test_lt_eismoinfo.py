"""Does the reader of eismoinfo.lt fall into none of the traps that the service sets?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.event import Described, Event, Limit, Status
from cop.geo import distance
from feeds.adapter import Context, Outcome, Reject, decode
from feeds.lt_notices import CATEGORIES
from feeds.simulated.national.lt_eismoinfo import SPEAKERS
from feeds.simulated.roads import state
from feeds.sources.lt_eismoinfo import SOURCE

SAMPLES = Path(__file__).parent.parent / "samples" / "lt_eismoinfo"
LAYER = (SAMPLES / "layer.json").read_bytes()
NOW = Context(1795550000000)  # 2026-11-24 19:53:20 UTC
JONAVA = [524300, 6109100]
ROW: dict[str, Any] = {
    "id": "MJ:1",
    "name": "Kelio remontas",
    "updateTime": "2026-11-24 16:30",
    "points": [{"point": JONAVA}],
}


def outcomes(payload: bytes, context: Context = NOW) -> list[Outcome]:
    return list(decode(SOURCE, payload, context))


def layer(*rows: dict[str, Any]) -> bytes:
    return json.dumps([{"layer": "EAL", "features": list(rows)}], ensure_ascii=False).encode()


def pair(**changes: Any) -> tuple[Described, Status]:
    """What one record says."""
    told, status = outcomes(layer(ROW | changes))
    assert isinstance(told, Event)
    assert isinstance(status, Event)
    assert isinstance(told.body, Described)
    assert isinstance(status.body, Status)
    return told.body, status.body


def reasons(payload: bytes) -> list[str]:
    return [each.reason for each in outcomes(payload) if isinstance(each, Reject)]


def at(payload: bytes, received: datetime) -> datetime:
    event = outcomes(payload, Context(int(received.timestamp() * 1000)))[0]
    assert isinstance(event, Event)
    return datetime.fromtimestamp(event.at / 1000, UTC)


# -- the road is closed, or it is not ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Eismas draudžiamas transporto priemonėms, sunkesnėms nei 12 t.",
        "Draudžiama virš 12 t",
        "at most 12 t",
        "Road closed for vehicles heavier than 12 t",
    ],
)
def test_a_closure_above_a_mass_is_a_limit_and_no_closed_road(text: str) -> None:
    told, status = pair(name="Eismo draudimas", description=text, restrictions=[{"restrictionType": "roadClosed"}])
    assert status.state == "restricted"
    assert told.limits == (Limit("mass_t", 12.0, "t", "text"),)
    assert told.properties["category"] == "weight_limit"


def test_a_closure_with_a_mass_as_its_value_is_a_limit() -> None:
    told, status = pair(restrictions=[{"restrictionType": "roadClosed", "value": 12}])
    assert (status.state, told.limits) == ("restricted", (Limit("mass_t", 12.0, "t", "field"),))


def test_a_closure_for_lorries_is_a_restriction_without_a_known_limit() -> None:
    told, status = pair(restrictions=[{"restrictionType": "roadClosed", "transportType": "lorry"}])
    assert (status.state, told.limits) == ("restricted", ())


@pytest.mark.parametrize(
    "text",
    [
        "Kelias uždarytas",
        "Kelias uždarytas. Apylanka transportui iki 30 t.",
        "Eismas uždarytas, apvirto vilkikas",
        "Eismas per viaduką draudžiamas ir kreipiamas kitais keliais.",
    ],
)
def test_a_closure_for_all_is_closed_whatever_its_detour_bears(text: str) -> None:
    told, status = pair(description=text)
    assert (status.state, told.limits, told.properties["category"]) == ("closed", (), "closure")


def test_text_and_field_that_disagree_about_a_mass_both_stay() -> None:
    told, _ = pair(description="iki 12 t", restrictions=[{"restrictionType": "weightLimit", "value": "2.0"}])
    assert set(told.limits) == {Limit("mass_t", 12.0, "t", "text"), Limit("mass_t", 2.0, "t", "field")}


@pytest.mark.parametrize("value", [0, "0", "N/A", "-", None, 2000, True])
def test_a_value_that_cannot_be_is_no_limit_and_never_open(value: Any) -> None:
    told, status = pair(restrictions=[{"restrictionType": "weightLimit", "value": value}])
    assert told.limits == ()
    assert status.state == "unknown"
    assert "not understood" in status.reason


def test_the_speed_icon_is_a_speed_and_an_unknown_icon_stays_unknown() -> None:
    _, slow = pair(restrictions=[{"icon": "76", "iconValue": 50.0}])
    assert (slow.state, slow.measures) == ("degraded", {"speed_kmh": 50.0})
    _, strange = pair(restrictions=[{"icon": "12", "iconValue": 3}])
    assert (strange.state, strange.reason) == (
        "unknown",
        "a restriction that is not understood: icon 12; Kelio remontas",
    )


def test_open_is_said_only_when_the_source_says_it() -> None:
    assert pair(name="Informacija")[1].state == "unknown"
    assert pair(name="Informacija", description="Eismas neribojamas.")[1].state == "open"


@pytest.mark.parametrize(
    ("name", "category"),
    [
        ("Eismo įvykis", "accident"),
        ("Plikledis", "weather"),
        ("Kliūtis kelyje", "obstruction"),
        ("Renginys", "event"),
        ("Kelio remontas", "roadworks"),
        ("Kita", "other"),
    ],
)
def test_the_name_tells_the_category(name: str, category: str) -> None:
    assert pair(name=name)[0].properties["category"] == category
    assert category == "other" or category in dict(CATEGORIES)


# -- where ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [JONAVA, JONAVA[::-1], [55.117, 24.381], [24.381, 55.117]])
def test_the_numbers_tell_frame_and_order(place: list[float]) -> None:
    told, _ = pair(points=[{"point": place}])
    assert told.lon is not None
    assert told.lat is not None
    assert distance((told.lon, told.lat), (24.381, 55.117)) < 100


def test_arcgis_wkid_2600_is_lks_94() -> None:
    row = {"attributes": {"OBJECTID": 1, "last_edited_date": NOW.received}, "geometry": {"x": 524300, "y": 6109100}}
    told = outcomes(json.dumps({"spatialReference": {"wkid": 2600}, "features": [row]}).encode())[0]
    assert isinstance(told, Event)
    assert isinstance(told.body, Described)
    assert (told.body.lon, told.body.lat) == (24.380909, 55.117005)


@pytest.mark.parametrize(
    "place", [[0, 0], [24.5, 8.1], [24.754, 59.437], [700000, 6100000], [600000, 6280000], ["a", 1], [1], None]
)
def test_a_position_outside_lithuania_is_rejected_and_its_neighbour_survives(place: Any) -> None:
    first, *rest = outcomes(layer(ROW | {"points": [{"point": place}]}, ROW | {"id": "MJ:2"}))
    assert isinstance(first, Reject)
    assert "position" in first.reason
    assert [each.subject for each in rest if isinstance(each, Event)] == ["roadevent:LT:MJ:2"] * 2


def test_a_record_without_a_place_is_listed_and_not_drawn() -> None:
    told, _ = pair(points=None)
    assert (told.lon, told.lat, told.path) == (None, None, ())


# -- when -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "utc"),
    [
        ("2026-11-24 16:30", "2026-11-24T14:30:00"),
        ("2026-07-01T16:30:05", "2026-07-01T13:30:05"),
        ("2026-07-01T16:30:05+0200", "2026-07-01T14:30:05"),
        ("2026-07-01T16:30:05Z", "2026-07-01T16:30:05"),
        (1795536000000, "2026-11-24T16:00:00"),
        ("1795536000", "2026-11-24T16:00:00"),
    ],
)
def test_local_times_are_of_vilnius_and_epochs_are_epochs(said: Any, utc: str) -> None:
    assert at(layer(ROW | {"updateTime": said}), datetime(2026, 12, 1, tzinfo=UTC)) == datetime.fromisoformat(utc + "Z")


def test_in_the_repeated_hour_a_change_is_the_latest_that_has_passed() -> None:
    payload = layer(ROW | {"updateTime": "2026-10-25 03:30"})
    assert at(payload, datetime(2026, 10, 25, 0, 31, tzinfo=UTC)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert at(payload, datetime(2026, 10, 25, 1, 31, tzinfo=UTC)) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_in_the_repeated_hour_a_restriction_lasts_as_long_as_it_may() -> None:
    _, status = pair(startTime="2026-10-25 03:10", endTime="2026-10-25 03:20")
    assert status.since is not None
    assert status.until is not None
    assert status.until - status.since == 70 * 60_000


def test_a_day_ends_with_its_end() -> None:
    _, status = pair(startTime="2026-11-20", endTime="2026-11-25")
    assert status.until == datetime(2026, 11, 25, 22, tzinfo=UTC).timestamp() * 1000


def test_a_fresh_fetch_makes_no_record_younger() -> None:
    payload = layer(ROW)
    assert at(payload, datetime(2026, 12, 1, tzinfo=UTC)) == at(payload, datetime(2030, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("said", [None, "", "N/A"])
def test_a_record_without_a_time_is_rejected(said: Any) -> None:
    assert reasons(layer(ROW | {"updateTime": said})) == ["no time of its own: its age cannot be told"]


@pytest.mark.parametrize("said", ["soon", "2026-13-40", 12, True, [1], "9999999999999999"])
def test_a_time_that_is_none_is_rejected(said: Any) -> None:
    assert reasons(layer(ROW | {"updateTime": said}))[0].endswith("is not a time")


# -- the answer as a whole --------------------------------------------------------------------------------------------


def test_html_after_the_json_costs_nothing() -> None:
    assert outcomes(LAYER + b"\n<!DOCTYPE html><html>oops</html>") == outcomes(LAYER)


def test_anything_else_after_the_json_is_told() -> None:
    assert reasons(layer(ROW) + b" [{") == ["something after the list"]


def test_a_page_of_the_filter_is_one_reject() -> None:
    page = b"<!DOCTYPE html><html><head><title>403 Forbidden</title></head><body>No entry</body></html>"
    assert outcomes(page) == [Reject("an HTML page instead of JSON: 403 Forbidden", 0, page)]


def test_windows_1257_and_utf_8_say_the_same() -> None:
    row = ROW | {"description": "Panevėžys–Šiauliai, žvyras"}
    text = layer(row).decode()
    assert outcomes(text.encode("cp1257")) == outcomes(text.encode())
    assert outcomes(b"\xef\xbb\xbf" + text.encode()) == outcomes(text.encode())


@pytest.mark.parametrize(
    "row",
    [
        {"id": "TEST:001"},
        {"name": "Test Road Work"},
        {"description": "test"},
        {"description": "Testavimas"} | {"name": "TESTAS"},
    ],
)
def test_test_rows_are_rejected(row: dict[str, Any]) -> None:
    assert reasons(layer(ROW | row)) == ["a test row"]


@pytest.mark.parametrize("payload", [b"[]", b'[{"layer":"EAL","features":[]}]', b'{"features":[]}'])
def test_an_empty_list_is_empty(payload: bytes) -> None:
    assert outcomes(payload) == []


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "an empty answer, which is not an empty list"),
        (b" \r\n", "an empty answer, which is not an empty list"),
        (b"null", "not JSON"),
        (b"upstream error", "not JSON"),
        (b'{"error":{"code":500}}', "no list of features"),
        (b'{"exceededTransferLimit":true,"features":[]}', "the service has more records than this answer holds"),
        (b'[{"layer":"EAL","features":', "the answer ends before its end"),
    ],
)
def test_an_outage_is_not_an_empty_list(payload: bytes, reason: str) -> None:
    assert reasons(payload) == [reason]


def test_an_id_that_comes_twice_is_told() -> None:
    assert reasons(layer(ROW, ROW)) == ["the id MJ:1 is there twice"]


@pytest.mark.parametrize(
    ("sound", "broken"),
    [(b'"MJ:2",', b'"MJ:2"'), (b'"MJ:2"', b"MJ:2"), (b'"MJ:2"', b'"MJ:"2""'), (b"6109100]", b"6109100")],
)
def test_a_broken_record_costs_no_neighbour(sound: bytes, broken: bytes) -> None:
    rows = [json.dumps(ROW | {"id": f"MJ:{number}"}, separators=(",", ":")).encode() for number in (1, 2, 3)]
    rows[1] = rows[1].replace(sound, broken)
    read = outcomes(b'[{"layer":"EAL","features":[' + b",\n".join(rows) + b"]}]")
    assert [each.subject for each in read if isinstance(each, Event)][::2] == ["roadevent:LT:MJ:1", "roadevent:LT:MJ:3"]
    assert [each.raw for each in read if isinstance(each, Reject)] == [rows[1]]


def test_every_record_gives_two_events_or_one_reject() -> None:
    rows = json.loads(LAYER)[0]["features"]
    read = outcomes(LAYER)
    events = [each for each in read if isinstance(each, Event)]
    assert len(events) / 2 + (len(read) - len(events)) == len(rows)
    assert all(event.source == SOURCE.name and event.received == NOW.received for event in events)


def test_every_cut_leaves_whole_records_and_says_that_it_is_cut() -> None:
    whole = outcomes(LAYER)
    for cut in range(len(LAYER.rstrip())):
        read = outcomes(LAYER[:cut])
        assert read[:-1] == whole[: len(read) - 1]
        assert isinstance(read[-1], Reject)


def test_chunks_may_be_cut_anywhere() -> None:
    decoder = SOURCE.decoder()
    for byte in LAYER:
        assert list(decoder.feed(bytes([byte]), NOW)) == []
    assert list(decoder.close(NOW)) == outcomes(LAYER)


@given(st.integers(0, len(LAYER) - 1), st.binary(max_size=8), st.integers(0, 40))
def test_no_mutation_raises(where: int, put: bytes, drop: int) -> None:
    payload = LAYER[:where] + put + LAYER[where + drop :]
    assert outcomes(payload) == outcomes(payload)


@given(st.binary(max_size=200) | st.text(alphabet='[]{}":,\\n0aé<', max_size=200).map(str.encode))
def test_no_garbage_raises(payload: bytes) -> None:
    for outcome in outcomes(payload):
        assert isinstance(outcome, Reject)
        assert payload[outcome.offset : outcome.offset + len(outcome.raw)] == outcome.raw


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(
        st.sampled_from([*ROW, "restrictions", "location", "geometry", "attributes", "description", "endTime", "x"]),
        JSONS,
    )
)
def test_no_value_of_any_field_raises(changes: dict[str, Any]) -> None:
    read = outcomes(json.dumps([{"features": [ROW | changes]}]).encode())
    assert len(read) in (1, 2)


def test_deep_nesting_is_a_reject() -> None:
    payload = b'[{"features":[{"id":' + b"[" * 100_000 + b"]" * 100_000 + b"}]}]"
    assert reasons(payload)[0].startswith("not JSON")


@pytest.mark.parametrize("hours", [0, 3, 50])
def test_the_simulated_layer_is_read_without_a_reject(hours: int) -> None:
    now = NOW.received + hours * 3_600_000
    (speaker,) = SPEAKERS
    read = outcomes(speaker.say(0, now), Context(now))
    wanted = [f"roadevent:LT:SIM:{event.script.id}" for event in state(0, now) if event.script.nation == "LT"]
    assert [each.subject for each in read if isinstance(each, Event)][::2] == wanted
    assert len(read) == 2 * len(wanted)
