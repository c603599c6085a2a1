"""Do all formats of cyber incidents mean the same systems, and does the layer show them?"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import feeds
from cop.event import Described, State, Status, event
from cop.picture import fold
from feeds.incidents import SYSTEMS, Incident, events, system_events, systems_in
from layers.layer import popup, thing

NOW = 1795514400000
REGISTER = Path(feeds.__path__[0]) / "reference" / "cyber_systems.csv"


def test_the_systems_are_those_of_the_register() -> None:
    with REGISTER.open(encoding="utf-8", newline="") as table:
        known = {row["system_id"]: row["name"] for row in csv.DictReader(table)}
    assert known == SYSTEMS


@pytest.mark.parametrize("key", SYSTEMS)
def test_a_system_goes_by_its_id_and_its_name_however_they_are_spelled(key: str) -> None:
    spellings = (key, key.lower(), SYSTEMS[key], f"  {SYSTEMS[key].upper()} ".replace(" ", "  "))
    assert [systems_in([each]) for each in spellings] == [(key,)] * 4
    assert systems_in([key, SYSTEMS[key], f"{key}1", f"the {SYSTEMS[key]}", None, 7]) == (key,)


@pytest.mark.parametrize(
    "states, expected",
    [
        (["degraded"], "degraded"),
        (["open"], "open"),
        (["open", "closed", "degraded"], "closed"),
        (["open", None], "open"),
        ([None], None),
        (["unknown", "open"], "unknown"),
    ],
)
def test_the_worst_of_all_counts(states: list[State | None], expected: State | None) -> None:
    told = [Incident(id=str(index), at=NOW + index, state=state) for index, state in enumerate(states)]
    found = list(system_events("SYS-302", told))
    assert [(subject, at, body.state) for subject, at, body in found if isinstance(body, Status)] == (
        [("system:SYS-302", NOW + len(states) - 1, expected)] if expected else []
    )


def test_an_incident_has_a_row_and_no_place() -> None:
    told = Incident(id="1", at=NOW, name="SIMULATED", state="closed", systems=("SYS-302",), marking="TLP:RED")
    found = fold(event("stix", subject, at, body, received=NOW) for subject, at, body in events(told))
    thing_ = found.entity("incident:1")
    assert thing_ is not None
    row = thing(thing_, NOW)
    assert row is not None
    assert (row["layer"], row["domain"], row["state"], row["marking"]) == ("incidents", "cyber", "closed", "TLP:RED")
    assert row["cells"]["systems"] == "SYS-302"
    assert "lon" not in row


def test_a_system_shows_how_long_it_takes_to_answer() -> None:
    status = Status("open", measures={"latency_ms": 84.2})
    found = fold([event("probe", "system:SYS-302", NOW, body, received=NOW) for body in (status, Described("x"))])
    system = found.entity("system:SYS-302")
    assert system is not None
    assert {line["key"]: (line["value"], line["unit"]) for line in popup(system, NOW)}["latency_ms"] == (84.2, "ms")
