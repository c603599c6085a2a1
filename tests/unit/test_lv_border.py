"""Are the waits at Latvia's border read as an operator says that they are written?"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.event import Event, Millis, Status
from feeds.adapter import Context, Outcome, Reject
from feeds.simulated.national.lv_border import say, state
from feeds.sources.lv_border import CROSSINGS, SOURCE, configure

NOW = Context(1795550000000)  # 2026-11-24 19:53:20 UTC
AT = 1795548600000  # 19:30 UTC
TIME = "2026-11-24T21:30:00+02:00"
MINUTE = 60_000
REGISTER = Path(__file__).parent.parent.parent / "feeds" / "reference" / "crossings.csv"


def read(payload: bytes, options: Mapping[str, Any] | None = None) -> list[Outcome]:
    decoder = configure(options or {})()
    return [*decoder.feed(payload, NOW), *decoder.close(NOW)]


def table(*rows: dict[str, Any]) -> bytes:
    return json.dumps({"crossings": [{"name": "Terehova", "time": TIME} | row for row in rows]}).encode()


def one(payload: bytes, options: Mapping[str, Any] | None = None) -> tuple[Event, Status]:
    (event,) = read(payload, options)
    assert isinstance(event, Event)
    assert isinstance(event.body, Status)
    return event, event.body


def reason(payload: bytes, options: Mapping[str, Any] | None = None) -> str:
    (reject,) = read(payload, options)
    assert isinstance(reject, Reject)
    return reject.reason


def test_without_options_the_shape_is_the_one_that_the_table_declares() -> None:
    event, status = one(table({"direction": "exit", "waiting_min": 95, "queue": 40}))
    assert (event.subject, event.at) == ("crossing:XE10", AT)
    assert status == Status(
        "unknown",
        None,
        AT + 120 * MINUTE,
        "waiting time only, nothing says whether it is open",
        {"waiting_min": 95.0, "waiting_out_min": 95.0, "queue": 40.0},
    )


def test_the_crossings_are_those_of_the_register() -> None:
    with REGISTER.open(encoding="utf-8", newline="") as lines:
        register = {row["crossing_id"]: row["name_a"] for row in csv.DictReader(lines)}
    assert {key: register[key] for key in CROSSINGS.values()} == {key: name for name, key in CROSSINGS.items()}


@pytest.mark.parametrize("name", ["Pāternieki", "PĀTERNIEKI", "paternieki", "  Paternieki ", "Pa\u0304ternieki"])
def test_a_name_is_known_without_its_case_and_marks(name: str) -> None:
    assert one(table({"name": name}))[0].subject == "crossing:XE14"


def test_a_crossing_that_nobody_knows_is_rejected_by_its_name() -> None:
    assert reason(table({"name": "Narva"})) == "no crossing is called 'Narva': the option `crossings` can name it"
    assert one(table({"name": "Terehova-Burački"}), {"crossings": {"Terehova-Burački": "XE10"}})[0].subject.endswith(
        "XE10"
    )


def test_the_rows_of_a_crossing_are_told_together_the_longest_wait_first() -> None:
    rows = [
        {"direction": "izbraukšana", "waiting_min": 30, "queue": 5},
        {"direction": "exit", "waiting_min": 90, "queue": 9},
        {"direction": "entry", "waiting_min": 10, "queue": 1, "time": "2026-11-24T21:20:00+02:00"},
    ]
    event, status = one(table(*rows))
    assert status.measures == {"waiting_min": 90.0, "waiting_out_min": 90.0, "waiting_in_min": 10.0, "queue": 15.0}
    assert event.at == AT - 10 * MINUTE  # as old as the oldest of them


@pytest.mark.parametrize("nothing", ["-", "N/A", "None", "", None])
def test_a_wait_that_is_not_told_is_not_zero(nothing: Any) -> None:
    _, status = one(table({"waiting_min": nothing, "queue": nothing}))
    assert (status.state, status.measures, status.reason) == ("unknown", {}, "no waiting time is given")
    _, status = one(table({"waiting_min": 5, "queue": 3}, {"waiting_min": 5, "queue": nothing}))
    assert "queue" not in status.measures


@pytest.mark.parametrize("wait", [0, 5, 600])
def test_a_wait_never_makes_a_crossing_open(wait: int) -> None:
    assert one(table({"waiting_min": wait}))[1].state == "unknown"


@pytest.mark.parametrize(
    ("options", "value", "minutes"),
    [
        ({}, "45", 45.0),
        ({"unit": "h"}, "1,5", 90.0),
        ({"unit": "s"}, 5400, 90.0),
        ({"unit": "h"}, "2 h", 120.0),
        ({}, "12:30", 750.0),
    ],
)
def test_a_wait_in_each_unit(options: Mapping[str, Any], value: Any, minutes: float) -> None:
    assert one(table({"waiting_min": value}), options)[1].measures == {"waiting_min": minutes}


@pytest.mark.parametrize(
    "row", [{"waiting_min": -5}, {"waiting_min": 99_999}, {"waiting_min": "long"}, {"queue": -1}, {"time": "-"}]
)
def test_a_row_that_cannot_be_read_costs_no_other(row: dict[str, Any]) -> None:
    found = read(table(row, {"name": "Silene", "waiting_min": 5}))
    assert [isinstance(each, Reject) for each in found] == [True, False]


def test_an_operator_can_say_where_everything_is() -> None:
    options = {
        "list": "data.items",
        "name": "site.title",
        "direction": "way",
        "waiting": "hours",
        "unit": "h",
        "queue": "cars",
        "time": "seen",
        "zone": "UTC",
        "good_min": 30,
        "directions": {"uz Krieviju": "out"},
    }
    row = {"site": {"title": "Grebņeva"}, "way": "uz krieviju", "hours": "2", "cars": "17", "seen": "2026-11-24 19:30"}
    event, status = one(json.dumps({"data": {"items": [row]}}).encode(), options)
    assert (event.subject, event.at, status.until) == ("crossing:XE11", AT, AT + 30 * MINUTE)
    assert status.measures == {"waiting_min": 120.0, "waiting_out_min": 120.0, "queue": 17.0}


def test_geojson_and_csv_are_read_too() -> None:
    row = {"name": "Silene", "waiting_min": 7, "time": TIME}
    feature = {"type": "Feature", "geometry": None, "properties": row}
    collection = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    lines = "\ufeffvieta;laiks;minūtes\r\nSilene;24.11.2026 21:30;7\r\nSilene;24.11.2026 21:30\r\n"
    columns = {"form": "csv", "separator": ";", "name": "vieta", "time": "laiks", "waiting": "minūtes"}
    assert one(collection, {"form": "geojson"})[1].measures == {"waiting_min": 7.0}
    for encoding in ("utf-8", "cp1257"):
        text = lines if encoding == "utf-8" else lines.lstrip("\ufeff")
        reject, event = read(text.encode(encoding), columns)
        assert isinstance(reject, Reject)
        assert reject.reason == "2 cells where the header has 3"
        assert isinstance(event, Event)
        assert (event.subject, event.at) == ("crossing:XE15", AT)


def test_a_list_may_be_the_whole_answer() -> None:
    assert one(json.dumps([{"name": "Silene", "time": TIME}]).encode(), {"list": ""})[0].subject == "crossing:XE15"


@pytest.mark.parametrize(
    "options",
    [
        {"unit": "days"},
        {"form": "xlsx"},
        {"zone": "Mars/Olympus"},
        {"zone": "../etc"},
        {"separator": ";;"},
        {"good_min": 0},
        {"crossings": {"Terehova": "Terehova"}},
        {"directions": {"uz": "up"}},
        {"colour": "red"},
        {"name": 7},
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options)) if "colour" not in options else "colour"):
        configure(options)


@pytest.mark.parametrize(
    "payload", [b"<html/>", b"<x/>", b"{}", b"[]", b"7", b'{"crossings": 7}', b"[" * 90_000, table({})[:-3], b"\xff"]
)
def test_what_is_no_table_is_one_reject(payload: bytes) -> None:
    assert reason(payload)
    assert reason(payload, {"form": "csv"})


def test_an_answer_204_is_an_empty_table() -> None:
    assert read(b"") == []


names = st.sampled_from(["name", "time", "waiting_min", "queue", "direction"])
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values = st.none() | st.booleans() | numbers | st.text(max_size=8) | st.lists(numbers, max_size=2)


@given(st.lists(st.dictionaries(names, values)))
def test_whatever_the_rows_say_a_good_one_is_read(rows: list[dict[str, Any]]) -> None:
    found = read(json.dumps({"crossings": [*rows, {"name": "Vientuļi", "time": TIME}]}).encode())
    assert [each.subject for each in found if isinstance(each, Event)][-1] == "crossing:XE12"
    assert all(isinstance(each, Event | Reject) for each in found)


@pytest.mark.parametrize("at", [NOW.received + minute * MINUTE for minute in range(0, 60, 7)])
def test_what_the_simulated_service_says_is_its_state(at: Millis) -> None:
    decoder = SOURCE.decoder()
    found = [*decoder.feed(say(2, at), Context(at)), *decoder.close(Context(at))]
    told = {each.subject: each.body for each in found if isinstance(each, Event)}
    assert len(told) == len(found) == len(CROSSINGS)
    for (name, direction), there in state(2, at).items():
        status = told[f"crossing:{CROSSINGS[name]}"]
        assert isinstance(status, Status)
        way = {"exit": "out", "entry": "in"}[direction]
        assert status.measures.get(f"waiting_{way}_min") == (float(there[0]) if there else None)
    assert all(at - 5 * MINUTE <= each.at <= at for each in found if isinstance(each, Event))
