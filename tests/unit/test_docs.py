"""Do the documents say what is there? Tables, settings, commands, links, pictures, and the examples that they give."""

from __future__ import annotations

import argparse
import importlib
import json
import re
import shlex
import socket
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import feeds.sources
import layers as layers_package
from cop.bus.acl import RULES
from cop.event import Event, decode
from cop.exercise import MEASURES, ExerciseClock, Inject, begin
from cop.picture import fold
from dashboard import cli
from dashboard.maps import KINDS, extra_layers
from dashboard.plan import plan
from dashboard.settings import SETTINGS, load
from docs import screenshots, tables
from feeds.adapter import Context, sources
from feeds.adapter import decode as read_payload
from layers.layer import by_kind, layers, popup, thing
from layers.symbols import render

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "feeds").rglob("*.md")),
    *sorted((ROOT / "assets").rglob("*.md")),
]
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in DOCUMENTS}
README = TEXTS["README.md"]
OPERATOR = TEXTS["docs/operator.md"]
CONTROL = TEXTS["docs/excon.md"]
each_document = pytest.mark.parametrize("name", TEXTS)


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.M | re.S)


# -- tables and names ---------------------------------------------------------------------------------------------


@each_document
def test_tables_are_current(name: str) -> None:
    assert tables.renewed(TEXTS[name]) == TEXTS[name], "make docs"


def test_an_old_table_is_noticed_and_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "README.md"
    file.write_text("before\n<!-- table: layers -->\nold\n<!-- end -->\nafter\n", "utf-8")
    monkeypatch.setattr(tables, "ROOT", tmp_path)
    assert tables.main(["--check"]) == 1
    assert "README.md is not current" in capsys.readouterr().out
    assert "old" in file.read_text("utf-8")
    assert tables.main([]) == 0
    assert (
        file.read_text("utf-8") == f"before\n<!-- table: layers -->\n{tables.TABLES['layers']()}<!-- end -->\nafter\n"
    )
    assert tables.main(["--check"]) == 0


def test_every_table_is_shown_somewhere() -> None:
    shown = {found["name"] for text in TEXTS.values() for found in tables.MARKED.finditer(text)}
    assert shown == set(tables.TABLES)


def test_figures_become_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "figures.json"
    monkeypatch.setattr(tables, "FIGURES", file)
    assert "make bench" in tables.TABLES["figures"]()
    fold_row = {
        "bench": "fold",
        "name": "picture fold",
        "value": 123456.7,
        "unit": "events/s",
        "bar": "",
        "baseline": "b",
    }
    push_row = {"bench": "push", "name": "p99", "value": 88.16, "unit": "ms", "bar": "under 150", "baseline": ""}
    file.write_text(json.dumps([fold_row, push_row]), "utf-8")
    assert (
        "| picture fold | 123,457 events/s |  | b |\n| p99 | 88.2 ms | under 150 |  |" in tables.TABLES["all-figures"]()
    )
    assert "picture fold" not in tables.TABLES["figures"]()
    assert "| p99 | 88.2 ms | under 150 |  |" in tables.TABLES["figures"]()


@pytest.mark.parametrize("setting", [setting.name for setting in SETTINGS])
def test_every_setting_is_in_the_operators_guide(setting: str) -> None:
    assert f"`{setting}`" in OPERATOR


@pytest.mark.parametrize("name", [*sources(), *layers()])
def test_every_source_and_layer_is_in_the_readme(name: str) -> None:
    assert f"`{name}`" in README


@each_document
def test_no_document_names_a_setting_that_is_none(name: str) -> None:
    known = {setting.name for setting in SETTINGS} | {"COP_CHROMIUM", "COP_REDIS_PASSWORD"}
    named = {word for word in re.findall(r"\bCOP_[A-Z_]+[A-Z]\b", TEXTS[name]) if not word.startswith("COP_KEY_")}
    assert named <= known


# -- commands -----------------------------------------------------------------------------------------------------


def commands() -> dict[str, argparse.ArgumentParser]:
    """The commands of the real parser: caught on its way to reading its arguments."""
    caught: list[argparse.ArgumentParser] = []

    class Caught(Exception):
        pass

    def catch(self: argparse.ArgumentParser, *_: object) -> None:
        caught.append(self)
        raise Caught

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(argparse.ArgumentParser, "parse_args", catch)
        with pytest.raises(Caught):
            cli.main([])
    (choices,) = (a.choices for a in caught[0]._actions if isinstance(a, argparse._SubParsersAction))
    assert isinstance(choices, dict)
    return choices


def test_every_command_is_in_the_operators_guide() -> None:
    told = set(re.findall(r"^\| `cop ([a-z]+)", OPERATOR, re.M))
    assert told == set(commands())


@each_document
def test_every_command_that_is_named_exists_with_its_options(name: str) -> None:
    known = commands()
    for line in re.findall(r"(?:^ {4}|`)(?:\.venv/bin/)?cop ([a-z]+[^`\n]*)", TEXTS[name], re.M):
        command, *words = shlex.split(line)
        assert command in known, line
        parser = known[command]
        if below := next((a.choices for a in parser._actions if isinstance(a, argparse._SubParsersAction)), None):
            assert words, line
            parser = below.get(words[0], parser)
            assert words[0] in below or words[0] == "…", line
        for option in (word.strip("[]") for word in words):
            if option.startswith("--") and option != "--help":
                assert option in parser._option_string_actions, line


@each_document
def test_every_make_target_that_is_named_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    assert set(re.findall(r"(?:`|^ {4}|COP_\S+ )make ([a-z]+)", TEXTS[name], re.M)) <= targets


# -- links and pictures -------------------------------------------------------------------------------------------


def links(text: str) -> Iterator[tuple[bool, str]]:
    """Each link that is not to another host: whether it is a picture, and where to."""
    bare = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    for picture, target in re.findall(r"(!?)\[[^\]]*\]\(([^)\s]+)\)", bare):
        if not target.startswith(("http:", "https:")):
            yield bool(picture), target


def anchors(text: str) -> set[str]:
    """The places of a document, as a reader of Markdown names them."""
    heads = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


@each_document
def test_every_link_leads_somewhere(name: str) -> None:
    for _, target in links(TEXTS[name]):
        path, _, place = target.partition("#")
        found = (ROOT / name).parent / path if path else ROOT / name
        assert found.exists(), target
        assert not place or place in anchors(found.read_text("utf-8")), target


def test_every_picture_is_one_that_the_script_makes() -> None:
    shown = {target.rpartition("/")[2] for text in TEXTS.values() for picture, target in links(text) if picture}
    assert shown
    assert shown <= {shot.name for shot in screenshots.SHOTS}


def test_the_pictures_that_are_kept_are_those_that_the_script_makes() -> None:
    kept = list((ROOT / "docs" / "images").iterdir())
    assert {path.name for path in kept} == {shot.name for shot in screenshots.SHOTS}
    assert sum(path.stat().st_size for path in kept) < 6_000_000


@each_document
def test_no_document_names_a_machine(name: str) -> None:
    text = TEXTS[name]
    assert socket.gethostname() not in text or socket.gethostname() == "localhost"
    assert set(re.findall(r"\b\d+\.\d+\.\d+\.\d+\b", text)) <= {
        "127.0.0.1",
        "0.0.0.0",
        "239.2.3.1",
        "3.12.1.5",
    }  # the last: the multicast group of CoT
    assert not re.search(r"(?<![\w./])/(?:home|root|work|tmp|Users)/", text)


# -- the operator's and the controller's examples -----------------------------------------------------------------


def named(text: str, file: str, folder: Path) -> Path:
    """The example whose first line names that file, written there."""
    (found,) = (block for block in blocks(text, "toml") if block.startswith(f"# {file}\n"))
    (folder / file).write_text(found, "utf-8")
    return folder / file


def test_the_example_plan_is_one(tmp_path: Path) -> None:
    found = plan(load({"COP_FEEDS": str(named(OPERATOR, "feeds.toml", tmp_path))}))
    assert {feed.group for feed in found.values()} >= {"land", "maritime", "cyber", "exercise"}
    schemes = {feed.address.partition(":")[0] for feed in found.values()}
    assert schemes >= {"https", "tcp", "tls", "udp", "mqtts", "file", "probe"}


def test_the_plan_that_is_shipped_has_every_source_switched_off_at_its_own_address(tmp_path: Path) -> None:
    text = tables.PLAN.read_text("utf-8")
    assert text == tables.plan_file()
    assert plan(load({"COP_FEEDS": str(tables.PLAN)})) == {}
    (tmp_path / "feeds.toml").write_text(text.replace("on = false", "on = true"), "utf-8")
    found = plan(load({"COP_FEEDS": str(tmp_path / "feeds.toml")}))
    assert {feed.source.name for feed in found.values()} == set(sources()) - {"simulated"}
    for source in sources().values():
        for name, address in ((source.name, source.address), *source.others):
            assert name == "simulated" or (found[name].address, found[name].every_s) == (address, source.rate_s)


def test_the_example_map_layers_are_some_of_every_kind(tmp_path: Path) -> None:
    found = extra_layers(load({"COP_MAP_LAYERS": str(named(OPERATOR, "layers.toml", tmp_path))}))
    assert {layer.kind for layer in found} == set(KINDS)


def test_every_redis_user_is_explained() -> None:
    assert all(f"| `{role}` |" in OPERATOR for role in RULES)


def test_the_example_inject_is_one() -> None:
    bodies = [json.loads(body) for body in re.findall(r"-d '(\{.*\})'", CONTROL)]
    (told,) = (Inject(**body) for body in bodies if "effect" in body)
    assert begin(told, "amber", "1", ExerciseClock(0), now=0).subject == told.subject
    assert all(f"| {effect} |" in CONTROL for effect in MEASURES)


# -- the worked examples ------------------------------------------------------------------------------------------

FEED, LAYER = TEXTS["docs/add-a-feed.md"], TEXTS["docs/add-a-layer.md"]
RECEIVED = 1_795_514_700_000


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The two files of the guides, as if they had been put into their folders; the sample's path."""
    for text, package, name in ((FEED, feeds.sources, "ee_halts"), (LAYER, layers_package, "halts")):
        folder = tmp_path / name
        folder.mkdir()
        (block,) = blocks(text, "python")
        assert f"`{package.__name__.replace('.', '/')}/{name}.py`:" in text
        (folder / f"{name}.py").write_text(block, "utf-8")
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
        monkeypatch.setattr(package, name, None, raising=False)
    sample = tmp_path / "halts.json"
    sample.write_text(blocks(FEED, "json")[0], "utf-8")
    importlib.invalidate_caches()
    found = (sources, layers, by_kind)
    for each in found:
        each.cache_clear()
    yield sample
    for each in found:
        each.cache_clear()
    for module in ("feeds.sources.ee_halts", "layers.halts"):
        sys.modules.pop(module, None)


def test_the_example_feed_reads_its_sample_as_the_guide_shows(
    example: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert cli.main(["decode", "ee-halts", str(example), "--received", str(RECEIVED)]) == 0
    read, rejected = capfdbinary.readouterr()
    shown, refused = blocks(FEED, "text")
    assert read.decode() == shown
    assert rejected.decode() == refused


def test_the_example_feed_never_raises_and_keeps_the_good_records(example: Path) -> None:
    source = sources()["ee-halts"]
    payload = example.read_bytes()
    context = Context(RECEIVED)
    for cut in range(len(payload.rstrip())):
        decoder = source.decoder()
        outcomes = [*decoder.feed(payload[:cut], context), *decoder.close(context)]
        assert len(outcomes) == 1
        assert not isinstance(outcomes[0], Event)


def test_the_manifest_of_the_example_counts_its_records(example: Path) -> None:
    (text,) = (block for block in blocks(FEED, "toml") if block.startswith("received"))
    told = tomllib.loads(text)
    decoder = sources()["ee-halts"].decoder()
    assert not list(decoder.feed(example.read_bytes(), Context(told["received"])))
    outcomes = list(decoder.close(Context(told["received"])))
    assert told["halts.json"]["records"] == decoder.counts.records == 3
    assert decoder.counts.rejected == sum(not isinstance(each, Event) for each in outcomes) == 1


def test_the_speaker_of_the_example_says_what_the_example_feed_reads(example: Path) -> None:
    told: dict[str, Any] = {}
    exec(blocks(FEED, "python speaker")[0], told)
    (speaker,) = told["SPEAKERS"]
    states = set()
    for minute in range(0, 120, 4):
        now = RECEIVED + minute * 60_000
        for said in read_payload(sources()[speaker.source], speaker.say(1, now), Context(now)):
            assert isinstance(said, Event)
            assert said.at <= now
            states.add(getattr(said.body, "state", ""))
    assert states == {"", "open", "closed"}


def test_the_example_feed_can_be_planned_as_the_guide_says(example: Path) -> None:
    found = plan(load({"COP_FEEDS": str(named(FEED, "feeds.toml", example.parent))}))["ee-halts"]
    assert found.every_s == 600
    assert found.group == "land"


def test_the_example_layer_shows_what_the_example_feed_says(example: Path) -> None:
    lines = blocks(FEED, "text")[0].splitlines()
    picture = fold(decode(line) for line in lines)
    shown: dict[str, dict[str, Any]] = {}
    for entity in picture.entities():
        row = thing(entity, RECEIVED)
        assert row is not None
        assert render(row["sym"])
        assert popup(entity, RECEIVED)[0]["value"] == row["state"]
        shown[row["id"]] = row
    assert {subject: row["state"] for subject, row in shown.items()} == {"halt:EE-01": "open", "halt:EE-02": "closed"}
    (wanted,) = blocks(LAYER, "json")
    assert shown["halt:EE-01"] == json.loads(wanted)
    assert all(render(key.symbol) for key in layers()["halts"].legend)
