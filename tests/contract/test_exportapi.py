"""The files of a running dashboard: the view's world, filters, table and moment, and what is refused."""

from __future__ import annotations

import csv
import io
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest

from cop.event import Body, Described, Sighted, Status, event
from dashboard.exports import FORMATS
from tests.stand import Stand, now
from tests.system import wait_for

DEMO = "exercise/demo"


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    running = Stand(tmp_path_factory.mktemp("exports"))
    at = now()
    bodies: list[tuple[str, Body]] = [
        ("bridge:B1", Described("Šiauliai tilts ā ž õ", ("LT",), 23.3, 55.9)),
        ("bridge:B1", Status("closed", reason="=cmd|calc")),
        ("bridge:B2", Described("Second", ("LV",), 24.1, 56.9)),
        ("road:A1", Described("A1", ("LV",), 24.1, 56.9, ((24.1, 56.9), (24.5, 57.0)))),
        ("clearance:C1", Described("A paper")),
    ]
    running.tell(*[event("test", subject, at, body, received=at) for subject, body in bodies])
    ship = event("sim", "vessel:1", at, Sighted(21.0, 57.0), received=at, world=DEMO, origin="simulated")
    running.tell(ship, role="exercise")
    wait_for("the things", lambda: len(rows(running, world=DEMO)) == 5)
    yield running
    running.close()


def ask(stand: Stand, format: str, **query: str) -> tuple[int, bytes, dict[str, str]]:
    url = f"http://127.0.0.1:{stand.port}/api/v1/export/{format}?{urlencode(query)}"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read(), {k.lower(): v for k, v in answer.headers.items()}
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), {}


def rows(stand: Stand, **query: str) -> list[dict[str, str]]:
    status, body, _ = ask(stand, "csv", **query)
    if status != 200:
        return []
    text = "".join(body.decode("utf-8-sig").splitlines(keepends=True)[4:])
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_is_a_file_of_its_type(stand: Stand, format: str) -> None:
    status, body, headers = ask(stand, format, world=DEMO, table="bridges")
    assert (status, headers["content-type"], headers["x-rows"]) == (200, FORMATS[format].media, "2")
    assert headers["content-disposition"].startswith('attachment; filename="exercise-demo-bridges-20')
    assert headers["content-disposition"].endswith(f'Z.{format}"')
    assert headers["cache-control"] == "no-store"
    assert body


@pytest.mark.parametrize(
    ("query", "subjects"),
    [
        ({}, {"bridge:B1", "bridge:B2", "road:A1", "clearance:C1"}),
        ({"world": DEMO}, {"bridge:B1", "bridge:B2", "road:A1", "clearance:C1", "vessel:1"}),
        ({"world": DEMO, "origin": "simulated"}, {"vessel:1"}),
        ({"nation": "LT", "table": "bridges"}, {"bridge:B1"}),
        ({"hide": "bridges,clearances"}, {"road:A1"}),
        ({"area": "24,56;25,56;25,58;24,58"}, {"bridge:B2", "road:A1"}),
        ({"q": "siauliai"}, {"bridge:B1"}),
        ({"table": "events"}, set()),
        ({"sel": "bridge:B1", "theme": "light", "lat": "56", "z": "7", "table": "bridges"}, {"bridge:B1", "bridge:B2"}),
    ],
)
def test_a_file_has_what_the_view_shows(stand: Stand, query: dict[str, str], subjects: set[str]) -> None:
    assert {row["Id"] for row in rows(stand, **query)} == subjects


def test_a_file_says_world_and_filter_and_runs_no_formula(stand: Stand) -> None:
    _, body, _ = ask(stand, "csv", world=DEMO, nation="LT")
    text = body.decode("utf-8-sig")
    assert text.startswith("# EXERCISE demo,")
    assert "# Filter: nation LT" in text
    assert ",'=cmd|calc," in text
    assert "Šiauliai tilts ā ž õ" in text
    told = json.loads(ask(stand, "geojson")[1])
    assert (told["marking"], told["world"], told["live"], told["without_place"]) == ("REAL", "real", True, 1)


@pytest.mark.parametrize(
    ("format", "query", "status", "said"),
    [
        ("pdf", {}, 404, "there is no format 'pdf'"),
        ("csv", {"world": "exercise/none"}, 404, "there is no world"),
        ("csv", {"table": "briges"}, 422, "there is no table 'briges'"),
        ("csv", {"domain": "space"}, 422, "there is no domain space"),
        ("csv", {"area": "1,2"}, 422, "area needs three or more corners"),
        ("csv", {"at": "yesterday"}, 422, "at is a moment as 2026"),
        ("csv", {"at": "9" * 30}, 422, "at is a moment as 2026"),
        ("kml", {"at": "1990-01-01T00:00:00Z"}, 404, ""),
    ],
)
def test_what_cannot_be_is_refused_and_why(
    stand: Stand, format: str, query: dict[str, str], status: int, said: str
) -> None:
    answer, body, _ = ask(stand, format, **query)
    assert (answer, said in json.loads(body)["detail"]) == (status, True)
