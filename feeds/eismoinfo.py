"""Which records stand in an answer of eismoinfo.lt, and what is a number, a time or a place in them?

The service writes JSON in UTF-8 or windows-1257, appends HTML to whole answers, and sends pages of a filter instead.
Each record is found by its brackets and stands on its own bytes, so a broken one costs no neighbour. HTML after the
JSON is passed over; any other answer that is not a whole list says so, because what is missing from it has not been
withdrawn.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from cop.event import Millis
from cop.geo import Point, axis_order, line_to_wgs84
from feeds.adapter import Unreadable

VILNIUS: Final = ZoneInfo("Europe/Vilnius")
LKS94, DEGREES = 3346, 4326
WEST, EAST, SOUTH, NORTH = 20.6, 26.95, 53.85, 56.5
"""The bounds of Lithuania, degrees."""
NOTHING: Final = frozenset({"", "-", "–", "n/a", "none", "null", "nan"})
"""What the service writes, in lower case, for a value that it has not."""

Fields = dict[str, Any]
Role = Literal["changed", "since", "until"]
"""What a time is of: of a change or measurement, of the begin of a restriction, or of its end."""

_ROOT = re.compile(rb"[\[{]")
_TOKEN = re.compile(rb'"(?:[^"\\\r\n]|\\.)*"|(?:\[\s*-?\d[-+.\deE,\s]*\][\s,]*)+|[\[\]{}]')
"""A string, a run of positions, or a bracket."""
_KEY = re.compile(rb'"([^"\\]*)"\s*:\s*\Z')
_TITLE = re.compile(rb"<(?:title|h1)[^>]*>([^<]{1,80})", re.IGNORECASE)
_MORE = re.compile(rb'"exceededTransferLimit"\s*:\s*true')
_CLOSES = {b"}": b"{", b"]": b"["}


# -- values -----------------------------------------------------------------------------------------------------------


def words(said: Any) -> str:
    """A text or an id as one line; empty for nothing."""
    if not isinstance(said, str | int) or isinstance(said, bool):
        return ""
    text = " ".join(str(said).split())
    return "" if text.lower() in NOTHING else text


def number(said: Any) -> float | None:
    """A finite number, as the service writes it: often as a string, at times with a comma."""
    try:
        plain = said.replace(",", ".") if isinstance(said, str) else said
        found = float(plain) if isinstance(plain, str | int | float) and not isinstance(plain, bool) else math.nan
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def when(column: str, said: Any, role: Role, received: Millis) -> Millis | None:
    """The time, local of Vilnius when it names no zone; None for nothing. Raises `Unreadable`.

    In the hour that the end of summer time repeats, a restriction begins at the first and ends at the second; a change
    was the later that had passed when we heard it, so that changes stay in order.
    """
    if said is None or (isinstance(said, str) and said.strip().lower() in NOTHING):
        return None
    epoch = number(said)
    if epoch is not None:
        if 1e9 <= epoch < 1e10:
            return int(epoch) * 1000
        if 1e11 <= epoch < 1e13:
            return int(epoch)
    try:
        if not isinstance(said, str):
            raise ValueError
        moment = datetime.fromisoformat(said.strip())
        if moment.tzinfo is not None:
            return _millis(moment)
        if role == "until" and len(said.strip()) == 10:  # a day ends with its end
            moment += timedelta(days=1)
        first, second = (_millis(moment.replace(tzinfo=VILNIUS, fold=fold)) for fold in (0, 1))
    except (ValueError, OverflowError):
        raise Unreadable(f"{column} {str(said)[:40]!r} is not a time") from None
    later = role == "until" or (role == "changed" and second <= received)
    return max(first, second) if later else min(first, second)


def _millis(moment: datetime) -> Millis:
    return int(moment.astimezone(UTC).timestamp() * 1000)


def placed(line: Any, epsg: int | None = None) -> tuple[Point, ...]:
    """A line of pairs in degrees, to a decimetre. Raises `Unreadable` for what is not in Lithuania.

    The numbers tell frame and order, for in Lithuania no easting is also a northing.
    """
    pairs = [_pair(pair) for pair in line] if isinstance(line, list) else []
    if not pairs:
        raise Unreadable("a line without positions")
    frames = (epsg,) if epsg else (LKS94, DEGREES)
    for frame in frames:
        order = axis_order(frame, *pairs[0])
        if order is not None:
            found = line_to_wgs84(frame, pairs, order=order)
            break
    else:
        raise Unreadable(f"position {pairs[0][0]:g}, {pairs[0][1]:g} is not in Lithuania")
    for pair, (lon, lat) in zip(pairs, found, strict=True):
        if not (WEST <= lon <= EAST and SOUTH <= lat <= NORTH):
            raise Unreadable(f"position {pair[0]:g}, {pair[1]:g} is not in Lithuania")
    return tuple((round(lon, 6), round(lat, 6)) for lon, lat in found)


def _pair(pair: Any) -> tuple[float, float]:
    if not isinstance(pair, list | tuple) or len(pair) < 2:
        raise Unreadable(f"{str(pair)[:40]!r} is not a position")
    first, second = (number(each) for each in pair[:2])
    if first is None or second is None:
        raise Unreadable(f"{str(pair)[:60]} is not a position")
    return first, second


# -- records ----------------------------------------------------------------------------------------------------------


def fields(raw: bytes) -> Fields:
    """The record's fields, names in lower case. Raises `Unreadable`. UTF-8, else windows-1257."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        try:
            text = raw.decode("cp1257")
        except UnicodeDecodeError as error:
            raise Unreadable(f"neither UTF-8 nor windows-1257 at byte {error.start} of the record") from None
    try:
        record = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unreadable(f"not JSON: {error}") from None
    return {str(key).lower(): value for key, value in record.items()} if isinstance(record, dict) else {}


class _Open(NamedTuple):
    """A bracket that was opened: where, and whether it is a list of records or a record in one."""

    bracket: bytes
    at: int
    listing: bool
    record: bool


def records(payload: bytes) -> Iterator[tuple[int, bytes, str]]:
    """(offset, bytes, what is wrong with the answer there): the records as they stand, then what ends the answer.

    A record is an object in a list `features`, or one in the outermost list that holds no such list.
    """
    start = _ROOT.search(payload)
    if start is None or payload[: start.start()].strip(b"\xef\xbb\xbf \t\r\n"):
        yield 0, payload, _no_json(payload)
        return
    done = 0
    opened: list[_Open] = []
    holders: set[int] = set()  # where objects opened that hold a list of records
    for token in _TOKEN.finditer(payload, start.start()):
        sign, where = token[0], token.start()
        if sign in (b"[", b"{"):
            key = _KEY.search(payload, max(0, where - 64), where) if sign == b"[" and 0 < len(opened) < 3 else None
            listing = key is not None and key[1] == b"features"
            if listing:
                holders.add(opened[-1].at)
            opened.append(_Open(sign, where, listing, sign == b"{" and bool(opened) and opened[-1].listing))
        elif any(each.bracket == _CLOSES.get(sign) for each in opened):
            while opened:  # a bracket that was forgotten is closed by the next outer one
                each = opened.pop()
                alone = each.bracket == b"{" and [o.bracket for o in opened] == [b"["] and each.at not in holders
                if each.record or alone:
                    done = token.end()
                    yield each.at, payload[each.at : done], ""
                if each.bracket == _CLOSES[sign]:
                    break
            if not opened:
                yield from _ending(payload, start[0], token.end(), bool(holders))
                return
    at = next((each.at for each in opened if each.record), done)
    yield at, payload[at:], "the answer ends before its end"


def _no_json(payload: bytes) -> str:
    if not payload.strip():
        return "an empty answer, which is not an empty list"
    if not payload.lstrip().startswith(b"<"):
        return "not JSON"
    title = _TITLE.search(payload)
    return "an HTML page instead of JSON" + (f": {title[1].decode('utf-8', 'replace').strip()}" if title else "")


def _ending(payload: bytes, root: bytes, end: int, listed: bool) -> Iterator[tuple[int, bytes, str]]:
    """What keeps a list that was read to its end from being the whole list."""
    rest = payload[end:]
    if rest.strip() and not rest.lstrip().startswith(b"<"):
        yield end, rest, "something after the list"
    if root == b"{" and not listed:
        yield 0, payload[:end], "no list of features"
    elif _MORE.search(payload):
        yield 0, b"", "the service has more records than this answer holds"
