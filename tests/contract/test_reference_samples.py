"""Do the reference and simulated samples decode to exactly the events and rejects that were looked at and kept?

Beside each sample lies `<sample>.<world>.expected`, one outcome a line. After a wanted change run this file as a
program to write them anew, and read the difference.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cop.event import Event, Origin, encode
from feeds.adapter import Context, Outcome, Source, decode
from feeds.sources import reference, simulated

SAMPLES = Path(__file__).parent.parent / "samples"
WORLDS: dict[str, tuple[str, Origin]] = {"real": ("real", "observed"), "exercise": ("exercise/amber", "injected")}
CASES = [
    (source, sample, world)
    for source in (reference.SOURCE, simulated.SOURCE)
    for sample in sorted((SAMPLES / source.name).iterdir())
    if sample.suffix != ".expected"
    for world in WORLDS
]


def context(world: str) -> Context:
    return Context(1773150000000, *WORLDS[world])


def line(outcome: Outcome) -> str:
    """The outcome as one line of the expectation."""
    if isinstance(outcome, Event):
        return encode(outcome).decode()
    return json.dumps({"reject": outcome.reason, "offset": outcome.offset, "bytes": len(outcome.raw)})


def expectation(source: Source, sample: Path, world: str) -> str:
    return "".join(line(outcome) + "\n" for outcome in decode(source, sample.read_bytes(), context(world)))


@pytest.mark.parametrize(("source", "sample", "world"), CASES, ids=lambda x: getattr(x, "name", x))
def test_sample_gives_the_expected_outcomes(source: Source, sample: Path, world: str) -> None:
    kept = sample.with_name(f"{sample.name}.{world}.expected")
    assert expectation(source, sample, world) == kept.read_text(encoding="utf-8")


@pytest.mark.parametrize(("source", "sample", "world"), CASES, ids=lambda x: getattr(x, "name", x))
def test_rejects_are_bytes_of_the_sample_at_their_offset(source: Source, sample: Path, world: str) -> None:
    payload = sample.read_bytes()
    for outcome in decode(source, payload, context(world)):
        if not isinstance(outcome, Event):
            assert payload[outcome.offset : outcome.offset + len(outcome.raw)] == outcome.raw


if __name__ == "__main__":
    for source, sample, world in CASES:
        sample.with_name(f"{sample.name}.{world}.expected").write_text(
            expectation(source, sample, world), encoding="utf-8"
        )
