"""Does every source keep the contract, by its samples?

`tests/samples/<file>/` of a source holds its payloads, beside each `<sample>.expected`, one outcome a line and the
counts at the end, and `samples.toml`, written by hand: how many records each payload has, counted by a reader of the
format. After a wanted change `python -m tests.contract.test_sources [FILE…]` writes the expectations anew; read the
difference.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import feeds.sources
from cop.event import REAL, Event, Millis, encode
from cop.event import decode as read_event
from feeds.adapter import Context, Counts, Outcome, Reject, Source, sources

TESTS: Final = Path(__file__).parent.parent
SAMPLES: Final = TESTS / "samples"
SHARED: Final = TESTS.parent.parent / "shared" / "samples"
UNUSED: Final = {"README.md", "osm/test.osm.pbf"}
"""What lies among the extra payloads and is no feed's."""
LATER_MS: Final = 3_600_000


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """A payload and what its reader says of it."""

    source: str
    path: Path
    received: Millis
    records: int
    says: str = ""
    name: str = ""
    """The context's name, where the format needs it: an address or a topic."""
    own_time: bool = True
    """False for a format that has no time of its own, so that a report is as old as its hearing."""
    worlds: tuple[str, ...] = (REAL,)
    ignored: int = 0
    rejects: dict[str, int] = {}
    """Of an extra payload: reason → how often."""

    def __str__(self) -> str:
        return f"{self.path.parent.name}/{self.path.name}"

    def context(self, world: str = REAL, later_ms: int = 0) -> Context:
        return Context(self.received + later_ms, world, "observed" if world == REAL else "injected", self.name)


def folder(source: Source) -> Path:
    """Where the samples of a source lie: under the name of its file."""
    return SAMPLES / source.name.replace("-", "_")


@cache
def manifest(source: str) -> dict[str, Any]:
    path = folder(sources()[source]) / "samples.toml"
    return tomllib.loads(path.read_text("utf-8")) if path.exists() else {"received": 0}


def own(source: Source) -> list[Sample]:
    told = manifest(source.name)
    received = told["received"]
    tables = {name: table for name, table in told.items() if name not in ("received", "extra")}
    return [
        msgspec.convert({"received": received, **table, "source": source.name, "path": folder(source) / name}, Sample)
        for name, table in tables.items()
    ]


def extra(source: Source) -> list[Sample]:
    """The payloads that lie beside the project, where they do."""
    told = manifest(source.name)
    return [
        msgspec.convert({"received": told["received"], **table, "source": source.name, "path": SHARED / name}, Sample)
        for name, table in told.get("extra", {}).items()
        if (SHARED / name).exists()
    ]


ALL: Final = list(sources().values())
OWN: Final = [sample for source in ALL for sample in own(source)]
EXTRA: Final = [sample for source in ALL for sample in extra(source)]
SMALLEST: Final = [min(found, key=lambda each: each.path.stat().st_size) for source in ALL if (found := own(source))]
each_source = pytest.mark.parametrize("source", ALL, ids=lambda source: source.name)
each_sample = pytest.mark.parametrize("sample", [*OWN, *EXTRA], ids=str)


def outcomes_of(sample: Sample, payload: bytes, context: Context, step: int = 0) -> tuple[list[Outcome], Counts]:
    decoder = sources()[sample.source].decoder()
    size = step or max(1, len(payload))
    found = [each for at in range(0, len(payload), size) for each in decoder.feed(payload[at : at + size], context)]
    found.extend(decoder.close(context))
    return found, decoder.counts


def line(outcome: Outcome) -> str:
    if isinstance(outcome, Event):
        return encode(outcome).decode()
    return json.dumps({"reject": outcome.reason, "offset": outcome.offset, "bytes": len(outcome.raw)})


def expectation(sample: Sample, world: str) -> str:
    outcomes, counts = outcomes_of(sample, sample.path.read_bytes(), sample.context(world))
    return "".join(f"{each}\n" for each in (*map(line, outcomes), json.dumps(msgspec.to_builtins(counts))))


def expected(sample: Sample, world: str) -> Path:
    part = "" if sample.worlds == (REAL,) else f".{world.partition('/')[0]}"
    return sample.path.with_name(f"{sample.path.name}{part}.expected")


# -- the declaration --------------------------------------------------------------------------------------------------


@each_source
def test_a_source_declares_everything(source: Source) -> None:
    for field in ("title", "formats", "licence", "attribution", "address", "identity", "grid"):
        assert getattr(source, field).strip(), f"{source.name} says nothing of its {field}"
    assert source.nations
    assert source.kinds
    assert source.mapping
    assert source.rate_s > 0
    assert source.stale_s > 0
    assert all(field.strip() and becomes.strip() for field, becomes in source.mapping)


@each_source
def test_a_source_is_one_file_of_its_name(source: Source) -> None:
    (root,) = feeds.sources.__path__
    assert (Path(root) / f"{source.name.replace('-', '_')}.py").exists()


@each_source
def test_every_trap_of_a_source_is_a_test_by_that_name(source: Source) -> None:
    tree = ast.parse("\n".join(path.read_text("utf-8") for path in sorted((TESTS / "unit").glob("test_*.py"))))
    tests = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert {name for name, _ in source.quirks} <= tests


@each_source
def test_every_sample_is_in_the_manifest_and_one_is_small(source: Source) -> None:
    lying = {each.name for each in folder(source).iterdir() if each.suffix not in (".expected", ".toml")}
    assert lying == {sample.path.name for sample in own(source)}
    assert lying, "a source without samples"
    assert min(sample.path.stat().st_size for sample in own(source)) <= 4096
    assert all(sample.says for sample in own(source)), "a sample that shows nothing"


@pytest.mark.parametrize("path", sorted(SHARED.rglob("*")) if SHARED.exists() else [], ids=lambda path: path.name)
def test_every_extra_payload_is_read_by_a_source(path: Path) -> None:
    name = str(path.relative_to(SHARED))
    assert path.is_dir() or name in UNUSED or any(sample.path == path for sample in EXTRA), f"nobody reads {name}"


# -- the decoder ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sample", OWN, ids=str)
def test_own_samples_give_the_outcomes_that_were_looked_at(sample: Sample) -> None:
    for world in sample.worlds:
        assert expectation(sample, world) == expected(sample, world).read_text("utf-8")


@pytest.mark.parametrize("sample", EXTRA, ids=str)
def test_extra_payloads_are_rejected_for_the_right_reasons(sample: Sample) -> None:
    outcomes, counts = outcomes_of(sample, sample.path.read_bytes(), sample.context())
    reasons: dict[str, int] = {}
    for outcome in outcomes:
        if isinstance(outcome, Reject):
            reasons[outcome.reason] = reasons.get(outcome.reason, 0) + 1
    assert reasons == sample.rejects
    assert counts.ignored == sample.ignored


@each_sample
def test_no_record_is_lost(sample: Sample) -> None:
    outcomes, counts = outcomes_of(sample, sample.path.read_bytes(), sample.context())
    events = [each for each in outcomes if isinstance(each, Event)]
    assert counts.records == sample.records
    assert counts.rejected == len(outcomes) - len(events)
    assert bool(events) == bool(counts.told)
    assert len(events) >= counts.told


@each_sample
def test_events_are_of_this_source_its_kinds_and_the_context(sample: Sample) -> None:
    source, context = sources()[sample.source], sample.context()
    for outcome in outcomes_of(sample, sample.path.read_bytes(), context)[0]:
        if isinstance(outcome, Event):
            assert outcome.source == source.name
            assert outcome.subject.partition(":")[0] in source.kinds
            assert (outcome.world, outcome.received) == (context.world, context.received)
        else:
            assert outcome.reason


@each_sample
def test_events_survive_the_wire(sample: Sample) -> None:
    for outcome in outcomes_of(sample, sample.path.read_bytes(), sample.context())[0]:
        if isinstance(outcome, Event):
            assert read_event(encode(outcome)) == outcome


@each_sample
def test_the_same_bytes_and_time_give_the_same_outcomes_however_they_are_cut(sample: Sample) -> None:
    payload, context = sample.path.read_bytes(), sample.context()
    whole = outcomes_of(sample, payload, context)
    assert outcomes_of(sample, payload, context) == whole
    assert outcomes_of(sample, payload, context, step=97) == whole


@each_sample
def test_the_time_of_an_event_is_the_sources_and_not_the_hearings(sample: Sample) -> None:
    def told(later_ms: int) -> list[tuple[str, Millis]]:
        context = sample.context(later_ms=later_ms)
        outcomes = outcomes_of(sample, sample.path.read_bytes(), context)[0]
        return [(each.subject, each.at) for each in outcomes if isinstance(each, Event)]

    if sample.own_time:
        assert told(LATER_MS) == told(0)
    else:
        assert told(LATER_MS) != told(0)


@each_sample
def test_rejected_bytes_stand_at_their_offset(sample: Sample) -> None:
    payload = sample.path.read_bytes()
    for outcome in outcomes_of(sample, payload, sample.context())[0]:
        if isinstance(outcome, Reject):
            first = outcome.raw.partition(b"\n")[0]  # the parts of an incomplete message may stand apart
            assert payload[outcome.offset : outcome.offset + len(first)] == first


@pytest.mark.parametrize("sample", SMALLEST, ids=str)
def test_a_payload_cut_at_any_byte_raises_nothing_and_loses_nothing(sample: Sample) -> None:
    payload = sample.path.read_bytes()
    for cut in range(len(payload)):
        outcomes, counts = outcomes_of(sample, payload[:cut], sample.context())
        assert counts.rejected == sum(isinstance(each, Reject) for each in outcomes)


@pytest.mark.parametrize("sample", SMALLEST, ids=str)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_mutated_payloads_raise_nothing_and_lose_nothing(sample: Sample, data: st.DataObject) -> None:
    payload = bytearray(sample.path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(payload) - 1))
        size = data.draw(st.integers(0, 8))
        payload[at : at + size] = data.draw(st.binary(max_size=8))
        payload = payload or bytearray(b"?")
    outcomes, counts = outcomes_of(sample, bytes(payload), sample.context())
    assert counts.rejected == sum(isinstance(each, Reject) for each in outcomes)
    for outcome in outcomes:
        assert isinstance(outcome, Reject) or read_event(encode(outcome)) == outcome


def test_the_program_that_writes_expectations_names_what_it_writes() -> None:
    assert all(re.fullmatch(r"[\w.-]+", sample.path.name) for sample in OWN)


if __name__ == "__main__":
    wanted = sys.argv[1:] or [source.name for source in ALL]
    for each in (sample for name in wanted for sample in own(sources()[name.replace("_", "-")])):
        for into in each.worlds:
            expected(each, into).write_text(expectation(each, into), "utf-8")
