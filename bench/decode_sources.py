"""How many records a second does each source's decoder read, beside the parse of the same container alone?

`python -m bench.decode_sources [--seconds S] [NAME…]` prints one JSON object with a row for each source. The payload is
what the simulators say of the source; where they say nothing, its largest test sample. Its container is JSON, JSON
lines, XML, HTML or lines: alone, it is parsed by msgspec or lxml, or split, and thrown away. Both sides run in turn,
each with a fresh decoder, and the best of each counts, because what else runs on the machine only ever makes it slower.
"""

from __future__ import annotations

import argparse
import json
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import lxml.html
import msgspec
from lxml import etree

from bench.decode_datex2 import document
from cop.event import Event, Millis
from dashboard.plan import REFERENCE
from feeds.adapter import Context, Outcome, Source, sources
from feeds.simulated import convoys
from feeds.simulated.national import Speaker, Talker, speakers
from feeds.simulated.traffic import fleet
from feeds.sources.simulated import write

NOW: Final = 1795550000000
SEED: Final = 1
MINUTE_MS: Final = 60_000
SAMPLES: Final = Path(__file__).resolve().parent.parent / "tests" / "samples"
LEAST_ROUNDS: Final = 3


class Payload(msgspec.Struct, frozen=True):
    """What a decoder is given: one document, or the messages of a stream in their order."""

    name: str
    parts: tuple[bytes, ...]
    context: Context

    @property
    def size(self) -> int:
        return sum(map(len, self.parts))


def said(source: Source) -> Iterator[Payload]:
    """What the simulators say of this source: a document, or a minute of a stream."""
    at = Context(NOW, origin="simulated")
    if source.name == "ais":
        yield Payload("a minute of 1,000 simulated ships", tuple(fleet(SEED, 1_000).messages(NOW - MINUTE_MS, NOW)), at)
    if source.name == "datex2":
        yield Payload("130 situations as of bench.decode_datex2", (document(130),), at)
    if source.name == "reference":
        for path in REFERENCE.glob("*.csv"):
            yield Payload(path.name, (path.read_bytes(),), Context(NOW, name=str(path)))
    if source.name == "simulated":
        scene = convoys.load(seed=SEED, scale=1, count=200, start=convoys.START, start_wall=NOW - MINUTE_MS)
        yield Payload("200 convoys and the scenario's", (write(list(convoys.reports(scene, -1, NOW))),), at)
    for each in speakers():
        if each.source != source.name:
            continue
        if isinstance(each, Speaker):
            if each.system:
                continue  # a page that is knocked at, not read
            context = msgspec.structs.replace(at, name=each.path)
            yield Payload(each.feed, (each.say(SEED, NOW),), context)
        elif each.scheme == "tcp":  # by MQTT each message is a payload of its own
            yield Payload(f"a minute of {each.feed}", tuple(_minute(each)), at)


def _minute(talker: Talker) -> Iterator[bytes]:
    at: Millis = NOW - MINUTE_MS
    while at < NOW:
        yield from (message for _, message in talker.say(SEED, at))
        at += round(talker.every_s * 1000)


def samples(source: Source) -> Iterator[Payload]:
    """The source's test samples."""
    folder = SAMPLES / source.name.replace("-", "_")
    told = tomllib.loads((folder / "samples.toml").read_text("utf-8"))
    for name, table in told.items():
        if name not in ("received", "extra"):
            received = table.get("received", told["received"])
            yield Payload(name, ((folder / name).read_bytes(),), Context(received, name=table.get("name", "")))


def payload(source: Source) -> Payload:
    """The largest payload that can be read, best without a reject: of what is said, else of the samples."""
    for candidates in (said(source), samples(source)):
        found = []
        for each in candidates:
            outcomes = read(source, each)[1]
            events = sum(isinstance(outcome, Event) for outcome in outcomes)
            if events:
                found.append((events < len(outcomes), -each.size, each))
        if found:
            return min(found, key=lambda each: each[:2])[2]
    raise SystemExit(f"{source.name} has nothing to be read")


CONTAINERS: Final[tuple[tuple[bytes, str, Callable[[bytes], Any]], ...]] = (
    (b"{[", "JSON", msgspec.json.decode),
    (b"{", "JSON lines", msgspec.json.Decoder().decode_lines),
    (b"<", "XML", etree.fromstring),
    (b"<", "HTML", lxml.html.fromstring),
)
"""(first bytes, name, parser), the more exact ones first."""


def container(part: bytes) -> tuple[str, Callable[[bytes], Any]]:
    """The container's name and what parses it: by the first byte, then by who can."""
    first = part.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    for firsts, name, parse in CONTAINERS:
        if first and first in firsts:
            try:
                parse(part)
            except (msgspec.DecodeError, etree.LxmlError, ValueError):
                continue
            return name, parse
    return "lines", bytes.splitlines


def read(source: Source, given: Payload) -> tuple[int, list[Outcome]]:
    """Decode it with a fresh decoder: the records that it had, and what they led to."""
    decoder = source.decoder()
    outcomes = [each for part in given.parts for each in decoder.feed(part, given.context)]
    outcomes.extend(decoder.close(given.context))
    return decoder.counts.records, outcomes


def measure(source: Source, seconds: float) -> dict[str, Any]:
    """The row of one source: both sides in turn for at least so long."""
    given = payload(source)
    parsers = [(part, *container(part)) for part in given.parts]
    records, outcomes = read(source, given)  # also loads what the first use loads: grids, registers
    events = sum(isinstance(each, Event) for each in outcomes)
    whole: list[float] = []
    alone: list[float] = []
    while len(whole) < LEAST_ROUNDS or sum(whole) < seconds:
        begun = time.perf_counter()
        for part, _, parse in parsers:
            parse(part)
        parsed = time.perf_counter()
        read(source, given)
        whole.append(time.perf_counter() - parsed)
        alone.append(parsed - begun)
    best, parsing = min(whole), min(alone)
    return {
        "source": source.name,
        "payload": given.name,
        "bytes": given.size,
        "container": ", ".join(sorted({name for _, name, _ in parsers})),
        "records": records,
        "events": events,
        "rejects": len(outcomes) - events,
        "ms": round(best * 1000, 3),
        "records_per_s": round(records / best),
        "events_per_s": round(events / best),
        "mb_per_s": round(given.size / best / 1e6, 2),
        "container_mb_per_s": round(given.size / parsing / 1e6, 2),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="decode_sources", description="Every decoder, beside its container alone.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="sources; none: all")
    parser.add_argument("--seconds", type=float, default=0.3, help="for how long each source is read")
    asked = parser.parse_args(argv)
    known = sources()
    if strange := set(asked.names) - set(known):
        parser.error(f"no source {', '.join(sorted(strange))}; there are {', '.join(known)}")
    rows = [measure(known[name], asked.seconds) for name in asked.names or known]
    print(json.dumps({"bench": "decode_sources", "sources": rows}, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
