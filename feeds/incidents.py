"""What do cyber incidents become here, whatever format they came in? An incident's events, and those of our systems.

An incident is told as a subject of its own. It says something of a system of ours only when it names one: by the id or
the name in `feeds/reference/cyber_systems.csv`. Several incidents may name one system: the worst of those that are
still open counts, and the system works again, as far as this source knows, when all are over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Final, NamedTuple

import msgspec

from cop.event import SEVERITY, Body, Described, Gone, Millis, Scalar, State, Status
from feeds.adapter import Context, Outcome, Reject, attempt, tell

SYSTEMS: Final[dict[str, str]] = {
    "SYS-302": "Form 302 electronic exchange (customs)",
    "SYS-CBM": "Cross-border movement permission desk (NMCC e-mail/portal)",
    "SYS-BG": "Border guard information system",
    "SYS-CUS": "Customs system",
    "SYS-GOSW": "Border queue booking systems",
    "SYS-TMC": "Road traffic management and variable signs",
    "SYS-VTS": "Vessel traffic and port community system",
    "SYS-RAIL": "Rail traffic control",
    "SYS-AIS": "Aeronautical information / NOTAM distribution",
    "SYS-AVL": "Convoy trackers (GNSS + mobile data)",
}
"""Id → name: the rows of feeds/reference/cyber_systems.csv."""
_NAMED: Final = {said.casefold(): key for key, name in SYSTEMS.items() for said in (key, name)}
WORKS_MS: Final = 24 * 3_600_000
LONGEST: Final = 2000
"""Letters of a text that is carried."""
PREFIX: Final = "system:"


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """One incident as its format told it."""

    id: str
    """Without the kind; unique in its source."""
    at: Millis
    name: str = ""
    description: str = ""
    state: State | None = None
    """What it does to what it hits: degraded or closed while it lasts, `open` once over, None if it says nothing."""
    since: Millis | None = None
    until: Millis | None = None
    reason: str = ""
    withdrawn: str = ""
    """Why its author takes it back; empty: he doesn't."""
    systems: tuple[str, ...] = ()
    """The ids of our systems that it names."""
    marking: str = ""
    properties: dict[str, Scalar] = {}
    basis: str = ""


def systems_in(texts: Iterable[object]) -> tuple[str, ...]:
    """The systems of ours that these texts are the id or the name of, each once."""
    keys = (" ".join(text.split()).casefold() for text in texts if isinstance(text, str))
    return tuple(dict.fromkeys(_NAMED[key] for key in keys if key in _NAMED))


class Record(NamedTuple):
    """A record as it stands in the payload: its incident, or why it cannot be read, or None for what is no incident."""

    offset: int
    raw: bytes
    told: Incident | str | None


def outcomes(source: str, records: Sequence[Record], context: Context) -> Iterator[Sequence[Outcome]]:
    """The outcomes of one record after the other. What incidents say of a system comes with the last of them."""
    newest: dict[str, int] = {}
    for index, record in enumerate(records):
        if isinstance(record.told, Incident):
            before = records[newest.get(record.told.id, index)].told
            if isinstance(before, Incident) and before.at <= record.told.at:
                newest[record.told.id] = index
    naming: dict[str, list[int]] = {}
    for index in newest.values():
        for system in _systems(records[index]):
            naming.setdefault(system, []).append(index)
    for index, (offset, raw, told) in enumerate(records):
        if isinstance(told, Incident):
            said = list(events(told))
            for system, indices in naming.items():
                if max(indices) == index:
                    found = (records[each].told for each in indices)
                    said.extend(system_events(system, [each for each in found if isinstance(each, Incident)]))
            yield attempt(partial(_tell, source, said, context), offset, raw)
        else:
            yield () if told is None else [Reject(told, offset, raw)]


def _systems(record: Record) -> tuple[str, ...]:
    return record.told.systems if isinstance(record.told, Incident) else ()


def _tell(source: str, said: Iterable[tuple[str, Millis, Body]], context: Context) -> Iterator[Outcome]:
    for subject, at, body in said:
        yield tell(source, subject, at, body, context)


def events(incident: Incident) -> Iterator[tuple[str, Millis, Body]]:
    """(subject, time, body) of what is said of the incident itself."""
    subject = f"incident:{incident.id}"
    if incident.withdrawn:
        yield subject, incident.at, Gone(incident.withdrawn)
        return
    properties: dict[str, Scalar] = {
        "systems": " ".join(incident.systems),
        "description": incident.description[:LONGEST],
        **incident.properties,
    }
    known: dict[str, Scalar] = {key: value for key, value in properties.items() if value not in ("", None)}
    name = incident.name[:200] or incident.id
    yield subject, incident.at, Described(name=name, properties=known, basis=incident.basis, marking=incident.marking)
    yield subject, incident.at, _status(incident, incident.reason or name)


def system_events(system: str, told: Sequence[Incident]) -> Iterator[tuple[str, Millis, Body]]:
    """(subject, time, body) of what all incidents that name the system say of it together, at the newest's time.

    An incident that says nothing of its effect, or that is taken back, says nothing of the system either. One that is
    over says for a day that the system works. The marking goes with the words.
    """
    subject, at = f"{PREFIX}{system}", max((each.at for each in told), default=0)
    saying = [each for each in told if each.state is not None and not each.withdrawn]
    if saying:
        worst = max(saying, key=lambda each: (SEVERITY[each.state or "unknown"], each.at, each.id))
        reason = f"{worst.name[:120] or worst.id}: {worst.reason[:120]}".rstrip(": ")
        body = _status(worst, f"{reason} [{worst.marking}]" if worst.marking else reason)
        if body.state == "open":
            body = msgspec.structs.replace(body, until=max(at, body.since or 0) + WORKS_MS)
        yield subject, at, body
    elif any(each.withdrawn for each in told):
        yield subject, at, Gone("its incidents were withdrawn")


def _status(incident: Incident, reason: str) -> Status:
    """The state while it lasts. A source that has `until` before `since` gets neither believed."""
    since, until = incident.since, incident.until
    if since is not None and until is not None and until < since:
        since = until = None
        reason += " (it ends before it begins: neither time is believed)"
    return Status(incident.state or "unknown", since, until, reason[:300])
