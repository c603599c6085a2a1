"""Faults of the simulated national services, seen through the real collectors: told, and nothing is withdrawn."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cop.event import REAL, Event, Gone, decode
from dashboard.plan import DEMO, plan
from dashboard.settings import load
from tests.system import System, wait_for

ORDERS = {
    "lv-situations": ("500", "HTTP 500"),
    "lt-eismoinfo": ("403", "HTTP 403"),
    "ee-tarktee": ("cut", "peer closed"),
    "ee-tarktee-layer": ("empty", "empty answer"),
    "lv-border": ("garbage", "nothing in it could be read"),
    "nvg": ("encoding", ""),
    "digitraffic-ais-mqtt": ("cut", "broker"),
    "cot": ("cut", "closed the connection"),
}
"""Feed → the fault of its service, and what its health then says."""


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    running = System(tmp_path_factory.mktemp("services") / "var").start()
    wait_for("the demo", lambda: DEMO in running.get("/api/v1/worlds"))
    yield running
    running.stop()


def events(system: System) -> list[Event]:
    """All that is on the streams."""

    async def body() -> list[Event]:
        bus = system.bus("dashboard")
        try:
            return [decode(e.data) for e in await bus.read({REAL: None, DEMO: None}, count=1_000_000)]
        finally:
            await bus.close()

    return asyncio.run(body())


def test_every_collector_of_the_default_run_hears_its_simulated_service(system: System) -> None:
    wanted = set(plan(load({})))

    def heard() -> bool:
        told = system.feeds()
        return wanted <= set(told) and all(told[feed]["state"] == "ok" and told[feed]["records"] for feed in wanted)

    try:
        wait_for("all feeds", heard, 60)
    except AssertionError:
        told = system.feeds()
        raise AssertionError({f: told.get(f, {}).get("detail", "silent") for f in wanted}) from None
    assert {feed: told["reasons"] for feed, told in system.feeds().items() if told["rejects"]} == {}


def test_a_service_that_fails_is_told_and_withdraws_nothing_and_comes_back(system: System) -> None:
    for feed, (fault, _) in ORDERS.items():
        system.order(feed, fault)

    def told(feed: str, words: str) -> bool:
        found = system.feeds()[feed]
        return bool(found["rejects"]) if not words else found["state"] == "failed" and words in found["detail"]

    for feed, (fault, words) in ORDERS.items():
        wait_for(f"{feed}: {fault}", lambda feed=feed, words=words: told(feed, words), 60)  # type: ignore[misc]

    def withdrawn() -> set[tuple[str, int]]:
        return {(e.subject, e.at) for e in events(system) if isinstance(e.body, Gone) and e.source in ORDERS}

    before, asked = withdrawn(), system.feeds()["lv-situations"]["heard"]
    wait_for("some more failures", lambda: system.feeds()["lv-situations"]["heard"] > asked + 10_000)
    assert withdrawn() == before
    for feed in ORDERS:
        system.order(feed)
    wait_for("all to be well", lambda: all(system.feeds()[feed]["state"] == "ok" for feed in ORDERS), 90)


def cop(system: System, *words: str) -> subprocess.CompletedProcess[str]:
    """The command beside a running system, as its operator gives it."""
    command = [sys.executable, "-m", "dashboard.cli", *words]
    return subprocess.run(command, env=system.environment, capture_output=True, text=True, check=False, timeout=60)


def test_the_operator_lists_shows_and_retries_what_the_running_system_quarantined(system: System) -> None:
    system.order("digitraffic-ais-mqtt", "garbage")
    wait_for("rejects", lambda: system.feeds()["digitraffic-ais-mqtt"]["rejects"])
    system.order("digitraffic-ais-mqtt")
    listed = cop(system, "quarantine", "list", "--feed", "digitraffic-ais-mqtt")
    assert listed.returncode == 0, listed.stderr
    first = listed.stdout.split()[0]
    assert len(system.get("/api/v1/quarantine?feed=digitraffic-ais-mqtt")) >= 1
    retried = cop(system, "quarantine", "retry", first)
    assert retried.returncode == 1, retried.stderr
    assert "still in quarantine" in retried.stdout


def test_a_recording_of_the_running_services_is_played_into_an_exercise_that_the_pages_show(
    system: System, tmp_path: Path
) -> None:
    folder = str(tmp_path / "morning")
    names = ["ee-tarktee", "lv-situations", "digitraffic-ais-mqtt", "readsb"]
    recorded = cop(system, "feed", "record", *names, "--out", folder, "--hours", str(4 / 3600))
    assert recorded.returncode == 0, recorded.stderr
    words = ["feed", "run", "--play", folder, "--world", "exercise/morning", "--pace", "4"]
    command = [sys.executable, "-m", "dashboard.cli", *words]
    with subprocess.Popen(command, env=system.environment, stderr=subprocess.DEVNULL) as playing:
        try:
            wait_for("the world", lambda: "exercise/morning" in system.get("/api/v1/worlds"))
            wait_for("its feeds", lambda: _played(system) >= set(names), 60)
        finally:
            playing.terminate()
    found = system.get("/api/v1/picture?world=exercise/morning")["features"]
    played = {each["properties"]["origin"] for each in found if each["properties"]["world"] != REAL}
    assert played == {"simulated"}


def _played(system: System) -> set[str]:
    feeds = system.get("/api/v1/feeds?world=exercise/morning")
    return {each["source"] for each in feeds if each["world"] == "exercise/morning" and each["records"]}
