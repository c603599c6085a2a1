"""Does a STIX bundle say of our systems what its incidents say, and nothing that it doesn't?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cop.event import Described, Event, Gone, State, Status
from feeds.adapter import Context, Outcome, Reject, decode
from feeds.simulated.national.stix import SPEAKERS, incident_id, state
from feeds.sources.stix import CORE, SOURCE

NOW = 1795514400000  # 2026-11-24 10:00 UTC
TIME = "2026-11-24T09:00:00Z"
HOUR = 3_600_000


def key(number: int, kind: str = "incident") -> str:
    return f"{kind}--0b1c2d3e-1111-4222-8333-{number:012d}"


def made(kind: str, number: int, **said: Any) -> dict[str, Any]:
    return {"type": kind, "spec_version": "2.1", "id": key(number, kind), "created": TIME, "modified": TIME, **said}


def incident(number: int = 1, core: dict[str, Any] | None = None, **said: Any) -> dict[str, Any]:
    told = made("incident", number, **{"name": f"SIMULATED {number}", **said})
    if core is not None:
        told["extensions"] = {CORE: {"extension_type": "property-extension", **core}}
    return told


def tie(number: int, source: str, target: str, **said: Any) -> dict[str, Any]:
    return made("relationship", number, relationship_type="impacts", source_ref=source, target_ref=target, **said)


def read(*objects: object) -> list[Outcome]:
    payload = json.dumps({"type": "bundle", "id": key(0, "bundle"), "objects": objects}).encode()
    return list(decode(SOURCE, payload, Context(NOW)))


def events(*objects: object) -> list[Event]:
    found = read(*objects)
    assert not [each for each in found if isinstance(each, Reject)]
    return [each for each in found if isinstance(each, Event)]


def statuses(*objects: object) -> dict[str, Status]:
    return {each.subject: each.body for each in events(*objects) if isinstance(each.body, Status)}


def systems(*objects: object) -> dict[str, State]:
    return {key: said.state for key, said in statuses(*objects).items() if key.startswith("system:")}


def only(*objects: object) -> Status:
    (found,) = (said for subject, said in statuses(*objects).items() if subject.startswith("incident:"))
    return found


def described(*objects: object) -> Described:
    (found,) = (each.body for each in events(*objects) if isinstance(each.body, Described))
    return found


@pytest.mark.parametrize(
    "said, core, expected",
    [
        ({}, None, "degraded"),
        ({}, {"investigation_status": "new"}, "degraded"),
        ({}, {"investigation_status": "closed"}, "open"),
        ({"x_cop_state": "closed"}, {"investigation_status": "closed"}, "open"),
        ({"x_cop_state": "closed"}, {"investigation_status": "open"}, "closed"),
        ({"x_cop_state": "restricted"}, None, "restricted"),
        ({}, {"determination": "blocked", "investigation_status": "open"}, "unknown"),
        ({}, {"determination": "false-positive"}, "unknown"),
        ({}, {"determination": "successful-attempt", "criticality": 99}, "degraded"),
    ],
)
def test_the_state_of_an_incident(said: dict[str, Any], core: dict[str, Any] | None, expected: State) -> None:
    assert only(incident(core=core, **said)).state == expected


@pytest.mark.parametrize("lost, expected", [(100, "closed"), (60, "degraded"), ("all", "degraded"), (None, "degraded")])
def test_an_impact_that_leaves_no_availability_is_a_closure(lost: object, expected: State) -> None:
    harm = made(
        "impact", 2, start_time="2026-11-24T08:00:00Z", extensions={"availability": {"availability_impact": lost}}
    )
    assert only(incident(core={"impact_refs": [key(2, "impact")]}), harm).state == expected


def test_a_system_is_named_by_the_incident_or_by_what_is_tied_to_it() -> None:
    part = made("infrastructure", 2, name="  border guard INFORMATION system ")
    report = made("report", 3, name="r", published=TIME, object_refs=[key(1)], x_cop_system="SYS-VTS")
    seen = {"first_observed": "2026-11-24T07:00:00Z", "last_observed": TIME, "number_observed": 1}
    domain = "domain-name--3c10e93f-798e-5a26-a0c1-08156efab7f5"
    data = made("observed-data", 4, **seen, object_refs=[domain], x_cop_system=["SYS-AVL"])
    told = incident(x_cop_system=["SYS-302", "Customs system", "SYS-NONE"])
    ties = [tie(5, key(1), key(2, "infrastructure")), tie(6, key(4, "observed-data"), key(1))]
    found = systems(told, part, report, data, *ties)
    assert set(found) == {f"system:SYS-{name}" for name in ("302", "CUS", "BG", "VTS", "AVL")}
    assert set(found.values()) == {"degraded"}
    assert statuses(told, part, report, data, *ties)["system:SYS-BG"].since == NOW - 3 * HOUR
    assert systems(incident(name="SYS-RAIL")) == {"system:SYS-RAIL": "degraded"}


def test_what_is_not_tied_to_an_incident_says_nothing() -> None:
    part = made("infrastructure", 2, name="SYS-BG")
    report = made("report", 3, name="r", published=TIME, object_refs=[key(9)], x_cop_system="SYS-VTS")
    assert systems(incident(), part, report) == {}
    assert systems(incident(), part, tie(5, key(1), key(2, "infrastructure"), revoked=True)) == {}
    assert systems(incident(), part | {"revoked": True}, tie(5, key(1), key(2, "infrastructure"))) == {}


def test_an_indicator_alone_says_nothing_of_a_system() -> None:
    sign = made("indicator", 2, name="SYS-302", x_cop_system="SYS-302", pattern_type="stix", valid_from=TIME,
                pattern="[domain-name:value = 'sim.example.org']")  # fmt: skip
    assert events(sign) == []
    assert systems(incident(), sign, tie(5, key(2, "indicator"), key(1))) == {}


def test_an_object_without_its_times_is_rejected() -> None:
    for missing in ("created", "modified"):
        told = {name: value for name, value in incident().items() if name != missing}
        (found,) = read(told)
        assert isinstance(found, Reject)
        assert found.reason == f"no {missing}: its age cannot be told"
    whole = incident()
    assert read(whole) == read(whole)


def test_a_system_is_as_bad_as_its_worst_open_incident() -> None:
    down = incident(1, x_cop_system="SYS-302", x_cop_state="closed")
    over = incident(2, {"investigation_status": "closed"}, x_cop_system="SYS-302", modified="2026-11-24T09:30:00Z")
    for order in ((down, over), (over, down)):
        (found,) = (each for each in events(*order) if each.subject == "system:SYS-302")
        assert isinstance(found.body, Status)
        assert (found.body.state, found.at) == ("closed", NOW - HOUR // 2)
        assert found.body.reason == "SIMULATED 1"


def test_the_newest_version_of_an_incident_counts_for_its_systems() -> None:
    before = incident(x_cop_system="SYS-302", x_cop_state="closed")
    after = before | {"modified": "2026-11-24T09:30:00Z", "x_cop_state": "degraded"}
    assert systems(after, before) == {"system:SYS-302": "degraded"}


def test_that_an_incident_is_over_says_for_a_day_that_the_system_works() -> None:
    told = incident(1, {"investigation_status": "closed"}, x_cop_system="SYS-302")
    assert statuses(told)["system:SYS-302"].until == NOW - HOUR + 24 * HOUR
    assert only(told).until is None


def test_a_revoked_incident_is_withdrawn() -> None:
    gone = events(incident(x_cop_system="SYS-302", revoked=True))
    assert [(each.subject.partition(":")[0], type(each.body)) for each in gone] == [
        ("incident", Gone),
        ("system", Gone),
    ]
    other = incident(2, x_cop_system="SYS-302")
    assert systems(incident(x_cop_system="SYS-302", revoked=True), other) == {"system:SYS-302": "degraded"}


@pytest.mark.parametrize(
    "refs, marking",
    [
        (["613f2e26-407d-48c7-9eca-b8e91df99dc9"], "TLP:WHITE"),
        (["94868c89-83c2-464b-929b-a1a8aa3c8487"], "TLP:CLEAR"),
        (
            ["34098fce-860f-48ae-8e50-ebd3cc5e41da", "939a9414-2ddd-4d32-a0cd-375ea402b003"],
            "TLP:AMBER+STRICT; TLP:GREEN",
        ),
        (["e828b379-4e03-4974-9ac4-e53a884c97c1", "5e57c739-391a-4eb3-b6be-7d15ca92d5ed"], "TLP:RED"),
        (
            ["0b1c2d3e-1111-4222-8333-000000000077"],
            "a marking not known here, marking-definition--0b1c2d3e-1111-4222-8333-000000000077",
        ),
        (["0b1c2d3e-1111-4222-8333-000000000078"], "SIMULATED statement"),
    ],
)
def test_markings_of_both_tlp_versions_stay(refs: list[str], marking: str) -> None:
    statement = made("marking-definition", 78, definition_type="statement",
                     definition={"statement": "SIMULATED statement"})  # fmt: skip
    told = incident(x_cop_system="SYS-302", object_marking_refs=[f"marking-definition--{ref}" for ref in refs])
    assert described(told, statement).marking == marking
    assert statuses(told, statement)["system:SYS-302"].reason.endswith(f"[{marking}]")


def test_a_marking_of_a_part_is_one_of_the_whole() -> None:
    red = {"marking_ref": "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "selectors": ["name"]}
    assert described(incident(granular_markings=[red])).marking == "TLP:RED"


def test_what_is_known_of_an_incident_is_described() -> None:
    reference = {"source_name": "SIM-CERT", "external_id": "117", "url": "https://cert.example.org/117"}
    core = {"incident_types": ["ransomware"], "criticality": 75, "investigation_status": "open"}
    told = described(
        incident(core=core, description="a  b", confidence=80, labels=["x", "y"], external_references=[reference])
    )
    assert told.properties == {
        "description": "a b", "confidence": 80, "labels": "x, y", "criticality": 75,
        "references": "SIM-CERT 117 https://cert.example.org/117", "incident_types": "ransomware",
        "investigation_status": "open",
    }  # fmt: skip
    assert "confidence" not in described(incident(confidence=400)).properties


@pytest.mark.parametrize(
    "since, until, expected",
    [
        ("2026-11-24T08:00:00Z", "2026-11-24T12:00:00Z", (NOW - 2 * HOUR, NOW + 2 * HOUR)),
        ("2026-11-24T08:00:00Z", None, (NOW - 2 * HOUR, None)),
        ("2026-11-24T12:00:00Z", "2026-11-24T08:00:00Z", (None, None)),
        (None, None, (None, None)),
    ],
)
def test_times_of_the_harm(since: str | None, until: str | None, expected: tuple[int | None, int | None]) -> None:
    told = only(incident(x_cop_since=since or "", x_cop_until=until or ""))
    assert (told.since, told.until) == expected


def test_an_impact_tells_the_times_when_the_incident_does_not() -> None:
    core = {"impact_refs": [key(2, "impact"), key(3, "impact")]}
    first = made("impact", 2, start_time="2026-11-24T08:00:00Z", end_time="2026-11-24T09:00:00Z")
    second = made("impact", 3, start_time="2026-11-24T08:30:00Z", end_time="2026-11-24T11:00:00Z")
    lasting = {name: value for name, value in second.items() if name != "end_time"}
    told = [only(incident(core=core), first, each) for each in (second, lasting)]
    assert [(each.since, each.until) for each in told] == [(NOW - 2 * HOUR, NOW + HOUR), (NOW - 2 * HOUR, None)]


@pytest.mark.parametrize(
    "told, why",
    [
        ({**incident(), "spec_version": "2.0"}, "not of STIX 2.1: another or no spec_version"),
        ({**incident(), "name": None}, "not incident of STIX 2.1"),
        ({**incident(), "id": "incident--1"}, "not incident of STIX 2.1"),
        (incident(x_cop_state="gone"), "x_cop_state 'gone' is no state"),
        (incident(x_cop_since="yesterday"), "'yesterday' is not a time with its zone"),
        (incident(x_cop_since="2026-11-24T08:00:00"), "'2026-11-24T08:00:00' is not a time with its zone"),
        (made("infrastructure", 2), "not infrastructure of STIX 2.1"),
        ("incident", "an object without type or id"),
        (incident(description="x" * 300_000), "an object of 300"),
    ],
)
def test_what_cannot_be_read_says_why_and_costs_no_neighbour(told: object, why: str) -> None:
    first, *rest = read(told, incident(9))
    assert isinstance(first, Reject)
    assert first.reason.startswith(why)
    assert [isinstance(each, Event) for each in rest] == [True, True]


@pytest.mark.parametrize(
    "payload, why",
    [
        (b"", "an empty answer"),
        (b"<html><title>Sign in</title></html>", "an HTML page instead of JSON: Sign in"),
        (b'{"type":"incident","objects":[]}', "not a bundle but 'incident'"),
        (b'{"type":"bundle"}', "no 'objects' in the answer"),
        (b'{"objects":' + b"[" * 100_000, "JSON nested deeper than can be read"),
    ],
)
def test_what_is_no_bundle_is_one_reject(payload: bytes, why: str) -> None:
    (found,) = decode(SOURCE, payload, Context(NOW))
    assert isinstance(found, Reject)
    assert found.reason.startswith(why)


def test_an_envelope_of_taxii_is_read_too() -> None:
    payload = json.dumps({"more": False, "objects": [incident()]}).encode()
    assert [type(each) for each in decode(SOURCE, payload, Context(NOW))] == [Event, Event]


ODD = st.sampled_from(
    [None, True, -1, 10**30, "", "x", [], {}, [None], {"a": [1]}, TIME, "0001-01-01T00:00:00Z", key(1)]
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted({*incident(core={}), "revoked", "labels", "x_cop_system", "granular_markings"})), ODD)
def test_any_value_of_any_property_is_told_or_rejected(name: str, value: object) -> None:
    part = made("infrastructure", 2, name="SYS-BG")
    found = read({**incident(core={}), name: value}, part, tie(3, key(1), key(2, "infrastructure")))
    assert all(isinstance(each, Event | Reject) for each in found)


# -- the simulated service ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("now", [NOW + step * 7 * 60_000 for step in range(12)])
def test_the_simulated_bundle_says_what_the_script_says(now: int) -> None:
    found = list(decode(SOURCE, SPEAKERS[0].say(3, now), Context(now)))
    told = {(each.subject, type(each.body)): each for each in found if isinstance(each, Event)}
    assert len(told) == len(found)
    for each in state(3, now):
        wanted: State = each.scripted.state if each.lasts else "open"
        for subject in (f"incident:{incident_id(3, each)}", f"system:{each.scripted.system}"):
            event = told[subject, Status]
            assert isinstance(event.body, Status)
            assert (event.body.state, event.at, event.body.since) == (wanted, each.modified, each.since)
        about = told[f"incident:{incident_id(3, each)}", Described].body
        assert isinstance(about, Described)
        assert about.name.startswith("SIMULATED ")
        assert about.marking.startswith("TLP:")


def test_incidents_come_and_go() -> None:
    seen = {(each.scripted.key, each.lasts) for step in range(150) for each in state(3, NOW + step * 60_000)}
    assert len(seen) == 8
