"""Which tables do the documents show, and are they what the code says?

`python docs/tables.py` rewrites every table between `<!-- table: NAME -->` and `<!-- end -->` in README.md and
docs/*.md from the code; `--check` changes nothing and exits 1, with the names, when a file is not current.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from cop.bus.acl import RULES
from cop.exercise import MEASURES, STATES
from cop.movement.rules import rules
from cop.movement.rulesets import Border, Ruleset, rulesets
from dashboard.feedcli import toml
from dashboard.plan import plan
from dashboard.settings import SETTINGS, load
from feeds.adapter import Source, sources
from layers.layer import Layer, layers

ROOT: Final = Path(__file__).resolve().parents[1]
PLAN: Final = ROOT / "feeds" / "feeds.toml"
FIGURES: Final = ROOT / "docs" / "figures.json"
MARKED: Final = re.compile(r"(<!-- table: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def documents() -> list[Path]:
    """The files that may hold tables."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def table(heads: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """A Markdown table; what would break it is escaped."""
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *([str(cell) for cell in row] for row in rows)]
    cells = ([cell.replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines)
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


def code(text: str) -> str:
    """As code, or nothing for nothing."""
    return f"`{text}`" if text else ""


def every(seconds: float | None) -> str:
    """A time that is a whole number of days, hours, minutes or seconds."""
    if not seconds:
        return "never"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


def _sources() -> str:
    rows = (
        (code(s.name), s.title, " ".join(s.nations), ", ".join(s.kinds), s.formats, s.licence, s.attribution)
        for s in sources().values()
    )
    return table(("source", "what", "nations", "brings", "format", "licence", "by"), rows)


def _addresses() -> str:
    def row(s: Source) -> tuple[str, ...]:
        whole = "the whole state" if s.complete else "what is new"
        key = f", key in `{s.request.key_header}`" if s.request.key_header else ""
        post = ", by POST" if s.request.method == "POST" else ""
        places = "; ".join([code(s.address), *(f"{code(name)} {code(address)}" for name, address in s.others)])
        return code(s.name), places + post + key, every(s.rate_s), every(s.stale_s), whole, s.identity, s.grid

    heads = ("source", "default address", "every", "stale after", "a payload is", "same thing by", "frame")
    return table(heads, map(row, sources().values()))


def _mappings() -> str:
    parts = []
    for source in sources().values():
        told = table(("theirs", "ours"), source.mapping)
        traps = "".join(f"- {trap} (`{test}`)\n" for test, trap in source.quirks)
        traps = f"\nTraps, each with its test:\n\n{traps}" if traps else ""
        parts.append(f"\n### {source.name}\n\n{source.title}: {source.formats}.\n\n{told}{traps}")
    return "".join(parts) + "\n"


def _layers() -> str:
    def row(layer: Layer) -> tuple[str, ...]:
        kinds = ", ".join(map(code, layer.kinds))
        return code(layer.name), layer.title, layer.domain, kinds, every(layer.stale_s)

    return table(("layer", "what", "domain", "subjects", "stale after"), map(row, layers().values()))


def _settings() -> str:
    return table(
        ("setting", "default", "meaning"),
        ((code(s.name), code(s.default) or "(none)", s.meaning) for s in SETTINGS),
    )


def _feeds() -> str:
    rows = (
        (code(f.name), code(f.source.name), f.origin, f.world, f.group, code(f.address.replace(f"{ROOT}/", "")))
        for f in plan(load({})).values()
    )
    return table(("feed", "source", "origin", "world", "group", "address"), rows)


def _effects() -> str:
    rows = (
        (effect, STATES[effect], ", ".join(f"`{name}` ({unit})" for name, unit in measures.items()) or "none")
        for effect, measures in MEASURES.items()
    )
    return table(("effect", "status", "measures"), rows)


def _users() -> str:
    def keys(rules: str) -> str:
        return ", ".join(map(code, (word for word in rules.split() if "~" in word)))

    may = {
        role: [word[1:] for word in rules.split() if word.startswith("+x") or "unlink" in word]
        for role, rules in RULES.items()
    }
    writes = {
        role: ", ".join(w for w in words if w in ("xadd", "xtrim", "unlink")) or "reads only"
        for role, words in may.items()
    }
    return table(("user", "keys", "writes by"), ((code(role), keys(RULES[role]), writes[role]) for role in RULES))


def _rulesets() -> str:
    def lead(each: Ruleset, border: Border) -> str:
        known = each.lead.get(border)
        return "none" if known is None else f"{known.value:g} {known.unit}"

    rows = (
        [
            code(each.id),
            each.name,
            each.version,
            "yes" if each.in_force else "no",
            lead(each, "baltic"),
            lead(each, "internal"),
            f"{each.source}; {each.confidence}" + ("; assumed by us" if each.assumed else ""),
        ]
        for each in rulesets().values()
    )
    heads = ("rule set", "name", "version", "in force", "between the three", "inside the EU", "source")
    return table(heads, rows)


def _rules() -> str:
    rows = ([code(each.id), each.area, each.text, each.source, each.confidence] for each in rules().values())
    return table(("rule", "area", "says", "source", "how sure"), rows)


def _figures(barred: bool) -> str:
    if not FIGURES.exists():
        return "No figures are kept yet: `make bench` measures them on this machine.\n"
    found: list[dict[str, Any]] = [f for f in json.loads(FIGURES.read_text("utf-8")) if f["bar"] or not barred]
    rows = ((f["name"], f"{_short(f['value'])} {f['unit']}", f["bar"], f["baseline"]) for f in found)
    return table(("what", "measured", "to reach", "beside it, same run"), rows)


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


TABLES: Final[dict[str, Callable[[], str]]] = {
    "sources": _sources,
    "addresses": _addresses,
    "mappings": _mappings,
    "layers": _layers,
    "settings": _settings,
    "feeds": _feeds,
    "effects": _effects,
    "users": _users,
    "rulesets": _rulesets,
    "rules": _rules,
    "figures": lambda: _figures(barred=True),
    "all-figures": lambda: _figures(barred=False),
}


def plan_file() -> str:
    """The plan that has every source, switched off."""
    return toml(sources().values())


def renewed(text: str) -> str:
    """The text with all of its tables made anew. Raises KeyError for a table that nobody makes."""
    return MARKED.sub(lambda found: found[1] + TABLES[found["name"]]() + found[3], text)


def main(argv: list[str]) -> int:
    """Rewrite the files, or with `--check` say which are not current."""
    parser = argparse.ArgumentParser(prog="docs/tables.py", description="Makes the documents' tables from the code.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when a file is not current")
    check = parser.parse_args(argv).check
    wrong = not PLAN.exists() or PLAN.read_text("utf-8") != plan_file()
    if wrong:
        print(f"{PLAN.relative_to(ROOT)} {'is not current: make docs' if check else 'rewritten'}")
        if not check:
            PLAN.write_text(plan_file(), "utf-8")
    old = [path for path in documents() if renewed(path.read_text("utf-8")) != path.read_text("utf-8")]
    for path in old:
        print(f"{path.relative_to(ROOT)} {'is not current: make docs' if check else 'rewritten'}")
        if not check:
            path.write_text(renewed(path.read_text("utf-8")), "utf-8")
    return 1 if check and (old or wrong) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
