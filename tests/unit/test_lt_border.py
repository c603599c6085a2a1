"""Is the page of the Lithuanian border queues read by its words, and is an outage never an empty queue?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.event import Event, Status
from feeds.adapter import Context, Outcome, Reject, decode
from feeds.simulated.national.lt_border import say, state
from feeds.sources.lt_border import HOLDS_MS, SOURCE

NOW = Context(1795550000000)  # 2026-11-24 19:53:20 UTC


def outcomes(payload: bytes, context: Context = NOW) -> list[Outcome]:
    return list(decode(SOURCE, payload, context))


def page(body: str) -> bytes:
    return f'<!DOCTYPE html><html><head><meta charset="utf-8"></head><body>{body}</body></html>'.encode()


def rows(*cells: str) -> str:
    """A table of rows whose cells are parted by |."""
    lines = ("".join(f"<td>{cell.strip()}</td>" for cell in row.split("|")) for row in cells)
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def told(*cells: str) -> dict[str, Status]:
    """Crossing → what a page with such a table says of it."""
    return said(page(rows(*cells)))


def said(payload: bytes) -> dict[str, Status]:
    found = {}
    for each in outcomes(payload):
        assert isinstance(each, Event), each
        assert isinstance(each.body, Status)
        found[each.subject.partition(":")[2]] = each.body
    return found


def reasons(payload: bytes) -> list[str]:
    return [each.reason for each in outcomes(payload) if isinstance(each, Reject)]


# -- values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "measures"),
    [
        ("Lengvieji | 12", {"queue_car": 12, "queue": 12}),
        ("Lengvieji: 12", {"queue_car": 12, "queue": 12}),
        ("Krovininiai automobiliai | 1 250 vnt.", {"queue_lorry": 1250, "queue": 1250}),
        ("Vilkikai | 3 val.", {"waiting_lorry_min": 180, "waiting_min": 180}),
        ("Autobusai | 1 val. 30 min.", {"waiting_bus_min": 90, "waiting_min": 90}),
        ("Krovininiai | 2 paros 3 val.", {"waiting_lorry_min": 3060, "waiting_min": 3060}),
        ("Krovininiai | 2-3 val.", {"waiting_lorry_min": 180, "waiting_min": 180}),
        ("Krovininiai | 1,5 h", {"waiting_lorry_min": 90, "waiting_min": 90}),
        ("Lengvieji | 40 / 3 val.", {"queue_car": 40, "waiting_car_min": 180, "queue": 40, "waiting_min": 180}),
        ("Lengvieji | eilės nėra", {"queue_car": 0, "queue": 0}),
        ("Lengvieji | 7 | 2026-11-24 21:30", {"queue_car": 7, "queue": 7}),
        ("Lengvieji | 7 | 999999 val.", {"queue_car": 7, "queue": 7}),
    ],
)
def test_a_cell_says_how_many_and_how_long(cells: str, measures: dict[str, float]) -> None:
    assert told("Kybartai", cells)["XE26"].measures == measures


@pytest.mark.parametrize(
    ("head", "cell", "minutes"),
    [
        ("Laukimo laikas", "3", 180),
        ("Laukimo laikas (min.)", "45", 45),
        ("Laukimo trukmė, val.", "147", 8820),
        ("Trukmė", "2:30", 150),
    ],
)
def test_the_head_of_the_column_tells_the_unit(head: str, cell: str, minutes: float) -> None:
    status = told("Kybartai", f"Transportas | Eilėje | {head} | Atnaujinta", f"Lengvieji | 5 | {cell} | 21:30")["XE26"]
    assert status.measures == {"queue_car": 5, "waiting_car_min": minutes, "queue": 5, "waiting_min": minutes}


def test_waits_of_six_days_are_kept() -> None:
    assert told("Medininkai", "Krovininiai | 147 val.")["XE20"].measures["waiting_min"] == 147 * 60


@pytest.mark.parametrize(
    "said", ["-", "–", "", "N/A", "nėra duomenų", "Duomenų nėra", "sistema neveikia", "sutrikimas"]
)
def test_an_outage_in_the_page_is_not_an_empty_queue(said: str) -> None:
    payload = page(rows("Kybartai", f"Lengvieji | {said}", f"Krovininiai | {said}", "Panemunė", "Lengvieji | 3"))
    first, second = outcomes(payload)
    assert isinstance(first, Reject)
    assert first.reason == "no queue that can be read at XE26: an outage is not an empty queue"
    assert isinstance(second, Event)
    assert second.subject == "crossing:XE27"


def test_the_sum_of_some_is_not_the_whole_queue() -> None:
    status = told("Kybartai", "Lengvieji | 0 | 0 val.", "Krovininiai | nėra duomenų")["XE26"]
    assert status.measures == {"queue_car": 0, "waiting_car_min": 0}
    assert status.reason == "no data for lorries"
    assert told("Kybartai", "Lengvieji | 2 val.", "Krovininiai | -")["XE26"].measures["waiting_min"] == 120


# -- states -----------------------------------------------------------------------------------------------------------


def test_a_queue_never_opens_a_crossing() -> None:
    status = told("Kybartai", "Lengvieji | 0", "Krovininiai | 0")["XE26"]
    assert (status.state, status.measures["queue"]) == ("unknown", 0)


@pytest.mark.parametrize(
    "body",
    [
        rows("Raigardas | uždarytas"),
        rows("Raigardas", "Punktas laikinai uždarytas"),
        rows("Raigardas", "Lengvieji | uždaryta", "Krovininiai | uždaryta"),
        "<h3>Raigardo PKP (UŽDARYTAS)</h3>" + rows("Lengvieji | -", "Krovininiai | -"),
    ],
)
def test_a_crossing_is_closed_when_the_page_says_so(body: str) -> None:
    status = said(page(body))["XE22"]
    assert (status.state, status.measures) == ("closed", {})


def test_a_crossing_closed_for_some_is_restricted() -> None:
    status = told("Lavoriškės", "Lengvieji | 7", "Krovininiai | uždaryta")["XE23"]
    assert (status.state, status.reason) == ("restricted", "closed for lorries")
    assert status.measures == {"queue_car": 7, "queue": 7}


def test_old_news_closes_no_crossing() -> None:
    assert reasons(page("<h3>Medininkų punktas uždarytas remontui</h3>")) == ["a page without border queues"]


# -- crossings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Šalčininkai", "XE21"),
        ("SALCININKAI", "XE21"),
        ("Šalčininkų pasienio kontrolės punktas", "XE21"),
        ("medininkai – Kamenyj Log", "XE20"),
        ("Panemune", "XE27"),
        ("LAVORIŠKĖS", "XE23"),
        ("Kybartų PKP", "XE26"),
        ("Raigardas", "XE22"),
    ],
)
def test_names_are_known_without_marks_and_case(name: str, key: str) -> None:
    for body in (
        rows(name, "Lengvieji | 3"),
        rows(f"{name} | Lengvieji | 3"),
        f"<h4>{name}</h4>" + rows("LENGVIEJI|3"),
    ):
        assert said(page(body))[key].measures["queue_car"] == 3


def test_the_rows_of_an_unknown_crossing_are_nobody_elses() -> None:
    both = told("Kybartai", "Lengvieji | 3", "Ramoniškiai", "Lengvieji | 90", "Krovininiai | 90")
    assert {key: status.measures["queue"] for key, status in both.items()} == {"XE26": 3}
    payload = page(rows("Kybartai", "Lengvieji | 3", "Naujasis punktas", "Lengvieji | 90", "Krovininiai | 90"))
    assert reasons(payload) == ["a queue that is of no crossing"]
    assert [e.body.measures for e in outcomes(payload) if isinstance(e, Event) and isinstance(e.body, Status)] == [
        {"queue_car": 3, "queue": 3}
    ]


def test_a_crossing_that_is_there_twice_is_told() -> None:
    payload = page(rows("Kybartai", "Lengvieji | 3") + rows("Kybartai", "Lengvieji | 4"))
    assert reasons(payload) == ["the crossing XE26 is there twice"]


def test_a_table_within_a_table_is_read_once() -> None:
    inner = rows("Kybartai", "Lengvieji | 3", "Krovininiai | 5")
    assert said(page(f"<table><tr><td>{inner}</td></tr></table>"))["XE26"].measures["queue"] == 8


# -- when -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stamp", ["atnaujinta: 2026-11-24 21:30", "Duomenys: 2026.11.24, 21:30:00", "Atnaujinimo data 2026/11/24 21:30"]
)
def test_the_pages_time_is_local(stamp: str) -> None:
    event = outcomes(page(f"<p>{stamp}</p>" + rows("Kybartai", "Lengvieji | 3")))[0]
    assert isinstance(event, Event)
    assert event.at == datetime(2026, 11, 24, 19, 30, tzinfo=UTC).timestamp() * 1000
    assert isinstance(event.body, Status)
    assert event.body.until == event.at + HOLDS_MS


@pytest.mark.parametrize("stamp", ["", "Renginys 2026-01-01 10:00", "atnaujinta 2026-13-41 25:61"])
def test_without_a_time_the_page_is_as_old_as_its_hearing(stamp: str) -> None:
    event = outcomes(page(f"<p>{stamp}</p>" + rows("Kybartai", "Lengvieji | 3")))[0]
    assert isinstance(event, Event)
    assert event.at == NOW.received


# -- the page ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "no page that could be read: an empty answer"),
        (b'{"queues":[]}', "no page that could be read: no HTML"),
        (b"<html><head><title>403 Forbidden</title></head></html>", "a page without border queues: 403 Forbidden"),
        (page("<p>Sistema laikinai neveikia</p>"), "a page without border queues"),
        (page("<ul><li><b>Medininkai</b></li></ul>"), "a page without border queues"),
    ],
)
def test_what_has_no_queue_is_one_reject(payload: bytes, reason: str) -> None:
    assert outcomes(payload) == [Reject(reason, 0, payload)]


def test_a_rejected_crossing_is_kept_as_its_lines() -> None:
    payload = page("\n<p>x</p>\n" + rows("Kybartai", "Lengvieji | -").replace("<tr>", "\n<tr>") + "\n<p>y</p>")
    reject = outcomes(payload)[0]
    assert isinstance(reject, Reject)
    assert reject.raw == b"<tr><td>Kybartai</td></tr>\n<tr><td>Lengvieji</td><td>-</td></tr></table>\n"
    assert payload[reject.offset :].startswith(reject.raw)


def test_windows_1257_and_utf_8_say_the_same() -> None:
    text = "<html><body>" + rows("Šalčininkai", "Lengvieji | 3") + "</body></html>"
    assert outcomes(text.encode("cp1257")) == outcomes(text.encode())


def test_deep_nesting_is_read_or_rejected() -> None:
    assert outcomes(b"<html>" + b"<div><table><tr><td>" * 20_000)


@given(st.text(alphabet="<>/tdrh3 Kybartai0123456789:val.min-Lengvieji|", max_size=200))
def test_no_text_raises(text: str) -> None:
    for payload in (page(text), page(rows("Kybartai", f"Lengvieji | {text}")), text.encode()):
        for outcome in outcomes(payload):
            assert isinstance(outcome, Reject) or outcome.subject.startswith("crossing:XE")


# -- what is simulated ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [0, 1, 5, 17, 40])
def test_the_simulated_page_says_its_state(hours: int) -> None:
    now = NOW.received + hours * 3_600_000
    at, queues = state(1, now)
    assert 0 <= now - at < 16 * 60_000
    events = outcomes(say(1, now), Context(now))
    assert [e.subject for e in events if isinstance(e, Event)] == [f"crossing:{queue.id}" for queue in queues]
    for queue, event in zip(queues, events, strict=True):
        assert isinstance(event, Event)
        assert isinstance(event.body, Status)
        assert (event.at, event.body.state) == (at, "closed" if queue.closed else "unknown")
        if not queue.closed:
            assert event.body.measures["queue_car"] == queue.cars
            assert event.body.measures.get("queue_lorry") == queue.lorries
            assert event.body.measures["waiting_car_min"] == queue.car_hours * 60
