"""Does an IODEF document say of our systems what its incidents say, and nothing that it doesn't?"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cop.event import Described, Event, State, Status
from feeds.adapter import Context, Outcome, Reject, decode
from feeds.simulated.national.iodef import SPEAKERS, TEAM, state
from feeds.sources.iodef import SOURCE

NOW = 1795514400000  # 2026-11-24 10:00 UTC
HOUR = 3_600_000
ID = '<IncidentID name="cert.example.org">1</IncidentID>'
TOLD = "<GenerationTime>2026-11-24T09:00:00Z</GenerationTime>"
OURS = '<AdditionalData meaning="x_cop_system">SYS-BG</AdditionalData>'


def impact(severity: str = "high", completion: str = "succeeded", kind: str = "availability-service") -> str:
    said = f'severity="{severity}" completion="{completion}" type="{kind}"'
    return f"<Assessment><SystemImpact {said}/></Assessment>"


def incident(inner: str = "", attributes: str = "", head: str = ID + TOLD) -> str:
    return f'<Incident purpose="reporting" {attributes}>{head}{inner}</Incident>'


def read(*incidents: str) -> list[Outcome]:
    namespace = 'xmlns="urn:ietf:params:xml:ns:iodef-2.0"'
    payload = f'<IODEF-Document version="2.00" {namespace}>{"".join(incidents)}</IODEF-Document>'
    return list(decode(SOURCE, payload.encode(), Context(NOW)))


def statuses(*incidents: str) -> dict[str, Status]:
    found = read(*incidents)
    assert not [each for each in found if isinstance(each, Reject)]
    return {each.subject: each.body for each in found if isinstance(each, Event) and isinstance(each.body, Status)}


def only(told: str) -> Status:
    return statuses(told)["incident:cert.example.org/1"]


def described(told: str) -> Described:
    (found,) = (e.body for e in read(told) if isinstance(e, Event) and isinstance(e.body, Described))
    return found


def systems(*incidents: str) -> dict[str, State]:
    return {key: said.state for key, said in statuses(*incidents).items() if key.startswith("system:")}


@pytest.mark.parametrize(
    "inner, status, expected",
    [
        ("", "", "degraded"),
        ("", "new", "degraded"),
        ("", "forwarded", "degraded"),
        ("", "future", "unknown"),
        ("<StartTime>2026-11-25T08:00:00Z</StartTime>", "future", "degraded"),
        (impact(), "in-progress", "closed"),
        (impact("medium"), "in-progress", "degraded"),
        (impact(kind="availability-system"), "", "closed"),
        (impact(kind="takeover-system"), "", "degraded"),
        (impact(), "resolved", "open"),
        (impact(completion="failed"), "", "unknown"),
        (impact(completion="failed") + impact("low"), "", "degraded"),
        ('<Assessment><Impact type="dos" severity="high"/></Assessment>', "", "closed"),
        ('<Assessment><BusinessImpact severity="high"/></Assessment>', "", "degraded"),
    ],
)
def test_the_state_of_an_incident(inner: str, status: str, expected: State) -> None:
    assert only(incident(inner, f'status="{status}"' if status else "")).state == expected


def test_an_attempt_that_failed_says_nothing_of_a_system() -> None:
    assert systems(incident(impact(completion="failed") + OURS)) == {}
    assert only(incident(impact(completion="failed") + OURS)).reason == "an attempt that failed"


def test_the_attackers_system_is_not_ours() -> None:
    def hit(category: str) -> str:
        node = "<Node><DomainData><Name>SYS-BG</Name></DomainData></Node>"
        return f"<EventData><Flow><System {category}>{node}</System></Flow></EventData>"

    for category in ('category="source"', 'category="intermediate"', 'category="sensor"', 'category="infrastructure"'):
        assert systems(incident(hit(category))) == {}
    for category in ('category="target"', ""):
        assert systems(incident(hit(category))) == {"system:SYS-BG": "degraded"}


def test_a_system_is_named_by_id_or_name_and_in_additional_data() -> None:
    named = "<EventData><System><Description>Customs  system</Description></System></EventData>"
    data = '<AdditionalData dtype="string" meaning="x_cop_system">SYS-302, sys-vts, SYS-NONE</AdditionalData>'
    other = '<AdditionalData dtype="string" meaning="remark">SYS-AIS</AdditionalData>'
    assert set(systems(incident(named + data + other))) == {"system:SYS-CUS", "system:SYS-302", "system:SYS-VTS"}


def test_a_system_is_as_bad_as_its_worst_incident() -> None:
    head = '<IncidentID name="cert.example.org">2</IncidentID><GenerationTime>2026-11-24T09:30:00Z</GenerationTime>'
    over = incident(OURS, 'status="resolved"', head)
    assert systems(incident(impact() + OURS), over) == {"system:SYS-BG": "closed"}
    assert statuses(over)["system:SYS-BG"].until == NOW - HOUR // 2 + 24 * HOUR


@pytest.mark.parametrize(
    "times, status, expected",
    [
        ({}, "", (None, None)),
        ({"Detect": "07"}, "", (-3, None)),
        ({"Detect": "07", "Start": "06"}, "", (-4, None)),
        ({"Start": "06", "End": "08"}, "", (-4, -2)),
        ({"Start": "06", "End": "08", "Recovery": "12"}, "", (-4, 2)),
        ({"Start": "06", "End": "08"}, "resolved", (-2, None)),
        ({"Start": "06"}, "resolved", (None, None)),
        ({"Start": "08", "End": "06"}, "", (None, None)),
    ],
)
def test_times_of_the_harm(times: dict[str, str], status: str, expected: tuple[int | None, int | None]) -> None:
    inner = "".join(f"<{name}Time>2026-11-24T{hour}:00:00Z</{name}Time>" for name, hour in times.items())
    for told in (inner, f"<EventData>{inner}</EventData>"):
        found = only(incident(told, f'status="{status}"' if status else ""))
        hours = tuple(None if at is None else (at - NOW) // HOUR for at in (found.since, found.until))
        assert hours == expected


def test_a_time_without_a_zone_is_rejected() -> None:
    for said, why in (("2026-11-24T08:00:00", "names no zone"), ("yesterday", "is not a time")):
        (found,) = read(incident(f"<StartTime>{said}</StartTime>"))
        assert isinstance(found, Reject)
        assert found.reason == f"StartTime '{said}' {why}"
    assert only(incident("<StartTime>2026-11-24T10:00:00.5+02:00</StartTime>")).since == NOW - 2 * HOUR + 500


def test_the_report_time_counts_when_no_generation_time_is_there() -> None:
    found = read(incident(head=ID + "<ReportTime>2026-11-24T11:30:00+02:00</ReportTime>"))
    assert {each.at for each in found if isinstance(each, Event)} == {NOW - HOUR // 2}


@pytest.mark.parametrize(
    "attributes, inner, marking",
    [
        ('restriction="white"', "", "TLP:WHITE"),
        ('restriction="red"', "", "TLP:RED"),
        ('restriction="need-to-know"', "", "restriction: need to know"),
        ('restriction="public"', '<Description restriction="amber">x</Description>', "TLP:AMBER"),
        ('restriction="ext-value" ext-restriction="exercise  staff"', "", "restriction: exercise staff"),
        ('restriction="green" ext-restriction="staff"', "", "TLP:GREEN; restriction: staff"),
        ('restriction="odd"', "", "restriction: odd"),
    ],
)
def test_a_restriction_is_a_marking_the_strictest_of_all_parts(attributes: str, inner: str, marking: str) -> None:
    assert described(incident(inner, attributes)).marking == marking
    assert statuses(incident(inner + OURS, attributes))["system:SYS-BG"].reason.endswith(f"[{marking}]")


def test_no_restriction_means_private() -> None:
    assert described(incident()).marking == "restriction: private"


def test_both_versions_are_read_by_local_names() -> None:
    payload = (
        '<i:IODEF-Document version="1.00" xmlns:i="urn:ietf:params:xml:ns:iodef-1.0"><i:Incident purpose="other">'
        '<i:IncidentID name="cert.example.org">1</i:IncidentID><i:ReportTime>2026-11-24T09:00:00Z</i:ReportTime>'
        '<i:Assessment><i:Impact type="dos" severity="high"/></i:Assessment><i:EventData><i:Flow><i:System '
        'category="target"><i:Node><i:NodeName>SYS-BG</i:NodeName></i:Node></i:System></i:Flow></i:EventData>'
        "</i:Incident></i:IODEF-Document>"
    )
    found = list(decode(SOURCE, payload.encode(), Context(NOW)))
    assert [each.subject for each in found if isinstance(each, Event) and isinstance(each.body, Status)] == [
        "incident:cert.example.org/1",
        "system:SYS-BG",
    ]


def test_what_is_known_of_an_incident_is_described_in_english() -> None:
    texts = '<Description xml:lang="lv">notikums</Description><Description xml:lang="en">an event</Description>'
    told = described(incident(texts + impact() + '<Assessment><Confidence rating="low"/></Assessment>', 'status="new"'))
    assert (told.name, told.basis) == ("an event", "IODEF")
    assert told.properties == {
        "description": "an event", "purpose": "reporting", "investigation_status": "new", "severity": "high",
        "completion": "succeeded", "incident_types": "availability-service", "confidence": "low",
    }  # fmt: skip
    assert described(incident("<Description>notikums</Description>")).name == "notikums"


@pytest.mark.parametrize(
    "told, why",
    [
        (incident(head=ID), "neither GenerationTime nor ReportTime"),
        (incident(head=TOLD), "an incident without an IncidentID"),
        (incident("<a>"), "not well-formed"),
        (incident("&boom;"), "not well-formed"),
        (incident("<a>" * 300 + "</a>" * 300), "not well-formed"),
    ],
)
def test_what_cannot_be_read_says_why_and_costs_no_neighbour(told: str, why: str) -> None:
    first, *rest = read(told, incident())
    assert isinstance(first, Reject)
    assert first.reason.startswith(why)
    assert [isinstance(each, Event) for each in rest] == [True, True]


@pytest.mark.parametrize(
    "payload, why",
    [
        (b"", "an empty file"),
        (b"<html><title>Maintenance</title></html>", "an HTML page instead of IODEF-DOCUMENT: Maintenance"),
        (b"{}", "not IODEF-DOCUMENT: no XML"),
        (b"<rss></rss>", "not IODEF-DOCUMENT: its root is rss"),
    ],
)
def test_what_is_no_document_is_one_reject(payload: bytes, why: str) -> None:
    (found,) = decode(SOURCE, payload, Context(NOW))
    assert isinstance(found, Reject)
    assert found.reason == why


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([ID, TOLD, OURS, impact(), "<EventData/>", "<EventData>", "</EventData>", "&", "x"])))
def test_any_document_is_told_or_rejected(parts: list[str]) -> None:
    assert read(incident(head="".join(parts)))


# -- the simulated service ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("now", [NOW + step * 7 * 60_000 for step in range(12)])
def test_the_simulated_document_says_what_the_script_says(now: int) -> None:
    found = list(decode(SOURCE, SPEAKERS[0].say(3, now), Context(now)))
    told = {each.subject: each for each in found if isinstance(each, Event) and isinstance(each.body, Status)}
    assert not [each for each in found if isinstance(each, Reject)]
    for each in state(3, now):
        hard = each.scripted.severity == "high"
        wanted: State = ("closed" if hard else "degraded") if each.lasts else "open"
        number = f"incident:{TEAM}/{each.scripted.key}-{each.since // 60_000}"
        for subject in (number, f"system:{each.scripted.system}"):
            body = told[subject].body
            assert isinstance(body, Status)
            assert (body.state, told[subject].at) == (wanted, each.told)
            assert body.since == (each.since if each.lasts else each.end)
    names = [each.body.name for each in found if isinstance(each, Event) and isinstance(each.body, Described)]
    assert all(name.startswith("SIMULATED ") for name in names)


def test_incidents_come_and_go() -> None:
    seen = {(each.scripted.key, each.lasts) for step in range(130) for each in state(3, NOW + step * 60_000)}
    assert len(seen) == 6
