"""Do whole DATEX II samples give exactly the events and rejects that were looked at, and is every record accounted for?

Beside each sample lies `<sample>.expected`, one outcome a line. After a wanted change run this file as a program to
write them anew, and read the difference.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cop.event import Event, encode
from feeds.adapter import Context, Outcome, Reject, decode
from feeds.sources.datex2 import SOURCE

TESTS = Path(__file__).parent.parent
OWN = [each for each in sorted((TESTS / "samples" / "datex2").iterdir()) if each.suffix != ".expected"]
SHARED = TESTS.parent.parent / "shared" / "samples"
FOLDERS = ("datex2_v2", "datex2_v3", "datex2_json", "baltic_lv")
EXTRA = [each for folder in FOLDERS for each in sorted((SHARED / folder).glob("*.xml"))]
CONTEXT = Context(1795550000000)  # 2026-11-24 19:53:20 UTC
TEMPLATE = "situationRecordVersionTime '{}' is not a time"
REASONS = {
    "bulgaria_roadworks_r03.xml": ["labelled UTF-16 and is not: read as UTF-8"],
    "fi_d2Message_WEIGHT_RESTRICTION.xml": [
        TEMPLATE.format("SITUATION_VERSION_DATE_TIME"),
        TEMPLATE.format("START_DATE_TIME"),
    ],
}
"""Extra payloads → why some of their records, or their labels, are rejected; from the others nothing is."""
NOTES = ("labelled UTF-16 and is not: read as UTF-8",)
"""Rejects that tell of the payload and stand for no record."""
RECORD = re.compile(rb"<(?:[\w.-]+:)?situationRecord[^>]*\sid=\"([^\"]*)\"")


def line(outcome: Outcome) -> str:
    """The outcome as one line of the expectation."""
    if isinstance(outcome, Event):
        return encode(outcome).decode()
    return json.dumps({"reject": outcome.reason, "offset": outcome.offset, "bytes": len(outcome.raw)})


def expectation(sample: Path) -> str:
    return "".join(f"{line(each)}\n" for each in decode(SOURCE, sample.read_bytes(), CONTEXT))


def told(outcomes: list[Outcome]) -> set[str]:
    """The ids of the records that became events."""
    subjects = {each.subject.removesuffix(":opposite") for each in outcomes if isinstance(each, Event)}
    return {subject.split(":", 2)[2] for subject in subjects}


@pytest.mark.parametrize("sample", OWN, ids=lambda path: path.name)
def test_own_sample_gives_the_expected_outcomes(sample: Path) -> None:
    assert expectation(sample) == sample.with_name(f"{sample.name}.expected").read_text(encoding="utf-8")


@pytest.mark.parametrize("sample", EXTRA, ids=lambda path: path.name)
def test_extra_sample_is_rejected_only_for_the_right_reason(sample: Path) -> None:
    rejected = [each.reason for each in decode(SOURCE, sample.read_bytes(), CONTEXT) if isinstance(each, Reject)]
    assert rejected == REASONS.get(sample.name, [])


@pytest.mark.parametrize("sample", [*OWN, *EXTRA], ids=lambda path: path.name)
def test_every_record_is_an_event_or_a_reject(sample: Path) -> None:
    payload = sample.read_bytes()
    outcomes = list(decode(SOURCE, payload, CONTEXT))
    rejected = [each for each in outcomes if isinstance(each, Reject) and each.reason not in NOTES]
    ids = {"_".join(each.decode().split()) for each in RECORD.findall(payload)}
    read = told(outcomes)
    lost = {"_".join(each.decode().split()) for reject in rejected for each in RECORD.findall(reject.raw)}
    assert read | lost == ids
    assert not read & lost


@pytest.mark.parametrize("sample", [*OWN, *EXTRA], ids=lambda path: path.name)
def test_rejected_bytes_stand_at_their_offset(sample: Path) -> None:
    payload = sample.read_bytes()
    for outcome in decode(SOURCE, payload, CONTEXT):
        if isinstance(outcome, Reject):
            assert payload[outcome.offset : outcome.offset + len(outcome.raw)] == outcome.raw


@pytest.mark.parametrize("sample", [*OWN, *EXTRA], ids=lambda path: path.name)
def test_every_sample_is_read_alike_twice(sample: Path) -> None:
    payload = sample.read_bytes()
    assert list(decode(SOURCE, payload, CONTEXT)) == list(decode(SOURCE, payload, CONTEXT))


if __name__ == "__main__":
    for sample in OWN:
        sample.with_name(f"{sample.name}.expected").write_text(expectation(sample), encoding="utf-8")
