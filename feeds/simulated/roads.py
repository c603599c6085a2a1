"""What happens on the simulated roads, and how do the national road services tell it?

Invented events on the real main roads, told in the formats of the nations: eismoinfo layer for Lithuania, DATEX II v2
for Estonia, v3 for Latvia. What is said is a pure function of a seed and the wall time; each event's time is the wall
time at which its state last changed, so that closures come and go and nothing is younger than it says.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from random import Random
from typing import Final
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

import msgspec

from cop.event import Millis
from cop.geo import Point, from_wgs84

WAYPOINTS: Final = Path(__file__).parent.parent / "reference" / "march" / "route_waypoints.csv"
VILNIUS: Final = ZoneInfo("Europe/Vilnius")
MARK: Final = "SIMULATED"
MINUTE: Final = 60_000
DAY: Final = 24 * 60 * MINUTE
STEADY: Final = 20
"""Minutes after which a service confirms an event that has not changed."""
LONG: Final = 40 * DAY
"""How long an event lasts that does not come and go."""


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """One event of the scenario: a stretch between two waypoints of a route, and what happens there.

    It is there for the first `shown` of every `period` minutes, and always when `period` is 0. `what` names the
    restriction as in `WORDS`; `value` is in tonnes, or km/h.
    """

    id: str
    nation: str
    route: str
    start: str
    end: str
    category: str
    what: str
    value: float = 0.0
    text: str
    period: int = 0
    shown: int = 0


def _row(
    key: str,
    route: str,
    start: str,
    end: str,
    kind: str,
    text: str,
    value: float = 0.0,
    times: tuple[int, int] = (0, 0),
) -> Script:
    category, _, what = kind.partition("/")
    return Script(
        id=key, nation=key[:2], route=route, start=start, end=end, category=category, what=what,
        value=value, text=text, period=times[0], shown=times[1],
    )  # fmt: skip


SCENARIO: Final[tuple[Script, ...]] = (
    _row("LT-01", "R01", "Pasvalys", "Pumpenai junction", "roadworks/speed", "resurfacing, one lane", 50),
    _row("LT-02", "R01", "Marijampole bypass", "Kalvarija", "roadworks/speed", "Via Baltica widening", 70),
    _row("LT-03", "R05", "Taurage", "Lauksargiai", "weight/weight", "weak culvert, at most 12 t", 12),
    _row("LT-04", "R06", "Jonava", "Upninkai junction", "closure/closed", "bridge inspection", 0, (6, 3)),
    _row("LT-05", "R08", "Rietavas south", "Laukuva", "weather/speed", "black ice", 70, (18, 12)),
    _row("LT-06", "R08", "Elektrenai", "Vievis", "accident/speed", "accident, right lane blocked", 50, (14, 6)),
    _row("LT-07", "R07", "Telsiai", "Between Telsiai and Kursenai", "obstruction/speed", "fallen trees", 50, (22, 9)),
    _row("EE-01", "R01", "Marjamaa", "Jadivere", "roadworks/speed", "shoulder works", 70),
    _row("EE-02", "R01", "Voiste", "Haademeeste junction", "roadworks/speed", "resurfacing in sections", 50),
    _row("EE-03", "R02", "Karevere bridge", "Tartu north", "weight/weight", "bridge repair, at most 30 t", 30),
    _row("EE-04", "R03", "Mustvee", "Voore junction", "closure/closed", "culvert replaced", 0, (7, 4)),
    _row("EE-05", "R12", "Viitna", "Haljala", "weather/speed", "snow drifts", 70, (20, 13)),
    _row("EE-06", "R02", "Kose", "Ardu", "accident/speed", "accident, left lane blocked", 50, (16, 7)),
    _row("LV-01", "R01", "Salacgriva bridge", "Svetciems", "roadworks/speed", "bridge joints renewed", 50),
    _row("LV-02", "R01", "Iecava", "Bauska", "roadworks/speed", "cable laying beside the road", 70),
    _row("LV-03", "R09", "Skrunda Venta bridge", "Saldus", "weight/weight", "bridge repair, at most 20 t", 20),
    _row("LV-04", "R04", "Koknese", "Plavinas", "closure/closed", "level crossing works", 0, (5, 2)),
    _row("LV-05", "R05", "Smiltene south", "Rauna", "weather/speed", "slippery road", 70, (24, 15)),
    _row("LV-06", "R04", "Varaklani", "Vilani", "obstruction/speed", "broken-down lorry on the road", 50, (13, 6)),
)

WORDS: Final[Mapping[str, tuple[str, str, str]]] = {
    "roadworks": ("Kelio remontas", "MaintenanceWorks", "<roadMaintenanceType>roadworks</roadMaintenanceType>"),
    "closure": ("Eismo draudimas", "RoadOrCarriagewayOrLaneManagement", ""),
    "weight": ("Svorio ribojimas", "RoadOrCarriagewayOrLaneManagement", ""),
    "weather": ("Oro sąlygos", "WeatherRelatedRoadConditions", ""),
    "accident": ("Eismo įvykis", "Accident", "<accidentType>accident</accidentType>"),
    "obstruction": ("Kliūtis kelyje", "GeneralObstruction", "<obstructionType>objectOnTheRoad</obstructionType>"),
}
"""Category → the Lithuanian name, the DATEX II record type and its own element."""
WEATHER: Final = "<weatherRelatedRoadConditionType>{}</weatherRelatedRoadConditionType>"
CONDITIONS: Final = {"black ice": "blackIce", "snow drifts": "snowDrifts", "slippery road": "slipperyRoad"}
RESTRICTIONS: Final = {"speed": ("speedLimit", "76"), "weight": ("weightLimit", "84"), "closed": ("roadClosed", "61")}


_TAG = re.compile(r"(</?)(\w+)")
_COMMON = frozenset({"grossWeightCharacteristic", "comparisonOperator", "grossVehicleWeight"})
"""Elements that v3 keeps in its common namespace."""


class RoadEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event that is there now; `changed` is when it last changed, `until` when its service expects its end."""

    script: Script
    road: str
    path: tuple[Point, ...]
    changed: Millis
    since: Millis
    until: Millis


def state(seed: int, at_ms: Millis) -> tuple[RoadEvent, ...]:
    """The events that are there at this wall time."""
    return tuple(event for script in SCENARIO if (event := _event(script, seed, at_ms)) is not None)


def _event(script: Script, seed: int, now: Millis) -> RoadEvent | None:
    chance = Random(f"{seed}:{script.id}")
    period = (script.period or STEADY) * MINUTE
    shift = chance.randrange(period)
    changed = now - (now - shift) % period
    if changed < 0 or (script.period and now - changed >= script.shown * MINUTE):
        return None
    begun, until = changed, changed + script.shown * MINUTE
    if not script.period:
        begun = changed - (changed - chance.randrange(LONG)) % LONG
        until = begun + LONG
    road, path = _stretch(script.route, script.start, script.end)
    return RoadEvent(script=script, road=road, path=path, changed=changed, since=max(0, begun), until=until)


@cache
def _waypoints() -> dict[str, list[tuple[str, str, Point]]]:
    """Route → its waypoints in order: name, road, place."""
    routes: dict[str, list[tuple[str, str, Point]]] = {}
    with WAYPOINTS.open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            place = float(row["lon"]), float(row["lat"])
            routes.setdefault(row["route_id"], []).append((row["waypoint"], row["road"], place))
    return routes


def _stretch(route: str, start: str, end: str) -> tuple[str, tuple[Point, ...]]:
    """The road's number and the line between two waypoints."""
    points = _waypoints()[route]
    names = [name for name, _, _ in points]
    part = points[names.index(start) : names.index(end) + 1]
    return part[0][1].partition("/")[0].partition(" ")[2], tuple(place for _, _, place in part)


# -- the three formats ------------------------------------------------------------------------------------------------


def lithuania(events: tuple[RoadEvent, ...]) -> bytes:
    """The eismoinfo layer: LKS-94 with the easting first, local times without a zone."""

    def local(at: Millis) -> str:
        return datetime.fromtimestamp(at / 1000, VILNIUS).strftime("%Y-%m-%d %H:%M:%S")

    features = []
    for event in events:
        script = event.script
        kind, icon = RESTRICTIONS[script.what]
        line = [[round(metre) for metre in from_wgs84(3346, place, order="en")] for place in event.path]
        features.append(
            {
                "id": f"SIM:{script.id}",
                "name": f"{MARK} {WORDS[script.category][0]}",
                "details": True,
                "icon": "57",
                "street": f"{event.road} {script.start}–{script.end}",
                "description": _text(script),
                "startTime": local(event.since),
                "endTime": local(event.until),
                "updateTime": local(event.changed),
                "points": [{"min": 3, "max": 99, "point": line[0]}],
                "restrictions": [
                    {
                        "id": f"SIM:{script.id}:1",
                        "icon": icon,
                        "restrictionType": kind,
                        "transportType": "All",
                        **({"iconValue": script.value} if script.value else {}),
                        "lines": {"paths": [line]},
                    }
                ],
            }
        )
    return msgspec.json.encode([{"layer": "EAL", "name": "Eismo apribojimai (laikini)", "features": features}])


def estonia(events: tuple[RoadEvent, ...]) -> bytes:
    """A DATEX II v2 publication: points in degrees."""
    situations = "".join(
        f'<situation id="SIM-{event.script.id}" version="{event.changed // 1000}">'
        "<headerInformation><confidentiality>noRestriction</confidentiality>"
        "<informationStatus>technicalExercise</informationStatus></headerInformation>"
        f"{_record(event, 2)}"
        "</situation>"
        for event in events
    )
    newest = _utc(max((event.changed for event in events), default=0))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<d2LogicalModel xmlns="http://datex2.eu/schema/2/2_0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        f' modelBaseVersion="2"><exchange><supplierIdentification><country>ee</country><nationalIdentifier>{MARK}'
        "</nationalIdentifier></supplierIdentification></exchange>"
        f'<payloadPublication xsi:type="SituationPublication" lang="en"><publicationTime>{newest}</publicationTime>'
        f"<publicationCreator><country>ee</country><nationalIdentifier>{MARK}</nationalIdentifier>"
        f"</publicationCreator>{situations}</payloadPublication></d2LogicalModel>"
    ).encode()


def latvia(events: tuple[RoadEvent, ...]) -> bytes:
    """A DATEX II v3 publication: lines as positions in degrees, latitude first."""
    situations = "".join(
        f'<sit:situation id="SIM-{event.script.id}"><sit:headerInformation>'
        "<com:informationStatus>technicalExercise</com:informationStatus></sit:headerInformation>"
        f"{_record(event, 3)}"
        "</sit:situation>"
        for event in events
    )
    newest = _utc(max((event.changed for event in events), default=0))
    root = "http://datex2.eu/schema/3/"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<d2:payload xmlns:d2="{root}d2Payload" xmlns:com="{root}common" xmlns:sit="{root}situation"'
        f' xmlns:loc="{root}locationReferencing" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xsi:type="sit:SituationPublication" lang="en" modelBaseVersion="3">'
        f"<com:publicationTime>{newest}</com:publicationTime><com:publicationCreator><com:country>lv</com:country>"
        f"<com:nationalIdentifier>{MARK}</com:nationalIdentifier></com:publicationCreator>{situations}</d2:payload>"
    ).encode()


def _own(script: Script) -> str:
    """The elements of its record type, in v2: what happens there, or what it restricts."""
    match script.what:
        case "closed":
            return "<roadOrCarriagewayOrLaneManagementType>roadClosed</roadOrCarriagewayOrLaneManagementType>"
        case "weight":
            return (
                "<forVehiclesWithCharacteristicsOf><grossWeightCharacteristic>"
                "<comparisonOperator>greaterThan</comparisonOperator>"
                f"<grossVehicleWeight>{script.value:.1f}</grossVehicleWeight>"
                "</grossWeightCharacteristic></forVehiclesWithCharacteristicsOf>"
                "<roadOrCarriagewayOrLaneManagementType>weightRestrictionInOperation"
                "</roadOrCarriagewayOrLaneManagementType>"
            )
    return WEATHER.format(CONDITIONS[script.text]) if script.category == "weather" else WORDS[script.category][2]


def _record(event: RoadEvent, version: int) -> str:
    """The situation's record, in the names of v2 or in the namespaces of v3."""
    script = event.script
    sit, com = ("sit:", "com:") if version == 3 else ("", "")
    own = _TAG.sub(lambda tag: f"{tag[1]}{com if tag[2] in _COMMON else sit}{tag[2]}", _own(script))
    times = "".join(
        f"<{sit}{tag}>{_utc(at)}</{sit}{tag}>"
        for tag, at in (
            ("situationRecordCreationTime", event.since),
            ("situationRecordVersionTime", event.changed),
        )
    )
    return (
        f'<{sit}situationRecord xsi:type="{sit}{WORDS[script.category][1]}" id="SIM-{script.id}-1"'
        f' version="{event.changed // 1000}">{times}'
        f"<{sit}probabilityOfOccurrence>certain</{sit}probabilityOfOccurrence>"
        f"<{sit}validity><{com}validityStatus>definedByValidityTimeSpec</{com}validityStatus>"
        f"<{com}validityTimeSpecification><{com}overallStartTime>{_utc(event.since)}</{com}overallStartTime>"
        f"<{com}overallEndTime>{_utc(event.until)}</{com}overallEndTime></{com}validityTimeSpecification>"
        f"</{sit}validity><{sit}generalPublicComment><{sit}comment><{com}values>"
        f'<{com}value lang="en">{escape(_text(script))}</{com}value></{com}values></{sit}comment>'
        f"</{sit}generalPublicComment>{_place_v3(event) if version == 3 else _place_v2(event)}{own}"
        f"</{sit}situationRecord>"
    )


def _place_v2(event: RoadEvent) -> str:
    (lon, lat), (to_lon, to_lat) = event.path[0], event.path[-1]

    def end(name: str, lon: float, lat: float) -> str:
        place = f"<latitude>{lat}</latitude><longitude>{lon}</longitude>"
        return f'<{name} xsi:type="TpegNonJunctionPoint"><pointCoordinates>{place}</pointCoordinates></{name}>'

    return (
        '<groupOfLocations xsi:type="Linear"><supplementaryPositionalDescription><affectedCarriagewayAndLanes>'
        "<carriageway>mainCarriageway</carriageway></affectedCarriagewayAndLanes>"
        "</supplementaryPositionalDescription><tpegLinearLocation><tpegDirection>bothWays</tpegDirection>"
        "<tpegLinearLocationType>segment</tpegLinearLocationType>"
        f"{end('to', to_lon, to_lat)}{end('from', lon, lat)}</tpegLinearLocation>"
        f"<linearWithinLinearElement><linearElement><roadNumber>{event.road}</roadNumber></linearElement>"
        "</linearWithinLinearElement></groupOfLocations>"
    )


def _place_v3(event: RoadEvent) -> str:
    positions = " ".join(f"{lat} {lon}" for lon, lat in event.path)
    return (
        '<sit:locationReference xsi:type="loc:LinearLocation"><loc:supplementaryPositionalDescription>'
        f"<loc:roadInformation><loc:roadNumber>{event.road}</loc:roadNumber></loc:roadInformation>"
        '</loc:supplementaryPositionalDescription><loc:gmlLineString srsName="EPSG:4326">'
        f"<loc:posList>{positions}</loc:posList></loc:gmlLineString></sit:locationReference>"
    )


def _text(script: Script) -> str:
    return f"{MARK}: {script.text}, {script.start}–{script.end}"


def _utc(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
