"""What can be set, where does each value come from, and what does it mean?

A value comes from the environment, else from the file that `COP_SETTINGS` names (TOML, `COP_PORT = 8050`), else from
the default. `cop settings` prints the table; a test fails when the operator's guide misses one.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from cop.bus.acl import RULES


class Setting(NamedTuple):
    """One setting: its name in the environment, its default and what it means."""

    name: str
    default: str
    meaning: str
    secret: bool = False


SETTINGS: Final[tuple[Setting, ...]] = (
    Setting("COP_SETTINGS", "", "a TOML file with settings; the environment overrides it"),
    Setting("COP_HOST", "127.0.0.1", "the address that the dashboard listens on"),
    Setting("COP_PORT", "8050", "the port that the dashboard listens on"),
    Setting("COP_DATA", "./var", "the folder for the embedded server's data, its socket and its secrets"),
    Setting("COP_REDIS_URL", "", "an external Redis or Valkey (redis://, rediss://, unix://); empty: the embedded one"),
    *(
        Setting(f"COP_REDIS_PASSWORD_{role.upper()}", "", f"the password of the Redis user `{role}`", secret=True)
        for role in RULES
    ),
    Setting("COP_DEMO", "1", "1: run the simulators and the exercise `demo` beside the feeds; 0: only the feeds"),
    Setting("COP_SIM_PORT", "8060", "first of three ports that the simulators listen on (AIS, convoys, road services)"),
    Setting("COP_SIM_VESSELS", "120", "how many ships the traffic simulator has"),
    Setting("COP_SIM_SCALE", "10", "how many minutes of the exercise scenario pass in a minute for simulated convoys"),
    Setting("COP_SEED", "1", "the seed of everything simulated: same seed, same picture"),
    Setting("COP_FEEDS", "", "a TOML file that says which feeds run (see the operator's guide); empty: the defaults"),
    Setting("COP_WORLD", "", "the world that pages open: real or exercise/<name>; empty: the demo's, else real"),
    Setting("COP_RETENTION_H", "24", "hours after which an event leaves the stream"),
    Setting("COP_STREAM_MAX", "200000", "events that a stream holds at most; the oldest leave first"),
    Setting("COP_MAP_LAYERS", "", "a TOML file with more map layers (XYZ, TMS, WMS or raster PMTiles)"),
    Setting("COP_OPEN", "1", "1: open the page in a browser at start where there is a screen"),
    Setting("COP_LOG", "info", "how much is logged: debug, info, warning or error"),
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
        """A setting as a number. Raises `BadSetting` when it isn't one."""
        try:
            return float(self.values[name])
        except ValueError:
            raise BadSetting(f"{name} is {self.values[name]!r}: not a number") from None

    def whole(self, name: str) -> int:
        """A setting as a whole number. Raises `BadSetting` when it isn't one."""
        number = self.number(name)
        if number != int(number):
            raise BadSetting(f"{name} is {self.values[name]!r}: not a whole number")
        return int(number)

    @property
    def data(self) -> Path:
        return Path(self.values["COP_DATA"]).resolve()

    @property
    def demo(self) -> bool:
        return self.values["COP_DEMO"] not in ("", "0")

    @property
    def world(self) -> str:
        """The world that a page opens when its address names none."""
        return self.values["COP_WORLD"] or ("exercise/demo" if self.demo else "real")


class BadSetting(ValueError):
    """A setting has a value that it can't have: the message names it."""


def load(environment: Mapping[str, str] | None = None) -> Values:
    """The settings in force. Raises `BadSetting` for an unreadable file or a name that is no setting."""
    env = os.environ if environment is None else environment
    told: dict[str, str] = {}
    path = env.get("COP_SETTINGS", "")
    if path:
        try:
            told = {str(k): str(v) for k, v in tomllib.loads(Path(path).read_text("utf-8")).items()}
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BadSetting(f"COP_SETTINGS names {path}: {error}") from error
    for name in (*told, *env):
        if name.startswith("COP_") and name not in _BY_NAME and name in told:
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
    return Values(values, origin)


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
