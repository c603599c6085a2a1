"""Which ships go between Finland and our ports? Port calls in Finland, as announced to Portnet.

Digitraffic knows calls at Finnish ports only, so ours stand in them as the previous and the next port. A call becomes
what the ship means to do: previous port, port to visit, next port, as far as their places are known here, which is
those of `feeds/reference/ports.csv` that have a LOCODE there. A call that touches none of them is ignored. Agents and
masters are people: they are not carried.

`portCallTimestamp` is when the call was last changed, which is the event's time. A ship with several calls shows the
one that was changed last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final

import msgspec

from cop.event import Described, Millis, Planned, Scalar, Waypoint
from feeds.adapter import Context, Outcome, Records, Reject, Request, Source, Unreadable, attempt, json_list, tell
from feeds.sources.ais import clean

NAME: Final = "digitraffic-portcall"
BIGGEST: Final = 64 * 1024 * 1024

PORTS: Final[dict[str, tuple[str, str, float, float]]] = {
    "EEMUG": ("port:P01", "Muuga", 24.9583, 59.4917),
    "EETLL": ("port:P04", "Tallinn Old City", 24.7670, 59.4450),
    "EESLM": ("port:P05", "Sillamae", 27.7400, 59.4200),
    "EEPAR": ("port:P06", "Parnu", 24.4800, 58.3870),
    "EEKND": ("port:P07", "Kunda", 26.5400, 59.5200),
    "EEVIR": ("port:P08", "Virtsu", 23.5080, 58.5720),
    "EEKUI": ("port:P09", "Kuivastu", 23.3930, 58.5740),
    "EEROH": ("port:P10", "Rohukula", 23.4250, 58.9050),
    "EEHLT": ("port:P11", "Heltermaa", 23.0460, 58.8660),
    "LVRIX": ("port:P20", "Riga", 24.0900, 57.0300),
    "LVVNT": ("port:P21", "Ventspils", 21.5400, 57.4000),
    "LVLPX": ("port:P22", "Liepaja", 21.0000, 56.5300),
    "LVSKU": ("port:P23", "Skulte", 24.4070, 57.3160),
    "LTKLJ": ("port:P30", "Klaipeda", 21.1300, 55.7000),
    "LTBOT": ("port:P31", "Butinge terminal", 20.9700, 56.0400),
}
"""LOCODE → subject, name, lon, lat: the rows of feeds/reference/ports.csv that have a LOCODE."""

SHIP_TYPES: Final[dict[int, str]] = {
    **dict.fromkeys((10, 20, 30), "passenger"),
    **dict.fromkeys((40, 44, 50, 60, 70), "cargo"),
    **dict.fromkeys(range(80, 90), "tanker"),
    91: "tug",
}
"""`vesselTypeCode` of Portnet, in its groups, by the words of `feeds.sources.ais`. Other codes stay numbers."""

TIMES: Final = ("eta", "ata", "etd", "atd")
Time = str


class Area(msgspec.Struct, kw_only=True):
    """A part of the port that the ship visits, with estimated and actual times."""

    code: str | None = msgspec.field(name="portAreaCode", default=None)
    name: str | None = msgspec.field(name="portAreaName", default=None)
    berth: str | None = msgspec.field(name="berthName", default=None)
    eta: Time | None = None
    etd: Time | None = None
    ata: Time | None = None
    atd: Time | None = None


class Declared(msgspec.Struct, kw_only=True):
    """The IMO general declaration on arrival or departure. Passengers are spelled as the service spells them."""

    when: str | None = msgspec.field(name="imoGeneralDeclaration", default=None)
    crew: int | None = msgspec.field(name="numberOfCrew", default=None)
    passengers: int | None = msgspec.field(name="numberOfPassangers", default=None)


class Call(msgspec.Struct, kw_only=True):
    """One port call."""

    id: int = msgspec.field(name="portCallId")
    changed: Time = msgspec.field(name="portCallTimestamp")
    to: str = msgspec.field(name="portToVisit")
    previous: str | None = msgspec.field(name="prevPort", default=None)
    next: str | None = msgspec.field(name="nextPort", default=None)
    name: str | None = msgspec.field(name="vesselName", default=None)
    call_sign: str | None = msgspec.field(name="radioCallSign", default=None)
    imo: int | None = msgspec.field(name="imoLloyds", default=None)
    mmsi: int | None = None
    nationality: str | None = None
    type_code: int | None = msgspec.field(name="vesselTypeCode", default=None)
    declared: list[Declared] | None = msgspec.field(name="imoInformation", default=None)
    areas: list[Area] | None = msgspec.field(name="portAreaDetails", default=None)


class _Stay(msgspec.Struct, frozen=True):
    """When the ship comes and goes: the first and last of all areas, None as far as nobody said."""

    eta: Millis | None
    etd: Millis | None
    ata: Millis | None
    atd: Millis | None
    areas: str


def read(payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
    """The outcomes of one port call after the other."""
    try:
        if len(payload) > BIGGEST:
            raise Unreadable(f"{len(payload)} bytes, more than {BIGGEST}")
        records = list(json_list(payload, "portCalls"))
    except Unreadable as error:
        yield [Reject(str(error), 0, payload)]
        return
    except RecursionError:
        yield [Reject("nested deeper than any list of port calls", 0, payload)]
        return
    for offset, raw in records:
        yield attempt(partial(_call, raw, context), offset, raw)


def _call(raw: bytes, context: Context) -> Iterator[Outcome]:
    """What the ship means to do, and who she is."""
    try:
        call = msgspec.json.decode(raw, type=Call)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"not a port call: {error}"[:200]) from None
    way = [clean(code).upper() for code in (call.previous, call.to, call.next)]
    if not any(code in PORTS for code in way):
        return
    subject, stay = _subject(call), _stay(call.areas or ())
    at = _time("portCallTimestamp", call.changed)
    if at is None:
        raise Unreadable("no portCallTimestamp: its age cannot be told")
    plan = _planned(call.id, way, stay)
    yield tell(NAME, subject, at, _described(call, plan), context)
    yield tell(NAME, subject, at, plan, context)


def _subject(call: Call) -> str:
    if call.mmsi is not None and 100_000_000 <= call.mmsi < 1_000_000_000:
        return f"vessel:{call.mmsi}"
    if call.imo is not None and 1_000_000 <= call.imo <= 9_999_999:
        return f"vessel:imo-{call.imo}"
    raise Unreadable("neither an MMSI nor an IMO number: whose call it is cannot be told")


def _described(call: Call, plan: Planned) -> Described:
    nation = clean(call.nationality).upper()
    times = (f"{name.upper()} {plan.properties[name]}" for name in TIMES if name in plan.properties)
    properties: dict[str, Scalar] = {"portcall_id": call.id, "port_call": ", ".join([plan.route, *times])}
    if call.mmsi is not None and 100_000_000 <= call.mmsi < 1_000_000_000:
        properties["mmsi"] = str(call.mmsi)
    if call.imo is not None and 1_000_000 <= call.imo <= 9_999_999:
        properties["imo"] = call.imo
    if sign := clean(call.call_sign):
        properties["callsign"] = sign
    if call.type_code is not None:
        properties["portnet_type_code"] = call.type_code
        if (word := SHIP_TYPES.get(call.type_code)) is not None:
            properties["ship_type"] = word
    for said in call.declared or ():
        way = clean(said.when).lower()
        if way in ("arrival", "departure") and (said.crew or said.passengers):  # a declaration of nobody was never made
            properties |= {
                f"{who}_{way}": count
                for who, count in (("crew", said.crew), ("passengers", said.passengers))
                if count is not None and count >= 0
            }
    return Described(
        name=clean(call.name),
        nations=(nation,) if len(nation) == 2 and nation.isascii() and nation.isalpha() else (),
        properties=properties,
        basis="port call, as announced to Portnet",
    )


def _planned(number: int, way: list[str], stay: _Stay) -> Planned:
    """The ports whose places are known, in order; only the one that is called at has times."""
    due, clear = (stay.ata if stay.ata is not None else stay.eta), (stay.atd if stay.atd is not None else stay.etd)
    points = [
        Waypoint(
            f"{PORTS[code][1]} ({code})", *PORTS[code][2:], due=due if here else None, clear=clear if here else None
        )
        for code, here in zip(way, (False, True, False), strict=True)
        if code in PORTS
    ]
    said = {
        "previous_port": way[0],
        "port": way[1],
        "next_port": way[2],
        "ports": " ".join(dict.fromkeys(PORTS[code][0] for code in way if code in PORTS)),
        "areas": stay.areas,
        **{name: _text(getattr(stay, name)) for name in TIMES},
    }
    properties: dict[str, Scalar] = {"portcall_id": number, **{key: text for key, text in said.items() if text}}
    return Planned(" - ".join(code for code in way if code), points=tuple(points), properties=properties)


def _stay(areas: Sequence[Area]) -> _Stay:
    """The first arrival and the last departure; an actual departure counts once the ship has left every area."""
    told = [{name: _time(name, getattr(area, name)) for name in TIMES} for area in areas]
    eta, ata, etd, atd = ([time for each in told if (time := each[name]) is not None] for name in TIMES)
    names = [
        " ".join(part for part in (clean(area.name) or clean(area.code), clean(area.berth)) if part) for area in areas
    ]
    return _Stay(
        eta=min(eta, default=None),
        etd=max(etd, default=None),
        ata=min(ata, default=None),
        atd=max(atd) if atd and len(atd) == len(areas) else None,
        areas=", ".join(dict.fromkeys(name for name in names if name))[:200],
    )


def _time(field: str, said: Time | None) -> Millis | None:
    """A time in ISO 8601 with its zone; None when there is none."""
    if said is None or not said.strip():
        return None
    try:
        moment = datetime.fromisoformat(said.strip())
        millis = round(moment.timestamp() * 1000) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        raise Unreadable(f"{field} {said[:40]!r} is not a time") from None
    if millis is None:
        raise Unreadable(f"{field} {said[:40]!r} names no zone")
    return millis


def _text(at: Millis | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


SOURCE = Source(
    name=NAME,
    title="Port calls between Finland and the Baltic ports",
    domain="maritime",
    nations=("FI",),
    kinds=("vessel",),
    transport="http",
    formats="JSON document of port calls",
    licence="CC BY 4.0",
    attribution="Fintraffic / digitraffic.fi",
    address="https://meri.digitraffic.fi/api/port-call/v1/port-calls",
    request=Request(headers=(("Digitraffic-User", "baltic-mobility-picture"), ("Accept-Encoding", "gzip"))),
    rate_s=600,
    stale_s=86400,
    identity="MMSI, else IMO number",
    grid="none: ports by LOCODE, their places from feeds/reference/ports.csv",
    complete=False,
    mapping=(
        ("mmsi, else imoLloyds", "subject: vessel:<nine digits>, else vessel:imo-<seven digits>"),
        ("portCallTimestamp", "at"),
        ("dataUpdatedTime", "not read: the service's own clock"),
        ("vesselName, nationality", "described.name, nations"),
        ("radioCallSign, imoLloyds, mmsi", "described.properties callsign, imo, mmsi"),
        ("portCallId", "described and planned properties portcall_id"),
        ("vesselTypeCode", "properties portnet_type_code, and ship_type where its group is known"),
        ("numberOfCrew, numberOfPassangers", "properties crew_arrival, passengers_departure …; both 0 is none"),
        ("prevPort, portToVisit, nextPort", "planned.route; planned.points for the ports of ours; properties"),
        ("no port of ours among them", "ignored"),
        ("portAreaDetails ata, else eta: the first", "the point's due, when it is a port of ours; properties eta, ata"),
        ("portAreaDetails atd, else etd: the last", "the point's clear, likewise; atd once all areas have one"),
        ("the ports and their times", "described.properties port_call, in words"),
        ("portAreaName, berthName", "planned.properties areas"),
        ("agentInfo, shipMaster…, forwarderName…, freeText…", "not carried: people, and words for them"),
    ),
    quirks=(
        ("test_portcalls_want_gzip_and_a_name", "Without `Accept-Encoding: gzip` the service answers 406."),
        ("test_passengers_are_spelled_as_the_service_does", "The field is called `numberOfPassangers`."),
        (
            "test_baltic_ports_stand_as_previous_and_next",
            "Only Finnish ports are called at: ours show as the previous and the next port.",
        ),
        ("test_blank_names_and_numbers_are_unknown", "What is missing is a blank, and 0 for IMO number and MMSI."),
        (
            "test_a_ship_with_no_mmsi_goes_by_her_imo_number",
            "Not every ship has an MMSI in the call: her IMO number is then her name.",
        ),
    ),
    decoder=lambda: Records(read),
)
