"""What do the simulated open-data tables of Lithuania say? Works and obstacles on main roads, in CSV."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Final

import msgspec

from cop.event import Millis
from cop.geo import Point, from_wgs84
from feeds.simulated.national import Speaker
from feeds.simulated.script import MARK, MINUTE, changed, happens

DAY: Final = 24 * 60 * MINUTE
STORE: Final = "datasets/gov/via_lietuva/eismo_ribojimai"
HEADER: Final = (
    "_type", "_id", "_revision", "_page.next", "darbo_id", "kelio_id", "eismo_kryptis", "km_nuo", "km_iki",
    "nuo_koord_lks", "iki_koord_lks", "geometrija", "koord_validacija", "data_nuo", "data_iki", "eismas_leidziamas",
    "poveikis_eismui", "aprasymas",
)  # fmt: skip

Line = tuple[Point, ...]
SCRIPT: Final[tuple[tuple[str, str, str, bool, str, Line, tuple[int, int]], ...]] = (
    ("01", "Remontas", "AB", True, "Dangos remontas, iki 70 km/val.", ((24.405, 56.063), (24.35, 55.935)), (0, 0)),
    ("02", "Remontas", "AB", True, "Draudžiama virš 12 t.", ((22.29, 55.252), (22.13, 55.19)), (0, 0)),
    ("03", "Remontas", "PR", False, "Viaduko remontas.", ((24.811, 54.773), (24.663, 54.785)), (0, 0)),
    ("04", "Remontas", "AB", True, "Ženklinimo darbai.", ((22.93, 56.002), (22.6, 55.985)), (0, 0)),
    ("05", "Remontas", "AB", False, "Tilto apžiūra, eismo nėra.", ((24.275, 55.072), (24.52, 55.16)), (360, 150)),
    ("06", "Remontas", "AB", True, "Kelkraščiai, iki 50 km/val.", ((23.37, 54.545), (23.215, 54.417)), (300, 200)),
    ("07", "Remontas", "AB", True, "Atitvarų keitimas.", ((25.599, 55.498), (25.83, 55.59)), (420, 240)),
    ("11", "Kliutis", "AB", True, "Nelygi kelio danga.", ((22.247, 55.97),), (0, 0)),
    ("12", "Kliutis", "AB", True, "Nuvirtęs medis, dalis kelio užtverta.", ((21.844, 55.911),), (200, 50)),
    ("13", "Kliutis", "AB", True, "Sugedęs vilkikas kelkraštyje.", ((24.06, 55.305),), (150, 40)),
)
"""Key, table, direction, whether traffic is let through, text, line or place, (period, shown) in minutes; period 0:
it is always there."""
STEADY: Final = 5 * DAY
"""What is always there begins anew after so long."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A row that is in its table now."""

    id: str
    table: str
    direction: str
    allowed: bool
    text: str
    line: Line
    since: Millis
    until: Millis


def state(seed: int, now: Millis) -> tuple[Row, ...]:
    """The rows that are there at this wall time, of all tables."""
    found = []
    for key, table, direction, allowed, text, line, (period, shown) in SCRIPT:
        if period:
            span = happens(seed, f"row {key}", now, period, shown)
        else:
            begun = changed(seed, f"row {key}", now, STEADY / MINUTE)
            span = begun, begun + 2 * STEADY
        if span is not None:
            row = Row(
                id=f"sim-{key}",
                table=table,
                direction=direction,
                allowed=allowed,
                text=f"{MARK}: {text}",
                line=line,
                since=span[0] // 1000 * 1000,
                until=-(-span[1] // 1000) * 1000,
            )
            found.append(row)
    return tuple(found)


def say(table: str, seed: int, now: Millis) -> bytes:
    """The whole table: geometries northing first, times in UTC without a zone."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, HEADER, restval="")
    writer.writeheader()
    for row in state(seed, now):
        if row.table == table:
            writer.writerow(_fields(row))
    return text.getvalue().encode()


def _fields(row: Row) -> dict[str, str]:
    pairs = ["{:.0f} {:.0f}".format(*from_wgs84(3346, place, order="ne")) for place in row.line]
    return {
        "_type": f"{STORE}/{row.table}",
        "_id": row.id,
        "_revision": f"{row.id}-{row.since}",
        "darbo_id": row.id.partition("-")[2],
        "eismo_kryptis": row.direction,
        "nuo_koord_lks": f"POINT ({pairs[0]})",
        "iki_koord_lks": f"POINT ({pairs[-1]})",
        "geometrija": f"MULTILINESTRING (({', '.join(pairs)}))" if len(pairs) > 1 else "",
        "koord_validacija": "True",
        "data_nuo": _utc(row.since),
        "data_iki": _utc(row.until),
        "eismas_leidziamas": str(row.allowed),
        "poveikis_eismui": "Svarbus",
        "aprasymas": row.text,
    }


def _utc(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")


SPEAKERS = (
    Speaker(
        feed="lt-opendata",
        source="lt-opendata",
        path=f"/{STORE}/Remontas/:format/csv",
        media="text/csv",
        say=lambda seed, now: say("Remontas", seed, now),
        nations=("LT",),
        rate_s=60.0,
        charset="utf-8",
    ),
    Speaker(
        feed="lt-opendata-obstacles",
        source="lt-opendata",
        path=f"/{STORE}/Kliutis/:format/csv",
        media="text/csv",
        say=lambda seed, now: say("Kliutis", seed, now),
        nations=("LT",),
        rate_s=60.0,
        charset="utf-8",
    ),
)
