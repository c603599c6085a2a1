"""Do whole eismoinfo samples give exactly the events and rejects that were looked at and kept?

Beside each sample lies `<sample>.expected`, one outcome a line. After a wanted change run this file as a program to
write them anew, and read the difference.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cop.event import Event, encode
from feeds.adapter import Context, Outcome, Reject, decode
from feeds.sources.lt_eismoinfo import SOURCE

TESTS = Path(__file__).parent.parent
OWN = [each for each in sorted((TESTS / "samples" / "lt_eismoinfo").iterdir()) if each.suffix != ".expected"]
EXTRA = sorted((TESTS.parent.parent / "shared" / "samples" / "baltic_lt").glob("*"))
ANY = [*OWN, *EXTRA]
CONTEXT = Context(1795550000000)  # 2026-11-24 19:53:20 UTC
REASONS = {
    "eal_sample.json": {"the answer ends before its end"},
    "arcgis_sample.json": {
        "no time of its own: its age cannot be told",
        "the service has more records than this answer holds",
    },
    "eismoinfo_weather_2018.json": {"no time of its own: its age cannot be told"},
    "vialietuva_remontas.csv": {"not JSON"},
}
"""Extra payloads → why nothing of them is an event."""


def line(outcome: Outcome) -> str:
    """The outcome as one line of the expectation."""
    if isinstance(outcome, Event):
        return encode(outcome).decode()
    return json.dumps({"reject": outcome.reason, "offset": outcome.offset, "bytes": len(outcome.raw)})


def expectation(sample: Path) -> str:
    return "".join(f"{line(each)}\n" for each in decode(SOURCE, sample.read_bytes(), CONTEXT))


@pytest.mark.parametrize("sample", OWN, ids=lambda path: path.name)
def test_own_sample_gives_the_expected_outcomes(sample: Path) -> None:
    assert expectation(sample) == sample.with_name(f"{sample.name}.expected").read_text(encoding="utf-8")


@pytest.mark.parametrize("sample", EXTRA, ids=lambda path: path.name)
def test_extra_sample_is_rejected_for_the_right_reason(sample: Path) -> None:
    outcomes = list(decode(SOURCE, sample.read_bytes(), CONTEXT))
    reasons = {each.reason for each in outcomes if isinstance(each, Reject)}
    assert reasons == REASONS.get(sample.name, reasons)
    assert outcomes


@pytest.mark.parametrize("sample", ANY, ids=lambda path: path.name)
def test_every_sample_is_read_alike_twice(sample: Path) -> None:
    payload = sample.read_bytes()
    assert list(decode(SOURCE, payload, CONTEXT)) == list(decode(SOURCE, payload, CONTEXT))


@pytest.mark.parametrize("sample", ANY, ids=lambda path: path.name)
def test_rejected_bytes_stand_at_their_offset(sample: Path) -> None:
    payload = sample.read_bytes()
    for outcome in decode(SOURCE, payload, CONTEXT):
        if isinstance(outcome, Reject):
            assert payload[outcome.offset : outcome.offset + len(outcome.raw)] == outcome.raw


if __name__ == "__main__":
    for sample in OWN:
        sample.with_name(f"{sample.name}.expected").write_text(expectation(sample), encoding="utf-8")
