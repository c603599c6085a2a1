"""Faults of the simulated national services, seen through the real collectors: told, and nothing is withdrawn."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

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
