"""Does `cop places` say where an aircraft, a ship and a train can go, and never send one into the unknown?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from cop.event import Status, event
from cop.exercise import world_of
from cop.movement.verdict import RANK
from cop.picture import fold
from dashboard import cli
from dashboard.exercises import exercise_facts
from dashboard.places import mover, ranked

NOW = 1_795_000_000_000
WORLD = world_of("places")


def told(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    assert cli.main(["places", *words, "--json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    assert [RANK[each["verdict"]] for each in found] == sorted(RANK[each["verdict"]] for each in found)
    assert all(each["reasons"] or each["verdict"] == "unknown" for each in found)
    return found


def test_with_evga_closed_a_c17_gets_the_airfields_that_are_long_and_wide_enough() -> None:
    facts = exercise_facts(WORLD, NOW)
    closed = Status("closed", since=NOW - 1, until=NOW + 10**7, reason="disabled aircraft")
    inject = event("inject:6", "airfield:EVGA", NOW, closed, received=NOW, world=WORLD, origin="injected")
    picture = fold([*facts, inject])
    things = list(picture.entities())
    found = {each["id"]: each for each in ranked(mover("C-17A", None, None, None, None, 0), things, NOW)}
    assert found["airfield:EVGA"]["verdict"] == "no-go"
    for icao in ("EVRA", "EYSA", "EYKA"):
        texts = " ".join(reason["text"] for reason in found[f"airfield:{icao}"]["reasons"])
        assert found[f"airfield:{icao}"]["verdict"] == "caution"
        assert "customs" in texts
    assert found["airfield:EENI"]["verdict"] == "unknown"
    assert found["airfield:EYSI"]["verdict"] == "no-go"


def test_a_deep_ship_finds_the_deep_ports(capsys: pytest.CaptureFixture[str]) -> None:
    found = {each["id"]: each["verdict"] for each in told(capsys, "--draught", "13", "--loa", "220", "--ramp", "stern")}
    assert found["port:P01"] == "caution"
    assert found["port:P04"] == "no-go"
    assert found["port:P03"] == "unknown"


def test_a_train_of_the_western_gauge_ends_where_its_rails_do(capsys: pytest.CaptureFixture[str]) -> None:
    found = {each["id"]: each for each in told(capsys, "--gauge", "1435")}
    assert "gauge change" in found["rail:T26"]["reasons"][0]["text"]
    assert found["rail:T24"]["verdict"] == "no-go"


@pytest.mark.parametrize(
    ("words", "why"),
    [([], "name an aircraft"), (["--aircraft", "B-17"], "there are C-130J"), (["--beam", "30"], "name")],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(
    words: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["places", *words]) == 2
    assert why in capsys.readouterr().err
