"""How long are the queues at Estonia's crossings to Russia? The page of the waiting areas, one record a crossing.

Each lane has a cell with its live queue (`nvl-N`, vehicles) and one with its first free slot (`frt-N`, local time). The
page tells queues and not whether the crossing is open, so that its state stays unknown. It has no time of its own: a
report is as old as its hearing, except that slots which have all passed give an old page away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from lxml import etree, html

from cop.event import Millis, Status
from feeds.adapter import Context, Outcome, Records, Reject, Source, Unreadable, attempt, tell
from feeds.xml import words

NAME: Final = "ee-border"
TALLINN: Final = ZoneInfo("Europe/Tallinn")
MINUTE: Final = 60_000
GOOD_FOR: Final = 30 * MINUTE
"""How long a queue is believed after it was heard."""
PASSED: Final = 120 * MINUTE
"""A first free slot so long ago is not free any more: slots are of whole hours, and the last one may be running."""
LARGEST: Final = 4_000_000
"""Bytes: a larger page is not this one."""

LANES: Final[dict[str, dict[str, int]]] = {
    "XE03": {"A/B": 4, "BC": 12, "C": 5, "CE": 14, "D": 6},
    "XE02": {"A/B": 7, "BC": 11, "C": 8, "CE": 15, "D": 9},
}
"""Crossing (Koidula, Luhamaa) → vehicle category → the number in the ids of its cells."""
GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "car": ("A/B",),
    "bc": ("BC",),
    "lorry": ("C", "CE"),
    "bus": ("D",),
}
"""Ending of a measure's name → the categories that it counts."""
UNKNOWN: Final = frozenset({"", "-", "–", "—", "n/a", "na", "none", "not available", "ei ole saadaval"})

_CELL = re.compile(r"(?:nvl|frt)-\d{1,3}", re.ASCII)
_TABLE_ENDS = re.compile(rb"</table\b", re.IGNORECASE)
_DAY_FIRST = re.compile(r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4}),?\s+(?P<h>\d{1,2}):(?P<min>\d{2})", re.ASCII)
_YEAR_FIRST = re.compile(r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})[T\s]+(?P<h>\d{1,2}):(?P<min>\d{2})", re.ASCII)

Cells = Mapping[str, str | None]
"""Id of a cell → its words; None when it is there twice and says two things."""


def read(payload: bytes, context: Context) -> Iterator[Sequence[Outcome]]:
    """Read one page: for each crossing its event, or one reject."""
    try:
        cells = _cells(payload)
    except Unreadable as error:
        yield [Reject(str(error), 0, payload)]
        return
    for crossing, lanes in LANES.items():
        yield attempt(partial(_outcomes, crossing, lanes, cells, payload, context), 0, payload)


def _cells(payload: bytes) -> Cells:
    """The words of each cell of a queue. Raises `Unreadable` for what is no page with any."""
    if not payload.strip():
        raise Unreadable("an empty answer, which is not an empty queue")
    if len(payload) > LARGEST:
        raise Unreadable(f"more than {LARGEST} bytes: not the page of the queues")
    parser = html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        page = html.document_fromstring(payload, parser=parser)
    except (etree.LxmlError, ValueError, AssertionError) as error:  # lxml asserts that a page has a root
        raise Unreadable(f"not a page: {error}"[:200]) from None
    found: dict[str, str | None] = {}
    for cell in page.iter("td"):
        key = cell.get("id") or ""
        if _CELL.fullmatch(key):
            said = words(cell)
            found[key] = said if found.get(key, said) == said else None
    if not found:
        heading = next((words(each) for each in page.iter("h1", "title", "p")), "")
        raise Unreadable(f"a page without a queue: {heading}"[:120].rstrip(": "))
    return found


def _outcomes(
    crossing: str, lanes: Mapping[str, int], cells: Cells, payload: bytes, context: Context
) -> Iterator[Outcome]:
    queues = {lane: _count(cells, f"nvl-{number}") for lane, number in lanes.items()}
    last = max(payload.rfind(f"{kind}-{number}".encode()) for kind in ("nvl", "frt") for number in lanes.values())
    if _TABLE_ENDS.search(payload, last) is None:
        raise Unreadable(f"the page ends within the table of {crossing}")
    slots = {lane: slot for lane, number in lanes.items() if (slot := _slot(cells.get(f"frt-{number}"))) is not None}
    free = {lane: slot for lane, slot in slots.items() if slot > context.received - PASSED}
    if slots and not free:
        raise Unreadable("every first free slot has passed: an old page")
    measures = {**_queues(queues), **_waits(free, context.received)}
    told = ", ".join(f"{lane} {'not told' if count is None else count}" for lane, count in queues.items())
    reason = f"queues only, nothing says whether it is open: {told}"
    until = context.received + GOOD_FOR
    body = Status("unknown", None, until, reason, measures)
    yield tell(NAME, f"crossing:{crossing}", context.received, body, context)


def _count(cells: Cells, key: str) -> int | None:
    """Vehicles in a lane; None when the page says that it does not know."""
    if key not in cells:
        raise Unreadable(f"no cell {key}: a missing cell is not an empty queue")
    said = cells[key]
    if said is None:
        raise Unreadable(f"the cell {key} is there twice")
    if said.lower() in UNKNOWN:
        return None
    if not re.fullmatch(r"\d{1,5}", said, re.ASCII):
        raise Unreadable(f"{key} is {said[:60]!r}, which is not a number of vehicles")
    return int(said)


def _queues(lanes: Mapping[str, int | None]) -> dict[str, float]:
    """Vehicles in all and by group, where every lane of it is told: a lane that is not told is not empty."""
    groups = {"queue": tuple(lanes), **{f"queue_{group}": members for group, members in GROUPS.items()}}
    counts = {name: [lanes[lane] for lane in members] for name, members in groups.items()}
    return {
        name: float(sum(each for each in told if each is not None)) for name, told in counts.items() if None not in told
    }


def _waits(lanes: Mapping[str, Millis], now: Millis) -> dict[str, float]:
    """Minutes until the first free slot: the longest of those that are told, in all and by group."""
    groups = {"waiting_min": tuple(lanes), **{f"waiting_{group}_min": members for group, members in GROUPS.items()}}
    slots = {name: [lanes[lane] for lane in members if lane in lanes] for name, members in groups.items()}
    return {name: max(0.0, float(round((max(told) - now) / MINUTE))) for name, told in slots.items() if told}


def _slot(said: str | None) -> Millis | None:
    """When the first slot is free; None when the words tell no day and time."""
    match = _DAY_FIRST.search(said or "") or _YEAR_FIRST.search(said or "")
    if match is None:
        return None
    year, month, day, hour, minute = (int(match[part]) for part in ("y", "m", "d", "h", "min"))
    try:
        return int(datetime(year, month, day, hour, minute, tzinfo=TALLINN).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


SOURCE = Source(
    name=NAME,
    title="Border queues of Estonia",
    domain="land",
    nations=("EE",),
    kinds=("crossing",),
    transport="http",
    formats="HTML page of the waiting areas",
    licence="No licence stated; official notices",
    attribution="Estonian border crossing queue information system, estonianborder.eu",
    address="https://www.estonianborder.eu/yphis/borderQueueInfo.action",
    rate_s=300.0,
    stale_s=1800.0,
    identity="the crossing; its lanes by the numbers in the ids of their cells",
    grid="none: the crossings are those of the register",
    complete=False,
    mapping=(
        ("the hearing", "at: the page has no time of its own; status.until is 30 minutes later"),
        ("Koidula, Luhamaa", "subject crossing:XE03, crossing:XE02"),
        ("td#nvl-N of all lanes", "status.measures.queue, only when every lane is told"),
        ("td#nvl-N: A/B; BC; C and CE; D", "status.measures.queue_car, queue_bc, queue_lorry, queue_bus"),
        ("td#frt-N, local time of Tallinn, less the hearing", "status.measures.waiting_min: the longest of the lanes"),
        ("td#frt-N by lane", "status.measures.waiting_car_min, waiting_bc_min, waiting_lorry_min, waiting_bus_min"),
        ("td#nvl-N lane by lane", "status.reason"),
        ("-, N/A, empty", "unknown, never 0"),
        ("nothing on the page", "status.state: always unknown, for a queue does not say that it moves"),
    ),
    quirks=(
        ("test_a_queue_alone_never_makes_a_crossing_open", "The page does not say whether a crossing is open."),
        ("test_a_page_without_a_time_is_as_old_as_its_hearing", "The page has no time of its own."),
        ("test_slots_that_have_all_passed_give_an_old_page_away", "A page that stands still answers 200."),
        ("test_an_outage_or_a_missing_cell_is_not_an_empty_queue", "An outage answers 200 with a page of words."),
        ("test_a_lane_that_is_not_told_is_not_empty", "A lane without a queue system has - or N/A in its cell."),
        ("test_narva_has_no_vehicle_lane", "Narva has no lane for vehicles: it gets no queue, whatever cells remain."),
        ("test_it_is_asked_gently", "The service is slow: it is asked every five minutes."),
    ),
    decoder=lambda: Records(read),
)
