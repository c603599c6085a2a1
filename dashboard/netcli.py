"""What can be done with the road and rail network from the command line? `cop network build` and `cop network show`."""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, Final

from dashboard.settings import BadSetting, Values

OUT: Final = "network"
"""The folder in COP_DATA that a network is built into unless another is named."""


def add(commands: Any) -> None:
    """Add the command to the parser."""
    network = commands.add_parser("network", help="build or show the network that routes are searched in")
    what = network.add_subparsers(dest="what", metavar="what", required=True)
    build = what.add_parser("build", help="build a network from an OpenStreetMap extract")
    build.add_argument("file", metavar="FILE.osm.pbf")
    build.add_argument("--out", metavar="FOLDER", default="", help="where to; default: network in COP_DATA")
    build.add_argument("--json", action="store_true", help="answer as JSON")
    show = what.add_parser("show", help="say what the network in use holds")
    show.add_argument("--json", action="store_true", help="answer as JSON")


def network(settings: Values, wanted: argparse.Namespace) -> int:
    """`cop network …`."""
    told = _build(settings, wanted) if wanted.what == "build" else shown(folder(settings))
    print(json.dumps(told, ensure_ascii=False) if wanted.json else "\n".join(_lines(told)))
    return 0


def folder(settings: Values) -> Path:
    """The folder of the network in use: COP_NETWORK, else the one that comes with the project."""
    from feeds.network.store import SHIPPED

    named = settings.values.get("COP_NETWORK", "")
    return Path(named) if named else SHIPPED


def _build(settings: Values, wanted: argparse.Namespace) -> dict[str, Any]:
    try:
        from feeds.network.osm import BadExtract, write
    except ImportError as error:
        raise BadSetting(f"reading an extract needs the package osmium: {error}") from error
    path, out = Path(wanted.file), Path(wanted.out) if wanted.out else settings.data / OUT
    if not path.is_file():
        raise BadSetting(f"there is no file {path}")
    try:
        told = write(path, out, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
    except (BadExtract, OSError) as error:
        raise BadSetting(str(error)) from error
    return {**told, "written to": str(out), "to use it": f"COP_NETWORK={out}"}


def shown(at: Path) -> dict[str, Any]:
    """What the network in a folder holds. Raises `BadSetting`."""
    from feeds.network.store import BadNetwork, about, load

    try:
        kept, page = load(at), about(at)
    except BadNetwork as error:
        raise BadSetting(str(error)) from error
    km: dict[str, float] = defaultdict(float)
    for edge in kept.edges:
        km[edge.mode] += edge.km
    surveyed = sum(edge.km for edge in kept.edges if edge.mode == "road" and edge.surveyed)
    ties = Counter(tie.partition(":")[0] for edge in kept.edges for tie in edge.ties)
    return {
        "folder": str(at),
        "source": page.get("source", ""),
        "built": page.get("built", ""),
        "credits": page.get("credits", []),
        "nodes": len(kept.nodes),
        "edges": len(kept.edges),
        "km": {mode: round(length) for mode, length in sorted(km.items())},
        "road km of which every bridge is known": round(surveyed),
        "named corridors": len(kept.routes),
        "ties": dict(sorted(ties.items())),
    }


def _lines(told: dict[str, Any], indent: str = "") -> list[str]:
    """A report for the eye: a line a value."""
    found = []
    for what, value in told.items():
        match value:
            case dict():
                found += [f"{indent}{what}:", *_lines(value, f"{indent}  ")]
            case [dict(), *_]:
                found.append(f"{indent}{what}:")
                found += [f"{indent}  {' · '.join(_word(each) for each in row.values())}" for row in value]
            case list():
                found.append(f"{indent}{what}: {len(value)}{': ' if value else ''}{_word(value)}")
            case _:
                found.append(f"{indent}{what}: {value}")
    return found


def _word(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
