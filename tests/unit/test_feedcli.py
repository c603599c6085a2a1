"""Does `cop feed` list, check, record and play as it says, and refuse what it must?"""

from __future__ import annotations

import argparse
import asyncio
import json
import tomllib
from contextlib import closing
from pathlib import Path

import pytest

from cop.bus.redis import RedisBus
from cop.event import REAL, decode
from dashboard import cli, feedcli
from dashboard.embedded import Embedded
from dashboard.settings import load
from feeds.adapter import sources
from feeds.recording import recordings
from feeds.simulated.national import lt_eismoinfo
from tests.feeding import Desk

PLAY = "exercise/monday"
BODY = lt_eismoinfo.SPEAKERS[0].say(1, 1_795_000_000_000)


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An operator's plan of feeds from a desk of ours."""
    path = tmp_path / "feeds.toml"
    monkeypatch.setenv("COP_FEEDS", str(path))
    return path


def test_the_list_has_every_source_and_tells_of_a_key_only_whether_it_is_set(
    plan: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    plan.write_text("[lv-limits]\nkey_env='COP_KEY_LV_LIMITS'\n")
    for value, told in (("", "is not set"), ("hush-hush", "is set")):
        monkeypatch.setenv("COP_KEY_LV_LIMITS", value)
        for words in ([], ["--json"]):
            assert cli.main(["feed", "list", *words]) == 0
            out = capfd.readouterr().out
            assert f"COP_KEY_LV_LIMITS {told}" in out
            assert "hush" not in out
            assert all(name in out for name in sources())
    assert cli.main(["feed", "list", "--toml"]) == 0
    assert set(tomllib.loads(capfd.readouterr().out)) >= set(sources()) - {"simulated"}


def test_a_check_tells_what_came_and_what_is_wrong(plan: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with closing(Desk()) as desk:
        plan.write_text(f"[lt-eismoinfo]\naddress='{desk.url}'\n")
        page = b"<!DOCTYPE html><html><title>Blocked</title></html>"
        for status, body, code, told in (
            (200, BODY, 0, "0 rejected"),
            (500, b"", 1, "HTTP 500"),
            (200, page, 1, "1 × an HTML page instead of JSON"),
        ):
            desk.answers = [(status, body, {})]
            assert cli.main(["feed", "check", "lt-eismoinfo"]) == code
            assert told in capfd.readouterr().out
        desk.answers = [(200, BODY, {})]
        assert cli.main(["feed", "check", "--json"]) == 0
        row = json.loads(capfd.readouterr().out)
        assert row["ok"]
        assert row["events"] > 0
        assert row["newest"] <= 1_795_000_000_000


def test_a_feed_that_says_nothing_is_given_up(plan: Path, capfd: pytest.CaptureFixture[str]) -> None:
    plan.write_text("[probe]\nrate_s=60\n")
    assert cli.main(["feed", "check", "probe", "--wait", "0.2"]) == 1
    assert "FAIL probe" in capfd.readouterr().out


@pytest.mark.parametrize("words", [["check", "nobody"], ["run", "nobody"], ["record", "nobody", "--out", "x"]])
def test_a_feed_that_is_none_is_told(words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["feed", *words]) == 2
    assert "no feed or source 'nobody'" in capfd.readouterr().err


def test_a_source_that_is_not_in_the_plan_is_at_its_own_address(plan: Path) -> None:
    plan.write_text("[ais]\n")
    (found,) = feedcli.chosen(load(), ["digitraffic-ais-vessels"])
    assert found.address.endswith("/vessels")
    (limits,) = feedcli.chosen(load(), ["lv-limits"])
    assert limits.key_env == "COP_KEY_LV_LIMITS"


@pytest.mark.usefixtures("admin")
def test_what_was_recorded_is_played_into_an_exercise_and_never_into_the_real_picture(
    plan: Path, tmp_path: Path, server: Embedded, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "monday"
    with closing(Desk()) as desk:
        desk.answers = [(200, BODY, {}), (500, b"", {}), (200, BODY, {})]
        plan.write_text(f"[lt-eismoinfo]\naddress='{desk.url.replace('//', '//user:secret@')}'\nrate_s=0.05\n")
        assert cli.main(["feed", "record", "--out", str(folder), "--hours", str(0.4 / 3600)]) == 0
    (head,) = recordings(folder).values()
    assert head.source == "lt-eismoinfo"
    assert "secret" not in head.address
    assert cli.main(["feed", "record", "--out", str(folder)]) == 2
    assert "has recordings already" in capfd.readouterr().err
    for world in ([], ["--world", REAL]):
        assert cli.main(["feed", "run", "--play", str(folder), *world]) == 2
        assert "never the real picture" in capfd.readouterr().err
    assert cli.main(["feed", "run", "--play", str(tmp_path), "--world", PLAY]) == 2
    assert "no recordings" in capfd.readouterr().err
    assert cli.main(["feed", "run", "--play", str(folder), "--world", PLAY, "--pace", "slowly"]) == 2

    async def played() -> list[str]:
        wanted = cli_arguments(["feed", "run", "--play", str(folder), "--world", PLAY, "--pace", "max"])
        running = asyncio.create_task(feedcli._run(load(), feedcli.played(folder, wanted)))
        reader = RedisBus(server.url, user="dashboard", password=server.environment["COP_REDIS_PASSWORD_DASHBOARD"])
        try:
            async with asyncio.timeout(20):
                while True:
                    told = [decode(entry.data) for entry in await reader.read({PLAY: None, REAL: None}, count=10_000)]
                    things = [each for each in told if each.subject.startswith("roadevent:")]
                    if things:
                        assert {(each.world, each.origin) for each in told} == {(PLAY, "simulated")}
                        return [each.subject for each in things]
                    await asyncio.sleep(0.02)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await reader.close()

    assert asyncio.run(played())


def cli_arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    feedcli.arguments(parser.add_subparsers(dest="command"))
    return parser.parse_args(words)
