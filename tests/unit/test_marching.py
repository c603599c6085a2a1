"""Does `cop march` make the march table that a march over a corridor needs?"""

from __future__ import annotations

import csv
import io
import json
from itertools import pairwise

import pytest

from dashboard import cli

COLUMN = ["march", "--route", "R01", "--vehicles", "48", "--units", "2"]


def test_each_critical_point_has_its_times_in_order_of_passing(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(COLUMN) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert len(rows) > 50
    assert next(row["point"] for row in rows) == "Tallinn"
    assert {"B59", "XB01", "B15", "XB10"} <= {row["point"] for row in rows}
    for a, b in pairwise(rows):
        assert float(a["km"]) <= float(b["km"])
        assert float(a["due_min"]) <= float(b["due_min"])
    last = rows[-1]
    assert float(last["due_min"]) == pytest.approx(float(last["km"]) * 60 / 40, abs=0.2)
    assert float(last["clear_min"]) - float(last["due_min"]) == pytest.approx(48 * 60 / (15 * 40) + 2 + 1, abs=0.11)


def test_backwards_it_ends_where_it_began(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*COLUMN, "--backwards", "--start", "2026-11-25T06:00:00+02:00"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert rows[-1]["point"] == "Tallinn"
    assert rows[0]["due_utc"] == "2026-11-25T04:00:00Z"


def test_halts_and_march_units_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*COLUMN, "--halts", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    halts = [halt["minutes"] for halt in told["halts"]]
    assert halts[0] == 15
    assert set(halts[1:]) == {10}
    last = told["rows"][-1]
    assert last["due_min"] == pytest.approx(told["km"] * 60 / 40 + sum(halts), abs=0.2)
    assert [unit["vehicles"] for unit in last["units"]] == [24, 24]


def test_a_way_is_found_between_two_places(capsys: pytest.CaptureFixture[str]) -> None:
    ends = ["--from", "24.21,56.815", "--to", "24.31,56.862"]
    assert cli.main(["march", *ends, "--vehicles", "10"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert "B15" in {row["point"] for row in rows}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--route", "R99", "--vehicles", "10"], "no corridor 'R99'"),
        (["--vehicles", "10"], "name a route"),
        (["--route", "R01", "--vehicles", "0"], "vehicles"),
        (["--route", "R01", "--vehicles", "10", "--start", "2026-11-25T06:00"], "no zone"),
        (["--route", "R01", "--vehicles", "10", "--start", "soon"], "soon"),
        (["--from", "here", "--to", "24.3,56.8", "--vehicles", "10"], "not lon,lat"),
        (["--route", "R01", "--vehicles", "2", "--serials", "3", "--units", "1"], "serials"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(
    words: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["march", *words]) == 2
    assert why in capsys.readouterr().err
