"""Faults on real processes: what was acknowledged is kept, what isn't live isn't shown live, nothing is left over."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cop.event import REAL, decode
from cop.picture import Picture, fold
from tests.system import ROOT, System, wait_for


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    running = System(tmp_path / "var").start()
    yield running
    if running.process is not None and running.process.poll() is None:
        running.stop()


def ids(system: System) -> list[str]:
    """The ids of all events on the real stream, in order."""

    async def body() -> list[str]:
        bus = system.bus("dashboard")
        try:
            return [decode(e.data).id for e in await bus.read({REAL: None}, count=1_000_000)]
        finally:
            await bus.close()

    return asyncio.run(body())


def picture(system: System) -> Picture:
    async def body() -> Picture:
        bus = system.bus("dashboard")
        try:
            return fold(decode(e.data) for e in await bus.read({REAL: None}, count=1_000_000))
        finally:
            await bus.close()

    return asyncio.run(body())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_every_process_that_was_started(system: System, number: signal.Signals) -> None:
    assert len(system.family()) >= 6
    assert system.stop(number, timeout_s=5) == 0
    assert system.family() == {}


def test_killing_the_parent_outright_leaves_no_orphan(system: System) -> None:
    assert system.process is not None
    os.kill(system.process.pid, signal.SIGKILL)
    system.process.wait()
    wait_for("the children's end", lambda: system.family() == {}, 5)


def test_a_parent_that_dies_takes_a_tied_run_with_it(tmp_path: Path) -> None:
    own = System(tmp_path / "var")
    own.data.mkdir()
    # as `make run` does: make starts the command, and make may be killed
    code = "import subprocess, sys; subprocess.run([sys.executable, '-m', 'dashboard.cli', 'run', '--tied'])"
    with own.log.open("wb") as log:
        parent = subprocess.Popen(
            [sys.executable, "-c", code], env=own.environment, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
        )
    wait_for("a live picture", lambda: (own.health() or {}).get("live"))
    parent.kill()
    parent.wait()
    wait_for("everybody's end", lambda: own.family() == {}, 6)


def test_redis_killed_and_restarted_loses_nothing_acknowledged_and_the_readers_go_on(system: System) -> None:
    wait_for("some traffic", lambda: len(ids(system)) > 400)
    before = ids(system)
    os.kill(system.pid_of("valkey-server"), signal.SIGKILL)
    wait_for("the loss to be noticed", lambda: (system.health() or {}).get("live") is False, 10)
    wait_for("the picture to be back", lambda: (system.health() or {}).get("live"), 20)
    after = ids(system)
    assert after[: len(before)] == before
    wait_for("new events", lambda: len(ids(system)) > len(after))
    health = system.health()
    assert health is not None
    assert health["unreadable"] == 0


def test_redis_data_lost_means_a_new_epoch_and_the_workers_fill_it_again(system: System) -> None:
    def epoch() -> int:
        async def body() -> int:
            bus = system.bus("dashboard")
            try:
                bounds = await bus.bounds(REAL)
                return bounds.epoch if bounds is not None else 0
            finally:
                await bus.close()

        return asyncio.run(body())

    old = epoch()
    pid = system.pid_of("valkey-server")
    for file in (system.data / "valkey").glob("appendonlydir/*"):
        file.unlink()
    os.kill(pid, signal.SIGKILL)
    wait_for("another server", lambda: any(p != pid for p, c in system.family().items() if "valkey-server" in c))
    wait_for("a live picture", lambda: (system.health() or {}).get("live"), 20)
    wait_for("a new epoch", lambda: epoch() > old)
    wait_for("moving things again", lambda: len(system.get("/api/v1/picture?layer=vessels")["features"]) > 20)
    # what is told once only comes back with the worker that tells it
    os.kill(system.pid_of("worker land"), signal.SIGKILL)
    wait_for("the reference facts", lambda: len(system.get("/api/v1/picture")["features"]) >= 200, 20)


def test_a_worker_killed_mid_batch_is_started_anew_and_the_picture_is_whole(system: System) -> None:
    wait_for("the reference facts", lambda: len(system.get("/api/v1/picture?layer=bridges")["features"]) == 76)
    for _ in range(3):
        pid = wait_for("the worker", lambda: _pid(system, "worker maritime"))
        os.kill(pid, signal.SIGKILL)
        wait_for("another worker", lambda pid=pid: _pid(system, "worker maritime") not in (None, pid), 20)  # type: ignore[misc]
    count = len(ids(system))
    wait_for("new events", lambda: len(ids(system)) > count + 20)
    seen = picture(system)
    events = ids(system)
    assert sum(1 for s in seen.subjects() if s.startswith("bridge:")) == 76
    assert len(set(events)) <= len(events)
    assert len(system.get("/api/v1/picture?layer=vessels")["features"]) > 20


def _pid(system: System, words: str) -> int | None:
    found = [pid for pid, command in system.family().items() if words in command]
    return found[0] if len(found) == 1 else None


def test_a_second_start_on_the_same_data_has_the_picture_and_the_secrets_stay_private(system: System) -> None:
    wait_for("some traffic", lambda: len(ids(system)) > 400)
    before = ids(system)
    assert system.stop() == 0
    system.start()
    assert ids(system)[: len(before)] == before
    folder = system.data / "valkey"
    for name in ("passwords", "users.acl", "url"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def doctor(system: System) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dashboard.cli", "doctor"]
    return subprocess.run(command, env=system.environment, capture_output=True, text=True, check=False)


def test_the_doctor_finds_a_sound_system_sound_and_leaves_no_trace(system: System) -> None:
    wait_for("well feeds", lambda: [f["state"] for f in system.get("/api/v1/feeds")] == ["ok"] * 5)
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
    assert system.stop() == 0
    done = doctor(system)
    assert done.returncode == 1
    assert "FAIL redis" in done.stdout
    assert "Traceback" not in done.stderr
