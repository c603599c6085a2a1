"""How are the road situations of a DATEX II publication read, version 2 or 3?

Elements are known by their local names, so that one decoder reads both versions, in whatever envelope they come. Each
situation record is a thing of its own. What is no well-formed document is read record by record: those that are
whole count, and the rest is rejected. A place that cannot be read costs the place and not the event, and says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import zip_longest
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from cop.event import REAL, Body, Described, Gone, Limit, Millis, Scalar, State, Status
from feeds.adapter import Context, Outcome, Records, Reject, Source, Unreadable, attempt, tell
from feeds.datex2_places import where
from feeds.xml import (
    Broken,
    Element,
    as_bytes,
    child,
    chosen,
    false_utf16,
    kind,
    local,
    number,
    page,
    parse,
    spaced,
    text,
    words,
)

NAME: Final = "datex2"
LANGUAGES: Final = {"EE": "et", "LV": "lv", "LT": "lt", "FI": "fi", "PL": "pl"}
"""Whose language is which: a publication with Latvian texts may call itself English."""
ZONES: Final = {
    nation: ZoneInfo(f"Europe/{city}")
    for nation, city in {"EE": "Tallinn", "LV": "Riga", "LT": "Vilnius", "FI": "Helsinki", "PL": "Warsaw"}.items()
}
"""Whose local time a time without a zone is."""

TYPES: Final[dict[str, tuple[str, State]]] = {
    "Roadworks": ("roadworks", "degraded"),
    "MaintenanceWorks": ("roadworks", "degraded"),
    "ConstructionWorks": ("roadworks", "degraded"),
    "Accident": ("accident", "degraded"),
    "PoorEnvironmentConditions": ("weather", "degraded"),
    "WeatherRelatedRoadConditions": ("weather", "degraded"),
    "NonWeatherRelatedRoadConditions": ("weather", "degraded"),
    "WinterDrivingManagement": ("weather", "degraded"),
    "GeneralObstruction": ("obstruction", "degraded"),
    "AnimalPresenceObstruction": ("obstruction", "degraded"),
    "EnvironmentalObstruction": ("obstruction", "degraded"),
    "InfrastructureDamageObstruction": ("obstruction", "degraded"),
    "VehicleObstruction": ("obstruction", "degraded"),
    "AbnormalTraffic": ("queue", "degraded"),
    "PublicEvent": ("event", "unknown"),
    "DisturbanceActivity": ("event", "unknown"),
    "AuthorityOperation": ("event", "unknown"),
    "SpeedManagement": ("other", "degraded"),
    "GeneralNetworkManagement": ("other", "degraded"),
}
"""Type of record → category, and what it says by itself of the road. Any other: `other`, and unknown."""

MEASURES: Final[dict[str, State]] = {
    **dict.fromkeys(("roadClosed", "closedPermanentlyForTheWinter", "bridgeSwingInOperation"), "closed"),
    **dict.fromkeys(("roadBlocked", "carriagewayBlocked"), "closed"),
    **dict.fromkeys(("carriagewayClosures", "intermittentShortTermClosures", "overnightClosures"), "restricted"),
    **dict.fromkeys(("rollingRoadBlock", "convoyService", "convoyServices"), "restricted"),
    **dict.fromkeys((f"{size}RestrictionInOperation" for size in ("weight", "height", "width")), "restricted"),
    **dict.fromkeys(("laneClosures", "lanesDeviated", "narrowLanes", "contraflow", "hardShoulderClosed"), "degraded"),
    **dict.fromkeys(("singleAlternateLineTraffic", "newRoadworksLayout", "temporaryTrafficLights"), "degraded"),
    **dict.fromkeys(("keepToTheLeft", "keepToTheRight", "doNotUseSpecifiedLanesOrCarriageways"), "degraded"),
    **dict.fromkeys(("useSpecifiedLanesOrCarriageways", "trafficControlInOperation"), "degraded"),
    **dict.fromkeys(("carriagewayPartiallyObstructed", "lanesBlocked", "lanesPartiallyObstructed"), "degraded"),
    "roadPartiallyObstructed": "degraded",
}  # fmt: skip
"""Management or constriction → state. `degraded`: all may pass, slower; `restricted`: not all, or not always."""
MANAGEMENT: Final = (
    "roadOrCarriagewayOrLaneManagementType",
    "generalNetworkManagementType",
    "trafficConstrictionType",
)

CAUSES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("accident", ("accident",)),
    ("roadworks", ("maintenance", "roadwork", "construction")),
    ("weather", ("environment", "weather", "slippery", "snow", "ice", "fog")),
    ("obstruction", ("obstruction", "damage", "laneclosures")),
    ("closure", ("closures",)),
    ("queue", ("congestion", "abnormaltraffic", "queue")),
    ("event", ("event", "demonstration", "disturbance")),
)
"""Category → what a cause that means it has in its name; the first row that fits."""

SIZES: Final[dict[str, tuple[str, str, float]]] = {
    "grossVehicleWeight": ("mass_t", "t", 500),
    "heaviestAxleWeight": ("axle_t", "t", 50),
    "vehicleHeight": ("height_m", "m", 30),
    "vehicleWidth": ("width_m", "m", 30),
    "vehicleLength": ("length_m", "m", 200),
}
"""Vehicle characteristic → what it limits, its unit, and the most that can be meant: beyond lies a slip of the unit."""
NARROWING: Final = frozenset({"narrowLanes", "doNotUseSpecifiedLanesOrCarriageways"})
"""Measures of lanes from which only a limit in metres follows: a lane closed to lorries is no limit of mass."""
UPPER: Final = {"greaterThan": "over", "greaterThanOrEqualTo": "from"}
"""Comparisons that shut out what is bigger, in words."""

DETAILS: Final = (
    "roadMaintenanceType", "constructionWorkType", "subjectTypeOfWorks", "accidentType", "obstructionType",
    "environmentalObstructionType", "infrastructureDamageType", "vehicleObstructionType", "animalPresenceType",
    "weatherRelatedRoadConditionType", "nonWeatherRelatedRoadConditionType", "poorEnvironmentType",
    "abnormalTrafficType", "publicEventType", "disturbanceActivityType", "authorityOperationType",
    "transitServiceInformation", "speedManagementType", "winterEquipmentManagementType",
)  # fmt: skip
"""Elements that say what exactly it is."""
RANK: Final[dict[State, int]] = {"open": 0, "unknown": 1, "degraded": 2, "restricted": 3, "closed": 4}
"""Of all that a record says, the worst counts; what is not understood is never better than unknown."""
TIMES: Final = ("situationRecordVersionTime", "situationRecordObservationTime", "situationRecordCreationTime")

_MARK = re.compile(rb"<(?P<end>/?)(?P<prefix>(?:[\w.-]{1,40}:)?)(?P<what>situation(?:Record)?)(?=[\s>])[^>]{0,2000}>")
_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,80}encoding\s*=\s*[\"']([\w.-]{1,40})[\"']")
_XMLNS = re.compile(rb"\s(xmlns(?::[\w.-]+)?)\s*=\s*(\"[^\"<]*\"|'[^'<]*')")
_DETAILS, _MANAGEMENT = ([f"{{*}}{name}" for name in names] for names in (DETAILS, MANAGEMENT))
_NATION = re.compile(r"[A-Z]{2}", re.ASCII)
_TONNES = re.compile(r"(?<![\w.,])(\d{1,3}(?:[.,]\d{1,3})?)\s*t\b(?!/)", re.ASCII)


class _Publication(NamedTuple):
    """What the publication says of all its records."""

    country: str = ""
    supplier: str = ""
    language: str = ""
    reader: str = NAME
    """The source whose events these are."""


class _Piece(NamedTuple):
    """Where a record stands in the bytes, and what of its situation goes before and after it."""

    begin: int
    end: int
    before: bytes
    after: bytes


class _Condition(NamedTuple):
    """For which vehicles a measure is: the limits that follow, in words, and what is in doubt about them."""

    limits: tuple[Limit, ...]
    text: str
    doubt: str


def read(payload: bytes, context: Context, name: str = NAME) -> Iterator[Sequence[Outcome]]:
    """Read one publication for the source of that name: for each record its events, or one reject.

    Nothing at all is an empty publication.
    """
    if not payload.strip(b"\xef\xbb\xbf \t\r\n"):
        return
    if (title := page(payload)) is not None:
        yield [Reject(f"an HTML page instead of DATEX II: {title}".rstrip(": "), 0, payload)]
        return
    if payload.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        yield [Reject("JSON instead of XML", 0, payload)]
        return
    if label := false_utf16(payload):
        yield [Reject("labelled UTF-16 and is not: read as UTF-8", 0, label)]
        payload = b" " * len(label) + payload[len(label) :]
    try:
        root = parse(payload)
    except Broken as error:
        yield from _salvaged(payload, str(error), context, name)
        return
    if root.getroottree().docinfo.internalDTD is not None:
        yield [Reject("a document type declaration, which DATEX II has not", 0, payload)]
        return
    yield from _published(root, payload, context, name)


def _published(root: Element, payload: bytes, context: Context, name: str) -> Iterator[Sequence[Outcome]]:
    found = list(root.iter("{*}payloadPublication", "{*}payload"))
    if not found:
        fault = next(root.iter("{*}faultstring", "{*}Reason"), None)
        what = f"not DATEX II but <{local(root)[:60]}>" if fault is None else f"a SOAP fault: {words(fault)[:120]}"
        yield [Reject(what, 0, payload)]
    spans: list[tuple[int, int]] | None = None
    index = 0
    for publication in found:
        told = _publication(publication, root, name)
        records = list(publication.iter("{*}situationRecord"))
        if not records and kind(publication) != "SituationPublication":
            yield [Reject(f"no situations but a {kind(publication)[:60] or 'payload of no type'}", 0, payload)]
        for record in records:
            outcomes = attempt(partial(_outcomes, record, told, context), 0, b"")
            if outcomes and isinstance(refused := outcomes[0], Reject):  # only now is it worth knowing where it stands
                spans = _spans(payload, root) if spans is None else spans
                begin, end = spans[index] if spans else (0, 0)
                outcomes = [Reject(refused.reason, begin, payload[begin:end] or as_bytes(record))]
            yield outcomes
            index += 1


def _spans(payload: bytes, root: Element) -> list[tuple[int, int]]:
    """Where each record begins and ends; none when the bytes do not tell (comments, an encoding of two bytes)."""
    marks = [mark for mark in _MARK.finditer(payload) if mark["what"] == b"situationRecord"]
    begins = [mark.start() for mark in marks if not mark["end"]]
    ends = [mark.end() for mark in marks if mark["end"]]
    count = sum(1 for _ in root.iter("{*}situationRecord"))
    return list(zip(begins, ends, strict=True)) if len(begins) == len(ends) == count else []


def _salvaged(payload: bytes, error: str, context: Context, name: str) -> Iterator[Sequence[Outcome]]:
    """The whole records of what is no well-formed document, and at least one reject."""
    pieces = _pieces(payload)
    if not pieces or b"<!DOCTYPE" in payload or b"<!ENTITY" in payload:
        yield [Reject(f"not well-formed XML: {error}"[:200], 0, payload)]
        return
    names: dict[bytes, bytes] = {}
    for prefix, value in _XMLNS.findall(payload):
        names.setdefault(prefix, value)
    declared = _DECLARED.match(payload)
    opening = b'<?xml version="1.0" encoding="%s"?><cut' % (declared[1] if declared else b"UTF-8")
    opening += b"".join(b" %s=%s" % pair for pair in names.items()) + b">"
    told = _Publication(reader=name)
    try:
        root = parse(payload[: pieces[0].begin], recover=True)
        told = _publication(next(root.iter("{*}payloadPublication", "{*}payload"), root), root, name)
    except Broken:
        pass  # without a head the records are of nobody
    lost = False
    for begin, end, before, after in pieces:
        raw = payload[begin:end]
        try:
            record = next(parse(opening + before + raw + after + b"</cut>").iter("{*}situationRecord"))
        except Broken as wrong:
            lost = True
            why = str(wrong).partition(", line ")[0]  # the line would be one of the piece
            yield [Reject(f"a record that is cut or not well-formed: {why}"[:200], begin, raw)]
            continue
        yield attempt(partial(_outcomes, record, told, context), begin, raw)
    if not lost:
        rest = payload[pieces[-1].end :]
        yield [Reject(f"not well-formed beside its records: {error}"[:200], pieces[-1].end, rest)]


def _pieces(payload: bytes) -> list[_Piece]:
    """Each record, up to its end tag or to the next tag of a record or situation, in its situation's header."""
    pieces: list[_Piece] = []
    marks = list(_MARK.finditer(payload))
    situation: re.Match[bytes] | None = None
    before = after = b""
    for mark, following in zip_longest(marks, marks[1:]):
        if mark["what"] == b"situation":
            situation, before, after = (None if mark["end"] else mark), b"", b""
        elif not mark["end"]:
            if situation is not None and not before:
                before = payload[situation.start() : mark.start()]
                after = b"</" + situation["prefix"] + b"situation>"
            whole = following is not None and following["end"] and following["what"] == b"situationRecord"
            end = len(payload) if following is None else following.end() if whole else following.start()
            pieces.append(_Piece(mark.start(), end, before, after))
    return pieces


def _publication(publication: Element, root: Element, name: str) -> _Publication:
    holders = (child(publication, "publicationCreator"), next(root.iter("{*}supplierIdentification"), None))
    country, supplier = (
        next((said for each in holders if (said := text(each, name))), "") for name in ("country", "nationalIdentifier")
    )
    return _Publication(country.upper(), supplier, (publication.get("lang") or "")[:2].lower(), name)


# -- one record -------------------------------------------------------------------------------------------------------


def _outcomes(record: Element, told: _Publication, context: Context) -> Iterator[Outcome]:
    """The record's events."""
    key = "_".join((record.get("id") or "").split())
    if not 0 < len(key) <= 200:
        raise Unreadable("an id of more than 200 letters" if key else "a record without an id")
    own = text(record, "source", "sourceCountry").upper()
    owner = told.country or own or told.supplier or text(record, "source", "sourceIdentification") or "unknown"
    subject = f"roadevent:{'_'.join(owner.split())[:60]}:{key}"
    nation = next((code for code in (own, told.country) if _NATION.fullmatch(code)), "")
    for suffix, at, body in _said(record, nation, told.language, context):
        yield tell(told.reader, subject + suffix, at, body, context)


def _said(record: Element, nation: str, language: str, context: Context) -> Iterator[tuple[str, Millis, Body]]:
    """(end of the subject, time, body) of each event of the record."""
    situation = record.getparent()
    real = text(situation, "headerInformation", "informationStatus") or "real"
    if real != "real" and context.world == REAL and context.origin == "observed":
        raise Unreadable(f"its informationStatus is {real[:40]!r}, not real")
    zone = ZONES.get(nation)
    at = next((found for name in TIMES if (found := _time(record, name, zone)) is not None), None)
    if at is None:
        raise Unreadable("no time of its own: its age cannot be told")
    validity = child(record, "validity")
    standing = text(validity, "validityStatus")
    cycle = child(child(record, "management"), "lifeCycleManagement")
    if standing == "ended" or "true" in (text(cycle, "cancel"), text(cycle, "end")):
        yield "", at, Gone("ended by its source")
        return
    spec = child(validity, "validityTimeSpecification")
    since, until = (_time(spec, f"overall{edge}Time", zone) for edge in ("Start", "End"))
    told = " ".join(
        dict.fromkeys(
            chosen(each, LANGUAGES.get(nation, language)) for each in record.iterchildren("{*}generalPublicComment")
        )
    )
    condition = _condition(record, told)
    details = [spaced(said) for each in record.iter(*_DETAILS) if (said := words(each)) not in ("", "other")]
    cause = _cause(record, details)
    state, reason = _state(record, condition, details)
    places, roads, notes = where(record)
    properties: dict[str, Scalar] = {
        "category": _category(kind(record), state, condition, f"{cause} {reason}"),
        "cause": cause,
        "roads": ", ".join(roads)[:200],
        "text": told.strip()[:2000],
        "type": spaced(kind(record)),
        "nation": nation,
        "situation": "" if situation is None else (situation.get("id") or "")[:200],
        "severity": "" if (severity := text(record, "severity")) in ("none", "unknown") else severity[:40],
        "conditions": condition.text,
        "doubt": condition.doubt,
        **notes,
    }
    if (probability := text(record, "probabilityOfOccurrence")) != "certain":
        properties["probability"] = spaced(probability)[:40]
    if spec is not None and (periods := sum(1 for _ in spec.iterchildren("{*}validPeriod"))):
        properties["periods"] = periods
    if until is not None and standing == "active" and text(validity, "overrunning") == "true":
        properties["planned_end"] = text(spec, "overallEndTime")  # it goes on beyond that, until it is withdrawn
        until = None
    if standing == "suspended":
        state, reason = "unknown", "suspended by its source"  # no word on whether the road is free
    name = ": ".join(filter(None, (", ".join(roads), reason or spaced(kind(record)))))[:80]
    known: dict[str, Scalar] = {key: value for key, value in properties.items() if value not in ("", None)}
    nations, marking = (nation,) if nation else (), "" if real == "real" else spaced(real).upper()[:40]
    status = Status(state, since, until, reason[:300], _measures(record, condition))
    for place in places:
        lon, lat = place.point or (None, None)
        limits = condition.limits
        yield place.suffix, at, Described(name, nations, lon, lat, place.path, "", limits, known, place.basis, marking)
        yield place.suffix, at, status


# -- what is restricted -----------------------------------------------------------------------------------------------


def _condition(record: Element, told: str) -> _Condition:
    """Limits follow only from what shuts vehicles out: a lower speed for lorries is no limit of mass."""
    measure = text(record, "roadOrCarriagewayOrLaneManagementType")
    restricts = measure.endswith("RestrictionInOperation")
    shuts = restricts or MEASURES.get(measure) in ("closed", "restricted")
    limits: list[Limit] = []
    said: list[str] = []
    doubts: list[str] = []
    all_of_them = False  # each element is a group of vehicles, and one of the groups may be all there are
    for vehicles in record.iterchildren("{*}forVehiclesWithCharacteristicsOf"):
        all_of_them |= all(words(each) == "anyVehicle" for each in vehicles)
        for each in vehicles:
            if local(each) == "vehicleType" and words(each) == "anyVehicle":
                continue
            size = next((part for part in each if local(part) in SIZES), None)
            if size is None:
                said.append(
                    spaced(words(each)) if local(each).startswith("vehicle") else f"{local(each)} {words(each)}"
                )
                continue
            what, unit, most = SIZES[local(size)]
            value, operator = number(words(size)), text(each, "comparisonOperator")
            said.append(f"{spaced(local(size))} {spaced(operator)} {words(size)} {unit}")
            if value is None or not 0 < value <= most:
                doubts.append(f"{words(size)[:20]} {unit} cannot be meant")
            elif (shuts or (unit == "m" and measure in NARROWING)) and (operator in UPPER or restricts or not operator):
                limits.append(
                    Limit(what, value, unit, f"{spaced(measure)} {UPPER.get(operator, 'at')} {value:g} {unit}")
                )
    masses = sorted({float(found.replace(",", ".")) for found in _TONNES.findall(told)})
    posted = {limit.value for limit in limits if limit.unit == "t"}
    if masses and posted and not posted & set(masses):
        doubts.append(f"the text says {' and '.join(f'{mass:g} t' for mass in masses)}")
    return _Condition(tuple(limits), "" if all_of_them else "; ".join(said)[:300], "; ".join(doubts)[:200])


def _state(record: Element, condition: _Condition, details: list[str]) -> tuple[State, str]:
    """The state and why. Closed only when nobody may pass: closed for vehicles over 12 t is a limit of 12 t."""
    states: list[State] = [TYPES.get(kind(record), ("other", "unknown"))[1]]
    if condition.limits:
        states.append("restricted")
    said: list[str] = []
    for each in record.iter(*_MANAGEMENT):
        measure = words(each)
        state = MEASURES.get(measure, "unknown")
        some = condition.text and state in ("closed", "degraded")
        states.append("restricted" if some else state)
        said.append(f"{spaced(measure)} for {condition.text}" if some else spaced(measure))
    if speed := text(record, "temporarySpeedLimit"):
        states.append("degraded")
        said.append(f"speed limited to {speed.removesuffix('.0')[:10]} km/h")
    return max(states, key=RANK.__getitem__), "; ".join(dict.fromkeys(filter(None, (*said, *details))))


def _category(record_type: str, state: State, condition: _Condition, cause: str) -> str:
    """What the driver would call it: by the record's type, then by what it limits, then by its cause."""
    named = TYPES.get(record_type, ("other", "unknown"))[0]
    if named != "other":
        return named
    if state == "closed":
        return "closure"
    if condition.limits:
        return "weight_limit" if any(limit.unit == "t" for limit in condition.limits) else "dimension_limit"
    letters = cause.replace(" ", "").lower()
    impaired = "closure" if state == "restricted" else "obstruction" if state == "degraded" else "other"
    by_default = impaired if record_type == "RoadOrCarriagewayOrLaneManagement" else "other"
    return next((name for name, parts in CAUSES if any(part in letters for part in parts)), by_default)


def _cause(record: Element, details: list[str]) -> str:
    own = child(record, "cause")
    said = [] if own is None else [spaced(words(each)) for each in own.iter("{*}causeType")]
    described = child(own, "causeDescription")
    said += [] if described is None else [chosen(described)]
    return ", ".join(dict.fromkeys(filter(None, (*said, *details))))[:200]


def _measures(record: Element, condition: _Condition) -> dict[str, float]:
    """Named numbers of the status; a delay of 0 is a default and no delay. The strictest of each counts."""
    found: dict[str, float] = {}
    for limit in condition.limits:
        found[limit.what] = min(limit.value, found.get(limit.what, limit.value))
    for key, name, scale, most, strictest in (
        ("speed_kmh", "temporarySpeedLimit", 1.0, 200.0, min),
        ("delay_min", "delayTimeValue", 1 / 60, 10_000.0, max),
        ("queue_m", "queueLength", 1.0, 1_000_000.0, max),
    ):
        values = [(number(words(each)) or 0.0) * scale for each in record.iter(f"{{*}}{name}")]
        if meant := [value for value in values if 0 < value <= most]:
            found[key] = round(strictest(meant), 1)
    return found


def _time(holder: Element | None, name: str, zone: ZoneInfo | None) -> Millis | None:
    """The time, local to the record's nation when it names no zone; None when there is none."""
    said = text(holder, name)
    if not said:
        return None
    try:
        days = timedelta(days="T24:00:00" in said)  # xs:dateTime has a midnight at the end of the day
        moment = datetime.fromisoformat(said.replace("T24:00:00", "T00:00:00"))
        if moment.tzinfo is None and zone is None:
            raise Unreadable(f"{name} {said[:40]!r} names no zone, nor its record a nation with one")
        return int((moment.replace(tzinfo=moment.tzinfo or zone) + days).timestamp() * 1000)
    except Unreadable:
        raise
    except (ValueError, OverflowError):
        raise Unreadable(f"{name} {said[:40]!r} is not a time") from None


SOURCE = Source(
    name=NAME,
    title="Road situations in DATEX II",
    domain="land",
    nations=("EE", "LV"),
    kinds=("roadevent",),
    transport="http",
    formats="DATEX II situation publications, version 2 and 3: d2LogicalModel, payload, messageContainer, SOAP",
    licence="Estonia: CC BY-NC 4.0; Latvia: CC0 1.0; others as their publisher says",
    attribution="Transpordiamet, Tark Tee (Estonia); VSIA Latvijas Valsts ceļi (Latvia)",
    address="https://tarktee.transpordiamet.ee/api/v1/datex/restrictions",
    rate_s=120.0,
    stale_s=86400.0,
    identity="the publication's country (else its supplier) and the situation record's id",
    grid="WGS 84 degrees, or the frame that srsName gives; EPSG order unless the numbers tell another",
    complete=True,
    mapping=(
        ("situationRecord/@id", "subject; the opposite direction of one record ends in :opposite"),
        ("situationRecordVersionTime, else observation, else creation time", "at; never the publication's time"),
        ("@xsi:type", "described.properties.type, category"),
        ("cause, and what the type details", "described.properties.cause"),
        ("generalPublicComment: English, else the publication's language", "described.properties.text"),
        ("publicationCreator, supplierIdentification, source: country", "described.nations, properties.nation"),
        ("roadNumber, else link name, else roadName", "described.properties.roads"),
        ("posList, tpeg from and to", "described.path, and its middle as lon, lat"),
        ("OpenLR line (elements or openlrBinary)", "described.path: its reference points, no road between them"),
        ("OpenLR offsets of a line", "described.properties.offsets: its path is not cut"),
        ("OpenLR firstDirection, and second or opposite", "two subjects, never joined; a further stretch ends in :2"),
        ("OpenLR point along a line", "lon, lat: by its offset on the straight line between them, so approximate"),
        ("OpenLR area", "described.path: its outline; of a circle its centre, properties.radius_m"),
        ("pointCoordinates, openlrCoordinates, coordinatesForDisplay", "described.lon, described.lat"),
        ("Alert-C codes", "described.properties.alert_c: no place, so it is listed and not drawn"),
        ("forVehiclesWithCharacteristicsOf", "described.limits, status.measures, properties.conditions"),
        ("management and constriction types", "status.state, status.reason"),
        ("roadClosed for some vehicles only", "status.state restricted"),
        ("validityStatus suspended", "status.state unknown"),
        ("lifeCycleManagement cancel or end", "gone"),
        ("overallStartTime, overallEndTime", "status.since, status.until; no end while it is overrunning"),
        ("temporarySpeedLimit, delayTimeValue, queueLength", "status.measures: speed_kmh, delay_min, queue_m"),
        ("informationStatus other than real", "rejected from an observed feed, else described.marking"),
    ),
    decoder=lambda: Records(read),
)
