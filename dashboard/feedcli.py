"""What can be done with feeds and their quarantine from the command line? `cop feed …` and `cop quarantine …`."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import msgspec

from cop.bus import Bus, BusDown, Quarantined
from cop.event import REAL, Event, event, is_exercise
from dashboard.plan import PLAY, plan
from dashboard.running import running_bus
from dashboard.settings import BadSetting, Values
from feeds.adapter import Context, Reject, Source, sources
from feeds.clock import clock
from feeds.feed import Feed, open_transport
from feeds.plausible import Plausible
from feeds.quarantine import kind_of, retry
from feeds.recording import SUFFIX, Head, Recorder, recordings
from feeds.transport import Fetched, Unreachable
from feeds.worker import backoff_s, run_all

log = logging.getLogger("cop.feed")

CHECK_S: Final = 30.0
TELL_S: Final = 10.0
FAILED: Final = 1


def arguments(commands: Any) -> None:
    """Add the two commands to the parser."""
    feed = commands.add_parser("feed", help="list, run, check or record feeds").add_subparsers(
        dest="what", metavar="what", required=True
    )
    listed = feed.add_parser("list", help="list the sources, and the feeds that are on")
    listed.add_argument("--json", action="store_true", help="answer as JSON")
    listed.add_argument("--toml", action="store_true", help="print a feeds.toml with every source, switched off")
    run = feed.add_parser("run", help="run these feeds, or play a recording, until stopped")
    _named(run)
    run.add_argument("--play", metavar="FOLDER", help="play the recordings of a folder instead of fetching")
    run.add_argument("--pace", default="original", help="original, max, or how many times as fast")
    run.add_argument("--world", default="", help="exercise/<name> to play into")
    check = feed.add_parser("check", help="fetch once from these feeds, decode, publish nothing")
    _named(check)
    check.add_argument("--json", action="store_true", help="answer as JSON")
    check.add_argument("--wait", type=float, default=CHECK_S, help="seconds to wait for each; default 30")
    record = feed.add_parser("record", help="keep what these feeds fetch, publish nothing")
    _named(record)
    record.add_argument("--out", required=True, metavar="FOLDER", help="where to: a folder without recordings")
    record.add_argument("--hours", type=float, default=0.0, help="for how long; 0 or nothing: until stopped")
    kept = commands.add_parser("quarantine", help="list, show or retry rejected records").add_subparsers(
        dest="what", metavar="what", required=True
    )
    for name, text in (("list", "list them, the newest first"), ("retry", "decode again, publish what now reads")):
        each = kept.add_parser(name, help=text)
        each.add_argument("ids", nargs="*", help="only these; see the first column")
        each.add_argument("--world", default=REAL, help="real or exercise/<name>; default real")
        each.add_argument("--feed", default="", help="only of this feed")
        each.add_argument("--count", type=int, default=100, help="how many of the newest; default 100")
        each.add_argument("--json", action="store_true", help="answer as JSON, one record a line")
    show = kept.add_parser("show", help="write the bytes of one record to standard output")
    show.add_argument("id")
    show.add_argument("--world", default=REAL, help="real or exercise/<name>; default real")


def _named(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="feed", help="feeds or sources; none: all that are on")


def feed(settings: Values, wanted: argparse.Namespace) -> int:
    """`cop feed …`."""
    match wanted.what:
        case "list":
            return _list(settings, wanted)
        case "check":
            return asyncio.run(_check(chosen(settings, wanted.names), wanted))
        case "record":
            return _until_stopped(_record(chosen(settings, wanted.names), Path(wanted.out), wanted.hours * 3600))
    feeds = played(Path(wanted.play), wanted) if wanted.play else chosen(settings, wanted.names)
    try:
        return _until_stopped(_run(settings, feeds))
    except BusDown as error:
        print(f"cop: the stream is out of reach: {error}", file=sys.stderr)
        return FAILED


def quarantine(settings: Values, wanted: argparse.Namespace) -> int:
    """`cop quarantine …`."""
    if wanted.world != REAL and not is_exercise(wanted.world):
        raise BadSetting(f"the world {wanted.world!r} is neither real nor exercise/<name>")
    work = {"list": _kept, "show": _show, "retry": _retry}[wanted.what]
    try:
        return asyncio.run(work(settings, wanted))
    except BusDown as error:
        print(f"cop: the stream is out of reach: {error}", file=sys.stderr)
        return FAILED


# -- which feeds ------------------------------------------------------------------------------------------------------


def chosen(settings: Values, names: Sequence[str]) -> list[Feed]:
    """The feeds of the plan by these names, or of sources at their own address. Raises `BadSetting`."""
    planned = plan(settings)
    if not names:
        return list(planned.values())
    found = []
    for name in names:
        made = planned.get(name) or next((each for each in standing() if each.name == name), None)
        if made is None:
            raise BadSetting(f"no feed or source {name!r}; `cop feed list` lists them")
        found.append(made)
    return found


def standing() -> Iterable[Feed]:
    """Every feed as its source declares it, at the real address, the key in the environment under its name."""
    for source in sources().values():
        for name, address in ((source.name, source.address), *source.others):
            key = f"COP_KEY_{name.upper().replace('-', '_')}" if source.request.key_header else ""
            yield Feed(name=name, source=source, address=address, key_env=key, group=source.domain)


def played(folder: Path, wanted: argparse.Namespace) -> list[Feed]:
    """The feeds of a folder of recordings, as `simulated` feeds of an exercise. Raises `BadSetting`."""
    if not is_exercise(wanted.world):
        raise BadSetting("a recording is never the real picture: give --world exercise/<name>")
    try:
        heads = recordings(folder)
    except (OSError, ValueError) as error:
        raise BadSetting(f"{folder}: {error}") from error
    heads = {file: head for file, head in heads.items() if not wanted.names or head.feed in wanted.names}
    if not heads:
        raise BadSetting(f"no recordings in {folder}: a recording ends in {SUFFIX}")
    began = min(head.began for head in heads.values())
    feeds = []
    for file, head in heads.items():
        source = sources().get(head.source)
        if source is None:
            raise BadSetting(f"{folder / file} is of the source {head.source!r}, which there is not")
        address = f"play:{(folder / file).resolve()}?pace={wanted.pace}&from={began}"
        made = Feed(
            name=head.feed, source=source, address=address, world=wanted.world, origin="simulated",
            nations=head.nations, group=PLAY,
        )  # fmt: skip
        try:
            open_transport(made)
        except ValueError as error:
            raise BadSetting(str(error)) from error
        feeds.append(made)
    return feeds


def _list(settings: Values, wanted: argparse.Namespace) -> int:
    if wanted.toml:
        print(toml(sources().values()), end="")
        return 0
    planned = plan(settings)
    if wanted.json:
        known = [
            {"name": s.name, "title": s.title, "domain": s.domain, "licence": s.licence} for s in sources().values()
        ]
        feeds = [_row(each) for each in planned.values()]
        print(json.dumps({"sources": known, "feeds": feeds}, ensure_ascii=False))
        return 0
    for source in sources().values():
        print(f"{source.name:<22} {source.title} ({', '.join(source.nations)}; {source.licence})")
    print()
    for each in planned.values():
        row = _row(each)
        key = f"  key {row['key']}" if row["key"] else ""
        print(
            f"{each.group:<9} {each.name:<22} {each.origin:<10} {each.world:<14} {each.every_s:g} s  "
            f"{each.address}{key}"
        )
    return 0


def _row(each: Feed) -> dict[str, Any]:
    key = "" if not each.key_env else f"{each.key_env} {'is set' if os.environ.get(each.key_env) else 'is not set'}"
    return {
        "name": each.name, "source": each.source.name, "group": each.group, "world": each.world,
        "origin": each.origin, "rate_s": each.every_s, "address": each.address, "key": key,
    }  # fmt: skip


def toml(found: Iterable[Source]) -> str:
    """A plan with every source, each switched off, at its own address and rate."""
    names = {source.name for source in found}
    lines = [
        "# Every source, switched off. Set `on = true` for what you want; COP_FEEDS names this file.",
        "# A key is in the environment variable that `key_env` names, never in this file.",
    ]
    for each in standing():
        if each.source.name not in names or each.source.name == "simulated":
            continue
        source = each.source
        lines += ["", f"# {source.title}. {source.licence}; {source.attribution}.", f"[{each.name}]"]
        if each.name != source.name:
            lines.append(f"source = {json.dumps(source.name)}")
        lines += [
            "on = false",
            f"address = {json.dumps(each.address, ensure_ascii=False)}",
            f"rate_s = {source.rate_s:g}",
        ]
        if each.key_env:
            lines.append(f"key_env = {json.dumps(each.key_env)}")
        if source.request.body:
            lines.append(f"body = {json.dumps(source.request.body)}")
    return "\n".join(lines) + "\n"


# -- run, check, record -----------------------------------------------------------------------------------------------


async def _run(settings: Values, feeds: Sequence[Feed]) -> None:
    """Each world's feeds with the rights of that world."""
    real = [each for each in feeds if each.world == REAL]
    play = [each for each in feeds if each.world != REAL]

    async def run(role: str, group: Sequence[Feed]) -> None:
        writer = running_bus(settings, role)
        try:
            await run_all(group, writer)
        finally:
            await writer.close()

    await asyncio.gather(*(run(role, group) for role, group in (("feeds", real), ("exercise", play)) if group))


async def _check(feeds: Sequence[Feed], wanted: argparse.Namespace) -> int:
    found = await asyncio.gather(*(look(each, wanted.wait) for each in feeds))
    for each in found:
        if wanted.json:
            print(json.dumps(each, ensure_ascii=False))
            continue
        sign = "ok  " if each["ok"] else "FAIL"
        print(f"{sign} {each['feed']:<22} {each['detail']}")
        for reason, count in each["rejects"].items():
            print(f"     {'':<22} {count} × {reason}")
    return 0 if all(each["ok"] for each in found) else FAILED


async def look(each: Feed, wait_s: float) -> dict[str, Any]:
    """One fetch of a feed and what is in it; nothing is published."""
    told: dict[str, Any] = {"feed": each.name, "address": each.address, "ok": False, "rejects": {}}
    try:
        async with asyncio.timeout(wait_s):
            fetched = await _first(each)
    except TimeoutError:
        return told | {"detail": f"nothing came within {wait_s:g} s"}
    except (Unreachable, ValueError) as error:
        return told | {"detail": str(error)}
    decoder = fetched.decoder or each.fresh()
    context = Context(clock(), each.world, each.origin, fetched.name)
    outcomes = [
        *decoder.feed(fetched.data, context),
        *(decoder.close(context) if fetched.whole or fetched.last else ()),
    ]
    events = [outcome for outcome in outcomes if isinstance(outcome, Event)]
    reasons = Counter(kind_of(outcome.reason) for outcome in outcomes if isinstance(outcome, Reject))
    newest = max((said.at for said in events), default=None)
    age = "" if newest is None else f", newest {max(0, context.received - newest) / 1000:.0f} s old"
    note = f"; {fetched.note}" if fetched.note else ""
    counts = decoder.counts
    detail = (
        f"{len(fetched.data)} bytes: {counts.records} records, {counts.told} told, {counts.rejected} rejected,"
        f" {counts.ignored} ignored{age}{note}"
    )
    fine = bool(events) or not reasons
    return told | {"ok": fine, "detail": detail, "rejects": dict(reasons), "events": len(events), "newest": newest}


async def _first(each: Feed) -> Fetched:
    chunks = open_transport(each).chunks()
    try:
        async for fetched in chunks:
            return fetched
    finally:
        await chunks.aclose()  # type: ignore[attr-defined]
    raise Unreachable("it ended before anything came")


async def _record(feeds: Sequence[Feed], folder: Path, for_s: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.glob(f"*{SUFFIX}")):
        raise BadSetting(f"{folder} has recordings already")
    recorders = {}
    for each in feeds:
        head = Head(each.name, each.source.name, _bare(each.address), clock(), each.nations)
        recorders[each.name] = Recorder(open_transport(each), folder / f"{each.name}{SUFFIX}", head, clock)
    try:
        async with asyncio.timeout(for_s or None):
            await asyncio.gather(_tell(recorders, folder), *(_keep(each) for each in recorders.values()))
    except TimeoutError:
        pass
    except OSError as error:
        raise BadSetting(f"{error.filename or folder}: {error.strerror}; what was kept so far is whole") from error


def _bare(address: str) -> str:
    """The address without a user and password: a recording is passed on."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


async def _keep(recorder: Recorder) -> None:
    failures = 0
    while True:
        try:
            async for _ in recorder.chunks():
                failures = 0
        except Unreachable as error:
            failures += 1
            log.warning("%s", error)
            await asyncio.sleep(max(error.retry_s, backoff_s(failures, random.random())))
        else:
            return


async def _tell(recorders: dict[str, Recorder], folder: Path) -> None:
    """Progress, for who sits and waits."""
    began = time.monotonic()
    while True:
        await asyncio.sleep(TELL_S)
        size = sum(path.stat().st_size for path in folder.glob(f"*{SUFFIX}"))
        parts = sum(each.parts for each in recorders.values())
        log.info("%.0f s: %d fetches of %d feeds, %d bytes", time.monotonic() - began, parts, len(recorders), size)


def _until_stopped(work: Any) -> int:
    from dashboard.cli import until_stopped

    return until_stopped(lambda: work)


# -- quarantine -------------------------------------------------------------------------------------------------------


async def _kept(settings: Values, wanted: argparse.Namespace) -> int:
    for each in await _found(settings, wanted, "dashboard"):
        if wanted.json:
            print(msgspec.json.encode(each).decode())
        else:
            when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(each.received / 1000))
            print(f"{each.id:<20} {when} {each.source:<22} {len(each.raw):>6} bytes  {each.reason}")
    return 0


async def _show(settings: Values, wanted: argparse.Namespace) -> int:
    reader = running_bus(settings, "dashboard")
    try:
        kept = await reader.rejected(wanted.world, wanted.id)
    finally:
        await reader.close()
    if kept is None:
        raise BadSetting(f"no record {wanted.id!r} in quarantine; `cop quarantine list` lists them")
    sys.stdout.buffer.write(kept.raw)
    sys.stdout.buffer.flush()
    return 0


async def _found(settings: Values, wanted: argparse.Namespace, role: str) -> list[Quarantined]:
    reader = running_bus(settings, role)
    try:
        if wanted.ids:
            asked = [await reader.rejected(wanted.world, id_) for id_ in wanted.ids]
            kept = [each for each in asked if each is not None]
        else:
            kept = await reader.quarantined(wanted.world, wanted.count)
    finally:
        await reader.close()
    return [each for each in kept if each.world == wanted.world and wanted.feed in ("", each.source)]


async def _retry(settings: Values, wanted: argparse.Namespace) -> int:
    """Publish what now reads, and let it go; what doesn't stays as it is."""
    role = "feeds" if wanted.world == REAL else "exercise"
    feeds = {each.name: each for each in (*standing(), *plan(settings).values())}
    writer = running_bus(settings, role)
    read = left = 0
    try:
        for each in reversed(await _found(settings, wanted, role)):
            why = await _again(writer, each, feeds.get(each.source))
            read, left = (read, left + 1) if why else (read + 1, left)
            line = {"id": each.id, "feed": each.source, "read": not why, "reason": why}
            print(json.dumps(line, ensure_ascii=False) if wanted.json else f"{each.id:<20} {why or 'published'}")
    finally:
        await writer.close()
    if not wanted.json:
        print(f"{read} published, {left} still in quarantine")
    return 0 if not left else FAILED


async def _again(writer: Bus, kept: Quarantined, known: Feed | None) -> str:
    """Why this record is still no good; empty when it was published."""
    if known is None:
        return f"there is no feed {kept.source!r} now"
    plausible = Plausible()
    events = []
    for outcome in retry(kept, known.fresh, kept.world, known.origin):
        if isinstance(outcome, Reject):
            return outcome.reason
        if doubt := plausible.doubt(outcome, clock()):
            return doubt
        events.append(outcome if outcome.source == kept.source else renamed(outcome, kept.source))
    await writer.append(kept.world, events)
    await writer.release(kept.world, [kept.id])
    return ""


def renamed(said: Event, source: str) -> Event:
    """The event as of the feed of that name."""
    return event(source, said.subject, said.at, said.body, received=said.received, world=said.world, origin=said.origin)
