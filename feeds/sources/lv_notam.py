"""How is the page of valid NOTAMs of the Latvian air navigation service read? Its number, and under it the ICAO text.

The notices have no Q-line and no time of issue. The page has all that are valid, so one that misses is withdrawn. It
says nowhere how old it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from lxml import etree

from feeds import notam_events
from feeds.adapter import Context, Outcome, Records, Reject, Source, Unreadable

NAME: Final = "lv-notam"

_HEADING = re.compile(rb"<h6\b", re.IGNORECASE)
_CLOSED = re.compile(rb"</div\s*>", re.IGNORECASE)
_NUMBER = re.compile(r"[A-Z]\d{1,4}/\d\d")
_DOCUMENT, _END = re.compile(rb"<html\b", re.IGNORECASE), re.compile(rb"</html\s*>\s*\Z", re.IGNORECASE)


def read(payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
    """The outcomes of one notice after the other, and a reject when the page is not whole or not the page."""
    page = _without_comments(payload)
    starts = [found.start() for found in _HEADING.finditer(page)]
    pieces = [piece for start, end in pairwise([*starts, len(page)]) if (piece := _piece(payload, page, start, end))]
    if not pieces:
        empty = not payload.strip()
        yield [
            Reject(
                "an empty answer, which does not say that there are no NOTAMs" if empty else "no NOTAM on it",
                0,
                payload,
            )
        ]
        return
    yield from notam_events.read(NAME, "ais.lgs.lv", pieces, context, whole=True)
    if _DOCUMENT.search(page) and not _END.search(page):
        yield [Reject("the page ends before its end", starts[-1], payload[starts[-1] :])]


def _without_comments(payload: bytes) -> bytes:
    """The same bytes with blanks where a comment stands."""
    parts, at = [], 0
    while (start := payload.find(b"<!--", at)) >= 0 and (end := payload.find(b"-->", start + 4)) >= 0:
        parts += [payload[at:start], b" " * (end + 3 - start)]
        at = end + 3
    return b"".join([*parts, payload[at:]])


def _piece(payload: bytes, page: bytes, start: int, end: int) -> notam_events.Piece | None:
    """The text of a heading and of the block under it; None for a heading that is no number."""
    raw = payload[start:end]
    try:
        root = etree.fromstring(page[start:end], etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False))
    except (etree.LxmlError, ValueError) as error:
        return start, raw, Unreadable(f"not HTML: {error}"[:200])
    heading = None if root is None else next(root.iter("h6"), None)
    number = "" if heading is None else "".join(map(str, heading.itertext())).strip()
    if not _NUMBER.fullmatch(number):
        return None
    block = next(root.iter("div"), None)
    if block is not None and not _CLOSED.search(page, start, end):
        return start, raw, Unreadable(f"{number} breaks off")
    if block is None:
        return start, raw, Unreadable(f"{number} has no text")
    lines = "".join("\n" if part is None else part for part in _parts(block))
    return start, raw, f"{number}\n{lines}"


def _parts(block: etree._Element) -> Iterator[str | None]:
    """The texts in there, and None for each break of a line."""
    yield block.text or ""
    for each in block.iterdescendants():
        if isinstance(each.tag, str):
            yield None if each.tag == "br" else each.text or ""
        yield each.tail or ""


SOURCE = Source(
    name=NAME,
    title="NOTAMs of Latvia",
    domain="air",
    nations=("LV",),
    kinds=("notam", "airfield"),
    transport="http",
    formats="HTML page: a heading h6 with the number, and under it the ICAO text without a Q-line",
    licence="Official notices; no licence stated",
    attribution="Latvijas gaisa satiksme (LGS), ais.lgs.lv",
    address="https://ais.lgs.lv/notam/displayfile/All%20valid",
    rate_s=300.0,
    stale_s=7 * 86400.0,
    identity="place and number",
    grid="WGS 84, degrees, minutes and seconds, latitude first",
    complete=True,
    mapping=(
        ("h6, and the place in the first line", "subject notam:<place>:<number>"),
        ("B), not later than received", "at"),
        ("words of E)", "described.properties.meaning, topic; status.state"),
        ("the line <lower> TO <upper>", "described.properties.lower, upper"),
        ("three or more positions in a row in E), or the only one", "described.path; lon, lat"),
        ("D), E)", "described.properties.schedule, text"),
        ("B), C)", "status.since, until; described.properties.validity"),
        ("C) with EST", "described.properties.estimated; no status.until: it lasts until it leaves the page"),
        ("all that concern an aerodrome of the register", "status of airfield:<ICAO>, as new as the page"),
    ),
    quirks=(
        ("test_the_page_gives_no_q_line_and_dates_with_slashes", "No Q-line; dates as 2026/10/16 06:00"),
        (
            "test_a_page_that_was_cut_withdraws_nothing",
            "A page that breaks off would look like so many cancelled NOTAMs",
        ),
        ("test_a_page_without_notams_is_no_all_clear", "An error page is not an empty list"),
    ),
    decoder=lambda: Records(read),
)
