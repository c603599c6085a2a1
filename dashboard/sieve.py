"""Which things does a view show? The filters of an address, as the page's own script applies them.

`assets/02_filter.js` is the twin of this file; `tests/cases/filters.json` is run through both.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

import msgspec

from cop.event import STATES, Millis, Origin
from cop.movement.verdict import Answer
from dashboard.scene import Scene
from layers.layer import Domain, layers, thing

Corner = tuple[float, float]
"""lon, lat in degrees WGS 84."""

MINUTE: Final = 60_000
WORDS: Final[dict[str, tuple[str, ...]]] = {
    "domain": get_args(Domain),
    "state": STATES,
    "origin": get_args(Origin),
    "verdict": get_args(Answer),
}
"""The lists of an address whose words are known beforehand; nations and sources may be any."""
UNDECOMPOSED: Final = str.maketrans(
    {"ł": "l", "Ł": "l", "ø": "o", "Ø": "o", "đ": "d", "Đ": "d", "æ": "ae", "Æ": "ae", "ß": "ss"}
)


class BadQuery(ValueError):
    """The address can't be read: the message says what is wrong with it."""


class Sieve(msgspec.Struct, frozen=True, kw_only=True):
    """What passes. None lets all pass; a list lets pass what has any of its words."""

    domains: frozenset[str] | None = None
    nations: frozenset[str] | None = None
    states: frozenset[str] | None = None
    origins: frozenset[str] | None = None
    verdicts: frozenset[str] | None = None
    sources: frozenset[str] | None = None
    hidden: frozenset[str] | None = None
    """Layers that don't pass."""
    text: str = ""
    """Every word of it must occur in the name, label, id or a cell, without regard to case and diacritics."""
    age: Literal["fresh", "stale"] | float | None = None
    """Not past its time, past it, or the newest report at most so many minutes old."""
    area: tuple[Corner, ...] | None = None
    """A polygon in which its place, or any point of its line, must lie; what has no place doesn't pass."""

    def passes(self, row: Mapping[str, Any], now: Millis) -> bool:
        """Whether a thing passes: `row` as `layers.layer.thing` makes it."""
        words = (
            (self.domains, row.get("domains") or [row["domain"]]),
            (self.nations, row.get("nations") or [""]),
            (self.states, [row.get("state", "unknown")]),
            (self.origins, [row.get("origin")]),
            (self.verdicts, [verdict(row)]),
            (self.sources, row.get("sources") or [row.get("source")]),
        )
        if any(wanted is not None and wanted.isdisjoint(has) for wanted, has in words):
            return False
        if self.hidden is not None and row["layer"] in self.hidden:
            return False
        if self.age is not None and not of_age(row, self.age, now):
            return False
        if self.area is not None and not within(row, self.area):
            return False
        if self.text:
            hay = haystack(row)
            return all(word in hay for word in plain(self.text).split())
        return True

    def query(self) -> dict[str, str]:
        """The sieve as the keys of an address: `sieve` of it gives the same again."""
        lists = {
            "domain": self.domains,
            "nation": self.nations,
            "state": self.states,
            "origin": self.origins,
            "verdict": self.verdicts,
            "source": self.sources,
            "hide": self.hidden,
        }
        found = {key: ",".join(sorted(words)) for key, words in lists.items() if words}
        if self.text:
            found["q"] = self.text
        if self.age is not None:
            found["age"] = self.age if isinstance(self.age, str) else number(self.age)
        if self.area:
            found["area"] = ";".join(f"{number(lon)},{number(lat)}" for lon, lat in self.area)
        return found


def sieve(query: Mapping[str, str]) -> Sieve:
    """The filters that an address sets; its other keys are left alone. Raises `BadQuery`."""
    lists = {key: _words(query.get(key, "")) for key in (*WORDS, "nation", "source", "hide")}
    for key, known in WORDS.items():
        if strange := sorted((lists[key] or frozenset()) - set(known)):
            raise BadQuery(f"there is no {key} {', '.join(strange)}; there are {', '.join(known)}")
    if strange := sorted((lists["hide"] or frozenset()) - layers().keys()):
        raise BadQuery(f"there is no layer {', '.join(strange)}; there are {', '.join(layers())}")
    return Sieve(
        domains=lists["domain"],
        nations=lists["nation"],
        states=lists["state"],
        origins=lists["origin"],
        verdicts=lists["verdict"],
        sources=lists["source"],
        hidden=lists["hide"],
        text=query.get("q", "").strip(),
        age=_age(query.get("age", "")),
        area=area(query.get("area", "")),
    )


def rows(scene: Scene, world: str, wanted: Sieve) -> list[dict[str, Any]]:
    """What a view of a world shows in a scene, in the scene's order."""
    found = (thing(entity, scene.now) for entity in scene.entities(world))
    return [row for row in found if row is not None and wanted.passes(row, scene.now)]


def area(text: str) -> tuple[Corner, ...] | None:
    """The corners of `lon,lat;lon,lat;…`; None for an empty text. Raises `BadQuery`."""
    if not text:
        return None
    corners: list[Corner] = []
    for part in text.split(";"):
        lon, comma, lat = part.partition(",")
        try:
            corner = float(lon), float(lat)
        except ValueError:
            raise BadQuery(f"area has a corner {part!r}: each is lon,lat in degrees") from None
        if not comma or not (-180 <= corner[0] <= 180 and -90 <= corner[1] <= 90):
            raise BadQuery(f"area has a corner {part!r}: each is lon,lat in degrees")
        corners.append(corner)
    if len(corners) < 3:
        raise BadQuery("area needs three or more corners: lon,lat;lon,lat;lon,lat")
    return tuple(corners)


def _words(text: str) -> frozenset[str] | None:
    return frozenset(filter(None, text.split(","))) or None


def _age(text: str) -> Literal["fresh", "stale"] | float | None:
    if text == "":
        return None
    if text == "fresh":
        return "fresh"
    if text == "stale":
        return "stale"
    try:
        minutes = float(text)
    except ValueError:
        minutes = math.nan
    if not (0 < minutes < math.inf):
        raise BadQuery(f"age is fresh, stale or a number of minutes, not {text!r}")
    return minutes


# -- what a thing is asked -------------------------------------------------------------------------------------------


def verdict(row: Mapping[str, Any]) -> str:
    """May it move: go, caution, no-go or unknown; empty for what nobody asks that of."""
    return str(row.get("cells", {}).get("verdict") or "")


def stale(row: Mapping[str, Any], now: Millis) -> bool:
    """Whether a thing that ages is past its time."""
    return bool(row.get("stale_s")) and ("at" not in row or now - row["at"] > row["stale_s"] * 1000)


def of_age(row: Mapping[str, Any], age: str | float, now: Millis) -> bool:
    """Whether the thing is as old as is wanted. What doesn't age is never stale."""
    if isinstance(age, str):
        return stale(row, now) == (age == "stale")
    return "at" in row and now - row["at"] <= age * MINUTE


def within(row: Mapping[str, Any], corners: tuple[Corner, ...]) -> bool:
    """Whether the place of a thing, or any point of its line, lies in a polygon."""
    points = [(row["lon"], row["lat"])] if "lon" in row else []
    return any(inside(lon, lat, corners) for lon, lat in (*points, *row.get("path", ())))


def inside(lon: float, lat: float, corners: tuple[Corner, ...]) -> bool:
    """Whether a point lies in a polygon: a ray to the east leaves it an odd number of times. Degrees."""
    found = False
    before_lon, before_lat = corners[-1]
    for corner_lon, corner_lat in corners:
        if (corner_lat > lat) != (before_lat > lat) and lon < (before_lon - corner_lon) * (lat - corner_lat) / (
            before_lat - corner_lat
        ) + corner_lon:
            found = not found
        before_lon, before_lat = corner_lon, corner_lat
    return found


def haystack(row: Mapping[str, Any]) -> str:
    """All in which a text is looked for."""
    parts = [row.get("name"), row.get("label"), row.get("id"), *row.get("cells", {}).values()]
    return plain("\n".join(said(part) for part in parts if part is not None))


def plain(text: str) -> str:
    """Text as it is searched: lower case without diacritics (Šiauliai → siauliai)."""
    bare = re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFD", text))
    return bare.translate(UNDECOMPOSED).lower()


def said(value: object) -> str:
    """A cell as the browser writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return number(value) if isinstance(value, float) else str(value)


def number(value: float) -> str:
    """A number without needless decimals."""
    return str(int(value)) if value.is_integer() else repr(value)
