"""How long is the queue at each Lithuanian border crossing? Read from the page of the border checkpoint directorate.

The page is for people: a table names a crossing and has a row for cars (lengvieji) and for lorries (krovininiai), at
times for buses, with how many wait, how long, or both. It is read by its words, not by its make-up, in whatever
tables. A queue never says that a crossing is open; only the word for closed changes its state. What is missing from
the page is unknown: a crossing whose rows cannot be read is a reject, not an empty queue.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

import lxml.html
import msgspec
from lxml import etree

from cop.event import Millis, State, Status
from feeds.adapter import Context, Outcome, Records, Reject, Source, Unreadable, attempt, tell
from feeds.eismoinfo import when

NAME: Final = "lt-border"
HOLDS_MS: Final = 2 * 3_600_000
"""How long a queue is believed."""

CROSSINGS: Final[dict[str, str]] = {
    "medinink": "XE20",
    "salcinink": "XE21",
    "raigard": "XE22",
    "lavorisk": "XE23",
    "sumsk": "XE24",
    "tvereci": "XE25",
    "kybart": "XE26",
    "panemun": "XE27",
}
"""How a crossing's name begins, in small letters without marks → its id in the register."""
STRANGERS: Final = (
    "ramonisk", "nida", "nidos", "kena", "kenos", "kalvarij", "lazdij", "saloci", "buting", "jurbark", "rakai",
    "krakun", "eisisk", "latezer", "kapciamiest", "adutisk", "norvilisk", "stasyl", "pagegi", "vistyt",
)  # fmt: skip
"""Crossings that the register has not or that have no such queue: their rows are nobody else's."""
VEHICLES: Final[dict[str, str]] = {"lengv": "car", "krovin": "lorry", "vilkik": "lorry", "autobus": "bus"}
"""How a row begins → whose queue it is."""
TITLES: Final = {"car": "cars", "lorry": "lorries", "bus": "buses"}
MINUTES: Final = {"par": 1440, "dien": 1440, "d": 1440, "val": 60, "h": 60, "min": 1}
"""How a unit of time begins → minutes."""
LONGEST_MIN: Final = 31 * 1440
MOST: Final = 20_000
"""A queue of more vehicles than this is a slip."""

_SHUT = re.compile(r"\b(?:uzdaryt|nedirba|sustabdyt)")
_EMPTY = re.compile(r"\b(?:eiliu|eiles) ner\w*|\bner\w* eil|\bbe eil")
_SILENT = re.compile(r"\b(?:ner\w* duom|duomen\w* ner|nezinom|sutrik|neveikia|n/a\b)|^[-–—?.\s]*$")
_RANGE = re.compile(r"\d+\s*[-–]\s*(?=\d)")
_AMOUNT = re.compile(r"(\d{1,3}(?: \d{3})+|\d{1,6}(?:[.,]\d{1,2})?)(?:\s*(par\w*|dien\w*|d|val\w*|h|min\w*)\b)?")
_CLOCK = re.compile(r"\b(\d{1,3}):([0-5]\d)\b")
_DATE = re.compile(r"\d{4}[-./]\d{2}[-./]\d{2}")
_UPDATED = re.compile(r"atnauj|\bdata\b")
_WAIT = re.compile(r"laik|\bval|trukm|laukim|\bmin")
_HOURS = re.compile(r"\bval")
_STAMP = re.compile(
    r"(?:atnauj|duomen|paskutin|informacija)\D{0,60}(\d{4})[-./](\d{2})[-./](\d{2})\D{1,8}(\d{1,2}):(\d{2})(?::(\d{2}))?"
)
_HTML = re.compile(rb"<\s*(?:!doctype html|html|head|body|table|div|h\d|p)\b", re.IGNORECASE)
_LINE = re.compile(rb"[^\n]*\n|[^\n]+")
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "caption", "legend", "strong", "b", "dt"})


class _Crossing(msgspec.Struct):
    """What the page says of one crossing."""

    name: str
    first: int
    last: int
    """The lines of the page that it stands on, from 1."""
    headed_shut: bool = False
    """A heading says that it is closed, which may be old news: it counts when there are rows of it, too."""
    row_shut: bool = False
    texts: list[str] = []
    rows: dict[str, list[tuple[str, str]]] = {}
    """Vehicle → (head of the column, text) of its cells."""

    @property
    def shut(self) -> bool:
        return self.row_shut or (self.headed_shut and bool(self.rows))


def read(payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
    """Read one page: for each crossing its status, or one reject; nothing for a crossing that the register has not."""
    try:
        root = _page(payload)
    except (etree.LxmlError, ValueError) as error:
        yield [Reject(f"no page that could be read: {error}"[:200], 0, payload)]
        return
    walk = _Walk()
    for element in root.iter():
        walk.pass_by(element)
    found = [each for each in walk.found if each.rows or each.shut]
    if not found:
        title = " ".join((root.findtext(".//title") or "").split())[:80]
        yield [Reject("a page without border queues" + (f": {title}" if title else ""), 0, payload)]
        return
    if walk.stray:
        yield [Reject("a queue that is of no crossing", 0, payload)]
    stamp = _stamp(_fold(_text(root)), context)
    ends = [0, *(line.end() for line in _LINE.finditer(payload))]
    seen: set[str] = set()
    for crossing in found:
        first, last = (min(line, len(ends) - 1) for line in (crossing.first - 1, crossing.last))
        yield attempt(partial(_status, crossing, stamp, seen, context), ends[first], payload[ends[first] : ends[last]])


def _status(crossing: _Crossing, stamp: Millis | None, seen: set[str], context: Context) -> Iterator[Outcome]:
    key = CROSSINGS.get(crossing.name)
    if key is None:
        return
    if key in seen:
        raise Unreadable(f"the crossing {key} is there twice")
    seen.add(key)
    measures, notes, shut = _queues(crossing)
    closed = crossing.shut or (bool(shut) and shut == set(crossing.rows))
    if not measures and not closed and not shut:
        raise Unreadable(f"no queue that can be read at {key}: an outage is not an empty queue")
    state: State = "closed" if closed else "restricted" if shut else "unknown"
    at = _stamp(_fold(" ".join(crossing.texts)), context) or stamp or context.received
    status = Status(state, None, at + HOLDS_MS, "; ".join(notes)[:300], {} if closed else measures)
    yield tell(NAME, f"crossing:{key}", at, status, context)


def _queues(crossing: _Crossing) -> tuple[dict[str, float], list[str], set[str]]:
    """The measures, what is to be said about them, and the vehicles that it is closed for."""
    measures: dict[str, float] = {}
    notes: list[str] = []
    shut: set[str] = set()
    for vehicle, cells in crossing.rows.items():
        queue, minutes = _amounts(cells)
        if any(_SHUT.search(_fold(text)) for _, text in cells):
            shut.add(vehicle)
            notes.append(f"closed for {TITLES[vehicle]}")
        elif queue is None and minutes is None:
            notes.append(f"no data for {TITLES[vehicle]}")
        measures |= {} if queue is None else {f"queue_{vehicle}": queue}
        measures |= {} if minutes is None else {f"waiting_{vehicle}_min": minutes}
    using = set(crossing.rows) - shut
    queues = [measures[key] for vehicle in using if (key := f"queue_{vehicle}") in measures]
    waits = [measures[key] for vehicle in using if (key := f"waiting_{vehicle}_min") in measures]
    if queues and len(queues) == len(using):  # the sum of some is not the whole queue
        measures["queue"] = sum(queues)
    if waits and (max(waits) > 0 or len(waits) == len(using)):  # who says nothing may wait, and others don't
        measures["waiting_min"] = max(waits)
    return measures, notes, shut


# -- the page ---------------------------------------------------------------------------------------------------------


def _page(payload: bytes) -> etree._Element:
    """The page's root. Raises `ValueError` for what is no page."""
    if not payload.strip():
        raise ValueError("an empty answer")
    if not _HTML.search(payload[:65_536]):
        raise ValueError("no HTML")
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        text = payload.decode("windows-1257", "replace")
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    root: etree._Element = lxml.html.document_fromstring(text.encode(), parser=parser)
    return root


class _Walk:
    """Goes through the page from top to bottom and knows at which crossing it is."""

    def __init__(self) -> None:
        self.found: list[_Crossing] = []
        self.stray = False
        """Whether there was a row that is of no crossing."""
        self._current: _Crossing | None = None
        self._heads: list[str] = []

    def pass_by(self, element: etree._Element) -> None:
        """Take in one element, in the order of the page."""
        line = element.sourceline if isinstance(element.sourceline, int) else 1
        if element.tag == "table":
            self._heads = []
        elif element.tag == "tr" and element.find(".//table") is None:
            self._row([_text(cell) for cell in element if cell.tag in ("td", "th")], line)
        elif element.tag in _HEADINGS and not any(each.tag == "tr" for each in element.iterancestors()):
            text = _text(element)
            if self._begin(text, line) and self._current is not None:
                self._current.headed_shut = _SHUT.search(_fold(text)) is not None

    def _begin(self, text: str, line: int) -> bool:
        """Whether the text names a crossing; what follows is of that one."""
        name = _name(text)
        if name is None:
            return False
        if self._current is None or self._current.name != name or self._current.rows:
            self._current = _Crossing(name, line, line)
            self.found.append(self._current)
        return True

    def _row(self, texts: list[str], line: int) -> None:
        cells: list[tuple[str, str]] | None = None  # of the vehicle whose label came last
        labelled = named = False
        for column, text in enumerate(texts):
            vehicle = next((what for word, what in VEHICLES.items() if _fold(text).startswith(word)), "")
            if vehicle:
                cells, labelled = self._queue(vehicle), True
                if cells is not None and (rest := text.partition(":")[2]):
                    cells.append(("", rest))
            elif cells is not None:
                back = len(texts) - column  # counted from the end, for a name may stand left of several rows
                cells.append((self._heads[-back] if back <= len(self._heads) else "", text))
            elif not labelled:
                named |= self._begin(text, line)
        if not labelled and len(texts) > 1:
            self._heads = [_fold(text) for text in texts]
        if self._current is not None:
            self._current.texts += texts
            self._current.last = max(self._current.last, line)
            own = not labelled and (named or not self._current.rows)
            self._current.row_shut |= own and any(_SHUT.search(_fold(text)) for text in texts)

    def _queue(self, vehicle: str) -> list[tuple[str, str]] | None:
        """Where the cells of that vehicle's row go; a second row of cars is another crossing's, and nobody's."""
        if self._current is None or vehicle in self._current.rows:
            self._current, self.stray = None, True
            return None
        return self._current.rows.setdefault(vehicle, [])


def _name(text: str) -> str | None:
    """The beginning of the crossing's name that the text is about; None when it names none, or many things."""
    folded = _fold(text)
    if len(folded) > 80 or "gelezinkel" in folded or "uost" in folded:
        return None
    return next((name for word in folded.split() for name in (*CROSSINGS, *STRANGERS) if word.startswith(name)), None)


def _text(element: etree._Element) -> str:
    return " ".join("".join(str(part) for part in element.itertext()).split())


def _fold(text: str) -> str:
    """Small letters without marks."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))


# -- values -----------------------------------------------------------------------------------------------------------


def _amounts(cells: Sequence[tuple[str, str]]) -> tuple[float | None, float | None]:
    """(vehicles, minutes) that the cells of a row say; None for what they do not. A bare number counts vehicles."""
    queue: float | None = None
    minutes: float | None = None
    for head, text in cells:
        folded = _RANGE.sub("", _fold(text))
        if _SILENT.search(folded) or _SHUT.search(folded) or _DATE.search(folded) or _UPDATED.search(head):
            continue
        if _EMPTY.search(folded):
            queue = 0.0
            continue
        waiting = _WAIT.search(head) is not None
        for hours, rest in _CLOCK.findall(folded) if waiting else ():
            minutes = (minutes or 0.0) + int(hours) * 60 + int(rest)
        default = "" if not waiting else "min" if "min" in head and not _HOURS.search(head) else "val"
        for amount, named in _AMOUNT.findall(_CLOCK.sub(" ", folded)):
            value = float(amount.replace(" ", "").replace(",", "."))
            unit = named or default
            if unit:
                minutes = (minutes or 0.0) + value * next(n for word, n in MINUTES.items() if unit.startswith(word))
            elif queue is None:
                queue = value
    if queue is not None and (queue > MOST or queue % 1):
        queue = None
    if minutes is not None and minutes > LONGEST_MIN:
        minutes = None
    return queue, minutes


def _stamp(folded: str, context: Context) -> Millis | None:
    """The time at which the text says that it was brought up to date, local of Vilnius; None when it says none."""
    match = _STAMP.search(folded)
    if match is None:
        return None
    year, month, day, hour, minute, second = match.groups()
    said = f"{year}-{month}-{day} {int(hour):02}:{minute}:{second or '00'}"
    try:
        return when("the page's time", said, "changed", context.received)
    except Unreadable:
        return None


SOURCE = Source(
    name=NAME,
    title="Queues at the Lithuanian border",
    domain="land",
    nations=("LT",),
    kinds=("crossing",),
    transport="http",
    formats="HTML page with tables, in Lithuanian",
    licence="Not stated; name the source",
    attribution="Pasienio kontrolės punktų direkcija, pkpd.lt",
    address="https://pkpd.lt/lt/border",
    rate_s=900.0,
    stale_s=7200.0,
    identity="the crossing's name, without marks and case",
    grid="none: the register of crossings knows where they are",
    complete=False,
    mapping=(
        ("name of the crossing", "subject crossing:<id of the register>"),
        ("the page's time of update, else the hearing", "at; local time of Vilnius"),
        ("at and two hours", "status.until"),
        ("Lengvieji, Krovininiai, Autobusai: number", "status.measures.queue_car, queue_lorry, queue_bus"),
        ("Lengvieji, Krovininiai, Autobusai: hours, minutes", "status.measures.waiting_car_min, waiting_lorry_min, …"),
        ("all that may use it", "status.measures.queue (sum, when all are told), waiting_min (longest)"),
        ("uždarytas, for all or with the crossing's name", "status.state closed"),
        ("uždarytas, for some", "status.state restricted, status.reason"),
        ("a queue, even an empty one", "status.state unknown: it says nothing of whether one may pass"),
    ),
    quirks=(
        ("test_an_outage_in_the_page_is_not_an_empty_queue", "an outage looks like a page without numbers"),
        ("test_waits_of_six_days_are_kept", "waiting times are in hours, up to 147"),
        ("test_names_are_known_without_marks_and_case", "names come with and without marks, in several cases"),
        ("test_a_queue_never_opens_a_crossing", "a crossing with an empty queue may be closed"),
        ("test_the_rows_of_an_unknown_crossing_are_nobody_elses", "crossings that the register has not"),
        ("test_without_a_time_the_page_is_as_old_as_its_hearing", "the page may not say how old it is"),
        ("test_the_pages_time_is_local", "the page's time is local and names no zone"),
    ),
    decoder=lambda: Records(read),
)
