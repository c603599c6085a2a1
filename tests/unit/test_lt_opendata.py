"""Are the open-data tables of Lithuania read row by row, each in its place and time?"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.event import Described, Event, Limit, Status
from cop.geo import distance
from feeds.adapter import Context, Outcome, Reject, decode
from feeds.simulated.national.lt_opendata import HEADER, SPEAKERS, state
from feeds.sources.lt_opendata import SOURCE

NOW = Context(1795550000000)  # 2026-11-24 19:53:20 UTC
HERE = (24.274533, 55.60423)
ROW = {
    "_type": "datasets/gov/via_lietuva/eismo_ribojimai/Remontas",
    "_id": "aa-01",
    "eismo_kryptis": "AB",
    "nuo_koord_lks": "POINT (6163300 517300)",
    "data_nuo": "2026-11-20T05:00:00",
    "eismas_leidziamas": "True",
    "aprasymas": "Dangos remontas.",
}


def outcomes(payload: bytes, context: Context = NOW) -> list[Outcome]:
    return list(decode(SOURCE, payload, context))


def table(*rows: dict[str, str]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [*HEADER, "irasas_atnaujintas", "numeris"], restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def pair(**changes: str) -> tuple[Described, Status]:
    """What one row says."""
    told, status = outcomes(table(ROW | changes))
    assert isinstance(told, Event)
    assert isinstance(status, Event)
    assert isinstance(told.body, Described)
    assert isinstance(status.body, Status)
    return told.body, status.body


def reasons(payload: bytes) -> list[str]:
    return [each.reason for each in outcomes(payload) if isinstance(each, Reject)]


def subjects(payload: bytes) -> list[str]:
    return [each.subject for each in outcomes(payload) if isinstance(each, Event)][::2]


def at(payload: bytes, received: int = NOW.received) -> datetime:
    event = outcomes(payload, Context(received))[0]
    assert isinstance(event, Event)
    return datetime.fromtimestamp(event.at / 1000, UTC)


# -- what is restricted -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "state", "limits"),
    [
        ({}, "degraded", ()),
        ({"eismas_leidziamas": "False"}, "closed", ()),
        ({"eismas_leidziamas": "False", "eismo_kryptis": ""}, "closed", ()),
        ({"eismas_leidziamas": "False", "eismo_kryptis": "AT"}, "restricted", ()),
        ({"eismas_leidziamas": "False", "aprasymas": "Draudžiama krovininiams automobiliams"}, "restricted", ()),
        ({"eismas_leidziamas": "False", "aprasymas": "virš 12 t"}, "restricted", (Limit("mass_t", 12.0, "t", "text"),)),
        ({"aprasymas": "iki 8,5 t"}, "restricted", (Limit("mass_t", 8.5, "t", "text"),)),
        ({"eismas_leidziamas": "False", "aprasymas": "Ardomas tiltas. Apylanka iki 30 t."}, "closed", ()),
        ({"aprasymas": "Eismas per viaduką draudžiamas"}, "restricted", ()),
        ({"aprasymas": "Eismas per viaduką draudžiamas", "eismas_leidziamas": ""}, "closed", ()),
        ({"aprasymas": "", "eismas_leidziamas": ""}, "degraded", ()),
        ({"_type": "x/Kliutis", "aprasymas": ""}, "degraded", ()),
        ({"_type": "x/Renginys", "aprasymas": "Bėgimas"}, "unknown", ()),
        ({"_type": "x/Renginys", "aprasymas": "Bėgimas", "eismas_leidziamas": "False"}, "closed", ()),
    ],
)
def test_the_field_and_the_text_tell_the_state(changes: dict[str, str], state: str, limits: tuple[Limit, ...]) -> None:
    told, status = pair(**changes)
    assert (status.state, told.limits) == (state, limits)
    assert (told.properties["category"] == "closure") == (state == "closed")


def test_one_direction_closed_is_no_closed_road() -> None:
    _, status = pair(eismas_leidziamas="False", eismo_kryptis="PR", aprasymas="")
    assert (status.state, status.reason) == ("restricted", "closed in one direction")


def test_a_speed_in_the_text_is_a_measure() -> None:
    assert pair(aprasymas="Greitis ribojamas iki 70 km/val.")[1].measures == {"speed_kmh": 70.0}


@pytest.mark.parametrize("text", ["test", "Test", "testuojam;", "testas be pabaigos", "Įvestas tik testavimui dėl X"])
def test_test_rows_of_the_tables_are_rejected(text: str) -> None:
    payload = table(ROW | {"aprasymas": text}, ROW | {"_id": "aa-02"})
    assert reasons(payload) == ["a test row"]
    assert subjects(payload) == ["roadevent:LT:aa-02"]


def test_a_register_row_restricts_nothing_and_an_unknown_table_is_told() -> None:
    assert outcomes(table(ROW | {"_type": "x/KelioAtkarpa"})) == []
    assert reasons(table(ROW | {"_type": "x/Oras"})) == ["a row of the unknown table 'Oras'"]


# -- where ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["POINT (6163300 517300)", "SRID=3346;POINT(6163300 517300)", "POINT (517300 6163300)"]
)
def test_northing_first_is_put_in_its_place(text: str) -> None:
    told, _ = pair(nuo_koord_lks=text)
    assert told.lon is not None
    assert told.lat is not None
    assert distance((told.lon, told.lat), HERE) < 1


def test_the_longest_line_is_the_path_and_its_middle_the_place() -> None:
    lines = "MULTILINESTRING ((6163300 517300, 6163310 517300), (6163300 517300, 6164300 517300, 6165300 517300))"
    told, _ = pair(geometrija=lines)
    assert len(told.path) == 3
    assert (told.lon, told.lat) == told.path[1]


def test_a_row_without_a_place_is_listed_and_not_drawn() -> None:
    told, _ = pair(nuo_koord_lks="", geometrija="POINT EMPTY")
    assert (told.lon, told.lat, told.path) == (None, None, ())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"geometrija": "LINESTRING (6163300"}, "is no point or line"),
        ({"geometrija": "GEOMETRYCOLLECTION (" * 5000}, "is no point or line"),
        ({"nuo_koord_lks": "POINT (55.6 24.3)"}, "is not in Lithuania"),
        ({"nuo_koord_lks": "POINT (nan nan)"}, "is not a position"),
        ({"nuo_koord_lks": "POINT (0 0)"}, "is not in Lithuania"),
    ],
)
def test_a_bad_geometry_costs_its_row_only(changes: dict[str, str], reason: str) -> None:
    payload = table(ROW | changes, ROW | {"_id": "aa-02"})
    assert [reason in said for said in reasons(payload)] == [True]
    assert subjects(payload) == ["roadevent:LT:aa-02"]


# -- when -------------------------------------------------------------------------------------------------------------


def test_times_without_a_zone_are_utc() -> None:
    _, status = pair(data_nuo="2026-07-01T05:00:00", data_iki="2026-12-01T22:00:00")
    assert status.since == datetime(2026, 7, 1, 5, tzinfo=UTC).timestamp() * 1000
    assert status.until == datetime(2026, 12, 1, 22, tzinfo=UTC).timestamp() * 1000


def test_a_time_of_change_counts_before_that_of_the_begin() -> None:
    assert at(table(ROW)) == datetime(2026, 11, 20, 5, tzinfo=UTC)
    changed = table(ROW | {"irasas_atnaujintas": "2026-11-22T08:15:00"})
    assert at(changed) == at(changed, NOW.received + 86_400_000) == datetime(2026, 11, 22, 8, 15, tzinfo=UTC)


def test_a_row_that_is_over_is_no_business_of_the_picture() -> None:
    assert outcomes(table(ROW | {"data_iki": "2026-11-24T19:53:20"})) == []
    assert len(outcomes(table(ROW | {"data_iki": "2026-11-24T19:53:21"}))) == 2


def test_a_work_to_come_is_as_old_as_its_hearing() -> None:
    payload = table(ROW | {"data_nuo": "2026-12-20T05:00:00", "data_iki": "2026-12-22T05:00:00"})
    begin = datetime(2026, 12, 20, 5, tzinfo=UTC)
    for received in (NOW.received, NOW.received + 3_600_000):
        assert at(payload, received).timestamp() * 1000 == received
    assert at(payload, int(begin.timestamp() * 1000) + 3_600_000) == begin
    status = outcomes(payload)[1]
    assert isinstance(status, Event)
    assert isinstance(status.body, Status)
    assert status.body.since == begin.timestamp() * 1000


@pytest.mark.parametrize(
    ("said", "reason"), [("", "no time of its own: its age cannot be told"), ("rytoj", "is not a time")]
)
def test_a_row_without_a_time_is_rejected(said: str, reason: str) -> None:
    assert reason in reasons(table(ROW | {"data_nuo": said}))[0]


# -- the rows in the bytes --------------------------------------------------------------------------------------------


def test_a_quoted_field_may_hold_lines() -> None:
    payload = table(ROW | {"aprasymas": 'Dangos\r\nremontas, "A1"\n\nkelyje'}, ROW | {"_id": "aa-02"})
    assert subjects(payload) == ["roadevent:LT:aa-01", "roadevent:LT:aa-02"]
    assert pair(aprasymas="Dangos\r\nremontas")[0].properties["text"] == "Dangos remontas"


@pytest.mark.parametrize("many", [1, 300])
def test_a_quote_that_is_not_closed_costs_one_row(many: int) -> None:
    payload = table(*(ROW | {"_id": f"aa-{number}"} for number in range(many + 2)))
    lines = payload.splitlines(keepends=True)
    lines[2] = lines[2].replace(b"Dangos", b'"Dangos')
    read = outcomes(b"".join(lines))
    assert [each.raw for each in read if isinstance(each, Reject)] == [lines[2]]
    assert len(read) == 2 * (many + 1) + 1


def test_a_table_that_ends_within_a_row_says_so() -> None:
    payload = table(ROW, ROW | {"_id": "aa-02"})
    whole = outcomes(payload)
    header = payload.index(b"\n") + 1
    for cut in range(1, header):
        assert len(reasons(payload[:cut])) == 1
    for cut in range(header + 1, len(payload) - 1):
        read = outcomes(payload[:cut])
        assert [each for each in read if isinstance(each, Event)] == whole[: 2 * (len(read) // 2)]
        assert isinstance(read[-1], Reject) or payload[:cut].endswith(b"\n")


def test_a_row_that_is_not_utf_8_costs_no_other() -> None:
    payload = table(ROW, ROW | {"_id": "aa-02"}).replace(b"Dangos", b"Dang\xffs", 1)
    assert reasons(payload)[0].startswith("not UTF-8 at byte ")
    assert subjects(payload) == ["roadevent:LT:aa-02"]
    assert outcomes(b"\xef\xbb\xbf" + table(ROW)) == outcomes(table(ROW))


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "an empty answer, which is not an empty table"),
        (b"\xef\xbb\xbf\r\n", "an empty answer, which is not an empty table"),
        (b"<html><title>502 Bad Gateway</title></html>", "an HTML page instead of CSV: 502 Bad Gateway"),
        (b'{"errors":[{"code":"ModelNotFound"}]}', "JSON instead of CSV"),
        (b"a,b\r\n1,2\r\n", "not the table that was expected: no column _id"),
    ],
)
def test_what_is_no_table_is_one_reject(payload: bytes, reason: str) -> None:
    assert outcomes(payload) == [Reject(reason, 0, payload)]


def test_a_table_without_rows_is_empty() -> None:
    assert outcomes(table()) == []


def test_an_id_that_comes_twice_is_told() -> None:
    assert reasons(table(ROW, ROW)) == ["the id aa-01 is there twice"]


@given(st.dictionaries(st.sampled_from([*HEADER, "irasas_atnaujintas"]), st.text(max_size=30)))
def test_no_value_of_any_field_raises(changes: dict[str, Any]) -> None:
    payload = table(ROW | {key: value.replace("\ud800", "") for key, value in changes.items()})
    for outcome in outcomes(payload):
        if isinstance(outcome, Reject):
            assert payload[outcome.offset : outcome.offset + len(outcome.raw)] == outcome.raw


@given(st.text(alphabet='",\r\nPOINT(6 5)', max_size=120))
def test_no_rows_raise_and_each_stands_at_its_offset(text: str) -> None:
    payload = table() + text.encode()
    for outcome in outcomes(payload):
        assert isinstance(outcome, Reject)
        assert payload[outcome.offset : outcome.offset + len(outcome.raw)] == outcome.raw


# -- what is simulated ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [0, 2, 3, 11, 130])
def test_the_simulated_tables_say_their_state(hours: int) -> None:
    now = NOW.received + hours * 3_600_000
    for seed in (0, 3):
        read = [each for speaker in SPEAKERS for each in outcomes(speaker.say(seed, now), Context(now))]
        events = [each for each in read if isinstance(each, Event)]
        rows = state(seed, now)
        assert len(read) == len(events) == 2 * len(rows)
        for row, told, status in zip(rows, events[::2], events[1::2], strict=True):
            assert told.subject == f"roadevent:LT:{row.id}"
            assert told.at == row.since <= now
            assert isinstance(told.body, Described)
            assert isinstance(status.body, Status)
            assert told.body.name.startswith("SIMULATED")
            assert (status.body.since, status.body.until) == (row.since, row.until)
            whole = row.direction == "AB" and not row.allowed
            assert (status.body.state == "closed") == whole
            place = told.body.path[0] if told.body.path else (told.body.lon or 0, told.body.lat or 0)
            assert distance(place, row.line[0]) < 2


def test_simulated_works_come_and_go() -> None:
    seen = {frozenset(row.id for row in state(0, NOW.received + hour * 3_600_000)) for hour in range(12)}
    assert len(seen) > 2
