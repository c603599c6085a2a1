"""The settings: where a value comes from, what it may be, and that the table shows all but the secrets."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from dashboard.settings import SETTINGS, BadSetting, load, table


def test_the_environment_comes_before_the_file_and_the_file_before_the_default(tmp_path: Path) -> None:
    file = tmp_path / "cop.toml"
    file.write_text('COP_PORT = 9001\nCOP_SEED = 5\nCOP_DEMO = false\nCOP_REDIS_PASSWORD_FEEDS = "a-long-secret"\n')
    values = load({"COP_SETTINGS": str(file), "COP_SEED": "7", "COP_OPEN": ""})
    assert (values["COP_PORT"], values.origin["COP_PORT"]) == ("9001", str(file))
    assert (values["COP_SEED"], values.origin["COP_SEED"]) == ("7", "environment")
    assert (values["COP_OPEN"], values.origin["COP_OPEN"]) == ("1", "default")  # empty is as if it were not there
    assert (values["COP_DEMO"], values.demo) == ("0", False)
    assert values.whole("COP_PORT") == 9001


def test_the_table_lists_each_with_its_value_and_where_it_came_from_and_no_secret(tmp_path: Path) -> None:
    text = table(load({"COP_REDIS_PASSWORD_FEEDS": "a-long-secret", "COP_SEED": "7"}))
    lines = {line.split()[0]: line.split() for line in text.splitlines()}
    assert set(lines) == {setting.name for setting in SETTINGS}
    assert lines["COP_SEED"][1:3] == ["7", "environment"]
    assert lines["COP_HOST"][1:3] == ["127.0.0.1", "default"]
    assert lines["COP_REDIS_PASSWORD_FEEDS"][1:3] == ["(set)", "environment"]
    assert lines["COP_REDIS_PASSWORD_KEEPER"][1:3] == ["(none)", "default"]
    assert "a-long-secret" not in text


@pytest.mark.parametrize(
    ("text", "reason"),
    [("COP_PROT = 1", "COP_PROT"), ("port = 1", "port"), ("COP_PORT = ", "COP_SETTINGS"), (None, "COP_SETTINGS")],
)
def test_a_bad_settings_file_is_told(tmp_path: Path, text: str | None, reason: str) -> None:
    file = tmp_path / "cop.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(BadSetting, match=reason):
        load({"COP_SETTINGS": str(file)})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COP_PORT", "x"),
        ("COP_PORT", "1.5"),
        ("COP_PORT", "0"),
        ("COP_PORT", "65536"),
        ("COP_SIM_PORT", "65534"),  # it is the first of three
        ("COP_SIM_SCALE", "0"),
        ("COP_SIM_SCALE", "nan"),
        ("COP_SIM_VESSELS", "-1"),
        ("COP_RETENTION_H", "-3"),
        ("COP_RETENTION_H", "inf"),
        ("COP_STREAM_MAX", "inf"),
        ("COP_STREAM_MAX", "0"),
        ("COP_DEMO", "perhaps"),
        ("COP_LOG", "loud"),
        ("COP_WORLD", "mars"),
        ("COP_WORLD", "exercise/"),
    ],
)
def test_a_value_that_cannot_be_is_told_with_its_name_and_where_it_came_from(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name) as told:
        load({name: value})
    assert "environment" in str(told.value)
    assert repr(value) in str(told.value)


def test_every_default_can_be() -> None:
    values = load({})
    for setting in SETTINGS:
        assert values.origin[setting.name] == "default"
        assert setting.meaning
    assert logging.getLevelNamesMapping()[values["COP_LOG"].upper()] == logging.INFO


def test_the_world_that_pages_open() -> None:
    assert load({}).world == "exercise/demo"
    assert load({"COP_DEMO": "0"}).world == "real"
    assert load({"COP_WORLD": "real"}).world == "real"
    assert load({"COP_WORLD": "exercise/amber"}).world == "exercise/amber"
