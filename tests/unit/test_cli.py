"""The command line: what it prints, how it ends, and that bad input gets a clear word and no traceback."""

from __future__ import annotations

import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import redirect_stderr
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.cli import main
from dashboard.settings import SETTINGS
from feeds.adapter import sources

ROOT = Path(__file__).resolve().parents[2]
REGISTER = ROOT / "feeds" / "reference" / "crossings.csv"


def cop(*words: str, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """`cop` as a user runs it."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("COP_")}
    return subprocess.run(
        [sys.executable, "-m", "dashboard.cli", *words],
        input=stdin,
        capture_output=True,
        env={**clean, "PYTHONPATH": str(ROOT), **environment},
        check=False,
    )


def test_decode_prints_events_as_lines_and_ends_with_0() -> None:
    done = cop("decode", "reference", str(REGISTER))
    assert (done.returncode, done.stderr) == (0, b"")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(events) == 45
    assert {event["body"]["kind"] for event in events} == {"described"}


def test_decode_reads_standard_input_and_the_world_decides_what_is_told() -> None:
    payload = (ROOT / "feeds" / "reference" / "bridges.csv").read_bytes()
    real = cop("decode", "reference", stdin=payload)
    play = cop("decode", "reference", "-", "--world", "exercise/x", "--origin", "injected", stdin=payload)
    assert b"mlc_wheeled_oneway" not in real.stdout
    assert b"mlc_wheeled_oneway" in play.stdout
    assert b'"world":"exercise/x"' in play.stdout


def test_rejects_go_to_standard_error_with_reason_and_offset_and_neighbours_survive() -> None:
    lines = REGISTER.read_bytes().splitlines(keepends=True)
    done = cop("decode", "reference", stdin=lines[0] + b",,,\n" + lines[1])
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 1
    (reject,) = [json.loads(line) for line in done.stderr.splitlines()]
    assert reject["reason"]
    assert reject["offset"] == len(lines[0])


@pytest.mark.parametrize("name", sorted(sources()))
@pytest.mark.parametrize(
    "payload", [b"\x00\xff\xfe garbage \x80", b"<", b"{", b"[[[[[[", random.Random(1).randbytes(2_000)]
)
def test_garbage_ends_with_1_and_never_with_a_traceback(
    name: str, payload: bytes, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "garbage"
    file.write_bytes(payload)
    code = main(["decode", name, str(file)])
    told = capfd.readouterr()
    assert code in (0, 1)
    assert "Traceback" not in told.err
    if code == 1:
        assert all(json.loads(line)["reason"] for line in told.err.strip().split("\n"))


@pytest.mark.parametrize(
    "words",
    [
        ("decode", "no-such-feed"),
        ("decode", "ais", "/no/such/file"),
        ("decode", "ais", "-", "--world", "somewhere"),
        ("decode", "ais", "-", "--origin", "guessed"),
        ("decode",),
        ("no-such-command",),
        (),
        ("worker", "no-such-group"),
    ],
)
def test_bad_usage_ends_with_2_and_a_word(words: tuple[str, ...]) -> None:
    done = cop(*words)
    assert done.returncode == 2
    assert done.stderr
    assert b"Traceback" not in done.stderr


def test_a_reader_who_has_enough_ends_it_quietly() -> None:
    pipe = f"{sys.executable} -m dashboard.cli decode reference {REGISTER} | head -1"
    done = subprocess.run(
        ["bash", "-c", pipe], capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False
    )
    assert len(done.stdout.splitlines()) == 1
    assert b"Traceback" not in done.stderr


def test_feeds_lists_sources_and_what_runs() -> None:
    done = cop("feed", "list")
    assert done.returncode == 0
    for name in sources():
        assert name in done.stdout.decode()
    assert "exercise/demo" in done.stdout.decode()


def test_a_taken_port_is_told_before_anything_starts(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = cop("run", COP_PORT=port, COP_DATA=str(tmp_path / "var"))
    assert done.returncode == 2
    assert b"COP_PORT" in done.stderr
    assert not (tmp_path / "var").exists()


def test_a_bad_plan_is_told(tmp_path: Path) -> None:
    file = tmp_path / "feeds.toml"
    file.write_text("[ais]\nspeed = 3")
    for words in (("feed", "list"), ("worker", "maritime"), ("run",)):
        done = cop(*words, COP_FEEDS=str(file), COP_DATA=str(tmp_path / "var"))
        assert done.returncode == 2
        assert b"unknown field `speed`" in done.stderr
        assert b"Traceback" not in done.stderr
    assert not (tmp_path / "var").exists()


def test_feeds_shows_what_a_plan_runs(tmp_path: Path) -> None:
    file = tmp_path / "feeds.toml"
    file.write_text("[ais]\non=false\n[register]\nsource='reference'\naddress='file:/x/*.csv'\nnations=['LV']\n")
    done = cop("feed", "list", COP_FEEDS=str(file))
    rows = done.stdout.decode().split("\n\n")[1].splitlines()
    assert [row.split() for row in rows] == [["land", "register", "observed", "real", "3600", "s", "file:/x/*.csv"]]


def test_settings_prints_the_table_and_a_bad_value_ends_any_command_with_2() -> None:
    done = cop("settings", COP_SEED="7")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.decode().splitlines()] == [s.name for s in SETTINGS]
    for words in (("settings",), ("decode", "ais"), ("run",), ("doctor",)):
        bad = cop(*words, COP_LOG="loud")
        assert (bad.returncode, bad.stdout) == (2, b"")
        assert bad.stderr.startswith(b"cop: COP_LOG (environment) is 'loud'")


def test_decode_tells_a_live_stream_as_it_comes() -> None:
    command = [sys.executable, "-m", "dashboard.cli", "decode", "ais"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    line = b"!AIVDM,1,1,,A,13u?etPv2;0n:dDPwUM1U1Cb069D,0*24\r\n"
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as live:
        assert live.stdin is not None
        assert live.stdout is not None
        live.stdin.write(line)
        live.stdin.flush()
        ready, _, _ = select.select([live.stdout], [], [], 20)
        assert ready, "the first line is told while more may come"
        assert json.loads(live.stdout.readline())["subject"].startswith("vessel:")
        live.stdin.close()
        assert live.wait(20) == 0


def test_an_interrupted_command_ends_without_a_traceback() -> None:
    command = [sys.executable, "-m", "dashboard.cli", "decode", "ais"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, **pipes) as waiting:  # type: ignore[call-overload]
        waiting.stdin.write(b"!AIVDM,1,1,,A,13u?etPv2;0n:dDPwUM1U1Cb069D,0*24\r\n")
        waiting.stdin.flush()
        assert waiting.stdout.readline()  # it runs
        waiting.send_signal(signal.SIGINT)
        assert waiting.wait(20) == 130
        assert waiting.stderr.read() == b""


@settings(max_examples=40)
@given(st.sampled_from(sorted(sources())), st.binary(max_size=400))
def test_whatever_the_bytes_decode_ends_with_0_or_1(name: str, payload: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file, open(os.devnull, "w") as nowhere:
        file.write(payload)
        file.flush()
        with redirect_stderr(nowhere):
            assert main(["decode", name, file.name]) in (0, 1)
