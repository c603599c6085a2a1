"""The command line: what it prints, how it ends, and that bad input gets a clear word and no traceback."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard import settings as settings_module
from dashboard.cli import main
from dashboard.settings import SETTINGS, BadSetting, load, table
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


def test_settings_lists_each_with_its_value_and_where_it_came_from(tmp_path: Path) -> None:
    file = tmp_path / "cop.toml"
    file.write_text('COP_PORT = 9001\nCOP_REDIS_PASSWORD_FEEDS = "a-long-secret"\n')
    values = load({"COP_SETTINGS": str(file), "COP_SEED": "7"})
    lines = {line.split()[0]: line for line in table(values).splitlines()}
    assert set(lines) == {setting.name for setting in SETTINGS}
    assert f"9001                 {file}".split() == lines["COP_PORT"].split()[1:3]
    assert lines["COP_SEED"].split()[1:3] == ["7", "environment"]
    assert lines["COP_HOST"].split()[1:3] == ["127.0.0.1", "default"]
    assert "a-long-secret" not in table(values)
    assert "(set)" in lines["COP_REDIS_PASSWORD_FEEDS"]


@pytest.mark.parametrize(
    ("text", "reason"), [("COP_PROT = 1", "COP_PROT"), ("COP_PORT = ", "COP_SETTINGS"), (None, "COP_SETTINGS")]
)
def test_a_bad_settings_file_is_told(tmp_path: Path, text: str | None, reason: str) -> None:
    file = tmp_path / "cop.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(BadSetting, match=reason):
        load({"COP_SETTINGS": str(file)})


@pytest.mark.parametrize(("value", "ask"), [("x", "number"), ("1.5", "whole")])
def test_a_setting_that_is_no_number_is_named(value: str, ask: str) -> None:
    with pytest.raises(BadSetting, match="COP_PORT"):
        getattr(load({"COP_PORT": value}), ask)("COP_PORT")


def test_the_world_that_pages_open() -> None:
    assert load({}).world == "exercise/demo"
    assert load({"COP_DEMO": "0"}).world == "real"
    assert load({"COP_WORLD": "real"}).world == "real"
    assert settings_module.SETTINGS


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
    done = cop("feeds")
    assert done.returncode == 0
    for name in sources():
        assert name in done.stdout.decode()
    assert "exercise/demo" in done.stdout.decode()


def test_a_taken_port_is_told_before_anything_starts(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = cop("run", COP_PORT=port, COP_DATA=str(tmp_path / "var"))
    assert done.returncode == 2
    assert b"COP_PORT" in done.stderr
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[nothing]\naddress='file:x'", "is no source"),
        ("[ais]\nspeed=3", "has no speed"),
        ("[ais]\nworld='mars'", "world"),
        ("[ais]\norigin='dreamt'", "origin"),
        ("ais=1", "is no table"),
        ("[ais", "COP_FEEDS"),
    ],
)
def test_a_bad_plan_is_told(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "feeds.toml"
    file.write_text(text)
    done = cop("feeds", COP_FEEDS=str(file))
    assert done.returncode == 2
    assert reason in done.stderr.decode()


def test_a_plan_can_switch_a_feed_off_and_rename_one(tmp_path: Path) -> None:
    file = tmp_path / "feeds.toml"
    file.write_text("[ais]\non=false\n[register]\nsource='reference'\naddress='file:/x/*.csv'\nnations=['LV']\n")
    done = cop("feeds", COP_FEEDS=str(file))
    rows = done.stdout.decode().split("\n\n")[1].splitlines()
    assert [row.split()[1] for row in rows] == ["register"]
