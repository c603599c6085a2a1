"""How long does a permission to cross a border take, by which rules?

The rule sets of `rulesets.toml`: each lead time in its own units with its source, never a branch in code.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final, Literal, NamedTuple

import msgspec

from cop.event import Millis

HOUR: Final = 3_600_000
DAY: Final = 24 * HOUR

Border = Literal["baltic", "internal", "external"]
Unit = Literal["hours", "days", "working days"]


class Lead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A lead time. Working days are Monday to Friday in UTC: national holidays are out of scope."""

    value: float
    unit: Unit

    def after(self, at: Millis) -> Millis:
        """When it has run out for a request made at that time. Made on a weekend, working days count from Monday."""
        if self.unit != "working days" or not self.value:
            return at + self._ms
        day, rest = divmod(at, DAY)
        if _weekday(day) > 4:
            day, rest = day + 7 - _weekday(day), 0
        for _ in range(int(self.value)):
            day += 3 if _weekday(day) == 4 else 1
        return day * DAY + rest

    def before(self, at: Millis) -> Millis:
        """The last time at which a request can be made for it to have run out by then."""
        if self.unit != "working days" or not self.value:
            return at - self._ms
        day, rest = divmod(at, DAY)
        if _weekday(day) > 4:
            day, rest = day - (_weekday(day) - 4), DAY - 1
        for _ in range(int(self.value)):
            day -= 3 if _weekday(day) == 0 else 1
        return day * DAY + rest

    @property
    def text(self) -> str:
        """As `5 working days`."""
        return f"{self.value:g} {self.unit}"

    @property
    def _ms(self) -> Millis:
        return round(self.value * (HOUR if self.unit == "hours" else DAY))


class Ruleset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rules by which permissions count, with where they come from and how sure that is."""

    id: str
    name: str
    version: int
    valid_from: str
    in_force: bool
    applies: str
    source: str
    confidence: str
    lead: dict[Border, Lead]
    pre_authorised: Lead
    assumed: bool = False

    def lead_time(self, nations: Sequence[str], pre_authorised: bool = False) -> Lead | None:
        """The lead time at a border between these nations; None where the set has no rule."""
        lead = self.lead.get(border_kind(nations))
        return self.pre_authorised if lead is not None and pre_authorised else lead


class Table(NamedTuple):
    """The rule sets by id in their order, and the states that they speak of (ISO 3166 codes)."""

    rulesets: dict[str, Ruleset]
    eu: frozenset[str]
    baltic: frozenset[str]
    states: frozenset[str]


@cache
def table() -> Table:
    """The table as it comes with the project. Raises `msgspec.ValidationError` or `KeyError` for one that can't be."""
    read = tomllib.loads(files("cop.movement").joinpath("rulesets.toml").read_text("utf-8"))
    sets = [msgspec.convert(each | {"pre_authorised": read["pre_authorised"]}, Ruleset) for each in read["ruleset"]]
    eu, baltic, beside = (frozenset(read["nations"][key]) for key in ("eu", "baltic", "form302_beside_eu"))
    return Table({each.id: each for each in sets}, eu, baltic, eu | beside)


def border_kind(nations: Sequence[str]) -> Border:
    """Which kind of border lies between these nations; external where they aren't known."""
    known, sides = table(), set(nations)
    if len(sides) < 2 or not sides <= known.eu:
        return "external"
    return "baltic" if sides <= known.baltic else "internal"


def rulesets() -> dict[str, Ruleset]:
    """All rule sets by id; the first is the one that counts unless another is chosen."""
    return dict(table().rulesets)


def _weekday(day: int) -> int:
    return (day + 3) % 7  # 1970-01-01 was a Thursday; 0 is Monday
