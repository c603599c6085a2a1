"""Which feeds run, from where, into which world? The default plan, or the operator's own file.

The file is TOML, one table a feed: `[ais]` with `source` (default: the table's name), `address`, `group`, `world`,
`origin`, `nations`, `rate_s` and `on`. Without a file the plan is: the reference facts, and what the simulators speak.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

import msgspec

from cop.event import REAL, Origin, is_exercise
from cop.exercise import world_of
from dashboard.settings import BadSetting, Values
from feeds.adapter import sources
from feeds.worker import Feed, open_transport

REFERENCE: Final = Path(__file__).resolve().parent.parent / "feeds" / "reference"
DEMO: Final = world_of("demo")
PLAY: Final = "exercise"
WEEK_S: Final = 7 * 86_400


class _Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table of the file. What is empty is as the source has it."""

    source: str = ""
    address: str = ""
    group: str = ""
    world: str = REAL
    origin: Origin = "observed"
    nations: tuple[str, ...] = ()
    rate_s: float = 0.0
    on: bool = True


def plan(settings: Values) -> dict[str, Feed]:
    """The feeds by name. Raises `BadSetting` for a file that can't be read or says what can't be."""
    path = settings["COP_FEEDS"]
    if not path:
        return _default(settings)
    try:
        tables = tomllib.loads(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSetting(f"COP_FEEDS names {path}: {error}") from error
    feeds: dict[str, Feed] = {}
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise BadSetting(f"{path}: {name} is no table")
        feed = _feed(path, name, table)
        if feed is not None:
            feeds[name] = feed
    return feeds


def _feed(path: str, name: str, table: dict[str, Any]) -> Feed | None:
    """The feed that a table asks for; None when it is switched off."""

    def bad(why: str) -> BadSetting:
        return BadSetting(f"{path}: [{name}] {why}")

    try:
        asked = msgspec.convert(table, _Asked)
    except msgspec.ValidationError as error:
        raise bad(f"can't be read: {error}; it takes {', '.join(_Asked.__struct_fields__)}") from error
    if not asked.on:
        return None
    source = sources().get(asked.source or name)
    if source is None:
        raise bad(f"is no source; there are {', '.join(sources())}")
    if name.split() != [name]:
        raise bad("is no name for a feed: no blanks")
    if asked.world != REAL and not is_exercise(asked.world):
        raise bad(f"world {asked.world!r} is neither real nor exercise/<name>")
    if not 0 <= asked.rate_s <= WEEK_S:  # also for nan
        raise bad(f"rate_s {asked.rate_s} is not 0 to {WEEK_S} seconds")
    group = asked.group or (PLAY if asked.world != REAL else source.domain)
    if (group == PLAY) != (asked.world != REAL):
        raise bad(f"feeds of an exercise belong in the group `{PLAY}`, and no others do")
    feed = Feed(
        name=name,
        source=source,
        address=asked.address or source.address,
        world=asked.world,
        origin=asked.origin,
        nations=asked.nations,
        rate_s=asked.rate_s,
        group=group,
    )
    try:
        open_transport(feed)
    except ValueError as error:
        raise bad(str(error)) from error
    return feed


def _default(settings: Values) -> dict[str, Feed]:
    known = sources()
    registers = f"file:{REFERENCE}/*.csv"
    reference = Feed(name="reference", source=known["reference"], address=registers, group="land")
    if not settings.demo:
        return {"reference": reference}
    port = settings.whole("COP_SIM_PORT")
    ships, convoys, services = f"tcp://127.0.0.1:{port}", f"tcp://127.0.0.1:{port + 1}", f"http://127.0.0.1:{port + 2}"

    def simulated(name: str, source: str, address: str, group: str, nations: tuple[str, ...] = ()) -> Feed:
        rate_s = 5 if address.startswith("http") else 0
        return Feed(
            name=name,
            source=known[source],
            address=address,
            origin="simulated",
            nations=nations,
            rate_s=rate_s,
            group=group,
        )

    events = f"{services}/eismoinfo-backend/layer-dynamic-features/EAL?lks=true"
    feeds = [
        reference,
        simulated("ais", "ais", ships, "maritime"),
        simulated("lt-eismoinfo", "lt-eismoinfo", events, "land"),
        simulated("datex2-ee", "datex2", f"{services}/datex/v2/restrictions", "land", ("EE",)),
        simulated("datex2-lv", "datex2", f"{services}/datex/v3/situations", "land", ("LV",)),
        msgspec.structs.replace(reference, name="demo-facts", world=DEMO, origin="injected", group="exercise"),
        msgspec.structs.replace(simulated("demo-convoys", "simulated", convoys, "exercise"), world=DEMO),
    ]
    return {feed.name: feed for feed in feeds}


def groups(feeds: dict[str, Feed]) -> dict[str, list[str]]:
    """The feeds' names by the worker group that runs them."""
    found: dict[str, list[str]] = {}
    for name, feed in feeds.items():
        found.setdefault(feed.group, []).append(name)
    return found
