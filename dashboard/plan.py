"""Which feeds run, from where, into which world? The default plan, or the operator's own file.

The file is TOML, one table a feed: `[ais]` with `source` (default: the table's name), `address`, `group`, `world`,
`origin`, `nations`, `rate_s`, `key_env` (the environment variable with the key), `body`, `tls_ca`, `tls_cert`,
`tls_key`, `options` and `on`. Without a file the plan is: the reference facts, and what the simulators speak.
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
from feeds.feed import Feed, open_transport
from feeds.simulated.national import Speaker, addresses, speakers
from feeds.transport import Secure

REFERENCE: Final = Path(__file__).resolve().parent.parent / "feeds" / "reference"
DEMO: Final = world_of("demo")
PLAY: Final = "exercise"
STREAM_S: Final = 5.0
"""A simulated stream that is silent for three times so long is late."""
WEEK_S: Final = 7 * 86_400
PLAYED: Final = frozenset({"simulated", "cot", "nvg", "nffi", "gpx", "kml", "geojson", "csv-reports"})
"""Sources that tell of forces and plans: what the simulators say of these belongs to the demo's exercise."""


class _Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table of the file. What is empty is as the source has it."""

    source: str = ""
    address: str = ""
    group: str = ""
    world: str = REAL
    origin: Origin = "observed"
    nations: tuple[str, ...] = ()
    rate_s: float = 0.0
    key_env: str = ""
    body: str = ""
    tls_ca: str = ""
    tls_cert: str = ""
    tls_key: str = ""
    options: dict[str, Any] = {}
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
    if asked.address.startswith("play:") and not is_exercise(asked.world):
        raise bad("plays a recording, which is never the real picture: give it the world of an exercise")
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
        key_env=asked.key_env,
        body=asked.body,
        secure=Secure(asked.tls_ca, asked.tls_cert, asked.tls_key),
        options=asked.options,
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
    host = "127.0.0.1"

    def simulated(name: str, source: str, address: str, nations: tuple[str, ...] = (), rate_s: float = 0) -> Feed:
        play = source in PLAYED
        return Feed(
            name=name,
            source=known[source],
            address=address,
            world=DEMO if play else REAL,
            origin="simulated",
            nations=nations,
            rate_s=rate_s,
            group=PLAY if play else known[source].domain,
        )

    where = addresses(host, port + 2)
    pages = {each.system: where[each.feed] for each in speakers() if isinstance(each, Speaker) and each.system}
    probe = msgspec.structs.replace(simulated("probe", "probe", "probe:", rate_s=10), options={"targets": pages})
    feeds = [
        reference,
        simulated("ais", "ais", f"tcp://{host}:{port}"),
        *(
            simulated(each.feed, each.source, where[each.feed], each.nations, getattr(each, "rate_s", STREAM_S))
            for each in speakers()
            if not getattr(each, "system", "")
        ),
        probe,
        msgspec.structs.replace(reference, name="demo-facts", world=DEMO, origin="injected", group=PLAY),
        simulated("demo-convoys", "simulated", f"tcp://{host}:{port + 1}"),
    ]
    return {feed.name: feed for feed in feeds}


def groups(feeds: dict[str, Feed]) -> dict[str, list[str]]:
    """The feeds' names by the worker group that runs them."""
    found: dict[str, list[str]] = {}
    for name, feed in feeds.items():
        found.setdefault(feed.group, []).append(name)
    return found
