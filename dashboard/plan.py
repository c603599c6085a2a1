"""Which feeds run, from where, into which world? The default plan, or the operator's own file.

The file is TOML, one table a feed: `[ais]` with `source` (default: the table's name), `address`, `group`, `world`,
`origin`, `nations`, `rate_s` and `on`. Without a file the plan is: the reference facts, and what the simulators speak.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final, get_args

import msgspec

from cop.event import REAL, Origin, is_exercise
from cop.exercise import world_of
from dashboard.settings import BadSetting, Values
from feeds.adapter import sources
from feeds.worker import Feed

REFERENCE: Final = Path(__file__).resolve().parent.parent / "feeds" / "reference"
DEMO: Final = world_of("demo")
_KEYS: Final = frozenset({"source", "address", "group", "world", "origin", "nations", "rate_s", "on"})


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
        if table.get("on", True):
            feeds[name] = _feed(path, name, table)
    return feeds


def _feed(path: str, name: str, table: dict[str, Any]) -> Feed:
    source = sources().get(str(table.get("source", name)))
    world, origin = str(table.get("world", REAL)), table.get("origin", "observed")
    if source is None:
        raise BadSetting(f"{path}: [{name}] is no source; there are {', '.join(sources())}")
    if strange := set(table) - _KEYS:
        raise BadSetting(f"{path}: [{name}] has no {', '.join(sorted(strange))}; it takes {', '.join(sorted(_KEYS))}")
    if world != REAL and not is_exercise(world):
        raise BadSetting(f"{path}: [{name}] world {world!r} is neither real nor exercise/<name>")
    if origin not in get_args(Origin):
        raise BadSetting(f"{path}: [{name}] origin is one of {', '.join(get_args(Origin))}")
    address = str(table.get("address", source.address))
    rate_s = float(table.get("rate_s", 0.0))
    group = str(table.get("group", "exercise" if world != REAL else source.domain))
    return Feed(
        name=name,
        source=source,
        address=address,
        world=world,
        origin=origin,
        nations=tuple(table.get("nations", ())),
        rate_s=rate_s,
        group=group,
    )


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
