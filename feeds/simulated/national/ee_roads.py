"""What does the simulated road register of Estonia say? The main roads 2 and 4 in sections, northing first."""

from __future__ import annotations

import csv
import itertools
from datetime import datetime
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from cop.event import Millis
from cop.geo import Point, from_wgs84, length
from feeds.simulated.national import Speaker
from feeds.simulated.roads import WAYPOINTS
from feeds.simulated.script import MARK, chance, changed

TALLINN: Final = ZoneInfo("Europe/Tallinn")
ROUTES: Final = ("R01", "R02")
EVERY_MIN: Final = 30 * 24 * 60
"""How often the register changes a section."""
SURFACES: Final = (("12", "tihe asfaltbetoon"), ("13", "poorne asfaltbetoon"), ("27", "pinnatud kruusatee"))
"""Code and name of a surface."""


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of a road between two waypoints; width in metres."""

    oid: int
    road: str
    name: str
    path: tuple[Point, Point]
    surface: tuple[str, str]
    width: float


@cache
def sections(seed: int) -> tuple[Section, ...]:
    """Every section between two waypoints of one road."""
    with WAYPOINTS.open(encoding="utf-8", newline="") as table:
        rows = [row for row in csv.DictReader(table) if row["route_id"] in ROUTES and row["nation"] == "EE"]
    found: list[Section] = []
    for a, b in itertools.pairwise(rows):
        road = a["road"].partition("/")[0]
        if a["route_id"] == b["route_id"] and road == b["road"].partition("/")[0]:
            oid = 9000 + len(found)
            draw = chance(seed, "section", oid)
            found.append(
                Section(
                    oid=oid,
                    road=road.removeprefix("EE "),
                    name=f"{a['waypoint']} - {b['waypoint']}",
                    path=((float(a["lon"]), float(a["lat"])), (float(b["lon"]), float(b["lat"]))),
                    surface=draw.choice(SURFACES),
                    width=draw.choice((7.0, 7.5, 8.0, 9.0)),
                )
            )
    return tuple(found)


def register(seed: int, at: Millis) -> bytes:
    """The answer of the register to GetFeature."""
    features = [_feature(each, changed(seed, f"section:{each.oid}", at, EVERY_MIN)) for each in sections(seed)]
    more = {"numberMatched": len(features), "numberReturned": len(features)}
    return msgspec.json.encode({"type": "FeatureCollection", "name": "n_kate", **more, "features": features})


def _feature(section: Section, edited: Millis) -> dict[str, object]:
    line = [[round(metre, 2) for metre in from_wgs84(3301, place, order="ne")] for place in section.path]
    return {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": line},
        "properties": {
            "oid": section.oid,
            "tee_number": int(section.road),
            "tee_nimi": f"{MARK} {section.name}",
            "soidutee_nr": 1,
            "pikkus": round(length(section.path)),
            "kate_kate_xv": section.surface[0],
            "kate_kate_val": section.surface[1],
            "laius": section.width,
            "muudetud_kpv": datetime.fromtimestamp(edited / 1000, TALLINN).strftime("%Y-%m-%dT%H:%M:%S%z"),
        },
    }


SPEAKERS: Final = (
    Speaker(
        feed="ee-roads",
        source="ee-roads",
        path="/290424/wfs?service=WFS&version=2.0.0&request=GetFeature&typeNames=ms:n_kate&srsName=EPSG:3301",
        media="application/json",
        say=register,
        nations=("EE",),
        rate_s=60.0,
    ),
)
