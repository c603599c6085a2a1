"""How does the Latvian national access point want to be asked, and how does it write numbers, times and nothing?

Every data set has the same address and is told by its key, which goes into a header: a data set is a feed of its own.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from cop.event import Millis
from feeds.adapter import Request, Unreadable

ADDRESS: Final = "https://www.transportdata.gov.lv/api/v1/get/file/download-file"
RIGA: Final = ZoneInfo("Europe/Riga")
NOTHING: Final = frozenset({"", "-", "–", "—", "none", "null", "nan", "n/a", "na", "nav", "nav datu"})
"""What is written where there is no value, in lower case."""

_NUMBER = re.compile(r"[+-]?\d{1,12}(?:[.,]\d{1,12})?", re.ASCII)
_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})\.?(?:[ T,]+(\d{1,2}:\d{2}(?::\d{2})?))?", re.ASCII)


def request(form: str) -> Request:
    """How a data set is asked for in that form: `xml`, `geojson`, `json` or `csv`."""
    return Request(
        method="POST",
        body=f'{{"file_id": "1", "format": "{form}"}}',
        key_header="x-api-key",
    )


def said(value: Any) -> str:
    """The value's words with single blanks; empty for what is written where there is no value."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = " ".join(str(value).split())
    return "" if text.lower() in NOTHING else text


def quantity(value: Any, unit: str = "") -> float | None:
    """The number, which may be text with a decimal comma and its unit behind it; None where there is none.

    Raises `Unreadable` for words that are no number.
    """
    text = said(value)
    if not text:
        return None
    try:
        number = float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        raise Unreadable(f"{text[:40]!r} is not a number") from None
    if isinstance(value, str):
        bare = text.lower().removesuffix(unit).strip() if unit else text
        number = float(bare.replace(",", ".")) if _NUMBER.fullmatch(bare) else math.nan
    if not math.isfinite(number):
        raise Unreadable(f"{text[:40]!r} is not a number")
    return number


def moment(value: Any, name: str, *, zone: ZoneInfo = RIGA, ends: bool = False) -> Millis | None:
    """The time, local to the zone when it names none; None where there is none. Raises `Unreadable` for no time.

    ISO 8601, `24.11.2026`, `24.11.2026. 20:15`, seconds or milliseconds since 1970. With `ends` a mere day is over at
    its end, and of the hour that the end of summer time repeats it is the second, else the first.
    """
    text = said(value)
    if not text:
        return None
    if re.fullmatch(r"\d{10}|\d{13}", text, re.ASCII):
        return int(text) * (1000 if len(text) == 10 else 1)
    whole = text
    if match := _DAY.fullmatch(text):
        day, month, year, clock = match.groups()
        whole = f"{year}-{int(month):02}-{int(day):02}" + (f"T{clock:0>5}" if clock else "")
    try:
        time = datetime.fromisoformat(whole)
        if ends and len(whole) == 10:
            time += timedelta(days=1)
        if time.tzinfo is None:
            time = time.replace(tzinfo=zone, fold=int(ends))
        return int(time.astimezone(UTC).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Unreadable(f"{name} {text[:40]!r} is not a time") from None
