"""How does the simulated team for computer emergencies speak? An IODEF 2 document of incidents that come and go."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from cop.event import Millis
from feeds.simulated.national import Speaker
from feeds.simulated.script import MARK, MINUTE, changed

RIGA: Final = ZoneInfo("Europe/Riga")
TEAM: Final = "cert.sim.example.org"


class Scripted(NamedTuple):
    """An incident that holds for the first `shown` of every `period` minutes."""

    key: str
    system: str
    text: str
    impact: str
    severity: str
    restriction: str
    period: int
    shown: int


SCRIPT: Final[tuple[Scripted, ...]] = (
    Scripted("101", "SYS-BG", "border guard system out of reach", "availability-system", "high", "green", 80, 16),
    Scripted(
        "102", "SYS-GOSW", "flood of requests to queue booking", "availability-service", "medium", "white", 60, 25
    ),
    Scripted("103", "SYS-RAIL", "rail traffic control restarted", "integrity-data", "low", "amber", 100, 12),
)


class Standing(NamedTuple):
    """A scripted incident now: since when, whether it lasts, and when it was last told."""

    scripted: Scripted
    since: Millis
    end: Millis
    lasts: bool
    told: Millis


def state(seed: int, now: Millis) -> tuple[Standing, ...]:
    """The latest occurrence of each incident, to the second."""
    found = []
    for each in SCRIPT:
        since = changed(seed, f"iodef:{each.key}", now, each.period) // 1000 * 1000
        end = since + each.shown * MINUTE
        found.append(Standing(each, since, end, now < end, since if now < end else end))
    return tuple(found)


def say(seed: int, now: Millis) -> bytes:
    """The document of this moment."""
    incidents = "".join(_incident(each) for each in state(seed, now))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<IODEF-Document version="2.00" xml:lang="en" xmlns="urn:ietf:params:xml:ns:iodef-2.0">\n'
        f"{incidents}</IODEF-Document>\n"
    ).encode()


def _incident(each: Standing) -> str:
    said = each.scripted
    status = "in-progress" if each.lasts else "resolved"
    end = "" if each.lasts else f"<EndTime>{_time(each.end)}</EndTime>"
    return (
        f'<Incident purpose="reporting" restriction="{said.restriction}" status="{status}">'
        f'<IncidentID name="{TEAM}">{said.key}-{each.since // MINUTE}</IncidentID>'
        f"<StartTime>{_time(each.since)}</StartTime>{end}"
        f"<ReportTime>{_time(each.since)}</ReportTime><GenerationTime>{_time(each.told)}</GenerationTime>"
        f"<Description>{MARK} {escape(said.text)}</Description>"
        f'<Assessment><SystemImpact severity="{said.severity}" completion="succeeded" type="{said.impact}"/>'
        "</Assessment>"
        '<Contact role="creator" type="organization"><ContactName>SIM CERT</ContactName></Contact>'
        f'<EventData><System category="target"><Node><DomainData system-status="unknown" domain-status="unknown">'
        f"<Name>{said.system}</Name></DomainData></Node></System></EventData></Incident>\n"
    )


def _time(at: Millis) -> str:
    return datetime.fromtimestamp(at // 1000, RIGA).isoformat()


SPEAKERS: Final = (
    Speaker(feed="iodef", source="iodef", path="/cert/incidents.xml", media="application/xml", say=say, rate_s=30.0),
)
