"""Do the files say what the page shows, with their marking inside, and can they be read back?"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import gpxpy
import pytest
from lxml import etree

from cop.event import Described, Event, Planned, Sighted, Status, event
from cop.picture import fold
from dashboard.columns import EVENT_LAYERS, EVENTS, NoSuchTable, columns, pick, titles
from dashboard.exports import FORMATS, Sheet, placeless, words
from dashboard.sieve import Sieve
from feeds.adapter import Context, Reject
from feeds.sources import geojson, gpx, kml
from layers.layer import layers

NOW = 1_764_000_000_000  # 2025-11-24 16:00:00Z
DEMO = "exercise/demo"
WAY = ((24.1, 56.9), (24.5, 57.0), (25.0, 57.2))


def told(subject: str, body: Any, **more: Any) -> Event:
    return event(more.pop("source", "test"), subject, NOW, body, received=NOW, **more)


PICTURE = (
    told("bridge:B1", Described('=HYPERLINK("x","y")', ("LV",), 24.1, 56.9)),
    told("bridge:B1", Status("closed", None, NOW + 3_600_000, '-5 °C, "ice"\r\non it')),
    told("port:P1", Described("Kuressaare ā ž õ Šiauliai", ("EE",), 22.48, 58.25)),
    told("road:A1", Described("A1 & <E67>", ("EE", "LV"), 24.1, 56.9, WAY)),
    told("convoy:K1", Sighted(-0.2, 56.8, 90.0, 5.0), origin="simulated", world=DEMO),
    told("convoy:K1", Planned("North", WAY), origin="simulated", world=DEMO),
    told("clearance:C1", Described("A paper", properties={"convoy": "K1"})),
    told("incident:I1", Described("Odd\x00 name", ("LT",))),
    told("notam:N1", Described("A notice", ("LV",), 23.97, 56.92)),
    told("roadevent:E1", Described("Works", ("LV",), 24.0, 56.5, properties={"category": "roadworks", "roads": "A7"})),
)


def sheet(events: Sequence[Event] = PICTURE, table: str = "", **more: Any) -> Sheet:
    rows = pick(fold(events).entities(), NOW, Sieve(), table)
    return Sheet(**{"world": DEMO, "table": table, "at": NOW, "rows": rows, **more})


def made(format: str, *args: Any, **more: Any) -> bytes:
    return FORMATS[format].write(sheet(*args, **more))


def context(name: str = "file.x") -> Context:
    return Context(NOW, name=name)


# -- what all say -----------------------------------------------------------------------------------------------------


def text_of(format: str, body: bytes) -> str:
    if format != "xlsx":
        return body.decode()
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        return "".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    ("more", "marking"),
    [
        ({}, "EXERCISE demo"),
        ({"world": "real"}, "REAL"),
        ({"live": False}, "EXERCISE demo · NOT LIVE, last heard 2025-11-24T16:00:00Z"),
        ({"past": True, "live": False}, "EXERCISE demo · PAST, as known at 2025-11-24T16:00:00Z"),
    ],
)
def test_every_file_says_its_marking_its_time_its_filter_and_where_its_values_come_from(
    format: str, more: dict[str, Any], marking: str
) -> None:
    told = text_of(format, made(format, filter="domain land or air; text “tilts”", **more))
    for said in (marking, "2025-11-24T16:00:00Z", "domain land or air; text “tilts”", "7 observed, 1 simulated"):
        assert said in told
    assert "simulated" in told.partition("Kuressaare")[0]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("table", ["", "bridges", EVENTS, "convoys"])
def test_no_rows_are_a_whole_file(format: str, table: str) -> None:
    body = made(format, (), table)
    assert "no rows" in text_of(format, body) or json.loads(body)["features"] == []


@pytest.mark.parametrize("format", ["csv", "geojson", "gpx", "kml"])
def test_letters_of_the_three_nations_survive(format: str) -> None:
    assert "Kuressaare ā ž õ Šiauliai" in made(format).decode()


@pytest.mark.parametrize(
    ("world", "table", "name"),
    [
        ("real", "", "real-picture-20251124T160000Z.csv"),
        (DEMO, "bridges", "exercise-demo-bridges-20251124T160000Z.csv"),
        ('exercise/"x\r\n', EVENTS, "exercise--x---events-20251124T160000Z.csv"),
    ],
)
def test_a_file_is_named_by_world_table_and_time(world: str, table: str, name: str) -> None:
    assert Sheet(world=world, table=table, at=NOW, rows=()).name("csv") == name


def test_a_filter_reads_as_a_person_says_it() -> None:
    wanted = Sieve(
        domains=frozenset({"land", "air"}), states=frozenset({"closed"}), hidden=frozenset({"vessels"}), text="tilts",
        age=30.0, area=((24.0, 56.0), (25.0, 56.0), (25.0, 57.5)),
    )  # fmt: skip
    assert words(Sieve()) == ""
    assert words(wanted) == (
        f"domain air or land; status closed; without {layers()['vessels'].title}; text “tilts”; at most 30 min old; "
        "inside 24°E/56°N 25°E/56°N 25°E/57.5°N"
    )


# -- rows and columns -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", titles())
def test_no_two_columns_have_one_name(table: str) -> None:
    for part in ("key", "title"):
        names = [getattr(column, part) for column in columns(table)]
        assert len(names) == len(set(names))
    assert {"source", "time", "origin", "world"} <= {column.key for column in columns(table)}


@pytest.mark.parametrize("name", layers())
def test_a_layers_table_has_the_fields_of_its_layer_with_their_units(name: str) -> None:
    there = {column.title for column in columns(name)}
    for field in layers()[name].fields:
        if field.table:
            assert field.title in there or f"{field.title}, {field.unit}" in there


@pytest.mark.parametrize(
    ("table", "subjects"),
    [
        ("bridges", {"bridge:B1"}),
        (EVENTS, {"incident:I1", "notam:N1", "roadevent:E1"}),
        ("", {each.subject for each in PICTURE}),
        ("vessels", set()),
    ],
)
def test_a_table_holds_its_own(table: str, subjects: set[str]) -> None:
    assert {row.thing["id"] for row in sheet(table=table).rows} == subjects


def test_weather_is_an_event_when_it_is_bad() -> None:
    assert set(EVENT_LAYERS) <= set(layers())
    sky = [told(f"weather:{state}", Status(state)) for state in ("open", "restricted", "closed", "unknown")]
    assert {row.thing["id"] for row in sheet(sky, EVENTS).rows} == {"weather:restricted", "weather:closed"}


def test_a_table_that_is_not_there_is_told() -> None:
    with pytest.raises(NoSuchTable, match="there is no table 'briges'"):
        pick((), NOW, Sieve(), "briges")


# -- CSV and Excel ----------------------------------------------------------------------------------------------------


def lines(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True))


def test_csv_is_rfc_4180_with_a_mark_for_excel() -> None:
    body = made("csv")
    assert body.startswith(b"\xef\xbb\xbf# EXERCISE demo,")
    assert body.replace(b"\r\n", b"").count(b"\n") == 0
    found = lines(body)
    assert {len(line) for line in found} == {len(columns())}
    assert found[4] == [column.title for column in columns()]
    assert len(found) == 5 + 8
    bridge = dict(zip(found[4], next(line for line in found if "bridge:B1" in line), strict=True))
    assert (bridge["Status"], bridge["Nation"], bridge["Layer"]) == ("closed", "LV", "Bridges")
    assert (bridge["Until, UTC"], bridge["Reported, UTC"]) == ("2025-11-24T17:00:00Z", "2025-11-24T16:00:00Z")
    assert (bridge["Source"], bridge["Origin"], bridge["World"]) == ("test", "observed", "real")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r="])
def test_a_text_never_becomes_a_formula(start: str) -> None:
    evil = [told("bridge:B1", Described(f'{start}HYPERLINK("x")', (), 24.0, 57.0))]
    (row,) = (line for line in lines(made("csv", evil)) if "bridge:B1" in line)
    assert row[0] == f'\'{start}HYPERLINK("x")'
    xml = text_of("xlsx", made("xlsx", evil))
    assert "<f>" not in xml
    assert 'quotePrefix="1"' in xml


def test_a_number_below_nought_stays_a_number() -> None:
    (row,) = (line for line in lines(made("csv")) if "convoy:K1" in line)
    assert "-0.2" in row


def test_excel_has_texts_numbers_and_times() -> None:
    with zipfile.ZipFile(io.BytesIO(made("xlsx"))) as book:
        page = etree.fromstring(book.read("xl/worksheets/sheet1.xml"))
        strings = [
            "".join(map(str, each.itertext()))
            for each in etree.fromstring(book.read("xl/sharedStrings.xml")).iterfind("{*}si")
        ]
    rows = [
        [
            strings[int(cell.findtext("{*}v") or 0)] if cell.get("t") == "s" else float(cell.findtext("{*}v") or "nan")
            for cell in row.iterfind("{*}c")
            if cell.find("{*}v") is not None
        ]
        for row in page.iter("{*}row")
    ]
    assert rows[0] == ["EXERCISE demo"]
    assert rows[4] == [column.title for column in columns()]
    port = next(row for row in rows if "port:P1" in row)
    assert port[0] == "Kuressaare ā ž õ Šiauliai"
    since_1900 = (datetime(2025, 11, 24, 16) - datetime(1899, 12, 30)).total_seconds() / 86_400
    assert pytest.approx(since_1900) in port
    assert port[-2:] == [22.48, 58.25]
    assert len(rows) == 5 + 8


# -- maps -------------------------------------------------------------------------------------------------------------


def test_geojson_has_points_lines_ways_and_what_has_no_place() -> None:
    found = json.loads(made("geojson"))
    forms = {each["id"]: (each["geometry"] or {}).get("type") for each in found["features"]}
    assert forms == {
        "bridge:B1": "Point", "port:P1": "Point", "road:A1": "LineString", "convoy:K1": "Point",
        "convoy:K1/route": "LineString", "clearance:C1": None, "incident:I1": None, "notam:N1": "Point",
        "roadevent:E1": "Point",
    }  # fmt: skip
    assert (found["rows"], found["without_place"], found["marking"]) == (8, 2, "EXERCISE demo")
    bridge = next(each for each in found["features"] if each["id"] == "bridge:B1")["properties"]
    assert (bridge["kind"], bridge["status"], bridge["until"]) == ("bridge", "closed", "2025-11-24T17:00:00Z")


def outcomes(source: Any, body: bytes, name: str) -> list[Any]:
    return [each for batch in source(body, context(name)) for each in batch]


def test_our_own_reader_of_geojson_reads_it_back() -> None:
    known = [e for e in PICTURE if e.subject.partition(":")[0] in geojson.KINDS]
    found = outcomes(geojson.read, made("geojson", known), "file.geojson")
    assert not [each for each in found if isinstance(each, Reject)]
    bodies: dict[Any, Any] = {(e.subject, type(e.body)): e.body for e in found if isinstance(e, Event)}
    bridge = bodies["bridge:bridge:B1", Described]
    assert (bridge.name, bridge.nations, bridge.lon, bridge.lat) == ('=HYPERLINK("x","y")', ("LV",), 24.1, 56.9)
    assert bodies["bridge:bridge:B1", Status].state == "closed"
    assert bodies["road:road:A1", Described].path == WAY
    seen = [body for body in bodies.values() if isinstance(body, Sighted)]
    assert [(body.lon, body.lat) for body in seen] == [(-0.2, 56.8)]
    assert [body.path for body in bodies.values() if isinstance(body, Planned)] == [WAY]


def test_gpx_has_as_many_points_and_lines_as_have_a_place() -> None:
    body = made("gpx")
    found = gpxpy.parse(body.decode())
    assert len(found.waypoints) == 5
    assert [len(route.points) for route in found.routes] == [3, 3]
    assert "Not in this file: 2 of 8 rows, which have no place" in (found.description or "")
    mark = next(each for each in found.waypoints if each.name == '=HYPERLINK("x","y")')
    assert (mark.latitude, mark.longitude, mark.source, mark.type) == (56.9, 24.1, "test", "bridges")
    assert str(mark.time) == "2025-11-24 16:00:00+00:00"
    assert "closed: -5 °C" in (mark.description or "")
    read = outcomes(gpx.read, body, "file.gpx")
    assert not [each for each in read if isinstance(each, Reject)]
    assert {e.body.path for e in read if isinstance(e.body, Planned)} == {WAY}


def test_kml_has_as_many_placemarks_and_our_own_reader_reads_each() -> None:
    body = made("kml")
    root = etree.fromstring(body)
    assert len(list(root.iter("{*}Point"))) == 5
    assert len(list(root.iter("{*}LineString"))) == 2
    assert "Not in this file: 2 of 8 rows" in (root.findtext(".//{*}Document/{*}description") or "")
    keys = [mark.get("id") or "" for mark in root.iter("{*}Placemark")]
    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch(r"[^\W\d][\w.-]*", key) for key in keys)
    read = outcomes(kml.read, body, "file.kml")
    assert not [each for each in read if isinstance(each, Reject)]
    assert len(read) == 7
    bridge = next(e for e in read if "bridge-b1" in e.subject.lower())
    assert (bridge.body.lon, bridge.body.lat, bridge.at) == (24.1, 56.9, NOW)
    assert bridge.body.properties["Source"] == "test"


def test_what_has_no_place_is_counted() -> None:
    assert placeless(sheet().rows) == 2
