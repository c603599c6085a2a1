"""Does the reader of Estonia's border queues take no outage for an empty queue, and no queue for an open border?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cop.event import Event, Status
from feeds.adapter import Context, Outcome, Reject, decode
from feeds.simulated.national.ee_border import page, state
from feeds.simulated.script import MARK, MINUTE
from feeds.sources.ee_border import GOOD_FOR, LANES, SOURCE

SAMPLES = Path(__file__).parent.parent / "samples" / "ee_border"
NOW = Context(1795550000000)  # 2026-11-24 21:53:20 in Tallinn
KOIDULA = LANES["XE03"]
QUIET = dict.fromkeys((f"nvl-{number}" for lanes in LANES.values() for number in lanes.values()), "0")


def outcomes(payload: bytes, context: Context = NOW) -> list[Outcome]:
    return list(decode(SOURCE, payload, context))


def written(cells: dict[str, str]) -> bytes:
    row = "".join(f'<td id="{key}">{said}</td>' for key, said in cells.items())
    return f"<html><body><table><tr>{row}</tr></table></body></html>".encode()


def status(outcome: Outcome) -> Status:
    assert isinstance(outcome, Event)
    assert isinstance(outcome.body, Status)
    return outcome.body


def koidula(**cells: str) -> Status:
    """What is said of Koidula, whose lanes are empty but for these cells (`nvl_4` for `nvl-4`)."""
    return status(outcomes(written(QUIET | {key.replace("_", "-"): said for key, said in cells.items()}))[0])


def reasons(payload: bytes) -> list[str]:
    return [each.reason for each in outcomes(payload) if isinstance(each, Reject)]


@pytest.mark.parametrize("count", ["0", "3", "147", "-"])
def test_a_queue_alone_never_makes_a_crossing_open(count: str) -> None:
    told = koidula(nvl_4=count)
    assert told.state == "unknown"
    assert told.reason.startswith("queues only, nothing says whether it is open: A/B ")


def test_the_lanes_are_counted_by_group_and_in_all() -> None:
    told = koidula(nvl_4="17", nvl_12="2", nvl_5="31", nvl_14="<b>12</b>", nvl_6="1")
    assert told.measures == {
        "queue": 63.0,
        "queue_car": 17.0,
        "queue_bc": 2.0,
        "queue_lorry": 43.0,
        "queue_bus": 1.0,
    }
    assert told.reason.endswith("A/B 17, BC 2, C 31, CE 12, D 1")


@pytest.mark.parametrize("said", ["-", "–", "N/A", "", "&nbsp;", "None"])
def test_a_lane_that_is_not_told_is_not_empty(said: str) -> None:
    told = koidula(nvl_4="5", nvl_14=said)
    assert told.measures == {"queue_car": 5.0, "queue_bc": 0.0, "queue_bus": 0.0}
    assert "CE not told" in told.reason


def test_lanes_that_are_all_not_told_leave_no_old_number_standing() -> None:
    told = koidula(**{f"nvl_{number}": "N/A" for number in KOIDULA.values()})
    assert (told.state, told.measures) == ("unknown", {})


@pytest.mark.parametrize(
    ("slot", "minutes"),
    [
        ("25.11.2026 04:00", 367),
        ("25.11.2026 04:00 - 05:00", 367),
        ("2026-11-25 04:00", 367),
        ("24.11.2026 21:00", 0),
        ("24.11.2026 20:00", 0),
        ("25.11.2026, 04:00", 367),
    ],
)
def test_the_first_free_slot_tells_the_wait_in_local_time(slot: str, minutes: int) -> None:
    told = koidula(frt_4=slot)
    assert (told.measures["waiting_min"], told.measures["waiting_car_min"]) == (minutes, minutes)


@pytest.mark.parametrize("slot", ["-", "N/A", "", "fully booked", "31.02.2026 04:00", "04:00"])
def test_a_slot_that_tells_no_day_tells_no_wait(slot: str) -> None:
    assert not any(name.startswith("waiting") for name in koidula(frt_4=slot).measures)


def test_the_longest_wait_of_the_lanes_counts() -> None:
    told = koidula(frt_4="25.11.2026 01:00", frt_5="26.11.2026 01:00", frt_14="25.11.2026 13:00")
    assert told.measures["waiting_min"] == told.measures["waiting_lorry_min"] > told.measures["waiting_car_min"]


def test_slots_that_have_all_passed_give_an_old_page_away() -> None:
    old = {"frt-4": "23.11.2026 14:00", "frt-5": "24.11.2026 01:00"}
    assert reasons(written(QUIET | old)) == ["every first free slot has passed: an old page"]
    told = koidula(frt_4="23.11.2026 14:00", frt_5="25.11.2026 01:00")
    assert told.measures.keys() >= {"waiting_min", "waiting_lorry_min"}
    assert "waiting_car_min" not in told.measures


@pytest.mark.parametrize("later", [0, 1, 10**8])
def test_a_page_without_a_time_is_as_old_as_its_hearing(later: int) -> None:
    now = NOW.received + later
    for outcome in outcomes(written(QUIET), Context(now)):
        assert isinstance(outcome, Event)
        assert outcome.at == now
        assert status(outcome).until == now + GOOD_FOR


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "an empty answer, which is not an empty queue"),
        (b" \n", "an empty answer, which is not an empty queue"),
        (b"<html><h1>Out of order</h1></html>", "a page without a queue: Out of order"),
        (b"upstream error", "a page without a queue"),
        (b"<table><td id='nvl-x'>0</td></table>", "a page without a queue"),
        (b"<!-- nothing -->", "a page without a queue"),
        (b"<" + b"p>" * 3_000_000, "more than 4000000 bytes: not the page of the queues"),
    ],
)
def test_what_is_no_page_of_queues_is_one_reject(payload: bytes, reason: str) -> None:
    (told,) = reasons(payload)
    assert told.startswith((reason, "not a page"))


@pytest.mark.parametrize("cells", [{"nvl-5": "system error"}, {"nvl-5": "-3"}, {"nvl-5": "1e3"}, {"nvl-5": "123456"}])
def test_an_outage_or_a_missing_cell_is_not_an_empty_queue(cells: dict[str, str]) -> None:
    broken, sound = outcomes(written(QUIET | cells))
    assert isinstance(broken, Reject)
    assert "is not a number of vehicles" in broken.reason
    assert isinstance(sound, Event)
    assert sound.subject == "crossing:XE02"
    without = {key: said for key, said in QUIET.items() if key != "nvl-5"}
    assert reasons(written(without)) == ["no cell nvl-5: a missing cell is not an empty queue"]
    assert reasons((SAMPLES / "outage.html").read_bytes())[0].startswith("a page without a queue")


def test_a_cell_that_says_two_things_is_rejected() -> None:
    twice = written(QUIET).replace(b"</tr>", b'<td id="nvl-5">7</td></tr>')
    assert reasons(twice) == ["the cell nvl-5 is there twice"]


def test_a_page_that_is_cut_never_tells_a_part_of_a_number() -> None:
    payload = (SAMPLES / "queues.html").read_bytes()
    whole = {each.subject: status(each) for each in outcomes(payload) if isinstance(each, Event)}
    for cut in range(len(payload)):
        for each in outcomes(payload[:cut]):
            assert isinstance(each, Reject) or status(each) == whole[each.subject]


def test_narva_has_no_vehicle_lane() -> None:
    payload = (SAMPLES / "queues.html").read_bytes()
    assert b"nvl-1" in payload
    subjects = {each.subject for each in outcomes(payload) if isinstance(each, Event)}
    assert subjects == {"crossing:XE02", "crossing:XE03"}


def test_it_is_asked_gently() -> None:
    assert SOURCE.rate_s >= 300


@given(st.dictionaries(st.sampled_from([*QUIET, "frt-4", "frt-7"]), st.text(max_size=12) | st.integers().map(str)))
def test_no_words_of_any_cell_raise(cells: dict[str, Any]) -> None:
    assert len(outcomes(written(QUIET | cells))) in (1, 2)


@given(st.binary(max_size=200) | st.text(alphabet='<>/td id="nvl-4&;0é', max_size=200).map(str.encode))
def test_no_garbage_raises(payload: bytes) -> None:
    assert all(isinstance(each, Reject) for each in outcomes(payload))


@pytest.mark.parametrize("now", [NOW.received + minute * MINUTE for minute in range(0, 400, 37)])
def test_what_the_simulated_page_says_is_its_state(now: int) -> None:
    payload = page(0, now)
    assert MARK.encode() in payload
    lanes = state(0, now)
    read = outcomes(payload, Context(now, origin="simulated"))
    assert [each.subject for each in read if isinstance(each, Event)] == ["crossing:XE03", "crossing:XE02"]
    for crossing, outcome in zip(LANES, read, strict=True):
        told = status(outcome)
        assert told.measures["queue_car"] == lanes[crossing, "A/B"].vehicles
        assert told.measures["queue_lorry"] == lanes[crossing, "C"].vehicles + lanes[crossing, "CE"].vehicles
        assert 0 <= told.measures["waiting_min"] < 24 * 60
    assert "queue" in status(read[0]).measures
    assert "queue" not in status(read[1]).measures
