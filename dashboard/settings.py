"""What can be set, where does each value come from, and what does it mean?

A value comes from the environment, else from the file that `COP_SETTINGS` names (TOML, `COP_PORT = 8050`), else from
the default. `cop settings` prints the table; a test fails when the operator's guide misses one.
"""

from __future__ import annotations

import math
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from cop.bus.acl import RULES
from cop.event import REAL, is_exercise


class Setting(NamedTuple):
    """One setting: its name in the environment, its default and what it means."""

    name: str
    default: str
    meaning: str
    secret: bool = False
    least: float | None = None
    """For a number: the least that it can be; None: text."""
    most: float = math.inf
    whole: bool = True
    one_of: tuple[str, ...] = ()


SETTINGS: Final[tuple[Setting, ...]] = (
    Setting("COP_SETTINGS", "", "a TOML file with settings; the environment overrides it"),
    Setting("COP_HOST", "127.0.0.1", "the address that the dashboard listens on"),
    Setting("COP_PORT", "8050", "the port that the dashboard listens on", least=1, most=65_535),
    Setting("COP_DATA", "./var", "the folder for the embedded server's data, its socket and its secrets"),
    Setting("COP_REDIS_URL", "", "an external Redis or Valkey (redis://, rediss://, unix://); empty: the embedded one"),
    *(
        Setting(f"COP_REDIS_PASSWORD_{role.upper()}", "", f"the password of the Redis user `{role}`", secret=True)
        for role in RULES
    ),
    Setting(
        "COP_DEMO",
        "1",
        "1: run the simulators and the exercise `demo` beside the feeds; 0: only the feeds",
        one_of=("0", "1"),
    ),
    Setting(
        "COP_SIM_PORT",
        "8060",
        "first of the ports in a row that the simulators listen on: AIS, convoys, HTTP services, MQTT, streams",
        least=1,
        most=65_533,
    ),
    Setting("COP_SIM_VESSELS", "120", "how many ships the traffic simulator has", least=0, most=100_000),
    Setting(
        "COP_SIM_SCALE",
        "10",
        "how many minutes of the exercise scenario pass in a minute for simulated convoys",
        least=0.01,
        most=1_000,
        whole=False,
    ),
    Setting("COP_SEED", "1", "the seed of everything simulated: same seed, same picture", least=0),
    Setting("COP_FEEDS", "", "a TOML file that says which feeds run (see the operator's guide); empty: the defaults"),
    Setting("COP_WORLD", "", "the world that pages open: real or exercise/<name>; empty: the demo's, else real"),
    Setting(
        "COP_RETENTION_H", "24", "hours after which an event leaves the stream", least=0.01, most=24 * 366, whole=False
    ),
    Setting("COP_STREAM_MAX", "200000", "events that a stream holds at most; the oldest leave first", least=1_000),
    Setting("COP_ARCHIVE", "", "the folder of the archive of all that was shown; empty: `archive` in COP_DATA"),
    Setting(
        "COP_ARCHIVE_DAYS", "14", "days after which what is archived is deleted", least=0.01, most=9_999, whole=False
    ),
    Setting(
        "COP_NETWORK", "", "the folder of the road network, as `cop network build` writes it; empty: the shipped one"
    ),
    Setting(
        "COP_RULES", "", "the rule set by which permissions count (`cop judge --rules` lists them); empty: the first"
    ),
    Setting("COP_MAP_LAYERS", "", "a TOML file with more map layers (XYZ, TMS, WMS or raster PMTiles)"),
    Setting("COP_OPEN", "1", "1: open the page in a browser at start where there is a screen", one_of=("0", "1")),
    Setting(
        "COP_LOG",
        "info",
        "how much is logged: debug, info, warning or error",
        one_of=("debug", "info", "warning", "error"),
    ),
)
_BY_NAME: Final = {setting.name: setting for setting in SETTINGS}


class Values:
    """The settings in force and, for each, where it came from: `environment`, the file's name, or `default`."""

    def __init__(self, values: Mapping[str, str], origin: Mapping[str, str]) -> None:
        self.values = values
        self.origin = origin

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    def number(self, name: str) -> float:
        """A setting as a number."""
        return float(self.values[name])

    def whole(self, name: str) -> int:
        """A setting as a whole number."""
        return int(self.number(name))

    @property
    def data(self) -> Path:
        return Path(self.values["COP_DATA"]).resolve()

    @property
    def archive(self) -> Path:
        """The folder of the archive."""
        return Path(self.values["COP_ARCHIVE"]).resolve() if self.values["COP_ARCHIVE"] else self.data / "archive"

    @property
    def demo(self) -> bool:
        return self.values["COP_DEMO"] == "1"

    @property
    def world(self) -> str:
        """The world that a page opens when its address names none."""
        return self.values["COP_WORLD"] or ("exercise/demo" if self.demo else "real")


class BadSetting(ValueError):
    """A setting has a value that it can't have: the message names it."""


def load(environment: Mapping[str, str] | None = None) -> Values:
    """The settings in force. Raises `BadSetting` for an unreadable file, a name that is no setting, or a bad value."""
    env = os.environ if environment is None else environment
    told: dict[str, str] = {}
    path = env.get("COP_SETTINGS", "")
    if path:
        try:
            told = {str(k): _text(v) for k, v in tomllib.loads(Path(path).read_text("utf-8")).items()}
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BadSetting(f"COP_SETTINGS names {path}: {error}") from error
    for name in told:
        if name not in _BY_NAME:
            raise BadSetting(f"{name} in {path} is no setting; `cop settings` lists them")
    values: dict[str, str] = {}
    origin: dict[str, str] = {}
    for setting in SETTINGS:
        if env.get(setting.name, "") != "":
            values[setting.name], origin[setting.name] = env[setting.name], "environment"
        elif setting.name in told:
            values[setting.name], origin[setting.name] = told[setting.name], path
        else:
            values[setting.name], origin[setting.name] = setting.default, "default"
        _check(setting, values[setting.name], origin[setting.name])
    return Values(values, origin)


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _check(setting: Setting, value: str, origin: str) -> None:
    said = f"{setting.name} ({origin}) is {value!r}"
    if setting.one_of and value not in setting.one_of:
        raise BadSetting(f"{said}: it is one of {', '.join(setting.one_of)}")
    if setting.name == "COP_WORLD" and value not in ("", REAL) and not is_exercise(value):
        raise BadSetting(f"{said}: it is real or exercise/<name>")
    if setting.least is None:
        return
    try:
        number = float(value)
    except ValueError:
        raise BadSetting(f"{said}: not a number") from None
    if not setting.least <= number <= setting.most:  # also for nan
        most = "" if setting.most == math.inf else f" to {setting.most:g}"
        raise BadSetting(f"{said}: it is a number from {setting.least:g}{most}")
    if setting.whole and not number.is_integer():
        raise BadSetting(f"{said}: not a whole number")


def table(values: Values) -> str:
    """The settings as text: name, value (secrets hidden), where from, meaning."""
    rows = []
    for setting in SETTINGS:
        value = values.values[setting.name]
        shown = ("(set)" if value else "(none)") if setting.secret else value or "(none)"
        rows.append((setting.name, shown, values.origin[setting.name], setting.meaning))
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    return "\n".join(
        "  ".join(cell.ljust(w) for cell, w in zip(row, (*widths, 0), strict=True)).rstrip() for row in rows
    )
