"""Do the named IT systems answer? The results of our own plain HTTP, TCP and DNS probes, one JSON object a line:

    {"system":"SYS-302","kind":"http","target":"https://…","at":…,"ok":true,"ms":84.2,"detail":"HTTP 200","every_s":300}

`ok` is true when the target answered as it should, false when it didn't, null when our own network was at fault. With
`slow_ms` an answer that takes longer counts as degraded. A result is good for three rounds (`every_s`, else 300 s
each), so that a prober that falls silent leaves the system unknown.

A system has one target: of two, the newest result would count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Final, Literal

import msgspec

from cop.event import State, Status
from feeds.adapter import Context, LineRecords, Outcome, Source, Unreadable, tell

NAME: Final = "probe"
EVERY_S: Final = 300.0
ROUNDS: Final = 3

_ANSWERED = re.compile(r"\bHTTP (?:5\d\d|429)\b", re.ASCII)

Seconds = Annotated[float, msgspec.Meta(gt=0, le=86_400)]
Spent = Annotated[float, msgspec.Meta(ge=0, le=86_400_000)]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What one probe found. `at` is when it ended, ms UTC."""

    system: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{1,32}\Z")]
    kind: Literal["http", "tcp", "dns"]
    target: Annotated[str, msgspec.Meta(max_length=2000)]
    at: Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799_999)]
    ok: bool | None
    ms: Spent | None = None
    detail: str = ""
    slow_ms: Spent | None = None
    every_s: Seconds | None = None


_decoder: Final = msgspec.json.Decoder(Result)


def read(line: bytes, context: Context) -> Iterator[Outcome]:
    """The status that one result is."""
    try:
        found = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"not a probe's result: {error}"[:200]) from None
    state, why = judge(found)
    reason = f"{found.kind} probe: " + ", ".join(part for part in (" ".join(found.detail.split())[:200], why) if part)
    until = found.at + round(ROUNDS * (found.every_s or EVERY_S) * 1000)
    measures = {} if found.ms is None else {"latency_ms": found.ms}
    body = Status(state, until=until, reason=reason.rstrip(": "), measures=measures)
    yield tell(NAME, f"system:{found.system}", found.at, body, context)


def judge(found: Result) -> tuple[State, str]:
    """The state, and what there is to say of it beside the detail."""
    if found.ok is None:
        return "unknown", "the probe itself could not tell"
    if not found.ok:
        return ("degraded" if _ANSWERED.search(found.detail) else "closed"), ""
    if found.slow_ms is not None and found.ms is not None and found.ms > found.slow_ms:
        return "degraded", f"slow: {found.ms:.0f} ms, more than {found.slow_ms:.0f}"
    return "open", ""


SOURCE = Source(
    name=NAME,
    title="Probes of IT systems",
    domain="cyber",
    nations=("EE", "LV", "LT"),
    kinds=("system",),
    transport="probe",
    formats="JSON object a line, UTF-8, of our own prober",
    licence="the operator's own",
    attribution="our own probes of targets named by the operator",
    address="probe:",
    rate_s=EVERY_S,
    stale_s=ROUNDS * EVERY_S,
    identity="the system's id",
    grid="none: a result has no place",
    complete=False,
    mapping=(
        ("system", "subject system:<id>"),
        ("at", "at"),
        ("ok true", "status open; degraded when ms is more than slow_ms"),
        ("ok false", "status closed; degraded when it answers HTTP 5xx or 429"),
        ("ok null", "status unknown"),
        ("ms", "status.measures.latency_ms"),
        ("kind, detail", "status.reason"),
        ("at + 3 × every_s (300 s when it is not said)", "status.until"),
        ("target", "not carried: an address may tell more than it should"),
    ),
    quirks=(
        (
            "test_a_silent_prober_leaves_the_system_unknown",
            "Who stops probing says nothing: a result holds three rounds.",
        ),
        ("test_an_error_of_the_server_is_an_answer", "HTTP 5xx and 429 come from a system that is there."),
        ("test_our_own_fault_is_not_the_systems", "A prober without a network finds everything down: it says null."),
    ),
    decoder=lambda: LineRecords(read),
)
