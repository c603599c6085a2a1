"""How is the text of a NOTAM read? From its header, its Q-line if it has one, and the items A) to G).

The form is that of ICAO Annex 15 and Doc 8126, read with tolerance: items on one line or many, without a Q-line, with
`EST` glued to the time, with dates as `2026/10/16 06:00`. Nothing here asks a clock: the month and year of a filing
time come from the caller.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from cop.event import Millis
from cop.geo import Point
from feeds.adapter import Unreadable
from feeds.notam_codes import CHECKLIST

LONGEST: Final = 20_000
"""Characters beyond which a text is no NOTAM."""
FARTHEST: Final = 500
"""Vertices of an area beyond which the text lists something else."""
DAY: Final = 86_400_000


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One NOTAM as it says of itself. What it does not say is empty or None."""

    number: str
    kind: str = "N"
    """N new, R replacing, C cancelling."""
    replaces: str = ""
    """The number of the NOTAM that it replaces or cancels."""
    fir: str = ""
    code: str = ""
    traffic: str = ""
    purpose: str = ""
    scope: str = ""
    point: Point | None = None
    radius_nm: int | None = None
    places: tuple[str, ...] = ()
    """Item A): location indicators, the first names the NOTAM."""
    since: Millis | None = None
    """Item B); None: with immediate effect."""
    until: Millis | None = None
    """Item C); None: permanent, until further notice, or not said."""
    estimated: bool = False
    permanent: bool = False
    schedule: str = ""
    text: str = ""
    lower: str = ""
    upper: str = ""
    issued: Millis | None = None
    spot: Point | None = None
    """The only position in the text."""
    area: tuple[Point, ...] = ()
    """Three or more positions in a row in the text, as they are given."""

    @property
    def checklist(self) -> bool:
        """A list of the NOTAMs that are valid, which says nothing new of any."""
        return self.code[1:3] == CHECKLIST or self.traffic == "K" or self.text.startswith("CHECKLIST")

    @property
    def trigger(self) -> bool:
        """A pointer to a change of the AIP."""
        return self.code.endswith("TT") or self.text.startswith("TRIGGER NOTAM")


# -- where one ends and the next begins -------------------------------------------------------------------------------

_NUMBER = r"[A-Z]\d{1,4}/\d\d"
_LINE = re.compile(rb"[^\n]*\n|[^\n]+\Z")
_HEAD_LINE = re.compile(
    rb"[ \t]{0,20}\(?[ \t]{0,20}[A-Z]\d{1,4}/\d\d(?:[ \t]+NOTAM[NRC]\b|(?P<bare>[ \t\r\n]{0,20}\Z))", re.IGNORECASE
)
_GARBLED = re.compile(rb"[ \t]{0,20}\(?[^\s]{1,12}[ \t]+NOTAM[NRC]\b", re.IGNORECASE)
_FRONT_ITEM = re.compile(rb"[ \t]{0,20}\(?[ \t]{0,20}[QA]\)")
_TELEX = re.compile(rb"ZCZC\b|(?:SS|DD|FF|GG|KK)[ \t]+[A-Z]{8}\b|\d{6}[ \t]+[A-Z]{8}\b")
_TEXT_ITEM = re.compile(rb"(?:\A|\s)E\)")


def split(payload: bytes) -> Iterator[tuple[int, bytes]]:
    """(offset, bytes) of each NOTAM of a text: a header, or after a blank line what looks like one, begins the next.

    What stands before a header (a telegram's heading) belongs to it. A text without any header is one piece.
    """
    start, begun, texted, blank = 0, False, False, True
    for match in _LINE.finditer(payload):
        line = match[0]
        head = _HEAD_LINE.match(line)
        item = _FRONT_ITEM.match(line) is not None
        begins = head is not None and (blank or not head["bare"])
        begins = begins or (_GARBLED.match(line) is not None and (blank or texted))
        begins = begins or (texted and blank and item) or (texted and _TELEX.match(line) is not None)
        if begins and begun:
            yield start, payload[start : match.start()]
            start, begun, texted = match.start(), False, False
        begun = begun or head is not None or item or _GARBLED.match(line) is not None
        texted = texted or (begun and _TEXT_ITEM.search(line) is not None)
        blank = not line.strip()
    if payload[start:].strip():
        yield start, payload[start:]


# -- one NOTAM --------------------------------------------------------------------------------------------------------

_HEADER = re.compile(
    rf"^[ \t]{{0,20}}(?P<open>\()?[ \t]{{0,20}}(?P<number>{_NUMBER})"
    rf"(?:[ \t]+NOTAM(?P<kind>[NRC])(?:\s+(?P<replaces>{_NUMBER}))?|[ \t]*$)",
    re.MULTILINE,
)
_E = re.compile(r"(?:^|\s)E\)")
_ITEM = re.compile(r"(?<![A-Z0-9(])([QABCD])\)")
_PLACE = re.compile(r"[A-Z]{4}\b")
_PART = re.compile(r"\bPART\s+\d+\s+OF\s+\d+")
_NAMED = re.compile(r"^[ \t]{0,20}([A-Z]{4})[ \t]{0,20}\(", re.MULTILINE)
_LIMIT = r"(?:SFC|GND|UNL|FL ?\d{1,3}|\d{1,6} ?(?:FT|M)(?: (?:AMSL|AGL))?)"
_FROM_TO = re.compile(rf"^[ \t]{{0,20}}({_LIMIT}) TO ({_LIMIT})[ \t]*$", re.MULTILINE)
_F_G = re.compile(r"\sF\)\s*(?P<f>[^\n()]{1,30}?)\s+G\)\s*(?P<g>[^\n()]{1,30})")
_F_ONLY = re.compile(rf"\sF\)\s*(?P<f>{_LIMIT})\s*\)?\s*\Z")
_TAIL = re.compile(r"\n[ \t]{0,20}(?:(?:CREATED|SOURCE)[ \t]{0,20}:|NNNN\b)")
_CREATED = re.compile(r"\bCREATED[ \t]{0,20}:[ \t]*(\d{1,2})\s+([A-Z]{3})\w*\s+(\d{4})\s+(\d\d):(\d\d)(?::(\d\d))?")
_FILED = re.compile(r"^(\d\d)(\d\d)(\d\d)\s+[A-Z]{8}\b", re.MULTILINE)
_TIME = re.compile(
    r"(?:WEF\s*)?(?:(?P<yy>\d\d)(\d\d)(\d\d)(\d\d)(\d\d)|(?P<year>\d{4})/(\d\d)/(\d\d)\s+(\d\d):?(\d\d))(?!\d)\s*(?P<est>EST)?"
)
_Q_POINT = re.compile(r"(\d{4}[NS]\d{5}[EW])(\d{3})?")
_POSITION = re.compile(r"(\d{4}(?:\d\d(?:\.\d{1,4})?)?)\s?([NS])\s?(\d{5}(?:\d\d(?:\.\d{1,4})?)?)\s?([EW])\b")
_BETWEEN = re.compile(r"[\s,;/–-]{0,8}")
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


class _Qualifiers(NamedTuple):
    fir: str = ""
    code: str = ""
    traffic: str = ""
    purpose: str = ""
    scope: str = ""
    lower: str = ""
    upper: str = ""
    point: Point | None = None
    radius_nm: int | None = None


def parse(text: str, received: Millis) -> Notice:
    """Read one NOTAM. Raises `Unreadable`."""
    if len(text) > LONGEST:
        raise Unreadable(f"a text of {len(text)} characters is no NOTAM")
    text = text.replace("\xa0", " ").replace("\r", "").upper()
    head = _HEADER.search(text)
    if head is None:
        raise Unreadable("no NOTAM number")
    kind, replaces = head["kind"] or "N", head["replaces"] or ""
    if kind == "C" and not replaces:
        raise Unreadable("a NOTAMC that does not say what it cancels")
    body = text[head.end() :].rstrip()
    telling = _E.search(body)
    if telling is None and kind != "C":
        raise Unreadable("no E) text: the NOTAM is not whole")
    front, rest = (body[: telling.start()], body[telling.end() :]) if telling else (body, "")
    lead, items = _items(front)
    q = _qualifiers(items.get("Q", ""))
    said, lower, upper = _text(rest, closed=head["open"] is not None)
    levels = _FROM_TO.search(lead)
    if levels and not (lower or upper):
        lower, upper = levels[1], levels[2]
    since = _since(items.get("B", ""))
    until, estimated, permanent = _until(items.get("C", ""))
    if since is not None and until is not None and until <= since:
        raise Unreadable("C) does not lie after B)")
    return Notice(
        number=head["number"],
        kind=kind,
        replaces="" if kind == "N" else replaces,
        fir=q.fir,
        code=q.code,
        traffic=q.traffic,
        purpose=q.purpose,
        scope=q.scope,
        point=q.point,
        radius_nm=q.radius_nm,
        places=_places(items.get("A", ""), lead, q.fir),
        since=since,
        until=until,
        estimated=estimated,
        permanent=permanent,
        schedule=" ".join(items.get("D", "").split()),
        text=said,
        lower=lower or q.lower,
        upper=upper or q.upper,
        issued=_issued(text, head.start(), since, received),
        spot=_spot(said),
        area=_area(said),
    )


def _items(front: str) -> tuple[str, dict[str, str]]:
    """What stands before the first item, and the items before E); of two of a letter the first counts."""
    pieces = _ITEM.split(front)
    items: dict[str, str] = {}
    for letter, said in zip(pieces[1::2], pieces[2::2], strict=True):
        items.setdefault(letter, said.strip())
    return pieces[0], items


def _qualifiers(said: str) -> _Qualifiers:
    """The Q-line, as far as it can be read: a slip in it costs no NOTAM."""
    parts = "".join(said.split()).split("/")
    at = next((n for n, part in enumerate(parts) if re.fullmatch("Q[A-Z]{4}", part)), None)
    if at is None:
        return _Qualifiers()
    after = [*parts[at + 1 :], "", "", "", "", ""]
    traffic, purpose, scope = after[:3]
    levels = [part if re.fullmatch(r"\d{3}", part) else "" for part in after[3:5]]
    # 000 and 999 are what stands there when the NOTAM has no levels
    lower, upper = (
        f"FL{part}" if part not in ("", none) else "" for part, none in zip(levels, ("000", "999"), strict=True)
    )
    found = _Q_POINT.search("/".join(parts[at + 1 :]))
    point = _position(_POSITION.match(found[1])) if found else None
    radius = int(found[2]) if found and found[2] else None
    fir = parts[at - 1] if at and re.fullmatch("[A-Z]{4}", parts[at - 1]) else ""
    return _Qualifiers(fir, parts[at], traffic, purpose, scope, lower, upper, point, radius)


def _places(said: str, lead: str, fir: str) -> tuple[str, ...]:
    named = _NAMED.search(lead)
    found = _PLACE.findall(_PART.sub("", said)) or ([named[1]] if named else []) or ([fir] if fir else [])
    if not found:
        raise Unreadable("no place: neither A) nor the Q-line has one")
    return tuple(dict.fromkeys(found))


def _text(rest: str, closed: bool) -> tuple[str, str, str]:
    """The text of E), and the limits F) and G) behind it."""
    tail = _TAIL.search(rest)
    rest = (rest[: tail.start()] if tail else rest).rstrip()
    if closed:
        rest = rest.removesuffix(")")
    levels = list(_F_G.finditer(rest))
    last = levels[-1] if levels else _F_ONLY.search(rest)
    lower = last["f"].strip() if last else ""
    upper = last["g"].strip() if levels and last else ""
    said = rest[: last.start()] if last else rest
    return "\n".join(" ".join(line.split()) for line in said.strip().splitlines() if line.strip()), lower, upper


# -- times ------------------------------------------------------------------------------------------------------------


def moment(year: int, month: int, day: int, hour: int, minute: int, second: int = 0) -> Millis:
    """The time, with 24:00 as the end of the day. Raises `ValueError`."""
    late = hour == 24 and minute == 0
    at = datetime(year, month, day, 0 if late else hour, minute, second, tzinfo=UTC) + timedelta(days=late)
    return round(at.timestamp() * 1000)


def _time(item: str, said: str) -> tuple[Millis, bool]:
    """The time, and whether it is an estimate."""
    found = _TIME.match(said)
    if found is None:
        raise Unreadable(f"{item}) {said[:40]!r} is no time")
    numbers = [int(each) for each in found.groups()[:-1] if each is not None]
    if found["yy"]:
        numbers[0] += 2000
    try:
        at = moment(*numbers)
    except (ValueError, OverflowError):
        at = -1
    if at < 0:
        raise Unreadable(f"{item}) {said[:40]!r} is no time")
    return at, found["est"] is not None


def _since(said: str) -> Millis | None:
    if said.startswith("WIE"):
        return None
    return _time("B", said)[0]


def _until(said: str) -> tuple[Millis | None, bool, bool]:
    """(end, whether it is an estimate, whether it is permanent)."""
    if said.startswith("PERM"):
        return None, False, True
    if not said or said.startswith("UFN"):
        return None, said != "", False
    return *_time("C", said), False


def _issued(text: str, before: int, since: Millis | None, received: Millis) -> Millis | None:
    """When it was issued: by its own line `CREATED:`, else by the filing time of the telegram that brought it."""
    created = _CREATED.search(text)
    try:
        if created and created[2] in _MONTHS:
            day, month, year = int(created[1]), _MONTHS.index(created[2]) + 1, int(created[3])
            return moment(year, month, day, int(created[4]), int(created[5]), int(created[6] or 0))
    except (ValueError, OverflowError):
        return None
    filed = _FILED.search(text[:before])
    if filed is None:
        return None
    latest = received if since is None else min(received, since + DAY)
    return _latest(int(filed[1]), int(filed[2]), int(filed[3]), latest)


def _latest(day: int, hour: int, minute: int, latest: Millis) -> Millis | None:
    """The last such day and time of a month that is not after `latest`; None when there is none in a quarter."""
    try:
        month = datetime.fromtimestamp(latest / 1000, UTC).replace(day=1)
    except (ValueError, OverflowError, OSError):
        return None
    for _ in range(4):
        try:
            found = moment(month.year, month.month, day, hour, minute)
        except ValueError:
            found = latest + 1
        if found <= latest:
            return max(0, found)
        month = (month - timedelta(days=1)).replace(day=1)
    return None


# -- places -----------------------------------------------------------------------------------------------------------


def _area(text: str) -> tuple[Point, ...]:
    """The first three or more positions in the text with nothing but dashes between them."""
    run: list[Point] = []
    end = 0
    for found in _POSITION.finditer(text):
        point = _position(found)
        if point is None or not _BETWEEN.fullmatch(text[end : found.start()]):
            if len(run) > 2:
                break
            run = []
        if point is not None:
            run.append(point)
        end = found.end()
    return tuple(run) if 2 < len(run) <= FARTHEST else ()


def _spot(text: str) -> Point | None:
    found = list(_POSITION.finditer(text))
    return _position(found[0]) if len(found) == 1 else None


def _position(found: re.Match[str] | None) -> Point | None:
    """(lon, lat) of degrees, minutes and perhaps seconds; None when they are none."""
    if found is None:
        return None
    lat, lon = _degrees(found[1], 2), _degrees(found[3], 3)
    if lat is None or lon is None or lat > 90 or lon > 180:
        return None
    return round(-lon if found[4] == "W" else lon, 5), round(-lat if found[2] == "S" else lat, 5)


def _degrees(digits: str, whole: int) -> float | None:
    degrees, minutes, seconds = float(digits[:whole]), float(digits[whole : whole + 2]), float(digits[whole + 2 :] or 0)
    return None if minutes >= 60 or seconds >= 60 else degrees + minutes / 60 + seconds / 3600
