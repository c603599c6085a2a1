"""Does a probe's result say of a system what it proves, and no more?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from cop.event import Event, State, Status
from cop.picture import fold
from feeds.adapter import Context, Outcome, Reject, decode
from feeds.sources.probe import SOURCE

NOW = 1795514400000
RESULT: dict[str, Any] = {
    "system": "SYS-302", "kind": "http", "target": "https://customs.example.org/", "at": NOW, "ok": True,
    "ms": 84.2, "detail": "HTTP 200",
}  # fmt: skip


def read(*results: dict[str, Any]) -> list[Outcome]:
    payload = b"".join(json.dumps(each).encode() + b"\n" for each in results)
    return list(decode(SOURCE, payload, Context(NOW + 1000)))


def status(**said: Any) -> Status:
    (found,) = read(RESULT | said)
    assert isinstance(found, Event)
    assert found.subject == "system:SYS-302"
    assert found.at == NOW
    assert isinstance(found.body, Status)
    return found.body


@pytest.mark.parametrize(
    "said, state",
    [
        ({}, "open"),
        ({"detail": "HTTP 401"}, "open"),
        ({"slow_ms": 100}, "open"),
        ({"slow_ms": 84}, "degraded"),
        ({"slow_ms": 84, "ms": None}, "open"),
        ({"ok": False, "detail": "HTTP 500"}, "degraded"),
        ({"ok": False, "detail": "HTTP 404"}, "closed"),
        ({"ok": False, "detail": "ConnectError: refused", "kind": "tcp"}, "closed"),
        ({"ok": False, "detail": ""}, "closed"),
        ({"ok": None}, "unknown"),
    ],
)
def test_a_result_is_judged(said: dict[str, Any], state: State) -> None:
    assert status(**said).state == state


def test_an_error_of_the_server_is_an_answer() -> None:
    found = [status(ok=False, detail=f"HTTP {code}") for code in (429, 500, 503, 599)]
    assert {each.state for each in found} == {"degraded"}
    assert found[2].reason == "http probe: HTTP 503"


def test_our_own_fault_is_not_the_systems() -> None:
    found = status(ok=None, ms=None, detail="no network")
    assert (found.state, found.measures) == ("unknown", {})


def test_a_silent_prober_leaves_the_system_unknown() -> None:
    assert status().until == NOW + 900_000
    assert status(every_s=60).until == NOW + 180_000
    found = fold(each for each in read(RESULT | {"every_s": 60}) if isinstance(each, Event)).entity("system:SYS-302")
    assert found is not None
    assert [found.state(NOW + seconds * 1000) for seconds in (0, 179, 180)] == ["open", "open", "unknown"]


def test_latency_is_measured_and_the_target_stays_with_us() -> None:
    found = status(target="https://user:secret@customs.example.org/")
    assert found.measures == {"latency_ms": 84.2}
    assert "example.org" not in str(found)


@pytest.mark.parametrize(
    "said",
    [{"system": "SYS 302"}, {"system": ""}, {"kind": "ping"}, {"ok": "yes"}, {"ms": -1}, {"at": -5}, {"every_s": 0}],
)
def test_what_is_no_result_is_rejected_and_costs_no_neighbour(said: dict[str, Any]) -> None:
    first, second = read(RESULT | said, RESULT)
    assert isinstance(first, Reject)
    assert first.reason.startswith("not a probe's result")
    assert isinstance(second, Event)


def test_a_result_without_ok_is_no_result() -> None:
    (found,) = read({key: value for key, value in RESULT.items() if key != "ok"})
    assert isinstance(found, Reject)
