"""How do a time, an age, a margin and an answer read on a page? Never by colour alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from dash import html

from cop.event import Millis

MARKS: Final = {"go": "✓", "caution": "▲", "unknown": "?", "no-go": "■"}
"""A shape for each answer, beside its word and its colour."""
STATE_MARKS: Final = {"cleared": "✓", "pending": "▲", "unknown": "?", "missing": "■", "late": "■", "blocked": "■"}
"""The same for the states of a clearance."""
NONE: Final = "–"
DAY: Final = 86_400_000
RIGA: Final = ZoneInfo("Europe/Riga")
"""Local time of all three states."""


def utc(at: Millis | None, now: Millis | None = None) -> str:
    """`HH:MM` UTC, with the day before it when that isn't the day of `now`."""
    if at is None:
        return NONE
    told = datetime.fromtimestamp(at / 1000, UTC)
    if now is None or at // DAY == now // DAY:
        return told.strftime("%H:%M")
    return told.strftime("%d %b %H:%M")


def both(at: Millis) -> str:
    """A time with its day, UTC with local time beside it: `25 Nov 10:15 UTC, 12:15 EET`."""
    told = datetime.fromtimestamp(at / 1000, UTC)
    return f"{told:%d %b %H:%M} UTC, {told.astimezone(RIGA):%H:%M %Z}"


def number(value: float) -> str:
    """A number with as many decimals as it has, at most three."""
    text = f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    return text.replace("-", "−")


def minutes(value: float | None) -> str:
    """Whole minutes with their sign; `without end` for those that have none."""
    if value is None:
        return NONE
    return "without end" if value == float("inf") else f"{value:+.0f}" if abs(value) >= 0.5 else "0"


def span(ms: Millis | None) -> str:
    """How long, in the unit in which people would say it; with a minus where it is over."""
    if ms is None:
        return NONE
    sign, rest = "−" if ms < 0 else "", abs(ms) // 60_000
    if rest >= 2 * 1440:
        return f"{sign}{rest / 1440:.1f} d"
    return f"{sign}{rest // 60} h {rest % 60:02} min" if rest >= 60 else f"{sign}{rest} min"


def margin(value: float | None, unit: str) -> str:
    """What is left to a limit, as `+20 MLC`."""
    return "" if value is None else f"{value:+g} {unit}".strip().replace("-", "−")


def answer(word: str, more: str = "") -> html.Span:
    """An answer as a coloured word with its shape."""
    return html.Span(f"{MARKS.get(word, '?')} {word}{more}", className=f"verdict {word}")


def link(subject: str, name: str = "") -> Any:
    """The name of a thing, which chooses it when it is clicked."""
    if ":" not in subject or subject.startswith("edge:"):
        return html.Strong(name or subject)
    return html.Button(
        name or subject, className="link", title=f"Choose {subject}", type="button", **{"data-select": subject}
    )


def age(at: Millis, now: Millis) -> html.Time:
    """How old it is; the browser's part keeps it going."""
    seconds = max(0, now - at) // 1000
    steps = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
    size, unit = next((step for step in steps if seconds >= step[0]), (1, "s"))
    return html.Time(f"{seconds // size} {unit} old", className="age", **{"data-at": str(at)})
