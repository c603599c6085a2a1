"""The server that comes with the package: its secrets, its folder, and that it ends with whoever started it."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError, NoPermissionError

from cop.bus.acl import RULES
from dashboard import embedded
from tests.system import ROOT, wait_for


def client(server: embedded.Embedded, role: str) -> Redis:
    return Redis.from_url(server.url, username=role, password=server.passwords[role])


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_starts_keeps_its_data_and_its_secrets_and_lets_nobody_in_without(tmp_path: Path) -> None:
    first = embedded.start(tmp_path)
    try:
        with client(first, "feeds") as feeds:
            feeds.xadd("cop:real", {"e": "x"}, id="1-0")
        with pytest.raises(AuthenticationError), Redis.from_url(first.url) as nobody:
            nobody.ping()
        with pytest.raises(NoPermissionError), client(first, "feeds") as feeds:
            feeds.flushall()
        folder = tmp_path / "valkey"
        assert mode(folder) == 0o700
        for name in ("passwords", "users.acl", "url", "lock"):
            assert mode(folder / name) == 0o600
        assert set(first.passwords) == set(RULES)
        assert all(len(word) >= 24 for word in first.passwords.values())
        assert not any(word in (folder / "users.acl").read_text() for word in first.passwords.values())
    finally:
        first.stop()
    assert first.process.returncode == 0
    second = embedded.start(tmp_path)
    try:
        assert second.passwords == first.passwords
        with client(second, "dashboard") as reader:
            assert reader.xlen("cop:real") == 1
    finally:
        second.stop()


def test_a_second_one_on_the_same_folder_is_refused_and_the_first_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "LOCK_S", 0.2)
    first = embedded.start(tmp_path)
    try:
        with pytest.raises(embedded.CannotStart, match=f"another system runs on {tmp_path}"):
            embedded.start(tmp_path)
        with client(first, "dashboard") as reader:
            assert reader.ping()
    finally:
        first.stop()


def test_it_starts_on_the_folder_of_one_that_was_killed_or_is_just_ending(tmp_path: Path) -> None:
    for number in (signal.SIGKILL, signal.SIGTERM):
        running = embedded.start(tmp_path)
        os.kill(running.process.pid, number)
        again = embedded.start(tmp_path)
        again.stop()
        running.process.wait()


def test_a_folder_with_a_long_name_is_no_hindrance(tmp_path: Path) -> None:
    running = embedded.start(tmp_path / ("deep" * 25) / "var")
    try:
        with client(running, "dashboard") as reader:
            assert reader.ping()
    finally:
        running.stop()


def test_what_it_says_when_it_cannot_start_is_told(tmp_path: Path) -> None:
    running = embedded.start(tmp_path)
    running.stop()
    for file in (tmp_path / "valkey" / "appendonlydir").glob("*.manifest"):
        file.write_text("this is no manifest\n")
    with pytest.raises(embedded.CannotStart, match=r"did not start: .*AOF"):
        embedded.start(tmp_path)


def test_it_ends_with_whoever_started_it_however_that_ends(tmp_path: Path) -> None:
    code = "import sys, time; from pathlib import Path; from dashboard import embedded; "
    code += "print(embedded.start(Path(sys.argv[1])).process.pid, flush=True); time.sleep(60)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, env=environment
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    wait_for("its end", lambda: not Path(f"/proc/{pid}").exists(), 5)
