"""Which cyber incidents does another team report? IODEF documents, version 2 (RFC 7970) or 1 (RFC 5070).

Elements are known by their local names. Each Incident is a record. It is told as `incident:<name>/<id>` of its
IncidentID, at its GenerationTime, else its ReportTime: for how long the harm goes is StartTime (else DetectTime) to
RecoveryTime (else EndTime).

Its state: `open` once its status is resolved. When every impact's completion is failed, it was an attempt and says
nothing of a state; nor does one in the future without a StartTime. Any other is `degraded`, or `closed` when the
availability of a service or system is hit with high severity.

It names a system of ours when the id or name stands in a System that is a target or has no category (as NodeName,
Name, AssetID or Description), or in AdditionalData whose meaning or name is `x_cop_system`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from cop.event import Millis, Scalar, State
from feeds.adapter import Context, Outcome, Records, Reject, Source, Unreadable
from feeds.incidents import Incident, Record, outcomes, systems_in
from feeds.xml import Element, text, words
from feeds.xml_records import Document, Piece, take_apart

NAME: Final = "iodef"
MARKINGS: Final[dict[str, str]] = {
    "red": "TLP:RED",
    "private": "restriction: private",
    "amber": "TLP:AMBER",
    "need-to-know": "restriction: need to know",
    "partner": "restriction: partner",
    "green": "TLP:GREEN",
    "default": "restriction: as agreed beforehand",
    "white": "TLP:WHITE",
    "public": "restriction: public",
}
"""Value of `restriction` (RFC 7970 § 3.3.1) → marking, the strictest first."""
UNSAID: Final = "private"
"""What an Incident without `restriction` is (RFC 7970 § 3.2)."""
IMPACTS: Final = ("SystemImpact", "Impact")
SEVERITIES: Final = ("high", "medium", "low")
OUTAGES: Final = frozenset({"availability-service", "availability-system", "dos"})
"""Types of impact by which a service stands still when the severity is high; `dos` is version 1's."""
TARGETS: Final = frozenset({"", "target"})
"""Categories of a System that was hit; source, intermediate, sensor and infrastructure were not."""
NAMES: Final = ("{*}NodeName", "{*}Name", "{*}AssetID", "{*}Description")


def read(payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
    """The outcomes of one incident after the other."""
    try:
        document = take_apart(payload, "IODEF-Document", ("Incident",))
    except Unreadable as error:
        yield [Reject(str(error), 0, payload)]
        return
    yield from outcomes(
        NAME, [Record(each.offset, each.raw, _said(document, each)) for each in document.pieces], context
    )


def _said(document: Document, piece: Piece) -> Incident | str:
    """The incident, or why it cannot be read."""
    try:
        return piece.trouble or _incident(document.element(piece))
    except Unreadable as error:
        return str(error)


def _incident(told: Element) -> Incident:
    times = {
        name: _time(told, f"{name}Time") for name in ("Generation", "Report", "Detect", "Start", "End", "Recovery")
    }
    at = times["Generation"] if times["Generation"] is not None else times["Report"]
    if at is None:
        raise Unreadable("neither GenerationTime nor ReportTime: its age cannot be told")
    since = times["Start"] if times["Start"] is not None else times["Detect"]
    until = times["Recovery"] if times["Recovery"] is not None else times["End"]
    description = " ".join(_descriptions(told))
    impacts = [each for name in IMPACTS for each in told.iterfind(f"{{*}}Assessment/{{*}}{name}")]
    state, reason = _state(told.get("status", ""), since, impacts)
    if state == "open":  # what is over is over from its end on
        since, until = until, None
    return Incident(
        id=_id(told),
        at=at,
        name=description[:80],
        description=description,
        state=state,
        since=since,
        until=until,
        reason=reason,
        systems=systems_in(_names(told)),
        marking=_marking(told),
        properties=_properties(told, impacts, times),
        basis="IODEF",
    )


def _id(told: Element) -> str:
    holder = next(told.iterchildren("{*}IncidentID"), None)
    number = words(holder) if holder is not None else ""
    if holder is None or not number:
        raise Unreadable("an incident without an IncidentID")
    key = "_".join(f"{holder.get('name', '')}/{number}".split()).lstrip("/")
    if len(key) > 200:
        raise Unreadable("an IncidentID of more than 200 letters")
    return key


def _state(status: str, since: Millis | None, impacts: Sequence[Element]) -> tuple[State | None, str]:
    """What it does to what it hits, and why it is thought so."""
    if status == "resolved":
        return "open", "resolved"
    if impacts and all(each.get("completion") == "failed" for each in impacts):
        return None, "an attempt that failed"
    if status == "future" and since is None:
        return None, "expected, without a time"
    succeeded = [each for each in impacts if each.get("completion") != "failed"]
    if any(each.get("type") in OUTAGES and each.get("severity") == "high" for each in succeeded):
        return "closed", "availability lost"
    return "degraded", _worst(succeeded)


def _worst(impacts: Sequence[Element]) -> str:
    said = {each.get("severity") for each in impacts}
    return next((f"{severity} severity" for severity in SEVERITIES if severity in said), "")


def _descriptions(told: Element) -> list[str]:
    """In English where some are, else all, as they stand."""
    every = [(str(_language(each)), words(each)) for each in told.iterchildren("{*}Description")]
    english = [said for language, said in every if language.startswith("en") and said]
    return english or [said for _, said in every if said]


def _language(told: Element) -> str:
    return (told.get("{http://www.w3.org/XML/1998/namespace}lang") or told.get("lang") or "").lower()


def _names(told: Element) -> Iterator[str]:
    """What of an incident may name a system."""
    for system in told.iterfind(".//{*}System"):
        if system.get("category", "") in TARGETS:
            yield from (words(each) for each in system.iter(*NAMES))
    for each in told.iter("{*}AdditionalData"):
        if "x_cop_system" in (each.get("meaning"), each.get("name")):
            yield from (*words(each).split(","), words(each))


def _marking(told: Element) -> str:
    """The strictest restriction of the incident and of its parts, and those that are of the sender's own making."""
    parts = [each for each in told.iterdescendants("{*}*") if each.get("restriction")]
    said = {told.get("restriction") or UNSAID, *(each.get("restriction") for each in parts)}
    strictest = [MARKINGS[each] for each in MARKINGS if each in said][:1]
    own = dict.fromkeys(name for each in (told, *parts) if (name := each.get("ext-restriction")))
    other = sorted(each for each in said if each and each not in MARKINGS and each != "ext-value")
    return "; ".join([*strictest, *(f"restriction: {' '.join(each.split())[:60]}" for each in (*own, *other))])[:300]


def _properties(told: Element, impacts: Sequence[Element], times: Mapping[str, Millis | None]) -> dict[str, Scalar]:
    """What else is known of it; empty where it does not say."""
    confidence = next(told.iterfind("{*}Assessment/{*}Confidence"), None)
    said = {name: ", ".join(dict.fromkeys(v for each in impacts if (v := each.get(name)))) for name in _ASSESSED}
    return {
        "purpose": told.get("purpose", "")[:60],
        "investigation_status": told.get("status", "")[:60],
        "severity": said["severity"],
        "completion": said["completion"],
        "incident_types": said["type"][:200],
        "confidence": "" if confidence is None else (words(confidence) or confidence.get("rating", ""))[:60],
        "alternative_ids": ", ".join(words(each) for each in told.iterfind("{*}AlternativeID/{*}IncidentID"))[:200],
        "detected": _shown(times["Detect"]),
        "reported": _shown(times["Report"]),
    }


_ASSESSED: Final = ("severity", "completion", "type")


def _time(told: Element, name: str) -> Millis | None:
    """A time of the incident, else of its first event that has it; None when none has. RFC 3339: with its zone."""
    said = text(told, name) or next((s for e in told.iterchildren("{*}EventData") if (s := text(e, name))), "")
    if not said:
        return None
    try:
        moment = datetime.fromisoformat(said)
        millis = round(moment.timestamp() * 1000) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        raise Unreadable(f"{name} {said[:40]!r} is not a time") from None
    if millis is None:
        raise Unreadable(f"{name} {said[:40]!r} names no zone")
    return millis


def _shown(at: Millis | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


SOURCE = Source(
    name=NAME,
    title="Cyber incidents (IODEF)",
    domain="cyber",
    nations=("EE", "LV", "LT"),
    kinds=("incident", "system"),
    transport="http",
    formats="IODEF 2 (RFC 7970) or 1 (RFC 5070), XML",
    licence="the sender decides; restrictions stay with the values",
    attribution="CERT named by the operator",
    address="https://cert.example.org/iodef/incidents.xml",
    rate_s=300,
    stale_s=86400,
    identity="name and number of the IncidentID",
    grid="none: an incident has no place",
    complete=False,
    mapping=(
        ("IncidentID and its name", "subject incident:<name>/<id>"),
        ("GenerationTime, else ReportTime", "at"),
        ("Description, in English where there is one", "described.name (its first 80 letters), properties description"),
        ("restriction, also of parts; none is private", "described.marking"),
        ("purpose, status", "described.properties purpose, investigation_status"),
        ("SystemImpact or Impact: severity, completion, type", "properties severity, completion, incident_types"),
        ("Assessment/Confidence", "described.properties confidence"),
        ("AlternativeID, DetectTime, ReportTime", "described.properties alternative_ids, detected, reported"),
        ("status resolved", "status open, since the end"),
        ("each completion failed; status future without StartTime", "status unknown"),
        ("type availability-service, availability-system or dos, severity high", "status closed"),
        ("any other incident", "status degraded"),
        ("StartTime, else DetectTime", "status.since"),
        ("RecoveryTime, else EndTime", "status.until"),
        (
            "System (target, or of no category), AdditionalData x_cop_system",
            "subject system:<id>: the worst of its states",
        ),
        ("Contact, History, IndicatorData", "not carried"),
    ),
    quirks=(
        ("test_a_time_without_a_zone_is_rejected", "Some senders leave out the zone that RFC 3339 asks for."),
        ("test_no_restriction_means_private", "An Incident without `restriction` is private, not public."),
        (
            "test_an_attempt_that_failed_says_nothing_of_a_system",
            '`completion="failed"` is an attack without effect.',
        ),
        ("test_the_attackers_system_is_not_ours", "A System may be the attack's source: only targets were hit."),
        ("test_both_versions_are_read_by_local_names", "Version 1 has Impact where 2 has SystemImpact."),
    ),
    decoder=lambda: Records(read),
)
