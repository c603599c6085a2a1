"""Are CSV reports read in the headers, numbers and encodings of the region, and never timed by guess?"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.event import STATES as ALL
from cop.event import Described, Event, Sighted, Status
from cop.geo import distance
from feeds.adapter import Context, Counts, Outcome, Reject
from feeds.simulated.national import csv_reports as spoken
from feeds.simulated.shuttles import seen
from feeds.sources.csv_reports import COLUMNS, HEADERS, SOURCE, STATES, WORDS, configure

NOW = Context(1795550000000)  # 2026-11-24 19:53:20 UTC
TEN = 1795514400000  # 2026-11-24 10:00 UTC
HEADER = "convoy,time,lat,lon,speed_kmh,course,remark,status"


def outcomes(text: str | bytes, **options: Any) -> list[Outcome]:
    assert SOURCE.configure is not None
    decoder = SOURCE.configure(options)() if options else SOURCE.decoder()
    decoder.feed(text if isinstance(text, bytes) else text.encode(), NOW)
    return list(decoder.close(NOW))


def events(text: str | bytes, **options: Any) -> list[Event]:
    found = outcomes(text, **options)
    assert not [each for each in found if isinstance(each, Reject)], found
    return [each for each in found if isinstance(each, Event)]


def reasons(text: str | bytes, **options: Any) -> list[str]:
    return [each.reason for each in outcomes(text, **options) if isinstance(each, Reject)]


def row(**cells: str) -> str:
    said = {"convoy": "C1", "time": "2026-11-24T10:00:00Z", "lat": "58.9", "lon": "25.6"} | cells
    return f"{HEADER}\n{','.join(said.get(column, '') for column in HEADER.split(','))}\n"


def test_a_row_is_a_sighting_a_status_and_a_remark() -> None:
    found = events(row(speed_kmh="36", course="360", remark='"on time, so far"', status="Moving"))
    assert {(each.subject, each.at) for each in found} == {("convoy:C1", TEN)}
    assert [each.body for each in found] == [
        Sighted(25.6, 58.9, 0.0, 10.0),
        Status("open", reason="on time, so far"),
        Described("C1", properties={"remark": "on time, so far"}, basis="CSV report"),
    ]


# -- headers and encodings --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "Konvoi;Aeg;Laius;Pikkus;Kiirus (km/h);Suund;Märkus;Olek",
        "KOLONN;Kellaaeg;Laiuskraad;Pikkuskraad;Kiirus km/h;Kurss;Märkused;Seisund",
        "Konvojs;Laiks;Platums;Garums;Ātrums (km/h);Virziens;Piezīmes;Stāvoklis",
        "Vilkstinė;Laikas;Platuma;Ilguma;Greitis (km/h);Kryptis;Pastaba;Būsena",
        "Call sign;Date_time;Latitude;Longitude;Speed;Heading;Comment;State",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1257"])
def test_headers_of_four_languages(header: str, encoding: str) -> None:
    text = f"{header}\r\nC1;2026-11-24T12:00:00+02:00;58,9;25,6;36;90;;\r\n"
    seen_, about = events(text.encode(encoding))
    assert (seen_.at, seen_.body) == (TEN, Sighted(25.6, 58.9, 90.0, 10.0))
    assert about.body == Described("C1", basis="CSV report")


def test_a_name_of_a_header_means_one_column() -> None:
    names = [name for names in HEADERS.values() for name in names]
    assert len(names) == len(set(names)) == len(COLUMNS)


def test_a_word_for_a_status_means_one_state_and_none_is_unknown() -> None:
    assert len(STATES) == sum(map(len, WORDS.values()))
    assert set(WORDS) == set(ALL) - {"unknown"}
    bodies = [each.body for each in events(row(status="lost", remark="no radio"))]
    assert bodies[1] == Status("unknown", reason="the report says 'lost'; no radio")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "an empty file"),
        ("\n\r\n", "an empty file"),
        ("<html></html>", "no table: the file begins like XML, HTML or JSON"),
        ("name,position\nC1,59 24", "no column for convoy, lat, lon, time in the header name, position"),
        ("convoy,lat,latitude,lon,time\n", "two columns for lat in the header"),
        (b"\x81\x8d\x90,a", "neither UTF-8 nor windows-1257 at byte 0 of the row"),
        ("convoy,time,lat,lon" + "x" * 20_000, "a row longer than 16384 bytes"),
        ('convoy,"time,lat,lon\nC1,x,1,2', "not a row of CSV: unexpected end of data"),
    ],
)
def test_what_is_no_table_of_reports_is_one_reject(text: str | bytes, reason: str) -> None:
    assert reasons(text) == [reason]


# -- numbers ----------------------------------------------------------------------------------------------------------


def test_a_decimal_comma_comes_with_semicolons() -> None:
    assert isinstance(events("convoy;time;lat;lon\nC1;2026-11-24T10:00:00Z;58,9;25,6")[0].body, Sighted)
    assert reasons("convoy,time,lat,lon\nC1,2026-11-24T10:00:00Z,58,9,25,6") == ["6 cells where the header has 4"]
    assert reasons(row(lat='"58,9"')) == ["lat '58,9' is not a number"]


@given(st.integers(-899, 899), st.integers(0, 999), st.booleans())
def test_a_number_is_the_same_with_comma_and_point(whole: int, part: int, comma: bool) -> None:
    number = f"{whole / 10:.1f}{part:03}"
    said = number.replace(".", ",") if comma else number
    (event, *_) = events(f"convoy;time;lat;lon\nC1;2026-11-24T10:00:00Z;{said};5")
    assert isinstance(event.body, Sighted)
    assert event.body.lat == float(number)


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"lat": "25.6", "lon": "58.9"}, "lat 25.6, lon 58.9: lat and lon are swapped"),
        ({"lat": "0", "lon": "0.0"}, "lat 0, lon 0 is no place but an empty field"),
        ({"lat": "-", "lon": "25.6"}, "a report without a place"),
        ({"lat": "98"}, "position 25.6, 98.0 is not on Earth"),
        ({"lat": "1e1"}, "lat '1e1' is not a number"),
        ({"lat": "nan"}, "a report without a place"),
        ({"speed_kmh": "250"}, "speed 250 km/h is not a convoy's"),
        ({"speed_kmh": "-1"}, "speed -1 km/h is not a convoy's"),
        ({"course": "400"}, "course 400.0 is not in 0..360"),
        ({"convoy": "N/A"}, "nobody says which convoy it is"),
        ({"convoy": "///"}, "nobody says which convoy it is"),
    ],
)
def test_a_row_that_cannot_be_is_rejected(cells: dict[str, str], reason: str) -> None:
    assert reasons(row(**cells)) == [reason]


@pytest.mark.parametrize("nothing", ["", "-", "N/A", "None", "?"])
def test_what_says_nothing_is_unknown_and_not_zero(nothing: str) -> None:
    found = events(row(speed_kmh=nothing, course=nothing, status=nothing, remark=nothing))
    assert [each.body for each in found] == [Sighted(25.6, 58.9), Described("C1", basis="CSV report")]


def test_an_open_quote_eats_no_neighbour() -> None:
    good = "C1,2026-11-24T10:00:00Z,58.9,25.6\n"
    found = outcomes(f'convoy,time,lat,lon\n{good}"C2,2026-11-24T10:00:00Z,58.9,25.6\n{good}')
    assert len([each for each in found if isinstance(each, Event)]) == 4
    (rejected,) = [each for each in found if isinstance(each, Reject)]
    assert (rejected.offset, rejected.raw) == (20 + len(good), b'"C2,2026-11-24T10:00:00Z,58.9,25.6')


# -- times ------------------------------------------------------------------------------------------------------------


def test_a_naive_time_needs_the_option_zone() -> None:
    text = row(time="2026-11-24T12:00:00")
    assert reasons(text) == ["'2026-11-24T12:00:00' names no zone: nobody can tell when that was"]
    assert events(text, zone="Europe/Vilnius")[0].at == TEN
    assert events(row(), zone="Europe/Vilnius")[0].at == TEN  # a zone of its own goes before it


@pytest.mark.parametrize("header", ["time (UTC)", "Time_UTC", "UTC", "Laiks (UTC)"])
def test_a_header_may_say_that_times_are_utc(header: str) -> None:
    assert events(f"convoy,{header},lat,lon\nC1,2026-11-24 10:00,58.9,25.6")[0].at == TEN


@pytest.mark.parametrize("time", ["", "-", "24.11.2026 10:00", "2026-11-24", "10:00", "2026-13-01T10:00Z", "now"])
def test_what_is_no_time_is_rejected_and_never_now(time: str) -> None:
    assert "is not a time in ISO 8601" in reasons(row(time=time))[0]


@pytest.mark.parametrize(
    ("options", "why"), [({"zone": "Mars"}, "no time zone"), ({"zone": "../x"}, "x"), ({"sep": ";"}, "sep")]
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        configure(options)


# -- what is said -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("now", [0, 100_000, 1795550000123, 1795640000999])
@pytest.mark.parametrize("seed", [0, 7])
def test_what_the_simulated_convoys_report_is_where_they_are(seed: int, now: int) -> None:
    decoder = SOURCE.decoder()
    decoder.feed(spoken.say(seed, now), NOW)
    found = [each for each in decoder.close(NOW) if isinstance(each, Event)]
    times = {each.at for each in found}
    assert decoder.counts == Counts(told=len(times) * len(spoken.CONVOYS))
    assert now - max(times) < spoken.EVERY_MS
    shuttles = {f"convoy:{each.key}": each for each in spoken.CONVOYS}
    assert {each.subject for each in found} == set(shuttles)
    for each in found:
        shuttle = shuttles[each.subject]
        if isinstance(each.body, Sighted):
            assert distance((each.body.lon, each.body.lat), seen(shuttle, seed, each.at).place) < 1
            assert each.body.speed == pytest.approx(shuttle.kmh / 3.6, abs=0.01)
        if isinstance(each.body, Status):
            assert each.body.state == ("degraded" if spoken.late(shuttle, seed, each.at) else "open")
            assert "SIMULATED" in each.body.reason
