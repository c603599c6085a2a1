"""Do whole AIS samples give exactly the events and rejects that were looked at and kept?

Beside each sample lies `<sample>.expected`, one outcome a line. After a wanted change run this file as a program to
write them anew, and read the difference.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cop.event import Event, encode
from feeds.adapter import Context, Outcome, Reject, decode
from feeds.sources.ais import SOURCE

TESTS = Path(__file__).parent.parent
OWN = [each for each in sorted((TESTS / "samples" / "ais").iterdir()) if each.suffix != ".expected"]
EXTRA = sorted((TESTS.parent.parent / "shared" / "samples" / "ais").glob("*"))
ANY = [*OWN, *EXTRA]
CONTEXT = Context(1773150000000)


def line(outcome: Outcome) -> str:
    """The outcome as one line of the expectation."""
    if isinstance(outcome, Event):
        return encode(outcome).decode()
    return json.dumps({"reject": outcome.reason, "offset": outcome.offset, "bytes": len(outcome.raw)})


def expectation(sample: Path) -> str:
    decoder = SOURCE.decoder()
    outcomes = [*decoder.feed(sample.read_bytes(), CONTEXT), *decoder.close(CONTEXT)]
    ignored: int = decoder.ignored  # type: ignore[attr-defined]
    return "".join(f"{each}\n" for each in (*map(line, outcomes), json.dumps({"ignored": ignored})))


@pytest.mark.parametrize("sample", OWN, ids=lambda path: path.name)
def test_own_sample_gives_the_expected_outcomes(sample: Path) -> None:
    assert expectation(sample) == sample.with_name(f"{sample.name}.expected").read_text(encoding="utf-8")


@pytest.mark.parametrize("sample", ANY, ids=lambda path: path.name)
def test_every_sample_gives_outcomes_with_a_reason_for_each_reject(sample: Path) -> None:
    outcomes = list(decode(SOURCE, sample.read_bytes(), CONTEXT))
    assert outcomes
    assert all(each.reason for each in outcomes if isinstance(each, Reject))


@pytest.mark.parametrize("sample", ANY, ids=lambda path: path.name)
def test_every_sample_is_read_alike_twice(sample: Path) -> None:
    payload = sample.read_bytes()
    assert list(decode(SOURCE, payload, CONTEXT)) == list(decode(SOURCE, payload, CONTEXT))


@pytest.mark.parametrize("sample", ANY, ids=lambda path: path.name)
def test_rejected_bytes_stand_at_their_offset(sample: Path) -> None:
    payload = sample.read_bytes()
    for outcome in decode(SOURCE, payload, CONTEXT):
        if isinstance(outcome, Reject):
            first = outcome.raw.partition(b"\n")[0]  # the parts of an incomplete message may stand apart
            assert payload[outcome.offset : outcome.offset + len(first)] == first


if __name__ == "__main__":
    for sample in OWN:
        sample.with_name(f"{sample.name}.expected").write_text(expectation(sample), encoding="utf-8")
