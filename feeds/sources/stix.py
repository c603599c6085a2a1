"""Which cyber incidents are there, and what do they do to our systems? STIX 2.1 bundles, or envelopes of TAXII 2.1.

What is read of a bundle, and all else is passed over:

    incident            is told, as `incident:<UUID>`, at its `modified`
    infrastructure, report, observed-data, impact
                        only what they add to an incident that they are tied to: by a relationship of any type between
                        the two, by a report's `object_refs`, or by the refs of the incident core extension
    marking-definition  the words of markings that are not TLP's
    indicator           nothing: that something would be a sign of an attack says nothing of a system

An incident names a system of ours when its property `x_cop_system` (a text or a list) has the system's id or name, or
its `name` is one of them; or when an infrastructure, report or observed-data that is tied to it does. Without an
incident they say nothing of a system.

Its state: an incident that is over is `open`: the incident core extension's `investigation_status` is closed. One that
was never harmful (its `determination` blocked, failed-attempt, false-positive or low-value) says nothing of a state.
Any other is `degraded`, or what `x_cop_state` says, or `closed` when the availability of what it hit is gone (an impact
whose `availability_impact` is 100). `since` and `until` are `x_cop_since` and `x_cop_until`, else the first start and
the last end of its impacts, else `since` alone is the first observation. A revoked incident is withdrawn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

import msgspec
import stix2
from stix2.exceptions import STIXError

from cop.event import STATES, Millis, Scalar, State
from feeds.adapter import Context, Outcome, Records, Reject, Source, Unreadable, json_list
from feeds.incidents import Incident, Record, outcomes, systems_in

NAME: Final = "stix"
BIGGEST: Final = 16 * 1024 * 1024
LARGEST: Final = 256 * 1024
"""Bytes of one object."""
MOST: Final = 20_000
"""Objects of one bundle."""

CORE: Final = "extension-definition--ef765651-680c-498d-9894-99799f2fa126"
"""The incident core extension of the OASIS common object repository."""
CORE_REFS: Final = ("impact_refs", "event_refs", "other_object_refs")
READ: Final = frozenset({"incident", "infrastructure", "report", "observed-data", "relationship"})
"""What the library checks. An impact is of an extension that it does not know; a marking's wording is free."""
TIED: Final = frozenset({"infrastructure", "report", "observed-data"})
OVER: Final = frozenset({"closed", "resolved"})
HARMLESS: Final = frozenset({"blocked", "failed-attempt", "false-positive", "low-value"})

TLP: Final[dict[str, str]] = {
    f"marking-definition--{key}": f"TLP:{level}"
    for key, level in {
        "5e57c739-391a-4eb3-b6be-7d15ca92d5ed": "RED",
        "e828b379-4e03-4974-9ac4-e53a884c97c1": "RED",
        "939a9414-2ddd-4d32-a0cd-375ea402b003": "AMBER+STRICT",
        "f88d31f6-486f-44da-b317-01333bde0b82": "AMBER",
        "55d920b0-5e8b-4f79-9ee9-91f868d9b421": "AMBER",
        "34098fce-860f-48ae-8e50-ebd3cc5e41da": "GREEN",
        "bab4a63c-aed9-4cf5-a766-dfca5abac2bb": "GREEN",
        "613f2e26-407d-48c7-9eca-b8e91df99dc9": "WHITE",
        "94868c89-83c2-464b-929b-a1a8aa3c8487": "CLEAR",
    }.items()
}
"""The marking definitions of TLP 1.0 (STIX 2.1 § 7.2.1.4) and TLP 2.0, the strictest first."""

Object = Mapping[str, Any]
_T = TypeVar("_T")


def read(payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
    """The outcomes of one object after the other."""
    try:
        found = _listed(payload)
    except Unreadable as error:
        yield [Reject(str(error), 0, payload)]
        return
    objects = [_or_why(partial(_object, raw)) for _, raw in found]
    bundle = _Bundle([each for each in objects if isinstance(each, Mapping)])
    yield from outcomes(
        NAME, [Record(*at, bundle.said(each)) for at, each in zip(found, objects, strict=True)], context
    )


def _or_why(read: Callable[[], _T]) -> _T | str:
    try:
        return read()
    except Unreadable as error:
        return str(error)


# -- objects ----------------------------------------------------------------------------------------------------------


def _listed(payload: bytes) -> list[tuple[int, bytes]]:
    """Every object of the bundle, with its offset. Raises `Unreadable` when it is no bundle."""
    if len(payload) > BIGGEST:
        raise Unreadable(f"a bundle of {len(payload)} bytes, more than {BIGGEST}")
    try:
        found = list(json_list(payload, "objects"))
        kind = msgspec.json.decode(payload.removeprefix(b"\xef\xbb\xbf"), type=_Head).type
    except RecursionError:
        raise Unreadable("nested deeper than any bundle") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable(f"not a bundle: {error}"[:200]) from None
    if kind not in ("bundle", ""):  # an envelope of TAXII has no type
        raise Unreadable(f"not a bundle but {kind[:40]!r}")
    if len(found) > MOST:
        raise Unreadable(f"a bundle of {len(found)} objects, more than {MOST}")
    return found


class _Head(msgspec.Struct):
    type: str = ""


def _object(raw: bytes) -> Object | None:
    """The object, checked by the library where that knows it; None for what is passed over.

    The library would make up a missing id or time from chance and clock, so those are asked for first.
    """
    try:
        told = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"not an object: {error}"[:200]) from None
    if not isinstance(told, dict) or not isinstance(told.get("type"), str) or not isinstance(told.get("id"), str):
        raise Unreadable("an object without type or id")
    kind: str = told["type"]
    if kind in ("impact", "marking-definition"):
        return told
    if kind not in READ:
        return None
    if len(raw) > LARGEST:
        raise Unreadable(f"an object of {len(raw)} bytes, more than {LARGEST}")
    if told.get("spec_version") != "2.1":
        raise Unreadable("not of STIX 2.1: another or no spec_version")
    missing = [name for name in ("created", "modified") if not isinstance(told.get(name), str)]
    if missing:
        raise Unreadable(f"no {' and no '.join(missing)}: its age cannot be told")
    try:
        parsed: Object = stix2.parse(told, allow_custom=True)
    except (STIXError, ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError) as error:
        raise Unreadable(f"not {kind} of STIX 2.1: {' '.join(str(error).split())}"[:200]) from None
    return parsed


# -- what they say together -------------------------------------------------------------------------------------------


class _Bundle:
    """The objects of a bundle, and which are tied to which incident."""

    def __init__(self, objects: Sequence[Object]) -> None:
        self._by_id: dict[str, Object] = {}
        for told in objects:
            before = self._by_id.get(told["id"])
            if before is None or _text(told.get("modified")) >= _text(before.get("modified")):
                self._by_id[told["id"]] = told
        self._ties: dict[str, list[str]] = defaultdict(list)
        for told in self._by_id.values():
            if told["type"] == "relationship" and not told.get("revoked"):
                self._tie(told["source_ref"], told["target_ref"])
            elif told["type"] == "report" and not told.get("revoked"):
                for ref in told["object_refs"]:
                    self._tie(told["id"], ref)
            elif told["type"] == "incident":
                core = _core(told)
                for ref in (ref for name in CORE_REFS for ref in _list(core.get(name))):
                    self._tie(told["id"], _text(ref))

    def _tie(self, one: str, other: str) -> None:
        self._ties[one].append(other)
        self._ties[other].append(one)

    def said(self, told: Object | str | None) -> Incident | str | None:
        """The incident that the object is, or why it cannot be read; None for anything else."""
        if isinstance(told, Mapping):
            return _or_why(partial(self._incident, told)) if told["type"] == "incident" else None
        return told

    def _incident(self, told: Object) -> Incident:
        """What the incident says, with all that is tied to it. Raises `Unreadable` for times that are none."""
        refs = dict.fromkeys(self._ties.get(told["id"], ()))
        tied = [each for ref in refs if (each := self._by_id.get(ref)) is not None and not each.get("revoked")]
        naming = [told, *(each for each in tied if each["type"] in TIED)]
        core = _core(told)
        impacts = [each for each in tied if each["type"] == "impact" and not each.get("superseded_by_ref")]
        since, until = _times(told, impacts, [each for each in tied if each["type"] == "observed-data"])
        state, reason = _state(told, core, impacts)
        reports = [_text(each.get("name")) for each in tied if each["type"] == "report"]
        properties: dict[str, Scalar] = {
            "confidence": _percent(told.get("confidence")),
            "labels": ", ".join(told.get("labels", ()))[:500],
            "references": "; ".join(map(_reference, told.get("external_references", ())))[:1000],
            "reports": ", ".join(reports)[:500],
            "incident_types": ", ".join(map(_text, _list(core.get("incident_types"))))[:200],
            **{key: _scalar(core.get(key)) for key in ("investigation_status", "determination", "criticality")},
        }
        return Incident(
            id=told["id"].partition("--")[2],
            at=_millis(told["modified"]),
            name=_words(told.get("name")),
            description=_words(told.get("description")),
            state=state,
            since=since,
            until=until,
            reason=reason,
            withdrawn="revoked by its author" if told.get("revoked") else "",
            systems=systems_in(text for each in naming for text in _names(each)),
            marking=self._marking(told),
            properties=properties,
            basis="STIX",
        )

    def _marking(self, told: Object) -> str:
        """Every marking that the incident or a part of it bears, the strictest first."""
        refs = [_text(ref) for ref in told.get("object_marking_refs", ())]
        refs += [_text(each.get("marking_ref")) for each in told.get("granular_markings", ())]
        order = {ref: rank for rank, ref in enumerate(TLP)}
        refs = sorted({ref for ref in refs if ref}, key=lambda ref: (order.get(ref, len(order)), ref))
        return "; ".join(dict.fromkeys(self._wording(ref) for ref in refs))[:300]

    def _wording(self, ref: str) -> str:
        if ref in TLP:
            return TLP[ref]
        told = self._by_id.get(ref, {})
        definition = told.get("definition")
        wording = _list(definition) or [definition] if isinstance(definition, dict) else []
        said = [_words(each.get("statement")) or _words(each.get("tlp")) for each in wording if isinstance(each, dict)]
        return (
            next((text for text in said if text), "") or _words(told.get("name")) or f"a marking not known here, {ref}"
        )


def _state(told: Object, core: Mapping[str, Any], impacts: Sequence[Object]) -> tuple[State | None, str]:
    """What it does to what it hits, and why it is thought so."""
    status, determination = (_text(core.get(name)).casefold() for name in ("investigation_status", "determination"))
    if status in OVER:
        return "open", f"investigation {status}"
    if determination in HARMLESS:
        return None, determination
    said = told.get("x_cop_state")
    if said is not None:
        if said not in STATES:
            raise Unreadable(f"x_cop_state {str(said)[:40]!r} is no state")
        return next(state for state in STATES if state == said), ""
    gone = any(_availability(impact) >= 100 for impact in impacts)
    return ("closed", "no availability left") if gone else ("degraded", "")


def _availability(impact: Object) -> float:
    extensions = impact.get("extensions")
    part = extensions.get("availability") if isinstance(extensions, dict) else None
    lost = part.get("availability_impact") if isinstance(part, dict) else None
    return lost if isinstance(lost, int | float) else 0


def _times(told: Object, impacts: Sequence[Object], seen: Sequence[Object]) -> tuple[Millis | None, Millis | None]:
    """From when to when it does harm, as far as anybody says."""
    starts = [_millis(each["start_time"]) for each in impacts if each.get("start_time")]
    ends = [_millis(each["end_time"]) for each in impacts if each.get("end_time")]
    starts = starts or [_millis(each["first_observed"]) for each in seen if each.get("first_observed")]
    since = min(starts, default=None)
    until = max(ends) if ends and len(ends) == len(impacts) else None
    if told.get("x_cop_since"):
        since = _millis(told["x_cop_since"])
    if told.get("x_cop_until"):
        until = _millis(told["x_cop_until"])
    return since, until


def _names(told: Object) -> Iterator[object]:
    """What of an object may name a system."""
    said = told.get("x_cop_system")
    yield from _list(said) or [said]
    yield told.get("name")


def _core(told: Object) -> Mapping[str, Any]:
    extensions = told.get("extensions")
    core = extensions.get(CORE) if isinstance(extensions, Mapping) else None
    return core if isinstance(core, Mapping) else {}


def _millis(said: object) -> Millis:
    try:
        moment = said if isinstance(said, datetime) else datetime.fromisoformat(_text(said))
        if moment.tzinfo is not None:
            return round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        pass
    raise Unreadable(f"{_text(said)[:40]!r} is not a time with its zone")


def _reference(said: Mapping[str, Any]) -> str:
    return " ".join(text for name in ("source_name", "external_id", "url") if (text := _words(said.get(name))))


def _list(said: object) -> Sequence[Any]:
    return said if isinstance(said, list | tuple) else ()


def _scalar(said: object) -> Scalar:
    """A value of an extension that nobody has checked."""
    return said[:200] if isinstance(said, str) else said if isinstance(said, int | float) else None


def _percent(said: object) -> int | None:
    """A confidence, which the library lets pass whatever it is."""
    return said if isinstance(said, int) and 0 <= said <= 100 else None


def _text(said: object) -> str:
    return "" if said is None else str(said)


def _words(said: object) -> str:
    return " ".join(said.split()) if isinstance(said, str) else ""


SOURCE = Source(
    name=NAME,
    title="Cyber incidents (STIX)",
    domain="cyber",
    nations=("EE", "LV", "LT"),
    kinds=("incident", "system"),
    transport="http",
    formats="STIX 2.1 bundle or TAXII 2.1 envelope",
    licence="the sender decides; markings stay with the values",
    attribution="CERT named by the operator",
    address="https://taxii.example.org/api/collections/incidents/objects/",
    rate_s=300,
    stale_s=86400,
    identity="the UUID of the incident",
    grid="none: an incident has no place",
    complete=False,
    mapping=(
        ("incident.id", "subject incident:<UUID>"),
        ("incident.modified", "at"),
        ("incident.name, description", "described.name, properties description"),
        ("confidence, labels, external_references", "described.properties confidence, labels, references"),
        ("object_marking_refs, granular_markings", "described.marking: TLP, statements; the strictest first"),
        ("revoked", "gone, for the incident; for a system once all its incidents are"),
        ("core extension investigation_status closed, resolved", "status open"),
        ("core extension determination blocked, failed-attempt, false-positive, low-value", "status unknown"),
        ("x_cop_state", "status.state, while it is not over"),
        ("impact: availability_impact 100", "status closed, while it is not over"),
        ("anything else that is not over", "status degraded"),
        ("x_cop_since, else impact.start_time, else observed-data.first_observed", "status.since"),
        ("x_cop_until, else impact.end_time, when each has one", "status.until"),
        (
            "x_cop_system or name of the incident and of what is tied to it",
            "subject system:<id>: the worst of its states",
        ),
        ("report.name of a tied report", "described.properties reports"),
        ("core extension investigation_status, determination, criticality, incident_types", "described.properties"),
        ("indicator and every other type", "ignored"),
    ),
    quirks=(
        ("test_an_indicator_alone_says_nothing_of_a_system", "Most of a bundle is indicators: signs, not outages."),
        (
            "test_an_object_without_its_times_is_rejected",
            "The library would give an object without times those of the clock.",
        ),
        (
            "test_a_system_is_as_bad_as_its_worst_open_incident",
            "An incident may close while another holds the same system down.",
        ),
        (
            "test_a_revoked_incident_is_withdrawn",
            "`revoked` takes back what was said: it does not say that all is well.",
        ),
        ("test_markings_of_both_tlp_versions_stay", "TLP 1.0 and 2.0 have different marking definitions."),
    ),
    decoder=lambda: Records(read),
)
