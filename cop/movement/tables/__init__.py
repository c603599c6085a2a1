"""How are the tables of the rules read? As they lie in the package, once."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import cast


@cache
def rows(name: str) -> tuple[dict[str, str], ...]:
    """The rows of a CSV table, by column. Raises `FileNotFoundError` and `csv.Error`."""
    return tuple(cast(dict[str, str], row) for row in csv.DictReader(text(name).splitlines(), strict=True))


def text(name: str) -> str:
    """The text of a table. Raises `FileNotFoundError`."""
    return files(__name__).joinpath(name).read_text("utf-8")
