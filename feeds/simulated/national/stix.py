"""How does the simulated collection of cyber incidents speak? A STIX 2.1 bundle of incidents that come and go."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import NAMESPACE_URL, uuid5

import msgspec

from cop.event import Millis, State
from feeds.incidents import SYSTEMS
from feeds.simulated.national import Speaker
from feeds.simulated.script import MARK, MINUTE, changed

CLEAR: Final = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"
GREEN: Final = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"
CORE: Final = "extension-definition--ef765651-680c-498d-9894-99799f2fa126"


class Scripted(NamedTuple):
    """An incident that holds for the first `shown` of every `period` minutes."""

    key: str
    system: str
    name: str
    text: str
    state: State
    marking: str
    confidence: int
    period: int
    shown: int
    by_infrastructure: bool = False
    """Whether the system is named by an infrastructure that is tied to it, else by the incident itself."""


SCRIPT: Final[tuple[Scripted, ...]] = (
    Scripted("cus", "SYS-CUS", "customs system slow", "Declarations take minutes.", "degraded", CLEAR, 70, 50, 20),
    Scripted("tmc", "SYS-TMC", "variable signs dark", "Signs show nothing.", "closed", GREEN, 85, 70, 15, True),
    Scripted("cbm", "SYS-CBM", "flood of mail at the desk", "Requests are late.", "degraded", GREEN, 60, 90, 30, True),
    Scripted("vts", "SYS-VTS", "port community system down", "Manifests on paper.", "closed", CLEAR, 90, 120, 18),
)


class Standing(NamedTuple):
    """A scripted incident now: since when, whether it lasts, and when it last changed."""

    scripted: Scripted
    since: Millis
    lasts: bool
    modified: Millis


def state(seed: int, now: Millis) -> tuple[Standing, ...]:
    """The latest occurrence of each incident."""
    found = []
    for each in SCRIPT:
        since = changed(seed, f"stix:{each.key}", now, each.period)
        end = since + each.shown * MINUTE
        found.append(Standing(each, since, now < end, since if now < end else end))
    return tuple(found)


def say(seed: int, now: Millis) -> bytes:
    """The bundle of this moment."""
    objects = [told for each in state(seed, now) for told in _objects(seed, each)]
    objects.append(_indicator(seed))
    return msgspec.json.encode({"type": "bundle", "id": f"bundle--{_uuid(seed, now)}", "objects": objects})


def incident_id(seed: int, each: Standing) -> str:
    """The UUID of an occurrence."""
    return _uuid(seed, f"{each.scripted.key}:{each.since}")


def _objects(seed: int, each: Standing) -> list[dict[str, Any]]:
    said, key = each.scripted, incident_id(seed, each)
    incident = {
        **_head("incident", key, each.since, each.modified),
        "name": f"{MARK} {said.name}",
        "description": f"{MARK}. {said.text}",
        "confidence": said.confidence,
        "labels": ["simulated"],
        "object_marking_refs": [said.marking],
        "x_cop_state": said.state,
        "x_cop_since": _time(each.since),
        "extensions": {
            CORE: {
                "extension_type": "property-extension",
                "determination": "suspected",
                "investigation_status": "open" if each.lasts else "closed",
                "other_object_refs": [],
            }
        },
    }
    if not said.by_infrastructure:
        return [incident | {"x_cop_system": said.system}]
    part = _uuid(seed, f"infrastructure:{said.system}")
    return [
        incident,
        {**_head("infrastructure", part, each.since, each.since), "name": SYSTEMS[said.system]},
        {
            **_head("relationship", _uuid(seed, f"impacts:{key}"), each.since, each.since),
            "relationship_type": "impacts",
            "source_ref": f"incident--{key}",
            "target_ref": f"infrastructure--{part}",
        },
    ]


def _indicator(seed: int) -> dict[str, Any]:
    """A sign of an attack, which is no incident."""
    return {
        **_head("indicator", _uuid(seed, "indicator"), 1_790_000_000_000, 1_790_000_000_000),
        "name": f"{MARK} domain",
        "pattern": "[domain-name:value = 'sim.example.org']",
        "pattern_type": "stix",
        "valid_from": _time(1_790_000_000_000),
    }


def _head(kind: str, key: str, created: Millis, modified: Millis) -> dict[str, Any]:
    times = {"created": _time(created), "modified": _time(modified)}
    return {"type": kind, "spec_version": "2.1", "id": f"{kind}--{key}", **times}


def _uuid(seed: int, name: object) -> str:
    return str(uuid5(NAMESPACE_URL, f"simulated:{seed}:{name}"))


def _time(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


SPEAKERS: Final = (
    Speaker(
        feed="stix",
        source="stix",
        path="/taxii2/collections/incidents/objects",
        media="application/taxii+json;version=2.1",
        say=say,
        rate_s=30.0,
    ),
)
