"""How are the road situations of a DATEX II publication read, version 2 or 3?

Elements are known by their local names, so that one decoder reads both versions, in whatever envelope they come. Each
situation record is a thing of its own. What is no well-formed document is read situation by situation: those that are
whole count, and the rest is rejected. A place that cannot be read costs the place and not the event, and says so.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from lxml import etree

from cop.event import REAL, SEVERITY, Body, Described, Event, Gone, Limit, Millis, Scalar, State, Status
from cop.geo import Order, Point, Unplaceable, along, axis_order, length, line_to_wgs84
from feeds.adapter import Context, Document, Outcome, Reject, Source, report

NAME: Final = "datex2"
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
MANAGEMENT: Final = ("roadOrCarriagewayOrLaneManagementType", "generalNetworkManagementType", "trafficConstrictionType")

CAUSES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("accident", ("accident",)),
    ("roadworks", ("maintenance", "roadwork", "construction")),
    ("weather", ("environment", "weather", "slippery", "snow", "ice", "fog")),
    ("obstruction", ("obstruction", "damage")),
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
NORTH_FIRST: Final = frozenset({3059, 3301, 3346, 2180, 4258, 4326})
"""Frames whose positions come northing or latitude first when the numbers do not tell."""

_SAFE: Final = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}
_TYPE: Final = "{http://www.w3.org/2001/XMLSchema-instance}type"
_UTF16 = re.compile(rb"\s*<\?xml[^>]{0,80}encoding\s*=\s*[\"']utf-?16[\"'][^>]{0,80}\?>", re.IGNORECASE)
_DECLARED = re.compile(rb"\s*<\?xml[^>]{0,80}encoding\s*=\s*[\"']([\w.-]{1,40})[\"']")
_XMLNS = re.compile(rb"\s(xmlns(?::[\w.-]+)?)\s*=\s*(\"[^\"<]*\"|'[^'<]*')")
_HTML = re.compile(rb"\s*(?:<!DOCTYPE html|<html)", re.IGNORECASE)
_TITLE = re.compile(rb"<(?:title|h1)[^>]*>([^<]{1,80})", re.IGNORECASE)
_BEGIN, _END = (re.compile(rb"<%s(?:[\w.-]{1,40}:)?situation(?=[\s>])" % slash) for slash in (b"", b"/"))
_RECORD, _RECORD_END = (re.compile(rb"<%s(?:[\w.-]{1,40}:)?situationRecord(?=[\s>])" % s for s in (b"", b"/"))) if False else (
    re.compile(rb"<(?:[\w.-]{1,40}:)?situationRecord(?=[\s>])"),
    re.compile(rb"</(?:[\w.-]{1,40}:)?situationRecord\s*>"),
)
