"""How many DATEX II situations a second become events, beside what lxml's parse of the same document alone takes?

`python -m bench.decode_datex2 [--situations N]` prints one JSON object. The document is like Estonia's: about 8 MB with
1,300 situations, each with a stretch of road as a long list of positions in EPSG:3301. Each side runs several times in
turn and its best counts, because what else runs on the machine only ever makes it slower.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from random import Random
from typing import Any

from cop.event import Event
from feeds.adapter import Context, decode
from feeds.sources.datex2 import SOURCE
from feeds.xml import parse

NOW = 1795550000000
RUNS = 5
POSITIONS = 230
"""Positions in a stretch: with them a situation is about 6.2 kB."""

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<d2LogicalModel xmlns="http://datex2.eu/schema/2/2_0"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" modelBaseVersion="2"><exchange><supplierIdentification>'
    "<country>ee</country><nationalIdentifier>BENCH</nationalIdentifier></supplierIdentification></exchange>"
    '<payloadPublication xsi:type="SituationPublication" lang="et"><publicationTime>2026-11-24T20:00:00+02:00'
    "</publicationTime><publicationCreator><country>ee</country><nationalIdentifier>BENCH</nationalIdentifier>"
    "</publicationCreator>"
)
TAIL = "</payloadPublication></d2LogicalModel>"
KINDS = (
    ("MaintenanceWorks", "<roadMaintenanceType>roadworks</roadMaintenanceType>"),
    (
        "RoadOrCarriagewayOrLaneManagement",
        "<forVehiclesWithCharacteristicsOf><grossWeightCharacteristic><comparisonOperator>greaterThan"
        "</comparisonOperator><grossVehicleWeight>12.0</grossVehicleWeight></grossWeightCharacteristic>"
        "</forVehiclesWithCharacteristicsOf><roadOrCarriagewayOrLaneManagementType>roadClosed"
        "</roadOrCarriagewayOrLaneManagementType>",
    ),
    ("SpeedManagement", "<temporarySpeedLimit>50</temporarySpeedLimit>"),
)


def document(situations: int, seed: int = 1) -> bytes:
    """A publication of so many situations, each with one record."""
    chance = Random(seed)
    return (HEAD + "".join(_situation(number, chance) for number in range(situations)) + TAIL).encode()


def _situation(number: int, chance: Random) -> str:
    kind, own = KINDS[number % len(KINDS)]
    north, east = chance.uniform(6_400_000, 6_600_000), chance.uniform(400_000, 700_000)
    line = " ".join(f"{north + 12.5 * step:.2f} {east + 7.25 * step:.2f}" for step in range(POSITIONS))
    return (
        f'<situation id="B{number}" version="1"><headerInformation><confidentiality>noRestriction</confidentiality>'
        "<informationStatus>real</informationStatus></headerInformation>"
        f'<situationRecord xsi:type="{kind}" id="B{number}-1" version="1">'
        "<situationRecordCreationTime>2026-11-20T08:00:00+02:00</situationRecordCreationTime>"
        "<situationRecordVersionTime>2026-11-23T09:15:30+02:00</situationRecordVersionTime>"
        "<probabilityOfOccurrence>certain</probabilityOfOccurrence><validity><validityStatus>definedByValidityTimeSpec"
        "</validityStatus><validityTimeSpecification><overallStartTime>2026-11-23T08:00:00+02:00</overallStartTime>"
        "<overallEndTime>2026-12-18T18:00:00+02:00</overallEndTime></validityTimeSpecification></validity>"
        "<generalPublicComment><comment><values><value lang='et'>Teetööd maanteel.</value><value lang='en'>"
        "Works on the road.</value></values></comment></generalPublicComment>"
        '<groupOfLocations xsi:type="Linear"><linearExtension><linearExtended><gmlLineString srsName="EPSG:3301">'
        f"<posList>{line}</posList></gmlLineString></linearExtended></linearExtension><linearWithinLinearElement>"
        f"<linearElement><roadNumber>{chance.randrange(1, 96)}</roadNumber></linearElement>"
        f"</linearWithinLinearElement></groupOfLocations>{own}</situationRecord></situation>"
    )


def measure(situations: int) -> dict[str, Any]:
    """The figures of one run."""
    payload, context = document(situations), Context(NOW)
    alone, whole = [], []
    outcomes = list(decode(SOURCE, payload, context))  # the first use loads the grids
    for _ in range(RUNS):
        begun = time.perf_counter()
        parse(payload)
        parsed = time.perf_counter()
        outcomes = list(decode(SOURCE, payload, context))
        alone.append(parsed - begun)
        whole.append(time.perf_counter() - parsed)
    megabytes = len(payload) / 1e6
    return {
        "bench": "decode_datex2",
        "records": len({outcome.subject for outcome in outcomes if isinstance(outcome, Event)}),
        "records_per_s": round(situations / min(whole)),
        "mb_per_s": round(megabytes / min(whole), 1),
        "lxml_mb_per_s": round(megabytes / min(alone), 1),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="decode_datex2", description="DATEX II to events, beside lxml alone.")
    parser.add_argument("--situations", type=int, default=1300)
    print(json.dumps(measure(parser.parse_args(argv).situations)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
