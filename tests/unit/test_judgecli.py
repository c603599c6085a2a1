"""Does `cop judge` answer by its exit code, say why, and refuse in a sentence what can't be asked?"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cop.movement.rulesets import rulesets
from dashboard.cli import main

ROOT = Path(__file__).resolve().parents[2]
KEKAVA, SALASPILS = "24.21,56.815", "24.31,56.862"


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No running system and no settings of whoever runs the tests."""
    monkeypatch.setenv("COP_DATA", str(tmp_path))
    for name in ("COP_NETWORK", "COP_RULES", "COP_REDIS_URL", "COP_SETTINGS"):
        monkeypatch.delenv(name, raising=False)


def judged(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    code = main(["judge", *words, "--json"])
    told = capsys.readouterr()
    assert told.err == ""
    found: dict[str, Any] = json.loads(told.out)
    return code, found


def test_what_may_go_exits_0_with_all_that_it_passes(capsys: pytest.CaptureFixture[str]) -> None:
    code, told = judged(capsys, "--route", "R01", "--vehicle", "wheeled:100", "--vehicle", "tracked:70")
    assert (code, told["verdict"], told["vehicles"]) == (0, "go", ["wheeled:100", "tracked:70"])
    assert told["marking"].startswith("EXERCISE DATA")
    assert told["routes"] == ["R01"]
    assert told["km"] == pytest.approx(691, abs=1)
    passed = [each["id"] for each in told["passes"]]
    assert {"bridge:B15", "crossing:XB10", "crossing:XB01"} <= set(passed)
    kms = [each["km"] for each in told["passes"]]
    assert kms == sorted(kms)
    for reason in told["reasons"]:
        assert reason["answer"] == "go"
    own = [each for each in told["reasons"] if each["object"] == "bridge:B15"]
    assert {(each["vehicle"], each["margin"]) for each in own if each["rule"] == "MLC-04"} == {
        ("wheeled 100", 0.0), ("tracked 70", 10.0)
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "code", "verdict"),
    [
        (("--route", "R01", "--vehicle", "wheeled:121"), 3, "caution"),
        (("--route", "R01", "--vehicle", "wheeled:126"), 4, "no-go"),
        (("--route", "R01", "--vehicle", "wheeled:40", "--vehicle", "wheeled:126"), 4, "no-go"),
        (("--route", "R01", "--vehicle", "wheeled:?"), 5, "unknown"),
        (("--route", "R23", "--vehicle", "wheeled:16"), 5, "unknown"),
        (("--from", KEKAVA, "--to", SALASPILS, "--vehicle", "V11"), 0, "go"),
        (("--from", KEKAVA, "--to", SALASPILS, "--vehicle", "wheeled:300"), 4, "no-go"),
        (("--from", KEKAVA, "--to", KEKAVA, "--vehicle", "wheeled:300"), 0, "go"),
    ],
)
def test_the_exit_code_is_the_verdict(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, verdict: str
) -> None:
    got, told = judged(capsys, *words)
    assert (got, told["verdict"]) == (code, verdict)
    if verdict != "go":
        assert told["reasons"][0]["answer"] == verdict
        assert told["reasons"][0]["text"]


def test_a_mass_counts_as_a_class_only_where_that_is_asked_for_and_never_better_than_a_caution(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ("--route", "R01", "--vehicle", "wheeled:?:mass=20")
    assert judged(capsys, *words)[0] == 5
    code, told = judged(capsys, *words, "--tonnes-as-mlc")
    assert (code, told["verdict"]) == (3, "caution")
    assert "TEMPORARY" in told["reasons"][0]["text"]


def test_to_be_read_it_says_the_verdict_first_and_what_stands_against_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["judge", "--route", "R01", "--vehicle", "wheeled:126"]) == 4
    first, second, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith("NO-GO  wheeled:126 over 691 km")
    assert "MLC-04" in second
    assert "Riga HPP dam crossing" in second
    assert rest[-1].startswith("EXERCISE DATA")


def test_the_rule_sets_are_listed_with_the_one_that_counts_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["judge", "--rules"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert names == list(rulesets())
    assert main(["judge", "--rules", "--json"]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["id"] for each in told] == names
    assert all(each["source"] and each["lead"] for each in told)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--route", "R01"), "name at least one --vehicle"),
        (("--route", "R99", "--vehicle", "wheeled:40"), "there is no corridor 'R99'"),
        (("--route", "R01", "--vehicle", "bike"), "'bike' is no vehicle"),
        (("--route", "R01", "--vehicle", "wheeled:-3"), "is not a number above 0"),
        (("--route", "R01", "--vehicle", "wheeled:nan"), "is not a number above 0"),
        (("--route", "R01", "--vehicle", "wheeled:40:colour=3"), "'colour' is nothing that is asked of a vehicle"),
        (("--from", KEKAVA, "--vehicle", "wheeled:40"), "--from and --to go together"),
        (("--route", "R01", "--to", KEKAVA, "--vehicle", "wheeled:40"), "--from and --to go together"),
        (("--from", "Riga", "--to", KEKAVA, "--vehicle", "wheeled:40"), "'Riga' is not lon,lat in degrees"),
        (("--from", "1,2,3", "--to", KEKAVA, "--vehicle", "wheeled:40"), "'1,2,3' is not lon,lat in degrees"),
        (("--from", "nan,inf", "--to", KEKAVA, "--vehicle", "wheeled:40"), "no road of the network is near nan,inf"),
        (("--from", "0,0", "--to", KEKAVA, "--vehicle", "wheeled:40"), "no road of the network is near 0,0"),
        (("--route", "R01", "--vehicle", "wheeled:40", "--world", "exercise/x"), "no running system answers"),
    ],
)
def test_what_cannot_be_asked_exits_2_with_a_sentence(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str
) -> None:
    assert main(["judge", *words]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("cop: ")
    assert sentence in told.err
    assert len(told.err.splitlines()) == 1


def test_a_setting_that_cannot_be_is_refused_as_well(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    words = ["judge", "--route", "R01", "--vehicle", "wheeled:40"]
    monkeypatch.setenv("COP_NETWORK", str(tmp_path))
    assert main(words) == 2
    assert "COP_NETWORK" in capsys.readouterr().err
    monkeypatch.delenv("COP_NETWORK")
    monkeypatch.setenv("COP_RULES", "none")
    assert main(words) == 2
    assert "COP_RULES: there is no rule set 'none'" in capsys.readouterr().err


@pytest.mark.parametrize("words", [(), ("--route", "R01", "--rules"), ("--route", "R01", "--from", KEKAVA)])
def test_one_of_the_ways_to_ask_is_needed_and_no_more(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["judge", *words])
    assert ended.value.code == 2
    assert "usage: cop judge" in capsys.readouterr().err


def test_a_shell_sees_the_same_code() -> None:
    words = [sys.executable, "-m", "dashboard.cli", "judge", "--route", "R23", "--vehicle", "wheeled:16"]
    done = subprocess.run(words, capture_output=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (5, b"")
    assert done.stdout.startswith(b"UNKNOWN")
