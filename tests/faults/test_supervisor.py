"""The supervisor: every way to end a run ends all of it, what falls is started anew, and a second start is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system import ROOT, System, wait_for

STOP_S = 5
WORDS = ["dashboard.cli dashboard", "dashboard.cli simulate", "dashboard.cli keeper", "valkey-server"]
WORDS += [f"dashboard.cli worker {group}" for group in ("land", "maritime", "air", "cyber", "exercise")]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[System]:
    """One to end."""
    running = System(tmp_path / "var").start()
    wait_for("every process", lambda: all(pid(running, words) for words in WORDS))
    yield running
    end(running)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """One that every test leaves as it was."""
    running = System(tmp_path_factory.mktemp("lasting") / "var").start()
    wait_for("every process", lambda: all(pid(running, words) for words in WORDS))
    yield running
    end(running)


def end(system: System) -> None:
    if system.process is not None and system.process.poll() is None:
        system.stop()


def pid(system: System, words: str) -> int | None:
    """The process with these words, None while there isn't just one."""
    found = [number for number, command in system.family().items() if words in command]
    return found[0] if len(found) == 1 else None


def cop(system: System, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**system.environment, **settings}
    command = [sys.executable, "-m", "dashboard.cli", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_every_process_that_was_started(own: System, number: signal.Signals) -> None:
    assert len(own.family()) == len(WORDS) + 1
    assert own.stop(number, timeout_s=STOP_S) == 0
    assert own.family() == {}
    assert "Traceback" not in own.log.read_text("utf-8")


def test_a_stop_that_comes_while_it_starts_leaves_nothing(tmp_path: Path) -> None:
    for pause in (0.05, 0.3, 0.6, 1.0):
        own = System(tmp_path / f"var{pause}").start(live=False)
        time.sleep(pause)
        own.stop(signal.SIGTERM, timeout_s=STOP_S)
        wait_for("everybody's end", lambda own=own: own.family() == {}, STOP_S)  # type: ignore[misc]


def test_processes_that_do_not_listen_are_ended_all_the_same(own: System) -> None:
    for words in ("worker maritime", "dashboard.cli dashboard", "valkey-server"):
        found = pid(own, words)
        assert found is not None
        os.kill(found, signal.SIGSTOP)
    own.stop(signal.SIGTERM, timeout_s=STOP_S)
    assert own.family() == {}


def test_killing_the_parent_outright_leaves_no_orphan(own: System) -> None:
    assert own.process is not None
    os.kill(own.process.pid, signal.SIGKILL)
    own.process.wait()
    wait_for("the children's end", lambda: own.family() == {}, STOP_S)
    own.start()  # and the folder is free for the next one at once


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


@pytest.mark.parametrize("words", WORDS)
def test_what_falls_is_started_anew(lasting: System, words: str) -> None:
    fallen = wait_for("the process", lambda: pid(lasting, words))
    os.kill(fallen, signal.SIGKILL)
    wait_for("another one", lambda: pid(lasting, words) not in (None, fallen))
    wait_for("a live picture", lambda: (lasting.health() or {}).get("live"))


def test_a_second_run_on_the_same_port_or_folder_is_told_and_harms_nothing(lasting: System, tmp_path: Path) -> None:
    family = lasting.family()
    same_port = cop(lasting, "run", COP_DATA=str(tmp_path / "other"))
    assert same_port.returncode == 2
    assert f"port {lasting.port} cannot be used" in same_port.stderr
    assert "COP_PORT" in same_port.stderr
    assert not (tmp_path / "other").exists()
    other = System(tmp_path)
    ports = {name: other.environment[name] for name in ("COP_PORT", "COP_SIM_PORT")}
    same_folder = cop(lasting, "run", **ports)
    assert same_folder.returncode == 1
    assert f"another system runs on {lasting.data}" in same_folder.stderr
    for done in (same_port, same_folder):
        assert "Traceback" not in done.stderr
    assert lasting.family() == family
    assert (lasting.health() or {}).get("live")
