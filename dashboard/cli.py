"""What can be done from the command line? `cop <command>`; `cop` alone lists them."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from io import BufferedReader
from pathlib import Path
from typing import Any, cast

import msgspec

from cop.event import REAL, Event, encode, is_exercise
from dashboard import feedcli, movecli, netcli, wallcli
from dashboard.settings import BadSetting, Values, load, table

CHUNK = 65_536
USAGE = 2
FAILED = 1


def main(argv: list[str] | None = None) -> int:
    """Run one command; the exit code. Bad usage and bad settings answer 2 with the reason."""
    parser = argparse.ArgumentParser(prog="cop", description="The Baltic mobility picture.")
    commands = parser.add_subparsers(dest="command", metavar="command", required=True)
    run = commands.add_parser("run", help="run everything: server, feeds, dashboard")
    run.add_argument("--tied", action="store_true", help="end also when the parent process dies")
    commands.add_parser("dashboard", help="run one dashboard process")
    worker = commands.add_parser("worker", help="run the feeds of one group")
    worker.add_argument("group", help="the group, see `cop feed list`")
    feedcli.arguments(commands)
    movecli.arguments(commands)
    netcli.add(commands)
    wallcli.arguments(commands)
    commands.add_parser("keeper", help="keep the streams bounded, watch the picture, raise alerts")
    commands.add_parser("simulate", help="run the simulators")
    acl = commands.add_parser("acl", help="write the ACL file of an external Redis or Valkey")
    acl.add_argument("file", nargs="?", default="-", help="where to; - or nothing: standard output")
    commands.add_parser("settings", help="list the settings, their values and where they came from")
    doctor = commands.add_parser("doctor", help="check a running system from end to end")
    doctor.add_argument("--json", action="store_true", help="answer as JSON")
    read = commands.add_parser("decode", help="print the events of a payload, one JSON object a line")
    read.add_argument("feed", help="the source's name, see `cop feed list`")
    read.add_argument("file", nargs="?", default="-", help="the payload; - or nothing: standard input")
    read.add_argument("--counts", action="store_true", help="end with what became of the records, on standard error")
    read.add_argument("--received", type=int, help="when it was received, ms UTC; default: now")
    read.add_argument("--world", default=REAL, help="real or exercise/<name>")
    read.add_argument("--origin", default="observed", choices=("observed", "simulated", "injected"))
    wanted = parser.parse_args(argv)
    try:
        settings = load()
        logging.basicConfig(
            level=settings["COP_LOG"].upper(), format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", force=True
        )
        logging.getLogger("httpx").setLevel(logging.WARNING)
        return _COMMANDS[wanted.command](settings, wanted)
    except BadSetting as error:
        print(f"cop: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _run(settings: Values, wanted: argparse.Namespace) -> int:
    from dashboard.embedded import CannotStart
    from dashboard.run import run

    try:
        return run(settings, tied=wanted.tied)
    except CannotStart as error:
        print(f"cop: {error}", file=sys.stderr)
        return FAILED


def _dashboard(settings: Values, wanted: argparse.Namespace) -> int:
    from dashboard.serve import serve

    serve(settings)
    return 0


def _worker(settings: Values, wanted: argparse.Namespace) -> int:
    from dashboard.plan import PLAY, groups, plan
    from dashboard.serve import bus
    from feeds.worker import run_all

    feeds = plan(settings)
    named = groups(feeds)
    if wanted.group not in named:
        raise BadSetting(f"no feed is in the group {wanted.group!r}; there are {', '.join(named)}")
    role = "exercise" if wanted.group == PLAY else "feeds"
    chosen = [feeds[name] for name in named[wanted.group]]
    return until_stopped(lambda: run_all(chosen, bus(settings, role)))


def _keeper(settings: Values, wanted: argparse.Namespace) -> int:
    from dashboard.archive import Archive
    from dashboard.keeper import DAY_MS, Keeper
    from dashboard.rulebook import rules
    from dashboard.serve import bus, desk_bus
    from dashboard.watch import Watch

    retention_ms = round(settings.number("COP_RETENTION_H") * 3_600_000)
    keeper = Keeper(
        bus(settings, "keeper"),
        retention_ms=retention_ms,
        most=settings.whole("COP_STREAM_MAX"),
        archive=Archive(settings.archive),
        archive_ms=round(settings.number("COP_ARCHIVE_DAYS") * DAY_MS),
    )
    watch = Watch(bus(settings, "desk"), desk_bus(settings), lambda: rules(settings), retention_ms=retention_ms)

    async def both() -> None:
        await asyncio.gather(keeper.run(), watch.run())

    return until_stopped(both)


def _simulate(settings: Values, wanted: argparse.Namespace) -> int:
    from dashboard.plan import DEMO
    from dashboard.rulebook import rules
    from dashboard.serve import bus
    from feeds.simulated import convoys, server, traffic
    from feeds.simulated.follow import Follower

    follower = Follower(bus(settings, "dashboard"), DEMO, lambda: rules(settings).network)
    host, port = "127.0.0.1", settings.whole("COP_SIM_PORT")
    seed, scale = settings.whole("COP_SEED"), settings.number("COP_SIM_SCALE")

    async def all_of_them() -> None:
        await asyncio.gather(
            traffic.serve(host, port, seed=seed, count=settings.whole("COP_SIM_VESSELS")),
            convoys.serve(host, port + 1, seed=seed, scale=scale, follower=follower),
            server.serve_all(host, port + 2, seed=seed),
        )

    return until_stopped(all_of_them)


def _acl(settings: Values, wanted: argparse.Namespace) -> int:
    from cop.bus.acl import RULES, acl_file

    try:
        text = acl_file({role: settings[f"COP_REDIS_PASSWORD_{role.upper()}"] for role in RULES})
        if wanted.file == "-":
            print(text, end="")
        else:
            Path(wanted.file).write_text(text, "utf-8")
    except (OSError, ValueError) as error:
        raise BadSetting(str(error)) from error
    return 0


def _settings(settings: Values, wanted: argparse.Namespace) -> int:
    print(table(settings))
    return 0


def _doctor(settings: Values, wanted: argparse.Namespace) -> int:
    from dashboard.doctor import examine

    findings = asyncio.run(examine(settings))
    if wanted.json:
        print(json.dumps([finding._asdict() for finding in findings]))
    else:
        for finding in findings:
            print(f"{'ok  ' if finding.ok else 'FAIL'} {finding.what:<10} {finding.detail}")
    return 0 if all(finding.ok for finding in findings) else FAILED


def _decode(settings: Values, wanted: argparse.Namespace) -> int:
    from feeds.adapter import Context, Outcome, sources
    from feeds.clock import clock

    source = sources().get(wanted.feed)
    if source is None:
        raise BadSetting(f"there is no source {wanted.feed!r}; there are {', '.join(sources())}")
    if wanted.world != REAL and not is_exercise(wanted.world):
        raise BadSetting(f"the world {wanted.world!r} is neither real nor exercise/<name>")
    context = Context(wanted.received or clock(), wanted.world, wanted.origin, wanted.file)
    decoder = source.decoder()
    read = rejected = 0

    def tell(outcomes: Any) -> None:
        nonlocal read, rejected
        for outcome in outcomes:
            read, rejected = _tell(outcome, read, rejected)

    def _tell(outcome: Outcome, read: int, rejected: int) -> tuple[int, int]:
        if isinstance(outcome, Event):
            sys.stdout.buffer.write(encode(outcome) + b"\n")
            return read + 1, rejected
        raw = outcome.raw.decode("utf-8", "backslashreplace")
        line = {"reason": outcome.reason, "offset": outcome.offset, "raw": raw}
        sys.stderr.write(json.dumps(line, ensure_ascii=False) + "\n")
        return read, rejected + 1

    try:
        with _payload(wanted.file) as payload:
            while chunk := payload.read1(CHUNK):  # what is there: a live stream is told as it comes
                tell(decoder.feed(chunk, context))
                sys.stdout.buffer.flush()
        tell(decoder.close(context))
        sys.stdout.buffer.flush()
        if wanted.counts:
            counts = decoder.counts
            print(json.dumps({"records": counts.records, **msgspec.to_builtins(counts)}), file=sys.stderr)
    except BrokenPipeError:  # whoever read our lines had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise BadSetting(f"{wanted.file}: {error.strerror}") from error
    return FAILED if rejected and not read else 0


def _payload(file: str) -> BufferedReader:
    return cast(BufferedReader, sys.stdin.buffer) if file == "-" else Path(file).open("rb")


def until_stopped(work: Callable[[], Coroutine[Any, Any, None]]) -> int:
    """Run until SIGINT or SIGTERM, then let the work end in order."""

    async def body() -> None:
        task = asyncio.ensure_future(work())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        try:
            await task
        except asyncio.CancelledError:
            logging.getLogger("cop").info("stopped")

    asyncio.run(body())
    return 0


_COMMANDS: dict[str, Callable[[Values, argparse.Namespace], int]] = {
    "run": _run,
    "dashboard": _dashboard,
    "worker": _worker,
    "feed": feedcli.feed,
    "quarantine": feedcli.quarantine,
    "judge": movecli.judge,
    "march": movecli.march,
    "places": movecli.places,
    "network": netcli.network,
    "wall": wallcli.wall,
    "keeper": _keeper,
    "simulate": _simulate,
    "acl": _acl,
    "settings": _settings,
    "doctor": _doctor,
    "decode": _decode,
}

if __name__ == "__main__":
    sys.exit(main())
