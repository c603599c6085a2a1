"""Does the Latvian reader of situations fall into none of the traps of its publications?"""

from __future__ import annotations

from pathlib import Path

import pytest

from cop.event import Described, Event, Millis, Status
from feeds.adapter import Context, Reject, decode
from feeds.simulated.national.lv_situations import say
from feeds.simulated.roads import state
from feeds.sources.lv_situations import SOURCE

SAMPLES = Path(__file__).parent.parent / "samples" / "lv_situations"
NOW = Context(1795550000000)  # 2026-11-24 19:53:20 UTC
ALL = (SAMPLES / "situations.xml").read_bytes()
MINUTE = 60_000


def told(payload: bytes = ALL) -> dict[str, Described]:
    found = (each for each in decode(SOURCE, payload, NOW) if isinstance(each, Event))
    return {each.subject.removeprefix("roadevent:LV:"): each.body for each in found if isinstance(each.body, Described)}


def events(payload: bytes = ALL) -> list[Event]:
    return [each for each in decode(SOURCE, payload, NOW) if isinstance(each, Event)]


def test_a_location_may_be_openlr_and_nothing_else() -> None:
    line, binary, along = (told()[key] for key in ("e100", "e300", "e400"))
    assert line.path == ((24.0611, 56.5102), (24.0675, 56.5061), (24.0702, 56.5003))  # as said, no road between
    assert [point == pytest.approx(said, abs=2e-5) for point, said in zip(binary.path, line.path, strict=True)] == [
        True
    ] * 3
    assert binary.properties["offsets"] == "25% of its first leg, 0% of its last"
    assert ((along.lon, along.lat), along.path) == ((21.9025, 57.201), ())  # 250 m of the 1000 m between two points
    assert "approximate" in along.basis


def test_alert_c_alone_or_a_broken_reference_is_an_event_without_a_place() -> None:
    for key, note in (("e500", "alert_c"), ("e600", "place_note")):
        assert (told()[key].lon, told()[key].path) == (None, ())
        assert told()[key].properties[note]


def test_age_is_the_records_and_not_that_of_a_publication_years_old() -> None:
    assert b"<com:publicationTime>2023" in ALL
    assert {each.at for each in events() if each.subject.endswith(":e200")} == {1795539720000}
    assert min(each.at for each in events()) > NOW.received - 5 * 24 * 60 * MINUTE


def test_a_point_in_the_sea_stays_where_it_is_said() -> None:
    assert (told()["e200"].lon, told()["e200"].lat) == (19.9, 57.9)


def test_first_and_second_direction_stay_apart() -> None:
    there, back = told()["e100"], told()["e100:opposite"]
    assert there.path[0] == (24.0611, 56.5102)
    assert back.path == ((24.0704, 56.5004), (24.0612, 56.5103))
    assert not set(there.path) & set(back.path)


def test_several_stretches_of_one_direction_are_all_told() -> None:
    begin, end = ALL.index(b"<loc:firstDirection>"), ALL.index(b"</loc:firstDirection>") + len(b"</loc:firstDirection>")
    again = ALL[begin:end].replace(b"24.06", b"24.16").replace(b"24.07", b"24.17")
    found = told(ALL[:end] + again + ALL[end:])
    assert found["e100:2"].path == ((24.1611, 56.5102), (24.1675, 56.5061), (24.1702, 56.5003))
    assert {"e100", "e100:2", "e100:opposite"} <= found.keys()


def test_a_direction_that_cannot_be_read_costs_the_other_nothing() -> None:
    found = told(ALL.replace(b"<loc:latitude>56.5004</loc:latitude>", b"<loc:latitude>north</loc:latitude>"))
    assert found["e100"].path
    assert "north" in str(found["e100"].properties["place_note"])
    assert "e100:opposite" not in found


def test_204_is_empty_and_not_failed() -> None:
    assert list(decode(SOURCE, b"", NOW)) == []


def test_a_delay_of_0_is_no_delay() -> None:
    assert b"<sit:delayTimeValue>0<" in ALL
    assert not [each for each in events() if isinstance(each.body, Status) and "delay_min" in each.body.measures]


def test_it_is_asked_with_a_posted_body_and_a_key() -> None:
    assert (SOURCE.request.method, SOURCE.request.key_header) == ("POST", "x-api-key")
    assert SOURCE.request.body == '{"file_id": "1", "format": "xml"}'


@pytest.mark.parametrize("at", [1795550000000 + minute * MINUTE for minute in range(0, 30, 3)])
def test_what_the_simulated_service_says_is_its_state(at: Millis) -> None:
    outcomes = list(decode(SOURCE, say(3, at), Context(at, origin="simulated")))
    assert not [each for each in outcomes if isinstance(each, Reject)]
    said = {event.subject: event for event in outcomes if isinstance(event, Event)}
    there = {
        f"roadevent:LV:SIM-{each.script.id}-1": each.changed // 1000
        for each in state(3, at)
        if each.script.nation == "LV"
    }
    assert {subject: event.at // 1000 for subject, event in said.items()} == there
