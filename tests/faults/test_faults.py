"""Faults on real processes: what was acknowledged is kept, and what isn't live isn't shown live."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from cop.bus import Entry
from cop.event import REAL, Event, decode
from cop.picture import fold
from dashboard.plan import plan
from dashboard.settings import load
from tests.system import System, wait_for


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """One that every test leaves running."""
    running = System(tmp_path_factory.mktemp("faults") / "var").start()
    yield running
    if running.process is not None and running.process.poll() is None:
        running.stop()


def entries(system: System) -> list[Entry]:
    """All that is on the real stream, in order."""

    async def body() -> list[Entry]:
        bus = system.bus("dashboard")
        try:
            return await bus.read({REAL: None}, count=1_000_000)
        finally:
            await bus.close()

    return asyncio.run(body())


def facts(system: System) -> int:
    """How many bridges of the reference facts are there: those of the simulated registers have a nation's id."""
    bridges = system.get("/api/v1/picture?layer=bridges")["features"]
    return sum(each["id"].startswith("bridge:B") for each in bridges)


def live(system: System) -> bool:
    return bool((system.health() or {}).get("live"))


def test_redis_killed_and_restarted_loses_nothing_acknowledged_and_the_readers_go_on(system: System) -> None:
    wait_for("some traffic", lambda: len(entries(system)) > 400)
    before = entries(system)
    os.kill(system.pid_of("valkey-server"), signal.SIGKILL)
    wait_for("the loss to be noticed", lambda: (system.health() or {}).get("live") is False, 10)
    wait_for("the picture to be back", lambda: live(system), 20)
    after = entries(system)
    assert after[: len(before)] == before
    assert [e.position.offset for e in after] == list(range(len(after)))  # the position goes on, without a gap
    assert len({e.position.epoch for e in after}) == 1
    wait_for("new events", lambda: len(entries(system)) > len(after))
    assert (system.health() or {})["unreadable"] == 0


def test_a_worker_killed_mid_batch_is_started_anew_and_the_picture_is_whole(system: System) -> None:
    wait_for("the reference facts", lambda: facts(system) == 76)
    for _ in range(2):
        pid = wait_for("the worker", lambda: _pid(system, "worker maritime"))
        os.kill(pid, signal.SIGKILL)
        wait_for("another worker", lambda pid=pid: _pid(system, "worker maritime") not in (None, pid), 20)  # type: ignore[misc]
    count = len(entries(system))
    wait_for("new events", lambda: len(entries(system)) > count + 20)
    events = [decode(entry.data) for entry in entries(system)]
    once: dict[str, Event] = {}
    for said in events:  # what was sent twice is the same report, and the picture is that of each sent once
        assert replace(said, received=0) == replace(once.setdefault(said.id, said), received=0)
    seen = fold(events)
    assert seen == fold(reversed(list(once.values())))
    assert sum(1 for s in seen.subjects() if s.startswith("bridge:B")) == 76
    assert len(system.get("/api/v1/picture?layer=vessels")["features"]) > 20


def _pid(system: System, words: str) -> int | None:
    found = [pid for pid, command in system.family().items() if words in command]
    return found[0] if len(found) == 1 else None


def test_redis_data_lost_means_a_new_epoch_and_the_workers_fill_it_again(system: System) -> None:
    wait_for("the reference facts", lambda: facts(system) == 76)
    status, said = system.send("POST", "/api/v1/exercises", {"name": "lost"})
    assert status == 201, said
    old = entries(system)[0].position.epoch
    pid = system.pid_of("valkey-server")
    os.kill(pid, signal.SIGSTOP)  # so that it writes nothing on the way out
    for file in (system.data / "valkey").glob("appendonlydir/*"):
        file.unlink()
    os.kill(pid, signal.SIGKILL)
    wait_for("another server", lambda: _pid(system, "valkey-server") not in (None, pid))
    wait_for("a live picture", lambda: live(system), 20)
    wait_for("a new epoch", lambda: (found := entries(system)) and found[0].position.epoch > old)
    wait_for("moving things again", lambda: len(system.get("/api/v1/picture?layer=vessels")["features"]) > 20)
    wait_for("the facts, told once, again", lambda: facts(system) == 76)
    assert "exercise/lost" not in system.get("/api/v1/worlds")


def test_a_second_start_on_the_same_data_has_the_picture_and_the_secrets_stay_private(system: System) -> None:
    wait_for("some traffic", lambda: len(entries(system)) > 400)
    before = entries(system)
    assert system.stop() == 0
    system.start()
    assert entries(system)[: len(before)] == before
    folder = system.data / "valkey"
    for name in ("passwords", "users.acl", "url"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def doctor(system: System) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dashboard.cli", "doctor"]
    return subprocess.run(command, env=system.environment, capture_output=True, text=True, check=False)


def test_the_doctor_finds_a_sound_system_sound_and_leaves_no_trace(system: System) -> None:
    wanted = sum(feed.world == REAL for feed in plan(load({})).values())
    wait_for("well feeds", lambda: [f["state"] for f in system.get("/api/v1/feeds")] == ["ok"] * wanted, 90)
    done = doctor(system)
    assert done.returncode == 0, done.stdout
    assert "FAIL" not in done.stdout
    assert "seen in the push" in done.stdout
    wait_for("no trace", lambda: "exercise/doctor" not in system.get("/api/v1/worlds"))
    assert not any("PROBE" in str(f) for f in system.get("/api/v1/picture")["features"])


def test_the_doctor_says_what_is_wrong(system: System) -> None:
    os.kill(system.pid_of("dashboard.cli dashboard"), signal.SIGSTOP)
    stopped = system.pid_of("dashboard.cli dashboard")
    done = doctor(system)
    assert done.returncode == 1
    assert "FAIL dashboard" in done.stdout
    assert "ok   redis" in done.stdout
    os.kill(stopped, signal.SIGCONT)
    wait_for("a live picture", lambda: live(system))
    assert system.stop() == 0
    done = doctor(system)
    assert done.returncode == 1
    assert "FAIL redis" in done.stdout
    assert "FAIL dashboard" in done.stdout
    assert "Traceback" not in done.stderr
